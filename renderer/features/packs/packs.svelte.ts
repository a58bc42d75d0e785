/**
 * Opening a course pack: the host reads its files, a worker judges what they say, and only then does it join the courses.
 * Until that last word nothing has been added.
 */
import type { CourseProblem } from '../../../contracts/course.ts';
import { PackOpened } from '../../../contracts/host.ts';
import { courses } from '../../state/course.svelte.ts';
import { host } from '../../state/host.svelte.ts';
import { readCourse } from '../../state/read-course.ts';
import { router } from '../../state/router.svelte.ts';

type Read = Extract<PackOpened, { status: 'read' }>;
export type Opening =
  | { readonly stage: 'reading'; readonly name: string }
  | { readonly stage: 'refused'; readonly name: string; readonly problems: readonly CourseProblem[] }
  | { readonly stage: 'failed'; readonly name: string; readonly because: string }
  /** Another version is here: is it to be replaced? */
  | { readonly stage: 'asks'; readonly read: Read; readonly title: string; readonly version: string; readonly installed: string };

const LARGEST_BYTES = 10_000_000;

class Packs {
  opening = $state.raw<Opening>();

  close(): void {
    this.opening = undefined;
  }

  async openFile(file: File): Promise<void> {
    await this.open(file.name, async () => {
      if (file.size > LARGEST_BYTES) return { status: 'refused', name: file.name, problems: [{ file: file.name, line: 0, key: '', wanted: `at most ${LARGEST_BYTES} bytes`, found: `${file.size}`, nearest: null }] };
      return PackOpened.parse(await host.ask({ type: 'open-pack', name: file.name.slice(0, 200), content: { zip: await toBase64(file) } }));
    });
  }

  /** `files` by their path below the folder, whose name may stand in front. */
  async openFolder(name: string, files: ReadonlyMap<string, File>): Promise<void> {
    await this.open(name, async () => {
      const total = [...files.values()].reduce((sum, { size }) => sum + size, 0);
      if (total > LARGEST_BYTES || files.size > 2000) return { status: 'refused', name, problems: [{ file: name, line: 0, key: '', wanted: `a course of at most ${LARGEST_BYTES} bytes`, found: `${files.size} files of ${total} bytes`, nearest: null }] };
      const content = Object.fromEntries(await Promise.all([...files].map(async ([path, file]) => [path, await toBase64(file)] as const)));
      return PackOpened.parse(await host.ask({ type: 'open-pack', name: name.slice(0, 200), content: { files: content } }));
    });
  }

  /** What was opened outside the page: by a double click, or on the command line. */
  async openOffered(): Promise<void> {
    const answer = await host.ask({ type: 'open-offered-pack' });
    if (answer === null) return;
    const opened = PackOpened.parse(answer);
    await this.open(opened.name, () => Promise.resolve(opened));
    if (this.opening === undefined) await this.openOffered();
  }

  async replace(): Promise<void> {
    const { opening } = this;
    if (opening?.stage === 'asks') await this.guarded(opening.read.name, () => this.keep(opening.read));
  }

  async remove(course: string): Promise<void> {
    await host.ask({ type: 'remove-pack', course });
    courses.forget(course);
  }

  private async open(name: string, ask: () => Promise<PackOpened>): Promise<void> {
    this.opening = { stage: 'reading', name };
    await this.guarded(name, async () => {
      const opened = await ask();
      if (opened.status === 'refused') {
        this.opening = { stage: 'refused', name, problems: opened.problems };
        return;
      }
      const { course, problems } = await readCourse(opened.files, host.hello?.version ?? '');
      if (course === null) this.opening = { stage: 'refused', name, problems };
      else if (opened.installed !== null && !opened.installed.isSame) this.opening = { stage: 'asks', read: opened, title: course.title, version: course.version, installed: opened.installed.version };
      else await this.keep(opened);
    });
  }

  private async keep(read: Read): Promise<void> {
    const { course } = (await host.ask({ type: 'keep-pack', pack: read.pack })) as { course: string };
    this.opening = undefined;
    courses.forget(course);
    router.home(course);
  }

  private async guarded(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.opening = { stage: 'failed', name, because: cause instanceof Error ? cause.message : String(cause) };
    }
  }
}

export const packs = new Packs();

async function toBase64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

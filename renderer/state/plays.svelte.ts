/** Labs without a lesson: the kinds there are, those the learner began, and what is wrong with a text that is to become one. */
import { playCourse } from '../../contracts/host.ts';
import { host } from './host.svelte.ts';

export interface LabKind { readonly id: string; readonly title: string; readonly text: string }
/** `text` is what was judged; `id` is null while anything is wrong. */
export interface Judged { readonly text: string; readonly id: string | null; readonly title: string | null; readonly problems: readonly { readonly line: number; readonly text: string }[] }

export { playCourse };

class Plays {
  kinds = $state.raw<LabKind[]>([]);
  judged = $state.raw<Judged>();
  /** What was being edited: still there when a lab did not start, or was left. */
  draft = $state.raw<{ kind: string; text: string }>();
  /** The texts of labs that were set up here and have not been opened yet, by name. */
  private readonly texts = new Map<string, string>();
  private worker: Worker | undefined;

  /** The worker lives as long as somebody edits. */
  begin(): () => void {
    const worker = new Worker(new URL('../worker/scenario-worker.ts', import.meta.url), { type: 'module', name: 'scenarios' });
    worker.addEventListener('message', ({ data }: MessageEvent<LabKind[] | Judged>) => {
      if (Array.isArray(data)) this.kinds = data;
      else this.judged = data;
    });
    worker.postMessage(null);
    this.worker = worker;
    return () => {
      worker.terminate();
      this.worker = undefined;
      this.judged = undefined;
    };
  }
  judge(text: string): void {
    this.worker?.postMessage(text);
  }

  /** Those that were begun, the one touched last first. */
  get begun(): { name: string; updatedAtMs: number }[] {
    return host.progress.filter(({ course }) => course === playCourse).toSorted((a, b) => b.updatedAtMs - a.updatedAtMs).map(({ lesson, updatedAtMs }) => ({ name: lesson, updatedAtMs }));
  }

  /** A name nobody has: linux-host-1, linux-host-2 ... */
  setUp(id: string, text: string): string {
    const taken = new Set([...this.begun.map(({ name }) => name), ...this.texts.keys()]);
    let number = 1;
    while (taken.has(`${id}-${number}`)) number++;
    this.texts.set(`${id}-${number}`, text);
    return `${id}-${number}`;
  }
  /** For good: what was typed in it goes too. */
  async remove(name: string): Promise<void> {
    await host.ask({ type: 'remove-play', name });
    this.texts.delete(name);
    host.progress = host.progress.filter(({ course, lesson }) => course !== playCourse || lesson !== name);
  }
  textOf(name: string): string | undefined {
    return this.texts.get(name);
  }
}

export const plays = new Plays();

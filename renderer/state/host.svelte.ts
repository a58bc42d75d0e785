/** The host as the page knows it: who we are, settings, progress, courses; and requests to it. State is what it last said. */
import { HostHello, RealLinux, Settings, type LessonProgress } from '../../contracts/host.ts';
import { HostLine, type Asked, type HostNews } from './host-line.ts';
import { lend, openTransport } from './transport.ts';

export { HostRefusal } from './host-line.ts';

class HostState {
  hello = $state<HostHello>();
  settings = $state<Settings>(Settings.parse({}));
  progress = $state<LessonProgress[]>([]);
  /** Set when the line is cut: nothing can be saved any more. */
  isGone = $state(false);
  private readonly line = new HostLine(openTransport(), () => { this.isGone = true; });
  private readonly labListeners = new Map<number, (event: unknown) => void>();
  private saveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.line.onNews((news) => this.hear(news));
  }

  async start(): Promise<void> {
    const hello = HostHello.parse(await this.ask({ type: 'hello' }));
    this.hello = hello;
    this.settings = hello.settings;
    this.progress = hello.progress;
  }

  /** Where a lab that is opened now will run. */
  get backend(): Settings['backend'] {
    return this.hello?.realLinux.isAvailable === true ? this.settings.backend : 'simulator';
  }

  /** @throws HostRefusal */
  ask(request: Asked): Promise<unknown> {
    return this.line.ask(request);
  }

  /** For a worker that keeps a log and cannot have a line of its own. */
  lendLine(): ReturnType<typeof lend> {
    return lend(this.line);
  }

  /** Changes at once, saved a moment later. */
  change(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => void this.ask({ type: 'save-settings', settings: $state.snapshot(this.settings) as Settings }).catch(() => undefined), 300);
  }

  /** Another way to real Linux: saved at once, since the host opens labs by it; whether it can be had is asked anew. */
  async changeLinux(linux: Settings['linux']): Promise<void> {
    clearTimeout(this.saveTimer);
    this.settings = { ...this.settings, linux };
    await this.ask({ type: 'save-settings', settings: $state.snapshot(this.settings) as Settings });
    const realLinux = RealLinux.parse(await this.ask({ type: 'real-linux' }));
    if (this.hello !== undefined && this.settings.linux === linux) this.hello = { ...this.hello, realLinux };
  }

  async saveProgress(progress: LessonProgress): Promise<void> {
    this.progress = [...this.progress.filter((other) => other.course !== progress.course || other.lesson !== progress.lesson), progress];
    await this.ask({ type: 'save-progress', progress });
  }

  progressOf(course: string, lesson: string): LessonProgress | undefined {
    return this.progress.find((progress) => progress.course === course && progress.lesson === lesson);
  }

  /** What a lab at the host says. */
  onLabEvent(lab: number, listener: (event: unknown) => void): () => void {
    this.labListeners.set(lab, listener);
    return () => this.labListeners.delete(lab);
  }

  private hear(news: HostNews): void {
    switch (news.type) {
      // Whoever keeps that log hears it too.
      case 'log-taken': return;
      case 'courses':
        if (this.hello !== undefined) this.hello = { ...this.hello, courses: news.courses };
        return;
      case 'lab-event': return this.labListeners.get(news.lab)?.(news.event);
      case 'pack-offered': return void document.dispatchEvent(new Event('podwire-pack-offered'));
      case 'menu': return void document.dispatchEvent(new CustomEvent('podwire-command', { detail: news.command }));
      default: news satisfies never;
    }
  }
}

export const host = new HostState();

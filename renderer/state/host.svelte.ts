/** The host as the page knows it: who we are, settings, progress, courses; and requests to it. State is what it last said. */
import { HostHello, HostMessage, Settings, type HostRequest, type LessonProgress } from '../../contracts/host.ts';
import { openTransport } from './transport.ts';

type Asked = HostRequest extends infer Request ? (Request extends { id: number } ? Omit<Request, 'id'> : never) : never;
export class HostRefusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

class HostState {
  hello = $state<HostHello>();
  settings = $state<Settings>(Settings.parse({}));
  progress = $state<LessonProgress[]>([]);
  /** Set when the line is cut: nothing can be saved any more. */
  isGone = $state(false);
  private readonly transport = openTransport();
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (cause: HostRefusal) => void }>();
  private readonly takenListeners = new Set<(log: number) => void>();
  private readonly labListeners = new Map<number, (event: unknown) => void>();
  private nextId = 1;
  private saveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.transport.onMessage((raw) => this.receive(raw));
    this.transport.onClose(() => {
      this.isGone = true;
      for (const { reject } of this.waiting.values()) reject(new HostRefusal('io', 'Podwire has stopped.'));
      this.waiting.clear();
    });
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

  ask(request: Asked): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      if (this.isGone) return reject(new HostRefusal('io', 'Podwire has stopped.'));
      this.waiting.set(id, { resolve, reject });
      this.transport.send({ ...request, id } as HostRequest);
    });
  }

  /** Changes at once, saved a moment later. */
  change(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => void this.ask({ type: 'save-settings', settings: $state.snapshot(this.settings) as Settings }).catch(() => undefined), 300);
  }

  async saveProgress(progress: LessonProgress): Promise<void> {
    this.progress = [...this.progress.filter((other) => other.course !== progress.course || other.lesson !== progress.lesson), progress];
    await this.ask({ type: 'save-progress', progress });
  }

  progressOf(course: string, lesson: string): LessonProgress | undefined {
    return this.progress.find((progress) => progress.course === course && progress.lesson === lesson);
  }

  onLogTaken(listener: (log: number) => void): () => void {
    this.takenListeners.add(listener);
    return () => this.takenListeners.delete(listener);
  }

  /** What a lab at the host says. */
  onLabEvent(lab: number, listener: (event: unknown) => void): () => void {
    this.labListeners.set(lab, listener);
    return () => this.labListeners.delete(lab);
  }

  private receive(raw: unknown): void {
    const parsed = HostMessage.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    if ('type' in message) {
      if (message.type === 'log-taken') for (const listener of this.takenListeners) listener(message.log);
      else if (message.type === 'courses') this.hello = this.hello === undefined ? undefined : { ...this.hello, courses: message.courses };
      else if (message.type === 'lab-event') this.labListeners.get(message.lab)?.(message.event);
      else if (message.type === 'pack-offered') document.dispatchEvent(new Event('podwire-pack-offered'));
      else document.dispatchEvent(new CustomEvent('podwire-command', { detail: message.command }));
      return;
    }
    const entry = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ('error' in message) entry?.reject(new HostRefusal(message.error.code, message.error.message));
    else entry?.resolve(message.ok);
  }
}

export const host = new HostState();

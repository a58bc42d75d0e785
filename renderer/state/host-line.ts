/** Requests to the host and its answers over one line, told apart by number; and what the host says unasked. */
import { HostMessage, type HostRequest, type Transport } from '../../contracts/host.ts';

export type Asked = HostRequest extends infer Request ? (Request extends { id: number } ? Omit<Request, 'id'> : never) : never;
export type HostNews = Extract<HostMessage, { type: string }>;
export type RefusalCode = Extract<HostMessage, { error: unknown }>['error']['code'];

export class HostRefusal extends Error {
  readonly code: RefusalCode;
  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

export class HostLine {
  private readonly transport: Transport;
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (cause: HostRefusal) => void }>();
  private readonly listeners = new Set<(news: HostNews) => void>();
  private isCut = false;
  private nextId = 1;

  constructor(transport: Transport, onCut: () => void = () => undefined) {
    this.transport = transport;
    transport.onMessage((raw) => this.receive(raw));
    transport.onClose(() => {
      this.isCut = true;
      onCut();
      for (const { reject } of this.waiting.values()) reject(new HostRefusal('io', 'Podwire has stopped.'));
      this.waiting.clear();
    });
  }

  /** @throws HostRefusal */
  ask(request: Asked): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      if (this.isCut) return reject(new HostRefusal('io', 'Podwire has stopped.'));
      this.waiting.set(id, { resolve, reject });
      this.transport.send({ ...request, id } as HostRequest);
    });
  }

  /** Answers a function that stops the listening. */
  onNews(listener: (news: HostNews) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private receive(raw: unknown): void {
    const parsed = HostMessage.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    if ('type' in message) return this.listeners.forEach((listener) => listener(message));
    const entry = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ('error' in message) entry?.reject(new HostRefusal(message.error.code, message.error.message));
    else entry?.resolve(message.ok);
  }
}

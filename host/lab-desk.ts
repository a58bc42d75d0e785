/** Labs the host itself serves, one session each, to the window that asked for them: contracts/lab.ts over the line of contracts/host.ts. */
import type { LabEvent, LabRequestInput } from '../contracts/lab.ts';
import type { HostMessage } from '../contracts/host.ts';
import type { Backend } from '../labs/backend.ts';
import { createSession, type LabSession } from '../labs/session.ts';
import type { Wall } from '../labs/wall.ts';

const wall: Wall = {
  nowMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
};

export class LabDesk {
  readonly #tell: (message: HostMessage) => void;
  readonly #sessions = new Map<number, LabSession>();
  #nextId = 1;

  constructor(tell: (message: HostMessage) => void) {
    this.#tell = tell;
  }

  open(backend: Backend): number {
    const lab = this.#nextId++;
    this.#sessions.set(lab, createSession({ backend, wall, storesItself: true, emit: (event) => this.#told(lab, event) }));
    return lab;
  }

  /** False where there is no such lab. */
  request(lab: number, request: unknown): boolean {
    const session = this.#sessions.get(lab);
    session?.handle(request as LabRequestInput);
    return session !== undefined;
  }

  close(lab: number): void {
    this.#sessions.get(lab)?.close();
    this.#sessions.delete(lab);
  }

  closeAll(): void {
    for (const lab of [...this.#sessions.keys()]) this.close(lab);
  }

  #told(lab: number, event: LabEvent): void {
    // Nothing here is replayed, so nothing of it is kept.
    if (event.type === 'store') return;
    this.#tell({ type: 'lab-event', lab, event: 'bytes' in event ? { ...event, bytes: Buffer.from(event.bytes).toString('base64') } : event });
  }
}

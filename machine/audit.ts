/** What somebody who watches a machine from outside is told, as it happens: who runs what, what is written to terminals, what programs note. */
import type { Process } from './process.ts';
import type { ProcessNote } from './sys.ts';
import type { Tty } from './tty/tty.ts';

export interface MachineAudit {
  /** A process began (fork); its argv is its parent's until `executed`. */
  started(process: Process): void;
  executed(process: Process): void;
  ended(process: Process): void;
  /** Bytes a process wrote to a terminal, before the line discipline. */
  wrote(process: Process, tty: Tty, bytes: Uint8Array): void;
  noted(process: Process, note: ProcessNote): void;
  /** A file, a user or a package changed: something an observer may show. */
  changed(): void;
}

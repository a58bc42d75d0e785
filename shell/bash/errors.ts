/** What unwinds the executor. Everything else is a status. */
import type { Place } from './ash-words.ts';

/** An expansion or assignment went wrong: the current command line is given up (`discard`), with `-c` the whole string too (`abandon`), or the shell ends (`exit`). */
export class ShellError {
  /** Undefined once it has been told. */
  message: string | undefined;
  readonly status: number;
  readonly effect: 'discard' | 'abandon' | 'exit';
  /** Where it happened, once what ran there has been left. */
  place: Place | undefined;
  constructor(message: string | undefined, status = 1, effect: 'discard' | 'abandon' | 'exit' = 'discard') {
    this.message = message;
    this.status = status;
    this.effect = effect;
  }
}

/** The `exit` builtin, `set -e`, the end of a subshell. */
export class ShellExit {
  readonly status: number;
  constructor(status: number) {
    this.status = status;
  }
}

/** Ctrl+C in an interactive shell: back to the prompt. */
export class ShellInterrupt {
  readonly status: number;
  constructor(status = 130) {
    this.status = status;
  }
}

/** A process has this much memory for one word (as UTF-16); beyond it bash's xrealloc gives up, which ends the shell. */
export const LONGEST_WORD = 1 << 26;

export function checkLength(length: number): void {
  if (length > LONGEST_WORD) throw new ShellError(`xrealloc: cannot allocate ${length} bytes`, 2, 'exit');
}

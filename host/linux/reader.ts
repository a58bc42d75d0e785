/** A shell beside the lab, out of the learner's sight and reach, that answers questions about its state: a few programs a question, no start of its own. */
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Sandbox } from './sandbox.ts';

const ANSWER_WITHIN_MS = 5000;
const END = '\x1e';

export class Reader {
  readonly #sandbox: Sandbox;
  readonly #library: string;
  #shell: (ChildProcess & { stdin: Writable; stdout: Readable }) | undefined;
  #buffer = '';
  #queue: Promise<unknown> = Promise.resolve();
  #answered: ((text: string | undefined) => void) | undefined;
  #isClosed = false;

  /** `library`: functions the questions call. */
  constructor(sandbox: Sandbox, library: string) {
    this.#sandbox = sandbox;
    this.#library = library;
  }

  /** What a line of bash prints; undefined when nothing could answer in time. One question at a time. */
  ask(line: string): Promise<string | undefined> {
    const next = this.#queue.then(() => this.#ask(line));
    this.#queue = next.catch(() => undefined);
    return next;
  }

  close(): void {
    this.#isClosed = true;
    this.#shell?.kill('SIGKILL');
  }

  #ask(line: string): Promise<string | undefined> {
    if (this.#isClosed || this.#sandbox.isOver) return Promise.resolve(undefined);
    const shell = this.#shell ?? this.#start();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        shell.kill('SIGKILL');
        resolve(undefined);
      }, ANSWER_WITHIN_MS);
      this.#answered = (text) => {
        clearTimeout(timer);
        this.#answered = undefined;
        resolve(text);
      };
      shell.stdin.write(`${line.replaceAll('\n', ' ')}\n`);
    });
  }

  #start(): ChildProcess & { stdin: Writable; stdout: Readable } {
    const loop = `${this.#library}\nwhile read -r line; do eval "$line" < /dev/null 2> /dev/null; printf '\\x1e'; done`;
    const shell = this.#sandbox.startBeside(['bash', '--norc', '-c', loop]) as ChildProcess & { stdin: Writable; stdout: Readable };
    this.#shell = shell;
    this.#buffer = '';
    shell.stdin.on('error', () => undefined);
    shell.stdout.setEncoding('utf8');
    shell.stdout.on('data', (text: string) => {
      this.#buffer += text;
      if (!this.#buffer.endsWith(END)) return;
      const answer = this.#buffer.slice(0, -1);
      this.#buffer = '';
      this.#answered?.(answer);
    });
    shell.once('close', () => {
      if (this.#shell === shell) this.#shell = undefined;
      this.#answered?.(undefined);
    });
    shell.once('error', () => this.#answered?.(undefined));
    return shell;
  }
}

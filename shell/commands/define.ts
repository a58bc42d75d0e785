/**
 * How a command-line tool is written: declare, dispatch, one function per verb; write through `out`/`err`; answer the exit code.
 * A tool is a folder `shell/commands/<name>/` and a line in `shell/commands/index.ts`.
 */
import type { ExitCode, Program, Sys } from '../../machine/sys.ts';
import { fromUtf8, utf8 } from '../ports/bytes.ts';
import { gnuAnswer } from './gnu-help.ts';

export interface Invocation {
  /** What it was called as (argv[0], last path component), and the words after it. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Map<string, string>;
  readonly sys: Sys;
  readonly net: Sys['net'];
  /** One line to standard output (newline added). Buffered as stdio would: by line on a terminal, by 4096-byte block elsewhere. */
  out(line: string): void;
  /** One line to standard error, unbuffered. */
  err(line: string): void;
  /** Raw text or bytes to standard output / error. */
  write(text: string | Uint8Array): void;
  writeErr(text: string | Uint8Array): void;
  /** fflush(stdout): awaits back-pressure. Call in loops that print much, after each block of work, and before waiting when the real tool flushes. */
  flush(): Promise<void>;
  /** `setvbuf`: 'line' for tools that set it themselves (tcpdump -l, ping). */
  buffering(mode: 'line' | 'block' | 'none'): void;
  /** Reads standard input to its end, as text. */
  stdinText(): Promise<string>;
  /** Standard input by lines (without newline; `isLast` when it had none). */
  stdinLines(): AsyncGenerator<string>;
  readonly stdoutIsTerminal: boolean;
  readonly stdinIsTerminal: boolean;
}

export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Debian package it comes in; its file is there once that package is installed. */
  readonly package: string;
  /** Where its file stands. Default /usr/bin/<name>. */
  readonly path?: string;
  readonly setuid?: boolean;
  run(call: Invocation): Promise<ExitCode> | ExitCode;
}

export function defineCommand(command: Command): Command {
  return command;
}

/** An option of the real tool that is not simulated: says so and answers 125. `return notSimulated(call, 'option --bpf')`. */
export function notSimulated(call: Pick<Invocation, 'name' | 'err'>, what: string): ExitCode {
  call.err(`podwire: ${call.name}: ${what} is not simulated yet`);
  return 125;
}

/**
 * Standard output and error as C's stdio: output waits for a full line or block, errors go at once, and what was due first
 * is written first.
 */
class Streams {
  mode: 'line' | 'block' | 'none';
  private queue: { fd: 1 | 2; bytes: Uint8Array }[] = [];
  private outSize = 0;
  private errSize = 0;
  private isClosed = false;
  private readonly sys: Sys;
  constructor(sys: Sys, mode: 'line' | 'block' | 'none') {
    this.sys = sys;
    this.mode = mode;
  }
  push(fd: 1 | 2, text: string | Uint8Array): void {
    const bytes = typeof text === 'string' ? utf8(text) : text;
    if (bytes.length === 0) return;
    this.queue.push({ fd, bytes });
    if (fd === 1) this.outSize += bytes.length;
    else this.errSize += bytes.length;
  }
  /** Writes what is due: errors always, output when its mode says so. */
  async settle(): Promise<void> {
    const isOutDue = this.outSize > 0 && (this.mode !== 'block' || this.outSize >= 4096);
    if (isOutDue) return this.flush();
    if (this.errSize > 0) await this.drain((entry) => entry.fd === 2);
  }
  flush(): Promise<void> {
    return this.drain(() => true);
  }
  private async drain(isDue: (entry: { fd: 1 | 2 }) => boolean): Promise<void> {
    if (this.queue.length === 0) return;
    const due = this.queue.filter(isDue);
    if (due.length === 0) return;
    this.queue = this.queue.filter((entry) => !isDue(entry));
    this.outSize = this.queue.reduce((size, entry) => size + (entry.fd === 1 ? entry.bytes.length : 0), 0);
    this.errSize = 0;
    for (let at = 0; at < due.length; ) {
      const { fd } = due[at]!;
      const run: Uint8Array[] = [];
      for (; at < due.length && due[at]!.fd === fd; at++) run.push(due[at]!.bytes);
      if (fd === 1 && this.isClosed) continue;
      const written = await this.sys.write(fd, run.length === 1 ? run[0]! : concatenate(run));
      if (!written.ok && fd === 1) this.isClosed = true;
    }
  }
}

/** What stdbuf(1) asks of the programs it runs. */
function wishedBuffering(wish: string | undefined): 'line' | 'block' | 'none' | undefined {
  return wish === undefined ? undefined : wish === 'L' ? 'line' : wish === '0' ? 'none' : 'block';
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** One run of a command. Its functions are fields, because tools take them off it; the network, which few tools use, is bound when asked for. */
class Call implements Invocation {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Map<string, string>;
  readonly sys: Sys;
  readonly out: Invocation['out'];
  readonly err: Invocation['err'];
  readonly write: Invocation['write'];
  readonly writeErr: Invocation['writeErr'];
  readonly flush: Invocation['flush'];
  readonly buffering: Invocation['buffering'];
  readonly stdinText: Invocation['stdinText'];
  readonly stdinLines: Invocation['stdinLines'];
  readonly stdoutIsTerminal: boolean;
  readonly stdinIsTerminal: boolean;

  constructor(command: Command, sys: Sys) {
    const stdoutIsTerminal = sys.isTerminal(1);
    const streams = new Streams(sys, wishedBuffering(sys.env.get('_STDBUF_O')) ?? (stdoutIsTerminal ? 'line' : 'block'));
    sys.beforeBlocking(() => streams.settle());
    const called = sys.argv[0] ?? command.name;
    this.name = called.slice(called.lastIndexOf('/') + 1);
    this.args = sys.argv.slice(1);
    this.env = sys.env;
    this.sys = sys;
    this.out = (line) => streams.push(1, `${line}\n`);
    this.err = (line) => streams.push(2, `${line}\n`);
    this.write = (text) => streams.push(1, text);
    this.writeErr = (text) => streams.push(2, text);
    this.flush = () => streams.flush();
    this.buffering = (mode) => {
      streams.mode = mode;
    };
    this.stdinText = async () => {
      const chunks: Uint8Array[] = [];
      for (;;) {
        const got = await sys.read(0, 65536);
        if (!got.ok || got.value.length === 0) return fromUtf8(concatenate(chunks));
        chunks.push(got.value);
      }
    };
    this.stdinLines = () => lines(sys);
    this.stdoutIsTerminal = stdoutIsTerminal;
    this.stdinIsTerminal = sys.isTerminal(0);
  }

  get net(): Sys['net'] {
    return this.sys.net;
  }
}

/** Turns a command into the program its file runs. Output pending when the process blocks is written first if it is line buffered or a full block. */
export function toProgram(command: Command): Program {
  return async (sys) => {
    const call = new Call(command, sys);
    const answer = gnuAnswer(sys.argv);
    if (answer !== undefined) call.write(answer);
    const code = answer === undefined ? await command.run(call) : call.name === 'false' ? 1 : 0;
    await call.flush();
    return code;
  };
}

async function* lines(sys: Sys): AsyncGenerator<string> {
  let rest: Uint8Array = new Uint8Array(0);
  for (;;) {
    const got = await sys.read(0, 65536);
    if (!got.ok || got.value.length === 0) break;
    rest = rest.length === 0 ? got.value : concatenate([rest, got.value]);
    let start = 0;
    for (let end = rest.indexOf(10, start); end >= 0; end = rest.indexOf(10, start)) {
      yield fromUtf8(rest.subarray(start, end));
      start = end + 1;
    }
    rest = rest.subarray(start);
  }
  if (rest.length > 0) yield fromUtf8(rest);
}

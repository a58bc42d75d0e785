/** The headless contract (labs/exec.ts) on real Linux: one case in, the same steps filled in out. Time is real, so `virtualMs` is what passed. */
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { CaseResult, ExecCase, ExecCommand, ExecSetup, ExecStep } from '../../labs/exec.ts';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { type Command, ROOT_ENVIRONMENT, spawnWith } from './ground.ts';
import { Sandbox, type OpenSandbox } from './sandbox.ts';

const WORK = '/run/lab/work';
const DEFAULT_TIMEOUT_S = 120;
const BACKGROUND_START_MS = 50;
/** What a command's last words may take to arrive after it has ended; longer only where it left something running that holds its output. */
const DRAIN_MS = 2000;
const ENVIRONMENT = { HOME: '/root', TERM: 'dumb', COLUMNS: '120', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

export async function runCaseOnLinux(testCase: ExecCase, open: OpenSandbox = Sandbox.open): Promise<CaseResult> {
  const startedMs = performance.now();
  const sandbox = await open(scenarioNamed(testCase.lab));
  const runner = new Runner(sandbox);
  try {
    await runner.writeFiles(testCase.files);
    for (const item of testCase.setup) await runner.setUp(typeof item === 'string' ? { cmd: item, ns: undefined } : item);
    const steps: Record<string, unknown>[] = [];
    for (const step of testCase.steps) steps.push({ ...step, ...(await runner.step(step)) });
    return { steps, virtualMs: Math.round(performance.now() - startedMs) };
  } finally {
    await sandbox.close();
  }
}

/** What the kernel sets by a machine's memory, as a small machine has it. */
const AS_RECORDED = "sysctl -q -w net.ipv4.tcp_rmem='4096 131072 6291456'";

interface Finished { readonly stdout: string; readonly stderr: string; readonly exit: number; readonly timedOut?: true }

class Runner {
  readonly #sandbox: Sandbox;
  readonly #background = new Map<string, Running>();

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  async writeFiles(files: ExecCase['files']): Promise<void> {
    await this.#put(`mkdir -p ${WORK}; ${AS_RECORDED}`, '');
    for (const [path, content] of Object.entries(files)) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content.base64, 'base64');
      await this.#put('mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"', bytes, path, bytes.subarray(0, 2).toString() === '#!' ? '755' : '644');
    }
  }

  async #put(script: string, input: Uint8Array | string, ...words: string[]): Promise<void> {
    const child = this.#sandbox.start(['bash', '-c', script, 'podwire', ...words]) as ChildProcess & { stdin: Writable };
    // A script that reads nothing may have ended already.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (status !== 0) throw new Error(`files: ${words[0] ?? WORK} cannot be written`);
  }

  async setUp(item: Exclude<ExecSetup, string>): Promise<void> {
    if ('sleep' in item) return sleep(item.sleep * 1000);
    if ('serve' in item) return this.#serve(item.serve.ns, item.serve.port, item.serve.body);
    const { stdout, stderr, exit } = await this.#run(item).finished(DEFAULT_TIMEOUT_S);
    if (exit !== 0) throw new Error(`setup: ${item.cmd}: exit ${exit}: ${stderr || stdout}`);
  }

  async step(step: ExecStep): Promise<Partial<Finished>> {
    if ('sleep' in step) {
      await sleep(step.sleep * 1000);
      return {};
    }
    if ('wait' in step) return this.#take(step.wait).finished(DEFAULT_TIMEOUT_S);
    if ('stop' in step) {
      const running = this.#take(step.stop);
      running.signal(`SIG${step.signal}`);
      return running.finished(DEFAULT_TIMEOUT_S);
    }
    if ('type' in step || 'screen' in step || 'resize' in step) throw new Error('typing at a terminal is answered by the simulator only');
    const running = this.#run(step);
    if (step.bg === undefined) return running.finished(step.timeout ?? DEFAULT_TIMEOUT_S);
    this.#background.set(step.bg, running);
    await sleep(BACKGROUND_START_MS);
    return {};
  }

  /** A session of its own, for its signals; real pipes, which Node's are not, so that a program may open /dev/stdout. */
  #run({ cmd, ns }: ExecCommand): Running {
    return new Running(this.#sandbox.command(['bash', '--norc', '-c', 'exec 3>&1 4>&2; exec > >(exec cat >&3) 2> >(exec cat >&4) 3>&- 4>&-; exec setsid bash -c "$1"', 'podwire', cmd], { netns: ns, cwd: WORK, env: { ...ROOT_ENVIRONMENT, ...ENVIRONMENT } }));
  }

  #serve(ns: string | undefined, port: number, body: string): Promise<void> {
    const child = this.#sandbox.startOutside(['perl', '-e', HTTP_SERVER, String(port), body], ns) as ChildProcess & { stdout: Readable };
    return new Promise((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (status) => reject(new Error(`setup: nothing can listen on port ${port} (status ${status ?? 'of a signal'})`)));
    });
  }

  #take(name: string): Running {
    const running = this.#background.get(name);
    if (running === undefined) throw new Error(`there is no background command ${JSON.stringify(name)}`);
    this.#background.delete(name);
    return running;
  }
}

class Running {
  readonly #command: Command;
  readonly #child: ChildProcess;
  readonly #out: Buffer[] = [];
  readonly #err: Buffer[] = [];
  readonly #exited: Promise<number>;
  readonly #closed: Promise<void>;

  constructor(command: Command) {
    this.#command = command;
    const child = spawnWith(command, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdout?.on('data', (bytes: Buffer) => this.#out.push(bytes));
    child.stderr?.on('data', (bytes: Buffer) => this.#err.push(bytes));
    this.#exited = new Promise((resolve, reject) => {
      child.once('exit', (code, signal) => resolve(code ?? -(constants.signals[signal ?? 'SIGKILL'])));
      child.once('error', reject);
    });
    this.#closed = new Promise((resolve) => child.once('close', () => resolve()));
  }

  async finished(timeoutS: number): Promise<Finished> {
    let timedOut = false;
    const after = (seconds: number, signal: NodeJS.Signals): NodeJS.Timeout => setTimeout(() => {
      timedOut = true;
      this.signal(signal);
    }, seconds * 1000);
    const timers = [after(timeoutS, 'SIGINT'), after(timeoutS + 2, 'SIGKILL')];
    const exit = await this.#exited;
    timers.forEach(clearTimeout);
    await Promise.race([this.#closed, sleep(DRAIN_MS)]);
    return { stdout: Buffer.concat(this.#out).toString(), stderr: Buffer.concat(this.#err).toString(), exit, ...(timedOut ? { timedOut } : {}) };
  }

  signal(name: NodeJS.Signals): void {
    this.#command.signal(this.#child.pid ?? 0, name);
  }
}

/**
 * One request a connection; says so on standard output when it listens. It closes in the breath in which it answers, before the client, which closes when
 * it has read the answer, can run: who closes first shows in captures and counters.
 */
const HTTP_SERVER = `
use Socket;
my ($port, $body) = @ARGV;
$0 = 'python3';
$| = 1;
$SIG{CHLD} = $SIG{PIPE} = 'IGNORE';
my $answer = "HTTP/1.0 200 OK\\r\\nContent-Type: text/plain; charset=utf-8\\r\\nContent-Length: " . length($body) . "\\r\\n\\r\\n$body";
my $listener;
socket($listener, PF_INET, SOCK_STREAM, 0) && setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1) && bind($listener, sockaddr_in($port, INADDR_ANY)) && listen($listener, 64) or die $!;
print "listening\\n";
while (1) {
  accept(my $line, $listener) or next;
  next if fork;
  sysread($line, my $request, 65536) or exit;
  syswrite($line, $answer);
  shutdown($line, 1);
  1 while sysread($line, $request, 65536);
  exit;
}`;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * The headless contract: one case in, the same steps filled in out. Each case gets a fresh lab whose virtual time runs as fast as it can.
 * Commands run as a real terminal-less shell would run them: `bash -c`, standard input empty, output through pipes.
 */
import { z } from 'zod';
import { fromBase64, utf8 } from '../simulator/bytes.ts';
import type { WaitStatus } from '../machine/sys.ts';
import { signalNumber } from '../machine/signals.ts';
import { SimulatedLab, type RunningCommand } from './simulated-lab.ts';
import { scenarioNamed } from './scenarios/index.ts';
import { VirtualTerminal } from '../shell/terminal/virtual-terminal.ts';
import { keysOf } from './keys.ts';

const Seconds = z.number().min(0).max(86_400);
/** Absent or null: the lab's default machine. */
const Namespace = z.string().nullish().transform((name) => name ?? undefined);
const Command = z.object({ cmd: z.string(), ns: Namespace, bg: z.string().optional(), timeout: Seconds.optional() });
const Sleep = z.object({ sleep: Seconds });
const Serve = z.object({ serve: z.object({ ns: Namespace, port: z.number().int().min(1).max(65535), body: z.string() }) });
const SetupItem = z.union([z.string(), Serve, Sleep, Command]);
const Step = z.union([
  Command,
  Sleep,
  z.object({ wait: z.string() }),
  z.object({ stop: z.string(), signal: z.enum(['INT', 'TERM', 'KILL', 'HUP', 'QUIT', 'USR1', 'USR2', 'STOP', 'CONT', 'TSTP']).default('INT') }),
  z.object({ type: z.string(), terminal: z.string() }),
  z.object({ resize: z.string(), columns: z.number().int().min(1).max(1000), rows: z.number().int().min(1).max(1000) }),
  /** `marks`: also what is bold, reversed or coloured. */
  z.object({ screen: z.string(), marks: z.boolean().optional() }),
]);
export const ExecCase = z.object({
  id: z.union([z.string(), z.number()]),
  lab: z.string().default('linux-host'),
  seed: z.number().int().default(1),
  files: z.record(z.string(), z.union([z.string(), z.object({ base64: z.string() })])).default({}),
  setup: z.array(SetupItem).default([]),
  steps: z.array(Step),
});
export type ExecCase = z.infer<typeof ExecCase>;
export type ExecStep = z.infer<typeof Step>;
export type ExecSetup = z.infer<typeof SetupItem>;
export type ExecCommand = z.infer<typeof Command>;
type Step = ExecStep;
export interface CaseResult { readonly steps: Record<string, unknown>[]; readonly virtualMs: number }

const WORK = '/run/lab/work';
const DEFAULT_TIMEOUT_S = 120;
const KEY_US = 10_000;
const QUIET_US = 200_000;
const TYPING_AT_MOST_US = 5_000_000;
const BACKGROUND_START_US = 50_000;
/** What passes while a command's bash is forked and loaded: deferred kernel work (linkwatch, queues) is done by then. */
const LAUNCH_US = 2_000;
const TERMINAL = { columns: 80, rows: 24 };

export async function runCase(testCase: ExecCase): Promise<CaseResult> {
  const lab = await SimulatedLab.open(scenarioNamed(testCase.lab), { seed: testCase.seed });
  const runner = new CaseRunner(lab);
  try {
    runner.writeFiles(testCase.files);
    for (const item of testCase.setup) await runner.setUp(typeof item === 'string' ? { cmd: item, ns: undefined } : item);
    const steps: Record<string, unknown>[] = [];
    for (const step of testCase.steps) steps.push({ ...step, ...(await runner.step(step)) });
    return { steps, virtualMs: Math.round(lab.nowUs / 1000) };
  } finally {
    lab.close();
  }
}

class CaseRunner {
  private readonly lab: SimulatedLab;
  private readonly background = new Map<string, RunningCommand>();
  private readonly screens = new Map<string, VirtualTerminal>();

  constructor(lab: SimulatedLab) {
    this.lab = lab;
    lab.makeDirectory(WORK);
    lab.onData = (terminal, bytes) => this.screens.get(terminal)?.write(bytes);
  }

  writeFiles(files: ExecCase['files']): void {
    for (const [path, content] of Object.entries(files)) {
      const bytes = typeof content === 'string' ? utf8(content) : fromBase64(content.base64);
      if (bytes === undefined) throw new Error(`files: ${path}: the base64 is malformed`);
      this.lab.putFile(path, bytes, bytes[0] === 35 && bytes[1] === 33 ? 0o755 : 0o644);
    }
  }

  async setUp(item: Exclude<z.infer<typeof SetupItem>, string>): Promise<void> {
    if ('sleep' in item) return this.sleep(item.sleep);
    if ('serve' in item) return this.lab.serveHttp(item.serve.ns, item.serve.port, item.serve.body);
    await this.lab.runUntil(this.lab.nowUs + LAUNCH_US);
    const { stdout, stderr, exit } = await this.finish(this.start(item), DEFAULT_TIMEOUT_S);
    if (exit !== 0) throw new Error(`setup: ${item.cmd}: exit ${exit}: ${stderr || stdout}`);
  }

  async step(step: Step): Promise<Record<string, unknown>> {
    if ('sleep' in step) {
      await this.sleep(step.sleep);
      return {};
    }
    if ('wait' in step) return this.finish(this.take(step.wait), DEFAULT_TIMEOUT_S);
    if ('stop' in step) {
      const running = this.take(step.stop);
      running.signal(step.signal);
      return this.finish(running, DEFAULT_TIMEOUT_S);
    }
    if ('type' in step) {
      await this.typeKeys(step.terminal, step.type);
      return {};
    }
    if ('resize' in step) {
      const { columns, rows } = step;
      (await this.openTerminal(step.resize)).resize({ columns, rows });
      this.lab.resize(step.resize, columns, rows);
      await this.lab.runUntilQuiet(QUIET_US, this.lab.nowUs + TYPING_AT_MOST_US);
      return {};
    }
    if ('screen' in step) {
      const screen = await this.openTerminal(step.screen);
      return step.marks === true ? { ...screen.snapshot(), marks: screen.marks() } : screen.snapshot();
    }
    await this.lab.runUntil(this.lab.nowUs + LAUNCH_US);
    const running = this.start(step);
    if (step.bg === undefined) return this.finish(running, step.timeout ?? DEFAULT_TIMEOUT_S);
    this.background.set(step.bg, running);
    await this.lab.runUntil(this.lab.nowUs + BACKGROUND_START_US);
    return {};
  }

  private start({ cmd, ns }: z.infer<typeof Command>): RunningCommand {
    return this.lab.start(['bash', '-c', cmd], { place: ns, cwd: WORK, env: { HOME: '/root', TERM: 'dumb', COLUMNS: '120', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC' } });
  }

  private async finish(running: RunningCommand, timeoutS: number): Promise<{ stdout: string; stderr: string; exit: number; timedOut?: true }> {
    const isOver = (): boolean => running.status !== undefined;
    await this.lab.runWhile(() => !isOver(), this.lab.nowUs + timeoutS * 1e6);
    const timedOut = !isOver();
    if (timedOut) {
      running.signal('INT');
      await this.lab.runWhile(() => !isOver(), this.lab.nowUs + 2e6);
      if (!isOver()) running.signal('KILL');
      await this.lab.runWhile(() => !isOver(), this.lab.nowUs + 1e6);
    }
    const exit = exitOf(running.status);
    return { stdout: running.stdout(), stderr: running.stderr(), exit, ...(timedOut ? { timedOut: true as const } : {}) };
  }

  private take(name: string): RunningCommand {
    const running = this.background.get(name);
    if (running === undefined) throw new Error(`there is no background command ${JSON.stringify(name)}`);
    this.background.delete(name);
    return running;
  }

  private async sleep(seconds: number): Promise<void> {
    await this.lab.runUntil(this.lab.nowUs + Math.round(seconds * 1e6));
  }

  private async typeKeys(terminal: string, text: string): Promise<void> {
    await this.openTerminal(terminal);
    for (const key of keysOf(text)) {
      this.lab.input(terminal, key);
      await this.lab.runUntil(this.lab.nowUs + KEY_US);
    }
    await this.lab.runUntilQuiet(QUIET_US, this.lab.nowUs + TYPING_AT_MOST_US);
  }

  private async openTerminal(terminal: string): Promise<VirtualTerminal> {
    const open = this.screens.get(terminal);
    if (open !== undefined) return open;
    const screen = new VirtualTerminal(TERMINAL, (reply) => this.lab.input(terminal, reply));
    this.screens.set(terminal, screen);
    this.lab.openTerminal({ id: terminal, title: terminal, place: terminal }, TERMINAL);
    await this.lab.runUntilQuiet(QUIET_US, this.lab.nowUs + TYPING_AT_MOST_US);
    return screen;
  }
}

/** As a parent reads it: the code, or minus the signal's number. */
function exitOf(status: WaitStatus | undefined): number {
  if (status?.kind === 'exited') return status.code;
  if (status?.kind === 'signalled') return -signalNumber(status.signal);
  return -1;
}

/** For tests: a machine with a terminal on which the smallest of shells runs: the line editor, programs in the foreground, `fg`. */
import type { Program, Sys } from '../../machine/sys.ts';
import { testMachine } from '../../machine/test-machine.ts';
import type { TestMachine } from '../../machine/test-machine.ts';
import type { Command } from '../commands/define.ts';
import { toProgram } from '../commands/define.ts';
import { History } from '../readline/history.ts';
import { createLineEditor } from '../readline/line-editor.ts';
import { readLine } from '../readline/read-line.ts';
import { VirtualTerminal } from './virtual-terminal.ts';

export interface TestSession {
  /** Types keys, 10 ms each, then lets 300 ms pass. */
  type(keys: string): Promise<void>;
  pass(us: number): Promise<void>;
  screen(): string;
  cursor(): [number, number];
  readonly machine: TestMachine;
}

/** Words by blanks; 'single quotes' keep them. */
async function miniShell(sys: Sys): Promise<number> {
  for (const signal of ['INT', 'TSTP', 'TTIN', 'TTOU', 'QUIT'] as const) sys.onSignal(signal, 'ignore');
  const own = sys.getProcessGroup();
  sys.setProcessGroup(0, sys.pid);
  sys.setForegroundGroup(0, sys.pid);
  void own;
  const history = new History();
  const editor = createLineEditor();
  let stopped: number | undefined;
  const say = async (text: string): Promise<void> => {
    await sys.write(1, new TextEncoder().encode(text));
  };
  for (;;) {
    const outcome = await readLine(sys, { prompt: 'learner@debian:~$ ', history, editor, input: 0, output: 1 });
    if (outcome.kind === 'eof') return 0;
    if (outcome.kind !== 'line' || outcome.text.trim() === '') continue;
    history.add(outcome.text, { control: '' });
    const words = (outcome.text.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/, '$1'));
    if (words[0] === 'exit') return 0;
    let pid: number;
    if (words[0] === 'fg' && stopped !== undefined) {
      pid = stopped;
      sys.setForegroundGroup(0, pid);
      sys.kill(-pid, 'CONT');
    } else {
      const program = sys.findProgram(words[0]!);
      if (!program.ok) {
        await say(`${words[0]}: command not found\n`);
        continue;
      }
      const child = await sys.spawn(program.value, { argv: words, env: sys.env, processGroup: 'new', foreground: true, defaultSignals: ['INT', 'TSTP', 'TTIN', 'TTOU', 'QUIT'] });
      if (!child.ok) continue;
      pid = child.value;
    }
    const ended = await sys.wait(pid, { untraced: true });
    sys.setForegroundGroup(0, sys.pid);
    if (ended.ok && ended.value?.status.kind === 'stopped') {
      stopped = pid;
      await say(`\n[1]+  Stopped\n`);
    }
  }
}

const cat: Program = async (sys) => {
  for (const name of sys.argv.slice(1)) {
    const text = await sys.readFile(name);
    if (text.ok) await sys.write(1, text.value);
  }
  return 0;
};
const seq: Program = async (sys) => {
  await sys.write(1, new TextEncoder().encode(Array.from({ length: Number(sys.argv[1]) }, (_, i) => `${i + 1}\n`).join('')));
  return 0;
};

export function testSession(commands: readonly Command[], files: Record<string, string> = {}): TestSession {
  const programs: Record<string, Program> = { '/usr/bin/bash': miniShell, '/usr/bin/cat': cat, '/usr/bin/seq': seq };
  for (const command of commands) programs[`/usr/bin/${command.name}`] = toProgram(command);
  const machine = testMachine(programs, Object.entries(files).map(([path, content]) => ({ path, content, uid: 1000, gid: 1000 })));
  const terminal = machine.terminal();
  const display = new VirtualTerminal({ columns: 80, rows: 24 }, (reply) => terminal.write(new TextEncoder().encode(reply)));
  terminal.onData((bytes) => display.write(bytes));
  const { world } = machine.machine;
  const pass = async (us: number): Promise<void> => {
    await machine.scheduler.runUntil(world.nowUs + us);
    if (machine.scheduler.failure !== undefined) throw machine.scheduler.failure.error;
  };
  return {
    machine,
    pass,
    type: async (keys) => {
      for (const key of keys.match(/\x1b\[200~[^]*?\x1b\[201~|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1bO.|\x1b[^\x1b[O]|[^]/gu) ?? []) {
        terminal.write(new TextEncoder().encode(key));
        await pass(10_000);
      }
      await pass(300_000);
    },
    screen: () => display.snapshot().screen,
    cursor: () => display.snapshot().cursor,
  };
}

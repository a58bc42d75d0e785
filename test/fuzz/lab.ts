/** A lab that is used for many inputs, and watches itself: no exception may escape, nothing may hang, state must stay cloneable. */
import type { Machine } from '../../machine/machine.ts';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { SimulatedLab, type RunningCommand } from '../../labs/simulated-lab.ts';
import type { SimulatedWorld } from '../../simulator/world/world.ts';
import { textOf } from './campaign.ts';

const WORK = '/run/lab/work';
const ENVIRONMENT = { HOME: '/root', TERM: 'dumb', COLUMNS: '120', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
/** Turns and events of one input; whatever honest work an input asks for is far less. */
const TURNS_AT_MOST = 400_000;

export class FuzzLab {
  readonly lab: SimulatedLab;
  readonly faults: string[] = [];
  shown = '';
  private turns = 0;

  private constructor(lab: SimulatedLab) {
    this.lab = lab;
    for (const machine of this.machines.values()) {
      machine.onFault = (process, thrown) => this.faults.push(`${process.name}: ${textOf(thrown)}`);
    }
    lab.onData = (_terminal, bytes) => {
      if (this.shown.length < 200_000) this.shown += new TextDecoder().decode(bytes);
    };
  }

  static async open(seed: number): Promise<FuzzLab> {
    const lab = new FuzzLab(await SimulatedLab.open(scenarioNamed('linux-host'), { seed }));
    lab.lab.makeDirectory(WORK);
    return lab;
  }

  get machines(): ReadonlyMap<string, Machine> {
    return this.lab['machines'];
  }
  get world(): SimulatedWorld {
    return this.lab['world'] as SimulatedWorld;
  }

  private readonly running = {
    shouldYield: (): boolean => {
      this.turns += 1;
      if (this.turns > TURNS_AT_MOST) throw new Error(`more than ${TURNS_AT_MOST} turns: a hang`);
      return false;
    },
  };

  /** False once an input has removed the shell, which is its right: such a lab is of no more use. */
  get hasShells(): boolean {
    return [...this.machines.values()].every((machine) => machine.findProgram(machine.init, 'bash', '/bin').ok);
  }

  /** A new input gets a new budget. */
  begin(): void {
    this.turns = 0;
  }

  runFor(us: number): Promise<void> {
    return this.lab.runUntil(this.lab.nowUs + us, this.running);
  }

  /** As `podwire exec` runs a step, on a short budget of virtual time: interrupted, then killed. */
  async command(cmd: string, place?: string): Promise<RunningCommand> {
    this.begin();
    const command = this.lab.start(['bash', '-c', cmd], { place, cwd: WORK, env: ENVIRONMENT });
    for (const [us, signal] of [[2e6, 'INT'], [5e5, 'HUP'], [1e5, 'KILL'], [1e5, undefined]] as const) {
      await this.lab.runWhile(() => command.status === undefined, this.lab.nowUs + us, this.running);
      if (command.status !== undefined || signal === undefined) break;
      command.signal(signal);
    }
    if (command.status === undefined) throw new Error('survives KILL');
    const said = command.stderr() + command.stdout();
    if (said.includes('podwire: internal error')) this.faults.push(said.split('\n').find((line) => line.includes('internal error'))!);
    return command;
  }

  /** Ends what inputs left running, as a reboot would. */
  async quiesce(): Promise<void> {
    this.begin();
    for (const machine of this.machines.values()) {
      for (const [pid, process] of machine.processes) if (pid !== 1) process.post('KILL');
    }
    await this.runFor(100_000);
  }

  takeFaults(): string[] {
    return this.faults.splice(0);
  }

  /** Answers what is wrong with the lab, or nothing. */
  async health(): Promise<string[]> {
    const problems: string[] = [];
    const hash = this.world.hash();
    if (this.world.clone().hash() !== hash) problems.push('a clone has another hash');
    if (this.world.hash() !== hash) problems.push('hashing changes the state');
    // An input may have removed a program, which is its right.
    const host = this.machines.get('host')!;
    const has = (name: string): boolean => [...host.programs.keys()].some((path) => path.endsWith(`/${name}`) && host.tree.resolve(host.init, path).ok);
    const echo = await this.command('echo ok');
    if (has('bash') && echo.stdout() !== 'ok\n') problems.push(`echo ok says ${JSON.stringify(echo.stdout() + echo.stderr())}`);
    const links = await this.command('ip link');
    if (has('ip') && !links.stdout().startsWith('1: ')) problems.push(`ip link says ${JSON.stringify(links.stdout() + links.stderr())}`);
    return problems;
  }

  close(): void {
    this.lab.close();
  }
}

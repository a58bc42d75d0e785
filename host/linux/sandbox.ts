/**
 * A machine of the lab's own on this kernel: user, mount, network, process, name and message namespaces, started without being root.
 * Read first: user_namespaces(7), pid_namespaces(7), unshare(1), nsenter(1).
 *
 * The first process of its process namespace ends when its standard input does, and everything else in there with it. So a sandbox cannot
 * outlive whoever started it, however that one dies, and leaves nothing behind: its files are in memory, its namespaces are its processes'. Where a
 * control group can be had all of it is in one; the watchdog stays, for files in memory, which no end of a process gives back.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Scenario } from '../../labs/scenarios/index.ts';
import { homeOf, MACHINES, READY, setLimits } from './boot-script.ts';
import { delegated } from './cgroup.ts';
import { type Command, type Environment, type Ground, ROOT_ENVIRONMENT, spawnWith, ThisMachine } from './ground.ts';
import { identify, type AnyIdentity, type Identity } from './identity.ts';

const OPEN_WITHIN_MS = 15_000;

export interface StartOptions {
  /** A namespace of the machine, `@NAME` or NAME for another machine of the lab; absent: the machine's own. */
  readonly netns?: string | undefined;
  readonly cwd?: string;
  readonly env?: Environment;
  /** It will be given a terminal. */
  readonly isTerminal?: boolean;
}

export type OpenSandbox = (scenario: Scenario) => Promise<Sandbox>;
type StartHow = StartOptions & Pick<SpawnOptions, 'stdio' | 'detached'>;

export class Sandbox {
  readonly scenario: Scenario;
  readonly #ground: Ground;
  readonly #launcher: ChildProcess;
  readonly #over: Promise<void>;
  #isOver = false;
  /** Called once, when the sandbox has ended, wanted or not. */
  onEnd: () => void = () => undefined;

  private constructor(scenario: Scenario, ground: Ground) {
    this.scenario = scenario;
    this.#ground = ground;
    this.#launcher = ground.launch(scenario);
    this.#over = new Promise((resolve) => {
      const isOver = (): void => {
        this.#isOver = true;
        ground.clearUp?.();
        resolve();
        this.onEnd();
      };
      this.#launcher.once('exit', isOver);
      // It could not even be spawned.
      this.#launcher.once('error', isOver);
    });
  }

  /** On this machine. */
  static open(scenario: Scenario, identity: Identity = identify(), lent = delegated()): Promise<Sandbox> {
    homeOf(scenario);
    return Sandbox.openOn(new ThisMachine(identity, lent), scenario);
  }

  static async openOn(ground: Ground, scenario: Scenario): Promise<Sandbox> {
    homeOf(scenario);
    const sandbox = new Sandbox(scenario, ground);
    try {
      await sandbox.#boot();
      ground.guard?.(() => void sandbox.close());
    } catch (cause) {
      await sandbox.close();
      throw cause;
    }
    return sandbox;
  }

  #boot(): Promise<void> {
    const { stdin, stdout, stderr } = this.#launcher as ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable };
    let said = '';
    let complaints = '';
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`the sandbox does not start: ${why}${complaints === '' ? '' : `: ${complaints.trim()}`}`));
      const timer = setTimeout(() => fail(`nothing happened for ${OPEN_WITHIN_MS / 1000} s`), OPEN_WITHIN_MS);
      const settle = (): void => clearTimeout(timer);
      stdin.on('error', () => undefined);
      stderr.on('data', (bytes: Buffer) => {
        complaints = `${complaints}${bytes.toString()}`.slice(-2000);
      });
      stdout.on('data', (bytes: Buffer) => {
        said += bytes.toString();
        if (said === 'map\n') {
          said = '';
          try {
            this.#ground.mapUsers?.();
          } catch (cause) {
            settle();
            return fail(`its users cannot be mapped: ${cause instanceof Error ? cause.message.trim() : String(cause)}`);
          }
          stdin.write('go\n');
        }
        if (said.includes(READY)) {
          settle();
          resolve();
        }
      });
      this.#launcher.once('error', (cause) => {
        settle();
        fail(cause.message);
      });
      this.#launcher.once('close', (status) => {
        settle();
        fail(`it ended with status ${status ?? 'of a signal'}`);
      });
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get identity(): AnyIdentity {
    return this.#ground.identity;
  }

  /** Where its namespaces are reached, seen from beside it. */
  get launcher(): string {
    return this.#ground.launcher;
  }

  /** What runs `argv` inside, as the sandbox's root, and in no other environment than `env`. For those who spawn by themselves, such as a terminal. */
  command(argv: readonly string[], { netns, cwd = '/', env = ROOT_ENVIRONMENT, isTerminal = false }: StartOptions = {}): Command {
    const inside = ['bash', '--norc', '-c', `${setLimits}; cd "$1" || exit; shift; exec "$@"`, 'podwire', cwd, ...this.#into(netns), ...argv];
    return this.#ground.beside(['nsenter', ...this.#namespaces(), '--', ...inside], env, isTerminal);
  }

  #namespaces(): string[] {
    const at = `${this.launcher}/ns`;
    return [`--user=${at}/user`, `--mount=${at}/mnt`, `--net=${at}/net`, `--uts=${at}/uts`, `--ipc=${at}/ipc`, `--pid=${at}/pid_for_children`, ...this.#ground.entering];
  }

  #into(netns: string | undefined): string[] {
    if (netns === undefined || netns === '' || netns === this.scenario.home) return [];
    const machine = netns.replace(/^@/, '');
    if (this.scenario.machines.some(({ name }) => name === machine)) return ['nsenter', `--net=${MACHINES}/${machine}`];
    return ['ip', 'netns', 'exec', netns.replace(`${this.scenario.home}/`, '')];
  }

  start(argv: readonly string[], { env, stdio = 'pipe', detached = false, ...options }: StartHow = {}): ChildProcess {
    return spawnWith(this.command(argv, { ...options, env: { ...ROOT_ENVIRONMENT, ...env } }), { stdio, detached });
  }

  /** A program in the sandbox's files and network, but not among its processes: nobody in there sees or ends it. It ends with us. */
  startBeside(argv: readonly string[]): ChildProcess {
    const words = ['nsenter', ...this.#namespaces().filter((word) => !word.startsWith('--pid=')), '--', ...this.#ground.tied, ...argv];
    return spawnWith(this.#ground.beside(words, ROOT_ENVIRONMENT, false), { stdio: ['pipe', 'pipe', 'ignore'] });
  }

  /** A program of the machine around it, seeing that machine's files, but in the sandbox's network and among its processes. */
  startOutside(argv: readonly string[], netns: string | undefined): ChildProcess {
    const at = this.launcher;
    const machine = netns?.replace(/^@/, '');
    const isMachine = this.scenario.machines.some(({ name }) => name === machine);
    const net = machine === undefined || machine === '' || machine === this.scenario.home ? `${at}/ns/net` : `${at}/root${isMachine ? MACHINES : '/run/netns'}/${machine}`;
    const words = ['nsenter', `--user=${at}/ns/user`, `--net=${net}`, `--pid=${at}/ns/pid_for_children`, ...this.#ground.entering, '--', ...argv];
    return spawnWith(this.#ground.beside(words, ROOT_ENVIRONMENT, false), { stdio: ['ignore', 'pipe', 'ignore'] });
  }

  /** Resolves when nothing of the sandbox runs any more. */
  async close(): Promise<void> {
    if (!this.#isOver) this.#ground.end();
    await this.#over;
  }
}

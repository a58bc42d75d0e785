/**
 * A machine of the lab's own on this kernel: user, mount, network, process, name and message namespaces, started without being root.
 * Read first: user_namespaces(7), pid_namespaces(7), unshare(1), nsenter(1).
 *
 * The first process of its process namespace ends when its standard input does, and everything else in there with it. So a sandbox cannot
 * outlive whoever started it, however that one dies, and leaves nothing behind: its files are in memory, its namespaces are its processes'. Where a
 * control group can be had all of it is in one; the watchdog stays, for files in memory, which no end of a process gives back.
 */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Scenario } from '../../labs/scenarios/index.ts';
import { bootScript, buildScript, homeOf, limits, MACHINES, READY, setLimits } from './boot-script.ts';
import { ControlGroup, delegated, type Lent } from './cgroup.ts';
import { identify, outsideUser, writeMaps, type Identity } from './identity.ts';
import { watch } from './watchdog.ts';

const OPEN_WITHIN_MS = 15_000;
const ROOT_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

export interface StartOptions {
  /** A namespace of the machine, `@NAME` or NAME for another machine of the lab; absent: the machine's own. */
  readonly netns?: string | undefined;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class Sandbox {
  readonly identity: Identity;
  readonly scenario: Scenario;
  readonly #group: ControlGroup | undefined;
  readonly #launcher: ChildProcess;
  readonly #over: Promise<void>;
  #isOver = false;
  /** Called once, when the sandbox has ended, wanted or not. */
  onEnd: () => void = () => undefined;

  private constructor(scenario: Scenario, identity: Identity, lent: Lent) {
    this.scenario = scenario;
    this.identity = identity;
    this.#group = ControlGroup.make(lent, { memory: limits.memoryKiB * 1024, pids: limits.allProcesses });
    this.#launcher = this.#spawn(this.#outside(['unshare', '--user', '--', 'bash', '--norc', '-c', LAUNCH, 'podwire', buildScript(scenario, identity), bootScript(scenario, identity)]), { stdio: ['pipe', 'pipe', 'pipe'], env: { ...ROOT_ENVIRONMENT, PATH: `${process.env['PATH'] ?? ''}:${ROOT_ENVIRONMENT.PATH}` }, detached: true });
    this.#over = new Promise((resolve) => this.#launcher.once('exit', () => {
      this.#isOver = true;
      this.#group?.close();
      resolve();
      this.onEnd();
    }));
  }

  static async open(scenario: Scenario, identity: Identity = identify(), lent = delegated()): Promise<Sandbox> {
    homeOf(scenario);
    const sandbox = new Sandbox(scenario, identity, lent);
    try {
      await sandbox.#boot();
      const stop = watch(sandbox.pid, () => void sandbox.close());
      void sandbox.#over.then(stop);
    } catch (cause) {
      await sandbox.close();
      throw cause;
    }
    return sandbox;
  }

  #boot(): Promise<void> {
    const { stdin, stdout, stderr, pid } = this.#launcher as ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable };
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
        if (said === 'map\n' && pid !== undefined) {
          said = '';
          try {
            writeMaps(pid, this.identity);
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

  /** The launcher's process id: the sandbox's namespaces are reached by it. */
  get pid(): number {
    return this.#launcher.pid ?? 0;
  }

  /** The words that run `argv` inside, as the sandbox's root. For those who spawn by themselves, such as a terminal. */
  words(argv: readonly string[], { netns, cwd = '/' }: StartOptions = {}): string[] {
    const inside = ['bash', '--norc', '-c', `${setLimits}; cd "$1" || exit; shift; exec "$@"`, 'podwire', cwd, ...this.#into(netns), ...argv];
    return this.#outside(['nsenter', ...this.#namespaces(), '--', ...inside]);
  }

  /** Whom to spawn those words as. */
  get user(): { uid?: number; gid?: number } {
    return (this.#group === undefined ? outsideUser(this.identity) : undefined) ?? {};
  }

  /** A process that is to be in the group moves there by itself, and may no longer once it is nobody. */
  #outside(argv: readonly string[]): string[] {
    const user = outsideUser(this.identity);
    return this.#group?.words([...(user === undefined ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--']), ...argv]) ?? [...argv];
  }

  #spawn([program = '', ...words]: readonly string[], options: SpawnOptions): ChildProcess {
    return spawn(program, words, { cwd: '/', env: ROOT_ENVIRONMENT, ...options, ...this.user });
  }

  #namespaces(): string[] {
    const at = `/proc/${this.pid}/ns`;
    return [`--user=${at}/user`, `--mount=${at}/mnt`, `--net=${at}/net`, `--uts=${at}/uts`, `--ipc=${at}/ipc`, `--pid=${at}/pid_for_children`, '--preserve-credentials'];
  }

  #into(netns: string | undefined): string[] {
    if (netns === undefined || netns === '' || netns === this.scenario.home) return [];
    const machine = netns.replace(/^@/, '');
    if (this.scenario.machines.some(({ name }) => name === machine)) return ['nsenter', `--net=${MACHINES}/${machine}`];
    return ['ip', 'netns', 'exec', netns.replace(`${this.scenario.home}/`, '')];
  }

  start(argv: readonly string[], options: StartOptions & Pick<SpawnOptions, 'stdio' | 'detached'> = {}): ChildProcess {
    return this.#spawn(this.words(argv, options), { stdio: options.stdio ?? 'pipe', detached: options.detached ?? false, env: { ...ROOT_ENVIRONMENT, ...options.env } });
  }

  /** A program in the sandbox's files and network, but not among its processes: nobody in there sees or ends it. It ends with us. */
  startBeside(argv: readonly string[]): ChildProcess {
    const words = ['nsenter', ...this.#namespaces().filter((word) => !word.startsWith('--pid=')), '--', 'setpriv', '--pdeathsig', 'KILL', ...argv];
    return this.#spawn(this.#outside(words), { stdio: ['pipe', 'pipe', 'ignore'] });
  }

  /** A program of this machine's, seeing this machine's files, but in the sandbox's network and among its processes. */
  startOutside(argv: readonly string[], netns: string | undefined): ChildProcess {
    const at = `/proc/${this.pid}`;
    const machine = netns?.replace(/^@/, '');
    const isMachine = this.scenario.machines.some(({ name }) => name === machine);
    const net = machine === undefined || machine === '' || machine === this.scenario.home ? `${at}/ns/net` : `${at}/root${isMachine ? MACHINES : '/run/netns'}/${machine}`;
    const words = ['nsenter', `--user=${at}/ns/user`, `--net=${net}`, `--pid=${at}/ns/pid_for_children`, '--preserve-credentials', '--', ...argv];
    return this.#spawn(this.#outside(words), { stdio: ['ignore', 'pipe', 'ignore'], env: { ...ROOT_ENVIRONMENT, ELECTRON_RUN_AS_NODE: '1' } });
  }

  /** Resolves when nothing of the sandbox runs any more. */
  async close(): Promise<void> {
    if (!this.#isOver) this.#launcher.kill('SIGKILL');
    await this.#over;
  }
}

/** Waits for its users, then becomes the sandbox: one process all the way, so that its id leads to the namespaces of the moment. */
const LAUNCH = 'echo map; read -r _ && exec unshare --mount -- bash --norc -c "$1" podwire "$2"';

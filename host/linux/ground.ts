/**
 * Where a sandbox is made: on this machine, or in a container on it (container.ts). What makes the sandbox is the same; how it is started, entered and
 * ended is not. Read first: nsenter(1), setpriv(1), unshare(1).
 */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Scenario } from '../../labs/scenarios/index.ts';
import { bootScript, buildScript, limits } from './boot-script.ts';
import { ControlGroup, type Lent } from './cgroup.ts';
import { outsideUser, writeMaps, type AnyIdentity, type Identity } from './identity.ts';
import { watch } from './watchdog.ts';

export type Environment = Readonly<Record<string, string>>;
export const ROOT_ENVIRONMENT: Environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

/** A program to be spawned, and how it is reached once it runs. */
export interface Command {
  readonly program: string;
  readonly words: readonly string[];
  readonly options: { readonly env: NodeJS.ProcessEnv; readonly uid?: number; readonly gid?: number };
  /** To what runs inside; `pid` is the process that was spawned for it, which waits outside. */
  signal(pid: number, name: NodeJS.Signals): void;
  /** Ends what runs inside at a terminal that has been closed, where that does not end it by itself. */
  hangUp?(): void;
}

export interface Ground {
  readonly identity: AnyIdentity;
  /** The folder of the process whose namespaces are the sandbox's, as those find it who are started beside it: proc(5). */
  readonly launcher: string;
  /** Options of nsenter: where whoever is started beside it is its root already, they stay who they are. */
  readonly entering: readonly string[];
  /** Words that tie a program to the life of whoever started it, where that is us. */
  readonly tied: readonly string[];
  /** Starts what becomes the sandbox: it says when it is ready, and ends when its standard input does. */
  launch(scenario: Scenario): ChildProcess;
  /** Gives the launcher, which has asked for them, its users. */
  mapUsers?(): void;
  /** It is ready. */
  guard?(end: () => void): void;
  /** A program beside the sandbox, as whoever may enter its namespaces. */
  beside(argv: readonly string[], env: Environment, isTerminal: boolean): Command;
  /** Ends all of it at once. */
  end(): void;
  /** The launcher has ended. */
  clearUp?(): void;
}

export class ThisMachine implements Ground {
  readonly identity: Identity;
  readonly entering = ['--preserve-credentials'];
  readonly tied = ['setpriv', '--pdeathsig', 'KILL'];
  readonly #group: ControlGroup | undefined;
  #process: ChildProcess | undefined;
  #stopWatching: () => void = () => undefined;

  constructor(identity: Identity, lent: Lent) {
    this.identity = identity;
    this.#group = ControlGroup.make(lent, { memory: limits.memoryKiB * 1024, pids: limits.allProcesses });
  }

  get launcher(): string {
    return `/proc/${this.#pid}`;
  }
  get #pid(): number {
    return this.#process?.pid ?? 0;
  }

  launch(scenario: Scenario): ChildProcess {
    const argv = ['unshare', '--user', '--', 'bash', '--norc', '-c', LAUNCH, 'podwire', buildScript(scenario, this.identity), bootScript(scenario, this.identity)];
    const { program, words, options } = this.beside(argv, { ...ROOT_ENVIRONMENT, PATH: `${process.env['PATH'] ?? ''}:${ROOT_ENVIRONMENT['PATH'] ?? ''}` });
    this.#process = spawnWith({ program, words, options }, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    return this.#process;
  }

  mapUsers(): void {
    writeMaps(this.#pid, this.identity);
  }

  guard(end: () => void): void {
    this.#stopWatching = watch(this.#pid, end);
  }

  /** A process that is to be in the group moves there by itself, and may no longer once it is nobody. */
  beside(argv: readonly string[], env: Environment): Command {
    const user = outsideUser(this.identity);
    const [program = '', ...words] = this.#group?.words([...(user === undefined ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--']), ...argv]) ?? argv;
    return { program, words, options: { env: { ...env }, ...(this.#group === undefined ? user : undefined) }, signal: signalInside };
  }

  end(): void {
    this.#process?.kill('SIGKILL');
  }

  clearUp(): void {
    this.#stopWatching();
    this.#group?.close();
  }
}

/** Waits for its users, then becomes the sandbox: one process all the way, so that its id leads to the namespaces of the moment. */
const LAUNCH = 'echo map; read -r _ && exec unshare --mount -- bash --norc -c "$1" podwire "$2"';

export function spawnWith({ program, words, options }: Pick<Command, 'program' | 'words' | 'options'>, more: SpawnOptions): ChildProcess {
  return spawn(program, words, { cwd: '/', windowsHide: true, ...options, ...more });
}

/** To the process group inside: the one that entered the sandbox waits outside of it. */
function signalInside(pid: number, name: NodeJS.Signals): void {
  const inside = childOf(pid);
  try {
    if (inside !== undefined) process.kill(-inside, name);
  } catch {
    // It has ended.
  }
}

/** proc(5): /proc/PID/task/TID/children where the kernel has it, else every process's parent. */
function childOf(pid: number): number | undefined {
  try {
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0];
    return first === '' ? undefined : Number(first);
  } catch {
    for (const name of readdirSync('/proc')) {
      if (/^\d+$/.test(name) && parentOf(name) === pid) return Number(name);
    }
    return undefined;
  }
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1]);
  } catch {
    return undefined;
  }
}

/**
 * The same sandbox in a container, for machines that have an engine and allow their users no namespaces, or are no Linux. Read first: docker-run(1),
 * podman-run(1), user_namespaces(7), capabilities(7), and fs/namespace.c, mount_too_revealing(), for why nothing of /proc and /sys may stay covered.
 *
 * The container is the machine around the sandbox, not the sandbox: the learner's root is root of a user namespace inside it, as everywhere, and has none of
 * what the container was given. That is SYS_ADMIN, to mount and to make namespaces; NET_ADMIN would be for the container's own network, which is
 * never touched. Engines refuse what a sandbox is made of, each in several ways: hence no profile of AppArmor, SELinux and seccomp. No network and no
 * namespace of the machine's own is shared, none of its files but /sys where that cannot be helped, and no image is ever fetched unasked.
 */
import { execFile, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import type { Scenario } from '../../labs/scenarios/index.ts';
import { productDir } from '../paths.ts';
import { bootScript, buildScript, limits, quote } from './boot-script.ts';
import { spawnWith, type Command, type Environment, type Ground } from './ground.ts';
import { findProgram, ROOTS_RANGE, type AnyIdentity } from './identity.ts';
import { Sandbox, type OpenSandbox } from './sandbox.ts';

export const engines = ['podman', 'docker'] as const;
export type Engine = (typeof engines)[number];

/** Counted up whenever a lab needs another image than before. */
export const IMAGE = 'podwire-lab:1';
const LABEL = 'app=podwire';
const ANSWER_WITHIN_MS = 5000;
/** Beside the sandbox: those who enter it, readers, and what they run. */
const PROCESSES_BESIDE = 200;

/** What is kept of those who build: to mount, to own files, to be and to map users, to reach what has been given away. */
const CAPABILITIES = ['SYS_ADMIN', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETUID', 'SETGID', 'SETFCAP', 'KILL'];

// ---------------------------------------------------------------- what an engine is told

export function buildImage(engine: Engine): string[] {
  const folder = join(productDir(), 'build');
  return [engine, 'build', '--tag', IMAGE, '--file', join(folder, 'Containerfile'), folder];
}

/**
 * It ends with its standard input; `--rm` leaves nothing behind then. An engine without root mounts a /sys that only root of the machine makes writable,
 * and who has no other in sight may mount no other: so it is shown the machine's, which is that user's and not the learner's to see.
 */
export function runContainer(engine: Engine, name: string, { hasTun, isRootless }: { hasTun: boolean; isRootless: boolean }): string[] {
  return [
    engine, 'run', '--rm', '--interactive', '--pull', 'never', '--name', name, '--label', LABEL, '--network', 'none',
    '--cap-drop', 'ALL', ...CAPABILITIES.flatMap((capability) => ['--cap-add', capability]), ...['apparmor=unconfined', 'seccomp=unconfined', 'label=disable'].flatMap((option) => ['--security-opt', option]),
    ...(hasTun ? ['--device', '/dev/net/tun'] : []), ...(isRootless ? ['--volume', `/sys:${SYSFS}`] : []), '--pids-limit', String(limits.allProcesses + PROCESSES_BESIDE), '--memory', `${limits.memoryKiB}k`, IMAGE, 'bash', '--norc', '-c', INIT,
  ];
}

export function execInContainer(engine: Engine, name: string, argv: readonly string[], { isTerminal }: { isTerminal: boolean }): string[] {
  return [engine, 'exec', '--interactive', ...(isTerminal ? ['--tty'] : []), name, ...argv];
}

export function listContainers(engine: Engine): [Engine, ...string[]] {
  return [engine, 'ps', '--all', '--filter', `label=${LABEL}`, '--format', '{{.Names}}'];
}

export function removeContainers(engine: Engine, names: readonly string[]): [Engine, ...string[]] {
  return [engine, 'rm', '--force', ...(engine === 'podman' ? ['--time', '0'] : []), ...names];
}

// ---------------------------------------------------------------- inside

/** Who enters a container enters the namespaces its first process has: so that one keeps them, and its child becomes the launcher. */
const INIT = '(IFS= read -r -d "" script; eval "$script"); exit';
const NOTES = '/run/podwire';
const LAUNCHER = `${NOTES}/launcher`;
const SYSFS = '/run/sys';
/** As no user of the machine around; where the engine has mapped users already, as its own. Written as its lines stand in uid_map and gid_map. */
const usersOf = (file: string): string => `"$(while read -r inside _ count; do if [ "$count" = 4294967295 ]; then echo "0 ${ROOTS_RANGE.start} ${ROOTS_RANGE.count}"; else echo "$inside $inside $count"; fi; done < /proc/self/${file})"`;

function entryScript(scenario: Scenario, identity: AnyIdentity): string {
  return [
    'set -e',
    'while read -r _ _ _ _ where _; do case $where in /sys/fs/cgroup*) ;; /proc/*|/sys/*) covers=("$where" "${covers[@]}");; esac; done < /proc/self/mountinfo',
    'if [ ${#covers[@]} -gt 0 ]; then umount "${covers[@]}"; fi', `[ -d ${SYSFS} ] || mount -o remount,rw /sys`, `mkdir ${NOTES}`, `ln -s /proc/$BASHPID ${LAUNCHER}`,
    `users=${usersOf('uid_map')} groups=${usersOf('gid_map')}`, 'read -r _ first _ <<< "$users"',
    `exec bash --norc -c ${quote(buildScript(scenario, identity))} podwire ${quote(bootScript(scenario, identity))} "$users" "$groups" "$first"`,
  ].join('\n');
}

/**
 * Whoever enters is noted, to be found again. An engine ends what is said with the one it started: that one waits, as long as a reader here would, for
 * others inside who still hold its output.
 */
const ENTER = `note=${NOTES}/$1; shift; (echo $BASHPID > $note; exec "$@"); status=$?
[ -t 1 ] || for ((tries = 0; tries < 40; tries++)); do
  for holder in /proc/[0-9]*/fd/[0-9]*; do [[ $holder != /proc/$$/* ]] && { [ $holder -ef /proc/$$/fd/1 ] || [ $holder -ef /proc/$$/fd/2 ]; } && sleep 0.05 && continue 2; done
  break
done
exit $status`;
/** To the process group of the one inside where it leads one, else to that one alone; they may be on their way in still. */
const SIGNAL = `exec 2> /dev/null; for ((tries = 0; tries < 50; tries++)); do if read -r outer < ${NOTES}/$1 && inside=$(pgrep -P "$outer"); then kill -s "$2" -- "-$inside" || kill -s "$2" "$inside"; exit; fi; sleep 0.02; done`;

// ---------------------------------------------------------------- a container

export class Container implements Ground {
  readonly identity: AnyIdentity = { way: 'container' };
  readonly launcher = LAUNCHER;
  readonly entering = [];
  readonly tied = [];
  readonly #engine: Engine;
  readonly #isRootless: boolean;
  readonly #name: string;
  #process: (ChildProcess & { stdin: Writable }) | undefined;
  #entered = 0;
  static #made = 0;
  static #cleared: Promise<void> | undefined;

  private constructor(engine: Engine, isRootless: boolean) {
    this.#engine = engine;
    this.#isRootless = isRootless;
    this.#name = `podwire-${process.pid}-${Container.#made++}`;
  }

  static async on(engine: Engine): Promise<Container> {
    const [state, isRootless] = await Promise.all([stateOf(engine), runsRootless(engine), (Container.#cleared ??= removeLeftovers(engine))]);
    if (!state.isReady) throw new Error(`${state.because}${state.command === null ? '' : ` ${state.command}`}`);
    return new Container(engine, isRootless);
  }

  launch(scenario: Scenario): ChildProcess {
    // Elsewhere than on Linux an engine has a machine of its own, which has one.
    const hasTun = process.platform !== 'linux' || existsSync('/dev/net/tun');
    this.#process = spawnWith(this.#told(runContainer(this.#engine, this.#name, { hasTun, isRootless: this.#isRootless })), { stdio: ['pipe', 'pipe', 'pipe'], detached: process.platform !== 'win32' }) as ChildProcess & { stdin: Writable };
    this.#process.stdin.write(`${entryScript(scenario, this.identity)}\0`);
    return this.#process;
  }

  beside(argv: readonly string[], env: Environment, isTerminal: boolean): Command {
    const note = String(this.#entered++);
    const signal = (name: NodeJS.Signals): void => this.#tell(execInContainer(this.#engine, this.#name, ['bash', '--norc', '-c', SIGNAL, 'podwire', note, name], { isTerminal: false }));
    return {
      ...this.#told(execInContainer(this.#engine, this.#name, ['env', '-i', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), 'bash', '--norc', '-c', ENTER, 'podwire', note, ...argv], { isTerminal })),
      signal: (_pid, name) => signal(name),
      // Of script(1), which lets no other signal but a few reach it; with it goes the terminal inside, and that hangs up.
      hangUp: () => signal('SIGKILL'),
    };
  }

  /** One that is still being made is not there to be removed; it ends as soon as it reads. */
  end(): void {
    this.#process?.stdin.end();
    this.#tell(removeContainers(this.#engine, [this.#name]));
  }

  #tell(words: readonly string[]): void {
    spawnWith(this.#told(words), { stdio: 'ignore' }).once('error', () => undefined);
  }

  /** The engine's own program finds its engine by our environment. */
  #told([, ...words]: readonly string[]): Pick<Command, 'program' | 'words' | 'options'> {
    return { program: programOf(this.#engine), words, options: { env: process.env } };
  }
}

/** An app that was not started from a terminal has a short path: where installers put engines is looked through as well. */
function programOf(engine: Engine): string {
  if (process.platform === 'win32') return `${engine}.exe`;
  return findProgram(engine, `${process.env['PATH'] ?? ''}:/usr/local/bin:/opt/homebrew/bin:/opt/podman/bin`) ?? engine;
}

function ask([engine, ...words]: readonly [Engine, ...string[]]): Promise<{ stdout: string }> {
  return promisify(execFile)(programOf(engine), words, { timeout: ANSWER_WITHIN_MS, windowsHide: true });
}

/** A lab's sandbox in a container of its own. */
export function inContainer(engine: Engine): OpenSandbox {
  return async (scenario) => Sandbox.openOn(await Container.on(engine), scenario);
}

/** Whether an engine is there and has the image; why not, and what to type. */
export type EngineState = { readonly isReady: true } | { readonly isReady: false; readonly isInstalled: boolean; readonly because: string; readonly command: string | null };

export async function stateOf(engine: Engine): Promise<EngineState> {
  try {
    await ask([engine, 'image', 'inspect', '--format', 'ok', IMAGE]);
    return { isReady: true };
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: string | number; stderr?: string };
    if (code === 'ENOENT') return { isReady: false, isInstalled: false, because: `${engine} is not installed.`, command: null };
    if (/no such image|image not known/i.test(stderr)) return { isReady: false, isInstalled: true, because: `${engine} has no image ${IMAGE} yet; it is built once, with a network.`, command: buildImage(engine).map((word) => (/^[\w./:-]+$/.test(word) ? word : quote(word))).join(' ') };
    return { isReady: false, isInstalled: true, because: `${engine} does not answer: ${stderr.trim().split('\n')[0] || 'it took too long.'}`, command: null };
  }
}

/** Whether its root is not the machine's. */
async function runsRootless(engine: Engine): Promise<boolean> {
  try {
    const { stdout } = await ask([engine, 'info', '--format', engine === 'podman' ? '{{.Host.Security.Rootless}}' : '{{.SecurityOptions}}']);
    return /true|name=rootless|name=userns/.test(stdout);
  } catch {
    return false;
  }
}

/** A container outlives an app that is killed. Its name says whose it was. */
async function removeLeftovers(engine: Engine): Promise<void> {
  try {
    const { stdout } = await ask(listContainers(engine));
    const left = [...stdout.matchAll(/^podwire-(\d+)-\d+$/gm)].filter(([, pid]) => !isAlive(Number(pid))).map(([name]) => name);
    if (left.length > 0) await ask(removeContainers(engine, left));
  } catch {
    // It stays until next time.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Many short sessions on this kernel: one sandbox, and in it a network of its own for each session, built as the lab's is. A thousand of them cost little
 * more than their commands. Read first: network_namespaces(7), ip-netns(8), and net/core/link_watch.c for how long a carrier may take to be told.
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { homeOf, MACHINES, network } from './boot-script.ts';
import { identify, type Identity } from './identity.ts';
import { Sandbox } from './sandbox.ts';

const SCENARIO = scenarioNamed('linux-host');
/** The kernel tells of a carrier at once, or a second after it told of the last one: whoever has been silent for longer has nothing more to say. */
const SILENCE_S = 1.1;
const SESSION_WITHIN_MS = 120_000;

export interface Answer { readonly stdout: string; readonly stderr: string; readonly exit: number }

export class RealSessions {
  readonly #sandbox: Sandbox;
  readonly #boot: string;

  private constructor(sandbox: Sandbox, identity: Identity) {
    this.#sandbox = sandbox;
    this.#boot = network(SCENARIO, homeOf(SCENARIO), identity).join('\n');
  }

  static async open(identity: Identity = identify()): Promise<RealSessions> {
    return new RealSessions(await Sandbox.open(SCENARIO, identity), identity);
  }

  /** The commands one after the other; then, when the kernel has gone silent, the looks. */
  async run(commands: readonly string[], looks: readonly string[]): Promise<Answer[]> {
    const script = ['set -e', 'mount -t tmpfs tmpfs /run/netns', `mount -t tmpfs tmpfs ${MACHINES}`, 'mount -t sysfs sysfs /sys', this.#boot, 'mkdir -p /run/lab', 'mount -t tmpfs tmpfs /run/lab', 'mkdir /run/lab/work', 'cd /run/lab/work', 'set +e', SESSION].join('\n');
    const child = this.#sandbox.start(['unshare', '--net', '--mount', '--propagation', 'private', 'bash', '--norc', '-c', script, 'bash', String(commands.length), ...commands, ...looks], { env: { HOME: '/root', TERM: 'dumb', COLUMNS: '120' }, stdio: ['ignore', 'pipe', 'pipe'] }) as ChildProcess & { stdout: Readable; stderr: Readable };
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
    const timer = setTimeout(() => child.kill('SIGKILL'), SESSION_WITHIN_MS);
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    const fields = Buffer.concat(out).toString().split('\0');
    if (status !== 0 || fields.length !== 3 * (commands.length + looks.length) + 1) throw new Error(`a session cannot be run: status ${status ?? 'of a signal'}: ${Buffer.concat(err).toString().trim()}`);
    return Array.from({ length: commands.length + looks.length }, (_, index) => ({ exit: Number(fields[3 * index]), stdout: fields[3 * index + 1]!, stderr: fields[3 * index + 2]! }));
  }

  async close(): Promise<void> {
    await this.#sandbox.close();
  }
}

/** Each command in a shell's child, its output in files as large as it likes; what came of it is told as three fields that end in a NUL. */
const SESSION = `
count=$1; shift
for command in "$@"; do
  if [ $((count--)) = 0 ]; then
    exec {monitor}< <(exec ip monitor link address route rule)
    watcher=$!
    while read -r -t ${SILENCE_S} -u $monitor _; do :; done
    kill $watcher
    exec {monitor}<&-
  fi
  (eval "$command") > ../out 2> ../err < /dev/null
  status=$?
  IFS= read -r -d '' out < ../out
  IFS= read -r -d '' err < ../err
  printf '%s\\0%s\\0%s\\0' $status "$out" "$err"
done`;

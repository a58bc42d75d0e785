/**
 * What of real Linux works on this machine, and why the rest does not: one line each. It tries things rather than guessing from versions.
 * Read first: user_namespaces(7), os-release(5), Documentation/networking/tuntap.rst,
 * https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import type { DoctorFinding, DoctorReport } from '../../contracts/doctor.ts';
import type { Settings } from '../../contracts/host.ts';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { terminalSpawner } from './backend.ts';
import { limits } from './boot-script.ts';
import { delegated, type Lent } from './cgroup.ts';
import { engines, inContainer, stateOf, type Engine, type EngineState } from './container.ts';
import { findProgram, identify, outsideUser, type Identity } from './identity.ts';
import { Sandbox, type OpenSandbox } from './sandbox.ts';
import { tools, type Tool } from './tools.ts';

/** What the doctor asks of the machine; tests hand in other machines. */
export interface Patient {
  readonly platform: NodeJS.Platform;
  read(path: string): string | undefined;
  has(program: string): boolean;
  isReadWrite(path: string): boolean;
  stateOf(engine: Engine): Promise<EngineState>;
  hasTerminals(): boolean;
  identity(): Identity;
  /** Where control groups can be made, or why nowhere. */
  delegated(): Lent;
  /** Makes a user namespace with a network; answers what was said when it was refused. */
  tryNamespaces(): string | undefined;
  /** Opens a lab and tries what labs do in it; answers the names of what failed. */
  tryLab(open?: OpenSandbox): Promise<{ failed: string[]; problem?: string }>;
}

const triedInLab: Readonly<Record<string, { command: string; module: string }>> = {
  bridge: { command: 'ip link add name doctor0 type bridge', module: 'bridge' },
  veth: { command: 'ip link add name doctor1 type veth peer name doctor2', module: 'veth' },
  iptables: { command: 'iptables -t nat -A POSTROUTING -o doctor0 -j MASQUERADE', module: 'nf_nat nft_masq xt_MASQUERADE' },
  conntrack: { command: 'conntrack -L', module: 'nf_conntrack_netlink' },
};

export async function examine(patient: Patient = thisMachine): Promise<DoctorReport> {
  const findings: DoctorFinding[] = patient.platform === 'linux' ? await findingsOnLinux(patient) : [];
  const isBlocked = (id: string): boolean => findings.some((finding) => finding.id === id && (finding.status === 'missing' || finding.status === 'refused'));
  const blocker = patient.platform === 'linux' ? findings.find(({ id }) => ['terminals', 'tools', 'namespaces', 'lab'].includes(id) && isBlocked(id)) : undefined;
  const container = await containers(patient);
  return {
    backends: [
      { backend: 'simulator', title: 'Simulator', works: true, because: 'It runs everywhere.' },
      {
        backend: 'linux', title: 'Real Linux', works: patient.platform === 'linux' && blocker === undefined,
        because: patient.platform !== 'linux' ? 'This system is not Linux. The simulator does every lesson.' : blocker === undefined ? 'Labs run in namespaces of this machine, without root.' : blocker.because,
      },
      { backend: 'container', title: 'Container', works: container.status === 'works', because: container.because },
    ],
    findings: container.command === null ? findings : [...findings, container], install: installCommand(missing(patient), patient.read('/etc/os-release')),
  };
}

/** Where to open labs, and why there; or why nowhere. */
export type WayToLinux = { readonly isAvailable: true; readonly because: string; readonly open: OpenSandbox } | { readonly isAvailable: false; readonly because: string };

/** The way that is wanted; of its own accord this machine's namespaces, and a container where they cannot be had. An engine is asked only if it matters. */
export async function wayToLinux(wanted: Settings['linux'], patient: Patient = thisMachine): Promise<WayToLinux> {
  const own = canRunLinuxLabs(patient);
  if (wanted !== 'container' && own.isAvailable) return { ...own, isAvailable: true, open: Sandbox.open };
  if (wanted === 'sandbox') return { ...own, isAvailable: false };
  const terminal = terminals(patient);
  if (terminal.status !== 'works') return { isAvailable: false, because: terminal.because };
  const { engine, because } = await engineOf(patient);
  if (engine !== undefined) return { isAvailable: true, because: `Labs run in containers of ${engine}.`, open: inContainer(engine) };
  return { isAvailable: false, because: wanted === 'auto' ? `${own.because} ${because}` : because };
}

/** The first engine that can run a lab; else what the first that is installed lacks. */
async function engineOf(patient: Patient): Promise<{ engine?: Engine; because: string; command: string | null }> {
  const states = await Promise.all(engines.map(async (engine) => ({ engine, state: await patient.stateOf(engine) })));
  const ready = states.find(({ state }) => state.isReady);
  if (ready !== undefined) return { engine: ready.engine, because: '', command: null };
  for (const { state } of states) if (!state.isReady && state.isInstalled) return state;
  return { because: `Neither ${engines.join(' nor ')} is installed.`, command: null };
}

async function containers(patient: Patient): Promise<DoctorFinding> {
  const { engine, because, command } = await engineOf(patient);
  const title = 'Container image';
  if (engine === undefined) return finding('container', title, 'missing', because, command);
  const terminal = terminals(patient);
  if (terminal.status !== 'works') return { ...terminal, command: null };
  const { failed, problem } = await patient.tryLab(inContainer(engine));
  const refusal = problem ?? (failed.length === 0 ? undefined : `The kernel it runs on lacks ${failed.join(', ')}.`);
  return refusal === undefined ? finding('container', title, 'works', `Labs run in containers of ${engine}.`) : finding('container', title, 'refused', refusal);
}

/** Enough to know whether to offer real Linux, in a few milliseconds. */
export function canRunLinuxLabs(patient: Patient = thisMachine): { isAvailable: boolean; because: string } {
  if (patient.platform !== 'linux') return { isAvailable: false, because: 'This system is not Linux. The simulator does every lesson.' };
  const refusal = [terminals(patient), tooling(patient), namespaces(patient)].find(({ status }) => status === 'missing' || status === 'refused');
  return refusal === undefined ? { isAvailable: true, because: 'Labs run in namespaces of this machine, without root.' } : { isAvailable: false, because: refusal.because };
}

async function findingsOnLinux(patient: Patient): Promise<DoctorFinding[]> {
  const findings = [terminals(patient), tooling(patient), namespaces(patient), users(patient), tun(patient), bounds(patient)];
  if (findings.slice(0, 3).some(({ status }) => status === 'missing' || status === 'refused')) return findings;
  const { failed, problem } = await patient.tryLab();
  if (problem !== undefined) return [...findings, finding('lab', 'A lab', 'refused', problem)];
  const lacking = failed.map((name) => triedInLab[name]?.module ?? name);
  return [...findings, lacking.length === 0
    ? finding('lab', 'A lab', 'works', 'Bridges, veth pairs, iptables and connection tracking work in one.')
    : finding('lab', 'A lab', 'refused', `The kernel lacks ${failed.join(', ')} until its modules are loaded.`, `sudo modprobe -a ${lacking.join(' ')}`)];
}

function terminals(patient: Patient): DoctorFinding {
  return patient.hasTerminals() ? finding('terminals', 'Terminals', 'works', 'node-pty is there.') : finding('terminals', 'Terminals', 'missing', 'node-pty was not built when Podwire was installed: it needs a C++ compiler, make and Python.', 'npm rebuild node-pty');
}

function missing(patient: Patient): Tool[] {
  return patient.platform === 'linux' ? tools.filter(({ name }) => !patient.has(name)) : [];
}

function tooling(patient: Patient): DoctorFinding {
  const absent = missing(patient);
  const install = installCommand(absent, patient.read('/etc/os-release'));
  const needed = absent.filter(({ isNeeded }) => isNeeded);
  if (needed.length > 0) return finding('tools', 'Programs', 'missing', `${listed(needed)} ${needed.length === 1 ? 'is' : 'are'} not installed.`, install);
  // No lesson uses newuidmap; what its absence means is said of users.
  const taught = absent.filter(({ name }) => name !== 'newuidmap');
  if (taught.length > 0) return finding('tools', 'Programs', 'limited', `Lessons that use ${listed(taught)} cannot be done: not installed.`, install);
  return finding('tools', 'Programs', 'works', 'Every program the course uses is installed.');
}

function namespaces(patient: Patient): DoctorFinding {
  const refusal = patient.tryNamespaces();
  if (refusal === undefined) return finding('namespaces', 'User namespaces', 'works', 'An ordinary user may make them.');
  const title = 'User namespaces';
  if (patient.read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns')?.trim() === '1') return finding('namespaces', title, 'refused', 'AppArmor restricts user namespaces to programs it knows (Ubuntu 23.10 and later).', 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0');
  if (patient.read('/proc/sys/kernel/unprivileged_userns_clone')?.trim() === '0') return finding('namespaces', title, 'refused', 'This kernel keeps user namespaces for root.', 'sudo sysctl kernel.unprivileged_userns_clone=1');
  if (patient.read('/proc/sys/user/max_user_namespaces')?.trim() === '0') return finding('namespaces', title, 'refused', 'This machine allows no user namespaces at all.', 'sudo sysctl user.max_user_namespaces=10000');
  return finding('namespaces', title, 'refused', `User namespaces are refused: ${refusal}.`);
}

function users(patient: Patient): DoctorFinding {
  const identity = patient.identity();
  if (identity.way !== 'single') return finding('users', 'Users', 'works', 'Labs have users of their own: learner, and root by sudo.');
  return finding('users', 'Users', 'limited', `In labs everybody is root, and nothing is refused without sudo: ${identity.because}.`, identity.because.startsWith('newuidmap') ? installCommand(tools.filter(({ name }) => name === 'newuidmap'), patient.read('/etc/os-release')) : 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER');
}

function tun(patient: Patient): DoctorFinding {
  if (patient.isReadWrite('/dev/net/tun')) return finding('tun', 'tap devices', 'works', '/dev/net/tun can be opened.');
  if (patient.read('/proc/misc')?.includes(' tun') === true) return finding('tun', 'tap devices', 'limited', '/dev/net/tun is closed to ordinary users; its usual mode is 0666.', 'sudo chmod 0666 /dev/net/tun');
  return finding('tun', 'tap devices', 'limited', '/dev/net/tun is not there: the module tun is not loaded.', 'sudo modprobe tun');
}

function bounds(patient: Patient): DoctorFinding {
  const mebibytes = (kib: number): string => `${Math.round(kib / 1024)} MiB`;
  const lent = patient.delegated();
  const how = 'folder' in lent ? ['by a control group', 'by the same'] : ['by their limits', `by a watchdog that looks twice a second: of control groups ${lent.because}`];
  return finding('limits', 'Limits', 'works', `A lab has at most ${limits.allProcesses} processes, held ${how[0]}, and ${mebibytes(limits.memoryKiB)} of memory, held ${how[1]}.`);
}

// ---------------------------------------------------------------- packages

export function installCommand(absent: readonly Tool[], osRelease: string | undefined): string | null {
  if (absent.length === 0) return null;
  const ids = [...(osRelease ?? '').matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap(([, value = '']) => value.split(' '));
  const packages = (of: 'debian' | 'fedora' | 'arch'): string => [...new Set(absent.map((tool) => tool[of]))].join(' ');
  if (ids.includes('debian') || ids.includes('ubuntu')) return `sudo apt install -y ${packages('debian')}`;
  if (ids.includes('fedora') || ids.includes('rhel')) return `sudo dnf install -y ${packages('fedora')}`;
  if (ids.includes('arch')) return `sudo pacman -S --needed ${packages('arch')}`;
  return null;
}

function finding(id: string, title: string, status: DoctorFinding['status'], because: string, command: string | null = null): DoctorFinding {
  return { id, title, status, because, command };
}

function listed(some: readonly Tool[]): string {
  const names = some.map(({ name }) => name);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

// ---------------------------------------------------------------- this machine

const thisMachine: Patient = {
  platform: process.platform,
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  has: (program) => findProgram(program) !== undefined,
  isReadWrite(path) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
  stateOf,
  hasTerminals: () => terminalSpawner() !== undefined,
  identity: () => identify(),
  delegated,
  tryNamespaces() {
    const { status, stderr, error } = spawnSync('unshare', ['--user', '--map-root-user', '--mount', '--net', 'true'], { ...outsideUser(identify()), encoding: 'utf8', cwd: '/', timeout: 5000 });
    return status === 0 ? undefined : (error?.message ?? (stderr.trim() === '' ? `unshare ends with ${status ?? 'a signal'}` : stderr.trim()));
  },
  async tryLab(open = Sandbox.open) {
    try {
      const sandbox = await open(scenarioNamed('linux-host'));
      const failed: string[] = [];
      for (const [name, { command }] of Object.entries(triedInLab)) {
        const child = sandbox.start(['bash', '-c', command], { stdio: 'ignore' });
        if ((await new Promise((resolve) => child.once('close', resolve))) !== 0) failed.push(name);
      }
      await sandbox.close();
      return { failed };
    } catch (cause) {
      return { failed: [], problem: cause instanceof Error ? cause.message : String(cause) };
    }
  },
};

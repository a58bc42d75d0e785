import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildImage, engines, execInContainer, IMAGE, listContainers, removeContainers, runContainer, type EngineState } from './container.ts';
import { canRunLinuxLabs, examine, wayToLinux, type Patient } from './doctor.ts';
import { rangeOf } from './identity.ts';
import { tools } from './tools.ts';

const healthy: Patient = {
  platform: 'linux', read: (path) => (path === '/etc/os-release' ? 'ID=debian\n' : undefined), has: () => true, isReadWrite: () => true, stateOf: (engine) => Promise.resolve({ isReady: false, isInstalled: false, because: `${engine} is not installed.`, command: null }), hasTerminals: () => true,
  identity: () => ({ way: 'range', uid: 1000, gid: 1000, users: { start: 100_000, count: 65_535 }, groups: { start: 100_000, count: 65_535 } }), delegated: () => ({ folder: '/sys/fs/cgroup/app.slice', controllers: ['memory', 'pids'] }), tryNamespaces: () => undefined, tryLab: () => Promise.resolve({ failed: [] }),
};
const files = (of: Record<string, string>) => (path: string): string | undefined => of[path];

test('a healthy machine has nothing to install and runs labs', async () => {
  const report = await examine(healthy);
  expect(report.findings.every(({ status }) => status === 'works')).toBe(true);
  expect(report.install).toBeNull();
  expect(canRunLinuxLabs(healthy).isAvailable).toBe(true);
});

test.each([
  ['ID=debian', 'sudo apt install -y bridge-utils tcpdump'], ['ID=ubuntu\nID_LIKE=debian', 'sudo apt install -y bridge-utils tcpdump'],
  ['ID=fedora', 'sudo dnf install -y bridge-utils tcpdump'], ['ID=arch', 'sudo pacman -S --needed bridge-utils tcpdump'], ['ID=gentoo', null],
])('one command installs what is missing on %s', async (release, install) => {
  const report = await examine({ ...healthy, read: files({ '/etc/os-release': release }), has: (program) => program !== 'brctl' && program !== 'tcpdump' });
  expect(report.install).toBe(install);
  expect(report.findings.find(({ id }) => id === 'tools')).toMatchObject({ status: 'limited', because: 'Lessons that use brctl and tcpdump cannot be done: not installed.' });
});

test('a missing newuidmap takes no lesson away, and is installed with the rest', async () => {
  const report = await examine({ ...healthy, has: (program) => program !== 'newuidmap' });
  expect(report.findings.find(({ id }) => id === 'tools')?.status).toBe('works');
  expect(report.install).toBe('sudo apt install -y uidmap');
});

test('without a program no lab can do without, real Linux is not offered', () => {
  for (const { name } of tools.filter(({ isNeeded }) => isNeeded)) expect(canRunLinuxLabs({ ...healthy, has: (program) => program !== name }), name).toMatchObject({ isAvailable: false, because: `${name} is not installed.` });
});

test.each([
  [{ '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' }, /AppArmor/, 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'],
  [{ '/proc/sys/kernel/unprivileged_userns_clone': '0\n' }, /root/, 'sudo sysctl kernel.unprivileged_userns_clone=1'],
  [{ '/proc/sys/user/max_user_namespaces': '0\n' }, /no user namespaces/, 'sudo sysctl user.max_user_namespaces=10000'],
  [{}, /refused: unshare failed/, null],
])('says why user namespaces are refused: %o', async (proc, because, command) => {
  const { findings, backends } = await examine({ ...healthy, read: files(proc), tryNamespaces: () => 'unshare failed' });
  const found = findings.find(({ id }) => id === 'namespaces');
  expect(found).toMatchObject({ status: 'refused', command });
  expect(found?.because).toMatch(because);
  expect(backends.find(({ backend }) => backend === 'linux')).toMatchObject({ works: false, because: found?.because });
  expect(backends.find(({ backend }) => backend === 'simulator')?.works).toBe(true);
});

test('other systems are offered the simulator, and no finding that would not help', async () => {
  for (const platform of ['darwin', 'win32'] as const) {
    const { backends, findings, install } = await examine({ ...healthy, platform });
    expect(backends.map(({ backend, works }) => [backend, works])).toEqual([['simulator', true], ['linux', false], ['container', false]]);
    expect({ findings, install }).toEqual({ findings: [], install: null });
  }
});

test('names what the kernel lacks, a closed tun device, and a single user', async () => {
  const { findings } = await examine({ ...healthy, isReadWrite: () => false, read: files({ '/proc/misc': '200 tun\n' }), tryLab: () => Promise.resolve({ failed: ['bridge'] }), identity: () => ({ way: 'single', uid: 1000, gid: 1000, because: 'newuidmap is not installed' }) });
  expect(findings.find(({ id }) => id === 'lab')).toMatchObject({ status: 'refused', command: 'sudo modprobe -a bridge' });
  expect(findings.find(({ id }) => id === 'tun')).toMatchObject({ status: 'limited', command: 'sudo chmod 0666 /dev/net/tun' });
  expect(findings.find(({ id }) => id === 'users')?.status).toBe('limited');
});

test.each([
  [healthy.delegated(), /600 processes, held by a control group, and 1024 MiB of memory, held by the same\.$/],
  [{ because: 'this machine has none of version 2' }, /600 processes, held by their limits, and 1024 MiB of memory, held by a watchdog .*: of control groups this machine has none of version 2\.$/],
])('says what holds a lab back: %o', async (lent, because) => {
  const { findings } = await examine({ ...healthy, delegated: () => lent });
  expect(findings.find(({ id }) => id === 'limits')?.because).toMatch(because);
});

test('reads ranges of users by name and by number, and none that is too small', () => {
  expect(rangeOf('a:100000:65536\nme:165536:65536\n', 'me', 1000)).toEqual({ start: 165_536, count: 65_535 });
  expect(rangeOf('1000:1:65536\n', 'me', 1000)).toEqual({ start: 1, count: 65_535 });
  expect(rangeOf('me:1:500\n', 'me', 1000)).toBeUndefined();
});

const noImage: EngineState = { isReady: false, isInstalled: true, because: 'docker has no image.', command: 'docker build' };

test.each([
  ['works', { isReady: true }, {}, /^Labs run in containers of docker\.$/],
  ['has no image', noImage, {}, /^docker has no image\.$/],
  ['runs on a kernel that lacks something', { isReady: true }, { tryLab: () => Promise.resolve({ failed: ['veth'] }) }, /lacks veth\./],
  ['opens no lab', { isReady: true }, { tryLab: () => Promise.resolve({ failed: [], problem: 'mount is refused' }) }, /^mount is refused$/],
  ['is there and terminals are not', { isReady: true }, { hasTerminals: () => false }, /^node-pty was not built/],
] satisfies [string, EngineState, Partial<Patient>, RegExp][])('says of an engine whether it %s, on any system', async (_what, state, other, because) => {
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    const { backends, findings } = await examine({ ...healthy, platform, stateOf: (engine) => (engine === 'docker' ? Promise.resolve(state) : healthy.stateOf(engine)), ...other });
    const container = backends.find(({ backend }) => backend === 'container');
    expect(container?.because).toMatch(because);
    expect(container?.works).toBe(because.test('Labs run in containers of docker.'));
    expect(findings.find(({ id }) => id === 'container')?.command).toBe(state.isReady ? undefined : 'docker build');
  }
});

test.each([
  ['auto', {}, /without root/], ['sandbox', {}, /without root/], ['container', {}, /containers of docker/],
  ['auto', { tryNamespaces: () => 'no' }, /containers of docker/], ['sandbox', { tryNamespaces: () => 'no' }, undefined], ['auto', { platform: 'darwin' }, /containers of docker/], ['auto', { platform: 'win32', hasTerminals: () => false }, undefined],
] satisfies [Parameters<typeof wayToLinux>[0], Partial<Patient>, RegExp | undefined][])('takes the way that is wanted where it can be had: %s, %o', async (wanted, other, because) => {
  const way = await wayToLinux(wanted, { ...healthy, stateOf: (engine) => (engine === 'docker' ? Promise.resolve({ isReady: true }) : healthy.stateOf(engine)), ...other });
  expect(way.isAvailable).toBe(because !== undefined);
  if (because !== undefined) expect(way.because).toMatch(because);
});

test('without namespaces and without an engine it says both', async () => {
  expect(await wayToLinux('auto', { ...healthy, tryNamespaces: () => 'no' })).toEqual({ isAvailable: false, because: 'User namespaces are refused: no. Neither podman nor docker is installed.' });
  expect(await wayToLinux('container', healthy)).toEqual({ isAvailable: false, because: 'Neither podman nor docker is installed.' });
  expect((await wayToLinux('container', { ...healthy, stateOf: () => Promise.resolve(noImage) })).because).toBe('docker has no image.');
});

test.each(engines)("a container of %s has nothing of the machine's, is bounded, fetches nothing, and goes when its standard input does", (engine) => {
  const words = runContainer(engine, 'podwire-1-0', { hasTun: true, isRootless: false });
  expect(words.join(' ')).toMatch(/--rm --interactive --pull never --name podwire-1-0 --label app=podwire --network none --cap-drop ALL .*--device \/dev\/net\/tun --pids-limit 800 --memory 1048576k podwire-lab:\d+ bash /);
  expect(words.filter((word) => /^(--privileged|--volume|-v|--mount|--pid|--ipc|--userns|--env-host|--publish|-p)$/.test(word))).toEqual([]);
  expect(words.filter((_, index) => words[index - 1] === '--cap-add')).not.toContain('NET_ADMIN');
  expect(runContainer(engine, 'podwire-1-0', { hasTun: false, isRootless: false })).not.toContain('--device');
  expect(execInContainer(engine, 'podwire-1-0', ['bash', '-l'], { isTerminal: true })).toEqual([engine, 'exec', '--interactive', '--tty', 'podwire-1-0', 'bash', '-l']);
  expect(listContainers(engine).join(' ')).toBe(`${engine} ps --all --filter label=app=podwire --format {{.Names}}`);
  expect(removeContainers(engine, ['podwire-1-0']).at(-1)).toBe('podwire-1-0');
});

test('the image has every program the course uses, and the lab asks for the image that is built', () => {
  const [, , , tag, , containerfile = ''] = buildImage('podman');
  expect(tag).toBe(IMAGE);
  const installed = readFileSync(containerfile, 'utf8').split(/\s+/);
  expect(installed[installed.indexOf('FROM') + 1]).toMatch(/^docker\.io\/library\/debian:12-slim$/);
  // What every Debian has, and what maps users from outside.
  const others = ['bash', 'bsdutils', 'mount', 'util-linux', 'uidmap'];
  expect(tools.map(({ debian }) => debian).filter((name) => !others.includes(name) && !installed.includes(name))).toEqual([]);
});

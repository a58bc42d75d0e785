/** What a learner who is root in a sandbox can do to the machine around it: nothing. And what is left behind when somebody dies: nothing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { describeOnLinux } from '../../test/linux.ts';
import { limits } from './boot-script.ts';
import { Sandbox } from './sandbox.ts';
import { verdict } from './watchdog.ts';

async function run(sandbox: Sandbox, command: string): Promise<{ status: number | null; said: string }> {
  const child = sandbox.start(['bash', '-c', command], { stdio: ['ignore', 'pipe', 'pipe'], env: { HOME: '/root' } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => { said += bytes.toString(); });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, said };
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined; // It has ended, or is somebody else's.
  }
}

/** The processes in network namespaces that a process's descendants are in and it is not. */
function namespacesBelow(pid: number): Set<string> {
  const parents = new Map<string, string>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(name, readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1] ?? '');
    } catch {
      // It has ended.
    }
  }
  const isBelow = (name: string): boolean => name === String(pid) || (parents.has(name) && isBelow(parents.get(name)!));
  const own = namespaceOf(String(pid));
  return new Set([...parents.keys()].filter(isBelow).map(namespaceOf).filter((namespace) => namespace !== undefined && namespace !== own) as string[]);
}

function processesIn(namespaces: ReadonlySet<string>): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && namespaces.has(namespaceOf(name) ?? ''));
}

async function until(what: string, holds: () => boolean, withinMs = 3000): Promise<void> {
  const startedMs = Date.now();
  while (!holds()) {
    if (Date.now() - startedMs > withinMs) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describeOnLinux('a sandbox', () => {
  let sandbox: Sandbox;
  const marker = mkdtempSync(join(tmpdir(), 'podwire-outside-'));
  beforeAll(async () => { sandbox = await Sandbox.open(scenarioNamed('linux-host')); });
  afterAll(async () => {
    await sandbox.close();
    rmSync(marker, { recursive: true, force: true });
  });

  test('begins with its lab: an address, a way out, and somebody who answers there', async () => {
    const { status, said } = await run(sandbox, 'ip -br address show eth0; ping -n -c 1 -W 1 8.8.8.8');
    expect(said).toContain('10.142.0.2/32');
    expect(status).toBe(0);
  });

  test.each([
    ['a file of /usr', 'echo x > /usr/bin/true'],
    ['a new file in /usr', 'touch /usr/lib/escape'],
    ['the read-only mount made writable', 'mount -o remount,bind,rw /usr && touch /usr/lib/escape'],
    ['what covers a mount taken off', 'umount /usr/local'],
    ['the root folder moved aside', 'umount -l / && ls /work'],
    ['a kernel setting that is not of its network', 'echo 1 > /proc/sys/kernel/panic'],
    ['the magic key', 'echo h > /proc/sysrq-trigger'],
    ['a device node', 'mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk'],
    ['a disk mounted', 'mount /dev/vda /mnt || mount -t ext4 /dev/sda1 /mnt'],
    ['the first process ended', 'kill -9 1; sleep 0.1; ! [ -d /proc/1 ]'],
    ['a module loaded', 'modprobe dummy_that_is_not_there || insmod /dev/null'],
    ['the clock set', 'date -s 2001-01-01'],
    ['another namespace entered', 'nsenter --target 1 --net=/proc/1/ns/net --mount=/proc/1/ns/mnt ls /work'],
  ])('refuses %s', async (_what, command) => {
    const { status } = await run(sandbox, command);
    expect(status).not.toBe(0);
    expect(sandbox.isOver).toBe(false);
  });

  test('a restart ends it, and nothing else', async () => {
    const another = await Sandbox.open(scenarioNamed('linux-host'));
    await run(another, 'reboot -f');
    await until('the end of the sandbox', () => another.isOver);
    expect(sandbox.isOver).toBe(false);
  });

  test('shows nothing of this machine: not a file of ours, not a process, not an interface', async () => {
    writeFileSync(join(marker, 'secret'), 'secret');
    expect((await run(sandbox, `cat ${join(marker, 'secret')} ${import.meta.filename} /etc/shadow /var/run/docker.sock`)).said).not.toMatch(/secret$|describeOnLinux|root:[*$]/);
    const seen = (await run(sandbox, 'cat /proc/[0-9]*/cmdline | tr "\\0" " "')).said;
    expect(seen).not.toMatch(/vitest|node /);
    const ours = Object.entries(networkInterfaces()).filter(([name]) => name !== 'lo');
    const theirs = (await run(sandbox, 'ip -o link; ip -o address')).said;
    for (const [name, addresses = []] of ours) {
      if (name !== 'eth0') expect(theirs).not.toContain(` ${name}`);
      for (const { address } of addresses) expect(theirs).not.toContain(`${address}/`);
    }
  });

  test('reaches no address of this machine', async () => {
    const address = Object.values(networkInterfaces()).flat().find((each) => each !== undefined && !each.internal && each.family === 'IPv4')?.address;
    if (address !== undefined) expect((await run(sandbox, `ping -n -c 1 -W 1 ${address}`)).status).not.toBe(0);
  });

  test('what it writes is nowhere outside', async () => {
    await run(sandbox, 'touch /tmp/left-behind /run/left-behind /home/left-behind /var/tmp/left-behind');
    for (const folder of ['/tmp', '/run', '/home', '/var/tmp']) expect(existsSync(`${folder}/left-behind`)).toBe(false);
  });
});

test.each([
  ['nothing, under the limit', { processes: [{ pid: 7, kib: 60 }], filesKiB: 40 }, { kill: [], isFull: false }],
  ['the biggest, as many as it takes', { processes: [{ pid: 7, kib: 60 }, { pid: 8, kib: 50 }, { pid: 9, kib: 40 }], filesKiB: 20 }, { kill: [7, 8], isFull: false }],
  ['the whole, when files alone are too much', { processes: [{ pid: 7, kib: 10 }], filesKiB: 101 }, { kill: [], isFull: true }],
])('the watchdog ends %s', (_what, usage, wanted) => expect(verdict(usage, 100)).toEqual(wanted));

describeOnLinux('a runaway lab', () => {
  test('is stopped at its processes, and can be used on', async () => {
    const sandbox = await Sandbox.open(scenarioNamed('linux-host'));
    const { said } = await run(sandbox, '(seq 2000 | xargs -P 2000 -I{} sleep 60) & last=0; while ((SECONDS < 25)); do at=$SECONDS; while ((SECONDS < at + 2)); do :; done; set -- /proc/[0-9]*; (($# == last)) && break; last=$#; done; echo "$last processes"; kill -9 -1');
    expect(Number(/(\d+) processes/.exec(said)?.[1])).toBeGreaterThan(limits.processes / 2);
    expect(Number(/(\d+) processes/.exec(said)?.[1])).toBeLessThanOrEqual(limits.processes);
    expect((await run(sandbox, 'echo still here')).said).toContain('still here');
    await sandbox.close();
  });

  test('has no more processes by being many users', async () => {
    const sandbox = await Sandbox.open(scenarioNamed('linux-host'));
    if (sandbox.identity.way === 'single') return void sandbox.close();
    const { said } = await run(sandbox, `for user in 2001 2002 2003; do setpriv --reuid=$user --clear-groups bash -c 'for ((n = 0; n < 300; n++)); do sleep 60 & done' 2> /dev/null & done; sleep 3; set -- /proc/[0-9]*; echo "$# processes"; kill -9 -1`);
    expect(Number(/(\d+) processes/.exec(said)?.[1])).toBeGreaterThan(limits.processes);
    expect(Number(/(\d+) processes/.exec(said)?.[1])).toBeLessThanOrEqual(limits.allProcesses);
    expect((await run(sandbox, 'echo still here')).said).toContain('still here');
    await sandbox.close();
  });

  test('loses what takes the most memory when all together take too much', async () => {
    const sandbox = await Sandbox.open(scenarioNamed('linux-host'));
    const most = limits.memoryKiB * 512;
    const eaters = await Promise.all([1, 2, 3].map(() => run(sandbox, `head -c ${most} /dev/zero | { tail -c ${most}; echo "ended by $?" >&2; } | sleep 4`)));
    const killed = eaters.filter(({ said }) => said.includes('ended by 137')).length;
    expect(killed).toBeGreaterThan(0);
    expect(killed).toBeLessThan(3);
    expect((await run(sandbox, 'echo still here')).said).toContain('still here');
    await sandbox.close();
  });

  test('is ended when it fills memory with files', async () => {
    const sandbox = await Sandbox.open(scenarioNamed('linux-host'));
    await run(sandbox, `mount -t tmpfs -o size=4G big /mnt; head -c ${limits.memoryKiB * 1100} /dev/zero > /mnt/big; sleep 10`);
    expect(sandbox.isOver).toBe(true);
  });

  test('is stopped at its memory and at its files', async () => {
    const sandbox = await Sandbox.open(scenarioNamed('linux-host'));
    const memory = await run(sandbox, `head -c ${limits.dataKiB * 1024 * 2} /dev/zero | tail`);
    expect(memory.status).not.toBe(0);
    const files = await run(sandbox, 'head -c 1G /dev/zero > /tmp/big');
    expect(files.said).toContain('No space left on device');
    expect((await run(sandbox, 'rm /tmp/big; echo still here')).said).toContain('still here');
    await sandbox.close();
  });
});

describeOnLinux('nothing is left behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-app-'));
  const app = join(folder, 'app.mjs');
  beforeAll(async () => {
    const entry = `import { Sandbox } from ${JSON.stringify(join(import.meta.dirname, 'sandbox.ts'))}; import { scenarioNamed } from ${JSON.stringify(join(import.meta.dirname, '../../labs/scenarios/index.ts'))};
      const sandbox = await Sandbox.open(scenarioNamed('linux-host')); sandbox.start(['sleep', '1000'], { stdio: 'ignore' }); sandbox.startBeside(['ip', 'monitor']); setTimeout(() => console.log('launcher', sandbox.launcher), 300); setInterval(() => {}, 1000);`;
    await build({ stdin: { contents: entry, resolveDir: folder, loader: 'ts' }, bundle: true, platform: 'node', format: 'esm', outfile: app, logLevel: 'silent' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function started(): Promise<{ child: ChildProcess; launcher: number; namespaces: Set<string> }> {
    const child = spawn(process.execPath, [app], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said = await new Promise<string>((resolve) => child.stdout?.once('data', (bytes: Buffer) => resolve(bytes.toString())));
    const namespaces = namespacesBelow(child.pid ?? 0);
    expect(processesIn(namespaces).length).toBeGreaterThan(2);
    return { child, launcher: Number(/launcher \/proc\/(\d+)/.exec(said)?.[1]), namespaces };
  }

  test('when the app is killed', async () => {
    const { child, namespaces } = await started();
    child.kill('SIGKILL');
    await until('every process of the sandbox to end', () => processesIn(namespaces).length === 0);
  });

  test('when the launcher is killed, and then the app', async () => {
    const { child, launcher, namespaces } = await started();
    expect(readFileSync(`/proc/${launcher}/comm`, 'utf8').trim()).toBe('unshare');
    process.kill(launcher, 'SIGKILL');
    // What stands beside the sandbox is the app's, and ends with it.
    await until('the sandbox to end', () => processesIn(namespaces).every((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'ip'));
    child.kill('SIGKILL');
    await until('every process of the sandbox to end', () => processesIn(namespaces).length === 0);
  });
});

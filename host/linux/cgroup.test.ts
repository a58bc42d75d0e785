import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { describeOnLinux } from '../../test/linux.ts';
import { limits } from './boot-script.ts';
import { ControlGroup, delegated, type Lent, type Tree } from './cgroup.ts';
import { identify } from './identity.ts';
import { Sandbox } from './sandbox.ts';

const desktop = '/user.slice/user-1000.slice/user@1000.service';
/** As systemd has it: the user's own part of the tree is writable, what is above is root's. */
function machine({ own = `${desktop}/app.slice/app-podwire.scope`, type = 'cgroup2', handedDown = 'cpu memory pids' } = {}): Tree {
  return {
    read: (path) => (path === '/proc/self/cgroup' ? `0::${own}\n` : path === '/proc/self/mountinfo' ? `35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - ${type} cgroup rw\n` : path.endsWith('app-podwire.scope/cgroup.subtree_control') ? '\n' : `${handedDown}\n`),
    isWritable: (path) => path.startsWith(`/sys/fs/cgroup${desktop}`),
  };
}

test.each([
  ['beside us, where the user has a part of the tree', machine(), { folder: `/sys/fs/cgroup${desktop}/app.slice`, controllers: ['memory', 'pids'] }],
  ['nowhere, where everything above is root\'s', machine({ own: '/user.slice/user-1000.slice/session-3.scope' }), { because: 'none that limits memory and processes is delegated to this user' }],
  ['nowhere, where memory is not handed down', machine({ handedDown: 'cpu pids' }), { because: 'none that limits memory and processes is delegated to this user' }],
  ['nowhere, where there are only groups of version 1', machine({ type: 'cgroup' }), { because: 'this machine has none of version 2' }],
])('groups are made %s', (_where, tree, wanted) => expect(delegated(tree)).toEqual(wanted));

const lent = delegated();
describeOnLinux('a sandbox in a control group', () => {
  test('is held back by it, all together', async () => {
    const sandbox = await Sandbox.open(scenarioNamed('linux-host'));
    const folder = groupOf(sandbox.launcher);
    expect([readFileSync(join(folder, 'memory.max'), 'utf8'), readFileSync(join(folder, 'pids.max'), 'utf8')]).toEqual([`${limits.memoryKiB * 1024}\n`, `${limits.allProcesses}\n`]);
    await sandbox.close();
  });
}, 'because' in lent ? `control groups: ${lent.because}` : undefined);

/** Where processes may only be put together, and nothing can be limited: that they are, and that nothing stays. */
const bare = delegated(undefined, []);
describeOnLinux('whatever runs in a sandbox', () => {
  test('is in its group from its first moment, which goes with it', async () => {
    const sandbox = await Sandbox.open(scenarioNamed('linux-host'), identify(), bare);
    const folder = groupOf(sandbox.launcher);
    expect(folder).toContain(`/podwire-${process.pid}-`);
    const started = [sandbox.start(['sleep', '60'], { stdio: 'ignore' }), sandbox.startBeside(['sleep', '60'])];
    await until(() => readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').length > 5);
    for (const { pid } of started) expect(groupOf(`/proc/${pid!}`)).toBe(folder);
    await sandbox.close();
    started[1]!.kill('SIGKILL');
    await until(() => !existsSync(folder));
  });

  test('leaves a group that the next sandbox clears away, when the app is killed', () => {
    const { folder } = bare as Extract<Lent, { folder: string }>;
    const stale = join(folder, 'podwire-999999999-0');
    mkdirSync(stale);
    ControlGroup.make(bare, {})!.close();
    const left = readdirSync(folder).filter((name) => name.startsWith(`podwire-${process.pid}-`) || name === 'podwire-999999999-0');
    if (existsSync(stale)) rmdirSync(stale);
    expect(left).toEqual([]);
  });
}, 'because' in bare ? `control groups: ${bare.because}` : undefined);

/** Of a folder of proc(5), its cgroup; the mount as found by its own words. */
function groupOf(process: string): string {
  const mounted = /^\d+ \d+ \S+ \/ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1] ?? '';
  return join(mounted, /^0::(.*)$/m.exec(readFileSync(`${process}/cgroup`, 'utf8'))?.[1] ?? '');
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 100) throw new Error('it does not happen');
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

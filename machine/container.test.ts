import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../simulator/bytes.ts';
import type { Capability, Container } from './container.ts';
import type { Program, Sys } from './sys.ts';
import { testMachine, type TestMachine } from './test-machine.ts';

const say = (sys: Sys, text: string) => sys.write(1, utf8(`${text}\n`));
/** Tells what it sees: for the inside and the outside alike. */
const look: Program = async (sys) => {
  const release = await sys.readText('/etc/release');
  const self = sys.readLink('/proc/self');
  await say(sys, `pid ${sys.pid} ppid ${sys.ppid} self ${self.ok ? self.value : self.error} host ${sys.hostname} cwd ${sys.cwd}`);
  await say(sys, `release ${release.ok ? release.value : release.error} users ${sys.machine.users().map(({ name }) => name).join(' ')}`);
  await say(sys, `sees ${sys.processes().map(({ pid, name }) => `${pid}:${name}`).join(' ')}`);
  await say(sys, `root ${sys.list('/').ok ? (sys.list('/') as { value: string[] }).value.sort().join(' ') : ''} up ${sys.realPath('/../..').ok ? (sys.realPath('/../..') as { value: string }).value : ''}`);
  return 0;
};
const wait: Program = async (sys) => {
  await sys.sleep(1e9);
  return 0;
};

function contained(change: { capabilities?: ReadonlySet<Capability>; programs?: Record<string, Program> } = {}): { lab: TestMachine; container: Container; inside(argv: readonly string[]): Promise<string> } {
  const lab = testMachine({ '/usr/bin/look': look, '/usr/bin/enter': enter });
  const container = lab.machine.createContainer({
    rootPath: '/var/lib/docker/overlay2/abc/merged', imageName: 'tiny', hostname: 'pod-1', netns: 0, capabilities: change.capabilities ?? new Set(['NET_RAW']),
    image: {
      base: 'none', files: [{ path: '/etc/release', content: 'tiny 1.0' }, { path: '/etc/link', link: '/etc/release' }], packages: [], users: [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/sh', gecos: '' }], groups: [],
      programs: new Map<string, Program>([['/bin/look', look], ['/bin/wait', wait], ...Object.entries(change.programs ?? {})]),
    },
  });
  return {
    lab, container,
    async inside(argv) {
      let text = '';
      const env = new Map([['PATH', '/bin']]);
      const handle = lab.machine.runIn(container, { argv, env, cwd: '/', stdout: (bytes) => (text += fromUtf8(bytes)), stderr: (bytes) => (text += fromUtf8(bytes)) });
      if (!handle.ok) return handle.error;
      await lab.scheduler.runUntil(lab.machine.world.nowUs + 5_000_000, { stopWhen: () => handle.value.status !== undefined });
      return text;
    },
  };
}

/** `enter PID COMMAND`: like docker exec. */
const enter: Program = async (sys) => {
  const [, pid, ...argv] = sys.argv;
  const child = await sys.spawn(argv[0]!, { argv, env: new Map([['PATH', '/bin']]), into: { pid: Number(pid), kinds: ['mnt', 'uts', 'pid', 'net'], confine: true } });
  if (!child.ok) {
    await say(sys, child.error);
    return 1;
  }
  await sys.wait(child.value);
  return 0;
};

describe('a container', () => {
  it('has a root, a name, numbers and accounts of its own', async () => {
    const { inside } = contained();
    expect(await inside(['look'])).toBe('pid 1 ppid 0 self 1 host pod-1 cwd /\nrelease tiny 1.0 users root\nsees 1:look\nroot bin dev etc proc root sys tmp up /\n');
  });

  it('is seen from outside by the numbers of the machine, with its files below a directory', async () => {
    const { lab, container, inside } = contained();
    lab.machine.runIn(container, { argv: ['wait'], env: new Map([['PATH', '/bin']]), cwd: '/' });
    expect(await inside(['look'])).toContain('sees 1:wait 2:look');
    const outside = await lab.run(['look']);
    expect(outside.stdout).toContain('60:wait 62:look');
    expect(fromUtf8(lab.machine.readFileAt('/var/lib/docker/overlay2/abc/merged/etc/release')!)).toBe('tiny 1.0');
  });

  it('takes in who enters its namespaces', async () => {
    const { lab, container } = contained();
    lab.machine.runIn(container, { argv: ['wait'], env: new Map([['PATH', '/bin']]), cwd: '/' });
    expect((await lab.run(['enter', '60', 'look'])).stdout).toContain('pid 2 ppid 0 self 2 host pod-1');
    expect((await lab.run(['enter', '60', 'ls'])).stdout).toBe('ENOENT\n');
    expect((await lab.run(['enter', '999', 'look'])).stdout).toBe('ESRCH\n');
    expect((await lab.run(['enter', '60', 'look'], { uid: 1000 })).stdout).toBe('EPERM\n');
  });

  it('ends with its first process', async () => {
    const { lab, container, inside } = contained();
    const first = lab.machine.runIn(container, { argv: ['wait'], env: new Map([['PATH', '/bin']]), cwd: '/' });
    const second = lab.machine.runIn(container, { argv: ['wait'], env: new Map([['PATH', '/bin']]), cwd: '/' });
    if (!first.ok || !second.ok) throw new Error('not started');
    await lab.scheduler.runUntil(lab.machine.world.nowUs + 1000);
    first.value.kill('TERM');
    await lab.scheduler.runUntil(lab.machine.world.nowUs + 1000);
    expect(first.value.status).toBeUndefined();
    first.value.kill('KILL');
    await lab.scheduler.runUntil(lab.machine.world.nowUs + 1000);
    expect([first.value.status, second.value.status]).toEqual([{ kind: 'signalled', signal: 'KILL', coreDumped: false }, { kind: 'signalled', signal: 'KILL', coreDumped: false }]);
    expect(await inside(['ls'])).toBe('ENOENT');
  });

  it('gives root only what it was given', async () => {
    const probe: Program = async (sys) => {
      const status = await sys.readText('/proc/self/status');
      const set = sys.net.sysctl.set('net/ipv4/ip_forward', '1');
      await say(sys, `${/CapEff:\t(\S+)/.exec(status.ok ? status.value : '')![1]!} ${set.ok ? 'ok' : set.error}`);
      return 0;
    };
    expect(await contained({ programs: { '/bin/probe': probe }, capabilities: new Set(['NET_RAW', 'CHOWN']) }).inside(['probe'])).toBe('0000000000002001 EROFS\n');
  });

  it('leaves nothing behind', () => {
    const { lab, container } = contained();
    container.remove();
    expect(lab.machine.readFileAt('/var/lib/docker/overlay2/abc/merged/etc/release')).toBeUndefined();
    expect(lab.machine.mounts().filter(({ target }) => target.startsWith('/var/lib/docker'))).toEqual([]);
  });
});

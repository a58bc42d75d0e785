import { describe, expect, it } from 'vitest';
import { createMachine, type Machine } from '../../../machine/machine.ts';
import { Scheduler } from '../../../machine/scheduler.ts';
import { createWorld } from '../../../simulator/index.ts';
import { must } from '../../../simulator/test-lab.ts';
import { bash } from '../../bash/bash.ts';
import { fromUtf8, utf8 } from '../../ports/bytes.ts';
import { cat } from '../coreutils/streams.ts';
import { toProgram } from '../define.ts';
import { sshKeygen } from './keygen.ts';
import { parseSsh } from './options.ts';
import { scp } from './scp.ts';
import { ssh } from './ssh.ts';
import { sshd } from './sshd.ts';

interface Pair {
  client: Machine;
  server: Machine;
  run(line: string, stdin?: string): Promise<string>;
  type(text: string): Promise<string>;
}

/** Two machines on one wire, with a daemon on the second and alice's key let in there. */
async function pair({ isListening = true, isAuthorized = true } = {}): Promise<Pair> {
  const world = createWorld({ seed: 1 });
  const scheduler = new Scheduler(world);
  const programs = new Map([['/usr/bin/bash', bash], ...[ssh, scp, sshKeygen, cat].map((command) => [`/usr/bin/${command.name}`, toProgram(command)] as const), ['/usr/sbin/sshd', toProgram(sshd)]] as const);
  const users = [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/usr/bin/bash', gecos: '' }, { name: 'alice', uid: 1000, gid: 1000, home: '/home/alice', shell: '/usr/bin/bash', gecos: '' }];
  const machine = (name: string, address: string): Machine => {
    const kernel = world.addKernel(name);
    const eth0 = must(kernel.netlink.addLink(0, { kind: 'ether', name: 'eth0' }));
    must(kernel.netlink.setLink(0, 1, { up: true }));
    must(kernel.netlink.addAddress(0, { index: eth0, family: 'inet', address, prefixLength: 24 }));
    must(kernel.netlink.setLink(0, eth0, { up: true }));
    const made = createMachine({ world, kernel, scheduler, name, hostname: name, image: { base: 'debian', files: [], programs, packages: [], users, groups: [{ name: 'root', gid: 0, members: [] }, { name: 'alice', gid: 1000, members: [] }] } });
    made.onFault = (_process, thrown) => {
      scheduler.failure ??= { error: thrown };
    };
    return made;
  };
  const client = machine('client', '10.0.0.1');
  const server = machine('server', '10.0.0.2');
  world.connect({ kernel: client.kernel, ns: 0, index: 2 }, { kernel: server.kernel, ns: 0, index: 2 });
  const execute = async (on: Machine, argv: readonly string[], uid: number, stdin?: string): Promise<string> => {
    const parts: string[] = [];
    const handle = on.run({ argv, env: new Map([['PATH', '/usr/bin:/usr/sbin'], ['HOME', uid === 0 ? '/root' : '/home/alice'], ['LANG', 'C.UTF-8']]), cwd: '/', uid, stdin: stdin === undefined ? 'null' : utf8(stdin), stdout: (bytes) => parts.push(fromUtf8(bytes)), stderr: (bytes) => parts.push(fromUtf8(bytes)) });
    await scheduler.runUntil(world.nowUs + 200_000_000, { stopWhen: () => handle.status !== undefined });
    return `${parts.join('')}[${handle.status?.kind === 'exited' ? handle.status.code : 'running'}]`;
  };
  await execute(client, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', ''], 1000);
  const key = fromUtf8(client.readFileAt('/home/alice/.ssh/id_ed25519.pub')!);
  if (isAuthorized) server.putFile({ path: '/home/alice/.ssh/authorized_keys', content: `# mine\n${key}`, uid: 1000, gid: 1000 });
  if (isListening) await execute(server, ['sshd'], 0);
  await scheduler.runUntil(world.nowUs + 100_000);
  return {
    client, server,
    run: (line, stdin) => execute(client, ['bash', '-c', line], 1000, stdin),
    async type(text) {
      const seen: string[] = [];
      const terminal = client.spawnSession({ size: { columns: 80, rows: 24 }, user: 'alice' });
      terminal.onData((bytes) => seen.push(fromUtf8(bytes)));
      await scheduler.runUntil(world.nowUs + 500_000);
      for (const part of text.split('|')) {
        terminal.write(utf8(part));
        await scheduler.runUntil(world.nowUs + 3_000_000);
      }
      return seen.join('');
    },
  };
}

const QUIET = '-o StrictHostKeyChecking=no -q';

describe('ssh', () => {
  it('runs a command over there, with its output, error output and exit status', async () => {
    const { run } = await pair();
    expect(await run(`ssh ${QUIET} 10.0.0.2 'echo $HOSTNAME $USER $PWD; echo oops >&2; exit 3'`)).toBe('server alice /home/alice\noops\n[3]');
  });
  it('carries standard input', async () => {
    const { run } = await pair();
    expect(await run(`ssh ${QUIET} 10.0.0.2 cat`, 'one\ntwo\n')).toBe('one\ntwo\n[0]');
  });
  it('remembers a host key, and refuses one that has changed', async () => {
    const { run, client } = await pair();
    expect(await run('ssh -o StrictHostKeyChecking=no 10.0.0.2 echo hi')).toBe("Warning: Permanently added '10.0.0.2' (ED25519) to the list of known hosts.\r\nhi\n[0]");
    expect(await run('ssh 10.0.0.2 echo hi')).toBe('hi\n[0]');
    client.putFile({ path: '/home/alice/.ssh/known_hosts', content: '10.0.0.2 ssh-ed25519 AAAAother\n', uid: 1000 });
    expect(await run('ssh 10.0.0.2 echo hi')).toMatch(/WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!(.|\s)*Host key verification failed\.\r\n\[255\]$/);
  });
  it.each([
    ['without a key over there', { isAuthorized: false }, `ssh ${QUIET} 10.0.0.2 true`, 'alice@10.0.0.2: Permission denied (publickey).\r\n[255]'],
    ['as somebody who is not there', {}, `ssh ${QUIET} bob@10.0.0.2 true`, 'bob@10.0.0.2: Permission denied (publickey).\r\n[255]'],
    ['where nobody listens', { isListening: false }, 'ssh 10.0.0.2 true', 'ssh: connect to host 10.0.0.2 port 22: Connection refused\r\n[255]'],
    ['where nobody is', {}, 'ssh 10.0.0.9 true', 'ssh: connect to host 10.0.0.9 port 22: No route to host\r\n[255]'],
    ['to a name nobody knows', {}, 'ssh nowhere true', 'ssh: Could not resolve hostname nowhere: Name or service not known\r\n[255]'],
    ['to a new host without a terminal to ask on', {}, 'ssh 10.0.0.2 true', 'Host key verification failed.\r\n[255]'],
    ['with an option that is not there yet', {}, 'ssh -L 1:a:2 10.0.0.2', 'podwire: ssh: option -L is not simulated yet\n[125]'],
  ])('fails %s', async (_fact, given, line, text) => {
    const { run } = await pair(given);
    expect(await run(line)).toBe(text);
  });
  it('gives a terminal with a login shell, asks about a new host, and says goodbye', async () => {
    const { type } = await pair();
    const shown = await type('ssh 10.0.0.2\n|yes\n|echo $HOSTNAME $SSH_TTY; cat\n|\u0003|exit 4\n|echo $?\n');
    expect(shown).toContain("The authenticity of host '10.0.0.2 (10.0.0.2)' can't be established.\r\nED25519 key fingerprint is SHA256:");
    expect(shown).toContain('server /dev/pts/0\r\n^C\r\n');
    expect(shown).toMatch(/logout\r\nConnection to 10\.0\.0\.2 closed\.\r+\n/);
    expect(shown).toMatch(/\r4\r\n/);
  });
});

it('scp copies there and back', async () => {
  const { run, server } = await pair();
  expect(await run(`cd; echo data > a; scp ${QUIET.replace(' -q', '')} a 10.0.0.2:b; scp 10.0.0.2:b c; cat c; scp 10.0.0.2:nope d`)).toBe("Warning: Permanently added '10.0.0.2' (ED25519) to the list of known hosts.\r\ndata\nscp: nope: No such file or directory\n[1]");
  expect(fromUtf8(server.readFileAt('/home/alice/b')!)).toBe('data\n');
});

describe('options', () => {
  it.each([
    [['host'], { host: 'host', user: undefined, port: 22, command: undefined }],
    [['-p', '2222', '-l', 'bob', 'host', 'ls', '-l'], { host: 'host', user: 'bob', port: 2222, command: 'ls -l' }],
    [['-t', '-oUser=eve', 'host', '--', 'ls'], { user: 'eve', command: 'ls', terminal: 'ask' }],
    [['-T', 'a@b@host', '--', 'ls'], { host: 'host', user: 'a@b', terminal: 'never' }],
  ])('%j', (args, expected) => {
    expect(parseSsh(args)).toMatchObject(expected);
  });
});

/** sshd(8): listens on port 22, lets in whose key is in ~/.ssh/authorized_keys, and gives a login shell on a terminal or runs one command. */
import type { Sys } from '../../../machine/sys.ts';
import { base64, fromUtf8, utf8 } from '../../ports/bytes.ts';
import { defineCommand } from '../define.ts';
import { groupsOf } from '../accounts/accounts.ts';
import { Channel, type Hello } from './channel.ts';
import { sizeOf } from './ssh.ts';

const HOST_KEY = '/etc/ssh/ssh_host_ed25519_key.pub';
const LOGIN_TIMEOUT_US = 120_000_000;

export const sshd = defineCommand({
  name: 'sshd',
  summary: 'OpenSSH daemon',
  package: 'openssh-server',
  path: '/usr/sbin/sshd',
  async run(call) {
    const { sys } = call;
    if (sys.uid !== 0) {
      call.err('sshd: no hostkeys available -- exiting.');
      return 1;
    }
    const probe = listen(sys);
    if (probe === undefined) {
      call.err('error: Bind to port 22 on 0.0.0.0 failed: Address already in use.\nfatal: Cannot bind any address.');
      return 255;
    }
    const key = await hostKey(sys);
    if (call.args.includes('-D')) return serve(sys, probe, key);
    // A socket goes with the process that opened it: the daemon opens its own.
    sys.net.sockets.close(probe);
    const daemon = sys.fork(async (own) => {
      const listener = listen(own);
      return listener === undefined ? 255 : serve(own, listener, key);
    }, { newSession: true, argv: ['/usr/sbin/sshd'] });
    return daemon.ok ? 0 : 255;
  },
});

function listen({ net: { sockets } }: Sys): number | undefined {
  const opened = sockets.open({ type: 'tcp', family: 'inet' });
  if (!opened.ok) return undefined;
  sockets.setOptions(opened.value, { reuseAddress: true });
  if (sockets.bind(opened.value, { address: '0.0.0.0', port: 22 }).ok && sockets.listen(opened.value, 128).ok) return opened.value;
  sockets.close(opened.value);
  return undefined;
}

/** Made on first start, as ssh-keygen -A does. */
async function hostKey(sys: Sys): Promise<string> {
  const read = await sys.readText(HOST_KEY);
  if (read.ok) return read.value.trim();
  const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${base64(sys.randomBytes(32)).replace(/=+$/, '')} root@${sys.hostname}`;
  sys.makeDirectory('/etc/ssh', 0o755);
  await sys.writeFile(HOST_KEY, `${key}\n`, { mode: 0o644 });
  return key;
}

async function serve(sys: Sys, listener: number, key: string): Promise<number> {
  sys.setName('sshd');
  sys.onSignal('CHLD', 'ignore');
  for (;;) {
    const accepted = await sys.net.sockets.accept(listener);
    if (!accepted.ok) {
      if (accepted.error === 'EINTR') continue;
      return 255;
    }
    const socket = accepted.value;
    const child = sys.fork(async (own) => {
      own.setName('sshd');
      own.onSignal('CHLD', 'default');
      const code = await session(own, new Channel(own, socket), key);
      own.net.sockets.close(socket);
      return code;
    }, { argv: ['sshd: [accepted]'], newSession: true });
    if (!child.ok) sys.net.sockets.close(socket);
  }
}

async function session(sys: Sys, channel: Channel, key: string): Promise<number> {
  await channel.sendBanner();
  if ((await channel.readBanner(LOGIN_TIMEOUT_US))?.startsWith('SSH-2.0-') !== true) return 255;
  const [type = '', blob = ''] = key.split(' ');
  await channel.sendText('k', `${type} ${blob} SHA256:${fingerprint(blob)}`);
  const first = await channel.next(LOGIN_TIMEOUT_US);
  if (first?.kind !== 'h') return 255;
  const hello = JSON.parse(fromUtf8(first.content)) as Hello;
  const user = sys.machine.users().find(({ name }) => name === hello.user);
  const remote = sys.net.sockets.remote(channel.socket);
  const from = `${remote?.address ?? '0.0.0.0'} ${remote?.port ?? 0}`;
  if (user === undefined || !(await isAuthorized(sys, user.home, hello.keys))) {
    await channel.send('n');
    return 255;
  }
  await channel.send('y');
  const groups = groupsOf(sys, user);
  const environment = new Map<string, string>([['USER', user.name], ['LOGNAME', user.name], ['HOME', user.home], ['PATH', user.uid === 0 ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' : '/usr/local/bin:/usr/bin:/bin:/usr/games'], ['SHELL', user.shell], ...Object.entries(hello.environment), ['SSH_CLIENT', `${from} 22`], ['SSH_CONNECTION', `${from} ${sys.net.sockets.local(channel.socket)?.address ?? ''} 22`]]);
  const become = (own: Sys): void => {
    own.env.clear();
    for (const [name, value] of environment) own.env.set(name, value);
    if (own.stat(user.home).ok) own.chdir(user.home);
    else own.chdir('/');
    own.setUser(user.uid, user.gid, groups);
  };
  const shell = user.shell === '' ? '/bin/sh' : user.shell;
  const words = hello.command === undefined ? [`-${shell.replace(/^.*\//, '')}`] : [shell.replace(/^.*\//, ''), '-c', hello.command];
  if (hello.terminal === undefined) return withPipes(sys, channel, become, shell, words);
  environment.set('TERM', hello.terminal.name);
  return withTerminal(sys, channel, hello.terminal, become, shell, words, user.uid, environment);
}

async function isAuthorized(sys: Sys, home: string, keys: readonly string[]): Promise<boolean> {
  const read = await sys.readText(`${home}/.ssh/authorized_keys`);
  const lines = (read.ok ? read.value : '').split('\n').map((line) => line.trim().split(' ').slice(0, 2).join(' '));
  return keys.some((key) => lines.includes(key));
}

/** Something that looks like a SHA-256 fingerprint and is the same for the same key. */
export function fingerprint(blob: string): string {
  const bytes = new Uint8Array(32);
  let hash = 0x811c9dc5;
  for (let at = 0; at < 32; at += 1) {
    for (let index = 0; index < blob.length; index += 1) hash = Math.imul(hash ^ blob.charCodeAt(index) ^ at, 0x01000193);
    bytes[at] = hash >>> 24;
  }
  return base64(bytes).replace(/=+$/, '');
}

type Become = (own: Sys) => void;

async function withTerminal(sys: Sys, channel: Channel, terminal: NonNullable<Hello['terminal']>, become: Become, shell: string, words: readonly string[], uid: number, environment: Map<string, string>): Promise<number> {
  const pty = sys.openPty({ columns: terminal.columns, rows: terminal.rows });
  if (!pty.ok) return 255;
  const { master, slavePath } = pty.value;
  sys.setCloseOnExec(master, true);
  sys.chown(slavePath, uid, 5);
  environment.set('SSH_TTY', slavePath);
  const child = sys.fork(async (own) => {
    const slave = await own.open(slavePath, { read: true, write: true });
    if (!slave.ok) return 1;
    own.setControllingTerminal(slave.value);
    for (const fd of [0, 1, 2]) own.duplicate(slave.value, fd);
    if (slave.value > 2) own.close(slave.value);
    become(own);
    if (words.length === 1) {
      const motd = await own.readText('/etc/motd');
      if (motd.ok) await own.write(1, utf8(motd.value));
    }
    await own.exec(shell, words, own.env);
    return 127;
  }, { newSession: true });
  if (!child.ok) return 255;
  const relayed = await relay(sys, channel, [{ fd: master, kind: 'o' }], (bytes) => sys.write(master, bytes), () => sys.write(master, Uint8Array.of(4)), (columns, rows) => sys.setWindowSize(master, { columns, rows }));
  sys.close(master);
  if (!relayed) sys.kill(-child.value, 'HUP');
  return finish(sys, channel, child.value);
}

async function withPipes(sys: Sys, channel: Channel, become: Become, shell: string, words: readonly string[]): Promise<number> {
  const pipes = [sys.pipe(), sys.pipe(), sys.pipe()];
  const ends = pipes.map((made) => (made.ok ? made.value : undefined));
  const [input, output, errors] = ends;
  if (input === undefined || output === undefined || errors === undefined) return 255;
  const child = sys.fork(async (own) => {
    become(own);
    await own.exec(shell, words, own.env);
    return 127;
  }, { newSession: true, fds: new Map([[0, input[0]], [1, output[1]], [2, errors[1]]]) });
  for (const fd of [input[0], output[1], errors[1]]) sys.close(fd);
  if (!child.ok) return 255;
  let isInputOpen = true;
  const closeInput = (): void => {
    if (isInputOpen) sys.close(input[1]);
    isInputOpen = false;
  };
  sys.onSignal('PIPE', 'ignore');
  await relay(sys, channel, [{ fd: output[0], kind: 'o' }, { fd: errors[0], kind: 'e' }], async (bytes) => (isInputOpen ? sys.write(input[1], bytes) : undefined), async () => closeInput(), () => undefined);
  closeInput();
  return finish(sys, channel, child.value);
}

/** Carries bytes both ways until all outputs have ended (true) or the client is gone (false). */
async function relay(sys: Sys, channel: Channel, outputs: readonly { readonly fd: number; readonly kind: 'o' | 'e' }[], write: (bytes: Uint8Array) => Promise<unknown>, end: () => Promise<unknown>, resize: (columns: number, rows: number) => void): Promise<boolean> {
  const open = new Set(outputs);
  while (open.size > 0) {
    for (let record = channel.take(); record !== undefined; record = channel.take()) {
      if (record === 'closed') return false;
      if (record.kind === 'i') await write(record.content);
      else if (record.kind === 'f') await end();
      else if (record.kind === 'w') resize(sizeOf(record.content).columns, sizeOf(record.content).rows);
    }
    const ready = await sys.net.sockets.poll([{ id: channel.socket, read: true }], [...open].map(({ fd }) => ({ fd, read: true })));
    if (!ready.ok) {
      if (ready.error === 'EINTR') continue;
      return false;
    }
    for (const output of [...open]) {
      if (!ready.value.fds.includes(output.fd)) continue;
      const got = await sys.read(output.fd, 16_384);
      if (!got.ok || got.value.length === 0) open.delete(output);
      else if (!(await channel.send(output.kind, got.value))) return false;
    }
    if (ready.value.sockets.length > 0 && !(await channel.more())) return false;
  }
  return true;
}

async function finish(sys: Sys, channel: Channel, pid: number): Promise<number> {
  const ended = await sys.wait(pid);
  const status = ended.ok ? ended.value?.status : undefined;
  await channel.sendText('x', String(status?.kind === 'exited' ? status.code : 255));
  return 0;
}

/** From options to a channel that is logged in: names, TCP, banners, host keys, user keys. Read first: ssh(1), ssh_config(5), sshconnect.c */
import { fromUtf8 } from '../../ports/bytes.ts';
import { connectTcp } from '../../lib/http.ts';
import { strerror } from '../../lib/errno.ts';
import { resolveHost } from '../../lib/resolve.ts';
import type { Invocation } from '../define.ts';
import { Channel, type Hello } from './channel.ts';
import type { SshOptions } from './options.ts';

const BANNER_TIMEOUT_US = 30_000_000;
const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519', 'google_compute_engine'];

/** undefined: what went wrong has been said; ssh ends with 255. */
export async function connect(call: Invocation, options: SshOptions, request: Pick<Hello, 'command' | 'terminal'>): Promise<Channel | undefined> {
  const { sys } = call;
  const say = (line: string): undefined => {
    call.writeErr(`${line}\r\n`);
    return undefined;
  };
  const resolved = await resolveHost(sys, options.host);
  if (!resolved.ok) return say(`ssh: Could not resolve hostname ${options.host}: ${resolved.error}`);
  const address = resolved.addresses.find(({ family }) => family === 'inet')?.address ?? resolved.addresses[0]!.address;
  const seconds = Number(options.settings.get('connecttimeout') ?? 'NaN');
  const connected = await connectTcp(sys, { address, port: options.port }, Number.isNaN(seconds) ? undefined : seconds * 1_000_000);
  if (!connected.ok) return say(`ssh: connect to host ${options.host} port ${options.port}: ${connected.error === 'EAGAIN' || connected.error === 'ETIMEDOUT' ? 'Connection timed out' : strerror(connected.error)}`);
  const channel = new Channel(sys, connected.value);
  await channel.sendBanner();
  const banner = await channel.readBanner(BANNER_TIMEOUT_US);
  const endedEarly = (): undefined => {
    channel.close();
    return say(banner === undefined ? `kex_exchange_identification: Connection closed by remote host\r\nConnection closed by ${address} port ${options.port}` : `Connection closed by ${address} port ${options.port}`);
  };
  if (banner?.startsWith('SSH-2.0-') !== true) return endedEarly();
  const offered = await channel.next(BANNER_TIMEOUT_US);
  if (offered?.kind !== 'k') return endedEarly();
  if (!(await acceptHostKey(call, options, address, fromUtf8(offered.content)))) {
    channel.close();
    return undefined;
  }
  const user = options.user ?? userName(call);
  const hello: Hello = { user, keys: await publicKeys(call, options), ...request, environment: { LANG: call.env.get('LANG') ?? 'C.UTF-8' } };
  await channel.sendText('h', JSON.stringify(hello));
  const answer = await channel.next(BANNER_TIMEOUT_US);
  if (answer?.kind === 'y') return channel;
  if (answer?.kind !== 'n') return endedEarly();
  channel.close();
  return say(`${user}@${options.host}: Permission denied (publickey).`);
}

export function userName(call: Invocation): string {
  return call.sys.machine.users().find(({ uid }) => uid === call.sys.uid)?.name ?? 'root';
}

function home(call: Invocation): string {
  return call.sys.machine.users().find(({ uid }) => uid === call.sys.uid)?.home ?? call.env.get('HOME') ?? '/root';
}

/** The public halves of the keys that may be used. */
async function publicKeys(call: Invocation, options: SshOptions): Promise<string[]> {
  const files = options.identities.length > 0 ? options.identities : DEFAULT_KEYS.map((name) => `${home(call)}/.ssh/${name}`);
  const keys: string[] = [];
  for (const file of files) {
    const read = await call.sys.readText(`${file}.pub`);
    const isPrivateThere = call.sys.stat(file).ok;
    if (read.ok && isPrivateThere) keys.push(read.value.trim().split(' ').slice(0, 2).join(' '));
    else if (options.identities.length > 0 && !isPrivateThere) call.writeErr(`Warning: Identity file ${file} not accessible: No such file or directory.\n`);
  }
  return keys;
}

/** known_hosts: a key that is known passes, one that differs is refused, a new one is asked about (or taken, as StrictHostKeyChecking says). */
async function acceptHostKey(call: Invocation, options: SshOptions, address: string, key: string): Promise<boolean> {
  const { sys } = call;
  const [type = '', blob = '', fingerprint = ''] = key.split(' ');
  const alias = options.settings.get('hostkeyalias') ?? (options.port === 22 ? options.host : `[${options.host}]:${options.port}`);
  const file = options.settings.get('userknownhostsfile') ?? `${home(call)}/.ssh/known_hosts`;
  const read = await sys.readText(file);
  const known = (read.ok ? read.value : '').split('\n').map((line) => line.split(' ')).find(([names = '']) => names.split(',').includes(alias));
  const strict = options.settings.get('stricthostkeychecking') ?? 'ask';
  if (known !== undefined) {
    if (known[2] === blob) return true;
    call.writeErr(`@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\nIT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\nSomeone could be eavesdropping on you right now (man-in-the-middle attack)!\r\nIt is also possible that a host key has just been changed.\r\nThe fingerprint for the ED25519 key sent by the remote host is\n${fingerprint}.\r\nPlease contact your system administrator.\r\nHost key verification failed.\r\n`);
    return false;
  }
  if (strict === 'yes' || (strict === 'ask' && !sys.isTerminal(0))) {
    if (strict === 'yes') call.writeErr(`No ED25519 host key is known for ${alias} and you have requested strict checking.\r\n`);
    call.writeErr('Host key verification failed.\r\n');
    return false;
  }
  if (strict === 'ask') {
    const shown = options.host === address ? `'${options.host} (${address})'` : `'${options.host} (${address})'`;
    call.writeErr(`The authenticity of host ${shown} can't be established.\nED25519 key fingerprint is ${fingerprint}.\nThis key is not known by any other names.\nAre you sure you want to continue connecting (yes/no/[fingerprint])? `);
    for (;;) {
      await call.flush();
      const got = await sys.read(0, 4096);
      const answer = got.ok ? fromUtf8(got.value).trim() : 'no';
      if (answer === 'yes' || answer === fingerprint) break;
      if (answer === 'no' || !got.ok || got.value.length === 0) {
        call.writeErr('Host key verification failed.\r\n');
        return false;
      }
      call.writeErr("Please type 'yes', 'no' or the fingerprint: ");
    }
  }
  const directory = file.slice(0, file.lastIndexOf('/'));
  if (!sys.stat(directory).ok) sys.makeDirectory(directory, 0o700);
  await sys.writeFile(file, `${alias} ${type} ${blob}\n`, { append: true, mode: 0o600 });
  if (!options.isQuiet) call.writeErr(`Warning: Permanently added '${alias}' (ED25519) to the list of known hosts.\r\n`);
  return true;
}

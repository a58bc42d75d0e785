/** ssh-keygen(1): makes a key pair. The halves are random bytes in the right shape; they open doors by being listed, not by mathematics. */
import { base64 } from '../../ports/bytes.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { defineCommand, notSimulated } from '../define.ts';
import { fingerprint } from './sshd.ts';

const WIDTH = 17;
const HEIGHT = 9;
const SYMBOLS = ' .o+=*BOX@%&#/^SE';

export const sshKeygen = defineCommand({
  name: 'ssh-keygen',
  summary: 'OpenSSH authentication key utility',
  package: 'openssh-client',
  async run(call) {
    const { sys } = call;
    const options = parseOptions(call.args, { short: 't:f:N:C:b:qlyA' });
    if (options.error !== undefined) {
      call.err(options.error);
      return 1;
    }
    for (const letter of 'lyA') if (options.has(letter)) return notSimulated(call, `option -${letter}`);
    const type = options.value('t') ?? 'rsa';
    if (type !== 'rsa' && type !== 'ed25519') return notSimulated(call, `key type ${type}`);
    const user = sys.machine.users().find(({ uid }) => uid === sys.uid);
    const file = options.value('f') ?? `${user?.home ?? '/root'}/.ssh/id_${type}`;
    const comment = options.value('C') ?? `${user?.name ?? 'root'}@${sys.hostname}`;
    const isQuiet = options.has('q');
    if (!isQuiet) call.out(`Generating public/private ${type} key pair.`);
    if (sys.stat(file).ok) {
      call.out(`${file} already exists.`);
      return 1;
    }
    if (options.value('N') === undefined) {
      for (const question of ['Enter passphrase (empty for no passphrase): ', 'Enter same passphrase again: ']) {
        call.writeErr(question);
        await call.flush();
        const got = await sys.read(0, 4096);
        call.writeErr('\n');
        if (!got.ok) return 1;
      }
    }
    const bits = type === 'rsa' ? Number(options.value('b') ?? '3072') : 256;
    const blob = type === 'rsa' ? `AAAAB3NzaC1yc2EAAAADAQABAAABgQ${base64(sys.randomBytes(bits / 8)).replace(/=+$/, '')}` : `AAAAC3NzaC1lZDI1NTE5AAAAI${base64(sys.randomBytes(32)).replace(/=+$/, '')}`;
    const directory = file.slice(0, file.lastIndexOf('/'));
    if (!sys.stat(directory).ok) sys.makeDirectory(directory, 0o700);
    const body = base64(sys.randomBytes(type === 'rsa' ? 1800 : 260)).replace(/(.{70})/g, '$1\n');
    const written = await sys.writeFile(file, `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`, { mode: 0o600 });
    if (!written.ok) {
      call.err(`Saving key "${file}" failed: No such file or directory`);
      return 1;
    }
    await sys.writeFile(`${file}.pub`, `ssh-${type} ${blob} ${comment}\n`, { mode: 0o644 });
    if (isQuiet) return 0;
    const print = fingerprint(blob);
    call.out(`Your identification has been saved in ${file}\nYour public key has been saved in ${file}.pub\nThe key fingerprint is:\nSHA256:${print} ${comment}\nThe key's randomart image is:\n${art(print, `${type.toUpperCase()} ${bits}`)}`);
    return 0;
  },
});

/** The drunken bishop's walk (sshkey.c, fingerprint_randomart). */
function art(print: string, title: string): string {
  const field = Array.from({ length: HEIGHT }, () => new Uint8Array(WIDTH));
  let x = WIDTH >> 1;
  let y = HEIGHT >> 1;
  for (const letter of print) {
    let input = letter.charCodeAt(0);
    for (let step = 0; step < 4; step += 1) {
      x = Math.min(WIDTH - 1, Math.max(0, x + ((input & 1) === 1 ? 1 : -1)));
      y = Math.min(HEIGHT - 1, Math.max(0, y + ((input & 2) === 2 ? 1 : -1)));
      if (field[y]![x]! < SYMBOLS.length - 3) field[y]![x] = field[y]![x]! + 1;
      input >>= 2;
    }
  }
  field[HEIGHT >> 1]![WIDTH >> 1] = SYMBOLS.length - 2;
  field[y]![x] = SYMBOLS.length - 1;
  const rule = (text: string): string => `+${`[${text}]`.padStart((WIDTH + text.length + 2) >> 1, '-').padEnd(WIDTH, '-')}+`;
  return [rule(title), ...field.map((row) => `|${[...row].map((value) => SYMBOLS[value]).join('')}|`), rule('SHA256')].join('\n');
}

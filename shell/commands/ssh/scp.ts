/** scp(1) of OpenSSH 9.2: copies files by running `cat` at the other end of ssh: plain files, no directories yet. */
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { concat, fromUtf8 } from '../../ports/bytes.ts';
import { strerror } from '../../lib/errno.ts';
import { connect } from './connect.ts';
import { parseSsh } from './options.ts';

export const scp = defineCommand({
  name: 'scp',
  summary: 'OpenSSH secure file copy',
  package: 'openssh-client',
  async run(call) {
    const options: string[] = [];
    const operands: string[] = [];
    let isRecursive = false;
    for (let at = 0; at < call.args.length; at += 1) {
      const word = call.args[at]!;
      if (!word.startsWith('-') || word === '-') operands.push(word);
      else if (word === '-r') isRecursive = true;
      else if (/^-[pqCBTv46]+$/.test(word)) continue;
      else if (/^-[ioFP]$/.test(word)) options.push(word === '-P' ? '-p' : word, call.args[at += 1] ?? '');
      else return notSimulated(call, `option ${word}`);
    }
    if (isRecursive) return notSimulated(call, 'option -r');
    const target = operands.pop();
    if (target === undefined || operands.length === 0) {
      call.err('usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]\n           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]\n           [-P port] [-S program] [-X sftp_option] source ... target');
      return 1;
    }
    let code = 0;
    for (const source of operands) code = (await copy(call, options, source, target)) || code;
    return code;
  },
});

interface Place { readonly destination: string | undefined; readonly path: string }

function placeOf(text: string): Place {
  const colon = text.indexOf(':');
  return colon <= 0 || text.slice(0, colon).includes('/') ? { destination: undefined, path: text } : { destination: text.slice(0, colon), path: text.slice(colon + 1) || '.' };
}

const quoted = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`;

/** A remote path is expanded by the remote home directory. */
const remotePath = (path: string): string => (path.startsWith('~/') ? `"$HOME"/${quoted(path.slice(2))}` : quoted(path));

async function copy(call: Invocation, options: readonly string[], source: string, target: string): Promise<number> {
  const { sys } = call;
  const from = placeOf(source);
  const to = placeOf(target);
  const name = from.path.replace(/\/+$/, '').split('/').at(-1)!;
  let bytes: Uint8Array;
  if (from.destination === undefined) {
    const stat = sys.stat(from.path);
    if (stat.ok && stat.value.kind === 'directory') {
      call.err(`scp: local "${from.path}" is not a regular file`);
      return 1;
    }
    const read = await sys.readFile(from.path);
    if (!read.ok) {
      call.err(`scp: stat local "${from.path}": ${strerror(read.error)}`);
      return 1;
    }
    bytes = read.value;
  } else {
    const got = await remote(call, options, from.destination, `cat ${remotePath(from.path)}`);
    if (got === undefined) return 255;
    if (got.code !== 0) {
      call.err(`scp: ${from.path}: ${got.errors.trim().split(': ').at(-1) ?? 'No such file or directory'}`);
      return 1;
    }
    bytes = got.output;
  }
  if (to.destination === undefined) {
    const stat = sys.stat(to.path);
    const path = stat.ok && stat.value.kind === 'directory' ? `${to.path.replace(/\/$/, '')}/${name}` : to.path;
    const written = await sys.writeFile(path, bytes);
    if (!written.ok) {
      call.err(`scp: open local "${path}": ${strerror(written.error)}`);
      return 1;
    }
  } else {
    const path = remotePath(to.path);
    const put = await remote(call, options, to.destination, `t=${path}; [ -d "$t" ] && t="$t"/${quoted(name)}; cat > "$t"`, bytes);
    if (put === undefined) return 255;
    if (put.code !== 0) {
      call.err(`scp: dest open "${to.path}": ${put.errors.trim().split(': ').at(-1) ?? 'Failure'}`);
      return 1;
    }
  }
  if (call.stdoutIsTerminal) call.out(`${name.padEnd(45)} 100% ${String(bytes.length).padStart(4)}     1.0MB/s   00:00    `);
  return 0;
}

async function remote(call: Invocation, options: readonly string[], destination: string, command: string, input?: Uint8Array): Promise<{ code: number; output: Uint8Array; errors: string } | undefined> {
  const parsed = parseSsh([...options, destination, command]);
  if (typeof parsed === 'string' || !('host' in parsed)) return undefined;
  const channel = await connect(call, parsed, { command, terminal: undefined });
  if (channel === undefined) return undefined;
  for (let at = 0; input !== undefined && at < input.length; at += 16_384) await channel.send('i', input.subarray(at, at + 16_384));
  await channel.send('f');
  const output: Uint8Array[] = [];
  let errors = '';
  for (;;) {
    const record = await channel.next();
    if (record === undefined) break;
    if (record.kind === 'o') output.push(record.content);
    else if (record.kind === 'e') errors += fromUtf8(record.content);
    else if (record.kind === 'x') {
      channel.close();
      return { code: Number(fromUtf8(record.content)), output: concat(...output), errors };
    }
  }
  channel.close();
  return { code: 255, output: concat(...output), errors };
}

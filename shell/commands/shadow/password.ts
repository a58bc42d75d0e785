/**
 * Passwords as /etc/shadow keeps them, and asking for one. Read first: crypt(5), pam_unix(8).
 * The hash has the shape of Debian's yescrypt and is none: it tells a right password from a wrong one, in this machine.
 */
import type { Sys } from '../../../machine/sys.ts';
import { utf8 } from '../../ports/bytes.ts';
import { sha256 } from '../coreutils/hashes.ts';
import type { Invocation } from '../define.ts';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function makeHash(sys: Pick<Sys, 'randomBytes'>, password: string): string {
  return hashed(password, [...sys.randomBytes(22)].map((byte) => ALPHABET[byte & 63]!).join(''));
}

function hashed(password: string, salt: string): string {
  const digest = sha256(utf8(`${salt}$${password}`));
  let text = '';
  for (let at = 0; at < 43; at += 1) text += ALPHABET[Number.parseInt(digest.slice(at, at + 2).padEnd(2, '0'), 16) & 63]!;
  return `$y$j9T$${salt}$${text}`;
}

/** Whether a password opens an account. An empty field takes none at all (nullok). */
export async function isRight(sys: Sys, user: string, password: string): Promise<boolean> {
  const file = await sys.readText('/etc/shadow');
  const stored = (file.ok ? file.value : '').split('\n').map((line) => line.split(':')).find(([name]) => name === user)?.[1];
  if (stored === undefined || stored === '') return stored === '' && password === '';
  const salt = /^\$y\$j9T\$([^$]+)\$/.exec(stored)?.[1];
  return salt !== undefined && stored === hashed(password, salt);
}

/** A prompt on standard error and a line that is not echoed; undefined at the end of input. */
export async function askSecret(call: Invocation, prompt: string): Promise<string | undefined> {
  const { sys } = call;
  call.writeErr(prompt);
  await call.flush();
  const modes = sys.terminalModes(0);
  if (modes.ok) sys.setTerminalModes(0, { ...modes.value, echo: false });
  let line = '';
  let isOver = false;
  // One byte at a time: what follows the line is for whoever reads next.
  for (;;) {
    const got = await sys.read(0, 1);
    isOver = !got.ok || got.value.length === 0;
    if (isOver || (got.ok && got.value[0] === 10)) break;
    if (got.ok) line += String.fromCharCode(got.value[0]!);
  }
  if (modes.ok) {
    sys.setTerminalModes(0, modes.value);
    call.err('');
  }
  return isOver && line === '' ? undefined : line;
}

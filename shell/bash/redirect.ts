/** Redirections. Read first: bash(1) "REDIRECTION" */
import { ashRedirect } from './ash-words.ts';
import type { Shell } from './shell.ts';
import type { Redirect } from './ast.ts';
import type { OpenFlags } from '../../machine/sys.ts';
import { errnoText } from '../../machine/errno.ts';
import { encode } from './escapes.ts';
import { ShellError } from './errors.ts';
import { expandDocument, expandText, expandWordInto } from './expand.ts';
import { openNetwork } from './network-redirect.ts';
import { piecesOf } from './word.ts';

/** How to put the descriptors back. */
export type Undo = { readonly fd: number; readonly saved: number | undefined }[];

const FLAGS: Readonly<Record<string, OpenFlags>> = {
  '<': { read: true }, '>': { write: true, create: true, truncate: true }, '>|': { write: true, create: true, truncate: true }, '>>': { write: true, create: true, append: true },
  '<>': { read: true, write: true, create: true }, '&>': { write: true, create: true, truncate: true }, '&>>': { write: true, create: true, append: true },
};

/** Answers false, with the message printed, when one of them fails; those before it are undone. `keep`: for `exec`. */
export async function applyRedirects(shell: Shell, redirects: readonly Redirect[], undo: Undo | undefined): Promise<boolean> {
  await shell.flush();
  for (const redirect of redirects) {
    const trouble = await applyOne(shell, redirect, undo);
    if (trouble === undefined) continue;
    await shell.error(shell.isAsh ? ashRedirect(trouble, FLAGS[redirect.operator]?.create === true) : trouble);
    return false;
  }
  return true;
}

function save(shell: Shell, fd: number, undo: Undo | undefined): void {
  if (undo === undefined) return;
  const copy = shell.sys.duplicate(fd, undefined, 10);
  if (copy.ok) shell.sys.setCloseOnExec(copy.value, true);
  undo.push({ fd, saved: copy.ok ? copy.value : undefined });
}

export function undoRedirects(shell: Shell, undo: Undo): void {
  for (const { fd, saved } of undo.reverse()) {
    if (saved === undefined) shell.sys.close(fd);
    else {
      shell.sys.duplicate(saved, fd);
      shell.sys.close(saved);
    }
  }
}

async function targetWord(shell: Shell, redirect: Redirect): Promise<string | { ambiguous: string }> {
  const words: string[] = [];
  await expandWordInto(shell, redirect.target, words);
  return words.length === 1 ? words[0]! : { ambiguous: redirect.target.text };
}

async function applyOne(shell: Shell, redirect: Redirect, undo: Undo | undefined): Promise<string | undefined> {
  const { sys } = shell;
  const { operator } = redirect;
  const isInput = operator.startsWith('<');
  let fd = redirect.fd ?? (isInput ? 0 : 1);
  if (redirect.variable !== undefined && redirect.target.text === '-') {
    const held = shell.get(redirect.variable);
    if (held === undefined || !/^[0-9]+$/.test(held)) return `${redirect.variable}: ambiguous redirect`;
    fd = Number(held);
  }
  let source: number;
  let isTemporary = true;
  if (operator === '<<' || operator === '<<-' || operator === '<<<') {
    const text = operator === '<<<' ? `${await expandText(shell, piecesOf(redirect.target))}\n` : redirect.isQuoted ? redirect.target.text : await expandDocument(shell, redirect.target.text);
    const made = await hereFile(shell, text);
    if (typeof made === 'string') return made;
    source = made;
  } else if (operator === '<&' || operator === '>&') {
    const word = await targetWord(shell, redirect);
    if (typeof word !== 'string') return `${word.ambiguous}: ambiguous redirect`;
    const copy = /^([0-9]+)(-?)$/.exec(word);
    if (word === '-') {
      save(shell, fd, undo);
      sys.close(fd);
      return undefined;
    }
    if (copy === null) {
      if (operator === '<&' || redirect.fd !== undefined) return `${word === '' ? redirect.target.text : word}: ambiguous redirect`;
      return openBoth(shell, word, { write: true, create: true, truncate: true }, undo);
    }
    source = Number(copy[1]);
    if (!sys.fds().has(source)) return `${copy[1]}: Bad file descriptor`;
    isTemporary = false;
    if (redirect.variable !== undefined) return assignDescriptor(shell, redirect.variable, source, false);
    if (source !== fd) {
      save(shell, fd, undo);
      sys.duplicate(source, fd);
    } else sys.setCloseOnExec(fd, false);
    if (copy[2] === '-' && source !== fd) {
      save(shell, source, undo);
      sys.close(source);
    }
    return undefined;
  } else {
    const word = await targetWord(shell, redirect);
    if (typeof word !== 'string') return `${word.ambiguous}: ambiguous redirect`;
    if (operator === '&>' || operator === '&>>') return openBoth(shell, word, FLAGS[operator]!, undo);
    let flags = FLAGS[operator]!;
    if (operator === '>' && shell.options.noclobber) {
      const existing = sys.stat(word);
      if (existing.ok && existing.value.kind === 'file') return `${word}: cannot overwrite existing file`;
    }
    flags = { ...flags, mode: 0o666 };
    const opened = await openSpecial(shell, word, flags);
    if (typeof opened === 'string') return opened;
    source = opened;
  }
  if (redirect.variable !== undefined) return assignDescriptor(shell, redirect.variable, source, true);
  if (source !== fd) {
    save(shell, fd, undo);
    sys.duplicate(source, fd);
    if (isTemporary) sys.close(source);
  } else {
    // The descriptor was free: undoing closes it.
    undo?.push({ fd, saved: undefined });
  }
  return undefined;
}

async function openSpecial(shell: Shell, path: string, flags: OpenFlags): Promise<number | string> {
  const { sys } = shell;
  const [, protocol, host, service] = /^\/dev\/(tcp|udp)\/([^/]*)\/(.*)$/.exec(path) ?? [];
  if (host !== undefined) return openNetwork(shell, path, protocol as 'tcp' | 'udp', host, service!);
  for (;;) {
    const opened = await sys.open(path, flags);
    if (opened.ok) return opened.value;
    if (opened.error === 'EINTR') continue;
    return `${path}: ${errnoText(opened.error)}`;
  }
}

async function openBoth(shell: Shell, path: string, flags: OpenFlags, undo: Undo | undefined): Promise<string | undefined> {
  if (shell.options.noclobber && flags.truncate === true) {
    const existing = shell.sys.stat(path);
    if (existing.ok && existing.value.kind === 'file') return `${path}: cannot overwrite existing file`;
  }
  const opened = await openSpecial(shell, path, flags);
  if (typeof opened === 'string') return opened;
  for (const fd of [1, 2]) {
    if (opened === fd) continue;
    save(shell, fd, undo);
    shell.sys.duplicate(opened, fd);
  }
  if (opened > 2) shell.sys.close(opened);
  return undefined;
}

/** {name}>file: a descriptor from 10 up, which stays open after the command. */
function assignDescriptor(shell: Shell, name: string, source: number, isOurs: boolean): string | undefined {
  const high = shell.sys.duplicate(source, undefined, 10);
  if (!high.ok) return `${name}: ${errnoText(high.error)}`;
  if (isOurs) shell.sys.close(source);
  try {
    shell.assign(name, undefined, String(high.value), false);
  } catch (thrown) {
    if (!(thrown instanceof ShellError)) throw thrown;
    shell.sys.close(high.value);
    return `${name}: cannot assign fd to variable`;
  }
  return undefined;
}

/** A here-document's text at the end of a pipe, or in a file when it is long. */
async function hereFile(shell: Shell, text: string): Promise<number | string> {
  const { sys } = shell;
  const bytes = encode(text);
  if (bytes.length <= 4096 * 16) {
    const pipe = sys.pipe();
    if (!pipe.ok) return errnoText(pipe.error);
    if (bytes.length > 0) await sys.write(pipe.value[1], bytes);
    sys.close(pipe.value[1]);
    return pipe.value[0];
  }
  const path = `/tmp/sh-thd.${sys.random(2 ** 31)}`;
  const written = await sys.writeFile(path, bytes, { mode: 0o600 });
  if (!written.ok) return `cannot create temp file for here-document: ${errnoText(written.error)}`;
  const opened = await sys.open(path, { read: true });
  sys.unlink(path);
  return opened.ok ? opened.value : errnoText(opened.error);
}

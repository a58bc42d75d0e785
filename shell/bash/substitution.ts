/** $(...) and <(...): a forked shell at the other end of a pipe. Read first: bash(1) "Command Substitution", "Process Substitution" */
import type { Shell } from './shell.ts';
import { concat } from '../ports/bytes.ts';
import { decode } from './escapes.ts';
import { forked } from './fork.ts';
import { LONGEST_WORD, ShellError, checkLength } from './errors.ts';
import { handledSignals, runSubshell } from './execute.ts';
import { expandText } from './expand.ts';
import { parseProgram } from './parse.ts';
import { runProgram } from './run.ts';
import { piecesOf } from './word.ts';
import { statusNumber } from './jobs.ts';

export async function commandSubstitution(shell: Shell, source: string): Promise<string> {
  const bytes = (await fileContents(shell, source)) ?? (await captured(shell, source));
  let text = decode(bytes);
  if (text.includes('\0')) {
    await shell.error('warning: command substitution: ignored null byte in input');
    text = text.replaceAll('\0', '');
  }
  let end = text.length;
  while (end > 0 && text[end - 1] === '\n') end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

/** $(<file) needs no process. */
async function fileContents(shell: Shell, source: string): Promise<Uint8Array | undefined> {
  if (!/^\s*</.test(source)) return undefined;
  const parsed = parseProgram(source, shell.line);
  const only = parsed.items.length === 1 && parsed.trouble === undefined ? parsed.items[0]!.command : undefined;
  if (only?.kind !== 'simple' || only.words.length > 0 || only.assignments.length > 0 || only.redirects.length !== 1 || only.redirects[0]!.operator !== '<') return undefined;
  const path = await expandText(shell, piecesOf(only.redirects[0]!.target));
  const read = await shell.sys.readFile(path);
  if (read.ok) {
    shell.substitutionStatus = 0;
    return read.value;
  }
  return undefined;
}

async function captured(shell: Shell, source: string): Promise<Uint8Array> {
  const { sys } = shell;
  await shell.flush();
  const pipe = sys.pipe();
  if (!pipe.ok) throw new ShellError('cannot make pipe for command substitution: Too many open files');
  const [reader, writer] = pipe.value;
  const line = shell.line;
  const inner = shell.fork(sys, true);
  const child = await forked(shell, () => sys.fork(async (childSys) => {
    inner.sys = childSys;
    childSys.duplicate(writer, 1);
    childSys.close(writer);
    childSys.close(reader);
    inner.traceDepth += 1;
    inner.options.set('monitor', false);
    if (!inner.options.shopt('inherit_errexit') && !inner.options.posix) inner.options.set('errexit', false);
    return runSubshell(inner, () => runProgram(inner, source, line, { mayExec: true }));
  }, { defaultSignals: handledSignals(shell) }), pipe.value);
  sys.close(writer);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const part = await sys.read(reader, 65_536);
    if (!part.ok && part.error === 'EINTR') continue;
    if (!part.ok || part.value.length === 0) break;
    chunks.push(part.value);
    size += part.value.length;
    if (size <= LONGEST_WORD) continue;
    sys.close(reader);
    checkLength(size);
  }
  sys.close(reader);
  const status = await shell.jobs.waitForProcess(shell, child);
  shell.substitutionStatus = statusNumber(status);
  return chunks.length === 1 ? chunks[0]! : concat(...chunks);
}

export async function processSubstitution(shell: Shell, operator: '<' | '>', source: string): Promise<string> {
  const { sys } = shell;
  await shell.flush();
  const pipe = sys.pipe();
  if (!pipe.ok) throw new ShellError('cannot make pipe for process substitution: Too many open files');
  const [reader, writer] = pipe.value;
  const ours = operator === '<' ? reader : writer;
  const theirs = operator === '<' ? writer : reader;
  const line = shell.line;
  // bash hands out high numbers, from 63 down.
  let fd = 63;
  while (sys.fds().has(fd)) fd -= 1;
  const inner = shell.fork(sys, true);
  const child = await forked(shell, () => sys.fork(async (childSys) => {
    inner.sys = childSys;
    childSys.duplicate(theirs, operator === '<' ? 1 : 0);
    childSys.close(reader);
    childSys.close(writer);
    return runSubshell(inner, () => runProgram(inner, source, line, { mayExec: true }));
  }, { defaultSignals: handledSignals(shell) }), pipe.value);
  sys.close(theirs);
  sys.duplicate(ours, fd);
  sys.close(ours);
  shell.lastBackgroundPid = child;
  shell.jobs.forget(child);
  shell.substitutionFds.push(fd);
  return `/dev/fd/${fd}`;
}

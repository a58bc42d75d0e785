/** read. Read first: help read */
import type { TerminalModes } from '../../../machine/sys.ts';
import type { Shell } from '../shell.ts';
import { decode, encode } from '../escapes.ts';
import { ShellInterrupt } from '../errors.ts';
import { expandIndex } from '../expand.ts';
import { readLine } from '../../readline/read-line.ts';
import { createLineEditor } from '../../readline/line-editor.ts';
import { History } from '../../readline/history.ts';
import { runPendingTraps } from '../traps.ts';
import { VALID_NAME } from '../variables.ts';
import { parseOptions } from './options.ts';

export async function readBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'read', args, 'ersa:d:i:n:N:p:t:u:', 'read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]');
  if (options === undefined) return 2;
  const { flags, values, rest: names } = options;
  const fd = Number(values.get('u') ?? 0);
  const { sys } = shell;
  if (!/^[0-9]+$/.test(values.get('u') ?? '0') || !sys.fds().has(fd)) {
    await shell.error(`read: ${values.get('u') ?? fd}: invalid file descriptor: Bad file descriptor`);
    return 1;
  }
  const timeoutText = values.get('t') ?? (shell.get('TMOUT') || undefined);
  if (timeoutText !== undefined && !/^\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(timeoutText)) {
    await shell.error(`read: ${timeoutText}: invalid timeout specification`);
    return 1;
  }
  const timeoutUs = timeoutText === undefined || (!values.has('t') && Number(timeoutText) === 0) ? undefined : Math.round(Number(timeoutText) * 1_000_000);
  const countText = values.get('N') ?? values.get('n');
  if (countText !== undefined && !/^[0-9]+$/.test(countText)) {
    await shell.error(`read: ${countText}: invalid number`);
    return 1;
  }
  for (const name of names) {
    if (VALID_NAME.test(name.replace(/\[[\s\S]*\]$/, ''))) continue;
    await shell.error(`read: \`${name}': not a valid identifier`);
    return 1;
  }
  if (timeoutUs === 0) {
    const ready = await sys.poll([{ fd, read: true }], 0);
    return ready.ok && ready.value.length > 0 ? 0 : 1;
  }
  const isTerminal = sys.isTerminal(fd);
  if (values.has('p') && isTerminal) await shell.write(2, values.get('p')!);
  if (flags.has('e') && isTerminal) return readEdited(shell, values, flags.has('r'), names);
  const delimiter = values.has('N') ? undefined : values.has('d') ? encode(values.get('d')!)[0] ?? 0 : 10;
  const limit = countText === undefined ? undefined : Number(countText);
  const modes = isTerminal && (flags.has('s') || limit !== undefined || (delimiter !== undefined && delimiter !== 10)) ? quietModes(shell, fd, flags.has('s'), limit !== undefined || delimiter !== 10) : undefined;
  try {
    const got = limit === 0 ? { text: '', escaped: [], ended: 'delimiter' as const } : await collect(shell, fd, { delimiter, limit, raw: flags.has('r'), timeoutUs });
    if (got.ended === 'interrupted') throw new ShellInterrupt();
    await store(shell, got.text, got.escaped, names, values.get('a'), values.has('N'));
    return got.ended === 'delimiter' ? 0 : got.ended === 'timeout' ? 142 : got.ended === 'error' ? 1 : 1;
  } finally {
    if (modes !== undefined) sys.setTerminalModes(fd, modes, 'now');
  }
}

function quietModes(shell: Shell, fd: number, silent: boolean, byCharacter: boolean): TerminalModes | undefined {
  const modes = shell.sys.terminalModes(fd);
  if (!modes.ok) return undefined;
  shell.sys.setTerminalModes(fd, { ...modes.value, echo: silent ? false : modes.value.echo, canonical: byCharacter ? false : modes.value.canonical, minimum: 1, timeDeciseconds: 0 });
  return modes.value;
}

interface Collected { readonly text: string; /** Positions (UTF-16) a backslash protected. */ readonly escaped: readonly number[]; readonly ended: 'delimiter' | 'end' | 'timeout' | 'interrupted' | 'error' }

/** One byte at a time, so that what follows stays for others; in blocks where it can be put back. */
async function collect(shell: Shell, fd: number, options: { delimiter: number | undefined; limit: number | undefined; raw: boolean; timeoutUs: number | undefined }): Promise<Collected> {
  const { sys } = shell;
  const deadlineUs = options.timeoutUs === undefined ? undefined : sys.monotonicUs() + options.timeoutUs;
  const canSeek = sys.seek(fd, 0, 'current').ok && !sys.isTerminal(fd);
  let buffer = new Uint8Array(0);
  let at = 0;
  const bytes: number[] = [];
  const escapedBytes: number[] = [];
  let characters = 0;
  let isEscaped = false;
  let ended: Collected['ended'] = 'end';
  for (;;) {
    if (at >= buffer.length) {
      if (deadlineUs !== undefined) {
        const ready = await sys.poll([{ fd, read: true }], Math.max(0, deadlineUs - sys.monotonicUs()));
        if (ready.ok && ready.value.length === 0) {
          ended = 'timeout';
          break;
        }
      }
      const part = await sys.read(fd, canSeek ? 4096 : 1);
      if (!part.ok) {
        if (part.error === 'EINTR') {
          if (shell.interrupted) {
            shell.interrupted = false;
            ended = 'interrupted';
            break;
          }
          if (shell.pendingTraps.size > 0) await runPendingTraps(shell);
          continue;
        }
        await shell.error(`read: read error: ${fd}: ${part.error === 'EISDIR' ? 'Is a directory' : 'Bad file descriptor'}`);
        ended = 'error';
        break;
      }
      if (part.value.length === 0) break;
      buffer = new Uint8Array(part.value);
      at = 0;
    }
    const byte = buffer[at]!;
    at += 1;
    if (isEscaped) {
      isEscaped = false;
      if (byte === 10) continue;
      escapedBytes.push(bytes.length);
      bytes.push(byte);
      characters += 1;
    } else if (byte === 92 && !options.raw) {
      isEscaped = true;
      continue;
    } else if (byte === options.delimiter) {
      ended = 'delimiter';
      break;
    } else {
      if (byte === 0) continue;
      bytes.push(byte);
      if ((byte & 0xc0) !== 0x80) characters += 1;
    }
    if (options.limit !== undefined && characters >= options.limit) {
      // A character of several bytes is taken whole.
      const need = expectedBytes(bytes);
      if (need > 0) continue;
      ended = 'delimiter';
      break;
    }
  }
  if (canSeek && at < buffer.length) sys.seek(fd, at - buffer.length, 'current');
  const text = decode(Uint8Array.from(bytes));
  const escaped = escapedBytes.length === 0 ? [] : escapedBytes.map((position) => decode(Uint8Array.from(bytes.slice(0, position))).length);
  return { text, escaped, ended };
}

function expectedBytes(bytes: readonly number[]): number {
  for (let back = 1; back <= 4 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return Math.max(0, length - back);
  }
  return 0;
}

async function readEdited(shell: Shell, values: ReadonlyMap<string, string>, raw: boolean, names: readonly string[]): Promise<number> {
  const outcome = await readLine(shell.sys, { prompt: values.get('p') ?? '', history: shell.interactive?.history ?? new History(), editor: shell.interactive?.editor ?? createLineEditor(), ...(values.has('i') ? { initialText: values.get('i')! } : {}) });
  if (outcome.kind === 'interrupted') throw new ShellInterrupt();
  if (outcome.kind !== 'line') return outcome.kind === 'timeout' ? 142 : 1;
  const text = raw ? outcome.text : outcome.text.replace(/\\([\s\S])/g, '$1');
  await store(shell, text, [], names, values.get('a'), false);
  return 0;
}

async function store(shell: Shell, text: string, escaped: readonly number[], names: readonly string[], array: string | undefined, whole: boolean): Promise<void> {
  const set = async (target: string, value: string): Promise<void> => {
    const element = /^([A-Za-z_][A-Za-z0-9_]*)\[([\s\S]*)\]$/.exec(target);
    if (element === null) shell.assign(target, undefined, value, false);
    else shell.assign(element[1]!, await expandIndex(shell, element[1]!, element[2]!), value, false);
  };
  if (array !== undefined) {
    const variable = shell.own(shell.resolveName(array).name);
    if (variable.associative !== undefined) {
      await shell.error(`read: ${array}: cannot convert associative to indexed array`);
      return;
    }
    shell.setArray(shell.resolveName(array).name, splitFields(text, escaped, shell.ifs(), undefined));
    return;
  }
  if (names.length === 0) {
    await set('REPLY', text);
    return;
  }
  if (whole) {
    await set(names[0]!, text);
    for (const name of names.slice(1)) await set(name, '');
    return;
  }
  const fields = splitFields(text, escaped, shell.ifs(), names.length);
  for (const [index, name] of names.entries()) await set(name, fields[index] ?? '');
}

/** With a limit the last field is the rest of the line, its surrounding blanks taken off. */
export function splitFields(text: string, escaped: readonly number[], ifs: string, limit: number | undefined): string[] {
  const protectedAt = new Set(escaped);
  const isSeparator = (i: number): boolean => ifs.includes(text[i]!) && !protectedAt.has(i);
  const isBlank = (i: number): boolean => isSeparator(i) && ' \t\n'.includes(text[i]!);
  let end = text.length;
  while (end > 0 && isBlank(end - 1)) end -= 1;
  let i = 0;
  while (i < end && isBlank(i)) i += 1;
  const fields: string[] = [];
  while (i < end) {
    if (limit !== undefined && fields.length === limit - 1) {
      let rest = text.slice(i, end);
      // A single trailing separator does not belong to the last field when nothing else separates in it.
      const last = end - 1;
      if (isSeparator(last) && !isBlank(last)) {
        let others = false;
        for (let j = i; j < last; j += 1) if (isSeparator(j) && !isBlank(j)) others = true;
        if (!others) {
          let stop = last;
          while (stop > i && isBlank(stop - 1)) stop -= 1;
          let inner = false;
          for (let j = i; j < stop; j += 1) if (isSeparator(j)) inner = true;
          if (!inner) rest = text.slice(i, stop);
        }
      }
      fields.push(rest);
      return fields;
    }
    const start = i;
    while (i < end && !isSeparator(i)) i += 1;
    fields.push(text.slice(start, i));
    while (i < end && isBlank(i)) i += 1;
    if (i < end && isSeparator(i) && !isBlank(i)) {
      i += 1;
      while (i < end && isBlank(i)) i += 1;
    }
  }
  return fields;
}

/** link, unlink, mkfifo, mknod, sync, pathchk, shred: one system call each, or little more. Read first: coreutils manual, chapters 11, 12 and 18. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { changeMode } from './files.ts';
import { named, quoted, quotedIfNeeded } from './quote.ts';

function complain(call: Invocation, text: string): ExitCode {
  call.err(`${call.name}: ${text}`);
  return 1;
}

function misused(call: Invocation, text: string): ExitCode {
  return complain(call, `${text}\nTry '${call.name} --help' for more information.`);
}

/** Exactly so many operands; else what is wrong. */
function wrongCount(operands: readonly string[], wanted: number): string | undefined {
  if (operands.length < wanted) return `missing operand${operands.length === 0 ? '' : ` after ${named(operands.at(-1)!)}`}`;
  return operands.length > wanted ? `extra operand ${named(operands[wanted]!)}` : undefined;
}

export const link = defineCommand({
  name: 'link', summary: 'make a hard link by the system call', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: '' });
    if (options === undefined) return 1;
    const wrong = wrongCount(options.operands, 2);
    if (wrong !== undefined) return misused(call, wrong);
    const [from, to] = options.operands as [string, string];
    const made = call.sys.link(from, to);
    return made.ok ? 0 : complain(call, `cannot create link ${quoted(to)} to ${quoted(from)}: ${strerror(made.error)}`);
  },
});

export const unlink = defineCommand({
  name: 'unlink', summary: 'remove a file by the system call', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: '' });
    if (options === undefined) return 1;
    const wrong = wrongCount(options.operands, 1);
    if (wrong !== undefined) return misused(call, wrong);
    const gone = call.sys.unlink(options.operands[0]!);
    return gone.ok ? 0 : complain(call, `cannot unlink ${quoted(options.operands[0]!)}: ${strerror(gone.error)}`);
  },
});

const MODE = { short: 'm:Z', long: { mode: 'required=m', context: 'optional=Z' } } as const;

/** -m, or what the umask leaves of rw-rw-rw-. */
function nodeMode(call: Invocation, text: string | undefined): number | undefined {
  return text === undefined ? 0o666 & ~call.sys.umask() : changeMode(text, 0o666, false, call.sys.umask());
}

export const mkfifo = defineCommand({
  name: 'mkfifo', summary: 'make named pipes', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, MODE);
    if (options === undefined) return 1;
    if (options.operands.length === 0) return misused(call, 'missing operand');
    const mode = nodeMode(call, options.value('m'));
    if (mode === undefined) return complain(call, 'invalid mode');
    let code: ExitCode = 0;
    for (const path of options.operands) {
      const made = call.sys.makeNode(path, 'fifo', mode);
      if (!made.ok) code = complain(call, `cannot create fifo ${quoted(path)}: ${strerror(made.error)}`);
      else if (options.has('m')) call.sys.chmod(path, mode);
    }
    return code;
  },
});

export const mknod = defineCommand({
  name: 'mknod', summary: 'make a special file', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, MODE);
    if (options === undefined) return 1;
    const [path, type = '', ...numbers] = options.operands;
    const mode = nodeMode(call, options.value('m'));
    if (mode === undefined) return complain(call, 'invalid mode');
    const isFifo = type === 'p';
    const needed = isFifo ? 2 : 4;
    if (options.operands.length < needed) {
      const hint = options.operands.length === 2 ? '\nSpecial files require major and minor device numbers.' : '';
      return misused(call, `missing operand${path === undefined ? '' : ` after ${named(options.operands.at(-1)!)}`}${hint}`);
    }
    if (options.operands.length > needed) return misused(call, `extra operand ${named(options.operands[needed]!)}${isFifo && options.operands.length === 4 ? '\nFifos do not have major and minor device numbers.' : ''}`);
    if (isFifo) {
      const made = call.sys.makeNode(path!, 'fifo', mode);
      if (!made.ok) return complain(call, `${quotedIfNeeded(path!)}: ${strerror(made.error)}`);
      if (options.has('m')) call.sys.chmod(path!, mode);
      return 0;
    }
    if (!/^[bcu]$/.test(type)) return misused(call, `invalid device type ${named(type)}`);
    const bad = numbers.findIndex((number) => !/^(0x[0-9a-fA-F]+|\d+)$/.test(number));
    if (bad !== -1) return complain(call, `invalid ${bad === 0 ? 'major' : 'minor'} device number ${named(numbers[bad]!)}`);
    if (call.sys.uid !== 0) return complain(call, `${quotedIfNeeded(path!)}: ${strerror('EPERM')}`);
    return notSimulated(call, 'making a device');
  },
});

export const sync = defineCommand({
  name: 'sync', summary: 'write what is cached to the disk', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'df', long: { data: 'none=d', 'file-system': 'none=f' } });
    if (options === undefined) return 1;
    if (options.has('d') && options.has('f')) return complain(call, 'cannot specify both --data and --file-system');
    if (options.has('d') && options.operands.length === 0) return complain(call, '--data needs at least one argument');
    let code: ExitCode = 0;
    for (const path of options.operands) {
      const opened = await call.sys.open(path, { read: true, nonBlocking: true });
      if (opened.ok) call.sys.close(opened.value);
      else code = complain(call, `error opening ${quoted(path)}: ${strerror(opened.error)}`);
    }
    return code;
  },
});

export const pathchk = defineCommand({
  name: 'pathchk', summary: 'check names of files', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'pP', long: { portability: 'none' } });
    if (options === undefined) return 1;
    if (options.operands.length === 0) return misused(call, 'missing operand');
    const isBasic = options.has('p') || options.has('portability');
    const isStrict = options.has('P') || options.has('portability');
    let code: ExitCode = 0;
    for (const path of options.operands) {
      const wrong = wrongName(call, path, isBasic, isStrict);
      if (wrong !== undefined) code = complain(call, wrong);
    }
    return code;
  },
});

function wrongName(call: Invocation, path: string, isBasic: boolean, isStrict: boolean): string | undefined {
  if (isStrict && /(^|\/)-/.test(path)) return `leading '-' in a component of file name ${quoted(path)}`;
  if ((isBasic || isStrict) && path === '') return 'empty file name';
  const stranger = isBasic ? /[^A-Za-z0-9._/-]/.exec(path)?.[0] : undefined;
  if (stranger !== undefined) return `nonportable character ${named(stranger)} in file name ${quoted(path)}`;
  if (!isBasic) {
    const found = call.sys.stat(path, false);
    if (!found.ok && (found.error !== 'ENOENT' || path === '')) return `${path === '' ? "''" : quotedIfNeeded(path)}: ${strerror(found.error)}`;
  }
  const [longest, longestPart] = isBasic ? [255, 14] : [4095, 255];
  if (path.length > longest) return `limit ${longest} exceeded by length ${path.length} of file name ${quoted(path)}`;
  const part = path.split('/').find((each) => each.length > longestPart);
  return part === undefined ? undefined : `limit ${longestPart} exceeded by length ${part.length} of file name component ${named(part)}`;
}

/** Bytes with K, M or G. */
function sizeOf(text: string): number | undefined {
  const match = /^(\d+)([KMGT])?$/i.exec(text);
  return match === null ? undefined : Number(match[1]) * 1024 ** ('KMGT'.indexOf((match[2] ?? ' ').toUpperCase()) + 1);
}

export const shred = defineCommand({
  name: 'shred', summary: 'overwrite a file to hide its contents', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'fn:s:uvxz', long: { force: 'none=f', iterations: 'required=n', size: 'required=s', remove: 'optional=u', verbose: 'none=v', exact: 'none=x', zero: 'none=z', 'random-source': 'required' } });
    if (options === undefined) return 1;
    const passesText = options.value('n') ?? '3';
    if (!/^\d+$/.test(passesText)) return complain(call, `invalid number of passes: ${named(passesText)}`);
    const size = options.value('s') === undefined ? -1 : sizeOf(options.value('s')!);
    if (size === undefined) return complain(call, `invalid file size: ${named(options.value('s')!)}`);
    if (options.operands.length === 0) return misused(call, 'missing file operand');
    let code: ExitCode = 0;
    for (const path of options.operands) {
      const plan = { path, randomPasses: Number(passesText), endsWithZeros: options.has('z'), size, isExact: options.has('x'), isVerbose: options.has('v'), isForced: options.has('f') };
      const overwritten = await overwrite(call, plan);
      if (!overwritten) code = 1;
      else if (options.has('u')) remove(call, path, options.has('v'));
    }
    return code;
  },
});

interface Overwriting { readonly path: string; readonly randomPasses: number; readonly endsWithZeros: boolean; readonly size: number; readonly isExact: boolean; readonly isVerbose: boolean; readonly isForced: boolean }

async function overwrite(call: Invocation, plan: Overwriting): Promise<boolean> {
  const { sys } = call;
  const shown = quotedIfNeeded(plan.path);
  let opened = await sys.open(plan.path, { write: true });
  if (!opened.ok && opened.error === 'EACCES' && plan.isForced && sys.chmod(plan.path, 0o200).ok) opened = await sys.open(plan.path, { write: true });
  if (!opened.ok) {
    complain(call, `${shown}: failed to open for writing: ${strerror(opened.error)}`);
    return false;
  }
  const stat = sys.statFd(opened.value);
  const length = stat.ok ? stat.value.size : 0;
  const size = plan.size >= 0 ? plan.size : plan.isExact ? length : Math.ceil(length / 4096) * 4096;
  const passes = plan.randomPasses + (plan.endsWithZeros ? 1 : 0);
  for (let pass = 1; pass <= passes && size > 0; pass += 1) {
    const isZeros = plan.endsWithZeros && pass === passes;
    if (plan.isVerbose) call.err(`shred: ${shown}: pass ${pass}/${passes} (${isZeros ? '000000' : 'random'})...`);
    sys.seek(opened.value, 0, 'set');
    const wrote = await sys.write(opened.value, isZeros ? new Uint8Array(size) : sys.randomBytes(size));
    if (!wrote.ok) {
      complain(call, `${shown}: error writing at offset 0: ${strerror(wrote.error)}`);
      sys.close(opened.value);
      return false;
    }
  }
  sys.close(opened.value);
  return true;
}

/** -u: renamed to ever shorter names of zeros, then unlinked. */
function remove(call: Invocation, path: string, isVerbose: boolean): void {
  const say = (text: string): void => {
    if (isVerbose) call.err(`shred: ${text}`);
  };
  say(`${quotedIfNeeded(path)}: removing`);
  const at = path.lastIndexOf('/') + 1;
  let current = path;
  for (let length = path.length - at; length > 0; length -= 1) {
    const shorter = path.slice(0, at) + '0'.repeat(length);
    if (call.sys.stat(shorter, false).ok || !call.sys.rename(current, shorter).ok) continue;
    say(`${quotedIfNeeded(current)}: renamed to ${shorter}`);
    current = shorter;
  }
  if (call.sys.unlink(current).ok) say(`${quotedIfNeeded(path)}: removed`);
}

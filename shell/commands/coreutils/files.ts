/** cp, mv, rm, mkdir, rmdir, touch, ln, readlink, realpath, chmod, chown, mktemp, basename, dirname, pwd, stat, du, df, truncate, install. Read first: coreutils manual, chapters 11 to 14. */
import type { ExitCode, FileStat } from '../../../machine/sys.ts';
import { civil, formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { parseDateTime } from '../../lib/parse-datetime.ts';
import { epochOfWall, timeZone, type TimeZone } from '../../lib/time-zone.ts';
import type { Result } from '../../ports/result.ts';
import { groupName, userName } from '../accounts/accounts.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { humanSize, modeString } from './ls.ts';
import { named, quoted } from './quote.ts';
import { fileSystemSizes, statFileSystems } from './stat-file-system.ts';

function missing(call: Invocation, operands: readonly string[], wanted: number, words = ['missing operand']): boolean {
  if (operands.length >= wanted) return false;
  call.err(operands.length === 0 ? `${call.name}: ${words[0]!}` : `${call.name}: ${words[1] ?? `missing operand after ${named(operands.at(-1)!)}`}`);
  call.err(`Try '${call.name} --help' for more information.`);
  return true;
}

function base(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed.replace(/^.*\//, '');
}

function under(directory: string, name: string): string {
  return `${directory.replace(/\/+$/, '')}/${name}`;
}

// ---------------------------------------------------------------- cp, mv, rm
export const cp = defineCommand({
  name: 'cp', summary: 'copy files', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'abdfiHlLnPpRrsS:t:Tuvx', long: { archive: 'none=a', force: 'none=f', interactive: 'none=i', 'no-clobber': 'none=n', recursive: 'none=r', verbose: 'none=v', update: 'none=u', 'target-directory': 'required=t', 'no-target-directory': 'none=T', parents: 'none', preserve: 'optional=p' } });
    if (options === undefined) return 1;
    const plan = targets(call, options.operands, options.value('t'), options.has('T'));
    if (plan === undefined) return 1;
    const isRecursive = ['a', 'r', 'R'].some((letter) => options.has(letter));
    let code: ExitCode = 0;
    const copy = async (from: string, to: string): Promise<void> => {
      const follows = !options.has('a') && !options.has('d') && !options.has('P') && !isRecursive;
      const stat = call.sys.stat(from, follows);
      if (!stat.ok) return failure(`cannot stat ${quoted(from)}: ${strerror(stat.error)}`);
      const there = call.sys.stat(to);
      if (stat.value.kind === 'directory') {
        if (!isRecursive) return failure(`-r not specified; omitting directory ${quoted(from)}`);
        if (`${call.sys.realPath(to).ok ? (call.sys.realPath(to) as { value: string }).value : to}/`.startsWith(`${(call.sys.realPath(from) as { value: string }).value}/`) && there.ok) return failure(`cannot copy a directory, ${quoted(from)}, into itself, ${quoted(to)}`);
        if (!there.ok) {
          const made = call.sys.makeDirectory(to, stat.value.mode);
          if (!made.ok) return failure(`cannot create directory ${quoted(to)}: ${strerror(made.error)}`);
          if (options.has('v')) call.out(`${quoted(from)} -> ${quoted(to)}`);
        } else if (there.value.kind !== 'directory') return failure(`cannot overwrite non-directory ${quoted(to)} with directory ${quoted(from)}`);
        const names = call.sys.list(from);
        for (const name of names.ok ? names.value : []) await copy(under(from, name), under(to, name));
        return;
      }
      if (there.ok && there.value.inode === stat.value.inode && there.value.device === stat.value.device) return failure(`${quoted(from)} and ${quoted(to)} are the same file`);
      if (there.ok && there.value.kind === 'directory') return failure(`cannot overwrite directory ${quoted(to)} with non-directory`);
      if (there.ok && options.has('n')) return;
      if (there.ok && options.has('u') && there.value.modifiedUs >= stat.value.modifiedUs) return;
      if (there.ok && options.has('i') && !(await confirm(call, `cp: overwrite ${quoted(to)}? `))) return;
      if (stat.value.kind === 'symlink') {
        const link = call.sys.readLink(from);
        if (there.ok) call.sys.unlink(to);
        if (link.ok) call.sys.symlink(link.value, to);
        return;
      }
      const content = await call.sys.readFile(from);
      if (!content.ok) return failure(`cannot open ${quoted(from)} for reading: ${strerror(content.error)}`);
      const written = await call.sys.writeFile(to, content.value, { mode: stat.value.mode & 0o777 });
      if (!written.ok) return failure(`cannot create regular file ${quoted(to)}: ${strerror(written.error)}`);
      if (options.has('a') || options.has('p')) {
        call.sys.chmod(to, stat.value.mode);
        call.sys.chown(to, stat.value.uid, stat.value.gid);
        call.sys.setTimes(to, stat.value.accessedUs, stat.value.modifiedUs);
      }
      if (options.has('v')) call.out(`${quoted(from)} -> ${quoted(to)}`);
    };
    const failure = (text: string): void => {
      call.err(`cp: ${text}`);
      code = 1;
    };
    for (const [from, to] of plan) await copy(from, to);
    return code;
  },
});

/** SOURCE... DEST: into a directory, or onto one file. */
function targets(call: Invocation, operands: readonly string[], directory: string | undefined, isFile: boolean): [string, string][] | undefined {
  if (directory === undefined && missing(call, operands, 2, ['missing file operand', `missing destination file operand after ${quoted(operands[0] ?? '')}`])) return undefined;
  const sources = directory === undefined ? operands.slice(0, -1) : operands;
  const destination = directory ?? operands.at(-1)!;
  const stat = call.sys.stat(destination);
  const isDirectory = stat.ok && stat.value.kind === 'directory' && !isFile;
  if (!isDirectory && (sources.length > 1 || directory !== undefined)) {
    call.err(`${call.name}: target ${quoted(destination)}: ${strerror(stat.ok ? 'ENOTDIR' : stat.error)}`);
    return undefined;
  }
  return sources.map((source) => [source, isDirectory ? under(destination, base(source)) : destination]);
}

async function confirm(call: Invocation, question: string): Promise<boolean> {
  call.writeErr(question);
  await call.flush();
  const got = await call.sys.read(0, 4096);
  return got.ok && /^[yY]/.test(String.fromCharCode(...got.value.subarray(0, 1)));
}

export const mv = defineCommand({
  name: 'mv', summary: 'move or rename files', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'bfint:TuvS:', long: { force: 'none=f', interactive: 'none=i', 'no-clobber': 'none=n', verbose: 'none=v', update: 'none=u', 'target-directory': 'required=t', 'no-target-directory': 'none=T' } });
    if (options === undefined) return 1;
    const plan = targets(call, options.operands, options.value('t'), options.has('T'));
    if (plan === undefined) return 1;
    let code: ExitCode = 0;
    for (const [from, to] of plan) {
      const stat = call.sys.stat(from, false);
      const there = call.sys.stat(to, false);
      let problem: string | undefined;
      if (!stat.ok) problem = `cannot stat ${quoted(from)}: ${strerror(stat.error)}`;
      else if (there.ok && there.value.inode === stat.value.inode && there.value.device === stat.value.device) problem = `${quoted(from)} and ${quoted(to)} are the same file`;
      else if (there.ok && options.has('n')) continue;
      else if (there.ok && options.has('i') && !(await confirm(call, `mv: overwrite ${quoted(to)}? `))) continue;
      else {
        const moved = call.sys.rename(from, to);
        if (!moved.ok) problem = moved.error === 'EINVAL' ? `cannot move ${quoted(from)} to a subdirectory of itself, ${quoted(to)}` : `cannot move ${quoted(from)} to ${quoted(to)}: ${strerror(moved.error)}`;
      }
      if (problem === undefined) {
        if (options.has('v')) call.out(`renamed ${quoted(from)} -> ${quoted(to)}`);
        continue;
      }
      call.err(`mv: ${problem}`);
      code = 1;
    }
    return code;
  },
});

export const rm = defineCommand({
  name: 'rm', summary: 'remove files or directories', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'dfiIrRv', long: { force: 'none=f', interactive: 'optional=i', recursive: 'none=r', dir: 'none=d', verbose: 'none=v', 'no-preserve-root': 'none', 'preserve-root': 'optional', 'one-file-system': 'none' } });
    if (options === undefined) return 1;
    const isForced = options.has('f');
    if (!isForced && missing(call, options.operands, 1)) return 1;
    const isRecursive = options.has('r') || options.has('R');
    let code: ExitCode = 0;
    const failure = (text: string): boolean => {
      call.err(`rm: ${text}`);
      code = 1;
      return false;
    };
    const remove = async (path: string): Promise<boolean> => {
      const stat = call.sys.stat(path, false);
      if (!stat.ok) return isForced && (stat.error === 'ENOENT' || stat.error === 'ENOTDIR') ? true : failure(`cannot remove ${quoted(path)}: ${strerror(stat.error)}`);
      const isDirectory = stat.value.kind === 'directory';
      if (isDirectory && !isRecursive && !options.has('d')) return failure(`cannot remove ${quoted(path)}: Is a directory`);
      const noun = isDirectory ? 'directory' : stat.value.kind === 'symlink' ? 'symbolic link' : stat.value.size === 0 ? 'regular empty file' : 'regular file';
      if (isDirectory && isRecursive) {
        const names = call.sys.list(path);
        if (!names.ok) return failure(`cannot remove ${quoted(path)}: ${strerror(names.error)}`);
        if (options.has('i') && names.value.length > 0 && !(await confirm(call, `rm: descend into directory ${quoted(path)}? `))) return false;
        for (const name of names.value) if (!(await remove(under(path, name)))) return false;
      }
      const isProtected = !isForced && call.stdinIsTerminal && stat.value.kind !== 'symlink' && !call.sys.access(path, { write: true }).ok;
      if (options.has('i') && !(await confirm(call, `rm: remove ${noun} ${quoted(path)}? `))) return true;
      if (isProtected && !options.has('i') && !(await confirm(call, `rm: remove write-protected ${noun} ${quoted(path)}? `))) return true;
      const removed = isDirectory ? call.sys.removeDirectory(path) : call.sys.unlink(path);
      if (!removed.ok) return failure(`cannot remove ${quoted(path)}: ${strerror(removed.error)}`);
      if (options.has('v')) call.out(isDirectory ? `removed directory ${quoted(path)}` : `removed ${quoted(path)}`);
      return true;
    };
    for (const path of options.operands) {
      if (/(^|\/)\.\.?\/*$/.test(path)) failure(`refusing to remove '.' or '..' directory: skipping ${quoted(path)}`);
      else if (/^\/+$/.test(path) && isRecursive && !options.has('no-preserve-root')) {
        failure("it is dangerous to operate recursively on '/'");
        call.err('rm: use --no-preserve-root to override this failsafe');
      } else await remove(path);
    }
    return code;
  },
});

// ---------------------------------------------------------------- directories, links, times
export const mkdir = defineCommand({
  name: 'mkdir', summary: 'make directories', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'm:pvZ', long: { mode: 'required=m', parents: 'none=p', verbose: 'none=v' } });
    if (options === undefined) return 1;
    if (missing(call, options.operands, 1)) return 1;
    let code: ExitCode = 0;
    const modeWord = options.value('m');
    const mode = modeWord === undefined ? 0o777 : changeMode(modeWord, 0o777, true, call.sys.umask());
    if (mode === undefined) {
      call.err(`mkdir: invalid mode ${named(modeWord!)}`);
      return 1;
    }
    const make = (path: string, isLast: boolean): boolean => {
      const made = call.sys.makeDirectory(path, isLast ? mode : 0o777);
      if (made.ok) {
        if (isLast && modeWord !== undefined) call.sys.chmod(path, mode);
        if (options.has('v')) call.out(`mkdir: created directory ${quoted(path)}`);
        return true;
      }
      if (options.has('p') && made.error === 'EEXIST') {
        const stat = call.sys.stat(path);
        if (stat.ok && stat.value.kind === 'directory') return true;
      }
      call.err(`mkdir: cannot create directory ${named(path)}: ${strerror(made.error)}`);
      code = 1;
      return false;
    };
    for (const path of options.operands) {
      if (options.has('p')) {
        const parts = path.replace(/\/+$/, '').split('/');
        for (let i = 1; i <= parts.length; i += 1) {
          const prefix = parts.slice(0, i).join('/');
          if (prefix !== '' && !make(prefix, i === parts.length)) break;
        }
      } else make(path, true);
    }
    return code;
  },
});

export const rmdir = defineCommand({
  name: 'rmdir', summary: 'remove empty directories', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'pv', long: { parents: 'none=p', verbose: 'none=v', 'ignore-fail-on-non-empty': 'none' } });
    if (options === undefined) return 1;
    if (missing(call, options.operands, 1)) return 1;
    let code: ExitCode = 0;
    for (const path of options.operands) {
      for (let each = path; each !== ''; each = options.has('p') && each.includes('/') ? each.replace(/\/+[^/]*\/*$/, '') : '') {
        const removed = call.sys.removeDirectory(each);
        if (removed.ok) continue;
        if (!(options.has('ignore-fail-on-non-empty') && removed.error === 'ENOTEMPTY')) {
          call.err(`rmdir: failed to remove ${each === path ? '' : 'directory '}${quoted(each)}: ${strerror(removed.error)}`);
          code = 1;
        }
        break;
      }
    }
    return code;
  },
});

export const touch = defineCommand({
  name: 'touch', summary: 'change file times', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'acd:fhmr:t:', long: { 'no-create': 'none=c', date: 'required=d', reference: 'required=r', 'no-dereference': 'none=h' } });
    if (options === undefined) return 1;
    if (missing(call, options.operands, 1, ['missing file operand'])) return 1;
    let timeUs = call.sys.now();
    const [date, stamp, reference] = [options.value('d'), options.value('t'), options.value('r')];
    if (stamp !== undefined && (date !== undefined || reference !== undefined)) {
      call.err("touch: cannot specify times from more than one source\nTry 'touch --help' for more information.");
      return 1;
    }
    const zone = timeZone(call.env.get('TZ'));
    if (date !== undefined) {
      const parsed = parseDateTime(date, call.sys.now(), zone);
      if (parsed === undefined) {
        call.err(`touch: invalid date format ${named(date)}`);
        return 1;
      }
      timeUs = parsed.seconds * 1e6 + Math.floor(parsed.nanoseconds / 1000);
    } else if (reference !== undefined) {
      const stat = call.sys.stat(reference);
      if (!stat.ok) {
        call.err(`touch: failed to get attributes of ${quoted(reference)}: ${strerror(stat.error)}`);
        return 1;
      }
      timeUs = stat.value.modifiedUs;
    } else if (stamp !== undefined) {
      const seconds = stampSeconds(stamp, call.sys.now(), zone);
      if (seconds === undefined) {
        call.err(`touch: invalid date format ${named(stamp)}`);
        return 1;
      }
      timeUs = seconds * 1e6;
    }
    let code: ExitCode = 0;
    for (const path of options.operands) {
      let result: Result = call.sys.setTimes(path, options.has('m') ? undefined : timeUs, options.has('a') ? undefined : timeUs, !options.has('h'));
      if (!result.ok && result.error === 'ENOENT') {
        if (options.has('c') || options.has('h')) continue;
        const opened = await call.sys.open(path, { write: true, create: true, mode: 0o666 });
        if (opened.ok) {
          call.sys.close(opened.value);
          if (date !== undefined || stamp !== undefined || reference !== undefined) call.sys.setTimes(path, timeUs, timeUs);
          continue;
        }
        result = opened;
      }
      if (result.ok) continue;
      call.err(`touch: ${result.error === 'EPERM' ? 'setting times of' : 'cannot touch'} ${quoted(path)}: ${strerror(result.error)}`);
      code = 1;
    }
    return code;
  },
});

/** [[CC]YY]MMDDhhmm[.ss], as POSIX has it for touch -t. */
function stampSeconds(text: string, nowUs: number, zone: TimeZone): number | undefined {
  const match = /^(\d{2}|\d{4})?(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, yearText, ...rest] = match;
  const [month, day, hour, minute, second = 0] = rest.map((part) => Number(part ?? '0')) as [number, number, number, number, number];
  const short = Number(yearText);
  const year = yearText === undefined ? civil(nowUs / 1e6).year : yearText.length === 4 ? short : short + (short < 69 ? 2000 : 1900);
  const epoch = epochOfWall(zone, { year, month, day, hour, minute, second });
  const local = civil(epoch + zone.at(epoch).offsetSeconds);
  return local.month === month && local.day === day && local.hour === hour && local.minute === minute ? epoch : undefined;
}

export const ln = defineCommand({
  name: 'ln', summary: 'make links', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'bfinrsTt:vLP', long: { symbolic: 'none=s', force: 'none=f', 'no-dereference': 'none=n', verbose: 'none=v', relative: 'none=r', 'target-directory': 'required=t', 'no-target-directory': 'none=T' } });
    if (options === undefined) return 1;
    if (missing(call, options.operands, 1, ['missing file operand'])) return 1;
    const directory = options.value('t');
    const operands = options.operands.length === 1 && directory === undefined ? [...options.operands, '.'] : options.operands;
    const destination = directory ?? operands.at(-1)!;
    const stat = call.sys.stat(destination, !options.has('n'));
    const isDirectory = stat.ok && stat.value.kind === 'directory' && !options.has('T');
    let code: ExitCode = 0;
    for (const source of directory === undefined ? operands.slice(0, -1) : operands) {
      const path = isDirectory ? under(destination, base(source)) : destination;
      if (options.has('f')) call.sys.unlink(path);
      const made = options.has('s') ? call.sys.symlink(source, path) : call.sys.link(source, path);
      if (made.ok) {
        if (options.has('v')) call.out(`${quoted(path)} ${options.has('s') ? '->' : '=>'} ${quoted(source)}`);
        continue;
      }
      if (!options.has('s') && made.error === 'ENOENT' && !call.sys.stat(source, false).ok) call.err(`ln: failed to access ${quoted(source)}: ${strerror(made.error)}`);
      else if (!options.has('s') && call.sys.stat(source, false).ok && made.error === 'EPERM') call.err(`ln: ${source}: hard link not allowed for directory`);
      else call.err(`ln: failed to create ${options.has('s') ? 'symbolic' : 'hard'} link ${quoted(path)}${made.error === 'EEXIST' || options.has('s') ? '' : ` => ${quoted(source)}`}: ${strerror(made.error)}`);
      code = 1;
    }
    return code;
  },
});

export const readlink = defineCommand({
  name: 'readlink', summary: 'print where a link points', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'efmnqsvz', long: { canonicalize: 'none=f', 'canonicalize-existing': 'none=e', 'canonicalize-missing': 'none=m', 'no-newline': 'none=n', verbose: 'none=v' } });
    if (options === undefined) return 1;
    if (missing(call, options.operands, 1)) return 1;
    let code: ExitCode = 0;
    for (const path of options.operands) {
      const canonical = ['e', 'f', 'm'].some((letter) => options.has(letter));
      const answer = canonical ? canonicalPath(call, path, options.has('e') ? 'all' : options.has('f') ? 'parent' : 'none') : call.sys.readLink(path);
      if (!answer.ok) {
        if (options.has('v')) call.err(`readlink: ${path}: ${strerror(answer.error)}`);
        code = 1;
      } else call.write(`${answer.value}${options.has('n') ? '' : '\n'}`);
    }
    return code;
  },
});

function canonicalPath(call: Invocation, path: string, needs: 'all' | 'parent' | 'none'): Result<string> {
  const whole = call.sys.realPath(path);
  if (whole.ok || needs === 'all') return whole;
  const full = path.startsWith('/') ? path : under(call.sys.cwd, path);
  const trimmed = full.replace(/\/+$/, '');
  const parent = trimmed.replace(/\/[^/]*$/, '') || '/';
  const real = call.sys.realPath(parent);
  if (real.ok) return { ok: true, value: under(real.value, base(trimmed)) };
  if (needs === 'parent') return real;
  const parts: string[] = [];
  for (const part of full.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return { ok: true, value: `/${parts.join('/')}` };
}

export const realpath = defineCommand({
  name: 'realpath', summary: 'print the resolved path', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'eLmPqsz', long: { 'canonicalize-existing': 'none=e', 'canonicalize-missing': 'none=m', quiet: 'none=q', strip: 'none=s', 'no-symlinks': 'none=s', 'relative-to': 'required' } });
    if (options === undefined) return 1;
    if (options.has('relative-to')) return notSimulated(call, 'option --relative-to');
    if (missing(call, options.operands, 1)) return 1;
    let code: ExitCode = 0;
    for (const path of options.operands) {
      const answer = canonicalPath(call, path, options.has('e') ? 'all' : options.has('m') ? 'none' : 'parent');
      if (answer.ok) call.out(answer.value);
      else {
        if (!options.has('q')) call.err(`realpath: ${path}: ${strerror(answer.error)}`);
        code = 1;
      }
    }
    return code;
  },
});

export const basename = defineCommand({
  name: 'basename', summary: 'strip directory and suffix', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: '+as:z', long: { multiple: 'none=a', suffix: 'required=s' } });
    if (options === undefined) return 1;
    if (missing(call, options.operands, 1)) return 1;
    const isMany = options.has('a') || options.has('s');
    if (!isMany && options.operands.length > 2) {
      call.err(`basename: extra operand ${named(options.operands[2]!)}`);
      call.err("Try 'basename --help' for more information.");
      return 1;
    }
    const suffix = options.value('s') ?? (isMany ? '' : options.operands[1] ?? '');
    for (const path of isMany ? options.operands : options.operands.slice(0, 1)) {
      const name = path === '' ? '' : base(path);
      call.out(suffix !== '' && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name);
    }
    return 0;
  },
});

export const dirname = defineCommand({
  name: 'dirname', summary: 'strip the last component', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'z', long: { zero: 'none=z' } });
    if (options === undefined) return 1;
    if (missing(call, options.operands, 1)) return 1;
    for (const path of options.operands) {
      const trimmed = path.replace(/\/+$/, '');
      const cut = trimmed.replace(/\/*[^/]*$/, '');
      call.write(`${trimmed === '' && path.startsWith('/') ? '/' : cut === '' ? (trimmed.startsWith('/') ? '/' : '.') : cut}${options.has('z') ? '\0' : '\n'}`);
    }
    return 0;
  },
});

export const pwd = defineCommand({
  name: 'pwd', summary: 'print the working directory', package: 'coreutils',
  run: (call) => {
    call.out(call.sys.cwd);
    return 0;
  },
});

export const mktemp = defineCommand({
  name: 'mktemp', summary: 'make a temporary file', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'dp:qtu', long: { directory: 'none=d', tmpdir: 'optional=p', quiet: 'none=q', suffix: 'required', 'dry-run': 'none=u' } });
    if (options === undefined) return 1;
    const template = options.operands[0] ?? 'tmp.XXXXXXXXXX';
    const run = /X{3,}(?!.*X{3,})/.exec(template);
    if (run === null) {
      call.err(`mktemp: too few X's in template ${named(template)}`);
      return 1;
    }
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    const letters = Array.from({ length: run[0].length }, () => alphabet[call.sys.random(alphabet.length)]!).join('');
    const name = template.slice(0, run.index) + letters + template.slice(run.index + run[0].length) + (options.value('suffix') ?? '');
    const directory = options.has('p') ? options.value('p') ?? call.env.get('TMPDIR') ?? '/tmp' : options.operands.length === 0 || options.has('t') ? call.env.get('TMPDIR') ?? '/tmp' : undefined;
    const path = directory === undefined ? name : under(directory, name);
    const made: Result<unknown> = options.has('u') ? { ok: true, value: undefined } : options.has('d') ? call.sys.makeDirectory(path, 0o700) : await call.sys.open(path, { write: true, create: true, exclusive: true, mode: 0o600 });
    if (!made.ok) {
      call.err(`mktemp: failed to create ${options.has('d') ? 'directory' : 'file'} via template ${named(directory === undefined ? template : under(directory, template))}: ${strerror(made.error)}`);
      return 1;
    }
    call.out(path);
    return 0;
  },
});

// ---------------------------------------------------------------- modes and owners
/** A mode as chmod reads it, octal or symbolic, applied to an old one. */
export function changeMode(text: string, old: number, isDirectory: boolean, umask: number): number | undefined {
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8) & 0o7777;
  let mode = old;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(clause);
    if (match === null) return undefined;
    const who = match[1] === '' ? 'a' : match[1]!;
    for (const [, operator, permissions] of match[2]!.matchAll(/([-+=])([rwxXst]*|[ugo])/g)) {
      let bits = 0;
      if (/^[ugo]$/.test(permissions!)) {
        const from = (mode >> { u: 6, g: 3, o: 0 }[permissions as 'u' | 'g' | 'o']) & 7;
        bits = from | (from << 3) | (from << 6);
      } else {
        if (permissions!.includes('r')) bits |= 0o444;
        if (permissions!.includes('w')) bits |= 0o222;
        if (permissions!.includes('x') || (permissions!.includes('X') && (isDirectory || (old & 0o111) !== 0))) bits |= 0o111;
      }
      let mask = 0;
      if (who.includes('a')) mask = 0o777;
      if (who.includes('u')) mask |= 0o700;
      if (who.includes('g')) mask |= 0o070;
      if (who.includes('o')) mask |= 0o007;
      let special = 0;
      if (permissions!.includes('s')) special |= (who.includes('u') || who.includes('a') ? 0o4000 : 0) | (who.includes('g') || who.includes('a') ? 0o2000 : 0);
      if (permissions!.includes('t') && (who.includes('a') || match[1] === '')) special |= 0o1000;
      let chosen = bits & mask;
      if (match[1] === '') chosen &= ~umask;
      chosen |= special;
      if (operator === '+') mode |= chosen;
      else if (operator === '-') mode &= ~chosen;
      else mode = (mode & ~mask) | chosen;
    }
  }
  return mode & 0o7777;
}

function walk(call: Invocation, path: string, isRecursive: boolean, visit: (path: string, stat: FileStat) => void, failure: (path: string, reason: string) => void): void {
  const stat = call.sys.stat(path, !isRecursive);
  if (!stat.ok) return failure(path, strerror(stat.error));
  visit(path, stat.value);
  if (!isRecursive || stat.value.kind !== 'directory') return;
  const names = call.sys.list(path);
  for (const name of names.ok ? names.value : []) walk(call, under(path, name), true, visit, failure);
}

export const chmod = defineCommand({
  name: 'chmod', summary: 'change file modes', package: 'coreutils',
  run: (call) => {
    // -x and the like are modes, not options.
    const index = call.args.findIndex((word) => /^-[rwxXst]+$/.test(word) && !/^-[Rcfv]+$/.test(word));
    const args = index === -1 ? [...call.args] : [...call.args.slice(0, index), ...call.args.slice(index + 1)];
    const options = gnuOptions(call, { short: 'Rcfv', long: { recursive: 'none=R', changes: 'none=c', silent: 'none=f', quiet: 'none=f', verbose: 'none=v', reference: 'required' } }, args);
    if (options === undefined) return 1;
    const operands = index === -1 ? [...options.operands] : [call.args[index]!, ...options.operands];
    if (options.has('reference')) return notSimulated(call, 'option --reference');
    if (missing(call, operands, 2)) return 1;
    const [word = '', ...paths] = operands;
    if (changeMode(word, 0, false, 0) === undefined) {
      call.err(`chmod: invalid mode: ${named(word)}`);
      call.err("Try 'chmod --help' for more information.");
      return 1;
    }
    let code: ExitCode = 0;
    for (const path of paths) {
      walk(call, path, options.has('R'), (each, stat) => {
        if (stat.kind === 'symlink') return;
        const mode = changeMode(word, stat.mode, stat.kind === 'directory', call.sys.umask())!;
        const changed = call.sys.chmod(each, mode);
        if (!changed.ok) {
          call.err(`chmod: changing permissions of ${quoted(each)}: ${strerror(changed.error)}`);
          code = 1;
        } else if (options.has('v') || (options.has('c') && mode !== stat.mode)) {
          const text = (value: number): string => `${value.toString(8).padStart(4, '0')} (${modeString({ kind: 'file', mode: value }).slice(1)})`;
          call.out(mode === stat.mode ? `mode of ${quoted(each)} retained as ${text(mode)}` : `mode of ${quoted(each)} changed from ${text(stat.mode)} to ${text(mode)}`);
        }
      }, (each, reason) => {
        call.err(`chmod: cannot access ${quoted(each)}: ${reason}`);
        code = 1;
      });
    }
    return code;
  },
});

export const chown = defineCommand({
  name: 'chown', aliases: ['chgrp'], summary: 'change file owners', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'RcfvhHLP', long: { recursive: 'none=R', verbose: 'none=v', 'no-dereference': 'none=h' } });
    if (options === undefined) return 1;
    if (missing(call, options.operands, 2)) return 1;
    const [word = '', ...paths] = options.operands;
    const isGroupOnly = call.name === 'chgrp';
    const [userWord, groupWord] = isGroupOnly ? ['', word] : word.split(/[:.]/);
    const { machine } = call.sys;
    const user = userWord === '' ? undefined : machine.users().find((each) => each.name === userWord);
    const uid = userWord === '' || userWord === undefined ? -1 : user?.uid ?? (/^\d+$/.test(userWord) ? Number(userWord) : undefined);
    const gid = groupWord === undefined ? -1 : groupWord === '' ? user?.gid ?? -1 : machine.groups().find((each) => each.name === groupWord)?.gid ?? (/^\d+$/.test(groupWord) ? Number(groupWord) : undefined);
    if (uid === undefined || gid === undefined) {
      call.err(`${call.name}: invalid ${uid === undefined ? 'user' : 'group'}: ${named(isGroupOnly ? groupWord! : word)}`);
      return 1;
    }
    let code: ExitCode = 0;
    for (const path of paths) {
      walk(call, path, options.has('R'), (each, stat) => {
        const changed = call.sys.chown(each, uid === -1 ? stat.uid : uid, gid === -1 ? stat.gid : gid, !options.has('h'));
        if (changed.ok) return;
        call.err(`${call.name}: changing ${isGroupOnly ? 'group' : 'ownership'} of ${quoted(each)}: ${strerror(changed.error)}`);
        code = 1;
      }, (each, reason) => {
        call.err(`${call.name}: cannot access ${quoted(each)}: ${reason}`);
        code = 1;
      });
    }
    return code;
  },
});

// ---------------------------------------------------------------- stat, du, df, truncate, install
const kindNames: Readonly<Record<FileStat['kind'], string>> = { file: 'regular file', directory: 'directory', symlink: 'symbolic link', character: 'character special file', block: 'block special file', fifo: 'fifo', socket: 'socket' };

export const stat = defineCommand({
  name: 'stat', summary: 'show file status', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'c:fLtZ', long: { format: 'required=c', printf: 'required', dereference: 'none=L', 'file-system': 'none=f', terse: 'none=t' } });
    if (options === undefined) return 1;
    if (options.has('t') && !options.has('f')) return notSimulated(call, 'option -t');
    if (missing(call, options.operands, 1)) return 1;
    if (options.has('f')) return statFileSystems(call, options);
    const zone = timeZone(call.env.get('TZ'));
    let code: ExitCode = 0;
    for (const path of options.operands) {
      const got = call.sys.stat(path, options.has('L'));
      if (!got.ok) {
        call.err(`stat: cannot statx ${quoted(path)}: ${strerror(got.error)}`);
        code = 1;
        continue;
      }
      const { value } = got;
      const kind = value.kind === 'file' && value.size === 0 ? 'regular empty file' : kindNames[value.kind];
      const full = (us: number): string => {
        const local = zone.at(us / 1e6);
        return `${formatTime('%Y-%m-%d %H:%M:%S', us / 1e6, undefined, local)}.${String(us % 1_000_000).padStart(6, '0')}000 ${formatTime('%z', us / 1e6, undefined, local)}`;
      };
      const link = value.kind === 'symlink' ? call.sys.readLink(path) : undefined;
      const blocks = value.kind === 'file' || value.kind === 'directory' ? Math.ceil(value.size / 4096) * 8 : 0;
      const fields: Readonly<Record<string, string>> = {
        a: value.mode.toString(8), A: modeString(value), b: String(blocks), B: '512', d: String(value.device), D: value.device.toString(16), f: (value.mode | { file: 0o100000, directory: 0o40000, symlink: 0o120000, character: 0o20000, block: 0o60000, fifo: 0o10000, socket: 0o140000 }[value.kind]).toString(16),
        F: kind, g: String(value.gid), G: groupName(call.sys, value.gid), h: String(value.links), i: String(value.inode), m: value.mount, n: path, N: link?.ok === true ? `${quoted(path)} -> ${quoted(link.value)}` : quoted(path).replace(/^'(.*)'$/, "'$1'"),
        o: '4096', s: String(value.size), u: String(value.uid), U: userName(call.sys, value.uid), w: '-', W: '0', x: full(value.accessedUs), X: String(Math.floor(value.accessedUs / 1e6)), y: full(value.modifiedUs), Y: String(Math.floor(value.modifiedUs / 1e6)), z: full(value.changedUs), Z: String(Math.floor(value.changedUs / 1e6)), '%': '%',
      };
      const format = options.value('c') ?? options.value('printf');
      if (format !== undefined) {
        const text = format.replace(/%([-0]?\d*)([a-zA-Z%])/g, (whole, width: string, letter: string) => (fields[letter] === undefined ? whole : width.startsWith('-') ? fields[letter].padEnd(Number(width.slice(1))) : fields[letter].padStart(Number(width || '0'), width.startsWith('0') ? '0' : ' ')));
        call.write(options.has('printf') ? text.replaceAll('\\n', '\n').replaceAll('\\t', '\t') : `${text}\n`);
        continue;
      }
      call.out(`  File: ${link?.ok === true ? `${path} -> ${link.value}` : path}`);
      call.out(`  Size: ${String(value.size).padEnd(10)}\tBlocks: ${String(blocks).padEnd(10)} IO Block: ${String(4096).padEnd(6)} ${kind}`);
      call.out(`Device: 0,${value.device}\tInode: ${String(value.inode).padEnd(11)} Links: ${value.links}`);
      call.out(`Access: (${value.mode.toString(8).padStart(4, '0')}/${modeString(value)})  Uid: (${String(value.uid).padStart(5)}/${userName(call.sys, value.uid).padStart(8)})   Gid: (${String(value.gid).padStart(5)}/${groupName(call.sys, value.gid).padStart(8)})`);
      call.out(`Access: ${full(value.accessedUs)}`);
      call.out(`Modify: ${full(value.modifiedUs)}`);
      call.out(`Change: ${full(value.changedUs)}`);
      call.out(' Birth: -');
    }
    return code;
  },
});

export const du = defineCommand({
  name: 'du', summary: 'estimate file space', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'abchkmsd:xL', long: { all: 'none=a', bytes: 'none=b', total: 'none=c', 'human-readable': 'none=h', summarize: 'none=s', 'max-depth': 'required=d' } });
    if (options === undefined) return 1;
    const most = options.has('s') ? 0 : options.has('d') ? Number(options.value('d')) : Number.POSITIVE_INFINITY;
    let code: ExitCode = 0;
    const shown = (bytes: number): string => (options.has('b') ? String(bytes) : options.has('h') ? humanSize(bytes) : options.has('m') ? String(Math.ceil(bytes / 2 ** 20)) : String(Math.ceil(bytes / 1024)));
    const measure = (path: string, depth: number): number => {
      const got = call.sys.stat(path, false);
      if (!got.ok) {
        call.err(`du: cannot access ${quoted(path)}: ${strerror(got.error)}`);
        code = 1;
        return 0;
      }
      let sum = options.has('b') ? got.value.size : got.value.kind === 'file' || got.value.kind === 'directory' ? Math.ceil(got.value.size / 4096) * 4096 : 0;
      if (got.value.kind === 'directory') {
        const names = call.sys.list(path);
        for (const name of names.ok ? names.value : []) sum += measure(under(path, name), depth + 1);
      }
      if (depth <= most && (got.value.kind === 'directory' || options.has('a') || depth === 0)) call.out(`${shown(sum)}\t${path}`);
      return sum;
    };
    const total = (options.operands.length === 0 ? ['.'] : options.operands).reduce((sum, path) => sum + measure(path, 0), 0);
    if (options.has('c')) call.out(`${shown(total)}\ttotal`);
    return code;
  },
});

export const df = defineCommand({
  name: 'df', summary: 'show file system space', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'ahHiklPTt:x:', long: { all: 'none=a', 'human-readable': 'none=h', 'print-type': 'none=T', portability: 'none=P', type: 'required=t', inodes: 'none=i' } });
    if (options === undefined) return 1;
    if (options.has('i')) return notSimulated(call, 'option -i');
    const mounts = call.sys.mounts().filter((mount) => fileSystemSizes[mount.type] !== undefined || options.has('a'));
    let chosen = mounts;
    for (const path of options.operands) {
      const real = call.sys.realPath(path);
      if (!real.ok) {
        call.err(`df: ${path}: ${strerror(real.error)}`);
        return 1;
      }
      chosen = mounts.filter((mount) => real.value === mount.target || real.value.startsWith(mount.target.replace(/\/?$/, '/'))).sort((left, right) => right.target.length - left.target.length).slice(0, 1);
    }
    const human = options.has('h');
    const rows = chosen.map((mount) => {
      const { size, used } = fileSystemSizes[mount.type] ?? { size: 0, used: 0 };
      const number = (kib: number): string => (human ? humanSize(kib * 1024) : String(kib));
      return [mount.source, ...(options.has('T') ? [mount.type] : []), number(size), number(used), number(size - used), size === 0 ? '-' : `${Math.ceil((used * 100) / size)}%`, mount.target];
    });
    rows.unshift(['Filesystem', ...(options.has('T') ? ['Type'] : []), human ? 'Size' : options.has('P') ? '1024-blocks' : '1K-blocks', 'Used', human ? 'Avail' : 'Available', human || !options.has('P') ? 'Use%' : 'Capacity', 'Mounted on']);
    const widths = rows[0]!.map((_, index) => Math.max(index === 0 ? 14 : 5, ...rows.map((row) => row[index]!.length)));
    const left = options.has('T') ? 2 : 1;
    for (const row of rows) call.out(row.map((cell, index) => (index === row.length - 1 ? cell : index < left ? cell.padEnd(widths[index]!) : cell.padStart(index === row.length - 2 ? 4 : widths[index]!))).join(' '));
    return 0;
  },
});

export const truncate = defineCommand({
  name: 'truncate', summary: 'set the size of a file', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'cs:r:o', long: { size: 'required=s', 'no-create': 'none=c' } });
    if (options === undefined) return 1;
    const match = /^([+-]?)(\d+)([KMG]?)$/.exec(options.value('s') ?? '');
    if (match === null) {
      call.err(options.has('s') ? `truncate: Invalid number: ${named(options.value('s')!)}` : "truncate: you must specify either ‘--size’ or ‘--reference’\nTry 'truncate --help' for more information.");
      return 1;
    }
    if (missing(call, options.operands, 1, ['missing file operand'])) return 1;
    for (const path of options.operands) {
      const amount = Number(match[2]) * 1024 ** ' KMG'.indexOf(match[3] === '' ? ' ' : match[3]!);
      let got = call.sys.stat(path);
      if (!got.ok && !options.has('c')) {
        await call.sys.writeFile(path, '');
        got = call.sys.stat(path);
      }
      const now = got.ok ? got.value.size : 0;
      const set = call.sys.truncate(path, match[1] === '+' ? now + amount : match[1] === '-' ? Math.max(0, now - amount) : amount);
      if (set.ok) continue;
      call.err(`truncate: cannot open ${quoted(path)} for writing: ${strerror(set.error)}`);
      return 1;
    }
    return 0;
  },
});

export const install = defineCommand({
  name: 'install', summary: 'copy files and set their modes', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'bcdDg:m:o:pst:Tv', long: { directory: 'none=d', mode: 'required=m', 'target-directory': 'required=t' } });
    if (options === undefined) return 1;
    const mode = changeMode(options.value('m') ?? '755', 0, false, 0) ?? 0o755;
    if (options.has('d')) {
      for (const path of options.operands) {
        const parts = path.split('/');
        for (let i = 1; i <= parts.length; i += 1) if (parts.slice(0, i).join('/') !== '') call.sys.makeDirectory(parts.slice(0, i).join('/'), 0o755);
        call.sys.chmod(path, mode);
      }
      return 0;
    }
    const plan = targets(call, options.operands, options.value('t'), options.has('T'));
    if (plan === undefined) return 1;
    for (const [from, to] of plan) {
      const content = await call.sys.readFile(from);
      const written = content.ok ? await call.sys.writeFile(to, content.value, { mode }) : content;
      if (!written.ok) {
        call.err(`install: cannot ${content.ok ? 'create regular file' : 'stat'} ${quoted(content.ok ? to : from)}: ${strerror(written.error)}`);
        return 1;
      }
      call.sys.chmod(to, mode);
    }
    return 0;
  },
});

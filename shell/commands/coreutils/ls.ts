/** ls(1) of coreutils 9.1. Read first: ls.c: print_long_format, print_many_per_line, the default colours of dircolors. */
import type { ExitCode, FileStat } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { timeZone, type TimeZone } from '../../lib/time-zone.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { groupName, userName } from '../accounts/accounts.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { compareVersions } from './fields.ts';
import { quotedIfNeeded } from './quote.ts';

export const ls = defineCommand({
  name: 'ls', aliases: ['dir', 'vdir'], summary: 'list directory contents', package: 'coreutils',
  run: (call) => runLs(call),
});

interface Entry { readonly name: string; readonly path: string; readonly stat: FileStat; readonly target: string | undefined }
interface Style {
  isLong: boolean; isAll: boolean; isAlmostAll: boolean; isOne: boolean; isRecursive: boolean; isReverse: boolean; isHuman: boolean; isDirectoryItself: boolean; hasInode: boolean; isNumeric: boolean;
  hidesOwner: boolean; hidesGroup: boolean; hasBlocks: boolean; classify: boolean; slash: boolean; sort: 'name' | 'time' | 'size' | 'none' | 'version' | 'extension'; time: 'modified' | 'accessed' | 'changed'; isColoured: boolean; isAcross: boolean; isCommas: boolean; quotes: boolean; width: number; timeStyle: string; zone: TimeZone;
}

async function runLs(call: Invocation): Promise<ExitCode> {
  const options = gnuOptions(call, { short: 'abcdfghiklmnopqrstuvw:xABCDFGHI:LNQRST:UXZ1', long: {
    all: 'none=a', 'almost-all': 'none=A', directory: 'none=d', classify: 'optional=F', recursive: 'none=R', reverse: 'none=r', size: 'none=s', 'human-readable': 'none=h', inode: 'none=i', 'numeric-uid-gid': 'none=n',
    color: 'optional', sort: 'required', time: 'required', 'time-style': 'required', 'full-time': 'none', 'group-directories-first': 'none', width: 'required=w', format: 'required', 'no-group': 'none=G', quoting: 'required', 'quoting-style': 'required', literal: 'none=N', dereference: 'none=L', si: 'none' } });
  if (options === undefined) return 2;
  const has = (letters: string): boolean => [...letters].some((letter) => options.has(letter));
  const colour = options.options.findLast((option) => option.name === 'color');
  const when = colour === undefined ? 'never' : colour.value ?? 'always';
  const size = call.stdoutIsTerminal ? call.sys.windowSize(1) : undefined;
  const sortWord = options.value('sort');
  const timeWord = options.value('time');
  const style: Style = {
    isLong: has('lgno') || options.has('full-time') || call.name === 'vdir', isAll: has('af'), isAlmostAll: has('A'), isOne: has('1') || (!call.stdoutIsTerminal && !has('Cxm')), isRecursive: has('R'), isReverse: has('r'), isHuman: has('h'), isDirectoryItself: has('d'), hasInode: has('i'), isNumeric: has('n'),
    hidesOwner: has('g'), hidesGroup: has('oG'), hasBlocks: has('s'), classify: has('F'), slash: has('p'),
    sort: sortWord === 'time' || has('t') ? 'time' : sortWord === 'size' || has('S') ? 'size' : sortWord === 'none' || has('Uf') ? 'none' : sortWord === 'version' || has('v') ? 'version' : sortWord === 'extension' || has('X') ? 'extension' : 'name',
    time: timeWord === 'atime' || timeWord === 'access' || has('u') ? 'accessed' : timeWord === 'ctime' || timeWord === 'status' || has('c') ? 'changed' : 'modified',
    isColoured: when === 'always' || when === 'yes' || ((when === 'auto' || when === 'tty') && call.stdoutIsTerminal), isAcross: has('x'), isCommas: has('m'), quotes: call.stdoutIsTerminal && !has('N') && options.value('quoting-style') !== 'literal',
    width: Number(options.value('w') ?? (size?.ok === true ? size.value.columns : call.env.get('COLUMNS') ?? 80)) || 80, timeStyle: options.has('full-time') ? 'full-iso' : options.value('time-style') ?? 'locale', zone: timeZone(call.env.get('TZ')),
  };
  let code: ExitCode = 0;
  const files: Entry[] = [];
  const directories: string[] = [];
  for (const path of options.operands.length === 0 ? ['.'] : options.operands) {
    const follows = !style.isLong && !style.isDirectoryItself && !style.classify;
    let stat = call.sys.stat(path, follows || has('LH'));
    if (!stat.ok && follows) stat = call.sys.stat(path, false);
    if (!stat.ok) {
      call.err(`ls: cannot access '${path}': ${strerror(stat.error)}`);
      code = 2;
      continue;
    }
    if (stat.value.kind === 'directory' && !style.isDirectoryItself) directories.push(path);
    else files.push(entry(call, path, path, stat.value));
  }
  if (files.length > 0) printEntries(call, sorted(files, style), style);
  const isTitled = files.length + directories.length > 1 || style.isRecursive || (code !== 0 && options.operands.length > 1);
  let isFirst = files.length === 0;
  const queue = sorted(directories.map((path) => ({ name: path, path, stat: (call.sys.stat(path) as { value: FileStat }).value, target: undefined })), style).map((each) => each.path);
  /** Which directory a path that has been listed is. */
  const listed = new Map<string, string>();
  while (queue.length > 0) {
    const path = queue.shift()!;
    if (style.isRecursive && has('L') && isWithinItself(call, path, listed)) {
      call.err(`ls: ${path}: not listing already-listed directory`);
      code = 2;
      continue;
    }
    const names = call.sys.list(path);
    if (!names.ok) {
      call.err(`ls: cannot open directory '${path}': ${strerror(names.error)}`);
      code = code === 0 ? (options.operands.length > 0 ? 2 : 2) : code;
      continue;
    }
    if (isTitled) call.out(`${isFirst ? '' : '\n'}${style.quotes ? quotedIfNeeded(path) : path}:`);
    isFirst = false;
    const all = style.isAll ? ['.', '..', ...names.value] : names.value.filter((name) => style.isAlmostAll || !name.startsWith('.'));
    const entries: Entry[] = [];
    for (const name of all) {
      const full = `${path.replace(/\/$/, '')}/${name}`;
      const stat = call.sys.stat(full, has('L'));
      if (stat.ok) entries.push(entry(call, name, full, stat.value));
      else {
        call.err(`ls: cannot access '${full}': ${strerror(stat.error)}`);
        code = 1;
      }
    }
    const ordered = sorted(entries, style);
    if (options.has('group-directories-first')) ordered.sort((left, right) => Number(right.stat.kind === 'directory') - Number(left.stat.kind === 'directory'));
    if (style.isLong || style.hasBlocks) {
      const blocks = ordered.reduce((sum, each) => sum + blocksOf(each.stat), 0);
      call.out(`total ${style.isHuman ? humanSize(blocks * 1024) : blocks}`);
    }
    printEntries(call, ordered, style);
    if (style.isRecursive) queue.unshift(...ordered.filter((each) => each.stat.kind === 'directory' && each.name !== '.' && each.name !== '..').map((each) => each.path));
    await call.flush();
  }
  return code;
}

/** Links followed may lead back to a directory above. */
function isWithinItself(call: Invocation, path: string, listed: Map<string, string>): boolean {
  const stat = call.sys.stat(path);
  const key = stat.ok ? `${stat.value.device}:${stat.value.inode}` : '';
  for (let above = path.replace(/\/[^/]*$/, ''); ; above = above.replace(/\/[^/]*$/, '')) {
    if (stat.ok && listed.get(above === '' ? '/' : above) === key) return true;
    if (!above.includes('/')) break;
  }
  listed.set(path, key);
  return false;
}

function entry(call: Invocation, name: string, path: string, stat: FileStat): Entry {
  const target = stat.kind === 'symlink' ? call.sys.readLink(path) : undefined;
  return { name, path, stat, target: target?.ok === true ? target.value : undefined };
}

/** In KiB; a small file takes one page. */
/** Of 1024 bytes, as a file system of 4096-byte pages gives them out. */
export function blocksOf(stat: FileStat): number {
  return stat.kind === 'file' || stat.kind === 'directory' ? Math.ceil(stat.size / 4096) * 4 : 0;
}

function timeOf(stat: FileStat, style: Style): number {
  return style.time === 'accessed' ? stat.accessedUs : style.time === 'changed' ? stat.changedUs : stat.modifiedUs;
}

/** In the C.UTF-8 locale names sort by code point. */
function byName(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function sorted(entries: Entry[], style: Style): Entry[] {
  const ordered = [...entries];
  if (style.sort !== 'none') {
    ordered.sort((left, right) => {
      if (style.sort === 'time') return timeOf(right.stat, style) - timeOf(left.stat, style) || byName(left.name, right.name);
      if (style.sort === 'size') return right.stat.size - left.stat.size || byName(left.name, right.name);
      if (style.sort === 'version') return compareVersions(left.name, right.name);
      if (style.sort === 'extension') return byName(/\.[^.]*$/.exec(left.name)?.[0] ?? '', /\.[^.]*$/.exec(right.name)?.[0] ?? '') || byName(left.name, right.name);
      return byName(left.name, right.name);
    });
  }
  return style.isReverse ? ordered.reverse() : ordered;
}

const letters: Readonly<Record<FileStat['kind'], string>> = { file: '-', directory: 'd', symlink: 'l', character: 'c', block: 'b', fifo: 'p', socket: 's' };

/** `drwxr-xr-x`, with s, S, t, T. */
export function modeString(stat: Pick<FileStat, 'kind' | 'mode'>): string {
  const { mode } = stat;
  const triple = (shift: number, special: boolean, mark: string): string => {
    const bits = (mode >> shift) & 7;
    const execute = special ? ((bits & 1) !== 0 ? mark : mark.toUpperCase()) : (bits & 1) !== 0 ? 'x' : '-';
    return `${(bits & 4) !== 0 ? 'r' : '-'}${(bits & 2) !== 0 ? 'w' : '-'}${execute}`;
  };
  return letters[stat.kind] + triple(6, (mode & 0o4000) !== 0, 's') + triple(3, (mode & 0o2000) !== 0, 's') + triple(0, (mode & 0o1000) !== 0, 't');
}

export function humanSize(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T', 'P'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return String(bytes);
  const tenths = Math.ceil(value * 10) / 10;
  return tenths < 10 ? `${tenths.toFixed(1)}${units[unit]}` : `${Math.ceil(value)}${units[unit]}`;
}

/** dircolors' defaults, for what a lab holds. */
function colourOf(stat: FileStat, name: string, isBroken: boolean): string | undefined {
  switch (stat.kind) {
    case 'directory': return (stat.mode & 0o1002) === 0o1002 ? '30;42' : (stat.mode & 0o002) !== 0 ? '34;42' : (stat.mode & 0o1000) !== 0 ? '37;44' : '01;34';
    case 'symlink': return isBroken ? '40;31;01' : '01;36';
    case 'fifo': return '40;33';
    case 'socket': return '01;35';
    case 'character': case 'block': return '40;33;01';
    case 'file':
      if ((stat.mode & 0o4000) !== 0) return '37;41';
      if ((stat.mode & 0o2000) !== 0) return '30;43';
      if ((stat.mode & 0o111) !== 0) return '01;32';
      if (/\.(tar|tgz|gz|zip|xz|bz2|zst|deb|rpm|jar)$/.test(name)) return '01;31';
      if (/\.(jpg|jpeg|png|gif|svg|webp|mp4|mkv)$/.test(name)) return '01;35';
      return undefined;
  }
}

function decorated(call: Invocation, each: Entry, style: Style, name = each.name): { text: string; width: number } {
  const plain = style.quotes ? quotedIfNeeded(name) : name;
  const suffix = (style.classify || (style.slash && each.stat.kind === 'directory')) ? classifier(each.stat, style) : '';
  const code = style.isColoured ? colourOf(each.stat, name, each.stat.kind === 'symlink' && !call.sys.stat(each.path).ok) : undefined;
  return { text: `${code === undefined ? plain : `\u001b[${code}m${plain}\u001b[0m`}${suffix}`, width: [...plain].length + suffix.length };
}

function classifier(stat: FileStat, style: Style): string {
  if (stat.kind === 'directory') return '/';
  if (!style.classify) return '';
  if (stat.kind === 'symlink') return style.isLong ? '' : '@';
  if (stat.kind === 'fifo') return '|';
  if (stat.kind === 'socket') return '=';
  return stat.kind === 'file' && (stat.mode & 0o111) !== 0 ? '*' : '';
}

function printEntries(call: Invocation, entries: readonly Entry[], style: Style): void {
  if (entries.length === 0) return;
  if (style.isColoured && entries.some((each) => colourOf(each.stat, each.name, false) !== undefined)) call.write('\u001b[0m');
  if (style.isLong) return printLong(call, entries, style);
  const inodeWidth = style.hasInode ? Math.max(...entries.map((each) => String(each.stat.inode).length)) : 0;
  const blockWidth = style.hasBlocks ? Math.max(...entries.map((each) => String(blocksOf(each.stat)).length)) : 0;
  const cells = entries.map((each) => {
    const name = decorated(call, each, style);
    const lead = `${style.hasInode ? `${String(each.stat.inode).padStart(inodeWidth)} ` : ''}${style.hasBlocks ? `${String(blocksOf(each.stat)).padStart(blockWidth)} ` : ''}`;
    return { text: lead + name.text, width: lead.length + name.width };
  });
  // When some name on the screen is quoted, the others move one to the right.
  const hasQuotes = style.quotes && entries.some((each) => quotedIfNeeded(each.name) !== each.name);
  const aligned = hasQuotes ? cells.map((cell, index) => (quotedIfNeeded(entries[index]!.name) === entries[index]!.name ? { text: ` ${cell.text}`, width: cell.width + 1 } : cell)) : cells;
  if (style.isCommas) {
    call.out(cells.map((cell) => cell.text).join(', '));
    return;
  }
  if (style.isOne) {
    for (const cell of aligned) call.out(cell.text);
    return;
  }
  const { columns, widths, rows } = layout(aligned.map((cell) => cell.width), style.width, style.isAcross);
  for (let row = 0; row < rows; row += 1) {
    let line = '';
    let at = 0;
    let position = 0;
    for (let column = 0; column < columns; column += 1) {
      const cell = aligned[style.isAcross ? row * columns + column : column * rows + row];
      if (cell === undefined) break;
      line += indent(position, at) + cell.text;
      position = at + cell.width;
      at += widths[column]!;
    }
    call.out(line);
  }
}

/** ls writes tabs to get from one column to the next where a tab stop lies between. */
function indent(from: number, to: number): string {
  let made = '';
  let at = from;
  while (at < to) {
    if (Math.floor(to / 8) > Math.floor((at + 1) / 8)) {
      made += '\t';
      at += 8 - (at % 8);
    } else {
      made += ' ';
      at += 1;
    }
  }
  return made;
}

function layout(sizes: readonly number[], width: number, isAcross: boolean): { columns: number; widths: number[]; rows: number } {
  for (let columns = Math.min(sizes.length, Math.floor(width / 3)); columns > 1; columns -= 1) {
    const rows = Math.ceil(sizes.length / columns);
    const widths: number[] = [];
    sizes.forEach((size, index) => {
      const column = isAcross ? index % columns : Math.floor(index / rows);
      widths[column] = Math.max(widths[column] ?? 3, size + (column === columns - 1 ? 0 : 2));
    });
    if (widths.reduce((sum, each) => sum + each, 0) < width) return { columns: isAcross ? columns : Math.ceil(sizes.length / rows), widths, rows };
  }
  return { columns: 1, widths: [0], rows: sizes.length };
}

function printLong(call: Invocation, entries: readonly Entry[], style: Style): void {
  const nowS = call.sys.now() / 1e6;
  const rows = entries.map((each) => {
    const { stat } = each;
    const owner = style.isNumeric ? String(stat.uid) : userName(call.sys, stat.uid);
    const group = style.isNumeric ? String(stat.gid) : groupName(call.sys, stat.gid);
    const size = stat.rdev !== undefined ? `${stat.rdev[0]}, ${String(stat.rdev[1])}` : style.isHuman ? humanSize(stat.size) : String(stat.size);
    return { each, links: String(stat.links), owner, group, size, time: timeText(timeOf(stat, style) / 1e6, nowS, style, timeOf(stat, style)) };
  });
  const width = (key: 'links' | 'owner' | 'group' | 'size'): number => Math.max(...rows.map((row) => row[key].length));
  const [links, owner, group, size] = [width('links'), width('owner'), width('group'), width('size')];
  const inode = style.hasInode ? Math.max(...entries.map((each) => String(each.stat.inode).length)) : 0;
  for (const row of rows) {
    const name = decorated(call, row.each, style).text;
    const cells = [modeString(row.each.stat), row.links.padStart(links), ...(style.hidesOwner ? [] : [row.owner.padEnd(owner)]), ...(style.hidesGroup ? [] : [row.group.padEnd(group)]), row.size.padStart(size), row.time, name];
    const lead = `${style.hasInode ? `${String(row.each.stat.inode).padStart(inode)} ` : ''}${style.hasBlocks ? `${blocksOf(row.each.stat)} ` : ''}`;
    let arrow = '';
    if (row.each.target !== undefined) {
      const there = call.sys.stat(row.each.path);
      const code = style.isColoured && there.ok ? colourOf(there.value, row.each.target, false) : undefined;
      const target = style.quotes ? quotedIfNeeded(row.each.target) : row.each.target;
      arrow = ` -> ${code === undefined ? target : `\u001b[${code}m${target}\u001b[0m`}${style.classify && there.ok ? classifier(there.value, { ...style, isLong: false }) : ''}`;
    }
    call.out(`${lead}${cells.join(' ')}${arrow}`);
  }
}

/** Older than half a year or in the future: the year instead of the hour. */
function timeText(seconds: number, nowS: number, { timeStyle: style, zone }: Style, us: number): string {
  const local = (format: string): string => formatTime(format, seconds, undefined, zone.at(seconds));
  if (style === 'full-iso') return `${local('%Y-%m-%d %H:%M:%S')}.${String(us % 1_000_000).padStart(6, '0')}000 ${local('%z')}`;
  if (style === 'long-iso') return local('%Y-%m-%d %H:%M');
  if (style.startsWith('+')) return local(style.slice(1));
  const isRecent = seconds <= nowS && nowS - seconds < 31556952 / 2;
  return local(isRecent ? '%b %e %H:%M' : '%b %e  %Y');
}

/** find -printf: directives, widths and escapes. Read first: find(1), "-printf format"; findutils find/print.c. */
import type { FileStat, Sys } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import type { TimeZone } from '../../lib/time-zone.ts';
import { groupName, userName } from '../accounts/accounts.ts';
import { blocksOf, modeString } from '../coreutils/ls.ts';
import { formatOne } from '../system/facts.ts';
import type { Item } from './expression.ts';

interface Context { readonly sys: Sys; readonly zone: TimeZone; warn(text: string): void }

const letters: Readonly<Record<FileStat['kind'], string>> = { file: 'f', directory: 'd', symlink: 'l', fifo: 'p', socket: 's', character: 'c', block: 'b' };
const shape = /\\(?:([0-7]{1,3})|([\s\S]))|%([-+ #0]*)(\d*)(?:\.(\d+))?(?:([ABCT])([\s\S])|([\s\S]))/g;

/** The text of one file; warns, once, of what it does not know when it is made. */
export function printer(format: string, context: Context): (item: Item) => string {
  const parts: (string | ((item: Item) => string))[] = [];
  let at = 0;
  let stop = format.length;
  for (const match of format.matchAll(shape)) {
    const [whole, octal, escape, flags = '', width = '', precision, timeKind, timeLetter, letter] = match;
    parts.push(format.slice(at, match.index));
    at = match.index + whole.length;
    const shown = (text: string): string => formatOne('s', flags, Number(width), precision === undefined ? undefined : Number(precision), text, 0);
    if (octal !== undefined) parts.push(String.fromCharCode(Number.parseInt(octal, 8) & 0xff));
    else if (escape === 'c') {
      stop = at;
      break;
    } else if (escape !== undefined) {
      const made = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' }[escape];
      if (made === undefined) context.warn(`unrecognized escape \`\\${escape}'`);
      parts.push(made ?? whole);
    } else if (letter === '%') parts.push('%');
    else if (letter === 'd') parts.push((item) => formatOne('d', flags, Number(width), undefined, '', item.depth));
    else if (letter === 'm') parts.push((item) => formatOne('o', flags, Number(width), undefined, '', item.stat.mode));
    else if (timeKind !== undefined && timeKind !== 'B') parts.push((item) => shown(timeField(timeLetter!, timeOf(item.stat, timeKind), context.zone)));
    else if (letter !== undefined && known.has(letter)) parts.push((item) => shown(field(letter, item, context)));
    else {
      context.warn(`unrecognized format directive \`%${letter ?? timeKind!}'`);
      parts.push(whole);
    }
  }
  parts.push(format.slice(at, stop));
  return (item) => parts.map((part) => (typeof part === 'string' ? part : part(item))).join('');
}

function timeOf(stat: FileStat, kind: string): number {
  return kind === 'A' || kind === 'a' ? stat.accessedUs : kind === 'C' || kind === 'c' ? stat.changedUs : stat.modifiedUs;
}

function fraction(us: number): string {
  return `.${String(us % 1_000_000).padStart(6, '0')}0000`;
}

/** strftime's letters; what ends in seconds has a fraction. */
function timeField(letter: string, us: number, zone: TimeZone): string {
  const seconds = Math.floor(us / 1e6);
  if (letter === '@') return `${seconds}${fraction(us)}`;
  if (letter === '+') return formatTime('%Y-%m-%d+%H:%M:%S', seconds, undefined, zone.at(seconds)) + fraction(us);
  return formatTime(`%${letter}`, seconds, undefined, zone.at(seconds)) + ('STX'.includes(letter) ? fraction(us) : '');
}

const known = new Set('abcDFfgGhHiklMnpPsStuUyY');

function field(letter: string, item: Item, { sys, zone }: Context): string {
  const { stat, path } = item;
  switch (letter) {
    case 'a': case 'c': case 't': {
      const us = timeOf(stat, letter);
      const seconds = Math.floor(us / 1e6);
      return formatTime(`%a %b %e %H:%M:%S${fraction(us)} %Y`, seconds, undefined, zone.at(seconds));
    }
    case 'b': return String(blocksOf(stat) * 2);
    case 'D': return String(stat.device);
    case 'F': return sys.mounts().findLast((mount) => mount.target === stat.mount)?.type ?? 'unknown';
    case 'f': return item.name;
    case 'g': return groupName(sys, stat.gid);
    case 'G': return String(stat.gid);
    case 'h': return path.includes('/') ? path.replace(/\/[^/]*$/, '') : '.';
    case 'H': return item.root;
    case 'i': return String(stat.inode);
    case 'k': return String(blocksOf(stat));
    case 'l': return linkTarget(item, sys);
    case 'M': return modeString(stat);
    case 'n': return String(stat.links);
    case 'p': return path;
    case 'P': return path.slice(item.root.length).replace(/^\//, '');
    case 's': return String(stat.size);
    case 'S': return stat.size === 0 ? (blocksOf(stat) === 0 ? '1' : 'inf') : formatOne('g', '', 0, undefined, '', (blocksOf(stat) * 1024) / stat.size);
    case 'u': return userName(sys, stat.uid);
    case 'U': return String(stat.uid);
    case 'y': return letters[stat.kind];
    default: {
      const there = stat.kind === 'symlink' ? sys.stat(path) : { ok: true as const, value: stat };
      return there.ok ? letters[there.value.kind] : there.error === 'ELOOP' ? 'L' : 'N';
    }
  }
}

function linkTarget(item: Item, sys: Sys): string {
  const target = item.stat.kind === 'symlink' ? sys.readLink(item.path) : undefined;
  return target?.ok === true ? target.value : '';
}

/** As `ls -dils`, with the columns of find. */
export function listing(item: Item, { sys, zone }: Pick<Context, 'sys' | 'zone'>): string {
  const { stat } = item;
  const seconds = Math.floor(stat.modifiedUs / 1e6);
  const age = sys.now() / 1e6 - seconds;
  const time = formatTime(age >= 0 && age < 31556952 / 2 ? '%b %e %H:%M' : '%b %e  %Y', seconds, undefined, zone.at(seconds));
  const size = stat.rdev === undefined ? String(stat.size).padStart(8) : `${String(stat.rdev[0]).padStart(3)}, ${String(stat.rdev[1]).padStart(3)}`;
  const arrow = stat.kind === 'symlink' ? ` -> ${linkTarget(item, sys)}` : '';
  return `${String(stat.inode).padStart(9)} ${String(blocksOf(stat)).padStart(6)} ${modeString(stat)} ${String(stat.links).padStart(3)} ${userName(sys, stat.uid).padEnd(8)} ${groupName(sys, stat.gid).padEnd(8)} ${size} ${time} ${item.path}${arrow}`;
}

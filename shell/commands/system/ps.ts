/** ps(1) of procps-ng 4.0, pstree and free. Read first: ps(1), "STANDARD FORMAT SPECIFIERS". */
import type { ExitCode, ProcessView, Sys } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { groupName, userName } from '../accounts/accounts.ts';
import { humanSize } from '../coreutils/ls.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { sections } from './ps-help.ts';

interface Column { readonly title: string; readonly isRight: boolean; readonly width: number; value(process: ProcessView, context: Context): string }
interface Context { readonly sys: Sys; readonly prefix: (process: ProcessView) => string }

const TOTAL_KB = 2_021_928;

function clock(us: number): string {
  const seconds = Math.floor(us / 1e6);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  return `${hours}:${minutes}:${rest}`;
}

function elapsed(us: number): string {
  const seconds = Math.max(0, Math.floor(us / 1e6));
  const pad = (value: number): string => String(value).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  return `${days > 0 ? `${days}-` : ''}${days > 0 || hours > 0 ? `${pad(hours)}:` : ''}${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

function state(process: ProcessView, isLong: boolean): string {
  if (!isLong) return process.state;
  return `${process.state}${process.isSessionLeader ? 's' : ''}${process.threads > 1 ? 'l' : ''}${process.terminal !== undefined && process.foregroundGroup === process.processGroup ? '+' : ''}`;
}

function commandLine(process: ProcessView): string {
  if (process.state === 'Z') return `[${process.name}] <defunct>`;
  return process.argv.length === 0 ? `[${process.name}]` : process.argv.join(' ');
}

function startTime(process: ProcessView, sys: Sys, isBsd: boolean): string {
  const isToday = sys.now() - process.startedUs < 86_400_000_000;
  return formatTime(isToday ? '%H:%M' : '%b%d', process.startedUs / 1e6).padStart(isBsd ? 5 : 5);
}

function percentCpu(process: ProcessView, sys: Sys): string {
  const age = sys.now() - process.startedUs;
  if (age < 1e6) return '0.0';                             // procps counts whole seconds
  return Math.min(99.9, (process.cpuUs * 100) / age).toFixed(1);
}

const column = (title: string, width: number, isRight: boolean, value: Column['value']): Column => ({ title, width, isRight, value });
const columns: Readonly<Record<string, Column>> = {
  pid: column('PID', 7, true, (p) => String(p.pid)), ppid: column('PPID', 7, true, (p) => String(p.ppid)), pgid: column('PGID', 7, true, (p) => String(p.processGroup)), pgrp: column('PGRP', 7, true, (p) => String(p.processGroup)),
  sid: column('SID', 7, true, (p) => String(p.session)), sess: column('SESS', 7, true, (p) => String(p.session)), tpgid: column('TPGID', 7, true, (p) => String(p.terminal === undefined ? -1 : p.foregroundGroup)),
  user: column('USER', 8, false, (p, { sys }) => userName(sys, p.uid)), euser: column('EUSER', 8, false, (p, { sys }) => userName(sys, p.uid)), ruser: column('RUSER', 8, false, (p, { sys }) => userName(sys, p.uid)), uname: column('USER', 8, false, (p, { sys }) => userName(sys, p.uid)),
  group: column('GROUP', 8, false, (p, { sys }) => groupName(sys, p.gid)), uid: column('UID', 5, true, (p) => String(p.uid)), gid: column('GID', 5, true, (p) => String(p.gid)), euid: column('EUID', 5, true, (p) => String(p.uid)),
  tty: column('TT', 8, false, (p) => p.terminal ?? '?'), tt: column('TT', 8, false, (p) => p.terminal ?? '?'), tname: column('TTY', 8, false, (p) => p.terminal ?? '?'),
  time: column('TIME', 8, true, (p) => clock(p.cpuUs)), cputime: column('TIME', 8, true, (p) => clock(p.cpuUs)), etime: column('ELAPSED', 11, true, (p, { sys }) => elapsed(sys.now() - p.startedUs)), etimes: column('ELAPSED', 7, true, (p, { sys }) => String(Math.floor((sys.now() - p.startedUs) / 1e6))),
  start: column('STARTED', 8, true, (p) => formatTime('%H:%M:%S', p.startedUs / 1e6)), lstart: column('STARTED', 24, true, (p) => formatTime('%a %b %e %H:%M:%S %Y', p.startedUs / 1e6)), stime: column('STIME', 5, false, (p, { sys }) => startTime(p, sys, false)), start_time: column('START', 5, false, (p, { sys }) => startTime(p, sys, false)),
  comm: column('COMMAND', 15, false, (p) => (p.state === 'Z' ? `${p.name} <defunct>` : p.name.slice(0, 15))), ucmd: column('CMD', 15, false, (p, { prefix }) => prefix(p) + (p.state === 'Z' ? `${p.name} <defunct>` : p.name.slice(0, 15))), ucomm: column('COMMAND', 15, false, (p) => p.name.slice(0, 15)),
  args: column('COMMAND', 27, false, (p, { prefix }) => prefix(p) + commandLine(p)), cmd: column('CMD', 27, false, (p, { prefix }) => prefix(p) + commandLine(p)), command: column('COMMAND', 27, false, (p, { prefix }) => prefix(p) + commandLine(p)),
  stat: column('STAT', 4, false, (p) => state(p, true)), state: column('S', 1, false, (p) => p.state), s: column('S', 1, false, (p) => p.state),
  pcpu: column('%CPU', 4, true, (p, { sys }) => percentCpu(p, sys)), c: column('C', 2, true, (p, { sys }) => String(Math.floor(Number(percentCpu(p, sys))))), pmem: column('%MEM', 4, true, (p) => ((p.memoryKb * 100) / TOTAL_KB).toFixed(1)),
  vsz: column('VSZ', 6, true, (p) => String(p.memoryKb * 2)), vsize: column('VSZ', 6, true, (p) => String(p.memoryKb * 2)), rss: column('RSS', 5, true, (p) => String(p.memoryKb)), rsz: column('RSZ', 5, true, (p) => String(p.memoryKb)),
  ni: column('NI', 3, true, (p) => String(p.niceness)), nice: column('NI', 3, true, (p) => String(p.niceness)), pri: column('PRI', 3, true, (p) => String(19 - p.niceness)), opri: column('PRI', 3, true, (p) => String(80 + p.niceness)), bsdpri: column('PRI', 3, true, (p) => String(20 + p.niceness)), f: column('F', 1, true, (p) => (p.uid === 0 ? '4' : '0')), addr: column('ADDR', 4, false, () => '-'), addr_sz: column('ADDR SZ', 7, true, (p) => `- ${String(Math.floor(p.memoryKb / 2)).padStart(5)}`), psr: column('PSR', 3, true, () => '0'), sz: column('SZ', 5, true, (p) => String(Math.floor(p.memoryKb / 2))), wchan: column('WCHAN', 6, false, (p) => (p.state === 'R' ? '-' : 'do_sel')),
  nlwp: column('NLWP', 4, true, (p) => String(p.threads)), lwp: column('LWP', 7, true, (p) => String(p.pid)), spid: column('SPID', 7, true, (p) => String(p.pid)), netns: column('NETNS', 10, true, (p) => String(p.netnsInode)), exe: column('EXE', 27, false, (p) => p.executable),
  bsdstart: column('START', 5, true, (p, { sys }) => startTime(p, sys, true)), bsdtime: column('TIME', 6, true, (p) => `${Math.floor(p.cpuUs / 60e6)}:${String(Math.floor(p.cpuUs / 1e6) % 60).padStart(2, '0')}`), eip: column('EIP', 8, true, () => '-'),
};
const synonyms: Readonly<Record<string, string>> = { '%cpu': 'pcpu', '%mem': 'pmem', cls: 'ni' };

const formats = {
  plain: ['pid', 'tname=TTY', 'time', 'ucmd=CMD'],
  full: ['uid=UID', 'pid', 'ppid', 'c', 'stime', 'tname=TTY', 'time', 'cmd'],
  user: ['user', 'pid', 'pcpu', 'pmem', 'vsz', 'rss', 'tname=TTY', 'stat', 'bsdstart', 'bsdtime', 'command'],
  jobs: ['ppid', 'pid', 'pgid', 'sid', 'tname=TTY', 'tpgid', 'stat', 'uid', 'bsdtime', 'command'],
  bsd: ['pid', 'tname=TTY', 'stat', 'bsdtime', 'command'],
  extraFull: ['uid=UID', 'pid', 'ppid', 'c', 'sz', 'rss', 'psr', 'stime', 'tname=TTY', 'time', 'cmd'],
  long: ['f', 's', 'uid', 'pid', 'ppid', 'c', 'opri', 'ni', 'addr_sz', 'wchan', 'tname=TTY', 'time', 'ucmd=CMD'],
  longByMemory: ['s', 'uid', 'pid', 'ppid', 'c', 'opri', 'ni', 'rss', 'sz', 'wchan', 'tname=TTY', 'time', 'ucmd=CMD'],
  bsdLong: ['f', 'uid', 'pid', 'ppid', 'bsdpri', 'ni', 'vsz', 'rss', 'wchan', 'stat', 'tname=TTY', 'bsdtime', 'command'],
  unixJobs: ['pid', 'pgid', 'sid', 'tname=TTY', 'time', 'ucmd=CMD'],
} as const;

export const ps = defineCommand({
  name: 'ps', summary: 'show processes', package: 'procps',
  run: (call) => runPs(call),
});

interface Request { all: 'own' | 'all' | 'terminals'; format: readonly string[]; picks: ((process: ProcessView) => boolean)[]; isForest: boolean; hasHeader: boolean; wide: number; sort: string | undefined; isBsd: boolean }

function runPs(call: Invocation): ExitCode {
  const { sys } = call;
  const request: Request = { all: 'own', format: formats.plain, picks: [], isForest: false, hasHeader: true, wide: 0, sort: undefined, isBsd: false };
  const own: string[] = [];
  const args = [...call.args];
  const usage = (text: string): ExitCode => {
    call.err(`error: ${text}\n\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).`);
    return 1;
  };
  const numbers = (text: string): string[] => text.split(/[,\s]+/);
  let wrong: string | undefined;
  let deselects = false;
  let byMemory = false;
  let threadColumn: 'lwp' | 'spid' | undefined;
  let showsNames = false;
  /** The words after an option that takes a list. */
  const pids = (text: string, letter: string): ((process: ProcessView) => boolean) => {
    if (text === '') wrong ??= `list of process IDs must follow ${letter}`;
    else if (numbers(text).some((word) => !/^\d+$/.test(word))) wrong ??= 'process ID list syntax error';
    else if (numbers(text).some((word) => Number(word) < 1)) wrong ??= 'process ID out of range';
    return pickNumber(text, (process) => process.pid);
  };
  const users = (text: string): ((process: ProcessView) => boolean) => {
    if (text.split(',').some((name) => !/^\d+$/.test(name) && !sys.machine.users().some((user) => user.name === name))) wrong ??= 'user name does not exist';
    return pickUser(sys, text);
  };
  const specifiers = (text: string): void => {
    if (text === '') wrong ??= 'format specification must follow -o';
    own.push(text);
  };
  let bsdX = false;
  let bsdA = false;
  while (args.length > 0) {
    const word = args.shift()!;
    if (word.startsWith('--')) {
      const [name, value] = word.slice(2).split('=');
      if (name === 'forest') request.isForest = true;
      else if (name === 'no-headers' || name === 'no-heading' || name === 'noheader') request.hasHeader = false;
      else if (name === 'sort') request.sort = value ?? args.shift();
      else if (name === 'pid') request.picks.push(pickNumber(value ?? args.shift() ?? '', (process) => process.pid));
      else if (name === 'ppid') request.picks.push(pickNumber(value ?? args.shift() ?? '', (process) => process.ppid));
      else if (name === 'user') request.picks.push(pickUser(sys, value ?? args.shift() ?? ''));
      else if (name === 'format') own.push(value ?? args.shift() ?? '');
      else if (name === 'version') return version(call);
      else if (name === 'help') return help(call, value ?? args.shift());
      else if (name === 'deselect') deselects = true;
      else return usage('unknown gnu long option');
      continue;
    }
    if (/^\d+$/.test(word)) {
      request.picks.push(pickNumber(word, (process) => process.pid));
      if (request.format === formats.plain) request.format = formats.bsd;
      request.isBsd = true;
      continue;
    }
    const isUnix = word.startsWith('-');
    const letters = isUnix ? word.slice(1) : word;
    for (let i = 0; i < letters.length; i += 1) {
      const letter = letters[i]!;
      const argument = (): string => {
        const rest = letters.slice(i + 1);
        i = letters.length;
        return rest !== '' ? rest : args.shift() ?? '';
      };
      if (isUnix) {
        if (letter === 'e' || letter === 'A') request.all = 'all';
        else if (letter === 'a') request.all = 'terminals';
        else if (letter === 'f') request.format = formats.full;
        else if (letter === 'F') request.format = formats.extraFull;
        else if (letter === 'V') return version(call);
        else if (letter === 'N') deselects = true;
        else if (letter === 'y') byMemory = true;
        else if (letter === 'L') threadColumn = 'lwp';
        else if (letter === 'T') threadColumn = 'spid';
        else if (letter === 'l') request.format = formats.long;
        else if (letter === 'j') request.format = formats.unixJobs;
        else if (letter === 'H') request.isForest = true;
        else if (letter === 'w') request.wide += 1;
        else if (letter === 'm') continue;
        else if (letter === 'M' || letter === 'Z') return notSimulated(call, `option -${letter}`);
        else if (letter === 'o') specifiers(argument());
        else if (letter === 'O') own.push('pid', argument(), 'state', 'tname=TTY', 'time', 'command');
        else if (letter === 'p' || letter === 'q') request.picks.push(pids(argument(), `-${letter}`));
        else if (letter === 'C') {
          const names = numbers(argument());
          request.picks.push((process) => names.includes(process.name));
        } else if (letter === 'u' || letter === 'U') request.picks.push(users(argument()));
        else if (letter === 't') {
          const names = numbers(argument()).map((name) => name.replace(/^\/dev\//, ''));
          if (names.some((name) => !sys.stat(`/dev/${/^\d+$/.test(name) ? 'pts/' : ''}${name}`).ok && name !== '?' && name !== '-')) wrong ??= 'TTY could not be found';
          request.picks.push((process) => process.terminal !== undefined && names.some((name) => name === process.terminal || `pts/${name}` === process.terminal));
        } else if (letter === 's' || letter === 'g') request.picks.push(pickNumber(argument(), (process) => process.session));
        else if (letter === 'x' || letter === 'u') bsdX = true;
        else return usage('unsupported SysV option');
      } else {
        request.isBsd = true;
        if (letter === 'a') bsdA = true;
        else if (letter === 'x') bsdX = true;
        else if (letter === 'u') request.format = formats.user;
        else if (letter === 'j') request.format = formats.jobs;
        else if (letter === 'f') request.isForest = true;
        else if (letter === 'w') request.wide += 1;
        else if (letter === 'h') request.hasHeader = false;
        else if (letter === 'e') continue;
        else if (letter === 'c') showsNames = true;
        else if (letter === 'o') specifiers(argument());
        else if (letter === 'p') request.picks.push(pids(argument(), 'p'));
        else if (letter === 'k') request.sort = argument();
        else if (letter === 'l') request.format = formats.bsdLong;
        else if ('Lvs'.includes(letter)) return notSimulated(call, `option ${letter}`);
        else if (letter === 'V') return version(call);
        else return usage('unsupported option (BSD syntax)');
      }
    }
  }
  if (wrong !== undefined) return usage(wrong);
  if (byMemory && request.format === formats.long) request.format = formats.longByMemory;
  if (threadColumn !== undefined && own.length === 0) {
    const isFull = request.format === formats.full;
    request.format = request.format.flatMap((key) => (key === (isFull ? 'ppid' : 'pid') ? [key, threadColumn!] : isFull && key === 'c' ? ['c', 'nlwp'] : [key]));
  }
  const sortKeys = request.sort?.split(',').map((key) => key.replace(/^[-+]/, '')) ?? [];
  if (sortKeys.some((key) => columns[synonyms[key] ?? key] === undefined)) return usage('unknown sort specifier');
  if (request.isBsd && request.format === formats.plain) request.format = formats.bsd;
  const mine = sys.process(sys.pid);
  const processes = sys.processes().filter((process) => {
    if (deselects) return !request.picks.some((pick) => pick(process));
    if (request.picks.length > 0) return request.picks.some((pick) => pick(process)) || request.all === 'all';
    if (request.all === 'all' || (bsdA && bsdX)) return true;
    if (request.all === 'terminals') return process.terminal !== undefined && !process.isSessionLeader;
    if (bsdX) return process.uid === sys.uid;
    if (bsdA) return process.terminal !== undefined;
    if (request.isBsd) return process.uid === sys.uid && process.terminal !== undefined;
    return process.terminal === mine?.terminal && process.uid === sys.uid;
  }).sort((left, right) => left.pid - right.pid);
  const chosen: Chosen[] = [];
  const specified = own.length > 0 ? own.flatMap((text) => (text.includes('=') ? splitFormat(text) : numbers(text))) : request.format;
  for (const word of specified) {
    const equals = word.indexOf('=');
    const key = (equals === -1 ? word : word.slice(0, equals)).toLowerCase();
    const [bare = '', width] = key.split(':');
    const found = columns[synonyms[bare] ?? bare];
    if (found === undefined) return usage(`unknown user-defined format specifier "${bare}"`);
    const shown = { ...found, ...(showsNames && ['args', 'cmd', 'command'].includes(bare) ? { value: columns['comm']!.value } : {}), isCut: width !== undefined, shownTitle: equals === -1 ? found.title : word.slice(equals + 1), ...(width === undefined ? {} : { width: Number(width) }) };
    if (word === 'uid=UID' && own.length === 0) Object.assign(shown, { ...columns['user'], shownTitle: 'UID', isRight: false });
    chosen.push(shown);
  }
  if (processes.length === 0 && chosen.length === 0) return 1;
  const ordered = request.sort !== undefined ? sortBy(processes, request.sort, sys) : request.isForest ? forest(processes) : processes;
  const depths = depthsOf(ordered);
  const context: Context = { sys, prefix: (process) => (request.isForest ? treePrefix(process, ordered, depths, request.isBsd || request.format !== formats.plain) : '') };
  const size = call.stdoutIsTerminal ? sys.windowSize(1) : undefined;
  const limit = request.wide >= 2 ? undefined : size?.ok === true ? size.value.columns * (request.wide === 1 ? 2 : 1) : undefined;
  const isHeaderEmpty = chosen.every((each) => each.shownTitle === '');
  if (request.hasHeader && !isHeaderEmpty) call.out(line(chosen.map((each) => each.shownTitle), chosen, limit));
  for (const process of ordered) call.out(line(chosen.map((each) => each.value(process, context)), chosen, limit));
  return ordered.length === 0 ? 1 : 0;
}

function splitFormat(text: string): string[] {
  const at = text.indexOf('=');
  const before = text.slice(0, at).split(',');
  const tail = text.slice(at);
  // `pid=,comm=`: an empty title ends at the comma.
  const next = /^=([^,]*)(?:,(.*))?$/s.exec(tail)!;
  return [...before.slice(0, -1), `${before.at(-1)!}=${next[1]!}`, ...(next[2] === undefined ? [] : next[2].includes('=') ? splitFormat(next[2]) : next[2].split(','))];
}

/** `isCut`: a width was asked for, and what is longer is cut to it. */
type Chosen = Column & { readonly shownTitle: string; readonly isCut: boolean };

function version(call: Invocation): ExitCode {
  call.out('ps from procps-ng 4.0.2');
  return 0;
}

function help(call: Invocation, wanted: string | undefined): ExitCode {
  const names = Object.keys(sections);
  const chosen = wanted === undefined ? [] : 'all'.startsWith(wanted) ? names : names.filter((name) => name.startsWith(wanted)).slice(0, 1);
  const body = chosen.length === 0 ? "\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n" : chosen.map((name) => sections[name]!).join('');
  call.write(`\nUsage:\n ps [options]\n${body}\nFor more details see ps(1).\n`);
  return 0;
}

function line(cells: readonly string[], chosen: readonly Chosen[], limit: number | undefined): string {
  // What is too long for its column takes from the blanks of the next ones.
  let excess = 0;
  const text = cells.map((cell, index) => {
    const each = chosen[index]!;
    const isHeading = cell === each.shownTitle;
    const full = each.isCut ? each.width : Math.max(each.width, each.shownTitle.length);
    const kept = each.isCut && !isHeading && !each.isRight ? cell.slice(0, each.width) : cell;
    const cut = (each.title === 'USER' || each.title === 'UID') && !each.isRight && kept.length > full ? `${kept.slice(0, full - 1)}+` : kept;
    if (index === chosen.length - 1 && !each.isRight) return cut;
    const width = Math.max(0, full - excess);
    excess = Math.max(0, cut.length - width);
    return each.isRight ? cut.padStart(width) : cut.padEnd(width);
  }).join(' ');
  return limit === undefined ? text : text.slice(0, limit);
}

function pickNumber(text: string, of: (process: ProcessView) => number): (process: ProcessView) => boolean {
  const wanted = new Set(text.split(/[,\s]+/).map(Number));
  return (process) => wanted.has(of(process));
}

function pickUser(sys: Sys, text: string): (process: ProcessView) => boolean {
  const names = text.split(',');
  return (process) => names.includes(userName(sys, process.uid)) || names.includes(String(process.uid));
}

function sortBy(processes: ProcessView[], keys: string, sys: Sys): ProcessView[] {
  const context: Context = { sys, prefix: () => '' };
  return [...processes].sort((left, right) => {
    for (const key of keys.split(',')) {
      const isReverse = key.startsWith('-');
      const name = key.replace(/^[-+]/, '');
      const found = columns[synonyms[name] ?? name];
      if (found === undefined) continue;
      const [a, b] = [found.value(left, context), found.value(right, context)];
      const order = found.isRight && !Number.isNaN(Number(a)) ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0;
      if (order !== 0) return isReverse ? -order : order;
    }
    return 0;
  });
}

function forest(processes: readonly ProcessView[]): ProcessView[] {
  const ids = new Set(processes.map((process) => process.pid));
  const ordered: ProcessView[] = [];
  const visit = (process: ProcessView): void => {
    ordered.push(process);
    for (const child of processes) if (child.ppid === process.pid && child.pid !== process.pid) visit(child);
  };
  for (const process of processes) if (!ids.has(process.ppid)) visit(process);
  return ordered;
}

function depthsOf(processes: readonly ProcessView[]): Map<number, number> {
  const depths = new Map<number, number>();
  for (const process of processes) depths.set(process.pid, (depths.get(process.ppid) ?? -1) + 1);
  return depths;
}

function treePrefix(process: ProcessView, ordered: readonly ProcessView[], depths: ReadonlyMap<number, number>, isDrawn: boolean): string {
  const depth = depths.get(process.pid) ?? 0;
  if (depth === 0) return isDrawn ? '' : '';
  let prefix = '';
  let current = process;
  const isLastChild = (child: ProcessView): boolean => !ordered.some((other) => other.ppid === child.ppid && other.pid > child.pid);
  for (let level = depth; level > 1; level -= 1) {
    const parent = ordered.find((other) => other.pid === current.ppid);
    if (parent === undefined) break;
    prefix = `${isLastChild(parent) ? ' ' : '|'}   ${prefix}`;
    current = parent;
  }
  return ` ${prefix}\\_ `;
}

export const pstree = defineCommand({
  name: 'pstree', summary: 'show processes as a tree', package: 'psmisc',
  run: (call) => {
    const options = parseOptions(call.args, { short: 'acpulAUnhT', long: { 'show-pids': 'none=p', arguments: 'none=a', 'compact-not': 'none=c' } });
    if (options.error !== undefined) {
      call.err(`pstree: ${options.error}`);
      return 1;
    }
    const processes = call.sys.processes().sort((left, right) => left.pid - right.pid);
    const label = (process: ProcessView): string => `${process.name}${options.has('p') ? `(${process.pid})` : ''}`;
    const rootId = Number(options.operands.find((word) => /^\d+$/.test(word)) ?? '1');
    const lines: string[] = [];
    const draw = (process: ProcessView, first: string, indent: string): void => {
      const text = `${first}${label(process)}`;
      const children = processes.filter((each) => each.ppid === process.pid && each.pid !== process.pid);
      if (children.length === 0) {
        lines.push(text);
        return;
      }
      const space = ' '.repeat(label(process).length);
      children.forEach((child, index) => {
        const isLast = index === children.length - 1;
        const joint = children.length === 1 ? '---' : index === 0 ? '-+-' : isLast ? ' `-' : ' |-';
        draw(child, index === 0 ? `${text}${joint}` : `${indent}${space}${joint}`, `${indent}${space}${isLast ? '   ' : ' | '}`);
      });
    };
    const root = processes.find((process) => process.pid === rootId) ?? processes[0];
    if (root !== undefined) draw(root, '', '');
    for (const text of lines) call.out(text);
    return 0;
  },
});

export const free = defineCommand({
  name: 'free', summary: 'show memory', package: 'procps',
  run: (call) => {
    const options = parseOptions(call.args, { short: 'bkmghtwlvs:c:', long: { human: 'none=h', bytes: 'none=b', kibi: 'none=k', mebi: 'none=m', gibi: 'none=g', total: 'none=t', wide: 'none=w' } });
    if (options.error !== undefined) {
      call.err(`free: ${options.error}`);
      return 1;
    }
    const used = 186_420 + call.sys.processes().reduce((sum, process) => sum + process.memoryKb, 0);
    const cache = 402_312;
    const numbers = [TOTAL_KB, used, TOTAL_KB - used - cache, 588, cache, TOTAL_KB - used];
    const show = (kib: number): string => (options.has('h') ? `${humanSize(kib * 1024)}${kib === 0 ? 'B' : 'i'}` : options.has('b') ? String(kib * 1024) : options.has('m') ? String(Math.floor(kib / 1024)) : options.has('g') ? String(Math.floor(kib / 2 ** 20)) : String(kib));
    const row = (title: string, cells: readonly number[]): string => `${title.padEnd(8)}${cells.map((cell) => show(cell).padStart(12)).join('')}`;
    call.out(`${' '.repeat(8)}${['total', 'used', 'free', 'shared', 'buff/cache', 'available'].map((title) => title.padStart(12)).join('')}`);
    call.out(row('Mem:', numbers));
    call.out(row('Swap:', [0, 0, 0]));
    if (options.has('t')) call.out(row('Total:', [numbers[0]!, numbers[1]!, numbers[2]!]));
    return 0;
  },
});

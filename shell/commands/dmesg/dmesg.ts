/** dmesg(1) of util-linux 2.38: what the kernel said. Read first: sys-utils/dmesg.c */
import type { ExitCode, KernelLogRecord } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { timeZone, type TimeZone } from '../../lib/time-zone.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { dmesgHelp } from './help.ts';

export const dmesg = defineCommand({
  name: 'dmesg', summary: 'print kernel messages', package: 'util-linux',
  run: (call) => runDmesg(call),
});

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
const FACILITIES = ['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'res0', 'res1', 'res2', 'res3', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'];
/** The escape codes of a level's text; none for the others. */
const COLOURS: Readonly<Record<number, string>> = { 1: '\x1b[7m\x1b[31m', 2: '\x1b[1m\x1b[31m', 3: '\x1b[31m', 4: '\x1b[1m' };
const FOLLOWS_EVERY_US = 200_000;

type TimeFormat = 'time' | 'none' | 'delta' | 'timedelta' | 'ctime' | 'reltime' | 'iso';
interface Line { readonly us: number; readonly level: number; readonly facility: number; readonly text: string; readonly raw: string }
interface Style { readonly time: TimeFormat; readonly isDecoded: boolean; readonly isColoured: boolean; readonly bootUs: number; readonly zone: TimeZone }

async function runDmesg(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  const options = parseOptions(call.args, {
    short: 'CcDdEeF:f:HhJkL::l:n:iPprSs:TtuVWwx',
    long: {
      clear: 'none=C', 'read-clear': 'none=c', 'console-off': 'none=D', 'show-delta': 'none=d', 'console-on': 'none=E', reltime: 'none=e', file: 'required=F', facility: 'required=f', human: 'none=H', help: 'none=h', json: 'none=J', kernel: 'none=k',
      color: 'optional=L', level: 'required=l', 'console-level': 'required=n', nopager: 'none=P', 'force-prefix': 'none=p', raw: 'none=r', syslog: 'none=S', 'buffer-size': 'required=s', ctime: 'none=T', notime: 'none=t', userspace: 'none=u',
      version: 'none=V', 'follow-new': 'none=W', follow: 'none=w', decode: 'none=x', 'time-format': 'required', since: 'required', until: 'required', noescape: 'none',
    },
  });
  const failed = (message: string): ExitCode => {
    call.err(`dmesg: ${message}`);
    return 1;
  };
  if (options.error !== undefined) return failed(`${options.error}\nTry 'dmesg --help' for more information.`);
  if (options.has('h')) {
    call.write(dmesgHelp);
    return 0;
  }
  if (options.has('V')) {
    call.out('dmesg from util-linux 2.38.1');
    return 0;
  }
  if (options.operands.length > 0) return failed("bad usage\nTry 'dmesg --help' for more information.");
  for (const name of ['D', 'E', 'n', 'since', 'until']) if (options.has(name)) return notSimulated(call, `option ${options.options.find((each) => each.name === name)!.typed}`);
  const levels = listOf(options.value('l'), LEVELS);
  if (typeof levels === 'string') return failed(`unknown level '${levels}'`);
  const facilities = listOf(options.value('f'), FACILITIES);
  if (typeof facilities === 'string') return failed(`unknown facility '${facilities}'`);
  let time: TimeFormat = 'time';
  for (const { name, value } of options.options) {
    if (name === 'T') time = 'ctime';
    else if (name === 't') time = 'none';
    else if (name === 'e' || name === 'H') time = 'reltime';
    else if (name === 'd') time = 'timedelta';
    else if (name === 'time-format') {
      if (!['delta', 'reltime', 'ctime', 'notime', 'iso'].includes(value!)) return failed(`unknown time format: ${value!}`);
      time = value === 'notime' ? 'none' : value as TimeFormat;
    }
  }
  // -t beside another takes the time away; beside -d it leaves the difference.
  if (options.has('t')) time = options.has('d') ? 'delta' : 'none';
  const when = options.has('L') ? (options.value('L') ?? 'auto').replace(/^=/, '') : 'auto';
  const isColoured = !options.has('H') && (when === 'always' || (when !== 'never' && call.stdoutIsTerminal));
  const style: Style = { time, isDecoded: options.has('x'), isColoured, bootUs: sys.now() - sys.monotonicUs(), zone: timeZone(call.env.get('TZ')) };
  const wants = ({ level, facility }: Line): boolean => levels[level] !== false && facilities[facility] !== false && (!options.has('k') || facility === 0) && (!options.has('u') || facility > 0);
  const file = options.value('F');
  if (file !== undefined) {
    if (options.has('J')) return notSimulated(call, 'option --json with --file');
    if (options.has('r') && (options.has('l') || options.has('f') || options.has('k') || options.has('u'))) return failed('--raw can be used together with --level or --facility only when reading messages from /dev/kmsg');
    const text = await sys.readText(file);
    if (!text.ok) return failed(`cannot open ${file}: No such file or directory`);
    show(call, options.has('r'), style, text.value.split('\n').flatMap((line) => lineOf(line) ?? []).filter(wants));
    return 0;
  }
  const records = sys.kernelLog();
  if (!records.ok) return failed(options.has('C') ? 'clear kernel buffer failed: Operation not permitted' : 'read kernel buffer failed: Operation not permitted');
  if (options.has('C')) {
    sys.clearKernelLog();
    return 0;
  }
  const follows = options.has('w') || options.has('W');
  let next = options.has('W') ? Number.POSITIVE_INFINITY : 0;
  const print = show(call, options.has('r'), style, []);
  if (options.has('J')) showJson(call, records.value.map(fromKernel).filter(wants), style.isDecoded);
  else if (next === 0) print(records.value.map(fromKernel).filter(wants));
  next = (records.value.at(-1)?.number ?? -1) + 1;
  if (options.has('c')) sys.clearKernelLog();
  while (follows) {
    await call.flush();
    const slept = await sys.sleep(FOLLOWS_EVERY_US);
    const now = slept.ok ? sys.kernelLog() : slept;
    if (!now.ok) return 0;
    const fresh = now.value.filter(({ number }) => number >= next);
    next = (fresh.at(-1)?.number ?? next - 1) + 1;
    print(fresh.map(fromKernel).filter(wants));
  }
  return 0;
}

/** Which of the names are wanted; all when nobody said. The name that is none of them otherwise. */
function listOf(text: string | undefined, names: readonly string[]): readonly boolean[] | string {
  if (text === undefined) return [];
  const given = text.split(',');
  return given.find((name) => !names.includes(name)) ?? names.map((name) => given.includes(name));
}

function fromKernel({ monotonicUs, level, text }: KernelLogRecord): Line {
  return { us: monotonicUs, level, facility: 0, text, raw: `<${level}>[${seconds(monotonicUs)}] ${text}` };
}

/** A line as syslog(2) hands it out: <6>[   12.345678] text */
function lineOf(raw: string): Line | undefined {
  const found = /^(?:<(\d+)>)?(?:\[ *(\d+)\.(\d{6})\] )?(.*)$/.exec(raw)!;
  if (raw === '') return undefined;
  const priority = Number(found[1] ?? 4);
  return { us: Number(found[2] ?? 0) * 1e6 + Number(found[3] ?? 0), level: priority & 7, facility: priority >> 3, text: found[4]!, raw };
}

function seconds(us: number): string {
  return `${String(Math.floor(us / 1e6)).padStart(5)}.${String(Math.floor(us) % 1e6).padStart(6, '0')}`;
}

/** Prints the lines, and answers what prints more of them: differences and minutes go on. */
function show(call: Invocation, isRaw: boolean, style: Style, first: readonly Line[]): (lines: readonly Line[]) => void {
  let lastUs = 0;
  let lastMinute = '';
  const { bootUs, zone, isColoured } = style;
  const stamp = (line: Line): string => {
    const sinceUs = lastUs === 0 ? 0 : line.us - lastUs;
    lastUs = line.us;
    const epoch = Math.floor((bootUs + line.us) / 1e6);
    const at = (format: string): string => formatTime(format, epoch, undefined, zone.at(epoch));
    switch (style.time) {
      case 'none': return '';
      case 'time': return `[${seconds(line.us)}] `;
      case 'timedelta': return `[${seconds(line.us)} <${seconds(sinceUs)}>] `;
      case 'delta': return `[<${seconds(sinceUs)}>] `;
      case 'ctime': return `[${at('%a %b %e %H:%M:%S %Y')}] `;
      case 'iso': return `${at('%Y-%m-%dT%H:%M:%S')},${String(Math.floor(line.us) % 1e6).padStart(6, '0')}${at('%:z')} `;
      case 'reltime': {
        const minute = at('%b%d %H:%M');
        const isNew = minute !== lastMinute;
        lastMinute = minute;
        return isNew ? `[${minute}] ` : `[${`+${(sinceUs / 1e6).toFixed(6)}`.padStart(11)}] `;
      }
    }
  };
  const print = (lines: readonly Line[]): void => {
    for (const line of lines) {
      if (isRaw) {
        call.out(line.raw);
        continue;
      }
      const time = stamp(line);
      call.out(`${style.isDecoded ? `${(FACILITIES[line.facility] ?? '').padEnd(6)}:${LEVELS[line.level]!.padEnd(6)}: ` : ''}${isColoured && time !== '' ? `\x1b[32m${time}\x1b[0m` : time}${isColoured ? coloured(line) : line.text}`);
    }
  };
  print(first);
  return print;
}

/** The part before a colon names who speaks. */
function coloured({ text, level }: Line): string {
  const end = text.indexOf(': ') + 2;
  const who = end < 2 ? '' : `\x1b[33m${text.slice(0, end)}\x1b[0m`;
  const rest = end < 2 ? text : text.slice(end);
  const colour = COLOURS[level];
  return colour === undefined ? who + rest : `${who}${colour}${rest}\x1b[0m`;
}

function showJson(call: Invocation, lines: readonly Line[], isDecoded: boolean): void {
  const one = ({ us, level, text }: Line): string => `{\n${isDecoded ? `         "fac": "kern",\n         "pri": "${LEVELS[level]!}",\n` : `         "pri": ${level},\n`}         "time": ${seconds(us)},\n         "msg": ${JSON.stringify(text)}\n      }`;
  call.write(`{\n   "dmesg": [${lines.length === 0 ? '' : `\n      ${lines.map(one).join(',')}`}\n   ]\n}\n`);
}

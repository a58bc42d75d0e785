/** top 4.0.2 of procps: the busiest processes, refreshed; `-b` prints them once or N times. Read first: top(1). */
import type { ProcessView, Sys } from '../../../machine/sys.ts';
import { clearToEndOfLine } from '../../terminal/escape.ts';
import { FullScreen } from '../../terminal/full-screen.ts';
import { SIGNAL_NAMES, signalByNumber, signalNumber } from '../../../machine/signals.ts';
import type { Invocation } from '../define.ts';
import { defineCommand, notSimulated } from '../define.ts';
import { helpRows } from './help.ts';

interface Sample {
  readonly atUs: number;
  readonly cpu: ReadonlyMap<number, number>;
}
/** What the keys change. */
interface View {
  order: 'cpu' | 'memory' | 'pid' | 'time';
  isReversed: boolean;
  showsLine: boolean;
  showsIdle: boolean;
  showsUptime: boolean;
  /** 0: figures, 1 and 2: bars, 3: nothing. */
  cpuStyle: number;
  memoryStyle: number;
  marksOrder: boolean;
  marksReversed: boolean;
  most: number;
  pids: readonly number[] | undefined;
  uid: number | undefined;
}
const firstView: View = { order: 'cpu', isReversed: false, showsLine: false, showsIdle: true, showsUptime: true, cpuStyle: 0, memoryStyle: 0, marksOrder: false, marksReversed: false, most: 0, pids: undefined, uid: undefined };

export const top = defineCommand({
  name: 'top',
  summary: 'show the busiest processes, again and again',
  package: 'procps',
  async run(call) {
    let isBatch = false;
    let count: number | undefined;
    let delayS = 3;
    let pids: number[] | undefined;
    let user: string | undefined;
    const words = [...call.args];
    const filters: View = { ...firstView };
    while (words.length > 0) {
      const word = words.shift()!;
      const letters = word.replace(/^-/, '');
      for (let i = 0; i < letters.length; i += 1) {
        const letter = letters[i]!;
        if (letter === 'b') isBatch = true;
        else if (letter === 'c') filters.showsLine = !filters.showsLine;
        else if (letter === 'i') filters.showsIdle = !filters.showsIdle;
        else if (letter === 's' || letter === 'S' || letter === '1') continue;
        else if ('ndpuU'.includes(letter)) {
          const text = letters.slice(i + 1) || words.shift();
          if (text === undefined) return refuse(call, `option requires an argument -- '${letter}'`);
          if (letter === 'n') count = Number(text);
          else if (letter === 'd') delayS = Number(text);
          else if (letter === 'p') pids = [...(pids ?? []), ...text.split(',').map((pid) => (pid === '0' ? call.sys.pid : Number(pid)))];
          else user = text;
          if (letter === 'n' && !(count! > 0)) return refuse(call, `bad iterations argument '${text}'`);
          if (letter === 'd' && !(delayS >= 0)) return refuse(call, `bad delay interval '${text}'`);
          if (letter === 'p' && pids!.some((pid) => !Number.isInteger(pid))) return refuse(call, `bad pid '${text}'`);
          break;
        } else if (letter === 'V') {
          call.out('top from procps-ng 4.0.2');
          return 0;
        } else if ('eEHowOh'.includes(letter)) return notSimulated(call, `option -${letter}`);
        else return refuse(call, `invalid option -- '${letter}'`);
      }
    }
    const uid = user === undefined ? undefined : call.sys.machine.users().find(({ name }) => name === user)?.uid;
    if (user !== undefined && uid === undefined) {
      return refuse(call, 'Invalid user');
    }
    filters.pids = pids;
    filters.uid = uid;
    let before = sample(call.sys);
    if (isBatch || !call.stdoutIsTerminal) {
      if (!isBatch) {
        call.err('top: failed tty get');
        return 1;
      }
      for (let turn = 0; count === undefined || turn < count; turn += 1) {
        if (turn > 0) {
          await call.sys.sleep(delayS * 1_000_000);
          call.out('');
        }
        const text = await picture(call.sys, before, filters, 512);
        before = sample(call.sys);
        for (const row of text.rows) call.out(row.replaceAll(/\x1b\[\d+m/g, '').trimEnd());
        await call.flush();
      }
      return 0;
    }
    return show(call.sys, delayS, count, filters);
  },
});

function refuse(call: Invocation, text: string): number {
  call.err(`top: ${text}`);
  return 1;
}

async function show(sys: Sys, startDelayS: number, count: number | undefined, view: View): Promise<number> {
  const screen = await FullScreen.open(sys, { signals: true, mapCr: false, enter: '\x1b[?1h\x1b=\x1b[?25l\x1b[H\x1b[2J', leave: () => '' });
  if (screen === undefined) return 1;
  let before = sample(sys);
  let delayS = startDelayS;
  for (let turn = 0; count === undefined || turn < count; turn += 1) {
    const { rows, heading, first } = await picture(sys, before, view, screen.columns);
    before = sample(sys);
    let out = '\x1b[H';
    for (let y = 0; y < screen.rows; y += 1) {
      const row = rows[y] ?? '';
      out += `\x1b[${y + 1};1H${y === heading ? `\x1b[7m${row.padEnd(screen.columns).slice(0, screen.columns)}\x1b[27m` : row}${clearToEndOfLine}`;
    }
    const at = heading - 1;
    screen.write(`${out}\x1b[${screen.rows};1H`);
    let message = '';
    const asked = (prompt: string): Promise<string | undefined> => ask(screen, at, prompt);
    const event = await screen.next(delayS * 1_000_000);
    if (event.kind === 'interrupt' || event.kind === 'eof') break;
    if (event.kind !== 'key') continue;
    const { key } = event;
    if (key === 'q') break;
    switch (key) {
      case 'M': case 'P': case 'N': case 'T': view.order = ({ M: 'memory', P: 'cpu', N: 'pid', T: 'time' } as const)[key]; break;
      case 'R': view.isReversed = !view.isReversed; break;
      case 'c': view.showsLine = !view.showsLine; break;
      case 'i': view.showsIdle = !view.showsIdle; break;
      case 'l': view.showsUptime = !view.showsUptime; break;
      case 't': view.cpuStyle = (view.cpuStyle + 1) % 4; break;
      case 'm': view.memoryStyle = (view.memoryStyle + 1) % 4; break;
      case 'x': view.marksOrder = !view.marksOrder; break;
      case 'b': view.marksReversed = !view.marksReversed; break;
      case '=':
        Object.assign(view, { ...view, uid: undefined, most: 0, showsIdle: true, pids: undefined });
        break;
      case 'u': case 'U': {
        const name = await asked('Which user (blank for all) ');
        if (name === undefined) break;
        view.pids = undefined;
        const uid = sys.machine.users().find((user) => user.name === name || String(user.uid) === name)?.uid;
        if (name !== '' && uid === undefined) message = 'Invalid user';
        else view.uid = uid;
        break;
      }
      case 'n': case '#': {
        const text = await asked(`Maximum tasks = ${view.most}, change to (0 is unlimited) `);
        if (text !== undefined && text !== '' && !/^\d+$/.test(text)) message = 'Unacceptable integer';
        else if (text !== undefined && text !== '') view.most = Number(text);
        break;
      }
      case 'd': case 's': {
        const text = await asked(`Change delay from ${delayS.toFixed(1)} to `);
        if (text !== undefined && text !== '' && !(Number(text) >= 0)) message = 'Unacceptable floating point';
        else if (text !== undefined && text !== '') delayS = Number(text);
        break;
      }
      case 'k': {
        const text = await asked(`PID to signal/kill [default pid = ${first ?? 1}] `);
        if (text === undefined) break;
        const pid = text === '' ? (first ?? 1) : Number(text);
        if (!Number.isInteger(pid) || pid < 1) {
          message = 'Unacceptable integer';
          break;
        }
        const word = await asked(`Send pid ${pid} signal [15/sigterm] `);
        if (word === undefined) break;
        const signal = word === '' ? 'TERM' : /^\d+$/.test(word) ? signalByNumber(Number(word)) : SIGNAL_NAMES.find((name) => name === word.toUpperCase().replace(/^SIG/, ''));
        if (signal === undefined) message = 'Invalid signal';
        else {
          const sent = sys.kill(pid, signal);
          if (!sent.ok) message = `Failed signal pid '${pid}' with '${signalNumber(signal)}': ${sent.error === 'ESRCH' ? 'No such process' : 'Operation not permitted'}`;
        }
        break;
      }
      case 'h': case '?':
        await help(screen, delayS);
        break;
      case ' ': case 'enter': case 'ctrl-j': case 'escape': break;
      default:
        message = knownKeys.includes(key) ? `podwire: top: key ${key} is not simulated yet` : "Unknown command - try 'h' for help";
    }
    if (message === '') continue;
    // A message stands for a while, whatever is typed meanwhile.
    screen.write(`\x1b[${at + 1};1H\x1b[7m ${message} \x1b[27m${clearToEndOfLine}`);
    await screen.flush();
    await sys.sleep(MESSAGE_US);
  }
  screen.write(`\x1b[?1l\x1b>\x1b[${screen.rows};1H\x1b[?12l\x1b[?25h\r\n${clearToEndOfLine}`);
  await screen.close();
  return 0;
}

const MESSAGE_US = 1_250_000;
/** Keys of the real top that are not here. */
const knownKeys = 'ZBEeI01234fXL&<>HJCSjyzoOVvFrWY!AaGgw_+-';

async function help(screen: FullScreen, delayS: number): Promise<void> {
  for (;;) {
    const rows = helpRows(delayS).slice(0, screen.rows);
    screen.write(`\x1b[H${rows.map((row, y) => `\x1b[${y + 1};1H${row}${clearToEndOfLine}`).join('')}`);
    const event = await screen.next();
    if (event.kind === 'interrupt' || event.kind === 'eof') return;
    if (event.kind === 'key' && !/^[h?]$/.test(event.key)) return;
  }
}

async function ask(screen: FullScreen, row: number, prompt: string): Promise<string | undefined> {
  let text = '';
  for (;;) {
    screen.write(`\x1b[${row + 1};1H\x1b[1m${prompt}\x1b[22m${text}${clearToEndOfLine}\x1b[?25h`);
    const event = await screen.next();
    if (event.kind !== 'resize') screen.write('\x1b[?25l');
    if (event.kind === 'interrupt' || event.kind === 'eof') return undefined;
    if (event.kind !== 'key') continue;
    if (event.key === 'enter' || event.key === 'ctrl-j') return text.trim();
    if (event.key === 'escape') return undefined;
    if (event.key === 'backspace') text = text.slice(0, -1);
    else if ([...event.key].length === 1) text += event.key;
  }
}

function sample(sys: Sys): Sample {
  return { atUs: sys.monotonicUs(), cpu: new Map(sys.processes().map(({ pid, cpuUs }) => [pid, cpuUs])) };
}

const bold = (text: string): string => `\x1b[1m${text}\x1b[22m`;

/** The rows of the summary and of the processes; `heading` is the row between them, `first` the pid at the top. */
async function picture(sys: Sys, before: Sample, view: View, columns: number): Promise<{ readonly rows: string[]; readonly heading: number; readonly first: number | undefined }> {
  const everything = sys.processes();
  const all = everything.filter(({ pid }) => view.pids === undefined || view.pids.includes(pid));
  const elapsedUs = Math.max(1, sys.monotonicUs() - before.atUs);
  const load = await sys.readText('/proc/loadavg');
  const loads = (load.ok ? load.value : '0.00 0.00 0.00').split(' ').slice(0, 3).join(', ');
  // Who looks is running while it does.
  const running = all.filter(({ state, pid }) => state === 'R' || pid === sys.pid).length;
  const count = (states: string): number => all.filter(({ state, pid }) => states.includes(state) && pid !== sys.pid).length;
  const memory = await memoryFigures(sys);
  const usedUs = everything.reduce((sum, process) => sum + Math.max(0, process.cpuUs - (before.cpu.get(process.pid) ?? 0)), 0);
  const user = Math.min(100, (100 * usedUs) / elapsedUs);
  const seconds = Math.floor(sys.now() / 1_000_000) % 86_400;
  const two = (value: number): string => String(value).padStart(2, '0');
  const number = (value: number): string => bold(` ${String(value).padStart(3)} `);
  const share = (value: number): string => bold(`${value.toFixed(1).padStart(5)} `);
  const mib = (kb: number): string => bold(`${(kb / 1024).toFixed(1).padStart(9)} `);
  const used = memory.total - memory.free - memory.cache;
  const rows: string[] = [];
  if (view.showsUptime) rows.push(`top - ${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)} up ${upText(Math.floor(sys.monotonicUs() / 1_000_000))},  ${loginText(everything)},  load average: ${loads}`);
  if (view.cpuStyle !== 3) {
    rows.push(`Tasks:${number(all.length)}total,${number(running)}running,${number(all.length - running - count('TZ'))}sleeping,${number(count('T'))}stopped,${number(count('Z'))}zombie`);
    rows.push(view.cpuStyle === 0 ? `%Cpu(s):${share(user)}us,${share(0)}sy,${share(0)}ni,${share(100 - user)}id,${share(0)}wa,${share(0)}hi,${share(0)}si,${share(0)}st` : bar(`%Cpu(s): ${user.toFixed(1).padStart(5)}/0.0   ${user.toFixed(0).padStart(3)}`, user, view.cpuStyle, columns));
  }
  if (view.memoryStyle === 0) {
    rows.push(`MiB Mem :${mib(memory.total)}total,${mib(memory.free)}free,${mib(used)}used,${mib(memory.cache)}buff/cache`);
    rows.push(`MiB Swap:${mib(memory.swap)}total,${mib(memory.swap)}free,${mib(0)}used.${mib(memory.available)}avail Mem`);
  } else if (view.memoryStyle !== 3) {
    const percent = (100 * used) / Math.max(1, memory.total);
    rows.push(bar(`MiB Mem : ${percent.toFixed(1).padStart(5)}/${(memory.total / 1024).toFixed(1).padEnd(9)}`, percent, view.memoryStyle, columns));
    rows.push(bar(`MiB Swap: ${'0.0'.padStart(5)}/${(memory.swap / 1024).toFixed(1).padEnd(9)}`, 0, view.memoryStyle, columns));
  }
  const heading = rows.length + 1;
  rows.push('', '    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND');
  const list = all.filter(({ uid }) => view.uid === undefined || uid === view.uid).map((process) => ({ process, share: (100 * Math.max(0, process.cpuUs - (before.cpu.get(process.pid) ?? process.cpuUs))) / elapsedUs }))
    .filter((item) => view.showsIdle || item.share >= 0.05 || item.process.pid === sys.pid);
  const { order } = view;
  list.sort((a, b) => (order === 'pid' ? b.process.pid - a.process.pid : order === 'memory' ? b.process.memoryKb - a.process.memoryKb || a.process.pid - b.process.pid : order === 'time' ? b.process.cpuUs - a.process.cpuUs || a.process.pid - b.process.pid : b.share - a.share || a.process.pid - b.process.pid));
  if (view.isReversed) list.reverse();
  const shown = view.most > 0 ? list.slice(0, view.most) : list;
  for (const { process, share: part } of shown) {
    const name = sys.machine.users().find(({ uid }) => uid === process.uid)?.name ?? String(process.uid);
    const sizes = await sizesOf(sys, process);
    const hundredths = Math.floor(process.cpuUs / 10_000);
    const time = `${Math.floor(hundredths / 6000)}:${two(Math.floor(hundredths / 100) % 60)}.${two(hundredths % 100)}`;
    const state = process.pid === sys.pid ? 'R' : process.state;
    const command = view.showsLine ? process.argv.join(' ') || `[${process.name}]` : process.name;
    const row = `${String(process.pid).padStart(7)} ${name.slice(0, 8).padEnd(8)}  ${'20'.padStart(2)}   0 ${String(sizes.virtualKb).padStart(7)} ${String(sizes.residentKb).padStart(6)} ${String(sizes.sharedKb).padStart(6)} ${state} ${part.toFixed(1).padStart(5)} ${((100 * sizes.residentKb) / Math.max(1, memory.total)).toFixed(1).padStart(5)} ${time.padStart(9)} ${command}`.slice(0, columns);
    const [from, to] = { pid: [0, 7], cpu: [49, 55], memory: [55, 61], time: [61, 71] }[order] as [number, number];
    rows.push(view.marksOrder ? `${row.slice(0, from)}${view.marksReversed ? `\x1b[7m${row.slice(from, to)}\x1b[27m` : bold(row.slice(from, to))}${row.slice(to)}` : row);
  }
  return { rows: rows.map((row) => clipped(row, columns)), heading, first: shown[0]?.process.pid };
}

/** As much as fits, with what makes it bold. */
function clipped(row: string, columns: number): string {
  let room = columns;
  return row.replaceAll(/\x1b\[\d+m|[^\x1b]/gu, (piece) => {
    if (piece.startsWith('\x1b')) return piece;
    room -= 1;
    return room >= 0 ? piece : '';
  });
}

function bar(text: string, percent: number, style: number, columns: number): string {
  const width = Math.max(0, columns - text.length - 3);
  const filled = Math.round((Math.min(100, percent) * width) / 100);
  return `${text}[${style === 1 ? '|'.repeat(filled) : `\x1b[7m${' '.repeat(filled)}\x1b[27m`}${' '.repeat(width - filled)}]`;
}

function upText(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600) % 24;
  const clock = hours > 0 ? `${String(hours).padStart(2)}:${String(minutes).padStart(2, '0')}` : `${minutes} min`;
  return `${days > 0 ? `${days} day${days === 1 ? '' : 's'}, ` : ''}${clock}`;
}

/** Terminals with a login shell on them count as users. */
function loginText(all: readonly ProcessView[]): string {
  const logins = all.filter((process) => process.isSessionLeader && process.terminal !== undefined && process.argv[0]?.startsWith('-') === true).length;
  return `${logins} user${logins > 1 ? 's' : ''}`;
}

async function memoryFigures(sys: Sys): Promise<{ total: number; free: number; cache: number; available: number; swap: number }> {
  const text = await sys.readText('/proc/meminfo');
  const value = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text.ok ? text.value : '')?.[1] ?? 0);
  const total = value('MemTotal');
  const free = value('MemFree');
  return { total, free, cache: value('Buffers') + value('Cached') + value('SReclaimable'), available: value('MemAvailable') || free, swap: value('SwapTotal') };
}

async function sizesOf(sys: Sys, process: ProcessView): Promise<{ virtualKb: number; residentKb: number; sharedKb: number }> {
  const status = await sys.readText(`/proc/${process.pid}/status`);
  const value = (name: string): number | undefined => {
    const found = new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status.ok ? status.value : '');
    return found === null ? undefined : Number(found[1]);
  };
  const residentKb = value('VmRSS') ?? process.memoryKb;
  return { virtualKb: value('VmSize') ?? residentKb, residentKb, sharedKb: (value('RssFile') ?? Math.floor(residentKb * 0.8)) + (value('RssShmem') ?? 0) };
}

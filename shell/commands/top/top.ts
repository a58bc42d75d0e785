/** top 4.0.2 of procps: the busiest processes, refreshed; `-b` prints them once or N times. Read first: top(1). */
import type { ProcessView, Sys } from '../../../machine/sys.ts';
import { clearToEndOfLine } from '../../terminal/escape.ts';
import { FullScreen } from '../../terminal/full-screen.ts';
import { defineCommand, notSimulated } from '../define.ts';

interface Sample {
  readonly atUs: number;
  readonly cpu: ReadonlyMap<number, number>;
}
type Order = 'cpu' | 'memory' | 'pid' | 'time';

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
    while (words.length > 0) {
      const word = words.shift()!;
      const letters = word.replace(/^-/, '');
      for (let i = 0; i < letters.length; i += 1) {
        const letter = letters[i]!;
        const value = (): string => letters.slice(i + 1) || (words.shift() ?? '');
        if (letter === 'b') isBatch = true;
        else if (letter === 'n' || letter === 'd' || letter === 'p' || letter === 'u' || letter === 'U') {
          const text = value();
          if (letter === 'n') count = Number(text);
          else if (letter === 'd') delayS = Number(text);
          else if (letter === 'p') pids = text.split(',').map(Number);
          else user = text;
          if ((letter === 'n' || letter === 'd') && (text === '' || Number.isNaN(Number(text)))) {
            call.err(`top: bad ${letter === 'n' ? 'iterations' : 'delay interval'} argument '${text}'`);
            return 1;
          }
          break;
        } else if (letter === 'c' || letter === 'i' || letter === 's' || letter === 'S' || letter === '1') continue;
        else if (letter === 'v' || letter === 'h') {
          call.out('  procps-ng 4.0.2');
          return 0;
        } else return notSimulated(call, `option -${letter}`);
      }
    }
    const uid = user === undefined ? undefined : call.sys.machine.users().find(({ name }) => name === user)?.uid;
    if (user !== undefined && uid === undefined) {
      call.err('top: Invalid user');
      return 1;
    }
    const wanted = (process: ProcessView): boolean => (pids === undefined || pids.includes(process.pid)) && (uid === undefined || process.uid === uid);
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
        const text = await picture(call.sys, before, 'cpu', wanted, 512);
        before = sample(call.sys);
        for (const row of text) call.out(row.trimEnd());
        await call.flush();
      }
      return 0;
    }
    return show(call.sys, delayS, count, wanted);
  },
});

async function show(sys: Sys, startDelayS: number, count: number | undefined, wanted: (process: ProcessView) => boolean): Promise<number> {
  const screen = await FullScreen.open(sys, { signals: true, mapCr: false, enter: '\x1b[?1h\x1b=\x1b[?25l\x1b[H\x1b[2J', leave: () => '' });
  if (screen === undefined) return 1;
  let before = sample(sys);
  let order: Order = 'cpu';
  let delayS = startDelayS;
  let message = '';
  for (let turn = 0; count === undefined || turn < count; turn += 1) {
    const rows = await picture(sys, before, order, wanted, screen.columns);
    before = sample(sys);
    let out = '\x1b[H';
    for (let y = 0; y < screen.rows; y += 1) {
      const row = y === 5 ? message : (rows[y] ?? '');
      out += `\x1b[${y + 1};1H${y === 6 ? `\x1b[7m${row.padEnd(screen.columns)}\x1b[27m` : row}${clearToEndOfLine}`;
    }
    message = '';
    screen.write(`${out}\x1b[${screen.rows};1H`);
    const event = await screen.next(delayS * 1_000_000);
    if (event.kind === 'interrupt' || event.kind === 'eof') break;
    if (event.kind !== 'key') continue;
    const { key } = event;
    if (key === 'q') break;
    if (key === 'M') order = 'memory';
    else if (key === 'P') order = 'cpu';
    else if (key === 'N') order = 'pid';
    else if (key === 'T') order = 'time';
    else if (key === 'd' || key === 's') {
      const text = await ask(screen, `Change delay from ${delayS.toFixed(1)} to `);
      if (text !== undefined && Number(text) > 0) delayS = Number(text);
    } else if (key === 'k') {
      const text = await ask(screen, 'PID to signal/kill [default pid = 1] ');
      if (text !== undefined && text !== '') {
        const signal = await ask(screen, `Send pid ${text} signal [15/sigterm] `);
        if (signal !== undefined && !sys.kill(Number(text), signal === '9' ? 'KILL' : 'TERM').ok) message = `Failed signal pid '${text}' with '${signal === '9' ? 9 : 15}': Operation not permitted`;
      }
    } else if (key === 'h' || key === '?') message = 'P: by CPU  M: by memory  T: by time  N: by PID  k: kill  d: delay  q: leave';
    else if (key !== ' ' && key !== 'enter') message = 'Unknown command - try \'h\' for help';
  }
  screen.write(`\x1b[?1l\x1b>\x1b[${screen.rows};1H\x1b[?12l\x1b[?25h\r\n${clearToEndOfLine}`);
  await screen.close();
  return 0;
}

async function ask(screen: FullScreen, prompt: string): Promise<string | undefined> {
  let text = '';
  for (;;) {
    screen.write(`\x1b[6;1H${prompt}${text}${clearToEndOfLine}`);
    const event = await screen.next();
    if (event.kind === 'interrupt' || event.kind === 'eof') return undefined;
    if (event.kind !== 'key') continue;
    if (event.key === 'enter' || event.key === 'ctrl-j') return text;
    if (event.key === 'escape') return undefined;
    if (event.key === 'backspace') text = text.slice(0, -1);
    else if ([...event.key].length === 1) text += event.key;
  }
}

function sample(sys: Sys): Sample {
  return { atUs: sys.monotonicUs(), cpu: new Map(sys.processes().map(({ pid, cpuUs }) => [pid, cpuUs])) };
}

/** All rows: five of summary, a blank one, the heading, the processes. */
async function picture(sys: Sys, before: Sample, order: Order, wanted: (process: ProcessView) => boolean, columns: number): Promise<string[]> {
  const all = sys.processes();
  const elapsedUs = Math.max(1, sys.monotonicUs() - before.atUs);
  const load = await sys.readText('/proc/loadavg');
  const loads = (load.ok ? load.value : '0.00 0.00 0.00').split(' ').slice(0, 3).join(', ');
  const count = (states: string): number => all.filter(({ state }) => states.includes(state)).length;
  const memory = await memoryFigures(sys);
  const usedUs = all.reduce((sum, process) => sum + Math.max(0, process.cpuUs - (before.cpu.get(process.pid) ?? 0)), 0);
  const user = Math.min(100, (100 * usedUs) / elapsedUs);
  const figure = (value: number): string => value.toFixed(1).padStart(5);
  const mib = (kb: number): string => (kb / 1024).toFixed(1).padStart(9);
  const seconds = Math.floor(sys.now() / 1_000_000) % 86_400;
  const two = (value: number): string => String(value).padStart(2, '0');
  const rows = [
    `top - ${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)} up ${upText(Math.floor(sys.monotonicUs() / 1_000_000))},  ${loginText(all)},  load average: ${loads}`,
    `Tasks: ${String(all.length).padStart(3)} total, ${String(Math.max(1, count('R'))).padStart(3)} running, ${String(all.length - Math.max(1, count('R')) - count('T') - count('Z')).padStart(3)} sleeping, ${String(count('T')).padStart(3)} stopped, ${String(count('Z')).padStart(3)} zombie`,
    `%Cpu(s):${figure(user)} us,  0.0 sy,  0.0 ni,${figure(100 - user)} id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st`,
    `MiB Mem :${mib(memory.total)} total,${mib(memory.free)} free,${mib(memory.total - memory.free - memory.cache)} used,${mib(memory.cache)} buff/cache`,
    `MiB Swap:${mib(memory.swap)} total,${mib(memory.swap)} free,${mib(0)} used.${mib(memory.available)} avail Mem`,
    '',
    '    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND',
  ];
  const list = all.filter(wanted).map((process) => ({ process, share: (100 * Math.max(0, process.cpuUs - (before.cpu.get(process.pid) ?? process.cpuUs))) / elapsedUs }));
  list.sort((a, b) => (order === 'pid' ? b.process.pid - a.process.pid : order === 'memory' ? b.process.memoryKb - a.process.memoryKb || a.process.pid - b.process.pid : order === 'time' ? b.process.cpuUs - a.process.cpuUs || a.process.pid - b.process.pid : b.share - a.share || a.process.pid - b.process.pid));
  for (const { process, share } of list) {
    const name = sys.machine.users().find(({ uid }) => uid === process.uid)?.name ?? String(process.uid);
    const sizes = await sizesOf(sys, process);
    const hundredths = Math.floor(process.cpuUs / 10_000);
    const time = `${Math.floor(hundredths / 6000)}:${two(Math.floor(hundredths / 100) % 60)}.${two(hundredths % 100)}`;
    const state = process.pid === sys.pid ? 'R' : process.state;
    rows.push(`${String(process.pid).padStart(7)} ${name.slice(0, 8).padEnd(8)}  ${'20'.padStart(2)}   0 ${String(sizes.virtualKb).padStart(7)} ${String(sizes.residentKb).padStart(6)} ${String(sizes.sharedKb).padStart(6)} ${state} ${share.toFixed(1).padStart(5)} ${((100 * sizes.residentKb) / Math.max(1, memory.total)).toFixed(1).padStart(5)} ${time.padStart(9)} ${process.name}`.slice(0, columns));
  }
  return rows;
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

/** watch 4.0.2 of procps: a command's output, again and again, full screen. Read first: watch(1), procps' watch.c. */
import type { Sys } from '../../../machine/sys.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { attributesOff, enterAlternateScreen, keypadOff, keypadOn, leaveAlternateScreen, moveTo } from '../../terminal/escape.ts';
import { characterWidth } from '../../terminal/width.ts';
import { FullScreen } from '../../terminal/full-screen.ts';
import { formatTime } from '../../lib/calendar.ts';
import type { Invocation } from '../define.ts';
import { defineCommand, notSimulated } from '../define.ts';

const usage = `
Usage:
 watch [options] command

Options:
  -b, --beep             beep if command has a non-zero exit
  -c, --color            interpret ANSI color and style sequences
  -d, --differences[=<permanent>]
                         highlight changes between updates
  -e, --errexit          exit if command has a non-zero exit
  -g, --chgexit          exit when output from command changes
  -q, --equexit <cycles>
                         exit when output from command does not change
  -n, --interval <secs>  seconds to wait between updates
  -p, --precise          attempt run command in precise intervals
  -t, --no-title         turn off header
  -w, --no-wrap          turn off line wrapping
  -x, --exec             pass command to exec instead of "sh -c"

 -h, --help     display this help and exit
 -v, --version  output version information and exit

For more details see watch(1).`;

interface Settings {
  intervalS: number;
  differences: 'no' | 'step' | 'permanent';
  beeps: boolean;
  colours: boolean;
  exitsOnError: boolean;
  exitsOnChange: boolean;
  exitsAfterEqual: number | undefined;
  hasTitle: boolean;
  wraps: boolean;
  usesExec: boolean;
}

export const watch = defineCommand({
  name: 'watch',
  summary: 'run a command again and again, full screen',
  package: 'procps',
  async run(call) {
    const settings: Settings = { intervalS: 2, differences: 'no', beeps: false, colours: false, exitsOnError: false, exitsOnChange: false, exitsAfterEqual: undefined, hasTitle: true, wraps: true, usesExec: false };
    const fromEnvironment = Number(call.env.get('WATCH_INTERVAL'));
    if (fromEnvironment > 0) settings.intervalS = fromEnvironment;
    const words = [...call.args];
    while (words[0]?.startsWith('-') === true) {
      const word = words.shift()!;
      if (word === '--') break;
      const code = option(call, word, words, settings);
      if (code !== undefined) return code;
    }
    if (words.length === 0) {
      call.err(usage);
      return 1;
    }
    if (!call.stdoutIsTerminal) {
      call.err('Error opening terminal: unknown.');
      return 1;
    }
    return show(call.sys, words, settings);
  },
});

const longNames: Readonly<Record<string, string>> = { beep: 'b', color: 'c', differences: 'd', errexit: 'e', chgexit: 'g', equexit: 'q', interval: 'n', precise: 'p', 'no-title': 't', 'no-wrap': 'w', exec: 'x', help: 'h', version: 'v' };

function option(call: Invocation, word: string, rest: string[], settings: Settings): number | undefined {
  let letters = word.slice(1);
  let value: string | undefined;
  if (word.startsWith('--')) {
    const [name = '', given] = word.slice(2).split('=');
    const letter = longNames[name];
    if (letter === undefined) {
      call.err(`watch: unrecognized option '${word}'`);
      call.err(usage);
      return 1;
    }
    letters = letter;
    value = given;
  }
  for (let i = 0; i < letters.length; i += 1) {
    const letter = letters[i]!;
    if (letter === 'n' || letter === 'q') {
      const text = value ?? (letters.slice(i + 1) || rest.shift());
      if (text === undefined) {
        call.err(`watch: option requires an argument -- '${letter}'`);
        call.err(usage);
        return 1;
      }
      const number = Number(text.replace(',', '.'));
      if (Number.isNaN(number)) {
        call.err(`watch: failed to parse argument: '${text}': Invalid argument`);
        return 1;
      }
      if (letter === 'n') settings.intervalS = Math.min(2_678_400, Math.max(0.1, number));
      else settings.exitsAfterEqual = number;
      return undefined;
    }
    if (letter === 'd') {
      settings.differences = value === 'permanent' || value === 'cumulative' ? 'permanent' : 'step';
      if (letters[i + 1] === '=') break;
    } else if (letter === 'b') settings.beeps = true;
    else if (letter === 'c') settings.colours = true;
    else if (letter === 'e') settings.exitsOnError = true;
    else if (letter === 'g') settings.exitsOnChange = true;
    else if (letter === 't') settings.hasTitle = false;
    else if (letter === 'w') settings.wraps = false;
    else if (letter === 'x') settings.usesExec = true;
    else if (letter === 'p') continue;
    else if (letter === 'h') {
      call.out(usage);
      return 0;
    } else if (letter === 'v') {
      call.out('watch from procps-ng 4.0.2');
      return 0;
    } else if (letter === 'C') return notSimulated(call, 'option -C');
    else {
      call.err(`watch: invalid option -- '${letter}'`);
      call.err(usage);
      return 1;
    }
  }
  return undefined;
}

/** One cell of the picture: its characters, and the colours in force before it. */
interface Cell {
  readonly text: string;
  readonly style: string;
}

async function show(sys: Sys, words: readonly string[], settings: Settings): Promise<number> {
  const screen = await FullScreen.open(sys, { signals: true, mapCr: true, enter: `${enterAlternateScreen}\x1b[1;24r\x1b[4l\x1b[?7h${keypadOn}\x1b[H\x1b[2J`, leave: () => '' });
  if (screen === undefined) return 1;
  let code = 0;
  let before: Cell[][] | undefined;
  let changedEver = new Set<string>();
  let equalTimes = 0;
  for (;;) {
    const started = sys.monotonicUs();
    const ran = await runOnce(sys, words, settings);
    if (ran === undefined) break;
    const rows = screen.rows - (settings.hasTitle ? 2 : 0);
    const cells = layOut(ran.text, screen.columns, rows, settings);
    let out = '\x1b[?25l';
    if (settings.hasTitle) out += `${moveTo(0, 0)}${title(sys, words, settings, screen.columns)}\x1b[K${moveTo(1, 0)}\x1b[K`;
    let hasChanged = false;
    for (let y = 0; y < rows; y += 1) {
      let row = '';
      let style = '';
      for (let x = 0; x < (cells[y]?.length ?? 0); x += 1) {
        const cell = cells[y]![x]!;
        const differs = before !== undefined && (before[y]?.[x]?.text ?? ' ') !== cell.text;
        if (differs) {
          hasChanged = true;
          changedEver.add(`${y},${x}`);
        }
        const isMarked = settings.differences !== 'no' && (differs || (settings.differences === 'permanent' && changedEver.has(`${y},${x}`)));
        const wanted = `${cell.style}${isMarked ? '\x1b[7m' : ''}`;
        if (wanted !== style) {
          row += `${attributesOff}${wanted}`;
          style = wanted;
        }
        row += cell.text;
      }
      if (before !== undefined && (before[y]?.length ?? 0) > (cells[y]?.length ?? 0)) hasChanged = true;
      out += `${moveTo(y + (settings.hasTitle ? 2 : 0), 0)}${row}${style === '' ? '' : attributesOff}\x1b[K`;
    }
    out += `${moveTo(screen.rows - 1, screen.columns - 1)}\x1b[?25h`;
    if (settings.beeps && ran.code !== 0) out += '\x07';
    screen.write(out);
    if (settings.exitsOnChange && hasChanged) break;
    equalTimes = hasChanged ? 0 : equalTimes + 1;
    if (settings.exitsAfterEqual !== undefined && before !== undefined && equalTimes >= settings.exitsAfterEqual) break;
    before = cells;
    if (settings.exitsOnError && ran.code !== 0) {
      screen.write(`${moveTo(screen.rows - 1, 0)}command exit with a non-zero status, press a key to exit`);
      await screen.next();
      code = 8;
      break;
    }
    const left = Math.max(0, settings.intervalS * 1_000_000 - (sys.monotonicUs() - started));
    const event = await waitFor(screen, left);
    if (event === 'end') break;
    if (event === 'again') {
      changedEver = new Set();
      before = undefined;
    }
  }
  screen.write(`\x1b[${screen.rows};1H\x1b[?12l\x1b[?25h${leaveAlternateScreen}\r${keypadOff}`);
  await screen.close();
  return code;
}

async function waitFor(screen: FullScreen, us: number): Promise<'time' | 'again' | 'end'> {
  const event = await screen.next(us);
  if (event.kind === 'interrupt' || event.kind === 'eof') return 'end';
  if (event.kind === 'resize' || event.kind === 'resumed') return 'again';
  if (event.kind === 'key') return event.key === 'q' ? 'time' : event.key === ' ' ? 'time' : waitFor(screen, us);
  return 'time';
}

/** Runs the command with its output in a pipe; undefined when it could not be started. */
async function runOnce(sys: Sys, words: readonly string[], settings: Settings): Promise<{ readonly text: string; readonly code: number } | undefined> {
  const pipe = sys.pipe();
  if (!pipe.ok) return undefined;
  const [readEnd, writeEnd] = pipe.value;
  const program = settings.usesExec ? sys.findProgram(words[0]!) : sys.findProgram('sh');
  const argv = settings.usesExec ? words : ['sh', '-c', words.join(' ')];
  if (!program.ok) {
    sys.close(readEnd);
    sys.close(writeEnd);
    return { text: `watch: ${words[0]}: No such file or directory\n`, code: 127 };
  }
  const child = await sys.spawn(program.value, { argv, env: sys.env, fds: new Map([[0, 0], [1, writeEnd], [2, writeEnd]]) });
  sys.close(writeEnd);
  const chunks: number[] = [];
  for (;;) {
    const got = await sys.read(readEnd, 65536);
    if (!got.ok && got.error === 'EINTR') continue;
    if (!got.ok || got.value.length === 0) break;
    for (const byte of got.value) chunks.push(byte);
  }
  sys.close(readEnd);
  let code = 0;
  if (child.ok) {
    for (;;) {
      const ended = await sys.wait(child.value);
      if (!ended.ok && ended.error === 'EINTR') continue;
      if (ended.ok && ended.value?.status.kind === 'exited') code = ended.value.status.code;
      break;
    }
  }
  return { text: fromUtf8(Uint8Array.from(chunks)), code };
}

function title(sys: Sys, words: readonly string[], settings: Settings, columns: number): string {
  const right = `${sys.hostname}: ${formatTime('%a %b %e %H:%M:%S %Y', Math.floor(sys.now() / 1_000_000))}`;
  const left = `Every ${settings.intervalS.toFixed(1)}s: ${words.join(' ')}`;
  if (columns < right.length) return '';
  const room = columns - right.length - 1;
  const shown = left.length > room ? `${left.slice(0, Math.max(0, room - 4))}... ` : left;
  return shown.padEnd(columns - right.length) + right;
}

function layOut(text: string, columns: number, rows: number, settings: Settings): Cell[][] {
  const grid: Cell[][] = [[]];
  let style = '';
  let width = 0;
  for (let i = 0; i < text.length && grid.length <= rows;) {
    const escape = /^\x1b\[[0-9;]*m/.exec(text.slice(i, i + 24));
    if (escape !== null) {
      if (settings.colours) style = /^\x1b\[0*m/.test(escape[0]) ? '' : style + escape[0];
      i += escape[0].length;
      continue;
    }
    const character = String.fromCodePoint(text.codePointAt(i)!);
    i += character.length;
    let row = grid[grid.length - 1]!;
    if (character === '\n') {
      grid.push([]);
      width = 0;
      continue;
    }
    if (character === '\t') {
      do {
        row.push({ text: ' ', style });
        width += 1;
      } while (width % 8 !== 0 && width < columns);
      continue;
    }
    const size = characterWidth(character);
    if (size === 0) continue;
    if (width + size > columns) {
      if (!settings.wraps) continue;
      row = [];
      grid.push(row);
      width = 0;
    }
    row.push({ text: character, style });
    width += size;
  }
  return grid.slice(0, rows);
}

/** tput, for the capabilities of xterm-256color that scripts use. Read first: tput(1), terminfo(5), `infocmp -1 xterm-256color`. */
import type { Invocation } from '../define.ts';
import { defineCommand, notSimulated } from '../define.ts';

type Capability = string | number | boolean | ((parameters: readonly number[]) => string);

const capabilities: Readonly<Record<string, Capability>> = {
  bold: '\x1b[1m', dim: '\x1b[2m', smul: '\x1b[4m', rmul: '\x1b[24m', rev: '\x1b[7m', smso: '\x1b[7m', rmso: '\x1b[27m', sgr0: '\x1b(B\x1b[m', blink: '\x1b[5m', invis: '\x1b[8m', sitm: '\x1b[3m', ritm: '\x1b[23m',
  op: '\x1b[39;49m', el: '\x1b[K', el1: '\x1b[1K', ed: '\x1b[J', home: '\x1b[H', bel: '\x07', cr: '\r', civis: '\x1b[?25l', cnorm: '\x1b[?12l\x1b[?25h', cvvis: '\x1b[?12;25h',
  smcup: '\x1b[?1049h\x1b[22;0;0t', rmcup: '\x1b[?1049l\x1b[23;0;0t', sc: '\x1b7', rc: '\x1b8', cuu1: '\x1b[A', cud1: '\n', cuf1: '\x1b[C', cub1: '\b', il1: '\x1b[L', dl1: '\x1b[M', ri: '\x1bM', smkx: '\x1b[?1h\x1b=', rmkx: '\x1b[?1l\x1b>',
  kcuu1: '\x1bOA', kcud1: '\x1bOB', kcuf1: '\x1bOC', kcub1: '\x1bOD', khome: '\x1bOH', kend: '\x1bOF', kdch1: '\x1b[3~', kpp: '\x1b[5~', knp: '\x1b[6~', kbs: '\x7f',
  am: true, bce: true, km: true, mir: true, msgr: true, xenl: true, colors: 256, pairs: 65536, it: 8,
  cup: ([row = 0, column = 0]) => `\x1b[${row + 1};${column + 1}H`, cuu: ([n = 0]) => `\x1b[${n}A`, cud: ([n = 0]) => `\x1b[${n}B`, cuf: ([n = 0]) => `\x1b[${n}C`, cub: ([n = 0]) => `\x1b[${n}D`,
  hpa: ([column = 0]) => `\x1b[${column + 1}G`, vpa: ([row = 0]) => `\x1b[${row + 1}d`, ech: ([n = 0]) => `\x1b[${n}X`, dch: ([n = 0]) => `\x1b[${n}P`, ich: ([n = 0]) => `\x1b[${n}@`, csr: ([top = 0, bottom = 0]) => `\x1b[${top + 1};${bottom + 1}r`,
  setaf: ([n = 0]) => (n < 8 ? `\x1b[3${n}m` : n < 16 ? `\x1b[9${n - 8}m` : `\x1b[38;5;${n}m`), setab: ([n = 0]) => (n < 8 ? `\x1b[4${n}m` : n < 16 ? `\x1b[10${n - 8}m` : `\x1b[48;5;${n}m`),
};

const usage = `Usage: tput [options] [command]

Options:
  -S <<       read commands from standard input
  -T TERM     use this instead of $TERM
  -V          print curses-version
  -x          do not try to clear scrollback

Commands:
  clear       clear the screen
  init        initialize the terminal
  reset       reinitialize the terminal
  capname     unlike clear/init/reset, print value for capability "capname"

`;

export const tput = defineCommand({
  name: 'tput',
  summary: 'ask or change what the terminal can do',
  package: 'ncurses-bin',
  run(call) {
    let term = call.env.get('TERM');
    const words = [...call.args];
    while (words[0]?.startsWith('-') === true) {
      const option = words.shift()!;
      if (option === '-V') {
        call.out('ncurses 6.4.20221231');
        return 0;
      }
      if (option.startsWith('-T')) term = option === '-T' ? words.shift() : option.slice(2);
      else if (option === '-S') return notSimulated(call, 'option -S');
      else if (option !== '-x') {
        call.writeErr(usage);
        return 2;
      }
    }
    if (words.length === 0) {
      call.writeErr(usage);
      return 2;
    }
    if (term === undefined || term === '') {
      call.err('tput: No value for $TERM and no -T specified');
      return 2;
    }
    if (!/^(xterm|screen|tmux|linux|vt100|vt220|dumb|rxvt)/.test(term)) {
      call.err(`tput: unknown terminal "${term}"`);
      return 3;
    }
    return answer(call, term, words);
  },
});

function answer(call: Invocation, term: string, [name, ...rest]: readonly string[]): number {
  const isDumb = term === 'dumb';
  const size = [2, 1, 0].map((fd) => call.sys.windowSize(fd)).find((got) => got.ok);
  const { columns, rows } = size?.ok === true && size.value.columns > 0 ? size.value : { columns: 80, rows: 24 };
  switch (name) {
    case 'cols': case 'columns':
      call.out(call.env.get('COLUMNS') ?? String(columns));
      return 0;
    case 'lines':
      call.out(call.env.get('LINES') ?? String(rows));
      return 0;
    case 'clear':
      if (isDumb) return 1;
      call.write(`\x1b[H\x1b[2J${term.startsWith('xterm') ? '\x1b[3J' : ''}`);
      return 0;
    case 'reset': case 'init':
      call.write(name === 'reset' ? '\x1bc\x1b]104\x07\x1b[!p\x1b[?3;4l\x1b[4l\x1b>' : '\x1b[!p\x1b[?3;4l\x1b[4l\x1b>');
      return 0;
    case 'longname':
      call.write(term === 'xterm-256color' ? 'xterm with 256 colors' : term === 'dumb' ? '80-column dumb tty' : term.startsWith('screen') ? 'GNU Screen with 256 colors' : 'xterm terminal emulator (X Window System)');
      return 0;
    default:
  }
  const capability = capabilities[name ?? ''];
  if (capability === undefined) {
    call.err(`tput: unknown terminfo capability '${name}'`);
    return 4;
  }
  if (typeof capability === 'boolean') return isDumb && name !== 'am' ? 1 : 0;
  if (typeof capability === 'number') {
    const shown = isDumb ? -1 : name === 'colors' && !term.includes('256') ? 8 : capability;
    call.out(String(shown));
    return 0;
  }
  if (isDumb && !['bel', 'cr', 'cud1'].includes(name!)) return 1;
  call.write(typeof capability === 'string' ? capability : capability(rest.map(Number)));
  return 0;
}

/** uname, tty, nproc, arch, logger, mount, which, whereis, echo, printf, test, systemctl: small facts about the machine. */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { gnuOptions, parseOptions } from '../../lib/getopt.ts';
import { named } from '../coreutils/quote.ts';
import { defineCommand, notSimulated } from '../define.ts';

export const RELEASE = '6.1.0-37-cloud-amd64';
const VERSION = '#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)';

export const uname = defineCommand({
  name: 'uname', aliases: ['arch'], summary: 'print system information', package: 'coreutils',
  run: (call) => {
    if (call.name === 'arch') {
      call.out('x86_64');
      return 0;
    }
    const options = gnuOptions(call, { short: 'asnrvmpio', long: { all: 'none=a', 'kernel-name': 'none=s', nodename: 'none=n', 'kernel-release': 'none=r', 'kernel-version': 'none=v', machine: 'none=m', processor: 'none=p', 'hardware-platform': 'none=i', 'operating-system': 'none=o' } });
    if (options === undefined) return 1;
    if (options.operands.length > 0) {
      call.err(`uname: extra operand ${named(options.operands[0]!)}\nTry 'uname --help' for more information.`);
      return 1;
    }
    const isAll = options.has('a');
    const none = options.options.length === 0;
    const parts: readonly (readonly [string, string])[] = [['s', 'Linux'], ['n', call.sys.hostname], ['r', RELEASE], ['v', VERSION], ['m', 'x86_64'], ['p', 'unknown'], ['i', 'unknown'], ['o', 'GNU/Linux']];
    call.out(parts.filter(([letter, text]) => (isAll ? text !== 'unknown' : none ? letter === 's' : options.has(letter))).map(([, text]) => text).join(' '));
    return 0;
  },
});

export const tty = defineCommand({
  name: 'tty', summary: 'print the name of the terminal', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 's', long: { silent: 'none=s', quiet: 'none=s' } });
    if (options === undefined) return 2;
    const name = call.sys.isTerminal(0) ? call.sys.terminalName(0) : undefined;
    if (!options.has('s')) call.out(name?.ok === true ? name.value : 'not a tty');
    return name?.ok === true ? 0 : 1;
  },
});

export const nproc = defineCommand({
  name: 'nproc', summary: 'print the number of processors', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: '', long: { all: 'none', ignore: 'required' } });
    if (options === undefined) return 1;
    call.out(String(Math.max(1, 2 - Number(options.value('ignore') ?? '0'))));
    return 0;
  },
});

export const logger = defineCommand({
  name: 'logger', summary: 'write to the system log', package: 'bsdutils',
  run: async (call) => {
    const options = parseOptions(call.args, { short: 'st:p:if:', long: { tag: 'required=t', priority: 'required=p', stderr: 'none=s' } });
    const text = options.operands.length > 0 ? options.operands.join(' ') : (await call.stdinText()).replace(/\n$/, '');
    const line = `${options.value('t') ?? call.env.get('USER') ?? 'root'}: ${text}`;
    call.sys.log(line);
    if (options.has('s')) call.err(`<13>${formatTime('%b %e %H:%M:%S', call.sys.now() / 1e6)} ${line}`);
    return 0;
  },
});

export const mount = defineCommand({
  name: 'mount', summary: 'show what is mounted', package: 'mount',
  run: (call) => {
    const type = call.args[0] === '-t' ? call.args[1] : undefined;
    if (call.args.length > 0 && type === undefined && call.args[0] !== '-l') return notSimulated(call, 'mounting');
    for (const each of call.sys.mounts()) if (type === undefined || each.type === type) call.out(`${each.source} on ${each.target} type ${each.type} (${each.options})`);
    return 0;
  },
});

export const which = defineCommand({
  name: 'which', summary: 'find a command in PATH', package: 'debianutils',
  run: (call) => {
    const isAll = call.args[0] === '-a';
    let code: ExitCode = 0;
    for (const name of isAll ? call.args.slice(1) : call.args) {
      const places = name.includes('/') ? [name] : (call.env.get('PATH') ?? '').split(':').map((directory) => `${directory === '' ? '.' : directory}/${name}`);
      const found = places.filter((path) => {
        const stat = call.sys.stat(path);
        return stat.ok && stat.value.kind === 'file' && call.sys.access(path, { execute: true }).ok;
      });
      if (found.length === 0) code = 1;
      for (const path of isAll ? found : found.slice(0, 1)) call.out(path);
    }
    return code;
  },
});

export const whereis = defineCommand({
  name: 'whereis', summary: 'find the files of a command', package: 'util-linux',
  run: (call) => {
    for (const name of call.args.filter((word) => !word.startsWith('-'))) {
      const found = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'].map((directory) => `${directory}/${name}`).filter((path) => call.sys.stat(path).ok);
      call.out(`${name}:${found.map((path) => ` ${path}`).join('')}`);
    }
    return 0;
  },
});

/** The escapes of echo -e and printf %b. `stopped` after \c. */
export function unescape(text: string): { text: string; stopped: boolean } {
  let made = '';
  const plain: Readonly<Record<string, string>> = { a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"', "'": "'" };
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] !== '\\' || i === text.length - 1) {
      made += text[i]!;
      continue;
    }
    i += 1;
    const letter = text[i]!;
    const octal = /^0?([0-7]{1,3})/.exec(text.slice(i));
    const hex = /^x([0-9a-fA-F]{1,2})/.exec(text.slice(i)) ?? /^u([0-9a-fA-F]{1,4})/.exec(text.slice(i)) ?? /^U([0-9a-fA-F]{1,8})/.exec(text.slice(i));
    if (letter === 'c') return { text: made, stopped: true };
    if (octal !== null) {
      made += String.fromCharCode(Number.parseInt(octal[1]!, 8) & 0xff);
      i += octal[0].length - 1;
    } else if (hex !== null) {
      made += String.fromCodePoint(Number.parseInt(hex[1]!, 16));
      i += hex[0].length - 1;
    } else made += plain[letter] ?? `\\${letter}`;
  }
  return { text: made, stopped: false };
}

export const echo = defineCommand({
  name: 'echo', summary: 'print a line', package: 'coreutils',
  run: (call) => {
    const args = [...call.args];
    let hasNewline = true;
    let isEscaped = false;
    while (/^-[neE]+$/.test(args[0] ?? '')) {
      for (const letter of args.shift()!.slice(1)) {
        if (letter === 'n') hasNewline = false;
        else isEscaped = letter === 'e';
      }
    }
    const text = args.join(' ');
    const made = isEscaped ? unescape(text) : { text, stopped: false };
    call.write(`${made.text}${hasNewline && !made.stopped ? '\n' : ''}`);
    return 0;
  },
});

export const printf = defineCommand({
  name: 'printf', summary: 'format and print', package: 'coreutils',
  run: async (call) => {
    const [format, ...values] = call.args;
    const called = call.sys.argv[0] ?? 'printf';
    if (format === undefined) {
      call.err(`${called}: missing operand\nTry '${called} --help' for more information.`);
      return 1;
    }
    let code: ExitCode = 0;
    let at = 0;
    do {
      const from = at;
      let isStopped = false;
      let made = '';
      for (const piece of format.match(/%[-+ #0]*(?:\*|\d*)(?:\.(?:\*|\d*))?[a-zA-Z%]|\\(?:c|[0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)|[^%\\]+|[%\\]/gs) ?? []) {
        if (piece.startsWith('\\')) {
          const one = unescape(piece);
          if (/^\\[x0-7]/.test(piece)) {
            // A byte, whatever letter that number would be.
            call.write(made);
            call.write(new Uint8Array([one.text.charCodeAt(0)]));
            made = '';
          } else made += one.text;
          if (!one.stopped) continue;
          isStopped = true;
          break;
        }
        const spec = /^%([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?([a-zA-Z%])$/.exec(piece);
        if (spec === null) {
          made += piece;
          continue;
        }
        const [, flags = '', widthWord = '', precisionWord, letter] = spec;
        if (letter === '%') {
          made += '%';
          continue;
        }
        const width = widthWord === '*' ? Number(values[at++] ?? '0') : Number(widthWord || '0');
        const precision = precisionWord === undefined ? undefined : precisionWord === '*' ? Number(values[at++] ?? '0') : Number(precisionWord || '0');
        const value = values[at++] ?? '';
        const number = numberOf(value);
        if (!'diouxXeEfFgGaAscbq'.includes(letter!)) {
          call.write(made);
          await call.flush();
          call.err(`${called}: ${piece}: invalid conversion specification`);
          return 1;
        }
        // What can be read of a number counts, but is complained of.
        const start = number === undefined ? /^[+-]?\d+(\.\d*)?/.exec(value)?.[0] : undefined;
        if ('diouxXeEfFgGaA'.includes(letter!) && number === undefined && value !== '') {
          call.err(`${called}: ${named(value)}: ${start === undefined ? 'expected a numeric value' : 'value not completely converted'}`);
          code = 1;
        }
        made += formatOne(letter!, flags, width, precision, value, number ?? Number(start ?? '0'));
      }
      call.write(made);
      if (isStopped) return code;
      if (at === from) break;
    } while (at < values.length);
    return code;
  },
});

function numberOf(text: string): number | undefined {
  if (/^["']./.test(text)) return text.codePointAt(1);
  if (/^[+-]?0x[0-9a-f]+$/i.test(text)) return text.startsWith('-') ? -Number.parseInt(text.slice(3), 16) : Number.parseInt(text.replace('+', ''), 16);
  if (/^[+-]?0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** No field is wider: more would be memory for blanks. */
const WIDEST = 1 << 24;
/** No number has more digits than the engine writes. */
const MOST_DIGITS = 100;

/** One conversion of printf(3); for awk too. */
export function formatOne(letter: string, flags: string, wantedWidth: number, wantedPrecision: number | undefined, text: string, number: number): string {
  const width = Math.min(WIDEST, wantedWidth);
  const precision = wantedPrecision === undefined ? undefined : Math.min('eEgG'.includes(letter) ? MOST_DIGITS : WIDEST, wantedPrecision);
  let body: string;
  switch (letter) {
    case 's': body = precision === undefined ? text : [...text].slice(0, precision).join(''); break;
    case 'b': body = unescape(text).text; break;
    case 'q': body = /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`; break;
    case 'c': body = [...text][0] ?? ''; break;
    case 'd': case 'i': case 'u': {
      const whole = Math.trunc(number);
      const digits = BigInt(Number.isFinite(whole) ? Math.abs(whole) : 0).toString();
      body = `${whole < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''}${digits.padStart(precision ?? 1, '0')}`;
      break;
    }
    case 'o': body = (flags.includes('#') ? '0' : '') + BigInt(Math.trunc(number < 0 ? number + 2 ** 64 : number)).toString(8).padStart(precision ?? 1, '0'); break;
    case 'x': case 'X': {
      const digits = BigInt.asUintN(64, BigInt(Math.trunc(number))).toString(16).padStart(precision ?? 1, '0');
      body = (flags.includes('#') && number !== 0 ? '0x' : '') + digits;
      if (letter === 'X') body = body.toUpperCase();
      break;
    }
    case 'e': case 'E': body = exponent(number, precision ?? 6); if (letter === 'E') body = body.toUpperCase(); break;
    case 'g': case 'G': body = general(number, precision ?? 6, flags.includes('#')); if (letter === 'G') body = body.toUpperCase(); break;
    default: body = Number.isFinite(number) ? number.toFixed(Math.min(MOST_DIGITS, precision ?? 6)) : number > 0 ? 'inf' : Number.isNaN(number) ? 'nan' : '-inf';
  }
  if ('eEfgGF'.includes(letter) && number >= 0) body = `${flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''}${body}`;
  const length = [...body].length;
  if (length >= width) return body;
  if (flags.includes('-')) return body + ' '.repeat(width - length);
  const isZero = flags.includes('0') && !'sbqc'.includes(letter) && !('diouxX'.includes(letter) && precision !== undefined);
  if (!isZero) return ' '.repeat(width - length) + body;
  const sign = /^[-+ ]/.exec(body)?.[0] ?? '';
  return sign + '0'.repeat(width - length) + body.slice(sign.length);
}

function exponent(number: number, precision: number): string {
  return number.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2');
}

function general(number: number, precision: number, keepsZeros: boolean): string {
  if (number === 0) return '0';
  if (!Number.isFinite(number)) return Number.isNaN(number) ? 'nan' : number > 0 ? 'inf' : '-inf';
  const digits = precision === 0 ? 1 : precision;
  const power = Number(number.toExponential(digits - 1).split('e')[1]);
  const text = power < -4 || power >= digits ? exponent(number, digits - 1) : number.toFixed(Math.max(0, digits - 1 - power));
  if (keepsZeros) return text;
  const [mantissa = '', tail] = text.split('e');
  const trimmed = mantissa.includes('.') ? mantissa.replace(/0+$/, '').replace(/\.$/, '') : mantissa;
  return tail === undefined ? trimmed : `${trimmed}e${tail}`;
}

export const systemctl = defineCommand({
  name: 'systemctl', aliases: ['journalctl', 'service'], summary: 'services are not simulated', package: 'systemd',
  run: (call) => notSimulated(call, `${call.name} ${call.args[0] ?? ''}`.trim()),
});

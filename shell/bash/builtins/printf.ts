/** printf. Read first: help printf, printf(3) */
import type { Shell } from '../shell.ts';
import { byteCharacter, codePoint, decode, echoText, encode, normalise, quoteBackslash, quoteSingle } from '../escapes.ts';
import { checkLength } from '../errors.ts';
import { expandIndex } from '../expand.ts';
import { bytesInC } from '../parameter.ts';
import { formatLocalTime } from '../local-time.ts';
import { parseOptions } from './options.ts';

export async function printfBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'printf', args, 'v:', 'printf [-v var] format [arguments]');
  if (options === undefined) return 2;
  const [format, ...words] = options.rest;
  const target = options.values.get('v');
  if (format === undefined) {
    await shell.write(2, 'printf: usage: printf [-v var] format [arguments]\n');
    return 2;
  }
  const match = target === undefined ? undefined : /^([A-Za-z_][A-Za-z0-9_]*)(?:\[([\s\S]*)\])?$/.exec(target);
  if (match === null) {
    await shell.error(`printf: \`${target}': not a valid identifier`);
    return 2;
  }
  const made = new Formatter(shell, format, words);
  const text = made.run();
  for (const complaint of made.complaints) await shell.error(`printf: ${complaint}`);
  const failures = made.complaints.filter((complaint) => !complaint.startsWith('warning: '));
  if (match === undefined) shell.out(text);
  else shell.assign(match[1]!, match[2] === undefined ? undefined : await expandIndex(shell, match[1]!, match[2]), text.split('\0', 1)[0]!, false);
  return failures.length > 0 ? 1 : 0;
}

class Formatter {
  readonly complaints: string[] = [];
  private readonly shell: Shell;
  private readonly format: string;
  private readonly words: readonly string[];
  private at = 0;
  private out = '';
  private isOver = false;

  constructor(shell: Shell, format: string, words: readonly string[]) {
    this.shell = shell;
    this.format = format;
    this.words = words;
  }

  run(): string {
    do {
      const before = this.at;
      this.once();
      if (this.at === before) break;
    } while (!this.isOver && this.at < this.words.length);
    return normalise(this.out);
  }

  private once(): void {
    const { format } = this;
    for (let i = 0; i < format.length && !this.isOver; ) {
      const c = format[i]!;
      if (c === '\\') {
        i = this.escape(i);
        continue;
      }
      if (c !== '%') {
        this.out += c;
        i += 1;
        continue;
      }
      const spec = /^%([-+ #0']*)(\*|-?[0-9]+)?(?:\.(\*|-?[0-9]*))?(?:hh|h|ll|l|L|q|j|z|t)?(?:\(([^)]*)\))?([a-zA-Z%])?/.exec(format.slice(i))!;
      const qAsKind = /^%([-+ #0']*)(\*|-?[0-9]+)?(?:\.(\*|-?[0-9]*))?(q|Q|\(([^)]*)\)T)/.exec(format.slice(i));
      const used = qAsKind ?? spec;
      const kind = qAsKind === null ? spec[5] : qAsKind[4]!.startsWith('(') ? 'T' : qAsKind[4]!;
      if (kind === undefined) {
        this.complaints.push(format.length === i + used[0].length ? `\`${used[0]}': missing format character` : `\`${format[i + used[0].length]}': invalid format character`);
        this.isOver = true;
        return;
      }
      i += used[0].length;
      if (kind === '%') {
        this.out += '%';
        continue;
      }
      let flags = used[1] ?? '';
      let width = used[2] === '*' ? Number(this.number(this.take())) : used[2] === undefined ? 0 : Number(used[2]);
      if (width < 0) {
        flags += '-';
        width = -width;
      }
      let precision = used[3] === undefined ? undefined : used[3] === '*' ? Number(this.number(this.take())) : Number(used[3] === '' ? 0 : used[3]);
      if (precision !== undefined && precision < 0) precision = undefined;
      this.convert(kind, flags, width, precision, qAsKind?.[5] ?? spec[4]);
    }
  }

  private take(): string | undefined {
    const word = this.words[this.at];
    if (this.at < this.words.length) this.at += 1;
    return word;
  }

  private escape(i: number): number {
    const rest = this.format.slice(i);
    const match = /^\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([\s\S]))/.exec(rest);
    if (match === null) {
      this.out += '\\';
      return i + 1;
    }
    if (match[1] !== undefined) this.out += byteCharacter(Number.parseInt(match[1], 8) & 255);
    else if (match[2] !== undefined) this.out += byteCharacter(Number.parseInt(match[2], 16));
    else if (match[3] !== undefined || match[4] !== undefined) this.out += codePoint(Number.parseInt(match[3] ?? match[4]!, 16));
    else {
      const c = match[5]!;
      const simple: Record<string, string> = { a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"', '?': '?' };
      this.out += simple[c] ?? `\\${c}`;
    }
    return i + match[0].length;
  }

  private pad(text: string, flags: string, width: number): string {
    const gap = width - encode(text).length;
    if (gap <= 0) return text;
    checkLength(width);
    return flags.includes('-') ? text + ' '.repeat(gap) : ' '.repeat(gap) + text;
  }

  private convert(kind: string, flags: string, width: number, precision: number | undefined, timeFormat: string | undefined): void {
    switch (kind) {
      case 's': case 'b': case 'q': case 'Q': {
        const word = this.take() ?? '';
        let text = word;
        if (kind === 'b') {
          const made = echoText(word, false);
          text = made.text;
          if (made.stop) this.isOver = true;
        } else if (kind === 'Q') text = quoteBackslash(precision === undefined ? word : word.slice(0, precision));
        else if (kind === 'q') text = quoteBackslash(word);
        if (flags.includes('#') && kind === 'q') text = quoteSingle(word);
        if (precision !== undefined && kind !== 'Q') text = decode(encode(text).subarray(0, precision));
        this.out += this.pad(text, flags, width);
        return;
      }
      case 'c': this.out += this.pad([...(this.take() ?? '')][0] ?? '\0', flags, width); return;
      case 'T': {
        const word = this.take();
        const value = word === undefined || word === '' ? -1 : Number(this.number(word));
        const us = value === -1 ? this.shell.sys.now() : value === -2 ? this.shell.startedUs - this.shell.sys.monotonicUs() + this.shell.sys.now() : value * 1_000_000;
        this.out += this.pad(formatLocalTime(this.shell, timeFormat === undefined || timeFormat === '' ? '%X' : timeFormat, us / 1e6), flags, width);
        return;
      }
      case 'd': case 'i': case 'u': case 'o': case 'x': case 'X': this.out += this.integer(kind, flags, width, precision, this.number(this.take(), kind !== 'd' && kind !== 'i')); return;
      case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A': this.out += this.float(kind, flags, width, precision, this.real(this.take())); return;
      case 'n': this.take(); return;
      default:
        this.complaints.push(`\`${kind}': invalid format character`);
        this.isOver = true;
    }
  }

  private number(word: string | undefined, isUnsigned = false): bigint {
    if (word === undefined || word === '') return 0n;
    if (word[0] === '"' || word[0] === "'") {
      const first = [...bytesInC(this.shell, word.slice(1))][0];
      if (first === undefined) return 0n;
      return BigInt(/[\udc80-\udcff]/.test(first) ? encode(first)[0]! : first.codePointAt(0)!);
    }
    const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/.exec(word);
    if (match === null) {
      this.complaints.push(`${word}: invalid number`);
      return 0n;
    }
    if (match[0].length !== word.length) this.complaints.push(/^\s*[-+]?0[0-9]/.test(word) ? `${word}: invalid octal number` : `${word}: invalid number`);
    const digits = match[2]!;
    const magnitude = /^0[xX]/.test(digits) ? BigInt(digits) : digits.length > 1 && digits.startsWith('0') ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
    const value = match[1] === '-' ? -magnitude : magnitude;
    if (isUnsigned && value >= 0n) {
      if (value <= 0xffff_ffff_ffff_ffffn) return BigInt.asIntN(64, value);
      this.complaints.push(`warning: ${word}: Numerical result out of range`);
      return -1n;
    }
    if (value > 0x7fff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) {
      this.complaints.push(`warning: ${word}: Numerical result out of range`);
      return value > 0n ? (value > 0xffff_ffff_ffff_ffffn ? 0x7fff_ffff_ffff_ffffn : BigInt.asIntN(64, value) < 0n ? 0x7fff_ffff_ffff_ffffn : value) : -0x8000_0000_0000_0000n;
    }
    return value;
  }

  private integer(kind: string, flags: string, width: number, precision: number | undefined, value: bigint): string {
    const isSigned = kind === 'd' || kind === 'i';
    const magnitude = isSigned ? (value < 0n ? -value : value) : BigInt.asUintN(64, value);
    let digits = magnitude.toString(kind === 'o' ? 8 : kind === 'x' || kind === 'X' ? 16 : 10);
    if (kind === 'X') digits = digits.toUpperCase();
    checkLength(Math.max(precision ?? 0, width));
    if (precision !== undefined) digits = precision === 0 && magnitude === 0n ? '' : digits.padStart(precision, '0');
    let prefix = isSigned ? (value < 0n ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '') : '';
    if (flags.includes('#') && magnitude !== 0n) {
      if (kind === 'o') digits = digits.startsWith('0') ? digits : `0${digits}`;
      if (kind === 'x' || kind === 'X') prefix = `0${kind}`;
    }
    if (flags.includes('0') && !flags.includes('-') && precision === undefined) digits = digits.padStart(width - prefix.length, '0');
    return this.pad(prefix + digits, flags, width);
  }

  private real(word: string | undefined): number {
    if (word === undefined || word === '') return 0;
    if (word[0] === '"' || word[0] === "'") return word.codePointAt(1) ?? 0;
    const match = /^\s*[-+]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|inf(?:inity)?|nan)/i.exec(word);
    if (match === null || match[0].length !== word.length) this.complaints.push(`${word}: invalid number`);
    if (match === null) return 0;
    const text = match[0].trim().toLowerCase();
    if (/inf/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
    return /nan/.test(text) ? Number.NaN : text.startsWith('-0x') ? -Number(text.slice(1)) : Number(text);
  }

  private float(kind: string, flags: string, width: number, precision: number | undefined, value: number): string {
    const places = precision ?? 6;
    const magnitude = Math.abs(value);
    const lower = kind.toLowerCase();
    let text: string;
    if (!Number.isFinite(magnitude)) text = Number.isNaN(magnitude) ? 'nan' : 'inf';
    else if (lower === 'f') text = magnitude < 1e21 ? magnitude.toFixed(Math.min(100, places)) : `${BigInt(magnitude)}${places > 0 ? `.${'0'.repeat(places)}` : ''}`;
    else if (lower === 'e') text = exponent(magnitude.toExponential(Math.min(100, places)));
    else if (lower === 'a') text = `0x${magnitude.toString(16)}p+0`;
    else {
      const digits = places === 0 ? 1 : places;
      const power = magnitude === 0 ? 0 : Number(magnitude.toExponential(Math.min(100, digits - 1)).split('e')[1]);
      text = power < -4 || power >= digits ? exponent(magnitude.toExponential(digits - 1)) : magnitude.toFixed(Math.max(0, digits - 1 - power));
      if (!flags.includes('#') && text.includes('.')) text = text.replace(/\.?0+(?=$|e)/, '');
    }
    if (flags.includes('#') && places === 0 && !text.includes('.')) text += '.';
    const prefix = value < 0 || Object.is(value, -0) ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
    checkLength(width);
    if (flags.includes('0') && !flags.includes('-') && Number.isFinite(magnitude)) text = text.padStart(width - prefix.length, '0');
    const whole = prefix + text;
    return this.pad(kind === lower ? whole : whole.toUpperCase(), flags, width);
  }
}

function exponent(text: string): string {
  return text.replace(/e([-+])([0-9])$/, 'e$10$2');
}


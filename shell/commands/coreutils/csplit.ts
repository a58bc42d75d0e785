/** csplit: a file in sections, cut where lines match or by their number. Read first: csplit(1); src/csplit.c of coreutils 9.1. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { compileRegex, type Regex } from '../../lib/regex/regex.ts';
import { fromUtf8, utf8 } from '../../ports/bytes.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { named, quoted, quotedIfNeeded } from './quote.ts';

interface Pattern {
  readonly typed: string;
  /** The line before which to cut, or what that line matches. */
  readonly at: number | Regex;
  readonly offset: number;
  /** %regex%: the section is left out. */
  readonly isSkipped: boolean;
  repeats: number;
}

/** Why it goes no further. */
class Refusal {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export const csplit = defineCommand({
  name: 'csplit', summary: 'split a file into sections by context', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'f:b:kn:sqz', long: { digits: 'required=n', quiet: 'none=q', silent: 'none=q', 'keep-files': 'none=k', 'elide-empty-files': 'none=z', prefix: 'required=f', 'suffix-format': 'required=b', 'suppress-matched': 'none' } });
    if (options === undefined) return 1;
    const [path, ...words] = options.operands;
    const refuse = (text: string): ExitCode => {
      call.err(`csplit: ${text}`);
      return 1;
    };
    if (options.value('n') !== undefined && !/^\d+$/.test(options.value('n')!)) return refuse(`invalid number: ${named(options.value('n')!)}`);
    const suffix = suffixOf(options);
    if (suffix instanceof Refusal) return refuse(suffix.text);
    if (path === undefined || words.length === 0) return refuse(`missing operand${path === undefined ? '' : ` after ${named(path)}`}\nTry 'csplit --help' for more information.`);
    const patterns = parsePatterns(words, (text) => call.err(`csplit: warning: ${text}`));
    if (patterns instanceof Refusal) return refuse(patterns.text);
    const got = await readWhole(call.sys, path);
    if (!got.ok) return refuse(got.error === 'EISDIR' ? `read error: ${strerror(got.error)}` : `cannot open ${quoted(path)} for reading: ${strerror(got.error)}`);
    const text = fromUtf8(got.value);
    return new Splitter(call, options, text.split(/(?<=\n)/), suffix).run(patterns);
  },
});

function suffixOf(options: ParsedOptions): ((number: number) => string) | Refusal {
  const prefix = options.value('f') ?? 'xx';
  const format = options.value('b');
  const digits = Number(options.value('n') ?? '2');
  if (format === undefined) return (number) => `${prefix}${String(number).padStart(digits, '0')}`;
  const match = /^((?:[^%]|%%)*)%([-+ #0']*)(\d*)(?:\.(\d*))?([^]?)([^]*)$/.exec(format);
  if (match === null) return new Refusal('missing % conversion specification in suffix');
  const [, before = '', flags = '', width = '', precision, kind = '', after = ''] = match;
  if (kind === '') return new Refusal('missing conversion specifier in suffix');
  if (!'diuoxX'.includes(kind)) return new Refusal(`invalid conversion specifier in suffix: ${kind}`);
  if (/%/.test(after.replaceAll('%%', ''))) return new Refusal('too many % conversion specifications in suffix');
  return (number) => {
    const plain = kind === 'o' ? number.toString(8) : kind === 'x' ? number.toString(16) : kind === 'X' ? number.toString(16).toUpperCase() : String(number);
    const whole = plain.padStart(Number(precision ?? '0'), '0');
    const filled = flags.includes('-') ? whole.padEnd(Number(width)) : whole.padStart(Number(width), flags.includes('0') && precision === undefined ? '0' : ' ');
    return `${prefix}${before.replaceAll('%%', '%')}${filled}${after.replaceAll('%%', '%')}`;
  };
}

function parsePatterns(words: readonly string[], warn: (text: string) => void): Pattern[] | Refusal {
  const patterns: Pattern[] = [];
  let last = 0;
  for (const word of words) {
    const mark = word[0];
    const before = patterns.at(-1);
    if (mark === '{' && before !== undefined) {
      const body = word.slice(1, -1);
      if (!word.endsWith('}')) return new Refusal(`${word}: '}' is required in repeat count`);
      if (body !== '*' && !/^\d+$/.test(body)) return new Refusal(`${named(`{${body}`)}}: integer required between '{' and '}'`);
      before.repeats = body === '*' ? Infinity : Number(body);
      continue;
    }
    if (mark === '/' || mark === '%') {
      const end = word.lastIndexOf(mark);
      if (end === 0) return new Refusal(`${word}: closing delimiter '${mark}' missing`);
      const offset = word.slice(end + 1);
      if (offset !== '' && !/^[-+]?\d+$/.test(offset)) return new Refusal(`${named(word)}: integer expected after delimiter`);
      const made = compileRegex(word.slice(1, end), 'basic', { isForgiving: true });
      if (!made.ok) return new Refusal(`${named(word)}: invalid regular expression: Invalid regular expression`);
      patterns.push({ typed: word, at: made.regex, offset: Number(offset), isSkipped: mark === '%', repeats: 0 });
      continue;
    }
    if (!/^\d+$/.test(word)) return new Refusal(`${named(word)}: invalid pattern`);
    const number = Number(word);
    if (number === 0) return new Refusal(`${word}: line number must be greater than zero`);
    if (number < last) return new Refusal(`line number ${named(word)} is smaller than preceding line number, ${last}`);
    if (number === last) warn(`line number ${named(word)} is the same as preceding line number`);
    last = number;
    patterns.push({ typed: word, at: number, offset: 0, isSkipped: false, repeats: 0 });
  }
  return patterns;
}

class Splitter {
  private readonly call: Invocation;
  private readonly options: ParsedOptions;
  private readonly lines: readonly string[];
  private readonly nameOf: (number: number) => string;
  /** Of the first line that is in no section yet, from 0. */
  private next = 0;
  /** The line last looked at for a match, from 1. */
  private current = 0;
  private section: string | undefined;
  private readonly made: string[] = [];

  constructor(call: Invocation, options: ParsedOptions, lines: readonly string[], nameOf: (number: number) => string) {
    this.call = call;
    this.options = options;
    this.lines = lines;
    this.nameOf = nameOf;
  }

  async run(patterns: readonly Pattern[]): Promise<ExitCode> {
    const refusal = await this.cut(patterns);
    if (refusal === undefined) return 0;
    this.call.err(`csplit: ${refusal.text}`);
    await this.close();
    if (!this.options.has('k')) for (const name of this.made) this.call.sys.unlink(name);
    return 1;
  }

  private async cut(patterns: readonly Pattern[]): Promise<Refusal | undefined> {
    for (const pattern of patterns) {
      for (let repetition = 0; repetition <= pattern.repeats; repetition += 1) {
        const outcome = typeof pattern.at === 'number' ? await this.toLine(pattern, pattern.at * (repetition + 1), repetition) : await this.toMatch(pattern, pattern.at, repetition);
        if (outcome === 'over') return undefined;
        if (outcome instanceof Refusal) return outcome;
      }
    }
    this.section = '';
    this.take(this.lines.length);
    return this.close();
  }

  /** Lines up to this one (from 0, not included) go into the section, if there is one. */
  private take(end: number): void {
    if (this.section !== undefined) this.section += this.lines.slice(this.next, end).join('');
    this.next = Math.max(this.next, end);
  }

  private async toLine(pattern: Pattern, line: number, repetition: number): Promise<Refusal | undefined> {
    const isOut = (): Refusal => new Refusal(`${named(pattern.typed)}: line number out of range${repetition > 0 ? ` on repetition ${repetition}` : ''}`);
    const suppresses = this.options.has('suppress-matched');
    this.section = '';
    if (suppresses && this.next >= this.lines.length) return isOut();
    if (line - 1 > this.lines.length) {
      this.take(this.lines.length);
      return isOut();
    }
    if (line - 1 > this.next) this.take(line - 1);
    const failed = await this.close();
    if (failed !== undefined) return failed;
    this.current = this.next;
    if (suppresses) this.next += 1;
    return this.next >= this.lines.length && !suppresses ? isOut() : undefined;
  }

  private async toMatch(pattern: Pattern, regex: Regex, repetition: number): Promise<Refusal | 'over' | undefined> {
    if (!pattern.isSkipped) this.section = '';
    for (;;) {
      this.current += 1;
      const line = this.lines[this.current - 1];
      if (line === undefined) {
        this.take(this.lines.length);
        if (pattern.repeats === Infinity) return (await this.close()) ?? 'over';
        return new Refusal(`${named(pattern.typed)}: match not found${repetition > 0 ? ` on repetition ${repetition}` : ''}`);
      }
      if (this.current > this.next && regex.test(line.replace(/\n$/, ''))) break;
    }
    const end = this.current + pattern.offset;
    const isOut = end - 1 < this.next || end - 1 > this.lines.length;
    if (!isOut || end - 1 > this.next) this.take(end - 1);
    if (isOut) return new Refusal(`${named(pattern.typed)}: line number out of range`);
    const failed = await this.close();
    if (failed !== undefined) return failed;
    if (pattern.offset > 0) this.current = end;
    if (this.options.has('suppress-matched')) this.next += 1;
    return undefined;
  }

  private async close(): Promise<Refusal | undefined> {
    const { section, call, options } = this;
    if (section === undefined) return undefined;
    this.section = undefined;
    if (section === '' && options.has('z')) return undefined;
    const name = this.nameOf(this.made.length);
    const bytes = utf8(section);
    const wrote = await call.sys.writeFile(name, bytes);
    if (!wrote.ok) return new Refusal(`${quotedIfNeeded(name)}: ${strerror(wrote.error)}`);
    this.made.push(name);
    if (!options.has('q') && !options.has('s')) call.out(String(bytes.length));
    return undefined;
  }
}

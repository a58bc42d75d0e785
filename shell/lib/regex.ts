/**
 * POSIX basic and extended regular expressions with GNU's extensions, as JavaScript's RegExp. Read first: regex(7), IEEE 1003.1 chapter 9.
 * Known difference: POSIX wants the longest of all leftmost matches; alternatives here are tried in order, save that alternatives
 * which are plain text are tried longest first.
 */

export interface RegexOptions {
  readonly extended?: boolean;
  readonly ignoreCase?: boolean;
  /** `^` and `$` at every line (sed's M). */
  readonly multiline?: boolean;
  readonly global?: boolean;
  /** awk: `^*` and `{` rules of its own; escapes \n \t \/ \" are characters. */
  readonly isAwk?: boolean;
}
export type Compiled = { readonly ok: true; readonly regex: RegExp; readonly groups: number } | { readonly ok: false; readonly error: RegexError };
export type RegexError =
  | 'Unmatched [, [^, [:, [., or [=' | 'Unmatched ( or \\(' | 'Unmatched ) or \\)' | 'Unmatched \\{' | 'Invalid content of \\{\\}' | 'Invalid preceding regular expression'
  | 'Trailing backslash' | 'Invalid back reference' | 'Invalid range end' | 'Invalid character class name' | 'Regular expression too big';

export function compileRegex(pattern: string, options: RegexOptions = {}): Compiled {
  const translated = translate(pattern, options);
  if (!translated.ok) return translated;
  const flags = `u${options.ignoreCase === true ? 'i' : ''}${options.multiline === true ? 'm' : ''}${options.global === true ? 'g' : ''}s`;
  try {
    return { ok: true, regex: new RegExp(translated.source, flags), groups: translated.groups };
  } catch {
    return { ok: false, error: 'Invalid preceding regular expression' };
  }
}

const classes: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z\\u00aa\\u00b5\\u00ba\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02c1\\u0370-\\u03ff\\u0400-\\u052f', digit: '0-9', alnum: 'a-zA-Z0-9\\u00aa\\u00b5\\u00ba\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02c1\\u0370-\\u03ff\\u0400-\\u052f',
  upper: 'A-Z\\u00c0-\\u00d6\\u00d8-\\u00de', lower: 'a-z\\u00df-\\u00f6\\u00f8-\\u00ff', space: ' \\t\\n\\v\\f\\r', blank: ' \\t', punct: '!-\\/:-@\\[-`\\{-~', print: ' -~\\u00a0-\\u{10ffff}', graph: '!-~\\u00a1-\\u{10ffff}',
  cntrl: '\\0-\\x1f\\x7f', xdigit: '0-9A-Fa-f',
};

/** The inside of `[[:name:]]` for a JavaScript class, for tr and globs too. */
export function characterClass(name: string): string | undefined {
  return classes[name];
}

type Translated = { readonly ok: true; readonly source: string; readonly groups: number } | { readonly ok: false; readonly error: RegexError };

class Problem extends Error {
  readonly error: RegexError;
  constructor(error: RegexError) {
    super(error);
    this.error = error;
  }
}

export function translate(pattern: string, options: RegexOptions): Translated {
  try {
    const translator = new Translator([...pattern], options);
    const source = translator.alternation(0);
    return { ok: true, source, groups: translator.groups };
  } catch (problem) {
    if (problem instanceof Problem) return { ok: false, error: problem.error };
    throw problem;
  }
}

class Translator {
  groups = 0;
  private at = 0;
  private readonly text: readonly string[];
  private readonly isExtended: boolean;
  private readonly isAwk: boolean;
  private readonly isMultiline: boolean;
  private readonly closed = new Set<number>();

  constructor(text: readonly string[], options: RegexOptions) {
    this.text = text;
    this.isExtended = options.extended === true || options.isAwk === true;
    this.isAwk = options.isAwk === true;
    this.isMultiline = options.multiline === true;
  }

  private get next(): string | undefined {
    return this.text[this.at];
  }
  private isToken(token: string): boolean {
    if (this.isExtended) return this.next === token;
    return this.next === '\\' && this.text[this.at + 1] === token;
  }
  private skipToken(): void {
    this.at += this.isExtended ? 1 : 2;
  }

  alternation(depth: number): string {
    const branches: { source: string; plain: string | undefined }[] = [this.branch(depth)];
    while (this.isToken('|')) {
      this.skipToken();
      branches.push(this.branch(depth));
    }
    if (depth === 0 && this.at < this.text.length) {
      if (this.isToken(')')) {
        if (!this.isExtended) throw new Problem('Unmatched ) or \\)');
        throw new Problem('Unmatched ) or \\)');
      }
    }
    if (branches.length > 1 && branches.every((branch) => branch.plain !== undefined)) branches.sort((left, right) => right.plain!.length - left.plain!.length);
    return branches.map((branch) => branch.source).join('|');
  }

  private branch(depth: number): { source: string; plain: string | undefined } {
    let source = '';
    let plain: string | undefined = '';
    let isStart = true;
    while (this.at < this.text.length) {
      if (this.isToken('|')) break;
      if (this.isToken(')') && (depth > 0 || !this.isExtended)) break;
      const from = this.at;
      const atom = this.atom(isStart, depth);
      const repeat = this.repeats(atom.isAnchor);
      source += repeat === '' ? atom.source : `${atom.isSingle ? atom.source : `(?:${atom.source})`}${repeat}`;
      if (atom.literal === undefined || repeat !== '') plain = undefined;
      else if (plain !== undefined) plain += atom.literal;
      isStart = atom.isAnchor && from === this.at - 1 && isStart;
    }
    return { source, plain };
  }

  private atom(isStart: boolean, depth: number): { source: string; isSingle: boolean; isAnchor: boolean; literal?: string } {
    const character = this.next!;
    this.at += 1;
    if (character === '[') return { source: this.bracket(), isSingle: true, isAnchor: false };
    if (character === '.') return { source: '.', isSingle: true, isAnchor: false };
    if (character === '\\') return this.escape(depth);
    if (character === '*' && isStart) return this.literal('*');
    if (this.isExtended) {
      if (character === '(') return this.group(depth);
      if (character === ')') return depth === 0 && !this.isAwk ? this.fail('Unmatched ) or \\)') : this.literal(')');
      if (character === '^') return { source: this.isMultiline ? '^' : '^', isSingle: false, isAnchor: true };
      if (character === '$') return { source: '$', isSingle: false, isAnchor: true };
      if ((character === '+' || character === '?') && isStart) return this.literal(character);
      if (character === '{') {
        if (isStart && this.interval(this.at - 1) !== undefined && !this.isAwk) return this.fail('Invalid preceding regular expression');
        return this.literal('{');
      }
      return this.literal(character);
    }
    if (character === '^' && isStart) return { source: '^', isSingle: false, isAnchor: true };
    if (character === '$' && (this.at === this.text.length || (this.next === '\\' && (this.text[this.at + 1] === ')' || this.text[this.at + 1] === '|')))) return { source: '$', isSingle: false, isAnchor: true };
    return this.literal(character);
  }

  private fail(error: RegexError): never {
    throw new Problem(error);
  }

  private literal(character: string): { source: string; isSingle: boolean; isAnchor: boolean; literal: string } {
    const source = /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character === '\n' ? '\\n' : character;
    return { source, isSingle: true, isAnchor: false, literal: character };
  }

  private group(depth: number): { source: string; isSingle: boolean; isAnchor: boolean } {
    this.groups += 1;
    const number = this.groups;
    const inner = this.alternation(depth + 1);
    if (!this.isToken(')')) this.fail('Unmatched ( or \\(');
    this.skipToken();
    this.closed.add(number);
    return { source: `(${inner})`, isSingle: true, isAnchor: false };
  }

  private escape(depth: number): { source: string; isSingle: boolean; isAnchor: boolean; literal?: string } {
    const character = this.next;
    if (character === undefined) return this.isAwk ? this.literal('\\') : this.fail('Trailing backslash');
    this.at += 1;
    if (!this.isExtended && character === '(') return this.group(depth);
    if (!this.isExtended && character === '{') return this.fail('Invalid preceding regular expression');
    switch (character) {
      case 'n': return this.literal('\n');
      case 't': return { source: '\\t', isSingle: true, isAnchor: false, literal: '\t' };
      case 'f': case 'v': case 'r': if (this.isAwk || character !== 'r') return { source: `\\${character}`, isSingle: true, isAnchor: false }; return { source: '\\r', isSingle: true, isAnchor: false };
      case 'w': return { source: '[A-Za-z0-9_]', isSingle: true, isAnchor: false };
      case 'W': return { source: '[^A-Za-z0-9_]', isSingle: true, isAnchor: false };
      case 's': return { source: '[ \\t\\n\\v\\f\\r]', isSingle: true, isAnchor: false };
      case 'S': return { source: '[^ \\t\\n\\v\\f\\r]', isSingle: true, isAnchor: false };
      case 'b': return this.isAwk ? { source: '\\x08', isSingle: true, isAnchor: false } : { source: '\\b', isSingle: false, isAnchor: true };
      case 'B': return { source: '\\B', isSingle: false, isAnchor: true };
      case '<': return { source: '\\b(?=[A-Za-z0-9_])', isSingle: false, isAnchor: true };
      case '>': return { source: '\\b(?<=[A-Za-z0-9_])', isSingle: false, isAnchor: true };
      case '`': return { source: '(?<![^])', isSingle: false, isAnchor: true };
      case "'": return { source: '(?![^])', isSingle: false, isAnchor: true };
      default:
        if (/[1-9]/.test(character) && !this.isAwk) {
          if (!this.closed.has(Number(character))) this.fail('Invalid back reference');
          return { source: `(?:\\${character})`, isSingle: true, isAnchor: false };
        }
        return this.literal(character);
    }
  }

  /** `*`, `+`, `?` and intervals behind an atom, folded. */
  private repeats(isAnchor: boolean): string {
    let result = '';
    for (;;) {
      let one = '';
      if (this.next === '*' && !(isAnchor && !this.isExtended)) {
        one = '*';
        this.at += 1;
      } else if (this.isExtended && (this.next === '+' || this.next === '?')) {
        one = this.next;
        this.at += 1;
      } else if (!this.isExtended && this.next === '\\' && (this.text[this.at + 1] === '+' || this.text[this.at + 1] === '?')) {
        one = this.text[this.at + 1]!;
        this.at += 2;
      } else if (this.isToken('{')) {
        const interval = this.interval(this.at);
        if (interval === undefined) {
          if (this.isExtended) return result;
          this.fail(this.text.slice(this.at).join('').includes('\\}') ? 'Invalid content of \\{\\}' : 'Unmatched \\{');
        }
        one = interval.source;
        this.at = interval.end;
      }
      if (one === '') return result;
      // x** is x*; a sum of two different repeats is at most one of any number.
      if (result === '') result = one;
      else if (result !== one || one.startsWith('{')) result = '*';
      if (isAnchor) result = result === '*' ? '{0,1}' : result;
    }
  }

  private interval(from: number): { source: string; end: number } | undefined {
    const open = this.isExtended ? 1 : 2;
    const rest = this.text.slice(from + open, from + open + 14).join('');
    const match = (this.isExtended ? /^(\d*)(,?)(\d*)\}/ : /^(\d*)(,?)(\d*)\\\}/).exec(rest);
    if (match === null) return undefined;
    const [whole, low = '', comma, high = ''] = match;
    if (low === '' && comma === '') return undefined;
    if (high !== '' && Number(low) > Number(high)) this.fail('Invalid content of \\{\\}');
    if (Number(low) > 32767 || Number(high) > 32767) this.fail('Regular expression too big');
    return { source: comma === '' ? `{${low}}` : `{${low === '' ? '0' : low},${high}}`, end: from + open + whole.length };
  }

  private bracket(): string {
    let source = '';
    let isNegated = false;
    if (this.next === '^') {
      isNegated = true;
      this.at += 1;
    }
    let isFirst = true;
    for (;;) {
      const character = this.next;
      if (character === undefined) this.fail('Unmatched [, [^, [:, [., or [=');
      this.at += 1;
      if (character === ']' && !isFirst) break;
      isFirst = false;
      if (character === '[' && (this.next === ':' || this.next === '.' || this.next === '=')) {
        const kind = this.next;
        const rest = this.text.slice(this.at + 1).join('');
        const end = rest.indexOf(`${kind}]`);
        if (end === -1) this.fail('Unmatched [, [^, [:, [., or [=');
        const name = rest.slice(0, end);
        this.at += 1 + [...rest.slice(0, end + 2)].length;
        if (kind === ':') {
          const members = classes[name];
          if (members === undefined) this.fail('Invalid character class name');
          source += members;
          continue;
        }
        source += inClass(name);
        continue;
      }
      let low = character;
      if (character === '\\' && this.isAwk) {
        const escaped = this.next ?? '\\';
        this.at += 1;
        low = ({ n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', '/': '/' } as Record<string, string>)[escaped] ?? escaped;
      }
      if (this.next === '-' && this.text[this.at + 1] !== undefined && this.text[this.at + 1] !== ']') {
        this.at += 1;
        let high = this.next!;
        this.at += 1;
        const kind: string | undefined = this.next;
        if (high === '[' && (kind === '.' || kind === '=')) {
          const rest = this.text.slice(this.at + 1).join('');
          const end = rest.indexOf(`${kind}]`);
          if (end === -1) this.fail('Unmatched [, [^, [:, [., or [=');
          high = rest.slice(0, end);
          this.at += 1 + [...rest.slice(0, end + 2)].length;
        }
        if (low.codePointAt(0)! > high.codePointAt(0)!) this.fail('Invalid range end');
        source += `${inClass(low)}-${inClass(high)}`;
        continue;
      }
      source += inClass(low);
    }
    return `[${isNegated ? '^' : ''}${source}]`;
  }
}

function inClass(character: string): string {
  if (/[\\\]^[\-&~|/.(){}$*+?]/.test(character)) return /[&~]/.test(character) ? character : `\\${character}`;
  return character === '\n' ? '\\n' : character;
}

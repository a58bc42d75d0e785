/**
 * POSIX basic and extended regular expressions with GNU's extensions, as glibc parses them. Read first: regex(7), IEEE 1003.1 chapter 9,
 * glibc posix/regcomp.c and the syntax bits of regex.h, mawk(1) "Regular expressions".
 */
import { anyCharacter, classes, complement, setOf, withBothCases, wordCharacters, type CharacterSet } from './sets.ts';
import { empty, sequence, type Assertion, type Tree } from './tree.ts';

export type RegexError =
  | 'Unmatched [, [^, [:, [., or [=' | 'Unmatched ( or \\(' | 'Unmatched ) or \\)' | 'Unmatched \\{' | 'Invalid content of \\{\\}' | 'Invalid preceding regular expression'
  | 'Invalid regular expression' | 'Trailing backslash' | 'Invalid back reference' | 'Invalid range end' | 'Invalid character class name' | 'Invalid collation character' | 'Regular expression too big'
  | 'character class syntax is [[:space:]], not [:space:]' | 'syntax error ^* or ^+';

/** Who reads the expression: each program hands other syntax bits to the C library. */
export interface Dialect {
  readonly isExtended: boolean;
  /** `*` with nothing before it: itself, an error, or nothing at all. */
  readonly idleOperator: 'literal' | 'error' | 'ignored';
  /** `a**` and `\{` at the start are errors (sed's basic expressions). */
  readonly refusesDoubleRepeat?: boolean;
  /** `a{x` is text. */
  readonly badIntervalIsText?: boolean;
  /** A `)` nobody opened is text. */
  readonly strayParenthesisIsText?: boolean;
  /** grep: `[:space:]` by itself is a slip, and operators with nothing to repeat are warned of. */
  readonly isGrep?: boolean;
  /** mawk: no intervals, references or GNU operators, nothing empty; C's escapes, in brackets too. */
  readonly isAwk?: boolean;
}

export const dialects = {
  /** sed, expr, find and regcomp(3) without REG_EXTENDED. */
  basic: { isExtended: false, idleOperator: 'literal', refusesDoubleRepeat: true },
  /** sed -E. */
  extended: { isExtended: true, idleOperator: 'error' },
  /** regcomp(3) with REG_EXTENDED: bash, less, nano, pgrep. */
  posixExtended: { isExtended: true, idleOperator: 'error', strayParenthesisIsText: true },
  grep: { isExtended: false, idleOperator: 'literal', isGrep: true },
  egrep: { isExtended: true, idleOperator: 'ignored', badIntervalIsText: true, strayParenthesisIsText: true, isGrep: true },
  awk: { isExtended: true, idleOperator: 'error', strayParenthesisIsText: true, isAwk: true },
} as const satisfies Record<string, Dialect>;
export type DialectName = keyof typeof dialects;

export class RegexProblem extends Error {
  readonly error: RegexError;
  constructor(error: RegexError) {
    super(error);
    this.error = error;
  }
}

type Token =
  | { kind: 'character'; text: string } | { kind: 'end' | 'backslash' | 'choice' | 'open' | 'close' | 'openInterval' | 'closeInterval' | 'bracket' | 'period' }
  | { kind: 'repeat'; sign: '*' | '+' | '?' } | { kind: 'reference'; number: number } | { kind: 'assertion'; assertion: Assertion } | { kind: 'class'; set: CharacterSet };

const REPEAT_AT_MOST = 32767;

/** Throws RegexProblem. Groups are numbered from `firstGroup`. */
export function parseRegex(pattern: string, dialect: Dialect, ignoreCase: boolean, firstGroup = 1): { tree: Tree; groups: number; warnings: readonly string[] } {
  const parser = new Parser(pattern, dialect, ignoreCase, firstGroup);
  return { tree: parser.whole(), groups: parser.nextGroup - firstGroup, warnings: parser.warnings };
}

class Parser {
  nextGroup: number;
  readonly warnings: string[] = [];
  private at = 0;
  private token: Token = { kind: 'end' };
  /** Nothing but carets before this in its branch. */
  private isBranchStart = true;
  private closed = new Set<number>();
  private readonly text: readonly string[];
  private readonly dialect: Dialect;
  private readonly ignoreCase: boolean;
  private readonly firstGroup: number;

  constructor(pattern: string, dialect: Dialect, ignoreCase: boolean, firstGroup: number) {
    this.text = [...pattern];
    this.dialect = dialect;
    this.ignoreCase = ignoreCase;
    this.firstGroup = firstGroup;
    this.nextGroup = firstGroup;
  }

  whole(): Tree {
    this.advance(true);
    return this.choice(0);
  }

  private fail(error: RegexError): never {
    throw new RegexProblem(error);
  }

  /** `isStart`: a caret here is an anchor in basic expressions too. */
  private advance(isStart = false): void {
    this.token = this.read(isStart);
  }

  private read(isStart: boolean): Token {
    const { isExtended, isAwk } = this.dialect;
    const character = this.text[this.at];
    if (character === undefined) return { kind: 'end' };
    this.at += 1;
    if (character === '\\') return this.escape();
    switch (character) {
      case '*': return { kind: 'repeat', sign: '*' };
      case '[': return { kind: 'bracket' };
      case '.': return { kind: 'period' };
      case '^': return isExtended || isStart ? { kind: 'assertion', assertion: 'line start' } : { kind: 'character', text: '^' };
      case '$': return isExtended || this.endsBasicBranch() ? { kind: 'assertion', assertion: 'line end' } : { kind: 'character', text: '$' };
      default:
    }
    if (isExtended) {
      switch (character) {
        case '+': case '?': return { kind: 'repeat', sign: character };
        case '|': return { kind: 'choice' };
        case '(': return { kind: 'open' };
        case ')': return { kind: 'close' };
        case '{': return isAwk === true ? { kind: 'character', text: '{' } : { kind: 'openInterval' };
        case '}': return isAwk === true ? { kind: 'character', text: '}' } : { kind: 'closeInterval' };
        default:
      }
    }
    return { kind: 'character', text: character };
  }

  private endsBasicBranch(): boolean {
    const next = this.text[this.at];
    return next === undefined || (next === '\\' && (this.text[this.at + 1] === ')' || this.text[this.at + 1] === '|'));
  }

  private escape(): Token {
    const { isExtended, isAwk } = this.dialect;
    const character = this.text[this.at];
    if (character === undefined) return isAwk === true ? { kind: 'character', text: '\\' } : { kind: 'backslash' };
    this.at += 1;
    if (isAwk === true) return { kind: 'character', text: this.awkEscape(character) };
    if (!isExtended) {
      switch (character) {
        case '(': return { kind: 'open' };
        case ')': return { kind: 'close' };
        case '{': return { kind: 'openInterval' };
        case '}': return { kind: 'closeInterval' };
        case '|': return { kind: 'choice' };
        case '+': case '?': return { kind: 'repeat', sign: character };
        default:
      }
    }
    switch (character) {
      case 'w': return { kind: 'class', set: wordCharacters };
      case 'W': return { kind: 'class', set: complement(wordCharacters) };
      case 's': return { kind: 'class', set: classes.get('space')! };
      case 'S': return { kind: 'class', set: complement(classes.get('space')!) };
      case 'b': return { kind: 'assertion', assertion: 'word edge' };
      case 'B': return { kind: 'assertion', assertion: 'no word edge' };
      case '<': return { kind: 'assertion', assertion: 'word start' };
      case '>': return { kind: 'assertion', assertion: 'word end' };
      case '`': return { kind: 'assertion', assertion: 'text start' };
      case "'": return { kind: 'assertion', assertion: 'text end' };
      default: return character >= '1' && character <= '9' ? { kind: 'reference', number: Number(character) } : { kind: 'character', text: character };
    }
  }

  /** The character after a backslash, which is already read, as awk's strings have it; what C does not know keeps its backslash's effect: itself. */
  private awkEscape(character: string): string {
    const named = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07', b: '\b' }[character];
    if (named !== undefined) return named;
    const octal = /^[0-7]{1,3}/.exec(this.text.slice(this.at - 1, this.at + 2).join(''));
    if (octal === null) return character;
    this.at += octal[0].length - 1;
    return String.fromCharCode(Number.parseInt(octal[0], 8) & 0xff);
  }

  private choice(depth: number): Tree {
    const before = new Set(this.closed);
    const after = new Set(this.closed);
    const parts = [this.branch(depth)];
    for (const number of this.closed) after.add(number);
    while (this.token.kind === 'choice') {
      this.advance(true);
      this.closed = new Set(before);
      parts.push(this.branch(depth));
      for (const number of this.closed) after.add(number);
    }
    this.closed = after;
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  private branch(depth: number): Tree {
    const parts: Tree[] = [];
    while (this.token.kind !== 'choice' && this.token.kind !== 'end' && (depth === 0 || this.token.kind !== 'close')) {
      this.isBranchStart = parts.every((part) => part.kind === 'assertion' && part.assertion === 'line start');
      parts.push(this.expression(depth));
    }
    if (this.dialect.isAwk === true && parts.length === 0 && this.text.length > 0) return this.fail('Invalid preceding regular expression');
    return sequence(parts);
  }

  private expression(depth: number): Tree {
    const { token } = this;
    const { idleOperator } = this.dialect;
    let atom: Tree;
    switch (token.kind) {
      case 'end': case 'choice': return empty;
      case 'backslash': return this.fail('Trailing backslash');
      case 'assertion':
        // An anchor takes no repetition: what follows stands as if nothing were before it.
        this.advance();
        if (this.dialect.isAwk === true && token.assertion === 'line start' && this.isRepeat()) return this.fail('syntax error ^* or ^+');
        return this.dialect.isAwk === true ? this.repeated({ kind: 'assertion', assertion: token.assertion }) : { kind: 'assertion', assertion: token.assertion };
      case 'repeat': case 'openInterval':
        if (token.kind === 'openInterval' && this.dialect.refusesDoubleRepeat === true) return this.fail('Invalid preceding regular expression');
        if (token.kind === 'openInterval' && this.dialect.badIntervalIsText === true && !this.hasInterval()) {
          atom = this.literal('{');
          break;
        }
        if (idleOperator === 'error') return this.fail('Invalid preceding regular expression');
        if (idleOperator === 'ignored') {
          if (this.isBranchStart) this.warnings.push(`${token.kind === 'repeat' ? token.sign : '{...}'} at start of expression`);
          if (token.kind === 'openInterval') {
            this.repeatOnce(empty);
            return empty;
          }
          this.advance();
          return this.expression(depth);
        }
        atom = this.literal(token.kind === 'repeat' ? token.sign : '{');
        break;
      case 'close':
        if (this.dialect.strayParenthesisIsText !== true) return this.fail('Unmatched ) or \\)');
        atom = this.literal(')');
        break;
      case 'closeInterval': atom = this.literal('}'); break;
      case 'character': atom = this.literal(token.text); break;
      case 'period': atom = { kind: 'set', set: anyCharacter }; break;
      case 'class': atom = { kind: 'set', set: token.set }; break;
      case 'bracket': atom = { kind: 'set', set: this.bracket() }; break;
      case 'reference':
        if (!this.closed.has(token.number)) return this.fail('Invalid back reference');
        atom = { kind: 'reference', number: this.firstGroup + token.number - 1 };
        break;
      case 'open': atom = this.group(depth); break;
    }
    this.advance();
    return this.repeated(atom);
  }

  private isRepeat(): boolean {
    return this.token.kind === 'repeat';
  }

  private literal(text: string): Tree {
    const code = text.codePointAt(0)!;
    const set: CharacterSet = [code, code];
    return { kind: 'set', set: this.ignoreCase ? withBothCases(set) : set };
  }

  /** Ends on the closing token. */
  private group(depth: number): Tree {
    const number = this.nextGroup;
    this.nextGroup += 1;
    this.advance(true);
    const of = this.token.kind === 'close' && this.dialect.isAwk !== true ? empty : this.choice(depth + 1);
    if (this.token.kind !== 'close') return this.fail('Unmatched ( or \\(');
    this.closed.add(number - this.firstGroup + 1);
    return { kind: 'group', number, of };
  }

  private repeated(atom: Tree): Tree {
    let tree = atom;
    while (this.token.kind === 'repeat' || this.token.kind === 'openInterval') {
      if (this.token.kind === 'openInterval' && this.dialect.badIntervalIsText === true && !this.hasInterval()) {
        this.token = { kind: 'character', text: '{' };
        return tree;
      }
      tree = this.repeatOnce(tree);
      if (this.dialect.refusesDoubleRepeat === true && (this.token.kind === 'openInterval' || (this.token.kind === 'repeat' && this.token.sign === '*'))) return this.fail('Invalid preceding regular expression');
    }
    return tree;
  }

  private repeatOnce(of: Tree): Tree {
    const { token } = this;
    let least = 0;
    let most = Number.POSITIVE_INFINITY;
    if (token.kind === 'repeat') {
      if (token.sign === '+') least = 1;
      else if (token.sign === '?') most = 1;
    } else {
      const found = this.interval();
      const [, low, comma, high] = found;
      if (low === '' && comma === '') this.fail('Invalid content of \\{\\}');
      least = Number(low);
      most = comma === '' ? least : high === '' ? most : Number(high);
      if (least > most) this.fail('Invalid content of \\{\\}');
      if (Math.max(least, Number(high)) > REPEAT_AT_MOST) this.fail('Regular expression too big');
      this.at += found[0]!.length;
    }
    this.advance();
    return { kind: 'repeat', of, least, most };
  }

  /** The text behind `{`, when it is an interval. */
  private interval(): RegExpExecArray {
    const rest = this.text.slice(this.at, this.at + 64).join('');
    const found = (this.dialect.isExtended ? /^(\d*)(,?)(\d*)\}/ : /^(\d*)(,?)(\d*)\\\}/).exec(rest);
    if (found !== null) return found;
    return this.fail(/^[^,}]*,?[^,}]*$/.test(this.text.slice(this.at).join('')) ? 'Unmatched \\{' : 'Invalid content of \\{\\}');
  }

  /** What glibc takes for an interval or an error; all else is text where the dialect allows it. */
  private hasInterval(): boolean {
    return /^\d*(?:\}|,\d*[,}])/.test(this.text.slice(this.at, this.at + 64).join(''));
  }

  // ---------------------------------------------------------------- brackets
  private bracket(): CharacterSet {
    const isNegated = this.text[this.at] === '^';
    if (isNegated) this.at += 1;
    if (this.at >= this.text.length) return this.fail('Invalid regular expression');
    if (this.dialect.isGrep === true && /^:[^:\]]+:\]/.test(this.text.slice(this.at).join(''))) return this.fail('character class syntax is [[:space:]], not [:space:]');
    const found: number[] = [];
    for (let isFirst = true; isFirst || this.text[this.at] !== ']'; isFirst = false) {
      const low = this.element(isFirst);
      if (typeof low !== 'number') {
        found.push(...low);
        // A class begins no range, though a hyphen behind it may.
        continue;
      }
      if (this.text[this.at] !== '-' || this.text[this.at + 1] === ']') {
        found.push(low, low);
        continue;
      }
      this.at += 1;
      const high = this.element(true);
      // glibc orders such characters by a table that C.UTF-8 has not.
      if (typeof high === 'number' && Math.max(low, high) > 0x7f && this.dialect.isAwk !== true) return this.fail('Invalid collation character');
      if (typeof high !== 'number' || (low > high && this.dialect.isAwk !== true)) return this.fail('Invalid range end');
      found.push(Math.min(low, high), Math.max(low, high));
    }
    this.at += 1;
    const set = this.ignoreCase ? withBothCases(setOf(found)) : setOf(found);
    return isNegated ? complement(set) : set;
  }

  /** One member: a code point, or a class. A hyphen stands for itself first, last, or as the end of a range. */
  private element(mayBeHyphen: boolean): number | CharacterSet {
    const character = this.text[this.at];
    if (character === undefined) return this.fail('Unmatched [, [^, [:, [., or [=');
    this.at += 1;
    const kind = this.text[this.at];
    if (character === '[' && (kind === ':' || kind === '.' || kind === '=')) {
      const end = this.text.findIndex((each, index) => index > this.at && each === kind && this.text[index + 1] === ']');
      if (end === -1) return this.fail('Unmatched [, [^, [:, [., or [=');
      const name = this.text.slice(this.at + 1, end).join('');
      this.at = end + 2;
      if (kind === ':') return classes.get(this.ignoreCase && (name === 'upper' || name === 'lower') ? 'alpha' : name) ?? this.fail('Invalid character class name');
      if (name.length !== 1) return this.fail('Invalid collation character');
      return name.charCodeAt(0);
    }
    if (character === '\\' && this.dialect.isAwk === true && this.text[this.at] !== undefined) {
      this.at += 1;
      return this.awkEscape(this.text[this.at - 1]!).codePointAt(0)!;
    }
    if (character === '-' && !mayBeHyphen && this.text[this.at] !== ']' && this.dialect.isAwk !== true) return this.fail('Invalid range end');
    return character.codePointAt(0)!;
  }
}

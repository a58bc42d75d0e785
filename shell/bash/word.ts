/**
 * A word's text to its pieces: quoted and unquoted literals, expansions, substitutions. Read first: bash(1) "QUOTING", "EXPANSION",
 * and expand_word_internal in bash's subst.c
 */
import { expandBraces } from './braces.ts';
import { ansiText } from './escapes.ts';
import { endOfAnsi, endOfArithmetic, endOfBacktick, endOfBrace, endOfCommand, endOfDouble, endOfExpansion, endOfSingle } from './scan.ts';
import type { Word } from './ast.ts';

export type Piece =
  | { readonly kind: 'literal'; readonly text: string; readonly isQuoted: boolean }
  /** "..." as a whole: it makes a field even when empty. */
  | { readonly kind: 'double'; readonly pieces: readonly Piece[] }
  | ParameterPiece
  | { readonly kind: 'command'; readonly source: string; readonly isQuoted: boolean; parsed?: unknown }
  | { readonly kind: 'arithmetic'; readonly expression: readonly Piece[]; readonly isQuoted: boolean }
  | { readonly kind: 'process'; readonly operator: '<' | '>'; readonly source: string }
  | { readonly kind: 'tilde'; readonly user: string };

export interface ParameterPiece {
  readonly kind: 'parameter';
  /** Source, for messages. */
  readonly text: string;
  readonly name: string;
  /** Subscript text, or undefined. */
  readonly index: string | undefined;
  readonly isIndirect: boolean;
  readonly isLength: boolean;
  readonly operation: Operation | undefined;
  readonly isQuoted: boolean;
  readonly isBad: boolean;
}

export type Operation =
  | { readonly kind: 'default'; readonly operator: '-' | '=' | '+' | '?'; readonly alsoEmpty: boolean; readonly word: readonly Piece[]; readonly wordText: string }
  | { readonly kind: 'remove'; readonly operator: '#' | '##' | '%' | '%%'; readonly pattern: readonly Piece[] }
  | { readonly kind: 'replace'; readonly mode: 'first' | 'all' | 'start' | 'end'; readonly pattern: readonly Piece[]; readonly replacement: readonly Piece[] }
  | { readonly kind: 'slice'; readonly offset: readonly Piece[]; readonly length: readonly Piece[] | undefined; readonly text: string }
  | { readonly kind: 'case'; readonly operator: '^' | '^^' | ',' | ',,' | '~' | '~~'; readonly pattern: readonly Piece[] | undefined }
  | { readonly kind: 'transform'; readonly operator: string }
  | { readonly kind: 'names'; readonly operator: '@' | '*' };

/** How a text is read: a bare word, the inside of double quotes, a here-document's body, a pattern inside ${}. */
export type Mode = 'word' | 'double' | 'document' | 'arithmetic' | 'assignment' | 'operand' | 'operand-double' | 'operand-document' | 'regex' | 'subscript';

export function variantsOf(word: Word, braces: boolean): Piece[][] {
  if (!braces || !word.text.includes('{')) return [piecesOf(word)];
  word.variants ??= expandBraces(word.text).map((text) => parsePieces(text, 'word'));
  return word.variants;
}

export function piecesOf(word: Word): Piece[] {
  word.plain ??= parsePieces(word.text, 'word');
  return word.plain;
}

const cache = new Map<string, Piece[]>();

/** Cached: the same text in the same mode always has the same pieces. */
export function parsePieces(text: string, mode: Mode): Piece[] {
  const key = `${mode}:${text}`;
  let pieces = cache.get(key);
  if (pieces === undefined) {
    pieces = new Reader(text, mode).read();
    if (cache.size > 5000) cache.clear();
    cache.set(key, pieces);
  }
  return pieces;
}

class Reader {
  private readonly text: string;
  private readonly mode: Mode;
  private readonly pieces: Piece[] = [];
  private literal = '';
  private looksAssigned = false;
  private at = 0;

  constructor(text: string, mode: Mode) {
    this.text = text;
    this.mode = mode;
  }

  private flush(): void {
    if (this.literal === '') return;
    this.pieces.push({ kind: 'literal', text: this.literal, isQuoted: false });
    this.literal = '';
  }

  private push(piece: Piece): void {
    this.flush();
    this.pieces.push(piece);
  }

  read(): Piece[] {
    const { text, mode } = this;
    const inDouble = mode === 'double' || mode === 'document' || mode === 'arithmetic' || mode === 'operand-double' || mode === 'operand-document';
    if (mode === 'word' || mode === 'assignment' || mode === 'operand') this.tilde(0);
    while (this.at < text.length) {
      const c = text[this.at]!;
      if (c === '\\') this.backslash(inDouble);
      else if (c === "'" && !inDouble) {
        const end = endOfSingle(text, this.at + 1);
        this.push({ kind: 'literal', text: text.slice(this.at + 1, end - 1), isQuoted: true });
        this.at = end;
      } else if (c === '"' && mode !== 'double' && mode !== 'document') {
        const end = endOfDouble(text, this.at + 1);
        const inside = text.slice(this.at + 1, text[end - 1] === '"' && end - 1 > this.at ? end - 1 : end);
        if (mode === 'arithmetic') {
          for (const piece of parsePieces(inside, 'double')) this.push(piece);
        } else {
          this.push({ kind: 'double', pieces: parsePieces(inside, 'double') });
        }
        this.at = end;
      } else if (c === '$') this.dollar(inDouble);
      else if (c === '`') {
        const end = endOfBacktick(text, this.at + 1);
        const raw = text.slice(this.at + 1, end - 1);
        const source = raw.replace(inDouble && mode !== 'document' ? /\\([$`\\"])/g : /\\([$`\\])/g, '$1');
        this.push({ kind: 'command', source, isQuoted: inDouble });
        this.at = end;
      } else if ((c === '<' || c === '>') && text[this.at + 1] === '(' && !inDouble && mode !== 'regex') {
        const end = endOfCommand(text, this.at + 2);
        this.push({ kind: 'process', operator: c, source: text.slice(this.at + 2, end - 1) });
        this.at = end;
      } else {
        this.literal += c;
        this.at += 1;
        // Words that look like assignments get their tildes too (not in posix mode).
        if (c === '=' && mode === 'word' && this.pieces.length === 0 && /^[A-Za-z_][A-Za-z0-9_]*=$/.test(this.literal)) {
          this.looksAssigned = true;
          this.tilde(this.at);
        }
        if (c === ':' && (mode === 'assignment' || this.looksAssigned)) this.tilde(this.at);
      }
    }
    this.flush();
    return this.pieces;
  }

  private tilde(at: number): void {
    const { text } = this;
    if (text[at] !== '~') return;
    const match = /^~([A-Za-z_][A-Za-z0-9_.-]*|[+-]|[+-]?[0-9]+|)(?=$|\/|:)/.exec(text.slice(at));
    if (match === null) return;
    if (this.mode !== 'assignment' && !this.looksAssigned && text[at + match[0].length] === ':') return;
    this.push({ kind: 'tilde', user: match[1]! });
    this.at = at + match[0].length;
  }

  private backslash(inDouble: boolean): void {
    const { text, mode } = this;
    const next = text[this.at + 1];
    if (next === '\n') {
      this.at += 2;
      return;
    }
    if (next === undefined) {
      this.push({ kind: 'literal', text: '\\', isQuoted: true });
      this.at += 1;
      return;
    }
    if (inDouble) {
      const special = mode === 'document' ? '$`\\' : mode === 'operand-double' || mode === 'operand-document' ? '$`"\\}' : '$`"\\';
      if (special.includes(next)) this.push({ kind: 'literal', text: next, isQuoted: true });
      else this.push({ kind: 'literal', text: `\\${next}`, isQuoted: true });
      this.at += 2;
      return;
    }
    const point = text.codePointAt(this.at + 1)!;
    const whole = String.fromCodePoint(point);
    this.push({ kind: 'literal', text: whole, isQuoted: true });
    this.at += 1 + whole.length;
  }

  private dollar(inDouble: boolean): void {
    const { text, mode } = this;
    const start = this.at;
    const next = text[start + 1];
    const isQuoted = inDouble;
    if (next === "'" && (!inDouble || mode === 'operand-double')) {
      const end = endOfAnsi(text, start + 2);
      this.push({ kind: 'literal', text: ansiText(text.slice(start + 2, end - 1)), isQuoted: true });
      this.at = end;
      return;
    }
    if (next === '"' && !inDouble) {
      this.at += 1;
      return;
    }
    if (next === '(') {
      if (text[start + 2] === '(') {
        const end = endOfArithmetic(text, start + 3);
        if (end !== undefined) {
          this.push({ kind: 'arithmetic', expression: parsePieces(text.slice(start + 3, end - 2), 'arithmetic'), isQuoted });
          this.at = end;
          return;
        }
      }
      const end = endOfCommand(text, start + 2);
      this.push({ kind: 'command', source: text.slice(start + 2, text[end - 1] === ')' ? end - 1 : end), isQuoted });
      this.at = end;
      return;
    }
    if (next === '[') {
      const end = endOfExpansion(text, start, inDouble);
      this.push({ kind: 'arithmetic', expression: parsePieces(text.slice(start + 2, end - 1), 'arithmetic'), isQuoted });
      this.at = end;
      return;
    }
    if (next === '{') {
      const end = endOfBrace(text, start + 2, inDouble && mode !== 'document' && mode !== 'arithmetic' ? true : inDouble);
      this.push(parseParameter(text.slice(start, end), !isQuoted ? 'operand' : mode === 'document' || mode === 'operand-document' ? 'operand-document' : 'operand-double'));
      this.at = end;
      return;
    }
    const end = endOfExpansion(text, start, inDouble);
    if (end === start + 1) {
      this.literal += '$';
      this.at += 1;
      return;
    }
    this.push({ kind: 'parameter', text: text.slice(start, end), name: text.slice(start + 1, end), index: undefined, isIndirect: false, isLength: false, operation: undefined, isQuoted, isBad: false });
    this.at = end;
  }
}

const NAME = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!_-])/;

/** `${...}`, braces included. */
function parseParameter(text: string, operand: 'operand' | 'operand-double' | 'operand-document'): ParameterPiece {
  const isQuoted = operand !== 'operand';
  const inside = text.slice(2, text.endsWith('}') ? -1 : undefined);
  const base = { kind: 'parameter' as const, text, index: undefined, isIndirect: false, isLength: false, operation: undefined, isQuoted, isBad: false };
  const bad = { ...base, name: inside, isBad: true };
  let rest = inside;
  let isLength = false;
  let isIndirect = false;
  if (rest.startsWith('#') && rest.length > 1 && !/^#[-:=+?#%/^,@]/.test(rest.length > 2 ? rest : 'x')) {
    isLength = true;
    rest = rest.slice(1);
  } else if (/^#[@?$!#-]$/.test(rest)) {
    isLength = true;
    rest = rest.slice(1);
  } else if (/^#@[[]?/.test(rest) && rest === '#@') {
    isLength = true;
    rest = '@';
  } else if (rest.startsWith('!') && rest.length > 1 && /^![A-Za-z0-9_@*#?]/.test(rest)) {
    isIndirect = true;
    rest = rest.slice(1);
  }
  const match = NAME.exec(rest);
  if (match === null) return bad;
  const name = match[0];
  rest = rest.slice(name.length);
  let index: string | undefined;
  if (rest.startsWith('[') && /^[A-Za-z_]/.test(name)) {
    const end = endOfSubscript(rest, 1);
    if (end === undefined) return bad;
    index = rest.slice(1, end - 1);
    rest = rest.slice(end);
    if (index === '') return bad;
  }
  const built = { ...base, name, index, isIndirect, isLength };
  if (rest === '') return built;
  if (isLength) return bad;
  if (isIndirect && (rest === '@' || rest === '*') && index === undefined && /^[A-Za-z_]/.test(name)) return { ...built, operation: { kind: 'names', operator: rest } };
  const operation = parseOperation(rest, operand);
  return operation === undefined || (operation.kind === 'case' && '?-#'.includes(name)) ? bad : { ...built, operation };
}

/** Index after the `]` that closes a subscript; quotes and expansions inside are skipped. */
export function endOfSubscript(text: string, at: number): number | undefined {
  let depth = 0;
  for (let i = at; i < text.length; ) {
    const c = text[i]!;
    if (c === '\\') i += 2;
    else if (c === "'") i = endOfSingle(text, i + 1);
    else if (c === '"') i = endOfDouble(text, i + 1);
    else if (c === '$' || c === '`') i = endOfExpansion(text, i, false);
    else if (c === '[') {
      depth += 1;
      i += 1;
    } else if (c === ']') {
      if (depth === 0) return i + 1;
      depth -= 1;
      i += 1;
    } else i += 1;
  }
  return undefined;
}

function parseOperation(rest: string, operand: Mode): Operation | undefined {
  const withColon = /^:([-=+?])/.exec(rest);
  if (withColon !== null) return { kind: 'default', operator: withColon[1] as '-', alsoEmpty: true, word: parsePieces(rest.slice(2), operand), wordText: rest.slice(2) };
  const c = rest[0]!;
  switch (c) {
    case '-': case '=': case '+': case '?': return { kind: 'default', operator: c, alsoEmpty: false, word: parsePieces(rest.slice(1), operand), wordText: rest.slice(1) };
    case '#': case '%': {
      const operator = rest.startsWith(c + c) ? (c + c) as '##' | '%%' : c;
      return { kind: 'remove', operator, pattern: parsePieces(rest.slice(operator.length), 'operand') };
    }
    case '/': {
      const mode = rest[1] === '/' ? 'all' : rest[1] === '#' ? 'start' : rest[1] === '%' ? 'end' : 'first';
      const body = rest.slice(mode === 'first' ? 1 : 2);
      const split = slashAt(body, mode === 'first' || mode === 'all' ? 1 : 0);
      return { kind: 'replace', mode, pattern: parsePieces(split < 0 ? body : body.slice(0, split), 'operand'), replacement: split < 0 ? [] : parsePieces(body.slice(split + 1), 'operand') };
    }
    case ':': {
      const body = rest.slice(1);
      if (body === '') return undefined;
      const split = colonAt(body);
      return { kind: 'slice', offset: parsePieces(split < 0 ? body : body.slice(0, split), 'arithmetic'), length: split < 0 ? undefined : parsePieces(body.slice(split + 1), 'arithmetic'), text: body };
    }
    case '^': case ',': case '~': {
      const operator = rest.startsWith(c + c) ? (c + c) as '^^' : c;
      const pattern = rest.slice(operator.length);
      return { kind: 'case', operator, pattern: pattern === '' ? undefined : parsePieces(pattern, 'operand') };
    }
    case '@': return /^@[QEPAaUuLKk]$/.test(rest) ? { kind: 'transform', operator: rest[1]! } : undefined;
    default: return undefined;
  }
}

/** The slash between pattern and replacement. A pattern may begin with one. */
function slashAt(text: string, from: number): number {
  for (let i = 0; i < text.length; ) {
    const c = text[i]!;
    if (c === '\\') i += 2;
    else if (c === "'") i = endOfSingle(text, i + 1);
    else if (c === '"') i = endOfDouble(text, i + 1);
    else if (c === '$' || c === '`') i = endOfExpansion(text, i, false);
    else if (c === '/' && i >= from) return i;
    else i += 1;
  }
  return -1;
}

/** The colon between offset and length: not one that belongs to ?: or stands in parentheses. */
function colonAt(text: string): number {
  let ternaries = 0;
  let depth = 0;
  for (let i = 0; i < text.length; ) {
    const c = text[i]!;
    if (c === '\\') i += 2;
    else if (c === "'") i = endOfSingle(text, i + 1);
    else if (c === '"') i = endOfDouble(text, i + 1);
    else if (c === '$' || c === '`') i = endOfExpansion(text, i, false);
    else {
      if (c === '(' || c === '[') depth += 1;
      else if (c === ')' || c === ']') depth -= 1;
      else if (c === '?') ternaries += 1;
      else if (c === ':' && depth === 0) {
        if (ternaries === 0) return i;
        ternaries -= 1;
      }
      i += 1;
    }
  }
  return -1;
}

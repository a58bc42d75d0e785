/** How diff writes an edit script: normal, unified, context, ed, rcs, side by side, merged. Read first: the diffutils manual, chapter 2 "diff Output Formats". */
import { characterWidth } from '../../terminal/width.ts';
import type { Regex } from '../../lib/regex/regex.ts';
import type { Change } from './edit-script.ts';

export interface Style {
  readonly kind: 'normal' | 'unified' | 'context' | 'ed' | 'forwardEd' | 'rcs' | 'sideBySide' | 'merged';
  readonly context: number;
  readonly isColoured: boolean;
  readonly expandsTabs: boolean;
  readonly initialTab: boolean;
  readonly tabSize: number;
  readonly suppressesBlankEmpty: boolean;
  readonly functionLine: Regex | undefined;
  readonly width: number;
  readonly leftColumn: boolean;
  readonly suppressesCommon: boolean;
  readonly formats: Readonly<Record<string, string>>;
}

export interface Comparison {
  /** Lines with their newlines; the last may have none. */
  readonly left: readonly string[];
  readonly right: readonly string[];
  readonly changes: readonly Change[];
  /** Changes of nothing but lines that do not count (-B, -I). */
  isIgnorable(change: Change): boolean;
  /** What stands above the first hunk of unified and context output. */
  readonly labels: readonly [string, string];
}

export function diffText(comparison: Comparison, style: Style): string {
  return new Writer(comparison, style).text();
}

type Colour = 'header' | 'line' | 'delete' | 'add';
const colours: Readonly<Record<Colour, number>> = { header: 1, line: 36, delete: 31, add: 32 };

/** `1`, `1,3`; a range of no lines is the line before it. */
function range(from: number, to: number, separator = ','): string {
  return to - from > 1 ? `${from + 1}${separator}${to}` : String(to);
}

class Writer {
  private out = '';
  private readonly comparison: Comparison;
  private readonly style: Style;
  private readonly left: readonly string[];
  private readonly right: readonly string[];

  constructor(comparison: Comparison, style: Style) {
    [this.comparison, this.style, this.left, this.right] = [comparison, style, comparison.left, comparison.right];
  }

  text(): string {
    const { changes } = this.comparison;
    const counted = changes.filter((change) => !this.comparison.isIgnorable(change));
    switch (this.style.kind) {
      case 'normal': for (const change of counted) this.normal(change); break;
      case 'unified': case 'context': this.hunks(); break;
      case 'ed': for (const change of counted.toReversed()) this.ed(change); break;
      case 'forwardEd': for (const change of counted) this.forwardEd(change); break;
      case 'rcs': this.rcs(counted); break;
      case 'sideBySide': this.sideBySide(counted); break;
      case 'merged': this.merged(counted); break;
    }
    return this.out;
  }

  private coloured(colour: Colour, text: string): string {
    return this.style.isColoured ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text;
  }

  /** A line and its mark; the mark of a missing newline. */
  private line(mark: string, line: string, colour?: Colour, isIndented = true): void {
    const hasNewline = line.endsWith('\n');
    const bare = hasNewline ? line.slice(0, -1) : line;
    const isBlank = bare === '' && hasNewline;
    const separator = !isIndented ? '' : this.style.initialTab ? '\t' : isBlank && this.style.suppressesBlankEmpty ? '' : ' ';
    const shownMark = isBlank && this.style.suppressesBlankEmpty ? mark.trimEnd() : mark;
    const text = `${shownMark}${separator}${this.style.expandsTabs ? expand(bare, this.style.tabSize) : bare}${hasNewline ? '' : '\n\\ No newline at end of file'}`;
    this.out += `${colour === undefined ? text : this.coloured(colour, text)}\n`;
  }

  private normal({ from, to, newFrom, newTo }: Change): void {
    const letter = from === to ? 'a' : newFrom === newTo ? 'd' : 'c';
    this.out += `${this.coloured('line', `${range(from, to)}${letter}${range(newFrom, newTo)}`)}\n`;
    for (const line of this.left.slice(from, to)) this.line('<', line, 'delete');
    if (letter === 'c') this.out += '---\n';
    for (const line of this.right.slice(newFrom, newTo)) this.line('>', line, 'add');
  }

  // ---------------------------------------------------------------- with context
  private hunks(): void {
    const { comparison: { changes, isIgnorable, labels }, style: { context, kind } } = this;
    let isFirst = true;
    for (let at = 0; at < changes.length;) {
      let last = at;
      while (last + 1 < changes.length && changes[last + 1]!.from - changes[last]!.to < (isIgnorable(changes[last + 1]!) ? context : 2 * context + 1)) last += 1;
      const hunk = changes.slice(at, last + 1);
      at = last + 1;
      if (hunk.every((change) => isIgnorable(change))) continue;
      if (isFirst) {
        const [old, young] = kind === 'unified' ? ['---', '+++'] : ['***', '---'];
        this.out += `${this.coloured('header', `${old} ${labels[0]}`)}\n${this.coloured('header', `${young} ${labels[1]}`)}\n`;
      }
      isFirst = false;
      if (kind === 'unified') this.unified(hunk);
      else this.contextual(hunk);
    }
  }

  private frame(hunk: readonly Change[]): Change {
    const { context } = this.style;
    const [first, last] = [hunk[0]!, hunk.at(-1)!];
    return {
      from: Math.max(0, first.from - context), to: Math.min(this.left.length, last.to + context),
      newFrom: Math.max(0, first.newFrom - context), newTo: Math.min(this.right.length, last.newTo + context),
    };
  }

  /** -p, -F: the last line before the hunk that looks like the head of a function. */
  private functionBefore(from: number): string {
    const { functionLine } = this.style;
    const found = functionLine === undefined ? undefined : this.left.slice(0, from).findLast((line) => functionLine.test(line.replace(/\n$/, '')));
    return found === undefined ? '' : ` ${found.trimStart().slice(0, 40).trimEnd()}`;
  }

  private unified(hunk: readonly Change[]): void {
    const { from, to, newFrom, newTo } = this.frame(hunk);
    const shown = (start: number, end: number): string => (end - start === 1 ? String(end) : end === start ? `${end},0` : `${start + 1},${end - start}`);
    this.out += `${this.coloured('line', `@@ -${shown(from, to)} +${shown(newFrom, newTo)} @@`)}${this.functionBefore(from)}\n`;
    const put = (mark: string, line: string, colour?: Colour): void => {
      const isBare = this.style.suppressesBlankEmpty && line === '\n';
      this.line(mark === ' ' && (this.style.initialTab || isBare) ? '' : mark, line, colour, this.style.initialTab && !isBare);
    };
    let at = from;
    for (const change of hunk) {
      for (; at < change.from; at += 1) put(' ', this.left[at]!);
      for (; at < change.to; at += 1) put('-', this.left[at]!, 'delete');
      for (const line of this.right.slice(change.newFrom, change.newTo)) put('+', line, 'add');
    }
    for (; at < to; at += 1) put(' ', this.left[at]!);
  }

  private contextual(hunk: readonly Change[]): void {
    const { from, to, newFrom, newTo } = this.frame(hunk);
    this.out += `***************${this.functionBefore(from)}\n${this.coloured('line', `*** ${range(from, to)} ****`)}\n`;
    if (hunk.some((change) => change.to > change.from)) {
      for (let at = from; at < to; at += 1) {
        const change = hunk.find((each) => at < each.to && at >= each.from);
        this.line(change === undefined ? ' ' : change.newTo > change.newFrom ? '!' : '-', this.left[at]!, 'delete');
      }
    }
    this.out += `${this.coloured('line', `--- ${range(newFrom, newTo)} ----`)}\n`;
    if (hunk.some((change) => change.newTo > change.newFrom)) {
      for (let at = newFrom; at < newTo; at += 1) {
        const change = hunk.find((each) => at < each.newTo && at >= each.newFrom);
        this.line(change === undefined ? ' ' : change.to > change.from ? '!' : '+', this.right[at]!, 'add');
      }
    }
  }

  // ---------------------------------------------------------------- for ed and RCS
  private ed({ from, to, newFrom, newTo }: Change): void {
    const letter = from === to ? 'a' : newFrom === newTo ? 'd' : 'c';
    this.out += `${range(from, to)}${letter}\n`;
    if (letter === 'd') return;
    let isInserting = true;
    for (const line of this.right.slice(newFrom, newTo)) {
      if (!isInserting) this.out += 'a\n';
      isInserting = true;
      if (line.replace(/\n$/, '') === '.') {
        // A lone period would end the input: two are written, and one taken away again.
        this.out += '..\n.\ns/.//\n';
        isInserting = false;
      } else this.out += ended(line);
    }
    if (isInserting) this.out += '.\n';
  }

  private forwardEd({ from, to, newFrom, newTo }: Change): void {
    const letter = from === to ? 'a' : newFrom === newTo ? 'd' : 'c';
    this.out += `${letter}${range(from, to, ' ')}\n`;
    if (letter === 'd') return;
    for (const line of this.right.slice(newFrom, newTo)) this.out += ended(line);
    this.out += '.\n';
  }

  private rcs(changes: readonly Change[]): void {
    for (const { from, to, newFrom, newTo } of changes) {
      if (to > from) this.out += `d${from + 1} ${to - from}\n`;
      if (newTo > newFrom) this.out += `a${to} ${newTo - newFrom}\n${this.right.slice(newFrom, newTo).join('')}`;
    }
  }

  // ---------------------------------------------------------------- side by side
  private sideBySide(changes: readonly Change[]): void {
    const { width, expandsTabs, tabSize, leftColumn, suppressesCommon } = this.style;
    const step = expandsTabs ? 1 : tabSize;
    const unaligned = (width >> 1) + ((step + 3) >> 1) + (width & (step + 3) & 1);
    const offset = unaligned - (unaligned % step);
    const half = Math.max(0, Math.min(offset - 3, width - offset));
    const second = half > 0 ? offset : width;
    const put = (left: string | undefined, mark: string, right: string | undefined): void => this.row(left, mark, right, half, second);
    let [i, j] = [0, 0];
    const common = (to: number, newTo: number): void => {
      if (!suppressesCommon) {
        while (!leftColumn && i < to && j < newTo) put(this.left[i++], ' ', this.right[j++]);
        while (!leftColumn && j < newTo) put(undefined, ')', this.right[j++]);
        while (i < to) put(this.left[i++], '(', undefined);
      }
      [i, j] = [to, newTo];
    };
    for (const change of changes) {
      common(change.from, change.newFrom);
      while (i < change.to && j < change.newTo) put(this.left[i++], '|', this.right[j++]);
      while (j < change.newTo) put(undefined, '>', this.right[j++]);
      while (i < change.to) put(this.left[i++], '<', undefined);
    }
    common(this.left.length, this.right.length);
  }

  private row(left: string | undefined, mark: string, right: string | undefined, half: number, second: number): void {
    const hasNewline = left?.endsWith('\n') === true || right?.endsWith('\n') === true;
    let text = '';
    let column = 0;
    if (left !== undefined) {
      const shown = this.halfLine(left, half);
      text += shown.text;
      column = shown.width;
    }
    if (mark !== ' ') {
      const place = (half + second - 1) >> 1;
      const isUneven = mark === '|' && left!.endsWith('\n') !== right!.endsWith('\n');
      text += `${this.gap(column, place)}${isUneven ? (left!.endsWith('\n') ? '/' : '\\') : mark}`;
      column = place + 1;
    }
    if (right !== undefined && right !== '\n') text += this.gap(column, second) + this.halfLine(right, half).text;
    const colour = mark === '<' ? 'delete' : mark === '>' ? 'add' : undefined;
    const whole = hasNewline ? `${text}\n` : text;
    this.out += colour === undefined ? whole : this.coloured(colour, whole);
  }

  /** Tabs as far as they go, then blanks. */
  private gap(from: number, to: number): string {
    const { expandsTabs, tabSize } = this.style;
    let made = '';
    let at = from;
    if (!expandsTabs) {
      for (let tab = at + tabSize - (at % tabSize); tab <= to; tab += tabSize) {
        made += '\t';
        at = tab;
      }
    }
    return made + ' '.repeat(Math.max(0, to - at));
  }

  private halfLine(line: string, bound: number): { text: string; width: number } {
    const { expandsTabs, tabSize } = this.style;
    let text = '';
    let [at, shown] = [0, 0];
    for (const character of line.replace(/\n$/, '')) {
      if (character === '\t') {
        const stop = at + tabSize - (at % tabSize);
        if (at === shown && expandsTabs) {
          text += ' '.repeat(Math.max(0, Math.min(stop, bound) - shown));
          shown = Math.max(shown, Math.min(stop, bound));
        } else if (at === shown && stop < bound) {
          text += '\t';
          shown = stop;
        }
        at = stop;
      } else {
        at += characterWidth(character);
        if (at > bound) continue;
        shown = at;
        text += character;
      }
    }
    return { text, width: shown };
  }

  // ---------------------------------------------------------------- merged
  private merged(changes: readonly Change[]): void {
    const { formats } = this.style;
    let [i, j] = [0, 0];
    const group = (kind: 'unchanged' | 'old' | 'new' | 'changed', to: number, newTo: number): void => {
      const [old, young] = [this.left.slice(i, to), this.right.slice(j, newTo)];
      const format = formats[`${kind}-group`]!;
      const lines = (which: string, all: readonly string[]): string => all.map((line, index) => lineFormat(formats[`${which}-line`]!, line, (which === 'new' ? j : i) + index + 1)).join('');
      this.out += format.replace(/%(?:([<>=%])|c'(\\?[^'])'|c'\\([0-7]{1,3})')/g, (_, mark: string | undefined, character: string | undefined, octal: string | undefined) => {
        if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
        if (character !== undefined) return character;
        return mark === '<' ? lines('old', old) : mark === '>' ? lines('new', young) : mark === '=' ? lines('unchanged', old) : '%';
      });
      [i, j] = [to, newTo];
    };
    for (const change of changes) {
      if (change.from > i) group('unchanged', change.from, change.newFrom);
      group(change.from === change.to ? 'new' : change.newFrom === change.newTo ? 'old' : 'changed', change.to, change.newTo);
    }
    if (i < this.left.length || j < this.right.length) group('unchanged', this.left.length, this.right.length);
  }
}

/** %L is the line with its newline, %l without, %dn its number. */
function lineFormat(format: string, line: string, number: number): string {
  return format.replace(/%(?:([lL%])|(-?\d*)(d|o|x|X)n|c'([^'])')/g, (_, letter: string | undefined, width: string | undefined, base: string | undefined, character: string | undefined) => {
    if (character !== undefined) return character;
    if (base !== undefined) {
      const digits = number.toString(base === 'd' ? 10 : base === 'o' ? 8 : 16);
      return width!.startsWith('-') ? digits.padEnd(-Number(width)) : digits.padStart(Number(width));
    }
    return letter === 'L' ? line : letter === 'l' ? line.replace(/\n$/, '') : '%';
  });
}

function ended(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n`;
}

export function expand(text: string, tabSize: number): string {
  let made = '';
  let column = 0;
  for (const character of text) {
    if (character === '\t') {
      const step = tabSize - (column % tabSize);
      made += ' '.repeat(step);
      column += step;
    } else {
      made += character;
      column += 1;
    }
  }
  return made;
}

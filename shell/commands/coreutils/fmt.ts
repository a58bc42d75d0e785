/**
 * fmt: paragraphs filled anew, by the breaks that cost least. Read first: fmt(1); src/fmt.c of coreutils 9.1, "How to choose line breaks" there. A
 * paragraph of more than a thousand words is filled as one here; the real one lets go of its beginning.
 */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { fromLatin1, latin1 } from '../../ports/bytes.ts';
import { defineCommand } from '../define.ts';
import { named, quoted } from './quote.ts';

interface Settings {
  readonly isCrown: boolean; readonly isTagged: boolean; readonly isSplit: boolean; readonly isUniform: boolean; readonly prefix: string;
  /** Blanks before the prefix, and its length with the blanks after it. */
  readonly prefixLead: number; readonly prefixLength: number;
  /** Columns of a line: at most, and as wished. */
  readonly most: number; readonly goal: number;
}

interface Word { readonly text: string; space: number; readonly isParenthesis: boolean; isPeriod: boolean; readonly isPunctuated: boolean; isFinal: boolean; cost: number; next: number; lineLength: number }

const MOST_WIDTH = 2500;

export const fmt = defineCommand({
  name: 'fmt', summary: 'fill paragraphs', package: 'coreutils',
  run: async (call) => {
    const args = call.args.map((word, index) => (index === 0 && /^-\d/.test(word) ? `-w${word.slice(1)}` : word));
    const late = args.find((word) => /^-\d/.test(word));
    if (late !== undefined) {
      call.err(`fmt: invalid option -- ${late[1]!}; -WIDTH is recognized only when it is the first\noption; use -w N instead\nTry 'fmt --help' for more information.`);
      return 1;
    }
    const options = gnuOptions(call, { short: 'cstuw:p:g:', long: { 'crown-margin': 'none=c', prefix: 'required=p', 'split-only': 'none=s', 'tagged-paragraph': 'none=t', 'uniform-spacing': 'none=u', width: 'required=w', goal: 'required=g' } }, args);
    if (options === undefined) return 1;
    const invalid = (text: string, most: number): ExitCode | undefined => {
      if (/^\d+$/.test(text) && Number(text) <= most) return undefined;
      call.err(`fmt: invalid width: ${named(text)}${/^\d+$/.test(text) ? ': Numerical result out of range' : ''}`);
      return 1;
    };
    const [width, goalText] = [options.value('w'), options.value('g')];
    const wrong = (width === undefined ? undefined : invalid(width, MOST_WIDTH)) ?? (goalText === undefined ? undefined : invalid(goalText, width === undefined ? 75 : Number(width)));
    if (wrong !== undefined) return wrong;
    const most = width !== undefined ? Number(width) : goalText !== undefined ? Number(goalText) + 10 : 75;
    const given = options.value('p') ?? '';
    const body = given.replace(/^ +/, '');
    const settings: Settings = {
      isCrown: options.has('c'), isTagged: options.has('t'), isSplit: options.has('s'), isUniform: options.has('u'), most, goal: goalText === undefined ? Math.floor((most * 187) / 200) : Number(goalText),
      prefix: body.replace(/ +$/, ''), prefixLead: given.length - body.length, prefixLength: body.length,
    };
    let code: ExitCode = 0;
    for (const path of options.operands.length === 0 ? ['-'] : options.operands) {
      const got = await readWhole(call.sys, path);
      if (got.ok) {
        call.write(latin1(new Filler(fromLatin1(got.value), settings).fill()));
        continue;
      }
      call.err(`fmt: ${got.error === 'EISDIR' ? 'read error' : `cannot open ${quoted(path)} for reading: ${strerror(got.error)}`}`);
      code = 1;
    }
    return code;
  },
});

class Filler {
  private readonly text: string;
  private readonly settings: Settings;
  private at = 0;
  /** What has been read and looked at: '' at the end. */
  private character = '';
  private column = 0;
  private nextPrefixIndent = 0;
  private prefixIndent = 0;
  private firstIndent = 0;
  private otherIndent = 0;
  private words: Word[] = [];
  private hasTabs = false;
  private shown = '';
  private shownColumn = 0;

  constructor(text: string, settings: Settings) {
    this.text = text;
    this.settings = settings;
  }

  fill(): string {
    this.readPrefix();
    while (this.readParagraph()) {
      this.chooseBreaks();
      for (let word = 0; word < this.words.length; word = this.words[word]!.next) this.putLine(word, word === 0 ? this.firstIndent : this.otherIndent);
    }
    return this.shown;
  }

  private read(): string {
    this.character = this.text[this.at] ?? '';
    this.at += 1;
    return this.character;
  }

  private get isLineOver(): boolean {
    return this.character === '\n' || this.character === '';
  }

  private readSpace(): void {
    for (; this.character === ' ' || this.character === '\t'; this.read()) {
      if (this.character === '\t') this.hasTabs = true;
      this.column = this.character === ' ' ? this.column + 1 : (Math.floor(this.column / 8) + 1) * 8;
    }
  }

  private readPrefix(): void {
    const { prefix, prefixLead } = this.settings;
    this.column = 0;
    this.read();
    this.readSpace();
    if (prefix === '') {
      this.nextPrefixIndent = Math.min(prefixLead, this.column);
      return;
    }
    this.nextPrefixIndent = this.column;
    for (const expected of prefix) {
      if (this.character !== expected) return;
      this.column += 1;
      this.read();
    }
    this.readSpace();
  }

  private isSameParagraph(): boolean {
    return this.nextPrefixIndent === this.prefixIndent && this.column >= this.nextPrefixIndent + this.settings.prefixLength && !this.isLineOver;
  }

  private readParagraph(): boolean {
    const { settings } = this;
    while (this.isLineOver || this.nextPrefixIndent < settings.prefixLead || this.column < this.nextPrefixIndent + settings.prefixLength) {
      this.copyRest();
      if (this.character === '') return false;
      this.shown += '\n';
      this.readPrefix();
    }
    this.prefixIndent = this.nextPrefixIndent;
    this.firstIndent = this.column;
    this.words = [];
    this.readLine();
    this.setOtherIndent(this.isSameParagraph());
    if (settings.isCrown && !settings.isSplit) {
      if (this.isSameParagraph()) this.readLines(true);
    } else if (settings.isTagged && !settings.isSplit) {
      if (this.isSameParagraph() && this.column !== this.firstIndent) this.readLines(true);
    } else if (!settings.isSplit) this.readLines(false);
    const last = this.words.at(-1)!;
    last.isPeriod = true;
    last.isFinal = true;
    return true;
  }

  private readLines(takesOneAnyway: boolean): void {
    if (takesOneAnyway) this.readLine();
    while (this.isSameParagraph() && this.column === this.otherIndent) this.readLine();
  }

  private setOtherIndent(isSame: boolean): void {
    const { isSplit, isCrown, isTagged } = this.settings;
    if (isSplit) this.otherIndent = this.firstIndent;
    else if (isCrown) this.otherIndent = isSame ? this.column : this.firstIndent;
    else if (isTagged) {
      if (isSame && this.column !== this.firstIndent) this.otherIndent = this.column;
      else if (this.otherIndent === this.firstIndent) this.otherIndent = this.firstIndent === 0 ? 3 : 0;
    } else this.otherIndent = this.firstIndent;
  }

  private readLine(): void {
    do {
      const start = this.at - 1;
      while (this.character !== '' && !/[ \t\n\v\f\r]/.test(this.character)) this.read();
      // A form feed or the like begins a word.
      if (this.at - 1 === start) this.read();
      const text = this.text.slice(start, this.at - 1);
      this.column += text.length;
      const before = this.column;
      this.readSpace();
      const isPeriod = /[.?!][)\]'"]*$/.test(text);
      const space = this.column - before;
      const isFinal = this.character === '' || (isPeriod && (this.character === '\n' || space > 1));
      this.words.push({
        text, isPeriod, isFinal, space: this.isLineOver || this.settings.isUniform ? (isFinal ? 2 : 1) : space, isParenthesis: /^[(['`"]/.test(text), isPunctuated: /[!-/:-@[-`{-~]$/.test(text), cost: 0, next: 0, lineLength: 0,
      });
    } while (!this.isLineOver);
    this.readPrefix();
  }

  /** A line that belongs to no paragraph goes out as it is. */
  private copyRest(): void {
    const { prefix } = this.settings;
    this.shownColumn = 0;
    if (this.column > this.nextPrefixIndent || !this.isLineOver) {
      this.putSpace(this.nextPrefixIndent);
      for (let index = 0; this.shownColumn !== this.column && index < prefix.length; index += 1, this.shownColumn += 1) this.shown += prefix[index]!;
      if (!this.isLineOver) this.putSpace(this.column - this.shownColumn);
      if (this.character === '' && this.column >= this.nextPrefixIndent + prefix.length) this.shown += '\n';
    }
    for (; !this.isLineOver; this.read()) this.shown += this.character;
  }

  private chooseBreaks(): void {
    const { words, settings } = this;
    for (let start = words.length - 1; start >= 0; start -= 1) {
      const first = words[start]!;
      let best = Infinity;
      let length = (start === 0 ? this.firstIndent : this.otherIndent) + first.text.length;
      for (let word = start + 1; ; word += 1) {
        const cost = this.lineCost(word, length) + (words[word]?.cost ?? 0);
        if (cost < best) {
          best = cost;
          first.next = word;
          first.lineLength = length;
        }
        if (word === words.length) break;
        length += words[word - 1]!.space + words[word]!.text.length;
        if (length >= settings.most) break;
      }
      first.cost = best + this.breakCost(start);
    }
  }

  /** Of a line that ends before `next`. */
  private lineCost(next: number, length: number): number {
    const word = this.words[next];
    if (word === undefined) return 0;
    const short = (columns: number): number => (columns * 10) ** 2;
    return short(this.settings.goal - length) + (word.next === this.words.length ? 0 : short(length - word.lineLength) / 2);
  }

  /** Of a line that begins with this word: sentences are not torn near their ends. */
  private breakCost(index: number): number {
    const word = this.words[index]!;
    const [before, twoBefore] = [this.words[index - 1], this.words[index - 2]];
    let cost = 70 ** 2;
    if (before?.isPeriod === true) cost += before.isFinal ? -(50 ** 2) : 600 ** 2;
    else if (before?.isPunctuated === true) cost -= 40 ** 2;
    else if (before !== undefined && twoBefore?.isFinal === true) cost += Math.floor(200 ** 2 / (before.text.length + 2));
    if (word.isParenthesis) cost -= 40 ** 2;
    else if (word.isFinal) cost += Math.floor(150 ** 2 / (word.text.length + 2));
    return cost;
  }

  private putLine(start: number, indent: number): void {
    this.shownColumn = 0;
    this.putSpace(this.prefixIndent);
    this.shown += this.settings.prefix;
    this.shownColumn += this.settings.prefix.length;
    this.putSpace(indent - this.shownColumn);
    const end = this.words[start]!.next;
    for (let index = start; index < end; index += 1) {
      const { text, space } = this.words[index]!;
      this.shown += text;
      this.shownColumn += text.length;
      if (index < end - 1) this.putSpace(space);
    }
    this.shown += '\n';
  }

  /** With tabs, if the input has any. */
  private putSpace(space: number): void {
    const target = this.shownColumn + space;
    const tabTarget = Math.floor(target / 8) * 8;
    if (this.hasTabs && this.shownColumn + 1 < tabTarget) {
      for (; this.shownColumn < tabTarget; this.shownColumn = (Math.floor(this.shownColumn / 8) + 1) * 8) this.shown += '\t';
    }
    for (; this.shownColumn < target; this.shownColumn += 1) this.shown += ' ';
  }
}

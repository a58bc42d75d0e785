/** Where expansions go: into fields, into one string, into a pattern, into a regular expression. */
import { checkLength } from './errors.ts';
import { quotePattern } from '../lib/pattern.ts';

export interface Sink {
  /** Text that was typed. */
  literal(text: string, isQuoted: boolean): void;
  /** The result of an expansion. */
  value(text: string, isQuoted: boolean): void;
  /** A new field begins ("$@"). */
  breakField(): void;
  /** Quotes were there: the field exists even if empty. */
  touch(): void;
  readonly splits: boolean;
}

export interface Field { text: string; pattern: string; hasPattern: boolean }

/** Fields with word splitting; `pattern` keeps quoted characters behind backslashes, for pathname expansion. */
export class FieldSink implements Sink {
  readonly splits = true;
  readonly fields: Field[] = [];
  private current: Field | undefined;
  private readonly ifs: string;
  /** Literals of an operand (${x:-a b}) are split like values. */
  splitsLiterals = false;

  constructor(ifs: string) {
    this.ifs = ifs;
  }

  private field(): Field {
    this.current ??= { text: '', pattern: '', hasPattern: false };
    return this.current;
  }

  literal(text: string, isQuoted: boolean): void {
    if (this.splitsLiterals && !isQuoted) {
      this.value(text, false);
      return;
    }
    const field = this.field();
    checkLength(field.text.length + text.length);
    field.text += text;
    if (isQuoted) field.pattern += quotePattern(text);
    else {
      field.pattern += text;
      field.hasPattern ||= /[*?[+@!]/.test(text);
    }
  }

  value(text: string, isQuoted: boolean): void {
    if (isQuoted) {
      this.literal(text, true);
      return;
    }
    const { ifs } = this;
    if (text === '') return;
    if (ifs === '') {
      this.add(text);
      return;
    }
    for (let i = 0; i < text.length; ) {
      const c = text[i]!;
      if (!ifs.includes(c)) {
        let end = i + 1;
        while (end < text.length && !ifs.includes(text[end]!)) end += 1;
        this.add(text.slice(i, end));
        i = end;
        continue;
      }
      const isBlank = c === ' ' || c === '\t' || c === '\n';
      if (isBlank) {
        while (i < text.length && ifs.includes(text[i]!) && ' \t\n'.includes(text[i]!)) i += 1;
        if (this.current === undefined) continue;
        this.end();
        if (i < text.length && ifs.includes(text[i]!)) {
          i += 1;
          while (i < text.length && ifs.includes(text[i]!) && ' \t\n'.includes(text[i]!)) i += 1;
        }
        continue;
      }
      i += 1;
      this.field();
      this.end();
      while (i < text.length && ifs.includes(text[i]!) && ' \t\n'.includes(text[i]!)) i += 1;
    }
  }

  private add(text: string): void {
    const field = this.field();
    checkLength(field.text.length + text.length);
    field.text += text;
    field.pattern += text;
    field.hasPattern ||= /[*?[+@!\\]/.test(text);
  }

  touch(): void {
    this.field();
  }

  breakField(): void {
    this.end();
  }

  private end(): void {
    if (this.current !== undefined) this.fields.push(this.current);
    this.current = undefined;
  }

  finish(): Field[] {
    this.end();
    return this.fields;
  }
}

/** No splitting: assignments, redirections' here-strings, case words. */
export class TextSink implements Sink {
  readonly splits: boolean = false;
  text = '';
  literal(text: string): void {
    checkLength(this.text.length + text.length);
    this.text += text;
  }
  value(text: string): void {
    checkLength(this.text.length + text.length);
    this.text += text;
  }
  breakField(): void {
    this.text += ' ';
  }
  touch(): void {}
}

export class PatternSink implements Sink {
  readonly splits = false;
  text = '';
  literal(text: string, isQuoted: boolean): void {
    this.text += isQuoted ? quotePattern(text) : text;
  }
  value(text: string, isQuoted: boolean): void {
    this.literal(text, isQuoted);
  }
  breakField(): void {
    this.text += ' ';
  }
  touch(): void {}
}

/** `[[ x =~ y ]]`: what is quoted stands for itself. */
export class RegexSink extends PatternSink {
  override literal(text: string, isQuoted: boolean): void {
    this.text += isQuoted ? text.replace(/[\\^$.*+?()[\]{}|]/g, (c) => `\\${c}`) : text;
  }
}

/** Brace expansion, on the text of a word before anything else. Read first: bash(1) "Brace Expansion", bash's braces.c */
import { ShellError } from './errors.ts';
import { endOfAnsi, endOfCommand, endOfDouble, endOfExpansion, endOfSingle } from './scan.ts';

export function expandBraces(text: string): string[] {
  if (!text.includes('{')) return [text];
  return expand(text);
}

function skip(text: string, at: number): number {
  const c = text[at]!;
  if (c === '\\') return at + 2;
  if (c === "'") return endOfSingle(text, at + 1);
  if (c === '"') return endOfDouble(text, at + 1);
  if (c === '$' && text[at + 1] === "'") return endOfAnsi(text, at + 2);
  if (c === '$' || c === '`') return endOfExpansion(text, at, false);
  if ((c === '<' || c === '>') && text[at + 1] === '(') return endOfCommand(text, at + 2);
  return at + 1;
}

function expand(text: string): string[] {
  for (let open = 0; open < text.length; ) {
    const c = text[open]!;
    if (c !== '{') {
      open = skip(text, open);
      continue;
    }
    const close = matchingBrace(text, open);
    if (close === undefined) {
      open += 1;
      continue;
    }
    const inside = text.slice(open + 1, close);
    const items = split(inside);
    const middle = items.length > 1 ? items.flatMap((item) => expand(item)) : sequence(inside);
    if (middle === undefined) {
      // {x} stays, but its inside may hold something that expands: {a{b,c}}.
      const inner = expand(inside);
      if (inner.length > 1) {
        const tail = expand(text.slice(close + 1));
        refuseTooMany(inner.length * tail.length);
        return inner.flatMap((part) => tail.map((end) => `${text.slice(0, open)}{${part}}${end}`));
      }
      open += 1;
      continue;
    }
    const before = text.slice(0, open);
    const tails = expand(text.slice(close + 1));
    refuseTooMany(middle.length * tails.length);
    return middle.flatMap((part) => tails.map((tail) => before + part + tail));
  }
  return [text];
}

function matchingBrace(text: string, open: number): number | undefined {
  let depth = 0;
  for (let i = open + 1; i < text.length; ) {
    const c = text[i]!;
    if (c === '{') {
      depth += 1;
      i += 1;
    } else if (c === '}') {
      if (depth === 0) return i;
      depth -= 1;
      i += 1;
    } else i = skip(text, i);
  }
  return undefined;
}

/** The parts between commas of this level. */
function split(inside: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < inside.length; ) {
    const c = inside[i]!;
    if (c === '{') depth += 1;
    else if (c === '}') depth -= 1;
    else if (c === ',' && depth === 0) {
      parts.push(inside.slice(start, i));
      start = i + 1;
    }
    i = c === '{' || c === '}' || c === ',' ? i + 1 : skip(inside, i);
  }
  parts.push(inside.slice(start));
  return parts;
}

/** Far beyond what a lab needs, far below what real bash would try (it fills the memory first, then says the same). */
const MAX_ITEMS = 1_000_000;

function refuseTooMany(count: number): void {
  if (count > MAX_ITEMS) throw new ShellError(`brace expansion: failed to allocate memory for ${count} elements`);
}

function sequence(inside: string): string[] | undefined {
  const numbers = /^([+-]?[0-9]+)\.\.([+-]?[0-9]+)(?:\.\.([+-]?[0-9]+))?$/.exec(inside);
  if (numbers !== null) {
    const from = Number(numbers[1]);
    const to = Number(numbers[2]);
    const step = Math.max(1, Math.abs(Number(numbers[3] ?? 1)));
    const isPadded = [numbers[1]!, numbers[2]!].some((word) => /^[+-]?0[0-9]/.test(word));
    const width = isPadded ? Math.max(numbers[1]!.length, numbers[2]!.length) : 0;
    refuseTooMany(Math.floor(Math.abs(to - from) / step) + 1);
    return range(from, to, step).map((value) => (value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0')));
  }
  const letters = /^([A-Za-z])\.\.([A-Za-z])(?:\.\.([+-]?[0-9]+))?$/.exec(inside);
  if (letters === null) return undefined;
  const step = Math.max(1, Math.abs(Number(letters[3] ?? 1)));
  return range(letters[1]!.charCodeAt(0), letters[2]!.charCodeAt(0), step).map((code) => (code === 92 ? "''" : code === 96 ? '\\`' : String.fromCharCode(code)));
}

function range(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  if (from <= to) for (let value = from; value <= to; value += step) values.push(value);
  else for (let value = from; value >= to; value -= step) values.push(value);
  return values;
}

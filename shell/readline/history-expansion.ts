/**
 * History expansion: !! !n !-n !string !?string? !# ^a^b^, word designators and modifiers. Read first: bash(1) "HISTORY EXPANSION",
 * readline's histexpand.c. Error texts are those of histexpand.c; the shell puts its own name before them.
 */
import type { History } from './history.ts';

export type Expansion =
  | { readonly kind: 'unchanged'; readonly text: string }
  /** Print the text first, then run it. */
  | { readonly kind: 'expanded'; readonly text: string }
  /** `:p`: print and store it, do not run it. */
  | { readonly kind: 'print'; readonly text: string }
  /** `!nosuch: event not found` */
  | { readonly kind: 'error'; readonly message: string };

interface Substitution {
  from: string;
  to: string;
}
/** The last :s of the session (for :&) and the last !?string?. */
export interface ExpansionMemory {
  substitution?: Substitution;
  search?: string;
}

/** Ends of an event string in `!string`. */
const eventEnds = ' \t\n:;&()|<>$^*%-"\'';

export function expandHistory(history: History, line: string, memory: ExpansionMemory = {}): Expansion {
  if (line.startsWith('^')) {
    const expanded = quickSubstitution(history, line, memory);
    return expanded;
  }
  let out = '';
  let changed = false;
  let printsOnly = false;
  let quote = '';
  let i = 0;
  while (i < line.length) {
    const c = line[i]!;
    if (quote === "'") {
      if (c === "'") quote = '';
      out += c;
      i += 1;
      continue;
    }
    if (c === '\\') {
      out += line.slice(i, i + 2);
      i += 2;
      continue;
    }
    if (c === "'" && quote === '') {
      quote = "'";
      out += c;
      i += 1;
      continue;
    }
    if (c === '"') {
      quote = quote === '"' ? '' : '"';
      out += c;
      i += 1;
      continue;
    }
    if (c === '#' && quote === '' && (i === 0 || /[\s;&|()]/.test(line[i - 1]!))) {
      out += line.slice(i);
      break;
    }
    if (c !== '!' || isLiteralBang(line, i, quote)) {
      out += c;
      i += 1;
      continue;
    }
    const event = expandEvent(history, line, i, out, quote, memory);
    if (event.kind === 'error') return event;
    out += event.text;
    i = event.end;
    changed = true;
    if (event.printsOnly) printsOnly = true;
  }
  if (!changed) return { kind: 'unchanged', text: line };
  return { kind: printsOnly ? 'print' : 'expanded', text: out };
}

/** A bang before blank, newline, =, ( (extglob) or at the end stays; so does $! and ${!. */
function isLiteralBang(line: string, at: number, quote: string): boolean {
  const next = line[at + 1];
  if (next === undefined || ' \t\n\r='.includes(next)) return true;
  if (next === '(') return true;
  if (quote === '"' && next === '"') return true;
  const previous = line[at - 1];
  if (previous === '$') return true;
  if (previous === '{' && line[at - 2] === '$') return true;
  if (previous === '[' && line.indexOf(']', at) >= 0) return true;
  return false;
}

function quickSubstitution(history: History, line: string, memory: ExpansionMemory): Expansion {
  const parsed = readSubstitution(line, 0);
  if (parsed === undefined) return { kind: 'unchanged', text: line };
  const last = history.entries.at(-1)?.text;
  if (last === undefined) return { kind: 'error', message: `:s${line}: substitution failed` };
  const from = parsed.from === '' ? (memory.substitution?.from ?? memory.search ?? '') : parsed.from;
  if (!last.includes(from) || from === '') return { kind: 'error', message: `:s${line}: substitution failed` };
  const to = parsed.to.replace(/\\&|&/g, (m) => (m === '&' ? from : '&'));
  memory.substitution = { from, to };
  return { kind: 'expanded', text: last.replace(from, () => to) + line.slice(parsed.end) };
}

/** `/from/to/` at `at`; the closing delimiter may be missing at the end of the line. */
function readSubstitution(line: string, at: number): { from: string; to: string; end: number } | undefined {
  const delimiter = line[at];
  if (delimiter === undefined) return undefined;
  const read = (start: number): [string, number] => {
    let text = '';
    let i = start;
    while (i < line.length && line[i] !== delimiter) {
      if (line[i] === '\\' && line[i + 1] === delimiter) i += 1;
      text += line[i]!;
      i += 1;
    }
    return [text, i + 1];
  };
  const [from, middle] = read(at + 1);
  const [to, end] = read(middle);
  return { from, to, end: Math.min(end, line.length) };
}

type EventText = { readonly kind: 'text'; readonly text: string; readonly end: number; readonly printsOnly: boolean } | { readonly kind: 'error'; readonly message: string };

function expandEvent(history: History, line: string, at: number, soFar: string, quote: string, memory: ExpansionMemory): EventText {
  let i = at + 1;
  let source: string | undefined;
  const c = line[i]!;
  const notFound = (end: number): EventText => ({ kind: 'error', message: `${line.slice(at, end)}: event not found` });
  const number = /^-?\d+/.exec(line.slice(i));
  if (c === '!') {
    i += 1;
    source = history.entries.at(-1)?.text;
    if (source === undefined) return notFound(i);
  } else if (c === '#') {
    i += 1;
    source = soFar;
  } else if (number !== null) {
    i += number[0].length;
    const index = history.indexOfNumber(Number(number[0]));
    source = index === undefined ? undefined : history.entries[index]!.text;
    if (source === undefined) return notFound(i);
  } else if (c === '?') {
    const end = indexOfAny(line, '?\n', i + 1);
    const wanted = line.slice(i + 1, end);
    i = end < line.length && line[end] === '?' ? end + 1 : end;
    const search = wanted === '' ? (memory.search ?? '') : wanted;
    memory.search = search;
    source = findLast(history, (text) => text.includes(search));
    if (source === undefined || search === '') return notFound(i);
  } else if ('$^*%:'.includes(c) || (c === '-' && !/\d/.test(line[i + 1] ?? ''))) {
    source = history.entries.at(-1)?.text;
    if (source === undefined) return notFound(i + 1);
  } else {
    let end = indexOfAny(line, eventEnds, i);
    if (quote === '"') {
      const closing = line.indexOf('"', i);
      if (closing >= 0 && closing < end) end = closing;
    }
    if (end === i) end = i + 1;
    const wanted = line.slice(i, end);
    i = end;
    source = findLast(history, (text) => text.startsWith(wanted));
    if (source === undefined) return notFound(i);
  }
  const words = splitWords(source);
  const designator = readDesignator(line, i, words, memory, source);
  if (designator.kind === 'error') return { kind: 'error', message: `${line.slice(i, designator.end)}: bad word specifier` };
  let text = designator.text;
  i = designator.end;
  let printsOnly = false;
  // Modifiers.
  while (line[i] === ':') {
    let j = i + 1;
    let everywhere = false;
    let eachWord = false;
    while (line[j] === 'g' || line[j] === 'a' || line[j] === 'G') {
      if (line[j] === 'G') eachWord = true;
      else everywhere = true;
      j += 1;
    }
    const modifier = line[j];
    if (modifier === undefined) break;
    if (modifier === 'h') text = text.replace(/\/[^/]*$/, '');
    else if (modifier === 't') text = text.replace(/^.*\//s, '');
    else if (modifier === 'r') text = text.replace(/\.[^./]*$/, '');
    else if (modifier === 'e') text = /\.[^.]*$/.exec(text)?.[0] ?? text;
    else if (modifier === 'p') printsOnly = true;
    else if (modifier === 'q') text = `'${text.replaceAll("'", `'\\''`)}'`;
    else if (modifier === 'x') text = text.split(/\s+/).filter((word) => word !== '').map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    else if (modifier === 's' || modifier === '&') {
      let substitution = memory.substitution;
      let end = j + 1;
      if (modifier === 's') {
        const parsed = readSubstitution(line, j + 1);
        // `!!:s` alone changes nothing.
        if (parsed === undefined) {
          i = end;
          continue;
        }
        const from = parsed.from === '' ? (memory.substitution?.from ?? memory.search ?? '') : parsed.from;
        substitution = { from, to: parsed.to.replace(/\\&|&/g, (m) => (m === '&' ? from : '&')) };
        memory.substitution = substitution;
        end = parsed.end;
      }
      if (substitution === undefined || substitution.from === '' || !text.includes(substitution.from)) {
        return { kind: 'error', message: `${line.slice(i, end)}: substitution failed` };
      }
      const { from, to } = substitution;
      if (everywhere) text = text.replaceAll(from, () => to);
      else if (eachWord) text = text.split(' ').map((word) => word.replace(from, () => to)).join(' ');
      else text = text.replace(from, () => to);
      i = end;
      continue;
    } else return { kind: 'error', message: `${modifier}: unrecognized history modifier` };
    i = j + 1;
  }
  return { kind: 'text', text, end: i, printsOnly };
}

type Designated = { readonly kind: 'text'; readonly text: string; readonly end: number } | { readonly kind: 'error'; readonly end: number };

function readDesignator(line: string, at: number, words: readonly string[], memory: ExpansionMemory, source: string): Designated {
  let i = at;
  const needsColon = !'^$*-%'.includes(line[i] ?? '\n');
  if (needsColon) {
    if (line[i] !== ':') return { kind: 'text', text: source, end: at };
    if (!/[\d^$*%\-x]/.test(line[i + 1] ?? '')) return { kind: 'text', text: source, end: at };
    if (line[i + 1] === 'x') return { kind: 'text', text: source, end: at };
    i += 1;
  }
  const last = words.length - 1;
  const c = line[i]!;
  if (c === '*') return { kind: 'text', text: words.slice(1).join(' '), end: i + 1 };
  if (c === '%') {
    const search = memory.search ?? '';
    return { kind: 'text', text: words.find((word) => word.includes(search)) ?? '', end: i + 1 };
  }
  let first = 0;
  const number = /^\d+/.exec(line.slice(i));
  if (number !== null) {
    first = Number(number[0]);
    i += number[0].length;
  } else if (c === '^') {
    first = 1;
    i += 1;
  } else if (c === '$') {
    return last < 0 ? { kind: 'error', end: i + 1 } : { kind: 'text', text: words[last]!, end: i + 1 };
  }
  let final = first;
  if (line[i] === '-') {
    const upper = /^-(\d+|\$|\^)?/.exec(line.slice(i))!;
    i += upper[0].length;
    final = upper[1] === undefined ? last - 1 : upper[1] === '$' ? last : upper[1] === '^' ? 1 : Number(upper[1]);
  } else if (line[i] === '*') {
    i += 1;
    final = last;
    if (first === last + 1) return { kind: 'text', text: '', end: i };
  }
  if (first > last || final > last || first > final) return { kind: 'error', end: i };
  return { kind: 'text', text: words.slice(first, final + 1).join(' '), end: i };
}

/** history_tokenize: shell words, with operators as words of their own. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let i = 0;
  while (i < text.length) {
    if (/\s/.test(text[i]!)) {
      i += 1;
      continue;
    }
    const operator = /^(?:\d*[<>]&?\d*-?|<<-|<<<|<<|>>|&&|\|\||;;|[<>]\(|[;&|()])/.exec(text.slice(i));
    if (operator !== null && !operator[0].endsWith('(') && operator[0] !== '') {
      const digitsOnly = /^\d+$/.test(operator[0]);
      if (!digitsOnly) {
        words.push(operator[0]);
        i += operator[0].length;
        continue;
      }
    }
    if (text[i] === '(' || text[i] === ')') {
      words.push(text[i]!);
      i += 1;
      continue;
    }
    const start = i;
    let quote = '';
    while (i < text.length) {
      const c = text[i]!;
      if (c === '\\' && quote !== "'") {
        i += 2;
        continue;
      }
      if (quote !== '') {
        if (c === quote) quote = '';
      } else if (c === "'" || c === '"' || c === '`') quote = c;
      else if (/[\s;&|()<>]/.test(c)) break;
      i += 1;
    }
    words.push(text.slice(start, Math.min(i, text.length)));
  }
  return words;
}

function findLast(history: History, test: (text: string) => boolean): string | undefined {
  for (let index = history.entries.length - 1; index >= 0; index -= 1) if (test(history.entries[index]!.text)) return history.entries[index]!.text;
  return undefined;
}

function indexOfAny(text: string, stops: string, from: number): number {
  let i = from;
  while (i < text.length && !stops.includes(text[i]!)) i += 1;
  return i;
}

/** Shell patterns as regular expressions. Read first: bash(1) "Pattern Matching", POSIX 2.13 */

export interface PatternOptions { readonly extended: boolean; readonly ignoreCase: boolean; /** A path component: a slash never matches. */ readonly isPath?: boolean }

const cache = new Map<string, RegExp>();

/** The whole text must match. `pattern` has quoted characters behind backslashes. */
export function patternRegExp(pattern: string, options: PatternOptions): RegExp {
  const key = `${options.extended ? 'e' : ''}${options.ignoreCase ? 'i' : ''}${options.isPath === true ? 'p' : ''}:${pattern}`;
  let compiled = cache.get(key);
  if (compiled === undefined) {
    compiled = new RegExp(`^(?:${patternSource(pattern, options)})$`, `s${options.ignoreCase ? 'i' : ''}u`);
    if (cache.size > 2000) cache.clear();
    cache.set(key, compiled);
  }
  return compiled;
}

export function matches(pattern: string, text: string, options: PatternOptions): boolean {
  return patternRegExp(pattern, options).test(text);
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z', digit: '0-9', alnum: 'a-zA-Z0-9', upper: 'A-Z', lower: 'a-z', space: ' \\t\\n\\r\\f\\v', blank: ' \\t', punct: '!-\\/:-@\\[-`{-~', print: ' -~\\u0080-\\u{10ffff}', graph: '!-~\\u0080-\\u{10ffff}',
  cntrl: '\\u0000-\\u001f\\u007f', xdigit: '0-9a-fA-F', word: 'a-zA-Z0-9_', ascii: '\\u0000-\\u007f',
};

export function patternSource(pattern: string, options: PatternOptions): string {
  return translate(pattern, 0, pattern.length, options);
}

const escape = (c: string): string => (/[\\^$.*+?()[\]{}|/]/.test(c) ? `\\${c}` : c);

function translate(pattern: string, from: number, to: number, options: PatternOptions): string {
  const any = options.isPath === true ? '[^/]' : '.';
  let out = '';
  for (let i = from; i < to; ) {
    const c = String.fromCodePoint(pattern.codePointAt(i)!);
    if (options.extended && '?*+@!'.includes(c) && pattern[i + 1] === '(') {
      const close = closing(pattern, i + 2, to);
      if (close !== undefined) {
        const body = alternatives(pattern, i + 2, close).map(([start, end]) => translate(pattern, start, end, options)).join('|');
        if (c === '!') {
          const rest = translate(pattern, close + 1, to, options);
          // Not one of these: whatever else leaves a rest that matches.
          return `${out}(?:(?!(?:${body})${rest}$)${any}*?)${rest}`;
        }
        out += c === '@' ? `(?:${body})` : `(?:${body})${c}`;
        i = close + 1;
        continue;
      }
    }
    if (c === '*') {
      while (pattern[i + 1] === '*') i += 1;
      out += `${any}*`;
      i += 1;
    } else if (c === '?') {
      out += any;
      i += 1;
    } else if (c === '[') {
      const bracket = bracketAt(pattern, i, to);
      if (bracket === undefined) {
        out += '\\[';
        i += 1;
      } else {
        out += bracket.source;
        i = bracket.end;
      }
    } else if (c === '\\' && i + 1 < to) {
      const next = String.fromCodePoint(pattern.codePointAt(i + 1)!);
      out += escape(next);
      i += 1 + next.length;
    } else {
      out += escape(c);
      i += c.length;
    }
  }
  return out;
}

function closing(pattern: string, from: number, to: number): number | undefined {
  let depth = 0;
  for (let i = from; i < to; i += 1) {
    const c = pattern[i]!;
    if (c === '\\') i += 1;
    else if (c === '[') {
      const bracket = bracketAt(pattern, i, to);
      if (bracket !== undefined) i = bracket.end - 1;
    } else if (c === '(') depth += 1;
    else if (c === ')') {
      if (depth === 0) return i;
      depth -= 1;
    }
  }
  return undefined;
}

function alternatives(pattern: string, from: number, to: number): [number, number][] {
  const parts: [number, number][] = [];
  let depth = 0;
  let start = from;
  for (let i = from; i < to; i += 1) {
    const c = pattern[i]!;
    if (c === '\\') i += 1;
    else if (c === '(') depth += 1;
    else if (c === ')') depth -= 1;
    else if (c === '|' && depth === 0) {
      parts.push([start, i]);
      start = i + 1;
    }
  }
  parts.push([start, to]);
  return parts;
}

function bracketAt(pattern: string, open: number, to: number): { source: string; end: number } | undefined {
  let i = open + 1;
  const isNegated = pattern[i] === '!' || pattern[i] === '^';
  if (isNegated) i += 1;
  let body = '';
  let isFirst = true;
  for (; i < to; isFirst = false) {
    const c = String.fromCodePoint(pattern.codePointAt(i)!);
    if (c === ']' && !isFirst) {
      const set = body === '' ? (isNegated ? '[^]' : '[]') : `[${isNegated ? '^' : ''}${body}]`;
      return { source: set, end: i + 1 };
    }
    if (c === '[' && (pattern[i + 1] === ':' || pattern[i + 1] === '.' || pattern[i + 1] === '=')) {
      const kind = pattern[i + 1]!;
      const end = pattern.indexOf(`${kind}]`, i + 2);
      if (end > 0 && end < to) {
        const name = pattern.slice(i + 2, end);
        body += kind === ':' ? (CLASSES[name] ?? '') : escapeInSet(name);
        i = end + 2;
        continue;
      }
    }
    let low = c;
    i += c.length;
    if (c === '\\' && i < to) {
      low = String.fromCodePoint(pattern.codePointAt(i)!);
      i += low.length;
    }
    if (pattern[i] === '-' && pattern[i + 1] !== ']' && i + 1 < to) {
      let high = String.fromCodePoint(pattern.codePointAt(i + 1)!);
      i += 1 + high.length;
      if (high === '\\' && i < to) {
        high = String.fromCodePoint(pattern.codePointAt(i)!);
        i += high.length;
      }
      if (low <= high) body += `${escapeInSet(low)}-${escapeInSet(high)}`;
      continue;
    }
    body += escapeInSet(low);
  }
  return undefined;
}

function escapeInSet(text: string): string {
  return text.replace(/[\\\]^\-[]/g, (c) => `\\${c}`);
}

/** Has the text anything that makes it a pattern? Backslash-quoted characters do not count. */
export function isPattern(text: string, extended: boolean): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (c === '\\') i += 1;
    else if (c === '*' || c === '?') return true;
    else if (c === '[' && text.indexOf(']', i + 1) > 0) return true;
    else if (extended && '+@!'.includes(c) && text[i + 1] === '(') return true;
  }
  return false;
}

/** The text with backslash quoting removed. */
export function unquotePattern(pattern: string): string {
  return pattern.replace(/\\([\s\S])/g, '$1');
}

export function quotePattern(text: string): string {
  return text.replace(/[\\*?[\]()|!+@^-]/g, (c) => `\\${c}`);
}

/** Quoting in the line: from what is typed to a name, and back. Read first: bash's bashline.c, bash_dequote_filename, bash_quote_filename. */

const special = new Set(" \t\n\\\"'@<>=;|&()#$`?*[!:{~");

/** A name as the shell must see it; `quote` is the quote the word was begun with ('' for none). */
export function quoteForShell(name: string, quote: string): string {
  if (quote === "'") return `'${name.replaceAll("'", "'\\''")}`;
  if (quote === '"') return `"${name.replaceAll(/["$`\\!]/g, '\\$&')}`;
  let out = '';
  for (let i = 0; i < name.length; i += 1) {
    const c = name[i]!;
    // A tilde or # matters at the start only; = : @ are left alone as file name characters that bash breaks words at.
    const isPlain = !special.has(c) || (c === '~' && !(i === 0 && name !== '~' && !/^~[^/]*($|\/)/.test(name))) || (c === '#' && i > 0) || c === '=' || c === ':' || c === '@' || c === '{';
    out += isPlain ? c : `\\${c}`;
  }
  return out;
}

/** What a half-typed word means. */
export function unquote(word: string): { readonly text: string; readonly quote: string } {
  let text = '';
  let quote = '';
  for (let i = 0; i < word.length; i += 1) {
    const c = word[i]!;
    if (quote === "'") {
      if (c === "'") quote = '';
      else text += c;
    } else if (c === '\\') {
      i += 1;
      const next = word[i];
      if (next === undefined) break;
      text += quote === '"' && !'"$`\\'.includes(next) ? `\\${next}` : next;
    } else if (quote === '"') {
      if (c === '"') quote = '';
      else text += c;
    } else if (c === '"' || c === "'") quote = c;
    else text += c;
  }
  return { text, quote };
}

export interface Split {
  /** Words of the simple command the cursor is in, up to the cursor; the last is the one being completed (as typed). */
  readonly words: readonly string[];
  /** Where the last word starts in the line. */
  readonly start: number;
  /** Redirection before the word: `>` makes a file of it. */
  readonly afterRedirection: boolean;
}

/** Splits a line up to the cursor as the shell would: the command after the last ; & | ( { etc. */
export function splitCommand(line: string, point: number): Split {
  let words: string[] = [];
  let redirection = false;
  let i = 0;
  let start = 0;
  let word = '';
  let inWord = false;
  const finish = (): void => {
    if (inWord && !redirection) words.push(word);
    if (inWord) redirection = false;
    word = '';
    inWord = false;
  };
  const begin = (at: number): void => {
    if (!inWord) {
      start = at;
      inWord = true;
    }
  };
  while (i < point) {
    const c = line[i]!;
    if (c === ' ' || c === '\t' || c === '\n') {
      finish();
      if (c === '\n') words = [];
      i += 1;
      continue;
    }
    if (c === '$' && line[i + 1] === '(' && i + 1 < point) {
      // A command substitution not yet closed holds a command of its own.
      const close = matchingParenthesis(line, i + 1, point);
      if (close === undefined) {
        const nested = splitCommand(line.slice(i + 2, point), point - i - 2);
        return { ...nested, start: nested.start + i + 2 };
      }
      begin(i);
      word += line.slice(i, close + 1);
      i = close + 1;
      continue;
    }
    if (';&|()'.includes(c) || (c === '{' && !inWord && /\s/.test(line[i + 1] ?? ''))) {
      if (c === '&' && (line[i - 1] === '>' || line[i - 1] === '<' || line[i + 1] === '>')) {
        i += 1;
        continue;
      }
      finish();
      words = [];
      redirection = false;
      i += 1;
      continue;
    }
    if (c === '>' || c === '<') {
      if (/^\d+$/.test(word)) {
        word = '';
        inWord = false;
      }
      finish();
      redirection = true;
      i += 1;
      continue;
    }
    begin(i);
    if (c === '\\') {
      word += line.slice(i, Math.min(i + 2, point));
      i += 2;
      continue;
    }
    if (c === "'" || c === '"' || c === '`') {
      let j = i + 1;
      while (j < point && line[j] !== c) j += line[j] === '\\' && c !== "'" ? 2 : 1;
      if (c === '`' && j >= point) {
        const nested = splitCommand(line.slice(i + 1, point), point - i - 1);
        return { ...nested, start: nested.start + i + 1 };
      }
      word += line.slice(i, Math.min(j + 1, point));
      i = j + 1;
      continue;
    }
    word += c;
    i += 1;
  }
  if (!inWord) start = point;
  // Reserved words before a command leave its place free.
  while (words.length > 0 && /^(if|then|else|elif|while|until|do|!|time|\{)$/.test(words[0]!)) words.shift();
  while (words.length > 0 && /^[A-Za-z_]\w*(\[[^\]]*\])?\+?=/.test(words[0]!)) words.shift();
  return { words: [...words, word], start, afterRedirection: redirection };
}

function matchingParenthesis(line: string, open: number, limit: number): number | undefined {
  let depth = 0;
  for (let i = open; i < limit; i += 1) {
    if (line[i] === '\\') i += 1;
    else if (line[i] === '(') depth += 1;
    else if (line[i] === ')') {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return undefined;
}

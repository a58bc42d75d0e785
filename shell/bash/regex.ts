/** POSIX extended regular expressions on the engine we have. Read first: regex(7) */

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z', digit: '0-9', alnum: 'a-zA-Z0-9', upper: 'A-Z', lower: 'a-z', space: ' \\t\\n\\r\\f\\v', blank: ' \\t', punct: '!-\\/:-@\\[-`{-~', print: ' -~', graph: '!-~', cntrl: '\\u0000-\\u001f\\u007f', xdigit: '0-9a-fA-F',
};

const cache = new Map<string, RegExp | undefined>();

/** undefined when it is not a regular expression. The engine takes the leftmost alternative, POSIX the longest: they rarely differ. */
export function extendedRegex(source: string, ignoreCase: boolean): RegExp | undefined {
  const key = `${ignoreCase ? 'i' : ''}:${source}`;
  if (cache.has(key)) return cache.get(key);
  let compiled: RegExp | undefined;
  try {
    const translated = translate(source);
    compiled = translated === undefined ? undefined : new RegExp(translated, `s${ignoreCase ? 'i' : ''}u`);
  } catch {
    compiled = undefined;
  }
  if (cache.size > 500) cache.clear();
  cache.set(key, compiled);
  return compiled;
}

function translate(source: string): string | undefined {
  let out = '';
  for (let i = 0; i < source.length; ) {
    const c = source[i]!;
    if (c === '[') {
      let j = i + 1;
      const isNegated = source[j] === '^';
      if (isNegated) j += 1;
      let body = '';
      let isFirst = true;
      for (; j < source.length && (source[j] !== ']' || isFirst); isFirst = false) {
        const named = /^\[([:.=])(.*?)\1\]/s.exec(source.slice(j));
        if (named !== null) {
          const inside = named[1] === ':' ? CLASSES[named[2]!] : named[2]!.replace(/[\\\]^[-]/g, (d) => `\\${d}`);
          if (inside === undefined) return undefined;
          body += inside;
          j += named[0].length;
          continue;
        }
        const d = source[j]!;
        body += d === '\\' || d === '[' || d === ']' || d === '^' ? `\\${d}` : d === '-' && (isFirst || source[j + 1] === ']') ? '\\-' : d;
        j += 1;
      }
      if (j >= source.length) return undefined;
      out += `[${isNegated ? '^' : ''}${body}]`;
      i = j + 1;
      continue;
    }
    if (c === '\\') {
      const next = source[i + 1];
      if (next === undefined) return undefined;
      out += /[wWsSbB]/.test(next) ? `\\${next}` : next === '<' ? '\\b(?=\\w)' : next === '>' ? '\\b(?<=\\w)' : /[\\^$.*+?()[\]{}|/]/.test(next) ? `\\${next}` : next.replace(/[-]/, '-');
      i += 2;
      continue;
    }
    if (c === '{') {
      const bound = /^\{[0-9]*(?:,[0-9]*)?\}/.exec(source.slice(i));
      if (bound !== null && bound[0] !== '{}') {
        out += bound[0].replace('{,', '{0,');
        i += bound[0].length;
        continue;
      }
      if (out === '' || /[(|]$/.test(out)) return undefined;
      out += '\\{';
      i += 1;
      continue;
    }
    if (c === '}' || c === ']') out += `\\${c}`;
    else if (c === '(' && source[i + 1] === '?') return undefined;
    else out += c;
    i += 1;
  }
  return out;
}

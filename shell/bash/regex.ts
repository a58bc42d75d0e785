/** The right side of `=~`: a POSIX extended expression, as regcomp(3) takes it. Read first: bash(1) "[[ expression ]]" */
import { compileRegex, type Regex } from '../lib/regex/regex.ts';

const cache = new Map<string, Regex | undefined>();

/** What BASH_REMATCH becomes; undefined when nothing matches, 'bad' when it is not a regular expression. */
export function matchRegex(source: string, text: string, ignoreCase: boolean): string[] | 'bad' | undefined {
  const regex = compiled(source, ignoreCase);
  if (regex === undefined) return 'bad';
  return regex.exec(text)?.groups.map((group) => group ?? '');
}

function compiled(source: string, ignoreCase: boolean): Regex | undefined {
  const key = `${ignoreCase ? 'i' : ''}:${source}`;
  if (!cache.has(key)) {
    if (cache.size > 500) cache.clear();
    const made = compileRegex(source, 'posixExtended', { ignoreCase, isForgiving: true });
    cache.set(key, made.ok ? made.regex : undefined);
  }
  return cache.get(key);
}

/** What grep looks for. Read first: grep(1) "Matcher Selection", pcresyntax(3). */
import { compileRegexes, type Regex, type RegexOptions } from '../../lib/regex/regex.ts';

/** Basic, extended, fixed, Perl. */
export type Dialect = 'G' | 'E' | 'F' | 'P';
export interface Matcher {
  test(text: string): boolean;
  /** The leftmost longest match at `from` or behind it. */
  span(text: string, from: number): readonly [number, number] | undefined;
}
export type Made = { readonly ok: true; readonly matcher: Matcher; readonly warnings: readonly string[] } | { readonly ok: false; readonly error: string; readonly isUnsupported?: true };

export function makeMatcher(patterns: readonly string[], dialect: Dialect, options: { ignoreCase: boolean; bounds: 'whole' | 'word' | undefined }): Made {
  // An empty file after -f.
  if (patterns.length === 0) return { ok: true, matcher: { test: () => false, span: () => undefined }, warnings: [] };
  if (dialect === 'P') return perl(patterns, options);
  const made = compileRegexes(dialect === 'F' ? patterns.map(quoted) : patterns, dialect === 'E' ? 'egrep' : 'grep', given(options));
  return made.ok ? { ok: true, matcher: matcherOf(made.regex), warnings: made.warnings } : made;
}

function given({ ignoreCase, bounds }: { ignoreCase: boolean; bounds: 'whole' | 'word' | undefined }): RegexOptions {
  return bounds === undefined ? { ignoreCase } : { ignoreCase, bounds };
}

const quoted = (text: string): string => text.replace(/[\\^$.*[]/g, '\\$&');

function matcherOf(regex: Regex): Matcher {
  return { test: (text) => regex.test(text), span: (text, from) => regex.span(text, from) };
}

/**
 * Perl's expressions run on the engine underneath, which tries one way after another. One with a repetition inside a repetition could take it
 * for ever: it becomes an extended expression, where it can be said as one, or is refused.
 */
function perl(patterns: readonly string[], options: { ignoreCase: boolean; bounds: 'whole' | 'word' | undefined }): Made {
  if (patterns.some(repeatsRepetition)) {
    const translated = patterns.map(asExtended);
    if (!translated.every((each) => each !== undefined)) return { ok: false, error: 'a Perl expression with a repetition inside a repetition', isUnsupported: true };
    const made = compileRegexes(translated, 'extended', given(options));
    return made.ok ? { ok: true, matcher: matcherOf(made.regex), warnings: [] } : made;
  }
  const matchers: RegExp[] = [];
  for (const pattern of patterns) {
    // \K keeps only what follows: a look-behind says the same.
    const kept = pattern.indexOf('\\K');
    let source = (kept === -1 ? pattern : `(?<=${pattern.slice(0, kept)})${pattern.slice(kept + 2)}`).replace(/\\h/g, '[ \\t]');
    if (options.bounds === 'whole') source = `^(?:${source})$`;
    else if (options.bounds === 'word') source = `(?<![A-Za-z0-9_])(?:${source})(?![A-Za-z0-9_])`;
    try {
      matchers.push(new RegExp(source, options.ignoreCase ? 'gi' : 'g'));
    } catch {
      return { ok: false, error: perlError(pattern) };
    }
  }
  const quick = patterns.some(repeatsChoice) ? patterns.map(asExtended) : [];
  const decides = quick.length > 0 && quick.every((each) => each !== undefined) ? compileRegexes(quick, 'extended', given(options)) : undefined;
  return { ok: true, warnings: [], matcher: { test: (text) => decides?.ok === true ? decides.regex.test(text) : matchers.some((matcher) => ((matcher.lastIndex = 0), matcher.test(text))), span: (text, from) => firstOf(matchers, text, from) } };
}

function firstOf(matchers: readonly RegExp[], text: string, from: number): readonly [number, number] | undefined {
  let best: readonly [number, number] | undefined;
  for (const matcher of matchers) {
    matcher.lastIndex = from;
    const match = matcher.exec(text);
    if (match !== null && (best === undefined || match.index < best[0])) best = [match.index, match.index + match[0].length];
  }
  return best;
}

function perlError(pattern: string): string {
  if (/^[*+?]/.test(pattern)) return 'quantifier does not follow a repeatable item';
  const bare = pattern.replace(/\\./gs, '').replace(/\[\^?\]?[^\]]*\]/g, '');
  const [opened, closed] = [bare.split('(').length, bare.split(')').length];
  if (opened > closed) return 'missing closing parenthesis';
  if (opened < closed) return 'unmatched closing parenthesis';
  return bare.includes('[') ? 'missing terminating ] for character class' : 'unrecognized character follows \\';
}

/** Brackets and escapes out of the way: is there an unbounded repetition in a group that is itself repeated without bound? */
function repeatsRepetition(pattern: string): boolean {
  let bare = pattern.replace(/\\./gs, 'x').replace(/\[\^?\]?[^\]]*\]/g, 'x');
  const unbounded = /[*+]|\{\d*,\}|\{\d*,\d{2,}\}/;
  for (let inner = /\(([^()]*)\)(\*|\+|\{\d*,\d*\})?/.exec(bare); inner !== null; inner = /\(([^()]*)\)(\*|\+|\{\d*,\d*\})?/.exec(bare)) {
    const repeats = unbounded.test(inner[1]!.replace(/^\?[:=!<]*/, ''));
    if (repeats && inner[2] !== undefined) return true;
    bare = bare.slice(0, inner.index) + (repeats || inner[2] !== undefined ? 'x*' : 'x') + bare.slice(inner.index + inner[0].length);
  }
  return false;
}

/** A choice repeated without bound, such as (a|aa)+, can be walked in as many ways: an extended expression says whether a line has a match, Perl's where. */
function repeatsChoice(pattern: string): boolean {
  return /\|[^()]*\)(?:[*+]|\{\d*,\})/.test(pattern.replace(/\\./gs, 'x').replace(/\[\^?\]?[^\]]*\]/g, 'x'));
}

/** undefined where it holds what extended expressions have no word for: looking around, lazy repetitions, references. */
function asExtended(pattern: string): string | undefined {
  if (/\(\?[^:]|[*+?}]\?|[*+?}]\+|\\[1-9AzZGKQEpPXRNgku]/.test(pattern)) return undefined;
  const letters: Readonly<Record<string, string>> = { d: '[0-9]', D: '[^0-9]', h: '[ \t]', H: '[^ \t]', t: '\t', n: '\n', r: '\r', f: '\f' };
  return pattern.replace(/\(\?:/g, '(').replace(/\\([dDhHtnrf])/g, (_whole, letter: string) => letters[letter]!);
}

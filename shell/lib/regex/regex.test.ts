/** Answers of glibc 2.36's regcomp(3) and regexec(3) in C.UTF-8 (`glibc.json`: how compiled, expression, text, then the error or the match's span and groups), and what no engine of its kind may do: take for ever. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileRegex, compileRegexes, RegexExhausted, type DialectName, type Regex } from './regex.ts';

type Recorded = readonly [how: string, pattern: string, text: string, answer: string | null | readonly [readonly [number, number], ...(string | null)[]]];
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'glibc.json'), 'utf8')) as Recorded[];

function regex(pattern: string, dialect: DialectName = 'posixExtended'): Regex {
  const made = compileRegex(pattern, dialect);
  if (!made.ok) throw new Error(`${pattern}: ${made.error}`);
  return made.regex;
}

describe('a POSIX regular expression', () => {
  it.each(recorded)('%s %j on %j', (how, pattern, text, answer) => {
    const made = compileRegex(pattern, how.startsWith('basic') ? 'basic' : 'posixExtended', { ignoreCase: how.endsWith('ignoring case') });
    if (!made.ok) {
      expect(made.error).toBe(answer);
      return;
    }
    const match = made.regex.exec(text);
    const characters = (end: number): number => [...text.slice(0, end)].length;
    expect(match === undefined ? null : [[characters(match.index), characters(match.end)], ...match.groups.slice(1).map((group) => group ?? null)]).toEqual(answer);
    expect(made.regex.test(text)).toBe(match !== undefined);
    expect(made.regex.span(text)).toEqual(match === undefined ? undefined : [match.index, match.end]);
  });

  it.each([
    ['(a+)+b', 'a'.repeat(100_000), undefined], ['(a+)+b', `${'a'.repeat(50_000)}b`, [0, 50_001]], ['(x+x+)+y', 'x'.repeat(50_000), undefined], ['a*b|c', `${'a'.repeat(100_000)}c`, [100_000, 100_001]],
    ['(.*)(.*)(.*)(.*)x', 'b'.repeat(20_000), undefined], ['a.{20}$', 'ab'.repeat(50_000), undefined], ['(.{100}){30}x', 'b'.repeat(20_000), undefined], ['(a*)*\\1b', 'a'.repeat(60), undefined], ['(a|aa)+$', `${'a'.repeat(40_000)}b`, undefined],
  ] as const)('%s ends soon on a long text', (pattern, text, span) => {
    expect(regex(pattern).span(text)).toEqual(span);
  });

  it('gives up on references that would take too long', () => {
    expect(() => regex('(.+).*\\1$').exec(`${'abcdefghij'.repeat(60)}z`)).toThrow(RegexExhausted);
  });

  it('refuses what would fill the memory', () => {
    expect(compileRegex('a{1000}{1000}', 'egrep')).toEqual({ ok: false, error: 'Regular expression too big' });
  });

  it('finds all matches, leaving out an empty one behind another', () => {
    const spans = (pattern: string, text: string): number[][] => [...regex(pattern).matchesIn(text)].map(({ index, end }) => [index, end]);
    expect(spans('b*', 'abbc')).toEqual([[0, 0], [1, 3], [4, 4]]);
    expect(spans('', 'a🐧b')).toEqual([[0, 0], [1, 1], [3, 3], [4, 4]]);
    expect(spans('^a', 'aaa')).toEqual([[0, 1]]);
  });

  it('keeps references of several expressions apart', () => {
    const made = compileRegexes(['\\(a\\)x\\1', '\\(b\\)y\\1'], 'grep');
    expect(made.ok && ['axa', 'byb', 'axb', 'bya'].map((text) => made.regex.test(text))).toEqual([true, true, false, false]);
  });

  it('is held to bounds', () => {
    const spans = (bounds: 'word' | 'whole' | 'start') => ['foo', 'foobar', 'a foo'].map((text) => {
      const made = compileRegex('foo\\|foob', 'grep', { bounds });
      return made.ok ? made.regex.span(text) : undefined;
    });
    expect(spans('word')).toEqual([[0, 3], undefined, [2, 5]]);
    expect(spans('whole')).toEqual([[0, 3], undefined, undefined]);
    expect(spans('start')).toEqual([[0, 3], [0, 4], undefined]);
  });
});

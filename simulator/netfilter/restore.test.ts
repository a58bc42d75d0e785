import { describe, expect, it } from 'vitest';
import { testDice } from './test-bench.ts';
import { splitWords } from './restore.ts';

/** add_argv, character by character. */
function slowly(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (isQuoted) {
      if (character === '\\' && at + 1 < text.length) word = (word ?? '') + text[(at += 1)]!;
      else if (character === '"') isQuoted = false;
      else word = (word ?? '') + character;
    } else if (character === '"') {
      isQuoted = true;
      word ??= '';
    } else if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

describe('the words of a restore line', () => {
  it.each([
    ['-A INPUT -j ACCEPT', ['-A', 'INPUT', '-j', 'ACCEPT']], ['  -m comment\t--comment "two words" ', ['-m', 'comment', '--comment', 'two words']], ['a"b c"d "" e', ['ab cd', '', 'e']], ['"say \\"yes\\" \\\\"', ['say "yes" \\']], ['un\\quoted', ['un\\quoted']],
    ['"open', ['open']], ['', []],
  ])('%j', (text, words) => expect(splitWords(text)).toEqual(words));

  it('are what taking character by character gives', () => {
    const dice = testDice(7);
    for (let round = 0; round < 2000; round += 1) {
      const text = Array.from({ length: dice.below(14) }, () => 'ab "\\\t'[dice.below(6)]!).join('');
      expect(splitWords(text), JSON.stringify(text)).toEqual(slowly(text));
    }
  });
});

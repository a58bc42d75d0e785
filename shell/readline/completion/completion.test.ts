import { describe, expect, it } from 'vitest';
import { quoteForShell, splitCommand, unquote } from './quoting.ts';

describe('the command at the cursor', () => {
  it.each<[string, readonly string[], boolean]>([
    ['cat al', ['cat', 'al'], false],
    ['ls; cat al', ['cat', 'al'], false],
    ['ls | gr', ['gr'], false],
    ['echo $(ca', ['ca'], false],
    ['if tr', ['tr'], false],
    ['A=1 B=2 ip li', ['ip', 'li'], false],
    ['echo x > fi', ['echo', 'x', 'fi'], true],
    ['cat my\\ fi', ['cat', 'my\\ fi'], false],
    ['cat "my fi', ['cat', '"my fi'], false],
    ['make 2>&1 | te', ['te'], false],
    ['', [''], false],
    ['cat ', ['cat', ''], false],
  ])('of %j', (line, words, afterRedirection) => {
    expect(splitCommand(line, line.length)).toMatchObject({ words, afterRedirection });
  });
});

describe('quoting', () => {
  it.each([['my file', '', 'my\\ file'], ["it's", '', "it\\'s"], ['a$b', '"', '"a\\$b'], ["it's", "'", "'it'\\''s"], ['a=b:c', '', 'a=b:c'], ['(x)', '', '\\(x\\)']])('%s after %j is %s', (name, quote, quoted) => {
    expect(quoteForShell(name, quote)).toBe(quoted);
  });
  it.each([['my\\ fi', 'my fi'], ['"my fi', 'my fi'], ["'a", 'a'], ['a"b c"d', 'ab cd']])('%s means %s', (typed, text) => {
    expect(unquote(typed).text).toBe(text);
  });
});

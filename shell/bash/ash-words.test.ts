/** Against busybox 1.35's ash (Debian's busybox-static), which says them so. */
import { expect, test } from 'vitest';
import { ashMessage, ashRedirect, ashSyntax } from './ash-words.ts';

const typed = { name: 'sh', line: undefined, from: 'standard input' } as const;
const given = { name: 'sh', line: 1, from: 'command string' } as const;
const script = { name: '/tmp/s.sh', line: 3, from: 'script' } as const;

test.each([
  ['nosuch: command not found', given, 'sh: nosuch: not found'], ['nosuch: command not found', typed, 'sh: nosuch: not found'], ['nosuch: command not found', script, '/tmp/s.sh: line 3: nosuch: not found'],
  ['cd: /nope: No such file or directory', given, "sh: cd: line 0: can't cd to /nope: No such file or directory"], ['cd: /nope: No such file or directory', typed, "sh: cd: can't cd to /nope: No such file or directory"],
  ['cd: /nope: No such file or directory', script, "/tmp/s.sh: cd: line 3: can't cd to /nope: No such file or directory"], ['/etc: Permission denied', given, 'sh: /etc: Permission denied'],
  ['nope: unbound variable', given, 'sh: nope: parameter not set'], ['a: readonly variable', given, 'sh: a: is read only'], ['1/0: division by 0 (error token is "0")', given, 'sh: divide by zero'],
  ['kill: (99999) - No such process', given, "sh: can't kill pid 99999: No such process"], ["[: missing `]'", given, 'sh: missing ]'],
])('%s', (message, place, words) => {
  expect(ashMessage(message, place)).toBe(words);
});

test.each([
  ["syntax error near unexpected token `)'", 'syntax error: unexpected ")"'], ["syntax error near unexpected token `fi'", 'syntax error: unexpected "fi"'], ["syntax error near unexpected token `newline'", 'syntax error: unexpected newline'],
  ['unexpected EOF while looking for matching `"\'', 'syntax error: unterminated quoted string'],
])('%s', (message, words) => {
  expect(ashSyntax(message)).toBe(words);
});

test('redirections tell files that cannot be made from those that cannot be read', () => {
  expect(ashRedirect('/nope/x: No such file or directory', true)).toBe("can't create /nope/x: nonexistent directory");
  expect(ashRedirect('/nope: No such file or directory', false)).toBe("can't open /nope: no such file");
});

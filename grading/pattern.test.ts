import { describe, expect, it } from 'vitest';
import { findLine, matchesLine } from './pattern.ts';

describe('a line pattern', () => {
  const table: readonly (readonly [pattern: string, line: string, matches: boolean])[] = [
    ['lo', 'lo', true],
    ['lo', 'lo0', false],
    ['*lo:*', '1: lo: <LOOPBACK> mtu 65536', true],
    ['ping*8.8.8.8*', 'ping -c 4 8.8.8.8', true],
    ['ping*8.8.8.8*', 'ping 8.8.4.4', false],
    ['*', '', true],
    ['', '', true],
    ['a*b*c', 'aXbXbXc', true],
    ['a*b*c', 'aXbXbX', false],
    ['icmp 1 *', 'icmp     1 29 src=192.168.255.2', true],
    ['a.c', 'abc', false],
    ['*[UNREPLIED]*', 'src=1 [UNREPLIED] src=2', true],
  ];
  it.each(table)('%j against %j is %s', (pattern, line, matches) => {
    expect(matchesLine(pattern, line)).toBe(matches);
  });

  it('is not slow on the input that makes backtracking matchers slow', () => {
    expect(matchesLine('*a*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(20_000))).toBe(false);
  });

  it('finds the first line that it covers', () => {
    expect(findLine('*two*', 'one\n  two  \ntwo again')).toBe('  two  ');
    expect(findLine('two', 'one\nnot two')).toBeUndefined();
  });
});

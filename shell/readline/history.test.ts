/** History list, joining of lines and history expansion; expectations taken from bash 5.2. */
import { describe, expect, it } from 'vitest';
import { expandHistory } from './history-expansion.ts';
import { History } from './history.ts';

function historyOf(...lines: string[]): History {
  const history = new History();
  for (const line of lines) history.push(line);
  return history;
}

describe('history expansion', () => {
  it.each<[string, string]>([
    ['!!', 'ip link set dev eth0 up'],
    ['sudo !!', 'sudo ip link set dev eth0 up'],
    ['echo !$', 'echo up'],
    ['echo !^ !*', 'echo link link set dev eth0 up'],
    ['!-2', 'cat /etc/hosts'],
    ['!1', 'ls -l a b'],
    ['!ca', 'cat /etc/hosts'],
    ['!?host?', 'cat /etc/hosts'],
    ['echo !!:2', 'echo set'],
    ['echo !!:1-3', 'echo link set dev'],
    ['echo !!:2*', 'echo set dev eth0 up'],
    ['echo !cat:$:h', 'echo /etc'],
    ['echo !cat:$:t', 'echo hosts'],
    ['!!:s/eth0/eth1/', 'ip link set dev eth1 up'],
    ['^eth0^eth2', 'ip link set dev eth2 up'],
    ['ls !ls:2 !#:0', 'ls a ls'],
  ])('%s becomes %s', (line, expected) => {
    expect(expandHistory(historyOf('ls -l a b', 'cat /etc/hosts', 'ip link set dev eth0 up'), line)).toEqual({ kind: 'expanded', text: expected });
  });
  it.each(['echo hi!', "echo '!!'", 'echo \\!x', '[ ! -f x ]', '! true', 'x=$!', 'echo ${!x}', 'a != b', 'echo "hi!"'])('%s stays as it is', (line) => {
    expect(expandHistory(historyOf('ls'), line).kind).toBe('unchanged');
  });
  it.each([['!nosuch', '!nosuch: event not found'], ['!99', '!99: event not found'], ['^x^y', ':s^x^y: substitution failed'], ['echo !!:9', ':9: bad word specifier'], ['!!:z', 'z: unrecognized history modifier']])('%s fails with %s', (line, message) => {
    expect(expandHistory(historyOf('ls'), line)).toEqual({ kind: 'error', message });
  });
  it(':p only prints', () => {
    expect(expandHistory(historyOf('ls'), '!!:p')).toEqual({ kind: 'print', text: 'ls' });
  });
});

describe('joining the lines of a command', () => {
  it.each<[string, readonly string[], string]>([
    ['if', ['if true', 'then echo yes', 'fi'], 'if true; then echo yes; fi'],
    ['for', ['for i in 1 2 3', 'do echo n$i', 'done'], 'for i in 1 2 3; do echo n$i; done'],
    ['a word that needs no semicolon', ['while true; do', 'sleep 1', 'done'], 'while true; do sleep 1; done'],
    ['a pipe', ['ls |', 'wc -l'], 'ls | wc -l'],
    ['a backslash', ['echo one \\', 'two'], 'echo one two'],
    ['a quote', ['echo "one', 'two"'], 'echo "one\ntwo"'],
    ['a here-document', ['cat <<EOF', 'hello', 'EOF'], 'cat <<EOF\nhello\nEOF\n'],
    ['a function', ['f() {', 'echo x', '}'], 'f() { echo x; }'],
  ])('%s', (_name, lines, expected) => {
    const history = new History();
    history.add(lines[0]!, { control: 'ignoreboth' });
    for (const line of lines.slice(1)) history.continueCommand(line);
    expect(history.entries.map((entry) => entry.text)).toEqual([expected]);
  });
});

it('keeps neither repeated lines nor those that begin with a blank under ignoreboth', () => {
  const history = new History();
  for (const line of ['ls', 'ls', ' secret', 'pwd', 'ls']) history.add(line, { control: 'ignoreboth' });
  expect(history.entries.map((entry) => entry.text)).toEqual(['ls', 'pwd', 'ls']);
});

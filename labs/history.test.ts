import { describe, expect, it } from 'vitest';
import { lastLine, type Influence } from './history.ts';

const keys = (terminal: string, text: string) => [...text].map((data, index): Influence => ({ kind: 'input', atUs: index, terminal, data }));

describe('what can be undone', () => {
  it('is nothing before anything was typed', () => {
    expect(lastLine([{ kind: 'resize', atUs: 0, terminal: 'vm', columns: 80, rows: 24 }])).toBeUndefined();
  });
  it('is the last line entered, from its first key on', () => {
    const life = [...keys('vm', 'ls\r'), ...keys('vm', 'ip link\r')];
    expect(lastLine(life)).toEqual({ keep: 3, terminal: 'vm', text: 'ip link' });
  });
  it('is the half-typed line where none was entered since', () => {
    expect(lastLine([...keys('vm', 'ls\r'), ...keys('vm', 'ech')])).toMatchObject({ keep: 3, text: 'ech' });
  });
  it('belongs to one terminal', () => {
    const life = [...keys('a', 'one\r'), ...keys('b', 'two\r')];
    expect(lastLine(life)).toMatchObject({ keep: 4, terminal: 'b', text: 'two' });
  });
  it('is worded with its corrections', () => {
    expect(lastLine(keys('vm', 'lss\x7f -l\r'))?.text).toBe('ls -l');
  });
});

import { describe, expect, it } from 'vitest';
import { ViEditor, toRegExp } from './editor.ts';

/** Presses keys; <esc> and <cr> are named. */
function after(text: string, keys: string): ViEditor {
  const editor = new ViEditor('f');
  editor.load(text);
  for (const key of keys.match(/<[a-z-]+>|[^]/g) ?? []) editor.press({ '<esc>': 'escape', '<cr>': 'enter', '<bs>': 'backspace', '<c-r>': 'ctrl-r', '<c-v>': 'ctrl-v' }[key] ?? key);
  return editor;
}

describe('vi', () => {
  const text = 'one two three\nfour five\nsix\n';
  it.each<[string, string, string]>([
    ['inserts', 'ihey <esc>', 'hey one two three\nfour five\nsix\n'],
    ['appends at the end of the line', 'A!<esc>', 'one two three!\nfour five\nsix\n'],
    ['opens a line below and above', 'onew<esc>kOtop<esc>', 'top\none two three\nnew\nfour five\nsix\n'],
    ['deletes words', 'dw2x', 'o three\nfour five\nsix\n'],
    ['deletes a counted number of lines', '2dd', 'six\n'],
    ['deletes to the end of the line', 'wD', 'one \nfour five\nsix\n'],
    ['copies and puts lines', 'yyjp', 'one two three\nfour five\none two three\nsix\n'],
    ['changes a word', 'wcwTWO<esc>', 'one TWO three\nfour five\nsix\n'],
    ['changes inside a word', 'wlciwX<esc>', 'one X three\nfour five\nsix\n'],
    ['repeats a change', 'wcwX<esc>w.', 'one X X\nfour five\nsix\n'],
    ['undoes and redoes', 'ddu', text],
    ['redoes', 'ddu<c-r>', 'four five\nsix\n'],
    ['finds characters', 'dfw', 'o three\nfour five\nsix\n'],
    ['joins lines', 'J', 'one two three four five\nsix\n'],
    ['replaces a character', 'rX', 'Xne two three\nfour five\nsix\n'],
    ['searches and deletes up to the match', 'd/five<cr>', 'one two three\nfour five\nsix\n'],
    ['substitutes everywhere', ':%s/o/0/g<cr>', '0ne tw0 three\nf0ur five\nsix\n'],
    ['substitutes in the line only once', ':s/e/E/<cr>', 'onE two three\nfour five\nsix\n'],
    ['deletes a range', ':1,2d<cr>', 'six\n'],
    ['swaps characters by xp', 'xp', 'noe two three\nfour five\nsix\n'],
    ['deletes a visual selection', 'wved', 'one  three\nfour five\nsix\n'],
    ['deletes to the last line', 'jdG', 'one two three\n'],
  ])('%s', (_name, keys, expected) => {
    expect(after(text, keys).text()).toBe(expected);
  });
  it('asks to write and quit, and refuses to lose changes', () => {
    expect(after(text, 'x:wq<cr>').requests).toMatchObject([{ kind: 'write', thenQuit: true }]);
    expect(after(text, ':q<cr>').requests).toEqual([{ kind: 'quit' }]);
    expect(after(text, 'x:q<cr>').message).toBe('E37: No write since last change (add ! to override)');
    expect(after(text, 'x:q!<cr>').requests).toEqual([{ kind: 'quit' }]);
  });
  it('goes to searched text', () => {
    expect(after(text, '/five<cr>').cursor).toEqual({ line: 1, at: 5 });
    expect(after(text, '/nosuch<cr>').message).toBe('E486: Pattern not found: nosuch');
  });
  it("knows vim's regular expressions", () => {
    expect(toRegExp('\\(a\\|b\\)\\+(c)', false)?.exec('abab(c)')?.[0]).toBe('abab(c)');
    expect(toRegExp('\\<is\\>', false)?.exec('this is')?.index).toBe(5);
  });
});

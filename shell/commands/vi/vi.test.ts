import { describe, expect, it } from 'vitest';
import { ViEditor } from './editor.ts';
import { compilePattern } from './search.ts';

/** Presses keys; <esc> and <cr> are named. */
function after(text: string, keys: string, isCompatible = true): ViEditor {
  const editor = new ViEditor('f', isCompatible);
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
    ['undoes its undo, as old vi does', 'dduu', 'four five\nsix\n'],
    ['moves a line, deletes others, sorts', ':1m$<cr>:g/six/d<cr>:sort!<cr>', 'one two three\nfour five\n'],
    ['repeats a search as motion', 'd/e<cr>.', 'ee\nfour five\nsix\n'],
    ['finds characters', 'dfw', 'o three\nfour five\nsix\n'],
    ['joins lines', 'J', 'one two three four five\nsix\n'],
    ['replaces a character', 'rX', 'Xne two three\nfour five\nsix\n'],
    ['searches and deletes up to the match', 'd/five<cr>', 'five\nsix\n'],
    ['runs a macro until it fails', 'qaA!<esc>jq9@a', 'one two three!\nfour five!\nsix!\n'],
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
    expect(after(text, ':q<cr>').requests).toMatchObject([{ kind: 'quit' }]);
    expect(after(text, 'x:q<cr>').message).toBe('E37: No write since last change (add ! to override)');
    expect(after(text, 'x:q!<cr>').requests).toMatchObject([{ kind: 'quit' }]);
  });
  it('goes on undoing and redoes once it is no old vi', () => {
    expect(after(text, 'ddxuu', false).text()).toBe(text);
    expect(after(text, 'ddu<c-r>', false).text()).toBe('four five\nsix\n');
  });
  it('goes to searched text', () => {
    expect(after(text, '/five<cr>').cursor).toEqual({ line: 1, at: 5 });
    expect(after(text, '/nosuch<cr>').message).toBe('E486: Pattern not found: nosuch');
  });
  it.each<[string, string, string | undefined]>([
    ['\\(a\\|b\\)\\+(c)', 'x abab(c)', 'abab(c)'],
    ['\\<is\\>', 'this is', 'is'],
    ['\\vfo{2}(l|d)>', 'foody fool', 'fool'],
    ['a\\{2,}', 'a aaa', 'aaa'],
    ['*x', 'a*x', '*x'],
    ['[\\]x]\\+', 'a]x]', ']x]'],
    ['\\d\\+\\s\\S', 'ab 12 c', '12 c'],
    ['a$b', 'a$b', 'a$b'],
    ['\\cABC', 'xabc', 'abc'],
    ['\\V.*', 'a.*', '.*'],
    ['\\(x\\)\\1', 'xyxx', 'xx'],
  ])("knows vim's pattern %s", (pattern, text, found) => {
    expect(compilePattern(new ViEditor('f'), pattern)?.regex.exec(text)?.groups[0]).toBe(found);
  });
  it('is not held up by a pattern that backtracking would drown in', () => {
    expect(after(`${'a'.repeat(5000)}\n`, '/\\(a*\\)*b<cr>').message).toBe('E486: Pattern not found: \\(a*\\)*b');
  });
});

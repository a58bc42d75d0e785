/**
 * Searching the history as one types: Ctrl+R, Ctrl+S. Read first: readline's isearch.c. The prompt gives way to
 * (reverse-i-search)`...': and the cursor stands on the match.
 */
import type { Call, EditorFunction } from './index.ts';
import { characterAt, isWordCharacter, nextCharacter } from './words.ts';

export const searchFunctions: Record<string, EditorFunction> = {
  'reverse-search-history': (call) => incrementalSearch(call, -1),
  'forward-search-history': (call) => incrementalSearch(call, 1),
  'non-incremental-reverse-search-history': (call) => plainSearch(call, -1),
  'non-incremental-forward-search-history': (call) => plainSearch(call, 1),
};

/** _rl_search_getchar, _rl_isearch_dispatch: one search string, one place in the list; nothing is stacked. */
async function incrementalSearch({ session }: Call, startDirection: 1 | -1): Promise<void> {
  const history = session.history;
  if (history === undefined) {
    session.ring();
    return;
  }
  session.storeLine();
  const original = { index: session.historyIndex, text: session.text, point: session.point };
  const lineAt = (index: number): string => session.edited.get(index) ?? history.entries[index]?.text ?? '';
  let string = '';
  let direction = startDirection;
  let index = original.index;
  let lastFound = original.index;
  let previousFound: string | undefined;
  let line = lineAt(index);
  let column = original.point;
  let failed = false;

  const find = (): void => {
    failed = false;
    let found = false;
    while (string !== '') {
      const at = direction < 0 ? (column < 0 ? -1 : line.lastIndexOf(string, column)) : line.indexOf(string, column);
      if (at >= 0) {
        column = at;
        found = true;
        break;
      }
      do {
        index += direction;
        if (direction < 0 ? index < 0 : index > history.length) {
          failed = true;
          break;
        }
        line = lineAt(index);
      } while (line === previousFound || line.length < string.length);
      if (failed) break;
      column = direction < 0 ? line.length - string.length : 0;
    }
    if (!found) {
      failed = true;
      column = Math.max(0, column);
      session.ring();
      index = lastFound;
      return;
    }
    previousFound = line;
    lastFound = index;
    session.text = line;
    session.point = column;
  };
  const show = async (): Promise<void> => {
    session.display.setMessage(`(${failed ? 'failed ' : ''}${direction < 0 ? 'reverse-' : ''}i-search)\`${string}': `);
    await session.redraw();
  };
  const finish = (isAborted: boolean): void => {
    session.display.setMessage(undefined);
    if (string !== '') session.editor.lastSearch = string;
    if (isAborted) {
      session.historyIndex = original.index;
      session.setLine(original.text);
      session.point = original.point;
      return;
    }
    const point = session.point;
    session.historyIndex = lastFound;
    session.setLine(lastFound === original.index && previousFound === undefined ? original.text : lineAt(lastFound));
    session.point = Math.min(point, session.text.length);
    session.undoStack = [];
  };

  await show();
  for (;;) {
    const first = await session.readCharacter();
    if (first === undefined) {
      session.display.setMessage(undefined);
      return;
    }
    if (first === '\n' || (first === '\x1b' && !(await session.hasMoreInput(100_000)))) {
      finish(false);
      return;
    }
    session.pushBack(first);
    const read = await session.readSequence();
    if (read === undefined) {
      session.display.setMessage(undefined);
      return;
    }
    const name = read.binding?.kind === 'function' ? read.binding.name : read.binding === undefined && !read.sequence.startsWith('\x1b') ? 'self-insert' : '';
    if (name === 'reverse-search-history' || name === 'forward-search-history') {
      const wanted = name === 'reverse-search-history' ? -1 : 1;
      if (wanted !== direction) direction = wanted;
      else if (string === '') string = session.editor.lastSearch;
      else column += direction;
      if (string === '' && wanted === direction) {
        await show();
        continue;
      }
    } else if (name === 'abort') {
      finish(true);
      return;
    } else if (name === 'backward-delete-char') {
      if (string === '') session.ring();
      else string = string.slice(0, -String.fromCodePoint(string.codePointAt(string.length - (/[\udc00-\udfff]$/.test(string) ? 2 : 1))!).length);
    } else if (name === 'unix-word-rubout') {
      const start = session.point + string.length;
      const end = wordEnd(session.text, start);
      if (end === start) session.ring();
      string += session.text.slice(start, end);
    } else if (name === 'yank') {
      string += session.editor.killRing[session.editor.killIndex] ?? '';
    } else if (name === 'bracketed-paste-begin') {
      let pasted = '';
      while (!pasted.endsWith('\x1b[201~')) {
        const character = await session.readCharacter();
        if (character === undefined) return;
        pasted += character;
      }
      string += pasted.slice(0, -6);
    } else if (name === 'quoted-insert' || (name === 'self-insert' && read.sequence.codePointAt(0)! >= 0x20 && read.sequence !== '\x7f')) {
      const added = name === 'quoted-insert' ? await session.readCharacter() : read.sequence;
      if (added === undefined) return;
      string += added;
    } else {
      finish(false);
      await session.redraw();
      await session.dispatch(read.sequence, read.binding);
      return;
    }
    find();
    await show();
  }
}

/** Where the word that begins right here ends; `start` itself when none does. */
function wordEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && isWordCharacter(characterAt(text, at))) at = nextCharacter(text, at);
  return at;
}

/** Alt+P, Alt+N: reads a string after `:` and looks for it. */
async function plainSearch({ session }: Call, direction: 1 | -1): Promise<void> {
  const { history } = session;
  if (history === undefined) return;
  const text = await readSearchText(session, ':');
  if (text === undefined) return;
  const wanted = text === '' ? session.editor.lastSearch : text;
  session.editor.lastSearch = wanted;
  for (let index = session.historyIndex + direction; index >= 0 && index < history.length; index += direction) {
    if (!history.entries[index]!.text.includes(wanted)) continue;
    session.goToHistory(index);
    session.point = Math.max(0, session.text.indexOf(wanted));
    return;
  }
  session.ring();
}

/** What is typed behind `sign` in place of the line; undefined: it was given up. */
export async function readSearchText(session: Call['session'], sign: string): Promise<string | undefined> {
  const original = { text: session.text, point: session.point };
  const restore = (): void => {
    session.display.setMessage(undefined);
    session.text = original.text;
    session.point = original.point;
  };
  session.display.setMessage(`${session.display.promptText}${sign}`);
  session.text = '';
  session.point = 0;
  await session.redraw();
  for (;;) {
    const character = await session.readCharacter();
    if (character === undefined) {
      restore();
      return undefined;
    }
    if (character === '\r' || character === '\n' || (character === '\x1b' && session.editor.keymap === 'vi-command')) break;
    if (character === '\x07' || character === '\x03' || ((character === '\x7f' || character === '\b') && session.text === '')) {
      restore();
      session.ring();
      return undefined;
    }
    if (character === '\x7f' || character === '\b') {
      session.text = session.text.slice(0, -1);
      session.point = session.text.length;
    } else if (character === '\x15') {
      session.text = '';
      session.point = 0;
    } else {
      session.text += character;
      session.point = session.text.length;
    }
    await session.redraw();
  }
  const { text } = session;
  restore();
  return text;
}

/**
 * Searching the history as one types: Ctrl+R, Ctrl+S. Read first: readline's isearch.c. The prompt gives way to
 * (reverse-i-search)`...': and the cursor stands on the match.
 */
import type { Call, EditorFunction } from './index.ts';

export const searchFunctions: Record<string, EditorFunction> = {
  'reverse-search-history': (call) => incrementalSearch(call, -1),
  'forward-search-history': (call) => incrementalSearch(call, 1),
  'non-incremental-reverse-search-history': (call) => plainSearch(call, -1),
  'non-incremental-forward-search-history': (call) => plainSearch(call, 1),
};

interface SearchState {
  string: string;
  /** Which history line is shown, and where in it the match begins. */
  index: number;
  column: number;
  failed: boolean;
  direction: 1 | -1;
}

async function incrementalSearch({ session }: Call, startDirection: 1 | -1): Promise<void> {
  const history = session.history;
  if (history === undefined) {
    session.ring();
    return;
  }
  session.storeLine();
  const original = { index: session.historyIndex, text: session.text, point: session.point };
  const lineAt = (index: number): string => session.edited.get(index) ?? history.entries[index]?.text ?? '';
  let state: SearchState = { string: '', index: original.index, column: original.point, failed: false, direction: startDirection };
  const stack: SearchState[] = [];
  let pasted = '';

  const find = (from: SearchState, skipCurrent: boolean): SearchState => {
    const { string, direction } = from;
    if (string === '') return { ...from, failed: false };
    let { index, column } = from;
    let line = lineAt(index);
    const shown = line;
    let start = skipCurrent ? column + direction : column;
    for (;;) {
      const found = direction < 0 ? (start < 0 ? -1 : line.lastIndexOf(string, start)) : line.indexOf(string, start);
      if (found >= 0) return { ...from, index, column: found, failed: false };
      do {
        index += direction;
        if (index < 0 || index > history.length) return { ...from, failed: true };
        line = lineAt(index);
      } while (line === shown || line.length < string.length);
      column = 0;
      start = direction < 0 ? line.length - string.length : 0;
    }
  };
  const show = async (): Promise<void> => {
    const kind = `${state.failed ? 'failed ' : ''}${state.direction < 0 ? 'reverse-' : ''}i-search`;
    session.display.setMessage(`(${kind})\`${state.string}': `);
    session.text = lineAt(state.index);
    session.point = Math.min(state.column, session.text.length);
    await session.redraw();
  };
  const finish = (isAborted: boolean): void => {
    session.display.setMessage(undefined);
    if (state.string !== '') session.editor.lastSearch = state.string;
    if (isAborted) {
      session.historyIndex = original.index;
      session.setLine(original.text);
      session.point = original.point;
      session.ring();
      return;
    }
    session.historyIndex = state.index;
    session.setLine(lineAt(state.index));
    session.point = Math.min(state.column, session.text.length);
    session.undoStack = [];
  };

  await show();
  for (;;) {
    const read = await session.readSequence();
    if (read === undefined) {
      session.display.setMessage(undefined);
      return;
    }
    const name = read.binding?.kind === 'function' ? read.binding.name : read.binding === undefined ? 'self-insert' : '';
    const first = read.sequence.codePointAt(0)!;
    if (name === 'reverse-search-history' || name === 'forward-search-history') {
      const direction = name === 'reverse-search-history' ? -1 : 1;
      stack.push(state);
      if (state.string === '') state = find({ ...state, direction, string: session.editor.lastSearch }, false);
      else state = find({ ...state, direction }, true);
      if (state.failed) session.ring();
      await show();
      continue;
    }
    if (name === 'abort') {
      if (state.failed && state.string !== '') {
        // The first Ctrl+G goes back to what was found.
        while (state.failed && stack.length > 0) state = stack.pop()!;
        session.ring();
        await show();
        continue;
      }
      finish(true);
      return;
    }
    if (name === 'backward-delete-char') {
      const before = stack.pop();
      if (before === undefined) session.ring();
      else state = before;
      await show();
      continue;
    }
    if (name === 'unix-word-rubout') {
      const rest = lineAt(state.index).slice(state.column + state.string.length);
      const word = /^\W*\w*/.exec(rest)?.[0] ?? '';
      stack.push(state);
      state = find({ ...state, string: state.string + word }, false);
      await show();
      continue;
    }
    if (name === 'yank' || name === 'bracketed-paste-begin') {
      pasted = session.editor.killRing[session.editor.killIndex] ?? '';
      if (name === 'bracketed-paste-begin') {
        pasted = '';
        while (!pasted.endsWith('\x1b[201~')) {
          const character = await session.readCharacter();
          if (character === undefined) return;
          pasted += character;
        }
        pasted = pasted.slice(0, -6);
      }
      stack.push(state);
      state = find({ ...state, string: state.string + pasted }, false);
      if (state.failed) session.ring();
      await show();
      continue;
    }
    if (name === 'quoted-insert' || (name === 'self-insert' && first >= 0x20 && first !== 0x7f)) {
      const added = name === 'quoted-insert' ? await session.readCharacter() : read.sequence;
      if (added === undefined) return;
      stack.push(state);
      state = find({ ...state, string: state.string + added }, false);
      if (state.failed) session.ring();
      await show();
      continue;
    }
    finish(false);
    // Ctrl+J only ends the search; any other key is also obeyed. (A lone ESC waits for what follows it.)
    if (read.sequence === '\n') return;
    await session.redraw();
    await session.dispatch(read.sequence, read.binding);
    return;
  }
}

/** Alt+P, Alt+N: reads a string after `:` and looks for it. */
async function plainSearch({ session }: Call, direction: 1 | -1): Promise<void> {
  const history = session.history;
  if (history === undefined) return;
  const original = { text: session.text, point: session.point };
  const restore = (): void => {
    session.display.setMessage(undefined);
    session.text = original.text;
    session.point = original.point;
  };
  session.display.setMessage(':');
  session.text = '';
  session.point = 0;
  await session.redraw();
  for (;;) {
    const character = await session.readCharacter();
    if (character === undefined) {
      restore();
      return;
    }
    if (character === '\r' || character === '\n') break;
    if (character === '\x07' || character === '\x03' || ((character === '\x7f' || character === '\b') && session.text === '')) {
      restore();
      session.ring();
      return;
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
  const wanted = session.text === '' ? session.editor.lastSearch : session.text;
  restore();
  session.editor.lastSearch = wanted;
  for (let index = session.historyIndex + direction; index >= 0 && index < history.length; index += direction) {
    if (!history.entries[index]!.text.includes(wanted)) continue;
    session.goToHistory(index);
    return;
  }
  session.ring();
}

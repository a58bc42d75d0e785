/** The line typed after : / ? and what Enter makes of it. Read first: vim's cmdline.txt. */
import type { Key } from '../../terminal/escape.ts';
import type { ViEditor } from './editor.ts';
import { runEx } from './ex.ts';
import { columnAt } from './motions.ts';
import { searchMotion, setSearch } from './search.ts';
import { nextCharacter, previousCharacter } from './text.ts';

/** Old vi remembers none of what was typed. */
const MOST_HISTORY = 50;

export function openCommandLine(editor: ViEditor, start: string): void {
  editor.isSearchInVisual = editor.mode === 'visual';
  editor.keysBeforeSearch = [...editor.pending];
  editor.mode = 'command';
  editor.commandLine = start;
  editor.commandAt = start.length;
  editor.historyAt = historyOf(editor).length;
}

function historyOf(editor: ViEditor): string[] {
  return editor.options.isCompatible ? [] : editor.commandLine.startsWith(':') ? editor.commandHistory : editor.searchHistory;
}

function leave(editor: ViEditor): void {
  editor.mode = editor.isSearchInVisual ? 'visual' : 'normal';
  editor.commandLine = '';
  editor.clampCursor();
}

export function pressCommandLine(editor: ViEditor, key: Key): void {
  const { commandLine, commandAt } = editor;
  const replace = (from: number, to: number, text: string): void => {
    editor.commandLine = commandLine.slice(0, from) + text + commandLine.slice(to);
    editor.commandAt = from + text.length;
  };
  if (editor.isLiteralNext) {
    editor.isLiteralNext = false;
    replace(commandAt, commandAt, key === 'escape' ? '\x1b' : key === 'tab' ? '\t' : [...key].length === 1 ? key : '');
    return;
  }
  switch (key) {
    case 'escape':
      // Old vi runs what is typed.
      if (editor.options.isCompatible) return finish(editor);
      editor.afterSearch = undefined;
      editor.say('');
      return leave(editor);
    case 'ctrl-c':
      editor.afterSearch = undefined;
      editor.say('');
      return leave(editor);
    case 'enter': case 'ctrl-j': return finish(editor);
    case 'backspace': case 'ctrl-h':
      if (commandAt <= 1 && commandLine.length > 1) return;
      if (commandAt <= 1) {
        editor.afterSearch = undefined;
        editor.say('');
        return leave(editor);
      }
      return replace(previousCharacter(commandLine, commandAt), commandAt, '');
    case 'delete': return replace(commandAt, nextCharacter(commandLine, commandAt), '');
    case 'ctrl-u': return replace(1, commandAt, '');
    case 'ctrl-w': return replace(1 + commandLine.slice(1, commandAt).replace(/(\w+|[^\w\s]+)?\s*$/, '').length, commandAt, '');
    case 'ctrl-v': case 'ctrl-q':
      editor.isLiteralNext = true;
      return;
    case 'ctrl-b': case 'home':
      editor.commandAt = 1;
      return;
    case 'ctrl-e': case 'end':
      editor.commandAt = commandLine.length;
      return;
    case 'left':
      editor.commandAt = Math.max(1, previousCharacter(commandLine, commandAt));
      return;
    case 'right':
      editor.commandAt = nextCharacter(commandLine, commandAt);
      return;
    case 'up': case 'down': case 'ctrl-p': case 'ctrl-n': {
      const history = historyOf(editor);
      const next = editor.historyAt + (key === 'up' || key === 'ctrl-p' ? -1 : 1);
      if (next < 0 || next > history.length) return editor.ring();
      editor.historyAt = next;
      return replace(1, commandLine.length, history[next] ?? '');
    }
    case 'tab': return replace(commandAt, commandAt, '\t');
    default:
      if ([...key].length === 1) replace(commandAt, commandAt, key);
  }
}

function finish(editor: ViEditor): void {
  const line = editor.commandLine;
  const history = historyOf(editor);
  if (line.length > 1 && history.at(-1) !== line.slice(1)) history.push(line.slice(1));
  if (history.length > MOST_HISTORY) history.shift();
  const { afterSearch } = editor;
  editor.afterSearch = undefined;
  leave(editor);
  editor.say(line);
  if (line.startsWith(':')) {
    runEx(editor, line.slice(1));
    if (line.length > 1) editor.lastCommand = line.slice(1);
    if (editor.mode === 'normal') {
      editor.clampCursor();
      editor.wanted = columnAt(editor, editor.line, editor.cursor.at);
    }
    return;
  }
  const direction = line.startsWith('/') ? 1 : -1;
  if (!setSearch(editor, line.slice(1), direction)) return;
  const found = searchMotion(editor, direction, 1);
  if (found === undefined) {
    editor.ring();
    return;
  }
  if (afterSearch !== undefined) {
    editor.pending = [...editor.keysBeforeSearch, ...line.slice(1), 'enter'];
    afterSearch(found);
    editor.pending = [];
    return;
  }
  editor.leaveMark();
  editor.cursor = found.to;
  editor.clampCursor();
  editor.wanted = columnAt(editor, editor.line, editor.cursor.at);
}

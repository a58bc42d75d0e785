/** `set -o vi`: the commands of command mode. Read first: readline's vi_mode.c; POSIX sh, "Command Line Editing (vi-mode)". */
import { splitWords } from '../history-expansion.ts';
import type { EditSession } from '../session.ts';
import { accept } from './editing.ts';
import type { Call, EditorFunction } from './index.ts';
import { readSearchText } from './search.ts';
import { nextCharacter, previousCharacter } from './words.ts';

/** What `.` does again. */
const changes = new Set('_*\\AaIiCcDdPpYyRrSsXx~');

export const viFunctions: Record<string, EditorFunction> = {
  'vi-editing-mode': ({ session }) => {
    session.editor.variables.editingMode = 'vi';
    session.editor.keymap = 'vi-insert';
  },
  'emacs-editing-mode': ({ session }) => {
    session.editor.variables.editingMode = 'emacs';
    session.editor.keymap = 'emacs';
  },
  'vi-movement-mode': ({ session }) => {
    session.editor.keymap = 'vi-command';
    session.overwrites = false;
    if (session.viKeys !== undefined) session.editor.viChange = session.viKeys;
    session.viKeys = undefined;
    if (session.viInsertionStart !== undefined && session.undoStack.length > session.viInsertionStart) session.undoStack.length = session.viInsertionStart + 1;
    session.viInsertionStart = undefined;
    session.point = previousCharacter(session.text, session.point);
  },
  'vi-insertion-mode': ({ session }) => startInsert(session),
  'vi-append-mode': ({ session }) => {
    session.point = nextCharacter(session.text, session.point);
    startInsert(session);
  },
  'vi-append-eol': ({ session }) => {
    session.point = session.text.length;
    startInsert(session);
  },
  'vi-insert-beg': ({ session }) => {
    session.point = 0;
    startInsert(session);
  },
  'vi-replace': ({ session }) => {
    session.overwrites = true;
    startInsert(session);
  },
  'vi-arg-digit': async ({ session, keys }) => {
    let digits = keys;
    for (;;) {
      const character = await session.readCharacter();
      if (character === undefined) return;
      if (!/\d/.test(character)) {
        session.pushBack(character);
        break;
      }
      digits += character;
    }
    session.argument = Math.min(1_000_000, Number(digits));
  },
  'vi-delete': ({ session, count }) => {
    if (session.text === '') return session.ring();
    session.kill(session.point, forward(session.text, session.point, count));
  },
  'vi-rubout': ({ session, count }) => {
    if (session.point === 0) return session.ring();
    let at = session.point;
    for (let i = 0; i < count; i += 1) at = previousCharacter(session.text, at);
    session.kill(at, session.point);
    session.point = at;
  },
  'vi-subst': ({ session, count, keys }) => {
    startInsert(session);
    if (keys === 'S') session.kill(0, session.text.length);
    else session.kill(session.point, forward(session.text, session.point, count));
  },
  'vi-delete-to': (call) => operate(call, 'd'),
  'vi-change-to': (call) => operate(call, 'c'),
  'vi-yank-to': (call) => operate(call, 'y'),
  'vi-put': ({ session, count, keys }) => {
    const text = session.editor.killRing[session.editor.killIndex];
    if (text === undefined || text === '') return session.ring();
    if (keys === 'p') session.point = nextCharacter(session.text, session.point);
    session.insert(text.repeat(count));
    session.point = previousCharacter(session.text, session.point);
  },
  'vi-change-char': async ({ session, count }) => {
    const character = await session.readCharacter();
    if (character === undefined || character === '\x1b') return;
    const end = forward(session.text, session.point, count);
    if (end === session.point) return session.ring();
    const start = session.point;
    session.replace(start, end, character.repeat([...session.text.slice(start, end)].length));
    session.point = previousCharacter(session.text, session.point);
  },
  'vi-change-case': ({ session, count }) => {
    const end = forward(session.text, session.point, count);
    const changed = [...session.text.slice(session.point, end)].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');
    session.replace(session.point, end, changed);
  },
  'vi-undo': async ({ session }) => {
    await session.call('undo', '');
  },
  'vi-redo': ({ session }) => {
    if (session.editor.viChange === undefined) return session.ring();
    session.viKeys = undefined;
    session.pushBack(session.editor.viChange);
  },
  'vi-next-word': (call) => move(call, call.keys),
  'vi-prev-word': (call) => move(call, call.keys),
  'vi-end-word': (call) => move(call, call.keys),
  'vi-char-search': (call) => move(call, call.keys),
  'vi-match': (call) => move(call, '%'),
  'vi-first-print': (call) => move(call, '^'),
  'vi-column': (call) => move(call, '|'),
  'vi-set-mark': async ({ session }) => {
    const name = await session.readCharacter();
    if (name !== undefined && /[a-z]/.test(name)) session.viMarks.set(name, session.point);
    else session.ring();
  },
  'vi-goto-mark': (call) => move(call, '`'),
  'vi-fetch-history': async ({ session, count, isExplicit }) => {
    if (isExplicit) session.argument = count;
    await session.call(isExplicit ? 'fetch-history' : 'beginning-of-history', '');
  },
  'vi-search': async ({ session, keys }) => {
    // As in readline: / looks back into the past, ? towards now.
    const direction = keys === '/' ? -1 : 1;
    const text = await readSearchText(session, keys);
    if (text === undefined) return;
    const wanted = text === '' ? session.editor.viSearch?.text : text;
    if (wanted === undefined) return session.ring();
    session.editor.viSearch = { text: wanted, direction };
    find(session, wanted, direction);
  },
  'vi-search-again': ({ session, keys }) => {
    const { viSearch } = session.editor;
    if (viSearch === undefined) session.ring();
    else find(session, viSearch.text, keys === 'n' ? viSearch.direction : viSearch.direction === 1 ? -1 : 1);
  },
  'vi-yank-arg': ({ session, count, isExplicit }) => {
    const words = splitWords(session.history?.entries[session.historyIndex - 1]?.text ?? '');
    const word = isExplicit ? words[count] : words.at(-1);
    if (word === undefined) return session.ring();
    session.point = nextCharacter(session.text, session.point);
    startInsert(session);
    session.insert(` ${word}`);
  },
  'vi-complete': async ({ session, keys }) => {
    if (session.point < session.text.length && !/\s/.test(session.text[session.point]!)) {
      while (session.point < session.text.length && !/\s/.test(session.text[session.point]!)) session.point += 1;
    }
    if (keys === '=') await session.call('possible-completions', '');
    else {
      await session.call(keys === '*' ? 'insert-completions' : 'complete', '');
      startInsert(session);
    }
  },
  'vi-tilde-expand': async ({ session }) => session.call('tilde-expand', ''),
  'vi-eof-maybe': ({ session }) => {
    if (session.text === '') session.ended = { kind: 'eof' };
    else accept(session);
  },
  'vi-unix-word-rubout': ({ session, count }) => {
    if (session.point === 0) return session.ring();
    let at = session.point;
    for (let i = 0; i < count; i += 1) {
      while (at > 0 && kindAt(session.text, at - 1, false) === 'blank') at -= 1;
      const kind = kindAt(session.text, at - 1, false);
      while (at > 0 && kindAt(session.text, at - 1, false) === kind) at -= 1;
    }
    session.kill(session.point, at);
  },
  'vi-edit-and-execute-command': async ({ session, keys }) => session.call('edit-and-execute-command', keys),
};

/** After a command: what `.` repeats, and the cursor on a character. */
export function endViCommand(session: EditSession): void {
  if (session.argument !== undefined || session.editor.keymap !== 'vi-command') return;
  const keys = session.viKeys ?? '';
  if (changes.has(keys.replace(/^[1-9]\d*/, '').charAt(0))) session.editor.viChange = keys;
  session.viKeys = undefined;
  if (session.text !== '' && session.point >= session.text.length) session.point = previousCharacter(session.text, session.text.length);
}

function startInsert(session: EditSession): void {
  session.editor.keymap = 'vi-insert';
  session.viInsertionStart = session.undoStack.length;
}

function forward(text: string, at: number, count: number): number {
  let end = at;
  for (let i = 0; i < count; i += 1) end = nextCharacter(text, end);
  return end;
}

function find(session: EditSession, wanted: string, direction: 1 | -1): void {
  const { history } = session;
  const isStart = wanted.startsWith('^');
  const text = isStart ? wanted.slice(1) : wanted;
  for (let index = session.historyIndex + direction; history !== undefined && index >= 0 && index < history.length; index += direction) {
    const entry = history.entries[index]!.text;
    if (!(isStart ? entry.startsWith(text) : entry.includes(text))) continue;
    session.goToHistory(index);
    return;
  }
  session.ring();
}

function kindAt(text: string, at: number, isBig: boolean): 'blank' | 'word' | 'other' {
  const c = text[at];
  if (c === undefined || /\s/.test(c)) return 'blank';
  return isBig || /[\w\u0080-\uffff]/.test(c) ? 'word' : 'other';
}

/** Where a motion leads; undefined: nowhere. `isInclusive`: what stands there is part of it. */
async function target(session: EditSession, key: string, count: number, isForOperator: boolean): Promise<{ readonly at: number; readonly isInclusive?: boolean } | undefined> {
  const { text, point } = session;
  const isBig = /[WBE]/.test(key);
  let at = point;
  switch (key) {
    case 'h': case '\b': case '\x7f':
      for (let i = 0; i < count; i += 1) at = previousCharacter(text, at);
      return { at };
    case 'l': case ' ': return { at: forward(text, point, count) };
    case '0': return { at: 0 };
    case '^': return { at: Math.min(text.length, text.search(/\S|$/)) };
    case '$': return { at: text.length };
    case '|': return { at: forward(text, 0, count - 1) };
    case 'w': case 'W':
      for (let i = 0; i < count; i += 1) {
        const kind = kindAt(text, at, isBig);
        if (kind !== 'blank') while (at < text.length && kindAt(text, at, isBig) === kind) at += 1;
        // The blanks behind the last word of an operator stay for c only.
        while (at < text.length && kindAt(text, at, isBig) === 'blank') at += 1;
      }
      return { at };
    case 'b': case 'B':
      for (let i = 0; i < count && at > 0; i += 1) {
        at -= 1;
        while (at > 0 && kindAt(text, at, isBig) === 'blank') at -= 1;
        const kind = kindAt(text, at, isBig);
        while (at > 0 && kindAt(text, at - 1, isBig) === kind) at -= 1;
      }
      return { at };
    case 'e': case 'E':
      for (let i = 0; i < count && at < text.length - 1; i += 1) {
        at += 1;
        while (at < text.length - 1 && kindAt(text, at, isBig) === 'blank') at += 1;
        const kind = kindAt(text, at, isBig);
        while (at + 1 < text.length && kindAt(text, at + 1, isBig) === kind) at += 1;
      }
      return { at, isInclusive: true };
    case 'f': case 'F': case 't': case 'T': case ';': case ',': {
      if (key !== ';' && key !== ',') {
        const character = await session.readCharacter();
        if (character === undefined || character === '\x1b') return undefined;
        session.editor.viFind = { character, key };
      }
      const { viFind } = session.editor;
      if (viFind === undefined) return undefined;
      const isForward = /[ft]/.test(viFind.key) !== (key === ',');
      for (let i = 0; i < count; i += 1) at = isForward ? text.indexOf(viFind.character, at + 1) : at === 0 ? -1 : text.lastIndexOf(viFind.character, at - 1);
      if (at < 0) return undefined;
      return { at: /[tT]/.test(viFind.key) ? at + (isForward ? -1 : 1) : at, isInclusive: isForward };
    }
    case '%': {
      const open = text.slice(point).search(/[()[\]{}]/);
      if (open < 0) return undefined;
      at = point + open;
      const pairs = '()[]{}';
      const index = pairs.indexOf(text[at]!);
      const [own, other, step] = index % 2 === 0 ? [pairs[index], pairs[index + 1], 1] : [pairs[index], pairs[index - 1], -1];
      let depth = 0;
      for (; at >= 0 && at < text.length; at += step) {
        if (text[at] === own) depth += 1;
        else if (text[at] === other) depth -= 1;
        if (depth === 0) return { at, isInclusive: true };
      }
      return undefined;
    }
    case '`': {
      const name = await session.readCharacter();
      const marked = name === undefined ? undefined : session.viMarks.get(name);
      return marked === undefined ? undefined : { at: Math.min(marked, text.length) };
    }
    default: return isForOperator ? undefined : { at };
  }
}

async function move({ session, count }: Call, key: string): Promise<void> {
  const found = await target(session, key, count, false);
  if (found === undefined) session.ring();
  else session.point = found.at;
}

/** d, c and y with a motion; twice, or as a capital, the whole line or the rest of it. */
async function operate({ session, count, keys }: Call, operator: 'd' | 'c' | 'y'): Promise<void> {
  const { point, text } = session;
  let from = point;
  let to = point;
  if (keys === 'D' || keys === 'C') to = text.length;
  else if (keys === 'Y') [from, to] = [0, text.length];
  else {
    let key = await session.readCharacter();
    let digits = '';
    while (key !== undefined && (/[1-9]/.test(key) || (digits !== '' && key === '0'))) {
      digits += key;
      key = await session.readCharacter();
    }
    if (key === undefined) return;
    if (key === operator) [from, to] = [0, text.length];
    else {
      // cw leaves the blanks behind the word.
      const isWordChange = operator === 'c' && /[wW]/.test(key) && kindAt(text, point, false) !== 'blank';
      const isAtEnd = isWordChange && kindAt(text, point + 1, key === 'W') !== kindAt(text, point, key === 'W');
      const times = count * (digits === '' ? 1 : Number(digits));
      const found = isAtEnd && times === 1 ? { at: point, isInclusive: true } : await target(session, isWordChange ? (key === 'w' ? 'e' : 'E') : key, times, true);
      if (found === undefined || (found.at === point && found.isInclusive !== true)) return session.ring();
      [from, to] = found.at < point ? [found.at, point] : [point, found.at];
      if (found.isInclusive === true) to = nextCharacter(text, to);
    }
  }
  if (operator === 'y') {
    session.editor.killRing.push(text.slice(from, to));
    session.editor.killIndex = session.editor.killRing.length - 1;
    if (from < point && keys !== 'Y' && to === point) session.point = from;
    return;
  }
  if (operator === 'c') startInsert(session);
  session.killedLast = false;
  session.kill(from, to);
}

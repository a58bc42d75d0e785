/** vi's insert and replace modes. Read first: vim's insert.txt; vi_diff.txt for what old vi lets Backspace do. */
import type { Key } from '../../terminal/escape.ts';
import type { Insertion, ViEditor } from './editor.ts';
import { columnAt, tabbedWidth } from './motions.ts';
import { nextCharacter, previousCharacter } from './text.ts';

export function startInsert(editor: ViEditor, mode: 'insert' | 'replace', repeats: number, block?: Insertion['block'], opensLines = false): void {
  editor.mode = mode;
  editor.insertion = { start: editor.cursor, repeats, typed: '', opensLines, block, covered: [] };
  editor.leftover = undefined;
}

/** What arrow keys send after ESC, which ends old vi's insert mode: the rest is commands. */
const arrows: Readonly<Record<string, string>> = { up: 'A', down: 'B', right: 'C', left: 'D', home: 'H', end: 'F' };

export function pressInsert(editor: ViEditor, key: Key): void {
  if (!editor.isReplaying) editor.changeKeys.push(key);
  if (editor.isLiteralNext) {
    editor.isLiteralNext = false;
    type(editor, literal(key));
    return;
  }
  const { insertion } = editor;
  switch (key) {
    case 'escape': case 'ctrl-[': case 'ctrl-c': return endInsert(editor);
    case 'enter': case 'ctrl-j': case 'ctrl-m': return type(editor, '\n');
    case 'tab': return type(editor, editor.options.expandsTabs ? ' '.repeat(tabbedWidth(editor, '\t', columnAt(editor, editor.line, editor.cursor.at))) : '\t');
    case 'backspace': case 'ctrl-h': return erase(editor, editor.cursor.at === 0 ? -1 : previousCharacter(editor.line, editor.cursor.at));
    case 'ctrl-w': {
      const before = editor.line.slice(0, editor.cursor.at);
      return erase(editor, before === '' ? -1 : before.replace(/(\w+|[^\w\s]+)?\s*$/, '').length);
    }
    case 'ctrl-u': return erase(editor, editor.cursor.at === 0 ? -1 : 0);
    case 'ctrl-v': case 'ctrl-q':
      editor.isLiteralNext = true;
      return;
    case 'ctrl-a': return type(editor, editor.lastInserted);
    case 'ctrl-e': case 'ctrl-y': {
      const other = editor.lines[editor.cursor.line + (key === 'ctrl-e' ? 1 : -1)];
      const c = other?.[editor.cursor.at];
      return c === undefined ? editor.ring() : type(editor, c);
    }
    case 'ctrl-t': case 'ctrl-d': {
      const indent = /^[ \t]*/.exec(editor.line)![0];
      const width = Math.max(0, columnAt(editor, indent, indent.length) + (key === 'ctrl-t' ? 1 : -1) * editor.options.shiftWidth);
      const next = '\t'.repeat(Math.floor(width / editor.options.tabWidth)) + ' '.repeat(width % editor.options.tabWidth);
      const { cursor } = editor;
      editor.splice({ line: cursor.line, at: 0 }, { line: cursor.line, at: indent.length }, next);
      editor.cursor = { line: cursor.line, at: Math.max(0, cursor.at + next.length - indent.length) };
      insertion.start = { line: insertion.start.line, at: Math.max(0, insertion.start.at + next.length - indent.length) };
      return;
    }
    default:
  }
  if (key in arrows || key === 'delete' || key === 'insert' || key === 'page-up' || key === 'page-down') {
    if (editor.options.isCompatible) {
      endInsert(editor);
      if (key in arrows) for (const rest of ['O', arrows[key]!]) editor.press(rest);
      else editor.ring();
      return;
    }
    move(editor, key);
    return;
  }
  if ([...key].length === 1) type(editor, key);
}

/** Vim's arrow keys: a new insertion starts where they lead. */
function move(editor: ViEditor, key: Key): void {
  const { line, cursor } = editor;
  if (key === 'delete') {
    editor.splice(cursor, { line: cursor.line, at: nextCharacter(line, cursor.at) }, '');
    return;
  }
  if (key === 'insert') {
    editor.mode = editor.mode === 'insert' ? 'replace' : 'insert';
    return;
  }
  if (key === 'left') editor.cursor = { line: cursor.line, at: previousCharacter(line, cursor.at) };
  else if (key === 'right') editor.cursor = { line: cursor.line, at: nextCharacter(line, cursor.at) };
  else if (key === 'home') editor.cursor = { line: cursor.line, at: 0 };
  else if (key === 'end') editor.cursor = { line: cursor.line, at: line.length };
  else {
    const next = Math.max(0, Math.min(editor.lines.length - 1, cursor.line + (key === 'up' ? -1 : 1)));
    editor.cursor = { line: next, at: Math.min(cursor.at, editor.lines[next]!.length) };
  }
  editor.closeChange();
  editor.openChange();
  editor.insertion = { ...editor.insertion, start: editor.cursor, repeats: 1, typed: '', covered: [] };
}

/** Back to `at`; -1: over the end of the line before. Old vi stops where the insertion began, and leaves on the screen what it erases. */
function erase(editor: ViEditor, at: number): void {
  const { cursor, insertion, line } = editor;
  if (editor.mode === 'replace') {
    const covered = insertion.covered.pop();
    if (insertion.typed === '') {
      editor.ring();
      return;
    }
    insertion.typed = insertion.typed.slice(0, -1);
    const from = previousCharacter(line, cursor.at);
    leave(editor);
    editor.splice({ line: cursor.line, at: from }, cursor, covered ?? '');
    editor.cursor = { line: cursor.line, at: from };
    return;
  }
  if (!editor.options.erasesFreely && (cursor.line > insertion.start.line ? at < 0 : cursor.at <= insertion.start.at)) {
    editor.ring();
    return;
  }
  if (at < 0) {
    if (cursor.line === 0) return;
    const end = { line: cursor.line - 1, at: editor.lines[cursor.line - 1]!.length };
    editor.splice(end, cursor, '');
    editor.cursor = end;
    insertion.typed = insertion.typed.slice(0, -1);
    return;
  }
  // Ctrl+W and Ctrl+U stop once where the insertion began.
  const least = cursor.line === insertion.start.line && cursor.at > insertion.start.at ? Math.max(at, insertion.start.at) : at;
  insertion.typed = insertion.typed.slice(0, Math.max(0, insertion.typed.length - (cursor.at - least)));
  leave(editor);
  editor.splice({ line: cursor.line, at: least }, cursor, '');
  editor.cursor = { line: cursor.line, at: least };
}

function leave(editor: ViEditor): void {
  if (!editor.options.isCompatible) return;
  const { line, cursor } = editor;
  editor.leftover ??= { line: cursor.line, text: line, at: columnAt(editor, line, cursor.at) };
}

/** Text as typed; in replace mode it covers what is there. */
export function type(editor: ViEditor, text: string): void {
  const { cursor, line, insertion } = editor;
  let added = text;
  if (text === '\n') {
    editor.leftover = undefined;
    if (editor.options.indents) added += /^[ \t]*/.exec(line)![0];
  }
  let to = cursor;
  if (editor.mode === 'replace' && text !== '\n') {
    const end = Math.min(line.length, nextCharacter(line, cursor.at));
    insertion.covered.push(cursor.at < line.length ? line.slice(cursor.at, end) : undefined);
    to = { line: cursor.line, at: end };
  }
  editor.splice(cursor, to, added);
  const rows = added.split('\n');
  editor.cursor = rows.length > 1 ? { line: cursor.line + rows.length - 1, at: rows.at(-1)!.length } : { line: cursor.line, at: cursor.at + added.length };
  insertion.typed += text;
  if (editor.leftover !== undefined && columnAt(editor, editor.line, editor.cursor.at) > editor.leftover.at) editor.leftover = undefined;
  if (!editor.isModified) editor.touch();
}

function endInsert(editor: ViEditor): void {
  const { insertion } = editor;
  editor.leftover = undefined;
  const { typed } = insertion;
  editor.lastInserted = typed;
  for (let i = 1; i < insertion.repeats && typed !== ''; i += 1) {
    if (insertion.opensLines) {
      editor.spliceLines(editor.cursor.line + 1, 0, ['']);
      editor.cursor = { line: editor.cursor.line + 1, at: 0 };
    }
    for (const c of typed) type(editor, c);
  }
  // An autoindent nothing was typed behind goes away.
  if (editor.options.indents && /^[ \t]+$/.test(editor.line) && editor.cursor.at === editor.line.length && /(^|\n)$/.test(typed)) {
    editor.lines[editor.cursor.line] = '';
    editor.cursor = { line: editor.cursor.line, at: 0 };
  }
  const { block } = insertion;
  if (block !== undefined && !typed.includes('\n')) {
    for (let index = block.from + 1; index <= block.to; index += 1) {
      const line = editor.lines[index]!;
      const width = columnAt(editor, line, line.length);
      if (block.column === Number.POSITIVE_INFINITY) editor.lines[index] = line + typed;
      else if (width >= block.column || block.appends) {
        const padded = line + ' '.repeat(Math.max(0, block.column - width));
        let at = 0;
        while (at < padded.length && columnAt(editor, padded, at) < block.column) at = nextCharacter(padded, at);
        editor.lines[index] = padded.slice(0, at) + typed + padded.slice(at);
      }
    }
  }
  editor.mode = 'normal';
  const at = Math.max(0, previousCharacter(editor.line, editor.cursor.at));
  editor.cursor = block === undefined ? { line: editor.cursor.line, at } : { line: block.from, at: block.appends ? Math.min(at, insertion.start.at) : insertion.start.at };
  editor.clampCursor();
  editor.wanted = columnAt(editor, editor.line, editor.cursor.at);
  editor.closeChange();
  editor.changeIsDone();
}

function literal(key: Key): string {
  const names: Readonly<Record<string, string>> = { escape: '\x1b', enter: '\r', tab: '\t', backspace: '\x7f', 'ctrl-space': '\0' };
  const control = /^ctrl-(.)$/.exec(key);
  return names[key] ?? (control === null ? ([...key].length === 1 ? key : '') : String.fromCharCode(control[1]!.toUpperCase().charCodeAt(0) & 31));
}

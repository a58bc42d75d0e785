/** vi, as vim-tiny shows it. Read first: vim(1). */
import type { Sys } from '../../../machine/sys.ts';
import { utf8 } from '../../ports/bytes.ts';
import { clearToEndOfLine, enterAlternateScreen, keypadOff, keypadOn, leaveAlternateScreen, moveTo } from '../../terminal/escape.ts';
import { FullScreen } from '../../terminal/full-screen.ts';
import { defineCommand, notSimulated } from '../define.ts';
import { cellWidth } from '../nano/buffer.ts';
import type { Request } from './editor.ts';
import { ViEditor } from './editor.ts';
import { order } from './text.ts';

export const vi = defineCommand({
  name: 'vi',
  aliases: ['vim', 'view', 'vim.tiny'],
  summary: 'a text editor with modes',
  package: 'vim-tiny',
  async run(call) {
    const names: string[] = [];
    let startLine: number | undefined;
    let isReadOnly = call.name === 'view';
    for (const word of call.args) {
      if (word === '--version') {
        call.out('VIM - Vi IMproved 9.0 (2022 Jun 28)');
        return 0;
      }
      if (/^\+\d*$/.test(word)) startLine = word === '+' ? Number.POSITIVE_INFINITY : Number(word.slice(1));
      else if (word === '-R') isReadOnly = true;
      else if (word === '--') continue;
      else if (word.startsWith('-') && word !== '-') return notSimulated(call, `option ${word}`);
      else names.push(word);
    }
    if (!call.stdoutIsTerminal || !call.stdinIsTerminal) {
      call.err(call.stdinIsTerminal ? 'Vim: Warning: Output is not to a terminal' : 'Vim: Warning: Input is not from a terminal');
      return 1;
    }
    return edit(call.sys, names, startLine, isReadOnly);
  },
});

async function edit(sys: Sys, names: readonly string[], startLine: number | undefined, isReadOnly: boolean): Promise<number> {
  const screen = await FullScreen.open(sys, {
    signals: false, enter: `${enterAlternateScreen}\x1b[?2004h${keypadOn}\x1b[2J`, leave: () => `\x1b[?2004l\x1b[?25h${leaveAlternateScreen}${keypadOff}`,
  });
  if (screen === undefined) return 1;
  const editor = new ViEditor(names[0] ?? '');
  editor.isReadOnly = isReadOnly;
  if (names[0] !== undefined) await load(sys, editor, names[0]);
  if (startLine !== undefined) editor.cursor = { line: Math.min(editor.lines.length, startLine) - 1, at: 0 };
  let isDone = false;
  while (!isDone) {
    draw(screen, editor);
    const event = await screen.next();
    if (event.kind === 'eof') break;
    if (event.kind === 'resize' || event.kind === 'resumed') screen.write('\x1b[2J');
    if (event.kind !== 'key') continue;
    if (event.key === 'paste-begin') editor.paste(await pasted(screen));
    else if (event.key.startsWith('alt-')) {
      editor.press('escape');
      editor.press(event.key.slice(4));
    } else editor.press(event.key);
    for (const request of editor.requests.splice(0)) if (await obey(sys, screen, editor, request)) isDone = true;
  }
  screen.write(`${moveTo(screen.rows - 1, 0)}${clearToEndOfLine}`);
  await screen.close();
  return 0;
}

async function pasted(screen: FullScreen): Promise<string> {
  let text = '';
  for (;;) {
    const event = await screen.next();
    if (event.kind === 'eof') return text;
    if (event.kind !== 'key') continue;
    if (event.key === 'paste-end') return text;
    text += event.key === 'enter' || event.key === 'ctrl-j' ? '\n' : event.key === 'tab' ? '\t' : [...event.key].length === 1 ? event.key : '';
  }
}

async function load(sys: Sys, editor: ViEditor, name: string): Promise<void> {
  const stat = sys.stat(name);
  if (stat.ok && stat.value.kind === 'directory') {
    editor.message = `"${name}" is a directory`;
    return;
  }
  const text = await sys.readText(name);
  if (!text.ok) {
    editor.load('');
    editor.message = text.error === 'ENOENT' ? `"${name}" [New]` : `"${name}" [Permission Denied]`;
    return;
  }
  editor.load(text.value);
  const isWritable = sys.access(name, { write: true }).ok;
  if (!isWritable) editor.isReadOnly = true;
  const count = text.value === '' ? 0 : editor.lines.length;
  editor.message = `"${name}" ${editor.isReadOnly ? '[readonly] ' : ''}${text.value.endsWith('\n') || text.value === '' ? '' : '[noeol] '}${count}L, ${utf8(text.value).length}B`;
}

/** Answers true when the editor is to be left. */
async function obey(sys: Sys, screen: FullScreen, editor: ViEditor, request: Request): Promise<boolean> {
  if (request.kind === 'quit') return true;
  if (request.kind === 'suspend') {
    await screen.suspend();
    await screen.retake();
    return false;
  }
  if (request.kind === 'edit') {
    if (request.name === '') {
      editor.message = 'E32: No file name';
      return false;
    }
    editor.name = request.name;
    await load(sys, editor, request.name);
    return false;
  }
  if (request.kind === 'read') {
    const text = await sys.readText(request.name);
    if (!text.ok) {
      editor.message = `E484: Can't open file ${request.name}`;
      return false;
    }
    const rows = text.value.replace(/\n$/, '').split('\n');
    editor.lines.splice(request.after + 1, 0, ...rows);
    editor.cursor = { line: request.after + 1, at: 0 };
    editor.isModified = true;
    editor.message = `"${request.name}" ${rows.length}L, ${utf8(text.value).length}B`;
    return false;
  }
  const name = request.name ?? editor.name;
  if (name === '') {
    editor.message = 'E32: No file name';
    return false;
  }
  const exists = sys.stat(name).ok;
  if (exists && request.name !== undefined && request.name !== editor.name && !request.force) {
    editor.message = 'E13: File exists (add ! to override)';
    return false;
  }
  if (editor.isReadOnly && !request.force && request.name === undefined) {
    editor.message = "E45: 'readonly' option is set (add ! to override)";
    return false;
  }
  const text = request.lines.map((line) => `${line}\n`).join('');
  const written = await sys.writeFile(name, utf8(text));
  if (!written.ok) {
    editor.message = `"${name}" E212: Can't open file for writing`;
    return false;
  }
  if (editor.name === '') editor.name = name;
  if (!request.isPart) editor.isModified = false;
  editor.message = `"${name}"${exists ? '' : ' [New]'} ${request.lines.length}L, ${utf8(text).length}B written`;
  return request.thenQuit;
}

interface DrawnRow {
  readonly text: string;
  readonly line: number | undefined;
}

/** Screen rows of a line: wrapped, tabs and control characters shown. */
function wrap(line: string, width: number, marked: (at: number) => boolean): string[] {
  const rows: string[] = [];
  let row = '';
  let column = 0;
  let total = 0;
  let reversed = false;
  let at = 0;
  for (const character of line) {
    const size = cellWidth(character, total);
    if (column + size > width && column > 0) {
      rows.push(row + (reversed ? '\x1b[27m' : ''));
      row = reversed ? '\x1b[7m' : '';
      column = 0;
    }
    const isMarked = marked(at);
    if (isMarked !== reversed) {
      row += isMarked ? '\x1b[7m' : '\x1b[27m';
      reversed = isMarked;
    }
    const code = character.codePointAt(0)!;
    row += character === '\t' ? ' '.repeat(size) : code < 32 || code === 127 ? `^${String.fromCharCode(code ^ 64)}` : character;
    column += size;
    total += size;
    at += character.length;
  }
  rows.push(row + (reversed ? '\x1b[27m' : ''));
  return rows;
}

function draw(screen: FullScreen, editor: ViEditor): void {
  const height = screen.rows - 1;
  editor.height = height;
  const gutter = editor.showsNumbers ? Math.max(4, String(editor.lines.length).length + 1) : 0;
  const width = Math.max(1, screen.columns - gutter);
  if (editor.cursor.line < editor.top) editor.top = editor.cursor.line < editor.top - height ? Math.max(0, editor.cursor.line - Math.floor(height / 2)) : editor.cursor.line;
  const rowsOf = (index: number): string[] => wrap(editor.lines[index]!, width, markedIn(editor, index));
  // Bring the cursor's line onto the screen.
  for (;;) {
    let used = 0;
    for (let line = editor.top; line <= editor.cursor.line; line += 1) used += rowsOf(line).length;
    if (used <= height || editor.top === editor.cursor.line) break;
    // Always onwards: lines of many rows may be more than two screens even from half a screen of lines above.
    editor.top = used > height * 2 ? Math.max(editor.top + 1, editor.cursor.line - Math.floor(height / 2)) : editor.top + 1;
    if (editor.top > editor.cursor.line) editor.top = editor.cursor.line;
  }
  const rows: DrawnRow[] = [];
  let cursorRow = 0;
  let cursorColumn = 0;
  for (let line = editor.top; line < editor.lines.length && rows.length < height; line += 1) {
    const parts = rowsOf(line);
    if (rows.length + parts.length > height && line > editor.top) {
      while (rows.length < height) rows.push({ text: '@', line: undefined });
      break;
    }
    if (line === editor.cursor.line) {
      let column = 0;
      let at = 0;
      for (const character of editor.lines[line]!) {
        if (at >= editor.cursor.at) break;
        column += cellWidth(character, column);
        at += character.length;
      }
      const next = editor.lines[line]![editor.cursor.at];
      // On a tab the cursor stands on its last column, but before it while inserting.
      if (next === '\t' && editor.mode === 'normal') column += cellWidth('\t', column) - 1;
      cursorRow = rows.length + Math.floor(column / width);
      cursorColumn = column % width;
    }
    for (const [index, text] of parts.entries()) rows.push({ text: gutter === 0 ? text : `${index === 0 ? String(line + 1).padStart(gutter - 1) : ' '.repeat(gutter - 1)} ${text}`, line });
  }
  while (rows.length < height) rows.push({ text: '~', line: undefined });
  let out = '\x1b[?25l';
  for (const [y, row] of rows.slice(0, height).entries()) out += `${moveTo(y, 0)}${row.text}${clearToEndOfLine}`;
  const isBell = editor.message === '\x07';
  const status = editor.mode === 'command' ? editor.commandLine : editor.mode === 'insert' ? '-- INSERT --' : editor.mode === 'replace' ? '-- REPLACE --' : editor.mode === 'visual' ? '-- VISUAL --' : editor.mode === 'visual-line' ? '-- VISUAL LINE --' : isBell ? '' : editor.message;
  if (isBell) {
    out += '\x07';
    editor.message = '';
  }
  out += `${moveTo(screen.rows - 1, 0)}${status.slice(0, screen.columns - 1)}${clearToEndOfLine}`;
  out += editor.mode === 'command' ? moveTo(screen.rows - 1, Math.min(screen.columns - 1, editor.commandLine.length)) : moveTo(Math.min(cursorRow, height - 1), gutter + cursorColumn);
  screen.write(`${out}\x1b[?25h`);
}

/** What is shown reversed in a line: the visual selection, or matches while hlsearch is on. */
function markedIn(editor: ViEditor, line: number): (at: number) => boolean {
  if (editor.mode === 'visual' || editor.mode === 'visual-line') {
    const [from, to] = order(editor.visualStart, editor.cursor);
    if (line < from.line || line > to.line) return () => false;
    if (editor.mode === 'visual-line') return () => true;
    return (at) => (line > from.line || at >= from.at) && (line < to.line || at <= to.at);
  }
  if (!editor.highlights || editor.searchPattern === undefined) return () => false;
  const marks = new Set<number>();
  for (const match of editor.lines[line]!.matchAll(new RegExp(editor.searchPattern.source, `${editor.searchPattern.flags}g`))) for (let i = 0; i < match[0].length; i += 1) marks.add(match.index + i);
  return (at) => marks.has(at);
}

/** vi's normal mode: counts, registers, operators, commands of one key. Read first: vim's index.txt, change.txt. */
import type { Key } from '../../terminal/escape.ts';
import { openCommandLine } from './command-line.ts';
import { MOST_REPEATS, type ViEditor } from './editor.ts';
import { startInsert } from './insert.ts';
import { atColumn, columnAt, motionOf, textObject } from './motions.ts';
import { joinLines, operate, put, swapped, type Area, type Operator } from './operators.ts';
import { compilePattern } from './search.ts';
import { repeatSubstitution } from './substitute.ts';
import { firstText, nextCharacter, order, previousCharacter, type Motion, type Place } from './text.ts';
import { startVisual } from './visual.ts';

/** What has been typed so far: `"x`, a count, a key, what follows it. */
export function countAndKey(editor: ViEditor): { readonly count: number | undefined; readonly key: Key; readonly rest: readonly Key[] } | 'more' {
  const keys = editor.pending;
  let i = 0;
  let digits = '';
  for (;;) {
    if (keys[i] === '"') {
      if (keys[i + 1] === undefined) return 'more';
      editor.chosenRegister = keys[i + 1]!;
      i += 2;
    } else if (keys[i] !== undefined && (/^[1-9]$/.test(keys[i]!) || (digits !== '' && keys[i] === '0'))) {
      digits += keys[i]!;
      i += 1;
    } else break;
  }
  const key = keys[i];
  return key === undefined ? 'more' : { count: digits === '' ? undefined : Number(digits.slice(0, 9)), key, rest: keys.slice(i + 1) };
}

export function pressNormal(editor: ViEditor, key: Key): void {
  if (key === 'escape' || key === 'ctrl-c') {
    if (editor.pending.length === 0) {
      editor.ring();
      if (key === 'ctrl-c') editor.say(editor.isModified ? 'Type  :qa!  and press <Enter> to abandon all changes and exit Vim' : 'Type  :qa  and press <Enter> to exit Vim');
    }
    editor.pending = [];
    editor.chosenRegister = undefined;
    return;
  }
  editor.pending.push(key);
  if (!tryCommand(editor)) return;
  editor.pending = [];
  editor.chosenRegister = undefined;
}

const doubled: readonly string[] = ['d', 'c', 'y', '>', '<', '!', '='];

/** Answers false when more keys are needed. */
function tryCommand(editor: ViEditor): boolean {
  const parsed = countAndKey(editor);
  if (parsed === 'more') return false;
  const { count, key, rest } = parsed;
  if (doubled.includes(key)) return tryOperator(editor, key, count, rest);
  if (key === 'g' && (rest[0] === 'u' || rest[0] === 'U' || rest[0] === '~' || rest[0] === '?')) return tryOperator(editor, `g${rest[0]}`, count, rest.slice(1));
  const moved = motionOf(editor, key, count, rest, false);
  if (moved === 'more') return false;
  if (moved === 'none') return simpleCommand(editor, key, count, rest);
  if (moved === undefined) {
    editor.ring();
    return true;
  }
  if (moved.isJump === true) editor.leaveMark();
  editor.cursor = moved.to;
  editor.clampCursor();
  if (moved.keepsColumn !== true) editor.wanted = key === '$' || key === 'end' ? Number.POSITIVE_INFINITY : columnAt(editor, editor.line, editor.cursor.at);
  return true;
}

function tryOperator(editor: ViEditor, operator: string, count: number | undefined, keys: readonly Key[]): boolean {
  let i = 0;
  let digits = '';
  while (keys[i] !== undefined && (/^[1-9]$/.test(keys[i]!) || (digits !== '' && keys[i] === '0'))) {
    digits += keys[i]!;
    i += 1;
  }
  const motionKey = keys[i];
  if (motionKey === undefined) return false;
  const rest = keys.slice(i + 1);
  if (motionKey === 'escape') return true;
  const second = digits === '' ? undefined : Number(digits);
  const times = Math.min(MOST_REPEATS, (count ?? 1) * (second ?? 1));
  const { cursor, lines } = editor;
  if (motionKey === operator || (operator.startsWith('g') && motionKey === operator[1])) {
    const last = cursor.line + times - 1;
    // Old vi does nothing where there are too few lines.
    if (last >= lines.length && editor.options.isCompatible) editor.ring();
    else apply(editor, operator, { shape: 'lines', from: cursor.line, to: Math.min(lines.length - 1, last) });
    return true;
  }
  if (motionKey === 'i' || motionKey === 'a') {
    if (rest[0] === undefined) return false;
    const range = textObject(editor, motionKey, rest[0]);
    if (range === undefined) editor.ring();
    else if (range.isLinewise === true) apply(editor, operator, { shape: 'lines', from: range.from.line, to: range.to.line });
    else apply(editor, operator, { shape: 'characters', from: range.from, to: range.to });
    return true;
  }
  if (motionKey === '/' || motionKey === '?') {
    openCommandLine(editor, motionKey);
    editor.pending = [...editor.pending];
    return searchEnds(editor, operator);
  }
  const isWord = motionKey === 'w' || motionKey === 'W';
  const onBlank = /^\s$/.test(editor.line[cursor.at] ?? ' ');
  let key = motionKey;
  if (operator === 'c' && isWord && onBlank && times === 1 && editor.options.isCompatible && editor.line !== '') key = 'l';
  else if (operator === 'c' && isWord && !onBlank) key = motionKey === 'w' ? 'e' : 'E';
  let motion = motionOf(editor, key, count === undefined && second === undefined ? undefined : times, rest, true);
  if (motion === 'more') return false;
  // At the end of a word cw changes its last character, where e would go on.
  if (operator === 'c' && isWord && !onBlank && motion !== undefined && motion !== 'none') {
    const line = editor.line;
    const kind = (c: string | undefined): number => (c === undefined || /\s/.test(c) ? 0 : motionKey === 'W' || /\w/.test(c) ? 1 : 2);
    if (kind(line[cursor.at]) !== kind(line[nextCharacter(line, cursor.at)])) {
      if (times === 1) motion = { to: cursor, isInclusive: true };
      else {
        const again = motionOf(editor, key, times - 1, rest, true);
        if (again !== undefined && again !== 'more' && again !== 'none') motion = again;
      }
    }
  }
  if (motion === undefined || motion === 'none') {
    // dw on the last word of all still deletes it.
    if (isWord && editor.line !== '') apply(editor, operator, { shape: 'characters', from: cursor, to: { line: cursor.line, at: editor.line.length } });
    else editor.ring();
    return true;
  }
  apply(editor, operator, areaOf(editor, operator, motion, isWord && key === motionKey));
  return true;
}

/** A search as motion: the command line takes over, and hands its place to the operator. */
function searchEnds(editor: ViEditor, operator: string): boolean {
  editor.afterSearch = (motion) => apply(editor, operator, areaOf(editor, operator, motion, false));
  return true;
}

function areaOf(editor: ViEditor, operator: string, motion: Motion, isWord: boolean): Area {
  const { cursor, lines } = editor;
  if (motion.isLinewise === true) return { shape: 'lines', from: Math.min(cursor.line, motion.to.line), to: Math.max(cursor.line, motion.to.line) };
  const [from, last] = order(cursor, motion.to);
  let to: Place = motion.isInclusive === true ? { line: last.line, at: nextCharacter(lines[last.line]!, last.at) } : last;
  if (isWord && to.line > from.line && /^\s*$/.test(lines[to.line]!.slice(0, to.at))) {
    // The last word of a line: what follows it is left alone.
    let line = to.line - 1;
    while (line > from.line && lines[line] === '') line -= 1;
    return { shape: 'characters', from, to: { line, at: lines[line]!.length } };
  }
  if (motion.isInclusive !== true && to.line > from.line && to.at === 0) {
    if (from.at <= firstText(lines[from.line]!) && operator !== 'c') return { shape: 'lines', from: from.line, to: to.line - 1 };
    to = { line: to.line - 1, at: lines[to.line - 1]!.length };
  }
  if (operator === 'd' && to.line > from.line && /^\s*$/.test(lines[from.line]!.slice(0, from.at)) && /^\s*$/.test(lines[to.line]!.slice(to.at))) return { shape: 'lines', from: from.line, to: to.line };
  return { shape: 'characters', from, to };
}

function apply(editor: ViEditor, operator: string, area: Area): void {
  if (operator === '!' || operator === '=') {
    const [from, to] = area.shape === 'characters' ? [area.from.line, area.to.line] : [area.from, area.to];
    if (operator === '=') editor.fail('podwire: vi: command = is not simulated yet');
    else openCommandLine(editor, from === to && from === editor.cursor.line ? ':.!' : from === editor.cursor.line ? `:.,${to === editor.lines.length - 1 ? '$' : `.+${to - from}`}!` : `:${from + 1},${to + 1}!`);
    return;
  }
  if (operator === 'g?') return editor.fail('podwire: vi: command g? is not simulated yet');
  if (operator === 'y') operate(editor, 'y', area);
  else editor.change(() => operate(editor, operator as Operator, area), area.shape === 'characters' ? area.from : { line: area.from, at: 0 });
  if (editor.mode === 'normal') {
    editor.clampCursor();
    editor.wanted = columnAt(editor, editor.line, editor.cursor.at);
  }
}

function insertAt(editor: ViEditor, at: number, times: number): void {
  editor.change(() => {
    editor.cursor = { line: editor.cursor.line, at };
    startInsert(editor, 'insert', times);
  });
}

/** Answers false when more keys are needed. */
function simpleCommand(editor: ViEditor, key: Key, count: number | undefined, rest: readonly Key[]): boolean {
  const times = Math.min(MOST_REPEATS, count ?? 1);
  const { cursor, line } = editor;
  if (scrollKey(editor, key, times, count)) return true;
  switch (key) {
    case 'i': case 'insert': insertAt(editor, cursor.at, times); return true;
    case 'a': insertAt(editor, line === '' ? 0 : nextCharacter(line, cursor.at), times); return true;
    case 'I': insertAt(editor, Math.min(line.length, line.search(/\S|$/)), times); return true;
    case 'A': insertAt(editor, line.length, times); return true;
    case 'o': case 'O':
      editor.change(() => {
        const index = key === 'o' ? cursor.line + 1 : cursor.line;
        const indent = editor.options.indents ? /^[ \t]*/.exec(line)![0] : '';
        editor.spliceLines(index, 0, [indent]);
        editor.cursor = { line: index, at: indent.length };
        startInsert(editor, 'insert', times, undefined, true);
      });
      return true;
    case 'R': editor.change(() => startInsert(editor, 'replace', times)); return true;
    case 'x': case 'delete': case 's': case 'X': {
      if ((line === '' && key !== 's') || (key === 'X' && cursor.at === 0)) {
        editor.ring();
        return true;
      }
      let end = cursor.at;
      for (let i = 0; i < times; i += 1) end = key === 'X' ? previousCharacter(line, end) : nextCharacter(line, end);
      const [from, to] = order(cursor, { line: cursor.line, at: end });
      editor.change(() => operate(editor, key === 's' ? 'c' : 'd', { shape: 'characters', from, to }));
      return true;
    }
    case 'D': case 'C': editor.change(() => operate(editor, key === 'D' ? 'd' : 'c', { shape: 'characters', from: cursor, to: { line: cursor.line, at: line.length } })); return true;
    case 'S': editor.change(() => operate(editor, 'c', { shape: 'lines', from: cursor.line, to: Math.min(editor.lines.length - 1, cursor.line + times - 1) })); return true;
    case 'Y':
      if (cursor.line + times > editor.lines.length && editor.options.isCompatible) editor.ring();
      else operate(editor, 'y', { shape: 'lines', from: cursor.line, to: Math.min(editor.lines.length - 1, cursor.line + times - 1) });
      return true;
    case 'r': {
      const c = rest[0];
      if (c === undefined) return false;
      let end = cursor.at;
      let fits = true;
      for (let i = 0; i < times; i += 1) {
        if (end >= line.length) fits = false;
        end = nextCharacter(line, end);
      }
      if (c === 'escape') return true;
      if (!fits || (c !== 'enter' && c !== 'tab' && [...c].length !== 1)) {
        editor.ring();
        return true;
      }
      editor.change(() => {
        const to = { line: cursor.line, at: end };
        if (c === 'enter') {
          editor.splice(cursor, to, '\n');
          editor.cursor = { line: cursor.line + 1, at: 0 };
        } else {
          const text = c === 'tab' ? '\t' : c;
          editor.splice(cursor, to, text.repeat(times));
          editor.cursor = { line: cursor.line, at: cursor.at + text.length * (times - 1) };
        }
      });
      return true;
    }
    case '~': {
      if (line === '') {
        editor.ring();
        return true;
      }
      editor.change(() => {
        let end = cursor.at;
        for (let i = 0; i < times; i += 1) end = nextCharacter(line, end);
        editor.splice(cursor, { line: cursor.line, at: end }, swapped(line.slice(cursor.at, end)));
        editor.cursor = { line: cursor.line, at: end };
      });
      return true;
    }
    case 'J':
      if (cursor.line === editor.lines.length - 1 || (editor.options.isCompatible && cursor.line + Math.max(2, times) > editor.lines.length)) editor.ring();
      else editor.change(() => joinLines(editor, cursor.line, Math.min(editor.lines.length - 1, cursor.line + Math.max(1, times - 1))));
      return true;
    case 'p': case 'P': put(editor, key === 'p', times); return true;
    case 'u': editor.undo(times); return true;
    case 'U': editor.restoreLine(); return true;
    case 'ctrl-r': editor.redo(times); return true;
    case '.': repeatChange(editor, count); return true;
    case '&': repeatSubstitution(editor, false, cursor.line, cursor.line, ''); return true;
    case 'm':
      if (rest[0] === undefined) return false;
      editor.marks.set(rest[0] === '`' ? "'" : rest[0], cursor);
      return true;
    case 'v': startVisual(editor, 'characters'); return true;
    case 'V': startVisual(editor, 'lines'); return true;
    case 'ctrl-v': case 'ctrl-q': startVisual(editor, 'block'); return true;
    case ':': case '/': case '?': openCommandLine(editor, key + (key === ':' && count !== undefined ? (count === 1 ? '.' : `.,.+${count - 1}`) : '')); return true;
    case 'Z':
      if (rest[0] === undefined) return false;
      if (rest[0] === 'Z') editor.requests.push(editor.isModified ? { kind: 'write', name: undefined, force: false, from: 0, to: editor.lines.length - 1, isPart: false, isAppended: false, thenQuit: true } : { kind: 'quit', code: 0 });
      else if (rest[0] === 'Q') editor.requests.push({ kind: 'quit', code: 0 });
      else editor.ring();
      return true;
    case 'z': {
      if (rest[0] === undefined) return false;
      const where = rest[0];
      const index = count === undefined ? cursor.line : Math.min(editor.lines.length, count) - 1;
      if (where === 't' || where === 'enter' || where === '+') editor.top = index;
      else if (where === 'b' || where === '-') editor.top = index - editor.height + 1;
      else if (where === 'z' || where === '.') editor.top = index - Math.floor((editor.height - 1) / 2);
      else editor.ring();
      editor.top = Math.max(0, editor.top);
      editor.isScrolledOnPurpose = true;
      if (where === 'enter' || where === '.' || where === '-' || where === '+') editor.goToLine(index);
      else editor.cursor = { line: index, at: cursor.at };
      editor.clampCursor();
      return true;
    }
    case 'g': return goCommand(editor, count, times, rest);
    case 'q':
      if (editor.recordsInto !== undefined) {
        editor.registers.set(editor.recordsInto, { text: textOfKeys(editor.recorded.slice(0, -1)), shape: 'characters' });
        editor.recordsInto = undefined;
        if (editor.options.showsMode) editor.say('');
        return true;
      }
      if (rest[0] === undefined) return false;
      if (!/^[0-9a-zA-Z"]$/.test(rest[0])) {
        editor.ring();
        return true;
      }
      editor.recordsInto = rest[0].toLowerCase();
      editor.recorded = [];
      return true;
    case '@':
      if (rest[0] === undefined) return false;
      runMacro(editor, rest[0] === '@' ? (editor.lastMacro ?? '@') : rest[0], times);
      return true;
    case 'ctrl-o': case 'tab': {
      if (editor.jumpAt === editor.jumps.length && key === 'ctrl-o') {
        const at = editor.jumpAt;
        editor.leaveMark();
        editor.jumpAt = Math.min(at, editor.jumps.length - 1);
      }
      const next = editor.jumpAt + (key === 'tab' ? times : -times);
      const place = editor.jumps[next];
      if (place === undefined || place.line >= editor.lines.length) editor.ring();
      else {
        editor.jumpAt = next;
        editor.cursor = place;
        editor.clampCursor();
      }
      return true;
    }
    case 'ctrl-g': editor.say(fileInfo(editor, count)); return true;
    case 'ctrl-z': editor.requests.push({ kind: 'suspend' }); return true;
    case 'ctrl-^': case 'ctrl-6': editor.requests.push({ kind: 'edit', name: '#' }); return true;
    case 'ctrl-l': case 'ctrl-]': return true;
    case 'ctrl-a': case 'ctrl-x': {
      const digits = [...line.matchAll(/-?\d+/g)].find((match) => match.index + match[0].length > cursor.at);
      if (digits === undefined) editor.ring();
      else {
        editor.change(() => {
          const next = String(Number(digits[0]) + (key === 'ctrl-a' ? times : -times));
          editor.splice({ line: cursor.line, at: digits.index }, { line: cursor.line, at: digits.index + digits[0].length }, next);
          editor.cursor = { line: cursor.line, at: digits.index + next.length - 1 };
        });
      }
      return true;
    }
    case 'Q': case 'K': case 'ctrl-w': case '[': case ']':
      if (key !== 'Q' && key !== 'K' && rest[0] === undefined) return false;
      editor.fail(`podwire: vi: command ${key.replace('ctrl-w', 'CTRL-W')} is not simulated yet`);
      return true;
    default:
      editor.ring();
      return true;
  }
}

function goCommand(editor: ViEditor, count: number | undefined, times: number, rest: readonly Key[]): boolean {
  const { cursor } = editor;
  switch (rest[0]) {
    case undefined: return false;
    case 'J': editor.change(() => joinLines(editor, cursor.line, Math.min(editor.lines.length - 1, cursor.line + Math.max(1, times - 1)), true)); return true;
    case 'v': {
      const { lastVisual } = editor;
      if (lastVisual === undefined) editor.ring();
      else {
        startVisual(editor, lastVisual.kind);
        editor.visualStart = lastVisual.start;
        editor.cursor = lastVisual.end;
        editor.wanted = lastVisual.isToEnd ? Number.POSITIVE_INFINITY : columnAt(editor, editor.lines[lastVisual.end.line] ?? '', lastVisual.end.at);
        editor.clampCursor();
      }
      return true;
    }
    case 'i': {
      const place = editor.marks.get('^') ?? cursor;
      editor.cursor = place;
      insertAt(editor, place.at, times);
      return true;
    }
    case 'd': case 'D': {
      const word = /\w+/.exec(editor.line.slice(editor.line.slice(0, cursor.at + 1).search(/\w*$/)))?.[0];
      const pattern = word === undefined ? undefined : compilePattern(editor, `\\C\\<${word}\\>`);
      const line = pattern === undefined ? -1 : editor.lines.findIndex((text) => pattern.regex.test(text));
      if (pattern === undefined || line < 0) editor.ring();
      else {
        editor.leaveMark();
        editor.cursor = { line, at: pattern.regex.span(editor.lines[line]!)![0] };
      }
      return true;
    }
    case 'ctrl-g': {
      const words = (text: string): number => text.match(/\S+/g)?.length ?? 0;
      const bytes = (text: string): number => [...text].reduce((sum, c) => sum + (c < '\x80' ? 1 : c < '\u0800' ? 2 : c.length === 1 ? 3 : 4), 0);
      const before = [...editor.lines.slice(0, cursor.line), editor.line.slice(0, cursor.at + 1)];
      const all = editor.lines.reduce((sum, line) => sum + bytes(line) + 1, 0);
      editor.say(`Col ${columnAt(editor, editor.line, cursor.at) + 1} of ${columnAt(editor, editor.line, editor.line.length)}; Line ${cursor.line + 1} of ${editor.lines.length}; Word ${before.reduce((sum, line) => sum + words(line), 0)} of ${editor.lines.reduce((sum, line) => sum + words(line), 0)}; Byte ${before.reduce((sum, line) => sum + bytes(line), 0) + before.length - 1} of ${all}`);
      return true;
    }
    default:
      editor.fail(`podwire: vi: command g${rest[0]}${count === undefined ? '' : ''} is not simulated yet`);
      return true;
  }
}

/** Keys that scroll: answers whether it was one. */
export function scrollKey(editor: ViEditor, key: Key, times: number, count: number | undefined): boolean {
  const { height } = editor;
  const last = editor.lines.length - 1;
  const page = Math.max(1, height - 2);
  const place = (line: number, top: number): void => {
    editor.top = Math.max(0, Math.min(last, top));
    editor.cursor = { line: Math.max(0, Math.min(last, line)), at: editor.cursor.at };
    editor.isScrolledOnPurpose = true;
    editor.cursor = { line: editor.cursor.line, at: atColumn(editor, editor.line, editor.wanted) };
  };
  switch (key) {
    case 'ctrl-f': case 'page-down': {
      if (editor.top + height > last && editor.cursor.line === last) editor.ring();
      else {
        const top = Math.min(last, editor.top + times * page);
        place(top, top);
        editor.goToLine(top);
      }
      return true;
    }
    case 'ctrl-b': case 'page-up': {
      if (editor.top === 0) editor.ring();
      else {
        const bottom = editor.top + 1 - (times - 1) * page;
        const top = Math.max(0, editor.top - times * page);
        place(Math.max(0, bottom), top);
        editor.goToLine(editor.cursor.line);
      }
      return true;
    }
    case 'ctrl-d': case 'ctrl-u': {
      if (count !== undefined) editor.scrollLines = times;
      const by = editor.scrollLines ?? Math.max(1, Math.floor(height / 2));
      const isDown = key === 'ctrl-d';
      if (isDown ? editor.cursor.line === last : editor.cursor.line === 0) {
        editor.ring();
        return true;
      }
      const room = isDown ? Math.max(0, last + 1 - (editor.top + height)) : editor.top;
      place(editor.cursor.line + (isDown ? by : -by), editor.top + (isDown ? Math.min(by, room) : -Math.min(by, room)));
      editor.goToLine(editor.cursor.line);
      return true;
    }
    case 'ctrl-e': {
      const top = Math.min(last, editor.top + times);
      place(Math.max(editor.cursor.line, top), top);
      return true;
    }
    case 'ctrl-y': {
      const top = Math.max(0, editor.top - times);
      place(Math.min(editor.cursor.line, top + height - 1), top);
      return true;
    }
    default: return false;
  }
}

/** Ctrl+G and :f. */
export function fileInfo(editor: ViEditor, count: number | undefined): string {
  const { lines, cursor, name } = editor;
  const isFull = count !== undefined && count > 1;
  const shown = name === '' ? '[No Name]' : isFull && !name.startsWith('/') ? `${editor.folder}/${name}` : name;
  const percent = Math.floor(((cursor.line + 1) * 100) / lines.length);
  const flags = `${editor.isModified ? ' [Modified]' : ''}${editor.isReadOnly ? ' [readonly]' : ''}`;
  const isEmpty = lines.length === 1 && lines[0] === '';
  return `${isFull ? `buf ${editor.file + 1}: ` : ''}"${shown}"${flags === '' ? ' ' : `${flags} `}${isEmpty ? '--No lines in buffer--' : `line ${cursor.line + 1} of ${lines.length} --${percent}%-- col ${columnsText(editor)}`}`;
}

/** The column, and behind a dash where the screen shows it if that differs. */
export function columnsText(editor: ViEditor): string {
  const bytes = [...editor.line.slice(0, editor.cursor.at)].reduce((sum, c) => sum + (c < '\x80' ? 1 : c < '\u0800' ? 2 : c.length === 1 ? 3 : 4), 0) + 1;
  const next = editor.line.slice(editor.cursor.at, nextCharacter(editor.line, editor.cursor.at));
  const column = columnAt(editor, editor.line, editor.cursor.at) + (next === '\t' && editor.mode === 'normal' && !editor.options.listsTabs ? columnAt(editor, editor.line, editor.cursor.at + 1) - columnAt(editor, editor.line, editor.cursor.at) : 1);
  if (editor.line === '' && editor.mode === 'normal') return '0-1';
  return bytes === column ? String(bytes) : `${bytes}-${column}`;
}

function repeatChange(editor: ViEditor, count: number | undefined): void {
  const keys = editor.lastChange;
  if (keys.length === 0) {
    editor.ring();
    return;
  }
  // A register comes before the count.
  const start = keys[0] === '"' ? 2 : 0;
  let behind = start;
  while (keys[behind] !== undefined && /^\d$/.test(keys[behind]!)) behind += 1;
  const again = count === undefined ? keys : [...keys.slice(0, start), ...String(count), ...keys.slice(behind)];
  editor.isReplaying = true;
  editor.pending = [];
  for (const key of again) editor.press(key);
  editor.isReplaying = false;
  editor.pending = [];
  if (count !== undefined) editor.lastChange = again;
}

function runMacro(editor: ViEditor, name: string, times: number): void {
  if (name === ':') {
    editor.fail('podwire: vi: command @: is not simulated yet');
    return;
  }
  const register = editor.registers.get(name.toLowerCase());
  if (register === undefined || editor.macroDepth > 100) {
    editor.ring();
    return;
  }
  editor.lastMacro = name;
  editor.pending = [];
  editor.macroDepth += 1;
  const depth = editor.macroDepth;
  const keys = keysOfText(register.text);
  for (let i = 0; i < Math.min(times, 1000); i += 1) {
    for (const key of keys) {
      editor.press(key);
      // A command that fails ends it.
      if (editor.macroDepth < depth) return;
    }
  }
  editor.macroDepth = Math.max(0, editor.macroDepth - 1);
}

const controlNames: Readonly<Record<string, string>> = { escape: '\x1b', enter: '\r', tab: '\t', backspace: '\x7f' };

export function textOfKeys(keys: readonly Key[]): string {
  return keys.map((key) => {
    const control = /^ctrl-(.)$/.exec(key);
    return controlNames[key] ?? (control === null ? ([...key].length === 1 ? key : '') : String.fromCharCode(control[1]!.toUpperCase().charCodeAt(0) & 31));
  }).join('');
}

export function keysOfText(text: string): Key[] {
  return [...text].map((c) => Object.entries(controlNames).find(([, value]) => value === c)?.[0] ?? (c === '\n' ? 'enter' : c < ' ' ? `ctrl-${String.fromCharCode(c.charCodeAt(0) + 96)}` : c));
}


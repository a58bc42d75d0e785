/** vi's visual mode: characters, whole lines, or a block of columns. Read first: vim's visual.txt. */
import type { Key } from '../../terminal/escape.ts';
import { openCommandLine } from './command-line.ts';
import { MOST_REPEATS, type ViEditor } from './editor.ts';
import { startInsert } from './insert.ts';
import { atColumn, columnAt, motionOf, tabbedWidth, textObject } from './motions.ts';
import { countAndKey, scrollKey } from './normal.ts';
import { joinLines, operate, putRegister, shift, type Area, type Operator } from './operators.ts';
import { nextCharacter, order, previousCharacter, type Place } from './text.ts';

export type VisualKind = 'characters' | 'lines' | 'block';
export interface VisualArea { readonly kind: VisualKind; readonly start: Place; readonly end: Place; readonly isToEnd: boolean }

export function startVisual(editor: ViEditor, kind: VisualKind): void {
  editor.mode = 'visual';
  editor.visualKind = kind;
  editor.visualStart = editor.cursor;
}

export function endVisual(editor: ViEditor): void {
  const { visualStart, cursor, visualKind } = editor;
  editor.lastVisual = { kind: visualKind, start: visualStart, end: cursor, isToEnd: editor.wanted === Number.POSITIVE_INFINITY };
  const [from, to] = order(visualStart, cursor);
  editor.marks.set('<', from);
  editor.marks.set('>', to);
  editor.mode = 'normal';
  editor.clampCursor();
}

/** What is marked. */
export function visualArea(editor: ViEditor): Area {
  const [from, to] = order(editor.visualStart, editor.cursor);
  if (editor.visualKind === 'lines') return { shape: 'lines', from: from.line, to: to.line };
  if (editor.visualKind === 'characters') {
    const line = editor.lines[to.line]!;
    // A `$` takes the end of the line along.
    if (to.at >= line.length && to.line + 1 < editor.lines.length && line.length > 0 && editor.wanted === Number.POSITIVE_INFINITY) return { shape: 'characters', from, to: { line: to.line + 1, at: 0 } };
    return { shape: 'characters', from, to: { line: to.line, at: nextCharacter(line, to.at) } };
  }
  const edges = [editor.visualStart, editor.cursor].map(({ line, at }) => {
    const text = editor.lines[line]!;
    const left = columnAt(editor, text, at);
    const character = at < text.length ? text.slice(at, nextCharacter(text, at)) : ' ';
    return { left, right: left + Math.max(1, tabbedWidth(editor, character, left)) };
  });
  return {
    shape: 'block', from: from.line, to: to.line, left: Math.min(...edges.map(({ left }) => left)),
    right: editor.wanted === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(...edges.map(({ right }) => right)),
  };
}

const operators: Readonly<Record<string, Operator>> = { d: 'd', x: 'd', X: 'd', D: 'd', delete: 'd', backspace: 'd', c: 'c', s: 'c', C: 'c', S: 'c', R: 'c', y: 'y', Y: 'y', u: 'gu', U: 'gU', '~': 'g~' };

export function pressVisual(editor: ViEditor, key: Key): void {
  if (editor.pending.length === 0 && (key === 'escape' || key === 'ctrl-c')) {
    endVisual(editor);
    return;
  }
  editor.pending.push(key);
  if (!tryVisual(editor)) return;
  editor.pending = [];
}

function tryVisual(editor: ViEditor): boolean {
  const parsed = countAndKey(editor);
  if (parsed === 'more') return false;
  const { count, key, rest } = parsed;
  const area = visualArea(editor);
  const [first, last] = area.shape === 'characters' ? [area.from.line, Math.min(area.to.line, Math.max(editor.visualStart.line, editor.cursor.line))] : [area.from, area.to];
  const isTilde = key === '~';
  const operator = operators[key];
  if (operator !== undefined) {
    const whole = 'XDYCSR'.includes(key) && editor.visualKind !== 'block' && !(key === 'C' && editor.visualKind === 'lines');
    const toEnd = area.shape === 'block' && (key === 'D' || key === 'C') ? { ...area, right: Number.POSITIVE_INFINITY } : area;
    endVisual(editor);
    if (operator === 'y') operate(editor, 'y', whole ? { shape: 'lines', from: first, to: last } : area);
    else editor.change(() => operate(editor, operator, whole ? { shape: 'lines', from: first, to: last } : toEnd));
    if (isTilde) editor.clampCursor();
    if (operator === 'y') editor.clampCursor();
    return true;
  }
  switch (key) {
    case '>': case '<':
      endVisual(editor);
      editor.change(() => shift(editor, key, first, last, Math.min(99, count ?? 1)));
      return true;
    case 'v': case 'V': case 'ctrl-v': {
      const kind: VisualKind = key === 'v' ? 'characters' : key === 'V' ? 'lines' : 'block';
      if (editor.visualKind === kind) endVisual(editor);
      else editor.visualKind = kind;
      return true;
    }
    case 'o': case 'O':
      [editor.cursor, editor.visualStart] = [editor.visualStart, editor.cursor];
      return true;
    case 'J':
      endVisual(editor);
      editor.change(() => joinLines(editor, first, Math.min(editor.lines.length - 1, Math.max(last, first + 1))));
      return true;
    case 'r': {
      const c = rest[0];
      if (c === undefined) return false;
      endVisual(editor);
      if ([...c].length === 1) editor.change(() => cover(editor, area, c));
      return true;
    }
    case 'p': case 'P': {
      const { register } = editor.taken();
      endVisual(editor);
      if (register === undefined) return true;
      editor.change(() => {
        const isLast = area.shape === 'lines' && last === editor.lines.length - 1;
        const atEnd = area.shape === 'characters' && area.to.line === area.from.line && area.to.at >= editor.lines[area.to.line]!.length;
        operate(editor, 'd', area);
        if (area.shape === 'lines' && register.shape !== 'lines') {
          editor.spliceLines(isLast ? editor.lines.length : first, 0, ['']);
          editor.cursor = { line: isLast ? editor.lines.length - 1 : first, at: 0 };
        } else if (area.shape !== 'lines' && register.shape === 'lines') {
          editor.splice(editor.cursor, editor.cursor, '\n');
        }
        putRegister(editor, register, area.shape !== 'lines' && register.shape === 'lines' ? true : atEnd || (isLast && register.shape === 'lines'), 1);
      });
      return true;
    }
    case 'I': case 'A': {
      if (area.shape !== 'block') {
        if (editor.options.isCompatible) editor.ring();
        return true;
      }
      endVisual(editor);
      const line = editor.lines[area.from]!;
      const column = key === 'I' ? area.left : area.right;
      editor.change(() => {
        const width = columnAt(editor, line, line.length);
        if (key === 'A' && column !== Number.POSITIVE_INFINITY && width < column) editor.lines[area.from] = line + ' '.repeat(column - width);
        editor.mode = 'insert';
        editor.cursor = { line: area.from, at: column === Number.POSITIVE_INFINITY ? line.length : atColumn(editor, editor.lines[area.from]!, column) };
        startInsert(editor, 'insert', 1, { from: area.from, to: area.to, column, appends: key === 'A' });
        if (key === 'A') editor.insertion.start = { line: area.from, at: Math.min(atColumn(editor, line, area.left), line.length) };
      });
      return true;
    }
    case ':':
      endVisual(editor);
      openCommandLine(editor, ":'<,'>");
      return true;
    case '!':
      endVisual(editor);
      openCommandLine(editor, ":'<,'>!");
      return true;
    case '/': case '?':
      openCommandLine(editor, key);
      return true;
    case 'i': case 'a': {
      if (rest[0] === undefined) return false;
      const range = textObject(editor, key, rest[0]);
      if (range === undefined) {
        editor.ring();
        return true;
      }
      editor.visualStart = range.from;
      const end = range.to;
      editor.cursor = end.at === 0 && end.line > range.from.line ? { line: end.line - 1, at: editor.lines[end.line - 1]!.length } : { line: end.line, at: Math.max(range.from.line === end.line ? range.from.at : 0, previousCharacter(editor.lines[end.line]!, end.at)) };
      if (range.isLinewise === true) editor.visualKind = 'lines';
      return true;
    }
    case 'g':
      if (rest[0] === undefined) return false;
      if (rest[0] === 'u' || rest[0] === 'U' || rest[0] === '~') {
        const wanted = `g${rest[0]}` as Operator;
        endVisual(editor);
        editor.change(() => operate(editor, wanted, area));
        return true;
      }
      if (rest[0] === 'J') {
        endVisual(editor);
        editor.change(() => joinLines(editor, first, Math.max(last, Math.min(editor.lines.length - 1, first + 1)), true));
        return true;
      }
      break;
    default:
  }
  if (scrollKey(editor, key, Math.min(MOST_REPEATS, count ?? 1), count)) return true;
  const moved = motionOf(editor, key, count, rest, false);
  if (moved === 'more') return false;
  if (moved === undefined || moved === 'none') {
    editor.ring();
    return true;
  }
  if (moved.isJump === true) editor.leaveMark();
  editor.cursor = moved.to;
  if (moved.keepsColumn !== true) editor.wanted = key === '$' || key === 'end' ? Number.POSITIVE_INFINITY : columnAt(editor, editor.line, editor.cursor.at);
  editor.clampCursor();
  return true;
}

/** r: every character marked becomes this one. */
function cover(editor: ViEditor, area: Area, c: string): void {
  const [first, last] = area.shape === 'characters' ? [area.from.line, area.to.line] : [area.from, area.to];
  for (let index = first; index <= last; index += 1) {
    const line = editor.lines[index]!;
    const from = area.shape === 'lines' ? 0 : area.shape === 'characters' ? (index === first ? area.from.at : 0) : atColumn(editor, line, area.left);
    const to = area.shape === 'lines' ? line.length : area.shape === 'characters' ? (index === last ? area.to.at : line.length) : Math.min(line.length, area.right === Number.POSITIVE_INFINITY ? line.length : atColumn(editor, line, area.right - 1) + 1);
    editor.lines[index] = line.slice(0, from) + c.repeat([...line.slice(from, to)].length) + line.slice(to);
  }
  editor.cursor = area.shape === 'characters' ? area.from : { line: first, at: area.shape === 'lines' ? 0 : atColumn(editor, editor.lines[first]!, area.left) };
}

/** Changing text. Read first: readline(3) "Commands for Changing Text", "Miscellaneous Commands". */
import type { Call, EditorFunction } from './index.ts';
import { nextCharacter, previousCharacter, wordBackward, wordForward } from './words.ts';

/** Ctrl+D. */
const endOfFile = '\x04';

export const editingFunctions: Record<string, EditorFunction> = {
  'self-insert': selfInsert,
  'tab-insert': ({ session, count }) => session.insert('\t'.repeat(Math.max(0, count))),
  'quoted-insert': async ({ session, count }) => {
    const character = await session.readCharacter();
    if (character !== undefined) session.insert(character.repeat(Math.max(0, count)));
  },
  'bracketed-paste-begin': async ({ session }) => {
    let text = '';
    for (;;) {
      const character = await session.readCharacter();
      if (character === undefined) return;
      text += character;
      if (text.endsWith('\x1b[201~')) break;
    }
    const pasted = text.slice(0, -6).replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    const from = session.point;
    session.insert(pasted);
    session.mark = from;
    session.isRegionActive = pasted !== '';
  },
  'delete-char': ({ session, count, isExplicit, keys }) => {
    if (keys === endOfFile && session.text === '' && session.lastFunction !== 'delete-char') {
      session.ended = { kind: 'eof' };
      return;
    }
    if (count < 0) {
      rubOut(session, -count, isExplicit);
      return;
    }
    if (session.point === session.text.length) {
      session.ring();
      return;
    }
    let end = session.point;
    for (let i = 0; i < count; i += 1) end = nextCharacter(session.text, end);
    if (isExplicit && count > 1) session.kill(session.point, end);
    else session.remove(session.point, end);
  },
  'backward-delete-char': ({ session, count, isExplicit }) => rubOut(session, count, isExplicit),
  'forward-backward-delete-char': ({ session, count }) => {
    if (session.point === session.text.length) rubOut(session, count, false);
    else session.remove(session.point, nextCharacter(session.text, session.point));
  },
  'overwrite-mode': ({ session, count, isExplicit }) => {
    session.overwrites = isExplicit ? count > 0 : !session.overwrites;
  },
  'transpose-chars': ({ session, count }) => {
    const { text } = session;
    if (session.point === 0 || nextCharacter(text, 0) >= text.length) {
      session.ring();
      return;
    }
    let point = session.point;
    if (point === text.length) point = previousCharacter(text, point);
    const before = previousCharacter(text, point);
    const dragged = text.slice(before, point);
    let end = point;
    for (let i = 0; i < count; i += 1) end = nextCharacter(text, end);
    session.remember();
    session.text = text.slice(0, before) + text.slice(point, end) + dragged + text.slice(end);
    session.point = end;
  },
  'transpose-words': ({ session, count }) => {
    if (count < 0) {
      session.ring();
      return;
    }
    const { text } = session;
    let secondEnd = session.point;
    for (let i = 0; i < Math.max(1, count); i += 1) secondEnd = wordForward(text, secondEnd);
    const secondStart = wordBackward(text, secondEnd);
    let firstStart = secondStart;
    for (let i = 0; i < Math.max(1, count); i += 1) firstStart = wordBackward(text, firstStart);
    const firstEnd = wordForward(text, firstStart);
    if (firstStart === secondStart || secondStart < firstEnd) {
      session.ring();
      return;
    }
    session.remember();
    session.text = text.slice(0, firstStart) + text.slice(secondStart, secondEnd) + text.slice(firstEnd, secondStart) + text.slice(firstStart, firstEnd) + text.slice(secondEnd);
    session.point = secondEnd;
  },
  'upcase-word': (call) => changeCase(call, (word) => word.toUpperCase()),
  'downcase-word': (call) => changeCase(call, (word) => word.toLowerCase()),
  'capitalize-word': (call) => changeCase(call, (word) => word.replace(/[^\W_]+|[\u00aa-\uffff]+/g, (run) => run.charAt(0).toUpperCase() + run.slice(1).toLowerCase())),
  undo: ({ session, count }) => {
    for (let i = 0; i < count; i += 1) {
      if (!session.undo()) {
        session.ring();
        return;
      }
    }
  },
  'revert-line': ({ session }) => {
    if (session.undoStack.length === 0) session.ring();
    while (session.undo());
  },
  'digit-argument': digitArgument,
  'universal-argument': async ({ session }) => {
    session.argument = (session.argument ?? 1) * 4;
  },
  'accept-line': ({ session }) => accept(session),
  'insert-comment': ({ session, isExplicit }) => {
    session.point = 0;
    const { commentBegin } = session.editor.variables;
    if (isExplicit && session.text.startsWith(commentBegin)) session.remove(0, commentBegin.length);
    else session.insert(commentBegin);
    accept(session);
  },
  'tilde-expand': ({ session }) => session.ring(),
  'start-kbd-macro': ({ session }) => session.startMacro(),
  'end-kbd-macro': ({ session, keys }) => {
    if (!session.endMacro(keys)) session.ring();
  },
  'call-last-kbd-macro': ({ session, count }) => {
    for (let i = 0; i < count; i += 1) session.pushBack(session.editor.macro ?? '');
  },
  'do-lowercase-version': ({ session }) => session.ring(),
  'display-shell-version': ({ session }) => notice(session, 'GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)'),
  'edit-and-execute-command': ({ session }) => {
    accept(session);
    session.ended = { kind: 'line', text: session.text, editsFirst: true };
  },
  're-read-init-file': async ({ session }) => session.onReread?.(),
  'skip-csi-sequence': async ({ session }) => {
    for (let c = await session.readCharacter(); c !== undefined && !/[@-~]/.test(c); c = await session.readCharacter());
  },
};

export function accept(session: Call['session']): void {
  session.isRegionActive = false;
  session.display.update(session.picture());
  session.ended = { kind: 'line', text: session.text };
}

/** A message below the line, which is then drawn again. */
function notice(session: Call['session'], text: string): void {
  session.display.finish();
  session.display.raw(`${text}\r\n`);
  session.display.redrawFresh(session.picture());
}

function selfInsert({ session, count, keys }: Call): void {
  if (count < 0) {
    session.ring();
    return;
  }
  const text = keys.repeat(count);
  if (session.overwrites && session.point < session.text.length) {
    let end = session.point;
    for (let i = 0; i < count; i += 1) end = nextCharacter(session.text, end);
    session.replace(session.point, end, text);
    return;
  }
  session.insert(text, count === 1);
}

function rubOut(session: Call['session'], count: number, isExplicit: boolean): void {
  if (session.point === 0) {
    session.ring();
    return;
  }
  let start = session.point;
  for (let i = 0; i < count; i += 1) start = previousCharacter(session.text, start);
  if (isExplicit && count > 1) session.kill(session.point, start);
  else session.remove(start, session.point);
}

function changeCase({ session, count }: Call, change: (word: string) => string): void {
  const start = session.point;
  let other = start;
  for (let i = 0; i < Math.abs(count); i += 1) other = count > 0 ? wordForward(session.text, other) : wordBackward(session.text, other);
  const [from, to] = start < other ? [start, other] : [other, start];
  if (from === to) return;
  session.replace(from, to, change(session.text.slice(from, to)));
  if (count < 0) session.point = start;
}

async function digitArgument({ session, keys }: Call): Promise<void> {
  let sign = 1;
  let value: number | undefined = session.argument;
  const first = keys.slice(-1);
  if (first === '-') sign = -1;
  else value = (value ?? 0) * 10 + Number(first);
  const show = async (): Promise<void> => {
    session.display.setMessage(`(arg: ${sign < 0 && value === undefined ? -1 : sign * (value ?? 1)}) `);
    await session.redraw();
  };
  await show();
  for (;;) {
    const read = await session.readSequence();
    if (read === undefined) {
      session.display.setMessage(undefined);
      return;
    }
    const digit = /^\x1b?(\d)$/.exec(read.sequence);
    if (digit !== null) {
      value = (value ?? 0) * 10 + Number(digit[1]);
      if (value > 1_000_000) value = 1_000_000;
      await show();
      continue;
    }
    session.display.setMessage(undefined);
    if (read.binding?.kind === 'function' && read.binding.name === 'abort') {
      session.ring();
      await session.redraw();
      return;
    }
    session.argument = sign * (value ?? 1);
    // `digit-argument` is not the last function of what follows it.
    await session.dispatch(read.sequence, read.binding);
    session.argument = undefined;
    session.thisFunction = session.lastFunction;
    return;
  }
}


/** Killing and yanking. Read first: readline(3) "Killing and Yanking", readline's kill.c. */
import { splitWords } from '../history-expansion.ts';
import type { Call, EditorFunction } from './index.ts';
import { shellWords, wordBackward, wordForward } from './words.ts';

export const killingFunctions: Record<string, EditorFunction> = {
  'kill-line': ({ session, count }) => session.kill(session.point, count < 0 ? 0 : session.text.length),
  'backward-kill-line': ({ session, count }) => session.kill(session.point, count < 0 ? session.text.length : 0),
  'unix-line-discard': ({ session }) => {
    if (session.point === 0) session.ring();
    else session.kill(session.point, 0);
  },
  'kill-whole-line': ({ session }) => {
    session.point = session.text.length;
    session.kill(session.point, 0);
  },
  'kill-word': (call) => killWord(call, call.count),
  'backward-kill-word': (call) => killWord(call, -call.count),
  'shell-kill-word': ({ session }) => session.kill(session.point, shellWords(session.text).find(({ end }) => end > session.point)?.end ?? session.text.length),
  'shell-backward-kill-word': ({ session }) => session.kill(session.point, shellWords(session.text).findLast(({ start }) => start < session.point)?.start ?? 0),
  'unix-word-rubout': ({ session, count }) => {
    if (session.point === 0) {
      session.ring();
      return;
    }
    let at = session.point;
    for (let i = 0; i < count; i += 1) {
      while (at > 0 && /\s/.test(session.text[at - 1]!)) at -= 1;
      while (at > 0 && !/\s/.test(session.text[at - 1]!)) at -= 1;
    }
    session.kill(session.point, at);
  },
  'unix-filename-rubout': ({ session, count }) => {
    let at = session.point;
    for (let i = 0; i < count; i += 1) {
      while (at > 0 && /[\s/]/.test(session.text[at - 1]!)) at -= 1;
      while (at > 0 && !/[\s/]/.test(session.text[at - 1]!)) at -= 1;
    }
    session.kill(session.point, at);
  },
  'delete-horizontal-space': ({ session }) => {
    let from = session.point;
    let to = from;
    while (from > 0 && /[ \t]/.test(session.text[from - 1]!)) from -= 1;
    while (to < session.text.length && /[ \t]/.test(session.text[to]!)) to += 1;
    session.remove(from, to);
  },
  'kill-region': ({ session }) => session.kill(Math.max(session.mark, session.point), Math.min(session.mark, session.point)),
  'copy-region-as-kill': ({ session }) => copy(session, session.mark, session.point),
  'copy-forward-word': ({ session }) => copy(session, session.point, wordForward(session.text, session.point)),
  'copy-backward-word': ({ session }) => copy(session, wordBackward(session.text, session.point), session.point),
  yank: ({ session }) => {
    const text = session.editor.killRing[session.editor.killIndex];
    if (text === undefined) {
      session.ring();
      return;
    }
    session.mark = session.point;
    session.insert(text);
    session.mark = session.point - text.length;
  },
  'yank-pop': ({ session }) => {
    const ring = session.editor.killRing;
    const current = ring[session.editor.killIndex];
    if ((session.lastFunction !== 'yank' && session.lastFunction !== 'yank-pop') || current === undefined || ring.length === 1) {
      session.ring();
      return;
    }
    session.editor.killIndex = (session.editor.killIndex + ring.length - 1) % ring.length;
    session.replace(session.point - current.length, session.point, ring[session.editor.killIndex]!);
  },
  'yank-last-arg': (call) => yankArgument(call),
  'yank-nth-arg': ({ session, count, isExplicit }) => {
    const words = splitWords(session.history?.entries[session.historyIndex - 1]?.text ?? '');
    const index = isExplicit ? (count < 0 ? words.length + count : count) : 1;
    const word = words[index];
    if (word === undefined) session.ring();
    else session.insert(word);
  },
};

function killWord({ session }: Call, count: number): void {
  let at = session.point;
  for (let i = 0; i < Math.abs(count); i += 1) at = count > 0 ? wordForward(session.text, at) : wordBackward(session.text, at);
  if (at === session.point) session.ring();
  session.kill(session.point, at);
}

function copy(session: Call['session'], from: number, to: number): void {
  const text = session.text.slice(Math.min(from, to), Math.max(from, to));
  session.editor.killRing.push(text);
  session.editor.killIndex = session.editor.killRing.length - 1;
}

/** Alt+. : the last word of the previous command; again: of the one before. A negative argument turns the direction. */
function yankArgument({ session, count, isExplicit }: Call): void {
  const isRepeated = session.lastFunction === 'yank-last-arg' && session.lastYank !== undefined;
  const previous = isRepeated ? session.lastYank! : { index: session.historyIndex, start: session.point, length: 0, argument: isExplicit ? count : Number.NaN, explicit: isExplicit };
  const step = isRepeated && isExplicit && count < 0 ? 1 : -1;
  const index = previous.index + step;
  const entry = session.history?.entries[index];
  if (entry === undefined) {
    // What was yanked before is taken back all the same.
    if (isRepeated) {
      session.replace(previous.start, previous.start + previous.length, '');
      session.lastYank = { ...previous, length: 0 };
    }
    session.ring();
    return;
  }
  const words = splitWords(entry.text);
  const wanted = Number.isNaN(previous.argument) ? words.length - 1 : previous.argument < 0 ? words.length + previous.argument : previous.argument;
  const word = words[wanted] ?? '';
  if (isRepeated) session.replace(previous.start, previous.start + previous.length, word);
  else session.insert(word);
  session.lastYank = { index, start: previous.start, length: word.length, argument: previous.argument, explicit: previous.explicit };
}

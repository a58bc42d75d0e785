/** Moving about. Read first: readline(3) "Commands for Moving". */
import type { Call, EditorFunction } from './index.ts';
import { characterAt, nextCharacter, previousCharacter, shellWords, wordBackward, wordForward } from './words.ts';

export const motionFunctions: Record<string, EditorFunction> = {
  'beginning-of-line': ({ session }) => {
    session.point = 0;
  },
  'end-of-line': ({ session }) => {
    session.point = session.text.length;
  },
  'forward-char': (call) => byCharacter(call, call.count),
  'backward-char': (call) => byCharacter(call, -call.count),
  'forward-byte': (call) => byCharacter(call, call.count),
  'backward-byte': (call) => byCharacter(call, -call.count),
  'forward-word': (call) => byWord(call, call.count),
  'backward-word': (call) => byWord(call, -call.count),
  'shell-forward-word': ({ session, count }) => {
    for (let i = 0; i < count; i += 1) session.point = shellWords(session.text).find(({ end }) => end > session.point)?.end ?? session.text.length;
  },
  'shell-backward-word': ({ session, count }) => {
    for (let i = 0; i < count; i += 1) session.point = shellWords(session.text).findLast(({ start }) => start < session.point)?.start ?? 0;
  },
  'previous-screen-line': ({ session, count }) => {
    session.point = Math.max(0, session.point - count * session.display.width);
  },
  'next-screen-line': ({ session, count }) => {
    session.point = Math.min(session.text.length, session.point + count * session.display.width);
  },
  'clear-screen': async (call) => {
    if (call.isExplicit) redrawCurrent(call);
    else call.session.display.clearScreen(call.session.picture(), false);
  },
  'clear-display': ({ session }) => session.display.clearScreen(session.picture(), true),
  'redraw-current-line': redrawCurrent,
  'set-mark': ({ session, count, isExplicit }) => {
    session.mark = isExplicit ? Math.min(count, session.text.length) : session.point;
  },
  'exchange-point-and-mark': ({ session }) => {
    const mark = Math.min(session.mark, session.text.length);
    session.mark = session.point;
    session.point = mark;
    session.isRegionActive = true;
  },
  'character-search': (call) => searchCharacter(call, call.count),
  'character-search-backward': (call) => searchCharacter(call, -call.count),
  abort: ({ session }) => {
    session.ring();
    session.argument = undefined;
  },
};

function redrawCurrent({ session }: Call): void {
  session.display.raw('\r\x1b[K');
  session.display.redrawFresh(session.picture());
}

function byCharacter({ session }: Call, count: number): void {
  for (let i = 0; i < Math.abs(count); i += 1) {
    const next = count > 0 ? nextCharacter(session.text, session.point) : previousCharacter(session.text, session.point);
    if (next === session.point) {
      session.ring();
      return;
    }
    session.point = next;
  }
}

function byWord({ session }: Call, count: number): void {
  for (let i = 0; i < Math.abs(count); i += 1) session.point = count > 0 ? wordForward(session.text, session.point) : wordBackward(session.text, session.point);
}

async function searchCharacter({ session }: Call, count: number): Promise<void> {
  const wanted = await session.readCharacter();
  if (wanted === undefined) return;
  let at = session.point;
  for (let i = 0; i < Math.abs(count); i += 1) {
    const step = count > 0 ? nextCharacter : previousCharacter;
    const origin = at;
    do {
      const next = step(session.text, at);
      if (next === at) {
        session.ring();
        return;
      }
      at = next;
    } while (characterAt(session.text, at) !== wanted);
    if (at === origin) return;
  }
  session.point = at;
}

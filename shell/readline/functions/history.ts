/** Going through the history. Read first: readline(3) "Commands for Manipulating the History". */
import { expandHistory } from '../history-expansion.ts';
import { accept } from './editing.ts';
import type { Call, EditorFunction } from './index.ts';

export const historyFunctions: Record<string, EditorFunction> = {
  'previous-history': (call) => move(call, -call.count),
  'next-history': (call) => move(call, call.count),
  'beginning-of-history': ({ session }) => {
    if (!session.goToHistory(0)) session.ring();
  },
  'end-of-history': ({ session }) => {
    if (!session.goToHistory(session.history?.length ?? 0)) session.ring();
  },
  'fetch-history': ({ session, count, isExplicit }) => {
    const history = session.history;
    if (history === undefined || !session.goToHistory(isExplicit ? count - history.base : 0)) session.ring();
  },
  'history-search-backward': (call) => searchPrefix(call, -1, 'prefix'),
  'history-search-forward': (call) => searchPrefix(call, 1, 'prefix'),
  'history-substring-search-backward': (call) => searchPrefix(call, -1, 'substring'),
  'history-substring-search-forward': (call) => searchPrefix(call, 1, 'substring'),
  'operate-and-get-next': ({ session }) => {
    const history = session.history;
    const next = (history?.base ?? 1) + session.historyIndex + 1;
    const isRecalled = history !== undefined && session.historyIndex < history.length;
    accept(session);
    if (isRecalled) session.editor.nextHistoryIndex = next;
  },
  'history-expand-line': ({ session }) => {
    if (session.history === undefined) return;
    const expanded = expandHistory(session.history, session.text);
    if (expanded.kind === 'error') session.ring();
    else if (expanded.kind !== 'unchanged') session.replace(0, session.text.length, expanded.text);
  },
  'shell-expand-line': ({ session }) => session.ring(),
};

function move({ session }: Call, by: number): void {
  const target = session.historyIndex + by;
  if (by === 0) return;
  const last = session.history?.length ?? 0;
  if ((by < 0 && session.historyIndex === 0) || (by > 0 && session.historyIndex === last)) {
    session.ring();
    return;
  }
  if (!session.goToHistory(Math.max(0, Math.min(session.history?.length ?? 0, target)))) session.ring();
  else if (target < 0 || target > (session.history?.length ?? 0)) session.ring();
}

function searchPrefix({ session }: Call, direction: 1 | -1, kind: 'prefix' | 'substring'): void {
  const prefix = session.text.slice(0, session.point);
  const point = session.point;
  const history = session.history;
  for (let index = session.historyIndex + direction; history !== undefined && index >= 0 && index < history.length; index += direction) {
    const text = history.entries[index]!.text;
    const matches = kind === 'prefix' ? text.startsWith(prefix) : text.includes(prefix);
    if (!matches || text === session.text) continue;
    session.goToHistory(index);
    session.point = Math.min(point, session.text.length);
    return;
  }
  session.ring();
}

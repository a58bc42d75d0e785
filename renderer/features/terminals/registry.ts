/**
 * The terminals of the lab in front, by id. They outlive the panes that show them: a split, a fold or a wider window only moves them.
 * Also for keys that move the focus, and for tests that read the screen.
 */
import type { Settings } from '../../../contracts/host.ts';
import type { LabState } from '../../state/lab.svelte.ts';
import { TerminalScreen } from './terminal-view.ts';

const screens = new Map<string, TerminalScreen>();

/** The screen of that terminal, made when it is first wanted. */
export function screenOf(id: string, lab: LabState, settings: Settings, label: string): TerminalScreen {
  const known = screens.get(id);
  if (known?.lab === lab) return known;
  known?.dispose();
  screens.delete(id);
  const screen = new TerminalScreen(id, lab, settings, label);
  screens.set(id, screen);
  return screen;
}

/** Lets go of every screen of that lab but the named ones, and of all those of labs that were closed. */
export function keepOnly(lab: LabState, ids: readonly string[]): void {
  for (const [id, screen] of screens) {
    if (screen.lab === lab ? ids.includes(id) : !screen.lab.isClosed) continue;
    screen.dispose();
    screens.delete(id);
  }
}

export function focusTerminal(id: string): void {
  screens.get(id)?.xterm.focus();
}
export function selectionIn(id: string): string {
  return screens.get(id)?.xterm.getSelection() ?? '';
}
export function revealCommand(id: string, line: string): boolean {
  return screens.get(id)?.reveal(line) ?? false;
}

/** What browser tests read: wrapped lines joined, scrollback included. */
(globalThis as { podwireTest?: unknown }).podwireTest = {
  text: (id: string) => screens.get(id)?.text() ?? '',
  focus: focusTerminal,
  ids: () => [...screens.keys()],
  values: () => [...screens.values()].at(-1)?.lab.report?.values ?? {},
  cursor: (id: string) => {
    const buffer = screens.get(id)?.xterm.buffer.active;
    return buffer === undefined ? '' : `${buffer.baseY + buffer.cursorY}:${buffer.cursorX}`;
  },
  size: (id: string) => ({ columns: screens.get(id)?.xterm.cols, rows: screens.get(id)?.xterm.rows }),
};

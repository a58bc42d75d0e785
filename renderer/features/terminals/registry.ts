/** The terminals on the page, by id: for keys that move the focus, and for tests that read the screen. */
import type { TerminalScreen } from './terminal-view.ts';

const screens = new Map<string, TerminalScreen>();

export function register(screen: TerminalScreen): void {
  screens.set(screen.id, screen);
}
export function unregister(screen: TerminalScreen): void {
  if (screens.get(screen.id) === screen) screens.delete(screen.id);
}
export function focusTerminal(id: string): void {
  screens.get(id)?.xterm.focus();
}

/** What browser tests read: the canvas has no text. */
(globalThis as { podwireTest?: unknown }).podwireTest = {
  text: (id: string) => screens.get(id)?.text() ?? '',
  focus: focusTerminal,
  ids: () => [...screens.keys()],
};

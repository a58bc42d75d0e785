/** Dialogs over the page, and the keys that work everywhere. One layer at a time; Escape closes it. */
import { host } from './host.svelte.ts';
import { playsAddress, router } from './router.svelte.ts';

export type Overlay = 'palette' | 'settings' | 'keys' | 'reset' | 'link';
export interface Action { readonly id: string; readonly title: string; readonly detail: string; readonly keys?: string; readonly group: string; readonly isEnabled?: boolean; run(): void }

export const isApple = /mac/i.test(navigator.platform);
/** As people of this system write it. */
export function keysText(keys: string): string {
  return isApple ? keys.replaceAll('Ctrl', '⌘').replaceAll('Alt', '⌥').replaceAll('Shift', '⇧') : keys;
}

class Overlays {
  open = $state<Overlay>();
  /** The address the learner pressed in a terminal. */
  link = $state('');
  /** What the page in front offers; the palette lists them, the keys run them. */
  pageActions = $state.raw<Action[]>([]);

  show(overlay: Overlay): void {
    this.open = overlay;
  }
  close(): void {
    this.open = undefined;
  }
  command(name: string): void {
    if (name === 'settings' || name === 'palette' || name === 'keys') this.show(name);
    else if (name === 'home') router.home();
    else this.pageActions.find(({ id }) => id === name)?.run();
  }
  get actions(): Action[] {
    const { theme } = host.settings;
    return [
      ...this.pageActions,
      { id: 'home', group: 'Go to', title: 'Course', detail: 'All units and lessons', run: () => router.home() },
      { id: 'play', group: 'Go to', title: 'Free play', detail: 'A lab without a lesson', run: () => { location.hash = playsAddress; } },
      { id: 'theme', group: 'Look', title: theme === 'dark' ? 'Light theme' : 'Dark theme', detail: 'Change the colours', run: () => host.change({ theme: theme === 'dark' ? 'light' : 'dark' }) },
      { id: 'bigger', group: 'Look', title: 'Larger terminal text', detail: `${host.settings.terminalFontSize} px now`, run: () => host.change({ terminalFontSize: Math.min(24, host.settings.terminalFontSize + 1) }) },
      { id: 'smaller', group: 'Look', title: 'Smaller terminal text', detail: `${host.settings.terminalFontSize} px now`, run: () => host.change({ terminalFontSize: Math.max(10, host.settings.terminalFontSize - 1) }) },
      { id: 'settings', group: 'Look', title: 'Settings', detail: 'Theme, fonts, motion, screen reader', keys: 'Ctrl ,', run: () => this.show('settings') },
      { id: 'keys', group: 'Help', title: 'Keys', detail: 'Everything the keyboard does', keys: 'F1', run: () => this.show('keys') },
    ];
  }
}

export const overlays = new Overlays();

/** `Ctrl Shift K` for an event, Ctrl standing for the command key on Apple systems. */
export function chordOf(event: KeyboardEvent): string {
  const parts = [
    (isApple ? event.metaKey : event.ctrlKey) ? 'Ctrl' : '',
    event.altKey ? 'Alt' : '',
    event.shiftKey ? 'Shift' : '',
    keyOf(event),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** With Alt some systems type another character: the key itself is meant. */
function keyOf({ key, code, altKey }: KeyboardEvent): string {
  if (altKey && code.startsWith('Key')) return code.slice(3);
  return key === ' ' ? 'Space' : key.length === 1 ? key.toUpperCase() : key;
}

const everywhere: Readonly<Record<string, () => void>> = {
  'Ctrl K': () => overlays.show('palette'),
  'Ctrl ,': () => overlays.show('settings'),
  F1: () => overlays.show('keys'),
};

/** Keys that a terminal leaves to the page: xterm asks this before it takes one. */
export function isPageKey(event: KeyboardEvent): boolean {
  const chord = chordOf(event);
  return chord in everywhere || overlays.pageActions.some(({ keys }) => keys !== undefined && keys.replace('←', 'ArrowLeft').replace('→', 'ArrowRight') === chord && !isShellKey(chord));
}
/** Alt with arrows, Escape's other name and the like belong to the shell while it has the focus. */
const shellKeys: readonly string[] = ['Alt ArrowLeft', 'Alt ArrowRight', 'Ctrl Z', 'Ctrl Shift Z', 'Ctrl [', 'Ctrl ]', 'Ctrl Enter'];
function isShellKey(chord: string): boolean {
  return shellKeys.includes(chord);
}

export function handleGlobalKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || overlays.open !== undefined) return;
  const chord = chordOf(event);
  const inTerminal = event.target instanceof Element && event.target.closest('.xterm') !== null;
  const inText = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  const own = everywhere[chord];
  const action = overlays.pageActions.find(({ keys }) => keys !== undefined && keys.replace('←', 'ArrowLeft').replace('→', 'ArrowRight') === chord);
  if (own === undefined && action === undefined) return;
  if (inTerminal && isShellKey(chord)) return;
  if (inText && !inTerminal && chord.length === 1) return;
  event.preventDefault();
  if (own !== undefined) own();
  else if (action?.isEnabled !== false) action?.run();
}

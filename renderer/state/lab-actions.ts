/** What can be done with any lab in front, with or without a lesson: for the palette and the keys. */
import { moveFocus } from '../ui/focus.ts';
import type { LabState } from './lab.svelte.ts';
import { overlays, type Action } from './overlays.svelte.ts';

export function labActions(lab: LabState, network: { readonly isShown: boolean; toggle(): void }): Action[] {
  const isPaused = lab.clock?.mode === 'paused';
  return [
    { id: 'skip', group: 'Lab', title: 'Skip half a minute', detail: 'Lets 30 seconds of lab time pass at once', run: () => lab.send({ type: 'pace', mode: 'skip' }) },
    { id: 'pause', group: 'Lab', title: isPaused ? 'Let the clock run' : 'Pause the clock', detail: 'Nothing happens in the lab meanwhile', run: () => lab.send({ type: 'pace', mode: isPaused ? 'live' : 'paused' }) },
    { id: 'undo', group: 'Lab', title: 'Undo', detail: lab.history.undo ?? 'Nothing to undo', keys: 'Ctrl Z', isEnabled: lab.history.undo !== null, run: () => lab.send({ type: 'undo' }) },
    { id: 'redo', group: 'Lab', title: 'Redo', detail: lab.history.redo ?? 'Nothing to redo', keys: 'Ctrl Shift Z', isEnabled: lab.history.redo !== null, run: () => lab.send({ type: 'redo' }) },
    { id: 'timeline', group: 'Lab', title: 'Timeline', detail: 'Every line typed, what it changed, and the way back', run: () => document.dispatchEvent(new Event('podwire-timeline')) },
    { id: 'reset', group: 'Lab', title: 'Reset the lab', detail: 'Goals you reached stay reached', run: () => overlays.show('reset') },
    { id: 'browse', group: 'Lab', title: 'Browser', detail: 'Visits a page through the network of the lab', isEnabled: lab.opened?.canBrowse === true, run: () => document.dispatchEvent(new Event('podwire-browse')) },
    ...lab.terminals.map((terminal): Action => ({ id: `save-${terminal.id}`, group: 'Lab', title: `Save the session of ${terminal.title}`, detail: 'As a recording that asciinema plays', run: () => lab.send({ type: 'save-terminal', terminal: terminal.id }) })),
    { id: 'pane-network', group: 'Panes', title: network.isShown ? 'Fold the network' : 'Open the network', detail: 'Devices, routes, rules, connections', keys: 'F8', run: () => network.toggle() },
    { id: 'next-pane', group: 'Panes', title: 'Next pane', detail: 'Leaves the terminal too', keys: 'F6', run: () => moveFocus(1) },
    { id: 'previous-pane', group: 'Panes', title: 'Previous pane', detail: '', keys: 'Shift F6', run: () => moveFocus(-1) },
    ...lab.terminals.slice(0, 9).map((terminal, index): Action => ({ id: `terminal-${index + 1}`, group: 'Terminals', title: `Terminal ${terminal.title}`, detail: terminal.machine, keys: `Ctrl ${index + 1}`, run: () => document.dispatchEvent(new CustomEvent('podwire-terminal', { detail: terminal.id })) })),
  ];
}

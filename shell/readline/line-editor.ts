/** What an editor keeps from line to line, with readline's defaults as Debian ships them. */
import type { EditorVariables, LineEditor } from './api.ts';
import { createKeymaps } from './bindings.ts';

export function createLineEditor(): LineEditor {
  return {
    killRing: [], killIndex: 0, lastSearch: '', nextHistoryIndex: undefined, keymaps: createKeymaps(), keymap: 'emacs', variables: defaultVariables(),
    get bindings() {
      return this.keymaps[this.keymap];
    },
  };
}

export function defaultVariables(): EditorVariables {
  return {
    bellStyle: 'audible', bracketedPaste: true, completionIgnoreCase: false, completionQueryItems: 100, markDirectories: true,
    matchHiddenFiles: true, pageCompletions: true, printCompletionsHorizontally: false, showAllIfAmbiguous: false,
    showAllIfUnmodified: false, echoControlCharacters: true, enableActiveRegion: true, skipCompletedText: false,
    historyPreservePoint: false, revertAllAtNewline: false, editingMode: 'emacs', commentBegin: '#', keySequenceTimeoutMs: 500, others: new Map(),
  };
}

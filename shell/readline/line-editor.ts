/** What an editor keeps from line to line, with readline's defaults as Debian ships them. */
import type { EditorVariables, LineEditor } from './api.ts';
import { createBindings } from './bindings.ts';

export function createLineEditor(): LineEditor {
  return { killRing: [], killIndex: 0, lastSearch: '', nextHistoryIndex: undefined, bindings: createBindings(), variables: defaultVariables() };
}

export function defaultVariables(): EditorVariables {
  return {
    bellStyle: 'audible', bracketedPaste: true, completionIgnoreCase: false, completionQueryItems: 100, markDirectories: true,
    matchHiddenFiles: true, pageCompletions: true, printCompletionsHorizontally: false, showAllIfAmbiguous: false,
    showAllIfUnmodified: false, echoControlCharacters: true, enableActiveRegion: true, skipCompletedText: false,
    historyPreservePoint: false, revertAllAtNewline: false, editingMode: 'emacs',
  };
}

/** `~/.inputrc` and the same words given to `bind`. Read first: readline(3), "INITIALIZATION FILE"; readline's bind.c (rl_parse_and_bind). */
import type { EditorVariables, KeyBindings, LineEditor } from './api.ts';
import { keymapNames, parseKeySequence } from './bindings.ts';

/** Every variable with readline's default and how Debian sets it, in the order `bind -v` lists them. */
const defaults: readonly (readonly [name: string, value: string])[] = [
  ['bind-tty-special-chars', 'on'], ['blink-matching-paren', 'off'], ['byte-oriented', 'off'], ['colored-completion-prefix', 'off'], ['colored-stats', 'off'], ['completion-ignore-case', 'off'], ['completion-map-case', 'off'],
  ['convert-meta', 'off'], ['disable-completion', 'off'], ['echo-control-characters', 'on'], ['enable-active-region', 'on'], ['enable-bracketed-paste', 'on'], ['enable-keypad', 'off'], ['enable-meta-key', 'on'], ['expand-tilde', 'off'],
  ['history-preserve-point', 'off'], ['horizontal-scroll-mode', 'off'], ['input-meta', 'on'], ['mark-directories', 'on'], ['mark-modified-lines', 'off'], ['mark-symlinked-directories', 'off'], ['match-hidden-files', 'on'],
  ['menu-complete-display-prefix', 'off'], ['meta-flag', 'on'], ['output-meta', 'on'], ['page-completions', 'on'], ['prefer-visible-bell', 'on'], ['print-completions-horizontally', 'off'], ['revert-all-at-newline', 'off'],
  ['show-all-if-ambiguous', 'off'], ['show-all-if-unmodified', 'off'], ['show-mode-in-prompt', 'off'], ['skip-completed-text', 'off'], ['visible-stats', 'off'], ['bell-style', 'audible'], ['comment-begin', '#'],
  ['completion-display-width', '-1'], ['completion-prefix-display-length', '0'], ['completion-query-items', '100'], ['editing-mode', 'emacs'], ['emacs-mode-string', '@'], ['history-size', '0'], ['keymap', 'emacs'], ['keyseq-timeout', '500'],
  ['vi-cmd-mode-string', '(cmd)'], ['vi-ins-mode-string', '(ins)'],
];

type Switch = { [Name in keyof EditorVariables]: EditorVariables[Name] extends boolean ? Name : never }[keyof EditorVariables];
const switches: Readonly<Record<string, Switch>> = {
  'enable-bracketed-paste': 'bracketedPaste', 'completion-ignore-case': 'completionIgnoreCase', 'mark-directories': 'markDirectories', 'match-hidden-files': 'matchHiddenFiles', 'page-completions': 'pageCompletions',
  'print-completions-horizontally': 'printCompletionsHorizontally', 'show-all-if-ambiguous': 'showAllIfAmbiguous', 'show-all-if-unmodified': 'showAllIfUnmodified', 'echo-control-characters': 'echoControlCharacters',
  'enable-active-region': 'enableActiveRegion', 'skip-completed-text': 'skipCompletedText', 'history-preserve-point': 'historyPreservePoint', 'revert-all-at-newline': 'revertAllAtNewline',
};

export function variableNames(): string[] {
  return defaults.map(([name]) => name);
}

export function showVariable({ variables, keymap }: LineEditor, name: string): string {
  const key = switches[name];
  if (key !== undefined) return variables[key] ? 'on' : 'off';
  switch (name) {
    case 'bell-style': return variables.bellStyle;
    case 'comment-begin': return variables.commentBegin;
    case 'completion-query-items': return String(variables.completionQueryItems);
    case 'editing-mode': return variables.editingMode;
    case 'keyseq-timeout': return String(variables.keySequenceTimeoutMs);
    case 'keymap': return keymap === 'emacs' ? (variables.editingMode === 'vi' ? 'vi-insert' : 'emacs') : keymap;
    default: return variables.others.get(name) ?? defaults.find(([known]) => known === name)?.[1] ?? '';
  }
}

/** Answers false for a name readline does not know. */
export function setVariable({ variables }: LineEditor, name: string, value: string): boolean {
  const key = switches[name];
  if (key !== undefined) variables[key] = value === '' || value === '1' || value.toLowerCase() === 'on';
  else if (name === 'bell-style') variables.bellStyle = value === 'none' || value === 'off' ? 'none' : value === 'visible' ? 'visible' : 'audible';
  else if (name === 'comment-begin') variables.commentBegin = value;
  else if (name === 'completion-query-items') variables.completionQueryItems = Number(value) || 0;
  else if (name === 'editing-mode') variables.editingMode = value.startsWith('vi') ? 'vi' : 'emacs';
  else if (name === 'keyseq-timeout') variables.keySequenceTimeoutMs = Math.max(0, Number(value) || 0);
  else if (!defaults.some(([known]) => known === name)) return false;
  else variables.others.set(name, value);
  return true;
}

export interface Reader {
  readonly editor: LineEditor;
  /** Where `set keymap` has led; keys are bound here. */
  keymap: KeyBindings | undefined;
  readonly term: string;
  /** What `$include` names; undefined: it cannot be read. */
  readonly include: (name: string) => Promise<string | undefined>;
  readonly complain: (message: string) => Promise<void>;
}

/** A whole file. */
export async function readInputrc(reader: Reader, text: string, depth = 0): Promise<void> {
  const holds: boolean[] = [];
  for (const row of text.split('\n')) {
    const line = row.trim();
    const condition = /^\$(if|else|endif|include)\s*(.*)$/.exec(line);
    if (condition === null) {
      if (line !== '' && !line.startsWith('#') && holds.every(Boolean)) await readLine(reader, line);
    } else if (condition[1] === 'if') holds.push(isTrue(reader, condition[2]!));
    else if (condition[1] === 'else') holds.push(!(holds.pop() ?? true));
    else if (condition[1] === 'endif') holds.pop();
    else if (holds.every(Boolean) && depth < 10) {
      const included = await reader.include(condition[2]!);
      if (included !== undefined) await readInputrc(reader, included, depth + 1);
    }
  }
}

function isTrue({ editor, term }: Reader, condition: string): boolean {
  const [, name = '', sign = '', value = ''] = /^([\w-]+)\s*([!=<>]*)\s*(.*)$/.exec(condition.trim()) ?? [];
  if (sign === '') return name.toLowerCase() === 'bash';
  if (name === 'mode') return (value === editor.variables.editingMode) === (sign !== '!=');
  if (name === 'term') return (value === term || value === term.replace(/-.*$/, '')) === (sign !== '!=');
  if (name === 'version') return { '=': value === '8.2', '==': value === '8.2', '!=': value !== '8.2', '<': Number(value) > 8.2, '<=': Number(value) >= 8.2, '>': Number(value) < 8.2, '>=': Number(value) <= 8.2 }[sign] ?? false;
  return (showVariable(editor, name) === value) === (sign !== '!=');
}

/** One line: `set name value`, `"keys": function`, `"keys": "text"`, `Control-name: function`. */
export async function readLine(reader: Reader, line: string): Promise<void> {
  const { editor, complain } = reader;
  const set = /^set\s+(\S+)\s*(.*?)\s*$/.exec(line);
  if (set !== null) {
    const [, name = '', value = ''] = set;
    if (name === 'keymap') {
      const keymap = keymapNames[value];
      if (keymap !== undefined) reader.keymap = editor.keymaps[keymap];
    } else if (!setVariable(editor, name, value)) await complain(`${name}: unknown variable name`);
    return;
  }
  const keymap = reader.keymap ?? editor.keymaps[editor.variables.editingMode === 'vi' ? 'vi-insert' : 'emacs'];
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*:\s*([^]*)$/.exec(line);
  const named = quoted === null ? /^([^\s:"]+)\s*:\s*([^]*)$/.exec(line) : null;
  const found = quoted ?? named;
  if (found === null) {
    await complain(line.startsWith('"') ? `${line}: no closing \`"' in key binding` : `${line}: no key sequence terminator`);
    return;
  }
  const sequence = quoted === null ? namedKey(found[1]!) : parseKeySequence(found[1]!);
  if (sequence === '') return;
  const what = found[2]!.trim();
  const macro = /^(["'])((?:[^\\]|\\.)*?)\1/.exec(what);
  if (macro !== null) keymap.bind(sequence, { kind: 'macro', text: parseKeySequence(macro[2]!) });
  else if (what !== '') keymap.bind(sequence, { kind: 'function', name: what.split(/\s/)[0]!.toLowerCase() });
}

/** `Control-u`, `Meta-Rubout`, `TAB`. */
function namedKey(text: string): string {
  const parts = /^((?:(?:control|ctrl|c|meta|m)-)*)(.+)$/i.exec(text);
  if (parts === null) return '';
  const name = parts[2]!;
  const named: Readonly<Record<string, string>> = { del: '\x7f', rubout: '\x7f', esc: '\x1b', escape: '\x1b', lfd: '\n', newline: '\n', ret: '\r', return: '\r', spc: ' ', space: ' ', tab: '\t' };
  let key = named[name.toLowerCase()] ?? name[0]!;
  if (/c(ontrol|trl)?-/i.test(parts[1]!)) key = key === '?' ? '\x7f' : String.fromCharCode(key.toUpperCase().charCodeAt(0) & 31);
  return /m(eta)?-/i.test(parts[1]!) ? `\x1b${key}` : key;
}

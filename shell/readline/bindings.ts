/**
 * Keys and what they do. Read first: readline(3) "DEFAULT KEY BINDINGS" (emacs mode), Debian's /etc/inputrc, inputrc syntax.
 */
import type { Binding, KeyBindings, KeymapName } from './api.ts';

const meta = '\x1b';
const control = (letter: string): string => String.fromCharCode(letter.toUpperCase().charCodeAt(0) & 0x1f);

/** Emacs mode as bash starts it, with the arrow keys and what Debian's /etc/inputrc adds. */
const emacsTable: readonly (readonly [string, string])[] = [
  [control('@'), 'set-mark'], [control('A'), 'beginning-of-line'], [control('B'), 'backward-char'], [control('D'), 'delete-char'],
  [control('E'), 'end-of-line'], [control('F'), 'forward-char'], [control('G'), 'abort'], [control('H'), 'backward-delete-char'],
  [control('I'), 'complete'], [control('J'), 'accept-line'], [control('K'), 'kill-line'], [control('L'), 'clear-screen'],
  [control('M'), 'accept-line'], [control('N'), 'next-history'], [control('O'), 'operate-and-get-next'], [control('P'), 'previous-history'],
  [control('Q'), 'quoted-insert'], [control('R'), 'reverse-search-history'], [control('S'), 'forward-search-history'],
  [control('T'), 'transpose-chars'], [control('U'), 'unix-line-discard'], [control('V'), 'quoted-insert'], [control('W'), 'unix-word-rubout'],
  [control('Y'), 'yank'], [control(']'), 'character-search'], [control('_'), 'undo'], ['\x7f', 'backward-delete-char'],
  [`${control('X')}${control('E')}`, 'edit-and-execute-command'], [`${control('X')}${control('G')}`, 'abort'], [`${control('X')}${control('R')}`, 're-read-init-file'],
  [`${control('X')}${control('U')}`, 'undo'], [`${control('X')}${control('V')}`, 'display-shell-version'], [`${control('X')}${control('X')}`, 'exchange-point-and-mark'],
  [`${control('X')}\x7f`, 'backward-kill-line'], [`${control('X')}(`, 'start-kbd-macro'], [`${control('X')})`, 'end-kbd-macro'], [`${control('X')}e`, 'call-last-kbd-macro'],
  [`${control('X')}!`, 'possible-command-completions'], [`${control('X')}/`, 'possible-filename-completions'],
  [`${control('X')}$`, 'possible-variable-completions'], [`${control('X')}~`, 'possible-username-completions'], [`${control('X')}@`, 'possible-hostname-completions'],
  [`${control('X')}*`, 'glob-expand-word'], [`${control('X')}g`, 'glob-list-expansions'],
  [`${meta}${control('E')}`, 'shell-expand-line'], [`${meta}${control('G')}`, 'abort'], [`${meta}${control('H')}`, 'backward-kill-word'],
  [`${meta}${control('I')}`, 'dynamic-complete-history'], [`${meta}${control('J')}`, 'vi-editing-mode'], [`${meta}${control('L')}`, 'clear-display'], [`${meta}${control('M')}`, 'vi-editing-mode'],
  [`${meta}${control('R')}`, 'revert-line'], [`${meta}${control('T')}`, 'shell-transpose-words'], [`${meta}${control('Y')}`, 'yank-nth-arg'], [`${meta}${control(']')}`, 'character-search-backward'],
  [`${meta}${control('F')}`, 'shell-forward-word'], [`${meta}${control('B')}`, 'shell-backward-word'], [`${meta}${control('D')}`, 'shell-kill-word'],
  [`${meta} `, 'set-mark'], [`${meta}!`, 'complete-command'], [`${meta}#`, 'insert-comment'], [`${meta}$`, 'complete-variable'], [`${meta}&`, 'tilde-expand'],
  [`${meta}*`, 'insert-completions'], [`${meta}.`, 'yank-last-arg'], [`${meta}/`, 'complete-filename'], [`${meta}<`, 'beginning-of-history'], [`${meta}=`, 'possible-completions'],
  [`${meta}>`, 'end-of-history'], [`${meta}?`, 'possible-completions'], [`${meta}@`, 'complete-hostname'], [`${meta}\\`, 'delete-horizontal-space'], [`${meta}^`, 'history-expand-line'],
  [`${meta}_`, 'yank-last-arg'], [`${meta}b`, 'backward-word'], [`${meta}c`, 'capitalize-word'], [`${meta}d`, 'kill-word'], [`${meta}f`, 'forward-word'], [`${meta}g`, 'glob-complete-word'],
  [`${meta}l`, 'downcase-word'], [`${meta}n`, 'non-incremental-forward-search-history'], [`${meta}p`, 'non-incremental-reverse-search-history'], [`${meta}r`, 'revert-line'],
  [`${meta}t`, 'transpose-words'], [`${meta}u`, 'upcase-word'], [`${meta}y`, 'yank-pop'], [`${meta}~`, 'complete-username'], [`${meta}\x7f`, 'backward-kill-word'],
  [`${meta}-`, 'digit-argument'], ...[...'0123456789'].map((digit): readonly [string, string] => [`${meta}${digit}`, 'digit-argument']),
  [`${meta}[A`, 'previous-history'], [`${meta}[B`, 'next-history'], [`${meta}[C`, 'forward-char'], [`${meta}[D`, 'backward-char'], [`${meta}[H`, 'beginning-of-line'], [`${meta}[F`, 'end-of-line'],
  [`${meta}OA`, 'previous-history'], [`${meta}OB`, 'next-history'], [`${meta}OC`, 'forward-char'], [`${meta}OD`, 'backward-char'], [`${meta}OH`, 'beginning-of-line'], [`${meta}OF`, 'end-of-line'],
  [`${meta}[1~`, 'beginning-of-line'], [`${meta}[4~`, 'end-of-line'], [`${meta}[7~`, 'beginning-of-line'], [`${meta}[8~`, 'end-of-line'],
  [`${meta}[3~`, 'delete-char'], [`${meta}[2~`, 'quoted-insert'], [`${meta}[5~`, 'history-search-backward'], [`${meta}[6~`, 'history-search-forward'],
  [`${meta}[1;5C`, 'forward-word'], [`${meta}[1;5D`, 'backward-word'], [`${meta}[5C`, 'forward-word'], [`${meta}[5D`, 'backward-word'], [`${meta}${meta}[C`, 'forward-word'], [`${meta}${meta}[D`, 'backward-word'],
  [`${meta}[1;3C`, 'forward-word'], [`${meta}[1;3D`, 'backward-word'], [`${meta}[3;5~`, 'kill-word'],
  [`${meta}[200~`, 'bracketed-paste-begin'],
];

/** What insert mode and command mode of `set -o vi` have in common. */
const viTable: readonly (readonly [string, string])[] = [
  [control('J'), 'accept-line'], [control('M'), 'accept-line'], [control('R'), 'reverse-search-history'], [control('S'), 'forward-search-history'], [control('T'), 'transpose-chars'], [control('U'), 'unix-line-discard'],
  [control('V'), 'quoted-insert'], [control('D'), 'vi-eof-maybe'], [control('_'), 'vi-undo'], [control('W'), 'vi-unix-word-rubout'], [control('Y'), 'yank'],
  ...emacsTable.filter(([sequence]) => /^\x1b[[O][^2]/.test(sequence)), [`${meta}[2~`, 'overwrite-mode'],
];
const viInsertTable: readonly (readonly [string, string])[] = [
  ...viTable, ['\x7f', 'backward-delete-char'], [control('H'), 'backward-delete-char'], [control('I'), 'complete'], [control('N'), 'menu-complete'], [control('P'), 'menu-complete-backward'], [meta, 'vi-movement-mode'],
  [`${meta}[200~`, 'bracketed-paste-begin'],
];
const viCommandTable: readonly (readonly [string, string])[] = [
  ...viTable, [control('G'), 'abort'], [control('H'), 'backward-char'], ['h', 'backward-char'], ['0', 'beginning-of-line'], [control('L'), 'clear-screen'], ['$', 'end-of-line'], [' ', 'forward-char'], ['l', 'forward-char'],
  ['#', 'insert-comment'], [control('K'), 'kill-line'], [control('N'), 'next-history'], ['+', 'next-history'], ['j', 'next-history'], [control('P'), 'previous-history'], ['-', 'previous-history'], ['k', 'previous-history'],
  [control('Q'), 'quoted-insert'], ['U', 'revert-line'], ['\x7f', 'backward-char'], ['A', 'vi-append-eol'], ['a', 'vi-append-mode'], ['~', 'vi-change-case'], ['r', 'vi-change-char'], ['C', 'vi-change-to'], ['c', 'vi-change-to'],
  ...[...'123456789'].map((digit): readonly [string, string] => [digit, 'vi-arg-digit']), ...[...',;FTft'].map((key): readonly [string, string] => [key, 'vi-char-search']), ...[...'*=\\'].map((key): readonly [string, string] => [key, 'vi-complete']),
  ['|', 'vi-column'], ['x', 'vi-delete'], ['D', 'vi-delete-to'], ['d', 'vi-delete-to'], ['v', 'vi-edit-and-execute-command'], ['E', 'vi-end-word'], ['e', 'vi-end-word'], ['G', 'vi-fetch-history'], ['^', 'vi-first-print'],
  ['`', 'vi-goto-mark'], ['I', 'vi-insert-beg'], ['i', 'vi-insertion-mode'], ['%', 'vi-match'], ['W', 'vi-next-word'], ['w', 'vi-next-word'], ['B', 'vi-prev-word'], ['b', 'vi-prev-word'], ['P', 'vi-put'], ['p', 'vi-put'],
  ['.', 'vi-redo'], ['R', 'vi-replace'], ['X', 'vi-rubout'], ['/', 'vi-search'], ['?', 'vi-search'], ['N', 'vi-search-again'], ['n', 'vi-search-again'], ['m', 'vi-set-mark'], ['S', 'vi-subst'], ['s', 'vi-subst'],
  ['&', 'vi-tilde-expand'], ['u', 'vi-undo'], ['_', 'vi-yank-arg'], ['Y', 'vi-yank-to'], ['y', 'vi-yank-to'],
];

/** Every function `bind -l` names besides those that have a key. */
const otherFunctions: readonly string[] = [
  'alias-expand-line', 'arrow-key-prefix', 'backward-byte', 'complete-into-braces', 'copy-backward-word', 'copy-forward-word', 'copy-region-as-kill', 'dabbrev-expand', 'delete-char-or-list',
  'do-lowercase-version', 'dump-functions', 'dump-macros', 'dump-variables', 'emacs-editing-mode', 'fetch-history', 'forward-backward-delete-char', 'forward-byte', 'history-and-alias-expand-line',
  'history-substring-search-backward', 'history-substring-search-forward', 'insert-last-argument', 'kill-region', 'kill-whole-line', 'magic-space', 'menu-complete', 'menu-complete-backward',
  'next-screen-line', 'non-incremental-forward-search-history-again', 'non-incremental-reverse-search-history-again', 'old-menu-complete', 'overwrite-mode', 'previous-screen-line',
  'print-last-kbd-macro', 'redraw-current-line', 'self-insert', 'shell-backward-kill-word', 'skip-csi-sequence', 'spell-correct-word', 'tab-insert', 'tty-status', 'universal-argument',
  'unix-filename-rubout', 'vi-bWord', 'vi-back-to-indent', 'vi-backward-bigword', 'vi-backward-word', 'vi-bword', 'vi-eWord', 'vi-end-bigword', 'vi-eword', 'vi-fWord', 'vi-forward-bigword',
  'vi-forward-word', 'vi-fword', 'vi-overstrike', 'vi-overstrike-delete', 'vi-yank-pop',
];

export const keymapNames: Readonly<Record<string, KeymapName>> = { emacs: 'emacs', 'emacs-standard': 'emacs', vi: 'vi-command', 'vi-move': 'vi-command', 'vi-command': 'vi-command', 'vi-insert': 'vi-insert' };

export function createKeymaps(): Record<KeymapName, KeyBindings> {
  return { emacs: createBindings(emacsTable), 'vi-insert': createBindings(viInsertTable), 'vi-command': createBindings(viCommandTable) };
}

function createBindings(keys: readonly (readonly [string, string])[]): KeyBindings {
  const table = new Map<string, Binding>();
  const prefixes = new Map<string, number>();
  const count = (sequence: string, by: number): void => {
    for (let length = 1; length < sequence.length; length += 1) {
      const prefix = sequence.slice(0, length);
      prefixes.set(prefix, (prefixes.get(prefix) ?? 0) + by);
    }
  };
  const bindings: KeyBindings = {
    find: (sequence) => table.get(sequence),
    isPrefix: (sequence) => (prefixes.get(sequence) ?? 0) > 0,
    bind(sequence, binding) {
      if (!table.has(sequence)) count(sequence, 1);
      table.set(sequence, binding);
    },
    unbind(sequence) {
      if (table.delete(sequence)) count(sequence, -1);
    },
    entries: () => table.entries(),
  };
  for (const [sequence, name] of keys) bindings.bind(sequence, { kind: 'function', name });
  return bindings;
}

export function functionNames(): string[] {
  return [...new Set([...[...emacsTable, ...viInsertTable, ...viCommandTable].map(([, name]) => name), ...otherFunctions])].sort();
}

/** "\C-x\C-r", "\M-f", "\e[A" as in an inputrc, to raw characters. */
export function parseKeySequence(text: string): string {
  let out = '';
  let i = 0;
  const read = (): string => {
    if (text[i] !== '\\') {
      const c = text[i] ?? '';
      i += 1;
      return c;
    }
    i += 1;
    const c = text[i] ?? '\\';
    i += 1;
    if ((c === 'C' || c === 'M') && text[i] === '-') {
      i += 1;
      const key = read();
      if (c === 'M') return meta + key;
      return key === '?' ? '\x7f' : control(key.slice(-1));
    }
    const simple: Record<string, string> = { e: '\x1b', a: '\x07', b: '\b', d: '\x7f', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
    if (simple[c] !== undefined) return simple[c];
    const octal = /^[0-7]{1,3}/.exec(text.slice(i - 1));
    if (octal !== null) {
      i += octal[0].length - 1;
      return String.fromCharCode(Number.parseInt(octal[0], 8) & 0xff);
    }
    const hex = c === 'x' ? /^[0-9a-fA-F]{1,2}/.exec(text.slice(i)) : null;
    if (hex !== null) {
      i += hex[0].length;
      return String.fromCharCode(Number.parseInt(hex[0], 16));
    }
    return c;
  };
  while (i < text.length) out += read();
  return out;
}

/** The inverse, as `bind -p` prints it. */
export function showKeySequence(sequence: string): string {
  let out = '';
  for (const c of sequence) {
    const code = c.charCodeAt(0);
    if (code === 27) out += '\\e';
    else if (code === 127) out += '\\C-?';
    else if (code < 32) out += `\\C-${String.fromCharCode(code + 64).toLowerCase()}`;
    else if (c === '"' || c === '\\') out += `\\${c}`;
    else out += c;
  }
  return out;
}

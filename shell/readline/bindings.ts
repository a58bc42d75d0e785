/**
 * Keys and what they do. Read first: readline(3) "DEFAULT KEY BINDINGS" (emacs mode), Debian's /etc/inputrc, inputrc syntax.
 */
import type { Binding, KeyBindings } from './api.ts';

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
  [`${meta}[3~`, 'delete-char'], [`${meta}[2~`, 'quoted-insert'],
  [`${meta}[1;5C`, 'forward-word'], [`${meta}[1;5D`, 'backward-word'], [`${meta}[5C`, 'forward-word'], [`${meta}[5D`, 'backward-word'], [`${meta}${meta}[C`, 'forward-word'], [`${meta}${meta}[D`, 'backward-word'],
  [`${meta}[1;3C`, 'forward-word'], [`${meta}[1;3D`, 'backward-word'], [`${meta}[3;5~`, 'kill-word'],
  [`${meta}[200~`, 'bracketed-paste-begin'],
];

/** Every function `bind -l` may name although this editor gives it no key. */
export const otherFunctions: readonly string[] = [
  'backward-byte', 'copy-backward-word', 'copy-forward-word', 'copy-region-as-kill', 'delete-char-or-list', 'do-lowercase-version', 'emacs-editing-mode',
  'fetch-history', 'forward-backward-delete-char', 'forward-byte', 'history-search-backward', 'history-search-forward', 'history-substring-search-backward',
  'history-substring-search-forward', 'kill-region', 'kill-whole-line', 'menu-complete', 'menu-complete-backward', 'next-screen-line', 'old-menu-complete',
  'previous-screen-line', 'print-last-kbd-macro', 'redraw-current-line', 'self-insert', 'shell-backward-kill-word', 'skip-csi-sequence', 'tab-insert', 'universal-argument', 'unix-filename-rubout',
];

export function createBindings(): KeyBindings {
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
  for (const [sequence, name] of emacsTable) bindings.bind(sequence, { kind: 'function', name });
  return bindings;
}

export function functionNames(): string[] {
  return [...new Set([...emacsTable.map(([, name]) => name), ...otherFunctions])].sort();
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

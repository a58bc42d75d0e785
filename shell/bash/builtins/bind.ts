/** bind: the line editor's keys, variables and shell commands. Read first: bash's builtins/bind.def, readline's bind.c (the dumpers). */
import { errnoText } from '../../../machine/errno.ts';
import type { Binding, KeyBindings } from '../../readline/api.ts';
import { functionNames, keymapNames, parseKeySequence, showKeySequence } from '../../readline/bindings.ts';
import { readInputrc, readLine, showVariable, variableNames, type Reader } from '../../readline/inputrc.ts';
import type { Shell } from '../shell.ts';
import { historyOf } from './history.ts';
import { parseOptions } from './options.ts';

const usage = 'bind [-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] [-x keyseq:shell-command] [keyseq:readline-function or readline-command]';

export async function bindBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'bind', args, 'lpsvPSVXm:f:q:u:r:x:', usage);
  if (options === undefined) return 2;
  historyOf(shell);
  if (!shell.isInteractive) await shell.error('bind: warning: line editing not enabled');
  const { editor } = shell.interactive!;
  const { flags, values, rest } = options;
  const wanted = values.get('m');
  const mode = shell.options.has('vi') ? 'vi-insert' : 'emacs';
  const keymap = wanted === undefined ? mode : keymapNames[wanted];
  if (keymap === undefined) {
    await shell.error(`bind: \`${wanted}': invalid keymap name`);
    return 1;
  }
  const bindings = editor.keymaps[keymap];
  let status = 0;
  for (const name of [values.get('q'), values.get('u')]) {
    if (name === undefined || functionNames().includes(name)) continue;
    await shell.error(`bind: \`${name}': unknown function name`);
    return 1;
  }
  if (flags.has('l')) shell.out(functionNames().map((name) => `${name}\n`).join(''));
  if (flags.has('P')) shell.out(`\n${functionNames().map((name) => found(name, keysOf(bindings, name, keymap !== 'vi-command'))).join('')}`);
  if (flags.has('p')) shell.out(`\n${functionNames().map((name) => keysOf(bindings, name, keymap !== 'vi-command')).map((keys, index) => (keys.length === 0 ? `# ${functionNames()[index]} (not bound)\n` : keys.map((key) => `"${key}": ${functionNames()[index]}\n`).join(''))).join('')}`);
  if (flags.has('V')) shell.out(variableNames().map((name) => `${name} is set to \`${showVariable(editor, name)}'\n`).join(''));
  if (flags.has('v')) shell.out(variableNames().map((name) => `set ${name} ${showVariable(editor, name)}\n`).join(''));
  if (flags.has('S')) for (const [key, text] of of(bindings, 'macro')) shell.out(`${key} outputs ${text}\n`);
  if (flags.has('s')) for (const [key, text] of of(bindings, 'macro')) shell.out(`"${key}": "${text}"\n`);
  if (flags.has('X')) for (const [key, text] of of(bindings, 'shell')) shell.out(`"${key}": "${text}"\n`);
  if (values.has('f')) status = await readFile(shell, values.get('f')!) ? status : 1;
  const asked = values.get('q');
  if (asked !== undefined) {
    const keys = keysOf(bindings, asked, keymap !== 'vi-command');
    shell.out(keys.length === 0 ? `${asked} is not bound to any keys.\n` : `${asked} can be invoked via ${keys.slice(0, 5).map((key) => `"${key}"`).join(', ')}${keys.length > 5 ? ', ...\n' : '.\n'}`);
    if (keys.length === 0) status = 1;
  }
  if (values.has('u')) for (const [sequence, binding] of [...bindings.entries()]) if (binding.kind === 'function' && binding.name === values.get('u')) bindings.unbind(sequence);
  if (values.has('r')) bindings.unbind(parseKeySequence(values.get('r')!));
  if (values.has('x')) {
    const command = /^\s*"((?:[^"\\]|\\.)*)"\s*:?\s*([\s\S]*)$/.exec(values.get('x')!);
    if (command === null) {
      await shell.error(`bind: ${values.get('x')!}: first non-whitespace character is not \`"'`);
      return 1;
    }
    bindings.bind(parseKeySequence(command[1]!), { kind: 'shell', command: command[2]!.replace(/^"([\s\S]*)"$/, '$1').replace(/^'([\s\S]*)'$/, '$1') });
  }
  const reader = readerOf(shell, bindings);
  for (const word of rest) await readLine(reader, word);
  takeMode(shell);
  return status;
}

/** `~/.inputrc`, or what INPUTRC names. */
export async function loadInputrc(shell: Shell): Promise<void> {
  const name = shell.get('INPUTRC') ?? `${shell.get('HOME') ?? ''}/.inputrc`;
  const text = await shell.sys.readText(name);
  if (!text.ok) return;
  await readInputrc(readerOf(shell, undefined), text.value);
  takeMode(shell);
}

/** `set -o` and the editor's mode are one. */
export function takeMode(shell: Shell): void {
  const { editingMode } = shell.interactive!.editor.variables;
  if (!shell.options.has(editingMode) && (editingMode === 'vi' || shell.options.has('vi'))) shell.options.set(editingMode, true);
}

async function readFile(shell: Shell, name: string): Promise<boolean> {
  const text = await shell.sys.readText(name);
  if (text.ok) await readInputrc(readerOf(shell, undefined), text.value);
  else await shell.error(`bind: ${name}: cannot read: ${errnoText(text.error)}`);
  return text.ok;
}

function readerOf(shell: Shell, keymap: KeyBindings | undefined): Reader {
  return {
    editor: shell.interactive!.editor,
    keymap,
    term: shell.get('TERM') ?? '',
    include: async (name) => {
      const text = await shell.sys.readText(name.replace(/^~(?=\/|$)/, shell.get('HOME') ?? ''));
      return text.ok ? text.value : undefined;
    },
    complain: async (message) => {
      await shell.write(2, `readline: ${message}\n`);
    },
  };
}

/** The keys of a function as `bind` shows them, in the order of their characters; what can be typed inserts itself. */
function keysOf(bindings: KeyBindings, name: string, inserts: boolean): string[] {
  const sequences = [...bindings.entries()].filter(([, binding]) => binding.kind === 'function' && binding.name === name).map(([sequence]) => sequence);
  if (name === 'self-insert' && inserts) for (let code = 32; code < 256; code += 1) if (code !== 127 && bindings.find(String.fromCharCode(code)) === undefined) sequences.push(String.fromCharCode(code));
  return sequences.sort((a, b) => (a < b ? -1 : 1)).map((sequence) => (sequence >= '\x80' ? `\\${sequence.charCodeAt(0).toString(8)}` : showKeySequence(sequence)));
}

function of(bindings: KeyBindings, kind: Exclude<Binding['kind'], 'function'>): [key: string, text: string][] {
  return [...bindings.entries()].flatMap(([sequence, binding]): [string, string][] => (binding.kind === 'macro' && kind === 'macro' ? [[showKeySequence(sequence), showKeySequence(binding.text)]] : binding.kind === 'shell' && kind === 'shell' ? [[showKeySequence(sequence), binding.command]] : []));
}

function found(name: string, keys: readonly string[]): string {
  if (keys.length === 0) return `${name} is not bound to any keys\n`;
  return `${name} can be found on ${keys.slice(0, 5).map((key) => `"${key}"`).join(', ')}${keys.length > 5 ? ', ...\n' : '.\n'}`;
}

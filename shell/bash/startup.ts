/** Startup files and functions from the environment. Read first: bash(1) "INVOCATION" */
import type { Shell } from './shell.ts';
import { runSource } from './builtins/control.ts';
import { decode } from './escapes.ts';
import { ShellError } from './errors.ts';
import { parseProgram } from './parse.ts';
import { printFunction } from './print.ts';

export async function sourceStartupFile(shell: Shell, path: string): Promise<boolean> {
  const read = await shell.sys.readFile(path);
  if (!read.ok) return false;
  try {
    await runSource(shell, path, decode(read.value), undefined);
  } catch (thrown) {
    if (!(thrown instanceof ShellError)) throw thrown;
    await shell.tell(thrown);
    shell.frames = [];
  }
  await shell.flush();
  return true;
}

export function importFunction(shell: Shell, name: string, text: string): void {
  if (!text.startsWith('() ')) return;
  const parsed = parseProgram(`${name} ${text}`);
  const command = parsed.items[0]?.command;
  if (parsed.trouble !== undefined || command?.kind !== 'function') return;
  shell.functions.set(name, { name, body: command.body, source: printFunction(command), line: 0, isExported: true, isTraced: false, isReadOnly: false, file: 'environment' });
}

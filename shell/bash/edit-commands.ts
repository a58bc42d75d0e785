/** Commands handed to an editor and run as it leaves them: fc, and Ctrl+X Ctrl+E. Read first: bash's builtins/fc.def, "fc_execute_file". */
import { isIncomplete } from './parse.ts';
import { runProgram } from './run.ts';
import type { Shell } from './shell.ts';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Every command is shown, remembered and run; a failing editor runs nothing. */
export async function editAndRun(shell: Shell, editor: string, text: string): Promise<number> {
  const { sys } = shell;
  const name = `/tmp/bash-fc.${Array.from({ length: 6 }, () => letters[sys.random(letters.length)]!).join('')}`;
  const written = await sys.writeFile(name, new TextEncoder().encode(text));
  if (!written.ok) {
    await shell.error(`${name}: cannot open temp file: No such file or directory`);
    return 1;
  }
  const status = await runProgram(shell, `${editor} ${name}`, shell.line, { label: 'eval' });
  const edited = await sys.readText(name);
  sys.unlink(name);
  if (status !== 0 || !edited.ok) return 1;
  let command = '';
  for (const line of edited.value.replace(/\n$/, '').split('\n')) {
    await shell.write(2, `${line}\n`);
    command = command === '' ? line : `${command}\n${line}`;
    if (isIncomplete(`${command}\n`)) continue;
    if (command.trim() !== '') {
      shell.interactive?.history.add(command, { control: shell.get('HISTCONTROL') ?? '' }, Math.floor(sys.now() / 1_000_000));
      await runProgram(shell, command, shell.line, { label: 'eval' });
      await shell.flush();
    }
    command = '';
  }
  if (command !== '') await runProgram(shell, command, shell.line, { label: 'eval' });
  return shell.status;
}

/** `editor` is nano on Debian. */
export function editorOf(shell: Shell, ...names: readonly string[]): string {
  return names.map((name) => shell.get(name) ?? '').find((value) => value !== '') ?? 'nano';
}

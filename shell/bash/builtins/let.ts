/** let. Read first: help let */
import type { Shell } from '../shell.ts';
import { ShellError } from '../errors.ts';

export async function letBuiltin(shell: Shell, given: readonly string[]): Promise<number> {
  const args = given[0] === '--' ? given.slice(1) : given;
  if (args.length === 0) {
    await shell.error('let: expression expected');
    return 1;
  }
  let value = 0n;
  for (const text of args) {
    try {
      value = shell.arithmetic(text);
    } catch (thrown) {
      if (!(thrown instanceof ShellError) || thrown.effect === 'exit') throw thrown;
      throw new ShellError(thrown.message, 1);
    }
  }
  return value === 0n ? 1 : 0;
}

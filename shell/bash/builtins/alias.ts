/** alias, unalias. Read first: help alias */
import type { Shell } from '../shell.ts';
import { quotePlain } from '../escapes.ts';
import { parseOptions } from './options.ts';

export async function aliasBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'alias', args, 'p', 'alias [-p] [name[=value] ... ]');
  if (options === undefined) return 2;
  const show = (name: string, value: string): void => shell.out(`alias ${name}=${quotePlain(value)}\n`);
  if (options.rest.length === 0 || options.flags.has('p')) for (const name of [...shell.aliases.keys()].sort()) show(name, shell.aliases.get(name)!);
  let status = 0;
  for (const word of options.rest) {
    const equals = word.indexOf('=');
    if (equals > 0) {
      const name = word.slice(0, equals);
      if (/[\s$`=|&;()<>/'"\\]/.test(name)) {
        await shell.error(`alias: \`${name}': invalid alias name`);
        status = 1;
      } else shell.aliases.set(name, word.slice(equals + 1));
      continue;
    }
    const value = shell.aliases.get(word);
    if (value === undefined) {
      await shell.error(`alias: ${word}: not found`);
      status = 1;
    } else show(word, value);
  }
  return status;
}

export async function unaliasBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'unalias', args, 'a', 'unalias [-a] name [name ...]');
  if (options === undefined) return 2;
  if (options.flags.has('a')) {
    shell.aliases.clear();
    return 0;
  }
  if (options.rest.length === 0) {
    await shell.write(2, 'unalias: usage: unalias [-a] name [name ...]\n');
    return 2;
  }
  let status = 0;
  for (const name of options.rest) {
    if (shell.aliases.delete(name)) continue;
    await shell.error(`unalias: ${name}: not found`);
    status = 1;
  }
  return status;
}

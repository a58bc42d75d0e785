/** getopts. Read first: help getopts */
import type { Shell } from '../shell.ts';
import { VALID_NAME } from '../variables.ts';

export async function getoptsBuiltin(shell: Shell, given: readonly string[]): Promise<number> {
  const args = given[0] === '--' ? given.slice(1) : given;
  const [letters, name, ...words] = args;
  if (letters === undefined || name === undefined) {
    await shell.write(2, 'getopts: usage: getopts optstring name [arg ...]\n');
    return 2;
  }
  const list = args.length > 2 ? words : shell.positional;
  const isSilent = letters.startsWith(':');
  const saysErrors = !isSilent && shell.get('OPTERR') !== '0';
  let index = Number(shell.get('OPTIND') ?? 1);
  if (!(index >= 1)) index = 1;
  index = Math.min(index, list.length + 1);
  if (shell.getoptsIndex !== index) shell.getoptsPosition = 0;
  const finish = async (value: string, argument: string | undefined, status: number): Promise<number> => {
    shell.assign('OPTIND', undefined, String(index), false);
    shell.getoptsIndex = index;
    if (argument === undefined) shell.unset('OPTARG');
    else shell.assign('OPTARG', undefined, argument, false);
    if (!VALID_NAME.test(name)) {
      await shell.error(`getopts: \`${name}': not a valid identifier`);
      return 1;
    }
    shell.assign(name, undefined, value, false);
    return status;
  };
  const word = list[index - 1];
  if (shell.getoptsPosition === 0) {
    if (word === undefined || !word.startsWith('-') || word === '-') return finish('?', undefined, 1);
    if (word === '--') {
      index += 1;
      return finish('?', undefined, 1);
    }
    shell.getoptsPosition = 1;
  }
  const current = word ?? '';
  const letter = current[shell.getoptsPosition] ?? '';
  shell.getoptsPosition += 1;
  const isLast = shell.getoptsPosition >= current.length;
  const next = (): void => {
    index += 1;
    shell.getoptsPosition = 0;
  };
  const at = letter === ':' ? -1 : letters.indexOf(letter, isSilent ? 1 : 0);
  if (at < 0 || letter === '') {
    if (isLast) next();
    if (saysErrors) await shell.write(2, `${shell.name}: illegal option -- ${letter}\n`);
    return finish('?', isSilent ? letter : undefined, 0);
  }
  if (letters[at + 1] !== ':') {
    if (isLast) next();
    return finish(letter, undefined, 0);
  }
  if (!isLast) {
    const argument = current.slice(shell.getoptsPosition);
    next();
    return finish(letter, argument, 0);
  }
  next();
  const argument = list[index - 1];
  if (argument === undefined) {
    if (isSilent) return finish(':', letter, 0);
    if (saysErrors) await shell.write(2, `${shell.name}: option requires an argument -- ${letter}\n`);
    return finish('?', undefined, 0);
  }
  index += 1;
  return finish(letter, argument, 0);
}

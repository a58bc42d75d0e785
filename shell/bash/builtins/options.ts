/** Option letters of builtins, as internal_getopt reads them. */
import type { Shell } from '../shell.ts';

export interface ParsedOptions { readonly flags: Set<string>; readonly values: Map<string, string>; readonly rest: readonly string[]; /** In order, with sign and value. */ readonly all: readonly { letter: string; sign: '-' | '+'; value: string | undefined }[] }

/** `letters`: `a:b` as getopt(3). undefined: the message is out, answer 2. */
export async function parseOptions(shell: Shell, name: string, args: readonly string[], letters: string, usage: string, plus = false): Promise<ParsedOptions | undefined> {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const all: { letter: string; sign: '-' | '+'; value: string | undefined }[] = [];
  let i = 0;
  for (; i < args.length; i += 1) {
    const word = args[i]!;
    if (word === '--') {
      i += 1;
      break;
    }
    const sign = word[0];
    if (word.length < 2 || (sign !== '-' && !(plus && sign === '+'))) break;
    for (let j = 1; j < word.length; j += 1) {
      const letter = word[j]!;
      const at = letters.indexOf(letter);
      if (at < 0 || letter === ':') {
        await shell.error(`${name}: ${sign}${letter}: invalid option`);
        await shell.write(2, `${name}: usage: ${usage}\n`);
        return undefined;
      }
      let value: string | undefined;
      if (letters[at + 1] === ':') {
        value = word.slice(j + 1);
        if (value === '') {
          i += 1;
          value = args[i];
        }
        if (value === undefined) {
          await shell.error(`${name}: -${letter}: option requires an argument`);
          await shell.write(2, `${name}: usage: ${usage}\n`);
          return undefined;
        }
        values.set(letter, value);
      }
      flags.add(sign === '-' ? letter : `+${letter}`);
      all.push({ letter, sign: sign as '-', value });
      if (value !== undefined) break;
    }
  }
  return { flags, values, rest: args.slice(i), all };
}

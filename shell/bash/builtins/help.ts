/** help. Read first: help help */
import type { Shell } from '../shell.ts';
import { matches } from '../../lib/pattern.ts';
import { parseOptions } from './options.ts';
import { SYNOPSES } from './synopses.ts';

export async function helpBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'help', args, 'dms', 'help [-dms] [pattern ...]');
  if (options === undefined) return 2;
  if (options.rest.length === 0) {
    shell.out('GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nThese shell commands are defined internally.  Type `help name\' to find out more about the function `name\'.\n\n');
    for (const [name, synopsis] of SYNOPSES) shell.out(` ${name} ${synopsis.usage}`.trimEnd() + '\n');
    return 0;
  }
  let status = 0;
  for (const pattern of options.rest) {
    const exact = SYNOPSES.filter(([name]) => name === pattern);
    const found = exact.length > 0 ? exact : SYNOPSES.filter(([name]) => name.startsWith(pattern) || matches(pattern, name, { extended: false, ignoreCase: false }));
    if (found.length === 0) {
      await shell.error(`help: no help topics match \`${pattern}'.  Try \`help help' or \`man -k ${pattern}' or \`info ${pattern}'.`);
      status = 1;
    }
    for (const [name, { usage, summary }] of found) {
      if (options.flags.has('s')) shell.out(`${name}: ${`${name} ${usage}`.trimEnd()}\n`);
      else if (options.flags.has('d')) shell.out(`${name} - ${summary}\n`);
      else shell.out(`${name}: ${`${name} ${usage}`.trimEnd()}\n    ${summary}\n`);
    }
  }
  return status;
}

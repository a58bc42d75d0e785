/** echo. Read first: help echo */
import type { Shell } from '../shell.ts';
import { echoText } from '../escapes.ts';

export function echoBuiltin(shell: Shell, args: readonly string[]): number {
  let newline = true;
  let escapes = shell.options.shopt('xpg_echo');
  let i = 0;
  if (!(escapes && shell.options.posix)) {
    for (; i < args.length && /^-[neE]+$/.test(args[i]!); i += 1) {
      for (const letter of args[i]!.slice(1)) {
        if (letter === 'n') newline = false;
        else escapes = letter === 'e';
      }
    }
  }
  let text = i === 0 ? args.join(' ') : args.slice(i).join(' ');
  if (escapes) {
    const made = echoText(text, true);
    text = made.text;
    if (made.stop) newline = false;
  }
  shell.out(newline ? `${text}\n` : text);
  return 0;
}

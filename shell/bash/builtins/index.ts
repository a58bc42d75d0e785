/** The builtins of bash: one line each. Read first: bash(1) "SHELL BUILTIN COMMANDS" */
import type { Shell } from '../shell.ts';
import type { Assignment } from '../ast.ts';
import { aliasBuiltin, unaliasBuiltin } from './alias.ts';
import { colon, evalBuiltin, execBuiltin, exitBuiltin, falseBuiltin, logoutBuiltin, shiftBuiltin, sourceBuiltin, breakBuiltin, returnBuiltin, callerBuiltin } from './control.ts';
import { cdBuiltin, dirsBuiltin, popdBuiltin, pushdBuiltin, pwdBuiltin } from './directories.ts';
import { commandBuiltin, builtinBuiltin, enableBuiltin, hashBuiltin, typeBuiltin } from './commands.ts';
import { compgenBuiltin, completeBuiltin, compoptBuiltin } from './completion.ts';
import { declareBuiltin, exportBuiltin, localBuiltin, readonlyBuiltin, unsetBuiltin } from './declare.ts';
import { echoBuiltin } from './echo.ts';
import { getoptsBuiltin } from './getopts.ts';
import { helpBuiltin } from './help.ts';
import { bindBuiltin } from './bind.ts';
import { fcBuiltin, historyBuiltin } from './history.ts';
import { bgBuiltin, disownBuiltin, fgBuiltin, jobsBuiltin, killBuiltin, suspendBuiltin, waitBuiltin } from './jobs.ts';
import { letBuiltin } from './let.ts';
import { mapfileBuiltin } from './mapfile.ts';
import { printfBuiltin } from './printf.ts';
import { readBuiltin } from './read.ts';
import { setBuiltin, shoptBuiltin } from './set.ts';
import { testBuiltin } from './test.ts';
import { timesBuiltin, trapBuiltin, ulimitBuiltin, umaskBuiltin } from './system.ts';

export interface BuiltinCall {
  readonly name: string;
  /** Arguments that were written as assignments, by position. */
  readonly shaped: readonly (Assignment | undefined)[];
}
export type Builtin = (shell: Shell, args: readonly string[], call: BuiltinCall) => Promise<number> | number;

export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['.', sourceBuiltin], [':', colon], ['[', testBuiltin], ['alias', aliasBuiltin], ['bg', bgBuiltin], ['bind', bindBuiltin], ['break', breakBuiltin], ['builtin', builtinBuiltin], ['caller', callerBuiltin], ['cd', cdBuiltin],
  ['command', commandBuiltin], ['compgen', compgenBuiltin], ['complete', completeBuiltin], ['compopt', compoptBuiltin], ['continue', breakBuiltin], ['declare', declareBuiltin], ['dirs', dirsBuiltin], ['disown', disownBuiltin],
  ['echo', echoBuiltin], ['enable', enableBuiltin], ['eval', evalBuiltin], ['exec', execBuiltin], ['exit', exitBuiltin], ['export', exportBuiltin], ['false', falseBuiltin], ['fc', fcBuiltin], ['fg', fgBuiltin], ['getopts', getoptsBuiltin],
  ['hash', hashBuiltin], ['help', helpBuiltin], ['history', historyBuiltin], ['jobs', jobsBuiltin], ['kill', killBuiltin], ['let', letBuiltin], ['local', localBuiltin], ['logout', logoutBuiltin], ['mapfile', mapfileBuiltin],
  ['popd', popdBuiltin], ['printf', printfBuiltin], ['pushd', pushdBuiltin], ['pwd', pwdBuiltin], ['read', readBuiltin], ['readarray', mapfileBuiltin], ['readonly', readonlyBuiltin], ['return', returnBuiltin], ['set', setBuiltin],
  ['shift', shiftBuiltin], ['shopt', shoptBuiltin], ['source', sourceBuiltin], ['suspend', suspendBuiltin], ['test', testBuiltin], ['times', timesBuiltin], ['trap', trapBuiltin], ['true', colon], ['type', typeBuiltin],
  ['typeset', declareBuiltin], ['ulimit', ulimitBuiltin], ['umask', umaskBuiltin], ['unalias', unaliasBuiltin], ['unset', unsetBuiltin], ['wait', waitBuiltin],
]);

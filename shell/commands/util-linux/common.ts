/** What the tools of util-linux do alike: --help, --version, and how they say that they were called wrongly. Read first: include/c.h (errtryhelp, UTIL_LINUX_VERSION) */
import type { ExitCode, Sys } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type OptionTable, type ParsedOptions } from '../../lib/getopt.ts';
import type { Invocation } from '../define.ts';
import { helpTexts } from './help.ts';

/** Says what is wrong and where help is; `misuse` is the exit status of the tool for that. */
export function tryHelp(call: Invocation, what: string, misuse: ExitCode = 1): ExitCode {
  call.err(`${call.name}: ${what}`);
  call.err(`Try '${call.name} --help' for more information.`);
  return misuse;
}

/** The options, with -h and -V; a number is the exit status of a call that is over. */
export function utilLinuxOptions(call: Invocation, table: OptionTable, misuse: ExitCode = 1): ParsedOptions | ExitCode {
  const options = parseOptions(call.args, { short: `${table.short}hV`, long: { ...table.long, help: 'none=h', version: 'none=V' } });
  if (options.error !== undefined) return tryHelp(call, options.error, misuse);
  if (options.has('h')) {
    call.write(helpTexts[call.name as keyof typeof helpTexts]);
    return 0;
  }
  if (options.has('V')) {
    call.out(`${call.name} from util-linux 2.38.1`);
    return 0;
  }
  return options;
}

/** execvp(3), or what it died of: 127 for what there is not, 126 for the rest (errexec). */
export async function execute(call: Invocation, argv: readonly string[]): Promise<ExitCode> {
  const { sys } = call;
  const found = sys.findProgram(argv[0]!);
  await call.flush();
  const failed = found.ok ? await sys.exec(found.value, argv) : found;
  const error = failed.ok ? 'ENOENT' : failed.error;
  call.err(`${call.name}: failed to execute ${argv[0]!}: ${strerror(error)}`);
  return error === 'ENOENT' ? 127 : 126;
}

/** The shell of who calls, for `-c`. */
export function callersShell(sys: Pick<Sys, 'env'>): string {
  return sys.env.get('SHELL') ?? '/bin/sh';
}

/** What every ip object needs: the process, the options given before the object, and the words of `ip` for kernel errors. */
import type { ExitCode } from '../../../machine/sys.ts';
import type { Family } from '../../ports/kernel.ts';
import type { Result } from '../../ports/result.ts';
import { strerror } from '../../lib/errno.ts';
import { notSimulated, type Invocation } from '../define.ts';
import { IpExit } from './arguments.ts';
import type { Printer } from './printer.ts';

export interface IpOptions {
  family: Family | 'link' | 'bridge' | undefined;
  statistics: number;
  details: number;
  brief: boolean;
  oneLine: boolean;
  humanReadable: boolean;
  iec: boolean;
  numeric: boolean;
  resolve: boolean;
  all: boolean;
  timestamp: 'no' | 'long' | 'short';
}

export interface IpContext {
  readonly call: Invocation;
  /** Of the namespace `ip` works in now; it changes with `-n`. */
  readonly net: Invocation['net'];
  readonly options: IpOptions;
  /** AF_INET or AF_INET6 when -4 or -6 was given. */
  readonly family: Family | undefined;
  newPrinter(): Printer;
  out(line: string): void;
  err(line: string): void;
}

export type ObjectHandler = (context: IpContext, words: readonly string[]) => Promise<ExitCode> | ExitCode;

/** rtnl_talk(): 0, or what it says about a refusal, status 2. */
export function kernelAnswer(context: Pick<IpContext, 'err'>, result: Result<unknown>): ExitCode {
  if (result.ok) return 0;
  if (result.message !== undefined) context.err(`Error: ${result.message}${/[.\n]$/.test(result.message) ? '' : '.'}`);
  else context.err(`RTNETLINK answers: ${strerror(result.error)}`);
  return 2;
}

export function unsupported(context: IpContext, what: string): never {
  notSimulated(context.call, what);
  throw new IpExit(125);
}

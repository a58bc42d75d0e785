/** What ends a kubectl command early, with what it prints. */

/** `error: MESSAGE`, exit 1; a message that begins with "Error" or names the connection is printed as it stands (cmdutil.StandardErrorMessage). */
export class KubectlProblem extends Error {
  override readonly name = 'KubectlProblem';
  readonly exit: number;
  readonly isWhole: boolean;
  constructor(message: string, { exit = 1, isWhole = false }: { readonly exit?: number; readonly isWhole?: boolean } = {}) {
    super(message);
    this.exit = exit;
    this.isWhole = isWhole;
  }
}

/** UsageErrorf: the message, then where to read more. */
export function usageProblem(command: string, message: string): KubectlProblem {
  return new KubectlProblem(`${message}\nSee 'kubectl ${command} -h' for help and examples`);
}

export interface StatusBody {
  readonly reason?: string; readonly message?: string; readonly code?: number;
  readonly details?: { readonly name?: string; readonly kind?: string; readonly causes?: readonly { readonly field?: string; readonly message?: string; readonly reason?: string }[] };
}

/** An answer that is a Status of failure. */
export class ServerProblem extends KubectlProblem {
  readonly status: StatusBody;
  /** What was being done, where a file is named after it: `error when creating`. */
  readonly doing: string | undefined;
  constructor(status: StatusBody, doing?: string) {
    super(words(status), { isWhole: true });
    this.status = status;
    this.doing = doing;
  }
}

/** StatusCause and checkErr: `Error from server (NotFound): ...`; what is invalid is listed. */
function words({ reason, message = '', details }: StatusBody): string {
  if (reason === 'Invalid' && details !== undefined) {
    const what = details.kind === undefined ? 'The request is invalid' : `The ${details.kind} "${details.name ?? ''}" is invalid`;
    const causes = (details.causes ?? []).map(({ field = '', message: why = '' }) => `${field}: ${why}`);
    if (causes.length === 0) return message === '' ? what : `${what}: ${message}`;
    return causes.length === 1 ? `${what}: ${causes[0]}` : `${what}: \n${[...new Set(causes)].map((cause) => `* ${cause}\n`).join('')}`.replace(/\n$/, '');
  }
  if (reason === undefined || reason === '') return `Error from server: ${message}`;
  return `Error from server (${reason}): ${message}`;
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ServerProblem && error.status.reason === 'NotFound';
}

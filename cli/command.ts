/** A command of the command line: a module of its own, one line in podwire.ts. */
export interface CliCommand {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** Answers the exit status. */
  run(args: readonly string[]): Promise<number>;
}

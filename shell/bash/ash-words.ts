/**
 * What busybox's ash says where bash says something else: as it names the place, and in its own words (busybox 1.34 shell/ash.c, ash_vmsg and
 * its callers). Containers of Alpine have it for sh. The language is bash's: only what goes wrong is told apart.
 */

export interface Place {
  /** `sh`, or the path of a script. */
  readonly name: string;
  /** Undefined when somebody types. */
  readonly line: number | undefined;
  /** Given by -c or on standard input: only builtins tell the line, and -c counts from nought. */
  readonly from: 'script' | 'command string' | 'standard input';
}

const sentences: readonly (readonly [bash: RegExp, ash: string])[] = [
  [/^(.*): command not found$/s, '$1: not found'], [/^(.*): unbound variable$/, '$1: parameter not set'], [/^(.*): readonly variable$/, '$1: is read only'], [/^.*division by 0.*$/s, 'divide by zero'],
  [/^cd: (.*): (No such file or directory|Permission denied|Not a directory)$/s, "cd: can't cd to $1: $2"], [/^kill: \((\d+)\) - (.*)$/, "can't kill pid $1: $2"], [/^\[: missing `\]'$/, 'missing ]'],
];

export function ashMessage(message: string, { name, line, from }: Place): string {
  const found = sentences.find(([bash]) => bash.test(message));
  const words = found === undefined ? message : message.replace(found[0], found[1]);
  const number = from === 'command string' ? 0 : line;
  // A builtin stands before the place, everything else after it.
  const builtin = /^cd: /.exec(words)?.[0] ?? '';
  const where = number === undefined || (from !== 'script' && builtin === '') ? '' : `line ${number}: `;
  return `${name}: ${builtin}${where}${words.slice(builtin.length)}`;
}

export function ashSyntax(message: string): string {
  const token = /^syntax error near unexpected token `(.*)'$/s.exec(message)?.[1];
  if (token !== undefined) return `syntax error: unexpected ${token === 'newline' ? 'newline' : JSON.stringify(token)}`;
  return /looking for matching [`'"]+/.test(message) ? 'syntax error: unterminated quoted string' : message;
}

/** A file that cannot be opened for a redirection. */
export function ashRedirect(trouble: string, isCreated: boolean): string {
  const path = /^(.*): No such file or directory$/s.exec(trouble)?.[1];
  if (path === undefined) return trouble;
  return isCreated ? `can't create ${path}: nonexistent directory` : `can't open ${path}: no such file`;
}

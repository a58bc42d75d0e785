/** Keys as people name them and as terminals send them. */

const KEY = /\x1b\[200~[^]*?\x1b\[201~|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1bO.|\x1b[^\x1b[O]|[^]/gu;

/** One entry a key press: a character, an escape sequence, or one whole bracketed paste. */
export function keysOf(text: string): string[] {
  return text.match(KEY) ?? [];
}

const namedKeys: Readonly<Record<string, string>> = {
  enter: '\r', tab: '\t', escape: '\x1b', space: ' ', up: '\x1b[A', down: '\x1b[B', right: '\x1b[C', left: '\x1b[D', home: '\x1b[H', end: '\x1b[F', backspace: '\x7f', delete: '\x1b[3~',
};

/** What the terminal sends for `ctrl-c`, `enter`, ... or a character that stands for itself. */
export function keyNamed(name: string): string {
  const control = /^ctrl-([a-z[\]\\^_@])$/.exec(name);
  if (control !== null) return String.fromCharCode(control[1]!.toUpperCase().charCodeAt(0) & 31);
  return namedKeys[name] ?? name;
}

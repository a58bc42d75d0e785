/**
 * --help and --version of the GNU tools, in the real ones' words. Read first: "Common options" in the coreutils manual. They are answered before a
 * tool looks at its words; a tool that runs another command takes them as its own only where they come first.
 */
import { helpTexts } from './gnu-help-texts.ts';

const LEADING_ONLY = new Set(['env', 'nice', 'nohup', 'timeout', 'xargs', 'expr', 'stdbuf']);
const ALONE_ONLY = new Set(['[', 'echo', 'printf', 'true', 'false']);
/** Pages of the manual that are called otherwise than their program. */
const pages: Readonly<Record<string, readonly [address: string, title: string]>> = { '[': ['test', 'test invocation'], ...Object.fromEntries(['sha224sum', 'sha256sum', 'sha384sum', 'sha512sum'].map((name) => [name, [name, 'sha2 utilities'] as const])) };
const LICENCE = 'Copyright (C) 2022 Free Software Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.\nThis is free software: you are free to change and redistribute it.\nThere is NO WARRANTY, to the extent permitted by law.\n';

/** What a tool, named as it was called, prints for these words, if they ask for help or its version. */
export function gnuAnswer([called = '', ...args]: readonly string[]): string | undefined {
  const name = called.slice(called.lastIndexOf('/') + 1);
  const help = helpTexts[name];
  if (help === undefined || args.length === 0) return undefined;
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const candidates = ALONE_ONLY.has(name) ? (args.length === 1 ? args : []) : LEADING_ONLY.has(name) ? args.slice(0, 1) : options;
  const asked = candidates.find((word) => word === '--help' || word === '--version');
  if (asked === undefined) return undefined;
  if (asked === '--version') return `${name} ${packageOf(name)}\n${LICENCE}\nWritten by ${help.authors}\n`;
  const text = called === name || name === '[' ? help.text : help.text.replace(/^(Usage: | *or: +)(\S+)/gm, `$1${called}`);
  if (name === 'grep' || name === 'xargs') return text;
  const [address, title] = pages[name] ?? [name, `${name} invocation`];
  return `${text}
GNU coreutils online help: <https://www.gnu.org/software/coreutils/>
Report any translation bugs to <https://translationproject.org/team/>
Full documentation <https://www.gnu.org/software/coreutils/${address}>
or available locally via: info '(coreutils) ${title}'
`;
}

function packageOf(name: string): string {
  return name === 'grep' ? '(GNU grep) 3.8' : name === 'xargs' ? '(GNU findutils) 4.9.0' : name === 'dd' ? '(coreutils) 9.1' : '(GNU coreutils) 9.1';
}

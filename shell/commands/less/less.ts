/** less 590, a pager. Read first: less(1). Options are those of the real program; what is missing says so. */
import type { Sys } from '../../../machine/sys.ts';
import { utf8 } from '../../ports/bytes.ts';
import type { Invocation } from '../define.ts';
import { defineCommand, notSimulated } from '../define.ts';
import type { PagerFile, PagerSettings } from './pager.ts';
import { Pager } from './pager.ts';
import { TextSource } from './source.ts';

export const less = defineCommand({
  name: 'less',
  aliases: ['pager', 'view-less'],
  summary: 'opposite of more: look at text a screen at a time',
  package: 'less',
  run,
});

async function run(call: Invocation): Promise<number> {
  const { sys } = call;
  const settings: PagerSettings = {
    showsNumbers: false, chops: false, quitsIfOneScreen: false, quitsAtEnd: false, noInit: false, passesColours: false, ignoresCase: 'no',
    highlights: true, promptStyle: 'short', squeezes: false, hasTildes: true, startsAt: undefined, startPattern: undefined, promptText: undefined,
  };
  const names: string[] = [];
  const fromEnvironment = (sys.env.get('LESS') ?? '').split(/\s+/).filter((word) => word !== '').map((word) => (word.startsWith('-') || word.startsWith('+') ? word : `-${word}`));
  const words = [...fromEnvironment, ...call.args];
  let onlyFiles = false;
  for (const word of words) {
    if (onlyFiles || word === '-' || !/^[-+]/.test(word)) {
      names.push(word);
      continue;
    }
    if (word === '--') {
      onlyFiles = true;
      continue;
    }
    if (word === '--version' || word === '-V') {
      call.out('less 590 (GNU regular expressions)');
      return 0;
    }
    const problem = word.startsWith('+') ? startAt(word.slice(1), settings) : word.startsWith('--') ? longOption(word.slice(2), settings) : shortOptions(word.slice(1), settings);
    if (problem === undefined) continue;
    if (problem.kind === 'missing') return notSimulated(call, `option ${problem.text}`);
    call.err(problem.text);
  }
  if (names.length === 0 && sys.isTerminal(0)) {
    call.err('Missing filename ("less --help" for help)');
    return 1;
  }
  const files: PagerFile[] = names.length === 0 ? [standardInput(sys)] : names.map((name) => (name === '-' ? standardInput(sys) : namedFile(sys, name)));
  if (!call.stdoutIsTerminal) return copy(call, files);
  let first: TextSource | undefined;
  let failures = 0;
  while (first === undefined && files[0] !== undefined) {
    const opened = await files[0].open();
    if (typeof opened === 'string') {
      call.err(opened);
      failures += 1;
      files.shift();
    } else first = opened;
  }
  await call.flush();
  if (first === undefined) return failures > 0 ? 1 : 0;
  return Pager.run(sys, files, first, settings);
}

/** Output that is no terminal: less is cat. */
async function copy(call: Invocation, files: readonly PagerFile[]): Promise<number> {
  let code = 0;
  for (const file of files) {
    const opened = await file.open();
    if (typeof opened === 'string') {
      call.err(opened);
      code = 1;
      continue;
    }
    for (;;) {
      const got = await call.sys.read(opened.fd, 65536);
      if (!got.ok || got.value.length === 0) break;
      call.write(got.value);
      await call.flush();
    }
  }
  return code;
}

function standardInput(sys: Sys): PagerFile {
  return { name: undefined, open: async () => new TextSource(sys, 0, undefined, undefined) };
}

export function namedFile(sys: Sys, name: string): PagerFile {
  return {
    name,
    open: async () => {
      const stat = sys.stat(name);
      if (stat.ok && stat.value.kind === 'directory') return `${name} is a directory`;
      const fd = await sys.open(name, { read: true, closeOnExec: true });
      if (!fd.ok) return `${name}: ${fd.error === 'EACCES' ? 'Permission denied' : 'No such file or directory'}`;
      return new TextSource(sys, fd.value, name, stat.ok && stat.value.kind === 'file' ? stat.value.size : undefined);
    },
  };
}

type Problem = { readonly kind: 'missing' | 'wrong'; readonly text: string } | undefined;

function startAt(text: string, settings: PagerSettings): Problem {
  if (text.startsWith('/')) settings.startPattern = text.slice(1);
  else if (/^\d+g?$/.test(text)) settings.startsAt = text.replace('g', '');
  else if (text === 'G' || text === 'F') settings.startsAt = 'end';
  else return { kind: 'missing', text: `+${text}` };
  return undefined;
}

function shortOptions(letters: string, settings: PagerSettings): Problem {
  for (let i = 0; i < letters.length; i += 1) {
    const letter = letters[i]!;
    const rest = letters.slice(i + 1);
    if (letter === 'N') settings.showsNumbers = true;
    else if (letter === 'n') settings.showsNumbers = false;
    else if (letter === 'S') settings.chops = true;
    else if (letter === 'F') settings.quitsIfOneScreen = true;
    else if (letter === 'X') settings.noInit = true;
    else if (letter === 'R' || letter === 'r') settings.passesColours = true;
    else if (letter === 'i') settings.ignoresCase = 'smart';
    else if (letter === 'I') settings.ignoresCase = 'always';
    else if (letter === 'E' || letter === 'e') settings.quitsAtEnd = true;
    else if (letter === 'M') settings.promptStyle = 'long';
    else if (letter === 'm') settings.promptStyle = 'medium';
    else if (letter === 'G' || letter === 'g') settings.highlights = letter === 'g';
    else if (letter === 's') settings.squeezes = true;
    else if (letter === '~') settings.hasTildes = false;
    else if (letter === 'p') {
      settings.startPattern = rest;
      return undefined;
    } else if (letter === 'P') {
      settings.promptText = rest;
      return undefined;
    } else if ('acCdfJKLQquUwW'.includes(letter)) continue;
    else if ('bDhjkoOtTxyz'.includes(letter) && (/^\d+$/.test(rest) || rest === '')) return undefined;
    else if ('VZ1234567890'.includes(letter) || !/[a-zA-Z]/.test(letter)) return { kind: 'wrong', text: `There is no -${letter} option ("less --help" for help)` };
    else return { kind: 'missing', text: `-${letter}` };
  }
  return undefined;
}

const longNames: Record<string, string> = {
  'LINE-NUMBERS': 'N', 'line-numbers': 'n', 'chop-long-lines': 'S', 'quit-if-one-screen': 'F', 'no-init': 'X', 'RAW-CONTROL-CHARS': 'R', 'raw-control-chars': 'r',
  'ignore-case': 'i', 'IGNORE-CASE': 'I', 'quit-at-eof': 'e', 'QUIT-AT-EOF': 'E', 'long-prompt': 'm', 'LONG-PROMPT': 'M', 'squeeze-blank-lines': 's', tilde: '~', 'quit-on-intr': 'K', quiet: 'q', silent: 'q',
};

function longOption(text: string, settings: PagerSettings): Problem {
  const [name = '', value] = text.split('=');
  if (name === 'pattern') {
    settings.startPattern = value ?? '';
    return undefined;
  }
  const letter = longNames[name];
  if (letter !== undefined) return shortOptions(letter, settings);
  return { kind: name === 'help' ? 'missing' : 'wrong', text: name === 'help' ? '--help' : `There is no ${name} option ("less --help" for help)` };
}

/** For other programs that page (man): shows text as less would, or copies it when there is no terminal. */
export async function pageText(sys: Sys, text: string, name: string, promptText?: string): Promise<number> {
  if (!sys.isTerminal(1)) {
    await sys.write(1, utf8(text.replaceAll(/.\x08/gu, '')));
    return 0;
  }
  const settings: PagerSettings = {
    showsNumbers: false, chops: false, quitsIfOneScreen: false, quitsAtEnd: false, noInit: false, passesColours: true, ignoresCase: 'smart',
    highlights: true, promptStyle: 'short', squeezes: false, hasTildes: true, startsAt: undefined, startPattern: undefined, promptText,
  };
  const source = TextSource.ofText(sys, text, name);
  return Pager.run(sys, [{ name, open: async () => source }], source, settings);
}

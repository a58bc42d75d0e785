/**
 * What Tab offers in bash: commands, files, variables, users, and the arguments of network tools as the bash-completion package does.
 * Read first: bash(1) "Programmable Completion" (the order in which sources are tried), bash's bashline.c attempt_shell_completion.
 */
import type { Sys } from '../../../machine/sys.ts';
import type { Candidate, Completer, CompletionRequest, CompletionResult, CompletionSources } from '../api.ts';
import { splitCommand, unquote } from './quoting.ts';
import { completeTool } from './tools.ts';

/** Programs whose arguments are a command line of their own: how many words come before it. */
const wrappers = new Set(['sudo', 'nohup', 'time', 'exec', 'command', 'env', 'xargs', 'nice', 'watch', 'builtin', 'type', 'which', 'strace', 'setsid', 'stdbuf']);

export function createBashCompleter(sys: Sys, sources: CompletionSources): Completer {
  return async (request) => complete(sys, sources, request);
}

async function complete(sys: Sys, sources: CompletionSources, request: CompletionRequest): Promise<CompletionResult | undefined> {
  const split = splitCommand(request.line, request.point);
  const typed = request.line.slice(split.start, request.point);
  if (request.only !== undefined) {
    if (request.only === 'command') return commands(sys, sources, typed, split.start);
    if (request.only === 'variable') return variables(sources, typed.startsWith('$') ? typed : `$${typed}`, typed.startsWith('$') ? split.start : split.start, !typed.startsWith('$'));
    if (request.only === 'user') return users(sys, typed.startsWith('~') ? typed : `~${typed}`, split.start);
    if (request.only === 'host') return hosts(sys, typed, split.start);
    return files(sys, sources, typed, split.start, 'any', request.ignoresCase);
  }
  const variable = /\$\{?\w*$/.exec(typed);
  if (variable !== null && !typed.startsWith("'")) return variables(sources, variable[0], split.start + variable.index);
  if (/^~[^/]*$/.test(typed)) return users(sys, typed, split.start);
  if (split.afterRedirection) return files(sys, sources, typed, split.start, 'any', request.ignoresCase);

  let words = split.words;
  for (;;) {
    if (words.length === 1) {
      if (typed.includes('/')) return files(sys, sources, typed, split.start, 'executables', request.ignoresCase);
      return commands(sys, sources, typed, split.start);
    }
    const command = words[0]!;
    const programmed = await sources.programmed?.(command, words, words.length - 1, request.line, request.point);
    if (programmed !== undefined) return ownWords(programmed.words, typed, split.start, programmed.areFiles, programmed.noSpace);
    if (wrappers.has(command)) {
      words = afterOptions(words.slice(1), command);
      if (words.length === 0) return undefined;
      continue;
    }
    if (command === 'ip' && words.includes('netns')) {
      const at = words.indexOf('exec');
      if (at > 0 && words[at - 1] === 'netns' && words.length > at + 2) {
        words = words.slice(at + 2);
        continue;
      }
    }
    break;
  }
  const jobWord = /^%/.test(typed) ? [...sources.jobs()].map((job) => `%${job}`) : undefined;
  if (jobWord !== undefined) return ownWords(jobWord, typed, split.start, false, false);
  const offer = await completeTool(sys, sources, words);
  if (offer === 'directories') return files(sys, sources, typed, split.start, 'directories', request.ignoresCase);
  if (offer === 'variables') return names([...sources.variables()], typed, split.start);
  if (offer === 'commands') return commands(sys, sources, typed, split.start);
  if (offer !== undefined && offer !== 'files') return ownWords(offer.words, typed, split.start, false, offer.noSpace === true);
  return files(sys, sources, typed, split.start, 'any', request.ignoresCase);
}

function afterOptions(words: readonly string[], wrapper: string): readonly string[] {
  let rest = words;
  const takesValue = wrapper === 'sudo' ? /^-[ughpCrt]$/ : wrapper === 'watch' ? /^-n$/ : wrapper === 'nice' ? /^-n$/ : /^$/;
  while (rest.length > 1 && rest[0]!.startsWith('-')) rest = rest.slice(takesValue.test(rest[0]!) ? 2 : 1);
  while (rest.length > 1 && (wrapper === 'env' || wrapper === 'sudo') && /^\w+=/.test(rest[0]!)) rest = rest.slice(1);
  return rest;
}

function names(all: readonly string[], typed: string, start: number): CompletionResult {
  const wanted = unquote(typed).text;
  return { start, areFiles: false, candidates: [...new Set(all.filter((name) => name.startsWith(wanted)))].sort().map((text) => ({ text })) };
}

function ownWords(words: readonly string[], typed: string, start: number, areFiles: boolean, noSpace: boolean): CompletionResult {
  return { ...names(words, typed, start), areFiles, ...(noSpace ? { append: '' } : {}) };
}

async function commands(sys: Sys, sources: CompletionSources, typed: string, start: number): Promise<CompletionResult> {
  const wanted = unquote(typed).text;
  const found = new Set<string>();
  const offer = (name: string): void => {
    if (name.startsWith(wanted)) found.add(name);
  };
  for (const list of [sources.aliases(), sources.keywords(), sources.functions(), sources.builtins()]) for (const name of list) offer(name);
  const seen = new Set<string>();
  for (const folder of (sources.variableValue('PATH') ?? '').split(':')) {
    const real = sys.realPath(folder === '' ? '.' : folder);
    if (!real.ok || seen.has(real.value)) continue;
    seen.add(real.value);
    const list = sys.list(real.value);
    if (!list.ok) continue;
    for (const name of list.value) {
      if (!name.startsWith(wanted) || found.has(name)) continue;
      const stat = sys.stat(`${real.value}/${name}`);
      if (stat.ok && stat.value.kind === 'file' && (stat.value.mode & 0o111) !== 0) found.add(name);
    }
  }
  // Directories of the working directory, so that one can descend to a program.
  const result: Candidate[] = [...found].sort().map((text) => ({ text }));
  if (result.length === 0 && wanted !== '') {
    const folders = await files(sys, sources, typed, start, 'executables');
    return folders;
  }
  return { start, areFiles: false, candidates: result };
}

function variables(sources: CompletionSources, typed: string, start: number, isBare = false): CompletionResult {
  const brace = typed.startsWith('${');
  const prefix = isBare ? '' : brace ? '${' : '$';
  const wanted = typed.slice(isBare ? 1 : prefix.length);
  const found = [...new Set(sources.variables())].filter((name) => name.startsWith(wanted)).sort();
  return {
    start, areFiles: false,
    candidates: found.map((name) => ({ text: prefix + name, display: prefix + name + (brace ? '}' : '') })),
    ...(brace ? { append: '}' } : {}),
  };
}

function users(sys: Sys, typed: string, start: number): CompletionResult {
  const wanted = typed.slice(1);
  const found = sys.machine.users().map(({ name }) => name).filter((name) => name.startsWith(wanted)).sort();
  return { start, areFiles: false, append: '/', candidates: found.map((name) => ({ text: `~${name}` })) };
}

async function hosts(sys: Sys, typed: string, start: number): Promise<CompletionResult> {
  const file = await sys.readText('/etc/hosts');
  const found = new Set<string>();
  for (const line of (file.ok ? file.value : '').split('\n')) for (const name of line.replace(/#.*/, '').trim().split(/\s+/).slice(1)) found.add(name);
  return names([...found], typed.replace(/^.*@/, ''), start + typed.lastIndexOf('@') + 1);
}

function expandPath(sys: Sys, sources: CompletionSources, path: string): string {
  let text = path;
  const tilde = /^~([^/]*)/.exec(text);
  if (tilde !== null) {
    const home = tilde[1] === '' ? sources.variableValue('HOME') : sys.machine.users().find(({ name }) => name === tilde[1])?.home;
    if (home !== undefined) text = home + text.slice(tilde[0].length);
  }
  return text.replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => sources.variableValue(name) ?? whole);
}

/** Files whose name starts as typed. What is typed of the folder stays as it is typed (~, $HOME, quotes without blanks). */
async function files(sys: Sys, sources: CompletionSources, typed: string, wordStart: number, kind: 'any' | 'directories' | 'executables', ignoresCase = false): Promise<CompletionResult> {
  let word = typed;
  let start = wordStart;
  // As readline's word break characters: what follows = or : is a name of its own.
  const opened = unquote(word).quote !== '' || /^["']/.test(word);
  if (!opened) {
    const breakAt = Math.max(word.lastIndexOf('='), word.lastIndexOf(':'));
    if (breakAt >= 0 && word[breakAt - 1] !== '\\') {
      start += breakAt + 1;
      word = word.slice(breakAt + 1);
    }
  }
  const name = unquote(word).text;
  const slash = name.lastIndexOf('/');
  const folderTyped = name.slice(0, slash + 1);
  const wanted = name.slice(slash + 1);
  const folder = expandPath(sys, sources, folderTyped === '' ? '.' : folderTyped);
  const list = sys.list(folder);
  const found: Candidate[] = [];
  const keepsTypedFolder = !opened && slash >= 0;
  for (const entry of list.ok ? list.value : []) {
    if (!entry.startsWith(wanted) && !(ignoresCase && entry.toLowerCase().startsWith(wanted.toLowerCase()))) continue;
    const stat = sys.stat(`${folder}/${entry}`);
    const isDirectory = stat.ok && stat.value.kind === 'directory';
    if (kind === 'directories' && !isDirectory) continue;
    if (kind === 'executables' && !isDirectory && !(stat.ok && (stat.value.mode & 0o111) !== 0)) continue;
    found.push({ text: (keepsTypedFolder ? '' : folderTyped) + entry, display: entry, isDirectory });
  }
  // . and .. complete when they are typed.
  if ((wanted === '..' || wanted === '.') && found.length === 0) found.push({ text: (keepsTypedFolder ? '' : folderTyped) + '..', display: '..', isDirectory: true });
  found.sort((a, b) => (a.text < b.text ? -1 : 1));
  return { start: keepsTypedFolder ? start + word.lastIndexOf('/') + 1 : start, areFiles: true, candidates: found };
}

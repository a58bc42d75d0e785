/** complete, compgen, compopt. Read first: bash(1) "Programmable Completion" */
import type { Shell } from '../shell.ts';
import type { CompletionSpec } from '../shell.ts';
import { SIGNAL_NAMES } from '../../../machine/signals.ts';
import { quoteSingle } from '../escapes.ts';
import { FieldSink } from '../sinks.ts';
import { SET_OPTIONS, SHOPT_OPTIONS } from '../options.ts';
import { matches } from '../../lib/pattern.ts';
import { globPaths } from '../glob.ts';
import { callFunction } from '../simple.ts';
import { commandSubstitution } from '../substitution.ts';
import { expandPieces } from '../expand.ts';
import { parsePieces } from '../word.ts';
import { KEYWORDS } from './commands.ts';
import { builtins } from './index.ts';
import { parseOptions } from './options.ts';

const ACTIONS = ['alias', 'arrayvar', 'binding', 'builtin', 'command', 'directory', 'disabled', 'enabled', 'export', 'file', 'function', 'group', 'helptopic', 'hostname', 'job', 'keyword', 'running', 'service', 'setopt', 'shopt', 'signal', 'stopped', 'user', 'variable'];
const SHORT: Readonly<Record<string, string>> = { a: 'alias', b: 'builtin', c: 'command', d: 'directory', e: 'export', f: 'file', g: 'group', j: 'job', k: 'keyword', s: 'service', u: 'user', v: 'variable' };
const OPTIONS = ['bashdefault', 'default', 'dirnames', 'filenames', 'noquote', 'nosort', 'nospace', 'plusdirs'];

async function readSpec(shell: Shell, label: string, args: readonly string[]): Promise<{ spec: CompletionSpec; rest: readonly string[]; flags: ReadonlySet<string> } | undefined> {
  const options = await parseOptions(shell, label, args, 'abcdefgjksuvprDEIo:A:G:W:F:C:X:P:S:', `${label} [-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] ${label === 'compgen' ? '[word]' : '[name ...]'}`);
  if (options === undefined) return undefined;
  const actions: string[] = [];
  const chosen: string[] = [];
  for (const { letter, value } of options.all) {
    if (SHORT[letter] !== undefined) actions.push(SHORT[letter]);
    if (letter === 'A') {
      if (!ACTIONS.includes(value!)) {
        await shell.error(`${label}: ${value}: invalid action name`);
        return undefined;
      }
      actions.push(value!);
    }
    if (letter === 'o') {
      if (!OPTIONS.includes(value!)) {
        await shell.error(`${label}: ${value}: invalid option name`);
        return undefined;
      }
      chosen.push(value!);
    }
  }
  const text = args.slice(0, args.length - options.rest.length).map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : quoteSingle(word))).join(' ');
  const pick = (letter: string): string | undefined => options.values.get(letter);
  return { spec: { actions, options: chosen, text, ...optional('words', pick('W')), ...optional('functionName', pick('F')), ...optional('command', pick('C')), ...optional('pattern', pick('G')), ...optional('prefix', pick('P')), ...optional('suffix', pick('S')), ...optional('filter', pick('X')) }, rest: options.rest, flags: options.flags };
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}

export async function completeBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const read = await readSpec(shell, 'complete', args);
  if (read === undefined) return 2;
  const { spec, flags } = read;
  const rest = [...read.rest, ...(flags.has('D') ? ['-D'] : []), ...(flags.has('E') ? ['-E'] : []), ...(flags.has('I') ? ['-I'] : [])];
  if (flags.has('p') || args.length === 0) {
    let status = 0;
    for (const name of rest.length === 0 ? [...shell.completions.keys()] : rest) {
      const known = shell.completions.get(name);
      if (known === undefined) {
        await shell.error(`complete: ${name}: no completion specification`);
        status = 1;
      } else shell.out(`complete ${known.text} ${name}\n`);
    }
    return status;
  }
  const table = new Map(shell.completions);
  if (flags.has('r')) {
    if (rest.length === 0) table.clear();
    for (const name of rest) table.delete(name);
  } else {
    if (rest.length === 0) {
      await shell.write(2, 'complete: usage: complete [-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]\n');
      return 2;
    }
    for (const name of rest) table.set(name, spec);
  }
  shell.completions = table;
  return 0;
}

export async function compgenBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const read = await readSpec(shell, 'compgen', args);
  if (read === undefined) return 2;
  const word = read.rest[0] ?? '';
  const found = await generate(shell, read.spec, ['compgen', word, ''], word);
  for (const candidate of found) shell.out(`${candidate}\n`);
  return found.length > 0 ? 0 : 1;
}

export async function compoptBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'compopt', args, 'o:DEI', 'compopt [-o|+o option] [-DEI] [name ...]', true);
  if (options === undefined) return 2;
  for (const { value } of options.all) {
    if (value !== undefined && !OPTIONS.includes(value)) {
      await shell.error(`compopt: ${value}: invalid option name`);
      return 2;
    }
  }
  if (options.rest.length === 0) {
    if (shell.completionOptions === undefined) {
      await shell.error('compopt: not currently executing completion function');
      return 1;
    }
    for (const { sign, value } of options.all) {
      if (value === undefined) continue;
      if (sign === '-') shell.completionOptions.add(value);
      else shell.completionOptions.delete(value);
    }
    return 0;
  }
  for (const name of options.rest) {
    const known = shell.completions.get(name);
    if (known === undefined) {
      await shell.error(`compopt: ${name}: no completion specification`);
      return 1;
    }
    const set = new Set(known.options);
    for (const { sign, value } of options.all) {
      if (value === undefined) continue;
      if (sign === '-') set.add(value);
      else set.delete(value);
    }
    shell.completions = new Map(shell.completions).set(name, { ...known, options: [...set] });
  }
  return 0;
}

/** Candidates of a specification: `words` are command, word and previous word for functions. */
export async function generate(shell: Shell, spec: CompletionSpec, [command, word, previous]: readonly [string, string, string] | readonly string[], prefix: string): Promise<string[]> {
  const out: string[] = [];
  for (const action of spec.actions) out.push(...byAction(shell, action, prefix).filter((name) => name.startsWith(prefix)));
  if (spec.pattern !== undefined) {
    out.push(...globPaths(shell, spec.pattern));
  }
  if (spec.words !== undefined) {
    const sink = new FieldSink(shell.ifs());
    sink.splitsLiterals = true;
    await expandPieces(shell, parsePieces(spec.words, 'word'), sink);
    out.push(...sink.finish().map((field) => field.text).filter((candidate) => candidate.startsWith(prefix)));
  }
  if (spec.functionName !== undefined) {
    const entry = shell.functions.get(spec.functionName);
    if (entry === undefined) await shell.error(`compgen: warning: ${spec.functionName}: function not found`);
    else {
      shell.unset('COMPREPLY');
      shell.completionOptions = new Set(spec.options);
      await callFunction(shell, entry, [spec.functionName, command ?? '', word ?? '', previous ?? '']);
      const reply = shell.variable('COMPREPLY');
      out.push(...(reply?.indexed?.values() ?? (reply?.value === undefined ? [] : [reply.value])));
    }
  }
  if (spec.command !== undefined) out.push(...(await commandSubstitution(shell, `${spec.command} ${quoteSingle(command ?? '')} ${quoteSingle(word ?? '')} ${quoteSingle(previous ?? '')}`)).split('\n').filter((line) => line !== ''));
  let result = out;
  if (spec.filter !== undefined) {
    const isNegated = spec.filter.startsWith('!');
    const pattern = (isNegated ? spec.filter.slice(1) : spec.filter).replaceAll('&', prefix);
    result = result.filter((candidate) => matches(pattern, candidate, { extended: shell.options.extglob, ignoreCase: false }) === isNegated);
  }
  if (result.length === 0 && spec.options.includes('plusdirs')) result = files(shell, prefix, true);
  else if (spec.options.includes('plusdirs')) result = [...result, ...files(shell, prefix, true)];
  if (result.length === 0 && spec.options.includes('dirnames')) result = files(shell, prefix, true);
  return result.map((candidate) => (spec.prefix ?? '') + candidate + (spec.suffix ?? ''));
}

function files(shell: Shell, prefix: string, directoriesOnly: boolean): string[] {
  const slash = prefix.lastIndexOf('/');
  const base = prefix.slice(0, slash + 1);
  const listed = shell.sys.list(base === '' ? '.' : base);
  if (!listed.ok) return [];
  const part = prefix.slice(slash + 1);
  return listed.value.filter((name) => name.startsWith(part) && (part !== '' || !name.startsWith('.'))).map((name) => base + name).filter((path) => {
    if (!directoriesOnly) return true;
    const found = shell.sys.stat(path);
    return found.ok && found.value.kind === 'directory';
  }).sort();
}

function byAction(shell: Shell, action: string, prefix: string): string[] {
  switch (action) {
    case 'alias': return [...shell.aliases.keys()].sort();
    case 'arrayvar': return shell.names().filter((name) => shell.rawVariable(name)?.indexed !== undefined);
    case 'builtin': case 'enabled': return [...builtins.keys()].filter((name) => action === 'builtin' || !shell.disabledBuiltins.has(name)).sort();
    case 'disabled': return [...shell.disabledBuiltins].sort();
    case 'command': return [...new Set([...shell.aliases.keys(), ...KEYWORDS, ...shell.functions.keys(), ...builtins.keys(), ...programs(shell)])];
    case 'directory': return files(shell, prefix, true);
    case 'export': return shell.names().filter((name) => shell.rawVariable(name)?.isExported === true);
    case 'file': return files(shell, prefix, false);
    case 'function': return [...shell.functions.keys()].sort();
    case 'group': return shell.sys.machine.groups().map((group) => group.name);
    case 'helptopic': return [...builtins.keys(), ...KEYWORDS].sort();
    case 'hostname': return ['localhost', shell.sys.hostname];
    case 'job': return shell.jobs.jobs.map((job) => job.text.split(' ')[0]!);
    case 'keyword': return [...KEYWORDS];
    case 'setopt': return SET_OPTIONS.map(([, name]) => name);
    case 'shopt': return SHOPT_OPTIONS.map(([name]) => name);
    case 'signal': return ['EXIT', ...SIGNAL_NAMES.map((name) => `SIG${name}`)];
    case 'user': return shell.sys.machine.users().map((user) => user.name);
    case 'variable': return shell.names();
    default: return [];
  }
}

function programs(shell: Shell): string[] {
  return (shell.get('PATH') ?? '').split(':').flatMap((directory) => {
    const listed = shell.sys.list(directory);
    return listed.ok ? listed.value : [];
  });
}

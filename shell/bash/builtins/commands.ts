/** command, builtin, type, hash, enable. */
import type { Shell } from '../shell.ts';
import { callBuiltin, launch, lookUp } from '../simple.ts';
import { quotePlain } from '../escapes.ts';
import type { BuiltinCall } from './index.ts';
import { builtins } from './index.ts';
import { parseOptions } from './options.ts';

export const KEYWORDS = ['if', 'then', 'else', 'elif', 'fi', 'case', 'esac', 'for', 'select', 'while', 'until', 'do', 'done', 'in', 'function', 'time', '{', '}', '!', '[[', ']]', 'coproc'];

export async function builtinBuiltin(shell: Shell, given: readonly string[], call: BuiltinCall): Promise<number> {
  const skip = given[0] === '--' ? 1 : 0;
  const args = given.slice(skip);
  if (args.length === 0) return 0;
  const found = builtins.get(args[0]!);
  if (found === undefined) {
    await shell.error(`builtin: ${args[0]}: not a shell builtin`);
    return 1;
  }
  return callBuiltin(shell, found, args[0]!, args, call.shaped.slice(skip));
}

export async function commandBuiltin(shell: Shell, args: readonly string[], call: BuiltinCall): Promise<number> {
  const options = await parseOptions(shell, 'command', args, 'pVv', 'command [-pVv] command [arg ...]');
  if (options === undefined) return 2;
  const words = options.rest;
  if (words.length === 0) return 0;
  if (options.flags.has('v') || options.flags.has('V')) {
    let status = 1;
    for (const word of words) if (await describe(shell, word, options.flags.has('V') ? 'long' : 'command')) status = 0;
    return status;
  }
  const name = words[0]!;
  const found = shell.disabledBuiltins.has(name) ? undefined : builtins.get(name);
  if (found !== undefined) return callBuiltin(shell, found, name, words, call.shaped.slice(args.length - words.length));
  const where = options.flags.has('p') ? pathOf(shell, name) : lookUp(shell, name);
  if ('error' in where) {
    await shell.error(`${name}: ${where.error === 'missing' ? 'command not found' : where.error === 'denied' ? 'Permission denied' : where.error === 'directory' ? 'Is a directory' : 'No such file or directory'}`);
    return where.error === 'missing' || where.error === 'gone' ? 127 : 126;
  }
  const env = shell.environment();
  env.set('_', where.path);
  return launch(shell, where.path, words, env, false, () => words.join(' '));
}

function pathOf(shell: Shell, name: string): ReturnType<typeof lookUp> {
  const found = shell.sys.findProgram(name, '/bin:/usr/bin:/sbin:/usr/sbin');
  return found.ok ? { path: found.value } : { error: 'missing', path: name };
}

/** All files of that name in PATH. */
function files(shell: Shell, name: string): string[] {
  if (name.includes('/')) {
    const found = shell.sys.stat(name);
    return found.ok && found.value.kind === 'file' && shell.sys.access(name, { execute: true }).ok ? [name] : [];
  }
  return (shell.get('PATH') ?? '').split(':').map((directory) => `${directory === '' ? '.' : directory}/${name}`).filter((path) => {
    const found = shell.sys.stat(path);
    return found.ok && found.value.kind === 'file' && shell.sys.access(path, { execute: true }).ok;
  });
}

async function describe(shell: Shell, name: string, style: 'command' | 'long'): Promise<boolean> {
  const long = style === 'long';
  const alias = shell.aliases.get(name);
  if (alias !== undefined && (shell.options.expandAliases || !long)) shell.out(long ? `${name} is aliased to \`${alias}'\n` : `alias ${name}=${quotePlain(alias)}\n`);
  else if (KEYWORDS.includes(name)) shell.out(long ? `${name} is a shell keyword\n` : `${name}\n`);
  else if (shell.functions.has(name)) shell.out(long ? `${name} is a function\n${shell.functions.get(name)!.source}\n` : `${name}\n`);
  else if (builtins.has(name) && !shell.disabledBuiltins.has(name)) shell.out(long ? `${name} is a shell builtin\n` : `${name}\n`);
  else {
    const hashed = shell.hashed.get(name);
    const path = hashed?.path ?? files(shell, name)[0];
    if (path === undefined) {
      if (long) await shell.error(`command: ${name}: not found`);
      return false;
    }
    shell.out(long ? (hashed === undefined ? `${name} is ${path}\n` : `${name} is hashed (${path})\n`) : `${path}\n`);
  }
  return true;
}

export async function typeBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'type', args, 'afptP', 'type [-afptP] name [name ...]');
  if (options === undefined) return 2;
  const { flags } = options;
  const short = flags.has('t');
  const onlyPath = flags.has('p') || flags.has('P');
  let status = 0;
  for (const name of options.rest) {
    let found = false;
    const show = (text: string, kind: string, isFile = false): void => {
      found = true;
      if (short) shell.out(`${kind}\n`);
      else if (onlyPath) {
        if (isFile) shell.out(`${text}\n`);
      } else shell.out(`${text}\n`);
    };
    const more = (): boolean => !found || flags.has('a');
    if (!flags.has('P')) {
      const alias = shell.options.expandAliases || shell.isInteractive ? shell.aliases.get(name) : undefined;
      if (alias !== undefined) show(`${name} is aliased to \`${alias}'`, 'alias');
      if (more() && KEYWORDS.includes(name)) show(`${name} is a shell keyword`, 'keyword');
      const entry = flags.has('f') ? undefined : shell.functions.get(name);
      if (more() && entry !== undefined) show(`${name} is a function\n${entry.source}`, 'function');
      if (more() && builtins.has(name) && !shell.disabledBuiltins.has(name)) show(`${name} is a shell builtin`, 'builtin');
    }
    if (more()) {
      const hashed = flags.has('a') ? undefined : shell.hashed.get(name);
      const paths = hashed === undefined ? files(shell, name) : [hashed.path];
      for (const path of flags.has('a') ? paths : paths.slice(0, 1)) show(onlyPath ? path : hashed === undefined ? `${name} is ${path}` : `${name} is hashed (${path})`, 'file', true);
    }
    if (found) continue;
    if (!short && !onlyPath) await shell.error(`type: ${name}: not found`);
    status = 1;
  }
  return status;
}

export async function hashBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'hash', args, 'lrp:dt', 'hash [-lr] [-p pathname] [-dt] [name ...]');
  if (options === undefined) return 2;
  const { flags, rest } = options;
  if (flags.has('r')) {
    shell.hashed.clear();
    if (rest.length === 0) return 0;
  }
  if (rest.length === 0) {
    if (shell.hashed.size === 0) {
      shell.out('hash: hash table empty\n');
      return 0;
    }
    if (!flags.has('l')) shell.out('hits\tcommand\n');
    for (const [name, { path, hits }] of shell.hashed) shell.out(flags.has('l') ? `builtin hash -p ${path} ${name}\n` : `${String(hits).padStart(4)}\t${path}\n`);
    return 0;
  }
  let status = 0;
  for (const name of rest) {
    if (options.values.has('p')) shell.hashed.set(name, { path: options.values.get('p')!, hits: 0 });
    else if (flags.has('d') || flags.has('t')) {
      const entry = shell.hashed.get(name);
      if (entry === undefined) {
        await shell.error(`hash: ${name}: not found`);
        status = 1;
      } else if (flags.has('d')) shell.hashed.delete(name);
      else shell.out(rest.length > 1 ? `${name}\t${entry.path}\n` : `${entry.path}\n`);
    } else if (!builtins.has(name) && !shell.functions.has(name) && !name.includes('/')) {
      shell.hashed.delete(name);
      const found = lookUp(shell, name);
      if ('error' in found) {
        await shell.error(`hash: ${name}: not found`);
        status = 1;
      } else {
        const entry = shell.hashed.get(name);
        if (entry !== undefined) entry.hits = 0;
      }
    }
  }
  return status;
}

export async function enableBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'enable', args, 'anpsf:d', 'enable [-a] [-dnps] [-f filename] [name ...]');
  if (options === undefined) return 2;
  const { flags, rest } = options;
  if (rest.length === 0) {
    for (const name of [...builtins.keys()].sort()) {
      const isOff = shell.disabledBuiltins.has(name);
      if (flags.has('n') ? isOff : flags.has('a') || !isOff) shell.out(`enable ${isOff ? '-n ' : ''}${name}\n`);
    }
    return 0;
  }
  let status = 0;
  for (const name of rest) {
    if (!builtins.has(name)) {
      await shell.error(`enable: ${name}: not a shell builtin`);
      status = 1;
    } else if (flags.has('n')) shell.disabledBuiltins.add(name);
    else shell.disabledBuiltins.delete(name);
  }
  return status;
}

/** Builtins that steer: break, return, exit, eval, exec, source, shift, caller. */
import { errnoText } from '../../../machine/errno.ts';
import type { Shell } from '../shell.ts';
import { decode } from '../escapes.ts';
import { ShellError, ShellExit } from '../errors.ts';
import { launch, lookUp } from '../simple.ts';
import { runProgram } from '../run.ts';
import { jobLine, stateOf } from '../jobs.ts';
import { runTrap } from '../traps.ts';
import type { BuiltinCall } from './index.ts';
import { parseOptions } from './options.ts';

export const colon = (): number => 0;
export const falseBuiltin = (): number => 1;

export async function breakBuiltin(shell: Shell, given: readonly string[], { name }: BuiltinCall): Promise<number> {
  const args = given[0] === '--' ? given.slice(1) : given;
  const kind = name === 'continue' ? 'continue' : 'break';
  if (shell.loopDepth === 0) {
    await shell.error(`${kind}: only meaningful in a \`for', \`while', or \`until' loop`);
    return 0;
  }
  const word = args[0] ?? '1';
  if (args.length > 1) {
    await shell.error(`${kind}: too many arguments`);
    throw new ShellError(undefined, 1, 'abandon');
  }
  if (!/^[-+]?[0-9]+$/.test(word)) {
    await shell.error(`${kind}: ${word}: numeric argument required`);
    throw new ShellExit(128);
  }
  const count = Number(word);
  if (count <= 0) {
    await shell.error(`${kind}: ${word}: loop count out of range`);
    shell.flow = { kind: 'break', count: shell.loopDepth };
    return 1;
  }
  shell.flow = { kind, count: Math.min(count, shell.loopDepth) };
  return 0;
}

async function statusArgument(shell: Shell, name: string, given: readonly string[]): Promise<number> {
  const args = given[0] === '--' ? given.slice(1) : given;
  const word = args[0];
  if (word === undefined) return shell.status;
  if (!/^\s*[-+]?[0-9]+\s*$/.test(word)) {
    await shell.error(`${name}: ${word}: numeric argument required`);
    return 2;
  }
  if (args.length > 1) {
    await shell.error(`${name}: too many arguments`);
    return -1;
  }
  return Number(BigInt.asUintN(8, BigInt(word.trim())));
}

export async function returnBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  if (!shell.frames.some((frame) => frame.kind !== 'main')) {
    await shell.error("return: can only `return' from a function or sourced script");
    return 2;
  }
  const status = await statusArgument(shell, 'return', args);
  if (status < 0) throw new ShellError(undefined, 1, 'abandon');
  shell.flow = { kind: 'return', status };
  return status;
}

export async function exitBuiltin(shell: Shell, args: readonly string[], call: BuiltinCall): Promise<number> {
  if (shell.isInteractive && shell.subshellDepth === 0) {
    if (call.name === 'exit') await shell.write(2, shell.isLogin ? 'logout\n' : 'exit\n');
    await shell.jobs.poll(shell);
    const stopped = shell.jobs.jobs.some((job) => stateOf(job) === 'stopped');
    if (stopped && !shell.warnedOfJobs) {
      await shell.write(2, 'There are stopped jobs.\n');
      if (shell.options.shopt('checkjobs')) for (const job of shell.jobs.jobs) await shell.write(2, `${jobLine(shell, job, 'short')}\n`);
      shell.warnedOfJobs = true;
      shell.keepsWarning = true;
      return 1;
    }
  }
  const status = await statusArgument(shell, 'exit', args);
  if (status < 0) throw new ShellError(undefined, 1, 'abandon');
  throw new ShellExit(status);
}

export async function logoutBuiltin(shell: Shell, args: readonly string[], call: BuiltinCall): Promise<number> {
  if (!shell.isLogin) {
    await shell.error('logout: not login shell: use `exit\'');
    return 1;
  }
  return exitBuiltin(shell, args, call);
}

export async function evalBuiltin(shell: Shell, given: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'eval', given, '', 'eval [arg ...]');
  if (options === undefined) return 2;
  const text = options.rest.join(' ');
  if (text.trim() === '') return 0;
  shell.traceDepth += 1;
  try {
    return await runProgram(shell, text, shell.line, { label: 'eval' });
  } finally {
    shell.traceDepth -= 1;
  }
}

export async function sourceBuiltin(shell: Shell, given: readonly string[], { name }: BuiltinCall): Promise<number> {
  const options = await parseOptions(shell, name, given, '', `${name} filename [arguments]`);
  if (options === undefined) return 2;
  const args = options.rest;
  const file = args[0];
  if (file === undefined) {
    await shell.error(`${name}: filename argument required`);
    await shell.write(2, `${name}: usage: ${name} filename [arguments]\n`);
    return 2;
  }
  const path = findSource(shell, file);
  const found = shell.sys.stat(path);
  if (found.ok && found.value.kind === 'directory') {
    await shell.error(`${name}: ${file}: is a directory`);
    return 1;
  }
  const read = await shell.sys.readFile(path);
  if (!read.ok) {
    await shell.error(`${file}: ${errnoText(read.error)}`);
    if (shell.options.posix && !shell.isInteractive) throw new ShellExit(1);
    return 1;
  }
  return runSource(shell, path, decode(read.value), args.length > 1 ? args.slice(1) : undefined);
}

/** In PATH, then here. */
function findSource(shell: Shell, file: string): string {
  if (file.includes('/') || !shell.options.shopt('sourcepath')) return file;
  for (const directory of (shell.get('PATH') ?? '').split(':')) {
    const path = `${directory === '' ? '.' : directory}/${file}`;
    const found = shell.sys.stat(path);
    if (found.ok && found.value.kind === 'file' && shell.sys.access(path, { read: true }).ok) return path;
  }
  return file;
}

export async function runSource(shell: Shell, path: string, text: string, args: readonly string[] | undefined): Promise<number> {
  const { positional, loopDepth, line } = shell;
  if (args !== undefined) shell.positional = [...args];
  const marker = shell.positional;
  shell.frames.push({ name: 'source', callLine: line, source: path, kind: 'source' });
  shell.traceDepth += 1;
  try {
    let status = await runProgram(shell, text, 1, {});
    if (shell.flow?.kind === 'return') {
      status = shell.flow.status;
      shell.flow = undefined;
    }
    shell.status = status;
    const action = shell.traps.get('RETURN');
    if (action !== undefined && action !== '' && !shell.isInTrap) await runTrap(shell, 'RETURN', action);
    return status;
  } finally {
    shell.frames.pop();
    shell.traceDepth -= 1;
    shell.line = line;
    shell.loopDepth = loopDepth;
    // `set --` inside a file that was given no arguments changes ours.
    if (args !== undefined && shell.positional === marker) shell.positional = positional;
    else if (args !== undefined) shell.positional = positional;
  }
}

export async function execBuiltin(shell: Shell, given: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'exec', given, 'cla:', 'exec [-cl] [-a name] [command [argument ...]] [redirection ...]');
  if (options === undefined) return 2;
  const args = [...options.rest];
  if (args.length === 0) return 0;
  const found = lookUp(shell, args[0]!);
  if ('error' in found) {
    const what = found.error === 'missing' ? 'not found' : found.error === 'denied' ? 'Permission denied' : found.error === 'directory' ? 'Is a directory' : 'No such file or directory';
    await shell.error(`exec: ${args[0]}: ${found.error === 'directory' ? 'cannot execute: ' : ''}${what}`);
    const status = found.error === 'missing' || found.error === 'gone' ? 127 : 126;
    if (shell.isInteractive || shell.options.shopt('execfail')) return status;
    throw new ShellExit(status);
  }
  const env = options.flags.has('c') ? new Map<string, string>() : shell.environment();
  if (!options.flags.has('c')) env.set('_', found.path);
  // adjust_shell_level(-1): a shell that takes over counts itself.
  const level = Number(env.get('SHLVL'));
  if (env.has('SHLVL') && Number.isInteger(level)) env.set('SHLVL', String(level - 1));
  if (options.values.has('a')) args[0] = options.values.get('a')!;
  if (options.flags.has('l')) args[0] = `-${args[0]}`;
  if (shell.terminalFd !== undefined && shell.options.monitor) shell.sys.setForegroundGroup(shell.terminalFd, shell.shellGroup);
  const status = await launch(shell, found.path, args, env, true, () => args.join(' '));
  throw new ShellExit(status);
}

export async function shiftBuiltin(shell: Shell, given: readonly string[]): Promise<number> {
  const args = given[0] === '--' ? given.slice(1) : given;
  const word = args[0] ?? '1';
  if (args.length > 1) {
    await shell.error('shift: too many arguments');
    throw new ShellError(undefined, 1, 'abandon');
  }
  if (!/^\s*[-+]?[0-9]+\s*$/.test(word)) {
    await shell.error(`shift: ${word}: numeric argument required`);
    return 1;
  }
  const count = Number(word);
  if (count < 0) {
    await shell.error(`shift: ${word}: shift count out of range`);
    return 1;
  }
  if (count > shell.positional.length) {
    if (shell.options.shopt('shift_verbose')) await shell.error(`shift: ${word}: shift count out of range`);
    return 1;
  }
  shell.positional = shell.positional.slice(count);
  return 0;
}

export async function callerBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const frames = [...shell.frames].reverse();
  if (frames.length === 0) return 1;
  const index = args[0] === undefined ? 0 : Number(args[0]);
  if (!Number.isInteger(index) || index < 0) {
    await shell.error(`caller: ${args[0]}: invalid number`);
    return 2;
  }
  const frame = frames[index];
  if (frame === undefined) return 1;
  const outer = frames[index + 1];
  // What is given with -c, or read from standard input, is no source.
  const source = outer?.source ?? (shell.isCommandString || shell.readsStdin ? undefined : shell.source);
  if (source === undefined && args[0] !== undefined) return 1;
  shell.out(args[0] === undefined ? `${frame.callLine} ${source ?? 'NULL'}\n` : `${frame.callLine} ${outer?.name ?? 'main'} ${source!}\n`);
  return 0;
}


/** Simple commands: assignments, functions, builtins, programs. Read first: bash(1) "SIMPLE COMMAND EXPANSION", "COMMAND EXECUTION" */
import { errnoText } from '../../machine/errno.ts';
import type { Shell } from './shell.ts';
import type { Assignment, SimpleCommand } from './ast.ts';
import { isAssignment } from './ast.ts';
import { assignNow } from './assign.ts';
import type { Builtin } from './builtins/index.ts';
import { builtins } from './builtins/index.ts';
import { quoteIfNeeded } from './escapes.ts';
import { expandBraces } from './braces.ts';
import { ShellError, ShellExit } from './errors.ts';
import type { Context } from './execute.ts';
import { closeSubstitutions, execute, handledSignals, trace, unwound } from './execute.ts';
import { expandText, expandWordInto } from './expand.ts';
import { patiently } from './fork.ts';
import { ForegroundWait } from './foreground.ts';
import { JobTable } from './jobs.ts';
import { printInline, printJob } from './print.ts';
import type { Undo } from './redirect.ts';
import { applyRedirects, undoRedirects } from './redirect.ts';
import { runScriptFile } from './run.ts';
import type { FunctionEntry } from './shell.ts';
import { runDebugTrap, runTrap } from './traps.ts';
import type { Variable } from './variables.ts';
import { newVariable } from './variables.ts';
import { parsePieces } from './word.ts';

/** Arguments of declare and its kin that are assignments keep their shape. */
const DECLARATIONS = new Set(['declare', 'typeset', 'local', 'export', 'readonly', 'alias']);
const SPECIAL_BUILTINS = new Set(['.', ':', 'break', 'continue', 'eval', 'exec', 'exit', 'export', 'readonly', 'return', 'set', 'shift', 'source', 'times', 'trap', 'unset']);
const BUILTIN_US = 20;
const MAX_CALLS = 3000;

export async function executeSimple(shell: Shell, command: SimpleCommand, context: Context): Promise<number> {
  if (!shell.isInTrap) shell.line = command.line;
  shell.substitutionStatus = undefined;
  const keptSubstitutions = shell.substitutionFds.length;
  if (shell.traps.size > 0 && shell.traps.has('DEBUG')) {
    shell.commandText = printInline(command);
    shell.commandSource = command;
    await runDebugTrap(shell);
  } else if (!shell.isInTrap) shell.commandSource = command;
  try {
    const args: string[] = [];
    const shaped: (Assignment | undefined)[] = [];
    await expandArguments(shell, command, args, shaped);
    if (args.length === 0) return await assignOnly(shell, command);
    return await dispatch(shell, command, args, shaped, context);
  } finally {
    if (shell.substitutionFds.length > keptSubstitutions) closeSubstitutions(shell, keptSubstitutions);
  }
}

async function expandArguments(shell: Shell, command: SimpleCommand, args: string[], shaped: (Assignment | undefined)[]): Promise<void> {
  let isDeclaration = false;
  for (const argument of command.words) {
    if (!isAssignment(argument)) {
      if (isDeclaration && /^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(argument.text)) {
        // The parser did not know it for an assignment (`command export a=~`).
        const split = /^([A-Za-z_][A-Za-z0-9_]*)\+?=/.exec(argument.text)!;
        args.push(split[0] + (await expandText(shell, parsePieces(argument.text.slice(split[0].length), 'assignment'))));
        continue;
      }
      await expandWordInto(shell, argument, args);
      if (args.length === 1) isDeclaration = args.at(-1) === argument.text && DECLARATIONS.has(argument.text);
      continue;
    }
    if (!isDeclaration) {
      if (argument.elements !== undefined) throw new ShellError(`syntax error near unexpected token \`('`, 2);
      await expandWordInto(shell, { text: argument.text, line: argument.line }, args);
      continue;
    }
    const variants = argument.value === undefined || !shell.options.braceexpand ? [] : expandBraces(argument.text);
    if (variants.length > 1) {
      // What looks like an assignment behind a declaration is a word first.
      for (const variant of variants) {
        const head = variant.slice(0, variant.indexOf('=') + 1);
        args.push(head + (await expandText(shell, parsePieces(variant.slice(head.length), 'assignment'))));
      }
      continue;
    }
    shaped[args.length] = argument;
    args.push(await assignmentText(shell, argument));
  }
}

/** `name=value` with the value expanded as in an assignment; arrays stay for the builtin. */
async function assignmentText(shell: Shell, assignment: Assignment): Promise<string> {
  const head = `${assignment.name}${assignment.index === undefined ? '' : `[${assignment.index}]`}${assignment.append ? '+=' : '='}`;
  if (assignment.value === undefined) return assignment.text;
  return head + (await expandText(shell, parsePieces(assignment.value.text, 'assignment')));
}

async function assignOnly(shell: Shell, command: SimpleCommand): Promise<number> {
  const undo: Undo = [];
  try {
    if (command.redirects.length > 0 && !(await applyRedirects(shell, command.redirects, undo))) return 1;
    for (const assignment of command.assignments) {
      const shown = await assignNow(shell, assignment);
      if (shell.options.xtrace) await trace(shell, shown);
    }
  } finally {
    if (undo.length > 0) undoRedirects(shell, undo);
  }
  const due = shell.sys.charge(BUILTIN_US);
  if (due !== undefined) await due;
  shell.lastArgument = '';
  return shell.substitutionStatus ?? 0;
}

async function dispatch(shell: Shell, command: SimpleCommand, args: string[], shaped: readonly (Assignment | undefined)[], context: Context): Promise<number> {
  let name = args[0]!;
  const { assignments } = command;
  if (name.startsWith('%') && shell.isInteractive && shell.options.monitor) {
    args.unshift('fg');
    name = 'fg';
  }
  const entry = shell.functions.size === 0 || (shell.options.posix && SPECIAL_BUILTINS.has(name)) ? undefined : shell.functions.get(name);
  const builtin = entry === undefined && !shell.disabledBuiltins.has(name) ? builtins.get(name) : undefined;
  if (shell.options.xtrace) {
    for (const assignment of assignments) await trace(shell, `${assignment.name}=${quoteIfNeeded(assignment.value === undefined ? '' : await expandText(shell, parsePieces(assignment.value.text, 'assignment')))}`);
    await trace(shell, args.map(quoteIfNeeded).join(' '));
  }
  shell.lastArgument = args.at(-1)!;
  if (entry === undefined && builtin === undefined) return runProgramFile(shell, command, args, context);
  const isExec = name === 'exec' || ((name === 'command' || name === 'builtin') && args[1] === 'exec');
  const undo: Undo | undefined = isExec ? undefined : [];
  const keepsAssignments = shell.options.posix && SPECIAL_BUILTINS.has(name) && entry === undefined;
  if (command.redirects.length > 0 && !(await applyRedirects(shell, command.redirects, undo))) {
    if (undo !== undefined) undoRedirects(shell, undo);
    if (shell.options.posix && SPECIAL_BUILTINS.has(name) && !shell.isInteractive) throw new ShellExit(1);
    return 1;
  }
  const temporary = assignments.length > 0 && !keepsAssignments ? await temporaryScope(shell, assignments) : undefined;
  if (keepsAssignments) for (const assignment of assignments) await assignNow(shell, assignment);
  if (temporary !== undefined) shell.locals.push({ variables: temporary, isTemporary: true });
  try {
    if (entry !== undefined) return await callFunction(shell, entry, args);
    return await callBuiltin(shell, builtin!, name, args, shaped);
  } catch (thrown) {
    if (thrown instanceof ShellError && command.redirects.length > 0) await shell.tell(thrown);
    throw thrown;
  } finally {
    await shell.flush();
    if (temporary !== undefined) removeScope(shell, temporary);
    if (undo !== undefined && undo.length > 0) undoRedirects(shell, undo);
  }
}

function removeScope(shell: Shell, variables: Map<string, Variable>): void {
  const at = shell.locals.findLastIndex((scope) => scope.variables === variables);
  if (at >= 0) shell.locals.splice(at, 1);
}

/** The assignments before a command, as exported variables of a scope of its own. */
async function temporaryScope(shell: Shell, assignments: readonly Assignment[]): Promise<Map<string, Variable>> {
  const variables = new Map<string, Variable>();
  for (const assignment of assignments) {
    if (assignment.index !== undefined || assignment.elements !== undefined) continue;
    const value = assignment.value === undefined ? '' : await expandText(shell, parsePieces(assignment.value.text, 'assignment'));
    if (shell.variable(assignment.name)?.isReadOnly === true) {
      await shell.error(`${assignment.name}: readonly variable`);
      continue;
    }
    const { name } = shell.resolveName(assignment.name);
    const variable = newVariable(variables, '');
    variable.isExported = true;
    variables.set(name, variable);
    shell.assignTemporary(variables, name, assignment.append ? (shell.get(name) ?? '') + value : value);
  }
  return variables;
}

export async function callBuiltin(shell: Shell, builtin: Builtin, name: string, args: readonly string[], shaped: readonly (Assignment | undefined)[] = []): Promise<number> {
  const due = shell.sys.charge(BUILTIN_US);
  if (due !== undefined) await due;
  shell.currentBuiltin = name;
  let status: number;
  try {
    status = await builtin(shell, args.slice(1), { name, shaped: shaped.slice(1) });
  } catch (thrown) {
    if (!(thrown instanceof ShellError) || thrown.effect !== 'discard') throw thrown;
    if (thrown.message !== undefined) await shell.error(name === 'let' || name === 'declare' || name === 'typeset' || name === 'local' ? `${name}: ${thrown.message}` : thrown.message);
    status = thrown.status;
    if (shell.options.posix && SPECIAL_BUILTINS.has(name) && !shell.isInteractive) throw new ShellExit(status);
  }
  if (!(await shell.flush())) {
    await shell.write(2, `${shell.prefix()}${name}: write error: ${errnoText(shell.lastWriteError ?? 'EPIPE')}\n`);
    status = 1;
  }
  return status;
}

export async function callFunction(shell: Shell, entry: FunctionEntry, args: readonly string[]): Promise<number> {
  const limit = Number(shell.get('FUNCNEST') ?? 0);
  const depth = shell.frames.length;
  if (limit > 0 && depth >= limit) {
    throw new ShellError(`${entry.name}: maximum function nesting level exceeded (${limit})`);
  }
  // A runaway recursion ends as a real one does: out of stack.
  if (depth > MAX_CALLS) shell.sys.kill(shell.sys.pid, 'SEGV');
  const due = shell.sys.charge(BUILTIN_US);
  if (due !== undefined) await due;
  const { positional, loopDepth } = shell;
  const callLine = shell.line;
  const scope = { variables: new Map<string, Variable>(), isTemporary: false };
  const savedOptions = shell.localOptions;
  const returnTrap = shell.traps.get('RETURN');
  const tracedReturn = shell.options.functrace || entry.isTraced;
  if (returnTrap !== undefined && !tracedReturn) shell.traps.delete('RETURN');
  shell.localOptions = undefined;
  shell.positional = args.slice(1);
  shell.loopDepth = 0;
  shell.frames.push({ name: entry.name, callLine, source: entry.file, kind: 'function' });
  shell.locals.push(scope);
  try {
    let status = await execute(shell, entry.body, {});
    if (shell.flow?.kind === 'return') {
      status = shell.flow.status;
      shell.flow = undefined;
    }
    shell.status = status;
    const action = shell.traps.get('RETURN');
    if (action !== undefined && action !== '' && !shell.isInTrap) await runTrap(shell, 'RETURN', action);
    return status;
  } catch (thrown) {
    if (thrown instanceof ShellError) thrown.place ??= shell.place();
    throw thrown;
  } finally {
    const options = shell.localOptions as { letters: ReadonlySet<string> } | undefined;
    if (options !== undefined) shell.restoreOptions(options.letters);
    shell.localOptions = savedOptions;
    removeScope(shell, scope.variables);
    shell.frames.pop();
    shell.line = callLine;
    shell.positional = positional;
    shell.loopDepth = loopDepth;
    if (returnTrap !== undefined && !tracedReturn && !shell.traps.has('RETURN')) shell.traps.set('RETURN', returnTrap);
  }
}

/** Where a command's file is: 'hash' remembers. */
export function lookUp(shell: Shell, name: string): { path: string } | { error: 'missing' | 'denied' | 'directory' | 'gone'; path: string } {
  if (name.includes('/')) {
    const found = shell.sys.stat(name);
    if (!found.ok) return { error: found.error === 'EACCES' ? 'denied' : 'gone', path: name };
    if (found.value.kind === 'directory') return { error: 'directory', path: name };
    return shell.sys.access(name, { execute: true }).ok ? { path: name } : { error: 'denied', path: name };
  }
  const known = shell.hashed.get(name);
  if (known !== undefined) {
    known.hits += 1;
    if (!shell.options.shopt('checkhash') || shell.sys.stat(known.path).ok) return { path: known.path };
    shell.hashed.delete(name);
  }
  const path = shell.get('PATH');
  const found = path === undefined ? shell.sys.findProgram(name, '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin') : shell.sys.findProgram(name, path);
  if (!found.ok) {
    if (found.error !== 'EACCES' || path === undefined) return { error: 'missing', path: name };
    // Found, but not executable.
    for (const directory of path.split(':')) {
      const candidate = `${directory === '' ? '.' : directory}/${name}`;
      const there = shell.sys.stat(candidate);
      if (there.ok && there.value.kind === 'file') return { error: 'denied', path: candidate };
    }
    return { error: 'missing', path: name };
  }
  if (!found.value.startsWith('./') && shell.options.has('hashall')) shell.hashed.set(name, { path: found.value, hits: 1 });
  return { path: found.value };
}

async function runProgramFile(shell: Shell, command: SimpleCommand, args: string[], context: Context): Promise<number> {
  const undo: Undo = [];
  const name = args[0]!;
  const replaces = context.mayExec === true && shell.canBeReplaced();
  if (command.redirects.length > 0) {
    let status = 0;
    try {
      if (!(await applyRedirects(shell, command.redirects, undo))) status = 1;
    } catch (thrown) {
      // It is the program's process that ends.
      if (!(thrown instanceof ShellError) || thrown.effect !== 'exit') throw thrown;
      status = await unwound(shell, thrown, true);
    }
    if (status !== 0) {
      undoRedirects(shell, undo);
      return status;
    }
  }
  try {
    const temporary = command.assignments.length > 0 ? await temporaryScope(shell, command.assignments) : undefined;
    const path = temporary?.get('PATH')?.value;
    let found: ReturnType<typeof lookUp>;
    if (name === '') found = { error: 'missing', path: '' };
    else if (path !== undefined && !name.includes('/')) {
      const there = shell.sys.findProgram(name, path);
      found = there.ok ? { path: there.value } : { error: 'missing', path: name };
    } else found = lookUp(shell, name);
    if ('error' in found) return await notRunnable(shell, found, args);
    const env = shell.environment();
    if (temporary !== undefined) for (const [variable, { value }] of temporary) env.set(variable, value ?? '');
    env.set('_', found.path);
    return await launch(shell, found.path, args, env, replaces, () => printJob(command));
  } finally {
    await shell.flush();
    if (undo.length > 0) undoRedirects(shell, undo);
  }
}

async function notRunnable(shell: Shell, found: { error: string; path: string }, args: readonly string[]): Promise<number> {
  const handler = found.error === 'missing' ? shell.functions.get('command_not_found_handle') : undefined;
  if (handler !== undefined) return callFunction(shell, handler, ['command_not_found_handle', ...args]);
  const what = { missing: 'command not found', denied: 'Permission denied', directory: 'Is a directory', gone: 'No such file or directory' }[found.error]!;
  await shell.error(`${found.path}: ${shell.isAsh ? { missing: 'not found', denied: 'Permission denied', directory: 'Permission denied', gone: 'not found' }[found.error]! : what}`);
  return found.error === 'missing' || found.error === 'gone' ? 127 : 126;
}

/** Spawns and waits; or becomes the program when nothing is left to do afterwards. */
export async function launch(shell: Shell, path: string, args: readonly string[], env: ReadonlyMap<string, string>, replaces: boolean, text: () => string): Promise<number> {
  const { sys } = shell;
  await shell.flush();
  if (replaces) {
    for (const signal of handledSignals(shell)) sys.onSignal(signal, 'default');
    // Nobody will ask this shell any more: a thousand jobs in the background must not each keep a list of those before.
    if (shell.jobs.jobs.length > 0) shell.jobs = new JobTable();
    const failed = await sys.exec(path, args, env);
    return failed.ok ? 0 : await refused(shell, path, args, failed.error);
  }
  const wait = new ForegroundWait(shell);
  const spawned = await patiently(shell, () => sys.spawn(path, {
    argv: args, env, defaultSignals: handledSignals(shell),
    ...(shell.options.monitor ? { processGroup: 'new' as const, foreground: shell.terminalFd !== undefined } : {}),
  }));
  if (!spawned.ok) return refused(shell, path, args, spawned.error);
  shell.noteGroup(spawned.value);
  return wait.finish([spawned.value], text);
}

/** execve said no: a text without #! is a script for this shell. */
async function refused(shell: Shell, path: string, args: readonly string[], error: 'ENOEXEC' | string): Promise<number> {
  if (error === 'ENOEXEC') {
    const head = await shell.sys.readFile(path);
    if (head.ok && head.value.subarray(0, 80).includes(0)) {
      await shell.error(`${path}: cannot execute binary file: Exec format error`);
      return 126;
    }
    return runScriptFile(shell, path, args);
  }
  const read = await shell.sys.readText(path);
  const interpreter = read.ok ? /^#!\s*(\S+)/.exec(read.value)?.[1] : undefined;
  if (error === 'ENOENT' && interpreter !== undefined) {
    await shell.error(`${path}: ${interpreter}: bad interpreter: No such file or directory`);
    return 126;
  }
  await shell.error(`${path}: ${error === 'EACCES' ? 'Permission denied' : errnoText(error as 'ENOENT')}`);
  return error === 'ENOENT' ? 127 : 126;
}


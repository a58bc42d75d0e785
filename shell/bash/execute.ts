/** Runs commands. Read first: bash(1) "SHELL GRAMMAR", "COMMAND EXECUTION", bash's execute_cmd.c */
import type { SignalName, Sys } from '../../machine/sys.ts';
import type { Shell } from './shell.ts';
import type { AndOr, ArithmeticFor, Case, Command, For, Group, If, List, ListItem, Pipeline, While } from './ast.ts';
import { evaluateText, expandArithmetic, expandPattern, expandText, expandWords } from './expand.ts';
import { evaluateCondition } from './conditional.ts';
import { errnoText } from '../../machine/errno.ts';
import { ShellError, ShellExit, ShellInterrupt } from './errors.ts';
import { forked } from './fork.ts';
import { executeSimple } from './simple.ts';
import type { Job } from './jobs.ts';
import { ForegroundWait, announceBackground } from './foreground.ts';
import { matches } from '../lib/pattern.ts';
import { printFunction, printInline, printJob } from './print.ts';
import { expandPrompt } from './prompt.ts';
import type { Undo } from './redirect.ts';
import { applyRedirects, undoRedirects } from './redirect.ts';
import { runDebugTrap, runErrTrap, runExitTrap, runPendingTraps } from './traps.ts';
import { piecesOf } from './word.ts';

export interface Context {
  /** Nothing comes after this command: it may replace the process. */
  readonly mayExec?: boolean;
}

export async function executeList(shell: Shell, items: readonly ListItem[], context: Context): Promise<number> {
  let status = 0;
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i]!;
    if (item.isBackground) {
      status = await runBackground(shell, item.command, item.line);
    } else {
      status = await execute(shell, item.command, context.mayExec === true && i === items.length - 1 ? context : NO_CONTEXT);
    }
    shell.status = status;
    if (shell.flow !== undefined) return status;
    await betweenCommands(shell);
    if (shell.flow !== undefined) return shell.status;
    status = shell.status;
  }
  return status;
}

const NO_CONTEXT: Context = {};

/** Signals that came in are looked at between commands. */
async function betweenCommands(shell: Shell): Promise<void> {
  if (shell.pendingTraps.size > 0) await runPendingTraps(shell);
  if (shell.interrupted) {
    shell.interrupted = false;
    throw new ShellInterrupt();
  }
}

export async function execute(shell: Shell, command: Command, context: Context): Promise<number> {
  if (shell.options.noexec) return 0;
  if (command.kind === 'simple') {
    const status = await executeSimple(shell, command, context);
    shell.pipeStatus = [status];
    if (status !== 0) await failed(shell, status);
    return status;
  }
  if (command.redirects.length === 0) return executeCompound(shell, command, context);
  const undo: Undo = [];
  shell.line = command.line;
  try {
    if (!(await applyRedirects(shell, command.redirects, undo))) {
      shell.status = 1;
      await failed(shell, 1);
      return 1;
    }
    return await executeCompound(shell, command, NO_CONTEXT);
  } catch (thrown) {
    // Told while standard error still leads where the command sent it.
    if (thrown instanceof ShellError) await shell.tell(thrown);
    throw thrown;
  } finally {
    await shell.flush();
    undoRedirects(shell, undo);
    closeSubstitutions(shell, 0);
  }
}

export function closeSubstitutions(shell: Shell, keep: number): void {
  for (const fd of shell.substitutionFds.splice(keep)) shell.sys.close(fd);
}

/** A command failed: ERR trap and `set -e`. */
async function failed(shell: Shell, status: number): Promise<void> {
  if (shell.errexitOff > 0 || shell.flow !== undefined) return;
  if (shell.traps.size > 0 && shell.traps.has('ERR')) {
    shell.status = status;
    await runErrTrap(shell);
  }
  if (shell.options.errexit) throw new ShellExit(status);
}

async function executeCompound(shell: Shell, command: Exclude<Command, { kind: 'simple' }>, context: Context): Promise<number> {
  switch (command.kind) {
    case 'list': return executeList(shell, command.items, context);
    case 'and-or': return executeAndOr(shell, command, context);
    case 'pipeline': return executePipeline(shell, command, context);
    case 'if': return executeIf(shell, command, context);
    case 'while': case 'until': return executeWhile(shell, command);
    case 'for': return executeFor(shell, command);
    case 'select': return executeSelect(shell, command);
    case 'arithmetic-for': return executeArithmeticFor(shell, command);
    case 'case': return executeCase(shell, command);
    case 'group': return command.kind === 'group' ? executeList(shell, command.body.items, context) : 0;
    case 'subshell': return executeSubshell(shell, command);
    case 'conditional': {
      shell.line = command.line;
      if (shell.traps.size > 0) {
        shell.commandText = printInline(command);
        shell.commandSource = undefined;
        await runDebugTrap(shell);
      }
      const status = await evaluateCondition(shell, command.condition);
      shell.pipeStatus = [status];
      if (status !== 0) await failed(shell, status);
      return status;
    }
    case 'arithmetic': {
      shell.line = command.line;
      if (shell.traps.size > 0) {
        shell.commandText = `((${command.expression.text}))`;
        shell.commandSource = undefined;
        await runDebugTrap(shell);
      }
      let status: number;
      try {
        const text = await expandArithmetic(shell, command.expression.text);
        if (shell.options.xtrace) await trace(shell, `((${text}))`);
        status = shell.arithmetic(text) !== 0n ? 0 : 1;
      } catch (thrown) {
        if (!(thrown instanceof ShellError) || thrown.effect !== 'discard') throw thrown;
        await shell.error(`((: ${thrown.message ?? ''}`);
        status = 1;
      }
      shell.pipeStatus = [status];
      if (status !== 0) await failed(shell, status);
      return status;
    }
    case 'function': {
      if (/[$`'"\\<>]/.test(command.name)) {
        await shell.error(`\`${command.name}': not a valid identifier`);
        return 1;
      }
      const existing = shell.functions.get(command.name);
      if (existing?.isReadOnly === true) {
        await shell.error(`${command.name}: readonly function`);
        return 1;
      }
      shell.functions.set(command.name, { name: command.name, body: command.body, source: printFunction(command), line: command.line, isExported: existing?.isExported ?? false, isTraced: existing?.isTraced ?? false, isReadOnly: false, file: shell.currentSource() });
      return 0;
    }
    case 'coproc': return executeCoproc(shell, command.name, command.body);
  }
}

export async function trace(shell: Shell, text: string): Promise<void> {
  await shell.flush();
  const ps4 = shell.get('PS4') ?? '+ ';
  const wasTracing = shell.options.xtrace;
  shell.options.set('xtrace', false);
  let prefix: string;
  try {
    prefix = await expandPrompt(shell, ps4);
  } finally {
    shell.options.set('xtrace', wasTracing);
  }
  const [first = ''] = [...prefix];
  const fd = Number(shell.get('BASH_XTRACEFD') ?? 2);
  await shell.write(fd, `${first.repeat(shell.traceDepth - 1)}${prefix}${text}\n`);
}

async function executeAndOr(shell: Shell, command: AndOr, context: Context): Promise<number> {
  let status = 0;
  for (let i = 0; i < command.commands.length; i += 1) {
    const operator = command.operators[i - 1];
    if (operator === '&&' && status !== 0) continue;
    if (operator === '||' && status === 0) continue;
    const isLast = i === command.commands.length - 1;
    if (isLast) {
      status = await execute(shell, command.commands[i]!, context);
    } else {
      shell.errexitOff += 1;
      try {
        status = await execute(shell, command.commands[i]!, NO_CONTEXT);
      } finally {
        shell.errexitOff -= 1;
      }
    }
    shell.status = status;
    if (shell.flow !== undefined) return status;
    if (!isLast) await betweenCommands(shell);
  }
  return status;
}

async function executeIf(shell: Shell, command: If, context: Context): Promise<number> {
  for (const { test, body } of command.branches) {
    const status = await executeTest(shell, test);
    if (shell.flow !== undefined) return status;
    if (status === 0) return executeList(shell, body.items, context);
  }
  return command.otherwise === undefined ? 0 : executeList(shell, command.otherwise.items, context);
}

async function executeTest(shell: Shell, list: List): Promise<number> {
  shell.errexitOff += 1;
  try {
    return await executeList(shell, list.items, NO_CONTEXT);
  } finally {
    shell.errexitOff -= 1;
  }
}

/** After a loop's body: does the loop go on? Takes break and continue that are meant for it. */
function loopGoesOn(shell: Shell): boolean {
  const { flow } = shell;
  if (flow === undefined) return true;
  if (flow.kind === 'return') return false;
  if (flow.count > 1) {
    flow.count -= 1;
    return false;
  }
  shell.flow = undefined;
  return flow.kind === 'continue';
}

async function inLoop(shell: Shell, body: () => Promise<number>): Promise<number> {
  shell.loopDepth += 1;
  try {
    return await body();
  } finally {
    shell.loopDepth -= 1;
  }
}

function executeWhile(shell: Shell, command: While): Promise<number> {
  return inLoop(shell, async () => {
    let status = 0;
    for (;;) {
      const test = await executeTest(shell, command.test);
      if (shell.flow !== undefined) {
        if (loopGoesOn(shell)) continue;
        break;
      }
      if ((test === 0) !== (command.kind === 'while')) break;
      status = await executeList(shell, command.body.items, NO_CONTEXT);
      if (!loopGoesOn(shell)) break;
      const due = shell.sys.charge(5);
      if (due !== undefined) await due;
    }
    return shell.flow?.kind === 'return' ? shell.flow.status : status;
  });
}

async function executeFor(shell: Shell, command: For): Promise<number> {
  shell.line = command.line;
  const values = command.words === undefined ? [...shell.positional] : await expandWords(shell, command.words);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(command.name)) {
    await shell.error(`\`${command.name}': not a valid identifier`);
    return 1;
  }
  return inLoop(shell, async () => {
    let status = 0;
    for (const value of values) {
      shell.line = command.line;
      if (shell.options.xtrace) await trace(shell, `for ${command.name} in ${command.words === undefined ? '"$@"' : command.words.map((word) => word.text).join(' ')}`);
      if (shell.traps.size > 0) {
        shell.commandText = `for ${command.name} in ${(command.words ?? []).map((word) => word.text).join(' ')}`;
        await runDebugTrap(shell);
      }
      const raw = shell.rawVariable(command.name);
      if (raw?.isReadOnly === true) {
        await shell.error(`${command.name}: readonly variable`);
        return 1;
      }
      if (raw?.isNameref === true) shell.own(command.name).value = value;
      else shell.assign(command.name, undefined, value, false);
      status = await executeList(shell, command.body.items, NO_CONTEXT);
      if (!loopGoesOn(shell)) break;
      const due = shell.sys.charge(5);
      if (due !== undefined) await due;
    }
    return status;
  });
}

function executeArithmeticFor(shell: Shell, command: ArithmeticFor): Promise<number> {
  return inLoop(shell, async () => {
    let status = 0;
    shell.line = command.line;
    if ((await evaluatePart(shell, command.start.text)) === undefined) return 1;
    for (;;) {
      const test = command.test.text.trim() === '' ? 1n : await evaluatePart(shell, command.test.text);
      if (test === undefined) return 1;
      if (test === 0n) break;
      status = await executeList(shell, command.body.items, NO_CONTEXT);
      if (!loopGoesOn(shell)) break;
      if ((await evaluatePart(shell, command.update.text)) === undefined) return 1;
      const due = shell.sys.charge(5);
      if (due !== undefined) await due;
    }
    return status;
  });
}

/** Part of `for ((;;))`; undefined, and told, when it makes no sense. */
async function evaluatePart(shell: Shell, text: string): Promise<bigint | undefined> {
  try {
    return await evaluateText(shell, text);
  } catch (thrown) {
    if (!(thrown instanceof ShellError) || thrown.effect !== 'discard') throw thrown;
    await shell.error(`((: ${thrown.message ?? ''}`);
    return undefined;
  }
}

async function executeSelect(shell: Shell, command: For): Promise<number> {
  const values = command.words === undefined ? [...shell.positional] : await expandWords(shell, command.words);
  if (values.length === 0) return 0;
  return inLoop(shell, async () => {
    let status = 0;
    let showMenu = true;
    for (;;) {
      if (showMenu) await shell.write(2, selectMenu(shell, values));
      await shell.write(2, shell.get('PS3') ?? '#? ');
      const line = await readSelection(shell);
      if (line === undefined) {
        await shell.write(1, '\n');
        return 1;
      }
      shell.setVariable('REPLY', line);
      showMenu = line === '';
      if (line === '') continue;
      const chosen = /^\s*[0-9]+\s*$/.test(line) ? values[Number(line) - 1] : undefined;
      shell.assign(command.name, undefined, chosen ?? '', false);
      status = await executeList(shell, command.body.items, NO_CONTEXT);
      if (!loopGoesOn(shell)) return status;
    }
  });
}

async function readSelection(shell: Shell): Promise<string | undefined> {
  let text = '';
  for (;;) {
    const got = await shell.sys.read(0, 1);
    if (!got.ok && got.error === 'EINTR') {
      await betweenCommands(shell);
      continue;
    }
    if (!got.ok || got.value.length === 0) return text === '' ? undefined : text;
    if (got.value[0] === 10) return text;
    text += String.fromCharCode(got.value[0]!);
  }
}

function selectMenu(shell: Shell, values: readonly string[]): string {
  const digits = String(values.length).length;
  const longest = Math.max(...values.map((value) => value.length)) + digits + 2;
  const columns = Number(shell.get('COLUMNS') ?? 80);
  const across = Math.max(1, Math.floor(columns / (longest + 2)));
  const rows = across === 1 || values.length <= across ? (values.length <= across ? Math.max(1, values.length === 1 ? 1 : values.length) : values.length) : Math.ceil(values.length / across);
  const height = values.length < across ? values.length : rows;
  let text = '';
  for (let row = 0; row < height; row += 1) {
    let line = '';
    for (let at = row; at < values.length; at += height) {
      const cell = `${String(at + 1).padStart(digits)}) ${values[at]!}`;
      line += at + height < values.length ? cell.padEnd(longest + 2) : cell;
    }
    text += `${line}\n`;
  }
  return text;
}

async function executeCase(shell: Shell, command: Case): Promise<number> {
  shell.line = command.line;
  const subject = await expandText(shell, piecesOf(command.word));
  if (shell.options.xtrace) await trace(shell, `case ${command.word.text} in`);
  if (shell.traps.size > 0) await runDebugTrap(shell);
  const options = { extended: true, ignoreCase: shell.options.shopt('nocasematch') };
  let status = 0;
  let fallsThrough = false;
  for (const item of command.items) {
    let isHit = fallsThrough;
    for (const pattern of isHit ? [] : item.patterns) {
      if (matches(await expandPattern(shell, piecesOf(pattern)), subject, options)) {
        isHit = true;
        break;
      }
    }
    if (!isHit) continue;
    status = await executeList(shell, item.body.items, NO_CONTEXT);
    if (shell.flow !== undefined || item.terminator === ';;') return status;
    fallsThrough = item.terminator === ';&';
  }
  return status;
}

// ---- processes

/** The life of a forked shell: runs `body`, then its EXIT trap, and answers the status. One command of a `-c` string ends as the string itself would. */
export async function runSubshell(shell: Shell, body: () => Promise<number>, isSimple = false): Promise<number> {
  let status: number;
  try {
    try {
      status = await body();
      if (shell.flow?.kind === 'return') status = shell.flow.status;
      shell.flow = undefined;
    } catch (thrown) {
      status = await unwound(shell, thrown, isSimple);
    }
    shell.status = status;
    try {
      await runExitTrap(shell);
      status = shell.status;
    } catch (thrown) {
      status = await unwound(shell, thrown, isSimple);
    }
  } finally {
    shell.flow = undefined;
  }
  await shell.flush();
  return status & 255;
}

/** What a thrown thing makes of the shell's status. Prints the message of an error. */
export async function unwound(shell: Shell, thrown: unknown, isSimple: boolean): Promise<number> {
  if (thrown instanceof ShellExit) return thrown.status;
  if (thrown instanceof ShellInterrupt) return thrown.status;
  if (thrown instanceof ShellError) {
    await shell.tell(thrown);
    // 2: memory ran out (xmalloc.c, memory_error_and_abort).
    if (thrown.effect === 'exit' && thrown.status !== 2) return isSimple && shell.isCommandString && !shell.isInteractive ? 127 : 1;
    return thrown.status;
  }
  throw thrown;
}

/** Signals a child gets back their default action for. */
export function handledSignals(shell: Shell): SignalName[] {
  const signals = [...shell.traps].filter(([name, action]) => action !== '' && !['EXIT', 'ERR', 'DEBUG', 'RETURN'].includes(name)).map(([name]) => name as SignalName);
  return shell.isInteractive && shell.subshellDepth === 0 ? [...signals, 'INT', 'TERM', 'QUIT', 'TSTP', 'TTIN', 'TTOU'] : signals;
}

export interface ForkPlan {
  readonly group?: 'new' | number;
  readonly foreground?: boolean;
  readonly isBackground?: boolean;
  /** execute_in_subshell deletes all jobs; substitutions and commands of a pipeline still show them. */
  readonly forgetsJobs?: boolean;
}

/** Forks a shell that runs `body`; answers its pid. */
export async function forkShell(shell: Shell, plan: ForkPlan, body: (inner: Shell) => Promise<number>): Promise<number> {
  await shell.flush();
  // The copy is made now: by the time the child runs, the parent has moved on.
  const inner = shell.fork(shell.sys, plan.forgetsJobs !== true);
  const made = await forked(shell, () => shell.sys.fork(async (childSys: Sys) => {
    inner.sys = childSys;
    inner.options.set('monitor', false);
    inner.substitutionFds = [];
    if (plan.isBackground === true && !shell.options.monitor) {
      childSys.onSignal('INT', 'ignore');
      childSys.onSignal('QUIT', 'ignore');
    }
    return runSubshell(inner, () => body(inner), plan.forgetsJobs !== true);
  }, { defaultSignals: handledSignals(shell), ...(plan.group === undefined ? {} : { processGroup: plan.group }), ...(plan.foreground === true ? { foreground: true } : {}) }));
  if (plan.group === 'new') shell.noteGroup(made);
  return made;
}

function groupPlan(shell: Shell, leader: number | undefined): ForkPlan {
  if (!shell.options.monitor) return {};
  return { group: leader ?? 'new', foreground: shell.isInteractive && shell.terminalFd !== undefined };
}

async function executeSubshell(shell: Shell, command: Group): Promise<number> {
  const wait = new ForegroundWait(shell);
  const pid = await forkShell(shell, { ...groupPlan(shell, undefined), forgetsJobs: true }, async (inner) => executeList(inner, command.body.items, { mayExec: true }));
  const status = await wait.finish([pid], () => printJob(command));
  shell.pipeStatus = [status];
  if (status !== 0) await failed(shell, status);
  return status;
}

async function executePipeline(shell: Shell, command: Pipeline, context: Context): Promise<number> {
  const startedUs = shell.sys.monotonicUs();
  const before = shell.sys.times();
  let status: number;
  if (command.isNegated) shell.errexitOff += 1;
  try {
    status = command.commands.length === 0 ? 0 : command.commands.length === 1 ? await execute(shell, command.commands[0]!, command.isNegated || command.time !== 'no' ? NO_CONTEXT : context) : await runPipeline(shell, command);
  } finally {
    if (command.isNegated) shell.errexitOff -= 1;
  }
  if (command.time !== 'no') await reportTime(shell, command.time, startedUs, before);
  if (command.isNegated) return status === 0 ? 1 : 0;
  if (status !== 0 && command.commands.length > 1) {
    shell.status = status;
    await failed(shell, status);
  }
  return status;
}

async function reportTime(shell: Shell, kind: 'bash' | 'posix', startedUs: number, before: ReturnType<Sys['times']>): Promise<void> {
  const after = shell.sys.times();
  const real = shell.sys.monotonicUs() - startedUs;
  const user = after.userUs + after.childrenUserUs - before.userUs - before.childrenUserUs;
  const system = after.systemUs + after.childrenSystemUs - before.systemUs - before.childrenSystemUs;
  const format = kind === 'posix' ? 'real %2R\nuser %2U\nsys %2S' : (shell.get('TIMEFORMAT') ?? '\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS');
  if (format === '') return;
  const text = format.replace(/%(?:([0-9]?)(l?)([RUS])|(P)|(%))/g, (_all, digits: string | undefined, long: string | undefined, which: string | undefined, percent: string | undefined) => {
    if (percent !== undefined) return (real === 0 ? 0 : ((user + system) / real) * 100).toFixed(2);
    if (which === undefined) return '%';
    const us = which === 'R' ? real : which === 'U' ? user : system;
    const places = digits === '' || digits === undefined ? 3 : Math.min(3, Number(digits));
    const seconds = us / 1_000_000;
    if (long !== 'l') return seconds.toFixed(places);
    const minutes = Math.floor(seconds / 60);
    return `${minutes}m${(seconds - minutes * 60).toFixed(places)}s`;
  });
  await shell.flush();
  await shell.write(2, `${text}\n`);
}

async function runPipeline(shell: Shell, command: Pipeline): Promise<number> {
  const wait = new ForegroundWait(shell);
  const { pids, lastStatus } = await forkPipeline(shell, command, false);
  if (!shell.isInTrap) shell.line = command.line;
  const statuses = await wait.finishAll(pids, () => printJob(command), undefined, () => command.commands.map(printJob));
  if (lastStatus !== undefined) statuses.push(lastStatus);
  shell.pipeStatus = statuses;
  if (shell.options.pipefail) return statuses.findLast((status) => status !== 0) ?? 0;
  return statuses.at(-1)!;
}

/** Starts all stages; `lastStatus` of a last stage that ran here (lastpipe). */
async function forkPipeline(shell: Shell, command: Pipeline, isBackground: boolean): Promise<{ pids: number[]; lastStatus: number | undefined }> {
  const { sys } = shell;
  await shell.flush();
  const last = command.commands.length - 1;
  const runsLastHere = !isBackground && shell.options.lastpipe && !shell.options.monitor;
  const pids: number[] = [];
  let incoming: number | undefined;
  let lastStatus: number | undefined;
  for (const [i, stage] of command.commands.entries()) {
    let reader: number | undefined;
    let writer: number | undefined;
    if (i < last) {
      const pipe = sys.pipe();
      if (!pipe.ok) throw new ShellError(`pipe error: ${errnoText(pipe.error)}`);
      [reader, writer] = pipe.value;
    }
    if (i === last && runsLastHere && incoming !== undefined) {
      const saved = sys.duplicate(0, undefined, 10);
      sys.duplicate(incoming, 0);
      sys.close(incoming);
      try {
        lastStatus = await execute(shell, stage, NO_CONTEXT);
      } finally {
        await shell.flush();
        if (saved.ok) {
          sys.duplicate(saved.value, 0);
          sys.close(saved.value);
        } else sys.close(0);
      }
      break;
    }
    const input = incoming;
    const withErrors = command.withErrors[i] === true;
    if (stage.kind === 'simple' && shell.traps.has('DEBUG')) {
      shell.line = stage.line;
      shell.commandSource = stage;
      await runDebugTrap(shell);
    }
    const plan: ForkPlan = isBackground ? { isBackground: true, ...(shell.options.monitor ? { group: pids[0] ?? ('new' as const) } : {}) } : groupPlan(shell, pids[0]);
    const pid = await forkShell(shell, stage.kind === 'simple' && !isBackground ? plan : { ...plan, forgetsJobs: true }, async (inner) => {
      if (isBackground && i === 0 && !shell.options.monitor) await readNothing(inner);
      if (input !== undefined) {
        inner.sys.duplicate(input, 0);
        inner.sys.close(input);
      }
      if (writer !== undefined) {
        inner.sys.duplicate(writer, 1);
        inner.sys.close(writer);
        if (withErrors) inner.sys.duplicate(1, 2);
      }
      if (reader !== undefined) inner.sys.close(reader);
      inner.pipelineDepth += 1;
      return execute(inner, inOwnProcess(stage), { mayExec: true });
    });
    pids.push(pid);
    if (input !== undefined) sys.close(input);
    if (writer !== undefined) sys.close(writer);
    incoming = reader;
  }
  return { pids, lastStatus };
}

/** What is forked anyway is a subshell already: `( ... ) &` and `| ( ... )` fork once. */
function inOwnProcess(command: Command): Command {
  if (command.kind === 'pipeline' && command.commands.length === 1 && !command.isNegated && command.time === 'no') return inOwnProcess(command.commands[0]!);
  return command.kind === 'subshell' ? { ...command, kind: 'group' } : command;
}

async function runBackground(shell: Shell, command: Command, line: number): Promise<number> {
  shell.line = line;
  const monitor = shell.options.monitor;
  const isPipeline = command.kind === 'pipeline' && command.commands.length > 1 && !command.isNegated && command.time === 'no';
  const pids = isPipeline ? (await forkPipeline(shell, command, true)).pids : [await forkShell(shell, { isBackground: true, forgetsJobs: true, ...(monitor ? { group: 'new' as const } : {}) }, async (inner) => {
    if (!monitor) await readNothing(inner);
    return execute(inner, inOwnProcess(command), { mayExec: true });
  })];
  shell.lastBackgroundPid = pids.at(-1)!;
  const job: Job = shell.jobs.add(pids, monitor ? pids[0]! : 0, printJob(command), shell.get('PWD') ?? '/', true, monitor);
  if (isPipeline) job.stages = command.commands.map(printJob);
  await announceBackground(shell, job);
  shell.pipeStatus = [0];
  return 0;
}

/** Without job control what runs in the background reads nothing. */
async function readNothing(inner: Shell): Promise<void> {
  const opened = await inner.sys.open('/dev/null', { read: true });
  if (!opened.ok || opened.value === 0) return;
  inner.sys.duplicate(opened.value, 0);
  inner.sys.close(opened.value);
}

async function executeCoproc(shell: Shell, name: string, body: Command): Promise<number> {
  const { sys } = shell;
  const toChild = sys.pipe();
  const fromChild = sys.pipe();
  if (!toChild.ok || !fromChild.ok) throw new ShellError('coproc: cannot make pipes');
  const ends = [...toChild.value, ...fromChild.value];
  const monitor = shell.options.monitor;
  const pid = await forkShell(shell, { isBackground: true, forgetsJobs: true, ...(monitor ? { group: 'new' as const } : {}) }, async (inner) => {
    inner.sys.duplicate(toChild.value[0], 0);
    inner.sys.duplicate(fromChild.value[1], 1);
    for (const fd of ends) inner.sys.close(fd);
    return execute(inner, body, { mayExec: true });
  });
  sys.close(toChild.value[0]);
  sys.close(fromChild.value[1]);
  const high = (fd: number, from: number): number => {
    const moved = sys.duplicate(fd, undefined, from);
    sys.close(fd);
    if (moved.ok) sys.setCloseOnExec(moved.value, true);
    return moved.ok ? moved.value : fd;
  };
  const output = high(toChild.value[1], 60);
  const input = high(fromChild.value[0], 60);
  shell.setArray(name, [String(input), String(output)]);
  shell.setVariable(`${name}_PID`, String(pid));
  shell.lastBackgroundPid = pid;
  const job = shell.jobs.add([pid], monitor ? pid : 0, printJob({ kind: 'coproc', name, body, line: shell.line, redirects: [] }), shell.get('PWD') ?? '/', true, monitor);
  await announceBackground(shell, job);
  return 0;
}


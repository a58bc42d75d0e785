/** Reading and running programs: strings, files, functions' sources. Read first: bash's eval.c, builtins/evalstring.c */
import { ashMessage, ashSyntax } from './ash-words.ts';
import type { Shell } from './shell.ts';
import { expandAliases } from './aliases.ts';
import { decode } from './escapes.ts';
import { ShellError, ShellExit } from './errors.ts';
import { executeList, forkShell } from './execute.ts';
import { ForegroundWait } from './foreground.ts';
import type { Parsed, SyntaxTrouble } from './parse.ts';
import { parseProgram, unitsOf } from './parse.ts';

export interface RunOptions {
  readonly mayExec?: boolean;
  /** $LINENO stays what it is (traps). */
  readonly keepLine?: boolean;
  /** What syntax errors call the input: `-c`, `eval`. */
  readonly label?: string;
}

/** Runs a whole text; answers the status of what ran last. */
export async function runProgram(shell: Shell, source: string, firstLine: number, options: RunOptions): Promise<number> {
  let status = 0;
  let rest = source;
  let line = firstLine;
  for (;;) {
    if (shell.options.expandAliases && shell.aliases.size > 0) {
      const unit = takeUnit(shell, rest, line);
      if (unit === undefined) return status;
      status = await runParsed(shell, unit.text, parseProgram(unit.text, line), unit.rest.trim() === '' ? options : { ...options, mayExec: false }, undefined);
      if (shell.flow !== undefined || unit.failed) return status;
      line += countLines(unit.consumed);
      rest = unit.rest;
      if (rest.trim() === '') return status;
      continue;
    }
    const parsed = parseProgram(rest, line);
    let switched: { at: number } | undefined;
    status = await runParsed(shell, rest, parsed, options, (at) => {
      // An alias defined now counts from the next line on.
      if (!shell.options.expandAliases || shell.aliases.size === 0) return false;
      switched = { at };
      return true;
    });
    const stop = switched as { at: number } | undefined;
    if (stop === undefined || shell.flow !== undefined) return status;
    line += countLines(rest.slice(0, stop.at));
    rest = rest.slice(stop.at);
    if (rest.trim() === '') return status;
  }
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** The next complete command, its aliases expanded. */
export function takeUnit(shell: Shell, source: string, line: number): { text: string; consumed: string; rest: string; failed: boolean } | undefined {
  let at = 0;
  for (;;) {
    const end = source.indexOf('\n', at);
    const stop = end < 0 ? source.length : end + 1;
    const consumed = source.slice(0, stop);
    if (consumed.trim() === '' && stop < source.length) {
      at = stop;
      continue;
    }
    const text = expandAliases(shell, consumed);
    const parsed = parseProgram(text, line);
    const isOpen = parsed.openDocuments.length > 0 || parsed.trouble?.isIncomplete === true || /(?:^|[^\\])(?:\\\\)*\\\n$/.test(consumed);
    if (isOpen && stop < source.length) {
      at = stop;
      continue;
    }
    return consumed.trim() === '' && text.trim() === '' && stop >= source.length ? undefined : { text, consumed, rest: source.slice(stop), failed: parsed.trouble !== undefined };
  }
}

async function runParsed(shell: Shell, source: string, parsed: Parsed, options: RunOptions, stopAfter: ((at: number) => boolean) | undefined): Promise<number> {
  let status = 0;
  for (const document of parsed.openDocuments) {
    await shell.error(`warning: here-document at line ${document.line} delimited by end-of-file (wanted \`${document.delimiter}')`);
  }
  const { items } = parsed;
  if (items.length > 0) {
    const units = unitsOf(items, source);
    for (let i = 0; i < units.length; i += 1) {
      const unit = units[i]!;
      const isLast = i === units.length - 1 && parsed.trouble === undefined;
      try {
        status = await executeList(shell, unit, options.mayExec === true && isLast ? { mayExec: true } : {});
      } catch (thrown) {
        if (!(thrown instanceof ShellError) || (thrown.effect === 'exit' && !(shell.isInteractive && shell.subshellDepth === 0)) || options.label === 'nested') throw thrown;
        if (shell.isPrompting && shell.subshellDepth === 0) throw thrown;
        if (shell.subshellDepth > 0) throw thrown;
        await shell.tell(thrown);
        status = thrown.status;
        shell.status = status;
        shell.flow = undefined;
        shell.unwindCalls();
        if (shell.options.errexit && shell.errexitOff === 0) throw new ShellExit(status === 0 ? 1 : status);
        if (thrown.effect === 'abandon' && shell.isCommandString && !shell.isInteractive) throw new ShellExit(status);
      }
      if (shell.flow !== undefined) return status;
      const end = source.indexOf('\n', unit.at(-1)!.end);
      if (stopAfter !== undefined && !isLast && stopAfter(end < 0 ? source.length : end + 1)) return status;
    }
  }
  if (parsed.trouble !== undefined) {
    await reportTrouble(shell, parsed.trouble, options.label);
    shell.status = 2;
    return 2;
  }
  return status;
}

export async function reportTrouble(shell: Shell, trouble: SyntaxTrouble, label?: string): Promise<void> {
  await shell.flush();
  if (shell.isAsh) {
    await shell.write(2, `${ashMessage(ashSyntax(trouble.message), shell.place(trouble.line))}\n`);
    return;
  }
  const name = shell.frames.findLast((frame) => frame.kind === 'source')?.source ?? shell.programName;
  const isPrompted = shell.isInteractive && !shell.frames.some((frame) => frame.kind === 'source');
  const tag = label === 'eval' ? 'eval: ' : shell.isCommandString && shell.frames.length === 0 ? '-c: ' : '';
  const prefix = isPrompted ? `${name}: ${tag}` : `${name}: ${tag}line ${trouble.line}: `;
  await shell.write(2, `${prefix}${trouble.message}\n`);
  if (trouble.sourceLine !== undefined && !isPrompted) await shell.write(2, `${prefix}\`${trouble.sourceLine}'\n`);
}

/** A file's text as a script in a forked shell, for programs without #!. */
export async function runScriptFile(shell: Shell, path: string, args: readonly string[]): Promise<number> {
  const wait = new ForegroundWait(shell);
  const pid = await forkShell(shell, shell.options.monitor ? { group: 'new', foreground: shell.terminalFd !== undefined } : {}, async (inner) => {
    inner.functions = new Map([...inner.functions].filter(([, entry]) => entry.isExported));
    inner.aliases = new Map();
    const env = inner.environment();
    inner.globals = new Map([...env].map(([name, value]) => [name, Object.assign(inner.newOwned(), { value, isExported: true })]));
    inner.setVariable('IFS', ' \t\n');
    inner.setVariable('OPTIND', '1');
    inner.locals = [];
    inner.frames = [];
    inner.name = path;
    inner.programName = path;
    inner.source = path;
    inner.isInteractive = false;
    inner.isCommandString = false;
    inner.readsStdin = false;
    inner.subshellDepth = 0;
    inner.bashPidOfShell = inner.sys.pid;
    inner.positional = args.slice(1);
    const read = await inner.sys.readFile(path);
    return read.ok ? runProgram(inner, decode(read.value), 1, {}) : 126;
  });
  return wait.finish([pid], () => args.join(' '));
}


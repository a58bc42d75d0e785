/** The interactive shell: prompts, lines, history, notices. Read first: bash(1) "INVOCATION", "JOB CONTROL", "HISTORY" */
import type { ExitCode } from '../../machine/sys.ts';
import type { Shell } from './shell.ts';
import { expandAliases } from './aliases.ts';
import { builtins } from './builtins/index.ts';
import { KEYWORDS } from './builtins/commands.ts';
import { generate } from './builtins/completion.ts';
import { ShellError, ShellExit, ShellInterrupt } from './errors.ts';
import { executeList } from './execute.ts';
import { stateOf } from './jobs.ts';
import { notifyJobs } from './notices.ts';
import { isIncomplete, parseProgram, unitsOf } from './parse.ts';
import { expandPrompt } from './prompt.ts';
import { reportTrouble, runProgram } from './run.ts';
import { sourceStartupFile } from './startup.ts';
import { restoreSignal, runExitTrap, runPendingTraps } from './traps.ts';
import { matches } from '../lib/pattern.ts';
import type { Completer } from '../readline/api.ts';
import { createBashCompleter } from '../readline/completion/bash-completer.ts';
import { expandHistory } from '../readline/history-expansion.ts';
import { History } from '../readline/history.ts';
import { createLineEditor } from '../readline/line-editor.ts';
import { readLine } from '../readline/read-line.ts';
import { loadInputrc, takeMode } from './builtins/bind.ts';
import { editAndRun, editorOf } from './edit-commands.ts';

export interface Startup { readonly noProfile: boolean; readonly noRc: boolean; readonly rcFile: string | undefined }

export async function runInteractive(shell: Shell, startup: Startup): Promise<ExitCode> {
  shell.interactive = { history: new History(), editor: createLineEditor() };
  for (const signal of ['INT', 'TERM', 'QUIT'] as const) restoreSignal(shell, signal);
  startJobControl(shell);
  const home = shell.get('HOME') ?? '';
  // Where sh is busybox's, its prompt is the working directory.
  setDefault(shell, 'PS1', shell.isAsh ? '\\w \\$ ' : '\\s-\\v\\$ ');
  setDefault(shell, 'PS2', '> ');
  setDefault(shell, 'HISTFILE', `${home}/.bash_history`);
  setDefault(shell, 'HISTSIZE', '500');
  setDefault(shell, 'HISTFILESIZE', '500');
  takeSize(shell);
  let status = 0;
  try {
    if (shell.isLogin && !startup.noProfile) {
      await sourceStartupFile(shell, '/etc/profile');
      for (const name of ['.bash_profile', '.bash_login', '.profile']) if (await sourceStartupFile(shell, `${home}/${name}`)) break;
    } else if (!shell.isLogin && !startup.noRc) {
      if (startup.rcFile === undefined) await sourceStartupFile(shell, '/etc/bash.bashrc');
      await sourceStartupFile(shell, startup.rcFile ?? `${home}/.bashrc`);
    }
    await loadInputrc(shell);
    shell.jobs.clear();
    await loadHistory(shell);
    shell.isPrompting = true;
    status = await readAndRun(shell);
  } catch (thrown) {
    if (!(thrown instanceof ShellExit)) throw thrown;
    status = thrown.status;
  }
  shell.status = status;
  return finish(shell, status);
}

function setDefault(shell: Shell, name: string, value: string): void {
  if (shell.rawVariable(name) === undefined) shell.setVariable(name, value);
}

/** Puts the shell in front of its terminal, in a group of its own. */
function startJobControl(shell: Shell): void {
  const { sys } = shell;
  if (!sys.isTerminal(0)) return;
  const fd = [...Array(3).keys()].find((candidate) => sys.isTerminal(candidate));
  if (fd === undefined) return;
  const copy = sys.duplicate(fd, undefined, 255);
  shell.terminalFd = copy.ok ? copy.value : fd;
  if (copy.ok) sys.setCloseOnExec(copy.value, true);
  shell.options.set('monitor', true);
  for (const signal of ['TSTP', 'TTIN', 'TTOU'] as const) restoreSignal(shell, signal);
  if (sys.getSession().ok) sys.setProcessGroup(0, 0);
  const group = sys.getProcessGroup();
  shell.shellGroup = group.ok ? group.value : sys.pid;
  sys.setForegroundGroup(shell.terminalFd, shell.shellGroup);
}

function takeSize(shell: Shell): void {
  const size = shell.sys.windowSize(shell.terminalFd ?? 0);
  if (!size.ok || size.value.columns === 0) return;
  shell.setVariable('COLUMNS', String(size.value.columns));
  shell.setVariable('LINES', String(size.value.rows));
}

async function loadHistory(shell: Shell): Promise<void> {
  const history = shell.interactive!.history;
  applyHistorySize(shell);
  const file = shell.get('HISTFILE');
  if (file === undefined || file === '') return;
  const text = await shell.sys.readText(file);
  if (text.ok) history.load(text.value);
}

function applyHistorySize(shell: Shell): void {
  const size = shell.get('HISTSIZE');
  shell.interactive!.history.maximum = size === undefined || size === '' || Number(size) < 0 ? undefined : Number(size);
}

async function saveHistory(shell: Shell): Promise<void> {
  const file = shell.get('HISTFILE');
  const history = shell.interactive!.history;
  if (file === undefined || file === '' || history.newInSession === 0) return;
  const limit = shell.get('HISTFILESIZE');
  await history.save(shell.sys, file, { append: shell.options.shopt('histappend') || history.newInSession < history.length, withStamps: shell.get('HISTTIMEFORMAT') !== undefined, ...(limit === undefined || limit === '' || Number(limit) < 0 ? {} : { maximumLines: Number(limit) }) });
}

async function finish(shell: Shell, status: number): Promise<number> {
  let code = status;
  try {
    await runExitTrap(shell);
    code = shell.status;
    if (shell.isLogin) await sourceStartupFile(shell, `${shell.get('HOME') ?? ''}/.bash_logout`);
  } catch (thrown) {
    if (thrown instanceof ShellExit) code = thrown.status;
    else if (!(thrown instanceof ShellError) && !(thrown instanceof ShellInterrupt)) throw thrown;
  }
  await shell.flush();
  await saveHistory(shell);
  for (const job of shell.jobs.jobs) {
    const state = stateOf(job);
    if (job.ignoresHangup || state === 'done') continue;
    if (state === 'stopped' || (shell.isLogin && shell.options.shopt('huponexit'))) {
      shell.sys.kill(-job.group, 'HUP');
      if (state === 'stopped') shell.sys.kill(-job.group, 'CONT');
    }
  }
  return code & 255;
}

async function readAndRun(shell: Shell): Promise<number> {
  let pending: string[] = [];
  for (;;) {
    if (!shell.keepsWarning) shell.warnedOfJobs = false;
    shell.keepsWarning = false;
    shell.interrupted = false;
    await notifyJobs(shell);
    if (pending.length === 0) await promptCommand(shell);
    const outcome = await readCommand(shell, pending);
    if (outcome.kind === 'interrupted') {
      shell.status = 130;
      if (shell.traps.get('INT') !== undefined && shell.traps.get('INT') !== '' && outcome.atPrompt === true) {
        shell.pendingTraps.add('INT');
        await runPendingTraps(shell);
        await shell.flush();
        await shell.write(2, '\n');
      }
      pending = [];
      continue;
    }
    if (outcome.kind === 'eof') {
      const stays = await endOfInput(shell);
      if (stays) continue;
      return shell.status;
    }
    pending = outcome.rest;
    const { text } = outcome;
    if (text.trim() === '') continue;
    shell.lineId += 1;
    shell.sys.note({ kind: 'line-started', job: shell.lineId, line: text });
    await runLine(shell, text, outcome.firstLine);
    shell.sys.note({ kind: 'line-ended', job: shell.lineId, exit: shell.status });
    shell.commandLineNumber += 1;
  }
}

async function promptCommand(shell: Shell): Promise<void> {
  const variable = shell.variable('PROMPT_COMMAND');
  const commands = variable?.indexed?.values() ?? (variable?.value === undefined ? [] : [variable.value]);
  for (const command of commands) {
    await runAside(shell, command, {});
  }
}

/** Beside what is typed: it leaves no status, and its end ends nothing. */
async function runAside(shell: Shell, command: string, how: Parameters<typeof runProgram>[3]): Promise<void> {
  const { status } = shell;
  try {
    await runProgram(shell, command, shell.line, how);
  } catch (thrown) {
    if (thrown instanceof ShellError) {
      await shell.tell(thrown);
    } else if (!(thrown instanceof ShellInterrupt)) throw thrown;
  }
  await shell.flush();
  shell.status = status;
}

/** Ctrl+D. Answers whether the shell stays. */
async function endOfInput(shell: Shell): Promise<boolean> {
  const limit = shell.get('IGNOREEOF');
  shell.eofCount += 1;
  if ((limit !== undefined || shell.options.has('ignoreeof')) && shell.eofCount <= (limit !== undefined && /^[0-9]+$/.test(limit) ? Number(limit) : 10)) {
    await shell.write(2, `Use "${shell.isLogin ? 'logout' : 'exit'}" to leave the shell.\n`);
    return true;
  }
  await shell.write(2, shell.isLogin ? 'logout\n' : 'exit\n');
  await shell.jobs.poll(shell);
  if (!shell.warnedOfJobs && shell.jobs.jobs.some((job) => stateOf(job) === 'stopped')) {
    await shell.write(2, 'There are stopped jobs.\n');
    shell.warnedOfJobs = true;
    shell.keepsWarning = true;
    return true;
  }
  return false;
}

type Reading = { kind: 'text'; text: string; firstLine: number; rest: string[] } | { kind: 'eof' } | { kind: 'interrupted'; atPrompt?: boolean };

/** One complete command: lines are asked for until it parses. */
async function readCommand(shell: Shell, given: readonly string[]): Promise<Reading> {
  const waiting = [...given];
  let text = '';
  const { history, editor } = shell.interactive!;
  const firstLine = shell.inputLine + 1;
  shell.sys.note({ kind: 'prompt' });
  for (;;) {
    let line: string;
    if (waiting.length > 0) line = waiting.shift()!;
    else {
      const prompt = await expandPrompt(shell, shell.get(text === '' ? 'PS1' : 'PS2') ?? '');
      const term = shell.get('TERM');
      const tmout = Number(shell.get('TMOUT') ?? 0);
      editor.variables.editingMode = shell.options.has('vi') ? 'vi' : 'emacs';
      const outcome = await readLine(shell.sys, { prompt, history, editor, completer: completerOf(shell), trapsInterrupt: (shell.traps.get('INT') ?? '') !== '', ...(shell.lineToEdit === undefined ? {} : { initialText: shell.lineToEdit }), ...(term === undefined ? {} : { term }), ...(tmout > 0 ? { timeoutUs: tmout * 1_000_000 } : {}), onReread: () => loadInputrc(shell), onCommand: (command, at) => runForKey(shell, command, at), onWake: async (beforeOutput) => {
        if (shell.pendingTraps.size > 0) {
          await beforeOutput();
          await runPendingTraps(shell);
          await shell.flush();
        }
        return 'continue';
      } });
      shell.lineToEdit = undefined;
      takeMode(shell);
      if (outcome.kind === 'line' && outcome.editsFirst === true) {
        if (outcome.text !== '') remember(shell, outcome.text, text === '');
        await editAndRun(shell, editorOf(shell, 'VISUAL', 'EDITOR'), `${outcome.text}\n`);
        return { kind: 'text', text: '', firstLine, rest: waiting };
      }
      if (shell.options.shopt('checkwinsize')) takeSize(shell);
      if (outcome.kind === 'timeout') {
        await shell.write(2, '\x07timed out waiting for input: auto-logout\n');
        throw new ShellExit(shell.status);
      }
      if (outcome.kind === 'eof') {
        if (text === '') return { kind: 'eof' };
        await runUnfinished(shell, text, firstLine);
        // Only a here-document may end so; after a syntax error the end of the input is still the end.
        return shell.status === 2 && parseProgram(`${text}\n`).openDocuments.length === 0 ? { kind: 'eof' } : { kind: 'text', text: '', firstLine, rest: [] };
      }
      shell.eofCount = 0;
      if (outcome.kind === 'interrupted') return { kind: 'interrupted', atPrompt: true };
      line = outcome.text;
      if (line.includes('\n')) {
        const [first = '', ...others] = line.split('\n');
        line = first;
        waiting.push(...others);
      }
    }
    shell.inputLine += 1;
    const expanded = await expandLine(shell, line, text === '');
    if (expanded === undefined) {
      if (text === '') return { kind: 'text', text: '', firstLine, rest: waiting };
      return { kind: 'interrupted' };
    }
    remember(shell, expanded, text === '');
    text = text === '' ? expanded : `${text}\n${expanded}`;
    const source = shell.options.expandAliases && shell.aliases.size > 0 ? expandAliases(shell, `${text}\n`) : `${text}\n`;
    if (!isIncomplete(source)) return { kind: 'text', text, firstLine, rest: waiting };
  }
}

/** `!!` and friends. undefined: it failed, the message is out. */
async function expandLine(shell: Shell, line: string, isFirst: boolean): Promise<string | undefined> {
  if (!shell.options.has('histexpand') || !/[!^]/.test(line)) return line;
  const expanded = expandHistory(shell.interactive!.history, line, shell.expansionMemory);
  void isFirst;
  switch (expanded.kind) {
    case 'unchanged': return line;
    case 'error':
      await shell.write(2, `${shell.programName}: ${expanded.message}\n`);
      if (shell.options.shopt('histreedit')) shell.lineToEdit = line;
      return undefined;
    case 'print':
      await shell.write(2, `${expanded.text}\n`);
      remember(shell, expanded.text, true);
      return undefined;
    case 'expanded':
      if (shell.options.shopt('histverify')) {
        shell.lineToEdit = expanded.text;
        return undefined;
      }
      await shell.write(2, `${expanded.text}\n`);
      return expanded.text;
  }
}

/** `bind -x`: the command sees the line in READLINE_LINE, and may change it. */
async function runForKey(shell: Shell, command: string, { text, point }: { readonly text: string; readonly point: number }): Promise<{ readonly text: string; readonly point: number }> {
  shell.setVariable('READLINE_LINE', text);
  shell.setVariable('READLINE_POINT', String(point));
  await runAside(shell, command, { label: 'eval' });
  const answer = { text: shell.get('READLINE_LINE') ?? '', point: Number(shell.get('READLINE_POINT') ?? 0) || 0 };
  shell.unset('READLINE_LINE');
  shell.unset('READLINE_POINT');
  return answer;
}

function remember(shell: Shell, line: string, isFirst: boolean): void {
  if (!shell.historyEnabled || !shell.options.has('history')) return;
  const { history } = shell.interactive!;
  applyHistorySize(shell);
  if (!isFirst) {
    history.continueCommand(line, { join: shell.options.shopt('cmdhist'), literal: shell.options.shopt('lithist') });
    return;
  }
  if (line.trim() === '') return;
  const ignore = shell.get('HISTIGNORE');
  history.add(line, {
    control: shell.get('HISTCONTROL') ?? '',
    ...(ignore === undefined ? {} : { isIgnored: (text: string) => ignore.split(':').some((pattern) => matches(pattern.replaceAll('&', history.entries.at(-1)?.text ?? ''), text, { extended: true, ignoreCase: false })) }),
  }, Math.floor(shell.sys.now() / 1_000_000));
}

/** The end of the input in the middle of a command. */
async function runUnfinished(shell: Shell, text: string, firstLine: number): Promise<void> {
  await runLine(shell, text, firstLine);
}

async function runLine(shell: Shell, text: string, firstLine: number): Promise<void> {
  const source = shell.options.expandAliases && shell.aliases.size > 0 ? expandAliases(shell, `${text}\n`) : `${text}\n`;
  const parsed = parseProgram(source, firstLine);
  for (const document of parsed.openDocuments) await shell.write(2, `${shell.programName}: warning: here-document at line ${document.line} delimited by end-of-file (wanted \`${document.delimiter}')\n`);
  if (parsed.trouble !== undefined) {
    await reportTrouble(shell, parsed.trouble);
    shell.status = 2;
    return;
  }
  try {
    for (const unit of unitsOf(parsed.items, source)) {
      shell.flow = undefined;
      await executeList(shell, unit, {});
      await shell.flush();
    }
  } catch (thrown) {
    await shell.flush();
    if (thrown instanceof ShellInterrupt) {
      if (thrown.status === 130) await shell.write(2, '\n');
      shell.status = thrown.status;
    } else if (thrown instanceof ShellError) {
      await shell.tell(thrown);
      shell.status = thrown.status;
    } else throw thrown;
    shell.frames = [];
    shell.locals = [];
    shell.loopDepth = 0;
    shell.errexitOff = 0;
    shell.isInTrap = false;
    if (shell.terminalFd !== undefined) shell.sys.setForegroundGroup(shell.terminalFd, shell.shellGroup);
  }
  shell.flow = undefined;
}

function completerOf(shell: Shell): Completer {
  return createBashCompleter(shell.sys, {
    aliases: () => shell.aliases.keys(),
    functions: () => shell.functions.keys(),
    builtins: () => builtins.keys(),
    keywords: () => KEYWORDS,
    variables: () => shell.names(),
    variableValue: (name) => shell.get(name),
    jobs: () => shell.jobs.jobs.map((job) => job.text),
    programmed: async (command, words, index, line, point) => {
      const spec = shell.completions.get(command.replace(/^.*\//, '')) ?? shell.completions.get(command);
      if (spec === undefined) return undefined;
      const { status } = shell;
      shell.setArray('COMP_WORDS', words);
      shell.setVariable('COMP_CWORD', String(index));
      shell.setVariable('COMP_LINE', line);
      shell.setVariable('COMP_POINT', String(point));
      const found = await generate(shell, spec, [command, words[index] ?? '', words[index - 1] ?? ''], words[index] ?? '');
      const options = shell.completionOptions ?? new Set(spec.options);
      shell.completionOptions = undefined;
      for (const name of ['COMP_WORDS', 'COMP_CWORD', 'COMP_LINE', 'COMP_POINT']) shell.unset(name);
      shell.status = status;
      if (found.length === 0 && (options.has('default') || options.has('bashdefault'))) return undefined;
      return { words: found, areFiles: options.has('filenames'), noSpace: options.has('nospace') };
    },
  });
}


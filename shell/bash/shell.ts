/** One bash process: its variables, functions, options, and what it is doing. */
import { ashMessage, type Place } from './ash-words.ts';
import type { Sys } from '../../machine/sys.ts';
import type { Errno } from '../ports/result.ts';
import type { Command, SimpleCommand } from './ast.ts';
import { ArithmeticError, evaluate } from './arithmetic.ts';
import type { ArithmeticScope } from './arithmetic.ts';
import { dynamicVariables } from './dynamic.ts';
import { encode } from './escapes.ts';
import { ShellError } from './errors.ts';
import { JobTable } from './jobs.ts';
import { Options, SET_OPTIONS } from './options.ts';
import type { Scope, Variable } from './variables.ts';
import { IndexedArray, VALID_NAME, applyCase, cloneVariable, isSet, newVariable, scalarOf } from './variables.ts';
import type { History } from '../readline/history.ts';
import type { ExpansionMemory } from '../readline/history-expansion.ts';
import type { LineEditor } from '../readline/api.ts';

export interface FunctionEntry { readonly name: string; readonly body: Command; readonly source: string; readonly line: number; isExported: boolean; isTraced: boolean; isReadOnly: boolean; readonly file: string }

/** One function call or sourced file in progress. */
export interface Frame { readonly name: string; readonly callLine: number; readonly source: string; readonly kind: 'function' | 'source' | 'main' }

export type Flow = { readonly kind: 'break' | 'continue'; count: number } | { readonly kind: 'return'; status: number };

export interface CompletionSpec { readonly words?: string; readonly functionName?: string; readonly command?: string; readonly actions: readonly string[]; readonly options: readonly string[]; readonly pattern?: string; readonly prefix?: string; readonly suffix?: string; readonly filter?: string; readonly text: string }

/** What an interactive shell has besides. */
export interface InteractiveState { readonly history: History; readonly editor: LineEditor }

export class Shell {
  sys: Sys;
  readonly options: Options;
  globals = new Map<string, Variable>();
  locals: Scope[] = [];
  functions = new Map<string, FunctionEntry>();
  aliases = new Map<string, string>();
  hashed = new Map<string, { path: string; hits: number }>();
  completions = new Map<string, CompletionSpec>();
  positional: string[] = [];
  /** $0 */
  name = 'bash';
  /** What error messages begin with. */
  programName = 'bash';
  status = 0;
  lastBackgroundPid: number | undefined;
  /** Status of the last command substitution of a command without a name. */
  substitutionStatus: number | undefined;
  flow: Flow | undefined;
  loopDepth = 0;
  frames: Frame[] = [];
  line = 1;
  /** Line number of the command a trap interrupted, so that $LINENO in the trap is right. */
  source = 'main';
  commandText = '';
  readonly traps = new Map<string, string>();
  /** Signals that arrived and have a trap. */
  readonly pendingTraps = new Set<string>();
  isInTrap = false;
  /** PIPESTATUS */
  pipeStatus: number[] = [0];
  /** How often PS4's first character stands there. */
  traceDepth = 1;
  pipelineDepth = 0;
  isInteractive = false;
  /** Called sh where sh is busybox's: its messages are those of ash. */
  isAsh = false;
  /** Reads lines at a prompt: errors go back there. */
  isPrompting = false;
  /** The line being run, as `sys.note` knows it. */
  lineId = 0;
  isLogin = false;
  isCommandString = false;
  /** Reads commands from standard input. */
  readsStdin = false;
  subshellDepth = 0;
  /** Depth of constructs in which `set -e` does not count. */
  errexitOff = 0;
  jobs: JobTable;
  directoryStack: string[] = [];
  getoptsPosition = 0;
  /** Where `cd` thinks we are, links unresolved. */
  workingDirectory = '';
  readonly startedUs: number;
  secondsOffset = 0;
  seededRandom: number | undefined;
  /** Dynamic variables that `unset` made ordinary. */
  readonly plainNames: Set<string>;
  output = '';
  interactive: InteractiveState | undefined;
  interrupted = false;
  /** \# of prompts. */
  commandLineNumber = 1;
  /** Descriptors of process substitutions of the command being expanded. */
  substitutionFds: number[] = [];
  lastArgument = '';
  lastWriteError: Errno | undefined;
  currentBuiltin = '';
  /** `exit` has warned of stopped jobs; the next one goes. */
  warnedOfJobs = false;
  keepsWarning = false;
  getoptsIndex = 1;
  /** Ctrl+D in a row, for IGNOREEOF. */
  eofCount = 0;
  /** What the next prompt begins with (histverify, histreedit). */
  lineToEdit: string | undefined;
  /** Lines read so far. */
  inputLine = 0;
  expansionMemory: ExpansionMemory = {};
  /** ulimit values that were set. */
  readonly limits = new Map<string, string>();
  /** While a completion function runs. */
  completionOptions: Set<string> | undefined;
  /** `enable -n` */
  readonly disabledBuiltins = new Set<string>();
  /** Options to go back to when the function returns (`local -`). */
  localOptions: { letters: ReadonlySet<string> } | undefined;
  /** What $BASH_COMMAND is printed from. */
  commandSource: SimpleCommand | undefined;
  /** Terminal of an interactive shell, and its own process group. */
  terminalFd: number | undefined;
  shellGroup = 0;
  historyEnabled = false;
  /** $$ */
  bashPidOfShell: number;
  /** $PPID */
  private readonly parentPid: number;
  private identity = {};
  private readonly arithmeticScope: ArithmeticScope;

  constructor(sys: Sys, parent?: Shell) {
    this.sys = sys;
    this.bashPidOfShell = parent?.bashPidOfShell ?? sys.pid;
    this.parentPid = parent?.parentPid ?? sys.ppid;
    this.startedUs = parent?.startedUs ?? sys.monotonicUs();
    this.options = parent === undefined ? new Options() : parent.options.clone();
    this.plainNames = new Set(parent?.plainNames);
    this.jobs = new JobTable();
    this.arithmeticScope = {
      get: (name, index) => {
        const value = this.getElement(name, index);
        if (value === undefined && this.options.nounset && (index === undefined || this.variable(name) === undefined)) throw new ShellError(`${name}: unbound variable`, 1, 'exit');
        return value;
      },
      set: (name, index, value) => this.assign(name, index, value.toString(), false),
    };
    if (parent !== undefined) this.copyFrom(parent);
  }

  private copyFrom(parent: Shell): void {
    this.globals = new Map(parent.globals);
    this.locals = parent.locals.map((scope) => ({ variables: new Map(scope.variables), isTemporary: scope.isTemporary }));
    this.functions = new Map(parent.functions);
    if (parent.aliases.size > 0) this.aliases = new Map(parent.aliases);
    if (parent.hashed.size > 0) this.hashed = new Map(parent.hashed);
    this.completions = parent.completions;
    this.positional = parent.positional;
    this.name = parent.name;
    this.programName = parent.programName;
    this.status = parent.status;
    this.lastBackgroundPid = parent.lastBackgroundPid;
    this.loopDepth = 0;
    this.frames = [...parent.frames];
    this.line = parent.line;
    this.source = parent.source;
    this.commandText = parent.commandText;
    this.subshellDepth = parent.subshellDepth + 1;
    this.directoryStack = [...parent.directoryStack];
    this.secondsOffset = parent.secondsOffset;
    this.seededRandom = parent.seededRandom;
    this.isCommandString = parent.isCommandString;
    this.lastArgument = parent.lastArgument;
    this.getoptsPosition = parent.getoptsPosition;
    this.errexitOff = parent.errexitOff;
    this.interactive = parent.interactive;
    this.workingDirectory = parent.workingDirectory;
    this.isInteractive = parent.isInteractive;
    this.isAsh = parent.isAsh;
    this.traceDepth = parent.traceDepth;
    this.pipeStatus = parent.pipeStatus;
    this.readsStdin = parent.readsStdin;
    this.isLogin = parent.isLogin;
    this.commandLineNumber = parent.commandLineNumber;
    for (const [name, action] of parent.traps) if (action === '' || (name === 'ERR' && this.options.errtrace) || ((name === 'DEBUG' || name === 'RETURN') && this.options.functrace)) this.traps.set(name, action);
    this.inheritedTraps = new Map([...parent.inheritedTraps, ...parent.traps]);
  }

  /** What `trap -p` shows in a subshell until it sets one of its own. */
  inheritedTraps: ReadonlyMap<string, string> = new Map();

  /** A subshell of this one. */
  fork(sys: Sys, knowsJobs: boolean): Shell {
    // From now on both sides copy a variable before they change it.
    this.identity = {};
    const made = new Shell(sys, this);
    if (knowsJobs) made.jobs.copyFrom(this.jobs);
    return made;
  }

  // ---- variables

  /** The variable of that name as it stands, namerefs not followed. */
  rawVariable(name: string): Variable | undefined {
    for (let i = this.locals.length - 1; i >= 0; i -= 1) {
      const found = this.locals[i]!.variables.get(name);
      if (found !== undefined) return found;
    }
    return this.globals.get(name);
  }

  /** Follows namerefs: the name (and element) that is meant. */
  resolveName(name: string): { name: string; index: string | undefined } {
    let at = name;
    for (let depth = 0; depth < 10; depth += 1) {
      const variable = this.rawVariable(at);
      if (variable === undefined || !variable.isNameref || variable.value === undefined || variable.value === '') return { name: at, index: undefined };
      const target = /^([A-Za-z_][A-Za-z0-9_]*)(?:\[(.*)\])?$/s.exec(variable.value);
      if (target === null) return { name: at, index: undefined };
      if (target[2] !== undefined) return { name: target[1]!, index: target[2] };
      if (target[1] === at) return { name: at, index: undefined };
      at = target[1]!;
    }
    return { name: at, index: undefined };
  }

  variable(name: string): Variable | undefined {
    const raw = this.rawVariable(name);
    return raw?.isNameref === true ? this.rawVariable(this.resolveName(name).name) : raw;
  }

  /** $name */
  get(name: string): string | undefined {
    const dynamic = dynamicVariables.get(name);
    if (dynamic !== undefined && !this.plainNames.has(name)) {
      const value = dynamic.get(this);
      return typeof value === 'object' ? value[0] : value;
    }
    const raw = this.rawVariable(name);
    if (raw?.isNameref === true) {
      const target = this.resolveName(name);
      if (target.index !== undefined) return this.getElement(target.name, target.index);
      // A target that is no name is shown as it is; a circle of names has no value.
      if (target.name === name) return raw.value !== undefined && VALID_NAME.test(raw.value) ? undefined : raw.value;
      const variable = this.rawVariable(target.name);
      return variable === raw ? undefined : variable?.isNameref === true ? undefined : target.name === name ? undefined : (dynamicVariables.has(target.name) ? this.get(target.name) : scalarOf(variable));
    }
    return scalarOf(raw);
  }

  getElement(name: string, index: string | undefined): string | undefined {
    if (index === undefined) return this.get(name);
    const list = this.dynamicList(name);
    if (list !== undefined) return list[Number(evaluate(index, this.arithmeticScope))];
    const variable = this.variable(name);
    if (variable?.associative !== undefined) return variable.associative.get(index) ?? variable.associative.get(this.plainKey(index));
    if (index === '@' || index === '*') return variable?.indexed !== undefined ? variable.indexed.values().join(' ') : scalarOf(variable);
    let at = Number(this.arithmetic(index, 'abandon'));
    if (variable === undefined) return undefined;
    if (variable.indexed === undefined) return at === 0 || at === -1 ? variable.value : undefined;
    if (at < 0) at += variable.indexed.end;
    return variable.indexed.get(at);
  }

  dynamicList(name: string): string[] | undefined {
    const dynamic = dynamicVariables.get(name);
    if (dynamic === undefined || this.plainNames.has(name)) return undefined;
    const value = dynamic.get(this);
    return typeof value === 'object' ? value : undefined;
  }

  /** For the assignments before a command. */
  assignTemporary(variables: Map<string, Variable>, name: string, value: string): void {
    const variable = cloneVariable(variables.get(name)!, this.identity);
    variables.set(name, variable);
    const outer = this.variable(name);
    if (outer !== undefined) {
      variable.isInteger = outer.isInteger;
      variable.letterCase = outer.letterCase;
    }
    this.setElement(variable, name, undefined, value, false);
  }

  newOwned(): Variable {
    return newVariable(this.identity);
  }

  restoreOptions(on: ReadonlySet<string>): void {
    for (const [, name] of SET_OPTIONS) this.options.set(name, on.has(name));
  }

  /** An error threw us out of functions and loops back to the top. */
  unwindCalls(): void {
    this.loopDepth = 0;
  }

  /** No trap, no jobs to look after: the last command may take the process over. */
  canBeReplaced(): boolean {
    return !this.traps.has('EXIT') && this.pendingTraps.size === 0 && this.traps.size === 0;
  }

  /** Text that has been expanded already. */
  arithmetic(text: string, effect: 'discard' | 'abandon' = 'discard'): bigint {
    try {
      return evaluate(text, this.arithmeticScope);
    } catch (thrown) {
      if (thrown instanceof ArithmeticError) throw new ShellError(`${text.trimStart()}: ${thrown.message}`, 1, effect);
      throw thrown;
    }
  }

  /** The variable, made if need be, ready to be changed. */
  own(name: string, scope?: Map<string, Variable>): Variable {
    if (scope !== undefined) {
      let variable = scope.get(name);
      if (variable === undefined) variable = newVariable(this.identity);
      else if (variable.owner !== this.identity) variable = cloneVariable(variable, this.identity);
      scope.set(name, variable);
      return variable;
    }
    for (let i = this.locals.length - 1; i >= 0; i -= 1) {
      const { variables } = this.locals[i]!;
      if (variables.has(name)) return this.own(name, variables);
    }
    return this.own(name, this.globals);
  }

  /** Where `local` and `declare` in a function put things. */
  localScope(): Map<string, Variable> | undefined {
    for (let i = this.locals.length - 1; i >= 0; i -= 1) if (!this.locals[i]!.isTemporary) return this.locals[i]!.variables;
    return undefined;
  }

  /** name=value, name[index]=value, with everything the variable's attributes ask for. */
  assign(name: string, index: string | undefined, value: string, append: boolean, scope?: Map<string, Variable>): void {
    // sv_path: where commands were found says nothing any more.
    if (name === 'PATH') this.hashed.clear();
    let target = name;
    let element = index;
    if (scope === undefined || scope.get(name)?.isNameref === true) {
      const raw = scope === undefined ? this.rawVariable(name) : scope.get(name);
      if (raw?.isNameref === true) {
        if (raw.value === undefined || !/^[A-Za-z_][A-Za-z0-9_]*(\[.*\])?$/s.test(raw.value)) {
          // A nameref without a target takes this as its target.
          if (raw.isReadOnly) throw new ShellError(`${name}: readonly variable`);
          if (!/^[A-Za-z_][A-Za-z0-9_]*(\[.*\])?$/s.test(value)) throw new ShellError(`\`${value}': invalid variable name for name reference`);
          this.own(name, scope).value = value;
          return;
        }
        const resolved = this.resolveName(name);
        target = resolved.name;
        element = resolved.index ?? index;
        if (target === name && element === index) throw new ShellError(`warning: ${name}: circular name reference`, 1);
      }
    }
    const dynamic = dynamicVariables.get(target);
    if (dynamic !== undefined && element === undefined && !this.plainNames.has(target)) {
      if (dynamic.isReadOnly === true) throw new ShellError(`${target}: readonly variable`);
      if (dynamic.set !== undefined) dynamic.set(this, value);
      if (dynamic.set !== undefined || dynamic.ignoresAssignment === true) return;
    }
    const existing = scope === undefined ? this.rawVariable(target) : scope.get(target);
    if (existing?.isReadOnly === true) throw new ShellError(`${target}: readonly variable`);
    const variable = this.own(target, scope);
    this.setElement(variable, target, element, value, append);
    if (this.options.allexport && variable.indexed === undefined && variable.associative === undefined) variable.isExported = true;
    this.options.watch?.(this, target);
  }

  setElement(variable: Variable, name: string, index: string | undefined, value: string, append: boolean): void {
    const key = this.elementKey(variable, name, index);
    let next = value;
    if (variable.isInteger) {
      const base = append ? this.arithmetic(this.readKey(variable, key) ?? '0', 'abandon') : 0n;
      next = BigInt.asIntN(64, base + this.arithmetic(value, 'abandon')).toString();
    } else if (append) {
      next = (this.readKey(variable, key) ?? '') + value;
    }
    next = applyCase(variable, next);
    variable.isBare = false;
    if (variable.associative !== undefined) variable.associative.set(key as string, next);
    else if (typeof key === 'number') {
      if (variable.indexed === undefined) {
        variable.indexed = new IndexedArray(variable.value === undefined ? [] : [variable.value]);
        variable.value = undefined;
      }
      variable.indexed.set(key, next);
    } else variable.value = next;
  }

  /** A key that comes from arithmetic or a nameref still has its quotes and dollars. */
  private plainKey(index: string): string {
    if (!/^(?:'[^']*'|"[^"]*"|\$[A-Za-z_]\w*)$/.test(index)) return index;
    return index.startsWith('$') ? (this.get(index.slice(1)) ?? '') : index.slice(1, -1);
  }

  private readKey(variable: Variable, key: string | number | undefined): string | undefined {
    if (variable.associative !== undefined) return variable.associative.get(key as string);
    if (variable.indexed !== undefined) return variable.indexed.get((key as number | undefined) ?? 0);
    return key === undefined || key === 0 ? variable.value : undefined;
  }

  private elementKey(variable: Variable, name: string, index: string | undefined): string | number | undefined {
    if (variable.associative !== undefined) return index === undefined ? '0' : this.plainKey(index);
    if (index === undefined) return variable.indexed === undefined ? undefined : 0;
    if (index.trim() === '') throw new ShellError(`${name}[${index}]: bad array subscript`);
    let at = Number(this.arithmetic(index, 'abandon'));
    if (at < 0) at += variable.indexed?.end ?? (variable.value === undefined ? 0 : 1);
    if (at < 0) throw new ShellError(`${name}[${index}]: bad array subscript`);
    return at;
  }

  unset(name: string, index?: string): boolean {
    if (dynamicVariables.has(name)) this.plainNames.add(name);
    for (let i = this.locals.length; i >= 0; i -= 1) {
      const variables = i === this.locals.length ? undefined : this.locals[i]!.variables;
      const map = variables ?? (i === this.locals.length ? undefined : this.globals);
      if (map === undefined) continue;
      if (map.has(name)) return this.unsetIn(map, name, index, i === this.locals.length - 1 || this.locals[i]!.isTemporary ? this.locals[i]! : undefined);
    }
    if (this.globals.has(name)) return this.unsetIn(this.globals, name, index, undefined);
    return true;
  }

  private unsetIn(map: Map<string, Variable>, name: string, index: string | undefined, scope: Scope | undefined): boolean {
    const existing = map.get(name)!;
    if (existing.isReadOnly) return false;
    if (index !== undefined) {
      const variable = this.own(name, map);
      if (variable.associative !== undefined) variable.associative.delete(index);
      else if (variable.indexed !== undefined) {
        if (index === '@' || index === '*') variable.indexed.clear();
        else {
          let at = Number(this.arithmetic(index, 'abandon'));
          if (at < 0) at += variable.indexed.end;
          if (at < 0) throw new ShellError(`[${index}]: bad array subscript`);
          variable.indexed.delete(at);
        }
      } else if (Number(this.arithmetic(index)) === 0) map.delete(name);
      return true;
    }
    // The function's own local stays declared, so that the outer one does not shine through.
    if (scope !== undefined && !scope.isTemporary) {
      const blank = newVariable(this.identity);
      map.set(name, blank);
    } else map.delete(name);
    this.options.watch?.(this, name);
    return true;
  }

  isSet(name: string): boolean {
    const dynamic = dynamicVariables.get(name);
    if (dynamic !== undefined && !this.plainNames.has(name)) return dynamic.get(this) !== undefined;
    return isSet(this.variable(name));
  }

  setVariable(name: string, value: string): void {
    this.own(name).value = value;
  }

  setArray(name: string, values: Iterable<string>): void {
    const variable = this.own(name);
    variable.value = undefined;
    variable.associative = undefined;
    variable.indexed = new IndexedArray(values);
    variable.isBare = false;
  }

  /** All visible names. */
  names(): string[] {
    const names = new Set(this.globals.keys());
    for (const scope of this.locals) for (const name of scope.variables.keys()) names.add(name);
    return [...names].sort();
  }

  /** The environment of a command. */
  environment(): Map<string, string> {
    const env = new Map<string, string>();
    const add = (variables: ReadonlyMap<string, Variable>): void => {
      for (const [name, variable] of variables) {
        if (!variable.isExported) continue;
        const value = scalarOf(variable);
        if (value !== undefined && VALID_NAME.test(name) && variable.indexed === undefined && variable.associative === undefined) env.set(name, value);
        else env.delete(name);
      }
    };
    add(this.globals);
    for (const scope of this.locals) add(scope.variables);
    for (const entry of this.functions.values()) if (entry.isExported) env.set(`BASH_FUNC_${entry.name}%%`, entry.source.replace(/^[^(]*\(\) ?/, '() '));
    return env;
  }

  /** The file commands are read from now. */
  currentSource(): string {
    return this.frames.at(-1)?.source ?? this.source;
  }

  interactivePpid(): number {
    return this.parentPid;
  }

  historyNumber(): number {
    return this.interactive?.history.length === undefined ? 1 : this.interactive.history.length + 1;
  }

  ifs(): string {
    return this.get('IFS') ?? ' \t\n';
  }

  /** A process group belongs to the line being run. */
  noteGroup(group: number): void {
    if (this.isPrompting && this.subshellDepth === 0 && this.options.monitor) this.sys.note({ kind: 'line-group', job: this.lineId, processGroup: group });
  }

  // ---- output

  /** To standard output, at the end of the builtin. */
  out(text: string): void {
    this.output += text;
  }

  /** Answers false when the output could not be written. */
  async flush(): Promise<boolean> {
    if (this.output === '') return true;
    const text = this.output;
    this.output = '';
    const written = await this.sys.write(1, encode(text));
    if (written.ok || written.error === 'EINTR') return true;
    this.lastWriteError = written.error;
    return false;
  }

  async write(fd: number, text: string): Promise<void> {
    await this.sys.write(fd, encode(text));
  }

  /** A message as bash words it: `bash: line 3: what`. */
  async error(message: string, place = this.place()): Promise<void> {
    await this.flush();
    await this.write(2, this.isAsh ? `${ashMessage(message, place)}\n` : `${this.prefix(place)}${message}\n`);
  }

  prefix({ name, line }: Place = this.place()): string {
    return line === undefined ? `${name}: ` : `${name}: line ${line}: `;
  }

  /** What an uncaught error says; one that says nothing is told nothing of. */
  async tell(error: ShellError): Promise<void> {
    const { message, place } = error;
    error.message = undefined;
    if (message !== undefined) await this.error(message, place);
  }

  /** A script's functions speak in the name of the file they are from. */
  place(line = this.line): Place {
    const source = (this.isAsh || this.isInteractive ? this.frames.findLast((frame) => frame.kind === 'source') : this.frames.at(-1))?.source;
    return { name: source ?? this.programName, line: this.isInteractive && source === undefined ? undefined : line, from: source !== undefined ? 'script' : this.isCommandString ? 'command string' : this.readsStdin ? 'standard input' : 'script' };
  }
}

/** sed(1) 4.9. Read first: the GNU sed manual, chapter 3; sed/compile.c and sed/execute.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { closeInput, linesOf, openInput, type Line } from '../../lib/input.ts';
import { RegexExhausted, type Regex } from '../../lib/regex/regex.ts';
import type { Result } from '../../ports/result.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { sedHelp, sedUsage } from './help.ts';
import { compileScript, ScriptError, type Address, type SedCommand } from './script.ts';

export const sed = defineCommand({
  name: 'sed', summary: 'edit a stream', package: 'sed',
  run: (call) => runSed(call),
});

async function runSed(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: 'bsnrzuEe:f:l:i::', long: { quiet: 'none=n', silent: 'none=n', expression: 'required=e', file: 'required=f', 'regexp-extended': 'none=E', 'in-place': 'optional=i', separate: 'none=s', 'null-data': 'none=z', unbuffered: 'none=u', help: 'none', version: 'none', posix: 'none', debug: 'none', 'line-length': 'required=l', 'follow-symlinks': 'none', sandbox: 'none' } });
  if (options.error !== undefined) {
    call.err(`sed: ${options.error}`);
    call.writeErr(sedUsage);
    return 1;
  }
  if (options.has('version')) {
    call.out('sed (GNU sed) 4.9');
    return 0;
  }
  if (options.has('help')) {
    call.write(sedHelp);
    return 0;
  }
  for (const name of ['debug', 'posix', 'sandbox']) if (options.has(name)) return notSimulated(call, `option --${name}`);
  const width = options.value('l');
  const files = [...options.operands];
  const pieces: string[] = [];
  for (const option of options.options) {
    if (option.name === 'e') pieces.push(option.value!);
    if (option.name === 'f') {
      const text = option.value === '-' ? { ok: true as const, value: await call.stdinText() } : await call.sys.readText(option.value!);
      if (!text.ok) {
        call.err(`sed: couldn't open file ${option.value!}: ${strerror(text.error)}`);
        return 4;
      }
      pieces.push(text.value.replace(/\n$/, ''));
    }
  }
  if (!options.has('e') && !options.has('f')) {
    const first = files.shift();
    if (first === undefined) {
      call.writeErr(sedUsage);
      return 1;
    }
    pieces.push(first);
  }
  let program: { commands: SedCommand[]; isQuiet: boolean };
  try {
    program = compileScript(pieces.join('\n'), options.has('E') || options.has('r'));
  } catch (problem) {
    if (!(problem instanceof ScriptError)) throw problem;
    call.err(problem.message.startsWith("can't find label") ? `sed: ${problem.message}` : `sed: -e expression #1, char ${problem.at}: ${problem.message}`);
    return problem.message.startsWith("can't find label") ? 4 : 1;
  }
  const editor = new Editor(call, program.commands, {
    isQuiet: options.has('n') || program.isQuiet, isInPlace: options.has('i'), suffix: options.value('i'), isSeparate: options.has('s') || options.has('i'), separator: options.has('z') ? 0 : 10, isUnbuffered: options.has('u'), width: Number.parseInt(width ?? '70', 10) || 0,
  });
  return editor.run(files.length === 0 ? ['-'] : files);
}

interface Mode { isQuiet: boolean; isInPlace: boolean; suffix: string | undefined; isSeparate: boolean; separator: number; isUnbuffered: boolean; width: number }

/** Ends the script: q and Q. */
/** What a jump costs, and how much both spaces may hold. */
const JUMP_US = 2;
const MOST_CHARACTERS = 1 << 22;

class Quit {
  readonly code: ExitCode;
  constructor(code: ExitCode) {
    this.code = code;
  }
}

class Editor {
  private pattern = '';
  private hold = '';
  private lineNumber = 0;
  private isTerminated = true;
  private appended: { text?: string; file?: string; line?: string }[] = [];
  /** The files R reads, a line at a time. */
  private readonly lineReaders = new Map<string, AsyncGenerator<Line, Result> | undefined>();
  /** The last line written ended without a newline: whatever comes next puts it there. */
  private lacksNewline = false;
  private readonly ranges = new Map<SedCommand, { isActive: boolean; endLine: number }>();
  private code: ExitCode = 0;
  private queue: string[] = [];
  private reader: AsyncGenerator<Line, Result> | undefined;
  private current: { fd: number; path: string } | undefined;
  private ahead: Line | undefined;
  private isEnded = false;
  private output: string[] | undefined;
  private readonly files = new Map<string, string[]>();
  private hasReplaced = false;
  private jumps = 0;
  private readonly call: Invocation;
  private readonly commands: readonly SedCommand[];
  private readonly mode: Mode;

  constructor(call: Invocation, commands: readonly SedCommand[], mode: Mode) {
    this.call = call;
    this.commands = commands;
    this.mode = mode;
    for (const command of commands) if (command.name === 'w' || command.name === 'W' || (command.name === 's' && command.file !== undefined)) this.files.set(command.file!, []);
  }

  async run(files: readonly string[]): Promise<ExitCode> {
    this.queue = [...files];
    try {
      while (await this.nextLine()) {
        await this.cycle();
        if (this.mode.isUnbuffered || this.lineNumber % 64 === 0) await this.call.flush();
      }
    } catch (stop) {
      if (stop instanceof RegexExhausted) {
        this.call.err('sed: memory exhausted');
        return 4;
      }
      if (!(stop instanceof Quit)) throw stop;
      this.code = stop.code;
      if (this.mode.isInPlace && this.current !== undefined) await this.copyRest();
    }
    await this.endFile();
    for (const [path, lines] of this.files) {
      if (path === '/dev/stdout') continue;
      await this.call.sys.writeFile(path, lines.join(''));
    }
    return this.code;
  }

  private async copyRest(): Promise<void> {
    if (this.ahead !== undefined) this.put(this.ahead.text, this.ahead.isTerminated);
    if (this.reader === undefined) return;
    for (let step = await this.reader.next(); step.done !== true; step = await this.reader.next()) this.put(step.value.text, step.value.isTerminated);
  }

  private async endFile(): Promise<void> {
    if (this.current === undefined) return;
    closeInput(this.call.sys, this.current.fd);
    if (this.mode.isInPlace && this.output !== undefined) {
      const { path } = this.current;
      const stat = this.call.sys.stat(path);
      if (this.mode.suffix !== undefined && this.mode.suffix !== '') {
        const old = await this.call.sys.readFile(path);
        if (old.ok) await this.call.sys.writeFile(this.mode.suffix.includes('*') ? path.replace(/[^/]*$/, (base) => this.mode.suffix!.replaceAll('*', base)) : `${path}${this.mode.suffix}`, old.value);
      }
      const written = await this.call.sys.writeFile(path, this.output.join(''), stat.ok ? { mode: stat.value.mode } : {});
      if (!written.ok) {
        this.call.err(`sed: couldn't open temporary file ${path.replace(/[^/]*$/, '')}./sedXXXXXX: ${strerror(written.error)}`);
        this.code = 4;
      }
      this.output = undefined;
    }
    this.current = undefined;
  }

  /** The reader of the next file that can be read. */
  private async openNext(): Promise<boolean> {
    while (this.queue.length > 0) {
      const path = this.queue.shift()!;
      const stat = path === '-' ? undefined : this.call.sys.stat(path);
      if (stat?.ok === true && stat.value.kind === 'directory') {
        this.call.err(this.mode.isInPlace ? `sed: couldn't edit ${path}: not a regular file` : `sed: couldn't read ${path}: Is a directory`.replace("couldn't read", 'read error on'));
        this.code = this.mode.isInPlace ? 4 : 2;
        continue;
      }
      const opened = await openInput(this.call.sys, path);
      if (!opened.ok) {
        this.call.err(`sed: can't read ${path}: ${strerror(opened.error)}`);
        this.code = 2;
        continue;
      }
      this.current = { fd: opened.value, path };
      this.reader = linesOf(this.call.sys, opened.value, this.mode.separator);
      if (this.mode.isInPlace) this.output = [];
      if (this.mode.isSeparate) this.lineNumber = 0;
      return true;
    }
    return false;
  }

  private async fetch(): Promise<Line | undefined> {
    for (;;) {
      if (this.reader === undefined && !(await this.openNext())) return undefined;
      const step = await this.reader!.next();
      if (step.done !== true) return step.value;
      this.reader = undefined;
      if (this.mode.isSeparate) return undefined;
      await this.endFile();
    }
  }

  private async nextLine(): Promise<boolean> {
    let line = this.ahead;
    this.ahead = undefined;
    while (line === undefined && !this.isEnded) {
      line = await this.fetch();
      if (line !== undefined) break;
      if (this.mode.isSeparate && this.queue.length > 0) {
        await this.endFile();
        continue;
      }
      this.isEnded = true;
    }
    if (line === undefined) return false;
    this.pattern = line.text;
    this.isTerminated = line.isTerminated;
    this.lineNumber += 1;
    return true;
  }

  private async isLast(): Promise<boolean> {
    if (this.ahead !== undefined) return false;
    if (this.isEnded) return true;
    this.ahead = await this.fetch();
    if (this.ahead !== undefined) return false;
    if (this.mode.isSeparate) return true;
    this.isEnded = true;
    return true;
  }

  private put(text: string, isTerminated = true): void {
    this.putRaw(`${text}${isTerminated ? String.fromCharCode(this.mode.separator) : ''}`);
    this.lacksNewline = !isTerminated;
  }

  private async cycle(): Promise<void> {
    let isRestart = false;
    do {
      isRestart = false;
      this.hasReplaced = false;
      const end = await this.execute();
      if (end === 'restart') isRestart = true;
      else if (end !== 'delete' && !this.mode.isQuiet) this.put(this.pattern, this.isTerminated);
      await this.flushAppended();
    } while (isRestart);
  }

  private async flushAppended(): Promise<void> {
    for (const item of this.appended) {
      if (item.text !== undefined) this.put(item.text);
      if (item.line !== undefined) {
        const line = await this.lineOf(item.line);
        if (line !== undefined) this.put(line);
      }
      if (item.file !== undefined) {
        const text = item.file === '/dev/stdin' ? { ok: true as const, value: await this.call.stdinText() } : await this.call.sys.readText(item.file);
        if (text.ok) this.putRaw(text.value);
      }
    }
    this.appended = [];
  }

  /** The next line of a file for R. */
  private async lineOf(path: string): Promise<string | undefined> {
    if (!this.lineReaders.has(path)) {
      const opened = await openInput(this.call.sys, path === '/dev/stdin' ? '-' : path);
      this.lineReaders.set(path, opened.ok ? linesOf(this.call.sys, opened.value, this.mode.separator) : undefined);
    }
    const step = await this.lineReaders.get(path)?.next();
    return step === undefined || step.done === true ? undefined : step.value.text;
  }

  /** What a shell command prints; its standard error goes where sed's does. */
  private async outputOf(command: string): Promise<string> {
    const { sys } = this.call;
    await this.call.flush();
    const pipe = sys.pipe();
    const shell = sys.findProgram('/bin/sh');
    if (!pipe.ok || !shell.ok) return '';
    const [read, write] = pipe.value;
    sys.setCloseOnExec(read, true);
    sys.setCloseOnExec(write, true);
    const child = await sys.spawn(shell.value, { argv: ['sh', '-c', command], fds: new Map([[0, 0], [1, write], [2, 2]]) });
    sys.close(write);
    let text = '';
    const lines = linesOf(sys, read);
    for (let step = await lines.next(); step.done !== true; step = await lines.next()) text += `${step.value.text}${step.value.isTerminated ? '\n' : ''}`;
    sys.close(read);
    if (child.ok) await sys.wait(child.value);
    return text;
  }

  private putRaw(text: string): void {
    const whole = this.lacksNewline ? `\n${text}` : text;
    this.lacksNewline = false;
    if (this.output !== undefined) this.output.push(whole);
    else this.call.write(whole);
  }

  private async matchesAddress(address: Address): Promise<boolean> {
    switch (address.kind) {
      case 'line': return this.lineNumber === address.line;
      case 'step': return address.step <= 0 ? this.lineNumber === address.first : this.lineNumber >= address.first && (this.lineNumber - address.first) % address.step === 0;
      case 'last': return this.isLast();
      case 'regex': return this.test(address.regex);
      case 'zero': return false;
      default: return false;
    }
  }

  private lastRegex: Regex | undefined;
  private test(regex: Regex | undefined): boolean {
    const used = regex ?? this.lastRegex;
    if (used === undefined) return false;
    this.lastRegex = used;
    return used.test(this.pattern);
  }

  private async applies(command: SedCommand): Promise<boolean> {
    return (await this.inRange(command)) !== command.isNegated;
  }

  private async inRange(command: SedCommand): Promise<boolean> {
    const { from, to } = command;
    if (from === undefined) return true;
    if (to === undefined) return this.matchesAddress(from);
    let range = this.ranges.get(command);
    if (range === undefined) {
      range = { isActive: from.kind === 'zero', endLine: 0 };
      this.ranges.set(command, range);
    }
    if (!range.isActive) {
      if (!(await this.matchesAddress(from))) return false;
      if (to.kind === 'line') {
        if (to.line <= this.lineNumber) return true;
        range.endLine = to.line;
      } else if (to.kind === 'plus') {
        if (to.count === 0) return true;
        range.endLine = this.lineNumber + to.count;
      } else if (to.kind === 'multiple') {
        range.endLine = to.of <= 0 ? this.lineNumber : Math.ceil(this.lineNumber / to.of) * to.of;
        if (range.endLine === this.lineNumber) return true;
      } else range.endLine = 0;
      range.isActive = true;
      return true;
    }
    if (to.kind === 'regex' || to.kind === 'last') {
      if (await this.matchesAddress(to)) range.isActive = false;
      return true;
    }
    if (this.lineNumber >= range.endLine) range.isActive = false;
    return this.lineNumber <= range.endLine;
  }

  private async execute(): Promise<'end' | 'delete' | 'restart'> {
    for (let at = 0; at < this.commands.length; at += 1) {
      const command = this.commands[at]!;
      if (command.name === '}' || command.name === ':') continue;
      if (!(await this.applies(command))) {
        if (command.name === '{') at = command.end!;
        continue;
      }
      switch (command.name) {
        case '{': break;
        case '=': this.put(String(this.lineNumber)); break;
        case 'a': if (command.text !== '') this.appended.push({ text: command.text! }); break;
        case 'i': if (command.text !== '') this.put(command.text!); break;
        case 'e':
          if (command.text === '') this.pattern = (await this.outputOf(this.pattern)).replace(/\n$/, '');
          else this.putRaw(await this.outputOf(command.text!));
          break;
        case 'c':
          if (command.to === undefined || command.isNegated || !(this.ranges.get(command)?.isActive ?? false)) {
            if (command.text !== '') this.put(command.text!);
          }
          return 'delete';
        case 'd': return 'delete';
        case 'D': {
          const newline = this.pattern.indexOf('\n');
          if (newline === -1) return 'delete';
          this.pattern = this.pattern.slice(newline + 1);
          await this.goBack();
          return 'restart';
        }
        case 'p': this.put(this.pattern); break;
        case 'P': this.put(this.pattern.split('\n')[0]!); break;
        case 'n':
          if (await this.isLast()) {
            if (!this.mode.isQuiet) this.put(this.pattern, this.isTerminated);
            return 'delete';
          }
          if (!this.mode.isQuiet) this.put(this.pattern, this.isTerminated);
          await this.flushAppended();
          if (!(await this.nextLine())) return 'delete';
          break;
        case 'N': {
          if (await this.isLast()) return 'end';
          const before = this.pattern;
          await this.flushAppended();
          await this.nextLine();
          this.pattern = `${before}\n${this.pattern}`;
          break;
        }
        case 'g': this.pattern = this.hold; break;
        case 'G': this.pattern += `\n${this.hold}`; break;
        case 'h': this.hold = this.pattern; break;
        case 'H': this.hold += `\n${this.pattern}`; break;
        case 'x': [this.pattern, this.hold] = [this.hold, this.pattern]; break;
        case 'y': this.pattern = [...this.pattern].map((character) => command.map!.get(character) ?? character).join(''); break;
        case 's': await this.substitute(command); break;
        case 'l': this.put(listed(this.pattern, command.width ?? this.mode.width)); break;
        case 'q':
          if (!this.mode.isQuiet) this.put(this.pattern, this.isTerminated);
          await this.flushAppended();
          throw new Quit(command.code ?? 0);
        case 'Q': throw new Quit(command.code ?? 0);
        case 'r': this.appended.push({ file: command.file! }); break;
        case 'R': this.appended.push({ line: command.file! }); break;
        case 'w': case 'W': {
          const text = command.name === 'W' ? this.pattern.split('\n', 1)[0]! : this.pattern;
          if (command.file === '/dev/stdout') this.put(text);
          else this.files.get(command.file!)!.push(`${text}\n`);
          break;
        }
        case 'z': this.pattern = ''; break;
        case 'F': this.put(this.current?.path ?? '-'); break;
        case 'b':
          at = command.target!;
          await this.goBack();
          break;
        case 't':
          if (this.hasReplaced) {
            this.hasReplaced = false;
            at = command.target!;
            await this.goBack();
          }
          break;
        case 'T':
          if (!this.hasReplaced) {
            at = command.target!;
            await this.goBack();
          }
          this.hasReplaced = false;
          break;
        default: break;
      }
    }
    return 'end';
  }

  /** A script may jump for ever: that takes time, shows what it prints, and ends when it has filled the memory. */
  private async goBack(): Promise<void> {
    this.jumps += 1;
    if (this.pattern.length + this.hold.length > MOST_CHARACTERS) throw new RegexExhausted();
    const due = this.call.sys.charge(JUMP_US);
    if (due !== undefined) await due;
    if (this.jumps % 64 === 0) await this.call.flush();
  }

  private async substitute(command: SedCommand): Promise<void> {
    const regex = command.regex ?? this.lastRegex;
    if (regex === undefined) return;
    this.lastRegex = regex;
    let count = 0;
    let made = '';
    let at = 0;
    let isChanged = false;
    const from = command.occurrence ?? 1;
    for (const match of regex.matchesIn(this.pattern)) {
      count += 1;
      if (count < from) continue;
      made += this.pattern.slice(at, match.index) + replacement(command.replacement!, match.groups);
      at = match.end;
      isChanged = true;
      if (command.isGlobal !== true) break;
    }
    if (!isChanged) return;
    this.pattern = made + this.pattern.slice(at);
    this.hasReplaced = true;
    if (command.isRun === true) this.pattern = (await this.outputOf(this.pattern)).replace(/\n$/, '');
    if (command.isPrinting === true) this.put(this.pattern);
    if (command.file !== undefined) {
      if (command.file === '/dev/stdout') this.put(this.pattern);
      else this.files.get(command.file)!.push(`${this.pattern}\n`);
    }
  }
}

/** l: lines of at most `length` columns with their backslash; 0 is no limit. */
function listed(text: string, length: number): string {
  const most = length === 0 ? Number.POSITIVE_INFINITY : length - 1;
  const named: Readonly<Record<string, string>> = { '\\': '\\\\', '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' };
  const units: string[] = [];
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    units.push(named[character] ?? (byte < 32 || byte > 126 ? `\\${byte.toString(8).padStart(3, '0')}` : character));
  }
  let lines = '';
  let width = 0;
  for (const unit of units) {
    if (width + unit.length > most) {
      lines += '\\\n';
      width = 0;
    }
    lines += unit;
    width += unit.length;
  }
  return `${lines}$`;
}

type Part = string | number | 'upper';
function replacement(parts: readonly (Part | { case: 'U' | 'L' | 'u' | 'l' | 'E' })[], groups: readonly (string | undefined)[]): string {
  let made = '';
  let lasting: 'U' | 'L' | undefined;
  let once: 'u' | 'l' | undefined;
  const add = (text: string): void => {
    let shown = lasting === 'U' ? text.toUpperCase() : lasting === 'L' ? text.toLowerCase() : text;
    if (once !== undefined && shown !== '') {
      shown = (once === 'u' ? shown[0]!.toUpperCase() : shown[0]!.toLowerCase()) + shown.slice(1);
      once = undefined;
    }
    made += shown;
  };
  for (const part of parts) {
    if (typeof part === 'number') add(groups[part] ?? '');
    else if (typeof part === 'string') add(part);
    else if (part.case === 'E') lasting = undefined;
    else if (part.case === 'U' || part.case === 'L') lasting = part.case;
    else once = part.case;
  }
  return made;
}

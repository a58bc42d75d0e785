/** awk: the language of POSIX with mawk 1.3.4's habits. Read first: mawk(1). */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { closeInput, openInput } from '../../lib/input.ts';
import { epochOfWall, timeZone, type TimeZone } from '../../lib/time-zone.ts';
import { compileRegex, RegexExhausted, type Regex } from '../../lib/regex/regex.ts';
import { concat, fromUtf8, utf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { statusCode } from '../system/run.ts';
import { AwkSyntaxError, parseProgram, regexRefusal, unescapeString, type Expression, type Program, type Statement } from './parse.ts';
import { awkLimits, awkUsage, awkVersion } from './help.ts';
import { arithmetic, byteLength, Fatal, formatAwk, fromOutside, numberText, StringNumber, substring, toLowerAscii, toNumber, toUpperAscii, type Value } from './values.ts';

export const awk = defineCommand({
  name: 'awk', aliases: ['mawk'], summary: 'scan and process patterns', package: 'mawk',
  run: (call) => runAwk(call),
});

async function runAwk(call: Invocation): Promise<ExitCode> {
  const args = [...call.args];
  const assignments: string[] = [];
  let separator: string | undefined;
  let source: string | undefined;
  while (args[0]?.startsWith('-') === true && args[0] !== '-') {
    const word = args.shift()!;
    if (word === '--') break;
    if (word.startsWith('--') || !/^-[FvfW]/.test(word)) {
      call.err(`${call.name}: not an option: ${word}`);
      return 2;
    }
    const letter = word[1]!;
    const value = word.length > 2 ? word.slice(2) : args.shift();
    if (value === undefined) {
      call.err(`${call.name}: option -${letter} lacks argument`);
      return 2;
    }
    if (letter === 'W') {
      if (/^v(ersion)?$/i.test(value)) return version(call);
      if (/^(h(elp)?|u(sage)?)$/i.test(value)) {
        call.writeErr(awkUsage);
        return 0;
      }
      if (/^(d(ump)?|e(xec)?|i(nteractive)?|p(osix(_space)?)?|r(andom)?=?.*|s(printf)?=?.*)$/i.test(value)) return notSimulated(call, `option -W ${value}`);
      call.err(`${call.name}: vacuous option: -W ${value}`);
      continue;
    }
    if (letter === 'F') separator = value;
    else if (letter === 'v') assignments.push(value);
    else {
      const text = value === '-' ? { ok: true as const, value: await call.stdinText() } : await call.sys.readText(value);
      if (!text.ok) {
        call.err(`${call.name}: cannot open ${value} (${strerror(text.error)})`);
        return 2;
      }
      source = `${source === undefined ? '' : `${source}\n`}${text.value}`;
    }
  }
  source ??= args.shift();
  if (source === undefined) {
    call.writeErr(awkUsage);
    return 0;
  }
  let program: Program;
  try {
    program = parseProgram(source);
  } catch (problem) {
    if (!(problem instanceof AwkSyntaxError)) throw problem;
    for (const line of problem.message.split('\n\n')) call.err(`${call.name}: ${line}`);
    return 2;
  }
  const machine = new Machine(call, program, args);
  if (separator !== undefined) machine.setGlobal('FS', separator === 't' ? 't' : unescapeString(separator));
  for (const text of assignments) {
    if (!/^[A-Za-z_]\w*=/.test(text)) {
      call.err(`${call.name}: improper assignment: -v ${text}`);
      return 2;
    }
    machine.assignText(text);
  }
  return machine.run();
}

function version(call: Invocation): ExitCode {
  call.write(awkVersion);
  call.err(awkLimits);
  return 0;
}

type AwkArray = Map<string, Value>;

class Jump {
  readonly kind: 'next' | 'nextfile' | 'exit' | 'break' | 'continue' | 'return';
  readonly value: Value;
  constructor(kind: Jump['kind'], value?: Value) {
    this.kind = kind;
    this.value = value;
  }
}
interface Reader { next(separator: string): Promise<string | undefined>; close(): Promise<number> }
interface Output { write(text: string): Promise<void>; close(): Promise<number> }
interface Frame { readonly names: Map<string, Value | AwkArray> }

/** What stands for the machine's memory. */
const MOST_FIELDS = 1 << 20;
const MOST_CHARACTERS = 1 << 26;

class Machine {
  private readonly globals = new Map<string, Value>();
  private readonly arrays = new Map<string, AwkArray>();
  private readonly frames: Frame[] = [];
  private record = '';
  private fields: string[] = [];
  private isSplit = true;
  private fieldCount = 0;
  private readonly readers = new Map<string, Reader>();
  private readonly outputs = new Map<string, Output>();
  private readonly active = new Set<number>();
  private argument = 1;
  private main: Reader | undefined;
  private hasReadFile = false;
  private seed = 0;
  private state = 0x2545f491;
  private exitCode: ExitCode = 0;
  private readonly patterns = new Map<string, Regex>();
  private readonly call: Invocation;
  private readonly program: Program;

  constructor(call: Invocation, program: Program, args: readonly string[]) {
    this.call = call;
    this.program = program;
    for (const [name, value] of Object.entries({ FS: ' ', OFS: ' ', ORS: '\n', RS: '\n', SUBSEP: '\x1c', CONVFMT: '%.6g', OFMT: '%.6g', NR: 0, FNR: 0, NF: 0, FILENAME: '', RSTART: 0, RLENGTH: -1, ARGC: args.length + 1 })) this.globals.set(name, value);
    this.arrays.set('ARGV', new Map([['0', 'awk'] as [string, Value], ...args.map((word, index): [string, Value] => [String(index + 1), fromOutside(word)])]));
    this.arrays.set('ENVIRON', new Map([...call.env].map(([name, value]) => [name, fromOutside(value)])));
    this.state = 0x2545f491 ^ (call.sys.random(0x7fffffff) + 1);
  }

  setGlobal(name: string, value: Value): void {
    this.globals.set(name, value);
  }
  assignText(text: string): void {
    const equals = text.indexOf('=');
    this.assignVariable(text.slice(0, equals), fromOutside(unescapeString(text.slice(equals + 1))));
  }

  async run(): Promise<ExitCode> {
    const { rules } = this.program;
    const needsInput = rules.some((rule) => rule.pattern !== 'BEGIN');
    try {
      try {
        for (const rule of rules) if (rule.pattern === 'BEGIN' && rule.body !== undefined) await this.execute(rule.body);
        if (needsInput) {
          while (await this.nextMain()) await this.processRecord();
        }
      } catch (jump) {
        if (!(jump instanceof Jump) || jump.kind !== 'exit') throw jump;
        if (jump.value !== undefined) this.exitCode = toNumber(jump.value) & 0xff;
      }
      try {
        for (const rule of rules) if (rule.pattern === 'END' && rule.body !== undefined) await this.execute(rule.body);
      } catch (jump) {
        if (!(jump instanceof Jump) || jump.kind !== 'exit') throw jump;
        if (jump.value !== undefined) this.exitCode = toNumber(jump.value) & 0xff;
      }
    } catch (problem) {
      if (!(problem instanceof Fatal) && !(problem instanceof RegexExhausted)) throw problem;
      if (problem instanceof Fatal) this.call.write(problem.printed);
      await this.call.flush();
      const where = problem.message.startsWith('run time error') ? `\n\tFILENAME="${this.string('FILENAME')}" FNR=${this.string('FNR')} NR=${this.string('NR')}` : '';
      this.call.err(`${this.call.name}: ${problem.message}${where}`);
      this.exitCode = 2;
    }
    await this.call.flush();
    for (const output of this.outputs.values()) await output.close();
    for (const reader of this.readers.values()) await reader.close();
    return this.exitCode;
  }

  private async processRecord(): Promise<void> {
    try {
      for (const [index, rule] of this.program.rules.entries()) {
        if (rule.pattern === 'BEGIN' || rule.pattern === 'END') continue;
        if (rule.end !== undefined) {
          if (!this.active.has(index)) {
            if (!this.truth(await this.evaluate(rule.pattern as Expression))) continue;
            this.active.add(index);
          }
          if (this.truth(await this.evaluate(rule.end))) this.active.delete(index);
        } else if (rule.pattern !== undefined && !this.truth(await this.evaluate(rule.pattern))) continue;
        if (rule.body === undefined) this.call.write(`${this.whole()}${this.string('ORS')}`);
        else await this.execute(rule.body);
      }
    } catch (jump) {
      if (!(jump instanceof Jump) || (jump.kind !== 'next' && jump.kind !== 'nextfile')) throw jump;
      if (jump.kind === 'nextfile') {
        await this.main?.close();
        this.main = undefined;
      }
    }
    if (this.call.stdoutIsTerminal || toNumber(this.globals.get('NR')) % 128 === 0) await this.call.flush();
  }

  // ---------------------------------------------------------------- input
  private async nextMain(): Promise<boolean> {
    const line = await this.readMain();
    if (line === undefined) return false;
    this.setRecord(line);
    return true;
  }

  private async readMain(): Promise<string | undefined> {
    for (;;) {
      if (this.main === undefined && !(await this.openMain())) return undefined;
      const line = await this.main!.next(this.string('RS'));
      if (line !== undefined) {
        this.globals.set('NR', toNumber(this.globals.get('NR')) + 1);
        this.globals.set('FNR', toNumber(this.globals.get('FNR')) + 1);
        return line;
      }
      await this.main!.close();
      this.main = undefined;
    }
  }

  private async openMain(): Promise<boolean> {
    const argv = this.arrays.get('ARGV')!;
    while (this.argument < toNumber(this.globals.get('ARGC'))) {
      const word = this.text(argv.get(String(this.argument)));
      this.argument += 1;
      if (word === '') continue;
      if (/^[A-Za-z_]\w*=/.test(word)) {
        this.assignText(word);
        continue;
      }
      this.hasReadFile = true;
      const opened = await openInput(this.call.sys, word);
      if (!opened.ok) {
        await this.call.flush();
        this.call.err(`${this.call.name}: cannot open ${word} (${strerror(opened.error)})`);
        this.exitCode = 2;
        throw new Jump('exit', 2);
      }
      this.globals.set('FILENAME', word);
      this.globals.set('FNR', 0);
      this.main = this.readerOf(opened.value);
      return true;
    }
    if (this.hasReadFile) return false;
    this.hasReadFile = true;
    this.globals.set('FILENAME', '-');
    this.globals.set('FNR', 0);
    this.main = this.readerOf(0);
    return true;
  }

  private readerOf(fd: number, onClose?: () => Promise<number>): Reader {
    const { sys } = this.call;
    let buffer: Uint8Array = new Uint8Array(0);
    let isEnd = false;
    const more = async (): Promise<void> => {
      const got = await sys.read(fd, 65536);
      if (!got.ok || got.value.length === 0) isEnd = true;
      else buffer = buffer.length === 0 ? got.value : concat(buffer, got.value);
    };
    const takeBytes = (end: number, skip: number): string => {
      const text = fromUtf8(buffer.subarray(0, end));
      buffer = buffer.subarray(end + skip);
      return text;
    };
    return {
      next: async (separator) => {
        if (separator.length === 1 && separator.charCodeAt(0) < 128) {
          const code = separator.charCodeAt(0);
          for (let from = 0; ;) {
            const end = buffer.indexOf(code, from);
            if (end >= 0) return takeBytes(end, 1);
            from = buffer.length;
            if (isEnd) return buffer.length === 0 ? undefined : takeBytes(buffer.length, 0);
            await this.call.flush();
            await more();
          }
        }
        while (!isEnd) await more();
        if (buffer.length === 0) return undefined;
        let text = fromUtf8(buffer);
        if (separator === '') {
          text = text.replace(/^\n+/, '');
          if (text === '') return undefined;
        }
        const span = this.pattern(separator === '' ? '\n\n+' : separator).span(text);
        if (span === undefined || span[0] === span[1]) {
          buffer = new Uint8Array(0);
          return separator === '' ? text.replace(/\n+$/, '') : text;
        }
        buffer = utf8(text.slice(span[1]));
        return text.slice(0, span[0]);
      },
      close: async () => {
        closeInput(sys, fd);
        return (await onClose?.()) ?? 0;
      },
    };
  }

  // ---------------------------------------------------------------- record and fields
  private setRecord(text: string): void {
    this.record = text;
    this.isSplit = false;
  }
  private splitRecord(): void {
    if (this.isSplit) return;
    this.isSplit = true;
    this.fields = this.splitText(this.record, this.string('FS'));
    this.fieldCount = this.fields.length;
  }
  private whole(): string {
    return this.record;
  }
  private splitText(text: string, separator: string): string[] {
    if (text === '') return [];
    if (separator === ' ') {
      const trimmed = text.replace(/^[ \t\n]+|[ \t\n]+$/g, '');
      return trimmed === '' ? [] : trimmed.split(/[ \t\n]+/);
    }
    const isParagraph = this.string('RS') === '';
    if (separator === '') return [...text];
    if (separator.length === 1 && separator !== '\\' && !isParagraph) return text.split(separator);
    const source = separator.length === 1 ? separator.replace(/[\\^$.*+?()[\]|]/g, '\\$&') : separator;
    return splitBy(text, this.pattern(isParagraph ? `(${source})|\n` : source));
  }
  private field(index: number): Value {
    if (index < 0) throw new Fatal(`run time error: negative field index $${index}`);
    if (index === 0) return fromOutside(this.whole());
    this.splitRecord();
    const text = this.fields[index - 1];
    return text === undefined ? undefined : fromOutside(text);
  }
  private setField(index: number, text: string): void {
    if (index === 0) return this.setRecord(text);
    this.splitRecord();
    if (index > MOST_FIELDS) throw new Fatal('run time error: out of memory');
    while (this.fields.length < index) this.fields.push('');
    this.fields[index - 1] = text;
    this.fieldCount = Math.max(this.fieldCount, index);
    this.rebuild();
  }
  private rebuild(): void {
    this.record = this.fields.slice(0, this.fieldCount).join(this.string('OFS'));
    this.isSplit = true;
  }

  // ---------------------------------------------------------------- values
  private text(value: Value, format = 'CONVFMT'): string {
    if (typeof value === 'string') return value;
    if (value === undefined) return '';
    if (value instanceof StringNumber) return value.text;
    return numberText(value, this.string(format));
  }
  private string(name: string): string {
    const value = this.globals.get(name);
    return typeof value === 'string' ? value : this.text(value);
  }
  private truth(value: Value): boolean {
    if (typeof value === 'number') return value !== 0;
    if (value instanceof StringNumber) return value.number !== 0;
    return value !== undefined && value !== '';
  }
  private pattern(source: string): Regex {
    let regex = this.patterns.get(source);
    if (regex === undefined) {
      const made = compileRegex(source, 'awk');
      if (!made.ok) throw new Fatal(`line 1: ${regexRefusal(source, made.error)}`);
      ({ regex } = made);
      this.patterns.set(source, regex);
    }
    return regex;
  }
  private async regexOf(of: Expression): Promise<Regex> {
    if (of.kind === 'regex') return of.regex;
    return this.pattern(this.text(await this.evaluate(of)));
  }

  private variable(name: string): Value {
    const frame = this.frames.at(-1);
    if (frame?.names.has(name) === true) {
      const local = frame.names.get(name);
      return local instanceof Map ? undefined : local;
    }
    if (name === 'NF') {
      this.splitRecord();
      return this.fieldCount;
    }
    return this.globals.get(name);
  }
  private assignVariable(name: string, value: Value): void {
    const frame = this.frames.at(-1);
    if (frame?.names.has(name) === true) {
      frame.names.set(name, value);
      return;
    }
    if (name === 'NF') {
      this.splitRecord();
      const count = Math.trunc(toNumber(value));
      if (count < 0) throw new Fatal('run time error: negative value assigned to NF');
      if (count > MOST_FIELDS) throw new Fatal('run time error: out of memory');
      while (this.fields.length < count) this.fields.push('');
      this.fields.length = count;
      this.fieldCount = count;
      this.rebuild();
      return;
    }
    this.globals.set(name, value);
  }
  private array(name: string): AwkArray {
    const frame = this.frames.at(-1);
    if (frame?.names.has(name) === true) {
      const local = frame.names.get(name);
      if (local instanceof Map) return local;
      const made: AwkArray = new Map();
      frame.names.set(name, made);
      return made;
    }
    let array = this.arrays.get(name);
    if (array === undefined) {
      array = new Map();
      this.arrays.set(name, array);
    }
    return array;
  }
  private async key(keys: readonly Expression[]): Promise<string> {
    const parts: string[] = [];
    for (const each of keys) parts.push(this.text(await this.evaluate(each)));
    return parts.join(this.string('SUBSEP'));
  }

  private async assign(target: Expression, value: Value): Promise<void> {
    if (target.kind === 'variable') this.assignVariable(target.name, value);
    else if (target.kind === 'index') this.array(target.name).set(await this.key(target.keys), value);
    else if (target.kind === 'field') this.setField(Math.trunc(toNumber(await this.evaluate(target.of))), this.text(value));
    else if (target.kind === 'group') await this.assign(target.of, value);
  }

  // ---------------------------------------------------------------- expressions
  private async evaluate(of: Expression): Promise<Value> {
    switch (of.kind) {
      case 'number': case 'string': return of.value;
      case 'regex': return of.regex.test(this.whole()) ? 1 : 0;
      case 'group': return this.evaluate(of.of);
      case 'variable': return this.variable(of.name);
      case 'field': return this.field(Math.trunc(toNumber(await this.evaluate(of.of))));
      case 'index': {
        const array = this.array(of.name);
        const key = await this.key(of.keys);
        if (!array.has(key)) array.set(key, undefined);
        return array.get(key);
      }
      case 'assign': {
        let value = await this.evaluate(of.value);
        if (of.operator !== '') value = arithmetic(of.operator, toNumber(await this.evaluate(of.target)), toNumber(value));
        await this.assign(of.target, value);
        return value;
      }
      case 'step': {
        const before = toNumber(await this.evaluate(of.target));
        await this.assign(of.target, before + of.by);
        return of.isPrefix ? before + of.by : before;
      }
      case 'unary': {
        const value = await this.evaluate(of.of);
        return of.operator === '!' ? (this.truth(value) ? 0 : 1) : of.operator === '-' ? -toNumber(value) : toNumber(value);
      }
      case 'and': return this.truth(await this.evaluate(of.left)) && this.truth(await this.evaluate(of.right)) ? 1 : 0;
      case 'or': return this.truth(await this.evaluate(of.left)) || this.truth(await this.evaluate(of.right)) ? 1 : 0;
      case 'conditional': return this.evaluate(this.truth(await this.evaluate(of.test)) ? of.yes : of.no);
      case 'match': {
        const text = this.text(await this.evaluate(of.text));
        return (await this.regexOf(of.pattern)).test(text) !== of.isNegated ? 1 : 0;
      }
      case 'in': return this.array(of.name).has(await this.key(of.keys)) ? 1 : 0;
      case 'binary': {
        const left = await this.evaluate(of.left);
        const right = await this.evaluate(of.right);
        if (of.operator === ' ') {
          const joined = this.text(left) + this.text(right);
          if (joined.length > MOST_CHARACTERS) throw new Fatal('run time error: out of memory');
          return joined;
        }
        if (['<', '<=', '>', '>=', '==', '!='].includes(of.operator)) return this.compare(of.operator, left, right) ? 1 : 0;
        return arithmetic(of.operator, toNumber(left), toNumber(right));
      }
      case 'getline': return this.getline(of);
      case 'call': return of.isBuiltin ? this.builtin(of.name, of.args) : this.callFunction(of.name, of.args);
    }
  }

  private compare(operator: string, left: Value, right: Value): boolean {
    const isNumeric = (value: Value): boolean => typeof value === 'number' || value === undefined || value instanceof StringNumber;
    let order: number;
    if (isNumeric(left) && isNumeric(right)) order = toNumber(left) - toNumber(right);
    else {
      const [a, b] = [this.text(left), this.text(right)];
      order = a < b ? -1 : a > b ? 1 : 0;
    }
    switch (operator) {
      case '<': return order < 0;
      case '<=': return order <= 0;
      case '>': return order > 0;
      case '>=': return order >= 0;
      case '==': return order === 0;
      default: return order !== 0;
    }
  }

  private async getline(of: Extract<Expression, { kind: 'getline' }>): Promise<Value> {
    let line: string | undefined;
    if (of.source === 'main') {
      line = await this.readMain();
      if (line === undefined) return 0;
    } else {
      const name = this.text(await this.evaluate(of.from!));
      let reader = this.readers.get(name);
      if (reader === undefined) {
        const opened = of.source === 'file' ? await this.openFile(name) : await this.openCommand(name);
        if (opened === undefined) return -1;
        reader = opened;
        this.readers.set(name, reader);
      }
      line = await reader.next(this.string('RS'));
      if (line === undefined) return 0;
    }
    if (of.target === undefined) this.setRecord(line);
    else await this.assign(of.target, fromOutside(line));
    return 1;
  }

  private async openFile(name: string): Promise<Reader | undefined> {
    const opened = await openInput(this.call.sys, name === '/dev/stdin' ? '-' : name);
    return opened.ok ? this.readerOf(opened.value) : undefined;
  }

  private async spawnShell(command: string, fds: ReadonlyMap<number, number>): Promise<number | undefined> {
    const { sys } = this.call;
    await this.call.flush();
    const shell = sys.findProgram('sh', '/bin:/usr/bin');
    const child = shell.ok ? await sys.spawn(shell.value, { argv: ['sh', '-c', command], fds }) : shell;
    return child.ok ? child.value : undefined;
  }

  private async waitFor(pid: number): Promise<number> {
    for (;;) {
      const got = await this.call.sys.wait(pid);
      if (got.ok && got.value !== undefined) return got.value.status.kind === 'signalled' ? statusCode(got.value.status) + 128 : statusCode(got.value.status);
      if (!got.ok && got.error !== 'EINTR') return 0;
    }
  }

  private async openCommand(command: string): Promise<Reader | undefined> {
    const { sys } = this.call;
    const pipe = sys.pipe();
    if (!pipe.ok) return undefined;
    const [read, write] = pipe.value;
    sys.setCloseOnExec(read, true);
    sys.setCloseOnExec(write, true);
    const pid = await this.spawnShell(command, new Map([[0, 0], [1, write], [2, 2]]));
    sys.close(write);
    if (pid === undefined) return undefined;
    return this.readerOf(read, () => this.waitFor(pid));
  }

  private async outputTo(mode: '>' | '>>' | '|', name: string): Promise<Output> {
    const known = this.outputs.get(name);
    if (known !== undefined) return known;
    const { sys } = this.call;
    let made: Output;
    if (name === '/dev/stdout' || name === '-' ) made = { write: async (text) => this.call.write(text), close: async () => 0 };
    else if (name === '/dev/stderr') made = { write: async (text) => this.call.writeErr(text), close: async () => 0 };
    else if (mode === '|') {
      const pipe = sys.pipe();
      if (!pipe.ok) throw new Fatal(`cannot open "${name}" for output`);
      const [read, write] = pipe.value;
      sys.setCloseOnExec(read, true);
      sys.setCloseOnExec(write, true);
      const pid = await this.spawnShell(name, new Map([[0, read], [1, 1], [2, 2]]));
      sys.close(read);
      made = buffered((bytes) => sys.write(write, bytes), async () => {
        sys.close(write);
        return pid === undefined ? -1 : this.waitFor(pid);
      });
    } else {
      const opened = await sys.open(name, { write: true, create: true, mode: 0o666, ...(mode === '>' ? { truncate: true } : { append: true }) });
      if (!opened.ok) throw new Fatal(`cannot open "${name}" for output (${strerror(opened.error)})`);
      made = buffered((bytes) => sys.write(opened.value, bytes), async () => {
        sys.close(opened.value);
        return 0;
      });
    }
    this.outputs.set(name, made);
    return made;
  }

  private async callFunction(name: string, args: readonly Expression[]): Promise<Value> {
    const defined = this.program.functions.get(name);
    if (defined === undefined) throw new Fatal(`line 1: function ${name} never defined`);
    const names = new Map<string, Value | AwkArray>();
    for (const [index, parameter] of defined.parameters.entries()) {
      const given = args[index];
      if (given === undefined) names.set(parameter, undefined);
      else if (given.kind === 'variable' && this.isArray(given.name)) names.set(parameter, this.array(given.name));
      else if (given.kind === 'variable' && this.variable(given.name) === undefined && !this.globals.has(given.name)) names.set(parameter, this.usesAsArray(defined.body, parameter) ? this.array(given.name) : undefined);
      else names.set(parameter, await this.evaluate(given));
    }
    if (this.frames.length > 1000) throw new Fatal('function call nesting too deep');
    this.frames.push({ names });
    try {
      await this.execute(defined.body);
    } catch (jump) {
      if (!(jump instanceof Jump) || jump.kind !== 'return') throw jump;
      return jump.value;
    } finally {
      this.frames.pop();
    }
    return undefined;
  }

  private zone(): TimeZone {
    return timeZone(this.call.env.get('TZ'));
  }

  private isArray(name: string): boolean {
    const frame = this.frames.at(-1);
    if (frame?.names.has(name) === true) return frame.names.get(name) instanceof Map;
    return this.arrays.has(name);
  }

  /** Whether a parameter is indexed, so that an unset argument is an array by reference. */
  private usesAsArray(body: Statement, name: string): boolean {
    const seen = JSON.stringify(body, (_, value: unknown) => (value instanceof RegExp ? value.source : value));
    return seen.includes(`"kind":"index","name":"${name}"`) || seen.includes(`"array":"${name}"`) || seen.includes(`"kind":"delete","name":"${name}"`) || new RegExp(`"kind":"in","keys":.*"name":"${name}"`).test(seen) || new RegExp(`"name":"split","args":.*"name":"${name}"`).test(seen);
  }

  private async builtin(name: string, args: readonly Expression[]): Promise<Value> {
    const value = async (index: number): Promise<Value> => (args[index] === undefined ? undefined : this.evaluate(args[index]));
    const text = async (index: number): Promise<string> => this.text(await value(index));
    const number = async (index: number): Promise<number> => toNumber(await value(index));
    switch (name) {
      case 'length': {
        const [first] = args;
        if (first === undefined) return byteLength(this.whole());
        if (first.kind === 'variable' && this.isArray(first.name)) return this.array(first.name).size;
        return byteLength(await text(0));
      }
      case 'substr': return substring(await text(0), await number(1), args[2] === undefined ? 2147483647 : await number(2));
      case 'index': {
        const whole = await text(0);
        const at = whole.indexOf(await text(1));
        return at < 0 ? 0 : byteLength(whole.slice(0, at)) + 1;
      }
      case 'split': {
        const whole = await text(0);
        const target = args[1]!;
        const separator = args[2];
        const parts = separator === undefined ? this.splitText(whole, this.string('FS')) : separator.kind === 'regex' ? (whole === '' ? [] : splitBy(whole, separator.regex)) : this.splitText(whole, await text(2));
        if (target.kind !== 'variable') throw new Fatal('line 1: type error in arg(2) in call to split');
        const array = this.array(target.name);
        array.clear();
        parts.forEach((part, index) => array.set(String(index + 1), fromOutside(part)));
        return parts.length;
      }
      case 'sub': case 'gsub': {
        const regex = await this.regexOf(args[0]!);
        const made = await text(1);
        const target: Expression = args[2] ?? { kind: 'field', of: { kind: 'number', value: 0 } };
        const before = this.text(await this.evaluate(target));
        let count = 0;
        let after = '';
        let at = 0;
        for (const match of regex.matchesIn(before)) {
          const matched = match.groups[0]!;
          count += 1;
          after += before.slice(at, match.index) + made.replace(/\\\\&|\\&|&/g, (mark) => (mark === '&' ? matched : mark === '\\&' ? '&' : `\\${matched}`));
          at = match.end;
          if (name === 'sub') break;
        }
        if (count > 0) await this.assign(target, after + before.slice(at));
        return count;
      }
      case 'match': {
        const whole = await text(0);
        const found = (await this.regexOf(args[1]!)).span(whole);
        const start = found === undefined ? 0 : byteLength(whole.slice(0, found[0])) + 1;
        this.globals.set('RSTART', start);
        this.globals.set('RLENGTH', found === undefined ? -1 : byteLength(whole.slice(...found)));
        return start;
      }
      case 'sprintf': {
        const rest: Value[] = [];
        for (let i = 1; i < args.length; i += 1) rest.push(await value(i));
        return formatAwk(await text(0), rest, (each) => this.text(each), 'sprintf');
      }
      case 'tolower': return toLowerAscii(await text(0));
      case 'toupper': return toUpperAscii(await text(0));
      case 'int': return Math.trunc(await number(0));
      case 'sqrt': return Math.sqrt(await number(0));
      case 'exp': return Math.exp(await number(0));
      case 'log': return Math.log(await number(0));
      case 'sin': return Math.sin(await number(0));
      case 'cos': return Math.cos(await number(0));
      case 'atan2': return Math.atan2(await number(0), await number(1));
      case 'rand': {
        this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
        return this.state / 2 ** 32;
      }
      case 'srand': {
        const before = this.seed;
        this.seed = args[0] === undefined ? Math.floor(this.call.sys.now() / 1e6) : await number(0);
        this.state = (Math.imul(Math.trunc(this.seed) >>> 0, 2654435761) ^ 0x2545f491) >>> 0;
        return before;
      }
      case 'system': {
        const pid = await this.spawnShell(await text(0), new Map([[0, 0], [1, 1], [2, 2]]));
        return pid === undefined ? 127 : this.waitFor(pid);
      }
      case 'close': {
        const target = await text(0);
        const output = this.outputs.get(target);
        const reader = this.readers.get(target);
        this.outputs.delete(target);
        this.readers.delete(target);
        if (output !== undefined) return output.close();
        return reader === undefined ? -1 : reader.close();
      }
      case 'fflush':
        await this.call.flush();
        return 0;
      case 'systime': return Math.floor(this.call.sys.now() / 1e6);
      case 'mktime': {
        const [year, month, day, hour, minute, second] = (await text(0)).trim().split(/\s+/).map(Number);
        return second === undefined || Number.isNaN(second) ? -1 : epochOfWall(this.zone(), { year: year!, month: month!, day: day!, hour: hour!, minute: minute!, second });
      }
      case 'strftime': {
        const seconds = args[1] === undefined ? Math.floor(this.call.sys.now() / 1e6) : await number(1);
        const isUtc = args[2] !== undefined && this.truth(await value(2));
        return formatTime(args[0] === undefined ? '%a %b %e %H:%M:%S %Z %Y' : await text(0), seconds, undefined, isUtc ? undefined : this.zone().at(seconds));
      }
      default:
        throw new Fatal(`function ${name} is not simulated`);
    }
  }

  // ---------------------------------------------------------------- statements
  private async execute(of: Statement): Promise<void> {
    const wait = this.call.sys.charge(1);
    if (wait !== undefined) await wait;
    switch (of.kind) {
      case 'expression':
        await this.evaluate(of.of);
        return;
      case 'block':
        for (const each of of.body) await this.execute(each);
        return;
      case 'print': return this.print(of);
      case 'if':
        if (this.truth(await this.evaluate(of.test))) await this.execute(of.yes);
        else if (of.no !== undefined) await this.execute(of.no);
        return;
      case 'while':
        while (of.isAfter || this.truth(await this.evaluate(of.test))) {
          if (await this.loopBody(of.body)) return;
          if (of.isAfter && !this.truth(await this.evaluate(of.test))) return;
        }
        return;
      case 'for':
        if (of.init !== undefined) await this.execute(of.init);
        while (of.test === undefined || this.truth(await this.evaluate(of.test))) {
          if (await this.loopBody(of.body)) return;
          if (of.step !== undefined) await this.execute(of.step);
        }
        return;
      case 'forIn':
        for (const key of [...this.array(of.array).keys()]) {
          if (!this.array(of.array).has(key)) continue;
          this.assignVariable(of.name, fromOutside(key));
          if (await this.loopBody(of.body)) return;
        }
        return;
      case 'delete':
        if (of.keys === undefined) this.array(of.name).clear();
        else this.array(of.name).delete(await this.key(of.keys));
        return;
      case 'exit': case 'return':
        throw new Jump(of.kind, of.value === undefined ? undefined : await this.evaluate(of.value));
      default:
        throw new Jump(of.kind);
    }
  }

  /** True when the loop is over. */
  private async loopBody(body: Statement): Promise<boolean> {
    try {
      await this.execute(body);
    } catch (jump) {
      if (!(jump instanceof Jump)) throw jump;
      if (jump.kind === 'break') return true;
      if (jump.kind !== 'continue') throw jump;
    }
    return false;
  }

  private async print(of: Extract<Statement, { kind: 'print' }>): Promise<void> {
    const values: Value[] = [];
    for (const each of of.args) values.push(await this.evaluate(each));
    let text: string;
    if (of.isFormatted) text = formatAwk(this.text(values[0]), values.slice(1), (each) => this.text(each), 'printf');
    else if (values.length === 0) text = this.whole() + this.string('ORS');
    else text = values.map((each) => this.text(each, 'OFMT')).join(this.string('OFS')) + this.string('ORS');
    if (of.to === undefined) this.call.write(text);
    else await (await this.outputTo(of.to.mode, this.text(await this.evaluate(of.to.target)))).write(text);
  }
}

function buffered(write: (bytes: Uint8Array) => Promise<unknown>, finish: () => Promise<number>): Output {
  let pending = '';
  return {
    write: async (text) => {
      pending += text;
      if (pending.length < 4096) return;
      const now = pending;
      pending = '';
      await write(utf8(now));
    },
    close: async () => {
      if (pending !== '') await write(utf8(pending));
      pending = '';
      return finish();
    },
  };
}

function splitBy(text: string, regex: Regex): string[] {
  const parts: string[] = [];
  let at = 0;
  for (const match of regex.matchesIn(text)) {
    if (match.end === match.index) continue;
    parts.push(text.slice(at, match.index));
    at = match.end;
  }
  parts.push(text.slice(at));
  return parts;
}


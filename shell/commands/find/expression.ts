/** find's language: operators, tests and actions become one function of a file. Read first: find(1), "EXPRESSION"; findutils find/parser.c and tree.c. */
import type { ExitCode, FileStat } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseDateTime } from '../../lib/parse-datetime.ts';
import { shellPattern } from '../../lib/pattern.ts';
import { compileRegex, type DialectName } from '../../lib/regex/regex.ts';
import { timeZone } from '../../lib/time-zone.ts';
import { utf8 } from '../../ports/bytes.ts';
import { groupName, userName } from '../accounts/accounts.ts';
import { changeMode } from '../coreutils/files.ts';
import type { Invocation } from '../define.ts';
import { statusCode } from '../system/run.ts';
import { listing, printer } from './printf.ts';

export interface Item { readonly path: string; readonly name: string; readonly depth: number; readonly stat: FileStat; readonly root: string }
export type Test = (item: Item) => Promise<boolean>;
/** What walk and expression tell each other. */
export interface Walk { readonly call: Invocation; follows: 'never' | 'arguments' | 'always'; isPruned: boolean; isQuit: boolean; code: ExitCode; warns: boolean }
export interface Expression {
  readonly test: Test;
  readonly maximum: number;
  readonly minimum: number;
  readonly isDepthFirst: boolean;
  readonly staysOnDevice: boolean;
  /** Whether it prints, runs or deletes by itself. */
  readonly hasAction: boolean;
  readonly shows: 'help' | 'version' | undefined;
  /** Runs what -exec ... + has gathered and writes the files of -fprint. */
  finish(): Promise<void>;
}
/** Said with the tool's name, line by line; ends with status 1. */
export class FindError extends Error {}
export class NotSimulated extends Error {}

/** Whether a word begins the expression; a `)` or `,` does not when it could be a path. */
export function looksLikeExpression(word: string, isLeading: boolean): boolean {
  if (word.startsWith('-')) return word.length > 1;
  if (word === ')' || word === ',') return !isLeading;
  return word === '(' || word === '!';
}

/** What `-exec ... +` gathers before it runs: the kernel's limit for arguments, less what the environment needs. */
const BATCH_BYTES = 131072;
const globals = new Set(['-maxdepth', '-mindepth', '-depth', '-d', '-xdev', '-mount', '-noleaf', '-ignore_readdir_race']);
const kinds: Readonly<Record<string, FileStat['kind']>> = { f: 'file', d: 'directory', l: 'symlink', p: 'fifo', s: 'socket', c: 'character', b: 'block' };
const dialects: Readonly<Record<string, DialectName | 'emacs'>> = {
  'findutils-default': 'emacs', ed: 'basic', emacs: 'emacs', 'gnu-awk': 'posixExtended', grep: 'grep', 'posix-awk': 'posixExtended', awk: 'posixExtended', 'posix-basic': 'basic', 'posix-egrep': 'egrep', egrep: 'egrep', 'posix-extended': 'posixExtended', 'posix-minimal-basic': 'basic', sed: 'basic',
};

export function parseExpression(args: readonly string[], walk: Walk): Expression {
  return new Parser(args, walk).expression();
}

class Parser {
  private at = 0;
  private maximum = Number.POSITIVE_INFINITY;
  private minimum = 0;
  private isDepthFirst = false;
  private staysOnDevice = false;
  private hasAction = false;
  private deletes = false;
  private prunes = false;
  private shows: 'help' | 'version' | undefined;
  private dialect: DialectName | 'emacs' = 'emacs';
  private nowUs: number;
  private lastTest: string | undefined;
  private isAfterTest = false;
  private readonly finishers: (() => Promise<void>)[] = [];
  private readonly outputs = new Map<string, { text: string }>();
  private readonly args: readonly string[];
  private readonly walk: Walk;
  private readonly call: Invocation;

  constructor(args: readonly string[], walk: Walk) {
    this.args = args;
    this.walk = walk;
    this.call = walk.call;
    this.nowUs = walk.call.sys.now();
  }

  expression(): Expression {
    const test = this.args.length === 0 ? always : this.list();
    if (this.at < this.args.length) {
      if (this.args[this.at] === ')') throw new FindError("you have too many ')'");
      this.misplaced(this.args[this.at]!);
    }
    if (this.deletes && this.prunes && !this.args.includes('-depth')) throw new FindError('The -delete action automatically turns on -depth, but -prune does nothing when -depth is in effect.  If you want to carry on anyway, just explicitly use the -depth option.');
    const { maximum, minimum, isDepthFirst, staysOnDevice, hasAction, shows } = this;
    return { test, maximum, minimum, isDepthFirst, staysOnDevice, hasAction, shows, finish: () => this.finish() };
  }

  private async finish(): Promise<void> {
    for (const finisher of this.finishers) await finisher();
  }

  private misplaced(word: string): never {
    const hint = this.lastTest !== undefined && this.call.sys.stat(word).ok ? `\npossible unquoted pattern after predicate \`${this.lastTest}'?` : '';
    throw new FindError(`paths must precede expression: \`${word}'${hint}`);
  }

  private warn(text: string): void {
    if (this.walk.warns) this.call.err(`find: warning: ${text}`);
  }

  // ---------------------------------------------------------------- operators
  private list(): Test {
    let left = this.alternatives();
    while (this.args[this.at] === ',') {
      this.at += 1;
      const [first, second] = [left, this.operand(',', () => this.alternatives())];
      left = async (item) => {
        await first(item);
        return second(item);
      };
    }
    return left;
  }

  private alternatives(): Test {
    let left = this.conjunction();
    for (let word = this.args[this.at]; word === '-o' || word === '-or'; word = this.args[this.at]) {
      this.at += 1;
      const [first, second] = [left, this.operand(word, () => this.conjunction())];
      left = async (item) => (await first(item)) || second(item);
    }
    return left;
  }

  private conjunction(): Test {
    let left = this.single();
    for (;;) {
      const word = this.args[this.at];
      if (word === undefined || word === ')' || word === ',' || word === '-o' || word === '-or') return left;
      const isNamed = word === '-a' || word === '-and';
      if (isNamed) this.at += 1;
      const [first, second] = [left, isNamed ? this.operand(word, () => this.single()) : this.single()];
      left = async (item) => (await first(item)) && second(item);
    }
  }

  private operand(operator: string, parse: () => Test): Test {
    if (this.at >= this.args.length) throw new FindError(`expected an expression after '${operator}'`);
    return parse();
  }

  private single(): Test {
    const word = this.args[this.at++]!;
    switch (word) {
      case '(': {
        if (this.args[this.at] === ')') throw new FindError('invalid expression; empty parentheses are not allowed.');
        const unclosed = "invalid expression; I was expecting to find a ')' somewhere but did not see one.";
        if (this.at >= this.args.length) throw new FindError(unclosed);
        const inner = this.list();
        if (this.args[this.at] !== ')') throw new FindError(unclosed);
        this.at += 1;
        return inner;
      }
      case '!': case '-not': {
        const inner = this.operand(word, () => this.single());
        return async (item) => !(await inner(item));
      }
      case '-a': case '-and': case '-o': case '-or': case ',':
        throw new FindError(`invalid expression; you have used a binary operator '${word}' with nothing before it.`);
      default: {
        if (!word.startsWith('-')) this.misplaced(word);
        if (globals.has(word) && this.isAfterTest) {
          this.warn(`you have specified the global option ${word} after the argument ${this.lastTest!}, but global options are not positional, i.e., ${word} affects tests specified before it as well as those specified after it.  Please specify global options before other arguments.`);
        }
        const test = this.option(word) ?? this.nameTest(word) ?? this.statTest(word) ?? this.timeTest(word) ?? this.action(word);
        if (test === undefined) throw new FindError(`unknown predicate \`${word}'`);
        if (!globals.has(word)) this.isAfterTest = true;
        this.lastTest = word;
        return test;
      }
    }
  }

  private argument(name: string): string {
    const word = this.args[this.at++];
    if (word === undefined) throw new FindError(`missing argument to \`${name}'`);
    return word;
  }

  /** +N, -N, N. */
  private comparison(name: string, text = this.argument(name)): (value: number) => boolean {
    const match = /^([+-]?)(\d+(?:\.\d+)?)$/.exec(text);
    if (match === null) throw new FindError(`invalid argument \`${text}' to \`${name}'`);
    const wanted = Number(match[2]);
    return (value) => (match[1] === '+' ? value > wanted : match[1] === '-' ? value < wanted : value === wanted);
  }

  private fileArgument(name: string): FileStat {
    const path = this.argument(name);
    const stat = this.call.sys.stat(path, this.walk.follows !== 'never');
    if (!stat.ok) throw new FindError(`‘${path}’: ${strerror(stat.error)}`);
    return stat.value;
  }

  // ---------------------------------------------------------------- options
  private option(word: string): Test | undefined {
    switch (word) {
      case '-maxdepth': case '-mindepth': {
        const text = this.argument(word);
        if (!/^\d+$/.test(text)) throw new FindError(`Expected a positive decimal integer argument to ${word}, but got ‘${text}’`);
        if (word === '-maxdepth') this.maximum = Number(text);
        else this.minimum = Number(text);
        return always;
      }
      case '-d':
        this.warn('the -d option is deprecated; please use -depth instead, because the latter is a POSIX-compliant feature.');
        this.isDepthFirst = true;
        return always;
      case '-depth': this.isDepthFirst = true; return always;
      case '-xdev': case '-mount': this.staysOnDevice = true; return always;
      case '-noleaf': case '-ignore_readdir_race': case '-noignore_readdir_race': return always;
      case '-warn': case '-nowarn': this.walk.warns = word === '-warn'; return always;
      case '-follow': this.walk.follows = 'always'; return always;
      case '-daystart': this.nowUs = (Math.floor(this.nowUs / 86400e6) + 1) * 86400e6; return always;
      case '-regextype': {
        const name = this.argument(word);
        const dialect = dialects[name];
        if (dialect === undefined) throw new FindError(`Unknown regular expression type ‘${name}’; valid types are ${Object.keys(dialects).map((each) => `‘${each}’`).join(', ')}.`);
        this.dialect = dialect;
        return always;
      }
      case '-help': case '--help': this.shows ??= 'help'; return always;
      case '-version': case '--version': this.shows ??= 'version'; return always;
      default: return undefined;
    }
  }

  // ---------------------------------------------------------------- tests
  private nameTest(word: string): Test | undefined {
    const ignoreCase = word.startsWith('-i');
    switch (word) {
      case '-name': case '-iname': {
        const text = this.argument(word);
        if (text.includes('/') && text !== '/') this.warn(`‘${word}’ matches against basenames only, but the given pattern contains a directory separator (‘/’), thus the expression will evaluate to false all the time.  Did you mean ‘${word === '-name' ? '-wholename' : '-iwholename'}’?`);
        const pattern = shellPattern(text, { extended: false, ignoreCase });
        return async (item) => pattern.matches(item.name);
      }
      case '-path': case '-ipath': case '-wholename': case '-iwholename': {
        const pattern = shellPattern(this.argument(word), { extended: false, ignoreCase });
        return async (item) => pattern.matches(item.path);
      }
      case '-lname': case '-ilname': {
        const pattern = shellPattern(this.argument(word), { extended: false, ignoreCase });
        return async (item) => {
          const target = item.stat.kind === 'symlink' ? this.call.sys.readLink(item.path) : undefined;
          return target?.ok === true && pattern.matches(target.value);
        };
      }
      case '-regex': case '-iregex': {
        const text = this.argument(word);
        const made = compileRegex(this.dialect === 'emacs' ? fromEmacs(text) : text, this.dialect === 'emacs' ? 'basic' : this.dialect, { ignoreCase, bounds: 'whole', isForgiving: true });
        if (!made.ok) throw new FindError(`failed to compile regular expression '${text}': ${made.error}`);
        return async (item) => made.regex.test(item.path);
      }
      default: return undefined;
    }
  }

  private statTest(word: string): Test | undefined {
    const { sys } = this.call;
    switch (word) {
      case '-type': case '-xtype': {
        const wanted = this.kindsNamed(word);
        if (word === '-type') return async (item) => wanted.includes(item.stat.kind);
        return async (item) => {
          const other = this.walk.follows === 'always' ? sys.stat(item.path, false) : sys.stat(item.path);
          return wanted.includes(other.ok ? other.value.kind : item.stat.kind);
        };
      }
      case '-size': return this.sizeTest();
      case '-empty': return async (item) => (item.stat.kind === 'file' ? item.stat.size === 0 : item.stat.kind === 'directory' && ((names) => names.ok && names.value.length === 0)(sys.list(item.path)));
      case '-samefile': {
        const { inode, device } = this.fileArgument(word);
        return async (item) => item.stat.inode === inode && item.stat.device === device;
      }
      case '-perm': return this.permissionTest();
      case '-user': {
        const uid = this.numberOf(word, 'the name of a known user', (name) => sys.machine.users().find((user) => user.name === name)?.uid);
        return async (item) => item.stat.uid === uid;
      }
      case '-group': {
        const gid = this.numberOf(word, 'the name of an existing group', (name) => sys.machine.groups().find((group) => group.name === name)?.gid);
        return async (item) => item.stat.gid === gid;
      }
      case '-uid': { const fits = this.comparison(word); return async (item) => fits(item.stat.uid); }
      case '-gid': { const fits = this.comparison(word); return async (item) => fits(item.stat.gid); }
      case '-nouser': return async (item) => userName(sys, item.stat.uid) === String(item.stat.uid);
      case '-nogroup': return async (item) => groupName(sys, item.stat.gid) === String(item.stat.gid);
      case '-links': { const fits = this.comparison(word); return async (item) => fits(item.stat.links); }
      case '-inum': { const fits = this.comparison(word); return async (item) => fits(item.stat.inode); }
      case '-fstype': {
        const type = this.argument(word);
        return async (item) => sys.mounts().findLast((mount) => mount.target === item.stat.mount)?.type === type;
      }
      case '-context': this.argument(word); throw new FindError('invalid predicate -context: SELinux is not enabled.');
      case '-executable': return async (item) => sys.access(item.path, { execute: true }).ok;
      case '-readable': return async (item) => sys.access(item.path, { read: true }).ok;
      case '-writable': return async (item) => sys.access(item.path, { write: true }).ok;
      case '-true': return always;
      case '-false': return async () => false;
      case '-used': case '-files0-from': throw new NotSimulated(word);
      default: return undefined;
    }
  }

  private kindsNamed(word: string): FileStat['kind'][] {
    const text = this.argument(word);
    if (text === '') throw new FindError(`Arguments to ${word} should contain at least one letter`);
    const found: FileStat['kind'][] = [];
    for (let i = 0; i < text.length; i += 2) {
      const kind = kinds[text[i]!];
      if (kind === undefined) throw new FindError(`Unknown argument to ${word}: ${text[i]!}`);
      if (found.includes(kind)) throw new FindError(`Duplicate file type '${text[i]!}' in the argument list to ${word}.`);
      if (i + 1 < text.length && text[i + 1] !== ',') throw new FindError(`Must separate multiple arguments to ${word} using: ','`);
      if (i + 2 === text.length) throw new FindError(`Last file type in list argument to ${word} is missing, i.e., list is ending on: ','`);
      found.push(kind);
    }
    return found;
  }

  private sizeTest(): Test {
    const text = this.argument('-size');
    if (text === '') throw new FindError('invalid null argument to -size');
    const match = /^([+-]?\d+)([cwbkMG]?)$/.exec(text);
    if (match === null) throw new FindError(/^[+-]?\d+.$/.test(text) ? `invalid -size type \`${text.at(-1)!}'` : `Invalid argument \`${text}' to -size`);
    const unit = { c: 1, w: 2, b: 512, '': 512, k: 1024, M: 2 ** 20, G: 2 ** 30 }[match[2] as 'c']!;
    const fits = this.comparison('-size', match[1]!);
    return async (item) => fits(Math.ceil(item.stat.size / unit));
  }

  private permissionTest(): Test {
    const text = this.argument('-perm');
    const kind = /^[-/]/.exec(text)?.[0];
    const mode = changeMode(kind === undefined ? text : text.slice(1), 0, false, 0);
    if (mode === undefined || text.startsWith('+')) throw new FindError(`invalid mode ‘${text}’`);
    if (kind === '-') return async (item) => (item.stat.mode & mode) === mode;
    if (kind === '/') return async (item) => mode === 0 || (item.stat.mode & mode) !== 0;
    return async (item) => item.stat.mode === mode;
  }

  /** The number of a user or group; a plain number is one itself. */
  private numberOf(word: string, what: string, known: (name: string) => number | undefined): number {
    const name = this.argument(word);
    if (name === '') throw new FindError(`The argument to ${word} should not be empty`);
    const number = known(name);
    if (number === undefined && !/^\d+$/.test(name)) throw new FindError(`‘${name}’ is not ${what}`);
    return number ?? Number(name);
  }

  private timeTest(word: string): Test | undefined {
    const relative = /^-([acm])(time|min)$/.exec(word);
    if (relative !== null) {
      const { nowUs } = this;
      if (relative[2] === 'min') return this.minutesTest(word, relative[1]!);
      const fits = this.comparison(word);
      return async (item) => fits(Math.floor((nowUs - timeOf(item.stat, relative[1]!)) / 86400e6));
    }
    const versus = word === '-newer' ? ['', 'm', 'm'] : word === '-anewer' ? ['', 'a', 'm'] : word === '-cnewer' ? ['', 'c', 'm'] : /^-newer(.)(.)$/.exec(word);
    if (versus === null) return undefined;
    const [, own, other] = versus as [string, string, string];
    if (own === 'B' || other === 'B') throw new FindError(`This system does not provide a way to find the birth time of a file.\ninvalid predicate \`${word}'`);
    if (!'acm'.includes(own) || !'acmt'.includes(other)) throw new FindError(`invalid predicate \`${word}'`);
    let sinceUs: number;
    if (other === 't') {
      const text = this.argument(word);
      const moment = parseDateTime(text, this.nowUs, timeZone(this.call.env.get('TZ')));
      if (moment === undefined) throw new FindError(`I cannot figure out how to interpret ‘${text}’ as a date or time`);
      sinceUs = moment.seconds * 1e6 + Math.floor(moment.nanoseconds / 1000);
    } else sinceUs = timeOf(this.fileArgument(word), other);
    return async (item) => timeOf(item.stat, own) > sinceUs;
  }

  /** Unlike days, minutes are not rounded down first: -1 is less than 60 seconds ago, +1 more, and 1 the minute between. */
  private minutesTest(word: string, kind: string): Test {
    const text = this.argument(word);
    this.comparison(word, text);
    const { nowUs } = this;
    const limitUs = Number(text.replace(/^[+-]/, '')) * 60e6;
    return async (item) => {
      const ageUs = nowUs - timeOf(item.stat, kind);
      if (text.startsWith('+')) return ageUs > limitUs;
      return ageUs < limitUs && (text.startsWith('-') || ageUs >= limitUs - 60e6);
    };
  }

  // ---------------------------------------------------------------- actions
  private action(word: string): Test | undefined {
    const { call, walk } = this;
    if (/^-(f?print0?|f?printf|f?ls|delete|exec(dir)?|ok(dir)?)$/.test(word)) this.hasAction = true;
    switch (word) {
      case '-prune':
        this.prunes = true;
        return async () => {
          walk.isPruned = true;
          return true;
        };
      case '-quit': return async () => {
        walk.isQuit = true;
        return true;
      };
      case '-print': case '-print0': case '-printf': case '-ls': case '-fprint': case '-fprint0': case '-fprintf': case '-fls': return this.output(word);
      case '-delete':
        this.isDepthFirst = true;
        this.deletes = true;
        return async (item) => {
          if (item.path === '.') return true;
          const gone = item.stat.kind === 'directory' ? call.sys.removeDirectory(item.path) : call.sys.unlink(item.path);
          if (gone.ok) return true;
          call.err(`find: cannot delete ‘${item.path}’: ${strerror(gone.error)}`);
          walk.code = 1;
          return false;
        };
      case '-exec': case '-execdir': case '-ok': case '-okdir': return this.command(word);
      default: return undefined;
    }
  }

  private output(word: string): Test {
    const isFile = word.startsWith('-f');
    const write = isFile ? this.fileWriter(this.argument(word)) : (text: string): void => this.call.write(text);
    const context = { sys: this.call.sys, zone: timeZone(this.call.env.get('TZ')), warn: (text: string): void => this.call.err(`find: warning: ${text}`) };
    const kind = word.replace(/^-f?/, '');
    const textOf = kind === 'printf' ? printer(this.argument(word), context) : kind === 'ls' ? (item: Item): string => `${listing(item, context)}\n` : (item: Item): string => `${item.path}${kind === 'print0' ? '\0' : '\n'}`;
    return async (item) => {
      write(textOf(item));
      return true;
    };
  }

  /** The file is made even if nothing is found; two actions on one file share it. */
  private fileWriter(path: string): (text: string) => void {
    if (path === '/dev/stdout') return (text) => this.call.write(text);
    if (path === '/dev/stderr') return (text) => this.call.writeErr(text);
    let file = this.outputs.get(path);
    if (file === undefined) {
      file = { text: '' };
      this.outputs.set(path, file);
      const { sys } = this.call;
      const opening = sys.open(path, { write: true, create: true, truncate: true, mode: 0o666 });
      this.finishers.push(async () => {
        const opened = await opening;
        if (opened.ok) {
          await sys.write(opened.value, utf8(file!.text));
          sys.close(opened.value);
        } else {
          this.call.err(`find: ‘${path}’: ${strerror(opened.error)}`);
          this.walk.code = 1;
        }
      });
    }
    const made = file;
    return (text) => {
      made.text += text;
    };
  }

  private command(word: string): Test {
    const argv: string[] = [];
    const isBatch = (): boolean => !word.startsWith('-ok') && this.args[this.at] === '+' && argv.at(-1) === '{}';
    while (this.at < this.args.length && this.args[this.at] !== ';' && !isBatch()) argv.push(this.args[this.at++]!);
    if (this.at >= this.args.length || argv.length === 0) throw new FindError(`missing argument to \`${word}'`);
    const inDirectory = word.endsWith('dir');
    const name = (item: Item): string => (inDirectory ? `./${item.name}` : item.path);
    const place = (item: Item): string | undefined => (inDirectory ? item.path.replace(/[^/]*\/*$/, '') || '.' : undefined);
    if (this.args[this.at++] === '+') return this.batch(argv.slice(0, -1), name, place);
    return async (item) => {
      const words = argv.map((each) => each.replaceAll('{}', name(item)));
      if (word.startsWith('-ok') && !(await this.agreed(words[0]!, item.path))) return false;
      return this.run(words, place(item), word.startsWith('-ok'));
    };
  }

  private batch(command: readonly string[], name: (item: Item) => string, place: (item: Item) => string | undefined): Test {
    let paths: string[] = [];
    let size = 0;
    let directory: string | undefined;
    const flush = async (): Promise<void> => {
      if (paths.length === 0) return;
      const argv = [...command, ...paths];
      paths = [];
      size = 0;
      if (!(await this.run(argv, directory, false))) this.walk.code = 1;
    };
    this.finishers.push(flush);
    return async (item) => {
      if (size + name(item).length >= BATCH_BYTES || directory !== place(item)) await flush();
      directory = place(item);
      paths.push(name(item));
      size += name(item).length + 1;
      return true;
    };
  }

  private async agreed(program: string, path: string): Promise<boolean> {
    const { sys, writeErr, flush } = this.call;
    writeErr(`< ${program} ... ${path} > ? `);
    await flush();
    let line = '';
    for (;;) {
      const got = await sys.read(0, 1);
      if (!got.ok || got.value.length === 0 || got.value[0] === 10) return /^[yY]/.test(line);
      line += String.fromCharCode(got.value[0]!);
    }
  }

  private async run(argv: readonly string[], cwd: string | undefined, hasNoInput: boolean): Promise<boolean> {
    const { call } = this;
    await call.flush();
    const program = call.sys.findProgram(argv[0]!);
    const nothing = hasNoInput ? await call.sys.open('/dev/null', { read: true }) : undefined;
    const fds = nothing?.ok === true ? { fds: new Map([[0, nothing.value], [1, 1], [2, 2]]) } : {};
    const child = program.ok ? await call.sys.spawn(program.value, { argv, ...(cwd === undefined ? {} : { cwd }), ...fds }) : program;
    if (nothing?.ok === true) call.sys.close(nothing.value);
    if (!child.ok) {
      call.err(`find: ‘${argv[0]!}’: ${strerror(child.error)}`);
      return false;
    }
    const done = await call.sys.wait(child.value);
    return done.ok && done.value !== undefined && statusCode(done.value.status) === 0;
  }
}

const always: Test = async () => true;

function timeOf(stat: FileStat, kind: string): number {
  return kind === 'm' ? stat.modifiedUs : kind === 'a' ? stat.accessedUs : stat.changedUs;
}

/** Emacs's expressions as basic ones with GNU's operators: `+` and `?` repeat, braces are text. */
function fromEmacs(text: string): string {
  return text.replace(/\[\^?\]?[^\]]*\]|\\[\s\S]|[+?]/g, (part) => {
    if (part === '+' || part === '?') return `\\${part}`;
    return /^\\[+?{}]$/.test(part) ? part.slice(1) : part;
  });
}

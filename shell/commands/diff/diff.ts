/** diff(1) of diffutils 3.8: what is compared with what. `edit-script.ts` finds the changes, `output.ts` writes them. Read first: the diffutils manual. */
import type { ExitCode, FileStat } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { shellPattern, type ShellPattern } from '../../lib/pattern.ts';
import { compileRegex, type Regex } from '../../lib/regex/regex.ts';
import { timeZone } from '../../lib/time-zone.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { quoted } from '../coreutils/quote.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { editScript, type Change } from './edit-script.ts';
import { diffHelp } from './help.ts';
import { diffText, expand, type Style } from './output.ts';

const table = {
  short: '0123456789abBcC:dD:eEfF:hHiI:lL:nNpPqrsS:tTuU:vwW:x:X:yZ',
  long: {
    binary: 'none', brief: 'none=q', 'changed-group-format': 'required', color: 'optional', context: 'optional=context', ed: 'none=e', exclude: 'required=x', 'exclude-from': 'required=X', 'expand-tabs': 'none=t', 'forward-ed': 'none=f', 'from-file': 'required', help: 'none', 'horizon-lines': 'required', ifdef: 'required=D',
    'ignore-all-space': 'none=w', 'ignore-blank-lines': 'none=B', 'ignore-case': 'none=i', 'ignore-file-name-case': 'none', 'ignore-matching-lines': 'required=I', 'ignore-space-change': 'none=b', 'ignore-tab-expansion': 'none=E', 'ignore-trailing-space': 'none=Z', 'initial-tab': 'none=T', label: 'required=L', 'left-column': 'none', 'line-format': 'required', minimal: 'none=d',
    'new-file': 'none=N', 'new-group-format': 'required', 'new-line-format': 'required', 'no-dereference': 'none', 'no-ignore-file-name-case': 'none', normal: 'none', 'old-group-format': 'required', 'old-line-format': 'required', paginate: 'none=l', palette: 'required', rcs: 'none=n', recursive: 'none=r', 'sdiff-merge-assist': 'none', 'report-identical-files': 'none=s', 'show-c-function': 'none=p', 'show-function-line': 'required=F',
    'side-by-side': 'none=y', 'speed-large-files': 'none=H', 'starting-file': 'required=S', 'strip-trailing-cr': 'none', 'suppress-blank-empty': 'none', 'suppress-common-lines': 'none', tabsize: 'required', text: 'none=a', 'to-file': 'required', 'unchanged-group-format': 'required', 'unchanged-line-format': 'required', unidirectional: 'none=P', 'unidirectional-new-file': 'none=P', unified: 'optional=unified', version: 'none=v', width: 'required=W',
  },
} as const;

export const diff = defineCommand({
  name: 'diff', summary: 'compare files line by line', package: 'diffutils',
  run: async (call) => {
    const options = parseOptions(call.args, table);
    try {
      return await run(call, options);
    } catch (problem) {
      if (!(problem instanceof Trouble)) throw problem;
      call.err(`diff: ${problem.message}`);
      if (problem.isUsage) call.err("diff: Try 'diff --help' for more information.");
      return 2;
    }
  },
});

class Trouble extends Error {
  readonly isUsage: boolean;
  constructor(message: string, isUsage = true) {
    super(message);
    this.isUsage = isUsage;
  }
}

async function run(call: Invocation, options: ParsedOptions): Promise<ExitCode> {
  if (options.error !== undefined) throw new Trouble(options.error);
  if (options.has('v') || options.has('help')) {
    call.out(options.has('v') ? 'diff (GNU diffutils) 3.8' : diffHelp);
    return 0;
  }
  for (const [name, typed] of [['l', '-l'], ['no-dereference', '--no-dereference'], ['sdiff-merge-assist', '--sdiff-merge-assist']] as const) if (options.has(name)) return notSimulated(call, `option ${typed}`);
  const session = new Session(call, options);
  const [from, to] = [options.value('from-file'), options.value('to-file')];
  if (from !== undefined && to !== undefined) throw new Trouble('--from-file and --to-file both specified', false);
  let code: ExitCode = 0;
  if (from !== undefined || to !== undefined) {
    for (const name of options.operands) code = Math.max(code, await session.compare(from ?? name, to ?? name));
    return code;
  }
  const [left, right, extra] = options.operands;
  if (left === undefined || right === undefined) throw new Trouble(`missing operand after '${call.args.at(-1) ?? 'diff'}'`);
  if (extra !== undefined) throw new Trouble(`extra operand '${extra}'`);
  return session.compare(left, right);
}

const styles: Readonly<Record<string, Style['kind']>> = { normal: 'normal', u: 'unified', U: 'unified', unified: 'unified', c: 'context', C: 'context', context: 'context', e: 'ed', f: 'forwardEd', n: 'rcs', y: 'sideBySide', D: 'merged' };

function styleOf(call: Invocation, options: ParsedOptions): Style {
  let kind: Style['kind'] | undefined;
  let context = -1;
  let obsolete = '';
  for (const { name, value } of options.options) {
    const asked = /-format$/.test(name) ? 'merged' : styles[name];
    if (asked !== undefined) {
      if (kind !== undefined && kind !== asked) throw new Trouble('conflicting output style options');
      kind = asked;
    }
    if (/^\d$/.test(name)) obsolete += name;
    if (asked === 'unified' || asked === 'context') {
      if (value !== undefined && !/^\d+$/.test(value)) throw new Trouble(`invalid context length '${value}'`);
      if (value !== undefined) context = Math.max(context, Number(value));
    }
  }
  if (kind === undefined && options.has('p')) kind = 'context';
  if (context < 0) context = obsolete === '' ? 3 : Number(obsolete);
  const count = (name: string, what: string, otherwise: number): number => {
    const text = options.value(name);
    if (text !== undefined && !/^[1-9]\d*$/.test(text)) throw new Trouble(`invalid ${what} '${text}'`);
    return text === undefined ? otherwise : Number(text);
  };
  const colour = options.options.findLast(({ name }) => name === 'color');
  if (colour?.value !== undefined && !/^(always|auto|never)$/.test(colour.value)) throw new Trouble(`invalid color '${colour.value}'`);
  const isColoured = colour !== undefined && colour.value !== 'never' && (colour.value === 'always' || (call.stdoutIsTerminal && call.env.get('TERM') !== 'dumb'));
  const functionText = options.value('F') ?? (options.has('p') ? '^[[:alpha:]$_]' : undefined);
  return {
    kind: kind ?? 'normal', context, isColoured, expandsTabs: options.has('t'), initialTab: options.has('T'), tabSize: count('tabsize', 'tabsize', 8), suppressesBlankEmpty: options.has('suppress-blank-empty'),
    functionLine: functionText === undefined ? undefined : expression([functionText]), width: count('W', 'width', 130), leftColumn: options.has('left-column'), suppressesCommon: options.has('suppress-common-lines'), formats: formatsOf(options),
  };
}

/** -D and the formats of lines and groups; what is not given follows from what is. */
function formatsOf(options: ParsedOptions): Record<string, string> {
  const symbol = options.value('D');
  const line = (kind: string): string => options.value(`${kind}-line-format`) ?? options.value('line-format') ?? '%L';
  const group = (kind: string, otherwise: string): string => options.value(`${kind}-group-format`) ?? otherwise;
  const [old, young] = symbol === undefined
    ? [group('old', group('changed', '%<')), group('new', group('changed', '%>'))]
    : [group('old', `#ifndef ${symbol}\n%<#endif /* ! ${symbol} */\n`), group('new', `#ifdef ${symbol}\n%>#endif /* ${symbol} */\n`)];
  const changed = group('changed', symbol === undefined ? `${old}${young}` : `#ifndef ${symbol}\n%<#else /* ${symbol} */\n%>#endif /* ${symbol} */\n`);
  return { 'old-line': line('old'), 'new-line': line('new'), 'unchanged-line': line('unchanged'), 'old-group': old, 'new-group': young, 'unchanged-group': group('unchanged', '%='), 'changed-group': changed };
}

function expression(patterns: readonly string[]): Regex {
  const made = compileRegex(patterns.join('\\|'), 'basic', { isForgiving: true });
  if (!made.ok) throw new Trouble(`${patterns.at(-1)!}: ${made.error}`, false);
  return made.regex;
}

interface Side { readonly name: string; readonly stat: FileStat | undefined }

class Session {
  private readonly call: Invocation;
  private readonly options: ParsedOptions;
  private readonly style: Style;
  private readonly ignored: Regex | undefined;
  private readonly excluded: ShellPattern[];
  private readonly typedOptions: string;

  constructor(call: Invocation, options: ParsedOptions) {
    this.call = call;
    this.options = options;
    this.style = styleOf(call, options);
    const patterns = options.values('I');
    this.ignored = patterns.length === 0 ? undefined : expression(patterns);
    this.excluded = options.values('x').map((pattern) => shellPattern(pattern, { extended: false, ignoreCase: false }));
    const operands = [...options.operands];
    const typed = call.args.filter((word) => {
      if (word !== operands[0]) return true;
      operands.shift();
      return false;
    });
    this.typedOptions = typed.map((word) => ` ${/^[\w@%+:,./-]+$/.test(word) ? word : quoted(word)}`).join('');
  }

  /** Two names of the command line. A directory beside a file stands for the file of that name in it. */
  async compare(left: string, right: string): Promise<ExitCode> {
    const exclusions = this.options.value('X');
    if (exclusions !== undefined) {
      const text = await this.call.sys.readText(exclusions);
      if (!text.ok) throw new Trouble(`${exclusions}: ${strerror(text.error)}`, false);
      for (const pattern of text.value.split('\n')) if (pattern !== '') this.excluded.push(shellPattern(pattern, { extended: false, ignoreCase: false }));
    }
    let sides = [this.side(left), this.side(right)] as const;
    const isDirectory = sides.map((side) => side.stat?.kind === 'directory');
    if (isDirectory[0] !== isDirectory[1] && sides.every((side) => side.stat !== undefined)) {
      const [directory, file] = isDirectory[0] === true ? [left, right] : [right, left];
      if (file === '-') throw new Trouble("cannot compare '-' to a directory", false);
      const inside = this.side(`${directory.replace(/\/$/, '')}/${file.replace(/\/+$/, '').replace(/^.*\//, '')}`);
      sides = isDirectory[0] === true ? [inside, sides[1]] : [sides[0], inside];
    }
    return this.pair(sides[0], sides[1], false);
  }

  private side(name: string): Side {
    if (name === '-') return { name, stat: { kind: 'file', inode: -1, device: -1, mode: 0, links: 1, uid: 0, gid: 0, size: -1, accessedUs: this.call.sys.now(), modifiedUs: this.call.sys.now(), changedUs: this.call.sys.now(), mount: '' } };
    const stat = this.call.sys.stat(name);
    return { name, stat: stat.ok ? stat.value : undefined };
  }

  private isMissingAllowed(isLeft: boolean): boolean {
    return this.options.has('N') || (isLeft && this.options.has('P'));
  }

  private async pair(left: Side, right: Side, isWithin: boolean): Promise<ExitCode> {
    const { call } = this;
    const absent = [left, right].filter((side) => side.stat === undefined);
    if (absent.length === 2 || (absent.length === 1 && !this.isMissingAllowed(absent[0] === left))) {
      for (const side of absent) {
        const stat = call.sys.stat(side.name);
        call.err(`diff: ${side.name}: ${strerror(stat.ok ? 'ENOENT' : stat.error)}`);
      }
      return 2;
    }
    const [a, b] = [left.stat ?? right.stat!, right.stat ?? left.stat!];
    if (a.kind === 'directory' && b.kind === 'directory') {
      if (!isWithin || this.options.has('r')) return this.directories(left, right);
      call.out(`Common subdirectories: ${left.name} and ${right.name}`);
      return 0;
    }
    const kinds = { file: a.size === 0 ? 'regular empty file' : 'regular file', directory: 'directory', symlink: 'symbolic link', fifo: 'fifo', socket: 'socket', character: 'character special file', block: 'block special file' };
    if (isWithin && (a.kind !== b.kind || (a.kind !== 'file' && a.inode !== b.inode))) {
      call.out(`File ${left.name} is a ${kinds[a.kind]} while file ${right.name} is a ${{ ...kinds, file: b.size === 0 ? 'regular empty file' : 'regular file' }[b.kind]}`);
      return 1;
    }
    const isSame = left.stat !== undefined && right.stat !== undefined && a.inode === b.inode && a.device === b.device;
    const code = isSame && !['sideBySide', 'merged'].includes(this.style.kind) ? 0 : await this.files(left, right, isWithin);
    if (code === 0 && this.options.has('s')) call.out(`Files ${left.name} and ${right.name} are identical`);
    await call.flush();
    return code;
  }

  private async directories(left: Side, right: Side): Promise<ExitCode> {
    const [leftNames, rightNames] = [this.names(left), this.names(right)];
    if (leftNames === undefined || rightNames === undefined) return 2;
    const start = this.options.value('S');
    let code: ExitCode = 0;
    for (const name of [...new Set([...leftNames, ...rightNames])].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
      if (start !== undefined && name < start) continue;
      const under = (side: Side): string => `${side.name.replace(/\/$/, '')}/${name}`;
      const [inLeft, inRight] = [leftNames.includes(name), rightNames.includes(name)];
      if (inLeft !== inRight && !this.isMissingAllowed(inRight)) {
        this.call.out(`Only in ${(inLeft ? left : right).name.replace(/(?<=.)\/$/, '')}: ${name}`);
        code = Math.max(code, 1);
      } else code = Math.max(code, await this.pair(inLeft ? this.side(under(left)) : { name: under(left), stat: undefined }, inRight ? this.side(under(right)) : { name: under(right), stat: undefined }, true));
    }
    return code;
  }

  private names(side: Side): string[] | undefined {
    if (side.stat === undefined) return [];
    const names = this.call.sys.list(side.name);
    if (!names.ok) {
      this.call.err(`diff: ${side.name}: ${strerror(names.error)}`);
      return undefined;
    }
    return names.value.filter((name) => !this.excluded.some((pattern) => pattern.matches(name)));
  }

  private async files(left: Side, right: Side, isWithin: boolean): Promise<ExitCode> {
    const { call, options, style } = this;
    const contents: Uint8Array[] = [];
    for (const side of left.name === '-' && right.name === '-' ? [left] : [left, right]) {
      const got = side.stat === undefined ? { ok: true as const, value: new Uint8Array(0) } : await readWhole(call.sys, side.name);
      if (got.ok) contents.push(got.value);
      else call.err(`diff: ${side.name}: ${strerror(got.error)}`);
    }
    if (contents.length === 1 && right.name === '-') contents.push(contents[0]!);
    if (contents.length < 2) return 2;
    if (!options.has('a') && contents.some((content) => content.subarray(0, 32768).includes(0))) {
      if (isEqual(contents[0]!, contents[1]!)) return 0;
      call.out(`${options.has('q') ? 'Files' : 'Binary files'} ${left.name} and ${right.name} differ`);
      return 1;
    }
    const [old, young] = contents.map((content) => linesOf(options.has('strip-trailing-cr') ? fromUtf8(content).replaceAll('\r\n', '\n') : fromUtf8(content))) as [string[], string[]];
    const plain = this.plain();
    const usesContext = style.kind === 'unified' || style.kind === 'context';
    const horizon = Math.max(Number(options.value('horizon-lines') ?? 0), usesContext ? style.context : 0);
    const isRobust = style.kind !== 'ed' && style.kind !== 'forwardEd';
    const complete = (lines: string[]): string[] => (isRobust ? lines : lines.map((line) => (line.endsWith('\n') ? line : `${line}\n`)));
    const changes = editScript(complete(old), complete(young), plain, { horizon, isMinimal: options.has('d') });
    const isIgnorable = this.ignorable(old, young);
    const differs = changes.some((change) => !isIgnorable(change));
    if (options.has('q')) {
      if (differs) call.out(`Files ${left.name} and ${right.name} differ`);
      return differs ? 1 : 0;
    }
    if (differs || style.kind === 'sideBySide' || style.kind === 'merged') {
      const labels = options.values('L');
      const label = (side: Side, index: number): string => labels[index] ?? `${side.name}\t${this.timestamp(side)}`;
      const text = diffText({ left: old, right: young, changes, isIgnorable, labels: [label(left, 0), label(right, 1)] }, style);
      if (isWithin && text !== '') call.out(`diff${this.typedOptions} ${left.name} ${right.name}`);
      call.write(text);
    }
    if (isRobust) return differs ? 1 : 0;
    let code: ExitCode = differs ? 1 : 0;
    for (const [side, lines] of [[left, old], [right, young]] as const) {
      if (lines.length === 0 || lines.at(-1)!.endsWith('\n')) continue;
      call.err(`diff: ${side.name}: No newline at end of file\n`);
      code = 2;
    }
    return code;
  }

  private timestamp(side: Side): string {
    const us = side.stat?.modifiedUs ?? 0;
    const seconds = Math.floor(us / 1e6);
    const zone = timeZone(this.call.env.get('TZ')).at(seconds);
    return formatTime('%Y-%m-%d %H:%M:%S.%N %z', seconds, (us % 1_000_000) * 1000, zone);
  }

  /** What is left of a line when differences that do not count are taken away. */
  private plain(): (line: string) => string {
    const { options, style } = this;
    const steps: ((line: string) => string)[] = [];
    if (options.has('w')) steps.push((line) => line.replace(/[ \t\n\v\f\r]+/g, ''));
    else if (options.has('b')) steps.push((line) => line.replace(/[ \t\n\v\f\r]+$/, '').replace(/[ \t\v\f\r]+/g, ' '));
    else {
      if (options.has('E')) steps.push((line) => expand(line, style.tabSize));
      if (options.has('Z')) steps.push((line) => line.replace(/[ \t\n\v\f\r]+$/, ''));
    }
    if (options.has('i')) steps.push((line) => line.toLowerCase());
    return (line) => steps.reduce((made, step) => step(made), line);
  }

  private ignorable(left: readonly string[], right: readonly string[]): (change: Change) => boolean {
    const { options, ignored } = this;
    if (!options.has('B') && ignored === undefined) return () => false;
    const skipsBlanks = options.has('b') || options.has('w');
    const isTrivial = (line: string): boolean => {
      const bare = line.replace(/\n$/, '');
      return (options.has('B') && (skipsBlanks ? bare.trim() : bare) === '') || ignored?.test(bare) === true;
    };
    return ({ from, to, newFrom, newTo }) => left.slice(from, to).every(isTrivial) && right.slice(newFrom, newTo).every(isTrivial);
  }
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

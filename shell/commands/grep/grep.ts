/** grep(1) 3.8, egrep and fgrep. Read first: the GNU grep manual; colours as --color prints them with the default GREP_COLORS. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { closeInput, linesOf, openInput } from '../../lib/input.ts';
import { shellPattern, type ShellPattern } from '../../lib/pattern.ts';
import { RegexExhausted } from '../../lib/regex/regex.ts';
import { utf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { gnuAnswer } from '../gnu-help.ts';
import { execute } from '../system/run.ts';
import { makeMatcher, type Matcher } from './matcher.ts';

export const grep = defineCommand({
  name: 'grep', aliases: ['egrep', 'fgrep'], summary: 'print lines that match a pattern', package: 'grep',
  async run(call) {
    try {
      return await runGrep(call);
    } catch (problem) {
      if (!(problem instanceof RegexExhausted)) throw problem;
      await call.flush();
      call.err(`${call.name}: memory exhausted`);
      return 2;
    }
  },
});

/** A script of one line. */
export const rgrep = defineCommand({
  name: 'rgrep', summary: 'print lines that match a pattern, of all files below', package: 'grep',
  run: (call) => execute(call, ['grep', '-r', ...call.args], call.env, (text) => text),
});

interface Mode {
  matcher: Matcher; isInverted: boolean; isCount: boolean; isListing: 'with' | 'without' | undefined; isQuiet: boolean; isOnly: boolean; hasNumber: boolean; hasName: boolean; hasByte: boolean;
  after: number; before: number; most: number; isColoured: boolean; separator: string; isSilent: boolean; label: string; binary: string; ending: string; hasContext: boolean; hasTab: boolean; nameEnding: string | undefined; lineBuffered: boolean;
}

async function runGrep(call: Invocation): Promise<ExitCode> {
  const args = call.args.flatMap((word, index) => (/^-\d+$/.test(word) && !/^-\w*[ABCDdefm]$/.test(call.args[index - 1] ?? '') ? ['-C', word.slice(1)] : [word]));
  const options = parseOptions(args, { short: 'EFGPe:f:ivyVwxzbnHhlLqscoA:B:C:m:rRUuaID:d:TZ', long: {
    'extended-regexp': 'none=E', 'fixed-strings': 'none=F', 'basic-regexp': 'none=G', 'perl-regexp': 'none=P', regexp: 'required=e', file: 'required=f', 'ignore-case': 'none=i',
    'no-ignore-case': 'none', 'invert-match': 'none=v', version: 'none=V', help: 'none', 'word-regexp': 'none=w', 'line-regexp': 'none=x', 'null-data': 'none=z', 'byte-offset': 'none=b', 'line-number': 'none=n',
    'with-filename': 'none=H', 'no-filename': 'none=h', 'files-with-matches': 'none=l', 'files-without-match': 'none=L', quiet: 'none=q', silent: 'none=q', 'no-messages': 'none=s', count: 'none=c',
    'only-matching': 'none=o', 'after-context': 'required=A', 'before-context': 'required=B', context: 'required=C', 'max-count': 'required=m', recursive: 'none=r', 'dereference-recursive': 'none=R', text: 'none=a',
    color: 'optional', colour: 'optional=color', 'line-buffered': 'none', label: 'required', include: 'required', exclude: 'required', 'exclude-dir': 'required', 'group-separator': 'required', 'no-group-separator': 'none', null: 'none=Z', 'binary-files': 'required', binary: 'none=U', 'unix-byte-offsets': 'none=u', directories: 'required=d', devices: 'required=D', 'initial-tab': 'none=T', 'exclude-from': 'required' } });
  const usage = (): ExitCode => {
    call.err(`Usage: ${call.name} [OPTION]... PATTERNS [FILE]...`);
    call.err(`Try '${call.name} --help' for more information.`);
    return 2;
  };
  if (options.error !== undefined) {
    call.err(`${call.name}: ${options.error}`);
    return usage();
  }
  if (options.has('V')) {
    call.out('grep (GNU grep) 3.8');
    return 0;
  }
  if (options.has('D') || options.has('exclude-from')) return notSimulated(call, `option ${options.has('D') ? '-D' : '--exclude-from'}`);
  if (options.has('u')) call.err(`${call.name}: warning: --unix-byte-offsets (-u) is obsolete`);
  const action = options.value('d') ?? 'read';
  if (!['read', 'recurse', 'skip'].includes(action)) {
    call.err(`${call.name}: invalid argument ‘${action}’ for ‘--directories’\nValid arguments are:\n  - ‘read’\n  - ‘recurse’\n  - ‘skip’`);
    usage();
    return 1;
  }
  const binaryFiles = options.options.findLast(({ name }) => name === 'binary-files' || name === 'a' || name === 'I');
  const binary = binaryFiles?.name === 'a' ? 'text' : binaryFiles?.name === 'I' ? 'without-match' : binaryFiles?.value ?? 'binary';
  if (!['binary', 'text', 'without-match'].includes(binary)) {
    call.err(`${call.name}: unknown binary-files type`);
    return 2;
  }
  const matchers = new Set(options.options.map(({ name }) => name).filter((name) => 'EFGP'.includes(name)));
  if (matchers.size > 1) {
    call.err(`${call.name}: conflicting matchers specified`);
    return 2;
  }
  const colour = options.options.findLast((option) => option.name === 'color');
  const colourWord = colour === undefined ? 'never' : colour.value ?? 'auto';
  if (!['always', 'yes', 'force', 'never', 'no', 'none', 'auto', 'tty', 'if-tty'].includes(colourWord)) {
    call.write(gnuAnswer(['grep', '--help']) ?? '');
    return 0;
  }
  const operands = [...options.operands];
  const patterns: string[] = [];
  for (const text of options.values('e')) patterns.push(...text.split('\n'));
  for (const file of options.values('f')) {
    const text = file === '-' ? { ok: true as const, value: await call.stdinText() } : await call.sys.readText(file);
    if (!text.ok) {
      call.err(`${call.name}: ${file}: ${strerror(text.error)}`);
      return 2;
    }
    if (text.value !== '') patterns.push(...text.value.replace(/\n$/, '').split('\n'));
  }
  if (!options.has('e') && !options.has('f')) {
    const first = operands.shift();
    if (first === undefined) return usage();
    patterns.push(...first.split('\n'));
  }
  const dialect = options.options.findLast((option) => 'EFGP'.includes(option.name))?.name ?? (call.name === 'egrep' ? 'E' : call.name === 'fgrep' ? 'F' : 'G');
  const caseOption = options.options.findLast((option) => option.name === 'i' || option.name === 'y' || option.name === 'no-ignore-case')?.name;
  const made = makeMatcher(patterns, dialect as 'G', { ignoreCase: caseOption === 'i' || caseOption === 'y', bounds: options.has('x') ? 'whole' : options.has('w') ? 'word' : undefined });
  if (!made.ok) {
    if (made.isUnsupported === true) return notSimulated(call, made.error);
    call.err(`${call.name}: ${made.error}`);
    return 2;
  }
  for (const warning of made.warnings) call.err(`${call.name}: warning: ${warning}`);
  const context = options.value('C');
  for (const [value] of [[options.value('A')], [options.value('B')], [context]]) {
    if (value !== undefined && !/^\d+$/.test(value)) {
      call.err(`${call.name}: ${value}: invalid context length argument`);
      return 2;
    }
  }
  if (options.has('m') && !/^-?\d+$/.test(options.value('m')!)) {
    call.err(`${call.name}: invalid max count`);
    return 2;
  }
  const isRecursive = options.has('r') || options.has('R') || action === 'recurse';
  const listed = isRecursive ? collect(call, operands.length === 0 ? ['.'] : operands, options, operands.length === 0) : operands.length === 0 ? ['-'] : operands;
  const mode: Mode = {
    matcher: made.matcher, isInverted: options.has('v'), isCount: options.has('c'), isListing: options.has('l') ? 'with' : options.has('L') ? 'without' : undefined, isQuiet: options.has('q'), isOnly: options.has('o'),
    hasNumber: options.has('n'), hasByte: options.has('b'), hasName: options.has('H') || (!options.has('h') && (listed.length > 1 || operands.length > 1 || (isRecursive && listed[0] !== operands[0]))),
    after: Number(options.value('A') ?? context ?? '0'), before: Number(options.value('B') ?? context ?? '0'), most: options.has('m') ? Number(options.value('m')) : Number.POSITIVE_INFINITY,
    isColoured: ['always', 'yes', 'force'].includes(colourWord) || (['auto', 'tty', 'if-tty'].includes(colourWord) && call.stdoutIsTerminal && call.env.get('TERM') !== 'dumb'), separator: options.value('group-separator') ?? (options.has('no-group-separator') ? '' : '--'),
    isSilent: options.has('s'), label: options.value('label') ?? '(standard input)', binary, ending: options.has('z') ? '\0' : '\n', hasContext: options.has('A') || options.has('B') || options.has('C'), hasTab: options.has('T'), nameEnding: options.has('Z') ? '\0' : undefined, lineBuffered: options.has('line-buffered'),
  };
  if (mode.lineBuffered) call.buffering('line');
  let found = false;
  let hasError = false;
  for (const path of listed) {
    if (action === 'skip' && path !== '-') {
      const stat = call.sys.stat(path);
      if (stat.ok && stat.value.kind === 'directory') continue;
    }
    const opened = await openInput(call.sys, path);
    if (!opened.ok) {
      if (!mode.isSilent) call.err(`${call.name}: ${path}: ${strerror(opened.error)}`);
      hasError = true;
      continue;
    }
    const answer = await searchFile(call, opened.value, path === '-' ? mode.label : path, mode);
    closeInput(call.sys, opened.value);
    if (answer === 'error') hasError = true;
    else if (answer) found = true;
    if (found && mode.isQuiet) return 0;
  }
  return hasError && !(mode.isQuiet && found) ? 2 : found ? 0 : 1;
}

function collect(call: Invocation, roots: readonly string[], options: { values(name: string): string[] }, isImplicit: boolean): string[] {
  const files: string[] = [];
  const glob = (pattern: string): ShellPattern => shellPattern(pattern, { extended: false, ignoreCase: false });
  const includes = options.values('include').map(glob);
  const excludes = options.values('exclude').map(glob);
  const skipped = options.values('exclude-dir').map(glob);
  const visit = (path: string, isRoot: boolean): void => {
    const stat = call.sys.stat(path, isRoot);
    const base = path.replace(/^.*\//, '');
    if (!stat.ok) {
      files.push(path);
      return;
    }
    if (stat.value.kind === 'directory') {
      if (!isRoot && skipped.some((pattern) => pattern.matches(base))) return;
      const names = call.sys.list(path);
      for (const name of names.ok ? names.value : []) visit(isImplicit && path === '.' ? name : `${path.replace(/\/$/, '')}/${name}`, false);
    } else if (isRoot || stat.value.kind === 'file') {
      if (includes.length > 0 && !includes.some((pattern) => pattern.matches(base))) return;
      if (!excludes.some((pattern) => pattern.matches(base))) files.push(path);
    }
  };
  for (const root of roots) visit(root, true);
  return files;
}

async function searchFile(call: Invocation, fd: number, name: string, mode: Mode): Promise<boolean | 'error'> {
  const reader = linesOf(call.sys, fd, mode.ending === '\0' ? 0 : 10);
  const out = (line: string): void => call.write(line + mode.ending);
  const held: { text: string; number: number; offset: number }[] = [];
  let number = 0;
  let count = 0;
  let after = 0;
  let lastPrinted = 0;
  let offset = 0;
  const paint = (code: string, text: string): string => (mode.isColoured ? `\u001b[${code}m\u001b[K${text}\u001b[m\u001b[K` : text);
  const prefix = (line: number, at: number, isMatch: boolean): string => {
    const mark = isMatch ? ':' : '-';
    const separator = paint('36', mark);
    const number = (value: number): string => `${paint('32', String(value).padStart(mode.hasTab ? 2 : 0))}${separator}`;
    const head = `${mode.hasName ? `${paint('35', name)}${mode.nameEnding ?? separator}` : ''}${mode.hasNumber ? number(line) : ''}${mode.hasByte ? number(at) : ''}`;
    return mode.hasTab && head !== '' ? `${head}\t` : head;
  };
  const isPrinting = !mode.isCount && mode.isListing === undefined && !mode.isQuiet;
  const gap = (line: number): void => {
    if (mode.hasContext && lastPrinted > 0 && line > lastPrinted + 1 && mode.separator !== '' && !mode.isOnly) call.out(paint('36', mode.separator));
  };
  let step = await reader.next();
  for (; step.done !== true; step = await reader.next()) {
    const { text } = step.value;
    number += 1;
    const at = offset;
    if (mode.hasByte) offset += utf8(text).length + 1;
    if (text.includes('\0') && mode.ending === '\n' && mode.binary !== 'text') {
      if (mode.binary === 'without-match') return false;
      if (isPrinting && mode.matcher.test(text) !== mode.isInverted) {
        await call.flush();
        call.err(`${call.name}: ${name}: binary file matches`);
        return true;
      }
    }
    const isMatch = mode.matcher.test(text) !== mode.isInverted;
    if (isMatch && count < mode.most) {
      count += 1;
      if (mode.isQuiet || mode.isListing !== undefined) break;
      if (isPrinting) {
        if (mode.isOnly) {
          if (!mode.isInverted) for (const [from, to] of matchesOf(text, mode.matcher)) out(`${prefix(number, at + (mode.hasByte ? utf8(text.slice(0, from)).length : 0), true)}${paint('01;31', text.slice(from, to))}`);
        } else {
          gap(held[0]?.number ?? number);
          for (const line of held) out(`${prefix(line.number, line.offset, false)}${line.text}`);
          held.length = 0;
          out(`${prefix(number, at, true)}${mode.isColoured && !mode.isInverted ? highlight(text, mode.matcher, paint) : text}`);
        }
      }
      lastPrinted = number;
      after = mode.after;
      if (count >= mode.most && after === 0) break;
      await settle(call, number);
    } else if (after > 0 && isPrinting) {
      if (!mode.isOnly) out(`${prefix(number, at, false)}${text}`);
      after -= 1;
      lastPrinted = number;
      if (count >= mode.most && after === 0) break;
    } else {
      if (count >= mode.most) break;
      if (mode.before > 0) {
        held.push({ text, number, offset: at });
        if (held.length > mode.before) held.shift();
      }
    }
  }
  if (step.done === true && !step.value.ok) {
    if (!mode.isSilent) call.err(`${call.name}: ${name}: ${strerror(step.value.error)}`);
    return 'error';
  }
  if (mode.isCount && !mode.isQuiet && mode.isListing === undefined) call.out(`${mode.hasName ? `${paint('35', name)}${mode.nameEnding ?? paint('36', ':')}` : ''}${count}`);
  if (mode.isListing === 'with' && count > 0 && !mode.isQuiet) call.write(`${paint('35', name)}${mode.nameEnding ?? '\n'}`);
  if (mode.isListing === 'without') {
    if (count === 0 && !mode.isQuiet) call.write(`${paint('35', name)}${mode.nameEnding ?? '\n'}`);
    return count > 0;
  }
  return count > 0;
}

async function settle(call: Invocation, number: number): Promise<void> {
  if (number % 256 === 0) await call.flush();
}

/** All matches from left to right that are not empty. */
function matchesOf(text: string, matcher: Matcher): [number, number][] {
  const found: [number, number][] = [];
  for (let at = 0; at <= text.length; ) {
    const span = matcher.span(text, at);
    if (span === undefined) break;
    if (span[1] > span[0]) found.push([span[0], span[1]]);
    at = span[1] > span[0] ? span[1] : span[1] + 1;
  }
  return found;
}

function highlight(text: string, matcher: Matcher, paint: (code: string, text: string) => string): string {
  let made = '';
  let at = 0;
  for (const [from, to] of matchesOf(text, matcher)) {
    made += text.slice(at, from) + paint('01;31', text.slice(from, to));
    at = to;
  }
  return made + text.slice(at);
}

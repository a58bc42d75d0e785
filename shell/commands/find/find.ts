/** find(1) and xargs(1) of findutils 4.9. Read first: find(1) "EXPRESSION"; xargs(1). */
import type { ExitCode, FileStat } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { shellPattern } from '../../lib/pattern.ts';
import { compileRegex } from '../../lib/regex/regex.ts';
import { utf8 } from '../../ports/bytes.ts';
import { groupName, userName } from '../accounts/accounts.ts';
import { modeString } from '../coreutils/ls.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { statusCode } from '../system/run.ts';

export const find = defineCommand({
  name: 'find', summary: 'search for files', package: 'findutils',
  run: (call) => runFind(call),
});

interface Item { readonly path: string; readonly name: string; readonly depth: number; readonly stat: FileStat; readonly root: string }
type Test = (item: Item) => Promise<boolean>;
class Wrong extends Error {}

async function runFind(call: Invocation): Promise<ExitCode> {
  const args = [...call.args];
  if (args.includes('--version') || args.includes('-version')) {
    call.out('find (GNU findutils) 4.9.0');
    return 0;
  }
  let follows = false;
  while (/^-[HLPD]$|^-O\d/.test(args[0] ?? '')) follows = args.shift() === '-L' || follows;
  const roots: string[] = [];
  while (args.length > 0 && !/^[-(!),]/.test(args[0]!)) roots.push(args.shift()!);
  if (roots.length === 0) roots.push('.');
  let maximum = Number.POSITIVE_INFINITY;
  let minimum = 0;
  let isDepthFirst = false;
  let hasAction = false;
  let isPruned = false;
  let isQuit = false;
  let code: ExitCode = 0;
  const batches: { argv: string[]; paths: string[] }[] = [];
  let at = 0;
  const argument = (name: string): string => {
    at += 1;
    const word = args[at - 1];
    if (word === undefined) throw new Wrong(`missing argument to \`${name}'`);
    return word;
  };
  /** +N, -N, N. */
  const compare = (name: string, text: string): ((value: number) => boolean) => {
    const match = /^([+-]?)(\d+(?:\.\d+)?)$/.exec(text);
    if (match === null) throw new Wrong(`invalid argument \`${text}' to \`${name}'`);
    const wanted = Number(match[2]);
    return (value) => (match[1] === '+' ? value > wanted : match[1] === '-' ? value < wanted : value === wanted);
  };
  const depth = (name: string, text: string): number => {
    if (!/^\d+$/.test(text)) throw new Wrong(`Expected a positive decimal integer argument to ${name}, but got ‘${text}’`);
    return Number(text);
  };
  const runCommand = async (argv: readonly string[], cwd?: string): Promise<boolean> => {
    await call.flush();
    const program = call.sys.findProgram(argv[0]!);
    const child = program.ok ? await call.sys.spawn(program.value, { argv, ...(cwd === undefined ? {} : { cwd }) }) : program;
    if (!child.ok) {
      call.err(`find: ‘${argv[0]!}’: ${strerror(child.error)}`);
      return false;
    }
    const done = await call.sys.wait(child.value);
    return done.ok && done.value !== undefined && statusCode(done.value.status) === 0;
  };
  const alternatives = (): Test => {
    let left = conjunction();
    while (args[at] === '-o' || args[at] === '-or') {
      at += 1;
      const [first, second] = [left, conjunction()];
      left = async (item) => (await first(item)) || second(item);
    }
    return left;
  };
  const conjunction = (): Test => {
    let left = single();
    while (at < args.length && args[at] !== ')' && args[at] !== '-o' && args[at] !== '-or' && args[at] !== ',') {
      if (args[at] === '-a' || args[at] === '-and') at += 1;
      const [first, second] = [left, single()];
      left = async (item) => (await first(item)) && second(item);
    }
    return left;
  };
  const single = (): Test => {
    const word = args[at++];
    switch (word) {
      case '(': {
        const inner = alternatives();
        if (args[at] !== ')') throw new Wrong("invalid expression; I was expecting to find a ')' somewhere but did not see one.");
        at += 1;
        return inner;
      }
      case '!': case '-not': {
        const inner = single();
        return async (item) => !(await inner(item));
      }
      case '-name': case '-iname': {
        const pattern = shellPattern(argument(word), { extended: false, ignoreCase: word === '-iname' });
        return async (item) => pattern.matches(item.name);
      }
      case '-path': case '-ipath': case '-wholename': {
        const pattern = shellPattern(argument(word), { extended: false, ignoreCase: word === '-ipath' });
        return async (item) => pattern.matches(item.path);
      }
      case '-regex': case '-iregex': {
        const made = compileRegex(argument(word), 'basic', { ignoreCase: word === '-iregex', bounds: 'whole', isForgiving: true });
        if (!made.ok) throw new Wrong(made.error);
        return async (item) => made.regex.test(item.path);
      }
      case '-type': {
        const kinds: Readonly<Record<string, FileStat['kind']>> = { f: 'file', d: 'directory', l: 'symlink', p: 'fifo', s: 'socket', c: 'character', b: 'block' };
        const wanted = argument(word).split(',').map((letter) => {
          if (kinds[letter] === undefined) throw new Wrong(`Unknown argument to -type: ${letter}`);
          return kinds[letter];
        });
        return async (item) => wanted.includes(item.stat.kind);
      }
      case '-size': {
        const text = argument(word);
        const match = /^([+-]?\d+)([cwbkMG]?)$/.exec(text);
        if (match === null) throw new Wrong(`Invalid argument \`${text}' to -size`);
        const unit = { c: 1, w: 2, b: 512, '': 512, k: 1024, M: 2 ** 20, G: 2 ** 30 }[match[2] as 'c']!;
        const fits = compare(word, match[1]!);
        return async (item) => fits(Math.ceil(item.stat.size / unit));
      }
      case '-empty': return async (item) => (item.stat.kind === 'file' ? item.stat.size === 0 : item.stat.kind === 'directory' && ((names) => names.ok && names.value.length === 0)(call.sys.list(item.path)));
      case '-mtime': case '-atime': case '-ctime': case '-mmin': case '-amin': case '-cmin': {
        const fits = compare(word, argument(word));
        const unit = word.endsWith('min') ? 60e6 : 86400e6;
        return async (item) => fits(Math.floor((call.sys.now() - (word[1] === 'm' ? item.stat.modifiedUs : word[1] === 'a' ? item.stat.accessedUs : item.stat.changedUs)) / unit));
      }
      case '-newer': {
        const reference = argument(word);
        const stat = call.sys.stat(reference);
        if (!stat.ok) throw new Wrong(`‘${reference}’: ${strerror(stat.error)}`);
        return async (item) => item.stat.modifiedUs > stat.value.modifiedUs;
      }
      case '-samefile': {
        const reference = argument(word);
        const stat = call.sys.stat(reference);
        if (!stat.ok) throw new Wrong(`‘${reference}’: ${strerror(stat.error)}`);
        return async (item) => item.stat.inode === stat.value.inode;
      }
      case '-perm': {
        const text = argument(word);
        const value = Number.parseInt(text.replace(/^[-/]/, ''), 8);
        if (!/^[-/]?[0-7]+$/.test(text)) { notSimulated(call, `-perm ${text}`); throw new Wrong(''); }
        return async (item) => (text.startsWith('-') ? (item.stat.mode & value) === value : text.startsWith('/') ? (item.stat.mode & value) !== 0 : item.stat.mode === value);
      }
      case '-user': {
        const name = argument(word);
        return async (item) => userName(call.sys, item.stat.uid) === name || String(item.stat.uid) === name;
      }
      case '-group': {
        const name = argument(word);
        return async (item) => groupName(call.sys, item.stat.gid) === name || String(item.stat.gid) === name;
      }
      case '-links': { const fits = compare(word, argument(word)); return async (item) => fits(item.stat.links); }
      case '-inum': { const fits = compare(word, argument(word)); return async (item) => fits(item.stat.inode); }
      case '-executable': return async (item) => call.sys.access(item.path, { execute: true }).ok;
      case '-readable': return async (item) => call.sys.access(item.path, { read: true }).ok;
      case '-writable': return async (item) => call.sys.access(item.path, { write: true }).ok;
      case '-true': return async () => true;
      case '-false': return async () => false;
      case '-maxdepth': maximum = depth(word, argument(word)); return async () => true;
      case '-mindepth': minimum = depth(word, argument(word)); return async () => true;
      case '-depth': isDepthFirst = true; return async () => true;
      case '-xdev': case '-mount': case '-noleaf': case '-ignore_readdir_race': return async () => true;
      case '-prune': return async () => { isPruned = true; return true; };
      case '-quit': hasAction = true; return async () => { isQuit = true; return true; };
      case '-print': hasAction = true; return async (item) => { call.out(item.path); return true; };
      case '-print0': hasAction = true; return async (item) => { call.write(`${item.path}\0`); return true; };
      case '-ls': hasAction = true; return async (item) => {
        call.out(`${String(item.stat.inode).padStart(9)} ${String(Math.ceil(item.stat.size / 4096) * 4).padStart(6)} ${modeString(item.stat)} ${String(item.stat.links).padStart(3)} ${userName(call.sys, item.stat.uid).padEnd(8)} ${groupName(call.sys, item.stat.gid).padEnd(8)} ${String(item.stat.size).padStart(8)} ${formatTime('%b %e %H:%M', item.stat.modifiedUs / 1e6)} ${item.path}`);
        return true;
      };
      case '-printf': {
        hasAction = true;
        const format = argument(word);
        return async (item) => {
          call.write(format.replace(/\\n|\\t|\\0|\\\\|%[pfhsmMuUgGTldyPiC]@?/g, (escape) => ({
            '\\n': '\n', '\\t': '\t', '\\0': '\0', '\\\\': '\\', '%p': item.path, '%f': item.name, '%h': item.path.includes('/') ? item.path.replace(/\/[^/]*$/, '') : '.', '%s': String(item.stat.size), '%m': item.stat.mode.toString(8), '%M': modeString(item.stat), '%u': userName(call.sys, item.stat.uid), '%U': String(item.stat.uid),
            '%g': groupName(call.sys, item.stat.gid), '%G': String(item.stat.gid), '%d': String(item.depth), '%y': { file: 'f', directory: 'd', symlink: 'l', fifo: 'p', socket: 's', character: 'c', block: 'b' }[item.stat.kind], '%P': item.path.slice(item.root.length).replace(/^\//, ''), '%i': String(item.stat.inode), '%T@': `${(item.stat.modifiedUs / 1e6).toFixed(6)}0000`,
            '%l': ((link) => (link.ok ? link.value : ''))(call.sys.readLink(item.path)),
          } as Record<string, string>)[escape] ?? escape));
          return true;
        };
      }
      case '-delete':
        hasAction = true;
        isDepthFirst = true;
        return async (item) => {
          if (item.path === '.') return true;
          const gone = item.stat.kind === 'directory' ? call.sys.removeDirectory(item.path) : call.sys.unlink(item.path);
          if (gone.ok) return true;
          call.err(`find: cannot delete ‘${item.path}’: ${strerror(gone.error)}`);
          code = 1;
          return false;
        };
      case '-exec': case '-execdir': case '-ok': {
        hasAction = true;
        const argv: string[] = [];
        while (at < args.length && args[at] !== ';' && !(args[at] === '+' && argv.at(-1) === '{}')) argv.push(args[at++]!);
        if (at >= args.length) throw new Wrong(`missing argument to \`${word}'`);
        if (args[at++] === '+') {
          const batch = { argv: argv.slice(0, -1), paths: [] as string[] };
          batches.push(batch);
          return async (item) => { batch.paths.push(item.path); return true; };
        }
        return async (item) => runCommand(argv.map((each) => each.replaceAll('{}', word === '-execdir' ? `./${item.name}` : item.path)), word === '-execdir' ? item.path.replace(/\/[^/]*$/, '') || '.' : undefined);
      }
      default:
        if (word?.startsWith('-') === true) throw new Wrong(`unknown predicate \`${word}'`);
        throw new Wrong(`paths must precede expression: \`${word ?? ''}'`);
    }
  };
  let test: Test;
  try {
    test = args.length === 0 ? async () => true : alternatives();
    if (at < args.length) throw new Wrong(args[at] === ')' ? "you have too many ')'" : `paths must precede expression: \`${args[at]!}'`);
  } catch (problem) {
    if (!(problem instanceof Wrong)) throw problem;
    if (problem.message === '') return 125;
    call.err(`find: ${problem.message}`);
    return 1;
  }
  const judge = async (item: Item): Promise<void> => {
    if (item.depth < minimum || isQuit) return;
    if ((await test(item)) && !hasAction) call.out(item.path);
  };
  const visit = async (path: string, name: string, depth: number, root: string): Promise<void> => {
    if (isQuit) return;
    let stat = call.sys.stat(path, follows);
    if (!stat.ok && follows) stat = call.sys.stat(path, false);
    if (!stat.ok) {
      call.err(`find: ‘${path}’: ${strerror(stat.error)}`);
      code = 1;
      return;
    }
    const item: Item = { path, name, depth, stat: stat.value, root };
    isPruned = false;
    if (!isDepthFirst) await judge(item);
    if (stat.value.kind === 'directory' && depth < maximum && !(isPruned && !isDepthFirst)) {
      const names = call.sys.list(path);
      if (!names.ok) {
        call.err(`find: ‘${path}’: ${strerror(names.error)}`);
        code = 1;
      } else for (const each of names.value) await visit(path.endsWith('/') ? `${path}${each}` : `${path}/${each}`, each, depth + 1, root);
    }
    if (isDepthFirst) await judge(item);
    if (depth % 4 === 0) await call.flush();
  };
  for (const root of roots) await visit(root, root.replace(/\/+$/, '').replace(/^.*\//, '') || root, 0, root);
  for (const batch of batches) if (batch.paths.length > 0 && !(await runCommand([...batch.argv, ...batch.paths]))) code = 1;
  return code;
}

// ---------------------------------------------------------------- xargs
export const xargs = defineCommand({
  name: 'xargs', summary: 'build and run command lines', package: 'findutils',
  run: async (call) => {
    const options = parseOptions(call.args, { short: '+0a:d:E:I:i::L:n:P:prs:tx', long: { version: 'none', eof: 'required=E', 'max-chars': 'required=s', exit: 'none=x', null: 'none=0', 'arg-file': 'required=a', delimiter: 'required=d', replace: 'optional=I', 'max-lines': 'optional=L', 'max-args': 'required=n', 'max-procs': 'required=P', 'no-run-if-empty': 'none=r', verbose: 'none=t', interactive: 'none=p' } });
    if (options.error !== undefined) {
      call.err(`xargs: ${options.error}\nTry 'xargs --help' for more information.`);
      return 1;
    }
    if (options.has('version')) {
      call.out('xargs (GNU findutils) 4.9.0');
      return 0;
    }
    for (const name of ['n', 'L', 's']) {
      const given = options.value(name);
      if (given === undefined || /^[1-9]\d*$/.test(given)) continue;
      const problem = /^0+$/.test(given) ? `value ${given} for -${name} option should be >= 1` : `invalid number "${given}" for -${name} option`;
      call.err(`xargs: ${problem}\nTry 'xargs --help' for more information.`);
      return 1;
    }
    if (options.has('p')) return notSimulated(call, 'option -p');
    const file = options.value('a');
    const input = file === undefined ? { ok: true as const, value: await call.stdinText() } : await call.sys.readText(file);
    if (!input.ok) {
      call.err(`xargs: Cannot open input file ‘${file!}’: ${strerror(input.error)}`);
      return 1;
    }
    const replace = options.has('I') ? options.value('I') ?? '{}' : options.has('i') ? options.value('i') ?? '{}' : undefined;
    const delimiter = options.has('0') ? '\0' : options.value('d')?.replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\0', '\0');
    const items = splitInput(input.value, delimiter, replace !== undefined || options.has('L'));
    if (typeof items === 'string') {
      call.err(`xargs: ${items}`);
      return 1;
    }
    const command = options.operands.length === 0 ? ['echo'] : options.operands;
    const lines: string[][] = [];
    if (replace !== undefined) for (const item of items) lines.push(command.map((word) => word.replaceAll(replace, item)));
    else {
      const most = Number(options.value('n') ?? options.value('L') ?? Number.MAX_SAFE_INTEGER);
      const bytes = Number(options.value('s') ?? Number.MAX_SAFE_INTEGER);
      const end = delimiter === undefined && options.has('E') ? items.indexOf(options.value('E')!) : -1;
      const words = end === -1 ? items : items.slice(0, end);
      for (let at = 0; at < words.length;) {
        const chunk: string[] = [];
        for (let size = sizeOf(command); at < words.length && chunk.length < most; at += 1) {
          size += sizeOf([words[at]!]);
          if (size > bytes) break;
          chunk.push(words[at]!);
        }
        if (chunk.length === 0 || (options.has('x') && chunk.length < most && at < words.length)) {
          call.err(`xargs: ${chunk.length === 0 ? 'cannot fit single argument within argument list size limit' : 'argument list too long'}`);
          return 1;
        }
        lines.push([...command, ...(options.has('L') ? chunk.flatMap((line) => line.trim().split(/[ \t]+/)) : chunk)]);
      }
      if (words.length === 0 && !options.has('r')) lines.push([...command]);
    }
    let code: ExitCode = 0;
    const { sys } = call;
    const nothing = await sys.open('/dev/null', { read: true });
    for (const argv of lines) {
      if (options.has('t')) call.err(argv.join(' '));
      await call.flush();
      const program = sys.findProgram(argv[0]!);
      const child = program.ok ? await sys.spawn(program.value, { argv, fds: new Map([[0, nothing.ok ? nothing.value : 0], [1, 1], [2, 2]]) }) : program;
      if (!child.ok) {
        call.err(`xargs: ${argv[0]!}: ${strerror(child.error)}`);
        return child.error === 'ENOENT' ? 127 : 126;
      }
      const done = await sys.wait(child.value);
      if (!done.ok || done.value === undefined) continue;
      const { status } = done.value;
      if (status.kind === 'signalled') {
        call.err(`xargs: ${argv[0]!}: terminated by signal ${statusCode(status) - 128}`);
        return 125;
      }
      const result = statusCode(status);
      if (result === 255) {
        call.err(`xargs: ${argv[0]!}: exited with status 255; aborting`);
        return 124;
      }
      if (result !== 0) code = 123;
    }
    return code;
  },
});

/** Each word ends in a zero byte, as the kernel counts them. */
function sizeOf(words: readonly string[]): number {
  return words.reduce((size, word) => size + utf8(word).length + 1, 0);
}

function splitInput(text: string, delimiter: string | undefined, byLines: boolean): string[] | string {
  if (delimiter !== undefined) return (text.endsWith(delimiter) ? text.slice(0, -delimiter.length) : text).split(delimiter).filter((item, index, all) => all.length > 1 || item !== '');
  if (byLines) return text.split('\n').map((line) => line.replace(/^[ \t]+/, '')).filter((line) => line !== '');
  const items: string[] = [];
  let item: string | undefined;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i]!;
    if (character === "'" || character === '"') {
      const end = text.indexOf(character, i + 1);
      const newline = text.indexOf('\n', i + 1);
      if (end === -1 || (newline !== -1 && newline < end)) return `unmatched ${character === "'" ? 'single' : 'double'} quote; by default quotes are special to xargs unless you use the -0 option`;
      item = (item ?? '') + text.slice(i + 1, end);
      i = end;
    } else if (character === '\\') {
      i += 1;
      item = (item ?? '') + (text[i] ?? '');
    } else if (/\s/.test(character)) {
      if (item !== undefined) items.push(item);
      item = undefined;
    } else item = (item ?? '') + character;
  }
  if (item !== undefined) items.push(item);
  return items;
}

/** The shell scripts that come with gzip 1.12, over gzip, grep, diff and pagers: zgrep, zdiff, zless, zmore. Read first: zgrep(1), zdiff(1), zless(1), zmore(1). */
import type { ExitCode, Fd } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { utf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { statusCode } from '../system/run.ts';
import { scriptAnswer } from './help.ts';

/** Starts a program of PATH; undefined when it is not there, which was said. */
async function start(call: Invocation, argv: readonly string[], fds: readonly (readonly [Fd, Fd])[]): Promise<number | undefined> {
  const { sys } = call;
  const program = sys.findProgram(argv[0]!);
  const child = program.ok ? await sys.spawn(program.value, { argv, env: call.env, fds: new Map(fds) }) : program;
  if (child.ok) return child.value;
  call.err(`/usr/bin/${call.name}: 1: ${argv[0]!}: ${child.error === 'ENOENT' ? 'not found' : strerror(child.error)}`);
  return undefined;
}

async function ended(call: Invocation, pid: number | undefined): Promise<ExitCode> {
  if (pid === undefined) return 127;
  for (;;) {
    const got = await call.sys.wait(pid);
    if (!got.ok && got.error === 'EINTR') continue;
    return got.ok && got.value !== undefined ? statusCode(got.value.status) : 1;
  }
}

function pipe(call: Invocation): [Fd, Fd] {
  const made = call.sys.pipe();
  if (!made.ok) throw new Error(`a process has no room for a pipe: ${made.error}`);
  for (const fd of made.value) call.sys.setCloseOnExec(fd, true);
  return made.value;
}

/** gzip's output for a program: `gzip -cdfq -- file | program`. Both exit codes. */
async function piped(call: Invocation, file: string, argv: readonly string[]): Promise<{ unpacking: ExitCode; program: ExitCode }> {
  const [readEnd, writeEnd] = pipe(call);
  const unpacking = await start(call, ['gzip', '-cdfq', '--', file], [[0, 0], [1, writeEnd], [2, 2]]);
  call.sys.close(writeEnd);
  const program = await start(call, argv, [[0, readEnd], [1, 1], [2, 2]]);
  call.sys.close(readEnd);
  return { program: await ended(call, program), unpacking: await ended(call, unpacking) };
}

const WITH_VALUE = 'ABCDXefm';
const REFUSED = /^(-[dRrzZ]|--(di|exc|inc|nu|r|de).*)$/;

export const zgrep = defineCommand({
  name: 'zgrep', aliases: ['zegrep', 'zfgrep'], summary: 'search compressed files', package: 'gzip',
  run: async (call) => {
    const options: string[] = call.name === 'zegrep' ? ['-E'] : call.name === 'zfgrep' ? ['-F'] : [];
    const operands: string[] = [];
    let [hasPattern, names] = [false, ''];
    for (let at = 0; at < call.args.length; at += 1) {
      const word = call.args[at]!;
      if (word === '--help' || word === '--version' || word === '-V') return scriptAnswer(call, 'zgrep', word === '--help' ? '--help' : '--version');
      if (word === '--') {
        operands.push(...call.args.slice(at + 1));
        break;
      }
      if (!word.startsWith('-') || word === '-') {
        operands.push(word);
        continue;
      }
      for (const option of word.startsWith('--') ? [word] : lettersOf(word)) {
        if (!REFUSED.test(option)) continue;
        call.err(`/usr/bin/zgrep: ${option}: option not supported`);
        return 2;
      }
      options.push(word);
      const last = word.startsWith('--') ? '' : lettersOf(word).at(-1)!;
      if (/^--(reg|f.*=)/.test(word) || lettersOf(word).some((letter) => letter.startsWith('-e') || letter.startsWith('-f'))) hasPattern = true;
      for (const letter of word.startsWith('--') ? [] : lettersOf(word)) if (letter === '-h' || letter === '-H') names = letter;
      if (word === '--with-filename') names = '-H';
      if (word === '--no-filename') names = '-h';
      if (last.length === 2 && WITH_VALUE.includes(last[1]!) && at + 1 < call.args.length) {
        at += 1;
        options.push(call.args[at]!);
      }
    }
    const pattern = hasPattern ? undefined : operands.shift();
    if (pattern === undefined && !hasPattern) {
      call.err(`/usr/bin/zgrep: 188: 1: missing pattern; try \`/usr/bin/zgrep --help' for help`);
      return 2;
    }
    const words = ['grep', ...options, ...(pattern === undefined ? [] : ['-e', pattern])];
    const files = operands.length === 0 ? ['-'] : operands;
    const isNamed = names === '-H' || (names === '' && files.length > 1) || options.some((option) => /^-[^-]*[lL]|^--files-with/.test(option));
    let code: ExitCode = 1;
    for (const file of files) {
      const { unpacking, program } = await piped(call, file, [...words, ...(isNamed && names !== '-h' ? ['-H', `--label=${file === '-' ? '(standard input)' : file}`] : [])]);
      // What was not unpacked weighs more than what was found; a grep that ends early is no trouble.
      const outcome = unpacking !== 0 && unpacking !== 2 && unpacking !== 141 ? 2 : program;
      code = outcome > 1 || code > 1 ? Math.max(2, outcome, code) : outcome === 0 ? 0 : code;
    }
    return code;
  },
});

/** -ne x: -n, -e; what follows a letter that takes a value is its value. */
function lettersOf(word: string): string[] {
  const letters: string[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const takes = WITH_VALUE.includes(word[at]!);
    letters.push(`-${takes ? word.slice(at) : word[at]!}`);
    if (takes) break;
  }
  return letters;
}

const PACKED = /[-.]gz|[-.][zZ]$|\.t[ga]z|^-$/;

export const zdiff = defineCommand({
  name: 'zdiff', aliases: ['zcmp'], summary: 'compare compressed files', package: 'gzip',
  run: async (call) => {
    const program = call.name === 'zcmp' ? 'cmp' : 'diff';
    const asked = call.args.find((word) => word === '--help' || word === '--version');
    if (asked !== undefined) return scriptAnswer(call, call.name, asked);
    const options = call.args.filter((word) => word.startsWith('-') && word !== '-' && word !== '--');
    const files = call.args.filter((word) => !word.startsWith('-') || word === '-');
    const [first, second, extra] = files;
    const refuse = (text: string): ExitCode => {
      call.err(`/usr/bin/${call.name}: ${text}`);
      return 2;
    };
    if (first === undefined) return refuse('missing operand');
    if (extra !== undefined) return refuse(`extra operand '${extra}'`);
    for (const file of files) {
      if (file === '-') continue;
      const opened = await call.sys.open(file, { read: true });
      if (!opened.ok) return refuse(`96: cannot open ${file}: ${opened.error === 'ENOENT' ? 'No such file' : strerror(opened.error)}`);
      call.sys.close(opened.value);
    }
    if (second === undefined) {
      const plain = /^(.*)(?:[-.]gz|[-.][zZ])$/.exec(first)?.[1] ?? (/\.t[ga]z$/.test(first) ? first.replace(/\.t[ga]z$/, '.tar') : undefined);
      if (plain === undefined) return refuse(`${first}: unknown compressed file extension`);
      return worse(await piped(call, first, [program, ...options, '--', '-', plain]));
    }
    if (!PACKED.test(first) && !PACKED.test(second)) return ended(call, await start(call, [program, ...options, '--', first, second], [[0, 0], [1, 1], [2, 2]]));
    if (!PACKED.test(second)) return worse(await piped(call, first, [program, ...options, '--', '-', second]));
    if (!PACKED.test(first)) return worse(await piped(call, second, [program, ...options, '--', first, '-']));
    return both(call, program, options, first, second);
  },
});

function worse({ unpacking, program }: { unpacking: ExitCode; program: ExitCode }): ExitCode {
  return unpacking === 0 || unpacking === 2 || unpacking === 141 ? program : 2;
}

/** The first comes at descriptor 5, the second at standard input. */
async function both(call: Invocation, program: string, options: readonly string[], first: string, second: string): Promise<ExitCode> {
  const [firstRead, firstWrite] = pipe(call);
  const [secondRead, secondWrite] = pipe(call);
  const unpackers = [await start(call, ['gzip', '-cdfq', '--', first], [[0, 0], [1, firstWrite], [2, 2]]), await start(call, ['gzip', '-cdfq', '--', second], [[0, 0], [1, secondWrite], [2, 2]])];
  call.sys.close(firstWrite);
  call.sys.close(secondWrite);
  const child = await start(call, [program, ...options, '--', '/dev/fd/5', '-'], [[0, secondRead], [1, 1], [2, 2], [5, firstRead]]);
  call.sys.close(firstRead);
  call.sys.close(secondRead);
  let outcome = { unpacking: 0, program: await ended(call, child) };
  for (const pid of unpackers) {
    const code = await ended(call, pid);
    if (code !== 0) outcome = { ...outcome, unpacking: code };
  }
  return worse(outcome);
}

/** The real one has less unpack what it opens; here it reads a pipe, so one file at a time. */
export const zless = defineCommand({
  name: 'zless', summary: 'page through a compressed file', package: 'gzip',
  run: async (call) => {
    const [asked] = call.args;
    if (asked === '--help' || asked === '--version') return scriptAnswer(call, 'zless', asked);
    const options = call.args.filter((word) => /^[-+]./.test(word));
    const files = call.args.filter((word) => !/^[-+]./.test(word));
    if (files.length > 1) return notSimulated(call, 'more than one file');
    return (await piped(call, files[0] ?? '-', ['less', ...options])).program;
  },
});

export const zmore = defineCommand({
  name: 'zmore', summary: 'page through compressed files', package: 'gzip',
  run: async (call) => {
    const [asked = ''] = call.args;
    if (/^--[hv]/.test(asked)) return scriptAnswer(call, 'zmore', asked.startsWith('--h') ? '--help' : '--version');
    const refuse = (text: string): ExitCode => {
      call.err(`/usr/bin/zmore: ${text}; try '/usr/bin/zmore --help' for help`);
      return 1;
    };
    if (/^-./.test(asked) && asked !== '--') return refuse(`${asked}: unknown option`);
    const operands = asked === '--' ? call.args.slice(1) : call.args;
    if (operands.length === 0 && call.stdinIsTerminal) return refuse('missing operands');
    const files = operands.length === 0 ? ['-'] : operands;
    const [readEnd, writeEnd] = pipe(call);
    const pager = await start(call, (call.env.get('PAGER') ?? 'more').split(' '), [[0, readEnd], [1, 1], [2, 2]]);
    call.sys.close(readEnd);
    call.sys.onSignal('PIPE', 'ignore');
    for (const file of files) {
      if (files.length > 1) await call.sys.write(writeEnd, utf8(`::::::::::::::\n${file}\n::::::::::::::\n`));
      await ended(call, await start(call, ['gzip', '-cdfq', '--', file], [[0, 0], [1, writeEnd], [2, writeEnd]]));
    }
    call.sys.close(writeEnd);
    return ended(call, pager);
  },
});

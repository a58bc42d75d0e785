/** getopt of util-linux 2.38: options of scripts put in order and quoted. Read first: getopt(1), getopt_long(3). */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { defineCommand, type Invocation } from '../define.ts';

type Takes = 'none' | 'required' | 'optional';
interface Wanted {
  readonly short: ReadonlyMap<string, Takes>;
  readonly long: readonly (readonly [name: string, takes: Takes])[];
  /** `+`: options end at the first word that is none; `-`: such words stay where they are. */
  readonly order: 'permute' | 'stop' | 'in place';
  readonly isAlternative: boolean;
  /** For what is wrong with the words. */
  complain(text: string): void;
  quote(text: string): string;
}

export const getopt = defineCommand({
  name: 'getopt', summary: 'parse options of scripts', package: 'util-linux',
  run: (call) => {
    const problem = (text: string): ExitCode => {
      call.err(`getopt: ${text}\nTry 'getopt --help' for more information.`);
      return 2;
    };
    const [first] = call.args;
    // The old way: the first word is the list of options, nothing is quoted.
    const isOld = call.env.has('GETOPT_COMPATIBLE') || (first !== undefined && !first.startsWith('-'));
    if (first === undefined) return call.env.has('GETOPT_COMPATIBLE') ? (call.out(' --'), 0) : problem('missing optstring argument');
    if (isOld) return parse(call, call.args.slice(1), { short: first.replace(/^[-+]+/, ''), long: [], order: orderOf(call, first), isAlternative: false, quote: (text) => text });
    const options = parseOptions(call.args, { short: '+ao:l:n:qQs:TuhV', long: { options: 'required=o', longoptions: 'required=l', quiet: 'none=q', 'quiet-output': 'none=Q', shell: 'required=s', test: 'none=T', unquoted: 'none=u', help: 'none=h', alternative: 'none=a', name: 'required=n', version: 'none=V' } });
    if (options.error !== undefined) return problem(options.error);
    if (options.has('h')) {
      call.write(help);
      return 0;
    }
    if (options.has('V')) {
      call.out('getopt from util-linux 2.38.1');
      return 0;
    }
    if (options.has('T')) return 4;
    const shell = options.value('s') ?? 'bash';
    if (!['sh', 'bash', 'csh', 'tcsh'].includes(shell)) return problem('unknown shell after -s or --shell argument');
    const [optionString, ...rest] = options.has('o') ? [options.value('o')!, ...options.operands] : options.operands;
    if (optionString === undefined) return problem('missing optstring argument');
    const isUnquoted = options.has('u');
    return parse(call, rest, {
      short: optionString.replace(/^[-+]/, ''), long: options.values('l').flatMap((list) => list.split(/[, \t\n]+/)).filter((name) => name !== ''), order: orderOf(call, optionString), isAlternative: options.has('a'),
      name: options.value('n') ?? 'getopt', isQuiet: options.has('q'), isSilent: options.has('Q'), quote: isUnquoted ? (text) => text : shell.endsWith('csh') ? quotedForCsh : quotedForSh,
    });
  },
});

function orderOf(call: Invocation, optionString: string): Wanted['order'] {
  return optionString.startsWith('-') ? 'in place' : optionString.startsWith('+') || call.env.has('POSIXLY_CORRECT') ? 'stop' : 'permute';
}

function quotedForSh(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function quotedForCsh(text: string): string {
  const marked: Readonly<Record<string, string>> = { "'": "'\\''", '\\': '\\\\', '!': "'\\!'", '\n': '\\n' };
  return `'${text.replace(/['\\!\n]/g, (character) => marked[character]!).replace(/\s/g, (blank) => `'\\${blank}'`)}'`;
}

function takesOf(colons: string): Takes {
  return colons === '' ? 'none' : colons === ':' ? 'required' : 'optional';
}

interface Settings { readonly short: string; readonly long: readonly string[]; readonly order: Wanted['order']; readonly isAlternative: boolean; readonly name?: string; readonly isQuiet?: boolean; readonly isSilent?: boolean; quote(text: string): string }

function parse(call: Invocation, words: readonly string[], settings: Settings): ExitCode {
  let code: ExitCode = 0;
  const wanted: Wanted = {
    ...settings, short: new Map([...settings.short.matchAll(/([^:])(:{0,2})/g)].map(([, letter, colons]) => [letter!, takesOf(colons!)])),
    long: settings.long.map((name) => [name.replace(/:+$/, ''), takesOf(/:*$/.exec(name)![0])] as const),
    complain: (text) => {
      if (settings.isQuiet !== true) call.err(`${settings.name ?? 'getopt'}: ${text}`);
      code = 1;
    },
  };
  const line = new Reader(words, wanted).read();
  if (settings.isSilent !== true) call.out(line);
  return code;
}

class Reader {
  private readonly words: readonly string[];
  private readonly wanted: Wanted;
  private at = 0;
  private line = '';
  private readonly operands: string[] = [];

  constructor(words: readonly string[], wanted: Wanted) {
    this.words = words;
    this.wanted = wanted;
  }

  read(): string {
    const { words, wanted, operands } = this;
    while (this.at < words.length) {
      const word = words[this.at]!;
      this.at += 1;
      if (word === '--') break;
      if (word.startsWith('--') || (wanted.isAlternative && word.length > 1 && word.startsWith('-') && this.isLong(word))) this.longOption(word);
      else if (word.startsWith('-') && word.length > 1) this.shortOptions(word);
      else if (wanted.order === 'in place') this.line += ` ${wanted.quote(word)}`;
      else {
        operands.push(word);
        if (wanted.order === 'stop') break;
      }
    }
    return `${this.line} --${[...operands, ...words.slice(this.at)].map((word) => ` ${wanted.quote(word)}`).join('')}`;
  }

  /** -a: with one dash, unless it is a short option and no long one begins so. */
  private isLong(word: string): boolean {
    const name = word.slice(1).replace(/=.*/s, '');
    return !this.wanted.short.has(word[1]!) || (word.length > 2 && this.wanted.long.some(([each]) => each.startsWith(name)));
  }

  private put(option: string, value: string | undefined): void {
    this.line += ` ${option}${value === undefined ? '' : ` ${this.wanted.quote(value)}`}`;
  }

  private longOption(word: string): void {
    const { long, complain } = this.wanted;
    const dashes = word.startsWith('--') ? '--' : '-';
    const [, name = '', value] = /^--?([^=]*)(?:=([^]*))?$/.exec(word)!;
    const exact = long.filter(([each]) => each === name);
    const found = exact.length > 0 ? exact : long.filter(([each]) => each.startsWith(name));
    if (found.length === 0) return complain(`unrecognized option '${dashes}${name}'`);
    if (found.length > 1) return complain(`option '${dashes}${name}' is ambiguous; possibilities:${found.map(([each]) => ` '${dashes}${each}'`).join('')}`);
    const [full, takes] = found[0]!;
    if (takes === 'none') return value === undefined ? this.put(`--${full}`, undefined) : complain(`option '${dashes}${full}' doesn't allow an argument`);
    if (value !== undefined || takes === 'optional') return this.put(`--${full}`, value ?? '');
    if (this.at >= this.words.length) return complain(`option '${dashes}${full}' requires an argument`);
    this.at += 1;
    this.put(`--${full}`, this.words[this.at - 1]!);
  }

  private shortOptions(word: string): void {
    const { short, complain } = this.wanted;
    for (let index = 1; index < word.length; index += 1) {
      const letter = word[index]!;
      const takes = short.get(letter);
      if (takes === undefined) complain(`invalid option -- '${letter}'`);
      else if (takes === 'none') this.put(`-${letter}`, undefined);
      else {
        const rest = word.slice(index + 1);
        if (rest !== '' || takes === 'optional') return this.put(`-${letter}`, rest);
        if (this.at >= this.words.length) return complain(`option requires an argument -- '${letter}'`);
        this.at += 1;
        return this.put(`-${letter}`, this.words[this.at - 1]!);
      }
    }
  }
}

const help = `
Usage:
 getopt <optstring> <parameters>
 getopt [options] [--] <optstring> <parameters>
 getopt [options] -o|--options <optstring> [options] [--] <parameters>

Parse command options.

Options:
 -a, --alternative             allow long options starting with single -
 -l, --longoptions <longopts>  the long options to be recognized
 -n, --name <progname>         the name under which errors are reported
 -o, --options <optstring>     the short options to be recognized
 -q, --quiet                   disable error reporting by getopt(3)
 -Q, --quiet-output            no normal output
 -s, --shell <shell>           set quoting conventions to those of <shell>
 -T, --test                    test for getopt(1) version
 -u, --unquoted                do not quote the output

 -h, --help                    display this help
 -V, --version                 display version

For more details see getopt(1).
`;

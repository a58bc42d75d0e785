/** Flags as cobra and pflag read them. Which flags a command has is data taken from its own help page (generated/help.ts). */
import { flags as commandFlags, globalFlags, pages } from './generated/help.ts';

type Kind = 'text' | 'list' | 'switch' | 'number' | 'duration';
interface FlagInfo { readonly name: string; readonly short: string; readonly kind: Kind; readonly fallback: string; readonly bare: string | undefined }

/** Flags that may stand without a value, and what they mean then (NoOptDefVal). */
const BARE: Readonly<Record<string, string>> = { 'dry-run': 'unchanged', validate: 'true', cascade: 'background' };
/** Lists of words separated by commas (StringSlice); other lists take each value whole. */
const WHOLE_VALUES = new Set(['from-literal', 'from-file', 'from-env-file', 'env', 'overrides', 'rule']);

function infoOf([name, short, value]: readonly [string, string, string]): FlagInfo {
  const kind: Kind = value === 'true' || value === 'false' ? 'switch' : value === '[]' ? 'list' : /^-?\d+$/.test(value) ? 'number' : /^[\d.]+(?:ms|[smh])[\dsmh]*$/.test(value) ? 'duration' : 'text';
  return { name, short, kind, fallback: value.replace(/^'(.*)'$/, '$1'), bare: kind === 'switch' ? 'true' : BARE[name] };
}

/** Flags that help pages do not show any more, with what is said of them. */
const DEPRECATED: Readonly<Record<string, readonly { readonly flag: readonly [string, string, string]; readonly advice: string }[]>> = {
  drain: [{ flag: ['delete-local-data', '', 'false'], advice: 'This option is deprecated and will be deleted. Use --delete-emptydir-data.' }],
};

const globals = globalFlags.map(infoOf);
const byCommand = new Map<string, readonly FlagInfo[]>();

function infosOf(command: string): readonly FlagInfo[] {
  const known = byCommand.get(command);
  if (known !== undefined) return known;
  const own = [...commandFlags[command] ?? [], ...(DEPRECATED[command] ?? []).map(({ flag }) => flag)].map(infoOf);
  const all = [...own, ...globals.filter(({ name, short }) => !own.some((flag) => flag.name === name || (short !== '' && flag.short === short)))];
  byCommand.set(command, all);
  return all;
}

/** A word on the command line that pflag refuses. */
export class FlagProblem extends Error {
  override readonly name = 'FlagProblem';
}

/** The command words at the start (`rollout status`), and everything else in its order. Flags may stand before them. */
export function splitCommand(args: readonly string[]): { readonly words: readonly string[]; readonly rest: readonly string[] } {
  const words: string[] = [];
  const rest: string[] = [];
  let at = 0;
  for (; at < args.length; at++) {
    const word = args[at]!;
    if (word === '--') break;
    if (word.startsWith('-') && word.length > 1) {
      rest.push(word);
      if (!word.includes('=') && takesNext(word, words.join(' ')) && at + 1 < args.length) rest.push(args[++at]!);
      continue;
    }
    if (pages[[...words, word].join(' ')] === undefined) break;
    words.push(word);
  }
  return { words, rest: [...rest, ...args.slice(at)] };
}

function takesNext(word: string, command: string): boolean {
  const infos = infosOf(command);
  const info = word.startsWith('--') ? infos.find(({ name }) => name === word.slice(2)) : word.length === 2 ? infos.find(({ short }) => short === word[1]) : undefined;
  return info !== undefined && info.bare === undefined;
}

export class Flags {
  readonly operands: string[] = [];
  /** Words after `--`, also among the operands. */
  readonly afterDash: string[] = [];
  hasDash = false;
  /** What is to be said of flags that should not be used any more. */
  readonly warnings: string[] = [];
  private readonly command: string;
  private readonly given = new Map<string, string[]>();
  private readonly infos: readonly FlagInfo[];

  constructor(command: string, args: readonly string[]) {
    this.command = command;
    this.infos = infosOf(command);
    for (let at = 0; at < args.length; at++) {
      const word = args[at]!;
      if (word === '--') {
        this.hasDash = true;
        this.afterDash.push(...args.slice(at + 1));
        this.operands.push(...this.afterDash);
        return;
      }
      if (word.startsWith('--')) at += this.long(word.slice(2), args[at + 1]);
      else if (word.startsWith('-') && word.length > 1) at += this.short(word.slice(1), args[at + 1]);
      else this.operands.push(word);
    }
  }

  is(name: string): boolean {
    return this.text(name) === 'true';
  }
  has(name: string): boolean {
    return this.given.has(name);
  }
  /** The last value given, else the default. */
  text(name: string): string {
    return this.given.get(name)?.at(-1) ?? this.infos.find((info) => info.name === name)?.fallback ?? '';
  }
  list(name: string): string[] {
    const values = this.given.get(name) ?? [];
    return WHOLE_VALUES.has(name) ? values : values.flatMap((value) => value.split(','));
  }
  number(name: string): number {
    return Number(this.text(name));
  }
  /** In milliseconds; 0 for none. */
  durationMs(name: string): number {
    return durationMs(this.text(name)) ?? 0;
  }

  /** Answers how many further words it used. */
  private long(text: string, next: string | undefined): number {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const info = this.infos.find((one) => one.name === name);
    if (name === 'help') {
      this.set({ name: 'help', short: 'h', kind: 'switch', fallback: 'false', bare: 'true' }, 'true');
      return 0;
    }
    if (info === undefined) throw new FlagProblem(`unknown flag: --${name}`);
    if (equals >= 0) this.set(info, text.slice(equals + 1));
    else if (info.bare !== undefined) this.set(info, info.bare);
    else if (next === undefined) throw new FlagProblem(`flag needs an argument: --${name}`);
    else {
      this.set(info, next);
      return 1;
    }
    return 0;
  }

  private short(letters: string, next: string | undefined): number {
    for (let at = 0; at < letters.length; at++) {
      const letter = letters[at]!;
      const info = this.infos.find((one) => one.short === letter);
      if (info === undefined && letter === 'h') {
        this.long('help', undefined);
        continue;
      }
      if (info === undefined) throw new FlagProblem(`unknown shorthand flag: '${letter}' in -${letters}`);
      const rest = letters.slice(at + 1);
      if (rest.startsWith('=')) {
        this.set(info, rest.slice(1));
        return 0;
      }
      if (info.bare !== undefined) {
        this.set(info, info.bare);
        continue;
      }
      if (rest !== '') {
        this.set(info, rest);
        return 0;
      }
      if (next === undefined) throw new FlagProblem(`flag needs an argument: '${letter}' in -${letters}`);
      this.set(info, next);
      return 1;
    }
    return 0;
  }

  private set(info: FlagInfo, value: string): void {
    const shown = info.short === '' ? `--${info.name}` : `-${info.short}, --${info.name}`;
    const refuse = (why: string): never => {
      throw new FlagProblem(`invalid argument ${JSON.stringify(value)} for "${shown}" flag: ${why}`);
    };
    if (info.kind === 'number' && !/^[-+]?\d+$/.test(value)) refuse(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    if (info.kind === 'switch' && !/^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)) refuse(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
    if (info.kind === 'duration' && durationMs(value) === undefined) refuse(`time: ${/^[\d.]+$/.test(value) ? 'missing unit in' : 'invalid'} duration ${JSON.stringify(value)}`);
    const advice = DEPRECATED[this.command]?.find(({ flag }) => flag[0] === info.name)?.advice;
    if (advice !== undefined) this.warnings.push(`Flag --${info.name} has been deprecated, ${advice}`);
    const stored = info.kind === 'switch' ? String(/^(?:1|t)/i.test(value)) : value;
    this.given.set(info.name, [...(this.given.get(info.name) ?? []), stored]);
  }
}

/** Go's time.ParseDuration. */
export function durationMs(text: string): number | undefined {
  if (text === '0') return 0;
  const unit: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  if (!/^[-+]?(?:\d+\.?\d*(?:ns|us|ms|[smh]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, name] of text.matchAll(/(\d+\.?\d*)(ns|us|ms|[smh])/g)) total += Number(amount) * unit[name!]!;
  return text.startsWith('-') ? -total : total;
}

/** time.Duration.String of whole seconds: `1m5s`. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : seconds < 3600 ? `${Math.floor(seconds / 60)}m${seconds % 60}s` : `${Math.floor(seconds / 3600)}h${Math.floor(seconds / 60) % 60}m${seconds % 60}s`;
}

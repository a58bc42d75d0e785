/** Words to flags and positionals, and the usage texts. Read first: googlecloudsdk/calliope/{parser_extensions,usage_text}.py */
import { UsageProblem } from './problem.ts';
import { flagsOf, globalFlags, groupAt, readFlags, type CommandSurface, type FlagSurface } from './surface/surface.ts';

export interface Parsed {
  readonly positionals: ReadonlyMap<string, readonly string[]>;
  /** By --name: text, or true and false for switches. */
  readonly flags: ReadonlyMap<string, string | boolean>;
  /** Words after `--`. */
  readonly rest: readonly string[];
}

/** Flags that may stand anywhere, also before the command: those that take a value swallow the next word. */
export function splitWords(words: readonly string[]): { path: string[]; others: string[] } {
  const path: string[] = [];
  let at = 0;
  const others: string[] = [];
  for (; at < words.length; at += 1) {
    const word = words[at]!;
    if (!word.startsWith('-')) {
      const isGroup = groupAt(path.join(' ')) !== undefined && groupAt([...path, word].join(' ')) !== undefined;
      path.push(word);
      if (!isGroup) return { path, others: [...others, ...words.slice(at + 1)] };
      continue;
    }
    others.push(word);
    const flag = flagNamed(globalFlags, word.split('=')[0]!);
    if (flag !== undefined && flag.kind !== 'switch' && !word.includes('=') && at + 1 < words.length) others.push(words[at += 1]!);
  }
  return { path, others };
}

function flagNamed(flags: readonly FlagSurface[], name: string): FlagSurface | undefined {
  return flags.find((flag) => flag.names.includes(name) || (flag.hasNegation && name === flag.name.replace(/^--/, '--no-')));
}

export function parseWords(command: CommandSurface, words: readonly string[]): Parsed {
  const known = [...flagsOf(command), ...globalFlags];
  const flags = new Map<string, string | boolean>();
  const plain: string[] = [];
  const unknown: string[] = [];
  let rest: readonly string[] = [];
  const takesRest = command.positionals.split(' ').includes('--');
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word === '--') {
      rest = words.slice(at + 1);
      if (!takesRest && rest.length > 0) unknown.push(...rest);
      break;
    }
    if (!word.startsWith('-') || word === '-' || /^-\d/.test(word)) {
      plain.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = equals === -1 ? word : word.slice(0, equals);
    const flag = flagNamed(known, name);
    if (flag === undefined) {
      unknown.push(word);
      continue;
    }
    if (flag.kind === 'switch') {
      if (equals !== -1) throw new UsageProblem(`argument ${flag.names.join('/')}: ignored explicit argument '${word.slice(equals + 1)}'`);
      flags.set(flag.name, name === flag.name || flag.names.includes(name));
      continue;
    }
    let value = equals === -1 ? words[at + 1] : word.slice(equals + 1);
    if (equals === -1) {
      if (value === undefined || (value.startsWith('-') && !/^-\d/.test(value) && value !== '-')) value = undefined;
      else at += 1;
    }
    if (value === undefined) throw new UsageProblem(`argument ${flag.names.length > 1 ? flag.names.join('/') : flag.name}: expected one argument`);
    checkValue(flag, value);
    flags.set(flag.name, value);
  }
  const positionals = place(command, plain, unknown);
  if (flags.get('--help') === true || flags.get('--version') === true) return { positionals, flags, rest };
  if (unknown.length > 0) throw unrecognized(unknown, known);
  checkGroups(command, flags);
  for (const [name, found] of positionals) if (found.length === 0) throw new UsageProblem(`argument ${name}: Must be specified.`);
  for (const word of command.flags.split(' ')) {
    if (!word.startsWith('!')) continue;
    const [flag] = readFlags(word);
    if (flag !== undefined && !flags.has(flag.name) && command.syntax.includes(`${flag.name}=`) && !/[([|]/.test(command.syntax.slice(0, command.syntax.indexOf(flag.name)).slice(-1))) throw new UsageProblem(`argument ${flag.name}: Must be specified.`);
  }
  return { positionals: new Map([...positionals].filter(([, found]) => found.length > 0)), flags, rest };
}

function checkValue(flag: FlagSurface, value: string): void {
  if (flag.kind === 'integer' && !/^[-+]?\d+$/.test(value)) throw new UsageProblem(`argument ${flag.name}: invalid int value: '${value}'`);
  if (flag.choices !== undefined && !flag.choices.some((choice) => choice.toLowerCase() === value.toLowerCase())) throw new UsageProblem(`argument ${flag.name}: Invalid choice: '${value}'.\n\nValid choices are [${[...flag.choices].sort().join(', ')}].`, false);
}

/** Fills positionals from left to right; one that may be absent stands in the map only when given. */
function place(command: CommandSurface, plain: readonly string[], unknown: string[]): Map<string, readonly string[]> {
  const placed = new Map<string, readonly string[]>();
  let at = 0;
  const expected = command.positionals.split(' ').filter((one) => one !== '' && one !== '--');
  for (const [index, word] of expected.entries()) {
    const [, name = '', count = ''] = /^(.*?)([*+?]?)$/.exec(word)!;
    const taken = count === '*' || count === '+' ? plain.slice(at, Math.max(at + 1, plain.length - (expected.length - 1 - index))) : plain.slice(at, at + 1);
    at += taken.length;
    if (taken.length > 0) placed.set(name, taken);
    else if (count === '+') placed.set(`${name} [${name} ...]`, []);
    else if (count === '') placed.set(name, []);
  }
  unknown.push(...plain.slice(at));
  return placed;
}

function unrecognized(unknown: readonly string[], known: readonly FlagSurface[]): UsageProblem {
  const shown = unknown.map((word) => {
    const name = word.split('=')[0]!;
    const near = name.startsWith('--') ? known.flatMap((flag) => flag.names).find((one) => one.startsWith('--') && distance(one, name) <= 1) : undefined;
    return `${word}${near === undefined ? ' ' : ` (did you mean '${near}'?) `}`;
  });
  const search = 'To search the help text of gcloud commands, run:\n  gcloud help -- SEARCH_TERMS';
  const list = shown.length === 1 ? ` ${shown[0]!}\n\n` : `\n${shown.map((word) => `  ${word.trimEnd()}\n`).join('')}  `;
  return new UsageProblem(`unrecognized arguments:${list}${search}`, false);
}

function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_unused, at) => at);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[right.length]!;
}

/** `(--a=A | --b=B)` in the syntax: exactly one of them. */
function checkGroups(command: CommandSurface, flags: ReadonlyMap<string, string | boolean>): void {
  for (const group of command.syntax.matchAll(/\((--[^()]*\|[^()]*)\)/g)) {
    const names = group[1]!.split('|').map((part) => part.trim().split('=')[0]!);
    const given = names.filter((name) => flags.has(name));
    const all = `(${names.join(' | ')})`;
    if (given.length === 0) throw new UsageProblem(`Exactly one of ${all} must be specified.`);
    if (given.length > 1) throw new UsageProblem(`argument ${[...given].sort()[0]!}: Exactly one of ${all} must be specified.`);
  }
}

// ---------------------------------------------------------------- usage

export function usageOf(command: CommandSurface): string {
  const names = command.listed?.split(' ') ?? [...readFlags(command.flags).map(({ name }) => name), '--help'].sort((left, right) => (left.replace('--no-', '--') < right.replace('--no-', '--') ? -1 : 1));
  const head = `Usage: gcloud ${command.path} ${command.syntax}\n`;
  return `${head}${command.syntax.includes('[optional flags]') ? aligned('optional flags may be', names) : ''}\nFor detailed information on this command and its flags, run:\n  gcloud ${command.path} --help`;
}

export function groupUsage(path: string): string {
  const children = groupAt(path)?.children ?? [];
  const groups = children.filter(([kind]) => kind === 'g').map(([, name]) => name);
  const commands = children.filter(([kind]) => kind === 'c').map(([, name]) => name);
  const kinds = [...(groups.length > 0 ? ['group'] : []), ...(commands.length > 0 ? ['command'] : [])].join(' | ');
  const at = path === '' ? 'gcloud' : `gcloud ${path}`;
  return `Usage: ${at} [optional flags] <${kinds}>\n${groups.length > 0 ? aligned('group may be', groups) : ''}${commands.length > 0 ? aligned('command may be', commands) : ''}\nFor detailed information on this command and its flags, run:\n  ${at} --help`;
}

const INDENT = 25;
const WIDTH = 80;

/** Names between bars, wrapped; one that is longer than a line is broken where the line ends. */
function aligned(title: string, names: readonly string[]): string {
  const lines: string[] = [''];
  const room = WIDTH - INDENT;
  names.forEach((name, at) => {
    let word = at === names.length - 1 ? name : `${name} |`;
    for (;;) {
      const line = lines.at(-1)!;
      const whole = line === '' ? word : `${line} ${word}`;
      if (whole.length <= room) {
        lines[lines.length - 1] = whole;
        return;
      }
      if (word.length > room) {
        const left = room - (line === '' ? 0 : line.length + 1);
        lines[lines.length - 1] = whole.slice(0, room);
        word = word.slice(left);
      }
      lines.push('');
    }
  });
  return lines.map((line, at) => `${at === 0 ? `  ${title}`.padEnd(INDENT) : ' '.repeat(INDENT)}${line}\n`).join('');
}

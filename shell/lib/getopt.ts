/** getopt_long(3) as glibc has it: permutation, abbreviated long options, and its error texts. */

export type Argument = 'none' | 'required' | 'optional';

export interface OptionTable {
  /** As getopt's: `ab:c::`. A leading `+` stops at the first operand. */
  readonly short: string;
  /** Long names with what they take; `=x` after the kind maps to the short option x: `'required=n'`. */
  readonly long?: Readonly<Record<string, Argument | `${Argument}=${string}`>>;
}

export interface ParsedOption {
  /** The short letter, or the long name where there is no short one. */
  readonly name: string;
  readonly value: string | undefined;
  /** As typed: `-n` or `--lines`. */
  readonly typed: string;
}

export interface ParsedOptions {
  readonly options: readonly ParsedOption[];
  readonly operands: readonly string[];
  /** The error getopt would print, without the program's name. */
  readonly error: string | undefined;
  has(name: string): boolean;
  /** The last value given. */
  value(name: string): string | undefined;
  values(name: string): string[];
}

export function parseOptions(args: readonly string[], table: OptionTable): ParsedOptions {
  const stopsEarly = table.short.startsWith('+');
  const takes = shortKinds(stopsEarly ? table.short.slice(1) : table.short);
  const options: ParsedOption[] = [];
  const operands: string[] = [];
  let error: string | undefined;
  let at = 0;
  while (at < args.length && error === undefined) {
    const word = args[at]!;
    at += 1;
    if (word === '--') {
      operands.push(...args.slice(at));
      break;
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const typed = equals === -1 ? word.slice(2) : word.slice(2, equals);
      const found = longOption(table, typed, word);
      if (typeof found === 'string') {
        error = found;
      } else if (found.kind === 'none' && equals !== -1) {
        error = `option '--${found.full}' doesn't allow an argument`;
      } else if (found.kind === 'required' && equals === -1) {
        if (at >= args.length) error = `option '--${found.full}' requires an argument`;
        else options.push({ name: found.name, value: args[at]!, typed: `--${found.full}` });
        at += 1;
      } else {
        options.push({ name: found.name, value: equals === -1 ? undefined : word.slice(equals + 1), typed: `--${found.full}` });
      }
    } else if (word.startsWith('-') && word.length > 1) {
      for (let i = 1; i < word.length; i += 1) {
        const letter = word[i]!;
        const kind = takes.get(letter);
        if (kind === undefined) {
          error = `invalid option -- '${letter}'`;
          break;
        }
        if (kind === 'none') {
          options.push({ name: letter, value: undefined, typed: `-${letter}` });
          continue;
        }
        const rest = word.slice(i + 1);
        if (rest !== '' || kind === 'optional') {
          options.push({ name: letter, value: rest === '' ? undefined : rest, typed: `-${letter}` });
        } else if (at < args.length) {
          options.push({ name: letter, value: args[at]!, typed: `-${letter}` });
          at += 1;
        } else {
          error = `option requires an argument -- '${letter}'`;
        }
        break;
      }
    } else if (stopsEarly) {
      operands.push(...args.slice(at - 1));
      break;
    } else {
      operands.push(word);
    }
  }
  return {
    options,
    operands,
    error,
    has: (name) => options.some((option) => option.name === name),
    value: (name) => options.findLast((option) => option.name === name)?.value,
    values: (name) => options.filter((option) => option.name === name && option.value !== undefined).map((option) => option.value!),
  };
}

/** Options of a GNU tool. Prints what it prints when they are wrong (`Try 'ls --help' ...`) and answers undefined. */
export function gnuOptions(
  call: { readonly name: string; readonly args: readonly string[]; err(line: string): void },
  table: OptionTable,
  args: readonly string[] = call.args,
): ParsedOptions | undefined {
  const parsed = parseOptions(args, table);
  if (parsed.error === undefined) return parsed;
  call.err(`${call.name}: ${parsed.error}`);
  call.err(`Try '${call.name} --help' for more information.`);
  return undefined;
}

function shortKinds(short: string): Map<string, Argument> {
  const kinds = new Map<string, Argument>();
  for (let i = 0; i < short.length; i += 1) {
    if (short[i] === ':') continue;
    kinds.set(short[i]!, short[i + 1] !== ':' ? 'none' : short[i + 2] !== ':' ? 'required' : 'optional');
  }
  return kinds;
}

function longOption(table: OptionTable, typed: string, word: string): { name: string; full: string; kind: Argument } | string {
  const names = Object.keys(table.long ?? {});
  const matches = names.includes(typed) ? [typed] : names.filter((name) => name.startsWith(typed));
  const meanings = new Set(matches.map((name) => (table.long![name]!.includes('=') ? table.long![name] : name)));
  if (matches.length === 0) return `unrecognized option '${word}'`;
  if (meanings.size > 1) return `option '${word}' is ambiguous; possibilities: ${matches.map((name) => `'--${name}'`).join(' ')}`;
  const full = matches[0]!;
  const [kind = 'none', short] = table.long![full]!.split('=');
  return { name: short ?? full, full, kind: kind as Argument };
}

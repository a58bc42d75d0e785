/**
 * What a match or target extension is: options parsed, printed for -S and iptables-save, printed for -L, and evaluated, all in one place.
 * Read first: include/xtables.h and extensions/libxt_*.c of iptables 1.8.9. Error texts are the real tool's.
 */
import type { Family } from '../kernel/api.ts';
import type { HookName, TableName } from './api.ts';
import type { PacketContext } from './context.ts';
import type { Names } from './names.ts';

export interface OptionSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** How many words it takes. */
  readonly words: 0 | 1 | 2;
  /** `! --name` is allowed. */
  readonly invertible?: boolean;
  /** May be given again. */
  readonly repeatable?: boolean;
}
/** One option as it was typed. `name` is the spec's name. */
export interface OptionUse { readonly name: string; readonly values: readonly string[]; readonly negate: boolean }

export interface ParseSite {
  readonly family: Family;
  readonly table: TableName;
  readonly protocol: { negate: boolean; number: number } | undefined;
  readonly names: Names;
  /** Whether there is an IP set of that name; left out where nobody can tell. */
  readonly hasSet?: ((name: string) => boolean) | undefined;
}
export interface PrintSite { readonly family: Family; readonly names: Names; readonly numeric: boolean; readonly protocol: number }

export interface Extension<R> {
  /** As after -m or -j. */
  readonly name: string;
  readonly options: readonly OptionSpec[];
  /** Throws ParameterProblem. */
  parse(uses: readonly OptionUse[], site: ParseSite): R;
  /** ` --dport 80`: each piece with a blank before it. */
  save(record: R, site: PrintSite): string;
  /** ` tcp dpt:80`, likewise. */
  list(record: R, site: PrintSite): string;
  readonly family?: Family;
  /** Where the kernel lets it be; elsewhere EINVAL. */
  readonly hooks?: readonly HookName[];
  readonly tables?: readonly TableName[];
  /** The kernel asks for this protocol (-p), else EINVAL. */
  readonly needsProtocol?: number;
  /** Other reasons of the kernel to refuse. */
  isRefused?(record: R): boolean;
  /** Switches connection tracking on (nf_ct_netns_get). */
  needsConntrack?(record: R): boolean;
}
export interface MatchExtension<R> extends Extension<R> { evaluate(record: R, context: PacketContext): boolean }

/** What a target answers. */
export const CONTINUE = 0;
export const ACCEPT = 1;
export const DROP = 2;
export const STOLEN = 3;
export const RETURN = 4;
export type Verdict = 0 | 1 | 2 | 3 | 4;
export interface TargetExtension<R> extends Extension<R> { evaluate(record: R, context: PacketContext): Verdict }

/** A refusal of the tool's own: xtables_error(status, message). Status 2 adds the "Try ..." line. */
export class ParameterProblem extends Error {
  readonly status: 1 | 2 | 3;
  constructor(message: string, status: 1 | 2 | 3 = 2) {
    super(message);
    this.status = status;
  }
}

/** The uses by name; the checks that xtables_option_parse makes: no inversion where none is allowed, nothing twice, what is needed is there. */
export function optionsOf(extension: string, uses: readonly OptionUse[], specs: readonly OptionSpec[], required: readonly string[] = []): Map<string, OptionUse> {
  const found = new Map<string, OptionUse>();
  for (const use of uses) {
    const spec = specs.find((one) => one.name === use.name);
    if (use.negate && spec?.invertible !== true) throw new ParameterProblem(`${extension}: option "--${use.name}" cannot be inverted.\n`);
    if (found.has(use.name) && spec?.repeatable !== true) throw new ParameterProblem(`${extension}: option "--${use.name}" can only be used once.\n`);
    found.set(use.name, use);
  }
  for (const name of required) if (!found.has(name)) throw new ParameterProblem(`${extension}: option "--${name}" must be specified\n`);
  return found;
}

export function exclusive(extension: string, found: ReadonlyMap<string, OptionUse>, names: readonly string[]): void {
  const given = names.filter((name) => found.has(name));
  if (given.length > 1) throw new ParameterProblem(`${extension}: option "--${given[0]!}" cannot be used together with "--${given[1]!}".\n`);
}

/** strtoul with base 0, whole text; undefined when it is none or out of range. */
export function unsigned(text: string, minimum = 0, maximum = 0xffffffff): number | undefined {
  let value: number;
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) value = Number.parseInt(text.slice(2), 16);
  else if (/^0[0-7]*$/.test(text)) value = Number.parseInt(text, 8);
  else if (/^[1-9][0-9]*$/.test(text)) value = Number(text);
  else return undefined;
  return value >= minimum && value <= maximum ? value : undefined;
}

export function unsignedOption(extension: string, use: OptionUse, minimum: number, maximum: number): number {
  const value = unsigned(use.values[0]!, minimum, maximum);
  if (value !== undefined) return value;
  const range = maximum === 0xffffffff ? '' : ` (${minimum}-${maximum})`;
  throw new ParameterProblem(`${extension}: bad value for option "--${use.name}", or out of range${range}.\n`);
}

/** `value[/mask]`, as marks are written. */
export function markOption(extension: string, use: OptionUse): { value: number; mask: number } {
  const [valueText = '', maskText, ...rest] = use.values[0]!.split('/');
  const value = unsigned(valueText);
  if (value === undefined || rest.length > 0) throw new ParameterProblem(`${extension}: bad integer value for option "--${use.name}", or out of range.\n`);
  const mask = maskText === undefined ? 0xffffffff : unsigned(maskText);
  if (mask === undefined) throw new ParameterProblem(`${extension}: bad integer value for option "--${use.name}", or out of range.\n`);
  return { value, mask };
}

export function markText(value: number, mask: number): string {
  return mask === 0xffffffff ? hexNumber(value) : `${hexNumber(value)}/${hexNumber(mask)}`;
}

export function hexNumber(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

/** xtables_parse_port. */
export function portNumber(text: string, protocol: string | undefined, names: Names): number {
  const value = unsigned(text, 0, 65_535) ?? names.portNumber(text, protocol);
  if (value === undefined) throw new ParameterProblem(`invalid port/service \`${text}' specified`);
  return value;
}

/** `a`, `a:b`, `:b`, `a:`. */
export function portRange(text: string, protocol: string | undefined, names: Names): [number, number] {
  const colon = text.indexOf(':');
  if (colon < 0) {
    const port = portNumber(text, protocol, names);
    return [port, port];
  }
  const low = text.slice(0, colon);
  const high = text.slice(colon + 1);
  const from = low === '' ? 0 : portNumber(low, protocol, names);
  const to = high === '' ? 65_535 : portNumber(high, protocol, names);
  if (from > to) throw new ParameterProblem('invalid portrange (min > max)');
  return [from, to];
}

/** xtables_save_string: quoted unless only harmless characters. */
export function savedString(text: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(text)) return text;
  return `"${text.replace(/["\\']/g, '\\$&')}"`;
}

export const bang = (negate: boolean): string => (negate ? ' !' : '');

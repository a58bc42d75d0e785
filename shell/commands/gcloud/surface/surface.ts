/**
 * What gcloud's commands accept. Flags are written `--name` (a switch), `±--name` (with a --no- form), `--name=` (a value), `=#` (a whole number), `=*` (a list),
 * `=%` (pairs), `=A|B` (one of these), `--long|-s` (two names), and `!` before what must be given. Positionals: `NAME`, `NAME*`, `NAME+`, `NAME?`, and `--` for the
 * words after `--`. `listed` is what the usage shows where it is not simply all flags in order.
 */
import { computeCommands } from './compute.ts';
import { containerCommands } from './container.ts';
import { groups, type GroupSurface } from './groups.ts';
import { otherCommands } from './others.ts';

export interface CommandSurface {
  readonly path: string;
  readonly help: string;
  readonly syntax: string;
  readonly positionals: string;
  readonly flags: string;
  readonly listed?: string;
}

export type FlagKind = 'switch' | 'value' | 'integer' | 'list' | 'pairs';

export interface FlagSurface {
  readonly name: string;
  readonly names: readonly string[];
  readonly kind: FlagKind;
  readonly choices: readonly string[] | undefined;
  readonly hasNegation: boolean;
}

const commandsByPath = new Map([...computeCommands, ...containerCommands, ...otherCommands].map((command) => [command.path, command]));
const groupsByPath = new Map(groups.map((group) => [group.path, group]));

export function commandAt(path: string): CommandSurface | undefined {
  return commandsByPath.get(path);
}

export function groupAt(path: string): GroupSurface | undefined {
  return groupsByPath.get(path);
}

export const globalFlags = readFlags('--account= --billing-project= --configuration= --flags-file= --flatten=* --format= --help|-h --project= ±--quiet|-q --verbosity=debug|info|warning|error|critical|none ±--user-output-enabled --access-token-file= --impersonate-service-account= ±--log-http --trace-token= --version|-v');

/** With those only the usage lists: each takes a value. */
export function flagsOf(command: CommandSurface): FlagSurface[] {
  const flags = readFlags(command.flags);
  const known = new Set(['--help', ...flags.flatMap(({ names }) => names)]);
  const others = (command.listed ?? '').split(' ').filter((name) => name !== '' && !known.has(name));
  return [...flags, ...readFlags(others.map((name) => `${name}=`).join(' '))];
}

export function readFlags(notation: string): FlagSurface[] {
  return notation.split(' ').filter((word) => word !== '').map((word) => {
    const [head = '', ...tail] = word.replace(/^[!±]+/, '').split('=');
    const names = head.split('|');
    const after = tail.join('=');
    const kind: FlagKind = tail.length === 0 ? 'switch' : after === '#' ? 'integer' : after === '*' ? 'list' : after === '%' ? 'pairs' : 'value';
    return { name: names.find((name) => name.startsWith('--')) ?? names[0]!, names, kind, choices: kind === 'value' && after !== '' ? after.split('|') : undefined, hasNegation: word.includes('±') };
  });
}

/** /etc/passwd, /etc/group, /etc/shadow and /etc/gshadow as the account tools change them. Read first: passwd(5), group(5), shadow(5), login.defs(5) */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseOptions, type OptionTable, type ParsedOptions } from '../../lib/getopt.ts';
import type { Invocation } from '../define.ts';
import { helpTexts } from './help.ts';

/** Lines as fields between colons; what has no such file has no lines, and none are written. */
export interface Database { readonly passwd: string[][]; readonly group: string[][]; readonly shadow: string[][]; readonly gshadow: string[][] }
type Table = keyof Database;

const PATHS: Readonly<Record<Table, { readonly path: string; readonly mode: number }>> = {
  passwd: { path: '/etc/passwd', mode: 0o644 }, group: { path: '/etc/group', mode: 0o644 }, shadow: { path: '/etc/shadow', mode: 0o640 }, gshadow: { path: '/etc/gshadow', mode: 0o640 },
};
const DAY_US = 86_400_000_000;
/** UID_MIN and its fellows in /etc/login.defs. */
const ORDINARY_IDS = { first: 1000, last: 60_000 };
const SYSTEM_IDS = { first: 100, last: 999 };

export async function readDatabase(call: Invocation): Promise<Database> {
  const database: Database = { passwd: [], group: [], shadow: [], gshadow: [] };
  for (const table of Object.keys(PATHS) as Table[]) {
    const text = await call.sys.readText(PATHS[table].path);
    if (text.ok) database[table].push(...text.value.split('\n').filter((line) => line !== '').map((line) => line.split(':')));
  }
  return database;
}

/** Writes each file, its former self kept beside it with a `-`. False when this is not root's doing; the tool has said so. */
export async function writeDatabase(call: Invocation, database: Database, first: Table = 'passwd'): Promise<boolean> {
  if (call.sys.uid !== 0) {
    call.err(`${call.name}: Permission denied.\n${call.name}: cannot lock ${PATHS[first].path}; try again later.`);
    return false;
  }
  for (const table of Object.keys(PATHS) as Table[]) {
    const { path, mode } = PATHS[table];
    const before = await call.sys.readText(path);
    const text = database[table].map((fields) => `${fields.join(':')}\n`).join('');
    if (!before.ok || before.value === text) continue;
    await call.sys.writeFile(`${path}-`, before.value, { mode });
    await call.sys.writeFile(path, text);
  }
  return true;
}

export const named = (lines: readonly string[][], name: string): string[] | undefined => lines.find((fields) => fields[0] === name);

/** By name or by number. */
export function groupNamed({ group }: Database, word: string): string[] | undefined {
  return named(group, word) ?? (/^\d+$/.test(word) ? group.find((fields) => Number(fields[2]) === Number(word)) : undefined);
}

/** The next number above those in use, or for the system's own the next below; `wanted` where it is free. */
export function freeId(lines: readonly string[][], isSystem: boolean, wanted?: number): number {
  const used = new Set(lines.map((fields) => Number(fields[2])));
  if (wanted !== undefined && !used.has(wanted)) return wanted;
  if (isSystem) {
    let id = SYSTEM_IDS.last;
    while (used.has(id) && id > SYSTEM_IDS.first) id -= 1;
    return id;
  }
  const { first, last } = ORDINARY_IDS;
  const highest = Math.max(first - 1, ...[...used].filter((id) => id >= first && id < last));
  return highest + 1;
}

export function today(call: Invocation): string {
  return String(Math.floor(call.sys.now() / DAY_US));
}

/** Names that Debian's shadow takes. */
export function isName(word: string): boolean {
  return /^[^-:,/\s][^:,/\s]*$/.test(word) && word !== '.' && word !== '..' && word.length <= 32;
}

export function addGroup(database: Database, name: string, gid: number, members: readonly string[] = []): void {
  database.group.push([name, 'x', String(gid), members.join(',')]);
  database.gshadow.push([name, '!', '', members.join(',')]);
}

export function membersOf(group: readonly string[]): string[] {
  return (group[3] ?? '').split(',').filter((name) => name !== '');
}

/** Makes a user a member of these groups; `isWhole`: and of no other. */
export function joinGroups(database: Database, user: string, groups: readonly string[], isWhole: boolean): void {
  for (const lines of [database.group, database.gshadow]) {
    for (const fields of lines) {
      const members = membersOf(fields);
      const isMember = members.includes(user);
      if (groups.includes(fields[0]!) && !isMember) fields[3] = [...members, user].join(',');
      else if (isWhole && isMember && !groups.includes(fields[0]!)) fields[3] = members.filter((name) => name !== user).join(',');
    }
  }
}

/** The first process that runs as a user, which must not lose its account or number. */
export function busyProcess(call: Invocation, uid: number): number | undefined {
  return call.sys.processes().filter((process) => process.uid === uid && process.state !== 'Z').sort((left, right) => left.pid - right.pid)[0]?.pid;
}

export function usage(call: Invocation, code: ExitCode = 2): ExitCode {
  call.writeErr(helpTexts[call.name as keyof typeof helpTexts]);
  return code;
}

/** The options, with -h; a number is the exit status of a call that is over. */
export function shadowOptions(call: Invocation, table: OptionTable): ParsedOptions | ExitCode {
  const options = parseOptions(call.args, { short: `${table.short}h`, long: { ...table.long, help: 'none=h' } });
  if (options.error !== undefined) {
    call.err(`${call.name}: ${options.error}`);
    return usage(call);
  }
  if (!options.has('h')) return options;
  call.write(helpTexts[call.name as keyof typeof helpTexts]);
  return 0;
}

/** groupadd(8), groupdel(8), groupmod(8), gpasswd(1) of shadow 4.13. Read first: src/{groupadd,groupdel,groupmod,gpasswd}.c */
import type { ExitCode } from '../../../machine/sys.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { addGroup, freeId, isName, membersOf, named, readDatabase, shadowOptions, usage, writeDatabase } from './database.ts';

const EX_BAD_ARGUMENT = 3;
const EX_ID_IN_USE = 4;
const EX_NOT_FOUND = 6;
const EX_PRIMARY = 8;
const EX_NAME_IN_USE = 9;

function failed(call: Invocation, code: ExitCode, text: string): ExitCode {
  call.err(`${call.name}: ${text}`);
  return code;
}

export const groupadd = defineCommand({
  name: 'groupadd', summary: 'create a new group', package: 'passwd', path: '/usr/sbin/groupadd',
  run: async (call) => {
    const options = shadowOptions(call, { short: 'fg:K:op:rR:P:U:', long: { force: 'none=f', gid: 'required=g', key: 'required=K', 'non-unique': 'none=o', password: 'required=p', system: 'none=r', root: 'required=R', prefix: 'required=P', users: 'required=U' } });
    if (typeof options === 'number') return options;
    const refused = options.options.find(({ name }) => ['K', 'p', 'R', 'P'].includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    const [name] = options.operands;
    if (name === undefined || options.operands.length > 1) return usage(call);
    if (!isName(name)) return failed(call, EX_BAD_ARGUMENT, `'${name}' is not a valid group name`);
    const database = await readDatabase(call);
    if (named(database.group, name) !== undefined) return options.has('f') ? 0 : failed(call, EX_NAME_IN_USE, `group '${name}' already exists`);
    const word = options.value('g');
    if (word !== undefined && !/^\d+$/.test(word)) return failed(call, EX_BAD_ARGUMENT, `invalid group ID '${word}'`);
    const isTaken = word !== undefined && !options.has('o') && database.group.some((fields) => fields[2] === word);
    if (isTaken && !options.has('f')) return failed(call, EX_ID_IN_USE, `GID '${word}' already exists`);
    const members = (options.value('U') ?? '').split(',').filter((each) => each !== '');
    const stranger = members.find((each) => named(database.passwd, each) === undefined);
    if (stranger !== undefined) return failed(call, EX_NOT_FOUND, `Invalid member username ${stranger}`);
    addGroup(database, name, word === undefined || isTaken ? freeId(database.group, options.has('r')) : Number(word), members);
    return (await writeDatabase(call, database, 'group')) ? 0 : 10;
  },
});

export const groupdel = defineCommand({
  name: 'groupdel', summary: 'delete a group', package: 'passwd', path: '/usr/sbin/groupdel',
  run: async (call) => {
    const options = shadowOptions(call, { short: 'fR:P:', long: { force: 'none=f', root: 'required=R', prefix: 'required=P' } });
    if (typeof options === 'number') return options;
    for (const letter of ['R', 'P']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
    const [name] = options.operands;
    if (name === undefined || options.operands.length > 1) return usage(call);
    const database = await readDatabase(call);
    const group = named(database.group, name);
    if (group === undefined) return failed(call, EX_NOT_FOUND, `group '${name}' does not exist`);
    const user = database.passwd.find((fields) => fields[3] === group[2]);
    if (user !== undefined && !options.has('f')) return failed(call, EX_PRIMARY, `cannot remove the primary group of user '${user[0]!}'`);
    for (const lines of [database.group, database.gshadow]) {
      const at = lines.findIndex((fields) => fields[0] === name);
      if (at >= 0) lines.splice(at, 1);
    }
    return (await writeDatabase(call, database, 'group')) ? 0 : 10;
  },
});

export const groupmod = defineCommand({
  name: 'groupmod', summary: 'modify a group definition', package: 'passwd', path: '/usr/sbin/groupmod',
  run: async (call) => {
    const options = shadowOptions(call, { short: 'ag:n:op:R:P:U:', long: { append: 'none=a', gid: 'required=g', 'new-name': 'required=n', 'non-unique': 'none=o', password: 'required=p', root: 'required=R', prefix: 'required=P', users: 'required=U' } });
    if (typeof options === 'number') return options;
    const refused = options.options.find(({ name }) => ['a', 'p', 'R', 'P', 'U'].includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    const [name] = options.operands;
    if (name === undefined || options.operands.length > 1) return usage(call);
    const database = await readDatabase(call);
    const group = named(database.group, name);
    if (group === undefined) return failed(call, EX_NOT_FOUND, `group '${name}' does not exist`);
    const [gid, next] = [options.value('g'), options.value('n')];
    if (gid !== undefined && gid !== group[2] && !options.has('o') && database.group.some((fields) => fields[2] === gid)) return failed(call, EX_ID_IN_USE, `GID '${gid}' already exists`);
    if (next !== undefined && next !== name && named(database.group, next) !== undefined) return failed(call, EX_NAME_IN_USE, `group '${next}' already exists`);
    if (next !== undefined && !isName(next)) return failed(call, EX_BAD_ARGUMENT, `invalid group name '${next}'`);
    if (gid !== undefined) {
      for (const user of database.passwd) if (user[3] === group[2]) user[3] = gid;
      group[2] = gid;
    }
    const secret = named(database.gshadow, name);
    if (next !== undefined) {
      group[0] = next;
      if (secret !== undefined) secret[0] = next;
    }
    return (await writeDatabase(call, database, 'group')) ? 0 : 10;
  },
});

export const gpasswd = defineCommand({
  name: 'gpasswd', summary: 'administer /etc/group and /etc/gshadow', package: 'passwd', path: '/usr/bin/gpasswd', setuid: true,
  run: async (call) => {
    const options = shadowOptions(call, { short: 'a:A:d:gM:Q:rR', long: { add: 'required=a', administrators: 'required=A', delete: 'required=d', members: 'required=M', root: 'required=Q', 'remove-password': 'none=r', restrict: 'none=R' } });
    if (typeof options === 'number') return options;
    const refused = options.options.find(({ name }) => ['A', 'g', 'Q', 'r', 'R'].includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    const [name] = options.operands;
    if (name === undefined || options.operands.length > 1 || options.options.length > 1) return usage(call);
    if (options.options.length === 0) return notSimulated(call, "a group's password");
    const database = await readDatabase(call);
    const lists = [options.value('a'), options.value('d')].filter((word) => word !== undefined);
    const stranger = [...(options.has('a') ? lists : []), ...(options.value('M') ?? '').split(',').filter((word) => word !== '')].find((word) => named(database.passwd, word) === undefined);
    if (stranger !== undefined) return failed(call, EX_BAD_ARGUMENT, `user '${stranger}' does not exist`);
    if (named(database.group, name) === undefined) return failed(call, EX_BAD_ARGUMENT, `group '${name}' does not exist in /etc/group`);
    if (call.sys.realUid !== 0) return failed(call, 1, 'Permission denied.');
    const user = lists[0] ?? '';
    if (options.has('a')) call.out(`Adding user ${user} to group ${name}`);
    if (options.has('d')) call.out(`Removing user ${user} from group ${name}`);
    const before = membersOf(named(database.group, name)!);
    if (options.has('d') && !before.includes(user)) return failed(call, EX_BAD_ARGUMENT, `user '${user}' is not a member of '${name}'`);
    const after = options.has('a') ? [...before.filter((member) => member !== user), user] : options.has('d') ? before.filter((member) => member !== user) : options.value('M')!.split(',').filter((word) => word !== '');
    for (const lines of [database.group, database.gshadow]) {
      const fields = named(lines, name);
      if (fields !== undefined) fields[3] = after.join(',');
    }
    return (await writeDatabase(call, database, 'group')) ? 0 : 1;
  },
});

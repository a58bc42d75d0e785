/** useradd(8), userdel(8), usermod(8) of shadow 4.13. Read first: src/{useradd,userdel,usermod}.c, login.defs(5) as Debian ships it */
import type { ExitCode } from '../../../machine/sys.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { addGroup, busyProcess, freeId, groupNamed, isName, joinGroups, membersOf, named, readDatabase, shadowOptions, today, usage, writeDatabase, type Database } from './database.ts';

const EX_BAD_ARGUMENT = 3;
const EX_ID_IN_USE = 4;
const EX_NOT_FOUND = 6;
const EX_BUSY = 8;
const EX_NAME_IN_USE = 9;

function failed(call: Invocation, code: ExitCode, text: string): ExitCode {
  call.err(`${call.name}: ${text}`);
  return code;
}

/** Names of the groups in a list, or what is wrong. */
function groupsIn(call: Invocation, database: Database, list: string): string[] | ExitCode {
  const names: string[] = [];
  for (const word of list.split(',').filter((each) => each !== '')) {
    const group = groupNamed(database, word);
    if (group === undefined) return failed(call, EX_NOT_FOUND, `group '${word}' does not exist`);
    names.push(group[0]!);
  }
  return names;
}

export const useradd = defineCommand({
  name: 'useradd', summary: 'create a new user', package: 'passwd', path: '/usr/sbin/useradd',
  run: async (call) => {
    const options = shadowOptions(call, {
      short: 'b:c:d:De:f:Fg:G:k:K:lmMNop:rR:P:s:u:UZ:',
      long: {
        badname: 'none', 'base-dir': 'required=b', 'btrfs-subvolume-home': 'none', comment: 'required=c', 'home-dir': 'required=d', defaults: 'none=D', expiredate: 'required=e', inactive: 'required=f', 'add-subids-for-system': 'none=F', gid: 'required=g', groups: 'required=G', skel: 'required=k',
        key: 'required=K', 'no-log-init': 'none=l', 'create-home': 'none=m', 'no-create-home': 'none=M', 'no-user-group': 'none=N', 'non-unique': 'none=o', password: 'required=p', system: 'none=r', root: 'required=R', prefix: 'required=P', shell: 'required=s', uid: 'required=u', 'user-group': 'none=U', 'selinux-user': 'required=Z',
      },
    });
    if (typeof options === 'number') return options;
    const refused = options.options.find(({ name }) => ['e', 'f', 'F', 'K', 'R', 'P', 'Z', 'btrfs-subvolume-home'].includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    if (options.has('D')) {
      if (options.options.length > 1) return notSimulated(call, 'changing the defaults');
      call.out('GROUP=100\nHOME=/home\nINACTIVE=-1\nEXPIRE=\nSHELL=/bin/sh\nSKEL=/etc/skel\nCREATE_MAIL_SPOOL=no\nLOG_INIT=yes');
      return 0;
    }
    const [name] = options.operands;
    if (name === undefined || options.operands.length > 1) return usage(call);
    if (!isName(name)) return failed(call, EX_BAD_ARGUMENT, `invalid user name '${name}': use --badname to ignore`);
    const database = await readDatabase(call);
    const hasOwnGroup = !options.has('g') && !options.has('N');
    const joined = groupsIn(call, database, options.value('G') ?? '');
    if (typeof joined === 'number') return joined;
    const primary = options.has('g') ? groupNamed(database, options.value('g')!) : undefined;
    if (options.has('g') && primary === undefined) return failed(call, EX_NOT_FOUND, `group '${options.value('g')!}' does not exist`);
    if (named(database.passwd, name) !== undefined) return failed(call, EX_NAME_IN_USE, `user '${name}' already exists`);
    if (hasOwnGroup && named(database.group, name) !== undefined) return failed(call, EX_NAME_IN_USE, `group ${name} exists - if you want to add this user to that group, use -g.`);
    const uidWord = options.value('u');
    if (uidWord !== undefined && !/^\d+$/.test(uidWord)) return failed(call, EX_BAD_ARGUMENT, `invalid user ID '${uidWord}'`);
    if (uidWord !== undefined && !options.has('o') && database.passwd.some((fields) => fields[2] === uidWord)) return failed(call, EX_ID_IN_USE, `UID ${uidWord} is not unique`);

    const isSystem = options.has('r');
    const uid = uidWord === undefined ? freeId(database.passwd, isSystem) : Number(uidWord);
    const gid = primary !== undefined ? Number(primary[2]) : hasOwnGroup ? freeId(database.group, isSystem, uid) : 100;
    const home = options.value('d') ?? `${options.value('b') ?? '/home'}/${name}`;
    if (hasOwnGroup) addGroup(database, name, gid);
    database.passwd.push([name, 'x', String(uid), String(gid), options.value('c') ?? '', home, options.value('s') ?? '/bin/sh']);
    database.shadow.push(isSystem ? [name, options.value('p') ?? '!', today(call), '', '', '', '', '', ''] : [name, options.value('p') ?? '!', today(call), '0', '99999', '7', '', '', '']);
    joinGroups(database, name, joined, false);
    if (!(await writeDatabase(call, database))) return 1;
    if (options.has('m') && !options.has('M')) await makeHome(call, home, options.value('k') ?? '/etc/skel', uid, gid);
    return 0;
  },
});

async function makeHome(call: Invocation, home: string, skeleton: string, uid: number, gid: number): Promise<void> {
  const { sys } = call;
  if (sys.stat(home).ok) {
    call.err(`useradd: warning: the home directory ${home} already exists.\nuseradd: Not copying any file from skel directory into it.`);
    return;
  }
  await copyTree(call, skeleton, home, uid, gid);
}

async function copyTree(call: Invocation, from: string, to: string, uid: number, gid: number): Promise<void> {
  const { sys } = call;
  const stat = sys.stat(from, false);
  if (stat.ok && stat.value.kind === 'file') {
    const content = await sys.readFile(from);
    if (content.ok) await sys.writeFile(to, content.value);
    sys.chmod(to, stat.value.mode);
    sys.setTimes(to, stat.value.accessedUs, stat.value.modifiedUs);
  } else if (stat.ok && stat.value.kind === 'symlink') {
    const target = sys.readLink(from);
    if (target.ok) sys.symlink(target.value, to);
  } else {
    sys.makeDirectory(to, 0o755);
    const names = sys.list(from);
    for (const name of names.ok ? names.value : []) await copyTree(call, `${from}/${name}`, `${to}/${name}`, uid, gid);
  }
  sys.chown(to, uid, gid, false);
}

export const userdel = defineCommand({
  name: 'userdel', summary: 'delete a user account', package: 'passwd', path: '/usr/sbin/userdel',
  run: async (call) => {
    const options = shadowOptions(call, { short: 'frR:P:Z', long: { force: 'none=f', remove: 'none=r', root: 'required=R', prefix: 'required=P', 'selinux-user': 'none=Z' } });
    if (typeof options === 'number') return options;
    const refused = options.options.find(({ name }) => ['R', 'P', 'Z'].includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    const [name] = options.operands;
    if (name === undefined || options.operands.length > 1) return usage(call);
    const database = await readDatabase(call);
    const user = named(database.passwd, name);
    if (user === undefined) return failed(call, EX_NOT_FOUND, `user '${name}' does not exist`);
    const busy = call.sys.uid === 0 && !options.has('f') ? busyProcess(call, Number(user[2])) : undefined;
    if (busy !== undefined) return failed(call, EX_BUSY, `user ${name} is currently used by process ${busy}`);
    const without = (lines: string[][], gone: string): void => {
      const at = lines.findIndex((fields) => fields[0] === gone);
      if (at >= 0) lines.splice(at, 1);
    };
    joinGroups(database, name, [], true);
    without(database.passwd, name);
    without(database.shadow, name);
    const own = named(database.group, name);
    if (own !== undefined && own[2] === user[3]) {
      if (membersOf(own).length > 0) call.err(`userdel: group ${name} not removed because it has other members.`);
      else if (!database.passwd.some((fields) => fields[3] === own[2])) for (const lines of [database.group, database.gshadow]) without(lines, name);
      else call.err(`userdel: group ${name} is the primary group of another user and is not removed.`);
    }
    if (!(await writeDatabase(call, database))) return 1;
    if (options.has('r')) removeHome(call, name, user[5] ?? '');
    return 0;
  },
});

function removeHome(call: Invocation, name: string, home: string): void {
  const { sys } = call;
  if (!sys.unlink(`/var/mail/${name}`).ok) call.err(`userdel: ${name} mail spool (/var/mail/${name}) not found`);
  if (!sys.stat(home).ok) {
    call.err(`userdel: ${name} home directory (${home}) not found`);
    return;
  }
  const remove = (path: string): void => {
    const stat = sys.stat(path, false);
    if (!stat.ok || stat.value.kind !== 'directory') {
      sys.unlink(path);
      return;
    }
    const names = sys.list(path);
    for (const each of names.ok ? names.value : []) remove(`${path}/${each}`);
    sys.removeDirectory(path);
  };
  remove(home);
}

export const usermod = defineCommand({
  name: 'usermod', summary: 'modify a user account', package: 'passwd', path: '/usr/sbin/usermod',
  run: async (call) => {
    const options = shadowOptions(call, {
      short: 'abc:d:e:f:g:G:l:Lmop:rR:P:s:u:Uv:V:w:W:Z:',
      long: {
        append: 'none=a', badname: 'none=b', comment: 'required=c', home: 'required=d', expiredate: 'required=e', inactive: 'required=f', gid: 'required=g', groups: 'required=G', login: 'required=l', lock: 'none=L', 'move-home': 'none=m', 'non-unique': 'none=o', password: 'required=p', remove: 'none=r',
        root: 'required=R', prefix: 'required=P', shell: 'required=s', uid: 'required=u', unlock: 'none=U', 'add-subuids': 'required=v', 'del-subuids': 'required=V', 'add-subgids': 'required=w', 'del-subgids': 'required=W', 'selinux-user': 'required=Z',
      },
    });
    if (typeof options === 'number') return options;
    const refused = options.options.find(({ name }) => ['e', 'f', 'R', 'P', 'v', 'V', 'w', 'W', 'Z'].includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    const [name] = options.operands;
    if (name === undefined || options.operands.length > 1) return usage(call);
    const database = await readDatabase(call);
    const user = named(database.passwd, name);
    if (user === undefined) return failed(call, EX_NOT_FOUND, `user '${name}' does not exist`);
    if (options.options.length === 0) {
      call.err('usermod: no options');
      return usage(call);
    }
    for (const letter of ['a', 'r']) {
      if (!options.has(letter) || options.has('G')) continue;
      call.err(`usermod: -${letter} flag is only allowed with the -G flag`);
      return usage(call);
    }
    const joined = groupsIn(call, database, options.value('G') ?? '');
    if (typeof joined === 'number') return joined;
    const primary = options.has('g') ? groupNamed(database, options.value('g')!) : undefined;
    if (options.has('g') && primary === undefined) return failed(call, EX_NOT_FOUND, `group '${options.value('g')!}' does not exist`);
    const login = options.value('l');
    if (login !== undefined && login !== name && named(database.passwd, login) !== undefined) return failed(call, EX_NAME_IN_USE, `user '${login}' already exists`);
    const uid = options.value('u');
    if (uid !== undefined && uid !== user[2] && !options.has('o') && database.passwd.some((fields) => fields[2] === uid)) return failed(call, EX_ID_IN_USE, `UID '${uid}' already exists`);
    const busy = call.sys.uid === 0 && (login !== undefined || uid !== undefined || options.has('d')) ? busyProcess(call, Number(user[2])) : undefined;
    if (busy !== undefined) return failed(call, EX_BUSY, `user ${name} is currently used by process ${busy}`);

    const formerHome = user[5] ?? '';
    if (options.has('c')) user[4] = options.value('c')!;
    if (options.has('d')) user[5] = options.value('d')!;
    if (options.has('s')) user[6] = options.value('s')!;
    if (uid !== undefined) user[2] = uid;
    if (primary !== undefined) user[3] = primary[2]!;
    if (options.has('G')) {
      const before = database.group.filter((group) => membersOf(group).includes(name)).map((group) => group[0]!);
      if (options.has('r')) joinGroups(database, name, before.filter((group) => !joined.includes(group)), true);
      else joinGroups(database, name, joined, !options.has('a'));
    }
    const shadow = named(database.shadow, name);
    if (shadow !== undefined) {
      if (options.has('p')) shadow[1] = options.value('p')!;
      if (options.has('L') && !shadow[1]!.startsWith('!')) shadow[1] = `!${shadow[1]!}`;
      if (options.has('U') && shadow[1] === '!') call.err("usermod: unlocking the user's password would result in a passwordless account.\nYou should set a password with usermod -p to unlock this user's password.");
      else if (options.has('U')) shadow[1] = shadow[1]!.replace(/^!/, '');
    }
    if (login !== undefined) {
      for (const lines of [database.group, database.gshadow]) for (const fields of lines) fields[3] = membersOf(fields).map((member) => (member === name ? login : member)).join(',');
      user[0] = login;
      if (shadow !== undefined) shadow[0] = login;
    }
    if (!(await writeDatabase(call, database))) return 1;
    if (options.has('m') && options.has('d') && call.sys.stat(formerHome).ok) call.sys.rename(formerHome, options.value('d')!);
    if (uid !== undefined) chownTree(call, user[5] ?? '', Number(uid), Number(user[3]));
    return 0;
  },
});

/** What is the user's at home stays the user's under the new number. */
function chownTree(call: Invocation, path: string, uid: number, gid: number): void {
  const stat = call.sys.stat(path, false);
  if (!stat.ok) return;
  call.sys.chown(path, uid, gid, false);
  const names = stat.value.kind === 'directory' ? call.sys.list(path) : undefined;
  for (const name of names?.ok === true ? names.value : []) chownTree(call, `${path}/${name}`, uid, gid);
}

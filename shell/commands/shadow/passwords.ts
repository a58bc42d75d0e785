/** passwd(1), chpasswd(8), newgrp(1), sg(1) of shadow 4.13. Read first: src/{passwd,chpasswd,newgrp}.c, pam_unix(8) */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { groupsOf } from '../accounts/accounts.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { groupNamed, membersOf, named, readDatabase, shadowOptions, today, usage, writeDatabase } from './database.ts';
import { askSecret, isRight, makeHash } from './password.ts';

const EX_CHANGE_FAILED = 10;

export const passwd = defineCommand({
  name: 'passwd', summary: 'change user password', package: 'passwd', path: '/usr/bin/passwd', setuid: true,
  run: async (call) => {
    const options = shadowOptions(call, { short: 'adei:kln:qr:R:Suw:x:', long: { all: 'none=a', delete: 'none=d', expire: 'none=e', inactive: 'required=i', 'keep-tokens': 'none=k', lock: 'none=l', mindays: 'required=n', quiet: 'none=q', repository: 'required=r', root: 'required=R', status: 'none=S', unlock: 'none=u', warndays: 'required=w', maxdays: 'required=x' } });
    if (typeof options === 'number') return options;
    const refused = options.options.find(({ name }) => ['e', 'i', 'k', 'n', 'r', 'R', 'w', 'x'].includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    const { sys } = call;
    const own = sys.machine.users().find((user) => user.uid === sys.realUid)?.name;
    const name = options.operands[0] ?? own;
    if (options.operands.length > 1 || name === undefined) return usage(call);
    const say = (code: ExitCode, text: string): ExitCode => {
      call.err(`passwd: ${text}`);
      return code;
    };
    const database = await readDatabase(call);
    if (options.has('a')) {
      if (!options.has('S') || sys.realUid !== 0) return sys.realUid !== 0 ? say(1, 'Permission denied.') : usage(call);
      for (const shadow of database.shadow) call.out(statusLine(shadow));
      return 0;
    }
    const shadow = named(database.shadow, name);
    if (named(database.passwd, name) === undefined || shadow === undefined) return say(1, `user '${name}' does not exist`);
    if (sys.realUid !== 0 && name !== own) return say(1, `You may not view or modify password information for ${name}.`);
    if (options.has('S')) {
      call.out(statusLine(shadow));
      return 0;
    }
    if (['d', 'l', 'u'].some((letter) => options.has(letter))) {
      if (sys.realUid !== 0) return say(1, 'Permission denied.');
      if (options.has('u') && shadow[1] === '!') return say(3, 'unlocking the password would result in a passwordless account.\nYou should set a password with usermod -p to unlock the password of this account.');
      if (options.has('d')) shadow[1] = '';
      if (options.has('l') && !shadow[1]!.startsWith('!')) shadow[1] = `!${shadow[1]!}`;
      if (options.has('u')) shadow[1] = shadow[1]!.replace(/^!/, '');
      if (!(await writeDatabase(call, database))) return 1;
      if (!options.has('q')) call.out('passwd: password changed.');
      return 0;
    }
    return change(call, name);
  },
});

/** P: a password, L: none that works, NP: none needed. */
function statusLine(shadow: readonly string[]): string {
  const [name = '', hash = '', changed = '', least = '', most = '', warning = '', inactive = ''] = shadow;
  const status = hash === '' ? 'NP' : /^[!*]/.test(hash) ? 'L' : 'P';
  const days = (word: string): string => (word === '' ? '-1' : word);
  return [name, status, formatTime('%Y-%m-%d', Number(changed) * 86_400), ...[least, most, warning, inactive].map(days)].join(' ');
}

/** pam_chauthtok(): who is not root says the old one first, and then something longer. */
async function change(call: Invocation, name: string): Promise<ExitCode> {
  const unchanged = (before: string): ExitCode => {
    if (before !== '') call.err(before);
    call.err('passwd: Authentication token manipulation error\npasswd: password unchanged');
    return EX_CHANGE_FAILED;
  };
  const isRoot = call.sys.realUid === 0;
  if (!isRoot) {
    call.out(`Changing password for ${name}.`);
    const old = await askSecret(call, 'Current password: ');
    if (old === undefined || !(await isRight(call.sys, name, old))) return unchanged('');
  }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const first = await askSecret(call, 'New password: ');
    if (first === undefined) return unchanged('Password change has been aborted.');
    const second = await askSecret(call, 'Retype new password: ');
    if (second === undefined) return unchanged('Password change has been aborted.');
    if (first !== second) return unchanged('Sorry, passwords do not match.');
    if (first === '') return unchanged('No password has been supplied.');
    if (!isRoot && first.length < 6) {
      call.err('You must choose a longer password.');
      continue;
    }
    return (await store(call, name, first)) ? (call.err('passwd: password updated successfully'), 0) : EX_CHANGE_FAILED;
  }
  return unchanged('Have exhausted maximum number of retries for service');
}

async function store(call: Invocation, name: string, password: string): Promise<boolean> {
  const database = await readDatabase(call);
  const shadow = named(database.shadow, name);
  if (shadow === undefined) return false;
  shadow[1] = makeHash(call.sys, password);
  shadow[2] = today(call);
  return writeDatabase(call, database);
}

export const chpasswd = defineCommand({
  name: 'chpasswd', summary: 'update passwords in batch mode', package: 'passwd', path: '/usr/sbin/chpasswd',
  run: async (call) => {
    const options = shadowOptions(call, { short: 'c:emR:s:', long: { 'crypt-method': 'required=c', encrypted: 'none=e', md5: 'none=m', root: 'required=R', 'sha-rounds': 'required=s' } });
    if (typeof options === 'number') return options;
    if (options.options.length > 0) return notSimulated(call, `option ${options.options[0]!.typed}`);
    if (call.sys.uid !== 0) {
      call.err('chpasswd: Permission denied.');
      return 1;
    }
    let code: ExitCode = 0;
    let number = 0;
    for await (const line of call.stdinLines()) {
      number += 1;
      const colon = line.indexOf(':');
      if (colon < 0) call.err(`chpasswd: line ${number}: missing new password`);
      else if (await store(call, line.slice(0, colon), line.slice(colon + 1))) continue;
      else call.err(`chpasswd: (user ${line.slice(0, colon)}) pam_chauthtok() failed, error:\nAuthentication token manipulation error\nchpasswd: (line ${number}, user ${line.slice(0, colon)}) password not changed`);
      code = 1;
    }
    return code;
  },
});

export const newgrp = defineCommand({
  name: 'newgrp', aliases: ['sg'], summary: 'log in to a new group', package: 'login', path: '/usr/bin/newgrp', setuid: true,
  run: async (call) => {
    const { sys } = call;
    const isSg = call.name === 'sg';
    const words = call.args.filter((word) => word !== '-' && word !== '-l');
    if (words[0]?.startsWith('-') === true || (isSg && words[0] === undefined)) {
      call.err(isSg ? 'Usage: sg group [[-c] command]' : 'Usage: newgrp [-] [group]');
      return 1;
    }
    const user = sys.machine.users().find((each) => each.uid === sys.realUid);
    const group = words[0] === undefined ? ['', '', String(user?.gid ?? sys.gid), ''] : groupNamed(await readDatabase(call), words[0]);
    if (group === undefined) {
      call.err(`${call.name}: group '${words[0]!}' does not exist`);
      return 1;
    }
    const gid = Number(group[2]);
    const isMember = sys.realUid === 0 || user?.gid === gid || (user !== undefined && membersOf(group).includes(user.name));
    if (!isMember) {
      await askSecret(call, 'Password: ');
      call.err('Invalid password.');
      return 1;
    }
    const changed = sys.setUser(sys.realUid, gid, [...new Set([gid, ...(user === undefined ? sys.groups : groupsOf(sys, user))])]);
    if (!changed.ok) {
      call.err(`${call.name}: ${strerror(changed.error)}`);
      return 1;
    }
    const command = words[1] === '-c' ? words[2] : words[1];
    const shell = isSg && command !== undefined ? '/bin/sh' : (user?.shell ?? '/bin/sh');
    await call.flush();
    const ended = await sys.exec(shell, [shell.replace(/^.*\//, ''), ...(isSg && command !== undefined ? ['-c', command] : [])]);
    call.err(`${call.name}: ${shell}: ${strerror(ended.ok ? 'ENOENT' : ended.error)}`);
    return 127;
  },
});

/** id, whoami, groups, who, w, su: who and where one is. Read first: the man page of each in section 1. */
import type { ExitCode, Sys } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions, parseOptions } from '../../lib/getopt.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { askSecret, isRight } from '../shadow/password.ts';
import { uptimeLine } from '../system/uptime.ts';

export const whoami = defineCommand({
  name: 'whoami', summary: 'print the effective user name', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: '' });
    if (options === undefined) return 1;
    if (options.operands.length > 0) {
      call.err(`whoami: extra operand ‘${options.operands[0]!}’\nTry 'whoami --help' for more information.`);
      return 1;
    }
    call.out(userName(call.sys, call.sys.uid));
    return 0;
  },
});

export function userName(sys: Sys, uid: number): string {
  return sys.machine.users().find((user) => user.uid === uid)?.name ?? String(uid);
}

export function groupName(sys: Sys, gid: number): string {
  return sys.machine.groups().find((group) => group.gid === gid)?.name ?? String(gid);
}

/** initgroups(): the primary group and those that list the user. */
export function groupsOf(sys: Sys, user: { readonly name: string; readonly gid: number }): number[] {
  return [user.gid, ...sys.machine.groups().filter((group) => group.members.includes(user.name) && group.gid !== user.gid).map((group) => group.gid)];
}

export const id = defineCommand({
  name: 'id', summary: 'print user and group ids', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'agnruGzZ', long: { user: 'none=u', group: 'none=g', groups: 'none=G', name: 'none=n', real: 'none=r', zero: 'none=z' } });
    if (options === undefined) return 1;
    const { sys } = call;
    let code: ExitCode = 0;
    for (const name of options.operands.length === 0 ? [undefined] : options.operands) {
      const user = name === undefined ? undefined : sys.machine.users().find((each) => each.name === name || String(each.uid) === name);
      if (name !== undefined && user === undefined) {
        call.err(`id: ‘${name}’: no such user`);
        code = 1;
        continue;
      }
      const uid = user?.uid ?? (options.has('r') ? sys.realUid : sys.uid);
      const gid = user?.gid ?? sys.gid;
      const groups = user === undefined ? [gid, ...sys.groups.filter((group) => group !== gid)] : groupsOf(sys, user);
      const isNamed = options.has('n');
      if (options.has('u')) call.out(isNamed ? userName(sys, uid) : String(uid));
      else if (options.has('g')) call.out(isNamed ? groupName(sys, gid) : String(gid));
      else if (options.has('G')) call.out(groups.map((group) => (isNamed ? groupName(sys, group) : String(group))).join(' '));
      else if (isNamed || options.has('r')) {
        call.err('id: cannot print only names or real IDs in default format');
        return 1;
      } else {
        call.out(`uid=${uid}(${userName(sys, uid)}) gid=${gid}(${groupName(sys, gid)}) groups=${groups.map((group) => `${group}(${groupName(sys, group)})`).join(',')}`);
      }
    }
    return code;
  },
});

export const groups = defineCommand({
  name: 'groups', summary: 'print the groups a user is in', package: 'coreutils',
  run: (call) => {
    const { sys } = call;
    const options = gnuOptions(call, { short: '', long: { help: 'none', version: 'none' } });
    if (options === undefined) return 1;
    if (options.operands.length === 0) {
      call.out([sys.gid, ...sys.groups.filter((group) => group !== sys.gid)].map((group) => groupName(sys, group)).join(' '));
      return 0;
    }
    let code: ExitCode = 0;
    for (const name of options.operands) {
      const user = sys.machine.users().find((each) => each.name === name);
      if (user === undefined) {
        call.err(`groups: ‘${name}’: no such user`);
        code = 1;
      } else call.out(`${name} : ${groupsOf(sys, user).map((group) => groupName(sys, group)).join(' ')}`);
    }
    return code;
  },
});

interface Login { user: string; terminal: string; sinceUs: number; pid: number; command: string }

/** A login is a session leader on a terminal. */
export function logins(sys: Sys): Login[] {
  return sys.processes().filter((process) => process.isSessionLeader && process.terminal !== undefined && /^-|bash$|^sh$/.test(process.argv[0] ?? ''))
    .map((process) => ({
      user: userName(sys, process.uid), terminal: process.terminal!, sinceUs: process.startedUs, pid: process.pid,
      command: sys.processes().find((each) => each.terminal === process.terminal && each.processGroup === process.foregroundGroup)?.argv.join(' ') ?? process.argv.join(' '),
    }));
}

export const who = defineCommand({
  name: 'who', summary: 'show who is logged on', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: 'abdHlmpqrsTtu', long: { heading: 'none=H', boot: 'none=b', count: 'none=q' } });
    if (options === undefined) return 1;
    const all = logins(call.sys);
    if (options.has('q')) {
      call.out(all.map((login) => login.user).join(' '));
      call.out(`# users=${all.length}`);
      return 0;
    }
    if (options.has('H')) call.out('NAME     LINE         TIME             COMMENT');
    if (options.has('b')) call.out(`         system boot  ${formatTime('%Y-%m-%d %H:%M', call.sys.machine.bootedUs() / 1e6)}`);
    else for (const login of all) call.out(`${login.user.padEnd(8)} ${login.terminal.padEnd(12)} ${formatTime('%Y-%m-%d %H:%M', login.sinceUs / 1e6)}`);
    return 0;
  },
});

export const w = defineCommand({
  name: 'w', summary: 'show who is logged on and what they do', package: 'procps',
  run: (call) => {
    const options = parseOptions(call.args, { short: 'hsfuoiV', long: { 'no-header': 'none=h', short: 'none=s' } });
    if (options.error !== undefined) {
      call.err(`w: ${options.error}`);
      return 1;
    }
    const all = logins(call.sys);
    if (!options.has('h')) {
      call.out(uptimeLine(call.sys, all.length));
      call.out(options.has('s') ? 'USER     TTY      FROM              IDLE WHAT' : 'USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT');
    }
    for (const login of all) {
      const head = `${login.user.padEnd(8)} ${login.terminal.padEnd(8)} ${'-'.padEnd(16)}`;
      call.out(options.has('s') ? `${head} ${'0.00s'.padStart(5)} ${login.command}` : `${head} ${formatTime('%H:%M', login.sinceUs / 1e6).padEnd(7)}  ${'0.00s'.padStart(5)}  0.00s  0.00s ${login.command}`);
    }
    return 0;
  },
});

export const users = defineCommand({
  name: 'users', summary: 'print the names of the users logged in', package: 'coreutils',
  run: (call) => {
    const names = logins(call.sys).map((login) => login.user).sort();
    if (names.length > 0) call.out(names.join(' '));
    return 0;
  },
});

export const su = defineCommand({
  name: 'su', summary: 'become another user', package: 'util-linux', setuid: true,
  run: (call) => runSu(call),
});

/** Also of runuser without -u, which asks nobody for a password. */
export async function runSu(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  const options = parseOptions(call.args, { short: 'c:flmps:Pg:G:w:hV', long: { command: 'required=c', login: 'none=l', shell: 'required=s', 'preserve-environment': 'none=m', fast: 'none=f' } });
  if (options.error !== undefined) {
    call.err(`${call.name}: ${options.error}`);
    call.err(`Try '${call.name} --help' for more information.`);
    return 1;
  }
  const words = options.operands.filter((word) => word !== '-');
  const isLogin = options.has('l') || options.operands[0] === '-';
  const name = words[0] ?? 'root';
  const user = sys.machine.users().find((each) => each.name === name);
  if (user === undefined) {
    call.err(`${call.name}: user ${name} does not exist or the user entry does not contain all the required fields`);
    return 1;
  }
  if (sys.realUid !== 0) {
    const typed = await askSecret(call, 'Password: ');
    if (typed === undefined || !(await isRight(sys, name, typed))) {
      await sys.sleep(2_000_000);
      call.err('su: Authentication failure');
      return 1;
    }
  }
  const shell = options.value('s') ?? user.shell;
  const env = new Map(isLogin ? [['TERM', sys.env.get('TERM') ?? 'dumb']] : sys.env);
  env.set('HOME', user.home);
  env.set('SHELL', user.shell);
  if (isLogin || user.uid !== 0) {
    env.set('USER', user.name);
    env.set('LOGNAME', user.name);
  }
  if (isLogin) {
    env.set('PATH', user.uid === 0 ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' : '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games');
    const moved = sys.chdir(user.home);
    if (!moved.ok) call.err(`${call.name}: warning: cannot change directory to ${user.home}: ${strerror(moved.error)}`);
  }
  const changed = sys.setUser(user.uid, user.gid, groupsOf(sys, user));
  if (!changed.ok) {
    call.err(`${call.name}: cannot set user id: ${strerror(changed.error)}`);
    return 1;
  }
  const base = shell.replace(/^.*\//, '');
  const command = options.value('c');
  await call.flush();
  const failed = await sys.exec(shell, [isLogin ? `-${base}` : base, ...(command === undefined ? [] : ['-c', command]), ...words.slice(1)], env);
  call.err(`${call.name}: failed to execute ${shell}: ${strerror(failed.ok ? 'ENOENT' : failed.error)}`);
  return 127;
}

/** sudo(8) 1.9.13 with Debian's sudoers: env_reset, mail_badpass, secure_path, use_pty; the lab's users need no password. */
import type { ExitCode, Sys } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { askSecret, isRight } from '../shadow/password.ts';
import { groupsOf } from './accounts.ts';

const SECURE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const KEPT = ['TERM', 'DISPLAY', 'LANG', 'LC_ALL', 'LC_CTYPE', 'LANGUAGE', 'COLORTERM', 'LS_COLORS', 'XAUTHORITY', 'XAUTHORIZATION', 'PS1', 'PS2', 'COLORS', 'HOSTNAME', 'KRB5CCNAME', 'TZ'];

export const sudo = defineCommand({
  name: 'sudo', summary: 'run a command as another user', package: 'sudo', setuid: true,
  run: (call) => runSudo(call),
});

const shortUsage = `usage: sudo -h | -K | -k | -V
usage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]
usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user] [-u user]
            [command]
usage: sudo [-ABbEHkNnPS] [-r role] [-t type] [-C num] [-D directory] [-g
            group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u
            user] [VAR=value] [-i|-s] [<command>]
usage: sudo -e [-ABkNnS] [-r role] [-t type] [-C num] [-D directory] [-g
            group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u
            user] file ...
`;

interface Rule { readonly who: string; readonly isNopasswd: boolean; readonly text: string }

async function runSudo(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  const options = parseOptions(call.args, { short: '+Aa:BbC:c:D:Eeg:Hh::iKklNnPp:R:r:SsT:t:U:u:Vv', long: {
    user: 'required=u', group: 'required=g', login: 'none=i', shell: 'none=s', 'preserve-env': 'optional=E', 'set-home': 'none=H', 'non-interactive': 'none=n',
    list: 'none=l', validate: 'none=v', 'reset-timestamp': 'none=k', 'remove-timestamp': 'none=K', stdin: 'none=S', background: 'none=b', prompt: 'required=p',
    version: 'none=V', help: 'none', edit: 'none=e', chdir: 'required=D', 'preserve-groups': 'none=P', 'other-user': 'required=U' } });
  if (options.error !== undefined) {
    call.err(`sudo: ${options.error}`);
    call.writeErr(shortUsage);
    return 1;
  }
  if (options.has('help')) {
    call.out('sudo - execute a command as another user\n');
    call.write(shortUsage);
    return 0;
  }
  if (options.has('V')) {
    call.out('Sudo version 1.9.13p3\nSudoers policy plugin version 1.9.13p3\nSudoers file grammar version 50\nSudoers I/O plugin version 1.9.13p3\nSudoers audit plugin version 1.9.13p3');
    return 0;
  }
  if (options.has('e')) return notSimulated(call, 'option -e');
  if (options.has('K') || (options.has('k') && options.operands.length === 0 && !options.has('v') && !options.has('l'))) return 0;
  const invoker = sys.machine.users().find((user) => user.uid === sys.realUid);
  const invokerName = invoker?.name ?? String(sys.realUid);
  const standing = sys.scheduling(0);
  if (sys.uid !== 0 && standing.ok && standing.value.noNewPrivileges) {
    call.err('sudo: The "no new privileges" flag is set, which prevents sudo from running as root.\nsudo: If sudo is running in a container, you may need to adjust the container configuration to disable the flag.');
    return 1;
  }
  if (sys.uid !== 0) {
    call.err("sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set");
    return 1;
  }
  const operands = [...options.operands];
  const assignments: [string, string][] = [];
  while (/^[A-Za-z_][A-Za-z0-9_]*=/.test(operands[0] ?? '')) {
    const word = operands.shift()!;
    assignments.push([word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]);
  }
  const isLogin = options.has('i');
  const isShell = options.has('s');
  const rules = await sudoers(sys);
  const rule = rules.find((each) => appliesTo(sys, each, invokerName, invoker?.gid));
  if (sys.realUid !== 0 && (rule === undefined || !rule.isNopasswd)) {
    const allowed = await authenticate(call, invokerName, options.has('n'), rule !== undefined);
    if (allowed !== 0) return allowed;
  }
  if (options.has('v')) return 0;
  if (options.has('l')) return list(call, invokerName, rules.filter((each) => appliesTo(sys, each, invokerName, invoker?.gid)));
  if (operands.length === 0 && !isLogin && !isShell) {
    call.writeErr(shortUsage);
    return 1;
  }
  const wanted = options.value('u') ?? 'root';
  const target = sys.machine.users().find((user) => user.name === wanted || `#${user.uid}` === wanted);
  if (target === undefined) {
    call.err(`sudo: unknown user ${wanted}`);
    call.err('sudo: error initializing audit plugin sudoers_audit');
    return 1;
  }
  const groupWord = options.value('g');
  const group = groupWord === undefined ? undefined : sys.machine.groups().find((each) => each.name === groupWord);
  if (groupWord !== undefined && group === undefined) {
    call.err(`sudo: unknown group ${groupWord}`);
    call.err('sudo: error initializing audit plugin sudoers_audit');
    return 1;
  }
  const env = environment(call, target, invoker, invokerName, operands, { keepAll: options.has('E') && options.value('E') === undefined, keep: (options.value('E') ?? '').split(','), isLogin, isShell });
  for (const [name, value] of assignments) env.set(name, value);
  const shell = isLogin ? target.shell : (sys.env.get('SHELL') ?? target.shell);
  let argv = operands;
  let program: string;
  if (isLogin || isShell) {
    program = shell;
    const quoted = operands.map(escapeForShell).join(' ');
    argv = [isLogin ? `-${shell.replace(/^.*\//, '')}` : shell, ...(operands.length === 0 ? [] : ['-c', quoted])];
  } else {
    const found = sys.findProgram(operands[0]!, SECURE_PATH);
    if (!found.ok) {
      call.err(`sudo: ${operands[0]!}: command not found`);
      return 1;
    }
    program = found.value;
  }
  if (isLogin) sys.chdir(target.home);
  const directory = options.value('D');
  if (directory !== undefined && !sys.chdir(directory).ok) {
    call.err(`sudo: unable to change directory to ${directory}: ${strerror('ENOENT')}`);
    return 1;
  }
  sys.setUser(target.uid, group?.gid ?? target.gid, groupsOf(sys, target));
  await call.flush();
  const failed = await sys.exec(program, argv, env);
  const error = failed.ok ? 'ENOENT' : failed.error;
  call.err(`sudo: ${error === 'ENOENT' && !program.includes('/') ? `${program}: command not found` : `unable to execute ${program}: ${strerror(error)}`}`);
  return 1;
}

/** Lines of /etc/sudoers and /etc/sudoers.d as far as they say who may do all. */
async function sudoers(sys: Sys): Promise<Rule[]> {
  const files = ['/etc/sudoers'];
  const drops = sys.list('/etc/sudoers.d');
  if (drops.ok) for (const name of [...drops.value].sort()) if (!/[.~]/.test(name)) files.push(`/etc/sudoers.d/${name}`);
  const rules: Rule[] = [];
  for (const file of files) {
    const text = await sys.readText(file);
    if (!text.ok) continue;
    for (const line of text.value.split('\n')) {
      const match = /^([%\w.-]+)\s+ALL\s*=\s*(\([^)]*\))?\s*(NOPASSWD:)?\s*ALL\s*$/.exec(line.trim());
      if (match !== null) rules.push({ who: match[1]!, isNopasswd: match[3] !== undefined, text: `${(match[2] ?? '(root)').replace(/\s+/g, ' ').replace(':', ' : ').replace(/ {2}/g, ' ')} ${match[3] === undefined ? '' : 'NOPASSWD: '}ALL` });
    }
  }
  return rules.reverse();                    // the last one that fits counts
}

function appliesTo(sys: Sys, rule: Rule, user: string, gid: number | undefined): boolean {
  if (!rule.who.startsWith('%')) return rule.who === user || rule.who === 'ALL';
  const name = rule.who.slice(1);
  const group = sys.machine.groups().find((each) => each.name === name);
  return group !== undefined && (group.members.includes(user) || group.gid === gid);
}

/** The lab's own users have no password; one that was made with useradd may be given one. */
async function authenticate(call: Invocation, user: string, isQuiet: boolean, isListed: boolean): Promise<ExitCode> {
  const { sys } = call;
  if (isQuiet) {
    call.err('sudo: a password is required');
    return 1;
  }
  if (!sys.isTerminal(0) && !sys.isTerminal(2)) {
    call.err('sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper');
    call.err('sudo: a password is required');
    return 1;
  }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const typed = await askSecret(call, `[sudo] password for ${user}: `);
    if (typed === undefined) {
      call.err('sudo: no password was provided');
      call.err('sudo: a password is required');
      return 1;
    }
    if (await isRight(sys, user, typed)) {
      if (isListed) return 0;
      call.err(`${user} is not in the sudoers file.`);
      return 1;
    }
    await sys.sleep(2_000_000);
    if (attempt < 2) call.err('Sorry, try again.');
  }
  call.err('sudo: 3 incorrect password attempts');
  if (!isListed) call.err(`${user} is not in the sudoers file.`);
  return 1;
}

function list(call: Invocation, user: string, rules: readonly Rule[]): ExitCode {
  const host = call.sys.hostname;
  if (rules.length === 0 && call.sys.realUid !== 0) {
    call.out(`Sorry, user ${user} may not run sudo on ${host}.`);
    return 1;
  }
  call.out(`Matching Defaults entries for ${user} on ${host}:`);
  call.out('    env_reset, mail_badpass, secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin, use_pty');
  call.out('');
  call.out(`User ${user} may run the following commands on ${host}:`);
  for (const rule of [...rules].reverse()) call.out(`    ${rule.text}`);
  return 0;
}

function environment(call: Invocation, target: { name: string; home: string; shell: string; uid: number }, invoker: { uid: number; gid: number } | undefined, invokerName: string, command: readonly string[], how: { keepAll: boolean; keep: readonly string[]; isLogin: boolean; isShell: boolean }): Map<string, string> {
  const { sys } = call;
  const env = new Map<string, string>();
  for (const [name, value] of sys.env) if (how.keepAll || (KEPT.includes(name) && !how.isLogin) || name === 'TERM' || how.keep.includes(name) || (name.startsWith('LC_') && !how.isLogin)) env.set(name, value);
  env.set('PATH', SECURE_PATH);
  if (!how.keepAll || how.isLogin) {
    env.set('HOME', target.home);
    env.set('MAIL', `/var/mail/${target.name}`);
    env.set('LOGNAME', target.name);
    env.set('USER', target.name);
    env.set('SHELL', how.isShell && !how.isLogin ? sys.env.get('SHELL') ?? target.shell : target.shell);
  }
  env.set('SUDO_COMMAND', command.length === 0 ? target.shell : [sys.findProgram(command[0]!, SECURE_PATH).ok ? (sys.findProgram(command[0]!, SECURE_PATH) as { value: string }).value : command[0]!, ...command.slice(1)].join(' '));
  env.set('SUDO_USER', invokerName);
  env.set('SUDO_UID', String(invoker?.uid ?? sys.realUid));
  env.set('SUDO_GID', String(invoker?.gid ?? sys.gid));
  return env;
}

/** sudo -s and -i escape everything but letters, digits, _ - and $. */
function escapeForShell(word: string): string {
  return word.replace(/[^A-Za-z0-9_$-]/g, '\\$&');
}


/** runuser(1) of util-linux 2.38.1: root as somebody else, without asking. Read first: login-utils/su-common.c */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { groupsOf, runSu } from '../accounts/accounts.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { utilLinuxOptions } from './common.ts';

export const runuser = defineCommand({
  name: 'runuser', summary: 'run a command with substitute user and group ID', package: 'util-linux', path: '/usr/sbin/runuser',
  run: (call) => runRunuser(call),
});

async function runRunuser(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  const options = utilLinuxOptions(call, {
    short: `${call.args.some((word) => /^(-u|--user)/.test(word)) ? '+' : ''}c:fg:G:lmpPs:u:w:`,
    long: { command: 'required=c', 'session-command': 'required', fast: 'none=f', login: 'none=l', 'preserve-environment': 'none=p', pty: 'none=P', shell: 'required=s', group: 'required=g', 'supp-group': 'required=G', user: 'required=u', 'whitelist-environment': 'required=w' },
  });
  if (typeof options === 'number') return options;
  const failed = (text: string): ExitCode => {
    call.err(`runuser: ${text}`);
    return 1;
  };
  if (sys.realUid !== 0) return failed('may not be used by non-root users');
  for (const letter of ['P', 'w', 'session-command']) if (options.has(letter)) return notSimulated(call, `option ${letter.length === 1 ? '-' : '--'}${letter}`);
  if (!options.has('u')) {
    for (const letter of ['g', 'G']) if (options.has(letter)) return notSimulated(call, `option -${letter} without -u`);
    return runSu(call);
  }
  if (['c', 'f', 'l', 's'].some((letter) => options.has(letter))) return failed('options --{shell,fast,command,session-command,login} and --user are mutually exclusive');
  if (options.operands.length === 0) return failed('no command was specified');
  const user = sys.machine.users().find(({ name }) => name === options.value('u'));
  if (user === undefined) return failed(`user ${options.value('u')!} does not exist or the user entry does not contain all the required fields`);
  const numbers: number[] = [];
  for (const word of [...options.values('g'), ...options.values('G')]) {
    const found = sys.machine.groups().find(({ name, gid }) => name === word || String(gid) === word);
    if (found === undefined) return failed(`group ${word} does not exist`);
    numbers.push(found.gid);
  }
  // Without -g the first -G is the primary group too.
  const gid = numbers[0] ?? user.gid;
  if (!options.has('p') && !options.has('m')) {
    sys.env.set('HOME', user.home);
    sys.env.set('SHELL', user.shell);
    if (user.uid !== 0) {
      sys.env.set('USER', user.name);
      sys.env.set('LOGNAME', user.name);
    }
  }
  sys.setUser(user.uid, gid, numbers.length > 0 ? [...new Set(numbers)] : groupsOf(sys, user));
  const program = sys.findProgram(options.operands[0]!);
  await call.flush();
  const ended = program.ok ? await sys.exec(program.value, options.operands) : program;
  return failed(`failed to execute ${options.operands[0]!}: ${strerror(ended.ok ? 'ENOENT' : ended.error)}`);
}

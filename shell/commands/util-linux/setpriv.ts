/** setpriv(1) of util-linux 2.38.1: a program with other ids and less right to more. Read first: sys-utils/setpriv.c, capabilities(7), PR_SET_NO_NEW_PRIVS in prctl(2) */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { groupsOf } from '../accounts/accounts.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { execute, utilLinuxOptions } from './common.ts';

export const setpriv = defineCommand({
  name: 'setpriv', summary: 'run a program with different privilege settings', package: 'util-linux', path: '/usr/bin/setpriv',
  run: (call) => runSetpriv(call),
});

/** By number. */
const CAPABILITIES = ['chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap', 'linux_immutable', 'net_bind_service', 'net_broadcast', 'net_admin', 'net_raw', 'ipc_lock', 'ipc_owner', 'sys_module', 'sys_rawio', 'sys_chroot', 'sys_ptrace', 'sys_pacct', 'sys_admin', 'sys_boot', 'sys_nice', 'sys_resource', 'sys_time', 'sys_tty_config', 'mknod', 'lease', 'audit_write', 'audit_control', 'setfcap', 'mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend', 'audit_read', 'perfmon', 'bpf', 'checkpoint_restore'];

async function runSetpriv(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  const options = utilLinuxOptions(call, {
    short: '+d',
    long: {
      dump: 'none=d', nnp: 'none=N', 'no-new-privs': 'none=N', 'inh-caps': 'required', 'ambient-caps': 'required', 'list-caps': 'none', ruid: 'required', euid: 'required', rgid: 'required', egid: 'required', reuid: 'required', regid: 'required', 'clear-groups': 'none', 'keep-groups': 'none',
      'init-groups': 'none', groups: 'required', 'bounding-set': 'required', securebits: 'required', pdeathsig: 'required', 'selinux-label': 'required', 'apparmor-profile': 'required', 'reset-env': 'none',
    },
  });
  if (typeof options === 'number') return options;
  const failed = (text: string): ExitCode => {
    call.err(`setpriv: ${text}`);
    return 1;
  };
  if (options.has('list-caps')) {
    for (const name of CAPABILITIES) call.out(name);
    return 0;
  }
  if (options.has('d')) return options.operands.length > 0 ? failed('--dump is incompatible with all other options') : dump(call);
  for (const name of ['inh-caps', 'ambient-caps', 'bounding-set', 'ruid', 'euid', 'rgid', 'egid', 'securebits', 'pdeathsig', 'selinux-label', 'apparmor-profile']) if (options.has(name)) return notSimulated(call, `option --${name}`);
  if (options.operands.length === 0) return failed('No program specified');
  const accounts = { users: sys.machine.users(), groups: sys.machine.groups() };
  const userWord = options.value('reuid');
  const uid = userWord === undefined ? sys.uid : /^\d+$/.test(userWord) ? Number(userWord) : accounts.users.find(({ name }) => name === userWord)?.uid;
  if (uid === undefined) return failed(`failed to parse reuid: '${userWord!}'`);
  const groupWord = options.value('regid');
  const gid = groupWord === undefined ? sys.gid : /^\d+$/.test(groupWord) ? Number(groupWord) : accounts.groups.find(({ name }) => name === groupWord)?.gid;
  if (gid === undefined) return failed(`failed to parse regid: '${groupWord!}'`);
  const ways = ['clear-groups', 'keep-groups', 'init-groups', 'groups'].filter((name) => options.has(name));
  if (ways.length > 1) return failed('--clear-groups, --keep-groups, --init-groups and --groups are mutually exclusive');
  if (groupWord !== undefined && ways.length === 0) return failed('--[re]gid requires --keep-groups, --clear-groups, --init-groups, or --groups');
  if (options.has('init-groups') && userWord === undefined) return failed('--init-groups requires --ruid or --reuid');
  const user = accounts.users.find((each) => each.uid === uid);
  if (options.has('init-groups') && user === undefined) return failed(`uid ${uid} not found, --init-groups requires an user that can be found on the system`);
  let groups: readonly number[] = sys.groups;
  if (options.has('clear-groups')) groups = [];
  else if (options.has('init-groups')) groups = groupsOf(sys, user!);
  for (const word of options.value('groups')?.split(',') ?? []) {
    if (groups === sys.groups) groups = [];
    const number = /^\d+$/.test(word) ? Number(word) : accounts.groups.find(({ name }) => name === word)?.gid;
    if (number === undefined) return failed(`failed to parse supplementary group id: '${word}'`);
    groups = [...groups, number];
  }
  if (options.has('N')) sys.setScheduling(0, { noNewPrivileges: true });
  if (options.has('reset-env')) {
    sys.env.clear();
    sys.env.set('HOME', user?.home ?? '/');
    sys.env.set('SHELL', user?.shell ?? '/bin/sh');
    sys.env.set('USER', user?.name ?? String(uid));
    sys.env.set('LOGNAME', user?.name ?? String(uid));
    sys.env.set('PATH', uid === 0 ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' : '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games');
  }
  const changed = userWord === undefined && groupWord === undefined && ways.every((name) => name === 'keep-groups') ? undefined : sys.setUser(uid, gid, groups);
  if (changed?.ok === false) return failed(`${userWord !== undefined ? 'setresuid' : groupWord !== undefined ? 'setresgid' : 'setgroups'} failed: ${strerror(changed.error)}`);
  return execute(call, options.operands);
}

async function dump(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  const status = await sys.readText('/proc/self/status');
  const bounding = BigInt(`0x${/^CapBnd:\t(\w+)/m.exec(status.ok ? status.value : '')?.[1] ?? '0'}`);
  const names = CAPABILITIES.filter((_, number) => (bounding & (1n << BigInt(number))) !== 0n);
  const standing = sys.scheduling(0);
  call.out(`uid: ${sys.realUid}\neuid: ${sys.uid}\ngid: ${sys.gid}\negid: ${sys.gid}`);
  call.out(`Supplementary groups: ${sys.groups.length === 0 ? '[none]' : sys.groups.join(',')}`);
  call.out(`no_new_privs: ${standing.ok && standing.value.noNewPrivileges ? 1 : 0}`);
  call.out('Inheritable capabilities: [none]\nAmbient capabilities: [none]');
  call.out(`Capability bounding set: ${names.length === 0 ? '[none]' : names.join(',')}`);
  call.out('Securebits: [none]\nParent death signal: [none]');
  return 0;
}

/** unshare: a program in new namespaces. Read first: unshare(1), sys-utils/unshare.c of util-linux 2.38 */
import type { UnsharedKind } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { defineCommand, notSimulated } from '../define.ts';
import { outcome, replace, version } from './nsenter.ts';
import { unshareHelp } from './usage.ts';

const kinds: Readonly<Record<string, UnsharedKind>> = { m: 'mnt', u: 'uts', i: 'ipc', p: 'pid', C: 'cgroup', T: 'time' };

export const unshare = defineCommand({
  name: 'unshare', summary: 'run a program in new namespaces', package: 'util-linux',
  run: async (call) => {
    const options = parseOptions(call.args, {
      short: '+hVmuinpCUTfcrR:S:G:w:',
      long: {
        net: 'optional=n', mount: 'optional=m', uts: 'optional=u', ipc: 'optional=i', pid: 'optional=p', user: 'optional=U', cgroup: 'optional=C', time: 'optional=T', fork: 'none=f', 'map-root-user': 'none=r', 'map-current-user': 'none=c', 'map-auto': 'none',
        'map-user': 'required', 'map-group': 'required', 'map-users': 'required', 'map-groups': 'required', 'mount-proc': 'optional', 'kill-child': 'optional', propagation: 'required', setgroups: 'required', 'keep-caps': 'none', root: 'required=R', wd: 'required=w',
        setuid: 'required=S', setgid: 'required=G', monotonic: 'required', boottime: 'required', help: 'none=h', version: 'none=V',
      },
    });
    if (options.error !== undefined) {
      call.err(`unshare: ${options.error}\nTry 'unshare --help' for more information.`);
      return 1;
    }
    if (options.has('V')) return version(call);
    if (options.has('h')) {
      call.write(unshareHelp);
      return 0;
    }
    const { sys } = call;
    const refused = options.options.find(({ name, value }) => ['R', 'S', 'G', 'c', 'setgroups', 'keep-caps', 'monotonic', 'boottime'].includes(name) || name.startsWith('map-') || (name !== 'n' && name in kinds && value !== undefined));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    // Root that maps root to itself stays who it is; any other mapping would have to be acted on.
    if ((options.has('U') || options.has('r')) && !(options.has('r') && sys.uid === 0)) return notSimulated(call, 'option -U');
    const made = [
      ...[...new Set(options.options.flatMap(({ name }) => kinds[name] ?? []))].map((kind) => sys.unshare(kind)),
      ...(options.has('mount-proc') && !options.has('m') ? [sys.unshare('mnt')] : []),
      ...(options.has('n') ? [sys.unshareNetns()] : []),
    ];
    const failed = made.find((each) => !each.ok);
    if (failed?.ok === false) {
      call.err(`unshare: unshare failed: ${strerror(failed.error)}`);
      return 1;
    }
    const file = options.value('n');
    if (file !== undefined) sys.bindNetns(file);
    const directory = options.value('w');
    if (directory !== undefined) {
      const moved = sys.chdir(directory);
      if (!moved.ok) {
        call.err(`unshare: cannot chdir to '${directory}': ${strerror(moved.error)}`);
        return 1;
      }
    }
    await call.flush();
    if (!options.has('f') && !options.has('kill-child')) return replace(sys, call.name, options.operands);
    const child = sys.fork((inside) => replace(inside, call.name, options.operands));
    if (!child.ok) {
      call.err(`unshare: fork failed: ${strerror(child.error)}`);
      return 1;
    }
    return outcome(call);
  },
});

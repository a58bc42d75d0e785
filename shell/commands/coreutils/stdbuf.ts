/** stdbuf, hostid and logname. Read first: stdbuf(1), setvbuf(3); gethostid(3); getlogin(3). */
import type { ExitCode } from '../../../machine/sys.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { logins } from '../accounts/accounts.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { execute } from '../system/run.ts';
import { named } from './quote.ts';

/** The real one has programs load a library that reads these names; here define.ts reads them. */
const LIBRARY = '/usr/libexec/coreutils/libstdbuf.so';

export const stdbuf = defineCommand({
  name: 'stdbuf', summary: 'run a program with other buffering', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: '+i:o:e:', long: { input: 'required=i', output: 'required=o', error: 'required=e' } });
    if (options === undefined) return 125;
    const misused = (text: string): ExitCode => {
      call.err(`stdbuf: ${text}\nTry 'stdbuf --help' for more information.`);
      return 125;
    };
    const made = new Map(call.env);
    for (const { name, value = '' } of options.options) {
      if (value === 'L' && name === 'i') return misused('line buffering stdin is meaningless');
      const match = /^(\d+)(?:([KMGTPEZY])(?:(i?)B)?|(kB))?$/.exec(value);
      if (value !== 'L' && match === null) {
        call.err(`stdbuf: invalid mode ${named(value)}`);
        return 125;
      }
      const unit = match?.[4] !== undefined ? 1000 : match?.[2] === undefined ? 1 : (value.endsWith('B') && match[3] === '' ? 1000 : 1024) ** ('KMGTPEZY'.indexOf(match[2]) + 1);
      made.set(`_STDBUF_${name.toUpperCase()}`, match === null ? 'L' : String(Number(match[1]) * unit));
    }
    if (options.operands.length === 0) return misused('missing operand');
    if (options.options.length === 0) return misused('you must specify a buffering mode option');
    const preloaded = made.get('LD_PRELOAD');
    made.set('LD_PRELOAD', preloaded === undefined ? LIBRARY : `${preloaded}:${LIBRARY}`);
    return execute(call, options.operands, made, named);
  },
});

function withoutOperands(call: Invocation): boolean {
  const options = gnuOptions(call, { short: '' });
  const [extra] = options?.operands ?? [];
  if (extra !== undefined) call.err(`${call.name}: extra operand ${named(extra)}\nTry '${call.name} --help' for more information.`);
  return options !== undefined && extra === undefined;
}

export const hostid = defineCommand({
  name: 'hostid', summary: 'print the number of the host', package: 'coreutils',
  run: async (call) => {
    if (!withoutOperands(call)) return 1;
    const hosts = await call.sys.readText('/etc/hosts');
    const lines = (hosts.ok ? hosts.value : '').split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
    // The address that the host's name has, its halves exchanged.
    const [a = 0, b = 0, c = 0, d = 0] = (lines.find(([address, ...names]) => /^[\d.]+$/.test(address ?? '') && names.includes(call.sys.hostname))?.[0] ?? '0.0.0.0').split('.').map(Number);
    call.out([b, a, d, c].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
    return 0;
  },
});

export const logname = defineCommand({
  name: 'logname', summary: 'print the name of who logged in', package: 'coreutils',
  run: (call) => {
    if (!withoutOperands(call)) return 1;
    const { sys } = call;
    const terminal = sys.process(sys.pid)?.terminal;
    const login = logins(sys).find((each) => each.terminal === terminal);
    if (login === undefined) {
      call.err('logname: no login name');
      return 1;
    }
    call.out(login.user);
    return 0;
  },
});

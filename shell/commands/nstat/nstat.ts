/** nstat(8) of iproute2 6.1: the kernel's SNMP counters, and what they gained since the last look. Read first: misc/nstat.c, RFC 4293 */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { matches } from '../../lib/pattern.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const nstat = defineCommand({
  name: 'nstat', summary: 'network statistics', package: 'iproute2', path: '/usr/bin/nstat',
  run: (call) => runNstat(call),
});

const usage = `Usage: nstat [OPTION] [ PATTERN [ PATTERN ] ]
   -h, --help          this message
   -a, --ignore        ignore history
   -d, --scan=SECS     sample every statistics every SECS
   -j, --json          format output in JSON
   -n, --nooutput      do history only
   -p, --pretty        pretty print
   -r, --reset         reset history
   -s, --noupdate      don't update history
   -t, --interval=SECS report average over the last SECS
   -V, --version       output version information
   -z, --zeros         show entries with zero activity
`;
/** What is no counter. */
const USELESS: ReadonlySet<string> = new Set(['IpForwarding', 'IpDefaultTTL', 'TcpRtoAlgorithm', 'TcpRtoMin', 'TcpRtoMax', 'TcpMaxConn', 'TcpCurrEstab']);

type Counters = ReadonlyMap<string, number>;

async function runNstat(call: Invocation): Promise<ExitCode> {
  const { sys } = call;
  const options = parseOptions(call.args, {
    short: 'h?vVzrnasd:t:jp',
    long: { help: 'none=h', ignore: 'none=a', scan: 'required=d', nooutput: 'none=n', json: 'none=j', reset: 'none=r', noupdate: 'none=s', pretty: 'none=p', interval: 'required=t', version: 'none=V', zeros: 'none=z' },
  });
  if (options.error !== undefined || options.has('h') || options.has('?')) {
    if (options.error !== undefined) call.err(`nstat: ${options.error}`);
    call.writeErr(usage);
    return 255;
  }
  if (options.has('V') || options.has('v')) {
    call.out('nstat utility, iproute2-6.1.0');
    return 0;
  }
  for (const letter of ['d', 't']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
  if (options.has('j') && options.has('p')) return notSimulated(call, 'option -p');
  const isWanted = (name: string): boolean => options.operands.length === 0 || options.operands.some((pattern) => matches(pattern, name, { extended: false, ignoreCase: false }));
  const history = sys.env.get('NSTAT_HISTORY') ?? `/tmp/.nstat.u${sys.uid}`;
  const now = await kernelCounters(call);
  const before = options.has('r') || options.has('a') ? new Map<string, number>() : await readHistory(call, history);
  if (!options.has('n')) {
    const shown = [...now].filter(([name]) => isWanted(name)).map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const).filter(([, gained]) => gained !== 0 || options.has('z'));
    if (options.has('j')) call.out(JSON.stringify({ kernel: Object.fromEntries(shown) }));
    else print(call, shown);
  }
  if (!options.has('s')) {
    const kept = [...now].filter(([, value]) => value !== 0).map(([name, value]) => line(name, value));
    await sys.writeFile(history, ['#kernel', ...kept, ''].join('\n'), { mode: 0o600 });
  }
  return 0;
}

function print(call: Invocation, counters: readonly (readonly [string, number])[]): void {
  call.out('#kernel');
  for (const [name, value] of counters) call.out(line(name, value));
}

/** The last column is the rate, which only the daemon (-d) measures. */
function line(name: string, value: number): string {
  return `${name.padEnd(32)}${String(value).padEnd(16)}${'0.0'.padStart(6)}`;
}

async function kernelCounters(call: Invocation): Promise<Counters> {
  const counters = new Map<string, number>();
  const add = (name: string, value: string | undefined): void => {
    if (!USELESS.has(name)) counters.set(name, Number(value));
  };
  for (const file of ['snmp', 'snmp6', 'netstat']) {
    const text = await call.sys.readText(`/proc/net/${file}`);
    const lines = (text.ok ? text.value : '').split('\n').filter((each) => each !== '').map((each) => each.split(/\s+/));
    // snmp6 has a name and a number a line; the others a line of names and a line of numbers.
    if (file === 'snmp6') for (const [name, value] of lines) add(name!, value);
    else for (let at = 0; at + 1 < lines.length; at += 2) lines[at]!.slice(1).forEach((name, column) => add(lines[at]![0]!.replace(':', '') + name, lines[at + 1]![column + 1]));
  }
  return counters;
}

async function readHistory(call: Invocation, path: string): Promise<Counters> {
  const text = await call.sys.readText(path);
  const lines = (text.ok ? text.value : '').split('\n').filter((each) => each !== '' && !each.startsWith('#'));
  return new Map(lines.map((each) => each.split(/\s+/)).map(([name = '', value]) => [name, Number(value)]));
}

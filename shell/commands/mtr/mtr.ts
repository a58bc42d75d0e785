/** mtr 0.95: traceroute and ping in one, as a report or full screen. Read first: mtr(8). */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { nameOfAddress, resolveHost } from '../../lib/resolve.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { fieldsOf, USUAL_ORDER, type Field } from './fields.ts';
import { usage } from './help.ts';
import { Path, type PathOptions } from './path.ts';
import { csv, json, report, xml, type Shown } from './report.ts';
import { runOnScreen } from './display.ts';

export const mtr = defineCommand({
  name: 'mtr', summary: 'a network diagnostic tool', package: 'mtr-tiny',
  run: (call) => run(call),
});

const GRACE_US = 5e6;

async function run(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: 'hv46F:rwxtglCjpno:y:zi:c:s:B:Q:ueTSP:L:a:I:f:m:U:d:bM:G:Z:X', long: {
    help: 'none=h', version: 'none=v', filename: 'required=F', report: 'none=r', 'report-wide': 'none=w', xml: 'none=x', curses: 'none=t', gtk: 'none=g', raw: 'none=l', csv: 'none=C', json: 'none=j', split: 'none=p', 'no-dns': 'none=n', order: 'required=o', ipinfo: 'required=y', aslookup: 'none=z', interval: 'required=i',
    'report-cycles': 'required=c', psize: 'required=s', bitpattern: 'required=B', tos: 'required=Q', udp: 'none=u', mpls: 'none=e', tcp: 'none=T', sctp: 'none=S', port: 'required=P', localport: 'required=L', address: 'required=a', interface: 'required=I', 'first-ttl': 'required=f', 'max-ttl': 'required=m', 'max-unknown': 'required=U', displaymode: 'required=d', 'show-ips': 'none=b', mark: 'required=M', gracetime: 'required=G', timeout: 'required=Z', cache: 'none=X' } });
  if (options.error !== undefined) {
    call.err(`mtr: ${options.error}`);
    call.writeErr(usage);
    return 1;
  }
  if (options.has('h')) {
    call.write(usage);
    return 0;
  }
  if (options.has('v')) {
    call.out('mtr 0.95');
    return 0;
  }
  for (const letter of ['F', 'p', 'y', 'z', 'S', 'B', 'L', 'd', 'X', 'g']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
  for (const letter of ['c', 'i', 's', 'f', 'm', 'U', 'P', 'Q', 'G', 'Z', 'M']) {
    const value = options.value(letter);
    if (value !== undefined && !/^\d+$/.test(value) && !(letter === 'i' || letter === 'G' ? /^\d*\.?\d+$/.test(value) : /^0x[0-9a-f]+$/i.test(value))) {
      call.err(`mtr: invalid argument: '${value}'`);
      return 1;
    }
    if (letter === 'i' && value !== undefined && Number(value) === 0) {
      call.err('mtr: wait time must be positive');
      return 1;
    }
  }
  const fields = fieldsOf(options.value('o') ?? USUAL_ORDER);
  if (fields === undefined) {
    call.err(`mtr: Unknown field identifier: ${[...options.value('o')!].find((letter) => fieldsOf(letter) === undefined)!}`);
    return 1;
  }
  for (const host of options.operands.length === 0 ? ['localhost'] : options.operands) {
    const code = await one(call, options, fields, host);
    if (code !== 0) return code;
  }
  return 0;
}

async function one(call: Invocation, options: ParsedOptions, fields: readonly Field[], host: string): Promise<ExitCode> {
  const resolved = await resolveHost(call.sys, host, options.has('4') ? 'inet' : options.has('6') ? 'inet6' : undefined);
  if (!resolved.ok) {
    call.err(`mtr: Failed to resolve host: ${host}: ${resolved.error}`);
    // The next host is tried, and the program ends well whatever became of them.
    return 0;
  }
  const { address, family } = resolved.addresses.find((each) => each.family === 'inet') ?? resolved.addresses[0]!;
  const number = (letter: string, usual: number): number => Number(options.value(letter) ?? usual);
  const mostHops = Math.max(1, Math.min(255, number('m', 30)));
  const pathOptions: PathOptions = {
    method: options.has('T') ? 'tcp' : options.has('u') ? 'udp' : 'icmp', address, isIp6: family === 'inet6', firstHop: Math.max(1, Math.min(number('f', 1), mostHops)), mostHops, unknownAtMost: number('U', 12), port: options.has('P') ? number('P', 80) : undefined,
    packetSize: number('s', 64), intervalUs: Math.max(number('i', 1) * 1e6, 1000), timeoutUs: number('Z', 10) * 1e6, source: options.value('a'), device: options.value('I'), typeOfService: number('Q', 0), mark: options.has('M') ? number('M', 0) : undefined,
  };
  const path = new Path(call, pathOptions);
  const shown: Shown = { call, path, fields, host, options: pathOptions, cycles: number('c', 10), names: namer(call, options.has('n'), options.has('b')) };
  const isReport = ['r', 'w', 'x', 'C', 'j'].some((letter) => options.has(letter));
  try {
    if (!isReport && !options.has('l')) return await runOnScreen(shown, options.has('c') ? shown.cycles : Number.POSITIVE_INFINITY);
    if (options.has('l')) tellRaw(call, path);
    const startedUs = call.sys.now();
    if (options.has('r') || options.has('w')) {
      if (!options.has('x') && !options.has('C') && !options.has('j')) call.out(`Start: ${formatTime('%Y-%m-%dT%H:%M:%S', startedUs / 1e6)}+0000`);
    }
    const failed = await rounds(call, path, shown.cycles, number('G', 5) * 1e6 || GRACE_US);
    if (failed !== undefined) {
      call.err(`mtr: ${failed}`);
      return 1;
    }
    if (options.has('l')) return 0;
    if (options.has('j')) await json(shown);
    else if (options.has('x')) await xml(shown);
    else if (options.has('C')) await csv(shown, call.sys.now());
    else await report(shown, options.has('w'));
    return 0;
  } finally {
    path.close();
  }
}

/** All rounds, and then some time for late answers. */
async function rounds(call: Invocation, path: Path, cycles: number, graceUs: number): Promise<string | undefined> {
  let nextUs = call.sys.monotonicUs();
  for (let done = 0; done < cycles; ) {
    while (call.sys.monotonicUs() < nextUs) await path.wait(nextUs);
    nextUs = call.sys.monotonicUs() + path.gapUs;
    const ended = await path.send();
    if (typeof ended === 'string') return strerror(ended);
    if (ended) done += 1;
    await path.collect();
  }
  const endUs = call.sys.monotonicUs() + graceUs;
  while (call.sys.monotonicUs() < endUs) await path.wait(endUs);
  return undefined;
}

function tellRaw(call: Invocation, path: Path): void {
  path.onEvent = (event) => {
    if (event.kind === 'sent') call.out(`x ${event.hop} ${event.sequence}`);
    else {
      if (event.isNew === true) call.out(`h ${event.hop} ${event.address!}\nh ${event.hop} ${event.address!}`);
      call.out(`p ${event.hop} ${Math.round(event.tripUs!)} ${event.sequence}`);
    }
  };
}

/** What an address is shown as: its name, its name and itself, or itself. */
function namer(call: Invocation, isNumeric: boolean, showsBoth: boolean): (address: string) => Promise<string> {
  const known = new Map<string, string>();
  return async (address) => {
    if (isNumeric) return address;
    const name = known.get(address) ?? (await nameOfAddress(call.sys, address)) ?? address;
    known.set(address, name);
    return showsBoth && name !== address ? `${name} (${address})` : name;
  };
}

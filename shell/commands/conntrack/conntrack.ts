/** conntrack(8) 1.4.7. Summary lines go to standard error, entries to standard output, as in the real one. Read first: src/conntrack.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import type { ConntrackView } from '../../ports/netfilter.ts';
import { strerror } from '../../lib/errno.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { HELP } from './help.ts';
import { protocolNumber, readOptions, translation, Unsimulated, UsageProblem, type ConntrackCommand } from './options.ts';
import { entrySave, entryText, entryXml, type EntryFormat } from './print.ts';

const LEAD = 'conntrack v1.4.7 (conntrack-tools)';
const say = (call: Invocation, text: string): void => call.err(`${LEAD}: ${text}`);

export const conntrack = defineCommand({
  name: 'conntrack',
  summary: 'command line interface for netfilter connection tracking',
  package: 'conntrack',
  path: '/usr/sbin/conntrack',
  run: (call) => runConntrack(call),
});

/** Loading libraries and opening netlink take a millisecond: what came before is over when the table is read. */
const START_US = 1000;

async function runConntrack(call: Invocation): Promise<ExitCode> {
  const wait = call.sys.charge(START_US);
  if (wait !== undefined) await wait;
  try {
    return await act(call, readOptions(call.args));
  } catch (problem) {
    if (problem instanceof UsageProblem) {
      say(call, problem.message);
      call.err("Try `conntrack -h' or 'conntrack --help' for more information.");
      return 2;
    }
    if (problem instanceof Unsimulated) {
      call.err(`podwire: conntrack: ${problem.message} is not simulated yet`);
      return 125;
    }
    throw problem;
  }
}

async function act(call: Invocation, command: ConntrackCommand): Promise<ExitCode> {
  if (command.verb === 'h') {
    call.write(HELP);
    return 0;
  }
  if (command.verb === 'V') {
    call.out(LEAD);
    return 0;
  }
  if (command.verb === 'E') return watch(call, command);
  const listed = call.net.netfilter.conntrack();
  if (!listed.ok) {
    say(call, 'Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this');
    return 1;
  }
  const matching = (): ConntrackView[] => listed.value.filter((entry) => isMatch(entry, command));
  if (command.table !== 'conntrack') return otherTable(call, command);
  switch (command.verb) {
    case 'L': return show(call, command, matching());
    case 'G': return get(call, command, matching());
    case 'D': return remove(call, command, matching());
    case 'I': return create(call, command);
    case 'U': return update(call, command, listed.value.filter((entry) => command.filters.every((filter) => filter(entry))));
    case 'F':
      call.net.netfilter.flushConntrack();
      say(call, 'connection tracking table has been emptied.');
      return 0;
    case 'C':
      call.out(String(call.net.netfilter.conntrackCount()));
      return 0;
    case 'S': return statistics(call);
    default:
      call.err(`podwire: conntrack: option -${command.verb} is not simulated yet`);
      return 125;
  }
}

function isMatch(entry: ConntrackView, command: ConntrackCommand): boolean {
  if (command.mark !== undefined && (entry.mark & command.mark.mask) >>> 0 !== command.mark.value) return false;
  return command.filters.every((filter) => filter(entry));
}

function format(command: ConntrackCommand, isEvent: boolean): EntryFormat {
  return { extended: command.output.has('extended'), id: command.output.has('id'), isEvent };
}

function otherTable(call: Invocation, command: ConntrackCommand): ExitCode {
  const isExpect = command.table === 'expect';
  if (command.verb === 'C') call.out('0');
  else if (command.verb === 'F' && isExpect) say(call, 'expectation table has been emptied.');
  else if (command.verb === 'L') say(call, isExpect ? '0 expectations have been shown.' : '0 flow entries have been shown.');
  else {
    call.err(`podwire: conntrack: option -${command.verb} ${command.table} is not simulated yet`);
    return 125;
  }
  return 0;
}

function show(call: Invocation, command: ConntrackCommand, entries: readonly ConntrackView[]): ExitCode {
  if (command.output.has('labels')) {
    call.err('nfct_labelmap_new: No such file or directory');
    say(call, '0 flow entries have been shown.');
    return 0;
  }
  const isXml = command.output.has('xml');
  if (isXml && entries.length > 0) call.out('<?xml version="1.0" encoding="utf-8"?>\n<conntrack>');
  for (const entry of entries) call.out(isXml ? entryXml(entry) : command.output.has('save') ? entrySave(entry) : entryText(entry, format(command, false)));
  if (isXml && entries.length > 0) call.out('</conntrack>');
  say(call, `${entries.length} flow entries have been shown.`);
  return 0;
}

function get(call: Invocation, command: ConntrackCommand, entries: readonly ConntrackView[]): ExitCode {
  needs(command, 'p', 'protonum');
  const hasSides = (command.given.has('s') && command.given.has('d')) || (command.given.has('r') && command.given.has('q'));
  if (!hasSides) throw new UsageProblem("you have to specify `--src' and `--dst'");
  if (entries.length === 0) {
    say(call, "Operation failed: such conntrack doesn't exist");
    return 1;
  }
  return show(call, command, entries.slice(0, 1));
}

/** generic_opt_check: what a command cannot do without. */
function needs(command: ConntrackCommand, letter: string, name: string): void {
  if (!command.given.has(letter)) throw new UsageProblem(`You need to supply the \`--${name}' option for this command`);
}

/** -I: the reply is the answer to the original, unless it is spelt out. */
function create(call: Invocation, command: ConntrackCommand): ExitCode {
  needs(command, 'p', 'protonum');
  needs(command, 't', 'timeout');
  const { values } = command;
  const text = (key: string): string | undefined => values.get(key);
  const number = (key: string): number | undefined => (values.has(key) ? Number(values.get(key)) : undefined);
  const source = text('s') ?? text('q');
  const destination = text('d') ?? text('r');
  if (source === undefined || destination === undefined) throw new UsageProblem("you have to specify `--src' and `--dst'");
  const protocol = protocolNumber(text('p')!);
  const hasPorts = [6, 17, 33, 132, 136].includes(protocol);
  if (hasPorts && (!values.has('--sport') || !values.has('--dport')) && (!values.has('--reply-port-src') || !values.has('--reply-port-dst'))) throw new UsageProblem("you have to specify `--sport' and `--dport'");
  if (protocol === 47) throw new UsageProblem("you have to specify `--srckey' and `--dstkey'");
  const ports = hasPorts ? { sport: number('--sport') ?? number('--reply-port-dst')!, dport: number('--dport') ?? number('--reply-port-src')! } : {};
  const icmp = protocol === 1 || protocol === 58 ? { icmpType: number('--icmp-type') ?? 0, icmpCode: number('--icmp-code') ?? 0, icmpId: number('--icmp-id') ?? 0 } : {};
  const sourceTo = values.has('n') ? translation(text('n')!) : undefined;
  const destinationTo = values.has('g') ? translation(text('g')!) : undefined;
  const addresses = [source, destination, text('r'), text('q'), sourceTo?.address, destinationTo?.address].filter((address) => address !== undefined);
  if (new Set(addresses.map((address) => address.includes(':'))).size > 1) throw new UsageProblem('mismatched address family');
  const statuses = (text('u') ?? '').toUpperCase().split(',');
  const hasReply = values.has('r') && values.has('q') && values.has('s');
  const tcpState = text('--state');
  const made = call.net.netfilter.createConntrack({
    family: source.includes(':') ? 'inet6' : 'inet', protocol, original: { source, destination, ...ports, ...icmp },
    ...(hasReply && icmp.icmpType === undefined ? { reply: { source: text('r')!, destination: text('q')!, ...(hasPorts ? { sport: number('--reply-port-src') ?? ports.dport!, dport: number('--reply-port-dst') ?? ports.sport! } : {}) } } : {}),
    timeoutSeconds: command.timeoutSeconds!, mark: command.mark?.value ?? 0, ...(tcpState === undefined ? {} : { tcpState }), isReplied: statuses.includes('SEEN_REPLY') || statuses.includes('ASSURED'), isAssured: statuses.includes('ASSURED'),
    ...(sourceTo === undefined ? {} : { sourceTo }), ...(destinationTo === undefined ? {} : { destinationTo }),
  });
  if (!made.ok) {
    say(call, `Operation failed: ${made.error === 'EEXIST' ? 'Such conntrack exists, try -U to update' : made.error === 'EPERM' ? 'sorry, you must be root or get CAP_NET_ADMIN capability to do this' : made.error === 'EINVAL' ? 'invalid parameters' : strerror(made.error)}`);
    return 1;
  }
  say(call, '1 flow entries have been created.');
  return 0;
}

function remove(call: Invocation, command: ConntrackCommand, entries: readonly ConntrackView[]): ExitCode {
  for (const entry of entries) {
    call.out(entryText(entry, format(command, false)));
    call.net.netfilter.deleteConntrack(entry.id);
  }
  say(call, `${entries.length} flow entries have been deleted.`);
  return entries.length === 0 ? 1 : 0;
}

function update(call: Invocation, command: ConntrackCommand, entries: readonly ConntrackView[]): ExitCode {
  for (const entry of entries) {
    const mark = command.mark === undefined ? undefined : ((entry.mark & ~command.mark.mask) | (command.mark.value & command.mark.mask)) >>> 0;
    call.net.netfilter.updateConntrack(entry.id, { mark, timeoutSeconds: command.timeoutSeconds });
    const after = call.net.netfilter.conntrack();
    const changed = after.ok ? after.value.find(({ id }) => id === entry.id) : undefined;
    call.out(entryText(changed ?? entry, format(command, false)));
  }
  say(call, `${entries.length} flow entries have been updated.`);
  return entries.length === 0 ? 1 : 0;
}

function statistics(call: Invocation): ExitCode {
  const one = call.net.netfilter.conntrackStatistics();
  const rows = [one, { found: 0, invalid: 0, insert: 0, insertFailed: 0, drop: 0, earlyDrop: 0, error: 0, searchRestart: 0, clashResolve: 0 }];
  for (const [cpu, row] of rows.entries()) {
    call.out(`cpu=${cpu}   \tfound=${row.found} invalid=${row.invalid} insert=${row.insert} insert_failed=${row.insertFailed} drop=${row.drop} early_drop=${row.earlyDrop} error=${row.error} search_restart=${row.searchRestart} clash_resolve=${row.clashResolve} chaintoolong=0 `);
  }
  return 0;
}

/** -E until a signal ends it; every line is written as it comes. */
async function watch(call: Invocation, command: ConntrackCommand): Promise<ExitCode> {
  const subscription = call.net.netfilter.subscribeConntrack();
  if (!subscription.ok) {
    call.err('mnl_socket_bind: Operation not permitted');
    say(call, "Can't open netlink socket");
    return 1;
  }
  let isOver = false;
  let shown = 0;
  for (const signal of ['INT', 'TERM'] as const) call.sys.onSignal(signal, () => { isOver = true; });
  call.buffering('line');
  while (!isOver) {
    for (const event of call.net.netfilter.takeConntrackEvents(subscription.value)) {
      if ((command.events.size > 0 && !command.events.has(event.kind)) || !isMatch(event.entry, command)) continue;
      const nowUs = call.sys.now();
      const stamp = command.output.has('timestamp') ? `[${Math.floor(nowUs / 1_000_000)}.${String(nowUs % 1_000_000).padEnd(6)}]\t` : '';
      call.out(`${stamp}${`[${event.kind}]`.padStart(9)} ${entryText(event.entry, format(command, true))}`);
      shown += 1;
    }
    await call.flush();
    if (isOver) break;
    await call.net.sockets.poll([{ id: subscription.value, read: true }]);
  }
  say(call, `${shown} flow events have been shown.`);
  return 0;
}

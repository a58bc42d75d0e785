/** netstat(8) of net-tools 2.10. Read first: netstat.c, statistics.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { readServices, type Services } from '../../lib/services.ts';
import type { Endpoint } from '../../ports/kernel.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { hostName, printInterfaceTable, printRoutes } from './common.ts';
import { printInterfaces } from './ifconfig.ts';
import { printRoutes6 } from './route6.ts';
import { printStatistics } from './statistics.ts';
import { netstatUsage, writeHelp } from './usage.ts';

export const netstat = defineCommand({
  name: 'netstat',
  summary: 'show connections, routes and interface statistics',
  package: 'net-tools',
  path: '/usr/bin/netstat',
  run: (call) => runNetstat(call),
});

async function runNetstat(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: 'A:CFMacdeghilnNoprstuUSvVWwx64?Z', long: {
    protocol: 'required=A', cache: 'none=C', fib: 'none=F', masquerade: 'none=M', all: 'none=a', continuous: 'none=c', extend: 'none=e', groups: 'none=g',
    help: 'none=h', interfaces: 'none=i', listening: 'none=l', numeric: 'none=n', 'numeric-hosts': 'none', 'numeric-ports': 'none', 'numeric-users': 'none',
    symbolic: 'none=N', timers: 'none=o', programs: 'none=p', route: 'none=r', statistics: 'none=s', tcp: 'none=t', udp: 'none=u', raw: 'none=w', unix: 'none=x',
    inet: 'none=4', inet6: 'none=6', verbose: 'none=v', version: 'none=V', wide: 'none=W', udplite: 'none=U', sctp: 'none=S' } });
  if (options.error !== undefined) {
    call.err(`netstat: ${options.error}`);
    call.writeErr(netstatUsage);
    return 3;
  }
  if (options.has('h') || options.has('?')) {
    writeHelp(call, netstatUsage);
    return 0;
  }
  if (options.has('V')) {
    call.out('net-tools 2.10');
    return 0;
  }
  for (const letter of ['C', 'M', 'Z', 'U', 'S']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
  for (;;) {
    const code = await once(call, options);
    if (!options.has('c') || code !== 0) return code;
    await call.flush();
    await call.sys.sleep(1_000_000);
  }
}

async function once(call: Invocation, options: ParsedOptions): Promise<ExitCode> {
  const isNumeric = options.has('n');
  const isSix = options.has('6') || options.value('A') === 'inet6';
  if (options.has('r')) {
    const extended = options.options.filter((option) => option.name === 'e').length;
    if (isSix) printRoutes6(call, isNumeric);
    else await printRoutes(call, extended === 0 ? 'netstat' : extended === 1 ? 'route' : 'both', isNumeric);
    return 0;
  }
  if (options.has('i')) {
    call.out('Kernel Interface table');
    if (options.has('e')) printInterfaces(call, (link) => options.has('a') || link.isUp);
    else printInterfaceTable(call, 'Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg', options.has('a'));
    return 0;
  }
  if (options.has('s')) return printStatistics(call, { tcp: options.has('t'), udp: options.has('u'), raw: options.has('w') });
  if (options.has('g')) {
    call.out('IPv6/IPv4 Group Memberships\nInterface       RefCnt Group\n--------------- ------ ---------------------');
    for (const family of ['inet', 'inet6']) {
      for (const group of call.net.netlink.multicastGroups()) {
        if (group.family === family) call.out(`${(call.net.netlink.link(group.index)?.name ?? '').padEnd(15)} ${String(group.users).padEnd(6)} ${group.address}`);
      }
    }
    return 0;
  }
  await printSockets(call, options);
  return 0;
}

async function printSockets(call: Invocation, options: ParsedOptions): Promise<void> {
  const chosen = ['t', 'u', 'w', 'x'].filter((letter) => options.has(letter));
  const wants = (letter: string): boolean => chosen.length === 0 || chosen.includes(letter);
  const isAll = options.has('a');
  const isListening = options.has('l');
  const which = isAll ? '(servers and established)' : isListening ? '(only servers)' : '(w/o servers)';
  const hasInet = wants('t') || wants('u') || wants('w');
  const family = options.has('6') || options.value('A') === 'inet6' ? 'inet6' : options.has('4') || options.value('A') === 'inet' ? 'inet' : undefined;
  const services = await readServices(call.sys);
  if (options.has('p') && call.sys.uid !== 0 && hasInet) {
    call.err('(Not all processes could be identified, non-owned process info\n will not be shown, you would have to be root to see it all.)');
  }
  if (hasInet) {
    call.out(`Active Internet connections ${which}`);
    const columns = [`Proto Recv-Q Send-Q ${'Local Address'.padEnd(23)} ${'Foreign Address'.padEnd(23)} ${'State'.padEnd(11)}`];
    if (options.has('e')) columns.push('User       Inode     ');
    if (options.has('p')) columns.push('PID/Program name    ');
    if (options.has('o')) columns.push('Timer');
    call.out(columns.join(' '));
    for (const kind of ['tcp', 'udp', 'raw'] as const) {
      if (!wants(kind === 'tcp' ? 't' : kind === 'udp' ? 'u' : 'w')) continue;
      for (const socketFamily of ['inet', 'inet6'] as const) {
        if (family !== undefined && family !== socketFamily) continue;
        await printKind(call, options, kind, socketFamily, { isAll, isListening, services });
      }
    }
  }
  if (chosen.length === 0 ? family === undefined : chosen.includes('x')) {
    call.out(`Active UNIX domain sockets ${which}`);
    call.out(`Proto RefCnt Flags       Type       State         I-Node  ${options.has('p') ? ' PID/Program name    ' : ''} Path`);
  }
}

const stateNames: Readonly<Record<string, string>> = {
  ESTAB: 'ESTABLISHED', ESTABLISHED: 'ESTABLISHED', 'SYN-SENT': 'SYN_SENT', 'SYN-RECV': 'SYN_RECV', 'FIN-WAIT-1': 'FIN_WAIT1', 'FIN-WAIT-2': 'FIN_WAIT2',
  'TIME-WAIT': 'TIME_WAIT', CLOSE: 'CLOSE', 'CLOSE-WAIT': 'CLOSE_WAIT', 'LAST-ACK': 'LAST_ACK', LISTEN: 'LISTEN', CLOSING: 'CLOSING', UNCONN: '',
};

async function printKind(call: Invocation, options: ParsedOptions, kind: 'tcp' | 'udp' | 'raw', family: 'inet' | 'inet6', mode: { isAll: boolean; isListening: boolean; services: Services }): Promise<void> {
  const sockets = call.net.sockets.sockets().filter((socket) => socket.type === kind && socket.family === family);
  const isServer = (socket: (typeof sockets)[number]): boolean => socket.state === 'LISTEN' || (kind !== 'tcp' && socket.remote.port === 0);
  if (kind === 'tcp') sockets.sort((left, right) => Number(right.state === 'LISTEN') - Number(left.state === 'LISTEN'));
  for (const socket of sockets) {
    if (!mode.isAll && isServer(socket) !== mode.isListening) continue;
    const side = async (end: Endpoint): Promise<string> => {
      const any = end.address === '0.0.0.0' || end.address === '::';
      const isNumeric = options.has('n') || options.has('numeric-hosts');
      const host = any ? end.address : await hostName(call, end.address, isNumeric);
      const port = end.port === 0 ? '*' : (options.has('n') || options.has('numeric-ports') ? undefined : mode.services.name(end.port, kind === 'udp' ? 'udp' : 'tcp')) ?? String(end.port);
      const width = 23 - port.length - 1;
      return `${(options.has('W') ? host : host.slice(0, width))}:${port}`.padEnd(23);
    };
    const state = kind === 'tcp' || socket.state !== 'UNCONN' ? stateNames[socket.state] ?? socket.state : '';
    const protocol = `${kind}${family === 'inet6' ? '6' : ''}`;
    const cells = [`${protocol.padEnd(4)}  ${String(socket.receiveQueue).padStart(6)} ${String(socket.sendQueue).padStart(6)} ${await side(socket.local)} ${await side(socket.remote)} ${state.padEnd(11)}`];
    if (options.has('e')) {
      const user = options.has('n') || options.has('numeric-users') ? undefined : call.sys.machine.users().find((each) => each.uid === socket.uid)?.name;
      cells.push(`${(user ?? String(socket.uid)).padEnd(10)} ${String(socket.inode).padEnd(10)}`);
    }
    if (options.has('p')) cells.push((socket.process === undefined ? '-' : `${socket.process.pid}/${socket.process.name}`).slice(0, 19).padEnd(20));
    if (options.has('o')) cells.push(socket.timer === undefined ? 'off (0.00/0/0)' : `${socket.timer.name} (${(socket.timer.inMs / 1000).toFixed(2)}/${socket.timer.retransmits}/0)`);
    call.out(cells.join(' '));
  }
}

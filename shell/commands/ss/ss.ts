/** ss(8) of iproute2 6.1.0. Read first: misc/ss.c (columns, render, ssfilter). */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { nameOfAddress } from '../../lib/resolve.ts';
import { readServices, type Services } from '../../lib/services.ts';
import type { SocketView } from '../../ports/kernel.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { parseFilter, type Filter } from './filter.ts';
import { Table } from './table.ts';
import { usage } from './usage.ts';

/** What -A may name. */
const tables = ['tcp', 'udp', 'raw', 'mptcp', 'unix', 'unix_dgram', 'unix_stream', 'unix_seqpacket', 'packet', 'packet_raw', 'packet_dgram', 'netlink', 'dccp', 'sctp', 'vsock_stream', 'vsock_dgram', 'tipc', 'xdp'];

export const ss = defineCommand({
  name: 'ss',
  summary: 'show sockets',
  package: 'iproute2',
  path: '/usr/bin/ss',
  run: (call) => runSs(call),
});

type Socket = SocketView & { readonly process: { pid: number; name: string; fd: number } | undefined };

async function runSs(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: '+dhaletuwxnro460spTbEf:mMiA:D:F:vVzZN:KHSO', long: {
    numeric: 'none=n', resolve: 'none=r', options: 'none=o', extended: 'none=e', memory: 'none=m', info: 'none=i', processes: 'none=p', summary: 'none=s', tcp: 'none=t',
    udp: 'none=u', raw: 'none=w', unix: 'none=x', all: 'none=a', listening: 'none=l', ipv4: 'none=4', ipv6: 'none=6', packet: 'none=0', family: 'required=f',
    version: 'none=V', help: 'none=h', 'no-header': 'none=H', oneline: 'none=O', bpf: 'none=b', events: 'none=E', kill: 'none=K', net: 'required=N', dccp: 'none=d',
    sctp: 'none=S', vsock: 'none', xdp: 'none', tos: 'none', cgroup: 'none', context: 'none=Z', query: 'required=A', socket: 'required=A', filter: 'required=F', threads: 'none=T', inet: 'none', mptcp: 'none=M', tipcinfo: 'none' } });
  if (options.error !== undefined) {
    call.err(`ss: ${options.error}`);
    call.writeErr(usage);
    return 255;
  }
  if (options.has('h')) {
    call.write(usage);
    return 0;
  }
  if (options.has('V') || options.has('v')) {
    call.out('ss utility, iproute2-6.1.0');
    return 0;
  }
  if (options.has('Z') || options.has('z')) {
    call.err('ss: SELinux is not enabled.');
    return 1;
  }
  for (const letter of ['b', 'E', 'K', 'N', 'd', 'S', 'F', 'D', 'T', 'M', '0', 'm', 'vsock', 'xdp', 'tos', 'cgroup', 'tipcinfo']) {
    if (options.has(letter)) return notSimulated(call, `option ${options.options.find((option) => option.name === letter)!.typed}`);
  }
  const misuse = (problem: string): ExitCode => {
    call.err(`ss: ${problem}`);
    call.writeErr(usage);
    return 255;
  };
  const typedFamily = options.value('f');
  if (typedFamily !== undefined && !['inet', 'inet6', 'link', 'unix', 'netlink', 'vsock', 'tipc', 'xdp'].includes(typedFamily)) return misuse(`"${typedFamily}" is invalid family`);
  if (options.has('s')) return summary(call);
  const kinds = new Set<string>();
  if (options.has('t')) kinds.add('tcp');
  if (options.has('u')) kinds.add('udp');
  if (options.has('w')) kinds.add('raw');
  if (options.has('x')) kinds.add('unix');
  for (const query of options.values('A')) {
    for (const name of query.split(',')) {
      if (name === 'inet' || name === 'all') for (const each of ['tcp', 'udp', 'raw']) kinds.add(each);
      else if (!tables.includes(name)) return misuse(`"${name}" is illegal socket table id`);
      else kinds.add(name);
    }
  }
  const isEverything = kinds.size === 0;
  if (isEverything) for (const each of ['udp', 'raw', 'tcp']) kinds.add(each);
  const parsed = parseFilter(options.operands);
  if (typeof parsed === 'string') {
    call.err(parsed);
    if (parsed.startsWith('ss: bison')) call.writeErr(usage);
    return parsed.startsWith('Error:') ? 1 : 255;
  }
  const states = statesWanted(parsed, options.has('a'), options.has('l'));
  const family = options.has('4') || options.value('f') === 'inet' ? 'inet' : options.has('6') || options.value('f') === 'inet6' ? 'inet6' : undefined;
  const services = await readServices(call.sys);
  const ports = { number: (name: string) => services.port(name, 'tcp') };
  const sockets: Socket[] = [];
  for (const kind of ['ping', 'raw', 'udp', 'tcp']) {
    if (!kinds.has(kind) && !(kind === 'ping' && isEverything)) continue;
    for (const socket of call.net.sockets.sockets()) {
      if (socket.type !== kind || (family !== undefined && socket.family !== family)) continue;
      if (states.has(stateOf(socket)) && parsed.accepts(socket, ports)) sockets.push(socket);
    }
  }
  const table = new Table({ netid: kinds.size > 1, state: states.size > 1, header: !options.has('H') });
  for (const socket of sockets) {
    const [localHost, localPort] = await side(call, socket.local, socket, services, options.has('n'), options.has('r'));
    const [remoteHost, remotePort] = await side(call, socket.remote, socket, services, options.has('n'), options.has('r'), true);
    table.row([
      socket.type === 'ping' ? 'icmp' : socket.type, stateOf(socket), String(socket.state === 'LISTEN' ? socket.receiveQueue : socket.receiveQueue).padEnd(6),
      String(socket.state === 'LISTEN' ? socket.backlog ?? 0 : socket.sendQueue).padEnd(6), localHost, localPort, remoteHost, remotePort, extras(socket, (letter) => options.has(letter)),
    ]);
  }
  const size = call.stdoutIsTerminal ? call.sys.windowSize(1) : undefined;
  call.write(table.render(size?.ok === true && !options.has('O') ? size.value.columns : undefined));
  return 0;
}

/** As ss names it: ESTAB, UNCONN. */
export function stateOf(socket: SocketView): string {
  if (socket.state === 'ESTABLISHED') return 'ESTAB';
  if (socket.state === 'CLOSE') return 'UNCONN';
  return socket.state;
}

function statesWanted(filter: Filter, isAll: boolean, isListening: boolean): Set<string> {
  const every = ['ESTAB', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'UNCONN', 'CLOSE-WAIT', 'LAST-ACK', 'LISTEN', 'CLOSING'];
  if (filter.states !== undefined) return new Set(filter.states);
  if (isAll) return new Set(every);
  if (isListening) return new Set(['LISTEN', 'UNCONN']);
  return new Set(every.filter((state) => state !== 'LISTEN' && state !== 'UNCONN' && state !== 'TIME-WAIT' && state !== 'SYN-RECV'));
}

async function side(call: Invocation, end: { address: string; port: number }, socket: SocketView, services: Services, isNumeric: boolean, isResolving: boolean, isPeer = false): Promise<[host: string, port: string]> {
  const isAny = end.address === '0.0.0.0' || end.address === '::';
  let host = end.address;
  if (isResolving && !isAny) host = (await nameOfAddress(call.sys, host)) ?? host;
  if (host.includes(':')) host = `[${host}]`;
  if (!isPeer && socket.device !== undefined) host += `%${socket.device}`;
  const name = isNumeric || socket.type === 'raw' || socket.type === 'ping' ? undefined : services.name(end.port, socket.type === 'udp' ? 'udp' : 'tcp');
  return [`${host}:`, end.port === 0 ? '*' : name ?? String(end.port)];
}

function extras(socket: Socket, has: (letter: string) => boolean): string {
  let text = '';
  if (has('p') && socket.process !== undefined) text += ` users:(("${socket.process.name}",pid=${socket.process.pid},fd=${socket.process.fd}))`;
  if (has('o') && socket.timer !== undefined) text += ` timer:(${socket.timer.name},${duration(socket.timer.inMs)},${socket.timer.retransmits})`;
  if (has('e')) text += `${socket.uid === 0 ? '' : ` uid:${socket.uid}`} ino:${socket.inode} sk:${socket.id.toString(16)} <->`;
  if (has('i') && socket.tcp !== undefined && socket.state !== 'LISTEN') {
    const { tcp } = socket;
    const parts = ['cubic', `wscale:${tcp.windowScale[0]},${tcp.windowScale[1]}`, `rto:${tcp.rtoMs}`, ...(tcp.rttMs > 0 ? [`rtt:${trimmed(tcp.rttMs)}/${trimmed(tcp.rttVarMs)}`] : []), `mss:${tcp.mss}`, `cwnd:${tcp.cwnd}`,
      ...(tcp.bytesSent > 0 ? [`bytes_sent:${tcp.bytesSent}`] : []), ...(tcp.retransmits > 0 ? [`retrans:0/${tcp.retransmits}`] : []), ...(tcp.bytesAcked > 0 ? [`bytes_acked:${tcp.bytesAcked}`] : []),
      ...(tcp.bytesReceived > 0 ? [`bytes_received:${tcp.bytesReceived}`] : []), `segs_out:${tcp.segsOut}`, `segs_in:${tcp.segsIn}`];
    text += `\n\t ${parts.join(' ')}`;
  }
  return text;
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** print_ms_timer(). */
function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.floor((ms % 60_000) / 1000);
  const rest = ms % 1000;
  let text = minutes > 0 ? `${minutes}min` : '';
  if (seconds > 0) text += `${minutes === 0 && rest > 0 && seconds < 10 ? `${seconds}.` : `${seconds}sec`}`;
  if (rest > 0 && minutes === 0 && seconds < 10) text += `${seconds > 0 ? String(rest).padStart(3, '0') : rest}ms`;
  return text === '' ? '0' : text;
}

function summary(call: Invocation): ExitCode {
  const sockets = call.net.sockets.sockets();
  const count = (accepts: (socket: SocketView) => boolean): number => sockets.filter(accepts).length;
  const tcp = count((socket) => socket.type === 'tcp');
  const timeWait = count((socket) => socket.state === 'TIME-WAIT');
  const established = count((socket) => socket.type === 'tcp' && stateOf(socket) === 'ESTAB');
  const closed = count((socket) => socket.type === 'tcp' && socket.state === 'CLOSE') + timeWait;
  call.out(`Total: ${sockets.length}`);
  call.out(`TCP:   ${tcp} (estab ${established}, closed ${closed}, orphaned 0, timewait ${timeWait})`);
  call.out('');
  call.out('Transport Total     IP        IPv6');
  const line = (name: string, type: string): [number, number] => {
    const four = count((socket) => socket.type === type && socket.family === 'inet' && !(type === 'tcp' && (socket.state === 'TIME-WAIT' || socket.state === 'CLOSE')));
    const six = count((socket) => socket.type === type && socket.family === 'inet6' && !(type === 'tcp' && (socket.state === 'TIME-WAIT' || socket.state === 'CLOSE')));
    call.out(`${name}\t  ${String(four + six).padEnd(9)} ${String(four).padEnd(9)} ${String(six).padEnd(9)}`);
    return [four, six];
  };
  const all = [line('RAW', 'raw'), line('UDP', 'udp'), line('TCP', 'tcp')];
  const four = all.reduce((sum, each) => sum + each[0], 0);
  const six = all.reduce((sum, each) => sum + each[1], 0);
  call.out(`INET\t  ${String(four + six).padEnd(9)} ${String(four).padEnd(9)} ${String(six).padEnd(9)}`);
  call.out(`FRAG\t  ${'0'.padEnd(9)} ${'0'.padEnd(9)} ${'0'.padEnd(9)}`);
  call.out('');
  return 0;
}

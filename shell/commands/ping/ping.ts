/** ping of iputils 20221126, over ping sockets where the kernel grants them, else over raw ones. Read first: ping(8), icmp(7). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { literalAddress, nameOfAddress, resolveHost, type HostAddress } from '../../lib/resolve.ts';
import type { Datagram, Endpoint, SocketErrorReport, SocketId } from '../../ports/kernel.ts';
import type { Result } from '../../ports/result.ts';
import { bytes as wire, icmp, icmp6, ip4, ipv4 } from '../../ports/wire.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { icmp6Text, icmpText, tripText } from './messages.ts';
import { parsePing, USAGE, type PingOptions } from './options.ts';
import { PingStatistics } from './statistics.ts';

export const ping = defineCommand({
  name: 'ping',
  aliases: ['ping4', 'ping6'],
  summary: 'send ICMP ECHO_REQUEST to network hosts',
  package: 'iputils-ping',
  async run(call) {
    const parsed = parsePing(call.name, call.args, call.sys.realUid);
    if (parsed.ok) return pingTarget(call, parsed.options);
    switch (parsed.reason) {
      case 'unsupported':
        return notSimulated(call, parsed.message);
      case 'version':
        call.out('ping from iputils 20221126');
        call.out('libcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes');
        return 0;
      case 'usage':
        if (parsed.message !== '') call.err(`ping: ${parsed.message}`);
        call.err(USAGE);
        return parsed.exit;
      case 'error':
        call.err(`ping: ${parsed.message}`);
        return parsed.exit;
    }
  },
});

function fail(call: Invocation, message: string): ExitCode {
  call.err(`ping: ${message}`);
  return 2;
}

async function pingTarget(call: Invocation, options: PingOptions): Promise<ExitCode> {
  if (options.pattern !== undefined && !options.isQuiet) {
    call.out(`PATTERN: 0x${options.pattern.map((byte) => wire.hexByte(byte)).join('')}`);
  }
  const [host = '', zone] = options.target.split('%');
  const resolved = await resolveHost(call.sys, host, options.family);
  if (!resolved.ok) return fail(call, `${options.target}: ${resolved.error}`);
  for (const [index, address] of resolved.addresses.entries()) {
    const isLast = index === resolved.addresses.length - 1;
    const code = await pingAddress(call, { ...options, device: options.device ?? zone }, address, isLast);
    if (code !== 'next') return code;
  }
  return 2;
}

interface Session {
  readonly call: Invocation;
  readonly options: PingOptions;
  readonly socket: SocketId;
  readonly isRaw: boolean;
  readonly identifier: number;
  readonly to: Endpoint;
  readonly isIp6: boolean;
  readonly isNumeric: boolean;
  readonly data: Uint8Array;
  readonly names: Map<string, string | undefined>;
  readonly statistics: PingStatistics;
  /** When each request left, by its 16-bit number: what the first bytes of its data say. */
  readonly sentUs: Map<number, number>;
  lastRoute: string;
}

/** 'next' when the address cannot be reached and there is another one. */
async function pingAddress(call: Invocation, options: PingOptions, to: HostAddress, isLast: boolean): Promise<ExitCode | 'next'> {
  const isIp6 = to.family === 'inet6';
  const { sockets } = call.net;
  const opened = openSocket(call, options, to);
  if (!opened.ok) return fail(call, `socket: ${strerror(opened.error)}`);
  const { socket, isRaw } = opened.value;
  const source = await sourceAddress(call, options, to);
  if (!source.ok) {
    const isUnreachable = source.error === 'EHOSTUNREACH' || source.error === 'ENETUNREACH';
    if (isUnreachable && !isLast) return 'next';
    if (source.error === 'EACCES') return fail(call, 'Do you want to ping broadcast? Then -b. If not, check your local firewall rules');
    return fail(call, source.message ?? `connect: ${strerror(source.error)}`);
  }
  if (options.source === undefined && options.device !== undefined && !isAddressOf(call, options.device, to.family, source.value)) call.err(`ping: Warning: source address might be selected on device other than: ${options.device}`);
  if (options.isBroadcast && isBroadcastAddress(call, to)) call.err('WARNING: pinging broadcast address');
  const configured = configure(call, socket, options, isIp6, isRaw, source.value);
  if (configured !== undefined) return fail(call, configured);
  const isLiteral = literalAddress(options.target.split('%')[0]!) !== undefined;
  const session: Session = {
    call, options, socket, isRaw, isIp6, identifier: options.identifier ?? call.sys.random(65536), to: { address: to.address === '0.0.0.0' ? source.value : to.address, port: 0 },
    isNumeric: options.isNumeric || isLiteral, data: padding(options), names: new Map(), statistics: new PingStatistics(), sentUs: new Map(), lastRoute: '',
  };
  printHeader(session, source.value);
  const code = await mainLoop(session);
  sockets.close(socket);
  return code;
}

/** Record route needs the IP header of replies, which only a raw socket shows; identifier 0 is none to a ping socket. */
function openSocket(call: Invocation, options: PingOptions, to: HostAddress): Result<{ socket: SocketId; isRaw: boolean }> {
  const { sockets } = call.net;
  if (!options.recordsRoute && options.identifier !== 0) {
    const datagram = sockets.open({ type: 'ping', family: to.family });
    if (datagram.ok) return { ok: true, value: { socket: datagram.value, isRaw: false } };
  }
  const raw = sockets.open({ type: 'raw', family: to.family, protocol: to.family === 'inet6' ? 58 : 1 });
  return raw.ok ? { ok: true, value: { socket: raw.value, isRaw: true } } : raw;
}

/** As a UDP socket connected to port 1025 would choose it. */
async function sourceAddress(call: Invocation, options: PingOptions, to: HostAddress): Promise<Result<string>> {
  if (options.source !== undefined) return { ok: true, value: options.source };
  const { sockets } = call.net;
  const probe = sockets.open({ type: 'udp', family: to.family });
  if (!probe.ok) return probe;
  try {
    if (options.device !== undefined) {
      const bound = sockets.bindDevice(probe.value, options.device);
      if (!bound.ok) return { ok: false, error: bound.error, message: `SO_BINDTODEVICE ${options.device}: ${strerror(bound.error)}` };
    }
    if (options.mark !== undefined) sockets.setOptions(probe.value, { mark: options.mark });
    if (options.isBroadcast) sockets.setOptions(probe.value, { broadcast: true });
    const connected = await sockets.connect(probe.value, { address: to.address, port: 1025 });
    if (!connected.ok) return connected;
    return { ok: true, value: sockets.local(probe.value)?.address ?? to.address };
  } finally {
    sockets.close(probe.value);
  }
}

function isAddressOf(call: Invocation, device: string, family: 'inet' | 'inet6', address: string): boolean {
  const { netlink } = call.net;
  const index = netlink.links().find(({ name }) => name === device)?.index;
  return netlink.addresses(family).some((one) => one.index === index && one.address === address);
}

function isBroadcastAddress(call: Invocation, to: HostAddress): boolean {
  if (to.family !== 'inet') return false;
  const route = call.net.netlink.lookupRoute({ family: 'inet', to: to.address });
  return to.address === '255.255.255.255' || (route.ok && route.value.isBroadcast);
}

/** Answers a complaint, or undefined. */
function configure(call: Invocation, socket: SocketId, options: PingOptions, isIp6: boolean, isRaw: boolean, source: string): string | undefined {
  const { sockets } = call.net;
  if (options.device !== undefined) {
    const bound = sockets.bindDevice(socket, options.device);
    if (!bound.ok) return `SO_BINDTODEVICE ${options.device}: ${strerror(bound.error)}`;
  }
  if (options.source !== undefined || options.identifier !== undefined) {
    const bound = sockets.bind(socket, { address: source, port: isRaw ? 0 : (options.identifier ?? 0) });
    if (!bound.ok) return `bind${isIp6 ? ' icmp socket' : ''}: ${strerror(bound.error)}`;
  }
  sockets.setOptions(socket, { receiveError: true });
  if (options.pathMtu !== undefined) sockets.setOptions(socket, { pathMtuDiscovery: options.pathMtu });
  if (options.timeToLive !== undefined) sockets.setOptions(socket, { ttl: options.timeToLive, multicastTtl: options.timeToLive });
  if (options.typeOfService !== 0) sockets.setOptions(socket, { tos: options.typeOfService });
  if (options.mark !== undefined) sockets.setOptions(socket, { mark: options.mark });
  if (options.isBroadcast) sockets.setOptions(socket, { broadcast: true });
  if (options.recordsRoute) sockets.setOptions(socket, { ipOptions: Uint8Array.from([1, 7, 39, 4, ...new Array<number>(36).fill(0)]) });
  return undefined;
}

function padding(options: PingOptions): Uint8Array {
  const { pattern, dataLength } = options;
  return Uint8Array.from({ length: dataLength }, (_, index) => (pattern === undefined || pattern.length === 0 ? index : pattern[index % pattern.length]!));
}

function printHeader(session: Session, source: string): void {
  const { call, options, isIp6, to } = session;
  const { dataLength } = options;
  const zone = options.target.includes('%') ? `%${options.device ?? ''}` : '';
  const from = (options.device !== undefined && zone === '') || options.source !== undefined ? `from ${source} ${options.device ?? ''}: ` : '';
  if (isIp6) {
    call.out(`PING ${options.target}(${to.address}${zone}) ${from}${dataLength} data bytes`);
    return;
  }
  const optionLength = options.recordsRoute ? 40 : 0;
  call.out(`PING ${options.target} (${to.address}) ${from}${dataLength}(${dataLength + 8 + optionLength + 20}) bytes of data.`);
}

const FLOOD_GAP_US = 10_000;

async function mainLoop(session: Session): Promise<ExitCode> {
  const { call, options, statistics } = session;
  const { sys } = call;
  let isExiting = false;
  sys.onSignal('INT', () => (isExiting = true));
  sys.onSignal('QUIT', () => call.err(statistics.status()));
  const startUs = sys.monotonicUs();
  let lastSentUs = startUs;
  let nextUs = startUs;
  let credit = options.preload - 1;
  let intervalUs = options.intervalMs * 1000;
  let exitAtUs = options.deadlineS > 0 ? startUs + options.deadlineS * 1e6 : Infinity;
  let isLingering = false;
  const hasMore = (): boolean => statistics.transmitted < options.count || options.deadlineS > 0;
  for (;;) {
    if (isExiting || statistics.received + statistics.errors >= options.count) break;
    if (options.deadlineS > 0 && statistics.errors > 0) break;
    let nowUs = sys.monotonicUs();
    if (nowUs >= exitAtUs) break;
    if (hasMore() && (nowUs >= nextUs || credit > 0)) {
      if (nowUs < nextUs) credit -= 1;
      if (options.reportsOutstanding && statistics.transmitted > 0 && !statistics.wasReceived(statistics.transmitted)) {
        printTime(session);
        call.out(`no answer yet for icmp_seq=${statistics.transmitted % 65536}`);
        await call.flush();
      }
      lastSentUs = sys.monotonicUs();
      await sendProbe(session);
      nextUs = lastSentUs + (intervalUs === 0 ? FLOOD_GAP_US : intervalUs);
      continue;
    }
    if (!hasMore() && !isLingering) {
      isLingering = true;
      const waitUs = statistics.received > 0 ? Math.max(2 * statistics.maxUs, options.intervalMs * 1000) : options.lingerMs * 1000;
      exitAtUs = Math.min(exitAtUs, nowUs + waitUs);
    }
    nowUs = sys.monotonicUs();
    const untilUs = Math.min(hasMore() ? nextUs : Infinity, exitAtUs);
    const before = statistics.received;
    await receive(session, Math.max(0, untilUs - nowUs));
    if (statistics.received > before) {
      if (options.isAdaptive) intervalUs = Math.max(session.call.sys.realUid === 0 ? 0 : 2000, Math.floor((statistics.averageUs8 / 8 + 500) / 1000) * 1000);
      if ((intervalUs === 0 || options.isAdaptive) && statistics.inFlight < options.preload) nextUs = Math.min(nextUs, lastSentUs + intervalUs);
    }
  }
  call.write(statistics.summary(options.target, lastSentUs - startUs, options.dataLength >= 16, intervalUs === 0 || options.isFlood || options.isAdaptive));
  await call.flush();
  const isIncomplete = options.deadlineS > 0 && options.count !== Infinity && statistics.received < options.count;
  return statistics.received === 0 || isIncomplete ? 1 : 0;
}

async function sendProbe(session: Session): Promise<void> {
  const { call, options, statistics, isIp6, to } = session;
  const sequence = (statistics.transmitted + 1) & 0xffff;
  const data = session.data.slice();
  const nowUs = call.sys.now();
  if (data.length >= 16) stamp(data, nowUs);
  session.sentUs.set(sequence, nowUs);
  const type = isIp6 ? icmp6.ECHO_REQUEST : icmp.ECHO_REQUEST;
  const message = icmp.emit({ type, code: 0, rest: icmp.echoRest(session.isRaw ? session.identifier : 0, sequence), payload: data });
  const sent = await call.net.sockets.send(session.socket, message, to);
  statistics.advance();
  if (sent.ok) {
    if (options.isFlood && !options.isQuiet) {
      call.write('.');
      await call.flush();
    }
    return;
  }
  if (sent.error === 'EPERM') {
    // A firewall's DROP leaves the error queue empty, which ping takes for a reason to be silent; REJECT's ICMP error has come before sendmsg returns.
    await call.sys.sleep(SOFTIRQ_US);
    if (!(await takeErrorReports(session)) || options.isQuiet) return;
  } else if ((await takeErrorReports(session)) || options.isQuiet) return;
  if (options.isFlood) call.write('E');
  else call.err(`ping: sendmsg: ${strerror(sent.error)}`);
}

/** Time for what this machine sends itself to come back. */
const SOFTIRQ_US = 100;

/** A struct timeval of x86-64. */
function stamp(data: Uint8Array, nowUs: number): void {
  const view = new DataView(data.buffer, data.byteOffset);
  view.setBigUint64(0, BigInt(Math.floor(nowUs / 1e6)), true);
  view.setBigUint64(8, BigInt(nowUs % 1e6), true);
}

/** Waits for something to come, then takes all that is there. */
async function receive(session: Session, timeoutUs: number): Promise<void> {
  const { sockets } = session.call.net;
  const polled = await sockets.poll([{ id: session.socket, read: true }], [], Math.min(timeoutUs, 3_600_000_000));
  if (!polled.ok || polled.value.sockets.length === 0) return;
  for (;;) {
    const { readable, errorQueue } = sockets.readiness(session.socket);
    if (errorQueue) await takeErrorReports(session);
    if (readable) {
      const got = await sockets.receiveDatagram(session.socket, 0);
      if (got.ok) await takeReply(session, got.value);
      else if (got.error === 'EINTR') return;
      else await takeErrorReports(session);
    }
    if (!readable && !errorQueue) break;
    if (session.statistics.inFlight === 0) break;
  }
  sockets.takeError(session.socket);
}

async function takeErrorReports(session: Session): Promise<boolean> {
  let hadOne = false;
  for (;;) {
    const report = session.call.net.sockets.receiveErrorReport(session.socket);
    if (!report.ok) return hadOne;
    hadOne = true;
    await takeErrorReport(session, report.value);
  }
}

async function takeErrorReport(session: Session, report: SocketErrorReport): Promise<void> {
  const { call, options, statistics, isIp6 } = session;
  if (report.origin === 'local') {
    if (options.isQuiet) return;
    statistics.errors += 1;
    if (options.isFlood) call.write('E');
    else call.err(`ping: local error: ${report.error === 'EMSGSIZE' ? `message too long, mtu${isIp6 ? ': ' : '='}${report.info}` : strerror(report.error)}`);
    return;
  }
  if (session.isRaw && wire.get16(report.bytes, 4) !== session.identifier) return;
  const sequence = wire.get16(report.bytes, 6);
  statistics.acknowledge(sequence);
  statistics.errors += 1;
  if (options.isQuiet) return;
  if (options.isFlood) {
    call.write('\bE');
  } else {
    printTime(session);
    const text = isIp6 ? icmp6Text(report.type, report.code, report.info) : icmpText(report.type, report.code, report.info);
    call.out(`From ${await nameText(session, report.offender ?? '')} icmp_seq=${sequence} ${text}`);
  }
  await call.flush();
}

function printTime(session: Session): void {
  if (!session.options.printsTime) return;
  const nowUs = session.call.sys.now();
  session.call.write(`[${Math.floor(nowUs / 1e6)}.${String(nowUs % 1e6).padStart(6, '0')}] `);
}

/** `name (address)` where a name is known and wanted. */
async function nameText(session: Session, address: string): Promise<string> {
  if (session.isNumeric) return address;
  if (!session.names.has(address)) session.names.set(address, await nameOfAddress(session.call.sys, address));
  const name = session.names.get(address);
  return name === undefined ? address : `${name} (${address})`;
}

/** A link-local address says on which link. */
function zoneOf({ call, isIp6 }: Session, { from, device }: Datagram): string {
  if (!isIp6 || from === undefined || !/^fe[89ab]/.test(from.address)) return '';
  const name = call.net.netlink.links().find(({ index }) => index === device)?.name;
  return name === undefined ? '' : `%${name}`;
}

async function takeReply(session: Session, datagram: Datagram): Promise<void> {
  const { call, options, statistics, isIp6 } = session;
  const hasHeader = session.isRaw && !isIp6;
  const at = hasHeader ? ipv4.headerLength(datagram.bytes, 0) : 0;
  const message = icmp.parse(datagram.bytes, at);
  if (typeof message === 'string' || message.type !== (isIp6 ? icmp6.ECHO_REPLY : icmp.ECHO_REPLY)) return;
  if (session.isRaw && message.rest >>> 16 !== session.identifier) return;
  const sequence = message.rest & 0xffff;
  const sentUs = session.sentUs.get(sequence);
  const isTimed = options.dataLength >= 16 && message.payload.length >= 16 && sentUs !== undefined;
  const tripUs = isTimed ? Math.max(0, datagram.receivedAtUs - sentUs) : undefined;
  const isDuplicate = statistics.reply(sequence, tripUs);
  if (options.isQuiet) return;
  if (options.isFlood) {
    call.write('\b \b');
    return call.flush();
  }
  const from = `${await nameText(session, datagram.from?.address ?? session.to.address)}${zoneOf(session, datagram)}`;
  const timeToLive = hasHeader ? ipv4.timeToLive(datagram.bytes, 0) : datagram.ttl;
  printTime(session);
  let line = `${message.payload.length + 8} bytes from ${from}: icmp_seq=${sequence}`;
  if (options.isVerbose && (session.isRaw || options.identifier !== undefined)) line += ` ident=${session.identifier}`;
  if (timeToLive !== undefined) line += ` ttl=${timeToLive}`;
  if (message.payload.length < options.dataLength) line += ' (truncated)';
  else if (tripUs !== undefined) line += ` time=${tripText(tripUs)} ms`;
  if (isDuplicate) line += ' (DUP!)';
  if (options.isAudible) line += '\x07';
  if (hasHeader) line += await routeText(session, datagram.bytes.subarray(ipv4.MIN_HEADER_LENGTH, at));
  call.out(line);
  await call.flush();
}

/** The recorded route, one address a line; the same one again is only mentioned. */
async function routeText(session: Session, options: Uint8Array): Promise<string> {
  let text = '';
  for (let at = 0; at < options.length && options[at] !== 0; ) {
    if (options[at] === 1) {
      text += '\nNOP';
      at += 1;
      continue;
    }
    const length = wire.get8(options, at + 1);
    if (length < 2 || at + length > options.length) break;
    const used = Math.min(wire.get8(options, at + 2), length) - 4;
    if (options[at] === 7 && used > 0) {
      const route = wire.hex(options, at + 3, at + 3 + used);
      if (route === session.lastRoute) {
        text += '\t(same route)';
      } else {
        session.lastRoute = route;
        text += '\nRR: ';
        for (let entry = at + 3; entry < at + 3 + used; entry += 4) text += `\t${await nameText(session, ip4.formatIp4(wire.get32(options, entry)))}\n`;
      }
    }
    at += length;
  }
  return text;
}

/** nc(1): netcat-openbsd 1.219, Debian patch level 1. Read first: netcat.c (main, readwrite, connect loop). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { literalAddress, nameOfAddress, resolveHost } from '../../lib/resolve.ts';
import { readServices } from '../../lib/services.ts';
import type { Family, SocketId } from '../../ports/kernel.ts';
import type { Errno } from '../../ports/result.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const nc = defineCommand({
  name: 'nc', aliases: ['netcat'], summary: 'read and write network connections', package: 'netcat-openbsd',
  run: (call) => runNc(call),
});

const usage = `usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
	  [-m minttl] [-O length] [-P proxy_username] [-p source_port]
	  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]
	  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]
	  [destination] [port]
`;
const summary = `	Command Summary:
		-4		Use IPv4
		-6		Use IPv6
		-b		Allow broadcast
		-C		Send CRLF as line-ending
		-D		Enable the debug socket option
		-d		Detach from stdin
		-F		Pass socket fd
		-h		This help text
		-I length	TCP receive buffer length
		-i interval	Delay interval for lines sent, ports scanned
		-k		Keep inbound sockets open for multiple connects
		-l		Listen mode, for inbound connects
		-M ttl		Outgoing TTL / Hop Limit
		-m minttl	Minimum incoming TTL / Hop Limit
		-N		Shutdown the network socket after EOF on stdin
		-n		Suppress name/port resolutions
		-O length	TCP send buffer length
		-P proxyuser	Username for proxy authentication
		-p port		Specify local port for remote connects
		-q secs		quit after EOF on stdin and delay of secs
		-r		Randomize remote ports
		-S		Enable the TCP MD5 signature option
		-s sourceaddr	Local source address
		-T keyword	TOS value
		-t		Answer TELNET negotiation
		-U		Use UNIX domain socket
		-u		UDP mode
		-V rtable	Specify alternate routing table
		-v		Verbose
		-W recvlimit	Terminate after receiving a number of packets
		-w timeout	Timeout for connects and final net reads
		-X proto	Proxy protocol: "4", "5" (SOCKS) or "connect"
		-x addr[:port]	Specify proxy address and port
		-Z		DCCP mode
		-z		Zero-I/O mode [used for scanning]
	Port numbers can be individual or ranges: lo-hi [inclusive]
`;

async function runNc(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: '46CDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zzb' });
  const misuse = (): ExitCode => {
    call.writeErr(usage);
    return 1;
  };
  if (options.error !== undefined) {
    call.err(`nc: ${options.error}`);
    return misuse();
  }
  if (options.has('h')) {
    call.writeErr(`OpenBSD netcat (Debian patchlevel 1.219-1)\n${usage}${summary}`);
    return 0;
  }
  const wrong = wrongOption(options);
  if (wrong !== undefined) {
    call.err(`nc: ${wrong}`);
    return 1;
  }
  const refused = options.options.find(({ name }) => ['F', 'I', 'm', 'O', 'P', 'S', 'Z'].includes(name));
  if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
  const [first, second] = options.operands;
  if (options.has('l') ? options.operands.length > 2 : options.operands.length === 0) return misuse();
  if (options.has('U')) return first === undefined ? misuse() : unixSocket(call, options, first);
  if (options.has('l')) {
    const port = options.value('p') ?? (second ?? first);
    const host = options.value('s') ?? (second !== undefined ? first : options.has('p') ? first : undefined);
    if (port === undefined) {
      call.err('nc: missing port number');
      return 1;
    }
    return listen(call, options, host, port);
  }
  if (second === undefined) {
    call.err('nc: missing port number');
    return 1;
  }
  return connect(call, options, first!, second);
}

/** What main() finds wrong with an option, in the order they were typed. */
function wrongOption(options: ParsedOptions): string | undefined {
  const numbers: Readonly<Record<string, readonly [string, number, number]>> = { i: ['interval', 0, 2 ** 32 - 1], q: ['quit timer', -(2 ** 31), 2 ** 31 - 1], w: ['timeout', 0, (2 ** 31 - 1) / 1000], I: ['TCP receive window', 1, 2 ** 30], O: ['TCP send window', 1, 2 ** 30], W: ['receive limit', 1, 2 ** 31 - 1] };
  for (const { name, value } of options.options) {
    const [what, least, most] = numbers[name] ?? ['', 0, 0];
    if (what !== '') {
      const number = /^-?\d+$/.test(value!) ? Number(value) : Number.NaN;
      if (Number.isNaN(number)) return `${what} invalid: ${value!}`;
      if (number < least || number > most) return `${what} ${number < least ? 'too small' : 'too large'}: ${value!}`;
    } else if (name === 'V') return 'no alternate routing table support available';
    else if (name === 'X' && !['4', '5', 'connect'].includes(value!)) return 'unsupported proxy protocol';
    else if (name === 'T' && typeOfService(value!) === undefined) return `illegal tos value ${value!}`;
    else if ((name === 'M' || name === 'm') && !/^\d+$/.test(value!)) return `${name === 'M' ? 'ttl' : 'minttl'} is invalid`;
  }
  return options.has('l') && options.has('z') ? 'cannot use -z and -l' : undefined;
}

const services: Readonly<Record<string, number>> = { lowdelay: 0x10, throughput: 0x08, reliability: 0x04, critical: 0xa0, inetcontrol: 0xc0, netcontrol: 0xe0, ef: 0xb8, cs0: 0, cs1: 0x20, cs2: 0x40, cs3: 0x60, cs4: 0x80, cs5: 0xa0, cs6: 0xc0, cs7: 0xe0 };
function typeOfService(text: string): number | undefined {
  const number = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : services[text];
  return number === undefined || number > 255 ? undefined : number;
}

function timeoutUs(options: ParsedOptions): number | undefined {
  const value = options.value('w');
  return value === undefined || value === '-1' ? undefined : Number(value) * 1e6;
}

async function parsePorts(call: Invocation, text: string, protocol: 'tcp' | 'udp', isNumeric: boolean): Promise<number[] | string> {
  const range = /^(\d+)-(\d+)$/.exec(text);
  if (range !== null) {
    const [low, high] = [Number(range[1]), Number(range[2])].sort((left, right) => left - right) as [number, number];
    if (high > 65535) return `nc: port number too large: ${text}`;
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  }
  if (/^\d+$/.test(text)) {
    if (Number(text) > 65535) return 'nc: port number too large: ' + text;
    return Number(text) === 0 ? 'nc: port number too small: 0' : [Number(text)];
  }
  const port = isNumeric ? undefined : (await readServices(call.sys)).port(text, protocol);
  return port === undefined ? `nc: port number invalid: ${text}` : [port];
}

async function connect(call: Invocation, options: ParsedOptions, host: string, portText: string): Promise<ExitCode> {
  const { sys } = call;
  const protocol = options.has('u') ? 'udp' : 'tcp';
  const ports = await parsePorts(call, portText, protocol, options.has('n'));
  if (typeof ports === 'string') {
    call.err(ports);
    return 1;
  }
  const services = await readServices(sys);
  const family: Family | undefined = options.has('4') ? 'inet' : options.has('6') ? 'inet6' : undefined;
  let code: ExitCode = 1;
  const proxy = options.value('x');
  if (proxy !== undefined) return throughProxy(call, options, proxy);
  if (options.has('r')) shuffle(call, ports);
  for (const port of ports) {
    const found = options.has('n') && literalAddress(host) === undefined ? { ok: false as const, error: 'Name or service not known' } : await resolveHost(sys, host, family);
    if (!found.ok) {
      call.err(`nc: getaddrinfo for host "${host}" port ${port}: ${found.error}`);
      return 1;
    }
    for (const { address } of found.addresses) {
      const shown = options.has('n') || host === address ? host : `${host} (${address})`;
      const opened = call.net.sockets.open({ type: protocol, family: address.includes(':') ? 'inet6' : 'inet' });
      if (!opened.ok) {
        call.err(`nc: socket: ${strerror(opened.error)}`);
        return 1;
      }
      const socket = opened.value;
      const wrong = socketOptions(call, options, socket);
      if (wrong !== undefined) {
        call.err(wrong);
        return 1;
      }
      const sourcePort = options.value('p');
      const source = options.value('s');
      if (sourcePort !== undefined || source !== undefined) {
        call.net.sockets.setOptions(socket, { reuseAddress: true });
        const bound = call.net.sockets.bind(socket, { address: source ?? (address.includes(':') ? '::' : '0.0.0.0'), port: Number(sourcePort ?? '0') });
        if (!bound.ok) {
          call.err(`nc: bind failed: ${strerror(bound.error)}`);
          return 1;
        }
      }
      const limitUs = timeoutUs(options);
      const startUs = sys.monotonicUs();
      const connected = await call.net.sockets.connect(socket, { address, port }, limitUs);
      if (!connected.ok) {
        call.net.sockets.close(socket);
        const isTimedOut = limitUs !== undefined && sys.monotonicUs() - startUs >= limitUs - 1000;
        if (options.has('v')) call.err(`nc: connect to ${shown} port ${port} (${protocol}) ${isTimedOut ? 'timed out: Operation now in progress' : `failed: ${strerror(connected.error)}`}`);
        continue;
      }
      if (protocol === 'udp' && options.has('v') && !(await probeUdp(call, socket, limitUs))) {
        call.net.sockets.close(socket);
        continue;
      }
      code = 0;
      const service = options.has('n') ? undefined : services.name(port, protocol);
      if (options.has('v')) call.err(`Connection to ${shown} ${port} port [${protocol}/${service ?? '*'}] succeeded!`);
      if (!options.has('z')) code = await relay(call, options, networkPeer(call, socket, protocol === 'udp'));
      call.net.sockets.close(socket);
      break;
    }
  }
  return code;
}

/** udptest(): two datagrams, then one each second of the time-out (three without one), until an ICMP error comes. */
async function probeUdp(call: Invocation, socket: SocketId, limitUs: number | undefined): Promise<boolean> {
  const probe = async (): Promise<Errno | undefined> => {
    const sent = await call.net.sockets.send(socket, new Uint8Array([0x58]));
    return sent.ok ? undefined : sent.error;
  };
  if ((await probe()) !== undefined) return false;
  // An error from this machine or its neighbour has come before the system call returns.
  await call.sys.sleep(SOFTIRQ_US);
  if ((await probe()) === 'ECONNREFUSED') return false;
  const seconds = limitUs === undefined ? 3 : Math.floor(limitUs / 1e6);
  for (let second = 0; second < seconds; second += 1) {
    await call.sys.sleep(1_000_000);
    if ((await probe()) === 'ECONNREFUSED') return false;
  }
  return true;
}
const SOFTIRQ_US = 100;

async function listen(call: Invocation, options: ParsedOptions, host: string | undefined, portText: string): Promise<ExitCode> {
  const protocol = options.has('u') ? 'udp' : 'tcp';
  // getaddrinfo(3) keeps the lower 16 bits of a number.
  const port = /^\d+$/.test(portText) ? Number(portText) & 0xffff : (await readServices(call.sys)).port(portText, protocol);
  if (port === undefined) {
    call.err('nc: getaddrinfo: Servname not supported for ai_socktype');
    return 1;
  }
  const { sockets } = call.net;
  let address = options.has('6') ? '::' : '0.0.0.0';
  if (host !== undefined) {
    const found = await resolveHost(call.sys, host, options.has('6') ? 'inet6' : options.has('4') ? 'inet' : undefined);
    if (!found.ok) {
      call.err(`nc: getaddrinfo: ${found.error}`);
      return 1;
    }
    address = found.addresses[0]!.address;
  }
  const opened = sockets.open({ type: protocol, family: address.includes(':') ? 'inet6' : 'inet' });
  if (!opened.ok) {
    call.err(`nc: socket: ${strerror(opened.error)}`);
    return 1;
  }
  const socket = opened.value;
  sockets.setOptions(socket, { reuseAddress: true });
  const bound = sockets.bind(socket, { address, port });
  if (!bound.ok) {
    call.err(`nc: ${strerror(bound.error)}`);
    return 1;
  }
  if (protocol === 'udp') return listenUdp(call, options, socket, address, port);
  const listening = sockets.listen(socket, 1);
  if (!listening.ok) {
    call.err(`nc: listen: ${strerror(listening.error)}`);
    return 1;
  }
  if (options.has('v')) call.err(`Listening on ${address} ${port}`);
  for (;;) {
    const accepted = await sockets.accept(socket);
    if (!accepted.ok) {
      if (accepted.error === 'EINTR') continue;
      call.err(`nc: accept: ${strerror(accepted.error)}`);
      return 1;
    }
    const peer = sockets.remote(accepted.value);
    if (options.has('v') && peer !== undefined) call.err(`Connection received on ${await shownHost(call, options, peer.address)} ${peer.port}`);
    if (!options.has('k')) sockets.close(socket);
    const code = await relay(call, options, networkPeer(call, accepted.value, false));
    sockets.close(accepted.value);
    if (!options.has('k')) return code;
  }
}

async function shownHost(call: Invocation, options: ParsedOptions, address: string): Promise<string> {
  return options.has('n') ? address : (await nameOfAddress(call.sys, address)) ?? address;
}

async function listenUdp(call: Invocation, options: ParsedOptions, socket: SocketId, address: string, port: number): Promise<ExitCode> {
  if (options.has('v')) call.err(`Bound on ${address} ${port}`);
  const first = await call.net.sockets.receiveDatagram(socket);
  if (!first.ok || first.value.from === undefined) return 1;
  await call.net.sockets.connect(socket, first.value.from);
  if (options.has('v')) call.err(`Connection received on ${await shownHost(call, options, first.value.from.address)} ${first.value.from.port}`);
  call.write(first.value.bytes);
  await call.flush();
  return relay(call, options, networkPeer(call, socket, true));
}

/** Whom one talks to: a socket of the network, or a descriptor of a local one. */
interface Peer {
  readonly socket?: SocketId;
  readonly fd?: number;
  /** undefined: nothing yet. Empty: it is over. */
  receive(): Promise<Uint8Array | undefined>;
  send(bytes: Uint8Array): Promise<boolean>;
  endSending(): void;
}

function networkPeer({ net: { sockets } }: Invocation, socket: SocketId, isUdp: boolean): Peer {
  return {
    socket,
    receive: async () => {
      if (isUdp) {
        const got = await sockets.receiveDatagram(socket, 0);
        // An ICMP error ends the reading, it is no failure.
        return got.ok ? got.value.bytes : got.error === 'EAGAIN' ? undefined : new Uint8Array(0);
      }
      const got = await sockets.receive(socket, 16384);
      return got.ok ? got.value : got.error === 'EINTR' || got.error === 'EAGAIN' ? undefined : new Uint8Array(0);
    },
    send: async (bytes) => (await sockets.send(socket, bytes)).ok,
    endSending: () => {
      if (!isUdp) sockets.shutdown(socket, 'write');
    },
  };
}

function localPeer({ sys }: Invocation, fd: number): Peer {
  return {
    fd,
    receive: async () => {
      const got = await sys.read(fd, 16384);
      return got.ok ? got.value : got.error === 'EINTR' ? undefined : new Uint8Array(0);
    },
    send: async (bytes) => (await sys.write(fd, bytes)).ok,
    endSending: () => void sys.shutdownLocal(fd),
  };
}

/** readwrite(): standard input to the network and back until both are done. */
async function relay(call: Invocation, options: ParsedOptions, peer: Peer): Promise<ExitCode> {
  const idleUs = timeoutUs(options);
  const quitWord = options.value('q');
  const intervalUs = Number(options.value('i') ?? '0') * 1e6;
  let packetsLeft = Number(options.value('W') ?? Number.POSITIVE_INFINITY);
  let readsInput = !options.has('d');
  let readsNetwork = true;
  let quitUs: number | undefined;
  while (readsNetwork) {
    await call.flush();
    if (intervalUs > 0) await call.sys.sleep(intervalUs);
    const nowUs = call.sys.monotonicUs();
    const waitUs = quitUs !== undefined ? Math.max(0, quitUs - nowUs) : idleUs;
    const fds = [...(readsInput ? [{ fd: 0, read: true }] : []), ...(peer.fd === undefined ? [] : [{ fd: peer.fd, read: true }])];
    const ready = await call.net.sockets.poll(peer.socket === undefined ? [] : [{ id: peer.socket, read: true }], fds, waitUs);
    if (!ready.ok) {
      if (ready.error === 'EINTR') continue;
      return 1;
    }
    if (ready.value.sockets.length === 0 && ready.value.fds.length === 0) return 0;          // idle for too long, or -q is over
    if (ready.value.sockets.length > 0 || (peer.fd !== undefined && ready.value.fds.includes(peer.fd))) {
      const got = await peer.receive();
      if (got?.length === 0) readsNetwork = false;
      else if (got !== undefined) {
        call.write(options.has('t') ? await answerTelnet(peer, got) : got);
        packetsLeft -= 1;
        if (packetsLeft <= 0) readsNetwork = false;
      }
    }
    if (readsInput && ready.value.fds.includes(0)) {
      const got = await call.sys.read(0, 16384);
      if (!got.ok || got.value.length === 0) {
        readsInput = false;
        if (options.has('N')) peer.endSending();
        if (quitWord !== undefined && Number(quitWord) >= 0) quitUs = call.sys.monotonicUs() + Number(quitWord) * 1e6;
      } else if (!(await peer.send(options.has('C') ? withCarriageReturns(got.value) : got.value))) readsInput = false;
    }
  }
  await call.flush();
  return 0;
}

function withCarriageReturns(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (const byte of bytes) {
    if (byte === 10 && out.at(-1) !== 13) out.push(13);
    out.push(byte);
  }
  return new Uint8Array(out);
}

/** atelnet(): refuses whatever the other side proposes; answers what is left for the screen. */
async function answerTelnet(peer: Peer, bytes: Uint8Array): Promise<Uint8Array> {
  const [IAC, DONT, WONT, WILL] = [255, 254, 252, 251];
  const shown: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const verb = bytes[at + 1];
    if (bytes[at] !== IAC || verb === undefined || verb < WILL) {
      shown.push(bytes[at]!);
      continue;
    }
    await peer.send(new Uint8Array([IAC, verb === WILL || verb === WONT ? DONT : WONT, bytes[at + 2] ?? 0]));
    at += 2;
  }
  return new Uint8Array(shown);
}

/** Whatever -b, -M and -T say of a socket; a text is what the kernel refuses. */
function socketOptions(call: Invocation, options: ParsedOptions, socket: SocketId): string | undefined {
  const ttl = options.value('M');
  if (ttl !== undefined && (Number(ttl) < 1 || Number(ttl) > 255)) return 'nc: set IP TTL: Invalid argument';
  const tos = options.value('T');
  call.net.sockets.setOptions(socket, { ...(ttl === undefined ? {} : { ttl: Number(ttl) }), ...(tos === undefined ? {} : { tos: typeOfService(tos)! }), ...(options.has('b') ? { broadcast: true } : {}) });
  return undefined;
}

function shuffle(call: Invocation, ports: number[]): void {
  for (let at = ports.length - 1; at > 0; at -= 1) {
    const other = call.sys.random(at + 1);
    [ports[at], ports[other]] = [ports[other]!, ports[at]!];
  }
}

/** As far as the way to the proxy; what is said to one is not simulated. */
async function throughProxy(call: Invocation, options: ParsedOptions, proxy: string): Promise<ExitCode> {
  const [, host = proxy, portText = options.value('X') === 'connect' ? '3128' : '1080'] = /^(.*):([^:]*)$/.exec(proxy) ?? [];
  const port = /^\d+$/.test(portText) ? Number(portText) & 0xffff : (await readServices(call.sys)).port(portText, 'tcp');
  const found = port === undefined ? undefined : await resolveHost(call.sys, host);
  if (port === undefined || found?.ok !== true) {
    call.err(`nc: getaddrinfo for host "${host}" port ${portText}: ${found === undefined ? 'Servname not supported for ai_socktype' : found.ok ? '' : found.error}`);
    return 1;
  }
  const { address, family } = found.addresses[0]!;
  const opened = call.net.sockets.open({ type: 'tcp', family });
  const connected = opened.ok ? await call.net.sockets.connect(opened.value, { address, port }, timeoutUs(options)) : opened;
  return connected.ok ? notSimulated(call, 'option -x') : 1;
}

/** -U: a stream socket of the file tree. */
async function unixSocket(call: Invocation, options: ParsedOptions, path: string): Promise<ExitCode> {
  const { sys } = call;
  if (options.has('u')) return notSimulated(call, 'option -U with -u');
  if (!options.has('l')) {
    const connected = await sys.connectLocal(path);
    if (!connected.ok) {
      call.err(`nc: ${path}: ${strerror(connected.error)}`);
      return 1;
    }
    return options.has('z') ? 0 : relay(call, options, localPeer(call, connected.value));
  }
  const listening = sys.listenLocal(path);
  if (!listening.ok) {
    call.err(`nc: ${path}: ${strerror(listening.error)}`);
    return 1;
  }
  if (options.has('v')) call.err(`Listening on ${path}`);
  for (;;) {
    const accepted = await sys.acceptLocal(listening.value);
    if (!accepted.ok) continue;
    if (options.has('v')) call.err(`Connection received on ${path}`);
    const code = await relay(call, options, localPeer(call, accepted.value));
    sys.close(accepted.value);
    if (!options.has('k')) return code;
  }
}

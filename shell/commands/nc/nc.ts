/** nc(1): netcat-openbsd 1.219, Debian patch level 1. Read first: netcat.c (main, readwrite, connect loop). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { nameOfAddress, resolveHost } from '../../lib/resolve.ts';
import { readServices } from '../../lib/services.ts';
import type { Family, SocketId } from '../../ports/kernel.ts';
import type { Errno } from '../../ports/result.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const nc = defineCommand({
  name: 'nc', aliases: ['netcat', 'telnet'], summary: 'read and write network connections', package: 'netcat-openbsd',
  run: (call) => (call.name === 'telnet' ? runTelnet(call) : runNc(call)),
});

const usage = `usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
	  [-m minttl] [-O length] [-P proxy_username] [-p source_port]
	  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]
	  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]
	  [destination] [port]
`;

async function runNc(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: '46CDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zzb' });
  if (options.error !== undefined) {
    call.err(`nc: ${options.error}`);
    call.writeErr(usage);
    return 1;
  }
  if (options.has('h')) {
    call.writeErr(`OpenBSD netcat (Debian patchlevel 1.219-1)\n${usage}`);
    return 0;
  }
  for (const letter of ['C', 'D', 'F', 'I', 'i', 'M', 'm', 'O', 'P', 'S', 'T', 't', 'U', 'V', 'W', 'X', 'x', 'Z', 'b', 'r']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
  const wait = options.value('w');
  if (wait !== undefined && !/^\d+$/.test(wait)) {
    call.err(`nc: timeout ${wait.startsWith('-') && /^-\d+$/.test(wait) ? 'too small' : 'invalid'}: ${wait}`);
    return 1;
  }
  const [first, second] = options.operands;
  if (options.has('l')) {
    const port = options.value('p') ?? (second ?? first);
    const host = options.value('s') ?? (second !== undefined ? first : options.has('p') ? first : undefined);
    if (port === undefined) {
      call.err('nc: missing port number');
      return 1;
    }
    return listen(call, options, host, port);
  }
  if (first === undefined) {
    call.writeErr(usage);
    return 1;
  }
  if (second === undefined) {
    call.err('nc: missing port number');
    return 1;
  }
  return connect(call, options, first, second);
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
  for (const port of ports) {
    const found = await resolveHost(sys, host, family);
    if (!found.ok) {
      call.err(`nc: getaddrinfo for host "${host}" port ${port}: ${found.error}`);
      return 1;
    }
    for (const { address } of found.addresses) {
      const opened = call.net.sockets.open({ type: protocol, family: address.includes(':') ? 'inet6' : 'inet' });
      if (!opened.ok) {
        call.err(`nc: socket: ${strerror(opened.error)}`);
        return 1;
      }
      const socket = opened.value;
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
        if (options.has('v')) call.err(`nc: connect to ${host} port ${port} (${protocol}) ${isTimedOut ? 'timed out: Operation now in progress' : `failed: ${strerror(connected.error)}`}`);
        continue;
      }
      if (protocol === 'udp' && (options.has('z') || options.has('v')) && !(await probeUdp(call, socket, limitUs))) {
        call.net.sockets.close(socket);
        continue;
      }
      code = 0;
      const service = options.has('n') ? undefined : services.name(port, protocol);
      if (options.has('v')) call.err(`Connection to ${host}${options.has('n') || host === address ? '' : ` (${address})`} ${port} port [${protocol}/${service ?? '*'}] succeeded!`);
      if (!options.has('z')) code = await relay(call, options, socket, protocol === 'udp');
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
  const ports = await parsePorts(call, portText, protocol, options.has('n'));
  if (typeof ports === 'string') {
    call.err(ports);
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
  const bound = sockets.bind(socket, { address, port: ports[0]! });
  if (!bound.ok) {
    call.err(`nc: ${strerror(bound.error)}`);
    return 1;
  }
  if (protocol === 'udp') return listenUdp(call, options, socket, address, ports[0]!);
  const listening = sockets.listen(socket, 1);
  if (!listening.ok) {
    call.err(`nc: listen: ${strerror(listening.error)}`);
    return 1;
  }
  if (options.has('v')) call.err(`Listening on ${address} ${ports[0]!}`);
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
    const code = await relay(call, options, accepted.value, false);
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
  return relay(call, options, socket, true);
}

/** readwrite(): standard input to the network and back until both are done. */
async function relay(call: Invocation, options: ParsedOptions, socket: SocketId, isUdp: boolean): Promise<ExitCode> {
  const { sockets } = call.net;
  const idleUs = timeoutUs(options);
  const quitWord = options.value('q');
  let readsInput = !options.has('d');
  let readsNetwork = true;
  let quitUs: number | undefined;
  while (readsNetwork) {
    await call.flush();
    const nowUs = call.sys.monotonicUs();
    const waitUs = quitUs !== undefined ? Math.max(0, quitUs - nowUs) : idleUs;
    const ready = await sockets.poll([{ id: socket, read: true }], readsInput ? [{ fd: 0, read: true }] : [], waitUs);
    if (!ready.ok) {
      if (ready.error === 'EINTR') continue;
      return 1;
    }
    if (ready.value.sockets.length === 0 && ready.value.fds.length === 0) return 0;          // idle for too long, or -q is over
    if (ready.value.sockets.includes(socket)) {
      if (isUdp) {
        const got = await sockets.receiveDatagram(socket, 0);
        if (got.ok) call.write(got.value.bytes);
        else if (got.error !== 'EAGAIN') readsNetwork = false;          // an ICMP error ends the reading, it is no failure
      } else {
        const got = await sockets.receive(socket, 16384);
        if (!got.ok) {
          if (got.error === 'EINTR' || got.error === 'EAGAIN') continue;
          return 0;
        }
        if (got.value.length === 0) readsNetwork = false;
        else call.write(got.value);
      }
    }
    if (readsInput && ready.value.fds.includes(0)) {
      const got = await call.sys.read(0, 16384);
      if (!got.ok || got.value.length === 0) {
        readsInput = false;
        if (options.has('N') && !isUdp) sockets.shutdown(socket, 'write');
        if (quitWord !== undefined && Number(quitWord) >= 0) quitUs = call.sys.monotonicUs() + Number(quitWord) * 1e6;
      } else {
        const sent = await sockets.send(socket, got.value);
        if (!sent.ok) return 1;
      }
    }
  }
  await call.flush();
  return 0;
}

/** telnet as far as people use it to try a port. */
async function runTelnet(call: Invocation): Promise<ExitCode> {
  const [host, portText = '23'] = call.args.filter((word) => !word.startsWith('-'));
  if (host === undefined) return notSimulated(call, 'command mode');
  const found = await resolveHost(call.sys, host);
  if (!found.ok) {
    call.err(`telnet: could not resolve ${host}/${portText}: ${found.error}`);
    return 1;
  }
  const port = /^\d+$/.test(portText) ? Number(portText) : (await readServices(call.sys)).port(portText, 'tcp') ?? 23;
  for (const { address } of found.addresses) {
    call.out(`Trying ${address}...`);
    await call.flush();
    const opened = call.net.sockets.open({ type: 'tcp', family: address.includes(':') ? 'inet6' : 'inet' });
    if (!opened.ok) continue;
    const connected = await call.net.sockets.connect(opened.value, { address, port });
    if (!connected.ok) {
      call.err(`telnet: Unable to connect to remote host: ${strerror(connected.error)}`);
      continue;
    }
    call.out(`Connected to ${host}.\nEscape character is '^]'.`);
    await relay(call, parseOptions([], { short: '' }), opened.value, false);
    call.err('Connection closed by foreign host.');
    return 1;
  }
  return 1;
}

/** busybox's ping (1.35): counts from nought, and knows few options and few words. Read first: networking/ping.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { resolveHost } from '../../lib/resolve.ts';
import type { SocketId } from '../../ports/kernel.ts';
import { icmp, ipv4 } from '../../ports/wire.ts';
import { milliseconds } from '../ping/messages.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

const USAGE = `BusyBox v1.34.1 (2022-04-04 10:19:27 UTC) multi-call binary.

Usage: ping [OPTIONS] HOST

Send ICMP ECHO_REQUESTs to HOST

	-4,-6		Force IP or IPv6 name resolution
	-c CNT		Send only CNT pings
	-s SIZE		Send SIZE data bytes in packets (default 56)
	-i SECS		Interval
	-A		Ping as soon as reply is received
	-t TTL		Set TTL
	-I IFACE/IP	Source interface or IP address
	-W SEC		Seconds to wait for the first response (default 10)
			(after all -c CNT packets are sent)
	-w SEC		Seconds until ping exits (default:infinite)
			(can exit earlier with -c CNT)
	-q		Quiet, only display output at start/finish
	-p HEXBYTE	Payload pattern
`;

/** Not in the list of commands, where iputils' is: the images that have busybox take it from here. */
export const busyboxPing = defineCommand({ name: 'ping', summary: 'send ICMP ECHO_REQUEST to network hosts', package: 'busybox', run });

interface Options {
  readonly count: number;
  readonly size: number;
  readonly intervalUs: number;
  readonly waitUs: number;
  readonly deadlineUs: number;
  readonly pattern: number;
  readonly isQuiet: boolean;
}

/** Times are four bytes of the data, so that a reply tells how long it took. */
const STAMP_LENGTH = 4;

async function run(call: Invocation): Promise<ExitCode> {
  const parsed = parseOptions(call.args, { short: '46c:s:i:At:I:W:w:qp:' });
  if (parsed.error !== undefined || parsed.operands.length === 0) {
    call.writeErr(`${parsed.error === undefined ? '' : `ping: ${parsed.error}\n`}${USAGE}`);
    return 1;
  }
  for (const name of ['A', '6']) if (parsed.has(name)) return notSimulated(call, `option -${name}`);
  const numbers = new Map<string, number>();
  for (const [name, fallback, isFraction] of [['c', 0, false], ['s', 56, false], ['i', 1, true], ['W', 10, false], ['w', 0, false], ['t', 0, false]] as const) {
    const text = parsed.value(name);
    if (text !== undefined && !(isFraction ? /^\d+(?:\.\d*)?$|^\.\d+$/ : /^\d+$/).test(text)) {
      call.err(`ping: invalid number '${text}'`);
      return 1;
    }
    numbers.set(name, text === undefined ? fallback : Number(text));
  }
  const number = (name: string): number => numbers.get(name)!;
  const host = parsed.operands[0]!;
  const resolved = await resolveHost(call.sys, host, 'inet');
  const address = resolved.ok ? resolved.addresses[0]?.address : undefined;
  if (address === undefined) {
    call.err(`ping: bad address '${host}'`);
    return 1;
  }
  const { sockets } = call.net;
  const opened = sockets.open({ type: 'raw', family: 'inet', protocol: 1 });
  if (!opened.ok) {
    call.err('ping: permission denied (are you root?)');
    return 1;
  }
  const from = parsed.value('I');
  const isDevice = from !== undefined && !/^\d+(?:\.\d+){3}$/.test(from);
  const bound = from === undefined ? undefined : isDevice ? sockets.bindDevice(opened.value, from) : sockets.bind(opened.value, { address: from, port: 0 });
  if (bound?.ok === false) {
    call.err(isDevice ? `ping: can't bind to interface ${from}: ${strerror(bound.error)}` : `ping: bind: ${strerror(bound.error)}`);
    return 1;
  }
  if (number('t') > 0) sockets.setOptions(opened.value, { ttl: number('t') });
  const options: Options = {
    count: number('c') || Infinity, size: number('s'), intervalUs: number('i') * 1e6, waitUs: number('W') * 1e6, deadlineUs: number('w') === 0 ? Infinity : call.sys.monotonicUs() + number('w') * 1e6,
    pattern: parseInt(parsed.value('p') ?? '0', 16) & 0xff, isQuiet: parsed.has('q'),
  };
  call.out(`PING ${host} (${address})${from === undefined || isDevice ? '' : ` from ${from}`}: ${options.size} data bytes`);
  await call.flush();
  return new Ping(call, opened.value, host, address, options).run();
}

class Ping {
  private readonly call: Invocation;
  private readonly socket: SocketId;
  private readonly host: string;
  private readonly address: string;
  private readonly options: Options;
  private readonly identifier: number;
  private readonly trips: number[] = [];
  private readonly sentUs = new Map<number, number>();
  private readonly seen = new Set<number>();
  private transmitted = 0;
  private received = 0;
  private repeats = 0;

  constructor(call: Invocation, socket: SocketId, host: string, address: string, options: Options) {
    this.call = call;
    this.socket = socket;
    this.host = host;
    this.address = address;
    this.options = options;
    this.identifier = call.sys.pid & 0xffff;
  }

  async run(): Promise<ExitCode> {
    const { call, options } = this;
    const { sys } = call;
    let isInterrupted = false;
    sys.onSignal('INT', () => (isInterrupted = true));
    let nextUs = sys.monotonicUs();
    let giveUpUs = options.deadlineUs;
    while (!isInterrupted && this.received < options.count && sys.monotonicUs() < giveUpUs) {
      if (this.transmitted < options.count && sys.monotonicUs() >= nextUs) {
        if (!(await this.send())) return 1;
        nextUs += options.intervalUs;
        // After the last one, as long as -W says, or twice as long as the slowest answer took.
        if (this.transmitted === options.count) giveUpUs = Math.min(giveUpUs, sys.monotonicUs() + (this.received > 0 ? Math.max(options.intervalUs, 2 * Math.max(...this.trips)) : options.waitUs));
        continue;
      }
      await this.receive(Math.max(0, Math.min(giveUpUs, this.transmitted < options.count ? nextUs : Infinity) - sys.monotonicUs()));
    }
    this.finish();
    await call.flush();
    return this.received === 0 ? 1 : 0;
  }

  private async send(): Promise<boolean> {
    const { call, options } = this;
    const sequence = this.transmitted & 0xffff;
    this.transmitted += 1;
    this.seen.delete(sequence);
    this.sentUs.set(sequence, call.sys.monotonicUs());
    const payload = new Uint8Array(options.size).fill(options.pattern);
    const message = icmp.emit({ type: icmp.ECHO_REQUEST, code: 0, rest: icmp.echoRest(this.identifier, sequence), payload });
    const sent = await call.net.sockets.send(this.socket, message, { address: this.address, port: 0 });
    if (sent.ok) return true;
    call.err(`ping: sendto: ${strerror(sent.error)}`);
    return false;
  }

  private async receive(timeoutUs: number): Promise<void> {
    const { sockets } = this.call.net;
    const polled = await sockets.poll([{ id: this.socket, read: true }], [], Math.min(timeoutUs, 3_600_000_000));
    if (!polled.ok || polled.value.sockets.length === 0) return;
    const got = await sockets.receiveDatagram(this.socket, 0);
    if (!got.ok) return;
    const { bytes, from } = got.value;
    const at = ipv4.headerLength(bytes, 0);
    const answer = icmp.parse(bytes, at);
    if (typeof answer === 'string' || answer.type !== icmp.ECHO_REPLY || answer.rest >>> 16 !== this.identifier) return;
    const sequence = answer.rest & 0xffff;
    const sentUs = this.sentUs.get(sequence);
    const isRepeated = this.seen.has(sequence);
    if (isRepeated) this.repeats += 1;
    else this.received += 1;
    this.seen.add(sequence);
    const isTimed = this.options.size >= STAMP_LENGTH && sentUs !== undefined;
    const tripUs = isTimed ? this.call.sys.monotonicUs() - sentUs : 0;
    if (isTimed) this.trips.push(tripUs);
    if (this.options.isQuiet) return;
    this.call.out(`${bytes.length - at} bytes from ${from?.address ?? this.address}: seq=${sequence} ttl=${ipv4.timeToLive(bytes, 0)}${isTimed ? ` time=${milliseconds(tripUs)} ms` : ''}${isRepeated ? ' (DUP!)' : ''}`);
    await this.call.flush();
  }

  private finish(): void {
    const { transmitted, received, repeats, trips } = this;
    const loss = transmitted === 0 ? '' : `${Math.floor(((transmitted - received) * 100) / transmitted)}% packet loss`;
    this.call.write(`\n--- ${this.host} ping statistics ---\n${transmitted} packets transmitted, ${received} packets received, ${repeats === 0 ? '' : `${repeats} duplicates, `}${loss}\n`);
    if (trips.length === 0) return;
    const average = Math.floor(trips.reduce((sum, one) => sum + one, 0) / trips.length);
    this.call.out(`round-trip min/avg/max = ${milliseconds(Math.min(...trips))}/${milliseconds(average)}/${milliseconds(Math.max(...trips))} ms`);
  }
}

/** The hops between here and a host, probed round after round. Read first: mtr's net.c (net_send_batch, net_max) and select.c. */
import type { Endpoint, SocketId } from '../../ports/kernel.ts';
import type { Errno } from '../../ports/result.ts';
import { bytes as wire, icmp, icmp6 } from '../../ports/wire.ts';
import type { Invocation } from '../define.ts';

export type Method = 'icmp' | 'udp' | 'tcp';
export interface PathOptions {
  readonly method: Method; readonly address: string; readonly isIp6: boolean; readonly firstHop: number; readonly mostHops: number; readonly unknownAtMost: number;
  readonly port: number | undefined; readonly packetSize: number; readonly intervalUs: number; readonly timeoutUs: number; readonly source: string | undefined; readonly device: string | undefined; readonly typeOfService: number; readonly mark: number | undefined;
}

export interface Hop {
  /** All that have answered. */
  addresses: string[];
  /** Somebody said that nothing lies behind. */
  isLast: boolean;
  sent: number; returned: number; /** 1 while the last probe is on its way; those before it are lost. */ transit: 0 | 1; lastUs: number; bestUs: number; worstUs: number; averageUs: number;
  /** Sum of squared differences from the average (Welford). */
  spread: number;
  /** The geometric mean. */
  meanUs: number; jitterUs: number; averageJitterUs: number; worstJitterUs: number; interarrivalUs: number;
}

interface Answer { readonly address: string; readonly tripUs: number; /** From a router on the way. */ readonly isTransit: boolean }
interface Probe { readonly hop: number; readonly socket: SocketId; readonly sentUs: number; readonly sequence: number }

const FIRST_SEQUENCE = 33000;
const HEADER = { ip4: 20, ip6: 40, transport: 8 };

export class Path {
  readonly hops: Hop[] = [];
  /** Told of each probe and answer, for --raw. */
  onEvent: ((event: { kind: 'sent' | 'answered'; hop: number; sequence: number; address?: string; tripUs?: number; isNew?: boolean }) => void) | undefined;
  private readonly call: Invocation;
  private readonly options: PathOptions;
  private probes: Probe[] = [];
  private next: number;
  private sequence = FIRST_SEQUENCE;
  /** How many hops share a round's time; ten until the first round is over. */
  private roundLength = 10;

  constructor(call: Invocation, options: PathOptions) {
    this.call = call;
    this.options = options;
    this.next = options.firstHop;
    this.restart();
  }

  restart(): void {
    this.hops.length = 0;
    for (let hop = 0; hop < this.options.mostHops; hop += 1) this.hops.push({ addresses: [], isLast: false, sent: 0, returned: 0, transit: 0, lastUs: 0, bestUs: 0, worstUs: 0, averageUs: 0, spread: 0, meanUs: 0, jitterUs: 0, averageJitterUs: 0, worstJitterUs: 0, interarrivalUs: 0 });
  }

  get gapUs(): number {
    return this.options.intervalUs / this.roundLength;
  }

  /** Sends the next probe; true when that ended a round. */
  async send(): Promise<boolean | Errno> {
    const { firstHop, mostHops, unknownAtMost, address } = this.options;
    const failed = await this.probe(this.next);
    if (failed !== undefined) return failed;
    const before = this.hops.slice(firstHop - 1, this.next - 1);
    const isReached = before.some((hop) => hop.isLast || hop.addresses.includes(address));
    const unknown = before.filter((hop) => hop.addresses.length === 0).length;
    if (!isReached && this.next < mostHops && unknown < unknownAtMost) {
      this.next += 1;
      return false;
    }
    this.roundLength = this.next - firstHop + 1;
    this.next = firstHop;
    return true;
  }

  private async probe(hopNumber: number): Promise<Errno | undefined> {
    const { options, call } = this;
    const { sockets } = call.net;
    const family = options.isIp6 ? 'inet6' : 'inet';
    const opened = sockets.open(options.method === 'icmp' ? { type: 'ping', family } : { type: options.method, family });
    if (!opened.ok) return opened.error;
    const socket = opened.value;
    const sequence = this.sequence++;
    sockets.setOptions(socket, { ttl: hopNumber, receiveError: true, ...(options.typeOfService === 0 ? {} : { tos: options.typeOfService }), ...(options.mark === undefined ? {} : { mark: options.mark }) });
    const bound = options.device === undefined ? undefined : sockets.bindDevice(socket, options.device);
    const from = options.source === undefined ? undefined : sockets.bind(socket, { address: options.source, port: 0 });
    const sentUs = call.sys.monotonicUs();
    let error = bound?.ok === false ? bound.error : from?.ok === false ? from.error : undefined;
    error ??= await this.transmit(socket, sequence);
    const hop = this.hops[hopNumber - 1]!;
    hop.sent += 1;
    hop.transit = 1;
    this.onEvent?.({ kind: 'sent', hop: hopNumber - 1, sequence });
    if (error !== undefined) {
      sockets.close(socket);
      hop.transit = 0;
      // The network's refusals count as losses; what is wrong with this machine ends the program.
      return ['ENETUNREACH', 'EHOSTUNREACH', 'EPERM', 'ENETDOWN', 'ECONNREFUSED'].includes(error) ? undefined : error;
    }
    this.probes.push({ hop: hopNumber - 1, socket, sentUs, sequence });
    return undefined;
  }

  private async transmit(socket: SocketId, sequence: number): Promise<Errno | undefined> {
    const { options, call } = this;
    const { sockets } = call.net;
    const data = new Uint8Array(Math.max(0, options.packetSize - (options.isIp6 ? HEADER.ip6 : HEADER.ip4) - HEADER.transport));
    if (options.method === 'icmp') {
      const message = icmp.emit({ type: options.isIp6 ? icmp6.ECHO_REQUEST : icmp.ECHO_REQUEST, code: 0, rest: icmp.echoRest(0, sequence), payload: data });
      const sent = await sockets.send(socket, message, { address: options.address, port: 0 });
      return sent.ok ? undefined : sent.error;
    }
    const to: Endpoint = { address: options.address, port: options.port ?? (options.method === 'tcp' ? 80 : sequence) };
    const connected = await sockets.connect(socket, to, 0);
    if (options.method === 'tcp') return connected.ok || ['EINPROGRESS', 'ETIMEDOUT', 'EAGAIN', 'ECONNREFUSED'].includes(connected.error) ? undefined : connected.error;
    if (!connected.ok) return connected.error;
    const sent = await sockets.send(socket, data);
    return sent.ok ? undefined : sent.error;
  }

  /** Waits for answers until `untilUs`, or the first of them. */
  async wait(untilUs: number): Promise<void> {
    const timeoutUs = Math.max(0, untilUs - this.call.sys.monotonicUs());
    if (this.probes.length === 0) await this.call.sys.sleep(timeoutUs);
    else await this.call.net.sockets.poll(this.probes.map(({ socket }) => ({ id: socket, read: true, write: this.options.method === 'tcp' })), [], timeoutUs);
    await this.collect();
  }

  async collect(): Promise<void> {
    const left: Probe[] = [];
    for (const probe of this.probes) {
      const answer = await this.answerTo(probe);
      if (answer !== undefined) this.account(probe, answer);
      else if (this.call.sys.monotonicUs() - probe.sentUs < this.options.timeoutUs) {
        left.push(probe);
        continue;
      }
      this.call.net.sockets.close(probe.socket);
    }
    this.probes = left;
  }

  private async answerTo(probe: Probe): Promise<Answer | undefined> {
    const { sockets } = this.call.net;
    const { method, address, isIp6 } = this.options;
    const trip = (receivedAtUs: number | undefined): number => Math.max(0, this.call.sys.monotonicUs() - (receivedAtUs === undefined ? 0 : this.call.sys.now() - receivedAtUs) - probe.sentUs);
    const state = sockets.readiness(probe.socket);
    if (state.errorQueue) {
      const report = sockets.receiveErrorReport(probe.socket);
      if (report.ok && report.value.origin !== 'local') return { address: report.value.offender ?? address, tripUs: trip(report.value.receivedAtUs), isTransit: report.value.type === (isIp6 ? icmp6.TIME_EXCEEDED : icmp.TIME_EXCEEDED) };
    }
    if (method === 'tcp') return state.writable || state.error || state.hangup ? { address, tripUs: trip(undefined), isTransit: false } : undefined;
    if (!state.readable) return undefined;
    const got = await sockets.receiveDatagram(probe.socket, 0);
    if (!got.ok || (method === 'icmp' && wire.get8(got.value.bytes, 0) !== (isIp6 ? icmp6.ECHO_REPLY : icmp.ECHO_REPLY))) return undefined;
    return { address: got.value.from?.address ?? address, tripUs: trip(got.value.receivedAtUs), isTransit: false };
  }

  private account(probe: Probe, { address, tripUs, isTransit }: Answer): void {
    const hop = this.hops[probe.hop]!;
    hop.isLast ||= !isTransit;
    const isNew = !hop.addresses.includes(address);
    if (isNew) hop.addresses.push(address);
    hop.jitterUs = hop.returned === 0 ? 0 : Math.abs(tripUs - hop.lastUs);
    hop.lastUs = tripUs;
    hop.bestUs = hop.returned === 0 ? tripUs : Math.min(hop.bestUs, tripUs);
    hop.worstUs = Math.max(hop.worstUs, tripUs);
    hop.worstJitterUs = Math.max(hop.worstJitterUs, hop.jitterUs);
    hop.returned += 1;
    hop.transit = 0;
    const before = hop.averageUs;
    hop.averageUs += (tripUs - before) / hop.returned;
    hop.spread += (tripUs - before) * (tripUs - hop.averageUs);
    hop.averageJitterUs += (hop.jitterUs - hop.averageJitterUs) / hop.returned;
    hop.interarrivalUs += hop.jitterUs - (hop.interarrivalUs + 8) / 16;
    hop.meanUs = hop.returned === 1 ? tripUs : hop.meanUs ** ((hop.returned - 1) / hop.returned) * tripUs ** (1 / hop.returned);
    this.onEvent?.({ kind: 'answered', hop: probe.hop, sequence: probe.sequence, address, tripUs, isNew });
  }

  /** How many hops there are to show: as far as the host itself, or one beyond the last that answered. */
  get length(): number {
    let most = 0;
    for (const [index, hop] of this.hops.entries()) {
      if (hop.isLast || hop.addresses.includes(this.options.address)) return index + 1;
      if (hop.addresses.length > 0) most = Math.min(this.hops.length, index + 2);
    }
    return most;
  }

  close(): void {
    for (const { socket } of this.probes) this.call.net.sockets.close(socket);
    this.probes = [];
  }
}

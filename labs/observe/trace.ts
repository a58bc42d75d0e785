/** A packet's journey for people: the kernel's trace events become steps with one sentence each. */
import type { Death, PacketHeader, PacketTrace, Place, RuleTried, TraceStep } from '../../contracts/trace.ts';
import type { TraceEvent } from '../../simulator/world/trace.ts';
import { get16 } from '../../simulator/bytes.ts';
import { macAt } from '../../simulator/wire/mac.ts';
import * as ethernet from '../../simulator/wire/ethernet.ts';
import * as ipv4 from '../../simulator/wire/ipv4.ts';
import * as ipv6 from '../../simulator/wire/ipv6.ts';
import { formatIp4 } from '../../simulator/wire/ip4.ts';
import { formatIp6 } from '../../simulator/wire/ip6.ts';

export type PlaceOf = (kernelId: number, netns: number) => Place;

const ETHERNET_BYTES = 14;
const protocolNames: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp6' };

/** The addresses, ports and ids of the IP packet in an Ethernet frame; undefined for anything else. */
export function headerOf(frame: Uint8Array): PacketHeader | undefined {
  const at = ETHERNET_BYTES;
  const type = typeOf(frame);
  if (type === ethernet.TYPE_IPV4) {
    const lengthBytes = ipv4.totalLength(frame, at);
    return withTransport(frame, ipv4.protocol(frame, at), at + ipv4.headerLength(frame, at), formatIp4(ipv4.source(frame, at)), formatIp4(ipv4.destination(frame, at)), ipv4.timeToLive(frame, at), lengthBytes);
  }
  if (type !== ethernet.TYPE_IPV6 || ipv6.headerError(frame, at) !== undefined) return undefined;
  const upper = ipv6.upperLayer(frame, at);
  if (typeof upper === 'string') return undefined;
  const lengthBytes = ipv6.HEADER_LENGTH + ipv6.payloadLength(frame, at);
  return withTransport(frame, upper.protocol, upper.at, formatIp6(ipv6.source(frame, at)), formatIp6(ipv6.destination(frame, at)), ipv6.hopLimit(frame, at), lengthBytes);
}

function withTransport(frame: Uint8Array, protocol: number, transport: number, source: string, destination: string, ttl: number, lengthBytes: number): PacketHeader {
  const common = { protocol: protocolNames[protocol] ?? String(protocol), source, destination, ttl, mark: 0, lengthBytes };
  if (transport + 4 > frame.length) return common;
  if (protocol === 6 || protocol === 17) return { ...common, sourcePort: get16(frame, transport), destinationPort: get16(frame, transport + 2) };
  if (protocol !== 1 && protocol !== 58) return common;
  const icmpType = frame[transport]!;
  const isEcho = protocol === 1 ? icmpType === 0 || icmpType === 8 : icmpType === 128 || icmpType === 129;
  return { ...common, icmpType, icmpCode: frame[transport + 1]!, ...(isEcho && transport + 6 <= frame.length ? { icmpId: get16(frame, transport + 4) } : {}) };
}

/**
 * What one question meets in a copy of the world. The copy stands still until the question is sent, so the first packet is the question; the
 * first that comes back from where it went is the answer.
 */
export class Journal {
  private readonly placeOf: PlaceOf;
  private readonly asked: TraceEvent[] = [];
  /** Of other packets, up to the answer's end. */
  private readonly others: TraceEvent[] = [];
  private answer: number | undefined;

  constructor(placeOf: PlaceOf) {
    const places = new Map<number, Place>();
    this.placeOf = (kernelId, netns) => {
      const key = kernelId * 0x100000 + netns;
      let place = places.get(key);
      if (place === undefined) places.set(key, (place = placeOf(kernelId, netns)));
      return place;
    };
  }

  add(event: TraceEvent): void {
    const first = this.asked[0] ?? event;
    if (event.traceId === first.traceId) this.asked.push(event);
    else if (this.answer === undefined) {
      if (answers(event.frame, first.frame)) this.answer = event.traceId;
      this.others.push(event);
    } else if (event.traceId === this.answer) this.others.push(event);
  }

  request(): PacketTrace {
    return this.asked.length === 0 ? { steps: [], outcome: 'left' } : packetTrace(this.asked, this.placeOf);
  }

  journeys(): { request: PacketTrace; reply: PacketTrace | undefined; died: Death | undefined } {
    const request = this.request();
    const reply = this.answer === undefined ? undefined : packetTrace(this.others.filter(({ traceId }) => traceId === this.answer), this.placeOf);
    return { request, reply, died: request.died ?? reply?.died };
  }
}

/** Whether a packet comes from the address, and port, that the question went to. Reads bytes: most packets are asked, and few are it. */
function answers(frame: Uint8Array, question: Uint8Array): boolean {
  const type = typeOf(frame);
  if (type !== typeOf(question)) return false;
  const isIp6 = type === ethernet.TYPE_IPV6;
  const [protocolAt, sourceAt, length] = isIp6 ? IP6_ADDRESSES : IP4_ADDRESSES;
  if (frame[protocolAt] !== question[protocolAt]) return false;
  for (let at = sourceAt; at < sourceAt + length; at++) if (frame[at] !== question[at + length]) return false;
  const protocol = frame[protocolAt];
  // Neighbour discovery comes from there too.
  if (isIp6 && protocol === ipv6.NEXT_ICMPV6) return frame[ETHERNET_BYTES + ipv6.HEADER_LENGTH]! <= 129;
  if (protocol !== 6 && protocol !== 17) return true;
  const transportOf = (of: Uint8Array): number => ETHERNET_BYTES + (isIp6 ? ipv6.HEADER_LENGTH : ipv4.headerLength(of, ETHERNET_BYTES));
  return get16(frame, transportOf(frame)) === get16(question, transportOf(question) + 2);
}

/** An IP packet has no Ethernet header before it knows its way out. */
function typeOf(frame: Uint8Array): number {
  if (frame.length < ETHERNET_BYTES + ipv4.MIN_HEADER_LENGTH) return 0;
  const type = ethernet.etherType(frame);
  if (type !== 0) return type;
  return frame[ETHERNET_BYTES]! >> 4 === 6 ? ethernet.TYPE_IPV6 : ethernet.TYPE_IPV4;
}

/** Where the protocol and the source address stand in a frame, and how long an address is; the destination follows the source. */
const IP4_ADDRESSES = [ETHERNET_BYTES + 9, ETHERNET_BYTES + 12, 4] as const;
const IP6_ADDRESSES = [ETHERNET_BYTES + 6, ETHERNET_BYTES + 8, 16] as const;

/** The journey of a packet, in the order it happened. */
function packetTrace(events: readonly TraceEvent[], placeOf: PlaceOf): PacketTrace {
  const steps: TraceStep[] = [];
  let death: Death | undefined;
  let isDelivered = false;
  for (const event of events) {
    const place = event.junction === undefined ? placeOf(event.kernelId, event.netns) : { machine: event.junction, netns: '' };
    steps.push(stepOf(event, place));
    if (event.kind === 'socket' || (event.kind === 'answer' && event.what === 'echo reply')) isDelivered = true;
    // A flooded copy may die while another goes on: the journey ended only if nothing was delivered.
    if (event.kind === 'died') death ??= deathOf(event, place, steps);
  }
  if (isDelivered) return { steps, outcome: 'delivered' };
  return death === undefined ? { steps, outcome: 'left' } : { steps, outcome: 'died', died: death };
}

const layerOf: Readonly<Record<Extract<TraceEvent, { kind: 'died' }>['layer'], Death['layer']>> = {
  link: 'link', address: 'address', neighbour: 'address', route: 'route', forwarding: 'forwarding', filter: 'filter', nat: 'nat', socket: 'service', ttl: 'route', mtu: 'link', checksum: 'link',
};

function deathOf(event: Extract<TraceEvent, { kind: 'died' }>, place: Place, steps: readonly TraceStep[]): Death {
  const rule = event.rule === undefined ? undefined : steps.flatMap(({ rulesTried }) => rulesTried ?? []).findLast(({ text, isMatch }) => isMatch && text === event.rule);
  return {
    cause: event.reason.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''),
    reason: sentence(`${event.junction === undefined ? `At ${event.at} in ${nameOf(place)}` : `In the cloud's network, at ${event.at}`}: ${event.reason}${event.rule === undefined ? '' : ` (${event.rule})`}`),
    at: { place, device: event.at }, layer: layerOf[event.layer], ...(rule === undefined ? {} : { rule }),
  };
}

function stepOf(event: TraceEvent, place: Place): TraceStep {
  const header = headerOf(event.frame);
  const common = { place, atUs: event.atUs, ...(header === undefined ? {} : { after: header }) };
  switch (event.kind) {
    case 'device':
      return { ...common, kind: event.direction === 'in' ? 'receive' : 'transmit', device: event.name, frame: { source: macAt(event.frame, 6), destination: macAt(event.frame, 0) }, text: event.direction === 'in' ? `It comes in by ${event.name}.` : `It goes out by ${event.name}.` };
    case 'bridge':
      return { ...common, kind: 'bridge', device: event.bridge, text: bridgeSentence(event) };
    case 'neighbour':
      return { ...common, kind: 'neighbour', device: event.device, text: event.outcome === 'resolved' ? `The MAC address of ${event.address} on ${event.device} is known.` : event.outcome === 'queued' ? `It waits while ${event.device} asks who has ${event.address}.` : `Nobody on ${event.device} answers for ${event.address}.` };
    case 'route':
      return { ...common, kind: 'route', ...(event.device === undefined ? {} : { device: event.device }), text: routeSentence(event) };
    case 'hook':
      return { ...common, kind: 'hook', hook: event.hook, table: event.table, rulesTried: event.rules.map((rule) => ruleTried(event.table, rule)), text: hookSentence(event) };
    case 'conntrack':
      return { ...common, kind: 'hook', conntrack: { state: event.state, original: event.original, reply: event.reply }, text: event.isNew ? `Connection tracking begins an entry: ${event.original}.` : `Connection tracking knows this flow (${event.state}).` };
    case 'nat':
      if (event.program !== undefined) return { ...common, kind: 'hook', text: `The program ${event.program} looks it up (${event.reason}): its ${event.manipulation} becomes ${event.after} (was ${event.before}).` };
      return { ...common, kind: 'hook', table: 'nat', text: `Its ${event.manipulation} becomes ${event.after} (was ${event.before}): ${event.reason}.` };
    case 'socket':
      return { ...common, kind: 'deliver', text: `It is delivered to ${event.description}.` };
    case 'junction':
      return { ...common, kind: junctionSteps[event.step], text: event.text };
    case 'answer':
      return { ...common, kind: 'deliver', text: sentence(event.what) };
    case 'died':
      return { ...common, kind: 'drop', device: event.at, text: sentence(`It ends at ${event.at}: ${event.reason}`) };
    default:
      return event satisfies never;
  }
}

const junctionSteps = { route: 'route', firewall: 'hook', nat: 'hook', balance: 'route' } as const;

function bridgeSentence(event: Extract<TraceEvent, { kind: 'bridge' }>): string {
  switch (event.decision) {
    case 'learned': return `${event.bridge} learns that its sender is behind ${event.port}.`;
    case 'forward': return `${event.bridge} forwards it to ${event.egress.join(', ')}.`;
    case 'flood': return `${event.bridge} does not know its destination and floods it to ${event.egress.join(', ') || 'no port'}.`;
    case 'local': return `${event.bridge} hands it to its own host.`;
    case 'drop': return `${event.bridge} drops it.`;
    default: return event.decision satisfies never;
  }
}

function routeSentence(event: Extract<TraceEvent, { kind: 'route' }>): string {
  const way = `${event.gateway === undefined ? '' : ` by ${event.gateway}`}${event.device === undefined ? '' : ` on ${event.device}`}`;
  switch (event.outcome) {
    case 'local': return `${event.destination} is an address of this namespace.`;
    case 'forward': return `The way to ${event.destination} is${way}${event.route === undefined ? '' : ` (${event.route})`}; it is to be forwarded.`;
    case 'unicast': return `The way to ${event.destination} is${way}${event.route === undefined ? '' : ` (${event.route})`}.`;
    case 'unreachable': return `No route leads to ${event.destination}.`;
    case 'blackhole': return `A blackhole route swallows what goes to ${event.destination}.`;
    case 'prohibit': return `A prohibit route refuses ${event.destination}.`;
    default: return event.outcome satisfies never;
  }
}

function hookSentence({ hook, table, rules, verdict }: Extract<TraceEvent, { kind: 'hook' }>): string {
  const matched = rules.filter((rule) => rule.matched);
  if (rules.length === 0) return `${table} ${hook} has no rule for it: ${verdict}.`;
  if (matched.length === 0) return `${table} ${hook}: none of ${rules.length} ${rules.length === 1 ? 'rule' : 'rules'} matches: ${verdict}.`;
  return `${table} ${hook}: ${matched.map((rule) => rule.text).join(', then ')}: ${verdict}.`;
}

function ruleTried(table: string, rule: Extract<TraceEvent, { kind: 'hook' }>['rules'][number]): RuleTried {
  return { table, chain: rule.chain, number: rule.position, text: rule.text, isMatch: rule.matched, why: rule.matched ? `It matches${rule.target === undefined ? '' : `: ${rule.target}`}.` : sentence(rule.missed ?? 'It does not match') };
}


function nameOf({ machine, netns }: Place): string {
  return netns === '' ? machine : netns;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? '' : '.'}`;
}

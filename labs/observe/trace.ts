/** A packet's journey for people: the kernel's trace events become steps with one sentence each. */
import type { Death, PacketHeader, PacketTrace, Place, RuleTried, TraceStep } from '../../contracts/trace.ts';
import type { TraceEvent } from '../../simulator/world/trace.ts';
import * as ipv4 from '../../simulator/wire/ipv4.ts';
import { formatIp4 } from '../../simulator/wire/ip4.ts';

export type PlaceOf = (kernelId: number, netns: number) => Place;

const ETHERNET_BYTES = 14;
const protocolNames: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp6' };

/** The addresses, ports and ids of the IPv4 packet in an Ethernet frame; undefined for anything else. */
export function headerOf(frame: Uint8Array): PacketHeader | undefined {
  const at = ETHERNET_BYTES;
  if (frame.length < at + 20 || frame[12] !== 8 || frame[13] !== 0) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const protocol = ipv4.protocol(frame, at);
  const transport = at + ((frame[at]! & 15) << 2);
  const common = {
    protocol: protocolNames[protocol] ?? String(protocol), source: formatIp4(ipv4.source(frame, at)), destination: formatIp4(ipv4.destination(frame, at)), ttl: ipv4.timeToLive(frame, at), mark: 0, lengthBytes: view.getUint16(at + 2),
  };
  if (transport + 4 > frame.length) return common;
  if (protocol === 6 || protocol === 17) return { ...common, sourcePort: view.getUint16(transport), destinationPort: view.getUint16(transport + 2) };
  if (protocol === 1) {
    const isEcho = frame[transport] === 0 || frame[transport] === 8;
    return { ...common, icmpType: frame[transport]!, icmpCode: frame[transport + 1]!, ...(isEcho && transport + 6 <= frame.length ? { icmpId: view.getUint16(transport + 4) } : {}) };
  }
  return common;
}

/** The journey of the packet(s) with this trace id, in the order it happened. */
export function packetTrace(events: readonly TraceEvent[], traceId: number, placeOf: PlaceOf): PacketTrace {
  const steps: TraceStep[] = [];
  let death: Death | undefined;
  let isDelivered = false;
  for (const event of events) {
    if (event.traceId !== traceId) continue;
    const place = event.junction === undefined ? placeOf(event.kernelId, event.netns) : { machine: event.junction, netns: '' };
    const step = stepOf(event, place);
    if (step !== undefined) steps.push(step);
    if (event.kind === 'socket' || event.kind === 'answer') isDelivered = true;
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
    reason: sentence(`At ${event.at} in ${nameOf(place)}: ${event.reason}${event.rule === undefined ? '' : ` (${event.rule})`}`),
    at: { place, device: event.at }, layer: layerOf[event.layer], ...(rule === undefined ? {} : { rule }),
  };
}

function stepOf(event: TraceEvent, place: Place): TraceStep | undefined {
  const header = headerOf(event.frame);
  const common = { place, atUs: event.atUs, ...(header === undefined ? {} : { after: header }) };
  switch (event.kind) {
    case 'device':
      return { ...common, kind: event.direction === 'in' ? 'receive' : 'transmit', device: event.name, frame: { source: mac(event.frame, 6), destination: mac(event.frame, 0) }, text: event.direction === 'in' ? `It comes in by ${event.name}.` : `It goes out by ${event.name}.` };
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

function mac(frame: Uint8Array, at: number): string {
  return [...frame.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function nameOf({ machine, netns }: Place): string {
  return netns === '' ? machine : netns;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? '' : '.'}`;
}

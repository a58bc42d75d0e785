/**
 * The firewall of a VPC: stateful, enforced at every instance's interface, by priority; deny wins among equals; at the end stand the implied
 * rules "allow all egress" and "deny all ingress". Read first: https://cloud.google.com/firewall/docs/firewalls
 */
import { isInPrefix4, type Ip4 } from '../../simulator/wire/ip4.ts';
import type { Junction } from '../../simulator/world/junction.ts';
import type { Header } from './header.ts';
import type { FirewallRule, InstanceNic, Range, VpcData } from './state.ts';

/** "Connection tracking ... idle connections are removed after 10 minutes". */
const IDLE_US = 600_000_000;
/** After FIN or RST. */
const CLOSING_US = 10_000_000;
const MOST_FLOWS = 2_000;

export interface Verdict {
  readonly isAllowed: boolean;
  /** 'tracked' when the packet belongs to a connection that is known. */
  readonly by: FirewallRule | 'implied' | 'tracked';
}

/**
 * `about` is the packet itself, or for an ICMP error the packet it quotes, which then is looked up only.
 * `senderTags` are those of the instance the packet comes from, when it comes from inside the network.
 */
export function judge(junction: Junction<VpcData>, port: number, nic: InstanceNic, direction: FirewallRule['direction'], packet: Header, about: Header | undefined, senderTags: readonly string[]): Verdict {
  const { flows } = junction.data;
  const known = about === undefined ? knownFlow(flows, port, packet, junction.nowUs) : (knownFlow(flows, port, about, junction.nowUs) ?? knownFlow(flows, port, packet, junction.nowUs));
  if (known !== undefined) {
    if (about === undefined) {
      known.isClosing ||= packet.closes;
      known.untilUs = junction.nowUs + (known.isClosing ? CLOSING_US : IDLE_US);
    }
    return { isAllowed: true, by: 'tracked' };
  }
  const rule = firstMatch(junction.data.firewall, nic, direction, packet, senderTags);
  const isAllowed = rule === undefined ? direction === 'EGRESS' : rule.action === 'allow';
  if (isAllowed) {
    if (flows.size >= MOST_FLOWS) forget(flows, junction.nowUs);
    flows.set(keyOf(port, packet), { untilUs: junction.nowUs + IDLE_US, isClosing: false });
  }
  return { isAllowed, by: rule ?? 'implied' };
}

function firstMatch(rules: readonly FirewallRule[], nic: InstanceNic, direction: FirewallRule['direction'], packet: Header, senderTags: readonly string[]): FirewallRule | undefined {
  const other = direction === 'INGRESS' ? packet.source : packet.destination;
  return rules.find((rule) => rule.direction === direction && rule.networkName === nic.networkName && isTarget(rule, nic) && isPeer(rule, other, senderTags) && rule.layer4.some((one) => isAbout(one, packet)));
}

function isTarget({ targetTags }: FirewallRule, { tags }: InstanceNic): boolean {
  return targetTags.length === 0 || targetTags.some((tag) => tags.includes(tag));
}

function isPeer({ ranges, sourceTags }: FirewallRule, other: Ip4, senderTags: readonly string[]): boolean {
  return ranges.some((range) => isIn(other, range)) || sourceTags.some((tag) => senderTags.includes(tag));
}

function isAbout({ protocol, ports }: FirewallRule['layer4'][number], packet: Header): boolean {
  if (protocol === undefined) return true;
  return protocol === packet.protocol && (ports.length === 0 || ports.some(([from, to]) => packet.destinationPort >= from && packet.destinationPort <= to));
}

export function isIn(address: Ip4, { network, length }: Range): boolean {
  return isInPrefix4(address, network, length);
}

/** The same in both directions. */
function keyOf(port: number, { protocol, source, destination, sourcePort, destinationPort }: Header): string {
  return `${port} ${protocol} ${source}:${sourcePort} ${destination}:${destinationPort}`;
}

function knownFlow(flows: VpcData['flows'], port: number, packet: Header, nowUs: number): { untilUs: number; isClosing: boolean } | undefined {
  for (const key of [keyOf(port, packet), keyOf(port, { ...packet, source: packet.destination, destination: packet.source, sourcePort: packet.destinationPort, destinationPort: packet.sourcePort })]) {
    const flow = flows.get(key);
    if (flow === undefined) continue;
    if (flow.untilUs > nowUs) return flow;
    flows.delete(key);
  }
  return undefined;
}

/** Drops what is over; were all alive, the oldest half. */
function forget(flows: VpcData['flows'], nowUs: number): void {
  for (const [key, { untilUs }] of flows) if (untilUs <= nowUs) flows.delete(key);
  if (flows.size < MOST_FLOWS) return;
  let left = MOST_FLOWS >> 1;
  for (const key of flows.keys()) {
    if (left === 0) break;
    flows.delete(key);
    left -= 1;
  }
}

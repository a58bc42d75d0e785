/**
 * How a VPC carries packets. Nothing here is a switch or a router one could log in to: every interface is asked for everything by ARP, hops
 * are not counted, and gateways answer nothing but ARP. Order for what leaves an instance: metadata, source check, egress firewall, route;
 * for what reaches one: 1:1 translation or load balancer, ingress firewall.
 * Read first: https://cloud.google.com/vpc/docs/vpc, https://cloud.google.com/vpc/docs/routes, Andromeda (NSDI 2018)
 */
import { put16 } from '../../simulator/bytes.ts';
import type { Packet } from '../../simulator/kernel/packet.ts';
import * as arp from '../../simulator/wire/arp.ts';
import * as ethernet from '../../simulator/wire/ethernet.ts';
import { formatIp4, formatPrefix4, isInPrefix4, isLinkLocalIp4, isMulticastIp4, type Ip4 } from '../../simulator/wire/ip4.ts';
import * as ipv4 from '../../simulator/wire/ipv4.ts';
import { putMac, type Mac } from '../../simulator/wire/mac.ts';
import type { Junction, JunctionKind } from '../../simulator/world/junction.ts';
import { balance } from './balance.ts';
import { isIn, judge } from './firewall.ts';
import { connectionTimedOut, isProbeSource, probeDue } from './health.ts';
import { AT, headerOf, quoted, translate, type Header } from './header.ts';
import { answerFromInternet, dnsReply, echoReply } from './internet.ts';
import { receiveAtMetadata } from './metadata.ts';
import { METADATA_ADDRESS, nicNamed, VPC_KIND, type FirewallRule, type InstanceNic, type LoadBalancer, type OutsideHost, type VpcData, type VpcRoute } from './state.ts';
import { receiveAtEndpoint } from './tcp-endpoint.ts';

export type Vpc = Junction<VpcData>;

const MTU = 1460;
/** Between hosts of one zone, and more to another one. */
const ZONE_US = 40;
const OTHER_ZONE_US = 400;
/** From a region's edge to an address of the provider itself and back. */
const EDGE_US = 60;

export const vpc: JunctionKind<VpcData> = {
  kind: VPC_KIND,
  receive(junction, port, packet) {
    const attachment = junction.data.attachments.get(port);
    if (attachment === undefined) return junction.died(packet, 'link', 'the network knows nobody at this port', `port ${port}`);
    if (packet.protocol === ethernet.TYPE_ARP) return answerArp(junction, port, attachment, packet);
    if (packet.protocol !== ethernet.TYPE_IPV4) return junction.died(packet, 'link', 'the VPC network carries IPv4 only', nameOf(attachment));
    if (ethernet.destination(packet.frame) !== attachment.gatewayMac) return junction.died(packet, 'link', 'the frame is not addressed to the gateway', nameOf(attachment));
    if (ipv4.headerError(packet.frame, AT) !== undefined) return junction.died(packet, 'checksum', 'the IPv4 header is malformed', nameOf(attachment));
    if (attachment.kind === 'instance') fromInstance(junction, port, attachment, packet);
    else fromOutside(junction, port, attachment, packet);
  },
  timer(junction, timer) {
    const [what, ...rest] = timer.split(' ');
    if (what === 'probe') probeDue(junction, rest[0]!, rest[1]!);
    else connectionTimedOut(junction, Number(rest[0]), rest.slice(1).join(' '));
  },
};

function nameOf(attachment: InstanceNic | OutsideHost): string {
  return attachment.kind === 'instance' ? attachment.instance : attachment.name;
}

/** Every request is answered with the gateway's address, except one for the asker's own (duplicate detection). */
function answerArp(junction: Vpc, port: number, attachment: InstanceNic | OutsideHost, packet: Packet): void {
  const asked = arp.parse(packet.frame, AT);
  if (typeof asked === 'string' || asked.operation !== arp.REQUEST) return;
  if (asked.targetIp === asked.senderIp || asked.targetIp === (attachment.kind === 'instance' ? attachment.address : attachment.addresses[0])) return;
  const body = arp.emit({ operation: arp.REPLY, senderMac: attachment.gatewayMac, senderIp: asked.targetIp, targetMac: asked.senderMac, targetIp: asked.senderIp });
  junction.send(port, junction.makePacket(ethernet.emit({ destination: asked.senderMac, source: attachment.gatewayMac, etherType: ethernet.TYPE_ARP, payload: body }), ethernet.TYPE_ARP));
}

// ---------------------------------------------------------------- from an instance

function fromInstance(junction: Vpc, port: number, nic: InstanceNic, packet: Packet): void {
  const { data } = junction;
  const header = headerOf(packet.frame);
  const { destination, source } = header;
  if (receiveAtEndpoint(junction, port, packet)) return;
  if (destination === METADATA_ADDRESS) return receiveAtMetadata(junction, port, nic, packet);
  if (isMulticastIp4(destination) || destination === 0xffffffff) return junction.died(packet, 'route', 'a VPC network carries neither multicast nor broadcast', nic.instance);
  if (isLinkLocalIp4(destination)) return junction.died(packet, 'route', 'link-local addresses are not routed', nic.instance);
  const answersAs = balancerOf(data, source, nic.instance);
  if (!isOwnAddress(nic, source) && answersAs === undefined && !nic.canIpForward) {
    return junction.died(packet, 'address', `the source ${formatIp4(source)} is not an address of ${nic.instance}, which may not forward packets of others (canIpForward is false)`, `${nic.instance} egress`);
  }
  const verdict = judge(junction, port, nic, 'EGRESS', header, quoted(packet.frame), []);
  if (junction.isTraced) tellVerdict(junction, packet, nic, 'EGRESS', verdict.by);
  if (!verdict.isAllowed) return denied(junction, packet, nic, 'EGRESS', verdict.by);
  if (ipv4.totalLength(packet.frame, AT) > MTU) return junction.died(packet, 'mtu', 'the packet is longer than the network\'s MTU', nic.instance);
  route(junction, nic, packet, header, answersAs);
}

function isOwnAddress(nic: InstanceNic, address: Ip4): boolean {
  return address === nic.address || nic.aliases.some((alias) => isIn(address, alias));
}

/** The load balancer at this address that has the instance behind it: answers go out from there directly. */
function balancerOf(data: VpcData, address: Ip4, instance: string): LoadBalancer | undefined {
  return data.loadBalancers.find((balancer) => balancer.address === address && balancer.backends.includes(instance));
}

function route(junction: Vpc, nic: InstanceNic, packet: Packet, header: Header, answersAs: LoadBalancer | undefined): void {
  const { data } = junction;
  const { destination } = header;
  const frontEnd = frontEndAt(data, destination);
  if (frontEnd !== undefined) {
    if (junction.isTraced) junction.tell(packet, 'route', `${formatIp4(destination)} is an address of ${frontEnd.host.name}, which has a way of its own: no external address is needed.`);
    return deliver(junction, frontEnd.port, frontEnd.host, packet, frontEnd.host.distanceUs);
  }
  const inside = data.loadBalancers.find((balancer) => balancer.scheme === 'INTERNAL' && balancer.networkName === nic.networkName && balancer.address === destination);
  if (inside !== undefined) return toBackend(junction, packet, header, destination, nic);
  const subnet = data.subnets.find(({ networkName, range, secondary }) => networkName === nic.networkName && (isIn(destination, range) || secondary.some((one) => isIn(destination, one))));
  if (subnet !== undefined) {
    if (junction.isTraced) junction.tell(packet, 'route', `The route of subnet ${subnet.name} leads to ${formatIp4(destination)}.`);
    if (destination === subnet.gateway) return junction.died(packet, 'route', 'the gateway of a VPC subnet answers nothing but ARP', subnet.name);
    const found = ownerOf(data, nic.networkName, destination);
    if (found === undefined) return junction.died(packet, 'address', `no instance has the address ${formatIp4(destination)}`, subnet.name);
    return toInstance(junction, found.port, found.nic, packet, header, nic);
  }
  const chosen = chooseRoute(data, nic, header);
  if (chosen === undefined) return junction.died(packet, 'route', `no route of network ${nic.networkName} leads to ${formatIp4(destination)}`, nic.networkName);
  if (junction.isTraced) junction.tell(packet, 'route', `Route ${chosen.name} (${formatPrefix4({ address: chosen.range.network, length: chosen.range.length })}, priority ${chosen.priority}) leads to ${formatIp4(destination)}.`);
  const { nextHop } = chosen;
  if (nextHop.kind === 'internet') return toInternet(junction, nic, packet, header, answersAs);
  const hop = nextHop.kind === 'instance' ? nicNamed(data, nextHop.instance) : ownerOf(data, nic.networkName, nextHop.address);
  const hopName = nextHop.kind === 'instance' ? nextHop.instance : formatIp4(nextHop.address);
  if (hop === undefined) return junction.died(packet, 'route', `the next hop ${hopName} of route ${chosen.name} does not run`, chosen.name);
  if (!hop.nic.canIpForward && !isOwnAddress(hop.nic, destination)) {
    return junction.died(packet, 'forwarding', `the next hop ${hopName} of route ${chosen.name} may not take packets for others (canIpForward is false)`, chosen.name);
  }
  toInstance(junction, hop.port, hop.nic, packet, header, nic);
}

/** The front end whose connections to backends come from this address. */
function frontEndAt(data: VpcData, address: Ip4): { port: number; host: OutsideHost } | undefined {
  if (data.httpBalancers.length === 0) return undefined;
  for (const [port, host] of data.attachments) if (host.kind === 'outside' && host.innerAddresses?.includes(address) === true) return { port, host };
  return undefined;
}

function ownerOf(data: VpcData, networkName: string, address: Ip4): { port: number; nic: InstanceNic } | undefined {
  for (const [port, nic] of data.attachments) if (nic.kind === 'instance' && nic.networkName === networkName && isOwnAddress(nic, address)) return { port, nic };
  return undefined;
}

/** The longest prefix, then the best priority; several that are equal share the flows. Static routes that an instance's tags exclude do not count. */
function chooseRoute(data: VpcData, nic: InstanceNic, header: Header): VpcRoute | undefined {
  const fits = data.routes.filter(({ networkName, range, tags }) => networkName === nic.networkName && isIn(header.destination, range) && (tags.length === 0 || tags.some((tag) => nic.tags.includes(tag))));
  const best = fits.filter(({ range, priority }) => range.length === fits[0]!.range.length && priority === fits[0]!.priority);
  return best.length < 2 ? best[0] : best[flowHash(header) % best.length];
}

/** FNV-1a over the five-tuple. */
export function flowHash({ protocol, source, destination, sourcePort, destinationPort }: Header): number {
  let hash = 0x811c9dc5;
  for (const word of [source, destination, (sourcePort << 16) | destinationPort, protocol]) {
    for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((word >>> shift) & 255), 0x01000193);
  }
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

/** The default internet gateway: 1:1 translation, or the load balancer's address as it is. */
function toInternet(junction: Vpc, nic: InstanceNic, packet: Packet, header: Header, answersAs: LoadBalancer | undefined): void {
  const { destination, source } = header;
  if (isPrivate(destination)) return junction.died(packet, 'route', `no route of network ${nic.networkName} leads to ${formatIp4(destination)}, and the internet does not carry private addresses`, 'default-internet-gateway');
  if (answersAs === undefined) {
    if (source !== nic.address) return junction.died(packet, 'nat', `the source ${formatIp4(source)} is not the primary address of ${nic.instance}, so the internet gateway has no external address for it`, 'default-internet-gateway');
    if (nic.external === 0) return junction.died(packet, 'nat', `${nic.instance} has no external address`, 'default-internet-gateway');
    if (junction.isTraced) junction.tell(packet, 'nat', `The internet gateway gives it the external address ${formatIp4(nic.external)} of ${nic.instance} as source.`);
    translate(packet.frame, 'source', nic.external);
  } else if (junction.isTraced) junction.tell(packet, 'nat', `It answers from the load balancer's address ${formatIp4(source)} directly.`);
  atEdge(junction, packet);
}

function isPrivate(address: Ip4): boolean {
  return isInPrefix4(address, 0x0a000000, 8) || isInPrefix4(address, 0xac100000, 12) || isInPrefix4(address, 0xc0a80000, 16) || isInPrefix4(address, 0x64400000, 10);
}

// ---------------------------------------------------------------- the internet side

function fromOutside(junction: Vpc, port: number, host: OutsideHost, packet: Packet): void {
  const header = headerOf(packet.frame);
  const { source, destination } = header;
  if (host.innerAddresses?.includes(source) === true) return toMember(junction, host, packet, header);
  // A machine behind a router of the provider's own, Cloud Shell, has the resolver at the address where instances have it.
  if (host.inside !== undefined && source === host.inside && destination === METADATA_ADDRESS) {
    const answer = echoReply(junction, packet, 64) ?? dnsReply(junction, packet, 64, 'provider');
    if (answer === undefined) return junction.died(packet, 'socket', 'outside the network this is a resolver and nothing else', 'metadata server');
    return deliver(junction, port, host, answer, EDGE_US);
  }
  if (host.inside !== undefined && source === host.inside) translate(packet.frame, 'source', host.addresses[0]!);
  else if (!host.addresses.includes(source)) return junction.died(packet, 'address', `the source ${formatIp4(source)} is not an address of ${host.name}`, host.name);
  if (!countHops(junction, packet, host.hops)) return;
  atEdge(junction, packet, host.distanceUs);
}

/** From a front end to a backend. */
function toMember(junction: Vpc, host: OutsideHost, packet: Packet, header: Header): void {
  const { destination } = header;
  const member = junction.data.httpServices.flatMap(({ members }) => members).find(({ address }) => address === destination);
  const found = member === undefined ? undefined : nicNamed(junction.data, member.instance);
  if (found === undefined) return junction.died(packet, 'address', `no backend has the address ${formatIp4(destination)} (any more)`, host.name);
  toInstance(junction, found.port, found.nic, packet, header, undefined, host.distanceUs);
}

/** Hops of the internet count, those of the VPC do not. */
function countHops(junction: Vpc, packet: Packet, hops: number): boolean {
  const left = ipv4.timeToLive(packet.frame, AT) - hops;
  if (left < 1) {
    junction.died(packet, 'ttl', 'its time to live ran out on the internet', 'internet');
    return false;
  }
  packet.frame[AT + 8] = left;
  ipv4.writeChecksum(packet.frame, AT);
  return true;
}

/** Public addresses on both ends. */
function atEdge(junction: Vpc, packet: Packet, delayUs = 0): void {
  const { data } = junction;
  const header = headerOf(packet.frame);
  const { destination } = header;
  const proxied = data.httpBalancers.filter(({ address }) => address === destination);
  if (proxied.length > 0 && header.protocol === ipv4.PROTOCOL_TCP && !proxied.some(({ ports: [from, to] }) => header.destinationPort >= from && header.destinationPort <= to)) {
    return junction.died(packet, 'filter', `forwarding rule ${proxied.map(({ name, ports: [from, to] }) => `${name} takes TCP to port ${from === to ? from : `${from}-${to}`} only`).join(', ')}`, formatIp4(destination));
  }
  if (proxied.length > 0 && junction.isTraced) junction.tell(packet, 'balance', `Forwarding rule ${proxied[0]!.name} leads to a proxy: the connection ends at the front end, which asks a backend on a connection of its own.`);
  for (const [port, attachment] of data.attachments) {
    if (attachment.kind === 'outside' && attachment.addresses.includes(destination)) {
      if (!countHops(junction, packet, attachment.hops)) return;
      if (attachment.inside !== undefined && destination === attachment.addresses[0]) translate(packet.frame, 'destination', attachment.inside);
      return deliver(junction, port, attachment, packet, delayUs + attachment.distanceUs);
    }
    if (attachment.kind === 'instance' && attachment.external === destination) {
      if (junction.isTraced) junction.tell(packet, 'nat', `${formatIp4(destination)} is the external address of ${attachment.instance}: the destination becomes ${formatIp4(attachment.address)}.`);
      translate(packet.frame, 'destination', attachment.address);
      return toInstance(junction, port, attachment, packet, headerOf(packet.frame), undefined, delayUs + EDGE_US);
    }
  }
  if (data.loadBalancers.some(({ address, scheme }) => address === destination && scheme === 'EXTERNAL')) return toBackend(junction, packet, header, destination, undefined, delayUs);
  if (isProbeSource(destination)) return junction.died(packet, 'socket', 'the health check has lost interest in this connection', 'health check');
  const host = data.internetHosts.find(({ address }) => address === destination);
  if (host === undefined) return junction.died(packet, 'route', `nobody on the internet answers at ${formatIp4(destination)}`, 'internet');
  if (!countHops(junction, packet, host.hops)) return;
  const answer = answerFromInternet(junction, host, packet);
  if (answer === undefined) return;
  atEdge(junction, answer, 2 * host.distanceUs + delayUs);
}

function toBackend(junction: Vpc, packet: Packet, header: Header, address: Ip4, from: InstanceNic | undefined, delayUs = 0): void {
  const chosen = balance(junction, header, address);
  if (typeof chosen === 'string') return junction.died(packet, 'filter', chosen, formatIp4(address));
  const nic = junction.data.attachments.get(chosen.port) as InstanceNic;
  if (junction.isTraced) junction.tell(packet, 'balance', `Forwarding rule ${chosen.balancer.name} passes it to ${nic.instance}; addresses and ports stay as they are.`);
  toInstance(junction, chosen.port, nic, packet, header, from, delayUs + EDGE_US);
}

// ---------------------------------------------------------------- to an instance

/** `from`: the sender, when it is an instance of this network. */
export function toInstance(junction: Vpc, port: number, nic: InstanceNic, packet: Packet, header: Header, from: InstanceNic | undefined, delayUs = from === undefined || from.zone === nic.zone ? ZONE_US : OTHER_ZONE_US): void {
  const verdict = judge(junction, port, nic, 'INGRESS', header, quoted(packet.frame), from?.networkName === nic.networkName ? from.tags : []);
  if (junction.isTraced) tellVerdict(junction, packet, nic, 'INGRESS', verdict.by);
  if (!verdict.isAllowed) return denied(junction, packet, nic, 'INGRESS', verdict.by);
  deliver(junction, port, nic, packet, delayUs);
}

/** Past every check. */
export function deliver(junction: Vpc, port: number, attachment: { readonly mac: Mac; readonly gatewayMac: Mac }, packet: Packet, delayUs: number): void {
  const { frame } = packet;
  putMac(frame, 0, attachment.mac);
  putMac(frame, 6, attachment.gatewayMac);
  put16(frame, 12, ethernet.TYPE_IPV4);
  junction.send(port, packet, delayUs);
}

type By = FirewallRule | 'implied' | 'tracked';

function tellVerdict(junction: Vpc, packet: Packet, nic: InstanceNic, direction: FirewallRule['direction'], by: By): void {
  const side = direction === 'INGRESS' ? 'ingress' : 'egress';
  const text = by === 'tracked' ? `The firewall at ${nic.instance} knows this connection: ${side} is allowed.`
    : by === 'implied' ? `No ${side} rule of the firewall is about it; the implied rule ${direction === 'INGRESS' ? 'denies' : 'allows'} it at ${nic.instance}.`
      : `Firewall rule ${by.name} (priority ${by.priority}) ${by.action === 'allow' ? 'allows' : 'denies'} ${side} at ${nic.instance}.`;
  junction.tell(packet, 'firewall', text);
}

function denied(junction: Vpc, packet: Packet, nic: InstanceNic, direction: FirewallRule['direction'], by: By): void {
  const side = direction === 'INGRESS' ? 'ingress' : 'egress';
  const reason = typeof by === 'string' ? `no firewall rule allows ${side}, and the implied rule denies it` : `firewall rule ${by.name} denies ${side}`;
  junction.died(packet, 'filter', reason, `${nic.instance} ${side}`);
}

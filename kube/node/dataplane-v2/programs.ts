/**
 * The node's programs: where packets and sockets are led to a service's pods without netfilter. At sockets the destination is exchanged before there is a packet;
 * at the node's device packets from outside are translated, and lent a port of this node when the pod is elsewhere; at pods' devices policies are judged.
 * Read first: cilium bpf/bpf_sock.c (__sock4_xlate_fwd), bpf/bpf_host.c, bpf/bpf_lxc.c, bpf/lib/nodeport.h (nodeport_lb4, nodeport_nat_fwd); docs.cilium.io, "Life of a Packet"
 */
import type { BpfContext, BpfObjectKind, Packet, SocketCall, TcContext, TcVerdict } from '../../../simulator/index.ts';
import { formatIp4, isInPrefix4, isLoopbackIp4, type Ip4 } from '../../../simulator/wire/ip4.ts';
import { createFlow, liveFlow, touchFlow, tupleOf } from './flows.ts';
import { emptyMaps, flowKey, HOST, REMOTE_NODE, reversed, serviceKey, WORLD, type AgentMaps, type Backend, type Flow, type FlowMaps, type PolicyRule, type ServiceEntry, type Tuple } from './maps.ts';

type Maps = BpfContext<AgentMaps, FlowMaps>;
type Tc = TcContext<AgentMaps, FlowMaps>;

export const FROM_NETDEV = 'cil_from_netdev';
export const TO_NETDEV = 'cil_to_netdev';
export const FROM_CONTAINER = 'cil_from_container';
export const TO_CONTAINER = 'cil_to_container';

/** --node-port-range, and what SNAT may use: all ports above it. */
const NODE_PORTS = { first: 30_000, last: 32_767 };
const LENT_PORTS = { first: 32_768, last: 65_535 };
const LENDING_TRIES = 128;
const MOST_SOCKET_PEERS = 16_384;

export const datapath: BpfObjectKind<AgentMaps, FlowMaps> = {
  kind: 'dataplane-v2',
  emptyMaps,
  sections: [FROM_NETDEV, TO_NETDEV, FROM_CONTAINER, TO_CONTAINER],
  tc(section, context, packet) {
    switch (section) {
      case FROM_NETDEV: return fromNetdev(context, packet);
      case TO_NETDEV: return toNetdev(context, packet);
      default: return atEndpoint(context, packet, section === TO_CONTAINER);
    }
  },
  connect4: translateCall,
  peer4: ({ flowMaps }, { cookie, address, port }) => flowMaps.socketPeers.get(`${cookie} ${address}:${port}`),
};

// ---------------------------------------------------------------- sockets

/** cil_sock4_connect, cil_sock4_sendmsg: in pods and on the node alike. */
function translateCall(context: Maps, call: SocketCall): Backend | 'EHOSTUNREACH' | undefined {
  const { services } = context.agentMaps;
  const service = services.get(serviceKey(call.address, call.port, call.protocol)) ?? (isNodePort(context.agentMaps, call) ? services.get(serviceKey(0, call.port, call.protocol)) : undefined);
  if (service === undefined) return undefined;
  const backend = choose(context, service, service.backends, `netns ${call.ns}`);
  if (backend === undefined) return 'EHOSTUNREACH';
  const { socketPeers } = context.flowMaps;
  // The map is an LRU one.
  if (socketPeers.size >= MOST_SOCKET_PEERS) socketPeers.delete(socketPeers.keys().next().value!);
  socketPeers.set(`${call.cookie} ${backend.address}:${backend.port}`, { address: call.address, port: call.port });
  return { address: backend.address, port: backend.port };
}

/** Any node's address does, this one's loopback too (sock4_wildcard_lookup). */
function isNodePort({ identities }: AgentMaps, { address, port }: SocketCall): boolean {
  if (port < NODE_PORTS.first || port > NODE_PORTS.last) return false;
  const identity = identities.get(address);
  return identity === HOST || identity === REMOTE_NODE || isLoopbackIp4(address);
}

/** At random, but for clients that a service keeps with their backend. */
function choose({ flowMaps: { affinities }, dice, nowUs }: Maps, { id, affinitySeconds }: ServiceEntry, backends: readonly Backend[], client: string): Backend | undefined {
  if (backends.length === 0) return undefined;
  if (affinitySeconds === undefined) return backends[dice.below(backends.length)];
  const key = `${id} ${client}`;
  const known = affinities.get(key);
  const kept = known === undefined || known.usedUs + affinitySeconds * 1e6 <= nowUs ? undefined : backends.find((one) => isSame(one, known.backend));
  const backend = kept ?? backends[dice.below(backends.length)]!;
  affinities.set(key, { backend, usedUs: nowUs });
  return backend;
}

function isSame(one: Backend, other: Backend): boolean {
  return one.address === other.address && one.port === other.port;
}

// ---------------------------------------------------------------- the node's device

/** tc ingress of eth0. */
function fromNetdev(context: Tc, packet: Packet): TcVerdict {
  const tuple = tupleOf(packet);
  if (tuple === undefined) return 'ok';
  const service = context.agentMaps.services.get(serviceKey(tuple.destination, tuple.dport, tuple.protocol));
  return service === undefined ? returnTranslated(context, packet, tuple) : balance(context, packet, tuple, service);
}

/** nodeport_lb4: to a pod here, or to another node in this one's name. */
function balance(context: Tc, packet: Packet, tuple: Tuple, service: ServiceEntry): TcVerdict {
  const { agentMaps, flowMaps, nowUs } = context;
  const name = `${formatIp4(service.address)}:${service.port}`;
  const front = { id: service.id, address: service.address, port: service.port };
  if (service.outerBackends === undefined) return context.shoot(packet, 'filter', `${name} is a ClusterIP: packets from outside the node do not reach it (Is a ClusterIP)`);
  if (service.sources !== undefined && !service.sources.some(({ network, length }) => isInPrefix4(tuple.source, network, length))) return context.shoot(packet, 'filter', `${formatIp4(tuple.source)} is not in the Service's loadBalancerSourceRanges`);
  let choice = liveFlow(flowMaps, flowKey('SERVICE', tuple), nowUs);
  if (choice?.backend === undefined || !service.outerBackends.some((one) => isSame(one, choice!.backend!))) {
    const backend = choose(context, service, service.outerBackends, formatIp4(tuple.source));
    if (backend === undefined) return context.shoot(packet, 'nat', `${name} has no endpoints that may serve it here (No service backend)`);
    choice = createFlow(flowMaps, 'SERVICE', tuple, nowUs, { backend, service: front });
  }
  touchFlow(choice, packet, false, nowUs);
  const { address, port } = choice.backend!;
  const inner: Tuple = { ...tuple, destination: address, dport: port };
  const flow = liveFlow(flowMaps, flowKey('OUT', inner), nowUs) ?? createFlow(flowMaps, 'OUT', inner, nowUs, { service: front, sourceIdentity: WORLD });
  touchFlow(flow, packet, false, nowUs);
  context.translate(packet, 'destination', { address, port }, `cilium_lb4_services: ${name} is ${service.type} ${service.id}`);
  if (agentMaps.endpoints.has(address) || address === agentMaps.self) return 'ok';
  const lent = lend(context, flow, inner);
  if (lent === 0) return context.shoot(packet, 'nat', 'no port is left to lend (No mapping for NAT masquerade)');
  context.translate(packet, 'source', { address: agentMaps.self, port: lent }, 'cilium_snat_v4_external: the pod is on another node, which must answer this one');
  return context.redirect(packet);
}

/** snat_v4_new_mapping: the client's own port where it may be kept. 0: none is free. */
function lend({ agentMaps: { self }, flowMaps, dice, nowUs }: Tc, flow: Flow, inner: Tuple): number {
  const key = flowKey('OUT', inner);
  if (flow.lentPort !== 0) return flow.lentPort;
  let port = inner.sport >= LENT_PORTS.first ? inner.sport : anyPort(dice);
  for (let left = LENDING_TRIES; left > 0; left -= 1) {
    const back = backKey(inner.protocol, inner.destination, inner.dport, self, port);
    const holder = flowMaps.translations.get(back);
    if (holder === undefined || holder === key || liveFlow(flowMaps, holder, nowUs) === undefined) {
      flowMaps.translations.set(back, key);
      flow.lentPort = port;
      return port;
    }
    port = anyPort(dice);
  }
  return 0;
}

function anyPort(dice: Tc['dice']): number {
  return LENT_PORTS.first + dice.below(LENT_PORTS.last - LENT_PORTS.first + 1);
}

function backKey(protocol: number, source: Ip4, sport: number, destination: Ip4, dport: number): string {
  return `${protocol} ${source}:${sport} ${destination}:${dport}`;
}

/** A backend elsewhere answers the port it was called from: on to the client, in the service's name (nodeport_rev_dnat_ingress_ipv4). */
function returnTranslated(context: Tc, packet: Packet, tuple: Tuple): TcVerdict {
  const { flowMaps, nowUs } = context;
  const holder = flowMaps.translations.get(backKey(tuple.protocol, tuple.source, tuple.sport, tuple.destination, tuple.dport));
  const flow = holder === undefined ? undefined : liveFlow(flowMaps, holder, nowUs);
  if (flow?.service === undefined) return 'ok';
  touchFlow(flow, packet, true, nowUs);
  context.translate(packet, 'destination', { address: flow.tuple.source, port: flow.tuple.sport }, 'cilium_snat_v4_external: the answer to a port lent to this client');
  context.translate(packet, 'source', flow.service, `cilium_lb4_reverse_nat ${flow.service.id}`);
  return context.redirect(packet);
}

/** tc egress of eth0: a pod here answers a client that called the service's address. */
function toNetdev(context: Tc, packet: Packet): TcVerdict {
  const tuple = tupleOf(packet);
  const flow = tuple === undefined ? undefined : liveFlow(context.flowMaps, flowKey('OUT', reversed(tuple)), context.nowUs);
  if (flow?.service === undefined) return 'ok';
  touchFlow(flow, packet, true, context.nowUs);
  context.translate(packet, 'source', flow.service, `cilium_lb4_reverse_nat ${flow.service.id}`);
  return 'ok';
}

// ---------------------------------------------------------------- pods' devices

/** tc at the host's end of a pod's wire. Answers may always pass. */
function atEndpoint(context: Tc, packet: Packet, isIn: boolean): TcVerdict {
  const tuple = tupleOf(packet);
  if (tuple === undefined) return 'ok';
  const { agentMaps, flowMaps, nowUs } = context;
  const answered = liveFlow(flowMaps, flowKey(isIn ? 'OUT' : 'IN', reversed(tuple)), nowUs);
  if (answered !== undefined) {
    touchFlow(answered, packet, isIn, nowUs);
    return 'ok';
  }
  const endpoint = agentMaps.endpoints.get(isIn ? tuple.destination : tuple.source);
  const other = isIn ? tuple.source : tuple.destination;
  const rules = isIn ? endpoint?.ingress : endpoint?.egress;
  if (rules !== undefined && !(isIn && identityOf(agentMaps, other) === HOST) && !rules.some((rule) => allows(agentMaps, rule, other, tuple))) {
    return context.shoot(packet, 'filter', `no NetworkPolicy allows ${formatIp4(tuple.source)} to call ${formatIp4(tuple.destination)}:${tuple.dport} (Policy denied)`);
  }
  const kind = isIn ? 'IN' : 'OUT';
  const flow = liveFlow(flowMaps, flowKey(kind, tuple), nowUs) ?? createFlow(flowMaps, kind, tuple, nowUs, { sourceIdentity: identityOf(agentMaps, tuple.source) });
  touchFlow(flow, packet, isIn, nowUs);
  return 'ok';
}

function identityOf({ identities }: AgentMaps, address: Ip4): number {
  return identities.get(address) ?? WORLD;
}

function allows(maps: AgentMaps, { identities, blocks, ports }: PolicyRule, other: Ip4, { protocol, dport }: Tuple): boolean {
  if (ports !== undefined && !ports.some((one) => one.protocol === protocol && dport >= one.from && dport <= one.to)) return false;
  if (identities === undefined) return true;
  const identity = identityOf(maps, other);
  if (identities.has(identity)) return true;
  const isIn = ({ network, length }: { readonly network: Ip4; readonly length: number }): boolean => isInPrefix4(other, network, length);
  return identity === WORLD && blocks.some(({ cidr, except }) => isIn(cidr) && !except.some(isIn));
}

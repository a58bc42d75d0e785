/**
 * kube-proxy's heart: Services and endpoints in, the text for iptables-restore out. It holds no sockets and runs no commands; who drives it
 * (kube/node/kube-proxy.ts on a node) applies a plan and says whether that worked.
 * Read first: kubernetes pkg/proxy/iptables/proxier.go, syncProxyRules; pkg/proxy/service.go and endpoints.go, the change trackers.
 */
import { inCidr } from './addresses.ts';
import { endpointPortKey, endpointsOfObject, endpointsOfSlices, sliceServiceKey, type EndpointsByPort, type Endpoint, type EndpointSliceObject, type EndpointsObject } from './endpoints.ts';
import { chainLine, makeStaticChains, RuleLines, serviceHash, type Generation, type Jump, type NodePortTargets, type PortContext, type ProxyConfig } from './generation.ts';
import { serviceKey, servicePortName, servicePorts, type ServiceObject, type ServicePort } from './services.ts';

/** What the node knows at the time of a sync. */
export interface NodeView {
  /** Its own IPv4 addresses, 127.0.0.1 among them. */
  readonly localAddresses: readonly string[];
  /** Chains of the nat table, to delete what is left over; undefined when nobody could read them. */
  readonly natChains: Iterable<string> | undefined;
}

/** A socket to hold so that nobody else listens there. */
export interface LocalPort { readonly description: string; /** '' for all addresses. */ readonly address: string; readonly port: number; readonly protocol: 'tcp' | 'udp' }

export interface HealthCheckPort { readonly namespace: string; readonly service: string; readonly port: number; readonly localEndpoints: number }

/** Conntrack entries that would keep UDP flowing to where nobody is. */
export type StaleFlow =
  | { readonly kind: 'address'; readonly address: string; readonly protocol: 'udp' | 'sctp' }
  | { readonly kind: 'port'; readonly port: number; readonly protocol: 'udp' | 'sctp' }
  | { readonly kind: 'translation'; readonly address: string; readonly endpoint: string; readonly protocol: 'udp' | 'sctp' }
  | { readonly kind: 'port-translation'; readonly port: number; readonly endpoint: string; readonly protocol: 'udp' | 'sctp' };

export interface SyncPlan {
  readonly isFull: boolean;
  /** Chains that must exist before the restore, made empty when missing; only in a full sync. */
  readonly chains: readonly { readonly table: 'filter' | 'nat'; readonly chain: string }[];
  readonly jumps: readonly Jump[];
  readonly text: string;
  readonly localPorts: readonly LocalPort[];
  readonly healthChecks: readonly HealthCheckPort[];
  readonly staleFlows: readonly StaleFlow[];
}

interface Known {
  ports: readonly ServicePort[];
  endpoints: EndpointsByPort;
}
/** As the last sync left it. */
interface Synced { readonly port: ServicePort; readonly endpoints: readonly Endpoint[] }

const LARGE_CLUSTER = 1000;
const NOBODY: EndpointsByPort = new Map();

export class Proxier {
  readonly generation: Generation;
  readonly config: ProxyConfig;
  private readonly known = new Map<string, Known>();
  private readonly slices = new Map<string, Map<string, EndpointSliceObject>>();
  private readonly changed = new Set<string>();
  private readonly synced = new Map<string, Synced>();
  private readonly contexts = new WeakMap<ServicePort, { name: string; hash: string }>();
  private order: string[] | undefined;
  private isFullNeeded = true;

  constructor(generation: Generation, config: ProxyConfig) {
    this.generation = generation;
    this.config = config;
  }

  /** The Service as it is now. True when it means other rules. */
  setService(service: ServiceObject): boolean {
    return this.replacePorts(serviceKey(service), servicePorts(service));
  }

  deleteService(service: ServiceObject): boolean {
    return this.replacePorts(serviceKey(service), []);
  }

  setEndpointSlice(slice: EndpointSliceObject): boolean {
    const key = sliceServiceKey(slice);
    if (key === undefined) return false;
    const slices = this.slices.get(key) ?? new Map<string, EndpointSliceObject>();
    this.slices.set(key, slices);
    slices.set(slice.metadata?.name ?? '', slice);
    return this.replaceEndpoints(key, endpointsOfSlices(slices.values(), this.config.hostname));
  }

  deleteEndpointSlice(slice: EndpointSliceObject): boolean {
    const key = sliceServiceKey(slice);
    const slices = key === undefined ? undefined : this.slices.get(key);
    if (key === undefined || slices === undefined) return false;
    slices.delete(slice.metadata?.name ?? '');
    if (slices.size === 0) this.slices.delete(key);
    return this.replaceEndpoints(key, endpointsOfSlices(slices.values(), this.config.hostname));
  }

  setEndpoints(object: EndpointsObject): boolean {
    return this.replaceEndpoints(serviceKey(object), endpointsOfObject(object, this.config.hostname));
  }

  deleteEndpoints(object: EndpointsObject): boolean {
    return this.replaceEndpoints(serviceKey(object), NOBODY);
  }

  /** The next sync writes everything: after a failure, or when somebody flushed the rules. */
  forceFullSync(): void {
    this.isFullNeeded = true;
  }

  /** A plan for what is known now. The changes since the last plan are taken as made: if applying it fails, call `forceFullSync`. */
  sync(node: NodeView): SyncPlan {
    const { generation, config } = this;
    const isFull = this.isFullNeeded || !generation.syncsPartially;
    this.isFullNeeded = false;
    const targets = nodePortTargets(config, node.localAddresses);
    const out = new RuleLines();
    const skipped = new RuleLines();
    makeStaticChains(out, generation);
    for (const write of generation.firstRules) write(out, config, targets);

    const keys = this.sortedKeys();
    let endpointCount = 0;
    for (const key of keys) for (const { endpoints } of this.portsOf(key)) endpointCount += endpoints.length;
    const plan = { localPorts: [] as LocalPort[], healthChecks: [] as HealthCheckPort[] };
    for (const key of keys) {
      for (const { port, endpoints } of this.portsOf(key)) {
        const context = this.context(port, endpoints, endpointCount > LARGE_CLUSTER, targets);
        for (const write of generation.portRules) write(out, context);
        const own = isFull || this.changed.has(key) ? out : skipped;
        for (const write of generation.portChains) write(own, context);
        if (generation.opensPorts) plan.localPorts.push(...localPorts(context, node.localAddresses));
        if (port.healthCheckNodePort !== 0) {
          plan.healthChecks.push({ namespace: port.namespace, service: port.service, port: port.healthCheckNodePort, localEndpoints: context.usable.local.length });
        }
      }
    }
    for (const chain of node.natChains ?? []) {
      if (out.active.has(chain) || skipped.active.has(chain) || !generation.ownPrefixes.some((prefix) => chain.startsWith(prefix))) continue;
      out.natChains.push(chainLine(chain));
      out.natRules.push(`-X ${chain}`);
    }
    for (const write of generation.lastRules) write(out, config, targets);

    const staleFlows = this.staleFlows(keys);
    this.changed.clear();
    const jumpChains = generation.jumps.map(({ table, to }) => ({ table, chain: to }));
    return {
      isFull, chains: isFull ? [...jumpChains, ...generation.foreignChains] : [], jumps: isFull ? generation.jumps : [], text: out.text(), staleFlows,
      localPorts: plan.localPorts, healthChecks: uniqueHealthChecks(plan.healthChecks),
    };
  }

  private replacePorts(key: string, ports: readonly ServicePort[]): boolean {
    const known = this.entry(key);
    if (sameJson(known.ports, ports)) return this.forget(key, known);
    known.ports = ports;
    this.changed.add(key);
    this.forget(key, known);
    return true;
  }

  private replaceEndpoints(key: string, endpoints: EndpointsByPort): boolean {
    const known = this.entry(key);
    if (sameJson([...known.endpoints], [...endpoints])) return this.forget(key, known);
    known.endpoints = endpoints;
    this.changed.add(key);
    this.forget(key, known);
    return true;
  }

  private entry(key: string): Known {
    let known = this.known.get(key);
    if (known === undefined) {
      known = { ports: [], endpoints: NOBODY };
      this.known.set(key, known);
      this.order = undefined;
    }
    return known;
  }

  private forget(key: string, known: Known): false {
    if (known.ports.length === 0 && known.endpoints.size === 0) {
      this.known.delete(key);
      this.order = undefined;
    }
    return false;
  }

  /** Go walks maps in any order; here the order is that of names, so that the same cluster gives the same text. */
  private sortedKeys(): readonly string[] {
    this.order ??= [...this.known.keys()].sort();
    return this.order;
  }

  private *portsOf(key: string): Iterable<{ port: ServicePort; endpoints: readonly Endpoint[] }> {
    const known = this.known.get(key);
    if (known === undefined) return;
    for (const port of known.ports) yield { port, endpoints: known.endpoints.get(endpointPortKey(port.portName, port.protocol)) ?? [] };
  }

  private context(port: ServicePort, endpoints: readonly Endpoint[], isLargeCluster: boolean, nodePortTargets: NodePortTargets): PortContext {
    let names = this.contexts.get(port);
    if (names === undefined) {
      const name = servicePortName(port, this.generation.nameStyle);
      names = { name, hash: serviceHash(name, port) };
      this.contexts.set(port, names);
    }
    return { config: this.config, port, ...names, usable: this.generation.usable(endpoints, port), isLargeCluster, nodePortTargets };
  }

  /** Flows of connectionless protocols whose endpoint or Service went away, and those that began before there was any endpoint. */
  private staleFlows(keys: readonly string[]): StaleFlow[] {
    const stale: StaleFlow[] = [];
    const seen = new Set<string>();
    for (const key of keys) {
      for (const { port, endpoints } of this.portsOf(key)) {
        if (port.protocol === 'tcp') continue;
        const id = `${key}:${endpointPortKey(port.portName, port.protocol)}`;
        seen.add(id);
        const before = this.synced.get(id);
        const ready = endpoints.filter((endpoint) => endpoint.isReady);
        const { protocol } = port;
        const addresses = [port.clusterIp, ...port.externalIps, ...port.loadBalancerIps];
        for (const gone of before?.endpoints ?? []) {
          if (ready.some(({ text }) => text === gone.text)) continue;
          if (port.nodePort !== 0) stale.push({ kind: 'port-translation', port: port.nodePort, endpoint: gone.ip, protocol });
          for (const address of addresses) stale.push({ kind: 'translation', address, endpoint: gone.ip, protocol });
        }
        if ((before?.endpoints.length ?? 0) === 0 && ready.length > 0) {
          for (const address of addresses) stale.push({ kind: 'address', address, protocol });
          if (port.nodePort !== 0) stale.push({ kind: 'port', port: port.nodePort, protocol });
        }
        this.synced.set(id, { port, endpoints: ready });
      }
    }
    for (const [id, { port }] of this.synced) {
      if (seen.has(id)) continue;
      this.synced.delete(id);
      stale.push({ kind: 'address', address: port.clusterIp, protocol: port.protocol as 'udp' | 'sctp' });
    }
    return stale;
  }
}

function nodePortTargets({ nodePortAddresses: blocks }: ProxyConfig, localAddresses: readonly string[]): NodePortTargets {
  if (blocks.length === 0 || blocks.some((block) => block.endsWith('/0'))) return 'all';
  return localAddresses.filter((address) => blocks.some((block) => inCidr(address, block)));
}

function localPorts({ port, name, nodePortTargets: targets }: PortContext, localAddresses: readonly string[]): LocalPort[] {
  const { protocol } = port;
  if (protocol === 'sctp') return [];
  const wanted = port.externalIps.filter((address) => localAddresses.includes(address)).map((address) => ({ description: `externalIP for ${name}`, address, port: port.port, protocol }));
  if (port.nodePort === 0) return wanted;
  const addresses = targets === 'all' ? [''] : targets;
  return [...wanted, ...addresses.map((address) => ({ description: `nodePort for ${name}`, address, port: port.nodePort, protocol }))];
}

/** Ports of one Service share its check; the largest number of local endpoints counts (UpdateEndpointsMap counts addresses). */
function uniqueHealthChecks(checks: readonly HealthCheckPort[]): HealthCheckPort[] {
  const byPort = new Map<number, HealthCheckPort>();
  for (const check of checks) {
    const other = byPort.get(check.port);
    if (other === undefined || other.localEndpoints < check.localEndpoints) byPort.set(check.port, check);
  }
  return [...byPort.values()];
}

function sameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

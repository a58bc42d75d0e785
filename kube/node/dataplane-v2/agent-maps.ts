/**
 * From the API server's objects to the maps of one node. Identities and endpoints' numbers are digests, so that all nodes agree without asking.
 * Read first: cilium pkg/service/service.go (UpsertService), pkg/k8s/network_policy.go, pkg/k8s/watchers; pkg/labelsfilter/filter.go
 */
import type { Namespace, Pod } from 'kubernetes-types/core/v1';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1';
import type { Ip4 } from '../../../simulator/wire/ip4.ts';
import { parseIp4, parsePrefix4 } from '../../../simulator/wire/ip4.ts';
import { selects } from '../../controllers/controller.ts';
import { categorize, endpointPortKey, type Endpoint, type EndpointsByPort } from '../../proxy/endpoints.ts';
import type { ServicePort } from '../../proxy/services.ts';
import { FIRST_POD_IDENTITY, HOST, REMOTE_NODE, serviceKey, type Backend, type Cidr, type EndpointEntry, type PolicyRule, type ServiceEntry, type ServiceType } from './maps.ts';

/** What one Service is made of here. */
export interface KnownService { readonly ports: readonly ServicePort[]; readonly endpoints: EndpointsByPort }

/** Numbers stay with a frontend for as long as it is there. */
export function servicesOf(known: Iterable<KnownService>, self: Ip4, before: ReadonlyMap<string, ServiceEntry>): Map<string, ServiceEntry> {
  const services = new Map<string, ServiceEntry>();
  let lastId = Math.max(0, ...Array.from(before.values(), ({ id }) => id));
  for (const { ports, endpoints } of known) {
    for (const port of ports) {
      if (port.protocol === 'sctp') continue;
      const protocol = port.protocol === 'tcp' ? 6 : 17;
      const usable = categorize(endpoints.get(endpointPortKey(port.portName, port.protocol)) ?? [], port);
      const inner = (port.isInternalPolicyLocal ? usable.local : usable.cluster).map(backendOf);
      const outer = (port.isExternalPolicyLocal ? usable.local : usable.cluster).map(backendOf);
      const add = (type: ServiceType, address: Ip4, number: number): void => {
        const key = serviceKey(address, number, protocol);
        const id = before.get(key)?.id ?? (lastId += 1);
        services.set(key, {
          id, type, address, port: number, protocol, backends: inner, outerBackends: type === 'ClusterIP' || address === 0 ? undefined : outer, isLocalOnly: type !== 'ClusterIP' && port.isExternalPolicyLocal, affinitySeconds: port.affinitySeconds,
          sources: type === 'LoadBalancer' && port.loadBalancerSourceRanges.length > 0 ? port.loadBalancerSourceRanges.map(cidrOf) : undefined,
        });
      };
      add('ClusterIP', addressOf(port.clusterIp), port.port);
      for (const ip of port.externalIps) add('ExternalIPs', addressOf(ip), port.port);
      for (const ip of port.loadBalancerIps) add('LoadBalancer', addressOf(ip), port.port);
      if (port.nodePort !== 0) for (const address of [self, 0]) add('NodePort', address, port.nodePort);
    }
  }
  return services;
}

function backendOf({ ip, port }: Endpoint): Backend {
  return { address: addressOf(ip), port };
}

export interface ClusterView { readonly nodeName: string; readonly pods: readonly Pod[]; readonly namespaces: readonly Namespace[]; readonly policies: readonly NetworkPolicy[]; readonly nodes: readonly { readonly name: string; readonly address: string }[]; /** The node's own addresses, those of pods' gateways among them. */ readonly ownAddresses: readonly string[]; /** The host's end of the wire to an address. */ device(address: string): string | undefined }

export function identitiesOf({ nodeName, pods, nodes, ownAddresses }: ClusterView): Map<Ip4, number> {
  return new Map([
    ...nodes.map(({ name, address }) => [addressOf(address), name === nodeName ? HOST : REMOTE_NODE] as const),
    ...ownAddresses.map((address) => [addressOf(address), HOST] as const),
    ...pods.filter(hasOwnAddress).map((pod) => [addressOf(pod.status!.podIP!), identityOf(pod)] as const),
  ]);
}

export function endpointsOf(view: ClusterView): Map<Ip4, EndpointEntry> {
  const own = view.pods.filter((pod) => pod.spec?.nodeName === view.nodeName && hasOwnAddress(pod));
  return new Map(own.flatMap((pod): (readonly [Ip4, EndpointEntry])[] => {
    const device = view.device(pod.status!.podIP!);
    if (device === undefined) return [];
    const address = addressOf(pod.status!.podIP!);
    const rules = (direction: 'Ingress' | 'Egress'): readonly PolicyRule[] | undefined => rulesFor(view, pod, direction);
    return [[address, { id: 1 + (digest(pod.metadata?.uid ?? '') % 4095), address, device, identity: identityOf(pod), labels: labelsOf(pod), ingress: rules('Ingress'), egress: rules('Egress') }]];
  }));
}

/** What makes an identity: namespace, service account and labels, but for those that controllers hang on every pod of their own. */
function labelsOf({ metadata, spec }: Pod): readonly string[] {
  const labels = Object.entries(metadata?.labels ?? {}).filter(([name]) => !/^(pod-template-(hash|generation)|controller-revision-hash|statefulset\.kubernetes\.io\/pod-name)$/.test(name));
  return [
    ...labels.map(([name, value]) => `k8s:${name}=${value}`),
    'k8s:io.cilium.k8s.policy.cluster=default', `k8s:io.cilium.k8s.policy.serviceaccount=${spec?.serviceAccountName ?? 'default'}`, `k8s:io.kubernetes.pod.namespace=${metadata?.namespace ?? 'default'}`,
  ].toSorted();
}

function identityOf(pod: Pod): number {
  return FIRST_POD_IDENTITY + (digest(labelsOf(pod).join(',')) % (65_536 - FIRST_POD_IDENTITY));
}

function digest(text: string): number {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return (state ^ (state >>> 15)) >>> 0;
}

export function hasOwnAddress({ spec, status }: Pod): boolean {
  return spec?.hostNetwork !== true && (status?.podIP ?? '') !== '' && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

// ---------------------------------------------------------------- policies

function rulesFor(view: ClusterView, pod: Pod, direction: 'Ingress' | 'Egress'): readonly PolicyRule[] | undefined {
  const own = view.policies.filter(({ metadata, spec }) => metadata?.namespace === pod.metadata?.namespace && typesOf(spec).includes(direction) && selects(spec?.podSelector, pod.metadata?.labels));
  if (own.length === 0) return undefined;
  return own.flatMap(({ metadata, spec }) => (direction === 'Ingress'
    ? (spec?.ingress ?? []).map(({ from, ports }) => ruleOf(view, metadata?.namespace, from, ports, [pod]))
    : (spec?.egress ?? []).map(({ to, ports }) => ruleOf(view, metadata?.namespace, to, ports, view.pods))));
}

function typesOf(spec: NetworkPolicy['spec']): readonly string[] {
  return spec?.policyTypes ?? (spec?.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
}

/** `offering`: whose named ports are meant. */
function ruleOf(view: ClusterView, namespace: string | undefined, peers: readonly NetworkPolicyPeer[] = [], ports: readonly NetworkPolicyPort[] = [], offering: readonly Pod[]): PolicyRule {
  const selected = (peer: NetworkPolicyPeer): number[] => {
    const among = peer.namespaceSelector === undefined ? [namespace] : view.namespaces.filter(({ metadata }) => selects(peer.namespaceSelector, metadata?.labels)).map(({ metadata }) => metadata?.name);
    return view.pods.filter((pod) => hasOwnAddress(pod) && among.includes(pod.metadata?.namespace) && (peer.podSelector === undefined || selects(peer.podSelector, pod.metadata?.labels))).map(identityOf);
  };
  return {
    identities: peers.length === 0 ? undefined : new Set(peers.filter(({ ipBlock }) => ipBlock === undefined).flatMap(selected)),
    blocks: peers.flatMap(({ ipBlock }) => (ipBlock === undefined || ipBlock.cidr.includes(':') ? [] : [{ cidr: cidrOf(ipBlock.cidr), except: (ipBlock.except ?? []).map(cidrOf) }])),
    ports: ports.length === 0 ? undefined : ports.flatMap(({ port, endPort, protocol = 'TCP' }) => {
      const number = protocol === 'TCP' ? 6 : protocol === 'UDP' ? 17 : 132;
      if (port === undefined) return [{ protocol: number, from: 0, to: 65_535 }];
      if (typeof port === 'number') return [{ protocol: number, from: port, to: endPort ?? port }];
      const named = offering.flatMap(({ spec }) => (spec?.containers ?? []).flatMap((container) => (container.ports ?? []).filter((one) => one.name === port && (one.protocol ?? 'TCP') === protocol).map(({ containerPort }) => containerPort)));
      return [...new Set(named)].map((one) => ({ protocol: number, from: one, to: one }));
    }),
  };
}

function addressOf(text: string): Ip4 {
  const address = parseIp4(text);
  if (address === undefined) throw new Error(`${text} is no IPv4 address`);
  return address;
}

function cidrOf(text: string): Cidr {
  const prefix = parsePrefix4(text);
  if (prefix === undefined) throw new Error(`${text} is no range of IPv4 addresses`);
  return { network: prefix.address, length: prefix.length };
}

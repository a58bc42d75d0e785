/**
 * What kube-proxy keeps of endpoints, from EndpointSlices or, as it did before 1.19, from Endpoints (kubernetes pkg/proxy/endpointslicecache.go, endpoints.go),
 * and which of them a traffic policy may use (pkg/proxy/topology.go, CategorizeEndpoints).
 */
import { isExternallyAccessible, type ServicePort } from './services.ts';

export interface EndpointSliceObject {
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly addressType?: string;
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
    readonly nodeName?: string;
    readonly topology?: Readonly<Record<string, string>>;
  }[] | null;
  readonly ports?: readonly { readonly name?: string; readonly protocol?: string; readonly port?: number }[] | null;
}

export interface EndpointsObject {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string; readonly nodeName?: string }[];
    readonly ports?: readonly { readonly name?: string; readonly protocol?: string; readonly port: number }[];
  }[];
}

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  /** `ip:port`. */
  readonly text: string;
  readonly isLocal: boolean;
  readonly isReady: boolean;
  readonly isServing: boolean;
  readonly isTerminating: boolean;
}

/** Endpoints by `portName/protocol`, protocol in lower case, sorted by their text. */
export type EndpointsByPort = ReadonlyMap<string, readonly Endpoint[]>;

export function endpointPortKey(portName: string, protocol: string): string {
  return `${portName}/${protocol.toLowerCase()}`;
}

/** `namespace/service` of a slice, undefined when no label says whose it is. */
export function sliceServiceKey({ metadata }: EndpointSliceObject): string | undefined {
  const service = metadata?.labels?.['kubernetes.io/service-name'];
  return service === undefined || service === '' ? undefined : `${metadata?.namespace ?? 'default'}/${service}`;
}

/** All slices of one Service together; an address that two of them hold counts once. */
export function endpointsOfSlices(slices: Iterable<EndpointSliceObject>, hostname: string): EndpointsByPort {
  const byPort = new Map<string, Map<string, Endpoint>>();
  for (const slice of slices) {
    if (slice.addressType !== undefined && slice.addressType !== 'IPv4') continue;
    for (const { name = '', protocol = 'TCP', port = 0 } of slice.ports ?? []) {
      if (port === 0) continue;
      const key = endpointPortKey(name, protocol);
      const known = byPort.get(key) ?? new Map<string, Endpoint>();
      byPort.set(key, known);
      for (const { addresses, conditions = {}, nodeName, topology } of slice.endpoints ?? []) {
        const ip = addresses[0];
        if (ip === undefined) continue;
        const isLocal = hostname !== '' && (nodeName ?? topology?.['kubernetes.io/hostname']) === hostname;
        const { ready = true, serving = ready, terminating = false } = conditions;
        const text = `${ip}:${port}`;
        if (!known.has(text) || isLocal) known.set(text, { ip, port, text, isLocal, isReady: ready, isServing: serving, isTerminating: terminating });
      }
    }
  }
  return new Map([...byPort].map(([key, known]) => [key, sorted(known.values())]));
}

export function endpointsOfObject(object: EndpointsObject, hostname: string): EndpointsByPort {
  const byPort = new Map<string, Endpoint[]>();
  for (const { addresses = [], ports = [] } of object.subsets ?? []) {
    for (const { name = '', protocol = 'TCP', port } of ports) {
      const key = endpointPortKey(name, protocol);
      const list = byPort.get(key) ?? [];
      byPort.set(key, list);
      for (const { ip, nodeName } of addresses) list.push({ ip, port, text: `${ip}:${port}`, isLocal: hostname !== '' && nodeName === hostname, isReady: true, isServing: true, isTerminating: false });
    }
  }
  return new Map([...byPort].map(([key, list]) => [key, sorted(list)]));
}

function sorted(endpoints: Iterable<Endpoint>): Endpoint[] {
  return [...endpoints].sort((left, right) => (left.text < right.text ? -1 : left.text > right.text ? 1 : 0));
}

export interface UsableEndpoints {
  /** For traffic under the policy Cluster. */
  readonly cluster: readonly Endpoint[];
  /** For traffic under the policy Local. */
  readonly local: readonly Endpoint[];
  /** Every one a packet on this node can reach. */
  readonly reachable: readonly Endpoint[];
  /** Somewhere in the cluster there is one. */
  readonly hasAny: boolean;
}

/** Since 1.26 endpoints that end but still serve are used when no ready one is left. */
export function categorize(endpoints: readonly Endpoint[], port: ServicePort): UsableEndpoints {
  const isReady = (endpoint: Endpoint): boolean => endpoint.isReady;
  const isLeaving = (endpoint: Endpoint): boolean => !endpoint.isReady && endpoint.isServing && endpoint.isTerminating;
  const readyOrLeaving = (list: readonly Endpoint[]): readonly Endpoint[] => (list.some(isReady) ? list.filter(isReady) : list.filter(isLeaving));

  // Who accepts traffic from outside needs all endpoints even under the policy Local: pods and the node itself are led past it.
  const usesCluster = !port.isInternalPolicyLocal || isExternallyAccessible(port);
  const usesLocal = port.isInternalPolicyLocal || (port.isExternalPolicyLocal && isExternallyAccessible(port));
  const cluster = usesCluster ? readyOrLeaving(endpoints) : [];
  const local = usesLocal ? readyOrLeaving(endpoints.filter((endpoint) => endpoint.isLocal)) : [];
  return { cluster, local, reachable: sorted(new Set([...cluster, ...local])), hasAny: endpoints.some((endpoint) => isReady(endpoint) || isLeaving(endpoint)) };
}

/**
 * What the cluster asks of the cloud it runs in; labs/ connects the two. Reading answers at once; whatever changes the cloud takes virtual time
 * and then calls back, never inside the call. Objects are the API server's own; a cloud reads of them what it needs.
 * Read first: k8s.io/cloud-provider cloud.go (Instances, Routes, LoadBalancer).
 */
import type { StoredObject } from './api/kinds.ts';

export type CloudResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };
export type CloudCallback<T = void> = (result: CloudResult<T>) => void;

export interface CloudInstance {
  /** `gce://PROJECT/ZONE/NAME` */
  readonly providerId: string;
  readonly zone: string;
  readonly region: string;
  readonly machineType: string;
  readonly addresses: readonly { readonly type: 'InternalIP' | 'ExternalIP' | 'InternalDNS' | 'Hostname'; readonly address: string }[];
  readonly isRunning: boolean;
  /** The alias range of its machine, `10.40.0.0/24`, where pods have such addresses. */
  readonly podRange?: string | undefined;
}

export interface LoadBalancerIngress { readonly ip: string }

/** An HTTP load balancer as an Ingress wants it. */
export interface HttpPlan {
  readonly names: HttpNames;
  readonly description: string | undefined;
  /** A reserved global address; without one, or where there is none of that name and it is not required, a new one is taken. */
  readonly address: { readonly name: string; readonly isRequired: boolean } | undefined;
  readonly services: readonly PlannedService[];
  /** Names of services. Paths are exact or end in `/*`. */
  readonly defaultService: string;
  readonly hosts: readonly { readonly host: string; readonly matcher: string; readonly paths: readonly { readonly paths: readonly string[]; readonly service: string }[] }[];
  readonly firewall: { readonly description: string; readonly sourceRanges: readonly string[]; readonly ports: readonly string[] };
}

export interface HttpNames { readonly urlMap: string; readonly proxy: string; readonly rule: string; /** Shared by all of a cluster's. */ readonly instanceGroup: string; readonly firewall: string }

export interface PlannedService {
  readonly name: string;
  readonly description: string;
  readonly check: { readonly description: string; readonly path: string; readonly host: string; readonly intervalSec: number; readonly timeoutSec: number; readonly unhealthyThreshold: number };
  /** A port of all nodes, or the pods themselves. */
  readonly at: { readonly nodePort: number } | { readonly endpoints: readonly { readonly node: string; readonly address: string; readonly port: number }[] };
}

export interface HttpState {
  readonly ip: string;
  /** By name: `HEALTHY`, `UNHEALTHY`, `Unknown`. */
  readonly backends: Readonly<Record<string, string>>;
  /** What was not there before, in the order it was made. */
  readonly made: readonly ('urlMap' | 'proxy' | 'rule')[];
}

export interface CloudProvider {
  /** The machine behind a node; undefined when there is none (any more). */
  instance(nodeName: string): CloudInstance | undefined;
  /** A route for the pod range (`10.40.0.0/24`) to the node; success when it is there already. */
  ensureRoute(nodeName: string, podCidr: string, done: CloudCallback): void;
  /** Success when there is none. */
  deleteRoute(nodeName: string, done: CloudCallback): void;
  /** Creates what is missing and changes what differs. */
  ensureLoadBalancer(service: StoredObject<'services'>, nodes: readonly StoredObject<'nodes'>[], done: CloudCallback<readonly LoadBalancerIngress[]>): void;
  /** Only the nodes behind it have changed. */
  updateLoadBalancer(service: StoredObject<'services'>, nodes: readonly StoredObject<'nodes'>[], done: CloudCallback): void;
  /** Success when there is nothing (any more). */
  deleteLoadBalancer(service: StoredObject<'services'>, done: CloudCallback): void;
}

/** What an Ingress asks of the cloud. */
export interface HttpBalancers {
  /** Creates what is missing, changes what differs, removes what no Ingress uses any more. */
  ensure(plan: HttpPlan, nodeNames: readonly string[], done: CloudCallback<HttpState>): void;
  /** Success when there is nothing (any more). */
  remove(names: HttpNames, done: CloudCallback): void;
}

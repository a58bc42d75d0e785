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

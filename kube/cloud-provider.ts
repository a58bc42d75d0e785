/**
 * What the cluster asks of the cloud it runs in. Plain values only, so that a cloud need not know Kubernetes' objects; labs/ connects the two.
 * Reading answers at once; whatever changes the cloud takes virtual time and then calls back, with the error's text when it failed.
 * Read first: k8s.io/cloud-provider cloud.go (Instances, Routes, LoadBalancer).
 */

export type CloudResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };
export type CloudCallback<T = undefined> = (result: CloudResult<T>) => void;

export interface CloudInstance {
  /** The node's name. */
  readonly name: string;
  /** `gce://PROJECT/ZONE/NAME` */
  readonly providerId: string;
  readonly zone: string;
  readonly region: string;
  readonly machineType: string;
  readonly addresses: readonly { readonly type: 'InternalIP' | 'ExternalIP' | 'InternalDNS' | 'Hostname'; readonly address: string }[];
  readonly isRunning: boolean;
}

export interface CloudRoute {
  readonly name: string;
  readonly nodeName: string;
  /** `10.40.0.0/24` */
  readonly podCidr: string;
}

/** What a Service of type LoadBalancer asks for. */
export interface LoadBalancerSpec {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly protocol: 'TCP' | 'UDP' | 'SCTP'; readonly port: number; readonly nodePort: number }[];
  /** spec.loadBalancerIP; empty for any. */
  readonly loadBalancerIp: string;
  /** spec.loadBalancerClass; empty for the default. */
  readonly loadBalancerClass: string;
  readonly sourceRanges: readonly string[];
  readonly sessionAffinity: 'None' | 'ClientIP';
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** 0 unless the policy is Local. */
  readonly healthCheckNodePort: number;
}

export interface LoadBalancerStatus {
  readonly ingress: readonly { readonly ip: string }[];
}

export interface CloudProvider {
  /** `gce` */
  readonly name: string;
  /** undefined: no such instance (its Node is to be deleted). */
  instance(nodeName: string): CloudInstance | undefined;
  routes(): readonly CloudRoute[];
  createRoute(nodeName: string, podCidr: string, done: CloudCallback): void;
  deleteRoute(name: string, done: CloudCallback): void;
  /** Status of what exists for the Service; undefined: nothing. */
  loadBalancer(spec: LoadBalancerSpec): LoadBalancerStatus | undefined;
  /** Creates what is missing and changes what differs. `nodeNames` are the nodes fit to receive traffic. */
  ensureLoadBalancer(spec: LoadBalancerSpec, nodeNames: readonly string[], done: CloudCallback<LoadBalancerStatus>): void;
  /** Only the set of nodes has changed. */
  updateLoadBalancer(spec: LoadBalancerSpec, nodeNames: readonly string[], done: CloudCallback): void;
  /** Success when there is nothing (any more). */
  deleteLoadBalancer(spec: LoadBalancerSpec, done: CloudCallback): void;
}

/**
 * The state of a project's networks as the dataplane uses it: plain data inside the world, so that a copy of the world forwards packets
 * as the world does. The API's objects are compiled into this (cloud/api/program.ts). Addresses are numbers.
 * Read first: https://cloud.google.com/vpc/docs/routes, /firewalls, https://cloud.google.com/load-balancing/docs/network
 */
import type { Ip4 } from '../../simulator/wire/ip4.ts';
import type { Mac } from '../../simulator/wire/mac.ts';

export const VPC_KIND = 'vpc';

/** 169.254.169.254: metadata, DNS, and the source of legacy health checks. */
export const METADATA_ADDRESS: Ip4 = 0xa9fea9fe;

export interface Range { readonly network: Ip4; readonly length: number }

export interface VpcData {
  readonly project: string;
  subnets: Subnet[];
  /** What is plugged in, by port. */
  attachments: Map<number, Attachment>;
  /** The longest prefix first, then the smallest priority. Subnets are routes of their own and not in here. */
  routes: VpcRoute[];
  /** By priority; of equal ones those that deny come first. */
  firewall: FirewallRule[];
  loadBalancers: LoadBalancer[];
  /** What the front end answers, and where it gets its answers from. */
  httpBalancers: HttpBalancer[];
  httpServices: HttpBackendService[];
  healthChecks: HealthCheck[];
  /** How each backend is, by whose it is (a load balancer or a backend service) and which. */
  health: Map<string, BackendHealth>;
  /** Connections that a firewall has let pass, and until when they are remembered. */
  flows: Map<string, { untilUs: number; isClosing: boolean }>;
  /** Which backend (port) a connection to a load balancer went to. */
  balanced: Map<string, { port: number; untilUs: number }>;
  /** Names the public DNS knows. */
  names: Map<string, Ip4>;
  /** Addresses on the internet that answer echo requests and DNS without being a machine. */
  internetHosts: InternetHost[];
  /** Connections the network itself takes part in: probes, and requests to the metadata server. */
  endpoints: Map<string, Endpoint>;
  nextEndpointPort: number;
  projectMetadata: Record<string, string>;
}

export interface Subnet { readonly name: string; readonly networkName: string; readonly region: string; readonly range: Range; readonly gateway: Ip4; readonly secondary: readonly Range[] }

export type Attachment = InstanceNic | OutsideHost;

/** A virtual machine's network interface. */
export interface InstanceNic {
  readonly kind: 'instance';
  instance: string;
  instanceId: string;
  hostname: string;
  zone: string;
  networkName: string;
  subnetName: string;
  machineType: string;
  mac: Mac;
  gatewayMac: Mac;
  address: Ip4;
  aliases: Range[];
  /** 0: none. */
  external: Ip4;
  canIpForward: boolean;
  tags: string[];
  /** `instance/attributes/` of the metadata server. */
  metadata: Record<string, string>;
  serviceAccount: string;
}

/** A machine somewhere on the internet. */
export interface OutsideHost {
  readonly kind: 'outside';
  readonly name: string;
  readonly mac: Mac;
  /** The address its own router answers ARP with. */
  readonly gatewayMac: Mac;
  /** The first is its own; all are routed to it. */
  readonly addresses: readonly Ip4[];
  /** A front end of the provider's own: with these it reaches instances by their private addresses, and they it. */
  readonly innerAddresses?: readonly Ip4[];
  /** Its private address, where a router before it translates. */
  readonly inside: Ip4 | undefined;
  readonly distanceUs: number;
  readonly hops: number;
}

export interface InternetHost { readonly address: Ip4; readonly answersDns: boolean; readonly distanceUs: number; readonly hops: number; readonly initialTtl: number }

export interface VpcRoute {
  readonly name: string;
  readonly networkName: string;
  readonly range: Range;
  readonly priority: number;
  /** Only for instances with one of these tags; empty: for all. */
  readonly tags: readonly string[];
  readonly nextHop: { readonly kind: 'internet' } | { readonly kind: 'instance'; readonly instance: string } | { readonly kind: 'address'; readonly address: Ip4 };
}

export interface FirewallRule {
  readonly name: string;
  readonly networkName: string;
  readonly direction: 'INGRESS' | 'EGRESS';
  readonly priority: number;
  readonly action: 'allow' | 'deny';
  /** What it is about; `protocol` undefined means all. */
  readonly layer4: readonly { readonly protocol: number | undefined; readonly ports: readonly (readonly [number, number])[] }[];
  /** Sources of an ingress rule or destinations of an egress rule. */
  readonly ranges: readonly Range[];
  readonly sourceTags: readonly string[];
  readonly targetTags: readonly string[];
}

/** A forwarding rule with the backends behind it: pass-through, the packet keeps its destination. */
export interface LoadBalancer {
  readonly id: string;
  readonly name: string;
  readonly networkName: string;
  readonly scheme: 'EXTERNAL' | 'INTERNAL';
  readonly address: Ip4;
  /** undefined: L3_DEFAULT, every protocol. */
  readonly protocol: number | undefined;
  readonly ports: readonly (readonly [number, number])[];
  readonly affinity: 'NONE' | 'CLIENT_IP' | 'CLIENT_IP_PROTO';
  /** Instances by name. */
  readonly backends: readonly string[];
  readonly healthCheck: string | undefined;
}

/** A forwarding rule with a proxy behind it: the connection ends at the front end, which asks a backend on one of its own. */
export interface HttpBalancer {
  readonly name: string;
  readonly address: Ip4;
  readonly ports: readonly [number, number];
  /** A front end somewhere in the world hears of it some minutes after it was made. */
  readonly activeFromMs: number;
  readonly urlMap: UrlMap;
}

/** Services are links of backend services. */
export interface UrlMap {
  readonly defaultService: string;
  readonly hosts: readonly { readonly names: readonly string[]; readonly defaultService: string; readonly paths: readonly { readonly path: string; readonly service: string }[] }[];
}

export interface HttpBackendService {
  readonly id: string;
  readonly name: string;
  readonly healthCheck: string | undefined;
  readonly timeoutUs: number;
  readonly members: readonly HttpMember[];
}

/** A port of an instance, or of an address routed to it. */
export interface HttpMember { readonly instance: string; readonly address: Ip4; readonly port: number; readonly group: string }

export interface HealthCheck {
  readonly id: string;
  /** Legacy checks are those of target pools: they come from the metadata server's address. */
  readonly isLegacy: boolean;
  readonly protocol: 'HTTP' | 'TCP';
  /** 0: the port that serves. */
  readonly port: number;
  readonly host: string;
  readonly requestPath: string;
  readonly intervalUs: number;
  readonly timeoutUs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

export interface BackendHealth {
  isHealthy: boolean;
  /** Probes in a row that say otherwise. */
  against: number;
  /** Probes in a row that said the same as before. */
  steady: number;
  /** A timer for the next probe is set. */
  isScheduled: boolean;
}

/** One end of a TCP connection, held by the network. */
export interface Endpoint {
  readonly purpose: { readonly kind: 'probe'; /** See health.ts. */ readonly owner: string; readonly member: string } | { readonly kind: 'metadata' };
  readonly port: number;
  readonly local: Ip4;
  readonly localPort: number;
  readonly remote: Ip4;
  readonly remotePort: number;
  state: 'opening' | 'open' | 'closing';
  sendNext: number;
  receiveNext: number;
  /** Bytes read so far, as text of bytes. */
  received: string;
  readonly startedUs: number;
}

export function emptyVpc(project: string): VpcData {
  return {
    project, subnets: [], attachments: new Map(), routes: [], firewall: [], loadBalancers: [], httpBalancers: [], httpServices: [], healthChecks: [], health: new Map(), flows: new Map(), balanced: new Map(), names: new Map(), internetHosts: [], endpoints: new Map(), nextEndpointPort: 0, projectMetadata: {},
  };
}

export function nicNamed(data: VpcData, instance: string): { port: number; nic: InstanceNic } | undefined {
  for (const [port, nic] of data.attachments) if (nic.kind === 'instance' && nic.instance === instance) return { port, nic };
  return undefined;
}

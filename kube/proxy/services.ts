/**
 * What kube-proxy keeps of Services: one entry for each port (kubernetes pkg/proxy/service.go, newBaseServiceInfo). Objects arrive as the API server
 * writes them; only the fields read here are named.
 */

export interface ServiceObject {
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly externalIPs?: readonly string[];
    readonly externalTrafficPolicy?: string;
    readonly internalTrafficPolicy?: string;
    readonly sessionAffinity?: string;
    readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
    readonly loadBalancerSourceRanges?: readonly string[];
    readonly healthCheckNodePort?: number;
    readonly ports?: readonly { readonly name?: string; readonly protocol?: string; readonly port: number; readonly nodePort?: number }[];
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface ServicePort {
  readonly namespace: string;
  readonly service: string;
  /** '' for the only port of a Service, which needs no name. */
  readonly portName: string;
  readonly protocol: Protocol;
  readonly clusterIp: string;
  readonly port: number;
  /** 0: none. */
  readonly nodePort: number;
  readonly externalIps: readonly string[];
  readonly loadBalancerIps: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  /** Seconds a client keeps its endpoint; undefined without ClientIP affinity. */
  readonly affinitySeconds: number | undefined;
  readonly isExternalPolicyLocal: boolean;
  readonly isInternalPolicyLocal: boolean;
  /** 0: none. */
  readonly healthCheckNodePort: number;
}

/** How a generation writes `namespace/name:port` when the port has no name: with the colon or without. */
export type NameStyle = 'colon' | 'plain';

export function servicePortName(port: Pick<ServicePort, 'namespace' | 'service' | 'portName'>, style: NameStyle): string {
  return port.portName === '' && style === 'plain' ? `${port.namespace}/${port.service}` : `${port.namespace}/${port.service}:${port.portName}`;
}

/** `namespace/name`. */
export function serviceKey(service: ServiceObject): string {
  return `${service.metadata?.namespace ?? 'default'}/${service.metadata?.name ?? ''}`;
}

/** None for headless Services, ExternalNames and those another proxy serves. */
export function servicePorts(service: ServiceObject): ServicePort[] {
  const { metadata = {}, spec = {}, status } = service;
  const { clusterIP = '', type = 'ClusterIP' } = spec;
  if (clusterIP === '' || clusterIP === 'None' || type === 'ExternalName' || metadata.labels?.['service.kubernetes.io/service-proxy-name'] !== undefined || !isIp4(clusterIP)) return [];
  const isOutside = type === 'NodePort' || type === 'LoadBalancer';
  const isExternalPolicyLocal = isOutside && spec.externalTrafficPolicy === 'Local';
  return (spec.ports ?? []).map((port) => ({
    namespace: metadata.namespace ?? 'default', service: metadata.name ?? '', portName: port.name ?? '',
    protocol: (port.protocol ?? 'TCP').toLowerCase() as Protocol, clusterIp: clusterIP, port: port.port, nodePort: port.nodePort ?? 0,
    externalIps: (spec.externalIPs ?? []).filter(isIp4),
    loadBalancerIps: (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip !== undefined && isIp4(ip) ? [ip] : [])),
    loadBalancerSourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter((range) => !range.includes(':')),
    affinitySeconds: spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : undefined,
    isExternalPolicyLocal, isInternalPolicyLocal: spec.internalTrafficPolicy === 'Local',
    healthCheckNodePort: type === 'LoadBalancer' && isExternalPolicyLocal ? (spec.healthCheckNodePort ?? 0) : 0,
  }));
}

/** A NodePort, a load balancer's address or an external IP leads to it. */
export function isExternallyAccessible(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.loadBalancerIps.length > 0 || port.externalIps.length > 0;
}

function isIp4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
}

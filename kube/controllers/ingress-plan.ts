/**
 * An Ingress read as a plan for the cloud: hosts and paths in the terms of URL maps, a backend service for each port of a Service, with the readiness
 * probe of its pods as health check. What is wrong with it comes back as the controller's own sentences.
 * Read first: ingress-gce pkg/controller/translator/translator.go, pkg/translator/healthchecks.go, pkg/utils/gceurlmap.go
 */
import type { Container, Probe, Service, ServicePort } from 'kubernetes-types/core/v1';
import type { HTTPIngressPath, IngressBackend } from 'kubernetes-types/networking/v1';
import type { StoredObject } from '../api/kinds.ts';
import type { ApiClient } from '../client.ts';
import type { HttpPlan, PlannedService } from '../cloud-provider.ts';
import type { IngressGeneration } from './ingress-generations.ts';
import { endpointGroupName, nodePortName, sharedNames, type IngressKey } from './ingress-names.ts';

type Ingress = StoredObject<'ingresses'>;

export interface PlanContext {
  readonly client: ApiClient;
  readonly generation: IngressGeneration;
  /** Sixteen hexadecimal digits. */
  readonly clusterId: string;
  md5(text: string): string;
}

/** `ports`: those that front ends must reach besides node ports. */
export type Planned = { readonly plan: HttpPlan; readonly services: readonly IngressKey[]; readonly ports: readonly number[] } | { readonly problems: readonly string[] };

const SYSTEM_DEFAULT: IngressKey = { namespace: 'kube-system', name: 'default-http-backend' };
const STATIC_ADDRESS = 'kubernetes.io/ingress.global-static-ip-name';
const NEG = 'cloud.google.com/neg';
const NODE_PORTS = '30000-32767';
/** Where proxies and probers come from. */
const FRONT_RANGES = ['130.211.0.0/22', '35.191.0.0/16'];

export function planOf(context: PlanContext, ingress: Ingress, otherPorts: readonly number[]): Planned {
  const { generation, clusterId } = context;
  const { namespace = 'default', name, annotations = {} } = ingress.metadata;
  const problems: string[] = [];
  const services = new Map<string, PlannedService>();
  const keys: IngressKey[] = [];
  const ports = new Set<number>();
  const backend = (given: IngressBackend | undefined, inside: string): string | undefined => {
    const read = servicePort(context, inside, given);
    if (typeof read === 'string') {
      problems.push(read);
      return undefined;
    }
    const service = plannedService(context, read);
    services.set(service.name, service);
    keys.push(read.key);
    if ('endpoints' in service.at) for (const port of targetPorts(context.client, read)) ports.add(port);
    return service.name;
  };
  const hosts = new Map<string, HttpPlan['hosts'][number]['paths']>();
  for (const { host, http } of ingress.spec?.rules ?? []) {
    if (http === undefined) continue;
    const paths = new Map<string, { paths: readonly string[]; service: string }>();
    for (const one of http.paths) {
      const service = backend(one.backend, namespace);
      const patterns = pathsOf(one);
      if (typeof patterns === 'string') problems.push(patterns);
      // Of rules for the same path the last counts.
      else if (service !== undefined) for (const pattern of patterns) paths.set(pattern, { paths: [pattern], service });
    }
    hosts.set(host ?? '*', [...paths.values()]);
  }
  const ofDefault = ingress.spec?.defaultBackend;
  const defaultService = ofDefault === undefined ? backend({ service: { name: SYSTEM_DEFAULT.name, port: { number: 80 } } }, SYSTEM_DEFAULT.namespace) : backend(ofDefault, namespace);
  if (problems.length > 0 || defaultService === undefined) return { problems };
  const key = { namespace, name };
  return {
    services: keys, ports: [...ports],
    plan: {
      names: { ...generation.names(context, key), ...sharedNames(clusterId) }, description: generation.describes ? `{"kubernetes.io/ingress-name": "${namespace}/${name}"}` : undefined, address: annotations[STATIC_ADDRESS] === undefined ? undefined : { name: annotations[STATIC_ADDRESS], isRequired: generation.insistsOnAddress },
      services: [...services.values()], defaultService, hosts: [...hosts].map(([host, paths]) => ({ host, matcher: `host${context.md5(host)}`, paths })),
      firewall: { description: 'GCE L7 firewall rule', sourceRanges: FRONT_RANGES, ports: [NODE_PORTS, ...[...new Set([...ports, ...otherPorts])].sort((one, other) => one - other).map(String)] },
    },
  };
}

/** Paths in a URL map's terms, or what is wrong (validateAndGetPaths). */
function pathsOf({ path = '', pathType }: Pick<HTTPIngressPath, 'path' | 'pathType'>): readonly string[] | string {
  if (pathType === 'Prefix') {
    if (path === '') return 'failed to validate prefix path type due to empty path';
    if (path === '/') return ['/*'];
    if (path.includes('*')) return `failed to validate prefix path ${path} due to invalid wildcard`;
    return path.endsWith('/') ? [path.slice(0, -1), `${path}*`] : [path, `${path}/*`];
  }
  if (pathType === 'Exact') {
    if (path === '') return 'failed to validate exact path type due to empty path';
    return path.includes('*') ? `failed to validate exact path ${path} due to invalid wildcard` : [path];
  }
  return [path === '' ? '/*' : path];
}

// ---------------------------------------------------------------- services

interface BackendPort { readonly key: IngressKey; readonly service: StoredObject<'services'>; readonly port: ServicePort; readonly portText: string; readonly isByEndpoints: boolean }

function servicePort({ client, generation }: PlanContext, namespace: string, given: IngressBackend | undefined): BackendPort | string {
  const { name = '', port: wanted = {} } = given?.service ?? {};
  const key = { namespace, name };
  const service = given?.service === undefined ? undefined : client.find('services', key);
  if (service === undefined) return given?.service === undefined ? 'Ingress Backend is not a service' : `could not find service "${namespace}/${name}"`;
  const port = service.spec?.ports?.find((one) => (wanted.name === undefined ? one.port === wanted.number : one.name === wanted.name));
  const portText = generation.portText(wanted);
  if (port === undefined) return `could not find port "${portText}" in service "${namespace}/${name}"`;
  const isByEndpoints = wantsEndpoints(service);
  const type = service.spec?.type ?? 'ClusterIP';
  if (!isByEndpoints && type !== 'NodePort' && type !== 'LoadBalancer') return `service "${namespace}/${name}" is type "${type}", expected "NodePort" or "LoadBalancer"`;
  return { key, service, port, portText, isByEndpoints };
}

/** cloud.google.com/neg: '{"ingress": true}' */
function wantsEndpoints({ metadata }: Service): boolean {
  try {
    return (JSON.parse(metadata?.annotations?.[NEG] ?? '{}') as { ingress?: unknown }).ingress === true;
  } catch {
    return false;
  }
}

function plannedService(context: PlanContext, { key, service, port, portText, isByEndpoints }: BackendPort): PlannedService {
  const { client, clusterId } = context;
  const description = JSON.stringify({ 'kubernetes.io/service-name': `${key.namespace}/${key.name}`, 'kubernetes.io/service-port': portText, ...(isByEndpoints ? { 'x-features': ['NEG'] } : {}) });
  const check = healthCheck(client, key, service, port, isByEndpoints);
  if (!isByEndpoints) return { name: nodePortName(clusterId, port.nodePort ?? 0), description, check, at: { nodePort: port.nodePort ?? 0 } };
  const subsets = client.find('endpoints', key)?.subsets ?? [];
  const endpoints = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const own = ports.find(({ name }) => (name ?? '') === (port.name ?? ''));
    return own === undefined ? [] : addresses.flatMap(({ ip, nodeName }) => (nodeName === undefined ? [] : [{ node: nodeName, address: ip, port: own.port }]));
  });
  return { name: endpointGroupName(clusterId, key, port.port), description, check, at: { endpoints } };
}

/** A named target port is what the endpoints say it is. */
function targetPorts(client: ApiClient, { key, port }: BackendPort): number[] {
  if (typeof port.targetPort === 'number') return [port.targetPort];
  return (client.find('endpoints', key)?.subsets ?? []).flatMap(({ ports = [] }) => ports.filter(({ name }) => (name ?? '') === (port.name ?? '')).map((one) => one.port));
}

// ---------------------------------------------------------------- health checks

const NODE_PORT_SECONDS = 60;
const ENDPOINT_SECONDS = 15;

function healthCheck(client: ApiClient, key: IngressKey, service: Service, port: ServicePort, isByEndpoints: boolean): PlannedService['check'] {
  const seconds = isByEndpoints ? ENDPOINT_SECONDS : NODE_PORT_SECONDS;
  const unhealthyThreshold = isByEndpoints ? 2 : 10;
  const probe = httpProbe(client, key, service, port);
  if (probe?.httpGet === undefined) {
    const path = key.namespace === SYSTEM_DEFAULT.namespace && key.name === SYSTEM_DEFAULT.name ? '/healthz' : '/';
    return { description: `Default kubernetes L7 Loadbalancing health check${isByEndpoints ? ' for NEG' : ''}.`, path, host: '', intervalSec: seconds, timeoutSec: seconds, unhealthyThreshold };
  }
  const { httpGet, periodSeconds = 10, timeoutSeconds = 1 } = probe;
  const path = httpGet.path ?? '/';
  return {
    description: 'Kubernetes L7 health check generated with readiness probe settings.', path: path.startsWith('/') ? path : `/${path}`, host: httpGet.httpHeaders?.find(({ name }) => name === 'Host')?.value ?? '',
    // Many nodes ask for the same pods: with node ports the probe's own pace would be a flood.
    intervalSec: isByEndpoints ? periodSeconds : periodSeconds + NODE_PORT_SECONDS, timeoutSec: Math.min(timeoutSeconds, periodSeconds), unhealthyThreshold,
  };
}

/** getHTTPProbe: of the first pod with a container that has a plain HTTP readiness probe of the target port. */
function httpProbe(client: ApiClient, { namespace }: IngressKey, { spec }: Service, { port, targetPort = port }: ServicePort): Probe | undefined {
  const { selector } = spec ?? {};
  if (selector === undefined) return undefined;
  for (const pod of client.list('pods', { namespace, labelSelector: selector })) {
    for (const container of pod.spec?.containers ?? []) if (isProbeOf(container, targetPort)) return container.readinessProbe;
  }
  return undefined;
}

function isProbeOf({ readinessProbe, ports = [] }: Container, targetPort: number | string): boolean {
  const { httpGet } = readinessProbe ?? {};
  if (httpGet === undefined || (httpGet.scheme ?? 'HTTP') !== 'HTTP' || (httpGet.host ?? '') !== '') return false;
  const headers = httpGet.httpHeaders ?? [];
  if (headers.length > 1 || headers.some(({ name }) => name !== 'Host')) return false;
  return ports.some(({ containerPort, name }) => (containerPort === targetPort || name === targetPort) && (httpGet.port === containerPort || httpGet.port === name));
}

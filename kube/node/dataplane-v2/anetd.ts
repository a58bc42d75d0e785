/**
 * anetd, GKE's cilium-agent, as a process of the node: loads the programs, attaches them, keeps their maps like the API server's objects, answers health checks.
 * Programs and maps stay in the kernel when it ends. Read first: cilium daemon/cmd/daemon.go; pkg/service/healthserver; daemon/cmd/kube_proxy_healthz.go
 */
import type { Node } from 'kubernetes-types/core/v1';
import type { Machine } from '../../../machine/machine.ts';
import type { Program, Sys } from '../../../machine/sys.ts';
import type { NetKernel } from '../../../simulator/index.ts';
import { parseIp4 } from '../../../simulator/wire/ip4.ts';
import type { ApiClient } from '../../client.ts';
import { categorize, endpointPortKey, endpointsOfSlices, sliceServiceKey, type EndpointSliceObject } from '../../proxy/endpoints.ts';
import { serviceKey, servicePorts, type ServiceObject, type ServicePort } from '../../proxy/services.ts';
import type { Cancel, KubeRuntime } from '../../runtime.ts';
import type { StoredPod } from '../pod-environment.ts';
import { goTime } from '../programs/civil.ts';
import { serveHttp, type HttpAnswer, type HttpListener } from '../programs/http.ts';
import { goProgram } from '../programs/servers.ts';
import { endpointsOf, hasOwnAddress, identitiesOf, servicesOf, type ClusterView } from './agent-maps.ts';
import type { AgentMaps } from './maps.ts';
import { datapath, FROM_CONTAINER, FROM_NETDEV, TO_CONTAINER, TO_NETDEV } from './programs.ts';

export interface AnetdOptions {
  readonly client: ApiClient;
  readonly time: KubeRuntime;
  readonly machine: Machine;
  readonly nodeName: string;
  readonly address: string;
  /** Of the host's ends of pods' wires. */
  readonly devicePrefix: string;
}

/** Changes are gathered for as long as it takes to apply them. */
const APPLY_MS = 50;
const HEALTH_PORT = 10256;
export const AGENT = 'cilium-agent';

/** What the CNI plugin asks of the agent for a new pod's wire. */
export function attachToEndpoint(kernel: NetKernel, index: number): void {
  kernel.bpf.attach(0, index, 'ingress', FROM_CONTAINER);
  kernel.bpf.attach(0, index, 'egress', TO_CONTAINER);
}

export function anetdProgram(options: AnetdOptions): Program {
  return goProgram(async (sys) => {
    const agent = new Agent(options, sys);
    agent.start();
    try {
      return await serveHttp(sys, { listeners: () => agent.listeners() });
    } finally {
      agent.stop();
    }
  });
}

class Agent {
  private readonly options: AnetdOptions;
  private readonly sys: Sys;
  private readonly beganUs: number;
  private readonly watches: Cancel[] = [];
  private readonly services = new Map<string, readonly ServicePort[]>();
  private readonly slices = new Map<string, Map<string, EndpointSliceObject>>();
  private readonly healthChecks = new Map<string, HttpListener>();
  private readonly own: HttpListener;
  private planned: Cancel | undefined;

  constructor(options: AnetdOptions, sys: Sys) {
    this.options = options;
    this.sys = sys;
    this.beganUs = sys.now();
    this.own = { port: HEALTH_PORT, handler: ({ path }) => (path === '/healthz' ? this.healthz() : NOT_FOUND) };
  }

  start(): void {
    const { machine: { kernel }, devicePrefix } = this.options;
    kernel.bpf.load(datapath.kind);
    kernel.bpf.attachToSockets();
    for (const { index, kind, name } of kernel.netlink.links(0)) {
      if (kind === 'ether') {
        kernel.bpf.attach(0, index, 'ingress', FROM_NETDEV);
        kernel.bpf.attach(0, index, 'egress', TO_NETDEV);
      } else if (name.startsWith(devicePrefix)) attachToEndpoint(kernel, index);
    }
    const client = this.options.client.as('system:serviceaccount:kube-system:cilium', 'cilium-agent');
    const plan = (): void => this.plan();
    this.watches.push(
      client.watch('services', {}, ({ type, object }) => {
        this.services.set(serviceKey(object as ServiceObject), type === 'DELETED' ? [] : servicePorts(object as ServiceObject));
        this.plan();
      }),
      client.watch('endpointslices', {}, ({ type, object }) => {
        const key = sliceServiceKey(object);
        if (key === undefined) return;
        const slices = this.slices.get(key) ?? new Map<string, EndpointSliceObject>();
        this.slices.set(key, slices);
        if (type === 'DELETED') slices.delete(object.metadata.name);
        else slices.set(object.metadata.name, object);
        this.plan();
      }),
      client.watch('pods', {}, (event) => {
        if (event.type !== 'MODIFIED' || concerns(event.previous) !== concerns(event.object)) this.plan();
      }),
      client.watch('nodes', {}, (event) => {
        if (event.type !== 'MODIFIED' || addressOf(event.previous) !== addressOf(event.object)) this.plan();
      }),
      client.watch('namespaces', {}, plan),
      client.watch('networkpolicies', {}, plan),
    );
    this.plan();
  }

  stop(): void {
    this.planned?.();
    for (const cancel of this.watches.splice(0)) cancel();
  }

  private plan(): void {
    this.planned ??= this.options.time.after(APPLY_MS, () => {
      this.planned = undefined;
      this.apply();
    });
  }

  private apply(): void {
    const { client, machine: { kernel }, nodeName, address } = this.options;
    const devices = new Map(kernel.netlink.routes(0, 'inet', 254).flatMap(({ destination, prefixLength, nextHops }) => (prefixLength === 32 && nextHops[0] !== undefined ? [[destination, nextHops[0].device] as const] : [])));
    const view: ClusterView = {
      nodeName, pods: client.list('pods'), namespaces: client.list('namespaces'), policies: client.list('networkpolicies'),
      nodes: client.list('nodes').map((node) => ({ name: node.metadata.name, address: addressOf(node) })).filter((node) => node.address !== ''),
      ownAddresses: kernel.netlink.addresses(0, 'inet').map((one) => one.address).filter((one) => !one.startsWith('127.')),
      device: (pod) => kernel.netlink.link(0, devices.get(pod) ?? 0)?.name,
    };
    const known = [...this.services].map(([key, ports]) => ({ ports, endpoints: endpointsOfSlices(this.slices.get(key)?.values() ?? [], nodeName) }));
    const self = parseIp4(address)!;
    const maps: AgentMaps = { services: servicesOf(known, self, (kernel.bpf.agentMaps() as AgentMaps).services), endpoints: endpointsOf(view), identities: identitiesOf(view), self };
    kernel.bpf.setAgentMaps(maps);
    this.offerHealthChecks(known);
  }

  // ---------------------------------------------------------------- health

  listeners(): readonly HttpListener[] {
    return [this.own, ...this.healthChecks.values()];
  }

  /** A load balancer under externalTrafficPolicy Local asks each node whether it has pods of the Service. */
  private offerHealthChecks(known: readonly { readonly ports: readonly ServicePort[]; readonly endpoints: ReturnType<typeof endpointsOfSlices> }[]): void {
    const wanted = new Set<string>();
    for (const { ports, endpoints } of known) {
      const [port] = ports;
      if (port === undefined || port.healthCheckNodePort === 0) continue;
      const localEndpoints = new Set(ports.flatMap((one) => categorize(endpoints.get(endpointPortKey(one.portName, one.protocol)) ?? [], one).local.map(({ ip }) => ip))).size;
      const key = `${port.namespace}/${port.service} ${port.healthCheckNodePort} ${localEndpoints}`;
      wanted.add(key);
      const body = `${JSON.stringify({ service: { namespace: port.namespace, name: port.service }, localEndpoints })}\n`;
      if (!this.healthChecks.has(key)) this.healthChecks.set(key, { port: port.healthCheckNodePort, handler: () => ({ status: localEndpoints > 0 ? 200 : 503, headers: JSON_HEADERS, body }) });
    }
    for (const key of this.healthChecks.keys()) if (!wanted.has(key)) this.healthChecks.delete(key);
    for (const process of this.options.machine.processes.values()) if (process.name === AGENT) process.post('USR1');
  }

  private healthz(): HttpAnswer {
    const nowUs = this.sys.now();
    const now = goTime(nowUs, nowUs - this.beganUs);
    return { headers: JSON_HEADERS, body: `{"lastUpdated": "${now}","currentTime": "${now}"}` };
  }
}

const JSON_HEADERS = { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' };
const NOT_FOUND: HttpAnswer = { status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }, body: '404 page not found\n' };

/** What of a pod matters here. */
function concerns(pod: StoredPod): string {
  return hasOwnAddress(pod) ? `${pod.status!.podIP!} ${pod.spec?.nodeName ?? ''} ${JSON.stringify(pod.metadata.labels)}` : '';
}

function addressOf({ status }: Node): string {
  return status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
}

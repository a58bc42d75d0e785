/**
 * Cloud objects for a service that wants a load balancer, as the controllers of Kubernetes on Compute Engine name and shape them: a target pool
 * with a legacy health check, or on request a regional backend service with endpoint groups. Changes go through the API like anybody's.
 * Read first: legacy-cloud-providers/gce/gce_loadbalancer_{external,naming}.go, gce_healthchecks.go; ingress-gce pkg/l4lb, pkg/utils/namer/l4_namer.go
 */
import { parsePrefix4 } from '../simulator/wire/ip4.ts';
import type { ComputeApi } from './api/compute.ts';
import { ApiError } from './api/http.ts';
import { baseName, objects, regionOfZone, text, texts, type JsonObject } from './api/json.ts';
import type { Operations } from './api/operations.ts';
import { endpointsOf } from './api/balancing.ts';
import { linkTo, pathOf, type ComputeObject, type ComputeStore } from './api/store.ts';
import { runSteps, type Step } from './steps.ts';

export interface ServiceLoadBalancerOptions {
  /** Sixteen hex digits: in names of what all services of a cluster share. */
  readonly clusterId: string;
  readonly region: string;
  readonly network: string;
  readonly nodeTag: string;
  /** Of the legacy check: 2018 it was 2, 1, 1, 5; since 1.14 it is 8, 1, 1, 3. */
  readonly legacyCheck: { readonly checkIntervalSec: number; readonly timeoutSec: number; readonly healthyThreshold: number; readonly unhealthyThreshold: number };
}

/** What is read of a Service object. */
export interface ServiceObject {
  readonly metadata: { readonly name?: string | undefined; readonly namespace?: string | undefined; readonly uid?: string | undefined; readonly annotations?: Readonly<Record<string, string>> | undefined };
  readonly spec?: {
    readonly ports?: readonly { readonly protocol?: string | undefined; readonly port: number }[] | undefined;
    readonly loadBalancerIP?: string | undefined; readonly loadBalancerClass?: string | undefined; readonly loadBalancerSourceRanges?: readonly string[] | undefined;
    readonly sessionAffinity?: string | undefined; readonly externalTrafficPolicy?: string | undefined; readonly healthCheckNodePort?: number | undefined;
  } | undefined;
}

export type Callback<Value = void> = (result: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string }) => void;

export interface Parts { readonly project: string; readonly store: ComputeStore; readonly compute: ComputeApi; readonly operations: Operations }

const PROXY_HEALTH_PORT = 10256;
const PROBE_RANGES = ['130.211.0.0/22', '209.85.152.0/22', '209.85.204.0/22', '35.191.0.0/16'];
const RBS_CLASS = 'networking.gke.io/l4-regional-external';

export class ServiceLoadBalancers {
  private readonly parts: Parts;
  private readonly options: ServiceLoadBalancerOptions;

  constructor(parts: Parts, options: ServiceLoadBalancerOptions) {
    this.parts = parts;
    this.options = options;
  }

  ensure(service: ServiceObject, nodeNames: readonly string[], done: Callback<readonly { readonly ip: string }[]>): void {
    const want = this.read(service);
    if (typeof want === 'string') return done({ ok: false, message: want });
    runSteps(this.parts.operations, this.isBackendService(service) ? this.backendServiceSteps(want, nodeNames) : this.targetPoolSteps(want, nodeNames), (message) => {
      const rule = this.rule(want);
      if (message !== undefined || rule === undefined) done({ ok: false, message: message ?? 'the forwarding rule is gone' });
      else done({ ok: true, value: [{ ip: text(rule, 'IPAddress') }] });
    });
  }

  update(service: ServiceObject, nodeNames: readonly string[], done: Callback): void {
    const want = this.read(service);
    if (typeof want === 'string') return done({ ok: false, message: want });
    const steps = this.isBackendService(service) ? this.endpointSteps(want, nodeNames) : this.memberSteps(want, nodeNames);
    runSteps(this.parts.operations, steps, (message) => done(message === undefined ? { ok: true, value: undefined } : { ok: false, message }));
  }

  remove(service: ServiceObject, done: Callback): void {
    const want = this.read(service);
    if (typeof want === 'string') return done({ ok: true, value: undefined });
    runSteps(this.parts.operations, [...this.removal(want), ...this.backendRemoval(want)], (message) => done(message === undefined ? { ok: true, value: undefined } : { ok: false, message }));
  }

  // ---------------------------------------------------------------- what a service wants

  private read(service: ServiceObject): Wanted | string {
    const { metadata, spec } = service;
    const ports = spec?.ports ?? [];
    const protocols = new Set(ports.map(({ protocol }) => protocol ?? 'TCP'));
    if (ports.length === 0) return 'no ports provided to ServiceLB';
    if (protocols.size > 1) return 'mixed protocol is not supported for LoadBalancer';
    const [protocol = 'TCP'] = protocols;
    if (protocol !== 'TCP' && protocol !== 'UDP') return 'only TCP and UDP load balancers are supported';
    const uid = (metadata.uid ?? '').replaceAll('-', '');
    const isLocal = spec?.externalTrafficPolicy === 'Local' && (spec.healthCheckNodePort ?? 0) > 0;
    return {
      key: `${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`, name: `a${uid}`.slice(0, 32), regionalName: this.regionalName(metadata.namespace ?? 'default', metadata.name ?? ''), protocol, ports: ports.map(({ port }) => port), wantedIp: spec?.loadBalancerIP ?? '',
      sourceRanges: sourceRanges(service), affinity: spec?.sessionAffinity === 'ClientIP' ? 'CLIENT_IP' : 'NONE', checkPort: isLocal ? spec.healthCheckNodePort! : PROXY_HEALTH_PORT, isLocal,
    };
  }

  private isBackendService({ metadata, spec }: ServiceObject): boolean {
    return metadata.annotations?.['cloud.google.com/l4-rbs'] === 'enabled' || spec?.loadBalancerClass === RBS_CLASS;
  }

  /** l4_namer.go: k8s2-CLUSTER-NAMESPACE-SERVICE-HASH, shortened where needed. */
  private regionalName(namespace: string, name: string): string {
    return `k8s2-${this.options.clusterId.slice(0, 8)}-${namespace}-${name}`.slice(0, 54).replace(/-$/, '') + `-${shortHash(`${this.options.clusterId};${namespace};${name}`)}`;
  }

  private find(collection: string, scope: string, name: string): ComputeObject | undefined {
    return this.parts.store.find(`projects/${this.parts.project}/${scope}/${collection}/${name}`);
  }

  private get regionScope(): string {
    return `regions/${this.options.region}`;
  }

  private rule(want: Wanted): ComputeObject | undefined {
    return this.find('forwardingRules', this.regionScope, want.name) ?? this.find('forwardingRules', this.regionScope, want.regionalName);
  }

  /** Creates it unless it is there; deletes and creates it anew (or patches it) where it differs. */
  private ensureObject(collection: string, scope: string, body: JsonObject & { readonly name: string }, differs: (present: ComputeObject) => boolean, isReplaced = true): Step[] {
    const { compute } = this.parts;
    return [
      () => {
        const present = this.find(collection, scope, body.name);
        return present !== undefined && isReplaced && differs(present) ? compute.remove(collection, scope, body.name) : undefined;
      },
      () => {
        const present = this.find(collection, scope, body.name);
        if (present === undefined) return compute.insert(collection, scope, body);
        return differs(present) ? compute.patch(collection, scope, body.name, body) : undefined;
      },
    ];
  }

  private ensureFirewall(name: string, description: JsonObject, allowed: readonly JsonObject[], ranges: readonly string[]): Step[] {
    const { nodeTag, network } = this.options;
    const body = { name, description: JSON.stringify(description), network: `global/networks/${network}`, direction: 'INGRESS', priority: 1000, allowed, sourceRanges: ranges, targetTags: [nodeTag] };
    const signature = (object: JsonObject): string => JSON.stringify([objects(object, 'allowed').map((one) => [text(one, 'IPProtocol'), texts(one, 'ports')]), [...texts(object, 'sourceRanges')].sort(), texts(object, 'targetTags')]);
    return this.ensureObject('firewalls', 'global', body, (present) => signature(present) !== signature(body), false);
  }

  private removeObject(collection: string, scope: string, name: string): Step {
    return () => {
      if (this.find(collection, scope, name) === undefined) return undefined;
      try {
        return this.parts.compute.remove(collection, scope, name);
      } catch (thrown) {
        // What others still use stays: shared health checks are removed with their last user.
        if (thrown instanceof ApiError && thrown.reason === 'resourceInUseByAnotherResource') return undefined;
        throw thrown;
      }
    };
  }

  // ---------------------------------------------------------------- target pools

  private legacyCheckName(want: Wanted): string {
    return want.isLocal ? want.name : `k8s-${this.options.clusterId}-node`;
  }

  private checkFirewallName(want: Wanted): string {
    return want.isLocal ? `k8s-${want.name}-http-hc` : `k8s-${this.options.clusterId}-node-http-hc`;
  }

  private targetPoolSteps(want: Wanted, nodeNames: readonly string[]): Step[] {
    const { project, store } = this.parts;
    const { legacyCheck, clusterId } = this.options;
    const region = this.regionScope;
    const checkName = this.legacyCheckName(want);
    const check = { name: checkName, description: JSON.stringify({ 'kubernetes.io/service-name': want.isLocal ? want.key : checkName }), host: '', port: want.checkPort, requestPath: '/healthz', ...legacyCheck };
    const description = JSON.stringify({ 'kubernetes.io/service-name': want.key });
    const numbers = [...want.ports].sort((left, right) => left - right);
    const portRange = `${numbers[0]}-${numbers.at(-1)}`;
    const poolLink = linkTo(`projects/${project}/${region}/targetPools/${want.name}`);
    return [
      ...this.backendRemoval(want),
      ...this.ensureObject('httpHealthChecks', 'global', check, (present) => text(present, 'port') !== String(check.port) || text(present, 'requestPath') !== check.requestPath, false),
      ...this.ensureFirewall(this.checkFirewallName(want), want.isLocal ? { 'kubernetes.io/service-name': want.key } : { 'kubernetes.io/cluster-id': clusterId }, [{ IPProtocol: 'tcp', ports: [String(want.checkPort)] }], PROBE_RANGES),
      // A rule or pool that no longer fits goes before it is made anew: the pool cannot go while the rule leads to it.
      () => {
        const rule = this.find('forwardingRules', region, want.name);
        const pool = this.find('targetPools', region, want.name);
        const fits = rule === undefined || (text(rule, 'portRange') === portRange && text(rule, 'IPProtocol') === want.protocol && (want.wantedIp === '' || text(rule, 'IPAddress') === want.wantedIp) && pool !== undefined && text(pool, 'sessionAffinity') === want.affinity && texts(pool, 'healthChecks').map(baseName)[0] === checkName);
        return fits ? undefined : this.parts.compute.remove('forwardingRules', region, want.name);
      },
      () => {
        const pool = this.find('targetPools', region, want.name);
        const fits = pool === undefined || (text(pool, 'sessionAffinity') === want.affinity && texts(pool, 'healthChecks').map(baseName)[0] === checkName);
        return fits ? undefined : this.parts.compute.remove('targetPools', region, want.name);
      },
      () => (this.find('targetPools', region, want.name) !== undefined ? undefined : this.parts.compute.insert('targetPools', region, { name: want.name, description, instances: this.instanceLinks(nodeNames), healthChecks: [linkTo(`projects/${project}/global/httpHealthChecks/${checkName}`)], sessionAffinity: want.affinity })),
      ...this.memberSteps(want, nodeNames),
      () => (this.find('forwardingRules', region, want.name) !== undefined ? undefined : this.parts.compute.insert('forwardingRules', region, { name: want.name, description, IPProtocol: want.protocol, ...(want.wantedIp === '' ? {} : { IPAddress: want.wantedIp }), portRange, target: poolLink })),
      () => this.runFirst(this.ensureFirewall(`k8s-fw-${want.name}`, { 'kubernetes.io/service-name': want.key, 'kubernetes.io/service-ip': text(store.find(`projects/${project}/${region}/forwardingRules/${want.name}`), 'IPAddress') }, [{ IPProtocol: want.protocol.toLowerCase(), ports: want.ports.map(String) }], want.sourceRanges)),
    ];
  }

  /** Of steps that exclude each other: the first that has something to do. */
  private runFirst(steps: readonly Step[]): string | undefined {
    for (const step of steps) {
      const operation = step();
      if (operation !== undefined) return operation;
    }
    return undefined;
  }

  private memberSteps(want: Wanted, nodeNames: readonly string[]): Step[] {
    const region = this.regionScope;
    const members = (): string[] => texts(this.find('targetPools', region, want.name), 'instances');
    return [
      () => {
        const added = this.instanceLinks(nodeNames).filter((link) => !members().includes(link));
        return added.length === 0 || this.find('targetPools', region, want.name) === undefined ? undefined : this.parts.compute.verb('targetPools', region, want.name, 'addInstance', { instances: added.map((instance) => ({ instance })) });
      },
      () => {
        const gone = members().filter((link) => !nodeNames.includes(baseName(link)));
        return gone.length === 0 ? undefined : this.parts.compute.verb('targetPools', region, want.name, 'removeInstance', { instances: gone.map((instance) => ({ instance })) });
      },
    ];
  }

  private instanceLinks(nodeNames: readonly string[]): string[] {
    return this.parts.store.list('instances').filter(({ name }) => nodeNames.includes(name)).map(({ selfLink }) => selfLink);
  }

  private removal(want: Wanted): Step[] {
    const region = this.regionScope;
    return [
      this.removeObject('firewalls', 'global', `k8s-fw-${want.name}`),
      this.removeObject('forwardingRules', region, want.name),
      this.removeObject('targetPools', region, want.name),
      this.removeObject('httpHealthChecks', 'global', this.legacyCheckName(want)),
      () => (this.find('httpHealthChecks', 'global', this.legacyCheckName(want)) === undefined ? this.removeObject('firewalls', 'global', this.checkFirewallName(want))() : undefined),
    ];
  }

  // ---------------------------------------------------------------- backend services

  private sharedCheckName(want: Wanted): string {
    return want.isLocal ? want.regionalName : `k8s2-${this.options.clusterId.slice(0, 8)}-l4-shared-hc`;
  }

  private backendServiceSteps(want: Wanted, nodeNames: readonly string[]): Step[] {
    const { project } = this.parts;
    const region = this.regionScope;
    const name = want.regionalName;
    const checkName = this.sharedCheckName(want);
    const description = JSON.stringify({ 'networking.gke.io/service-name': want.key, 'networking.gke.io/api-version': 'ga' });
    const check = { name: checkName, description, type: 'HTTP', httpHealthCheck: { port: want.checkPort, requestPath: '/healthz' }, checkIntervalSec: 8, timeoutSec: 1, healthyThreshold: 1, unhealthyThreshold: 3 };
    const zones = (): string[] => this.zonesOf(nodeNames);
    return [
      ...this.removal(want),
      () => this.runFirst(this.ensureObject('healthChecks', region, check, () => false)),
      ...this.ensureFirewall(`${checkName}-fw`, { 'networking.gke.io/service-name': want.key }, [{ IPProtocol: 'tcp', ports: [String(want.checkPort)] }], PROBE_RANGES),
      ...zones().map((zone): Step => () => (this.find('networkEndpointGroups', `zones/${zone}`, name) !== undefined ? undefined : this.parts.compute.insert('networkEndpointGroups', `zones/${zone}`, { name, description, networkEndpointType: 'GCE_VM_IP', network: `global/networks/${this.options.network}` }))),
      ...this.endpointSteps(want, nodeNames),
      () => (this.find('backendServices', region, name) !== undefined ? undefined : this.parts.compute.insert('backendServices', region, {
        name, description, protocol: want.protocol, loadBalancingScheme: 'EXTERNAL', sessionAffinity: want.affinity, healthChecks: [linkTo(`projects/${project}/${region}/healthChecks/${checkName}`)], connectionDraining: { drainingTimeoutSec: 30 }, backends: zones().map((zone) => ({ group: linkTo(`projects/${project}/zones/${zone}/networkEndpointGroups/${name}`), balancingMode: 'CONNECTION' })),
      })),
      () => (this.find('forwardingRules', region, name) !== undefined ? undefined : this.parts.compute.insert('forwardingRules', region, {
        name, description, IPProtocol: want.protocol, loadBalancingScheme: 'EXTERNAL', ...(want.wantedIp === '' ? {} : { IPAddress: want.wantedIp }), ...(want.ports.length > 5 ? { allPorts: true } : { ports: want.ports.map(String) }), backendService: linkTo(`projects/${project}/${region}/backendServices/${name}`),
      })),
      () => this.runFirst(this.ensureFirewall(name, { 'networking.gke.io/service-name': want.key, 'networking.gke.io/api-version': 'ga', 'networking.gke.io/service-ip': text(this.find('forwardingRules', region, name), 'IPAddress') }, [{ IPProtocol: want.protocol.toLowerCase(), ports: want.ports.map(String) }], want.sourceRanges)),
    ];
  }

  private zonesOf(nodeNames: readonly string[]): string[] {
    return [...new Set(this.parts.store.list('instances').filter(({ name }) => nodeNames.includes(name)).map((instance) => baseName(text(instance, 'zone'))))].filter((zone) => regionOfZone(zone) === this.options.region);
  }

  private endpointSteps(want: Wanted, nodeNames: readonly string[]): Step[] {
    const { project, store, compute } = this.parts;
    return this.zonesOf(nodeNames).flatMap((zone): Step[] => {
      const scope = `zones/${zone}`;
      const present = (): string[] => endpointsOf({ store, project }, linkTo(`projects/${project}/${scope}/networkEndpointGroups/${want.regionalName}`)).map(({ instance }) => baseName(instance));
      const here = (): string[] => store.list('instances', scope).map(({ name }) => name).filter((name) => nodeNames.includes(name));
      return [
        () => {
          const added = here().filter((name) => !present().includes(name));
          return added.length === 0 ? undefined : compute.verb('networkEndpointGroups', scope, want.regionalName, 'attachNetworkEndpoints', { networkEndpoints: added.map((instance) => ({ instance })) });
        },
        () => {
          const gone = present().filter((name) => !nodeNames.includes(name));
          return gone.length === 0 ? undefined : compute.verb('networkEndpointGroups', scope, want.regionalName, 'detachNetworkEndpoints', { networkEndpoints: gone.map((instance) => ({ instance })) });
        },
      ];
    });
  }

  private backendRemoval(want: Wanted): Step[] {
    const region = this.regionScope;
    const name = want.regionalName;
    const checkName = this.sharedCheckName(want);
    const groups = this.parts.store.list('networkEndpointGroups').filter((group) => group.name === name);
    return [
      this.removeObject('firewalls', 'global', name),
      this.removeObject('forwardingRules', region, name),
      this.removeObject('backendServices', region, name),
      ...groups.map((group) => this.removeObject('networkEndpointGroups', pathOf(group.selfLink, this.parts.project).split('/').slice(2, 4).join('/'), name)),
      this.removeObject('healthChecks', region, checkName),
      () => (this.find('healthChecks', region, checkName) === undefined ? this.removeObject('firewalls', 'global', `${checkName}-fw`)() : undefined),
    ];
  }
}

interface Wanted {
  readonly key: string;
  readonly name: string;
  readonly regionalName: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly ports: readonly number[];
  readonly wantedIp: string;
  readonly sourceRanges: readonly string[];
  readonly affinity: 'NONE' | 'CLIENT_IP';
  readonly checkPort: number;
  readonly isLocal: boolean;
}

function sourceRanges({ metadata, spec }: ServiceObject): string[] {
  const given = spec?.loadBalancerSourceRanges ?? metadata.annotations?.['service.beta.kubernetes.io/load-balancer-source-ranges']?.split(',').map((range) => range.trim()) ?? [];
  const ranges = given.filter((range) => parsePrefix4(range) !== undefined);
  return ranges.length === 0 ? ['0.0.0.0/0'] : ranges;
}

/** Eight characters that differ between services (the real one is a truncated SHA-256). */
function shortHash(value: string): string {
  let low = 0x811c9dc5;
  for (let at = 0; at < value.length; at += 1) low = Math.imul(low ^ value.charCodeAt(at), 0x01000193);
  return (low >>> 0).toString(36).padStart(8, '0').slice(-8);
}

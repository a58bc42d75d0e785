/**
 * Cloud objects of an HTTP load balancer, made and repaired as a plan says: groups of nodes or of endpoints, health checks, backend services, a firewall
 * rule for the front ends, a URL map, a proxy and a global forwarding rule. What no URL map names any more is taken away.
 * Read first: ingress-gce pkg/loadbalancers/{l7,url_maps,forwarding_rules}.go, pkg/backends/{syncer,ig_linker,neg_linker}.go
 */
import { baseName, objects, text, texts, type JsonObject } from './api/json.ts';
import { endpointsOf, type NetworkEndpoint } from './api/balancing.ts';
import { instancesOf, servicesOf } from './api/proxying.ts';
import { linkTo, type ComputeObject } from './api/store.ts';
import { healthKey, memberKey } from './dataplane/health.ts';
import type { VpcData } from './dataplane/state.ts';
import type { Callback, Parts } from './service-load-balancers.ts';
import { runSteps, type Step } from './steps.ts';

export interface HttpPlan {
  readonly names: HttpNames;
  readonly description: string | undefined;
  /** A reserved global address; without one, or where there is none of that name and it is not required, a new one is taken. */
  readonly address: { readonly name: string; readonly isRequired: boolean } | undefined;
  readonly services: readonly PlannedService[];
  /** Names of services. */
  readonly defaultService: string;
  readonly hosts: readonly { readonly host: string; readonly matcher: string; readonly paths: readonly { readonly paths: readonly string[]; readonly service: string }[] }[];
  readonly firewall: { readonly description: string; readonly sourceRanges: readonly string[]; readonly ports: readonly string[] };
}

export interface HttpNames { readonly urlMap: string; readonly proxy: string; readonly rule: string; /** Shared by all of a cluster's. */ readonly instanceGroup: string; readonly firewall: string }

export interface PlannedService {
  readonly name: string;
  readonly description: string;
  readonly check: { readonly description: string; readonly path: string; readonly host: string; readonly intervalSec: number; readonly timeoutSec: number; readonly unhealthyThreshold: number };
  /** A port of all nodes, or endpoints: addresses of their own, each at a node. */
  readonly at: { readonly nodePort: number } | { readonly endpoints: readonly { readonly node: string; readonly address: string; readonly port: number }[] };
}

export interface HttpState {
  readonly ip: string;
  /** By name: `HEALTHY`, `UNHEALTHY`, `Unknown`. */
  readonly backends: Readonly<Record<string, string>>;
  /** Kinds of objects that were not there before, in order. */
  readonly made: readonly ('urlMap' | 'proxy' | 'rule')[];
}

export class HttpLoadBalancers {
  private readonly parts: Parts;
  private readonly network: () => VpcData;
  private readonly nodeTag: string;
  private readonly waiting: (() => void)[] = [];
  private isBusy = false;

  constructor(parts: Parts, network: () => VpcData, nodeTag: string) {
    this.parts = parts;
    this.network = network;
    this.nodeTag = nodeTag;
  }

  ensure(plan: HttpPlan, nodeNames: readonly string[], done: Callback<HttpState>): void {
    this.inTurn((finish) => this.build(plan, nodeNames, finish), done);
  }

  /** Takes down what is one load balancer's own, then what it shared if nobody else uses it. */
  remove(names: HttpNames, done: Callback): void {
    this.inTurn((finish: Callback) => {
      const tell = (message: string | undefined): void => finish(message === undefined ? { ok: true, value: undefined } : { ok: false, message });
      const own = [this.removal('forwardingRules', 'global', names.rule), this.removal('targetHttpProxies', 'global', names.proxy), this.removal('urlMaps', 'global', names.urlMap)];
      runSteps(this.parts.operations, own, (message) => (message === undefined ? this.removeUnused(names, tell) : tell(message)));
    }, done);
  }

  /** One after the other: several share groups, checks and services. */
  private inTurn<Value>(work: (finish: Callback<Value>) => void, done: Callback<Value>): void {
    const begin = (): void => {
      this.isBusy = true;
      work((result) => {
        done(result);
        this.isBusy = false;
        this.waiting.shift()?.();
      });
    };
    if (this.isBusy) this.waiting.push(begin);
    else begin();
  }

  private build(plan: HttpPlan, nodeNames: readonly string[], done: Callback<HttpState>): void {
    const { names, address } = plan;
    const reserved = address === undefined ? undefined : this.find('addresses', 'global', address.name);
    if (reserved === undefined && address?.isRequired === true) return done({ ok: false, message: `the given static IP name ${address.name} doesn't translate to an existing static IP.` });
    const made = (['urlMap', 'proxy', 'rule'] as const).filter((kind) => this.frontObject(kind, names) === undefined);
    const withPorts = plan.services.filter(({ at }) => 'nodePort' in at);
    const steps = [
      ...(withPorts.length === 0 ? [] : this.instanceGroupSteps(names.instanceGroup, withPorts, nodeNames)),
      ...plan.services.flatMap((service) => this.serviceSteps(service, names.instanceGroup, nodeNames)),
      this.ensureObject('firewalls', 'global', { name: names.firewall, direction: 'INGRESS', priority: 1000, network: 'global/networks/default', targetTags: [this.nodeTag], description: plan.firewall.description, sourceRanges: plan.firewall.sourceRanges, allowed: [{ IPProtocol: 'tcp', ports: plan.firewall.ports }] }, firewallSignature),
      this.ensureObject('urlMaps', 'global', this.urlMap(plan), mapSignature),
      this.ensureObject('targetHttpProxies', 'global', { name: names.proxy, urlMap: this.link('global/urlMaps', names.urlMap) }, (proxy) => text(proxy, 'urlMap'), (link) => ['setUrlMap', { urlMap: link }]),
      ...this.ruleSteps(plan, reserved),
    ];
    runSteps(this.parts.operations, steps, (message) => {
      const rule = this.frontObject('rule', names);
      if (message !== undefined || rule === undefined) return done({ ok: false, message: message ?? 'the forwarding rule is gone' });
      this.removeUnused(names, () => done({ ok: true, value: { ip: text(rule, 'IPAddress'), backends: Object.fromEntries(plan.services.map(({ name }) => [name, this.healthOf(name)])), made } }));
    });
  }

  // ---------------------------------------------------------------- looking

  private find(collection: string, scope: string, name: string): ComputeObject | undefined {
    return this.parts.store.find(`projects/${this.parts.project}/${scope}/${collection}/${name}`);
  }

  private frontObject(kind: 'urlMap' | 'proxy' | 'rule', names: HttpNames): ComputeObject | undefined {
    return this.find({ urlMap: 'urlMaps', proxy: 'targetHttpProxies', rule: 'forwardingRules' }[kind], 'global', names[kind]);
  }

  private link(place: string, name: string): string {
    return linkTo(`projects/${this.parts.project}/${place}/${name}`);
  }

  /** Backends.Status: the first that is told of speaks for all. */
  private healthOf(name: string): string {
    const { health, httpServices } = this.network();
    const service = httpServices.find((one) => one.name === name);
    const [first] = service?.members ?? [];
    const known = first === undefined ? undefined : health.get(healthKey(service!.id, memberKey(first)));
    return known === undefined || known.against + known.steady === 0 && !known.isHealthy ? 'Unknown' : known.isHealthy ? 'HEALTHY' : 'UNHEALTHY';
  }

  private instances(nodeNames: readonly string[]): ComputeObject[] {
    return this.parts.store.list('instances').filter(({ name }) => nodeNames.includes(name));
  }

  // ---------------------------------------------------------------- making

  /** Creates what is missing; changes what differs, by PATCH unless another verb is named. */
  private ensureObject(collection: string, scope: string, body: JsonObject & { readonly name: string }, signature: (object: JsonObject) => string, verb?: (wanted: string) => readonly [string, JsonObject]): Step {
    return () => {
      const { compute } = this.parts;
      const present = this.find(collection, scope, body.name);
      if (present === undefined) return compute.insert(collection, scope, body);
      if (signature(present) === signature(body)) return undefined;
      if (verb === undefined) return compute.patch(collection, scope, body.name, body);
      return compute.verb(collection, scope, body.name, ...verb(signature(body)));
    };
  }

  /** One unmanaged group a zone, with every node of it and a named port for each service. */
  private instanceGroupSteps(name: string, services: readonly PlannedService[], nodeNames: readonly string[]): Step[] {
    const { compute } = this.parts;
    const ports = services.flatMap(({ at }) => ('nodePort' in at ? [at.nodePort] : []));
    return this.zonesOf(nodeNames).flatMap((scope): Step[] => {
      const group = (): ComputeObject | undefined => this.find('instanceGroups', scope, name);
      const members = (): string[] => instancesOf(group()).map(baseName);
      const here = (): string[] => this.instances(nodeNames).filter((instance) => scope === `zones/${baseName(text(instance, 'zone'))}`).map((instance) => instance.name);
      const asLinks = (names: readonly string[]): JsonObject => ({ instances: names.map((instance) => ({ instance: this.link(`${scope}/instances`, instance) })) });
      return [
        () => (group() === undefined ? compute.insert('instanceGroups', scope, { name }) : undefined),
        () => {
          const named = objects(group(), 'namedPorts');
          const added = ports.filter((port) => !named.some((one) => text(one, 'port') === String(port)));
          return added.length === 0 ? undefined : compute.verb('instanceGroups', scope, name, 'setNamedPorts', { namedPorts: [...named, ...[...new Set(added)].map((port) => ({ name: `port${port}`, port }))] });
        },
        () => {
          const added = here().filter((node) => !members().includes(node));
          return added.length === 0 ? undefined : compute.verb('instanceGroups', scope, name, 'addInstances', asLinks(added));
        },
        () => {
          const gone = members().filter((node) => !nodeNames.includes(node));
          return gone.length === 0 ? undefined : compute.verb('instanceGroups', scope, name, 'removeInstances', asLinks(gone));
        },
      ];
    });
  }

  private zonesOf(nodeNames: readonly string[]): string[] {
    return [...new Set(this.instances(nodeNames).map((instance) => `zones/${baseName(text(instance, 'zone'))}`))];
  }

  private serviceSteps({ name, description, check, at }: PlannedService, instanceGroup: string, nodeNames: readonly string[]): Step[] {
    const zones = this.zonesOf(nodeNames);
    const isByPort = 'nodePort' in at;
    const details = { requestPath: check.path, host: check.host, ...(isByPort ? { port: at.nodePort } : { portSpecification: 'USE_SERVING_PORT' }) };
    const backends = zones.map((scope) => ({ group: this.link(`${scope}/${isByPort ? 'instanceGroups' : 'networkEndpointGroups'}`, isByPort ? instanceGroup : name), balancingMode: 'RATE', [isByPort ? 'maxRatePerInstance' : 'maxRatePerEndpoint']: 1 }));
    return [
      ...(isByPort ? [] : zones.flatMap((scope) => this.endpointGroupSteps(name, scope, at.endpoints))),
      // What somebody has changed of a check since it was made stays.
      this.ensureObject('healthChecks', 'global', { name, description: check.description, type: 'HTTP', httpHealthCheck: details, checkIntervalSec: check.intervalSec, timeoutSec: check.timeoutSec, healthyThreshold: 1, unhealthyThreshold: check.unhealthyThreshold }, () => ''),
      this.ensureObject('backendServices', 'global', { name, description, protocol: 'HTTP', healthChecks: [this.link('global/healthChecks', name)], ...(isByPort ? { port: at.nodePort, portName: `port${at.nodePort}` } : {}), backends }, (service) => `${text(service, 'portName') || 'http'} ${objects(service, 'backends').map((one) => text(one, 'group')).sort().join()}`),
    ];
  }

  private endpointGroupSteps(name: string, scope: string, endpoints: readonly { readonly node: string; readonly address: string; readonly port: number }[]): Step[] {
    const { compute, project, store } = this.parts;
    const keyOf = (one: NetworkEndpoint): string => `${baseName(one.instance)} ${one.ipAddress} ${one.port}`;
    const present = (): NetworkEndpoint[] => endpointsOf({ store, project }, this.link(`${scope}/networkEndpointGroups`, name));
    const wanted = (): NetworkEndpoint[] => endpoints.filter(({ node }) => this.find('instances', scope, node) !== undefined).map(({ node, address, port }) => ({ instance: node, ipAddress: address, port }));
    const change = (verb: string, from: () => NetworkEndpoint[], without: () => NetworkEndpoint[]): Step => () => {
      const others = new Set(without().map(keyOf));
      const concerned = from().filter((one) => !others.has(keyOf(one)));
      return concerned.length === 0 ? undefined : compute.verb('networkEndpointGroups', scope, name, verb, { networkEndpoints: concerned.map((one) => ({ ...one, instance: baseName(one.instance) })) });
    };
    return [
      this.ensureObject('networkEndpointGroups', scope, { name, networkEndpointType: 'GCE_VM_IP_PORT', network: 'global/networks/default' }, () => ''),
      change('attachNetworkEndpoints', wanted, present),
      change('detachNetworkEndpoints', present, wanted),
    ];
  }

  private urlMap({ names, description, defaultService, hosts }: HttpPlan): JsonObject & { readonly name: string } {
    const link = (service: string): string => this.link('global/backendServices', service);
    return {
      name: names.urlMap, ...(description === undefined ? {} : { description }), defaultService: link(defaultService), hostRules: hosts.map(({ host, matcher }) => ({ hosts: [host], pathMatcher: matcher })),
      pathMatchers: hosts.map(({ matcher, paths }) => ({ name: matcher, defaultService: link(defaultService), pathRules: paths.map((rule) => ({ paths: rule.paths, service: link(rule.service) })) })),
    };
  }

  /** A rule cannot change its address: it is made anew. */
  private ruleSteps({ names, description }: HttpPlan, reserved: ComputeObject | undefined): Step[] {
    const own = reserved === undefined ? {} : { IPAddress: text(reserved, 'address') };
    return [
      () => {
        const rule = this.frontObject('rule', names);
        return rule === undefined || reserved === undefined || text(rule, 'IPAddress') === text(reserved, 'address') ? undefined : this.parts.compute.remove('forwardingRules', 'global', names.rule);
      },
      this.ensureObject('forwardingRules', 'global', { name: names.rule, ...(description === undefined ? {} : { description }), target: this.link('global/targetHttpProxies', names.proxy), portRange: '80-80', ...own }, () => ''),
    ];
  }

  // ---------------------------------------------------------------- taking away

  private removal(collection: string, scope: string, name: string): Step {
    return () => (this.find(collection, scope, name) === undefined ? undefined : this.parts.compute.remove(collection, scope, name));
  }

  /** Backend services of the cluster that no URL map names, with what is only theirs; with the last one the group of nodes and the firewall rule. */
  private removeUnused({ instanceGroup, firewall }: HttpNames, done: (message: string | undefined) => void): void {
    const { operations, store } = this.parts;
    const cluster = instanceGroup.slice(instanceGroup.lastIndexOf('--') + 2);
    const used = new Set(store.list('urlMaps').flatMap(servicesOf).map(baseName));
    const own = store.list('backendServices', 'global').map(({ name }) => name).filter((name) => name.endsWith(`--${cluster}`) || name.startsWith(`k8s1-${cluster.slice(0, 8)}-`));
    const unused = own.filter((name) => !used.has(name));
    const placed = (collection: string, name: string): Step[] => store.list(collection).filter((group) => group.name === name).map((group) => this.removal(collection, `zones/${baseName(text(group, 'zone'))}`, name));
    runSteps(operations, [
      ...unused.flatMap((name) => [this.removal('backendServices', 'global', name), this.removal('healthChecks', 'global', name), ...placed('networkEndpointGroups', name)]),
      ...(unused.length < own.length ? [] : [...placed('instanceGroups', instanceGroup), this.removal('firewalls', 'global', firewall)]),
    ], done);
  }
}

function firewallSignature(rule: JsonObject): string {
  return JSON.stringify([objects(rule, 'allowed').map((one) => texts(one, 'ports')), [...texts(rule, 'sourceRanges')].sort(), texts(rule, 'targetTags')]);
}

function mapSignature(map: JsonObject): string {
  const matchers = objects(map, 'pathMatchers').map((matcher) => [text(matcher, 'name'), text(matcher, 'defaultService'), objects(matcher, 'pathRules').map((rule) => [texts(rule, 'paths'), text(rule, 'service')])]);
  return JSON.stringify([text(map, 'defaultService'), objects(map, 'hostRules').map((rule) => [texts(rule, 'hosts'), text(rule, 'pathMatcher')]), matchers]);
}

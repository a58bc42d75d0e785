/**
 * Forwarding rules and what stands behind them: target pools with legacy health checks, or regional backend services with network endpoint
 * groups (GCE_VM_IP) or instances and today's health checks; for proxies (proxying.ts) global ones. https://cloud.google.com/load-balancing/docs/network
 */
import { formatIp4, parseIp4 } from '../../simulator/wire/ip4.ts';
import { healthKey, memberKey } from '../dataplane/health.ts';
import type { Collection, Target } from './collections.ts';
import { checkName, oneOf, pick, reference, whole, type ApiContext } from './context.ts';
import { ApiError, inUse, invalid, notFound, required } from './http.ts';
import { baseName, child, integer, objects, text, texts, type JsonObject } from './json.ts';
import { newExternalAddress, newInternalAddress } from './networking.ts';
import { servicesOf } from './proxying.ts';
import { linkTo, pathOf } from './store.ts';

const schemes = ['EXTERNAL', 'INTERNAL', 'EXTERNAL_MANAGED', 'INTERNAL_MANAGED'] as const;

function regionLink({ project }: ApiContext, scope: string): JsonObject {
  return scope === 'global' ? {} : { region: linkTo(`projects/${project}/${scope}`) };
}

/** `80`, `80-90`: as the API keeps it, a range. */
function portRange(value: string, field: string): string {
  const [from = '', to = from] = value.split('-');
  if (!/^\d+$/.test(from) || !/^\d+$/.test(to) || Number(from) > Number(to) || Number(to) > 65_535) throw invalid(field, value, 'Must be a port or a range of ports.');
  return `${Number(from)}-${Number(to)}`;
}

export const forwardingRules: Collection = {
  name: 'forwardingRules',
  kind: 'forwardingRule',
  scopes: ['regions', 'global'],
  create(context, { name, scope, path }, body) {
    checkName(name);
    const scheme = oneOf(body, 'loadBalancingScheme', schemes, 'EXTERNAL');
    if (scheme.endsWith('_MANAGED')) throw new ApiError(400, 'invalid', 'Proxy load balancers are not simulated yet');
    const target = text(body, 'target');
    const backendService = text(body, 'backendService');
    if (target === '' && backendService === '') throw required('resource.target');
    const protocol = oneOf(body, 'IPProtocol', ['TCP', 'UDP', 'L3_DEFAULT', 'ESP', 'AH', 'SCTP', 'ICMP'], 'TCP');
    const ports = texts(body, 'ports').map((port) => String(Number(port)));
    if (scope === 'global') return globalRule(context, name, path, body);
    const address = addressFor(context, scope, scheme === 'INTERNAL', text(body, 'IPAddress'), path);
    return {
      ...pick(body, 'description', 'allPorts', 'labels'), IPAddress: address, IPProtocol: protocol, fingerprint: context.store.fingerprint(), labelFingerprint: '42WmSpB8rSM=', loadBalancingScheme: scheme, networkTier: 'PREMIUM',
      ...(text(body, 'portRange') === '' ? {} : { portRange: portRange(text(body, 'portRange'), 'resource.portRange') }), ...(ports.length === 0 ? {} : { ports }), ...regionLink(context, scope),
      ...(target === '' ? { backendService: reference(context, 'resource.backendService', backendService) } : { target: reference(context, 'resource.target', target) }),
      ...(scheme === 'INTERNAL' ? { network: linkTo(`projects/${context.project}/global/networks/default`), subnetwork: linkTo(`projects/${context.project}/${scope}/subnetworks/default`) } : {}),
    };
  },
  deleted(context, target, was) {
    releaseAddress(context, text(was, 'IPAddress'), linkTo(target.path));
  },
  patch: (_context, _target, body) => pick(body, 'labels', 'allowGlobalAccess', 'networkTier'),
  verbs: {
    setTarget: (context, _target, body) => ({ change: { target: reference(context, 'target', text(body, 'target')) } }),
  },
};

/** A front end hears of a new rule this long after it was made, and at most twice as long. */
const SPREADING_MS = 75_000;

/** One that leads to a proxy. HTTP proxies take these two ports. */
function globalRule(context: ApiContext, name: string, path: string, body: JsonObject): JsonObject {
  const { project, runtime, store } = context;
  const target = reference(context, 'resource.target', text(body, 'target'));
  if (!target.includes('/targetHttpProxies/')) throw new ApiError(400, 'invalid', `Global forwarding rules to ${target.split('/').at(-2)} are not simulated yet`);
  const range = portRange(text(body, 'portRange') || texts(body, 'ports')[0] || '80', 'resource.portRange');
  if (range !== '80-80' && range !== '8080-8080') throw invalid('resource.portRange', range, 'Port range for HTTP proxies must be one of 80, 8080.');
  const address = addressFor(context, 'global', false, text(body, 'IPAddress'), path);
  const taken = store.list('forwardingRules').find((rule) => rule.name !== name && text(rule, 'IPAddress') === address && text(rule, 'portRange') === range);
  if (taken !== undefined) throw invalid('resource.IPAddress', address, `Specified IP address is in-use and would result in a conflict with ${pathOf(taken.selfLink, project)}.`);
  return {
    ...pick(body, 'description', 'labels'), IPAddress: address, IPProtocol: 'TCP', fingerprint: store.fingerprint(), labelFingerprint: '42WmSpB8rSM=', loadBalancingScheme: 'EXTERNAL', networkTier: 'PREMIUM', portRange: range, target,
    'x-activeFromMs': runtime.nowMs() + SPREADING_MS + runtime.dice.below(SPREADING_MS),
  };
}

/** A reserved address by value, name or URL, any free one when nothing is asked for. */
function addressFor(context: ApiContext, scope: string, isInternal: boolean, wanted: string, userPath: string): string {
  const { store, project } = context;
  if (wanted === '') return isInternal ? newInternalAddress(context, `projects/${project}/${scope}/subnetworks/default`) : newExternalAddress(context, scope === 'global');
  const byName = parseIp4(wanted) === undefined ? store.find(wanted.includes('/') ? pathOf(wanted, project) : `projects/${project}/${scope}/addresses/${wanted}`) : store.list('addresses').find((one) => text(one, 'address') === wanted);
  if (byName === undefined && parseIp4(wanted) === undefined) throw notFound(pathOf(wanted, project));
  if (byName === undefined && !isInternal) throw invalid('resource.IPAddress', wanted, 'Specified IP address is not a reserved address of the project.');
  if (byName === undefined) return wanted;
  const users = texts(byName, 'users');
  if (users.some((link) => baseName(link) !== baseName(userPath)) && !users.every((link) => link.includes('/forwardingRules/'))) throw new ApiError(400, 'IP_IN_USE_BY_ANOTHER_RESOURCE', `Specified IP address is in-use and would result in a conflict.`);
  store.change(pathOf(byName.selfLink, project), { status: 'IN_USE', users: [...users, linkTo(userPath)] });
  return text(byName, 'address');
}

function releaseAddress({ store, project }: ApiContext, address: string, user: string): void {
  const reserved = store.list('addresses').find((one) => text(one, 'address') === address);
  if (reserved === undefined) return;
  const users = texts(reserved, 'users').filter((link) => link !== user);
  store.change(pathOf(reserved.selfLink, project), { status: users.length === 0 ? 'RESERVED' : 'IN_USE', users: users.length === 0 ? undefined : users });
}

const affinities = ['NONE', 'CLIENT_IP', 'CLIENT_IP_PROTO', 'CLIENT_IP_PORT_PROTO'] as const;

function poolInstances(context: ApiContext, links: readonly string[]): string[] {
  return links.map((link) => reference(context, 'resource.instances', link));
}

export const targetPools: Collection = {
  name: 'targetPools',
  kind: 'targetPool',
  scopes: ['regions'],
  create(context, { name, scope }, body) {
    checkName(name);
    const checks = texts(body, 'healthChecks').map((link) => reference(context, 'resource.healthChecks', link));
    const members = poolInstances(context, texts(body, 'instances'));
    return { ...pick(body, 'description', 'backupPool', 'failoverRatio'), ...(checks.length === 0 ? {} : { healthChecks: checks }), ...(members.length === 0 ? {} : { instances: members }), ...regionLink(context, scope), sessionAffinity: oneOf(body, 'sessionAffinity', affinities, 'NONE') };
  },
  mayDelete({ store, project }, { path }) {
    const user = store.list('forwardingRules').find((rule) => text(rule, 'target') === linkTo(path));
    if (user !== undefined) throw inUse('target_pool', path, pathOf(user.selfLink, project));
  },
  verbs: {
    addInstance(context, { path }, body) {
      const old = texts(context.store.get(path), 'instances');
      const added = poolInstances(context, objects(body, 'instances').map((one) => text(one, 'instance')));
      return { change: { instances: [...old, ...added.filter((link) => !old.includes(link))] } };
    },
    removeInstance({ store, project }, { path }, body) {
      const gone = objects(body, 'instances').map((one) => linkTo(pathOf(text(one, 'instance'), project)));
      const left = texts(store.get(path), 'instances').filter((link) => !gone.includes(link));
      return { change: { instances: left.length === 0 ? undefined : left } };
    },
    addHealthCheck(context, { path }, body) {
      const added = objects(body, 'healthChecks').map((one) => reference(context, 'healthCheck', text(one, 'healthCheck')));
      return { change: { healthChecks: [...new Set([...texts(context.store.get(path), 'healthChecks'), ...added])] } };
    },
    removeHealthCheck({ store, project }, { path }, body) {
      const gone = objects(body, 'healthChecks').map((one) => linkTo(pathOf(text(one, 'healthCheck'), project)));
      const left = texts(store.get(path), 'healthChecks').filter((link) => !gone.includes(link));
      return { change: { healthChecks: left.length === 0 ? undefined : left } };
    },
    getHealth(context, { path }, body) {
      const { store, project } = context;
      const pool = store.get(path);
      const instance = linkTo(pathOf(text(body, 'instance'), project));
      if (!texts(pool, 'instances').includes(instance)) throw new ApiError(400, 'invalid', `Invalid value for field 'instance': '${text(body, 'instance')}'. Instance is not in the target pool.`);
      const rules = store.list('forwardingRules').filter((rule) => text(rule, 'target') === linkTo(path));
      const healthStatus = rules.map((rule) => ({ healthState: isHealthy(context, rule.selfLink, instance) ? 'HEALTHY' : 'UNHEALTHY', instance, ipAddress: text(rule, 'IPAddress') }));
      return { answer: { ...(healthStatus.length === 0 ? {} : { healthStatus }), kind: 'compute#targetPoolInstanceHealth' } };
    },
  },
};

/** Backends without a health check count as healthy. */
function isHealthy({ network }: ApiContext, rule: string, instanceLink: string): boolean {
  return network().health.get(healthKey(rule, baseName(instanceLink)))?.isHealthy ?? true;
}

function timing(body: JsonObject): JsonObject {
  const checkIntervalSec = whole(body, 'checkIntervalSec', 1, 300, 5);
  const timeoutSec = whole(body, 'timeoutSec', 1, 300, 5);
  if (timeoutSec > checkIntervalSec) throw invalid('resource.timeoutSec', String(timeoutSec), 'TimeoutSec should be less than checkIntervalSec.');
  return { checkIntervalSec, healthyThreshold: whole(body, 'healthyThreshold', 1, 10, 2), timeoutSec, unhealthyThreshold: whole(body, 'unhealthyThreshold', 1, 10, 2) };
}

function checkUser(context: ApiContext, { path }: Target, kind: string): void {
  const user = [...context.store.list('targetPools'), ...context.store.list('backendServices')].find((one) => texts(one, 'healthChecks').includes(linkTo(path)));
  if (user !== undefined) throw inUse(kind, path, pathOf(user.selfLink, context.project));
}

function httpCheck(body: JsonObject): JsonObject {
  const requestPath = text(body, 'requestPath') || '/';
  if (!requestPath.startsWith('/')) throw invalid('resource.requestPath', requestPath, 'Must be a match of regex \'/.*\'');
  return { ...pick(body, 'description'), host: text(body, 'host'), port: whole(body, 'port', 1, 65_535, 80), requestPath, ...timing(body) };
}

export const httpHealthChecks: Collection = {
  name: 'httpHealthChecks',
  kind: 'httpHealthCheck',
  scopes: ['global'],
  create(_context, { name }, body) {
    checkName(name);
    return httpCheck(body);
  },
  mayDelete: (context, target) => checkUser(context, target, 'http_health_check'),
  patch: ({ store }, { path }, body) => httpCheck({ ...store.get(path), ...body }),
};

/** A check of the port that serves has none of its own. */
function checkPort(given: JsonObject): JsonObject {
  return text(given, 'portSpecification') === 'USE_SERVING_PORT' ? {} : { port: integer(given, 'port', 80) };
}

function healthCheck(body: JsonObject): JsonObject {
  const type = oneOf(body, 'type', ['HTTP', 'TCP', 'HTTPS', 'SSL', 'HTTP2', 'GRPC'], 'HTTP');
  if (type !== 'HTTP' && type !== 'TCP') throw new ApiError(400, 'invalid', `Health checks of type ${type} are not simulated yet`);
  const given = child(body, type === 'HTTP' ? 'httpHealthCheck' : 'tcpHealthCheck') ?? {};
  const details: JsonObject = type === 'HTTP'
    ? { httpHealthCheck: { ...pick(given, 'host', 'portSpecification'), ...checkPort(given), proxyHeader: 'NONE', requestPath: text(given, 'requestPath') || '/' } }
    : { tcpHealthCheck: { ...pick(given, 'portSpecification'), ...checkPort(given), proxyHeader: 'NONE' } };
  return { ...pick(body, 'description'), ...timing(body), ...details, type };
}

export const healthChecks: Collection = {
  name: 'healthChecks',
  kind: 'healthCheck',
  scopes: ['global', 'regions'],
  create(context, { name, scope }, body) {
    checkName(name);
    return { ...healthCheck(body), ...regionLink(context, scope) };
  },
  mayDelete: (context, target) => checkUser(context, target, 'health_check'),
  patch: ({ store }, { path }, body) => healthCheck({ ...store.get(path), ...body }),
};

export const backendServices: Collection = {
  name: 'backendServices',
  kind: 'backendService',
  scopes: ['regions', 'global'],
  create(context, { name, scope }, body) {
    checkName(name);
    const scheme = oneOf(body, 'loadBalancingScheme', schemes, 'EXTERNAL');
    if (scheme.endsWith('_MANAGED')) throw new ApiError(400, 'invalid', 'Load balancers of scheme ' + scheme + ' are not simulated yet');
    if (scope === 'global') return proxiedService(context, body);
    return {
      ...pick(body, 'description', 'network'), affinityCookieTtlSec: 0, ...backends(context, body), connectionDraining: { drainingTimeoutSec: integer(child(body, 'connectionDraining'), 'drainingTimeoutSec', 0) }, fingerprint: context.store.fingerprint(),
      ...checks(context, body), loadBalancingScheme: scheme, protocol: oneOf(body, 'protocol', ['TCP', 'UDP', 'UNSPECIFIED'], 'TCP'), ...regionLink(context, scope), sessionAffinity: oneOf(body, 'sessionAffinity', affinities, 'NONE'), timeoutSec: whole(body, 'timeoutSec', 1, 86_400, 30),
    };
  },
  mayDelete({ store, project }, { path }) {
    const user = store.list('forwardingRules').find((rule) => text(rule, 'backendService') === linkTo(path)) ?? store.list('urlMaps').find((map) => servicesOf(map).includes(linkTo(path)));
    if (user !== undefined) throw inUse('backend_service', path, pathOf(user.selfLink, project));
  },
  patch: (context, _target, body) => ({ ...pick(body, 'description', 'sessionAffinity', 'timeoutSec', 'connectionDraining', 'port', 'portName'), ...('backends' in body ? backends(context, body) : {}), ...('healthChecks' in body ? checks(context, body) : {}), fingerprint: context.store.fingerprint() }),
  verbs: {
    getHealth(context, { path, scope }, body) {
      const group = text(body, 'group');
      if (scope === 'global') return { answer: proxiedHealth(context, path, group) };
      const rules = context.store.list('forwardingRules').filter((rule) => text(rule, 'backendService') === linkTo(path));
      const members = endpointsOf(context, linkTo(pathOf(group, context.project)));
      const healthStatus = rules.flatMap((rule) => members.map(({ instance, ipAddress }) => ({ forwardingRule: rule.selfLink, forwardingRuleIp: text(rule, 'IPAddress'), healthState: isHealthy(context, rule.selfLink, instance) ? 'HEALTHY' : 'UNHEALTHY', instance, ipAddress, port: 80 })));
      return { answer: { ...(healthStatus.length === 0 ? {} : { healthStatus }), kind: 'compute#backendServiceGroupHealth' } };
    },
  },
};

/** Behind a proxy: groups of instances by a named port, or of endpoints. */
function proxiedService(context: ApiContext, body: JsonObject): JsonObject {
  const protocol = oneOf(body, 'protocol', ['HTTP', 'HTTPS', 'HTTP2', 'TCP', 'SSL', 'GRPC'], 'HTTP');
  if (protocol !== 'HTTP') throw new ApiError(400, 'invalid', `Global backend services with protocol ${protocol} are not simulated yet`);
  return {
    ...pick(body, 'description'), affinityCookieTtlSec: 0, ...backends(context, body), connectionDraining: { drainingTimeoutSec: integer(child(body, 'connectionDraining'), 'drainingTimeoutSec', 0) }, enableCDN: false, fingerprint: context.store.fingerprint(), ...checks(context, body),
    loadBalancingScheme: 'EXTERNAL', port: integer(body, 'port', 80), portName: text(body, 'portName') || 'http', protocol, sessionAffinity: 'NONE', timeoutSec: whole(body, 'timeoutSec', 1, 86_400, 30),
  };
}

/** Probing begins when a front end has a use for the service; until then nothing is known. */
function proxiedHealth({ network, project }: ApiContext, path: string, group: string): JsonObject {
  const service = network().httpServices.find(({ id }) => id === linkTo(path));
  const groupLink = linkTo(pathOf(group, project));
  const healthStatus = (service?.members ?? []).filter((member) => member.group === groupLink).map((member) => ({
    healthState: network().health.get(healthKey(linkTo(path), memberKey(member)))?.isHealthy ?? true ? 'HEALTHY' : 'UNHEALTHY', instance: linkTo(`projects/${project}/${zoneOf(groupLink)}/instances/${member.instance}`), ipAddress: formatIp4(member.address), port: member.port,
  }));
  return { ...(healthStatus.length === 0 ? {} : { healthStatus }), kind: 'compute#backendServiceGroupHealth' };
}

/** `zones/us-east1-b` of a zonal object's link. */
function zoneOf(link: string): string {
  return /\/(zones\/[^/]+)\//.exec(link)?.[1] ?? '';
}

function backends(context: ApiContext, body: JsonObject): JsonObject {
  const given = objects(body, 'backends').map((one) => ({ balancingMode: text(one, 'balancingMode') || 'CONNECTION', ...(text(one, 'balancingMode') === 'RATE' ? { capacityScaler: 1 } : {}), ...pick(one, 'description', 'maxRatePerInstance', 'maxRatePerEndpoint'), group: reference(context, 'resource.backends[0].group', text(one, 'group')) }));
  return given.length === 0 ? { backends: undefined } : { backends: given };
}

function checks(context: ApiContext, body: JsonObject): JsonObject {
  return { healthChecks: texts(body, 'healthChecks').map((link) => reference(context, 'resource.healthChecks[0]', link)) };
}

export interface NetworkEndpoint { readonly instance: string; readonly ipAddress: string; /** 0 where whole instances are the endpoints. */ readonly port: number }

/** Members of a network endpoint group, kept in the object where the real API hides them. */
export function endpointsOf({ store, project }: Pick<ApiContext, 'store' | 'project'>, groupLink: string): NetworkEndpoint[] {
  const group = store.find(pathOf(groupLink, project));
  return objects(group, 'x-endpoints').map((one) => ({ instance: text(one, 'instance'), ipAddress: text(one, 'ipAddress'), port: integer(one, 'port', 0) }));
}

export const networkEndpointGroups: Collection = {
  name: 'networkEndpointGroups',
  kind: 'networkEndpointGroup',
  scopes: ['zones'],
  create(context, { name, scope }, body) {
    checkName(name);
    const networkEndpointType = oneOf(body, 'networkEndpointType', ['GCE_VM_IP', 'GCE_VM_IP_PORT'], 'GCE_VM_IP');
    return { ...pick(body, 'description', 'defaultPort'), network: reference(context, 'resource.network', text(body, 'network') || 'default', 'global/networks'), networkEndpointType, size: 0, 'x-endpoints': [], ...(text(body, 'subnetwork') === '' ? {} : { subnetwork: reference(context, 'resource.subnetwork', text(body, 'subnetwork')) }), zone: linkTo(`projects/${context.project}/${scope}`) };
  },
  mayDelete({ store, project }, { path }) {
    const user = store.list('backendServices').find((service) => objects(service, 'backends').some((one) => text(one, 'group') === linkTo(path)));
    if (user !== undefined) throw inUse('network_endpoint_group', path, pathOf(user.selfLink, project));
  },
  verbs: {
    attachNetworkEndpoints(context, target, body) {
      const { project, store } = context;
      const hasPorts = text(store.get(target.path), 'networkEndpointType') === 'GCE_VM_IP_PORT';
      const added = objects(body, 'networkEndpoints').map((one): NetworkEndpoint => {
        const instance = text(one, 'instance').includes('/') ? pathOf(text(one, 'instance'), project) : `projects/${project}/${target.scope}/instances/${text(one, 'instance')}`;
        const [nic] = objects(store.get(instance), 'networkInterfaces');
        return { instance: linkTo(instance), ipAddress: (hasPorts && text(one, 'ipAddress')) || text(nic, 'networkIP'), port: hasPorts ? integer(one, 'port', integer(store.get(target.path), 'defaultPort', 80)) : 0 };
      });
      const old = endpointsOf(context, linkTo(target.path));
      return { change: members([...old, ...added.filter((one) => !old.some((other) => isSameEndpoint(one, other)))]) };
    },
    detachNetworkEndpoints(context, target, body) {
      const gone = objects(body, 'networkEndpoints');
      const isGone = (one: NetworkEndpoint): boolean => gone.some((other) => baseName(text(other, 'instance')) === baseName(one.instance) && (text(other, 'ipAddress') === '' || (text(other, 'ipAddress') === one.ipAddress && integer(other, 'port', one.port) === one.port)));
      return { change: members(endpointsOf(context, linkTo(target.path)).filter((one) => !isGone(one))) };
    },
    listNetworkEndpoints: (context, target) => ({ answer: { kind: 'compute#networkEndpointGroupsListNetworkEndpoints', items: endpointsOf(context, linkTo(target.path)).map((one) => ({ networkEndpoint: shownEndpoint(one) })) } }),
  },
};

function isSameEndpoint(one: NetworkEndpoint, other: NetworkEndpoint): boolean {
  return one.instance === other.instance && one.ipAddress === other.ipAddress && one.port === other.port;
}

/** An endpoint that is a whole instance shows no port. */
function shownEndpoint({ instance, ipAddress, port }: NetworkEndpoint): JsonObject {
  return { instance: baseName(instance), ipAddress, ...(port === 0 ? {} : { port }) };
}

function members(endpoints: readonly NetworkEndpoint[]): JsonObject {
  return { 'x-endpoints': endpoints.map((one) => ({ ...one })), size: endpoints.length };
}

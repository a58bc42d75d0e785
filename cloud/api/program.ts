/** Compiles the API's objects into what the dataplane uses: done after every change, as a whole, into the same record. */
import { parseIp4, parsePrefix4 } from '../../simulator/wire/ip4.ts';
import type { Attachment, FirewallRule, HealthCheck, HttpBackendService, HttpBalancer, HttpMember, LoadBalancer, Range, Subnet, VpcData, VpcRoute } from '../dataplane/state.ts';
import { endpointsOf } from './balancing.ts';
import { instancesOf } from './proxying.ts';
import { macOf, metadataOf, type RunningGuest } from './guests.ts';
import { baseName, child, flag, integer, objects, text, texts, type JsonObject } from './json.ts';
import { pathOf, type ComputeObject, type ComputeStore } from './store.ts';

const protocolNumbers: Readonly<Record<string, number>> = { icmp: 1, ipip: 94, tcp: 6, udp: 17, esp: 50, ah: 51, sctp: 132 };

export function program(data: VpcData, store: ComputeStore, guests: readonly RunningGuest[]): void {
  const { project } = store;
  const isPending = (object: ComputeObject): boolean => flag(object, 'x-pending');
  data.subnets = store.list('subnetworks').filter((one) => !isPending(one)).map((subnet): Subnet => ({
    name: subnet.name, networkName: baseName(text(subnet, 'network')), region: baseName(text(subnet, 'region')), range: rangeOf(text(subnet, 'ipCidrRange')), gateway: parseIp4(text(subnet, 'gatewayAddress')) ?? 0, secondary: objects(subnet, 'secondaryIpRanges').map((one) => rangeOf(text(one, 'ipCidrRange'))),
  }));
  data.routes = store.list('routes').filter((route) => !isPending(route) && text(route, 'nextHopNetwork') === '').map(routeOf).sort((left, right) => right.range.length - left.range.length || left.priority - right.priority);
  data.firewall = store.list('firewalls').filter((rule) => !isPending(rule) && !flag(rule, 'disabled')).map(ruleOf).sort((left, right) => left.priority - right.priority || Number(left.action === 'allow') - Number(right.action === 'allow'));
  data.healthChecks = [...store.list('httpHealthChecks').map(legacyCheck), ...store.list('healthChecks').map(checkOf)];
  data.loadBalancers = store.list('forwardingRules').filter((rule) => !isPending(rule)).flatMap((rule) => balancerOf(store, rule));
  data.httpBalancers = store.list('forwardingRules').filter((rule) => !isPending(rule)).flatMap((rule) => httpBalancerOf(store, rule));
  data.httpServices = [...new Set(data.httpBalancers.flatMap(({ urlMap }) => [urlMap.defaultService, ...urlMap.hosts.flatMap(({ defaultService, paths }) => [defaultService, ...paths.map(({ service }) => service)])]))].flatMap((link) => httpServiceOf(store, link));
  data.projectMetadata = { ...metadataItems(store.find(`projects/${project}`), 'commonInstanceMetadata'), 'numeric-project-id': text(store.find(`projects/${project}`), 'id') };
  for (const [port, attachment] of data.attachments) if (attachment.kind === 'instance' && !guests.some((guest) => guest.port === port)) data.attachments.delete(port);
  for (const guest of guests) {
    const instance = store.list('instances').find(({ name }) => name === guest.name);
    if (instance !== undefined) data.attachments.set(guest.port, nicOf(store, instance));
  }
}

function metadataItems(object: JsonObject | undefined, key: string): Record<string, string> {
  return Object.fromEntries(objects(child(object, key), 'items').map((item) => [text(item, 'key'), text(item, 'value')]));
}

function rangeOf(value: string): Range {
  const read = parsePrefix4(value.includes('/') ? value : `${value}/32`);
  if (read === undefined) throw new Error(`${value} was accepted as a range`);
  return { network: read.address, length: read.length };
}

function routeOf(route: ComputeObject): VpcRoute {
  const nextHop: VpcRoute['nextHop'] = text(route, 'nextHopInstance') !== '' ? { kind: 'instance', instance: baseName(text(route, 'nextHopInstance')) }
    : text(route, 'nextHopIp') !== '' ? { kind: 'address', address: parseIp4(text(route, 'nextHopIp')) ?? 0 } : { kind: 'internet' };
  return { name: route.name, networkName: baseName(text(route, 'network')), range: rangeOf(text(route, 'destRange')), priority: integer(route, 'priority', 1000), tags: texts(route, 'tags'), nextHop };
}

function ruleOf(rule: ComputeObject): FirewallRule {
  const action = objects(rule, 'allowed').length > 0 ? 'allow' : 'deny';
  const direction = text(rule, 'direction') === 'EGRESS' ? 'EGRESS' : 'INGRESS';
  return {
    name: rule.name, networkName: baseName(text(rule, 'network')), direction, priority: integer(rule, 'priority', 1000), action,
    layer4: objects(rule, action === 'allow' ? 'allowed' : 'denied').map((one) => ({ protocol: text(one, 'IPProtocol') === 'all' ? undefined : (protocolNumbers[text(one, 'IPProtocol')] ?? Number(text(one, 'IPProtocol'))), ports: texts(one, 'ports').map(portsOf) })),
    ranges: texts(rule, direction === 'INGRESS' ? 'sourceRanges' : 'destinationRanges').map(rangeOf), sourceTags: texts(rule, 'sourceTags'), targetTags: texts(rule, 'targetTags'),
  };
}

function portsOf(value: string): readonly [number, number] {
  const [from = '0', to = from] = value.split('-');
  return [Number(from), Number(to)];
}

function legacyCheck(check: ComputeObject): HealthCheck {
  return { id: check.selfLink, isLegacy: true, protocol: 'HTTP', port: integer(check, 'port', 80), host: text(check, 'host'), requestPath: text(check, 'requestPath') || '/', ...timingOf(check) };
}

function checkOf(check: ComputeObject): HealthCheck {
  const isHttp = text(check, 'type') === 'HTTP';
  const details = child(check, isHttp ? 'httpHealthCheck' : 'tcpHealthCheck');
  return { id: check.selfLink, isLegacy: false, protocol: isHttp ? 'HTTP' : 'TCP', port: integer(details, 'port', 0), host: text(details, 'host'), requestPath: text(details, 'requestPath') || '/', ...timingOf(check) };
}

function timingOf(check: ComputeObject): Pick<HealthCheck, 'intervalUs' | 'timeoutUs' | 'healthyThreshold' | 'unhealthyThreshold'> {
  return { intervalUs: integer(check, 'checkIntervalSec', 5) * 1_000_000, timeoutUs: integer(check, 'timeoutSec', 5) * 1_000_000, healthyThreshold: integer(check, 'healthyThreshold', 2), unhealthyThreshold: integer(check, 'unhealthyThreshold', 2) };
}

function balancerOf(store: ComputeStore, rule: ComputeObject): LoadBalancer[] {
  const { project } = store;
  const pool = store.find(pathOf(text(rule, 'target') || text(rule, 'backendService'), project));
  if (pool === undefined || pool.kind === 'compute#targetHttpProxy') return [];
  const protocol = text(rule, 'IPProtocol');
  const affinity = text(pool, 'sessionAffinity');
  const members = pool.kind === 'compute#targetPool' ? texts(pool, 'instances') : objects(pool, 'backends').flatMap((one) => endpointsOf({ store, project }, text(one, 'group')).map(({ instance }) => instance));
  const ports = [...(text(rule, 'portRange') === '' ? [] : [text(rule, 'portRange')]), ...texts(rule, 'ports')];
  return [{
    id: rule.selfLink, name: rule.name, networkName: 'default', scheme: text(rule, 'loadBalancingScheme') === 'INTERNAL' ? 'INTERNAL' : 'EXTERNAL', address: parseIp4(text(rule, 'IPAddress')) ?? 0, protocol: protocol === 'L3_DEFAULT' ? undefined : protocolNumbers[protocol.toLowerCase()], ports: ports.map(portsOf),
    affinity: affinity === 'CLIENT_IP' || affinity === 'CLIENT_IP_PROTO' ? affinity : 'NONE', backends: members.map(baseName), healthCheck: texts(pool, 'healthChecks')[0],
  }];
}

function httpBalancerOf(store: ComputeStore, rule: ComputeObject): HttpBalancer[] {
  const { project } = store;
  const proxy = store.find(pathOf(text(rule, 'target'), project));
  const map = proxy?.kind === 'compute#targetHttpProxy' ? store.find(pathOf(text(proxy, 'urlMap'), project)) : undefined;
  if (map === undefined) return [];
  const hosts = objects(map, 'hostRules').flatMap((host) => {
    const matcher = objects(map, 'pathMatchers').find((one) => text(one, 'name') === text(host, 'pathMatcher'));
    return matcher === undefined ? [] : [{ names: texts(host, 'hosts'), defaultService: text(matcher, 'defaultService'), paths: objects(matcher, 'pathRules').flatMap((pathRule) => texts(pathRule, 'paths').map((path) => ({ path, service: text(pathRule, 'service') }))) }];
  });
  return [{ name: rule.name, address: parseIp4(text(rule, 'IPAddress')) ?? 0, ports: portsOf(text(rule, 'portRange')), activeFromMs: integer(rule, 'x-activeFromMs', 0), urlMap: { defaultService: text(map, 'defaultService'), hosts } }];
}

function httpServiceOf(store: ComputeStore, link: string): HttpBackendService[] {
  const { project } = store;
  const service = store.find(pathOf(link, project));
  if (service === undefined) return [];
  const members = objects(service, 'backends').flatMap((backend): HttpMember[] => {
    const groupLink = text(backend, 'group');
    const group = store.find(pathOf(groupLink, project));
    const port = integer(objects(group, 'namedPorts').find((one) => text(one, 'name') === text(service, 'portName')), 'port', 0);
    if (group?.kind === 'compute#networkEndpointGroup') return endpointsOf({ store, project }, groupLink).map((one) => ({ instance: baseName(one.instance), address: parseIp4(one.ipAddress) ?? 0, port: one.port, group: groupLink }));
    // Without the service's named port a group has no backends.
    if (port === 0) return [];
    return instancesOf(group).map((instance) => ({ instance: baseName(instance), address: parseIp4(text(objects(store.find(pathOf(instance, project)), 'networkInterfaces')[0], 'networkIP')) ?? 0, port, group: groupLink }));
  });
  return [{ id: link, name: service.name, healthCheck: texts(service, 'healthChecks')[0], timeoutUs: integer(service, 'timeoutSec', 30) * 1_000_000, members }];
}

function nicOf(store: ComputeStore, instance: ComputeObject): Attachment {
  const { project } = store;
  const [nic] = objects(instance, 'networkInterfaces');
  const subnet = store.find(pathOf(text(nic, 'subnetwork'), project));
  const gateway = parseIp4(text(subnet, 'gatewayAddress')) ?? 0;
  const zone = baseName(text(instance, 'zone'));
  const address = parseIp4(text(nic, 'networkIP')) ?? 0;
  return {
    kind: 'instance', instance: instance.name, instanceId: instance.id, hostname: `${instance.name}.${zone}.c.${project}.internal`, zone, networkName: baseName(text(nic, 'network')), subnetName: baseName(text(nic, 'subnetwork')), machineType: baseName(text(instance, 'machineType')), mac: macOf(address), gatewayMac: macOf(gateway), address,
    aliases: objects(nic, 'aliasIpRanges').map((one) => rangeOf(text(one, 'ipCidrRange'))), external: parseIp4(text(objects(nic, 'accessConfigs')[0], 'natIP')) ?? 0, canIpForward: flag(instance, 'canIpForward'), tags: texts(child(instance, 'tags'), 'items'), metadata: metadataOf(instance), serviceAccount: text(objects(instance, 'serviceAccounts')[0], 'email'),
  };
}


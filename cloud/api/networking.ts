/** Networks, subnets, routes, firewalls, addresses: https://cloud.google.com/compute/docs/reference/rest/v1 */
import { formatIp4, formatPrefix4, networkOf, parseIp4, parsePrefix4, type Ip4, type Prefix4 } from '../../simulator/wire/ip4.ts';
import { isIn } from '../dataplane/firewall.ts';
import type { Collection, Target } from './collections.ts';
import { checkName, oneOf, pick, reference, whole, type ApiContext } from './context.ts';
import { ApiError, alreadyExists, inUse, invalid, required } from './http.ts';
import { baseName, child, flag, objects, text, texts, type JsonObject } from './json.ts';
import { linkTo, pathOf } from './store.ts';

export function prefix(value: string, field: string): Prefix4 {
  const read = parsePrefix4(value.includes('/') ? value : `${value}/32`);
  if (read === undefined || networkOf(read.address, read.length) !== read.address) throw invalid(field, value, 'Must be a valid IPV4 CIDR address range.');
  return read;
}

export const networks: Collection = {
  name: 'networks',
  kind: 'network',
  scopes: ['global'],
  create(_context, { name }, body) {
    checkName(name);
    if (text(body, 'IPv4Range') !== '') throw new ApiError(400, 'invalid', 'Legacy networks are no longer supported.');
    const { autoCreateSubnetworks } = body;
    return {
      ...pick(body, 'description'), autoCreateSubnetworks: autoCreateSubnetworks !== false, networkFirewallPolicyEnforcementOrder: 'AFTER_CLASSIC_FIREWALL', routingConfig: { routingMode: text(child(body, 'routingConfig'), 'routingMode') || 'REGIONAL' }, subnetworks: [],
    };
  },
  created(context, { path, name }) {
    addDefaultRoute(context, name);
    if (!flag(context.store.find(path), 'autoCreateSubnetworks')) return;
    for (const { name: region, autoRange } of context.regions) addSubnetwork(context, `regions/${region}`, name, { ipCidrRange: autoRange, network: linkTo(path), privateIpGoogleAccess: false, purpose: 'PRIVATE', stackType: 'IPV4_ONLY' });
  },
  mayDelete(context, { path }) {
    const { store } = context;
    for (const collection of ['firewalls', 'instances', 'subnetworks']) {
      const user = store.list(collection).find((object) => (collection === 'instances' ? objects(object, 'networkInterfaces').map((nic) => text(nic, 'network')) : [text(object, 'network')]).includes(linkTo(path)) && !(collection === 'subnetworks' && flag(store.find(path), 'autoCreateSubnetworks')));
      if (user !== undefined) throw inUse('network', path, pathOf(user.selfLink, store.project));
    }
  },
  deleted({ store, project }, { path }) {
    for (const collection of ['subnetworks', 'routes']) for (const object of store.list(collection)) if (text(object, 'network') === linkTo(path)) store.delete(pathOf(object.selfLink, project));
  },
  patch: (_context, _target, body) => pick(body, 'routingConfig'),
};

function addDefaultRoute({ store, project, runtime }: ApiContext, network: string): void {
  store.create(`projects/${project}/global/routes/default-route-${hexId(runtime.dice.bytes(8))}`, 'route', {
    description: 'Default route to the Internet.', destRange: '0.0.0.0/0', network: linkTo(`projects/${project}/global/networks/${network}`), nextHopGateway: linkTo(`projects/${project}/global/gateways/default-internet-gateway`), priority: 1000, routeType: 'STATIC',
  });
}

export function hexId(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** With the route that comes with every subnet. */
function addSubnetwork({ store, project, runtime }: ApiContext, scope: string, name: string, fields: JsonObject): void {
  const range = text(fields, 'ipCidrRange');
  const network = text(fields, 'network');
  const made = store.create(`projects/${project}/${scope}/subnetworks/${name}`, 'subnetwork', { ...fields, fingerprint: store.fingerprint(), gatewayAddress: formatIp4(parsePrefix4(range)!.address + 1), region: linkTo(`projects/${project}/${scope}`) });
  store.create(`projects/${project}/global/routes/default-route-r-${hexId(runtime.dice.bytes(8))}`, 'route', { description: `Default local route to the subnetwork ${range}.`, destRange: range, network, nextHopNetwork: network, priority: 0, routeType: 'SUBNET' });
  const networkPath = pathOf(network, project);
  store.change(networkPath, { subnetworks: [...texts(store.get(networkPath), 'subnetworks'), made.selfLink].sort() });
}

export const subnetworks: Collection = {
  name: 'subnetworks',
  kind: 'subnetwork',
  scopes: ['regions'],
  create(context, { name, scope, path }, body) {
    checkName(name);
    const network = reference(context, 'resource.network', text(body, 'network') || 'default', 'global/networks');
    const range = prefix(text(body, 'ipCidrRange'), 'resource.ipCidrRange');
    if (range.length > 29) throw invalid('resource.ipCidrRange', text(body, 'ipCidrRange'), 'The prefix length must be 29 or less.');
    for (const other of context.store.list('subnetworks')) {
      if (text(other, 'network') !== network) continue;
      for (const taken of [text(other, 'ipCidrRange'), ...objects(other, 'secondaryIpRanges').map((one) => text(one, 'ipCidrRange'))]) {
        const otherRange = parsePrefix4(taken)!;
        if (isIn(range.address, { network: otherRange.address, length: otherRange.length }) || isIn(otherRange.address, { network: range.address, length: range.length })) {
          throw new ApiError(400, 'invalid', `Invalid IPCidrRange: ${text(body, 'ipCidrRange')} conflicts with existing subnetwork '${other.name}' in region '${baseName(text(other, 'region'))}'.`);
        }
      }
    }
    addSubnetwork(context, scope, name, { ...pick(body, 'description', 'secondaryIpRanges'), ipCidrRange: text(body, 'ipCidrRange'), network, privateIpGoogleAccess: flag(body, 'privateIpGoogleAccess'), purpose: 'PRIVATE', stackType: 'IPV4_ONLY' });
    return context.store.get(path);
  },
  mayDelete({ store }, { path }) {
    const user = store.list('instances').find((instance) => objects(instance, 'networkInterfaces').some((nic) => text(nic, 'subnetwork') === linkTo(path)));
    if (user !== undefined) throw inUse('subnetwork', path, pathOf(user.selfLink, store.project));
  },
  deleted({ store, project }, { path }, was) {
    for (const route of store.list('routes')) if (text(route, 'destRange') === text(was, 'ipCidrRange') && text(route, 'nextHopNetwork') === text(was, 'network')) store.delete(pathOf(route.selfLink, project));
    const networkPath = pathOf(text(was, 'network'), project);
    if (store.find(networkPath) !== undefined) store.change(networkPath, { subnetworks: texts(store.get(networkPath), 'subnetworks').filter((link) => link !== linkTo(path)) });
  },
  patch: (_context, _target, body) => pick(body, 'secondaryIpRanges', 'privateIpGoogleAccess'),
};

const hops = ['nextHopInstance', 'nextHopIp', 'nextHopGateway', 'nextHopVpnTunnel', 'nextHopIlb'] as const;

export const routes: Collection = {
  name: 'routes',
  kind: 'route',
  scopes: ['global'],
  create(context, { name }, body) {
    checkName(name);
    const network = reference(context, 'resource.network', text(body, 'network') || 'default', 'global/networks');
    const destRange = text(body, 'destRange');
    if (destRange === '') throw required('resource.destRange');
    const destination = prefix(destRange, 'resource.destRange');
    const given = hops.filter((hop) => text(body, hop) !== '');
    if (given.length !== 1) throw new ApiError(400, 'invalid', 'Exactly one of the next hop fields must be set.');
    const [hop] = given;
    if (hop === 'nextHopVpnTunnel' || hop === 'nextHopIlb') throw new ApiError(400, 'invalid', `${hop} is not simulated yet`);
    if (hop === 'nextHopInstance') reference(context, 'resource.nextHopInstance', text(body, hop));
    if (hop === 'nextHopIp' && parseIp4(text(body, hop)) === undefined) throw invalid('resource.nextHopIp', text(body, hop), 'Must be a valid IP address.');
    for (const subnet of context.store.list('subnetworks')) {
      const range = parsePrefix4(text(subnet, 'ipCidrRange'))!;
      if (text(subnet, 'network') === network && destination.length >= range.length && isIn(destination.address, { network: range.address, length: range.length })) {
        throw new ApiError(400, 'invalid', `Invalid value for field 'resource.destRange': '${destRange}'. ${destRange} hides the address space of the network .. Cannot change the routing of packets destined for the network.`);
      }
    }
    const link = hop === 'nextHopIp' ? text(body, hop) : linkTo(pathOf(text(body, hop!), context.project));
    return { ...pick(body, 'description'), destRange: formatPrefix4(destination), network, [hop!]: link, priority: whole(body, 'priority', 0, 65_535, 1000), routeType: 'STATIC', ...(texts(body, 'tags').length === 0 ? {} : { tags: texts(body, 'tags') }) };
  },
  mayDelete({ store }, { path }) {
    if (text(store.find(path), 'nextHopNetwork') !== '') throw new ApiError(400, 'badRequest', 'The local route cannot be deleted.');
  },
};

const protocols = ['tcp', 'udp', 'icmp', 'esp', 'ah', 'sctp', 'ipip', 'all'];

function layer4(body: JsonObject, field: 'allowed' | 'denied'): JsonObject[] {
  return objects(body, field).map((one) => {
    const protocol = text(one, 'IPProtocol').toLowerCase();
    if (!protocols.includes(protocol) && !/^\d{1,3}$/.test(protocol)) throw invalid(`resource.${field}[0].IPProtocol`, text(one, 'IPProtocol'), `Must be one of [${protocols.join(', ')}] or a protocol number.`);
    const ports = texts(one, 'ports');
    for (const port of ports) {
      const [from = '', to = from] = port.split('-');
      if (!/^\d+$/.test(from) || !/^\d+$/.test(to) || Number(from) > 65_535 || Number(to) > 65_535 || Number(from) > Number(to)) throw invalid(`resource.${field}[0].ports[0]`, port, 'Must be an integer or a range between 0 and 65535.');
    }
    if (ports.length > 0 && !['tcp', 'udp', 'sctp', '6', '17', '132'].includes(protocol)) throw invalid(`resource.${field}[0].ports`, ports.join(','), `Ports may not be specified for protocol '${protocol}'.`);
    return { IPProtocol: protocol, ...(ports.length === 0 ? {} : { ports }) };
  });
}

function firewallFields(body: JsonObject, direction: 'INGRESS' | 'EGRESS'): JsonObject {
  const allowed = layer4(body, 'allowed');
  const denied = layer4(body, 'denied');
  if ((allowed.length === 0) === (denied.length === 0)) throw new ApiError(400, 'invalid', 'Invalid value for field \'resource\': Must specify exactly one of allowed or denied.');
  for (const field of ['sourceRanges', 'destinationRanges']) for (const range of texts(body, field)) prefix(range, `resource.${field}[0]`);
  const isOpen = texts(body, 'sourceRanges').length === 0 && texts(body, 'sourceTags').length === 0 && texts(body, 'sourceServiceAccounts').length === 0;
  const peers: JsonObject = direction === 'INGRESS' ? (isOpen ? { sourceRanges: ['0.0.0.0/0'] } : pick(body, 'sourceRanges', 'sourceTags')) : { destinationRanges: texts(body, 'destinationRanges').length === 0 ? ['0.0.0.0/0'] : texts(body, 'destinationRanges') };
  if (texts(body, 'sourceServiceAccounts').length > 0 || texts(body, 'targetServiceAccounts').length > 0) throw new ApiError(400, 'invalid', 'Service accounts in firewall rules are not simulated yet');
  return { ...(allowed.length > 0 ? { allowed } : { denied }), ...peers, ...pick(body, 'targetTags', 'description') };
}

export const firewalls: Collection = {
  name: 'firewalls',
  kind: 'firewall',
  scopes: ['global'],
  create(context, { name }, body) {
    checkName(name);
    const direction = oneOf(body, 'direction', ['INGRESS', 'EGRESS'], 'INGRESS');
    return { ...firewallFields(body, direction), direction, disabled: flag(body, 'disabled'), enableLogging: false, logConfig: { enable: false }, network: reference(context, 'resource.network', text(body, 'network') || 'default', 'global/networks'), priority: whole(body, 'priority', 0, 65_535, 1000) };
  },
  patch({ store }, { path }, body) {
    const old = store.get(path);
    const merged: JsonObject = { ...old, ...body };
    return { ...firewallFields(merged, text(old, 'direction') === 'EGRESS' ? 'EGRESS' : 'INGRESS'), disabled: flag(merged, 'disabled'), priority: whole(merged, 'priority', 0, 65_535, 1000) };
  },
};

// ---------------------------------------------------------------- addresses

/** Where the provider's own addresses come from, so that what a lab shows looks right. */
const EXTERNAL_BASE: Ip4 = parseIp4('35.231.0.0')!;
const GLOBAL_BASE: Ip4 = parseIp4('35.190.0.0')!;

export function isExternalTaken({ store }: ApiContext, address: string): boolean {
  return store.list('instances').some((instance) => objects(instance, 'networkInterfaces').some((nic) => objects(nic, 'accessConfigs').some((access) => text(access, 'natIP') === address)))
    || store.list('forwardingRules').some((rule) => text(rule, 'IPAddress') === address) || store.list('addresses').some((one) => text(one, 'address') === address);
}

/** An external address nobody has; global ones are announced everywhere. */
export function newExternalAddress(context: ApiContext, isGlobal = false): string {
  for (;;) {
    const address = formatIp4((isGlobal ? GLOBAL_BASE : EXTERNAL_BASE) + 256 + context.runtime.dice.below(65_000));
    if (!isExternalTaken(context, address)) return address;
  }
}

/** The lowest address of a subnet that is free; the first two and the last two are the provider's. */
export function newInternalAddress(context: ApiContext, subnetPath: string): string {
  const subnet = parsePrefix4(text(context.store.get(subnetPath), 'ipCidrRange'))!;
  const taken = new Set([
    ...context.store.list('instances').flatMap((instance) => objects(instance, 'networkInterfaces').filter((nic) => pathOf(text(nic, 'subnetwork'), context.project) === subnetPath).map((nic) => text(nic, 'networkIP'))),
    ...context.store.list('addresses').filter((one) => text(one, 'addressType') === 'INTERNAL').map((one) => text(one, 'address')),
    ...context.store.list('forwardingRules').map((rule) => text(rule, 'IPAddress')),
  ]);
  for (let offset = 2; offset < 2 ** (32 - subnet.length) - 2; offset += 1) {
    const address = formatIp4(subnet.address + offset);
    if (!taken.has(address)) return address;
  }
  throw new ApiError(400, 'IP_SPACE_EXHAUSTED', `IP space of '${subnetPath}' is exhausted.`);
}

export const addresses: Collection = {
  name: 'addresses',
  kind: 'address',
  scopes: ['regions', 'global'],
  create(context, { name, scope }, body) {
    checkName(name);
    const addressType = oneOf(body, 'addressType', ['EXTERNAL', 'INTERNAL'], 'EXTERNAL');
    const subnetwork = addressType === 'INTERNAL' ? reference(context, 'resource.subnetwork', text(body, 'subnetwork') || 'default', `${scope}/subnetworks`) : undefined;
    const wanted = text(body, 'address');
    if (wanted !== '' && parseIp4(wanted) === undefined) throw invalid('resource.address', wanted, 'Must be a valid IP address.');
    if (wanted !== '' && context.store.list('addresses').some((one) => text(one, 'address') === wanted)) throw alreadyExists(wanted);
    const address = wanted !== '' ? wanted : subnetwork === undefined ? newExternalAddress(context, scope === 'global') : newInternalAddress(context, pathOf(subnetwork, context.project));
    const user = context.store.list('forwardingRules').find((rule) => text(rule, 'IPAddress') === address) ?? context.store.list('instances').find((instance) => JSON.stringify(instance).includes(`"natIP":"${address}"`));
    return {
      ...pick(body, 'description'), address, addressType, ipVersion: 'IPV4', networkTier: 'PREMIUM', status: user === undefined ? 'RESERVED' : 'IN_USE', ...(user === undefined ? {} : { users: [user.selfLink] }),
      ...(scope === 'global' ? {} : { region: linkTo(`projects/${context.project}/${scope}`) }), ...(subnetwork === undefined ? {} : { purpose: 'GCE_ENDPOINT', subnetwork }), labelFingerprint: '42WmSpB8rSM=',
    };
  },
  mayDelete({ store }, target: Target) {
    const [user] = texts(store.find(target.path), 'users');
    if (user !== undefined) throw inUse('address', target.path, pathOf(user, store.project));
  },
};

/** list, describe and delete of every kind of resource that needs nothing special. Formats as in googlecloudsdk/command_lib/compute/.../flags.py */
import { baseName, text, type JsonObject } from '../../ports/cloud.ts';
import type { GcloudCommand } from './commands.ts';
import { scopeOf, type ScopeKind } from './scopes.ts';
import type { Gcloud } from './session.ts';

export interface ResourceKind {
  /** `target-pools` */
  readonly group: string;
  /** `targetPools` */
  readonly collection: string;
  /** `target pool` */
  readonly noun: string;
  readonly scopes: readonly ScopeKind[];
  /** Nobody is asked for a region: it is the global one unless a flag says otherwise. */
  readonly isGlobalUnlessSaid?: boolean;
  readonly format: string;
  /** What is said after a list. */
  readonly notice?: string;
  readonly whenDeleting?: string;
  /** Fields gcloud itself adds for printing. */
  readonly prepare?: (resource: JsonObject) => JsonObject;
  /** The same for lists only. */
  readonly prepareListed?: (resource: JsonObject) => JsonObject;
}

export const instances: ResourceKind = {
  group: 'instances', collection: 'instances', noun: 'instance', scopes: ['zone'],
  format: "table(name,zone.basename(),machineType.machine_type().basename(),scheduling.preemptible.yesno(yes=true, no=''),networkInterfaces.internal_ip():label=INTERNAL_IP,external_ip():label=EXTERNAL_IP,status)",
  whenDeleting: 'The following instances will be deleted. Any attached disks configured to be auto-deleted will be deleted unless they are attached to any other instances or the `--keep-disks` flag is given and specifies them for keeping. Deleting a disk is irreversible and any data on the disk will be lost.',
};

export const firewalls: ResourceKind = {
  group: 'firewall-rules', collection: 'firewalls', noun: 'firewall rule', scopes: ['global'],
  format: 'table(name,network.basename(),direction,priority,allowed[].map().firewall_rule().list():label=ALLOW,denied[].map().firewall_rule().list():label=DENY,disabled)',
  notice: '\nTo show all fields of the firewall, please show in JSON format: --format=json\nTo show all fields in table format, please see the examples in --help.\n',
};

export const routes: ResourceKind = {
  group: 'routes', collection: 'routes', noun: 'route', scopes: ['global'],
  format: 'table(name,network.basename(),destRange,firstof(nextHopInstance,nextHopGateway,nextHopIp,nextHopVpnTunnel,nextHopPeering,nextHopNetwork,nextHopHub).scope():label=NEXT_HOP,priority)',
};

export const networks: ResourceKind = {
  group: 'networks', collection: 'networks', noun: 'network', scopes: ['global'],
  format: 'table(name,x_gcloud_subnet_mode:label=SUBNET_MODE,x_gcloud_bgp_routing_mode:label=BGP_ROUTING_MODE,IPv4Range:label=IPV4_RANGE,gatewayIPv4,internalIpv6Range)',
  prepare: (network) => ({ ...network, x_gcloud_bgp_routing_mode: text(network['routingConfig'], 'routingMode'), x_gcloud_subnet_mode: network['autoCreateSubnetworks'] === true ? 'AUTO' : 'CUSTOM' }),
};

export const subnets: ResourceKind = {
  group: 'networks subnets', collection: 'subnetworks', noun: 'subnetwork', scopes: ['region'],
  format: 'table(name,region.basename(),network.basename(),ipCidrRange:label=RANGE,stackType,ipv6AccessType,internalIpv6Prefix,externalIpv6Prefix)',
};

export const addresses: ResourceKind = {
  group: 'addresses', collection: 'addresses', noun: 'address', scopes: ['global', 'region'],
  format: 'table(name,address_range():label=ADDRESS/RANGE,address_type:label=TYPE,purpose,network.basename(),region.basename(),subnetwork.basename():label=SUBNET,status)',
};

export const forwardingRules: ResourceKind = {
  group: 'forwarding-rules', collection: 'forwardingRules', noun: 'forwarding rule', scopes: ['global', 'region'],
  format: 'table(name,region.basename(),IPAddress,IPProtocol,firstof(target,backendService).scope():label=TARGET)',
};

export const targetPools: ResourceKind = {
  group: 'target-pools', collection: 'targetPools', noun: 'target pool', scopes: ['region'],
  format: 'table(name,region.basename(),sessionAffinity,backupPool.basename():label=BACKUP,healthChecks[].map().basename().list():label=HEALTH_CHECKS)',
};

export const httpHealthChecks: ResourceKind = { group: 'http-health-checks', collection: 'httpHealthChecks', noun: 'HTTP health check', scopes: ['global'], format: 'table(name,host,port,requestPath)' };

export const healthChecks: ResourceKind = { group: 'health-checks', collection: 'healthChecks', noun: 'health check', scopes: ['global', 'region'], isGlobalUnlessSaid: true, format: 'table(name,region.basename(),type:label=PROTOCOL)' };

const backendServices: ResourceKind = {
  group: 'backend-services', collection: 'backendServices', noun: 'backend service', scopes: ['global', 'region'],
  format: 'table(name,backends[].group.scoped_suffixes().list():label=BACKENDS,protocol)',
};

const zones: ResourceKind = { group: 'zones', collection: 'zones', noun: 'zone', scopes: ['global'], format: 'table(name,region.basename(),status():label=STATUS,maintenanceWindows.next_maintenance():label=NEXT_MAINTENANCE,deprecated.deleted:label=TURNDOWN_DATE)' };

const regions: ResourceKind = {
  group: 'regions', collection: 'regions', noun: 'region', scopes: ['global'],
  format: 'table(name,quotas.metric.CPUS.quota():label=CPUS,quotas.metric.DISKS_TOTAL_GB.quota():label=DISKS_GB,quotas.metric.IN_USE_ADDRESSES.quota():label=ADDRESSES,quotas.metric.STATIC_ADDRESSES.quota():label=RESERVED_ADDRESSES,status():label=STATUS,deprecated.deleted:label=TURNDOWN_DATE)',
};

const machineTypes: ResourceKind = { group: 'machine-types', collection: 'machineTypes', noun: 'machine type', scopes: ['zone'], format: 'table(name,zone.basename(),guestCpus:label=CPUS,memoryMb.size(units_in=MiB, units_out=GiB, precision=2):label=MEMORY_GB,deprecated.state:label=DEPRECATED)' };

const disks: ResourceKind = { group: 'disks', collection: 'disks', noun: 'disk', scopes: ['zone'], format: 'table(name,zone.basename():label=LOCATION,location_scope():label=LOCATION_SCOPE,sizeGb,type.basename(),status)' };

const operations: ResourceKind = {
  group: 'operations', collection: 'operations', noun: 'operation', scopes: ['global', 'region', 'zone'],
  format: 'table(name,operationType:label=TYPE,targetLink.scope():label=TARGET,operation_http_status():label=HTTP_STATUS,status,insertTime:label=TIMESTAMP)',
};

const endpointGroups: ResourceKind = { group: 'network-endpoint-groups', collection: 'networkEndpointGroups', noun: 'network endpoint group', scopes: ['zone'], format: 'table(name,selfLink.scope().segment(-3):label=LOCATION,networkEndpointType:label=ENDPOINT_TYPE,size)' };

const urlMaps: ResourceKind = { group: 'url-maps', collection: 'urlMaps', noun: 'url map', scopes: ['global', 'region'], isGlobalUnlessSaid: true, format: 'table(name,defaultService.type_suffix())' };

const targetHttpProxies: ResourceKind = { group: 'target-http-proxies', collection: 'targetHttpProxies', noun: 'target HTTP proxy', scopes: ['global', 'region'], isGlobalUnlessSaid: true, format: 'table(name,urlMap.basename())' };

/** None is managed: a managed group would have its manager. */
const instanceGroups: ResourceKind = { group: 'instance-groups', collection: 'instanceGroups', noun: 'instance group', scopes: ['zone', 'region'], format: 'table(name,location():label=LOCATION,location_scope():label=SCOPE,network.basename(),isManaged:label=MANAGED,size:label=INSTANCES)', prepareListed: (group) => ({ ...group, isManaged: 'No' }) };

const deletable: readonly ResourceKind[] = [addresses, backendServices, firewalls, forwardingRules, healthChecks, httpHealthChecks, instances, networks, routes, subnets, targetHttpProxies, targetPools, urlMaps];
const others: readonly ResourceKind[] = [zones, regions, machineTypes, disks, operations, endpointGroups, instanceGroups];

export const resourceCommands: readonly GcloudCommand[] = [...deletable, ...others].flatMap((kind): GcloudCommand[] => [
  { path: `compute ${kind.group} list`, supports: 'filter limit page-size sort-by uri regexp zones regions global network protocol', run: (gcloud) => list(gcloud, kind) },
  { path: `compute ${kind.group} describe`, supports: 'zone region global', run: (gcloud) => describe(gcloud, kind) },
  ...(deletable.includes(kind) ? [{ path: `compute ${kind.group} delete`, supports: 'zone region global keep-disks delete-disks', run: (gcloud: Gcloud) => remove(gcloud, kind) }] : []),
]);

async function list(gcloud: Gcloud, kind: ResourceKind): Promise<void> {
  const isAggregated = kind.scopes.length > 1 || kind.scopes[0] !== 'global';
  const isPlace = kind.collection === 'zones' || kind.collection === 'regions';
  const wantedZones = gcloud.list('zones');
  const wantedRegions = gcloud.list('regions');
  const paths = isPlace ? [kind.collection]
    : wantedZones.length > 0 && kind.scopes.includes('zone') ? wantedZones.map((zone) => `zones/${zone}/${kind.collection}`)
      : wantedRegions.length > 0 ? wantedRegions.map((region) => `regions/${region}/${kind.collection}`)
        : gcloud.isSet('global') || !isAggregated ? [`global/${kind.collection}`] : [`aggregated/${kind.collection}`];
  const found: JsonObject[] = [];
  for (const path of paths) found.push(...(await gcloud.computeList(path)));
  const { names } = gcloud;
  if (names.length > 0) gcloud.warning(`Argument \`NAME\` is deprecated. Use \`--filter="name=( 'NAME' ... )"\` instead.`);
  const regexp = gcloud.flag('regexp');
  if (regexp !== undefined) gcloud.warning('Flag `--regexp` is deprecated. Use `--filter="name~\'REGEXP\'"` instead.');
  const network = gcloud.flag('network');
  const shown = found.filter((one) => (names.length === 0 || names.some((name) => baseName(name) === text(one, 'name'))) && (regexp === undefined || new RegExp(`^(?:${regexp})$`).test(text(one, 'name'))) && (network === undefined || baseName(text(one, 'network')) === network));
  gcloud.showList(shown.map((one) => (kind.prepareListed ?? kind.prepare)?.(one) ?? one), kind.format, 'compute');
  if (kind.notice !== undefined && gcloud.flag('format') === undefined && !gcloud.isSet('uri')) gcloud.status(kind.notice);
}

async function describe(gcloud: Gcloud, kind: ResourceKind): Promise<void> {
  const [name = ''] = gcloud.names;
  const isPlace = kind.collection === 'zones' || kind.collection === 'regions';
  const path = isPlace ? `${kind.collection}/${name}` : `${await scopeFor(gcloud, kind, [name])}/${kind.collection}/${baseName(name)}`;
  const found = await gcloud.compute('GET', path);
  gcloud.showOne(kind.prepare?.(found) ?? found);
}

/** A URL names its own scope. */
export async function scopeFor(gcloud: Gcloud, kind: ResourceKind, names: readonly string[]): Promise<string> {
  const inUrl = /(?:^|\/)((?:zones|regions)\/[^/]+|global)\//.exec(names[0] ?? '');
  return inUrl?.[1] ?? (kind.isGlobalUnlessSaid === true && gcloud.flag('region') === undefined ? 'global' : scopeOf(gcloud, kind.scopes, kind.noun, names));
}

async function remove(gcloud: Gcloud, kind: ResourceKind): Promise<void> {
  const { names } = gcloud;
  const scope = await scopeFor(gcloud, kind, names);
  const where = scope === 'global' ? '' : ` in [${baseName(scope)}]`;
  const nouns = kind.collection.replace(/([A-Z])/g, ' $1').toLowerCase();
  const head = kind.whenDeleting === undefined ? `The following ${nouns} will be deleted:` : wrapped(kind.whenDeleting);
  await gcloud.confirm(`${head}\n${names.map((name) => ` - [${baseName(name)}]${where}`).join('\n')}`);
  for (const name of names) await change(gcloud, 'DELETE', `${scope}/${kind.collection}/${baseName(name)}`, undefined, 'Deleted');
}

/** Starts a change, waits for it and says what has become of it. Answers the operation. */
export async function change(gcloud: Gcloud, method: string, path: string, body: JsonObject | undefined, done: string | undefined, tick?: () => void): Promise<JsonObject> {
  const operation = await gcloud.compute(method, path, body);
  await gcloud.finished(operation, tick);
  if (done !== undefined) gcloud.status(`${done} [${text(operation, 'targetLink')}].`);
  return operation;
}

/** console_io wraps messages at the terminal's width. */
export function wrapped(message: string, width = 80): string {
  const lines: string[] = [];
  let line = '';
  for (const word of message.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

/** What was made, read again. */
export async function made(gcloud: Gcloud, operations: readonly JsonObject[]): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for (const operation of operations) found.push(await gcloud.compute('GET', text(operation, 'targetLink').replace(/^.*?\/projects\/[^/]+\//, '')));
  return found;
}


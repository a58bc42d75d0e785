/** Commands of `gcloud compute` that create and change: one function each. */
import { baseName, child, objects, text, texts, type JsonObject } from '../../ports/cloud.ts';
import type { GcloudCommand } from './commands.ts';
import { addresses, change, firewalls, forwardingRules, healthChecks, httpHealthChecks, instances, made, networks, routes, scopeFor, subnets, targetPools, wrapped } from './compute-resources.ts';
import { GcloudProblem } from './problem.ts';
import { scopeOf, type ScopeKind } from './scopes.ts';
import type { Gcloud } from './session.ts';

/** Scopes of the default service account, as gcloud asks for them. */
const DEFAULT_SCOPES = ['devstorage.read_only', 'logging.write', 'monitoring.write', 'pubsub', 'service.management.readonly', 'servicecontrol', 'trace.append'].map((name) => `https://www.googleapis.com/auth/${name}`);

export const createCommands: readonly GcloudCommand[] = [
  {
    path: 'compute instances create', run: createInstances,
    supports: 'zone machine-type image image-family image-project can-ip-forward tags no-address private-network-ip network subnet metadata preemptible address boot-disk-size boot-disk-type labels description deletion-protection scopes no-scopes service-account no-service-account async maintenance-policy restart-on-failure network-tier shielded-secure-boot shielded-vtpm shielded-integrity-monitoring',
  },
  { path: 'compute instances start', supports: 'zone async', run: (gcloud) => instanceVerb(gcloud, 'start', 'Starting instance(s)', 'Updated') },
  { path: 'compute instances stop', supports: 'zone async', run: (gcloud) => instanceVerb(gcloud, 'stop', 'Stopping instance(s)', 'Updated') },
  { path: 'compute instances reset', supports: 'zone async', run: (gcloud) => instanceVerb(gcloud, 'reset', undefined, 'Updated') },
  { path: 'compute instances add-tags', supports: 'zone tags', run: (gcloud) => changeTags(gcloud, (tags) => [...new Set([...tags, ...gcloud.list('tags')])]) },
  { path: 'compute instances remove-tags', supports: 'zone tags all', run: (gcloud) => changeTags(gcloud, (tags) => (gcloud.isSet('all') ? [] : tags.filter((tag) => !gcloud.list('tags').includes(tag)))) },
  { path: 'compute instances add-metadata', supports: 'zone metadata', run: (gcloud) => changeMetadata(gcloud, (items) => ({ ...items, ...Object.fromEntries(gcloud.pairs('metadata')) })) },
  { path: 'compute instances remove-metadata', supports: 'zone keys all', run: (gcloud) => changeMetadata(gcloud, (items) => (gcloud.isSet('all') ? {} : Object.fromEntries(Object.entries(items).filter(([key]) => !gcloud.list('keys').includes(key))))) },
  { path: 'compute instances add-access-config', supports: 'zone address access-config-name network-interface', run: addAccessConfig },
  { path: 'compute instances delete-access-config', supports: 'zone access-config-name network-interface', run: deleteAccessConfig },
  { path: 'compute firewall-rules create', supports: 'network allow description source-ranges source-tags target-tags disabled action rules direction priority destination-ranges', run: createFirewall },
  { path: 'compute firewall-rules update', supports: 'allow description source-ranges source-tags target-tags disabled rules priority destination-ranges', run: updateFirewall },
  { path: 'compute routes create', supports: 'description network tags destination-range priority next-hop-instance next-hop-instance-zone next-hop-address next-hop-gateway', run: createRoute },
  { path: 'compute networks create', supports: 'description subnet-mode bgp-routing-mode mtu', run: createNetwork },
  { path: 'compute networks subnets create', supports: 'description network range region secondary-range enable-private-ip-google-access', run: createSubnet },
  { path: 'compute addresses create', supports: 'description region global addresses subnet network-tier', run: createAddresses },
  { path: 'compute forwarding-rules create', supports: 'description region global ip-protocol address ports port-range target-pool target-pool-region backend-service backend-service-region target-http-proxy load-balancing-scheme network-tier', run: createForwardingRule },
  { path: 'compute target-pools create', supports: 'description region http-health-check health-check session-affinity', run: createTargetPool },
  { path: 'compute target-pools add-instances', supports: 'region instances instances-zone', run: (gcloud) => changeMembers(gcloud, 'addInstance') },
  { path: 'compute target-pools remove-instances', supports: 'region instances instances-zone', run: (gcloud) => changeMembers(gcloud, 'removeInstance') },
  { path: 'compute target-pools get-health', supports: 'region', run: poolHealth },
  { path: 'compute backend-services get-health', supports: 'region global', run: serviceHealth },
  { path: 'compute http-health-checks create', supports: 'check-interval timeout healthy-threshold unhealthy-threshold port request-path host description', run: (gcloud) => createHttpCheck(gcloud) },
  { path: 'compute http-health-checks update', supports: 'check-interval timeout healthy-threshold unhealthy-threshold port request-path host description', run: (gcloud) => updateHttpCheck(gcloud) },
  { path: 'compute health-checks update http', supports: 'check-interval timeout healthy-threshold unhealthy-threshold port request-path host description region global', run: updateCheck },
  { path: 'compute instance-groups list-instances', supports: 'zone filter limit page-size sort-by uri', run: listGroup },
  { path: 'compute instance-groups get-named-ports', supports: 'zone filter limit page-size sort-by', run: namedPorts },
  { path: 'compute network-endpoint-groups list-network-endpoints', supports: 'zone filter limit page-size sort-by uri', run: listEndpoints },
  { path: 'compute project-info describe', supports: '', run: async (gcloud) => gcloud.showOne(await gcloud.compute('GET', '')) },
];

function place(gcloud: Gcloud, kinds: readonly ScopeKind[], noun: string): Promise<string> {
  return scopeOf(gcloud, kinds, noun, gcloud.names.map(baseName));
}

function link(gcloud: Gcloud, path: string): string {
  return `https://www.googleapis.com/compute/v1/projects/${gcloud.project}/${path}`;
}

/** A name, a partial path or a URL as a link. */
function linkTo(gcloud: Gcloud, given: string, under: string): string {
  if (given.startsWith('http')) return given;
  return given.includes('/') ? link(gcloud, given.replace(/^projects\/[^/]+\//, '')) : link(gcloud, `${under}/${given}`);
}

/** Creates under one scope and shows the result as a list does. */
async function createAndShow(gcloud: Gcloud, path: string, bodies: readonly JsonObject[], format: string): Promise<void> {
  const operations: JsonObject[] = [];
  for (const body of bodies) operations.push(await change(gcloud, 'POST', path, body, 'Created'));
  gcloud.showMade(await made(gcloud, operations), format);
}

// ---------------------------------------------------------------- instances

async function createInstances(gcloud: Gcloud): Promise<void> {
  const { names } = gcloud;
  const scope = await place(gcloud, ['zone'], 'instance');
  const size = gcloud.flag('boot-disk-size');
  if (size !== undefined && Number(size.replace(/\D+$/, '')) < 200) gcloud.warning('You have selected a disk size of under [200GB]. This may result in poor I/O performance. For more information, see: https://developers.google.com/compute/docs/disks#performance.');
  const region = scope.replace(/^zones\//, '').replace(/-[a-z]$/, '');
  const subnet = gcloud.flag('subnet');
  const bodies = names.map((name): JsonObject => ({
    name, canIpForward: gcloud.isSet('can-ip-forward'), deletionProtection: gcloud.isSet('deletion-protection'), description: gcloud.flag('description'),
    disks: [{ autoDelete: true, boot: true, mode: 'READ_WRITE', type: 'PERSISTENT', initializeParams: { sourceImage: imageLink(gcloud), ...(size === undefined ? {} : { diskSizeGb: size.replace(/\D+$/, '') }) } }],
    labels: gcloud.flag('labels') === undefined ? undefined : Object.fromEntries(gcloud.pairs('labels')), machineType: link(gcloud, `${scope}/machineTypes/${gcloud.flag('machine-type') ?? 'n1-standard-1'}`), metadata: metadata(Object.fromEntries(gcloud.pairs('metadata'))),
    networkInterfaces: [{
      ...(subnet === undefined ? { network: linkTo(gcloud, gcloud.flag('network') ?? 'default', 'global/networks') } : { subnetwork: linkTo(gcloud, subnet, `regions/${region}/subnetworks`) }),
      ...(gcloud.isSet('no-address') ? {} : { accessConfigs: [{ name: 'external-nat', type: 'ONE_TO_ONE_NAT', natIP: gcloud.flag('address') }] }), networkIP: gcloud.flag('private-network-ip'),
    }],
    scheduling: gcloud.isSet('preemptible') ? { automaticRestart: false, preemptible: true } : { automaticRestart: true },
    serviceAccounts: gcloud.isSet('no-service-account') ? [] : [{ email: gcloud.flag('service-account') ?? 'default', scopes: gcloud.isSet('no-scopes') ? [] : gcloud.flag('scopes') === undefined ? DEFAULT_SCOPES : gcloud.list('scopes').map((one) => (one.startsWith('http') ? one : `https://www.googleapis.com/auth/${one}`)) }],
    ...(gcloud.list('tags').length === 0 ? {} : { tags: { items: gcloud.list('tags') } }),
  }));
  if (gcloud.isSet('async')) {
    for (const body of bodies) {
      const operation = await gcloud.compute('POST', `${scope}/instances`, body);
      gcloud.status(`Instance creation in progress for [${text(body, 'name')}]: ${text(operation, 'selfLink')}\nUse [gcloud compute operations describe URI] command to check the status of the operation(s).`);
    }
    return;
  }
  await createAndShow(gcloud, `${scope}/instances`, bodies, instances.format);
}

function imageLink(gcloud: Gcloud): string {
  const project = gcloud.flag('image-project') ?? (gcloud.flag('image') === undefined && gcloud.flag('image-family') === undefined ? 'debian-cloud' : gcloud.project);
  const image = gcloud.flag('image');
  return `https://www.googleapis.com/compute/v1/projects/${project}/global/images/${image ?? `family/${gcloud.flag('image-family') ?? 'debian-12'}`}`;
}

function metadata(items: Readonly<Record<string, string>>): JsonObject {
  return Object.keys(items).length === 0 ? {} : { items: Object.entries(items).map(([key, value]) => ({ key, value })) };
}

async function instanceVerb(gcloud: Gcloud, verb: string, message: string | undefined, done: string): Promise<void> {
  const scope = await place(gcloud, ['zone'], 'instance');
  for (const name of gcloud.names) await gcloud.compute('GET', `${scope}/instances/${baseName(name)}`);
  const work = async (tick: () => void): Promise<void> => {
    for (const name of gcloud.names) await change(gcloud, 'POST', `${scope}/instances/${baseName(name)}/${verb}`, {}, undefined, tick);
  };
  if (message === undefined) await work(() => undefined);
  else await gcloud.progress(`${message} ${gcloud.names.map(baseName).join(', ')}`, work);
  for (const name of gcloud.names) gcloud.status(`${done} [${link(gcloud, `${scope}/instances/${baseName(name)}`)}].`);
  if (verb === 'start') {
    for (const name of gcloud.names) {
      const [nic] = objects(await gcloud.compute('GET', `${scope}/instances/${baseName(name)}`), 'networkInterfaces');
      gcloud.status(`Instance internal IP is ${text(nic, 'networkIP')}`);
      const external = text(objects(nic, 'accessConfigs')[0], 'natIP');
      if (external !== '') gcloud.status(`Instance external IP is ${external}`);
    }
  }
}

async function changeTags(gcloud: Gcloud, edit: (tags: string[]) => string[]): Promise<void> {
  const scope = await place(gcloud, ['zone'], 'instance');
  const path = `${scope}/instances/${baseName(gcloud.names[0] ?? '')}`;
  const old = child(await gcloud.compute('GET', path), 'tags');
  const tags = edit(texts(old, 'items')).sort();
  if (tags.join() === [...texts(old, 'items')].sort().join()) return gcloud.status(`No change requested; skipping update for [${baseName(path)}].`);
  await change(gcloud, 'POST', `${path}/setTags`, { items: tags, fingerprint: text(old, 'fingerprint') }, 'Updated');
}

async function changeMetadata(gcloud: Gcloud, edit: (items: Record<string, string>) => Record<string, string>): Promise<void> {
  const scope = await place(gcloud, ['zone'], 'instance');
  const path = `${scope}/instances/${baseName(gcloud.names[0] ?? '')}`;
  const old = child(await gcloud.compute('GET', path), 'metadata');
  const items = edit(Object.fromEntries(objects(old, 'items').map((item) => [text(item, 'key'), text(item, 'value')])));
  await change(gcloud, 'POST', `${path}/setMetadata`, { ...metadata(items), fingerprint: text(old, 'fingerprint') }, 'Updated');
}

async function addAccessConfig(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['zone'], 'instance');
  await change(gcloud, 'POST', `${scope}/instances/${baseName(gcloud.names[0] ?? '')}/addAccessConfig`, { name: gcloud.flag('access-config-name') ?? 'external-nat', type: 'ONE_TO_ONE_NAT', natIP: gcloud.flag('address') }, 'Updated');
}

async function deleteAccessConfig(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['zone'], 'instance');
  await change(gcloud, 'POST', `${scope}/instances/${baseName(gcloud.names[0] ?? '')}/deleteAccessConfig`, {}, 'Updated');
}

// ---------------------------------------------------------------- firewall rules and routes

/** `tcp:80`, `icmp`, `udp:53-60`: ports of one protocol together. */
function protocols(given: readonly string[]): JsonObject[] {
  const found = new Map<string, string[]>();
  for (const spec of given) {
    const match = /^(?<protocol>[a-zA-Z0-9+.-]+)(?::(?<ports>\d+(?:-\d+)?))?$/.exec(spec);
    if (match === null) throw new GcloudProblem(`Firewall rules must be of the form PROTOCOL[:PORT[-PORT]]; received [${spec}].`);
    const ports = found.get(match[1]!) ?? [];
    if (match[2] !== undefined) ports.push(match[2]);
    found.set(match[1]!, ports);
  }
  return [...found].map(([IPProtocol, ports]) => ({ IPProtocol, ...(ports.length === 0 ? {} : { ports }) }));
}

function direction(gcloud: Gcloud): string {
  return /^(egress|out)$/i.test(gcloud.flag('direction') ?? '') ? 'EGRESS' : 'INGRESS';
}

async function createFirewall(gcloud: Gcloud): Promise<void> {
  const action = gcloud.flag('action')?.toUpperCase();
  if (action !== undefined && gcloud.flag('rules') === undefined) throw new GcloudProblem('Missing required argument [--rules]: must be specified with --action.');
  if (action === undefined && gcloud.flag('rules') !== undefined) throw new GcloudProblem('Missing required argument [--action]: must be specified with --rules.');
  const rules = protocols(gcloud.list(action === undefined ? 'allow' : 'rules'));
  const body: JsonObject = {
    name: gcloud.names[0], ...(action === 'DENY' ? { denied: rules } : { allowed: rules }), direction: direction(gcloud), network: linkTo(gcloud, gcloud.flag('network') ?? 'default', 'global/networks'), description: gcloud.flag('description'), priority: gcloud.integer('priority'), ...(gcloud.isSet('disabled') ? { disabled: true } : {}), ...peers(gcloud),
  };
  const operations: JsonObject[] = [];
  await gcloud.progress('Creating firewall', async (tick) => {
    operations.push(await change(gcloud, 'POST', 'global/firewalls', body, undefined, tick));
    tick();
    gcloud.status(`Created [${text(operations[0], 'targetLink')}].`);
  });
  gcloud.showMade(await made(gcloud, operations), firewalls.format);
}

function peers(gcloud: Gcloud): JsonObject {
  const fields: readonly (readonly [string, string])[] = [['source-ranges', 'sourceRanges'], ['source-tags', 'sourceTags'], ['target-tags', 'targetTags'], ['destination-ranges', 'destinationRanges']];
  return Object.fromEntries(fields.filter(([flag]) => gcloud.flag(flag) !== undefined).map(([flag, field]) => [field, gcloud.list(flag)]));
}

async function updateFirewall(gcloud: Gcloud): Promise<void> {
  const name = gcloud.names[0] ?? '';
  const old = await gcloud.compute('GET', `global/firewalls/${name}`);
  const isDeny = objects(old, 'denied').length > 0;
  const given = gcloud.flag('allow') ?? gcloud.flag('rules');
  const disabled = gcloud.choice('disabled');
  const body: JsonObject = { ...(given === undefined ? {} : { [isDeny ? 'denied' : 'allowed']: protocols(given.split(',')) }), ...peers(gcloud), ...(gcloud.flag('description') === undefined ? {} : { description: gcloud.flag('description') }), ...(gcloud.integer('priority') === undefined ? {} : { priority: gcloud.integer('priority') }), ...(disabled === undefined ? {} : { disabled }) };
  if (Object.keys(body).length === 0) throw new GcloudProblem('At least one property must be modified.');
  await change(gcloud, 'PATCH', `global/firewalls/${name}`, body, 'Updated');
}

async function createRoute(gcloud: Gcloud): Promise<void> {
  const hop: Record<string, string> = {};
  const instance = gcloud.flag('next-hop-instance');
  if (instance !== undefined) {
    const zone = gcloud.flag('next-hop-instance-zone') ?? gcloud.properties.get('compute', 'zone');
    const scope = instance.includes('/') ? '' : zone === undefined ? await scopeOf(gcloud, ['zone'], 'instance', [instance], 'next-hop-instance-') : `zones/${zone}`;
    hop['nextHopInstance'] = linkTo(gcloud, instance, `${scope}/instances`);
  }
  const address = gcloud.flag('next-hop-address');
  if (address !== undefined) hop['nextHopIp'] = address;
  const gateway = gcloud.flag('next-hop-gateway');
  if (gateway !== undefined) hop['nextHopGateway'] = linkTo(gcloud, gateway, 'global/gateways');
  await createAndShow(gcloud, 'global/routes', [{ name: gcloud.names[0], description: gcloud.flag('description'), destRange: gcloud.flag('destination-range'), network: linkTo(gcloud, gcloud.flag('network') ?? 'default', 'global/networks'), priority: gcloud.integer('priority') ?? 1000, tags: gcloud.list('tags'), ...hop }], routes.format);
}

// ---------------------------------------------------------------- networks and addresses

async function createNetwork(gcloud: Gcloud): Promise<void> {
  const mode = gcloud.flag('subnet-mode') ?? 'auto';
  const name = gcloud.names[0] ?? '';
  const operation = await change(gcloud, 'POST', 'global/networks', { name, description: gcloud.flag('description'), autoCreateSubnetworks: mode === 'auto', routingConfig: { routingMode: (gcloud.flag('bgp-routing-mode') ?? 'REGIONAL').toUpperCase() } }, 'Created');
  gcloud.showMade((await made(gcloud, [operation])).map((one) => networks.prepare?.(one) ?? one), networks.format);
  gcloud.status(`\nInstances on this network will not be reachable until firewall rules\nare created. As an example, you can allow all internal traffic between\ninstances as well as SSH, RDP, and ICMP by running:\n\n$ gcloud compute firewall-rules create <FIREWALL_NAME> --network ${name} --allow tcp,udp,icmp --source-ranges <IP_RANGE>\n$ gcloud compute firewall-rules create <FIREWALL_NAME> --network ${name} --allow tcp:22,tcp:3389,icmp\n`);
}

async function createSubnet(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['region'], 'subnetwork');
  const secondary = gcloud.pairs('secondary-range').map(([rangeName, ipCidrRange]) => ({ rangeName, ipCidrRange }));
  await createAndShow(gcloud, `${scope}/subnetworks`, [{ name: gcloud.names[0], description: gcloud.flag('description'), ipCidrRange: gcloud.flag('range'), network: linkTo(gcloud, gcloud.flag('network') ?? '', 'global/networks'), privateIpGoogleAccess: gcloud.isSet('enable-private-ip-google-access'), ...(secondary.length === 0 ? {} : { secondaryIpRanges: secondary }) }], subnets.format);
}

async function createAddresses(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['global', 'region'], 'address');
  const wanted = gcloud.list('addresses');
  const subnet = gcloud.flag('subnet');
  const operations: JsonObject[] = [];
  for (const [at, name] of gcloud.names.entries()) operations.push(await change(gcloud, 'POST', `${scope}/addresses`, { name, address: wanted[at], description: gcloud.flag('description'), ...(subnet === undefined ? {} : { addressType: 'INTERNAL', subnetwork: linkTo(gcloud, subnet, `${scope}/subnetworks`) }) }, 'Created'));
  gcloud.showMade(gcloud.flag('format') === undefined ? [] : await made(gcloud, operations), addresses.format);
}

// ---------------------------------------------------------------- load balancing

async function createForwardingRule(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['global', 'region'], 'forwarding rule');
  const pool = gcloud.flag('target-pool');
  const service = gcloud.flag('backend-service');
  const proxy = gcloud.flag('target-http-proxy');
  const ports = gcloud.list('ports');
  const range = gcloud.flag('port-range') ?? (ports.length === 1 ? ports[0] : ports.length > 1 ? `${ports[0]!}-${ports.at(-1)!}` : undefined);
  await createAndShow(gcloud, `${scope}/forwardingRules`, [{
    name: gcloud.names[0], description: gcloud.flag('description'), IPProtocol: gcloud.flag('ip-protocol')?.toUpperCase(), IPAddress: gcloud.flag('address'), loadBalancingScheme: gcloud.flag('load-balancing-scheme')?.toUpperCase(),
    ...(service === undefined ? { portRange: range } : { ports }), ...(pool === undefined ? {} : { target: linkTo(gcloud, pool, `${scope}/targetPools`) }), ...(proxy === undefined ? {} : { target: linkTo(gcloud, proxy, `${scope}/targetHttpProxies`) }), ...(service === undefined ? {} : { backendService: linkTo(gcloud, service, `${scope}/backendServices`) }),
  }], forwardingRules.format);
}

async function createTargetPool(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['region'], 'target pool');
  const check = gcloud.flag('http-health-check') ?? gcloud.flag('health-check');
  await createAndShow(gcloud, `${scope}/targetPools`, [{ name: gcloud.names[0], description: gcloud.flag('description'), sessionAffinity: gcloud.flag('session-affinity')?.toUpperCase(), ...(check === undefined ? {} : { healthChecks: [linkTo(gcloud, check, 'global/httpHealthChecks')] }) }], targetPools.format);
}

async function changeMembers(gcloud: Gcloud, verb: string): Promise<void> {
  const zone = gcloud.flag('instances-zone') ?? gcloud.properties.get('compute', 'zone');
  const names = gcloud.list('instances');
  const zoneScope = zone === undefined ? await scopeOf(gcloud, ['zone'], 'instance', names, 'instances-') : `zones/${zone}`;
  const scope = gcloud.flag('region') === undefined ? `regions/${baseName(zoneScope).replace(/-[a-z]$/, '')}` : `regions/${gcloud.flag('region')!}`;
  await change(gcloud, 'POST', `${scope}/targetPools/${gcloud.names[0] ?? ''}/${verb}`, { instances: names.map((name) => ({ instance: linkTo(gcloud, name, `${zoneScope}/instances`) })) }, 'Updated');
}

async function poolHealth(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['region'], 'target pool');
  const path = `${scope}/targetPools/${gcloud.names[0] ?? ''}`;
  const pool = await gcloud.compute('GET', path);
  const answers: JsonObject[] = [];
  for (const instance of texts(pool, 'instances')) answers.push(await gcloud.compute('POST', `${path}/getHealth`, { instance }));
  if (answers.length === 0) throw new GcloudProblem('Target pool has no instances.');
  gcloud.showMade(answers, 'yaml');
}

async function serviceHealth(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['global', 'region'], 'backend service');
  const path = `${scope}/backendServices/${gcloud.names[0] ?? ''}`;
  const groups = objects(await gcloud.compute('GET', path), 'backends').map((one) => text(one, 'group'));
  const answers: JsonObject[] = [];
  for (const group of groups) answers.push({ backend: group, status: await gcloud.compute('POST', `${path}/getHealth`, { group }) });
  gcloud.showMade(answers, 'yaml');
}

function httpCheckBody(gcloud: Gcloud): JsonObject {
  const seconds = (flag: string): number | undefined => (gcloud.flag(flag) === undefined ? undefined : Number(gcloud.flag(flag)!.replace(/s$/, '')));
  const fields: JsonObject = { checkIntervalSec: seconds('check-interval'), timeoutSec: seconds('timeout'), healthyThreshold: gcloud.integer('healthy-threshold'), unhealthyThreshold: gcloud.integer('unhealthy-threshold'), port: gcloud.integer('port'), requestPath: gcloud.flag('request-path'), host: gcloud.flag('host'), description: gcloud.flag('description') };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function createHttpCheck(gcloud: Gcloud): Promise<void> {
  await createAndShow(gcloud, 'global/httpHealthChecks', [{ name: gcloud.names[0], ...httpCheckBody(gcloud) }], httpHealthChecks.format);
}

async function updateHttpCheck(gcloud: Gcloud): Promise<void> {
  const body = httpCheckBody(gcloud);
  if (Object.keys(body).length === 0) throw new GcloudProblem(wrapped('At least one property must be modified.'));
  await change(gcloud, 'PATCH', `global/httpHealthChecks/${gcloud.names[0] ?? ''}`, body, 'Updated');
}

/** What is not given stays. */
async function updateCheck(gcloud: Gcloud): Promise<void> {
  const scope = await scopeFor(gcloud, healthChecks, gcloud.names);
  const path = `${scope}/healthChecks/${gcloud.names[0] ?? ''}`;
  const { port, requestPath, host, ...rest } = httpCheckBody(gcloud);
  const details = Object.fromEntries(Object.entries({ port, requestPath, host, portSpecification: port === undefined ? undefined : 'USE_FIXED_PORT' }).filter(([, value]) => value !== undefined));
  if (Object.keys(rest).length + Object.keys(details).length === 0) throw new GcloudProblem('At least one property must be modified.');
  const before = await gcloud.compute('GET', path);
  if (text(before, 'type') !== 'HTTP') throw new GcloudProblem(`update http subcommand applied to health check with protocol ${text(before, 'type')}`);
  await change(gcloud, 'PATCH', path, { ...rest, httpHealthCheck: { ...child(before, 'httpHealthCheck'), ...details } }, 'Updated');
}

async function listGroup(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['zone'], 'instance group');
  const found = await gcloud.compute('POST', `${scope}/instanceGroups/${gcloud.names[0] ?? ''}/listInstances`, {});
  gcloud.showList(objects(found, 'items'), 'table(instance.basename():label=NAME,instance.scope().segment(0):label=ZONE,status)');
}

async function namedPorts(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['zone'], 'instance group');
  gcloud.showList(objects(await gcloud.compute('GET', `${scope}/instanceGroups/${gcloud.names[0] ?? ''}`), 'namedPorts'), 'table(name,port)');
}

async function listEndpoints(gcloud: Gcloud): Promise<void> {
  const scope = await place(gcloud, ['zone'], 'network endpoint group');
  const found = await gcloud.compute('POST', `${scope}/networkEndpointGroups/${gcloud.names[0] ?? ''}/listNetworkEndpoints`, {});
  const columns = ['instance', 'ipAddress', 'ipv6Address', 'port', 'fqdn', 'clientDestinationPort'].map((field) => `networkEndpoint.${field}:label=${field.replace(/[A-Z]/g, '_$&').toUpperCase()}`);
  gcloud.showList(objects(found, 'items'), `table(${columns.join(',')})`);
}

/**
 * The Kubernetes Engine API v1: clusters, node pools, operations. A cluster is instances, firewall rules and a control plane that the lab makes
 * (ClusterFactory). https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
 */
import { base64, utf8 } from '../../simulator/bytes.ts';
import { formatPrefix4, parsePrefix4 } from '../../simulator/wire/ip4.ts';
import { utcTimestamp } from '../calendar.ts';
import type { ComputeApi } from './compute.ts';
import type { ApiContext } from './context.ts';
import { machineTypes, placesIn, regions, zonesOf } from './geography.ts';
import { ApiError, bodyOf, json, type CloudRequest, type CloudResponse } from './http.ts';
import { child, flag, integer, objects, regionOfZone, text, texts, type Json, type JsonObject } from './json.ts';
import { hexId, newExternalAddress } from './networking.ts';
import { linkTo } from './store.ts';

/** Of the range of one node's pods, at most 110 of them. */
const NODE_MASK = 24;
/** Of one node pool. */
const MOST_NODES = 1000;
const ROOT = 'https://container.googleapis.com/v1/';

export interface ClusterNode { readonly name: string; readonly zone: string; readonly address: string; readonly external: string; readonly pool: string }

export interface ClusterSpec {
  readonly name: string;
  readonly location: string;
  readonly version: string;
  readonly network: string;
  /** `10.40.0.0/14` and `10.43.240.0/20` */
  readonly podRange: string;
  readonly serviceRange: string;
  /** Pods have alias addresses of their nodes, so that no routes are needed. */
  readonly isVpcNative: boolean;
  /** Eight hex digits in names of what belongs to it. */
  readonly hash: string;
  /** Where the control plane is to be reached. */
  readonly endpoint: string;
  readonly nodeTag: string;
  readonly nodes: readonly ClusterNode[];
}

export type Outcome<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

/** Makes control planes; the instances of the nodes are started by then. Calls back when all is ready. */
export interface ClusterFactory {
  create(spec: ClusterSpec, done: (outcome: Outcome<{ readonly caCertificate: string }>) => void): void;
  remove(name: string, location: string): void;
  /** Nodes have been added (their instances run) or taken away. */
  resized(name: string, location: string, nodes: readonly ClusterNode[]): void;
}

export interface ContainerOptions {
  /** What `create` makes unless told otherwise. */
  readonly version: string;
  readonly machineType: string;
  readonly nodeImageFamily: string;
  readonly isVpcNative: boolean;
  readonly podRange: string;
  readonly serviceRange: string;
  /** For the first cluster of a lab that must be like the one in its lesson. */
  readonly identity?: { readonly hash: string; readonly endpoint: string; readonly nodes: readonly { readonly suffix: string; readonly address: string; readonly external?: string }[] } | undefined;
}

const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz0123456789';

interface Cluster { spec: ClusterSpec; object: JsonObject; node: { image: string; machineType: string; tags: readonly string[]; metadata: JsonObject } }

export class ContainerApi {
  private readonly context: ApiContext;
  private readonly compute: ComputeApi;
  private readonly factory: ClusterFactory;
  private readonly options: ContainerOptions;
  /** By `location/name`. */
  private readonly clusters = new Map<string, Cluster>();
  private readonly operations = new Map<string, JsonObject>();
  private hasUsedIdentity = false;

  constructor(context: ApiContext, compute: ComputeApi, factory: ClusterFactory, options: ContainerOptions) {
    this.context = context;
    this.compute = compute;
    this.factory = factory;
    this.options = options;
  }

  private whyNot(location: string): string {
    const isReal = placesIn(regions).includes(location);
    return isReal ? `Location "${location}" is not open to this project. Its zones are ${zonesOf(this.context.regions).join(', ')}.` : `Location "${location}" does not exist.`;
  }

  /** `segments` are those below /v1. */
  handle(request: CloudRequest, segments: readonly string[]): CloudResponse {
    const { project } = this.context;
    const [word, name, kind, location = '', collection, ...rest] = segments;
    if (word !== 'projects' || name === undefined || (kind !== 'zones' && kind !== 'locations')) throw new ApiError(404, 'notFound', `Not found: ${segments.join('/')}.`);
    if (name !== project) throw new ApiError(403, 'forbidden', `Required "container.clusters.get" permission(s) for "projects/${name}".`);
    if (location !== '-' && !placesIn(this.context.regions).includes(location)) throw new ApiError(400, 'badRequest', this.whyNot(location));
    switch (collection) {
      case 'serverConfig': case 'serverconfig': return json(200, this.serverConfig());
      case 'operations': return this.operation(location, rest[0]);
      case 'clusters': return this.clusterRequest(request, location, rest);
      default: throw new ApiError(404, 'notFound', `Not found: ${segments.join('/')}.`);
    }
  }

  private clusterRequest(request: CloudRequest, location: string, rest: readonly string[]): CloudResponse {
    const [name, pools, pool] = rest;
    if (name === undefined) {
      if (request.method === 'POST') return json(200, this.create(location, child(bodyOf(request), 'cluster') ?? {}));
      return json(200, { clusters: [...this.clusters.values()].filter(({ spec }) => location === '-' || spec.location === location).map(({ object, spec }) => ({ ...object, currentNodeCount: spec.nodes.length })) });
    }
    const [plainName = '', action] = name.split(':');
    const cluster = this.get(location, plainName);
    if (action !== undefined) throw new ApiError(400, 'badRequest', `clusters.${action} is not simulated yet`);
    if (pools === undefined) {
      if (request.method === 'DELETE') return json(200, this.remove(cluster));
      return json(200, { ...cluster.object, currentNodeCount: cluster.spec.nodes.length });
    }
    if (pools !== 'nodePools') throw new ApiError(404, 'notFound', `Not found: ${rest.join('/')}.`);
    if (pool === undefined) {
      if (request.method !== 'GET') throw new ApiError(400, 'badRequest', 'nodePools.create is not simulated yet');
      return json(200, { nodePools: objects(cluster.object, 'nodePools') });
    }
    const [poolName = '', poolAction] = pool.split(':');
    const found = objects(cluster.object, 'nodePools').find((one) => text(one, 'name') === poolName);
    if (found === undefined) throw new ApiError(404, 'notFound', `Not found: ${this.pathOf(cluster.spec)}/nodePools/${poolName}.`);
    if (request.method === 'GET') return json(200, found);
    if (poolAction === 'setSize' || poolAction === undefined && request.method === 'POST') return json(200, this.resize(cluster, poolName, integer(bodyOf(request), 'nodeCount', -1)));
    throw new ApiError(400, 'badRequest', `nodePools.${poolAction ?? request.method.toLowerCase()} is not simulated yet`);
  }

  private pathOf({ name, location }: Pick<ClusterSpec, 'name' | 'location'>): string {
    return `projects/${this.context.project}/${zonesOf(this.context.regions).includes(location) ? 'zones' : 'locations'}/${location}/clusters/${name}`;
  }

  private get(location: string, name: string): Cluster {
    const found = this.clusters.get(`${location}/${name}`);
    if (found === undefined) throw new ApiError(404, 'notFound', `Not found: ${this.pathOf({ name, location })}.`, 'NOT_FOUND');
    return found;
  }

  // ---------------------------------------------------------------- making and breaking

  private create(location: string, body: JsonObject): JsonObject {
    const { context, options } = this;
    const name = text(body, 'name');
    if (!/^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) throw new ApiError(400, 'badRequest', `Cluster.name must start with a lowercase letter followed by up to 39 lowercase letters, numbers, or hyphens, and cannot end with a hyphen.`);
    if (this.clusters.has(`${location}/${name}`)) throw new ApiError(409, 'alreadyExists', `Already exists: ${this.pathOf({ name, location })}.`);
    if (!zonesOf(this.context.regions).includes(location)) throw new ApiError(400, 'badRequest', 'Regional clusters are not simulated yet');
    if (flag(child(body, 'autopilot'), 'enabled')) throw new ApiError(400, 'badRequest', 'Autopilot clusters are not simulated yet');
    const [pool] = objects(body, 'nodePools');
    const config = child(pool, 'config') ?? child(body, 'nodeConfig');
    const machineType = text(config, 'machineType') || options.machineType;
    if (!machineTypes.some((type) => type.name === machineType)) throw new ApiError(400, 'badRequest', `Invalid machine type "${machineType}".`);
    const count = integer(pool, 'initialNodeCount', integer(body, 'initialNodeCount', 3));
    if (count < 1 || count > MOST_NODES) throw new ApiError(400, 'badRequest', `Cluster.initial_node_count must be between 1 and ${MOST_NODES}.`);
    const identity = this.hasUsedIdentity ? undefined : options.identity;
    this.hasUsedIdentity = true;
    const isVpcNative = child(body, 'ipAllocationPolicy') === undefined ? options.isVpcNative : flag(child(body, 'ipAllocationPolicy'), 'useIpAliases');
    const spec: ClusterSpec = {
      name, location, version: text(body, 'initialClusterVersion') || options.version, network: text(body, 'network') || 'default', podRange: text(body, 'clusterIpv4Cidr') || options.podRange, serviceRange: text(child(body, 'ipAllocationPolicy'), 'servicesIpv4Cidr') || options.serviceRange,
      isVpcNative, hash: identity?.hash ?? hexId(context.runtime.dice.bytes(4)), endpoint: identity?.endpoint ?? newExternalAddress(context), nodeTag: '', nodes: [],
    };
    const cluster = this.newCluster(spec, text(pool, 'name') || 'default-pool', count, machineType, child(body, 'resourceLabels'), texts(config, 'tags'));
    const operation = this.begin('CREATE_CLUSTER', cluster.spec);
    this.addFirewalls(cluster.spec);
    if (cluster.spec.isVpcNative) this.setPodRanges(cluster.spec, [{ rangeName: podRangeName(cluster.spec), ipCidrRange: cluster.spec.podRange }]);
    this.addNodes(cluster, text(pool, 'name') || 'default-pool', count, identity?.nodes ?? [], (nodes) => {
      cluster.spec = { ...cluster.spec, nodes };
      this.factory.create(cluster.spec, (outcome) => {
        if (!outcome.ok) return this.finish(operation, outcome.message);
        cluster.object = { ...cluster.object, status: 'RUNNING', masterAuth: { clusterCaCertificate: outcome.value.caCertificate } };
        this.finish(operation, undefined);
      });
    });
    return this.operations.get(operation)!;
  }

  private newCluster(given: ClusterSpec, poolName: string, count: number, machineType: string, labels: JsonObject | undefined, tags: readonly string[]): Cluster {
    const { context, options } = this;
    const { project } = context;
    const spec = { ...given, nodeTag: `gke-${given.name}-${given.hash}-node` };
    const { name, location, version, hash } = spec;
    const groupUrl = linkTo(`projects/${project}/zones/${location}/instanceGroupManagers/gke-${name}-${poolName}-${hash}-grp`);
    const nodeConfig: JsonObject = {
      diskSizeGb: 100, diskType: 'pd-standard', imageType: options.nodeImageFamily.startsWith('cos') ? 'COS' : 'COS_CONTAINERD', machineType, metadata: { 'disable-legacy-endpoints': 'true' },
      oauthScopes: ['https://www.googleapis.com/auth/devstorage.read_only', 'https://www.googleapis.com/auth/logging.write', 'https://www.googleapis.com/auth/monitoring', 'https://www.googleapis.com/auth/service.management.readonly', 'https://www.googleapis.com/auth/servicecontrol', 'https://www.googleapis.com/auth/trace.append'], serviceAccount: 'default', ...(tags.length === 0 ? {} : { tags }),
    };
    const pool: JsonObject = {
      config: nodeConfig, initialNodeCount: count, instanceGroupUrls: [groupUrl], management: { autoRepair: true, autoUpgrade: true }, name: poolName, ...(spec.isVpcNative ? { podIpv4CidrSize: 24 } : {}), selfLink: `${ROOT}${this.pathOf(spec)}/nodePools/${poolName}`, status: 'RUNNING', version,
    };
    const object: JsonObject = {
      addonsConfig: { httpLoadBalancing: {}, kubernetesDashboard: { disabled: true }, networkPolicyConfig: { disabled: true } }, clusterIpv4Cidr: spec.podRange, createTime: utcTimestamp(context.runtime.nowMs()), currentMasterVersion: version, currentNodeCount: count, currentNodeVersion: version,
      controlPlaneEndpointsConfig: { ipEndpointsConfig: { enablePublicEndpoint: true, enabled: true, publicEndpoint: spec.endpoint } }, databaseEncryption: { state: 'DECRYPTED' }, defaultMaxPodsConstraint: spec.isVpcNative ? { maxPodsPerNode: '110' } : undefined, endpoint: spec.endpoint, initialClusterVersion: version, initialNodeCount: count, instanceGroupUrls: [groupUrl],
      ipAllocationPolicy: spec.isVpcNative ? { clusterIpv4Cidr: spec.podRange, clusterIpv4CidrBlock: spec.podRange, servicesIpv4Cidr: spec.serviceRange, servicesIpv4CidrBlock: spec.serviceRange, stackType: 'IPV4', useIpAliases: true } : {},
      labelFingerprint: 'a9dc16a7', legacyAbac: {}, location, locations: [location], loggingService: 'logging.googleapis.com/kubernetes', masterAuth: { clusterCaCertificate: '' }, monitoringService: 'monitoring.googleapis.com/kubernetes', name, network: spec.network, nodeConfig, nodeIpv4CidrSize: spec.isVpcNative ? undefined : 24, nodePools: [pool],
      ...(labels === undefined ? {} : { resourceLabels: labels }), selfLink: ROOT + this.pathOf(spec), servicesIpv4Cidr: spec.serviceRange, status: 'PROVISIONING', subnetwork: spec.network, zone: location,
    };
    const cluster: Cluster = { spec, object, node: { image: options.nodeImageFamily, machineType, tags: [spec.nodeTag, ...tags], metadata: { items: [{ key: 'cluster-name', value: name }, { key: 'cluster-location', value: location }, { key: 'disable-legacy-endpoints', value: 'true' }] } } };
    this.clusters.set(`${location}/${name}`, cluster);
    return cluster;
  }

  /** gke-NAME-HASH-{all,ssh,vms}: pods reach everything, the control plane reaches nodes, nodes reach each other. */
  private addFirewalls({ name, hash, network, podRange, endpoint, nodeTag }: ClusterSpec): void {
    const prefix = `gke-${name}-${hash}`;
    const all = ['tcp', 'udp', 'icmp', 'esp', 'ah', 'sctp'].map((IPProtocol) => ({ IPProtocol }));
    const vms = [{ IPProtocol: 'icmp' }, { IPProtocol: 'tcp', ports: ['1-65535'] }, { IPProtocol: 'udp', ports: ['1-65535'] }];
    const rules: readonly { readonly suffix: string; readonly allowed: Json; readonly from: JsonObject }[] = [
      { suffix: 'all', allowed: all, from: { sourceRanges: [podRange] } },
      { suffix: 'ssh', allowed: [{ IPProtocol: 'tcp', ports: ['22'] }], from: { sourceRanges: [`${endpoint}/32`] } },
      { suffix: 'vms', allowed: vms, from: { sourceRanges: ['10.128.0.0/9'] } },
    ];
    for (const { suffix, allowed, from } of rules) this.compute.insert('firewalls', 'global', { name: `${prefix}-${suffix}`, network, direction: 'INGRESS', priority: 1000, allowed, ...from, targetTags: [nodeTag] });
  }

  /** Starts instances and calls back once all of them run. */
  private addNodes(cluster: Cluster, pool: string, count: number, wanted: NonNullable<ContainerOptions['identity']>['nodes'], done: (nodes: readonly ClusterNode[]) => void): void {
    const { context, compute } = this;
    const { spec } = cluster;
    const scope = `zones/${spec.location}`;
    const base = this.nodeBase(spec, pool);
    const names: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const { suffix, address, external } = wanted[at] ?? { suffix: this.newSuffix() };
      names.push(`${base}-${suffix}`);
      compute.insert('instances', scope, {
        name: `${base}-${suffix}`, machineType: `${scope}/machineTypes/${cluster.node.machineType}`, canIpForward: !spec.isVpcNative, tags: { items: cluster.node.tags }, metadata: cluster.node.metadata, scheduling: { automaticRestart: true }, labels: { 'goog-gke-node': '' },
        disks: [{ boot: true, initializeParams: { sourceImage: `projects/cos-cloud/global/images/family/${cluster.node.image}` } }], serviceAccounts: [{ email: 'default', scopes: ['https://www.googleapis.com/auth/cloud-platform'] }],
        networkInterfaces: [{ network: `global/networks/${spec.network}`, accessConfigs: [{ name: 'external-nat', type: 'ONE_TO_ONE_NAT', ...(external === undefined ? {} : { natIP: external }) }], ...(address === undefined ? {} : { networkIP: address }), ...(spec.isVpcNative ? { aliasIpRanges: [{ ipCidrRange: this.freePodRange(spec), subnetworkRangeName: podRangeName(spec) }] } : {}) }],
      });
    }
    const look = (): void => {
      const found = names.map((name) => context.store.find(`projects/${context.project}/${scope}/instances/${name}`));
      if (found.some((instance) => instance === undefined)) return;
      if (found.some((instance) => text(instance, 'status') !== 'RUNNING')) return void context.runtime.after(1000, look);
      done(found.map((instance) => {
        const [nic] = objects(instance, 'networkInterfaces');
        return { name: instance!.name, zone: spec.location, address: text(nic, 'networkIP'), external: text(objects(nic, 'accessConfigs')[0], 'natIP'), pool };
      }));
    };
    context.runtime.after(1000, look);
  }

  /** Pods' addresses belong to the subnet, in a range of their own. */
  private setPodRanges(spec: ClusterSpec, ranges: readonly JsonObject[]): void {
    const scope = `regions/${regionOfZone(spec.location)}`;
    const subnet = this.context.store.find(`projects/${this.context.project}/${scope}/subnetworks/${spec.network}`);
    if (subnet === undefined) return;
    const others = objects(subnet, 'secondaryIpRanges').filter((one) => text(one, 'rangeName') !== podRangeName(spec));
    this.compute.patch('subnetworks', scope, subnet.name, { secondaryIpRanges: [...others, ...ranges] });
  }

  /** The first range for the pods of one node that no instance has. */
  private freePodRange({ podRange }: ClusterSpec): string {
    const { address: network, length } = parsePrefix4(podRange)!;
    const taken = new Set(this.context.store.list('instances').flatMap((instance) => objects(instance, 'networkInterfaces').flatMap((nic) => objects(nic, 'aliasIpRanges').map((alias) => text(alias, 'ipCidrRange')))));
    for (let at = 0; at < 2 ** (NODE_MASK - length); at += 1) {
      const range = formatPrefix4({ address: network + at * 2 ** (32 - NODE_MASK), length: NODE_MASK });
      if (!taken.has(range)) return range;
    }
    throw new ApiError(400, 'badRequest', `The pod address range ${podRange} has no room for another node.`);
  }

  private nodeBase({ name, hash }: ClusterSpec, pool: string): string {
    return `gke-${name}-${pool}-${hash}`;
  }

  private newSuffix(): string {
    return Array.from({ length: 4 }, () => SUFFIX_LETTERS[this.context.runtime.dice.below(SUFFIX_LETTERS.length)]).join('');
  }

  private remove(cluster: Cluster): JsonObject {
    const { context, compute } = this;
    const { spec } = cluster;
    cluster.object = { ...cluster.object, status: 'STOPPING' };
    const operation = this.begin('DELETE_CLUSTER', spec);
    this.factory.remove(spec.name, spec.location);
    for (const { name, zone } of spec.nodes) if (context.store.find(`projects/${context.project}/zones/${zone}/instances/${name}`) !== undefined) compute.remove('instances', `zones/${zone}`, name);
    if (spec.isVpcNative) this.setPodRanges(spec, []);
    for (const suffix of ['all', 'ssh', 'vms']) {
      const name = `gke-${spec.name}-${spec.hash}-${suffix}`;
      if (context.store.find(`projects/${context.project}/global/firewalls/${name}`) !== undefined) compute.remove('firewalls', 'global', name);
    }
    for (const route of context.store.list('routes')) if (text(route, 'description') === 'k8s-node-route' && spec.nodes.some(({ name }) => text(route, 'nextHopInstance').endsWith(`/${name}`))) compute.remove('routes', 'global', route.name);
    context.runtime.after(60_000, () => {
      this.clusters.delete(`${spec.location}/${spec.name}`);
      this.finish(operation, undefined);
    });
    return this.operations.get(operation)!;
  }

  private resize(cluster: Cluster, pool: string, count: number): JsonObject {
    const { spec } = cluster;
    if (count < 0 || count > MOST_NODES) throw new ApiError(400, 'badRequest', `NodePool.node_count must be between 0 and ${MOST_NODES}.`);
    const operation = this.begin('SET_NODE_POOL_SIZE', spec, `/nodePools/${pool}`);
    const own = spec.nodes.filter((node) => node.pool === pool);
    const settle = (nodes: readonly ClusterNode[]): void => {
      cluster.spec = { ...cluster.spec, nodes };
      this.factory.resized(spec.name, spec.location, nodes);
      this.finish(operation, undefined);
    };
    if (count >= own.length) {
      this.addNodes(cluster, pool, count - own.length, [], (added) => settle([...spec.nodes, ...added]));
    } else {
      const gone = own.slice(count);
      for (const { name, zone } of gone) this.compute.remove('instances', `zones/${zone}`, name);
      this.context.runtime.after(20_000, () => settle(spec.nodes.filter((node) => !gone.includes(node))));
    }
    return this.operations.get(operation)!;
  }

  // ---------------------------------------------------------------- operations

  private begin(operationType: string, spec: ClusterSpec, below = ''): string {
    const { runtime, project } = this.context;
    const name = `operation-${runtime.nowMs()}-${hexId(runtime.dice.bytes(4))}`;
    this.operations.set(name, { name, operationType, selfLink: `${ROOT}projects/${project}/zones/${spec.location}/operations/${name}`, startTime: utcTimestamp(runtime.nowMs()).replace('+00:00', '.000000000Z'), status: 'RUNNING', targetLink: `${ROOT}${this.pathOf(spec)}${below}`, zone: spec.location });
    return name;
  }

  private finish(name: string, error: string | undefined): void {
    const operation = this.operations.get(name)!;
    this.operations.set(name, { ...operation, status: 'DONE', endTime: utcTimestamp(this.context.runtime.nowMs()).replace('+00:00', '.000000000Z'), ...(error === undefined ? {} : { error: { code: 13, message: error }, statusMessage: error }) });
  }

  private operation(location: string, name: string | undefined): CloudResponse {
    if (name === undefined) return json(200, { operations: [...this.operations.values()].filter((one) => location === '-' || text(one, 'zone') === location) });
    const found = this.operations.get(name);
    if (found === undefined) throw new ApiError(404, 'notFound', `Not found: projects/${this.context.project}/zones/${location}/operations/${name}.`);
    return json(200, found);
  }

  private serverConfig(): JsonObject {
    const { version } = this.options;
    return { channels: [{ channel: 'REGULAR', defaultVersion: version, validVersions: [version] }], defaultClusterVersion: version, defaultImageType: 'COS_CONTAINERD', validImageTypes: ['COS_CONTAINERD', 'UBUNTU_CONTAINERD'], validMasterVersions: [version], validNodeVersions: [version] };
  }
}

/** Something that looks like a certificate, for control planes without one. */
export function placeholderCertificate(name: string): string {
  return base64(utf8(`-----BEGIN CERTIFICATE-----\n${base64(utf8(name))}\n-----END CERTIFICATE-----\n`));
}

function podRangeName({ name, hash }: ClusterSpec): string {
  return `gke-${name}-pods-${hash}`;
}

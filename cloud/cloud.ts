/** A cloud project: its APIs, its network, the machines behind its instances. One per lab. */
import type { Machine } from '../machine/machine.ts';
import type { SimulatedWorld } from '../simulator/index.ts';
import { formatIp4, parseIp4 } from '../simulator/wire/ip4.ts';
import { handleBatch } from './api/batch.ts';
import { createComputeApi, type ComputeApi } from './api/compute.ts';
import { ContainerApi, type ClusterFactory, type ContainerOptions } from './api/container.ts';
import type { ApiContext } from './api/context.ts';
import { regions } from './api/geography.ts';
import { authorize, Guests } from './api/guests.ts';
import { ApiError, errorResponse, json, split, type CloudRequest, type CloudResponse } from './api/http.ts';
import type { JsonObject } from './api/json.ts';
import { Operations } from './api/operations.ts';
import { program } from './api/program.ts';
import { ComputeStore } from './api/store.ts';
import { superviseHealth } from './dataplane/health.ts';
import { HttpLoadBalancers } from './http-load-balancers.ts';
import { frontEnd, INNER_ADDRESSES } from './front-end.ts';
import { emptyVpc, VPC_KIND, type OutsideHost, type VpcData } from './dataplane/state.ts';
import { ServiceLoadBalancers, type ServiceLoadBalancerOptions } from './service-load-balancers.ts';
import type { CloudRuntime, GuestHost } from './runtime.ts';

export interface CloudOptions {
  readonly project: string;
  /** Twelve digits. */
  readonly projectNumber: string;
  /** Names of the regions the project may use; all of them unless given. */
  readonly regions?: readonly string[];
  /** The learner's account. */
  readonly account: string;
  readonly world: SimulatedWorld;
  readonly runtime: CloudRuntime;
  readonly guests: GuestHost;
  readonly clusters: ClusterFactory;
  readonly container: ContainerOptions;
  readonly services: ServiceLoadBalancerOptions;
}

export interface OutsideSpec extends Omit<OutsideHost, 'kind' | 'addresses' | 'inside' | 'innerAddresses'> {
  readonly addresses: readonly string[];
  /** Its private address, when a router before it translates. */
  readonly inside?: string;
}

const defaultFirewalls: readonly JsonObject[] = [
  { name: 'default-allow-icmp', description: 'Allow ICMP from anywhere', allowed: [{ IPProtocol: 'icmp' }], sourceRanges: ['0.0.0.0/0'] },
  { name: 'default-allow-internal', description: 'Allow internal traffic on the default network', allowed: [{ IPProtocol: 'tcp', ports: ['0-65535'] }, { IPProtocol: 'udp', ports: ['0-65535'] }, { IPProtocol: 'icmp' }], sourceRanges: ['10.128.0.0/9'] },
  { name: 'default-allow-rdp', description: 'Allow RDP from anywhere', allowed: [{ IPProtocol: 'tcp', ports: ['3389'] }], sourceRanges: ['0.0.0.0/0'] },
  { name: 'default-allow-ssh', description: 'Allow SSH from anywhere', allowed: [{ IPProtocol: 'tcp', ports: ['22'] }], sourceRanges: ['0.0.0.0/0'] },
];

export class Cloud {
  readonly store: ComputeStore;
  readonly compute: ComputeApi;
  readonly container: ContainerApi;
  readonly loadBalancers: ServiceLoadBalancers;
  readonly httpLoadBalancers: HttpLoadBalancers;
  private readonly options: CloudOptions;
  private readonly guests: Guests;
  private readonly operations: Operations;
  private readonly junction: number;
  private readonly context: ApiContext;
  private front: { readonly machine: Machine; readonly device: string; readonly port: number } | undefined;

  constructor(options: CloudOptions) {
    const { world, runtime, project, account } = options;
    this.options = options;
    this.junction = world.addJunction(VPC_KIND, 'vpc', emptyVpc(project));
    this.store = new ComputeStore(project, runtime);
    this.guests = new Guests({
      project, store: this.store, runtime, host: options.guests,
      plug: (machine, device) => world.plug(this.junction, { kernel: machine.kernel, ns: 0, index: machine.kernel.netlink.link(0, device)!.index }),
      unplug: (port) => world.unplug(this.junction, port),
      changed: () => this.programNetwork(),
    });
    this.context = { regions: regions.filter(({ name }) => options.regions?.includes(name) ?? true), project, store: this.store, runtime, guests: this.guests, network: () => this.network };
    this.operations = new Operations(this.store, runtime, account);
    this.compute = createComputeApi(this.context, this.operations, () => this.programNetwork());
    this.container = new ContainerApi(this.context, this.compute, options.clusters, options.container);
    const parts = { project, store: this.store, compute: this.compute, operations: this.operations };
    this.loadBalancers = new ServiceLoadBalancers(parts, options.services);
    this.httpLoadBalancers = new HttpLoadBalancers(parts, () => this.network, options.services.nodeTag);
    this.makeProject();
    this.programNetwork();
  }

  /** What the packets go by. */
  get network(): VpcData {
    return this.options.world.junction<VpcData>(this.junction).data;
  }

  private makeProject(): void {
    const { project, projectNumber } = this.options;
    this.store.create(`projects/${project}`, 'project', { id: projectNumber, commonInstanceMetadata: { fingerprint: this.store.fingerprint(), kind: 'compute#metadata' }, defaultNetworkTier: 'PREMIUM', defaultServiceAccount: `${projectNumber}-compute@developer.gserviceaccount.com`, xpnProjectStatus: 'UNSPECIFIED_XPN_PROJECT_STATUS' });
    this.put('networks', 'global', { name: 'default', description: 'Default network for the project', autoCreateSubnetworks: true });
    for (const rule of defaultFirewalls) this.put('firewalls', 'global', { ...rule, priority: 65_534 });
  }

  /** Creates an object that has been there all along: no operation, no delay. Answers its path. */
  put(collection: string, scope: string, body: JsonObject): string {
    return this.compute.put(collection, scope, body);
  }

  /** A machine out on the internet, or a private one behind a translating router (the cloud shell). */
  plugOutside(machine: Machine, device: string, host: OutsideSpec): void {
    const port = this.options.world.plug(this.junction, { kernel: machine.kernel, ns: 0, index: machine.kernel.netlink.link(0, device)!.index });
    const { addresses, inside, ...rest } = host;
    this.network.attachments.set(port, { ...rest, kind: 'outside', addresses: addresses.map(ip), inside: inside === undefined ? undefined : ip(inside) });
  }

  /** A name of the public DNS, and perhaps an address that answers echo requests (and DNS) by itself. */
  addName(name: string, address: string): void {
    this.network.names.set(name, ip(address));
  }

  addInternetHost(address: string, answersDns: boolean): void {
    this.network.internetHosts.push({ address: ip(address), answersDns, distanceUs: 400, hops: 8, initialTtl: 128 });
  }

  private programNetwork(): void {
    const data = this.network;
    program(data, this.store, this.guests.all);
    this.programFrontEnd();
    superviseHealth(this.options.world.junction<VpcData>(this.junction));
    const projectKeys = (data.projectMetadata['ssh-keys'] ?? '').split('\n');
    for (const { name, port, machine } of this.guests.all) {
      this.guests.forward(name, data.loadBalancers.filter(({ backends }) => backends.includes(name)).map(({ address }) => address));
      const own = data.attachments.get(port);
      const metadata = own?.kind === 'instance' ? own.metadata : {};
      authorize(machine, [...(metadata['block-project-ssh-keys']?.toLowerCase() === 'true' ? [] : projectKeys), ...(metadata['ssh-keys'] ?? '').split('\n')]);
    }
  }

  /** The front end is there from the first HTTP load balancer on; it has the address of each. */
  private programFrontEnd(): void {
    const data = this.network;
    if (data.httpBalancers.length === 0 && this.front === undefined) return;
    this.front ??= this.startFrontEnd();
    const { machine, device, port } = this.front;
    const { netlink } = machine.kernel;
    const { index } = netlink.link(0, device)!;
    const wanted = new Set(data.httpBalancers.map(({ address }) => address));
    const host = data.attachments.get(port) as OutsideHost;
    for (const address of host.addresses) if (!wanted.has(address)) netlink.deleteAddress(0, { index, family: 'inet', address: formatIp4(address), prefixLength: 32 });
    for (const address of wanted) if (!host.addresses.includes(address)) netlink.addAddress(0, { index, family: 'inet', address: formatIp4(address), prefixLength: 32 });
    data.attachments.set(port, { ...host, addresses: [...wanted] });
  }

  private startFrontEnd(): { readonly machine: Machine; readonly device: string; readonly port: number } {
    const { guests, world } = this.options;
    const mac = '42:01:23:bf:00:01';
    const { machine, device } = guests.frontEnd(mac, INNER_ADDRESSES);
    const port = world.plug(this.junction, { kernel: machine.kernel, ns: 0, index: machine.kernel.netlink.link(0, device)!.index });
    this.network.attachments.set(port, { kind: 'outside', name: 'google-front-end', mac, gatewayMac: '42:01:23:bf:00:02', addresses: [], innerAddresses: INNER_ADDRESSES.map(ip), inside: undefined, distanceUs: 200, hops: 1 });
    machine.runProgram({ argv: ['gfe'], env: new Map(), cwd: '/', program: frontEnd(() => this.network) });
    return { machine, device, port };
  }

  /** All of Google's APIs by path: /compute/v1/..., /v1/projects/.../clusters (container), /v1/projects/.../services (serviceusage). */
  handle(request: CloudRequest): CloudResponse {
    try {
      const { segments, query } = split(request.path);
      if (segments[0] === 'batch') return handleBatch(request, (part) => this.handle(part)) ?? errorResponse(new ApiError(400, 'badRequest', 'Failed to parse batch request'));
      if (segments[0] === 'compute' && segments[1] === 'v1') return this.compute.handle(request, segments.slice(2), query);
      if (segments[0] !== 'v1') throw new ApiError(404, 'notFound', `The requested URL ${request.path} was not found on this server.`);
      if (segments[1] === 'projects' && segments[3] === 'services') return json(200, this.services(segments[2]!, segments[4], segments.length === 4));
      if (segments[1] === 'projects' && segments.length <= 3) return json(200, this.projects(segments[2]));
      return this.container.handle(request, segments.slice(1));
    } catch (thrown) {
      if (thrown instanceof ApiError) return errorResponse(thrown);
      throw thrown;
    }
  }

  /** Cloud Resource Manager v1. */
  private projects(name: string | undefined): JsonObject {
    const { project, projectNumber } = this.options;
    const own = { createTime: '2018-07-01T16:00:00.000Z', lifecycleState: 'ACTIVE', name: project, projectId: project, projectNumber };
    if (name === undefined) return { projects: [own] };
    if (name !== project && name !== projectNumber) throw new ApiError(403, 'forbidden', 'The caller does not have permission', 'PERMISSION_DENIED');
    return own;
  }

  private services(project: string, name: string | undefined, isList: boolean): JsonObject {
    const { projectNumber } = this.options;
    if (project !== this.options.project && project !== projectNumber) throw new ApiError(403, 'forbidden', `Permission denied to get service [${name ?? ''}]`);
    const enabled = (service: string): JsonObject => ({ config: { name: service, title: titles[service] ?? service }, name: `projects/${projectNumber}/services/${service}`, parent: `projects/${projectNumber}`, state: 'ENABLED' });
    if (isList) return { services: Object.keys(titles).map(enabled) };
    const [plain = '', action] = (name ?? '').split(':');
    if (action === 'enable') return { done: true, name: `operations/acat.p2-${projectNumber}`, response: { service: enabled(plain) } };
    return { ...enabled(plain), ...(titles[plain] === undefined ? { state: 'DISABLED' } : {}) };
  }
}

const titles: Readonly<Record<string, string>> = {
  'compute.googleapis.com': 'Compute Engine API', 'container.googleapis.com': 'Kubernetes Engine API', 'oslogin.googleapis.com': 'Cloud OS Login API', 'serviceusage.googleapis.com': 'Service Usage API', 'storage-api.googleapis.com': 'Google Cloud Storage JSON API',
};

function ip(address: string): number {
  const read = parseIp4(address);
  if (read === undefined) throw new Error(`${address} is no IPv4 address`);
  return read;
}

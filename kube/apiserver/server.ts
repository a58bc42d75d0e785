/** The API server as one thing: made once for a cluster, asked by requests and by clients. */
import type { ApiClient } from '../client.ts';
import type { MetricsServer } from '../metrics-server.ts';
import type { PodStreams } from '../pod-streams.ts';
import type { KubeRuntime } from '../runtime.ts';
import { Store } from '../store/store.ts';
import { plantRoles } from './default-roles.ts';
import type { ApiRequest, ApiResponse } from './http.ts';
import { InProcessClient } from './in-process-client.ts';
import { Registry } from './registry.ts';
import { handle, type RouteContext, type ServerVersion } from './routes.ts';

export type { ServerVersion };

export interface ApiServerConfig {
  readonly runtime: KubeRuntime;
  readonly version?: ServerVersion;
  /** Where Services get their addresses; default 10.43.240.0/20. */
  readonly serviceRange?: string;
  /** Where clients inside the cluster find this server: the endpoints of `kubernetes`. */
  readonly advertise?: { readonly ip: string; readonly port: number };
  /** Pods get the account `default` and its token. Off until a controller makes these accounts. */
  readonly hasServiceAccounts?: boolean;
  readonly streams?: PodStreams;
  readonly metrics?: MetricsServer;
}

export interface ApiServer {
  handle(request: ApiRequest): ApiResponse;
  /** As the administrator; `client(...).as(user)` for others. */
  client(user?: string, manager?: string): ApiClient;
}

export function createApiServer(config: ApiServerConfig): ApiServer {
  const version = config.version ?? { minor: 20, gitVersion: 'v1.20.2' };
  const { runtime } = config;
  const registry = new Registry(runtime, new Store(runtime), {
    minor: version.minor, serviceRange: config.serviceRange ?? '10.43.240.0/20', hasServiceAccounts: config.hasServiceAccounts ?? false,
  });
  const client = (user = 'system:apiserver', manager = 'kube-apiserver'): ApiClient => new InProcessClient(registry, user, manager);
  const advertise = config.advertise ?? { ip: '192.0.2.2', port: 443 };
  plantRoles(registry);
  bootstrap(client(), registry, advertise);
  const context: RouteContext = { registry, version, address: `${advertise.ip}:${advertise.port}`, streams: config.streams, metrics: config.metrics };
  return { client, handle: (request) => handle(request, context) };
}

/** What an API server itself sees to: the system's namespaces, and the Service through which pods find it. */
function bootstrap(client: ApiClient, registry: Registry, advertise: { readonly ip: string; readonly port: number }): void {
  for (const name of ['kube-system', 'kube-public', 'kube-node-lease', 'default']) client.create('namespaces', { metadata: { name } });
  const metadata = { name: 'kubernetes', namespace: 'default' };
  client.create('services', {
    metadata: { ...metadata, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { clusterIP: registry.services.firstAddress, type: 'ClusterIP', sessionAffinity: 'None', ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: advertise.port }] },
  });
  client.create('endpoints', {
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: advertise.ip }], ports: [{ name: 'https', port: advertise.port, protocol: 'TCP' }] }],
  });
  client.create('endpointslices', {
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4', endpoints: [{ addresses: [advertise.ip], conditions: { ready: true } }], ports: [{ name: 'https', port: advertise.port, protocol: 'TCP' }],
  });
}

/** The API server as one thing: made once for a cluster, asked by requests and by clients. */
import type { ApiClient } from '../client.ts';
import type { PodStreams } from '../pod-streams.ts';
import type { KubeRuntime } from '../runtime.ts';
import { Store } from '../store/store.ts';
import { InProcessClient } from './in-process-client.ts';
import { Registry } from './registry.ts';

export interface ApiServerConfig {
  readonly runtime: KubeRuntime;
  /** What /version says; the minor decides what is served and how objects are checked. Default 1.20.2. */
  readonly version?: { readonly minor: number; readonly gitVersion: string };
  /** Where Services get their addresses; default 10.43.240.0/20. */
  readonly serviceRange?: string;
  readonly streams?: PodStreams;
}

export interface ApiServer {
  /** As the administrator; `client(...).as(user)` for others. */
  client(user?: string, manager?: string): ApiClient;
}

export function createApiServer(config: ApiServerConfig): ApiServer {
  const registry = new Registry(config.runtime, new Store(config.runtime));
  return {
    client: (user = 'system:apiserver', manager = 'kube-apiserver') => new InProcessClient(registry, user, manager),
  };
}

/** How the collections of the Compute API differ: where they live, what creating needs, what else they can do. */
import type { ApiContext } from './context.ts';
import { addresses, firewalls, networks, routes, subnetworks } from './networking.ts';
import { backendServices, forwardingRules, healthChecks, httpHealthChecks, networkEndpointGroups, targetPools } from './balancing.ts';
import { disks, instances } from './instances.ts';
import { instanceGroupManagers, instanceGroups, targetHttpProxies, urlMaps } from './proxying.ts';
import type { JsonObject } from './json.ts';
import type { ComputeObject } from './store.ts';

export type ScopeKind = 'global' | 'regions' | 'zones';

/** What a request is about. */
export interface Target {
  /** `projects/p/zones/z/instances/n` */
  readonly path: string;
  /** `global`, `regions/us-east1` or `zones/us-east1-b` */
  readonly scope: string;
  readonly name: string;
}

export interface Collection {
  /** `forwardingRules` */
  readonly name: string;
  /** `forwardingRule` */
  readonly kind: string;
  readonly scopes: readonly ScopeKind[];
  /** The fields of a new object from what the client sent. Throws ApiError. */
  create(context: ApiContext, target: Target, body: JsonObject): JsonObject;
  /** As soon as the object is there; its operation still runs. */
  begun?(context: ApiContext, target: Target): void;
  /** After the operation of creating is done. */
  created?(context: ApiContext, target: Target): void;
  /** Throws when the object may not go. */
  mayDelete?(context: ApiContext, target: Target): void;
  /** While it goes, and when it is gone. */
  deleting?(context: ApiContext, target: Target): void;
  deleted?(context: ApiContext, target: Target, was: ComputeObject): void;
  /** PATCH and PUT: the fields that replace old ones; absent where the API has neither. */
  patch?(context: ApiContext, target: Target, body: JsonObject): JsonObject;
  /** POST .../name/verb: answers with the fields to change (an operation follows), or with a finished answer. */
  readonly verbs?: Readonly<Record<string, (context: ApiContext, target: Target, body: JsonObject, query: ReadonlyMap<string, string>) => { change: JsonObject } | { answer: JsonObject }>>;
}

export const collections: readonly Collection[] = [
  addresses, backendServices, disks, firewalls, forwardingRules, healthChecks, httpHealthChecks, instanceGroupManagers, instanceGroups, instances, networkEndpointGroups, networks, routes, subnetworks, targetHttpProxies, targetPools, urlMaps,
];

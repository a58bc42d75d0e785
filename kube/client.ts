/**
 * How controllers, the scheduler, kubelets and kube-proxy speak to the API server: the same path as REST requests
 * (defaulting, validation, admission, managed fields, watches), without HTTP and at once.
 *
 * Reading is cheap: `get`, `find` and `list` answer frozen objects straight from the store, so a controller needs no
 * cache of its own. What fails throws a StatusError (kube/api/status.ts); `isReason(error, 'NotFound')` asks why.
 */
import type { Kinds, Resource, StoredObject } from './api/kinds.ts';
import type { Mutable } from './api/values.ts';
import type { Cancel } from './runtime.ts';

/** Names an object; an object's own metadata is one: `client.get('pods', pod.metadata)`. No namespace: cluster-wide kinds. */
export interface Key {
  readonly name: string;
  readonly namespace?: string | undefined;
}

export interface ListOptions {
  /** Left out: all namespaces. */
  readonly namespace?: string | undefined;
  /** `app=web,tier!=cache,env in (a,b),!old`, or labels that must all be there. */
  readonly labelSelector?: string | Readonly<Record<string, string>>;
  /** `spec.nodeName=node-1,status.phase!=Failed`: the fields each kind has, see kube/api/fields.ts. */
  readonly fieldSelector?: string;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED'; readonly object: T }
  | { readonly type: 'MODIFIED'; readonly object: T; readonly previous: T }
  | { readonly type: 'DELETED'; readonly object: T };

export interface WatchOptions extends ListOptions {
  /** Only what happens from now on; without it every object there is comes first, as ADDED. */
  readonly fromNow?: boolean;
}

export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

export interface DeleteOptions {
  /** Left out: the kind's own (pods: spec.terminationGracePeriodSeconds). 0 removes at once. */
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: PropagationPolicy;
  readonly uid?: string;
}

export type PatchType = 'strategic' | 'merge' | 'json' | 'apply';

export interface PatchOptions {
  readonly type: PatchType;
  readonly subresource?: 'status';
  /** For 'apply': take fields that somebody else owns. */
  readonly force?: boolean;
}

export interface ApiClient {
  /** Throws NotFound. */
  get<R extends Resource>(resource: R, key: Key): StoredObject<R>;
  find<R extends Resource>(resource: R, key: Key): StoredObject<R> | undefined;
  /** In the order of namespace and name, as etcd keeps them. */
  list<R extends Resource>(resource: R, options?: ListOptions): readonly StoredObject<R>[];
  /** The namespace is the object's own; `metadata.generateName` works. */
  create<R extends Resource>(resource: R, object: Kinds[R]): StoredObject<R>;
  /** Replaces all but status; a resourceVersion in the object that is not the newest is a Conflict. */
  update<R extends Resource>(resource: R, object: Kinds[R]): StoredObject<R>;
  /** Replaces status, and annotations if it brings some. */
  updateStatus<R extends Resource>(resource: R, object: Kinds[R]): StoredObject<R>;
  /** Changes a copy and writes it, unless nothing changed. Throws NotFound. */
  edit<R extends Resource>(resource: R, key: Key, change: (draft: Mutable<StoredObject<R>>) => void): StoredObject<R>;
  editStatus<R extends Resource>(resource: R, key: Key, change: (draft: Mutable<StoredObject<R>>) => void): StoredObject<R>;
  patch<R extends Resource>(resource: R, key: Key, patch: unknown, options: PatchOptions): StoredObject<R>;
  /** What is left of it: a pod lives on until its grace period is over, an object with finalizers until they are gone. */
  delete(resource: Resource, key: Key, options?: DeleteOptions): void;
  /** PUT namespaces/NAME/finalize with no finalizers left: a namespace that is being deleted may go. */
  finalize(namespace: string): void;
  /** POST pods/NAME/binding: the scheduler's decision. */
  bind(pod: Key, nodeName: string): void;
  /**
   * Events come in the order of their resourceVersions, each some time after the write, never inside it; all of them come,
   * so that a handler may keep state. With a selector, an object that begins or ceases to match is ADDED or DELETED.
   */
  watch<R extends Resource>(resource: R, options: WatchOptions, handler: (event: WatchEvent<StoredObject<R>>) => void): Cancel;
  /**
   * The same store seen as another user: `system:node:NAME`, `system:kube-scheduler`, `system:kube-controller-manager`.
   * `manager` is the name written in managedFields; left out, it follows from the user (kubelet, kube-scheduler ...).
   */
  as(user: string, manager?: string): ApiClient;
}

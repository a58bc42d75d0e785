/** The ApiClient of kube/client.ts on a registry in the same program. */
import { parseFieldSelector, soleValue } from '../api/fields.ts';
import type { AnyObject, Kinds, Resource, StoredAny, StoredObject } from '../api/kinds.ts';
import { matchesLabels, parseLabelSelector } from '../api/selectors.ts';
import { copy, equal, type JsonObject, type Mutable } from '../api/values.ts';
import type { ApiClient, DeleteOptions, Key, ListOptions, PatchOptions, WatchEvent, WatchOptions } from '../client.ts';
import type { Cancel } from '../runtime.ts';
import type { Change } from '../store/store.ts';
import { bindPod } from './binding.ts';
import { applyTo, patched } from './patching.ts';
import type { Registry, Writer } from './registry.ts';

export class InProcessClient implements ApiClient {
  private readonly registry: Registry;
  private readonly writer: Writer;

  constructor(registry: Registry, user: string, manager: string = managerOf(user)) {
    this.registry = registry;
    this.writer = { user, manager };
  }

  get<R extends Resource>(resource: R, { name, namespace }: Key): StoredObject<R> {
    return this.registry.get(resource, name, namespace) as unknown as StoredObject<R>;
  }

  find<R extends Resource>(resource: R, { name, namespace }: Key): StoredObject<R> | undefined {
    return this.registry.find(resource, name, namespace) as StoredObject<R> | undefined;
  }

  list<R extends Resource>(resource: R, options: ListOptions = {}): readonly StoredObject<R>[] {
    const all = this.registry.store.list(resource, options.namespace);
    const isWanted = filterOf(resource, options);
    return (isWanted === undefined ? all : all.filter(isWanted)) as unknown as StoredObject<R>[];
  }

  create<R extends Resource>(resource: R, object: Kinds[R]): StoredObject<R> {
    return this.registry.create(resource, this.registry.decode(resource, object), this.writer) as unknown as StoredObject<R>;
  }

  update<R extends Resource>(resource: R, object: Kinds[R]): StoredObject<R> {
    return this.registry.update(resource, this.registry.decode(resource, object), this.writer) as unknown as StoredObject<R>;
  }

  updateStatus<R extends Resource>(resource: R, object: Kinds[R]): StoredObject<R> {
    return this.registry.update(resource, this.registry.decode(resource, object), this.writer, 'status') as unknown as StoredObject<R>;
  }

  edit<R extends Resource>(resource: R, key: Key, change: (draft: Mutable<StoredObject<R>>) => void): StoredObject<R> {
    const draft = this.changed(resource, key, change);
    return draft === undefined ? this.get(resource, key) : this.update(resource, draft);
  }

  editStatus<R extends Resource>(resource: R, key: Key, change: (draft: Mutable<StoredObject<R>>) => void): StoredObject<R> {
    const draft = this.changed(resource, key, change);
    return draft === undefined ? this.get(resource, key) : this.updateStatus(resource, draft);
  }

  patch<R extends Resource>(resource: R, key: Key, patch: unknown, options: PatchOptions): StoredObject<R> {
    const { registry, writer } = this;
    if (options.type === 'apply') {
      const configuration = { ...patch as JsonObject, metadata: { ...(patch as AnyObject).metadata, name: key.name, ...(key.namespace === undefined ? {} : { namespace: key.namespace }) } };
      return applyTo(registry, resource, configuration, writer, options.force === true, options.subresource).object as unknown as StoredObject<R>;
    }
    const result = patched(copy(registry.get(resource, key.name, key.namespace)) as JsonObject, patch, options.type, registry.structOf(resource));
    return registry.update(resource, registry.decode(resource, result), writer, options.subresource) as unknown as StoredObject<R>;
  }

  delete(resource: Resource, { name, namespace }: Key, options: DeleteOptions = {}): void {
    this.registry.delete(resource, name, namespace, options, this.writer);
  }

  finalize(namespace: string): void {
    const draft = copy(this.get('namespaces', { name: namespace }));
    this.registry.update('namespaces', this.registry.decode('namespaces', { ...draft, spec: { ...draft.spec, finalizers: [] } }), this.writer, 'finalize');
  }

  bind(pod: Key, nodeName: string): void {
    bindPod(this.registry, pod, nodeName, this.writer);
  }

  watch<R extends Resource>(resource: R, options: WatchOptions, handler: (event: WatchEvent<StoredObject<R>>) => void): Cancel {
    const { store } = this.registry;
    const isWanted = filterOf(resource, options) ?? (() => true);
    const { namespace } = options;
    const isHere = (object: StoredAny): boolean => (namespace === undefined || object.metadata.namespace === namespace) && isWanted(object);
    const tell = handler as unknown as (event: WatchEvent<StoredAny>) => void;
    const initial = options.fromNow === true ? [] : store.list(resource, namespace).filter(isWanted);
    // The objects there are come as one more delivery, so that a handler is never called inside watch().
    const version = store.version;
    let isOpen = true;
    if (initial.length > 0) {
      store.later(() => {
        for (const object of initial) if (isOpen) tell({ type: 'ADDED', object });
      });
    }
    const cancel = store.watch(resource, version, (change) => {
      const event = seenThrough(change, isHere);
      if (event !== undefined) tell(event);
    }, soleValue(options.fieldSelector));
    if (cancel === 'gone') throw new Error('a watch from now on cannot be too late');
    return () => {
      isOpen = false;
      cancel();
    };
  }

  as(user: string, manager?: string): ApiClient {
    return new InProcessClient(this.registry, user, manager);
  }

  private changed<R extends Resource>(resource: R, key: Key, change: (draft: Mutable<StoredObject<R>>) => void): StoredObject<R> | undefined {
    const old = this.get(resource, key);
    const draft = copy(old);
    change(draft);
    return equal(draft, old) ? undefined : draft as StoredObject<R>;
  }
}

/** What a change is to somebody who sees only some objects. */
export function seenThrough(change: Change, isWanted: (object: StoredAny) => boolean): WatchEvent<StoredAny> | undefined {
  const is = change.type !== 'DELETED' && isWanted(change.object);
  const was = change.type !== 'ADDED' && isWanted(change.previous);
  if (is && was) return { type: 'MODIFIED', object: change.object, previous: change.previous };
  if (is) return { type: 'ADDED', object: change.object };
  if (!was) return undefined;
  // An object that no longer matches is shown as it was, with the new version.
  const object = change.type === 'DELETED' ? change.object
    : { ...change.previous, metadata: { ...change.previous.metadata, resourceVersion: String(change.version) } };
  return { type: 'DELETED', object };
}

export function filterOf(resource: Resource, { labelSelector, fieldSelector }: ListOptions): ((object: StoredAny) => boolean) | undefined {
  const labels = labelSelector === undefined ? undefined
    : typeof labelSelector === 'string' ? parseLabelSelector(labelSelector) : matchesLabels(labelSelector);
  const fields = fieldSelector === undefined ? undefined : parseFieldSelector(resource, fieldSelector);
  if (labels === undefined) return fields;
  return (object) => labels(object.metadata.labels) && (fields === undefined || fields(object));
}

/** The program behind a user of the system, as its user agent would say. */
function managerOf(user: string): string {
  if (user.startsWith('system:node:')) return 'kubelet';
  if (user.startsWith('system:serviceaccount:kube-system:')) return 'kube-controller-manager';
  return user.startsWith('system:') ? user.slice('system:'.length) : user;
}

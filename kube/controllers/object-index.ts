/**
 * Objects by something they name: pods by owner, by node, by namespace (client-go/tools/cache Indexer). It remembers only who they are
 * and reads the store afresh, so what it answers is never stale; what the caller creates itself must be told by `note`.
 */
import type { ApiClient } from '../client.ts';
import type { Resource, StoredObject } from '../api/kinds.ts';
import { keyOf, parseKey } from './queue.ts';

export class ObjectIndex<R extends Resource> {
  private readonly client: ApiClient;
  private readonly resource: R;
  private readonly valueOf: (object: StoredObject<R>) => string | undefined;
  private readonly byValue = new Map<string, Set<string>>();
  private readonly valueByKey = new Map<string, string>();

  constructor(client: ApiClient, resource: R, valueOf: (object: StoredObject<R>) => string | undefined) {
    this.client = client;
    this.resource = resource;
    this.valueOf = valueOf;
    client.watch(resource, {}, ({ type, object }) => {
      // An event may be older than what `note` has said; what the store holds now is the truth.
      const now = type === 'DELETED' ? this.read(keyOf(object)) : object;
      if (now === undefined) this.move(keyOf(object), undefined);
      else this.note(now);
    });
  }

  note(object: StoredObject<R>): void {
    this.move(keyOf(object), this.valueOf(object));
  }

  /** In the order they came under this value. */
  get(value: string): StoredObject<R>[] {
    const found: StoredObject<R>[] = [];
    for (const key of this.byValue.get(value) ?? []) {
      const object = this.read(key);
      if (object !== undefined && this.valueOf(object) === value) found.push(object);
    }
    return found;
  }

  private read(key: string): StoredObject<R> | undefined {
    return this.client.find(this.resource, parseKey(key));
  }

  private move(key: string, value: string | undefined): void {
    const before = this.valueByKey.get(key);
    if (before === value) return;
    if (before !== undefined) {
      const set = this.byValue.get(before)!;
      set.delete(key);
      if (set.size === 0) this.byValue.delete(before);
      this.valueByKey.delete(key);
    }
    if (value === undefined) return;
    this.valueByKey.set(key, value);
    const set = this.byValue.get(value);
    if (set === undefined) this.byValue.set(value, new Set([key]));
    else set.add(key);
  }
}

/** Pods, ReplicaSets ... by the uid of the object that controls them; those nobody controls under `orphans:` and their namespace. */
export function byController<R extends Resource>(client: ApiClient, resource: R): ObjectIndex<R> {
  return new ObjectIndex(client, resource, ({ metadata }) => metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid ?? orphansOf(metadata.namespace ?? ''));
}

export function orphansOf(namespace: string): string {
  return `orphans:${namespace}`;
}

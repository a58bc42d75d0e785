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

/**
 * Pods by each of their labels, and Services by the first label they select, so that neither is looked for among all others: the values are
 * `namespace`, for selectors that ask for nothing, and `namespace key=value`.
 */
export class PodsByLabel {
  private readonly client: ApiClient;
  private readonly byValue = new Map<string, Set<string>>();
  private readonly valuesByKey = new Map<string, readonly string[]>();

  constructor(client: ApiClient) {
    this.client = client;
    client.watch('pods', {}, ({ type, object }) => {
      const key = keyOf(object);
      const now = type === 'DELETED' ? client.find('pods', parseKey(key)) : object;
      this.move(key, now === undefined ? [] : labelValues(now.metadata));
    });
  }

  /** Candidates: those with the first label of the selector, in the order they came. */
  get(namespace: string, selector: Labels): StoredObject<'pods'>[] {
    return [...this.byValue.get(selectorValue(namespace, selector)) ?? []].flatMap((key) => this.client.find('pods', parseKey(key)) ?? []);
  }

  private move(key: string, values: readonly string[]): void {
    const before = this.valuesByKey.get(key) ?? [];
    if (before.join() === values.join()) return;
    for (const value of before) {
      if (values.includes(value)) continue;
      const set = this.byValue.get(value)!;
      set.delete(key);
      if (set.size === 0) this.byValue.delete(value);
    }
    for (const value of values) {
      const set = this.byValue.get(value);
      if (set === undefined) this.byValue.set(value, new Set([key]));
      else set.add(key);
    }
    if (values.length === 0) this.valuesByKey.delete(key);
    else this.valuesByKey.set(key, values);
  }
}

type Labels = Readonly<Record<string, string>>;

export function labelValues({ namespace = '', labels = {} }: { readonly namespace?: string | undefined; readonly labels?: Labels | undefined }): string[] {
  return [namespace, ...Object.entries(labels).map(([name, value]) => `${namespace} ${name}=${value}`)];
}

export function selectorValue(namespace: string, selector: Labels): string {
  const first = Object.entries(selector)[0];
  return first === undefined ? namespace : `${namespace} ${first[0]}=${first[1]}`;
}

/** Pods, ReplicaSets ... by the uid of the object that controls them; those nobody controls under `orphans:` and their namespace. */
export function byController<R extends Resource>(client: ApiClient, resource: R): ObjectIndex<R> {
  return new ObjectIndex(client, resource, ({ metadata }) => metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid ?? orphansOf(metadata.namespace ?? ''));
}

export function orphansOf(namespace: string): string {
  return `orphans:${namespace}`;
}

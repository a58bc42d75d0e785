/**
 * What etcd and the watch cache are to a real API server (apiserver/pkg/storage/etcd3, storage/cacher): objects by
 * resource and key, one counter of versions, what changed lately, and those who want to be told.
 *
 * Objects are frozen and never change; a write replaces one. What an object means is not known here.
 */
import { textOf } from '../api/fields.ts';
import type { Resource, StoredAny } from '../api/kinds.ts';
import { freeze } from '../api/values.ts';
import type { Cancel, KubeRuntime } from '../runtime.ts';

export type Change =
  | { readonly type: 'ADDED'; readonly version: number; readonly object: StoredAny; readonly previous?: undefined }
  | { readonly type: 'MODIFIED'; readonly version: number; readonly object: StoredAny; readonly previous: StoredAny }
  /** The object as it last was, with the version of its removal. */
  | { readonly type: 'DELETED'; readonly version: number; readonly object: StoredAny; readonly previous: StoredAny };

/** How long a change takes to reach those who watch: a little, never nothing. */
const watchLatencyMs = 1;
/** Changes kept for a watch that begins in the past; older ones are answered 410 Gone. */
const changesKept = 1000;

interface Table {
  readonly objects: Map<string, StoredAny>;
  /** Sorted as etcd sorts its keys. */
  readonly keys: string[];
  readonly changes: Change[];
  /** The version up to which changes have been forgotten. */
  forgottenUpTo: number;
  /** Those who want to hear of everything, and by field and value those who want to hear of few objects: every kubelet of its own pods. */
  readonly watchers: Set<Watcher>;
  readonly narrow: Map<string, Map<string, Set<Watcher>>>;
}

interface Watcher {
  /** Who came first is told first. */
  readonly order: number;
  readonly fromVersion: number;
  readonly tell: (change: Change) => void;
  isOpen: boolean;
}

export function objectKey(name: string, namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

export class Store {
  private readonly runtime: KubeRuntime;
  private readonly tables = new Map<Resource, Table>();
  private lastVersion = 0;
  private watchersMade = 0;
  private deliveries: (() => void)[] = [];

  constructor(runtime: KubeRuntime) {
    this.runtime = runtime;
  }

  /** The version of the newest write. */
  get version(): number {
    return this.lastVersion;
  }

  get(resource: Resource, key: string): StoredAny | undefined {
    return this.table(resource).objects.get(key);
  }

  /** In the order of their keys; of one namespace, or all. */
  list(resource: Resource, namespace?: string): StoredAny[] {
    const { keys, objects } = this.table(resource);
    if (namespace === undefined || namespace === '') return keys.map((key) => objects.get(key)!);
    const prefix = `${namespace}/`;
    const found: StoredAny[] = [];
    for (let at = lowerBound(keys, prefix); at < keys.length && keys[at]!.startsWith(prefix); at += 1) found.push(objects.get(keys[at]!)!);
    return found;
  }

  count(resource: Resource): number {
    return this.table(resource).keys.length;
  }

  /** The version that the next write will get: it is written in the object itself. */
  write(resource: Resource, key: string, object: StoredAny): StoredAny {
    const table = this.table(resource);
    this.lastVersion += 1;
    const stored = freeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(this.lastVersion) } });
    const previous = table.objects.get(key);
    table.objects.set(key, stored);
    if (previous === undefined) table.keys.splice(lowerBound(table.keys, key), 0, key);
    this.record(table, previous === undefined
      ? { type: 'ADDED', version: this.lastVersion, object: stored }
      : { type: 'MODIFIED', version: this.lastVersion, object: stored, previous });
    return stored;
  }

  /** Puts in an object that was always there: no version is counted, and nobody is told. */
  plant(resource: Resource, key: string, object: StoredAny): void {
    const table = this.table(resource);
    table.objects.set(key, freeze(object));
    table.keys.splice(lowerBound(table.keys, key), 0, key);
  }

  /** The object that was there, with the version of its removal. */
  remove(resource: Resource, key: string): StoredAny | undefined {
    const table = this.table(resource);
    const previous = table.objects.get(key);
    if (previous === undefined) return undefined;
    this.lastVersion += 1;
    table.objects.delete(key);
    table.keys.splice(lowerBound(table.keys, key), 1);
    const object = freeze({ ...previous, metadata: { ...previous.metadata, resourceVersion: String(this.lastVersion) } });
    this.record(table, { type: 'DELETED', version: this.lastVersion, object, previous });
    return object;
  }

  /**
   * Tells of every change after `fromVersion`, in order, each some time after the write and never inside it.
   * 'gone' when those changes are no longer known. With `only`, changes of objects that neither have nor had this value may be left out.
   */
  watch(resource: Resource, fromVersion: number, tell: (change: Change) => void, only?: { readonly field: string; readonly value: string }): Cancel | 'gone' {
    const table = this.table(resource);
    if (fromVersion < table.forgottenUpTo) return 'gone';
    const watcher: Watcher = { order: this.watchersMade, fromVersion, tell, isOpen: true };
    this.watchersMade += 1;
    const own = only === undefined ? table.watchers : narrowWatchers(table, only);
    own.add(watcher);
    for (const change of table.changes) this.deliver(watcher, change);
    return () => {
      watcher.isOpen = false;
      own.delete(watcher);
    };
  }

  private table(resource: Resource): Table {
    let table = this.tables.get(resource);
    if (table === undefined) {
      table = { objects: new Map(), keys: [], changes: [], forgottenUpTo: 0, watchers: new Set(), narrow: new Map() };
      this.tables.set(resource, table);
    }
    return table;
  }

  private record(table: Table, change: Change): void {
    table.changes.push(change);
    if (table.changes.length >= 2 * changesKept) {
      table.forgottenUpTo = table.changes[changesKept - 1]!.version;
      table.changes.splice(0, changesKept);
    }
    for (const watcher of listeners(table, change)) this.deliver(watcher, change);
  }

  private deliver(watcher: Watcher, change: Change): void {
    if (change.version > watcher.fromVersion) this.later(() => { if (watcher.isOpen) watcher.tell(change); });
  }

  /** Runs `run` when the changes up to now have been told, and before any that come after. */
  later(run: () => void): void {
    this.deliveries.push(run);
    if (this.deliveries.length > 1) return;
    this.runtime.after(watchLatencyMs, () => {
      const due = this.deliveries;
      this.deliveries = [];
      for (const deliver of due) deliver();
    });
  }
}

function narrowWatchers({ narrow }: Table, { field, value }: { readonly field: string; readonly value: string }): Set<Watcher> {
  const byValue = narrow.get(field) ?? new Map<string, Set<Watcher>>();
  narrow.set(field, byValue);
  const watchers = byValue.get(value) ?? new Set<Watcher>();
  byValue.set(value, watchers);
  return watchers;
}

/** Whom a change may concern, in the order they came. */
function listeners({ watchers, narrow }: Table, { object, previous }: Change): Iterable<Watcher> {
  const found = new Set<Watcher>();
  for (const [field, byValue] of narrow) {
    for (const watcher of byValue.get(textOf(object, field)) ?? []) found.add(watcher);
    if (previous !== undefined) for (const watcher of byValue.get(textOf(previous, field)) ?? []) found.add(watcher);
  }
  return found.size === 0 ? watchers : [...watchers, ...found].sort((one, other) => one.order - other.order);
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Where every write goes through, whoever makes it: decoding, defaults, admission, validation, managed fields, the store
 * (apiserver/pkg/registry/generic/registry/store.go and registry/rest/{create,update,delete}.go).
 */
import type { AnyObject, Resource, StoredAny } from '../api/kinds.ts';
import { infoOf, type ResourceInfo } from '../api/resources.ts';
import { alreadyExists, badRequest, conflict, notFound, objectModified } from '../api/status.ts';
import { copy, equal, type Mutable } from '../api/values.ts';
import type { DeleteOptions } from '../client.ts';
import { timestamp, type KubeRuntime } from '../runtime.ts';
import { objectKey, type Store } from '../store/store.ts';

/** Who writes, and how it is to be recorded. */
export interface Writer {
  readonly user: string;
  readonly manager: string;
  readonly isDryRun?: boolean;
}

export type Subresource = 'status' | 'scale' | 'finalize' | 'binding' | 'eviction';

/** An object on its way in. */
export type Draft = Mutable<AnyObject>;

/** Kubernetes' alphabet for random suffixes: no vowels, nothing that looks like something else. */
const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

export class Registry {
  readonly store: Store;
  private readonly runtime: KubeRuntime;

  constructor(runtime: KubeRuntime, store: Store) {
    this.runtime = runtime;
    this.store = store;
  }

  find(resource: Resource, name: string, namespace?: string): StoredAny | undefined {
    return this.store.get(resource, objectKey(name, infoOf(resource).isNamespaced ? namespace : undefined));
  }

  get(resource: Resource, name: string, namespace?: string): StoredAny {
    const found = this.find(resource, name, namespace);
    if (found === undefined) throw notFound(infoOf(resource), name);
    return found;
  }

  create(resource: Resource, given: AnyObject, writer: Writer): StoredAny {
    const info = infoOf(resource);
    const object = bare(given);
    const meta = object.metadata ??= {};
    if ((meta.name ?? '') === '' && (meta.generateName ?? '') !== '') meta.name = meta.generateName! + this.suffix();
    meta.uid = this.uid();
    meta.creationTimestamp = timestamp(this.runtime.nowMs());
    delete meta.resourceVersion;
    delete meta.deletionTimestamp;
    delete meta.deletionGracePeriodSeconds;
    if (info.countsGenerations) meta.generation = 1;
    if ((meta.name ?? '') === '') throw badRequest('name or generateName is required');
    const name = meta.name!;
    const key = this.keyOf(info, name, meta.namespace);
    if (this.store.get(resource, key) !== undefined) throw alreadyExists(info, name);
    if (writer.isDryRun === true) return object as StoredAny;
    return this.store.write(resource, key, object as StoredAny);
  }

  update(resource: Resource, given: AnyObject, writer: Writer, subresource?: Subresource): StoredAny {
    const info = infoOf(resource);
    const object = bare(given);
    const name = object.metadata?.name ?? '';
    const old = this.get(resource, name, object.metadata?.namespace);
    const meta = object.metadata ??= {};
    if (meta.uid !== undefined && meta.uid !== old.metadata.uid) {
      throw conflict(info, name, `Precondition failed: UID in precondition: ${meta.uid}, UID in object meta: ${old.metadata.uid}`);
    }
    if ((meta.resourceVersion ?? '') !== '' && meta.resourceVersion !== old.metadata.resourceVersion) throw conflict(info, name, objectModified);
    const merged = subresource === 'status' ? { ...copy(old), status: object.status } : info.hasStatus ? { ...object, status: old.status } : object;
    const next = { ...merged, metadata: { ...merged.metadata, ...kept(old) } } as Draft;
    if (info.countsGenerations && subresource === undefined && !equal(next.spec, old.spec)) next.metadata!.generation = (old.metadata.generation ?? 0) + 1;
    if (equal(next, old)) return old;
    if (writer.isDryRun === true) return next as StoredAny;
    const key = this.keyOf(info, name, meta.namespace);
    if (next.metadata!.deletionTimestamp !== undefined && (next.metadata!.finalizers ?? []).length === 0 && (next.metadata!.deletionGracePeriodSeconds ?? 0) === 0) {
      return this.store.remove(resource, key) ?? old;
    }
    return this.store.write(resource, key, next as StoredAny);
  }

  /** What is left of the object, or what it was when nothing is. */
  delete(resource: Resource, name: string, namespace: string | undefined, options: DeleteOptions): StoredAny {
    const info = infoOf(resource);
    const old = this.get(resource, name, namespace);
    if (options.uid !== undefined && options.uid !== old.metadata.uid) {
      throw conflict(info, name, `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${old.metadata.uid}`);
    }
    const key = this.keyOf(info, name, namespace);
    return this.store.remove(resource, key) ?? old;
  }

  private keyOf(info: ResourceInfo, name: string, namespace: string | undefined): string {
    return objectKey(name, info.isNamespaced ? namespace : undefined);
  }

  private suffix(): string {
    let text = '';
    for (let i = 0; i < 5; i += 1) text += safeAlphabet[this.runtime.dice.below(safeAlphabet.length)]!;
    return text;
  }

  private uid(): string {
    const bytes = this.runtime.dice.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
  }
}

/** Kind and version are said by where an object is kept; the store leaves them out. */
function bare(given: AnyObject): Draft {
  const object = copy(given);
  delete object.kind;
  delete object.apiVersion;
  return object;
}

/** What no client decides. */
function kept(old: StoredAny): Partial<StoredAny['metadata']> {
  const { name, namespace, uid, creationTimestamp, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, generation } = old.metadata;
  const all = { name, namespace, uid, creationTimestamp, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, generation };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

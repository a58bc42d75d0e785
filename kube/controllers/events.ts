/**
 * Events as components record them (client-go/tools/record): the same event about the same object within ten minutes is counted,
 * not repeated, and an event is forgotten after an hour (kube-apiserver --event-ttl).
 */
import type { ApiClient } from '../client.ts';
import type { AnyObject, StoredAny } from '../api/kinds.ts';
import { parseTimestamp, timestamp, type KubeRuntime } from '../runtime.ts';

const EVENT_TTL_MS = 3_600_000;
const SWEEP_MS = 600_000;
/** What correlation remembers of one source, newest kept. */
const MOST_REMEMBERED = 4096;

export interface EventSource { readonly component: string; readonly host?: string }

export type RecordEvent = (about: EventObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string) => void;
/** Nodes are named by their name where the object itself is not at hand. */
export type EventObject = Pick<StoredAny, 'metadata'> & Pick<AnyObject, 'kind' | 'apiVersion'>;

export class EventRecorder {
  private readonly client: ApiClient;
  private readonly runtime: KubeRuntime;
  private readonly names = new Map<string, string>();

  constructor(client: ApiClient, runtime: KubeRuntime) {
    this.client = client;
    this.runtime = runtime;
  }

  for(source: EventSource): RecordEvent {
    return (about, type, reason, message, fieldPath) => this.record(source, about, type, reason, message, fieldPath);
  }

  private record(source: EventSource, about: EventObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath: string | undefined): void {
    const { name, namespace = 'default', uid } = about.metadata;
    const now = timestamp(this.runtime.nowMs());
    const same = [source.component, source.host ?? '', about.kind, namespace, name, uid, fieldPath ?? '', type, reason, message].join('\n');
    const known = this.names.get(same);
    const earlier = known === undefined ? undefined : this.client.find('events', { name: known, namespace });
    if (earlier !== undefined) {
      this.client.edit('events', earlier.metadata, (draft) => {
        draft.count = (draft.count ?? 1) + 1;
        draft.lastTimestamp = now;
      });
      return;
    }
    const created = this.client.create('events', {
      metadata: { name: `${name}.${this.suffix()}`, namespace },
      involvedObject: {
        kind: about.kind ?? '', namespace: about.metadata.namespace, name, uid, apiVersion: about.apiVersion ?? 'v1', resourceVersion: about.metadata.resourceVersion,
        ...(fieldPath === undefined ? {} : { fieldPath }),
      },
      reason, message, type, source: { component: source.component, ...(source.host === undefined ? {} : { host: source.host }) },
      firstTimestamp: now, lastTimestamp: now, count: 1, reportingComponent: '', reportingInstance: '',
    });
    if (this.names.size >= MOST_REMEMBERED) this.names.delete(this.names.keys().next().value!);
    this.names.set(same, created.metadata.name);
  }

  /** `%x` of the time in nanoseconds, as real event names end; what is below a microsecond is chance. */
  private suffix(): string {
    return (BigInt(this.runtime.nowMs()) * 1_000_000n + BigInt(this.runtime.dice.below(1_000_000))).toString(16);
  }
}

/** Removes events an hour after they were last seen. Runs only while there are events. */
export function sweepEvents(client: ApiClient, runtime: KubeRuntime): void {
  let isPlanned = false;
  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    runtime.after(SWEEP_MS, sweep);
  };
  const sweep = (): void => {
    isPlanned = false;
    const oldest = runtime.nowMs() - EVENT_TTL_MS;
    let isAnyLeft = false;
    for (const event of client.list('events')) {
      if ((parseTimestamp(event.lastTimestamp) ?? parseTimestamp(event.metadata.creationTimestamp) ?? 0) <= oldest) client.delete('events', event.metadata);
      else isAnyLeft = true;
    }
    if (isAnyLeft) plan();
  };
  client.watch('events', {}, ({ type }) => {
    if (type === 'ADDED') plan();
  });
}

/** POST pods/NAME/binding (pkg/registry/core/pod/storage/storage.go, assignPod): gives a pod its node, once. */
import type { Pod } from 'kubernetes-types/core/v1';
import { conflict } from '../api/status.ts';
import { copy, type Mutable } from '../api/values.ts';
import type { Key } from '../client.ts';
import { timestamp } from '../runtime.ts';
import type { Draft, Registry, Writer } from './registry.ts';

export function bindPod(registry: Registry, { name, namespace }: Key, nodeName: string, writer: Writer): void {
  const draft = copy(registry.get('pods', name, namespace)) as unknown as Mutable<Pod>;
  const pods = { group: '', resource: 'pods/binding' };
  if (draft.metadata!.deletionTimestamp !== undefined) throw conflict(pods, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if ((draft.spec!.nodeName ?? '') !== '') throw conflict(pods, name, `pod ${name} is already assigned to node "${draft.spec!.nodeName!}"`);
  draft.spec!.nodeName = nodeName;
  const conditions = (draft.status!.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  draft.status!.conditions = [...conditions, {
    type: 'PodScheduled', status: 'True', lastProbeTime: null as unknown as string, lastTransitionTime: timestamp(registry.runtime.nowMs()),
  }];
  registry.update('pods', draft as Draft, writer, 'binding');
}

/**
 * Which node a pod goes to (pkg/scheduler): nodes that cannot take it are filtered out, each with its reason; the rest are scored;
 * the best gets it. What finds no node waits, and is looked at again when nodes or pods change.
 */
import type { NodeSelectorTerm, Pod, Taint, Toleration } from 'kubernetes-types/core/v1';
import type { StoredObject } from '../api/kinds.ts';
import { isFinished, isTerminating, type ControllerContext, type StoredPod } from './controller.ts';
import { ObjectIndex } from './object-index.ts';
import { milliValue, wholeValue } from '../api/quantity.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';
import { timestamp } from '../runtime.ts';

type Node = StoredObject<'nodes'>;

/** podInitialBackoffDuration, podMaxBackoffDuration. */
const RETRY = { firstMs: 1000, longestMs: 10_000 };

interface Request { readonly milliCpu: number; readonly memory: number }

export function startScheduler(context: ControllerContext, name = 'default-scheduler'): void {
  const { client, runtime } = context;
  const byNode = new ObjectIndex(client, 'pods', (pod) => (pod.spec?.nodeName !== undefined && !isFinished(pod) ? pod.spec.nodeName : undefined));
  const loads = new Loads(byNode);
  const unschedulable = new Set<string>();
  const queue = new WorkQueue(runtime, (key) => {
    const pod = client.find('pods', parseKey(key));
    unschedulable.delete(key);
    if (pod === undefined || pod.spec?.nodeName !== undefined || isTerminating(pod) || isFinished(pod)) return;
    if (!schedule(context, loads, byNode, pod)) unschedulable.add(key);
  }, RETRY);
  const retry = (): void => {
    for (const key of unschedulable) queue.add(key);
  };
  client.watch('pods', {}, (event) => {
    const { object } = event;
    if (event.type === 'DELETED' || isFinished(object)) {
      if (object.spec?.nodeName !== undefined) {
        loads.forget(object.spec.nodeName);
        retry();
      }
      unschedulable.delete(keyOf(object));
    } else if (object.spec?.nodeName === undefined) {
      if (object.spec?.schedulerName === undefined || object.spec.schedulerName === name) if (event.type === 'ADDED' || event.previous.metadata.generation !== object.metadata.generation) queue.add(keyOf(object));
    } else loads.forget(object.spec.nodeName);
  });
  client.watch('nodes', {}, (event) => {
    if (event.type === 'DELETED') loads.forgetRoom(event.object.metadata.name);
    if (event.type !== 'MODIFIED' || isEasier(event.previous, event.object)) retry();
  });
}

/** Only what could help a waiting pod: a heartbeat does not. */
function isEasier(before: Node, after: Node): boolean {
  return JSON.stringify([before.spec, before.metadata.labels, before.status?.allocatable]) !== JSON.stringify([after.spec, after.metadata.labels, after.status?.allocatable]);
}

interface Load { readonly request: Request; readonly pods: number; /** How many pods each controller has there, by its uid. */ readonly byOwner: ReadonlyMap<string, number> }
interface Room { readonly milliCpu: number; readonly memory: number; readonly pods: number }

/** What each node has to give, and what its pods ask for; counted once, and again after a change. */
class Loads {
  private readonly byNode: ObjectIndex<'pods'>;
  private readonly known = new Map<string, Load>();
  private readonly rooms = new Map<string, { readonly node: Node; readonly room: Room }>();

  constructor(byNode: ObjectIndex<'pods'>) {
    this.byNode = byNode;
  }

  get(node: string): Load {
    let load = this.known.get(node);
    if (load === undefined) {
      load = this.byNode.get(node).reduce(withPod, { request: { milliCpu: 0, memory: 0 }, pods: 0, byOwner: new Map() });
      this.known.set(node, load);
    }
    return load;
  }

  room(node: Node): Room {
    const { name } = node.metadata;
    const known = this.rooms.get(name);
    if (known?.node === node) return known.room;
    const allocatable = (node.status?.allocatable ?? {}) as Record<string, string>;
    const room = { milliCpu: milliValue(allocatable['cpu']), memory: wholeValue(allocatable['memory']), pods: wholeValue(allocatable['pods']) };
    this.rooms.set(name, { node, room });
    return room;
  }

  add(node: string, pod: StoredPod): void {
    this.known.set(node, withPod(this.get(node), pod));
  }

  forget(node: string): void {
    this.known.delete(node);
  }

  forgetRoom(node: string): void {
    this.rooms.delete(node);
  }
}

function withPod({ request, pods, byOwner }: Load, pod: StoredPod): Load {
  const more = requestOf(pod);
  const owner = ownerOf(pod);
  return {
    request: { milliCpu: request.milliCpu + more.milliCpu, memory: request.memory + more.memory }, pods: pods + 1,
    byOwner: owner === undefined ? byOwner : new Map(byOwner).set(owner, (byOwner.get(owner) ?? 0) + 1),
  };
}

function ownerOf({ metadata }: StoredPod): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

/** The larger of the sum of containers and any init container (resource.PodRequestsAndLimits). */
function requestOf(pod: Pod): Request {
  const of = (requests: Readonly<Record<string, string>> | undefined): Request => ({ milliCpu: milliValue(requests?.['cpu']), memory: wholeValue(requests?.['memory']) });
  const total = { milliCpu: 0, memory: 0 };
  for (const { resources } of pod.spec?.containers ?? []) {
    const one = of(resources?.requests as Record<string, string> | undefined);
    total.milliCpu += one.milliCpu;
    total.memory += one.memory;
  }
  for (const { resources } of pod.spec?.initContainers ?? []) {
    const one = of(resources?.requests as Record<string, string> | undefined);
    total.milliCpu = Math.max(total.milliCpu, one.milliCpu);
    total.memory = Math.max(total.memory, one.memory);
  }
  return total;
}

function schedule({ client, runtime, record }: ControllerContext, loads: Loads, byNode: ObjectIndex<'pods'>, pod: StoredPod): boolean {
  const nodes = client.list('nodes');
  const reasons = new Map<string, number>();
  let best: { readonly node: Node; readonly score: number } | undefined;
  const owner = ownerOf(pod);
  const wanted: Wanted = { pod, request: requestOf(pod), hostPorts: hostPorts(pod) };
  for (const node of nodes) {
    const refusals = refuse(wanted, node, loads, byNode);
    for (const reason of refusals) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (refusals.length > 0) continue;
    const score = scoreOf(wanted, node, loads) - (owner === undefined ? 0 : (loads.get(node.metadata.name).byOwner.get(owner) ?? 0) * 200);
    if (best === undefined || score > best.score) best = { node, score };
  }
  if (best === undefined) {
    const list = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted();
    const message = nodes.length === 0 ? 'no nodes available to schedule pods' : `0/${nodes.length} nodes are available: ${list.join(', ')}.`;
    record({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Warning', 'FailedScheduling', message);
    setUnscheduled({ client, runtime, record }, pod, message);
    return false;
  }
  const { name } = best.node.metadata;
  client.bind(pod.metadata, name);
  byNode.note(client.get('pods', pod.metadata));
  loads.add(name, pod);
  record({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Normal', 'Scheduled', `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${name}`);
  return true;
}

function setUnscheduled({ client, runtime }: ControllerContext, pod: StoredPod, message: string): void {
  const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (before?.status === 'False' && before.message === message) return;
  client.editStatus('pods', pod.metadata, (draft) => {
    const conditions = (draft.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
    conditions.push({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime! : timestamp(runtime.nowMs()) });
    draft.status = { ...draft.status, phase: draft.status?.phase ?? 'Pending', conditions };
  });
}

// ---------------------------------------------------------------- filters

/** A pod, with what every node is asked about it. */
interface Wanted { readonly pod: StoredPod; readonly request: Request; readonly hostPorts: readonly string[] }

const NO_REFUSALS: readonly string[] = [];

/** The reasons this node gives, in the words of its plugins; the first plugin that refuses is the one that speaks. */
function refuse({ pod, request: wanted, hostPorts: ports }: Wanted, node: Node, loads: Loads, byNode: ObjectIndex<'pods'>): readonly string[] {
  if (node.spec?.unschedulable === true && !(pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }))) return ['node(s) were unschedulable'];
  if (!matchesNode(pod, node)) return ["node(s) didn't match node selector"];
  const taint = (node.spec?.taints ?? []).find((one) => one.effect !== 'PreferNoSchedule' && !(pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, one)));
  if (taint !== undefined) return [`node(s) had taint {${taint.key}: ${taint.value ?? ''}}, that the pod didn't tolerate`];
  if (ports.length > 0 && byNode.get(node.metadata.name).some((other) => hostPorts(other).some((port) => ports.includes(port)))) return ["node(s) didn't have free ports for the requested pod ports"];
  const { request, pods } = loads.get(node.metadata.name);
  const room = loads.room(node);
  const isTooMany = pods + 1 > room.pods;
  const isCpuShort = wanted.milliCpu > 0 && request.milliCpu + wanted.milliCpu > room.milliCpu;
  const isMemoryShort = wanted.memory > 0 && request.memory + wanted.memory > room.memory;
  if (!isTooMany && !isCpuShort && !isMemoryShort) return NO_REFUSALS;
  return [...(isTooMany ? ['Too many pods'] : []), ...(isCpuShort ? ['Insufficient cpu'] : []), ...(isMemoryShort ? ['Insufficient memory'] : [])];
}

/** `hostPort/protocol` of all containers. */
function hostPorts(pod: Pod): string[] {
  return (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports.filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0).map(({ hostPort, protocol = 'TCP' }) => `${hostPort}/${protocol}`));
}

/** v1.Toleration.ToleratesTaint. */
export function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (key !== undefined && key !== '' && key !== taint.key) return false;
  return operator === 'Exists' || ((key ?? '') !== '' && value === (taint.value ?? ''));
}

/** nodeSelector and the required part of node affinity. */
export function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(pod.spec?.nodeSelector ?? {}).every(([name, value]) => labels[name] === value)) return false;
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms === undefined || terms.some((term) => matchesTerm(term, node));
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((expression) => holds(expression, node.metadata.labels?.[expression.key]))
    && matchFields.every((expression) => holds(expression, expression.key === 'metadata.name' ? node.metadata.name : undefined));
}

function holds({ operator, values = [] }: { readonly operator: string; readonly values?: readonly string[] }, value: string | undefined): boolean {
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt': return value !== undefined && Number(value) < Number(values[0]);
    default: return false;
  }
}

// ---------------------------------------------------------------- scores

/** NodeResourcesLeastAllocated, 0 to 100, and the preferred part of node affinity; equal nodes go in the order of their names. */
function scoreOf({ pod, request: wanted }: Wanted, node: Node, loads: Loads): number {
  const { request, pods } = loads.get(node.metadata.name);
  const room = loads.room(node);
  // Containers that ask for nothing count as 100m and 200Mi (schedutil.GetNonzeroRequests).
  const free = (used: number, capacity: number): number => (capacity === 0 ? 0 : Math.max(0, ((capacity - used) * 100) / capacity));
  const cpu = free(request.milliCpu + Math.max(wanted.milliCpu, 100) + pods * 100, room.milliCpu);
  const memory = free(request.memory + Math.max(wanted.memory, 200 * 2 ** 20) + pods * 200 * 2 ** 20, room.memory);
  const preferred = (pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).reduce((total, { weight, preference }) => total + (matchesTerm(preference, node) ? weight : 0), 0);
  return (cpu + memory) / 2 + preferred;
}

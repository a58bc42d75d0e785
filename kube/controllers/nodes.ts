/**
 * Nodes as the control plane sees them: each gets a pod range and a route to it, is marked when its kubelet falls silent, loses its pods when the silence
 * lasts, and is removed when its machine is gone.
 * Read first: pkg/controller/nodelifecycle/node_lifecycle_controller.go, scheduler/taint_manager.go, pkg/controller/nodeipam,
 * pkg/controller/route, k8s.io/cloud-provider/controllers/node
 */
import type { Taint } from 'kubernetes-types/core/v1';
import type { StoredObject } from '../api/kinds.ts';
import type { CloudProvider } from '../cloud-provider.ts';
import { parseTimestamp, timestamp, type Cancel } from '../runtime.ts';
import { condition, isTerminating, type ControllerContext, type StoredPod } from './controller.ts';
import { ObjectIndex } from './object-index.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';
import { tolerates } from './scheduler.ts';

/** --node-monitor-grace-period, --node-monitor-period. */
const GRACE_MS = 40_000;
const MONITOR_MS = 5000;
const LEASES = 'kube-node-lease';
const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

type Node = StoredObject<'nodes'>;

export interface NodeOptions {
  /** Pods' range of the whole cluster, and how much of it each node gets: 10.40.0.0/14, 24. */
  readonly clusterCidr: string;
  readonly nodeMask: number;
  /** Whether each node's range needs a route in the cloud (kubenet), or is an alias of its machine. */
  readonly isRouted: boolean;
}

export function startNodeControllers(context: ControllerContext, cloud: CloudProvider, options: NodeOptions): void {
  startIpam(context, cloud, options);
  startLifecycle(context, cloud);
  startTaintManager(context);
}

// ---------------------------------------------------------------- pod ranges and routes

function startIpam({ client, runtime, record }: ControllerContext, cloud: CloudProvider, { clusterCidr, nodeMask, isRouted }: NodeOptions): void {
  const [base = '0.0.0.0', prefix = '0'] = clusterCidr.split('/');
  const first = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const count = 2 ** (nodeMask - Number(prefix));
  const size = 2 ** (32 - nodeMask);
  const taken = new Map<string, string>();
  let next = 0;
  const allocate = (): string | undefined => {
    const used = new Set(taken.values());
    for (let tried = 0; tried < count; tried++, next = (next + 1) % count) {
      const address = first + next * size;
      const cidr = `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${nodeMask}`;
      if (!used.has(cidr)) return cidr;
    }
    return undefined;
  };
  const routes = new WorkQueue(runtime, (name) => {
    const node = client.find('nodes', { name });
    const cidr = node?.spec?.podCIDR;
    if (cidr === undefined) return cloud.deleteRoute(name, () => undefined);
    cloud.ensureRoute(name, cidr, (result) => {
      const now = client.find('nodes', { name });
      if (now === undefined) return;
      setNodeCondition({ client, runtime, record }, now, result.ok
        ? { type: 'NetworkUnavailable', status: 'False', reason: 'RouteCreated', message: 'RouteController created a route' }
        : { type: 'NetworkUnavailable', status: 'True', reason: 'NoRouteCreated', message: `RouteController failed to create a route: ${result.message}` });
      if (!result.ok) routes.addAfter(name, MONITOR_MS);
    });
  });
  client.watch('nodes', {}, ({ type, object }) => {
    const { name } = object.metadata;
    if (type === 'DELETED') {
      taken.delete(name);
      if (isRouted) routes.add(name);
      return;
    }
    if (type !== 'ADDED') return;
    let cidr = object.spec?.podCIDR;
    if (cidr === undefined) {
      // With alias ranges the cloud has chosen (pkg/controller/nodeipam/ipam/cloud_cidr_allocator.go).
      cidr = cloud.instance(name)?.podRange ?? allocate();
      if (cidr === undefined) {
        record(about(object), 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
        return;
      }
      client.edit('nodes', object.metadata, (draft) => void (draft.spec = { ...draft.spec, podCIDR: cidr!, podCIDRs: [cidr!] }));
    }
    taken.set(name, cidr);
    if (isRouted) routes.add(name);
  });
}

function setNodeCondition({ client, runtime }: ControllerContext, node: Node, change: { type: string; status: string; reason: string; message: string }): void {
  const now = timestamp(runtime.nowMs());
  const before = node.status?.conditions?.find(({ type }) => type === change.type);
  if (before?.status === change.status && before.reason === change.reason && before.message === change.message) return;
  client.editStatus('nodes', node.metadata, (draft) => {
    const entry = { ...change, lastHeartbeatTime: now, lastTransitionTime: before?.status === change.status ? before.lastTransitionTime! : now };
    const conditions = draft.status?.conditions ?? [];
    const at = conditions.findIndex(({ type }) => type === change.type);
    if (at < 0) conditions.push(entry);
    else conditions[at] = entry;
    draft.status = { ...draft.status, conditions };
  });
}

// ---------------------------------------------------------------- silence

/**
 * One timer per node, moved on by each renewal of its lease: a cluster at rest costs nothing else. Kubernetes looks every five seconds; here the
 * look happens when the grace period would be over.
 */
function startLifecycle(context: ControllerContext, cloud: CloudProvider): void {
  const { client, runtime, record } = context;
  const timers = new Map<string, Cancel>();
  const heardMs = new Map<string, number>();
  const watchFor = (name: string): void => {
    if (timers.has(name)) return;
    const dueMs = (heardMs.get(name) ?? runtime.nowMs()) + GRACE_MS;
    timers.set(name, runtime.after(Math.max(0, dueMs - runtime.nowMs()), () => {
      timers.delete(name);
      const node = client.find('nodes', { name });
      if (node === undefined) return;
      if ((heardMs.get(name) ?? 0) + GRACE_MS > runtime.nowMs()) return watchFor(name);
      silent(node);
      if (cloud.instance(name) === undefined) {
        record(about(node), 'Normal', 'DeletingNode', `Deleting node ${name} because it does not exist in the cloud provider`);
        client.delete('nodes', node.metadata);
      } else timers.set(name, runtime.after(MONITOR_MS * 8, () => {
        timers.delete(name);
        watchFor(name);
      }));
    }));
  };
  const hear = (name: string): void => {
    heardMs.set(name, runtime.nowMs());
    watchFor(name);
  };
  const silent = (node: Node): void => {
    for (const [type, words] of [['Ready', 'Kubelet'], ['MemoryPressure', 'Kubelet'], ['DiskPressure', 'Kubelet'], ['PIDPressure', 'Kubelet']] as const) {
      const fresh = client.find('nodes', node.metadata);
      if (fresh?.status?.conditions?.some((one) => one.type === type) === true) setNodeCondition(context, fresh, { type, status: 'Unknown', reason: 'NodeStatusUnknown', message: `${words} stopped posting node status.` });
    }
  };
  client.watch('leases', { namespace: LEASES }, ({ type, object }) => {
    if (type !== 'DELETED') hear(object.metadata.name);
  });
  client.watch('nodes', {}, (event) => {
    const { object } = event;
    const { name } = object.metadata;
    if (event.type === 'DELETED') {
      timers.get(name)?.();
      timers.delete(name);
      heardMs.delete(name);
      return;
    }
    if (event.type === 'ADDED') {
      record(about(object), 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
      hear(name);
    } else if (readyOf(event.previous) !== readyOf(object)) {
      if (readyOf(object) === 'True') hear(name);
      else record(about(object), 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
    }
    taint(context, object);
    if (event.type === 'MODIFIED' && readyOf(event.previous) === 'True' && readyOf(object) !== 'True') markPodsUnready(context, name);
  });
}

const readyOf = (node: Node): string => node.status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';

/** Ready=False is not-ready, Unknown is unreachable; each as NoSchedule and NoExecute. */
function taint({ client, runtime }: ControllerContext, { metadata }: Node): void {
  const node = client.find('nodes', metadata);
  if (node === undefined) return;
  const ready = readyOf(node);
  const wanted = ready === 'True' ? undefined : ready === 'False' ? NOT_READY : UNREACHABLE;
  const own = (one: Taint): boolean => one.key === NOT_READY || one.key === UNREACHABLE || (one.key === 'node.kubernetes.io/unschedulable' && one.effect === 'NoSchedule');
  const keep = (node.spec?.taints ?? []).filter((one) => !own(one));
  const now = timestamp(runtime.nowMs());
  const known = (key: string, effect: string): Taint => (node.spec?.taints ?? []).find((one) => one.key === key && one.effect === effect) ?? { key, effect, ...(effect === 'NoExecute' ? { timeAdded: now } : {}) };
  const next = [
    ...keep,
    ...(node.spec?.unschedulable === true ? [known('node.kubernetes.io/unschedulable', 'NoSchedule')] : []),
    ...(wanted === undefined ? [] : [known(wanted, 'NoSchedule'), known(wanted, 'NoExecute')]),
  ];
  if (JSON.stringify(next) === JSON.stringify(node.spec?.taints ?? [])) return;
  client.edit('nodes', node.metadata, (draft) => {
    draft.spec = { ...draft.spec, taints: next };
    if (next.length === 0) delete draft.spec.taints;
  });
}

/** MarkPodsNotReady: nobody hears from them, so no traffic should go there. */
function markPodsUnready({ client, runtime, record }: ControllerContext, nodeName: string): void {
  for (const pod of client.list('pods', { fieldSelector: `spec.nodeName=${nodeName}` })) {
    if (condition(pod, 'Ready')?.status !== 'True') continue;
    client.editStatus('pods', pod.metadata, (draft) => {
      const ready = draft.status?.conditions?.find(({ type }) => type === 'Ready');
      if (ready === undefined) return;
      ready.status = 'False';
      ready.lastTransitionTime = timestamp(runtime.nowMs());
    });
    record({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Warning', 'NodeNotReady', 'Node is not ready');
  }
}

// ---------------------------------------------------------------- eviction by taint

/** Pods that do not tolerate a NoExecute taint are deleted at once; those that do for some time, after that time. */
function startTaintManager({ client, runtime, record }: ControllerContext): void {
  const timers = new Map<string, { readonly dueMs: number; readonly cancel: Cancel }>();
  const byNode = new ObjectIndex(client, 'pods', (pod) => pod.spec?.nodeName);
  const callOff = (key: string): void => {
    timers.get(key)?.cancel();
    timers.delete(key);
  };
  const consider = (pod: StoredPod, taints: readonly Taint[]): void => {
    const key = keyOf(pod);
    const seconds = taints.length === 0 ? Infinity : patience(pod, taints);
    if (seconds === Infinity || isTerminating(pod)) {
      if (timers.has(key)) record({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
      return callOff(key);
    }
    const sinceMs = Math.max(...taints.map(({ timeAdded }) => parseTimestamp(timeAdded) ?? runtime.nowMs()));
    const dueMs = sinceMs + seconds * 1000;
    if (timers.get(key)?.dueMs === dueMs) return;
    callOff(key);
    const cancel = runtime.after(Math.max(0, dueMs - runtime.nowMs()), () => {
      timers.delete(key);
      const now = client.find('pods', parseKey(key));
      if (now === undefined || now.metadata.uid !== pod.metadata.uid || isTerminating(now)) return;
      record({ ...now, apiVersion: 'v1', kind: 'Pod' }, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
      client.delete('pods', now.metadata);
    });
    timers.set(key, { dueMs, cancel });
  };
  const taintsOf = (node: Node | undefined): Taint[] => (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
  client.watch('nodes', {}, (event) => {
    if (event.type === 'MODIFIED' && JSON.stringify(taintsOf(event.previous)) === JSON.stringify(taintsOf(event.object))) return;
    for (const pod of byNode.get(event.object.metadata.name)) consider(pod, event.type === 'DELETED' ? [] : taintsOf(event.object));
  });
  client.watch('pods', {}, (event) => {
    if (event.type === 'DELETED') return callOff(keyOf(event.object));
    const { nodeName } = event.object.spec ?? {};
    if (nodeName === undefined) return;
    const taints = taintsOf(client.find('nodes', { name: nodeName }));
    if (taints.length > 0) consider(event.object, taints);
  });
}

/** Seconds until the pod has to go: the shortest it tolerates, 0 when one taint is not tolerated at all. */
function patience(pod: StoredPod, taints: readonly Taint[]): number {
  let shortest = Infinity;
  for (const one of taints) {
    const used = (pod.spec?.tolerations ?? []).filter((toleration) => tolerates(toleration, one));
    if (used.length === 0) return 0;
    for (const { tolerationSeconds } of used) if (tolerationSeconds !== undefined) shortest = Math.min(shortest, Math.max(0, tolerationSeconds));
  }
  return shortest;
}

function about(node: Node): Node & { apiVersion: string; kind: string } {
  return { ...node, apiVersion: 'v1', kind: 'Node' };
}

/**
 * The cells of a Table's rows, for the columns in columns.ts (pkg/printers/internalversion/printers.go of Kubernetes 1.20; what
 * later versions changed is said where it is).
 */
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v1';
import type { CronJob, Job } from 'kubernetes-types/batch/v1';
import type { Lease } from 'kubernetes-types/coordination/v1';
import type {
  ConfigMap, Container, ContainerStatus, Endpoints, Event, LoadBalancerStatus, Namespace, Node, Pod, ReplicationController, Secret, Service, ServiceAccount,
} from 'kubernetes-types/core/v1';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1';
import type { LabelSelector } from 'kubernetes-types/meta/v1';
import type { Ingress, IngressClass, IngressLoadBalancerStatus, NetworkPolicy } from 'kubernetes-types/networking/v1';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1';
import type { RoleBinding } from 'kubernetes-types/rbac/v1';
import type { Resource, Stored } from '../api/kinds.ts';
import { parseTimestamp } from '../runtime.ts';

export type Cell = string | number;

export interface PrintContext {
  readonly nowMs: number;
  readonly minor: number;
}

type Printer = (object: never, context: PrintContext) => readonly Cell[];

const none = '<none>';

export const printers: Record<Resource, Printer> = {
  pods: printPod,
  services: printService,
  nodes: printNode,
  endpoints: (object: Stored<Endpoints>, context) => [object.metadata.name, endpointsText(object), age(object, context)],
  endpointslices: (object: Stored<EndpointSlice>, context) => [
    object.metadata.name, object.addressType, firstFew(object.ports === null || (object.ports ?? []).length === 0 ? [] : object.ports!.map((port) => String(port.port ?? port.name ?? '*')), '<unset>'),
    firstFew((object.endpoints ?? []).flatMap(({ addresses }) => (addresses as string[] | null) ?? []), '<unset>'), age(object, context),
  ],
  events: printEvent,
  namespaces: (object: Stored<Namespace>, context) => [object.metadata.name, object.status?.phase ?? '', age(object, context)],
  configmaps: (object: Stored<ConfigMap>, context) => [
    object.metadata.name, Object.keys(object.data ?? {}).length + Object.keys(object.binaryData ?? {}).length, age(object, context),
  ],
  secrets: (object: Stored<Secret>, context) => [object.metadata.name, object.type ?? '', Object.keys(object.data ?? {}).length, age(object, context)],
  serviceaccounts: (object: Stored<ServiceAccount>, context) => [object.metadata.name, (object.secrets ?? []).length, age(object, context)],
  replicationcontrollers: (object: Stored<ReplicationController>, context) => [
    object.metadata.name, object.spec?.replicas ?? 0, object.status?.replicas ?? 0, object.status?.readyReplicas ?? 0, age(object, context),
    ...containerCells(object.spec?.template?.spec?.containers), labelsText(object.spec?.selector),
  ],
  deployments: (object: Stored<Deployment>, context) => [
    object.metadata.name, `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`, object.status?.updatedReplicas ?? 0,
    object.status?.availableReplicas ?? 0, age(object, context), ...containerCells(object.spec?.template.spec?.containers), selectorText(object.spec?.selector, ''),
  ],
  replicasets: (object: Stored<ReplicaSet>, context) => [
    object.metadata.name, object.spec?.replicas ?? 0, object.status?.replicas ?? 0, object.status?.readyReplicas ?? 0, age(object, context),
    ...containerCells(object.spec?.template?.spec?.containers), selectorText(object.spec?.selector),
  ],
  daemonsets: ({ metadata, spec, status }: Stored<DaemonSet>, context) => [
    metadata.name, status?.desiredNumberScheduled ?? 0, status?.currentNumberScheduled ?? 0, status?.numberReady ?? 0, status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0, labelsText(spec?.template.spec?.nodeSelector), age({ metadata }, context), ...containerCells(spec?.template.spec?.containers),
    selectorText(spec?.selector),
  ],
  statefulsets: (object: Stored<StatefulSet>, context) => [
    object.metadata.name, `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`, age(object, context), ...containerCells(object.spec?.template.spec?.containers),
  ],
  controllerrevisions: (object: Stored<ControllerRevision>, context) => {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    return [object.metadata.name, owner === undefined ? none : `${owner.kind.toLowerCase()}.${owner.apiVersion.split('/')[0]!}/${owner.name}`, object.revision, age(object, context)];
  },
  horizontalpodautoscalers: (object: Stored<HorizontalPodAutoscaler>, context) => {
    const { scaleTargetRef, targetCPUUtilizationPercentage: wanted, minReplicas, maxReplicas } = object.spec!;
    const used = object.status?.currentCPUUtilizationPercentage;
    return [
      object.metadata.name, `${scaleTargetRef.kind}/${scaleTargetRef.name}`, wanted === undefined ? none : `${used === undefined ? '<unknown>' : `${used}%`}/${wanted}%`, String(minReplicas ?? '<unset>'),
      maxReplicas, object.status?.currentReplicas ?? 0, age(object, context),
    ];
  },
  cronjobs: (object: Stored<CronJob>, context) => [
    object.metadata.name, object.spec!.schedule, object.spec!.suspend === true ? 'True' : 'False', (object.status?.active ?? []).length,
    object.status?.lastScheduleTime === undefined ? none : since(object.status.lastScheduleTime, context), age(object, context), ...containerCells(object.spec!.jobTemplate.spec?.template.spec?.containers),
    selectorText(object.spec!.jobTemplate.spec?.selector),
  ],
  jobs: printJob,
  leases: (object: Stored<Lease>, context) => [object.metadata.name, object.spec?.holderIdentity ?? '', age(object, context)],
  ingresses: (object: Stored<Ingress>, context) => [
    object.metadata.name, object.spec?.ingressClassName ?? none, hostsText(object), balancerText(object.status?.loadBalancer),
    (object.spec?.tls ?? []).length > 0 ? '80, 443' : '80', age(object, context),
  ],
  ingressclasses: (object: Stored<IngressClass>, context) => {
    const parameters = object.spec?.parameters;
    const group = parameters?.apiGroup === undefined ? '' : `.${parameters.apiGroup}`;
    return [object.metadata.name, object.spec?.controller ?? '', parameters === undefined ? none : `${parameters.kind}${group}/${parameters.name}`, age(object, context)];
  },
  networkpolicies: (object: Stored<NetworkPolicy>, context) => [object.metadata.name, selectorText(object.spec?.podSelector), age(object, context)],
  poddisruptionbudgets: (object: Stored<PodDisruptionBudget>, context) => [
    object.metadata.name, String(object.spec?.minAvailable ?? 'N/A'), String(object.spec?.maxUnavailable ?? 'N/A'), object.status?.disruptionsAllowed ?? 0, age(object, context),
  ],
  rolebindings: printBinding,
  clusterrolebindings: printBinding,
  roles: (object: Stored<object>) => [object.metadata.name, object.metadata.creationTimestamp],
  clusterroles: (object: Stored<object>) => [object.metadata.name, object.metadata.creationTimestamp],
};

/** duration.HumanDuration: `94s`, `3m20s`, `5h`, `8d`. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const and = (whole: number, unit: string, rest: number, restUnit: string): string => `${whole}${unit}${rest === 0 ? '' : `${rest}${restUnit}`}`;
  if (minutes < 10) return and(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return and(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return and(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  if (days < 365 * 8) return and(Math.floor(days / 365), 'y', days % 365, 'd');
  return `${Math.floor(days / 365)}y`;
}

function since(text: string | null | undefined, { nowMs }: PrintContext): string {
  const atMs = parseTimestamp(text ?? undefined);
  return atMs === undefined ? '<unknown>' : humanDuration(nowMs - atMs);
}

function age({ metadata }: Stored<object>, context: PrintContext): string {
  return since(metadata.creationTimestamp, context);
}

function printPod(pod: Stored<Pod>, context: PrintContext): readonly Cell[] {
  const { spec, status } = pod;
  const { reason, ready, restarts } = podState(pod);
  const gates = spec?.readinessGates ?? [];
  const open = gates.filter(({ conditionType }) => status?.conditions?.find(({ type }) => type === conditionType)?.status === 'True').length;
  return [
    pod.metadata.name, `${ready}/${spec?.containers.length ?? 0}`, reason, restartsText(pod, restarts, context), age(pod, context),
    status?.podIPs?.[0]?.ip ?? status?.podIP ?? none, spec?.nodeName ?? none, status?.nominatedNodeName ?? none,
    gates.length === 0 ? none : `${open}/${gates.length}`,
  ];
}

/** Since 1.22 a pod that has been restarted says when it last was: `2 (34s ago)`. */
function restartsText(pod: Pod, restarts: number, context: PrintContext): Cell {
  if (context.minor < 22) return restarts;
  const ends = [...pod.status?.initContainerStatuses ?? [], ...pod.status?.containerStatuses ?? []]
    .flatMap(({ lastState }) => parseTimestamp(lastState?.terminated?.finishedAt) ?? []);
  return restarts === 0 || ends.length === 0 ? String(restarts) : `${restarts} (${humanDuration(context.nowMs - Math.max(...ends))} ago)`;
}

interface PodState {
  readonly reason: string;
  readonly ready: number;
  readonly restarts: number;
}

/** What STATUS says of a pod: the phase, or whatever keeps it from more. */
function podState(pod: Pod): PodState {
  const { status } = pod;
  let reason = (status?.reason ?? '') === '' ? status?.phase ?? '' : status!.reason!;
  let restarts = 0;
  let ready = 0;
  let isInitializing = false;
  const initial = status?.initContainerStatuses ?? [];
  for (const [index, container] of initial.entries()) {
    restarts += container.restartCount;
    const { terminated, waiting } = container.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (terminated !== undefined) reason = `Init:${endReason(terminated)}`;
    else if ((waiting?.reason ?? '') !== '' && waiting?.reason !== 'PodInitializing') reason = `Init:${waiting!.reason!}`;
    else reason = `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
    isInitializing = true;
    break;
  }
  if (!isInitializing) {
    restarts = 0;
    let isAnyRunning = false;
    for (const container of [...status?.containerStatuses ?? []].reverse()) {
      restarts += container.restartCount;
      const { waiting, terminated, running } = container.state ?? {};
      if ((waiting?.reason ?? '') !== '') reason = waiting!.reason!;
      else if (terminated !== undefined) reason = endReason(terminated);
      else if (container.ready && running !== undefined) {
        isAnyRunning = true;
        ready += 1;
      }
    }
    if (reason === 'Completed' && isAnyRunning) {
      reason = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true ? 'Running' : 'NotReady';
    }
  }
  if (pod.metadata?.deletionTimestamp !== undefined) reason = status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  return { reason, ready, restarts };
}

function endReason({ reason, signal, exitCode }: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>): string {
  if ((reason ?? '') !== '') return reason!;
  return (signal ?? 0) === 0 ? `ExitCode:${exitCode}` : `Signal:${signal!}`;
}

function printService(service: Stored<Service>, context: PrintContext): readonly Cell[] {
  const spec = service.spec!;
  const ports = (spec.ports ?? []).map(({ port, nodePort, protocol }) => `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol ?? 'TCP'}`);
  return [
    service.metadata.name, spec.type ?? '', spec.clusterIPs?.[0] ?? spec.clusterIP ?? none, externalText(service), ports.length === 0 ? none : ports.join(','), age(service, context),
    labelsText(spec.selector),
  ];
}

function externalText({ spec, status }: Service): string {
  if (spec?.type === 'ExternalName') return spec.externalName ?? '';
  const balancer = spec?.type === 'LoadBalancer' ? balancerText(status?.loadBalancer) : '';
  const all = [...balancer === '' ? [] : [balancer], ...spec?.externalIPs ?? []];
  if (all.length > 0) return all.join(',');
  return spec?.type === 'LoadBalancer' ? '<pending>' : none;
}

function balancerText(status: LoadBalancerStatus | IngressLoadBalancerStatus | undefined): string {
  const all = (status?.ingress ?? []).map(({ ip, hostname }) => ((ip ?? '') === '' ? hostname ?? '' : ip!)).filter((one) => one !== '');
  return [...new Set(all)].sort().join(',');
}

function printNode(node: Stored<Node>, context: PrintContext): readonly Cell[] {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const status = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (node.spec?.unschedulable === true) status.push('SchedulingDisabled');
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith('node-role.kubernetes.io/')) roles.add(key.slice('node-role.kubernetes.io/'.length));
    else if (key === 'kubernetes.io/role') roles.add(value);
  }
  roles.delete('');
  const address = (wanted: string): string => node.status?.addresses?.find(({ type }) => type === wanted)?.address ?? none;
  const info = node.status?.nodeInfo;
  const known = (text: string | undefined): string => ((text ?? '') === '' ? '<unknown>' : text!);
  return [
    node.metadata.name, status.join(','), roles.size === 0 ? none : [...roles].sort().join(','), age(node, context), info?.kubeletVersion ?? '',
    address('InternalIP'), address('ExternalIP'), known(info?.osImage), known(info?.kernelVersion), known(info?.containerRuntimeVersion),
  ];
}

function endpointsText({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return none;
  const all = subsets.flatMap(({ addresses = [], ports = [] }) => (ports.length === 0 ? addresses.map(({ ip }) => ip)
    : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`))));
  return firstFew(all, '');
}

/** Three of them, and how many more there are. */
function firstFew(all: readonly string[], empty: string): string {
  if (all.length === 0) return empty;
  return all.slice(0, 3).join(',') + (all.length > 3 ? ` + ${all.length - 3} more...` : '');
}

function printEvent(event: Stored<Event>, context: PrintContext): readonly Cell[] {
  const firstSeen = since((event.firstTimestamp ?? null) === null ? event.eventTime : event.firstTimestamp, context);
  const lastSeen = event.series !== undefined ? since(event.series.lastObservedTime, context) : (event.lastTimestamp ?? null) === null ? firstSeen : since(event.lastTimestamp, context);
  const count = event.series !== undefined ? (event.series.count ?? 0) + 1 : event.count ?? 1;
  const { kind = '', name = '', fieldPath = '' } = event.involvedObject;
  const source = event.source?.component ?? event.reportingComponent ?? '';
  const host = event.source?.host ?? event.reportingInstance ?? '';
  return [
    lastSeen, event.type ?? '', event.reason ?? '', name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`, fieldPath, host === '' ? source : `${source}, ${host}`,
    (event.message ?? '').trim(), firstSeen, count, event.metadata.name,
  ];
}

function printJob(job: Stored<Job>, context: PrintContext): readonly Cell[] {
  const { spec, status } = job;
  const succeeded = status?.succeeded ?? 0;
  const parallelism = spec?.parallelism ?? 0;
  const completions = spec?.completions !== undefined ? `${succeeded}/${spec.completions}` : parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
  const startMs = parseTimestamp(status?.startTime);
  const duration = startMs === undefined ? '' : humanDuration((parseTimestamp(status?.completionTime) ?? context.nowMs) - startMs);
  return [job.metadata.name, completions, duration, age(job, context), ...containerCells(spec?.template.spec?.containers), selectorText(spec?.selector)];
}

function printBinding(binding: Stored<RoleBinding>, context: PrintContext): readonly Cell[] {
  const named = (wanted: string): string => (binding.subjects ?? []).filter(({ kind }) => kind === wanted)
    .map(({ name, namespace }) => (wanted === 'ServiceAccount' && namespace !== undefined ? `${namespace}/${name}` : name)).join(', ');
  return [binding.metadata.name, `${binding.roleRef.kind}/${binding.roleRef.name}`, age(binding, context), named('User'), named('Group'), named('ServiceAccount')];
}

function hostsText({ spec }: Ingress): string {
  const hosts = (spec?.rules ?? []).map(({ host }) => host ?? '').filter((host) => host !== '');
  return hosts.length === 0 ? '*' : firstFew(hosts, '*');
}

function containerCells(containers: readonly Container[] | undefined): readonly [string, string] {
  return [(containers ?? []).map(({ name }) => name).join(','), (containers ?? []).map(({ image }) => image ?? '').join(',')];
}

function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const all = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`).sort();
  return all.length === 0 ? none : all.join(',');
}

/** metav1.FormatLabelSelector: `app=web,tier in (a,b)`. */
export function selectorText(selector: LabelSelector | undefined, empty: string = none): string {
  if (selector === undefined) return empty;
  const words: Record<string, (key: string, values: string) => string> = {
    In: (key, values) => `${key} in (${values})`, NotIn: (key, values) => `${key} notin (${values})`, Exists: (key) => key, DoesNotExist: (key) => `!${key}`,
  };
  const all = [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => ({ key, text: words[operator]?.(key, [...values].sort().join(',')) ?? '' })),
  ].sort((one, other) => (one.key < other.key ? -1 : 1));
  return all.length === 0 ? empty : all.map(({ text }) => text).join(',');
}

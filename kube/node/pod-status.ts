/** A pod's status made of what runs. Read first: kubernetes pkg/kubelet/kubelet_pods.go (getPhase, convertToAPIContainerStatuses), pkg/kubelet/status/generate.go */
import type { ContainerState as ApiContainerState, ContainerStatus, PodCondition, PodStatus } from 'kubernetes-types/core/v1';
import { timestamp } from '../runtime.ts';
import type { ContainerRecord } from './container-runtime.ts';
import { shortReference } from './images.ts';
import type { ContainerState, PodWorker, WorkerTools } from './pod-worker.ts';

type Written = { -readonly [Field in keyof PodStatus]: PodStatus[Field] };

/** `before` keeps the times of conditions that stay as they are. */
export function podStatus(worker: PodWorker, tools: WorkerTools, before?: PodStatus): Written {
  const { pod, init, containers, address } = worker;
  const phase = phaseOf(worker);
  const initDone = init.every(({ record }) => record?.state === 'exited' && record.exitCode === 0);
  const unready = containers.filter((container) => !isReady(container, worker)).map(({ template }) => template.name);
  const now = timestamp(tools.time.nowMs());
  const isDone = phase === 'Succeeded';
  const condition = (type: string, isTrue: boolean, reason?: string, message?: string): PodCondition => {
    const status = isTrue ? 'True' : 'False';
    const known = before?.conditions?.find((one) => one.type === type);
    return {
      type, status, lastProbeTime: null as unknown as undefined, lastTransitionTime: known?.status === status ? known.lastTransitionTime! : now,
      ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }),
    } as PodCondition;
  };
  const waitingInit = init.filter(({ record }) => !(record?.state === 'exited' && record.exitCode === 0)).map(({ template }) => template.name);
  const readiness = (type: string): PodCondition => (isDone ? condition(type, false, 'PodCompleted') : unready.length === 0 ? condition(type, true) : condition(type, false, 'ContainersNotReady', `containers with unready status: [${unready.join(' ')}]`));
  const scheduled = before?.conditions?.find(({ type }) => type === 'PodScheduled');
  const known = new Set(['Initialized', 'Ready', 'ContainersReady', 'PodScheduled']);
  return {
    phase,
    conditions: [
      isDone && init.length === 0 ? condition('Initialized', true, 'PodCompleted') : initDone ? condition('Initialized', true) : condition('Initialized', false, 'ContainersNotInitialized', `containers with incomplete status: [${waitingInit.join(' ')}]`),
      readiness('Ready'), readiness('ContainersReady'), scheduled ?? condition('PodScheduled', true),
      ...(before?.conditions ?? []).filter(({ type }) => !known.has(type)),
    ],
    hostIP: tools.hostAddress,
    ...(address === undefined ? (before?.podIP === undefined ? {} : { podIP: before.podIP, podIPs: before.podIPs! }) : { podIP: address, podIPs: [{ ip: address }] }),
    startTime: before?.startTime ?? timestamp(worker.startedMs),
    ...(init.length > 0 ? { initContainerStatuses: init.map((container) => containerStatus(container, worker, tools)) } : {}),
    containerStatuses: [...containers].sort((left, right) => (left.template.name < right.template.name ? -1 : 1)).map((container) => containerStatus(container, worker, tools)),
    qosClass: before?.qosClass ?? pod.status?.qosClass ?? qosClass(worker),
  };
}

function phaseOf({ pod, init, containers }: PodWorker): 'Pending' | 'Running' | 'Succeeded' | 'Failed' {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const failedInit = init.some(({ record }) => record?.state === 'exited' && record.exitCode !== 0);
  if (failedInit && policy === 'Never') return 'Failed';
  if (init.some(({ record }) => !(record?.state === 'exited' && record.exitCode === 0))) return 'Pending';
  if (containers.some(({ record, previous }) => record === undefined && previous === undefined)) return 'Pending';
  if (containers.some(({ record }) => record?.state === 'created')) return containers.every(({ previous, record }) => previous !== undefined || record?.state !== 'created') ? 'Running' : 'Pending';
  if (policy === 'Always' || containers.some(({ record }) => record?.state === 'running')) return 'Running';
  const isFailed = containers.some(({ record }) => record !== undefined && record.exitCode !== 0);
  if (!isFailed) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function isReady({ isReady: passes, isStarted, record }: ContainerState, worker: PodWorker): boolean {
  return record?.state === 'running' && passes && isStarted && !(worker.isTerminating && worker.pod.metadata.deletionTimestamp === undefined);
}

function containerStatus(container: ContainerState, worker: PodWorker, { runtime }: WorkerTools): ContainerStatus {
  const { template, record, previous, restarts } = container;
  const image = record?.spec.image;
  const state: ApiContainerState = record?.state === 'running' ? { running: { startedAt: at(record.startedUs) } }
    : record?.state === 'exited' && isFinal(container, worker) ? { terminated: terminated(record, runtime.kind) }
      : { waiting: { reason: container.waiting.reason, ...(container.waiting.message === undefined ? {} : { message: container.waiting.message }) } };
  const last = record?.state === 'exited' && !isFinal(container, worker) ? record : previous;
  const isInit = worker.init.includes(container);
  return {
    name: template.name, state, lastState: last === undefined ? {} : { terminated: terminated(last, runtime.kind) },
    ready: isInit ? record?.state === 'exited' && record.exitCode === 0 : isReady(container, worker), restartCount: restarts,
    image: image === undefined ? (template.image ?? '') : shortReference(image.reference), imageID: image === undefined ? '' : `${runtime.kind === 'docker' ? 'docker-pullable://' : ''}${image.reference.replace(/:[^:/]*$/, '').replace(/^docker\.io\/library\//, runtime.kind === 'docker' ? '' : 'docker.io/library/')}@sha256:${image.digest}`,
    ...(record === undefined ? {} : { containerID: `${runtime.kind}://${record.id}` }),
    started: record?.state === 'running' && container.isStarted,
  } as ContainerStatus;
}

/** It ended and nobody is about to start it again. */
function isFinal(container: ContainerState, { pod, isTerminating, init }: PodWorker): boolean {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const code = container.record?.exitCode;
  if (isTerminating) return true;
  if (init.includes(container)) return code === 0 || policy === 'Never';
  // Between its end and the next attempt it shows how it ended.
  return policy === 'Never' || (policy === 'OnFailure' && code === 0) || container.waiting.message === undefined;
}

function terminated(record: ContainerRecord, kind: string): NonNullable<ApiContainerState['terminated']> {
  const reason = record.startError !== undefined ? (kind === 'docker' ? 'ContainerCannotRun' : 'StartError') : record.exitCode === 0 ? 'Completed' : 'Error';
  return {
    exitCode: record.exitCode, ...(record.startError === undefined ? {} : { message: record.startError }), reason, startedAt: at(record.startedUs), finishedAt: at(record.finishedUs), containerID: `${kind}://${record.id}`,
  };
}

function at(epochUs: number): string {
  return timestamp(Math.floor(epochUs / 1000));
}

function qosClass({ containers }: PodWorker): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const resources = containers.map(({ template }) => template.resources ?? {});
  if (resources.every(({ limits, requests }) => Object.keys(limits ?? {}).length + Object.keys(requests ?? {}).length === 0)) return 'BestEffort';
  const isWhole = resources.every(({ limits = {}, requests = {} }) => ['cpu', 'memory'].every((name) => limits[name] !== undefined && (requests[name] === undefined || requests[name] === limits[name])));
  return isWhole ? 'Guaranteed' : 'Burstable';
}

/** Pods that run until enough of them have succeeded (pkg/controller/job). */
import type { JobStatus } from 'kubernetes-types/batch/v1';
import type { StoredObject } from '../api/kinds.ts';
import { copy, equal } from '../api/values.ts';
import { parseTimestamp, timestamp } from '../runtime.ts';
import { isActive, isTerminating, type ControllerContext, type StoredPod } from './controller.ts';
import { byController, type ObjectIndex } from './object-index.ts';
import { createPod, deletePod, slowStart } from './pod-control.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';

/** DefaultJobBackOff, MaxJobBackOff: pods of a job that fails come slower and slower. */
const BACK_OFF_MS = 10_000;
const MOST_BACK_OFF_MS = 360_000;

type Job = StoredObject<'jobs'>;

export function startJobController(context: ControllerContext): void {
  const { client, runtime } = context;
  const pods = byController(client, 'pods');
  const queue = new WorkQueue(runtime, (key) => sync(context, pods, key, (delayMs) => queue.addAfter(key, delayMs)));
  client.watch('jobs', {}, ({ object }) => queue.add(keyOf(object)));
  client.watch('pods', {}, ({ object }) => {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner?.kind === 'Job') queue.add(`${object.metadata.namespace}/${owner.name}`);
  });
}

function sync(context: ControllerContext, index: ObjectIndex<'pods'>, key: string, again: (delayMs: number) => void): void {
  const { client, runtime, record } = context;
  const job = client.find('jobs', parseKey(key));
  if (job === undefined || isTerminating(job)) return;
  const owner = { ...job, apiVersion: 'batch/v1', kind: 'Job' };
  const nowMs = runtime.nowMs();
  const pods = index.get(job.metadata.uid);
  const active = pods.filter(isActive);
  const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded').length;
  const failed = pods.filter(({ status }) => status?.phase === 'Failed').length;
  const ended = job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
  if (ended !== undefined) return afterwards(context, job, nowMs, again);
  const conditions = [...(job.status?.conditions ?? [])];
  const startTime = job.status?.startTime ?? timestamp(nowMs);
  const { parallelism = 1, completions, backoffLimit = 6, activeDeadlineSeconds } = job.spec ?? {};
  const failure = reasonToFail(pods, failed, backoffLimit, activeDeadlineSeconds, nowMs - (parseTimestamp(startTime) ?? nowMs));
  const isComplete = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  if (failure !== undefined) {
    for (const pod of active) deletePod(context, owner, pod);
    conditions.push({ type: 'Failed', status: 'True', ...failure, lastProbeTime: timestamp(nowMs), lastTransitionTime: timestamp(nowMs) });
    record(owner, 'Warning', failure.reason, failure.message);
  } else if (isComplete) {
    conditions.push({ type: 'Complete', status: 'True', lastProbeTime: timestamp(nowMs), lastTransitionTime: timestamp(nowMs) });
    record(owner, 'Normal', 'Completed', 'Job completed');
  } else {
    const wanted = completions === undefined ? (succeeded > 0 ? active.length : parallelism) : Math.min(parallelism, completions - succeeded);
    const waitMs = backOffMs(pods, nowMs);
    if (active.length < wanted && waitMs > 0) again(waitMs);
    else slowStart(wanted - active.length, () => index.note(createPod(context, owner, job.spec!.template)));
    for (const pod of active.slice(Math.max(0, wanted))) deletePod(context, owner, pod);
    if (activeDeadlineSeconds !== undefined) again((parseTimestamp(startTime) ?? nowMs) + activeDeadlineSeconds * 1000 - nowMs);
  }
  const running = failure === undefined ? index.get(job.metadata.uid).filter(isActive).length : 0;
  const status: JobStatus = {
    startTime, ...(conditions.length === 0 ? {} : { conditions: copy(conditions) }), ...(running === 0 ? {} : { active: running }),
    ...(succeeded === 0 ? {} : { succeeded }), ...(failed === 0 ? {} : { failed }), ...(isComplete && failure === undefined ? { completionTime: timestamp(nowMs) } : {}),
  };
  if (!equal(status, job.status)) client.editStatus('jobs', job.metadata, (draft) => void (draft.status = status));
}

function reasonToFail(pods: readonly StoredPod[], failed: number, backoffLimit: number, deadlineSeconds: number | undefined, ranMs: number): { reason: string; message: string } | undefined {
  const restarts = pods.filter(({ spec }) => spec?.restartPolicy === 'OnFailure').flatMap(({ status }) => status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
  if (failed > backoffLimit || restarts > backoffLimit) return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  if (deadlineSeconds !== undefined && ranMs >= deadlineSeconds * 1000) return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  return undefined;
}

function backOffMs(pods: readonly StoredPod[], nowMs: number): number {
  const failures = pods.filter(({ status }) => status?.phase === 'Failed');
  if (failures.length === 0) return 0;
  const lastMs = Math.max(...failures.map((pod) => parseTimestamp(pod.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt) ?? parseTimestamp(pod.metadata.creationTimestamp) ?? 0));
  return lastMs + Math.min(BACK_OFF_MS * 2 ** (failures.length - 1), MOST_BACK_OFF_MS) - nowMs;
}

/** ttlSecondsAfterFinished. */
function afterwards({ client }: ControllerContext, job: Job, nowMs: number, again: (delayMs: number) => void): void {
  const { ttlSecondsAfterFinished } = job.spec ?? {};
  if (ttlSecondsAfterFinished === undefined) return;
  const endedMs = Math.max(...(job.status?.conditions ?? []).map(({ lastTransitionTime }) => parseTimestamp(lastTransitionTime) ?? 0));
  const dueMs = endedMs + ttlSecondsAfterFinished * 1000;
  if (dueMs <= nowMs) client.delete('jobs', job.metadata, { propagationPolicy: 'Foreground' });
  else again(dueMs - nowMs);
}

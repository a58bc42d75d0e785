/** Jobs made at certain times (pkg/controller/cronjob). */
import type { CronJobStatus } from 'kubernetes-types/batch/v1';
import type { StoredObject } from '../api/kinds.ts';
import { parseSchedule, timesBetween } from '../api/cron-schedule.ts';
import { copy, equal } from '../api/values.ts';
import { parseTimestamp, timestamp } from '../runtime.ts';
import { isTerminating, ownerReference, type ControllerContext } from './controller.ts';
import { byController, type ObjectIndex } from './object-index.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';

export interface CronJobOptions {
  /** Before 1.21 it is batch/v1beta1 (the default), and the names of Jobs count seconds instead of minutes. */
  readonly cronJobVersion?: 'batch/v1' | 'batch/v1beta1';
}

/** So many starts that were missed are too many to tell which was the last. */
const MOST_MISSED = 100;

type CronJob = Omit<StoredObject<'cronjobs'>, 'apiVersion' | 'kind'> & { readonly apiVersion: string; readonly kind: string };
type Job = StoredObject<'jobs'>;

export function startCronJobController(context: ControllerContext, options: CronJobOptions): void {
  const { client, runtime } = context;
  const jobs = byController(client, 'jobs');
  const queue = new WorkQueue(runtime, (key) => sync(context, options, jobs, key, (delayMs) => queue.addAfter(key, delayMs)));
  client.watch('cronjobs', {}, ({ object }) => queue.add(keyOf(object)));
  client.watch('jobs', {}, ({ object }) => {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner?.kind === 'CronJob') queue.add(`${object.metadata.namespace}/${owner.name}`);
  });
}

function sync(context: ControllerContext, options: CronJobOptions, index: ObjectIndex<'jobs'>, key: string, again: (delayMs: number) => void): void {
  const { client, record } = context;
  const found = client.find('cronjobs', parseKey(key));
  if (found === undefined) return;
  const owner: CronJob = { ...found, apiVersion: options.cronJobVersion ?? 'batch/v1beta1', kind: 'CronJob' };
  const jobs = index.get(found.metadata.uid);
  let active = [...found.status?.active ?? []];
  for (const job of jobs) {
    const isActive = active.some(({ uid }) => uid === job.metadata.uid);
    const ended = endOf(job);
    if (isActive && ended !== undefined) {
      active = active.filter(({ uid }) => uid !== job.metadata.uid);
      record(owner, 'Normal', 'SawCompletedJob', `Saw completed job: ${job.metadata.name}, status: ${ended}`);
    } else if (!isActive && ended === undefined) record(owner, 'Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${job.metadata.name}`);
  }
  for (const { name, uid } of active.filter((one) => !jobs.some(({ metadata }) => metadata.uid === one.uid))) {
    active = active.filter((one) => one.uid !== uid);
    record(owner, 'Normal', 'MissingJob', `Active job went missing: ${name!}`);
  }
  let { lastScheduleTime } = found.status ?? {};
  if (!isTerminating(found) && found.spec?.suspend !== true) {
    const started = start(context, owner, active, again);
    if (started !== undefined) {
      index.note(started.job);
      const { name, namespace, uid, resourceVersion } = started.job.metadata;
      active = [...started.active, { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion }];
      lastScheduleTime = timestamp(started.atMs);
    }
  }
  const status: CronJobStatus = { ...(active.length === 0 ? {} : { active: copy(active) }), ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }) };
  if (!equal(status, found.status ?? {})) client.editStatus('cronjobs', found.metadata, (draft) => void (draft.status = status));
  for (const [how, most] of [['Complete', found.spec?.successfulJobsHistoryLimit], ['Failed', found.spec?.failedJobsHistoryLimit]] as const) {
    const ended = jobs.filter((job) => endOf(job) === how).sort((one, other) => startOf(one) - startOf(other));
    for (const job of most === undefined ? [] : ended.slice(0, Math.max(0, ended.length - most))) remove(context, owner, job);
  }
}

/** The Job that is due, if one is. */
function start(context: ControllerContext, owner: CronJob, active: readonly { readonly name?: string; readonly uid?: string }[], again: (delayMs: number) => void): { readonly job: Job; readonly atMs: number; readonly active: readonly object[] } | undefined {
  const { client, runtime, record } = context;
  const { schedule: text, startingDeadlineSeconds, concurrencyPolicy, jobTemplate } = owner.spec!;
  const schedule = parseSchedule(text);
  if (typeof schedule === 'string') {
    record(owner, 'Warning', 'FailedNeedsStart', `Cannot determine if job needs to be started: unparseable schedule: ${text} : ${schedule}`);
    return undefined;
  }
  const nowMs = runtime.nowMs();
  const nextMs = schedule.next(nowMs);
  if (nextMs !== undefined) again(nextMs - nowMs);
  const sinceMs = parseTimestamp(owner.status?.lastScheduleTime) ?? parseTimestamp(owner.metadata.creationTimestamp) ?? nowMs;
  const deadlineMs = startingDeadlineSeconds === undefined ? undefined : startingDeadlineSeconds * 1000;
  const times = timesBetween(schedule, deadlineMs === undefined ? sinceMs : Math.max(sinceMs, nowMs - deadlineMs), nowMs, MOST_MISSED + 1);
  if (times.length > MOST_MISSED) {
    record(owner, 'Warning', 'FailedNeedsStart', 'Cannot determine if job needs to be started: too many missed start time (> 100). Set or decrease .spec.startingDeadlineSeconds or check clock skew');
    return undefined;
  }
  const atMs = times.at(-1);
  if (atMs === undefined || (concurrencyPolicy === 'Forbid' && active.length > 0)) return undefined;
  let left = active;
  if (concurrencyPolicy === 'Replace') {
    for (const { name = '' } of active) {
      const job = client.find('jobs', { name, namespace: owner.metadata.namespace });
      if (job !== undefined) remove(context, owner, job);
    }
    left = [];
  }
  const { labels, annotations } = jobTemplate.metadata ?? {};
  const job = client.create('jobs', {
    metadata: {
      name: `${owner.metadata.name}-${Math.floor(atMs / (owner.apiVersion === 'batch/v1' ? 60_000 : 1000))}`, namespace: owner.metadata.namespace, ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }), ownerReferences: [ownerReference(owner, owner.apiVersion, owner.kind)],
    },
    spec: copy(jobTemplate.spec!),
  });
  record(owner, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
  return { job, atMs, active: left };
}

function remove({ client, record }: ControllerContext, owner: CronJob, job: Job): void {
  if (isTerminating(job)) return;
  client.delete('jobs', job.metadata, { propagationPolicy: 'Background' });
  record(owner, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
}

function endOf({ status }: Job): string | undefined {
  return status?.conditions?.find(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True')?.type;
}

function startOf({ status, metadata }: Job): number {
  return parseTimestamp(status?.startTime) ?? parseTimestamp(metadata.creationTimestamp) ?? 0;
}

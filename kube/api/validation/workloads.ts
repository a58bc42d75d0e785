/** Deployments, replica sets, daemon sets, stateful sets, jobs, autoscalers (pkg/apis/{apps,batch,autoscaling}/validation). */
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v1';
import type { CronJob, Job } from 'kubernetes-types/batch/v1';
import type { PodTemplateSpec, ReplicationController } from 'kubernetes-types/core/v1';
import type { LabelSelector } from 'kubernetes-types/meta/v1';
import { parseSchedule } from '../cron-schedule.ts';
import { percentProblems } from '../names.ts';
import { matchesSelector } from '../selectors.ts';
import { equal } from '../values.ts';
import { checkLabels, checkSelector, goSelector, isEmptySelector, isSelector } from './metadata.ts';
import { checkPodSpec } from './pods.ts';
import { goIntOrString, goMap, type Problems } from './problems.ts';

const templatePath = 'spec.template';

/** The selector of a workload; whether templates can be held against it. */
function checkWorkloadSelector(selector: LabelSelector | null | undefined, what: string, problems: Problems): selector is LabelSelector {
  if (selector === undefined || selector === null) {
    problems.required('spec.selector');
    return false;
  }
  checkSelector('spec.selector', selector, problems);
  if (isEmptySelector(selector)) problems.invalid('spec.selector', goSelector(selector), `empty selector is invalid for ${what}`);
  return true;
}

function checkTemplate(template: PodTemplateSpec | undefined, selector: LabelSelector | undefined, problems: Problems): void {
  const labels = template?.metadata?.labels;
  // No selector is Go's nothing: it matches nothing.
  const isMatch = selector !== undefined && matchesSelector(selector)(labels);
  if (!isMatch && (selector === undefined || !isEmptySelector(selector))) {
    problems.invalid(`${templatePath}.metadata.labels`, goMap(labels), '`selector` does not match template `labels`');
  }
  checkLabels(`${templatePath}.labels`, labels, problems);
  checkLabels(`${templatePath}.annotations`, undefined, problems);
  checkPodSpec(`${templatePath}.spec`, template?.spec ?? ({ containers: [] }), problems);
}

function checkAlways(template: PodTemplateSpec | undefined, problems: Problems): void {
  const spec = template?.spec;
  if (spec?.restartPolicy !== 'Always') problems.unsupported(`${templatePath}.spec.restartPolicy`, spec?.restartPolicy ?? '', ['Always']);
  if (spec?.activeDeadlineSeconds !== undefined) problems.forbidden(`${templatePath}.spec.activeDeadlineSeconds`, 'must not be specified');
}

/** Selects, but is no selector that can be parsed: nothing more is said of the template. */
function whenParsed(selector: LabelSelector, problems: Problems, then: () => void): void {
  if (isSelector(selector)) then();
  else problems.invalid('spec.selector', goSelector(selector), 'invalid label selector');
}

export function checkDeployment(deployment: Deployment, old: Deployment | undefined, problems: Problems): void {
  const spec = deployment.spec!;
  problems.notNegative('spec.replicas', spec.replicas);
  const hasSelector = checkWorkloadSelector(spec.selector, 'deployment', problems);
  const template = (): void => {
    checkTemplate(spec.template, hasSelector ? spec.selector : undefined, problems);
    checkAlways(spec.template, problems);
  };
  if (hasSelector) whenParsed(spec.selector, problems, template);
  else template();
  checkStrategy(spec.strategy ?? {}, problems);
  problems.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  problems.notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined) {
    problems.notNegative('spec.progressDeadlineSeconds', deadline);
    if (deadline <= (spec.minReadySeconds ?? 0)) problems.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds');
  }
  if (old !== undefined) problems.immutable('spec.selector', equal(spec.selector, old.spec?.selector), hasSelector ? goSelector(spec.selector) : '');
}

type Strategy = NonNullable<NonNullable<Deployment['spec']>['strategy']>;

function checkStrategy({ type = '', rollingUpdate }: Strategy, problems: Problems): void {
  if (type === 'Recreate') {
    if (rollingUpdate !== undefined) problems.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'");
  } else if (type === 'RollingUpdate') {
    const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
    const path = 'spec.strategy.rollingUpdate';
    checkCountOrPercent(`${path}.maxUnavailable`, maxUnavailable, problems);
    checkCountOrPercent(`${path}.maxSurge`, maxSurge, problems);
    const isZero = (value: number | string): boolean => value === 0 || value === '0%';
    if (isZero(maxUnavailable) && isZero(maxSurge)) problems.invalid(`${path}.maxUnavailable`, goIntOrString(maxUnavailable), 'may not be 0 when `maxSurge` is 0');
    checkAtMostAll(`${path}.maxUnavailable`, maxUnavailable, problems);
  } else {
    const pointer = rollingUpdate === undefined ? 'nil' : '0xc000012345';
    problems.unsupported('spec.strategy', { go: `apps.DeploymentStrategy{Type:${JSON.stringify(type)}, RollingUpdate:(*apps.RollingUpdateDeployment)(${pointer})}` }, ['Recreate', 'RollingUpdate']);
  }
}

export function checkCountOrPercent(path: string, value: number | string, problems: Problems): void {
  if (typeof value === 'string') problems.invalidAll(path, goIntOrString(value), percentProblems(value));
  else if (value < 0) problems.invalid(path, value, 'must be greater than or equal to 0');
}

function checkAtMostAll(path: string, value: number | string, problems: Problems): void {
  if (typeof value === 'string' && percentProblems(value).length === 0 && Number(value.slice(0, -1)) > 100) problems.invalid(path, goIntOrString(value), 'must not be greater than 100%');
}

export function checkReplicaSet(replicaSet: ReplicaSet, old: ReplicaSet | undefined, problems: Problems): void {
  const spec = replicaSet.spec!;
  problems.notNegative('spec.replicas', spec.replicas);
  problems.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  const hasSelector = checkWorkloadSelector(spec.selector, 'replicaset', problems);
  const template = (): void => {
    checkTemplate(spec.template, hasSelector ? spec.selector : undefined, problems);
    checkAlways(spec.template, problems);
  };
  if (hasSelector) whenParsed(spec.selector, problems, template);
  else template();
  if (old !== undefined) problems.immutable('spec.selector', equal(spec.selector, old.spec?.selector), hasSelector ? goSelector(spec.selector) : '');
}

export function checkReplicationController({ spec }: ReplicationController, problems: Problems): void {
  problems.notNegative('spec.minReadySeconds', spec?.minReadySeconds);
  if (Object.keys(spec?.selector ?? {}).length === 0) problems.required('spec.selector');
  problems.notNegative('spec.replicas', spec?.replicas);
  if (spec?.template === undefined) problems.required('spec.template');
  else {
    checkTemplate(spec.template, { matchLabels: spec.selector ?? {} }, problems);
    checkAlways(spec.template, problems);
  }
}

export function checkDaemonSet(daemonSet: DaemonSet, old: DaemonSet | undefined, problems: Problems): void {
  const spec = daemonSet.spec!;
  const hasSelector = checkWorkloadSelector(spec.selector, 'daemonset', problems);
  checkTemplate(spec.template, hasSelector ? spec.selector : undefined, problems);
  checkAlways(spec.template, problems);
  problems.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  const { type = '', rollingUpdate } = spec.updateStrategy ?? {};
  if (type === 'RollingUpdate') {
    const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
    const path = 'spec.updateStrategy.rollingUpdate.maxUnavailable';
    checkCountOrPercent(path, maxUnavailable, problems);
    if ((maxUnavailable === 0 || maxUnavailable === '0%') && (maxSurge === 0 || maxSurge === '0%')) problems.invalid(path, goIntOrString(maxUnavailable), 'cannot be 0');
    checkAtMostAll(path, maxUnavailable, problems);
  } else if (type !== 'OnDelete') {
    problems.unsupported('spec.updateStrategy', { go: `apps.DaemonSetUpdateStrategy{Type:${JSON.stringify(type)}, RollingUpdate:(*apps.RollingUpdateDaemonSet)(nil)}` }, ['RollingUpdate', 'OnDelete']);
  }
  problems.notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  if (old !== undefined) problems.immutable('spec.selector', equal(spec.selector, old.spec?.selector), hasSelector ? goSelector(spec.selector) : '');
}

export function checkStatefulSet(statefulSet: StatefulSet, old: StatefulSet | undefined, problems: Problems): void {
  const spec = statefulSet.spec!;
  if (old !== undefined) {
    const { replicas: _, template: __, updateStrategy: ___, minReadySeconds: ____, ...fixed } = spec;
    const { replicas: _5, template: _6, updateStrategy: _7, minReadySeconds: _8, ...before } = old.spec!;
    if (!equal(fixed, before)) problems.forbidden('spec', "updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden");
    problems.notNegative('spec.replicas', spec.replicas);
    return;
  }
  problems.notNegative('spec.replicas', spec.replicas);
  const hasSelector = checkWorkloadSelector(spec.selector, 'statefulset', problems);
  checkTemplate(spec.template, hasSelector ? spec.selector : undefined, problems);
  checkAlways(spec.template, problems);
}

export function checkJob(job: Job, old: Job | undefined, problems: Problems, minor: number): void {
  const spec = job.spec!;
  for (const field of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit'] as const) problems.notNegative(`spec.${field}`, spec[field]);
  if (minor >= 21) problems.notNegative('spec.ttlSecondsAfterFinished', spec.ttlSecondsAfterFinished);
  const { selector } = spec;
  if (selector !== undefined) {
    checkSelector('spec.selector', selector, problems);
    const generated = spec.template.metadata?.labels?.['controller-uid'];
    if (spec.manualSelector !== true && !equal(selector.matchLabels, { 'controller-uid': generated ?? '' })) problems.invalid('spec.selector', goSelector(selector), '`selector` not auto-generated');
    if (!matchesSelector(selector)(spec.template.metadata?.labels)) {
      problems.invalid('spec.template.metadata.labels', goMap(spec.template.metadata?.labels), '`selector` does not match template `labels`');
    }
  }
  checkJobTemplate('spec.template', spec.template, problems);
  if (old === undefined) return;
  problems.immutable('spec.completions', equal(spec.completions, old.spec?.completions), spec.completions);
  problems.immutable('spec.selector', equal(selector, old.spec?.selector), selector === undefined ? '' : goSelector(selector));
  problems.immutable('spec.template', equal(spec.template, old.spec?.template), { go: 'core.PodTemplateSpec{...}' });
}

function checkJobTemplate(path: string, template: PodTemplateSpec | undefined, problems: Problems): void {
  checkPodSpec(`${path}.spec`, template?.spec ?? { containers: [] }, problems);
  const policy = template?.spec?.restartPolicy;
  if (policy !== 'OnFailure' && policy !== 'Never') problems.required(`${path}.spec.restartPolicy`, 'valid values: "OnFailure", "Never"');
}

export function checkCronJob(cronJob: CronJob, problems: Problems): void {
  const spec = cronJob.spec!;
  if (spec.schedule === '') problems.required('spec.schedule');
  else {
    const schedule = parseSchedule(spec.schedule);
    if (typeof schedule === 'string') problems.invalid('spec.schedule', spec.schedule, schedule);
  }
  problems.notNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds);
  problems.oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  const job = spec.jobTemplate.spec;
  const path = 'spec.jobTemplate.spec';
  for (const field of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit'] as const) problems.notNegative(`${path}.${field}`, job?.[field]);
  checkJobTemplate(`${path}.template`, job?.template, problems);
  if (job?.selector !== undefined) problems.invalid(`${path}.selector`, goSelector(job.selector), '`selector` will be auto-generated');
  if (job?.manualSelector === true) problems.unsupported(`${path}.manualSelector`, true, ['nil', 'false']);
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) problems.notNegative(`spec.${field}`, spec[field]);
  if ((cronJob.metadata?.name ?? '').length > 52) problems.invalid('metadata.name', cronJob.metadata?.name, 'must be no more than 52 characters');
}

export function checkAutoscaler({ spec }: HorizontalPodAutoscaler, problems: Problems): void {
  const { minReplicas = 1, maxReplicas, scaleTargetRef, targetCPUUtilizationPercentage } = spec!;
  if (minReplicas < 1) problems.invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1');
  if (maxReplicas < 1) problems.invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0');
  if (maxReplicas < minReplicas) problems.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`');
  for (const field of ['kind', 'name'] as const) if (scaleTargetRef[field] === '') problems.required(`spec.scaleTargetRef.${field}`);
  if ((targetCPUUtilizationPercentage ?? 1) < 1) problems.invalid('spec.targetCPUUtilizationPercentage', targetCPUUtilizationPercentage, 'must be greater than 0');
}

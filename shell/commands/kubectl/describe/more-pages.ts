/** `describe` of CronJobs, autoscalers, disruption budgets, roles and their bindings (pkg/describe/describe.go). */
import { longTime } from '../time.ts';
import { annotations, eventLines, head, labels, selectorText, specOf, statusOf, text, type Page } from './page.ts';
import { templateText, type PodTemplate } from './pod-template.ts';
import { RULE_COLUMNS, ruleLines, type Rule } from './rules.ts';

type Selector = Parameters<typeof selectorText>[0];

export const cronJob: Page = async (session, subject) => {
  const { object } = subject;
  const spec = specOf<{
    schedule: string; concurrencyPolicy?: string; suspend?: boolean; successfulJobsHistoryLimit?: number; failedJobsHistoryLimit?: number; startingDeadlineSeconds?: number;
    jobTemplate: { spec: { selector?: Selector; parallelism?: number; completions?: number; activeDeadlineSeconds?: number; template: PodTemplate } };
  }>(object);
  const status = statusOf<{ lastScheduleTime?: string; active?: { name: string }[] }>(object);
  const job = spec.jobTemplate.spec;
  const active = status.active ?? [];
  return [
    ...head(subject, true), ...labels(object), ...annotations(object), `Schedule:\t${spec.schedule}`, `Concurrency Policy:\t${spec.concurrencyPolicy ?? ''}`, `Suspend:\t${spec.suspend === true ? 'True' : 'False'}`,
    `Successful Job History Limit:\t${text(spec.successfulJobsHistoryLimit, '<unset>')}`, `Failed Job History Limit:\t${text(spec.failedJobsHistoryLimit, '<unset>')}`,
    `Starting Deadline Seconds:\t${spec.startingDeadlineSeconds === undefined ? '<unset>' : `${spec.startingDeadlineSeconds}s`}`, `Selector:\t${job.selector === undefined ? '<unset>' : selectorText(job.selector)}`,
    `Parallelism:\t${text(job.parallelism, '<unset>')}`, `Completions:\t${text(job.completions, '<unset>')}`, ...(job.activeDeadlineSeconds === undefined ? [] : [`Active Deadline Seconds:\t${job.activeDeadlineSeconds}s`]),
    'Pod Template:', templateText(job.template, '  '), `Last Schedule Time:\t${status.lastScheduleTime === undefined ? '<unset>' : longTime(status.lastScheduleTime)}`,
    `Active Jobs:\t${active.length === 0 ? '<none>' : active.map(({ name }) => name).join(', ')}`, ...(await eventLines(session, subject)),
  ];
};

export const autoscaler: Page = async (session, subject) => {
  const { object } = subject;
  const { scaleTargetRef, targetCPUUtilizationPercentage, minReplicas, maxReplicas } = specOf<{ scaleTargetRef: { kind: string; name: string }; targetCPUUtilizationPercentage?: number; minReplicas?: number; maxReplicas: number }>(object);
  const status = statusOf<{ currentCPUUtilizationPercentage?: number; currentReplicas?: number; desiredReplicas?: number }>(object);
  return [
    ...head(subject, true), ...labels(object), ...annotations(object), `CreationTimestamp:\t${longTime(object.metadata?.creationTimestamp)}`, `Reference:\t${scaleTargetRef.kind}/${scaleTargetRef.name}`,
    ...(targetCPUUtilizationPercentage === undefined ? [] : [`Target CPU utilization:\t${targetCPUUtilizationPercentage}%`, `Current CPU utilization:\t${text(status.currentCPUUtilizationPercentage, '<unknown>')}%`]),
    `Min replicas:\t${text(minReplicas, '<unset>')}`, `Max replicas:\t${maxReplicas}`, `${scaleTargetRef.kind} pods:\t${status.currentReplicas ?? 0} current / ${status.desiredReplicas ?? 0} desired`, ...(await eventLines(session, subject)),
  ];
};

export const disruptionBudget: Page = async (session, subject) => {
  const spec = specOf<{ minAvailable?: number | string; maxUnavailable?: number | string; selector?: Selector }>(subject.object);
  const status = statusOf<{ disruptionsAllowed?: number; currentHealthy?: number; desiredHealthy?: number; expectedPods?: number }>(subject.object);
  return [
    ...head(subject, true), ...(spec.minAvailable !== undefined ? [`Min available:\t${spec.minAvailable}`] : spec.maxUnavailable !== undefined ? [`Max unavailable:\t${spec.maxUnavailable}`] : []),
    `Selector:\t${selectorText(spec.selector)}`, 'Status:', `    Allowed disruptions:\t${status.disruptionsAllowed ?? 0}`, `    Current:\t${status.currentHealthy ?? 0}`, `    Desired:\t${status.desiredHealthy ?? 0}`,
    `    Total:\t${status.expectedPods ?? 0}`, ...(await eventLines(session, subject)),
  ];
};

export const role: Page = (_session, { object, name }) => Promise.resolve([
  `Name:\t${name}`, ...labels(object), ...annotations(object), 'PolicyRule:', `  ${RULE_COLUMNS}`, '  ---------\t-----------------\t--------------\t-----',
  ...ruleLines((object as { rules?: Rule[] }).rules ?? []).map((line) => `  ${line}`),
]);

export const binding: Page = (_session, { object, name }) => {
  const { roleRef, subjects = [] } = object as unknown as { roleRef: { kind: string; name: string }; subjects?: { kind: string; name: string; namespace?: string }[] };
  return Promise.resolve([
    `Name:\t${name}`, ...labels(object), ...annotations(object), 'Role:', `  Kind:\t${roleRef.kind}`, `  Name:\t${roleRef.name}`, 'Subjects:', '  Kind\tName\tNamespace', '  ----\t----\t---------',
    ...subjects.map((one) => `  ${one.kind}\t${one.name}\t${one.namespace ?? ''}`),
  ]);
};

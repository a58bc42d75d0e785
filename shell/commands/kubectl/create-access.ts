/** create role, clusterrole and their bindings; create cronjob and poddisruptionbudget; autoscale (pkg/cmd/create, pkg/cmd/autoscale). */
import { make, nameOf, needs } from './create.ts';
import { report } from './messages.ts';
import { KubectlProblem, usageProblem } from './problem.ts';
import type { Command, KubeObject, Session } from './session.ts';

const RBAC = 'rbac.authorization.k8s.io';

function metadata(name: string): never {
  return { creationTimestamp: null, name } as never;
}

export const createCronJob: Command = (session) => {
  const { flags } = session;
  needs(session, 'image', 'schedule');
  const name = nameOf(session, 'cronjob');
  const command = flags.afterDash;
  const container = { ...(command.length === 0 ? {} : { command }), image: flags.text('image'), name, resources: {} };
  return make(session, 'cronjobs.batch', {
    apiVersion: 'batch/v1beta1', kind: 'CronJob', metadata: metadata(name),
    spec: {
      jobTemplate: { metadata: metadata(name), spec: { template: { metadata: { creationTimestamp: null }, spec: { containers: [container], restartPolicy: flags.text('restart') || 'OnFailure' } } } },
      schedule: flags.text('schedule'),
    },
    status: {},
  });
};

export const createDisruptionBudget: Command = (session) => {
  const { flags } = session;
  const name = nameOf(session, 'poddisruptionbudget');
  const amount = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);
  const [least, most] = [flags.text('min-available'), flags.text('max-unavailable')];
  if (flags.text('selector') === '') throw new KubectlProblem('a selector must be specified');
  if (least === '' && most === '') throw new KubectlProblem('one of min-available or max-unavailable must be specified');
  if (least !== '' && most !== '') throw new KubectlProblem('min-available and max-unavailable cannot be both specified');
  const matchLabels = Object.fromEntries(flags.text('selector').split(',').map((pair) => pair.split('=') as [string, string]));
  return make(session, 'poddisruptionbudgets.policy', {
    apiVersion: 'policy/v1beta1', kind: 'PodDisruptionBudget', metadata: metadata(name),
    spec: { ...(most === '' ? {} : { maxUnavailable: amount(most) }), ...(least === '' ? {} : { minAvailable: amount(least) }), selector: { matchLabels } },
    status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  });
};

// ---------------------------------------------------------------- roles

/** One rule for each group of the resources that were named, which the server must know. */
async function rules(session: Session): Promise<object[]> {
  const { flags } = session;
  const verbs = [...new Set(flags.list('verb'))];
  const urls = flags.list('non-resource-url');
  if (verbs.length === 0) throw new KubectlProblem('at least one verb must be specified');
  const named = flags.list('resource').filter((word) => word !== '');
  if (named.length === 0 && urls.length === 0) throw new KubectlProblem('at least one resource must be specified');
  if (named.length > 0 && urls.length > 0) throw new KubectlProblem('invalid parameters: do not specify both resources and nonResourceURLs');
  if (urls.length > 0) return [{ nonResourceURLs: urls, verbs }];
  const byGroup = new Map<string, string[]>();
  for (const word of named) {
    const [resource = '', subresource] = word.split('/');
    const info = await (await session.discovery()).find(resource).catch((error: unknown) => {
      throw error instanceof KubectlProblem ? new KubectlProblem(error.message, { isWhole: true }) : error;
    });
    const known = byGroup.get(info.group) ?? [];
    byGroup.set(info.group, [...known, subresource === undefined ? info.name : `${info.name}/${subresource}`]);
  }
  const resourceNames = flags.list('resource-name').filter((word) => word !== '');
  return [...byGroup].map(([group, resources]) => ({ apiGroups: [group], ...(resourceNames.length === 0 ? {} : { resourceNames }), resources, verbs }));
}

export const createRole: Command = async (session) => make(session, 'roles', {
  apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: metadata(nameOf(session, 'role')), rules: await rules(session),
});

export const createClusterRole: Command = async (session) => {
  if (session.flags.text('aggregation-rule') !== '') throw new KubectlProblem('podwire: kubectl: option --aggregation-rule is not simulated yet', { exit: 125, isWhole: true });
  return make(session, 'clusterroles', { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: metadata(nameOf(session, 'clusterrole')), rules: await rules(session) });
};

function subjects({ flags }: Session): object[] {
  return [
    ...flags.list('user').map((name) => ({ apiGroup: RBAC, kind: 'User', name })), ...flags.list('group').map((name) => ({ apiGroup: RBAC, kind: 'Group', name })),
    ...flags.list('serviceaccount').map((account) => {
      const [namespace = '', name = '', ...more] = account.split(':');
      if (namespace === '' || name === '' || more.length > 0) throw new KubectlProblem('serviceaccount must be <namespace>:<name>');
      return { kind: 'ServiceAccount', name, namespace };
    }),
  ];
}

function bindingOf(session: Session, kind: 'RoleBinding' | 'ClusterRoleBinding'): KubeObject {
  const { flags } = session;
  const name = nameOf(session, kind.toLowerCase());
  const [role, clusterRole] = [kind === 'RoleBinding' ? flags.text('role') : '', flags.text('clusterrole')];
  if (kind === 'ClusterRoleBinding' && clusterRole === '') throw new KubectlProblem('Error: required flag(s) "clusterrole" not set', { isWhole: true });
  if ((role === '') === (clusterRole === '')) throw new KubectlProblem('exactly one of clusterrole or role must be specified');
  const given = subjects(session);
  return {
    apiVersion: `${RBAC}/v1`, kind, metadata: metadata(name), roleRef: { apiGroup: RBAC, kind: role === '' ? 'ClusterRole' : 'Role', name: role === '' ? clusterRole : role },
    ...(given.length === 0 ? {} : { subjects: given }),
  };
}

export const createRoleBinding: Command = (session) => make(session, 'rolebindings', bindingOf(session, 'RoleBinding'));
export const createClusterRoleBinding: Command = (session) => make(session, 'clusterrolebindings', bindingOf(session, 'ClusterRoleBinding'));

// ---------------------------------------------------------------- autoscale

export const autoscale: Command = async (session) => {
  const { flags } = session;
  if (!flags.has('max')) throw new KubectlProblem('Error: required flag(s) "max" not set', { isWhole: true });
  const [least, most, percent] = [flags.number('min'), flags.number('max'), flags.number('cpu-percent')];
  if (most < 1) throw new KubectlProblem(`--max=MAXPODS is required and must be at least 1, max: ${most}`);
  if (most < least) throw new KubectlProblem(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${most}, min: ${least}`);
  if (flags.operands.length === 0 && flags.list('filename').length === 0) throw usageProblem('autoscale', 'You must provide one or more resources by argument or filename.');
  const info = await (await session.discovery()).find('horizontalpodautoscalers');
  for (const { info: target, namespace, name } of await session.targets(flags.operands)) {
    if (!['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController'].includes(target.kind)) throw new KubectlProblem(`cannot autoscale a ${target.kind}: not implemented`);
    const object: KubeObject = {
      apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: metadata(flags.text('name') || name),
      spec: {
        maxReplicas: most, ...(least > 0 ? { minReplicas: least } : {}), scaleTargetRef: { apiVersion: target.group === '' ? target.version : `${target.group}/${target.version}`, kind: target.kind, name },
        ...(percent >= 0 ? { targetCPUUtilizationPercentage: percent } : {}),
      },
      status: { currentReplicas: 0, desiredReplicas: 0 },
    };
    const made = session.dryRun() === 'client' ? object : await session.create(info, namespace, object, { manager: 'kubectl-autoscale', isDryRun: session.dryRun() === 'server' });
    await report(session, { info }, made, 'autoscaled');
  }
  return 0;
};

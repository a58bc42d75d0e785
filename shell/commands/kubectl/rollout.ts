/** `kubectl rollout`: status, history, undo, restart, pause, resume (pkg/polymorphichelpers). */
import { specOf } from './change.ts';
import { resourceName } from './discovery.ts';
import { report } from './messages.ts';
import { isNotFound, KubectlProblem } from './problem.ts';
import { templateText } from './describe/pod-template.ts';
import type { Command, KubeObject, Session, Subject } from './session.ts';
import { TABLE, TabWriter } from './tabwriter.ts';
import { timestampNow } from './time.ts';
import { pathOf, query } from './discovery.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const CAUSE = 'kubernetes.io/change-cause';

interface RolloutStatus { observedGeneration?: number; replicas?: number; updatedReplicas?: number; availableReplicas?: number; conditions?: { type: string; reason?: string }[]; desiredNumberScheduled?: number; updatedNumberScheduled?: number; numberAvailable?: number; readyReplicas?: number; currentReplicas?: number; currentRevision?: string; updateRevision?: string }

async function subjects(session: Session): Promise<Subject[]> {
  if (session.flags.operands.length === 0 && session.flags.list('filename').length === 0) throw new KubectlProblem('required resource not specified');
  return session.targets(session.flags.operands);
}

export const status: Command = async (session) => {
  const { sys } = session.call;
  const [subject, ...more] = await subjects(session);
  if (subject === undefined || more.length > 0) throw new KubectlProblem(`rollout status is only supported on individual resources and resource collections - ${more.length + 1} resources were found`);
  const untilUs = session.flags.durationMs('timeout') > 0 ? sys.monotonicUs() + session.flags.durationMs('timeout') * 1000 : Infinity;
  let said = '';
  const look = (object: KubeObject): boolean => {
    const { text, isDone } = statusText(subject, object);
    if (text !== said || !isDone) session.call.write(text);
    said = text;
    return isDone || session.flags.text('watch') === 'false';
  };
  if (look(subject.object!)) return 0;
  await session.call.flush();
  let isDone = false;
  const search = query({ fieldSelector: `metadata.name=${subject.name}`, resourceVersion: subject.object?.metadata?.resourceVersion, watch: 'true', ...(untilUs === Infinity ? {} : { timeoutSeconds: String(Math.ceil(session.flags.durationMs('timeout') / 1000)) }) });
  await (await session.api()).lines(`${pathOf(subject.info, subject.namespace)}${search}`, 'application/json', async (line) => {
    const event = JSON.parse(line) as { type: string; object: KubeObject };
    if (event.type === 'DELETED') throw new KubectlProblem('object has been deleted');
    if (event.type !== 'BOOKMARK') isDone = look(event.object);
    await session.call.flush();
    return !isDone && sys.monotonicUs() < untilUs;
  });
  if (!isDone) throw new KubectlProblem('timed out waiting for the condition');
  return 0;
};

function statusText({ info }: Subject, object: KubeObject): { readonly text: string; readonly isDone: boolean } {
  const now = ((object as { status?: RolloutStatus }).status ?? {});
  const name = object.metadata?.name;
  const waiting = (text: string): { text: string; isDone: boolean } => ({ text: `${text}\n`, isDone: false });
  if (info.kind === 'Deployment') {
    const wished = specOf(object).replicas ?? 1;
    if ((object.metadata?.generation ?? 0) > (now.observedGeneration ?? 0)) return waiting('Waiting for deployment spec update to be observed...');
    if (now.conditions?.find(({ type }) => type === 'Progressing')?.reason === 'ProgressDeadlineExceeded') throw new KubectlProblem(`deployment "${name}" exceeded its progress deadline`);
    const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = now;
    if (updatedReplicas < wished) return waiting(`Waiting for deployment "${name}" rollout to finish: ${updatedReplicas} out of ${wished} new replicas have been updated...`);
    if (replicas > updatedReplicas) return waiting(`Waiting for deployment "${name}" rollout to finish: ${replicas - updatedReplicas} old replicas are pending termination...`);
    if (availableReplicas < updatedReplicas) return waiting(`Waiting for deployment "${name}" rollout to finish: ${availableReplicas} of ${updatedReplicas} updated replicas are available...`);
    return { text: `deployment "${name}" successfully rolled out\n`, isDone: true };
  }
  if (info.kind === 'DaemonSet') {
    const { desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = now;
    if ((object.metadata?.generation ?? 0) > (now.observedGeneration ?? 0)) return waiting('Waiting for daemon set spec update to be observed...');
    if (updatedNumberScheduled < desiredNumberScheduled) return waiting(`Waiting for daemon set "${name}" rollout to finish: ${updatedNumberScheduled} out of ${desiredNumberScheduled} new pods have been updated...`);
    if (numberAvailable < desiredNumberScheduled) return waiting(`Waiting for daemon set "${name}" rollout to finish: ${numberAvailable} of ${desiredNumberScheduled} updated pods are available...`);
    return { text: `daemon set "${name}" successfully rolled out\n`, isDone: true };
  }
  if (info.kind === 'StatefulSet') return statefulSetText(object, now);
  throw new KubectlProblem(`no status viewer has been implemented for ${info.kind}`);
}

function statefulSetText(object: KubeObject, now: RolloutStatus): { readonly text: string; readonly isDone: boolean } {
  const { replicas = 1, updateStrategy } = (object as unknown as { spec: { replicas?: number; updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } } } }).spec;
  const { observedGeneration = 0, readyReplicas = 0, updatedReplicas = 0, currentReplicas = 0, currentRevision = '', updateRevision = '' } = now;
  if (updateStrategy?.type !== 'RollingUpdate') throw new KubectlProblem('rollout status is only available for RollingUpdate strategy type');
  if (observedGeneration === 0 || (object.metadata?.generation ?? 0) > observedGeneration) return { text: 'Waiting for statefulset spec update to be observed...\n', isDone: false };
  if (readyReplicas < replicas) return { text: `Waiting for ${replicas - readyReplicas} pods to be ready...\n`, isDone: false };
  if (updateStrategy.rollingUpdate !== undefined) {
    const wanted = replicas - (updateStrategy.rollingUpdate.partition ?? 0);
    return updatedReplicas < wanted ? { text: `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${wanted} new pods have been updated...\n`, isDone: false }
      : { text: `partitioned roll out complete: ${updatedReplicas} new pods have been updated...\n`, isDone: true };
  }
  return updateRevision === currentRevision ? { text: `statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...\n`, isDone: true }
    : { text: `waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...\n`, isDone: false };
}

type Template = ReturnType<typeof specOf>['template'];
interface Revision { readonly revision: number; readonly cause: string | undefined; readonly template: Template }

/** What was rolled out, oldest first: the ReplicaSets of a Deployment, the ControllerRevisions of a StatefulSet. */
async function revisions(session: Session, subject: Subject): Promise<Revision[]> {
  const isDeployment = subject.info.kind === 'Deployment';
  const kept = await session.list(await (await session.discovery()).find(isDeployment ? 'replicasets.apps' : 'controllerrevisions.apps'), subject.namespace);
  return kept.filter(({ metadata }) => metadata?.ownerReferences?.some(({ uid }) => uid === subject.object?.metadata?.uid) === true).map((object) => {
    const cause = object.metadata?.annotations?.[CAUSE];
    if (isDeployment) return { revision: Number(object.metadata?.annotations?.[REVISION] ?? 0), cause, template: specOf(object).template };
    const { revision, data } = object as unknown as { revision: number; data: { spec: { template: Template & { $patch?: string } } } };
    const { $patch: _, ...template } = data.spec.template;
    return { revision, cause, template };
  }).toSorted((one, other) => one.revision - other.revision);
}

function hasRevisions({ info }: Subject): boolean {
  return info.kind === 'Deployment' || info.kind === 'StatefulSet';
}

export const history: Command = async (session) => {
  for (const subject of await subjects(session)) {
    if (!hasRevisions(subject)) throw new KubectlProblem(`podwire: kubectl: rollout history of a ${subject.info.kind} is not simulated yet`, { exit: 125, isWhole: true });
    const known = await revisions(session, subject);
    const wanted = session.flags.number('revision');
    session.out(`${resourceName(subject.info)}/${subject.name} ${wanted > 0 ? `with revision #${wanted}` : ''}`);
    if (wanted > 0) {
      const found = known.find(({ revision }) => revision === wanted);
      if (found === undefined) throw new KubectlProblem(`unable to find the specified revision`);
      // Nothing aligns this page: its tabs reach the terminal.
      session.call.write(`Pod Template:\n${templateText(found.template as never, '  ')}\n\n`);
    } else {
      const lines = ['REVISION\tCHANGE-CAUSE', ...known.map(({ revision, cause = '<none>' }) => `${revision}\t${cause}`)];
      session.call.write(`${new TabWriter({ ...TABLE, minimumWidth: 0, padding: 2 }).format(lines.join('\n'))}\n\n`);
    }
  }
  return 0;
};

export const undo: Command = async (session) => {
  for (const subject of await subjects(session)) {
    if (!hasRevisions(subject)) throw new KubectlProblem(`no rollbacker has been implemented for ${subject.info.kind}`);
    if (specOf(subject.object).paused === true) throw new KubectlProblem(`you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume deployment/${subject.name}' and try again`);
    const known = await revisions(session, subject);
    const wanted = session.flags.number('to-revision');
    const target = wanted > 0 ? known.find(({ revision }) => revision === wanted) : known.at(-2);
    if (target === undefined) throw new KubectlProblem(wanted > 0 ? `unable to find specified revision ${wanted} in history` : `no rollout history found for ${subject.info.kind.toLowerCase()} "${subject.name}"`);
    const template = structuredCopy(target.template);
    delete template.metadata?.labels?.['pod-template-hash'];
    const own = structuredCopy(specOf(subject.object).template);
    if (JSON.stringify(template) === JSON.stringify(own)) {
      session.out(`${resourceName(subject.info)}/${subject.name} skipped rollback (current template already matches revision ${target.revision})`);
      continue;
    }
    if (session.dryRun() !== 'client') await session.patch(subject, 'json', [{ op: 'replace', path: '/spec/template', value: template }], { manager: 'kubectl-rollout', isDryRun: session.dryRun() === 'server' });
    session.out(`${resourceName(subject.info)}/${subject.name} rolled back${session.dryRunSuffix()}`);
  }
  return 0;
};

function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

export const restart: Command = async (session) => {
  for (const subject of await subjects(session)) {
    if (!['Deployment', 'DaemonSet', 'StatefulSet'].includes(subject.info.kind)) throw new KubectlProblem(`${resourceName(subject.info)} "${subject.name}" restarting is not supported`);
    if (specOf(subject.object).paused === true) throw new KubectlProblem(`can't restart paused deployment (run rollout resume first)`);
    const annotations = { 'kubectl.kubernetes.io/restartedAt': timestampNow(session.call.sys) };
    await report(session, subject, await session.patch(subject, 'strategic', { spec: { template: { metadata: { annotations } } } }, { manager: 'kubectl-rollout' }), 'restarted');
  }
  return 0;
};

function pausing(isPaused: boolean): Command {
  return async (session) => {
    for (const subject of await subjects(session)) {
      if (subject.info.kind !== 'Deployment') throw new KubectlProblem(`${resourceName(subject.info)} "${subject.name}" ${isPaused ? 'pausing' : 'resuming'} is not supported`);
      if ((specOf(subject.object).paused === true) === isPaused) throw new KubectlProblem(`${subject.info.name}.${subject.info.group} "${subject.name}" is ${isPaused ? 'already paused' : 'not paused'}`);
      await report(session, subject, await session.patch(subject, 'strategic', { spec: { paused: isPaused ? true : null } }, { manager: 'kubectl-rollout' }), isPaused ? 'paused' : 'resumed');
    }
    return 0;
  };
}
export const pause = pausing(true);
export const resume = pausing(false);

// ---------------------------------------------------------------- wait

/** `--for=delete`, `--for=condition=NAME[=VALUE]`. */
export const waitFor: Command = async (session) => {
  const { flags } = session;
  const { sys } = session.call;
  const wish = flags.text('for');
  const condition = /^condition=([^=]+)(?:=(.+))?$/i.exec(wish);
  if (wish !== 'delete' && condition === null) throw new KubectlProblem(`unrecognized condition: ${JSON.stringify(wish)}`);
  const untilUs = sys.monotonicUs() + (flags.durationMs('timeout') < 0 ? 7 * 86_400_000 : flags.durationMs('timeout')) * 1000;
  let found: Subject[];
  try {
    found = await session.targets(flags.operands);
  } catch (error) {
    if (wish === 'delete' && isNotFound(error)) return 0;
    throw error;
  }
  if (found.length === 0) throw new KubectlProblem('no matching resources found');
  let exit = 0;
  for (const subject of found) {
    const name = `${resourceName(subject.info)}/${subject.name}`;
    let object: KubeObject | undefined = subject.object;
    for (;;) {
      if (wish === 'delete' ? object === undefined || object.metadata?.uid !== subject.object?.metadata?.uid : hasCondition(object, condition![1]!, condition![2] ?? 'True')) {
        session.out(`${name} condition met`);
        break;
      }
      if (sys.monotonicUs() >= untilUs) {
        session.err(`error: timed out waiting for the condition on ${subject.info.name}/${subject.name}`);
        exit = 1;
        break;
      }
      await session.call.flush();
      await sys.sleep(Math.min(500_000, untilUs - sys.monotonicUs()));
      object = await session.get(subject.info, subject.namespace, subject.name).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
    }
  }
  return exit;
};

function hasCondition(object: KubeObject | undefined, type: string, value: string): boolean {
  const conditions = (object as { status?: { conditions?: { type: string; status: string }[] } } | undefined)?.status?.conditions ?? [];
  return conditions.some((one) => one.type.toLowerCase() === type.toLowerCase() && one.status.toLowerCase() === value.toLowerCase());
}

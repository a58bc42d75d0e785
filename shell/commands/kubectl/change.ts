/** Small changes of objects there are: scale, label, annotate, set image, rollout, cordon, drain, taint, expose. */
import { parseQuantity } from '../../ports/kube.ts';
import { pathOf, resourceName, type ResourceInfo } from './discovery.ts';
import { report } from './messages.ts';
import { goDuration } from './flags.ts';
import { isNotFound, KubectlProblem, ServerProblem, usageProblem } from './problem.ts';
import type { Command, KubeObject, Session, Subject } from './session.ts';

interface PodTemplate { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: { containers: { name: string; image: string; ports?: { containerPort: number; protocol?: string }[] }[] } }
interface Workload { replicas?: number; selector?: { matchLabels?: Record<string, string>; matchExpressions?: unknown[] }; template: PodTemplate; paused?: boolean }
export const specOf = (object: KubeObject | undefined): Workload => (object as unknown as { spec: Workload }).spec;

export const scale: Command = async (session) => {
  const { flags } = session;
  if (!flags.has('replicas')) throw new KubectlProblem('Error: required flag(s) "replicas" not set', { isWhole: true });
  const replicas = flags.number('replicas');
  if (replicas < 0) throw new KubectlProblem('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  for (const subject of await session.targets(flags.operands)) {
    if (flags.has('current-replicas') && flags.number('current-replicas') !== specOf(subject.object).replicas) throw new KubectlProblem(`Expected replicas to be ${flags.number('current-replicas')}, was ${specOf(subject.object).replicas ?? 1}`);
    if (session.dryRun() !== 'client') await session.patch(subject, 'merge', { spec: { replicas } }, { subresource: 'scale', isDryRun: session.dryRun() === 'server' });
    await report(session, subject, subject.object!, 'scaled');
  }
  return 0;
};

// ---------------------------------------------------------------- labels and annotations

function metaCommand(field: 'labels' | 'annotations', done: string, what: string): Command {
  return async (session) => {
    const { flags } = session;
    const firstChange = flags.operands.findIndex((word, at) => at > 0 && (/^[^=]+=/.test(word) || word.endsWith('-')));
    const words = firstChange < 0 ? flags.operands : flags.operands.slice(0, firstChange);
    const changes = firstChange < 0 ? [] : flags.operands.slice(firstChange);
    if (words.length === 0 && flags.list('filename').length === 0) throw new KubectlProblem('one or more resources must be specified as <resource> <name> or <resource>/<name>');
    if (changes.length === 0 && !flags.is('list')) throw new KubectlProblem(`at least one ${what} update is required`);
    let exit = 0;
    for (const subject of await session.targets(words)) {
      const old: Record<string, string> = { ...subject.object?.metadata?.[field] };
      if (flags.is('list')) {
        for (const [name, value] of Object.entries(old).toSorted()) session.out(`${name}=${value}`);
        continue;
      }
      const patch: Record<string, string | null> = {};
      for (const change of changes) {
        const equals = change.indexOf('=');
        const name = equals < 0 ? change.slice(0, -1) : change.slice(0, equals);
        if (equals < 0) {
          if (!(name in old)) session.out(`${what} "${name}" not found.`);
          patch[name] = null;
        } else patch[name] = change.slice(equals + 1);
      }
      // 1.20 does not ask whether a label's value would stay the same.
      const taken = Object.entries(patch).filter(([name, value]) => value !== null && old[name] !== undefined && (field === 'labels' || old[name] !== value));
      if (taken.length > 0 && !flags.is('overwrite')) {
        const [name] = taken[0]!;
        session.err(`error: ${field === 'labels' ? '' : '--overwrite is false but found the following declared annotation(s): '}'${name}' already has a value (${old[name]})${field === 'labels' ? ', and --overwrite is false' : ''}`);
        exit = 1;
        continue;
      }
      const isSame = Object.entries(patch).every(([name, value]) => (value === null ? !(name in old) : old[name] === value));
      const changed = isSame || session.dryRun() === 'client' ? subject.object! : await session.patch(subject, 'merge', { metadata: { [field]: patch } }, { manager: session.command === 'label' ? 'kubectl-label' : 'kubectl-annotate', isDryRun: session.dryRun() === 'server' });
      await report(session, subject, changed, field === 'labels' && isSame ? 'not labeled' : done);
    }
    return exit;
  };
}
export const label = metaCommand('labels', 'labeled', 'label');
export const annotate = metaCommand('annotations', 'annotated', 'annotation');

// ---------------------------------------------------------------- set

export const setImage: Command = async (session) => {
  const { flags } = session;
  const at = flags.operands.findIndex((word) => word.includes('='));
  const words = at < 0 ? flags.operands : flags.operands.slice(0, at);
  const images = new Map((at < 0 ? [] : flags.operands.slice(at)).map((pair) => pair.split(/=(.*)/s, 2) as [string, string]));
  if (images.size === 0) throw new KubectlProblem('at least one image update is required');
  for (const subject of await session.targets(words)) {
    const { containers } = templateOf(subject).spec;
    const changed = containers.filter(({ name }) => images.has(name) || images.has('*')).map(({ name }) => ({ name, image: images.get(name) ?? images.get('*') }));
    for (const name of images.keys()) if (name !== '*' && !containers.some((container) => container.name === name)) throw new KubectlProblem(`unable to find container named "${name}"`);
    if (containers.every(({ name, image }) => changed.find((one) => one.name === name)?.image === image || !changed.some((one) => one.name === name))) continue;
    await setInTemplate(session, subject, { containers: changed }, 'image updated');
  }
  return 0;
};

/** In the pod, or in the template that pods are made from. */
async function setInTemplate(session: Session, subject: Subject, spec: object, what: string): Promise<void> {
  await set(session, subject, 'strategic', subject.info.kind === 'Pod' ? { spec } : { spec: { template: { spec } } }, what);
}

async function set(session: Session, subject: Subject, type: 'strategic' | 'merge', patch: object, what: string): Promise<void> {
  const dry = session.dryRun();
  const done = dry === 'client' ? subject.object! : await session.patch(subject, type, patch, { manager: 'kubectl-set', isDryRun: dry === 'server' });
  await report(session, subject, done, what);
}

function templateOf(subject: Subject): PodTemplate {
  if (subject.info.kind === 'Pod') return { spec: specOf(subject.object) as unknown as PodTemplate['spec'] };
  return specOf(subject.object).template;
}

/** `--limits` or `--requests`: `cpu=100m,memory=64Mi`. */
function amountsOf({ flags }: Session, flag: 'limits' | 'requests'): Record<string, string> | undefined {
  if (flags.text(flag) === '') return undefined;
  return Object.fromEntries(flags.text(flag).split(',').map((pair): [string, string] => {
    const [name = '', amount, ...more] = pair.split('=');
    if (amount === undefined || more.length > 0) throw new KubectlProblem(`Invalid argument syntax ${pair}, expected <resource>=<value>`);
    const quantity = parseQuantity(amount);
    if (typeof quantity === 'string') throw new KubectlProblem(quantity);
    return [name, amount];
  }));
}

export const setResources: Command = async (session) => {
  const { flags } = session;
  const subjects = await session.targets(flags.operands);
  const [limits, requests] = [amountsOf(session, 'limits'), amountsOf(session, 'requests')];
  if (limits === undefined && requests === undefined) throw new KubectlProblem('you must specify an update to requests or limits (in the form of --requests/--limits)');
  const wanted = flags.text('containers') === '' ? '*' : flags.text('containers');
  for (const subject of subjects) {
    const named = templateOf(subject).spec.containers.filter(({ name }) => wanted === '*' || wanted === name);
    if (named.length === 0) throw new KubectlProblem(`unable to find container named ${wanted}`);
    const spec = { containers: named.map(({ name }) => ({ name, resources: { ...(limits === undefined ? {} : { limits }), ...(requests === undefined ? {} : { requests }) } })) };
    await setInTemplate(session, subject, spec, 'resource requirements updated');
  }
  return 0;
};

export const setServiceAccount: Command = async (session) => {
  const account = session.flags.operands.at(-1);
  if (account === undefined) throw new KubectlProblem('serviceaccount is required');
  for (const subject of await session.targets(session.flags.operands.slice(0, -1))) {
    await setInTemplate(session, subject, { serviceAccountName: account }, 'serviceaccount updated');
  }
  return 0;
};

export const setSelector: Command = async (session) => {
  const text = session.flags.operands.at(-1);
  if (text === undefined) throw new KubectlProblem('one selector is required');
  const labels = text.split(',').map((one) => /^\s*([^\s=!<>()]+)\s*==?\s*([^\s=!<>()]*)\s*$/.exec(one));
  for (const subject of await session.targets(session.flags.operands.slice(0, -1), { allowsAll: true })) {
    if (subject.info.kind !== 'Service') throw new KubectlProblem('setting a selector is only supported for Services');
    if (labels.includes(null)) throw new KubectlProblem(`match expression ${JSON.stringify(text)} not supported on this object`);
    const selector = Object.fromEntries(labels.map((found) => [found![1]!, found![2]!]));
    const removed = Object.fromEntries(Object.keys((specOf(subject.object) as { selector?: object }).selector ?? {}).map((label) => [label, null]));
    await set(session, subject, 'merge', { spec: { selector: { ...removed, ...selector } } }, 'selector updated');
  }
  return 0;
};

export const setEnv: Command = async (session) => {
  const { flags } = session;
  const at = flags.operands.findIndex((word) => word.includes('=') || /.-$/.test(word));
  const words = at < 0 ? flags.operands : flags.operands.slice(0, at);
  const changes = at < 0 ? [] : flags.operands.slice(at);
  for (const subject of await session.targets(words)) {
    const { containers } = templateOf(subject).spec;
    if (flags.is('list')) {
      for (const container of containers) {
        session.out(`# ${subject.info.name} ${subject.name}, container ${container.name}`);
        for (const { name, value } of ((container as { env?: { name: string; value?: string }[] }).env ?? [])) session.out(`${name}=${value ?? ''}`);
      }
      continue;
    }
    const env = changes.map((change) => (change.includes('=') ? { name: change.slice(0, change.indexOf('=')), value: change.slice(change.indexOf('=') + 1) } : { name: change.slice(0, -1), $patch: 'delete' }));
    const spec = { containers: containers.map(({ name }) => ({ name, env })) };
    await setInTemplate(session, subject, spec, 'env updated');
  }
  return 0;
};

// ---------------------------------------------------------------- expose

/** generateService: selector and ports come from the object unless given. */
export const expose: Command = async (session) => {
  const { flags } = session;
  for (const subject of await session.targets(flags.operands)) {
    const { kind } = subject.info;
    if (!['Deployment', 'ReplicaSet', 'ReplicationController', 'Pod', 'Service'].includes(kind)) throw new KubectlProblem(`cannot expose a ${resourceName(subject.info)}`);
    const object = subject.object!;
    const own = kind === 'Pod' ? object.metadata?.labels : kind === 'Service' ? (object as unknown as { spec: { selector?: Record<string, string> } }).spec.selector : specOf(object).selector?.matchLabels;
    const selector = flags.text('selector') === '' ? own : Object.fromEntries(flags.text('selector').split(',').map((pair) => pair.split('=') as [string, string]));
    if (selector === undefined || Object.keys(selector).length === 0) throw new KubectlProblem(kind === 'Pod' ? "the pod has no labels and cannot be exposed" : "couldn't retrieve selectors via --selector flag or introspection: invalid deployment: no selectors, therefore cannot be exposed");
    const container = (kind === 'Service' ? [] : templateOf(subject).spec.containers).flatMap(({ ports = [] }) => ports);
    const protocol = flags.text('protocol') || undefined;
    const numbers = flags.text('port') !== '' ? flags.text('port').split(',') : container.map(({ containerPort }) => String(containerPort));
    if (numbers.length === 0) throw new KubectlProblem("couldn't find port via --port flag or introspection\nSee 'kubectl expose -h' for help and examples");
    const target = flags.text('target-port') || flags.text('container-port');
    const ports = numbers.map((number, at) => ({
      ...(numbers.length > 1 ? { name: `port-${at + 1}` } : {}), port: Number(number), protocol: protocol ?? container.find(({ containerPort }) => containerPort === Number(number))?.protocol ?? 'TCP',
      targetPort: target === '' ? Number(number) : /^\d+$/.test(target) ? Number(target) : target,
    }));
    const labels = flags.text('labels') === '' ? object.metadata?.labels : Object.fromEntries(flags.text('labels').split(',').map((pair) => pair.split('=') as [string, string]));
    const service: KubeObject = {
      apiVersion: 'v1', kind: 'Service', metadata: { creationTimestamp: null as never, name: flags.text('name') || subject.name, ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }) },
      spec: {
        ports, selector, ...(flags.text('type') === '' ? {} : { type: flags.text('type') }), ...(flags.text('cluster-ip') === '' ? {} : { clusterIP: flags.text('cluster-ip') }), ...(flags.text('external-ip') === '' ? {} : { externalIPs: [flags.text('external-ip')] }),
        ...(flags.text('load-balancer-ip') === '' ? {} : { loadBalancerIP: flags.text('load-balancer-ip') }), ...(flags.text('session-affinity') === '' ? {} : { sessionAffinity: flags.text('session-affinity') }),
      },
      status: { loadBalancer: {} },
    };
    const info = await (await session.discovery()).find('services');
    const made = session.dryRun() === 'client' ? service : await session.create(info, subject.namespace, service, { manager: 'kubectl-expose', isDryRun: session.dryRun() === 'server' });
    await report(session, { info }, made, 'exposed');
  }
  return 0;
};

// ---------------------------------------------------------------- nodes

async function nodesOf(session: Session, verb: string): Promise<Subject[]> {
  const { flags } = session;
  if (flags.operands.length === 0 && flags.text('selector') === '') throw usageProblem(verb, `USAGE: ${verb} NODE [flags]`);
  const words = flags.operands.map((word) => word.replace(/^nodes?\//, ''));
  return session.targets(['nodes', ...words], { readsFiles: false });
}

async function setSchedulable(session: Session, subject: Subject, isSchedulable: boolean): Promise<void> {
  const done = isSchedulable ? 'uncordoned' : 'cordoned';
  const isAlready = ((subject.object as unknown as { spec: { unschedulable?: boolean } }).spec.unschedulable !== true) === isSchedulable;
  if (!isAlready && session.dryRun() !== 'client') await session.patch(subject, 'strategic', { spec: { unschedulable: isSchedulable ? null : true } }, { isDryRun: session.dryRun() === 'server' });
  session.out(`node/${subject.name} ${isAlready ? 'already ' : ''}${done}${session.dryRunSuffix()}`);
}

export const cordon: Command = async (session) => {
  for (const subject of await nodesOf(session, 'cordon')) await setSchedulable(session, subject, false);
  return 0;
};
export const uncordon: Command = async (session) => {
  for (const subject of await nodesOf(session, 'uncordon')) await setSchedulable(session, subject, true);
  return 0;
};

const UNMANAGED = 'not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet';

/** What drain thinks of a pod: the first reason not to delete it, or the last thing to warn of (kubectl/pkg/drain/filters.go). */
function judge(pod: KubeObject, { flags }: Session): { readonly deletes: boolean; readonly problem?: string; readonly warning?: string } {
  const { spec, status } = pod as unknown as { spec: { volumes?: { emptyDir?: unknown }[] }; status?: { phase?: string } };
  const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  if (owner?.kind === 'DaemonSet' && !isOver) return flags.is('ignore-daemonsets') ? { deletes: false, warning: 'ignoring DaemonSet-managed Pods' } : { deletes: false, problem: 'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)' };
  if (pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return { deletes: false };
  const isLocal = (spec.volumes ?? []).some(({ emptyDir }) => emptyDir !== undefined);
  if (isLocal && !isOver && !flags.is('delete-emptydir-data') && !flags.is('delete-local-data')) return { deletes: false, problem: 'cannot delete Pods with local storage (use --delete-emptydir-data to override)' };
  if (owner !== undefined || isOver) return { deletes: true };
  return flags.is('force') ? { deletes: true, warning: `deleting Pods ${UNMANAGED}` } : { deletes: false, problem: `cannot delete Pods ${UNMANAGED} (use --force to override)` };
}

export const drain: Command = async (session) => {
  const podInfo = await (await session.discovery()).find('pods');
  const nodes = await nodesOf(session, 'drain');
  for (const subject of nodes) await setSchedulable(session, subject, false);
  // The real one's printer keeps the word of the pods it printed.
  let done = 'drained';
  for (const [index, subject] of nodes.entries()) {
    const pods = await session.list(podInfo, undefined, { fieldSelector: `spec.nodeName=${subject.name}`, labelSelector: session.flags.text('pod-selector') });
    const judged = pods.map((pod) => ({ pod, name: `${pod.metadata?.namespace}/${pod.metadata?.name}`, ...judge(pod, session) }));
    const listed = (kind: 'problem' | 'warning'): string[] => [...new Set(judged.flatMap((one) => one[kind] ?? []))].sort().map((why) => `${why}: ${judged.filter((one) => one[kind] === why).map(({ name }) => name).join(', ')}`);
    const problems = listed('problem');
    if (problems.length > 0) {
      session.err(`error: unable to drain node "${subject.name}", aborting command...\n\nThere are pending nodes to be drained:\n${nodes.slice(index).map(({ name }) => ` ${name}`).join('\n')}`);
      for (const problem of problems) session.err(problems.length === 1 ? `error: ${problem}` : problem);
      return 1;
    }
    const warnings = listed('warning');
    if (warnings.length > 0) session.err(`WARNING: ${warnings.join('; ')}`);
    const leaving = judged.filter(({ deletes }) => deletes);
    if (session.dryRun() === 'client') for (const { name } of leaving) session.out(`evicting pod ${name}${session.dryRunSuffix()}`);
    else if (leaving.length > 0) {
      const problem = await evictAll(session, podInfo, leaving);
      if (problem !== undefined) {
        const left: string[] = [];
        for (const { pod } of leaving) if (await isThere(session, podInfo, pod)) left.push(`pod/${pod.metadata?.name}\n`);
        session.err(`There are pending pods in node "${subject.name}" when an error occurred: ${problem}\n${left.join('')}error: unable to drain node "${subject.name}", aborting command...\n\nThere are pending nodes to be drained:\n${nodes.slice(index).map((one) => ` ${one.name}`).join('\n')}\nerror: ${problem}`);
        return 1;
      }
      done = 'evicted';
    }
    session.out(`node/${subject.name} ${done}${session.dryRunSuffix()}`);
  }
  return 0;
};

interface Leaving { readonly pod: KubeObject; readonly name: string }

/** All at once; those that a disruption budget keeps are asked again every five seconds, until they are gone or the time is over. */
async function evictAll(session: Session, info: ResourceInfo, leaving: readonly Leaving[]): Promise<string | undefined> {
  const { sys } = session.call;
  const limitMs = session.flags.durationMs('timeout');
  const untilUs = limitMs > 0 ? sys.monotonicUs() + limitMs * 1000 : Infinity;
  let kept: readonly Leaving[] = leaving;
  let going: readonly Leaving[] = [];
  for (let askAtUs = 0; kept.length + going.length > 0;) {
    if (kept.length > 0 && sys.monotonicUs() >= askAtUs) {
      const refused: Leaving[] = [];
      for (const one of kept) {
        session.out(`evicting pod ${one.name}${session.dryRunSuffix()}`);
        if (sys.monotonicUs() >= untilUs) return `error when evicting pods/${JSON.stringify(one.pod.metadata?.name)} -n ${JSON.stringify(one.pod.metadata?.namespace)}: global timeout reached: ${goDuration(limitMs)}`;
        if (await evict(session, info, one)) going = [...going, one];
        else refused.push(one);
      }
      kept = refused;
      askAtUs = sys.monotonicUs() + 5_000_000;
      await session.call.flush();
    }
    const [late] = going;
    if (late !== undefined && sys.monotonicUs() >= untilUs) return `error when waiting for pod ${JSON.stringify(late.pod.metadata?.name)} terminating: global timeout reached: ${goDuration(limitMs)}`;
    await sys.sleep(1_000_000);
    const left: Leaving[] = [];
    for (const one of going) {
      if (await isThere(session, info, one.pod)) left.push(one);
      else session.out(`pod/${one.pod.metadata?.name} evicted`);
    }
    going = left;
  }
  return undefined;
}

/** Whether it goes now. */
async function evict(session: Session, info: ResourceInfo, { pod: { metadata } }: Leaving): Promise<boolean> {
  const grace = session.flags.number('grace-period');
  const body = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: metadata?.name, namespace: metadata?.namespace }, ...(grace >= 0 ? { deleteOptions: { gracePeriodSeconds: grace } } : {}) };
  try {
    await (await session.api()).json('POST', pathOf(info, metadata?.namespace, metadata?.name, 'eviction'), { body });
    return true;
  } catch (error) {
    if (isNotFound(error)) return true;
    if (!(error instanceof ServerProblem) || error.status.reason !== 'TooManyRequests') throw error;
    session.err(`error when evicting pods/${JSON.stringify(metadata?.name)} -n ${JSON.stringify(metadata?.namespace)} (will retry after 5s): ${error.status.message ?? ''}`);
    return false;
  }
}

async function isThere(session: Session, info: ResourceInfo, { metadata }: KubeObject): Promise<boolean> {
  try {
    return (await session.get(info, metadata?.namespace, metadata?.name ?? '')).metadata?.uid === metadata?.uid;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return false;
  }
}

export const taint: Command = async (session) => {
  const { flags } = session;
  const at = flags.operands.findIndex((word, index) => index > 0 && /[:=].*|-$/.test(word) && /:|-$/.test(word));
  const words = at < 0 ? flags.operands : flags.operands.slice(0, at);
  const specs = at < 0 ? [] : flags.operands.slice(at);
  if (words.length === 0) throw new KubectlProblem('one or more resources must be specified as <resource> <name>');
  if (specs.length === 0) throw new KubectlProblem('at least one taint update is required');
  for (const subject of await session.targets(words, { readsFiles: false })) {
    const old = (subject.object as unknown as { spec: { taints?: { key: string; value?: string; effect: string }[] } }).spec.taints ?? [];
    let next = [...old];
    const done = new Set<string>();
    for (const spec of specs) {
      const match = /^([^=:]+?)(?:=([^:]*))?(?::(\w+))?(-)?$/.exec(spec);
      if (match === null) throw new KubectlProblem(`unknown taint spec: ${spec}`);
      const [, key = '', value, effect, dash] = match;
      if (dash !== undefined) {
        const kept = next.filter((one) => !(one.key === key && (effect === undefined || one.effect === effect)));
        if (kept.length === next.length) throw new KubectlProblem(`taint "${key}${effect === undefined ? '' : `:${effect}`}" not found`);
        next = kept;
        done.add('untainted');
        continue;
      }
      if (effect === undefined || !['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(effect)) throw new KubectlProblem(`invalid taint effect: ${effect ?? ''}, unsupported taint effect`);
      if (next.some((one) => one.key === key && one.effect === effect) && !flags.is('overwrite')) throw new KubectlProblem(`node ${subject.name} already has ${key} taint(s) with same effect(s) and --overwrite is false`);
      next = [...next.filter((one) => !(one.key === key && one.effect === effect)), { key, ...(value === undefined || value === '' ? {} : { value }), effect }];
      done.add(old.some((one) => one.key === key && one.effect === effect) ? 'modified' : 'tainted');
    }
    await session.patch(subject, 'merge', { spec: { taints: next.length === 0 ? null : next } }, { manager: 'kubectl-taint' });
    session.out(`node/${subject.name} ${done.size === 1 ? [...done][0] : 'modified'}`);
  }
  return 0;
};


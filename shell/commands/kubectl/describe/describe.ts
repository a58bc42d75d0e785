/** `kubectl describe`: each kind by its own page, any other by its fields (pkg/describe/describe.go). */
import { canonicalQuantity, milliValue, parseTimestamp, wholeValue } from '../../../ports/kube.ts';
import { isNotFound, KubectlProblem, ServerProblem } from '../problem.ts';
import type { Command, KubeObject, Session, Subject } from '../session.ts';
import { DESCRIBE, TabWriter } from '../tabwriter.ts';
import { autoscaler, binding, cronJob, disruptionBudget, role } from './more-pages.ts';
import { annotations, controlledBy, eventLines, head, labels, selectorText, specOf, statusOf, text, type Page } from './page.ts';
import { age, humanDuration, longTime } from '../time.ts';
import { networkPolicyLines, type NetworkPolicySpec } from './network-policy.ts';
import { containerLines, mapLines, templateText, volumeLines, type Container, type ContainerStatus, type PodTemplate, type Volume } from './pod-template.ts';

export const describe: Command = async (session) => {
  const { flags } = session;
  if (flags.operands.length === 0 && flags.list('filename').length === 0) throw new KubectlProblem('You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.');
  const pages: string[] = [];
  let exit = 0;
  const { subjects, isByPrefix } = await prefixed(session);
  for (const subject of subjects) {
    try {
      const page = PAGES[subject.info.kind] ?? generic;
      const lines = await page(session, subject as Subject & { object: KubeObject });
      pages.push(`${new TabWriter(DESCRIBE).format(lines.join('\n'))}\n`);
    } catch (error) {
      if (!(error instanceof ServerProblem)) throw error;
      session.err(error.message);
      exit = 1;
    }
  }
  if (subjects.length === 0) session.err(flags.is('all-namespaces') ? 'No resources found' : `No resources found in ${await session.namespace()} namespace.`);
  session.call.write(isByPrefix ? pages.map((page) => `${page}\n`).join('') : pages.join('\n\n'));
  return exit;
};

/** A name that is not there is taken as the beginning of names (DescribeMatchingResources). */
async function prefixed(session: Session): Promise<{ readonly subjects: readonly Subject[]; readonly isByPrefix: boolean }> {
  try {
    return { subjects: await session.targets(session.flags.operands, { allowsAll: true }), isByPrefix: false };
  } catch (error) {
    const [kind, prefix, ...more] = session.flags.operands;
    if (!isNotFound(error) || prefix === undefined || more.length > 0 || kind!.includes('/')) throw error;
    const all = await session.targets([kind!], { allowsAll: true });
    const matching = all.filter(({ name }) => name.startsWith(prefix));
    if (matching.length === 0) throw error;
    return { subjects: matching, isByPrefix: true };
  }
}

// ---------------------------------------------------------------- pods

interface PodSpec { nodeName?: string; containers: Container[]; initContainers?: Container[]; volumes?: Volume[]; nodeSelector?: Record<string, string>; tolerations?: Toleration[]; priority?: number; priorityClassName?: string }
interface Toleration { key?: string; operator?: string; value?: string; effect?: string; tolerationSeconds?: number }
interface PodStatus { phase?: string; reason?: string; message?: string; hostIP?: string; podIP?: string; podIPs?: { ip: string }[]; startTime?: string; conditions?: { type: string; status: string }[]; containerStatuses?: ContainerStatus[]; initContainerStatuses?: ContainerStatus[]; qosClass?: string }

const pod: Page = async (session, subject) => {
  const { object } = subject;
  const spec = specOf<PodSpec>(object);
  const status = statusOf<PodStatus>(object);
  const { deletionTimestamp } = object.metadata!;
  const grace = (object.metadata as { deletionGracePeriodSeconds?: number }).deletionGracePeriodSeconds;
  const ips = status.podIPs ?? [];
  return [
    ...head(subject, true), ...(spec.priority === undefined ? [] : [`Priority:\t${spec.priority}`]), ...(spec.priorityClassName === undefined ? [] : [`Priority Class Name:\t${spec.priorityClassName}`]),
    `Node:\t${spec.nodeName === undefined ? '<none>' : `${spec.nodeName}/${status.hostIP ?? ''}`}`, ...(status.startTime === undefined ? [] : [`Start Time:\t${longTime(status.startTime)}`]),
    ...labels(object), ...annotations(object),
    ...(deletionTimestamp === undefined ? [`Status:\t${status.phase ?? ''}`] : [`Status:\tTerminating (lasts ${age(deletionTimestamp, session.call.sys)})`, `Termination Grace Period:\t${grace ?? 30}s`]),
    ...(status.reason === undefined ? [] : [`Reason:\t${status.reason}`]), ...(status.message === undefined ? [] : [`Message:\t${status.message}`]),
    `IP:\t${status.podIP ?? ''}`, ...(ips.length === 0 ? ['IPs:\t<none>'] : ['IPs:', ...ips.map(({ ip }) => `  IP:\t${ip}`)]), ...controlledBy(object),
    ...(spec.initContainers === undefined || spec.initContainers.length === 0 ? [] : ['Init Containers:', ...containerLines(spec.initContainers, status.initContainerStatuses ?? [], '')]),
    'Containers:', ...containerLines(spec.containers, status.containerStatuses ?? [], ''),
    ...((status.conditions ?? []).length === 0 ? [] : ['Conditions:', '  Type\tStatus', ...status.conditions!.map(({ type, status: is }) => `  ${type}\t${is} `)]),
    ...volumeLines(spec.volumes ?? [], ''), ...(status.qosClass === undefined ? ['QoS Class:\tBestEffort'] : [`QoS Class:\t${status.qosClass}`]),
    ...mapLines('Node-Selectors:\t', spec.nodeSelector, '\t'), ...tolerationLines(spec.tolerations ?? []), ...(await eventLines(session, subject)),
  ];
};

function tolerationLines(tolerations: readonly Toleration[]): string[] {
  if (tolerations.length === 0) return ['Tolerations:\t<none>'];
  return tolerations.map(({ key, operator, value, effect, tolerationSeconds }, at) => {
    const shown = `${key ?? ''}${value === undefined ? '' : `=${value}`}${effect === undefined ? '' : `:${effect}`}${operator === 'Exists' && (value ?? '') === '' ? (key === undefined && effect === undefined ? 'op=Exists' : ' op=Exists') : ''}${tolerationSeconds === undefined ? '' : ` for ${tolerationSeconds}s`}`;
    return `${at === 0 ? 'Tolerations:\t' : '\t'}${shown}`;
  });
}

// ---------------------------------------------------------------- services and endpoints

interface ServiceSpec { type?: string; selector?: Record<string, string>; clusterIP?: string; clusterIPs?: string[]; ipFamilies?: string[]; externalIPs?: string[]; loadBalancerIP?: string; externalName?: string; ports?: { name?: string; port: number; protocol?: string; targetPort?: number | string; nodePort?: number }[]; sessionAffinity?: string; externalTrafficPolicy?: string; healthCheckNodePort?: number; loadBalancerSourceRanges?: string[] }
interface Subset { addresses?: { ip: string }[]; ports?: { name?: string; port: number; protocol?: string }[]; notReadyAddresses?: { ip: string }[] }

const service: Page = async (session, subject) => {
  const { object, namespace, name } = subject;
  const spec = specOf<ServiceSpec>(object);
  const ingress = statusOf<{ loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }>(object).loadBalancer?.ingress ?? [];
  const subsets = await endpointsOf(session, namespace, name);
  const families = spec.ipFamilies ?? [];
  const portLines = (spec.ports ?? []).flatMap((port) => {
    const label = port.name ?? '<unset>';
    const protocol = port.protocol ?? 'TCP';
    const target = port.targetPort === undefined || port.targetPort === 0 ? String(port.port) : String(port.targetPort);
    return [
      `Port:\t${label}\t${port.port}/${protocol}`, `TargetPort:\t${target}/${protocol}`, ...(port.nodePort === undefined ? [] : [`NodePort:\t${label}\t${port.nodePort}/${protocol}`]),
      `Endpoints:\t${endpointText(subsets, port.name)}`,
    ];
  });
  return [
    ...head(subject, true), ...labels(object), ...annotations(object), ...mapLines('Selector:\t', spec.selector, '\t').map((line, at, all) => (at === 0 && all.length > 1 ? `Selector:\t${Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`).toSorted().join(',')}` : line)).slice(0, 1),
    `Type:\t${spec.type ?? 'ClusterIP'}`, `IP Families:\t${families.length === 0 ? '<none>' : families.join(',')}`, `IP:\t${spec.clusterIP ?? ''}`, `IPs:\t${(spec.clusterIPs ?? []).length === 0 ? '<none>' : spec.clusterIPs!.join(',')}`,
    ...(spec.externalIPs === undefined ? [] : [`External IPs:\t${spec.externalIPs.join(',')}`]), ...(spec.loadBalancerIP === undefined ? [] : [`IP:\t${spec.loadBalancerIP}`]), ...(spec.externalName === undefined ? [] : [`External Name:\t${spec.externalName}`]),
    ...(ingress.length === 0 ? [] : [`LoadBalancer Ingress:\t${ingress.map(({ ip, hostname }) => ip ?? hostname).join(', ')}`]), ...portLines, `Session Affinity:\t${spec.sessionAffinity ?? 'None'}`,
    ...(spec.externalTrafficPolicy === undefined ? [] : [`External Traffic Policy:\t${spec.externalTrafficPolicy}`]), ...(spec.healthCheckNodePort === undefined ? [] : [`HealthCheck NodePort:\t${spec.healthCheckNodePort}`]),
    ...(spec.loadBalancerSourceRanges === undefined ? [] : [`LoadBalancer Source Ranges:\t${spec.loadBalancerSourceRanges.join(',')}`]), ...(await eventLines(session, subject)),
  ];
};

interface Backend { service?: { name: string; port?: { number?: number; name?: string } }; resource?: { kind: string; name: string } }
interface IngressSpec { defaultBackend?: Backend; tls?: { hosts?: string[]; secretName?: string }[]; rules?: { host?: string; http?: { paths?: { path?: string; backend: Backend }[] } }[] }

/** An Ingress without a default backend is said to have the cluster's. */
const ingress: Page = async (session, subject) => {
  const { object, namespace } = subject;
  const { defaultBackend, tls = [], rules = [] } = specOf<IngressSpec>(object);
  const addresses = statusOf<{ loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }>(object).loadBalancer?.ingress ?? [];
  const byDefault = defaultBackend === undefined ? await backendText(session, 'kube-system', { service: { name: 'default-http-backend', port: { number: 80 } } }) : await backendText(session, namespace, defaultBackend);
  const lines: string[] = [];
  for (const { host, http } of rules) {
    if (http === undefined) continue;
    lines.push(`  ${host ?? '*'}\t`);
    for (const { path = '', backend } of http.paths ?? []) lines.push(`    \t${path} \t${await backendText(session, namespace, backend)}`);
  }
  if (lines.length === 0) lines.push(`  *\t* \t${byDefault}`);
  return [
    ...head(subject, true), `Address:\t${addresses.map(({ ip, hostname }) => ip ?? hostname).join(',')}`, `Default backend:\t${byDefault}`,
    ...(tls.length === 0 ? [] : ['TLS:', ...tls.map(({ hosts = [], secretName = '' }) => (secretName === '' ? `  SNI routes ${hosts.join(',')}` : `  ${secretName} terminates ${hosts.join(',')}`))]),
    'Rules:', '  Host\tPath\tBackends', '  ----\t----\t--------', ...lines, ...annotations(object), ...(await eventLines(session, subject)),
  ];
};

/** describeBackendV1: the Service's port, and who is behind it. */
async function backendText(session: Session, namespace: string | undefined, { service, resource }: Backend): Promise<string> {
  if (service === undefined) return resource === undefined ? '' : `APIGroup: <none>, Kind: ${resource.kind}, Name: ${resource.name}`;
  const { number, name } = service.port ?? {};
  const shown = `${service.name}:${name ?? number ?? ''}`;
  try {
    const { subsets = [] } = (await session.byName('endpoints', namespace, service.name)) as { subsets?: Subset[] };
    const { ports = [] } = specOf<ServiceSpec>(await session.byName('services', namespace, service.name));
    return `${shown} (${endpointText(subsets, ports.find((port) => (name === undefined ? port.port === number : port.name === name))?.name)})`;
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    return `${shown} (<error: ${error.status.message ?? ''}>)`;
  }
}

async function endpointsOf(session: Session, namespace: string | undefined, name: string): Promise<Subset[]> {
  try {
    return ((await session.byName('endpoints', namespace, name)) as { subsets?: Subset[] }).subsets ?? [];
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** formatEndpoints: at most three, then how many more. */
function endpointText(subsets: readonly Subset[], portName: string | undefined): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) => ports.filter(({ name }) => (name ?? '') === (portName ?? '')).flatMap(({ port }) => addresses.map(({ ip }) => `${ip}:${port}`)));
  if (all.length === 0) return '<none>';
  return all.length > 3 ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...` : all.join(',');
}

const endpoints: Page = async (session, subject) => {
  const { subsets = [] } = subject.object as { subsets?: Subset[] };
  return [
    ...head(subject, true), ...labels(subject.object), ...annotations(subject.object), 'Subsets:',
    ...subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => [
      `  Addresses:\t${addresses.map(({ ip }) => ip).join(',') || '<none>'}`, `  NotReadyAddresses:\t${notReadyAddresses.map(({ ip }) => ip).join(',') || '<none>'}`,
      ...(ports.length === 0 ? [] : ['  Ports:', '    Name\tPort\tProtocol', '    ----\t----\t--------', ...ports.map(({ name, port, protocol }) => `    ${name ?? '<unset>'}\t${port}\t${protocol ?? 'TCP'}`)]), '',
    ]),
    ...(await eventLines(session, subject)),
  ];
};

// ---------------------------------------------------------------- workloads

interface DeploymentSpec { replicas?: number; selector?: Parameters<typeof selectorText>[0]; strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } }; minReadySeconds?: number; template: PodTemplate }
interface WorkloadStatus { replicas?: number; updatedReplicas?: number; readyReplicas?: number; availableReplicas?: number; unavailableReplicas?: number; conditions?: { type: string; status: string; reason?: string }[] }

const deployment: Page = async (session, subject) => {
  const { object, namespace } = subject;
  const spec = specOf<DeploymentSpec>(object);
  const status = statusOf<WorkloadStatus>(object);
  const sets = (await session.list(await (await session.discovery()).find('replicasets.apps'), namespace)).filter(({ metadata }) => metadata?.ownerReferences?.some(({ uid }) => uid === object.metadata?.uid) === true);
  const wanted = object.metadata?.annotations?.['deployment.kubernetes.io/revision'];
  const isNew = (set: KubeObject): boolean => set.metadata?.annotations?.['deployment.kubernetes.io/revision'] === wanted;
  const setText = (list: readonly KubeObject[]): string => list.map((set) => `${set.metadata?.name} (${statusOf<WorkloadStatus>(set).replicas ?? 0}/${specOf<DeploymentSpec>(set).replicas ?? 0} replicas created)`).join(', ') || '<none>';
  const rolling = spec.strategy?.rollingUpdate;
  return [
    ...head(subject, true), `CreationTimestamp:\t${longTime(object.metadata?.creationTimestamp)}`, ...labels(object), ...annotations(object), `Selector:\t${selectorText(spec.selector)}`,
    `Replicas:\t${spec.replicas ?? 1} desired | ${status.updatedReplicas ?? 0} updated | ${status.replicas ?? 0} total | ${status.availableReplicas ?? 0} available | ${status.unavailableReplicas ?? 0} unavailable`,
    `StrategyType:\t${spec.strategy?.type ?? 'RollingUpdate'}`, `MinReadySeconds:\t${spec.minReadySeconds ?? 0}`,
    ...(rolling === undefined ? [] : [`RollingUpdateStrategy:\t${rolling.maxUnavailable ?? '25%'} max unavailable, ${rolling.maxSurge ?? '25%'} max surge`]),
    'Pod Template:', templateText(spec.template, '  '),
    ...((status.conditions ?? []).length === 0 ? [] : ['Conditions:', '  Type\tStatus\tReason', '  ----\t------\t------', ...status.conditions!.map(({ type, status: is, reason }) => `  ${type} \t${is}\t${reason ?? ''}`)]),
    `OldReplicaSets:\t${setText(sets.filter((set) => !isNew(set) && (specOf<DeploymentSpec>(set).replicas ?? 0) > 0))}`, `NewReplicaSet:\t${setText(sets.filter(isNew))}`, ...(await eventLines(session, subject)),
  ];
};

async function podCounts(session: Session, { object, namespace }: Subject & { object: KubeObject }): Promise<string> {
  const pods = (await session.list(await (await session.discovery()).find('pods'), namespace)).filter(({ metadata }) => metadata?.ownerReferences?.some(({ uid, controller }) => controller === true && uid === object.metadata?.uid) === true);
  const count = (phase: string): number => pods.filter((one) => statusOf<PodStatus>(one).phase === phase).length;
  return `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`;
}

const replicaSet: Page = async (session, subject) => {
  const { object } = subject;
  const spec = specOf<DeploymentSpec>(object);
  return [
    ...head(subject, true), `Selector:\t${selectorText(spec.selector)}`, ...labels(object), ...annotations(object), ...controlledBy(object),
    `Replicas:\t${statusOf<WorkloadStatus>(object).replicas ?? 0} current / ${spec.replicas ?? 1} desired`, `Pods Status:\t${await podCounts(session, subject)}`, 'Pod Template:', templateText(spec.template, '  '), ...(await eventLines(session, subject)),
  ];
};

const daemonSet: Page = async (session, subject) => {
  const { object } = subject;
  const spec = specOf<DeploymentSpec>(object);
  const status = statusOf<{ desiredNumberScheduled?: number; currentNumberScheduled?: number; updatedNumberScheduled?: number; numberAvailable?: number; numberMisscheduled?: number }>(object);
  return [
    ...head(subject, true), `Selector:\t${selectorText(spec.selector)}`, 'Node-Selector:\t<none>', ...labels(object), ...annotations(object),
    `Desired Number of Nodes Scheduled: ${status.desiredNumberScheduled ?? 0}`, `Current Number of Nodes Scheduled: ${status.currentNumberScheduled ?? 0}`, `Number of Nodes Scheduled with Up-to-date Pods: ${status.updatedNumberScheduled ?? 0}`,
    `Number of Nodes Scheduled with Available Pods: ${status.numberAvailable ?? 0}`, `Number of Nodes Misscheduled: ${status.numberMisscheduled ?? 0}`, `Pods Status:\t${await podCounts(session, subject)}`, 'Pod Template:', templateText(spec.template, '  '), ...(await eventLines(session, subject)),
  ];
};

const statefulSet: Page = async (session, subject) => {
  const { object } = subject;
  const spec = specOf<DeploymentSpec & { updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } } }>(object);
  const { partition } = spec.updateStrategy?.rollingUpdate ?? {};
  return [
    ...head(subject, true), `CreationTimestamp:\t${longTime(object.metadata?.creationTimestamp)}`, `Selector:\t${selectorText(spec.selector)}`, ...labels(object), ...annotations(object),
    `Replicas:\t${spec.replicas ?? 1} desired | ${statusOf<WorkloadStatus>(object).replicas ?? 0} total`, `Update Strategy:\t${spec.updateStrategy?.type ?? ''}`, ...(partition === undefined ? [] : [`  Partition:\t${partition}`]),
    `Pods Status:\t${await podCounts(session, subject)}`, 'Pod Template:', templateText(spec.template, '  '), 'Volume Claims:\t<none>', ...(await eventLines(session, subject)),
  ];
};

const job: Page = async (session, subject) => {
  const { object } = subject;
  const spec = specOf<{ parallelism?: number; completions?: number; activeDeadlineSeconds?: number; selector?: Parameters<typeof selectorText>[0]; template: PodTemplate }>(object);
  const status = statusOf<{ startTime?: string; completionTime?: string; active?: number; succeeded?: number; failed?: number }>(object);
  return [
    ...head(subject, true), `Selector:\t${selectorText(spec.selector)}`, ...labels(object), ...annotations(object), ...controlledBy(object), `Parallelism:\t${spec.parallelism ?? 1}`, `Completions:\t${text(spec.completions, '<unset>')}`,
    ...(status.startTime === undefined ? [] : [`Start Time:\t${longTime(status.startTime)}`]), ...(status.completionTime === undefined ? [] : [`Completed At:\t${longTime(status.completionTime)}`]),
    ...(status.startTime === undefined || status.completionTime === undefined ? [] : [`Duration:\t${humanDuration((parseTimestamp(status.completionTime) ?? 0) - (parseTimestamp(status.startTime) ?? 0))}`]), ...(spec.activeDeadlineSeconds === undefined ? [] : [`Active Deadline Seconds:\t${spec.activeDeadlineSeconds}s`]),
    `Pods Statuses:\t${status.active ?? 0} Running / ${status.succeeded ?? 0} Succeeded / ${status.failed ?? 0} Failed`, 'Pod Template:', templateText(spec.template, '  '), ...(await eventLines(session, subject)),
  ];
};

// ---------------------------------------------------------------- nodes

interface NodeStatus { conditions?: { type: string; status: string; lastHeartbeatTime?: string; lastTransitionTime?: string; reason?: string; message?: string }[]; addresses?: { type: string; address: string }[]; capacity?: Record<string, string>; allocatable?: Record<string, string>; nodeInfo?: Record<string, string> }
interface Lease { spec?: { holderIdentity?: string; acquireTime?: string; renewTime?: string } }

const node: Page = async (session, subject) => {
  const { object, name } = subject;
  const spec = specOf<{ podCIDR?: string; podCIDRs?: string[]; providerID?: string; unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] }>(object);
  const status = statusOf<NodeStatus>(object);
  const taints = (spec.taints ?? []).map(({ key, value, effect }) => `${key}${value === undefined ? '' : `=${value}`}:${effect}`);
  const info = status.nodeInfo ?? {};
  const discovery = await session.discovery();
  const pods = await session.list(await discovery.find('pods'), undefined, { fieldSelector: `spec.nodeName=${name},status.phase!=Failed,status.phase!=Succeeded` });
  let lease: string[];
  try {
    const { spec: held = {} } = (await session.byName('leases', 'kube-node-lease', name)) as Lease;
    lease = ['Lease:', `  HolderIdentity:\t${held.holderIdentity ?? '<unset>'}`, `  AcquireTime:\t${held.acquireTime === undefined ? '<unset>' : longTime(held.acquireTime)}`, `  RenewTime:\t${held.renewTime === undefined ? '<unset>' : longTime(held.renewTime)}`];
  } catch (error) {
    if (!(error instanceof KubectlProblem)) throw error;
    lease = [`Lease:\tFailed to get lease: ${error.message.replace(/^Error from server \(\w+\): /, '')}`];
  }
  const amounts = (title: string, list: Record<string, string> | undefined): string[] => (list === undefined ? [] : [`${title}:`, ...Object.entries(list).toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([resource, amount]) => `  ${resource}:\t${amount}`)]);
  return [
    ...head(subject, false), `Roles:\t${rolesOf(object)}`, ...labels(object), ...annotations(object), `CreationTimestamp:\t${longTime(object.metadata?.creationTimestamp)}`,
    ...(taints.length === 0 ? ['Taints:\t<none>'] : taints.map((one, at) => `${at === 0 ? 'Taints:\t' : '\t'}${one}`)), `Unschedulable:\t${spec.unschedulable === true}`, ...lease,
    ...((status.conditions ?? []).length === 0 ? [] : ['Conditions:', '  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage', '  ----\t------\t-----------------\t------------------\t------\t-------',
      ...status.conditions!.map((one) => `  ${one.type} \t${one.status} \t${(one.lastHeartbeatTime ?? undefined) === undefined ? 'Mon, 01 Jan 0001 00:00:00 +0000' : longTime(one.lastHeartbeatTime)} \t${longTime(one.lastTransitionTime)} \t${one.reason ?? ''} \t${one.message ?? ''}`)]),
    'Addresses:', ...(status.addresses ?? []).map(({ type, address }) => `  ${type}:\t${address}`), ...amounts('Capacity', status.capacity), ...amounts('Allocatable', status.allocatable), 'System Info:',
    `  Machine ID:\t${info['machineID'] ?? ''}`, `  System UUID:\t${info['systemUUID'] ?? ''}`, `  Boot ID:\t${info['bootID'] ?? ''}`, `  Kernel Version:\t${info['kernelVersion'] ?? ''}`, `  OS Image:\t${info['osImage'] ?? ''}`,
    `  Operating System:\t${info['operatingSystem'] ?? ''}`, `  Architecture:\t${info['architecture'] ?? ''}`, `  Container Runtime Version:\t${info['containerRuntimeVersion'] ?? ''}`, `  Kubelet Version:\t${info['kubeletVersion'] ?? ''}`, `  Kube-Proxy Version:\t${info['kubeProxyVersion'] ?? ''}`,
    ...(spec.podCIDR === undefined ? [] : [`PodCIDR:\t${spec.podCIDR}`]), ...(spec.podCIDRs === undefined ? [] : [`PodCIDRs:\t${spec.podCIDRs.join(',')}`]), ...(spec.providerID === undefined ? [] : [`ProviderID:\t${spec.providerID}`]),
    ...nodeResources(session, pods, status.allocatable ?? {}), ...(await eventLines(session, subject)),
  ];
};

function rolesOf({ metadata }: KubeObject): string {
  const roles = Object.entries(metadata?.labels ?? {}).flatMap(([name, value]) => (name.startsWith('node-role.kubernetes.io/') ? [name.slice(24)] : name === 'kubernetes.io/role' ? [value] : [])).filter((role) => role !== '');
  return roles.length === 0 ? '<none>' : roles.toSorted().join(',');
}

function nodeResources(session: Session, pods: readonly KubeObject[], allocatable: Readonly<Record<string, string>>): string[] {
  const percent = (value: number, all: number): number => (all === 0 ? 0 : Math.floor((value / all) * 100));
  const totals: Record<string, number> = {};
  const [allCpu, allMemory] = [milliValue(allocatable['cpu']), wholeValue(allocatable['memory'])];
  const rows = pods.map((one) => {
    const { containers } = specOf<PodSpec>(one);
    const sumOf = (kind: 'requests' | 'limits', resource: 'cpu' | 'memory'): number => containers.reduce((total, { resources }) => total + (resource === 'cpu' ? milliValue : wholeValue)(resources?.[kind]?.[resource]), 0);
    const cells = (['requests', 'limits'] as const).flatMap((kind) => [sumOf(kind, 'cpu')]).concat((['requests', 'limits'] as const).map((kind) => sumOf(kind, 'memory')));
    for (const [at, value] of cells.entries()) totals[at] = (totals[at] ?? 0) + value;
    const [requestCpu = 0, limitCpu = 0, requestMemory = 0, limitMemory = 0] = cells;
    return `  ${one.metadata?.namespace}\t${one.metadata?.name}\t\t${cpu(requestCpu)} (${percent(requestCpu, allCpu)}%)\t${cpu(limitCpu)} (${percent(limitCpu, allCpu)}%)\t${memory(requestMemory)} (${percent(requestMemory, allMemory)}%)\t${memory(limitMemory)} (${percent(limitMemory, allMemory)}%)\t${age(one.metadata?.creationTimestamp, session.call.sys)}`;
  });
  const [requestCpu = 0, limitCpu = 0, requestMemory = 0, limitMemory = 0] = [0, 1, 2, 3].map((at) => totals[at] ?? 0);
  return [
    `Non-terminated Pods:\t(${pods.length} in total)`, '  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAGE', '  ---------\t----\t\t------------\t----------\t---------------\t-------------\t---', ...rows,
    'Allocated resources:', '  (Total limits may be over 100 percent, i.e., overcommitted.)', '  Resource\tRequests\tLimits', '  --------\t--------\t------',
    `  cpu\t${cpu(requestCpu)} (${percent(requestCpu, allCpu)}%)\t${cpu(limitCpu)} (${percent(limitCpu, allCpu)}%)`, `  memory\t${memory(requestMemory)} (${percent(requestMemory, allMemory)}%)\t${memory(limitMemory)} (${percent(limitMemory, allMemory)}%)`, '  ephemeral-storage\t0 (0%)\t0 (0%)',
  ];
}

const cpu = (milli: number): string => (milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`);
const memory = (bytes: number): string => (bytes === 0 ? '0' : bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20}Mi` : bytes % 2 ** 10 === 0 ? `${bytes / 2 ** 10}Ki` : canonicalQuantity(String(bytes)));

// ---------------------------------------------------------------- small kinds

const namespacePage: Page = (_session, subject) => Promise.resolve([
  ...head(subject, false), ...labels(subject.object), ...annotations(subject.object), `Status:\t${statusOf<{ phase?: string }>(subject.object).phase ?? ''}`, '', 'No resource quota.', '', 'No LimitRange resource.',
]);

const networkPolicy: Page = (_session, { object }) => Promise.resolve([
  ...head({ object }, true), `Created on:\t${(object.metadata?.creationTimestamp ?? '').replace('T', ' ').replace('Z', ' +0000 UTC')}`, ...labels(object), ...annotations(object), ...networkPolicyLines(specOf<NetworkPolicySpec>(object), selectorText),
]);

const configMap: Page = async (session, subject) => {
  const { data = {} } = subject.object as { data?: Record<string, string> };
  return [...head(subject, true), ...labels(subject.object), ...annotations(subject.object), '', 'Data', '====', ...Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1)).flatMap(([name, value]) => [`${name}:`, '----', value]), ...(await eventLines(session, subject))];
};

const secret: Page = (_session, subject) => {
  const { data = {}, type } = subject.object as { data?: Record<string, string>; type?: string };
  const bytes = (value: string): number => Math.floor((value.replace(/=+$/, '').length * 3) / 4);
  return Promise.resolve([...head(subject, true), ...labels(subject.object), ...annotations(subject.object), '', `Type:\t${type ?? 'Opaque'}`, '', 'Data', '====', ...Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, value]) => `${name}:\t${bytes(value)} bytes`)]);
};

const serviceAccount: Page = async (session, subject) => {
  const { secrets = [], imagePullSecrets = [] } = subject.object as { secrets?: { name?: string }[]; imagePullSecrets?: { name?: string }[] };
  const own = (await session.list(await (await session.discovery()).find('secrets'), subject.namespace)).filter(({ metadata, type }) => type === 'kubernetes.io/service-account-token' && metadata?.annotations?.['kubernetes.io/service-account.name'] === subject.name);
  const listed = (heading: string, entries: readonly { name?: string }[]): string[] => (entries.length === 0 ? [`${heading}:\t<none>`] : entries.map(({ name = '' }, at) => `${at === 0 ? `${heading}:` : ''}\t${name}`));
  return [
    ...head(subject, true), ...labels(subject.object), ...annotations(subject.object), ...listed('Image pull secrets', imagePullSecrets), ...listed('Mountable secrets', secrets), ...listed('Tokens', own.map(({ metadata }) => ({ name: metadata?.name ?? '' }))),
    ...(await eventLines(session, subject)),
  ];
};

const generic: Page = async (session, subject) => {
  const { object } = subject;
  const title = (name: string): string => name.replace(/^./, (letter) => letter.toUpperCase()).replace(/([a-z])([A-Z])/g, '$1 $2').replace(/\bIp\b/g, 'IP');
  const fields = (value: Record<string, unknown>, indent: string): string[] => Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)).flatMap(([name, field]) => {
    if (name === 'managedFields') return [];
    if (Array.isArray(field)) return [`${indent}${title(name)}:`, ...field.flatMap((item: unknown) => (typeof item === 'object' && item !== null ? fields(item as Record<string, unknown>, `${indent}  `) : [`${indent}  ${String(item)}`]))];
    if (typeof field === 'object' && field !== null) return [`${indent}${title(name)}:`, ...fields(field as Record<string, unknown>, `${indent}  `)];
    return [`${indent}${title(name)}:\t${text(field)}`];
  });
  const { metadata, apiVersion, kind, ...rest } = object;
  const { name, namespace, labels: own, annotations: notes, ...more } = (metadata ?? { name: '' }) as unknown as Record<string, unknown> & { name: string };
  void [name, namespace, own, notes];
  return [`Name:\t${subject.name}`, `Namespace:\t${subject.namespace ?? ''}`, ...labels(object), ...annotations(object), `API Version:\t${apiVersion}`, `Kind:\t${kind}`, 'Metadata:', ...fields(more, '  '), ...fields(rest, ''), ...(await eventLines(session, subject))];
};

const PAGES: Readonly<Record<string, Page>> = { Pod: pod, Service: service, Endpoints: endpoints, Ingress: ingress, Deployment: deployment, ReplicaSet: replicaSet, DaemonSet: daemonSet, StatefulSet: statefulSet, Job: job, CronJob: cronJob, HorizontalPodAutoscaler: autoscaler, PodDisruptionBudget: disruptionBudget, Role: role, ClusterRole: role, RoleBinding: binding, ClusterRoleBinding: binding, Node: node, Namespace: namespacePage, ConfigMap: configMap, Secret: secret, ServiceAccount: serviceAccount, NetworkPolicy: networkPolicy };

/**
 * What a field means when it is not written (pkg/apis/*\/v1/defaults.go). Objects come here decoded, so that `undefined` is Go's zero
 * value of a field that is omitted when empty.
 */
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v1';
import type { CronJob, Job } from 'kubernetes-types/batch/v1';
import type { Container, Endpoints, Namespace, Node, Pod, PodSpec, Probe, ReplicationController, Secret, Service, Volume } from 'kubernetes-types/core/v1';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1';
import type { ClusterRoleBinding, RoleBinding, Subject } from 'kubernetes-types/rbac/v1';
import { base64 } from './base64.ts';
import type { Resource, StoredAny, StoredObject } from './kinds.ts';
import { parseQuantity, formatQuantity } from './quantity.ts';
import { copy, equal, type Mutable } from './values.ts';

type Defaulter = (object: never, minor: number, old?: StoredAny) => void;

export const defaulters: Partial<Record<Resource, Defaulter>> = {
  pods: defaultPod,
  services: defaultService,
  endpoints: defaultEndpoints,
  nodes: defaultNode,
  namespaces: (object: Mutable<Namespace>) => { (object.status ??= {}).phase ??= 'Active'; },
  secrets: defaultSecret,
  replicationcontrollers: defaultReplicationController,
  deployments: defaultDeployment,
  replicasets: (object: Mutable<ReplicaSet>) => {
    object.spec!.replicas ??= 1;
    defaultTemplate(object.spec?.template?.spec);
  },
  daemonsets: defaultDaemonSet,
  statefulsets: defaultStatefulSet,
  jobs: defaultJob,
  cronjobs: (object: Mutable<CronJob>) => {
    const spec = object.spec!;
    spec.concurrencyPolicy ??= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    defaultTemplate(spec.jobTemplate.spec?.template.spec);
  },
  horizontalpodautoscalers: (object: Mutable<HorizontalPodAutoscaler>) => {
    object.spec!.minReplicas ??= 1;
    object.spec!.targetCPUUtilizationPercentage ??= 80;
  },
  endpointslices: (object: Mutable<EndpointSlice>) => {
    for (const port of object.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  networkpolicies: defaultNetworkPolicy,
  rolebindings: defaultBinding,
  clusterrolebindings: defaultBinding,
};

function defaultPod(pod: Mutable<Pod>): void {
  const spec = pod.spec!;
  for (const container of [...spec.containers ?? [], ...spec.initContainers ?? []]) {
    const limits = container.resources?.limits;
    if (limits !== undefined) container.resources!.requests = { ...limits, ...container.resources?.requests };
  }
  spec.enableServiceLinks ??= true;
  defaultPodSpec(spec);
}

function defaultTemplate(spec: Mutable<PodSpec> | undefined): void {
  if (spec !== undefined) defaultPodSpec(spec);
}

function defaultPodSpec(spec: Mutable<PodSpec>): void {
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.restartPolicy ??= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ??= 'default-scheduler';
  // A list of nothing is null here: Go's nil slice.
  for (const container of [...spec.containers ?? [], ...spec.initContainers ?? [], ...spec.ephemeralContainers ?? []] as Mutable<Container>[]) {
    defaultContainer(container);
    if (spec.hostNetwork === true) for (const port of container.ports ?? []) port.hostPort ??= port.containerPort;
  }
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

function defaultContainer(container: Mutable<Container>): void {
  container.imagePullPolicy ??= tagOf(container.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  for (const port of container.ports ?? []) port.protocol ??= 'TCP';
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) if (probe !== undefined) defaultProbe(probe);
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop]) if (handler?.httpGet !== undefined) defaultHttpGet(handler.httpGet);
  for (const variable of container.env ?? []) if (variable.valueFrom?.fieldRef !== undefined) variable.valueFrom.fieldRef.apiVersion ??= 'v1';
  roundResources(container.resources?.limits);
  roundResources(container.resources?.requests);
}

/** Nothing finer than a thousandth is kept (SetDefaults_ResourceList). */
function roundResources(list: Record<string, string> | undefined): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parseQuantity(text);
    if (typeof quantity === 'string') continue;
    const milli = 1_000_000n;
    if (quantity.nanos % milli !== 0n) list![name] = formatQuantity({ ...quantity, nanos: (quantity.nanos / milli + (quantity.nanos > 0n ? 1n : -1n)) * milli });
  }
}

/** The tag of an image; `latest` when there is neither tag nor digest. */
function tagOf(image: string): string {
  const [name = '', digest] = image.split('@');
  const colon = name.lastIndexOf(':');
  if (colon > name.lastIndexOf('/')) return name.slice(colon + 1);
  return digest === undefined ? 'latest' : '';
}

function defaultProbe(probe: Mutable<Probe>): void {
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  if (probe.httpGet !== undefined) defaultHttpGet(probe.httpGet);
}

function defaultHttpGet(action: { path?: string; scheme?: string }): void {
  action.path ??= '/';
  action.scheme ??= 'HTTP';
}

function defaultVolume(volume: Mutable<Volume>): void {
  if (Object.keys(volume).length === 1) volume.emptyDir = {};
  if (volume.secret !== undefined) volume.secret.defaultMode ??= 420;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= 420;
  if (volume.hostPath !== undefined) volume.hostPath.type ??= '';
  if (volume.downwardAPI !== undefined) volume.downwardAPI.defaultMode ??= 420;
  for (const item of volume.downwardAPI?.items ?? []) if (item.fieldRef !== undefined) item.fieldRef.apiVersion ??= 'v1';
  if (volume.projected !== undefined) {
    volume.projected.defaultMode ??= 420;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
      for (const item of source.downwardAPI?.items ?? []) if (item.fieldRef !== undefined) item.fieldRef.apiVersion ??= 'v1';
    }
  }
}

function defaultService(service: Mutable<Service>, minor: number): void {
  const spec = service.spec!;
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10_800 } };
  }
  spec.type ??= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ??= 'Cluster';
  if (minor >= 22) {
    if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
    if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  }
  if (minor < 20) return;
  // Behind a feature gate that is off until 1.21.
  if (minor === 20) {
    delete spec.ipFamilies;
    delete spec.ipFamilyPolicy;
    delete spec.allocateLoadBalancerNodePorts;
  }
}

/** What is given as text is kept as base64, like the rest. */
function defaultSecret(secret: Mutable<Secret>): void {
  secret.type ??= 'Opaque';
  if (secret.stringData === undefined) return;
  secret.data ??= {};
  for (const [name, text] of Object.entries(secret.stringData)) secret.data[name] = base64(new TextEncoder().encode(text));
  delete secret.stringData;
}

function defaultEndpoints(endpoints: Mutable<Endpoints>): void {
  for (const subset of endpoints.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ??= 'TCP';
}

function defaultNode(node: Mutable<Node>): void {
  // The first of podCIDRs is podCIDR, whoever wrote which.
  const spec = node.spec ??= {};
  if (spec.podCIDR !== undefined && spec.podCIDR !== spec.podCIDRs?.[0]) spec.podCIDRs = [spec.podCIDR];
  const status = node.status ??= {};
  if (status.allocatable === undefined && status.capacity !== undefined) status.allocatable = copy(status.capacity);
  roundResources(status.capacity);
  roundResources(status.allocatable);
}

function defaultReplicationController(controller: Mutable<ReplicationController>): void {
  const spec = controller.spec!;
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined) {
    spec.selector ??= { ...labels };
    controller.metadata!.labels ??= { ...labels };
  }
  spec.replicas ??= 1;
  defaultTemplate(spec.template?.spec);
}

function defaultDeployment(deployment: Mutable<Deployment>): void {
  const spec = deployment.spec!;
  spec.replicas ??= 1;
  const strategy = spec.strategy ??= {};
  strategy.type ??= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= '25%';
    strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  defaultTemplate(spec.template?.spec);
}

const templateGeneration = 'deprecated.daemonset.template.generation';

function defaultDaemonSet(daemonSet: Mutable<DaemonSet>, minor: number, old?: StoredAny): void {
  const spec = daemonSet.spec!;
  const strategy = spec.updateStrategy ??= {};
  strategy.type ??= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= 1;
    if (minor >= 22) strategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  defaultTemplate(spec.template?.spec);
  // A counter from before there were generations, kept in an annotation.
  const before = old as StoredObject<'daemonsets'> | undefined;
  const count = Number(before?.metadata.annotations?.[templateGeneration] ?? 0);
  const isChanged = before === undefined || !equal(before.spec?.template, spec.template);
  (daemonSet.metadata!.annotations ??= {})[templateGeneration] = String(isChanged ? count + 1 : count);
}

function defaultStatefulSet(statefulSet: Mutable<StatefulSet>): void {
  const spec = statefulSet.spec!;
  spec.podManagementPolicy ??= 'OrderedReady';
  const strategy = spec.updateStrategy ??= {};
  if (strategy.type === undefined) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate !== undefined) strategy.rollingUpdate.partition ??= 0;
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  defaultTemplate(spec.template?.spec);
}

function defaultJob(job: Mutable<Job>): void {
  const spec = job.spec!;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= 6;
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined) job.metadata!.labels ??= { ...labels };
  defaultTemplate(spec.template?.spec);
}

function defaultNetworkPolicy(policy: Mutable<NetworkPolicy>): void {
  const spec = policy.spec!;
  if ((spec.policyTypes ?? []).length === 0) spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  for (const rule of [...spec.ingress ?? [], ...spec.egress ?? []]) for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
}

function defaultBinding(binding: Mutable<RoleBinding | ClusterRoleBinding>): void {
  const group = 'rbac.authorization.k8s.io';
  if (binding.roleRef.apiGroup === '') binding.roleRef.apiGroup = group;
  for (const subject of (binding.subjects ?? []) as Mutable<Subject>[]) if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ??= group;
}

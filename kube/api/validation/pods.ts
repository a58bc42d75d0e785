/** Pods and templates of pods (pkg/apis/core/validation/validation.go, ValidatePodSpec and ValidatePodUpdate). */
import type { Affinity, Container, Pod, PodDNSConfig, PodSpec, Probe, Toleration, Volume } from 'kubernetes-types/core/v1';
import type { StoredObject } from '../kinds.ts';
import { between, ipProblems, labelKeyProblems, labelProblems, labelValueProblems, subdomainProblems } from '../names.ts';
import { copy, equal } from '../values.ts';
import { checkContainers, checkHostPorts, type ContainerContext } from './containers.ts';
import { checkLabels } from './metadata.ts';
import { goStrings, type Problems } from './problems.ts';

const largestInt32 = 2_147_483_647;

export function checkPodSpec(path: string, spec: PodSpec, problems: Problems): void {
  const volumes = new Set<string>();
  for (const [index, volume] of (spec.volumes ?? []).entries()) checkVolume(`${path}.volumes[${index}]`, volume, volumes, problems);
  const context: ContainerContext = { volumes, isHostNetwork: spec.hostNetwork === true };
  // Go's nil slice comes here as null.
  const containers = (spec.containers as Container[] | null) ?? [];
  if (containers.length === 0) problems.required(`${path}.containers`);
  checkContainers(`${path}.containers`, containers, context, problems);
  checkHostPorts(`${path}.containers`, containers, problems);
  checkInitContainers(`${path}.initContainers`, spec.initContainers ?? [], containers, context, problems);
  problems.oneOf(`${path}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  problems.oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']);
  checkLabels(`${path}.nodeSelector`, spec.nodeSelector, problems);
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    problems.invalid(`${path}.securityContext.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  }
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup'] as const) {
    const id = spec.securityContext?.[field];
    if (id !== undefined && (id < 0 || id > largestInt32)) problems.invalid(`${path}.securityContext.${field}`, id, between(0, largestInt32));
  }
  checkAffinity(`${path}.affinity`, spec.affinity, problems);
  checkDns(`${path}.dnsConfig`, spec.dnsConfig, spec.dnsPolicy, problems);
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    problems.invalidAll(`${path}.readinessGates[${index}].conditionType`, conditionType, labelKeyProblems(conditionType));
  }
  for (const field of ['serviceAccountName', 'nodeName'] as const) if (spec[field] !== undefined) problems.invalidAll(`${path}.${field}`, spec[field], subdomainProblems(spec[field]));
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > largestInt32)) problems.invalid(`${path}.activeDeadlineSeconds`, deadline, between(1, largestInt32));
  for (const field of ['hostname', 'subdomain'] as const) if (spec[field] !== undefined) problems.invalidAll(`${path}.${field}`, spec[field], labelProblems(spec[field]));
  for (const [index, toleration] of (spec.tolerations ?? []).entries()) checkToleration(`${path}.tolerations[${index}]`, toleration, problems);
  for (const { ip = '', hostnames = [] } of spec.hostAliases ?? []) {
    if (ipProblems(ip).length > 0) problems.invalid(`${path}.hostAliases.ip`, ip, 'must be valid IP address');
    for (const name of hostnames) problems.invalidAll(`${path}.hostAliases.hostnames`, name, subdomainProblems(name));
  }
  if (spec.priorityClassName !== undefined) problems.invalidAll(`${path}.priorityClassName`, spec.priorityClassName, subdomainProblems(spec.priorityClassName));
}

function checkInitContainers(path: string, initial: readonly Container[], others: readonly Container[], context: ContainerContext, problems: Problems): void {
  checkContainers(path, initial, context, problems);
  const names = new Set(others.map(({ name }) => name));
  for (const [index, container] of initial.entries()) {
    if (names.has(container.name)) problems.duplicate(`${path}[${index}].name`, container.name);
    // One that restarts always is a sidecar (since 1.29) and has a life of its own.
    if ((container as { restartPolicy?: string }).restartPolicy === 'Always') continue;
    if (container.lifecycle !== undefined) problems.invalid(`${path}[${index}].lifecycle`, { go: '(*core.Lifecycle)(0xc000012345)' }, 'must not be set for init containers');
    for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      const probe = container[name];
      if (probe !== undefined) problems.invalid(`${path}[${index}].${name}`, { go: goProbe(probe) }, 'must not be set for init containers');
    }
  }
}

function goProbe(probe: Probe): string {
  const pointer = (type: string, value: unknown): string => `(*core.${type})(${value === undefined ? 'nil' : '0xc000012345'})`;
  return `core.Probe{Handler:core.Handler{Exec:${pointer('ExecAction', probe.exec)}, HTTPGet:${pointer('HTTPGetAction', probe.httpGet)}, TCPSocket:${pointer('TCPSocketAction', probe.tcpSocket)}}, `
    + `InitialDelaySeconds:${probe.initialDelaySeconds ?? 0}, TimeoutSeconds:${probe.timeoutSeconds ?? 0}, PeriodSeconds:${probe.periodSeconds ?? 0}, `
    + `SuccessThreshold:${probe.successThreshold ?? 0}, FailureThreshold:${probe.failureThreshold ?? 0}}`;
}

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];
/** The order in which a real server looks at the kinds of volume. */
const volumeKinds = ['emptyDir', 'hostPath', 'gitRepo', 'gcePersistentDisk', 'awsElasticBlockStore', 'secret', 'nfs', 'iscsi', 'persistentVolumeClaim', 'configMap', 'downwardAPI', 'projected', 'csi', 'ephemeral'] as const;

function checkVolume(path: string, volume: Volume, names: Set<string>, problems: Problems): void {
  if (volume.name === '') problems.required(`${path}.name`);
  else {
    problems.invalidAll(`${path}.name`, volume.name, labelProblems(volume.name));
    if (names.has(volume.name)) problems.duplicate(`${path}.name`, volume.name);
  }
  names.add(volume.name);
  const [, ...more] = volumeKinds.filter((kind) => volume[kind] !== undefined);
  for (const kind of more) problems.forbidden(`${path}.${kind}`, 'may not specify more than 1 volume type');
  const { hostPath, secret, configMap, persistentVolumeClaim } = volume;
  if (hostPath !== undefined && !more.includes('hostPath')) {
    if (hostPath.path === '') problems.required(`${path}.hostPath.path`);
    else if (hostPath.path.split('/').includes('..')) problems.invalid(`${path}.hostPath.path`, hostPath.path, "must not contain '..'");
    if (hostPath.type !== undefined) problems.oneOf(`${path}.hostPath.type`, hostPath.type, hostPathTypes);
  }
  if (secret !== undefined && (secret.secretName ?? '') === '') problems.required(`${path}.secret.secretName`);
  if (configMap !== undefined && (configMap.name ?? '') === '') problems.required(`${path}.configMap.name`);
  if (persistentVolumeClaim?.claimName === '') problems.required(`${path}.persistentVolumeClaim.claimName`);
}

export function checkTaintEffect(path: string, effect: string | undefined, problems: Problems): void {
  problems.oneOf(path, effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
}

function checkToleration(path: string, toleration: Toleration, problems: Problems): void {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  if (key !== '') problems.invalidAll(`${path}.key`, key, labelKeyProblems(key));
  else if (operator !== 'Exists') problems.invalid(`${path}.operator`, operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"');
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') problems.invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
  if (operator === 'Exists') {
    if (value !== '') {
      const text = [key, operator, value, effect].map((one) => JSON.stringify(one));
      problems.invalid(`${path}.operator`, { go: `core.Toleration{Key:${text[0]}, Operator:${text[1]}, Value:${text[2]}, Effect:${text[3]}, TolerationSeconds:(*int64)(${tolerationSeconds === undefined ? 'nil' : '0xc000012345'})}` }, "value must be empty when `operator` is 'Exists'");
    }
  } else if (operator === 'Equal' || operator === '') {
    const wrong = labelValueProblems(value);
    if (wrong.length > 0) problems.invalid(`${path}.operator`, value, wrong.join(';'));
  } else problems.unsupported(`${path}.operator`, operator, ['Equal', 'Exists']);
  if (effect !== '') checkTaintEffect(`${path}.effect`, effect, problems);
}

function checkAffinity(path: string, affinity: Affinity | undefined, problems: Problems): void {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return;
  const terms = `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
  if ((required.nodeSelectorTerms ?? []).length === 0) problems.required(terms, 'must have at least one node selector term');
  for (const [index, { matchExpressions = [] }] of (required.nodeSelectorTerms ?? []).entries()) {
    for (const [at, { key, operator, values = [] }] of matchExpressions.entries()) {
      const here = `${terms}[${index}].matchExpressions[${at}]`;
      if (operator === 'In' || operator === 'NotIn') {
        if (values.length === 0) problems.required(`${here}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      } else if (operator === 'Exists' || operator === 'DoesNotExist') {
        if (values.length > 0) problems.forbidden(`${here}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      } else if (operator === 'Gt' || operator === 'Lt') {
        if (values.length !== 1) problems.required(`${here}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
      } else problems.invalid(`${here}.operator`, operator, 'not a valid selector operator');
      problems.invalidAll(`${here}.key`, key, labelKeyProblems(key));
    }
  }
}

function checkDns(path: string, config: PodDNSConfig | undefined, policy: string | undefined, problems: Problems): void {
  if (policy === 'None') {
    if (config === undefined) return problems.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None');
    if ((config.nameservers ?? []).length === 0) return problems.required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None');
  }
  const { nameservers = [], searches = [], options = [] } = config ?? {};
  if (nameservers.length > 3) problems.invalid(`${path}.nameservers`, goStrings(nameservers), 'must not have more than 3 nameservers');
  for (const [index, server] of nameservers.entries()) if (ipProblems(server).length > 0) problems.invalid(`${path}.nameservers[${index}]`, server, 'must be valid IP address');
  if (searches.length > 6) problems.invalid(`${path}.searches`, goStrings(searches), 'must not have more than 6 search paths');
  for (const [index, search] of searches.entries()) problems.invalidAll(`${path}.searches[${index}]`, search, subdomainProblems(search.replace(/\.$/, '')));
  for (const [index, { name = '' }] of options.entries()) if (name === '') problems.required(`${path}.options[${index}]`, 'must not be empty');
}

const updatable = 'pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)';

export function checkPodUpdate(pod: Pod, old: StoredObject<'pods'>, problems: Problems): void {
  const spec = pod.spec!;
  const before = old.spec!;
  for (const field of ['containers', 'initContainers'] as const) {
    if ((spec[field] ?? []).length !== (before[field] ?? []).length) return problems.forbidden(`spec.${field}`, 'pod updates may not add or remove containers');
    for (const [index, { image = '' }] of (spec[field] ?? []).entries()) if (image.trim() === '') problems.required(`spec.${field}[${index}].image`);
  }
  const [deadline, was] = [spec.activeDeadlineSeconds, before.activeDeadlineSeconds];
  if (deadline !== undefined && was !== undefined && deadline > was) return problems.invalid('spec.activeDeadlineSeconds', deadline, 'must be less than or equal to previous value');
  if (deadline === undefined && was !== undefined) problems.invalid('spec.activeDeadlineSeconds', { go: '(*int64)(nil)' }, 'must not update from a positive integer to nil value');
  for (const toleration of before.tolerations ?? []) {
    const isKept = (spec.tolerations ?? []).some((one) => equal({ ...one, tolerationSeconds: 0 }, { ...toleration, tolerationSeconds: 0 }));
    if (!isKept) problems.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds');
  }
  const munged = copy(spec);
  for (const field of ['containers', 'initContainers'] as const) for (const [index, container] of (munged[field] ?? []).entries()) container.image = before[field]![index]!.image!;
  if (was === undefined) delete munged.activeDeadlineSeconds;
  else munged.activeDeadlineSeconds = was;
  if (before.tolerations === undefined) delete munged.tolerations;
  else munged.tolerations = copy(before.tolerations);
  // The real server shows the difference of two Go structs below this line.
  if (!equal(munged, before)) problems.forbidden('spec', updatable);
}

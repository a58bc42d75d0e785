/** Containers: names, ports, environment, probes, resources (pkg/apis/core/validation/validation.go, validateContainers). */
import type { Container, ContainerPort, EnvVar, HTTPGetAction, Lifecycle, Probe, ResourceRequirements, SecurityContext, VolumeMount } from 'kubernetes-types/core/v1';
import { between, configKeyProblems, environmentNameProblems, headerNameProblems, labelKeyProblems, labelProblems, portNameProblems, portNumberProblems } from '../names.ts';
import { parseQuantity } from '../quantity.ts';
import { parseFieldSelector } from '../fields.ts';
import { checkPortNumberOrName, protocols } from './services.ts';
import type { Problems } from './problems.ts';

export interface ContainerContext {
  readonly volumes: ReadonlySet<string>;
  readonly isHostNetwork: boolean;
}

export function checkContainers(path: string, containers: readonly Container[], context: ContainerContext, problems: Problems): void {
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const at = `${path}[${index}]`;
    if (container.name === '') problems.required(`${at}.name`);
    else problems.invalidAll(`${at}.name`, container.name, labelProblems(container.name));
    if (names.has(container.name)) problems.duplicate(`${at}.name`, container.name);
    names.add(container.name);
    checkContainer(at, container, context, problems);
  }
}

function checkContainer(at: string, container: Container, { volumes, isHostNetwork }: ContainerContext, problems: Problems): void {
  if ((container.image ?? '') === '') problems.required(`${at}.image`);
  if (container.lifecycle !== undefined) checkLifecycle(`${at}.lifecycle`, container.lifecycle, problems);
  for (const name of ['livenessProbe', 'startupProbe'] as const) {
    const probe = container[name];
    if (probe === undefined) continue;
    checkProbe(`${at}.${name}`, probe, problems);
    if (probe.successThreshold !== 1) problems.invalid(`${at}.${name}.successThreshold`, probe.successThreshold ?? 0, 'must be 1');
  }
  const policy = container.terminationMessagePolicy;
  if (policy !== 'File' && policy !== 'FallbackToLogsOnError') problems.invalid(`${at}.terminationMessagePolicy`, policy ?? '', "must be 'File' or 'FallbackToLogsOnError'");
  if (container.readinessProbe !== undefined) checkProbe(`${at}.readinessProbe`, container.readinessProbe, problems);
  checkPorts(`${at}.ports`, container.ports ?? [], problems);
  if (isHostNetwork) {
    for (const [index, { hostPort, containerPort }] of (container.ports ?? []).entries()) {
      if (hostPort !== containerPort) problems.invalid(`${at}.ports[${index}].containerPort`, containerPort, 'must match `hostPort` when `hostNetwork` is true');
    }
  }
  checkEnvironment(`${at}.env`, container.env ?? [], problems);
  for (const [index, { prefix, configMapRef, secretRef }] of (container.envFrom ?? []).entries()) {
    const from = `${at}.envFrom[${index}]`;
    if (prefix !== undefined) problems.invalidAll(`${from}.prefix`, prefix, environmentNameProblems(prefix));
    if (configMapRef === undefined && secretRef === undefined) problems.invalid(from, '', 'must specify one of: `configMapRef` or `secretRef`');
  }
  checkMounts(`${at}.volumeMounts`, container.volumeMounts ?? [], volumes, problems);
  problems.oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
  checkResources(`${at}.resources`, container.resources ?? {}, problems);
  if (container.securityContext !== undefined) checkSecurity(`${at}.securityContext`, container.securityContext, problems);
}

function checkPorts(path: string, ports: readonly ContainerPort[], problems: Problems): void {
  const names = new Set<string>();
  for (const [index, { name = '', containerPort, hostPort, protocol }] of ports.entries()) {
    const at = `${path}[${index}]`;
    if (name !== '') {
      const wrong = portNameProblems(name);
      problems.invalidAll(`${at}.name`, name, wrong);
      if (wrong.length === 0 && names.has(name)) problems.duplicate(`${at}.name`, name);
      names.add(name);
    }
    if (containerPort === 0) problems.required(`${at}.containerPort`);
    else problems.invalidAll(`${at}.containerPort`, containerPort, portNumberProblems(containerPort));
    if (hostPort !== undefined) problems.invalidAll(`${at}.hostPort`, hostPort, portNumberProblems(hostPort));
    problems.oneOf(`${at}.protocol`, protocol, protocols);
  }
}

/** No two containers can have the same port of the host. */
export function checkHostPorts(path: string, containers: readonly Container[], problems: Problems): void {
  const taken = new Set<string>();
  for (const [at, { ports = [] }] of containers.entries()) {
    for (const [index, { hostPort, hostIP = '', protocol = '' }] of ports.entries()) {
      if (hostPort === undefined) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) problems.duplicate(`${path}[${at}].ports[${index}].hostPort`, key);
      taken.add(key);
    }
  }
}

function checkEnvironment(path: string, variables: readonly EnvVar[], problems: Problems): void {
  for (const [index, { name, value = '', valueFrom }] of variables.entries()) {
    const at = `${path}[${index}]`;
    if (name === '') problems.required(`${at}.name`);
    else problems.invalidAll(`${at}.name`, name, environmentNameProblems(name));
    if (valueFrom === undefined) continue;
    const sources = Object.keys(valueFrom).length;
    const from = `${at}.valueFrom`;
    const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
    if (fieldRef !== undefined) checkFieldPath(`${from}.fieldRef.fieldPath`, fieldRef.fieldPath, problems);
    for (const [kind, reference] of [['configMapKeyRef', configMapKeyRef], ['secretKeyRef', secretKeyRef]] as const) {
      if (reference === undefined) continue;
      if ((reference.name ?? '') === '') problems.required(`${from}.${kind}.name`);
      if (reference.key === '') problems.required(`${from}.${kind}.key`);
      else problems.invalidAll(`${from}.${kind}.key`, reference.key, configKeyProblems(reference.key));
    }
    if (sources === 0) problems.invalid(from, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`');
    else if (value !== '') problems.invalid(from, '', 'may not be specified when `value` is not empty');
    else if (sources > 1) problems.invalid(from, '', 'may not have more than one field specified at a time');
  }
}

/** What a container may be told of its own pod. */
const knownPaths = ['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.podIP', 'status.podIPs'];

function checkFieldPath(path: string, fieldPath: string, problems: Problems): void {
  if (fieldPath === '') {
    problems.required(path);
    return;
  }
  if (knownPaths.includes(fieldPath) || /^metadata\.(?:labels|annotations)\['[^']+'\]$/.test(fieldPath)) return;
  try {
    parseFieldSelector('pods', `${fieldPath}=x`);
    problems.unsupported(path, fieldPath, knownPaths);
  } catch {
    problems.invalid(path, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`);
  }
}

function checkMounts(path: string, mounts: readonly VolumeMount[], volumes: ReadonlySet<string>, problems: Problems): void {
  const places = new Set<string>();
  for (const [index, { name, mountPath, subPath }] of mounts.entries()) {
    const at = `${path}[${index}]`;
    if (name === '') problems.required(`${at}.name`);
    if (!volumes.has(name)) problems.notFound(`${at}.name`, name);
    if (mountPath === '') problems.required(`${at}.mountPath`);
    if (places.has(mountPath)) problems.invalid(`${at}.mountPath`, mountPath, 'must be unique');
    places.add(mountPath);
    if (subPath?.startsWith('/') === true) problems.invalid(`${path}.subPath`, subPath, 'must be a relative path');
    if (subPath?.split('/').includes('..') === true) problems.invalid(`${path}.subPath`, subPath, "must not contain '..'");
  }
}

function checkLifecycle(path: string, { postStart, preStop }: Lifecycle, problems: Problems): void {
  if (postStart !== undefined) checkHandler(`${path}.postStart`, postStart, problems);
  if (preStop !== undefined) checkHandler(`${path}.preStop`, preStop, problems);
}

function checkProbe(path: string, probe: Probe, problems: Problems): void {
  checkHandler(path, probe, problems);
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) problems.notNegative(`${path}.${field}`, probe[field]);
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket'> & { readonly grpc?: unknown };

function checkHandler(path: string, handler: Handler, problems: Problems): void {
  let count = 0;
  for (const kind of ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const) {
    if (handler[kind] === undefined) continue;
    count += 1;
    if (count > 1) problems.forbidden(`${path}.${kind}`, 'may not specify more than 1 handler type');
    else if (kind === 'exec') {
      if ((handler.exec?.command ?? []).length === 0) problems.required(`${path}.exec.command`);
    } else if (kind === 'httpGet') checkHttpGet(`${path}.httpGet`, handler.httpGet!, problems);
    else if (kind === 'tcpSocket') checkPortNumberOrName(`${path}.tcpSocket.port`, handler.tcpSocket?.port, problems);
  }
  if (count === 0) problems.required(path, 'must specify a handler type');
}

function checkHttpGet(path: string, { port, scheme, httpHeaders = [] }: HTTPGetAction, problems: Problems): void {
  checkPortNumberOrName(`${path}.port`, port, problems);
  problems.oneOf(`${path}.scheme`, scheme, ['HTTP', 'HTTPS']);
  for (const { name } of httpHeaders) problems.invalidAll(`${path}.httpHeaders`, name, headerNameProblems(name));
}

const containerResources = ['cpu', 'memory', 'ephemeral-storage'];

function checkResources(path: string, { limits = {}, requests = {} }: ResourceRequirements, problems: Problems): void {
  const nanos = (text: string): bigint => {
    const quantity = parseQuantity(text);
    return typeof quantity === 'string' ? 0n : quantity.nanos;
  };
  for (const [kind, list] of [['limits', limits], ['requests', requests]] as const) {
    for (const [name, text] of Object.entries(list)) {
      const at = `${path}.${kind}[${name}]`;
      const isPlain = !name.includes('/') && !name.startsWith('hugepages-');
      const wrong = labelKeyProblems(name);
      problems.invalidAll(at, name, wrong);
      if (isPlain && wrong.length === 0 && !containerResources.includes(name)) {
        if (!/^(?:pods|storage|services|secrets|configmaps|resourcequotas|persistentvolumeclaims|replicationcontrollers)$/.test(name)) {
          problems.invalid(at, name, 'must be a standard resource type or fully qualified');
        }
        problems.invalid(at, name, 'must be a standard resource for containers');
      }
      if (nanos(text) < 0n) problems.invalid(at, text, 'must be greater than or equal to 0');
      if (kind !== 'requests') continue;
      const limit = limits[name];
      const isExact = !isPlain && !name.includes('kubernetes.io/');
      if (limit === undefined) {
        if (isExact) problems.required(`${path}.limits`, 'Limit must be set for non overcommitable resources');
      } else if (isExact && nanos(text) !== nanos(limit)) problems.invalid(`${path}.requests`, text, `must be equal to ${name} limit`);
      else if (nanos(text) > nanos(limit)) problems.invalid(`${path}.requests`, text, `must be less than or equal to ${name} limit`);
    }
  }
}

const largestId = 2_147_483_647;

function checkSecurity(path: string, context: SecurityContext, problems: Problems): void {
  for (const field of ['runAsUser', 'runAsGroup'] as const) {
    const id = context[field];
    if (id !== undefined && (id < 0 || id > largestId)) problems.invalid(`${path}.${field}`, id, between(0, largestId));
  }
  if (context.allowPrivilegeEscalation !== false) return;
  if (context.privileged === true) problems.invalid(path, { go: goSecurity(context) }, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN') === true) {
    problems.invalid(path, { go: goSecurity(context) }, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN');
  }
}

/** As %#v has it: pointers, which say nothing, included. */
function goSecurity(context: SecurityContext): string {
  const pointer = (type: string, value: unknown): string => `(*${type})(${value === undefined ? 'nil' : '0xc000012345'})`;
  return `core.SecurityContext{Capabilities:${pointer('core.Capabilities', context.capabilities)}, Privileged:${pointer('bool', context.privileged)}, `
    + `SELinuxOptions:${pointer('core.SELinuxOptions', context.seLinuxOptions)}, WindowsOptions:${pointer('core.WindowsSecurityContextOptions', context.windowsOptions)}, `
    + `RunAsUser:${pointer('int64', context.runAsUser)}, RunAsGroup:${pointer('int64', context.runAsGroup)}, RunAsNonRoot:${pointer('bool', context.runAsNonRoot)}, `
    + `ReadOnlyRootFilesystem:${pointer('bool', context.readOnlyRootFilesystem)}, AllowPrivilegeEscalation:${pointer('bool', context.allowPrivilegeEscalation)}, `
    + `ProcMount:${pointer('core.ProcMountType', context.procMount)}, SeccompProfile:${pointer('core.SeccompProfile', context.seccompProfile)}}`;
}

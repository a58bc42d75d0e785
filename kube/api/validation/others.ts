/** Configuration, nodes, leases, events, policies, roles (pkg/apis/{core,coordination,networking,policy,rbac}/validation). */
import type { Lease } from 'kubernetes-types/coordination/v1';
import type { ConfigMap, Event, Node, Secret } from 'kubernetes-types/core/v1';
import type { HTTPIngressPath, Ingress, IngressBackend, IngressClass, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1';
import type { ClusterRole, ClusterRoleBinding, RoleBinding } from 'kubernetes-types/rbac/v1';
import { configKeyProblems, isIpv4, label1035Problems, labelKeyProblems, labelValueProblems, portNameProblems, portNumberProblems, subdomainProblems, wildcardProblems } from '../names.ts';
import { equal } from '../values.ts';
import { checkSelector } from './metadata.ts';
import { checkTaintEffect } from './pods.ts';
import type { Problems } from './problems.ts';
import { isCidr } from './services.ts';
import { checkCountOrPercent } from './workloads.ts';

const mostData = 1024 * 1024;

export function checkConfigMap(map: ConfigMap, old: ConfigMap | undefined, problems: Problems): void {
  if (old?.immutable === true) {
    if (map.immutable !== true) problems.forbidden('immutable', 'field is immutable when `immutable` is set');
    for (const field of ['data', 'binaryData'] as const) if (!equal(map[field], old[field])) problems.forbidden(field, 'field is immutable when `immutable` is set');
  }
  let size = 0;
  for (const field of ['data', 'binaryData'] as const) {
    for (const [key, value] of Object.entries(map[field] ?? {})) {
      problems.invalidAll(`${field}[${key}]`, key, configKeyProblems(key));
      if (field === 'data' && map.binaryData?.[key] !== undefined) problems.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
      size += (value as string | null)?.length ?? 0;
    }
  }
  if (size > mostData) problems.tooLong('', mostData);
}

/** What each type of Secret must have. */
const secretKeys: Record<string, readonly string[]> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'], 'kubernetes.io/dockercfg': ['.dockercfg'], 'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'], 'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

export function checkSecret(secret: Secret, old: Secret | undefined, problems: Problems): void {
  if (old !== undefined) {
    problems.immutable('type', secret.type === old.type, secret.type);
    if (old.immutable === true && !equal(secret.data, old.data)) problems.forbidden('data', 'field is immutable when `immutable` is set');
  }
  let size = 0;
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    problems.invalidAll(`data[${key}]`, key, configKeyProblems(key));
    size += (value as string | null)?.length ?? 0;
  }
  if (size > mostData * 4 / 3) problems.tooLong('data', mostData);
  for (const key of secretKeys[secret.type ?? ''] ?? []) if (secret.data?.[key] === undefined) problems.required(`data[${key}]`);
  const account = 'kubernetes.io/service-account.name';
  if (secret.type === 'kubernetes.io/service-account-token' && (secret.metadata?.annotations?.[account] ?? '') === '') problems.required(`metadata.annotations[${account}]`);
}

const nodeUpdates = 'node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)';

export function checkNode(node: Node, old: Node | undefined, problems: Problems): void {
  const { spec = {} } = node;
  const seen = new Set<string>();
  for (const [index, { key, value = '', effect }] of (spec.taints ?? []).entries()) {
    const path = `metadata.taints[${index}]`;
    problems.invalidAll(`${path}.key`, key, labelKeyProblems(key));
    const wrong = labelValueProblems(value);
    if (wrong.length > 0) problems.invalid(`${path}.value`, value, wrong.join(';'));
    checkTaintEffect(`${path}.effect`, effect, problems);
    if (seen.has(`${key} ${effect}`)) {
      problems.duplicate(path, { go: `core.Taint{Key:${JSON.stringify(key)}, Value:${JSON.stringify(value)}, Effect:${JSON.stringify(effect)}, TimeAdded:<nil>}: taints must be unique by key and effect pair` });
    }
    seen.add(`${key} ${effect}`);
  }
  for (const [index, cidr] of (spec.podCIDRs ?? []).entries()) {
    if (!isCidr(cidr)) problems.invalid(`spec.podCIDRs[${index}]`, { go: `[]string{${JSON.stringify(cidr)}}` }, 'must be valid CIDR');
  }
  if (old === undefined) return;
  const before = old.spec ?? {};
  let isFrozen = true;
  if ((before.podCIDRs ?? []).length > 0 && !equal(spec.podCIDRs, before.podCIDRs)) {
    problems.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid');
    isFrozen = false;
  }
  if ((before.providerID ?? '') !== '' && spec.providerID !== before.providerID) {
    problems.forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid');
    isFrozen = false;
  }
  // Without a field's name, as the real one has it.
  if (!isFrozen) problems.forbidden('[]', nodeUpdates);
}

export function checkLease({ spec }: Lease, problems: Problems): void {
  if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) problems.invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0');
  if (spec?.leaseTransitions !== undefined && spec.leaseTransitions < 0) problems.invalid('spec.leaseTransitions', spec.leaseTransitions, 'must to greater or equal than 0');
}

/** Events of things without a namespace live in `default`, and in `kube-system` since 1.19. */
export function checkEvent({ metadata, involvedObject }: Event, problems: Problems): void {
  const own = metadata?.namespace ?? '';
  const theirs = involvedObject.namespace ?? '';
  if (theirs === '' ? own !== 'default' && own !== 'kube-system' : own !== theirs) problems.invalid('involvedObject.namespace', theirs, 'does not match event.namespace');
}

export function checkIngress({ spec = {} }: Ingress, problems: Problems): void {
  const rules = spec.rules ?? [];
  if (rules.length === 0 && spec.defaultBackend === undefined) problems.invalid('spec', { go: '[]networking.IngressRule(nil)' }, 'either `defaultBackend` or `rules` must be specified');
  if (spec.defaultBackend !== undefined) checkBackend('spec.defaultBackend', spec.defaultBackend, problems);
  for (const [index, { host = '', http }] of rules.entries()) {
    const path = `spec.rules[${index}]`;
    if (host !== '') {
      if (isIpv4(host)) problems.invalid(`${path}.host`, host, 'must be a DNS name, not an IP address');
      else problems.invalidAll(`${path}.host`, host, host.includes('*') ? wildcardProblems(host) : subdomainProblems(host));
    }
    if (http === undefined) continue;
    if ((http.paths ?? []).length === 0) problems.required(`${path}.http.paths`);
    for (const [at, one] of (http.paths ?? []).entries()) checkIngressPath(`${path}.http.paths[${at}]`, one, problems);
  }
  if (spec.ingressClassName !== undefined) problems.invalidAll('spec.ingressClassName', spec.ingressClassName, subdomainProblems(spec.ingressClassName));
}

function checkIngressPath(path: string, { path: location = '', pathType, backend }: HTTPIngressPath, problems: Problems): void {
  if ((pathType as string | undefined) === undefined) {
    problems.required(`${path}.pathType`, 'pathType must be specified');
    return;
  }
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!location.startsWith('/')) problems.invalid(`${path}.path`, location, 'must be an absolute path');
    for (const sequence of ['//', '/./', '/../', '%2f', '%2F']) if (location.includes(sequence)) problems.invalid(`${path}.path`, location, `must not contain '${sequence}'`);
  } else if (pathType === 'ImplementationSpecific') {
    if (location !== '' && !location.startsWith('/')) problems.invalid(`${path}.path`, location, 'must be an absolute path');
  } else problems.unsupported(`${path}.pathType`, pathType, ['Exact', 'ImplementationSpecific', 'Prefix']);
  checkBackend(`${path}.backend`, backend, problems);
}

function checkBackend(path: string, { service, resource }: IngressBackend, problems: Problems): void {
  if (service === undefined) {
    if (resource === undefined) problems.required(path, 'a service or resource backend is required');
    return;
  }
  if (resource !== undefined) problems.invalid(path, '', 'cannot set both resource and service backends');
  if (service.name === '') problems.required(`${path}.service.name`);
  else problems.invalidAll(`${path}.service.name`, service.name, label1035Problems(service.name));
  const { name, number } = service.port ?? {};
  if (name !== undefined && number !== undefined) problems.invalid(path, '', 'cannot set both port name & port number');
  else if (name !== undefined) problems.invalidAll(`${path}.service.port.name`, name, portNameProblems(name));
  else if (number !== undefined) problems.invalidAll(`${path}.service.port.number`, number, portNumberProblems(number));
  else problems.required(path, 'port name or number is required');
}

export function checkIngressClass({ spec }: IngressClass, old: IngressClass | undefined, problems: Problems): void {
  if ((spec?.controller ?? '').length > 250) problems.tooLong('spec.controller', 250);
  if (old !== undefined) problems.immutable('spec.controller', spec?.controller === old.spec?.controller, spec?.controller);
}

export function checkNetworkPolicy({ spec }: NetworkPolicy, problems: Problems): void {
  if (spec === undefined) return;
  if (spec.podSelector !== undefined) checkSelector('spec.podSelector', spec.podSelector, problems);
  for (const [index, { ports = [], from = [] }] of (spec.ingress ?? []).entries()) checkRule(`spec.ingress[${index}]`, 'from', ports, from, problems);
  for (const [index, { ports = [], to = [] }] of (spec.egress ?? []).entries()) checkRule(`spec.egress[${index}]`, 'to', ports, to, problems);
  if ((spec.policyTypes ?? []).length > 2) problems.invalid('spec.policyTypes', '', 'may not specify more than two policyTypes');
  for (const [index, type] of (spec.policyTypes ?? []).entries()) if (type !== 'Ingress' && type !== 'Egress') problems.unsupported(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress']);
}

function checkRule(path: string, side: 'from' | 'to', ports: readonly NetworkPolicyPort[], peers: readonly NetworkPolicyPeer[], problems: Problems): void {
  for (const [index, { port, protocol }] of ports.entries()) {
    const at = `${path}.ports[${index}]`;
    if (protocol !== undefined && !['TCP', 'UDP', 'SCTP'].includes(protocol)) problems.unsupported(`${at}.protocol`, protocol, ['TCP', 'UDP', 'SCTP']);
    if (typeof port === 'number') problems.invalidAll(`${at}.port`, port, portNumberProblems(port));
    else if (port !== undefined) problems.invalidAll(`${at}.port`, port, portNameProblems(port));
  }
  for (const [index, { podSelector, namespaceSelector, ipBlock }] of peers.entries()) {
    const at = `${path}.${side}[${index}]`;
    if (podSelector !== undefined) checkSelector(`${at}.podSelector`, podSelector, problems);
    if (namespaceSelector !== undefined) checkSelector(`${at}.namespaceSelector`, namespaceSelector, problems);
    if (ipBlock !== undefined) {
      if (ipBlock.cidr === '') problems.required(`${at}.ipBlock.cidr`);
      else if (!isCidr(ipBlock.cidr)) problems.invalid(`${at}.ipBlock.cidr`, ipBlock.cidr, 'not a valid CIDR');
      else for (const [which, part] of (ipBlock.except ?? []).entries()) checkExcept(`${at}.ipBlock.except[${which}]`, part, ipBlock.cidr, problems);
      if (podSelector !== undefined || namespaceSelector !== undefined) problems.forbidden(at, 'may not specify both ipBlock and another peer');
    } else if (podSelector === undefined && namespaceSelector === undefined) problems.required(at, 'must specify a peer');
  }
}

function checkExcept(path: string, part: string, whole: string, problems: Problems): void {
  if (!isCidr(part)) return problems.invalid(path, part, 'not a valid CIDR');
  const read = (cidr: string): readonly [number, number] => {
    const [address = '', length = '0'] = cidr.split('/');
    return [address.split('.').reduce((sum, one) => sum * 256 + Number(one), 0), Number(length)];
  };
  const [address, length] = read(part);
  const [network, prefix] = read(whole);
  const size = 2 ** (32 - prefix);
  if (length <= prefix || Math.floor(address / size) !== Math.floor(network / size)) problems.invalid(path, part, 'must be a strict subset of `cidr`');
}

export function checkBudget({ spec = {} }: PodDisruptionBudget, problems: Problems): void {
  const { minAvailable, maxUnavailable, selector } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    problems.invalid('spec', {
      go: `policy.PodDisruptionBudgetSpec{MinAvailable:(*intstr.IntOrString)(0xc000012345), Selector:(*v1.LabelSelector)(${selector === undefined ? 'nil' : '0xc000012345'}), MaxUnavailable:(*intstr.IntOrString)(0xc000012345)}`,
    }, 'minAvailable and maxUnavailable cannot be both set');
  }
  if (minAvailable !== undefined) checkCountOrPercent('spec.minAvailable', minAvailable, problems);
  if (maxUnavailable !== undefined) checkCountOrPercent('spec.maxUnavailable', maxUnavailable, problems);
  if (selector !== undefined) checkSelector('spec.selector', selector, problems);
}

export function checkRole({ rules }: Pick<ClusterRole, 'rules'>, isNamespaced: boolean, problems: Problems): void {
  for (const [index, { verbs, apiGroups = [], resources = [], nonResourceURLs = [] }] of (rules ?? []).entries()) {
    const path = `rules[${index}]`;
    if (((verbs as string[] | null) ?? []).length === 0) problems.required(`${path}.verbs`, 'verbs must contain at least one value');
    if (nonResourceURLs.length > 0) {
      if (isNamespaced) problems.invalid(`${path}.nonResourceURLs`, '', 'namespaced rules cannot apply to non-resource URLs');
      continue;
    }
    if (apiGroups.length === 0) problems.required(`${path}.apiGroups`, 'resource rules must supply at least one api group');
    if (resources.length === 0) problems.required(`${path}.resources`, 'resource rules must supply at least one resource');
  }
}

export function checkRoleBinding({ roleRef, subjects }: RoleBinding | ClusterRoleBinding, old: RoleBinding | ClusterRoleBinding | undefined, isNamespaced: boolean, problems: Problems): void {
  if (old !== undefined && !equal(roleRef, old.roleRef)) {
    const { apiGroup, kind, name } = roleRef;
    problems.invalid('roleRef', { go: `rbac.RoleRef{APIGroup:${JSON.stringify(apiGroup)}, Kind:${JSON.stringify(kind)}, Name:${JSON.stringify(name)}}` }, 'cannot change roleRef');
  }
  if (roleRef.apiGroup !== 'rbac.authorization.k8s.io') problems.unsupported('roleRef.apiGroup', roleRef.apiGroup, ['rbac.authorization.k8s.io']);
  const kinds = isNamespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  problems.oneOf('roleRef.kind', roleRef.kind, kinds);
  if (roleRef.name === '') problems.required('roleRef.name');
  for (const [index, { kind, name, namespace, apiGroup = '' }] of (subjects ?? []).entries()) {
    const path = `subjects[${index}]`;
    if (name === '') problems.required(`${path}.name`);
    if (kind === 'ServiceAccount') {
      if (name !== '') problems.invalidAll(`${path}.name`, name, subdomainProblems(name));
      if (apiGroup !== '') problems.unsupported(`${path}.apiGroup`, apiGroup, ['']);
      if (!isNamespaced && (namespace ?? '') === '') problems.required(`${path}.namespace`);
    } else if (kind === 'User' || kind === 'Group') {
      if (apiGroup !== 'rbac.authorization.k8s.io') problems.unsupported(`${path}.apiGroup`, apiGroup, ['rbac.authorization.k8s.io']);
    } else problems.unsupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']);
  }
}


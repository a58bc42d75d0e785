/** Services and the objects that say what is behind them (pkg/apis/core/validation/validation.go, pkg/apis/discovery/validation). */
import type { EndpointAddress, EndpointSubset, Endpoints, Service, ServicePort } from 'kubernetes-types/core/v1';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1';
import type { StoredObject } from '../kinds.ts';
import { ipProblems, isIpv4, isIpv6, labelKeyProblems, labelProblems, portNameProblems, portNumberProblems, subdomainProblems } from '../names.ts';
import { equal } from '../values.ts';
import { checkLabels } from './metadata.ts';
import { goStrings, type Problems } from './problems.ts';

export const protocols = ['SCTP', 'TCP', 'UDP'];
const serviceTypes = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const kubeletPort = 10_250;

export function checkService(service: Service, problems: Problems): void {
  const spec = service.spec!;
  const ports = spec.ports ?? [];
  const clusterIps = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  const isHeadless = clusterIps[0] === 'None';
  if (ports.length === 0 && !isHeadless && spec.type !== 'ExternalName') problems.required('spec.ports');
  switch (spec.type) {
    case 'LoadBalancer':
      for (const [index, { port }] of ports.entries()) {
        if (port === kubeletPort) problems.invalid(`spec.ports[${index}]`, port, `may not expose port ${kubeletPort} externally since it is used by kubelet`);
      }
      if (isHeadless) problems.invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for LoadBalancer services");
      break;
    case 'NodePort':
      if (isHeadless) problems.invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for NodePort services");
      break;
    case 'ExternalName':
      if (clusterIps.length > 0) problems.forbidden('spec.clusterIPs', 'may not be set for ExternalName services');
      if ((spec.ipFamilies ?? []).length > 0) problems.forbidden('spec.ipFamilies', 'may not be set for ExternalName services');
      if (spec.ipFamilyPolicy !== undefined) problems.forbidden('spec.ipFamilyPolicy', 'may not be set for ExternalName services');
      if ((spec.externalName ?? '').replace(/\.$/, '') === '') problems.required('spec.externalName');
      else problems.invalidAll('spec.externalName', spec.externalName, subdomainProblems(spec.externalName!.replace(/\.$/, '')));
      break;
    default:
  }
  checkPorts(ports, problems);
  checkLabels('spec.selector', spec.selector, problems);
  problems.oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  if (spec.sessionAffinity === 'ClientIP') {
    const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
    const path = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
    if (seconds !== undefined && (seconds <= 0 || seconds > 86_400)) problems.invalid(path, seconds, 'must be greater than 0 and less than 86400');
  }
  checkClusterIps(clusterIps, problems);
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) {
    const wrong = ipProblems(ip);
    problems.invalidAll(`spec.externalIPs[${index}]`, ip, wrong);
    if (wrong.length === 0) checkOrdinaryIp(`spec.externalIPs[${index}]`, ip, problems);
  }
  problems.oneOf('spec.type', spec.type, serviceTypes);
  if (spec.type === 'ClusterIP') {
    for (const [index, { nodePort }] of ports.entries()) if (nodePort !== undefined) problems.forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'");
  }
  checkTwice(ports, problems);
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0) {
    // The real server writes this one field with a capital letter.
    const path = 'spec.LoadBalancerSourceRanges';
    if (spec.type !== 'LoadBalancer') problems.forbidden(path, "may only be used when `type` is 'LoadBalancer'");
    if (!ranges.every((range) => isCidr(range.trim()))) problems.invalid(path, `[${ranges.join(' ')}]`, 'must be a list of IP ranges. For example, 10.240.0.0/24,10.250.0.0/24 ');
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && spec.type !== 'LoadBalancer') {
    problems.forbidden('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'");
  }
  const policy = spec.externalTrafficPolicy;
  if (policy !== undefined && policy !== 'Cluster' && policy !== 'Local') problems.invalid('spec.externalTrafficPolicy', policy, 'ExternalTrafficPolicy must be empty, Cluster or Local');
  if ((spec.healthCheckNodePort ?? 0) < 0) problems.invalid('spec.healthCheckNodePort', spec.healthCheckNodePort, 'HealthCheckNodePort must be not less than 0');
  if (spec.internalTrafficPolicy !== undefined) problems.oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']);
}

/** Before 1.24 a balancer could not have more than one protocol. */
export function checkMixedProtocols({ spec }: Service, old: Service | undefined, minor: number, problems: Problems): void {
  const isMixed = (service: Service | undefined): boolean => new Set(service?.spec?.ports?.map(({ protocol }) => protocol)).size > 1;
  if (minor < 24 && spec?.type === 'LoadBalancer' && isMixed({ spec }) && !isMixed(old)) {
    problems.invalid('spec.ports', { go: `[]core.ServicePort{${(spec.ports ?? []).map(goPort).join(', ')}}` }, "may not contain more than 1 protocol when type is 'LoadBalancer'");
  }
}

function goPort({ name = '', protocol = '', port, nodePort = 0, targetPort = 0 }: ServicePort): string {
  const target = typeof targetPort === 'string' ? `Type:1, IntVal:0, StrVal:${JSON.stringify(targetPort)}` : `Type:0, IntVal:${targetPort}, StrVal:""`;
  return `core.ServicePort{Name:${JSON.stringify(name)}, Protocol:${JSON.stringify(protocol)}, AppProtocol:(*string)(nil), Port:${port}, TargetPort:intstr.IntOrString{${target}}, NodePort:${nodePort}}`;
}

function checkPorts(ports: readonly ServicePort[], problems: Problems): void {
  const names = new Set<string>();
  for (const [index, { name = '', port, protocol, targetPort, appProtocol }] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (name === '') {
      if (ports.length > 1) problems.required(`${path}.name`);
    } else {
      problems.invalidAll(`${path}.name`, name, labelProblems(name));
      if (names.has(name)) problems.duplicate(`${path}.name`, name);
      names.add(name);
    }
    problems.invalidAll(`${path}.port`, port, portNumberProblems(port));
    problems.oneOf(`${path}.protocol`, protocol, protocols);
    checkPortNumberOrName(`${path}.targetPort`, targetPort, problems);
    if (appProtocol !== undefined) problems.invalidAll(`${path}.appProtocol`, appProtocol, labelKeyProblems(appProtocol));
  }
}

export function checkPortNumberOrName(path: string, port: number | string | undefined, problems: Problems): void {
  if (typeof port === 'string') problems.invalidAll(path, port, portNameProblems(port));
  else problems.invalidAll(path, port ?? 0, portNumberProblems(port ?? 0));
}

function checkTwice(ports: readonly ServicePort[], problems: Problems): void {
  const nodePorts = new Set<string>();
  for (const [index, { nodePort, protocol = '' }] of ports.entries()) {
    if (nodePort === undefined) continue;
    if (nodePorts.has(`${protocol} ${nodePort}`)) problems.duplicate(`spec.ports[${index}].nodePort`, nodePort);
    nodePorts.add(`${protocol} ${nodePort}`);
  }
  const seen = new Set<string>();
  for (const [index, { port, protocol = '' }] of ports.entries()) {
    if (seen.has(`${protocol} ${port}`)) problems.duplicate(`spec.ports[${index}]`, { go: goPort({ protocol, port }) });
    seen.add(`${protocol} ${port}`);
  }
}

function checkClusterIps(addresses: readonly string[], problems: Problems): void {
  for (const [index, address] of addresses.entries()) {
    if (index === 0 && address === 'None') {
      if (addresses.length > 1) problems.invalid('spec.clusterIPs', goStrings(addresses), "'None' must be the first and only value");
      continue;
    }
    problems.invalidAll(`spec.clusterIPs[${index}]`, address, ipProblems(address));
  }
  if (addresses.length > 2) problems.invalid('spec.clusterIPs', goStrings(addresses), 'may only hold up to 2 values');
  else if (addresses.length === 2 && isIpv4(addresses[0]!) === isIpv4(addresses[1]!)) problems.invalid('spec.clusterIPs', goStrings(addresses), 'may specify no more than one IP for each IP family');
}

export function checkServiceUpdate(service: Service, old: StoredObject<'services'>, problems: Problems): void {
  const spec = service.spec!;
  const before = old.spec!;
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    const was = before.clusterIPs ?? [];
    const is = spec.clusterIPs ?? [];
    const areHeadless = was[0] === 'None' && is[0] === 'None';
    if (!areHeadless) {
      if (is.length === 0 && was.length > 0) problems.invalid('spec.clusterIPs[0]', goStrings(is), 'primary clusterIP can not be unset');
      else for (const [index, address] of was.entries()) if (address !== is[index]) problems.invalid(`spec.clusterIPs[${index}]`, goStrings(is), 'may not change once set');
    }
  }
  checkService(service, problems);
}

export function checkServiceStatus({ status }: Service, problems: Problems): void {
  for (const [index, { ip, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    const path = `status.loadBalancer.ingress[${index}]`;
    if (ip !== undefined && ipProblems(ip).length > 0) problems.invalid(`${path}.ip`, ip, 'must be a valid IP address');
    if (hostname === undefined) continue;
    problems.invalidAll(`${path}.hostname`, hostname, subdomainProblems(hostname));
    if (ipProblems(hostname).length === 0) problems.invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address');
  }
}

/** Not this machine's own, nor one that only a wire knows. */
function checkOrdinaryIp(path: string, ip: string, problems: Problems): void {
  if (ip === '0.0.0.0' || ip === '::') problems.invalid(path, ip, 'may not be unspecified (0.0.0.0)');
  if (ip.startsWith('127.') || ip === '::1') problems.invalid(path, ip, 'may not be in the loopback range (127.0.0.0/8)');
  if (ip.startsWith('169.254.') || /^fe[89ab]/i.test(ip)) problems.invalid(path, ip, 'may not be in the link-local range (169.254.0.0/16)');
  if (ip.startsWith('224.0.0.')) problems.invalid(path, ip, 'may not be in the link-local multicast range (224.0.0.0/24)');
}

export function isCidr(text: string): boolean {
  const [address = '', length = ''] = text.split('/');
  return /^\d{1,3}$/.test(length) && ((isIpv4(address) && Number(length) <= 32) || (isIpv6(address) && Number(length) <= 128));
}

export function checkEndpoints(endpoints: Endpoints, problems: Problems): void {
  for (const [index, subset] of (endpoints.subsets ?? []).entries()) checkSubset(`subsets[${index}]`, subset, problems);
}

function checkSubset(path: string, { addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset, problems: Problems): void {
  if (addresses.length + notReadyAddresses.length === 0) problems.required(path, 'must specify `addresses` or `notReadyAddresses`');
  for (const [index, address] of addresses.entries()) checkAddress(`${path}.addresses[${index}]`, address, problems);
  for (const [index, address] of notReadyAddresses.entries()) checkAddress(`${path}.notReadyAddresses[${index}]`, address, problems);
  for (const [index, { name = '', port, protocol }] of ports.entries()) {
    const at = `${path}.ports[${index}]`;
    if (ports.length > 1 && name === '') problems.required(`${at}.name`);
    else if (name !== '') problems.invalidAll(`${at}.name`, name, labelProblems(name));
    problems.invalidAll(`${at}.port`, port, portNumberProblems(port));
    problems.oneOf(`${at}.protocol`, protocol, protocols);
  }
}

function checkAddress(path: string, { ip, hostname, nodeName }: EndpointAddress, problems: Problems): void {
  const wrong = ipProblems(ip);
  problems.invalidAll(`${path}.ip`, ip, wrong);
  if (hostname !== undefined) problems.invalidAll(`${path}.hostname`, hostname, labelProblems(hostname));
  if (nodeName !== undefined) problems.invalidAll(`${path}.nodeName`, nodeName, subdomainProblems(nodeName));
  if (wrong.length > 0) problems.invalid(`${path}.ip`, ip, 'must be a valid IP address');
  else checkOrdinaryIp(`${path}.ip`, ip, problems);
}

export function checkEndpointSlice(slice: EndpointSlice, old: EndpointSlice | undefined, problems: Problems): void {
  const types = ['FQDN', 'IPv4', 'IPv6'];
  if (!types.includes(slice.addressType)) {
    if (slice.addressType === '') problems.required('addressType');
    else problems.unsupported('addressType', slice.addressType, types);
  } else {
    for (const [index, { addresses }] of (slice.endpoints ?? []).entries()) {
      if ((addresses ?? []).length === 0) problems.required(`endpoints[${index}].addresses`, 'must contain at least 1 address');
      for (const [at, address] of (addresses ?? []).entries()) checkSliceAddress(`endpoints[${index}].addresses[${at}]`, address, slice.addressType, problems);
    }
  }
  const names = new Set<string>();
  for (const [index, { name = '', protocol }] of (slice.ports ?? []).entries()) {
    if (name !== '') problems.invalidAll(`ports[${index}].name`, name, labelProblems(name));
    if (names.has(name)) problems.duplicate(`ports[${index}].name`, name);
    names.add(name);
    problems.oneOf(`ports[${index}].protocol`, protocol, protocols);
  }
  if (old !== undefined) problems.immutable('addressType', equal(slice.addressType, old.addressType), slice.addressType);
}

function checkSliceAddress(path: string, address: string, type: string, problems: Problems): void {
  if (type === 'FQDN') {
    problems.invalidAll(path, address, subdomainProblems(address));
    return;
  }
  const isRight = type === 'IPv4' ? isIpv4(address) : isIpv6(address);
  if (!isRight) problems.invalid(path, address, `must be a valid ${type} address`);
  else checkOrdinaryIp(path, address, problems);
}

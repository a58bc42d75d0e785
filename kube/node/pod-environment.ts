/** What a container is given of its pod and of the cluster: variables, files, users. Read first: kubernetes pkg/kubelet/kubelet_pods.go, pkg/kubelet/envvars, pkg/kubelet/network/dns */
import type { Container as ContainerSpec, Pod, Service, VolumeMount } from 'kubernetes-types/core/v1';
import type { ImageFile } from '../../machine/image.ts';
import { isDirectory } from './volumes.ts';
import { utf8 } from '../../simulator/bytes.ts';
import type { ApiClient } from '../client.ts';
import { accountToken } from '../api/account-token.ts';
import type { StoredObject } from '../api/kinds.ts';

export type StoredPod = StoredObject<'pods'>;
/** Something a pod names is not there: CreateContainerConfigError. */
export class ConfigError extends Error {}

export interface ClusterNames { readonly dns: string; readonly domain: string; /** The node's own search list. */ readonly hostSearch: readonly string[]; /** Nameservers of the node, for pods that want them. */ readonly hostDns: readonly string[] }

// ---------------------------------------------------------------- variables

export function environmentOf(client: ApiClient, pod: StoredPod, container: ContainerSpec, podAddress: string, hostAddress: string, image: Readonly<Record<string, string>>): Map<string, string> {
  const env = new Map<string, string>(Object.entries(image));
  env.set('HOSTNAME', hostnameOf(pod));
  for (const [name, value] of container.tty === true ? [['TERM', 'xterm'] as const] : []) env.set(name, value);
  const namespace = pod.metadata.namespace ?? 'default';
  const own = new Map<string, string>();
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    for (const [name, value] of configMapRef === undefined ? [] : dataOf(client, 'configmap', namespace, configMapRef.name, configMapRef.optional)) own.set(prefix + name, value);
    for (const [name, value] of secretRef === undefined ? [] : dataOf(client, 'secret', namespace, secretRef.name, secretRef.optional)) own.set(prefix + name, value);
  }
  const services = serviceVariables(client, namespace, pod.spec?.enableServiceLinks ?? true);
  const lookUp = (name: string): string | undefined => own.get(name) ?? services.get(name);
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) own.set(name, fieldOf(pod, valueFrom.fieldRef.fieldPath, podAddress, hostAddress));
    else if (valueFrom?.configMapKeyRef !== undefined) setKey(own, name, dataOf(client, 'configmap', namespace, valueFrom.configMapKeyRef.name, valueFrom.configMapKeyRef.optional), valueFrom.configMapKeyRef, 'ConfigMap', namespace);
    else if (valueFrom?.secretKeyRef !== undefined) setKey(own, name, dataOf(client, 'secret', namespace, valueFrom.secretKeyRef.name, valueFrom.secretKeyRef.optional), valueFrom.secretKeyRef, 'Secret', namespace);
    else own.set(name, expand(value ?? '', lookUp));
  }
  for (const [name, value] of [...own, ...services]) if (!env.has(name) || own.has(name)) env.set(name, own.get(name) ?? value);
  return env;
}

function setKey(env: Map<string, string>, name: string, data: ReadonlyMap<string, string>, { key, optional }: { key: string; optional?: boolean }, kind: string, namespace: string): void {
  const value = data.get(key);
  if (value !== undefined) env.set(name, value);
  else if (optional !== true) throw new ConfigError(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
}

function dataOf(client: ApiClient, kind: 'configmap' | 'secret', namespace: string, name = '', optional = false): Map<string, string> {
  const object = kind === 'configmap' ? client.find('configmaps', { name, namespace }) : client.find('secrets', { name, namespace });
  if (object === undefined) {
    if (optional) return new Map();
    throw new ConfigError(`${kind} "${name}" not found`);
  }
  return new Map(Object.entries(object.data ?? {}).map(([key, value]) => [key, kind === 'secret' ? fromBase64(String(value)) : String(value)]));
}

/** $(NAME), and $$ for a dollar; what is not known stays as it stands (third_party/forked/golang/expansion). */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([A-Za-z_][A-Za-z0-9_.-]*)\))/g, (whole, escaped: string, name: string | undefined) => (escaped === '$' ? '$' : (lookUp(name ?? '') ?? whole)));
}

function fieldOf(pod: StoredPod, path: string, podAddress: string, hostAddress: string): string {
  const key = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (key !== null) return pod.metadata[key[1] as 'labels' | 'annotations']?.[key[2]!] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name, 'metadata.namespace': pod.metadata.namespace, 'metadata.uid': pod.metadata.uid, 'spec.nodeName': pod.spec?.nodeName, 'spec.serviceAccountName': pod.spec?.serviceAccountName,
    'status.hostIP': hostAddress, 'status.podIP': podAddress, 'status.podIPs': podAddress,
  };
  return fields[path] ?? '';
}

/** NAME_SERVICE_HOST and the variables of docker's links, of every Service there is when the container starts. */
function serviceVariables(client: ApiClient, namespace: string, hasLinks: boolean): Map<string, string> {
  const found = new Map<string, string>();
  const services = new Map<string, StoredObject<'services'>>();
  for (const service of [...client.list('services', { namespace: 'default' }).filter(({ metadata }) => metadata.name === 'kubernetes'), ...(hasLinks ? client.list('services', { namespace }) : [])]) services.set(service.metadata.name, service);
  for (const service of services.values()) addServiceVariables(found, service);
  return found;
}

function addServiceVariables(found: Map<string, string>, { metadata, spec }: Service & { readonly metadata: { readonly name: string } }): void {
  const { clusterIP = '', ports = [] } = spec ?? {};
  const [first] = ports;
  if (clusterIP === '' || clusterIP === 'None' || first === undefined) return;
  const name = metadata.name.toUpperCase().replaceAll('-', '_');
  found.set(`${name}_SERVICE_HOST`, clusterIP);
  found.set(`${name}_SERVICE_PORT`, String(first.port));
  for (const port of ports) if (port.name !== undefined) found.set(`${name}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port));
  const url = (port: typeof first): string => `${(port.protocol ?? 'TCP').toLowerCase()}://${clusterIP}:${port.port}`;
  found.set(`${name}_PORT`, url(first));
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP';
    const prefix = `${name}_PORT_${port.port}_${protocol}`;
    found.set(prefix, url(port));
    found.set(`${prefix}_PROTO`, protocol.toLowerCase());
    found.set(`${prefix}_PORT`, String(port.port));
    found.set(`${prefix}_ADDR`, clusterIP);
  }
}

// ---------------------------------------------------------------- files

export function hostnameOf({ metadata, spec }: StoredPod): string {
  return (spec?.hostname ?? metadata.name).slice(0, 63).replace(/[-.]+$/, '');
}

export function filesOf(client: ApiClient, pod: StoredPod, container: ContainerSpec, podAddress: string, names: ClusterNames): ImageFile[] {
  const { spec, metadata } = pod;
  const hostname = hostnameOf(pod);
  const isHost = spec?.hostNetwork === true;
  const aliases = (spec?.hostAliases ?? []).map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`).join('');
  return [
    { path: '/etc/hostname', content: `${hostname}\n` },
    ...(isHost ? [] : [{ path: '/etc/hosts', content: `# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n${podAddress}\t${hostname}\n${aliases === '' ? '' : `\n# Entries added by HostAliases.\n${aliases}`}` }]),
    { path: '/etc/resolv.conf', content: resolvConf(pod, names) },
    ...(container.volumeMounts ?? []).flatMap((mount) => volumeFiles(client, pod, metadata.namespace ?? 'default', mount)),
  ];
}

function resolvConf({ metadata, spec }: StoredPod, { dns, domain, hostSearch, hostDns }: ClusterNames): string {
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  const custom = spec?.dnsConfig;
  const isCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && spec?.hostNetwork !== true);
  const servers = policy === 'None' ? [] : isCluster ? [dns] : hostDns;
  const search = policy === 'None' ? [] : isCluster ? [`${metadata.namespace ?? 'default'}.svc.${domain}`, `svc.${domain}`, domain, ...hostSearch] : hostSearch;
  const options = [...(isCluster ? ['ndots:5'] : []), ...(custom?.options ?? []).map(({ name = '', value }) => (value === undefined ? name : `${name}:${value}`))];
  const allSearch = [...new Set([...search, ...(custom?.searches ?? [])])];
  return [...[...servers, ...(custom?.nameservers ?? [])].map((server) => `nameserver ${server}\n`), ...(allSearch.length > 0 ? [`search ${allSearch.join(' ')}\n`] : []), ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : [])].join('');
}

/** Files of ConfigMaps, Secrets, projected and downward volumes, and the empty directories of the others. */
function volumeFiles(client: ApiClient, pod: StoredPod, namespace: string, { name, mountPath, subPath }: VolumeMount): ImageFile[] {
  const volume = pod.spec?.volumes?.find((one) => one.name === name);
  if (volume === undefined) throw new ConfigError(`volume "${name}" is not defined`);
  const contents = new Map<string, string>();
  const take = (data: ReadonlyMap<string, string>, items: readonly { key: string; path: string }[] | undefined): void => {
    if (items === undefined) for (const [key, value] of data) contents.set(key, value);
    else for (const { key, path } of items) if (data.has(key)) contents.set(path, data.get(key)!);
  };
  if (volume.configMap !== undefined) take(dataOf(client, 'configmap', namespace, volume.configMap.name, volume.configMap.optional), volume.configMap.items);
  if (volume.secret !== undefined) take(dataOf(client, 'secret', namespace, volume.secret.secretName, volume.secret.optional), volume.secret.items);
  for (const { path, fieldRef } of volume.downwardAPI?.items ?? []) contents.set(path, fieldRef === undefined ? '' : fieldOf(pod, fieldRef.fieldPath, '', ''));
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap !== undefined) take(dataOf(client, 'configmap', namespace, source.configMap.name, source.configMap.optional), source.configMap.items);
    if (source.secret !== undefined) take(dataOf(client, 'secret', namespace, source.secret.name, source.secret.optional), source.secret.items);
    if (source.serviceAccountToken !== undefined) contents.set(source.serviceAccountToken.path, accountToken({ namespace, name: pod.spec?.serviceAccountName ?? 'default' }, utf8(pod.metadata.uid)));
    for (const { path, fieldRef } of source.downwardAPI?.items ?? []) contents.set(path, fieldRef === undefined ? '' : fieldOf(pod, fieldRef.fieldPath, '', ''));
  }
  if (subPath !== undefined && contents.has(subPath)) return [{ path: mountPath, content: contents.get(subPath)! }];
  if (isDirectory(volume)) return [];
  return [{ path: mountPath }, ...[...contents].map(([path, content]) => ({ path: `${mountPath.replace(/\/$/, '')}/${path}`, content: utf8(content) }))];
}

function fromBase64(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text.replace(/[=\s]/g, '')) {
    held = (held << 6) | alphabet.indexOf(character);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >>> bits) & 255);
  }
  return bytes.map((byte) => String.fromCharCode(byte)).join('');
}

export type { Pod };

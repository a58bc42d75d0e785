/** The kubeconfig: which cluster, which user, which namespace (client-go/tools/clientcmd). */
import { parse } from 'yaml';
import type { Sys } from '../../../machine/sys.ts';
import type { Flags } from './flags.ts';
import { KubectlProblem } from './problem.ts';
import { toYaml } from './yaml-writer.ts';

interface Named<K extends string, T> { name: string; value: T; kind: K }
export interface ClusterEntry { server?: string; 'certificate-authority-data'?: string; 'certificate-authority'?: string; 'insecure-skip-tls-verify'?: boolean; 'tls-server-name'?: string }
export interface ContextEntry { cluster?: string; user?: string; namespace?: string }
export type UserEntry = Record<string, unknown>;
export interface KubeConfig {
  clusters: Map<string, ClusterEntry>;
  contexts: Map<string, ContextEntry>;
  users: Map<string, UserEntry>;
  currentContext: string;
  preferences: Record<string, unknown>;
}
export type { Named };

export function emptyConfig(): KubeConfig {
  return { clusters: new Map(), contexts: new Map(), users: new Map(), currentContext: '', preferences: {} };
}

/** --kubeconfig, else $KUBECONFIG, else ~/.kube/config. */
export function configPaths(flags: Flags, env: ReadonlyMap<string, string>): string[] {
  if (flags.has('kubeconfig')) return [flags.text('kubeconfig')];
  const listed = env.get('KUBECONFIG');
  if (listed !== undefined && listed !== '') return listed.split(':').filter((path) => path !== '');
  return [`${env.get('HOME') ?? '/root'}/.kube/config`];
}

type Files = Pick<Sys, 'readText' | 'writeFile' | 'makeDirectory' | 'stat'>;

/** Of several files the first to name a thing wins; a file that is not there is empty. */
export async function readConfig(sys: Files, paths: readonly string[], isExplicit: boolean): Promise<KubeConfig> {
  const merged = emptyConfig();
  for (const path of paths) {
    const text = await sys.readText(path);
    if (!text.ok) {
      if (isExplicit) throw new KubectlProblem(`stat ${path}: no such file or directory`);
      continue;
    }
    const one = parseConfig(text.value, path);
    for (const [name, value] of one.clusters) if (!merged.clusters.has(name)) merged.clusters.set(name, value);
    for (const [name, value] of one.contexts) if (!merged.contexts.has(name)) merged.contexts.set(name, value);
    for (const [name, value] of one.users) if (!merged.users.has(name)) merged.users.set(name, value);
    if (merged.currentContext === '') merged.currentContext = one.currentContext;
    merged.preferences = { ...one.preferences, ...merged.preferences };
  }
  return merged;
}

export function parseConfig(text: string, path: string): KubeConfig {
  let data: unknown;
  try {
    data = parse(text, { maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new KubectlProblem(`error loading config file "${path}": yaml: ${(error as Error).message.split('\n')[0]}`);
  }
  if (typeof data !== 'object' || Array.isArray(data)) throw new KubectlProblem(`error loading config file "${path}": couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(data) ? 'array' : typeof data} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`);
  const fields = data as Record<string, unknown>;
  const listed = <T>(name: string, inner: string): Map<string, T> => new Map((Array.isArray(fields[name]) ? (fields[name] as Record<string, unknown>[]) : []).map((entry) => [String(entry['name'] ?? ''), (entry[inner] ?? {}) as T]));
  return {
    clusters: listed<ClusterEntry>('clusters', 'cluster'), contexts: listed<ContextEntry>('contexts', 'context'), users: listed<UserEntry>('users', 'user'),
    currentContext: typeof fields['current-context'] === 'string' ? fields['current-context'] : '', preferences: (fields['preferences'] ?? {}) as Record<string, unknown>,
  };
}

/** As it is written and as `config view` shows it. */
export function configDocument(config: KubeConfig): Record<string, unknown> {
  const listed = <T>(entries: ReadonlyMap<string, T>, inner: string): unknown => {
    const sorted = [...entries].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return sorted.length === 0 ? null : sorted.map(([name, value]) => ({ name, [inner]: value }));
  };
  return {
    apiVersion: 'v1', kind: 'Config', clusters: listed(config.clusters, 'cluster'),
    contexts: listed(new Map([...config.contexts].map(([name, context]) => [name, { cluster: context.cluster ?? '', ...(context.namespace === undefined ? {} : { namespace: context.namespace }), user: context.user ?? '' }])), 'context'),
    'current-context': config.currentContext, preferences: config.preferences, users: listed(config.users, 'user'),
  };
}

export async function writeConfig(sys: Files, path: string, config: KubeConfig): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf('/'));
  if (directory !== '' && !sys.stat(directory).ok) {
    const above = directory.slice(0, directory.lastIndexOf('/'));
    if (above !== '' && !sys.stat(above).ok) sys.makeDirectory(above, 0o750);
    sys.makeDirectory(directory, 0o750);
  }
  const written = await sys.writeFile(path, toYaml(configDocument(config)), { mode: 0o600 });
  if (!written.ok) throw new KubectlProblem(`open ${path}: ${written.error === 'EACCES' ? 'permission denied' : 'no such file or directory'}`);
}

export interface Target { readonly server: string; readonly namespace: string; readonly isNamespaceGiven: boolean; readonly contextName: string; readonly user: string; readonly isConfigured: boolean; readonly token?: string }

/** What a command talks to, flags and files taken together. */
export function targetOf(config: KubeConfig, flags: Flags): Target {
  const contextName = flags.text('context') || config.currentContext;
  const context = config.contexts.get(contextName);
  if (contextName !== '' && context === undefined) throw new KubectlProblem(`Error in configuration: context was not found for specified context: ${contextName}`, { isWhole: true });
  const clusterName = flags.text('cluster') || (context?.cluster ?? '');
  const cluster = config.clusters.get(clusterName);
  if (clusterName !== '' && cluster === undefined) throw new KubectlProblem(flags.has('cluster') ? `cluster "${clusterName}" does not exist` : `Error in configuration: cluster was not found for specified cluster: ${clusterName}`);
  const namespace = flags.text('namespace') || context?.namespace || 'default';
  return { server: (flags.text('server') || cluster?.server) ?? 'http://localhost:8080', namespace, isNamespaceGiven: flags.has('namespace'), contextName, user: context?.user ?? '', isConfigured: cluster !== undefined || flags.has('server'), ...tokenOf(config, context?.user ?? '', flags) };
}

/** Whoever has credentials of another kind than a token is the administrator all the same: the token stands for them. */
function tokenOf(config: KubeConfig, user: string, flags: Flags): { readonly token?: string } {
  const given = flags.text('token');
  const entry = config.users.get(user);
  if (given === '' && entry === undefined) return {};
  return { token: given !== '' ? given : typeof entry?.['token'] === 'string' ? entry['token'] : 'credentials' };
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** In a pod, without a kubeconfig: its service account (client-go/rest InClusterConfig). */
export async function inCluster(sys: Files, env: ReadonlyMap<string, string>, target: Target): Promise<Target> {
  const [host, port] = [env.get('KUBERNETES_SERVICE_HOST'), env.get('KUBERNETES_SERVICE_PORT')];
  if (target.isConfigured || host === undefined || port === undefined) return target;
  const token = await sys.readText(`${ACCOUNT}/token`);
  if (!token.ok) return target;
  const namespace = await sys.readText(`${ACCOUNT}/namespace`);
  return { ...target, server: `https://${host}:${port}`, token: token.value, isConfigured: true, namespace: target.isNamespaceGiven || !namespace.ok ? target.namespace : namespace.value };
}

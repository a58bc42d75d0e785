/** Commands that say what there is: version, cluster-info, api-resources, api-versions. */
import { toJson } from './json-writer.ts';
import { KubectlProblem } from './problem.ts';
import type { Command } from './session.ts';
import { TABLE, TabWriter } from './tabwriter.ts';
import { toYaml } from './yaml-writer.ts';

const CLIENT = { major: '1', minor: '20', gitVersion: 'v1.20.2', gitCommit: 'faecb196815e248d3ecfb03c680a4507229c2a56', gitTreeState: 'archive', buildDate: '2025-06-08T22:40:27Z', goVersion: 'go1.19.8', compiler: 'gc', platform: 'linux/amd64' };

export const version: Command = async (session) => {
  const { flags } = session;
  const server = flags.is('client') ? undefined : await (await session.api()).get('/version').catch((error: unknown) => {
    if (error instanceof KubectlProblem) return error;
    throw error;
  });
  const answered = server instanceof KubectlProblem ? undefined : server;
  const text = (one: Readonly<Record<string, unknown>>): string => `version.Info{Major:"${String(one['major'])}", Minor:"${String(one['minor'])}", GitVersion:"${String(one['gitVersion'])}", GitCommit:"${String(one['gitCommit'])}", GitTreeState:"${String(one['gitTreeState'])}", BuildDate:"${String(one['buildDate'])}", GoVersion:"${String(one['goVersion'])}", Compiler:"${String(one['compiler'])}", Platform:"${String(one['platform'])}"}`;
  const format = flags.text('output');
  if (format === 'json' || format === 'yaml') {
    const document = { clientVersion: CLIENT, ...(answered === undefined ? {} : { serverVersion: answered }) };
    session.call.write(format === 'json' ? `${toJson(document, 2)}\n` : toYaml(document));
  } else if (format !== '') throw new KubectlProblem(`--output must be 'yaml' or 'json'`);
  else {
    const isShort = flags.is('short');
    session.out(`Client Version: ${isShort ? CLIENT.gitVersion : text(CLIENT)}`);
    if (answered !== undefined) session.out(`Server Version: ${isShort ? String(answered['gitVersion']) : text(answered)}`);
  }
  if (server instanceof KubectlProblem) throw server;
  return 0;
};

export const clusterInfo: Command = async (session) => {
  const api = await session.api();
  const services = await session.list(await (await session.discovery()).find('services'), 'kube-system', { labelSelector: 'kubernetes.io/cluster-service=true' });
  const paint = (code: number, text: string): string => (session.call.env.get('TERM') !== 'dumb' ? `\x1b[0;${code}m${text}\x1b[0m` : text);
  const line = (name: string, link: string): void => session.out(`${paint(32, name)} is running at ${paint(33, link)}`);
  line('Kubernetes control plane', api.server);
  for (const service of services) {
    const { name, labels, namespace } = service.metadata!;
    const { ports = [] } = (service as unknown as { spec: { ports?: { name?: string; port: number }[] } }).spec;
    const ingress = (service as { status?: { loadBalancer?: { ingress?: { ip?: string }[] } } }).status?.loadBalancer?.ingress?.[0]?.ip;
    const port = ports[0];
    const scheme = port?.port === 443 || port?.name === 'https' ? 'https:' : '';
    const link = ingress === undefined ? `${api.server}/api/v1/namespaces/${namespace}/services/${scheme}${name}:${port?.name ?? ''}/proxy`.replace(/:\/proxy$/, '/proxy') : ports.map((one) => `http://${ingress}:${one.port}`).join(' ');
    line(labels?.['kubernetes.io/name'] ?? name, link);
  }
  session.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
  return 0;
};

export const apiResources: Command = async (session) => {
  const { flags } = session;
  const all = (await (await session.discovery()).resources()).filter((one) =>
    (!flags.has('namespaced') || one.isNamespaced === flags.is('namespaced')) && (!flags.has('api-group') || one.group === flags.text('api-group')) && flags.list('verbs').every((verb) => one.verbs.includes(verb)));
  const preferred = all.filter((one, at) => all.findIndex((other) => other.group === one.group && other.name === one.name) === at);
  const sorted = preferred.toSorted((one, other) => compare(one.group, other.group) || compare(one.name, other.name));
  if (flags.text('output') === 'name') {
    for (const { name, group } of sorted) session.out(group === '' ? name : `${name}.${group}`);
    return 0;
  }
  const isWide = flags.text('output') === 'wide';
  const rows = sorted.map(({ name, shortNames, group, version: own, isNamespaced, kind, verbs }) => [name, shortNames.join(','), group === '' ? own : `${group}/${own}`, String(isNamespaced), kind, ...(isWide ? [`[${verbs.join(' ')}]`] : [])].join('\t'));
  session.call.write(`${new TabWriter(TABLE).format([...(flags.is('no-headers') ? [] : [`NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND${isWide ? '\tVERBS' : ''}`]), ...rows].join('\n'))}\n`);
  return 0;
};

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export const apiVersions: Command = async (session) => {
  for (const name of [...(await (await session.discovery()).versions())].toSorted()) session.out(name);
  return 0;
};

/** Containers as `describe` shows them, of pods and of templates (pkg/describe/describe.go describeContainers). Lines use tabs between columns. */
import { longTime } from '../time.ts';

export interface EnvVar { name: string; value?: string; valueFrom?: { fieldRef?: { apiVersion?: string; fieldPath: string }; configMapKeyRef?: { name: string; key: string; optional?: boolean }; secretKeyRef?: { name: string; key: string; optional?: boolean }; resourceFieldRef?: { resource: string; containerName?: string } } }
export interface Probe { exec?: { command?: string[] }; httpGet?: { scheme?: string; host?: string; port: number | string; path?: string }; tcpSocket?: { host?: string; port: number | string }; initialDelaySeconds?: number; timeoutSeconds?: number; periodSeconds?: number; successThreshold?: number; failureThreshold?: number }
export interface Container {
  name: string; image: string; command?: string[]; args?: string[]; ports?: { containerPort: number; hostPort?: number; protocol?: string }[]; env?: EnvVar[]; envFrom?: { prefix?: string; configMapRef?: { name: string; optional?: boolean }; secretRef?: { name: string; optional?: boolean } }[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> }; livenessProbe?: Probe; readinessProbe?: Probe; startupProbe?: Probe; volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
}
export interface ContainerState { waiting?: { reason?: string; message?: string }; running?: { startedAt?: string }; terminated?: { reason?: string; message?: string; exitCode: number; signal?: number; startedAt?: string; finishedAt?: string } }
export interface ContainerStatus { name: string; containerID?: string; imageID?: string; image?: string; state?: ContainerState; lastState?: ContainerState; ready?: boolean; restartCount?: number }
export interface Volume { name: string; [source: string]: unknown }
export interface PodTemplate { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: { containers: Container[]; initContainers?: Container[]; volumes?: Volume[]; serviceAccountName?: string } }

export function templateText(template: PodTemplate, indent: string): string {
  const { containers, initContainers = [], volumes = [], serviceAccountName } = template.spec;
  const lines = [
    ...mapLines(`${indent}Labels:\t`, template.metadata?.labels, '\t'),
    ...(template.metadata?.annotations === undefined ? [] : annotationLines(`${indent}Annotations:\t`, template.metadata.annotations, '\t')),
    ...(serviceAccountName === undefined ? [] : [`${indent}Service Account:\t${serviceAccountName}`]),
    ...(initContainers.length === 0 ? [] : [`${indent}Init Containers:`, ...containerLines(initContainers, [], indent)]),
    `${indent}Containers:`, ...containerLines(containers, [], indent),
    ...volumeLines(volumes, indent),
  ];
  return lines.join('\n');
}

/** `Labels:  a=b` and further ones under the first. */
export function mapLines(head: string, map: Readonly<Record<string, string>> | undefined, next: string): string[] {
  const entries = Object.entries(map ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? [`${head}<none>`] : entries.map(([name, value], at) => `${at === 0 ? head : next}${name}=${value}`);
}

/** Annotations: long values stand on a line of their own, cut at 140 characters. */
export function annotationLines(head: string, map: Readonly<Record<string, string>> | undefined, next: string): string[] {
  const entries = Object.entries(map ?? {}).filter(([name]) => name !== 'kubectl.kubernetes.io/last-applied-configuration').toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (entries.length === 0) return [`${head}<none>`];
  return entries.flatMap(([name, value], at) => {
    const start = at === 0 ? head : next;
    const text = value.replace(/\n$/, '');
    if (text.length + name.length + 2 <= 140 && !text.includes('\n')) return [`${start}${name}: ${text}`];
    return [`${start}${name}:`, ...text.split('\n').map((line) => `${next}  ${line.length > 140 ? `${line.slice(0, 137)}...` : line}`)];
  });
}

export function containerLines(containers: readonly Container[], statuses: readonly ContainerStatus[], indent: string): string[] {
  return containers.flatMap((container) => {
    const status = statuses.find(({ name }) => name === container.name);
    // Of a template, a name stands one column further in, and what belongs to it where a pod's does.
    const own = '    ';
    const ports = container.ports ?? [];
    const head = ports.length > 1 ? 'Ports' : 'Port';
    const portText = ports.map(({ containerPort, protocol = 'TCP' }) => `${containerPort}/${protocol}`).join(', ');
    const hostText = ports.map(({ hostPort = 0, protocol = 'TCP' }) => `${hostPort}/${protocol}`).join(', ');
    return [
      `${indent === '' ? '  ' : '   '}${container.name}:`,
      ...(status === undefined ? [] : [`${own}Container ID:\t${status.containerID ?? ''}`]),
      `${own}Image:\t${container.image}`,
      ...(status === undefined ? [] : [`${own}Image ID:\t${status.imageID ?? ''}`]),
      `${own}${head}:\t${portText === '' ? '<none>' : portText}`, `${own}Host ${head}:\t${hostText === '' ? '<none>' : hostText}`,
      ...words('Command', container.command, own), ...words('Args', container.args, own),
      ...(status === undefined ? [] : [
        ...stateLines('State', status.state ?? {}, own), ...(status.lastState?.terminated === undefined ? [] : stateLines('Last State', status.lastState, own)),
        `${own}Ready:\t${status.ready === true ? 'True' : 'False'}`, `${own}Restart Count:\t${status.restartCount ?? 0}`,
      ]),
      ...amounts('Limits', container.resources?.limits, own), ...amounts('Requests', container.resources?.requests, own),
      ...probe('Liveness', container.livenessProbe, own), ...probe('Readiness', container.readinessProbe, own), ...probe('Startup', container.startupProbe, own),
      ...envFromLines(container, own), ...envLines(container, own), ...mountLines(container, own),
    ];
  });
}

function words(name: string, list: readonly string[] | undefined, indent: string): string[] {
  return list === undefined || list.length === 0 ? [] : [`${indent}${name}:`, ...list.flatMap((word) => word.split('\n').map((line) => `${indent}  ${line}`))];
}

function amounts(name: string, list: Readonly<Record<string, string>> | undefined, indent: string): string[] {
  const entries = Object.entries(list ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? [] : [`${indent}${name}:`, ...entries.map(([resource, amount]) => `${indent}  ${resource}:\t${amount}`)];
}

function stateLines(name: string, state: ContainerState, indent: string): string[] {
  if (state.running !== undefined) return [`${indent}${name}:\tRunning`, `${indent}  Started:\t${longTime(state.running.startedAt)}`];
  if (state.terminated !== undefined) {
    const { reason, message, exitCode, signal, startedAt, finishedAt } = state.terminated;
    return [
      `${indent}${name}:\tTerminated`, ...(reason === undefined ? [] : [`${indent}  Reason:\t${reason}`]), ...(message === undefined ? [] : [`${indent}  Message:\t${message}`]), `${indent}  Exit Code:\t${exitCode}`,
      ...(signal === undefined ? [] : [`${indent}  Signal:\t${signal}`]), `${indent}  Started:\t${longTime(startedAt)}`, `${indent}  Finished:\t${longTime(finishedAt)}`,
    ];
  }
  return [`${indent}${name}:\tWaiting`, ...(state.waiting?.reason === undefined ? [] : [`${indent}  Reason:\t${state.waiting.reason}`])];
}

function probe(name: string, one: Probe | undefined, indent: string): string[] {
  if (one === undefined) return [];
  const attributes = `delay=${one.initialDelaySeconds ?? 0}s timeout=${one.timeoutSeconds ?? 1}s period=${one.periodSeconds ?? 10}s #success=${one.successThreshold ?? 1} #failure=${one.failureThreshold ?? 3}`;
  const what = one.exec !== undefined ? `exec [${(one.exec.command ?? []).join(' ')}]`
    : one.httpGet !== undefined ? `http-get ${(one.httpGet.scheme ?? 'HTTP').toLowerCase()}://${one.httpGet.host ?? ''}:${one.httpGet.port}${one.httpGet.path ?? ''}`
    : one.tcpSocket !== undefined ? `tcp-socket ${one.tcpSocket.host ?? ''}:${one.tcpSocket.port}` : 'unknown';
  return [`${indent}${name}:\t${what} ${attributes}`];
}

function envFromLines({ envFrom = [] }: Container, indent: string): string[] {
  if (envFrom.length === 0) return [];
  return [`${indent}Environment Variables from:`, ...envFrom.map(({ configMapRef, secretRef }) => `${indent}  ${(configMapRef ?? secretRef)?.name ?? ''}\t${configMapRef === undefined ? 'Secret' : 'ConfigMap'}\tOptional: ${(configMapRef ?? secretRef)?.optional === true}`)];
}

function envLines({ env = [] }: Container, indent: string): string[] {
  if (env.length === 0) return [`${indent}Environment:\t<none>`];
  return [`${indent}Environment:`, ...env.map(({ name, value = '', valueFrom }) => {
    const reference = (one: { name: string; key: string; optional?: boolean }, kind: string): string => `<set to the key '${one.key}' ${kind} '${one.name}'>\tOptional: ${one.optional === true}`;
    const text = valueFrom?.fieldRef !== undefined ? ` (${valueFrom.fieldRef.apiVersion ?? 'v1'}:${valueFrom.fieldRef.fieldPath})`
      : valueFrom?.configMapKeyRef !== undefined ? reference(valueFrom.configMapKeyRef, 'of config map') : valueFrom?.secretKeyRef !== undefined ? reference(valueFrom.secretKeyRef, 'in secret')
      : valueFrom?.resourceFieldRef !== undefined ? `(${valueFrom.resourceFieldRef.resource})` : value;
    return `${indent}  ${name}:\t${text}`;
  })];
}

function mountLines({ volumeMounts = [] }: Container, indent: string): string[] {
  if (volumeMounts.length === 0) return [`${indent}Mounts:\t<none>`];
  return [`${indent}Mounts:`, ...volumeMounts.toSorted((one, other) => (one.mountPath < other.mountPath ? -1 : 1)).map(({ name, mountPath, readOnly, subPath }) => `${indent}  ${mountPath} from ${name} (${readOnly === true ? 'ro' : 'rw'}${subPath === undefined ? '' : `,path=${JSON.stringify(subPath)}`})`)];
}

const SOURCES: Readonly<Record<string, readonly [title: string, note: string]>> = {
  emptyDir: ['EmptyDir', "a temporary directory that shares a pod's lifetime"], hostPath: ['HostPath', 'bare host directory volume'], secret: ['Secret', 'a volume populated by a Secret'], configMap: ['ConfigMap', 'a volume populated by a ConfigMap'],
  projected: ['Projected', 'a volume that contains injected data from multiple sources'], downwardAPI: ['DownwardAPI', 'a volume populated by information about the pod'], persistentVolumeClaim: ['PersistentVolumeClaim', 'a reference to a PersistentVolumeClaim in the same namespace'],
};

export function volumeLines(volumes: readonly Volume[], indent: string): string[] {
  if (volumes.length === 0) return [`${indent}Volumes:\t<none>`];
  return [`${indent}Volumes:`, ...volumes.flatMap((volume) => {
    const kind = Object.keys(volume).find((field) => field !== 'name') ?? 'emptyDir';
    const source = (volume[kind] ?? {}) as { medium?: string; sizeLimit?: string; path?: string; type?: string; secretName?: string; name?: string; optional?: boolean; claimName?: string };
    const own = `${indent}    `;
    const [title, note] = SOURCES[kind] ?? [kind, ''];
    const details = kind === 'emptyDir' ? [`${own}Medium:\t${source.medium ?? ''}`, `${own}SizeLimit:\t${source.sizeLimit ?? '<unset>'}`]
      : kind === 'hostPath' ? [`${own}Path:\t${source.path ?? ''}`, `${own}HostPathType:\t${source.type ?? ''}`]
      : kind === 'secret' ? [`${own}SecretName:\t${source.secretName ?? ''}`, `${own}Optional:\t${source.optional === true}`]
      : kind === 'configMap' ? [`${own}Name:\t${source.name ?? ''}`, `${own}Optional:\t${source.optional === true}`]
      : kind === 'persistentVolumeClaim' ? [`${own}ClaimName:\t${source.claimName ?? ''}`] : [];
    return [`${indent}  ${volume.name}:`, `${own}Type:\t${title}${note === '' ? '' : ` (${note})`}`, ...details];
  })];
}

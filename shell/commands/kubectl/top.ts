/** What nodes and pods use, as the metrics-server last saw it. Read first: kubectl pkg/cmd/top/{top_node,top_pod}.go, pkg/metricsutil/metrics_printer.go */
import { milliValue, parseTimestamp, wholeValue } from '../../ports/kube.ts';
import { query } from './discovery.ts';
import { goDuration } from './flags.ts';
import { KubectlProblem, usageProblem } from './problem.ts';
import type { Command, KubeObject, Session } from './session.ts';
import { TABLE, TabWriter } from './tabwriter.ts';

type Amounts = Readonly<Record<'cpu' | 'memory', string>>;
interface NodeMetrics extends KubeObject { usage: Amounts }
interface PodMetrics extends KubeObject { containers: readonly { readonly name: string; readonly usage: Amounts }[] }

const METRICS = '/apis/metrics.k8s.io/v1beta1';
/** A pod that is older should have been measured. */
const MEASURED_AFTER_MS = 120_000;

export const topNode: Command = async (session) => {
  const name = subjectOf(session, 'node');
  const metrics = await measured<NodeMetrics>(session, '/nodes', name);
  if (metrics.length === 0) throw new KubectlProblem('metrics not available yet');
  const nodes = await session.discovery().then((discovery) => discovery.find('nodes'));
  const known = name === undefined ? await session.list(nodes, undefined, selectorOf(session)) : [await session.get(nodes, undefined, name)];
  const unmeasured = known.map(({ metadata }) => metadata?.name).filter((one) => !metrics.some(({ metadata }) => metadata?.name === one));
  const share = (used: number, of: number): string => `${Math.trunc((used * 100) / of)}%`;
  const rows = sorted(session, metrics, ({ usage }) => usage, keyOf).flatMap(({ metadata, usage }) => {
    const { allocatable } = (known.find((node) => node.metadata?.name === metadata?.name) as { status?: { allocatable?: Amounts } } | undefined)?.status ?? {};
    if (allocatable === undefined) return [];
    const { cpu, memory } = counted(usage);
    return [[metadata?.name, ...amounts(usage).flatMap((text, at) => [text, at === 0 ? share(cpu, milliValue(allocatable.cpu)) : share(memory, wholeValue(allocatable.memory))])]];
  });
  print(session, ['NAME', 'CPU(cores)', 'CPU%', 'MEMORY(bytes)', 'MEMORY%'], [...rows, ...unmeasured.map((one) => [one, ...['', '', '', ''].flatMap(() => ['<unknown>', '', ''])])]);
  return 0;
};

export const topPod: Command = async (session) => {
  const name = subjectOf(session, 'pod');
  const isEverywhere = session.flags.is('all-namespaces');
  const namespace = isEverywhere ? undefined : await session.namespace();
  const metrics = await measured<PodMetrics>(session, `${namespace === undefined ? '' : `/namespaces/${namespace}`}/pods`, name);
  if (metrics.length === 0) {
    await expectNoPods(session, namespace);
    session.err(namespace === undefined ? 'No resources found' : `No resources found in ${namespace} namespace.`);
    return 0;
  }
  const total = ({ containers }: PodMetrics): Amounts => ({
    cpu: `${containers.reduce((sum, { usage }) => sum + nanos(usage.cpu), 0)}n`, memory: String(containers.reduce((sum, { usage }) => sum + wholeValue(usage.memory), 0)),
  });
  const isByContainer = session.flags.is('containers');
  const ordered = sorted(session, metrics, total, keyOf);
  const rows = ordered.flatMap((pod) => {
    const place = isEverywhere ? [pod.metadata?.namespace] : [];
    return isByContainer ? sorted(session, pod.containers, ({ usage }) => usage, ({ name: container }) => container).map((container) => [...place, pod.metadata?.name, container.name, ...amounts(container.usage)]) : [[...place, pod.metadata?.name, ...amounts(total(pod))]];
  });
  print(session, [...(isEverywhere ? ['NAMESPACE'] : []), ...(isByContainer ? ['POD'] : []), 'NAME', 'CPU(cores)', 'MEMORY(bytes)'], rows);
  return 0;
};

/** The one that is named, if one is. */
function subjectOf({ flags, command }: Session, what: string): string | undefined {
  const { operands: [name, ...more] } = flags;
  if (more.length > 0) throw usageProblem(command, `${what} [NAME | -l label]`);
  const sortBy = flags.text('sort-by');
  if (sortBy !== '' && sortBy !== 'cpu' && sortBy !== 'memory') throw new KubectlProblem('--sort-by accepts only cpu or memory');
  if (name !== undefined && flags.text('selector') !== '') throw new KubectlProblem('only one of NAME or --selector can be provided');
  return name;
}

function selectorOf({ flags }: Session): { labelSelector: string } {
  return { labelSelector: flags.text('selector') };
}

async function measured<Metrics extends KubeObject>(session: Session, path: string, name: string | undefined): Promise<Metrics[]> {
  const api = await session.api();
  const { groups = [] } = (await api.get('/apis')) as { groups?: { name: string }[] };
  if (!groups.some((group) => group.name === 'metrics.k8s.io')) throw new KubectlProblem('Metrics API not available');
  if (name !== undefined) return [(await api.get(`${METRICS}${path}/${name}`)) as Metrics];
  const { items = [] } = (await api.get(`${METRICS}${path}${query(selectorOf(session))}`)) as { items?: Metrics[] };
  return items;
}

/** Nothing was measured: because nothing is there, because it is too young, or it is a fault. */
async function expectNoPods(session: Session, namespace: string | undefined): Promise<void> {
  const pods = await session.list(await (await session.discovery()).find('pods'), namespace, selectorOf(session));
  if (pods.length === 0) return;
  for (const { metadata } of pods) {
    const ageMs = session.call.sys.now() / 1000 - (parseTimestamp(metadata?.creationTimestamp) ?? 0);
    if (ageMs > MEASURED_AFTER_MS) throw new KubectlProblem(`Metrics not available for pod ${metadata?.namespace}/${metadata?.name}, age: ${goDuration(ageMs)}`);
  }
  throw new KubectlProblem('metrics not available yet');
}

function sorted<Metrics>({ flags }: Session, metrics: readonly Metrics[], usageOf: (one: Metrics) => Amounts, keyOf: (one: Metrics) => string): Metrics[] {
  const by = flags.text('sort-by') as '' | 'cpu' | 'memory';
  return metrics.toSorted((one, other) => (by === '' ? (keyOf(one) < keyOf(other) ? -1 : 1) : size(usageOf(other), by) - size(usageOf(one), by)));
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

function size(usage: Amounts, by: 'cpu' | 'memory'): number {
  return by === 'cpu' ? nanos(usage.cpu) : wholeValue(usage.memory);
}

/** `…n` as the metrics-server writes CPU time per second. */
function nanos(cpu: string): number {
  return cpu.endsWith('n') ? Number(cpu.slice(0, -1)) : milliValue(cpu) * 1e6;
}

function counted({ cpu, memory }: Amounts): { cpu: number; memory: number } {
  return { cpu: Math.ceil(nanos(cpu) / 1e6), memory: wholeValue(memory) };
}

function amounts(usage: Amounts): string[] {
  const { cpu, memory } = counted(usage);
  return [`${cpu}m`, `${Math.floor(memory / 1_048_576)}Mi`];
}

function print({ flags, call }: Session, header: readonly string[], rows: readonly (readonly (string | undefined)[])[]): void {
  call.write(new TabWriter(TABLE).format([...(flags.is('no-headers') ? [] : [header]), ...rows].map((row) => `${row.join('\t')}\t\n`).join('')));
}

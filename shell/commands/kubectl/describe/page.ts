/** What the pages of `describe` share: names, labels, selectors, events. */
import type { KubeObject, Session, Subject } from '../session.ts';
import { age } from '../time.ts';
import { annotationLines, mapLines } from './pod-template.ts';

export type Page = (session: Session, subject: Subject & { object: KubeObject }) => Promise<string[]>;

export const text = (value: unknown, fallback = '<none>'): string => (value === undefined || value === null || value === '' ? fallback : String(value as string));
export const specOf = <T>(object: KubeObject): T => ((object as { spec?: T }).spec ?? {}) as T;
export const statusOf = <T>(object: KubeObject): T => ((object as { status?: T }).status ?? {}) as T;

interface EventObject extends KubeObject { type?: string; reason?: string; message?: string; count?: number; firstTimestamp?: string; lastTimestamp?: string; source?: { component?: string; host?: string } }

export async function eventLines(session: Session, { object, namespace, info }: Subject): Promise<string[]> {
  if (session.flags.text('show-events') === 'false') return [];
  const uid = info.kind === 'Node' ? object?.metadata?.name : object?.metadata?.uid;
  const fieldSelector = [`involvedObject.name=${object?.metadata?.name}`, ...(namespace === undefined ? [] : [`involvedObject.namespace=${namespace}`]), `involvedObject.kind=${info.kind}`, ...(info.kind === 'Node' ? [] : [`involvedObject.uid=${uid}`])].join(',');
  const events = (await session.list(await (await session.discovery()).find('events'), namespace, { fieldSelector })) as EventObject[];
  if (events.length === 0) return ['Events:\t<none>'];
  const sorted = events.toSorted((one, other) => ((one.lastTimestamp ?? '') < (other.lastTimestamp ?? '') ? -1 : 1));
  const { sys } = session.call;
  return ['Events:', '  Type\tReason\tAge\tFrom\tMessage', '  ----\t------\t----\t----\t-------', ...sorted.map(({ type, reason, message, count = 1, firstTimestamp, lastTimestamp, source }) => {
    const since = count > 1 ? `${age(lastTimestamp, sys)} (x${count} over ${age(firstTimestamp, sys)})` : age(firstTimestamp, sys);
    const from = source?.host === undefined || source.host === '' ? (source?.component ?? '') : source.component ?? '';
    return `  ${text(type, '')}\t${text(reason, '')}\t${since}\t${from}\t${(message ?? '').trim()}`;
  })];
}

export function head({ object }: { readonly object: KubeObject }, isNamespaced: boolean): string[] {
  return [`Name:\t${object.metadata?.name}`, ...(isNamespaced ? [`Namespace:\t${object.metadata?.namespace}`] : [])];
}

export const labels = ({ metadata }: KubeObject): string[] => mapLines('Labels:\t', metadata?.labels, '\t');
export const annotations = ({ metadata }: KubeObject): string[] => annotationLines('Annotations:\t', metadata?.annotations, '\t');

export function controlledBy({ metadata }: KubeObject): string[] {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined ? [] : [`Controlled By:\t${owner.kind}/${owner.name}`];
}

export function selectorText(selector: { matchLabels?: Record<string, string>; matchExpressions?: { key: string; operator: string; values?: string[] }[] } | undefined): string {
  const parts = [...Object.entries(selector?.matchLabels ?? {}).map(([name, value]) => `${name}=${value}`).toSorted(), ...(selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => (operator === 'Exists' ? key : operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} (${values.join(',')})`))];
  return parts.length === 0 ? '<unset>' : parts.join(',');
}

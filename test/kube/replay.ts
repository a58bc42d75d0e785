/** Requests that a real API server has answered, put to ours: the answers must be equal but for what chance and the clock decide. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiResponse } from '../../kube/apiserver/http.ts';
import type { ApiServer } from '../../kube/apiserver/server.ts';

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly accept?: string;
  readonly body?: string;
  readonly status: number;
  readonly answer: unknown;
}

export function recordings(name: string): readonly Recorded[] {
  const [, ...lines] = readFileSync(join(import.meta.dirname, 'recordings', name), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Recorded);
}

export function ask(server: ApiServer, { method, path, type, accept, body }: Recorded): { readonly status: number; readonly answer: unknown } {
  const response: ApiResponse = server.handle({
    method, path, headers: { 'user-agent': 'recorder/1', accept: accept ?? 'application/json', ...(type === undefined ? {} : { 'content-type': type }) },
    body: new TextEncoder().encode(body ?? ''),
  });
  if (response.stream !== undefined) throw new Error(`${path} answers with a stream`);
  const text = new TextDecoder().decode(response.body);
  try {
    return { status: response.status, answer: JSON.parse(text) as unknown };
  } catch {
    return { status: response.status, answer: text };
  }
}

interface Refusal {
  readonly message: string;
  readonly details: { readonly causes: readonly { readonly field?: string; readonly message?: string }[] };
}

/** Causes in one order, as that of a real server follows Go's maps; with pointers and the differences of Go structs left out. */
function sorted(status: Refusal): object {
  const clean = (text: string): string => text.replaceAll(/\(0xc[0-9a-f]+\)/g, '(0x)').replace(/\n[\s\S]*/, '');
  // Some are said twice.
  const causes = [...new Map(status.details.causes.map((cause) => [`${cause.field} ${clean(cause.message ?? '')}`, { ...cause, message: clean(cause.message ?? '') }])).values()];
  const order = (cause: object): string => JSON.stringify(Object.entries(cause).sort());
  causes.sort((one, other) => (order(one) < order(other) ? -1 : 1));
  return { ...status, message: status.message.split(': ')[0], details: { ...status.details, causes } };
}

/** With names for what is never twice the same: uids, versions, times, addresses and ports out of a range. */
export function masked(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => masked(item, key));
    // In the order of their times, which here are not those of the recording.
    return key === 'managedFields' ? items.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)) : items;
  }
  if (typeof value === 'object' && value !== null) {
    if (key !== 'sorted' && Array.isArray((value as { details?: { causes?: unknown } }).details?.causes)) return masked(sorted(value as Refusal), 'sorted');
    return Object.fromEntries(Object.entries(value).filter(([field]) => field !== 'description').map(([field, inner]) => [masked(field), key === 'cells' ? inner : masked(inner, field)]));
  }
  if (key === 'resourceVersion' || key === 'remainingItemCount') return `<${key}>`;
  if (key === 'continue') return '<token>';
  if ((key === 'nodePort' || key === 'healthCheckNodePort') && typeof value === 'number' && value >= 30_000 && ![31_830, 30_111].includes(value)) return '<port>';
  if (typeof value !== 'string') return value;
  return value.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>')
    .replaceAll(/20(?:26|18)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>')
    .replaceAll(/10\.43\.2(?:4[0-9]|5[0-5])\.(?!77\b|99\b|88\b)\d+/g, '<address>')
    .replace(key === 'cells' ? /^\d+[smhd](?:\d+[smh])?$/ : /^$/, (age) => (age === '' ? '' : '<age>'))
    .replaceAll(/\b(\d+):3\d{4}\//g, '$1:<port>/');
}

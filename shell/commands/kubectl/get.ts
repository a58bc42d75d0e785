/** `kubectl get`: tables as the server lays them out, any format of output.ts, and watching. */
import { pathOf, query, resourceName, type ResourceInfo } from './discovery.ts';
import { evaluate, parseJsonPath } from './jsonpath.ts';
import { printerFor, type Printed } from './output.ts';
import { isNotFound, KubectlProblem, ServerProblem } from './problem.ts';
import { TABLE_TYPE } from './rest.ts';
import type { Command, KubeObject, Session, Subject } from './session.ts';
import { TABLE, TabWriter } from './tabwriter.ts';

interface Column { readonly name: string; readonly priority: number }
interface Row { readonly cells: readonly unknown[]; readonly object?: KubeObject }
interface Table { readonly columnDefinitions: readonly Column[]; readonly rows?: readonly Row[]; readonly metadata?: { readonly resourceVersion?: string } }

export const get: Command = async (session) => {
  const { flags } = session;
  if (flags.has('raw')) {
    session.call.write(await (await session.api()).text(flags.text('raw')));
    return 0;
  }
  if (flags.operands.length === 0 && flags.list('filename').length === 0) {
    session.err('You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n');
    throw new KubectlProblem(`Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples`);
  }
  if (flags.is('watch') || flags.is('watch-only')) return watch(session);
  const printer = await printerFor(flags, session.call.sys);
  if (printer === undefined) return table(session);
  const failures: unknown[] = [];
  const objects = sortBy(session, await readAll(session, failures));
  const isList = asksForList(session) || objects.length > 1;
  // One that was named and is not there prints nothing; an empty list is a list.
  if (objects.length > 0 || (isList && failures.length === 0)) session.call.write(printer(objects, isList));
  return failed(session, failures);
};

/** A kind without a name, or several names: the answer is a List even when it holds one object. */
function asksForList({ flags }: Session): boolean {
  const words = flags.operands;
  if (flags.list('filename').length > 0) return false;
  return words.some((word) => word.includes('/')) ? words.length > 1 : words.length !== 2 || words[0]!.includes(',');
}

async function readAll(session: Session, failures: unknown[]): Promise<Printed[]> {
  const { flags } = session;
  if (flags.list('filename').length > 0) return (await session.targets(flags.operands)).map(({ info, object }) => ({ info, object: object! }));
  const found: Printed[] = [];
  for (const { info, names } of await session.mentioned(flags.operands)) {
    const namespace = await placeOf(session, info, names);
    if (names.length === 0) for (const object of await session.list(info, namespace, selectors(session))) found.push({ info, object });
    for (const name of names) {
      try {
        found.push({ info, object: await session.get(info, namespace, name) });
      } catch (error) {
        if (!(error instanceof ServerProblem)) throw error;
        if (!(isNotFound(error) && flags.is('ignore-not-found'))) failures.push(error);
      }
    }
  }
  return found;
}

async function placeOf(session: Session, info: ResourceInfo, names: readonly string[]): Promise<string | undefined> {
  const { flags } = session;
  if (names.length > 0 && flags.text('selector') !== '') throw new KubectlProblem('name cannot be provided when a selector is specified');
  if (!info.isNamespaced) return undefined;
  if (!flags.is('all-namespaces')) return session.namespace();
  if (names.length > 0) throw new KubectlProblem('a resource cannot be retrieved by name across all namespaces');
  return undefined;
}

function selectors({ flags }: Session): { labelSelector: string; fieldSelector: string } {
  return { labelSelector: flags.text('selector'), fieldSelector: flags.text('field-selector') };
}

function failed(session: Session, failures: readonly unknown[]): number {
  if (failures.length === 0) return 0;
  for (const failure of failures) session.err((failure as Error).message);
  return 1;
}

function sortBy(session: Session, objects: readonly Printed[]): readonly Printed[] {
  const expression = session.flags.text('sort-by');
  if (expression === '') return objects;
  const path = parseJsonPath(expression.startsWith('{') ? expression : `{${expression.startsWith('.') ? '' : '.'}${expression}}`);
  const value = ({ object }: Printed): unknown => evaluate(path, object).flat()[0];
  return objects.toSorted((one, other) => compare(value(one), value(other)));
}

function compare(one: unknown, other: unknown): number {
  if (one === other) return 0;
  if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
  if (typeof one === 'string' && typeof other === 'string') return naturally(one, other);
  return (one as number) < (other as number) ? -1 : 1;
}

/** vbom.ml/util/sortorder NaturalLess: runs of digits by their number. */
function naturally(one: string, other: string): number {
  const parts = (text: string): readonly string[] => text.match(/\d+|\D/g) ?? [];
  const [mine, theirs] = [parts(one), parts(other)];
  for (const [at, part] of mine.entries()) {
    const against = theirs[at];
    if (against === undefined) return 1;
    if (part === against) continue;
    const areNumbers = /^\d/.test(part) && /^\d/.test(against);
    return (areNumbers ? Number(part) - Number(against) || part.length - against.length : part < against ? -1 : 1);
  }
  return -1;
}

// ---------------------------------------------------------------- tables

interface Part { readonly info: ResourceInfo; readonly table: Table }

async function table(session: Session): Promise<number> {
  const { flags } = session;
  const failures: unknown[] = [];
  const parts: Part[] = [];
  const api = await session.api();
  const fetch = async (info: ResourceInfo, path: string): Promise<void> => {
    try {
      parts.push({ info, table: (await api.get(path, TABLE_TYPE)) as unknown as Table });
    } catch (error) {
      if (!(error instanceof ServerProblem)) throw error;
      if (!(isNotFound(error) && flags.is('ignore-not-found'))) failures.push(error);
    }
  };
  let kinds = 0;
  if (flags.list('filename').length > 0) {
    for (const { object, source } of await session.manifests(flags.list('filename'))) {
      const { info, namespace, name }: Subject = await session.locate(object, source);
      await fetch(info, pathOf(info, namespace, name));
    }
    kinds = new Set(parts.map(({ info }) => info)).size;
  } else {
    const mentioned = await session.mentioned(flags.operands);
    kinds = mentioned.length;
    for (const { info, names } of mentioned) {
      const namespace = await placeOf(session, info, names);
      if (names.length === 0) await fetch(info, `${pathOf(info, namespace)}${query({ ...selectors(session), limit: '500' })}`);
      for (const name of names) await fetch(info, pathOf(info, namespace, name));
    }
  }
  const isMixed = new Set(parts.map(({ info }) => resourceName(info))).size > 1 || (kinds > 1 && parts.length > 1);
  print(session, parts, isMixed);
  if (parts.every(({ table: { rows = [] } }) => rows.length === 0) && failures.length === 0 && !flags.is('ignore-not-found')) {
    const isSpread = flags.is('all-namespaces') || parts.every(({ info }) => !info.isNamespaced);
    session.err(isSpread ? 'No resources found' : `No resources found in ${await session.namespace()} namespace.`);
  }
  return failed(session, failures);
}

/** Tables of one kind share their columns; a new kind begins after an empty line. */
function print(session: Session, parts: readonly Part[], isMixed: boolean): void {
  const groups: { info: ResourceInfo; columns: readonly Column[]; rows: Row[] }[] = [];
  for (const { info, table: { columnDefinitions, rows = [] } } of parts) {
    if (rows.length === 0) continue;
    const last = groups.at(-1);
    if (last !== undefined && resourceName(last.info) === resourceName(info)) last.rows.push(...rows);
    else groups.push({ info, columns: columnDefinitions, rows: [...rows] });
  }
  const texts = groups.map(({ info, columns, rows }) => {
    const shown = sortRows(session, columns, rows);
    const lines = [...(session.flags.is('no-headers') ? [] : [headings(session, columns)]), ...shown.map((row) => cells(session, columns, row, isMixed || session.flags.is('show-kind') ? resourceName(info) : undefined))];
    return `${new TabWriter(TABLE).format(lines.map((line) => line.join('\t')).join('\n'))}\n`;
  });
  session.call.write(texts.join('\n'));
}

function sortRows(session: Session, _columns: readonly Column[], rows: readonly Row[]): readonly Row[] {
  if (session.flags.text('sort-by') === '') return rows;
  const order = sortBy(session, rows.map((row) => ({ info: { singular: '', kind: '', group: '' }, object: row.object ?? {} })));
  return order.map(({ object }) => rows.find((row) => row.object === object)!);
}

const isWide = ({ flags }: Session): boolean => flags.text('output') === 'wide';

function headings(session: Session, columns: readonly Column[]): string[] {
  const { flags } = session;
  return [
    ...(flags.is('all-namespaces') ? ['NAMESPACE'] : []), ...columns.filter(({ priority }) => priority === 0 || isWide(session)).map(({ name }) => name.toUpperCase()),
    ...flags.list('label-columns').map((label) => label.slice(label.lastIndexOf('/') + 1).toUpperCase()), ...(flags.is('show-labels') ? ['LABELS'] : []),
  ];
}

function cells(session: Session, columns: readonly Column[], { cells: values, object }: Row, kind: string | undefined): string[] {
  const { flags } = session;
  const labels = object?.metadata?.labels ?? {};
  const own = columns.flatMap(({ name, priority }, at) => {
    if (priority !== 0 && !isWide(session)) return [];
    const value = values[at];
    const text = value === null || value === undefined ? '<none>' : String(value);
    return [name === 'Name' && kind !== undefined ? `${kind}/${text}` : text];
  });
  const all = Object.entries(labels).map(([name, value]) => `${name}=${value}`).toSorted().join(',');
  return [
    ...(flags.is('all-namespaces') ? [object?.metadata?.namespace ?? ''] : []), ...own,
    ...flags.list('label-columns').map((label) => labels[label] ?? ''), ...(flags.is('show-labels') ? [all === '' ? '<none>' : all] : []),
  ];
}

// ---------------------------------------------------------------- watching

async function watch(session: Session): Promise<number> {
  const { flags } = session;
  const mentioned = await session.mentioned(flags.operands);
  const [first] = mentioned;
  if (mentioned.length !== 1 || first === undefined || first.names.length > 1) throw new KubectlProblem('you may only specify a single resource type');
  const { info, names: [name] } = first;
  const namespace = await placeOf(session, info, first.names);
  const api = await session.api();
  const printer = await printerFor(flags, session.call.sys);
  const accept = printer === undefined ? TABLE_TYPE : 'application/json';
  const writer = new TabWriter(TABLE);
  let columns: readonly Column[] | undefined;
  const show = async (part: Table | KubeObject, type?: string): Promise<void> => {
    if (printer !== undefined) {
      const objects = 'items' in part ? ((part as { items?: KubeObject[] }).items ?? []) : [part as KubeObject];
      for (const object of objects) session.call.write(printer([{ info, object: { apiVersion: info.group === '' ? info.version : `${info.group}/${info.version}`, kind: info.kind, ...object } }], false));
    } else {
      const { rows = [], columnDefinitions } = part as Table;
      const isFirst = columns === undefined;
      columns ??= columnDefinitions;
      if (rows.length > 0) {
        const lines = [...(isFirst && !flags.is('no-headers') ? [[...(flags.is('output-watch-events') ? ['EVENT'] : []), ...headings(session, columns)]] : []), ...rows.map((row) => [...(flags.is('output-watch-events') ? [type ?? 'ADDED'] : []), ...cells(session, columns!, row, undefined)])];
        session.call.write(`${writer.format(lines.map((line) => line.join('\t')).join('\n'), true)}\n`);
      }
    }
    await session.call.flush();
  };
  const start = name === undefined ? `${pathOf(info, namespace)}${query({ ...selectors(session), limit: '500' })}` : pathOf(info, namespace, name);
  const before = (await api.get(start, accept)) as unknown as Table & KubeObject;
  if (!flags.is('watch-only')) await show(before);
  const version = before.metadata?.resourceVersion;
  const search = query({ ...selectors(session), ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }), resourceVersion: version, watch: 'true' });
  await api.lines(`${pathOf(info, namespace)}${search}`, accept, async (line) => {
    const event = JSON.parse(line) as { type: string; object: Table & KubeObject };
    if (event.type === 'BOOKMARK') return true;
    if (event.type === 'ERROR') return false;
    await show(event.object, event.type);
    return true;
  });
  return 0;
}


/** Printers of resources: tables, YAML, JSON, values and the rest. Each answers the whole text. */
import { isObject, type Json, type JsonObject } from '../../../ports/cloud.ts';
import type { Column, Format } from './format.ts';
import { valueAt } from './keys.ts';
import { applyCalls, pythonText, sortedEntries } from './transforms.ts';

/** A list prints every item; a single resource prints itself. */
export function print(format: Format, resources: readonly Json[], isList: boolean): string {
  switch (format.name) {
    case 'json': return `${jsonText(isList ? resources.map((one) => projected(one, format.columns)) : projected(resources[0] ?? {}, format.columns), '')}\n`;
    case 'yaml': case 'default': case 'object': return resources.map((one) => (isList ? '---\n' : '') + yamlText(projected(one, format.columns))).join('');
    case 'flattened': case 'text': return resources.map((one) => `${isList ? '---\n' : ''}${flattened(one, format)}`).join('');
    case 'value': case 'get': return resources.map((one) => values(one, format)).join('');
    case 'csv': return csv(resources, format);
    case 'list': return resources.map((one) => listText(one, format)).join('');
    case 'config': return resources.map((one) => configText(one)).join('');
    case 'none': case 'disable': return '';
    default: return table(resources, format);
  }
}

function cell(resource: Json, { key, calls }: Column): Json | undefined {
  return applyCalls(valueAt(resource, key), calls);
}

// ---------------------------------------------------------------- tables

function table(resources: readonly Json[], { columns = [], attributes }: Format): string {
  if (resources.length === 0) return '';
  let rows = resources.map((resource) => columns.map((column) => pythonText(cell(resource, column))));
  const order = columns.map((column, at) => ({ column, at })).filter(({ column }) => column.sort !== undefined && column.sort > 0).sort((left, right) => left.column.sort! - right.column.sort!);
  if (order.length > 0) {
    rows = rows.map((row, index) => ({ row, index })).sort((left, right) => {
      for (const { column, at } of order) {
        const [one = '', other = ''] = [left.row[at], right.row[at]];
        if (one !== other) return (one < other ? -1 : 1) * (column.isReversed ? -1 : 1);
      }
      return left.index - right.index;
    }).map(({ row }) => row);
  }
  const visible = columns.map((_column, at) => at).filter((at) => !columns[at]!.isOptional || rows.some((row) => row[at] !== ''));
  const shownColumns = visible.map((at) => columns[at]!);
  const shownRows = rows.map((row) => visible.map((at) => row[at]!));
  const heading = attributes.has('no-heading') ? [] : [shownColumns.map(({ label }) => label)];
  const widths = shownColumns.map((_column, at) => Math.max(...[...heading, ...shownRows].map((row) => row[at]!.length)));
  const title = attributes.get('title');
  if (attributes.has('box') || attributes.has('all-box')) return boxed(heading[0], shownRows, shownColumns, widths, attributes.has('all-box'), title);
  const pad = ' '.repeat(attributes.has('pad') ? Number(attributes.get('pad')) : 2);
  const lines = [...heading, ...shownRows].map((row) => row.map((text, at) => aligned(text, widths[at]!, shownColumns[at]!.align)).join(pad).trimEnd());
  const wide = widths.reduce((sum, width) => sum + width, pad.length * (widths.length - 1));
  return `${title === undefined ? '' : `${centered(title, wide).trimEnd()}\n`}${lines.join('\n')}\n`;
}

function aligned(text: string, width: number, align: Column['align']): string {
  return align === 'right' ? text.padStart(width) : align === 'center' ? centered(text, width) : text.padEnd(width);
}

/** Python's str.center: the odd space goes left only when both lengths are odd. */
function centered(text: string, width: number): string {
  const room = Math.max(0, width - text.length);
  const left = (room >> 1) + (room & width & 1);
  return ' '.repeat(left) + text + ' '.repeat(room - left);
}

function boxed(heading: readonly string[] | undefined, rows: readonly (readonly string[])[], columns: readonly Column[], widths: readonly number[], hasRules: boolean, title: string | undefined): string {
  const rule = (left: string, middle: string, right: string): string => left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right;
  const line = (cells: readonly string[]): string => `│ ${cells.join(' │ ')} │`;
  const lines: string[] = [];
  if (title !== undefined) {
    const width = widths.reduce((sum, one) => sum + one, 0) + 3 * widths.length - 1;
    lines.push(`┌${'─'.repeat(width)}┐`, `│${centered(title, width)}│`);
  }
  lines.push(title === undefined ? rule('┌', '┬', '┐') : rule('├', '┬', '┤'));
  if (heading !== undefined) lines.push(line(heading.map((text, at) => centered(text, widths[at]!))), rule('├', '┼', '┤'));
  rows.forEach((row, index) => {
    if (hasRules && index > 0) lines.push(rule('├', '┼', '┤'));
    lines.push(line(row.map((text, at) => aligned(text, widths[at]!, columns[at]!.align))));
  });
  lines.push(rule('└', '┴', '┘'));
  return `${lines.join('\n')}\n`;
}

// ---------------------------------------------------------------- lines of values

/** One line a resource; without keys all values, one below the other key by key. */
function values(resource: Json, { columns, attributes, name }: Format): string {
  const separator = attributes.get('separator')?.replaceAll('\\t', '\t').replaceAll('\\n', '\n') ?? '\t';
  const list = columns === undefined ? leaves(resource, '').map(([, value]) => value) : columns.map((column) => cell(resource, column));
  const texts = list.map((value) => (Array.isArray(value) ? (value as readonly Json[]).map(pythonText).join(';') : isObject(value ?? null) && name !== 'object' ? sortedEntries(value as JsonObject).map(([key, one]) => `${key}=${pythonText(one)}`).join(';') : pythonText(value)));
  return `${texts.join(separator)}\n`;
}

function csv(resources: readonly Json[], { columns = [], attributes }: Format): string {
  const separator = attributes.get('separator') ?? ',';
  const quote = (text: string): string => (/[",\n\r]/.test(text) || text.includes(separator) || /^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = resources.map((resource) => columns.map((column) => {
    const value = cell(resource, column);
    return quote(Array.isArray(value) ? (value as readonly Json[]).map(pythonText).join(';') : isObject(value ?? null) ? sortedEntries(value as JsonObject).map(([key, one]) => `${key}=${pythonText(one)}`).join(';') : pythonText(value));
  }).join(separator));
  if (resources.length === 0) return '';
  const heading = attributes.has('no-heading') ? [] : [columns.map(({ label, hasOwnLabel }) => (hasOwnLabel ? label : label.toLowerCase())).join(separator)];
  return `${[...heading, ...lines].join('\n')}\n`;
}

function listText(resource: Json, { columns }: Format): string {
  const texts = columns === undefined ? leaves(resource, '').map(([key, value]) => `${key}: ${pythonText(value)}`) : columns.map((column) => pythonText(cell(resource, column)));
  return `${texts.map((text, at) => `${at === 0 ? ' - ' : '   '}${text}`).join('\n')}\n`;
}

/** Every value with its dotted name, in order of names. */
function leaves(value: Json, name: string): [string, Json][] {
  if (Array.isArray(value)) return value.length === 0 ? [[name, '[]']] : (value as readonly Json[]).flatMap((one, at) => leaves(one, `${name}[${at}]`));
  if (isObject(value)) {
    const entries = sortedEntries(value);
    return entries.length === 0 && name !== '' ? [[name, '{}']] : entries.flatMap(([key, one]) => leaves(one, name === '' ? key : `${name}.${key}`));
  }
  return [[name, value]];
}

function flattened(resource: Json, { columns, attributes }: Format): string {
  const pairs = columns === undefined ? leaves(resource, '') : columns.flatMap((column) => leaves(cell(resource, column) ?? null, column.key.map((part) => (typeof part === 'number' ? `[${part}]` : (part ?? '[]'))).join('.').replaceAll('.[', '[')));
  const width = Math.max(...pairs.map(([key]) => key.length));
  const separator = attributes.get('separator');
  return pairs.map(([key, value]) => `${`${key}:`.padEnd(separator === undefined ? width + 1 : 0)}${separator ?? ' '}${value === null ? 'null' : pythonText(value)}\n`).join('');
}

/** Sections of names and values, as the configuration file has them. */
function configText(resource: Json): string {
  const lines: string[] = [];
  const visit = (value: JsonObject, name: string): void => {
    const entries = sortedEntries(value);
    const plain = entries.filter(([, one]) => typeof one !== 'object' || one === null);
    if (name !== '' && plain.length > 0) lines.push(`[${name}]`);
    for (const [key, one] of plain) lines.push(`${key} = ${pythonText(one)}`);
    for (const [key, one] of entries) {
      if (typeof one !== 'object' || one === null) continue;
      const below = name === '' ? key : `${name}.${key}`;
      if (!Array.isArray(one)) visit(one as JsonObject, below);
      else if ((one as readonly Json[]).every((item) => typeof item !== 'object')) lines.push(`[${below}]`, ...(one as readonly Json[]).map((item, at) => `${at} = ${pythonText(item)}`));
      else (one as readonly Json[]).forEach((item, at) => (isObject(item) ? visit(item, `${below}.${at}`) : undefined));
    }
  };
  if (isObject(resource)) visit(resource, '');
  return lines.map((line) => `${line}\n`).join('');
}

// ---------------------------------------------------------------- structured

/** Only the projected parts, in the shape of the resource. */
function projected(resource: Json, columns: readonly Column[] | undefined): Json {
  if (columns === undefined) return resource;
  const made: Record<string, Json> = {};
  for (const column of columns) {
    const value = cell(resource, column);
    const names = column.key.filter((part) => typeof part === 'string');
    if (value === undefined || names.length === 0) continue;
    let at = made;
    if (column.key.some((part) => part === null || typeof part === 'number')) {
      made[names[0]!] = merged(made[names[0]!], nested(valueAt(resource, [names[0]!]) ?? null, column.key.slice(1), value));
      continue;
    }
    for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as Record<string, Json>;
    at[names.at(-1)!] = value;
  }
  return made;
}

/** The list with only what the rest of the key names. */
function nested(value: Json, key: Column['key'], whole: Json): Json {
  const [first, ...rest] = key;
  if (first === undefined) return value;
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    const chosen = typeof first === 'number' ? items.slice(first, first === -1 ? undefined : first + 1) : items;
    return chosen.map((item) => nested(item, typeof first === 'number' || first === null ? rest : key, whole));
  }
  if (!isObject(value) || typeof first !== 'string') return whole;
  const inner = value[first];
  return inner === undefined ? {} : { [first]: nested(inner, rest, whole) };
}

function merged(old: Json | undefined, made: Json): Json {
  if (Array.isArray(old) && Array.isArray(made)) return (made as readonly Json[]).map((one, at) => merged((old as readonly Json[])[at], one));
  if (isObject(old ?? null) && isObject(made)) return { ...(old as JsonObject), ...made };
  return made;
}

/** Fields the API declares as doubles: a whole one still shows as one. */
const DOUBLES: ReadonlySet<string> = new Set(['capacityScaler', 'maxRatePerEndpoint', 'maxRatePerInstance', 'maxUtilization']);

function doubleText(key: string, value: Json): string | undefined {
  return DOUBLES.has(key) && Number.isInteger(value) ? `${value as number}.0` : undefined;
}

function jsonText(value: Json, indent: string): string {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[\n${(value as readonly Json[]).map((one) => deeper + jsonText(one, deeper)).join(',\n')}\n${indent}]`;
  if (isObject(value)) {
    const entries = sortedEntries(value);
    return entries.length === 0 ? '{}' : `{\n${entries.map(([key, one]) => `${deeper}${JSON.stringify(key)}: ${doubleText(key, one) ?? jsonText(one, deeper)}`).join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value);
}

/** As ruamel.yaml dumps with gcloud's settings: sorted keys, lists not indented, quotes only where a plain word would be read as something else. */
function yamlText(value: Json, indent = ''): string {
  if (!isObject(value)) return Array.isArray(value) ? yamlList(value as readonly Json[], indent) : `${yamlScalar(value, indent)}\n`;
  const entries = sortedEntries(value);
  if (entries.length === 0) return `${indent}{}\n`;
  return entries.map(([key, one]) => {
    const double = doubleText(key, one);
    return double === undefined ? yamlEntry(`${indent}${yamlScalar(key, indent)}:`, one, indent) : `${indent}${key}: ${double}\n`;
  }).join('');
}

function yamlEntry(head: string, value: Json, indent: string): string {
  if (Array.isArray(value)) return value.length === 0 ? `${head} []\n` : `${head}\n${yamlList(value as readonly Json[], indent)}`;
  if (isObject(value)) return sortedEntries(value).length === 0 ? `${head} {}\n` : `${head}\n${yamlText(value, `${indent}  `)}`;
  return `${head} ${yamlScalar(value, indent)}\n`;
}

function yamlList(values: readonly Json[], indent: string): string {
  return values.map((value) => {
    if (isObject(value) && Object.keys(value).length > 0) return `${indent}- ${yamlText(value, `${indent}  `).slice(indent.length + 2)}`;
    if (Array.isArray(value) && value.length > 0) return `${indent}- ${yamlList(value as readonly Json[], `${indent}  `).slice(indent.length + 2)}`;
    return `${indent}- ${isObject(value) ? '{}' : Array.isArray(value) ? '[]' : yamlScalar(value, indent)}\n`;
  }).join('');
}

function yamlScalar(value: Json, indent: string): string {
  if (value === null) return 'null';
  if (typeof value !== 'string') return typeof value === 'boolean' ? String(value) : pythonText(value);
  if (value.includes('\n')) {
    const body = value.replace(/\n$/, '').split('\n').map((line) => (line === '' ? '' : `${indent}  ${line}`)).join('\n');
    return `|${value.endsWith('\n') ? '' : '-'}\n${body}`;
  }
  if (value === '') return "''";
  // What YAML 1.1 would read as a number, a date, a boolean or null, or cannot begin a plain word.
  const isSpecial = /^(?:[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|\d{4}-\d\d?-\d\d?(?:[Tt ].*)?|true|false|yes|no|on|off|null|~|y|n|=|<<)$/i.test(value);
  if (isSpecial || /^[-?:](?:\s|$)|^[,[\]{}#&*!|>'"%@`]|: |\s#|:$|^\s|\s$/.test(value)) return value.includes("'") && !value.includes('"') && !value.includes('\\') ? `"${value}"` : `'${value.replaceAll("'", "''")}'`;
  return value;
}

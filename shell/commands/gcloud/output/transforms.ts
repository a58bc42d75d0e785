/** Transforms of values in formats and filters: `zone.basename()`, `allowed[].map().firewall_rule().list()`. Read first: `gcloud topic projections` */
import { isObject, type Json, type JsonObject } from '../../../ports/cloud.ts';
import { Lexer } from './lexer.ts';
import { valueAt } from './keys.ts';

export interface Call { readonly name: string; readonly args: readonly string[] }

type Value = Json | undefined;
type Transform = (value: Value, args: readonly string[], named: ReadonlyMap<string, string>) => Value;

/** Python's str(): how a value looks in a cell. */
export function pythonText(value: Value): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return pythonRepr(value);
}

function pythonRepr(value: Value): string {
  if (value === undefined || value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(pythonRepr).join(', ')}]`;
  return `{${sortedEntries(value as JsonObject).map(([key, one]) => `${pythonRepr(key)}: ${pythonRepr(one)}`).join(', ')}}`;
}

export function sortedEntries(object: JsonObject): [string, Json][] {
  return Object.entries(object).filter((entry): entry is [string, Json] => entry[1] !== undefined).sort(([left], [right]) => (left < right ? -1 : 1));
}

function isEmpty(value: Value): boolean {
  return value === undefined || value === null || value === '' || value === false || value === 0 || (Array.isArray(value) && value.length === 0) || (isObject(value ?? null) && Object.keys(value as JsonObject).length === 0);
}

function items(value: Value): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function baseName(value: Value, otherwise: string): Value {
  if (isEmpty(value)) return otherwise;
  if (Array.isArray(value)) return items(value).map((one) => baseName(one, '') ?? null);
  const text = pythonText(value);
  return text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1);
}

function keyed(value: Value, key: string): Value {
  return valueAt(value ?? null, new Lexer(key).key());
}

function listed(value: Value, args: readonly string[], named: ReadonlyMap<string, string>): Value {
  const separator = named.get('separator') ?? args[2] ?? ',';
  if (Array.isArray(value)) return items(value).map((one) => (one === null ? 'None' : pythonText(one))).join(separator);
  if (isObject(value ?? null)) {
    const show = named.get('show') ?? args[0];
    return sortedEntries(value as JsonObject).map(([key, one]) => (show === 'keys' ? key : show === 'values' ? pythonText(one) : `${key}=${pythonText(one)}`)).join(separator);
  }
  return isEmpty(value) ? (named.get('undefined') ?? args[1] ?? '') : value;
}

const units: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4, kB: 1000, MB: 1e6, GB: 1e9 };

const transforms: Readonly<Record<string, Transform>> = {
  always: (value) => value,
  basename: (value, args, named) => baseName(value, named.get('undefined') ?? args[0] ?? ''),
  scope(value, args) {
    if (isEmpty(value)) return '';
    const text = pythonText(value);
    for (const name of args.length === 0 ? ['regions', 'zones'] : args) if (text.includes(`/${name}/`)) return text.split(`/${name}/`).at(-1);
    return text.slice(text.lastIndexOf('/') + 1);
  },
  scoped_suffixes(value) {
    return items(value).map((one) => transforms['scope']!(one, [], new Map()) ?? null);
  },
  segment(value, args) {
    if (isEmpty(value)) return '';
    return pythonText(value).split('/').at(Number(args[0] ?? '-1')) ?? '';
  },
  list: listed,
  flatten: listed,
  notnull: (value) => items(value).filter((one) => one !== null),
  join: (value, args) => (typeof value === 'string' ? [...value] : items(value)).map(pythonText).join(args[0] ?? '/'),
  split: (value, args) => (isEmpty(value) ? [] : pythonText(value).split(args[0] ?? '/')),
  len: (value) => (typeof value === 'string' || Array.isArray(value) ? value.length : isObject(value ?? null) ? Object.keys(value as JsonObject).length : 0),
  count(value) {
    const counts: Record<string, number> = {};
    for (const one of typeof value === 'string' ? [...value] : items(value)) counts[pythonText(one)] = (counts[pythonText(one)] ?? 0) + 1;
    return counts;
  },
  lower: (value) => (typeof value === 'string' ? value.toLowerCase() : value),
  upper: (value) => (typeof value === 'string' ? value.toUpperCase() : value),
  slice(value, args) {
    const [from, to] = (args[0] ?? ':').split(':');
    const start = from === undefined || from === '' ? 0 : Number(from);
    const end = to === undefined || to === '' ? undefined : Number(to);
    return typeof value === 'string' ? value.slice(start, end) : items(value).slice(start, end);
  },
  sort: (value, args) => [...items(value)].sort((left, right) => (pythonText(args[0] === undefined ? left : keyed(left, args[0])) < pythonText(args[0] === undefined ? right : keyed(right, args[0])) ? -1 : 1)),
  sub: (value, args) => pythonText(value).replace(new RegExp(args[0] ?? '', 'g'), args[1] ?? ''),
  firstof: (value, args) => args.map((key) => keyed(value, key)).find((one) => one !== undefined && one !== null) ?? '',
  extract: (value, args) => args.map((key) => keyed(value, key)).filter((one): one is Json => !isEmpty(one)),
  yesno: (value, args, named) => (isEmpty(value) ? (named.get('no') ?? args[1] ?? 'No') : (named.get('yes') ?? args[0] ?? (value === true ? 'Yes' : value))),
  format(value, args) {
    const columns = args.length > 1 ? args.slice(1).map((key) => keyed(value, key)) : Array.isArray(value) ? items(value) : [value ?? ''];
    return (args[0] ?? '').replace(/\{(\d+)\}/g, (_all, index: string) => pythonText(columns[Number(index)]));
  },
  float: (value, args, named) => {
    const number = Number(value);
    return Number.isNaN(number) || value === undefined || value === null ? '' : named.get('spec') === 'f' ? number.toFixed(Number(named.get('precision') ?? args[0] ?? '6')) : String(Number(number.toPrecision(Number(named.get('precision') ?? args[0] ?? '6'))));
  },
  size(value, args, named) {
    if (isEmpty(value)) return args[0] ?? '0';
    const bytes = Number(value) * (units[named.get('units_in') ?? ''] ?? 1);
    const precision = Number(named.get('precision') ?? '1');
    const out = named.get('units_out');
    if (out !== undefined) return (bytes / (units[out] ?? 1)).toFixed(precision);
    for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) if (bytes >= units[unit]!) return `${(bytes / units[unit]!).toFixed(precision)} ${unit}`;
    return `${bytes.toFixed(precision)} B`;
  },
  // ---- compute's own
  firewall_rule(value) {
    if (!isObject(value ?? null)) return '';
    const rule = value as JsonObject;
    const ports = items(rule['ports']);
    const protocol = pythonText(rule['IPProtocol']);
    return ports.length === 0 ? protocol : ports.map((port) => `${protocol}:${pythonText(port)}`);
  },
  machine_type: (value) => value,
  internal_ip: (value) => items(value).map((nic) => keyed(nic, 'networkIP')).filter((one) => one !== undefined).map(pythonText).join(','),
  external_ip: (value) => items(keyed(value, 'networkInterfaces')).map((nic) => keyed(nic, 'accessConfigs[0].natIP')).filter((one) => one !== undefined && one !== null).map(pythonText).join(','),
  address_range: (value) => `${pythonText(keyed(value, 'address'))}${isEmpty(keyed(value, 'prefixLength')) ? '' : `/${pythonText(keyed(value, 'prefixLength'))}`}`,
  quota(value) {
    const quota = isObject(value ?? null) ? (value as JsonObject) : undefined;
    return quota === undefined ? '' : `${pythonText(quota['usage'])}/${pythonText(quota['limit'])}`;
  },
  status(value) {
    const state = pythonText(keyed(value, 'deprecated.state'));
    const status = pythonText(keyed(value, 'status'));
    return state === '' ? status : `${status} (${state})`;
  },
  next_maintenance: () => '',
  location: (value) => baseName(keyed(value, 'zone') ?? keyed(value, 'region') ?? '', ''),
  type_suffix: (value) => (isEmpty(value) ? '' : pythonText(value).split('/').slice(-2).join('/')),
  location_scope: (value) => (/\/zones\//.test(pythonText(keyed(value, 'selfLink'))) ? 'zone' : 'region'),
  operation_http_status(value) {
    const code = keyed(value, 'httpErrorStatusCode');
    return code === undefined ? (pythonText(keyed(value, 'status')) === 'DONE' ? 200 : '') : code;
  },
};

export function isTransform(name: string): boolean {
  return name === 'map' || Object.hasOwn(transforms, name);
}

function flat(values: readonly Json[], depth: number): readonly Json[] {
  return depth < 1 ? values : flat(values.flatMap((one) => (Array.isArray(one) ? (one as readonly Json[]) : [one])), depth - 1);
}

/** Applies calls from left to right; `map()` makes the next one work on every item. */
export function applyCalls(value: Value, calls: readonly Call[]): Value {
  let at = value;
  let depth = 0;
  for (const { name, args } of calls) {
    if (name === 'map') {
      depth = args[0] === undefined ? 1 : Number(args[0]);
      continue;
    }
    const run = transforms[name]!;
    const named = new Map<string, string>();
    const plain: string[] = [];
    for (const argument of args) {
      const match = /^([a-z_]+)=(.*)$/s.exec(argument);
      if (match === null) plain.push(argument);
      else named.set(match[1]!, match[2]!.replace(/^(["'])(.*)\1$/s, '$2'));
    }
    if (depth > 0 && Array.isArray(at)) {
      at = flat(items(at), depth - 1).flatMap((one): Json[] => {
        const made = run(one, plain, named) ?? null;
        return name === 'firewall_rule' && Array.isArray(made) ? [...(made as readonly Json[])] : [made];
      });
    } else at = run(at, plain, named);
    depth = 0;
  }
  return at;
}

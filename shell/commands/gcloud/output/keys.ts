/** Resource keys: `networkInterfaces[0].accessConfigs[].natIP`. Read first: `gcloud topic resource-keys` */
import type { Json } from '../../../ports/cloud.ts';

/** A name, a number in a list, or null for all of a list. */
export type Key = readonly (string | number | null)[];

function snakeCase(name: string): string {
  return name.replace(/((?<=[a-z0-9])[A-Z]+|(?!^)[A-Z](?=[a-z]))/g, '_$1').toLowerCase();
}

function camelCase(name: string): string {
  const [first = '', ...rest] = name.split('_');
  return first + rest.map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase()).join('');
}

/** The value, or undefined where a part is not there: resources are sparse, so that is no error. */
export function valueAt(resource: Json | undefined, key: Key): Json | undefined {
  let at: Json | undefined = resource;
  for (let i = 0; i < key.length; i += 1) {
    const part = key[i]!;
    if (at === undefined || at === null) return undefined;
    if (Array.isArray(at)) {
      const items = at as readonly Json[];
      if (typeof part === 'number') at = items[part < 0 ? items.length + part : part];
      else if (part === null) return i === key.length - 1 ? items : items.map((item) => valueAt(item, key.slice(i + 1)) ?? null);
      else if (typeof key[i + 1] === 'string' && items.some((item) => fieldOf(item, part) === key[i + 1])) {
        // A list of records that one field tells apart: `quotas.metric.CPUS`.
        at = items.find((item) => fieldOf(item, part) === key[i + 1]);
        i += 1;
      // A name applied to a list means all of its items.
      } else return items.map((item) => valueAt(item, key.slice(i)) ?? null);
      continue;
    }
    if (typeof at !== 'object') return undefined;
    const record = at as Readonly<Record<string, Json | undefined>>;
    if (part === null) return i === key.length - 1 ? at : Object.keys(record).map((name) => valueAt(record[name], key.slice(i + 1)) ?? null);
    const name = [String(part), camelCase(String(part)), snakeCase(String(part))].find((candidate) => Object.hasOwn(record, candidate));
    if (name !== undefined) at = record[name];
    else at = metadataItem(record, String(part));
  }
  return at;
}

function fieldOf(item: Json, name: string): Json | undefined {
  return typeof item === 'object' && item !== null && !Array.isArray(item) ? (item as Readonly<Record<string, Json | undefined>>)[name] : undefined;
}

/** Metadata is a list of {key, value}: its items can be named. */
function metadataItem(record: Readonly<Record<string, Json | undefined>>, name: string): Json | undefined {
  const items = record['items'];
  if (!Array.isArray(items)) return undefined;
  for (const item of items as readonly Json[]) {
    if (typeof item === 'object' && item !== null && !Array.isArray(item) && (item as { key?: Json }).key === name) return (item as { value?: Json }).value;
  }
  return undefined;
}

/** The heading a column gets without a label: the last name of its key, in capitals. */
export function labelOf(key: Key): string {
  const name = [...key].reverse().find((part) => typeof part === 'string');
  return name === undefined ? '' : snakeCase(name as string).toUpperCase();
}

/** What the API's parts share. */
import type { VpcData } from '../dataplane/state.ts';
import type { CloudRuntime } from '../runtime.ts';
import { text, type JsonObject } from './json.ts';
import { invalid, notFound } from './http.ts';
import type { Region } from './geography.ts';
import type { Guests } from './guests.ts';
import { linkTo, pathOf, type ComputeStore } from './store.ts';

export interface ApiContext {
  readonly project: string;
  readonly store: ComputeStore;
  readonly runtime: CloudRuntime;
  readonly guests: Guests;
  /** Those the project may use. */
  readonly regions: readonly Region[];
  /** The dataplane, as it is programmed now. */
  readonly network: () => VpcData;
}

/** The link of an existing resource a field names by URL, partial URL, or (with `under`) bare name. */
export function reference({ store, project }: ApiContext, field: string, link: string, under?: string): string {
  const path = link.includes('/') || under === undefined ? pathOf(link, project) : `projects/${project}/${under}/${link}`;
  if (store.find(path) === undefined) throw link.includes('/') ? notFound(path) : invalid(field, link, 'The URL is malformed.');
  return linkTo(path);
}

const NAME = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

export function checkName(name: string): void {
  if (!NAME.test(name)) throw invalid('resource.name', name, "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'");
}

/** The body's value where it has one of the right kind, else the default. */
export function oneOf<Value extends string>(body: JsonObject, field: string, values: readonly Value[], otherwise: Value): Value {
  const given = body[field];
  if (given === undefined || given === null || given === '') return otherwise;
  const found = values.find((value) => value === given);
  if (found === undefined) throw invalid(`resource.${field}`, String(given as string), `Must be one of [${values.join(', ')}]`);
  return found;
}

export function whole(body: JsonObject, field: string, least: number, most: number, otherwise: number): number {
  const given = body[field];
  if (given === undefined || given === null) return otherwise;
  const read = typeof given === 'number' ? given : Number(given);
  if (!Number.isInteger(read) || read < least || read > most) throw invalid(`resource.${field}`, text(body, field), `Must be greater than or equal to ${least} and less than or equal to ${most}`);
  return read;
}

/** Only the named fields, where they are there. */
export function pick(body: JsonObject, ...fields: readonly string[]): JsonObject {
  return Object.fromEntries(fields.filter((field) => body[field] !== undefined && body[field] !== null).map((field) => [field, body[field]]));
}

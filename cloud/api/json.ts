/** JSON as Google's APIs exchange it, and careful reading of what a client sent. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject { readonly [key: string]: Json | undefined }

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field's text; empty when it is missing or something else. */
export function text(object: Json | undefined, key: string): string {
  const value = isObject(object) ? object[key] : undefined;
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function integer(object: Json | undefined, key: string, otherwise: number): number {
  const value = isObject(object) ? object[key] : undefined;
  const read = typeof value === 'number' ? value : typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : otherwise;
  return Number.isInteger(read) ? read : otherwise;
}

export function flag(object: Json | undefined, key: string): boolean {
  return isObject(object) && object[key] === true;
}

export function list(object: Json | undefined, key: string): readonly Json[] {
  const value = isObject(object) ? object[key] : undefined;
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function texts(object: Json | undefined, key: string): string[] {
  return list(object, key).filter((value) => typeof value === 'string');
}

export function objects(object: Json | undefined, key: string): JsonObject[] {
  return list(object, key).filter(isObject);
}

export function child(object: Json | undefined, key: string): JsonObject | undefined {
  const value = isObject(object) ? object[key] : undefined;
  return isObject(value) ? value : undefined;
}

/** The last part of a URL or path: the name of what it points to. */
export function baseName(link: string): string {
  return link.slice(link.lastIndexOf('/') + 1);
}

/** `us-east1-b` is in `us-east1`. */
export function regionOfZone(zone: string): string {
  return zone.slice(0, zone.lastIndexOf('-'));
}

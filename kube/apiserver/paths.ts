/** What a request asks for: its path and query taken apart (apiserver/pkg/endpoints/request/requestinfo.go). */
import { places, servedVersions, type ResourceInfo } from '../api/resources.ts';
import type { ApiRequest } from './http.ts';

export class Query {
  private readonly values: readonly (readonly [string, string])[];

  constructor(text: string) {
    this.values = text.split('&').filter((part) => part !== '').map((part) => {
      const [name = '', ...rest] = part.split('=');
      return [decoded(name), decoded(rest.join('='))] as const;
    });
  }

  get(name: string): string | undefined {
    return this.values.find(([one]) => one === name)?.[1];
  }

  all(name: string): string[] {
    return this.values.filter(([one]) => one === name).map(([, value]) => value);
  }

  /** `true` and `1` of Go's ParseBool. */
  is(name: string): boolean {
    return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(this.get(name) ?? '');
  }

  number(name: string): number | undefined {
    const text = this.get(name);
    return text === undefined || !/^-?\d+$/.test(text) ? undefined : Number(text);
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** A path under /api/VERSION or /apis/GROUP/VERSION. */
export interface ResourcePath {
  readonly info: ResourceInfo;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

export interface ParsedRequest {
  readonly request: ApiRequest;
  /** Without leading and trailing slashes, decoded. */
  readonly segments: readonly string[];
  readonly query: Query;
}

export function parseRequest(request: ApiRequest): ParsedRequest {
  const [path = '', ...rest] = request.path.split('?');
  return { request, segments: path.split('/').filter((segment) => segment !== '').map(decoded), query: new Query(rest.join('?')) };
}

/** Undefined when nobody serves it. */
export function parseResourcePath(segments: readonly string[], minor: number): ResourcePath | undefined {
  const isCore = segments[0] === 'api';
  const group = isCore ? '' : segments[1] ?? '';
  const version = segments[isCore ? 1 : 2] ?? '';
  const rest = segments.slice(isCore ? 2 : 3);
  let namespace: string | undefined;
  // namespaces/NAME is an object, namespaces/NAME/status a part of it, namespaces/NAME/pods what is in it.
  if (rest[0] === 'namespaces' && rest.length >= 3 && rest[2] !== 'status' && rest[2] !== 'finalize') {
    namespace = rest[1];
    rest.splice(0, 2);
  }
  const [resource, name, subresource, ...more] = rest;
  const info = places.find((one) => one.resource === resource && one.group === group);
  if (info === undefined || !servedVersions(info, minor).includes(version)) return undefined;
  if (more.length > 0 && subresource !== 'proxy') return undefined;
  if (!info.isNamespaced && namespace !== undefined) return undefined;
  if (info.isNamespaced && namespace === undefined && name !== undefined) return undefined;
  return { info, version, namespace, name, subresource };
}

/** Requests and responses of Google's REST APIs, and their errors: https://cloud.google.com/apis/design/errors#http_mapping */
import { fromUtf8, utf8 } from '../../simulator/bytes.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

export interface CloudRequest {
  readonly method: string;
  /** With query: `/compute/v1/projects/p/zones/z/instances?filter=...` */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface CloudResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An answer that is an error, thrown inside the API and turned into JSON at its door. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly status: string;

  constructor(code: number, reason: string, message: string, status: string = statusOf(code)) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.status = status;
  }
}

function statusOf(code: number): string {
  const names: Readonly<Record<number, string>> = { 400: 'INVALID_ARGUMENT', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 405: 'UNIMPLEMENTED', 409: 'ALREADY_EXISTS', 412: 'FAILED_PRECONDITION', 429: 'RESOURCE_EXHAUSTED' };
  return names[code] ?? 'INTERNAL';
}

export function notFound(path: string): ApiError {
  return new ApiError(404, 'notFound', `The resource '${path}' was not found`);
}

export function alreadyExists(path: string): ApiError {
  return new ApiError(409, 'alreadyExists', `The resource '${path}' already exists`);
}

export function invalid(field: string, value: string, why: string): ApiError {
  return new ApiError(400, 'invalid', `Invalid value for field '${field}': '${value}'. ${why}`);
}

export function required(field: string): ApiError {
  return new ApiError(400, 'required', `Required field '${field}' not specified`);
}

export function inUse(kind: string, path: string, by: string): ApiError {
  return new ApiError(400, 'resourceInUseByAnotherResource', `The ${kind} resource '${path}' is already being used by '${by}'`);
}

export function json(status: number, body: Json): CloudResponse {
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: utf8(`${JSON.stringify(body, undefined, 2)}\n`) };
}

export function errorResponse(error: ApiError): CloudResponse {
  const { code, message, reason, status } = error;
  return json(code, { error: { code, message, errors: [{ message, domain: 'global', reason }], status } });
}

/** The body as an object; an empty one counts as {}. */
export function bodyOf(request: CloudRequest): JsonObject {
  if (request.body === undefined || request.body.length === 0) return {};
  let read: unknown;
  try {
    read = JSON.parse(fromUtf8(request.body));
  } catch {
    throw new ApiError(400, 'parseError', 'Parse Error');
  }
  if (!isObject(read as Json)) throw new ApiError(400, 'parseError', 'Parse Error');
  return read as JsonObject;
}

/** Path segments without the leading slash, decoded, and the query. */
export function split(path: string): { segments: string[]; query: ReadonlyMap<string, string> } {
  const [before = '', after = ''] = path.split('?');
  const query = new Map(after.split('&').filter((part) => part !== '').map((part) => {
    const [key = '', ...value] = part.split('=');
    return [decode(key), decode(value.join('='))] as const;
  }));
  return { segments: before.split('/').filter((part) => part !== '').map(decode), query };
}

function decode(textGiven: string): string {
  try {
    return decodeURIComponent(textGiven.replaceAll('+', ' '));
  } catch {
    return textGiven;
  }
}

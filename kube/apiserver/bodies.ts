/** Bodies of requests: their size, their form, and what the real server says when they have neither. */
import { jsonProblem } from '../api/go-json.ts';
import { readGoYaml, YamlProblem } from '../api/go-yaml.ts';
import { structNamed } from '../api/schema.ts';
import { badRequest, StatusError } from '../api/status.ts';
import { isObject, type JsonObject } from '../api/values.ts';
import type { ApiRequest } from './http.ts';
import { openEnvelope, protobufType, readMessage } from './protobuf.ts';

const mostBytes = 3_145_728;
/** Go gives up at 10,000; nobody writes a manifest of more than a few dozen. */
const deepest = 1000;

export function textOf(request: ApiRequest): string {
  if (request.body.length > mostBytes) {
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${mostBytes}`);
  }
  return new TextDecoder().decode(request.body);
}

export function mediaType(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}

export const unsupportedMediaType = (): StatusError => new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});

/** An object in JSON or YAML, or in the binary form of the struct. `wanted` is the kind that the path asks for, for the message. */
export function readObject(request: ApiRequest, wanted: string, struct?: string): JsonObject {
  if (mediaType(request) === protobufType && struct !== undefined) return readMessage(openEnvelope(request.body).raw, structNamed(struct));
  const text = textOf(request);
  const type = mediaType(request);
  if (type !== '' && type !== 'application/json' && type !== 'application/yaml') throw unsupportedMediaType();
  const value = (type === 'application/yaml' ? readYaml(text, wanted) : readJson(text, wanted)) ?? {};
  if (!isObject(value)) throw unrecognized(text, wanted, `json: cannot unmarshal ${jsonKind(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`);
  return value;
}

function readJson(text: string, wanted: string): unknown {
  checkDepth(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unrecognized(text, wanted, jsonProblem(text));
  }
}

export function readYaml(text: string, wanted = 'object'): unknown {
  checkDepth(text);
  try {
    return readGoYaml(text);
  } catch (error) {
    if (error instanceof YamlProblem) throw unrecognized(text, wanted, error.message, true);
    throw error;
  }
}

/** Brackets within brackets: refused before anything walks them. */
export function checkDepth(text: string): void {
  let depth = 0;
  let isText = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isText) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) isText = false;
    } else if (code === 0x22) isText = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > deepest) throw badRequest('exceeded max depth');
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
}

export function unrecognized(text: string, wanted: string, problem: string, isYaml = false): StatusError {
  // Text that is no object is shown as the bytes it is.
  const isObjectLike = text.startsWith('{');
  const bytes = [...new TextEncoder().encode(text.slice(0, 31))].map((byte) => byte.toString(16).padStart(2, '0'));
  const whole = isObjectLike ? text.slice(0, 30) : bytes.slice(0, 30).join('');
  const shown = text === '' ? '<empty>' : text.length > 30 ? `${whole} ...` : whole;
  return badRequest(`the object provided is unrecognized (must be of type ${wanted}): ${isYaml ? '' : "couldn't get version/kind; json parse error: "}${problem} (${shown})`);
}

export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value;
}

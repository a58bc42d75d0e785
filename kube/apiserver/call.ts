/** One request for a resource: what it asks, what it brings, and how it is answered. */
import { stringify } from 'yaml';
import { decode, WrongType } from '../api/decode.ts';
import { badRequest, StatusError } from '../api/status.ts';
import type { JsonObject } from '../api/values.ts';
import { jsonKind, readObject, textOf } from './bodies.ts';
import { groupVersion, structForVersion, toStored } from './convert.ts';
import { typeProblem } from './decode-problems.ts';
import type { ApiAnswer, ApiRequest } from './http.ts';
import { isPretty, type Form } from './negotiate.ts';
import type { Query, ResourcePath } from './paths.ts';
import type { Draft, Registry, Writer } from './registry.ts';

export interface Call {
  readonly registry: Registry;
  readonly request: ApiRequest;
  readonly path: ResourcePath;
  readonly query: Query;
  readonly form: Form;
  readonly writer: Writer;
  /** What the client ought to know: unknown fields. */
  readonly warnings: string[];
}

export const methodNotAllowed = (): StatusError => new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export function answerJson(status: number, value: unknown, form: Form, isIndented: boolean, headers: Readonly<Record<string, string>> = {}): ApiAnswer {
  const text = form.encoding === 'yaml' ? stringify(value) : isIndented ? JSON.stringify(value, null, 2) : `${JSON.stringify(value)}\n`;
  return { status, headers: { 'content-type': `application/${form.encoding}`, 'cache-control': 'no-cache, private', ...headers }, body: new TextEncoder().encode(text) };
}

export function answer(call: Call, status: number, value: unknown): ApiAnswer {
  const headers: Record<string, string> = call.warnings.length === 0 ? {} : { warning: call.warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ') };
  return answerJson(status, value, call.form, isPretty(call.request, call.query), headers);
}

/** The writer of a request: the manager is named by `fieldManager`, or by the program's user agent. */
export function writerOf(request: ApiRequest, query: Query, user: string): Writer {
  const dryRun = query.all('dryRun');
  if (dryRun.some((value) => value !== 'All')) throw badRequest(`Invalid value for dryRun: ${JSON.stringify(dryRun)}`);
  const agent = (request.headers['user-agent'] ?? '').split('/')[0]!;
  return { user, manager: query.get('fieldManager') ?? (agent === '' ? 'unknown' : agent), isDryRun: dryRun.length > 0 };
}

/** The object in a body, decoded; what is wrong with its form is answered as the real decoder does. */
export function readDraft(call: Call): Draft {
  const { path, request } = call;
  const body = readObject(request, path.info.kind);
  checkKind(call, body);
  return decodeGiven(call, body, textOf(request));
}

function checkKind({ path, registry }: Call, body: JsonObject): void {
  const { kind, apiVersion } = body;
  const wanted = groupVersion(path.info, path.version);
  for (const [field, value] of Object.entries({ apiVersion, kind })) {
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw badRequest(`couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonKind(value)} into Go struct field .${field} of type string`);
    }
  }
  if ((kind ?? path.info.kind) === path.info.kind && (apiVersion ?? wanted) === wanted) return;
  const given = String(apiVersion ?? wanted);
  if (kind === path.info.kind && registry.config.minor >= 16 && given.split('/')[0] === wanted.split('/')[0] && given.includes('/') === wanted.includes('/')) {
    throw badRequest(`the API version in the data (${given}) does not match the expected API version (${wanted})`);
  }
  const version = given.split('/').at(-1)!;
  if (registry.config.minor <= 20) {
    throw badRequest(`${String(kind ?? '')} in version "${version}" cannot be handled as a ${path.info.kind}: no kind "${String(kind ?? '')}" is registered for version "${given}" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"`);
  }
  throw badRequest(`${String(kind ?? '')} in version "${version}" cannot be handled as a ${path.info.kind}: no kind "${String(kind ?? '')}" is registered for version "${given}"`);
}

/** Decodes an object given as JSON; `text` is what it was written in. */
export function decodeGiven(call: Call, body: JsonObject, text: string): Draft {
  const { path, registry, query } = call;
  const unknown: string[] = [];
  const { minor } = registry.config;
  const level = query.get('fieldValidation') ?? (minor >= 25 ? 'Warn' : 'Ignore');
  const onUnknown = level === 'Ignore' ? undefined : (field: string): void => { unknown.push(`unknown field "${field}"`); };
  try {
    const other = structForVersion(path.info, path.version);
    const given = other === undefined ? body
      : toStored(path.info, path.version, decode(body, other, { minor, ...(onUnknown === undefined ? {} : { onUnknown }) }));
    const draft = registry.decode(path.info.resource, given, other === undefined ? onUnknown : undefined);
    if (unknown.length > 0 && level === 'Strict') throw badRequest(`${path.info.kind} in version "${path.version}" cannot be handled as a ${path.info.kind}: strict decoding error: ${unknown.join(', ')}`);
    call.warnings.push(...unknown);
    return draft;
  } catch (error) {
    if (error instanceof WrongType) throw badRequest(`${path.info.kind} in version "${path.version}" cannot be handled as a ${path.info.kind}: ${typeProblem(error, text, minor)}`);
    throw error;
  }
}

/** A namespace in the body must be that of the path; none means that. */
export function settleNamespace({ path }: Call, draft: Draft): void {
  const meta = draft.metadata!;
  if (!path.info.isNamespaced) return;
  if ((meta.namespace ?? '') === '') meta.namespace = path.namespace!;
  else if (meta.namespace !== path.namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

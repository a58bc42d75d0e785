/** One request for a resource: what it asks, what it brings, and how it is answered. */
import { stringify } from 'yaml';
import { decode, WrongType } from '../api/decode.ts';
import { badRequest, invalid, StatusError } from '../api/status.ts';
import type { JsonObject } from '../api/values.ts';
import { places, servedVersions } from '../api/resources.ts';
import { jsonKind, mediaType, readObject, textOf, unrecognized } from './bodies.ts';
import { groupVersion, structForVersion, toStored } from './convert.ts';
import { typeProblem } from './decode-problems.ts';
import type { ApiAnswer, ApiRequest } from './http.ts';
import { isPretty, type Form } from './negotiate.ts';
import type { Query, ResourcePath } from './paths.ts';
import { openEnvelope, protobufType, readMessage } from './protobuf.ts';
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
  if (dryRun.some((value) => value !== 'All')) {
    const kind = `${{ POST: 'Create', PUT: 'Update', PATCH: 'Patch', DELETE: 'Delete' }[request.method] ?? 'Create'}Options`;
    throw invalid({ group: 'meta.k8s.io', kind }, '', [{ reason: 'FieldValueNotSupported', message: `Unsupported value: []string{${dryRun.map((one) => JSON.stringify(one)).join(', ')}}: supported values: "All"`, field: 'dryRun' }]);
  }
  const agent = (request.headers['user-agent'] ?? '').split('/')[0]!;
  return { user, manager: query.get('fieldManager') ?? (agent === '' ? 'unknown' : agent), isDryRun: dryRun.length > 0 };
}

/** The object in a body, decoded; what is wrong with its form is answered as the real decoder does. */
export function readDraft(call: Call): Draft {
  const { path, request } = call;
  if (mediaType(request) === protobufType) return readBinary(call);
  const body = readObject(request, path.info.kind);
  checkKind(call, body, textOf(request));
  return decodeGiven(call, body, textOf(request));
}

function readBinary(call: Call): Draft {
  const { kind, apiVersion, raw } = openEnvelope(call.request.body);
  checkKind(call, { kind, apiVersion }, '');
  const struct = structForVersion(call.path.info, call.path.version) ?? call.registry.structOf(call.path.info.resource);
  const body = readMessage(raw, struct);
  return decodeGiven(call, body, JSON.stringify(body));
}

/** No longer served, but still understood. */
const retiredVersions = ['extensions/v1beta1', 'apps/v1beta1', 'apps/v1beta2', 'networking.k8s.io/v1beta1'];

function checkKind({ path, registry }: Call, body: JsonObject, text: string): void {
  const { info } = path;
  const wanted = groupVersion(info, path.version);
  for (const field of ['apiVersion', 'kind']) {
    const value = body[field];
    if (value !== undefined && value !== null && typeof value !== 'string') throw unrecognized(text, info.kind, `json: cannot unmarshal ${jsonKind(value)} into Go struct field .${field} of type string`);
  }
  const kind = (body['kind'] ?? info.kind) as string;
  const given = (body['apiVersion'] ?? wanted) as string;
  if (kind === info.kind && given === wanted) return;
  const version = given.split('/').at(-1)!;
  const refused = `${kind} in version "${version}" cannot be handled as a ${info.kind}`;
  const known = places.find((one) => one.kind === kind && servedVersions(one, registry.config.minor).some((served) => groupVersion(one, served) === given));
  if (known === undefined && !(kind === info.kind && retiredVersions.includes(given))) {
    throw badRequest(`${refused}: no kind "${kind}" is registered for version "${given}" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"`);
  }
  if (kind === info.kind) throw badRequest(`the API version in the data (${given}) does not match the expected API version (${wanted})`);
  throw badRequest(`${refused}: converting (${version}.${kind}) to (${info.group === '' ? 'core' : info.group.split('.')[0]!}.${info.kind}): unknown conversion`);
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
    if (error instanceof WrongType) {
      throw new StatusError(400, 'BadRequest', `${path.info.kind} in version "${path.version}" cannot be handled as a ${path.info.kind}: ${typeProblem(error, text, minor)}`, undefined, error);
    }
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

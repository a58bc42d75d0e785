/** Who answers which path. */
import { noSuchResource, StatusError } from '../api/status.ts';
import { isObject } from '../api/values.ts';
import type { MetricsServer } from '../metrics-server.ts';
import type { PodStreams } from '../pod-streams.ts';
import { readObject } from './bodies.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions, paths } from './discovery.ts';
import type { ApiAnswer, ApiRequest, ApiResponse } from './http.ts';
import { attributesOf, authorize, decide, rulesFor, userOf, type User } from './authorization.ts';
import { serveOpenApi } from './openapi.ts';
import { isPretty, negotiate, type Form } from './negotiate.ts';
import { parseRequest, parseResourcePath, type ParsedRequest } from './paths.ts';
import type { Registry } from './registry.ts';
import { answerJson, methodNotAllowed, writerOf, type Call } from './call.ts';
import { deprecation } from './convert.ts';
import { METRICS_GROUP, metricsAnswer, metricsGroup } from './metrics-api.ts';
import { serveResource } from './rest.ts';
import { serveBindings, serveSubresource } from './subresources.ts';
import { serveWatch } from './watches.ts';

export interface ServerVersion {
  /** 20 of 1.20: decides what is served and how objects are checked. */
  readonly minor: number;
  /** `v1.20.2`, as /version says it. */
  readonly gitVersion: string;
}

export interface RouteContext {
  readonly registry: Registry;
  readonly version: ServerVersion;
  /** Of this server, as discovery tells it. */
  readonly address: string;
  readonly streams: PodStreams | undefined;
  readonly metrics: MetricsServer | undefined;
}

const json: Form = { encoding: 'json', as: 'object', version: 'v1' };

export function handle(request: ApiRequest, context: RouteContext): ApiResponse {
  const parsed = parseRequest(request);
  try {
    const user = userOf(request, context.registry);
    authorize(context.registry, user, attributesOf(parsed));
    return route(parsed, user, context);
  } catch (error) {
    // A fault of ours must not take the cluster down; the fuzzer looks for this answer.
    const told = error instanceof StatusError ? error : new StatusError(500, 'InternalError', `Internal error occurred: ${(error as Error).message}`, { causes: [{ message: `panic: ${(error as Error).stack ?? ''}` }] });
    return answerJson(told.code, told.status, json, isPretty(request, parsed.query));
  }
}

function route(parsed: ParsedRequest, user: User, context: RouteContext): ApiResponse {
  const { segments, request } = parsed;
  const [first, second, third] = segments;
  const { registry, metrics } = context;
  const { minor } = registry.config;
  const reply = (value: object | undefined): ApiAnswer => {
    if (value === undefined) throw noSuchResource();
    if (request.method !== 'GET') throw methodNotAllowed();
    return answerJson(200, value, json, isPretty(request, parsed.query));
  };
  switch (first) {
    case undefined: return reply(paths(minor));
    case 'version': return reply(versionInfo(context.version));
    case 'healthz':
    case 'livez':
    case 'readyz': return health(parsed, first);
    case 'openapi':
      if (second === 'v2' && third === undefined) return serveOpenApi(request, minor);
      throw noSuchResource();
    case 'api':
      if (second === undefined) return reply(apiVersions(context.address));
      if (third === undefined) return reply(apiResourceList('', second, minor));
      break;
    case 'apis':
      if (second === undefined) return reply(apiGroupList(minor, metrics === undefined ? [] : [metricsGroup]));
      if (second === METRICS_GROUP && metrics !== undefined) return reply(metricsAnswer(segments, parsed.query, metrics, registry));
      if (third === undefined) {
        const group = apiGroup(second, minor);
        return group === undefined ? pageNotFound() : reply({ kind: 'APIGroup', apiVersion: 'v1', ...group });
      }
      if (segments.length === 3) return reply(apiResourceList(second, third, minor));
      break;
    default: throw noSuchResource();
  }
  return serve(parsed, user, context);
}

/** A group that nobody serves does not reach the API's own handlers. */
function pageNotFound(): ApiAnswer {
  return { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: new TextEncoder().encode('404 page not found\n') };
}

function serve(parsed: ParsedRequest, user: User, { registry, streams }: RouteContext): ApiResponse {
  const { segments, request, query } = parsed;
  if (segments[1] === 'authorization.k8s.io') return review(parsed, user, registry);
  // `bindings` is a resource that only takes in.
  const isBindings = segments.length === 5 && segments[0] === 'api' && segments[4] === 'bindings';
  const path = parseResourcePath(isBindings ? [...segments.slice(0, 4), 'pods'] : segments, registry.config.minor);
  if (path === undefined) throw noSuchResource();
  const call: Call = { registry, request, path, query, form: negotiateFor(request, path.subresource), writer: writerOf(request, query, user.name), warnings: deprecation(path.info, path.version) };
  if (isBindings) {
    if (request.method !== 'POST') throw methodNotAllowed();
    return serveBindings(call);
  }
  if (path.subresource !== undefined) return serveSubresource(call, streams);
  if (request.method === 'GET' && query.is('watch')) return serveWatch(call);
  return serveResource(call);
}

/** Logs and connections are no objects: whatever form the client accepts. */
function negotiateFor(request: ApiRequest, subresource: string | undefined): Form {
  return subresource === 'log' || subresource === 'exec' || subresource === 'attach' || subresource === 'portforward' || subresource === 'proxy' ? json : negotiate(request);
}

function versionInfo({ minor, gitVersion }: ServerVersion): object {
  // A profile may name an older release than the API it serves; what it names is what clients see.
  const named = Number(/^v1\.(\d+)\./.exec(gitVersion)?.[1] ?? minor);
  return {
    major: '1', minor: `${named}${gitVersion.includes('gke') ? '+' : ''}`, gitVersion, gitCommit: 'faecb196815e248d3ecfb03c680a4507229c2a56', gitTreeState: 'clean', buildDate: buildDates[named] ?? '2021-01-13T13:20:00Z',
    goVersion: goVersions[named] ?? 'go1.15.5', compiler: 'gc', platform: 'linux/amd64',
  };
}

const goVersions: Record<number, string> = { 10: 'go1.9.3b4', 20: 'go1.15.5', 32: 'go1.23.3' };
const buildDates: Record<number, string> = { 10: '2018-06-28T22:40:29Z', 20: '2021-01-13T13:20:00Z', 32: '2024-12-11T17:59:15Z' };

function health({ segments, query }: ParsedRequest, what: string): ApiAnswer {
  const checks = ['ping', 'log', 'etcd', ...(what === 'readyz' ? ['informer-sync', 'shutdown'] : [])];
  if (segments[1] !== undefined && !checks.includes(segments[1])) throw noSuchResource();
  const text = query.get('verbose') === undefined ? 'ok' : `${checks.map((check) => `[+]${check} ok\n`).join('')}${what} check passed\n`;
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }, body: new TextEncoder().encode(text) };
}

const reviews: Readonly<Record<string, string>> = {
  selfsubjectaccessreviews: 'SelfSubjectAccessReview', selfsubjectrulesreviews: 'SelfSubjectRulesReview', subjectaccessreviews: 'SubjectAccessReview', localsubjectaccessreviews: 'LocalSubjectAccessReview',
};

/** `kubectl auth can-i`: whether somebody may do something, or all that one may do. */
function review({ segments, request, query }: ParsedRequest, user: User, registry: Registry): ApiResponse {
  const kind = reviews[segments.at(-1) ?? ''];
  if (kind === undefined) throw noSuchResource();
  if (request.method !== 'POST') throw methodNotAllowed();
  const body = readObject(request, kind, `authorization/v1.${kind}`);
  const spec = isObject(body['spec']) ? body['spec'] : {};
  const text = (from: unknown, field: string): string => (isObject(from) && typeof from[field] === 'string' ? from[field] : '');
  const reply = (status: object): ApiAnswer => answerJson(201, { kind, apiVersion: 'authorization.k8s.io/v1', metadata: { creationTimestamp: null }, spec, status }, json, isPretty(request, query));
  if (kind === 'SelfSubjectRulesReview') {
    const rules = rulesFor(registry, user, text(spec, 'namespace'));
    return reply({ resourceRules: rules.filter(({ nonResourceURLs }) => nonResourceURLs === undefined), nonResourceRules: rules.filter(({ nonResourceURLs }) => nonResourceURLs !== undefined), incomplete: false });
  }
  const { resourceAttributes: of, nonResourceAttributes: other } = spec;
  const asked = kind === 'SelfSubjectAccessReview' ? user : userOf({ ...request, headers: { 'impersonate-user': text(spec, 'user'), 'impersonate-group': Array.isArray(spec['groups']) ? spec['groups'].join() : '' } }, registry);
  const { isAllowed, reason } = decide(registry, asked, {
    verb: text(of ?? other, 'verb'), group: text(of, 'group'), resource: text(of, 'resource'), subresource: text(of, 'subresource'), namespace: text(of, 'namespace'), name: text(of, 'name'),
    ...(of === undefined ? { path: text(other, 'path') } : {}),
  });
  return reply({ allowed: isAllowed, ...(reason === '' ? {} : { reason }) });
}

/**
 * What stands between a global forwarding rule and its backend services: a target proxy and a URL map; and groups of instances, which backend
 * services name. https://cloud.google.com/load-balancing/docs/url-map-concepts, https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps
 */
import type { Collection } from './collections.ts';
import { checkName, pick, reference, type ApiContext } from './context.ts';
import { ApiError, inUse, invalid, required } from './http.ts';
import { baseName, integer, objects, text, texts, type JsonObject } from './json.ts';
import { linkTo, pathOf } from './store.ts';

function serviceLink(context: ApiContext, field: string, body: JsonObject, key: string): string {
  if (text(body, key) === '') throw required(`${field}.${key}`);
  return reference(context, `${field}.${key}`, text(body, key));
}

function urlMapFields(context: ApiContext, body: JsonObject): JsonObject {
  const hostRules = objects(body, 'hostRules');
  const matchers = objects(body, 'pathMatchers').map((matcher, at) => {
    const field = `resource.pathMatchers[${at}]`;
    const pathRules = objects(matcher, 'pathRules').map((rule, index) => {
      for (const path of texts(rule, 'paths')) {
        if (!path.startsWith('/') || /\*(?!$)/.test(path) || (path.endsWith('*') && !path.endsWith('/*'))) throw invalid(`${field}.pathRules[${index}].paths[0]`, path, "Path matcher must start with '/', and may contain '*' only at the end, after a '/'.");
      }
      return { paths: texts(rule, 'paths'), service: serviceLink(context, `${field}.pathRules[${index}]`, rule, 'service') };
    });
    return { ...pick(matcher, 'description'), name: text(matcher, 'name'), defaultService: serviceLink(context, field, matcher, 'defaultService'), ...(pathRules.length === 0 ? {} : { pathRules }) };
  });
  for (const [at, rule] of hostRules.entries()) {
    if (!matchers.some(({ name }) => name === text(rule, 'pathMatcher'))) throw invalid(`resource.hostRules[${at}].pathMatcher`, text(rule, 'pathMatcher'), 'The path matcher does not exist.');
  }
  return {
    ...pick(body, 'description'), defaultService: serviceLink(context, 'resource', body, 'defaultService'), fingerprint: context.store.fingerprint(),
    hostRules: hostRules.length === 0 ? undefined : hostRules.map((rule) => ({ hosts: texts(rule, 'hosts'), pathMatcher: text(rule, 'pathMatcher') })), pathMatchers: matchers.length === 0 ? undefined : matchers,
  };
}

/** Links of the backend services a URL map names, each once. */
export function servicesOf(map: JsonObject): string[] {
  return [...new Set([text(map, 'defaultService'), ...objects(map, 'pathMatchers').flatMap((matcher) => [text(matcher, 'defaultService'), ...objects(matcher, 'pathRules').map((rule) => text(rule, 'service'))])])];
}

export const urlMaps: Collection = {
  name: 'urlMaps',
  kind: 'urlMap',
  scopes: ['global'],
  create(context, { name }, body) {
    checkName(name);
    return urlMapFields(context, body);
  },
  mayDelete({ store, project }, { path }) {
    const user = store.list('targetHttpProxies').find((proxy) => text(proxy, 'urlMap') === linkTo(path));
    if (user !== undefined) throw inUse('url_map', path, pathOf(user.selfLink, project));
  },
  patch: (context, { path }, body) => urlMapFields(context, { ...context.store.get(path), ...body }),
};

export const targetHttpProxies: Collection = {
  name: 'targetHttpProxies',
  kind: 'targetHttpProxy',
  scopes: ['global'],
  create(context, { name }, body) {
    checkName(name);
    return { ...pick(body, 'description'), fingerprint: context.store.fingerprint(), urlMap: serviceLink(context, 'resource', body, 'urlMap') };
  },
  mayDelete({ store, project }, { path }) {
    const user = store.list('forwardingRules').find((rule) => text(rule, 'target') === linkTo(path));
    if (user !== undefined) throw inUse('target_http_proxy', path, pathOf(user.selfLink, project));
  },
  verbs: {
    setUrlMap: (context, _target, body) => ({ change: { urlMap: reference(context, 'urlMap', text(body, 'urlMap')) } }),
  },
};

/** Members are kept in the object where the real API hides them. */
export function instancesOf(group: JsonObject | undefined): string[] {
  return texts(group, 'x-instances');
}

function namedPorts(body: JsonObject): JsonObject[] {
  return objects(body, 'namedPorts').map((one) => ({ name: text(one, 'name'), port: integer(one, 'port', 0) }));
}

function withInstances(links: readonly string[]): { change: JsonObject } {
  return { change: { 'x-instances': links, size: links.length } };
}

export const instanceGroups: Collection = {
  name: 'instanceGroups',
  kind: 'instanceGroup',
  scopes: ['zones'],
  create(context, { name, scope }, body) {
    checkName(name);
    const { project, store } = context;
    return {
      ...pick(body, 'description'), fingerprint: store.fingerprint(), ...(namedPorts(body).length === 0 ? {} : { namedPorts: namedPorts(body) }),
      network: linkTo(`projects/${project}/global/networks/default`), size: 0, 'x-instances': [], subnetwork: linkTo(`projects/${project}/regions/${scope.replace(/^zones\/(.*)-[a-z]$/, '$1')}/subnetworks/default`), zone: linkTo(`projects/${project}/${scope}`),
    };
  },
  mayDelete({ store, project }, { path }) {
    const user = store.list('backendServices').find((service) => objects(service, 'backends').some((one) => text(one, 'group') === linkTo(path)));
    if (user !== undefined) throw inUse('instance_group', path, pathOf(user.selfLink, project));
  },
  verbs: {
    addInstances(context, { path, scope }, body) {
      const present = instancesOf(context.store.get(path));
      const added = objects(body, 'instances').map((one) => reference(context, 'instances[0].instance', text(one, 'instance'), `${scope}/instances`));
      const twice = added.find((link) => present.includes(link));
      if (twice !== undefined) throw new ApiError(400, 'memberAlreadyExists', `Resource '${pathOf(twice, context.project)}' is already a member of '${path}'`);
      return withInstances([...present, ...added]);
    },
    removeInstances({ store }, { path }, body) {
      const gone = objects(body, 'instances').map((one) => baseName(text(one, 'instance')));
      return withInstances(instancesOf(store.get(path)).filter((link) => !gone.includes(baseName(link))));
    },
    setNamedPorts: ({ store }, _target, body) => ({ change: { namedPorts: namedPorts(body), fingerprint: store.fingerprint() } }),
    listInstances({ store, project }, { path }) {
      const group = store.get(path);
      const items = instancesOf(group).map((instance) => ({ instance, ...(objects(group, 'namedPorts').length === 0 ? {} : { namedPorts: objects(group, 'namedPorts') }), status: text(store.find(pathOf(instance, project)), 'status') }));
      return { answer: { id: path, items, kind: 'compute#instanceGroupsListInstances', selfLink: `${linkTo(path)}/listInstances` } };
    },
  },
};

/** What gcloud asks for to tell whose groups are managed: here nobody's. */
export const instanceGroupManagers: Collection = {
  name: 'instanceGroupManagers',
  kind: 'instanceGroupManager',
  scopes: ['zones', 'regions'],
  create() {
    throw new ApiError(400, 'invalid', 'Managed instance groups are not simulated yet');
  },
};

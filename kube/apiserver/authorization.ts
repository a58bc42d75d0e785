/**
 * Who asks, and whether they may (apiserver/pkg/authentication, plugin/pkg/auth/authorizer/rbac). The cluster's administrator is whoever comes
 * without a service account's token and as nobody else.
 */
import type { PolicyRule, RoleBinding, ClusterRoleBinding, Role, Subject } from 'kubernetes-types/rbac/v1';
import { accountOf } from '../api/account-token.ts';
import { StatusError } from '../api/status.ts';
import type { ApiRequest } from './http.ts';
import type { ParsedRequest, Query } from './paths.ts';
import type { Registry } from './registry.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What is asked for: a resource, or a path that is none. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Of what is no resource. */
  readonly path?: string;
}

export interface Decision {
  readonly isAllowed: boolean;
  readonly reason: string;
}

const superusers = 'system:masters';
export const anonymous = 'system:anonymous';
const verbs: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

export function userOf({ headers, user = 'admin' }: ApiRequest, registry: Registry): User {
  const asked = headers['impersonate-user'];
  if (asked !== undefined) return withGroups(asked, (headers['impersonate-group'] ?? '').split(',').map((one) => one.trim()).filter((one) => one !== ''));
  const token = /^Bearer (.*)$/i.exec(headers['authorization'] ?? '')?.[1];
  const account = token === undefined ? undefined : accountOf(token);
  if (account !== undefined) {
    if (registry.find('serviceaccounts', account.name, account.namespace) === undefined) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    return withGroups(`system:serviceaccount:${account.namespace}:${account.name}`, []);
  }
  if (token !== undefined) return { name: 'admin', groups: [superusers, 'system:authenticated'] };
  return user === 'admin' ? { name: user, groups: [superusers, 'system:authenticated'] } : withGroups(user, []);
}

function withGroups(name: string, groups: readonly string[]): User {
  if (name === anonymous) return { name, groups: [...groups, 'system:unauthenticated'] };
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name) ?? [];
  return { name, groups: [...groups, ...(namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]), 'system:authenticated'] };
}

export function attributesOf({ segments, request, query }: ParsedRequest): Attributes {
  const verb = verbs[request.method] ?? request.method.toLowerCase();
  const nothing = { group: '', resource: '', subresource: '', namespace: '', name: '' };
  const [root, second = ''] = segments;
  const isResource = (root === 'api' && segments.length > 2) || (root === 'apis' && segments.length > 3);
  if (!isResource) return { ...nothing, verb, path: request.path.split('?')[0]! };
  const group = root === 'api' ? '' : second;
  let rest = segments.slice(root === 'api' ? 2 : 3);
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1]!;
    if (rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize') rest = rest.slice(2);
  }
  const [resource = '', name = '', subresource = ''] = rest;
  return { verb: name === '' ? collectionVerb(verb, query) : verb === 'get' && query.is('watch') ? 'watch' : verb, group, resource, subresource, namespace, name };
}

function collectionVerb(verb: string, query: Query): string {
  if (verb === 'get') return query.is('watch') ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

/** Refuses as the real server does. */
export function authorize(registry: Registry, user: User, attributes: Attributes): void {
  const { isAllowed, reason } = decide(registry, user, attributes);
  if (isAllowed) return;
  const { verb, group, resource, subresource, namespace, name, path } = attributes;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const why = path !== undefined ? `User "${user.name}" cannot ${verb} path "${path}"`
    : `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`}`;
  const full = reason === '' ? why : `${why}: ${reason}`;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const head = path !== undefined ? 'forbidden' : name === '' ? `${qualified} is forbidden` : `${qualified} "${name}" is forbidden`;
  throw new StatusError(403, 'Forbidden', `${head}: ${full}`, path !== undefined ? {} : { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource });
}

export function decide(registry: Registry, user: User, attributes: Attributes): Decision {
  if (user.groups.includes(superusers)) return { isAllowed: true, reason: '' };
  const problems: string[] = [];
  for (const { binding, subject, rules, isOfNamespace } of bindingsOf(registry, user, attributes.namespace)) {
    const { kind, name } = binding.roleRef;
    if (rules === undefined) problems.push(`${kind.toLowerCase()}.rbac.authorization.k8s.io "${name}" not found`);
    else if (rules.some((rule) => allows(rule, attributes))) {
      const { namespace = '' } = binding.metadata ?? {};
      const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? namespace}` : subject.name;
      const which = isOfNamespace ? `RoleBinding "${binding.metadata?.name ?? ''}/${namespace}"` : `ClusterRoleBinding "${binding.metadata?.name ?? ''}"`;
      return { isAllowed: true, reason: `RBAC: allowed by ${which} of ${kind} "${name}" to ${subject.kind} "${who}"` };
    }
  }
  return { isAllowed: false, reason: problems.length === 0 ? '' : `RBAC: ${problems.length === 1 ? problems[0]! : `[${[...new Set(problems)].join(', ')}]`}` };
}

/** Everything a user may do in a namespace. */
export function rulesFor(registry: Registry, user: User, namespace: string): PolicyRule[] {
  if (user.groups.includes(superusers)) return [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, { nonResourceURLs: ['*'], verbs: ['*'] }];
  return bindingsOf(registry, user, namespace).flatMap(({ rules }) => rules ?? []);
}

interface Bound {
  readonly binding: RoleBinding | ClusterRoleBinding;
  readonly subject: Subject;
  /** Undefined: there is no such role. */
  readonly rules: readonly PolicyRule[] | undefined;
  readonly isOfNamespace: boolean;
}

/** Those of the whole cluster first. */
function bindingsOf(registry: Registry, user: User, namespace: string): Bound[] {
  const bound = (binding: RoleBinding | ClusterRoleBinding, isOfNamespace: boolean): Bound[] => {
    const subject = (binding.subjects ?? []).find((one) => isMeant(one, user, isOfNamespace ? namespace : ''));
    if (subject === undefined) return [];
    const { kind, name } = binding.roleRef;
    const role = (kind === 'Role' ? registry.find('roles', name, namespace) : registry.find('clusterroles', name)) as Role | undefined;
    return [{ binding, subject, rules: role === undefined ? undefined : role.rules ?? [], isOfNamespace }];
  };
  return [
    ...(registry.store.list('clusterrolebindings') as unknown[] as ClusterRoleBinding[]).flatMap((binding) => bound(binding, false)),
    ...(namespace === '' ? [] : (registry.store.list('rolebindings', namespace) as unknown[] as RoleBinding[]).flatMap((binding) => bound(binding, true))),
  ];
}

function isMeant({ kind, name, namespace }: Subject, user: User, bindingNamespace: string): boolean {
  switch (kind) {
    case 'User': return name === user.name;
    case 'Group': return user.groups.includes(name);
    case 'ServiceAccount': return `system:serviceaccount:${namespace ?? bindingNamespace}:${name}` === user.name;
    default: return false;
  }
}

function allows({ verbs: allowed, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule, { verb, group, resource, subresource, name, path }: Attributes): boolean {
  if (!allowed.includes('*') && !allowed.includes(verb)) return false;
  if (path !== undefined) return nonResourceURLs.some((url) => url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))));
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return (apiGroups.includes('*') || apiGroups.includes(group))
    && resources.some((one) => one === '*' || one === full || (subresource !== '' && one === `*/${subresource}`))
    && (resourceNames.length === 0 || resourceNames.includes(name));
}

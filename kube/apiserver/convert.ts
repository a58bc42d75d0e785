/** Objects as a version of the API shows them, and back to how they are kept. Only EndpointSlices, Ingresses, and the names of CronJobs' types, differ between versions. */
import type { StoredAny } from '../api/kinds.ts';
import type { ResourceInfo } from '../api/resources.ts';
import { structNamed, type Struct } from '../api/schema.ts';
import { isObject, type JsonObject } from '../api/values.ts';

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

export function groupVersion(info: ResourceInfo, version: string): string {
  return info.group === '' ? version : `${info.group}/${version}`;
}

/** With kind and version, in the form of `version`. */
export function shown(info: ResourceInfo, version: string, object: StoredAny, isItem = false): JsonObject {
  const converted = version === 'v1beta1' ? inBeta(info, object) : object;
  return isItem ? converted : { kind: info.kind, apiVersion: groupVersion(info, version), ...converted };
}

function inBeta(info: ResourceInfo, object: StoredAny): JsonObject {
  switch (info.resource) {
    case 'endpointslices': return { ...object, endpoints: list(object['endpoints']).map(toBeta) };
    case 'ingresses': return ingressToBeta(object);
    default: return object;
  }
}

/** What a client is told who asks for a version that goes (zz_generated.prerelease-lifecycle.go). */
export function deprecation({ group, kind, resource }: ResourceInfo, version: string): string[] {
  if (resource !== 'ingresses' || version !== 'v1beta1') return [];
  return [`${group}/v1beta1 ${kind} is deprecated in ${group === 'extensions' ? 'v1.14+' : 'v1.19+'}, unavailable in v1.22+; use networking.k8s.io/v1 ${kind}`];
}

/** The struct that a client's object is checked against, when it is not the stored one. */
export function structForVersion(info: ResourceInfo, version: string): Struct | undefined {
  if (version !== 'v1beta1') return undefined;
  if (info.resource === 'ingresses') return structNamed(`${info.group.split('.')[0]!}/v1beta1.Ingress`);
  return info.resource === 'endpointslices' ? structNamed('discovery/v1beta1.EndpointSlice') : info.resource === 'cronjobs' ? structNamed('batch/v1beta1.CronJob') : undefined;
}

export function toStored(info: ResourceInfo, version: string, object: JsonObject): JsonObject {
  if (version === 'v1beta1' && info.resource === 'ingresses') return ingressFromBeta(object);
  if (info.resource !== 'endpointslices' || version !== 'v1beta1') return object;
  return { ...object, endpoints: list(object['endpoints']).map(fromBeta) };
}

function list(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** v1beta1 has node and zone among the labels of a topology. */
function toBeta(endpoint: JsonObject): JsonObject {
  const { nodeName, zone: inZone, deprecatedTopology, ...rest } = endpoint;
  const topology = {
    ...(isObject(deprecatedTopology) ? deprecatedTopology : {}), ...(nodeName === undefined ? {} : { [hostname]: nodeName }), ...(inZone === undefined ? {} : { [zone]: inZone }),
  };
  return { ...rest, ...(Object.keys(topology).length === 0 ? {} : { topology }) };
}

function fromBeta(endpoint: JsonObject): JsonObject {
  const { topology, nodeName: named, ...rest } = endpoint;
  const { [hostname]: nodeName = named, [zone]: inZone, ...others } = isObject(topology) ? topology : {};
  return {
    ...rest, ...(nodeName === undefined ? {} : { nodeName }), ...(inZone === undefined ? {} : { zone: inZone }),
    ...(Object.keys(others).length === 0 ? {} : { deprecatedTopology: others }),
  };
}

/** pkg/apis/networking/v1beta1/conversion.go: a backend's Service stands flat, and the default one is called `backend`. */
function ingressToBeta(object: JsonObject): JsonObject {
  return withBackends(object, ['defaultBackend', 'backend'], ({ service, ...rest }) => {
    const { name, port } = isObject(service) ? service : {};
    const { name: portName, number } = isObject(port) ? port : {};
    return { ...rest, ...(isObject(service) ? { serviceName: name, servicePort: portName ?? number ?? 0 } : {}) };
  }, (path) => path);
}

function ingressFromBeta(object: JsonObject): JsonObject {
  return withBackends(object, ['backend', 'defaultBackend'], ({ serviceName = '', servicePort, ...rest }) => {
    const port = typeof servicePort === 'string' ? { name: servicePort } : typeof servicePort === 'number' && servicePort !== 0 ? { number: servicePort } : {};
    return { ...rest, ...(serviceName !== '' || servicePort !== undefined ? { service: { name: serviceName, port } } : {}) };
  }, ({ pathType = 'ImplementationSpecific', ...path }) => ({ ...path, pathType }));
}

/** With its default backend under another name, and every backend and path changed. */
function withBackends(object: JsonObject, [from, to]: readonly [string, string], change: (backend: JsonObject) => JsonObject, changePath: (path: JsonObject) => JsonObject): JsonObject {
  const { spec } = object;
  if (!isObject(spec)) return object;
  const { [from]: byDefault, rules, ...rest } = spec;
  const changed = list(rules).map(({ http, ...rule }) => ({ ...rule, ...(isObject(http) ? { http: { ...http, paths: list(http['paths']).map((path) => changePath({ ...path, backend: isObject(path['backend']) ? change(path['backend']) : path['backend'] })) } } : {}) }));
  return { ...object, spec: { ...rest, ...(isObject(byDefault) ? { [to]: change(byDefault) } : {}), ...(rules === undefined ? {} : { rules: changed }) } };
}

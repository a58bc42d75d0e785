/** Objects as a version of the API shows them, and back to how they are kept. Only EndpointSlices, and the names of CronJobs' types, differ between versions. */
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
  const converted = info.resource === 'endpointslices' && version === 'v1beta1' ? { ...object, endpoints: list(object['endpoints']).map(toBeta) } : object;
  return isItem ? converted : { kind: info.kind, apiVersion: groupVersion(info, version), ...converted };
}

/** The struct that a client's object is checked against, when it is not the stored one. */
export function structForVersion(info: ResourceInfo, version: string): Struct | undefined {
  if (version !== 'v1beta1') return undefined;
  return info.resource === 'endpointslices' ? structNamed('discovery/v1beta1.EndpointSlice') : info.resource === 'cronjobs' ? structNamed('batch/v1beta1.CronJob') : undefined;
}

export function toStored(info: ResourceInfo, version: string, object: JsonObject): JsonObject {
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

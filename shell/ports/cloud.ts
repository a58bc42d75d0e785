/**
 * How gcloud reaches Google's APIs: requests and answers as HTTP carries them. The lab plugs its project in per machine; a machine without one has
 * no way to the APIs, as without a network.
 */
import type { MachinePorts, Sys } from '../../machine/sys.ts';

export type { CloudRequest, CloudResponse } from '../../cloud/api/http.ts';
export type { Json, JsonObject } from '../../cloud/api/json.ts';
export { baseName, child, flag, integer, isObject, list, objects, regionOfZone, text, texts } from '../../cloud/api/json.ts';
import type { CloudRequest, CloudResponse } from '../../cloud/api/http.ts';

export interface CloudPort {
  /** Who is logged in, and the project the shell begins with; empty where there is none. */
  readonly account: string;
  readonly project: string;
  /** All APIs by path: /compute/v1/..., /v1/projects/.../clusters, /v1/projects/.../services. */
  request(request: CloudRequest): CloudResponse;
}

const byMachine = new WeakMap<MachinePorts, CloudPort>();

/** Lets programs of a machine reach a cloud project. */
export function connectCloud(machine: MachinePorts, cloud: CloudPort): void {
  byMachine.set(machine, cloud);
}

export function cloudOf(sys: Pick<Sys, 'machine'>): CloudPort | undefined {
  return byMachine.get(sys.machine);
}

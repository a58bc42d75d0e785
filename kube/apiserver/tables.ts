/** Objects as meta.k8s.io Tables: what `kubectl get` prints (apiserver/pkg/endpoints/handlers/response.go). */
import type { Resource, StoredAny } from '../api/kinds.ts';
import type { JsonObject } from '../api/values.ts';
import { columns } from './columns.ts';
import { printers, type PrintContext } from './printers.ts';

export interface TableOptions extends PrintContext {
  /** Of meta.k8s.io. */
  readonly version: string;
  readonly includeObject: 'Metadata' | 'Object' | 'None';
  readonly metadata: JsonObject;
  /** A watch says what its columns are only once. */
  readonly hasColumns: boolean;
  /** How an object is shown whole. */
  readonly show: (object: StoredAny) => JsonObject;
}

const successConditions = [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }];
const failedConditions = [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];

export function tableOf(resource: Resource, objects: readonly StoredAny[], options: TableOptions): JsonObject {
  const definitions = columns[resource].map((column) => (resource === 'pods' && column.name === 'Restarts' && options.minor >= 22 ? { ...column, type: 'string' } : column));
  return {
    kind: 'Table', apiVersion: `meta.k8s.io/${options.version}`, metadata: options.metadata, columnDefinitions: options.hasColumns ? definitions : null,
    rows: objects.map((object) => {
      const phase = resource === 'pods' ? (object.status as { phase?: string } | undefined)?.phase : undefined;
      return {
        cells: printers[resource](object as never, options),
        ...(phase === 'Succeeded' ? { conditions: successConditions } : phase === 'Failed' ? { conditions: failedConditions } : {}),
        object: options.includeObject === 'None' ? null : options.includeObject === 'Object' ? options.show(object) : partialMetadata(object, options.version),
      };
    }),
  };
}

export function partialMetadata(object: StoredAny, version: string): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

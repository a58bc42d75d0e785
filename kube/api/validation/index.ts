/** What is wrong with an object, in Kubernetes' words (pkg/apis/*\/validation). */
import type { AnyObject, Resource, StoredAny } from '../kinds.ts';
import type { FieldCause } from '../status.ts';

export function validateCreate(resource: Resource, object: AnyObject, minor: number): readonly FieldCause[] {
  void [resource, object, minor];
  return [];
}

export function validateUpdate(resource: Resource, object: AnyObject, old: StoredAny, minor: number, subresource?: string): readonly FieldCause[] {
  void [resource, object, old, minor, subresource];
  return [];
}

/** The pod-template-hash label: FNV-1a over the template, written in the alphabet that spells no words (apimachinery/pkg/util/rand). */
import type { PodTemplateSpec } from 'kubernetes-types/core/v1';
import { isObject } from '../api/values.ts';

const SAFE_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * ComputeHash (pkg/controller/controller_utils.go). Kubernetes hashes Go's dump of the struct, which names every field of its own
 * version; here it is the template as JSON with sorted keys, so equal templates hash alike but not to a given release's letters.
 */
export function templateHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  let hash = 0x811c9dc5;
  for (const character of canonical(template) + (collisionCount === undefined ? '' : String(collisionCount))) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return [...String(hash)].map((digit) => SAFE_LETTERS[digit.charCodeAt(0) % SAFE_LETTERS.length]).join('');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const fields = Object.keys(value).filter((field) => value[field] !== undefined).toSorted();
  return `{${fields.map((field) => `${JSON.stringify(field)}:${canonical(value[field])}`).join(',')}}`;
}

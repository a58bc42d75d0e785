/** 230 made-up patches, applied by kubectl 1.20.2 without a server, applied by ours. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jsonPatch, PatchProblem } from '../../kube/api/patches/json.ts';
import { mergePatch } from '../../kube/api/patches/merge.ts';
import { strategicMergePatch } from '../../kube/api/patches/strategic.ts';
import { structNamed } from '../../kube/api/schema.ts';
import { copy } from '../../kube/api/values.ts';

interface Recorded {
  readonly object: { readonly apiVersion: string; readonly kind: string };
  readonly type: 'json' | 'merge' | 'strategic';
  readonly patch: unknown;
  readonly result?: unknown;
  readonly error?: string;
}

const [, ...lines] = readFileSync(join(import.meta.dirname, 'recordings/patches-1.20.2.jsonl'), 'utf8').trim().split('\n');

test.each(lines.map((line, index) => [index, JSON.parse(line) as Recorded] as const))('patch %i gives what kubectl makes of it', (_index, { object, type, patch, result, error }) => {
  const before = copy(object);
  let ours: { result?: unknown; error?: string };
  try {
    ours = {
      result: type === 'json' ? jsonPatch(object, patch) : type === 'merge' ? mergePatch(object, patch)
        : strategicMergePatch(object, patch, { is: 'struct', struct: structNamed(`${object.apiVersion.includes('/') ? object.apiVersion : `core/${object.apiVersion}`}.${object.kind}`), isPointer: false }),
    };
  } catch (cause) {
    if (!(cause instanceof PatchProblem)) throw cause;
    ours = { error: `error: ${cause.message.trim()}` };
  }
  expect(ours).toEqual(error === undefined ? { result } : { error });
  // What was patched is as it was.
  expect(object).toEqual(before);
});

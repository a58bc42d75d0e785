/**
 * Objects of a cluster (`object`) and of the cloud project (`cloud`), in the JSON of their own APIs. A field is named by its path, where `*` stands for
 * any element of a list: `spec.ports.*.nodePort`. https://kubernetes.io/docs/reference/kubernetes-api, https://cloud.google.com/compute/docs/reference/rest/v1
 */
import { z } from 'zod';
import type { JsonObject } from '../../contracts/observer.ts';
import { type CheckKind, defineCheck, fail, pass } from '../define.ts';
import type { Look } from '../look.ts';
import { matchesLine } from '../pattern.ts';

const spec = z.strictObject({
  /** The kind as its API calls it: deployments, services, firewalls, routes, clusters ... */
  of: z.string(),
  namespace: z.string().optional(),
  name: z.string().optional(),
  /** Path to a pattern that one value there must fit. */
  has: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** That no object is so. */
  absent: z.boolean().default(false),
  /** What is wanted, in words: "a Deployment with one ready pod". */
  what: z.string(),
});

export const object = kindOf('object', "an object of the cluster has given fields", (look, { of, namespace }) => look.objects(of, namespace));
export const cloud = kindOf('cloud', "an object of the cloud project has given fields", (look, { of }) => look.cloud(of));

function kindOf(kind: string, summary: string, list: (look: Look, wanted: z.infer<typeof spec>) => Promise<JsonObject[]>): CheckKind {
  return defineCheck({
    kind, summary, spec,
    places: () => [],
    async judge(wanted, { look }) {
      const { of, name, has, absent, what } = wanted;
      const candidates = (await list(look, wanted)).filter((each) => name === undefined || nameOf(each) === name);
      const match = candidates.find((each) => Object.entries(has).every(([path, pattern]) => fits(each, path, String(pattern))));
      if (absent) {
        const expected = `no ${what}`;
        return match === undefined ? pass(expected) : fail({ expected, found: `${of}: ${nameOf(match)}`, because: `There still is ${what}: ${nameOf(match)}.`, layer: 'application', values: { name: nameOf(match) } });
      }
      if (match !== undefined) return pass(what, `${of}: ${nameOf(match)}`);
      const [first] = candidates;
      if (first === undefined) return fail({ expected: what, found: `no ${of}${name === undefined ? '' : ` called ${name}`}`, because: `There is no ${what}.`, layer: 'application' });
      const wrong = Object.entries(has).find(([path, pattern]) => !fits(first, path, String(pattern)));
      const found = wrong === undefined ? '' : valuesAt(first, wrong[0].split('.')).join(', ');
      return fail({ expected: what, found: `${nameOf(first)}: ${wrong?.[0] ?? ''} is ${found === '' ? 'not set' : found}`, because: `${nameOf(first)} is not it: ${wrong?.[0] ?? ''} is ${found === '' ? 'not set' : found}.`, layer: 'application', values: { name: nameOf(first), found } });
    },
  });
}

/** Kubernetes keeps names in metadata, the cloud at the top. */
function nameOf(each: JsonObject): string {
  return valuesAt(each, ['metadata', 'name'])[0] ?? valuesAt(each, ['name'])[0] ?? '';
}

function fits(each: JsonObject, path: string, pattern: string): boolean {
  return valuesAt(each, path.split('.')).some((value) => matchesLine(pattern, value));
}

/** The plain values at a path, as text. */
export function valuesAt(tree: unknown, [first, ...rest]: readonly string[]): string[] {
  if (tree === null || tree === undefined) return [];
  if (first === undefined) return typeof tree === 'object' ? [] : [String(tree)];
  if (typeof tree !== 'object') return [];
  if (first === '*') return Object.values(tree).flatMap((each) => valuesAt(each, rest));
  return valuesAt((tree as Readonly<Record<string, unknown>>)[first], rest);
}

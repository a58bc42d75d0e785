/** Which zone or region a name is in: flags, then properties, then a question. Read first: googlecloudsdk/command_lib/compute/{flags,scope_prompter}.py */
import { text, type JsonObject } from '../../ports/cloud.ts';
import { GcloudProblem } from './problem.ts';
import type { Gcloud } from './session.ts';

export type ScopeKind = 'global' | 'region' | 'zone';

/** Path of the scope below the project: `global`, `regions/us-east1`, `zones/us-east1-b`. */
export async function scopeOf(gcloud: Gcloud, kinds: readonly ScopeKind[], noun: string, names: readonly string[], prefix = ''): Promise<string> {
  if (kinds.length === 1 && kinds[0] === 'global') return 'global';
  if (kinds.includes('global') && gcloud.isSet(`${prefix}global`)) return 'global';
  for (const kind of ['zone', 'region'] as const) {
    const given = gcloud.flag(`${prefix}${kind}`);
    if (kinds.includes(kind) && given !== undefined) return `${kind}s/${given}`;
  }
  if (kinds.length === 1) {
    const property = gcloud.properties.get('compute', kinds[0]!);
    if (property !== undefined) return `${kinds[0]!}s/${property}`;
  }
  const flags = [...kinds].sort().map((kind) => `--${prefix}${kind}`);
  const underspecified = new GcloudProblem(`Underspecified resource [${names.join(', ')}]. Specify ${flags.length === 1 ? `the [${flags[0]!}] flag` : `one of the [${flags.join(', ')}] flags`}.`);
  if (!gcloud.canPrompt) throw underspecified;
  const choices = await choicesFor(gcloud, kinds, names, noun);
  const nouns = names.length === 1 ? noun : `${noun}s`;
  if (choices.length === 1) {
    const [only] = choices;
    gcloud.status(`No ${only!.kind} specified. Using ${only!.kind} [${only!.name}] for ${nouns}: [${names.join(', ')}].`);
    return only!.path;
  }
  const list = [...names].sort().map((name) => `- [${name}]`).join('\n ');
  const chosen = await gcloud.chooses(`For the following ${nouns}:\n ${list}\nchoose ${kinds.includes('global') ? 'a region or global' : `a ${kinds[0]!}`}:`, choices.map(({ kind, name }) => (kinds.length === 1 ? name : kind === 'global' ? 'global' : `${kind}: ${name}`)));
  if (chosen === undefined) throw underspecified;
  return choices[chosen]!.path;
}

interface Choice { readonly kind: ScopeKind; readonly name: string; readonly path: string }

/** Instances are looked for; of everything else all places are offered. */
async function choicesFor(gcloud: Gcloud, kinds: readonly ScopeKind[], names: readonly string[], noun: string): Promise<Choice[]> {
  if (noun === 'instance' && kinds.includes('zone')) {
    const found = (await gcloud.computeList('aggregated/instances')).filter((instance) => names.includes(text(instance, 'name'))).map((instance) => lastPart(instance, 'zone'));
    const zones = [...new Set(found)];
    if (zones.length > 0) return zones.map((name) => ({ kind: 'zone', name, path: `zones/${name}` }));
  }
  const choices: Choice[] = kinds.includes('global') ? [{ kind: 'global', name: '', path: 'global' }] : [];
  for (const kind of ['region', 'zone'] as const) {
    if (kinds.includes(kind)) for (const place of await gcloud.computeList(`${kind}s`)) choices.push({ kind, name: text(place, 'name'), path: `${kind}s/${text(place, 'name')}` });
  }
  return choices;
}

function lastPart(object: JsonObject, key: string): string {
  return text(object, key).split('/').at(-1) ?? '';
}

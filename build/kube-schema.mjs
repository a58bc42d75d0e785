/**
 * Writes kube/api/generated/schema.ts: the fields of the Kubernetes objects that Podwire keeps, as their Go declarations
 * have them (names, types, what is omitted when empty or may be left out, how lists merge).
 *
 * Usage: node build/kube-schema.mjs KUBERNETES-SOURCE-TREE [--verify]
 * The tree is that of Kubernetes 1.20.2: `apt-get source kubernetes` on Debian 12.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [tree, flag] = process.argv.slice(2);
if (tree === undefined) {
  console.error('usage: node build/kube-schema.mjs KUBERNETES-SOURCE-TREE [--verify]');
  process.exit(2);
}

const sources = {
  'core/v1': 'api/core/v1/types.go',
  'apps/v1': 'api/apps/v1/types.go',
  'batch/v1': 'api/batch/v1/types.go',
  'batch/v1beta1': 'api/batch/v1beta1/types.go',
  'coordination/v1': 'api/coordination/v1/types.go',
  'discovery/v1beta1': 'api/discovery/v1beta1/types.go',
  'networking/v1': 'api/networking/v1/types.go',
  'networking/v1beta1': 'api/networking/v1beta1/types.go',
  'extensions/v1beta1': 'api/extensions/v1beta1/types.go',
  'policy/v1beta1': 'api/policy/v1beta1/types.go',
  'rbac/v1': 'api/rbac/v1/types.go',
  'autoscaling/v1': 'api/autoscaling/v1/types.go',
  'authorization/v1': 'api/authorization/v1/types.go',
  'meta/v1': 'apimachinery/pkg/apis/meta/v1/types.go',
};

const roots = [
  'core/v1.ConfigMap', 'core/v1.Endpoints', 'core/v1.Event', 'core/v1.Namespace', 'core/v1.Node', 'core/v1.Pod', 'core/v1.ReplicationController',
  'core/v1.Secret', 'core/v1.Service', 'core/v1.ServiceAccount', 'core/v1.Binding', 'apps/v1.DaemonSet', 'apps/v1.Deployment', 'apps/v1.ReplicaSet',
  'apps/v1.StatefulSet', 'apps/v1.ControllerRevision', 'batch/v1.Job', 'batch/v1beta1.CronJob', 'coordination/v1.Lease', 'discovery/v1beta1.EndpointSlice', 'networking/v1.Ingress', 'networking/v1.IngressClass',
  'networking/v1.NetworkPolicy', 'networking/v1beta1.Ingress', 'extensions/v1beta1.Ingress', 'policy/v1beta1.PodDisruptionBudget', 'policy/v1beta1.Eviction', 'rbac/v1.Role', 'rbac/v1.RoleBinding',
  'rbac/v1.ClusterRole', 'rbac/v1.ClusterRoleBinding', 'autoscaling/v1.Scale', 'autoscaling/v1.HorizontalPodAutoscaler', 'meta/v1.DeleteOptions', 'meta/v1.Condition',
  'authorization/v1.SelfSubjectAccessReview', 'authorization/v1.SubjectAccessReview', 'authorization/v1.LocalSubjectAccessReview', 'authorization/v1.SelfSubjectRulesReview',
];

/** Go types that are written as one JSON value of a kind of their own. */
const special = {
  'meta/v1.Time': 'Time', 'meta/v1.MicroTime': 'MicroTime', 'resource.Quantity': 'Quantity', 'intstr.IntOrString': 'IntOrString',
  'runtime.RawExtension': 'Raw', 'meta/v1.FieldsV1': 'Raw', 'types.UID': 'string', 'types.NodeName': 'string',
};
const basic = new Set(['string', 'bool', 'int32', 'int64', 'float64', 'byte', 'uint8']);

/** @type {Map<string, { fields: string[][], embeds: string[] } | string>} */
const declared = new Map();
for (const [place, file] of Object.entries(sources)) read(place, readFileSync(join(tree, 'staging/src/k8s.io', file), 'utf8'));

function read(place, text) {
  const aliases = new Map([...text.matchAll(/^\s*(?:([a-z0-9]+) )?"k8s\.io\/(?:api|apimachinery\/pkg\/apis)\/([a-z0-9/]+)"$/gm)].map(([, name, path]) => [name ?? path.split('/').pop(), path]));
  const resolve = (type) => type.replace(/((?:\[\]|\*|map\[[^\]]*\])*)([A-Za-z0-9_.]+)$/, (_, prefix, name) => prefix + named(name));
  const named = (name) => {
    if (basic.has(name)) return name;
    const [first, second] = name.split('.');
    const full = second === undefined ? `${place}.${first}` : `${aliases.get(first) ?? first}.${second}`;
    return special[full] ?? full;
  };
  let current;
  let notes = [];
  for (const line of text.split('\n')) {
    const opened = /^type (\w+) struct \{$/.exec(line);
    if (opened) {
      current = [];
      declared.set(`${place}.${opened[1]}`, current);
      notes = [];
      continue;
    }
    const alias = /^type (\w+) ([\w.[\]*]+)$/.exec(line);
    if (alias) declared.set(`${place}.${alias[1]}`, resolve(alias[2].replace(/map\[[\w.]+\]/g, 'map[string]')));
    if (current === undefined) continue;
    if (line === '}') {
      current = undefined;
      continue;
    }
    const note = /^\s*\/\/ \+(listType|listMapKey|structType|mapType)=(\w+)/.exec(line);
    if (note) notes.push([note[1], note[2]]);
    if (/^\s*\/\/ ?\+optional/.test(line)) notes.push(['optional']);
    const field = /^\s+(?:(\w+)\s+)?([\w.[\]*]+)\s+`(.*)`/.exec(line);
    if (field === null) continue;
    const tags = Object.fromEntries([...field[3].matchAll(/(\w+):"([^"]*)"/g)].map(([, key, value]) => [key, value]));
    const [json = '', ...options] = (tags.json ?? '').split(',');
    const type = resolve(field[2].replace(/map\[[\w.]+\]/g, 'map[string]'));
    if (json === '-') continue;
    const number = /^[a-z0-9]+,(\d+),/.exec(tags.protobuf ?? '')?.[1];
    if (options.includes('inline') || json === '') current.push({ embed: type, number });
    else {
      const extras = [];
      if (tags.patchStrategy !== undefined) extras.push(`patch=${tags.patchStrategy}`);
      if (tags.patchMergeKey !== undefined) extras.push(`key=${tags.patchMergeKey}`);
      const listType = notes.find(([what]) => what !== 'listMapKey' && what !== 'optional');
      if (listType !== undefined) extras.push(`list=${listType[1]}`);
      const keys = notes.filter(([what]) => what === 'listMapKey').map(([, key]) => key);
      if (keys.length > 0) extras.push(`keys=${keys.join(',')}`);
      if (!options.includes('omitempty') && notes.some(([what]) => what === 'optional')) extras.push('optional');
      current.push({ number, goName: field[1] ?? type.split('.').pop(), type, json: json + (options.includes('omitempty') ? '?' : ''), extras });
    }
    notes = [];
  }
}

/** A name that stands for a plain type becomes that type. */
function plain(type) {
  const [, prefix, name] = /^((?:\[\]|\*|map\[string\])*)(.*)$/.exec(type);
  const alias = declared.get(name);
  return typeof alias === 'string' ? plain(prefix + alias) : type;
}

const wanted = new Map();
function want(name) {
  if (wanted.has(name) || basic.has(name) || Object.values(special).includes(name)) return;
  const fields = declared.get(name);
  if (!Array.isArray(fields)) throw new Error(`${name} is not declared`);
  const lines = [];
  wanted.set(name, lines);
  for (const field of flat(fields)) {
    const type = plain(field.type);
    lines.push([field.goName, type, field.json, ...field.extras, ...(field.number === undefined ? [] : [`pb=${field.number}`])].join(' '));
    want(type.replace(/^(?:\[\]|\*|map\[string\])*/, ''));
  }
}

function flat(fields) {
  // In the binary form an embedded struct is a message of its own.
  return fields.flatMap((field) => field.embed === undefined ? [field]
    : flat(declared.get(field.embed.replace(/^\*/, ''))).map((inner) => ({ ...inner, number: field.number === undefined ? undefined : `${field.number}.${inner.number}` })));
}

for (const root of roots) want(root);

let places = '';
for (const place of Object.keys(sources)) {
  const names = [...wanted.keys()].filter((name) => name.startsWith(`${place}.`)).sort();
  places += `# ${place}\n`;
  for (const name of names) {
    const lines = wanted.get(name).map((line) => `  ${line.replaceAll(`${place}.`, '')}`);
    places += `${name.slice(place.length + 1)}\n${lines.join('\n')}\n`;
  }
}
const text = `// Generated by build/kube-schema.mjs from the types of Kubernetes 1.20.2 (Apache-2.0). Do not edit.
/**
 * One line a field: Go name, Go type, JSON name (with ? when it is omitted if empty), how a strategic merge patch and a list treat it, its
 * number in the binary form, 'optional' when it may be left out all the same. A line without indentation begins a type, one with # a package.
 */
export const schemaText = \`
${places}\`;
`;
const target = new URL('../kube/api/generated/schema.ts', import.meta.url);
if (flag === '--verify') {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('kube/api/generated/schema.ts is not what build/kube-schema.mjs makes of this tree');
    process.exit(1);
  }
} else writeFileSync(target, text);

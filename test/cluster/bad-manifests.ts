/** Manifests that are wrong in one way each, for both kubectls: no YAML, no JSON, of other types, too large, or a bomb. */

const configMap = (data: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n${data}`;
const pod = (spec: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: m}\nspec:\n${spec}`;
const container = '  containers:\n  - name: a\n    image: b\n';
const bomb = ['  a: &a [x, x, x, x, x, x, x, x, x]', ...[...'bcdefghij'].map((name, index) => `  ${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(', ')}]`)].join('\n');

const wrong: Readonly<Record<string, string>> = {
  // Of another type than the field: what an unquoted word of YAML 1.1 means, above all.
  yes: configMap('  a: yes\n'), off: configMap('  a: Off\n'), octal: configMap('  a: 0644\n'), thousand: configMap('  a: 1_000\n'), infinite: configMap('  a: .inf\n'), 'null-key': configMap('  null: a\n'),
  environment: pod(`${container}    env:\n    - {name: DEBUG, value: yes}\n`), 'port-text': pod(`${container}    ports:\n    - containerPort: "80"\n`), 'truth-text': pod(`  hostNetwork: "true"\n${container}`),
  'containers-map': pod('  containers: {name: a, image: b}\n'), 'container-null': pod('  containers:\n  - null\n'), 'replicas': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: m}\nspec: {replicas: two, selector: {matchLabels: {a: b}}}\n',
  labels: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, labels: {a: true}}\n', 'metadata-text': 'apiVersion: v1\nkind: ConfigMap\nmetadata: hello\n', 'name-number': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n',
  'kind-list': 'apiVersion: v1\nkind: [a]\n', 'version-number': 'apiVersion: 1\nkind: Pod\n', 'no-kind': 'apiVersion: v1\n', nameless: 'apiVersion: v1\nkind: ConfigMap\n', list: '- a\n', text: 'hello\n', empty: '', comment: '# nothing\n---\n---\n',
  // No YAML.
  tab: 'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n', deeper: 'apiVersion: v1\nkind: Pod\n metadata: {name: x}\n', shallower: 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n labels: {a: b}\n', 'list-indent': pod('  containers:\n  - name: a\n   image: b\n'),
  open: 'apiVersion: v1\nkind: Pod\nmetadata: {name: x\n', quote: 'apiVersion: v1\nkind: "Pod\n', colons: 'apiVersion: v1\nkind: Pod: x\n', colonless: 'apiVersion: v1\nkind\nmetadata:\n  name: x\n', alias: 'apiVersion: v1\nkind: *nope\n', at: configMap('  a: @x\n'), escape: configMap('  a: "\\q"\n'),
  anchor: configMap('  a: &\n'), control: configMap('  a: \u0001x\n'), template: 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Name }}\n', after: configMap('  a: "x" y\n'), 'spaceless': 'apiVersion:v1\nkind:Pod\n',
  // Too much.
  bomb: configMap(`${bomb}\n`), deep: configMap(`  a: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`), huge: configMap(`  a: ${'x'.repeat(1_100_000)}\n`), 'too-large': configMap(`  a: ${'x'.repeat(3_200_000)}\n`),
  annotation: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, annotations: {a: "${'x'.repeat(300_000)}"}}\n`,
};

export const badFiles: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(wrong).map(([name, text]) => [`${name}.yaml`, text])),
  'cut.json': '{"apiVersion":"v1","kind":"Pod"', 'comma.json': '{"apiVersion":"v1",}', 'third-line.json': '{\n "apiVersion": "v1"\n "kind": "Pod"\n}\n', 'flow.yaml': '{apiVersion: v1, kind: ConfigMap}\n',
  'two.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"}}\n{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two"}}',
  'half.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: third}\n',
  'on.yaml': pod(`  hostNetwork: on\n${container}`), 'kept.yaml': configMap('  y: one\n  b: 1:30\n  a: &x two\n  c: *x\n'),
};

/** One after the other in one shell, so that the tests are few. */
const each = (names: readonly string[]): string => names.map((name) => `kubectl create -f ${name}`).join('; ');
const names = Object.keys(wrong).map((name) => `${name}.yaml`);
export const badCommands: readonly string[] = [
  ...Array.from({ length: Math.ceil(names.length / 8) }, (_, group) => each(names.slice(8 * group, 8 * group + 8))),
  each(['cut.json', 'comma.json', 'third-line.json', 'flow.yaml', 'two.json', 'half.yaml', 'on.yaml', 'kept.yaml']), 'kubectl get cm m first one two third -o jsonpath="{.items[*].data}"', 'kubectl apply -f yes.yaml', 'kubectl apply -f half.yaml',
];

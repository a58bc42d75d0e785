/** Manifests with fields that nobody knows, values of other types, and parts missing, for both kubectls, and what the same tables explain: one fault or a few in each. */

const deployment = (spec: string): string => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: m}\nspec: ${spec}\n`;
const template = '{metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}';
const pod = (spec: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: m}\nspec: ${spec}\n`;
const container = (fields: string): string => pod(`{containers: [{name: a, image: b, ${fields}}]}`);
const service = (spec: string): string => `apiVersion: v1\nkind: Service\nmetadata: {name: m}\nspec: ${spec}\n`;

const manifests: readonly string[] = [
  deployment(`{replica: 2, selector: {matchLabels: {a: b}}, template: ${template}}`), deployment(`{replicas: "2", selector: {matchLabels: {a: b}}, template: ${template}}`),
  deployment(`{replicas: 1.5, selector: {matchLabels: {a: b}}, template: ${template}}`), deployment('{}'), deployment(`{template: ${template}}`), deployment(`{selector: {matchLabels: {a: b}}}`), deployment('null'), deployment('[]'), deployment('text'),
  deployment(`{selector: {matchLabel: {a: b}}, template: ${template}}`), deployment(`{selector: {matchExpressions: [{key: a}]}, template: ${template}}`), deployment(`{selector: app, template: ${template}}`),
  deployment('{selector: {matchLabels: {a: b}}, template: {metadata: {label: {a: b}}, spec: {container: [{name: a}]}}}'), deployment(`{selector: {}, template: ${template}, strategy: {rollingUpdate: {maxSurge: [1], maxUnavailable: 25%}, typ: Recreate}}`),
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: m, lables: {a: b}}\nspecs: {}\nstatus: {replicas: many}\n', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: m, labels: [a]}\n', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: m, creationTimestamp: [now], ownerReferences: [{kind: Pod}]}\n',
  pod('{}'), pod('{containers: []}'), pod('{containers: {name: a}}'), pod('{containers: [null]}'), pod('{containers: [a]}'), pod('{containers: [{image: b}]}'), pod('{containers: [{name: a, image: b, name2: c}, {names: d}]}'), pod('{containers: [{name: a}], hostNetwork: "true", nodeSelector: {a: null}}'),
  pod('{containers: [{name: a}], volumes: [{name: v, configmap: {name: c}}, {emptyDir: none}]}'), pod('{containers: [{name: a}], tolerations: {key: a}}'), pod('{containers: [{name: a}], restartPolicy: [Always]}'), pod('{containers: [{name: a}], terminationGracePeriodSeconds: 5s}'),
  container('ports: [{containerPort: "80"}]'), container('ports: [{port: 80}]'), container('ports: 80'), container('env: {A: b}'), container('env: [{name: A, value: 1}, {value: b}, {name: C, valueFrom: {configMapKeyRef: {name: c}}}]'), container('command: sleep'), container('args: [1, true, null]'),
  container('resources: {limits: {cpu: {a: 1}, memory: 64Mi}, request: {cpu: 1}}'), container('securityContext: {capabilities: {add: NET_ADMIN}, privileged: "yes"}'), container('livenessProbe: {httpGet: {path: /, port: {a: 1}}, initialDelay: 3}'), container('livenessProbe: {httpGet: {path: /}}'), container('volumeMounts: [{name: v}, {mountPath: /a, readonly: true}]'), container('imagePullPolicy: true, tty: 1, stdin: on'),
  service('{ports: [{targetPort: 8080}]}'), service('{port: 80, selectors: {a: b}}'), service('{ports: [{port: "80", nodePort: x, protocol: [TCP]}], selector: {a: {b: c}}}'), service('{ports: {port: 80}, type: 5, externalIPs: 192.0.2.1}'),
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: {b: c}, d: [e], f: null, g: 1}\n', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndatas: {a: b}\n', 'apiVersion: v1\nkind: Secret\nmetadata: {name: m}\ndata: [a]\nstringData: {a: {}}\n', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: m}\nspec: {finalizer: [a]}\n',
  'apiVersion: batch/v1\nkind: Job\nmetadata: {name: m}\nspec: {completions: x, backofLimit: 2}\n', 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: m}\nspec: {podSelector: {}, ingress: [{from: {podSelector: {}}, port: [{port: 80}]}]}\n', 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: m}\nspec: {policyTypes: Ingress}\n',
  'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: m}\nspec: {rules: [{http: {paths: [{path: /, backend: {serviceName: a, servicePort: 80}}]}}]}\n', 'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: m}\nroleref: {kind: Role, name: r}\nsubjects: [{name: a}]\n', 'apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: m}\nspec: {minAvailable: {a: 1}, selector: {a: b}}\n',
  'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, metadata: {name: l}, dat: {}}, {kind: Pod}]\n', 'apiVersion: v1\nkind: List\n', 'apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: m}\nspec: {replica: 1}\n', 'apiVersion: example.com/v1\nkind: Widget\nspec: {anything: 1}\n',
];

export const fieldFiles: Readonly<Record<string, string>> = Object.fromEntries(manifests.map((text, index) => [`fields-${String(index).padStart(2, '0')}.yaml`, text]));

const all = '$(printf -- "-f %s " fields-*.yaml)';
export const fieldCommands: readonly string[] = [
  `kubectl create ${all}`, `kubectl apply --dry-run=client ${all}`, 'kubectl create -f fields-00.yaml', 'kubectl create -f fields-00.yaml --validate=false --dry-run=client', 'kubectl create -f fields-03.yaml --validate=false', 'kubectl replace -f fields-00.yaml -f fields-59.yaml',
  'kubectl create -f fields-41.yaml --validate=false --dry-run=server; kubectl create deployment web --image=nginx --dry-run=server; kubectl label node node-1 a=b --dry-run=server',
  ['pods', 'pods.spec', 'deploy.spec.template.spec.containers', 'deploy --recursive', 'svc.spec.ports.targetPort', 'pod.metadata.creationTimestamp', 'pod.metadata.managedFields.fieldsV1', 'pod.metadata.labels', 'po.spec.nope', 'pods nodes', 'deployment --api-version=apps/v1beta1', 'node.status.conditions.type.x', 'pdb']
    .map((what) => `kubectl explain ${what}`).join('; '),
];

/** Ingresses: made by flags and by files, listed and described, with what stands behind them and without. */
import type { TestControllers } from '../../kube/controllers/test-controllers.ts';

/** One that its controller is done with, Services with and without pods, names of ports. */
export function prepareIngresses({ client, runtime }: TestControllers): void {
  for (const [name, replicas] of [['web', 2], ['many', 5]] as const) {
    client.create('deployments', { metadata: { name, namespace: 'default' }, spec: { replicas, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } });
  }
  client.create('services', { metadata: { name: 'web', namespace: 'default' }, spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] } });
  client.create('services', { metadata: { name: 'many', namespace: 'default' }, spec: { selector: { app: 'many' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }, { name: 'admin', port: 81, targetPort: 9090 }] } });
  client.create('services', { metadata: { name: 'none', namespace: 'default' }, spec: { selector: { app: 'none' }, ports: [{ port: 80 }] } });
  const service = (name: string, port: { number: number } | { name: string }): { service: { name: string; port: { number?: number; name?: string } } } => ({ service: { name, port } });
  client.create('ingresses', {
    metadata: { name: 'built', namespace: 'default', labels: { team: 'shop' }, annotations: { 'ingress.kubernetes.io/backends': '{"k8s-be-30080--c1f99c83f2e87324":"HEALTHY"}', 'ingress.kubernetes.io/url-map': 'k8s-um-default-built--c1f99c83f2e87324' } },
    spec: {
      defaultBackend: service('web', { number: 80 }), tls: [{ hosts: ['shop.example.com', 'www.example.com'], secretName: 'keys' }, { secretName: 'any' }],
      rules: [{ host: 'shop.example.com', http: { paths: [{ path: '/cart', pathType: 'Prefix', backend: service('many', { name: 'admin' }) }, { path: '/', pathType: 'Prefix', backend: service('many', { number: 80 }) }] } }, { http: { paths: [{ pathType: 'ImplementationSpecific', backend: service('none', { number: 80 }) }] } }],
    },
  });
  client.create('ingresses', { metadata: { name: 'plain', namespace: 'default' }, spec: { rules: [{ host: 'a.example.com' }, { host: 'b.example.com', http: { paths: [{ path: '/x', pathType: 'Exact', backend: service('missing', { number: 80 }) }] } }, { host: 'c.example.com' }, { host: 'd.example.com' }] } });
  runtime.run(20_000);
  client.editStatus('ingresses', { name: 'built', namespace: 'default' }, (draft) => void (draft.status = { loadBalancer: { ingress: [{ ip: '35.190.1.2' }] } }));
}

const former = (apiVersion: string, name: string): string => `apiVersion: ${apiVersion}\nkind: Ingress\nmetadata: {name: ${name}}\nspec:\n  backend: {serviceName: web, servicePort: 80}\n  rules:\n  - http:\n      paths:\n      - {path: /a, backend: {serviceName: many, servicePort: http}}\n`;

export const ingressFiles: Readonly<Record<string, string>> = {
  'extensions.yaml': former('extensions/v1beta1', 'former'),
  'beta.yaml': former('networking.k8s.io/v1beta1', 'former'),
  'beta-wrong.yaml': former('networking.k8s.io/v1beta1', 'wrong').replace('servicePort: 80', 'servicePort: [80]'),
  'default.yaml': 'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: caught\nspec:\n  defaultBackend:\n    service:\n      name: web\n      port:\n        number: 80\n',
  'wrong.yaml': 'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: wrong\nspec:\n  rules:\n  - host: 10.1.2.3\n    http:\n      paths:\n      - path: cart\n        pathType: Prefix\n        backend:\n          service:\n            name: web\n            port:\n              number: 80\n      - path: /x\n        backend:\n          service:\n            name: Web\n',
};

export const ingressCommands: readonly string[] = [
  'kubectl get ing',
  'kubectl get ingress built -o wide',
  'kubectl describe ing built',
  'kubectl describe ing plain',
  'kubectl describe ing missing',
  'kubectl apply -f default.yaml',
  'kubectl describe ing caught',
  'kubectl apply -f wrong.yaml',
  'kubectl create ingress simple --rule=foo.com/bar=web:80',
  'kubectl get ing simple -o yaml | grep -v -e creationTimestamp -e resourceVersion -e uid',
  'kubectl create ingress any --dry-run=client -o yaml --rule="/path*=web:http,tls" --class=gce --annotation a.b/c=d --annotation e=',
  'kubectl create ingress both --dry-run=client -o yaml --default-backend=web:80 --rule=foo.com/=web:80,tls=one --rule=foo.com/admin*=many:admin,tls=one --rule=bar.com/*=web:80,tls=two --rule=bar.com/x=web:80,tls',
  'kubectl create ing short --default-backend=web:http --dry-run=client -o name',
  'kubectl create ingress',
  'kubectl create ingress x',
  'kubectl create ingress x --rule=nonsense',
  'kubectl create ingress x --rule=foo.com/a=web',
  'kubectl create ingress x --default-backend=web',
  'kubectl create ingress simple --rule=foo.com/bar=web:80',
  'kubectl apply -f extensions.yaml',
  'kubectl describe ing former',
  'kubectl get ing former -o jsonpath="{.apiVersion} {.spec}"',
  'kubectl get ingresses.v1beta1.extensions former -o jsonpath="{.apiVersion} {.spec}"',
  'kubectl get ingresses.v1beta1.networking.k8s.io former -o name',
  'kubectl apply -f beta.yaml',
  'kubectl apply -f beta-wrong.yaml',
  'kubectl get ing former -o yaml | grep -A30 ^spec',
  'kubectl delete -f extensions.yaml',
  'kubectl explain ingress.spec.backend --api-version=extensions/v1beta1 | head -2',
  'kubectl api-resources | grep -i ingress; kubectl api-versions | grep -e ^net -e ^ext',
  'kubectl delete ing simple caught',
];

/** The ingress controller beside a cloud that answers after a second; what the cloud makes of a plan is its own test's business. */
import { describe, expect, it } from 'vitest';
import type { Mutable } from '../api/values.ts';
import type { HttpPlan } from '../cloud-provider.ts';
import type { Kinds } from '../api/kinds.ts';
import { ingressGenerations, type IngressGenerationName } from './ingress-generations.ts';
import { testControllers, type TestControllers } from './test-controllers.ts';

const CLUSTER = 'c1f99c83f2e87324';
type Spec = NonNullable<Kinds['ingresses']['spec']>;

class Lab {
  readonly plans: HttpPlan[] = [];
  readonly removed: string[] = [];
  readonly nodes: string[] = [];
  health = 'Unknown';
  failure: string | undefined;
  readonly lab: TestControllers;

  constructor(generation: IngressGenerationName = '1.3') {
    this.lab = testControllers(undefined, undefined, (runtime) => ({
      ingress: {
        clusterId: CLUSTER, generation: ingressGenerations[generation], md5: (text) => `(${text})`,
        balancers: {
          ensure: (plan, nodes, done) => {
            this.plans.push(plan);
            this.nodes.splice(0, Infinity, ...nodes);
            const made = this.plans.length === 1 ? (['urlMap', 'proxy', 'rule'] as const) : [];
            runtime.after(1000, () => done(this.failure === undefined ? { ok: true, value: { ip: '35.190.1.2', made, backends: Object.fromEntries(plan.services.map(({ name }) => [name, this.health])) } } : { ok: false, message: this.failure }));
          },
          remove: ({ rule }, done) => {
            this.removed.push(rule);
            runtime.after(1000, () => done({ ok: true, value: undefined }));
          },
        },
      },
    }));
    this.service('default-http-backend', { type: 'NodePort', ports: [{ port: 80, nodePort: 31000 }] }, 'kube-system');
  }

  service(name: string, spec: Kinds['services']['spec'], namespace = 'default', annotations: Record<string, string> = {}): void {
    this.lab.client.create('services', { metadata: { name, namespace, annotations }, spec: { selector: { app: name }, ...spec } } as Kinds['services']);
  }

  ingress(spec: Spec, annotations: Record<string, string> = {}): void {
    this.lab.client.create('ingresses', { metadata: { name: 'web', namespace: 'default', annotations }, spec });
    this.lab.runtime.run(5000);
  }

  get() {
    return this.lab.client.find('ingresses', { name: 'web', namespace: 'default' });
  }

  /** Each kind once, however often it was seen. */
  events(): string[] {
    return this.lab.events().filter((event) => event.startsWith('Ingress/')).map((event) => event.replace('Ingress/web: ', '').replace(/ \(x\d+\)$/, ''));
  }
}

const backend = (name: string, number = 80): { service: { name: string; port: { number: number } } } => ({ service: { name, port: { number } } });
const forShop = backend('shop');

describe('an Ingress', () => {
  it('becomes a plan, and gets its address, names and backends\' health', () => {
    const lab = new Lab();
    lab.service('shop', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] });
    lab.ingress({ rules: [{ host: 'shop.example.com', http: { paths: [{ path: '/cart', pathType: 'Prefix', backend: forShop }, { path: '/about', pathType: 'Exact', backend: forShop }, { path: '/img/*', pathType: 'ImplementationSpecific', backend: forShop }] } }, { http: { paths: [{ pathType: 'ImplementationSpecific', backend: forShop }] } }] });
    const [{ hosts, services, defaultService, firewall }] = lab.plans as [HttpPlan];
    const own = `k8s-be-30080--${CLUSTER}`;
    expect(hosts).toEqual([
      { host: 'shop.example.com', matcher: 'host(shop.example.com)', paths: ['/cart', '/cart/*', '/about', '/img/*'].map((path) => ({ paths: [path], service: own })) }, { host: '*', matcher: 'host(*)', paths: [{ paths: ['/*'], service: own }] },
    ]);
    expect(services.map(({ name, check, at }) => [name, check.path, check.intervalSec, at])).toEqual([[own, '/', 60, { nodePort: 30080 }], [`k8s-be-31000--${CLUSTER}`, '/healthz', 60, { nodePort: 31000 }]]);
    expect([defaultService, firewall.ports, lab.nodes]).toEqual([`k8s-be-31000--${CLUSTER}`, ['30000-32767'], ['node-1', 'node-2', 'node-3']]);
    expect(lab.get()?.status?.loadBalancer?.ingress).toEqual([{ ip: '35.190.1.2' }]);
    expect(lab.get()?.metadata.annotations).toEqual({
      'ingress.kubernetes.io/backends': `{"${own}":"Unknown","k8s-be-31000--${CLUSTER}":"Unknown"}`, 'ingress.kubernetes.io/forwarding-rule': `k8s-fw-default-web--${CLUSTER}`, 'ingress.kubernetes.io/target-proxy': `k8s-tp-default-web--${CLUSTER}`, 'ingress.kubernetes.io/url-map': `k8s-um-default-web--${CLUSTER}`,
    });
    expect(lab.events()).toEqual(['Normal ADD default/web', 'Normal CREATE ip: 35.190.1.2']);
    lab.health = 'HEALTHY';
    lab.lab.runtime.run(70_000);
    expect(lab.get()?.metadata.annotations?.['ingress.kubernetes.io/backends']).toBe(`{"${own}":"HEALTHY","k8s-be-31000--${CLUSTER}":"HEALTHY"}`);
    const soFar = lab.plans.length;
    lab.lab.runtime.run(580_000);
    expect(lab.plans.length, 'rests once all is well').toBe(soFar);
    lab.lab.runtime.run(60_000);
    expect(lab.plans.length, 'and is looked at every ten minutes').toBe(soFar + 1);
  });

  it('takes the readiness probe of its pods for a health check', () => {
    const lab = new Lab();
    lab.lab.client.create('pods', { metadata: { name: 'shop-1', namespace: 'default', labels: { app: 'shop' } }, spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 8080 }], readinessProbe: { periodSeconds: 7, timeoutSeconds: 3, httpGet: { path: '/ready', port: 8080 } } }] } });
    lab.service('shop', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080, targetPort: 8080 }] });
    lab.ingress({ defaultBackend: forShop });
    expect(lab.plans[0]!.services[0]!.check).toEqual({ description: 'Kubernetes L7 health check generated with readiness probe settings.', path: '/ready', host: '', intervalSec: 67, timeoutSec: 3, unhealthyThreshold: 10 });
  });

  it('leads to the pods themselves where the Service asks for an endpoint group, and follows them', () => {
    const lab = new Lab('1.20');
    lab.service('shop', { type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080 }] }, 'default', { 'cloud.google.com/neg': '{"ingress": true}' });
    lab.ingress({ defaultBackend: forShop });
    const last = (): HttpPlan => lab.plans.at(-1)!;
    expect(last().services).toMatchObject([{ name: expect.stringMatching(/^k8s1-c1f99c83-default-shop-80-[0-9a-f]{8}$/) as string, at: { endpoints: [] }, check: { intervalSec: 15, unhealthyThreshold: 2 } }]);
    expect(last().firewall.ports).toEqual(['30000-32767', '8080']);
    lab.lab.client.create('pods', { metadata: { name: 'shop-1', namespace: 'default', labels: { app: 'shop' } }, spec: { nodeName: 'node-2', containers: [{ name: 'c', image: 'i' }] } });
    lab.lab.runtime.run(10_000);
    expect(last().services[0]!.at).toEqual({ endpoints: [{ node: 'node-2', address: expect.stringMatching(/^10\.40\.0\./) as string, port: 8080 }] });
  });

  it.each<[IngressGenerationName, string, (lab: Lab) => void, Spec, string]>([
    ['1.3', 'a Service that nodes do not open', (lab) => lab.service('shop', { ports: [{ port: 80 }] }), { defaultBackend: forShop }, 'Warning Sync Error during sync: error while evaluating the ingress spec: service "default/shop" is type "ClusterIP", expected "NodePort" or "LoadBalancer"'],
    ['1.3', 'a Service that is not there', () => undefined, { defaultBackend: forShop }, 'Warning Sync Error during sync: error while evaluating the ingress spec: could not find service "default/shop"'],
    ['1.3', 'a port that is not there', (lab) => lab.service('shop', { type: 'NodePort', ports: [{ port: 80 }] }), { defaultBackend: backend('shop', 8080) }, 'Warning Sync Error during sync: error while evaluating the ingress spec: could not find port "8080" in service "default/shop"'],
    ['1.20', 'a port that is not there', (lab) => lab.service('shop', { type: 'NodePort', ports: [{ port: 80 }] }), { defaultBackend: backend('shop', 8080) }, 'Warning Translate Translation failed: invalid ingress spec: could not find port "&ServiceBackendPort{Name:,Number:8080,}" in service "default/shop"'],
    ['1.20', 'two Services that are not there', () => undefined, { rules: [{ http: { paths: [{ path: '/a', pathType: 'Prefix', backend: backend('a') }, { path: '/b', pathType: 'Prefix', backend: backend('b') }] } }] }, 'Warning Translate Translation failed: invalid ingress spec: could not find service "default/a"; could not find service "default/b"'],
    ['1.20', 'a wildcard in a prefix', (lab) => lab.service('shop', { type: 'NodePort', ports: [{ port: 80 }] }), { rules: [{ http: { paths: [{ path: '/a*', pathType: 'Prefix', backend: forShop }] } }] }, 'Warning Translate Translation failed: invalid ingress spec: failed to validate prefix path /a* due to invalid wildcard'],
  ])('in %s, %s is told of in an event', (generation, _fact, arrange, spec, event) => {
    const lab = new Lab(generation);
    arrange(lab);
    lab.ingress(spec);
    expect(lab.events()).toContain(event);
    expect(lab.plans).toEqual([]);
  });

  it('is built as soon as its Service is put right', () => {
    const lab = new Lab();
    lab.service('shop', { ports: [{ port: 80 }] });
    lab.ingress({ defaultBackend: forShop });
    lab.lab.client.edit('services', { name: 'shop', namespace: 'default' }, (draft: Mutable<Kinds['services']>) => void (draft.spec!.type = 'NodePort'));
    lab.lab.runtime.run(2000);
    expect(lab.get()?.status?.loadBalancer?.ingress).toEqual([{ ip: '35.190.1.2' }]);
  });

  it.each<[string, Spec, Record<string, string>]>([
    ['an IngressClass', { ingressClassName: 'nginx', defaultBackend: forShop }, {}], ['an annotation', { defaultBackend: forShop }, { 'kubernetes.io/ingress.class': 'nginx' }],
  ])('of another controller by %s is left alone', (_fact, spec, annotations) => {
    const lab = new Lab();
    lab.service('shop', { type: 'NodePort', ports: [{ port: 80 }] });
    lab.ingress(spec, annotations);
    expect([lab.plans, lab.events()]).toEqual([[], []]);
  });

  it('of 2018 is gone at once, and its objects after it', () => {
    const lab = new Lab();
    lab.ingress({ defaultBackend: forShop, rules: [] });
    lab.service('shop', { type: 'NodePort', ports: [{ port: 80 }] });
    lab.lab.runtime.run(10_000);
    lab.lab.client.delete('ingresses', { name: 'web', namespace: 'default' });
    expect(lab.get()).toBeUndefined();
    lab.lab.runtime.run(2000);
    expect(lab.removed).toEqual([`k8s-fw-default-web--${CLUSTER}`]);
  });

  it('of today stays until its objects are gone, and tells what was made', () => {
    const lab = new Lab('1.20');
    lab.service('shop', { type: 'NodePort', ports: [{ port: 80 }] });
    lab.ingress({ defaultBackend: forShop });
    expect(lab.get()?.metadata.finalizers).toEqual(['networking.gke.io/ingress-finalizer-V2']);
    const { rule, proxy, urlMap } = lab.plans[0]!.names;
    expect(lab.events().filter((event) => !event.includes('Scheduled'))).toEqual([`Normal Sync UrlMap "${urlMap}" created`, `Normal Sync TargetProxy "${proxy}" created`, `Normal Sync ForwardingRule "${rule}" created`, 'Normal IPChanged IP is now 35.190.1.2']);
    lab.lab.client.delete('ingresses', { name: 'web', namespace: 'default' });
    lab.lab.runtime.run(500);
    expect(lab.get()).toBeDefined();
    lab.lab.runtime.run(2000);
    expect([lab.get(), lab.removed]).toEqual([undefined, [rule]]);
  });

  it('says what of it is not simulated', () => {
    const lab = new Lab();
    lab.service('shop', { type: 'NodePort', ports: [{ port: 80 }] });
    lab.ingress({ defaultBackend: forShop, tls: [{ secretName: 'keys' }] });
    expect(lab.events()).toContain('Warning Sync podwire: tls of an Ingress is not simulated yet; it is served by HTTP only');
  });

  it('is tried again when the cloud refuses', () => {
    const lab = new Lab();
    lab.service('shop', { type: 'NodePort', ports: [{ port: 80 }] });
    lab.failure = 'googleapi: Error 403: Quota exceeded';
    lab.ingress({ defaultBackend: forShop });
    expect(lab.events()).toContain('Warning Sync Error during sync: googleapi: Error 403: Quota exceeded');
    lab.failure = undefined;
    lab.lab.runtime.run(10_000);
    expect(lab.get()?.status?.loadBalancer?.ingress).toEqual([{ ip: '35.190.1.2' }]);
  });
});

/**
 * Ingresses and their HTTP load balancers (ingress-gce pkg/controller/controller.go): built when an Ingress asks, changed with it, its Services, their
 * endpoints and the nodes, looked at again every ten minutes, taken down when it goes. Addresses, names and backends' health are written back.
 */
import type { StoredObject } from '../api/kinds.ts';
import { equal } from '../api/values.ts';
import type { HttpBalancers, HttpState } from '../cloud-provider.ts';
import { isTerminating, type ControllerContext } from './controller.ts';
import type { IngressGeneration } from './ingress-generations.ts';
import { sharedNames, type FrontNames, type IngressKey } from './ingress-names.ts';
import { planOf, type Planned } from './ingress-plan.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';
import { isBackend } from './service.ts';

export interface IngressOptions {
  readonly balancers: HttpBalancers;
  readonly generation: IngressGeneration;
  /** Sixteen hexadecimal digits. */
  readonly clusterId: string;
  /** Of a text, in hexadecimal: path matchers are named by it. */
  md5(text: string): string;
}

const CLASS = 'kubernetes.io/ingress.class';
const STATUS = 'ingress.kubernetes.io';
const RETRY = { firstMs: 5000, longestMs: 300_000 };
/** --sync-period=600s; until all backends are well the controller's own writes bring it back sooner. */
const RESYNC_MS = 600_000;
const SOON_MS = 60_000;

type Ingress = StoredObject<'ingresses'>;

export function startIngressController(context: ControllerContext, options: IngressOptions): void {
  const { client, runtime, record } = context;
  const controller = new IngressController(context, options, (key, delayMs) => queue.addAfter(key, delayMs));
  const queue = new WorkQueue(runtime, (key) => controller.sync(key), RETRY);
  const { words } = options.generation;
  client.watch('ingresses', {}, (event) => {
    const { object, type } = event;
    if (!isOurs(object) && !(type === 'MODIFIED' && isOurs(event.previous))) return;
    const told = type === 'ADDED' ? words.added(keyOf(object)) : type === 'MODIFIED' && !isTerminating(object) ? words.changed : undefined;
    if (told !== undefined) record(about(object), 'Normal', ...told);
    queue.add(keyOf(object));
  });
  const concerned = (service: IngressKey): void => controller.using(service).forEach((key) => queue.add(key));
  client.watch('services', { fromNow: true }, ({ object: { metadata } }) => concerned({ namespace: metadata.namespace ?? '', name: metadata.name }));
  client.watch('endpoints', { fromNow: true }, ({ object: { metadata } }) => concerned({ namespace: metadata.namespace ?? '', name: metadata.name }));
  client.watch('nodes', { fromNow: true }, (event) => {
    if (event.type !== 'MODIFIED' || isBackend(event.previous) !== isBackend(event.object)) controller.all().forEach((key) => queue.add(key));
  });
}

/** The class is an annotation; an Ingress that names an IngressClass is somebody else's. */
function isOurs({ metadata, spec }: Ingress): boolean {
  return ['', 'gce'].includes(metadata.annotations?.[CLASS] ?? '') && spec?.ingressClassName === undefined;
}

class IngressController {
  private readonly context: ControllerContext;
  private readonly options: IngressOptions;
  private readonly again: (key: string, delayMs: number) => void;
  /** Keys whose cloud objects are being made or taken down; a change meanwhile is looked at afterwards. */
  private readonly busy = new Map<string, { isStale: boolean }>();
  private readonly failures = new Map<string, number>();
  /** What was planned last, by key. */
  private readonly planned = new Map<string, { readonly services: readonly IngressKey[]; readonly ports: readonly number[] }>();

  constructor(context: ControllerContext, options: IngressOptions, again: (key: string, delayMs: number) => void) {
    this.context = context;
    this.options = options;
    this.again = again;
  }

  all(): string[] {
    return [...this.planned.keys()];
  }

  using({ namespace, name }: IngressKey): string[] {
    return [...this.planned].filter(([, { services }]) => services.some((one) => one.namespace === namespace && one.name === name)).map(([key]) => key);
  }

  sync(key: string): void {
    const running = this.busy.get(key);
    if (running !== undefined) {
      running.isStale = true;
      return;
    }
    const ingress = this.context.client.find('ingresses', parseKey(key));
    if (ingress === undefined || isTerminating(ingress) || !isOurs(ingress)) this.takeDown(key, ingress);
    else this.ensure(key, ingress);
  }

  private end(key: string, isRetried: boolean): void {
    const wasStale = this.busy.get(key)?.isStale === true;
    this.busy.delete(key);
    if (isRetried) {
      const failed = this.failures.get(key) ?? 0;
      this.failures.set(key, failed + 1);
      this.again(key, Math.min(RETRY.firstMs * 2 ** failed, RETRY.longestMs));
    } else this.failures.delete(key);
    if (wasStale) this.again(key, 0);
  }

  private ensure(key: string, given: Ingress): void {
    const { client, record } = this.context;
    const { generation } = this.options;
    const { finalizer, words } = generation;
    const ingress = finalizer === undefined || given.metadata.finalizers?.includes(finalizer) === true ? given : client.edit('ingresses', given.metadata, ({ metadata }) => void (metadata.finalizers = [...(metadata.finalizers ?? []), finalizer]));
    const planned = this.plan(key, ingress);
    this.busy.set(key, { isStale: false });
    if ('problems' in planned) {
      record(about(ingress), 'Warning', ...words.problems(planned.problems.join('; ')));
      return this.end(key, true);
    }
    for (const wish of notSimulated(ingress)) record(about(ingress), 'Warning', 'Sync', `podwire: ${wish} of an Ingress is not simulated yet; it is served by HTTP only`);
    const nodes = client.list('nodes').filter(isBackend).map(({ metadata }) => metadata.name);
    this.options.balancers.ensure(planned.plan, nodes, (result) => {
      const now = client.find('ingresses', parseKey(key));
      if (now !== undefined && result.ok) this.tell(now, planned.plan.names, result.value);
      else if (now !== undefined && !result.ok) record(about(now), 'Warning', ...words.failed(result.message));
      if (result.ok) this.again(key, Object.values(result.value.backends).every((state) => state === 'HEALTHY') ? RESYNC_MS : SOON_MS);
      this.end(key, !result.ok);
    });
  }

  /** Also remembers which Services it reads, whether or not they are as they should be. */
  private plan(key: string, ingress: Ingress): Planned {
    const others = [...this.planned].filter(([other]) => other !== key).flatMap(([, { ports }]) => ports);
    const planned = planOf({ ...this.options, client: this.context.client, md5: (text) => this.options.md5(text) }, ingress, others);
    const { namespace = 'default' } = ingress.metadata;
    const named = [ingress.spec?.defaultBackend, ...(ingress.spec?.rules ?? []).flatMap(({ http }) => (http?.paths ?? []).map(({ backend }) => backend))].flatMap((backend) => (backend?.service === undefined ? [] : [{ namespace, name: backend.service.name }]));
    this.planned.set(key, 'problems' in planned ? { services: named, ports: [] } : planned);
    return planned;
  }

  private tell(ingress: Ingress, names: FrontNames, { ip, backends, made }: HttpState): void {
    const { client, record } = this.context;
    const { words } = this.options.generation;
    for (const kind of made) {
      const told = words.made(kind, names[kind]);
      if (told !== undefined) record(about(ingress), 'Normal', ...told);
    }
    if (ingress.status?.loadBalancer?.ingress?.[0]?.ip !== ip) {
      client.editStatus('ingresses', ingress.metadata, (draft) => void (draft.status = { loadBalancer: { ingress: [{ ip }] } }));
      record(about(ingress), 'Normal', ...words.address(ip));
    }
    const sorted = Object.fromEntries(Object.entries(backends).sort(([one], [other]) => (one < other ? -1 : 1)));
    const written = { [`${STATUS}/backends`]: JSON.stringify(sorted), [`${STATUS}/forwarding-rule`]: names.rule, [`${STATUS}/target-proxy`]: names.proxy, [`${STATUS}/url-map`]: names.urlMap };
    const before = ingress.metadata.annotations ?? {};
    if (!equal({ ...before, ...written }, before)) client.edit('ingresses', ingress.metadata, ({ metadata }) => void (metadata.annotations = { ...metadata.annotations, ...written }));
  }

  private takeDown(key: string, ingress: Ingress | undefined): void {
    const { client, record } = this.context;
    const { generation, clusterId } = this.options;
    const { finalizer } = generation;
    const isHeld = finalizer !== undefined && ingress?.metadata.finalizers?.includes(finalizer) === true;
    if (!this.planned.has(key) && !isHeld) return;
    const { namespace = 'default', name } = parseKey(key);
    this.busy.set(key, { isStale: false });
    const names = { ...generation.names({ client, clusterId }, { namespace, name }), ...sharedNames(clusterId) };
    this.options.balancers.remove(names, (result) => {
      const now = client.find('ingresses', parseKey(key));
      if (result.ok) {
        this.planned.delete(key);
        if (now !== undefined && isHeld) client.edit('ingresses', now.metadata, ({ metadata }) => void (metadata.finalizers = (metadata.finalizers ?? []).filter((one) => one !== finalizer)));
      } else if (now !== undefined) record(about(now), 'Warning', ...generation.words.removing(result.message));
      this.end(key, !result.ok);
    });
  }
}

function notSimulated({ metadata: { annotations = {} }, spec }: Ingress): string[] {
  return [...((spec?.tls ?? []).length > 0 ? ['tls'] : []), ...['ingress.gcp.kubernetes.io/pre-shared-cert', 'networking.gke.io/managed-certificates', 'kubernetes.io/ingress.allow-http'].filter((name) => annotations[name] !== undefined).map((name) => `annotation ${name}`)];
}

function about(ingress: Ingress): Ingress & { apiVersion: string; kind: string } {
  return { ...ingress, apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' };
}

/**
 * Services of type LoadBalancer and their cloud objects (k8s.io/cloud-provider/controllers/service): built when a Service asks, repaired when the
 * Service changes, given new backends when nodes change, taken down before the Service may go. It reacts to the Service, not to the
 * cloud: what somebody changes there by hand lasts until the Service is next synced.
 */
import type { StoredObject } from '../api/kinds.ts';
import { copy, equal } from '../api/values.ts';
import type { CloudProvider } from '../cloud-provider.ts';
import { isTerminating, type ControllerContext } from './controller.ts';
import { keyOf, parseKey, TryAgain, WorkQueue } from './queue.ts';

const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';
/** minRetryDelay, maxRetryDelay. */
const RETRY = { firstMs: 5000, longestMs: 300_000 };
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

type Service = StoredObject<'services'>;

export function startServiceController(context: ControllerContext, cloud: CloudProvider): void {
  const { client, runtime } = context;
  const controller = new ServiceController(context, cloud, (key, delayMs) => queue.addAfter(key, delayMs));
  const queue = new WorkQueue(runtime, (key) => controller.sync(key), RETRY);
  client.watch('services', {}, (event) => {
    if (event.type === 'DELETED') return;
    if (event.type === 'ADDED' || needsUpdate(event.previous, event.object)) queue.add(keyOf(event.object));
  });
  const nodesQueue = new WorkQueue(runtime, () => controller.syncNodes());
  client.watch('nodes', {}, (event) => {
    const changed = event.type !== 'MODIFIED' || isBackend(event.previous) !== isBackend(event.object);
    if (changed) nodesQueue.add('nodes');
  });
}

const wantsBalancer = (service: Service): boolean => service.spec?.type === 'LoadBalancer';
const hasFinalizer = (service: Service): boolean => service.metadata.finalizers?.includes(FINALIZER) === true;

/** Any change that matters to the cloud; annotations do, status does not. */
function needsUpdate(before: Service, after: Service): boolean {
  if (isTerminating(after)) return true;
  if (!wantsBalancer(before) && !wantsBalancer(after)) return false;
  return !equal(before.spec, after.spec) || !equal(before.metadata.annotations, after.metadata.annotations) || before.metadata.uid !== after.metadata.uid;
}

/** Gets traffic of load balancers. */
export function isBackend(node: StoredObject<'nodes'>): boolean {
  if (isTerminating(node) || node.metadata.labels?.[EXCLUDED] !== undefined) return false;
  if (node.spec?.taints?.some(({ key }) => key === 'ToBeDeletedByClusterAutoscaler') === true) return false;
  return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

class ServiceController {
  private readonly context: ControllerContext;
  private readonly cloud: CloudProvider;
  private readonly again: (key: string, delayMs: number) => void;
  /** Keys whose cloud objects are being made or taken down; a change meanwhile is looked at afterwards. */
  private readonly busy = new Map<string, { isStale: boolean }>();
  private readonly failures = new Map<string, number>();

  constructor(context: ControllerContext, cloud: CloudProvider, again: (key: string, delayMs: number) => void) {
    this.context = context;
    this.cloud = cloud;
    this.again = again;
  }

  private nodes(): StoredObject<'nodes'>[] {
    return this.context.client.list('nodes').filter(isBackend);
  }

  sync(key: string): void {
    const service = this.context.client.find('services', parseKey(key));
    if (service === undefined) return;
    const running = this.busy.get(key);
    if (running !== undefined) {
      running.isStale = true;
      return;
    }
    if (!wantsBalancer(service) || isTerminating(service)) this.takeDown(key, service);
    else this.ensure(key, service);
  }

  private begin(key: string): { isStale: boolean } {
    const state = { isStale: false };
    this.busy.set(key, state);
    return state;
  }

  private end(key: string, hasFailed: boolean): void {
    const wasStale = this.busy.get(key)?.isStale === true;
    this.busy.delete(key);
    if (hasFailed) {
      const failed = this.failures.get(key) ?? 0;
      this.failures.set(key, failed + 1);
      this.again(key, Math.min(RETRY.firstMs * 2 ** failed, RETRY.longestMs));
    } else {
      this.failures.delete(key);
      if (wasStale) this.again(key, 0);
    }
  }

  private ensure(key: string, service: Service): void {
    const { client, record } = this.context;
    record(about(service), 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer');
    const held = hasFinalizer(service) ? service : client.edit('services', service.metadata, ({ metadata }) => void (metadata.finalizers = [...(metadata.finalizers ?? []), FINALIZER]));
    this.begin(key);
    const nodes = this.nodes();
    if (nodes.length === 0) record(about(held), 'Warning', 'UnAvailableLoadBalancer', `There are no available nodes for LoadBalancer`);
    this.cloud.ensureLoadBalancer(held, nodes, (result) => {
      const now = client.find('services', parseKey(key));
      if (now !== undefined && result.ok) {
        const ingress = copy(result.value.map(({ ip }) => ({ ip })));
        if (!equal(now.status?.loadBalancer?.ingress ?? [], ingress)) client.editStatus('services', now.metadata, (draft) => void (draft.status = { ...draft.status, loadBalancer: { ingress } }));
        record(about(now), 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
      } else if (now !== undefined && !result.ok) {
        record(about(now), 'Warning', 'SyncLoadBalancerFailed', `Error syncing load balancer: failed to ensure load balancer: ${result.message}`);
      }
      this.end(key, !result.ok);
    });
  }

  private takeDown(key: string, service: Service): void {
    const { client, record } = this.context;
    if (!hasFinalizer(service)) return;
    record(about(service), 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer');
    this.begin(key);
    this.cloud.deleteLoadBalancer(service, (result) => {
      const now = client.find('services', parseKey(key));
      if (result.ok && now !== undefined) {
        record(about(now), 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer');
        if ((now.status?.loadBalancer?.ingress ?? []).length > 0) client.editStatus('services', now.metadata, (draft) => void (draft.status = { ...draft.status, loadBalancer: {} }));
        client.edit('services', now.metadata, ({ metadata }) => void (metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== FINALIZER)));
      } else if (!result.ok && now !== undefined) {
        record(about(now), 'Warning', 'SyncLoadBalancerFailed', `Error syncing load balancer: failed to delete load balancer: ${result.message}`);
      }
      this.end(key, !result.ok);
    });
  }

  /** nodeSyncLoop: every load balancer gets the nodes there are now. */
  syncNodes(): void {
    const { client, record } = this.context;
    const nodes = this.nodes();
    let isAnyBusy = false;
    for (const service of client.list('services')) {
      if (!wantsBalancer(service) || isTerminating(service) || (service.status?.loadBalancer?.ingress ?? []).length === 0) continue;
      const key = keyOf(service);
      if (this.busy.has(key)) {
        isAnyBusy = true;
        continue;
      }
      this.begin(key);
      this.cloud.updateLoadBalancer(service, nodes, (result) => {
        const now = client.find('services', parseKey(key));
        if (now !== undefined && !result.ok) record(about(now), 'Warning', 'UpdateLoadBalancerFailed', `Error updating load balancer with new hosts ${JSON.stringify(nodes.map(({ metadata }) => metadata.name))}: ${result.message}`);
        else if (now !== undefined) record(about(now), 'Normal', 'UpdatedLoadBalancer', 'Updated load balancer with new hosts');
        this.end(key, !result.ok);
      });
    }
    if (isAnyBusy) throw new TryAgain('a load balancer is being built');
  }
}

function about(service: Service): Service & { apiVersion: string; kind: string } {
  return { ...service, apiVersion: 'v1', kind: 'Service' };
}

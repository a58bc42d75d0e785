import { describe, expect, it } from 'vitest';
import type { Deployment } from 'kubernetes-types/apps/v1';
import { testControllers } from './test-controllers.ts';

const hello = (change: { replicas?: number; image?: string; strategy?: object; requests?: Record<string, string> } = {}): Deployment => ({
  metadata: { name: 'hello-server', namespace: 'default' },
  spec: {
    replicas: change.replicas ?? 1, selector: { matchLabels: { app: 'hello-server' } }, ...(change.strategy === undefined ? {} : { strategy: change.strategy }),
    template: {
      metadata: { labels: { app: 'hello-server' } },
      spec: { containers: [{ name: 'hello-server', image: change.image ?? 'hello-app:1.0', ports: [{ containerPort: 8080 }], resources: change.requests === undefined ? {} : { requests: change.requests } }] },
    },
  },
} as Deployment);
const key = { name: 'hello-server', namespace: 'default' };

describe('a Deployment', () => {
  it('becomes a ReplicaSet, a scheduled pod, and says that it is available', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello());
    lab.runtime.run(5000);
    const { status } = lab.client.get('deployments', key);
    expect(status).toMatchObject({ replicas: 1, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1, observedGeneration: 1 });
    expect(status?.conditions?.map(({ type, status: is, reason }) => `${type}=${is} ${reason}`)).toEqual(['Available=True MinimumReplicasAvailable', 'Progressing=True NewReplicaSetAvailable']);
    const [set] = lab.client.list('replicasets');
    expect(set?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
    const [pod] = lab.podNames();
    expect(pod).toMatch(new RegExp(`^${set!.metadata.name}-[bcdfghjklmnpqrstvwxz2456789]{5}$`));
    expect(lab.events().filter((line) => !/Node|Registered/.test(line))).toEqual([
      `Deployment/hello-server: Normal ScalingReplicaSet Scaled up replica set ${set!.metadata.name} to 1`,
      `ReplicaSet/${set!.metadata.name}: Normal SuccessfulCreate Created pod: ${pod}`,
      expect.stringMatching(/^Pod\/.*: Normal Scheduled Successfully assigned default\/hello-server-.* to node-\d$/),
    ]);
  });

  it('replaces its pods within the fences when the template changes, and keeps the old set for rollback', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello({ replicas: 4 }));
    lab.runtime.run(6000);
    const seen = new Set<string>();
    lab.client.watch('pods', {}, () => {
      const pods = lab.client.list('pods').filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const ready = pods.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
      seen.add(`${pods.length <= 5} ${ready.length >= 3}`);
    });
    lab.client.edit('deployments', key, (draft) => void (draft.spec!.template.spec!.containers[0]!.image = 'hello-app:2.0'));
    lab.runtime.run(30_000);
    expect([...seen]).toEqual(['true true']);
    const sets = lab.client.list('replicasets').map(({ spec, metadata }) => [metadata.annotations?.['deployment.kubernetes.io/revision'], spec?.replicas, spec?.template?.spec?.containers[0]?.image]);
    expect(sets.toSorted()).toEqual([['1', 0, 'hello-app:1.0'], ['2', 4, 'hello-app:2.0']]);
    expect(lab.client.get('deployments', key).status).toMatchObject({ replicas: 4, updatedReplicas: 4, availableReplicas: 4 });
  });

  it('gives an old template a new revision when it comes back', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello());
    lab.runtime.run(5000);
    for (const image of ['hello-app:2.0', 'hello-app:1.0']) {
      lab.client.edit('deployments', key, (draft) => void (draft.spec!.template.spec!.containers[0]!.image = image));
      lab.runtime.run(15_000);
    }
    const sets = lab.client.list('replicasets').map(({ spec, metadata }) => `${metadata.annotations?.['deployment.kubernetes.io/revision']} (${metadata.annotations?.['deployment.kubernetes.io/revision-history'] ?? ''}) ${spec?.template?.spec?.containers[0]?.image} ${spec?.replicas}`);
    expect(sets.toSorted()).toEqual(['2 () hello-app:2.0 0', '3 (1) hello-app:1.0 1']);
  });

  it('waits for old pods to be gone when it recreates', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello({ replicas: 2, strategy: { type: 'Recreate' } }));
    lab.runtime.run(5000);
    const most: number[] = [];
    lab.client.watch('pods', { fromNow: true }, () => most.push(lab.client.list('pods').length));
    lab.client.edit('deployments', key, (draft) => void (draft.spec!.template.spec!.containers[0]!.image = 'hello-app:2.0'));
    lab.runtime.run(15_000);
    expect(Math.max(...most)).toBe(2);
    expect(most).toContain(0);
    expect(lab.client.list('pods').map(({ spec }) => spec?.containers[0]?.image)).toEqual(['hello-app:2.0', 'hello-app:2.0']);
  });

  it('gives up after its deadline, in words', () => {
    const lab = testControllers();
    lab.neverReady = () => true;
    lab.client.create('deployments', { ...hello(), spec: { ...hello().spec!, progressDeadlineSeconds: 30 } });
    lab.runtime.run(60_000);
    expect(lab.client.get('deployments', key).status?.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
      status: 'False', reason: 'ProgressDeadlineExceeded', message: `ReplicaSet "${lab.client.list('replicasets')[0]!.metadata.name}" has timed out progressing.`,
    });
  });

  it('scales without a new revision, deletes what is not needed, and takes everything along when it goes', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello());
    lab.runtime.run(5000);
    for (const replicas of [3, 1]) {
      lab.client.edit('deployments', key, (draft) => void (draft.spec!.replicas = replicas));
      lab.runtime.run(8000);
      expect(lab.client.get('deployments', key).status?.readyReplicas).toBe(replicas);
    }
    expect(lab.client.list('replicasets')).toHaveLength(1);
    lab.client.delete('deployments', key);
    lab.runtime.run(8000);
    expect([lab.client.list('replicasets'), lab.client.list('pods')]).toEqual([[], []]);
  });
});

describe('the scheduler', () => {
  it('spreads the pods of one set over the nodes', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello({ replicas: 3 }));
    lab.runtime.run(3000);
    expect(lab.client.list('pods').map(({ spec }) => spec?.nodeName).toSorted()).toEqual(['node-1', 'node-2', 'node-3']);
  });

  it('says why no node will do, and tries again when a node comes that will', () => {
    const lab = testControllers();
    lab.client.edit('nodes', { name: 'node-3' }, (draft) => void (draft.spec = { ...draft.spec, unschedulable: true }));
    lab.runtime.run();
    lab.client.create('deployments', hello({ requests: { cpu: '2' } }));
    lab.runtime.run(3000);
    expect(lab.client.list('pods')[0]?.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.' }]);
    lab.addNode('node-4', { cpu: '4', memory: '8Gi', pods: '110' });
    lab.runtime.run(3000);
    expect(lab.client.list('pods')[0]?.spec?.nodeName).toBe('node-4');
  });
});

describe('Services', () => {
  it('know the ready pods behind them, by Endpoints and by slices', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello({ replicas: 2 }));
    lab.client.create('services', { metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'hello-server' }, ports: [{ port: 80, targetPort: 8080 }] } });
    lab.runtime.run(5000);
    const web = { name: 'web', namespace: 'default' };
    expect(lab.client.get('endpoints', web).subsets).toMatchObject([{ addresses: [{ ip: '10.40.0.2' }, { ip: '10.40.0.3' }], ports: [{ port: 8080, protocol: 'TCP' }] }]);
    expect(lab.client.list('endpointslices', { labelSelector: { 'kubernetes.io/service-name': 'web' } })).toMatchObject([{ addressType: 'IPv4', endpoints: [{ addresses: ['10.40.0.2'], conditions: { ready: true } }, { addresses: ['10.40.0.3'] }] }]);
    lab.client.edit('deployments', key, (draft) => void (draft.spec!.replicas = 0));
    lab.runtime.run(1000);
    expect(lab.client.get('endpoints', web).subsets).toBeUndefined();
    lab.client.delete('services', web);
    lab.runtime.run(1000);
    expect(lab.client.find('endpoints', web)).toBeUndefined();
    expect(lab.client.list('endpointslices', { labelSelector: { 'kubernetes.io/service-name': 'web' } })).toEqual([]);
  });

  it('of type LoadBalancer are built in the cloud, repaired on a change, and held until taken down', () => {
    const lab = testControllers();
    const web = { name: 'web', namespace: 'default' };
    lab.client.create('services', { metadata: web, spec: { type: 'LoadBalancer', selector: { app: 'x' }, ports: [{ port: 80 }] } });
    lab.runtime.run(500);
    expect(lab.client.get('services', web).status?.loadBalancer).toEqual({});
    lab.runtime.run(3000);
    expect(lab.client.get('services', web).status?.loadBalancer?.ingress).toEqual([{ ip: '35.231.121.11' }]);
    lab.client.edit('services', web, ({ metadata }) => void (metadata.annotations = { touch: '1' }));
    lab.runtime.run(3000);
    const ensured = 'ensure web node-1,node-2,node-3';
    expect(lab.cloud.calls.filter((call) => call.includes('web'))).toEqual([ensured, ensured]);
    lab.client.delete('services', web);
    lab.runtime.run(500);
    expect(lab.client.get('services', web).metadata.deletionTimestamp).toBeDefined();
    lab.runtime.run(3000);
    expect(lab.client.find('services', web)).toBeUndefined();
    expect(lab.events().filter((line) => line.startsWith('Service/web'))).toEqual([
      'Service/web: Normal EnsuringLoadBalancer Ensuring load balancer (x2)', 'Service/web: Normal EnsuredLoadBalancer Ensured load balancer (x2)',
      'Service/web: Normal DeletingLoadBalancer Deleting load balancer', 'Service/web: Normal DeletedLoadBalancer Deleted load balancer',
    ]);
  });

  it('are tried again while the cloud refuses', () => {
    const lab = testControllers();
    lab.cloud.failure = 'googleapi: Error 403: Quota exceeded';
    const web = { name: 'web', namespace: 'default' };
    lab.client.create('services', { metadata: web, spec: { type: 'LoadBalancer', selector: { app: 'x' }, ports: [{ port: 80 }] } });
    lab.runtime.run(3000);
    expect(lab.events()).toContain('Service/web: Warning SyncLoadBalancerFailed Error syncing load balancer: failed to ensure load balancer: googleapi: Error 403: Quota exceeded');
    lab.cloud.failure = undefined;
    lab.runtime.run(10_000);
    expect(lab.client.get('services', web).status?.loadBalancer?.ingress).toHaveLength(1);
  });
});

describe('nodes', () => {
  it('get a pod range each and a route to it', () => {
    const lab = testControllers();
    expect(lab.client.list('nodes').map(({ spec }) => spec?.podCIDR)).toEqual(['10.40.0.0/24', '10.40.1.0/24', '10.40.2.0/24']);
    expect(lab.cloud.calls).toEqual(['route node-1 10.40.0.0/24', 'route node-2 10.40.1.0/24', 'route node-3 10.40.2.0/24']);
    expect(lab.client.get('nodes', { name: 'node-1' }).status?.conditions?.find(({ type }) => type === 'NetworkUnavailable')).toMatchObject({ status: 'False', reason: 'RouteCreated' });
  });

  it('fall silent after 40 s, lose their pods after five minutes, and take part again when they are heard', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello({ replicas: 3 }));
    lab.runtime.run(5000);
    lab.silent.add('node-2');
    lab.runtime.run(60_000);
    const node = lab.client.get('nodes', { name: 'node-2' });
    expect(node.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' });
    expect(node.spec?.taints?.map((taint) => `${taint.key}:${taint.effect}`)).toEqual(['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute']);
    const onSilent = (): unknown[] => lab.client.list('pods', { fieldSelector: 'spec.nodeName=node-2' }).map(({ metadata }) => metadata.deletionTimestamp !== undefined);
    expect(onSilent()).toEqual([false]);
    lab.runtime.run(300_000);
    expect(onSilent()).toEqual([true]);
    expect(lab.client.get('deployments', key).status?.readyReplicas).toBe(3);
  });

  it('are removed when their machine is gone, and their pods with them', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello({ replicas: 3 }));
    lab.runtime.run(5000);
    lab.silent.add('node-2');
    lab.cloud.gone.add('node-2');
    lab.runtime.run(120_000);
    expect(lab.client.find('nodes', { name: 'node-2' })).toBeUndefined();
    expect(lab.client.list('pods').map(({ spec }) => spec?.nodeName)).not.toContain('node-2');
    expect(lab.client.get('deployments', key).status?.readyReplicas).toBe(3);
  });

  it('that are cordoned take nothing new', () => {
    const lab = testControllers();
    lab.client.edit('nodes', { name: 'node-1' }, (draft) => void (draft.spec = { ...draft.spec, unschedulable: true }));
    lab.runtime.run();
    lab.client.create('deployments', hello({ replicas: 3 }));
    lab.runtime.run(5000);
    expect(lab.client.list('pods').map(({ spec }) => spec?.nodeName)).not.toContain('node-1');
    expect(lab.client.get('nodes', { name: 'node-1' }).spec?.taints).toMatchObject([{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }]);
  });
});

describe('other controllers', () => {
  it('run one pod of a DaemonSet on each node, also on one that comes later', () => {
    const lab = testControllers();
    const { template } = hello().spec!;
    lab.client.create('daemonsets', { metadata: { name: 'agent', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'hello-server' } }, template } });
    lab.runtime.run(5000);
    lab.addNode('node-4');
    lab.runtime.run(5000);
    expect(lab.client.list('pods').map(({ spec }) => spec?.nodeName).toSorted()).toEqual(['node-1', 'node-2', 'node-3', 'node-4']);
    expect(lab.client.get('daemonsets', { name: 'agent', namespace: 'default' }).status).toMatchObject({ desiredNumberScheduled: 4, currentNumberScheduled: 4, numberReady: 4, numberAvailable: 4 });
  });

  it('count a Job complete when its pods have succeeded', () => {
    const lab = testControllers();
    const once = { name: 'once', namespace: 'default' };
    lab.client.create('jobs', { metadata: once, spec: { completions: 2, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } } } });
    for (let round = 0; round < 2; round++) {
      lab.runtime.run(3000);
      for (const pod of lab.client.list('pods', { fieldSelector: 'status.phase=Running' })) lab.client.editStatus('pods', pod.metadata, (draft) => void (draft.status!.phase = 'Succeeded'));
    }
    lab.runtime.run(3000);
    expect(lab.client.get('jobs', once).status).toMatchObject({ succeeded: 2, conditions: [{ type: 'Complete', status: 'True' }] });
  });

  it('empty a namespace before it goes, and give each new one an account', () => {
    const lab = testControllers();
    lab.client.create('namespaces', { metadata: { name: 'team' } });
    lab.runtime.run(1000);
    expect(lab.client.get('serviceaccounts', { namespace: 'team', name: 'default' }).secrets).toHaveLength(1);
    lab.client.create('deployments', { ...hello(), metadata: { name: 'web', namespace: 'team' } });
    lab.runtime.run(5000);
    lab.client.delete('namespaces', { name: 'team' });
    lab.runtime.run(15_000);
    expect(lab.client.find('namespaces', { name: 'team' })).toBeUndefined();
    expect(lab.client.list('pods', { namespace: 'team' })).toEqual([]);
  });

  it('leave dependants alive when the owner is deleted as an orphan-maker', () => {
    const lab = testControllers();
    lab.client.create('deployments', hello());
    lab.runtime.run(5000);
    lab.client.delete('deployments', key, { propagationPolicy: 'Orphan' });
    lab.runtime.run(5000);
    expect(lab.client.find('deployments', key)).toBeUndefined();
    expect(lab.client.list('replicasets').map(({ metadata }) => metadata.ownerReferences)).toEqual([undefined]);
    expect(lab.client.list('pods')).toHaveLength(1);
  });

  it('forget events after an hour', () => {
    const lab = testControllers();
    expect(lab.events().length).toBeGreaterThan(0);
    lab.runtime.run(2 * 3_600_000);
    expect(lab.client.list('events')).toEqual([]);
  });
});

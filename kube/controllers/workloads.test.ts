/** StatefulSets, CronJobs, autoscalers and disruption budgets at work. */
import { beforeEach, describe, expect, it } from 'vitest';
import { isReason } from '../api/status.ts';
import { MetricsServer } from '../metrics-server.ts';
import { testControllers, type TestControllers } from './test-controllers.ts';

let lab: TestControllers;
beforeEach(() => {
  lab = testControllers();
});

const template = (image: string, restartPolicy = 'Always'): { metadata: { labels: { app: string } }; spec: { containers: { name: string; image: string }[]; restartPolicy: string } } => ({ metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }], restartPolicy } });
const selector = { matchLabels: { app: 'web' } };
const key = { name: 'web', namespace: 'default' };

function statefulSet(extra: object = {}): void {
  lab.client.create('statefulsets', { metadata: key, spec: { serviceName: 'web', replicas: 3, selector, template: template('nginx:1'), ...extra } });
}
const images = (): (string | undefined)[] => lab.client.list('pods').map(({ spec }) => spec?.containers[0]?.image);

describe('a StatefulSet', () => {
  it('starts its pods one after the other, with names, host names and addresses in DNS of their own', () => {
    lab.client.create('services', { metadata: key, spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 80 }] } });
    statefulSet();
    lab.runtime.run(1000);
    expect(lab.podNames()).toEqual(['web-0']);
    lab.runtime.run(3000);
    expect(lab.podNames()).toEqual(['web-0', 'web-1']);
    lab.runtime.run(5000);
    expect(lab.podNames()).toEqual(['web-0', 'web-1', 'web-2']);
    expect(lab.client.get('pods', { name: 'web-1', namespace: 'default' }).spec).toMatchObject({ hostname: 'web-1', subdomain: 'web' });
    expect(lab.client.get('endpoints', key).subsets?.[0]?.addresses?.map(({ hostname }) => hostname)).toEqual(['web-0', 'web-1', 'web-2']);
    const { currentRevision, ...status } = lab.client.get('statefulsets', key).status!;
    expect(status).toEqual({ observedGeneration: 1, replicas: 3, readyReplicas: 3, currentReplicas: 3, updatedReplicas: 3, updateRevision: currentRevision, collisionCount: 0 });
    expect(lab.events().filter((event) => event.startsWith('StatefulSet'))).toEqual([0, 1, 2].map((ordinal) => `StatefulSet/web: Normal SuccessfulCreate create Pod web-${ordinal} in StatefulSet web successful`));
  });

  it('waits for a pod that is not ready', () => {
    lab.neverReady = ({ metadata }) => metadata.name === 'web-1';
    statefulSet();
    lab.runtime.run(20_000);
    expect(lab.podNames()).toEqual(['web-0', 'web-1']);
  });

  it('starts all at once when told so', () => {
    statefulSet({ podManagementPolicy: 'Parallel' });
    lab.runtime.run(100);
    expect(lab.podNames()).toEqual(['web-0', 'web-1', 'web-2']);
  });

  it('makes a pod that is gone again under its name, and takes away the last ones first', () => {
    statefulSet();
    lab.runtime.run(12_000);
    const { uid } = lab.client.get('pods', { name: 'web-1', namespace: 'default' }).metadata;
    lab.client.delete('pods', { name: 'web-1', namespace: 'default' });
    lab.runtime.run(10_000);
    expect(lab.client.get('pods', { name: 'web-1', namespace: 'default' }).metadata.uid).not.toBe(uid);
    lab.client.edit('statefulsets', key, (draft) => void (draft.spec!.replicas = 1));
    lab.runtime.run(1000);
    expect(lab.client.get('pods', { name: 'web-2', namespace: 'default' }).metadata.deletionTimestamp).toBeDefined();
    expect(lab.client.get('pods', { name: 'web-1', namespace: 'default' }).metadata.deletionTimestamp).toBeUndefined();
    lab.runtime.run(60_000);
    expect(lab.podNames()).toEqual(['web-0']);
  });

  it('rolls a new template out from the last pod down to the partition; a pod before it stays as it was', () => {
    statefulSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } });
    lab.runtime.run(12_000);
    lab.client.edit('statefulsets', key, (draft) => void (draft.spec!.template = template('nginx:2')));
    lab.runtime.run(120_000);
    expect(images()).toEqual(['nginx:1', 'nginx:2', 'nginx:2']);
    lab.client.delete('pods', { name: 'web-0', namespace: 'default' });
    lab.runtime.run(60_000);
    expect(images()).toEqual(['nginx:1', 'nginx:2', 'nginx:2']);
    lab.client.edit('statefulsets', key, (draft) => void (draft.spec!.updateStrategy!.rollingUpdate!.partition = 0));
    lab.runtime.run(60_000);
    expect(images()).toEqual(['nginx:2', 'nginx:2', 'nginx:2']);
    expect(lab.client.list('controllerrevisions').map(({ revision }) => revision).sort()).toEqual([1, 2]);
    const { currentRevision, updateRevision } = lab.client.get('statefulsets', key).status!;
    expect(currentRevision).toBe(updateRevision);
  });

  it('says so when it asks for storage that is not there', () => {
    statefulSet({ volumeClaimTemplates: [{ metadata: { name: 'www' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] });
    lab.runtime.run(1000);
    expect(lab.podNames()).toEqual([]);
    expect(lab.events().find((event) => event.includes('FailedCreate'))).toContain('create Claim www-web-0 for Pod web-0 in StatefulSet web failed error');
  });
});

describe('a CronJob', () => {
  function cronJob(extra: object = {}): void {
    lab.client.create('cronjobs', { metadata: { name: 'tick', namespace: 'default' }, spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: template('busybox', 'Never') } }, ...extra } });
  }
  const finishAll = (phase: 'Succeeded' | 'Failed'): void => {
    for (const pod of lab.client.list('pods')) lab.client.editStatus('pods', pod.metadata, (draft) => { draft.status = { ...draft.status, phase }; });
  };
  const jobNames = (): string[] => lab.client.list('jobs').map(({ metadata }) => metadata.name);

  it('makes a Job at each of its times, and keeps three that have succeeded', () => {
    cronJob();
    lab.runtime.run(299_000);
    expect(jobNames()).toEqual(['tick-1531597800']);
    expect(lab.client.get('cronjobs', { name: 'tick', namespace: 'default' }).status).toMatchObject({ lastScheduleTime: '2018-07-14T19:50:00Z', active: [{ name: 'tick-1531597800' }] });
    for (let time = 0; time < 4; time += 1) {
      finishAll('Succeeded');
      lab.runtime.run(300_000);
    }
    finishAll('Succeeded');
    lab.runtime.run(1000);
    expect(jobNames()).toEqual(['tick-1531598400', 'tick-1531598700', 'tick-1531599000']);
    expect(lab.events()).toContain('CronJob/tick: Normal SawCompletedJob Saw completed job: tick-1531597800, status: Complete');
    expect(lab.events()).toContain('CronJob/tick: Normal SuccessfulDelete Deleted job tick-1531597800');
  });

  it.each([
    { concurrencyPolicy: 'Allow', jobs: 3 }, { concurrencyPolicy: 'Forbid', jobs: 1 }, { concurrencyPolicy: 'Replace', jobs: 1 },
  ])('lets Jobs overlap or not: $concurrencyPolicy', ({ concurrencyPolicy, jobs }) => {
    cronJob({ concurrencyPolicy });
    lab.runtime.run(900_000);
    expect(jobNames()).toHaveLength(jobs);
  });

  it('makes none while it is suspended', () => {
    cronJob({ suspend: true });
    lab.runtime.run(900_000);
    expect(jobNames()).toEqual([]);
  });
});

describe('a HorizontalPodAutoscaler', () => {
  it('keeps the replicas between its limits, and says that nothing measures', () => {
    lab.client.create('deployments', { metadata: key, spec: { replicas: 1, selector, template: template('nginx:1') } });
    lab.client.create('horizontalpodautoscalers', { metadata: key, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 4 } });
    lab.runtime.run(16_000);
    expect(lab.client.get('deployments', key).spec?.replicas).toBe(2);
    lab.runtime.run(20_000);
    expect(lab.client.get('horizontalpodautoscalers', key).status).toMatchObject({ currentReplicas: 2, desiredReplicas: 2 });
    expect(lab.events().filter((event) => event.startsWith('HorizontalPodAutoscaler')).map((event) => event.split(' ')[2])).toEqual(['SuccessfulRescale', 'FailedGetResourceMetric', 'FailedComputeMetricsReplicas']);
    lab.client.edit('deployments', key, (draft) => void (draft.spec!.replicas = 9));
    lab.runtime.run(16_000);
    expect(lab.client.get('deployments', key).spec?.replicas).toBe(4);
  });

  describe('with a metrics-server', () => {
    /** Of every pod of the Deployment, as a share of one core. */
    let busy = 0;
    beforeEach(() => {
      busy = 0;
      let cpuUs = 0;
      lab = testControllers(undefined, undefined, (runtime) => ({
        metrics: new MetricsServer(runtime, () => {
          cpuUs += busy * 60e6;
          return [{ name: 'node-1', cpuUs: 0, memoryKb: 0, pods: lab.podNames().map((name) => ({ namespace: 'default', name, containers: [{ id: name, name: 'web', cpuUs, memoryKb: 300 }] })) }];
        }),
      }));
      lab.client.create('pods', { metadata: { name: 'metrics-server', namespace: 'kube-system', labels: { 'k8s-app': 'metrics-server' } }, spec: { containers: [{ name: 'metrics-server', image: 'metrics-server' }] } });
    });

    function scaled(requests: Record<string, string>): void {
      const { metadata, spec } = template('nginx:1');
      lab.client.create('deployments', { metadata: key, spec: { replicas: 2, selector, template: { metadata, spec: { ...spec, containers: spec.containers.map((container) => ({ ...container, resources: { requests } })) } } } });
      lab.client.create('horizontalpodautoscalers', { metadata: key, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 10, targetCPUUtilizationPercentage: 50 } });
    }
    const replicas = (): number | undefined => lab.client.get('deployments', key).spec?.replicas;

    it('adds replicas while pods are busier than wanted, and takes them away five minutes after they have become idle', () => {
      scaled({ cpu: '100m' });
      busy = 0.075;
      lab.runtime.run(135_000);
      expect(replicas()).toBe(3);
      expect(lab.client.get('horizontalpodautoscalers', key).status?.currentCPUUtilizationPercentage).toBe(75);
      expect(lab.events()).toContainEqual(expect.stringContaining('SuccessfulRescale New size: 3; reason: cpu resource utilization (percentage of request) above target'));
      busy = 0;
      lab.runtime.run(240_000);
      expect(replicas()).toBeGreaterThanOrEqual(3);
      lab.runtime.run(360_000);
      expect(replicas()).toBe(1);
      expect(lab.events()).toContainEqual(expect.stringContaining('SuccessfulRescale New size: 1; reason: All metrics below target'));
    });

    it('leaves them as they are within a tenth of what is wanted', () => {
      scaled({ cpu: '100m' });
      busy = 0.054;
      lab.runtime.run(300_000);
      expect(replicas()).toBe(2);
    });

    it('cannot tell without a request to compare with', () => {
      scaled({});
      lab.runtime.run(150_000);
      expect(lab.events()).toContainEqual(expect.stringContaining('FailedGetResourceMetric missing request for cpu'));
      expect(replicas()).toBe(2);
    });
  });
});

describe('a PodDisruptionBudget', () => {
  it.each([
    { wish: { minAvailable: 2 }, status: { disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 } },
    { wish: { minAvailable: '50%' }, status: { disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 } },
    { wish: { maxUnavailable: 1 }, status: { disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 } },
    { wish: { maxUnavailable: 0 }, status: { disruptionsAllowed: 0, currentHealthy: 3, desiredHealthy: 3, expectedPods: 3 } },
  ])('counts who may go: $wish', ({ wish, status }) => {
    lab.client.create('deployments', { metadata: key, spec: { replicas: 3, selector, template: template('nginx:1') } });
    lab.client.create('poddisruptionbudgets', { metadata: key, spec: { selector, ...wish } });
    lab.runtime.run(10_000);
    expect(lab.client.get('poddisruptionbudgets', key).status).toEqual({ ...status, observedGeneration: 1 });
  });

  it('lets one pod go, and the next one when it has come back', () => {
    lab.client.create('deployments', { metadata: key, spec: { replicas: 3, selector, template: template('nginx:1') } });
    lab.client.create('poddisruptionbudgets', { metadata: key, spec: { selector, maxUnavailable: 1 } });
    lab.runtime.run(10_000);
    const evict = (name: string): number => lab.server.handle({
      method: 'POST', path: `/api/v1/namespaces/default/pods/${name}/eviction`, headers: { 'content-type': 'application/json' },
      body: new TextEncoder().encode(JSON.stringify({ apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name, namespace: 'default' } })),
    }).status;
    const [first, second] = lab.podNames();
    expect([evict(first!), evict(second!)]).toEqual([201, 429]);
    lab.runtime.run(200);
    expect(evict(second!)).toBe(429);
    lab.runtime.run(10_000);
    expect(evict(second!)).toBe(201);
  });
});

it('refuses schedules and limits that are none', () => {
  const refusal = (act: () => void): string => {
    try {
      act();
      return '';
    } catch (error) {
      if (!isReason(error, 'Invalid')) throw error;
      return error.message;
    }
  };
  expect(refusal(() => lab.client.create('cronjobs', { metadata: { name: 'tick', namespace: 'default' }, spec: { schedule: 'often', jobTemplate: { spec: { template: template('busybox', 'Never') } } } })))
    .toBe('CronJob.batch "tick" is invalid: spec.schedule: Invalid value: "often": Expected exactly 5 fields, found 1: often');
  expect(refusal(() => lab.client.create('horizontalpodautoscalers', { metadata: key, spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 5, maxReplicas: 2 } })))
    .toBe('HorizontalPodAutoscaler.autoscaling "web" is invalid: spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`');
});

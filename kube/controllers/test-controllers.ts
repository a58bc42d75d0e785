/** For tests: controllers on an API server, with nodes whose kubelets do as told and a cloud that answers after a second. */
import type { ApiClient } from '../client.ts';
import type { CloudProvider, CloudResult } from '../cloud-provider.ts';
import type { StoredObject } from '../api/kinds.ts';
import { createApiServer, type ApiServer } from '../apiserver/server.ts';
import { timestamp } from '../runtime.ts';
import { testRuntime, type TestRuntime } from '../test-cluster.ts';
import { startControllers, type ControllerOptions } from './index.ts';

export interface ScriptedCloud extends CloudProvider {
  readonly calls: string[];
  readonly gone: Set<string>;
  failure: string | undefined;
}

function scriptedCloud(runtime: TestRuntime): ScriptedCloud {
  const later = <T>(call: string, value: T, done: (result: CloudResult<T>) => void): void => {
    cloud.calls.push(call);
    runtime.after(1000, () => done(cloud.failure === undefined ? { ok: true, value } : { ok: false, message: cloud.failure }));
  };
  const names = (nodes: readonly StoredObject<'nodes'>[]): string => nodes.map(({ metadata }) => metadata.name).join();
  const cloud: ScriptedCloud = {
    calls: [], gone: new Set(), failure: undefined,
    instance: (name) => (cloud.gone.has(name) ? undefined : { providerId: `gce://lab/us-east1-b/${name}`, zone: 'us-east1-b', region: 'us-east1', machineType: 'n1-standard-1', addresses: [], isRunning: true }),
    ensureRoute: (node, cidr, done) => later(`route ${node} ${cidr}`, undefined, done),
    deleteRoute: (node, done) => later(`unroute ${node}`, undefined, done),
    ensureLoadBalancer: (service, nodes, done) => later(`ensure ${service.metadata.name} ${names(nodes)}`, [{ ip: '35.231.121.11' }], done),
    updateLoadBalancer: (service, nodes, done) => later(`update ${service.metadata.name} ${names(nodes)}`, undefined, done),
    deleteLoadBalancer: (service, done) => later(`delete ${service.metadata.name}`, undefined, done),
  };
  return cloud;
}

export interface TestControllers {
  readonly server: ApiServer;
  readonly client: ApiClient;
  readonly runtime: TestRuntime;
  readonly cloud: ScriptedCloud;
  /** Nodes whose kubelet is silent, and pods that never become ready. */
  readonly silent: Set<string>;
  neverReady: (pod: StoredObject<'pods'>) => boolean;
  addNode(name: string, allocatable?: Readonly<Record<string, string>>): void;
  /** `deployment/hello-server: Normal ScalingReplicaSet Scaled up ...` in the order they were first seen. */
  events(): string[];
  podNames(): string[];
}

/** `more`: of controllers that are not always there, told of the time they live in. */
export function testControllers(nodes: readonly string[] = ['node-1', 'node-2', 'node-3'], startMs?: number, more: (runtime: TestRuntime) => Partial<ControllerOptions> = () => ({})): TestControllers {
  const runtime = testRuntime(startMs);
  const options = more(runtime);
  const server = createApiServer({ runtime, ...(options.metrics === undefined ? {} : { metrics: options.metrics }) });
  const client = server.client();
  const cloud = scriptedCloud(runtime);
  const lab: TestControllers = {
    server, client, runtime, cloud, silent: new Set(), neverReady: () => false,
    addNode: (name, allocatable = { cpu: '940m', memory: '2700500Ki', pods: '110' }) => {
      client.create('nodes', { metadata: { name, labels: { 'kubernetes.io/hostname': name } } });
      client.editStatus('nodes', { name }, (draft) => {
        draft.status = { ...draft.status, allocatable, capacity: allocatable, conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastTransitionTime: timestamp(runtime.nowMs()) }] };
      });
      beat(lab, name);
    },
    events: () => client.list('events').toSorted((one, other) => Number(one.metadata.resourceVersion) - Number(other.metadata.resourceVersion)).map(({ involvedObject, type, reason, message, count }) => `${involvedObject.kind}/${involvedObject.name}: ${type} ${reason} ${message}${count === 1 ? '' : ` (x${count})`}`),
    podNames: () => client.list('pods').map(({ metadata }) => metadata.name),
  };
  for (const name of ['default', 'kube-system', 'kube-node-lease']) if (client.find('namespaces', { name }) === undefined) client.create('namespaces', { metadata: { name } });
  startControllers(client, runtime, cloud, { clusterCidr: '10.40.0.0/14', nodeMask: 24, isRouted: true, hasTokenSecrets: true, ...options });
  playKubelets(lab);
  for (const node of nodes) lab.addNode(node);
  runtime.run(3000);
  return lab;
}

function beat(lab: TestControllers, name: string): void {
  const { client, runtime } = lab;
  if (client.find('nodes', { name }) === undefined) return;
  if (!lab.silent.has(name)) {
    const key = { name, namespace: 'kube-node-lease' };
    const renewTime = `${timestamp(runtime.nowMs()).slice(0, -1)}.000000Z`;
    if (client.find('leases', key) === undefined) client.create('leases', { metadata: key, spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime } });
    else client.edit('leases', key, (draft) => void (draft.spec = { ...draft.spec, renewTime }));
  }
  runtime.after(10_000, () => beat(lab, name));
}

/** A pod runs two seconds after it was bound and is gone two seconds after it was deleted. */
function playKubelets(lab: TestControllers): void {
  const { client, runtime } = lab;
  let address = 2;
  const later = (pod: StoredObject<'pods'>, act: (now: StoredObject<'pods'>) => void): void => {
    runtime.after(2000, () => {
      const now = client.find('pods', pod.metadata);
      if (now?.metadata.uid === pod.metadata.uid && !lab.silent.has(now.spec?.nodeName ?? '')) act(now);
    });
  };
  client.watch('pods', {}, ({ type, object }) => {
    if (type === 'DELETED' || object.spec?.nodeName === undefined) return;
    if (object.metadata.deletionTimestamp !== undefined) later(object, (now) => client.delete('pods', now.metadata, { gracePeriodSeconds: 0 }));
    else if (object.status?.podIP === undefined) {
      later(object, (now) => {
        if (now.status?.podIP !== undefined) return;
        client.editStatus('pods', now.metadata, (draft) => {
          draft.status = { ...draft.status, phase: 'Running', podIP: `10.40.0.${address++}`, conditions: [{ type: 'Ready', status: lab.neverReady(now) ? 'False' : 'True', lastTransitionTime: timestamp(runtime.nowMs()) }] };
        });
      });
    }
  });
}

/** The kubelet: runs the pods bound to its node and tells the API server how they are. Read first: kubernetes pkg/kubelet/kubelet.go */
import type { Pod } from 'kubernetes-types/core/v1';
import type { ApiClient } from '../client.ts';
import { EventRecorder } from '../controllers/events.ts';
import type { Profile } from '../profiles/index.ts';
import type { PodStreams } from '../pod-streams.ts';
import type { Cancel, KubeRuntime } from '../runtime.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import { NodeStatus, type NodeIdentity } from './node-status.ts';
import type { ClusterNames, StoredPod } from './pod-environment.ts';
import { PodNetwork } from './pod-network.ts';
import { PodWorker, type WorkerTools } from './pod-worker.ts';
import { NodeStreams } from './streams.ts';

export interface KubeletOptions {
  readonly client: ApiClient;
  readonly time: KubeRuntime;
  readonly profile: Profile;
  readonly runtime: ContainerRuntime;
  readonly identity: NodeIdentity;
  readonly names: ClusterNames;
  /** Pods of the node itself, from /etc/kubernetes/manifests; the API server gets mirrors of them. */
  readonly staticPods: readonly Pod[];
  /** Whether packets of the node find a way to the API server. */
  readonly isConnected: () => boolean;
  /** The pid that probes' sockets belong to. */
  readonly pid: () => number | undefined;
}

const MIRROR = 'kubernetes.io/config.mirror';
const NO_RANGE: Readonly<Record<'docker' | 'containerd', string>> = {
  docker: 'runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:docker: network plugin is not ready: Kubenet does not have netConfig. This is most likely due to lack of PodCIDR',
  containerd: 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
};

export class Kubelet {
  /** By the uid of the object. */
  readonly workers = new Map<string, PodWorker>();
  /** Those of the node's own files, by the name of their mirror. */
  private readonly statics = new Map<string, PodWorker>();
  readonly streams: PodStreams;
  readonly network: PodNetwork;
  private readonly options: KubeletOptions;
  private readonly client: ApiClient;
  private readonly tools: WorkerTools;
  private readonly status: NodeStatus;
  private readonly watches: Cancel[] = [];
  private isUp = false;
  private isConnected = true;
  isStopped = false;

  constructor(options: KubeletOptions) {
    this.options = options;
    const { time, runtime, profile, identity, names } = options;
    this.client = options.client.as(`system:node:${identity.name}`, 'kubelet');
    const record = new EventRecorder(this.client, time).for({ component: 'kubelet', host: identity.name });
    this.network = new PodNetwork(runtime.machine.kernel, profile, time.dice);
    const networkProblem = (): string | undefined => (this.network.isReady ? undefined : NO_RANGE[runtime.kind]);
    this.tools = {
      client: this.client, time, record, runtime, network: this.network, names, hostAddress: identity.addresses.find(({ type }) => type === 'InternalIP')?.address ?? '', kubeletVersion: profile.kubeletVersion,
      owner: options.pid, isUp: () => this.isUp, networkProblem,
      onGone: (worker) => {
        if (this.workers.get(worker.pod.metadata.uid) === worker) this.workers.delete(worker.pod.metadata.uid);
      },
    };
    this.status = new NodeStatus({ client: this.client, time, record, identity, profile, runtime, problem: networkProblem, isConnected: () => this.checkConnection() });
    this.streams = new NodeStreams(runtime, time, (uid) => this.workers.get(uid));
  }

  start(): void {
    this.status.start();
    this.connect();
    this.mirrorStaticPods();
  }

  private connect(): void {
    const { identity } = this.options;
    this.isUp = true;
    for (const worker of new Set(this.workers.values())) worker.resume();
    this.watches.push(
      this.client.watch('nodes', { fieldSelector: `metadata.name=${identity.name}` }, ({ type, object }) => {
        const cidr = object.spec?.podCIDR;
        if (type === 'DELETED' || cidr === undefined || this.network.isReady) return;
        this.network.setRange(cidr);
        this.status.update();
        for (const worker of this.workers.values()) worker.plan();
      }),
      this.client.watch('pods', { fieldSelector: `spec.nodeName=${identity.name}` }, ({ type, object }) => this.hear(type, object)),
    );
  }

  private disconnect(): void {
    this.isUp = false;
    for (const cancel of this.watches.splice(0)) cancel();
  }

  /** Cut off, the kubelet hears nothing and says nothing; what it runs goes on. Here nobody looks after it either, until the way is there again. */
  private checkConnection(): boolean {
    const isConnected = this.options.isConnected();
    if (isConnected !== this.isConnected) {
      this.isConnected = isConnected;
      if (isConnected) {
        this.connect();
        this.status.update();
      } else this.disconnect();
    }
    return isConnected;
  }

  /** The process ends: what runs keeps running, but nobody looks after it until `start`. */
  pause(): void {
    this.status.stop();
    this.disconnect();
  }

  /** The machine goes away, and all that ran on it. */
  stop(): void {
    this.pause();
    this.isStopped = true;
    for (const worker of new Set([...this.workers.values(), ...this.statics.values()])) worker.abandon();
    for (const sandbox of this.options.runtime.sandboxes.values()) this.options.runtime.stopSandbox(sandbox);
  }

  private hear(type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: StoredPod): void {
    if (pod.metadata.annotations?.[MIRROR] !== undefined) {
      this.hearMirror(type, pod);
      return;
    }
    const { uid } = pod.metadata;
    const worker = this.workers.get(uid);
    if (type === 'DELETED') {
      worker?.forget();
      return;
    }
    if (worker !== undefined) {
      worker.update(pod);
      return;
    }
    const isFinished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (!isFinished) this.workers.set(uid, new PodWorker(this.tools, pod));
  }

  /** A mirror only shows what runs from a file: who deletes it makes the kubelet put up another. */
  private hearMirror(type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: StoredPod): void {
    const { name, uid } = pod.metadata;
    const worker = this.statics.get(name);
    if (type === 'DELETED') {
      this.workers.delete(uid);
      this.options.time.after(1000, () => this.mirrorStaticPods());
      return;
    }
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.client.delete('pods', pod.metadata, { gracePeriodSeconds: 0 });
      return;
    }
    if (worker === undefined) this.statics.set(name, new PodWorker(this.tools, pod));
    else worker.update(pod);
    this.workers.set(uid, this.statics.get(name)!);
  }

  private mirrorStaticPods(): void {
    const { staticPods, identity } = this.options;
    for (const pod of staticPods) {
      const name = `${pod.metadata?.name ?? ''}-${identity.name}`;
      const namespace = pod.metadata?.namespace ?? 'kube-system';
      if (this.client.find('pods', { name, namespace }) !== undefined) continue;
      const hash = Array.from(this.options.time.dice.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('');
      const node = this.client.find('nodes', { name: identity.name });
      this.client.create('pods', {
        ...pod,
        metadata: {
          ...pod.metadata, name, namespace,
          annotations: { ...pod.metadata?.annotations, 'kubernetes.io/config.hash': hash, [MIRROR]: hash, 'kubernetes.io/config.source': 'file' },
          ...(node === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: identity.name, uid: node.metadata.uid, controller: true }] }),
        },
        spec: { ...pod.spec!, nodeName: identity.name, tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] },
      });
    }
  }
}

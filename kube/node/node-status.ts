/** The Node object as its kubelet keeps it: registered once, its lease renewed every ten seconds, its status when something changed or every five minutes. Read first: kubernetes pkg/kubelet/kubelet_node_status.go, nodestatus/setters.go */
import type { NodeCondition } from 'kubernetes-types/core/v1';
import type { ApiClient } from '../client.ts';
import { isReason } from '../api/status.ts';
import type { RecordEvent } from '../controllers/events.ts';
import { microTimestamp, timestamp, type Cancel, type KubeRuntime } from '../runtime.ts';
import type { Profile } from '../profiles/index.ts';
import type { ContainerRuntime } from './container-runtime.ts';

const LEASE_MS = 10_000;
const LEASE_SECONDS = 40;
const STATUS_MS = 300_000;

export interface NodeIdentity {
  readonly name: string;
  readonly addresses: readonly { readonly type: 'InternalIP' | 'ExternalIP' | 'InternalDNS' | 'ExternalDNS' | 'Hostname'; readonly address: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly providerId: string;
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly machineId: string;
}

export class NodeStatus {
  private readonly client: ApiClient;
  private readonly time: KubeRuntime;
  private readonly record: RecordEvent;
  private readonly identity: NodeIdentity;
  private readonly profile: Profile;
  private readonly runtime: ContainerRuntime;
  private readonly problem: () => string | undefined;
  private readonly isConnected: () => boolean;
  private beat: Cancel = () => {};
  private statusBeat: Cancel = () => {};

  /** `problem`: why no pod could run here now. `isConnected`: asked before each word to the API server. */
  constructor(tools: { client: ApiClient; time: KubeRuntime; record: RecordEvent; identity: NodeIdentity; profile: Profile; runtime: ContainerRuntime; problem: () => string | undefined; isConnected: () => boolean }) {
    this.client = tools.client;
    this.time = tools.time;
    this.record = tools.record;
    this.identity = tools.identity;
    this.profile = tools.profile;
    this.runtime = tools.runtime;
    this.problem = tools.problem;
    this.isConnected = tools.isConnected;
  }

  start(): void {
    const { identity, client } = this;
    const labels = { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/os': 'linux', 'kubernetes.io/hostname': identity.name, ...identity.labels };
    this.say('Normal', 'Starting', 'Starting kubelet.');
    if (client.find('nodes', { name: identity.name }) === undefined) {
      client.create('nodes', { metadata: { name: identity.name, labels, annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...identity.annotations } }, spec: { providerID: identity.providerId } });
    }
    for (const [reason, words] of [['NodeHasSufficientMemory', 'NodeHasSufficientMemory'], ['NodeHasNoDiskPressure', 'NodeHasNoDiskPressure'], ['NodeHasSufficientPID', 'NodeHasSufficientPID']] as const) this.say('Normal', reason, `Node ${identity.name} status is now: ${words}`);
    this.say('Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods');
    this.update();
    this.renew();
  }

  stop(): void {
    this.beat();
    this.statusBeat();
  }

  private say(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { name } = this.identity;
    // The kubelet names its node's uid by the node's name.
    this.record({ apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name, resourceVersion: '', creationTimestamp: '' } }, type, reason, message);
  }

  private renew(): void {
    this.beat = this.time.after(LEASE_MS, () => this.renew());
    if (!this.isConnected()) return;
    const key = { name: this.identity.name, namespace: 'kube-node-lease' };
    const renewTime = microTimestamp(this.time.nowMs());
    if (this.client.find('leases', key) !== undefined) {
      this.client.edit('leases', key, (draft) => void (draft.spec = { ...draft.spec, renewTime }));
      return;
    }
    const node = this.client.find('nodes', { name: key.name });
    try {
      this.client.create('leases', {
        metadata: { ...key, ...(node === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: key.name, uid: node.metadata.uid }] }) },
        spec: { holderIdentity: key.name, leaseDurationSeconds: LEASE_SECONDS, renewTime },
      });
    } catch (cause) {
      // The namespace of leases comes with the control plane: the next beat tries again.
      if (!isReason(cause, 'NotFound')) throw cause;
    }
  }

  /** Writes the status, and again in five minutes at the latest. */
  update(): void {
    const { client, identity, profile, runtime } = this;
    this.statusBeat();
    this.statusBeat = this.time.after(STATUS_MS, () => this.update());
    if (!this.isConnected()) return;
    const node = client.find('nodes', { name: identity.name });
    if (node === undefined) return;
    const now = timestamp(this.time.nowMs());
    const problem = this.problem();
    const condition = (type: string, status: 'True' | 'False', reason: string, message: string): NodeCondition => {
      const known = node.status?.conditions?.find((one) => one.type === type);
      return { type, status, lastHeartbeatTime: now, lastTransitionTime: known?.status === status ? known.lastTransitionTime! : now, reason, message };
    };
    const wasReady = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    const own = [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      problem === undefined ? condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status. AppArmor enabled') : condition('Ready', 'False', 'KubeletNotReady', problem),
    ];
    client.editStatus('nodes', { name: identity.name }, (draft) => {
      const others = (draft.status?.conditions ?? []).filter(({ type }) => !own.some((one) => one.type === type));
      draft.status = {
        ...draft.status,
        capacity: { ...identity.capacity }, allocatable: { ...identity.allocatable }, addresses: identity.addresses.map((address) => ({ ...address })), conditions: [...others, ...own],
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
        nodeInfo: {
          machineID: identity.machineId, systemUUID: identity.machineId.toUpperCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'), bootID: identity.machineId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
          kernelVersion: profile.kernelVersion, osImage: profile.osImage, containerRuntimeVersion: `${profile.runtime.kind}://${profile.runtime.version}`, kubeletVersion: profile.kubeletVersion, kubeProxyVersion: profile.kubeletVersion, operatingSystem: 'linux', architecture: 'amd64',
        },
        images: [...runtime.pulled.values()].map((image) => ({ names: [`${image.reference.replace(/:[^:/]*$/, '')}@sha256:${image.digest}`, image.reference], sizeBytes: image.sizeBytes })).sort((left, right) => right.sizeBytes - left.sizeBytes),
      };
    });
    const ready = problem === undefined ? 'True' : 'False';
    if (wasReady !== ready && (wasReady !== undefined || ready === 'True')) this.say('Normal', ready === 'True' ? 'NodeReady' : 'NodeNotReady', `Node ${identity.name} status is now: ${ready === 'True' ? 'NodeReady' : 'NodeNotReady'}`);
  }
}

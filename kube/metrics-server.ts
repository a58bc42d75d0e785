/**
 * What the cluster's metrics-server knows: once a minute it asks every kubelet what its containers have used so far, and tells how much that was per
 * second. Read first: https://github.com/kubernetes-sigs/metrics-server/blob/v0.2.1/README.md; metrics.k8s.io/v1beta1
 */
import type { Pod } from 'kubernetes-types/core/v1';
import type { Cancel, KubeRuntime } from './runtime.ts';

/** Used since the start of a container, a pod's or the node's as a whole: CPU time in µs, memory now in KiB. */
export interface Used { readonly cpuUs: number; readonly memoryKb: number }
export interface ContainerUsed extends Used { readonly name: string; /** Tells one run of the container from the next. */ readonly id: string }
export interface PodUsed { readonly namespace: string; readonly name: string; readonly containers: readonly ContainerUsed[] }
/** Of one kubelet (its /stats/summary). */
export interface NodeUsed extends Used { readonly name: string; readonly pods: readonly PodUsed[] }

export interface Usage { readonly cpuNanocores: number; readonly memoryKb: number }
export interface NodeMetrics { readonly name: string; readonly atMs: number; readonly usage: Usage }
export interface PodMetrics { readonly namespace: string; readonly name: string; readonly atMs: number; readonly containers: readonly { readonly name: string; readonly usage: Usage }[] }

/** --metric-resolution of v0.2.1. */
export const RESOLUTION_MS = 60_000;

/** Of the pods of kube-system: whether one that serves metrics is ready. Without one nobody answers for metrics.k8s.io. */
export function isServed(pods: Iterable<Pod>): boolean {
  for (const { metadata, status } of pods) if (metadata?.labels?.['k8s-app'] === 'metrics-server' && status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') === true) return true;
  return false;
}

export class MetricsServer {
  nodes: readonly NodeMetrics[] = [];
  pods: readonly PodMetrics[] = [];
  private last = new Map<string, { readonly atMs: number; readonly cpuUs: number }>();
  private readonly runtime: KubeRuntime;
  private readonly kubelets: () => readonly NodeUsed[];
  private cancel: Cancel;

  /** `kubelets` answers for those that can be reached. */
  constructor(runtime: KubeRuntime, kubelets: () => readonly NodeUsed[]) {
    this.runtime = runtime;
    this.kubelets = kubelets;
    this.cancel = runtime.after(RESOLUTION_MS, () => this.scrape());
  }

  stop(): void {
    this.cancel();
  }

  private scrape(): void {
    const atMs = this.runtime.nowMs();
    const seen: typeof this.last = new Map();
    // What is seen for the first time has no usage yet: that takes two looks.
    const usageOf = (key: string, { cpuUs, memoryKb }: Used): Usage[] => {
      const before = this.last.get(key);
      seen.set(key, { atMs, cpuUs });
      return before === undefined || before.atMs === atMs ? [] : [{ cpuNanocores: Math.round((Math.max(0, cpuUs - before.cpuUs) * 1_000_000) / (atMs - before.atMs)), memoryKb }];
    };
    const kubelets = this.kubelets();
    this.nodes = kubelets.flatMap((node) => usageOf(node.name, node).map((usage) => ({ name: node.name, atMs, usage })));
    this.pods = kubelets.flatMap(({ pods }) => pods).flatMap(({ namespace, name, containers }) => {
      const measured = containers.flatMap((container) => usageOf(container.id, container).map((usage) => ({ name: container.name, usage })));
      return measured.length === 0 || measured.length < containers.length ? [] : [{ namespace, name, atMs, containers: measured }];
    });
    this.last = seen;
    this.cancel = this.runtime.after(RESOLUTION_MS, () => this.scrape());
  }
}

/** What nodes and pods use, asked of both kubectls: a cluster whose metrics-server is told the same by every kubelet. */
import type { ControllerOptions } from '../../kube/controllers/index.ts';
import type { TestControllers } from '../../kube/controllers/test-controllers.ts';
import { MetricsServer } from '../../kube/metrics-server.ts';
import type { KubeRuntime } from '../../kube/runtime.ts';

export function measured(runtime: KubeRuntime): Partial<ControllerOptions> {
  const used = (cores: number, memoryKb: number): { cpuUs: number; memoryKb: number } => ({ cpuUs: Math.round(cores * runtime.nowMs() * 1000), memoryKb });
  const pod = (namespace: string, name: string, ...containers: readonly (readonly [name: string, cores: number, memoryKb: number])[]): { namespace: string; name: string; containers: { id: string; name: string; cpuUs: number; memoryKb: number }[] } => (
    { namespace, name, containers: containers.map(([container, cores, memoryKb]) => ({ id: `${name}/${container}`, name: container, ...used(cores, memoryKb) })) });
  return {
    metrics: new MetricsServer(runtime, () => [
      { name: 'node-1', ...used(0.4321, 1_234_567), pods: [pod('default', 'web', ['nginx', 0.0123, 5123], ['log', 0.0001, 900]), pod('default', 'quiet', ['a', 0, 1024])] },
      { name: 'node-2', ...used(0.9, 400_000), pods: [pod('kube-system', 'metrics-server', ['metrics-server', 0.0015, 12_000])] },
    ]),
  };
}

export function prepareMeasured({ client, runtime }: TestControllers): void {
  const pod = (namespace: string, name: string, labels: Record<string, string>, ...containers: readonly string[]): void => void client.create('pods', { metadata: { namespace, name, labels }, spec: { containers: containers.map((container) => ({ name: container, image: 'nginx' })) } });
  pod('default', 'web', { app: 'web' }, 'nginx', 'log');
  pod('default', 'quiet', { app: 'quiet' }, 'a');
  pod('kube-system', 'metrics-server', { 'k8s-app': 'metrics-server' }, 'metrics-server');
  client.create('namespaces', { metadata: { name: 'empty' } });
  runtime.run(200_000);
}

export const topCommands: readonly string[] = [
  'kubectl top nodes; kubectl top no node-1; kubectl top node --no-headers --sort-by=memory; kubectl top node -l kubernetes.io/hostname=node-2', 'kubectl top pods; kubectl top po -A; kubectl top pod web --containers; kubectl top pod -A --containers --no-headers',
  'kubectl top pod --sort-by=cpu; kubectl top pod -A --sort-by=memory; kubectl top pod -l app=web', 'kubectl top pod -n empty; kubectl top pod -l app=none; kubectl top pod nope; kubectl top node nope; kubectl top node node-3',
  'kubectl top pod a b; kubectl top pod a -l x=y; kubectl top pods --sort-by=name; kubectl top node a -l x=y; kubectl top node a b; kubectl top foo', 'kubectl api-versions | grep metrics; kubectl api-resources --api-group=metrics.k8s.io; kubectl get --raw /apis/metrics.k8s.io/v1beta1/pods/x',
  'kubectl delete pod metrics-server -n kube-system --wait=false; sleep 3; kubectl top nodes; kubectl top pods',
];

/** What a node's containers and the node as a whole have used, counted from its processes as their control groups would (kubelet's /stats/summary). */
import type { MountNamespace } from '../../machine/container.ts';
import type { ContainerUsed, NodeUsed, PodUsed, Used } from '../metrics-server.ts';
import type { ContainerRuntime } from './container-runtime.ts';

export function usedOn(name: string, { machine, containers }: ContainerRuntime): NodeUsed {
  const byRoot = new Map<MountNamespace | undefined, Used>();
  let all: Used = { cpuUs: 0, memoryKb: 0 };
  for (const process of machine.processes.values()) {
    const own = { cpuUs: process.userUs + process.systemUs + process.childrenUserUs + process.childrenSystemUs, memoryKb: process.memoryKb };
    byRoot.set(process.mounts, sum(byRoot.get(process.mounts), own));
    all = sum(all, own);
  }
  const pods = new Map<string, PodUsed & { containers: ContainerUsed[] }>();
  for (const { id, state, spec, sandbox: { pod }, root } of containers.values()) {
    if (state !== 'running') continue;
    const found = pods.get(pod.uid) ?? { namespace: pod.namespace, name: pod.name, containers: [] };
    found.containers.push({ name: spec.name, id, ...(byRoot.get(root.mounts) ?? { cpuUs: 0, memoryKb: 0 }) });
    pods.set(pod.uid, found);
  }
  return { name, ...all, pods: [...pods.values()] };
}

function sum(one: Used | undefined, other: Used): Used {
  return one === undefined ? other : { cpuUs: one.cpuUs + other.cpuUs, memoryKb: one.memoryKb + other.memoryKb };
}

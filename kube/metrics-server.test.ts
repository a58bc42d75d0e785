import { expect, test } from 'vitest';
import { MetricsServer, type NodeUsed } from './metrics-server.ts';
import { testRuntime } from './test-cluster.ts';

test('usage is what came to be used between two looks, a minute apart; a container that began anew is measured anew', () => {
  const runtime = testRuntime();
  let used: NodeUsed = { name: 'node-1', cpuUs: 0, memoryKb: 1000, pods: [{ namespace: 'default', name: 'web', containers: [{ id: 'a', name: 'nginx', cpuUs: 1_000_000, memoryKb: 300 }] }] };
  const server = new MetricsServer(runtime, () => [used]);
  runtime.run(60_000);
  expect([server.nodes, server.pods]).toEqual([[], []]);
  used = { ...used, cpuUs: 6_000_000, pods: [{ ...used.pods[0]!, containers: [{ id: 'a', name: 'nginx', cpuUs: 1_600_000, memoryKb: 310 }] }] };
  runtime.run(60_000);
  expect(server.nodes).toEqual([{ name: 'node-1', atMs: runtime.nowMs(), usage: { cpuNanocores: 100_000_000, memoryKb: 1000 } }]);
  expect(server.pods).toEqual([{ namespace: 'default', name: 'web', atMs: runtime.nowMs(), containers: [{ name: 'nginx', usage: { cpuNanocores: 10_000_000, memoryKb: 310 } }] }]);
  used = { ...used, pods: [{ ...used.pods[0]!, containers: [{ id: 'b', name: 'nginx', cpuUs: 5, memoryKb: 310 }] }] };
  runtime.run(60_000);
  expect(server.pods).toEqual([]);
});

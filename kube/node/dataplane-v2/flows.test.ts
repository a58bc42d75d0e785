import { expect, it } from 'vitest';
import { utf8 } from '../../../simulator/bytes.ts';
import { createWorld } from '../../../simulator/index.ts';
import { must } from '../test-node.ts';
import { createFlow } from './flows.ts';
import { emptyMaps, serviceKey } from './maps.ts';
import { datapath } from './programs.ts';

it('a datagram for a Service is answered in the Service\'s name', () => {
  const world = createWorld({ seed: 1, bpfObjects: [datapath] });
  const { netlink, sockets, bpf } = world.addKernel('node');
  netlink.setLink(0, 1, { up: true });
  bpf.load(datapath.kind);
  bpf.attachToSockets();
  const [service, here] = [0x22_76_e0_0a, 0x7f_00_00_01];
  bpf.setAgentMaps({ ...emptyMaps().agentMaps, services: new Map([[serviceKey(service, 53, 17), { id: 1, type: 'ClusterIP', address: service, port: 53, protocol: 17, backends: [{ address: here, port: 53 }], outerBackends: undefined, isLocalOnly: false, affinitySeconds: undefined, sources: undefined }]]) });
  const server = must(sockets.open(0, { type: 'udp', family: 'inet' }, 0));
  const client = must(sockets.open(0, { type: 'udp', family: 'inet' }, 0));
  must(sockets.bind(server, { address: '127.0.0.1', port: 53 }));
  must(sockets.send(client, utf8('who'), { address: '34.118.224.10', port: 53 }));
  world.runUntil(1000);
  const asked = must(sockets.receiveDatagram(server));
  must(sockets.send(server, utf8('me'), asked.from));
  world.runUntil(2000);
  expect(must(sockets.receiveDatagram(client)).from).toEqual({ address: '34.118.224.10', port: 53 });
});

it('the youngest connections are remembered', () => {
  const { flowMaps } = emptyMaps();
  for (let sport = 1; sport < 20_000; sport += 1) createFlow(flowMaps, 'OUT', { protocol: 6, source: 1, sport, destination: 2, dport: 80 }, sport).expiresUs = Infinity;
  expect(flowMaps.flows.size).toBeLessThan(17_000);
  expect([...flowMaps.flows.values()].at(-1)?.tuple.sport).toBe(19_999);
});

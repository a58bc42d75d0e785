import { describe, expect, it } from 'vitest';
import type { ConnectView } from '../../contracts/observer.ts';
import { serviceKey, type ServiceEntry } from '../../kube/node/dataplane-v2/maps.ts';
import { datapath } from '../../kube/node/dataplane-v2/programs.ts';
import { createWorld } from '../../simulator/index.ts';
import { scenarioNamed } from '../scenarios/index.ts';
import { SimulatedLab } from '../simulated-lab.ts';
import { connect } from './active.ts';

const ROOM = [
  'ip netns add room', 'ip link add v0 type veth peer name v1 netns room', 'ip link set v0 up', 'ip -n room link set v1 up', 'ip -n room link set lo up',
  'ip addr add fd00::1/64 dev v0 nodad', 'ip -n room addr add fd00::2/64 dev v1 nodad', 'ip -n room route add default via fd00::1', 'ip addr add 2001:db8::1/128 dev lo nodad',
  'ip netns add far', 'ip link add f0 type veth peer name f1 netns far', 'ip link set f0 up', 'ip -n far link set f1 up', 'ip addr add fd01::1/64 dev f0 nodad', 'ip -n far addr add fd01::2/64 dev f1 nodad',
  'sysctl -qw net.ipv6.conf.all.forwarding=1', 'ip6tables -t nat -A POSTROUTING -o f0 -j MASQUERADE',
].join('\n');

describe('questions asked of a copy of the lab, over IPv6', async () => {
  const lab = await SimulatedLab.open(scenarioNamed('linux-host'), { seed: 1 });
  const command = lab.start(['bash', '-c', `set -e\n${ROOM}`], { cwd: '/', env: {} });
  await lab.runWhile(() => command.status === undefined, lab.nowUs + 60_000_000);
  expect(command.stderr()).toBe('');
  const from = { machine: 'host', netns: 'room' };
  const valueOf = async <Value>(asked: Promise<{ value: Value } | { unavailable: string }>): Promise<Value> => {
    const answer = await asked;
    if ('unavailable' in answer) throw new Error(answer.unavailable);
    return answer.value;
  };

  it('an echo request is answered, and the journey back is told', async () => {
    const { outcome, request, reply } = await valueOf(lab.observer.ping({ from, to: 'fd00::1' }));
    expect([outcome, request?.outcome, reply?.outcome]).toEqual(['reply', 'delivered', 'delivered']);
  });
  it('a packet leaves under the address that NAT66 gives it', async () => {
    const { steps } = await valueOf(lab.observer.trace({ from, to: 'fd01::2', protocol: 'icmp' }));
    const leaving = steps.find(({ kind, device }) => kind === 'transmit' && device === 'f0');
    expect(leaving?.after).toMatchObject({ protocol: 'icmp6', source: 'fd01::1', destination: 'fd01::2', icmpType: 128, ttl: 63 });
  });
  it('a connection to a port where nobody listens is refused', async () => {
    expect((await valueOf(lab.observer.connect({ from, host: '2001:db8::1', port: 81 }))).outcome).toBe('refused');
  });
  it('an address that nobody has ends the packet at its neighbour', async () => {
    const { outcome, steps } = await valueOf(lab.observer.trace({ from, to: 'fd00::9', protocol: 'icmp' }));
    expect([outcome, steps.at(-1)?.kind]).toEqual(['died', 'drop']);
  });
});

describe('questions asked of a kernel with programs at its sockets', () => {
  const world = createWorld({ seed: 1, bpfObjects: [datapath] });
  const { netlink, bpf, id } = world.addKernel('node');
  netlink.setLink(0, 1, { up: true });
  const wide = netlink.addLink(0, { kind: 'dummy', name: 'wide' });
  const index = wide.ok ? wide.value : 0;
  netlink.setLink(0, index, { up: true });
  netlink.addAddress(0, { index, family: 'inet', address: '10.1.0.1', prefixLength: 8 });
  bpf.load(datapath.kind);
  bpf.attachToSockets();
  const service = (address: number, backends: ServiceEntry['backends']): [string, ServiceEntry] => [serviceKey(address, 80, 6), { id: 1, type: 'ClusterIP', address, port: 80, protocol: 6, backends, outerBackends: undefined, isLocalOnly: false, affinitySeconds: undefined, sources: undefined }];
  bpf.setAgentMaps({ ...datapath.emptyMaps().agentMaps, services: new Map([service(0x0a630001, [{ address: 0x7f000001, port: 81 }]), service(0x0a630002, [])]) });
  const from = { machine: 'node', netns: '' };
  const ask = (host: string): ConnectView => connect({ world, placeOf: () => from, find: () => ({ kernelId: id, ns: 0 }), resolve: (_, name) => name }, { from, host, port: 80 });

  it('the exchange comes before the journey', () => {
    const { outcome, request } = ask('10.99.0.1');
    expect([outcome, request?.steps[0]?.text]).toEqual(['refused', 'Before there is a packet, a program at the socket exchanges its destination: 10.99.0.1:80 becomes 127.0.0.1:81.']);
  });
  it('a Service without endpoints is refused there', () => {
    const { outcome, died } = ask('10.99.0.2');
    expect([outcome, died?.layer, died?.reason]).toEqual(['unreachable', 'service', 'The program at the socket refuses: 10.99.0.2:80 has no endpoints.']);
  });
  it('other addresses are left alone', () => {
    expect(ask('127.0.0.1').request?.steps[0]?.text).not.toContain('program');
  });
});

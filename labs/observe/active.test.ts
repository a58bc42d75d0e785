import { describe, expect, it } from 'vitest';
import { scenarioNamed } from '../scenarios/index.ts';
import { SimulatedLab } from '../simulated-lab.ts';

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

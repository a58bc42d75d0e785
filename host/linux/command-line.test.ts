import { expect, test } from 'vitest';
import { programsOf, simpleCommands } from './command-line.ts';

test.each<[string, string[], string | undefined]>([
  ['ip link', ['ip link'], undefined],
  ['sudo ip link set up dev a', ['sudo ip link set up dev a', 'ip link set up dev a'], undefined],
  ['sudo ip netns exec red ping -c 1 10.0.0.1', ['sudo ip netns exec red ping -c 1 10.0.0.1', 'ip netns exec red ping -c 1 10.0.0.1', 'ping -c 1 10.0.0.1'], 'red'],
  ['sudo -u learner ip -n red link', ['sudo -u learner ip -n red link', 'ip -n red link'], 'red'],
  ['ip netns exec red', ['ip netns exec red'], undefined],
  ['sudo nsenter --net=/run/netns/red bash -c "ss -l"', ['sudo nsenter --net=/run/netns/red bash -c ss -l', 'nsenter --net=/run/netns/red bash -c ss -l', 'bash -c ss -l', 'ss -l'], 'red'],
  ['sudo tcpdump -ni eth0 icmp -c 4 > /tmp/x 2>&1 &', ['sudo tcpdump -ni eth0 icmp -c 4', 'tcpdump -ni eth0 icmp -c 4'], undefined],
  ['LANG=C sudo conntrack -L | grep 8.8.8.8 # look', ['sudo conntrack -L', 'conntrack -L', 'grep 8.8.8.8'], undefined],
  ['timeout 5 ping 8.8.8.8 && echo ok; false || true', ['timeout 5 ping 8.8.8.8', 'ping 8.8.8.8', 'echo ok', 'false', 'true'], undefined],
  ['', [], undefined],
])('%s', (line, programs, netns) => {
  const found = programsOf(line);
  expect(found.programs.map((argv) => argv.join(' '))).toEqual(programs);
  expect(found.netns).toBe(netns);
});

test('understands quotes, escapes and the words of a shell', () => {
  expect(simpleCommands(`echo 'a b' "c\\"d" e\\ f; if true; then ls; fi; for x in 1; do id; done`)).toEqual([['echo', 'a b', 'c"d', 'e f'], ['true'], ['ls'], ['id']]);
});

import { expect, test } from 'vitest';
import { fidelityOf } from './fidelity.ts';

test.each<[string, string[]]>([
  ['brctl addbr cbr0', ['brctl addbr']],
  ['sudo ip netns exec demo-ns arp -n', ['arp']],
  ['sudo ip link set veth0 up && ip -br addr show', ['ip link', 'ip addr']],
  ['ip link; ip link show', ['ip link']],
  ['no-such-program', []],
])('%s is about what was measured: %o', (line, commands) => {
  expect(fidelityOf([line]).map(({ command }) => command)).toEqual(commands);
});

test('says how a command differs without pointing at recordings', () => {
  const [found] = fidelityOf(['brctl showstp cbr0']);
  expect(found?.state).toBe('differs');
  expect(found?.note).toMatch(/recorded steps are the same; /);
  expect(found?.note).not.toMatch(/(^|; )(as|follows) /);
});

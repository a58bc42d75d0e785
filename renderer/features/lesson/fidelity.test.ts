import { expect, test } from 'vitest';
import measured from '../../../contracts/generated/fidelity.json';
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

test('says how commands differ without pointing at recordings', () => {
  const differing = Object.keys(measured).flatMap((command) => fidelityOf([command])).filter(({ state }) => state === 'differs');
  expect(differing.length).toBeGreaterThan(0);
  for (const { command, note } of differing) {
    expect(note, command).toMatch(/recorded steps? (is|are) the same(; .|$)/);
    expect(note, command).not.toMatch(/(^|; )(as|follows) /);
  }
});

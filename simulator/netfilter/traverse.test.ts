import { describe, expect, it } from 'vitest';
import { SYN } from '../wire/tcp.ts';
import { bench, echoPacket, ETH0, tcpPacket, testDice, udpPacket, type Bench } from './test-bench.ts';
import { useIndex } from './traverse.ts';

const rulesOf = ({ calls }: Bench, chain: string): [number, number][] => calls.table(0, 'inet', 'filter').chains.find(({ name }) => name === chain)!.rules.map(({ packets, bytes }) => [packets, bytes]);

describe('walking chains', () => {
  it('stops at the first verdict and counts what matched on the way', () => {
    const lab = bench();
    lab.rules('*filter\n-A INPUT -p icmp\n-A INPUT -p udp -j DROP\n-A INPUT -p icmp -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n');
    expect(lab.run('INPUT', echoPacket('10.0.0.1', '10.142.0.2', 1))).toBe('accept');
    expect(rulesOf(lab, 'INPUT')).toEqual([[1, 84], [0, 0], [1, 84], [0, 0]]);
  });

  it('comes back from a jump but not from a goto', () => {
    const lab = bench();
    lab.rules('*filter\n:SIDE - [0:0]\n:LAST - [0:0]\n-A SIDE -p icmp -j RETURN\n-A SIDE -j DROP\n-A LAST -p icmp\n-A INPUT -j SIDE\n-A INPUT -g LAST\n-A INPUT -j DROP\nCOMMIT\n');
    expect(lab.run('INPUT', echoPacket('10.0.0.1', '10.142.0.2', 1))).toBe('accept');
    expect(rulesOf(lab, 'INPUT')).toEqual([[1, 84], [1, 84], [0, 0]]);
    expect(rulesOf(lab, 'SIDE')).toEqual([[1, 84], [0, 0]]);
  });

  it('applies the policy at the end, and counts it once a policy or a restore has been written', () => {
    const lab = bench();
    lab.rules('*filter\n-A INPUT -p tcp\nCOMMIT\n');
    expect(lab.run('INPUT', echoPacket('10.0.0.1', '10.142.0.2', 1))).toBe('accept');
    const policy = (): number[] => [lab.calls.table(0, 'inet', 'filter').chains[0]!.packets, lab.calls.table(0, 'inet', 'filter').chains[0]!.bytes];
    expect(policy()).toEqual([0, 0]);
    lab.rules('*filter\n-P INPUT DROP\nCOMMIT\n');
    expect(lab.run('INPUT', echoPacket('10.0.0.1', '10.142.0.2', 1))).toBe('drop');
    expect(policy()).toEqual([1, 84]);
    lab.rules('*filter\n:INPUT DROP [10:1000]\nCOMMIT\n');
    lab.run('INPUT', echoPacket('10.0.0.1', '10.142.0.2', 1));
    expect(policy()).toEqual([11, 1084]);
  });

  it('refuses loops, missing chains and targets in the wrong place', () => {
    const lab = bench();
    const attempt = (text: string): string => {
      try {
        lab.rules(text);
        return 'taken';
      } catch (problem) {
        return (problem as Error).message.split('\n').find((line) => line.includes('failed') || line.includes('exist')) ?? '';
      }
    };
    expect(attempt('*filter\n:A - [0:0]\n:B - [0:0]\n-A A -j B\n-A B -j A\n-A INPUT -j A\nCOMMIT\n')).toBe('line 6: RULE_APPEND failed (Too many links): rule in chain INPUT');
    expect(attempt('*nat\n-A PREROUTING -j MASQUERADE\nCOMMIT\n')).toBe('line 2: RULE_APPEND failed (Invalid argument): rule in chain PREROUTING');
    expect(attempt('*filter\n-A INPUT -j NOWHERE\nCOMMIT\n')).toContain("Chain 'NOWHERE' does not exist");
    expect(lab.calls.createdTables(0, 'inet')).toEqual([]);
  });

  it('tells a trace which rules were tried, why they missed, and which one decided', () => {
    const lab = bench();
    lab.rules('*filter\n-A INPUT -i eth1 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp -j DROP\nCOMMIT\n');
    lab.environment.traceSink = (event) => lab.traces.push(event);
    lab.run('INPUT', tcpPacket('10.0.0.1', 1, '10.142.0.2', 80, SYN, ETH0));
    const [hook, died] = lab.traces;
    expect(hook).toMatchObject({ kind: 'hook', hook: 'INPUT', table: 'filter', verdict: 'DROP', rules: [{ missed: '-i' }, { missed: '-m tcp', text: '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT' }, { matched: true, target: 'DROP', position: 3 }] });
    expect(died).toMatchObject({ kind: 'died', layer: 'filter', at: 'INPUT', rule: '-A INPUT -p tcp -j DROP' });
  });

  it('limits as a full bucket that fills again', () => {
    const lab = bench();
    lab.rules('*filter\n-A INPUT -m limit --limit 1/s --limit-burst 2 -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n');
    const burst = (): string => Array.from({ length: 4 }, () => lab.run('INPUT', echoPacket('10.0.0.1', '10.142.0.2', 1))[0]).join('');
    expect(burst()).toBe('aadd');
    lab.seconds(1);
    expect(burst()).toBe('addd');
    lab.seconds(60);
    expect(burst()).toBe('aadd');
  });

  it('takes every third packet with nth', () => {
    const lab = bench();
    lab.rules('*filter\n-A INPUT -m statistic --mode nth --every 3 --packet 0 -j DROP\nCOMMIT\n');
    expect(Array.from({ length: 7 }, () => lab.run('INPUT', echoPacket('10.0.0.1', '10.142.0.2', 1))[0]).join('')).toBe('daadaad');
  });

  it('remembers who came lately', () => {
    const lab = bench();
    lab.rules('*filter\n-A INPUT -m recent --name SSH --rcheck --seconds 60 --hitcount 3 -j DROP\n-A INPUT -m recent --name SSH --set -j ACCEPT\nCOMMIT\n');
    const knock = (): string => lab.run('INPUT', echoPacket('10.0.0.1', '10.142.0.2', 1))[0]!;
    expect([knock(), knock(), knock(), knock()].join('')).toBe('aaad');
    lab.seconds(61);
    expect(knock()).toBe('a');
  });

  it('answers a rejected segment with the reset the other end would send', () => {
    const lab = bench();
    lab.rules('*filter\n-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n-A INPUT -j REJECT --reject-with icmp-admin-prohibited\nCOMMIT\n');
    expect(lab.run('INPUT', tcpPacket('10.0.0.1', 4000, '10.142.0.2', 80, SYN, ETH0, 1000))).toBe('drop');
    expect(lab.run('INPUT', udpPacket('10.0.0.1', 4000, '10.142.0.2', 80, ETH0))).toBe('drop');
    const reset = lab.sent[0]!.bytes!;
    expect({ ports: [...reset.subarray(20, 24)], acknowledges: [...reset.subarray(28, 32)], flags: reset[33] }).toEqual({ ports: [0, 80, 15, 160], acknowledges: [0, 0, 3, 233], flags: 0x14 });
    expect(lab.sent[1]).toMatchObject({ kind: 'icmp', detail: '3/13' });
  });
});

describe('the index of rules', () => {
  /** Random chains of service-like rules, with statistics, limits and wildcard rules between them. */
  function randomRules(seed: number): string {
    const dice = testDice(seed);
    const byPort = seed % 2 === 0;
    const lines = ['*filter', ':ONE - [0:0]', ':TWO - [0:0]'];
    const some = (): string => {
      const parts: string[] = [];
      if (byPort ? dice.below(10) === 0 : dice.below(10) < 8) parts.push(`-d 10.0.0.${dice.below(12)}${dice.below(6) === 0 ? '/30' : '/32'}`);
      if (dice.below(3) === 0) parts.push(`-s 10.1.0.${dice.below(4)}/32`);
      if (byPort && dice.below(20) === 0) parts.push('-m statistic --mode random --probability 0.5');
      if (byPort ? dice.below(10) < 9 : dice.below(2) === 0) parts.push(`-m comment --comment port -p tcp -m tcp --dport ${80 + dice.below(3)}`);
      if (dice.below(6) === 0) parts.push('-m statistic --mode random --probability 0.5');
      if (dice.below(8) === 0) parts.push('-m limit --limit 10/s');
      if (dice.below(8) === 0) parts.push('-m statistic --mode nth --every 2 --packet 0');
      return parts.join(' ');
    };
    const verdict = (jumps: readonly string[]): string => ['', '', '-j ACCEPT', '-j DROP', '-j RETURN', ...jumps.map((jump) => `-j ${jump}`), ...jumps.map((jump) => `-g ${jump}`)][dice.below(5 + 2 * jumps.length)]!;
    for (let rule = 0; rule < 40; rule += 1) lines.push(`-A TWO ${some()} ${verdict([])}`);
    for (let rule = 0; rule < 40; rule += 1) lines.push(`-A ONE ${some()} ${verdict(['TWO'])}`);
    for (let rule = 0; rule < 40; rule += 1) lines.push(`-A INPUT ${some()} ${verdict(['ONE', 'TWO'])}`);
    return `${[...lines, 'COMMIT'].join('\n')}\n`;
  }

  function play(seed: number, isIndexed: boolean): { verdicts: string; counters: unknown } {
    useIndex(isIndexed);
    try {
      const lab = bench(seed);
      lab.rules(randomRules(seed));
      const dice = testDice(seed ^ 0x55555555);
      let verdicts = '';
      for (let round = 0; round < 300; round += 1) {
        const to = `10.0.0.${dice.below(14)}`;
        const from = `10.1.0.${dice.below(5)}`;
        verdicts += lab.run('INPUT', dice.below(3) === 0 ? udpPacket(from, 1, to, 80, ETH0) : tcpPacket(from, 1, to, 79 + dice.below(4), SYN, ETH0))[0];
        lab.seconds(dice.below(3) / 10);
      }
      return { verdicts, counters: lab.calls.table(0, 'inet', 'filter').chains.map(({ name, rules }) => ({ name, counts: rules.map(({ packets, bytes }) => `${packets}:${bytes}`).join(' ') })) };
    } finally {
      useIndex(true);
    }
  }

  it.each(Array.from({ length: 40 }, (_, at) => 7919 * (at + 1)))('changes no verdict and no counter (seed %i)', (seed) => {
    expect(play(seed, true)).toEqual(play(seed, false));
  });
});

import { describe, expect, it } from 'vitest';
import { ACK, SYN } from '../../wire/tcp.ts';
import { endMasqueraded } from './nat.ts';
import { bench, echoPacket, endpoints, errorPacket, ETH0, ETH1, tcpPacket, udpPacket, type Bench } from '../test-bench.ts';

const MASQUERADE = '*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n';
const counters = ({ calls }: Bench, chain: string): number[] => calls.table(0, 'inet', 'nat').chains.find(({ name }) => name === chain)!.rules.map(({ packets }) => packets);

describe('network address translation', () => {
  it('masquerades the way out and undoes it on the way back, asking the rule once', () => {
    const lab = bench();
    lab.rules(MASQUERADE);
    const seen: string[] = [];
    for (const flags of [SYN, ACK]) {
      const out = tcpPacket('192.168.255.2', 4000, '8.8.8.8', 80, flags);
      lab.forward(out);
      const back = tcpPacket('8.8.8.8', 80, '10.142.0.2', 4000, SYN | ACK, ETH0);
      lab.forward(back, ETH1);
      seen.push(endpoints(out), endpoints(back));
    }
    expect(seen).toEqual(['10.142.0.2:4000 > 8.8.8.8:80', '8.8.8.8:80 > 192.168.255.2:4000', '10.142.0.2:4000 > 8.8.8.8:80', '8.8.8.8:80 > 192.168.255.2:4000']);
    expect(counters(lab, 'POSTROUTING')).toEqual([1]);
  });

  it('leaves an unanswered flow alone that was there before the rule, though the rule counts its packets', () => {
    const lab = bench();
    lab.rules('*filter\n-A INPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n');
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 56));
    lab.rules(MASQUERADE);
    for (let round = 0; round < 4; round += 1) {
      const packet = echoPacket('192.168.255.2', '8.8.8.8', 56);
      lab.forward(packet);
      expect(endpoints(packet)).toBe('192.168.255.2 > 8.8.8.8');
    }
    expect(counters(lab, 'POSTROUTING')).toEqual([4]);
    const other = echoPacket('192.168.255.2', '8.8.8.8', 57);
    lab.forward(other);
    expect(endpoints(other)).toBe('10.142.0.2 > 8.8.8.8');
  });

  it('gives the second of two hosts with the same source port another one', () => {
    const lab = bench();
    lab.rules(MASQUERADE);
    const first = tcpPacket('192.168.255.2', 4000, '8.8.8.8', 80, SYN);
    const second = tcpPacket('192.168.255.3', 4000, '8.8.8.8', 80, SYN);
    lab.forward(first);
    lab.forward(second);
    expect(endpoints(first)).toBe('10.142.0.2:4000 > 8.8.8.8:80');
    expect(endpoints(second)).toMatch(/^10\.142\.0\.2:\d+ > 8\.8\.8\.8:80$/);
    expect(endpoints(second)).not.toBe(endpoints(first));
    const port = Number(/:(\d+) >/.exec(endpoints(second))![1]);
    expect(port).toBeGreaterThanOrEqual(1024);
    const back = tcpPacket('8.8.8.8', 80, '10.142.0.2', port, SYN | ACK, ETH0);
    lab.forward(back, ETH1);
    expect(endpoints(back)).toBe('8.8.8.8:80 > 192.168.255.3:4000');
  });

  it('keeps the kind of port: below 512, below 1024, above', () => {
    const lab = bench();
    lab.rules(MASQUERADE);
    for (const [port, low, high] of [[100, 1, 511], [700, 600, 1023], [2000, 1024, 65_535]] as const) {
      lab.forward(udpPacket('192.168.255.2', port, '8.8.8.8', 53));
      const second = udpPacket('192.168.255.3', port, '8.8.8.8', 53);
      lab.forward(second);
      const got = Number(/:(\d+) >/.exec(endpoints(second))![1]);
      expect(got).toBeGreaterThanOrEqual(low);
      expect(got).toBeLessThanOrEqual(high);
    }
  });

  it('sends a published port to the host behind and hides that host in the answers', () => {
    const lab = bench();
    lab.rules('*nat\n-A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to-destination 192.168.255.2:8080\nCOMMIT\n');
    const ask = tcpPacket('10.142.0.1', 39990, '10.142.0.2', 80, SYN, ETH0);
    lab.forward(ask, ETH1);
    expect(endpoints(ask)).toBe('10.142.0.1:39990 > 192.168.255.2:8080');
    const answer = tcpPacket('192.168.255.2', 8080, '10.142.0.1', 39990, SYN | ACK, ETH1);
    lab.forward(answer);
    expect(endpoints(answer)).toBe('10.142.0.2:80 > 10.142.0.1:39990');
  });

  it('translates what ICMP errors quote', () => {
    const lab = bench();
    lab.rules(MASQUERADE);
    const out = udpPacket('192.168.255.2', 5000, '8.8.8.8', 9);
    lab.forward(out);
    const error = errorPacket('9.9.9.9', '10.142.0.2', out, 11, 0);
    lab.forward(error, ETH1);
    expect(endpoints(error)).toBe('9.9.9.9 > 192.168.255.2');
    const quoted = error.frame.subarray(42);
    expect([...quoted.subarray(12, 20)]).toEqual([192, 168, 255, 2, 8, 8, 8, 8]);
  });

  it('redirects to the address of the device a packet came in by, to loopback for local ones', () => {
    const lab = bench();
    lab.rules('*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 3128\n-A OUTPUT -p tcp --dport 80 -j REDIRECT\nCOMMIT\n');
    const through = tcpPacket('192.168.255.2', 4000, '8.8.8.8', 80, SYN);
    lab.run('PREROUTING', through);
    expect(endpoints(through)).toBe('192.168.255.2:4000 > 192.168.255.1:3128');
    const local = tcpPacket('10.142.0.2', 4000, '8.8.8.8', 80, SYN, 0);
    lab.run('OUTPUT', local);
    expect(endpoints(local)).toBe('10.142.0.2:4000 > 127.0.0.1:80');
  });

  it('maps networks host by host with NETMAP', () => {
    const lab = bench();
    lab.rules('*nat\n-A PREROUTING -d 10.1.0.0/16 -j NETMAP --to 10.2.0.0/16\nCOMMIT\n');
    const packet = udpPacket('192.168.255.2', 1, '10.1.7.9', 53);
    lab.forward(packet);
    expect(endpoints(packet)).toBe('192.168.255.2:1 > 10.2.7.9:53');
  });

  it('uses a range of addresses, the same one for the same pair of hosts', () => {
    const lab = bench();
    lab.rules('*nat\n-A POSTROUTING -j SNAT --to-source 1.2.3.4-1.2.3.9\nCOMMIT\n');
    const used = new Set<string>();
    for (let host = 2; host < 40; host += 1) {
      const pair = [1, 2].map((port) => {
        const packet = udpPacket(`192.168.255.${host}`, port, '8.8.8.8', 53);
        lab.forward(packet);
        return endpoints(packet).split(':')[0]!;
      });
      expect(pair[0]).toBe(pair[1]);
      used.add(pair[0]!);
    }
    expect([...used].sort()).toEqual(['1.2.3.4', '1.2.3.5', '1.2.3.6', '1.2.3.7', '1.2.3.8', '1.2.3.9']);
  });

  it('ends masqueraded connections when their device goes down', () => {
    const lab = bench();
    lab.rules(MASQUERADE);
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 1));
    endMasqueraded(lab.environment, 0, lab.state, ETH1, undefined);
    expect(lab.calls.conntrackCount(0)).toBe(1);
    endMasqueraded(lab.environment, 0, lab.state, ETH0, undefined);
    expect(lab.calls.conntrackCount(0)).toBe(0);
  });

  it('keeps partial checksums partial', () => {
    const lab = bench();
    lab.rules(MASQUERADE);
    const packet = tcpPacket('192.168.255.2', 4000, '8.8.8.8', 80, SYN);
    const partial = pseudoSum(packet.frame);
    packet.frame[50] = partial >> 8;
    packet.frame[51] = partial & 255;
    packet.checksumPartial = true;
    lab.forward(packet);
    expect(packet.frame[50]! * 256 + packet.frame[51]!).toBe(pseudoSum(packet.frame));
  });
});

/** Folded, not complemented: what CHECKSUM_PARTIAL keeps in the checksum field. */
function pseudoSum(frame: Uint8Array): number {
  let sum = 6 + (frame.length - 34);
  for (let at = 26; at < 34; at += 2) sum += frame[at]! * 256 + frame[at + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

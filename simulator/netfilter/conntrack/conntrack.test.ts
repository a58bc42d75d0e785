import { describe, expect, it } from 'vitest';
import { ACK, FIN, RST, SYN } from '../../wire/tcp.ts';
import { bench, echoPacket, endpoints, errorPacket, ETH0, ETH1, tcpPacket, udpPacket, type Bench } from '../test-bench.ts';

const ON = '*filter\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n';

function listing({ calls }: Bench): string[] {
  return calls.conntrack(0).map((entry) => {
    const ports = entry.original.sport === undefined ? `id=${entry.original.icmpId ?? ''}` : `${entry.original.sport}>${entry.original.dport!}`;
    return `${entry.protocolName} ${entry.timeoutSeconds} ${entry.state ?? '-'} ${entry.original.source}>${entry.original.destination} ${ports}${entry.isReplied ? '' : ' [UNREPLIED]'}${entry.isAssured ? ' [ASSURED]' : ''} back ${entry.reply.source}>${entry.reply.destination}`;
  });
}

describe('connection tracking', () => {
  it('is off until a rule needs it, and off again when the last such rule goes', () => {
    const lab = bench();
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 1));
    lab.rules('*nat\n-A POSTROUTING -j RETURN\nCOMMIT\n');
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 2));
    expect(listing(lab)).toEqual([]);
    lab.rules(ON);
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 3));
    expect(listing(lab)).toEqual(['icmp 30 - 192.168.255.2>8.8.8.8 id=3 [UNREPLIED] back 8.8.8.8>192.168.255.2']);
    lab.rules('*filter\n-F FORWARD\nCOMMIT\n');
    expect(lab.calls.isConntrackActive(0)).toBe(false);
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 4));
    expect(listing(lab)).toHaveLength(1);
  });

  it('forgets an ICMP entry after 30 seconds of silence, exactly', () => {
    const lab = bench();
    lab.rules(ON);
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 7));
    lab.seconds(29.999);
    expect(listing(lab)).toHaveLength(1);
    lab.seconds(0.001);
    expect(listing(lab)).toEqual([]);
  });

  it('follows a TCP connection from SYN to TIME_WAIT', () => {
    const lab = bench();
    lab.rules(ON);
    const client = (flags: number, sequence: number, ack = 0): void => void lab.forward(tcpPacket('192.168.255.2', 4000, '8.8.8.8', 80, flags, ETH1, sequence, ack));
    const server = (flags: number, sequence: number, ack: number): void => void lab.forward(tcpPacket('8.8.8.8', 80, '192.168.255.2', 4000, flags, ETH0, sequence, ack), ETH1);
    const states: string[] = [];
    const note = (): number => states.push(listing(lab)[0]?.replace(/ 192.*4000>80/, '').replace(/ back.*/, '') ?? 'none');
    client(SYN, 100); note();
    server(SYN | ACK, 500, 101); note();
    client(ACK, 101, 501); note();
    client(FIN | ACK, 101, 501); note();
    server(ACK, 501, 102); note();
    server(FIN | ACK, 501, 102); note();
    client(ACK, 102, 502); note();
    client(SYN, 900); note();
    expect(states).toEqual(['tcp 120 SYN_SENT [UNREPLIED]', 'tcp 60 SYN_RECV', 'tcp 432000 ESTABLISHED [ASSURED]', 'tcp 120 FIN_WAIT [ASSURED]', 'tcp 60 CLOSE_WAIT [ASSURED]', 'tcp 30 LAST_ACK [ASSURED]', 'tcp 120 TIME_WAIT [ASSURED]', 'tcp 120 SYN_SENT [UNREPLIED]']);
  });

  it('forgets a connection at once when the only answer is a reset', () => {
    const lab = bench();
    lab.rules(ON);
    lab.forward(tcpPacket('192.168.255.2', 4000, '8.8.8.8', 81, SYN));
    expect(lab.forward(tcpPacket('8.8.8.8', 81, '192.168.255.2', 4000, RST | ACK, ETH0), ETH1)).toBe('accept');
    expect(listing(lab)).toEqual([]);
  });

  it('picks up a connection in the middle, for five minutes until it is answered', () => {
    const lab = bench();
    lab.rules(ON);
    lab.forward(tcpPacket('192.168.255.2', 4000, '8.8.8.8', 80, ACK));
    expect(listing(lab)[0]).toMatch(/^tcp 300 ESTABLISHED .* \[UNREPLIED\]/);
  });

  it('calls a reply nobody asked for INVALID', () => {
    const lab = bench();
    lab.rules(ON);
    expect(lab.forward(echoPacket('8.8.8.8', '192.168.255.2', 9, 0, ETH0), ETH1)).toBe('drop');
    expect(lab.forward(tcpPacket('8.8.8.8', 80, '192.168.255.2', 1, SYN | ACK, ETH0), ETH1)).toBe('drop');
    expect(lab.calls.conntrackStatistics(0).invalid).toBe(2);
  });

  it('keeps answered UDP 30 seconds, and 120 once it lasts longer than two seconds', () => {
    const lab = bench();
    lab.rules(ON);
    const ask = (): void => void lab.forward(udpPacket('192.168.255.2', 5000, '8.8.8.8', 53));
    const answer = (): void => void lab.forward(udpPacket('8.8.8.8', 53, '192.168.255.2', 5000, ETH0), ETH1);
    ask();
    expect(listing(lab)[0]).toMatch(/^udp 30 .*UNREPLIED/);
    answer(); ask();
    expect(listing(lab)[0]).toMatch(/^udp 30 (?!.*UNREPLIED)(?!.*ASSURED)/);
    lab.seconds(3);
    ask();
    expect(listing(lab)[0]).toMatch(/^udp 120 .*ASSURED/);
  });

  it('relates an ICMP error to the connection it is about', () => {
    const lab = bench();
    lab.rules('*filter\n-A FORWARD -m conntrack --ctstate RELATED -j ACCEPT\n-A FORWARD -p icmp -j DROP\nCOMMIT\n');
    const sent = udpPacket('192.168.255.2', 5000, '8.8.8.8', 9);
    lab.forward(sent);
    expect(lab.forward(errorPacket('8.8.8.8', '192.168.255.2', sent, 3, 3), ETH1)).toBe('accept');
    expect(lab.forward(errorPacket('8.8.8.8', '192.168.255.2', udpPacket('192.168.255.2', 5001, '8.8.8.8', 9), 3, 3), ETH1)).toBe('drop');
  });

  it('does not track what NOTRACK names', () => {
    const lab = bench();
    lab.rules(`*raw\n-A PREROUTING -p udp -j NOTRACK\nCOMMIT\n${ON}`);
    lab.rules('*filter\n-A FORWARD -m conntrack --ctstate UNTRACKED -j DROP\nCOMMIT\n');
    expect(lab.forward(udpPacket('192.168.255.2', 1, '8.8.8.8', 2))).toBe('drop');
    expect(listing(lab)).toEqual([]);
  });

  it('tells listeners of new, changed and ended connections', () => {
    const lab = bench();
    lab.rules(ON);
    const id = lab.calls.subscribeConntrack(0);
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 3));
    lab.forward(echoPacket('8.8.8.8', '192.168.255.2', 3, 0, ETH0), ETH1);
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 3));
    lab.seconds(31);
    lab.calls.conntrack(0);
    expect(lab.calls.takeConntrackEvents(id).map(({ kind, entry }) => `${kind} ${entry.isReplied}`)).toEqual(['NEW false', 'UPDATE true', 'DESTROY true']);
  });

  it('keeps the connection mark that CONNMARK saves and gives it back', () => {
    const lab = bench();
    lab.rules('*mangle\n-A PREROUTING -j CONNMARK --restore-mark\n-A PREROUTING -m mark --mark 0 -j MARK --set-mark 0x22\n-A PREROUTING -j CONNMARK --save-mark\nCOMMIT\n');
    lab.forward(echoPacket('192.168.255.2', '8.8.8.8', 3));
    const second = echoPacket('8.8.8.8', '192.168.255.2', 3, 0, ETH0);
    lab.run('PREROUTING', second);
    expect(second.mark).toBe(0x22);
    expect(lab.calls.conntrack(0)[0]!.mark).toBe(0x22);
  });

  it('leaves bytes alone when nothing is translated', () => {
    const lab = bench();
    lab.rules(ON);
    const packet = tcpPacket('192.168.255.2', 4000, '8.8.8.8', 80, SYN);
    lab.forward(packet);
    expect(endpoints(packet)).toBe('192.168.255.2:4000 > 8.8.8.8:80');
  });
});

describe('a rejected first packet', () => {
  it('leaves no entry behind, and its reset belongs to the connection', () => {
    const lab = bench();
    lab.rules(`*filter\n-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n-A OUTPUT -m conntrack --ctstate RELATED\nCOMMIT\n`);
    const first = tcpPacket('8.8.8.8', 4000, '10.142.0.2', 80, SYN, ETH0);
    lab.run('PREROUTING', first);
    expect(lab.run('INPUT', first)).toBe('drop');
    const reset = tcpPacket('10.142.0.2', 80, '8.8.8.8', 4000, RST | ACK, 0);
    reset.conntrack = lab.attached[0]!;
    lab.run('OUTPUT', reset);
    expect(lab.run('POSTROUTING', reset)).toBe('accept');
    expect(lab.calls.table(0, 'inet', 'filter').chains[2]!.rules[0]!.packets).toBe(1);
    expect(listing(lab)).toEqual([]);
  });

  it('has its ICMP error related to it', () => {
    const lab = bench();
    lab.rules(`*filter\n-A INPUT -p udp -j REJECT\n-A OUTPUT -m conntrack --ctstate RELATED\nCOMMIT\n`);
    const first = udpPacket('8.8.8.8', 4000, '10.142.0.2', 80, ETH0);
    lab.run('PREROUTING', first);
    lab.run('INPUT', first);
    lab.run('OUTPUT', errorPacket('10.142.0.2', '8.8.8.8', first, 3, 3, 0));
    expect(lab.calls.table(0, 'inet', 'filter').chains[2]!.rules[0]!.packets).toBe(1);
  });
});

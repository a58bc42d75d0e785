import { describe, expect, it } from 'vitest';
import type { Packet } from '../../kernel/packet.ts';
import { ACK, SYN } from '../../wire/tcp.ts';
import { bench, echoPacket, errorPacket, ETH0, ETH1, tcpPacket, udpPacket } from '../test-bench.ts';

/** What -j LOG with these options says of a packet on its way through. */
function logged(options: string, packet: Packet, chain: 'FORWARD' | 'INPUT' | 'OUTPUT' = 'FORWARD'): [number, string][] {
  const lab = bench();
  const said: [number, string][] = [];
  lab.environment.kernelLog = (_ns, level, line) => said.push([level, line]);
  lab.rules(`*filter\n-A ${chain} -j LOG ${options}\nCOMMIT\n`);
  if (chain !== 'INPUT') packet.outDevice = ETH0;
  lab.run(chain, packet);
  return said;
}

const quoted = tcpPacket('10.142.0.2', 40000, '8.8.8.8', 80, SYN);
const marked = { ...udpPacket('192.168.255.2', 5353, '8.8.8.8', 53), mark: 0x1f };
const bridged = { ...udpPacket('192.168.255.2', 5353, '8.8.8.8', 53), physicalIn: ETH1, physicalOut: ETH0 };
const fragment = udpPacket('192.168.255.2', 5353, '8.8.8.8', 53);
fragment.frame[20] = 0x20;
fragment.frame[21] = 185;

describe('LOG writes what nf_log_syslog writes', () => {
  it.each([
    ['', tcpPacket('192.168.255.2', 40000, '8.8.8.8', 80, SYN), 'SRC=192.168.255.2 DST=8.8.8.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=TCP SPT=40000 DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0 '],
    ['--log-tcp-sequence', tcpPacket('192.168.255.2', 40000, '8.8.8.8', 80, SYN | ACK), 'SRC=192.168.255.2 DST=8.8.8.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=TCP SPT=40000 DPT=80 SEQ=1000 ACK=0 WINDOW=64240 RES=0x00 ACK SYN URGP=0 '],
    ['', echoPacket('192.168.255.2', '8.8.8.8', 7), 'SRC=192.168.255.2 DST=8.8.8.8 LEN=84 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=ICMP TYPE=8 CODE=0 ID=7 SEQ=1 '],
    ['', errorPacket('10.142.0.1', '192.168.255.2', quoted, 3, 1, ETH1), 'SRC=10.142.0.1 DST=192.168.255.2 LEN=56 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=ICMP TYPE=3 CODE=1 [SRC=10.142.0.2 DST=8.8.8.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=TCP INCOMPLETE [8 bytes] ] '],
    ['', marked, 'SRC=192.168.255.2 DST=8.8.8.8 LEN=32 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=UDP SPT=5353 DPT=53 LEN=12 MARK=0x1f '],
    ['', fragment, 'SRC=192.168.255.2 DST=8.8.8.8 LEN=32 TOS=0x00 PREC=0x00 TTL=64 ID=0 MF FRAG:185 PROTO=UDP '],
  ])('%s %#', (options, packet, text) => {
    expect(logged(options, packet)).toEqual([[4, `IN=eth1 OUT=eth0 MAC=00:00:00:00:00:00:00:00:00:00:00:00:00:00 ${text}`]]);
  });

  it('names devices, ports of a bridge, addresses and the sender as the hook knows them', () => {
    const udp = 'SRC=192.168.255.2 DST=8.8.8.8 LEN=32 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=UDP SPT=5353 DPT=53 LEN=12 ';
    expect(logged('--log-prefix "X: " --log-level debug', udpPacket('192.168.255.2', 5353, '8.8.8.8', 53), 'INPUT')).toEqual([[7, `X: IN=eth1 OUT= MAC=00:00:00:00:00:00:00:00:00:00:00:00:00:00 ${udp}`]]);
    expect(logged('--log-uid', { ...udpPacket('192.168.255.2', 5353, '8.8.8.8', 53), uid: 1000 }, 'OUTPUT')).toEqual([[4, `IN= OUT=eth0 ${udp}UID=1000 GID=1000 `]]);
    expect(logged('--log-macdecode', bridged)).toEqual([[4, `IN=eth1 OUT=eth0 MACSRC=00:00:00:00:00:00 MACDST=00:00:00:00:00:00 MACPROTO=0000 ${udp}`]]);
  });
});

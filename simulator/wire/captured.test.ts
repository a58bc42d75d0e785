/** Parsers and emitters against packets of a real kernel: what is parsed and emitted again gives the same bytes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checksum, fromHex, get16, hex, put16 } from '../bytes.ts';
import * as arp from './arp.ts';
import * as bpdu from './bpdu.ts';
import * as dns from './dns.ts';
import * as ethernet from './ethernet.ts';
import * as icmp from './icmp.ts';
import * as icmp6 from './icmp6.ts';
import * as igmp from './igmp.ts';
import * as ip4 from './ip4.ts';
import * as ip6 from './ip6.ts';
import * as ipv4 from './ipv4.ts';
import * as ipv6 from './ipv6.ts';
import * as mac from './mac.ts';
import * as pcap from './pcap.ts';
import * as sll2 from './sll2.ts';
import * as tcp from './tcp.ts';
import * as udp from './udp.ts';

function capture(name: string): pcap.CaptureFile {
  const file = pcap.parse(new Uint8Array(readFileSync(new URL(`fixtures/${name}.pcap`, import.meta.url))));
  if (typeof file === 'string') throw new Error(file);
  return file;
}

const port = capture('bridge-port');
const frames = port.packets.map((packet) => packet.bytes);

function record<T>(parsed: T | string): T {
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed as T;
}

function payloadsOf(type: number): Uint8Array[] {
  return frames.filter((frame) => ethernet.etherType(frame) === type).map((frame) => frame.subarray(14));
}

function ip4PacketsWith(protocol: number): Uint8Array[] {
  return payloadsOf(ethernet.TYPE_IPV4).filter((packet) => ipv4.protocol(packet, 0) === protocol && ipv4.fragmentOffset(packet, 0) === 0);
}

describe('captured packets come out as they went in', () => {
  it('has every kind among the fixtures', () => {
    expect(payloadsOf(ethernet.TYPE_ARP).length).toBeGreaterThan(2);
    expect(payloadsOf(ethernet.TYPE_IPV6).length).toBeGreaterThan(10);
    expect(ip4PacketsWith(1).length).toBeGreaterThan(10);
    expect(ip4PacketsWith(6).length).toBeGreaterThan(20);
    expect(ip4PacketsWith(17).length).toBeGreaterThan(0);
    expect(payloadsOf(bpdu.CONFIG_LENGTH).length).toBeGreaterThan(5);
  });

  it('capture files', () => {
    expect(hex(pcap.emit(port.linkType, port.packets, port.snapshotLength))).toBe(hex(readFileSync(new URL('fixtures/bridge-port.pcap', import.meta.url))));
  });

  it('Ethernet frames', () => {
    for (const frame of frames) expect(hex(ethernet.emit(record(ethernet.parse(frame))))).toBe(hex(frame));
  });

  it('cooked headers, whose last two bytes the kernel leaves as they were', () => {
    for (const { bytes } of capture('any-device').packets) expect(hex(sll2.emit(record(sll2.parse(bytes))), 0, 18)).toBe(hex(bytes, 0, 18));
  });

  it('ARP', () => {
    for (const packet of payloadsOf(ethernet.TYPE_ARP)) expect(hex(arp.emit(record(arp.parse(packet))))).toBe(hex(packet, 0, arp.LENGTH));
  });

  it('IPv4, with options and fragments', () => {
    for (const packet of payloadsOf(ethernet.TYPE_IPV4)) {
      expect(ipv4.isChecksumRight(packet, 0)).toBe(true);
      expect(hex(ipv4.emit(record(ipv4.parse(packet)), ipv4.payload(packet)))).toBe(hex(packet, 0, ipv4.totalLength(packet, 0)));
    }
  });

  it('IPv6', () => {
    for (const packet of payloadsOf(ethernet.TYPE_IPV6)) expect(hex(ipv6.emit(record(ipv6.parse(packet)), ipv6.payload(packet)))).toBe(hex(packet));
  });

  it('ICMP that is not in fragments', () => {
    for (const packet of ip4PacketsWith(1).filter((each) => !ipv4.isFragment(each, 0))) {
      const body = ipv4.payload(packet);
      expect(icmp.isChecksumRight(body, 0, body.length)).toBe(true);
      expect(hex(icmp.emit(record(icmp.parse(body))))).toBe(hex(body));
    }
  });

  it('ICMPv6, neighbour discovery and listener reports', () => {
    for (const packet of payloadsOf(ethernet.TYPE_IPV6)) {
      const upper = record(ipv6.upperLayer(packet));
      const body = packet.subarray(upper.at);
      const sum = ipv6.pseudoHeaderSum(ipv6.source(packet, 0), ipv6.destination(packet, 0), upper.protocol, body.length);
      const message = record(icmp6.parse(body));
      expect(icmp6.isChecksumRight(body, 0, body.length, sum)).toBe(true);
      expect(hex(icmp6.emit(message, sum))).toBe(hex(body));
      if (message.type === icmp6.MLDV2_REPORT) expect(hex(icmp6.reportPayload(record(icmp6.parseReport(message))))).toBe(hex(message.payload));
      if (message.type === icmp6.NEIGHBOUR_ADVERTISEMENT) {
        const neighbour = record(icmp6.parseNeighbour(message));
        expect(hex(icmp6.neighbourPayload(neighbour.target, neighbour.linkLayer, 2))).toBe(hex(message.payload));
      }
    }
  });

  it('TCP with its options, whose checksum an offloading device leaves at the pseudo-header sum', () => {
    for (const packet of ip4PacketsWith(6)) {
      const body = ipv4.payload(packet).slice();
      const sum = ipv4.pseudoHeaderSum(ipv4.source(packet, 0), ipv4.destination(packet, 0), 6, body.length);
      const emitted = tcp.emit(record(tcp.parse(body)), sum);
      expect(tcp.isChecksumRight(emitted, 0, emitted.length, sum)).toBe(true);
      put16(emitted, 16, get16(body, 16));
      expect(hex(emitted)).toBe(hex(body));
    }
  });

  it('UDP', () => {
    for (const packet of ip4PacketsWith(17)) {
      const body = ipv4.payload(packet);
      const sum = ipv4.pseudoHeaderSum(ipv4.source(packet, 0), ipv4.destination(packet, 0), 17, body.length);
      const emitted = udp.emit(record(udp.parse(body)), sum);
      expect(udp.isChecksumRight(emitted, 0, emitted.length, sum)).toBe(true);
      expect(hex(emitted, 8)).toBe(hex(body, 8));
    }
  });

  it('spanning tree', () => {
    for (const body of payloadsOf(bpdu.CONFIG_LENGTH)) expect(hex(bpdu.emit(record(bpdu.parse(body))))).toBe(hex(body, 0, bpdu.CONFIG_LENGTH));
  });
});

describe('messages built here are read back', () => {
  it('DNS, compressed', () => {
    const question = dns.query(7, 'www.example.com', dns.TYPE_A);
    const message = dns.answer(question, {
      answers: [
        { name: 'www.example.com', class: 1, ttlS: 60, data: { kind: 'cname', name: 'web.example.com' } },
        { name: 'web.example.com', class: 1, ttlS: 60, data: { kind: 'a', address: 0x0a8e0002 } },
        { name: 'web.example.com', class: 1, ttlS: 60, data: { kind: 'mx', preference: 5, name: 'mail.example.com' } },
        { name: 'web.example.com', class: 1, ttlS: 60, data: { kind: 'txt', texts: ['one', 'two'] } },
      ],
    });
    expect(dns.parse(dns.emit(message))).toEqual(message);
  });

  it('refuses a DNS name that points at itself', () => {
    expect(dns.parse(fromHex('0001 0100 0001 0000 0000 0000 c00c 0001 0001')!)).toBe('truncated');
  });

  it('IGMP version 3 reports', () => {
    const report = { type: igmp.V3_REPORT, maxResponse: 0, group: 0, records: [{ mode: 4, group: 0xe00000fb, sources: [1, 2] }] };
    expect(igmp.parse(igmp.emit(report))).toEqual(report);
    expect(checksum(igmp.emit(report))).toBe(0);
  });
});

describe('an IPv4 header changed in flight keeps a right checksum', () => {
  const packet = payloadsOf(ethernet.TYPE_IPV4)[0]!;
  it.each<[string, (bytes: Uint8Array) => void]>([
    ['TTL', (bytes) => ipv4.decrementTimeToLive(bytes, 0)],
    ['source', (bytes) => ipv4.setSource(bytes, 0, 0xfffefdfc)],
    ['destination', (bytes) => ipv4.setDestination(bytes, 0, 0)],
  ])('%s', (_, change) => {
    const copy = packet.slice();
    change(copy);
    expect(hex(copy)).not.toBe(hex(packet));
    expect(ipv4.isChecksumRight(copy, 0)).toBe(true);
  });
});

describe('cut packets are refused, not read', () => {
  it.each([
    ['ethernet', (bytes: Uint8Array) => ethernet.parse(bytes.subarray(0, 13))],
    ['ipv4', (bytes: Uint8Array) => ipv4.parse(bytes.subarray(14, 33))],
    ['ipv4 body', (bytes: Uint8Array) => ipv4.parse(bytes.subarray(14, 60))],
    ['tcp', (bytes: Uint8Array) => tcp.parse(bytes.subarray(34, 53))],
    ['udp', (bytes: Uint8Array) => udp.parse(bytes.subarray(34, 41))],
    ['icmp', (bytes: Uint8Array) => icmp.parse(bytes.subarray(34, 41))],
  ])('%s', (_, parse) => {
    const frame = frames.find((each) => ethernet.etherType(each) === ethernet.TYPE_IPV4)!;
    expect(parse(frame)).toBe('truncated');
  });
});

describe('addresses', () => {
  it.each([
    ['10.142.0.2', 0x0a8e0002], ['0.0.0.0', 0], ['255.255.255.255', 0xffffffff], ['256.0.0.1', undefined], ['1.2.3', undefined], ['01.2.3.4', undefined], ['1.2.3.4 ', undefined],
  ])('reads the dotted quad %s', (text, value) => expect(ip4.parseIp4(text)).toBe(value));

  it.each([
    ['10.1', 0x0a000001], ['10', 10], ['0x7f.1', 0x7f000001], ['010.0.0.1', 0x08000001], ['1.2.65535', 0x0102ffff], ['1.2.65536', undefined], ['08', undefined], ['', undefined], ['4294967296', undefined],
  ])('reads %s as inet_aton does', (text, value) => expect(ip4.parseInetAton(text)).toBe(value));

  it.each(['::', '::1', 'fe80::ff:fe00:11', '2001:db8:0:1::53', '1::2:0:0:3', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8', 'ff02::1:ff00:10'])('writes %s as it was read', (text) => {
    expect(ip6.formatIp6(ip6.parseIp6(text)!)).toBe(text);
  });

  it.each(['1:2:3', ':::', '1::2::3', '12345::', 'g::', '1:2:3:4:5:6:7:8:9', '::1.2.3', '1:2:3:4:5:6:7::8'])('does not take %s for IPv6', (text) => {
    expect(ip6.parseIp6(text)).toBeUndefined();
  });

  it.each([[0, 0], [8, 0xff000000], [24, 0xffffff00], [32, 0xffffffff]])('makes the mask of /%i', (length, mask) => {
    expect(ip4.maskOf(length)).toBe(mask);
    expect(ip4.lengthOfMask(mask)).toBe(length);
  });

  it('makes a link-local address of a MAC', () => {
    expect(ip6.formatIp6(mac.linkLocalOfMac('42:01:0a:8e:00:02'))).toBe('fe80::4001:aff:fe8e:2');
  });

  it('finds multicast MACs', () => {
    expect(mac.macOfIp6Multicast(ip6.solicitedNodeOf(ip6.parseIp6('fe80::ff:fe00:11')!))).toBe('33:33:ff:00:00:11');
    expect(mac.macOfIp4Multicast(0xe00000fb)).toBe('01:00:5e:00:00:fb');
    expect(mac.isMulticastMac('33:33:00:00:00:01')).toBe(true);
    expect(mac.isMulticastMac('42:01:0a:8e:00:02')).toBe(false);
  });

  it.each([[128, true], [64, true], [10, true], [11, true]])('keeps an address in its own network of /%i', (length, isIn) => {
    const address = ip6.parseIp6('fe80::ff:fe00:11')!;
    expect(ip6.isInPrefix6(address, ip6.networkOf6(address, length), length)).toBe(isIn);
  });
});

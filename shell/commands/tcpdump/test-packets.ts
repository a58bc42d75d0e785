/**
 * Packets of every kind that tcpdump's printers and filters meet, built with our own emitters. For tests only.
 */
import type { pcap} from '../../ports/wire.ts';
import { arp, bpdu, bytes as wire, dns, ethernet, icmp, icmp6, igmp, ip4, ip6, ipv4, ipv6, sll2, tcp, udp, vlan } from '../../ports/wire.ts';

const MAC_A = '02:00:00:00:00:11';
const MAC_B = '42:01:0a:8e:00:02';
const A = ip4.parseIp4('192.168.255.2')!;
const B = ip4.parseIp4('10.142.0.2')!;
const A6 = ip6.parseIp6('fe80::ff:fe00:11')!;
const B6 = ip6.parseIp6('2001:db8:0:1::53')!;
const PAD = new Uint8Array(56).map((_, index) => index + 8);

function frame(type: number, body: Uint8Array, to = MAC_B, from = MAC_A): Uint8Array {
  return ethernet.emit({ destination: to, source: from, etherType: type, payload: body });
}

function ip(fields: Partial<ipv4.Ipv4Fields> & { protocol: number }, body: Uint8Array): Uint8Array {
  return frame(ethernet.TYPE_IPV4, ipv4.emit({ source: A, destination: B, identification: 4711, dontFragment: true, ...fields }, body));
}

function ip6Frame(nextHeader: number, body: Uint8Array, fields: Partial<ipv6.Ipv6Fields> = {}): Uint8Array {
  return frame(ethernet.TYPE_IPV6, ipv6.emit({ source: A6, destination: B6, nextHeader, ...fields }, body));
}

function tcpFrame(fields: Partial<tcp.TcpFields>, isBack = false): Uint8Array {
  const whole = { sourcePort: isBack ? 80 : 51774, destinationPort: isBack ? 51774 : 80, sequence: 1000, flags: tcp.ACK, window: 502, ...fields };
  const [source, destination] = isBack ? [B, A] : [A, B];
  return ip({ protocol: 6, source, destination }, tcp.emit(whole, ipv4.pseudoHeaderSum(source, destination, 6, tcp.emittedLength(whole))));
}

function udpFrame(sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array {
  return ip({ protocol: 17 }, udp.emit({ sourcePort, destinationPort, payload }, ipv4.pseudoHeaderSum(A, B, 17, payload.length + 8)));
}

function tcp6Frame(fields: tcp.TcpFields): Uint8Array {
  return ip6Frame(6, tcp.emit(fields, ipv6.pseudoHeaderSum(A6, B6, 6, tcp.emittedLength(fields))));
}

function udp6Frame(sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array {
  return ip6Frame(17, udp.emit({ sourcePort, destinationPort, payload }, ipv6.pseudoHeaderSum(A6, B6, 17, payload.length + 8)));
}

function icmp6Body(type: number, code: number, rest: number, payload: Uint8Array): Uint8Array {
  return icmp6.emit({ type, code, rest, payload }, ipv6.pseudoHeaderSum(A6, B6, 58, payload.length + 8));
}

function icmp6Frame(type: number, code: number, rest: number, payload: Uint8Array): Uint8Array {
  return ip6Frame(58, icmp6Body(type, code, rest, payload), { hopLimit: 255, flowLabel: 0xabcde });
}

function icmpFrame(type: number, code: number, rest: number, payload: Uint8Array): Uint8Array {
  return ip({ protocol: 1 }, icmp.emit({ type, code, rest, payload }));
}

const quotedUdp = ipv4.emit({ source: A, destination: B, protocol: 17, identification: 7, timeToLive: 1 }, udp.emit({ sourcePort: 33000, destinationPort: 33434, payload: PAD.subarray(0, 12) }, ipv4.pseudoHeaderSum(A, B, 17, 20)));
const quotedTcpFields = { sourcePort: 40000, destinationPort: 443, sequence: 5, flags: tcp.SYN, window: 64240 };
const quotedTcp = ipv4.emit({ source: A, destination: B, protocol: 6, identification: 8 }, tcp.emit(quotedTcpFields, ipv4.pseudoHeaderSum(A, B, 6, 20)));
const quotedIcmp = ipv4.emit({ source: A, destination: B, protocol: 1, identification: 9 }, icmp.emit({ type: 8, code: 0, rest: icmp.echoRest(9, 1), payload: PAD }));
const quotedUdp6 = ipv6.emit({ source: A6, destination: B6, nextHeader: 17 }, udp.emit({ sourcePort: 33000, destinationPort: 33434, payload: PAD }, 0));
const http = wire.utf8('GET /index.html HTTP/1.1\r\nHost: 10.142.0.2\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n');
const response = wire.utf8('HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\n<html>\x01\x02');
const noMore = { answers: [], authorities: [], additionals: [] };

function corrupted(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at]! + 1) & 255;
  return copy;
}

function arpFrame(operation: number, targetMac: string, to = MAC_B): Uint8Array {
  return frame(ethernet.TYPE_ARP, arp.emit({ operation, senderMac: MAC_A, senderIp: A, targetMac, targetIp: B }), to);
}

function dnsFrames(): Uint8Array[] {
  const name = 'kubernetes.default.svc.cluster.local';
  const ask = (type: number, asked = name): dns.DnsMessage => dns.query(4660, asked, type);
  const record = (data: dns.DnsData, owner = name): dns.DnsRecord => ({ name: owner, class: dns.CLASS_IN, ttlS: 90061, data });
  const soa = record({ kind: 'soa', primary: 'ns.dns.cluster.local', mailbox: 'hostmaster.cluster.local', serial: 1, refreshS: 7200, retryS: 1800, expireS: 86400, minimumS: 5 }, 'cluster.local');
  const questions = [ask(dns.TYPE_A), ask(dns.TYPE_AAAA), ask(dns.TYPE_PTR, '2.0.142.10.in-addr.arpa'), ask(dns.TYPE_MX), ask(dns.TYPE_TXT), ask(dns.TYPE_NS, ''), ask(33), ask(255), ask(65399), { ...ask(1), recursionDesired: false }];
  const answers = [
    dns.answer(ask(1), { answers: [record({ kind: 'a', address: B }), record({ kind: 'a', address: A })] }),
    dns.answer(ask(28), { answers: [record({ kind: 'aaaa', address: B6 })] }),
    dns.answer(ask(1), { answers: [record({ kind: 'cname', name: 'www.example.com' }), record({ kind: 'a', address: A }, 'www.example.com')], isAuthoritative: true }),
    dns.answer(ask(12, '2.0.142.10.in-addr.arpa'), { answers: [record({ kind: 'ptr', name: 'debian' }, '2.0.142.10.in-addr.arpa')] }),
    dns.answer(ask(15), { answers: [record({ kind: 'mx', preference: 10, name: 'mail.example.com' })] }),
    dns.answer(ask(16), { answers: [record({ kind: 'txt', texts: ['v=spf1 -all', 'two\tparts'] })] }),
    dns.answer(ask(2), { answers: [record({ kind: 'ns', name: 'ns.example.com' })], additionals: [record({ kind: 'a', address: A }, 'ns.example.com')] }),
    dns.answer(ask(1), { responseCode: dns.NAME_ERROR, authorities: [soa] }),
    dns.answer(ask(6), { answers: [soa] }),
    dns.answer(ask(1), { responseCode: dns.SERVER_FAILURE }),
    dns.answer(ask(1), { responseCode: dns.REFUSED }),
    { ...dns.answer(ask(1), {}), isTruncated: true, recursionAvailable: false },
    { ...dns.answer(ask(1), {}), questions: [], ...noMore },
    dns.answer(ask(33), { answers: [record({ kind: 'other', type: 33, bytes: Uint8Array.from([0, 1, 0, 2, 0, 80, 3, 97, 98, 99, 0]) })] }),
  ];
  const twice = wire.concat(dns.emit(ask(1)));
  return [
    ...questions.map((message) => udpFrame(40001, 53, dns.emit(message))),
    ...answers.map((message) => udpFrame(53, 40001, dns.emit(message))),
    udpFrame(5353, 5353, dns.emit({ ...ask(1), recursionDesired: false })),
    udp6Frame(53, 40001, dns.emit(answers[1]!)),
    udpFrame(40001, 53, twice.subarray(0, 9)),
    udpFrame(40001, 53, twice.subarray(0, 30)),
    tcpFrame({ destinationPort: 53, flags: tcp.ACK | tcp.PSH, payload: wire.concat(Uint8Array.from([0, twice.length]), twice) }),
  ];
}

function icmpFrames(): Uint8Array[] {
  const codes = Array.from({ length: 17 }, (_, code) => icmpFrame(icmp.UNREACHABLE, code, code === 4 ? 1400 : 0, quotedUdp));
  return [
    icmpFrame(icmp.ECHO_REQUEST, 0, icmp.echoRest(59, 1), PAD), icmpFrame(icmp.ECHO_REPLY, 0, icmp.echoRest(59, 1), PAD), ...codes,
    icmpFrame(3, 3, 0, quotedTcp), icmpFrame(3, 3, 0, quotedIcmp), icmpFrame(3, 4, 0, quotedUdp), icmpFrame(3, 1, 0, quotedUdp.subarray(0, 28)),
    ...[0, 1, 2, 3, 4].map((code) => icmpFrame(icmp.REDIRECT, code, A, quotedIcmp)),
    icmpFrame(icmp.TIME_EXCEEDED, 0, 0, quotedUdp), icmpFrame(icmp.TIME_EXCEEDED, 1, 0, quotedIcmp), icmpFrame(icmp.TIME_EXCEEDED, 7, 0, quotedTcp),
    icmpFrame(icmp.PARAMETER_PROBLEM, 0, 0x14000000, quotedUdp), icmpFrame(icmp.PARAMETER_PROBLEM, 1, 0, quotedUdp),
    icmpFrame(13, 0, icmp.echoRest(1, 2), new Uint8Array(12)), icmpFrame(14, 0, icmp.echoRest(1, 2), Uint8Array.from([0, 1, 2, 3, 2, 2, 2, 2, 3, 3, 3, 3])),
    icmpFrame(4, 0, 0, quotedUdp), icmpFrame(10, 0, 0, new Uint8Array(0)), icmpFrame(15, 0, 0, PAD), icmpFrame(17, 0, 0, PAD), icmpFrame(42, 0, 0, PAD),
    corrupted(icmpFrame(8, 0, icmp.echoRest(59, 2), PAD), 60),
  ];
}

function tcpFrames(): Uint8Array[] {
  const stamps = { timestamps: { value: 3189868378, echo: 4058356546 } };
  const syn = { sequence: 4294967290, flags: tcp.SYN, window: 64240, options: { maxSegmentSize: 1460, sackPermitted: true, timestamps: { value: 1, echo: 0 }, windowScale: 7 } };
  return [
    tcpFrame(syn), tcpFrame({ ...syn, sequence: 77, acknowledgement: 4294967291, flags: tcp.SYN | tcp.ACK, window: 65160 }, true),
    tcpFrame({ sequence: 4294967291, acknowledgement: 78, options: stamps }),
    tcpFrame({ sequence: 4294967291, acknowledgement: 78, flags: tcp.ACK | tcp.PSH, options: stamps, payload: http }),
    tcpFrame({ sequence: 78, acknowledgement: 82, options: { ...stamps, sackBlocks: [{ from: 92, to: 120 }, { from: 200, to: 300 }] } }, true),
    tcpFrame({ sequence: 78, acknowledgement: 82, flags: tcp.ACK | tcp.PSH, options: stamps, payload: response }, true),
    tcpFrame({ sequence: 120, acknowledgement: 82, flags: tcp.ACK, options: stamps, payload: PAD }, true),
    tcpFrame({ sequence: 200, acknowledgement: 82, flags: tcp.FIN | tcp.ACK, options: stamps }, true),
    tcpFrame({ flags: tcp.RST, sequence: 99, window: 0 }), tcpFrame({ flags: tcp.RST | tcp.ACK, acknowledgement: 3, sequence: 0, window: 0 }, true),
    tcpFrame({ flags: tcp.RST | tcp.ACK, payload: wire.utf8('closed for repairs\x07, come back another day') }),
    tcpFrame({ flags: 0 }), tcpFrame({ flags: 255, urgentPointer: 5, payload: PAD.subarray(0, 5) }),
    tcpFrame({ destinationPort: 8080, sourcePort: 8080, sequence: 5, acknowledgement: 9 }), tcpFrame({ destinationPort: 8080, sourcePort: 8080, sequence: 9, acknowledgement: 6 }, true),
    tcpFrame({ destinationPort: 2222, flags: tcp.ACK | tcp.PSH, payload: wire.utf8('SSH? no') }),
    tcpFrame({ destinationPort: 80, payload: wire.utf8('GET / HTTP/1.1 without an end') }), tcpFrame({ destinationPort: 80, payload: wire.utf8('GET /') }),
    tcpFrame({ destinationPort: 80, payload: wire.utf8('POST /x\r\n') }), tcpFrame({ destinationPort: 80, payload: wire.utf8('\r\nGET /x\r\n') }),
    corrupted(tcpFrame(syn), 45), tcp6Frame({ sourcePort: 40000, destinationPort: 8080, ...syn }),
    tcp6Frame({ sourcePort: 40000, destinationPort: 8080, sequence: 4294967291, acknowledgement: 1, flags: tcp.ACK | tcp.PSH, payload: http }),
    tcpFrame({ options: { maxSegmentSize: 536 }, flags: tcp.SYN }), tcpFrame({ options: { sackPermitted: true, windowScale: 2 }, flags: tcp.SYN | tcp.ECE | tcp.CWR }),
    corrupted(tcpFrame({ options: { maxSegmentSize: 536 }, flags: tcp.SYN }), 55), tcpFrame({}).subarray(0, 45),
  ];
}

function ip6Frames(): Uint8Array[] {
  const target = icmp6.neighbourPayload(B6, MAC_A, 1);
  const records = [{ mode: 4, group: ip6.solicitedNodeOf(A6), sources: [] }, { mode: 1, group: ip6.ALL_ROUTERS, sources: [A6, B6] }, { mode: 9, group: ip6.ALL_NODES, sources: [] }];
  const prefix = new Uint8Array(32);
  prefix.set([3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8]);
  const advertisement = wire.concat(new Uint8Array(8), icmp6.linkLayerBytes(1, MAC_B), Uint8Array.from([5, 1, 0, 0, 0, 0, 5, 0xdc]), prefix);
  const report = icmp6.emit({ type: 143, code: 0, rest: 3, payload: icmp6.reportPayload(records) }, ipv6.pseudoHeaderSum(A6, ip6.ALL_MLDV2_ROUTERS, 58, 8 + icmp6.reportPayload(records).length));
  const fragmentHeader = (offset: number, more: number): Uint8Array => Uint8Array.from([17, 0, offset >> 8, (offset & 0xf8) | more, 0, 0, 0, 42]);
  return [
    icmp6Frame(128, 0, icmp.echoRest(60, 1), PAD), icmp6Frame(129, 0, icmp.echoRest(60, 1), PAD), corrupted(icmp6Frame(128, 0, icmp.echoRest(60, 2), PAD), 70),
    icmp6Frame(135, 0, 0, target), icmp6Frame(136, 0, icmp6.NA_SOLICITED | icmp6.NA_OVERRIDE, icmp6.neighbourPayload(B6, MAC_B, 2)), icmp6Frame(136, 0, icmp6.NA_ROUTER, icmp6.neighbourPayload(B6, undefined, 2)),
    icmp6Frame(133, 0, 0, icmp6.linkLayerBytes(1, MAC_A)), icmp6Frame(133, 0, 0, new Uint8Array(0)), icmp6Frame(134, 0, 0x40c80708, advertisement),
    ip6Frame(0, wire.concat(Uint8Array.from(ipv6.ROUTER_ALERT_HEADER), report), { destination: ip6.ALL_MLDV2_ROUTERS, hopLimit: 1 }),
    ...[0, 1, 2, 3, 4].map((code) => icmp6Frame(1, code, 0, quotedUdp6)), icmp6Frame(2, 0, 1400, quotedUdp6), icmp6Frame(3, 0, 0, quotedUdp6), icmp6Frame(3, 1, 0, quotedUdp6), icmp6Frame(4, 1, 40, quotedUdp6),
    icmp6Frame(199, 0, 0, PAD), udp6Frame(1000, 2000, PAD), corrupted(udp6Frame(1000, 2000, PAD), 70), ip6Frame(59, new Uint8Array(0)), ip6Frame(250, PAD), ip6Frame(17, udp6Frame(1, 2, PAD).subarray(54), { trafficClass: 0xb8 }),
    ip6Frame(44, wire.concat(fragmentHeader(0, 1), udp6Frame(1, 2, PAD).subarray(54))), ip6Frame(44, wire.concat(fragmentHeader(64, 0), PAD)),
  ];
}

function otherFrames(): Uint8Array[] {
  const tag = (id: number, priority: number, isDropEligible: boolean, inner: Uint8Array): Uint8Array =>
    frame(ethernet.TYPE_VLAN, wire.concat(vlan.emit({ id, priority, isDropEligible, etherType: ethernet.etherType(inner) }), inner.subarray(14)));
  const config = { flags: 1, root: { priority: 0x8000, mac: MAC_A }, rootPathCost: 2, bridge: { priority: 0x8000, mac: MAC_B }, portId: 0x8001, messageAge: 300, maxAge: 5120, helloTime: 512, forwardDelay: 3840 };
  const stp = frame(bpdu.CONFIG_LENGTH, bpdu.emit(config), '01:80:c2:00:00:00');
  const igmps = [
    { type: igmp.V3_REPORT, maxResponse: 0, group: 0, records: [{ mode: 4, group: 0xe00000fb, sources: [] }, { mode: 6, group: 0xe00000fc, sources: [A, B] }] },
    { type: igmp.QUERY, maxResponse: 100, group: 0, records: [] }, { type: igmp.QUERY, maxResponse: 20, group: 0xe00000fb, records: [] }, { type: igmp.V2_REPORT, maxResponse: 0, group: 0xe00000fb, records: [] },
    { type: igmp.V2_LEAVE, maxResponse: 0, group: 0xe00000fb, records: [] }, { type: igmp.V1_REPORT, maxResponse: 0, group: 0xe00000fb, records: [] }, { type: 0x99, maxResponse: 0, group: 0, records: [] },
  ];
  const alert = { protocol: 2, options: Uint8Array.from(igmp.ROUTER_ALERT_OPTION), timeToLive: 1, destination: igmp.ALL_IGMPV3_ROUTERS, typeOfService: 0xc0 };
  const record = Uint8Array.from([1, 7, 39, 8, 192, 168, 255, 2, ...new Array<number>(32).fill(0)]);
  const plain = udpFrame(1000, 2000, PAD);
  return [
    arpFrame(1, '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff'), arpFrame(1, MAC_B), arpFrame(2, MAC_B), arpFrame(3, MAC_B), arpFrame(4, MAC_B), arpFrame(8, MAC_B), arpFrame(9, MAC_B), arpFrame(77, MAC_B), arpFrame(2, MAC_B).subarray(0, 30),
    ...igmps.map((message) => ip(alert, igmp.emit(message))), corrupted(ip(alert, igmp.emit(igmps[3]!)), 43),
    stp, corrupted(stp, 20), frame(7, Uint8Array.from([0x42, 0x42, 3, 0, 0, 0, 0x80]), '01:80:c2:00:00:00'), frame(3, Uint8Array.from([0xf0, 0xf1, 0xbf])), frame(4, Uint8Array.from([0x04, 0x08, 1, 1])),
    tag(42, 3, false, plain), tag(7, 0, true, arpFrame(2, MAC_B)), frame(ethernet.TYPE_QINQ, wire.concat(vlan.emit({ id: 9, priority: 0, isDropEligible: false, etherType: 0x8100 }), tag(42, 3, false, plain).subarray(14))),
    frame(0x1234, PAD), frame(0x88b5, PAD.subarray(0, 7)), frame(0x0800, Uint8Array.from([0x65, 0, 0, 0])), frame(0x0800, Uint8Array.from([0x35, 0, 0, 0])), frame(0x86dd, ipv4.emit({ source: A, destination: B, protocol: 17 }, PAD)),
    plain, udpFrame(9998, 9999, new Uint8Array(0)), corrupted(plain, 50), udpFrame(33000, 33434, PAD.subarray(0, 32)), plain.subarray(0, 36), plain.subarray(0, 60), plain.subarray(0, 24),
    ip({ protocol: 17, options: record }, plain.subarray(34)), ip({ protocol: 99 }, PAD), ip({ protocol: 250 }, PAD), ip({ protocol: 4 }, quotedUdp), ip({ protocol: 41 }, quotedUdp6), ip({ protocol: 58 }, PAD),
    ip({ protocol: 1, moreFragments: true, dontFragment: false }, icmp.emit({ type: 8, code: 0, rest: 1, payload: PAD })), ip({ protocol: 1, fragmentOffset: 1480, dontFragment: false }, PAD), ip({ protocol: 17, fragmentOffset: 8, moreFragments: true }, PAD),
    ip({ protocol: 17, typeOfService: 0xb9, timeToLive: 0 }, plain.subarray(34)), ip({ protocol: 17, typeOfService: 3 }, plain.subarray(34)), ip({ protocol: 17, typeOfService: 2 }, plain.subarray(34)), corrupted(plain, 24),
    ip({ protocol: 17, destination: ip4.BROADCAST_IP4 }, plain.subarray(34)), frame(0x0800, plain.subarray(14), 'ff:ff:ff:ff:ff:ff'), ip({ protocol: 17, destination: 0xe00000fb }, plain.subarray(34)),
  ];
}

/** As captured on an Ethernet device, a bit over a second apart. */
export function samplePackets(): pcap.CapturedPacket[] {
  const frames = [...otherFrames(), ...icmpFrames(), ...tcpFrames(), ...ip6Frames(), ...dnsFrames()];
  return frames.map((bytes, index) => ({ tsUs: 1795404507138202 + index * 1000303, bytes, originalLength: bytes.length }));
}

/** The same packets as the `any` device gives them, on two interfaces and in all directions. */
export function cookedPackets(): pcap.CapturedPacket[] {
  return samplePackets().map((packet, index) => {
    const type = ethernet.etherType(packet.bytes);
    const protocol = ethernet.isLength(type) ? 4 : type;
    const header = sll2.emit({ protocol, interfaceIndex: 1 + (index % 2), hardwareType: 1, packetType: index % 5, source: index % 7 === 0 ? undefined : ethernet.source(packet.bytes) });
    const bytes = wire.concat(header, packet.bytes.subarray(14));
    return { ...packet, bytes, originalLength: bytes.length };
  });
}

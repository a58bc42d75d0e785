/** Bytes from anywhere: parsed, printed, matched by capture filters, and let into a kernel's devices. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { createPrinter, type PrintOptions } from '../../shell/commands/tcpdump/print/printer.ts';
import { compileFilter } from '../../shell/commands/tcpdump/filter/filter.ts';
import { cookedPackets, samplePackets } from '../../shell/commands/tcpdump/test-packets.ts';
import { makePacket } from '../../simulator/kernel/packets.ts';
import { restore } from '../../simulator/netfilter/restore.ts';
import { courseLab, type CourseLab } from '../../simulator/test-lab.ts';
import * as arp from '../../simulator/wire/arp.ts';
import * as bpdu from '../../simulator/wire/bpdu.ts';
import * as dns from '../../simulator/wire/dns.ts';
import * as ethernet from '../../simulator/wire/ethernet.ts';
import * as icmp from '../../simulator/wire/icmp.ts';
import * as icmp6 from '../../simulator/wire/icmp6.ts';
import * as igmp from '../../simulator/wire/igmp.ts';
import * as ipv4 from '../../simulator/wire/ipv4.ts';
import * as ipv6 from '../../simulator/wire/ipv6.ts';
import * as pcap from '../../simulator/wire/pcap.ts';
import * as sll2 from '../../simulator/wire/sll2.ts';
import * as tcp from '../../simulator/wire/tcp.ts';
import * as udp from '../../simulator/wire/udp.ts';
import * as vlan from '../../simulator/wire/vlan.ts';
import { hex } from '../../simulator/bytes.ts';
import { Campaign, FUZZ_TIMEOUT_MS } from './campaign.ts';
import { linesOf } from './corpus.ts';
import type { FuzzDice } from './dice.ts';
import { captureFilter } from './grammar.ts';
import { mutateBytes, mutateText } from './mutate.ts';

const fixtures = join(import.meta.dirname, '../../simulator/wire/fixtures');
const captures = readdirSync(fixtures).filter((name) => name.endsWith('.pcap')).sort().map((name) => new Uint8Array(readFileSync(join(fixtures, name))));
const recorded = captures.flatMap((bytes) => {
  const file = pcap.parse(bytes);
  return typeof file === 'string' ? [] : file.packets.map((packet) => ({ bytes: packet.bytes, linkType: file.linkType }));
});
const known = [...recorded, ...samplePackets().map(({ bytes }) => ({ bytes, linkType: pcap.LINKTYPE_ETHERNET })), ...cookedPackets().map(({ bytes }) => ({ bytes, linkType: pcap.LINKTYPE_LINUX_SLL2 }))];
const frames = known.filter(({ linkType }) => linkType === pcap.LINKTYPE_ETHERNET).map(({ bytes }) => bytes);

/** Addresses and ports of the course's lab, so that packets get past the first test. */
function aim(dice: FuzzDice, frame: Uint8Array): Uint8Array {
  const aimed = frame.slice();
  if (aimed.length < 34) return aimed;
  const mac = dice.pick([[0x42, 1, 0x0a, 0x8e, 0, 2], [2, 0, 0, 0, 0, 0x11], [2, 0, 0, 0, 0xff, 1], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [1, 0x80, 0xc2, 0, 0, 0], [0x33, 0x33, 0, 0, 0, 1], [1, 0, 0x5e, 0, 0, 1]]);
  if (!dice.once(4)) aimed.set(mac, 0);
  if (aimed[12] === 8 && aimed[13] === 0) {
    if (!dice.once(3)) aimed.set(dice.pick([[10, 142, 0, 2], [192, 168, 255, 2], [192, 168, 255, 1], [255, 255, 255, 255], [224, 0, 0, 1], [8, 8, 8, 8], [127, 0, 0, 1]]), 30);
    if (!dice.once(3)) aimed.set(dice.pick([[10, 142, 0, 1], [192, 168, 255, 2], [192, 168, 255, 9], [8, 8, 8, 8], [0, 0, 0, 0]]), 26);
    if (dice.once(2) && ipv4.headerError(aimed, 14) === undefined) ipv4.writeChecksum(aimed, 14);
    const at = 14 + (aimed[14]! & 15) * 4;
    const end = Math.min(aimed.length, 14 + ipv4.totalLength(aimed, 14));
    if (end - at >= 20 && ipv4.headerError(aimed, 14) === undefined && !dice.once(4)) mend(dice, aimed, at, end);
  }
  return aimed;
}

/** A right checksum and a port that listens: what gets past the second test. */
function mend(dice: FuzzDice, frame: Uint8Array, at: number, end: number): void {
  const protocol = ipv4.protocol(frame, 14);
  if (protocol === 6 || protocol === 17) {
    const port = dice.pick([80, 53, 5000]);
    frame[at + 2] = port >> 8;
    frame[at + 3] = port & 255;
    const sum = ipv4.pseudoHeaderSum(ipv4.source(frame, 14), ipv4.destination(frame, 14), protocol, end - at);
    if (protocol === 6) tcp.writeChecksum(frame, at, end, sum);
    else udp.writeChecksum(frame, at, end, sum);
  } else if (protocol === 1) icmp.writeChecksum(frame, at, end);
}

function anyBytes(dice: FuzzDice): { bytes: Uint8Array; linkType: number } {
  if (dice.once(6)) return { bytes: dice.bytes(dice.below(dice.once(3) ? 1500 : 90)), linkType: dice.pick([pcap.LINKTYPE_ETHERNET, pcap.LINKTYPE_LINUX_SLL2]) };
  const { bytes, linkType } = dice.pick(known);
  return { bytes: mutateBytes(dice, bytes), linkType };
}

const parsers: Readonly<Record<string, (bytes: Uint8Array, at: number) => unknown>> = {
  arp: (bytes, at) => arp.parse(bytes, at),
  bpdu: (bytes, at) => bpdu.parse(bytes, at),
  dns: (bytes, at) => dns.parse(bytes.subarray(at)),
  ethernet: (bytes, at) => ethernet.parse(bytes.subarray(at)),
  icmp: (bytes, at) => icmp.parse(bytes, at),
  icmp6: (bytes, at) => {
    const message = icmp6.parse(bytes, at);
    if (typeof message === 'string') return;
    icmp6.parseNeighbour(message);
    icmp6.parseReport(message);
  },
  igmp: (bytes, at) => igmp.parse(bytes, at),
  ipv4: (bytes, at) => (typeof ipv4.parse(bytes, at) === 'string' ? undefined : ipv4.payload(bytes, at)),
  ipv6: (bytes, at) => (typeof ipv6.parse(bytes, at) === 'string' ? undefined : [ipv6.payload(bytes, at), ipv6.upperLayer(bytes, at)]),
  pcap: (bytes, at) => pcap.parse(bytes.subarray(at)),
  sll2: (bytes, at) => sll2.parse(bytes, at),
  tcp: (bytes, at) => tcp.parse(bytes, at),
  udp: (bytes, at) => udp.parse(bytes, at),
  vlan: (bytes, at) => vlan.parse(bytes, at),
};

describe('fuzzed packets', () => {
  it('a parser answers a record or a word, whatever the bytes', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const campaign = new Campaign('parsers', 4000);
    const names = Object.keys(parsers);
    await campaign.each((dice, _number, begin) => {
      const name = dice.pick(names);
      const bytes = name === 'pcap' ? mutateBytes(dice, dice.pick(captures).slice(0, 400)) : anyBytes(dice).bytes;
      const at = name === 'pcap' ? 0 : Math.min(bytes.length, dice.pick([0, 14, 20, 34, 42, 54, dice.below(bytes.length + 1)]));
      begin(`${name} at ${at} of ${hex(bytes)}`);
      parsers[name]!(bytes, at);
    });
    campaign.report();
  });

  it('tcpdump prints any packet', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const campaign = new Campaign('printer', 4000);
    await campaign.each((dice, _number, begin) => {
      const options: PrintOptions = { verbosity: dice.below(4), quiet: dice.below(2), linkHeader: dice.once(2), hex: dice.pick([0, 0, 1, 2]), hexAndAscii: dice.pick([0, 0, 1, 2]), ascii: dice.pick([0, 0, 1, 2]), timestamps: dice.below(6), numeric: dice.once(2), absoluteSequence: dice.once(3), numbered: dice.once(5) };
      const print = createPrinter(options);
      const packets = dice.many(1, 3, () => anyBytes(dice));
      begin(packets.map(({ bytes, linkType }) => `${linkType} ${hex(bytes)}`).join(', '));
      for (const { bytes, linkType } of packets) print({ bytes, linkType, tsUs: dice.below(2 ** 31) * 1e6, originalLength: dice.pick([bytes.length, bytes.length, bytes.length + 10, 0, 65535]) });
    });
    campaign.report();
  });

  it('any capture filter compiles or is refused, and judges any packet', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const campaign = new Campaign('filters', 4000);
    const typed = linesOf('tcpdump').map((line) => line.replace(/^\S*tcpdump\s+/, '').replace(/-\w+( \d+| any| \w+\d)?/g, '').trim()).filter((line) => line !== '');
    await campaign.each((dice, _number, begin) => {
      const grown = captureFilter(dice, 3);
      const text = dice.once(2) ? mutateText(dice, typed.length > 0 && dice.once(2) ? dice.pick(typed) : grown, [grown, 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn and not src net 10.0.0.0/8']) : grown;
      begin(text);
      const linkType = dice.pick([pcap.LINKTYPE_ETHERNET, pcap.LINKTYPE_LINUX_SLL2]);
      const filter = compileFilter(text, { linkType, isFile: dice.once(2), netmask: 0xffffff00, hostAddresses: (name) => (name === 'localhost' ? ['127.0.0.1', '::1'] : []), servicePorts: (name) => (name === 'http' ? { tcp: 80, udp: 80 } : {}), protocolNumber: (name) => (name === 'tcp' ? 6 : undefined) });
      if (!filter.ok) {
        if (filter.message === '') throw new Error('refused without a word');
        return;
      }
      for (const { bytes } of dice.many(1, 6, () => anyBytes(dice))) filter.accepts(bytes, { isOutgoing: dice.once(2), originalLength: bytes.length, interfaceIndex: 1 });
    });
    campaign.report();
  });

  it('a kernel survives any frame, and stays cloneable', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const campaign = new Campaign('frames', 3000);
    let lab: CourseLab | undefined;
    await campaign.each((dice, number, begin) => {
      if (number % 500 === 0) lab = undefined;
      lab ??= listeningLab(number);
      const { world, vm } = lab;
      const kernel = world.inner[vm.id]!;
      const links = vm.namespaces.list().flatMap((ns) => vm.netlink.links(ns).map((link) => ({ ns, index: link.index })));
      const { ns, index } = dice.pick(links);
      const frame = aim(dice, dice.once(10) ? dice.bytes(14 + dice.below(120)) : mutateBytes(dice, dice.pick(frames)));
      begin(`into ${ns}/${index}: ${hex(frame)}`);
      if (frame.length < 14) return;
      try {
        world.post(0, { kind: 'arrival', kernelId: vm.id, ns, device: index, packet: makePacket(kernel, frame, 0) });
        const untilUs = world.nowUs + dice.pick([0, 1000, 1000, 50_000, 2_000_000]);
        for (let events = 0; (world.nextEventUs() ?? Infinity) <= untilUs; events += 1) {
          if (events > 20_000) throw new Error('one frame makes more than 20000 events');
          world.step();
        }
        world.advanceTo(untilUs);
        if (number % 100 === 99 && world.clone().hash() !== world.hash()) throw new Error('a clone has another hash');
      } catch (error) {
        lab = undefined;
        throw error;
      }
    });
    campaign.report();
  });
});

/** The course's lab with servers, rules, and conntrack at work. */
function listeningLab(seed: number): CourseLab {
  const lab = courseLab(seed);
  const { vm, demo, world } = lab;
  for (const [ns, port] of [[0, 80], [demo, 80], [0, 53], [demo, 5000]] as const) {
    const stream = vm.sockets.open(ns, { type: 'tcp', family: 'inet' }, 0);
    const datagram = vm.sockets.open(ns, { type: 'udp', family: 'inet' }, 0);
    if (!stream.ok || !datagram.ok) throw new Error('no sockets');
    vm.sockets.bind(stream.value, { address: '0.0.0.0', port });
    vm.sockets.listen(stream.value, 5);
    vm.sockets.bind(datagram.value, { address: '0.0.0.0', port });
  }
  vm.sysctl.set(0, 'net/ipv4/ip_forward', '1');
  const rules = '*nat\n-A POSTROUTING -s 192.168.255.0/24 -j MASQUERADE\n-A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 192.168.255.2:80\nCOMMIT\n*filter\n-A FORWARD -m conntrack --ctstate INVALID -j REJECT\n-A INPUT -p udp --dport 53 -m limit --limit 1/s -j ACCEPT\n-A INPUT -p tcp ! --syn -m conntrack --ctstate NEW -j REJECT --reject-with tcp-reset\nCOMMIT\n*mangle\n-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu\n-A PREROUTING -j TTL --ttl-inc 1\nCOMMIT\n';
  const outcome = restore({ table: (name) => vm.netfilter.table(0, 'inet', name), replaceTable: (table) => vm.netfilter.replaceTable(0, table), deleteTable: (name) => vm.netfilter.deleteTable(0, 'inet', name) }, rules, { family: 'inet' });
  if (outcome.exit !== 0) throw new Error(outcome.stderr);
  world.runUntil(world.nowUs + 10_000);
  return lab;
}

/** Link-layer headers: Ethernet with VLAN tags, 802.3 with LLC, and the cooked header of the `any` device. */
import { ethernet, sll2 } from '../../../ports/wire.ts';
import { printArp } from './arp.ts';
import { hex4, type Dissection } from './dissection.ts';
import { dumpUndecoded } from './dump.ts';
import { printIpv4 } from './ipv4.ts';
import { printIpv6 } from './ipv6.ts';
import { etherTypeName } from './protocols.ts';
import { printStp } from './stp.ts';

/** Answers where the network layer began. `length` is the frame's on the wire. */
export function printEthernet(out: Dissection, length: number): number {
  out.protocol = 'ether';
  if (out.end < ethernet.HEADER_LENGTH) {
    out.truncated();
    return out.end;
  }
  const addresses = `${out.mac(6)} > ${out.mac(0)}, `;
  if (out.linkHeader) out.print(addresses);
  let type = ethernet.etherType(out.bytes);
  let at = ethernet.HEADER_LENGTH;
  let left = length - at;
  let isLengthPrinted = false;
  const lengthOnce = (): string => (isLengthPrinted ? ', ' : `, length ${length}: `);
  while (isVlanType(type)) {
    if (!out.has(at, 4)) {
      out.protocol = 'vlan';
      out.truncated();
      return out.end;
    }
    if (out.linkHeader) {
      out.print(`${typeText(out, type)}${lengthOnce()}${tagText(out.u16(at))}, `);
      isLengthPrinted = true;
    }
    type = out.u16(at + 2);
    at += 4;
    left -= 4;
  }
  if (ethernet.isLength(type)) {
    const llcLength = Math.min(type, left);
    out.within(at, llcLength, () => {
      if (out.linkHeader) out.print(isLengthPrinted ? '802.3' : `802.3, length ${llcLength}: `);
      at = printLlc(out, at, llcLength, [6, 0]);
    });
    return at;
  }
  if (out.linkHeader) out.print(typeText(out, type) + lengthOnce());
  if (!printNetwork(out, type, at, left)) {
    if (!out.linkHeader) out.print(`${addresses}${typeText(out, type)}, length ${length}: `);
    dumpUndecoded(out, at);
  }
  return at;
}

function isVlanType(type: number): boolean {
  return type === ethernet.TYPE_VLAN || type === ethernet.TYPE_QINQ || type === 0x9100 || type === 0x9200;
}

function typeText(out: Dissection, type: number): string {
  const name = etherTypeName(type);
  if (out.quiet > 0) return name ?? `Unknown Ethertype (0x${hex4(type)})`;
  return `ethertype ${name ?? 'Unknown'} (0x${hex4(type)})`;
}

function tagText(control: number): string {
  return `vlan ${control & 0xfff}, p ${control >> 13}${(control & 0x1000) !== 0 ? ', DEI' : ''}`;
}

function printNetwork(out: Dissection, type: number, at: number, length: number): boolean {
  switch (type) {
    case ethernet.TYPE_IPV4:
      printIpv4(out, at, length);
      return true;
    case ethernet.TYPE_IPV6:
      printIpv6(out, at, length);
      return true;
    case ethernet.TYPE_ARP:
    case 0x8035:
      printArp(out, at, length);
      return true;
    default:
      return false;
  }
}

const PACKET_TYPES: Readonly<Record<number, string>> = { 0: 'In', 1: 'B', 2: 'M', 3: 'P', 4: 'Out' };

/** A packet from the `any` device: interface and direction first. */
export function printCooked(out: Dissection, length: number): number {
  out.protocol = 'sll2';
  out.need(0, sll2.HEADER_LENGTH);
  const header = sll2.parse(out.bytes);
  if (typeof header === 'string') throw new Error(`a cooked header of twenty bytes did not parse: ${header}`);
  const name = out.options.interfaceName?.(header.interfaceIndex) ?? '?';
  out.print(`${name.padEnd(5)} ${(PACKET_TYPES[header.packetType] ?? '?').padEnd(3)} `);
  const cooked = (): void => {
    out.print(`ifindex ${header.interfaceIndex} `);
    if (header.source !== undefined) out.print(`${out.mac(12)} `);
    if (out.quiet === 0) out.print(`${cookedTypeText(header.protocol)}, length ${length}: `);
  };
  if (out.linkHeader) cooked();
  let type = header.protocol;
  let at = sll2.HEADER_LENGTH;
  while (type === ethernet.TYPE_VLAN) {
    if (!out.has(at, 4)) {
      out.protocol = 'vlan';
      out.truncated();
      return out.end;
    }
    if (out.linkHeader) out.print(`${tagText(out.u16(at))}, `);
    type = out.u16(at + 2);
    if (ethernet.isLength(type)) type = 4;
    if (out.quiet === 0) out.print(`ethertype ${etherTypeName(type) ?? 'Unknown'}, `);
    at += 4;
  }
  if (type === 4) return printLlc(out, at, length - at, undefined);
  if (ethernet.isLength(type)) {
    dumpUndecoded(out, at);
  } else if (!printNetwork(out, type, at, length - at)) {
    if (!out.linkHeader) cooked();
    dumpUndecoded(out, at);
  }
  return at;
}

function cookedTypeText(type: number): string {
  if (type === 1) return '802.3';
  if (type === 4) return '802.2';
  const name = ethernet.isLength(type) ? undefined : etherTypeName(type);
  return `ethertype ${name ?? 'Unknown'} (0x${hex4(type)})`;
}

const ACCESS_POINTS: Readonly<Record<number, string>> = {
  0x00: 'Null', 0x02: '802.1B I', 0x04: 'SNA', 0x06: 'IP', 0x0e: 'ProWay NM', 0x42: 'STP', 0x4e: 'RS511', 0x7e: 'ISO8208', 0x8e: 'ProWay', 0xaa: 'SNAP',
  0xe0: 'IPX', 0xf0: 'NetBeui', 0xfe: 'OSI',
};

const UNNUMBERED: Readonly<Record<number, string>> = { 0x03: 'ui', 0xe3: 'test', 0xaf: 'xid', 0x63: 'ua', 0x43: 'disc', 0x0f: 'dm', 0x6f: 'sabme', 0x87: 'frmr' };

/** 802.2 (print-llc.c): spanning tree, and a description of everything else. `addresses`: where source and destination are. */
function printLlc(out: Dissection, at: number, length: number, addresses: readonly [number, number] | undefined): number {
  out.protocol = 'llc';
  if (!out.has(at, 3) || length < 3) {
    out.truncated();
    dumpUndecoded(out, at);
    return at;
  }
  const destinationField = out.u8(at);
  const sourceField = out.u8(at + 1);
  const isUnnumbered = (out.u8(at + 2) & 3) === 3;
  const headerLength = isUnnumbered ? 3 : 4;
  if (!out.has(at, headerLength)) {
    out.truncated();
    dumpUndecoded(out, at);
    return at;
  }
  const control = isUnnumbered ? out.u8(at + 2) : out.u8(at + 2) | (out.u8(at + 3) << 8);
  const destination = destinationField & 0xfe;
  const source = sourceField & 0xfe;
  if (out.linkHeader) {
    const group = (destinationField & 1) !== 0 ? 'Group' : 'Individual';
    const response = (sourceField & 1) !== 0 ? 'Response' : 'Command';
    out.print(`LLC, dsap ${accessPoint(destination)} ${group}, ssap ${accessPoint(source)} ${response}`);
    out.print(`, ctrl 0x${control.toString(16).padStart(isUnnumbered ? 2 : 4, '0')}: `);
  }
  const body = at + headerLength;
  if (source === 0x42 && destination === 0x42 && control === 3) {
    printStp(out, body, length - headerLength);
    return body;
  }
  if (!out.linkHeader) out.print(llcAddresses(out, source, destination, addresses));
  if (isUnnumbered) {
    const command = UNNUMBERED[control & 0xef] ?? (control & 0xef).toString(16).padStart(2, '0');
    out.print(`Unnumbered, ${command}, Flags [${llcFlags(sourceField, (control & 0x10) !== 0)}], length ${length}`);
  } else if ((control & 3) === 1) {
    const kind = ['Receiver Ready', 'Receiver not Ready', 'Reject'][(control >> 2) & 3] ?? '?';
    out.print(`Supervisory, ${kind}, rcv seq ${control >> 9}, Flags [${llcFlags(sourceField, (control & 0x100) !== 0)}], length ${length}`);
    return body;
  } else {
    out.print(`Information, send seq ${(control >> 1) & 0x7f}, rcv seq ${control >> 9}, Flags [${llcFlags(sourceField, (control & 0x100) !== 0)}], length ${length}`);
  }
  dumpUndecoded(out, body);
  return body;
}

function llcFlags(sourceField: number, isPoll: boolean): string {
  const isResponse = (sourceField & 1) !== 0;
  if (isPoll) return isResponse ? 'Final' : 'Poll';
  return isResponse ? 'Response' : 'Command';
}

function accessPoint(value: number): string {
  return `${ACCESS_POINTS[value] ?? 'Unknown'} (0x${value.toString(16).padStart(2, '0')})`;
}

function llcAddresses(out: Dissection, source: number, destination: number, addresses: readonly [number, number] | undefined): string {
  const to = ACCESS_POINTS[destination] ?? `Unknown DSAP 0x${destination.toString(16).padStart(2, '0')}`;
  const from = ACCESS_POINTS[source] ?? `Unknown SSAP 0x${source.toString(16).padStart(2, '0')}`;
  if (addresses === undefined) return source === destination ? `${to} ` : `${from} > ${to} `;
  const [fromMac, toMac] = [out.mac(addresses[0]), out.mac(addresses[1])];
  return source === destination ? `${fromMac} > ${toMac} ${to} ` : `${fromMac} ${from} > ${toMac} ${to} `;
}

/** ARP and RARP (print-arp.c). */
import { bytes as wire } from '../../../ports/wire.ts';
import { hex4, type Dissection } from './dissection.ts';
import { hexAndAsciiDump } from './dump.ts';
import { etherTypeName } from './protocols.ts';

const OPERATIONS: Readonly<Record<number, string>> = {
  1: 'Request', 2: 'Reply', 3: 'Reverse Request', 4: 'Reverse Reply', 8: 'Inverse Request', 9: 'Inverse Reply', 10: 'NACK Reply',
};
const HARDWARE: Readonly<Record<number, string>> = { 1: 'Ethernet', 6: 'TokenRing', 7: 'ArcNet', 15: 'FrameRelay', 23: 'Strip', 24: 'IEEE 1394', 32: 'InfiniBand' };

export function printArp(out: Dissection, at: number, length: number): void {
  out.protocol = 'arp';
  out.need(at, 8);
  const hardware = out.u16(at);
  const protocol = out.u16(at + 2);
  const hardwareLength = out.u8(at + 4);
  const protocolLength = out.u8(at + 5);
  const operation = out.u16(at + 6);
  const senderMac = at + 8;
  const senderIp = senderMac + hardwareLength;
  const targetMac = senderIp + protocolLength;
  const targetIp = targetMac + hardwareLength;
  out.need(targetIp, protocolLength);
  if (!out.linkHeader) out.print('ARP, ');
  const isIp = protocol === 0x0800 || protocol === 0x1000;
  const isOdd = !isIp || protocolLength !== 4 || hardwareLength === 0;
  if (isOdd || out.verbosity > 0) {
    const hardwareName = HARDWARE[hardware] ?? `Unknown Hardware (${hardware})`;
    const protocolName = etherTypeName(protocol) ?? `Unknown Protocol (0x${hex4(protocol)})`;
    out.print(`${hardwareName} (len ${hardwareLength}), ${protocolName} (len ${protocolLength})`);
    if (out.verbosity === 0) {
      out.print(`, length ${length}`);
      return;
    }
  }
  out.print(`${out.verbosity > 0 ? ', ' : ''}${OPERATIONS[operation] ?? `Unknown (${operation})`} `);
  const ip = (field: number): string => {
    if (!isIp) return '<wrong proto type>';
    return protocolLength === 4 ? out.ip4(field) : '<wrong len>';
  };
  const mac = (field: number): string => linkAddress(out, field, hardwareLength);
  switch (operation) {
    case 1: {
      const isFilled = out.bytes.subarray(targetMac, targetMac + hardwareLength).some((byte) => byte !== 0);
      out.print(`who-has ${ip(targetIp)}${isFilled ? ` (${mac(targetMac)})` : ''} tell ${ip(senderIp)}`);
      break;
    }
    case 2:
      out.print(`${ip(senderIp)} is-at ${mac(senderMac)}`);
      break;
    case 3:
    case 8:
      out.print(`who-is ${mac(targetMac)} tell ${mac(senderMac)}`);
      break;
    case 4:
      out.print(`${mac(targetMac)} at ${ip(targetIp)}`);
      break;
    case 9:
      out.print(`${mac(senderMac)} at ${ip(senderIp)}`);
      break;
    default:
      hexAndAsciiDump(out, '\n\t', at, out.end);
      return;
  }
  out.print(`, length ${length}`);
}

function linkAddress(out: Dissection, at: number, length: number): string {
  if (length === 0) return '<empty>';
  if (length === 6) return out.mac(at);
  out.need(at, length);
  return Array.from(out.bytes.subarray(at, at + length), (byte) => wire.hexByte(byte)).join(':');
}

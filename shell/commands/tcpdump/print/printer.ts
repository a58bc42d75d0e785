/** Packets as tcpdump 4.99.3 prints them: timestamp, link layer, decoded layers, dumps. Read first: tcpdump(1), "OUTPUT FORMAT". */
import { pcap } from '../../../ports/wire.ts';
import { Dissection, Truncated, type PrintOptions, type TcpFlow } from './dissection.ts';
import { asciiDump, hexAndAsciiDump, hexDump } from './dump.ts';
import { printCooked, printEthernet } from './link.ts';

export type { PrintOptions } from './dissection.ts';

export interface PrintablePacket {
  /** Microseconds since 1970, UTC. */
  readonly tsUs: number;
  /** As captured, from the link header on. */
  readonly bytes: Uint8Array;
  /** Before the snapshot length cut it; default the length of `bytes`. */
  readonly originalLength?: number;
  /** `pcap.LINKTYPE_ETHERNET` or `pcap.LINKTYPE_LINUX_SLL2`. */
  readonly linkType: number;
}

/** Answers the text of a packet, without the final newline. Remembers conversations and times from packet to packet. */
export function createPrinter(options: PrintOptions = {}): (packet: PrintablePacket) => string {
  const flows = new Map<string, TcpFlow>();
  const stamp = createStamp(options.timestamps ?? 0);
  let count = 0;
  return (packet) => {
    count += 1;
    const number = options.numbered === true ? `${String(count).padStart(5)}  ` : '';
    const length = packet.originalLength ?? packet.bytes.length;
    const complaint = headerComplaint(packet.bytes.length, length);
    if (complaint !== undefined) return `${number}[Invalid header:${complaint}]`;
    return number + stamp(packet.tsUs) + dissect(packet, length, options, flows);
  };
}

function headerComplaint(captured: number, length: number): string | undefined {
  const parts: string[] = [];
  if (captured === 0) parts.push(' caplen==0');
  if (length === 0) parts.push(' len==0');
  else if (length < captured) parts.push(` len(${length}) < caplen(${captured})`);
  return parts.length === 0 ? undefined : parts.join(',');
}

function dissect(packet: PrintablePacket, length: number, options: PrintOptions, flows: Map<string, TcpFlow>): string {
  const out = new Dissection(packet.bytes, options, flows);
  let linkLength = 0;
  try {
    linkLength = packet.linkType === pcap.LINKTYPE_LINUX_SLL2 ? printCooked(out, length) : printEthernet(out, length);
  } catch (error) {
    if (!(error instanceof Truncated)) throw error;
    out.truncated();
  }
  out.end = packet.bytes.length;
  printDumps(out, linkLength);
  return out.take();
}

function printDumps(out: Dissection, linkLength: number): void {
  const { hex = 0, hexAndAscii = 0, ascii = 0 } = out.options;
  const from = (times: number): number => (times > 1 ? 0 : linkLength);
  if (hexAndAscii > 0) hexAndAsciiDump(out, '\n\t', from(hexAndAscii), out.end);
  else if (hex > 0) hexDump(out, '\n\t', from(hex), out.end);
  else if (ascii > 0 && out.end > from(ascii)) asciiDump(out, from(ascii));
}

function createStamp(style: number): (tsUs: number) => string {
  let referenceUs: number | undefined;
  return (tsUs) => {
    switch (style) {
      case 0:
        return `${timeOfDay(tsUs)} `;
      case 1:
        return '';
      case 2:
        return `${Math.floor(tsUs / 1e6)}.${fraction(tsUs)} `;
      case 4:
        return `${date(tsUs)} ${timeOfDay(tsUs)} `;
      default: {
        referenceUs ??= tsUs;
        const text = `${tsUs < referenceUs ? '-' : ' '}${timeOfDay(Math.abs(tsUs - referenceUs))} `;
        if (style === 3) referenceUs = tsUs;
        return text;
      }
    }
  };
}

function fraction(tsUs: number): string {
  return String(tsUs % 1e6).padStart(6, '0');
}

function timeOfDay(tsUs: number): string {
  const seconds = Math.floor(tsUs / 1e6) % 86400;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${fraction(tsUs)}`;
}

/** The Gregorian date of a moment, after Howard Hinnant's days algorithm. */
function date(tsUs: number): string {
  const days = Math.floor(tsUs / 86400e6) + 719468;
  const era = Math.floor(days / 146097);
  const dayOfEra = days - era * 146097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/**
 * One packet on its way to text: the bytes, how many of them may be read, and the text so far. Reading past the end of what was
 * captured throws `Truncated`, which the printer turns into `[|proto]`, as tcpdump's longjmp does. Read first: tcpdump(1).
 */
import { bytes as wire, ip4, ip6, mac } from '../../../ports/wire.ts';

export interface PrintOptions {
  /** -n: addresses and ports stay numbers. */
  readonly numeric?: boolean;
  /** -N: host names without their domain. */
  readonly shortNames?: boolean;
  /** -e */
  readonly linkHeader?: boolean;
  /** How many -v. */
  readonly verbosity?: number;
  /** How many -q. */
  readonly quiet?: number;
  /** -S */
  readonly absoluteSequence?: boolean;
  /** How many -t: 0 time of day, 1 none, 2 seconds, 3 since the previous packet, 4 date and time, 5 since the first packet. */
  readonly timestamps?: number;
  /** How many -x. */
  readonly hex?: number;
  /** How many -X. */
  readonly hexAndAscii?: number;
  /** How many -A. */
  readonly ascii?: number;
  /** -# */
  readonly numbered?: boolean;
  /** -K: checksums are not verified. */
  readonly skipChecksums?: boolean;
  /** The name of an address, when it has one (-n absent). */
  readonly hostName?: (address: string) => string | undefined;
  /** The name of a port in /etc/services (-n absent). */
  readonly serviceName?: (port: number, protocol: 'tcp' | 'udp') => string | undefined;
  /** The interface with that index, for packets captured on `any`. */
  readonly interfaceName?: (index: number) => string | undefined;
}

/** The first sequence numbers of a TCP conversation, for relative numbers. */
export interface TcpFlow {
  sequence: number;
  acknowledgement: number;
}

/** Thrown when a printer reads behind the captured bytes; caught by the printer alone. */
export class Truncated extends Error {}

/** Where an IP header is, for the layers above that need its addresses. */
export interface IpContext {
  readonly version: 4 | 6;
  readonly at: number;
}

export class Dissection {
  readonly bytes: Uint8Array;
  readonly options: PrintOptions;
  readonly flows: Map<string, TcpFlow>;
  readonly verbosity: number;
  readonly quiet: number;
  readonly linkHeader: boolean;
  /** Nothing at or behind this offset may be read. */
  end: number;
  /** What `[|...]` names. */
  protocol = '';
  private text = '';

  constructor(bytes: Uint8Array, options: PrintOptions, flows: Map<string, TcpFlow>) {
    this.bytes = bytes;
    this.options = options;
    this.flows = flows;
    this.end = bytes.length;
    this.verbosity = options.verbosity ?? 0;
    this.quiet = options.quiet ?? 0;
    this.linkHeader = options.linkHeader ?? false;
  }

  /** No dump of undecodable packets where -x or -X dumps all packets anyway, or for quiet. */
  get suppressesDump(): boolean {
    const { hex = 0, hexAndAscii = 0 } = this.options;
    return hex + hexAndAscii + this.quiet > 0;
  }

  print(text: string): void {
    this.text += text;
  }

  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  has(at: number, length: number): boolean {
    return at + length <= this.end;
  }

  need(at: number, length: number): void {
    if (!this.has(at, length)) throw new Truncated();
  }

  u8(at: number): number {
    this.need(at, 1);
    return wire.get8(this.bytes, at);
  }

  u16(at: number): number {
    this.need(at, 2);
    return wire.get16(this.bytes, at);
  }

  u32(at: number): number {
    this.need(at, 4);
    return wire.get32(this.bytes, at);
  }

  truncated(): void {
    this.print(` [|${this.protocol}]`);
  }

  invalid(): void {
    this.print(' (invalid)');
  }

  /** Limits reading to `length` bytes from `at` while `body` runs. */
  within(at: number, length: number, body: () => void): void {
    const before = this.end;
    this.end = Math.min(before, at + length);
    body();
    this.end = before;
  }

  ip4(at: number): string {
    return this.host(ip4.formatIp4(this.u32(at)));
  }

  ip6(at: number): string {
    this.need(at, 16);
    return this.host(ip6.formatIp6(ip6.ip6At(this.bytes, at)));
  }

  private host(address: string): string {
    if (this.options.numeric === true) return address;
    const name = this.options.hostName?.(address);
    if (name === undefined) return address;
    return this.options.shortNames === true ? name.replace(/\..*$/, '') : name;
  }

  port(port: number, protocol: 'tcp' | 'udp'): string {
    if (this.options.numeric === true) return String(port);
    return this.options.serviceName?.(port, protocol) ?? String(port);
  }

  mac(at: number): string {
    this.need(at, 6);
    const address = mac.macAt(this.bytes, at);
    if (this.options.numeric === true) return address;
    if (address === mac.BROADCAST_MAC) return 'Broadcast';
    return `${address} (oui ${VENDORS[address.slice(0, 8)] ?? 'Unknown'})`;
  }

  /** Printable characters as they are, others as ^X and M-X. */
  printable(at: number, length: number): string {
    let text = '';
    for (let i = at; i < at + length && i < this.end; i += 1) text += visible(wire.get8(this.bytes, i));
    return text;
  }
}

/** The few organisations tcpdump knows (oui.c). */
const VENDORS: Readonly<Record<string, string>> = {
  '00:00:00': 'Ethernet', '00:00:0c': 'Cisco', '00:00:5e': 'IANA', '00:00:81': 'Nortel Networks SONMP', '00:00:f8': 'Cisco bridged',
  '00:80:c2': 'Ethernet bridged', '00:a0:3e': 'ATM Forum', '00:10:00': 'DOCSIS Spanning Tree', '08:00:07': 'Appletalk',
  '00:90:69': 'Juniper', '08:00:09': 'Hewlett-Packard', '00:80:c4': 'IEEE 802.1 Private', '00:12:0f': 'IEEE 802.3 Private',
};

function visible(code: number): string {
  const prefix = code > 127 ? 'M-' : '';
  const low = code & 127;
  return low < 32 || low === 127 ? `${prefix}^${String.fromCharCode(low ^ 64)}` : prefix + String.fromCharCode(low);
}

/** The names of the bits that are set, or what stands for none. */
export function bitNames(table: readonly (readonly [number, string])[], none: string, value: number, separator = ', '): string {
  const names = table.filter(([bit]) => (value & bit) === bit).map(([, name]) => name);
  return names.length === 0 ? none : names.join(separator);
}

export function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}

/** The checksum that would have been right, given the field and what the sum over everything came to. */
export function rightChecksum(field: number, sum: number): number {
  let should = field + sum;
  should = (should & 0xffff) + (should >> 16);
  return (should & 0xffff) + (should >> 16);
}

/** ICMP (print-icmp.c), with the packet that caused an error below it at -v. */
import { bytes as wire, icmp, ipv4 } from '../../../ports/wire.ts';
import { rightChecksum, type Dissection } from './dissection.ts';
import { printIpv4 } from './ipv4.ts';

export function printIcmp(out: Dissection, at: number, length: number, isFragmented: boolean): void {
  out.protocol = 'icmp';
  const type = out.u8(at);
  if (!hasNeeded(out, at, type, out.u8(at + 1))) return out.truncated();
  out.print(`ICMP ${describe(out, at, type, out.u8(at + 1))}, length ${length}`);
  if (out.verbosity === 0) return;
  if (!isFragmented && out.has(at, length)) {
    const sum = wire.checksum(out.bytes, at, at + length);
    if (sum !== 0) {
      const field = out.u16(at + 2);
      out.print(` (wrong icmp cksum ${field.toString(16)} (->${rightChecksum(field, sum).toString(16)})!)`);
    }
  }
  if (!icmp.isError(type)) return;
  const quoted = at + icmp.HEADER_LENGTH;
  out.print('\n\t');
  const quotedLength = out.u16(quoted + 2);
  out.within(quoted, quotedLength, () => printIpv4(out, quoted, quotedLength));
  out.protocol = 'icmp';
}

/** The checks that tcpdump makes beforehand; other missing bytes are met while printing. */
function hasNeeded(out: Dissection, at: number, type: number, code: number): boolean {
  if (type === icmp.UNREACHABLE && code === icmp.PORT_UNREACHABLE) return out.has(at + 17, 1);
  if (type === icmp.TIME_EXCEEDED) return out.has(at + 24, 4);
  return type !== icmp.TIMESTAMP_REPLY || out.has(at + 16, 4);
}

const SIMPLE: Readonly<Record<number, string>> = { 4: 'source quench', 10: 'router solicitation', 15: 'information request', 16: 'information reply', 17: 'address mask request' };

function describe(out: Dissection, at: number, type: number, code: number): string {
  const id = (): string => `id ${out.u16(at + 4)}`;
  switch (type) {
    case icmp.ECHO_REQUEST:
    case icmp.ECHO_REPLY:
      return `echo ${type === icmp.ECHO_REQUEST ? 'request' : 'reply'}, ${id()}, seq ${out.u16(at + 6)}`;
    case icmp.UNREACHABLE:
      return unreachable(out, at, code);
    case icmp.REDIRECT:
      return redirect(out, at, code);
    case icmp.TIME_EXCEEDED:
      return code === 0 ? 'time exceeded in-transit' : code === 1 ? 'ip reassembly time exceeded' : `time exceeded-#${code}`;
    case icmp.PARAMETER_PROBLEM:
      return code !== 0 ? `parameter problem - code ${code}` : `parameter problem - octet ${out.u8(at + 4)}`;
    case icmp.TIMESTAMP_REQUEST:
      return `time stamp query ${id()} seq ${out.u16(at + 6)}`;
    case icmp.TIMESTAMP_REPLY:
      return `time stamp reply ${id()} seq ${out.u16(at + 6)}: org ${timeOfDay(out.u32(at + 8))}, recv ${timeOfDay(out.u32(at + 12))}, xmit ${timeOfDay(out.u32(at + 16))}`;
    case 18:
      return `address mask is 0x${out.u32(at + 8).toString(16).padStart(8, '0')}`;
    default:
      return SIMPLE[type] ?? `type-#${type}`;
  }
}

/** Milliseconds since midnight UTC. */
function timeOfDay(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(milliseconds % 1000).padStart(3, '0')}`;
}

function unreachable(out: Dissection, at: number, code: number): string {
  const quoted = at + icmp.HEADER_LENGTH;
  const destination = out.ip4(quoted + 16);
  switch (code) {
    case 0: return `net ${destination} unreachable`;
    case 1: return `host ${destination} unreachable`;
    case 2: return `${destination} protocol ${out.u8(quoted + 9)} unreachable`;
    case 3: return portUnreachable(out, quoted, destination);
    case 4: {
      const mtu = out.u16(at + 6);
      return `${destination} unreachable - need to frag${mtu !== 0 ? ` (mtu ${mtu})` : ''}`;
    }
    case 5: return `${destination} unreachable - source route failed`;
    case 6: return `net ${destination} unreachable - unknown`;
    case 7: return `host ${destination} unreachable - unknown`;
    case 8: return `${destination} unreachable - source host isolated`;
    case 9: return `net ${destination} unreachable - admin prohibited`;
    case 10: return `host ${destination} unreachable - admin prohibited`;
    case 11: return `net ${destination} unreachable - tos prohibited`;
    case 12: return `host ${destination} unreachable - tos prohibited`;
    case 13: return `host ${destination} unreachable - admin prohibited filter`;
    case 14: return `host ${destination} unreachable - host precedence violation`;
    case 15: return `host ${destination} unreachable - precedence cutoff`;
    default: return `${destination} unreachable - #${code}`;
  }
}

function portUnreachable(out: Dissection, quoted: number, destination: string): string {
  const port = out.u16(quoted + ipv4.headerLength(out.bytes, quoted) + 2);
  const protocol = out.u8(quoted + 9);
  if (protocol === ipv4.PROTOCOL_TCP) return `${destination} tcp port ${out.port(port, 'tcp')} unreachable`;
  if (protocol === ipv4.PROTOCOL_UDP) return `${destination} udp port ${out.port(port, 'udp')} unreachable`;
  return `${destination} protocol ${protocol} port ${port} unreachable`;
}

function redirect(out: Dissection, at: number, code: number): string {
  const destination = out.ip4(at + icmp.HEADER_LENGTH + 16);
  const gateway = out.ip4(at + 4);
  switch (code) {
    case 0: return `redirect ${destination} to net ${gateway}`;
    case 1: return `redirect ${destination} to host ${gateway}`;
    case 2: return `redirect-tos ${destination} to net ${gateway}`;
    case 3: return `redirect-tos ${destination} to host ${gateway}`;
    default: return `redirect-#${code} ${destination} to ${gateway}`;
  }
}

/** IGMP (print-igmp.c). */
import { bytes as wire, igmp } from '../../../ports/wire.ts';
import type { Dissection } from './dissection.ts';

export const RECORD_MODES: Readonly<Record<number, string>> = { 1: 'is_in', 2: 'is_ex', 3: 'to_in', 4: 'to_ex', 5: 'allow', 6: 'block' };

export function printIgmp(out: Dissection, at: number, length: number): void {
  out.protocol = 'igmp';
  if (out.quiet > 0) return out.print('igmp');
  const type = out.u8(at);
  switch (type) {
    case igmp.QUERY:
      printQuery(out, at, length);
      break;
    case igmp.V1_REPORT:
      out.print(`igmp v1 report ${out.ip4(at + 4)}${length !== 8 ? ` [len ${length}]` : ''}`);
      break;
    case igmp.V2_REPORT:
      out.print(`igmp v2 report ${out.ip4(at + 4)}`);
      break;
    case igmp.V2_LEAVE:
      out.print(`igmp leave ${out.ip4(at + 4)}`);
      break;
    case igmp.V3_REPORT:
      out.print('igmp v3 report');
      printReport(out, at, length);
      break;
    default:
      out.print(`igmp-${type}`);
  }
  if (out.verbosity > 0 && length >= 4 && out.has(at, length) && wire.checksum(out.bytes, at, at + length) !== 0) {
    out.print(` bad igmp cksum ${out.u16(at + 2).toString(16)}!`);
  }
}

function printQuery(out: Dissection, at: number, length: number): void {
  out.print('igmp query');
  const code = out.u8(at + 1);
  if (length < 12) {
    out.print(code === 0 ? ' v1' : ' v2');
    if (code !== 0 && code !== 100) out.print(` [max resp time ${code}]`);
    if (out.u32(at + 4) !== 0) out.print(` [gaddr ${out.ip4(at + 4)}]`);
    if (length !== 8) out.print(` [len ${length}]`);
    return;
  }
  out.print(' v3');
  if ((length & 3) !== 0) return out.print(` [invalid len ${length}]`);
  const tenths = code < 128 ? code : ((code & 15) | 16) << (((code & 0x70) >> 4) + 3);
  if (code !== 100) out.print(` [max resp time ${tenths < 600 ? `${(tenths * 0.1).toFixed(1)}s` : duration(Math.floor(tenths / 10))}]`);
  if (out.u32(at + 4) === 0) return;
  out.print(` [gaddr ${out.ip4(at + 4)}`);
  const count = out.u16(at + 10);
  if (count > 0) {
    if (length < 12 + count * 4) out.print(' [invalid number of sources]');
    else out.print(out.verbosity > 1 ? ` {${sources(out, at + 12, count)} }` : `, ${count} source(s)`);
  }
  out.print(']');
}

function printReport(out: Dissection, at: number, length: number): void {
  if (length < 16 || (length & 3) !== 0) return out.print(` [invalid len ${length}]`);
  const groups = out.u16(at + 6);
  out.print(`, ${groups} group record(s)`);
  if (out.verbosity === 0) return;
  let group = 8;
  for (let left = groups; left > 0; left -= 1) {
    if (length < group + 8) return out.print(' [invalid number of groups]');
    const mode = out.u8(at + group);
    out.print(` [gaddr ${out.ip4(at + group + 4)} ${RECORD_MODES[mode] ?? ` [v3-report-#${mode}]`}`);
    const count = out.u16(at + group + 2);
    if (length < group + 8 + count * 4) return out.print(` [invalid number of sources ${count}]`);
    out.print(out.verbosity === 1 ? `, ${count} source(s)` : ` {${sources(out, at + group + 8, count)} }`);
    group += 8 + count * 4;
    out.print(']');
  }
}

function sources(out: Dissection, at: number, count: number): string {
  return Array.from({ length: count }, (_, index) => ` ${out.ip4(at + index * 4)}`).join('');
}

/** Seconds as 1y2w3d4h5m6s. */
export function duration(seconds: number): string {
  if (seconds === 0) return '0s';
  let left = seconds;
  let text = '';
  for (const [unit, size] of [['y', 31536000], ['w', 604800], ['d', 86400], ['h', 3600], ['m', 60], ['s', 1]] as const) {
    if (left >= size) text += `${Math.floor(left / size)}${unit}`;
    left %= size;
  }
  return text;
}

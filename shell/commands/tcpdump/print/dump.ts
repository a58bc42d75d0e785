/** Packets in hexadecimal and ASCII: -x, -X, -A and what tcpdump cannot decode. */
import { bytes as wire } from '../../../ports/wire.ts';
import { hex4, Truncated, type Dissection } from './dissection.ts';

const BYTES_PER_LINE = 16;
const HEX_WIDTH = 40;

/** `from` to `to` in pairs of bytes, sixteen a line, each line introduced by `indent`. */
export function hexDump(out: Dissection, indent: string, from: number, to: number): void {
  const stop = Math.min(to, out.end);
  for (let line = from; line < stop; line += BYTES_PER_LINE) {
    out.print(`${indent}0x${hex4(line - from)}: ${pairs(out.bytes, line, Math.min(stop, line + BYTES_PER_LINE))}`);
  }
  if (to > out.end) throw new Truncated();
}

/** The same with the printable characters beside. */
export function hexAndAsciiDump(out: Dissection, indent: string, from: number, to: number): void {
  const stop = Math.min(to, out.end);
  for (let line = from; line < stop; line += BYTES_PER_LINE) {
    const lineEnd = Math.min(stop, line + BYTES_PER_LINE);
    let text = '';
    for (let at = line; at < lineEnd; at += 1) text += graphic(out.bytes[at]!);
    out.print(`${indent}0x${hex4(line - from)}: ${pairs(out.bytes, line, lineEnd).padEnd(HEX_WIDTH)}  ${text}`);
  }
  if (to > out.end) throw new Truncated();
}

function pairs(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at += 2) text += ` ${wire.hex(bytes, at, Math.min(to, at + 2))}`;
  return text;
}

function graphic(code: number): string {
  return code > 32 && code < 127 ? String.fromCharCode(code) : '.';
}

/** -A: line ends, tabs and blanks as they are, a carriage return only where it ends no line, a dot for everything else. */
export function asciiDump(out: Dissection, from: number): void {
  out.print('\n');
  let text = '';
  for (let at = from; at < out.end; at += 1) {
    const code = out.bytes[at]!;
    if (code === 13) {
      if (out.end - at > 2 && out.bytes[at + 1] !== 10) text += '.';
    } else if (code === 9 || code === 10 || code === 32) {
      text += String.fromCharCode(code);
    } else {
      text += graphic(code);
    }
  }
  out.print(text);
}

/** What a printer shows of a packet that it does not know. */
export function dumpUndecoded(out: Dissection, from: number): void {
  if (!out.suppressesDump) hexAndAsciiDump(out, '\n\t', from, out.end);
}

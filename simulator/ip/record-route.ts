/** The record route option (RFC 791, section 3.1): each machine on the way writes down an address of its own. Read first: net/ipv4/ip_options.c, ip_forward.c */
import { put32 } from '../bytes.ts';
import { NETWORK_OFFSET } from '../kernel/packet.ts';
import type { Ip4 } from '../wire/ip4.ts';
import * as ipv4 from '../wire/ipv4.ts';

const END = 0;
const NO_OPERATION = 1;
const RECORD_ROUTE = 7;

/** Where the option stands in a frame, or -1. */
function optionAt(frame: Uint8Array): number {
  const end = NETWORK_OFFSET + ipv4.headerLength(frame, NETWORK_OFFSET);
  for (let at = NETWORK_OFFSET + 20; at < end && frame[at] !== END; ) {
    if (frame[at] === NO_OPERATION) at += 1;
    else {
      const length = frame[at + 1] ?? 0;
      if (length < 3 || at + length > end) return -1;
      if (frame[at] === RECORD_ROUTE) return at;
      at += length;
    }
  }
  return -1;
}

/** Writes the address where there is room for one. */
export function recordRoute(frame: Uint8Array, address: Ip4): void {
  if (ipv4.headerLength(frame, NETWORK_OFFSET) === 20) return;
  const at = optionAt(frame);
  if (at < 0) return;
  const [length, pointer] = [frame[at + 1]!, frame[at + 2]!];
  if (pointer < 4 || pointer + 3 > length) return;
  put32(frame, at + pointer - 1, address);
  frame[at + 2] = pointer + 4;
  ipv4.writeChecksum(frame, NETWORK_OFFSET);
}

/** What an answer carries of the options of a question (ip_options_echo). */
export function echoedOptions(frame: Uint8Array): Uint8Array | undefined {
  const at = ipv4.headerLength(frame, NETWORK_OFFSET) === 20 ? -1 : optionAt(frame);
  return at < 0 ? undefined : frame.slice(at, at + frame[at + 1]!);
}

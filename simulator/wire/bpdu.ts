/**
 * Configuration and topology change BPDUs of the spanning tree protocol (IEEE 802.1D-1998 section 9), with the LLC header a
 * bridge puts before them in an 802.3 frame.
 */
import { get16, get8, put16, put32, get32 } from '../bytes.ts';
import type { WireError } from './error.ts';
import { macAt, putMac, type Mac } from './mac.ts';

/** LLC: source and destination service access point 0x42, unnumbered information. */
export const LLC: readonly number[] = [0x42, 0x42, 0x03];
/** LLC and a configuration BPDU: what the 802.3 length field says. */
export const CONFIG_LENGTH = 38;

export interface BridgeId {
  readonly priority: number;
  readonly mac: Mac;
}

export interface ConfigBpdu {
  readonly flags: number;
  readonly root: BridgeId;
  readonly rootPathCost: number;
  readonly bridge: BridgeId;
  readonly portId: number;
  /** Times in 1/256 s, as on the wire. */
  readonly messageAge: number;
  readonly maxAge: number;
  readonly helloTime: number;
  readonly forwardDelay: number;
}

/** `at` is where the LLC header begins. */
export function parse(bytes: Uint8Array, at = 0): ConfigBpdu | WireError {
  if (bytes.length < at + CONFIG_LENGTH) return 'truncated';
  if (LLC.some((value, index) => bytes[at + index] !== value)) return 'bad-type';
  const body = at + LLC.length;
  if (get16(bytes, body) !== 0 || get8(bytes, body + 2) !== 0) return 'bad-version';
  if (get8(bytes, body + 3) !== 0) return 'bad-type';
  return {
    flags: get8(bytes, body + 4),
    root: bridgeIdAt(bytes, body + 5),
    rootPathCost: get32(bytes, body + 13),
    bridge: bridgeIdAt(bytes, body + 17),
    portId: get16(bytes, body + 25),
    messageAge: get16(bytes, body + 27),
    maxAge: get16(bytes, body + 29),
    helloTime: get16(bytes, body + 31),
    forwardDelay: get16(bytes, body + 33),
  };
}

function bridgeIdAt(bytes: Uint8Array, at: number): BridgeId {
  return { priority: get16(bytes, at), mac: macAt(bytes, at + 2) };
}

/** LLC header and BPDU; the frame around it has the length CONFIG_LENGTH instead of a type. */
export function emit(bpdu: ConfigBpdu): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CONFIG_LENGTH);
  bytes.set(LLC, 0);
  bytes[7] = bpdu.flags;
  putBridgeId(bytes, 8, bpdu.root);
  put32(bytes, 16, bpdu.rootPathCost);
  putBridgeId(bytes, 20, bpdu.bridge);
  put16(bytes, 28, bpdu.portId);
  put16(bytes, 30, bpdu.messageAge);
  put16(bytes, 32, bpdu.maxAge);
  put16(bytes, 34, bpdu.helloTime);
  put16(bytes, 36, bpdu.forwardDelay);
  return bytes;
}

function putBridgeId(bytes: Uint8Array, at: number, id: BridgeId): void {
  put16(bytes, at, id.priority);
  putMac(bytes, at + 2, id.mac);
}

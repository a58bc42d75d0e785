/** Capture files: the classic pcap format (draft-ietf-opsawg-pcap), microseconds, written little-endian and read in either order. */
import { concat } from '../bytes.ts';
import type { WireError } from './error.ts';

export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_LINUX_SLL2 = 276;
export const DEFAULT_SNAPSHOT_LENGTH = 262144;

export interface CapturedPacket {
  /** Microseconds since 1970. */
  readonly tsUs: number;
  readonly bytes: Uint8Array;
  /** Before the snapshot length cut it. */
  readonly originalLength: number;
}

export interface CaptureFile {
  readonly linkType: number;
  readonly snapshotLength: number;
  readonly packets: readonly CapturedPacket[];
  /** The file ends inside a packet. */
  readonly isTruncated: boolean;
}

export function fileHeader(linkType: number, snapshotLength = DEFAULT_SNAPSHOT_LENGTH): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, snapshotLength, true);
  view.setUint32(20, linkType, true);
  return bytes;
}

export function packetRecord(packet: CapturedPacket): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setUint32(0, Math.floor(packet.tsUs / 1e6), true);
  view.setUint32(4, packet.tsUs % 1e6, true);
  view.setUint32(8, packet.bytes.length, true);
  view.setUint32(12, packet.originalLength, true);
  return concat(header, packet.bytes);
}

export function emit(linkType: number, packets: readonly CapturedPacket[], snapshotLength = DEFAULT_SNAPSHOT_LENGTH): Uint8Array<ArrayBuffer> {
  return concat(fileHeader(linkType, snapshotLength), ...packets.map(packetRecord));
}

/** Also reads nanosecond files, rounding down to microseconds. 'bad-type' is a file of another kind. */
export function parse(bytes: Uint8Array): CaptureFile | WireError {
  if (bytes.length < 24) return 'truncated';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  const isLittle = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  const isBig = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1;
  if (!isLittle && !isBig) return 'bad-type';
  const perUs = magic === 0xa1b23c4d || magic === 0x4d3cb2a1 ? 1000 : 1;
  const packets: CapturedPacket[] = [];
  let at = 24;
  let isTruncated = false;
  while (at < bytes.length) {
    const captured = at + 16 <= bytes.length ? view.getUint32(at + 8, isLittle) : Infinity;
    if (at + 16 + captured > bytes.length) {
      isTruncated = true;
      break;
    }
    packets.push({
      tsUs: view.getUint32(at, isLittle) * 1e6 + Math.floor(view.getUint32(at + 4, isLittle) / perUs),
      bytes: bytes.subarray(at + 16, at + 16 + captured),
      originalLength: view.getUint32(at + 12, isLittle),
    });
    at += 16 + captured;
  }
  return { linkType: view.getUint32(20, isLittle) & 0x0fffffff, snapshotLength: view.getUint32(16, isLittle), packets, isTruncated };
}

/**
 * The 802.1Q tag: four bytes after the source address. `at` is where the tag's control information begins, behind the
 * 0x8100 that announced it.
 */
import { get16, put16 } from '../bytes.ts';
import type { WireError } from './error.ts';

export const TAG_LENGTH = 4;

export interface VlanTag {
  /** 0 to 4095 */
  readonly id: number;
  /** 0 to 7 */
  readonly priority: number;
  readonly isDropEligible: boolean;
  /** The type of what follows. */
  readonly etherType: number;
}

export function parse(bytes: Uint8Array, at: number): VlanTag | WireError {
  if (bytes.length < at + TAG_LENGTH) return 'truncated';
  const control = get16(bytes, at);
  return {
    id: control & 0xfff,
    priority: control >> 13,
    isDropEligible: (control & 0x1000) !== 0,
    etherType: get16(bytes, at + 2),
  };
}

export function emit(tag: VlanTag): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TAG_LENGTH);
  put16(bytes, 0, (tag.priority << 13) | (tag.isDropEligible ? 0x1000 : 0) | tag.id);
  put16(bytes, 2, tag.etherType);
  return bytes;
}

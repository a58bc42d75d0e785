/**
 * Room for frames and datagrams. A buffer of its own costs a JavaScript engine a microsecond, ten times what cutting a piece from a
 * shared page does. Read first: net/core/skbuff.c (napi_alloc_skb, page_frag_alloc), which does the same for the same reason.
 * Pieces are never given back: a page is free when nothing holds a piece of it.
 */

const PAGE = 16_384;
/** Engines keep shorter arrays in their own heap; longer ones than this would waste pages. */
const OWN_UP_TO = 64;
const OWN_FROM = 2_048;

let page = new ArrayBuffer(PAGE);
let used = 0;

/** `length` zero bytes. Not for handing out of the program: `buffer` holds other frames too. */
export function roomFor(length: number): Uint8Array<ArrayBuffer> {
  if (length <= OWN_UP_TO || length > OWN_FROM) return new Uint8Array(length);
  if (used + length > PAGE) {
    page = new ArrayBuffer(PAGE);
    used = 0;
  }
  const piece = new Uint8Array(page, used, length);
  used += length;
  return piece;
}

/** A copy of a range. */
export function copyOf(bytes: Uint8Array, from = 0, to = bytes.length): Uint8Array<ArrayBuffer> {
  const copy = roomFor(to - from);
  copy.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  return copy;
}

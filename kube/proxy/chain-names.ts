/**
 * Names of chains: a prefix and sixteen characters of base32(sha256(what the chain is for)).
 * Read first: kubernetes pkg/proxy/iptables/proxier.go, portProtoHash and servicePortEndpointChainName; RFC 4648 section 6; FIPS 180-4.
 */

export function portProtocolHash(servicePortName: string, protocol: string): string {
  return hash(`${servicePortName}${protocol}`);
}

export function endpointHash(servicePortName: string, protocol: string, endpoint: string): string {
  return hash(`${servicePortName}${protocol}${endpoint}`);
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Sixteen characters of five bits each are the digest's first ten bytes. */
function hash(text: string): string {
  const digest = sha256(text);
  let name = '';
  for (let bit = 0; bit < 80; bit += 5) {
    const word = digest[bit >>> 5]!;
    const offset = bit & 31;
    const rest = offset > 27 ? digest[(bit >>> 5) + 1]! >>> (59 - offset) : 0;
    name += BASE32[(offset > 27 ? (word << (offset - 27)) | rest : word >>> (27 - offset)) & 31]!;
  }
  return name;
}

const ROUNDS = Uint32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
const START = Uint32Array.of(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);

/** Eight words. Names of objects are ASCII, so a character is a byte. Another start makes it SHA-224, whose digest is the first seven. */
export function sha256(text: string, start: Uint32Array = START): Uint32Array {
  const bytes = new Uint8Array((((text.length + 8) >>> 6) + 1) << 6);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  bytes[text.length] = 0x80;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, text.length * 8);
  const state = start.slice();
  const words = new Uint32Array(64);
  for (let block = 0; block < bytes.length; block += 64) {
    const view = new DataView(bytes.buffer, block, 64);
    for (let at = 0; at < 16; at += 1) words[at] = view.getUint32(at * 4);
    compress(state, words);
  }
  return state;
}

function compress(state: Uint32Array, words: Uint32Array): void {
  for (let at = 16; at < 64; at += 1) {
    const [early, late] = [words[at - 15]!, words[at - 2]!];
    words[at] = words[at - 16]! + (turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)) + words[at - 7]! + (turn(late, 17) ^ turn(late, 19) ^ (late >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let at = 0; at < 64; at += 1) {
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUNDS[at]! + words[at]!) | 0;
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, at) => {
    state[at]! += value;
  });
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/**
 * Names that Calico makes by hashing: chains that would be too long, IP sets by what they select, and a mark on each rule by which it knows its own.
 * Read first: libcalico-go lib/hash/id.go; felix iptables/rules.go (RuleHashes), ipsets/ipset_defs.go; FIPS 180-4 section 5.3.2
 */
import { sha256 } from '../proxy/chain-names.ts';

const SHA224_START = Uint32Array.of(0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4);
const BASE64_URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const MOST_IN_A_CHAIN_NAME = 28;
const MOST_IN_A_SET_NAME = 31;
const RULE_HASH_LENGTH = 16;

/** cali-pi-NAME, or cali-pi-_HASH where that is too long. */
export function chainName(prefix: string, name: string): string {
  if (prefix.length + name.length <= MOST_IN_A_CHAIN_NAME && !name.startsWith('_')) return prefix + name;
  return `${prefix}_${base64Url(bytesOf(sha256(name), 32))}`.slice(0, MOST_IN_A_CHAIN_NAME);
}

/** `kind` is s for the addresses a selector chooses, n for those that offer a named port. */
export function setName(kind: 's' | 'n', content: string): string {
  return `cali40${kind}:${base64Url(sha224(`${kind}:${content}`))}`.slice(0, MOST_IN_A_SET_NAME);
}

/** Each hash goes on from the one before, so that it tells a rule's place as well. */
export function ruleHashes(chain: string, rules: readonly string[]): string[] {
  let digest = sha224(chain);
  return rules.map((rule) => {
    digest = sha224(`${String.fromCharCode(...digest)}-A ${chain} HASH ${rule}`);
    return base64Url(digest).slice(0, RULE_HASH_LENGTH);
  });
}

function sha224(text: string): Uint8Array {
  return bytesOf(sha256(text, SHA224_START), 28);
}

function bytesOf(words: Uint32Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (words[at >>> 2]! >>> (24 - (at & 3) * 8)) & 255);
}

function base64Url(bytes: Uint8Array): string {
  let text = '';
  for (let bit = 0; bit < bytes.length * 8; bit += 6) text += BASE64_URL[((((bytes[bit >>> 3]! << 8) | (bytes[(bit >>> 3) + 1] ?? 0)) >>> (10 - (bit & 7))) & 63)]!;
  return text;
}

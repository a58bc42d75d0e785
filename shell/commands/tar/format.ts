/** The records of a tar archive as GNU tar writes and reads them. Read first: tar(5), the GNU tar manual, "Basic Tar Format". */
import { concat, fromUtf8, utf8 } from '../../ports/bytes.ts';

export const BLOCK = 512;
/** Twenty blocks: what an archive's length is a multiple of. */
const RECORD = 20 * BLOCK;

export type MemberKind = 'file' | 'hard link' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';
const KINDS: readonly MemberKind[] = ['file', 'hard link', 'symlink', 'character', 'block', 'directory', 'fifo'];

export interface Member {
  readonly name: string; readonly kind: MemberKind; readonly mode: number; readonly uid: number; readonly gid: number; readonly user: string; readonly group: string;
  readonly modifiedSeconds: number; readonly target: string; readonly content: Uint8Array; readonly device: readonly [major: number, minor: number];
}

/** A member's blocks; names that are too long stand in a member of their own before it. */
export function memberBlocks(member: Member): Uint8Array {
  const long = (type: string, text: Uint8Array): Uint8Array[] => (text.length <= 100 ? [] : [header({ ...member, name: '././@LongLink', kind: 'file', mode: 0o644, uid: 0, gid: 0, user: 'root', group: 'root', modifiedSeconds: 0, target: '' }, type, text.length + 1), padded(concat(text, Uint8Array.of(0)))]);
  const name = utf8(member.name);
  const target = utf8(member.target);
  return concat(...long('K', target), ...long('L', name), header(member, String(KINDS.indexOf(member.kind)), member.content.length), padded(member.content));
}

/** Two blocks of zeros, and more to fill the record. */
export function endOfArchive(size: number): Uint8Array {
  return new Uint8Array(Math.ceil((size + 2 * BLOCK) / RECORD) * RECORD - size);
}

function padded(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK));
}

function header(member: Member, type: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const text = (at: number, value: string, most: number): void => block.set(utf8(value).subarray(0, most), at);
  const octal = (at: number, value: number, digits: number): void => text(at, value.toString(8).padStart(digits, '0'), digits);
  text(0, member.name, 100);
  octal(100, member.mode & 0o7777, 7);
  octal(108, member.uid, 7);
  octal(116, member.gid, 7);
  octal(124, size, 11);
  octal(136, Math.max(0, member.modifiedSeconds), 11);
  text(148, '        ', 8);
  text(156, type, 1);
  text(157, member.target, 100);
  text(257, 'ustar  \0', 8);
  text(265, member.user, 31);
  text(297, member.group, 31);
  if (member.kind === 'character' || member.kind === 'block') {
    octal(329, member.device[0], 7);
    octal(337, member.device[1], 7);
  }
  octal(148, block.reduce((sum, byte) => sum + byte, 0), 6);
  block[154] = 0;
  return block;
}

export interface Archive { readonly members: readonly Member[]; readonly problem: 'not an archive' | 'ends early' | undefined; /** Where the blocks of zeros begin. */ readonly end: number }

export function readArchive(bytes: Uint8Array): Archive {
  const members: Member[] = [];
  let longName: string | undefined;
  let longTarget: string | undefined;
  let extended = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const block = bytes.subarray(at, at + BLOCK);
    if (block.every((byte) => byte === 0)) return { members, problem: undefined, end: at };
    if (block.length < BLOCK || !hasRightSum(block)) return { members, problem: members.length === 0 ? 'not an archive' : 'ends early', end: at };
    const size = Number(extended.get('size') ?? octalAt(block, 124, 12));
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) return { members, problem: 'ends early', end: at };
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(block[156]!);
    if (type === 'L') longName = textAt(content, 0, size);
    else if (type === 'K') longTarget = textAt(content, 0, size);
    else if (type === 'x') extended = paxRecords(content);
    else if (type !== 'g') {
      const prefix = textAt(block, 257, 8) === 'ustar' && block[263] === 0x30 ? textAt(block, 345, 155) : '';
      const name = extended.get('path') ?? longName ?? (prefix === '' ? textAt(block, 0, 100) : `${prefix}/${textAt(block, 0, 100)}`);
      const kind = KINDS[Number(type === '\0' || type === '7' ? 0 : type)] ?? 'file';
      members.push({
        name, kind: kind === 'file' && name.endsWith('/') ? 'directory' : kind, mode: octalAt(block, 100, 8), uid: octalAt(block, 108, 8), gid: octalAt(block, 116, 8), user: textAt(block, 265, 32), group: textAt(block, 297, 32),
        modifiedSeconds: Number(extended.get('mtime') ?? octalAt(block, 136, 12)), target: extended.get('linkpath') ?? longTarget ?? textAt(block, 157, 100), content: kind === 'file' ? content : new Uint8Array(), device: [octalAt(block, 329, 8), octalAt(block, 337, 8)],
      });
      longName = undefined;
      longTarget = undefined;
      extended = new Map();
    }
  }
  return { members, problem: members.length === 0 ? 'not an archive' : undefined, end: bytes.length };
}

function hasRightSum(block: Uint8Array): boolean {
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return sum === octalAt(block, 148, 8);
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return fromUtf8(end === -1 ? field : field.subarray(0, end));
}

function octalAt(block: Uint8Array, at: number, length: number): number {
  return Number.parseInt(textAt(block, at, length).trim() || '0', 8) || 0;
}

/** `length keyword=value`, one behind the other. */
function paxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const length = Number.parseInt(fromUtf8(bytes.subarray(at, at + 12)), 10);
    if (!(length > 3)) break;
    const [, keyword, value] = /^\d+ ([^=]*)=(.*)\n$/s.exec(fromUtf8(bytes.subarray(at, at + length))) ?? [];
    if (keyword !== undefined) records.set(keyword, value!);
    at += length;
  }
  return records;
}

/**
 * Reads a zip archive, and only one that every program would read alike: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5,
 * without encryption, splitting and zip64. Archives are refused whose parts disagree (two headers of one file, the size that is
 * said and the size that is there), overlap, or hide bytes between files: a reader that is lenient about them can be shown
 * one content while another one checks a different one.
 */
import { crc32, inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** As it stands in the archive, with slashes; nothing is known of it yet. */
  readonly path: string;
  readonly bytes: Uint8Array;
}
export interface ZipLimits {
  readonly entries: number;
  /** Of all files together, unpacked. */
  readonly bytes: number;
}
export interface ZipFault { readonly entry: string | null; readonly wanted: string; readonly found: string }
export type ReadZip = { readonly entries: readonly ZipEntry[] } | { readonly fault: ZipFault };

const END = 0x06054b50;
const END_BYTES = 22;
const ZIP64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR = 0x08074b50;
const flag = { encrypted: 1, descriptor: 1 << 3, utf8: 1 << 11 };
/** Encryption (0, 6, 13) and patches (5) are refused; how hard the packer tried (1, 2) means nothing here. */
const KNOWN_FLAGS = 0b110 | flag.descriptor | flag.utf8;
const STORED = 0;
const DEFLATED = 8;
/** Prose deflates by 3, the worst honest table by 20. Small files may do better. */
const MOST_RATIO = 100;
const RATIO_MATTERS_BYTES = 100_000;
const ZIP64_EXTRA = 0x0001;
const UNICODE_PATH_EXTRA = 0x7075;

/** A way out of nested reading with the one fault that is reported; never leaves this file. */
class Refused extends Error {
  readonly fault: ZipFault;
  constructor(entry: string | null, wanted: string, found: string) {
    super(`wanted ${wanted}, found ${found}`);
    this.fault = { entry, wanted, found };
  }
}

export function readZip(bytes: Uint8Array, limits: ZipLimits): ReadZip {
  try {
    return { entries: readEntries(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), limits) };
  } catch (cause) {
    if (cause instanceof Refused) return { fault: cause.fault };
    // Node throws these where a header points outside the archive.
    if (cause instanceof RangeError) return { fault: { entry: null, wanted: 'a whole zip archive', found: 'one that is cut short' } };
    throw cause;
  }
}

export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= END_BYTES && [...bytes.subarray(0, 2)].join() === '80,75';
}

interface Central {
  readonly path: string;
  readonly nameBytes: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly offset: number;
}

function readEntries(archive: Buffer, limits: ZipLimits): ZipEntry[] {
  const { directoryAt, endAt, count } = readEnd(archive);
  if (count > limits.entries) throw new Refused(null, `at most ${limits.entries} files`, `${count}`);
  const listed = readDirectory(archive, directoryAt, endAt, count);
  let total = 0;
  for (const { path, bytes, packedBytes } of listed) {
    total += bytes;
    if (total > limits.bytes) throw new Refused(path, `at most ${limits.bytes} bytes in all, unpacked`, `${total} and more`);
    if (bytes > RATIO_MATTERS_BYTES && bytes > packedBytes * MOST_RATIO) throw new Refused(path, `at most ${MOST_RATIO} bytes unpacked for one that is packed`, `${bytes} for ${packedBytes}`);
  }
  const regions = listed.map((entry) => ({ entry, ...regionOf(archive, entry, directoryAt) })).sort((a, b) => a.entry.offset - b.entry.offset);
  let at = 0;
  for (const { entry, end } of regions) {
    if (entry.offset < at) throw new Refused(entry.path, 'files that each have their own bytes', 'one inside another');
    if (entry.offset > at) throw new Refused(entry.path, 'files one after the other', `${entry.offset - at} bytes before it that belong to no file`);
    at = end;
  }
  if (at !== directoryAt) throw new Refused(null, 'the list of files right after the files', `${directoryAt - at} bytes between that belong to no file`);
  return regions.filter(({ entry }) => !entry.path.endsWith('/')).map(({ entry, dataAt }) => ({ path: entry.path, bytes: unpacked(archive.subarray(dataAt, dataAt + entry.packedBytes), entry) }));
}

function readEnd(archive: Buffer): { directoryAt: number; endAt: number; count: number } {
  const ends: number[] = [];
  for (let at = archive.length - END_BYTES; at >= Math.max(0, archive.length - END_BYTES - 0xffff); at--) {
    if (archive.readUInt32LE(at) === END && at + END_BYTES + archive.readUInt16LE(at + 20) === archive.length) ends.push(at);
  }
  const [endAt, second] = ends;
  if (endAt === undefined) throw new Refused(null, 'a zip archive', 'a file without its list of files: it is cut short, or no zip');
  if (second !== undefined) throw new Refused(null, 'one list of files', 'two that could both be meant');
  const [disk, directoryDisk, here, count] = [4, 6, 8, 10].map((offset) => archive.readUInt16LE(endAt + offset)) as [number, number, number, number];
  if (disk !== 0 || directoryDisk !== 0) throw new Refused(null, 'an archive in one file', 'a part of a split one');
  if (here !== count) throw new Refused(null, 'one number of files', `${here} and ${count}`);
  const directoryBytes = archive.readUInt32LE(endAt + 12);
  const directoryAt = archive.readUInt32LE(endAt + 16);
  const hasLocator = endAt >= 20 && archive.readUInt32LE(endAt - 20) === ZIP64_LOCATOR;
  if (hasLocator || count === 0xffff || directoryBytes === 0xffffffff || directoryAt === 0xffffffff) throw new Refused(null, 'a plain zip archive', 'zip64, which is for archives beyond 4 GB');
  if (directoryAt + directoryBytes !== endAt) throw new Refused(null, 'a list of files as long as it says', `${endAt - directoryAt} bytes for ${directoryBytes}`);
  return { directoryAt, endAt, count };
}

function readDirectory(archive: Buffer, directoryAt: number, endAt: number, count: number): Central[] {
  const listed: Central[] = [];
  let at = directoryAt;
  for (let number = 0; number < count; number++) {
    if (at + CENTRAL_BYTES > endAt || archive.readUInt32LE(at) !== CENTRAL) throw new Refused(null, `${count} files, as the archive says`, `${number}`);
    const [nameLength, extraLength, commentLength, disk] = [28, 30, 32, 34].map((offset) => archive.readUInt16LE(at + offset)) as [number, number, number, number];
    const flags = archive.readUInt16LE(at + 8);
    const nameBytes = archive.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength);
    const path = nameBytes.toString((flags & flag.utf8) === 0 ? 'latin1' : 'utf8');
    const extra = archive.subarray(at + CENTRAL_BYTES + nameLength, at + CENTRAL_BYTES + nameLength + extraLength);
    const [crc, packedBytes, bytes] = [16, 20, 24].map((offset) => archive.readUInt32LE(at + offset)) as [number, number, number];
    const entry: Central = { path, nameBytes, flags, method: archive.readUInt16LE(at + 10), crc, packedBytes, bytes, offset: archive.readUInt32LE(at + 42) };
    if (disk !== 0) throw new Refused(path, 'an archive in one file', 'a part of a split one');
    judgeEntry(entry, archive.readUInt32LE(at + 38) >>> 16, extra);
    listed.push(entry);
    at += CENTRAL_BYTES + nameLength + extraLength + commentLength;
  }
  if (at !== endAt) throw new Refused(null, `${count} files, as the archive says`, 'more in its list');
  return listed;
}

function judgeEntry({ path, flags, method, packedBytes, bytes, nameBytes }: Central, unixMode: number, extra: Buffer): void {
  if ((flags & flag.encrypted) !== 0) throw new Refused(path, 'a file that can be read', 'an encrypted one');
  if ((flags & ~KNOWN_FLAGS) !== 0) throw new Refused(path, 'a plain file', `one of a special kind (flags ${flags.toString(16)})`);
  if (method !== STORED && method !== DEFLATED) throw new Refused(path, 'a file that is stored or deflated', `method ${method}`);
  if (method === STORED && packedBytes !== bytes) throw new Refused(path, 'one size for a stored file', `${packedBytes} and ${bytes}`);
  // S_IFMT of stat(2): Unix packers keep the mode; others leave it 0.
  const type = unixMode & 0o170000;
  if (type === 0o120000) throw new Refused(path, 'a file', 'a symbolic link');
  if (type !== 0 && type !== 0o100000 && type !== 0o040000) throw new Refused(path, 'a file', 'a device, pipe or socket');
  if (path.endsWith('/') && bytes !== 0) throw new Refused(path, 'a folder without bytes of its own', `${bytes} bytes`);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    const kind = extra.readUInt16LE(at);
    if (kind === ZIP64_EXTRA) throw new Refused(path, 'a plain zip archive', 'zip64, which is for files beyond 4 GB');
    const name = extra.subarray(at + 4 + 5, at + 4 + extra.readUInt16LE(at + 2));
    if (kind === UNICODE_PATH_EXTRA && !name.equals(nameBytes)) throw new Refused(path, 'one name', `a second one: ${name.toString('utf8').slice(0, 80)}`);
  }
}

/** Where a file's data begins, and where all that belongs to it ends; its own header must say what the list says. */
function regionOf(archive: Buffer, entry: Central, directoryAt: number): { dataAt: number; end: number } {
  const { path, offset, flags, method, nameBytes } = entry;
  if (offset + LOCAL_BYTES > directoryAt || archive.readUInt32LE(offset) !== LOCAL) throw new Refused(path, 'the file where the list says it is', 'something else there');
  const nameLength = archive.readUInt16LE(offset + 26);
  const dataAt = offset + LOCAL_BYTES + nameLength + archive.readUInt16LE(offset + 28);
  const dataEnd = dataAt + entry.packedBytes;
  if (dataEnd > directoryAt) throw new Refused(path, `${entry.packedBytes} bytes of data`, 'fewer: the archive is cut short or lies');
  const name = archive.subarray(offset + LOCAL_BYTES, offset + LOCAL_BYTES + nameLength);
  if (!name.equals(nameBytes)) throw new Refused(path, 'one name', `a second one at the file itself: ${name.toString('utf8').slice(0, 80)}`);
  if (archive.readUInt16LE(offset + 6) !== flags || archive.readUInt16LE(offset + 8) !== method) throw new Refused(path, 'one description', 'another one at the file itself');
  const hasDescriptor = (flags & flag.descriptor) !== 0;
  const local = sizesAt(archive, offset + 14);
  if (!isSame(local, entry) && !(hasDescriptor && local.crc === 0 && local.packedBytes === 0 && local.bytes === 0)) throw new Refused(path, 'one size and checksum', 'others at the file itself');
  if (!hasDescriptor) return { dataAt, end: dataEnd };
  const isSigned = archive.readUInt32LE(dataEnd) === DESCRIPTOR;
  if (!isSame(sizesAt(archive, dataEnd + (isSigned ? 4 : 0)), entry)) throw new Refused(path, 'one size and checksum', 'others after the file');
  return { dataAt, end: dataEnd + (isSigned ? 16 : 12) };
}

type Sizes = Pick<Central, 'crc' | 'packedBytes' | 'bytes'>;
function sizesAt(archive: Buffer, at: number): Sizes {
  return { crc: archive.readUInt32LE(at), packedBytes: archive.readUInt32LE(at + 4), bytes: archive.readUInt32LE(at + 8) };
}
function isSame(one: Sizes, other: Sizes): boolean {
  return one.crc === other.crc && one.packedBytes === other.packedBytes && one.bytes === other.bytes;
}

function unpacked(packed: Buffer, { path, method, bytes, crc }: Central): Uint8Array {
  const made = method === STORED ? packed : inflated(packed, path, bytes);
  if (made.length !== bytes) throw new Refused(path, `${bytes} bytes, as it says`, `${made.length}`);
  if (crc32(made) !== crc) throw new Refused(path, 'its checksum', 'another: the archive is damaged');
  return made;
}

function inflated(packed: Buffer, path: string, bytes: number): Buffer {
  let used: number;
  let made: Buffer;
  try {
    const { buffer, engine } = inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes), info: true }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    [made, used] = [buffer, engine.bytesWritten];
  } catch (cause) {
    throw new Refused(path, `${bytes} bytes, as it says`, (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'more' : 'data that cannot be unpacked');
  }
  if (used !== packed.length) throw new Refused(path, 'nothing after its data', `${packed.length - used} bytes more`);
  return made;
}

/** Zip archives that no honest packer makes: each header says what it is told to. APPNOTE.TXT 4.3. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface Part {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly isDeflated?: boolean;
  readonly method?: number;
  readonly flags?: number;
  /** What both headers say of the content, when it is not the truth. */
  readonly bytes?: number;
  readonly crc?: number;
  /** What the file's own header says, when it is not what the list says. */
  readonly localPath?: string;
  readonly localBytes?: number;
  /** A data descriptor after the file, its own header saying zeros; with the size it is to say. */
  readonly descriptorBytes?: number;
  /** Of stat(2). */
  readonly unixMode?: number;
  readonly extra?: Buffer;
  /** Bytes before the file that belong to nobody. */
  readonly hidden?: Buffer;
  /** The list names the file at this number's place again. */
  readonly sameAs?: number;
}

export function forgeZip(parts: readonly Part[], end: { readonly count?: number; readonly before?: Buffer; readonly after?: Buffer } = {}): Buffer {
  const local: Buffer[] = [];
  const list: Buffer[] = [];
  const offsets: number[] = [];
  let at = 0;
  const put = (...buffers: Buffer[]): void => {
    for (const buffer of buffers) at += buffer.length;
    local.push(...buffers);
  };
  for (const part of parts) {
    const content = Buffer.from(part.content ?? '');
    const data = part.isDeflated === true ? deflateRawSync(content) : content;
    const name = Buffer.from(part.path);
    const flags = (part.flags ?? 1 << 11) | (part.descriptorBytes === undefined ? 0 : 1 << 3);
    const method = part.method ?? (part.isDeflated === true ? 8 : 0);
    const crc = part.crc ?? crc32(content);
    const bytes = part.bytes ?? content.length;
    if (part.hidden !== undefined) put(part.hidden);
    const offset = part.sameAs === undefined ? at : offsets[part.sameAs]!;
    offsets.push(offset);
    if (part.sameAs === undefined) {
      const localName = Buffer.from(part.localPath ?? part.path);
      const said = part.descriptorBytes === undefined ? [crc, data.length, part.localBytes ?? bytes] : [0, 0, 0];
      put(Buffer.concat([Buffer.from('PK\x03\x04'), words(20, flags, method, 0, 33), longs(...said), words(localName.length, 0)]), localName, data);
      if (part.descriptorBytes !== undefined) put(Buffer.concat([Buffer.from('PK\x07\x08'), longs(crc, data.length, part.descriptorBytes)]));
    }
    const extra = part.extra ?? Buffer.alloc(0);
    list.push(Buffer.concat([Buffer.from('PK\x01\x02'), words((3 << 8) | 20, 20, flags, method, 0, 33), longs(crc, data.length, bytes), words(name.length, extra.length, 0, 0, 0), longs(((part.unixMode ?? 0o100644) << 16) >>> 0, offset), name, extra]));
  }
  const directory = Buffer.concat(list);
  const before = end.before ?? Buffer.alloc(0);
  const count = end.count ?? parts.length;
  const last = Buffer.concat([Buffer.from('PK\x05\x06'), words(0, 0, count, count), longs(directory.length, at), words(end.after?.length ?? 0)]);
  return Buffer.concat([...local, directory, before, last, end.after ?? Buffer.alloc(0)]);
}

export function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => buffer.writeUInt16LE(value, 2 * index));
  return buffer;
}
export function longs(...values: number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => buffer.writeUInt32LE(value, 4 * index));
  return buffer;
}

/** The first bytes of a PNG of that size. */
export function pngHead(width: number, height: number): Buffer {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), size, Buffer.alloc(9)]);
}

/**
 * What a picture file says of itself, from its first bytes: its kind and its size in dots. Nothing is decoded.
 * PNG: https://www.w3.org/TR/png-3/ (IHDR). JPEG: ITU-T T.81, B.2.2 (SOFn). WebP: RFC 9649, 2.5 to 2.7.
 */
export interface Picture { readonly kind: 'png' | 'jpeg' | 'webp'; readonly width: number; readonly height: number }

export function readPicture(bytes: Uint8Array): Picture | null {
  return readPng(bytes) ?? readJpeg(bytes) ?? readWebp(bytes);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function startsWith(bytes: Uint8Array, at: number, wanted: string): boolean {
  return bytes.length >= at + wanted.length && [...wanted].every((character, index) => bytes[at + index] === character.charCodeAt(0));
}

function readPng(bytes: Uint8Array): Picture | null {
  if (!startsWith(bytes, 0, '\x89PNG\r\n\x1a\n') || !startsWith(bytes, 12, 'IHDR') || bytes.length < 33) return null;
  const view = viewOf(bytes);
  return { kind: 'png', width: view.getUint32(16), height: view.getUint32(20) };
}

function readJpeg(bytes: Uint8Array): Picture | null {
  if (!startsWith(bytes, 0, '\xff\xd8\xff')) return null;
  const view = viewOf(bytes);
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1] ?? 0;
    // Any SOF but the codes in between that mean other tables (DHT, JPG, DAC).
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) return { kind: 'jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    if (marker === 0xff) at += 1;
    else at += 2 + view.getUint16(at + 2);
  }
  return null;
}

function readWebp(bytes: Uint8Array): Picture | null {
  if (!startsWith(bytes, 0, 'RIFF') || !startsWith(bytes, 8, 'WEBP') || bytes.length < 30) return null;
  const view = viewOf(bytes);
  if (startsWith(bytes, 12, 'VP8X')) return { kind: 'webp', width: 1 + (view.getUint32(24, true) & 0xffffff), height: 1 + (view.getUint32(26, true) >>> 8) };
  if (startsWith(bytes, 12, 'VP8L')) return { kind: 'webp', width: 1 + (view.getUint32(21, true) & 0x3fff), height: 1 + ((view.getUint32(21, true) >>> 14) & 0x3fff) };
  if (startsWith(bytes, 12, 'VP8 ')) return { kind: 'webp', width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  return null;
}

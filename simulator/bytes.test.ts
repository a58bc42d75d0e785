import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { base64, checksum, fromBase64, fromHex, fromUtf8, get32, hex, put32, updateChecksum32, utf8 } from './bytes.ts';

describe('text encodings', () => {
  it.each(['', 'a', 'ab', 'abc', 'abcd', 'grüße, 世界 🌍', '\ufeffx'])('%j survives UTF-8, hex and base64', (text) => {
    const bytes = utf8(text);
    expect(fromUtf8(bytes)).toBe(text);
    expect(hex(bytes)).toBe(Buffer.from(text).toString('hex'));
    expect(base64(bytes)).toBe(Buffer.from(text).toString('base64'));
    expect(fromUtf8(fromHex(hex(bytes))!)).toBe(text);
    expect(fromUtf8(fromBase64(base64(bytes))!)).toBe(text);
  });

  it.each(['a', '===', 'ab!c', 'YQ=a'])('%j is no base64', (text) => expect(fromBase64(text)).toBeUndefined());
  it.each(['a', 'zz'])('%j is no hex', (text) => expect(fromHex(text)).toBeUndefined());
});

describe('the Internet checksum', () => {
  it('is RFC 1071 section 3’s', () => {
    expect(checksum(fromHex('0001f203f4f5f6f7')!)).toBe(~0xddf2 & 0xffff);
  });

  it('pads an odd byte', () => {
    expect(checksum(fromHex('0102 03')!)).toBe(checksum(fromHex('0102 0300')!));
  });

  it('can be updated instead of computed anew', () => {
    const bytes = fromHex('4500 003c 1c46 4000 4006 0000 ac10 0a63 ac10 0a0c')!;
    const before = checksum(bytes);
    const old = get32(bytes, 12);
    put32(bytes, 12, 0xc0a8ff02);
    expect(updateChecksum32(before, old, 0xc0a8ff02)).toBe(checksum(bytes));
  });
});

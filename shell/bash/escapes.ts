/** Backslash escapes of $'...', echo -e and printf, and bytes that are not UTF-8. Read first: bash(1) "QUOTING", lib/sh/strtrans.c */
import { utf8, fromUtf8 } from '../ports/bytes.ts';

/** A byte that is not part of valid UTF-8 lives in a string as U+DC80..U+DCFF, and comes out as that byte again. */
const ESCAPED_BYTE = 0xdc00;

export function byteCharacter(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(ESCAPED_BYTE + byte);
}

const ESCAPED = /[\udc80-\udcff]/;

export function encode(text: string): Uint8Array {
  if (!ESCAPED.test(text)) return utf8(text);
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) bytes.push(code);
    else if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - ESCAPED_BYTE);
    else {
      const point = text.codePointAt(i)!;
      if (point > 0xffff) i += 1;
      bytes.push(...utf8(String.fromCodePoint(point)));
    }
  }
  return Uint8Array.from(bytes);
}

export function decode(bytes: Uint8Array): string {
  const text = fromUtf8(bytes);
  if (!text.includes('\ufffd')) return text;
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i]!;
    const length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
    const part = length > 0 && i + length <= bytes.length ? fromUtf8(bytes.subarray(i, i + length)) : '\ufffd';
    if (length > 0 && (part !== '\ufffd' || (length === 3 && first === 0xef && bytes[i + 1] === 0xbf && bytes[i + 2] === 0xbd)) && [...part].length === 1) {
      out += part;
      i += length;
    } else {
      out += byteCharacter(first);
      i += 1;
    }
  }
  return out;
}

/** Joins escaped bytes that make valid UTF-8 after all ($'\xc3\xa9'). */
export function normalise(text: string): string {
  return ESCAPED.test(text) ? decode(encode(text)) : text;
}

const SIMPLE: Readonly<Record<string, string>> = { a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"', '?': '?' };

/** The inside of $'...'. */
export function ansiText(text: string): string {
  if (!text.includes('\\')) return text;
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (c !== '\\' || i + 1 >= text.length) {
      out += c;
      continue;
    }
    i += 1;
    const kind = text[i]!;
    const simple = SIMPLE[kind];
    if (simple !== undefined) {
      out += simple;
      continue;
    }
    const rest = text.slice(i);
    const octal = /^[0-7]{1,3}/.exec(rest);
    const hexadecimal = /^x([0-9a-fA-F]{1,2})/.exec(rest) ?? /^x\{([0-9a-fA-F]+)\}/.exec(rest);
    const unicode = /^u([0-9a-fA-F]{1,4})/.exec(rest) ?? /^U([0-9a-fA-F]{1,8})/.exec(rest);
    const control = /^c([\s\S])/.exec(rest);
    const match = octal ?? hexadecimal ?? unicode ?? control;
    if (match === null) {
      out += `\\${kind}`;
      continue;
    }
    i += match[0].length - 1;
    if (match === control) out += String.fromCharCode(match[1]!.charCodeAt(0) & 0x1f);
    else {
      const value = octal !== null ? Number.parseInt(match[0], 8) & 255 : Number.parseInt(match[1]!, 16);
      // A NUL ends the string, as in C.
      if (value === 0) return normalise(out);
      out += match === unicode ? codePoint(value) : byteCharacter(value & 255);
    }
  }
  return normalise(out);
}

export function codePoint(value: number): string {
  return value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ? '\ufffd' : String.fromCodePoint(value);
}

/** `echo -e` and %b: octal needs a zero first (in %b not), \c ends everything. */
export function echoText(text: string, octalNeedsZero: boolean): { text: string; stop: boolean } {
  if (!text.includes('\\')) return { text, stop: false };
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (c !== '\\' || i + 1 >= text.length) {
      out += c;
      continue;
    }
    i += 1;
    const kind = text[i]!;
    if (kind === 'c') return { text: normalise(out), stop: true };
    const simple = kind === "'" || kind === '"' || kind === '?' ? undefined : SIMPLE[kind];
    if (simple !== undefined) {
      out += simple;
      continue;
    }
    const rest = text.slice(i);
    const octal = /^0([0-7]{0,3})/.exec(rest) ?? (octalNeedsZero ? null : /^([0-7]{1,3})/.exec(rest));
    const hexadecimal = /^x([0-9a-fA-F]{1,2})/.exec(rest);
    const unicode = /^u([0-9a-fA-F]{1,4})/.exec(rest) ?? /^U([0-9a-fA-F]{1,8})/.exec(rest);
    const match = octal ?? hexadecimal ?? unicode;
    if (match === null) {
      out += `\\${kind}`;
      continue;
    }
    i += match[0].length - 1;
    if (match === unicode) out += codePoint(Number.parseInt(match[1]!, 16));
    else out += byteCharacter((match === octal ? Number.parseInt(match[1] === '' ? '0' : match[1]!, 8) : Number.parseInt(match[1]!, 16)) & 255);
  }
  return { text: normalise(out), stop: false };
}

const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** printf %q and declare: the way bash backslashes. */
export function quoteBackslash(text: string): string {
  if (text === '') return "''";
  if (needsAnsi(text)) return quoteAnsi(text);
  return text.replace(/[^A-Za-z0-9_%+:./@=\-\u0080-\uffff]/g, (c, at: number) => ((c === '#' && at > 0) || (c === '~' && at > 0 && !'=:'.includes(text[at - 1]!)) ? c : `\\${c}`));
}

function needsAnsi(text: string): boolean {
   
  return /[\u0000-\u001f\u007f\udc80-\udcff]/.test(text);
}

export function quoteAnsi(text: string): string {
  let out = "$'";
  for (const c of text) {
    const code = c.charCodeAt(0);
    if (c === '\\' || c === "'") out += `\\${c}`;
    else if (code === 27) out += '\\E';
    else if (code === 7) out += '\\a';
    else if (code === 8) out += '\\b';
    else if (code === 9) out += '\\t';
    else if (code === 10) out += '\\n';
    else if (code === 11) out += '\\v';
    else if (code === 12) out += '\\f';
    else if (code === 13) out += '\\r';
    else if (code < 32 || code === 127) out += `\\${code.toString(8).padStart(3, '0')}`;
    else if (code >= 0xdc80 && code <= 0xdcff) out += `\\${(code - ESCAPED_BYTE).toString(8)}`;
    else out += c;
  }
  return `${out}'`;
}

/** ${x@Q}, alias, trap -p: single quotes. */
export function quoteSingle(text: string): string {
  if (needsAnsi(text)) return quoteAnsi(text);
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Single quotes around anything, control characters too (trap -p, alias). */
export function quotePlain(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** set and xtrace: quotes only where needed. */
export function quoteIfNeeded(text: string): string {
  if (text === '') return "''";
  return PLAIN_WORD.test(text) && !text.startsWith('~') ? text : quoteSingle(text);
}

/** declare -p: double quotes. */
export function quoteDouble(text: string): string {
  if (needsAnsi(text)) return quoteAnsi(text);
  return `"${text.replace(/["\\$`]/g, (c) => `\\${c}`)}"`;
}

/** HTTP as text (print-http.c, txtproto_print): the first line, or at -v all lines of the head. */
import { bytes as wire } from '../../../ports/wire.ts';
import type { Dissection } from './dissection.ts';

const METHODS = new Set(
  ('GET PUT COPY HEAD LOCK MOVE POLL POST BCOPY BMOVE MKCOL TRACE LABEL MERGE DELETE SEARCH UNLOCK REPORT UPDATE NOTIFY BDELETE CONNECT OPTIONS ' +
    'CHECKIN PROPFIND CHECKOUT CCM_POST SUBSCRIBE PROPPATCH BPROPFIND BPROPPATCH UNCHECKOUT MKACTIVITY MKWORKSPACE UNSUBSCRIBE RPC_CONNECT ' +
    'VERSION-CONTROL BASELINE-CONTROL').split(' '),
);

export function printHttp(out: Dissection, at: number, length: number): void {
  out.protocol = 'http';
  const isHead = looksLikeHead(out, at, length);
  out.print('HTTP');
  if (!isHead) return;
  if (out.verbosity === 0) {
    printLine(out, ': ', at, at + length);
    return;
  }
  out.print(`, length: ${length}`);
  let line: number | undefined = at;
  while (line !== undefined && line < at + length) line = printLine(out, '\n\t', line, at + length);
}

/** A known method first, or a status code of three digits second. */
function looksLikeHead(out: Dissection, at: number, length: number): boolean {
  const first = token(out, at, at + length);
  if (first === undefined) return false;
  if (METHODS.has(first.text.toUpperCase())) return true;
  const second = token(out, first.next, at + length);
  return second !== undefined && /^[0-9]{3}$/.test(second.text);
}

/** The word that begins here and where the next one does; undefined when there is none, or no blank or line end behind it. */
function token(out: Dissection, from: number, to: number): { text: string; next: number } | undefined {
  let at = from;
  let text = '';
  for (; at < to; at += 1) {
    if (!out.has(at, 1)) return undefined;
    const code = wire.get8(out.bytes, at);
    if (code > 127) return undefined;
    if (isBlank(code)) break;
    if (code < 33 || code > 126 || text.length + 2 > 128) return undefined;
    text += String.fromCharCode(code);
  }
  if (text === '') return undefined;
  while (at < to) {
    if (!out.has(at, 1)) break;
    const code = wire.get8(out.bytes, at);
    if (code === 13 || code === 10 || !isBlank(code)) break;
    at += 1;
  }
  return { text, next: at };
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** Answers where the next line begins, undefined when this was the last one that is text. */
function printLine(out: Dissection, prefix: string, from: number, to: number): number | undefined {
  for (let at = from; at < to; at += 1) {
    const code = out.u8(at);
    const isLineFeed = code === 10;
    const isReturn = code === 13;
    if (isReturn && (at + 1 >= to || out.u8(at + 1) !== 10)) return undefined;
    if (isLineFeed || isReturn) {
      out.print(prefix + wire.fromLatin1(out.bytes.subarray(from, at)));
      return at + (isReturn ? 2 : 1);
    }
    if ((code < 32 || code > 126) && code !== 9) return undefined;
  }
  out.print(prefix + wire.fromLatin1(out.bytes.subarray(from, to)));
  out.truncated();
  return undefined;
}

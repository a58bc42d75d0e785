/** Capture filters as libpcap 1.10.3 understands them. Read first: pcap-filter(7). */
import { compileExpression, type FilterContext } from './compile.ts';
import { parseFilter } from './grammar.ts';
import { rejectsEverything, runTest, type PacketInfo } from './predicate.ts';
import { FilterError } from './syntax.ts';

export type { FilterContext } from './compile.ts';
export type { PacketInfo } from './predicate.ts';

export type Filter = (bytes: Uint8Array, info?: PacketInfo) => boolean;

/** The message is libpcap's, without the program's name; `isUnsupported` marks what libpcap knows and this does not. */
export type CompiledFilter = { readonly ok: true; readonly accepts: Filter } | { readonly ok: false; readonly message: string; readonly isUnsupported: boolean };

const NOTHING_KNOWN: PacketInfo = {};

export function compileFilter(text: string, context: FilterContext): CompiledFilter {
  try {
    const compiled = compileExpression(parseFilter(text), context);
    if (rejectsEverything(compiled)) return { ok: false, message: 'expression rejects all packets', isUnsupported: false };
    return { ok: true, accepts: (bytes, info = NOTHING_KNOWN) => runTest(compiled.test, bytes, info) };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return { ok: false, message: error.message, isUnsupported: error.isUnsupported };
  }
}

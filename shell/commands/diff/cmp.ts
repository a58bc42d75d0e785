/** cmp(1) of diffutils 3.8. Read first: the diffutils manual, chapter "Invoking cmp". */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { cmpHelp } from './help.ts';

export const cmp = defineCommand({
  name: 'cmp', summary: 'compare files byte by byte', package: 'diffutils',
  run: async (call): Promise<ExitCode> => {
    const options = parseOptions(call.args, {
      short: 'bci:ln:sv',
      long: { bytes: 'required=n', 'ignore-initial': 'required=i', 'print-bytes': 'none=b', 'print-chars': 'none=b', quiet: 'none=s', silent: 'none=s', verbose: 'none=l', version: 'none=v', help: 'none' },
    });
    if (options.error !== undefined) return usage(call, options.error);
    if (options.has('v') || options.has('help')) {
      call.out(options.has('v') ? 'cmp (GNU diffutils) 3.8' : cmpHelp);
      return 0;
    }
    if (options.has('l') && options.has('s')) return usage(call, 'options -l and -s are incompatible');
    const [first, second = '-', firstSkip, secondSkip, extra] = options.operands;
    if (first === undefined) return usage(call, "missing operand after 'cmp'");
    const initial = options.value('i');
    const skips = initial === undefined ? [firstSkip ?? '0', secondSkip ?? '0'] : initial.includes(':') ? initial.split(':', 2) : [initial, initial];
    const wrong = skips.find((text) => numberOf(text) === undefined);
    if (wrong !== undefined) return usage(call, `invalid --ignore-initial value '${initial ?? wrong}'`);
    if (extra !== undefined) return usage(call, `extra operand '${extra}'`);
    const most = options.value('n');
    const limit = most === undefined ? Number.POSITIVE_INFINITY : numberOf(most);
    if (limit === undefined) return usage(call, `invalid --bytes value '${most!}'`);
    const contents: Uint8Array[] = [];
    for (const [index, name] of [first, second].entries()) {
      const got = await readWhole(call.sys, name);
      if (!got.ok) {
        if (!options.has('s')) call.err(`cmp: ${name}: ${strerror(got.error)}`);
        return 2;
      }
      contents.push(got.value.subarray(numberOf(skips[index]!)!));
    }
    return compare(call, [first, second], [contents[0]!, contents[1]!], limit, { prints: options.has('b'), isSilent: options.has('s'), listsAll: options.has('l') });
  },
});

function usage(call: Invocation, text: string): ExitCode {
  call.err(`cmp: ${text}\ncmp: Try 'cmp --help' for more information.`);
  return 2;
}

const factors: Readonly<Record<string, number>> = { '': 1, kB: 1e3, K: 1024, KiB: 1024, k: 1024, MB: 1e6, M: 2 ** 20, MiB: 2 ** 20, GB: 1e9, G: 2 ** 30, GiB: 2 ** 30 };

function numberOf(text: string): number | undefined {
  const match = /^(\d+|0x[0-9a-fA-F]+)([A-Za-z]*)$/.exec(text);
  const factor = match === null ? undefined : factors[match[2]!];
  return factor === undefined ? undefined : Number(match![1]!) * factor;
}

function compare(call: Invocation, names: readonly [string, string], [left, right]: readonly [Uint8Array, Uint8Array], limit: number, style: { readonly prints: boolean; readonly isSilent: boolean; readonly listsAll: boolean }): ExitCode {
  const shorter = Math.min(left.length, right.length);
  const length = Math.min(shorter, limit);
  const width = String(length).length;
  let line = 1;
  let code: ExitCode = 0;
  for (let i = 0; i < length; i += 1) {
    const [a, b] = [left[i]!, right[i]!];
    if (a !== b) {
      code = 1;
      if (style.isSilent) return 1;
      if (!style.listsAll) {
        call.out(`${names[0]} ${names[1]} differ: byte ${i + 1}, line ${line}${style.prints ? ` is ${octal(a)} ${visible(a)} ${octal(b)} ${visible(b)}` : ''}`);
        return 1;
      }
      call.out(`${String(i + 1).padStart(width)} ${octal(a)}${style.prints ? ` ${visible(a).padEnd(4)}` : ''} ${octal(b)}${style.prints ? ` ${visible(b)}` : ''}`);
    }
    if (a === 10) line += 1;
  }
  if (left.length === right.length || shorter >= limit) return code;
  if (style.isSilent) return 1;
  const [name, content] = left.length < right.length ? [names[0], left] : [names[1], right];
  if (content.length === 0) call.err(`cmp: EOF on ${name} which is empty`);
  else if (style.listsAll) call.err(`cmp: EOF on ${name} after byte ${content.length}`);
  else call.err(`cmp: EOF on ${name} after byte ${content.length}, ${content.at(-1) === 10 ? `line ${line - 1}` : `in line ${line}`}`);
  return 1;
}

function octal(byte: number): string {
  return byte.toString(8).padStart(3);
}

/** As cat -v shows a byte. */
function visible(byte: number): string {
  const low = byte & 0x7f;
  const shown = low < 32 ? `^${String.fromCharCode(low + 64)}` : low === 127 ? '^?' : String.fromCharCode(low);
  return byte >= 128 ? `M-${shown}` : shown;
}

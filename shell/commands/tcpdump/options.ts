/** tcpdump's command line. Read first: tcpdump(1). */
import { parseOptions, type OptionTable } from '../../lib/getopt.ts';

export const VERSION = ['tcpdump version 4.99.3', 'libpcap version 1.10.3 (with TPACKET_V3)', 'OpenSSL 3.0.19 27 Jan 2026'];

export const USAGE = [
  ...VERSION,
  'Usage: tcpdump [-AbdDefhHIJKlLnNOpqStuUvxX#] [ -B size ] [ -c count ] [--count]',
  '\t\t[ -C file_size ] [ -E algo:secret ] [ -F file ] [ -G seconds ]',
  '\t\t[ -i interface ] [ --immediate-mode ] [ -j tstamptype ]',
  '\t\t[ -M secret ] [ --number ] [ --print ] [ -Q in|out|inout ]',
  '\t\t[ -r file ] [ -s snaplen ] [ -T type ] [ --version ]',
  '\t\t[ -V file ] [ -w file ] [ -W filecount ] [ -y datalinktype ]',
  '\t\t[ --time-stamp-precision precision ] [ --micro ] [ --nano ]',
  '\t\t[ -z postrotate-command ] [ -Z user ] [ expression ]',
];

const TABLE: OptionTable = {
  short: 'aAbB:c:C:dDeE:fF:G:hHi:IJj:KlLm:M:nNOpqQ:r:s:StT:uUvV:w:W:xXy:Yz:Z:#',
  long: {
    'buffer-size': 'required=B', 'list-interfaces': 'none=D', help: 'none=h', interface: 'required=i', 'monitor-mode': 'none=I', 'time-stamp-type': 'required=j',
    'list-time-stamp-types': 'none=J', micro: 'none', nano: 'none', 'dont-verify-checksums': 'none=K', 'list-data-link-types': 'none=L', 'no-optimize': 'none=O',
    'no-promiscuous-mode': 'none=p', direction: 'required=Q', 'snapshot-length': 'required=s', 'absolute-tcp-sequence-numbers': 'none=S', 'packet-buffered': 'none=U',
    linktype: 'required=y', 'immediate-mode': 'none', 'relinquish-privileges': 'required=Z', count: 'none', number: 'none=#', print: 'none', version: 'none',
    'time-stamp-precision': 'required',
  },
};

const MAX_SNAPSHOT = 262144;
/** Options of the real tool that are not simulated. */
const UNSUPPORTED = new Set(['C', 'd', 'E', 'G', 'H', 'I', 'j', 'J', 'm', 'M', 'T', 'V', 'W', 'z', 'nano', 'time-stamp-precision']);

export interface TcpdumpOptions {
  readonly action: 'capture' | 'help' | 'version' | 'list-interfaces' | 'list-link-types';
  readonly device: string | undefined;
  readonly count: number;
  readonly snapshotLength: number;
  readonly readFile: string | undefined;
  readonly writeFile: string | undefined;
  readonly filterFile: string | undefined;
  readonly linkType: string | undefined;
  readonly directions: 'in' | 'out' | 'inout';
  readonly isPromiscuous: boolean;
  readonly isImmediate: boolean;
  readonly isLineBuffered: boolean;
  readonly isPacketBuffered: boolean;
  readonly countsOnly: boolean;
  readonly printsToo: boolean;
  readonly numeric: boolean;
  readonly shortNames: boolean;
  readonly linkHeader: boolean;
  readonly verbosity: number;
  readonly quiet: number;
  readonly absoluteSequence: boolean;
  readonly timestamps: number;
  readonly hex: number;
  readonly hexAndAscii: number;
  readonly ascii: number;
  readonly numbered: boolean;
  readonly skipChecksums: boolean;
  readonly filter: string;
}

export type ParsedCommandLine =
  | { readonly ok: true; readonly options: TcpdumpOptions }
  | { readonly ok: false; readonly reason: 'usage' | 'error' | 'unsupported'; readonly message: string };

export function parseCommandLine(args: readonly string[]): ParsedCommandLine {
  const parsed = parseOptions(args, TABLE);
  if (parsed.error !== undefined) return { ok: false, reason: 'usage', message: parsed.error };
  const unsupported = parsed.options.find((option) => UNSUPPORTED.has(option.name));
  if (unsupported !== undefined) return { ok: false, reason: 'unsupported', message: `option ${unsupported.typed}` };
  const wrong = (message: string): ParsedCommandLine => ({ ok: false, reason: 'error', message });
  const times = (name: string): number => parsed.options.filter((option) => option.name === name).length;

  const countText = parsed.value('c');
  if (countText !== undefined && !/^\s*\+?0*[1-9][0-9]*/.test(countText)) return wrong(`invalid packet count ${countText}`);
  const snapText = parsed.value('s');
  const snapshotLength = snapText === undefined ? MAX_SNAPSHOT : Number(snapText);
  if (snapText !== undefined && (!/^[0-9]+$/.test(snapText) || snapshotLength > MAX_SNAPSHOT)) {
    return wrong(`invalid snaplen ${snapText} (must be >= 0 and <= ${MAX_SNAPSHOT})`);
  }
  const directions = (parsed.value('Q') ?? 'inout').toLowerCase();
  if (directions !== 'in' && directions !== 'out' && directions !== 'inout') return wrong(`unknown capture direction \`${parsed.value('Q')}'`);
  if (times('t') > 5) return wrong('only -t, -tt, -ttt, -tttt and -ttttt are supported');

  const actions = [['h', 'help'], ['version', 'version'], ['D', 'list-interfaces'], ['L', 'list-link-types']] as const;
  return {
    ok: true,
    options: {
      action: actions.find(([name]) => parsed.has(name))?.[1] ?? 'capture',
      device: parsed.value('i'),
      count: countText === undefined ? Infinity : Number.parseInt(countText, 10),
      snapshotLength: snapshotLength === 0 ? MAX_SNAPSHOT : snapshotLength,
      readFile: parsed.value('r'),
      writeFile: parsed.value('w'),
      filterFile: parsed.value('F'),
      linkType: parsed.value('y'),
      directions,
      isPromiscuous: !parsed.has('p'),
      isImmediate: parsed.has('immediate-mode'),
      isLineBuffered: parsed.has('l'),
      isPacketBuffered: parsed.has('U'),
      countsOnly: parsed.has('count'),
      printsToo: parsed.has('print'),
      numeric: parsed.has('n'),
      shortNames: parsed.has('N'),
      linkHeader: parsed.has('e'),
      verbosity: times('v'),
      quiet: times('q'),
      absoluteSequence: parsed.has('S'),
      timestamps: times('t'),
      hex: times('x'),
      hexAndAscii: times('X'),
      ascii: times('A'),
      numbered: parsed.has('#'),
      skipChecksums: parsed.has('K'),
      filter: parsed.operands.join(' '),
    },
  };
}

/** traceroute's command line. Read first: traceroute(8) of the Linux traceroute 2.1. */
import { parseOptions } from '../../lib/getopt.ts';

export type Method = 'udp-ports' | 'udp' | 'icmp' | 'tcp';

export interface TracerouteOptions {
  readonly host: string;
  readonly family: 'inet' | 'inet6' | undefined;
  readonly method: Method;
  readonly firstHop: number;
  readonly maxHops: number;
  readonly perHop: number;
  readonly atOnce: number;
  readonly port: number | undefined;
  readonly waitUs: number;
  readonly hereFactor: number;
  readonly nearFactor: number;
  readonly packetLength: number | undefined;
  readonly isNumeric: boolean;
  readonly dontFragment: boolean;
  readonly device: string | undefined;
  readonly source: string | undefined;
  readonly typeOfService: number;
  readonly mark: number | undefined;
  readonly sendGapUs: number;
}

export type ParsedTraceroute =
  | { readonly ok: true; readonly options: TracerouteOptions }
  | { readonly ok: false; readonly reason: 'error' | 'unsupported' | 'usage' | 'version'; readonly message: string };

const UNSUPPORTED = new Set(['d', 'g', 'l', 'r', 'A', 'M', 'O', 'D', 'P', 'L', 'sport', 'mtu', 'back']);

export function parseTraceroute(args: readonly string[]): ParsedTraceroute {
  const parsed = parseOptions(args, {
    short: '46dFf:g:ITi:m:N:np:t:l:w:q:rs:z:eAM:O:ULDP:V',
    long: {
      debug: 'none=d', 'dont-fragment': 'none=F', first: 'required=f', gateway: 'required=g', icmp: 'none=I', tcp: 'none=T', interface: 'required=i', 'max-hops': 'required=m',
      'sim-queries': 'required=N', port: 'required=p', tos: 'required=t', flowlabel: 'required=l', wait: 'required=w', queries: 'required=q', source: 'required=s',
      sendwait: 'required=z', extensions: 'none=e', 'as-path-lookups': 'none=A', module: 'required=M', options: 'required=O', sport: 'required', fwmark: 'required',
      udp: 'none=U', dccp: 'none=D', protocol: 'required=P', mtu: 'none', back: 'none', version: 'none=V', help: 'none',
    },
  });
  const wrong = (message: string): ParsedTraceroute => ({ ok: false, reason: 'error', message });
  if (parsed.error !== undefined) {
    const letter = /'(.+)'/.exec(parsed.error)?.[1] ?? '';
    const position = args.findIndex((arg) => arg.startsWith('-') && arg.includes(letter)) + 1;
    if (parsed.error.includes('requires an argument')) return wrong(`Option \`-${letter}' (argc ${position}) requires an argument: \`-${letter} ${letter}'`);
    return wrong(`Bad option \`${letter.startsWith('-') ? letter : `-${letter}`}' (argc ${position})`);
  }
  if (parsed.has('help')) return { ok: false, reason: 'usage', message: '' };
  if (parsed.has('V')) return { ok: false, reason: 'version', message: '' };
  const unsupported = parsed.options.find((option) => UNSUPPORTED.has(option.name));
  if (unsupported !== undefined) return { ok: false, reason: 'unsupported', message: `option ${unsupported.typed}` };
  if (args.length === 0) return { ok: false, reason: 'usage', message: '' };
  if (parsed.operands.length === 0) return wrong('Specify "host" missing argument.');

  const number = (letter: string, otherwise: number): number | undefined => {
    const text = parsed.value(letter);
    if (text === undefined) return otherwise;
    return /^[0-9]+$/.test(text) ? Number(text) : undefined;
  };
  const bad = (letter: string): ParsedTraceroute => {
    const position = args.findIndex((arg) => arg.startsWith(`-${letter}`)) + 1;
    return wrong(`Cannot handle \`-${letter}' option with arg \`${parsed.value(letter)}' (argc ${position + 1})`);
  };
  for (const letter of ['f', 'm', 'q', 'N', 'p', 't']) if (number(letter, 0) === undefined) return bad(letter);
  const firstHop = number('f', 1)!;
  const maxHops = number('m', 30)!;
  const perHop = number('q', 3)!;
  if (maxHops > 255) return wrong('max hops cannot be more than 255');
  if (firstHop < 1 || firstHop > maxHops) return wrong('first hop out of range');
  if (perHop > 10 || perHop <= 0) return wrong('no more than 10 probes per hop');
  const waits = (parsed.value('w') ?? '5').split(/[,/]/).map(decimal);
  if (waits.some(Number.isNaN)) return bad('w');
  if (waits.some((wait) => wait < 0)) return wrong(`bad wait specifications \`${waits[0]!},${waits[1] ?? 0},${waits[2] ?? 0}' used`);
  const lengthText = parsed.operands[1];
  if (lengthText !== undefined && !/^[0-9]+$/.test(lengthText)) return wrong(`Cannot handle "packetlen" cmdline arg \`${lengthText}' on position 2 (argc ${args.length})`);
  if (Number(lengthText ?? 0) > 65_000) return wrong(`too big packetlen ${lengthText!} specified`);
  const gap = decimal(parsed.value('z') ?? '0');
  if (Number.isNaN(gap)) return bad('z');
  if (gap < 0) return wrong(`bad sendtime \`${parsed.value('z')!}' specified`);
  return {
    ok: true,
    options: {
      host: parsed.operands[0]!,
      family: parsed.has('4') ? 'inet' : parsed.has('6') ? 'inet6' : undefined,
      method: parsed.has('I') ? 'icmp' : parsed.has('T') ? 'tcp' : parsed.has('U') ? 'udp' : 'udp-ports',
      firstHop,
      maxHops,
      perHop,
      atOnce: Math.max(1, number('N', 16)!),
      port: parsed.has('p') ? number('p', 0) : undefined,
      waitUs: waits[0]! * 1e6,
      hereFactor: waits[1] ?? 3,
      nearFactor: waits[2] ?? 10,
      packetLength: lengthText === undefined ? undefined : Number(lengthText),
      isNumeric: parsed.has('n'),
      dontFragment: parsed.has('F'),
      device: parsed.value('i'),
      source: parsed.value('s'),
      typeOfService: number('t', 0)!,
      mark: parsed.has('fwmark') ? Number(parsed.value('fwmark')) : undefined,
      sendGapUs: gap > 10 ? gap * 1000 : gap * 1e6,
    },
  };
}

/** strtod(3) of a whole word; NaN for what is none. */
function decimal(text: string): number {
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

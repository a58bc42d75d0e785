/** ping's command line and its texts (iputils 20221126, ping/ping.c). Read first: ping(8). */
import { parseOptions } from '../../lib/getopt.ts';

export const USAGE = `
Usage
  ping [options] <destination>

Options:
  <destination>      dns name or ip address
  -a                 use audible ping
  -A                 use adaptive ping
  -B                 sticky source address
  -c <count>         stop after <count> replies
  -C                 call connect() syscall on socket creation
  -D                 print timestamps
  -d                 use SO_DEBUG socket option
  -e <identifier>    define identifier for ping session, default is random for
                     SOCK_RAW and kernel defined for SOCK_DGRAM
                     Imply using SOCK_RAW (for IPv4 only for identifier 0)
  -f                 flood ping
  -h                 print help and exit
  -I <interface>     either interface name or address
  -i <interval>      seconds between sending each packet
  -L                 suppress loopback of multicast packets
  -l <preload>       send <preload> number of packages while waiting replies
  -m <mark>          tag the packets going out
  -M <pmtud opt>     define mtu discovery, can be one of <do|dont|want>
  -n                 no dns name resolution
  -O                 report outstanding replies
  -p <pattern>       contents of padding byte
  -q                 quiet output
  -Q <tclass>        use quality of service <tclass> bits
  -s <size>          use <size> as number of data bytes to be sent
  -S <size>          use <size> as SO_SNDBUF socket option value
  -t <ttl>           define time to live
  -U                 print user-to-user latency
  -v                 verbose output
  -V                 print version and exit
  -w <deadline>      reply wait <deadline> in seconds
  -W <timeout>       time to wait for response

IPv4 options:
  -4                 use IPv4
  -b                 allow pinging broadcast
  -R                 record route
  -T <timestamp>     define timestamp, can be one of <tsonly|tsandaddr|tsprespec>

IPv6 options:
  -6                 use IPv6
  -F <flowlabel>     define flow label, default is random
  -N <nodeinfo opt>  use icmp6 node info query, try <help> as argument

For more details see ping(8).`;

const SHORT = 'h?4bRT:6F:N:aABc:CdDe:fi:I:l:Lm:M:nOp:qQ:rs:S:t:UvVw:W:';
const UNSUPPORTED = new Set(['T', 'F', 'N', 'L', 'C', 'r']);
const INT_MAX = 2147483647;
const LONG_MAX = Number.MAX_SAFE_INTEGER;

export interface PingOptions {
  readonly target: string;
  readonly family: 'inet' | 'inet6' | undefined;
  /** Infinity when there is no -c. */
  readonly count: number;
  readonly intervalMs: number;
  readonly lingerMs: number;
  /** Seconds; 0 is none. */
  readonly deadlineS: number;
  readonly dataLength: number;
  readonly timeToLive: number | undefined;
  readonly typeOfService: number;
  readonly mark: number | undefined;
  /** 0 asks for a raw socket: a ping socket cannot be bound to it. */
  readonly identifier: number | undefined;
  readonly preload: number;
  readonly pathMtu: 'do' | 'dont' | 'want' | undefined;
  readonly device: string | undefined;
  readonly source: string | undefined;
  readonly pattern: readonly number[] | undefined;
  readonly isAdaptive: boolean;
  readonly isAudible: boolean;
  readonly isBroadcast: boolean;
  readonly isFlood: boolean;
  readonly isNumeric: boolean;
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
  readonly recordsRoute: boolean;
  readonly reportsOutstanding: boolean;
  readonly printsTime: boolean;
}

export type ParsedPing =
  | { readonly ok: true; readonly options: PingOptions }
  | { readonly ok: false; readonly reason: 'usage' | 'error' | 'unsupported' | 'version'; readonly message: string; readonly exit: number };

/** Stops parsing with ping's complaint. */
class Wrong extends Error {
  readonly exit: number;
  constructor(message: string, exit: number) {
    super(message);
    this.exit = exit;
  }
}

function integer(text: string, low: number, high: number): number {
  if (!/^\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)$/.test(text)) throw new Wrong(`invalid argument: '${text}'`, 1);
  const digits = text.trim().replace(/^\+/, '');
  const value = /^-?0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  if (value < low || value > high) throw new Wrong(`invalid argument: '${text}': out of range: ${low} <= value <= ${high === LONG_MAX ? '9223372036854775807' : high}`, 1);
  return value;
}

function seconds(text: string, what: string): number {
  if (!/^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(text)) throw new Wrong(`${what}: ${text}`, 2);
  const value = Number(text);
  if (value < 0 || value > INT_MAX / 1000) throw new Wrong(`${what}: ${text}`, 2);
  return value;
}

export function parsePing(name: string, args: readonly string[], uid: number): ParsedPing {
  const parsed = parseOptions(args, { short: SHORT });
  if (parsed.error !== undefined) return { ok: false, reason: 'usage', message: parsed.error, exit: 2 };
  if (parsed.has('h') || parsed.has('?')) return { ok: false, reason: 'usage', message: '', exit: 2 };
  if (parsed.has('V')) return { ok: false, reason: 'version', message: '', exit: 0 };
  const unsupported = parsed.options.find((option) => UNSUPPORTED.has(option.name));
  if (unsupported !== undefined) return { ok: false, reason: 'unsupported', message: `option ${unsupported.typed}`, exit: 125 };
  try {
    const number = (letter: string, low: number, high: number, otherwise: number): number => {
      const text = parsed.value(letter);
      return text === undefined ? otherwise : integer(text, low, high);
    };
    if (parsed.has('4') && parsed.has('6')) throw new Wrong('only one -4 or -6 option may be specified', 2);
    const isFlood = parsed.has('f');
    const intervalText = parsed.value('i');
    const intervalMs = intervalText === undefined ? (isFlood ? 0 : 1000) : Math.trunc(seconds(intervalText, 'bad timing interval') * 1000);
    const lingerText = parsed.value('W');
    const pathMtu = parsed.value('M') as PingOptions['pathMtu'];
    if (pathMtu !== undefined && pathMtu !== 'do' && pathMtu !== 'dont' && pathMtu !== 'want') throw new Wrong(`invalid -M argument: ${String(pathMtu)}`, 2);
    const where = parsed.values('I');
    const isAddress = (text: string): boolean => text.includes(':') || /^[0-9]+(\.[0-9]+){3}$/.test(text);
    const options = {
      count: number('c', 1, LONG_MAX, Infinity),
      intervalMs,
      lingerMs: lingerText === undefined ? 10_000 : Math.trunc(seconds(lingerText, 'bad linger time') * 1000),
      deadlineS: number('w', 0, INT_MAX, 0),
      dataLength: number('s', 0, INT_MAX, 56),
      timeToLive: parsed.has('t') ? number('t', 0, 255, 64) : undefined,
      typeOfService: number('Q', 0, 255, 0),
      mark: parsed.has('m') ? number('m', 0, 4294967295, 0) : undefined,
      identifier: parsed.has('e') ? number('e', 0, 65535, 0) : undefined,
      preload: number('l', 1, 65536, 1),
      pathMtu,
      device: where.findLast((text) => !isAddress(text)),
      source: where.findLast(isAddress),
      pattern: pattern(parsed.value('p')),
    };
    if (uid !== 0 && options.preload > 3) throw new Wrong(`cannot set preload to value greater than 3: ${options.preload}`, 2);
    if (parsed.operands.length === 0) throw new Wrong('usage error: Destination address required', 1);
    if (parsed.operands.length > 1) return { ok: false, reason: 'unsupported', message: 'a source route', exit: 125 };
    if (uid !== 0 && intervalMs < 2) throw new Wrong('cannot flood; minimal interval allowed for user is 2ms', 2);
    return {
      ok: true,
      options: {
        ...options,
        target: parsed.operands[0]!,
        family: parsed.has('4') || name === 'ping4' ? 'inet' : parsed.has('6') || name === 'ping6' ? 'inet6' : undefined,
        isAdaptive: parsed.has('A'),
        isAudible: parsed.has('a'),
        isBroadcast: parsed.has('b'),
        isFlood,
        isNumeric: parsed.has('n') || isFlood,
        isQuiet: parsed.has('q'),
        isVerbose: parsed.has('v'),
        recordsRoute: parsed.has('R'),
        reportsOutstanding: parsed.has('O'),
        printsTime: parsed.has('D'),
      },
    };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { ok: false, reason: 'error', message: error.message, exit: error.exit };
  }
}

function pattern(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const wrongAt = text.search(/[^0-9a-fA-F]/);
  if (wrongAt !== -1) throw new Wrong(`patterns must be specified as hex digits: ${text.slice(wrongAt)}`, 2);
  return (text.slice(0, 32).match(/.{1,2}/g) ?? []).map((digits) => Number.parseInt(digits, 16));
}

/** The words of conntrack 1.4.7 read into a command and a filter (src/conntrack.c, extensions/libct_proto_*.c). */
import { parseIp4, parseIp6 } from '../../ports/addresses.ts';
import { ip4, ip6 } from '../../ports/wire.ts';
import type { ConntrackView, TupleView } from '../../ports/netfilter.ts';

export type Verb = 'L' | 'G' | 'D' | 'I' | 'U' | 'E' | 'F' | 'C' | 'S' | 'V' | 'h';
export interface ConntrackCommand {
  verb: Verb;
  table: 'conntrack' | 'expect' | 'dying' | 'unconfirmed';
  filters: ((entry: ConntrackView) => boolean)[];
  output: Set<string>;
  events: Set<string>;
  given: Set<string>;
  mark: { value: number; mask: number } | undefined;
  timeoutSeconds: number | undefined;
  /** What -I and -G say of an entry, by option: addresses under their letter, ports and ICMP fields under their long name. */
  values: Map<string, string>;
}
/** A complaint with the "Try" line, exit 2. */
export class UsageProblem extends Error {}
export class Unsimulated extends Error {}

const VERBS: ReadonlyMap<string, Verb> = new Map([
  ['-L', 'L'], ['--dump', 'L'], ['-G', 'G'], ['--get', 'G'], ['-D', 'D'], ['--delete', 'D'], ['-I', 'I'], ['--create', 'I'], ['-U', 'U'], ['--update', 'U'], ['-E', 'E'], ['--event', 'E'], ['-F', 'F'], ['--flush', 'F'],
  ['-C', 'C'], ['--count', 'C'], ['-S', 'S'], ['--stats', 'S'], ['-V', 'V'], ['--version', 'V'], ['-h', 'h'], ['--help', 'h'],
]);
const TAKES_TABLE = 'LGDIEFC';
const TABLES = ['conntrack', 'expect', 'dying', 'unconfirmed'] as const;
const LONG: ReadonlyMap<string, string> = new Map([
  ['--src', 's'], ['--orig-src', 's'], ['--dst', 'd'], ['--orig-dst', 'd'], ['--reply-src', 'r'], ['--reply-dst', 'q'], ['--protonum', 'p'], ['--proto', 'p'], ['--timeout', 't'], ['--status', 'u'], ['--zero', 'z'], ['--event-mask', 'e'],
  ['--mark', 'm'], ['--output', 'o'], ['--src-nat', 'n'], ['--dst-nat', 'g'], ['--any-nat', 'j'], ['--family', 'f'], ['--zone', 'w'], ['--orig-zone', 'w'], ['--buffer-size', 'b'],
]);
const ARGUMENT = 'sdrqptuemofwb';
const OPTIONAL = 'ngj';
const UNSIMULATED = new Set(['--label', '-l', '--secmark', '-c', '--tuple-src', '--tuple-dst', '--mask-src', '--mask-dst', '--label-add', '--label-del', '--reply-zone', '--id', '-i', '-A', '--add', '-R', '--load-file']);
const PROTOCOLS: ReadonlyMap<string, number> = new Map([['tcp', 6], ['udp', 17], ['icmp', 1], ['icmpv6', 58], ['ipv6-icmp', 58], ['sctp', 132], ['dccp', 33], ['udplite', 136], ['gre', 47], ['unknown', 0], ['0', 0]]);
const TCP_STATES = ['NONE', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSE', 'LISTEN', 'SYN_SENT2'];
const PORT_OPTIONS: ReadonlyMap<string, (entry: ConntrackView) => number | undefined> = new Map([
  ['--sport', (entry) => entry.original.sport], ['--orig-port-src', (entry) => entry.original.sport], ['--dport', (entry) => entry.original.dport], ['--orig-port-dst', (entry) => entry.original.dport],
  ['--reply-port-src', (entry) => entry.reply.sport], ['--reply-port-dst', (entry) => entry.reply.dport],
]);
const ICMP_OPTIONS: ReadonlyMap<string, (tuple: TupleView) => number | undefined> = new Map([['--icmp-type', (tuple) => tuple.icmpType], ['--icmp-code', (tuple) => tuple.icmpCode], ['--icmp-id', (tuple) => tuple.icmpId]]);
const STATUSES: ReadonlyMap<string, (entry: ConntrackView) => boolean> = new Map<string, (entry: ConntrackView) => boolean>([
  ['ASSURED', (entry) => entry.isAssured], ['SEEN_REPLY', (entry) => entry.isReplied], ['UNSET', (entry) => !entry.isReplied && !entry.isAssured], ['SRC_NAT', (entry) => entry.nat.source], ['DST_NAT', (entry) => entry.nat.destination],
  ['UNREPLIED', (entry) => !entry.isReplied],
]);

export function readOptions(words: readonly string[]): ConntrackCommand {
  const command: ConntrackCommand = { verb: 'h', table: 'conntrack', filters: [], output: new Set(), events: new Set(), given: new Set(), mark: undefined, timeoutSeconds: undefined, values: new Map() };
  let verb: Verb | undefined;
  let protocol: string | undefined;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    const found = VERBS.get(word);
    if (found !== undefined) {
      if (verb !== undefined) throw new UsageProblem('Invalid commands combination');
      verb = found;
      const next = words[at + 1];
      if (TAKES_TABLE.includes(found) && next !== undefined && !next.startsWith('-')) {
        const table = TABLES.find((name) => name === next);
        if (table === undefined) throw new UsageProblem(`unknown type \`${next}'`);
        command.table = table;
        at += 1;
      }
      continue;
    }
    if (UNSIMULATED.has(word)) throw new Unsimulated(`option ${word}`);
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    const attached = equals < 0 ? undefined : word.slice(equals + 1);
    const isShort = /^-[a-zA-Z]/.test(word);
    const letter = isShort ? word[1]! : LONG.get(name);
    const value = (): string => {
      const given = attached ?? (isShort && word.length > 2 ? word.slice(2) : words[(at += 1)]);
      if (given === undefined) throw new UsageProblem(`option \`${name}' requires an argument`);
      return given;
    };
    const ports = protocol === undefined ? undefined : PORT_OPTIONS.get(name);
    const icmp = protocol === 'icmp' || protocol === 'icmpv6' ? ICMP_OPTIONS.get(name.replace('icmpv6', 'icmp')) : undefined;
    if (letter !== undefined && OPTIONAL.includes(letter)) {
      const next = words[at + 1];
      if (next !== undefined && !next.startsWith('-') && attached === undefined && word.length <= (isShort ? 2 : 99)) at += 1;
      const address = attached ?? (isShort && word.length > 2 ? word.slice(2) : next !== undefined && !next.startsWith('-') ? next : undefined);
      if (address !== undefined) command.values.set(letter, address);
      command.filters.push(natFilter(letter, address));
    } else if (letter === 'z') command.given.add('z');
    else if (letter !== undefined && ARGUMENT.includes(letter)) {
      const text = value();
      command.values.set(letter, text);
      if (letter === 'p') protocol = readProtocol(command, text);
      else readOption(command, letter, text);
      command.given.add(letter);
    } else if (ports !== undefined && protocol !== 'icmp' && protocol !== 'icmpv6') {
      const text = value();
      if (!/^\d+$/.test(text) || Number(text) > 65_535) throw new UsageProblem(`bad port \`${text}'`);
      command.values.set(name.replace('orig-port-src', 'sport').replace('orig-port-dst', 'dport'), text);
      command.filters.push((entry) => ports(entry) === Number(text));
      command.given.add(name);
    } else if (icmp !== undefined) {
      const text = value();
      const number = Number(text);
      command.values.set(name.replace('icmpv6', 'icmp'), text);
      command.filters.push((entry) => icmp(entry.original) === number);
    } else if (name === '--state' && protocol === 'tcp') {
      const text = value().toUpperCase();
      if (!TCP_STATES.includes(text)) throw new UsageProblem(`unknown TCP state \`${text}'`);
      command.values.set('--state', text);
      command.filters.push((entry) => entry.state === text);
    } else throw new UsageProblem(`unknown option \`${isShort ? word.slice(0, 2) : word}'`);
  }
  command.verb = verb ?? 'h';
  return command;
}

export function protocolNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : PROTOCOLS.get(text.toLowerCase()) ?? Number.NaN;
}

function readProtocol(command: ConntrackCommand, text: string): string {
  const number = protocolNumber(text);
  if (Number.isNaN(number) || number > 255) throw new UsageProblem(`\`${text}' unsupported protocol`);
  command.filters.push((entry) => entry.protocol === number);
  return [...PROTOCOLS].find(([, known]) => known === number)?.[0] ?? 'unknown';
}

function readOption(command: ConntrackCommand, letter: string, text: string): void {
  switch (letter) {
    case 's': command.filters.push(addressFilter(text, (entry) => entry.original.source)); return;
    case 'd': command.filters.push(addressFilter(text, (entry) => entry.original.destination)); return;
    case 'r': command.filters.push(addressFilter(text, (entry) => entry.reply.source)); return;
    case 'q': command.filters.push(addressFilter(text, (entry) => entry.reply.destination)); return;
    case 'm': {
      const [value = '', mask] = text.split('/');
      const number = Number(value);
      const bits = mask === undefined ? 0xffffffff : Number(mask);
      if (!Number.isInteger(number) || !Number.isInteger(bits)) throw new UsageProblem(`Bad parameter \`${text}'`);
      command.mark = { value: number >>> 0, mask: bits >>> 0 };
      return;
    }
    case 't': command.timeoutSeconds = Number.parseInt(text, 10) || 0; return;
    case 'f': {
      if (text !== 'ipv4' && text !== 'ipv6') throw new UsageProblem(`\`${text}' unsupported protocol`);
      command.filters.push((entry) => (entry.family === 'inet') === (text === 'ipv4'));
      return;
    }
    case 'u':
      for (const word of text.split(',')) {
        const test = STATUSES.get(word.toUpperCase());
        if (test === undefined) throw new UsageProblem(`Bad parameter \`${word}'`);
        command.filters.push(test);
      }
      return;
    case 'o':
      for (const word of text.split(',')) {
        if (!['extended', 'timestamp', 'id', 'ktimestamp', 'userspace', 'xml', 'save', 'labels'].includes(word)) throw new UsageProblem(`Bad parameter \`${word}'`);
        command.output.add(word);
      }
      return;
    case 'e':
      for (const word of text.split(',')) {
        if (!['ALL', 'NEW', 'UPDATES', 'DESTROY'].includes(word)) throw new UsageProblem(`Bad parameter \`${word}'`);
        for (const kind of word === 'ALL' ? ['NEW', 'UPDATE', 'DESTROY'] : [word === 'UPDATES' ? 'UPDATE' : word]) command.events.add(kind);
      }
      return;
    case 'w': command.filters.push((entry) => entry.zone === Number(text)); return;
    default: return;
  }
}

function addressFilter(text: string, of: (entry: ConntrackView) => string): (entry: ConntrackView) => boolean {
  const four = ip4.parsePrefix4(text);
  if (four !== undefined) {
    return (entry) => {
      const address = parseIp4(of(entry));
      return address !== undefined && ip4.isInPrefix4(address, four.address, four.length);
    };
  }
  const six = ip6.parsePrefix6(text);
  if (six === undefined) throw new UsageProblem(`Invalid IP address \`${text}'`);
  return (entry) => {
    const address = parseIp6(of(entry));
    return address !== undefined && ip6.isInPrefix6(address, six.address, six.length);
  };
}

/** What -n and -g are told: an address, and behind a colon a port. */
export function translation(text: string): { address: string; port?: number } {
  const [, before = text, port] = /^([^:]*):([^:]*)$/.exec(text) ?? [];
  if (parseIp4(before) === undefined && parseIp6(before) === undefined) throw new UsageProblem(`Invalid IP address \`${before}'`);
  if (port === '') throw new UsageProblem("No port specified after `:'");
  if (port !== undefined && (!/^\d+$/.test(port) || Number(port) > 65_535)) throw new UsageProblem(`Invalid port \`${port}'`);
  return { address: before, ...(port === undefined ? {} : { port: Number(port) }) };
}

/** -n, -g, -j: translated, and to this address when one is given. */
function natFilter(letter: string, to: string | undefined): (entry: ConntrackView) => boolean {
  const address = to === undefined ? undefined : translation(to).address;
  const isSource = (entry: ConntrackView): boolean => entry.nat.source && (address === undefined || entry.reply.destination === address);
  const isDestination = (entry: ConntrackView): boolean => entry.nat.destination && (address === undefined || entry.reply.source === address);
  if (letter === 'n') return isSource;
  if (letter === 'g') return isDestination;
  return (entry) => isSource(entry) || isDestination(entry);
}

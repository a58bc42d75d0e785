/** LOG (libxt_LOG.c, net/netfilter/nf_log_syslog.c). */
import { get16, get32, hex, hexByte } from '../../bytes.ts';
import { NETWORK_OFFSET } from '../../kernel/packet.ts';
import { inNameOf, outNameOf, type PacketContext } from '../context.ts';
import { CONTINUE, optionsOf, ParameterProblem, savedString, unsigned, type OptionSpec, type TargetExtension } from '../extension.ts';
import { formatIp4 } from '../../wire/ip4.ts';

export interface LogTarget { kind: 'LOG'; level: number; prefix: string; flags: number }
const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'];
const [TCP_SEQUENCE, TCP_OPTIONS, IP_OPTIONS, UID, MAC_DECODE] = [1, 2, 4, 8, 32];
const FLAGS: readonly (readonly [string, number])[] = [['log-tcp-sequence', TCP_SEQUENCE], ['log-tcp-options', TCP_OPTIONS], ['log-ip-options', IP_OPTIONS], ['log-uid', UID], ['log-macdecode', MAC_DECODE]];
const options: readonly OptionSpec[] = [{ name: 'log-level', words: 1 }, { name: 'log-prefix', words: 1 }, ...FLAGS.map(([name]) => ({ name, words: 0 as const }))];

function parseLevel(text: string): number {
  const number = unsigned(text, 0, 7);
  if (number !== undefined) return number;
  const word = text.toLowerCase() === 'panic' ? 'emerg' : text.toLowerCase() === 'err' ? 'error' : text.toLowerCase() === 'warning' ? 'warn' : text.toLowerCase();
  const level = LEVELS.findIndex((name) => name === word);
  if (level < 0) throw new ParameterProblem(`log level "${text}" unknown\n`);
  return level;
}

export const log: TargetExtension<LogTarget> = {
  name: 'LOG',
  options,
  parse(uses) {
    const found = optionsOf('LOG', uses, options);
    const prefix = found.get('log-prefix')?.values[0] ?? '';
    if (prefix.includes('\n')) throw new ParameterProblem('LOG: Newlines not allowed in --log-prefix');
    const level = found.get('log-level')?.values[0];
    // The kernel keeps 30 bytes with the final NUL; the tool warns nothing and cuts.
    return { kind: 'LOG', level: level === undefined ? 4 : parseLevel(level), prefix: prefix.slice(0, 29), flags: FLAGS.reduce((bits, [name, bit]) => (found.has(name) ? bits | bit : bits), 0) };
  },
  save({ level, prefix, flags }) {
    let text = prefix === '' ? '' : ` --log-prefix ${savedString(prefix)}`;
    if (level !== 4) text += ` --log-level ${level}`;
    for (const [name, bit] of FLAGS) if ((flags & bit) !== 0) text += ` --${name}`;
    return text;
  },
  list({ level, prefix, flags }, { numeric }) {
    let text = numeric ? ` LOG flags ${flags} level ${level}` : ` LOG level ${LEVELS[level]!}`;
    if (!numeric) for (const [name, bit] of FLAGS) if ((flags & bit) !== 0) text += ` ${name.slice(4)}`;
    if (prefix !== '') text += ` prefix "${prefix}"`;
    return text;
  },
  evaluate(record, context) {
    context.environment.kernelLog?.(context.ns, record.level, logLine(record, context));
    return CONTINUE;
  },
};

function logLine({ prefix, flags }: LogTarget, context: PacketContext): string {
  const { environment, ns, packet, frame, end, family } = context;
  const name = inNameOf(context);
  let text = `${prefix}IN=${name} OUT=${outNameOf(context)} `;
  if (packet.physicalIn !== 0 && packet.physicalIn !== packet.inDevice) text += `PHYSIN=${environment.deviceName(ns, packet.physicalIn)} `;
  if (packet.physicalOut !== 0 && packet.physicalOut !== packet.outDevice) text += `PHYSOUT=${environment.deviceName(ns, packet.physicalOut)} `;
  if (name !== '') text += macText(frame, (flags & MAC_DECODE) !== 0);
  text += family === 'inet' ? packet4Text(frame, NETWORK_OFFSET, end, flags, false) : packet6Text(context, flags);
  if ((flags & UID) !== 0 && packet.uid >= 0) text += `UID=${packet.uid} GID=${packet.uid} `;
  return packet.mark === 0 ? text : `${text}MARK=0x${(packet.mark >>> 0).toString(16)} `;
}

function macText(frame: Uint8Array, isDecoded: boolean): string {
  const bytes = (from: number, to: number): string => Array.from(frame.subarray(from, to), hexByte).join(':');
  return isDecoded ? `MACSRC=${bytes(6, 12)} MACDST=${bytes(0, 6)} MACPROTO=${get16(frame, 12).toString(16).padStart(4, '0')} ` : `MAC=${bytes(0, 14)} `;
}

const upperHex = (bytes: Uint8Array): string => hex(bytes).toUpperCase();

/** dump_ipv4_packet; a packet quoted in an ICMP error stands in brackets and quotes no other. */
function packet4Text(frame: Uint8Array, at: number, end: number, flags: number, isQuoted: boolean): string {
  if (at + 20 > end) return 'TRUNCATED';
  const byte = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;
  const fragment = get16(frame, at + 6);
  const headerLength = (frame[at]! & 15) * 4;
  const protocol = frame[at + 9]!;
  let text = `SRC=${formatIp4(get32(frame, at + 12))} DST=${formatIp4(get32(frame, at + 16))} LEN=${get16(frame, at + 2)} TOS=${byte(frame[at + 1]! & 0x1e)} PREC=${byte(frame[at + 1]! & 0xe0)} TTL=${frame[at + 8]!} ID=${get16(frame, at + 4)} `;
  if ((fragment & 0x8000) !== 0) text += 'CE ';
  if ((fragment & 0x4000) !== 0) text += 'DF ';
  if ((fragment & 0x2000) !== 0) text += 'MF ';
  const offset = fragment & 0x1fff;
  if (offset !== 0) text += `FRAG:${offset} `;
  if ((flags & IP_OPTIONS) !== 0 && headerLength > 20) text += `OPT (${upperHex(frame.subarray(at + 20, at + headerLength))}) `;
  const body = at + headerLength;
  const left = Math.max(0, end - body);
  const incomplete = `INCOMPLETE [${left} bytes] `;
  switch (protocol) {
    case 1: {
      text += 'PROTO=ICMP ';
      if (offset !== 0) return text;
      if (left < 8) return text + incomplete;
      const type = frame[body]!;
      text += `TYPE=${type} CODE=${frame[body + 1]!} `;
      if (type === 0 || type === 8) return `${text}ID=${get16(frame, body + 4)} SEQ=${get16(frame, body + 6)} `;
      if (type === 12) return `${text}PARAMETER=${frame[body + 4]!} `;
      if (![3, 4, 5, 11].includes(type)) return text;
      if (left < 28) return text + incomplete;
      if (type === 5) text += `GATEWAY=${formatIp4(get32(frame, body + 4))} `;
      if (!isQuoted) text += `[${packet4Text(frame, body + 8, end, flags, true)}] `;
      return type === 3 && frame[body + 1] === 4 ? `${text}MTU=${get16(frame, body + 6)} ` : text;
    }
    case 6: return text + tcpText(frame, body, left, offset !== 0, flags);
    case 17: case 136: return text + udpText(frame, body, left, offset !== 0, protocol);
    case 50: case 51: return `${text}PROTO=${protocol === 50 ? 'ESP' : 'AH'} ${offset !== 0 ? '' : left < 12 ? incomplete : `SPI=0x${get32(frame, body + (protocol === 50 ? 0 : 4)).toString(16)} `}`;
    default: return `${text}PROTO=${protocol} `;
  }
}

/** dump_ipv6_packet; extension headers are passed over. */
function packet6Text(context: PacketContext, flags: number): string {
  const { frame, length, protocol, transportAt, end, isLaterFragment } = context;
  const at = NETWORK_OFFSET;
  const address = (from: number): string => hex(frame, from, from + 16).replace(/(....)(?=.)/g, '$1:');
  let text = `SRC=${address(at + 8)} DST=${address(at + 24)} LEN=${length} TC=${((frame[at]! << 4) | (frame[at + 1]! >> 4)) & 0xff} HOPLIMIT=${frame[at + 7]!} FLOWLBL=${((frame[at + 1]! & 15) << 16) | get16(frame, at + 2)} `;
  const left = transportAt < 0 ? 0 : Math.max(0, end - transportAt);
  switch (protocol) {
    case 6: return text + tcpText(frame, transportAt, left, isLaterFragment, flags);
    case 17: case 136: return text + udpText(frame, transportAt, left, isLaterFragment, protocol);
    case 58: {
      text += 'PROTO=ICMPv6 ';
      if (isLaterFragment) return text;
      if (left < 8) return `${text}INCOMPLETE [${left} bytes] `;
      const type = frame[transportAt]!;
      text += `TYPE=${type} CODE=${frame[transportAt + 1]!} `;
      if (type === 128 || type === 129) text += `ID=${get16(frame, transportAt + 4)} SEQ=${get16(frame, transportAt + 6)} `;
      return type === 2 ? `${text}MTU=${get32(frame, transportAt + 4)} ` : text;
    }
    default: return `${text}PROTO=${protocol} `;
  }
}

const TCP_FLAGS = [[128, 'CWR'], [64, 'ECE'], [32, 'URG'], [16, 'ACK'], [8, 'PSH'], [4, 'RST'], [2, 'SYN'], [1, 'FIN']] as const;

function tcpText(frame: Uint8Array, at: number, left: number, isFragment: boolean, flags: number): string {
  if (isFragment) return 'PROTO=TCP ';
  if (left < 20) return `PROTO=TCP INCOMPLETE [${left} bytes] `;
  const set = TCP_FLAGS.filter(([bit]) => (frame[at + 13]! & bit) !== 0).map(([, name]) => `${name} `).join('');
  const numbers = (flags & TCP_SEQUENCE) === 0 ? '' : `SEQ=${get32(frame, at + 4)} ACK=${get32(frame, at + 8)} `;
  const headerLength = (frame[at + 12]! >> 4) * 4;
  const options = (flags & TCP_OPTIONS) === 0 || headerLength <= 20 ? '' : headerLength > left ? 'OPT (TRUNCATED)' : `OPT (${upperHex(frame.subarray(at + 20, at + headerLength))}) `;
  return `PROTO=TCP SPT=${get16(frame, at)} DPT=${get16(frame, at + 2)} ${numbers}WINDOW=${get16(frame, at + 14)} RES=0x${hexByte((frame[at + 12]! & 15) << 2)} ${set}URGP=${get16(frame, at + 18)} ${options}`;
}

function udpText(frame: Uint8Array, at: number, left: number, isFragment: boolean, protocol: number): string {
  const name = `PROTO=${protocol === 17 ? 'UDP' : 'UDPLITE'} `;
  if (isFragment) return name;
  return left < 8 ? `${name}INCOMPLETE [${left} bytes] ` : `${name}SPT=${get16(frame, at)} DPT=${get16(frame, at + 2)} LEN=${get16(frame, at + 4)} `;
}

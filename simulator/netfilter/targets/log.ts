/** LOG (libxt_LOG.c, net/netfilter/nf_log_syslog.c). */
import { get16, hexByte } from '../../bytes.ts';
import { NETWORK_OFFSET } from '../../kernel/packet.ts';
import { destinationText, sourceText, type PacketContext } from '../context.ts';
import { CONTINUE, optionsOf, ParameterProblem, savedString, unsigned, type OptionSpec, type TargetExtension } from '../extension.ts';

export interface LogTarget { kind: 'LOG'; level: number; prefix: string; flags: number }
const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'];
const FLAGS: readonly (readonly [string, number])[] = [['log-tcp-sequence', 1], ['log-tcp-options', 2], ['log-ip-options', 4], ['log-uid', 8], ['log-macdecode', 32]];
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
    context.environment.kernelLog?.(context.ns, logLine(record, context));
    return CONTINUE;
  },
};

function logLine({ prefix }: LogTarget, context: PacketContext): string {
  const { frame, family, inName, outName, protocol, transportAt, end, length } = context;
  const at = NETWORK_OFFSET;
  const mac = inName === '' ? '' : Array.from(frame.subarray(0, 14), hexByte).join(':');
  let text = `${prefix}IN=${inName} OUT=${outName} ${inName === '' ? '' : `MAC=${mac} `}SRC=${sourceText(context)} DST=${destinationText(context)} LEN=${length} `;
  if (family === 'inet') {
    const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;
    text += `TOS=${hex(frame[at + 1]! & 0x1e)} PREC=${hex(frame[at + 1]! & 0xe0)} TTL=${frame[at + 8]!} ID=${get16(frame, at + 4)} `;
    if ((frame[at + 6]! & 0x40) !== 0) text += 'DF ';
    if ((frame[at + 6]! & 0x20) !== 0) text += 'MF ';
  } else text += `TC=${((frame[at]! << 4) | (frame[at + 1]! >> 4)) & 0xff} HOPLIMIT=${frame[at + 7]!} FLOWLBL=${((frame[at + 1]! & 15) << 16) | get16(frame, at + 2)} `;
  if (transportAt < 0 || transportAt + 8 > end) return `${text}PROTO=${protocol} `;
  if (protocol === 6) {
    const flags = frame[transportAt + 13]!;
    const names = [[32, 'URG'], [16, 'ACK'], [8, 'PSH'], [4, 'RST'], [2, 'SYN'], [1, 'FIN']] as const;
    const set = names.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => `${name} `).join('');
    return `${text}PROTO=TCP SPT=${get16(frame, transportAt)} DPT=${get16(frame, transportAt + 2)} WINDOW=${get16(frame, transportAt + 14)} RES=0x00 ${set}URGP=${get16(frame, transportAt + 18)} `;
  }
  if (protocol === 17) return `${text}PROTO=UDP SPT=${get16(frame, transportAt)} DPT=${get16(frame, transportAt + 2)} LEN=${get16(frame, transportAt + 4)} `;
  if (protocol === 1 || protocol === 58) {
    const isEcho = protocol === 1 ? frame[transportAt] === 8 || frame[transportAt] === 0 : frame[transportAt] === 128 || frame[transportAt] === 129;
    return `${text}PROTO=${protocol === 1 ? 'ICMP' : 'ICMPv6'} TYPE=${frame[transportAt]!} CODE=${frame[transportAt + 1]!} ${isEcho ? `ID=${get16(frame, transportAt + 4)} SEQ=${get16(frame, transportAt + 6)} ` : ''}`;
  }
  return `${text}PROTO=${protocol} `;
}

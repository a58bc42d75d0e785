/** Header changes and conntrack exemptions: TCPMSS, TOS, DSCP, TTL, HL, CT, NOTRACK (libxt_{TCPMSS,TOS,DSCP,CT}.c, libipt_TTL.c, xt_TCPMSS.c). */
import { get16, put16, updateChecksum } from '../../bytes.ts';
import { NETWORK_OFFSET } from '../../kernel/packet.ts';
import type { PacketContext } from '../context.ts';
import { CONTINUE, exclusive, optionsOf, ParameterProblem, unsigned, unsignedOption, type OptionSpec, type TargetExtension } from '../extension.ts';
import { dscpClass, tosValue } from '../tos.ts';

/** mss undefined: clamp to path MTU. */
export interface TcpmssTarget { kind: 'TCPMSS'; mss: number | undefined }
export interface TosTarget { kind: 'TOS'; value: number; mask: number }
export interface DscpTarget { kind: 'DSCP'; value: number }
export interface TtlTarget { kind: 'TTL' | 'HL'; mode: 'set' | 'dec' | 'inc'; value: number }
export interface CtTarget { kind: 'CT' | 'NOTRACK'; notrack: boolean; zone: number }

const hex2 = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const mssOptions: readonly OptionSpec[] = [{ name: 'set-mss', words: 1 }, { name: 'clamp-mss-to-pmtu', words: 0 }];
export const tcpmss: TargetExtension<TcpmssTarget> = {
  name: 'TCPMSS',
  options: mssOptions,
  needsProtocol: 6,
  hooks: ['FORWARD', 'OUTPUT', 'POSTROUTING'],
  parse(uses) {
    const found = optionsOf('TCPMSS', uses, mssOptions);
    exclusive('TCPMSS', found, ['set-mss', 'clamp-mss-to-pmtu']);
    const use = found.get('set-mss');
    if (use === undefined && !found.has('clamp-mss-to-pmtu')) throw new ParameterProblem('TCPMSS target: At least one parameter is required');
    return { kind: 'TCPMSS', mss: use === undefined ? undefined : unsignedOption('TCPMSS', use, 0, 65_495) };
  },
  save: ({ mss }) => (mss === undefined ? ' --clamp-mss-to-pmtu' : ` --set-mss ${mss}`),
  list: ({ mss }) => (mss === undefined ? ' TCPMSS clamp to PMTU' : ` TCPMSS set ${mss}`),
  evaluate({ mss }, context) {
    const { frame, transportAt, end, protocol, family, environment, ns, packet } = context;
    if (protocol !== 6 || transportAt < 0 || (frame[transportAt + 13]! & 2) === 0) return CONTINUE;
    const overhead = (family === 'inet' ? 20 : 40) + 20;
    const wanted = mss ?? Math.max(0, (environment.deviceMtu?.(ns, packet.outDevice) ?? 1500) - overhead);
    const optionsEnd = Math.min(transportAt + (frame[transportAt + 12]! >> 4) * 4, end);
    for (let at = transportAt + 20; at + 3 < optionsEnd;) {
      const kind = frame[at]!;
      if (kind === 0) break;
      if (kind === 2) {
        const old = get16(frame, at + 2);
        if (mss === undefined && old <= wanted) return CONTINUE;
        const value = Math.min(old, wanted);
        put16(frame, at + 2, value);
        if (!packet.checksumPartial) put16(frame, transportAt + 16, updateOdd(get16(frame, transportAt + 16), old, value, (at - transportAt) % 2 === 1));
        return CONTINUE;
      }
      at += kind === 1 ? 1 : Math.max(2, frame[at + 1]!);
    }
    return CONTINUE;
  },
};

/** A word at an odd offset counts byte-swapped in the sum. */
function updateOdd(old: number, before: number, after: number, isOdd: boolean): number {
  const swap = (word: number): number => ((word & 0xff) << 8) | (word >> 8);
  return isOdd ? updateChecksum(old, swap(before), swap(after)) : updateChecksum(old, before, after);
}

function writeTos({ frame, family }: PacketContext, value: number): void {
  const at = NETWORK_OFFSET;
  if (family === 'inet') {
    const before = get16(frame, at);
    frame[at + 1] = value;
    put16(frame, at + 10, updateChecksum(get16(frame, at + 10), before, get16(frame, at)));
    return;
  }
  frame[at] = (frame[at]! & 0xf0) | (value >> 4);
  frame[at + 1] = (frame[at + 1]! & 15) | ((value & 15) << 4);
}

function readTos({ frame, family }: PacketContext): number {
  return family === 'inet' ? frame[NETWORK_OFFSET + 1]! : ((frame[NETWORK_OFFSET]! << 4) | (frame[NETWORK_OFFSET + 1]! >> 4)) & 0xff;
}

const tosOptions: readonly OptionSpec[] = ['set-tos', 'and-tos', 'or-tos', 'xor-tos'].map((name) => ({ name, words: 1 }));
export const tos: TargetExtension<TosTarget> = {
  name: 'TOS',
  options: tosOptions,
  tables: ['mangle'],
  parse(uses) {
    const found = optionsOf('TOS', uses, tosOptions);
    exclusive('TOS', found, tosOptions.map(({ name }) => name));
    const use = [...found.values()][0];
    if (use === undefined) throw new ParameterProblem('TOS: An action is required');
    if (use.name === 'set-tos') return { kind: 'TOS', ...tosValue('TOS', use) };
    const bits = unsigned(use.values[0]!, 0, 255);
    if (bits === undefined) throw new ParameterProblem(`TOS: bad value for option "--${use.name}", or out of range (0-255).\n`);
    if (use.name === 'and-tos') return { kind: 'TOS', value: 0, mask: ~bits & 0xff };
    return { kind: 'TOS', value: bits, mask: use.name === 'or-tos' ? bits : 0 };
  },
  save: ({ value, mask }) => ` --set-tos ${hex2(value)}/${hex2(mask)}`,
  list({ value, mask }) {
    if (mask === 0) return ` TOS xor ${hex2(value)}`;
    return ` TOS set ${hex2(value)}/${hex2(mask)}`;
  },
  evaluate({ value, mask }, context) {
    writeTos(context, (readTos(context) & ~mask) ^ value);
    return CONTINUE;
  },
};

const dscpOptions: readonly OptionSpec[] = [{ name: 'set-dscp', words: 1 }, { name: 'set-dscp-class', words: 1 }];
export const dscp: TargetExtension<DscpTarget> = {
  name: 'DSCP',
  options: dscpOptions,
  tables: ['mangle'],
  parse(uses) {
    const found = optionsOf('DSCP', uses, dscpOptions);
    exclusive('DSCP', found, ['set-dscp', 'set-dscp-class']);
    const use = [...found.values()][0];
    if (use === undefined) throw new ParameterProblem('DSCP target: Parameter --set-dscp is required');
    return { kind: 'DSCP', value: use.name === 'set-dscp' ? unsignedOption('DSCP', use, 0, 63) : dscpClass(use.values[0]!) };
  },
  save: ({ value }) => ` --set-dscp ${hex2(value)}`,
  list: ({ value }) => ` DSCP set ${hex2(value)}`,
  evaluate({ value }, context) {
    writeTos(context, (readTos(context) & 3) | (value << 2));
    return CONTINUE;
  },
};

const WORDS = { set: 'set to', dec: 'decrement by', inc: 'increment by' } as const;
function ttlTarget(kind: TtlTarget['kind'], option: string): TargetExtension<TtlTarget> {
  const options: readonly OptionSpec[] = ['set', 'dec', 'inc'].map((mode) => ({ name: `${option}-${mode}`, words: 1 }));
  return {
    name: kind,
    family: kind === 'TTL' ? 'inet' : 'inet6',
    options,
    tables: ['mangle'],
    parse(uses) {
      const found = optionsOf(kind, uses, options);
      exclusive(kind, found, options.map(({ name }) => name));
      const use = [...found.values()][0];
      if (use === undefined) throw new ParameterProblem(`${kind}: You must specify an action`);
      const mode = use.name.slice(-3) as TtlTarget['mode'];
      return { kind, mode, value: unsignedOption(kind, use, mode === 'set' ? 0 : 1, 255) };
    },
    save: ({ mode, value }) => ` --${option}-${mode} ${value}`,
    list: ({ mode, value }) => ` ${kind} ${WORDS[mode]} ${value}`,
    evaluate({ mode, value }, { frame, family }) {
      const at = NETWORK_OFFSET + (family === 'inet' ? 8 : 7);
      const old = frame[at]!;
      const next = mode === 'set' ? value : mode === 'inc' ? Math.min(255, old + value) : Math.max(0, old - value);
      if (next === old) return CONTINUE;
      const before = get16(frame, NETWORK_OFFSET + 8);
      frame[at] = next;
      if (family === 'inet') put16(frame, NETWORK_OFFSET + 10, updateChecksum(get16(frame, NETWORK_OFFSET + 10), before, get16(frame, NETWORK_OFFSET + 8)));
      return CONTINUE;
    },
  };
}
export const ttl = ttlTarget('TTL', 'ttl');
export const hl = ttlTarget('HL', 'hl');

const ctOptions: readonly OptionSpec[] = [{ name: 'notrack', words: 0 }, { name: 'zone', words: 1 }];
export const ct: TargetExtension<CtTarget> = {
  name: 'CT',
  options: ctOptions,
  tables: ['raw'],
  needsConntrack: ({ notrack }) => !notrack,
  parse(uses) {
    const found = optionsOf('CT', uses, ctOptions);
    const zone = found.get('zone');
    return { kind: 'CT', notrack: found.has('notrack'), zone: zone === undefined ? 0 : unsignedOption('CT', zone, 0, 65_535) };
  },
  save: ({ notrack, zone }) => `${notrack ? ' --notrack' : ''}${zone === 0 ? '' : ` --zone ${zone}`}`,
  list: ({ notrack, zone }) => ` CT${notrack ? ' notrack' : ''}${zone === 0 ? '' : ` zone ${zone}`}`,
  evaluate: exempt,
};
export const notrack: TargetExtension<CtTarget> = {
  name: 'NOTRACK',
  options: [],
  tables: ['raw'],
  parse: () => ({ kind: 'NOTRACK', notrack: true, zone: 0 }),
  save: () => '',
  list: () => ' NOTRACK',
  evaluate: exempt,
};

function exempt({ notrack: isExempt, zone }: CtTarget, context: PacketContext): typeof CONTINUE {
  if (context.packet.conntrack !== undefined) return CONTINUE;
  if (isExempt) context.packet.conntrack = 'untracked';
  else context.zone = zone;
  return CONTINUE;
}

/** Byte expressions and relations: `tcp[tcpflags] & (tcp-syn|tcp-ack) != 0`. All numbers are unsigned, of 32 bits. */
import { ethernet } from '../../../ports/wire.ts';
import { compileProtocol, isLinkType, type Compilation } from './compile.ts';
import { and, giveUp, load, not, predicate, type PacketInfo, type Predicate } from './predicate.ts';
import { FilterError, type Arithmetic, type ArithmeticOperator, type ProtocolWord, type Relation } from './syntax.ts';

export interface CompiledArithmetic {
  readonly value: (bytes: Uint8Array, info: PacketInfo) => number;
  /** The packet must be of the protocols whose bytes are loaded. */
  readonly needs: Predicate | undefined;
  readonly constant: number | undefined;
}

export function compileArithmetic(expression: Arithmetic, to: Compilation): CompiledArithmetic {
  switch (expression.kind) {
    case 'constant': {
      const { value } = expression;
      return { value: () => value, needs: undefined, constant: value };
    }
    case 'length':
      return { value: (bytes, info) => info.originalLength ?? bytes.length, needs: undefined, constant: undefined };
    case 'negation': {
      const inner = compileArithmetic(expression.of, to);
      return { ...inner, value: (bytes, info) => -inner.value(bytes, info) >>> 0, constant: undefined };
    }
    case 'load':
      return compileLoad(expression.protocol, compileArithmetic(expression.index, to), expression.size, to);
    case 'operation':
      return compileOperation(expression.operator, compileArithmetic(expression.left, to), compileArithmetic(expression.right, to));
  }
}

const TRANSPORTS: ReadonlySet<ProtocolWord> = new Set<ProtocolWord>(['tcp', 'udp', 'sctp', 'icmp', 'igmp', 'igrp', 'pim', 'vrrp', 'carp']);
const NETWORKS: ReadonlySet<ProtocolWord> = new Set<ProtocolWord>(['ip', 'arp', 'rarp', 'atalk', 'decnet', 'sca', 'lat', 'moprc', 'mopdl', 'ip6']);

function compileLoad(protocol: ProtocolWord, index: CompiledArithmetic, size: number, to: Compilation): CompiledArithmetic {
  if (size !== 1 && size !== 2 && size !== 4) throw new FilterError('data size must be 1, 2, or 4');
  const { networkAt } = to;
  const build = (needs: Predicate | undefined, base: (bytes: Uint8Array) => number): CompiledArithmetic => ({
    value: (bytes, info) => load(bytes, base(bytes) + index.value(bytes, info), size),
    needs: index.needs !== undefined && needs !== undefined ? and(index.needs, needs) : (needs ?? index.needs),
    constant: undefined,
  });
  if (protocol === 'link') return build(undefined, () => 0);
  if (NETWORKS.has(protocol)) return build(compileProtocol(protocol, to), () => networkAt);
  if (TRANSPORTS.has(protocol)) {
    const isFirstFragment = predicate((bytes) => (load(bytes, networkAt + 6, 2) & 0x1fff) === 0);
    const needs = and(isLinkType(ethernet.TYPE_IPV4, to), and(compileProtocol(protocol, to), isFirstFragment));
    return build(needs, (bytes) => networkAt + (load(bytes, networkAt, 1) & 15) * 4);
  }
  if (protocol === 'icmp6') {
    const needs = and(isLinkType(ethernet.TYPE_IPV6, to), predicate((bytes) => load(bytes, networkAt + 6, 1) === 58));
    return build(needs, () => networkAt + 40);
  }
  if (protocol === 'radio') throw new FilterError('radio information not present in capture');
  throw new FilterError('unsupported index operation');
}

const OPERATIONS: Readonly<Record<ArithmeticOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => (left + right) >>> 0,
  '-': (left, right) => (left - right) >>> 0,
  '*': (left, right) => Math.imul(left, right) >>> 0,
  '/': (left, right) => (right === 0 ? giveUp() : Math.floor(left / right)),
  '%': (left, right) => (right === 0 ? giveUp() : left % right),
  '&': (left, right) => (left & right) >>> 0,
  '|': (left, right) => (left | right) >>> 0,
  '^': (left, right) => (left ^ right) >>> 0,
  '<<': (left, right) => (right > 31 ? 0 : (left << right) >>> 0),
  '>>': (left, right) => (right > 31 ? 0 : left >>> right),
};

function compileOperation(operator: ArithmeticOperator, left: CompiledArithmetic, right: CompiledArithmetic): CompiledArithmetic {
  if (right.constant === 0 && operator === '/') throw new FilterError('division by zero');
  if (right.constant === 0 && operator === '%') throw new FilterError('modulus by zero');
  if ((right.constant ?? 0) > 31 && (operator === '<<' || operator === '>>')) throw new FilterError('shift by more than 31 bits');
  const operation = OPERATIONS[operator];
  return {
    value: (bytes, info) => operation(left.value(bytes, info), right.value(bytes, info)),
    needs: left.needs !== undefined && right.needs !== undefined ? and(left.needs, right.needs) : (left.needs ?? right.needs),
    constant: undefined,
  };
}

const COMPARISONS: Readonly<Record<'>' | '>=' | '=', (left: number, right: number) => boolean>> = {
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '=': (left, right) => left === right,
};

/** What the operands need is outside the comparison: `tcp[0] != 5` is false for a packet that is not TCP. */
export function compileRelation(relation: Relation, left: CompiledArithmetic, right: CompiledArithmetic): Predicate {
  const [plain, isReversed] = ({ '>': ['>', false], '>=': ['>=', false], '=': ['=', false], '<=': ['>', true], '<': ['>=', true], '!=': ['=', true] } as const)[relation];
  const compare = COMPARISONS[plain];
  const bare = predicate((bytes, info) => compare(left.value(bytes, info), right.value(bytes, info)));
  const whole = isReversed ? not(bare) : bare;
  const needs = left.needs !== undefined && right.needs !== undefined ? and(left.needs, right.needs) : (left.needs ?? right.needs);
  return needs === undefined ? whole : and(needs, whole);
}

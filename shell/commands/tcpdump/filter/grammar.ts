/**
 * From words to the syntax tree (libpcap's grammar.y). `and` and `or` bind alike and to the left; a bare value takes the
 * qualifiers of the primitive before it: `port 80 or 443`. Where the grammar needs more than one word of lookahead (parentheses),
 * the parser tries and goes back.
 */
import { tokenize, type Token } from './lexer.ts';
import { syntaxError, type AddressKind, type Arithmetic, type ArithmeticOperator, type Direction, type Expression, type Operand, type ProtocolWord, type Qualifier, type Relation } from './syntax.ts';

export function parseFilter(text: string): Expression {
  const tokens = tokenize(text);
  if (tokens.length === 0) return { kind: 'all' };
  const parser = new Parser(tokens);
  const parsed = parser.expression(UNDEFINED);
  if (!parser.isAtEnd()) throw syntaxError();
  return parsed.expression;
}

const UNDEFINED: Qualifier = { protocol: undefined, direction: 'either', hasDirection: false, kind: 'undefined' };

const PROTOCOLS = new Set<string>(
  ('link ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp igrp pim vrrp carp ah esp atalk aarp decnet lat sca moprc mopdl iso esis isis clnp stp ipx netbeui radio ' +
    'l1 l2 iih lsp snp csnp psnp').split(' '),
);
/** Words that begin primitives of links and protocols that do not occur here. */
const FOREIGN = new Set(
  ('type subtype dir mpls pppoed pppoes geneve lane llc metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci connectmsg metaconnect fisu lssu msu hfisu hlssu hmsu sio ' +
    'opc dpc sls hsio hopc hdpc hsls protochain').split(' '),
);
const PACKET_FILTER = new Set(['ifname', 'rset', 'rnr', 'srnr', 'reason', 'action']);
const RELATIONS = new Set(['>', '>=', '=', '<', '<=', '!=']);
/** Binding strength on the left and on the right; % and ^ have none in libpcap's grammar, so they take all that follows. */
const STRENGTH: Readonly<Record<string, readonly [number, number]>> = {
  '|': [1, 2], '&': [3, 4], '<<': [5, 6], '>>': [5, 6], '+': [7, 8], '-': [7, 8], '*': [9, 10], '/': [9, 10], '%': [11, 0], '^': [11, 0],
};

interface Parsed {
  readonly expression: Expression;
  /** What a bare value behind it means. */
  readonly qualifier: Qualifier;
}

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  isAtEnd(): boolean {
    return this.at >= this.tokens.length;
  }

  private peek(offset = 0): string {
    const token = this.tokens[this.at + offset];
    if (token === undefined) return '';
    return token.kind === 'word' || token.kind === 'symbol' ? token.text : `<${token.kind}>`;
  }

  private accept(text: string): boolean {
    if (this.peek() !== text) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): void {
    if (!this.accept(text)) throw syntaxError();
  }

  private number(): number {
    const token = this.tokens[this.at];
    if (token?.kind !== 'number') throw syntaxError();
    this.at += 1;
    return token.value;
  }

  private attempt<T>(read: () => T): T | undefined {
    const before = this.at;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Error) || error.message !== syntaxError().message) throw error;
      this.at = before;
      return undefined;
    }
  }

  /** `outer` is what a parenthesis inherits. */
  expression(outer: Qualifier): Parsed {
    let left = this.term(outer);
    for (let kind = this.connective(); kind !== undefined; kind = this.connective()) {
      this.at += 1;
      const { qualifier } = left;
      const right = this.attempt(() => this.term(qualifier)) ?? { expression: this.value(qualifier), qualifier };
      left = { expression: { kind, left: left.expression, right: right.expression }, qualifier: right.qualifier };
    }
    return left;
  }

  private connective(): 'and' | 'or' | undefined {
    const word = this.peek();
    return word === 'and' || word === 'or' ? word : undefined;
  }

  private term(outer: Qualifier): Parsed {
    if (this.accept('not')) {
      const inner = this.term(outer);
      return { expression: { kind: 'not', of: inner.expression }, qualifier: inner.qualifier };
    }
    const relation = this.attempt(() => this.relation());
    if (relation !== undefined) return { expression: relation, qualifier: UNDEFINED };
    if (this.accept('(')) {
      const inner = this.expression(outer);
      this.expect(')');
      return { expression: inner.expression, qualifier: outer };
    }
    const other = this.other();
    if (other !== undefined) return { expression: other, qualifier: UNDEFINED };
    return this.primitive();
  }

  /** Primitives without an operand of the usual kinds. */
  private other(): Expression | undefined {
    const word = this.peek();
    const hasProtocol = PROTOCOLS.has(word);
    const behind = hasProtocol ? this.peek(1) : word;
    if (behind === 'broadcast' || behind === 'multicast') {
      this.at += hasProtocol ? 2 : 1;
      return { kind: behind, protocol: hasProtocol ? (word as ProtocolWord) : undefined };
    }
    if (FOREIGN.has(behind)) return { kind: 'unsupported', word: this.rest(behind) };
    if (PACKET_FILTER.has(word)) {
      this.at += 1;
      const token = this.tokens[this.at];
      if (token === undefined || (token.kind !== 'name' && token.kind !== 'number')) throw syntaxError();
      this.at += 1;
      return { kind: 'packet-filter', word };
    }
    if (this.accept('less')) return { kind: 'length', relation: 'less', bytes: this.number() };
    if (this.accept('greater')) return { kind: 'length', relation: 'greater', bytes: this.number() };
    if (this.accept('inbound')) return { kind: 'direction', isOutbound: false };
    if (this.accept('outbound')) return { kind: 'direction', isOutbound: true };
    if (this.accept('ifindex')) return { kind: 'interface', index: this.number() };
    if (this.accept('vlan')) return { kind: 'vlan', id: this.attempt(() => this.plainNumber()) };
    if (this.accept('byte')) return this.byteTest();
    return undefined;
  }

  /** Swallows the remaining words: what a foreign primitive takes is not known here. */
  private rest(word: string): string {
    this.at = this.tokens.length;
    return word;
  }

  private byteTest(): Expression {
    const index = this.number();
    const operator = this.peek();
    if (operator !== '&' && operator !== '|' && operator !== '<' && operator !== '>' && operator !== '=') throw syntaxError();
    this.at += 1;
    return { kind: 'byte', index, operator, value: this.number() };
  }

  /** Qualifiers and a value, or a protocol alone. */
  private primitive(): Parsed {
    const word = this.peek();
    const protocol = PROTOCOLS.has(word) ? (word as ProtocolWord) : undefined;
    if (protocol !== undefined) this.at += 1;
    const direction = this.direction();
    const kind = this.kind();
    if (direction === undefined && kind === undefined) {
      if (protocol === undefined) throw syntaxError();
      return { expression: { kind: 'protocol', protocol }, qualifier: UNDEFINED };
    }
    if (direction !== undefined && (kind === 'proto' || kind === 'gateway')) throw syntaxError();
    const qualifier: Qualifier = { protocol, direction: direction ?? 'either', hasDirection: direction !== undefined, kind: kind ?? 'default' };
    return { expression: this.value(qualifier), qualifier };
  }

  private direction(): Direction | undefined {
    const first = this.peek();
    if (first !== 'src' && first !== 'dst') return undefined;
    this.at += 1;
    const connective = this.connective();
    const second = this.peek(1);
    const isPair = connective !== undefined && (second === 'src' || second === 'dst') && second !== first;
    if (!isPair) return first;
    this.at += 2;
    return connective === 'or' ? 'either' : 'both';
  }

  private kind(): AddressKind | undefined {
    const word = this.peek();
    if (word !== 'host' && word !== 'net' && word !== 'port' && word !== 'portrange' && word !== 'proto' && word !== 'gateway') return undefined;
    this.at += 1;
    return word;
  }

  /** A value, or several in parentheses, all with the same qualifiers. */
  private value(qualifier: Qualifier): Expression {
    if (this.accept('not')) return { kind: 'not', of: this.value(qualifier) };
    if (this.accept('(')) {
      let left = this.value(qualifier);
      for (let kind = this.connective(); kind !== undefined; kind = this.connective()) {
        this.at += 1;
        left = { kind, left, right: this.value(qualifier) };
      }
      this.expect(')');
      return left;
    }
    return { kind: 'operand', qualifier, operand: this.operand() };
  }

  private operand(): Operand {
    const token = this.tokens[this.at];
    this.at += 1;
    switch (token?.kind) {
      case 'number':
        return { kind: 'number', value: token.value };
      case 'name':
        return { kind: 'name', name: token.text };
      case 'mac':
        return { kind: 'mac', address: token.address };
      case 'ip6':
        return { kind: 'ip6', text: token.text, address: token.address, length: this.accept('/') ? this.number() : 128 };
      case 'ip4': {
        if (this.accept('/')) return { kind: 'ip4-prefix', text: token.text, length: this.number() };
        if (!this.accept('mask')) return { kind: 'ip4', text: token.text };
        const mask = this.tokens[this.at];
        if (mask?.kind !== 'ip4') throw syntaxError();
        this.at += 1;
        return { kind: 'ip4-mask', text: token.text, mask: mask.text };
      }
      default:
        throw syntaxError();
    }
  }

  private relation(): Expression {
    const left = this.arithmetic(0);
    const relation = this.peek();
    if (!RELATIONS.has(relation)) throw syntaxError();
    this.at += 1;
    return { kind: 'relation', relation: relation as Relation, left, right: this.arithmetic(0) };
  }

  private arithmetic(minimum: number): Arithmetic {
    let left = this.arithmeticAtom();
    for (;;) {
      const operator = this.peek();
      const strength = STRENGTH[operator];
      if (strength === undefined || strength[0] < minimum) return left;
      this.at += 1;
      left = { kind: 'operation', operator: operator as ArithmeticOperator, left, right: this.arithmetic(strength[1]) };
    }
  }

  private arithmeticAtom(): Arithmetic {
    const word = this.peek();
    if (word === '<number>') return { kind: 'constant', value: this.number() };
    if (this.accept('len')) return { kind: 'length' };
    if (this.accept('-')) return { kind: 'negation', of: this.arithmetic(11) };
    if (this.accept('(')) {
      const inner = this.arithmetic(0);
      this.expect(')');
      return inner;
    }
    if (!PROTOCOLS.has(word)) throw syntaxError();
    this.at += 1;
    this.expect('[');
    const index = this.arithmetic(0);
    const size = this.accept(':') ? this.number() : 1;
    this.expect(']');
    return { kind: 'load', protocol: word as ProtocolWord, index, size };
  }

  private plainNumber(): number {
    if (!this.accept('(')) return this.number();
    const value = this.plainNumber();
    this.expect(')');
    return value;
  }
}

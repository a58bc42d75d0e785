/** The syntax tree of the capture filter language (pcap-filter(7)), and its errors. */
import type { Ip6, Mac } from '../../../ports/wire.ts';

/** Names as the grammar's keywords; 'link' stands for ether, fddi, tr, wlan, ppp and slip. */
export type ProtocolWord =
  | 'link' | 'ip' | 'ip6' | 'arp' | 'rarp' | 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmp6' | 'igmp' | 'igrp' | 'pim' | 'vrrp' | 'carp' | 'ah' | 'esp'
  | 'atalk' | 'aarp' | 'decnet' | 'lat' | 'sca' | 'moprc' | 'mopdl' | 'iso' | 'esis' | 'isis' | 'clnp' | 'stp' | 'ipx' | 'netbeui' | 'radio'
  | 'l1' | 'l2' | 'iih' | 'lsp' | 'snp' | 'csnp' | 'psnp';

export type Direction = 'either' | 'src' | 'dst' | 'both';
/** 'undefined' is what stands behind a primitive that has no qualifiers to pass on, as in `icmp or 5`. */
export type AddressKind = 'default' | 'host' | 'net' | 'port' | 'portrange' | 'proto' | 'gateway' | 'undefined';

export interface Qualifier {
  readonly protocol: ProtocolWord | undefined;
  readonly direction: Direction;
  readonly hasDirection: boolean;
  readonly kind: AddressKind;
}

export type Operand =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'ip4'; readonly text: string }
  | { readonly kind: 'ip4-prefix'; readonly text: string; readonly length: number }
  | { readonly kind: 'ip4-mask'; readonly text: string; readonly mask: string }
  | { readonly kind: 'ip6'; readonly text: string; readonly address: Ip6; readonly length: number }
  | { readonly kind: 'mac'; readonly address: Mac };

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';
export type Relation = '>' | '>=' | '=' | '<' | '<=' | '!=';

export type Arithmetic =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'length' }
  | { readonly kind: 'load'; readonly protocol: ProtocolWord; readonly index: Arithmetic; readonly size: number }
  | { readonly kind: 'operation'; readonly operator: ArithmeticOperator; readonly left: Arithmetic; readonly right: Arithmetic }
  | { readonly kind: 'negation'; readonly of: Arithmetic };

export type Expression =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'operand'; readonly qualifier: Qualifier; readonly operand: Operand }
  | { readonly kind: 'protocol'; readonly protocol: ProtocolWord }
  | { readonly kind: 'relation'; readonly relation: Relation; readonly left: Arithmetic; readonly right: Arithmetic }
  | { readonly kind: 'broadcast' | 'multicast'; readonly protocol: ProtocolWord | undefined }
  | { readonly kind: 'length'; readonly relation: 'less' | 'greater'; readonly bytes: number }
  | { readonly kind: 'byte'; readonly index: number; readonly operator: '&' | '|' | '<' | '>' | '='; readonly value: number }
  | { readonly kind: 'direction'; readonly isOutbound: boolean }
  | { readonly kind: 'interface'; readonly index: number }
  | { readonly kind: 'vlan'; readonly id: number | undefined }
  | { readonly kind: 'packet-filter'; readonly word: string }
  | { readonly kind: 'unsupported'; readonly word: string };

/** Thrown while a filter is read; `compileFilter` turns it into a value. */
export class FilterError extends Error {
  /** Valid for libpcap, but beyond this simulation. */
  readonly isUnsupported: boolean;
  constructor(message: string, isUnsupported = false) {
    super(message);
    this.isUnsupported = isUnsupported;
  }
}

export function syntaxError(): FilterError {
  return new FilterError("can't parse filter expression: syntax error");
}

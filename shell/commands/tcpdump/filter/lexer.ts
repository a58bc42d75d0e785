/** Words of the capture filter language (libpcap's scanner.l): the longest match wins, keywords before names. */
import { ip6, type Ip6, type Mac } from '../../../ports/wire.ts';
import { FilterError, syntaxError } from './syntax.ts';

export type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'symbol'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'ip4'; readonly text: string }
  | { readonly kind: 'ip6'; readonly text: string; readonly address: Ip6 }
  | { readonly kind: 'mac'; readonly address: Mac };

const SYNONYMS: Readonly<Record<string, string>> = {
  ether: 'link', ppp: 'link', slip: 'link', fddi: 'link', tr: 'link', wlan: 'link', 'es-is': 'esis', 'is-is': 'isis', length: 'len', on: 'ifname',
  direction: 'dir', address1: 'addr1', address2: 'addr2', address3: 'addr3', address4: 'addr4', ruleset: 'rset', rulenum: 'rnr', subrulenum: 'srnr', lsu: 'lssu',
};
const KEYWORDS = new Set([
  ...Object.keys(SYNONYMS),
  ...('dst src link arp rarp ip sctp tcp udp icmp igmp igrp pim vrrp carp radio ip6 icmp6 ah esp atalk aarp decnet lat sca moprc mopdl iso esis isis l1 l2 iih ' +
    'lsp snp csnp psnp clnp stp ipx netbeui host net mask port portrange proto protochain gateway type subtype dir addr1 addr2 addr3 addr4 ra ta less greater ' +
    'byte broadcast multicast and or not len inbound outbound ifindex vlan mpls pppoed pppoes geneve lane llc metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi ' +
    'vci connectmsg metaconnect ifname rset rnr srnr reason action fisu lssu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls').split(' '),
]);

const CONSTANTS: Readonly<Record<string, number>> = {
  icmptype: 0, icmpcode: 1, 'icmp-echoreply': 0, 'icmp-unreach': 3, 'icmp-sourcequench': 4, 'icmp-redirect': 5, 'icmp-echo': 8, 'icmp-routeradvert': 9,
  'icmp-routersolicit': 10, 'icmp-timxceed': 11, 'icmp-paramprob': 12, 'icmp-tstamp': 13, 'icmp-tstampreply': 14, 'icmp-ireq': 15, 'icmp-ireqreply': 16,
  'icmp-maskreq': 17, 'icmp-maskreply': 18, icmp6type: 0, icmp6code: 1, 'icmp6-destinationunreach': 1, 'icmp6-packettoobig': 2, 'icmp6-timeexceeded': 3,
  'icmp6-parameterproblem': 4, 'icmp6-echo': 128, 'icmp6-echoreply': 129, 'icmp6-multicastlistenerquery': 130, 'icmp6-multicastlistenerreportv1': 131,
  'icmp6-multicastlistenerdone': 132, 'icmp6-routersolicit': 133, 'icmp6-routeradvert': 134, 'icmp6-neighborsolicit': 135, 'icmp6-neighboradvert': 136,
  'icmp6-redirect': 137, 'icmp6-routerrenum': 138, 'icmp6-nodeinformationquery': 139, 'icmp6-nodeinformationresponse': 140,
  'icmp6-ineighbordiscoverysolicit': 141, 'icmp6-ineighbordiscoveryadvert': 142, 'icmp6-multicastlistenerreportv2': 143,
  'icmp6-homeagentdiscoveryrequest': 144, 'icmp6-homeagentdiscoveryreply': 145, 'icmp6-mobileprefixsolicit': 146, 'icmp6-mobileprefixadvert': 147,
  'icmp6-certpathsolicit': 148, 'icmp6-certpathadvert': 149, 'icmp6-multicastrouteradvert': 151, 'icmp6-multicastroutersolicit': 152,
  'icmp6-multicastrouterterm': 153, tcpflags: 13, 'tcp-fin': 1, 'tcp-syn': 2, 'tcp-rst': 4, 'tcp-push': 8, 'tcp-ack': 16, 'tcp-urg': 32, 'tcp-ece': 64, 'tcp-cwr': 128,
};

const NUMBER = '(?:0[xX][0-9A-Fa-f]+|[0-9]+)';
const BYTE = '[0-9A-Fa-f]{1,2}';
const PAIR = '[0-9A-Fa-f]{4}';
const MAC_PATTERN = new RegExp(`(?:${BYTE}(?::${BYTE}){5}|${BYTE}(?:-${BYTE}){5}|${BYTE}(?:\\.${BYTE}){5}|${PAIR}\\.${PAIR}\\.${PAIR}|[0-9A-Fa-f]{12})`, 'y');
const NUMBER_PATTERN = new RegExp(NUMBER, 'y');
const IP4_PATTERN = new RegExp(`${NUMBER}(?:\\.${NUMBER}){1,3}`, 'y');
const IP6_PATTERN = /[0-9A-Fa-f:]*:[0-9A-Fa-f:]*(?:\.[0-9]+){0,3}/y;
const NAME_PATTERN = /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y;
const ESCAPED_PATTERN = /\\[^ !()\n\t]+/y;
const SYMBOL_PATTERN = /&&|\|\||>=|<=|!=|==|<<|>>|[+\-*/%:[\]!<>()&|^=]/y;

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (' \r\n\t'.includes(text[at]!)) {
      at += 1;
      continue;
    }
    const symbol = match(SYMBOL_PATTERN, text, at);
    const escaped = match(ESCAPED_PATTERN, text, at);
    const literal = longestLiteral(text, at);
    if (literal !== undefined) {
      tokens.push(literal.token);
      at += literal.length;
    } else if (escaped !== '') {
      tokens.push({ kind: 'name', text: escaped.slice(1) });
      at += escaped.length;
    } else if (symbol !== '') {
      tokens.push(symbolToken(symbol));
      at += symbol.length;
    } else {
      throw syntaxError();
    }
  }
  return tokens;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function symbolToken(symbol: string): Token {
  if (symbol === '&&') return { kind: 'word', text: 'and' };
  if (symbol === '||') return { kind: 'word', text: 'or' };
  if (symbol === '!') return { kind: 'word', text: 'not' };
  return { kind: 'symbol', text: symbol === '==' ? '=' : symbol };
}

function longestLiteral(text: string, at: number): { token: Token; length: number } | undefined {
  const name = match(NAME_PATTERN, text, at);
  const mac = match(MAC_PATTERN, text, at);
  const number = match(NUMBER_PATTERN, text, at);
  const ip4Text = match(IP4_PATTERN, text, at);
  const ip6Text = longestIp6(match(IP6_PATTERN, text, at));
  const longest = Math.max(name.length, mac.length, number.length, ip4Text.length, ip6Text.length);
  if (longest === 0) return undefined;
  const isWord = name.length === longest && (KEYWORDS.has(name) || name in CONSTANTS);
  if (isWord) return { token: wordToken(name), length: longest };
  if (mac.length === longest) return { token: { kind: 'mac', address: canonicalMac(mac) }, length: longest };
  if (number.length === longest) return { token: { kind: 'number', value: parseNumber(number) }, length: longest };
  if (ip4Text.length === longest) return { token: { kind: 'ip4', text: ip4Text }, length: longest };
  if (ip6Text.length === longest) return { token: { kind: 'ip6', text: ip6Text, address: ip6.parseIp6(ip6Text)! }, length: longest };
  return { token: { kind: 'name', text: name }, length: longest };
}

function wordToken(name: string): Token {
  const constant = CONSTANTS[name];
  return constant === undefined ? { kind: 'word', text: SYNONYMS[name] ?? name } : { kind: 'number', value: constant };
}

/** The longest beginning that is an address, since `ip[6:2]` has colons as well. */
function longestIp6(candidate: string): string {
  for (let length = candidate.length; length >= 2; length -= 1) {
    const part = candidate.slice(0, length);
    if (ip6.parseIp6(part) !== undefined) return part;
  }
  return '';
}

function canonicalMac(text: string): Mac {
  const groups = text.split(/[:.-]/);
  if (groups.length === 6) return groups.map((group) => group.toLowerCase().padStart(2, '0')).join(':');
  return groups.join('').toLowerCase().replace(/(..)(?=.)/g, '$1:');
}

function parseNumber(text: string): number {
  let value: number;
  if (/^0[xX]/.test(text)) value = Number.parseInt(text.slice(2), 16);
  else if (!text.startsWith('0')) value = Number(text);
  else if (/[89]/.test(text)) throw new FilterError(`number ${text} contains non-octal digit`);
  else value = Number.parseInt(text, 8);
  if (value > 0xffffffff) throw new FilterError(`number ${text} overflows 32 bits`);
  return value;
}

/**
 * iptables rules in nft's words, as `nft list ruleset` shows the tables that iptables-nft keeps (iptables' own xlate functions, extensions/libxt_*.c,
 * and nft's printing of native expressions). What has no translation shows as `xt match NAME` or `xt target NAME`.
 */
import { ip4, ip6 } from '../../ports/wire.ts';
import { builtInNames, matchExtensions, type RuleState } from '../../ports/netfilter.ts';
import type { Family } from '../../ports/kernel.ts';

type Match = RuleState['matches'][number];
type Target = NonNullable<RuleState['target']>;
interface Piece { readonly text: string; /** Says the protocol itself, so that `meta l4proto` before it is left out. */ readonly impliesProtocol?: boolean }

const not = (negate: boolean): string => (negate ? '!= ' : '');
const hex8 = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
const hex2 = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
const span = ({ from, to }: { from: number | string; to: number | string }, joint = '-'): string => (from === to ? String(from) : `${from}${joint}${to}`);
const address = (value: number | string): string => (typeof value === 'number' ? ip4.formatIp4(value) : ip6.formatIp6(value));

/** A device's name, or the beginning of names. */
export function nameInNft(name: string): string {
  return `"${name.replace(/\+$/, '*')}"`;
}

export function ruleInNft(rule: RuleState, family: Family): string {
  const parts: string[] = [];
  const iface = (word: string, match: RuleState['inInterface']): void => {
    if (match !== undefined) parts.push(`${word} ${not(match.negate)}${nameInNft(match.name)}`);
  };
  iface('iifname', rule.inInterface);
  iface('oifname', rule.outInterface);
  const header = family === 'inet' ? 'ip' : 'ip6';
  const sides = [...sidesInNft(`${header} saddr`, rule.source), ...sidesInNft(`${header} daddr`, rule.destination)];
  const pieces = rule.matches.map((match) => matchInNft(match, rule, family));
  const isImplied = pieces[0]?.impliesProtocol === true && rule.protocol?.negate === false;
  const protocol = rule.protocol === undefined || isImplied ? [] : [`meta l4proto ${not(rule.protocol.negate)}${builtInNames.protocolName(rule.protocol.number) ?? rule.protocol.number}`];
  parts.push(...(family === 'inet' ? [...sides, ...(rule.fragment === undefined ? [] : [`ip frag-off & 8191 ${rule.fragment.negate ? '==' : '!='} 0`]), ...protocol] : [...protocol, ...sides]));
  parts.push(...pieces.map(({ text }) => text));
  parts.push(`counter packets ${rule.packets} bytes ${rule.bytes}`);
  if (rule.target !== undefined) parts.push(targetInNft(rule.target));
  return parts.join(' ');
}

/** A source or destination, with the operator it needs. */
export function sidesInNft(word: string, match: RuleState['source']): string[] {
  if (match === undefined) return [];
  const operator = match.negate ? '!= ' : '';
  if (typeof match.address === 'number') {
    const mask = match.mask as number;
    const length = ip4.lengthOfMask(mask);
    if (length === undefined) return [`${word} & ${ip4.formatIp4(mask)} ${match.negate ? '!=' : '=='} ${address(match.address)}`];
    return [`${word} ${operator}${address(match.address)}${length === 32 ? '' : `/${length}`}`];
  }
  const bits = [...String(match.mask)].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
  const length = bits.indexOf('0');
  if (/01/.test(bits)) return [`${word} & ${ip6.formatIp6(String(match.mask))} ${match.negate ? '!=' : '=='} ${address(match.address)}`];
  return [`${word} ${operator}${address(match.address)}${length < 0 ? '' : `/${length}`}`];
}

function portText(name: string, which: string, ports: { negate: boolean; from: number; to: number } | undefined, isTyped: boolean): string[] {
  if (ports === undefined) return [];
  const { negate, from, to } = ports;
  if (from === 0 && to > 0 && !isTyped) return [`${name} ${which} ${negate ? '>' : '<='} ${to}`];
  return [`${name} ${which} ${not(negate)}${span(ports)}`];
}

const TCP_FLAGS: readonly (readonly [string, number])[] = [['fin', 1], ['syn', 2], ['rst', 4], ['psh', 8], ['ack', 16], ['urg', 32]];
const flagNames = (bits: number): string => TCP_FLAGS.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name).join(',');
const CT_STATES: readonly (readonly [string, number])[] = [['invalid', 1], ['new', 2], ['related', 4], ['established', 8], ['untracked', 16]];
const ctStates = (bits: number): string => CT_STATES.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name).join(',');
const CT_STATUSES: readonly (readonly [string, number])[] = [['expected', 1], ['seen-reply', 2], ['assured', 4], ['confirmed', 8]];
const ICMP_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'echo-reply'], [3, 'destination-unreachable'], [4, 'source-quench'], [5, 'redirect'], [8, 'echo-request'], [9, 'router-advertisement'], [10, 'router-solicitation'], [11, 'time-exceeded'], [12, 'parameter-problem'],
  [13, 'timestamp-request'], [14, 'timestamp-reply'], [17, 'address-mask-request'], [18, 'address-mask-reply'],
]);
const ICMP6_TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'destination-unreachable'], [2, 'packet-too-big'], [3, 'time-exceeded'], [4, 'parameter-problem'], [128, 'echo-request'], [129, 'echo-reply'], [130, 'mld-listener-query'], [131, 'mld-listener-report'], [132, 'mld-listener-done'],
  [133, 'nd-router-solicit'], [134, 'nd-router-advert'], [135, 'nd-neighbor-solicit'], [136, 'nd-neighbor-advert'], [137, 'nd-redirect'],
]);
const UNITS: ReadonlyMap<number, string> = new Map([[1, 'second'], [60, 'minute'], [3600, 'hour'], [86_400, 'day']]);

/** `isTyped`: as who types it would say it, before nft has made it plainer. */
export function matchInNft(match: Match, rule: RuleState, family: Family, isTyped = false): Piece {
  const header = family === 'inet' ? 'ip' : 'ip6';
  switch (match.kind) {
    case 'tcp': {
      const name = rule.protocol?.negate === true && !isTyped ? 'th' : 'tcp';
      const parts: string[] = [];
      if (match.flags !== undefined) {
        const { negate, mask, compare } = match.flags;
        parts.push(compare === 0 && !isTyped ? `tcp flags ${negate ? '' : '! '}${flagNames(mask)}` : `tcp flags ${not(negate)}${compare === 0 ? '0x0' : flagNames(compare)} / ${flagNames(mask)}`);
      }
      const ports = [...portText(name, 'sport', match.sport, isTyped), ...portText(name, 'dport', match.dport, isTyped)];
      if (isTyped) parts.unshift(...ports);
      else parts.push(...ports);
      const implies = parts.length > 0 && match.option === undefined;
      if (match.option !== undefined) parts.push(`tcp option ${match.option.number} ${match.option.negate ? 'missing' : 'exists'}`);
      return { text: parts.join(' '), impliesProtocol: implies };
    }
    case 'udp': case 'sctp': {
      const name = rule.protocol?.negate === true && !isTyped ? 'th' : match.kind;
      // udp_xlate of 1.8.9 forgets a `!`.
      const ports = (side: typeof match.sport): typeof match.sport => (side !== undefined && isTyped && match.kind === 'udp' ? { ...side, negate: false } : side);
      const text = [...portText(name, 'sport', ports(match.sport), isTyped), ...portText(name, 'dport', ports(match.dport), isTyped)].join(' ');
      return { text, impliesProtocol: match.kind === 'udp' && text !== '' };
    }
    case 'icmp': case 'icmp6': {
      if (match.kind === 'icmp' && match.type === 255) return { text: 'ip protocol icmp' };
      if (match.code[0] !== 0 || match.code[1] !== 255) return { text: `xt match ${match.kind}` };
      const names = match.kind === 'icmp' ? ICMP_TYPES : ICMP6_TYPES;
      return { text: `${match.kind === 'icmp' ? 'icmp' : 'icmpv6'} type ${not(match.negate)}${names.get(match.type) ?? match.type}` };
    }
    case 'state': return { text: `ct state ${match.negate ? '! ' : ''}${ctStates(match.bits)}` };
    case 'conntrack': return { text: conntrackInNft(match) };
    case 'connmark': return { text: match.mask === 0xffffffff ? `ct mark ${not(match.negate)}${hex(match.value)}` : `ct mark and ${hex(match.mask)} ${match.negate ? '!=' : '=='} ${hex(match.value)}` };
    case 'comment': return { text: '' };
    case 'mark': return { text: match.mask === 0xffffffff ? `meta mark ${not(match.negate)}${hex8(match.value)}` : `meta mark & ${hex8(match.mask)} ${match.negate ? '!=' : '=='} ${hex8(match.value)}` };
    case 'addrtype': {
      const device = match.limit === undefined ? '' : match.limit === 'in' ? ' . iif' : ' . oif';
      const [word, set] = match.source === undefined ? (['daddr', match.destination!] as const) : (['saddr', match.source] as const);
      const types = set.types.map((type) => type.toLowerCase());
      return { text: `fib ${word}${device} type ${not(set.negate)}${types.length === 1 ? types[0]! : `{ ${types.join(', ')} }`}` };
    }
    case 'multiport': return { text: multiportInNft(match, rule) };
    case 'limit': return { text: `limit rate ${match.rate.count}/${UNITS.get(match.rate.unitSeconds)!}${match.burst === 5 ? '' : ` burst ${match.burst} packets`}` };
    case 'statistic':
      if (match.mode === 'random') return { text: `meta random & 2147483647 ${match.negate ? '>=' : '<'} ${match.probability}` };
      return { text: `numgen inc mod ${match.every} ${not(match.negate)}${match.packet}` };
    case 'iprange': {
      const one = (word: string, range: { negate: boolean; from: number | string; to: number | string } | undefined): string[] => (range === undefined ? [] : [`${header} ${word} ${not(range.negate)}${address(range.from)}-${address(range.to)}`]);
      return { text: [...one('saddr', match.source), ...one('daddr', match.destination)].join(' ') };
    }
    case 'mac': return { text: `ether saddr ${not(match.negate)}${match.address}` };
    case 'owner': {
      if (match.socket !== undefined) return { text: 'xt match owner' };
      const one = (word: string, ids: { negate: boolean; from: number; to: number } | undefined): string[] => (ids === undefined ? [] : [`${word} ${not(ids.negate)}${span(ids)}`]);
      return { text: [...one('skuid', match.uid), ...one('skgid', match.gid)].join(' ') };
    }
    case 'length': return { text: `meta length ${not(match.negate)}${span(match)}` };
    case 'ttl': case 'hl': return { text: `${match.kind === 'ttl' ? 'ip ttl' : 'ip6 hoplimit'} ${match.mode === 'eq' ? '' : match.mode === 'ne' ? '!= ' : `${match.mode} `}${match.value}` };
    case 'dscp': return { text: `${header} dscp ${not(match.negate)}${hex2(match.value)}` };
    case 'pkttype': return { text: `pkttype ${not(match.negate)}${match.type}` };
    default: return { text: `xt match ${matchExtensions.get(match.kind)?.name ?? match.kind}` };
  }
}

function conntrackInNft(match: Extract<Match, { kind: 'conntrack' }>): string {
  const parts: string[] = [];
  if (match.direction !== undefined) parts.push(`ct direction ${match.direction.toLowerCase()}`);
  if (match.protocol !== undefined) parts.push(`ct original protocol ${not(match.protocol.negate)}${match.protocol.number}`);
  if (match.state !== undefined) {
    const { negate, bits } = match.state;
    if ((bits & 32) !== 0) parts.push(`ct status ${not(negate)}snat`);
    else if ((bits & 64) !== 0) parts.push(`ct status ${not(negate)}dnat`);
    else parts.push(`ct state ${negate ? '! ' : ''}${ctStates(bits)}`);
  }
  if (match.status !== undefined) parts.push(`ct status ${match.status.negate ? '! ' : ''}${CT_STATUSES.filter(([, bit]) => (match.status!.bits & bit) !== 0).map(([name]) => name).join(',')}`.trimEnd());
  if (match.expire !== undefined) parts.push(`ct expiration ${not(match.expire.negate)}${span(match.expire)}`);
  const words = { ctorigsrc: 'original saddr', ctorigdst: 'original daddr', ctreplsrc: 'reply saddr', ctrepldst: 'reply daddr' } as const;
  for (const key of ['ctorigsrc', 'ctorigdst', 'ctreplsrc', 'ctrepldst'] as const) parts.push(...sidesInNft(`ct ${words[key]}`, match.addresses[key]));
  const ports = { ctorigsrcport: 'original proto-src', ctorigdstport: 'original proto-dst', ctreplsrcport: 'reply proto-src', ctrepldstport: 'reply proto-dst' } as const;
  for (const key of ['ctorigsrcport', 'ctorigdstport', 'ctreplsrcport', 'ctrepldstport'] as const) if (match.ports[key] !== undefined) parts.push(`ct ${ports[key]} ${not(match.ports[key].negate)}${span(match.ports[key])}`);
  return parts.join(' ');
}

function multiportInNft(match: Extract<Match, { kind: 'multiport' }>, rule: RuleState): string {
  const name = builtInNames.protocolName(rule.protocol?.number ?? 6) ?? 'tcp';
  const ports = match.ports.map(([from, to]) => span({ from, to }));
  if (match.side === 'either') return `${name} sport . ${name} dport { ${ports.map((port) => `0-65535 . ${port}, ${port} . 0-65535`).join(', ')} }`;
  const set = ports.length === 1 ? ports[0]! : `{ ${ports.join(', ')} }`;
  return `${name} ${match.side === 'source' ? 'sport' : 'dport'} ${not(match.negate)}${set}`;
}

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
const REJECTS: ReadonlyMap<string, string> = new Map([
  ['icmp-net-unreachable', 'icmp type net-unreachable'], ['icmp-host-unreachable', 'icmp type host-unreachable'], ['icmp-proto-unreachable', 'icmp type prot-unreachable'], ['icmp-net-prohibited', 'icmp type net-prohibited'],
  ['icmp-host-prohibited', 'icmp type host-prohibited'], ['icmp-admin-prohibited', 'icmp type admin-prohibited'], ['tcp-reset', 'tcp reset'], ['icmp6-no-route', 'icmpv6 type no-route'], ['icmp6-adm-prohibited', 'icmpv6 type admin-prohibited'],
  ['icmp6-addr-unreachable', 'icmpv6 type addr-unreachable'], ['icmp6-policy-fail', 'icmpv6 type policy-fail'], ['icmp6-reject-route', 'icmpv6 type reject-route'],
]);

function setMark(what: string, value: number, mask: number): string {
  const old = what === 'meta mark' ? 'mark' : what;
  if (mask === 0xffffffff) return `${what} set ${hex(value)}`;
  if (mask === 0) return `${what} set ${old} xor ${hex(value)}`;
  if (value === mask) return `${what} set ${old} or ${hex(value)}`;
  if (value === 0) return `${what} set ${old} and ${hex(~mask)}`;
  return `${what} set ${old} ${what === 'ct mark' ? `xor ${hex(value)} and ${hex(~mask)}` : `and ${hex(~mask)} xor ${hex(value)}`}`;
}

function natFlags(target: { random: boolean; fullyRandom: boolean; persistent?: boolean }): string {
  const flags = [...(target.random ? ['random'] : []), ...(target.fullyRandom ? ['fully-random'] : []), ...(target.persistent === true ? ['persistent'] : [])];
  return flags.length === 0 ? '' : ` ${flags.join(',')}`;
}

export function targetInNft(target: Target): string {
  switch (target.kind) {
    case 'chain': return `${target.goto ? 'goto' : 'jump'} ${target.chain}`;
    case 'ACCEPT': case 'DROP': case 'RETURN': return target.kind.toLowerCase();
    case 'REJECT': {
      const how = REJECTS.get(target.with);
      return how === undefined ? 'reject' : `reject with ${how}`;
    }
    case 'LOG': {
      const flags = [...((target.flags & 3) === 3 ? ['tcp sequence,options'] : (target.flags & 1) !== 0 ? ['tcp sequence'] : (target.flags & 2) !== 0 ? ['tcp options'] : []), ...((target.flags & 4) !== 0 ? ['ip options'] : []), ...((target.flags & 8) !== 0 ? ['skuid'] : []), ...((target.flags & 32) !== 0 ? ['ether'] : [])];
      const tail = target.flags === 47 ? ' flags all' : flags.map((flag) => ` flags ${flag}`).join('');
      return `log${target.prefix === '' ? '' : ` prefix "${target.prefix}"`}${target.level === 4 ? '' : ` level ${LEVELS[target.level]!}`}${tail}`;
    }
    case 'MARK': return setMark('meta mark', target.value, target.mask);
    case 'CONNMARK':
      if (target.mode === 'set') return setMark('ct mark', target.value, target.mask);
      if (target.nfmask !== target.ctmask) return 'xt target CONNMARK';
      if (target.mode === 'save') return `ct mark set mark${target.nfmask === 0xffffffff ? '' : ` and ${hex(target.nfmask)}`}`;
      return `meta mark set ct mark${target.nfmask === 0xffffffff ? '' : ` and ${hex(target.nfmask)}`}`;
    case 'SNAT': case 'DNAT': {
      if (target.basePort !== undefined) return `xt target ${target.kind}`;
      const range = target.minimum === undefined ? '' : `${address(target.minimum)}${target.minimum === target.maximum ? '' : `-${address(target.maximum!)}`}`;
      const ports = target.minimumPort === undefined ? '' : `:${span({ from: target.minimumPort, to: target.maximumPort! })}`;
      return `${target.kind.toLowerCase()} to ${ports !== '' && range.includes(':') ? `[${range}]` : range}${ports}${natFlags(target)}`;
    }
    case 'MASQUERADE': case 'REDIRECT': {
      const ports = target.minimumPort === undefined ? '' : ` to :${span({ from: target.minimumPort, to: target.maximumPort! })}`;
      return `${target.kind.toLowerCase()}${ports}${natFlags(target)}`;
    }
    case 'TCPMSS': return `tcp option maxseg size set ${target.mss ?? 'rt mtu'}`;
    case 'DSCP': return `ip dscp set ${hex2(target.value)}`;
    case 'NOTRACK': return 'notrack';
    case 'CT': return target.notrack && target.zone === 0 ? 'notrack' : 'xt target CT';
    default: return `xt target ${target.kind}`;
  }
}


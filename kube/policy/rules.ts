/**
 * One allowance of a NetworkPolicy as rules of a chain. What matches sets the accept mark and returns; what one rule of iptables cannot say (several networks, several
 * lists of ports, networks left out) is said by several that leave marks for the last one.
 * Read first: felix rules/policy.go (ProtoRuleToIptablesRules), iptables/match_builder.go; libcalico-go conversion.go (k8sRuleToCalico)
 */
import type { NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1';
import { setName } from './names.ts';
import { peerSelector } from './selectors.ts';

export interface PolicyRule { readonly match: readonly string[]; readonly action: string; readonly comments?: readonly string[] }

/** A set that rules ask about: addresses of the peers somebody selects, or of whoever offers a named port. */
export type WantedSet = { readonly name: string; readonly peer: NetworkPolicyPeer; readonly namespace: string } | { readonly name: string; readonly port: string; readonly protocol: string };

interface PortRange { readonly first: number; readonly last: number }

export const ACCEPTED = '0x10000';
export const PASSED = '0x20000';
const ALL_BLOCKS = '0x40000';
const BOTH_BLOCKS = '0xc0000';
const SLOTS_OF_MULTIPORT = 15;

export const setMark = (mark: string): string => `--jump MARK --set-mark ${mark}/${mark}`;
export const clearMark = (mark: string): string => `--jump MARK --set-mark 0/${mark}`;
export const hasMark = (mark: string): string => `-m mark --mark ${mark}/${mark}`;
export const lacksMark = (mark: string): string => `-m mark --mark 0/${mark}`;

/** The rules of one entry of `ingress` or `egress`: for each protocol and each peer. */
export function entryRules(direction: 'ingress' | 'egress', namespace: string, peers: readonly NetworkPolicyPeer[], ports: readonly NetworkPolicyPort[], want: (set: WantedSet) => void): PolicyRule[] {
  return byProtocol(ports).flatMap(({ protocol, numbers, names }) => (peers.length === 0 ? [undefined] : peers).flatMap((peer) => ruleSet(direction, namespace, peer, protocol, numbers, names, want)));
}

function byProtocol(ports: readonly NetworkPolicyPort[]): { protocol: string | undefined; numbers: PortRange[]; names: string[] }[] {
  if (ports.length === 0) return [{ protocol: undefined, numbers: [], names: [] }];
  return [...new Set(ports.map(({ protocol = 'TCP' }) => protocol))].toSorted().map((protocol) => {
    const own = ports.filter((one) => (one.protocol ?? 'TCP') === protocol);
    // An entry without a port means all of them.
    if (own.some(({ port }) => port === undefined)) return { protocol, numbers: [], names: [] };
    const numbers = own.flatMap(({ port, endPort }) => (typeof port === 'number' ? [{ first: port, last: endPort ?? port }] : []));
    return { protocol, numbers: joined(numbers), names: own.flatMap(({ port }) => (typeof port === 'string' ? [port] : [])) };
  });
}

/** SimplifyPorts. */
function joined(ranges: readonly PortRange[]): PortRange[] {
  const found: PortRange[] = [];
  for (const { first, last } of [...ranges].sort((one, other) => one.first - other.first)) {
    const before = found.at(-1);
    if (before !== undefined && first <= before.last + 1) found[found.length - 1] = { first: before.first, last: Math.max(before.last, last) };
    else found.push({ first, last });
  }
  return found;
}

function ruleSet(direction: 'ingress' | 'egress', namespace: string, peer: NetworkPolicyPeer | undefined, protocol: string | undefined, numbers: readonly PortRange[], names: readonly string[], want: (set: WantedSet) => void): PolicyRule[] {
  const side = direction === 'ingress' ? 'src' : 'dst';
  const flag = side === 'src' ? '--source' : '--destination';
  const rules: PolicyRule[] = [];
  const only = protocol === undefined ? [] : [`-p ${protocol.toLowerCase()}`];
  const splits = split(numbers).map((ports) => `-m multiport --destination-ports ${ports}`);
  const named = names.map((port) => {
    const name = setName('n', `all(),${protocol!.toLowerCase()},${port}`);
    want({ name, port, protocol: protocol! });
    return `-m set --match-set ${name} dst,dst`;
  });
  let usesBlocks = false;
  const begin = (marks: string): void => {
    if (!usesBlocks) rules.push({ match: [], action: `--jump MARK --set-mark ${marks}/${BOTH_BLOCKS}` });
    usesBlocks = true;
  };
  const isPortBlock = splits.length + named.length > 1;
  if (isPortBlock) {
    begin('0x0');
    rules.push(...splits.map((ports): PolicyRule => ({ match: [...only, ports], action: setMark(ALL_BLOCKS) })), ...named.map((set): PolicyRule => ({ match: [set], action: setMark(ALL_BLOCKS) })));
  }
  const { cidr, except = [] } = peer?.ipBlock ?? {};
  if (cidr !== undefined && except.length > 0) {
    begin(ALL_BLOCKS);
    rules.push(...except.map((network): PolicyRule => ({ match: [`${flag} ${network}`], action: clearMark(ALL_BLOCKS) })));
  }
  const address: string[] = [];
  if (cidr !== undefined) address.push(`${flag} ${cidr}`);
  else if (peer !== undefined) {
    const name = setName('s', peerSelector(peer, namespace));
    want({ name, peer, namespace });
    address.push(`-m set --match-set ${name} ${side}`);
  }
  const match = [...only, ...address, ...(isPortBlock ? [] : [...splits, ...named]), ...(usesBlocks ? [hasMark(ALL_BLOCKS)] : [])];
  return [...rules, { match, action: setMark(ACCEPTED) }, { match: [hasMark(ACCEPTED)], action: '--jump RETURN' }];
}

/** Lists of at most fifteen slots; a range takes two. */
function split(ranges: readonly PortRange[]): string[] {
  const lists: string[][] = [];
  let left = 0;
  for (const { first, last } of ranges) {
    const slots = first === last ? 1 : 2;
    if (left < slots) {
      lists.push([]);
      left = SLOTS_OF_MULTIPORT;
    }
    lists.at(-1)!.push(first === last ? `${first}` : `${first}:${last}`);
    left -= slots;
  }
  return lists.map((list) => list.join(','));
}


/** Every match there is. A new one is a file here and a line in `all`. */
import { listOf } from '../list.ts';
import type { MatchExtension } from '../extension.ts';
import { addrtype, type AddrtypeMatch } from './addrtype.ts';
import { connmark, conntrack, state, type ConnmarkMatch, type ConntrackMatch, type StateMatch } from './conntrack.ts';
import { icmp, icmp6, type IcmpMatch } from './icmp.ts';
import { iprange, type IprangeMatch } from './iprange.ts';
import { hashlimit, limit, type HashlimitMatch, type LimitMatch } from './limit.ts';
import { multiport, type MultiportMatch } from './multiport.ts';
import { owner, type OwnerMatch } from './owner.ts';
import { physdev, type PhysdevMatch } from './physdev.ts';
import { recent, type RecentMatch } from './recent.ts';
import { comment, dscp, hl, length, mac, mark, pkttype, tos, ttl, type CommentMatch, type DscpMatch, type LengthMatch, type MacMatch, type MarkMatch, type PkttypeMatch, type TosMatch, type TtlMatch } from './simple.ts';
import { set, type SetMatch } from './set.ts';
import { statistic, type StatisticMatch } from './statistic.ts';
import { tcp, type TcpMatch } from './tcp.ts';
import { sctp, udp, type UdpMatch } from './udp.ts';

export type Match =
  | TcpMatch | UdpMatch | IcmpMatch | ConntrackMatch | StateMatch | ConnmarkMatch | CommentMatch | MarkMatch | AddrtypeMatch | MultiportMatch | LimitMatch | HashlimitMatch | StatisticMatch | IprangeMatch
  | MacMatch | OwnerMatch | PhysdevMatch | RecentMatch | LengthMatch | TtlMatch | TosMatch | DscpMatch | PkttypeMatch | SetMatch;

const all = [
  tcp, udp, sctp, icmp, icmp6, conntrack, state, connmark, comment, mark, addrtype, multiport, limit, hashlimit, statistic, iprange, mac, owner, physdev, recent, length, ttl, hl, tos, dscp, pkttype, set,
] as unknown as readonly MatchExtension<Match>[];

/** By the name after -m, which is also the record's `kind`. */
export const matchExtensions: ReadonlyMap<string, MatchExtension<Match>> = listOf('match', all);

/** Real matches of iptables 1.8.9 that are not simulated. */
export const unsimulatedMatches: ReadonlySet<string> = new Set([
  'ah', 'bpf', 'cgroup', 'cluster', 'connbytes', 'connlabel', 'connlimit', 'cpu', 'dccp', 'devgroup', 'dst', 'ecn', 'esp', 'eui64', 'frag', 'hbh', 'helper', 'ipcomp', 'ipv6header', 'ipvs', 'mh', 'nfacct', 'osf', 'policy', 'quota',
  'rateest', 'realm', 'rpfilter', 'rt', 'socket', 'srh', 'string', 'tcpmss', 'time', 'u32',
]);

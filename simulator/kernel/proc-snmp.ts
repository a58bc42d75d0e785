/** The counters of a namespace as text: /proc/net/snmp, netstat, snmp6. Read first: net/ipv4/proc.c, net/ipv6/proc.c */
import type { Kernel, NamespaceState } from './state.ts';

type Groups = readonly (readonly [group: string, names: string])[];

const SNMP: Groups = [
  ['Ip', 'Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits'],
  ['Icmp', 'InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps'],
  ['Tcp', 'RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors'],
  ['Udp', 'InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors'],
  ['UdpLite', 'InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors'],
];
const NETSTAT: Groups = [
  ['TcpExt', 'SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts PruneCalled RcvPruned OfoPruned OutOfWindowIcmps LockDroppedIcmps ArpFilter TW TWRecycled TWKilled PAWSActive PAWSEstab DelayedACKs DelayedACKLocked DelayedACKLost ListenOverflows ListenDrops TCPHPHits TCPPureAcks TCPTimeouts TCPOFOQueue IPReversePathFilter TCPRetransFail TCPOrigDataSent TCPKeepAlive'],
  ['IpExt', 'InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts InOctets OutOctets InMcastOctets OutMcastOctets InBcastOctets OutBcastOctets InCsumErrors InNoECTPkts InECT1Pkts InECT0Pkts InCEPkts ReasmOverlaps'],
  ['MPTcpExt', 'MPCapableSYNRX MPCapableSYNTX MPCapableSYNACKRX MPCapableACKRX MPCapableFallbackACK MPCapableFallbackSYNACK MPFallbackTokenInit MPTCPRetrans MPJoinNoTokenFound MPJoinSynRx MPJoinSynAckRx MPJoinSynAckHMacFailure MPJoinAckRx MPJoinAckHMacFailure DSSNotMatching InfiniteMapTx InfiniteMapRx DSSNoMatchTCP DataCsumErr OFOQueueTail OFOQueue OFOMerge NoDSSInWindow DuplicateData AddAddr AddAddrTx AddAddrTxDrop EchoAdd EchoAddTx EchoAddTxDrop PortAdd AddAddrDrop RmAddr RmAddrDrop RmAddrTx RmAddrTxDrop RmSubflow MPPrioTx MPPrioRx MPFailTx MPFailRx MPFastcloseTx MPFastcloseRx MPRstTx MPRstRx RcvPruned SubflowStale SubflowRecover'],
];

/** One counter a line. `Icmp6` is followed by its messages by type, as far as there were any. */
const SNMP6: Groups = [
  ['Ip6', 'InReceives InHdrErrors InTooBigErrors InNoRoutes InAddrErrors InUnknownProtos InTruncatedPkts InDiscards InDelivers OutForwDatagrams OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates InMcastPkts OutMcastPkts InOctets OutOctets InMcastOctets OutMcastOctets InBcastOctets OutBcastOctets InNoECTPkts InECT1Pkts InECT0Pkts InCEPkts OutTransmits'],
  ['Icmp6', 'InMsgs InErrors OutMsgs OutErrors InCsumErrors OutRateLimitHost InDestUnreachs InPktTooBigs InTimeExcds InParmProblems InEchos InEchoReplies InGroupMembQueries InGroupMembResponses InGroupMembReductions InRouterSolicits InRouterAdvertisements InNeighborSolicits InNeighborAdvertisements InRedirects InMLDv2Reports OutDestUnreachs OutPktTooBigs OutTimeExcds OutParmProblems OutEchos OutEchoReplies OutGroupMembQueries OutGroupMembResponses OutGroupMembReductions OutRouterSolicits OutRouterAdvertisements OutNeighborSolicits OutNeighborAdvertisements OutRedirects OutMLDv2Reports'],
  ['Udp6', 'InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors'],
  ['UdpLite6', 'InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors MemErrors'],
];

export function snmp(_kernel: Kernel, namespace: NamespaceState): string {
  const byType = typed(namespace, 'IcmpMsg');
  const messages = byType.length === 0 ? '' : `IcmpMsg: ${byType.map(([name]) => name).join(' ')}\nIcmpMsg: ${byType.map(([, value]) => value).join(' ')}\n`;
  return SNMP.map((group) => lines(namespace, group) + (group[0] === 'Icmp' ? messages : '')).join('');
}

export function netstat(_kernel: Kernel, namespace: NamespaceState): string {
  return NETSTAT.map((group) => lines(namespace, group)).join('');
}

export function snmp6(_kernel: Kernel, namespace: NamespaceState): string {
  const line = (name: string, value: number): string => `${name.padEnd(32)}\t${value}\n`;
  return SNMP6.map(([group, names]) => {
    const fixed = names.split(' ').map((name) => line(group + name, namespace.snmp.get(`${group}.${name}`) ?? 0));
    const byType = group === 'Icmp6' ? typed(namespace, group).map(([name, value]) => line(group + name, value)) : [];
    return [...fixed, ...byType].join('');
  }).join('');
}

/** What was counted by message type: In before Out, small types first. */
function typed(namespace: NamespaceState, group: string): [name: string, value: number][] {
  const found: [name: string, value: number][] = [];
  for (const direction of ['InType', 'OutType']) {
    for (let type = 0; type < 256; type += 1) {
      const value = namespace.snmp.get(`${group}.${direction}${type}`);
      if (value !== undefined) found.push([`${direction}${type}`, value]);
    }
  }
  return found;
}

function lines(namespace: NamespaceState, [group, names]: Groups[number]): string {
  const fixed: Readonly<Record<string, number>> = { 'Ip.Forwarding': namespace.settings.ipForward !== 0 ? 1 : 2, 'Ip.DefaultTTL': namespace.settings.defaultTtl, 'Tcp.RtoAlgorithm': 1, 'Tcp.RtoMin': 200, 'Tcp.RtoMax': 120000, 'Tcp.MaxConn': -1 };
  const values = names.split(' ').map((name) => fixed[`${group}.${name}`] ?? namespace.snmp.get(`${group}.${name}`) ?? 0);
  return `${group}: ${names}\n${group}: ${values.join(' ')}\n`;
}

/** REJECT (libipt_REJECT.c, libip6t_REJECT.c, nf_reject_ipv4.c). */
import { NETWORK_OFFSET } from '../../kernel/packet.ts';
import * as ipv4 from '../../wire/ipv4.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as tcpWire from '../../wire/tcp.ts';
import { setClosing } from '../conntrack/track.ts';
import type { PacketContext } from '../context.ts';
import { DROP, optionsOf, ParameterProblem, type OptionSpec, type ParseSite, type TargetExtension } from '../extension.ts';

export interface RejectTarget { kind: 'REJECT'; with: string }
/** Name, alias, ICMP type and code; tcp-reset has none. */
type Row = readonly [name: string, alias: string, type: number, code: number];
const INET: readonly Row[] = [
  ['icmp-net-unreachable', 'net-unreach', 3, 0], ['icmp-host-unreachable', 'host-unreach', 3, 1], ['icmp-proto-unreachable', 'proto-unreach', 3, 2], ['icmp-port-unreachable', 'port-unreach', 3, 3],
  ['icmp-net-prohibited', 'net-prohib', 3, 9], ['icmp-host-prohibited', 'host-prohib', 3, 10], ['tcp-reset', 'tcp-rst', -1, 0], ['icmp-admin-prohibited', 'admin-prohib', 3, 13],
];
const INET6: readonly Row[] = [
  ['icmp6-no-route', 'no-route', 1, 0], ['icmp6-adm-prohibited', 'adm-prohibited', 1, 1], ['icmp6-addr-unreachable', 'addr-unreach', 1, 3], ['icmp6-port-unreachable', 'port-unreach', 1, 4], ['tcp-reset', 'tcp-reset', -1, 0],
  ['icmp6-policy-fail', 'policy-fail', 1, 5], ['icmp6-reject-route', 'reject-route', 1, 6],
];
const options: readonly OptionSpec[] = [{ name: 'reject-with', words: 1 }];
const rowsOf = (family: ParseSite['family']): readonly Row[] => (family === 'inet' ? INET : INET6);

export const reject: TargetExtension<RejectTarget> = {
  name: 'REJECT',
  options,
  hooks: ['INPUT', 'FORWARD', 'OUTPUT'],
  tables: ['filter'],
  parse(uses, { family }) {
    const text = optionsOf('REJECT', uses, options).get('reject-with')?.values[0];
    if (text === undefined) return { kind: 'REJECT', with: family === 'inet' ? 'icmp-port-unreachable' : 'icmp6-port-unreachable' };
    const row = rowsOf(family).find(([name, alias]) => name.toLowerCase().startsWith(text.toLowerCase()) || alias.toLowerCase().startsWith(text.toLowerCase()));
    if (row === undefined) throw new ParameterProblem(`unknown reject type "${text}"`);
    return { kind: 'REJECT', with: row[0] };
  },
  save: (record) => ` --reject-with ${record.with}`,
  list: (record) => ` reject-with ${record.with}`,
  evaluate(record, context) {
    const { environment, ns, family, packet, protocol, frame, transportAt, isLaterFragment } = context;
    const row = rowsOf(family).find(([name]) => name === record.with);
    if (row === undefined || isLaterFragment) return DROP;
    if (row[2] < 0) {
      if (protocol === 6 && transportAt >= 0 && (frame[transportAt + 13]! & 4) === 0) {
        sendReset(context);
        setClosing(context);
      }
    } else environment.sendIcmpError(ns, family, packet, row[2], row[3]);
    return DROP;
  },
};

/** nf_send_reset: a RST as the other end would send it, on the rejected packet's connection. */
function sendReset({ environment, ns, family, packet, frame, transportAt, end }: PacketContext): void {
  const flags = tcpWire.flags(frame, transportAt);
  const headerLength = tcpWire.headerLength(frame, transportAt);
  const hasAck = (flags & tcpWire.ACK) !== 0;
  const length = Math.max(0, end - transportAt - headerLength) + ((flags & tcpWire.SYN) !== 0 ? 1 : 0) + ((flags & tcpWire.FIN) !== 0 ? 1 : 0);
  const fields: tcpWire.TcpFields = {
    sourcePort: tcpWire.destinationPort(frame, transportAt), destinationPort: tcpWire.sourcePort(frame, transportAt), sequence: hasAck ? tcpWire.acknowledgement(frame, transportAt) : 0,
    acknowledgement: hasAck ? 0 : (tcpWire.sequence(frame, transportAt) + length) >>> 0, flags: hasAck ? tcpWire.RST : tcpWire.RST | tcpWire.ACK, window: 0,
  };
  // nf_ct_attach: the answer is RELATED to the rejected packet's connection, the other way round.
  const link = packet.conntrack;
  const related = link === undefined || link === 'untracked' ? link : ({ id: link.id, direction: link.direction === 'original' ? 'reply' : 'original', state: 'RELATED' } as const);
  const attach = { conntrack: related, mark: 0 };
  if (family === 'inet') {
    const source = ipv4.destination(frame, NETWORK_OFFSET);
    const destination = ipv4.source(frame, NETWORK_OFFSET);
    const segment = tcpWire.emit(fields, ipv4.pseudoHeaderSum(source, destination, 6, tcpWire.emittedLength(fields)));
    environment.sendPacket(ns, family, ipv4.emit({ source, destination, protocol: 6, timeToLive: 64, identification: 0, dontFragment: true }, segment), attach);
    return;
  }
  const source = ipv6.destination(frame, NETWORK_OFFSET);
  const destination = ipv6.source(frame, NETWORK_OFFSET);
  const segment = tcpWire.emit(fields, ipv6.pseudoHeaderSum(source, destination, 6, tcpWire.emittedLength(fields)));
  environment.sendPacket(ns, family, ipv6.emit({ source, destination, nextHeader: 6, hopLimit: 64 }, segment), attach);
}

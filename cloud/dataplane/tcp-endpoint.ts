/**
 * A TCP end held by the network itself: health checks are its clients, the metadata server its server. The network loses nothing on the way, so
 * nothing is sent again; a repeated segment is acknowledged again, and whoever does not answer is given up by a timer (RFC 9293, 3.10).
 */
import { fromLatin1, latin1 } from '../../simulator/bytes.ts';
import type { Packet } from '../../simulator/kernel/packet.ts';
import * as ethernet from '../../simulator/wire/ethernet.ts';
import * as ipv4 from '../../simulator/wire/ipv4.ts';
import * as tcp from '../../simulator/wire/tcp.ts';
import type { Junction } from '../../simulator/world/junction.ts';
import { probeAnswered, probeRequest } from './health.ts';
import { metadataAnswer } from './metadata.ts';
import { AT } from './header.ts';
import type { Endpoint, InstanceNic, VpcData } from './state.ts';

const MSS = 1420;
const WINDOW = 65_535;
const MOST_BYTES = 65_536;

export function endpointKey({ port, local, localPort, remote, remotePort }: Pick<Endpoint, 'port' | 'local' | 'localPort' | 'remote' | 'remotePort'>): string {
  return `${port} ${local} ${localPort} ${remote} ${remotePort}`;
}

/** Sends the first SYN. */
export function openEndpoint(junction: Junction<VpcData>, endpoint: Endpoint): Packet {
  junction.data.endpoints.set(endpointKey(endpoint), endpoint);
  const packet = segment(junction, endpoint, tcp.SYN, new Uint8Array(0));
  endpoint.sendNext = (endpoint.sendNext + 1) >>> 0;
  return packet;
}

/** A segment for one of the ends there are (or a SYN for the metadata server): true when it was taken. */
export function receiveAtEndpoint(junction: Junction<VpcData>, port: number, packet: Packet): boolean {
  const { frame } = packet;
  if (ipv4.protocol(frame, AT) !== ipv4.PROTOCOL_TCP || junction.data.endpoints.size === 0) return false;
  const read = segmentOf(frame);
  if (read === undefined) return false;
  const key = endpointKey({ port, local: ipv4.destination(frame, AT), localPort: read.destinationPort, remote: ipv4.source(frame, AT), remotePort: read.sourcePort });
  const endpoint = junction.data.endpoints.get(key);
  if (endpoint === undefined) return false;
  if (junction.isTraced) junction.tell(packet, 'route', endpoint.purpose.kind === 'probe' ? 'It belongs to a health check\'s connection.' : 'The metadata server takes it.');
  advance(junction, key, endpoint, read);
  return true;
}

/** A SYN has come: the endpoint answers. */
export function acceptEndpoint(junction: Junction<VpcData>, port: number, packet: Packet, purpose: Endpoint['purpose']): void {
  const read = segmentOf(packet.frame);
  if (read === undefined || (read.flags & (tcp.SYN | tcp.ACK | tcp.RST)) !== tcp.SYN) return;
  const endpoint: Endpoint = {
    purpose, port, local: ipv4.destination(packet.frame, AT), localPort: read.destinationPort, remote: ipv4.source(packet.frame, AT), remotePort: read.sourcePort,
    state: 'opening', sendNext: junction.dice.next(), receiveNext: (read.sequence + 1) >>> 0, received: '', startedUs: junction.nowUs,
  };
  junction.data.endpoints.set(endpointKey(endpoint), endpoint);
  send(junction, endpoint, tcp.SYN | tcp.ACK);
  endpoint.sendNext = (endpoint.sendNext + 1) >>> 0;
  junction.setTimer(120_000_000, `give-up ${endpoint.startedUs} ${endpointKey(endpoint)}`);
}

function segmentOf(frame: Uint8Array): tcp.TcpSegment | undefined {
  const read = tcp.parse(frame, AT + ipv4.headerLength(frame, AT), AT + ipv4.totalLength(frame, AT));
  return typeof read === 'string' ? undefined : read;
}

function advance(junction: Junction<VpcData>, key: string, endpoint: Endpoint, read: tcp.TcpSegment): void {
  const { endpoints } = junction.data;
  if ((read.flags & tcp.RST) !== 0) {
    endpoints.delete(key);
    if (endpoint.purpose.kind === 'probe' && endpoint.state !== 'closing') probeAnswered(junction, endpoint, false);
    return;
  }
  if (endpoint.state === 'opening' && endpoint.purpose.kind === 'probe') {
    if ((read.flags & (tcp.SYN | tcp.ACK)) !== (tcp.SYN | tcp.ACK)) return;
    endpoint.receiveNext = (read.sequence + 1) >>> 0;
    endpoint.state = 'open';
    send(junction, endpoint, tcp.ACK);
    const request = probeRequest(junction.data, endpoint);
    if (request === '') {
      probeAnswered(junction, endpoint, true);
      return finish(junction, endpoint);
    }
    return write(junction, endpoint, latin1(request));
  }
  if ((read.flags & tcp.SYN) !== 0) {
    if (endpoint.purpose.kind === 'metadata') send(junction, { ...endpoint, sendNext: (endpoint.sendNext - 1) >>> 0 }, tcp.SYN | tcp.ACK);
    return;
  }
  endpoint.state = endpoint.state === 'opening' ? 'open' : endpoint.state;
  const isFin = (read.flags & tcp.FIN) !== 0;
  if (read.payload.length === 0 && !isFin) return;
  if (read.sequence !== endpoint.receiveNext) return send(junction, endpoint, tcp.ACK);
  endpoint.receiveNext = (endpoint.receiveNext + read.payload.length + (isFin ? 1 : 0)) >>> 0;
  if (endpoint.received.length < MOST_BYTES) endpoint.received += fromLatin1(read.payload);
  send(junction, endpoint, tcp.ACK);
  if (endpoint.state !== 'closing' && isComplete(endpoint, isFin)) complete(junction, endpoint);
  if (isFin) {
    if (endpoint.state === 'open') finish(junction, endpoint);
    endpoints.delete(key);
  }
}

/** All of an HTTP message has come: by its length, or because the other end has no more. */
function isComplete({ received, purpose }: Endpoint, isEnd: boolean): boolean {
  const head = received.indexOf('\r\n\r\n');
  if (head === -1) return isEnd && purpose.kind === 'probe';
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, head + 2))?.[1];
  if (purpose.kind === 'metadata') return received.length >= head + 4 + Number(length ?? '0');
  return isEnd || (length !== undefined && received.length >= head + 4 + Number(length));
}

function complete(junction: Junction<VpcData>, endpoint: Endpoint): void {
  const text = endpoint.received;
  endpoint.received = '';
  if (endpoint.purpose.kind === 'probe') {
    probeAnswered(junction, endpoint, / 200 /.test(text.slice(0, text.indexOf('\r\n'))));
    return finish(junction, endpoint);
  }
  const nic = junction.data.attachments.get(endpoint.port) as InstanceNic;
  const { response, isLast } = metadataAnswer(junction, nic, text);
  write(junction, endpoint, response);
  if (isLast) finish(junction, endpoint);
}

function write(junction: Junction<VpcData>, endpoint: Endpoint, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += MSS) {
    const part = bytes.subarray(at, at + MSS);
    send(junction, endpoint, tcp.ACK | (at + MSS >= bytes.length ? tcp.PSH : 0), part);
    endpoint.sendNext = (endpoint.sendNext + part.length) >>> 0;
  }
}

function finish(junction: Junction<VpcData>, endpoint: Endpoint): void {
  send(junction, endpoint, tcp.FIN | tcp.ACK);
  endpoint.sendNext = (endpoint.sendNext + 1) >>> 0;
  endpoint.state = 'closing';
}

function send(junction: Junction<VpcData>, endpoint: Endpoint, flags: number, payload: Uint8Array = new Uint8Array(0)): void {
  if (junction.isPlugged(endpoint.port)) junction.send(endpoint.port, segment(junction, endpoint, flags, payload));
}

function segment(junction: Junction<VpcData>, endpoint: Endpoint, flags: number, payload: Uint8Array): Packet {
  const nic = junction.data.attachments.get(endpoint.port) as InstanceNic;
  const fields: tcp.TcpFields = {
    sourcePort: endpoint.localPort, destinationPort: endpoint.remotePort, sequence: endpoint.sendNext, acknowledgement: (flags & tcp.ACK) === 0 ? 0 : endpoint.receiveNext, flags, window: WINDOW, payload,
    ...((flags & tcp.SYN) === 0 ? {} : { options: { maxSegmentSize: MSS } }),
  };
  const body = tcp.emit(fields, ipv4.pseudoHeaderSum(endpoint.local, endpoint.remote, ipv4.PROTOCOL_TCP, tcp.emittedLength(fields)));
  const frame = ipv4.emit({ source: endpoint.local, destination: endpoint.remote, protocol: ipv4.PROTOCOL_TCP, timeToLive: 64, dontFragment: true }, body, AT);
  frame.set(ethernet.header(nic.mac, nic.gatewayMac, ethernet.TYPE_IPV4), 0);
  return junction.makePacket(frame, ethernet.TYPE_IPV4);
}

/** One TCP connection (or listener) as plain data. Sequence numbers are unsigned 32-bit. Read first: RFC 9293 section 3.3.1, include/linux/tcp.h (struct tcp_sock) */
import type { SocketId, TcpStateName } from '../kernel/api.ts';
import type { Common, Ip } from './state.ts';

export interface OutOfOrder { sequence: number; bytes: Uint8Array; isFin: boolean }

export interface TcpSocket extends Common {
  kind: 'tcp';
  state: TcpStateName;
  localAddress: Ip; localPort: number; remoteAddress: Ip; remotePort: number;
  /** Bound by bind(2), not by connect. */
  isBoundByUser: boolean;

  /** LISTEN */
  backlog: number; acceptQueue: SocketId[]; parent: SocketId;

  // --- sending
  initialSend: number; sendUnacknowledged: number; sendNext: number; sendWindow: number; mostSendWindow: number; sendWindowSequence: number; sendWindowAck: number;
  /** Bytes from sendUnacknowledged on (SYN and FIN do not count), oldest first. */
  sendQueue: Uint8Array[]; sendQueued: number;
  isFinQueued: boolean; isFinSent: boolean;
  /** End of the last segment sent that was not full (Minshall's Nagle). */
  smallSegmentEnd: number;
  peerMss: number; mss: number; sendScale: number; receiveScale: number; hasTimestamps: boolean; hasSack: boolean; hasScaling: boolean; timestampOffset: number; timestampRecent: number;
  congestionWindow: number; slowStartThreshold: number; congestionCredit: number; duplicateAcks: number; recoverUntil: number; isRecovering: boolean;
  roundTripUs: number; roundTripVarianceUs: number; retransmitTimeoutUs: number; backoff: number; retransmits: number; totalRetransmits: number;
  /** When the segment that ends at `timedEnd` was sent, for a sample without timestamps. */
  timedEnd: number; timedAtUs: number | undefined;
  retransmitGeneration: number; retransmitDueUs: number | undefined; isProbing: boolean;

  // --- receiving
  initialReceive: number; receiveNext: number;
  /** receiveNext when the window was last announced, and that window. */
  windowAnnouncedAt: number; receiveWindow: number; windowLimit: number;
  receiveQueue: Uint8Array[]; receiveQueued: number; outOfOrder: OutOfOrder[]; isFinReceived: boolean;
  quickAcks: number; isPingPong: boolean; lastReceivedUs: number; isAckDelayed: boolean; delayedAckGeneration: number;
  keepaliveGeneration: number; keepaliveProbes: number;

  isReadShut: boolean; isWriteShut: boolean;
  /** Nobody holds it any more. */
  isOrphan: boolean;
  /** connect(2) is under way and its outcome not yet taken. */
  isConnecting: boolean;
  stateGeneration: number; ipId: number; synReceivedAtUs: number;
  bytesSent: number; bytesReceived: number; bytesAcked: number; segmentsOut: number; segmentsIn: number;
}

/** Each field by its name: to spread `common` here makes every other field a slow addition. */
export function emptyTcp({ id, ns, family, uid, inode, error, errorQueue, boundDevice, options }: Common, any: Ip): TcpSocket {
  return {
    id, ns, family, uid, inode, error, errorQueue, boundDevice, options, kind: 'tcp', state: 'CLOSE', localAddress: any, localPort: 0, remoteAddress: any, remotePort: 0, isBoundByUser: false, backlog: 0, acceptQueue: [], parent: 0,
    initialSend: 0, sendUnacknowledged: 0, sendNext: 0, sendWindow: 0, mostSendWindow: 0, sendWindowSequence: 0, sendWindowAck: 0, sendQueue: [], sendQueued: 0, isFinQueued: false, isFinSent: false, smallSegmentEnd: 0,
    peerMss: 536, mss: 536, sendScale: 0, receiveScale: 0, hasTimestamps: false, hasSack: false, hasScaling: false, timestampOffset: 0, timestampRecent: 0,
    congestionWindow: 10, slowStartThreshold: 0x7fffffff, congestionCredit: 0, duplicateAcks: 0, recoverUntil: 0, isRecovering: false,
    roundTripUs: 0, roundTripVarianceUs: 0, retransmitTimeoutUs: 1_000_000, backoff: 0, retransmits: 0, totalRetransmits: 0, timedEnd: 0, timedAtUs: undefined,
    retransmitGeneration: 0, retransmitDueUs: undefined, isProbing: false,
    initialReceive: 0, receiveNext: 0, windowAnnouncedAt: 0, receiveWindow: 0, windowLimit: 0, receiveQueue: [], receiveQueued: 0, outOfOrder: [], isFinReceived: false,
    quickAcks: 16, isPingPong: false, lastReceivedUs: 0, isAckDelayed: false, delayedAckGeneration: 0, keepaliveGeneration: 0, keepaliveProbes: 0,
    isReadShut: false, isWriteShut: false, isOrphan: false, isConnecting: false, stateGeneration: 0, ipId: 0, synReceivedAtUs: 0,
    bytesSent: 0, bytesReceived: 0, bytesAcked: 0, segmentsOut: 0, segmentsIn: 0,
  };
}

export function connectionKey(localPort: number, remotePort: number): number {
  return localPort * 65536 + remotePort;
}

/** left < right, modulo 2^32. */
export function isBefore(left: number, right: number): boolean {
  return ((left - right) | 0) < 0;
}

export function plus(sequence: number, by: number): number {
  return (sequence + by) >>> 0;
}

/** How far `to` lies ahead of `from`. */
export function ahead(from: number, to: number): number {
  return (to - from) | 0;
}

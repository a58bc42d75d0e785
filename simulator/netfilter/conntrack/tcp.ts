/**
 * TCP connection states (net/netfilter/nf_conntrack_proto_tcp.c): the transition tables are the kernel's; sequence windows are not
 * checked (as with nf_conntrack_tcp_be_liberal=1), only the highest sequence number is kept, for the unacknowledged-data timeout.
 */
import { get32 } from '../../bytes.ts';
import type { TcpTracking } from './state.ts';

export const TCP_STATES = ['NONE', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSE', 'SYN_SENT2'] as const;
const NO = 0;
export const SYN_SENT = 1;
export const SYN_RECV = 2;
export const ESTABLISHED = 3;
const FIN_WAIT = 4;
const CLOSE_WAIT = 5;
const LAST_ACK = 6;
export const TIME_WAIT = 7;
export const CLOSE = 8;
const SYN_SENT2 = 9;
const INVALID = 10;
const IGNORE = 11;

const SYN_INDEX = 0;
const SYNACK_INDEX = 1;
const FIN_INDEX = 2;
const ACK_INDEX = 3;
const RST_INDEX = 4;
const NONE_INDEX = 5;

const allInvalid = [INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID];
const allClose = [INVALID, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE];
/** Columns: NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE SYN_SENT2. */
const TRANSITIONS: readonly (readonly (readonly number[])[])[] = [
  [
    [SYN_SENT, SYN_SENT, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, SYN_SENT, SYN_SENT, SYN_SENT2],
    [INVALID, INVALID, SYN_RECV, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, SYN_RECV],
    [INVALID, INVALID, FIN_WAIT, FIN_WAIT, LAST_ACK, LAST_ACK, LAST_ACK, TIME_WAIT, CLOSE, INVALID],
    [ESTABLISHED, INVALID, ESTABLISHED, ESTABLISHED, CLOSE_WAIT, CLOSE_WAIT, TIME_WAIT, TIME_WAIT, CLOSE, INVALID],
    allClose,
    allInvalid,
  ],
  [
    [INVALID, SYN_SENT2, INVALID, INVALID, INVALID, INVALID, INVALID, SYN_SENT, INVALID, SYN_SENT2],
    [INVALID, SYN_RECV, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, SYN_RECV],
    [INVALID, INVALID, FIN_WAIT, FIN_WAIT, LAST_ACK, LAST_ACK, LAST_ACK, TIME_WAIT, CLOSE, INVALID],
    [INVALID, IGNORE, SYN_RECV, ESTABLISHED, CLOSE_WAIT, CLOSE_WAIT, TIME_WAIT, TIME_WAIT, CLOSE, IGNORE],
    allClose,
    allInvalid,
  ],
];

function indexOf(flags: number): number {
  if ((flags & 4) !== 0) return RST_INDEX;
  if ((flags & 2) !== 0) return (flags & 16) !== 0 ? SYNACK_INDEX : SYN_INDEX;
  if ((flags & 1) !== 0) return FIN_INDEX;
  return (flags & 16) !== 0 ? ACK_INDEX : NONE_INDEX;
}

function isAfter(left: number, right: number): boolean {
  return ((left - right) | 0) > 0;
}

/** Sequence number after this segment. */
function endOf(frame: Uint8Array, at: number, end: number): number {
  const flags = frame[at + 13]!;
  const payload = Math.max(0, end - at - (frame[at + 12]! >> 4) * 4);
  return (get32(frame, at + 4) + payload + ((flags & 2) !== 0 ? 1 : 0) + ((flags & 1) !== 0 ? 1 : 0)) >>> 0;
}

/** The tracking of a first segment, or undefined when it cannot begin a connection (INVALID). */
export function newTcp(frame: Uint8Array, at: number, end: number, isLoose: boolean): TcpTracking | undefined {
  const index = indexOf(frame[at + 13]!);
  const next = TRANSITIONS[0]![index]![NO]!;
  if (next >= INVALID || (next !== SYN_SENT && !isLoose)) return undefined;
  return { state: NO, lastIndex: index, lastIsReply: false, closeInitiated: [false, false], end: [endOf(frame, at, end), 0], isUnacknowledged: [false, false] };
}

export type TcpStep = { kind: 'accept' | 'invalid' | 'again' | 'ignored'; before: number; after: number; isReset: boolean; isUnacknowledged: boolean };
const step: TcpStep = { kind: 'accept', before: 0, after: 0, isReset: false, isUnacknowledged: false };

/** Moves the connection by one segment. The answer is one reused record. 'again': the old connection is over, look up anew. */
export function stepTcp(tcp: TcpTracking, isReply: boolean, frame: Uint8Array, at: number, end: number): TcpStep {
  const flags = frame[at + 13]!;
  const index = indexOf(flags);
  const before = tcp.state;
  const after = TRANSITIONS[isReply ? 1 : 0]![index]![before]!;
  const mine = isReply ? 1 : 0;
  step.before = before;
  step.after = after;
  step.isReset = index === RST_INDEX;
  if (after === INVALID) {
    step.kind = 'invalid';
    return step;
  }
  if (after === IGNORE) {
    tcp.lastIndex = index;
    tcp.lastIsReply = isReply;
    step.kind = 'ignored';
    return step;
  }
  if (after === SYN_SENT && before >= TIME_WAIT) {
    const isOver = tcp.closeInitiated[0] || tcp.closeInitiated[1] || (tcp.lastIsReply === isReply && tcp.lastIndex === RST_INDEX);
    step.kind = isOver ? 'again' : 'ignored';
    if (!isOver) {
      tcp.lastIndex = index;
      tcp.lastIsReply = isReply;
    }
    return step;
  }
  const segmentEnd = endOf(frame, at, end);
  if (tcp.end[mine] === 0 || (flags & 2) !== 0) tcp.end[mine] = segmentEnd;
  else if (isAfter(segmentEnd, tcp.end[mine]!)) {
    tcp.end[mine] = segmentEnd;
    tcp.isUnacknowledged[mine] = true;
  }
  if ((flags & 16) !== 0 && get32(frame, at + 8) === tcp.end[1 - mine]) tcp.isUnacknowledged[1 - mine] = false;
  tcp.lastIndex = index;
  tcp.lastIsReply = isReply;
  tcp.state = after;
  if (before !== after && after === FIN_WAIT) tcp.closeInitiated[mine] = true;
  step.kind = 'accept';
  step.isUnacknowledged = tcp.isUnacknowledged[0] || tcp.isUnacknowledged[1];
  return step;
}

/** Sysctl with the timeout of a state. */
export const TCP_TIMEOUT_KEYS: readonly string[] = [
  'syn_sent', 'syn_sent', 'syn_recv', 'established', 'fin_wait', 'close_wait', 'last_ack', 'time_wait', 'close', 'syn_sent',
].map((name) => `net/netfilter/nf_conntrack_tcp_timeout_${name}`);

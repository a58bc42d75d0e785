/** Everything that can be scheduled, as tagged records; simulator/kernel/dispatch.ts handles them all. */
import type { LinkIndex, NetnsId, SocketId } from '../kernel/api.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Ip4 } from '../wire/ip4.ts';
import type { Ip6 } from '../wire/ip6.ts';

interface At { kernelId: number; ns: NetnsId }

export type WorldEvent =
  | { kind: 'alarm'; token: number }
  | { kind: 'junction-arrival'; junction: number; port: number; packet: Packet }
  | { kind: 'junction-timer'; junction: number; timer: string }
  | (At & { kind: 'arrival'; device: LinkIndex; packet: Packet })
  | (At & { kind: 'departure'; device: LinkIndex; packet: Packet })
  | (At & { kind: 'neighbour'; family: 'inet' | 'inet6'; device: LinkIndex; address: Ip4 | Ip6; generation: number })
  | (At & { kind: 'proxy-arp'; device: LinkIndex; packet: Packet })
  | (At & { kind: 'dad'; device: LinkIndex; address: Ip6 })
  | (At & { kind: 'router-solicitation'; device: LinkIndex; generation: number; intervalMs: number })
  | (At & { kind: 'mld-report'; device: LinkIndex; groups: Ip6[]; left: number; mode: number; generation: number })
  | (At & { kind: 'link-watch'; device: LinkIndex })
  | (At & { kind: 'address-expiry' })
  | (At & { kind: 'reassembly'; family: 'inet' | 'inet6'; key: string; startedAtUs: number })
  | (At & { kind: 'stp'; device: LinkIndex; timer: 'hello' | 'tcn' | 'topology' | 'message-age' | 'forward-delay' | 'hold'; port: LinkIndex; dueUs: number })
  | (At & { kind: 'tcp'; socket: SocketId; timer: 'retransmit' | 'delayed-ack' | 'time-wait' | 'keepalive' | 'fin-wait-2'; generation: number })
  | (At & { kind: 'netfilter' });

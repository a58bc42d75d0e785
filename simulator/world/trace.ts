/** What a packet met on its way. Trace events are built only while a sink is installed. */
import type { LinkIndex, NetnsId } from '../kernel/api.ts';
import type { HookName, TableName } from '../netfilter/api.ts';

export interface TracePoint { readonly atUs: number; readonly kernelId: number; readonly netns: NetnsId; readonly traceId: number; readonly frame: Uint8Array; /** Name of the junction, when it happened in none of the kernels. */ readonly junction?: string }
export type TraceEvent = TracePoint & (
  | { kind: 'device'; device: LinkIndex; name: string; direction: 'in' | 'out' }
  | { kind: 'bridge'; bridge: string; port: string; decision: 'learned' | 'forward' | 'flood' | 'local' | 'drop'; egress: readonly string[] }
  | { kind: 'neighbour'; address: string; device: string; outcome: 'resolved' | 'queued' | 'failed' }
  | { kind: 'route'; destination: string; outcome: 'local' | 'forward' | 'unicast' | 'unreachable' | 'blackhole' | 'prohibit'; device: string | undefined; gateway: string | undefined; route: string | undefined; table: number | undefined }
  | { kind: 'hook'; hook: HookName; table: TableName; family: 'inet' | 'inet6'; chain: string; verdict: string; /** Rules looked at, in order. */ rules: readonly TraceRule[] }
  | { kind: 'conntrack'; entryId: number | undefined; direction: string | undefined; state: string; isNew: boolean; original: string; reply: string }
  | { kind: 'nat'; manipulation: 'source' | 'destination'; before: string; after: string; reason: string; /** A program at a device did it, none of netfilter's. */ program?: string }
  | { kind: 'socket'; socketId: number; description: string }
  /** What a junction did with it; `text` is a whole sentence. */
  | { kind: 'junction'; step: 'route' | 'firewall' | 'nat' | 'balance'; text: string }
  | { kind: 'answer'; what: string }
  | { kind: 'died'; reason: string; layer: 'link' | 'address' | 'neighbour' | 'route' | 'forwarding' | 'filter' | 'nat' | 'socket' | 'ttl' | 'mtu' | 'checksum'; at: string; rule?: string });
/** One rule tried: why it missed (first match that did not), or that it matched. `text` is what iptables-save prints. */
export interface TraceRule { readonly chain: string; readonly position: number; readonly text: string; readonly matched: boolean; readonly missed: string | undefined; readonly target: string | undefined }
export type TraceSink = (event: TraceEvent) => void;

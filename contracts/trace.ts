/**
 * What can be told about one packet's journey: every hop, every netfilter hook with the rules tried, what conntrack
 * and NAT did, and where and why the packet died if it died. Order and names follow the kernel:
 * https://wiki.nftables.org/wiki-nftables/index.php/Netfilter_hooks and net/ipv4/ip_input.c, ip_forward.c, ip_output.c.
 *
 * A backend maps its own trace to this shape; the packet path panel, the `trace` check and the text twin read it.
 */
import { z } from 'zod';

/** One network namespace of one machine. `netns` is '' for the namespace the machine booted with. */
export const Place = z.strictObject({ machine: z.string(), netns: z.string() });
export type Place = z.infer<typeof Place>;

/** The layers in the order a learner should repair them; a failed journey names the first one that is broken. */
export const layers = ['link', 'address', 'route', 'forwarding', 'filter', 'nat', 'service', 'application'] as const;
export const Layer = z.enum(layers);
export type Layer = z.infer<typeof Layer>;

/** The header fields NAT and routing can change, as they are before or after a step. Addresses are text; ports 0..65535. */
export const PacketHeader = z.strictObject({
  protocol: z.string(),
  source: z.string(),
  destination: z.string(),
  sourcePort: z.number().optional(),
  destinationPort: z.number().optional(),
  icmpType: z.number().optional(),
  icmpCode: z.number().optional(),
  icmpId: z.number().optional(),
  ttl: z.number(),
  mark: z.number(),
  lengthBytes: z.number(),
});
export type PacketHeader = z.infer<typeof PacketHeader>;

/** One rule the packet was compared with. `why` says which match missed, in words, or what the match did. */
export const RuleTried = z.strictObject({
  table: z.string(),
  chain: z.string(),
  number: z.number(),
  text: z.string(),
  isMatch: z.boolean(),
  why: z.string(),
});
export type RuleTried = z.infer<typeof RuleTried>;

export const TraceStepKind = z.enum([
  'socket', 'route', 'hook', 'neighbour', 'bridge', 'transmit', 'receive', 'deliver', 'drop',
]);
export type TraceStepKind = z.infer<typeof TraceStepKind>;

/** One step of the journey. `text` is the sentence of the text twin; the rest is for those who look closer. */
export const TraceStep = z.strictObject({
  kind: TraceStepKind,
  place: Place,
  atUs: z.number(),
  text: z.string(),
  device: z.string().optional(),
  hook: z.enum(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']).optional(),
  table: z.string().optional(),
  rulesTried: z.array(RuleTried).optional(),
  conntrack: z.strictObject({ state: z.string(), original: z.string(), reply: z.string() }).optional(),
  before: PacketHeader.optional(),
  after: PacketHeader.optional(),
  frame: z.strictObject({ source: z.string(), destination: z.string() }).optional(),
});
export type TraceStep = z.infer<typeof TraceStep>;

/** Where and why a packet ended before its goal. `reason` is a whole sentence; `cause` is for machines, e.g. 'no-route'. */
export const Death = z.strictObject({
  cause: z.string(),
  reason: z.string(),
  at: z.strictObject({ place: Place, device: z.string().optional(), hook: z.string().optional() }),
  layer: Layer,
  rule: RuleTried.optional(),
});
export type Death = z.infer<typeof Death>;

/** The journey of one packet, or of one packet and the answer to it (`reply`). */
export const PacketTrace = z.strictObject({
  steps: z.array(TraceStep),
  /** 'delivered' at a socket or by the kernel (echo), 'left' the lab's modelled world, or 'died'. */
  outcome: z.enum(['delivered', 'left', 'died']),
  died: Death.optional(),
});
export type PacketTrace = z.infer<typeof PacketTrace>;

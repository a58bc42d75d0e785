/** Every target there is. A new one is a file here and a line in `all`. */
import type { TargetExtension } from '../extension.ts';
import { listOf } from '../list.ts';
import { log, type LogTarget } from './log.ts';
import { ct, dscp, hl, notrack, tcpmss, tos, ttl, type CtTarget, type DscpTarget, type TcpmssTarget, type TosTarget, type TtlTarget } from './mangle.ts';
import { connmark, mark, type ConnmarkTarget, type MarkTarget } from './mark.ts';
import { dnat, masquerade, netmap, redirect, snat, type AddressNatTarget, type NetmapTarget, type PortNatTarget } from './nat.ts';
import { reject, type RejectTarget } from './reject.ts';
import { accept, drop, goBack, type JumpTarget, type StandardTarget } from './verdicts.ts';

export type ExtensionTarget =
  | StandardTarget | RejectTarget | LogTarget | MarkTarget | ConnmarkTarget | AddressNatTarget | PortNatTarget | NetmapTarget | TcpmssTarget | TosTarget | DscpTarget | TtlTarget | CtTarget;
export type Target = JumpTarget | ExtensionTarget;

const all = [accept, drop, goBack, reject, log, mark, connmark, snat, dnat, masquerade, redirect, netmap, tcpmss, tos, dscp, ttl, hl, ct, notrack] as unknown as readonly TargetExtension<ExtensionTarget>[];

/** By the name after -j, which is also the record's `kind`. */
export const targetExtensions: ReadonlyMap<string, TargetExtension<ExtensionTarget>> = listOf('target', all);

/** Real targets of iptables 1.8.9 that are not simulated. */
export const unsimulatedTargets: ReadonlySet<string> = new Set([
  'AUDIT', 'CHECKSUM', 'CLASSIFY', 'CLUSTERIP', 'CONNSECMARK', 'DNPT', 'ECN', 'HMARK', 'IDLETIMER', 'LED', 'NFLOG', 'NFQUEUE', 'QUEUE', 'RATEEST', 'SECMARK', 'SET', 'SNPT', 'SYNPROXY', 'TCPOPTSTRIP', 'TEE', 'TPROXY', 'TRACE',
]);

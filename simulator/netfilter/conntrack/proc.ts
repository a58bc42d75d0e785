/** /proc/net/nf_conntrack (net/netfilter/nf_conntrack_standalone.c, ct_seq_show). */
import type { NetnsId } from '../../kernel/api.ts';
import type { TupleView } from '../api.ts';
import type { NetfilterEnvironment } from '../environment.ts';
import { isAccounting, viewOf } from './events.ts';
import { dropExpired } from './track.ts';

function tupleText(tuple: TupleView): string {
  const lead = `src=${tuple.source} dst=${tuple.destination} `;
  if (tuple.icmpType !== undefined) return `${lead}type=${tuple.icmpType} code=${tuple.icmpCode!} id=${tuple.icmpId!} `;
  return tuple.sport === undefined ? lead : `${lead}sport=${tuple.sport} dport=${tuple.dport!} `;
}

export function conntrackProcText(environment: NetfilterEnvironment, ns: NetnsId): string {
  const state = environment.netfilterState(ns);
  dropExpired(environment, ns, state);
  const accounting = isAccounting(environment, ns);
  let text = '';
  for (const entry of state.conntrack.entries.values()) {
    const view = viewOf(entry, environment.nowUs, accounting);
    const counters = (side: 0 | 1): string => (view.counters === undefined ? '' : `packets=${view.counters.packets[side]} bytes=${view.counters.bytes[side]} `);
    text += `${view.family === 'inet' ? 'ipv4     2' : 'ipv6     10'} ${view.protocolName.padEnd(8)} ${view.protocol} ${view.timeoutSeconds} ${view.state === undefined ? '' : `${view.state} `}`;
    text += `${tupleText(view.original)}${counters(0)}${view.isReplied ? '' : '[UNREPLIED] '}${tupleText(view.reply)}${counters(1)}${view.isAssured ? '[ASSURED] ' : ''}mark=${view.mark} zone=${view.zone} use=2\n`;
  }
  return text;
}

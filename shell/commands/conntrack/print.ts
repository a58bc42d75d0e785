/** One conntrack entry as a line (libnetfilter_conntrack, src/conntrack/snprintf_default.c). */
import type { ConntrackView, TupleView } from '../../ports/netfilter.ts';

export interface EntryFormat { readonly extended: boolean; readonly id: boolean; /** Events show no mark and no use count unless there is something to show. */ readonly isEvent: boolean }

function tupleText(tuple: TupleView): string {
  let text = `src=${tuple.source} dst=${tuple.destination} `;
  if (tuple.icmpType !== undefined) text += `type=${tuple.icmpType} code=${tuple.icmpCode!} id=${tuple.icmpId!} `;
  else if (tuple.sport !== undefined) text += `sport=${tuple.sport} dport=${tuple.dport!} `;
  return text;
}

export function entryText(entry: ConntrackView, format: EntryFormat): string {
  const counters = (side: 0 | 1): string => (entry.counters === undefined ? '' : `packets=${entry.counters.packets[side]} bytes=${entry.counters.bytes[side]} `);
  let text = format.extended ? `${entry.family === 'inet' ? 'ipv4     2' : 'ipv6     10'} ` : '';
  text += `${entry.protocolName.padEnd(8)} ${entry.protocol} `;
  // An event about an entry whose time is up carries no time-out (ctnetlink_dump_timeout skips zero).
  if (!format.isEvent || entry.timeoutSeconds > 0) text += `${entry.timeoutSeconds} `;
  if (entry.state !== undefined) text += `${entry.state} `;
  text += tupleText(entry.original) + counters(0);
  if (!entry.isReplied) text += '[UNREPLIED] ';
  text += tupleText(entry.reply) + counters(1);
  if (entry.isAssured) text += '[ASSURED] ';
  if (!format.isEvent || entry.mark !== 0) text += `mark=${entry.mark} `;
  if (entry.zone !== 0) text += `zone=${entry.zone} `;
  if (!format.isEvent) text += `use=${entry.use} `;
  if (format.id) text += `id=${entryId(entry)} `;
  return text.trimEnd();
}

/** What -o id shows: nf_ct_get_id is a keyed hash; ours is a hash of the entry's number. */
export function entryId(entry: ConntrackView): number {
  let hash = Math.imul(entry.id ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

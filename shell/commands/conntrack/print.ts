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

/** -o xml (snprintf_xml.c): a direction each, then what belongs to neither. */
export function entryXml(entry: ConntrackView): string {
  const side = (direction: 'original' | 'reply', index: 0 | 1): string => {
    const tuple = entry[direction];
    // ICMP's fields are left out (__snprintf_proto_xml).
    const layer4 = tuple.sport !== undefined ? `<sport>${tuple.sport}</sport><dport>${tuple.dport!}</dport>` : '';
    const counters = entry.counters === undefined ? '' : `<counters><packets>${entry.counters.packets[index]}</packets><bytes>${entry.counters.bytes[index]}</bytes></counters>`;
    const [number, name] = entry.family === 'inet' ? [2, 'ipv4'] : [10, 'ipv6'];
    return `<meta direction="${direction}"><layer3 protonum="${number}" protoname="${name}"><src>${tuple.source}</src><dst>${tuple.destination}</dst></layer3><layer4 protonum="${entry.protocol}" protoname="${entry.protocolName}">${layer4}</layer4>${counters}</meta>`;
  };
  const rest = `${entry.state === undefined ? '' : `<state>${entry.state}</state>`}<timeout>${entry.timeoutSeconds}</timeout><mark>${entry.mark}</mark>${entry.zone === 0 ? '' : `<zone>${entry.zone}</zone>`}<use>${entry.use}</use><id>${entryId(entry)}</id>${entry.isAssured ? '<assured/>' : ''}${entry.isReplied ? '' : '<unreplied/>'}`;
  return `<flow>${side('original', 0)}${side('reply', 1)}<meta direction="independent">${rest}</meta></flow>`;
}

/** -o save: words that make the entry again. */
export function entrySave(entry: ConntrackView): string {
  const { original, reply } = entry;
  const status = [...(entry.isReplied ? ['SEEN_REPLY'] : []), ...(entry.isAssured ? ['ASSURED'] : [])].join(',') || 'UNSET';
  const ports = original.sport === undefined ? '' : ` --sport ${original.sport} --dport ${original.dport!} --reply-port-src ${reply.sport!} --reply-port-dst ${reply.dport!}`;
  const icmp = original.icmpType === undefined ? '' : ` --icmp-type ${original.icmpType} --icmp-code ${original.icmpCode!} --icmp-id ${original.icmpId!}`;
  return `-A -t ${entry.timeoutSeconds} -u ${status} -s ${original.source} -d ${original.destination} ${entry.nat.destination ? '-g' : '-r'} ${reply.source} ${entry.nat.source ? '-n' : '-q'} ${reply.destination} -p ${entry.protocolName}${ports}${icmp}${entry.state === undefined ? '' : ` --state ${entry.state}`} `;
}

/** What -o id shows: nf_ct_get_id is a keyed hash; ours is a hash of the entry's number. */
export function entryId(entry: ConntrackView): number {
  let hash = Math.imul(entry.id ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

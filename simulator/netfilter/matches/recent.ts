/** -m recent (libxt_recent.c, net/netfilter/xt_recent.c): lists of addresses seen lately, up to 20 stamps and 100 addresses each. */
import { NETWORK_OFFSET } from '../../kernel/packet.ts';
import { formatIp4, maskOf, parseIp4 } from '../../wire/ip4.ts';
import { formatIp6, parseIp6 } from '../../wire/ip6.ts';
import { and6 } from '../address.ts';
import { destinationKey, sourceKey, type PacketContext } from '../context.ts';
import { bang, optionsOf, ParameterProblem, unsignedOption, type MatchExtension, type OptionSpec } from '../extension.ts';

type Mode = 'set' | 'rcheck' | 'update' | 'remove';
export interface RecentMatch { kind: 'recent'; mode: Mode; negate: boolean; seconds: number; hitcount: number; reap: boolean; rttl: boolean; name: string; side: 'source' | 'dest'; mask: number | string }

const MODES: readonly Mode[] = ['set', 'rcheck', 'update', 'remove'];
const STAMPS = 20;
const ADDRESSES = 100;
const options: readonly OptionSpec[] = [
  ...MODES.map((name) => ({ name, words: 0 as const, invertible: true })), { name: 'seconds', words: 1 }, { name: 'reap', words: 0 }, { name: 'hitcount', words: 1 }, { name: 'rttl', words: 0 }, { name: 'name', words: 1 },
  { name: 'rsource', words: 0 }, { name: 'rdest', words: 0 }, { name: 'mask', words: 1 },
];
const LABELS: Readonly<Record<Mode, string>> = { set: 'SET', rcheck: 'CHECK', update: 'UPDATE', remove: 'REMOVE' };

export const recent: MatchExtension<RecentMatch> = {
  name: 'recent',
  options,
  isRefused: ({ mode, seconds, hitcount, rttl, reap }) => ((mode === 'set' || mode === 'remove') && (seconds > 0 || hitcount > 0 || rttl)) || (reap && seconds === 0) || hitcount > 65_535,
  parse(uses, { family }) {
    const found = optionsOf('recent', uses, options);
    const modes = MODES.filter((name) => found.has(name));
    if (modes.length === 0) throw new ParameterProblem("recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'");
    if (modes.length > 1) throw new ParameterProblem(`recent: option "--${modes[0]!}" cannot be used together with "--${modes[1]!}".\n`);
    const mode = modes[0]!;
    if (found.has('reap') && !found.has('seconds')) throw new ParameterProblem('recent: option "--reap" also requires "--seconds".\n');
    const number = (name: string): number => {
      const use = found.get(name);
      return use === undefined ? 0 : unsignedOption('recent', use, 1, 0xffffffff);
    };
    const maskText = found.get('mask')?.values[0];
    const whole = family === 'inet' ? maskOf(32) : 'f'.repeat(32);
    const mask = maskText === undefined ? whole : family === 'inet' ? parseIp4(maskText) : parseIp6(maskText);
    if (mask === undefined) throw new ParameterProblem(`recent: Bad value for "--mask" option: "${maskText!}"`);
    return {
      kind: 'recent', mode, negate: found.get(mode)!.negate, seconds: number('seconds'), hitcount: number('hitcount'), reap: found.has('reap'), rttl: found.has('rttl'),
      name: found.get('name')?.values[0] ?? 'DEFAULT', side: found.has('rdest') ? 'dest' : 'source', mask,
    };
  },
  save(record) {
    let text = `${bang(record.negate)} --${record.mode}`;
    if (record.seconds > 0) text += ` --seconds ${record.seconds}`;
    if (record.reap) text += ' --reap';
    if (record.hitcount > 0) text += ` --hitcount ${record.hitcount}`;
    if (record.rttl) text += ' --rttl';
    return `${text} --name ${record.name} --mask ${maskText(record.mask)} --r${record.side}`;
  },
  list(record) {
    let text = `${bang(record.negate)} recent: ${LABELS[record.mode]}`;
    if (record.seconds > 0) text += ` seconds: ${record.seconds}`;
    if (record.reap) text += ' reap';
    if (record.hitcount > 0) text += ` hit_count: ${record.hitcount}`;
    if (record.rttl) text += ' TTL-Match';
    return `${text} name: ${record.name} side: ${record.side} mask: ${maskText(record.mask)}`;
  },
  evaluate: (record, context) => look(record, context) !== record.negate,
};

function maskText(mask: number | string): string {
  return typeof mask === 'number' ? formatIp4(mask) : formatIp6(mask);
}

function look(record: RecentMatch, context: PacketContext): boolean {
  const { state, environment, frame, family } = context;
  let list = state.recent.get(record.name);
  if (list === undefined) {
    list = new Map();
    state.recent.set(record.name, list);
  }
  const whole = record.side === 'source' ? sourceKey(context) : destinationKey(context);
  const address = typeof whole === 'number' ? (whole & (record.mask as number)) >>> 0 : and6(whole, String(record.mask));
  const ttl = frame[NETWORK_OFFSET + (family === 'inet' ? 8 : 7)]!;
  const nowUs = environment.nowUs;
  let entry = list.get(address);
  if (record.rttl && entry !== undefined && entry.ttl !== ttl) entry = undefined;
  if (entry === undefined) {
    if (record.mode !== 'set') return false;
    if (list.size >= ADDRESSES) list.delete(list.keys().next().value!);
    list.set(address, { ttl, stampsUs: [nowUs] });
    return true;
  }
  if (record.mode === 'remove') {
    list.delete(address);
    return true;
  }
  let matches = record.mode === 'set';
  if (!matches) {
    const since = nowUs - record.seconds * 1_000_000;
    let hits = 0;
    for (const stamp of entry.stampsUs) {
      if (record.seconds > 0 && stamp < since) continue;
      hits += 1;
      if (record.hitcount === 0 || hits >= record.hitcount) matches = true;
    }
    if (record.reap) {
      const kept = entry.stampsUs.filter((stamp) => stamp >= since);
      if (kept.length === 0) list.delete(address);
    }
  }
  if (record.mode === 'set' || (record.mode === 'update' && matches)) {
    entry.stampsUs.push(nowUs);
    if (entry.stampsUs.length > Math.max(STAMPS, record.hitcount)) entry.stampsUs.shift();
    entry.ttl = ttl;
  }
  return matches;
}

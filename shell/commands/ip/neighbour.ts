/** `ip neighbour`. Read first: ip/ipneigh.c, ip-neighbour(8). */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseMac } from '../../ports/addresses.ts';
import type { NeighbourSpec, NeighbourState, NeighbourView } from '../../ports/kernel.ts';
import { matches, needLink, takeAddress, takePrefix, Words, type Prefix } from './arguments.ts';
import { kernelAnswer, unsupported, type IpContext } from './context.ts';
import { isWithin } from './prefixes.ts';
import type { Printer } from './printer.ts';
import { usageTexts } from './usage.ts';

const states: readonly NeighbourState[] = ['INCOMPLETE', 'REACHABLE', 'STALE', 'DELAY', 'PROBE', 'FAILED', 'NOARP', 'PERMANENT', 'NONE'];

export function neighbour(context: IpContext, args: readonly string[]): ExitCode {
  const words = new Words(args, context);
  const verb = words.take();
  if (verb === undefined) return show(context, words, false);
  if (matches(verb, 'add')) return modify(context, words, 'add');
  if (matches(verb, 'change') || verb === 'chg') return modify(context, words, 'change');
  if (matches(verb, 'replace')) return modify(context, words, 'replace');
  if (matches(verb, 'delete')) return modify(context, words, 'delete');
  if (matches(verb, 'get')) return get(context, words);
  if (matches(verb, 'show') || matches(verb, 'lst') || matches(verb, 'list')) return show(context, words, false);
  if (matches(verb, 'flush')) {
    if (!words.isEmpty) return show(context, words, true);
    context.err('Flush requires arguments.');
    return 1;
  }
  if (matches(verb, 'help')) {
    context.call.writeErr(usageTexts.neighbour);
    return 255;
  }
  context.err(`Command "${verb}" is unknown, try "ip neigh help".`);
  return 255;
}

function stateNamed(name: string): NeighbourState | 'all' | undefined {
  return name === 'all' ? 'all' : states.find((state) => state.toLowerCase() === name);
}

function show(context: IpContext, words: Words, isFlush: boolean): ExitCode {
  let device: string | undefined;
  let prefix: Prefix | undefined;
  let isProxy = false;
  const wanted = new Set<NeighbourState>();
  let isAll = false;
  let isUnused = false;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') device = words.value();
    else if (word === 'unused') isUnused = true;
    else if (word === 'nud') {
      const name = words.value();
      const state = stateNamed(name) ?? words.invalid('nud state is bad', name);
      if (state === 'all') isAll = true;
      else wanted.add(state);
    } else if (word === 'proxy') isProxy = true;
    else if (word === 'master' || word === 'vrf' || word === 'nomaster' || matches(word, 'protocol')) unsupported(context, `neighbour selector ${word}`);
    else {
      if (word === 'to') word = words.value();
      if (matches(word, 'help')) {
        context.call.writeErr(usageTexts.neighbour);
        return 255;
      }
      prefix = takePrefix(words, word, context.family);
    }
  }
  const link = device === undefined ? undefined : needLink(context, device);
  const isHidden = (entry: NeighbourView): boolean => {
    if (isAll) return false;
    if (wanted.size > 0) return !wanted.has(entry.state);
    return isFlush ? entry.state === 'PERMANENT' || entry.state === 'NOARP' : entry.state === 'NOARP' || entry.state === 'NONE';
  };
  const entries = context.net.netlink.neighbours(context.family ?? prefix?.family).filter((entry) =>
    entry.isProxy === isProxy && (link === undefined || entry.index === link.index) && (isProxy || !isHidden(entry)) &&
    (prefix === undefined || isWithin(entry.address, prefix)) && (!isUnused || entry.references === 0));
  if (isFlush) return flush(context, entries);
  const printer = context.newPrinter();
  for (const entry of entries) printer.object(() => printNeighbour(context, printer, entry, link !== undefined));
  printer.finish();
  return 0;
}

export function printNeighbour(context: IpContext, printer: Printer, entry: NeighbourView, isDeviceFixed: boolean): void {
  if (context.options.brief) {
    const name = context.net.netlink.link(entry.index)?.name ?? `if${entry.index}`;
    printer.coloured(entry.family, 'dst', `${entry.address.padEnd(39)} `, entry.address);
    if (!isDeviceFixed) printer.coloured('ifname', 'dev', `${name.padEnd(16)} `, name);
    if (entry.mac !== undefined) printer.coloured('mac', 'lladdr', `${entry.mac} `, entry.mac);
    printer.text('\n');
    return;
  }
  printer.coloured(entry.family, 'dst', `${entry.address} `, entry.address);
  if (!isDeviceFixed) {
    const name = context.net.netlink.link(entry.index)?.name ?? `if${entry.index}`;
    printer.text('dev ');
    printer.coloured('ifname', 'dev', `${name} `, name);
  }
  if (entry.mac !== undefined) {
    printer.text('lladdr ');
    printer.coloured('mac', 'lladdr', `${entry.mac} `, entry.mac);
  }
  if (entry.isRouter) printer.put('router', 'router ', null);
  if (entry.isProxy) printer.put('proxy', 'proxy ', null);
  if (entry.isLearntElsewhere) printer.put('extern_learn', 'extern_learn ', null);
  if (context.options.statistics > 0 && !entry.isProxy) {
    if (entry.references > 0) printer.put('refcnt', ` ref ${entry.references}`, entry.references);
    printer.put('used', ` used ${entry.usedSecondsAgo}`, entry.usedSecondsAgo);
    printer.put('confirmed', `/${entry.confirmedSecondsAgo}`, entry.confirmedSecondsAgo);
    printer.put('updated', `/${entry.updatedSecondsAgo}`, entry.updatedSecondsAgo);
    printer.put('probes', `probes ${entry.probes} `, entry.probes);
  }
  if (!entry.isProxy) printer.put('state', `${entry.state} `, [entry.state]);
  printer.text('\n');
}

function flush(context: IpContext, entries: readonly NeighbourView[]): ExitCode {
  for (const entry of entries) {
    const answer = kernelAnswer(context, context.net.netlink.deleteNeighbour({ index: entry.index, family: entry.family, address: entry.address, ...(entry.isProxy ? { proxy: true } : {}) }));
    if (answer !== 0) return answer;
  }
  if (context.options.statistics > 0) {
    if (entries.length === 0) context.out('Nothing to flush.');
    else context.out(`\n*** Round 1, deleting ${entries.length} entries ***\n*** Flush is complete after 1 round ***`);
  }
  return 0;
}

function modify(context: IpContext, words: Words, verb: 'add' | 'change' | 'replace' | 'delete'): ExitCode {
  let device: string | undefined;
  let target: { family: 'inet' | 'inet6'; address: string } | undefined;
  let mac: string | undefined;
  let state: NeighbourState | undefined;
  let isProxy = false;
  let isRouter = false;
  let isLearntElsewhere = false;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (matches(word, 'lladdr')) {
      const text = words.value();
      if (text !== 'null') mac = parseMac(text) ?? words.exit(1, `"${text}" is invalid lladdr.`);
    } else if (word === 'nud') {
      const name = words.value();
      const named = stateNamed(name);
      if (named === undefined || named === 'all') words.invalid('nud state is bad', name);
      else state = named;
    } else if (matches(word, 'proxy')) {
      const text = words.value();
      if (target !== undefined) words.duplicate('address', text);
      target = takeAddress(words, text, context.family);
      isProxy = true;
    } else if (matches(word, 'router')) isRouter = true;
    else if (matches(word, 'extern_learn')) isLearntElsewhere = true;
    else if (matches(word, 'managed') || matches(word, 'use') || matches(word, 'protocol')) unsupported(context, `neighbour option ${word}`);
    else if (word === 'dev') device = words.value();
    else {
      if (word === 'to') word = words.value();
      if (matches(word, 'help')) {
        context.call.writeErr(usageTexts.neighbour);
        return 255;
      }
      if (target !== undefined) words.duplicate('to', word);
      target = takeAddress(words, word, context.family);
    }
  }
  if (device === undefined || target === undefined) {
    context.err('Device and destination are required arguments.');
    return 255;
  }
  const spec: NeighbourSpec = {
    index: needLink(context, device).index, family: target.family, address: target.address, ...(mac === undefined ? {} : { mac }),
    ...(isProxy ? { proxy: true } : { state: state ?? 'PERMANENT' }), ...(isRouter ? { router: true } : {}), ...(isLearntElsewhere ? { learntElsewhere: true } : {}),
  };
  const { netlink } = context.net;
  return kernelAnswer(context, verb === 'delete' ? netlink.deleteNeighbour(spec) : netlink.addNeighbour(spec, verb));
}

function get(context: IpContext, words: Words): ExitCode {
  let device: string | undefined;
  let target: { family: 'inet' | 'inet6'; address: string } | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') device = words.value();
    else target = takeAddress(words, word === 'to' ? words.value() : word, context.family);
  }
  if (device === undefined || target === undefined) {
    context.err('Device and address are required arguments.');
    return 1;
  }
  const link = needLink(context, device);
  const entry = context.net.netlink.neighbours(target.family).find((candidate) => candidate.index === link.index && candidate.address === target!.address);
  if (entry === undefined) return kernelAnswer(context, { ok: false, error: 'ENOENT', message: 'Neighbour entry not found' });
  const printer = context.newPrinter();
  printer.object(() => printNeighbour(context, printer, entry, false));
  printer.finish();
  return 0;
}

/** `ip address`. Read first: ip/ipaddress.c, ip-address(8). */
import type { ExitCode } from '../../../machine/sys.ts';
import { broadcastOf, formatIp4, maskOf, parseIp4 } from '../../ports/addresses.ts';
import type { AddressSpec, AddressView, Family, LinkView, Scope } from '../../ports/kernel.ts';
import { matches, needLink, needShownLink, takeAddress, takePrefix, Words, type Prefix } from './arguments.ts';
import { kernelAnswer, unsupported, type IpContext } from './context.ts';
import { passesFilter, readLinkFilter, type LinkFilter } from './link.ts';
import { printBriefLink, printLink } from './link-view.ts';
import { isWithin } from './prefixes.ts';
import type { Printer } from './printer.ts';
import { usageTexts } from './usage.ts';

const FOREVER = 0xffffffff;

export function address(context: IpContext, args: readonly string[]): ExitCode {
  const words = new Words(args, context);
  const verb = words.take();
  if (verb === undefined) return show(context, words);
  if (matches(verb, 'add')) return modify(context, words, 'add');
  if (matches(verb, 'change') || verb === 'chg') return modify(context, words, 'change');
  if (matches(verb, 'replace')) return modify(context, words, 'replace');
  if (matches(verb, 'delete')) return modify(context, words, 'delete');
  if (matches(verb, 'show') || matches(verb, 'lst') || matches(verb, 'list')) return show(context, words);
  if (matches(verb, 'flush')) return flush(context, words);
  if (matches(verb, 'save') || matches(verb, 'showdump') || matches(verb, 'restore')) return unsupported(context, `address ${verb}`);
  if (matches(verb, 'help')) {
    context.call.writeErr(usageTexts.address);
    return 255;
  }
  context.err(`Command "${verb}" is unknown, try "ip address help".`);
  return 255;
}

// ---------------------------------------------------------------- show
interface AddressFilter extends LinkFilter { prefix?: Prefix; label?: string; scope?: Scope; wanted: ((address: AddressView) => boolean)[] }

const states: Readonly<Record<string, (address: AddressView) => boolean>> = {
  dynamic: (address) => address.isDynamic, permanent: (address) => !address.isDynamic,
  secondary: (address) => address.isSecondary, temporary: (address) => address.isTemporary, primary: (address) => !address.isSecondary && !address.isTemporary,
  tentative: (address) => address.isTentative, '-tentative': (address) => !address.isTentative,
  deprecated: (address) => address.isDeprecated, '-deprecated': (address) => !address.isDeprecated,
  dadfailed: (address) => address.isDadFailed, '-dadfailed': (address) => !address.isDadFailed,
  noprefixroute: (address) => address.isNoPrefixRoute,
};

function readFilter(context: IpContext, words: Words): AddressFilter {
  const filter: AddressFilter = { wanted: [] };
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (readLinkFilter(context, words, word, filter)) continue;
    const state = states[word];
    if (word === 'to') {
      filter.prefix = takePrefix(words, words.value(), context.family);
    } else if (word === 'scope') {
      const name = words.value();
      if (name !== 'all') filter.scope = scopeNamed(name) ?? words.invalid('invalid "scope"\n', name);
    } else if (word === 'label') {
      filter.label = words.value();
    } else if (state !== undefined) {
      filter.wanted.push(state);
    } else if (matches(word, 'help')) {
      context.call.writeErr(usageTexts.address);
      words.exit(255);
    } else {
      if (word === 'dev') word = words.value();
      if (filter.device !== undefined) words.garbage('dev', word);
      filter.device = word;
    }
  }
  return filter;
}

export function scopeNamed(name: string): Scope | undefined {
  const byNumber: Readonly<Record<string, Scope>> = { '0': 'global', '200': 'site', '253': 'link', '254': 'host', '255': 'nowhere' };
  return ['global', 'site', 'link', 'host', 'nowhere'].includes(name) ? (name as Scope) : name === 'universe' ? 'global' : byNumber[name];
}

function selected(context: IpContext, filter: AddressFilter, link: LinkView): AddressView[] {
  if (context.options.family === 'link') return [];
  return context.net.netlink.addresses(context.family).filter((address) => {
    if (address.index !== link.index) return false;
    if (filter.prefix !== undefined && !(address.family === filter.prefix.family && isWithin(address.peer ?? address.address, filter.prefix))) return false;
    if (filter.scope !== undefined && address.scope !== filter.scope) return false;
    if (filter.label !== undefined && !globMatches(filter.label, address.label ?? '')) return false;
    return filter.wanted.every((accepts) => accepts(address));
  });
}

function globMatches(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern.replace(/[.+^${}()|\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text);
}

function show(context: IpContext, words: Words): ExitCode {
  const filter = readFilter(context, words);
  const device = filter.device === undefined ? undefined : needShownLink(context, filter.device);
  const links = device === undefined ? context.net.netlink.links() : [device];
  const printer = context.newPrinter();
  const { options } = context;
  // Asked for addresses of one family, it asks for the links of that family too, and AF_INET6 answers with less (inet6_fill_ifinfo).
  const isSparse = context.family === 'inet6' && device === undefined;
  const needsAddress = context.family !== undefined || filter.prefix !== undefined || filter.scope !== undefined || filter.label !== undefined || filter.wanted.length > 0;
  for (const link of links) {
    if (!passesFilter(link, filter)) {
      if (printer.isJson) printer.object(() => undefined);
      continue;
    }
    const addresses = selected(context, filter, link);
    if (needsAddress && addresses.length === 0) {
      if (printer.isJson) printer.object(() => undefined);
      continue;
    }
    printer.object(() => {
      if (options.brief) {
        printBriefLink(context, printer, link, false);
      } else if (!(options.oneLine && !printer.isJson) && filter.label === undefined) {
        printLink(context, printer, link, { isLinkCommand: false, showsAddresses: true, isSparse, hidesHardware: filter.prefix !== undefined || options.family === 'inet' || options.family === 'inet6' });
      } else if (printer.isJson) {
        printLink(context, printer, link, { isLinkCommand: false, showsAddresses: true, isSparse, hidesHardware: filter.prefix !== undefined || options.family === 'inet' || options.family === 'inet6' });
      }
      printer.array('addr_info', () => {
        for (const address of addresses) printer.object(() => printAddress(context, printer, address, link));
      });
      if (options.brief) printer.text('\n');
    });
  }
  printer.finish();
  return 0;
}

/** One address; as `ip monitor` prints it when `isEvent`. */
export function printAddress(context: IpContext, printer: Printer, address: AddressView, link: LinkView | undefined, isEvent = false): void {
  const { options } = context;
  const colour = address.family;
  if (!options.brief) {
    if ((options.oneLine && !printer.isJson) || isEvent) printer.text(`${address.index}: ${link?.name ?? `if${address.index}`}`);
    printer.put('family', `    ${address.family} `, address.family);
  }
  printer.coloured(colour, 'local', address.address, address.address);
  if (address.peer !== undefined && address.peer !== address.address) {
    printer.text(' peer ');
    printer.coloured(colour, 'address', address.peer, address.peer);
  }
  printer.put('prefixlen', `/${address.prefixLength} `, address.prefixLength);
  if (address.metric !== undefined && address.metric !== 0) printer.put('metric', `metric ${address.metric} `, address.metric);
  if (options.brief) return;
  if (address.broadcast !== undefined) {
    printer.text('brd ');
    printer.coloured(colour, 'broadcast', address.broadcast, address.broadcast);
    printer.text(' ');
  }
  if (address.anycast !== undefined) {
    printer.text('any ');
    printer.coloured(colour, 'anycast', address.anycast, address.anycast);
    printer.text(' ');
  }
  printer.put('scope', `scope ${address.scope} `, address.scope);
  const flags: readonly (readonly [name: string, isSet: boolean])[] = [
    [address.family === 'inet6' ? 'temporary' : 'secondary', address.family === 'inet6' ? address.isTemporary : address.isSecondary],
    ['nodad', address.isNoDad === true], ['dadfailed', address.isDadFailed], ['deprecated', address.isDeprecated], ['tentative', address.isTentative], ['dynamic', address.isDynamic],
    ['noprefixroute', address.isNoPrefixRoute],
  ];
  for (const [name, isSet] of flags) if (isSet) printer.put(name, `${name} `, true);
  if (address.proto !== undefined) printer.put('protocol', `proto ${address.proto} `, address.proto);
  if (address.label !== undefined) printer.put('label', address.label, address.label);
  printer.newLine();
  printer.text('       valid_lft ');
  lifetime(printer, 'valid_life_time', address.validSeconds, ' preferred_lft ');
  lifetime(printer, 'preferred_life_time', address.preferredSeconds, '');
  printer.text('\n');
}

function lifetime(printer: Printer, key: string, seconds: number | undefined, suffix: string): void {
  printer.put(key, `${seconds === undefined ? 'forever' : `${seconds}sec`}${suffix}`, seconds ?? FOREVER);
}

// ---------------------------------------------------------------- add, del, change, replace
type Change = 'add' | 'change' | 'replace' | 'delete';

function modify(context: IpContext, words: Words, verb: Change): ExitCode {
  let local: Prefix | undefined;
  let peer: Prefix | undefined;
  let device: string | undefined;
  let label: string | undefined;
  let scope: Scope | undefined;
  let broadcast: string | undefined;
  let anycast: string | undefined;
  let validSeconds: number | undefined;
  let preferredSeconds: number | undefined;
  let metric: number | undefined;
  const flags: Pick<AddressSpec, 'noPrefixRoute' | 'noDad'> = {};
  const setFamily = (): Family | undefined => local?.family ?? peer?.family ?? context.family;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'peer' || word === 'remote') {
      if (peer !== undefined) words.duplicate('peer', words.value());
      peer = takePrefix(words, words.value(), setFamily());
    } else if (matches(word, 'broadcast') || word === 'brd') {
      const value = words.value();
      if (broadcast !== undefined) words.duplicate('broadcast', value);
      broadcast = value === '+' || value === '-' ? value : takeAddress(words, value, setFamily()).address;
    } else if (word === 'anycast') {
      anycast = takeAddress(words, words.value(), setFamily()).address;
    } else if (word === 'scope') {
      const name = words.value();
      scope = scopeNamed(name) ?? words.invalid('invalid scope value.', name);
    } else if (word === 'dev') {
      device = words.value();
    } else if (word === 'label') {
      label = words.value();
    } else if (word === 'metric' || word === 'priority' || word === 'preference') {
      metric = words.unsigned('metric', words.value(), '"metric" value is invalid\n');
    } else if (matches(word, 'valid_lft')) {
      validSeconds = lifetimeValue(words, 'valid_lft');
    } else if (matches(word, 'preferred_lft')) {
      preferredSeconds = lifetimeValue(words, 'preferred_lft');
    } else if (word === 'home' || word === 'mngtmpaddr' || word === 'optimistic' || word === 'autojoin' || word === 'proto' || word === 'nat' || word === 'rt') {
      unsupported(context, `address option ${word}`);
    } else if (word === 'nodad') {
      flags.noDad = true;
    } else if (word === 'noprefixroute') {
      flags.noPrefixRoute = true;
    } else {
      if (word === 'local') word = words.value();
      if (matches(word, 'help')) {
        context.call.writeErr(usageTexts.address);
        return 255;
      }
      if (local !== undefined) words.garbage('local', word);
      local = takePrefix(words, word, setFamily());
    }
  }
  if (device === undefined) {
    context.err('Not enough information: "dev" argument is required.');
    return 1;
  }
  if (local === undefined) {
    needLink(context, device);
    return kernelAnswer(context, { ok: false, error: 'EOPNOTSUPP' });
  }
  if (verb === 'delete' && local.family === 'inet' && !local.hasLength && peer === undefined) {
    for (const line of [
      'Warning: Executing wildcard deletion to stay compatible with old scripts.',
      `         Explicitly specify the prefix length (${local.address}/${local.length}) to avoid this warning.`,
      '         This special behaviour is likely to disappear in further releases,',
      '         fix your scripts!',
    ]) context.err(line);
  }
  if ((validSeconds ?? FOREVER) < (preferredSeconds ?? FOREVER) && preferredSeconds !== undefined) {
    context.err('preferred_lft is greater than valid_lft');
    return 1;
  }
  const length = peer === undefined ? local.length : peer.length;
  if (broadcast === '+') broadcast = formatIp4(broadcastOf(parseIp4(local.address) ?? 0, length));
  else if (broadcast === '-') broadcast = formatIp4(((parseIp4(local.address) ?? 0) & maskOf(length)) >>> 0);
  const link = needLink(context, device);
  const wildcard = verb === 'delete' && !local.hasLength && peer === undefined && local.family === 'inet';
  const existing = wildcard
    ? context.net.netlink.addresses('inet').find((candidate) => candidate.index === link.index && candidate.address === local!.address)
    : undefined;
  const spec: AddressSpec = {
    index: link.index, family: local.family, address: local.address, prefixLength: existing?.prefixLength ?? length,
    ...(peer === undefined ? (existing?.peer === undefined ? {} : { peer: existing.peer }) : { peer: peer.address }),
    ...(broadcast === undefined ? {} : { broadcast }), ...(anycast === undefined ? {} : { anycast }),
    scope: scope ?? defaultScope(local), ...(label === undefined ? {} : { label }),
    ...(validSeconds === undefined ? {} : { validSeconds }), ...(preferredSeconds === undefined ? {} : { preferredSeconds }),
    ...(metric === undefined ? {} : { metric }), ...flags,
  };
  if (scope === undefined && local.family === 'inet6') delete spec.scope;
  const { netlink } = context.net;
  return kernelAnswer(context, verb === 'delete' ? netlink.deleteAddress(spec) : netlink.addAddress(spec, verb));
}

/** default_scope(): 127/8 is host. */
function defaultScope(local: Prefix): Scope {
  return local.family === 'inet' && local.address.startsWith('127.') ? 'host' : 'global';
}

function lifetimeValue(words: Words, key: string): number | undefined {
  const value = words.value();
  if (value === 'forever') return undefined;
  const seconds = words.unsigned(key, value, `"${key}" value is invalid\n`);
  if (seconds === 0 && key === 'valid_lft') words.invalid('"valid_lft" value is invalid\n', value);
  return seconds;
}

// ---------------------------------------------------------------- flush
function flush(context: IpContext, words: Words): ExitCode {
  if (words.isEmpty) {
    context.err('Flush requires arguments.');
    return 1;
  }
  const filter = readFilter(context, words);
  const device = filter.device === undefined ? undefined : needShownLink(context, filter.device);
  const { netlink } = context.net;
  let round = 0;
  let total = 0;
  for (; round < 10; round += 1) {
    const links = device === undefined ? netlink.links().filter((link) => passesFilter(link, filter)) : [device];
    const victims = links.flatMap((link) => selected(context, filter, link));
    if (victims.length === 0) break;
    if (context.options.statistics > 0) {
      context.out(`\n*** Round ${round + 1}, deleting ${victims.length} addresses ***`);
    }
    for (const victim of victims) {
      // A primary takes its secondaries along: what is gone already is no failure.
      netlink.deleteAddress({
        index: victim.index, family: victim.family, address: victim.address, prefixLength: victim.prefixLength,
        ...(victim.peer === undefined ? {} : { peer: victim.peer }),
      });
    }
    total += victims.length;
  }
  if (context.options.statistics > 0) {
    if (total === 0) context.out('Nothing to flush.');
    else context.out(`*** Flush is complete after ${round} round${round === 1 ? '' : 's'} ***`);
  }
  return 0;
}


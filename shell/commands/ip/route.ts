/** `ip route`. Read first: ip/iproute.c (print_route, iproute_modify, iproute_list_flush_or_save, iproute_get), ip-route(8). */
import type { ExitCode } from '../../../machine/sys.ts';
import type { Family, LinkIndex, NextHop, RouteMode, RouteQuery, RouteSpec, RouteType, RouteView, Scope } from '../../ports/kernel.ts';
import { scopeNamed } from './address.ts';
import { matches, maximumLength, needLink, parseUnsigned, takeAddress, takePrefix, Words, type Prefix } from './arguments.ts';
import { kernelAnswer, unsupported, type IpContext } from './context.ts';
import { isWithin } from './prefixes.ts';
import type { Printer } from './printer.ts';
import { usageTexts } from './usage.ts';

export const TABLE_MAIN = 254;
const TABLE_LOCAL = 255;

export function route(context: IpContext, args: readonly string[]): ExitCode {
  const words = new Words(args, context);
  const verb = words.take();
  if (verb === undefined) return list(context, words, false);
  if (matches(verb, 'list') || matches(verb, 'show') || matches(verb, 'lst')) return list(context, words, false);
  if (matches(verb, 'get')) return get(context, words);
  const modes: readonly (readonly [string, RouteMode | 'delete'])[] = [
    ['add', 'add'], ['change', 'change'], ['chg', 'change'], ['replace', 'replace'], ['prepend', 'prepend'], ['append', 'append'], ['test', 'add'], ['delete', 'delete'],
  ];
  for (const [name, mode] of modes) if (matches(verb, name)) return modify(context, words, mode);
  if (matches(verb, 'flush')) return list(context, words, true);
  if (matches(verb, 'save') || matches(verb, 'restore') || matches(verb, 'showdump')) return unsupported(context, `route ${verb}`);
  if (matches(verb, 'help')) {
    context.call.writeErr(usageTexts.route);
    return 255;
  }
  context.err(`Command "${verb}" is unknown, try "ip route help".`);
  return 255;
}

// ---------------------------------------------------------------- names: /etc/iproute2/rt_tables, rt_protos, rt_scopes
const tableNames: Readonly<Record<string, number>> = { default: 253, main: TABLE_MAIN, local: TABLE_LOCAL, unspec: 0 };
const protocols: Readonly<Record<string, number>> = {
  unspec: 0, redirect: 1, kernel: 2, boot: 3, static: 4, gated: 8, ra: 9, mrt: 10, zebra: 11, bird: 12, dnrouted: 13, xorp: 14, ntk: 15, dhcp: 16,
  keepalived: 18, babel: 42, openr: 99, bgp: 186, isis: 187, ospf: 188, rip: 189, eigrp: 192,
};
const types: readonly RouteType[] = ['unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole', 'unreachable', 'prohibit', 'throw', 'nat'];

export function tableName(table: number): string {
  return Object.keys(tableNames).find((name) => tableNames[name] === table) ?? String(table);
}

export function tableNumber(name: string): number | undefined {
  const number = tableNames[name] ?? parseUnsigned(name);
  return number !== undefined && number <= 0xffffffff ? number : undefined;
}

function protocolName(word: string): string | undefined {
  if (protocols[word] !== undefined) return word;
  const number = parseUnsigned(word);
  if (number === undefined || number > 255) return undefined;
  return Object.keys(protocols).find((name) => protocols[name] === number) ?? String(number);
}

// ---------------------------------------------------------------- list and flush
interface RouteFilter {
  table: number | 'all' | 'cache'; family: Family | undefined; device?: LinkIndex; protocol?: string; scope?: Scope; type?: RouteType;
  root?: Prefix; match?: Prefix; via?: { family: Family; address: string }; source?: Prefix; metric?: number; hasTable: boolean;
}

function list(context: IpContext, words: Words, isFlush: boolean): ExitCode {
  const filter: RouteFilter = { table: TABLE_MAIN, family: context.family, hasTable: false };
  if (isFlush && words.isEmpty) {
    context.err('"ip route flush" requires arguments.');
    return 1;
  }
  for (let word = words.take(); word !== undefined; word = words.take()) readSelector(context, words, word, filter);
  const families: Family[] = filter.family === undefined ? (filter.table === 'all' || isFlush ? ['inet', 'inet6'] : ['inet']) : [filter.family];
  const shown: Family[] = isFlush && filter.family === undefined ? ['inet'] : families;
  const { netlink } = context.net;
  if (filter.table === 'cache') return 0;
  const routes: RouteView[] = [];
  for (const family of shown) {
    const found = netlink.routes(family, typeof filter.table === 'number' ? filter.table : undefined);
    if (typeof filter.table === 'number' && found.length === 0 && filter.table < 252 && !isFlush && family === 'inet') return noTable(context);
    routes.push(...found.filter((route) => accepts(route, filter)));
  }
  if (isFlush) return flush(context, routes);
  const printer = context.newPrinter();
  for (const route of routes) printer.object(() => printRoute(context, printer, route, filter));
  printer.finish();
  return 0;
}

function noTable(context: IpContext): ExitCode {
  context.err('Error: ipv4: FIB table does not exist.');
  context.err('Dump terminated');
  return 2;
}

function readSelector(context: IpContext, words: Words, word: string, filter: RouteFilter): void {
  if (matches(word, 'table')) {
    const name = words.value();
    filter.hasTable = true;
    if (name === 'all') filter.table = 'all';
    else if (name === 'cache') filter.table = 'cache';
    else filter.table = tableNumber(name) ?? words.invalid('table id value is invalid\n', name);
    if (filter.table === 0) filter.table = 'all';
  } else if (matches(word, 'vrf')) unsupported(context, 'option vrf');
  else if (matches(word, 'cached') || matches(word, 'cloned')) filter.table = 'cache';
  else if (word === 'tos' || matches(word, 'dsfield')) words.value();
  else if (matches(word, 'protocol')) {
    const name = words.value();
    if (name !== 'all') filter.protocol = protocolName(name) ?? words.invalid('invalid "protocol"\n', name);
  } else if (matches(word, 'scope')) {
    const name = words.value();
    if (name !== 'all') filter.scope = scopeNamed(name) ?? words.invalid('invalid "scope"\n', name);
  } else if (matches(word, 'type')) {
    const name = words.value();
    filter.type = types.find((type) => type === name) ?? words.invalid('node type value is invalid\n', name);
  } else if (word === 'dev' || word === 'oif' || word === 'iif') {
    filter.device = needLink(context, words.value()).index;
  } else if (matches(word, 'mark') || word === 'metric' || matches(word, 'priority') || matches(word, 'preference')) {
    const value = words.unsigned('metric');
    if (!matches(word, 'mark')) filter.metric = value;
  } else if (word === 'via') {
    let value = words.value();
    if (value === 'inet' || value === 'inet6') value = words.value();
    filter.via = takeAddress(words, value, filter.family);
  } else if (word === 'src') {
    filter.source = takePrefix(words, words.value(), filter.family);
  } else if (word === 'realms' || word === 'realm' || word === 'from' || word === 'cloned' || word === 'nhid' || word === 'id') {
    unsupported(context, `route selector ${word}`);
  } else {
    if (word === 'to') word = words.value();
    if (matches(word, 'root')) {
      filter.root = takePrefix(words, words.value(), filter.family);
      filter.family ??= filter.root.isAny ? undefined : filter.root.family;
    } else if (matches(word, 'match')) {
      filter.match = takePrefix(words, words.value(), filter.family);
      filter.family ??= filter.match.isAny ? undefined : filter.match.family;
    } else {
      if (matches(word, 'exact')) word = words.value();
      else if (matches(word, 'help')) {
        context.call.writeErr(usageTexts.route);
        words.exit(255);
      }
      const prefix = takePrefix(words, word, filter.family);
      filter.root = prefix;
      filter.match = prefix;
      if (!prefix.isAny) filter.family ??= prefix.family;
    }
  }
}

function accepts(route: RouteView, filter: RouteFilter): boolean {
  const destination = { address: route.destination, length: route.prefixLength };
  if (filter.root !== undefined && !(route.prefixLength >= filter.root.length && isWithin(route.destination, rebased(filter.root, route.family)))) return false;
  if (filter.match !== undefined && !(route.prefixLength <= filter.match.length && isWithin(rebased(filter.match, route.family).address, destination))) return false;
  if (filter.device !== undefined && !(route.nextHops.length === 1 && route.nextHops[0]!.device === filter.device)) return false;
  if (filter.protocol !== undefined && route.protocol !== filter.protocol) return false;
  if (filter.scope !== undefined && route.scope !== filter.scope) return false;
  if (filter.type !== undefined && route.type !== filter.type) return false;
  if (filter.metric !== undefined && route.metric !== filter.metric) return false;
  if (filter.via !== undefined && !(route.nextHops.length === 1 && route.nextHops[0]!.gateway === filter.via.address)) return false;
  return filter.source === undefined || (route.preferredSource !== undefined && isWithin(route.preferredSource, filter.source));
}

/** `default` fits either family. */
function rebased(prefix: Prefix, family: Family): Prefix {
  if (!prefix.isAny || prefix.family === family) return prefix;
  return { ...prefix, family, address: family === 'inet' ? '0.0.0.0' : '::' };
}

function flush(context: IpContext, routes: readonly RouteView[]): ExitCode {
  for (const route of routes) {
    const answer = kernelAnswer(context, context.net.netlink.deleteRoute(specOf(route)));
    if (answer !== 0) return answer;
  }
  if (context.options.statistics > 0) {
    if (routes.length === 0) context.out('Nothing to flush.');
    else context.out(`\n*** Round 1, deleting ${routes.length} entries ***\n*** Flush is complete after 1 round ***`);
  }
  return 0;
}

function specOf(view: RouteView): RouteSpec {
  return {
    family: view.family, type: view.type, destination: view.destination, prefixLength: view.prefixLength, table: view.table, protocol: view.protocol,
    scope: view.scope, metric: view.metric, tos: view.tos, nextHops: view.nextHops.map((hop) => ({ ...hop })),
    ...(view.preferredSource === undefined ? {} : { preferredSource: view.preferredSource }),
  };
}

// ---------------------------------------------------------------- print
/** print_route(). What a filter fixes is not repeated in each line. */
export function printRoute(context: IpContext, printer: Printer, route: RouteView, filter: RouteFilter | undefined, looked?: { from?: string; iif?: string; cloned?: { uid: number; mark: number; flags: readonly string[] } }): void {
  const cloned = looked?.cloned;
  const { details } = context.options;
  const colour = route.family;
  const full = maximumLength(route.family);
  const hop: NextHop | undefined = route.nextHops.length === 1 ? route.nextHops[0] : undefined;
  if (route.type !== 'unicast' || details > 0) printer.put('type', `${route.type} `, route.type);
  const isDefault = route.prefixLength === 0;
  const destination = isDefault ? 'default' : route.prefixLength === full ? route.destination : `${route.destination}/${route.prefixLength}`;
  printer.coloured(isDefault ? undefined : colour, 'dst', `${destination} `, destination);
  if (looked?.from !== undefined) printer.coloured(colour, 'from', `from ${looked.from} `, looked.from);
  if (route.tos !== 0) printer.put('tos', `tos 0x${route.tos.toString(16).padStart(2, '0')} `, `0x${route.tos.toString(16)}`);
  if (hop?.gateway !== undefined && (filter?.via?.address !== hop.gateway || hop.gateway.includes(':') !== (route.family === 'inet6'))) printGateway(printer, route.family, hop.gateway);
  if (hop?.device !== undefined && filter?.device === undefined) {
    const name = nameOf(context, hop.device);
    printer.text('dev ');
    printer.coloured('ifname', 'dev', `${name} `, name);
  }
  if (cloned === undefined) {
    const isTableFixed = filter !== undefined && typeof filter.table === 'number';
    if ((route.table !== TABLE_MAIN || details > 0) && !isTableFixed) printer.put('table', `table ${tableName(route.table)} `, tableName(route.table));
    if ((route.protocol !== 'boot' || details > 0) && filter?.protocol === undefined) printer.put('protocol', `proto ${route.protocol} `, route.protocol);
    if ((route.scope !== 'global' && route.family === 'inet' || details > 0) && filter?.scope === undefined) {
      const scope = route.family === 'inet6' ? 'global' : route.scope;
      printer.put('scope', `scope ${scope} `, scope);
    }
  }
  if (cloned !== undefined && route.table !== TABLE_MAIN && route.table !== 0) printer.put('table', `table ${tableName(route.table)} `, tableName(route.table));
  if (route.preferredSource !== undefined) {
    printer.text('src ');
    printer.coloured(colour, 'prefsrc', `${route.preferredSource} `, route.preferredSource);
  }
  if (route.metric !== 0 || route.family === 'inet6') printer.put('metric', `metric ${route.metric} `, route.metric);
  const flags = route.nextHops.length <= 1 && hop !== undefined ? hopFlags(hop) : [];
  printer.json('flags', flags);
  for (const flag of flags) printer.text(`${flag} `);
  if (cloned !== undefined) {
    if (cloned.mark !== 0) printer.put('mark', cloned.mark >= 16 ? `mark 0x${cloned.mark.toString(16)} ` : `mark ${cloned.mark} `, cloned.mark);
    // RTCF_MULTICAST is the bit of RTM_F_OFFLOAD_FAILED, and iproute2 prints it so.
    if (cloned.flags.includes('mc')) printer.text('rt_offload_failed ');
    printer.put('uid', `uid ${cloned.uid} `, cloned.uid);
    printer.newLine();
    printer.text('    cache ');
    printer.json('cache', [...cloned.flags]);
    if (cloned.flags.length > 0) printer.text(`<${cloned.flags.join(',')}> `);
  }
  if (route.expiresSeconds !== undefined) printer.put('expires', `expires ${route.expiresSeconds}sec `, route.expiresSeconds);
  printMetrics(printer, route);
  if (looked?.iif !== undefined) printer.put('iif', `iif ${looked.iif} `, looked.iif);
  if (route.nextHops.length > 1) printHops(context, printer, route);
  if (route.family === 'inet6') {
    const preference = route.preference ?? 'medium';
    printer.put('pref', `pref ${preference}`, preference);
  }
  printer.text('\n');
}

function printGateway(printer: Printer, family: Family, gateway: string): void {
  const isOther = gateway.includes(':') !== (family === 'inet6');
  if (isOther) {
    printer.object(() => {
      printer.put('family', `via ${gateway.includes(':') ? 'inet6' : 'inet'} `, gateway.includes(':') ? 'inet6' : 'inet');
      printer.coloured(gateway.includes(':') ? 'inet6' : 'inet', 'host', `${gateway} `, gateway);
    }, 'via');
    return;
  }
  printer.text('via ');
  printer.coloured(family, 'gateway', `${gateway} `, gateway);
}

function hopFlags(hop: NextHop): string[] {
  return [...(hop.isDead === true ? ['dead'] : []), ...(hop.onlink === true ? ['onlink'] : []), ...(hop.isLinkDown === true ? ['linkdown'] : [])];
}

function printMetrics(printer: Printer, route: RouteView): void {
  const values: readonly (readonly [string, number | undefined])[] = [
    ['window', route.window], ['rtt', route.rttMs], ['advmss', route.advMss], ['initcwnd', route.initcwnd],
  ];
  if (route.mtu === undefined && values.every(([, value]) => value === undefined)) return;
  const texts: string[] = [];
  const object: Record<string, number | boolean> = {};
  if (route.mtu !== undefined) {
    texts.push(route.lockMtu === true ? `mtu lock ${route.mtu} ` : `mtu ${route.mtu} `);
    object['mtu'] = route.mtu;
  }
  for (const [name, value] of values) {
    if (value === undefined) continue;
    texts.push(name === 'rtt' ? `rtt ${value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`} ` : `${name} ${value} `);
    object[name] = value;
  }
  printer.put('metrics', texts.join(''), [object]);
}

function printHops(context: IpContext, printer: Printer, route: RouteView): void {
  printer.array('nexthops', () => {
    for (const hop of route.nextHops) {
      printer.object(() => {
        printer.newLine();
        printer.text('\tnexthop ');
        if (hop.gateway !== undefined) printGateway(printer, route.family, hop.gateway);
        if (hop.device !== undefined) {
          const name = nameOf(context, hop.device);
          printer.text('dev ');
          printer.coloured('ifname', 'dev', `${name} `, name);
        }
        printer.put('weight', `weight ${hop.weight ?? 1} `, hop.weight ?? 1);
        const flags = hopFlags(hop);
        printer.json('flags', flags);
        for (const flag of flags) printer.text(`${flag} `);
      });
    }
  });
}

function nameOf(context: IpContext, index: LinkIndex): string {
  return context.net.netlink.link(index)?.name ?? `if${index}`;
}

// ---------------------------------------------------------------- add, del ...
function modify(context: IpContext, words: Words, mode: RouteMode | 'delete'): ExitCode {
  let family = context.family;
  let prefix: Prefix | undefined;
  let type: RouteType | undefined;
  let table: number | undefined;
  let scope: Scope | undefined;
  let device: string | undefined;
  let gateway: string | undefined;
  let isOnlink = false;
  const hops: { gateway?: string; device?: string; weight?: number; onlink?: boolean }[] = [];
  const spec: Partial<RouteSpec> = {};
  const setGateway = (): string => {
    let value = words.value();
    let wanted = family;
    if (value === 'inet' || value === 'inet6') {
      wanted = value;
      value = words.value();
    }
    const address = takeAddress(words, value, prefix !== undefined && prefix.isAny && context.family === undefined ? undefined : wanted);
    family ??= address.family;
    return address.address;
  };
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'src') {
      const source = takeAddress(words, words.value(), family);
      family ??= source.family;
      spec.preferredSource = source.address;
    } else if (word === 'via') {
      if (gateway !== undefined) words.invalid('use nexthop syntax to specify multiple via\n', 'via');
      gateway = setGateway();
    }
    else if (word === 'from' || word === 'nhid' || word === 'encap' || word === 'as' || matches(word, 'congctl') || matches(word, 'realms') || matches(word, 'features') || matches(word, 'quickack') || word === 'ttl-propagate' || word === 'fastopen_no_cookie' || word === 'vrf') unsupported(context, `route option ${word}`);
    else if (word === 'tos' || matches(word, 'dsfield')) spec.tos = words.unsigned('tos', words.value(), '"tos" value is invalid\n', 255);
    else if (word === 'metric' || matches(word, 'priority') || word === 'preference') spec.metric = words.unsigned('metric', words.value(), '"metric" value is invalid\n');
    else if (word === 'scope') {
      const name = words.value();
      scope = scopeNamed(name) ?? words.invalid('invalid "scope" value\n', name);
    } else if (word === 'mtu' || word === 'advmss' || matches(word, 'window') || word === 'initcwnd') {
      let value = words.value();
      if (value === 'lock') {
        if (word === 'mtu') spec.lockMtu = true;
        value = words.value();
      }
      const number = words.unsigned(word, value, `"${word}" value is invalid\n`);
      if (word === 'mtu') spec.mtu = number;
      else if (word === 'advmss') spec.advMss = number;
      else if (word === 'initcwnd') spec.initcwnd = number;
      else spec.window = number;
    } else if (matches(word, 'hoplimit') || matches(word, 'reordering') || word === 'rtt' || word === 'rto_min' || word === 'rttvar' || matches(word, 'ssthresh') || matches(word, 'cwnd') || matches(word, 'initrwnd') || word === 'expires' || word === 'pref') {
      unsupported(context, `route option ${word}`);
    } else if (word === 'onlink') isOnlink = true;
    else if (matches(word, 'nexthop')) {
      readHop(context, words, hops, () => setGateway());
    } else if (matches(word, 'protocol')) {
      const name = words.value();
      spec.protocol = protocolName(name) ?? words.invalid('"protocol" value is invalid\n', name);
    } else if (matches(word, 'table')) {
      const name = words.value();
      table = tableNumber(name) ?? words.invalid('"table" value is invalid\n', name);
    } else if (word === 'dev' || word === 'oif') device = words.value();
    else {
      if (word === 'to') word = words.value();
      const named = types.find((candidate) => candidate === word);
      if (named !== undefined && prefix === undefined) {
        type = named;
        word = words.value();
      }
      if (matches(word, 'help')) {
        context.call.writeErr(usageTexts.route);
        return 255;
      }
      if (prefix !== undefined) words.garbage('to', word);
      prefix = takePrefix(words, word, family);
      if (!prefix.isAny) family ??= prefix.family;
    }
  }
  if (prefix === undefined) {
    context.call.writeErr(usageTexts.route);
    return 255;
  }
  family ??= 'inet';
  prefix = rebased(prefix, family);
  const hop: NextHop = {};
  if (device !== undefined) hop.device = needLink(context, device).index;
  if (gateway !== undefined) hop.gateway = gateway;
  if (isOnlink) hop.onlink = true;
  const nextHops: NextHop[] = hops.map((each) => ({
    ...(each.gateway === undefined ? {} : { gateway: each.gateway }), ...(each.device === undefined ? {} : { device: needLink(context, each.device).index }),
    ...(each.weight === undefined ? {} : { weight: each.weight }), ...(each.onlink === true ? { onlink: true } : {}),
  }));
  if (Object.keys(hop).length > 0) nextHops.unshift(hop);
  const isLocalType = type === 'local' || type === 'broadcast' || type === 'anycast' || type === 'nat';
  const full: RouteSpec = {
    ...spec, family, destination: prefix.address, prefixLength: prefix.length, nextHops,
    ...(type === undefined && mode === 'delete' ? {} : { type: type ?? 'unicast' }),
    table: table ?? (isLocalType ? TABLE_LOCAL : TABLE_MAIN),
    ...(mode === 'delete' ? {} : { protocol: spec.protocol ?? 'boot' }),
    scope: scope ?? defaultScope(family, type, mode, gateway !== undefined || hops.length > 0),
  };
  const { netlink } = context.net;
  return kernelAnswer(context, mode === 'delete' ? netlink.deleteRoute(full) : netlink.addRoute(full, mode));
}

function defaultScope(family: Family, type: RouteType | undefined, mode: RouteMode | 'delete', hasGateway: boolean): Scope {
  if (family === 'inet6') return 'global';
  if (mode === 'delete') return 'nowhere';
  if (type === 'local' || type === 'nat') return 'host';
  if (type === 'broadcast' || type === 'multicast' || type === 'anycast') return 'link';
  if ((type === undefined || type === 'unicast') && !hasGateway) return 'link';
  return 'global';
}

function readHop(context: IpContext, words: Words, hops: { gateway?: string; device?: string; weight?: number; onlink?: boolean }[], gateway: () => string): void {
  const hop: (typeof hops)[number] = {};
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'via') hop.gateway = gateway();
    else if (word === 'dev') hop.device = words.value();
    else if (word === 'weight') hop.weight = words.unsigned('weight', words.value(), '"weight" is invalid\n', 256) || words.invalid('"weight" is invalid\n', '0');
    else if (word === 'onlink') hop.onlink = true;
    else {
      words.back();
      break;
    }
  }
  if (Object.keys(hop).length === 0) words.exit(255, 'Error: unexpected end of line after "nexthop"');
  hops.push(hop);
}

// ---------------------------------------------------------------- get
function get(context: IpContext, words: Words): ExitCode {
  let family = context.family;
  let to: Prefix | undefined;
  let from: string | undefined;
  let iif: string | undefined;
  const query: Partial<RouteQuery> = {};
  let isFibMatch = false;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'tos' || matches(word, 'dsfield')) query.tos = words.unsigned('tos', words.value(), '"tos" value is invalid\n', 255);
    else if (matches(word, 'from')) {
      const address = takePrefix(words, words.value(), family);
      family ??= address.family;
      from = address.address;
    } else if (matches(word, 'iif')) {
      iif = words.value();
      query.iif = needLink(context, iif).index;
    } else if (matches(word, 'mark')) query.mark = words.unsigned('mark');
    else if (matches(word, 'oif') || word === 'dev') query.oif = needLink(context, words.value()).index;
    else if (matches(word, 'uid')) query.uid = words.unsigned('uid', words.value(), 'invalid UID\n');
    else if (matches(word, 'fibmatch')) isFibMatch = true;
    else if (matches(word, 'ipproto')) query.ipProtocol = ipProtocol(words);
    else if (matches(word, 'sport')) query.sport = words.unsigned('sport', words.value(), 'invalid sport\n', 65535);
    else if (matches(word, 'dport')) query.dport = words.unsigned('dport', words.value(), 'invalid dport\n', 65535);
    else if (matches(word, 'notify') || matches(word, 'connected') || matches(word, 'vrf')) unsupported(context, `route get ${word}`);
    else {
      if (word === 'to') word = words.value();
      if (matches(word, 'help')) {
        context.call.writeErr(usageTexts.route);
        return 255;
      }
      to = takePrefix(words, word, family);
      family ??= to.family;
    }
  }
  if (to === undefined || family === undefined) {
    context.err('need at least a destination address');
    return 1;
  }
  const answer = context.net.netlink.lookupRoute({ ...query, family, to: to.address, ...(from === undefined ? {} : { from }) });
  if (!answer.ok) return kernelAnswer(context, answer);
  const { value } = answer;
  const printer = context.newPrinter();
  const view: RouteView = isFibMatch ? value.route : clonedRoute({ ...value, isGivenSource: from !== undefined && iif === undefined }, to.address, family);
  // IPv6 shows the route itself, with where a packet would come from; IPv4 shows a copy made for the question.
  const shownFrom = from ?? (family === 'inet6' ? '::' : undefined);
  printer.object(() => printRoute(context, printer, view, undefined, isFibMatch ? undefined : {
    ...(family === 'inet6' ? {} : { cloned: { uid: value.uid, mark: query.mark ?? 0, flags: [...(value.isLocal ? ['local'] : []), ...(value.isBroadcast ? ['brd'] : []), ...(value.isMulticast === true ? ['mc'] : [])] } }),
    ...(iif === undefined ? {} : { iif }), ...(shownFrom === undefined ? {} : { from: shownFrom }),
  }));
  printer.finish();
  return 0;
}

function clonedRoute(answer: { route: RouteView; source: string; gateway: string | undefined; device: LinkIndex; isLocal: boolean; isBroadcast: boolean; isMulticast?: boolean; isGivenSource: boolean }, to: string, family: Family): RouteView {
  const { mtu: _mtu, ...route } = answer.route;
  return {
    ...route, type: answer.isMulticast === true ? 'multicast' : answer.isBroadcast ? 'broadcast' : answer.isLocal && answer.route.type !== 'unicast' ? 'local' : route.type, destination: to, prefixLength: maximumLength(family), metric: family === 'inet' ? 0 : route.metric, tos: 0,
    preferredSource: answer.isGivenSource ? undefined : answer.source, nextHops: [{ ...(answer.gateway === undefined ? {} : { gateway: answer.gateway }), device: answer.device }],
    ...(answer.route.mtu === undefined ? {} : { mtu: answer.route.mtu }),
  };
}

function ipProtocol(words: Words): number {
  const word = words.value();
  const named: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, 'ipv6-icmp': 58 };
  return named[word] ?? parseUnsigned(word) ?? words.invalid('Invalid "ipproto" value\n', word);
}


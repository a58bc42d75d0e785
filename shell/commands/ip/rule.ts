/** `ip rule`. Read first: ip/iprule.c, ip-rule(8). */
import type { ExitCode } from '../../../machine/sys.ts';
import type { Family, RuleView } from '../../ports/kernel.ts';
import { matches, parseUnsigned, takePrefix, Words } from './arguments.ts';
import { kernelAnswer, unsupported, type IpContext } from './context.ts';
import type { Printer } from './printer.ts';
import { TABLE_MAIN, tableName, tableNumber } from './route.ts';
import { usageTexts } from './usage.ts';

type Rule = { -readonly [K in keyof RuleView]?: RuleView[K] } & { family: Family };

export function rule(context: IpContext, args: readonly string[]): ExitCode {
  const words = new Words(args, context);
  const verb = words.take();
  if (verb === undefined) return list(context, words);
  if (matches(verb, 'list') || matches(verb, 'lst') || matches(verb, 'show')) return list(context, words);
  if (matches(verb, 'add')) return modify(context, words, true);
  if (matches(verb, 'delete')) return modify(context, words, false);
  if (matches(verb, 'flush')) return flush(context);
  if (matches(verb, 'save') || matches(verb, 'restore')) return unsupported(context, `rule ${verb}`);
  if (matches(verb, 'help')) {
    context.call.writeErr(usageTexts.rule);
    return 255;
  }
  context.err(`Command "${verb}" is unknown, try "ip rule help".`);
  return 255;
}

function list(context: IpContext, words: Words): ExitCode {
  let table: number | undefined;
  let priority: number | undefined;
  let iif: string | undefined;
  let oif: string | undefined;
  const sides: { from?: RuleView['from']; to?: RuleView['to'] } = {};
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (matches(word, 'lookup') || matches(word, 'table')) {
      const name = words.value();
      table = tableNumber(name) ?? words.invalid('table id value is invalid\n', name);
    } else if (matches(word, 'preference') || matches(word, 'order') || matches(word, 'priority')) {
      priority = words.unsigned('preference', words.value(), 'preference value is invalid\n');
    } else if (matches(word, 'help')) {
      context.call.writeErr(usageTexts.rule);
      return 255;
    } else if (word === 'from' || word === 'to') {
      const prefix = takePrefix(words, words.value(), context.family);
      if (!prefix.isAny) sides[word] = { address: prefix.address, prefixLength: prefix.length };
    } else if (word === 'iif' || word === 'dev') iif = words.value();
    else if (word === 'oif') oif = words.value();
    else unsupported(context, `rule selector ${word}`);
  }
  const printer = context.newPrinter();
  for (const each of context.net.netlink.rules(context.family ?? 'inet')) {
    if ((table !== undefined && each.table !== table) || (priority !== undefined && each.priority !== priority)) continue;
    if ((iif !== undefined && each.iif !== iif) || (oif !== undefined && each.oif !== oif)) continue;
    if (!isSide(each.from, sides.from) || !isSide(each.to, sides.to)) continue;
    printer.object(() => printRule(printer, each));
  }
  printer.finish();
  return 0;
}

/** A rule shows when it has just the wanted prefix. */
function isSide(side: RuleView['from'], wanted: RuleView['from']): boolean {
  return wanted === undefined || (side?.address === wanted.address && side.prefixLength === wanted.prefixLength);
}

export function printRule(printer: Printer, each: RuleView): void {
  printer.put('priority', `${each.priority}:\t`, each.priority);
  if (each.not) printer.put('not', 'not ', null);
  printSide(printer, 'src', 'from', each.from, each.family, true);
  printSide(printer, 'dst', 'to', each.to, each.family, false);
  if (each.tos !== undefined && each.tos !== 0) printer.put('tos', `tos 0x${each.tos.toString(16).padStart(2, '0')} `, `0x${each.tos.toString(16)}`);
  if (each.mark !== undefined) {
    const value = `0x${each.mark.value.toString(16)}`;
    const mask = each.mark.mask === 0xffffffff ? undefined : `0x${each.mark.mask.toString(16)}`;
    printer.text('fwmark ');
    printer.put('fwmark', mask === undefined ? `${value} ` : `${value}/${mask} `, value);
    if (mask !== undefined) printer.json('fwmask', mask);
  }
  if (each.iif !== undefined) printer.put('iif', `iif ${each.iif} `, each.iif);
  if (each.oif !== undefined) printer.put('oif', `oif ${each.oif} `, each.oif);
  if (each.uidRange !== undefined) {
    const [from, to] = each.uidRange;
    printer.text(`uidrange ${from}-${to} `);
    printer.json('uid_start', from);
    printer.json('uid_end', to);
  }
  if (each.ipProtocol !== undefined) {
    const name = protocolNames.get(each.ipProtocol) ?? String(each.ipProtocol);
    printer.put('ipproto', `ipproto ${name} `, name);
  }
  printPorts(printer, 'sport', each.sport);
  printPorts(printer, 'dport', each.dport);
  if (each.action === 'table') {
    printer.put('table', `lookup ${tableName(each.table)}`, tableName(each.table));
    if (each.suppressPrefixLength !== undefined) printer.put('suppress_prefixlen', ` suppress_prefixlength ${each.suppressPrefixLength}`, each.suppressPrefixLength);
  } else if (each.action === 'goto') {
    printer.put('goto', `goto ${each.goto ?? 0}`, each.goto ?? 0);
  } else {
    printer.put('action', each.action, each.action);
  }
  if (each.protocol !== 'kernel' && each.protocol !== 'unspec' && each.protocol !== 'boot') printer.put('protocol', ` proto ${each.protocol}`, each.protocol);
  printer.text('\n');
}

const protocolNames: ReadonlyMap<number, string> = new Map([[1, 'icmp'], [6, 'tcp'], [17, 'udp'], [58, 'ipv6-icmp']]);

function printSide(printer: Printer, key: string, word: string, side: RuleView['from'], family: Family, isAlways: boolean): void {
  if (side === undefined || side.prefixLength === 0) {
    if (isAlways) printer.put(key, `${word} all `, 'all');
    return;
  }
  const isHost = side.prefixLength === (family === 'inet' ? 32 : 128);
  printer.text(`${word} `);
  printer.coloured(family, key, side.address, side.address);
  if (!isHost) printer.put(`${key}len`, `/${side.prefixLength}`, side.prefixLength);
  printer.text(' ');
}

function printPorts(printer: Printer, key: string, range: readonly [number, number] | undefined): void {
  if (range === undefined) return;
  if (range[0] === range[1]) printer.put(key, `${key} ${range[0]} `, range[0]);
  else {
    printer.text(`${key} ${range[0]}-${range[1]} `);
    printer.json(`${key}_start`, range[0]);
    printer.json(`${key}_end`, range[1]);
  }
}

function modify(context: IpContext, words: Words, isAdd: boolean): ExitCode {
  if (words.isEmpty) {
    if (!isAdd) {
      context.err('"ip rule del" requires arguments.');
      return 1;
    }
    context.err('"ip rule add" requires arguments.');
    return 1;
  }
  const made: Rule = { family: context.family ?? 'inet' };
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'not') made.not = true;
    else if (word === 'from' || word === 'to') {
      const prefix = takePrefix(words, words.value(), context.family);
      if (!prefix.isAny) made.family = prefix.family;
      made[word] = { address: prefix.address, prefixLength: prefix.length };
    } else if (matches(word, 'preference') || matches(word, 'order') || matches(word, 'priority')) {
      made.priority = words.unsigned('preference', words.value(), 'preference value is invalid\n');
    } else if (word === 'tos' || matches(word, 'dsfield')) made.tos = words.unsigned('tos', words.value(), 'TOS value is invalid\n', 255);
    else if (word === 'fwmark') {
      const value = words.value();
      const [mark = '', mask] = value.split('/');
      const markValue = parseUnsigned(mark);
      const maskValue = mask === undefined ? 0xffffffff : parseUnsigned(mask);
      if (markValue === undefined || maskValue === undefined) words.invalid('fwmark value is invalid\n', value);
      made.mark = { value: markValue, mask: maskValue };
    } else if (matches(word, 'protocol')) made.protocol = words.value();
    else if (matches(word, 'table') || word === 'lookup') {
      const name = words.value();
      made.table = tableNumber(name) ?? words.invalid('invalid table ID\n', name);
      made.action = 'table';
    } else if (word === 'suppress_prefixlength' || word === 'sup_pl') made.suppressPrefixLength = words.unsigned('suppress_prefixlength', words.value(), 'suppress_prefixlength value is invalid\n');
    else if (word === 'dev' || word === 'iif') made.iif = deviceName(words, '"iif"/"dev" not a valid ifname');
    else if (word === 'oif') made.oif = deviceName(words, '"oif" not a valid ifname');
    else if (word === 'ipproto') {
      const name = words.value();
      made.ipProtocol = [...protocolNames].find(([, known]) => known === name)?.[0] ?? parseUnsigned(name) ?? words.invalid('Invalid "ipproto" value\n', name);
    } else if (word === 'sport' || word === 'dport') {
      const value = words.value();
      const range = /^(\d+)(?:-(\d+))?$/.exec(value);
      if (range === null) words.invalid(`invalid ${word}\n`, value);
      made[word] = [Number(range![1]), Number(range![2] ?? range![1])];
    } else if (word === 'uidrange') {
      const value = words.value();
      const range = /^(\d+)-(\d+)$/.exec(value);
      if (range === null) words.invalid('invalid UID range\n', value);
      made.uidRange = [Number(range![1]), Number(range![2])];
    } else if (matches(word, 'nat') || matches(word, 'map-to')) {
      takePrefix(words, words.value(), 'inet');
      context.err('Warning: route NAT is deprecated');
    } else if ( word === 'realms' || word === 'l3mdev' || word === 'tun_id' || word === 'suppress_ifgroup') {
      unsupported(context, `rule option ${word}`);
    } else {
      if (word === 'type') word = words.value();
      if (matches(word, 'help')) {
        context.call.writeErr(usageTexts.rule);
        return 255;
      }
      if (matches(word, 'goto')) {
        made.action = 'goto';
        made.goto = words.unsigned('goto', words.value(), 'invalid target\n');
      } else if (word === 'nop' || word === 'blackhole' || word === 'unreachable' || word === 'prohibit') made.action = word;
      else if (word === 'unicast') made.action = 'table';
      else words.invalid('Failed to parse rule type', word);
    }
  }
  if (isAdd && made.action === undefined) {
    made.action = 'table';
    made.table ??= TABLE_MAIN;
  }
  if (made.family === 'inet6' && made.uidRange !== undefined) return unsupported(context, 'IPv6 rule option uidrange');
  const { netlink } = context.net;
  return kernelAnswer(context, isAdd ? netlink.addRule(made) : netlink.deleteRule(made));
}

/** check_ifname(): 15 characters, no slash, no blank. */
function deviceName(words: Words, message: string): string {
  const name = words.value();
  return name === '' || name.length > 15 || /[/\s]/.test(name) ? words.invalid(message, name) : name;
}

/** All but the one of priority 0. */
function flush(context: IpContext): ExitCode {
  const { netlink } = context.net;
  for (const each of netlink.rules(context.family ?? 'inet')) {
    if (each.priority === 0) continue;
    const answer = kernelAnswer(context, netlink.deleteRule(each));
    if (answer !== 0) return answer;
  }
  return 0;
}

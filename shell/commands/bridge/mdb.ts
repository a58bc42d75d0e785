/** bridge mdb: who of a bridge's ports wants which multicast group. Read first: iproute2 bridge/mdb.c */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseMac } from '../../ports/addresses.ts';
import type { MdbView } from '../../ports/kernel.ts';
import { matches, needLink, parseAddress, type Words } from '../ip/arguments.ts';
import { kernelAnswer, unsupported, type IpContext } from '../ip/context.ts';
import type { Printer } from '../ip/printer.ts';

const help = `Usage: bridge mdb { add | del } dev DEV port PORT grp GROUP [src SOURCE] [permanent | temp] [vid VID]
       bridge mdb {show} [ dev DEV ] [ vid VID ]
`;

export function mdb(context: IpContext, words: Words): ExitCode {
  const verb = words.take() ?? 'show';
  if (matches(verb, 'add')) return change(context, words, true);
  if (matches(verb, 'delete')) return change(context, words, false);
  if (matches(verb, 'show') || matches(verb, 'lst') || matches(verb, 'list')) return show(context, words);
  if (matches(verb, 'help')) context.call.writeErr(help);
  else context.err(`Command "${verb}" is unknown, try "bridge mdb help".`);
  return 255;
}

function show(context: IpContext, words: Words): ExitCode {
  let device: number | undefined;
  let vlan: number | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') device = needLink(context, words.value()).index;
    else if (word === 'vid') vlan = Number(words.value());
  }
  const printer = context.newPrinter();
  printer.object(() => {
    printer.array('mdb', () => {
      for (const entry of context.net.netlink.mdb()) if ((device === undefined || entry.bridge === device) && (vlan === undefined || entry.vlan === vlan)) printEntry(context, printer, entry);
    });
    printer.json('router', {});
  });
  printer.finish();
  return 0;
}

function printEntry(context: IpContext, printer: Printer, entry: MdbView): void {
  const name = (index: number): string => context.net.netlink.link(index)?.name ?? `if${index}`;
  const state = entry.isPermanent ? 'permanent' : 'temp';
  printer.object(() => {
    printer.json('index', entry.bridge);
    printer.put('dev', `dev ${name(entry.bridge)}`, name(entry.bridge));
    printer.put('port', ` port ${name(entry.port)}`, name(entry.port));
    printer.put('grp', ` grp ${entry.group}`, entry.group);
    printer.put('state', ` ${state}`, state);
    // Who set a membership is told of ports alone.
    if (context.options.details > 0 && entry.port !== entry.bridge) {
      const by = entry.byUser ? 'static' : 'kernel';
      printer.put('protocol', ` proto ${by} `, by);
    }
    printer.json('flags', []);
    if (entry.vlan !== 0) printer.put('vid', ` vid ${entry.vlan}`, entry.vlan);
    if (context.options.statistics > 0) {
      const seconds = (entry.leftMs / 1000).toFixed(2);
      printer.put('timer', ` ${seconds.padStart(7)}`, seconds.padStart(7));
    }
    printer.text('\n');
  });
}

function change(context: IpContext, words: Words, isAdded: boolean): ExitCode {
  let device: string | undefined;
  let port: string | undefined;
  let group: string | undefined;
  let vlan = 0;
  let isPermanent = false;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') device = words.value();
    else if (word === 'grp') group = words.value();
    else if (word === 'port') port = words.value();
    else if (word === 'permanent') isPermanent = true;
    else if (word === 'temp') isPermanent = false;
    else if (word === 'vid') vlan = Number(words.value());
    else if (word === 'src') unsupported(context, 'mdb option src');
    else if (matches(word, 'help')) {
      context.call.writeErr(help);
      return 255;
    }
  }
  if (device === undefined || group === undefined || port === undefined) {
    context.err('Device, group address and port name are required arguments.');
    return 255;
  }
  const bridge = needLink(context, device).index;
  const member = needLink(context, port).index;
  const address = parseAddress(group);
  if (address === undefined) {
    if (parseMac(group) !== undefined) unsupported(context, 'mdb add with a link-layer group');
    context.err(`"${group}" is invalid lladdr.`);
    context.err(`Invalid address "${group}"`);
    return 255;
  }
  const entry = { bridge, port: member, group: address.address, vlan };
  const { netlink } = context.net;
  return kernelAnswer(context, isAdded ? netlink.addMdb(entry, isPermanent) : netlink.deleteMdb(entry)) === 0 ? 0 : 255;
}

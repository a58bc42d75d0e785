/** `ip monitor`. Read first: ip/ipmonitor.c. Prints what netlink announces until it is interrupted. */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import type { NetlinkEvent } from '../../ports/kernel.ts';
import { printAddress } from './address.ts';
import { matches, Words } from './arguments.ts';
import { unsupported, type IpContext } from './context.ts';
import { printLink } from './link-view.ts';
import { printNeighbour } from './neighbour.ts';
import type { Printer } from './printer.ts';
import { printRoute } from './route.ts';
import { printRule } from './rule.ts';
import { usageTexts } from './usage.ts';

const labels: Readonly<Record<NetlinkEvent['kind'], string>> = {
  link: '[LINK]', address: '[ADDR]', route: '[ROUTE]', neighbour: '[NEIGH]', rule: '[RULE]', nsid: '[NSID]',
};

export async function monitor(context: IpContext, args: readonly string[]): Promise<ExitCode> {
  const words = new Words(args, context);
  const kinds = new Set<NetlinkEvent['kind']>();
  let isLabelled = false;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'file' || word === 'all-nsid') unsupported(context, `monitor ${word}`);
    else if (matches(word, 'label')) isLabelled = true;
    else if (matches(word, 'link')) kinds.add('link');
    else if (matches(word, 'address')) kinds.add('address');
    else if (matches(word, 'route')) kinds.add('route');
    else if (matches(word, 'neigh')) kinds.add('neighbour');
    else if (matches(word, 'rule')) kinds.add('rule');
    else if (matches(word, 'nsid')) kinds.add('nsid');
    else if (word === 'all') isLabelled = true;
    else if (word === 'mroute' || matches(word, 'prefix') || matches(word, 'netconf') || matches(word, 'nexthop') || matches(word, 'stats')) continue;
    else if (matches(word, 'help')) {
      context.call.writeErr(usageTexts.monitor);
      return 255;
    } else if (word === 'dev') unsupported(context, 'monitor dev');
    else {
      context.err(`Argument "${word}" is unknown, try "ip monitor help".`);
      return 255;
    }
  }
  if (kinds.size === 0) for (const kind of Object.keys(labels) as NetlinkEvent['kind'][]) kinds.add(kind);
  const queue = context.net.netlink.subscribe([...kinds]);
  for (;;) {
    await context.call.flush();
    const ready = await context.net.sockets.poll([{ id: queue, read: true }]);
    if (!ready.ok && ready.error !== 'EINTR') return 1;
    for (const event of context.net.netlink.takeEvents(queue)) printEvent(context, event, isLabelled);
  }
}

function printEvent(context: IpContext, event: NetlinkEvent, isLabelled: boolean): void {
  const { timestamp } = context.options;
  const seconds = Math.floor(event.atUs / 1_000_000);
  const fraction = String(event.atUs % 1_000_000).padStart(6, '0');
  if (timestamp === 'short') context.call.write(`[${formatTime('%Y-%m-%dT%H:%M:%S', seconds)}.${fraction}] `);
  else if (timestamp === 'long') context.out(`Timestamp: ${formatTime('%a %b %e %H:%M:%S %Y', seconds)} ${fraction} usec`);
  if (isLabelled) context.call.write(labels[event.kind]);
  const printer = context.newPrinter();
  printer.object(() => printBody(context, printer, event));
  printer.finish();
}

function printBody(context: IpContext, printer: Printer, event: NetlinkEvent): void {
  if (event.deleted && event.kind !== 'nsid') printer.put('deleted', 'Deleted ', true);
  switch (event.kind) {
    case 'link':
      printLink(context, printer, event.link, { isLinkCommand: false, showsAddresses: false });
      return;
    case 'address':
      printAddress(context, printer, event.address, context.net.netlink.link(event.address.index), true);
      return;
    case 'route':
      printRoute(context, printer, event.route, undefined);
      return;
    case 'neighbour':
      printNeighbour(context, printer, event.neighbour, false);
      return;
    case 'rule':
      printRule(printer, event.rule);
      return;
    case 'nsid':
      printer.put('nsid', `nsid ${event.id} `, event.id);
      printer.text('\n');
  }
}

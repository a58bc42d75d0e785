/** `ip link`. Read first: ip/iplink.c, ip-link(8). */
import type { ExitCode } from '../../../machine/sys.ts';
import type { LinkView } from '../../ports/kernel.ts';
import { findLink, matches, needLink, needShownLink, Words } from './arguments.ts';
import { kernelAnswer, unsupported, type IpContext } from './context.ts';
import { linkInfoKind, printBriefLink, printLink } from './link-view.ts';
import { addLink, deleteLink, setLink } from './link-change.ts';
import { typeUsageTexts, usageTexts } from './usage.ts';

export function link(context: IpContext, args: readonly string[]): ExitCode | Promise<ExitCode> {
  const words = new Words(args, context);
  const verb = words.take();
  if (verb === undefined) return show(context, words);
  if (matches(verb, 'add')) return addLink(context, words);
  if (matches(verb, 'set') || matches(verb, 'change')) return setLink(context, words);
  if (matches(verb, 'replace')) return addLink(context, words);
  if (matches(verb, 'delete')) return deleteLink(context, words);
  if (matches(verb, 'show') || matches(verb, 'lst') || matches(verb, 'list')) return show(context, words);
  if (matches(verb, 'xstats') || matches(verb, 'afstats')) return unsupported(context, `link ${verb}`);
  if (matches(verb, 'property')) return property(context, words);
  if (matches(verb, 'help')) {
    const type = words.take();
    context.call.writeErr((type === undefined ? undefined : typeUsageTexts[type]) ?? usageTexts.link);
    return 255;
  }
  context.err(`Command "${verb}" is unknown, try "ip link help".`);
  return 255;
}

export interface LinkFilter { device?: string; up?: boolean; master?: LinkView | 'none'; group?: string; type?: string }

/** The words that choose links, shared with `ip address show`. Answers false for a word that is not one of them. */
export function readLinkFilter(context: IpContext, words: Words, word: string, filter: LinkFilter): boolean {
  switch (word) {
    case 'up':
      filter.up = true;
      return true;
    case 'master': {
      const name = words.value();
      filter.master = findLink(context, name) ?? words.invalid('Device does not exist\n', name);
      return true;
    }
    case 'nomaster':
      filter.master = 'none';
      return true;
    case 'group':
      filter.group = words.value();
      return true;
    case 'type':
      filter.type = words.value();
      return true;
    case 'vrf': {
      const name = words.value();
      if (findLink(context, name) === undefined) words.invalid('Not a valid VRF name\n', name);
      return unsupported(context, 'option vrf');
    }
    default:
      return false;
  }
}

export function passesFilter(link: LinkView, filter: LinkFilter): boolean {
  if (filter.up === true && !link.isUp) return false;
  if (filter.master === 'none' && link.master !== undefined) return false;
  if (filter.master !== undefined && filter.master !== 'none' && link.master !== filter.master.index) return false;
  if (filter.group !== undefined && link.group !== (filter.group === '0' ? 'default' : filter.group)) return false;
  if (filter.type !== undefined) {
    if (filter.type === 'bridge_slave') return link.master !== undefined;
    return linkInfoKind(link) === filter.type;
  }
  return true;
}

function show(context: IpContext, words: Words): ExitCode {
  const filter: LinkFilter = {};
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (readLinkFilter(context, words, word, filter)) continue;
    if (word === 'dev') word = words.value();
    else if (matches(word, 'help')) {
      context.call.writeErr(usageTexts.link);
      return 255;
    }
    if (filter.device !== undefined) words.garbage('dev', word);
    filter.device = word;
  }
  return showLinks(context, filter);
}

function showLinks(context: IpContext, filter: LinkFilter): ExitCode {
  const links = filter.device === undefined ? context.net.netlink.links() : [needShownLink(context, filter.device)];
  const printer = context.newPrinter();
  for (const link of links) {
    if (!passesFilter(link, filter)) continue;
    printer.object(() => {
      if (context.options.brief) printBriefLink(context, printer, link, true);
      else printLink(context, printer, link, { isLinkCommand: true, showsAddresses: false });
    });
  }
  printer.finish();
  return 0;
}

/** `ip link property {add|del} dev X altname Y ...`. */
function property(context: IpContext, words: Words): ExitCode {
  const verb = words.take();
  if (verb === undefined || !(matches(verb, 'add') || matches(verb, 'delete'))) {
    context.call.writeErr(usageTexts.link);
    return 255;
  }
  let device: LinkView | undefined;
  const names: string[] = [];
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'altname') names.push(words.value());
    else device = needLink(context, word === 'dev' ? words.value() : word);
  }
  if (device === undefined) return words.exit(255, 'Not enough information: "dev" argument is required.');
  for (const name of names) {
    const answer = kernelAnswer(context, context.net.netlink.setLink(device.index, matches(verb, 'add') ? { addAltName: name } : { deleteAltName: name }));
    if (answer !== 0) return answer;
  }
  return 0;
}

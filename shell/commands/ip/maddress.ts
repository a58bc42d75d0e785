/** `ip maddress`. Read first: ip/ipmaddr.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { parseIp4, parseMac } from '../../ports/addresses.ts';
import { matches, needShownLink, Words } from './arguments.ts';
import { strerror } from '../../lib/errno.ts';
import type { IpContext } from './context.ts';
import { usageTexts } from './usage.ts';

export function maddress(context: IpContext, args: readonly string[]): ExitCode {
  const words = new Words(args, context);
  const verb = words.take() ?? 'show';
  if (matches(verb, 'add')) return modify(context, words, true);
  if (matches(verb, 'delete')) return modify(context, words, false);
  if (matches(verb, 'list') || matches(verb, 'show') || matches(verb, 'lst')) return show(context, words);
  if (matches(verb, 'help')) {
    context.call.writeErr(usageTexts.maddress);
    return 255;
  }
  context.err(`Command "${verb}" is unknown, try "ip maddr help".`);
  return 255;
}

function modify(context: IpContext, words: Words, isAdd: boolean): ExitCode {
  let device: string | undefined;
  let address: string | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'dev') {
      const name = words.value();
      if (device !== undefined) words.duplicate('dev', name);
      device = name;
      continue;
    }
    if (matches(word, 'address')) word = words.value();
    if (matches(word, 'help')) {
      context.call.writeErr(usageTexts.maddress);
      return 255;
    }
    if (address !== undefined) words.duplicate('address', word);
    address = linkAddress(words, word);
  }
  if (device === undefined) {
    context.err('Not enough information: "dev" is required.');
    return 255;
  }
  const { netlink } = context.net;
  const link = netlink.link(device);
  const answer = link === undefined ? { ok: false as const, error: 'ENODEV' as const } : netlink.setLinkGroup(link.index, address ?? '00:00:00:00:00:00', isAdd);
  if (answer.ok) return 0;
  context.err(`ioctl: ${strerror(answer.error)}`);
  return 1;
}

/** ll_addr_a2n: an IPv4 address is taken as its four bytes, and any number of bytes is read, to be found too few. */
function linkAddress(words: Words, text: string): string {
  const mac = parseMac(text);
  if (mac !== undefined) return mac;
  const parts = text.split(':');
  const isIp4 = parseIp4(text) !== undefined;
  const wrong = parts.find((part) => !/^[0-9a-f]{1,2}$/i.test(part));
  if (!isIp4 && wrong !== undefined) return words.exit(1, `"${wrong}" is invalid lladdr.`);
  const length = isIp4 ? 4 : parts.length;
  return words.exit(1, `Error: Invalid address length ${length} - must be 6 bytes`);
}

function show(context: IpContext, words: Words): ExitCode {
  let device: string | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) device = word === 'dev' ? words.value() : word;
  const only = device === undefined ? undefined : needShownLink(context, device);
  const groups = context.net.netlink.multicastGroups();
  const { family } = context.options;
  const printer = context.newPrinter();
  for (const link of only === undefined ? context.net.netlink.links() : [only]) {
    const own = groups.filter((group) => group.index === link.index && (family === undefined || family === group.family));
    if (own.length === 0) continue;
    printer.object(() => {
      printer.put('ifindex', `${link.index}:`, link.index);
      printer.coloured('ifname', 'ifname', `\t${link.name}\n`, link.name);
      printer.array('maddr', () => {
        for (const group of own) {
          printer.object(() => {
            if (group.family === 'link') {
              printer.put('link', `\tlink  ${group.address}`, group.address);
            } else {
              printer.put('family', `\t${group.family.padEnd(5)} `, group.family);
              printer.put('address', group.address, group.address);
            }
            if (group.users > 1) printer.put('users', ` users ${group.users}`, group.users);
            if (group.isStatic === true) printer.put('features', ' static', 'static');
            printer.text('\n');
          });
        }
      });
    });
  }
  printer.finish();
  return 0;
}

/** `ip maddress`. Read first: ip/ipmaddr.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { matches, needShownLink, Words } from './arguments.ts';
import { unsupported, type IpContext } from './context.ts';
import { usageTexts } from './usage.ts';

export function maddress(context: IpContext, args: readonly string[]): ExitCode {
  const words = new Words(args, context);
  const verb = words.take() ?? 'show';
  if (matches(verb, 'add') || matches(verb, 'delete')) return unsupported(context, `maddress ${verb}`);
  if (matches(verb, 'list') || matches(verb, 'show') || matches(verb, 'lst')) return show(context, words);
  if (matches(verb, 'help')) {
    context.call.writeErr(usageTexts.maddress);
    return 255;
  }
  context.err(`Command "${verb}" is unknown, try "ip maddr help".`);
  return 255;
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
            printer.text('\n');
          });
        }
      });
    });
  }
  printer.finish();
  return 0;
}

/** `ip tunnel`, as far as a kernel without tunnel devices answers: there is nothing to show. Read first: ip/iptunnel.c, ip/ip6tunnel.c. vxlan is in `ip link`. */
import type { ExitCode } from '../../../machine/sys.ts';
import { matches } from './arguments.ts';
import { unsupported, type IpContext } from './context.ts';
import { usageTexts } from './usage.ts';

export function tunnel(context: IpContext, args: readonly string[]): ExitCode {
  const [verb = 'show', ...rest] = args;
  const is = (...names: readonly string[]): boolean => names.some((name) => matches(verb, name));
  if (context.options.family === 'inet6' && !is('show', 'lst', 'list')) unsupported(context, `tunnel ${verb}`);
  if (is('add', 'change', 'delete')) return modify(context, verb, rest);
  if (is('show', 'lst', 'list')) {
    context.newPrinter().finish();
    return 0;
  }
  if (is('prl', '6rd')) {
    if (rest.includes('dev')) unsupported(context, `tunnel ${verb}`);
    context.err('Must specify device');
    return 255;
  }
  if (is('help')) {
    context.call.writeErr(usageTexts.tunnel);
    return 255;
  }
  context.err(`Command "${verb}" is unknown, try "ip tunnel help"`);
  return 255;
}

const MODES = ['ipip', 'ip/ip', 'gre', 'gre/ip', 'sit', 'ipv6/ip', 'isatap', 'vti'];

function modify(context: IpContext, verb: string, words: readonly string[]): ExitCode {
  const at = words.indexOf('mode');
  const mode = at < 0 ? undefined : words[at + 1];
  if (mode !== undefined && !MODES.includes(mode)) {
    context.err(`Unknown tunnel mode "${mode}"`);
    return 255;
  }
  if (matches(verb, 'add')) {
    if (mode !== undefined) unsupported(context, `a tunnel device of mode ${mode}`);
    context.err('cannot determine tunnel mode (ipip, gre, vti or sit)');
    return 1;
  }
  const name = words[0] === 'name' ? words[1] : words[0];
  const device = context.net.netlink.link(name ?? '');
  context.err(`${matches(verb, 'change') ? 'get' : 'delete'} tunnel "${name ?? ''}" failed: ${device === undefined ? 'No such device' : 'Operation not supported'}`);
  return 1;
}

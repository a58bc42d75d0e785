/** `ip netconf`. Read first: ip/ipnetconf.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import type { Family } from '../../ports/kernel.ts';
import { matches, needShownLink, Words } from './arguments.ts';
import type { IpContext } from './context.ts';
import { usageTexts } from './usage.ts';

const reversePath = ['off', 'strict', 'loose'];

export function netconf(context: IpContext, args: readonly string[]): ExitCode {
  const words = new Words(args, context);
  const verb = words.take() ?? 'show';
  if (matches(verb, 'help')) {
    context.call.writeErr(usageTexts.netconf);
    return 255;
  }
  if (!matches(verb, 'show')) {
    context.err(`Command "${verb}" is unknown, try "ip netconf help".`);
    return 255;
  }
  let device: string | undefined;
  for (let word = words.take(); word !== undefined; word = words.take()) device = word === 'dev' ? words.value() : word;
  if (device !== undefined) needShownLink(context, device);
  const families: Family[] = context.family === undefined ? ['inet', 'inet6'] : [context.family];
  const names = device === undefined ? [...context.net.netlink.links().map((link) => link.name), 'all', 'default'] : [device];
  const printer = context.newPrinter();
  for (const family of families) {
    for (const name of names) {
      const get = (key: string): string => {
        const value = context.net.sysctl.get(`net/${family === 'inet' ? 'ipv4' : 'ipv6'}/conf/${name}/${key}`);
        return value.ok ? value.value : '0';
      };
      printer.object(() => {
        printer.put('family', `${family} `, family);
        printer.put('interface', `${name} `, name);
        const onOff = (key: string, sysctl: string): void => {
          const isOn = get(sysctl) !== '0';
          printer.put(key, `${key} ${isOn ? 'on' : 'off'} `, isOn);
        };
        onOff('forwarding', 'forwarding');
        if (family === 'inet') {
          const mode = reversePath[Number(get('rp_filter'))] ?? 'off';
          printer.put('rp_filter', `rp_filter ${mode} `, mode);
        }
        onOff('mc_forwarding', 'mc_forwarding');
        onOff('proxy_neigh', family === 'inet' ? 'proxy_arp' : 'proxy_ndp');
        onOff('ignore_routes_with_linkdown', 'ignore_routes_with_linkdown');
        printer.text('\n');
      });
    }
  }
  printer.finish();
  return 0;
}

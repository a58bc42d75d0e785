/** `ip tuntap`. Read first: ip/iptuntap.c, ip-tuntap(8), Documentation/networking/tuntap.rst. */
import type { ExitCode } from '../../../machine/sys.ts';
import type { LinkSpec, LinkView } from '../../ports/kernel.ts';
import { strerror } from '../../lib/errno.ts';
import { matches, Words } from './arguments.ts';
import { kernelAnswer, type IpContext } from './context.ts';
import { usageTexts } from './usage.ts';

interface Request { name?: string; mode?: 'tun' | 'tap'; user?: number; group?: number; pi: boolean; vnetHdr: boolean; multiQueue: boolean }

export function tuntap(context: IpContext, args: readonly string[]): ExitCode {
  const words = new Words(args, context);
  const verb = words.take();
  if (verb === undefined) return show(context, words);
  if (matches(verb, 'add')) return add(context, words);
  if (matches(verb, 'delete')) return remove(context, words);
  if (matches(verb, 'show') || matches(verb, 'lst') || matches(verb, 'list')) return show(context, words);
  if (matches(verb, 'help')) {
    context.call.writeErr(usageTexts.tuntap);
    return 255;
  }
  context.err(`Command "${verb}" is unknown, try "ip tuntap help".`);
  return 255;
}

function parse(context: IpContext, words: Words): Request {
  const request: Request = { pi: false, vnetHdr: false, multiQueue: false };
  const { machine } = context.call.sys;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (matches(word, 'mode')) {
      const mode = words.value();
      if (matches(mode, 'tun')) request.mode = 'tun';
      else if (matches(mode, 'tap')) request.mode = 'tap';
      else words.exit(255, `Unknown tunnel mode "${mode}"`);
    } else if (word === 'user') {
      const name = words.value();
      request.user = /^\d+$/.test(name) ? Number(name) : machine.users().find((user) => user.name === name)?.uid ?? words.exit(255, `invalid user "${name}"`);
    } else if (word === 'group') {
      const name = words.value();
      request.group = /^\d+$/.test(name) ? Number(name) : machine.groups().find((group) => group.name === name)?.gid ?? words.exit(255, `invalid group "${name}"`);
    } else if (matches(word, 'pi')) request.pi = true;
    else if (matches(word, 'one_queue')) continue;
    else if (matches(word, 'vnet_hdr')) request.vnetHdr = true;
    else if (matches(word, 'multi_queue')) request.multiQueue = true;
    else if (matches(word, 'dev')) request.name = words.value();
    else {
      if (matches(word, 'name')) word = words.value();
      else if (matches(word, 'help')) {
        context.call.writeErr(usageTexts.tuntap);
        words.exit(255);
      }
      if (request.name !== undefined) words.garbage('name', word);
      request.name = word;
    }
  }
  return request;
}

function add(context: IpContext, words: Words): ExitCode {
  const request = parse(context, words);
  if (request.mode === undefined) return noMode(context);
  const spec: LinkSpec = {
    kind: request.mode, ...(request.name === undefined ? {} : { name: request.name }),
    tun: {
      pi: request.pi, vnetHdr: request.vnetHdr, multiQueue: request.multiQueue,
      ...(request.user === undefined ? {} : { user: request.user }), ...(request.group === undefined ? {} : { group: request.group }),
    },
  };
  // TUNSETIFF attaches to an existing device: busy when it is persistent and has a single queue, invalid when it is none of tun's.
  const existing = request.name === undefined ? undefined : context.net.netlink.link(request.name);
  if (existing !== undefined) return ioctlError(context, isTun(existing) ? 'EBUSY' : 'EINVAL');
  const added = context.net.netlink.addLink(spec);
  return added.ok ? 0 : ioctlError(context, added.error);
}

function remove(context: IpContext, words: Words): ExitCode {
  const request = parse(context, words);
  if (request.mode === undefined) return noMode(context);
  const link = request.name === undefined ? undefined : context.net.netlink.link(request.name);
  if (link === undefined) return context.call.sys.uid === 0 ? 0 : ioctlError(context, 'EPERM');   // made and forgotten at once
  if (!isTun(link) || link.kind !== request.mode) return ioctlError(context, 'EINVAL');
  const removed = context.net.netlink.deleteLink(link.index);
  if (!removed.ok && removed.error === 'EPERM') return ioctlError(context, 'EPERM');
  return kernelAnswer(context, removed);
}

function noMode(context: IpContext): ExitCode {
  context.err('You failed to specify a tunnel mode');
  return 1;
}

function ioctlError(context: IpContext, error: Parameters<typeof strerror>[0]): ExitCode {
  context.err(`ioctl(TUNSETIFF): ${strerror(error)}`);
  return 1;
}

function isTun(link: LinkView): boolean {
  return link.kind === 'tap' || link.kind === 'tun';
}

function show(context: IpContext, words: Words): ExitCode {
  const request = parse(context, words);
  const printer = context.newPrinter();
  for (const link of context.net.netlink.links()) {
    const { details } = link;
    if (details.kind !== 'tun' || (request.name !== undefined && link.name !== request.name)) continue;
    printer.object(() => {
      printer.put('ifname', `${link.name}:`, link.name);
      const flags = [details.mode, ...(details.pi ? ['pi'] : []), ...(details.vnetHdr ? ['vnet_hdr'] : []), ...(details.multiQueue ? ['multi_queue'] : []), ...(details.persist ? ['persist'] : [])];
      printer.put('flags', ` ${flags.join(' ')}`, flags);
      if (details.user !== undefined) printer.put('user', ` user ${details.user}`, details.user);
      if (details.group !== undefined) printer.put('group', ` group ${details.group}`, details.group);
      printer.text('\n');
      if (context.options.details > 0) {
        printer.text('\tAttached to processes:');
        printer.json('processes', []);
        printer.text('\n');
      }
    });
  }
  printer.finish();
  return 0;
}

/** route(8) of net-tools 2.10. Read first: route.c, lib/inet_sr.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { lengthOfMask, maskOf, parseIp4 } from '../../ports/addresses.ts';
import type { NextHop, RouteSpec } from '../../ports/kernel.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { hostAddress, printRoutes } from './common.ts';
import { printRoutes6 } from './route6.ts';
import { inetRouteUsage, routeUsage, writeHelp } from './usage.ts';

export const route = defineCommand({
  name: 'route',
  summary: 'show and change the IP routing table',
  package: 'net-tools',
  path: '/usr/sbin/route',
  run: (call) => runRoute(call),
});

async function runRoute(call: Invocation): Promise<ExitCode> {
  // -net and -host belong to the action, so options end at the first word that is not one.
  const options = parseOptions(call.args, { short: '+A:eCFhnN64Vv?', long: { extend: 'none=e', verbose: 'none=v', version: 'none=V', numeric: 'none=n', symbolic: 'none=N', cache: 'none=C', fib: 'none=F', help: 'none=h', inet: 'none=4', inet6: 'none=6' } });
  if (options.error !== undefined) {
    call.err(`route: ${options.error}`);
    call.writeErr(routeUsage);
    return 3;
  }
  if (options.has('h') || options.has('?')) {
    writeHelp(call, routeUsage);
    return 0;
  }
  if (options.has('V')) {
    call.out('net-tools 2.10');
    return 0;
  }
  const isSix = options.has('6') || options.value('A') === 'inet6';
  const [action, ...words] = options.operands;
  if (action === undefined) {
    if (options.has('C')) {
      // Linux has had no such cache since 3.6.
      call.out('Kernel IP routing cache\nSource          Destination     Gateway         Flags Metric Ref    Use Iface');
      return 0;
    }
    const extended = options.options.filter((option) => option.name === 'e').length;
    if (isSix) printRoutes6(call, options.has('n'));
    else await printRoutes(call, extended === 0 ? 'route' : extended === 1 ? 'netstat' : 'both', options.has('n'));
    return 0;
  }
  if (action === 'flush') {
    call.err("Flushing `inet' routing table not supported");
    call.writeErr(inetRouteUsage);
    return 3;
  }
  if (action !== 'add' && action !== 'del' && action !== 'delete') {
    call.writeErr(routeUsage);
    return 3;
  }
  if (isSix) return notSimulated(call, `${action} for inet6`);
  return change(call, action === 'add', words);
}

function usage(call: Invocation): ExitCode {
  call.writeErr(inetRouteUsage);
  return 3;
}

async function change(call: Invocation, isAdd: boolean, given: readonly string[]): Promise<ExitCode> {
  const words = [...given];
  let kind: 'net' | 'host' | undefined;
  if (words[0] === '-net' || words[0] === '-host') kind = words.shift() === '-net' ? 'net' : 'host';
  const target = words.shift();
  if (target === undefined) {
    call.write(inetRouteUsage);
    return 0;
  }
  const isDefault = target === 'default' || target === '0.0.0.0/0';
  const [host = '', lengthWord] = target.split('/');
  const address = target === 'default' ? '0.0.0.0' : await hostAddress(call, host);
  if (address === undefined) return unknownHost(call, host);
  let length: number | undefined = isDefault ? 0 : lengthWord === undefined ? undefined : Number(lengthWord);
  if (lengthWord !== undefined) kind ??= 'net';
  if (address === '0.0.0.0' && kind === undefined) length = 0;
  const hop: NextHop = {};
  let deviceName: string | undefined;
  let isReject = false;
  const spec: Partial<RouteSpec> = {};
  while (words.length > 0) {
    const word = words.shift()!;
    const argument = (): string | undefined => words.shift();
    if (word === 'metric') {
      const value = argument();
      if (value === undefined || !/^\d+$/.test(value)) return usage(call);
      spec.metric = Number(value);
    } else if (word === 'netmask') {
      const value = argument();
      if (value === undefined || length !== undefined && !isDefault) return usage(call);
      const mask = parseIp4(value);
      if (mask === undefined) {
        call.err(`route: bogus netmask ${value}`);
        return usage(call);
      }
      length = lengthOfMask(mask) ?? -1;
    } else if (word === 'gw' || word === 'gateway') {
      const value = argument();
      if (value === undefined) return usage(call);
      const gateway = await hostAddress(call, value);
      if (gateway === undefined) return unknownHost(call, value);
      hop.gateway = gateway;
    } else if (word === 'mss') {
      const value = argument();
      if (value === undefined) return usage(call);
      spec.advMss = Number(value);
    } else if (word === 'window') {
      const value = argument();
      if (value === undefined) return usage(call);
      spec.window = Number(value);
    } else if (word === 'irtt') {
      const value = argument();
      if (value === undefined) return usage(call);
      spec.rttMs = Number(value);
    } else if (word === 'reject') isReject = true;
    else if (word === 'mod' || word === 'dyn' || word === 'reinstate') {
      return notSimulated(call, `option ${word}`);
    } else if (word === 'dev' || word === 'device') {
      deviceName = argument();
      if (deviceName === undefined) return usage(call);
    } else if (words.length === 0) deviceName = word;
    else return usage(call);
  }
  if (kind !== 'net' && length === undefined) length = 32;
  const what = isAdd ? 'SIOCADDRT' : 'SIOCDELRT';
  if (length !== undefined && length >= 0 && (((parseIp4(address) ?? 0) & ~maskOf(length)) >>> 0) !== 0) {
    call.err("route: netmask doesn't match route address");
    return usage(call);
  }
  if (length === undefined || length < 0) return failed(call, what, isAdd || call.sys.uid !== 0 ? (call.sys.uid === 0 ? 'EINVAL' : 'EPERM') : 'ESRCH');
  if (call.sys.uid !== 0) return failed(call, what, 'EPERM');
  if (deviceName !== undefined) {
    const device = call.net.netlink.link(deviceName);
    if (device === undefined) return failed(call, what, 'ENODEV');
    hop.device = device.index;
  }
  if (isAdd && !isReject && hop.gateway === undefined && hop.device === undefined) return failed(call, what, 'ENODEV');
  const full: RouteSpec = {
    ...spec, family: 'inet', destination: address, prefixLength: length, table: 254, nextHops: Object.keys(hop).length === 0 ? [] : [hop],
    ...(isReject ? { type: 'unreachable' } : isAdd ? { type: 'unicast' } : {}),
    ...(isAdd ? { protocol: 'boot', scope: hop.gateway === undefined && !isReject ? 'link' : 'global' } : { scope: 'nowhere' }),
  };
  // The ioctl sets NLM_F_CREATE alone: an equal route is refused, a different one goes in front.
  const answer = isAdd ? call.net.netlink.addRoute(full, 'prepend') : call.net.netlink.deleteRoute(full);
  return answer.ok ? 0 : failed(call, what, answer.error);
}

function failed(call: Invocation, what: string, error: Parameters<typeof strerror>[0]): ExitCode {
  call.err(`${what}: ${strerror(error)}`);
  return 7;
}

function unknownHost(call: Invocation, name: string): ExitCode {
  call.err(`${name}: Unknown host`);
  return 6;
}

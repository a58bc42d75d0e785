/** traceroute 2.1.2: sixteen probes at once, printed in order as they are answered or given up. Read first: traceroute(8). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { nameOfAddress, resolveHost } from '../../lib/resolve.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { parseTraceroute } from './options.ts';
import { collect, HEADER_LENGTHS, sendProbe, type Probe, type Target } from './probes.ts';
import { usage } from './usage.ts';

export const traceroute = defineCommand({
  name: 'traceroute',
  summary: 'print the route packets trace to network host',
  package: 'traceroute',
  path: '/usr/sbin/traceroute',
  async run(call) {
    const parsed = parseTraceroute(call.args);
    if (parsed.ok) {
      const { options } = parsed;
      const resolved = await resolveHost(call.sys, options.host, options.family);
      if (!resolved.ok) {
        call.err(`${options.host}: ${resolved.error}`);
        const position = call.args.indexOf(options.host) + 1;
        call.err(`Cannot handle "host" cmdline arg \`${options.host}' on position 1 (argc ${position})`);
        return 2;
      }
      const chosen = resolved.addresses.find((entry) => entry.family === 'inet') ?? resolved.addresses[0]!;
      const isIp6 = chosen.family === 'inet6';
      const least = (isIp6 ? HEADER_LENGTHS.ip6 : HEADER_LENGTHS.ip4) + (options.method === 'tcp' ? 20 : HEADER_LENGTHS.transport);
      const usual = isIp6 ? 80 : 60;
      const packetLength = options.method === 'tcp' ? usual : Math.max(least, options.packetLength ?? usual);
      return trace(call, { options, address: chosen.address, isIp6, packetLength });
    }
    switch (parsed.reason) {
      case 'unsupported':
        return notSimulated(call, parsed.message);
      case 'usage':
        call.writeErr(usage);
        return 0;
      case 'version':
        call.err('Modern traceroute for Linux, version 2.1.2');
        call.err('Copyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later');
        return 0;
      case 'error':
        call.err(parsed.message);
        return 2;
    }
  },
});

async function trace(call: Invocation, target: Target): Promise<ExitCode> {
  const { options } = target;
  call.write(`traceroute to ${options.host} (${target.address}), ${options.maxHops} hops max, ${target.packetLength} byte packets`);
  const printer = new Printer(call, target);
  const probes: Probe[] = [];
  let last = (options.maxHops - options.firstHop + 1) * options.perHop;
  let printed = 0;
  let nextSendUs = 0;
  while (printed < last) {
    const active = (): Probe[] => probes.filter((probe) => !probe.isDone && probe.index < last);
    while (probes.length < last && active().length < options.atOnce && call.sys.monotonicUs() >= nextSendUs) {
      const probe = await sendProbe(call, target, probes.length);
      if (typeof probe === 'string') {
        if (probe !== 'EADDRNOTAVAIL') call.write('\n');
        await call.flush();
        // error(): perror after a newline of its own.
        const source = options.source === undefined ? 'connect' : 'bind';
        const what = probe === 'EPERM' || probe === 'EACCES' ? 'send' : probe === 'ENODEV' ? 'setsockopt SO_BINDTODEVICE' : probe === 'EADDRNOTAVAIL' ? source : 'connect';
        call.err(`\n${what}: ${strerror(probe)}`);
        return 1;
      }
      probes.push(probe);
      nextSendUs = call.sys.monotonicUs() + options.sendGapUs;
    }
    await waitForAny(call, probes, active(), target, probes.length < last ? nextSendUs : Infinity);
    for (const probe of active()) {
      if (await collect(call, target, probe)) call.net.sockets.close(probe.socket);
      else if (call.sys.monotonicUs() >= expiryUs(probe, probes, target)) {
        probe.isDone = true;
        call.net.sockets.close(probe.socket);
      }
      if (probe.isFinal) last = Math.min(last, (Math.floor(probe.index / options.perHop) + 1) * options.perHop);
    }
    while (printed < last && probes[printed]?.isDone === true) {
      await printer.print(probes[printed]!, probes);
      printed += 1;
    }
    await call.flush();
  }
  call.write('\n');
  return 0;
}

async function waitForAny(call: Invocation, probes: readonly Probe[], active: readonly Probe[], target: Target, nextSendUs: number): Promise<void> {
  if (active.length === 0) {
    if (Number.isFinite(nextSendUs) && nextSendUs > call.sys.monotonicUs()) await call.sys.sleep(nextSendUs - call.sys.monotonicUs());
    return;
  }
  const isFull = active.length >= target.options.atOnce;
  const untilUs = Math.min(isFull ? Infinity : nextSendUs, ...active.map((probe) => expiryUs(probe, probes, target)));
  const timeoutUs = Math.max(0, untilUs - call.sys.monotonicUs());
  const wantsWritable = target.options.method === 'tcp';
  await call.net.sockets.poll(active.map((probe) => ({ id: probe.socket, read: true, write: wantsWritable })), [], timeoutUs);
}

/** No longer than thrice what the same hop took, or ten times what a farther one did; the whole wait where nothing is known. */
function expiryUs(probe: Probe, probes: readonly Probe[], target: Target): number {
  const { perHop, hereFactor, nearFactor, waitUs } = target.options;
  const hop = Math.floor(probe.index / perHop);
  const answered = probes.filter((each) => each.from !== undefined);
  const here = answered.find((each) => Math.floor(each.index / perHop) === hop);
  if (here !== undefined && hereFactor > 0) return probe.sentUs + Math.min(waitUs, Math.max(10_000, here.tripUs * hereFactor));
  const near = answered.find((each) => Math.floor(each.index / perHop) > hop);
  if (near !== undefined && nearFactor > 0) return probe.sentUs + Math.min(waitUs, Math.max(10_000, near.tripUs * nearFactor));
  return probe.sentUs + waitUs;
}

class Printer {
  private readonly call: Invocation;
  private readonly target: Target;
  private readonly names = new Map<string, string>();

  constructor(call: Invocation, target: Target) {
    this.call = call;
    this.target = target;
  }

  /** The hop's number before its first probe, an address where it differs from the one before. */
  async print(probe: Probe, probes: readonly Probe[]): Promise<void> {
    const { perHop, firstHop } = this.target.options;
    const place = probe.index % perHop;
    if (place === 0) this.call.write(`\n${String(firstHop + Math.floor(probe.index / perHop)).padStart(2)} `);
    if (probe.from === undefined) return this.call.write(' *');
    const before = probes.slice(probe.index - place, probe.index).findLast((each) => each.from !== undefined);
    if (before?.from !== probe.from) this.call.write(` ${await this.addressText(probe.from)}`);
    this.call.write(`  ${(probe.tripUs / 1000).toFixed(3)} ms${probe.mark === '' ? '' : ` ${probe.mark}`}`);
  }

  private async addressText(address: string): Promise<string> {
    if (this.target.options.isNumeric) return address;
    const known = this.names.get(address) ?? (await nameOfAddress(this.call.sys, address)) ?? address;
    this.names.set(address, known);
    return `${known} (${address})`;
  }
}

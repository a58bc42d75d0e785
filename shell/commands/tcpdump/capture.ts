/**
 * Live capture: a packet socket, and its ring's habit of handing packets over in blocks. A block is retired by a timer that runs
 * from the moment the socket opens (packet_mmap, TPACKET_V3), so output comes in bursts, and what lies in an unfinished block when
 * tcpdump stops was received but is never shown.
 */
import { bytes as wire, ethernet, ip4, pcap, sll2 } from '../../ports/wire.ts';
import type { Datagram, LinkView, SocketId } from '../../ports/kernel.ts';
import type { Invocation } from '../define.ts';
import { compileWithNames } from './names.ts';
import type { Filter } from './filter/filter.ts';
import { ANY } from './interfaces.ts';
import type { TcpdumpOptions } from './options.ts';

export interface Capture {
  readonly device: string;
  readonly socket: SocketId;
  readonly linkType: number;
  readonly blockUs: number;
  readonly openedUs: number;
}

export type Opened = { readonly ok: true; readonly capture: Capture } | { readonly ok: false; readonly messages: readonly string[]; readonly isUnsupported?: boolean };

export async function openCapture(call: Invocation, options: TcpdumpOptions, device: string, filterText: string): Promise<Opened> {
  const { netlink, sockets } = call.net;
  const link = device === ANY ? undefined : netlink.link(device);
  if (device !== ANY && link === undefined) return { ok: false, messages: [`${device}: No such device exists`, '(No such device exists)'] };
  const opened = sockets.open({ type: 'packet', protocol: 'all' });
  if (!opened.ok) return { ok: false, messages: [`${device}: You don't have permission to perform this capture on that device`, '(socket: Operation not permitted)'] };
  const socket = opened.value;
  const giveUp = (messages: readonly string[], isUnsupported = false): Opened => {
    sockets.close(socket);
    return { ok: false, messages, isUnsupported };
  };
  if (link !== undefined && !link.isUp) return giveUp([`${device}: That device is not up`]);
  const linkType = device === ANY ? pcap.LINKTYPE_LINUX_SLL2 : pcap.LINKTYPE_ETHERNET;
  if (options.linkType !== undefined && options.linkType !== (device === ANY ? 'LINUX_SLL2' : 'EN10MB')) return giveUp([`option -y ${options.linkType}`], true);
  const filter = await compileWithNames(call, filterText, { linkType, netmask: netmaskOf(call, link) });
  if (!filter.ok) return giveUp([filter.message], filter.isUnsupported);
  attach(call, socket, device, options, filter.accepts);
  if (link !== undefined) {
    const bound = sockets.bindDevice(socket, link.name);
    if (!bound.ok) return giveUp([`${device}: No such device exists`, '(No such device exists)']);
    if (options.isPromiscuous) sockets.setOptions(socket, { promiscuous: true });
  }
  const isPrinted = options.writeFile === undefined && (call.stdoutIsTerminal || options.isLineBuffered);
  const blockUs = options.isImmediate ? 0 : isPrinted ? 100_000 : 1_000_000;
  return { ok: true, capture: { device, socket, linkType, blockUs, openedUs: call.sys.monotonicUs() } };
}

/** Of the device's first IPv4 address, for `ip broadcast`. */
function netmaskOf(call: Invocation, link: LinkView | undefined): number {
  const address = link === undefined ? undefined : call.net.netlink.addresses('inet').find((each) => each.index === link.index);
  return address === undefined ? 0 : ip4.maskOf(address.prefixLength);
}

/** On the loopback a packet passes twice; libpcap drops the outgoing copy. */
function attach(call: Invocation, socket: SocketId, device: string, options: TcpdumpOptions, accepts: Filter): void {
  const loopback = call.net.netlink.links().find((link) => link.kind === 'loopback')?.index;
  call.net.sockets.attachFilter(socket, (frame, info) => {
    const isOutgoing = info.direction === 'out';
    if (isOutgoing && (options.directions === 'in' || info.device === loopback)) return false;
    if (!isOutgoing && options.directions === 'out') return false;
    const bytes = device === ANY ? cook(frame, info.direction, info.device, info.device === loopback) : frame;
    return accepts(bytes, { originalLength: bytes.length, isOutgoing, interfaceIndex: info.device });
  });
}

const PACKET_TYPES: Readonly<Record<string, number>> = { in: sll2.TO_US, broadcast: sll2.BROADCAST, multicast: sll2.MULTICAST, otherhost: sll2.TO_OTHER_HOST, out: sll2.FROM_US };

/** The link header gives way to the cooked one. */
function cook(frame: Uint8Array, direction: string, device: number, isLoopback: boolean): Uint8Array {
  const type = ethernet.etherType(frame);
  const header = sll2.emit({
    protocol: ethernet.isLength(type) ? 4 : type,
    interfaceIndex: device,
    hardwareType: isLoopback ? 772 : 1,
    packetType: PACKET_TYPES[direction] ?? sll2.TO_US,
    source: ethernet.source(frame),
  });
  return wire.concat(header, frame.subarray(ethernet.HEADER_LENGTH));
}

function toPacket(call: Invocation, capture: Capture, datagram: Datagram, snapshotLength: number): pcap.CapturedPacket {
  const isLoopback = call.net.netlink.link(datagram.device)?.kind === 'loopback';
  const whole = capture.device === ANY ? cook(datagram.bytes, datagram.direction ?? 'in', datagram.device, isLoopback) : datagram.bytes;
  return { tsUs: datagram.receivedAtUs, bytes: whole.subarray(0, snapshotLength), originalLength: whole.length };
}

export type CaptureEnd = 'stopped' | 'interrupted' | 'disappeared';

/** Hands every packet to `take`, which answers false when it has had enough. `isStopped` becomes true in a signal handler. */
export async function runCapture(
  call: Invocation,
  capture: Capture,
  snapshotLength: number,
  isStopped: () => boolean,
  take: (packet: pcap.CapturedPacket) => Promise<boolean>,
): Promise<CaptureEnd> {
  const { sockets } = call.net;
  while (!isStopped()) {
    const first = await sockets.receiveDatagram(capture.socket);
    if (isStopped()) return 'interrupted';
    if (!first.ok) {
      if (capture.device !== ANY && call.net.netlink.link(capture.device) === undefined) return 'disappeared';
      if (first.error !== 'EINTR') await call.sys.sleep(capture.blockUs || 100_000);
      continue;
    }
    await waitForBlock(call, capture, isStopped);
    if (isStopped()) return 'interrupted';
    let next: Datagram | undefined = first.value;
    while (next !== undefined) {
      if (!(await take(toPacket(call, capture, next, snapshotLength)))) return 'stopped';
      if (isStopped()) return 'interrupted';
      const more = sockets.readiness(capture.socket).readable ? await sockets.receiveDatagram(capture.socket, 0) : undefined;
      next = more?.ok === true ? more.value : undefined;
    }
  }
  return 'interrupted';
}

/** Until the timer that retires blocks fires again. */
async function waitForBlock(call: Invocation, capture: Capture, isStopped: () => boolean): Promise<void> {
  if (capture.blockUs === 0) return;
  const elapsedUs = call.sys.monotonicUs() - capture.openedUs;
  let leftUs = capture.blockUs - (elapsedUs % capture.blockUs);
  while (leftUs > 0 && !isStopped()) {
    const slept = await call.sys.sleep(leftUs);
    if (slept.ok) return;
    leftUs = slept.remainingUs ?? 0;
  }
}

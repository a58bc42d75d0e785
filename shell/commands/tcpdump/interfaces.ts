/** What tcpdump can capture on (-D), in libpcap's order and words (pcap_findalldevs(3PCAP)). */
import type { LinkView } from '../../ports/kernel.ts';
import type { Invocation } from '../define.ts';

export const ANY = 'any';

interface Device {
  readonly name: string;
  readonly description: string | undefined;
  readonly isRunning: boolean;
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  /** Wireless and connection words; loopback and `any` have none. */
  readonly extra: string | undefined;
}

const PSEUDO: readonly Device[] = [
  { name: 'bluetooth-monitor', description: 'Bluetooth Linux Monitor', isRunning: false, isUp: false, isLoopback: false, extra: 'Wireless' },
  { name: 'nflog', description: 'Linux netfilter log (NFLOG) interface', isRunning: false, isUp: false, isLoopback: false, extra: undefined },
  { name: 'nfqueue', description: 'Linux netfilter queue (NFQUEUE) interface', isRunning: false, isUp: false, isLoopback: false, extra: undefined },
  { name: 'dbus-system', description: 'D-Bus system bus', isRunning: false, isUp: false, isLoopback: false, extra: undefined },
  { name: 'dbus-session', description: 'D-Bus session bus', isRunning: false, isUp: false, isLoopback: false, extra: undefined },
];
const ANY_DEVICE: Device = { name: ANY, description: 'Pseudo-device that captures on all interfaces', isRunning: true, isUp: true, isLoopback: false, extra: undefined };

/** Running before down, connected before disconnected, the loopback behind, the pseudo-devices after what is up. */
export function captureDevices(call: Invocation): readonly Device[] {
  const real = call.net.netlink.links().map(toDevice);
  const isReady = (device: Device): boolean => device.isUp && device.isRunning && device.extra !== 'Disconnected';
  const ready = real.filter((device) => isReady(device) && !device.isLoopback);
  const loopbacks = real.filter((device) => device.isLoopback && device.isUp);
  const rest = real.filter((device) => !ready.includes(device) && !loopbacks.includes(device));
  return [...ready, ANY_DEVICE, ...loopbacks, ...PSEUDO, ...rest];
}

function toDevice(link: LinkView): Device {
  const isLoopback = link.kind === 'loopback';
  const isRunning = link.isUp && (link.hasCarrier || isLoopback);
  return { name: link.name, description: undefined, isRunning, isUp: link.isUp, isLoopback, extra: isLoopback ? undefined : isRunning ? 'Connected' : 'Disconnected' };
}

export function deviceLine(device: Device, number: number): string {
  const flags = [device.isUp ? 'Up' : '', device.isRunning ? 'Running' : '', device.isLoopback ? 'Loopback' : ''].filter((flag) => flag !== '');
  if (flags.length === 0 && device.extra !== 'Wireless') flags.push('none');
  if (device.extra !== undefined) flags.push(device.extra);
  return `${number}.${device.name}${device.description === undefined ? '' : ` (${device.description})`} [${flags.join(', ')}]`;
}

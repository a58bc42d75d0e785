/** Port ranges as tcp, udp and sctp print them. */
import type { PrintSite } from '../extension.ts';

export interface PortMatch { negate: boolean; from: number; to: number }

/** A range over all ports says nothing and is not kept, as iptables-nft drops it. */
export function isPortMatch(match: PortMatch | undefined): boolean {
  return match !== undefined && (match.negate || match.from !== 0 || match.to !== 65_535);
}

export function savePorts(option: string, match: PortMatch | undefined): string {
  if (match === undefined) return '';
  return `${match.negate ? ' !' : ''} ${option} ${match.from === match.to ? match.from : `${match.from}:${match.to}`}`;
}

export function listPorts(label: string, match: PortMatch | undefined, site: PrintSite, protocol: string): string {
  if (match === undefined) return '';
  const show = (port: number): string => (site.numeric ? String(port) : (site.names.portName(port, protocol) ?? String(port)));
  const not = match.negate ? '!' : '';
  return match.from === match.to ? ` ${label}:${not}${show(match.from)}` : ` ${label}s:${not}${show(match.from)}:${show(match.to)}`;
}

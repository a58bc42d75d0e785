/** Between the text of an endpoint and a socket's own form, IPv4-mapped addresses of dual-stack sockets included. */
import type { Endpoint, Family } from '../kernel/api.ts';
import { formatIp4, parseIp4 } from '../wire/ip4.ts';
import { formatIp6, parseIp6 } from '../wire/ip6.ts';
import type { Ip } from './state.ts';

const MAPPED = '00000000000000000000ffff';

/** A mapped address becomes plain IPv4; undefined when the text is no address of a family the socket can use. */
export function parseAddress(family: Family, text: string): Ip | undefined {
  if (family === 'inet') return parseIp4(text);
  const plain = text.includes('%') ? text.slice(0, text.indexOf('%')) : text;
  const address = parseIp6(plain);
  if (address === undefined) return undefined;
  return address.startsWith(MAPPED) ? Number.parseInt(address.slice(24), 16) : address;
}

export function formatAddress(family: Family, address: Ip): string {
  if (typeof address === 'string') return formatIp6(address);
  return family === 'inet' ? formatIp4(address) : `::ffff:${formatIp4(address)}`;
}

export function endpoint(family: Family, address: Ip, port: number): Endpoint {
  return { address: formatAddress(family, address), port };
}

export function familyOf(address: Ip): Family {
  return typeof address === 'number' ? 'inet' : 'inet6';
}

/** Comparing addresses with prefixes, in either family. */
import { isInPrefix4, isInPrefix6, parseIp4, parseIp6 } from '../../ports/addresses.ts';

/** Whether the address lies in the network (both of one family). */
export function isWithin(address: string, network: { readonly address: string; readonly length: number }): boolean {
  if (address.includes(':') !== network.address.includes(':')) return false;
  if (address.includes(':')) return isInPrefix6(parseIp6(address)!, parseIp6(network.address)!, network.length);
  return isInPrefix4(parseIp4(address)!, parseIp4(network.address)!, network.length);
}

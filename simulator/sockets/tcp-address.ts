/** The two ends of a segment, as its receiver sees them. */
import type { Ip } from './state.ts';

export interface Addresses { local: Ip; remote: Ip }

export function ipv4Of(address: Ip): number {
  return typeof address === 'number' ? address : 0;
}

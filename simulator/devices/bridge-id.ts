/** Bridge ids as brctl and sysfs print them: `8000.020000000020`. Lower ids win, and the text compares as the bytes do. */
import type { Mac } from '../kernel/api.ts';
import { parseMac, ZERO_MAC } from '../wire/mac.ts';

export function bridgeIdText(priority: number, mac: Mac): string {
  return `${priority.toString(16).padStart(4, '0')}.${mac.replaceAll(':', '')}`;
}

export function bridgeIdParts(text: string): { priority: number; mac: Mac } {
  const digits = text.slice(5);
  const mac = parseMac(digits.replace(/(..)(?=.)/g, '$1:')) ?? ZERO_MAC;
  return { priority: Number.parseInt(text.slice(0, 4), 16), mac };
}

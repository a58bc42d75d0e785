/** Addresses with masks as -s and -d take them (libxtables: xtables_ipparse_multiple, parse_ipmask). */
import { formatIp4, lengthOfMask, maskOf, parseIp4, type Ip4 } from '../wire/ip4.ts';
import { formatIp6, parseIp6 } from '../wire/ip6.ts';
import type { Address, Family } from '../kernel/api.ts';
import type { AddressMatch } from './api.ts';
import { ParameterProblem, type ParseSite, type PrintSite } from './extension.ts';

/** An address text as tuples hold it: a number, or 32 hex digits. */
export function tupleAddress(family: Family, text: Address): number | string {
  return (family === 'inet' ? parseIp4(text) : parseIp6(text)) ?? 0;
}

const FULL6 = 'f'.repeat(32);
const NONE6 = '0'.repeat(32);

/** numeric_to_ipaddr: up to four decimal parts, missing ones are zero (`10/8`, `10.0.0`). */
function looseIp4(text: string): Ip4 | undefined {
  const parts = text.split('.');
  if (parts.length > 4) return undefined;
  let address = 0;
  for (let at = 0; at < 4; at += 1) {
    const part = parts[at];
    if (part !== undefined && (!/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined;
    address = address * 256 + Number(part ?? 0);
  }
  return address;
}

export function mask6(length: number): string {
  const digits = length >> 2;
  const rest = length & 3;
  return (('f'.repeat(digits) + (rest === 0 ? '' : ((0xf0 >> rest) & 0xf).toString(16))) + NONE6).slice(0, 32);
}

export function and6(address: string, mask: string): string {
  let text = '';
  for (let at = 0; at < 32; at += 1) text += (Number.parseInt(address[at]!, 16) & Number.parseInt(mask[at]!, 16)).toString(16);
  return text;
}

export function length6(mask: string): number | undefined {
  const bits = [...mask].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.replace(/0+$/, '').length : undefined;
}

function one(text: string, site: Pick<ParseSite, 'family' | 'names'>): AddressMatch[] {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const maskText = slash < 0 ? undefined : text.slice(slash + 1);
  if (site.family === 'inet') {
    let mask = maskOf(32);
    if (maskText !== undefined) {
      const dotted = maskText === '32' ? mask : parseIp4(maskText);
      if (dotted !== undefined) mask = dotted;
      else if (/^\d+$/.test(maskText) && Number(maskText) <= 32) mask = maskOf(Number(maskText));
      else throw new ParameterProblem(`invalid mask \`${maskText}' specified`);
    }
    if (host === '' && mask !== 0) throw new ParameterProblem(`host/network \`${host}' not found`);
    const isZero = maskText !== undefined && mask === 0;
    const strict = maskText === undefined ? parseIp4(host) ?? (/^\d+(\.\d+){0,3}$/.test(host) ? looseIp4(host) : undefined) : parseIp4(host) ?? looseIp4(host);
    if (strict !== undefined) return [{ negate: false, address: (strict & mask) >>> 0, mask }];
    const addresses = isZero ? [0] : site.names.hostAddress(host).map(parseIp4).filter((address) => address !== undefined);
    if (addresses.length === 0) throw new ParameterProblem(`host/network \`${host}' not found`);
    return addresses.map((address) => ({ negate: false, address: (address & mask) >>> 0, mask }));
  }
  let mask = FULL6;
  if (maskText !== undefined) {
    const coloned = parseIp6(maskText);
    if (coloned !== undefined) mask = coloned;
    else if (/^\d+$/.test(maskText) && Number(maskText) <= 128) mask = mask6(Number(maskText));
    else throw new ParameterProblem(`invalid mask \`${maskText}' specified`);
  }
  const address = parseIp6(host);
  const addresses = address === undefined ? site.names.hostAddress(host).map(parseIp6).filter((found) => found !== undefined) : [address];
  if (addresses.length === 0) throw new ParameterProblem(`host/network \`${host}' not found`);
  return addresses.map((found) => ({ negate: false, address: and6(found, mask), mask }));
}

/** Every address that the comma-separated text names. */
export function parseHostMask(text: string, site: Pick<ParseSite, 'family' | 'names'>): AddressMatch[] {
  return text.includes(',') ? text.split(',').flatMap((part) => one(part.trim(), site)) : one(text.trim(), site);
}

/** `-s 10.0.0.0/8`; nothing for a mask of zero. */
export function saveAddress(option: string, match: AddressMatch | undefined): string {
  if (match === undefined) return '';
  if (typeof match.address === 'number') {
    const mask = match.mask as number;
    if (mask === 0 && !match.negate) return '';
    return `${match.negate ? ' !' : ''} ${option} ${formatIp4(match.address)}/${lengthOfMask(mask) ?? formatIp4(mask)}`;
  }
  const mask = String(match.mask);
  if (mask === NONE6 && !match.negate) return '';
  return `${match.negate ? ' !' : ''} ${option} ${formatIp6(match.address)}/${length6(mask) ?? formatIp6(mask)}`;
}

/** As a column of -L: `anywhere`, `10.0.0.0/8`, with ! in front. */
export function listAddress(match: AddressMatch | undefined, site: PrintSite): string {
  const isInet = site.family === 'inet';
  const zero = isInet ? 0 : NONE6;
  const negate = match?.negate === true ? '!' : '';
  if (match === undefined || (match.mask === zero && !match.negate)) return site.numeric ? (isInet ? '0.0.0.0/0' : '::/0') : 'anywhere';
  const text = typeof match.address === 'number' ? formatIp4(match.address) : formatIp6(match.address);
  const isWhole = typeof match.mask === 'number' ? match.mask === maskOf(32) : match.mask === FULL6;
  const named = site.numeric ? text : (site.names.hostName(text) ?? site.names.networkName(text) ?? text);
  if (isWhole) return negate + named;
  const length = typeof match.mask === 'number' ? (lengthOfMask(match.mask) ?? formatIp4(match.mask)) : (length6(match.mask) ?? formatIp6(match.mask));
  return `${negate}${named}/${length}`;
}

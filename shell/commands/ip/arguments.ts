/** The words of an ip command and the ways they are wrong. Read first: lib/utils.c (invarg, missarg, get_prefix, matches). */
import type { Family, LinkView } from '../../ports/kernel.ts';
import { formatIp4, formatIp6, parseInetAton, parseIp6 } from '../../ports/addresses.ts';
import type { IpContext } from './context.ts';

/**
 * Ends one ip command. iproute2 calls exit(3) from the depth of its parsers; this does the same and is caught in ip.ts, nowhere else.
 * Not an error of ours: the text is what the user reads.
 */
export class IpExit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`ip exits with ${code}`);
    this.code = code;
  }
}

/** `matches()`: an abbreviation of the word, not empty. */
export function matches(typed: string, word: string): boolean {
  return typed !== '' && word.startsWith(typed);
}

export class Words {
  private at = 0;
  private readonly words: readonly string[];
  private readonly context: Pick<IpContext, 'err'>;
  constructor(words: readonly string[], context: Pick<IpContext, 'err'>) {
    this.words = words;
    this.context = context;
  }
  get isEmpty(): boolean {
    return this.at >= this.words.length;
  }
  peek(): string | undefined {
    return this.words[this.at];
  }
  take(): string | undefined {
    const word = this.words[this.at];
    if (word !== undefined) this.at += 1;
    return word;
  }
  /** NEXT_ARG(): the value a keyword needs. */
  value(): string {
    const word = this.take();
    if (word === undefined) this.exit(255, 'Command line is not complete. Try option "help"');
    return word;
  }
  rest(): string[] {
    const rest = this.words.slice(this.at);
    this.at = this.words.length;
    return rest;
  }
  back(): void {
    this.at -= 1;
  }

  exit(code: number, text?: string): never {
    if (text !== undefined) this.context.err(text);
    throw new IpExit(code);
  }
  invalid(message: string, word: string): never {
    return this.exit(255, `Error: argument "${word}" is wrong: ${message}`);
  }
  duplicate(key: string, word: string): never {
    return this.exit(255, `Error: duplicate "${key}": "${word}" is the second value.`);
  }
  garbage(key: string, word: string): never {
    return this.exit(255, `Error: either "${key}" is duplicate, or "${word}" is a garbage.`);
  }
  missing(key: string): never {
    return this.exit(255, `Error: argument "${key}" is required`);
  }

  /** get_unsigned / get_u32 with base 0: decimal, 0x and 0 octal. */
  unsigned(key: string, word = this.value(), message = `Invalid "${key}" value\n`, max = 0xffffffff): number {
    const number = parseUnsigned(word);
    if (number === undefined || number > max) this.invalid(message, word);
    return number;
  }
  /** on or off. */
  onOff(key: string): boolean {
    const word = this.value();
    if (word === 'on') return true;
    if (word === 'off') return false;
    return this.exit(1, `Error: argument of "${key}" must be "on" or "off", not "${word}"`);
  }
}

export function parseUnsigned(word: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(word)) return Number.parseInt(word, 16);
  if (/^0[0-7]*$/.test(word)) return Number.parseInt(word, 8);
  return /^[1-9]\d*$/.test(word) ? Number(word) : undefined;
}

export interface Prefix { readonly family: Family; readonly address: string; readonly length: number; readonly hasLength: boolean; readonly isAny: boolean }

export function maximumLength(family: Family): number {
  return family === 'inet' ? 32 : 128;
}

/** An address of the wanted family (or any), canonical. */
export function parseAddress(text: string, family?: Family): { family: Family; address: string } | undefined {
  if (text.includes(':')) {
    const six = family === 'inet' ? undefined : parseIp6(text);
    return six === undefined ? undefined : { family: 'inet6', address: formatIp6(six) };
  }
  if (family === 'inet6') return undefined;
  const four = parseIp4Short(text);
  return four === undefined ? undefined : { family: 'inet', address: formatIp4(four) };
}

/** iproute2's get_addr_ipv4: `10.1` is 10.1.0.0 (not 10.0.0.1 as inet_aton), decimal only. */
function parseIp4Short(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length > 4 || !parts.every((part) => /^\d+$/.test(part) && Number(part) < 256)) return undefined;
  return parseInetAton([...parts.map((part) => String(Number(part))), '0', '0', '0'].slice(0, 4).join('.'));
}

/** get_prefix(): `default`, `any`, `all`, ADDRESS, ADDRESS/LENGTH, ADDRESS/NETMASK. */
export function parsePrefix(text: string, family?: Family): Prefix | undefined {
  if (text === 'default' || text === 'any' || text === 'all') {
    const chosen = family ?? 'inet';
    return { family: chosen, address: chosen === 'inet' ? '0.0.0.0' : '::', length: 0, hasLength: true, isAny: true };
  }
  const slash = text.indexOf('/');
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash), family);
  if (address === undefined) return undefined;
  const most = maximumLength(address.family);
  if (slash === -1) return { ...address, length: most, hasLength: false, isAny: false };
  const suffix = text.slice(slash + 1);
  const length = parseUnsigned(suffix) ?? netmaskLength(suffix);
  if (length === undefined || length > most) return undefined;
  return { ...address, length, hasLength: true, isAny: false };
}

function netmaskLength(text: string): number | undefined {
  const mask = parseAddress(text, 'inet');
  if (mask === undefined) return undefined;
  const bits = mask.address.split('.').map((part) => Number(part).toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : undefined;
}

function familyWord(family: Family | undefined): string {
  return family ?? 'any valid';
}

export function takePrefix(words: Words, text: string, family: Family | undefined): Prefix {
  return parsePrefix(text, family) ?? words.exit(1, `Error: ${familyWord(family)} prefix is expected rather than "${text}".`);
}

export function takeAddress(words: Words, text: string, family: Family | undefined): { family: Family; address: string } {
  return parseAddress(text, family) ?? words.exit(1, `Error: ${familyWord(family)} address is expected rather than "${text}".`);
}

/** The link called so, by name, altname or `if7`. */
export function findLink(context: IpContext, name: string): LinkView | undefined {
  const byNumber = /^if(\d+)$/.exec(name);
  return context.net.netlink.link(name) ?? (byNumber === null ? undefined : context.net.netlink.link(Number(byNumber[1])));
}

/** nodev(): for what changes things. */
export function needLink(context: IpContext, name: string): LinkView {
  const link = findLink(context, name);
  if (link !== undefined) return link;
  context.err(`Cannot find device "${name}"`);
  throw new IpExit(1);
}

/** For what shows things. */
export function needShownLink(context: IpContext, name: string): LinkView {
  const link = findLink(context, name);
  if (link !== undefined) return link;
  context.err(`Device "${name}" does not exist.`);
  throw new IpExit(1);
}

/** md5sum, sha1sum, sha224sum to sha512sum, b2sum, cksum and sum. Read first: coreutils manual, chapter 6; src/digest.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { defineCommand, type Command, type Invocation } from '../define.ts';
import { blake2b, bsdSum, md5, posixCrc, sha1, sha224, sha256, sha384, sha512, sm3, systemVSum } from './hashes.ts';
import { named, quotedIfNeeded } from './quote.ts';

interface Algorithm {
  /** In lines that --tag makes. */
  readonly tag: string;
  readonly bits: number;
  /** `bits` only where the length can be chosen. */
  digest(bytes: Uint8Array, bits: number): string;
}

const algorithms: Readonly<Record<string, Algorithm>> = {
  md5: { tag: 'MD5', bits: 128, digest: md5 }, sha1: { tag: 'SHA1', bits: 160, digest: sha1 }, sha224: { tag: 'SHA224', bits: 224, digest: sha224 }, sha256: { tag: 'SHA256', bits: 256, digest: sha256 },
  sha384: { tag: 'SHA384', bits: 384, digest: sha384 }, sha512: { tag: 'SHA512', bits: 512, digest: sha512 }, blake2b: { tag: 'BLAKE2b', bits: 512, digest: blake2b }, sm3: { tag: 'SM3', bits: 256, digest: sm3 },
};
/** Numbers with a count of blocks or bytes; these cannot be checked. */
const checksums: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  bsd: (bytes) => `${String(bsdSum(bytes)).padStart(5, '0')} ${String(Math.ceil(bytes.length / 1024)).padStart(5)}`,
  sysv: (bytes) => `${systemVSum(bytes)} ${Math.ceil(bytes.length / 512)}`,
  crc: (bytes) => `${posixCrc(bytes)} ${bytes.length}`,
};

const CHECKING = { check: 'none=c', quiet: 'none', status: 'none', strict: 'none', 'ignore-missing': 'none', warn: 'none=w', tag: 'none', zero: 'none=z' } as const;

function misused(call: Invocation, text: string): ExitCode {
  call.err(`${call.name}: ${text}\nTry '${call.name} --help' for more information.`);
  return 1;
}

/** What is wrong with these options together, as digest.c says it. */
function conflict(options: ParsedOptions): string | undefined {
  const checks = options.has('c');
  if (options.has('tag') && checks) return 'the --tag option is meaningless when verifying checksums';
  if (options.has('z') && checks) return 'the --zero option is not supported when verifying checksums';
  if ((options.has('b') || options.has('t')) && checks) return 'the --binary and --text options are meaningless when verifying checksums';
  const idle = checks ? undefined : ([['ignore-missing', 'ignore-missing'], ['status', 'status'], ['w', 'warn'], ['quiet', 'quiet'], ['strict', 'strict']] as const).find(([name]) => options.has(name));
  return idle === undefined ? undefined : `the --${idle[1]} option is meaningful only when verifying checksums`;
}

/** -l: 0 and what is absent mean the whole length. */
function lengthOf(call: Invocation, options: ParsedOptions): number | undefined {
  const text = options.value('l');
  if (text === undefined) return 512;
  const complain = (why: string): undefined => {
    call.err(`${call.name}: invalid length: ${named(text)}${why === '' ? '' : `\n${call.name}: ${why}`}`);
    return undefined;
  };
  if (!/^\d+$/.test(text)) return complain('');
  if (Number(text) > 512) return complain('maximum digest length for ‘BLAKE2b’ is 512 bits');
  if (Number(text) % 8 !== 0) return complain('length is not a multiple of 8');
  return Number(text) === 0 ? 512 : Number(text);
}

function escaped(path: string): string {
  return path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

/** Names that would break a line are written with backslashes, and the line begins with one. */
function line(sum: string, path: string, algorithm: Algorithm, bits: number, options: ParsedOptions, isTagged: boolean): string {
  const mustEscape = !options.has('z') && /[\\\n\r]/.test(path);
  const name = mustEscape ? escaped(path) : path;
  const tag = `${algorithm.tag}${bits === algorithm.bits ? '' : `-${bits}`}`;
  return `${mustEscape ? '\\' : ''}${isTagged ? `${tag} (${name}) = ${sum}` : `${sum} ${options.has('b') ? '*' : ' '}${name}`}${options.has('z') ? '\0' : '\n'}`;
}

async function print(call: Invocation, options: ParsedOptions, form: (bytes: Uint8Array, path: string) => string): Promise<ExitCode> {
  let code: ExitCode = 0;
  for (const path of options.operands.length === 0 ? ['-'] : options.operands) {
    const got = await readWhole(call.sys, path);
    if (got.ok) call.write(form(got.value, path));
    else {
      call.err(`${call.name}: ${quotedIfNeeded(path)}: ${strerror(got.error)}`);
      code = 1;
    }
  }
  return code;
}

interface Listed { readonly sum: string; readonly path: string; readonly algorithm: Algorithm; readonly bits: number }

/** A line of a list of digests, in either form. `algorithm` absent: the line must name it. */
function listed(text: string, algorithm: Algorithm | undefined): Listed | undefined {
  const isEscaped = /^[ \t]*\\/.test(text);
  const body = text.replace(/^[ \t]*\\?/, '');
  const unescape = (path: string): string => (isEscaped ? path.replace(/\\([\\nr])/g, (_all, letter: string) => ({ '\\': '\\', n: '\n', r: '\r' })[letter]!) : path);
  const tagged = /^([A-Za-z0-9]+)(?:-(\d+))? ?\((.*)\) ?= ?([0-9a-fA-F]+)$/s.exec(body);
  const named = tagged === null ? undefined : Object.values(algorithms).find(({ tag }) => tag === tagged[1]);
  if (tagged !== null && named !== undefined && (algorithm === undefined || algorithm === named)) {
    const bits = tagged[2] === undefined ? named.bits : Number(tagged[2]);
    return tagged[4]!.length * 4 === bits ? { sum: tagged[4]!.toLowerCase(), path: unescape(tagged[3]!), algorithm: named, bits } : undefined;
  }
  const plain = /^([0-9a-fA-F]+)[ \t][ *]?(.+)$/s.exec(body);
  if (plain === null || algorithm === undefined) return undefined;
  const bits = plain[1]!.length * 4;
  const fits = algorithm === algorithms['blake2b'] ? bits % 8 === 0 && bits <= 512 : bits === algorithm.bits;
  return fits ? { sum: plain[1]!.toLowerCase(), path: unescape(plain[2]!), algorithm, bits } : undefined;
}

async function check(call: Invocation, options: ParsedOptions, list: string, algorithm: Algorithm | undefined): Promise<boolean> {
  const { err } = call;
  const got = await readWhole(call.sys, list);
  const shownList = list === '-' ? "'standard input'" : quotedIfNeeded(list);
  if (!got.ok) {
    err(`${call.name}: ${shownList}: ${strerror(got.error)}`);
    return false;
  }
  const count = { proper: 0, improper: 0, unread: 0, mismatched: 0, matched: 0 };
  for (const [index, text] of fromUtf8(got.value).split('\n').entries()) {
    const trimmed = text.replace(/\r$/, '');
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const entry = listed(trimmed, algorithm);
    if (entry === undefined) {
      if (options.has('w')) err(`${call.name}: ${shownList}: ${index + 1}: improperly formatted ${algorithm?.tag ?? 'CRC'} checksum line`);
      count.improper += 1;
      continue;
    }
    count.proper += 1;
    const file = await readWhole(call.sys, entry.path);
    const say = (verdict: string): void => {
      if (!options.has('status')) call.out(`${entry.path.includes('\n') ? `\\${escaped(entry.path)}` : entry.path}: ${verdict}`);
    };
    if (!file.ok) {
      if (options.has('ignore-missing') && file.error === 'ENOENT') continue;
      err(`${call.name}: ${quotedIfNeeded(entry.path)}: ${strerror(file.error)}`);
      count.unread += 1;
      say('FAILED open or read');
      continue;
    }
    const isRight = entry.algorithm.digest(file.value, entry.bits) === entry.sum;
    if (isRight) count.matched += 1;
    else count.mismatched += 1;
    if (!isRight || !options.has('quiet')) say(isRight ? 'OK' : 'FAILED');
  }
  if (count.proper === 0) {
    err(`${call.name}: ${shownList}: no properly formatted checksum lines found`);
    return false;
  }
  if (!options.has('status')) {
    const warn = (number: number, one: string, many: string): void => {
      if (number > 0) err(`${call.name}: WARNING: ${number} ${number === 1 ? one : many}`);
    };
    warn(count.improper, 'line is improperly formatted', 'lines are improperly formatted');
    warn(count.unread, 'listed file could not be read', 'listed files could not be read');
    warn(count.mismatched, 'computed checksum did NOT match', 'computed checksums did NOT match');
    if (options.has('ignore-missing') && count.matched === 0) err(`${call.name}: ${shownList}: no file was verified`);
  }
  return !(options.has('ignore-missing') && count.matched === 0) && count.mismatched === 0 && count.unread === 0 && !(options.has('strict') && count.improper > 0);
}

async function checkAll(call: Invocation, options: ParsedOptions, algorithm: Algorithm | undefined): Promise<ExitCode> {
  let isRight = true;
  for (const list of options.operands.length === 0 ? ['-'] : options.operands) isRight = (await check(call, options, list, algorithm)) && isRight;
  return isRight ? 0 : 1;
}

function digestTool(name: string, kind: string): Command {
  const algorithm = algorithms[kind]!;
  const isBlake = kind === 'blake2b';
  return defineCommand({
    name, summary: 'compute and check digests', package: 'coreutils',
    run: async (call) => {
      const options = gnuOptions(call, { short: isBlake ? 'bcl:twz' : 'bctwz', long: { ...CHECKING, binary: 'none=b', text: 'none=t', ...(isBlake ? { length: 'required=l' } : {}) } });
      if (options === undefined) return 1;
      const bits = isBlake ? lengthOf(call, options) : algorithm.bits;
      if (bits === undefined) return 1;
      const wrong = conflict(options);
      if (wrong !== undefined) return misused(call, wrong);
      if (options.has('c')) return checkAll(call, options, algorithm);
      return print(call, options, (bytes, path) => line(algorithm.digest(bytes, bits), path, algorithm, bits, options, options.has('tag')));
    },
  });
}

export const md5sum = digestTool('md5sum', 'md5');
export const sha1sum = digestTool('sha1sum', 'sha1');
export const sha224sum = digestTool('sha224sum', 'sha224');
export const sha256sum = digestTool('sha256sum', 'sha256');
export const sha384sum = digestTool('sha384sum', 'sha384');
export const sha512sum = digestTool('sha512sum', 'sha512');
export const b2sum = digestTool('b2sum', 'blake2b');

export const cksum = defineCommand({
  name: 'cksum', summary: 'compute and check checksums', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'a:cl:wz', long: { ...CHECKING, algorithm: 'required=a', length: 'required=l', untagged: 'none', debug: 'none' } });
    if (options === undefined) return 1;
    const all = [...Object.keys(checksums), ...Object.keys(algorithms)];
    const kind = options.value('a') ?? 'crc';
    if (!all.includes(kind)) return misused(call, `invalid argument ${named(kind)} for ${named('--algorithm')}\nValid arguments are:\n${all.map((name) => `  - ${named(name)}`).join('\n')}`);
    const algorithm = algorithms[kind];
    if (options.has('l') && kind !== 'blake2b') {
      call.err('cksum: --length is only supported with --algorithm=blake2b');
      return 1;
    }
    const bits = kind === 'blake2b' ? lengthOf(call, options) : algorithm?.bits ?? 0;
    if (bits === undefined) return 1;
    if (options.has('c') && options.has('a') && algorithm === undefined) {
      call.err('cksum: --check is not supported with --algorithm={bsd,sysv,crc}');
      return 1;
    }
    const wrong = conflict(options);
    if (wrong !== undefined) return misused(call, wrong);
    if (options.has('c')) return checkAll(call, options, algorithm);
    if (algorithm === undefined) return printNumbers(call, options, kind);
    return print(call, options, (bytes, path) => line(algorithm.digest(bytes, bits), path, algorithm, bits, options, !options.has('untagged')));
  },
});

export const sum = defineCommand({
  name: 'sum', summary: 'compute a checksum and count blocks', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'rs', long: { sysv: 'none=s' } });
    if (options === undefined) return 1;
    return printNumbers(call, options, options.options.at(-1)?.name === 's' ? 'sysv' : 'bsd');
  },
});

/** A name is printed only where one was given. */
function printNumbers(call: Invocation, options: ParsedOptions, kind: string): Promise<ExitCode> {
  return print(call, options, (bytes, path) => `${checksums[kind]!(bytes)}${options.operands.length === 0 ? '' : ` ${path}`}${options.has('z') ? '\0' : '\n'}`);
}

/** gzip 1.12, gunzip and zcat. Read first: gzip(1). What is packed is as right as gzip's and somewhat longer: see shell/lib/deflate.ts. */
import type { ExitCode, FileStat } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { gunzip, gzip as pack, type Gunzipped } from '../../lib/gzip.ts';
import { readWhole } from '../../lib/input.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { scriptAnswer } from './help.ts';

export const gzip = defineCommand({
  name: 'gzip', aliases: ['gunzip', 'uncompress', 'zcat'], summary: 'compress or expand files', package: 'gzip',
  run: (call) => run(call),
});

interface Mode {
  work: 'pack' | 'unpack' | 'test' | 'list';
  toStdout: boolean; keeps: boolean; isForced: boolean; isVerbose: boolean; isQuiet: boolean; isRecursive: boolean; keepsName: boolean; restoresName: boolean; suffix: string;
}
/** 2 is a warning and weighs less than 1, an error. */
type Outcome = 0 | 1 | 2;

async function run(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: '123456789acdfhklLnNqrS:tvV', long: {
    ascii: 'none=a', stdout: 'none=c', 'to-stdout': 'none=c', decompress: 'none=d', uncompress: 'none=d', force: 'none=f', help: 'none=h', keep: 'none=k', list: 'none=l', license: 'none=L', 'no-name': 'none=n', name: 'none=N', quiet: 'none=q', silent: 'none=q',
    recursive: 'none=r', suffix: 'required=S', test: 'none=t', verbose: 'none=v', version: 'none=V', fast: 'none=1', best: 'none=9', rsyncable: 'none', synchronous: 'none' } });
  if (options.error !== undefined) {
    call.err(`gzip: ${options.error}\nTry \`gzip --help' for more information.`);
    return 1;
  }
  // The others are scripts around gzip, and answer for themselves where that comes first.
  const [asked] = call.args;
  if (call.name !== 'gzip' && (asked === '--help' || asked === '--version')) return scriptAnswer(call, call.name, asked);
  if (options.has('V')) {
    call.out('gzip 1.12');
    return 0;
  }
  if (options.has('h')) {
    call.write(help);
    return 0;
  }
  const mode = modeOf(call.name, options);
  const files = options.operands.length === 0 ? ['-'] : options.operands;
  const lister = new Lister(call, files.length > 1);
  let outcome: Outcome = 0;
  for (const file of files) {
    const one = file === '-' ? await standardInput(call, mode, lister) : await oneFile(call, mode, lister, file);
    outcome = outcome === 1 || one === 1 ? 1 : outcome === 2 ? 2 : one;
  }
  lister.finish();
  return outcome;
}

function modeOf(name: string, options: ParsedOptions): Mode {
  const unpacks = options.has('d') || name !== 'gzip';
  return {
    work: options.has('l') ? 'list' : options.has('t') ? 'test' : unpacks ? 'unpack' : 'pack', toStdout: options.has('c') || name === 'zcat', keeps: options.has('k'), isForced: options.has('f'), isVerbose: options.has('v'), isQuiet: options.has('q'),
    isRecursive: options.has('r'), keepsName: !options.has('n'), restoresName: options.has('N'), suffix: options.value('S') ?? '.gz',
  };
}

async function standardInput(call: Invocation, mode: Mode, lister: Lister): Promise<Outcome> {
  if (!mode.isForced && mode.work === 'pack' && call.stdoutIsTerminal) {
    call.err(`gzip: compressed data not written to a terminal. Use -f to force compression.\nFor help, type: gzip -h`);
    return 1;
  }
  if (!mode.isForced && mode.work !== 'pack' && call.stdinIsTerminal) {
    call.err(`gzip: compressed data not read from a terminal. Use -f to force decompression.\nFor help, type: gzip -h`);
    return 1;
  }
  const read = await readWhole(call.sys, '-');
  if (!read.ok) {
    call.err(`gzip: stdin: ${strerror(read.error)}`);
    return 1;
  }
  if (mode.work === 'pack') {
    call.write(pack(read.value));
    return 0;
  }
  if (passesOn(mode, read.value)) {
    call.write(read.value);
    return 0;
  }
  const unpacked = unpack(call, mode, 'stdin', read.value);
  if (!unpacked.ok) return 1;
  if (mode.work === 'list') lister.add(unpacked, 'stdout', read.value.length);
  else if (mode.work === 'unpack') call.write(unpacked.bytes);
  return 0;
}

/** With -cdf what is not compressed goes through as it is. */
function passesOn(mode: Mode, bytes: Uint8Array): boolean {
  return mode.work === 'unpack' && mode.toStdout && mode.isForced && !(bytes[0] === 0x1f && bytes[1] === 0x8b);
}

function unpack(call: Invocation, mode: Mode, name: string, bytes: Uint8Array): Gunzipped {
  const unpacked = gunzip(bytes);
  if (!unpacked.ok) call.err(`\ngzip: ${name}: ${unpacked.error}`);
  else if (unpacked.hasTrailer && !mode.isQuiet) call.err(`\ngzip: ${name}: decompression OK, trailing garbage ignored`);
  return unpacked;
}

async function oneFile(call: Invocation, mode: Mode, lister: Lister, given: string): Promise<Outcome> {
  const { sys } = call;
  let file = given;
  let stat = sys.stat(file, mode.isForced || mode.toStdout || mode.work === 'test' || mode.work === 'list');
  if (!stat.ok && mode.work !== 'pack' && !file.endsWith(mode.suffix)) {
    const longer = sys.stat(file + mode.suffix);
    if (longer.ok) {
      file += mode.suffix;
      stat = longer;
    } else {
      call.err(`gzip: ${file}${mode.suffix}: ${strerror(longer.error)}`);
      return 1;
    }
  }
  const warn = (text: string): Outcome => {
    if (!mode.isQuiet) call.err(`gzip: ${text}`);
    return 2;
  };
  if (!stat.ok) {
    call.err(`gzip: ${file}: ${strerror(stat.error)}`);
    return 1;
  }
  if (stat.value.kind === 'directory') {
    if (!mode.isRecursive) return warn(`${file} is a directory -- ignored`);
    const names = sys.list(file);
    // With -f through links too, of which /proc has circles.
    const due = sys.charge(0);
    if (due !== undefined) await due;
    let outcome: Outcome = 0;
    for (const name of names.ok ? names.value : []) {
      const one = await oneFile(call, mode, lister, `${file.replace(/\/$/, '')}/${name}`);
      outcome = outcome === 1 || one === 1 ? 1 : outcome === 2 ? 2 : one;
    }
    return outcome;
  }
  if (stat.value.kind !== 'file' && !mode.toStdout) return warn(`${file} is not a directory or a regular file - ignored`);
  const inPlace = !mode.toStdout && (mode.work === 'pack' || mode.work === 'unpack');
  if (inPlace && !mode.isForced) {
    if ((stat.value.mode & 0o4000) !== 0) return warn(`${file} is set-user-ID on execution - ignored`);
    if ((stat.value.mode & 0o2000) !== 0) return warn(`${file} is set-group-ID on execution - ignored`);
    if (stat.value.links > 1 && !mode.keeps) return warn(`${file} has ${stat.value.links - 1} other link${stat.value.links > 2 ? 's' : ''} -- file ignored`);
  }
  const target = targetOf(mode, file);
  if (target === undefined && mode.work === 'pack') {
    call.err(`gzip: ${file} already has ${mode.suffix} suffix -- unchanged`);
    return 0;
  }
  if (target === undefined) return warn(`${file}: unknown suffix -- ignored`);
  const read = await readWhole(sys, file);
  if (!read.ok) {
    call.err(`gzip: ${file}: ${strerror(read.error)}`);
    return 1;
  }
  return mode.work === 'pack' ? packFile(call, mode, file, target, read.value, stat.value) : unpackFile(call, mode, lister, file, target, read.value, stat.value);
}

/** undefined: a file whose name says that there is nothing to do. */
function targetOf(mode: Mode, file: string): string | undefined {
  const known = [mode.suffix, '.gz', '-gz', '.z', '-z', '_z', '.tgz', '.taz'].find((suffix) => file.toLowerCase().endsWith(suffix.toLowerCase()) && file.length > suffix.length);
  if (mode.work === 'pack') return known === undefined || mode.toStdout ? `${file}${mode.suffix}` : undefined;
  if (known === undefined) return mode.toStdout || mode.work === 'list' || mode.work === 'test' ? file : undefined;
  return /^\.t[ag]z$/.test(known) ? `${file.slice(0, -known.length)}.tar` : file.slice(0, -known.length);
}

async function packFile(call: Invocation, mode: Mode, file: string, target: string, bytes: Uint8Array, stat: FileStat): Promise<Outcome> {
  const packed = pack(bytes, mode.keepsName ? { name: file.replace(/^.*\//, ''), modifiedSeconds: Math.floor(stat.modifiedUs / 1e6) } : {});
  if (mode.toStdout) {
    call.write(packed);
    return 0;
  }
  const header = 18 + (mode.keepsName ? file.replace(/^.*\//, '').length + 1 : 0);
  return replace(call, mode, file, target, packed, stat, ratioText(bytes.length, packed.length - header));
}

async function unpackFile(call: Invocation, mode: Mode, lister: Lister, file: string, target: string, bytes: Uint8Array, stat: FileStat): Promise<Outcome> {
  if (passesOn(mode, bytes)) {
    call.write(bytes);
    return 0;
  }
  const unpacked = unpack(call, mode, file, bytes);
  if (!unpacked.ok) return 1;
  if (mode.work === 'list') {
    lister.add(unpacked, target, bytes.length);
    return 0;
  }
  if (mode.work === 'test') {
    if (mode.isVerbose) call.err(`${file}:\t OK`);
    return 0;
  }
  if (mode.toStdout) {
    call.write(unpacked.bytes);
    return 0;
  }
  const { name } = unpacked.origin;
  const chosen = mode.restoresName && name !== undefined ? file.replace(/[^/]*$/, name) : target;
  return replace(call, mode, file, chosen, unpacked.bytes, stat, ratioText(unpacked.bytes.length, bytes.length - headerSize(unpacked)));
}

/** The file made takes the place of the one read, with its mode and times. */
async function replace(call: Invocation, mode: Mode, file: string, target: string, bytes: Uint8Array, stat: FileStat, ratio: string): Promise<Outcome> {
  const { sys } = call;
  if (!mode.isForced && sys.stat(target, false).ok) {
    call.err(`gzip: ${target} already exists;\tnot overwritten`);
    return 2;
  }
  const written = await sys.writeFile(target, bytes, { mode: stat.mode });
  if (!written.ok) {
    call.err(`gzip: ${target}: ${strerror(written.error)}`);
    return 1;
  }
  sys.chown(target, stat.uid, stat.gid);
  sys.chmod(target, stat.mode);
  sys.setTimes(target, stat.accessedUs, stat.modifiedUs);
  if (!mode.keeps) sys.unlink(file);
  if (mode.isVerbose) call.err(`${file}:\t${ratio} -- ${mode.keeps ? 'created' : 'replaced with'} ${target}`);
  return 0;
}

function headerSize(unpacked: Extract<Gunzipped, { ok: true }>): number {
  return 18 + (unpacked.origin.name === undefined ? 0 : unpacked.origin.name.length + 1);
}

function ratioText(size: number, packedSize: number): string {
  return `${(size === 0 ? 0 : ((size - packedSize) * 100) / size).toFixed(1).padStart(5)}%`;
}

class Lister {
  private rows = 0;
  private packed = 0;
  private unpacked = 0;
  private readonly call: Invocation;
  private readonly hasTotal: boolean;

  constructor(call: Invocation, hasTotal: boolean) {
    this.call = call;
    this.hasTotal = hasTotal;
  }

  add(found: Extract<Gunzipped, { ok: true }>, name: string, packedSize: number): void {
    if (this.rows === 0) this.call.out('         compressed        uncompressed  ratio uncompressed_name');
    this.rows += 1;
    this.packed += packedSize;
    this.unpacked += found.bytes.length;
    this.row(packedSize, found.bytes.length, headerSize(found), name);
  }

  finish(): void {
    if (this.hasTotal && this.rows > 0) this.row(this.packed, this.unpacked, 0, '(totals)');
  }

  private row(packed: number, unpacked: number, header: number, name: string): void {
    this.call.out(`${String(packed).padStart(19)} ${String(unpacked).padStart(19)} ${ratioText(unpacked, packed - header)} ${name}`);
  }
}

const help = `Usage: gzip [OPTION]... [FILE]...
Compress or uncompress FILEs (by default, compress FILES in-place).

Mandatory arguments to long options are mandatory for short options too.

  -c, --stdout      write on standard output, keep original files unchanged
  -d, --decompress  decompress
  -f, --force       force overwrite of output file and compress links
  -h, --help        give this help
  -k, --keep        keep (don't delete) input files
  -l, --list        list compressed file contents
  -L, --license     display software license
  -n, --no-name     do not save or restore the original name and timestamp
  -N, --name        save or restore the original name and timestamp
  -q, --quiet       suppress all warnings
  -r, --recursive   operate recursively on directories
      --rsyncable   make rsync-friendly archive
  -S, --suffix=SUF  use suffix SUF on compressed files
      --synchronous synchronous output (safer if system crashes, but slower)
  -t, --test        test compressed file integrity
  -v, --verbose     verbose mode
  -V, --version     display version number
  -1, --fast        compress faster
  -9, --best        compress better

With no FILE, or when FILE is -, read standard input.

Report bugs to <bug-gzip@gnu.org>.
`;

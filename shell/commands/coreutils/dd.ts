/** dd: blocks copied, counted, converted. Read first: dd(1); src/dd.c of coreutils 9.1. */
import type { ExitCode, Sys } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { concat } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { named, quoted } from './quote.ts';

const CONVERSIONS = ['block', 'unblock', 'lcase', 'ucase', 'sparse', 'swab', 'sync', 'excl', 'nocreat', 'notrunc', 'noerror', 'fdatasync', 'fsync'];
const CODES = ['ascii', 'ebcdic', 'ibm'];
const FLAGS = ['append', 'binary', 'cio', 'direct', 'directory', 'dsync', 'noatime', 'nocache', 'noctty', 'nofollow', 'nolinks', 'nonblock', 'sync', 'text', 'fullblock', 'count_bytes', 'skip_bytes', 'seek_bytes'];
const LEVELS = ['none', 'noxfer', 'progress'];
const UNITS = 'KMGTPEZY';

interface Plan {
  input?: string; output?: string; inputBlock: number; outputBlock: number; hasOneSize: boolean; conversionBlock: number;
  /** In bytes. */
  skip: number; seek: number;
  /** In blocks, or in bytes. */
  count: number; countsBytes: boolean; level: string;
  conversions: ReadonlySet<string>; inputFlags: ReadonlySet<string>; outputFlags: ReadonlySet<string>;
}

/** 3, 2k, 1MB, 4x512, 5B (which says that it counts bytes). undefined: none of these; Infinity: too large. */
function parseNumber(text: string): { value: number; isBytes: boolean } | undefined {
  let value = 1;
  for (const factor of text.split('x')) {
    const match = /^(\d+)(c|w|b|B|[kKMGTPEZY](?:i?B)?)?$/.exec(factor);
    if (match === null) return undefined;
    const unit = match[2] ?? '';
    const power = UNITS.indexOf(unit.charAt(0).toUpperCase()) + 1;
    const isPlain = unit === '' || unit === 'c' || unit === 'B';
    value *= Number(match[1]) * (isPlain ? 1 : unit === 'w' ? 2 : unit === 'b' ? 512 : (unit.endsWith('B') && !unit.includes('i') ? 1000 : 1024) ** power);
  }
  return { value: value >= 2 ** 63 ? Infinity : value, isBytes: text.endsWith('B') };
}

/** The operands, or the complaint about one. `hint`: with the line that points to --help. */
function planOf(operands: readonly string[]): Plan | { complaint: string; hint?: boolean } {
  const words = new Map<string, string>();
  const numbers = new Map<string, { value: number; isBytes: boolean }>();
  const lists: Record<string, Set<string>> = { conv: new Set(), iflag: new Set(), oflag: new Set() };
  for (const operand of operands) {
    const [, name = '', value = ''] = /^([a-z]+)=(.*)$/s.exec(operand) ?? [];
    const list = lists[name];
    if (name === 'if' || name === 'of') words.set(name, value);
    else if (name === 'status') {
      if (!LEVELS.includes(value)) return { complaint: `invalid status level: ${named(value)}`, hint: true };
      words.set(name, value);
    } else if (list !== undefined) {
      const [known, what] = name === 'conv' ? [[...CONVERSIONS, ...CODES], 'conversion'] : [FLAGS, `${name === 'iflag' ? 'input' : 'output'} flag`];
      for (const word of value.split(',')) {
        if (!known.includes(word)) return { complaint: `invalid ${what}: ${named(word)}`, hint: true };
        list.add(word);
      }
    } else if (['bs', 'ibs', 'obs', 'cbs', 'skip', 'iseek', 'seek', 'oseek', 'count'].includes(name)) {
      const number = parseNumber(value);
      if (number === undefined || (name.endsWith('bs') && number.value === 0)) return { complaint: `invalid number: ${named(value)}` };
      if (number.value === Infinity) return { complaint: `invalid number: ${named(value)}: Value too large for defined data type` };
      numbers.set(name === 'iseek' ? 'skip' : name === 'oseek' ? 'seek' : name, number);
    } else return { complaint: `unrecognized operand ${named(operand)}`, hint: true };
  }
  const conversions = lists['conv']!;
  for (const [one, other] of [['lcase', 'ucase'], ['block', 'unblock'], ['excl', 'nocreat']] as const) if (conversions.has(one) && conversions.has(other)) return { complaint: `cannot combine ${one} and ${other}` };
  const bs = numbers.get('bs')?.value;
  const inputBlock = bs ?? numbers.get('ibs')?.value ?? 512;
  const outputBlock = bs ?? numbers.get('obs')?.value ?? 512;
  const bytes = (name: string, block: number, isFlagged: boolean): number => {
    const number = numbers.get(name);
    return number === undefined ? 0 : number.value * (isFlagged || number.isBytes ? 1 : block);
  };
  const count = numbers.get('count');
  const input = words.get('if');
  const output = words.get('of');
  return {
    ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }), inputBlock, outputBlock, conversionBlock: numbers.get('cbs')?.value ?? 0,
    hasOneSize: bs !== undefined && !['block', 'unblock', 'lcase', 'ucase', 'swab'].some((name) => conversions.has(name)),
    skip: bytes('skip', inputBlock, lists['iflag']!.has('skip_bytes')), seek: bytes('seek', outputBlock, lists['oflag']!.has('seek_bytes')),
    count: count?.value ?? Infinity, countsBytes: count !== undefined && (count.isBytes || lists['iflag']!.has('count_bytes')), level: words.get('status') ?? '',
    conversions, inputFlags: lists['iflag']!, outputFlags: lists['oflag']!,
  };
}

export const dd = defineCommand({
  name: 'dd', summary: 'copy and convert a file', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: '' });
    if (options === undefined) return 1;
    const plan = planOf(options.operands);
    if ('complaint' in plan) {
      call.err(`dd: ${plan.complaint}${plan.hint === true ? "\nTry 'dd --help' for more information." : ''}`);
      return 1;
    }
    const code = CODES.find((name) => plan.conversions.has(name));
    if (code !== undefined) return notSimulated(call, `conv=${code}`);
    return new Copy(call, plan).run();
  },
});

class Copy {
  private readonly call: Invocation;
  private readonly sys: Sys;
  private readonly plan: Plan;
  private inputFd = 0;
  private outputFd = 1;
  private readonly read = { whole: 0, partial: 0 };
  private readonly written = { whole: 0, partial: 0, bytes: 0 };
  private truncatedRecords = 0;
  private held: Uint8Array[] = [];
  private heldSize = 0;
  private odd: Uint8Array | undefined;
  private column = 0;
  private spaces = 0;
  private code: ExitCode = 0;
  private isInterrupted = false;
  private wantsReport = false;
  private readonly startedUs: number;
  private reportedUs: number;

  constructor(call: Invocation, plan: Plan) {
    this.call = call;
    this.sys = call.sys;
    this.plan = plan;
    this.startedUs = call.sys.monotonicUs();
    this.reportedUs = this.startedUs;
  }

  async run(): Promise<ExitCode> {
    const { plan, sys, call } = this;
    const opened = (await this.openInput()) && (await this.openOutput());
    if (!opened) return 1;
    sys.onSignal('USR1', () => void (this.wantsReport = true));
    sys.onSignal('INT', () => void (this.isInterrupted = true));
    await this.skip();
    if (plan.seek > 0 && !sys.seek(this.outputFd, plan.seek, 'set').ok) {
      call.err(`dd: ${quoted(plan.output ?? 'standard output')}: cannot seek: Illegal seek`);
      return 1;
    }
    const isDone = await this.copy();
    if (isDone && !(await this.finish())) this.code = 1;
    if (plan.level !== 'none') this.report();
    await call.flush();
    if (this.isInterrupted) {
      sys.onSignal('INT', 'default');
      sys.kill(sys.pid, 'INT');
    }
    return this.code;
  }

  private async openInput(): Promise<boolean> {
    const { plan, call } = this;
    if (plan.input === undefined) return true;
    const opened = await this.sys.open(plan.input, { read: true, ...(plan.inputFlags.has('directory') ? { directory: true } : {}), ...(plan.inputFlags.has('nonblock') ? { nonBlocking: true } : {}), ...(plan.inputFlags.has('nofollow') ? { noFollow: true } : {}) });
    if (!opened.ok) call.err(`dd: failed to open ${quoted(plan.input)}: ${strerror(opened.error)}`);
    else this.inputFd = opened.value;
    return opened.ok;
  }

  private async openOutput(): Promise<boolean> {
    const { plan, call } = this;
    if (plan.output === undefined) return true;
    const has = (name: string): boolean => plan.conversions.has(name);
    const opened = await this.sys.open(plan.output, { write: true, create: !has('nocreat'), exclusive: has('excl'), truncate: !has('notrunc') && plan.seek === 0, append: plan.outputFlags.has('append') });
    if (!opened.ok) {
      call.err(`dd: failed to open ${quoted(plan.output)}: ${strerror(opened.error)}`);
      return false;
    }
    this.outputFd = opened.value;
    // What was before stays up to where this begins.
    if (plan.seek > 0 && !has('notrunc')) this.sys.truncate(plan.output, plan.seek);
    return true;
  }

  private async skip(): Promise<void> {
    const { plan, sys, call } = this;
    if (plan.skip === 0) return;
    const stat = sys.statFd(this.inputFd);
    const isBeyond = (): void => call.err(`dd: ${plan.input ?? 'standard input'}: cannot skip to specified offset`);
    if (sys.seek(this.inputFd, plan.skip, 'current').ok) {
      if (stat.ok && stat.value.kind === 'file' && stat.value.size < plan.skip) isBeyond();
      return;
    }
    for (let left = plan.skip; left > 0; ) {
      const got = await sys.read(this.inputFd, Math.min(left, plan.inputBlock));
      if (!got.ok || got.value.length === 0) return isBeyond();
      left -= got.value.length;
    }
  }

  /** false: it cannot go on. */
  private async copy(): Promise<boolean> {
    const { plan, sys, call } = this;
    let leftBytes = plan.countsBytes ? plan.count : Infinity;
    while (!this.isInterrupted && leftBytes > 0 && (plan.countsBytes || this.read.whole + this.read.partial < plan.count)) {
      const block = await this.readBlock(Math.min(plan.inputBlock, leftBytes));
      if (this.isInterrupted) break;
      if (!block.ok) {
        call.err(`dd: error reading ${quoted(plan.input ?? 'standard input')}: ${strerror(block.error)}`);
        this.code = 1;
        if (!plan.conversions.has('noerror') || block.error === 'EISDIR') return true;
        this.report();
        continue;
      }
      if (block.value.length === 0) break;
      leftBytes -= block.value.length;
      if (block.value.length < plan.inputBlock) this.read.partial += 1;
      else this.read.whole += 1;
      const padded = plan.conversions.has('sync') && block.value.length < plan.inputBlock ? this.padded(block.value) : block.value;
      if (!(await (plan.hasOneSize ? this.writeBlock(padded) : this.put(this.converted(padded))))) return false;
      const wait = sys.charge(2 + padded.length / 4096);
      if (wait !== undefined) await wait;
      if (plan.level === 'progress' && sys.monotonicUs() - this.reportedUs >= 1e6) this.progress();
      if (this.wantsReport) this.report();
      this.wantsReport = false;
    }
    return true;
  }

  private async readBlock(size: number): ReturnType<Sys['read']> {
    const parts: Uint8Array[] = [];
    for (let length = 0; length < size; ) {
      const got = await this.sys.read(this.inputFd, size - length);
      if (!got.ok && got.error === 'EINTR' && !this.isInterrupted) continue;
      if (!got.ok) return got;
      if (got.value.length === 0) break;
      parts.push(got.value);
      length += got.value.length;
      if (!this.plan.inputFlags.has('fullblock')) break;
    }
    return { ok: true, value: parts.length === 1 ? parts[0]! : concat(...parts) };
  }

  private padded(bytes: Uint8Array): Uint8Array {
    const whole = new Uint8Array(this.plan.inputBlock).fill(this.plan.conversions.has('block') || this.plan.conversions.has('unblock') ? 32 : 0);
    whole.set(bytes);
    return whole;
  }

  private converted(bytes: Uint8Array): Uint8Array {
    const { conversions } = this.plan;
    let made = bytes;
    if (conversions.has('lcase')) made = made.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));
    if (conversions.has('ucase')) made = made.map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte));
    if (conversions.has('swab')) made = this.swabbed(made);
    if (this.plan.conversionBlock > 0 && conversions.has('block')) return this.blocked(made);
    if (this.plan.conversionBlock > 0 && conversions.has('unblock')) return this.unblocked(made);
    return made;
  }

  /** Bytes change places in pairs; an odd one waits for the next block. */
  private swabbed(bytes: Uint8Array): Uint8Array {
    const all = this.odd === undefined ? bytes : concat(this.odd, bytes);
    const even = all.length - (all.length % 2);
    this.odd = even === all.length ? undefined : all.subarray(even);
    return all.subarray(0, even).map((_byte, index, pairs) => pairs[index ^ 1]!);
  }

  /** Lines to records of one length. */
  private blocked(bytes: Uint8Array): Uint8Array {
    const made: number[] = [];
    for (const byte of bytes) {
      if (byte === 10) {
        for (; this.column < this.plan.conversionBlock; this.column += 1) made.push(32);
        this.column = 0;
        continue;
      }
      if (this.column === this.plan.conversionBlock) this.truncatedRecords += 1;
      if (this.column < this.plan.conversionBlock) made.push(byte);
      this.column += 1;
    }
    return Uint8Array.from(made);
  }

  /** Records to lines, without the blanks at their ends. */
  private unblocked(bytes: Uint8Array): Uint8Array {
    const made: number[] = [];
    for (const byte of bytes) {
      if (this.column === this.plan.conversionBlock) {
        made.push(10);
        [this.column, this.spaces] = [0, 0];
      }
      this.column += 1;
      if (byte === 32) {
        this.spaces += 1;
        continue;
      }
      for (; this.spaces > 0; this.spaces -= 1) made.push(32);
      made.push(byte);
    }
    return Uint8Array.from(made);
  }

  /** Gathers output blocks. */
  private async put(bytes: Uint8Array): Promise<boolean> {
    this.held.push(bytes);
    this.heldSize += bytes.length;
    if (this.heldSize < this.plan.outputBlock) return true;
    const whole = concat(...this.held);
    let at = 0;
    for (; whole.length - at >= this.plan.outputBlock; at += this.plan.outputBlock) if (!(await this.writeBlock(whole.subarray(at, at + this.plan.outputBlock)))) return false;
    this.held = [whole.subarray(at)];
    this.heldSize = whole.length - at;
    return true;
  }

  private async writeBlock(bytes: Uint8Array): Promise<boolean> {
    const wrote = await this.sys.write(this.outputFd, bytes);
    if (!wrote.ok) {
      this.call.err(`dd: error writing ${quoted(this.plan.output ?? 'standard output')}: ${strerror(wrote.error)}`);
      this.code = 1;
      return false;
    }
    this.written.bytes += bytes.length;
    if (bytes.length < this.plan.outputBlock) this.written.partial += 1;
    else this.written.whole += 1;
    return true;
  }

  private async finish(): Promise<boolean> {
    const { conversions, conversionBlock } = this.plan;
    if (this.odd !== undefined && !(await this.put(this.odd))) return false;
    if (conversionBlock > 0 && conversions.has('block') && this.column > 0 && !(await this.put(new Uint8Array(Math.max(0, conversionBlock - this.column)).fill(32)))) return false;
    if (conversionBlock > 0 && conversions.has('unblock') && this.column > 0 && !(await this.put(Uint8Array.of(10)))) return false;
    return this.heldSize === 0 || this.writeBlock(concat(...this.held));
  }

  private report(): void {
    const { call, read, written, plan, truncatedRecords } = this;
    if (plan.level === 'progress' && this.reportedUs !== this.startedUs) call.writeErr('\n');
    call.err(`${read.whole}+${read.partial} records in\n${written.whole}+${written.partial} records out`);
    if (truncatedRecords > 0) call.err(`${truncatedRecords} truncated record${truncatedRecords === 1 ? '' : 's'}`);
    if (plan.level !== 'noxfer') call.err(this.copied((seconds) => general(seconds)));
  }

  private progress(): void {
    this.reportedUs = this.sys.monotonicUs();
    this.call.writeErr(`\r${this.copied((seconds) => seconds.toFixed(0))}`);
  }

  private copied(secondsText: (seconds: number) => string): string {
    const { bytes } = this.written;
    const seconds = (this.sys.monotonicUs() - this.startedUs) / 1e6;
    const [si, iec] = [humanSize(bytes, 1000), humanSize(bytes, 1024)];
    const inWords = bytes < 1000 ? '' : bytes < 1024 ? ` (${si})` : ` (${si}, ${iec})`;
    return `${bytes} byte${bytes === 1 ? '' : 's'}${inWords} copied, ${secondsText(seconds)} s, ${seconds === 0 ? 'Infinity B' : bytes === 0 ? '0.0 kB' : humanSize(bytes / seconds, 1000)}/s`;
  }
}

/** As printf's %g: six digits, no zeros at the end. */
function general(value: number): string {
  if (value === 0) return '0';
  const exponent = Math.floor(Math.log10(value));
  if (exponent >= -4) return String(Number(value.toPrecision(6)));
  const [digits, power] = value.toExponential(5).split('e') as [string, string];
  return `${Number(digits)}e${power.startsWith('-') ? '-' : '+'}${power.slice(1).padStart(2, '0')}`;
}

/** 340 kB, 2.3 GB, 20 MiB: one decimal below ten. */
function humanSize(bytes: number, base: 1000 | 1024): string {
  let value = bytes;
  let power = 0;
  for (; value >= base; power += 1) value /= base;
  if (power > 0 && value < 9.95) return `${value.toFixed(1)} ${unitName(power, base)}`;
  const rounded = Math.round(value);
  return rounded === base ? `1.0 ${unitName(power + 1, base)}` : `${rounded} ${unitName(power, base)}`;
}

function unitName(power: number, base: number): string {
  if (power === 0) return 'B';
  return base === 1000 ? `${power === 1 ? 'k' : UNITS[power - 1]!}B` : `${UNITS[power - 1]!}iB`;
}

/** Our printer and filters beside the real tcpdump, byte for byte, over captured and built packets. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pcap } from '../../ports/wire.ts';
import { compileFilter, type FilterContext } from './filter/filter.ts';
import { createPrinter, type PrintOptions } from './print/printer.ts';
import { cookedPackets, samplePackets } from './test-packets.ts';

const isThere = spawnSync('tcpdump', ['--version']).stdout?.toString().includes('tcpdump version 4.99.3') ?? false;
if (!isThere && process.env['CI'] !== undefined) throw new Error('tcpdump 4.99.3 is missing: apt-get install tcpdump');
if (!isThere) console.warn('SKIPPED: tcpdump 4.99.3 is missing, nothing was compared with it');

const folder = mkdtempSync(join(tmpdir(), 'podwire-tcpdump-'));
const fixtures = new URL('../../../simulator/wire/fixtures/', import.meta.url);
const captures: Record<string, Uint8Array> = {
  'bridge-port': readFileSync(new URL('bridge-port.pcap', fixtures)),
  'any-device': readFileSync(new URL('any-device.pcap', fixtures)),
  built: pcap.emit(pcap.LINKTYPE_ETHERNET, samplePackets()),
  'built-cooked': pcap.emit(pcap.LINKTYPE_LINUX_SLL2, cookedPackets()),
  short: pcap.emit(pcap.LINKTYPE_ETHERNET, [20, 34, 42, 60, 70, 90].flatMap((snap) => samplePackets().map((packet) => ({ ...packet, bytes: packet.bytes.slice(0, snap) })))),
};

beforeAll(() => {
  for (const [name, content] of Object.entries(captures)) writeFileSync(join(folder, name), content);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Bytes as one character each: what tcpdump prints of a packet need not be UTF-8. */
function real(capture: string, args: readonly string[]): string {
  return execFileSync('tcpdump', ['-r', join(folder, capture), ...args], { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, TZ: 'UTC' } });
}

function interfaces(): Map<number, string> {
  const names = readdirSync('/sys/class/net');
  return new Map(names.map((name) => [Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8')), name]));
}

function ours(capture: string, options: PrintOptions): string {
  const file = pcap.parse(captures[capture]!);
  if (typeof file === 'string') throw new Error(file);
  const names = interfaces();
  const print = createPrinter({ interfaceName: (index) => names.get(index), ...options });
  return file.packets.map((packet) => `${print({ ...packet, linkType: file.linkType })}\n`).join('');
}

const flagSets: readonly (readonly [string, PrintOptions])[] = [
  ['-n', {}],
  ['-nn -t', { timestamps: 1 }],
  ['-n -tt -q', { timestamps: 2, quiet: 1 }],
  ['-n -ttt -qq', { timestamps: 3, quiet: 2 }],
  ['-n -tttt -S', { timestamps: 4, absoluteSequence: true }],
  ['-n -ttttt -e', { timestamps: 5, linkHeader: true }],
  ['-n -v', { verbosity: 1 }],
  ['-n -vv', { verbosity: 2 }],
  ['-n -vvv -e', { verbosity: 3, linkHeader: true }],
  ['-n -v -S -K', { verbosity: 1, absoluteSequence: true, skipChecksums: true }],
  ['-n -e -q', { linkHeader: true, quiet: 1 }],
  ['-n -x', { hex: 1 }],
  ['-n -xx', { hex: 2 }],
  ['-n -X', { hexAndAscii: 1 }],
  ['-n -XX -v', { hexAndAscii: 2, verbosity: 1 }],
  ['-n -A', { ascii: 1 }],
  ['-n -AA -e', { ascii: 2, linkHeader: true }],
  ['-n -#', { numbered: true }],
];

describe.skipIf(!isThere)('prints what tcpdump prints', () => {
  for (const capture of Object.keys(captures)) {
    it.each(flagSets)(`${capture} with %s`, (flags, options) => {
      expect(ours(capture, { numeric: true, ...options })).toBe(real(capture, flags.split(' ')));
    });
  }
});

/** The second word of the lines whose first word, or an alias, is the name: /etc/services, /etc/protocols. */
function etcNumbers(file: string, name: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
  return lines.filter(([first, , ...aliases]) => first === name || aliases.includes(name)).map(([, second]) => second!);
}

const names: Partial<FilterContext> = {
  hostAddresses: (name) => (name === 'localhost' ? ['::1', '127.0.0.1'] : []),
  servicePorts: (name) => {
    const found = etcNumbers('/etc/services', name).map((entry) => entry.split('/'));
    const port = (protocol: string): number | undefined => {
      const entry = found.find(([, kind]) => kind === protocol);
      return entry === undefined ? undefined : Number(entry[0]);
    };
    return { tcp: port('tcp'), udp: port('udp') };
  },
  protocolNumber: (name) => {
    const [number] = etcNumbers('/etc/protocols', name);
    return number === undefined ? undefined : Number(number);
  },
};

function realOutcome(capture: string, filter: string): string {
  const run = spawnSync('tcpdump', ['-n', '-r', join(folder, capture), filter], { encoding: 'latin1', env: { ...process.env, TZ: 'UTC' } });
  const complaint = run.stderr.split('\n').filter((line) => !line.startsWith('reading from file') && !line.startsWith('Warning: interface names')).join('\n');
  return complaint + run.stdout;
}

function ourOutcome(capture: string, filter: string): string {
  const file = pcap.parse(captures[capture]!);
  if (typeof file === 'string') throw new Error(file);
  const compiled = compileFilter(filter, { ...names, linkType: file.linkType, isFile: true });
  if (!compiled.ok) return `tcpdump: ${compiled.message}\n`;
  const known = interfaces();
  const print = createPrinter({ numeric: true, interfaceName: (index) => known.get(index) });
  const taken = file.packets.filter((packet) => compiled.accepts(packet.bytes, { originalLength: packet.originalLength }));
  return taken.map((packet) => `${print({ ...packet, linkType: file.linkType })}\n`).join('');
}

const filters = readFileSync(new URL('fixtures/filters.txt', import.meta.url), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe.skipIf(!isThere)('filters as libpcap filters', () => {
  for (const capture of Object.keys(captures)) {
    const foreign = captures[capture]![20] === pcap.LINKTYPE_ETHERNET ? '[cooked] ' : '[ethernet] ';
    it.each(filters.filter((line) => !line.startsWith(foreign)).map((line) => line.replace(/^\[\w+\] /, '')))(`${capture}: %s`, (filter) => {
      expect(ourOutcome(capture, filter)).toBe(realOutcome(capture, filter));
    });
  }
});

/** Our printer and filters beside the real tcpdump, byte for byte, over captured and built packets. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pcap } from '../../ports/wire.ts';
import { createPrinter, type PrintOptions } from './print/printer.ts';
import { cookedPackets, samplePackets } from './sample-packets.ts';

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

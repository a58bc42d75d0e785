/** tcpdump 4.99.3: live captures, capture files, and their printing. Read first: tcpdump(1). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { bytes as wire, pcap } from '../../ports/wire.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { openCapture, runCapture, type Capture } from './capture.ts';
import { captureDevices, deviceLine } from './interfaces.ts';
import { AddressNames, compileWithNames } from './names.ts';
import { parseCommandLine, USAGE, VERSION, type TcpdumpOptions } from './options.ts';
import { createPrinter } from './print/printer.ts';

const LINK_TYPES: Readonly<Record<number, readonly [string, string]>> = {
  [pcap.LINKTYPE_ETHERNET]: ['EN10MB', 'Ethernet'],
  [pcap.LINKTYPE_LINUX_SLL2]: ['LINUX_SLL2', 'Linux cooked v2'],
};

export const tcpdump = defineCommand({
  name: 'tcpdump',
  summary: 'dump traffic on a network',
  package: 'tcpdump',
  async run(call) {
    const parsed = parseCommandLine(call.args);
    if (!parsed.ok) {
      if (parsed.reason === 'unsupported') return notSimulated(call, parsed.message);
      complain(call, parsed.message);
      if (parsed.reason === 'usage') for (const line of USAGE) call.err(line);
      return 1;
    }
    const { options } = parsed;
    switch (options.action) {
      case 'help':
        for (const line of USAGE) call.out(line);
        return 0;
      case 'version':
        for (const line of VERSION) call.out(line);
        return 0;
      case 'list-interfaces':
        captureDevices(call).forEach((device, index) => call.out(deviceLine(device, index + 1)));
        return 0;
      case 'list-link-types':
        return listLinkTypes(call, options);
      case 'capture':
        return options.readFile === undefined ? captureLive(call, options) : readCapture(call, options, options.readFile);
    }
  },
});

function complain(call: Invocation, message: string): ExitCode {
  call.err(`tcpdump: ${message}`);
  return 1;
}

function listLinkTypes(call: Invocation, options: TcpdumpOptions): ExitCode {
  const device = deviceName(call, options);
  const link = device === undefined ? undefined : call.net.netlink.link(device);
  if (device === undefined || link === undefined) return device === 'any' ? notSimulated(call, 'option -L on any') : complain(call, `${device}: No such device exists`);
  call.out(`Data link types for ${device} (use option -y to set):`);
  call.out('  EN10MB (Ethernet)');
  if (link.kind !== 'loopback') call.out('  DOCSIS (DOCSIS) (printing not supported)');
  return 0;
}

/** As given, by its number in -D, or the first one there is. */
function deviceName(call: Invocation, options: TcpdumpOptions): string | undefined {
  const { device } = options;
  if (device === undefined) return captureDevices(call)[0]?.name;
  if (/^[0-9]+$/.test(device) && call.net.netlink.link(device) === undefined) return captureDevices(call)[Number(device) - 1]?.name;
  return device;
}

/** Options after the filter count as options; `-F` replaces the words. */
async function filterText(call: Invocation, options: TcpdumpOptions): Promise<string | undefined> {
  if (options.filterFile === undefined) return options.filter;
  const text = await call.sys.readText(options.filterFile);
  if (text.ok) return text.value.replace(/#.*$/gm, '').trim();
  complain(call, `can't open ${options.filterFile}: ${strerror(text.error)}`);
  return undefined;
}

interface Sink {
  /** Answers what it printed. */
  take(packet: pcap.CapturedPacket): Promise<string>;
}

/** Prints, writes to a file, or both. Answers undefined after a complaint. */
async function openSink(call: Invocation, options: TcpdumpOptions, linkType: number): Promise<Sink | undefined> {
  const prints = options.writeFile === undefined ? !options.countsOnly : options.printsToo;
  const print = prints ? await createOutput(call, options, linkType) : undefined;
  const write = options.writeFile === undefined ? undefined : await openFile(call, options, options.writeFile, linkType);
  if (write === 'failed') return undefined;
  return {
    take: async (packet) => {
      await write?.(packet);
      return (await print?.(packet)) ?? '';
    },
  };
}

async function createOutput(call: Invocation, options: TcpdumpOptions, linkType: number): Promise<(packet: pcap.CapturedPacket) => Promise<string>> {
  const names = options.numeric ? undefined : await AddressNames.open(call);
  const settings = {
    ...options,
    hostName: names?.find,
    serviceName: names === undefined ? undefined : (port: number, protocol: 'tcp' | 'udp') => names.services.name(port, protocol),
    interfaceName: (index: number) => call.net.netlink.link(index)?.name,
  };
  const print = createPrinter(settings);
  const scout = createPrinter(settings);
  return async (packet) => {
    if (names !== undefined) {
      scout({ ...packet, linkType });
      await names.lookUpWanted();
    }
    const text = print({ ...packet, linkType });
    call.write(wire.latin1(`${text}\n`));
    return text;
  };
}

/** `-w -` is standard output; a file is handed to the user tcpdump, whom the real one becomes. */
async function openFile(call: Invocation, options: TcpdumpOptions, path: string, linkType: number): Promise<((packet: pcap.CapturedPacket) => Promise<void>) | 'failed'> {
  const header = pcap.fileHeader(linkType, options.snapshotLength);
  if (path === '-') {
    call.write(header);
    return async (packet) => {
      call.write(pcap.packetRecord(packet));
      if (options.isPacketBuffered) await call.flush();
    };
  }
  const opened = await call.sys.open(path, { write: true, create: true, truncate: true, mode: 0o644 });
  if (!opened.ok) {
    complain(call, `${path}: ${strerror(opened.error)}`);
    return 'failed';
  }
  const owner = call.sys.machine.users().find((user) => user.name === 'tcpdump');
  if (owner !== undefined && call.sys.uid === 0) call.sys.chown(path, owner.uid, owner.gid);
  await call.sys.write(opened.value, header);
  return async (packet) => {
    await call.sys.write(opened.value, pcap.packetRecord(packet));
  };
}

function linkTypeText(linkType: number): string {
  const [name, description] = LINK_TYPES[linkType] ?? [String(linkType), ''];
  return description === '' ? name : `${name} (${description})`;
}

async function readCapture(call: Invocation, options: TcpdumpOptions, path: string): Promise<ExitCode> {
  const content = path === '-' ? await readStdin(call) : await call.sys.readFile(path);
  if (!content.ok) return complain(call, `${path}: ${strerror(content.error)}`);
  const file = pcap.parse(content.value);
  if (file === 'truncated') return complain(call, `truncated dump file; tried to read 4 file header bytes, only got ${content.value.length}`);
  if (typeof file === 'string') return complain(call, 'unknown file format');
  if (LINK_TYPES[file.linkType] === undefined) return notSimulated(call, `link type ${file.linkType}`);
  call.err(`reading from file ${path}, link-type ${linkTypeText(file.linkType)}, snapshot length ${file.snapshotLength}`);
  if (file.linkType === pcap.LINKTYPE_LINUX_SLL2) call.err('Warning: interface names might be incorrect');
  const text = await filterText(call, options);
  if (text === undefined) return 1;
  const filter = await compileWithNames(call, text, { linkType: file.linkType, isFile: true });
  if (!filter.ok) return filter.isUnsupported ? notSimulated(call, filter.message) : complain(call, filter.message);
  const sink = await openSink(call, options, file.linkType);
  if (sink === undefined) return 1;
  let taken = 0;
  for (const packet of file.packets) {
    if (taken >= options.count) break;
    if (!filter.accepts(packet.bytes, { originalLength: packet.originalLength })) continue;
    taken += 1;
    await sink.take(packet);
    const wait = call.sys.charge(20);
    if (wait !== undefined) await wait;
  }
  if (options.countsOnly) call.out(`${taken} packet${taken === 1 ? '' : 's'}`);
  if (!file.isTruncated || taken >= options.count) return 0;
  await call.flush();
  return complain(call, 'pcap_loop: truncated dump file; tried to read a packet, got less');
}

async function readStdin(call: Invocation): ReturnType<Invocation['sys']['readFile']> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const got = await call.sys.read(0, 65536);
    if (!got.ok) return got;
    if (got.value.length === 0) return { ok: true, value: wire.concat(...chunks) };
    chunks.push(got.value);
  }
}

async function captureLive(call: Invocation, options: TcpdumpOptions): Promise<ExitCode> {
  if (options.isLineBuffered) call.buffering('line');
  const device = deviceName(call, options);
  if (device === undefined) return complain(call, 'Invalid adapter index');
  const text = await filterText(call, options);
  if (text === undefined) return 1;
  const opened = await openCapture(call, options, device, text);
  if (!opened.ok) {
    if (opened.isUnsupported === true) return notSimulated(call, opened.messages[0]!);
    complain(call, opened.messages[0]!);
    for (const line of opened.messages.slice(1)) call.err(line);
    return 1;
  }
  const sink = await openSink(call, options, opened.capture.linkType);
  if (sink === undefined) return 1;
  announce(call, options, opened.capture);
  call.sys.note({ kind: 'capture-started', device: opened.capture.device, filter: text, linkType: opened.capture.linkType });
  return capturePackets(call, options, opened.capture, sink);
}

function announce(call: Invocation, options: TcpdumpOptions, capture: Capture): void {
  if (capture.linkType === pcap.LINKTYPE_LINUX_SLL2) call.err('tcpdump: data link type LINUX_SLL2');
  const isBrief = options.verbosity === 0 && options.writeFile === undefined;
  if (isBrief) call.err('tcpdump: verbose output suppressed, use -v[v]... for full protocol decode');
  call.err(`${isBrief ? '' : 'tcpdump: '}listening on ${capture.device}, link-type ${linkTypeText(capture.linkType)}, snapshot length ${options.snapshotLength} bytes`);
}

async function capturePackets(call: Invocation, options: TcpdumpOptions, capture: Capture, sink: Sink): Promise<ExitCode> {
  let isStopped = false;
  let captured = 0;
  let received = 0;
  let dropped = 0;
  for (const signal of ['INT', 'TERM', 'HUP', 'PIPE'] as const) {
    if (call.sys.onSignal(signal, () => (isStopped = true)) === 'ignore') call.sys.onSignal(signal, 'ignore');
  }
  const update = (): void => {
    const statistics = call.net.sockets.packetStatistics(capture.socket);
    received += statistics.received;
    dropped += statistics.dropped;
  };
  const report = (separator: string): string => {
    update();
    const parts = [`${captured} packet${captured === 1 ? '' : 's'} captured`, `${received} packet${received === 1 ? '' : 's'} received by filter`, `${dropped} packet${dropped === 1 ? '' : 's'} dropped by kernel`];
    return parts.join(separator);
  };
  call.sys.onSignal('USR1', () => call.err(`tcpdump: ${report(', ')}`));
  const reportsProgress = options.verbosity > 0 && options.writeFile !== undefined;
  const end = await runCapture(call, capture, options.snapshotLength, () => isStopped, async (packet) => {
    captured += 1;
    const text = await sink.take(packet);
    call.sys.note({ kind: 'capture-packet', frame: packet.bytes, atUs: packet.tsUs, originalLength: packet.originalLength, text });
    if (reportsProgress) call.writeErr(`Got ${captured}\r`);
    return captured < options.count;
  });
  if (end === 'interrupted' && options.writeFile === undefined) call.write('\n');
  await call.flush();
  if (end === 'disappeared') complain(call, 'pcap_loop: The interface disappeared');
  if (options.countsOnly && options.writeFile === undefined) call.out(`${captured} packet${captured === 1 ? '' : 's'}`);
  call.err(report('\n'));
  call.net.sockets.close(capture.socket);
  return end === 'disappeared' ? 1 : 0;
}

/** The command around the printer: devices, messages, blocks of packets, signals, files. Wordings are recordings. */
import { describe, expect, it } from 'vitest';
import type { Invocation } from '../define.ts';
import { bytes as wire, pcap } from '../../ports/wire.ts';
import type { Datagram } from '../../ports/kernel.ts';
import { samplePackets } from './test-packets.ts';
import { tcpdump } from './tcpdump.ts';

const LINKS = [
  { index: 1, name: 'lo', kind: 'loopback', isUp: true, hasCarrier: true },
  { index: 2, name: 'eth0', kind: 'veth', isUp: true, hasCarrier: true },
  { index: 3, name: 'br0', kind: 'bridge', isUp: false, hasCarrier: false },
];
const NONE = { datagrams: [] as { atUs: number; frame: Uint8Array; direction?: string; device?: number }[], interruptAtUs: Infinity, files: {} as Record<string, Uint8Array>, isRoot: true };
const icmpFrames = samplePackets().map((packet) => packet.bytes).filter((frame) => wire.get16(frame, 12) === 0x0800 && frame[23] === 1 && frame[34] === 8);

async function run(args: readonly string[], given: Partial<typeof NONE> = {}): Promise<{ stdout: string; stderr: string; exit: number; files: Record<string, Uint8Array> }> {
  const { datagrams, interruptAtUs, files, isRoot } = { ...NONE, ...given };
  let nowUs = 0;
  let stdout = '';
  let stderr = '';
  let received = 0;
  let accepts: (frame: Uint8Array, info: object) => boolean = () => true;
  let interrupt = (): void => undefined;
  let isInterrupted = false;
  const queue: Datagram[] = [];
  const pending = [...datagrams];
  const advanceTo = (atUs: number): void => {
    const untilUs = isInterrupted ? atUs : Math.min(atUs, interruptAtUs);
    while (pending.length > 0 && pending[0]!.atUs <= untilUs) {
      const { frame, direction = 'in', device = 2, atUs: receivedAtUs } = pending.shift()!;
      if (!accepts(frame, { direction, device })) continue;
      received += 1;
      queue.push({ bytes: frame, direction, device, receivedAtUs } as unknown as Datagram);
    }
    nowUs = Math.max(nowUs, untilUs);
    if (nowUs >= interruptAtUs && !isInterrupted) {
      isInterrupted = true;
      interrupt();
    }
  };
  const sockets = {
    open: () => (isRoot ? { ok: true, value: 1 } : { ok: false, error: 'EPERM' }), close: () => undefined, bindDevice: () => ({ ok: true }), setOptions: () => ({ ok: true }),
    attachFilter: (_: number, filter: typeof accepts) => (accepts = filter), readiness: () => ({ readable: queue.length > 0 }),
    packetStatistics: () => ({ received: received - (received = 0), dropped: 0 }),
    receiveDatagram: async (_: number, timeoutUs?: number) => {
      while (queue.length === 0 && timeoutUs === undefined && !isInterrupted && (pending.length > 0 || interruptAtUs < Infinity)) advanceTo(pending[0]?.atUs ?? interruptAtUs);
      const value = queue.shift();
      return value === undefined ? { ok: false, error: isInterrupted ? 'EINTR' : 'EAGAIN' } : { ok: true, value };
    },
  };
  const sys = {
    uid: 0, now: () => nowUs, monotonicUs: () => nowUs, note: () => undefined, onSignal: (signal: string, handler: () => void) => (signal === 'INT' ? ((interrupt = handler), 'default') : 'default'),
    sleep: async (us: number) => (advanceTo(nowUs + us), { ok: !isInterrupted, remainingUs: 0 }), charge: () => undefined, chown: () => ({ ok: true }),
    readText: async () => ({ ok: false, error: 'ENOENT' }), machine: { users: () => [] },
    readFile: async (path: string) => (files[path] === undefined ? { ok: false, error: 'ENOENT' } : { ok: true, value: files[path] }),
    open: async (path: string) => ((files[path] = new Uint8Array(0)), { ok: true, value: path }),
    write: async (path: string, bytes: Uint8Array) => ((files[path] = wire.concat(files[path]!, bytes)), { ok: true, value: bytes.length }),
  };
  const netlink = { links: () => LINKS, link: (key: string | number) => LINKS.find((link) => link.name === key || link.index === key), addresses: () => [] };
  const call = {
    name: 'tcpdump', args, sys, net: { sockets, netlink }, flush: async () => undefined, buffering: () => undefined, stdoutIsTerminal: false,
    out: (line: string) => (stdout += `${line}\n`), err: (line: string) => (stderr += `${line}\n`), writeErr: (text: string) => (stderr += text),
    write: (text: string | Uint8Array) => (stdout += typeof text === 'string' ? text : wire.fromLatin1(text)),
  } as unknown as Invocation;
  const exit = await tcpdump.run(call);
  return { stdout, stderr, exit, files };
}

const summary = (captured: number, received: number): string =>
  `${captured} packet${captured === 1 ? '' : 's'} captured\n${received} packet${received === 1 ? '' : 's'} received by filter\n0 packets dropped by kernel\n`;
const listening = 'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\nlistening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n';

describe('tcpdump', () => {
  it.each([
    ['-ni nosuch icmp', 1, 'tcpdump: nosuch: No such device exists\n(No such device exists)\n'],
    ['-ni eth0 foo bar', 1, "tcpdump: can't parse filter expression: syntax error\n"],
    ['-ni br0 -c 1', 1, 'tcpdump: br0: That device is not up\n'],
    ['-ni eth0 host 10.1.2.300', 1, "tcpdump: invalid IPv4 address '10.1.2.300'\n"],
    ['-c 0', 1, 'tcpdump: invalid packet count 0\n'],
    ['-tttttt', 1, 'tcpdump: only -t, -tt, -ttt, -tttt and -ttttt are supported\n'],
    ['-r /nosuch', 1, 'tcpdump: /nosuch: No such file or directory\n'],
    ['-C 1', 125, 'podwire: tcpdump: option -C is not simulated yet\n'],
    ['-i eth0 mpls', 125, "podwire: tcpdump: filter 'mpls' is not simulated yet\n"],
  ])('refuses %s', async (words, exit, stderr) => {
    expect(await run(words.split(' '))).toMatchObject({ stdout: '', stderr, exit });
  });

  it('needs permission', async () => {
    const { stderr, exit } = await run(['-i', 'eth0'], { isRoot: false });
    expect(exit).toBe(1);
    expect(stderr).toBe("tcpdump: eth0: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)\n");
  });

  it('lists devices in the order in which libpcap does', async () => {
    const { stdout } = await run(['-D']);
    expect(stdout.split('\n').slice(0, 3)).toEqual(['1.eth0 [Up, Running, Connected]', '2.any (Pseudo-device that captures on all interfaces) [Up, Running]', '3.lo [Up, Running, Loopback]']);
    expect(stdout).toContain('9.br0 [none, Disconnected]\n');
  });

  it('takes options behind the filter, and counts what came in the same block', async () => {
    const datagrams = [100, 200, 300, 999_000, 1_200_000].map((atUs) => ({ atUs, frame: icmpFrames[0]! }));
    const { stdout, stderr, exit } = await run(['-ni', 'eth0', 'icmp', '-c', '2'], { datagrams });
    expect(exit).toBe(0);
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stdout).toMatch(/^00:00:00\.000100 IP 192\.168\.255\.2 > 10\.142\.0\.2: ICMP echo request/);
    expect(stderr).toBe(listening + summary(2, 4));
  });

  it('loses an unfinished block when it is interrupted', async () => {
    const datagrams = [{ atUs: 500, frame: icmpFrames[0]! }];
    const { stdout, stderr, exit } = await run(['-ni', 'eth0'], { datagrams, interruptAtUs: 600_000 });
    expect({ stdout, stderr, exit }).toEqual({ stdout: '\n', stderr: listening + summary(0, 1), exit: 0 });
  });

  it('shows interface and direction of the any device, and each loopback packet once', async () => {
    const datagrams = [
      { atUs: 1, frame: icmpFrames[0]!, direction: 'otherhost' }, { atUs: 2, frame: icmpFrames[0]!, direction: 'out', device: 1 }, { atUs: 3, frame: icmpFrames[0]!, direction: 'in', device: 1 },
    ];
    const { stdout, stderr } = await run(['-l', '-tni', 'any', 'icmp'], { datagrams, interruptAtUs: 3_000_000 });
    expect(stdout).toMatch(/^eth0 {2}P {3}IP .*\nlo {4}In {2}IP .*\n\n$/);
    expect(stderr).toBe(`tcpdump: data link type LINUX_SLL2\n${listening.replace('eth0, link-type EN10MB (Ethernet)', 'any, link-type LINUX_SLL2 (Linux cooked v2)')}${summary(2, 2)}`);
  });

  it('writes a file that it can read again', async () => {
    const datagrams = icmpFrames.slice(0, 2).map((frame, index) => ({ atUs: 1000 + index, frame }));
    const written = await run(['-i', 'eth0', '-w', '/root/x.pcap', '-c', '2', 'icmp'], { datagrams });
    expect(written.stderr).toBe(`tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n${summary(2, 2)}`);
    const file = pcap.parse(written.files['/root/x.pcap']!);
    expect(typeof file === 'string' ? file : file.packets.map((packet) => wire.hex(packet.bytes))).toEqual(icmpFrames.slice(0, 2).map((frame) => wire.hex(frame)));
    const read = await run(['-nr', '/root/x.pcap', '--count'], { files: written.files });
    expect(read).toMatchObject({ stdout: '2 packets\n', stderr: 'reading from file /root/x.pcap, link-type EN10MB (Ethernet), snapshot length 262144\n', exit: 0 });
  });
});

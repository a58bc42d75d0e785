/** What a session gives away and looks back on: captures, casts, the timeline; and labs without a lesson. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import headless from '@xterm/headless';
import { afterEach, describe, expect, it } from 'vitest';
import type { LabEvent, LabRequestInput } from '../contracts/lab.ts';
import { linuxHost } from './scenarios/linux-host.ts';
import { scenarioText } from './scenarios/text.ts';
import { createSession, type LabSession } from './session.ts';
import { simulatorBackend } from './simulator-backend.ts';

const text = scenarioText(linuxHost);

class Desk {
  readonly events: LabEvent[] = [];
  readonly log: number[] = [];
  readonly session: LabSession;
  constructor() {
    this.session = createSession({
      backend: simulatorBackend, storesItself: true,
      wall: { nowMs: () => performance.now(), breathe: () => new Promise((settle) => setImmediate(settle)), after: (ms, run) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer); } },
      emit: (event) => {
        this.events.push(event);
        if (event.type === 'store') this.log.push(...event.bytes);
        if (event.type === 'data') this.session.handle({ type: 'shown', terminal: event.terminal, bytes: event.bytes.length });
      },
    });
    open.push(this.session);
  }
  send(request: LabRequestInput): void {
    this.session.handle(request);
  }
  async begin(more: Partial<Extract<LabRequestInput, { type: 'open' }>> = { scenario: text }): Promise<void> {
    this.send({ type: 'open', files: {}, lesson: 'play-1', seed: 5, ...more });
    await this.until(() => this.shown().includes('$ '));
  }
  shown(terminal = 'host'): string {
    return this.events.flatMap((event) => (event.type === 'data' && event.terminal === terminal ? [Buffer.from(event.bytes).toString()] : [])).join('');
  }
  newest<Type extends LabEvent['type']>(type: Type): Extract<LabEvent, { type: Type }> | undefined {
    return this.events.findLast((event): event is Extract<LabEvent, { type: Type }> => event.type === type);
  }
  async until(holds: () => boolean): Promise<void> {
    for (let look = 0; !holds(); look++) {
      const failed = this.newest('failed');
      if (failed !== undefined || look > 2000) throw new Error(`${failed?.message ?? 'waited in vain'}\n${this.shown()}`);
      await new Promise((settle) => setTimeout(settle, 5));
    }
  }
  async type(line: string): Promise<void> {
    const ran = (this.newest('commands')?.commands ?? []).filter(({ endedAtMs }) => endedAtMs !== null).length;
    this.send({ type: 'input', terminal: 'host', data: `${line}\r` });
    await this.until(() => (this.newest('commands')?.commands ?? []).filter(({ endedAtMs }) => endedAtMs !== null).length > ran);
  }
  async file(request: LabRequestInput): Promise<{ name: string; bytes: Uint8Array }> {
    const had = this.newest('file');
    this.send(request);
    await this.until(() => this.newest('file') !== had);
    return this.newest('file')!;
  }
}

const open: LabSession[] = [];
afterEach(() => open.splice(0).forEach((session) => session.close()));

function cast(bytes: Uint8Array): { head: { version: number; width: number; height: number }; events: [number, string, string][] } {
  const [head, ...events] = Buffer.from(bytes).toString().trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
  return { head: head as ReturnType<typeof cast>['head'], events: events as [number, string, string][] };
}
async function screenOf(columns: number, rows: number, play: (terminal: headless.Terminal) => void): Promise<string> {
  const terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
  play(terminal);
  await new Promise<void>((settle) => terminal.write('', settle));
  return Array.from({ length: terminal.rows }, (_, row) => terminal.buffer.active.getLine(terminal.buffer.active.viewportY + row)?.translateToString(true)).join('\n').trimEnd();
}

describe('a cast', () => {
  it('played by somebody else shows what the terminal shows, sizes and all', async () => {
    const desk = new Desk();
    await desk.begin();
    desk.send({ type: 'resize', terminal: 'host', columns: 61, rows: 12 });
    await desk.type("echo '日本 naïve'; ip -br link");
    await desk.type('seq 30');
    const { name, bytes } = await desk.file({ type: 'save-terminal', terminal: 'host' });
    const { head, events } = cast(bytes);
    expect(name).toBe('play-1-host.cast');
    expect(head).toMatchObject({ version: 2, width: 80, height: 24, timestamp: expect.any(Number) as number });
    expect(events.filter(([, kind]) => kind === 'r').map(([, , data]) => data)).toEqual(['61x12']);
    expect(events.every(([at], index) => at >= (events[index - 1]?.[0] ?? 0))).toBe(true);
    const played = await screenOf(head.width, head.height, (terminal) => {
      for (const [, kind, data] of events) {
        if (kind === 'o') terminal.write(data);
        else terminal.write('', () => terminal.resize(...(data.split('x').map(Number) as [number, number])));
      }
    });
    expect(played).toContain('30');
    expect(events.map(([, kind, data]) => (kind === 'o' ? data : '')).join('')).toBe(desk.shown());
    expect(played).toBe(await screenOf(80, 24, (terminal) => {
      terminal.resize(61, 12);
      terminal.write(desk.shown());
    }));
  });
});

describe('a capture as a file', () => {
  const read = (bytes: Uint8Array): string => {
    const folder = mkdtempSync(join(tmpdir(), 'podwire-pcap-'));
    writeFileSync(join(folder, 'x.pcap'), bytes);
    const { stdout, stderr } = spawnSync('tcpdump', ['-nettr', join(folder, 'x.pcap')], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    return stderr + stdout;
  };
  it.skipIf(spawnSync('tcpdump', ['--version']).error !== undefined)('opens in tcpdump with every packet, cooked on `any`', async () => {
    const desk = new Desk();
    await desk.begin();
    desk.send({ type: 'pace', mode: 'skip' });
    for (const device of ['eth0', 'any']) await desk.type(`sudo tcpdump -ni ${device} -c 4 icmp & sleep 0.5; ping -c 2 -i 0.2 8.8.8.8; wait`);
    await desk.until(() => desk.newest('network')?.network.captures.length === 2 && desk.newest('network')!.network.captures.every(({ packetCount }) => packetCount === 4));
    const [ethernet, cooked] = desk.newest('network')!.network.captures;
    expect(ethernet!.packets[0]).toMatchObject({ protocol: 'icmp', destination: '8.8.8.8' });
    expect(cooked!.packets[0]).toMatchObject({ protocol: 'icmp', destination: '8.8.8.8' });
    const first = await desk.file({ type: 'save-capture', capture: ethernet!.id });
    expect(first.name).toBe('host-eth0.pcap');
    expect(read(first.bytes)).toMatch(/link-type EN10MB \(Ethernet\).*\n(?:\d+\.\d{6} 42:01:0a:8e:00:0[12] > 42:01:0a:8e:00:0[12], .*: ICMP echo re.*\n){4}$/);
    expect(read((await desk.file({ type: 'save-capture', capture: cooked!.id })).bytes)).toMatch(/link-type LINUX_SLL2.*\n(?:Warning.*\n)?(?:\d+\.\d{6} .*: ICMP echo re.*\n){4}$/);
  });
});

describe('the timeline', () => {
  it('says what each line did, and goes back to before one', async () => {
    const desk = new Desk();
    await desk.begin();
    desk.send({ type: 'watch-timeline', isWatched: true });
    await desk.type('sudo ip link add br0 type bridge');
    await desk.type('ls /nowhere');
    await desk.type('sudo ip link set br0 up; sudo ip address add 10.1.0.1/24 dev br0');
    await desk.until(() => desk.newest('timeline')?.entries.length === 3 && desk.newest('timeline')!.entries[2]!.changes.length > 1);
    const { entries } = desk.newest('timeline')!;
    expect(entries.map(({ line, exit, changes }) => ({ line, exit, changes }))).toEqual([
      { line: 'sudo ip link add br0 type bridge', exit: 0, changes: ['br0 (bridge) is there now'] },
      { line: 'ls /nowhere', exit: 2, changes: [] },
      { line: 'sudo ip link set br0 up; sudo ip address add 10.1.0.1/24 dev br0', exit: 0, changes: expect.arrayContaining(['br0 was switched on', 'address 10.1.0.1/24 on br0 was set']) as string[] },
    ]);
    desk.send({ type: 'undo', before: entries[1]!.id });
    await desk.until(() => desk.newest('timeline')!.entries.length === 1);
    expect(desk.newest('network')!.network.namespaces[0]!.links.find(({ name }) => name === 'br0')?.isUp).toBe(false);
    desk.send({ type: 'redo' });
    await desk.until(() => desk.newest('timeline')!.entries.length === 3);
  });
});

describe('free play', () => {
  it('resumes from its log alone, the scenario in it', async () => {
    const desk = new Desk();
    await desk.begin({ scenario: text.replace('boot:\n      - ip link set lo up\n      - ip address add 10.142', 'boot:\n      - ip link set lo up\n      - ip link add mine type bridge\n      - ip address add 10.142') });
    expect(desk.newest('opened')!.play).toMatchObject({ title: 'A Debian VM with every tool installed', places: ['host'] });
    await desk.type('echo kept=$((6*7)); ip -br link show mine');
    expect(desk.shown()).toMatch(/kept=42\r\nmine .*DOWN/);
    desk.session.close();
    const again = new Desk();
    await again.begin({ log: Uint8Array.from(desk.log) });
    expect(again.newest('opened')).toMatchObject({ lesson: 'play-1', seed: 5, resumed: { isFaithful: true }, play: { places: ['host'] } });
    expect(again.shown()).toContain('kept=42');
  });
  it('says what is wrong with a scenario', async () => {
    const desk = new Desk();
    desk.send({ type: 'open', files: {}, lesson: 'play-1', seed: 5, scenario: text.replace('home: host', 'home: hots') });
    await new Promise((settle) => setTimeout(settle, 50));
    expect(desk.newest('failed')).toMatchObject({ code: 'bad-course', message: 'scenario.yaml:6: home: wanted a machine that is not hidden, found hots. Did you mean host?' });
  });
});

/** The lab's browser: real requests through simulated machines, and Chromium's names for what goes wrong. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { LabEvent, LabRequestInput, VisitView } from '../contracts/lab.ts';
import { createSession } from './session.ts';
import { linuxHost } from './scenarios/linux-host.ts';
import { scenarioText } from './scenarios/text.ts';
import { SimulatedLab } from './simulated-lab.ts';
import { simulatorBackend } from './simulator-backend.ts';

const HOST = { machine: 'host', netns: '' };

describe('a page visited in a lab', () => {
  let lab: SimulatedLab;
  beforeEach(async () => {
    lab = await SimulatedLab.open(linuxHost, { seed: 4 });
    await run('ip netns add room; ip link add out type veth peer name in netns room; ip link set out up; ip address add 10.9.0.1/24 dev out; ip -n room link set in up; ip -n room address add 10.9.0.2/24 dev in; ip -n room link set lo up');
    await lab.serveHttp('room', 80, 'Hello, world!\n');
  });
  async function run(line: string): Promise<string> {
    const command = lab.start(['bash', '-c', line], { cwd: '/', env: {} });
    await lab.runWhile(() => command.status === undefined, lab.nowUs + 10_000_000);
    return command.stdout() + command.stderr();
  }
  async function visit(address: string, from = HOST, withinS = 2): Promise<VisitView> {
    lab.visit(from, address);
    await lab.runUntil(lab.nowUs + withinS * 1_000_000);
    return lab.shownVisit()!;
  }

  async function answerOnce(answer: string): Promise<void> {
    lab.start(['bash', '-c', `printf '${answer}' | ip netns exec room timeout 5 nc -N -l -p 8000`], { cwd: '/', env: {} });
    await lab.runUntil(lab.nowUs + 200_000);
  }

  it('shows the answer of a server, as it was sent', async () => {
    const { url, peer, answer, error, progress } = await visit('10.9.0.2');
    expect({ url, peer, error, progress }).toEqual({ url: 'http://10.9.0.2/', peer: '10.9.0.2:80', error: null, progress: 'done' });
    expect(answer).toMatchObject({ status: 200, statusLine: 'HTTP/1.0 200 OK', mediaType: 'text/plain', text: 'Hello, world!\n', isCut: false });
    expect(answer!.headers).toContainEqual(['Content-Length', '14']);
  });

  it('crosses the wires as a request of its client', async () => {
    const capture = lab.start(['tcpdump', '-ni', 'out', '-c', '4', '-A', 'tcp'], { cwd: '/', env: {} });
    await lab.runUntil(lab.nowUs + 100_000);
    await visit('10.9.0.2/a?b=c');
    expect(capture.stdout()).toMatch(/10\.9\.0\.1\.\d+ > 10\.9\.0\.2\.80: Flags \[S\][^]*GET \/a\?b=c HTTP\/1\.1/);
  });

  it('starts in the namespace it is asked to start in', async () => {
    await lab.serveHttp(undefined, 8080, 'of the host');
    expect((await visit('http://10.9.0.1:8080/', { machine: 'host', netns: 'room' })).answer?.text).toBe('of the host');
  });

  it.each([
    ['a closed port', 'true', '10.9.0.2:81', 1, 'ERR_CONNECTION_REFUSED'],
    ['a firewall that says nothing', 'ip netns exec room iptables -A INPUT -p tcp --dport 80 -j DROP', '10.9.0.2', 240, 'ERR_CONNECTION_TIMED_OUT'],
    ['nobody at an address', 'true', '10.9.0.7', 5, 'ERR_ADDRESS_UNREACHABLE'],
    ['no route', 'ip route del default', '192.0.2.1', 1, 'ERR_ADDRESS_UNREACHABLE'],
    ['no such name', 'true', 'nosuch.example', 30, 'DNS_PROBE_FINISHED_NXDOMAIN'],
    ['no name server', 'echo nameserver 10.9.0.7 > /etc/resolv.conf', 'example.com', 60, 'ERR_NAME_NOT_RESOLVED'],
    ['a port browsers keep away from', 'true', '10.9.0.2:22', 1, 'ERR_UNSAFE_PORT'],
    ['https', 'true', 'https://10.9.0.2/', 1, 'https is not simulated yet'],
    ['no address at all', 'true', 'http://', 1, 'ERR_INVALID_URL'],
  ])('calls %s by its name', async (_, spoil, address, withinS, code) => {
    await run(spoil);
    const { error, progress, answer } = await visit(address, HOST, withinS);
    expect({ error, progress, answer }).toEqual({ error: code, progress: 'done', answer: null });
  });

  it.each([
    ['says nothing', '', 'ERR_EMPTY_RESPONSE'],
    ['speaks something else', 'garbage\\n\\n', 'ERR_INVALID_HTTP_RESPONSE'],
    ['breaks off', 'HTTP/1.1 200 OK\\r\\nContent-Length: 99\\r\\n\\r\\nshort', 'ERR_CONTENT_LENGTH_MISMATCH'],
  ])('knows a server that %s', async (_, answer, code) => {
    await answerOnce(answer);
    expect((await visit('10.9.0.2:8000')).error).toBe(code);
  });

  it('goes where a server sends it', async () => {
    await answerOnce('HTTP/1.1 302 Found\\r\\nLocation: http://10.9.0.2/there\\r\\nContent-Length: 0\\r\\n\\r\\n');
    expect(await visit('10.9.0.2:8000')).toMatchObject({ address: '10.9.0.2:8000', url: 'http://10.9.0.2/there', peer: '10.9.0.2:80', answer: { status: 200, text: 'Hello, world!\n' } });
  });

  it('stops when told to, and leaves no process', async () => {
    await run('ip netns exec room iptables -A INPUT -p tcp --dport 80 -j DROP');
    expect((await visit('10.9.0.2')).progress).toBe('connecting');
    lab.stopVisit();
    expect(lab.shownVisit()).toMatchObject({ progress: 'done', error: 'ERR_ABORTED' });
    await lab.runUntil(lab.nowUs + 100_000);
    expect(await run('ps -e -o args')).not.toContain('chromium');
  });

  it('is evidence like a command line', async () => {
    await visit('10.9.0.2');
    const commands = await lab.observer.commands();
    expect('value' in commands && commands.value.at(-1)).toMatchObject({ terminal: '@browser', machine: 'host', netns: '', line: 'chromium http://10.9.0.2/', programs: [['chromium', 'http://10.9.0.2/']], output: 'Hello, world!\n', exit: 0 });
  });
});

describe('visits in a session', () => {
  function desk(log?: Uint8Array) {
    const events: LabEvent[] = [];
    const bytes: number[] = [...(log ?? [])];
    const session = createSession({
      backend: simulatorBackend, storesItself: true,
      wall: { nowMs: () => performance.now(), breathe: () => new Promise((settle) => setImmediate(settle)), after: (ms, run) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer); } },
      emit: (event) => {
        events.push(event);
        if (event.type === 'store') bytes.push(...event.bytes);
      },
    });
    const newest = <Type extends LabEvent['type']>(type: Type) => events.findLast((event): event is Extract<LabEvent, { type: Type }> => event.type === type);
    const until = async (holds: () => boolean): Promise<void> => {
      for (let look = 0; !holds(); look++) {
        if (look > 1000) throw new Error(`waited in vain; ${JSON.stringify(newest('failed') ?? newest('visit'))}`);
        await new Promise((settle) => setTimeout(settle, 5));
      }
    };
    const open = (more: Partial<Extract<LabRequestInput, { type: 'open' }>>) => session.handle({ type: 'open', files: {}, lesson: 'play-1', seed: 5, ...more });
    return { session, newest, until, open, log: () => Uint8Array.from(bytes) };
  }
  const isOver = (visit: VisitView | null | undefined): boolean => visit?.progress === 'done';

  it('are undone and redone by name, and come back with the log', async () => {
    const first = desk();
    first.open({ scenario: scenarioText(linuxHost) });
    await first.until(() => first.newest('opened')?.canBrowse === true);
    first.session.handle({ type: 'visit', from: HOST, address: '127.0.0.1:81' });
    await first.until(() => isOver(first.newest('visit')?.visit));
    expect(first.newest('history')).toMatchObject({ undo: 'visit 127.0.0.1:81', redo: null });
    first.session.handle({ type: 'undo' });
    await first.until(() => first.newest('visit')?.visit === null && first.newest('history')?.redo === 'visit 127.0.0.1:81');
    first.session.handle({ type: 'redo' });
    await first.until(() => isOver(first.newest('visit')?.visit));
    first.session.close();

    const second = desk();
    second.open({ log: first.log() });
    await second.until(() => isOver(second.newest('visit')?.visit));
    expect(second.newest('visit')?.visit).toMatchObject({ address: '127.0.0.1:81', error: 'ERR_CONNECTION_REFUSED' });
    expect(second.newest('opened')?.resumed?.isFaithful).toBe(true);
    second.session.close();
  });
});

/** ping over a scripted network: what is printed when requests are answered, refused and lost. Expectations are recordings. */
import { describe, expect, it } from 'vitest';
import type { Invocation } from '../define.ts';
import { bytes as wire, icmp } from '../../ports/wire.ts';
import type { Datagram, SocketErrorReport } from '../../ports/kernel.ts';
import { ping } from './ping.ts';

type Answer = { afterUs: number } | { afterUs: number; type: number; code: number; info: number; offender: string } | 'lost' | 'EPERM' | { mtu: number };

/** A virtual clock and one socket; `answer` says what becomes of request number n. */
async function run(args: readonly string[], answer: (sequence: number) => Answer, hosts = ''): Promise<{ stdout: string; stderr: string; exit: number }> {
  let nowUs = 1_000_000_000;
  let stdout = '';
  let stderr = '';
  const replies: { atUs: number; datagram?: Datagram; report?: SocketErrorReport }[] = [];
  const due = (kind: 'datagram' | 'report'): number => replies.findIndex((reply) => reply[kind] !== undefined && reply.atUs <= nowUs);
  const sockets = {
    open: () => ({ ok: true, value: 1 }), close: () => undefined, bindDevice: () => ({ ok: true }), bind: () => ({ ok: true }), setOptions: () => ({ ok: true }),
    connect: async () => ({ ok: true }), local: () => ({ address: '10.142.0.2', port: 9 }), takeError: () => undefined,
    send: async (_: number, message: Uint8Array) => {
      const sequence = wire.get16(message, 6);
      const outcome = answer(sequence);
      nowUs += 10;
      if (outcome === 'EPERM') return { ok: false, error: 'EPERM' };
      const common = { origin: 'icmp', type: 0, code: 0, info: 0, offender: undefined, destination: undefined, bytes: message, receivedAtUs: nowUs } as const;
      if (outcome === 'lost') return { ok: true, value: message.length };
      if ('mtu' in outcome) {
        replies.push({ atUs: nowUs, report: { ...common, error: 'EMSGSIZE', origin: 'local', info: outcome.mtu } });
        return { ok: false, error: 'EMSGSIZE' };
      }
      const atUs = nowUs - 10 + outcome.afterUs;
      if ('type' in outcome) {
        replies.push({ atUs, report: { ...common, ...outcome, error: 'EHOSTUNREACH', receivedAtUs: atUs } });
      } else {
        const reply = icmp.emit({ type: icmp.ECHO_REPLY, code: 0, rest: sequence, payload: message.subarray(8) });
        replies.push({ atUs, datagram: { bytes: reply, from: { address: '8.8.8.8', port: 0 }, to: undefined, ttl: 64, tos: 0, receivedAtUs: atUs, device: 2 } });
      }
      return { ok: true, value: message.length };
    },
    poll: async (_: unknown, __: unknown, timeoutUs: number) => {
      const next = Math.min(...replies.map((reply) => reply.atUs));
      const isIn = next <= nowUs + timeoutUs;
      nowUs = isIn ? Math.max(nowUs, next) : nowUs + timeoutUs;
      return { ok: true, value: { sockets: isIn ? [1] : [], fds: [] } };
    },
    readiness: () => ({ readable: due('datagram') >= 0, errorQueue: due('report') >= 0 }),
    receiveDatagram: async () => ({ ok: true, value: replies.splice(due('datagram'), 1)[0]!.datagram }),
    receiveErrorReport: () => (due('report') >= 0 ? { ok: true, value: replies.splice(due('report'), 1)[0]!.report } : { ok: false, error: 'EAGAIN' }),
  };
  const sys = {
    realUid: 0, now: () => nowUs, monotonicUs: () => nowUs, random: () => 7, onSignal: () => 'default', sleep: async (us: number) => { nowUs += us; },
    readText: async (path: string) => ({ ok: true, value: path === '/etc/hosts' ? hosts : 'hosts: files\n' }),
  };
  const call = {
    name: 'ping', args, sys, net: { sockets }, flush: async () => undefined,
    out: (line: string) => (stdout += `${line}\n`), write: (text: string) => (stdout += text), err: (line: string) => (stderr += `${line}\n`),
  } as unknown as Invocation;
  const exit = await ping.run(call);
  return { stdout, stderr, exit };
}

describe('ping', () => {
  it('prints replies and round trips', async () => {
    const trips = [210, 60, 57];
    const { stdout, exit } = await run(['-c', '3', '-i', '0.2', '8.8.8.8'], (sequence) => ({ afterUs: trips[sequence - 1]! }));
    expect(exit).toBe(0);
    expect(stdout).toBe(`PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.
64 bytes from 8.8.8.8: icmp_seq=1 ttl=64 time=0.210 ms
64 bytes from 8.8.8.8: icmp_seq=2 ttl=64 time=0.060 ms
64 bytes from 8.8.8.8: icmp_seq=3 ttl=64 time=0.057 ms

--- 8.8.8.8 ping statistics ---
3 packets transmitted, 3 received, 0% packet loss, time 400ms
rtt min/avg/max/mdev = 0.057/0.109/0.210/0.071 ms
`);
  });

  it('names the host where it is known', async () => {
    const { stdout } = await run(['-c', '1', 'dns'], () => ({ afterUs: 12_345 }), '8.8.8.8 dns\n');
    expect(stdout).toContain('PING dns (8.8.8.8) 56(84) bytes of data.\n64 bytes from dns (8.8.8.8): icmp_seq=1 ttl=64 time=12.3 ms\n');
  });

  it('waits and counts what is lost', async () => {
    const { stdout, exit } = await run(['-c', '1', '-W', '1', '8.8.8.8'], () => 'lost');
    expect(exit).toBe(1);
    expect(stdout).toBe('PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.\n\n--- 8.8.8.8 ping statistics ---\n1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n');
  });

  it('reports hosts that do not resolve, three at a time', async () => {
    let first = 3_000_000;
    const { stdout, exit } = await run(['-c', '3', '8.8.8.8'], () => {
      const afterUs = first;
      first -= 1_000_000;
      return { afterUs, type: 3, code: 1, info: 0, offender: '192.168.255.2' };
    });
    expect(exit).toBe(1);
    expect(stdout).toContain('From 192.168.255.2 icmp_seq=1 Destination Host Unreachable\n');
    expect(stdout).toContain('3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2000ms\npipe 3\n');
  });

  it.each<[Answer, string, string]>([
    [{ afterUs: 90, type: 11, code: 0, info: 0, offender: '10.1.0.1' }, 'From 10.1.0.1 icmp_seq=1 Time to live exceeded\n', ''],
    [{ afterUs: 90, type: 3, code: 4, info: 1300, offender: '10.1.0.1' }, 'From 10.1.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1300)\n', ''],
    [{ mtu: 1500 }, '', 'ping: local error: message too long, mtu=1500\n'],
    ['EPERM', '', ''],          // a DROP in OUTPUT: recorded from iputils 20221126
  ])('says what went wrong: %j', async (outcome, output, complaint) => {
    const { stdout, stderr, exit } = await run(['-c', '1', '-W', '1', '8.8.8.8'], () => outcome);
    expect(exit).toBe(1);
    expect(stdout).toContain(`bytes of data.\n${output}\n--- `);
    expect(stderr).toBe(complaint);
  });

  it('does not wait for answers it has', async () => {
    const { stdout } = await run(['-q', '-c', '2', '-i', '0.2', '8.8.8.8'], () => ({ afterUs: 50 }));
    expect(stdout).toBe('PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.\n\n--- 8.8.8.8 ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, time 200ms\nrtt min/avg/max/mdev = 0.050/0.050/0.050/0.000 ms\n');
  });

  it.each([
    [['nosuch.example'], 2, 'ping: nosuch.example: Name or service not known\n'],
    [[], 1, 'ping: usage error: Destination address required\n'],
    [['-c', 'x', '8.8.8.8'], 1, "ping: invalid argument: 'x'\n"],
    [['-T', 'tsonly', '8.8.8.8'], 125, 'podwire: ping: option -T is not simulated yet\n'],
    [['-M', 'maybe', '8.8.8.8'], 2, 'ping: invalid -M argument: maybe\n'],
  ])('%j ends with %i', async (args, exit, complaint) => {
    expect(await run(args, () => 'lost')).toEqual({ stdout: '', stderr: complaint, exit });
  });
});

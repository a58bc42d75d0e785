/** Two hours at one lab: how long they take to replay, how long an undo takes after them, and how long a key waits for its echo. */
import type { LabEvent, LabRequestInput } from '../contracts/lab.ts';
import { concat } from '../simulator/bytes.ts';
import { encodeRecord, engineVersion, type LogRecord } from './log.ts';
import { replayLog } from './replay.ts';
import { createSession, type LabSession } from './session.ts';
import { simulatorBackend } from './simulator-backend.ts';
import type { Wall } from './wall.ts';

const TWO_HOURS_US = 7_200_000_000;
const KEY_EVERY_US = 150_000;
const LINE_EVERY_US = 12_000_000;
const SEED = 1;
const SIZE = { columns: 80, rows: 24 };
const TERMINAL = 'vm';

/** What somebody types who tries things out: a third only looks, a third changes, a third moves packets. */
const LINES = [
  'ip addr', 'ip route', 'ping -c 3 10.142.0.1', 'ls -l /etc', 'ps aux', 'sudo iptables -t nat -L -n -v', 'ip -s link', 'sudo ip netns list', 'for i in 1 2 3 4 5; do echo line $i; done', 'cat /proc/net/dev', 'ss -tlnp',
  'sudo ip link add d0 type dummy', 'sudo ip addr add 10.77.0.1/24 dev d0', 'ping -c 2 10.77.0.1', 'sudo ip link del d0', 'history | tail -3', 'sudo sysctl net.ipv4.ip_forward', 'seq 1 200 | grep 7 | wc -l', 'curl -sI http://10.142.0.1/ | head -1',
];

/** A log of two hours from `fromUs` on; without `lines` nobody touches anything. */
export function twoHours(lesson: string, fromUs: number, lines: readonly string[] = LINES): Uint8Array {
  const records: LogRecord[] = [{ kind: 'header', format: 1, engine: engineVersion, lesson, seed: SEED, ...SIZE, earned: [] }];
  const endUs = fromUs + TWO_HOURS_US;
  let atUs = fromUs;
  for (let turn = 0; lines.length > 0 && atUs < endUs; turn++) {
    for (const data of `${lines[turn % lines.length]!}\r`) records.push({ kind: 'input', atUs: (atUs += KEY_EVERY_US), terminal: TERMINAL, data });
    atUs += LINE_EVERY_US;
  }
  records.push({ kind: 'resumed', atUs: Math.max(atUs, endUs) });
  return concat(...records.map(encodeRecord));
}

export async function replayTime(log: Uint8Array, files: Readonly<Record<string, string>>, nowMs: () => number): Promise<number> {
  const startedMs = nowMs();
  await replayLog(log, files, simulatorBackend);
  return nowMs() - startedMs;
}

/** A wall without a host: its timers run while somebody waits. */
class BenchWall implements Wall {
  readonly nowMs: () => number;
  private timers: { readonly dueMs: number; readonly run: () => void }[] = [];
  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }
  after(ms: number, run: () => void): () => void {
    const timer = { dueMs: this.nowMs() + ms, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
  breathe(): Promise<void> {
    return Promise.resolve();
  }
  async until(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await Promise.resolve();
      this.runDue(this.nowMs());
    }
  }
  /** Until no timer is set for a while; what would wait for its time has it now. */
  async rest(): Promise<void> {
    for (let turns = 0; turns < 20_000; turns++) {
      await Promise.resolve();
      if (this.timers.length === 0) continue;
      turns = 0;
      this.runDue(Infinity);
    }
  }
  private runDue(nowMs: number): void {
    const due = this.timers.filter(({ dueMs }) => dueMs <= nowMs);
    if (due.length === 0) return;
    this.timers = this.timers.filter((timer) => !due.includes(timer));
    for (const { run } of due) run();
  }
}

export interface SessionTimes { readonly undoMs: number[]; readonly echoMs: number[] }

/** A session that goes on after two hours of work: times of undo after undo, a pause between them, and of keys. */
export async function sessionTimes(lesson: string, log: Uint8Array, files: Readonly<Record<string, string>>, nowMs: () => number): Promise<SessionTimes> {
  const wall = new BenchWall(nowMs);
  const seen = new Set<LabEvent['type']>();
  const session: LabSession = createSession({
    backend: simulatorBackend, wall,
    emit: (event) => {
      seen.add(event.type);
      if (event.type === 'store') void Promise.resolve().then(() => session.handle({ type: 'stored', sequence: event.sequence }));
      if (event.type === 'data') session.handle({ type: 'shown', terminal: event.terminal, bytes: event.bytes.length });
      if (event.type === 'failed') throw new Error(`bench: ${event.message}`);
    },
  });
  const until = async (request: LabRequestInput, type: LabEvent['type']): Promise<number> => {
    seen.delete(type);
    const startedMs = nowMs();
    session.handle(request);
    await wall.until(() => seen.has(type));
    return nowMs() - startedMs;
  };
  await until({ type: 'open', files: { ...files }, lesson, seed: SEED, log }, 'report');
  const echoMs: number[] = [];
  for (const data of 'echo how long does a key take'.repeat(5)) echoMs.push(await until({ type: 'input', terminal: TERMINAL, data }, 'data'));
  session.handle({ type: 'pace', mode: 'paused' });
  const undoMs: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    await wall.rest();
    undoMs.push(await until({ type: 'undo' }, 'reset-done'));
  }
  session.close();
  return { undoMs, echoMs };
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LabEvent, LabRequestInput } from '../contracts/lab.ts';
import { HandWall, settled } from '../test/hand-wall.ts';
import { scriptedBackend } from '../test/scripted-backend.ts';
import { decodeLog } from './log.ts';
import { createSession, type LabSession } from './session.ts';
import { replayLog } from './replay.ts';
import { simulatorBackend } from './simulator-backend.ts';

const folder = join(import.meta.dirname, '..', 'courses', 'gke-networking');
const files = Object.fromEntries(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(md|yaml)$/.test(name)).map((name) => [name.replaceAll('\\', '/'), readFileSync(join(folder, name), 'utf8')]));
const LESSON = 'u0-first-five-minutes';

class Desk {
  readonly wall = new HandWall();
  readonly events: LabEvent[] = [];
  readonly session: LabSession;
  isStoreStuck = false;
  log: number[] = [];
  constructor(backend = scriptedBackend) {
    this.session = createSession({
      backend, wall: this.wall,
      emit: (event) => {
        this.events.push(event);
        if (event.type !== 'store' || this.isStoreStuck) return;
        this.log.push(...event.bytes);
        queueMicrotask(() => this.session.handle({ type: 'stored', sequence: event.sequence }));
      },
    });
  }
  async open(more: Partial<Extract<LabRequestInput, { type: 'open' }>> = {}): Promise<void> {
    this.session.handle({ type: 'open', files, lesson: LESSON, seed: 3, ...more });
    await settled();
    await this.wall.pass(50);
  }
  async type(text: string, terminal = 'vm'): Promise<void> {
    for (const key of text) {
      this.session.handle({ type: 'input', terminal, data: key });
      await this.wall.pass(10);
    }
  }
  shown(): string {
    return this.events.flatMap((event) => (event.type === 'data' ? [new TextDecoder().decode(event.bytes)] : [])).join('');
  }
  newest<Type extends LabEvent['type']>(type: Type): Extract<LabEvent, { type: Type }> | undefined {
    return this.events.findLast((event): event is Extract<LabEvent, { type: Type }> => event.type === type);
  }
}

describe('a session, whatever the backend', () => {
  let desk: Desk;
  beforeEach(async () => {
    desk = new Desk();
    await desk.open();
  });

  it('opens, prompts and judges the start', () => {
    expect(desk.newest('opened')).toMatchObject({ backend: 'scripted', seed: 3, resumed: null });
    expect(desk.shown()).toContain('learner@debian:~$ ');
    expect(desk.newest('report')?.report.checks[0]).toMatchObject({ id: 'c1', status: 'not-yet', because: expect.any(String) });
  });
  it('reaches a goal a quarter of a second after the state changed', async () => {
    await desk.type('sudo ip link set toy0 up\r');
    await desk.wall.pass(400);
    expect(desk.newest('report')?.report.checks[0]).toMatchObject({ id: 'c1', status: 'reached' });
  });
  it('lets no input take effect before the store has it', async () => {
    desk.isStoreStuck = true;
    desk.session.handle({ type: 'input', terminal: 'vm', data: 'x' });
    await desk.wall.pass(500);
    expect(desk.shown()).not.toContain('x');
    const record = desk.newest('store')!;
    desk.isStoreStuck = false;
    desk.session.handle({ type: 'stored', sequence: record.sequence });
    await desk.wall.pass(50);
    expect(desk.shown().endsWith('x')).toBe(true);
  });
  it('resumes from its log with the same screen and the same goals', async () => {
    await desk.type('sudo ip link set toy0 up\r');
    await desk.type('echo half');
    await desk.wall.pass(400);
    const again = new Desk();
    await again.open({ log: Uint8Array.from(desk.log) });
    expect(again.newest('opened')?.resumed).toMatchObject({ isFaithful: true });
    expect(again.shown()).toBe(desk.shown());
    expect(again.newest('report')?.report.checks[0]?.status).toBe('reached');
  });
  it('drops a torn last record and goes on', async () => {
    await desk.type('echo a');
    const again = new Desk();
    await again.open({ log: Uint8Array.from(desk.log.slice(0, -3)) });
    expect(again.shown().endsWith('echo ')).toBe(true);
  });
  it('notes a state hash every fifty inputs, and a replay finds the same ones', async () => {
    await desk.type(`${'echo 12345\r'.repeat(10)}`);
    await desk.wall.pass(300);
    const log = Uint8Array.from(desk.log);
    expect(decodeLog(log).records.filter(({ kind }) => kind === 'hash').length).toBeGreaterThanOrEqual(2);
    const replayed = await replayLog(log, files, scriptedBackend);
    expect(replayed.isFaithful).toBe(true);
    const shown = Buffer.concat(replayed.shown.get('vm') ?? []).toString();
    expect(desk.shown().startsWith(shown)).toBe(true);
    expect(shown.length).toBeGreaterThan(300);
  });
  it('resumes where it was left, however long after the last key', async () => {
    const first = new Desk(simulatorBackend);
    await first.open();
    await first.type('sleep 20; echo slept\r');
    await first.wall.pass(40_000, 100);
    expect(first.shown()).toMatch(/\rslept\r\n/);
    const { length } = first.log;
    await first.wall.pass(60_000, 100);
    expect(first.log.length).toBe(length);
    const again = new Desk(simulatorBackend);
    await again.open({ log: Uint8Array.from(first.log) });
    expect(again.newest('opened')?.resumed).toMatchObject({ isFaithful: true });
    expect(again.shown()).toMatch(/\rslept\r\n/);
  });
  it('resets the lab, keeps what was earned, and a replay does the same', async () => {
    await desk.type('sudo ip link set toy0 up\r');
    await desk.wall.pass(400);
    desk.session.handle({ type: 'reset', what: 'lab' });
    await desk.wall.pass(600);
    expect(desk.newest('reset-done')).toBeDefined();
    expect(desk.newest('report')?.report.checks[0]?.status).toBe('reached');
    await desk.type('echo new\r');
    await desk.wall.pass(300);
    const replayed = await replayLog(Uint8Array.from(desk.log), files, scriptedBackend);
    expect(Buffer.concat(replayed.shown.get('vm') ?? []).toString()).toMatch(/^learner@debian:~\$ echo new\r\n/);
  });
  it('keeps keys that arrive while the lab is being put back, for the lab that comes', async () => {
    await desk.wall.pass(90_000, 500);
    await desk.type('echo one\r');
    desk.session.handle({ type: 'reset', what: 'lab' });
    for (const data of 'echo two\r') desk.session.handle({ type: 'input', terminal: 'vm', data });
    await desk.wall.pass(900);
    expect(desk.shown().endsWith('echo two\r\ntwo\r\nlearner@debian:~$ ')).toBe(true);
    const replayed = await replayLog(Uint8Array.from(desk.log), files, scriptedBackend);
    expect(replayed.isFaithful).toBe(true);
    expect(replayed.atMs).toBeLessThan(60_000);
  });
  it('undoes the last line and says which, and redoes it', async () => {
    await desk.type('echo one\r');
    await desk.type('sudo ip link set toy0 up\r');
    await desk.wall.pass(400);
    expect(desk.newest('report')?.report.checks[0]?.status).toBe('reached');
    expect(desk.newest('history')).toMatchObject({ undo: 'sudo ip link set toy0 up', redo: null });
    desk.session.handle({ type: 'undo' });
    await desk.wall.pass(600);
    expect(desk.newest('report')?.report.checks[0]?.status).toBe('not-yet');
    expect(desk.newest('history')).toMatchObject({ undo: 'echo one', redo: 'sudo ip link set toy0 up' });
    desk.session.handle({ type: 'redo' });
    await desk.wall.pass(600);
    expect(desk.newest('report')?.report.checks[0]?.status).toBe('reached');
    const again = new Desk();
    await again.open({ log: Uint8Array.from(desk.log) });
    expect(again.newest('opened')?.resumed).toMatchObject({ isFaithful: true });
    expect(again.newest('report')?.report.checks[0]?.status).toBe('reached');
    expect(again.newest('history')).toMatchObject({ undo: 'sudo ip link set toy0 up' });
  });
  it('takes back as many lines as it is asked for at once', async () => {
    for (const text of ['echo one\r', 'echo two\r', 'echo three\r']) await desk.type(text);
    await desk.wall.pass(300);
    for (let turn = 0; turn < 2; turn++) desk.session.handle({ type: 'undo' });
    await desk.wall.pass(900);
    expect(desk.newest('history')).toMatchObject({ undo: 'echo one', redo: 'echo two' });
    for (let turn = 0; turn < 2; turn++) desk.session.handle({ type: 'redo' });
    await desk.wall.pass(900);
    expect(desk.newest('history')).toMatchObject({ undo: 'echo three', redo: null });
    const replayed = await replayLog(Uint8Array.from(desk.log), files, scriptedBackend);
    const since = desk.events.slice(desk.events.findLastIndex(({ type }) => type === 'cleared'));
    const live = since.flatMap((event) => (event.type === 'data' ? [new TextDecoder().decode(event.bytes)] : [])).join('');
    const again = Buffer.concat(replayed.shown.get('vm') ?? []).toString();
    expect(again).toContain('echo two');
    expect(live.startsWith(again)).toBe(true);
  });
  it('forgets what could be redone once something else is typed', async () => {
    await desk.type('echo one\r');
    await desk.wall.pass(300);
    desk.session.handle({ type: 'undo' });
    await desk.wall.pass(300);
    await desk.type('e');
    await desk.wall.pass(300);
    expect(desk.newest('history')).toMatchObject({ redo: null });
    desk.session.handle({ type: 'redo' });
    await desk.wall.pass(50);
    expect(desk.newest('failed')).toMatchObject({ code: 'not-now' });
  });
  it('catches up at most a quarter of a second of work after a stall', async () => {
    await desk.wall.pass(1500);
    const before = desk.newest('clock')!.atMs;
    desk.wall.ms += 60_000;
    await desk.type('echo hi\r');
    await desk.wall.pass(300);
    expect(desk.shown()).toContain('hi\r\n');
    expect(desk.newest('clock')!.atMs).toBeGreaterThan(before);
  });
  it('begins a lab at its beginning where time is real, however long the host has run', async () => {
    const late = new Desk({ ...scriptedBackend, open: async (...words) => Object.assign(await scriptedBackend.open(...words), { isRealTime: true }) });
    late.wall.ms = 3_600_000;
    await late.open();
    await late.wall.pass(400);
    expect(late.newest('clock')!.atMs).toBeLessThan(1000);
  });
  it('says what is wrong with a message it does not know', () => {
    desk.session.handle({ type: 'dance' } as unknown as LabRequestInput);
    expect(desk.newest('failed')).toMatchObject({ code: 'bad-message', isFatal: false });
  });
});

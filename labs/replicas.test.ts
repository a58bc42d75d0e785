import { describe, expect, it } from 'vitest';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGrader } from '../grading/index.ts';
import { HandWall } from '../test/hand-wall.ts';
import { scriptedBackend } from '../test/scripted-backend.ts';
import type { Lab } from './backend.ts';
import { loadLesson } from './course/index.ts';
import { History } from './history.ts';
import { Life, type Birth } from './life.ts';
import { Replicas } from './replicas.ts';

const folder = join(import.meta.dirname, '..', 'courses', 'gke-networking');
const files = new Map(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(md|yaml)$/.test(name)).map((name) => [name.replaceAll('\\', '/'), readFileSync(join(folder, name), 'utf8')]));
const { lesson, lessons } = loadLesson(files, 'u0-first-five-minutes');
if (lesson === null) throw new Error('the lesson cannot be read');
const size = { columns: 80, rows: 24 };
const birth: Birth = { lesson, size, grader: createGrader(lesson).state(), graded: 0 };
const openLab = (): Promise<Lab> => scriptedBackend.open(lesson, lessons, { seed: 1, ...size });
const MINUTE_US = 60_000_000;

class Bench {
  readonly wall = new HandWall();
  readonly history = new History();
  readonly replicas = new Replicas(openLab, this.wall, this.history, birth);
  private nowUs = 0;
  /** Answers how many records there were before it. */
  line(text: string, afterUs = 0): number {
    const before = this.history.records.length;
    this.nowUs += afterUs;
    for (const data of `${text}\r`) this.history.add({ kind: 'input', atUs: (this.nowUs += 1000), terminal: 'vm', data });
    this.replicas.tend();
    return before;
  }
  /** What undo did before there were replicas. */
  async doneAnew(end: number): Promise<string | undefined> {
    const life = new Life(await openLab(), birth);
    await life.follow(this.history.records, end, {});
    return life.lab.hash();
  }
}

describe('replicas', () => {
  it('stand where the last line begins, and one does what the live lab did', async () => {
    const bench = new Bench();
    bench.line('sudo ip link set toy0 up');
    bench.line('echo one', MINUTE_US);
    const keep = bench.line('echo two', MINUTE_US);
    await bench.wall.pass(5_000);
    const life = await bench.replicas.take(keep);
    expect(life?.taken).toBe(keep);
    expect(life?.lab.hash()).toBe(await bench.doneAnew(keep));
    expect(life?.lab.nowUs).toBe(bench.history.records[keep - 1]?.atUs);
    expect(life?.grader.state().reachedAtMs).toHaveProperty('c1');
  });
  it('move on with the learner', async () => {
    const bench = new Bench();
    bench.line('echo one');
    for (let turn = 0; turn < 5; turn++) {
      const keep = bench.line(`echo ${turn}`, MINUTE_US);
      await bench.wall.pass(5_000);
      if (turn === 4) expect((await bench.replicas.take(keep))?.taken).toBe(keep);
    }
  });
  it('are there for whoever undoes again at once, further back', async () => {
    const bench = new Bench();
    const keeps = Array.from({ length: 40 }, (_, index) => bench.line(`echo ${index}`, MINUTE_US));
    await bench.wall.pass(5_000);
    bench.history.takeBack(keeps[39]!);
    expect((await bench.replicas.take(keeps[39]!))?.taken).toBe(keeps[39]);
    bench.history.takeBack(keeps[38]!);
    const second = await bench.replicas.take(keeps[38]!);
    expect(second?.taken).toBeGreaterThanOrEqual(keeps[36]!);
    bench.history.takeBack(keeps[37]!);
    const third = await bench.replicas.take(keeps[37]!);
    expect(third?.taken).toBeGreaterThanOrEqual(keeps[28]!);
    await third?.follow(bench.history.records, keeps[37]!, {});
    expect(third?.lab.hash()).toBe(await bench.doneAnew(keeps[37]!));
  });
  it('that have gone too far are not used', async () => {
    const bench = new Bench();
    const first = bench.line('echo one');
    bench.line('echo two', MINUTE_US);
    await bench.wall.pass(5_000);
    bench.history.takeBack(first);
    expect(await bench.replicas.take(first)).toBeUndefined();
    expect((await bench.replicas.takeLab())?.nowUs).toBe(0);
  });
  it('come anew after they were used', async () => {
    const bench = new Bench();
    bench.line('echo one');
    const second = bench.line('echo two', MINUTE_US);
    await bench.wall.pass(5_000);
    await bench.replicas.take(second);
    bench.history.takeBack(second);
    const again = bench.line('echo three', MINUTE_US);
    await bench.wall.pass(5_000);
    const life = await bench.replicas.take(again);
    expect(life?.taken).toBe(again);
    expect(life?.lab.hash()).toBe(await bench.doneAnew(again));
  });
});

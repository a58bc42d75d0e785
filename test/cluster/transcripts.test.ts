/** Exercises 2, 3 and 4, every row of them typed at its terminal in one lab, from a project without a cluster to a shell in a pod's namespace. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matchesLine } from '../../grading/index.ts';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { SimulatedLab } from '../../labs/simulated-lab.ts';
import { Player, type Line } from './player.ts';
import { exercise2, exercise3, exercise4, TERMINALS } from './transcripts.ts';

let lab: SimulatedLab;
let player: Player;
beforeAll(async () => {
  lab = await SimulatedLab.open(scenarioNamed('gke-2018'), { seed: 1 });
  player = new Player(lab, TERMINALS);
}, 60_000);
afterAll(() => { lab.close(); });

async function play(line: Line): Promise<void> {
  const printed = await player.play(line);
  const covers = (pattern: string): boolean => printed.split('\n').some((shown) => matchesLine(player.filled(pattern), shown));
  const missing = line.shows.filter((pattern) => !covers(pattern)).map((pattern) => player.filled(pattern));
  const unwanted = (line.lacks ?? []).filter(covers);
  expect({ missing, unwanted }, `${line.at}: ${line.type ?? line.keys} (${line.source}) printed:\n${printed}`).toEqual({ missing: [], unwanted: [] });
}

const named = (lines: readonly Line[]): [string, Line][] => lines.map((line) => [`${line.rows?.join(', ') ?? '-'} ${line.at}: ${line.type?.split('\n')[0] ?? JSON.stringify(line.keys)}`, line]);

describe('exercise 2', () => {
  test.each(named(exercise2))('%s', (_, line) => play(line), 60_000);
});
describe('exercise 3', () => {
  test.each(named(exercise3))('%s', (_, line) => play(line), 60_000);
});
describe('exercise 4', () => {
  test.each(named(exercise4))('%s', (_, line) => play(line), 60_000);
});

test('no row from 78 to 171 is left out', () => {
  const rows = new Set([...exercise2, ...exercise3, ...exercise4].flatMap((line) => line.rows ?? []));
  expect(Array.from({ length: 94 }, (_, index) => 78 + index).filter((row) => !rows.has(row))).toEqual([]);
});

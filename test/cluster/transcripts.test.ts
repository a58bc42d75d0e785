/** Exercises 2 to 4 typed at Cloud Shell and at the node that runs the pod. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { SimulatedLab } from '../../labs/simulated-lab.ts';
import { Player, type Line } from './player.ts';
import { expose, firstPod, toolbox, visit } from './transcripts.ts';

let lab: SimulatedLab;
let player: Player;
beforeAll(async () => {
  lab = await SimulatedLab.open(scenarioNamed('gke'), { seed: 1 });
  player = new Player(lab);
  await player.open('cloudshell', 'cloudshell');
}, 60_000);
afterAll(() => { lab.close(); });

async function play(line: Line): Promise<void> {
  const printed = await player.play(line);
  for (const pattern of line.expect) expect(printed, `${line.at}: ${line.type} (${line.source})`).toMatch(pattern);
  for (const pattern of line.not ?? []) expect(printed, `${line.at}: ${line.type} (${line.source})`).not.toMatch(pattern);
}

const named = (lines: readonly Line[]): [string, Line][] => lines.map((line, at) => [`${at + 1} ${line.at}: ${line.type?.split('\n')[0] ?? line.keys}`, line]);

describe('exercise 2: the first pod', () => {
  test.each(named(firstPod))('%s', (_, line) => play(line), 60_000);
});
describe('exercise 2: the toolbox', () => {
  beforeAll(() => player.open('node', 'node-of app=hello-server'));
  test.each(named(toolbox))('%s', (_, line) => play(line), 60_000);
});
describe('exercises 2 and 3: a Service and its load balancer', () => {
  test.each(named(expose))('%s', (_, line) => play(line), 60_000);
});
describe('exercise 4: the namespace of a container', () => {
  test.each(named(visit))('%s', (_, line) => play(line), 60_000);
});

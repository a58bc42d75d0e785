/** Free play: a lab without a lesson, made of a scenario's text. To the rest of the house it is a lesson that asks nothing. */
import type { Lesson } from '../contracts/course.ts';
import type { Scenario } from './scenarios/index.ts';

const TERMINALS_AT_FIRST = 2;

export function freePlayLesson(id: string, { title, home, machines }: Scenario): Lesson {
  const open = machines.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name);
  const first = [home, ...open.filter((name) => name !== home)].slice(0, TERMINALS_AT_FIRST);
  return {
    id, title, unit: 'free-play', minutes: 0, start: { kind: 'scenario', name: id },
    places: Object.fromEntries(open.map((machine) => [machine, { machine, netns: '' }])),
    terminals: first.map((machine) => ({ id: machine, title: machines.find(({ name }) => name === machine)?.title ?? machine, place: machine })),
    setup: [], screens: [], checks: [], questions: {}, predictions: {}, solution: [], alternates: [], mistakes: [], values: [], points: 0,
  };
}

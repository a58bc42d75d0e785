import { describe, expect, it } from 'vitest';
import type { CheckSpec, OptionBlock, Screen } from '../contracts/course.ts';
import { CheckSpec as CheckSchema } from '../contracts/course.ts';
import { createGrader, type GradedLesson, stateOfEarned } from './engine.ts';
import { Report } from '../contracts/report.ts';
import { aLink, anAddress, places, scripted } from './test-observer.ts';
import { nearestWord, validateAssertion } from './validate.ts';

const check = (fields: object): CheckSpec => CheckSchema.parse({ points: 5, goal: 'a goal', hints: ['look'], ...fields });
const text = (html: string) => ({ html, values: [] });
const option = (isRight: boolean, explain: string): OptionBlock => ({ text: text('an option'), isRight, explain: text(explain) });

const screens: Screen[] = [{
  id: 's1', title: 'one', blocks: [
    { kind: 'question', id: 'q1', type: 'choose', points: 1, prompt: text(''), options: [option(false, 'Not that.'), option(true, '<p>The MAC is <span class="live-value" data-value="cbr0.mac"></span>.</p>')] },
    { kind: 'question', id: 'q2', type: 'multiple', points: 1, prompt: text(''), options: [option(true, 'One.'), option(true, 'Two.'), option(false, 'No.')] },
    { kind: 'question', id: 'q3', type: 'value', points: 1, prompt: text(''), options: [] },
    { kind: 'predict', id: 'p1', before: null, prompt: text(''), options: [option(true, 'So it is.'), option(false, 'No.')] },
  ],
}];

const lesson: GradedLesson = {
  id: 'l1', places, screens, values: ['cbr0.mac', 'vm.gateway'],
  questions: { q3: { kind: 'value', expect: '{{cbr0.mac}}', explain: 'It is {{cbr0.mac}}.', diagnoses: [{ typed: '10.0.0.1', say: '{{typed}} is an IP address.' }] } },
  checks: [
    check({ id: 'c1', kind: 'link', at: 'vm', name: 'cbr0', hints: [[{ when: { kind: 'link', at: 'demo', name: 'cbr0' }, say: 'It is in the wrong room.' }, { say: 'There is no {{name}}.' }], 'second', 'third'] }),
    check({
      id: 'c2', kind: 'addr', at: 'vm', dev: 'cbr0', is: '192.168.255.1/24', needs: ['c1'],
      diagnoses: [{ when: { kind: 'addr', at: 'vm', dev: 'tap0', is: '192.168.255.1' }, say: '192.168.255.1 sits on {{port}}; give it to cbr0.' }],
    }),
    check({ id: 'c3', kind: 'link', at: 'vm', name: 'cbr0', up: true, holds: 'now', points: 0 }),
  ],
};

const empty = scripted({ links: { vm: [] }, addresses: { vm: [] }, routes: { vm: [] } });
const bridge = (isUp = true) => scripted({ links: { vm: [aLink('cbr0', { isUp })] }, addresses: { vm: [] }, routes: { vm: [] } });

describe('a grader', () => {
  it('says why a goal is not reached, and lets the next one wait for it', async () => {
    const report = await createGrader(lesson).judge(empty, { nowMs: 5 });
    expect(report.checks.map(({ status }) => status)).toEqual(['not-yet', 'waiting', 'not-yet']);
    expect(report.checks[0]).toMatchObject({ passed: false, expected: 'cbr0 in vm', found: 'there is no cbr0', because: 'There is no cbr0 in vm yet.', layer: 'link' });
    expect(report.checks[1]).toMatchObject({ waitingFor: ['c1'] });
    expect(report).toMatchObject({ pointsEarned: 0, points: 13, isComplete: false });
  });

  it('keeps a goal that holds once, and takes back one that must hold now', async () => {
    const grader = createGrader(lesson);
    await grader.judge(bridge(), { nowMs: 10 });
    const later = await grader.judge(empty, { nowMs: 20 });
    expect(later.checks.map(({ id, status, reachedAtMs }) => [id, status, reachedAtMs])).toEqual([['c1', 'reached', 10], ['c2', 'not-yet', null], ['c3', 'not-yet', null]]);
  });

  it('remembers the same whether anybody reads its report or not', async () => {
    const read = createGrader(lesson);
    const unread = createGrader(lesson);
    for (const grader of [read, unread]) grader.answer('q3', '02:00:00:00:00:05');
    for (const [nowMs, lab] of [empty, bridge(false), scripted({}), bridge(), empty].entries()) {
      await read.judge(lab, { nowMs });
      await unread.note(lab, { nowMs });
      expect(unread.state()).toEqual(read.state());
    }
    expect(unread.state()).toMatchObject({ reachedAtMs: { c1: 1 }, answers: { q3: { passed: true } } });
  });

  it('reports in the shape that crosses the walls, and its state is plain data', async () => {
    const grader = createGrader(lesson);
    grader.takeHint('c1');
    grader.answer('q1', [0]);
    for (const lab of [empty, bridge(), scripted({})]) {
      const report = await grader.judge(lab, { nowMs: 1 });
      expect(Report.parse(structuredClone(report))).toEqual(report);
    }
    expect(JSON.parse(JSON.stringify(grader.state()))).toEqual(grader.state());
  });

  it('can go back to an earlier state', async () => {
    const grader = createGrader(lesson);
    const before = grader.state();
    await grader.judge(bridge(), { nowMs: 10 });
    const back = await createGrader(lesson, before).judge(empty, { nowMs: 20 });
    expect(back.checks[0]?.status).toBe('not-yet');
  });

  it('says it cannot tell when the lab does not answer, with the cause', async () => {
    const report = await createGrader(lesson).judge(scripted({}), { nowMs: 1 });
    expect(report.checks[0]).toMatchObject({ status: 'cannot-tell', passed: null, cause: 'it was not told' });
  });

  it('names the mistake that a lesson diagnoses, before the general reason', async () => {
    const lab = scripted({ links: { vm: [aLink('cbr0'), aLink('tap0')] }, addresses: { vm: [anAddress('tap0', '192.168.255.1/24')] }, routes: { vm: [] } });
    const report = await createGrader(lesson).judge(lab, { nowMs: 1 });
    expect(report.checks[1]?.because).toBe('192.168.255.1 sits on tap0; give it to cbr0.');
  });

  it('takes the reason of what a lesson says must hold, when it does not', async () => {
    const diagnoses = [{ unless: { kind: 'link', at: 'vm', name: 'lo' } }, { unless: { kind: 'link', at: 'vm', name: 'cbr0' } }];
    const report = await createGrader({ ...lesson, checks: [check({ id: 'c1', kind: 'addr', at: 'vm', dev: 'lo', is: '10.0.0.1/8', diagnoses })] }).judge(scripted({ links: { vm: [aLink('lo')] }, addresses: { vm: [] } }), { nowMs: 1 });
    expect(report.checks[0]?.because).toBe('There is no cbr0 in vm yet.');
  });

  it('gives hints one by one, filled from the state, and counts them', async () => {
    const grader = createGrader(lesson);
    expect((await grader.judge(empty, { nowMs: 1 })).checks[0]).toMatchObject({ hints: [], hintsLeft: 3 });
    expect(grader.takeHint('c1')).toBe(true);
    const report = await grader.judge(empty, { nowMs: 1 });
    expect(report.checks[0]).toMatchObject({ hints: ['There is no cbr0.'], hintsLeft: 2 });
    const wrongRoom = scripted({ links: { vm: [], demo: [aLink('cbr0')] }, addresses: { vm: [] }, routes: { vm: [] }, namespaces: ['demo-ns'] });
    expect((await grader.judge(wrongRoom, { nowMs: 1 })).checks[0]?.hints).toEqual(['It is in the wrong room.']);
    expect(report.hintsUsed).toBe(1);
    expect([grader.takeHint('c1'), grader.takeHint('c1'), grader.takeHint('c1'), grader.takeHint('c9')]).toEqual([true, true, false, false]);
  });

  it('fills live values, with null where the lab has none', async () => {
    const { values } = await createGrader(lesson).judge(bridge(), { nowMs: 1 });
    expect(values).toEqual({ 'cbr0.mac': '02:00:00:00:00:05', 'vm.gateway': null });
  });

  it('gives the point of a question for the right answer on any try, and explains each', async () => {
    const grader = createGrader(lesson);
    grader.answer('q1', [0]);
    expect((await grader.judge(bridge(), { nowMs: 1 })).questions[0]).toMatchObject({ passed: false, because: 'Not that.', pointsEarned: 0, attempts: 1 });
    grader.answer('q1', [1]);
    expect((await grader.judge(bridge(), { nowMs: 1 })).questions[0]).toMatchObject({ passed: true, because: 'The MAC is 02:00:00:00:00:05.', pointsEarned: 1, attempts: 2 });
  });

  it('wants all right options and no other, and says when some are missing', async () => {
    const grader = createGrader(lesson);
    grader.answer('q2', [0]);
    expect((await grader.judge(bridge(), { nowMs: 1 })).questions[1]).toMatchObject({ passed: false, because: 'One. There is more that is right.' });
    grader.answer('q2', [1, 0]);
    expect((await grader.judge(bridge(), { nowMs: 1 })).questions[1]).toMatchObject({ passed: true });
  });

  it('compares a typed value with the lab, and knows a typical mistake', async () => {
    const grader = createGrader(lesson);
    grader.answer('q3', '10.0.0.1');
    expect((await grader.judge(bridge(), { nowMs: 1 })).questions[2]).toMatchObject({ passed: false, because: '10.0.0.1 is an IP address.' });
    grader.answer('q3', ' 02:00:00:00:00:05 ');
    expect((await grader.judge(bridge(), { nowMs: 1 })).questions[2]).toMatchObject({ passed: true, pointsEarned: 1, because: 'It is 02:00:00:00:00:05.' });
  });

  it('keeps what was earned before in a lab that begins anew', async () => {
    const { checks, questions, pointsEarned } = await createGrader(lesson, stateOfEarned(lesson, ['c1', 'c3', 'q1', 'q3', 'p1'])).judge(empty, { nowMs: 1 });
    expect(checks.map(({ status }) => status)).toEqual(['reached', 'not-yet', 'not-yet']);
    expect(questions.map(({ passed }) => passed)).toEqual([true, null, true, null]);
    expect(pointsEarned).toBe(7);
  });

  it('locks a prediction at its first answer, and never scores it', async () => {
    const grader = createGrader(lesson);
    grader.answer('p1', [1]);
    grader.answer('p1', [0]);
    expect((await grader.judge(bridge(), { nowMs: 1 })).questions[3]).toMatchObject({ answer: [1], passed: false, points: 0, attempts: 1, isPrediction: true });
  });
});

describe('a lesson file with a mistake in an assertion', () => {
  it.each([
    [{ kind: 'pingg', from: 'vm' }, ['kind'], 'ping'],
    [{ kind: 'link', at: 'vm', nam: 'x', name: 'y' }, ['nam'], 'name'],
    [{ kind: 'link', at: 'dem', name: 'y' }, ['at'], 'demo'],
    [{ kind: 'all', of: [{ kind: 'link', at: 'vm' }] }, ['of', 0, 'name'], null],
    [{ kind: 'not', of: { kind: 'netnss', at: 'vm', name: 'x' } }, ['of', 'kind'], 'netns'],
  ])('%j is refused', (assertion, path, nearest) => {
    expect(validateAssertion(assertion, ['vm', 'demo'])).toMatchObject([{ path, nearest }]);
  });

  it('gets no suggestion where nothing is near', () => {
    expect(nearestWord('xylophone', ['link', 'ping'])).toBeNull();
  });
});

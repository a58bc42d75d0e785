import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { LabRequestInput } from '../../../contracts/lab.ts';
import type { CheckVerdict } from '../../../contracts/report.ts';
import type { LabState } from '../../state/lab.svelte.ts';
import Goal from './Goal.svelte';

const verdict: CheckVerdict = {
  id: 'up', goal: 'cbr0 is up', status: 'not-yet', passed: false, points: 1, pointsEarned: 0, expected: 'state UP', found: 'state DOWN', because: 'nobody raised it',
  see: [], waitingFor: [], hints: [], hintsLeft: 2, reachedAtMs: null,
};

function shown(change: Partial<CheckVerdict>, isFirst = true): LabRequestInput[] {
  const sent: LabRequestInput[] = [];
  const check = { ...verdict, ...change };
  const lab = { report: { checks: [{ ...verdict, id: 'made' }, check] }, send: (request: LabRequestInput) => sent.push(request) };
  render(Goal, { check, isFirst, lab: lab as unknown as LabState });
  return sent;
}

describe('a goal', () => {
  it('says at once why the first one missing is missing', () => {
    shown({});
    for (const text of ['Not yet', 'state UP', 'state DOWN', 'nobody raised it']) expect(screen.queryByText(text)).not.toBeNull();
  });

  it('says why a later one is missing when asked', async () => {
    shown({}, false);
    expect(screen.queryByText('state DOWN')).toBeNull();
    await fireEvent.click(screen.getByRole('button', { name: 'Not yet' }));
    expect(screen.queryByText('state DOWN')).not.toBeNull();
  });

  it('names the goals it waits for by their place', () => {
    shown({ status: 'waiting', waitingFor: ['made'] });
    expect(screen.queryByText('after goal 1')).not.toBeNull();
    expect(screen.queryByText('state DOWN')).toBeNull();
  });

  it('asks the lab for the next hint and shows the ones taken', async () => {
    const sent = shown({ hints: ['Think of carriers'], hintsLeft: 1 });
    expect(screen.queryByText('Think of carriers')).not.toBeNull();
    await fireEvent.click(screen.getByRole('button', { name: 'Hint 2 of 2' }));
    expect(sent).toEqual([{ type: 'hint', check: 'up' }]);
  });

  it('gives the cause when it cannot be judged', () => {
    shown({ status: 'cannot-tell', passed: null, cause: 'the machine is off' });
    expect(screen.queryByText('the machine is off')).not.toBeNull();
    expect(screen.queryByText('state DOWN')).toBeNull();
  });
});

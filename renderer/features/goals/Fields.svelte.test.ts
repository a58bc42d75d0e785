import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { LabRequestInput } from '../../../contracts/lab.ts';
import type { CheckVerdict } from '../../../contracts/report.ts';
import type { LabState } from '../../state/lab.svelte.ts';
import Fields from './Fields.svelte';

const verdict: CheckVerdict = {
  id: 'c3', goal: 'You know the addresses', status: 'not-yet', passed: false, points: 4, pointsEarned: 0, expected: 'as the lab has them', found: 'podIP is 1.2.3.4', because: 'podIP differs from the lab.',
  see: [], waitingFor: [], hints: [], hintsLeft: 0, reachedAtMs: null, typed: { serviceIP: '', podIP: '1.2.3.4' },
};

function shown(change: Partial<CheckVerdict> = {}): LabRequestInput[] {
  const sent: LabRequestInput[] = [];
  render(Fields, { check: { ...verdict, ...change }, lab: { terminals: [], send: (request: LabRequestInput) => sent.push(request) } as unknown as LabState });
  return sent;
}

describe('the fields of a goal', () => {
  it('hold what was typed before, and say what differs', () => {
    shown();
    expect(screen.getByLabelText<HTMLInputElement>('podIP').value).toBe('1.2.3.4');
    expect(screen.getByRole('status').textContent).toBe('podIP differs from the lab.');
  });

  it('send what is new, under the name of the check and the field', async () => {
    const sent = shown();
    await fireEvent.input(screen.getByLabelText('serviceIP'), { target: { value: ' 10.43.240.7 ' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Compare with the lab' }));
    expect(sent).toEqual([{ type: 'answer', question: 'c3.serviceIP', answer: '10.43.240.7' }]);
  });

  it('send a marked line under the name of the check alone', async () => {
    const sent = shown({ typed: { '': '' } });
    await fireEvent.input(screen.getByLabelText('The line that shows it'), { target: { value: '-A KUBE-SEP' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Compare with the lab' }));
    expect(sent).toEqual([{ type: 'answer', question: 'c3', answer: '-A KUBE-SEP' }]);
  });

  it('stand still once they are right', () => {
    shown({ status: 'reached', passed: true });
    expect(screen.getByLabelText<HTMLInputElement>('podIP').disabled).toBe(true);
    expect(screen.queryByRole('button')).toBeNull();
  });
});

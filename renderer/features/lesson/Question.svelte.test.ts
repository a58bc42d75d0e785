import { fireEvent, render, screen } from '@testing-library/svelte';
import { expect, it } from 'vitest';
import type { Lesson, QuestionBlock, RichText } from '../../../contracts/course.ts';
import type { LabRequestInput } from '../../../contracts/lab.ts';
import type { LabState } from '../../state/lab.svelte.ts';
import Question from './Question.svelte';

const text = (html: string): RichText => ({ html, values: [] });
const block: QuestionBlock = { kind: 'question', id: 'q1', type: 'multiple', points: 1, prompt: text('Which?'), options: ['one', 'two', 'three'].map((word) => ({ text: text(word), isRight: word !== 'two', explain: text('') })) };

it('sends what was picked of several as data that a worker can take', async () => {
  const sent: LabRequestInput[] = [];
  render(Question, { block, lesson: { screens: [] } as unknown as Lesson, lab: { terminals: [], commands: [], send: (request: LabRequestInput) => sent.push(structuredClone(request)) } as unknown as LabState });
  for (const name of [/one/, /three/]) await fireEvent.click(screen.getByRole('checkbox', { name }));
  await fireEvent.click(screen.getByRole('button', { name: 'Answer' }));
  expect(sent).toEqual([{ type: 'answer', question: 'q1', answer: [0, 2] }]);
});

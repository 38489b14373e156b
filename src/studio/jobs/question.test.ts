import { expect, it } from 'vitest';
import type { JobEvent, JobId } from '../../protocol.ts';
import { applyAnswerEvent, newQuestion, unsaid } from './question.ts';

const asked = newQuestion(
  'job-1' as JobId,
  { question: 'What is it?', pictures: [], maxNewTokens: 9 },
  'image 1',
);
const answer = (text: string, draws: boolean, complete = true): JobEvent => ({
  type: 'done',
  result: { type: 'answer', text, complete, draws, notes: [], totalMs: 5 },
});

it('says of an answer without words what the model wants instead', () => {
  expect(unsaid(asked)).toBeUndefined();
  expect(unsaid(applyAnswerEvent(asked, { type: 'answering', text: '' }))).toBeUndefined();
  expect(unsaid(applyAnswerEvent(asked, answer('A red house.', false)))).toBeUndefined();
  expect(unsaid(applyAnswerEvent(asked, answer('', false)))).toMatch(/^It has no words for this/);
  expect(unsaid(applyAnswerEvent(asked, answer('', true)))).toMatch(/^It would draw a picture/);
  expect(unsaid(applyAnswerEvent(asked, answer('Here it is.', true)))).toMatch(/^It would draw a picture/);
});

it('keeps of an answer that it was cut, and of any other that it was not', () => {
  expect(asked.complete).toBe(true);
  expect(applyAnswerEvent(asked, answer('A red', false, false))).toMatchObject({
    text: 'A red',
    complete: false,
  });
  expect(applyAnswerEvent(asked, answer('A red house.', false))).toMatchObject({ complete: true });
});

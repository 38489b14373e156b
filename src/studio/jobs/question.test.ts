import { expect, it } from 'vitest';
import type { JobEvent, JobId } from '../../protocol.ts';
import { applyAnswerEvent, foundWords, newQuestion, shownWords, unsaid } from './question.ts';

const asked = newQuestion(
  'job-1' as JobId,
  { question: 'What is it?', pictures: [], maxNewTokens: 9 },
  'image 1',
);
const answer = (text: string, draws: boolean, complete = true): JobEvent => ({
  type: 'done',
  result: { type: 'answer', text, complete, draws, found: [], notes: [], totalMs: 5 },
});

it('says of an answer without words what the model wants instead', () => {
  expect(unsaid(asked)).toBeUndefined();
  expect(unsaid(applyAnswerEvent(asked, { type: 'answering', text: '' }))).toBeUndefined();
  expect(unsaid(applyAnswerEvent(asked, answer('A red house.', false)))).toBeUndefined();
  expect(unsaid(applyAnswerEvent(asked, answer('', false)))).toMatch(/^It has no words for this/);
  expect(unsaid(applyAnswerEvent(asked, answer('', true)))).toMatch(/^It would draw a picture/);
  expect(unsaid(applyAnswerEvent(asked, answer('Here it is.', true)))).toMatch(/^It would draw a picture/);
});

it('shows that an answer was cut', () => {
  const shown = (event: JobEvent) => shownWords(applyAnswerEvent(asked, event));
  expect(shown({ type: 'answering', text: 'A red' })).toBe('A red');
  expect(shown(answer('A red', false, false))).toBe('A red …');
  expect(shown(answer('A red house.', false))).toBe('A red house.');
  expect(shown(answer('', true, false))).toBe('');
});

it('names what an answer points at', () => {
  const found = [{ label: 'cat', box: [0, 0, 0.5, 0.5] }, { box: [0.5, 0, 1, 1] }] as const;
  const result = {
    type: 'answer',
    text: '[…]',
    complete: true,
    draws: false,
    found,
    notes: [],
    totalMs: 5,
  } as const;
  expect(foundWords(applyAnswerEvent(asked, { type: 'done', result }).found)).toBe('Found: cat, thing 2.');
});

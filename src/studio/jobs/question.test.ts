import { expect, it } from 'vitest';
import type { JobEvent, JobId } from '../../protocol.ts';
import { answerText, applyAnswerEvent, foundText, newQuestion, noAnswerText } from './question.ts';

const asked = newQuestion('job-1' as JobId, { question: 'What is it?', pictures: [], maxNewTokens: 9 });
const answer = (text: string, draws: boolean, complete = true): JobEvent => ({
  type: 'done',
  result: { type: 'answer', text, complete, draws, found: [], notes: [], totalMs: 5 },
});

it('explains an answer without text and one that asks for a picture', () => {
  expect(noAnswerText(asked)).toBeUndefined();
  expect(noAnswerText(applyAnswerEvent(asked, { type: 'answering', text: '' }))).toBeUndefined();
  expect(noAnswerText(applyAnswerEvent(asked, answer('A red house.', false)))).toBeUndefined();
  expect(noAnswerText(applyAnswerEvent(asked, answer('', false)))).toMatch(/^The model gave no answer/);
  expect(noAnswerText(applyAnswerEvent(asked, answer('', true)))).toMatch(/^That is a request to draw/);
  expect(noAnswerText(applyAnswerEvent(asked, answer('Here it is.', true)))).toMatch(
    /^That is a request to draw/,
  );
});

it('marks an answer that was cut', () => {
  const text = (event: JobEvent) => answerText(applyAnswerEvent(asked, event));
  expect(text({ type: 'answering', text: 'A red' })).toBe('A red');
  expect(text(answer('A red', false, false))).toBe('A red …');
  expect(text(answer('A red house.', false))).toBe('A red house.');
  expect(text(answer('', true, false))).toBe('');
});

it('never shows the JSON of boxes', () => {
  const debris = 'I am glad that, 13.], "label": "ball"} ] ``` ';
  const done = applyAnswerEvent(asked, answer(debris, false));
  expect(answerText(done)).toBe('');
  expect(noAnswerText(done)).toBe('The model gave no usable answer. Ask about something in the picture.');
  for (const text of ['```json\n[', '[{"bbox', debris]) {
    expect(answerText(applyAnswerEvent(asked, { type: 'answering', text }))).toBe('');
  }
  // A stopped answer has no explanation.
  const started = applyAnswerEvent(asked, { type: 'answering', text: '{"bbox_2d": [1' });
  expect(answerText(applyAnswerEvent(started, { type: 'cancelled' }))).toBe('');
});

it('names the objects that an answer points at', () => {
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
  expect(foundText(applyAnswerEvent(asked, { type: 'done', result }).found)).toBe('Found: cat, object 2.');
});

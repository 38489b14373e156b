import { expect, test } from 'vitest';
import { mix, Random } from '../../src/storybook/random.ts';
import { drawCase } from '../../src/storybook/tasks.ts';
import { rightAnswers, sameReply, saysAll } from './replies.ts';

test('outer white space and case do not matter, words and punctuation do', () => {
  expect(sameReply(' red. \n', 'Red.')).toBe(true);
  expect(sameReply('Red', 'Red.')).toBe(false);
  expect(sameReply('Dark red.', 'Red.')).toBe(false);
  expect(rightAnswers('Red.', 'Red.', false)).toEqual([true]);
});

test.each([
  ['1. Yes. 2. No. 3. Yes.', [true, true, true]],
  ['1. yes 2. no 3. yes', [true, true, true]],
  ['1. Yes. 2. Yes. 3. Yes.', [true, false, true]],
  ['1. Yes. 3. Yes.', [true, false, true]],
  ['1. Yes. 1. No. 2. No. 2. No.', [false, true, false]],
  ['Yes. No. Yes.', [false, false, false]],
  ['', [false, false, false]],
])('a checklist is compared item by item: %j', (reply, right) => {
  expect(rightAnswers(reply, '1. Yes. 2. No. 3. Yes.', true)).toEqual(right);
});

test('a reply names a fault only with its whole sentence', () => {
  const fault = 'The cat should be red, but it is blue.';
  expect(saysAll(`The sun is missing. ${fault.toUpperCase()} Make the cat red.`, [fault])).toBe(true);
  expect(saysAll('The cat should be red, but it is green. Make the cat red.', [fault])).toBe(false);
  expect(saysAll('I think the cat should be red, but it is blue.', [fault])).toBe(false);
  expect(saysAll(fault, [fault, 'The boat is missing.'])).toBe(false);
  expect(saysAll('', [])).toBe(true);
});

test('the answers of the world are right for their cases and wrong for others', () => {
  let before = '';
  for (let i = 0; i < 150; i++) {
    const { answer, kind } = drawCase('understand', new Random(mix(3, i)), 'heldout');
    const right = answer ?? '';
    expect(rightAnswers(right, right, kind === 'checklist').every((is) => is)).toBe(true);
    if (!sameReply(before, right) && kind !== 'checklist')
      expect(rightAnswers(before, right, false)).toEqual([false]);
    before = right;
    const mismatch = drawCase('reflect', new Random(mix(4, i)), 'heldout');
    expect(saysAll(mismatch.answer ?? '', mismatch.faults ?? [])).toBe(true);
  }
});

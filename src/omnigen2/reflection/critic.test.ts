import { expect, test } from 'vitest';
import { STOP } from '../../storybook/language/critique.ts';
import { Random } from '../../storybook/random.ts';
import { drawCase } from '../../storybook/tasks.ts';
import { ACCEPTING_SENTENCE, critiqueQuestion, parseCritique } from './critic.ts';

const answer = (text: string, complete = true) => parseCritique({ text, complete });

test("the accepting sentence is that of the built-in model's training", () => {
  expect(ACCEPTING_SENTENCE).toBe(STOP);
});

test("the question is one of the built-in model's training", () => {
  const random = new Random(5);
  const questions = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const { instruction, question } = drawCase('reflect', random, 'train');
    if (question === critiqueQuestion(instruction ?? '')) questions.add(question);
  }
  expect(questions.size).toBeGreaterThan(3);
});

test('every training critique is an instruction as a whole, and every training acceptance accepts', () => {
  const random = new Random(11);
  const counts = { accept: 0, fix: 0, unclear: 0 };
  for (let i = 0; i < 400; i++) {
    const { kind, answer: text } = drawCase('reflect', random, 'train');
    const result = answer(text ?? '');
    counts[result.kind]++;
    expect(result).toEqual({ kind: kind === 'stop' ? 'accept' : 'fix', critique: text });
  }
  expect(counts.unclear).toBe(0);
  expect(Math.min(counts.accept, counts.fix)).toBeGreaterThan(50);
});

test.each([
  ['whole', '```json\n[\n\t{"bbox_2d": [14, 68, 69, 128], "label": "flower"}\n]\n```', true],
  ['cut', '```json\n[\n\t{"bbox_2d": [14, 68', false],
] as const)('boxes are not a critique: %s', (_, text, complete) => {
  expect(answer(text, complete)).toMatchObject({
    kind: 'unclear',
    critique: expect.not.stringContaining('bbox'),
  });
});

test.each([
  'The picture meets the request.',
  'The image fully matches the prompt, with a red cat on a green chair.',
  'Yes, the picture shows a red cat.',
  'It shows everything that was requested.',
  'The generated image follows the instruction. No further changes are needed.',
  'All requirements of the prompt are met.',
  'The image contains all the requested elements.',
  'Nothing needs to be changed.',
])('accepts: %s', (text) => {
  expect(answer(text).kind).toBe('accept');
});

test.each([
  'The picture does not meet the request. Add a hat.',
  'The image matches most of the prompt, but the cat is blue. Make the cat red.',
  "No, the picture doesn't show everything that was asked for.",
  'The prompt asks for three cats, while the image shows two. Add one more cat.',
  'Yes, but the cat should wear a hat.',
  'The picture should show all three cats.',
  'Make it show everything.',
  'Does the picture meet the request?',
])('fixes: %s', (text) => {
  expect(answer(text)).toEqual({ kind: 'fix', critique: text });
});

test.each(['', '  \n', '...', '!?'])('%j is not a critique', (text) => {
  expect(answer(text)).toEqual({ kind: 'unclear', critique: 'The critic said nothing about this picture.' });
});

test('repeated sentences count once', () => {
  const loop = 'The cat is missing. Add a red cat. '.repeat(30);
  expect(answer(`${loop}The cat is`, false)).toEqual({
    kind: 'fix',
    critique: 'The cat is missing. Add a red cat.',
  });
});

test('the incomplete end of a cut answer is dropped, and an incomplete sentence alone is unclear', () => {
  expect(answer('The cat is missing. Add a red', false).critique).toBe('The cat is missing.');
  expect(answer('the the the the the', false)).toMatchObject({
    kind: 'unclear',
    critique: expect.stringContaining('did not finish'),
  });
});

test('a critique has at most 8 sentences', () => {
  const numbers = Array.from({ length: 50 }, (_, i) => `There is no thing ${i}.`);
  expect(answer(numbers.join(' ')).critique).toBe(numbers.slice(0, 8).join(' '));
});

test('a sentence that contradicts itself is dropped with its instruction', () => {
  expect(answer('The cat should be white, but it is white. Make the cat white.')).toEqual({
    kind: 'unclear',
    critique: 'The critic contradicted itself: "The cat should be white, but it is white."',
  });
  const real = 'The cat should have red spots, but it has gray spots. Make the spots red.';
  for (const none of [
    'The cat should be blue, but it is blue. Make the cat blue.',
    'The cats should wear nothing, but they wear none. Give the cats a gray bow.',
  ]) {
    expect(answer(`${none} ${real}`)).toEqual({ kind: 'fix', critique: real });
    expect(answer(`${real} ${none}`)).toEqual({ kind: 'fix', critique: real });
  }
  expect(answer('The cat should be white, but it is white with spots.').kind).toBe('fix');
});

import { expect, test } from 'vitest';
import { mix, Random } from '../../storybook/random.ts';
import { drawCase } from '../../storybook/tasks.ts';
import { hasBoxJson, parseBoxes, relativeBoxes } from './grounding.ts';

const CAT = { box: [3, 4, 50, 60], label: 'cat' };
const JSON_CAT = '{"bbox_2d": [3, 4, 50, 60], "label": "cat"}';

test.each([
  ['a fenced list', `\`\`\`json\n[\n\t${JSON_CAT}\n]\n\`\`\``],
  ['a fence without a language', `\`\`\`\n[${JSON_CAT}]\n\`\`\``],
  ['a fence on one line', `\`\`\`json [${JSON_CAT}] \`\`\``],
  ['an unclosed fence', `\`\`\`json\n[${JSON_CAT}]`],
  ['a bare list', `[${JSON_CAT}]`],
  ['a bare object', JSON_CAT],
  ['words around a list', `The cat is here: [${JSON_CAT}].`],
  ['words around an object', `Here it is: ${JSON_CAT}.`],
  ['words around a fence', `Sure!\n\`\`\`json\n[${JSON_CAT}]\n\`\`\`\nAnything else?`],
])('parses %s', (_, reply) => {
  expect(parseBoxes(reply)).toEqual([CAT]);
});

const BEAR = { box: [47, 68, 95, 128], label: 'bear' };
const JSON_BEAR = '{"bbox_2d": [47, 68, 95, 128], "label": "bear"}';

test.each([
  ['without its opening fence and bracket', `${JSON_BEAR} ] \`\`\` `, [BEAR]],
  ['without its opening fence, with two objects', `${JSON_BEAR}, ${JSON_CAT} ] \`\`\``, [BEAR, CAT]],
  ['with text after its opening fence', `\`\`\` bb ${JSON_BEAR} ] \`\`\``, [BEAR]],
  ['with a fence at both sides of a bracket', `\`\`\` [ \`\`\` ${JSON_BEAR} ]`, [BEAR]],
  ['with an incomplete object', `[${JSON_BEAR}, {"bbox_2d": [3, 4, 50`, [BEAR]],
])('reads every complete object of a reply %s', (_, reply, boxes) => {
  expect(parseBoxes(reply)).toEqual(boxes);
  expect(hasBoxJson(reply)).toBe(true);
});

test.each([
  'I am glad that, 13.], "label": "ball"} ] ``` ',
  '``` bb {"bbox_2d"',
  '```json\n[{"bbox_2d": [3, 4, 50, 60',
  '```json\n[]\n```',
  'ball"} ] ```',
  '```',
])('%j is damaged JSON of boxes without a box', (reply) => {
  expect(parseBoxes(reply)).toBeUndefined();
  expect(hasBoxJson(reply)).toBe(true);
});

test.each(['', 'On the left.', 'A house [in the snow] and "a tree".', 'Use ``` to quote.', '[1, 2, 3, 4]'])(
  '%j has no JSON of boxes',
  (reply) => expect(hasBoxJson(reply)).toBe(false),
);

test('several boxes keep their order, and a label may be missing', () => {
  const reply = `[${JSON_CAT}, {"bbox_2d": [0, 0.5, 1, 2]}, {"bbox_2d": [7, 7, 9, 9], "label": 5}]`;
  expect(parseBoxes(reply)).toEqual([
    CAT,
    { box: [0, 0.5, 1, 2], label: undefined },
    { box: [7, 7, 9, 9], label: undefined },
  ]);
});

test.each([
  '',
  'On the left.',
  '```json\n[]\n```',
  '[1, 2, 3, 4]',
  'null',
  '[null]',
  '{"label": "cat"}',
  '{"bbox_2d": "3, 4, 50, 60"}',
  '[{"bbox_2d": [3, 4, 50]}]',
  '[{"bbox_2d": [3, 4, 50, 60, 70]}]',
  '[{"bbox_2d": [3, 4, 50, "60"]}]',
  '[{"bbox_2d": [3, 4, 50, 1e999]}]',
  '[{"bbox_2d": [3, 4, 50, 60',
  '[{"bbox_2d": [50, 4, 3, 60]}]',
  '[{"bbox_2d": [3, 4, 3, 60]}]',
])('%j has no box', (reply) => {
  expect(parseBoxes(reply)).toBeUndefined();
});

test('ignores invalid entries among valid ones', () => {
  expect(parseBoxes(`[{"bbox_2d": [9, 9, 1, 1], "label": "dog"}, ${JSON_CAT}, 7]`)).toEqual([CAT]);
});

test("parses every box of the picture world's answers", () => {
  let parsed = 0;
  for (let i = 0; i < 400; i++) {
    const { kind, answer } = drawCase('understand', new Random(mix(21, i)), 'heldout');
    if (kind !== 'ground' || answer === null) continue;
    expect(parseBoxes(answer)).toHaveLength(answer.split('bbox_2d').length - 1);
    parsed++;
  }
  expect(parsed).toBeGreaterThan(10);
});

test('relative boxes are fractions of the picture and are clipped to it', () => {
  const reply = `[${JSON_CAT}, {"bbox_2d": [35, 70, 200, 140]}, {"bbox_2d": [150, 0, 160, 9], "label": "outside"}]`;
  expect(relativeBoxes(reply, { width: 140, height: 280 })).toEqual([
    { label: 'cat', box: [3 / 140, 4 / 280, 50 / 140, 60 / 280] },
    { box: [0.25, 0.25, 1, 0.5] },
  ]);
  expect(relativeBoxes('In the middle.', { width: 140, height: 140 })).toEqual([]);
});

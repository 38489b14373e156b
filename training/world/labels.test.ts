/** The trainer's labels (`hints.py`) name the world's words in the world's order. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  ACCESSORIES,
  BACKGROUNDS,
  COLOURS,
  CREATURES,
  EXPRESSIONS,
  OBJECTS,
  PATTERNS,
  STYLES,
  TIMES,
  WEATHERS,
} from '../../src/storybook/scene.ts';

const HINTS = readFileSync(new URL('../hints.py', import.meta.url), 'utf8');

/** The list of words that `before` stands in front of, in hints.py. */
function labelsAfter(before: string): unknown {
  const list = HINTS.split(before)[1]?.match(/^\[[^[\]]*\]/)?.[0];
  if (!list) throw new Error(`hints.py has no list behind ${before}`);
  return JSON.parse(list);
}

test.each([
  ['KINDS = ', [...CREATURES, ...OBJECTS]],
  ['COLOURS = ', COLOURS],
  ['EXPRESSIONS = ', EXPRESSIONS],
  ['ACCESSORIES = ', ACCESSORIES],
  ['PATTERNS = ', PATTERNS],
  ['"style", ', STYLES],
  ['"time", ', TIMES],
  ['"weather", ', WEATHERS],
  ['"background", ', [...BACKGROUNDS, 'blank']],
])('%s', (before, words) => {
  expect(labelsAfter(before)).toEqual(words);
});

test('the first of KINDS are the creatures', () => {
  expect(HINTS).toMatch(new RegExp(`^CREATURES = ${CREATURES.length} `, 'm'));
});

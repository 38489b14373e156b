/** The labels of the trainer (`hints.py`) are the world's values in the same order. */
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

/** The list in hints.py that follows the text `before`. */
function labelsAfter(before: string): unknown {
  const list = HINTS.split(before)[1]?.match(/^\[[^[\]]*\]/)?.[0];
  if (!list) throw new Error(`hints.py has no list after ${before}`);
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

test('KINDS begins with the creatures', () => {
  expect(HINTS).toMatch(new RegExp(`^CREATURES = ${CREATURES.length} `, 'm'));
});

/** The page says in words how often the built-in model is right. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../models.ts';
import { figureOf } from './quotes.ts';
import { readResults } from './results.ts';

const SHARES = [
  [1 / 2, 'one time in two'],
  [2 / 3, 'two times in three'],
  [3 / 4, 'three times in four'],
  [4 / 5, 'four times in five'],
  [9 / 10, 'nine times in ten'],
] as const;

test('the footer of the page says the measured shares', async () => {
  const results = (await readResults(ROOT)).get('built-in-model');
  const inWords = (drawn: number) => {
    const figure = results && figureOf(results, 'from-words-t2i', `pictures, ${drawn} drawn`);
    const share = Number.parseFloat(figure ?? '') / 100;
    const distance = ([value]: (typeof SHARES)[number]) => Math.abs(value - share);
    return SHARES.reduce((best, next) => (distance(next) < distance(best) ? next : best))[1];
  };
  const source = await readFile(join(ROOT, 'src/studio/page/page-footer.tsx'), 'utf8');
  const words = source.replaceAll(/\s+/g, ' ');
  expect(inWords(1)).toBe(inWords(2));
  expect(words).toContain(`A scene with one or two things comes out right ${inWords(1)}`);
  expect(words).toContain(`A scene with three things comes out right ${inWords(3)}`);
});

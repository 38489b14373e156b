import { describe, expect, test } from 'vitest';
import { mix, Random, SteadyRandom } from './random.ts';
import { drawCase } from './tasks.ts';
import { quotedList, unknownWords } from './vocabulary.ts';

test.each(['t2i', 'edit', 'incontext', 'critique_fix'] as const)('every word of %s is known', (task) => {
  for (let i = 0; i < 400; i++) {
    const Chance = i % 2 === 0 ? Random : SteadyRandom;
    const { instruction } = drawCase(task, new Chance(mix(91, i)), i % 3 === 0 ? 'heldout' : 'train');
    expect(unknownWords(`${instruction}.`), instruction ?? '').toEqual([]);
  }
});

describe('unknownWords', () => {
  test.each([
    ['three green dogs with yellow hats', ['dogs']],
    [
      'A photo of Albert Einstein riding a bicycle in Paris.',
      ['photo', 'Albert', 'Einstein', 'riding', 'bicycle', 'Paris'],
    ],
    ['Eine rote Katze im Wald', ['Eine', 'rote', 'Katze', 'im', 'Wald']],
    ['the cat’s hat', []],
    ['a black-and-white cat', []],
    ['a dog and a Dog.', ['dog']],
    ['', []],
  ])('%s', (request, unknown) => {
    expect(unknownWords(request)).toEqual(unknown);
  });

  test('an incomplete last word is unknown only if no known word begins with it', () => {
    expect(unknownWords('a red bun')).toEqual([]);
    expect(unknownWords('a red bun ')).toEqual(['bun']);
    expect(unknownWords('a red dog')).toEqual(['dog']);
  });
});

test('quotedList joins quoted words and counts those beyond the limit', () => {
  expect(quotedList(['dog'])).toBe('“dog”');
  expect(quotedList(['dog', 'cow'])).toBe('“dog” and “cow”');
  expect(quotedList(['a', 'b', 'c', 'd', 'e'])).toBe('“a”, “b”, “c”, “d” and 1 more');
});

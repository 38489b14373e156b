import { expect, test } from 'vitest';
import { trainedSizeNote } from './trained-size.ts';

const NOTE = 'This model was trained at 128 × 128 pixels; other sizes are experimental.';

test.each([
  [128, 128, undefined],
  [96, 160, undefined],
  [32, 512, undefined],
  [144, 160, undefined],
  [160, 160, NOTE],
  [112, 112, undefined],
  [96, 96, NOTE],
  [1024, 256, NOTE],
])('the note for %i x %i pixels of a model trained at 128 × 128', (width, height, note) => {
  expect(trainedSizeNote({ side: 128 }, { width, height })).toBe(note);
});

test('there is no note for the released model', () => {
  for (const side of [256, 512, 1024])
    expect(trainedSizeNote({ side: 1024 }, { width: side, height: side })).toBeUndefined();
});

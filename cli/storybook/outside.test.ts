import { expect, test } from 'vitest';
import { outsideError } from './outside.ts';

/** A picture of 3 x 2 pixels in one grey. */
const plain = (grey: number) => ({ width: 3, height: 2, data: new Uint8Array(18).fill(grey) });

test('pixels outside of the boxes count, with those at the exclusive ends', () => {
  const before = plain(100);
  const after = plain(100);
  // The pixel in the middle of the first row, and the last one.
  after.data.set([200, 200, 200], 3);
  after.data.set([110, 100, 94], 15);
  expect(outsideError(before, after, [])).toBeCloseTo((300 + 16) / 18, 12);
  expect(outsideError(before, after, [[1, 0, 2, 1]])).toBeCloseTo(16 / 15, 12);
  expect(outsideError(after, before, [[1, 0, 3, 2]])).toBe(0);
  expect(
    outsideError(before, after, [
      [1, 0, 2, 1],
      [2, 1, 3, 2],
    ]),
  ).toBe(0);
});

test('boxes that cover the picture give no error', () => {
  expect(outsideError(plain(0), plain(9), [[0, 0, 3, 2]])).toBeUndefined();
});

test('pictures of different sizes are rejected', () => {
  expect(() => outsideError(plain(0), { ...plain(0), width: 2, height: 3 }, [])).toThrow('3 x 2 and 2 x 3');
});

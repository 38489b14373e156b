import { expect, test } from 'vitest';
import { meanOf, shareOf, wilson } from './statistics.ts';

// By hand: z = 1.959964, p = 0.8, n = 10: middle 0.7168, half width 0.2266.
test.each([
  [8, 10, 0.4902, 0.9433],
  [1, 2, 0.0945, 0.9055],
  [0, 10, 0, 0.2775],
  [10, 10, 0.7225, 1],
  [190, 200, 0.9104, 0.9726],
])('the interval of %i of %i is %f to %f', (right, n, low, high) => {
  const [a, b] = wilson(right, n);
  expect(a).toBeCloseTo(low, 4);
  expect(b).toBeCloseTo(high, 4);
});

test('the ends are exact, and no outcomes give the interval 0 to 1', () => {
  expect(wilson(0, 7)[0]).toBe(0);
  expect(wilson(7, 7)[1]).toBe(1);
  expect(wilson(0, 0)).toEqual([0, 1]);
  expect(shareOf([])).toEqual({ type: 'share', right: 0, n: 0, value: undefined, low: 0, high: 1 });
});

test('a share counts the right outcomes', () => {
  expect(shareOf([true, false, true, true])).toMatchObject({ right: 3, n: 4, value: 0.75 });
});

test('the interval of a mean follows the spread of its values', () => {
  // Standard deviation of 1, 2, 3, 4: 1.29099; half width 1.959964 * 1.29099 / 2.
  const { value, low, high } = meanOf([1, 2, 3, 4]);
  expect(value).toBe(2.5);
  expect(low).toBeCloseTo(1.23485, 4);
  expect(high).toBeCloseTo(3.76515, 4);
  expect(meanOf([5])).toEqual({ type: 'mean', n: 1, value: 5, low: undefined, high: undefined });
  expect(meanOf([])).toMatchObject({ n: 0, value: undefined });
});

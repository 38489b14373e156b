import { expect, test } from 'vitest';
import type { Corners } from '../../src/omnigen2/language/grounding.ts';
import { meanOverlap, overlap } from './overlap.ts';

const BOX: Corners = [0, 0, 10, 10];

test.each<[string, Corners, number]>([
  ['the same box', [0, 0, 10, 10], 1],
  ['half of it', [0, 0, 10, 5], 0.5],
  ['a box moved by half', [5, 0, 15, 10], 1 / 3],
  ['a box that shares a corner', [9, 9, 19, 19], 1 / 199],
  ['a box beside it', [10, 0, 20, 10], 0],
  ['a box apart in both directions (two negative sides are no area)', [20, 20, 30, 30], 0],
])('%s', (_, other, value) => {
  expect(overlap(BOX, other)).toBeCloseTo(value, 12);
  expect(overlap(other, BOX)).toBeCloseTo(value, 12);
});

test('boxes are matched by overlap, whatever their order', () => {
  const right: Corners[] = [
    [0, 0, 10, 10],
    [20, 0, 30, 10],
  ];
  expect(meanOverlap(right, [...right].reverse())).toBe(1);
  // Both boxes lie on the first copy. One matches it, the other matches nothing.
  expect(
    meanOverlap(right, [
      [0, 0, 10, 10],
      [0, 0, 10, 9],
    ]),
  ).toBe(0.5);
});

test('a missing box and a box too many count 0', () => {
  expect(meanOverlap([BOX, [20, 0, 30, 10]], [BOX])).toBe(0.5);
  expect(meanOverlap([BOX], [BOX, [20, 0, 30, 10]])).toBe(0.5);
  expect(meanOverlap([BOX], [])).toBe(0);
});

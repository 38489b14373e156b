import { expect, test } from 'vitest';
import { CATEGORIES } from '../../src/storybook/cases/in-context.ts';
import { isHeldout } from '../../src/storybook/compose.ts';
import { heldoutCases, inContextCases } from './cases.ts';

test('every run has the same cases, and a longer run begins with them', () => {
  const few = heldoutCases('edit', 1, 5);
  expect(heldoutCases('edit', 1, 9).slice(0, 5)).toEqual(few);
  expect(heldoutCases('edit', 2, 5)).not.toEqual(few);
});

test('every case shows a held-out combination', () => {
  for (const { scene } of heldoutCases('t2i', 1, 40)) {
    expect(scene.things.some(({ who }) => isHeldout(who))).toBe(true);
  }
});

test('only selected cases are returned', () => {
  const boxes = heldoutCases('understand', 1, 3, ({ kind }) => kind === 'ground');
  expect(boxes.map(({ kind }) => kind)).toEqual(['ground', 'ground', 'ground']);
});

test('each category has the same number of cases, rounded up', () => {
  const kinds = inContextCases(1, 10).map(({ kind }) => kind);
  expect(kinds).toEqual(CATEGORIES.flatMap(([category]) => [category, category]));
});

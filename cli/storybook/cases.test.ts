import { expect, test } from 'vitest';
import { CATEGORIES } from '../../src/storybook/cases/in-context.ts';
import { isHeldout } from '../../src/storybook/compose.ts';
import { heldoutCases, inContextCases } from './cases.ts';

test('every run asks the same cases, and more of them begin with the same ones', () => {
  const few = heldoutCases('edit', 1, 5);
  expect(heldoutCases('edit', 1, 9).slice(0, 5)).toEqual(few);
  expect(heldoutCases('edit', 2, 5)).not.toEqual(few);
});

test('every case shows what training never does', () => {
  for (const { scene } of heldoutCases('t2i', 1, 40)) {
    expect(scene.things.some(({ who }) => isHeldout(who))).toBe(true);
  }
});

test('only what is wanted is asked', () => {
  const boxes = heldoutCases('understand', 1, 3, ({ kind }) => kind === 'ground');
  expect(boxes.map(({ kind }) => kind)).toEqual(['ground', 'ground', 'ground']);
});

test('each category has as many cases, rounded up', () => {
  const kinds = inContextCases(1, 10).map(({ kind }) => kind);
  expect(kinds).toEqual(CATEGORIES.flatMap(([category]) => [category, category]));
});

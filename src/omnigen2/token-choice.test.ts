import { expect, test } from 'vitest';
import { likeliest } from './token-choice.ts';

const logits = Float32Array.of(1, 4, 4.1, -1);

test('without a penalty the largest logit wins, and of equal ones the first', () => {
  expect(likeliest(1)(logits, new Set([2]))).toBe(2);
  expect(likeliest(1)(Float32Array.of(3, 5, 5), new Set())).toBe(1);
});

test('tokens that occurred before are made less likely', () => {
  expect(likeliest(1.05)(logits, new Set([2]))).toBe(1);
  expect(likeliest(1.05)(logits, new Set([1, 2]))).toBe(2);
});

test('a negative logit is multiplied by the penalty', () => {
  expect(likeliest(1.05)(Float32Array.of(-1, -1.02), new Set([0]))).toBe(1);
  expect(likeliest(1.05)(Float32Array.of(-1, -1.06), new Set([0]))).toBe(0);
});

test('a token that cannot be chosen is not chosen', () => {
  const never = Number.NEGATIVE_INFINITY;
  expect(likeliest(1.05)(Float32Array.of(never, -50, never), new Set([0, 1, 2]))).toBe(1);
});

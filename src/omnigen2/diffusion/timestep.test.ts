import { expect, it } from 'vitest';
import { timestepSinusoid } from './timestep.ts';

it('has cosines before sines, highest frequency first', () => {
  const values = timestepSinusoid(0.137, 1000, 256);
  expect(values).toHaveLength(256);
  expect(values[0]).toBeCloseTo(Math.cos(137), 4);
  expect(values[128]).toBeCloseTo(Math.sin(137), 4);
  expect(values[127]).toBeCloseTo(Math.cos(137 * 10000 ** (-127 / 128)), 5);
  expect(values[255]).toBeCloseTo(Math.sin(137 * 10000 ** (-127 / 128)), 5);
});

it('is ones and zeros at the start', () => {
  const values = [...timestepSinusoid(0, 1000, 8)];
  expect(values).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
});

it('rounds where the official code rounds', () => {
  // Recorded from the official code in float32; without rounding it is -0.285606.
  expect(timestepSinusoid(0.777, 1000, 256)[5]).toBeCloseTo(-0.285_590_678, 6);
});

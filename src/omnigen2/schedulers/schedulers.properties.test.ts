/** Schedulers on paths with a known solution. */

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { SCHEDULERS, type SchedulerName } from '../../settings/draw-settings.ts';
import { createScheduler } from './create.ts';
import { dpmSolverMultistep } from './dpm-solver-multistep.ts';

fc.configureGlobal({ seed: 2506 });

const steps = fc.integer({ min: 1, max: 100 });
const latentPixels = fc.option(fc.integer({ min: 4, max: 65_536 }), { nil: undefined });
const value = fc.double({ min: -4, max: 4, noNaN: true }).map(Math.fround);

/** Integrates `velocity(x, t)` from `start` to t = 1. */
function follow(
  name: SchedulerName,
  count: number,
  pixels: number | undefined,
  start: number,
  velocity: (x: number, t: number) => number,
): number {
  const scheduler = createScheduler(name, count, pixels);
  let latents: Float32Array = Float32Array.of(start);
  for (let i = 0; i < count; i++) {
    const t = scheduler.timesteps[i];
    latents = scheduler.step(
      i,
      latents,
      latents.map((x) => velocity(x, t)),
    );
  }
  return latents[0];
}

describe.each(SCHEDULERS)('%s', (name) => {
  it('is exact on a straight path in any number of steps', () => {
    fc.assert(
      fc.property(steps, latentPixels, value, value, (count, pixels, start, velocity) => {
        const end = follow(name, count, pixels, start, () => velocity);
        expect(Math.abs(end - (start + velocity))).toBeLessThan(2e-5 * Math.sqrt(count) + 1e-5);
      }),
    );
  });

  it('is linear in the latents', () => {
    fc.assert(
      fc.property(steps, latentPixels, value, (count, pixels, start) => {
        const curved = (x: number, t: number) => x * (0.5 - t);
        const once = follow(name, count, pixels, start, curved);
        expect(Math.abs(follow(name, count, pixels, 4 * start, curved) - 4 * once)).toBeLessThan(1e-4);
      }),
    );
  });
});

/**
 * The error on the path from noise of variance 1 to pictures of variance `spread`, where x(t) is proportional
 * to the deviation sqrt(t^2 spread + (1 - t)^2).
 */
function gaussianError(name: SchedulerName, count: number, pixels: number, spread: number): number {
  const end = follow(name, count, pixels, 1, (x, t) => {
    const variance = t * t * spread + (1 - t) ** 2;
    return (x * (t * spread - (1 - t))) / variance;
  });
  return Math.abs(end - Math.sqrt(spread));
}

const spread = fc.double({ min: 0.05, max: 0.8, noNaN: true });
const pixels = fc.integer({ min: 256, max: 16_384 });

test('doubling the steps halves the error of Euler on a curved path', () => {
  fc.assert(
    fc.property(spread, pixels, (variance, size) => {
      const ratio = gaussianError('euler', 100, size, variance) / gaussianError('euler', 200, size, variance);
      expect(ratio).toBeGreaterThan(1.8);
      expect(ratio).toBeLessThan(2.3);
    }),
    { numRuns: 40 },
  );
});

test('four times the steps reduce the error of DPM-Solver++ to less than a sixth on a curved path', () => {
  fc.assert(
    // Larger pictures need more steps for this rate.
    fc.property(
      fc.double({ min: 0.2, max: 0.8, noNaN: true }),
      fc.integer({ min: 256, max: 1600 }),
      (variance, size) => {
        const [coarse, fine] = [100, 400].map((count) => gaussianError('dpmsolver++', count, size, variance));
        expect(fine).toBeLessThan(coarse / 6);
      },
    ),
    { numRuns: 40 },
  );
});

test('noise levels of DPM-Solver++ fall from 1 to 0 as its timesteps rise', () => {
  fc.assert(
    fc.property(steps, latentPixels, (count, size) => {
      const { sigmas, timesteps } = dpmSolverMultistep(count, size);
      expect([sigmas[0], sigmas[count]]).toEqual([1, 0]);
      for (let i = 0; i < count; i++) {
        expect(sigmas[i + 1]).toBeLessThan(sigmas[i]);
        expect(sigmas[i]).toBe(Math.fround(1 - timesteps[i]));
      }
    }),
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCHEDULERS } from '../../settings/draw-settings.ts';
import { createScheduler } from './create.ts';
import { dpmSolverMultistep } from './dpm-solver-multistep.ts';
import { flowTimesteps, type Scheduler } from './scheduler.ts';

fc.configureGlobal({ seed: 2506 });

const steps = fc.integer({ min: 1, max: 60 });
const latentPixels = fc.option(fc.integer({ min: 4, max: 65_536 }), { nil: undefined });
const values = fc
  .array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 1, maxLength: 6 })
  .map((list) => Float32Array.from(list));

/** Runs all steps with a model that always predicts the same picture. */
function run(scheduler: Scheduler, count: number, start: Float32Array, picture: Float32Array): Float32Array {
  let latents = start;
  for (let i = 0; i < count; i++) {
    const t = scheduler.timesteps[i];
    const velocity = latents.map((x, at) => (picture[at % picture.length] - x) / (1 - t));
    latents = scheduler.step(i, latents, velocity);
  }
  return latents;
}

describe('flowTimesteps', () => {
  it('rise from 0 and stay below 1 for any size', () => {
    fc.assert(
      fc.property(steps, latentPixels, (count, pixels) => {
        const times = flowTimesteps(count, pixels);
        expect(times[0]).toBe(0);
        for (let i = 1; i < count; i++) expect(times[i]).toBeGreaterThan(times[i - 1]);
        expect(times[count - 1]).toBeLessThan(1);
      }),
    );
  });

  it('are even at 40 x 40 latent pixels, later for fewer and earlier for more', () => {
    const even = flowTimesteps(10, undefined);
    flowTimesteps(10, 1600).forEach((t, i) => {
      expect(t).toBeCloseTo(even[i], 6);
    });
    expect(flowTimesteps(10, 400)[5]).toBeGreaterThan(even[5]);
    expect(flowTimesteps(10, 16_384)[5]).toBeLessThan(even[5]);
  });
});

describe.each(SCHEDULERS)('%s', (name) => {
  it('ends at the predicted picture', () => {
    fc.assert(
      fc.property(steps, latentPixels, values, values, (count, pixels, start, picture) => {
        const end = run(createScheduler(name, count, pixels), count, start, picture);
        end.forEach((value, at) => {
          expect(Math.abs(value - picture[at % picture.length])).toBeLessThan(2e-4);
        });
      }),
    );
  });

  it('does not change its inputs, and a new scheduler has no state of an earlier one', () => {
    const start = Float32Array.of(0.5, -1.25, 2);
    const picture = Float32Array.of(1, 0, -1);
    const first = run(createScheduler(name, 7, 4096), 7, start, picture);
    run(createScheduler(name, 7, 4096), 7, Float32Array.of(9, 9, 9), picture);
    expect(run(createScheduler(name, 7, 4096), 7, start, picture)).toEqual(first);
    expect([...start]).toEqual([0.5, -1.25, 2]);
  });

  it('rejects an invalid number of steps', () => {
    for (const count of [0, -1, 1.5, Number.NaN, 1001]) {
      expect(() => createScheduler(name, count, 4096)).toThrow(/whole number from 1 to 1,000/);
    }
  });
});

describe('dpmSolverMultistep', () => {
  it('has finite results in its first and last step', () => {
    for (const count of [1, 2, 3, 50]) {
      const solver = dpmSolverMultistep(count, 4096);
      expect([solver.sigmas[0], solver.sigmas[count]]).toEqual([1, 0]);
      let latents = Float32Array.of(1, -2);
      for (let i = 0; i < count; i++) {
        latents = solver.step(i, latents, Float32Array.of(0.3 * i, -1)) as typeof latents;
        expect(latents.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('is more exact than Euler on a curved path', () => {
    // From noise of variance 1 to pictures of variance 0.25: the exact path is known.
    const error = (name: (typeof SCHEDULERS)[number]) => {
      const count = 20;
      const scheduler = createScheduler(name, count, undefined);
      let latents = Float32Array.of(1);
      const spread = 0.25;
      for (let i = 0; i < count; i++) {
        const t = scheduler.timesteps[i];
        const variance = t * t * spread + (1 - t) ** 2;
        const velocity = latents.map((x) => (x * (t * spread - (1 - t))) / variance);
        latents = scheduler.step(i, latents, velocity) as typeof latents;
      }
      return Math.abs(latents[0] - Math.sqrt(spread));
    };
    expect(error('dpmsolver++')).toBeLessThan(error('euler'));
  });
});

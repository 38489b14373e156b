/** DPM-Solver++ of second order: every step but the first and last also uses the picture foreseen one step before. */

import { flowTimesteps, type Scheduler } from './scheduler.ts';

/** DPM-Solver++ for a flow, with the noise levels it steps through. */
export interface DpmSolver extends Scheduler {
  /** `[N + 1]`: how much noise there is before each step, from 1; the last is 0. */
  readonly sigmas: Float32Array;
}

/**
 * Multistep DPM-Solver++ (order 2, midpoint) with sigma = 1 - t and alpha = t.
 *
 * The noise level starts at 1, where the logarithm of the signal-to-noise ratio is minus infinity: the first step is of
 * first order, and in the second the infinite distance to the step before makes its correction vanish. The last step
 * ends at sigma 0 and is of first order: it gives the foreseen picture itself.
 * Source: omnigen2/schedulers/scheduling_dpmsolver_multistep.py, DPMSolverMultistepScheduler.step
 */
export function dpmSolverMultistep(steps: number, latentPixels: number | undefined): DpmSolver {
  const timesteps = flowTimesteps(steps, latentPixels);
  const sigmas = new Float32Array(steps + 1);
  for (let i = 0; i < steps; i++) sigmas[i] = 1 - timesteps[i];
  /** Half the logarithm of the signal-to-noise ratio before step `i`, rounded as float32 arithmetic rounds it. */
  const lambda = (i: number) =>
    Math.fround(
      fround(
        Math.log,
        fround((s) => 1 - s, sigmas[i]),
      ) - fround(Math.log, sigmas[i]),
    );
  let before: Float32Array | undefined;
  return {
    timesteps,
    sigmas,
    step(i, latents, velocity) {
      const sigma = sigmas[i];
      const foreseen = latents.map((x, at) => x + Math.fround(sigma * velocity[at]));
      const alphaNext = Math.fround(1 - sigmas[i + 1]);
      const length = Math.fround(lambda(i + 1) - lambda(i));
      const keep = Math.fround(sigmas[i + 1] / sigma);
      const gain = Math.fround(alphaNext * Math.fround(fround(Math.exp, -length) - 1));
      const previous = before;
      before = foreseen;
      if (!previous || i === 0 || i === steps - 1) {
        return latents.map((x, at) => Math.fround(keep * x) - Math.fround(gain * foreseen[at]));
      }
      const ratio = Math.fround(Math.fround(lambda(i) - lambda(i - 1)) / length);
      const inverse = Math.fround(1 / ratio);
      const halfGain = Math.fround(0.5 * gain);
      return latents.map((x, at) => {
        const first = Math.fround(Math.fround(keep * x) - Math.fround(gain * foreseen[at]));
        const slope = Math.fround(inverse * Math.fround(foreseen[at] - previous[at]));
        return first - Math.fround(halfGain * slope);
      });
    },
  };
}

function fround(f: (x: number) => number, x: number): number {
  return Math.fround(f(x));
}

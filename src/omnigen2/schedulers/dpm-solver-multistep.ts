/**
 * DPM-Solver++ of second order: all steps but the first and last also use the prediction of the previous
 * step.
 */

import { flowTimesteps, type Scheduler } from './scheduler.ts';

/** DPM-Solver++ for flow matching, with its noise levels. */
export interface DpmSolver extends Scheduler {
  /** `[N + 1]`: the noise level before each step, from 1, and 0 after the last one. */
  readonly sigmas: Float32Array;
}

/**
 * Multistep DPM-Solver++ (order 2, midpoint) with sigma = 1 - t and alpha = t.
 *
 * At the initial noise level of 1 the log signal-to-noise ratio is minus infinity. The first step is of first
 * order; in the second, the infinite distance to the previous step makes the correction zero. The last step
 * ends at sigma 0 and is of first order: its result is the predicted picture.
 * Source: omnigen2/schedulers/scheduling_dpmsolver_multistep.py, DPMSolverMultistepScheduler.step
 */
export function dpmSolverMultistep(steps: number, latentPixels: number | undefined): DpmSolver {
  const timesteps = flowTimesteps(steps, latentPixels);
  const sigmas = new Float32Array(steps + 1);
  for (let i = 0; i < steps; i++) sigmas[i] = 1 - timesteps[i];
  /** Half the log signal-to-noise ratio before step `i`, rounded as in float32 arithmetic. */
  const lambda = (i: number) =>
    Math.fround(
      fround(
        Math.log,
        fround((s) => 1 - s, sigmas[i]),
      ) - fround(Math.log, sigmas[i]),
    );
  const solver: DpmSolver = {
    timesteps,
    sigmas,
    history: [],
    step(i, latents, velocity) {
      const sigma = sigmas[i];
      const predicted = latents.map((x, at) => x + Math.fround(sigma * velocity[at]));
      const alphaNext = Math.fround(1 - sigmas[i + 1]);
      const length = Math.fround(lambda(i + 1) - lambda(i));
      const decay = Math.fround(sigmas[i + 1] / sigma);
      const gain = Math.fround(alphaNext * Math.fround(fround(Math.exp, -length) - 1));
      const [last] = solver.history;
      solver.history = [predicted];
      if (!last || i === 0 || i === steps - 1) {
        return latents.map((x, at) => Math.fround(decay * x) - Math.fround(gain * predicted[at]));
      }
      const ratio = Math.fround(Math.fround(lambda(i) - lambda(i - 1)) / length);
      const inverse = Math.fround(1 / ratio);
      const halfGain = Math.fround(0.5 * gain);
      return latents.map((x, at) => {
        const first = Math.fround(Math.fround(decay * x) - Math.fround(gain * predicted[at]));
        const slope = Math.fround(inverse * Math.fround(predicted[at] - last[at]));
        return first - Math.fround(halfGain * slope);
      });
    },
  };
  return solver;
}

function fround(f: (x: number) => number, x: number): number {
  return Math.fround(f(x));
}

/** Timesteps and noise levels, and whole runs with a closed-form model. */

import { z } from 'zod';
import { dpmSolverMultistep } from '../../../src/omnigen2/schedulers/dpm-solver-multistep.ts';
import { flowMatchEuler } from '../../../src/omnigen2/schedulers/flow-match-euler.ts';
import { compareTensor, floatsOf, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner } from '../types.ts';

const row = z.object({
  steps: z.number(),
  num_tokens: z.number().nullable(),
  timesteps: z.string(),
  sigmas: z.string(),
});
const trajectory = z.object({
  steps: z.number(),
  num_tokens: z.number().nullable(),
  a: z.number(),
  b: z.number(),
});

export const run: KindRunner = async (golden) =>
  'rows' in golden.params ? compareSchedules(golden) : compareTrajectory(golden);

/** The source of a case names the official class. */
function isDpm({ source }: GoldenCase): boolean {
  return source.includes('DPMSolverMultistepScheduler');
}

function compareSchedules(golden: GoldenCase): Comparison[] {
  return z
    .array(row)
    .parse(golden.params.rows)
    .flatMap(({ steps, num_tokens, timesteps, sigmas }) => {
      const pixels = num_tokens ?? undefined;
      const check = (name: string, values: ArrayLike<number>) =>
        compareTensor(name, values, tensorOf(golden, name), golden.tolerance);
      if (isDpm(golden)) {
        const solver = dpmSolverMultistep(steps, pixels);
        return [check(timesteps, solver.timesteps), check(sigmas, solver.sigmas)];
      }
      const euler = flowMatchEuler(steps, pixels);
      // `sigmas` of the official Euler scheduler are its timesteps, followed by 1.
      return [check(timesteps, euler.timesteps), check(sigmas, [...euler.timesteps, 1])];
    });
}

/** Runs all steps with the velocity `a * x + b * t + bias * sin(6 * t)`. */
function compareTrajectory(golden: GoldenCase): Comparison[] {
  const { steps, num_tokens, a, b } = trajectory.parse(golden.params);
  const make = isDpm(golden) ? dpmSolverMultistep : flowMatchEuler;
  const scheduler = make(steps, num_tokens ?? undefined);
  const bias = floatsOf(golden, 'bias');
  let x = floatsOf(golden, 'x0');
  const velocities: number[] = [];
  const latents: number[] = [];
  for (let i = 0; i < steps; i++) {
    const t = scheduler.timesteps[i];
    const velocity = x.map((value, at) => a * value + b * t + bias[at] * Math.sin(6 * t));
    x = scheduler.step(i, x, velocity);
    velocities.push(...velocity);
    latents.push(...x);
  }
  return [
    compareTensor('timesteps', scheduler.timesteps, tensorOf(golden, 'timesteps'), golden.tolerance),
    compareTensor('v', velocities, tensorOf(golden, 'v'), golden.tolerance),
    compareTensor('x', latents, tensorOf(golden, 'x'), golden.tolerance),
  ];
}

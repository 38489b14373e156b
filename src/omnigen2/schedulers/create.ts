/** Schedulers by the names they have in the official command line. */

import { OmniError } from '../../errors.ts';
import { dpmSolverMultistep } from './dpm-solver-multistep.ts';
import { flowMatchEuler } from './flow-match-euler.ts';
import type { Scheduler } from './scheduler.ts';

export const SCHEDULERS = ['euler', 'dpmsolver++'] as const;
export type SchedulerName = (typeof SCHEDULERS)[number];

/** More steps than any schedule gains from; guards against a number that would fill the memory. */
export const MAX_STEPS = 1000;

/**
 * A scheduler for one run.
 * @param latentPixels height x width of the latents, by which times are bent; undefined leaves them even
 * @throws OmniError `bad_request` if there is no such number of steps
 */
export function createScheduler(
  name: SchedulerName,
  steps: number,
  latentPixels: number | undefined,
): Scheduler {
  if (!Number.isInteger(steps) || steps < 1 || steps > MAX_STEPS) {
    throw new OmniError({
      code: 'bad_request',
      message: `A picture cannot be drawn in ${steps} steps: steps must be a whole number from 1 to ${MAX_STEPS}.`,
      action: 'Choose between 20 and 50 steps.',
    });
  }
  switch (name) {
    case 'euler':
      return flowMatchEuler(steps, latentPixels);
    case 'dpmsolver++':
      return dpmSolverMultistep(steps, latentPixels);
    default:
      return name satisfies never;
  }
}

/** Schedulers by the names they have in the official command line. */

import { checkSetting } from '../../settings/check.ts';
import { DRAW_SETTINGS, type SchedulerName } from '../../settings/draw-settings.ts';
import { dpmSolverMultistep } from './dpm-solver-multistep.ts';
import { flowMatchEuler } from './flow-match-euler.ts';
import type { Scheduler } from './scheduler.ts';

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
  checkSetting(DRAW_SETTINGS.steps, steps);
  switch (name) {
    case 'euler':
      return flowMatchEuler(steps, latentPixels);
    case 'dpmsolver++':
      return dpmSolverMultistep(steps, latentPixels);
    default:
      return name satisfies never;
  }
}

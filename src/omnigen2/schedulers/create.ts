/** Creates the scheduler that the setting names. */

import type { SchedulerConfig } from '../../config/config.ts';
import { checkSetting } from '../../settings/check.ts';
import { DRAW_SETTINGS, type SchedulerName } from '../../settings/draw-settings.ts';
import { dpmSolverMultistep } from './dpm-solver-multistep.ts';
import { flowMatchEuler } from './flow-match-euler.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Creates the scheduler of one drawing.
 * @param latentPixels height x width of the latents, for the shift of the timesteps; undefined: no shift
 * @throws OmniError `bad_request` if `steps` is out of range
 * @example
 * const scheduler = createScheduler('euler', 50, 128 * 128); // 1024 x 1024 pixels, 8 per latent pixel
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

/**
 * Whether the timesteps are shifted by the size of the picture. The checkpoint configures Euler alone. The
 * official program creates DPM-Solver++ itself, always with the shift.
 */
export function shiftsTimesteps(
  name: SchedulerName,
  { dynamicTimeShift }: Pick<SchedulerConfig, 'dynamicTimeShift'>,
): boolean {
  switch (name) {
    case 'euler':
      return dynamicTimeShift;
    case 'dpmsolver++':
      return true;
    default:
      return name satisfies never;
  }
}

/** Counts the passes through the main layers of a drawing, before anything runs. */

import type { DrawSettings } from '../../settings/draw-settings.ts';
import { type GuidanceBranch, guidanceBranches } from '../diffusion/guidance.ts';
import { TaylorSchedule } from './taylorseer.ts';

/** Passes of a drawing: one per step and guidance branch. */
export interface ForwardCount {
  /** Passes that run all main layers. With TeaCache this is the most that can run. */
  readonly full: number;
  /** All passes. Those that are not full run only the embedding and the head. */
  readonly all: number;
}

/** The settings that decide how many passes a drawing has. */
export type CountedSettings = Pick<
  DrawSettings,
  'steps' | 'textGuidance' | 'imageGuidance' | 'guidanceRange' | 'acceleration'
>;

/**
 * Counts the forward passes of a drawing from its schedule. Nearly all time of a large model goes into the
 * full ones.
 *
 * @example
 * const { full, all } = forwardCount({ ...DEFAULT_SETTINGS, ...LARGE_MODEL_SETTINGS }, 0); // 17 of 33
 *
 * @param references number of reference pictures
 */
export function forwardCount(settings: CountedSettings, references: number): ForwardCount {
  const schedules = new Map<GuidanceBranch, TaylorSchedule>();
  let full = 0;
  let all = 0;
  for (let step = 0; step < settings.steps; step++) {
    for (const branch of guidanceBranches({ ...settings, references, step }).branches) {
      const schedule = schedules.get(branch) ?? new TaylorSchedule();
      schedules.set(branch, schedule);
      all++;
      if (settings.acceleration !== 'taylorseer' || schedule.advance().computed) full++;
    }
  }
  return { full, all };
}

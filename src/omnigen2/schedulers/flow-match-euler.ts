/** The Euler method for flow matching. */

import { flowTimesteps, type Scheduler } from './scheduler.ts';

/**
 * `x += (t_next - t) * v`; the last step ends at t = 1.
 * Source: omnigen2/schedulers/scheduling_flow_match_euler_discrete.py, FlowMatchEulerDiscreteScheduler.step
 */
export function flowMatchEuler(steps: number, latentPixels: number | undefined): Scheduler {
  const timesteps = flowTimesteps(steps, latentPixels);
  return {
    timesteps,
    history: [],
    step(i, latents, velocity) {
      const next = i + 1 < steps ? timesteps[i + 1] : 1;
      const length = Math.fround(next - timesteps[i]);
      return latents.map((x, at) => x + Math.fround(length * velocity[at]));
    },
  };
}

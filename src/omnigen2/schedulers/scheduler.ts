/** The interface of schedulers, and the timesteps of flow matching. */

/**
 * A scheduler of one drawing. It may have state, so every drawing needs a new one.
 *
 * One step takes one velocity. Guidance range, previews, progress and accelerations count these steps, so a
 * method with several velocities per interval has several steps per interval.
 */
export interface Scheduler {
  /** The time of each step, `[steps]`: float32, from 0 (noise) towards 1 (picture), never falling. */
  readonly timesteps: Float32Array;
  /**
   * What later steps need of earlier ones: arrays of the size of the latents, empty before the first step.
   * Set it to continue a drawing.
   */
  history: readonly Float32Array[];
  /**
   * Computes the latents after a step. Call it once per step, in order.
   * @param index of the step, from 0
   * @param latents before the step; not changed
   * @param velocity predicted at `timesteps[index]`: picture minus noise
   */
  step(index: number, latents: Float32Array, velocity: Float32Array): Float32Array;
}

/**
 * Evenly spaced timesteps from 0, shifted by `t / (m - m t + t)` with `m = sqrt(latentPixels) / 40`.
 * Source: omnigen2/schedulers/scheduling_flow_match_euler_discrete.py, set_timesteps; the DPM solver has the
 * same shift.
 * @param latentPixels height x width of the latents, before patching; undefined: no shift
 * @returns `[steps]`, float32
 */
export function flowTimesteps(steps: number, latentPixels: number | undefined): Float32Array {
  const times = Float32Array.from({ length: steps }, (_, i) => i / steps);
  if (latentPixels === undefined) return times;
  // The official code shifts the float32 timesteps in float64 and rounds once.
  const m = Math.sqrt(latentPixels) / 40;
  return times.map((t) => t / (m - m * t + t));
}

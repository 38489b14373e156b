/** What a scheduler is: the times at which the transformer is asked, and the step from one to the next. */

/** One run of a scheduler; it may keep what earlier steps saw, so it is made anew for every picture. */
export interface Scheduler {
  /** When each step asks for the velocity: float32, rising from 0 (noise) towards 1 (picture). */
  readonly timesteps: Float32Array;
  /**
   * The latents after step `index` (from 0, each once, in order).
   * @param latents before the step; not changed
   * @param velocity predicted at `timesteps[index]`: picture minus noise
   */
  step(index: number, latents: Float32Array, velocity: Float32Array): Float32Array;
}

/**
 * The times of `steps` steps: evenly spaced from 0, then bent by `t / (m - m t + t)` with `m = sqrt(pixels) / 40`.
 * Source: omnigen2/schedulers/scheduling_flow_match_euler_discrete.py, set_timesteps; the DPM solver bends alike.
 * @param latentPixels height x width of the latents, before patching; undefined leaves the times even
 * @returns `[steps]`, float32
 */
export function flowTimesteps(steps: number, latentPixels: number | undefined): Float32Array {
  const times = Float32Array.from({ length: steps }, (_, i) => i / steps);
  if (latentPixels === undefined) return times;
  // The official code bends the float32 times in float64 and rounds once.
  const m = Math.sqrt(latentPixels) / 40;
  return times.map((t) => t / (m - m * t + t));
}

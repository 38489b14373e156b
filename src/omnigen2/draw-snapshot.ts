/** What a drawing needs to go on after one of its steps, on any device. */

import type { Latents } from './diffusion/latents.ts';

/** The prompts after the transformer's context refiner: streams `[L, D]`. */
export interface TextFeatures {
  readonly prompt: Float32Array;
  /** Undefined if no step has text guidance. */
  readonly negative?: Float32Array;
  /** Sentences for the person, for example that the prompt was cut. */
  readonly notes: readonly string[];
}

/**
 * The state of a drawing between two steps. A drawing that continues from it ends in the same picture, bit by
 * bit on the same backend. Accelerations are the exception: they start again, so more layers are computed.
 *
 * At 1024 x 1024 pixels the latents take 1 MB, and each reference as much; a prompt of 200 tokens takes 2 MB.
 * Arrays are shared with the drawing, which does not change them.
 */
export interface DrawSnapshot {
  /** Finished steps, 0 … steps. */
  readonly step: number;
  /** Latents `[channels, height, width]` after the step. */
  readonly latents: Float32Array;
  /** The scheduler's, see `Scheduler.history`. */
  readonly history: readonly Float32Array[];
  readonly text: TextFeatures;
  readonly references: readonly Latents[];
}

/** The predictor of the denoising loop: velocities of all guidance branches, step by step. */

import type { GuidanceBranch } from '../diffusion/guidance.ts';
import type { Latents } from '../diffusion/latents.ts';
import type { Condition, StepRequest } from '../diffusion/request.ts';

/** A guidance branch and its name, under which an acceleration keeps its state. */
export interface NamedBranch extends Condition {
  readonly name: GuidanceBranch;
}

/** A step of the loop. `step` counts from 0. */
export interface LoopStep extends StepRequest<NamedBranch> {
  readonly step: number;
  readonly steps: number;
  readonly signal?: AbortSignal;
}

/** Predicts the steps of one drawing in order. It can hold memory between steps. */
export interface StepPredictor {
  /**
   * Opens the sessions for steps like the first one.
   * @throws OmniError `device` if they do not fit; otherwise as {@link predict}
   */
  load(request: StepRequest): Promise<void>;
  /**
   * The velocities of the branches, in their order.
   * @throws AbortError between two graphs; otherwise as `Transformer.predictStep`
   */
  predict(step: LoopStep): Promise<Latents[]>;
  /** Frees the state of all branches. Call nothing afterwards. */
  dispose(): void;
}

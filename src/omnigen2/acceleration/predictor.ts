/** What predicts the steps of the denoising loop. */

import type { GuidanceBranch } from '../diffusion/guidance.ts';
import type { Latents } from '../diffusion/latents.ts';
import type { Condition, StepRequest } from '../diffusion/request.ts';

/** One branch of guidance by its name, under which it keeps what later steps use. */
export interface NamedBranch extends Condition {
  readonly name: GuidanceBranch;
}

/** A step of the loop. `step` counts from 0. */
export interface LoopStep extends StepRequest<NamedBranch> {
  readonly step: number;
  readonly steps: number;
  readonly signal?: AbortSignal;
}

/** Predicts the steps of one drawing, in order. It may hold memory between them. */
export interface StepPredictor {
  /**
   * Opens the graphs for steps like the first one, so that it need not wait for them.
   * @throws OmniError `device` if they do not fit; else as {@link predict}
   */
  open(request: StepRequest): Promise<void>;
  /**
   * The velocities of the branches, in their order.
   * @throws AbortError between two graphs; else as `Transformer.predictStep`
   */
  predict(step: LoopStep): Promise<Latents[]>;
  /** Frees what is held; after this nothing may be predicted. */
  dispose(): void;
}

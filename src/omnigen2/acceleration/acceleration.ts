/** Ways to draw with less work: what a step of the denoising loop is predicted by. */

import type { GuidanceBranch } from '../guidance.ts';
import type { Latents } from '../latents.ts';
import type { Transformer } from '../transformer.ts';
import type { Condition, StepRequest } from '../transformer-request.ts';
import { type TaylorDecision, TaylorSeer } from './taylorseer.ts';
import { TeaCache, type TeaCacheDecision } from './teacache.ts';

/**
 * `none` computes every layer at every step. `teacache` skips the layers while what goes into them changes little,
 * `taylorseer` extrapolates what comes out of them. One at a time: each replaces the layers of a step.
 */
export const ACCELERATIONS = ['none', 'teacache', 'taylorseer'] as const;
export type Acceleration = (typeof ACCELERATIONS)[number];

/** The official command line's. Source: OmniGen2 inference.py, teacache_rel_l1_thresh */
export const TEACACHE_THRESHOLD = 0.05;

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

/** What an acceleration decided about one branch of one step. */
export type Decision = TeaCacheDecision | TaylorDecision;

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

export interface AccelerationOptions {
  readonly acceleration: Acceleration;
  /**
   * How much change TeaCache lets pass before it computes the layers again. Even at 0 it may skip them: small changes count
   * as less than none; see `rescaledChange`.
   */
  readonly teaCacheThreshold: number;
  readonly onDecision?: (decision: Decision) => void;
}

/** The predictor of one drawing. Who asks for it disposes of it, however the drawing ends. */
export function createPredictor(
  transformer: Transformer,
  { acceleration, teaCacheThreshold, onDecision }: AccelerationOptions,
): StepPredictor {
  switch (acceleration) {
    case 'none':
      return new Plain(transformer);
    case 'teacache':
      return new TeaCache(transformer, teaCacheThreshold, onDecision);
    case 'taylorseer':
      return new TaylorSeer(transformer, onDecision);
    default:
      return acceleration satisfies never;
  }
}

/** Every layer at every step. */
class Plain implements StepPredictor {
  readonly #transformer: Transformer;

  constructor(transformer: Transformer) {
    this.#transformer = transformer;
  }

  open(request: StepRequest): Promise<void> {
    return this.#transformer.openFor(request);
  }

  async predict({ signal, ...step }: LoopStep): Promise<Latents[]> {
    return this.#transformer.predictStep(step, signal);
  }

  dispose(): void {
    this.#transformer.forget();
  }
}

/** Ways to draw with less work: what a step of the denoising loop is predicted by. */

import type { Acceleration } from '../../settings/draw-settings.ts';
import type { Latents } from '../diffusion/latents.ts';
import type { StepRequest } from '../diffusion/request.ts';
import type { Transformer } from '../diffusion/transformer.ts';
import type { LoopStep, StepPredictor } from './predictor.ts';
import { type TaylorDecision, TaylorSeer } from './taylorseer.ts';
import { TeaCache, type TeaCacheDecision } from './teacache.ts';

/** What an acceleration decided about one branch of one step. */
export type SkipDecision = TeaCacheDecision | TaylorDecision;

export interface AccelerationOptions {
  readonly acceleration: Acceleration;
  /**
   * How much change TeaCache lets pass before it computes the layers again. Even at 0 it may skip them: small changes count
   * as less than none; see `rescaledChange`.
   */
  readonly teaCacheThreshold: number;
  readonly onDecision?: (decision: SkipDecision) => void;
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

  load(request: StepRequest): Promise<void> {
    return this.#transformer.load(request);
  }

  async predict({ signal, ...step }: LoopStep): Promise<Latents[]> {
    return this.#transformer.predictStep(step, signal);
  }

  dispose(): void {}
}

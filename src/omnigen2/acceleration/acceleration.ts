/** Accelerations: predictors of the denoising loop that do less work. */

import type { Acceleration } from '../../settings/draw-settings.ts';
import type { Latents } from '../diffusion/latents.ts';
import type { StepRequest } from '../diffusion/request.ts';
import type { Transformer } from '../diffusion/transformer.ts';
import { Uploads } from '../diffusion/uploads.ts';
import type { LoopStep, StepPredictor } from './predictor.ts';
import { type TaylorDecision, TaylorSeer } from './taylorseer.ts';
import { TeaCache, type TeaCacheDecision } from './teacache.ts';

/** The decision of an acceleration about one guidance branch at one step. */
export type SkipDecision = TeaCacheDecision | TaylorDecision;

export interface AccelerationOptions {
  readonly acceleration: Acceleration;
  /**
   * Sum of changes at which TeaCache runs the layers again. It can skip them even at 0, because small changes
   * count as negative; see `rescaledChange`.
   */
  readonly teaCacheThreshold: number;
  readonly onDecision?: (decision: SkipDecision) => void;
}

/** The predictor of one drawing. The caller disposes it. */
export function createPredictor(
  transformer: Transformer,
  { acceleration, teaCacheThreshold, onDecision }: AccelerationOptions,
): StepPredictor {
  switch (acceleration) {
    case 'none':
      return new ComputeAll(transformer);
    case 'teacache':
      return new TeaCache(transformer, teaCacheThreshold, onDecision);
    case 'taylorseer':
      return new TaylorSeer(transformer, onDecision);
    default:
      return acceleration satisfies never;
  }
}

/** Runs every layer at every step. */
class ComputeAll implements StepPredictor {
  readonly #transformer: Transformer;
  readonly #uploads: Uploads;

  constructor(transformer: Transformer) {
    this.#transformer = transformer;
    this.#uploads = new Uploads(transformer.sessions);
  }

  load(request: StepRequest): Promise<void> {
    return this.#transformer.load(request);
  }

  async predict({ signal, ...step }: LoopStep): Promise<Latents[]> {
    return this.#transformer.predictStep({ ...step, uploads: this.#uploads }, signal);
  }

  dispose(): void {
    this.#uploads.dispose();
  }
}

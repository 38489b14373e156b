/**
 * TeaCache: while what goes into the main layers changes little from step to step, so does what they add, and the last
 * addition is used again.
 * Source of the rules: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (enable_teacache), and
 * `pipeline_omnigen2.py`, OmniGen2Pipeline.processing (teacache_params)
 */

import type { ResidentTensor } from '../../runtime/types.ts';
import type { GuidanceBranch } from '../diffusion/guidance.ts';
import type { Transformer } from '../diffusion/transformer.ts';
import { ResidentTensors } from '../resident-tensors.ts';
import { type BranchPast, type BranchStep, LayerSkipper } from './layer-skipper.ts';

/** What was decided about one branch of one step. */
export interface TeaCacheDecision {
  readonly acceleration: 'teacache';
  readonly step: number;
  readonly branch: GuidanceBranch;
  /** Whether the layers were computed, not skipped. */
  readonly computed: boolean;
  /** Mean change of the watched values relative to their mean size; null where it was not asked. */
  readonly relL1: number | null;
  /** What that change adds to the sum since the layers were last computed; null where it was not asked. */
  readonly increment: number | null;
  /** The sum after this decision. */
  readonly accumulated: number;
}

/** Highest power first. Source: OmniGen2Transformer2DModel.__init__ (coefficients) */
const COEFFICIENTS = [-5.48259225, 11.48772289, -4.47407401, 2.47730926, -0.03316487] as const;

/** How much a relative change of the watched values counts. Below a change of about 0.0134 it is negative. */
export function rescaledChange(relL1: number): number {
  return COEFFICIENTS.reduce((sum, coefficient) => sum * relL1 + coefficient, 0);
}

/** What a branch keeps from step to step. */
interface TeaCachePast extends BranchPast {
  /** What was watched at the branch's last step. */
  watched?: ResidentTensor;
  /** What the layers added when they were last computed: output minus input `[noise, D]`. */
  residual?: ResidentTensor;
  accumulated: number;
}

export class TeaCache extends LayerSkipper<TeaCachePast, TeaCacheDecision> {
  readonly #threshold: number;
  readonly #onDecision: ((decision: TeaCacheDecision) => void) | undefined;

  /** @param threshold how much change passes before the layers are computed again */
  constructor(
    transformer: Transformer,
    threshold: number,
    onDecision?: (decision: TeaCacheDecision) => void,
  ) {
    super(transformer);
    this.#threshold = threshold;
    this.#onDecision = onDecision;
  }

  protected begin(): TeaCachePast {
    return { held: new ResidentTensors(), accumulated: 0 };
  }

  protected async decide(at: BranchStep<TeaCachePast>): Promise<TeaCacheDecision> {
    const measured = await this.#measure(at);
    const { step, name: branch, past } = at;
    const decision = {
      acceleration: 'teacache',
      step,
      branch,
      ...measured,
      accumulated: past.accumulated,
    } as const;
    this.#onDecision?.(decision);
    return decision;
  }

  /** Whether to compute the layers. The first and last step of the loop are, and the first of a branch. */
  async #measure({
    embedded,
    branch,
    past,
    step,
    steps,
  }: BranchStep<TeaCachePast>): Promise<Pick<TeaCacheDecision, 'computed' | 'relL1' | 'increment'>> {
    const previous = step === 0 || step === steps - 1 ? undefined : past.watched;
    const { watched, change } = await this.transformer.watch(embedded, branch, previous);
    past.held.free(past.watched);
    past.watched = past.held.hold(watched);
    if (!change) {
      past.accumulated = 0;
      return { computed: true, relL1: null, increment: null };
    }
    const relL1 = Math.fround(change.difference / change.size);
    const increment = rescaledChange(relL1);
    const sum = past.accumulated + increment;
    const computed = !(sum < this.#threshold);
    past.accumulated = computed ? 0 : sum;
    return { computed, relL1, increment };
  }

  protected async keep(
    { past, embedded }: BranchStep<TeaCachePast>,
    _: TeaCacheDecision,
    after: ResidentTensor,
  ): Promise<void> {
    const residual = await this.arithmetic.difference(after, embedded.noise);
    past.held.free(past.residual);
    past.residual = past.held.hold(residual);
  }

  protected foresee({ past, embedded }: BranchStep<TeaCachePast>): Promise<ResidentTensor> {
    if (!past.residual) throw new Error('TeaCache skips only what has been computed before');
    return this.arithmetic.sum(embedded.noise, past.residual);
  }
}

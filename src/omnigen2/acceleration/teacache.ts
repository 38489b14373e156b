/**
 * TeaCache: while the input of the main layers changes little from step to step, so does the residual that
 * they add. Such steps reuse the last residual.
 * Source of the rules: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward
 * (enable_teacache), and `pipeline_omnigen2.py`, OmniGen2Pipeline.processing (teacache_params)
 */

import type { ResidentTensor } from '../../runtime/types.ts';
import type { GuidanceBranch } from '../diffusion/guidance.ts';
import type { Transformer } from '../diffusion/transformer.ts';
import { ResidentTensors } from '../residency/resident-tensors.ts';
import { type BranchState, type BranchStep, LayerSkipper } from './layer-skipper.ts';

/** The decision about one branch at one step. */
export interface TeaCacheDecision {
  readonly acceleration: 'teacache';
  readonly step: number;
  readonly branch: GuidanceBranch;
  /** Whether the layers ran. If not, the last residual was reused. */
  readonly computed: boolean;
  /** Mean change of the signal relative to its mean size. Null if it was not measured. */
  readonly relL1: number | null;
  /** Amount that the change adds to the sum since the layers last ran. Null if it was not measured. */
  readonly increment: number | null;
  /** The sum after this decision. */
  readonly accumulated: number;
}

/** Highest power first. Source: OmniGen2Transformer2DModel.__init__ (coefficients) */
const COEFFICIENTS = [-5.48259225, 11.48772289, -4.47407401, 2.47730926, -0.03316487] as const;

/** The increment of a relative change of the signal. It is negative for changes below about 0.0134. */
export function rescaledChange(relL1: number): number {
  return COEFFICIENTS.reduce((sum, coefficient) => sum * relL1 + coefficient, 0);
}

/** State of a branch from step to step. */
interface TeaCacheState extends BranchState {
  /** The signal at the previous step. */
  signal?: ResidentTensor;
  /** Output minus input `[noise, D]` of the layers when they last ran. */
  residual?: ResidentTensor;
  accumulated: number;
}

export class TeaCache extends LayerSkipper<TeaCacheState, TeaCacheDecision> {
  readonly #threshold: number;
  readonly #onDecision: ((decision: TeaCacheDecision) => void) | undefined;

  /** @param threshold sum of increments at which the layers run again */
  constructor(
    transformer: Transformer,
    threshold: number,
    onDecision?: (decision: TeaCacheDecision) => void,
  ) {
    super(transformer);
    this.#threshold = threshold;
    this.#onDecision = onDecision;
  }

  protected begin(): TeaCacheState {
    return { held: new ResidentTensors(), accumulated: 0 };
  }

  protected async decide(at: BranchStep<TeaCacheState>): Promise<TeaCacheDecision> {
    const measured = await this.#measure(at);
    const { step, name: branch, state } = at;
    const decision = {
      acceleration: 'teacache',
      step,
      branch,
      ...measured,
      accumulated: state.accumulated,
    } as const;
    this.#onDecision?.(decision);
    return decision;
  }

  /** The layers run at the first and last step of the loop, and at the first step of a branch. */
  async #measure({
    embedded,
    branch,
    state,
    step,
    steps,
  }: BranchStep<TeaCacheState>): Promise<Pick<TeaCacheDecision, 'computed' | 'relL1' | 'increment'>> {
    const previous = step === 0 || step === steps - 1 ? undefined : state.signal;
    const { signal, change } = await this.transformer.signal(embedded, branch, previous);
    state.held.free(state.signal);
    state.signal = state.held.hold(signal);
    if (!change) {
      state.accumulated = 0;
      return { computed: true, relL1: null, increment: null };
    }
    const relL1 = Math.fround(change.difference / change.size);
    const increment = rescaledChange(relL1);
    const sum = state.accumulated + increment;
    const computed = !(sum < this.#threshold);
    state.accumulated = computed ? 0 : sum;
    return { computed, relL1, increment };
  }

  protected async store(
    { state, embedded }: BranchStep<TeaCacheState>,
    _: TeaCacheDecision,
    output: ResidentTensor,
  ): Promise<void> {
    const residual = await this.arithmetic.difference(output, embedded.noise);
    state.held.free(state.residual);
    state.residual = state.held.hold(residual);
  }

  protected estimate({ state, embedded }: BranchStep<TeaCacheState>): Promise<ResidentTensor> {
    if (!state.residual) throw new Error('TeaCache skips the layers only after they have run once');
    return this.arithmetic.sum(embedded.noise, state.residual);
  }
}

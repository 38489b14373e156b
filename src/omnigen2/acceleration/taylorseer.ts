/**
 * TaylorSeer: two of three steps do not run the main layers. Their output is extrapolated from earlier steps
 * by their index, as if steps were evenly spaced.
 * Source of the rules: OmniGen2 `cache_functions/`, `taylorseer_utils/__init__.py`, and
 * `transformer_omnigen2.py`, OmniGen2TransformerBlock.forward (enable_taylorseer)
 *
 * The official code extrapolates the output of every layer. Only the noise rows of the last layer are used,
 * so this code stores only them.
 */

import type { ResidentTensor } from '../../runtime/types.ts';
import type { GuidanceBranch } from '../diffusion/guidance.ts';
import type { Transformer } from '../diffusion/transformer.ts';
import { ResidentTensors } from '../residency/resident-tensors.ts';
import { type BranchState, type BranchStep, LayerSkipper } from './layer-skipper.ts';

/** The decision about one branch at one step. */
export interface TaylorDecision {
  readonly acceleration: 'taylorseer';
  readonly step: number;
  readonly branch: GuidanceBranch;
  /** Whether the layers ran. If not, their output was extrapolated. */
  readonly computed: boolean;
  /** Number of factors that the branch keeps after this step; 1 is the value alone. */
  readonly orders: number;
  /** The last computed step of this branch, counted from the branch's first step. */
  readonly lastFullStep: number;
}

/**
 * Number of computed steps of a branch before the first extrapolated one. Source: cache_init (first_enhance)
 */
const FIRST_FULL_STEPS = 5;
/** After them, one step in this many is computed. Source: cache_init (fresh_threshold) */
const FULL_EVERY = 3;
/** Order of the highest difference. Source: cache_init (max_order) */
const MAX_ORDER = 4;

/** Which steps of one branch are computed, and with how many factors the others are extrapolated. */
export class TaylorSchedule {
  #next = 0;
  #sinceFull = 0;
  #lastFullStep = 0;
  #orders = 0;

  /** Moves to the next step. */
  advance(): TaylorMoment {
    const step = this.#next++;
    const computed = step < FIRST_FULL_STEPS || this.#sinceFull === FULL_EVERY - 1;
    const distance = step - this.#lastFullStep;
    if (!computed) {
      this.#sinceFull++;
      return { computed, orders: this.#orders, ahead: distance };
    }
    // Source: derivative_approximation (first_enhance - 2)
    this.#orders = step > FIRST_FULL_STEPS - 2 ? Math.min(this.#orders + 1, MAX_ORDER + 1) : 1;
    this.#sinceFull = 0;
    this.#lastFullStep = step;
    return { computed, orders: this.#orders, gap: distance };
  }

  /** The last step that was computed. */
  get lastFullStep(): number {
    return this.#lastFullStep;
  }
}

/**
 * One step of a branch: computed `gap` steps after the previous computed one, or extrapolated `ahead` steps.
 */
export type TaylorMoment =
  | { readonly computed: true; readonly orders: number; readonly gap: number }
  | { readonly computed: false; readonly orders: number; readonly ahead: number };

/** The weights of the factors of a Taylor expansion, `ahead` steps after its point: `ahead^i / i!`. */
export function taylorWeights(orders: number, ahead: number): number[] {
  const weights = [1];
  for (let i = 1; i < orders; i++) weights.push((weights[i - 1] * ahead) / i);
  return weights;
}

/** State of a branch from step to step. */
interface TaylorState extends BranchState {
  readonly schedule: TaylorSchedule;
  /** The value, then its differences, each `[noise, D]`. */
  factors: readonly ResidentTensor[];
}

export class TaylorSeer extends LayerSkipper<TaylorState, TaylorMoment> {
  readonly #onDecision: ((decision: TaylorDecision) => void) | undefined;

  constructor(transformer: Transformer, onDecision?: (decision: TaylorDecision) => void) {
    super(transformer);
    this.#onDecision = onDecision;
  }

  protected begin(): TaylorState {
    return { schedule: new TaylorSchedule(), held: new ResidentTensors(), factors: [] };
  }

  protected decide({ name: branch, state: { schedule }, step }: BranchStep<TaylorState>): TaylorMoment {
    const moment = schedule.advance();
    const { computed, orders } = moment;
    const { lastFullStep } = schedule;
    this.#onDecision?.({ acceleration: 'taylorseer', step, branch, computed, orders, lastFullStep });
    return moment;
  }

  /** Computes all factors from the new value and the previous factors. */
  protected async store(
    { state }: BranchStep<TaylorState>,
    moment: TaylorMoment,
    output: ResidentTensor,
    held: ResidentTensors,
  ): Promise<void> {
    if (!moment.computed) return;
    const value = state.held.hold(held.release(output));
    const previous = state.factors;
    const used = previous.slice(0, moment.orders - 1);
    const differences = await this.arithmetic.taylorDifferences(value, used, moment.gap);
    state.factors = [value, ...differences.map((factor) => state.held.hold(factor))];
    for (const old of previous) state.held.free(old);
  }

  protected estimate({ state }: BranchStep<TaylorState>, moment: TaylorMoment): Promise<ResidentTensor> {
    if (moment.computed) throw new Error('TaylorSeer estimates only steps that are not computed');
    return this.arithmetic.weightedSum(state.factors, taylorWeights(moment.orders, moment.ahead));
  }
}

/**
 * TaylorSeer: at two of three steps the output of the main layers is not computed but extrapolated from the steps before.
 * Source of the rules: OmniGen2 `cache_functions/`, `taylorseer_utils/__init__.py`, and `transformer_omnigen2.py`,
 * OmniGen2TransformerBlock.forward (enable_taylorseer)
 *
 * The official code extrapolates every layer, each from its own past; only the last one's output is used, and of it only
 * the noisy picture's rows, so only these are kept here.
 */

import type { ResidentTensor } from '../../runtime/types.ts';
import type { GuidanceBranch } from '../diffusion/guidance.ts';
import type { Transformer } from '../diffusion/transformer.ts';
import { ResidentTensors } from '../resident-tensors.ts';
import { type BranchPast, type BranchStep, LayerSkipper } from './layer-skipper.ts';

/** What was decided about one branch of one step. */
export interface TaylorDecision {
  readonly acceleration: 'taylorseer';
  readonly step: number;
  readonly branch: GuidanceBranch;
  /** Whether the layers were computed, not extrapolated. */
  readonly computed: boolean;
  /** How many factors the branch keeps after this step: 1 is the value alone. */
  readonly orders: number;
  /** The last step of this branch that was computed, counted from the branch's own first. */
  readonly lastFullStep: number;
}

/** So many steps of a branch are computed before the first is extrapolated. Source: cache_init (first_enhance) */
const FIRST_FULL_STEPS = 5;
/** After them, one step in so many is computed. Source: cache_init (fresh_threshold) */
const FULL_EVERY = 3;
/** The highest difference that is taken. Source: cache_init (max_order) */
const MAX_ORDER = 4;

/** When the steps of one branch are computed, and with how many factors it extrapolates. Counts the branch's own steps. */
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

/** One step of a branch: computed, so many steps after the one before; or extrapolated, so many steps ahead. */
export type TaylorMoment =
  | { readonly computed: true; readonly orders: number; readonly gap: number }
  | { readonly computed: false; readonly orders: number; readonly ahead: number };

/** What the factors of an expansion count `ahead` steps after the point it is made at: `ahead^i / i!`. */
export function taylorWeights(orders: number, ahead: number): number[] {
  const weights = [1];
  for (let i = 1; i < orders; i++) weights.push((weights[i - 1] * ahead) / i);
  return weights;
}

/** What a branch keeps from step to step. */
interface TaylorPast extends BranchPast {
  readonly schedule: TaylorSchedule;
  /** The value, then its differences, each `[noise, D]`. */
  factors: readonly ResidentTensor[];
}

export class TaylorSeer extends LayerSkipper<TaylorPast, TaylorMoment> {
  readonly #onDecision: ((decision: TaylorDecision) => void) | undefined;

  constructor(transformer: Transformer, onDecision?: (decision: TaylorDecision) => void) {
    super(transformer);
    this.#onDecision = onDecision;
  }

  protected begin(): TaylorPast {
    return { schedule: new TaylorSchedule(), held: new ResidentTensors(), factors: [] };
  }

  protected decide({ name: branch, past: { schedule }, step }: BranchStep<TaylorPast>): TaylorMoment {
    const moment = schedule.advance();
    const { computed, orders } = moment;
    const { lastFullStep } = schedule;
    this.#onDecision?.({ acceleration: 'taylorseer', step, branch, computed, orders, lastFullStep });
    return moment;
  }

  /** Makes all factors anew, from the newest value and the factors before it. */
  protected async keep(
    { past }: BranchStep<TaylorPast>,
    moment: TaylorMoment,
    after: ResidentTensor,
    held: ResidentTensors,
  ): Promise<void> {
    if (!moment.computed) return;
    const value = past.held.hold(held.release(after));
    const before = past.factors;
    const used = before.slice(0, moment.orders - 1);
    const differences = await this.arithmetic.taylorDifferences(value, used, moment.gap);
    past.factors = [value, ...differences.map((factor) => past.held.hold(factor))];
    for (const old of before) past.held.free(old);
  }

  protected foresee({ past }: BranchStep<TaylorPast>, moment: TaylorMoment): Promise<ResidentTensor> {
    if (moment.computed) throw new Error('TaylorSeer foresees only what is not computed');
    return this.arithmetic.weightedSum(past.factors, taylorWeights(moment.orders, moment.ahead));
  }
}

/**
 * TaylorSeer: at two of three steps the output of the main layers is not computed but extrapolated from the steps before.
 * Source of the rules: OmniGen2 `cache_functions/`, `taylorseer_utils/__init__.py`, and `transformer_omnigen2.py`,
 * OmniGen2TransformerBlock.forward (enable_taylorseer)
 *
 * The official code extrapolates every layer, each from its own past; only the last one's output is used, and of it only
 * the noisy picture's rows, so only these are kept here.
 */

import type { ResidentTensor } from '../../runtime/types.ts';
import type { GuidanceBranch } from '../guidance.ts';
import type { Latents } from '../latents.ts';
import { Residents } from '../residents.ts';
import type { EmbeddedBranch, EmbeddedStep, Transformer } from '../transformer.ts';
import type { StepRequest } from '../transformer-request.ts';
import type { LoopStep, StepPredictor } from './acceleration.ts';
import { StreamArithmetic } from './stream-arithmetic.ts';

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
interface BranchState {
  readonly schedule: TaylorSchedule;
  readonly held: Residents;
  /** The value, then its differences, each `[noise, D]`. */
  factors: readonly ResidentTensor[];
}

/** A branch in one step. */
interface Turn {
  readonly branch: EmbeddedBranch;
  readonly state: BranchState;
  readonly moment: TaylorMoment;
}

export class TaylorSeer implements StepPredictor {
  readonly #transformer: Transformer;
  readonly #arithmetic: StreamArithmetic;
  readonly #onDecision: ((decision: TaylorDecision) => void) | undefined;
  readonly #states = new Map<GuidanceBranch, BranchState>();

  constructor(transformer: Transformer, onDecision?: (decision: TaylorDecision) => void) {
    this.#transformer = transformer;
    this.#arithmetic = new StreamArithmetic(transformer.sessions);
    this.#onDecision = onDecision;
  }

  open(request: StepRequest): Promise<void> {
    return this.#transformer.openPartsFor(request);
  }

  async predict({ signal, step, steps: _, ...request }: LoopStep): Promise<Latents[]> {
    signal?.throwIfAborted();
    const embedded = await this.#transformer.embed(request);
    const held = new Residents();
    try {
      const turns = request.branches.map(({ name }, i): Turn => {
        const state = this.#stateOf(name);
        const moment = state.schedule.advance();
        const { computed, orders } = moment;
        const { lastFullStep } = state.schedule;
        const acceleration = 'taylorseer';
        this.#onDecision?.({ acceleration, step, branch: name, computed, orders, lastFullStep });
        return { branch: embedded.branches[i], state, moment };
      });
      await this.#compute(embedded, turns, signal);
      const velocities: Latents[] = [];
      for (const turn of turns) {
        signal?.throwIfAborted();
        velocities.push(await this.#transformer.head(embedded, await this.#after(turn, held)));
      }
      return velocities;
    } finally {
      held.dispose();
      embedded.dispose();
    }
  }

  dispose(): void {
    for (const { held } of this.#states.values()) held.dispose();
    this.#states.clear();
    this.#transformer.forget();
  }

  #stateOf(name: GuidanceBranch): BranchState {
    const known = this.#states.get(name);
    if (known) return known;
    const state = { schedule: new TaylorSchedule(), held: new Residents(), factors: [] };
    this.#states.set(name, state);
    return state;
  }

  /** Computes the layers of the branches whose turn it is, and makes their factors anew. */
  async #compute(
    embedded: EmbeddedStep,
    turns: readonly Turn[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const computed = turns.filter(({ moment }) => moment.computed);
    const branches = computed.map(({ branch }) => branch);
    const values = await this.#transformer.layers(embedded, branches, signal);
    for (const [i, { state }] of computed.entries()) state.held.hold(values[i]);
    for (const [i, { state, moment }] of computed.entries()) {
      if (moment.computed) await this.#renewFactors(state, values[i], moment);
    }
  }

  /** The noisy rows after the layers: the value that was computed now, or the extrapolated one. */
  async #after({ state: { factors }, moment }: Turn, held: Residents): Promise<ResidentTensor> {
    if (moment.computed) return factors[0];
    const weights = taylorWeights(moment.orders, moment.ahead);
    return held.hold(await this.#arithmetic.weightedSum(factors, weights));
  }

  /** Makes all factors anew, from the newest value and the factors before it. */
  async #renewFactors(
    state: BranchState,
    value: ResidentTensor,
    { orders, gap }: { orders: number; gap: number },
  ): Promise<void> {
    const before = state.factors;
    const used = before.slice(0, orders - 1);
    const differences = await this.#arithmetic.taylorDifferences(value, used, gap);
    state.factors = [value, ...differences.map((factor) => state.held.hold(factor))];
    for (const old of before) state.held.free(old);
  }
}

/**
 * TeaCache: while what goes into the main layers changes little from step to step, so does what they add, and the last
 * addition is used again.
 * Source of the rules: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (enable_teacache), and
 * `pipeline_omnigen2.py`, OmniGen2Pipeline.processing (teacache_params)
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
interface BranchState {
  readonly held: Residents;
  /** What was watched at the branch's last step. */
  watched?: ResidentTensor;
  /** What the layers added when they were last computed: output minus input `[noise, D]`. */
  residual?: ResidentTensor;
  accumulated: number;
}

/** A branch in one step. */
interface Turn {
  readonly branch: EmbeddedBranch;
  readonly state: BranchState;
  readonly computed: boolean;
  /** The noisy picture's rows `[noise, D]` after the layers, once they are computed. */
  after?: ResidentTensor;
}

export class TeaCache implements StepPredictor {
  readonly #transformer: Transformer;
  readonly #arithmetic: StreamArithmetic;
  readonly #threshold: number;
  readonly #onDecision: ((decision: TeaCacheDecision) => void) | undefined;
  readonly #states = new Map<GuidanceBranch, BranchState>();

  /** @param threshold how much change passes before the layers are computed again */
  constructor(
    transformer: Transformer,
    threshold: number,
    onDecision?: (decision: TeaCacheDecision) => void,
  ) {
    this.#transformer = transformer;
    this.#arithmetic = new StreamArithmetic(transformer.sessions);
    this.#threshold = threshold;
    this.#onDecision = onDecision;
  }

  open(request: StepRequest): Promise<void> {
    return this.#transformer.openPartsFor(request);
  }

  async predict({ signal, step, steps, ...request }: LoopStep): Promise<Latents[]> {
    signal?.throwIfAborted();
    const embedded = await this.#transformer.embed(request);
    const held = new Residents();
    try {
      const turns: Turn[] = [];
      for (const [i, { name }] of request.branches.entries()) {
        const turn = { branch: embedded.branches[i], state: this.#stateOf(name) };
        const decision = await this.#decide(embedded, turn, step === 0 || step === steps - 1);
        this.#onDecision?.({ acceleration: 'teacache', step, branch: name, ...decision });
        turns.push({ ...turn, computed: decision.computed });
      }
      await this.#compute(embedded, turns, held, signal);
      const velocities: Latents[] = [];
      for (const turn of turns) {
        signal?.throwIfAborted();
        velocities.push(await this.#transformer.head(embedded, await this.#after(embedded, turn, held)));
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
    const state = { held: new Residents(), accumulated: 0 };
    this.#states.set(name, state);
    return state;
  }

  /** Whether to compute the layers. The first and last step of the loop are, and the first of a branch. */
  async #decide(
    embedded: EmbeddedStep,
    { branch, state }: Pick<Turn, 'branch' | 'state'>,
    atEnd: boolean,
  ): Promise<Pick<TeaCacheDecision, 'computed' | 'relL1' | 'increment' | 'accumulated'>> {
    const previous = atEnd ? undefined : state.watched;
    const { watched, change } = await this.#transformer.watch(embedded, branch, previous);
    state.held.free(state.watched);
    state.watched = state.held.hold(watched);
    if (!change) {
      state.accumulated = 0;
      return { computed: true, relL1: null, increment: null, accumulated: 0 };
    }
    const relL1 = Math.fround(change.difference / change.size);
    const increment = rescaledChange(relL1);
    const sum = state.accumulated + increment;
    const computed = !(sum < this.#threshold);
    state.accumulated = computed ? 0 : sum;
    return { computed, relL1, increment, accumulated: state.accumulated };
  }

  /** Computes the layers of the branches whose turn it is, and keeps what they added for the steps to come. */
  async #compute(
    embedded: EmbeddedStep,
    turns: readonly Turn[],
    held: Residents,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const computed = turns.filter((turn) => turn.computed);
    const branches = computed.map(({ branch }) => branch);
    const streams = await this.#transformer.layers(embedded, branches, signal);
    for (const stream of streams) held.hold(stream);
    for (const [i, turn] of computed.entries()) {
      turn.after = streams[i];
      const residual = await this.#arithmetic.difference(streams[i], embedded.noise);
      turn.state.held.free(turn.state.residual);
      turn.state.residual = turn.state.held.hold(residual);
    }
  }

  /** The noisy rows after the layers, whether they were computed or not. */
  async #after({ noise }: EmbeddedStep, { after, state }: Turn, held: Residents): Promise<ResidentTensor> {
    if (after) return after;
    if (!state.residual) throw new Error('TeaCache skips only what has been computed before');
    return held.hold(await this.#arithmetic.sum(noise, state.residual));
  }
}

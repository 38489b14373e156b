/**
 * Base of the accelerations that skip layers. Each guidance branch keeps state that decides whether a step
 * runs the layers.
 */

import type { ResidentTensor } from '../../runtime/types.ts';
import type { EmbeddedBranch, EmbeddedStep } from '../diffusion/embedded-step.ts';
import type { GuidanceBranch } from '../diffusion/guidance.ts';
import type { Latents } from '../diffusion/latents.ts';
import type { StepRequest } from '../diffusion/request.ts';
import type { Transformer } from '../diffusion/transformer.ts';
import { Uploads } from '../diffusion/uploads.ts';
import { ResidentTensors } from '../residency/resident-tensors.ts';
import type { LoopStep, StepPredictor } from './predictor.ts';
import { StreamArithmetic } from './stream-arithmetic.ts';

/** State of a branch from step to step. `held` owns its tensors. */
export interface BranchState {
  readonly held: ResidentTensors;
}

/** A branch at one step of the loop. */
export interface BranchStep<State extends BranchState> {
  readonly name: GuidanceBranch;
  readonly branch: EmbeddedBranch;
  readonly state: State;
  readonly embedded: EmbeddedStep;
  readonly step: number;
  readonly steps: number;
}

/** Runs the layers for the branches that need it and estimates their output for the others. */
export abstract class LayerSkipper<State extends BranchState, Decision extends { readonly computed: boolean }>
  implements StepPredictor
{
  protected readonly transformer: Transformer;
  protected readonly arithmetic: StreamArithmetic;
  readonly #states = new Map<GuidanceBranch, State>();
  readonly #uploads: Uploads;

  constructor(transformer: Transformer) {
    this.transformer = transformer;
    this.arithmetic = new StreamArithmetic(transformer.sessions, transformer.streamWidth);
    this.#uploads = new Uploads(transformer.sessions);
  }

  load(request: StepRequest): Promise<void> {
    return this.transformer.load(request);
  }

  async predict({ signal, step, steps, ...request }: LoopStep): Promise<Latents[]> {
    signal?.throwIfAborted();
    const embedded = await this.transformer.embed({ ...request, uploads: this.#uploads }, signal);
    const held = new ResidentTensors();
    try {
      const decided: { readonly at: BranchStep<State>; readonly decision: Decision }[] = [];
      for (const [i, { name }] of request.branches.entries()) {
        const at = { name, branch: embedded.branches[i], state: this.#stateOf(name), embedded, step, steps };
        decided.push({ at, decision: await this.decide(at) });
      }
      const computed = decided.filter(({ decision }) => decision.computed);
      const branches = computed.map(({ at }) => at.branch);
      const outputs = await this.transformer.layers(embedded, branches, signal);
      for (const output of outputs) held.hold(output);
      for (const [i, { at, decision }] of computed.entries())
        await this.store(at, decision, outputs[i], held);
      const outputOf = new Map(computed.map(({ at }, i) => [at, outputs[i]]));
      const streams: ResidentTensor[] = [];
      for (const { at, decision } of decided) {
        signal?.throwIfAborted();
        streams.push(outputOf.get(at) ?? held.hold(await this.estimate(at, decision)));
      }
      return await this.transformer.head(embedded, streams);
    } finally {
      held.dispose();
      embedded.dispose();
    }
  }

  dispose(): void {
    for (const { held } of this.#states.values()) held.dispose();
    this.#states.clear();
    this.#uploads.dispose();
  }

  /** The state of a branch before its first step. */
  protected abstract begin(): State;

  /** Whether a branch runs the layers. Called once per branch and step, in order. */
  protected abstract decide(at: BranchStep<State>): Decision | Promise<Decision>;

  /**
   * Stores what later steps need of the noise rows `[noise, D]` after the layers.
   * @param held owns `output` until the end of the step; a state that needs it longer takes it over
   */
  protected abstract store(
    at: BranchStep<State>,
    decision: Decision,
    output: ResidentTensor,
    held: ResidentTensors,
  ): Promise<void>;

  /** Estimates the noise rows `[noise, D]` after the layers, without running them. */
  protected abstract estimate(at: BranchStep<State>, decision: Decision): Promise<ResidentTensor>;

  #stateOf(name: GuidanceBranch): State {
    const known = this.#states.get(name);
    if (known) return known;
    const state = this.begin();
    this.#states.set(name, state);
    return state;
  }
}

/** What the ways to skip layers have in common: each branch has a past, by which it passes the layers at a step or does not. */

import type { ResidentTensor } from '../../runtime/types.ts';
import type { GuidanceBranch } from '../diffusion/guidance.ts';
import type { Latents } from '../diffusion/latents.ts';
import type { StepRequest } from '../diffusion/request.ts';
import type { EmbeddedBranch, EmbeddedStep, Transformer } from '../diffusion/transformer.ts';
import { ResidentTensors } from '../resident-tensors.ts';
import type { LoopStep, StepPredictor } from './predictor.ts';
import { StreamArithmetic } from './stream-arithmetic.ts';

/** What a branch keeps from step to step; its tensors lie in `held`. */
export interface BranchPast {
  readonly held: ResidentTensors;
}

/** A branch at one step of the loop. */
export interface BranchStep<Past extends BranchPast> {
  readonly name: GuidanceBranch;
  readonly branch: EmbeddedBranch;
  readonly past: Past;
  readonly embedded: EmbeddedStep;
  readonly step: number;
  readonly steps: number;
}

/** Runs the layers of a step for the branches that are to pass them, and foresees the others. */
export abstract class LayerSkipper<Past extends BranchPast, Decision extends { readonly computed: boolean }>
  implements StepPredictor
{
  protected readonly transformer: Transformer;
  protected readonly arithmetic: StreamArithmetic;
  readonly #pasts = new Map<GuidanceBranch, Past>();

  constructor(transformer: Transformer) {
    this.transformer = transformer;
    this.arithmetic = new StreamArithmetic(transformer.sessions);
  }

  open(request: StepRequest): Promise<void> {
    return this.transformer.openPartsFor(request);
  }

  async predict({ signal, step, steps, ...request }: LoopStep): Promise<Latents[]> {
    signal?.throwIfAborted();
    const embedded = await this.transformer.embed(request);
    const held = new ResidentTensors();
    try {
      const turns: { readonly at: BranchStep<Past>; readonly decision: Decision }[] = [];
      for (const [i, { name }] of request.branches.entries()) {
        const at = { name, branch: embedded.branches[i], past: this.#pastOf(name), embedded, step, steps };
        turns.push({ at, decision: await this.decide(at) });
      }
      const computed = turns.filter(({ decision }) => decision.computed);
      const branches = computed.map(({ at }) => at.branch);
      const streams = await this.transformer.layers(embedded, branches, signal);
      for (const stream of streams) held.hold(stream);
      const after = new Map(computed.map(({ at }, i) => [at, streams[i]]));
      for (const [i, { at, decision }] of computed.entries()) await this.keep(at, decision, streams[i], held);
      const velocities: Latents[] = [];
      for (const { at, decision } of turns) {
        signal?.throwIfAborted();
        const rows = after.get(at) ?? held.hold(await this.foresee(at, decision));
        velocities.push(await this.transformer.head(embedded, rows));
      }
      return velocities;
    } finally {
      held.dispose();
      embedded.dispose();
    }
  }

  dispose(): void {
    for (const { held } of this.#pasts.values()) held.dispose();
    this.#pasts.clear();
    this.transformer.forget();
  }

  /** The past of a branch that has not run yet. */
  protected abstract begin(): Past;

  /** Whether a branch passes the layers, and what else follows from that. Called once a branch and step, in order. */
  protected abstract decide(at: BranchStep<Past>): Decision | Promise<Decision>;

  /**
   * Keeps what later steps need of the noisy rows `[noise, D]` after the layers.
   * @param held has them until the end of the step; who wants them longer takes them from it
   */
  protected abstract keep(
    at: BranchStep<Past>,
    decision: Decision,
    after: ResidentTensor,
    held: ResidentTensors,
  ): Promise<void>;

  /** The noisy rows `[noise, D]` as they would be after the layers. */
  protected abstract foresee(at: BranchStep<Past>, decision: Decision): Promise<ResidentTensor>;

  #pastOf(name: GuidanceBranch): Past {
    const known = this.#pasts.get(name);
    if (known) return known;
    const past = this.begin();
    this.#pasts.set(name, past);
    return past;
  }
}

/**
 * The diffusion transformer: predicts the velocity of noisy latents under a prompt and references.
 * Source of the rules: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward
 *
 * A step runs in one of three cuts with the same result. Whole is one graph for everything but the references and for all
 * branches of guidance at once, the fastest way for small models. Packed is embed (once for all branches), the layers of
 * all branches at once, and head: for small models, where the layers of a step may be skipped. Ranges is embed, ranges of
 * layers branch by branch, and head: for large models, so that there is one copy of their layers.
 */

import type { TransformerConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { HostTensor, ResidentTensor, Runtime } from '../../runtime/types.ts';
import { finite } from '../finite.ts';
import { float32Data, float32Tensor } from '../float32.ts';
import type { Numerics } from '../graphs/layers.ts';
import { ResidentTensors } from '../resident-tensors.ts';
import { BranchPrefixes } from './branch-prefixes.ts';
import { type BranchRows, branchFeeds, packedFeeds, ropeFeeds } from './feeds.ts';
import type { Latents } from './latents.ts';
import { runsWhole } from './layer-ranges.ts';
import { type PatchGrid, unpatchify } from './patches.ts';
import { type PredictRequest, planStep, rowsOf, type StepRequest } from './request.ts';
import { jointPositions, rotaryTable } from './rope.ts';
import { RotaryTables } from './rotary-tables.ts';
import { TransformerSessions, type TransformerSource } from './transformer-sessions.ts';

/** Sees the stages of every run under the names of the official values, and of which reference they are. */
export type TransformerTrace = (stage: string, values: Float32Array, reference?: number) => void;

export interface TransformerOptions {
  /** By default whole, and packed where layers may be skipped, for small models; see `transformer-ranges.ts`. */
  readonly cut?: 'whole' | 'ranges';
  /** Most weights that one session of a range may hold. */
  readonly sessionBytes?: number;
  /** Most of one attention; by default what the engine can count. See `attention-parts.ts`. */
  readonly attentionWork?: number;
  /** Makes the graphs give their inner stages too. Whole steps then have one branch. */
  readonly trace?: TransformerTrace;
}

/** A step up to the first main layer. Whoever asked for it disposes of it. */
export interface EmbeddedStep {
  /** The noisy picture's rows `[noise, D]` before the first layer, the same in every branch. */
  readonly noise: ResidentTensor;
  /** The activated timestep embedding `[1, T]`. */
  readonly activated: ResidentTensor;
  /** The noisy picture's patches. */
  readonly grid: PatchGrid;
  readonly branches: readonly EmbeddedBranch[];
  dispose(): void;
}

/** What is a branch's own in an embedded step. */
export interface EmbeddedBranch extends BranchRows {
  /** Text and references `[prefix, D]`. */
  readonly prefix: HostTensor | ResidentTensor;
}

/** What TeaCache watches, and how it has changed. */
export interface Watched {
  /** The first layer's modulated input `[joint, D]`; the caller's to dispose. */
  readonly watched: ResidentTensor;
  /** Against the values before, if there were any: mean of |now - before|, and mean of |before|. */
  readonly change?: { readonly difference: number; readonly size: number };
}

export class Transformer {
  readonly config: TransformerConfig;
  readonly sessions: TransformerSessions;
  readonly #whole: boolean;
  readonly #trace: TransformerTrace | undefined;
  readonly #tables: RotaryTables;
  readonly #prefixes: BranchPrefixes;

  private constructor(
    runtime: Runtime,
    source: TransformerSource,
    numerics: Numerics,
    { cut, sessionBytes, attentionWork, trace }: TransformerOptions,
  ) {
    this.config = source.component.config;
    this.sessions = new TransformerSessions(runtime, source, numerics, {
      sessionBytes,
      attentionWork,
      taps: trace !== undefined,
    });
    this.#whole = cut ? cut === 'whole' : runsWhole(source.component, numerics);
    this.#trace = trace;
    this.#tables = new RotaryTables(this.config.axesDimRope);
    this.#prefixes = new BranchPrefixes(this.config, this.sessions, (outputs, reference) =>
      this.#tell(outputs, undefined, reference),
    );
  }

  /**
   * Opens the graph that every prompt needs; the others follow when they are first used.
   * @throws OmniError `device` if the model does not fit
   */
  static async open(
    runtime: Runtime,
    source: TransformerSource,
    numerics: Numerics,
    options: TransformerOptions = {},
  ): Promise<Transformer> {
    const transformer = new Transformer(runtime, source, numerics, options);
    try {
      await transformer.sessions.context();
      return transformer;
    } catch (error) {
      await transformer.dispose();
      throw error;
    }
  }

  /**
   * The context stream `[L, D]` of text features `[L, textFeatDim]`; the same at every step.
   * @throws OmniError `bad_request` if there is no text at all
   */
  async context(states: Float32Array): Promise<Float32Array> {
    const length = states.length / this.config.textFeatDim;
    if (length === 0 || !Number.isInteger(length)) {
      throw new OmniError({
        code: 'bad_request',
        message: `The text features have ${states.length} values, not rows of ${this.config.textFeatDim}.`,
        action: 'Write a prompt.',
      });
    }
    const session = await this.sessions.context();
    const rope = rotaryTable(jointPositions(length, []), this.config.axesDimRope);
    const outputs = await session.run({
      text: float32Tensor([length, this.config.textFeatDim], states),
      ...ropeFeeds(rope),
    });
    this.#tell(outputs, 'stream');
    return finite(float32Data(outputs, 'stream'), 'transformer', 'context');
  }

  /** Opens the graphs for such steps, which {@link predictStep} otherwise does when it is first called. Throws as that. */
  async openFor(request: StepRequest): Promise<void> {
    if (!this.#whole) return this.openPartsFor(request);
    const { branches } = planStep(this.config, this.#tables, request);
    await this.sessions.whole(branches.length, longest(branches));
  }

  /** Opens the graphs for such steps that go through {@link embed}, {@link layers} and {@link head}. Throws as they do. */
  async openPartsFor(request: StepRequest): Promise<void> {
    const { branches, grid } = planStep(this.config, this.#tables, request);
    const rows = longest(branches);
    await this.sessions.embed(rowsOf(grid));
    if (this.#whole) await this.sessions.packed(branches.length, rows);
    else for (const range of this.sessions.ranges) await this.sessions.range(range, rows);
    await this.sessions.head();
  }

  /** The velocity (picture minus noise) of noisy latents. Throws as {@link predictStep}. */
  async predict({ latents, timestep, ...condition }: PredictRequest): Promise<Latents> {
    const [velocity] = await this.predictStep({ latents, timestep, branches: [condition] });
    return velocity;
  }

  /**
   * The velocities (picture minus noise) of the same noisy latents, one for each branch of guidance.
   * @throws OmniError `bad_request` for more than five references, or latents that do not divide into patches; `device`
   * if a graph does not fit; AbortError between two graphs
   */
  async predictStep(request: StepRequest, signal?: AbortSignal): Promise<Latents[]> {
    signal?.throwIfAborted();
    return this.#whole ? this.#predictWhole(request) : this.#predictInRanges(request, signal);
  }

  async #predictWhole(request: StepRequest): Promise<Latents[]> {
    const plan = planStep(this.config, this.#tables, request);
    const { branches, grid } = plan;
    const held = new ResidentTensors();
    try {
      const feeds: Record<string, HostTensor | ResidentTensor> = {
        patches: plan.patches,
        sinusoid: plan.sinusoid,
        ...ropeFeeds(plan.noiseRope, 'noise_'),
        ...packedFeeds(branches),
      };
      for (const [i, branch] of branches.entries()) {
        feeds[`prefix_${i}`] = await this.#prefixes.of(plan, branch, held);
      }
      const session = await this.sessions.whole(branches.length, longest(branches));
      this.#trace?.('time_proj', plan.sinusoid.data as Float32Array);
      const outputs = await session.run(feeds);
      this.#tell(outputs, 'velocity');
      return this.#velocities(outputs, grid, branches.length);
    } finally {
      held.dispose();
    }
  }

  async #predictInRanges(request: StepRequest, signal?: AbortSignal): Promise<Latents[]> {
    const step = await this.embed(request);
    try {
      const velocities: Latents[] = [];
      for (const branch of step.branches) {
        const stream = await this.#layersInRanges(step, branch, signal);
        velocities.push(await this.head(step, stream).finally(() => stream.dispose()));
      }
      return velocities;
    } finally {
      step.dispose();
    }
  }

  /** The first part of a step. Throws as {@link predictStep}. */
  async embed(request: StepRequest): Promise<EmbeddedStep> {
    const plan = planStep(this.config, this.#tables, request);
    const held = new ResidentTensors();
    try {
      const branches: EmbeddedBranch[] = [];
      for (const branch of plan.branches) {
        branches.push({ ...branch, prefix: await this.#prefixes.of(plan, branch, held) });
      }
      const session = await this.sessions.embed(rowsOf(plan.grid));
      const { outputs, resident } = await session.runResident({
        patches: plan.patches,
        sinusoid: plan.sinusoid,
        ...ropeFeeds(plan.noiseRope, 'noise_'),
      });
      const [noise, activated] = [held.hold(resident.noise), held.hold(resident.activated)];
      this.#tell(outputs);
      return { noise, activated, grid: plan.grid, branches, dispose: () => held.dispose() };
    } catch (error) {
      held.dispose();
      throw error;
    }
  }

  /**
   * All main layers of some branches of a step: of each, the noisy picture's rows `[noise, D]` after the last one; the
   * caller's to dispose.
   * @throws AbortError between two graphs
   */
  async layers(
    step: EmbeddedStep,
    branches: readonly EmbeddedBranch[],
    signal?: AbortSignal,
  ): Promise<ResidentTensor[]> {
    if (branches.length === 0) return [];
    if (this.#whole) return this.#packedLayers(step, branches);
    const held = new ResidentTensors();
    try {
      const streams: ResidentTensor[] = [];
      for (const branch of branches)
        streams.push(held.hold(await this.#layersInRanges(step, branch, signal)));
      return streams.map((stream) => held.release(stream));
    } finally {
      held.dispose();
    }
  }

  async #packedLayers(
    { noise, activated, branches: all }: EmbeddedStep,
    branches: readonly EmbeddedBranch[],
  ): Promise<ResidentTensor[]> {
    const session = await this.sessions.packed(branches.length, longest(all));
    const prefixes = branches.map(({ prefix }, i) => [`prefix_${i}`, prefix] as const);
    const { resident } = await session.runResident({
      ...Object.fromEntries(prefixes),
      noise,
      activated,
      ...packedFeeds(branches),
    });
    return branches.map((_, i) => resident[`stream_${i}`]);
  }

  async #layersInRanges(
    { noise, activated, branches: all }: EmbeddedStep,
    branch: EmbeddedBranch,
    signal: AbortSignal | undefined,
  ): Promise<ResidentTensor> {
    const held = new ResidentTensors();
    try {
      let inputs: Record<string, HostTensor | ResidentTensor> = { prefix: branch.prefix, noise };
      for (const range of this.sessions.ranges) {
        signal?.throwIfAborted();
        const session = await this.sessions.range(range, longest(all));
        const feeds = { ...inputs, activated, ...branchFeeds(branch) };
        const { outputs, resident } = await session.runResident(feeds);
        held.dispose();
        inputs = { stream: held.hold(resident.stream_out) };
        this.#tell(outputs);
      }
      return held.release(inputs.stream as ResidentTensor);
    } finally {
      held.dispose();
    }
  }

  /** The last part of a step, from the noisy picture's rows `[noise, D]` after the last layer. */
  async head({ activated, grid }: EmbeddedStep, stream: ResidentTensor): Promise<Latents> {
    const session = await this.sessions.head();
    const [velocity] = this.#velocities(await session.run({ stream, activated }), grid, 1);
    return velocity;
  }

  /** The values of a branch whose change tells TeaCache whether its layers are worth computing. */
  async watch(
    { noise, activated }: EmbeddedStep,
    { prefix }: EmbeddedBranch,
    previous: ResidentTensor | undefined,
  ): Promise<Watched> {
    const session = await this.sessions.watch(previous !== undefined);
    const inputs = { prefix, noise, activated };
    const { outputs, resident } = await session.runResident(previous ? { ...inputs, previous } : inputs);
    if (!previous) {
      this.#tell(outputs);
      return { watched: resident.watched };
    }
    const [difference, size] = ['change', 'size'].map((name) => float32Data(outputs, name)[0]);
    return { watched: resident.watched, change: { difference, size } };
  }

  /** Frees what is kept from step to step. A drawing that ends calls it; the next step computes anew. */
  forget(): void {
    this.#prefixes.forget();
  }

  async dispose(): Promise<void> {
    this.forget();
    await this.sessions.dispose();
  }

  /** The last rows are the noisy pictures': all of them, but where a traced graph gives those of its branch's prefix too. */
  #velocities(outputs: Readonly<Record<string, HostTensor>>, grid: PatchGrid, branches: number): Latents[] {
    const [count, width] = outputs.velocity.dims;
    const values = float32Data(outputs, 'velocity');
    const rows = rowsOf(grid);
    return Array.from({ length: branches }, (_, i) => {
      const from = count - (branches - i) * rows;
      const own = values.subarray(from * width, (from + rows) * width);
      finite(own, 'transformer', 'velocity');
      return unpatchify(own, this.config.outChannels, grid, this.config.patchSize);
    });
  }

  #tell(outputs: Readonly<Record<string, HostTensor>>, result?: string, reference?: number): void {
    if (!this.#trace) return;
    for (const stage of Object.keys(outputs)) {
      if (stage !== result) this.#trace(stage, float32Data(outputs, stage), reference);
    }
  }
}

/** Rows of the longest sequence. */
function longest(branches: readonly BranchRows[]): number {
  return Math.max(...branches.map(({ rows }) => rows));
}

/**
 * The diffusion transformer: predicts the velocity of noise latents for a prompt and references.
 * Source of the rules: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward
 *
 * A step has three parts: {@link Transformer.embed} once for all guidance branches, {@link
 * Transformer.layers} for the branches that run, and {@link Transformer.head}. The layers of a small model
 * run for all branches at once. A large model runs them branch by branch, so that there is one copy of its
 * weights, and in several sessions if one cannot hold them.
 */

import type { LayerRange } from '../../checkpoints/layer-groups.ts';
import type { TransformerConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { OnStage } from '../../runtime/typed-session.ts';
import type { HostTensor, ResidentTensor, Runtime, WeightBytes } from '../../runtime/types.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { checkFinite } from '../finite.ts';
import type { Numerics } from '../graphs/numerics.ts';
import { signalChangeGraph, signalGraph } from '../graphs/teacache-signal.ts';
import { contextGraph } from '../graphs/transformer-context.ts';
import { embedGraph, joinGraph, referenceGraph } from '../graphs/transformer-embed.ts';
import { headGraph } from '../graphs/transformer-head.ts';
import { layersGraph } from '../graphs/transformer-layers.ts';
import { axesOf, streamWidth, type TransformerParts } from '../graphs/transformer-parts.ts';
import { float32Tensor, floatsOf, int32Tensor } from '../host-tensors.ts';
import { layerRanges, packsBranches } from '../residency/layer-ranges.ts';
import { ResidentTensors } from '../residency/resident-tensors.ts';
import { type PartResidency, Sessions } from '../sessions.ts';
import { attentionParts, attentionWork } from './attention-parts.ts';
import type { EmbeddedBranch, EmbeddedStep, Signal } from './embedded-step.ts';
import { type BranchRows, packedFeeds, patchFeed, ropeFeeds, uploadPatches, uploadRope } from './feeds.ts';
import type { Latents } from './latents.ts';
import { rowsOf, unpatchify } from './patches.ts';
import {
  type BranchLayout,
  layOutStep,
  type PredictRequest,
  type StepLayout,
  type StepReference,
  type StepRequest,
} from './request.ts';
import { jointPositions, rotaryTable } from './rope.ts';
import { RotaryTables } from './rotary-tables.ts';
import { timestepSinusoid } from './timestep.ts';
import { loadUploads, Uploads } from './uploads.ts';

/** What a transformer is opened from. */
export interface TransformerSource {
  readonly component: { readonly config: TransformerConfig; readonly weights: WeightIndex };
  readonly numerics: Numerics;
  readonly bytes: WeightBytes;
  /** Default: every session stays open. */
  readonly residency?: PartResidency;
}

/** Is called with the stages of every run under their official names, and with the index of the reference. */
export type TransformerTrace = (stage: string, values: Float32Array, reference?: number) => void;

export interface TransformerOptions {
  /**
   * Whether all guidance branches run through the layers together. Default: for small models; see
   * `residency/layer-ranges.ts`.
   */
  readonly packsBranches?: boolean;
  /** Maximum size of the stored weights of one session of layers. Default: that of a converted file. */
  readonly sessionBytes?: number;
  /** Maximum work of one attention. Default: what the engine can count; see `attention-parts.ts`. */
  readonly attentionWork?: number;
  /** Makes inner stages outputs of the graphs. Branches then run one by one. */
  readonly trace?: TransformerTrace;
}

export class Transformer {
  readonly config: TransformerConfig;
  readonly sessions: Sessions;
  readonly #parts: TransformerParts;
  readonly #ranges: readonly LayerRange[];
  readonly #packsBranches: boolean;
  readonly #attentionWork: number;
  readonly #trace: TransformerTrace | undefined;
  readonly #tables: RotaryTables;

  private constructor(
    runtime: Runtime,
    { component, numerics, bytes, residency }: TransformerSource,
    options: TransformerOptions,
  ) {
    this.config = component.config;
    this.sessions = new Sessions(runtime, bytes, residency);
    this.#trace = options.trace;
    this.#parts = { ...component, numerics, taps: options.trace !== undefined, attentionParts: 1 };
    this.#ranges = layerRanges(component.weights, 'layers.', this.config.numLayers, options.sessionBytes);
    this.#packsBranches =
      options.trace === undefined && (options.packsBranches ?? packsBranches(component, numerics));
    this.#attentionWork = options.attentionWork ?? attentionWork(runtime.backend);
    this.#tables = new RotaryTables(this.config.axesDimRope, axesOf(this.#parts).queries.padded);
  }

  /**
   * Opens the session of the context; the others follow when they are first used.
   * @throws OmniError `memory` if it does not fit, `device` if the engine refuses it
   */
  static async open(
    runtime: Runtime,
    source: TransformerSource,
    options: TransformerOptions = {},
  ): Promise<Transformer> {
    const transformer = new Transformer(runtime, source, options);
    try {
      await transformer.#contextSession();
      return transformer;
    } catch (error) {
      await transformer.dispose();
      throw error;
    }
  }

  /**
   * The context stream `[L, D]` of text features `[L, textFeatDim]`. It is the same at every step.
   * @throws OmniError `bad_request` if there is no text
   */
  async context(features: Float32Array): Promise<Float32Array> {
    const { textFeatDim, axesDimRope } = this.config;
    const length = features.length / textFeatDim;
    if (length === 0 || !Number.isInteger(length)) {
      throw new OmniError({
        code: 'bad_request',
        message: `The text features have ${features.length} values, not rows of ${textFeatDim}.`,
        action: 'Write a prompt.',
      });
    }
    const session = await this.#contextSession();
    const rope = ropeFeeds(rotaryTable(jointPositions(length, []), axesDimRope));
    const text = float32Tensor([length, textFeatDim], features);
    const { stream } = await session.run({ text, ...rope }, this.#onStage());
    return checkFinite(floatsOf(stream), 'transformer', 'context');
  }

  /**
   * Opens the sessions that steps like this one run.
   * @throws OmniError as {@link predictStep}
   */
  async load(request: StepRequest): Promise<void> {
    const { references, branches } = layOutStep(this.config, this.#tables, request);
    await loadUploads(this.sessions);
    if (references.length > 0) await this.#referenceSession(references);
    await this.#embedSession(branches);
    await this.#joinSession(branches);
    const count = this.#packsBranches ? branches.length : 1;
    for (const range of this.#ranges.slice(0, this.sessions.openRanges)) {
      await this.#layersSession(range, count, branches);
    }
    await this.#headSession(branches.length);
  }

  /** The velocity (picture minus noise) for one condition. Throws as {@link predictStep}. */
  async predict({ latents, timestep, ...condition }: PredictRequest): Promise<Latents> {
    const [velocity] = await this.predictStep({ latents, timestep, branches: [condition] });
    return velocity;
  }

  /**
   * The velocities (picture minus noise) of the same noise latents, one for each guidance branch.
   * @throws OmniError `bad_request` for more than five references, or latents that do not divide into
   *   patches; `memory` if a graph does not fit; AbortError between two graphs
   */
  async predictStep(request: StepRequest, signal?: AbortSignal): Promise<Latents[]> {
    const step = await this.embed(request, signal);
    const held = new ResidentTensors();
    try {
      const streams = await this.layers(step, step.branches, signal);
      for (const stream of streams) held.hold(stream);
      return await this.head(step, streams);
    } finally {
      held.dispose();
      step.dispose();
    }
  }

  /** The first part of a step. Throws as {@link predictStep}. */
  async embed(request: StepRequest, signal?: AbortSignal): Promise<EmbeddedStep> {
    const layout = layOutStep(this.config, this.#tables, request);
    const sinusoid = this.#sinusoid(request.timestep);
    const uploads = request.uploads ?? new Uploads(this.sessions);
    const held = new ResidentTensors();
    const dispose = () => {
      held.dispose();
      if (!request.uploads) uploads.dispose();
    };
    try {
      const references: ResidentTensor[] = [];
      for (const reference of layout.references) {
        signal?.throwIfAborted();
        references.push(held.hold(await this.#refine(reference, layout.references, sinusoid, uploads)));
      }
      signal?.throwIfAborted();
      const session = await this.#embedSession(layout.branches);
      const patches = patchFeed(this.config, request.latents);
      const feeds = { patches, sinusoid, ...(await uploadRope(uploads, [layout.noiseRope])) };
      const { noise, activated } = await session.run(feeds, this.#onStage());
      for (const tensor of [noise, activated]) held.hold(tensor);
      const branches = await this.#joined(layout, references, noise, uploads);
      for (const { stream } of branches) held.hold(stream);
      for (const reference of references) held.free(reference);
      return { noise, activated, grid: layout.grid, branches, uploads, dispose };
    } catch (error) {
      dispose();
      throw error;
    }
  }

  /**
   * All main layers for some branches of a step. Returns the noise rows `[noise, D]` of each; the caller
   * disposes them.
   * @throws OmniError `device`; AbortError between two graphs
   */
  async layers(
    step: EmbeddedStep,
    branches: readonly EmbeddedBranch[],
    signal?: AbortSignal,
  ): Promise<readonly ResidentTensor[]> {
    if (branches.length === 0) return [];
    const groups = this.#packsBranches ? [branches] : branches.map((branch) => [branch]);
    let streams: readonly ResidentTensor[] = branches.map(({ stream }) => stream);
    let held = new ResidentTensors();
    try {
      for (const [i, range] of this.#ranges.entries()) {
        const session = await this.#layersSession(range, groups[0].length, step.branches);
        const next = new ResidentTensors();
        const outputs: ResidentTensor[] = [];
        try {
          for (const group of groups) {
            signal?.throwIfAborted();
            const own = streams.slice(outputs.length, outputs.length + group.length);
            const rows = await packedFeeds(step.uploads, group);
            const feeds = { streams: own, activated: step.activated, ...rows };
            const { hidden } = await session.run(feeds, this.#onStage());
            for (const stream of hidden) outputs.push(next.hold(stream));
          }
        } finally {
          held.dispose();
          held = next;
        }
        streams = outputs;
        await this.sessions.closeStreamed(i, session);
      }
      return streams.map((stream) => held.release(stream));
    } finally {
      held.dispose();
    }
  }

  /** The velocities of branches, from their noise rows `[noise, D]` after the last layer. */
  async head(step: EmbeddedStep, streams: readonly ResidentTensor[]): Promise<Latents[]> {
    if (!this.#trace) return this.#velocities(step, streams);
    const velocities: Latents[] = [];
    for (const stream of streams) velocities.push(...(await this.#velocities(step, [stream])));
    return velocities;
  }

  /** The signal by which TeaCache decides whether a branch runs the layers. */
  async signal(
    { activated }: EmbeddedStep,
    { stream }: EmbeddedBranch,
    previous: ResidentTensor | undefined,
  ): Promise<Signal> {
    if (!previous) {
      const session = await this.sessions.open(signalGraph, this.#parts);
      return session.run({ stream, activated }, this.#onStage());
    }
    const session = await this.sessions.open(signalChangeGraph, this.#parts);
    const { signal, difference, size } = await session.run({ stream, activated, previous });
    return { signal, change: { difference: floatsOf(difference)[0], size: floatsOf(size)[0] } };
  }

  /** Width of the streams on the device. */
  get streamWidth(): number {
    return streamWidth(this.#parts);
  }

  async dispose(): Promise<void> {
    await this.sessions.dispose();
  }

  /** The refined stream `[rows, D]` of one reference. */
  async #refine(
    { latents, index, rope }: StepReference,
    all: readonly StepReference[],
    sinusoid: HostTensor,
    uploads: Uploads,
  ): Promise<ResidentTensor> {
    const session = await this.#referenceSession(all);
    const patches = await uploadPatches(uploads, this.config, latents);
    const angles = await uploadRope(uploads, [rope]);
    const feeds = { patches, index: int32Tensor([index]), sinusoid, ...angles };
    return (await session.run(feeds, this.#onStage(index))).stream;
  }

  /** The joint stream of every branch. */
  async #joined(
    { branches }: StepLayout,
    references: readonly ResidentTensor[],
    noise: ResidentTensor,
    uploads: Uploads,
  ): Promise<EmbeddedBranch[]> {
    const session = await this.#joinSession(branches);
    const contexts: ResidentTensor[] = [];
    for (const { context } of branches)
      contexts.push(await uploads.tensor([context], this.config.hiddenSize));
    const { streams } = await session.run({ contexts, references, noise });
    return branches.map((branch, i) => ({ ...branch, stream: streams[i] }));
  }

  /** With taps the only stream has all its rows. The noise rows are the last ones. */
  async #velocities(
    { activated, grid }: EmbeddedStep,
    streams: readonly ResidentTensor[],
  ): Promise<Latents[]> {
    const session = await this.#headSession(streams.length);
    const { velocity } = await session.run({ streams, activated }, this.#onStage());
    const values = floatsOf(velocity);
    const [count, width] = velocity.dims;
    const rows = rowsOf(grid);
    return streams.map((_, i) => {
      const from = count - (streams.length - i) * rows;
      const own = values.subarray(from * width, (from + rows) * width);
      checkFinite(own, 'transformer', 'velocity');
      return unpatchify(own, this.config.outChannels, grid, this.config.patchSize);
    });
  }

  #sinusoid(timestep: number): HostTensor {
    const { timestepScale, timestepFrequencyDim } = this.config;
    const values = timestepSinusoid(timestep, timestepScale, timestepFrequencyDim);
    this.#trace?.('time_proj', values);
    return float32Tensor([1, timestepFrequencyDim], values);
  }

  #contextSession() {
    return this.sessions.open(contextGraph, this.#parts);
  }

  #referenceSession(references: readonly StepReference[]) {
    const parts = this.#partsFor(references.map(({ rope }) => rope));
    return this.sessions.open(referenceGraph, parts, parts.attentionParts);
  }

  #embedSession(branches: readonly BranchRows[]) {
    const parts = this.#partsFor(branches.map(({ noiseRows: rows }) => ({ rows })));
    return this.sessions.open(embedGraph, parts, parts.attentionParts);
  }

  #joinSession(branches: readonly BranchLayout[]) {
    const parts = {
      hidden: axesOf(this.#parts).hidden,
      branches: branches.map(({ references }) => references),
    };
    return this.sessions.open(joinGraph, parts);
  }

  /** @param all every branch of the step, so that all runs of a step use one session */
  #layersSession(range: LayerRange, branches: number, all: readonly BranchRows[]) {
    const parts = { ...this.#partsFor(all), range, branches };
    return this.sessions.open(layersGraph, parts, parts.attentionParts);
  }

  #headSession(branches: number) {
    return this.sessions.open(headGraph, { ...this.#parts, branches });
  }

  /** The parts of a graph with attention over the longest of these streams. */
  #partsFor(streams: readonly { readonly rows: number }[]): TransformerParts {
    const longest = Math.max(...streams.map(({ rows }) => rows));
    const count = attentionParts(this.#attentionWork, this.config.headDim, longest);
    return { ...this.#parts, attentionParts: count };
  }

  #onStage(reference?: number): OnStage | undefined {
    const trace = this.#trace;
    return trace && ((stage, tensor) => trace(stage, floatsOf(tensor), reference));
  }
}

/**
 * The diffusion transformer: predicts the velocity of noisy latents under a prompt and references.
 * Source of the rules: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward
 *
 * A step runs in one of two cuts with the same result. Fused is one graph for everything but the references, and the
 * fastest. Split is embed, ranges of layers, and head: for models too large for one session, and for whoever wants to
 * skip the layers of a step.
 */

import type { WeightIndex } from '../checkpoints/tensors.ts';
import { OmniError } from '../errors.ts';
import type { HostTensor, Runtime, WeightBytes } from '../runtime/types.ts';
import { MAX_REFERENCES, type TransformerConfig } from './config.ts';
import { finite } from './finite.ts';
import { float32Data, float32Tensor } from './float32.ts';
import type { Numerics } from './graphs/layers.ts';
import { contextGraph } from './graphs/transformer-context.ts';
import { embedGraph, referenceGraph } from './graphs/transformer-embed.ts';
import { headGraph } from './graphs/transformer-head.ts';
import { type LayerRange, layersGraph } from './graphs/transformer-layers.ts';
import { predictGraph } from './graphs/transformer-predict.ts';
import type { Latents } from './latents.ts';
import { type PatchGrid, patchGrid, patchify, unpatchify } from './patches.ts';
import { jointPositions, type RotaryTable, rotaryTable, tableRows } from './rope.ts';
import { Sessions } from './sessions.ts';
import { timestepSinusoid } from './timestep.ts';
import { layerRanges } from './transformer-ranges.ts';

/** What a transformer is opened from. */
export interface TransformerSource {
  readonly component: { readonly config: TransformerConfig; readonly weights: WeightIndex };
  readonly bytes: WeightBytes;
}

/** Sees the stages of every run under the names of the official values, and of which reference they are. */
export type TransformerTrace = (stage: string, values: Float32Array, reference?: number) => void;

export interface TransformerOptions {
  /** By default split only where the layers' weights exceed one session. */
  readonly cut?: 'fused' | 'split';
  /** Most weights that one session of a split transformer may hold. */
  readonly sessionBytes?: number;
  /** Whether {@link Transformer.embed} gives the values by whose change TeaCache decides to skip the layers. */
  readonly teaCacheInput?: boolean;
  /** Makes the graphs of the fused cut give their inner stages too. */
  readonly trace?: TransformerTrace;
}

/** What one prediction is made from. */
export interface PredictRequest {
  /** Noisy latents; both sides are multiples of the patch size. */
  readonly latents: Latents;
  /** 0 (noise) to 1 (picture). */
  readonly timestep: number;
  /** From {@link Transformer.context}: `[L, D]`. */
  readonly context: Float32Array;
  /** Latents of the reference pictures, the first is "image 1". */
  readonly references: readonly Latents[];
}

/** A step of the split cut, up to the first main layer. */
export interface EmbeddedStep {
  /** The joint stream `[joint, D]`: text, references, noisy picture. */
  readonly stream: HostTensor;
  /** The first layer's modulated input `[joint, D]`, if the transformer was opened with `teaCacheInput`. */
  readonly teaCacheInput?: HostTensor;
  /** The activated timestep embedding `[1, T]`. */
  readonly activated: HostTensor;
  readonly rope: RotaryTable;
  /** Where the noisy picture's rows are. */
  readonly noiseRows: HostTensor;
  /** The noisy picture's patches. */
  readonly grid: PatchGrid;
}

/** @throws OmniError `bad_request` if there are more pictures than the model has index embeddings for */
export function checkReferences(references: readonly unknown[]): void {
  if (references.length <= MAX_REFERENCES) return;
  throw new OmniError({
    code: 'bad_request',
    message: `There are ${references.length} reference pictures; the model knows at most ${MAX_REFERENCES}.`,
    action: `Remove ${references.length - MAX_REFERENCES} of them.`,
  });
}

export class Transformer {
  readonly config: TransformerConfig;
  readonly #parts: { config: TransformerConfig; weights: WeightIndex; numerics: Numerics; taps: boolean };
  readonly #sessions: Sessions;
  readonly #ranges: readonly LayerRange[];
  readonly #fused: boolean;
  readonly #options: TransformerOptions;
  #lastRope: { key: string; table: RotaryTable } | undefined;
  /** Streams of references refined at one timestep, by their latents and index. */
  #refined: { timestep: number; streams: Map<Float32Array, Map<number, Float32Array>> } | undefined;

  private constructor(
    runtime: Runtime,
    { component, bytes }: TransformerSource,
    numerics: Numerics,
    options: TransformerOptions,
  ) {
    const { config, weights } = component;
    this.config = config;
    this.#parts = { config, weights, numerics, taps: options.trace !== undefined };
    this.#sessions = new Sessions(runtime, bytes);
    this.#ranges = layerRanges(component, numerics, options.sessionBytes);
    this.#fused = options.cut ? options.cut === 'fused' : this.#ranges.length === 1;
    this.#options = options;
  }

  /**
   * Opens the graphs that every prompt needs; that of the references follows with the first of them.
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
      await transformer.#openContext();
      if (transformer.#fused) await transformer.#openPredict();
      else {
        await transformer.#openEmbed();
        for (const range of transformer.#ranges) await transformer.#openLayers(range);
        await transformer.#openHead();
      }
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
    const session = await this.#openContext();
    const rope = rotaryTable(jointPositions(length, []), this.config.axesDimRope);
    const outputs = await session.run({
      text: float32Tensor([length, this.config.textFeatDim], states),
      ...ropeFeeds(rope),
    });
    this.#trace(outputs, 'stream');
    return finite(float32Data(outputs, 'stream'), 'transformer', 'context');
  }

  /**
   * The velocity (picture minus noise) of noisy latents.
   * @throws OmniError `bad_request` for more than five references, or latents that do not divide into patches
   */
  async predict(request: PredictRequest): Promise<Latents> {
    if (!this.#fused) {
      const step = await this.embed(request);
      return this.head(step, await this.layers(step));
    }
    const { prefix, noise, sinusoid, rope, grid, noiseRows } = await this.#prepare(request);
    const session = await this.#openPredict();
    const prefixRows = prefix.dims[0];
    const outputs = await session.run({
      prefix,
      patches: noise,
      sinusoid,
      ...ropeFeeds(tableRows(rope, 0, prefixRows), 'prefix_'),
      ...ropeFeeds(tableRows(rope, prefixRows, rope.rows)),
      ...(this.#parts.taps ? {} : { noise_rows: noiseRows }),
    });
    this.#trace(outputs, 'velocity');
    return this.#velocity(outputs, grid);
  }

  /** The first part of a step of the split cut. Throws as {@link predict}. */
  async embed(request: PredictRequest): Promise<EmbeddedStep> {
    const { prefix, noise, sinusoid, rope, grid, noiseRows } = await this.#prepare(request);
    const session = await this.#openEmbed();
    const { stream, activated, tea_cache_input } = await session.run({
      prefix,
      patches: noise,
      sinusoid,
      ...ropeFeeds(tableRows(rope, prefix.dims[0], rope.rows)),
    });
    return { stream, activated, teaCacheInput: tea_cache_input, rope, grid, noiseRows };
  }

  /** All main layers of a step of the split cut: the noisy picture's rows `[noise, D]` after the last one. */
  async layers({ stream, activated, rope, noiseRows }: EmbeddedStep): Promise<HostTensor> {
    let x = stream;
    for (const range of this.#ranges) {
      const session = await this.#openLayers(range);
      const outputs = await session.run({
        stream: x,
        activated,
        ...ropeFeeds(rope),
        ...(range.to === this.config.numLayers ? { noise_rows: noiseRows } : {}),
      });
      x = outputs.stream_out;
    }
    return x;
  }

  /** The last part of a step of the split cut, from the noisy picture's rows `[noise, D]` after the last layer. */
  async head({ activated, grid }: EmbeddedStep, stream: HostTensor): Promise<Latents> {
    const session = await this.#openHead();
    return this.#velocity(await session.run({ stream, activated }), grid);
  }

  async dispose(): Promise<void> {
    await this.#sessions.dispose();
  }

  /** Everything before the noisy picture: references refined, positions, timestep. */
  async #prepare({ latents, timestep, context, references }: PredictRequest) {
    const { hiddenSize, patchSize, timestepScale, timestepFrequencyDim } = this.config;
    checkReferences(references);
    const grid = patchGrid(latents, patchSize);
    const grids = references.map((reference) => patchGrid(reference, patchSize));
    const textRows = context.length / hiddenSize;
    const rope = this.#rope(textRows, [...grids, grid]);
    const values = timestepSinusoid(timestep, timestepScale, timestepFrequencyDim);
    const sinusoid = float32Tensor([1, timestepFrequencyDim], values);
    const streams = [context];
    let at = textRows;
    for (const [index, reference] of references.entries()) {
      const rows = grids[index].rows * grids[index].columns;
      const refine = () => this.#refine(reference, index, sinusoid, tableRows(rope, at, at + rows));
      streams.push(await this.#refinedOnce(timestep, reference, index, refine));
      at += rows;
    }
    this.#options.trace?.('time_proj', values);
    return {
      prefix: float32Tensor([at, hiddenSize], joined(streams)),
      noise: this.#patches(latents, grid),
      noiseRows: rowNumbers(at, grid.rows * grid.columns),
      sinusoid,
      rope,
      grid,
    };
  }

  /**
   * The refined stream of a reference, computed once a timestep. The branches of a guided step share it: their prompts
   * differ in length and so the references' first position ids, but a picture's patches see only each other here, and
   * attention depends on differences of positions alone.
   */
  async #refinedOnce(
    timestep: number,
    { data }: Latents,
    index: number,
    refine: () => Promise<Float32Array>,
  ): Promise<Float32Array> {
    if (this.#refined?.timestep !== timestep) this.#refined = { timestep, streams: new Map() };
    const { streams } = this.#refined;
    const known = streams.get(data)?.get(index);
    if (known) return known;
    const stream = await refine();
    streams.set(data, new Map(streams.get(data)).set(index, stream));
    return stream;
  }

  /** The refined stream `[rows, D]` of one reference. */
  async #refine(
    reference: Latents,
    index: number,
    sinusoid: HostTensor,
    rope: RotaryTable,
  ): Promise<Float32Array> {
    const session = await this.#sessions.get('reference', () => referenceGraph(this.#parts));
    const outputs = await session.run({
      patches: this.#patches(reference, patchGrid(reference, this.config.patchSize)),
      index: rowNumbers(index, 1),
      sinusoid,
      ...ropeFeeds(rope),
    });
    this.#trace(outputs, 'stream', index);
    return float32Data(outputs, 'stream');
  }

  /** The angles of a sequence; all steps of a drawing have the same. */
  #rope(textRows: number, grids: readonly PatchGrid[]): RotaryTable {
    const key = JSON.stringify([textRows, grids]);
    if (this.#lastRope?.key !== key) {
      const table = rotaryTable(jointPositions(textRows, grids), this.config.axesDimRope);
      this.#lastRope = { key, table };
    }
    return this.#lastRope.table;
  }

  #patches(latents: Latents, { rows, columns }: PatchGrid): HostTensor {
    const { patchSize, inChannels } = this.config;
    return float32Tensor([rows * columns, patchSize ** 2 * inChannels], patchify(latents, patchSize));
  }

  /** The last rows are the noisy picture's, whether or not there are others before them. */
  #velocity(outputs: Readonly<Record<string, HostTensor>>, grid: PatchGrid): Latents {
    const [count, width] = outputs.velocity.dims;
    const rows = float32Data(outputs, 'velocity').subarray((count - grid.rows * grid.columns) * width);
    finite(rows, 'transformer', 'velocity');
    return unpatchify(rows, this.config.outChannels, grid, this.config.patchSize);
  }

  #trace(outputs: Readonly<Record<string, HostTensor>>, result: string, reference?: number): void {
    const { trace } = this.#options;
    if (!trace) return;
    for (const stage of Object.keys(outputs)) {
      if (stage !== result) trace(stage, float32Data(outputs, stage), reference);
    }
  }

  #openContext() {
    return this.#sessions.get('context', () => contextGraph(this.#parts));
  }

  #openPredict() {
    return this.#sessions.get('predict', () => predictGraph(this.#parts));
  }

  #openEmbed() {
    const teaCacheInput = this.#options.teaCacheInput === true;
    return this.#sessions.get('embed', () => embedGraph({ ...this.#parts, taps: false }, { teaCacheInput }));
  }

  #openLayers(range: LayerRange) {
    return this.#sessions.get(`layers ${range.from}`, () =>
      layersGraph({ ...this.#parts, taps: false }, range),
    );
  }

  #openHead() {
    return this.#sessions.get('head', () => headGraph(this.#parts));
  }
}

function rowNumbers(from: number, count: number): HostTensor {
  return { type: 'int32', dims: [count], data: Int32Array.from({ length: count }, (_, i) => from + i) };
}

function ropeFeeds({ rows, cosines, sines }: RotaryTable, prefix = ''): Record<string, HostTensor> {
  const width = cosines.length / rows;
  return {
    [`${prefix}cosines`]: float32Tensor([rows, width], cosines),
    [`${prefix}sines`]: float32Tensor([rows, width], sines),
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0];
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * The multimodal language model (Qwen2.5-VL): vision tower, decoder with a key/value cache, and output
 * projection.
 * Source of the rules: transformers `models/qwen2_5_vl/modeling_qwen2_5_vl.py`,
 * Qwen2_5_VLForConditionalGeneration.
 */

import type { Component } from '../../checkpoints/checkpoint.ts';
import type { LayerRange } from '../../checkpoints/layer-groups.ts';
import type { LanguageConfig, MllmConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { Feed, OnStage } from '../../runtime/typed-session.ts';
import type { ResidentTensor, Runtime, WeightBytes } from '../../runtime/types.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { attentionParts, attentionWork } from '../diffusion/attention-parts.ts';
import { checkFinite } from '../finite.ts';
import {
  cacheTruncationGraph,
  type DecoderParts,
  decoderLayersGraph,
  type LanguageParts,
  lastDecoderLayersGraph,
  lmHeadGraph,
} from '../graphs/language-model.ts';
import type { Numerics } from '../graphs/numerics.ts';
import { visionTowerGraph } from '../graphs/vision-tower.ts';
import { float32Tensor, floatsOf, int32Tensor } from '../host-tensors.ts';
import { layerRanges } from '../residency/layer-ranges.ts';
import { ResidentTensors } from '../residency/resident-tensors.ts';
import { type PartResidency, Sessions } from '../sessions.ts';
import { imageTokenCount, ropePositions, ropeTables } from './rope-positions.ts';
import { type ReadFile, TokenEmbeddings } from './token-embeddings.ts';
import type { PromptImage } from './vision-patches.ts';
import { visionLayout, windowPatches } from './vision-windows.ts';

export interface MllmSource {
  readonly component: Component<MllmConfig>;
  readonly numerics: Numerics;
  /** Default: every session stays open. */
  readonly residency?: PartResidency;
  readonly bytes: WeightBytes;
  readonly read: ReadFile;
}

/**
 * Receives intermediate values by the names of the graphs' outputs; those of the vision tower begin with
 * `vit_`.
 */
export type MllmTrace = (name: string, values: Float32Array) => void;

export interface MllmOptions {
  /** Maximum size of the stored weights of one session of layers. Default: that of a converted file. */
  readonly sessionBytes?: number;
  /** Makes the graphs output every layer too. */
  readonly trace?: MllmTrace;
}

/** Keys and values `[1, kvHeads, tokens, D]`, one of each per layer. */
export interface KeyValueCache {
  readonly keys: readonly Feed[];
  readonly values: readonly Feed[];
}

/** A prefilled prompt with its key/value cache. {@link Mllm.free} frees the cache. */
export interface Prefilled {
  /** Last hidden states `[n, H]`, after the final norm, of the tokens of the last call. */
  readonly hidden: Float32Array;
  /** Tokens in the cache. */
  readonly length: number;
  /** The position of a later token is its index plus this. */
  readonly delta: number;
  readonly cache: KeyValueCache;
}

export class Mllm {
  readonly config: MllmConfig;
  readonly #weights: WeightIndex;
  readonly #numerics: Numerics;
  readonly #sessions: Sessions;
  readonly #embeddings: TokenEmbeddings;
  readonly #trace: MllmTrace | undefined;
  readonly #ranges: readonly LayerRange[];
  /** Limit of one attention run; see {@link attentionWork}. */
  readonly #work: number;

  private constructor(runtime: Runtime, source: MllmSource, options: MllmOptions) {
    const { config, weights } = source.component;
    this.config = config;
    this.#weights = weights;
    this.#numerics = source.numerics;
    this.#sessions = new Sessions(runtime, source.bytes, source.residency);
    this.#work = attentionWork(runtime.backend);
    this.#embeddings = new TokenEmbeddings(weights, config.language, source.read);
    this.#trace = options.trace;
    this.#ranges = layerRanges(
      weights,
      'model.layers.',
      config.language.numHiddenLayers,
      options.sessionBytes,
    );
  }

  /**
   * Opens the ranges of the decoder that stay open. All else is opened on first use.
   * @throws OmniError `memory` if they do not fit
   */
  static async open(runtime: Runtime, source: MllmSource, options: MllmOptions = {}): Promise<Mllm> {
    const mllm = new Mllm(runtime, source, options);
    try {
      const open = Math.min(mllm.#ranges.length, mllm.#sessions.openRanges);
      for (let i = 0; i < open; i++) await mllm.#openRange(i);
      return mllm;
    } catch (error) {
      await mllm.dispose();
      throw error;
    }
  }

  /**
   * The last hidden states `[L, H]` of one prompt, after the final norm.
   * @param ids `[L]`, with one image token for every merged cell of every picture
   * @throws OmniError `bad_request` if an id is not in the vocabulary or the image tokens do not fit the
   *   pictures
   */
  async hiddenStates(ids: ArrayLike<number>, images: readonly PromptImage[] = []): Promise<Float32Array> {
    const prompt = await this.prefill(ids, images);
    this.free(prompt);
    return prompt.hidden;
  }

  /**
   * Runs the model over a prompt and keeps its keys and values.
   * @param ids `[L]`, with one image token for every merged cell of every picture
   * @param signal checked before every picture
   * @throws OmniError see {@link hiddenStates}; AbortError
   * @example
   * const prompt = await mllm.prefill(ids, images);
   * const logits = await mllm.logits(prompt.hidden);
   * mllm.free(prompt);
   */
  prefill(
    ids: ArrayLike<number>,
    images: readonly PromptImage[] = [],
    signal?: AbortSignal,
  ): Promise<Prefilled> {
    if (ids.length === 0) throw tooLong(0, this.config.language);
    return this.#prefillAfter({ length: 0, delta: 0, cache: this.#emptyCache() }, ids, images, signal);
  }

  /**
   * Prefills more tokens and pictures after a prompt, with the same result as one call for all. `prompt`
   * stays valid and can be extended again.
   * @throws OmniError, AbortError see {@link prefill}
   */
  extend(
    prompt: Prefilled,
    ids: ArrayLike<number>,
    images: readonly PromptImage[] = [],
    signal?: AbortSignal,
  ): Promise<Prefilled> {
    return this.#prefillAfter(prompt, ids, images, signal);
  }

  /** Prefills one more token and frees `prompt`. */
  async append(prompt: Prefilled, id: number): Promise<Prefilled> {
    const longer = await this.extend(prompt, [id]);
    this.free(prompt);
    return longer;
  }

  /**
   * Copies the cache of the first tokens of a prompt. The result has no hidden states. `prompt` stays valid.
   * @param length above 0 and not within a picture
   * @param delta {@link Prefilled.delta} after these tokens
   */
  async truncate(prompt: Prefilled, length: number, delta: number): Promise<Prefilled> {
    const session = await this.#sessions.open(cacheTruncationGraph, this.config.language);
    const tokens = int32Tensor(Array.from({ length }, (_, i) => i));
    const keys: ResidentTensor[] = [];
    const values: ResidentTensor[] = [];
    const short = { hidden: new Float32Array(0), length, delta, cache: { keys, values } };
    try {
      for (const [i, key] of prompt.cache.keys.entries()) {
        const { short_key, short_value } = await session.run({ tokens, key, value: prompt.cache.values[i] });
        keys.push(short_key);
        values.push(short_value);
      }
      return short;
    } catch (error) {
      this.free(short);
      throw error;
    }
  }

  /** Frees the cache of a prompt. */
  free({ cache }: Prefilled): void {
    for (const tensor of [...cache.keys, ...cache.values]) if ('dispose' in tensor) tensor.dispose();
  }

  /** Logits `[n, V]` of the token after each of the hidden states `[n, H]`. */
  async logits(hidden: Float32Array): Promise<Float32Array> {
    const session = await this.#sessions.open(lmHeadGraph, this.#languageParts());
    const { hiddenSize } = this.config.language;
    const dims = [hidden.length / hiddenSize, hiddenSize];
    const { logits } = await session.run({ last_hidden_state: float32Tensor(dims, hidden) });
    return checkFinite(floatsOf(logits), 'mllm', 'logits');
  }

  /**
   * Runs the vision tower on one picture.
   * @param largest the patches of the largest picture of the prompt: the graph is opened for it
   * @returns embeddings `[cells, H]`, one row per merged cell
   * @throws OmniError `bad_image` if the patches do not fill the grid
   */
  async encodeImage({ patches, grid }: PromptImage, largest = 0): Promise<Float32Array> {
    const { vision } = this.config;
    const { spatialMergeSize: merge, headDim } = vision;
    const length = grid.rows * grid.columns;
    const rowSize = vision.inChannels * vision.temporalPatchSize * vision.patchSize ** 2;
    if (length === 0 || grid.rows % merge || grid.columns % merge || patches.length !== length * rowSize) {
      throw new OmniError({
        code: 'bad_image',
        message: `A picture of ${grid.rows} x ${grid.columns} patches has ${patches.length} values; the vision tower takes ${rowSize} per patch and multiples of ${merge} patches per side.`,
        action: 'Preprocess the picture with the settings of the same checkpoint.',
      });
    }
    const parts = attentionParts(this.#work, headDim, Math.max(length, largest));
    const session = await this.#sessions.open(
      visionTowerGraph,
      { ...this.#shared(), config: vision, attentionParts: parts },
      parts,
    );
    const layout = visionLayout(grid, vision);
    const windowDims = [layout.windows, windowPatches(vision)];
    const feeds = {
      patches: float32Tensor([length, rowSize], patches),
      order: int32Tensor(layout.order),
      cos: float32Tensor([length, headDim / 2], layout.cos),
      sin: float32Tensor([length, headDim / 2], layout.sin),
      slots: int32Tensor(layout.slots, windowDims),
      slot_bias: float32Tensor(windowDims, layout.slotBias),
      slot_of: int32Tensor(layout.slotOf),
      restore: int32Tensor(layout.restore),
    };
    const { embeds } = await session.run(feeds, this.#onStage('vit_'));
    const values = floatsOf(embeds);
    this.#trace?.('vit_embeds', values);
    return values;
  }

  dispose(): Promise<void> {
    return this.#sessions.dispose();
  }

  /** Opens the session of the range with this index. */
  async #openRange(index: number): Promise<void> {
    const parts = this.#decoderParts(this.#ranges[index]);
    if (index < this.#ranges.length - 1) await this.#sessions.open(decoderLayersGraph, parts);
    else await this.#sessions.open(lastDecoderLayersGraph, parts);
  }

  #decoderParts(range: LayerRange): DecoderParts {
    return { ...this.#languageParts(), range };
  }

  #languageParts(): LanguageParts {
    return { ...this.#shared(), config: this.config.language };
  }

  #shared() {
    return { weights: this.#weights, numerics: this.#numerics, taps: this.#trace !== undefined };
  }

  #onStage(prefix = ''): OnStage | undefined {
    const trace = this.#trace;
    return trace && ((stage, tensor) => trace(prefix + stage, floatsOf(tensor)));
  }

  /** Prefills tokens and pictures after those in the cache of `before`. */
  async #prefillAfter(
    before: Pick<Prefilled, 'length' | 'delta' | 'cache'>,
    ids: ArrayLike<number>,
    images: readonly PromptImage[],
    signal?: AbortSignal,
  ): Promise<Prefilled> {
    const { language, vision, imageTokenId } = this.config;
    const length = before.length + ids.length;
    if (length > language.maxPositionEmbeddings) throw tooLong(length, language);
    const start = before.length + before.delta;
    const grids = images.map(({ grid }) => grid);
    const largest = Math.max(0, ...grids.map(({ rows, columns }) => rows * columns));
    const positions = ropePositions(ids, grids, this.config, start);
    const embeds = await this.#embeddings.rows(ids);
    let at = 0;
    for (const image of images) {
      signal?.throwIfAborted();
      const rows = await this.encodeImage(image, largest);
      while (ids[at] !== imageTokenId) at++;
      embeds.set(rows, at * language.hiddenSize);
      at += imageTokenCount(image.grid, vision);
    }
    signal?.throwIfAborted();
    return this.#forward(embeds, positions.ids, { ...before, delta: before.delta + positions.delta });
  }

  /** Runs the decoder on embeddings `[L, H]` at positions `[3, L]`, after the tokens in the cache. */
  async #forward(
    embeds: Float32Array,
    positions: Int32Array,
    { length: cached, delta, cache }: Pick<Prefilled, 'length' | 'delta' | 'cache'>,
  ): Promise<Prefilled> {
    const { language } = this.config;
    const count = positions.length / 3;
    const { cos, sin } = ropeTables(positions, language);
    const length = cached + count;
    const feeds = {
      cos: float32Tensor([count, language.headDim / 2], cos),
      sin: float32Tensor([count, language.headDim / 2], sin),
      last: int32Tensor([length - 1]),
      total: int32Tensor([length]),
    };
    const held = new ResidentTensors();
    const keys: ResidentTensor[] = [];
    const values: ResidentTensor[] = [];
    const keep = (run: { keys: readonly ResidentTensor[]; values: readonly ResidentTensor[] }) => {
      for (const key of run.keys) keys.push(held.hold(key));
      for (const value of run.values) values.push(held.hold(value));
    };
    const past = ({ from, to }: LayerRange) => ({
      past_keys: cache.keys.slice(from, to),
      past_values: cache.values.slice(from, to),
    });
    const last = this.#ranges.length - 1;
    let stream: Feed = float32Tensor([count, language.hiddenSize], embeds);
    try {
      for (const [i, range] of this.#ranges.slice(0, last).entries()) {
        const session = await this.#sessions.open(decoderLayersGraph, this.#decoderParts(range));
        const run = await session.run({ ...feeds, ...past(range), stream }, this.#onStage());
        keep(run);
        if ('dispose' in stream) held.free(stream);
        stream = held.hold(run.hidden);
        await this.#sessions.closeStreamed(i, session);
      }
      const range = this.#ranges[last];
      const session = await this.#sessions.open(lastDecoderLayersGraph, this.#decoderParts(range));
      const run = await session.run({ ...feeds, ...past(range), stream }, this.#onStage());
      keep(run);
      await this.#sessions.closeStreamed(last, session);
      const hidden = checkFinite(floatsOf(run.last_hidden_state), 'mllm', 'hidden states');
      for (const tensor of [...keys, ...values]) held.release(tensor);
      return { hidden, length, delta, cache: { keys, values } };
    } finally {
      held.dispose();
    }
  }

  #emptyCache(): KeyValueCache {
    const { numHiddenLayers, numKeyValueHeads, headDim } = this.config.language;
    const empty = float32Tensor([1, numKeyValueHeads, 0, headDim], new Float32Array(0));
    const layers = Array.from({ length: numHiddenLayers }, () => empty);
    return { keys: layers, values: layers };
  }
}

function tooLong(length: number, { maxPositionEmbeddings }: LanguageConfig): OmniError {
  return new OmniError({
    code: 'bad_request',
    message: `The prompt has ${length} tokens; the language model takes 1 to ${maxPositionEmbeddings}.`,
    action: length === 0 ? 'Write a prompt.' : 'Shorten the prompt or use smaller pictures.',
  });
}

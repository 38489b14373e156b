/**
 * Encodes and decodes pictures that are too large for one run, strip by strip, with the values of one run.
 *
 * The strips of a feature map stay on the device. Convolutions read the adjacent rows of the neighbouring
 * strips. Group norms use moments over all strips, which are collected while the strips are computed. The
 * middle blocks, at a sixty-fourth of the pixels, run on the whole map; only their attention runs on some
 * queries at a time.
 */

import type { Size } from '../../pictures/image.ts';
import type { Feeds } from '../../runtime/typed-session.ts';
import type { HostTensor, ResidentTensor } from '../../runtime/types.ts';
import { NORM_EPS } from '../graphs/vae-blocks.ts';
import type { VaeGraphSource } from '../graphs/vae-encoder.ts';
import {
  type ConvSegment,
  convSegmentGraph,
  lastSegmentGraph,
  middleAttentionGraph,
  middleEntryGraph,
  middleExitGraph,
  type SegmentInputs,
} from '../graphs/vae-segments.ts';
import { float32Tensor, floatsOf, int64Tensor } from '../host-tensors.ts';
import { ResidentTensors } from '../residency/resident-tensors.ts';
import type { Sessions } from '../sessions.ts';
import { concatRows, type Planes } from './planes.ts';
import type { StripPlan } from './strip-plan.ts';
import { normMoments, planesOf, planesTensor, type Strip, type StripMap, splitIntoStrips } from './strips.ts';

type Tensor = HostTensor | ResidentTensor;
type SegmentFeeds = Feeds<SegmentInputs>;

export interface StripContext {
  readonly source: VaeGraphSource;
  readonly sessions: Sessions;
  readonly plan: StripPlan;
  /** Checked before each run. */
  readonly signal?: AbortSignal;
}

/**
 * Encodes a picture, with the result of the encoder's graph.
 * @param latents the size of the latents
 * @returns moments `[2 * latentChannels, h, w]`
 * @throws AbortError within one run of an abort; no tensor stays on the device
 */
export async function encodeInStrips(context: StripContext, pixels: Planes, latents: Size): Promise<Planes> {
  const runner = new StripRunner(context);
  return runner.withCleanup(async () => {
    const { downscaleFactor, inChannels } = context.source.config;
    const { blockOutChannels: channels, layersPerBlock } = context.source.config;
    const heights = context.plan.rows.map((rows) => rows * downscaleFactor);
    // The last strip includes rows that do not fill a row of latents.
    heights[heights.length - 1] += pixels.height - latents.height * downscaleFactor;
    let map = await runner.conv(splitIntoStrips(pixels, heights), {
      conv: 'encoder.conv_in',
      channels: inChannels,
    });
    const last = channels.length - 1;
    for (let level = 0; level <= last; level++) {
      const name = `encoder.down_blocks.${level}`;
      for (let i = 0; i < layersPerBlock; i++) {
        const isLast = level === last && i === layersPerBlock - 1;
        map = await runner.resnet(map, `${name}.resnets.${i}`, channels[level], isLast);
      }
      if (level === last) break;
      map = await runner.conv(map, {
        conv: `${name}.downsamplers.0.conv`,
        channels: channels[level],
        resize: 'halve',
      });
    }
    return runner.middle('encoder', joined(map));
  });
}

/**
 * Decodes latents `[latentChannels, h, w]`, with the result of the decoder's graph: pixels `[3, H, W]`.
 * @throws AbortError see {@link encodeInStrips}
 */
export async function decodeInStrips(context: StripContext, latents: Planes): Promise<Planes> {
  const runner = new StripRunner(context);
  return runner.withCleanup(async () => {
    const { blockOutChannels, layersPerBlock } = context.source.config;
    const channels = blockOutChannels.toReversed();
    let map = splitIntoStrips(await runner.middle('decoder', latents), context.plan.rows);
    const last = channels.length - 1;
    for (let level = 0; level <= last; level++) {
      const name = `decoder.up_blocks.${level}`;
      for (let i = 0; i <= layersPerBlock; i++) {
        map = await runner.resnet(map, `${name}.resnets.${i}`, channels[level]);
      }
      if (level === last) break;
      map = await runner.conv(map, {
        conv: `${name}.upsamplers.0.conv`,
        channels: channels[level],
        resize: 'double',
      });
    }
    const segment = {
      conv: 'decoder.conv_out',
      channels: channels[last],
      norm: 'decoder.conv_norm_out',
    };
    return joined(await runner.conv(map, segment, true));
  });
}

/** Runs the segments for one picture and owns its resident tensors. */
class StripRunner {
  readonly #context: StripContext;
  readonly #tensors = new ResidentTensors();

  constructor(context: StripContext) {
    this.#context = context;
  }

  /** Runs `work` and then frees all resident tensors, also after an error. */
  async withCleanup<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      this.#tensors.dispose();
    }
  }

  /** A resnet: two convolutions and the skip connection. Frees `x`. @param isLast see {@link conv} */
  async resnet(x: StripMap, name: string, channels: number, isLast = false): Promise<StripMap> {
    const first = { conv: `${name}.conv1`, norm: `${name}.norm1`, channels: x.channels };
    const inner = await this.#each(x, first, channels, false);
    const shortcut = x.channels === channels ? undefined : `${name}.conv_shortcut`;
    const skip = { channels: x.channels, shortcut };
    const second = { conv: `${name}.conv2`, norm: `${name}.norm2`, channels, skip };
    const out = await this.#each(inner, second, channels, isLast, x);
    this.#freeMap(inner);
    this.#freeMap(x);
    return out;
  }

  /**
   * One convolution. Its weight gives the number of output channels. Frees `x`.
   * @param isLast whether no segment follows, so that the result goes to main memory
   */
  async conv(x: StripMap, segment: ConvSegment, isLast = false): Promise<StripMap> {
    const channels = this.#context.source.weights.get(`${segment.conv}.weight`)?.shape[0] ?? segment.channels;
    const out = await this.#each(x, segment, channels, isLast);
    this.#freeMap(x);
    return out;
  }

  /** The middle blocks of the encoder or decoder, on a whole map in main memory. */
  async middle(part: 'encoder' | 'decoder', map: Planes): Promise<Planes> {
    const { source, plan, sessions } = this.#context;
    this.#checkAbort();
    const entry = await sessions.open(middleEntryGraph, { ...source, part });
    const { x, q, k, v } = await entry.run({ map: planesTensor(map) });
    for (const tensor of [x, k, v]) this.#tensors.hold(tensor);
    const [, pixels, channels] = q.dims;
    const values = floatsOf(q);
    this.#checkAbort();
    const attention = await sessions.open(middleAttentionGraph, source);
    const attended = new Float32Array(values.length);
    for (let from = 0; from < pixels; from += plan.queries) {
      this.#checkAbort();
      const count = Math.min(plan.queries, pixels - from);
      const queries = values.subarray(from * channels, (from + count) * channels);
      const { out } = await attention.run({ q: float32Tensor([1, count, channels], queries), k, v });
      attended.set(floatsOf(out), from * channels);
    }
    this.#free(k, v);
    this.#checkAbort();
    const exit = await sessions.open(middleExitGraph, { ...source, part });
    const { out } = await exit.run({
      x,
      attended: float32Tensor([1, pixels, channels], attended),
      middle_shape: int64Tensor(x.dims),
    });
    this.#free(x);
    return planesOf(out);
  }

  /** Runs a segment on every strip. Frees the body of a strip as soon as no other segment needs it. */
  async #each(
    x: StripMap,
    segment: ConvSegment,
    channels: number,
    isLast: boolean,
    skip?: StripMap,
  ): Promise<StripMap> {
    const norm = this.#normFeeds(x, segment);
    const strips: Strip[] = [];
    for (const [i, strip] of x.strips.entries()) {
      const above = x.strips[i - 1]?.last;
      const below = x.strips[i + 1]?.first;
      const zeros = () => float32Tensor([1, x.channels, 1, x.width], new Float32Array(x.channels * x.width));
      const inside = float32Tensor([2, 1, 1, 1], Float32Array.of(above ? 1 : 0, below ? 1 : 0));
      const feeds = {
        rows: strip.body,
        above: segment.resize === 'halve' ? [] : [above ?? zeros()],
        below: below ?? zeros(),
        mean: norm ? [norm.mean] : [],
        inverse: norm ? [norm.inverse] : [],
        inside: norm ? [inside] : [],
        skip: skip ? [skip.strips[i].body] : [],
      };
      strips.push(await (isLast ? this.#runLast(segment, feeds) : this.#run(segment, feeds)));
      // The skip connection of a resnet still needs the input of its first convolution.
      if (skip || segment.resize) this.#free(strip.body);
      if (skip) this.#free(skip.strips[i].body);
    }
    const width = strips[0].body.dims[3];
    return { channels, width, strips };
  }

  async #run(segment: ConvSegment, feeds: SegmentFeeds): Promise<Strip> {
    this.#checkAbort();
    const session = await this.#context.sessions.open(convSegmentGraph, { ...this.#context.source, segment });
    const { out, first, last, means, variances } = await session.run(feeds);
    for (const tensor of [out, first, last]) this.#tensors.hold(tensor);
    return { body: out, first, last, moments: { means: floatsOf(means), variances: floatsOf(variances) } };
  }

  async #runLast(segment: ConvSegment, feeds: SegmentFeeds): Promise<Strip> {
    this.#checkAbort();
    const session = await this.#context.sessions.open(lastSegmentGraph, { ...this.#context.source, segment });
    const { out } = await session.run(feeds);
    return { body: out, first: undefined, last: undefined, moments: undefined };
  }

  /** The moments of a norm over all strips. Undefined for a segment without a norm. */
  #normFeeds(x: StripMap, { norm, channels }: ConvSegment) {
    if (norm === undefined) return undefined;
    const parts = x.strips.map(({ moments }) => {
      if (!moments) throw new Error(`${norm}: its strips have no moments`);
      return moments;
    });
    const { mean, inverse } = normMoments(
      parts,
      channels,
      this.#context.source.config.normNumGroups,
      NORM_EPS,
    );
    const dims = [channels, 1, 1];
    return { mean: float32Tensor(dims, mean), inverse: float32Tensor(dims, inverse) };
  }

  #checkAbort(): void {
    this.#context.signal?.throwIfAborted();
  }

  #freeMap({ strips }: StripMap): void {
    for (const { body, first, last } of strips) this.#free(body, first, last);
  }

  #free(...tensors: readonly (Tensor | undefined)[]): void {
    for (const tensor of tensors) if (tensor && 'dispose' in tensor) this.#tensors.free(tensor);
  }
}

/** The planes of a map whose strips are in main memory. */
function joined({ strips }: StripMap): Planes {
  return concatRows(
    strips.map(({ body }) => {
      if (!('data' in body)) throw new Error('a strip is still on the device');
      return planesOf(body);
    }),
  );
}

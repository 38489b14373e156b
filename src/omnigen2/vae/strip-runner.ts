/**
 * Encodes and decodes pictures that are too large for one run, strip by strip, with the values of one run.
 *
 * The strips of a feature map stay on the device. Convolutions read the adjacent rows of the neighbouring
 * strips. Group norms use moments over all strips, which are collected while the strips are computed. The
 * middle blocks, at a sixty-fourth of the pixels, run on the whole map; only their attention runs on some
 * queries at a time.
 */

import type { Size } from '../../pictures/image.ts';
import type { GraphSession, HostTensor, ResidentTensor } from '../../runtime/types.ts';
import { float32Data, float32Tensor } from '../float32.ts';
import { NORM_EPS } from '../graphs/vae-blocks.ts';
import type { VaeGraphSource } from '../graphs/vae-encoder.ts';
import {
  type ConvSegment,
  convSegmentGraph,
  middleAttentionGraph,
  middleEntryGraph,
  middleExitGraph,
} from '../graphs/vae-segments.ts';
import { ResidentTensors } from '../resident-tensors.ts';
import type { Sessions } from '../sessions.ts';
import { concatRows, type Planes } from './planes.ts';
import type { StripPlan } from './strip-plan.ts';
import {
  normMoments,
  planesTensor,
  type RowMoments,
  type Strip,
  type StripMap,
  splitIntoStrips,
} from './strips.ts';

type Tensor = HostTensor | ResidentTensor;

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
      withMoments: true,
      toHost: false,
    });
    const last = channels.length - 1;
    for (let level = 0; level <= last; level++) {
      const name = `encoder.down_blocks.${level}`;
      for (let i = 0; i < layersPerBlock; i++) {
        const ends = i === layersPerBlock - 1;
        map = await runner.resnet(map, `${name}.resnets.${i}`, channels[level], {
          withMoments: !ends,
          toHost: ends && level === last,
        });
      }
      if (level === last) break;
      map = await runner.conv(map, {
        conv: `${name}.downsamplers.0.conv`,
        channels: channels[level],
        resize: 'halve',
        withMoments: true,
        toHost: false,
      });
    }
    return runner.middle('encoder', planesOf(map));
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
        const withMoments = i < layersPerBlock || level === last;
        map = await runner.resnet(map, `${name}.resnets.${i}`, channels[level], {
          withMoments,
          toHost: false,
        });
      }
      if (level === last) break;
      map = await runner.conv(map, {
        conv: `${name}.upsamplers.0.conv`,
        channels: channels[level],
        resize: 'double',
        withMoments: true,
        toHost: false,
      });
    }
    const out = await runner.conv(map, {
      conv: 'decoder.conv_out',
      channels: channels[last],
      norm: 'decoder.conv_norm_out',
      withMoments: false,
      toHost: true,
    });
    return planesOf(out);
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

  /** A resnet: two convolutions and the skip connection. Frees `x`. */
  async resnet(
    x: StripMap,
    name: string,
    channels: number,
    result: Pick<ConvSegment, 'withMoments' | 'toHost'>,
  ): Promise<StripMap> {
    const inner = await this.#each(
      x,
      {
        conv: `${name}.conv1`,
        norm: `${name}.norm1`,
        channels: x.channels,
        withMoments: true,
        toHost: false,
      },
      channels,
    );
    const shortcut = x.channels === channels ? undefined : `${name}.conv_shortcut`;
    const out = await this.#each(
      inner,
      {
        conv: `${name}.conv2`,
        norm: `${name}.norm2`,
        channels,
        skip: { channels: x.channels, shortcut },
        ...result,
      },
      channels,
      x,
    );
    this.#freeMap(inner);
    this.#freeMap(x);
    return out;
  }

  /** One convolution. Its weight gives the number of output channels. Frees `x`. */
  async conv(x: StripMap, segment: ConvSegment): Promise<StripMap> {
    const channels = this.#context.source.weights.get(`${segment.conv}.weight`)?.shape[0] ?? segment.channels;
    const out = await this.#each(x, segment, channels);
    this.#freeMap(x);
    return out;
  }

  /** The middle blocks of the encoder or decoder, on a whole map in main memory. */
  async middle(part: 'encoder' | 'decoder', map: Planes): Promise<Planes> {
    const { source, plan } = this.#context;
    const entry = await this.#session(`${part} middle entry`, () => middleEntryGraph(source, part));
    const { outputs, resident } = await this.#run(entry, { map: planesTensor(map) });
    const { x, k, v } = resident;
    const q = float32Data(outputs, 'q');
    const [, pixels, channels] = outputs.q.dims;
    const attention = await this.#session('middle attention', () => middleAttentionGraph(source));
    const attended = new Float32Array(q.length);
    for (let from = 0; from < pixels; from += plan.queries) {
      const count = Math.min(plan.queries, pixels - from);
      const queries = q.subarray(from * channels, (from + count) * channels);
      const part = await this.#run(attention, { q: float32Tensor([1, count, channels], queries), k, v });
      attended.set(float32Data(part.outputs, 'out'), from * channels);
    }
    this.#free(k, v);
    const exit = await this.#session(`${part} middle exit`, () => middleExitGraph(source, part));
    const result = await this.#run(exit, {
      x,
      attended: float32Tensor([1, pixels, channels], attended),
      middle_shape: { type: 'int64', dims: [4], data: BigInt64Array.from(x.dims.map(BigInt)) },
    });
    this.#free(x);
    return outputPlanes(result.outputs);
  }

  /** Runs a segment on every strip. Frees the body of a strip as soon as no other segment needs it. */
  async #each(x: StripMap, segment: ConvSegment, channels: number, skip?: StripMap): Promise<StripMap> {
    const session = await this.#session(segment.conv, () => convSegmentGraph(this.#context.source, segment));
    const moments = this.#normInputs(x, segment);
    const strips: Strip[] = [];
    for (const [i, strip] of x.strips.entries()) {
      const above = x.strips[i - 1]?.last;
      const below = x.strips[i + 1]?.first;
      const zeros = () => float32Tensor([1, x.channels, 1, x.width], new Float32Array(x.channels * x.width));
      const inside = Float32Array.of(above ? 1 : 0, below ? 1 : 0);
      const { outputs, resident } = await this.#run(session, {
        rows: strip.body,
        above: above ?? zeros(),
        below: below ?? zeros(),
        inside: float32Tensor([2, 1, 1, 1], inside),
        ...moments,
        ...(skip ? { skip: skip.strips[i].body } : {}),
      });
      // The skip connection of a resnet still needs the input of its first convolution.
      if (skip || segment.resize) this.#free(strip.body);
      if (skip) this.#free(skip.strips[i].body);
      strips.push({
        body: segment.toHost ? outputs.out : resident.out,
        first: resident.first,
        last: resident.last,
        moments: segment.withMoments ? rowMomentsOf(outputs) : undefined,
      });
    }
    const width = strips[0].body.dims[3];
    return { channels, width, strips };
  }

  /** The inputs of a segment with a norm. */
  #normInputs(x: StripMap, { norm, channels }: ConvSegment): Record<string, HostTensor> {
    if (norm === undefined) return {};
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

  #session(key: string, build: Parameters<Sessions['get']>[1]): Promise<GraphSession> {
    this.#context.signal?.throwIfAborted();
    return this.#context.sessions.get(key, build);
  }

  async #run(session: GraphSession, inputs: Record<string, Tensor>) {
    this.#context.signal?.throwIfAborted();
    const result = await session.runResident(inputs);
    for (const tensor of Object.values(result.resident)) this.#tensors.hold(tensor);
    return result;
  }

  #freeMap({ strips }: StripMap): void {
    for (const { body, first, last } of strips) this.#free(body, first, last);
  }

  #free(...tensors: readonly (Tensor | undefined)[]): void {
    for (const tensor of tensors) if (tensor && 'dispose' in tensor) this.#tensors.free(tensor);
  }
}

function rowMomentsOf(outputs: Readonly<Record<string, HostTensor>>): RowMoments {
  return { means: float32Data(outputs, 'means'), variances: float32Data(outputs, 'variances') };
}

function outputPlanes(outputs: Readonly<Record<string, HostTensor>>): Planes {
  const [, channels, height, width] = outputs.out.dims;
  return { channels, height, width, data: float32Data(outputs, 'out') };
}

/** The planes of a map whose strips are in main memory. */
function planesOf({ strips }: StripMap): Planes {
  return concatRows(
    strips.map(({ body }) => {
      if (!('data' in body)) throw new Error('a strip is still on the device');
      return outputPlanes({ out: body });
    }),
  );
}

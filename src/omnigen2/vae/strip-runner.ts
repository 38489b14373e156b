/**
 * The autoencoder on pictures too large for one run, with the values that one run would give.
 *
 * Feature maps stay on the device in strips. Convolutions see the neighbouring rows of the strips beside theirs; group
 * norms take their moments from all strips, collected while the strips are computed. The middle is small, a sixty-fourth
 * of the pixels, and runs whole, but for its attention, where some pixels at a time look at all.
 */

import type { Size } from '../../pictures/image.ts';
import type { GraphSession, HostTensor, ResidentTensor } from '../../runtime/types.ts';
import { float32Data, float32Tensor } from '../float32.ts';
import { NORM_EPS } from '../graphs/vae-blocks.ts';
import type { VaeGraphSource } from '../graphs/vae-encoder.ts';
import {
  attendMiddle,
  type ConvSegment,
  convSegment,
  enterMiddle,
  leaveMiddle,
} from '../graphs/vae-segments.ts';
import { ResidentTensors } from '../resident-tensors.ts';
import type { Sessions } from '../sessions.ts';
import { below, type Planes } from './planes.ts';
import type { StripPlan } from './strip-plan.ts';
import { mapOf, normMoments, type RowMoments, type Strip, type StripMap, stripsOf } from './strips.ts';

type Tensor = HostTensor | ResidentTensor;

/** What a picture is worked on with. */
export interface StripWork {
  readonly parts: VaeGraphSource;
  readonly sessions: Sessions;
  readonly plan: StripPlan;
  /** Heard between runs. */
  readonly signal?: AbortSignal;
}

/**
 * Moments of the latents of a picture, as the encoder's graph gives them.
 * @param latents their size
 * @throws AbortError soon after an abort; nothing stays on the device
 */
export async function encodeInStrips(work: StripWork, pixels: Planes, latents: Size): Promise<Planes> {
  const run = new StripRun(work);
  return run.toEnd(async () => {
    const { downscaleFactor, inChannels } = work.parts.config;
    const { blockOutChannels: channels, layersPerBlock } = work.parts.config;
    const heights = work.plan.rows.map((rows) => rows * downscaleFactor);
    // Rows that make up no whole row of latents are seen by those above them.
    heights[heights.length - 1] += pixels.height - latents.height * downscaleFactor;
    let map = await run.conv(stripsOf(pixels, heights), {
      conv: 'encoder.conv_in',
      channels: inChannels,
      measured: true,
      leaves: false,
    });
    const last = channels.length - 1;
    for (let level = 0; level <= last; level++) {
      const name = `encoder.down_blocks.${level}`;
      for (let i = 0; i < layersPerBlock; i++) {
        const ends = i === layersPerBlock - 1;
        map = await run.resnet(map, `${name}.resnets.${i}`, channels[level], {
          measured: !ends,
          leaves: ends && level === last,
        });
      }
      if (level === last) break;
      map = await run.conv(map, {
        conv: `${name}.downsamplers.0.conv`,
        channels: channels[level],
        resize: 'halve',
        measured: true,
        leaves: false,
      });
    }
    return run.middle('encoder', planesOf(map));
  });
}

/** The pixels of latents, as the decoder's graph gives them. Throws as {@link encodeInStrips}. */
export async function decodeInStrips(work: StripWork, latents: Planes): Promise<Planes> {
  const run = new StripRun(work);
  return run.toEnd(async () => {
    const { blockOutChannels, layersPerBlock } = work.parts.config;
    const channels = blockOutChannels.toReversed();
    let map = stripsOf(await run.middle('decoder', latents), work.plan.rows);
    const last = channels.length - 1;
    for (let level = 0; level <= last; level++) {
      const name = `decoder.up_blocks.${level}`;
      for (let i = 0; i <= layersPerBlock; i++) {
        const measured = i < layersPerBlock || level === last;
        map = await run.resnet(map, `${name}.resnets.${i}`, channels[level], { measured, leaves: false });
      }
      if (level === last) break;
      map = await run.conv(map, {
        conv: `${name}.upsamplers.0.conv`,
        channels: channels[level],
        resize: 'double',
        measured: true,
        leaves: false,
      });
    }
    const out = await run.conv(map, {
      conv: 'decoder.conv_out',
      channels: channels[last],
      norm: 'decoder.conv_norm_out',
      measured: false,
      leaves: true,
    });
    return planesOf(out);
  });
}

/** The work on one picture. It holds what lies on the device. */
class StripRun {
  readonly #work: StripWork;
  readonly #held = new ResidentTensors();

  constructor(work: StripWork) {
    this.#work = work;
  }

  /** Does the work and frees whatever of it is left on the device, however it ends. */
  async toEnd<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      this.#held.dispose();
    }
  }

  /** Two convolutions and the way around them. Uses `x` up. */
  async resnet(
    x: StripMap,
    name: string,
    channels: number,
    result: Pick<ConvSegment, 'measured' | 'leaves'>,
  ): Promise<StripMap> {
    const inner = await this.#each(
      x,
      { conv: `${name}.conv1`, norm: `${name}.norm1`, channels: x.channels, measured: true, leaves: false },
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

  /** One convolution, which gives as many channels as its weight has rows. Uses `x` up. */
  async conv(x: StripMap, segment: ConvSegment): Promise<StripMap> {
    const channels = this.#work.parts.weights.get(`${segment.conv}.weight`)?.shape[0] ?? segment.channels;
    const out = await this.#each(x, segment, channels);
    this.#freeMap(x);
    return out;
  }

  /** The middle of the encoder or the decoder on a map in main memory. */
  async middle(part: 'encoder' | 'decoder', map: Planes): Promise<Planes> {
    const { parts, plan } = this.#work;
    const enter = await this.#session(`${part} enter`, () => enterMiddle(parts, part));
    const { outputs, resident } = await this.#run(enter, { map: mapOf(map) });
    const { x, k, v } = resident;
    const q = float32Data(outputs, 'q');
    const [, pixels, channels] = outputs.q.dims;
    const attend = await this.#session('attend', () => attendMiddle(parts));
    const attended = new Float32Array(q.length);
    for (let from = 0; from < pixels; from += plan.queries) {
      const count = Math.min(plan.queries, pixels - from);
      const some = q.subarray(from * channels, (from + count) * channels);
      const seen = await this.#run(attend, { q: float32Tensor([1, count, channels], some), k, v });
      attended.set(float32Data(seen.outputs, 'out'), from * channels);
    }
    this.#free(k, v);
    const leave = await this.#session(`${part} leave`, () => leaveMiddle(parts, part));
    const left = await this.#run(leave, {
      x,
      attended: float32Tensor([1, pixels, channels], attended),
      middle_shape: { type: 'int64', dims: [4], data: BigInt64Array.from(x.dims.map(BigInt)) },
    });
    this.#free(x);
    return outputPlanes(left.outputs);
  }

  /** Runs a segment on every strip. Bodies of strips are freed as soon as no other segment needs them. */
  async #each(x: StripMap, segment: ConvSegment, channels: number, skip?: StripMap): Promise<StripMap> {
    const session = await this.#session(segment.conv, () => convSegment(this.#work.parts, segment));
    const moments = this.#momentsOf(x, segment);
    const strips: Strip[] = [];
    for (const [i, strip] of x.strips.entries()) {
      const above = x.strips[i - 1]?.last;
      const beneath = x.strips[i + 1]?.first;
      const outside = () =>
        float32Tensor([1, x.channels, 1, x.width], new Float32Array(x.channels * x.width));
      const inside = Float32Array.of(above ? 1 : 0, beneath ? 1 : 0);
      const { outputs, resident } = await this.#run(session, {
        rows: strip.body,
        above: above ?? outside(),
        below: beneath ?? outside(),
        inside: float32Tensor([2, 1, 1, 1], inside),
        ...moments,
        ...(skip ? { skip: skip.strips[i].body } : {}),
      });
      // The first convolution of a resnet leaves its strips for the second to go around it.
      if (skip || segment.resize) this.#free(strip.body);
      if (skip) this.#free(skip.strips[i].body);
      strips.push({
        body: segment.leaves ? outputs.out : resident.out,
        first: resident.first,
        last: resident.last,
        moments: segment.measured ? rowMomentsOf(outputs) : undefined,
      });
    }
    const width = strips[0].body.dims[3];
    return { channels, width, strips };
  }

  /** The moments that a segment's norm needs, as its inputs. */
  #momentsOf(x: StripMap, { norm, channels }: ConvSegment): Record<string, HostTensor> {
    if (norm === undefined) return {};
    const parts = x.strips.map(({ moments }) => {
      if (!moments) throw new Error(`${norm}: its strips were not measured`);
      return moments;
    });
    const { mean, inverse } = normMoments(parts, channels, this.#work.parts.config.normNumGroups, NORM_EPS);
    const dims = [channels, 1, 1];
    return { mean: float32Tensor(dims, mean), inverse: float32Tensor(dims, inverse) };
  }

  #session(key: string, build: Parameters<Sessions['get']>[1]): Promise<GraphSession> {
    this.#work.signal?.throwIfAborted();
    return this.#work.sessions.get(key, build);
  }

  async #run(session: GraphSession, inputs: Record<string, Tensor>) {
    this.#work.signal?.throwIfAborted();
    const given = await session.runResident(inputs);
    for (const tensor of Object.values(given.resident)) this.#held.hold(tensor);
    return given;
  }

  #freeMap({ strips }: StripMap): void {
    for (const { body, first, last } of strips) this.#free(body, first, last);
  }

  #free(...tensors: readonly (Tensor | undefined)[]): void {
    for (const tensor of tensors) if (tensor && 'dispose' in tensor) this.#held.free(tensor);
  }
}

function rowMomentsOf(outputs: Readonly<Record<string, HostTensor>>): RowMoments {
  return { means: float32Data(outputs, 'means'), variances: float32Data(outputs, 'variances') };
}

function outputPlanes(outputs: Readonly<Record<string, HostTensor>>): Planes {
  const [, channels, height, width] = outputs.out.dims;
  return { channels, height, width, data: float32Data(outputs, 'out') };
}

/** A map whose strips have left the device. */
function planesOf({ strips }: StripMap): Planes {
  return below(
    strips.map(({ body }) => {
      if (!('data' in body)) throw new Error('a strip is still on the device');
      return outputPlanes({ out: body });
    }),
  );
}

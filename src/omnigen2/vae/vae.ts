/**
 * The picture autoencoder: pixels to latents and back.
 * Source of the rules: diffusers `models/autoencoders/autoencoder_kl.py`; OmniGen2 `pipeline_omnigen2.py`, encode_vae and
 * processing
 */

import type { VaeConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { Size } from '../../pictures/image.ts';
import type { HostTensor, Runtime, WeightBytes } from '../../runtime/types.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { attentionWork } from '../diffusion/attention-parts.ts';
import type { Latents } from '../diffusion/latents.ts';
import { disposeAll } from '../dispose.ts';
import { finite } from '../finite.ts';
import { float32Data } from '../float32.ts';
import type { Numerics } from '../graphs/layers.ts';
import { decoderGraph } from '../graphs/vae-decoder.ts';
import { encoderGraph, type VaeGraphSource } from '../graphs/vae-encoder.ts';
import type { Pixels } from '../pixels.ts';
import { CachedFiles, Sessions } from '../sessions.ts';
import type { Planes } from './planes.ts';
import { planStrips, type StripPlan } from './strip-plan.ts';
import { decodeInStrips, encodeInStrips, type StripWork } from './strip-runner.ts';
import { mapOf } from './strips.ts';
import { planTiles, runTiled } from './tiling.ts';

/** What an autoencoder is opened from. */
export interface VaeSource {
  readonly component: { readonly config: VaeConfig; readonly weights: WeightIndex };
  readonly bytes: WeightBytes;
}

/** Mean and logarithm of the variance of each latent value. */
export interface Posterior {
  readonly mean: Latents;
  /** Clamped to -30..20. Source: diffusers `vae.py`, DiagonalGaussianDistribution */
  readonly logvar: Latents;
}

/** What references are read as: drawn from what the encoder gives, as the official pipeline does, or its mean. */
export const POSTERIORS = ['sample', 'mean'] as const;
export type PosteriorChoice = (typeof POSTERIORS)[number];

/** How large pictures are cut. */
export interface VaeOptions {
  /**
   * Pictures in which a buffer on the device would be larger are worked on in strips, which changes no value. 64 MiB
   * by default.
   */
  readonly maxBufferBytes?: number;
  /**
   * The official way to save memory, which changes values: pictures with a longer side, in pixels, are worked on in
   * overlapping tiles of this side. A quarter of it must be whole latent pixels. Without it there are no tiles.
   */
  readonly tileSide?: number;
  /** Heard between runs. */
  readonly signal?: AbortSignal;
}

const [MIN_LOGVAR, MAX_LOGVAR] = [-30, 20];

export class Vae {
  readonly config: VaeConfig;
  readonly #parts: VaeGraphSource;
  readonly #sessions: Sessions;
  readonly #stripFiles: CachedFiles;
  readonly #stripSessions: Sessions;
  /** Most of one attention; see {@link attentionWork}. */
  readonly #attentionWork: number;

  private constructor(runtime: Runtime, { component, bytes }: VaeSource, numerics: Numerics) {
    const { config, weights } = component;
    this.config = config;
    this.#parts = { config, weights, numerics };
    this.#sessions = new Sessions(runtime, bytes);
    this.#stripFiles = new CachedFiles(bytes);
    this.#stripSessions = new Sessions(runtime, this.#stripFiles);
    this.#attentionWork = attentionWork(runtime.backend);
  }

  /**
   * Opens the decoder; the encoder follows with the first picture to read.
   * @throws OmniError `device` if it does not fit
   */
  static async open(runtime: Runtime, source: VaeSource, numerics: Numerics): Promise<Vae> {
    const autoencoder = new Vae(runtime, source, numerics);
    await autoencoder.#openDecoder();
    return autoencoder;
  }

  /** The latents of a picture of `size` pixels, without their values. */
  latentShape({ width, height }: Size): Omit<Latents, 'data'> {
    const { downscaleFactor, latentChannels } = this.config;
    return {
      channels: latentChannels,
      height: Math.floor(height / downscaleFactor),
      width: Math.floor(width / downscaleFactor),
    };
  }

  /**
   * Reads a picture, `[3, height, width]` in -1..1.
   * @throws OmniError `bad_image` if a side is shorter than one latent pixel; `bad_request` for an impossible tile;
   * AbortError soon after an abort
   */
  async encode({ width, height, data }: Pixels, options: VaeOptions = {}): Promise<Posterior> {
    const { tileSide } = options;
    const { inChannels, downscaleFactor } = this.config;
    if (Math.min(width, height) < downscaleFactor) {
      throw new OmniError({
        code: 'bad_image',
        message: `A picture of ${width} x ${height} pixels is smaller than ${downscaleFactor} x ${downscaleFactor}.`,
        action: 'Use a larger picture.',
      });
    }
    const pixels = { channels: inChannels, height, width, data };
    const moments =
      tileSide !== undefined && Math.max(height, width) > tileSide
        ? await runTiled(pixels, planTiles(tileSide, this.#latentSide(tileSide)), (tile) =>
            this.#moments(tile, options),
          )
        : await this.#moments(pixels, options);
    const half = moments.data.length / 2;
    const shape = { ...moments, channels: moments.channels / 2 };
    return {
      mean: { ...shape, data: moments.data.slice(0, half) },
      logvar: {
        ...shape,
        data: moments.data.slice(half).map((value) => Math.min(Math.max(value, MIN_LOGVAR), MAX_LOGVAR)),
      },
    };
  }

  /**
   * Draws from a posterior.
   * @param noise standard normal numbers, one a value; without them the mean is taken
   */
  sample({ mean, logvar }: Posterior, noise?: Float32Array): Latents {
    if (!noise) return mean;
    const data = mean.data.map((value, i) => value + Math.exp(logvar.data[i] / 2) * noise[i]);
    return { ...mean, data };
  }

  /** Latents of the autoencoder to those that the transformer works on. */
  toTransformer(latents: Latents): Latents {
    const { scalingFactor, shiftFactor } = this.config;
    return { ...latents, data: latents.data.map((value) => (value - shiftFactor) * scalingFactor) };
  }

  /** Latents of the transformer to those of the autoencoder. */
  fromTransformer(latents: Latents): Latents {
    const { scalingFactor, shiftFactor } = this.config;
    return { ...latents, data: latents.data.map((value) => value / scalingFactor + shiftFactor) };
  }

  /** The picture of latents of the autoencoder: `[3, height, width]`, about -1..1 and not clamped. Throws as {@link encode}. */
  async decode(latents: Latents, options: VaeOptions = {}): Promise<Pixels> {
    const { tileSide } = options;
    const inputSide = tileSide === undefined ? Number.POSITIVE_INFINITY : this.#latentSide(tileSide);
    const { height, width, data } =
      tileSide !== undefined && Math.max(latents.height, latents.width) > inputSide
        ? await runTiled(latents, planTiles(inputSide, tileSide), (tile) => this.#pixels(tile, options))
        : await this.#pixels(latents, options);
    return { height, width, data };
  }

  async dispose(): Promise<void> {
    await disposeAll([Promise.resolve(this.#sessions), Promise.resolve(this.#stripSessions)]);
  }

  /** The side of a tile in latent pixels. Tiles overlap by a quarter, which has to be the same on both sides. */
  #latentSide(tileSide: number): number {
    const { downscaleFactor } = this.config;
    const unit = 4 * downscaleFactor;
    if (tileSide <= 0 || tileSide % unit !== 0) {
      throw new OmniError({
        code: 'bad_request',
        message: `Tiles of ${tileSide} pixels do not overlap in whole latent pixels.`,
        action: `Choose a multiple of ${unit}.`,
      });
    }
    return tileSide / downscaleFactor;
  }

  async #moments(pixels: Planes, { maxBufferBytes, signal }: VaeOptions): Promise<Planes> {
    signal?.throwIfAborted();
    const latents = this.latentShape(pixels);
    const plan = planStrips(this.config, latents, { maxBufferBytes, attentionWork: this.#attentionWork });
    if (plan) {
      const moments = await this.#inStrips(plan, signal, (work) => encodeInStrips(work, pixels, latents));
      return checked(moments, 'latents of a reference');
    }
    const session = await this.#sessions.get('encoder', () => encoderGraph(this.#parts));
    const outputs = await session.run({
      pixels: mapOf(pixels),
      middle_shape: this.#middleShape(latents),
    });
    return planesOf(outputs, 'moments', 'latents of a reference');
  }

  async #pixels(latents: Planes, { maxBufferBytes, signal }: VaeOptions): Promise<Planes> {
    signal?.throwIfAborted();
    const plan = planStrips(this.config, latents, { maxBufferBytes, attentionWork: this.#attentionWork });
    if (plan) {
      return checked(await this.#inStrips(plan, signal, (work) => decodeInStrips(work, latents)), 'pixels');
    }
    const session = await this.#openDecoder();
    const outputs = await session.run({
      latents: mapOf(latents),
      middle_shape: this.#middleShape(latents),
    });
    return planesOf(outputs, 'pixels', 'pixels');
  }

  /** Works on one picture in strips. Many small graphs are opened for it, each from a part of the same file. */
  async #inStrips(
    plan: StripPlan,
    signal: AbortSignal | undefined,
    work: (strips: StripWork) => Promise<Planes>,
  ): Promise<Planes> {
    try {
      return await work({ parts: this.#parts, sessions: this.#stripSessions, plan, signal });
    } finally {
      this.#stripFiles.forget();
    }
  }

  /** The shape of the feature maps at the lowest resolution. */
  #middleShape({ height, width }: Size): HostTensor {
    const { blockOutChannels } = this.config;
    const sizes = [1, blockOutChannels[blockOutChannels.length - 1], height, width];
    return { type: 'int64', dims: [4], data: BigInt64Array.from(sizes.map(BigInt)) };
  }

  #openDecoder() {
    return this.#sessions.get('decoder', () => decoderGraph(this.#parts));
  }
}

/** The feature map that a graph gives as `name`. @param what names its values in messages */
function planesOf(outputs: Readonly<Record<string, HostTensor>>, name: string, what: string): Planes {
  const [, channels, height, width] = outputs[name].dims;
  return checked({ channels, height, width, data: float32Data(outputs, name) }, what);
}

function checked(planes: Planes, what: string): Planes {
  return { ...planes, data: finite(planes.data, 'vae', what) };
}

/**
 * The VAE: pixels to latents and back.
 * Source of the rules: diffusers `models/autoencoders/autoencoder_kl.py`; OmniGen2 `pipeline_omnigen2.py`,
 * encode_vae and processing
 */

import type { VaeConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { Size } from '../../pictures/image.ts';
import type { HostTensor, Runtime, WeightBytes } from '../../runtime/types.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { attentionWork } from '../diffusion/attention-parts.ts';
import type { Latents } from '../diffusion/latents.ts';
import { checkFinite } from '../finite.ts';
import type { Numerics } from '../graphs/numerics.ts';
import { decoderGraph } from '../graphs/vae-decoder.ts';
import { encoderGraph, type VaeGraphSource } from '../graphs/vae-encoder.ts';
import { int64Tensor } from '../host-tensors.ts';
import type { Pixels } from '../pixels.ts';
import { type PartResidency, Sessions } from '../sessions.ts';
import type { Planes } from './planes.ts';
import { planStrips, type StripPlan } from './strip-plan.ts';
import { decodeInStrips, encodeInStrips, type StripContext } from './strip-runner.ts';
import { planesOf, planesTensor } from './strips.ts';
import { planTiles, runTiled } from './tiling.ts';

export interface VaeSource {
  readonly component: { readonly config: VaeConfig; readonly weights: WeightIndex };
  readonly numerics: Numerics;
  /** Default: every session stays open. */
  readonly residency?: PartResidency;
  readonly bytes: WeightBytes;
}

/** The normal distribution of each latent value: mean and log variance. */
export interface Posterior {
  readonly mean: Latents;
  /** Clamped to -30..20. Source: diffusers `vae.py`, DiagonalGaussianDistribution */
  readonly logvar: Latents;
}

/** How large pictures are encoded and decoded. */
export interface VaeOptions {
  /**
   * Limit of one buffer on the device. Pictures that need a larger one run in strips, with the same values.
   * Default: 64 MiB.
   */
  readonly maxBufferBytes?: number;
  /**
   * The official way to save memory, which changes values: pictures with a longer side than this, in pixels,
   * run in overlapping tiles of this side. A quarter of it must be whole latent pixels. Default: no tiles.
   */
  readonly tileSide?: number;
  /** Checked before each run. */
  readonly signal?: AbortSignal;
}

const [MIN_LOGVAR, MAX_LOGVAR] = [-30, 20];

/**
 * The VAE of a checkpoint.
 *
 * @example
 * const vae = await model.vae();
 * const { mean } = await vae.encode(toPixels(picture));
 * const decoded = toRgbImage(await vae.decode(mean));
 */
export class Vae {
  readonly config: VaeConfig;
  readonly #source: VaeGraphSource;
  readonly #sessions: Sessions;
  /** Limit of one attention run; see {@link attentionWork}. */
  readonly #attentionWork: number;

  /** Its graphs are opened on first use. */
  constructor(runtime: Runtime, { component, bytes, numerics, residency }: VaeSource) {
    const { config, weights } = component;
    this.config = config;
    this.#source = { config, weights, numerics };
    this.#sessions = new Sessions(runtime, bytes, residency);
    this.#attentionWork = attentionWork(runtime.backend);
  }

  /** The shape of the latents of a picture of this size in pixels. */
  latentShape({ width, height }: Size): Omit<Latents, 'data'> {
    const { downscaleFactor, latentChannels } = this.config;
    return {
      channels: latentChannels,
      height: Math.floor(height / downscaleFactor),
      width: Math.floor(width / downscaleFactor),
    };
  }

  /**
   * Encodes pixels `[3, height, width]`, -1 … 1.
   * @returns mean and log variance, each `[latentChannels, h, w]`, in the scale of the VAE: see
   *   {@link toTransformer}
   * @throws OmniError `bad_image` if a side is shorter than one latent pixel, `bad_request` for an invalid
   *   `tileSide`, `bad_checkpoint` for NaN or infinity in the result; AbortError within one run of an abort
   */
  async encode({ width, height, data }: Pixels, options: VaeOptions = {}): Promise<Posterior> {
    const { tileSide } = options;
    const { inChannels, downscaleFactor } = this.config;
    if (Math.min(width, height) < downscaleFactor) {
      throw new OmniError({
        code: 'bad_image',
        message: `A picture of ${width} × ${height} pixels is smaller than ${downscaleFactor} × ${downscaleFactor}.`,
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
   * Samples latents from a posterior.
   * @param noise standard normal numbers, one per value; without it the result is the mean
   */
  sample({ mean, logvar }: Posterior, noise?: Float32Array): Latents {
    if (!noise) return mean;
    const data = mean.data.map((value, i) => value + Math.exp(logvar.data[i] / 2) * noise[i]);
    return { ...mean, data };
  }

  /** Scales latents of the VAE for the transformer: (x - shiftFactor) * scalingFactor. */
  toTransformer(latents: Latents): Latents {
    const { scalingFactor, shiftFactor } = this.config;
    return { ...latents, data: latents.data.map((value) => (value - shiftFactor) * scalingFactor) };
  }

  /** Scales latents of the transformer for the VAE: the inverse of {@link toTransformer}. */
  fromTransformer(latents: Latents): Latents {
    const { scalingFactor, shiftFactor } = this.config;
    return { ...latents, data: latents.data.map((value) => value / scalingFactor + shiftFactor) };
  }

  /**
   * Decodes latents `[latentChannels, h, w]` in the scale of the VAE.
   * @returns pixels `[3, height, width]`, about -1 … 1, not clamped
   * @throws OmniError `bad_request` for an invalid `tileSide`, `bad_checkpoint` for NaN or infinity in the
   *   result; AbortError within one run of an abort
   */
  async decode(latents: Latents, options: VaeOptions = {}): Promise<Pixels> {
    const { tileSide } = options;
    const inputSide = tileSide === undefined ? Number.POSITIVE_INFINITY : this.#latentSide(tileSide);
    const { height, width, data } =
      tileSide !== undefined && Math.max(latents.height, latents.width) > inputSide
        ? await runTiled(latents, planTiles(inputSide, tileSide), (tile) => this.#pixels(tile, options))
        : await this.#pixels(latents, options);
    return { height, width, data };
  }

  dispose(): Promise<void> {
    return this.#sessions.dispose();
  }

  /** The side of a tile in latent pixels. The overlap of a quarter must be whole latent pixels. */
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
      const moments = await this.#inStrips(plan, signal, (strips) => encodeInStrips(strips, pixels, latents));
      return checked(moments, 'latents of a reference');
    }
    const session = await this.#sessions.open(encoderGraph, this.#source);
    const { moments } = await session.run({
      pixels: planesTensor(pixels),
      middle_shape: this.#middleShape(latents),
    });
    return checked(planesOf(moments), 'latents of a reference');
  }

  async #pixels(latents: Planes, { maxBufferBytes, signal }: VaeOptions): Promise<Planes> {
    signal?.throwIfAborted();
    const plan = planStrips(this.config, latents, { maxBufferBytes, attentionWork: this.#attentionWork });
    if (plan) {
      return checked(
        await this.#inStrips(plan, signal, (strips) => decodeInStrips(strips, latents)),
        'pixels',
      );
    }
    const session = await this.#sessions.open(decoderGraph, this.#source);
    const { pixels } = await session.run({
      latents: planesTensor(latents),
      middle_shape: this.#middleShape(latents),
    });
    return checked(planesOf(pixels), 'pixels');
  }

  /** Runs one picture in strips. */
  #inStrips(
    plan: StripPlan,
    signal: AbortSignal | undefined,
    run: (strips: StripContext) => Promise<Planes>,
  ): Promise<Planes> {
    return run({ source: this.#source, sessions: this.#sessions, plan, signal });
  }

  /** The shape of the feature maps at the lowest resolution. */
  #middleShape({ height, width }: Size): HostTensor {
    const { blockOutChannels } = this.config;
    const sizes = [1, blockOutChannels[blockOutChannels.length - 1], height, width];
    return int64Tensor(sizes);
  }
}

function checked(planes: Planes, what: string): Planes {
  return { ...planes, data: checkFinite(planes.data, 'vae', what) };
}

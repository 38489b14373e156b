/** Conversion between pictures and tensors. */

import type { RgbImage } from '../pictures/image.ts';
import { resample } from '../pictures/resample.ts';
import { type ReferenceLimits, referenceSize, roundHalfEven } from './sizes.ts';

/** Pixels `[1, 3, height, width]` of the VAE, -1 … 1. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

const CHANNELS = 3;

/** A picture as pixels. Source: diffusers VaeImageProcessor.normalize */
export function toPixels({ width, height, data }: RgbImage): Pixels {
  const values = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level / 255) * 2 - 1);
  const area = width * height;
  const pixels = new Float32Array(CHANNELS * area);
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      pixels[channel * area + i] = values[data[CHANNELS * i + channel]];
    }
  }
  return { width, height, data: pixels };
}

/**
 * Resizes a reference picture to the size at which it is encoded. Returns `image` if it has that size.
 * Source: omnigen2/pipelines/image_processor.py, OmniGen2ImageProcessor.preprocess
 * @throws OmniError `bad_image` if it is too narrow
 */
export function resizeReference(image: RgbImage, limits: ReferenceLimits, name?: string): RgbImage {
  const { width, height } = referenceSize(image, limits, name);
  return resample(image, width, height, 'lanczos');
}

/**
 * A reference picture as pixels for the VAE, resized within the limits.
 * Source: omnigen2/pipelines/image_processor.py, OmniGen2ImageProcessor.preprocess
 * @throws OmniError `bad_image` if it is too narrow
 */
export function referencePixels(image: RgbImage, limits: ReferenceLimits, name?: string): Pixels {
  return toPixels(resizeReference(image, limits, name));
}

/** The two source pixels of each target pixel, and their weights. */
interface Interpolation {
  readonly below: Int32Array;
  readonly above: Int32Array;
  /** The weight of `above`; that of `below` is the rest to 1. */
  readonly weight: Float32Array;
}

/**
 * Resizes bilinearly without antialiasing.
 * Source: torch.nn.functional.interpolate(mode="bilinear", align_corners=False, antialias=False)
 */
export function resizeBilinear(pixels: Pixels, width: number, height: number): Pixels {
  if (width === pixels.width && height === pixels.height) return pixels;
  const columns = interpolation(pixels.width, width);
  const rows = interpolation(pixels.height, height);
  const planes = pixels.data.length / (pixels.width * pixels.height);
  const data = new Float32Array(planes * width * height);
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    const start = plane * pixels.width * pixels.height;
    for (let y = 0; y < height; y++) {
      const upper = start + rows.below[y] * pixels.width;
      const lower = start + rows.above[y] * pixels.width;
      const down = rows.weight[y];
      for (let x = 0; x < width; x++) {
        const left = columns.below[x];
        const right = columns.above[x];
        const across = columns.weight[x];
        const top = (1 - across) * pixels.data[upper + left] + across * pixels.data[upper + right];
        const bottom = (1 - across) * pixels.data[lower + left] + across * pixels.data[lower + right];
        data[at++] = (1 - down) * top + down * bottom;
      }
    }
  }
  return { width, height, data };
}

function interpolation(source: number, target: number): Interpolation {
  const scale = Math.fround(source / target);
  const below = new Int32Array(target);
  const above = new Int32Array(target);
  const weight = new Float32Array(target);
  for (let i = 0; i < target; i++) {
    const position = Math.max(Math.fround(Math.fround(scale * Math.fround(i + 0.5)) - 0.5), 0);
    below[i] = Math.min(Math.trunc(position), source - 1);
    above[i] = Math.min(below[i] + 1, source - 1);
    weight[i] = position - below[i];
  }
  return { below, above, weight };
}

/**
 * Pixels as an 8-bit picture: clamps to -1 … 1 and rounds halves to even.
 * Source: diffusers VaeImageProcessor.denormalize and numpy_to_pil
 */
export function toRgbImage({ width, height, data }: Pixels): RgbImage {
  const area = width * height;
  const out = new Uint8Array(CHANNELS * area);
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      const unit = Math.fround(Math.fround(data[channel * area + i] * 0.5) + 0.5);
      out[CHANNELS * i + channel] = roundHalfEven(Math.fround(Math.min(Math.max(unit, 0), 1) * 255));
    }
  }
  return { width, height, data: out };
}

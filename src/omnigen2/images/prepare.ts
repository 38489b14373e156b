/** Between pictures and tensors: pixels for the autoencoder, patches for the vision tower, and the way back. */

import type { PreprocessorConfig } from '../config.ts';
import type { PromptImage } from '../mllm.ts';
import type { AlphaRule, RgbImage } from './image.ts';
import { resample } from './resample.ts';
import { type ReferenceLimits, referenceSize, roundHalfEven, visionSize } from './sizes.ts';

/** Pixels `[1, 3, height, width]` in -1 … 1: what the autoencoder reads and gives. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

const CHANNELS = 3;

/** A picture's values in -1 … 1. Source: diffusers VaeImageProcessor.normalize */
export function pixelsOf({ width, height, data }: RgbImage): Pixels {
  const values = Float32Array.from({ length: 256 }, (_, grey) => Math.fround(grey / 255) * 2 - 1);
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
 * A reference picture at the size at which it is encoded; one that has that size already stays as it is.
 * Source: omnigen2/pipelines/image_processor.py, OmniGen2ImageProcessor.preprocess
 * @throws OmniError `bad_image` if it is too narrow
 */
export function referenceImage(image: RgbImage, limits: ReferenceLimits, name?: string): RgbImage {
  const { width, height } = referenceSize(image, limits, name);
  return resample(image, width, height, 'lanczos');
}

/**
 * A reference picture as the autoencoder reads it: resized within the limits, values in -1 … 1.
 * Source: omnigen2/pipelines/image_processor.py, OmniGen2ImageProcessor.preprocess
 * @throws OmniError `bad_image` if it is too narrow
 */
export function referencePixels(image: RgbImage, limits: ReferenceLimits, name?: string): Pixels {
  return pixelsOf(referenceImage(image, limits, name));
}

/**
 * A picture as the vision tower reads it. Rows stand in the order of merge blocks; a row holds, by channel, the same
 * patch for every frame.
 * Source: transformers `models/qwen2_vl/image_processing_qwen2_vl.py`, Qwen2VLImageProcessor._preprocess
 * @throws OmniError `bad_image` if it is too small or too narrow
 */
export function visionPatches(image: RgbImage, config: PreprocessorConfig, name?: string): PromptImage {
  const { patchSize: patch, mergeSize: merge, temporalPatchSize: frames } = config;
  const size = visionSize(image, config, name);
  const { width, data } = resample(image, size.width, size.height, 'bicubic');
  const values = normalizedGreys(config);
  const grid = { rows: size.height / patch, columns: size.width / patch };
  const rowLength = CHANNELS * frames * patch * patch;
  const patches = new Float32Array(grid.rows * grid.columns * rowLength);
  const blocks = grid.columns / merge;
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const block = Math.floor(row / merge) * blocks + Math.floor(column / merge);
      const place = (block * merge + (row % merge)) * merge + (column % merge);
      let at = place * rowLength;
      for (let channel = 0; channel < CHANNELS; channel++) {
        const first = at;
        for (let y = 0; y < patch; y++) {
          let from = CHANNELS * ((row * patch + y) * width + column * patch) + channel;
          for (let x = 0; x < patch; x++, from += CHANNELS)
            patches[at++] = values[channel * 256 + data[from]];
        }
        for (let frame = 1; frame < frames; frame++) {
          patches.copyWithin(at, first, first + patch * patch);
          at += patch * patch;
        }
      }
    }
  }
  return { patches, grid };
}

/** Normalized values `[channel, grey level]`. Rounded to float32 where numpy rounds. */
function normalizedGreys({ rescaleFactor, imageMean, imageStd }: PreprocessorConfig): Float32Array {
  const values = new Float32Array(CHANNELS * 256);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const mean = Math.fround(imageMean[channel]);
    const deviation = Math.fround(imageStd[channel]);
    for (let grey = 0; grey < 256; grey++) {
      values[channel * 256 + grey] = Math.fround(Math.fround(grey * rescaleFactor) - mean) / deviation;
    }
  }
  return values;
}

/** Where a target pixel lies between two source pixels. */
interface Between {
  readonly below: Int32Array;
  readonly above: Int32Array;
  /** Weight of the upper one. */
  readonly share: Float32Array;
}

/**
 * Resizes bilinearly, without widening the kernel when it shrinks.
 * Source: torch.nn.functional.interpolate(mode="bilinear", align_corners=False, antialias=False)
 */
export function resizeBilinear(pixels: Pixels, width: number, height: number): Pixels {
  if (width === pixels.width && height === pixels.height) return pixels;
  const columns = between(pixels.width, width);
  const rows = between(pixels.height, height);
  const planes = pixels.data.length / (pixels.width * pixels.height);
  const data = new Float32Array(planes * width * height);
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    const start = plane * pixels.width * pixels.height;
    for (let y = 0; y < height; y++) {
      const upper = start + rows.below[y] * pixels.width;
      const lower = start + rows.above[y] * pixels.width;
      const down = rows.share[y];
      for (let x = 0; x < width; x++) {
        const left = columns.below[x];
        const right = columns.above[x];
        const across = columns.share[x];
        const top = (1 - across) * pixels.data[upper + left] + across * pixels.data[upper + right];
        const bottom = (1 - across) * pixels.data[lower + left] + across * pixels.data[lower + right];
        data[at++] = (1 - down) * top + down * bottom;
      }
    }
  }
  return { width, height, data };
}

function between(source: number, target: number): Between {
  const scale = Math.fround(source / target);
  const below = new Int32Array(target);
  const above = new Int32Array(target);
  const share = new Float32Array(target);
  for (let i = 0; i < target; i++) {
    const place = Math.max(Math.fround(Math.fround(scale * Math.fround(i + 0.5)) - 0.5), 0);
    below[i] = Math.min(Math.trunc(place), source - 1);
    above[i] = Math.min(below[i] + 1, source - 1);
    share[i] = place - below[i];
  }
  return { below, above, share };
}

/**
 * Values in -1 … 1 to an 8-bit picture; values beyond are cut off, halves go to the even grey level.
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

/** Row-major RGBA as RGB: over white, or without its alpha. */
export function flattenRgba(
  width: number,
  height: number,
  rgba: ArrayLike<number>,
  rule: AlphaRule = 'over-white',
): RgbImage {
  const area = width * height;
  const data = new Uint8Array(CHANNELS * area);
  const dropped = rule === 'dropped';
  for (let i = 0; i < area; i++) {
    const alpha = rgba[4 * i + 3];
    for (let channel = 0; channel < CHANNELS; channel++) {
      const value = rgba[4 * i + channel];
      data[CHANNELS * i + channel] =
        dropped || alpha === 255 ? value : Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { width, height, data };
}

/** Pictures as input of the vision tower: resized, normalized and cut into patches. */

import type { PreprocessorConfig } from '../../config/config.ts';
import type { RgbImage } from '../../pictures/image.ts';
import { resample } from '../../pictures/resample.ts';
import type { PatchGrid } from '../diffusion/patches.ts';
import { visionSize } from '../sizes.ts';

const CHANNELS = 3;

/** A picture as normalized patches. */
export interface PromptImage {
  /** `[rows * columns, K]`, K = channels * frames * patch side², in the order of merge blocks. */
  readonly patches: Float32Array;
  readonly grid: PatchGrid;
}

/**
 * Resizes a picture and cuts it into patches, in the order of merge blocks. A row holds the patch channel by
 * channel; within a channel the patch is repeated for every frame.
 * Source: transformers `models/qwen2_vl/image_processing_qwen2_vl.py`, Qwen2VLImageProcessor._preprocess
 * @param name how messages name the picture
 * @throws OmniError `bad_image` if the picture is too small or too narrow
 */
export function visionPatches(image: RgbImage, config: PreprocessorConfig, name?: string): PromptImage {
  const { patchSize: patch, mergeSize: merge, temporalPatchSize: frames } = config;
  const size = visionSize(image, config, name);
  const { width, data } = resample(image, size.width, size.height, 'bicubic');
  const values = normalizedLevels(config);
  const grid = { rows: size.height / patch, columns: size.width / patch };
  const rowLength = CHANNELS * frames * patch * patch;
  const patches = new Float32Array(grid.rows * grid.columns * rowLength);
  const blocks = grid.columns / merge;
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const block = Math.floor(row / merge) * blocks + Math.floor(column / merge);
      const position = (block * merge + (row % merge)) * merge + (column % merge);
      let at = position * rowLength;
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

/** Normalized values `[channel, level]` of the 256 pixel levels, rounded to float32 where numpy rounds. */
function normalizedLevels({ rescaleFactor, imageMean, imageStd }: PreprocessorConfig): Float32Array {
  const values = new Float32Array(CHANNELS * 256);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const mean = Math.fround(imageMean[channel]);
    const deviation = Math.fround(imageStd[channel]);
    for (let level = 0; level < 256; level++) {
      values[channel * 256 + level] = Math.fround(Math.fround(level * rescaleFactor) - mean) / deviation;
    }
  }
  return values;
}

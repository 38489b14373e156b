/** Limits of a drawing that follow from the model and the wanted size. */

import type { TrainedOn } from '../checkpoints/checkpoint.ts';
import type { VaeConfig } from '../config/config.ts';
import type { Size } from '../pictures/image.ts';
import { checkOutputSize, OFFICIAL_LIMITS, type ReferenceLimits } from './sizes.ts';

export interface DrawLimits {
  /** Most pixels of a reference, and of the picture before it is enlarged to the wanted size. */
  readonly maxPixels: number;
  /** Longest side of a reference in pixels. */
  readonly maxReferenceSide: number;
  /** Longer prompts are cut to this number of tokens. */
  readonly maxSequenceLength: number;
}

/** Source: OmniGen2 inference.py, max_sequence_length */
const MAX_SEQUENCE_LENGTH = 1024;

/**
 * The limits for pictures of a size. References get no more pixels than the picture, because a model draws
 * well at the sizes that it was trained on. Prompts are cut to the length that it was trained on.
 * @param official uses the limits of the official program instead: one megapixel and 1024 tokens for every
 *   model
 * @throws OmniError `bad_request` if no picture can have that size
 */
export function drawLimits(
  { width, height }: Size,
  { promptTokens }: Pick<TrainedOn, 'promptTokens'>,
  { official = false } = {},
): DrawLimits {
  checkOutputSize({ width, height });
  const { maxPixels, maxReferenceSide } = OFFICIAL_LIMITS;
  return {
    maxPixels: official ? maxPixels : Math.min(width * height, maxPixels),
    maxReferenceSide,
    maxSequenceLength: official ? MAX_SEQUENCE_LENGTH : Math.min(promptTokens, MAX_SEQUENCE_LENGTH),
  };
}

/**
 * The limits that references are resized to.
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline.__init__ (image_processor)
 */
export function referenceLimits(
  { maxPixels, maxReferenceSide }: DrawLimits,
  { downscaleFactor }: Pick<VaeConfig, 'downscaleFactor'>,
): ReferenceLimits {
  return { maxPixels, maxReferenceSide, sideMultiple: 2 * downscaleFactor };
}

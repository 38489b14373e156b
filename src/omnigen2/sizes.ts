/**
 * Sizes of references, of the output, and of pictures for the vision tower, in pixels.
 *
 * The transformer takes patches of latents, so the sides of references and of the output are multiples of 16.
 * Those of the vision tower are multiples of 28.
 */

import type { PreprocessorConfig } from '../config/config.ts';
import { OmniError } from '../errors.ts';
import type { SizeCheck } from '../pictures/check.ts';
import type { Size } from '../pictures/image.ts';
import { DRAW_SETTINGS } from '../settings/draw-settings.ts';

/**
 * The official limits of the drawing and of references. Larger outputs are resized after drawing.
 * Source: OmniGen2 inference.py, max_pixels and max_input_image_side_length
 */
export const OFFICIAL_LIMITS = { maxPixels: 1024 * 1024, maxReferenceSide: 1024 } as const;

/** Limits of a reference picture. */
export interface ReferenceLimits {
  readonly maxPixels: number;
  /** Longest side. */
  readonly maxReferenceSide: number;
  /** Sides are multiples of this: two latents. Default: 16, for a VAE that downscales by 8. */
  readonly sideMultiple?: number;
}

/**
 * Sides are multiples of this: 8 pixels per latent, 2 latents per patch. Source: OmniGen2Pipeline.__call__
 */
export const SIZE_MULTIPLE = 16;
/** The largest aspect ratio for the vision tower. Source: smart_resize */
const MAX_VISION_RATIO = 200;

/**
 * The size at which a reference picture is encoded. Pictures are never enlarged. Both sides are rounded down
 * to a multiple of two latents (16 pixels), which may change the aspect ratio a little.
 * Source: omnigen2/pipelines/image_processor.py, OmniGen2ImageProcessor.get_new_height_width
 * @param name how messages name the picture
 * @throws OmniError `bad_image` if a side would be shorter than that
 */
export function referenceSize({ width, height }: Size, limits: ReferenceLimits, name = 'The picture'): Size {
  const { maxPixels, maxReferenceSide, sideMultiple = SIZE_MULTIPLE } = limits;
  const ratio = Math.min(
    Math.sqrt(maxPixels / (width * height)),
    maxReferenceSide / (height > width ? height : width),
    1,
  );
  const size = {
    width: roundDown(width * ratio, sideMultiple),
    height: roundDown(height * ratio, sideMultiple),
  };
  if (size.width > 0 && size.height > 0) return size;
  const shrunk =
    ratio < 1 ? ` It would be shrunk to ${Math.trunc(width * ratio)} × ${Math.trunc(height * ratio)}` : '';
  const why =
    shrunk &&
    `${shrunk} to fit ${maxReferenceSide} pixels a side and ${maxPixels.toLocaleString('en')} in all.`;
  throw new OmniError({
    code: 'bad_image',
    message: `${name} is ${width} × ${height} pixels, too narrow to be used: each side must keep at least ${sideMultiple} pixels.${why}`,
    action: ratio < 1 ? 'Crop the picture to a less extreme shape.' : 'Use a larger picture.',
  });
}

/**
 * A check of reference sizes for picture decoders.
 * @returns a function that throws OmniError `bad_image` for a picture that is too narrow
 */
export function referenceCheck(limits: ReferenceLimits): SizeCheck {
  return (size, name) => void referenceSize(size, limits, name);
}

export interface OutputSize {
  /** The size of the drawing: multiples of 16 within the limit. */
  readonly drawn: Size;
  /** The size of the output. */
  readonly requested: Size;
}

/**
 * The sizes of the drawing and of the output. The drawing is resized to the requested size at the end.
 * @param aligned the size of the only reference, for an edit that keeps it; it replaces `requested`
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline.__call__
 * @throws OmniError `bad_request` if a side is not an integer from 16 to 4096, or the drawing would be
 *   narrower than 16 pixels
 */
export function outputSize(requested: Size, maxPixels: number, aligned?: Size): OutputSize {
  checkOutputSize(requested);
  if (aligned) return { drawn: aligned, requested: aligned };
  const { width, height } = requested;
  const ratio = Math.min(Math.sqrt(maxPixels / (width * height)), 1);
  const drawn = { width: roundDown(width * ratio), height: roundDown(height * ratio) };
  if (drawn.width === 0 || drawn.height === 0) {
    throw new OmniError({
      code: 'bad_request',
      message: `A picture of ${width} × ${height} pixels would be drawn with less than ${SIZE_MULTIPLE} pixels on one side to stay within ${maxPixels.toLocaleString('en')} pixels.`,
      action: 'Choose a less extreme shape.',
    });
  }
  return { drawn, requested };
}

/**
 * Checks a requested size.
 * @throws OmniError `bad_request` if a side is not an integer from 16 to 4096
 */
export function checkOutputSize({ width, height }: Size): void {
  const { schema, kind, advice } = DRAW_SETTINGS.width;
  if (schema.safeParse(width).success && schema.safeParse(height).success) return;
  throw new OmniError({
    code: 'bad_request',
    message: `The picture cannot be ${width} × ${height} pixels: each side must be ${kind}.`,
    action: advice,
  });
}

/**
 * The size of a picture for the vision tower: multiples of patch x merge (28) pixels within the limits.
 * Source: transformers `models/qwen2_vl/image_processing_qwen2_vl.py`, smart_resize
 * @param name how messages name the picture
 * @throws OmniError `bad_image` if a side is shorter than 28 pixels or 200 times shorter than the other
 */
export function visionSize(
  { width, height }: Size,
  { patchSize, mergeSize, minPixels, maxPixels }: VisionSizeLimits,
  name = 'The picture',
): Size {
  const factor = patchSize * mergeSize;
  if (Math.min(width, height) < factor) {
    throw new OmniError({
      code: 'bad_image',
      message: `${name} is ${width} × ${height} pixels; the language model needs at least ${factor} pixels a side.`,
      action: 'Use a larger picture.',
    });
  }
  if (Math.max(width, height) / Math.min(width, height) > MAX_VISION_RATIO)
    throw tooNarrow(
      name,
      { width, height },
      `the language model takes pictures up to ${MAX_VISION_RATIO} times as long as wide`,
    );
  const rounded = {
    width: roundHalfEven(width / factor) * factor,
    height: roundHalfEven(height / factor) * factor,
  };
  const pixels = rounded.width * rounded.height;
  if (pixels > maxPixels) {
    const shrink = Math.sqrt((height * width) / maxPixels);
    const side = (length: number) => Math.floor(length / shrink / factor) * factor;
    const size = { width: side(width), height: side(height) };
    if (size.width === 0 || size.height === 0) {
      throw tooNarrow(
        name,
        { width, height },
        `shrunk for the language model, a side would be shorter than ${factor}`,
      );
    }
    return size;
  }
  if (pixels < minPixels) {
    const grow = Math.sqrt(minPixels / (height * width));
    const side = (length: number) => Math.ceil((length * grow) / factor) * factor;
    return { width: side(width), height: side(height) };
  }
  return rounded;
}

export type VisionSizeLimits = Pick<
  PreprocessorConfig,
  'patchSize' | 'mergeSize' | 'minPixels' | 'maxPixels'
>;

function tooNarrow(name: string, { width, height }: Size, why: string): OmniError {
  return new OmniError({
    code: 'bad_image',
    message: `${name} is ${width} × ${height} pixels; ${why}.`,
    action: 'Crop the picture to a less extreme shape.',
  });
}

/** Truncates to whole pixels, then rounds down to a multiple. */
function roundDown(side: number, multiple = SIZE_MULTIPLE): number {
  return Math.floor(Math.trunc(side) / multiple) * multiple;
}

/** Rounds halves to even, as Python's `round`. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * How large pictures are made before they are used. Sizes in pixels.
 *
 * The transformer works on patches of latents, so that sides are cut to multiples of 16; the vision tower has its own
 * rule with multiples of 28.
 */

import type { PreprocessorConfig } from '../config/config.ts';
import { OmniError } from '../errors.ts';
import type { SizeCheck } from '../pictures/check.ts';
import type { Size } from '../pictures/image.ts';

/**
 * What the official program draws at most and reads of references; larger pictures are enlarged after drawing.
 * Source: OmniGen2 inference.py, max_pixels and max_input_image_side_length
 */
export const OFFICIAL_LIMITS = { maxPixels: 1024 * 1024, maxReferenceSide: 1024 } as const;

/** Bounds on a reference picture. */
export interface ReferenceLimits {
  readonly maxPixels: number;
  /** Longest side. */
  readonly maxReferenceSide: number;
  /** What sides are cut to a multiple of: two latents, which is 16 unless the autoencoder shrinks by another factor. */
  readonly sideMultiple?: number;
}

/** Beyond this a picture is only enlarged, and takes hundreds of megabytes. */
const MAX_OUTPUT_SIDE = 4096;
/** What sides are multiples of: 8 pixels a latent, 2 latents a patch. Source: OmniGen2Pipeline.__call__ */
export const SIZE_MULTIPLE = 16;
/** How many times longer than wide a picture may be for the vision tower. Source: smart_resize */
const MAX_VISION_RATIO = 200;

/**
 * The size at which a reference picture is encoded. Pictures are never enlarged; both sides are cut down to a multiple
 * of two latents (16 pixels), so that the aspect ratio may change a little.
 * Source: omnigen2/pipelines/image_processor.py, OmniGen2ImageProcessor.get_new_height_width
 * @throws OmniError `bad_image` if a side would fall under that
 */
export function referenceSize({ width, height }: Size, limits: ReferenceLimits, name = 'The picture'): Size {
  const { maxPixels, maxReferenceSide, sideMultiple = SIZE_MULTIPLE } = limits;
  const ratio = Math.min(
    Math.sqrt(maxPixels / (width * height)),
    maxReferenceSide / (height > width ? height : width),
    1,
  );
  const size = { width: cut(width * ratio, sideMultiple), height: cut(height * ratio, sideMultiple) };
  if (size.width > 0 && size.height > 0) return size;
  const shrunk =
    ratio < 1 ? ` It would be shrunk to ${Math.trunc(width * ratio)} x ${Math.trunc(height * ratio)}` : '';
  const why =
    shrunk &&
    `${shrunk} to fit ${maxReferenceSide} pixels a side and ${maxPixels.toLocaleString('en')} in all.`;
  throw new OmniError({
    code: 'bad_image',
    message: `${name} is ${width} x ${height} pixels, too narrow to be used: each side must keep at least ${sideMultiple} pixels.${why}`,
    action: ratio < 1 ? 'Crop the picture to a less extreme shape.' : 'Use a larger picture.',
  });
}

/**
 * Whether a picture of some size can be used as a reference, for readers of picture files.
 * @returns a check that throws OmniError `bad_image` for a picture that is too narrow
 */
export function referenceCheck(limits: ReferenceLimits): SizeCheck {
  return (size, name) => void referenceSize(size, limits, name);
}

/** The size a picture is drawn at, and the one it is handed over at. */
export interface OutputSize {
  /** Multiples of 16 within the limit. */
  readonly generated: Size;
  readonly requested: Size;
}

/**
 * The size of the output. What is drawn is resized to the requested size at the end.
 * @param aligned the size of the only reference, which an edit takes; width and height are then ignored
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline.__call__
 * @throws OmniError `bad_request` if a side is no whole number from 16 to 4096, or would be drawn under 16 pixels
 */
export function outputSize(requested: Size, maxPixels: number, aligned?: Size): OutputSize {
  checkOutputSize(requested);
  if (aligned) return { generated: aligned, requested: aligned };
  const { width, height } = requested;
  const ratio = Math.min(Math.sqrt(maxPixels / (width * height)), 1);
  const generated = { width: cut(width * ratio), height: cut(height * ratio) };
  if (generated.width === 0 || generated.height === 0) {
    throw new OmniError({
      code: 'bad_request',
      message: `A picture of ${width} x ${height} pixels would be drawn under ${SIZE_MULTIPLE} pixels on one side to stay within ${maxPixels.toLocaleString('en')} pixels.`,
      action: 'Choose a less extreme shape.',
    });
  }
  return { generated, requested };
}

/**
 * Checks a wanted size by itself.
 * @throws OmniError `bad_request` if a side is no whole number from 16 to 4096
 */
export function checkOutputSize({ width, height }: Size): void {
  const possible = (side: number) =>
    Number.isInteger(side) && side >= SIZE_MULTIPLE && side <= MAX_OUTPUT_SIDE;
  if (possible(width) && possible(height)) return;
  throw new OmniError({
    code: 'bad_request',
    message: `The picture cannot be ${width} x ${height} pixels: each side must be a whole number from ${SIZE_MULTIPLE} to ${MAX_OUTPUT_SIDE.toLocaleString('en')}.`,
    action: 'Choose another size.',
  });
}

/**
 * The size at which the vision tower sees a picture: multiples of patch x merge (28), within its own limits.
 * Source: transformers `models/qwen2_vl/image_processing_qwen2_vl.py`, smart_resize
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
      message: `${name} is ${width} x ${height} pixels; the model can only look at pictures of at least ${factor} pixels a side.`,
      action: 'Use a larger picture.',
    });
  }
  if (Math.max(width, height) / Math.min(width, height) > MAX_VISION_RATIO)
    throw tooNarrow(name, width, height);
  const rounded = {
    width: roundHalfEven(width / factor) * factor,
    height: roundHalfEven(height / factor) * factor,
  };
  const pixels = rounded.width * rounded.height;
  if (pixels > maxPixels) {
    const shrink = Math.sqrt((height * width) / maxPixels);
    const side = (length: number) => Math.floor(length / shrink / factor) * factor;
    const size = { width: side(width), height: side(height) };
    if (size.width === 0 || size.height === 0) throw tooNarrow(name, width, height);
    return size;
  }
  if (pixels < minPixels) {
    const grow = Math.sqrt(minPixels / (height * width));
    const side = (length: number) => Math.ceil((length * grow) / factor) * factor;
    return { width: side(width), height: side(height) };
  }
  return rounded;
}

export type VisionSizeLimits = Pick<PreprocessorConfig, 'patchSize' | 'mergeSize' | 'minPixels' | 'maxPixels'>;

function tooNarrow(name: string, width: number, height: number): OmniError {
  return new OmniError({
    code: 'bad_image',
    message: `${name} is ${width} x ${height} pixels; the model can only look at pictures up to ${MAX_VISION_RATIO} times as long as wide.`,
    action: 'Crop the picture to a less extreme shape.',
  });
}

/** Down to whole pixels, then to a multiple. */
function cut(side: number, multiple = SIZE_MULTIPLE): number {
  return Math.floor(Math.trunc(side) / multiple) * multiple;
}

/** Python's `round`: halves go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

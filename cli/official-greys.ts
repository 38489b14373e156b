/** The grey levels that the official program writes into its files. */

import type { RgbImage } from '../src/pictures/image.ts';

/**
 * The written level of each grey level: scaled to -1 … 1 and back in float32, then truncated instead of
 * rounded.
 */
const WRITTEN = Uint8Array.from({ length: 256 }, (_, grey) => {
  const scaled = Math.fround(Math.fround(Math.fround(grey / 255) * 2) - 1);
  const unit = Math.fround(Math.fround(scaled * 0.5) + 0.5);
  return Math.trunc(Math.fround(unit * 255));
});

/**
 * The picture as the official command line saves it: levels 1 to 63 are one lower.
 * Source: OmniGen2 inference.py, create_collage; torchvision to_pil_image
 */
export function officialGreys({ width, height, data }: RgbImage): RgbImage {
  return { width, height, data: data.map((grey) => WRITTEN[grey]) };
}

/** Writes picture files under Node. */

import sharp from 'sharp';
import type { RgbImage } from './image.ts';

/** The bytes of a PNG file with exactly the picture's pixels. */
export async function encodePng({ width, height, data }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

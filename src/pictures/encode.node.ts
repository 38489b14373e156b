/** Encodes pictures under Node. */

import sharp from 'sharp';
import type { RgbImage } from './image.ts';

/**
 * Encodes a picture as PNG, without loss.
 *
 * @example
 * await writeFile('result.png', await encodePng(image));
 */
export async function encodePng({ width, height, data }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

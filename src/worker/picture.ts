/** Pictures between the core (RGB bytes) and the page (RGBA bytes). */

import { type RgbImage, rgbaOf } from '../pictures/image.ts';
import type { Picture } from '../protocol.ts';

/** The picture as the page draws it; alpha is 255. */
export function toPicture(image: RgbImage): Picture {
  const { width, height } = image;
  return { width, height, data: rgbaOf(image) };
}

/** Pictures between the core (RGB bytes) and the page (RGBA bytes). */

import { flattenRgba, type RgbImage, rgbaOf } from '../pictures/image.ts';
import type { Picture } from '../protocol.ts';

/** The picture with an alpha of 255, as a canvas takes it. */
export function toPicture(image: RgbImage): Picture {
  const { width, height } = image;
  return { width, height, data: rgbaOf(image) };
}

export function fromPicture({ width, height, data }: Picture): RgbImage {
  return flattenRgba(width, height, data, 'dropped');
}

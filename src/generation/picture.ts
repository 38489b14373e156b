/** Pictures between the core (RGB bytes) and the page (RGBA bytes). */

import type { RgbImage } from '../omnigen2/images/image.ts';
import type { Picture } from '../protocol.ts';

/** The picture as the page draws it; alpha is 255. */
export function toPicture({ width, height, data }: RgbImage): Picture {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from];
    rgba[to + 1] = data[from + 1];
    rgba[to + 2] = data[from + 2];
    rgba[to + 3] = 255;
  }
  return { width, height, data: rgba };
}

/** How much a picture has changed outside of the rectangles in which it may change. */

import type { RgbImage } from '../../src/pictures/image.ts';

/** A rectangle in pixels, `x1` and `y1` exclusive. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/**
 * The mean absolute difference of two pictures over all channels of the pixels outside of the boxes, in grey
 * levels (0..255).
 *
 * @returns undefined if the boxes cover all pixels
 * @throws Error if the pictures differ in size
 */
export function outsideError(a: RgbImage, b: RgbImage, boxes: readonly Box[]): number | undefined {
  const { width, height } = a;
  if (b.width !== width || b.height !== height) {
    throw new Error(`the pictures have ${width} x ${height} and ${b.width} x ${b.height} pixels`);
  }
  let sum = 0;
  let values = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (boxes.some(([x0, y0, x1, y1]) => x >= x0 && x < x1 && y >= y0 && y < y1)) continue;
      for (let at = 3 * (y * width + x), end = at + 3; at < end; at++) {
        sum += Math.abs(a.data[at] - b.data[at]);
        values++;
      }
    }
  }
  return values === 0 ? undefined : sum / values;
}

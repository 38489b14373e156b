/** Compares pictures of two sides. */

import type { RgbImage } from '../../src/pictures/image.ts';

export interface PictureDifference {
  /** Largest difference of a value, in grey levels. */
  readonly largest: number;
  /** How many values differ. */
  readonly different: number;
  readonly values: number;
}

/** The differences of two pictures; undefined if their sizes differ. */
export function comparePictures(a: RgbImage, b: RgbImage): PictureDifference | undefined {
  if (a.width !== b.width || a.height !== b.height) return undefined;
  let largest = 0;
  let different = 0;
  for (let i = 0; i < a.data.length; i++) {
    const difference = Math.abs(a.data[i] - b.data[i]);
    largest = Math.max(largest, difference);
    if (difference > 0) different++;
  }
  return { largest, different, values: a.data.length };
}

/** The number of different values of a picture. A picture of one colour would equal any other by chance. */
export function distinctValues({ data }: RgbImage): number {
  return new Set(data).size;
}

/** What a page learns about a picture file before it draws from it. */

import type { ErrorReport } from '../errors.ts';
import type { RgbImage } from './image.ts';

export interface InspectedPicture {
  /** A copy in the browser's memory: the file on the disk may change or be deleted. */
  readonly file: Blob;
  /** A small PNG of the picture as it will be used: upright, first frame only, over white. */
  readonly thumbnail: Blob;
  /** In pixels, after the EXIF orientation is applied. */
  readonly width: number;
  readonly height: number;
  /** Sentences for the person, such as that only the first frame is used. */
  readonly notes: readonly string[];
}

/** A message to the pictures worker, which answers requests one at a time, in order. */
export interface InspectRequest {
  readonly file: Blob;
  /** How messages name the picture. */
  readonly name: string;
}

/** The worker's answer to an {@link InspectRequest}. */
export type InspectAnswer = { readonly inspected: InspectedPicture } | { readonly refused: ErrorReport };

/** Longest side of a thumbnail, in pixels. */
const THUMBNAIL_SIDE = 640;

/** Shrinks a picture to at most 640 pixels a side. Each pixel is the mean of a square of source pixels. */
export function thumbnailOf({ width, height, data }: RgbImage): RgbImage {
  const step = Math.ceil(Math.max(width, height) / THUMBNAIL_SIDE);
  if (step === 1) return { width, height, data };
  const [columns, rows] = [Math.ceil(width / step), Math.ceil(height / step)];
  const small = new Uint8Array(3 * columns * rows);
  const sums = new Uint32Array(3 * columns);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    const sourceRows = Math.min(step, height - row * step);
    for (let y = row * step; y < row * step + sourceRows; y++) {
      for (let x = 0, at = 3 * y * width; x < width; x++, at += 3) {
        const to = 3 * Math.floor(x / step);
        sums[to] += data[at];
        sums[to + 1] += data[at + 1];
        sums[to + 2] += data[at + 2];
      }
    }
    for (let column = 0; column < columns; column++) {
      const count = sourceRows * Math.min(step, width - column * step);
      for (let i = 3 * column; i < 3 * column + 3; i++)
        small[3 * row * columns + i] = Math.round(sums[i] / count);
    }
  }
  return { width: columns, height: rows, data: small };
}

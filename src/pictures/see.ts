/** What a page learns of a picture file before anything is drawn from it. */

import type { ErrorReport } from '../errors.ts';
import type { RgbImage } from './image.ts';

export interface SeenPicture {
  /** The file, held by the browser: the one on the disk may change or go. */
  readonly file: Blob;
  /** The picture as it will be used, small: upright, still, over white. */
  readonly preview: Blob;
  /** As it is seen. */
  readonly width: number;
  readonly height: number;
  /** What the person should be told. */
  readonly notes: readonly string[];
}

/** What the worker that reads pictures is asked; it answers each in turn. */
export interface SeeRequest {
  readonly file: Blob;
  readonly name: string;
}

export type SeeAnswer = { readonly seen: SeenPicture } | { readonly refused: ErrorReport };

/** Longest side of a preview. */
const PREVIEW_SIDE = 640;

/** The picture at a size for the screen: each pixel the mean of a square of pixels. */
export function shrunk({ width, height, data }: RgbImage): RgbImage {
  const step = Math.ceil(Math.max(width, height) / PREVIEW_SIDE);
  if (step === 1) return { width, height, data };
  const [across, down] = [Math.ceil(width / step), Math.ceil(height / step)];
  const small = new Uint8Array(3 * across * down);
  const sums = new Uint32Array(3 * across);
  for (let row = 0; row < down; row++) {
    sums.fill(0);
    const rows = Math.min(step, height - row * step);
    for (let y = row * step; y < row * step + rows; y++) {
      for (let x = 0, at = 3 * y * width; x < width; x++, at += 3) {
        const to = 3 * Math.floor(x / step);
        sums[to] += data[at];
        sums[to + 1] += data[at + 1];
        sums[to + 2] += data[at + 2];
      }
    }
    for (let column = 0; column < across; column++) {
      const count = rows * Math.min(step, width - column * step);
      for (let i = 3 * column; i < 3 * column + 3; i++)
        small[3 * row * across + i] = Math.round(sums[i] / count);
    }
  }
  return { width: across, height: down, data: small };
}

/** Feature maps in horizontal strips, and the moments of a group norm over all strips. */

import type { HostTensor, ResidentTensor } from '../../runtime/types.ts';
import { float32Tensor, floatsOf } from '../host-tensors.ts';
import { type Planes, sliceRows } from './planes.ts';

type Tensor = HostTensor | ResidentTensor;

/** Mean and variance of every row of every channel, `[C, rows]`. */
export interface RowMoments {
  readonly means: Float32Array;
  readonly variances: Float32Array;
}

/** A strip of a feature map, with the rows that its neighbours need. */
export interface Strip {
  /** `[1, C, rows, W]` */
  readonly body: Tensor;
  /** The first and last row, `[1, C, 1, W]`; undefined if no segment follows. */
  readonly first: Tensor | undefined;
  readonly last: Tensor | undefined;
  /** Only if a group norm follows. */
  readonly moments: RowMoments | undefined;
}

/** A feature map `[1, C, H, W]` as strips from top to bottom. */
export interface StripMap {
  readonly channels: number;
  readonly width: number;
  readonly strips: readonly Strip[];
}

/** Splits planes into strips. @param heights of the strips, which sum to the height of the planes */
export function splitIntoStrips(planes: Planes, heights: readonly number[]): StripMap {
  let top = 0;
  const strips = heights.map((height): Strip => {
    const part = sliceRows(planes, top, top + height);
    top += height;
    return {
      body: planesTensor(part),
      first: planesTensor(sliceRows(part, 0, 1)),
      last: planesTensor(sliceRows(part, height - 1, height)),
      moments: rowMoments(part),
    };
  });
  return { channels: planes.channels, width: planes.width, strips };
}

/** Planes as a feature map `[1, C, H, W]`. */
export function planesTensor({ channels, height, width, data }: Planes): HostTensor {
  return float32Tensor([1, channels, height, width], data);
}

/** A feature map `[1, C, H, W]` in main memory as planes. */
export function planesOf(tensor: HostTensor): Planes {
  const [, channels, height, width] = tensor.dims;
  return { channels, height, width, data: floatsOf(tensor) };
}

function rowMoments({ width, data }: Planes): RowMoments {
  const rows = data.length / width;
  const means = new Float32Array(rows);
  const variances = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let sum = 0;
    for (let i = start; i < start + width; i++) sum += data[i];
    const mean = sum / width;
    let squares = 0;
    for (let i = start; i < start + width; i++) squares += (data[i] - mean) ** 2;
    means[row] = mean;
    variances[row] = squares / width;
  }
  return { means, variances };
}

/** The moments of a group norm per channel: `mean` and `inverse` = 1 / deviation, each `[C]`. */
export interface NormMoments {
  readonly mean: Float32Array;
  readonly inverse: Float32Array;
}

/**
 * Moments of groups of channels over all strips, from the moments of rows. Rows have equal lengths, so the
 * mean is the mean of means. The sums are in float64, without cancellation between large sums of squares.
 * @param parts the rows of each strip
 */
export function normMoments(
  parts: readonly RowMoments[],
  channels: number,
  groups: number,
  eps: number,
): NormMoments {
  const size = channels / groups;
  const mean = new Float32Array(channels);
  const inverse = new Float32Array(channels);
  for (let group = 0; group < groups; group++) {
    const rows = parts.map(({ means, variances }) => {
      const height = means.length / channels;
      const [start, end] = [group * size * height, (group + 1) * size * height];
      return { means: means.subarray(start, end), variances: variances.subarray(start, end) };
    });
    const count = rows.reduce((sum, { means }) => sum + means.length, 0);
    const average = total(rows, ({ means }, i) => means[i]) / count;
    const variance =
      total(rows, ({ means, variances }, i) => variances[i] + (means[i] - average) ** 2) / count;
    mean.fill(average, group * size, (group + 1) * size);
    inverse.fill(1 / Math.sqrt(variance + eps), group * size, (group + 1) * size);
  }
  return { mean, inverse };
}

function total(parts: readonly RowMoments[], value: (part: RowMoments, i: number) => number): number {
  let sum = 0;
  for (const part of parts) for (let i = 0; i < part.means.length; i++) sum += value(part, i);
  return sum;
}

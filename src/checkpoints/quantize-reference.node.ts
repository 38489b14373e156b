/** The quantizer in its simplest form. Tests compare the fast one with it, bit by bit. */

import { halfBits, roundToHalf } from '../tensors/half.ts';

const STEPS = { 4: [8, 8.4, 9, -7.2, -7.7], 8: [128, -127] } as const;

/** See `quantize`. Returns one code per value and padding column, and one scale per block. */
export function referenceQuantize(
  values: Float32Array,
  rows: number,
  columns: number,
  bits: 4 | 8,
  blockSize: number,
): { codes: number[]; scales: number[] } {
  const zero = 2 ** (bits - 1);
  const codes: number[] = [];
  const scales: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let first = 0; first < columns; first += blockSize) {
      const end = row * columns + Math.min(first + blockSize, columns);
      const block = [...values.subarray(row * columns + first, end)];
      const scale = bestScale(block, zero, STEPS[bits]);
      scales.push(halfBits(scale));
      for (let i = 0; i < blockSize; i++) {
        codes.push(scale === 0 || i >= block.length ? zero : nearest(block[i] * (1 / scale), zero));
      }
    }
  }
  return { codes, scales };
}

function bestScale(block: readonly number[], zero: number, steps: readonly number[]): number {
  const extreme = block.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  if (extreme === 0) return 0;
  let best = 0;
  let bestError = Number.POSITIVE_INFINITY;
  const consider = (scale: number) => {
    const error = block.reduce(
      (sum, value) => sum + (value - (nearest(value * (1 / scale), zero) - zero) * scale) ** 2,
      0,
    );
    if (error < bestError) {
      best = scale;
      bestError = error;
    }
  };
  for (const step of steps) {
    const scale = roundToHalf(-extreme / step);
    if (scale !== 0 && Number.isFinite(scale)) consider(scale);
  }
  if (best === 0) return 0;
  const codes = block.map((value) => nearest(value * (1 / best), zero) - zero);
  const products = block.reduce((sum, value, i) => sum + value * codes[i], 0);
  const squares = codes.reduce((sum, code) => sum + code * code, 0);
  consider(roundToHalf(products / squares));
  return best;
}

/** The code (0 to 2 * zero - 1) nearest to a multiple of the scale. */
function nearest(multiple: number, zero: number): number {
  const code = multiple + zero + 0.5;
  return code <= 0 ? 0 : code >= 2 * zero ? 2 * zero - 1 : Math.trunc(code);
}

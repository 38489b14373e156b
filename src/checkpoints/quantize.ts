/**
 * Symmetric block quantization of matrices: value = (code - 2^(bits-1)) * scale, with one float16 scale per
 * block of columns in a row. `com.microsoft.MatMulNBits` defines the layout (see `tensors/stored.ts`).
 */

import { halfBits, halfToFloat, roundToHalf } from '../tensors/half.ts';

/** Number of columns that share a scale. The fast WebGPU kernels need 32. */
export const BLOCK_SIZE = 32;

/** A quantized matrix `[N, K]` in memory. */
export interface QuantizedBytes {
  /**
   * U8 `[N, ceil(K / block), block * bits / 8]`. The low half of a byte holds the first of two 4-bit codes.
   */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** float16 patterns `[N, ceil(K / block)]`. */
  readonly scales: Uint16Array<ArrayBuffer>;
}

/**
 * Quantizes a matrix. The scale of a block is the candidate with the least squared error. With 16 levels, a
 * scale that clips the largest value often has a smaller error than one that covers it.
 * @param values `[rows, columns]` row-major, finite
 *
 * @example
 * const { codes, scales } = quantize(weights, 96, 64, 4);
 * const out = new Float32Array(96 * 64);
 * dequantize(codes, scales, { rows: 96, columns: 64, bits: 4, blockSize: BLOCK_SIZE }, out);
 */
export function quantize(
  values: Float32Array,
  rows: number,
  columns: number,
  bits: 4 | 8,
  blockSize = BLOCK_SIZE,
): QuantizedBytes {
  const blocks = Math.ceil(columns / blockSize);
  const blockBytes = (blockSize * bits) / 8;
  const zero = 2 ** (bits - 1);
  // Padding columns have the code of the value 0.
  const codes = new Uint8Array(rows * blocks * blockBytes).fill(bits === 4 ? 0x88 : 0x80);
  const scales = new Uint16Array(rows * blocks);
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const start = row * columns + block * blockSize;
      const end = row * columns + Math.min((block + 1) * blockSize, columns);
      const index = row * blocks + block;
      const scale = bestScale(values, start, end, zero);
      scales[index] = halfBits(scale);
      if (scale === 0) continue;
      const inverse = 1 / scale;
      for (let i = start; i < end; i++) {
        const code = nearest(values[i] * inverse, zero);
        const at = i - start;
        if (bits === 8) {
          codes[index * blockBytes + at] = code;
        } else {
          const byte = index * blockBytes + (at >> 1);
          codes[byte] = at & 1 ? (codes[byte] & 0x0f) | (code << 4) : (codes[byte] & 0xf0) | code;
        }
      }
    }
  }
  return { codes, scales };
}

/**
 * Writes the matrix `[rows, columns]` of codes and scales into `out`.
 * @param out has room for `rows * columns` values
 */
export function dequantize(
  codes: Uint8Array,
  scales: Uint16Array,
  shape: {
    readonly rows: number;
    readonly columns: number;
    readonly bits: 4 | 8;
    readonly blockSize: number;
  },
  out: Float32Array,
): void {
  const { rows, columns, bits, blockSize } = shape;
  const blocks = Math.ceil(columns / blockSize);
  const blockBytes = (blockSize * bits) / 8;
  const factors = halfToFloat(scales);
  const zero = 2 ** (bits - 1);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const block = row * blocks + Math.floor(column / blockSize);
      const at = column % blockSize;
      const byte = codes[block * blockBytes + (bits === 8 ? at : at >> 1)];
      const code = bits === 8 ? byte : at & 1 ? byte >> 4 : byte & 0x0f;
      out[row * columns + column] = (code - zero) * factors[block];
    }
  }
}

/**
 * The float16 scale for `values[start..end)`. Codes range from -zero to zero - 1, so the sign of the scale
 * gives the largest value the longer side.
 */
function bestScale(values: Float32Array, start: number, end: number, zero: number): number {
  let extreme = 0;
  for (let i = start; i < end; i++) if (Math.abs(values[i]) > Math.abs(extreme)) extreme = values[i];
  if (extreme === 0) return 0;
  const steps = zero === 8 ? FOUR_BIT_STEPS : EIGHT_BIT_STEPS;
  let best = 0;
  let bestError = Number.POSITIVE_INFINITY;
  for (const step of steps) {
    const scale = roundToHalf(-extreme / step);
    if (scale === 0 || !Number.isFinite(scale)) continue;
    const error = squaredError(values, start, end, scale, zero);
    if (error < bestError) {
      bestError = error;
      best = scale;
    }
  }
  if (best === 0) return 0;
  // For fixed codes, the best scale is a ratio of two sums.
  const refined = roundToHalf(leastSquares(values, start, end, best, zero));
  return squaredError(values, start, end, refined, zero) < bestError ? refined : best;
}

/**
 * Candidates for the largest value of a block, in multiples of the scale. Above 8 the value is clipped. This
 * reduces the error of the built-in model's matrices by 5 %, compared with a scale that covers it.
 */
const FOUR_BIT_STEPS: readonly number[] = [8, 8.4, 9, -7.2, -7.7];
const EIGHT_BIT_STEPS: readonly number[] = [128, -127];

function squaredError(values: Float32Array, start: number, end: number, scale: number, zero: number): number {
  const inverse = 1 / scale;
  let error = 0;
  for (let i = start; i < end; i++) {
    const difference = values[i] - (nearest(values[i] * inverse, zero) - zero) * scale;
    error += difference * difference;
  }
  return error;
}

/** The code (0 to 2 * zero - 1) nearest to a multiple of the scale. */
function nearest(multiple: number, zero: number): number {
  const code = multiple + zero + 0.5;
  return code <= 0 ? 0 : code >= 2 * zero ? 2 * zero - 1 : code | 0;
}

/** The scale with the least squared error for the codes that `scale` gives. */
function leastSquares(values: Float32Array, start: number, end: number, scale: number, zero: number): number {
  const inverse = 1 / scale;
  let products = 0;
  let squares = 0;
  for (let i = start; i < end; i++) {
    const code = nearest(values[i] * inverse, zero) - zero;
    products += values[i] * code;
    squares += code * code;
  }
  return products / squares;
}

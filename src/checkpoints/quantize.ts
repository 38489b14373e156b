/**
 * Symmetric block quantization of matrices: value = (code - 2^(bits-1)) * scale, with one float16 scale per
 * block of columns in a row. `com.microsoft.MatMulNBits` defines the layout (see `tensors/stored.ts`).
 */

import { halfBits, halfToFloat, halfValues } from '../tensors/half.ts';

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
  /** Sum of the squares of the values. NaN or infinite if a value is. */
  readonly squares: number;
  /** Sum of the squares of the differences between the values and what is stored. */
  readonly squaredError: number;
  /** Largest absolute value. */
  readonly largest: number;
}

/**
 * Candidates for the largest value of a block, in multiples of the scale. Codes range from -8 to 7, so the
 * sign of the scale gives the largest value the longer side. Above 8 the value is clipped. This reduces the
 * error of the built-in model's matrices by 5 %, compared with a scale that covers it.
 */
const FOUR_BIT_STEPS = Float64Array.of(8, 8.4, 9, -7.2, -7.7);
const EIGHT_BIT_STEPS = Float64Array.of(128, -127);

/**
 * Quantizes a matrix. The scale of a block is the candidate with the least squared error. With 16 levels, a
 * scale that clips the largest value often has a smaller error than one that covers it. The least squares
 * scale for the codes of the best candidate replaces it if its error is smaller still.
 *
 * This is the inner loop of a conversion: it handles one block at a time in float64, without allocations.
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
  const zero = bits === 4 ? 8 : 128;
  const steps = bits === 4 ? FOUR_BIT_STEPS : EIGHT_BIT_STEPS;
  const halves = halfValues();
  const codes = new Uint8Array(rows * blocks * blockBytes);
  const scales = new Uint16Array(rows * blocks);
  const x = new Float64Array(blockSize);
  let squares = 0;
  let squaredError = 0;
  let largest = 0;
  for (let row = 0, index = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++, index++) {
      const start = row * columns + block * blockSize;
      const count = Math.min(blockSize, columns - block * blockSize);
      let extreme = 0;
      let magnitude = 0;
      let blockSquares = 0;
      for (let i = 0; i < count; i++) {
        const value = values[start + i];
        x[i] = value;
        blockSquares += value * value;
        const absolute = Math.abs(value);
        if (absolute > magnitude) {
          magnitude = absolute;
          extreme = value;
        }
      }
      squares += blockSquares;
      if (magnitude > largest) largest = magnitude;
      let scale = 0;
      let scaleBits = 0;
      let error = Number.POSITIVE_INFINITY;
      if (magnitude !== 0) {
        for (let i = 0; i < steps.length; i++) {
          const candidateBits = halfBits(-extreme / steps[i]);
          const candidate = halves[candidateBits];
          if (candidate === 0 || !Number.isFinite(candidate)) continue;
          const candidateError = blockError(x, count, candidate, zero);
          if (candidateError < error) {
            error = candidateError;
            scale = candidate;
            scaleBits = candidateBits;
          }
        }
      }
      if (scale !== 0) {
        const refinedBits = halfBits(leastSquares(x, count, scale, zero));
        const refined = halves[refinedBits];
        const refinedError = blockError(x, count, refined, zero);
        if (refinedError < error) {
          error = refinedError;
          scale = refined;
          scaleBits = refinedBits;
        }
      }
      squaredError += scale === 0 ? blockSquares : error;
      scales[index] = scaleBits;
      writeCodes(x, count, scale, zero, codes, index * blockBytes);
    }
  }
  return { codes, scales, squares, squaredError, largest };
}

/** Squared error of a block with this scale. The first `count` values of `x` are the block. */
function blockError(x: Float64Array, count: number, scale: number, zero: number): number {
  const inverse = 1 / scale;
  const middle = zero + 0.5;
  const top = 2 * zero;
  let error = 0;
  for (let i = 0; i < count; i++) {
    const value = x[i];
    const raised = value * inverse + middle;
    const code = raised <= 0 ? 0 : raised >= top ? top - 1 : raised | 0;
    const difference = value - (code - zero) * scale;
    error += difference * difference;
  }
  return error;
}

/** The scale with the least squared error for the codes that `scale` gives: a ratio of two sums. */
function leastSquares(x: Float64Array, count: number, scale: number, zero: number): number {
  const inverse = 1 / scale;
  const middle = zero + 0.5;
  const top = 2 * zero;
  let products = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const raised = x[i] * inverse + middle;
    const code = (raised <= 0 ? 0 : raised >= top ? top - 1 : raised | 0) - zero;
    products += x[i] * code;
    squares += code * code;
  }
  return products / squares;
}

/** Writes the codes of a block. Padding has the code of the value 0, and so has a block of scale 0. */
function writeCodes(
  x: Float64Array,
  count: number,
  scale: number,
  zero: number,
  codes: Uint8Array,
  start: number,
): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  x.fill(0, count);
  const middle = zero + 0.5;
  if (zero === 128) {
    for (let i = 0; i < x.length; i++) {
      const raised = x[i] * inverse + middle;
      codes[start + i] = raised <= 0 ? 0 : raised >= 256 ? 255 : raised | 0;
    }
    return;
  }
  for (let i = 0, at = start; i < x.length; i += 2, at++) {
    const low = x[i] * inverse + middle;
    const high = x[i + 1] * inverse + middle;
    const lowCode = low <= 0 ? 0 : low >= 16 ? 15 : low | 0;
    const highCode = high <= 0 ? 0 : high >= 16 ? 15 : high | 0;
    codes[at] = lowCode | (highCode << 4);
  }
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

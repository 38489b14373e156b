/**
 * Widths of the transformer that are padded with zeros to multiples that fast GPU kernels need.
 *
 * The released model has 2520 columns in 21 heads of 120. The engine's integer kernels need multiples of 128
 * columns and of 16 rows. A stream of 2560 columns whose last 40 are zero gives the same result if
 *
 * - all weights have zeros in the added rows and columns,
 * - the gains of an RMSNorm are multiplied by sqrt(2520 / 2560) and its epsilon by 2520 / 2560, because it
 *   divides by 2560 in place of 2520,
 * - attention keeps the scale 1 / sqrt(120).
 *
 * Files stay as they are. The graph pads stored tensors, and the engine computes that once, when it opens the
 * graph. The columns of the output projection of attention are not padded head by head, because a block of 32
 * quantized columns crosses heads: its input is trimmed instead.
 */

import type { TransformerConfig } from '../../config/config.ts';
import type { Dim, GraphBuilder, Value } from '../../onnx/graph.ts';
import { scale } from '../../onnx/ops/arithmetic.ts';
import { fixed } from '../../onnx/ops/checks.ts';
import { pad, reshape, slice } from '../../onnx/ops/layout.ts';

/**
 * An axis of `parts` runs of `stored` values. The graph has `padded` values in each run, the last ones zero.
 */
export interface PaddedAxis {
  readonly parts: number;
  readonly stored: number;
  readonly padded: number;
}

/** The axes of a transformer's graphs. */
export interface TransformerAxes {
  /** The token streams. */
  readonly hidden: PaddedAxis;
  /** Scales and gates of a block's norms, one after another. */
  readonly modulation: PaddedAxis;
  /** Query heads, one after another. */
  readonly queries: PaddedAxis;
  /** Key heads, or value heads. */
  readonly keys: PaddedAxis;
}

/** Columns of a product are padded to a multiple of this. Source: onnxruntime dp4a_matmul_nbits.cc */
const COLUMNS = 128;
/** Rows of a product, and so the size of a head. */
const ROWS = 16;

/** @param padded false: the axes as they are stored */
export function transformerAxes(
  {
    hiddenSize,
    headDim,
    numAttentionHeads,
    numKvHeads,
  }: Pick<TransformerConfig, 'hiddenSize' | 'headDim' | 'numAttentionHeads' | 'numKvHeads'>,
  padded: boolean,
): TransformerAxes {
  const axis = (parts: number, stored: number, multiple: number): PaddedAxis => ({
    parts,
    stored,
    padded: padded ? Math.ceil(stored / multiple) * multiple : stored,
  });
  return {
    hidden: axis(1, hiddenSize, COLUMNS),
    modulation: axis(4, hiddenSize, COLUMNS),
    queries: axis(numAttentionHeads, headDim, ROWS),
    keys: axis(numKvHeads, headDim, ROWS),
  };
}

/** Number of values along an axis, with padding. */
export function paddedSize({ parts, padded }: PaddedAxis): number {
  return parts * padded;
}

/** Pads dimension `at` of `x`, which has the stored values of `axis`. */
export function padAxis(g: GraphBuilder, x: Value, at: number, axis: PaddedAxis): Value {
  const { parts, stored, padded } = axis;
  if (padded === stored) return x;
  if (parts === 1) return pad(g, x, at, padded - stored);
  const [before, after] = [x.shape.slice(0, at), x.shape.slice(at + 1)];
  const apart = reshape(g, x, [...before, parts, stored, ...after]);
  return reshape(g, pad(g, apart, at + 1, padded - stored), [...before, parts * padded, ...after]);
}

/**
 * Removes the padding of the last dimension of `x [1, L, parts * padded]`: `[L, parts * stored]`.
 * @param rows the dimension L; that of `x` can have the name of a sum
 */
export function trimHeads(
  g: GraphBuilder,
  x: Value,
  { parts, stored, padded }: PaddedAxis,
  rows: Dim,
): Value {
  if (padded === stored) return reshape(g, x, [rows, parts * stored]);
  const apart = reshape(g, x, [rows, parts, padded]);
  return reshape(g, slice(g, apart, 2, 0, stored), [rows, parts * stored]);
}

/** Removes the padding of the last dimension of `x [.., padded]`. */
export function trimLast(g: GraphBuilder, x: Value, { stored, padded }: PaddedAxis): Value {
  return padded === stored ? x : slice(g, x, x.shape.length - 1, 0, stored);
}

/**
 * Pads blocks of quantized columns `[N, blocks, ..]`: the added blocks have scales of zero.
 * @param columns the columns with padding, a multiple of the block size if there is any
 */
export function padBlocks(g: GraphBuilder, x: Value, columns: number, blockSize: number): Value {
  const missing = Math.ceil(columns / blockSize) - fixed(x, 1);
  return missing === 0 ? x : pad(g, x, 1, missing);
}

/** Pads the columns of a matrix `[N, K]` to `columns`. */
export function padColumns(g: GraphBuilder, x: Value, columns: number): Value {
  const missing = columns - fixed(x, 1);
  return missing === 0 ? x : pad(g, x, 1, missing);
}

/** The gain of an RMSNorm over one run of a padded axis. */
export function paddedGain(g: GraphBuilder, gain: Value, { stored, padded }: PaddedAxis): Value {
  if (padded === stored) return gain;
  return scale(g, pad(g, gain, 0, padded - stored), Math.sqrt(stored / padded));
}

/** The epsilon of an RMSNorm over one run of a padded axis. */
export function paddedEps(eps: number, { stored, padded }: PaddedAxis): number {
  return (eps * stored) / padded;
}

/**
 * Self-attention of the diffusion transformer, over one sample or several samples packed into one stream.
 * Source: OmniGen2 `models/attention_processor.py`, OmniGen2AttnProcessor
 */

import type { TransformerConfig } from '../../config/config.ts';
import type { Dim, Value } from '../../onnx/graph.ts';
import { attention, repeatHeads, rotaryInterleaved } from '../../onnx/ops/attention.ts';
import { concat, reshape, splitEvenly, splitRows } from '../../onnx/ops/layout.ts';
import { rmsNorm } from '../../onnx/ops/normalization.ts';
import type { Layers } from './layers.ts';
import {
  type PaddedAxis,
  padColumns,
  paddedEps,
  paddedGain,
  paddedSize,
  type TransformerAxes,
  trimHeads,
} from './padding.ts';
import type { Tap } from './tap.ts';

/**
 * Epsilon of the norms of queries and keys, fixed in the official code. Source:
 * OmniGen2TransformerBlock.__init__
 */
const QK_NORM_EPS = 1e-5;

/** Rotary angles of the rows of a token stream, both `[L, headDim / 2]`. */
export interface RopeValues {
  readonly cosines: Value;
  readonly sines: Value;
}

/** The number of rows of each sample in a packed stream. */
export interface SampleRows {
  /** int64 `[samples]` */
  readonly lengths: Value;
  /** The names of these dimensions. */
  readonly dims: readonly Dim[];
}

/** The samples of a packed stream: all rows of each, and only the noise rows. */
export interface PackedBranches {
  readonly joint: SampleRows;
  readonly noise: SampleRows;
}

/** Rows of a stream and their angles. */
export interface AttentionRows {
  readonly x: Value;
  readonly rope: RopeValues;
}

/**
 * Grouped-query attention: query head `h` reads key/value head `h // (heads / kv heads)`.
 * @returns `[L, D]` for the `L` rows of `queries`
 */
export function selfAttention(
  layers: Layers,
  config: TransformerConfig,
  axes: TransformerAxes,
  name: string,
  {
    queries,
    keys,
    packed,
    parts,
    tap,
  }: {
    queries: AttentionRows;
    keys: AttentionRows;
    /** Rows of each sample in the keys and in the queries. Default: all rows are one sample. */
    packed?: { readonly joint: SampleRows; readonly queries: SampleRows };
    /** Number of parts that the queries of a sample are split into. Parts run one after another. */
    parts: number;
    tap: Tap;
  },
): Value {
  const { g } = layers;
  const { numAttentionHeads: heads, numKvHeads: kvHeads, headDim } = config;
  const rotated = (which: 'q' | 'k', rows: PaddedAxis, { x, rope }: AttentionRows) => {
    const projected = layers.linear(x, `${name}.to_${which}`, { rows });
    const apart = reshape(g, projected, [x.shape[0], rows.parts, rows.padded]);
    const gain = paddedGain(g, layers.tensor(`${name}.norm_${which}.weight`), rows);
    const normed = rmsNorm(g, apart, gain, paddedEps(QK_NORM_EPS, rows));
    tap(`${which}_normed`, normed);
    const together = reshape(g, normed, [1, x.shape[0], paddedSize(rows)]);
    return rotaryInterleaved(g, together, rope.cosines, rope.sines, rows.parts);
  };
  const samples = (value: Value, rows: SampleRows | undefined) =>
    rows ? splitRows(g, value, 1, rows.lengths, rows.dims) : [value];
  const values = layers.linear(keys.x, `${name}.to_v`, { rows: axes.keys });
  const value = reshape(g, values, [1, keys.x.shape[0], paddedSize(axes.keys)]);
  const [q, k, v] = [
    samples(rotated('q', axes.queries, queries), packed?.queries),
    samples(rotated('k', axes.keys, keys), packed?.joint),
    samples(value, packed?.joint),
  ];
  const attended = q.flatMap((query, i) => {
    const all = {
      k: repeatHeads(g, k[i], kvHeads, heads / kvHeads),
      v: repeatHeads(g, v[i], kvHeads, heads / kvHeads),
      heads,
      scale: 1 / Math.sqrt(headDim),
    };
    return splitEvenly(g, query, 1, parts).map((part) => attention(g, { q: part, ...all }));
  });
  const y = trimHeads(g, concat(g, attended, 1), axes.queries, queries.x.shape[0]);
  const { hidden } = axes;
  return layers.linear(padColumns(g, y, paddedSize(hidden)), `${name}.to_out.0`, { rows: hidden });
}

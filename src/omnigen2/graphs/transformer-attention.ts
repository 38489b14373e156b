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
  const rotated = (which: 'q' | 'k', count: number, { x, rope }: AttentionRows) => {
    const apart = reshape(g, layers.linear(x, `${name}.to_${which}`), [x.shape[0], count, headDim]);
    const normed = rmsNorm(g, apart, layers.tensor(`${name}.norm_${which}.weight`), QK_NORM_EPS);
    tap(`${which}_normed`, normed);
    const together = reshape(g, normed, [1, x.shape[0], count * headDim]);
    return rotaryInterleaved(g, together, rope.cosines, rope.sines, count);
  };
  const samples = (value: Value, rows: SampleRows | undefined) =>
    rows ? splitRows(g, value, 1, rows.lengths, rows.dims) : [value];
  const value = reshape(g, layers.linear(keys.x, `${name}.to_v`), [1, keys.x.shape[0], kvHeads * headDim]);
  const [q, k, v] = [
    samples(rotated('q', heads, queries), packed?.queries),
    samples(rotated('k', kvHeads, keys), packed?.joint),
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
  const y = reshape(g, concat(g, attended, 1), [queries.x.shape[0], heads * headDim]);
  return layers.linear(y, `${name}.to_out.0`);
}

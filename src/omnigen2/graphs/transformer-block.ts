/**
 * The transformer block.
 * Source: OmniGen2 `models/transformers/transformer_omnigen2.py`, OmniGen2TransformerBlock.forward
 */

import type { TransformerConfig } from '../../config/config.ts';
import type { Value } from '../../onnx/graph.ts';
import { add, addScalar, mul, silu, tanh } from '../../onnx/ops/arithmetic.ts';
import { gather, reshape, split } from '../../onnx/ops/layout.ts';
import { rmsNorm } from '../../onnx/ops/normalization.ts';
import type { Layers } from './layers.ts';
import { paddedEps, paddedGain, paddedSize, type TransformerAxes } from './padding.ts';
import { noTap, type Tap } from './tap.ts';
import { type PackedBranches, type RopeValues, selfAttention } from './transformer-attention.ts';

/** The gains `[D]` of a block's four norms, with time modulation and gates multiplied in. */
interface BlockGains {
  readonly beforeAttention: Value;
  readonly afterAttention: Value;
  readonly beforeFeedForward: Value;
  readonly afterFeedForward: Value;
}

/** The input of one block. */
export interface BlockInput {
  /** Official name of the block, such as `layers.0`. */
  readonly name: string;
  /** `[L, D]` */
  readonly x: Value;
  readonly rope: RopeValues;
  /** `silu(temb)` `[1, T]`. Without it the block has no modulation (context refiner). */
  readonly activated?: Value;
  /** int32 `[R]`: the rows to compute. They still attend to all rows. Default: all. */
  readonly rows?: Value;
  /** The samples of `x`, if it has several. Attention stays within each of them. */
  readonly packed?: PackedBranches;
  /** Number of parts that the queries of a sample are split into. Default: 1. */
  readonly attentionParts?: number;
  readonly tap?: Tap;
}

/**
 * One block on a token stream, with full attention within each sample.
 *
 * The official block scales normed rows by `1 + scale` and gates the normed result by `tanh(gate)`. Both are
 * one factor per column, so this code multiplies them into the gains of the norms instead of the stream.
 * @returns `[L, D]`, or `[R, D]` with `rows`
 */
export function transformerBlock(
  layers: Layers,
  config: TransformerConfig,
  axes: TransformerAxes,
  { name, x, rope, activated, rows, packed, attentionParts = 1, tap = noTap }: BlockInput,
): Value {
  const { g } = layers;
  const eps = paddedEps(config.normEps, axes.hidden);
  const gains = activated
    ? modulatedGains(layers, axes, name, activated, tap)
    : plainGains(layers, axes, name);
  const normed = rmsNorm(g, x, gains.beforeAttention, eps);
  tap('norm1', normed);
  const wanted = (value: Value) => (rows ? gather(g, value, rows, 0) : value);
  const attended = selfAttention(layers, config, axes, `${name}.attn`, {
    queries: { x: wanted(normed), rope: { cosines: wanted(rope.cosines), sines: wanted(rope.sines) } },
    keys: { x: normed, rope },
    packed: packed && { ...packed, queries: rows ? packed.noise : packed.joint },
    parts: attentionParts,
    tap,
  });
  tap('attn_out', attended);
  const y = add(g, wanted(x), rmsNorm(g, attended, gains.afterAttention, eps));
  const fed = feedForward(layers, axes, `${name}.feed_forward`, rmsNorm(g, y, gains.beforeFeedForward, eps));
  tap('mlp_out', fed);
  return add(g, y, rmsNorm(g, fed, gains.afterFeedForward, eps));
}

/**
 * The output of the first norm of a modulated block: the signal of TeaCache.
 * @returns `[L, D]`
 */
export function modulatedInput(
  layers: Layers,
  config: TransformerConfig,
  axes: TransformerAxes,
  name: string,
  x: Value,
  activated: Value,
): Value {
  const { beforeAttention } = modulatedGains(layers, axes, name, activated, noTap);
  return rmsNorm(layers.g, x, beforeAttention, paddedEps(config.normEps, axes.hidden));
}

function plainGains(layers: Layers, { hidden }: TransformerAxes, name: string): BlockGains {
  const gain = (norm: string) => paddedGain(layers.g, layers.tensor(`${name}.${norm}.weight`), hidden);
  return {
    beforeAttention: gain('norm1'),
    afterAttention: gain('norm2'),
    beforeFeedForward: gain('ffn_norm1'),
    afterFeedForward: gain('ffn_norm2'),
  };
}

/**
 * Source: `models/transformers/block_lumina2.py`, LuminaRMSNormZero.forward (chunk order: scale, gate, scale,
 * gate)
 */
function modulatedGains(
  layers: Layers,
  { hidden, modulation: rows }: TransformerAxes,
  name: string,
  activated: Value,
  tap: Tap,
): BlockGains {
  const { g } = layers;
  const width = paddedSize(hidden);
  const modulation = reshape(g, layers.linear(activated, `${name}.norm1.linear`, { rows }), [4 * width]);
  const [scaleAttention, gateAttention, scaleMlp, gateMlp] = split(g, modulation, 0, Array(4).fill(width));
  tap('gate_msa', gateAttention);
  tap('scale_mlp', scaleMlp);
  tap('gate_mlp', gateMlp);
  const gain = (norm: string) => paddedGain(g, layers.tensor(`${name}.${norm}.weight`), hidden);
  return {
    beforeAttention: mul(g, gain('norm1.norm'), addScalar(g, scaleAttention, 1)),
    afterAttention: mul(g, gain('norm2'), tanh(g, gateAttention)),
    beforeFeedForward: mul(g, gain('ffn_norm1'), addScalar(g, scaleMlp, 1)),
    afterFeedForward: mul(g, gain('ffn_norm2'), tanh(g, gateMlp)),
  };
}

/** SwiGLU. Source: `models/transformers/block_lumina2.py`, LuminaFeedForward.forward */
function feedForward(layers: Layers, { hidden }: TransformerAxes, name: string, x: Value): Value {
  const { g } = layers;
  const gate = silu(g, layers.linear(x, `${name}.linear_1`));
  const inner = mul(g, gate, layers.linear(x, `${name}.linear_3`));
  // The product of two activations can exceed float16. The official code computes in bfloat16.
  return layers.linear(inner, `${name}.linear_2`, { rows: hidden, wide: true });
}

/**
 * The decoder of Qwen2.5-VL with a key/value cache, and its output projection.
 *
 * Source of the rules: transformers `models/qwen2_5_vl/modeling_qwen2_5_vl.py`, Qwen2_5_VLDecoderLayer and
 * Qwen2_5_VLModel.forward. The input is embeddings: token rows are looked up outside of the graph, so that a
 * table of hundreds of megabytes is not loaded into it.
 */

import type { LanguageConfig } from '../../config/config.ts';
import { type BuiltGraph, GraphBuilder, type Value } from '../../onnx/graph.ts';
import { add, mul, silu } from '../../onnx/ops/arithmetic.ts';
import { causalAttention, rotaryHalves } from '../../onnx/ops/attention.ts';
import { gather, reshape } from '../../onnx/ops/layout.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { Layers, type Numerics } from './layers.ts';

/** The table of token embeddings `[V, H]`. */
export const TOKEN_TABLE = 'model.embed_tokens.weight';

/** Names of the cache tensors of layer `i`, as inputs (`past`) and outputs (`present`). */
export function cacheNames(when: 'past' | 'present', layer: number): { key: string; value: string } {
  return { key: `${when}_key_${layer}`, value: `${when}_value_${layer}` };
}

/**
 * The decoder layers for one prompt (batch 1).
 *
 * Inputs:
 * - `inputs_embeds [L, H]`
 * - `cos`, `sin [L, D / 2]`: see `rope-positions.ts`
 * - `last`, `total` int32 `[1]`: P + L - 1 and P + L
 * - per layer `past_key_i`, `past_value_i [1, kvHeads, P, D]`, where P may be 0
 *
 * Outputs:
 * - `last_hidden_state [L, H]`, after the final norm
 * - per layer `present_key_i`, `present_value_i [1, kvHeads, P + L, D]`, resident
 * - with `taps`, `hidden_i [L, H]`: the input of layer i
 */
export function languageModelGraph(
  weights: WeightIndex,
  config: LanguageConfig,
  numerics: Numerics,
  { taps = false }: { taps?: boolean } = {},
): BuiltGraph {
  const { hiddenSize, headDim, numKeyValueHeads, numHiddenLayers, rmsNormEps } = config;
  const g = new GraphBuilder('language model');
  const layers = new Layers(g, weights, numerics);
  let x = g.input('inputs_embeds', 'float32', ['L', hiddenSize]);
  const cos = g.input('cos', 'float32', ['L', headDim / 2]);
  const sin = g.input('sin', 'float32', ['L', headDim / 2]);
  const last = g.input('last', 'int32', [1]);
  const total = g.input('total', 'int32', [1]);
  for (let i = 0; i < numHiddenLayers; i++) {
    const past = cacheNames('past', i);
    const cacheShape = [1, numKeyValueHeads, 'P', headDim];
    const pastKey = g.input(past.key, 'float32', cacheShape);
    const pastValue = g.input(past.value, 'float32', cacheShape);
    if (taps) g.output(`hidden_${i}`, x);
    x = decoderLayer(layers, x, `model.layers.${i}`, i, config, {
      cos,
      sin,
      last,
      total,
      pastKey,
      pastValue,
    });
  }
  g.output('last_hidden_state', layers.rmsNorm(x, 'model.norm', rmsNormEps));
  return g.finish();
}

interface AttentionInputs {
  readonly cos: Value;
  readonly sin: Value;
  readonly last: Value;
  readonly total: Value;
  readonly pastKey: Value;
  readonly pastValue: Value;
}

/** Pre-norm attention and SwiGLU, each added to the stream. Source: Qwen2_5_VLDecoderLayer.forward */
function decoderLayer(
  layers: Layers,
  x: Value,
  name: string,
  index: number,
  config: LanguageConfig,
  { cos, sin, last, total, pastKey, pastValue }: AttentionInputs,
): Value {
  const { g } = layers;
  const { numAttentionHeads: heads, numKeyValueHeads: kvHeads, headDim, rmsNormEps } = config;
  const normed = layers.rmsNorm(x, `${name}.input_layernorm`, rmsNormEps);
  const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((projection) => {
    const y = layers.linear(normed, `${name}.self_attn.${projection}`);
    return reshape(g, y, [1, ...y.shape]);
  });
  const { out, presentKey, presentValue } = causalAttention(
    g,
    {
      q: rotaryHalves(g, q, cos, sin, heads),
      k: rotaryHalves(g, k, cos, sin, kvHeads),
      v,
      pastKey,
      pastValue,
      last,
      total,
    },
    { heads, kvHeads, scale: 1 / Math.sqrt(headDim), present: 'P+L' },
  );
  const present = cacheNames('present', index);
  g.output(present.key, presentKey, { resident: true });
  g.output(present.value, presentValue, { resident: true });
  const attended = layers.linear(reshape(g, out, out.shape.slice(1)), `${name}.self_attn.o_proj`);
  const afterAttention = add(g, x, attended);
  const inner = layers.rmsNorm(afterAttention, `${name}.post_attention_layernorm`, rmsNormEps);
  const gate = silu(g, layers.linear(inner, `${name}.mlp.gate_proj`));
  const up = layers.linear(inner, `${name}.mlp.up_proj`);
  return add(g, afterAttention, layers.linear(mul(g, gate, up), `${name}.mlp.down_proj`));
}

/**
 * Copies the beginning of one layer's cache.
 *
 * Inputs: `tokens` int32 `[Q]` = 0, 1, …; `key`, `value [1, kvHeads, P, D]`.
 * Outputs: `short_key`, `short_value [1, kvHeads, Q, D]`, resident.
 */
export function cacheTruncationGraph({ numKeyValueHeads, headDim }: LanguageConfig): BuiltGraph {
  const g = new GraphBuilder('cache truncation');
  const tokens = g.input('tokens', 'int32', ['Q']);
  for (const name of ['key', 'value']) {
    const whole = g.input(name, 'float32', [1, numKeyValueHeads, 'P', headDim]);
    g.output(`short_${name}`, gather(g, whole, tokens, 2), { resident: true });
  }
  return g.finish();
}

/**
 * The output projection: `last_hidden_state [n, H]` -> `logits [n, V]`. Tied weights use the token table.
 */
export function lmHeadGraph(weights: WeightIndex, config: LanguageConfig, numerics: Numerics): BuiltGraph {
  const g = new GraphBuilder('lm head');
  const x = g.input('last_hidden_state', 'float32', ['n', config.hiddenSize]);
  const table = config.tieWordEmbeddings ? TOKEN_TABLE : 'lm_head.weight';
  g.output('logits', new Layers(g, weights, numerics).product(x, table));
  return g.finish();
}

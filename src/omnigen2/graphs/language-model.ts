/**
 * The decoder of Qwen2.5-VL with a key/value cache, and its output projection.
 *
 * Source of the rules: transformers `models/qwen2_5_vl/modeling_qwen2_5_vl.py`, Qwen2_5_VLDecoderLayer and
 * Qwen2_5_VLModel.forward. The input is embeddings: token rows are looked up outside of the graph, so that a
 * table of hundreds of megabytes is not loaded into it.
 */

import type { LayerRange } from '../../checkpoints/layer-groups.ts';
import type { LanguageConfig } from '../../config/config.ts';
import { defineGraph, floats, type InputValues, ints, list } from '../../onnx/define-graph.ts';
import type { Value } from '../../onnx/graph.ts';
import { add, mul, silu } from '../../onnx/ops/arithmetic.ts';
import { causalAttention, rotaryHalves } from '../../onnx/ops/attention.ts';
import { gather, reshape } from '../../onnx/ops/layout.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { Layers } from './layers.ts';
import type { Numerics } from './numerics.ts';

/** The table of token embeddings `[V, H]`. */
export const TOKEN_TABLE = 'model.embed_tokens.weight';

/** What a graph of the language model is built from. */
export interface LanguageParts {
  readonly config: LanguageConfig;
  readonly weights: WeightIndex;
  readonly numerics: Numerics;
  /** Whether the input of each layer is an output too, `hidden_i [L, H]`. */
  readonly taps: boolean;
}

/** What the graph of some decoder layers is built from. */
export interface DecoderParts extends LanguageParts {
  readonly range: LayerRange;
}

/**
 * A range of decoder layers for one prompt (batch 1), the last range excluded: see
 * {@link lastDecoderLayersGraph}.
 *
 * - `stream [L, H]`: token embeddings, or the output of the range before
 * - `cos`, `sin [L, D / 2]`: see `rope-positions.ts`
 * - `last`, `total` int32 `[1]`: P + L - 1 and P + L
 * - `past_keys`, `past_values [1, kvHeads, P, D]` of every layer of the range; P may be 0
 * - `hidden [L, H]`: the stream after the range
 * - `keys`, `values [1, kvHeads, P + L, D]` of every layer of the range
 */
export const decoderLayersGraph = defineGraph({
  name: rangeName,
  inputs: decoderInputs,
  outputs: { hidden: 'resident', keys: 'resident list', values: 'resident list' },
  build: (g, inputs, parts) => {
    const { x, ...cache } = decoderLayers(new Layers(g, parts.weights, parts.numerics), inputs, parts);
    return { hidden: x, ...cache };
  },
});

/** The last range: as {@link decoderLayersGraph}, and `last_hidden_state [L, H]` is after the final norm. */
export const lastDecoderLayersGraph = defineGraph({
  name: rangeName,
  inputs: decoderInputs,
  outputs: { last_hidden_state: 'host', keys: 'resident list', values: 'resident list' },
  build: (g, inputs, parts) => {
    const layers = new Layers(g, parts.weights, parts.numerics);
    const { x, ...cache } = decoderLayers(layers, inputs, parts);
    return { last_hidden_state: layers.rmsNorm(x, 'model.norm', parts.config.rmsNormEps), ...cache };
  },
});

function rangeName({ range: { from, to } }: DecoderParts): string {
  return `language model.layers.${from}-${to}`;
}

function decoderInputs({ config, range }: DecoderParts) {
  const { hiddenSize, headDim, numKeyValueHeads } = config;
  const cache = list(range.to - range.from, () => floats(1, numKeyValueHeads, 'P', headDim));
  return {
    stream: floats('L', hiddenSize),
    cos: floats('L', headDim / 2),
    sin: floats('L', headDim / 2),
    last: ints(1),
    total: ints(1),
    past_keys: cache,
    past_values: cache,
  };
}

function decoderLayers(
  layers: Layers,
  inputs: InputValues<ReturnType<typeof decoderInputs>>,
  { config, range, taps }: DecoderParts,
): { x: Value; keys: Value[]; values: Value[] } {
  const keys: Value[] = [];
  const values: Value[] = [];
  let x = inputs.stream;
  for (let i = range.from; i < range.to; i++) {
    if (taps) layers.g.output(`hidden_${i}`, x);
    const at = i - range.from;
    const past = { pastKey: inputs.past_keys[at], pastValue: inputs.past_values[at] };
    const layer = decoderLayer(layers, x, `model.layers.${i}`, config, { ...inputs, ...past });
    keys.push(layer.presentKey);
    values.push(layer.presentValue);
    x = layer.x;
  }
  return { x, keys, values };
}

interface AttentionInputs {
  readonly cos: Value;
  readonly sin: Value;
  readonly last: Value;
  readonly total: Value;
  readonly pastKey: Value;
  readonly pastValue: Value;
}

/**
 * Pre-norm attention and SwiGLU, each added to the stream. Also returns the keys and values of all tokens.
 * Source: Qwen2_5_VLDecoderLayer.forward
 */
export function decoderLayer(
  layers: Layers,
  x: Value,
  name: string,
  config: LanguageConfig,
  { cos, sin, last, total, pastKey, pastValue }: AttentionInputs,
): { x: Value; presentKey: Value; presentValue: Value } {
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
  const attended = layers.linear(reshape(g, out, out.shape.slice(1)), `${name}.self_attn.o_proj`);
  const afterAttention = add(g, x, attended);
  const inner = layers.rmsNorm(afterAttention, `${name}.post_attention_layernorm`, rmsNormEps);
  const gate = silu(g, layers.linear(inner, `${name}.mlp.gate_proj`));
  const up = layers.linear(inner, `${name}.mlp.up_proj`);
  const fed = layers.linear(mul(g, gate, up), `${name}.mlp.down_proj`, { wide: true });
  return { x: add(g, afterAttention, fed), presentKey, presentValue };
}

/** Copies the cache of one layer up to the `tokens` int32 `[Q]` = 0, 1, …: `[1, kvHeads, Q, D]`. */
export const cacheTruncationGraph = defineGraph({
  name: () => 'cache truncation',
  inputs: ({ numKeyValueHeads, headDim }: LanguageConfig) => ({
    tokens: ints('Q'),
    key: floats(1, numKeyValueHeads, 'P', headDim),
    value: floats(1, numKeyValueHeads, 'P', headDim),
  }),
  outputs: { short_key: 'resident', short_value: 'resident' },
  build: (g, { tokens, key, value }) => ({
    short_key: gather(g, key, tokens, 2),
    short_value: gather(g, value, tokens, 2),
  }),
});

/** The output projection: `last_hidden_state [n, H]` -> `logits [n, V]`. Tied weights use the token table. */
export const lmHeadGraph = defineGraph({
  name: () => 'lm head',
  inputs: ({ config }: LanguageParts) => ({ last_hidden_state: floats('n', config.hiddenSize) }),
  outputs: { logits: 'host' },
  build: (g, { last_hidden_state }, { config, weights, numerics }) => {
    const table = config.tieWordEmbeddings ? TOKEN_TABLE : 'lm_head.weight';
    return { logits: new Layers(g, weights, numerics).product(last_hidden_state, table) };
  },
});

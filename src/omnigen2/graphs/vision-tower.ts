/**
 * The vision tower of Qwen2.5-VL for one picture of any size. All index inputs come from `vision-windows.ts`.
 * Source of the rules: transformers `models/qwen2_5_vl/modeling_qwen2_5_vl.py`,
 * Qwen2_5_VisionTransformerPretrainedModel.
 */

import type { VisionConfig } from '../../config/config.ts';
import { defineGraph, floats, ints } from '../../onnx/define-graph.ts';
import type { Value } from '../../onnx/graph.ts';
import { add, gelu, mul, silu } from '../../onnx/ops/arithmetic.ts';
import { attention, rotaryHalves } from '../../onnx/ops/attention.ts';
import { concat, expand, gather, reshape, split, splitEvenly } from '../../onnx/ops/layout.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { windowPatches } from '../language/vision-windows.ts';
import { Layers } from './layers.ts';
import type { Numerics } from './numerics.ts';

/** What the vision tower is built from. */
export interface VisionParts {
  readonly config: VisionConfig;
  readonly weights: WeightIndex;
  readonly numerics: Numerics;
  /** Whether `patch_embed [L, C]` and, in window order, `block_i [L, C]` are outputs too. */
  readonly taps: boolean;
  /** Number of parts that the queries of full attention are split into. */
  readonly attentionParts: number;
}

/**
 * The blocks and the merger of the vision tower.
 *
 * - `patches [L, K]`, K = channels * frames * side * side, in the order of merge blocks
 * - `order` int32 `[L]`: the patch at each place of window order
 * - `cos`, `sin [L, D / 2]`, in window order
 * - `slots` int32 `[W, S]`: the place in each slot of each window, any place for an empty slot
 * - `slot_bias [W, S]`: very negative for empty slots
 * - `slot_of` int32 `[L]`: the slot of each place
 * - `restore` int32 `[cells]`: the merged cell in window order for each cell of the picture
 * - `embeds [cells, H]`: one row per merged cell in the order of the picture
 */
export const visionTowerGraph = defineGraph({
  name: () => 'vision tower',
  inputs: ({ config }: VisionParts) => {
    const slotCount = windowPatches(config);
    return {
      patches: floats('L', config.inChannels * config.temporalPatchSize * config.patchSize ** 2),
      order: ints('L'),
      cos: floats('L', config.headDim / 2),
      sin: floats('L', config.headDim / 2),
      slots: ints('W', slotCount),
      slot_bias: floats('W', slotCount),
      slot_of: ints('L'),
      restore: ints('cells'),
    };
  },
  outputs: { embeds: 'host' },
  build: (g, inputs, { config, weights, numerics, taps, attentionParts }) => {
    const { patches, order, cos, sin, slots, slot_bias, slot_of, restore } = inputs;
    const { hiddenSize, depth, rmsNormEps, spatialMergeSize } = config;
    const layers = new Layers(g, weights, numerics);
    const slotCount = windowPatches(config);

    // The patch convolution is a matrix product on the rows.
    const embedded = layers.product(patches, 'visual.patch_embed.proj.weight');
    if (taps) g.output('patch_embed', embedded);
    const bias = expand(g, reshape(g, slot_bias, ['W', 1, 1, slotCount]), ['W', 1, slotCount, slotCount]);
    const windows: Windows = { slots, slotOf: slot_of, bias };
    let x = gather(g, embedded, order, 0);
    for (let i = 0; i < depth; i++) {
      const over = config.fullattBlockIndexes.includes(i) ? attentionParts : windows;
      x = block(layers, x, `visual.blocks.${i}`, config, { cos, sin, over });
      if (taps) g.output(`block_${i}`, x);
    }

    const normed = layers.rmsNorm(x, 'visual.merger.ln_q', rmsNormEps);
    const merged = reshape(g, normed, ['cells', hiddenSize * spatialMergeSize ** 2]);
    const inner = gelu(g, layers.linear(merged, 'visual.merger.mlp.0'));
    return { embeds: gather(g, layers.linear(inner, 'visual.merger.mlp.2'), restore, 0) };
  },
});

interface Windows {
  readonly slots: Value;
  readonly slotOf: Value;
  /** `[W, 1, S, S]`. */
  readonly bias: Value;
}

/**
 * Pre-norm attention and SwiGLU, each added to the stream `x [L, C]`. Source: Qwen2_5_VLVisionBlock.forward
 * @param over the attention windows, or the number of parts of full attention
 */
function block(
  layers: Layers,
  x: Value,
  name: string,
  config: VisionConfig,
  { cos, sin, over }: { cos: Value; sin: Value; over: Windows | number },
): Value {
  const { g } = layers;
  const { hiddenSize, numHeads, rmsNormEps } = config;
  const qkv = layers.linear(layers.rmsNorm(x, `${name}.norm1`, rmsNormEps), `${name}.attn.qkv`);
  const parts = split(g, reshape(g, qkv, [1, ...qkv.shape]), 2, [hiddenSize, hiddenSize, hiddenSize]);
  const q = rotaryHalves(g, parts[0], cos, sin, numHeads);
  const k = rotaryHalves(g, parts[1], cos, sin, numHeads);
  const attended =
    typeof over === 'number'
      ? fullAttention(layers, { q, k, v: parts[2] }, config, over)
      : windowAttention(layers, [q, k, parts[2]], over, config);
  const afterAttention = add(g, x, layers.linear(attended, `${name}.attn.proj`));
  const inner = layers.rmsNorm(afterAttention, `${name}.norm2`, rmsNormEps);
  const gate = silu(g, layers.linear(inner, `${name}.mlp.gate_proj`));
  const up = layers.linear(inner, `${name}.mlp.up_proj`);
  return add(g, afterAttention, layers.linear(mul(g, gate, up), `${name}.mlp.down_proj`, { wide: true }));
}

/** Attention over all patches, with the queries in `parts` parts. */
function fullAttention(
  layers: Layers,
  { q, k, v }: { q: Value; k: Value; v: Value },
  config: VisionConfig,
  parts: number,
): Value {
  const { g } = layers;
  const attended = splitEvenly(g, q, 1, parts).map((part) =>
    attention(g, { q: part, k, v, heads: config.numHeads, scale: scaleOf(config) }),
  );
  return reshape(g, concat(g, attended, 1), [q.shape[1], config.hiddenSize]);
}

/** Attention within windows: each window is one row of a batch, padded to the size of a full window. */
function windowAttention(
  layers: Layers,
  streams: readonly Value[],
  { slots, slotOf, bias }: Windows,
  config: VisionConfig,
): Value {
  const { g } = layers;
  const [q, k, v] = streams.map((stream) => gather(g, flat(layers, stream), slots, 0));
  const out = attention(g, { q, k, v, heads: config.numHeads, scale: scaleOf(config), bias });
  return gather(g, reshape(g, out, ['slots', config.hiddenSize]), slotOf, 0);
}

/** `[1, L, C]` as `[L, C]`. */
function flat(layers: Layers, x: Value): Value {
  return reshape(layers.g, x, x.shape.slice(1));
}

function scaleOf({ headDim }: VisionConfig): number {
  return 1 / Math.sqrt(headDim);
}

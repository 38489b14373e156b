/** The judge's network, a convolutional detector. `training/judge.py` trains and exports its weights. */

import { defineGraph, floats } from '../onnx/define-graph.ts';
import { type GraphBuilder, GraphError, type Value } from '../onnx/graph.ts';
import { add, relu } from '../onnx/ops/arithmetic.ts';
import { fixed } from '../onnx/ops/checks.ts';
import {
  conv2d,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  upsampleNearest,
} from '../onnx/ops/convolution.ts';
import { concat, reshape } from '../onnx/ops/layout.ts';
import { gemm } from '../onnx/ops/matmul.ts';
import { storedFloat } from '../onnx/ops/stored.ts';
import type { WeightIndex } from '../tensors/stored.ts';
import { PICTURE_SIDE } from './classes.ts';

/**
 * The network: `picture` `[1, 3, 128, 128]` in -1 … 1 to `stands` `[1, C, 16, 16]`, logits and numbers for
 * each cell, and `page` `[1, P]`, logits for the whole page. The channels are presence, then the order of
 * `classes.ts`. Norms and temperatures are folded into the weights.
 */
export const judgeGraph = defineGraph({
  name: () => 'judge',
  inputs: (_: WeightIndex) => ({ picture: floats(1, 3, PICTURE_SIDE, PICTURE_SIDE) }),
  outputs: { stands: 'host', page: 'host' },
  build: (g, { picture }, weights) => {
    const { conv, tensor } = layers(g, weights);
    const active = (x: Value, name: string, stride = 1) => relu(g, conv(x, name, stride));
    const block = (x: Value, name: string) =>
      relu(g, add(g, x, conv(active(x, `${name}.first`), `${name}.second`)));

    let x = active(picture, 'stem', 2);
    x = active(x, 'down1', 2);
    for (const i of [0, 1]) x = block(x, `fine.${i}`);
    x = active(x, 'down2', 2);
    for (const i of [0, 1]) x = block(x, `middle.${i}`);
    const coarse = conv(block(active(x, 'down3', 2), 'coarse'), 'up');
    const side = fixed(x, 2);
    x = block(relu(g, add(g, x, upsampleNearest(g, coarse, side, side))), 'merged');
    // Adds the largest features of the cells above and below: a lamp's colour is its shade's, a hat is on
    // top.
    const withColumn = concat(g, [x, maxPool(g, x, 7, 3)], 1);
    const stands = conv(active(withColumn, 'hidden'), 'stands');
    const pooled = concat(g, [globalAveragePool(g, x), globalMaxPool(g, x)], 1);
    const flat = reshape(g, pooled, [1, 2 * fixed(x, 1)]);
    return { stands, page: gemm(g, flat, tensor('page.weight'), tensor('page.bias')) };
  },
});

function layers(g: GraphBuilder, weights: WeightIndex) {
  const tensor = (name: string): Value => {
    const stored = weights.get(name);
    if (!stored) throw new GraphError(`the judge's weights have no tensor ${name}`);
    return storedFloat(g, stored, 'float32', { castsBfloat16: false });
  };
  /** A convolution, padded so that the output's side is the input's divided by `stride`. */
  const conv = (x: Value, name: string, stride = 1): Value => {
    const weight = tensor(`${name}.weight`);
    const pad = Math.floor((fixed(weight, 2) - 1) / 2);
    const side = fixed(x, 2) / stride;
    return conv2d(g, x, weight, tensor(`${name}.bias`), {
      stride,
      pads: [pad, pad, pad, pad],
      height: side,
      width: side,
    });
  };
  return { conv, tensor };
}

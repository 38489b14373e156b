/**
 * Graphs that time one stage of the released model. Each returns one value to main memory: its arrival shows
 * that the device has finished.
 */

import type { TransformerConfig, VaeConfig } from '../../config/config.ts';
import { defineGraph, floats } from '../../onnx/define-graph.ts';
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import { add, castTo, scale } from '../../onnx/ops/arithmetic.ts';
import { reshape, slice } from '../../onnx/ops/layout.ts';
import { matmul } from '../../onnx/ops/matmul.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { Layers } from '../graphs/layers.ts';
import type { Numerics } from '../graphs/numerics.ts';
import { transformerBlock } from '../graphs/transformer-block.ts';
import { axesOf, ropeInputs, streamWidth } from '../graphs/transformer-parts.ts';
import { VaeBlocks } from '../graphs/vae-blocks.ts';

export interface StageParts<Config> {
  readonly config: Config;
  readonly weights: WeightIndex;
  readonly numerics: Numerics;
}

/** `a [n, n] @ b [n, n]`, `times` times over. */
export const matmulGraph = defineGraph({
  name: ({ type }) => `device.matmul.${type}`,
  inputs: (_: { type: 'float32' | 'float16'; times: number }) => ({
    a: floats('n', 'n'),
    b: floats('n', 'n'),
  }),
  outputs: { done: 'host' },
  build: (g, { a, b }, { type, times }) => {
    const [left, right] = [castTo(g, a, type), castTo(g, b, type)];
    let product = matmul(g, left, right);
    for (let i = 1; i < times; i++) product = matmul(g, product, right);
    return { done: castTo(g, corner(g, product), 'float32') };
  },
});

/** One main layer of the transformer. */
export const blockGraph = defineGraph({
  name: () => 'device.transformer',
  inputs: (parts: StageParts<TransformerConfig>) => ({
    stream: floats('rows', streamWidth(parts)),
    activated: floats(1, parts.config.tembDim),
    ...ropeInputs(axesOf(parts), 'rows'),
  }),
  outputs: { done: 'host' },
  build: (g, { stream, activated, ...rope }, parts) => {
    const layers = new Layers(g, parts.weights, parts.numerics);
    const block = { name: 'layers.0', x: stream, rope, activated };
    return { done: corner(g, transformerBlock(layers, parts.config, axesOf(parts), block)) };
  },
});

/** A residual block of the VAE at the first level, on `features [C, height * width]`. */
export const vaeBlockGraph = defineGraph({
  name: ({ side }) => `device.vae.${side}`,
  inputs: ({ config, side }: StageParts<VaeConfig> & { side: number }) => ({
    features: floats(config.blockOutChannels[0], side * side),
  }),
  outputs: { done: 'host' },
  build: (g, { features }, { config, weights, numerics, side }) => {
    const blocks = new VaeBlocks(new Layers(g, weights, numerics), config);
    const [channels] = config.blockOutChannels;
    const x = reshape(g, features, [1, channels, side, side]);
    const y = blocks.resnet(x, `decoder.up_blocks.${config.blockOutChannels.length - 1}.resnets.1`);
    return { done: corner(g, reshape(g, y, [channels, side * side])) };
  },
});

/**
 * Sum of `times` products of scaled inputs with one quantized matrix `[N, K]`. All outputs come back, to be
 * compared.
 */
export const productsGraph = defineGraph({
  name: () => 'device.products',
  inputs: ({ columns }: ProductParts) => ({ x: floats('rows', columns) }),
  outputs: { sum: 'host' },
  build: (g, { x }, { weights, numerics, times, name }) => {
    const layers = new Layers(g, weights, numerics);
    const products = Array.from({ length: times }, (_, i) => layers.linear(scale(g, x, 1 + i / 16), name));
    return { sum: products.reduce((total, product) => add(g, total, product)) };
  },
});

export interface ProductParts {
  readonly weights: WeightIndex;
  readonly numerics: Numerics;
  readonly name: string;
  /** K, with padding. */
  readonly columns: number;
  readonly times: number;
}

/** The first value of a matrix. */
function corner(g: GraphBuilder, x: Value): Value {
  return slice(g, slice(g, x, 0, 0, 1, 1), 1, 0, 1, 1);
}

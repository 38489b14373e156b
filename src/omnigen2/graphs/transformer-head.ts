/** The noise rows after the last layer to velocity patches. */

import { defineGraph, floats, list } from '../../onnx/define-graph.ts';
import { addScalar } from '../../onnx/ops/arithmetic.ts';
import { concat, reshape } from '../../onnx/ops/layout.ts';
import { layerNorm } from '../../onnx/ops/normalization.ts';
import { trimLast } from './padding.ts';
import { startGraph, streamWidth, type TransformerParts } from './transformer-parts.ts';

/** Epsilon of the last LayerNorm, fixed in the official code. Source: OmniGen2Transformer2DModel.__init__ */
const OUTPUT_NORM_EPS = 1e-6;

export interface HeadParts extends TransformerParts {
  /** Number of guidance branches. */
  readonly branches: number;
}

/**
 * The streams `[noise, D]` of all branches to `velocity` `[branches * noise, patch]`, branch after branch.
 * Source: OmniGen2 `block_lumina2.py`, LuminaLayerNormContinuous.forward (no shift)
 */
export const headGraph = defineGraph({
  name: ({ branches }) => `transformer.head.${branches}`,
  inputs: (parts: HeadParts) => ({
    streams: list(parts.branches, (i) => floats(`rows_${i}`, streamWidth(parts))),
    activated: floats(1, parts.config.tembDim),
  }),
  outputs: { velocity: 'host' },
  build: (g, { streams, activated }, parts) => {
    const { layers, config, axes, tap } = startGraph(g, parts);
    const scale = reshape(g, layers.linear(activated, 'norm_out.linear_1'), [config.hiddenSize]);
    // A LayerNorm subtracts the mean, so padding would change it.
    const stream = trimLast(g, concat(g, streams, 0), axes.hidden);
    const normed = layerNorm(g, stream, addScalar(g, scale, 1), undefined, OUTPUT_NORM_EPS);
    const velocity = layers.linear(normed, 'norm_out.linear_2');
    tap('norm_out', velocity);
    return { velocity };
  },
});

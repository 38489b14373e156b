/** The joint stream to velocity patches. */

import type { BuiltGraph, Value } from '../../onnx/graph.ts';
import { addScalar } from '../../onnx/ops/arithmetic.ts';
import { reshape } from '../../onnx/ops/layout.ts';
import { layerNorm } from '../../onnx/ops/normalization.ts';
import { startGraph, type TransformerGraph, type TransformerParts } from './transformer-parts.ts';

/** Epsilon of the last LayerNorm, fixed in the official code. Source: OmniGen2Transformer2DModel.__init__ */
const OUTPUT_NORM_EPS = 1e-6;

/** Inputs: `stream` `[rows, D]`, `activated` `[1, T]`. Output: `velocity` `[rows, patch]`. */
export function headGraph(parts: TransformerParts): BuiltGraph {
  const graph = startGraph('head', parts);
  const { g } = graph.layers;
  const stream = g.input('stream', 'float32', ['rows', graph.config.hiddenSize]);
  const activated = g.input('activated', 'float32', [1, graph.config.tembDim]);
  g.output('velocity', head(graph, stream, activated));
  return g.finish();
}

/** Adds the head to a graph. Source: `block_lumina2.py`, LuminaLayerNormContinuous.forward (no shift) */
export function head({ layers, config }: TransformerGraph, stream: Value, activated: Value): Value {
  const { g } = layers;
  const scale = reshape(g, layers.linear(activated, 'norm_out.linear_1'), [config.hiddenSize]);
  const normed = layerNorm(g, stream, addScalar(g, scale, 1), undefined, OUTPUT_NORM_EPS);
  return layers.linear(normed, 'norm_out.linear_2');
}

/** The main layers over the joint sequence (text, references, noisy picture). */

import type { BuiltGraph, Value } from '../../onnx/graph.ts';
import { type RopeValues, transformerBlock } from './transformer-block.ts';
import {
  ropeInputs,
  startGraph,
  type TransformerGraph,
  type TransformerParts,
  within,
} from './transformer-parts.ts';

/** A contiguous range of main layers, `from` included, `to` not. */
export interface LayerRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Inputs: `stream` `[joint, D]`, `activated` `[1, T]`, `cosines` and `sines` of its rows. Output: `stream_out`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (layers)
 */
export function layersGraph(parts: TransformerParts, range: LayerRange): BuiltGraph {
  const graph = startGraph(`layers.${range.from}-${range.to}`, parts);
  const { g } = graph.layers;
  const stream = g.input('stream', 'float32', ['joint', graph.config.hiddenSize]);
  const activated = g.input('activated', 'float32', [1, graph.config.tembDim]);
  const rope = ropeInputs(graph, 'joint');
  g.output('stream_out', mainLayers(graph, stream, activated, rope, range));
  return g.finish();
}

/** Adds the layers of `range` to a graph. */
export function mainLayers(
  graph: TransformerGraph,
  stream: Value,
  activated: Value,
  rope: RopeValues,
  { from, to }: LayerRange,
): Value {
  let x = stream;
  for (let i = from; i < to; i++) {
    const tap = within(graph.tap, `layer_${i}`);
    x = transformerBlock(graph.layers, graph.config, `layers.${i}`, x, rope, activated, tap);
    graph.tap(`layer_${i}`, x);
  }
  return x;
}

/** Cuts all main layers into ranges of at most `size` layers. */
export function layerRanges(count: number, size: number): LayerRange[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
    from: i * size,
    to: Math.min(count, (i + 1) * size),
  }));
}

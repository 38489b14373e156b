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
 * Inputs: `stream` `[joint, D]`, `activated` `[1, T]`, `cosines` and `sines` of its rows. Output: `stream_out`
 * `[joint, D]`; where the range holds the last layer, there is an input `noise_rows` int32 `[noise]`, and the output is
 * `[noise, D]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (layers)
 */
export function layersGraph(parts: TransformerParts, range: LayerRange): BuiltGraph {
  const graph = startGraph(`layers.${range.from}-${range.to}`, parts);
  const { g } = graph.layers;
  const stream = g.input('stream', 'float32', ['joint', graph.config.hiddenSize]);
  const activated = g.input('activated', 'float32', [1, graph.config.tembDim]);
  const rope = ropeInputs(graph, 'joint');
  const rows = range.to === graph.config.numLayers ? noiseRows(graph) : undefined;
  g.output('stream_out', mainLayers(graph, { stream, activated, rope, rows }, range));
  return g.finish();
}

/** Declares the input `noise_rows`: where the noisy picture's rows are in the joint sequence. */
export function noiseRows({ layers }: TransformerGraph): Value {
  return layers.g.input('noise_rows', 'int32', ['noise']);
}

/** Adds the layers of `range` to a graph; the last of all layers gives only the wanted `rows`. */
export function mainLayers(
  { layers, config, tap }: TransformerGraph,
  { stream, activated, rope, rows }: { stream: Value; activated: Value; rope: RopeValues; rows?: Value },
  { from, to }: LayerRange,
): Value {
  let x = stream;
  for (let i = from; i < to; i++) {
    x = transformerBlock(layers, config, {
      name: `layers.${i}`,
      x,
      rope,
      activated,
      rows: i === config.numLayers - 1 ? rows : undefined,
      tap: within(tap, `layer_${i}`),
    });
    tap(`layer_${i}`, x);
  }
  return x;
}

/** The main layers over the joint sequence (text, references, noisy picture). */

import type { BuiltGraph, Value } from '../../onnx/graph.ts';
import { concat } from '../../onnx/ops/layout.ts';
import type { PackedBranches, RopeValues } from './transformer-attention.ts';
import { transformerBlock } from './transformer-block.ts';
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
 * Inputs: `prefix` `[prefix, D]` (context and refined references) and `noise` `[noise, D]` where the range holds the first
 * layer, else `stream` `[prefix+noise, D]`; `activated` `[1, T]`; `cosines` and `sines` of all rows. Output, resident:
 * `stream_out` `[prefix+noise, D]`; where the range holds the last layer, there is an input `noise_rows` int32
 * `[noise]`, and the output is `[noise, D]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (layers)
 */
export function layersGraph(parts: TransformerParts, range: LayerRange): BuiltGraph {
  const graph = startGraph(`layers.${range.from}-${range.to}`, parts);
  const { g } = graph.layers;
  const stream = range.from === 0 ? jointStream(graph) : g.input('stream', 'float32', shapeOfJoint(graph));
  const activated = activatedInput(graph);
  const rope = ropeInputs(graph, stream.shape[0]);
  const last = range.to === graph.config.numLayers;
  const rows = last ? g.input('noise_rows', 'int32', ['noise']) : undefined;
  const out = mainLayers(graph, { stream, activated, rope, rows }, range);
  g.output('stream_out', out, { resident: true });
  return g.finish();
}

/** Declares the inputs `prefix` and `noise`, and joins them to `[prefix+noise, D]`. */
export function jointStream({ layers, config, tap }: TransformerGraph): Value {
  const { g } = layers;
  const prefix = g.input('prefix', 'float32', ['prefix', config.hiddenSize]);
  const noise = g.input('noise', 'float32', ['noise', config.hiddenSize]);
  const joined = concat(g, [prefix, noise], 0);
  tap('joint_input', joined);
  return joined;
}

/** Declares the input `activated` `[1, T]`: `silu` of the timestep embedding. */
export function activatedInput({ layers, config }: TransformerGraph): Value {
  return layers.g.input('activated', 'float32', [1, config.tembDim]);
}

function shapeOfJoint({ config }: TransformerGraph) {
  return ['prefix+noise', config.hiddenSize];
}

/** What the main layers work on; see {@link transformerBlock}. */
interface MainLayersInput {
  readonly stream: Value;
  readonly activated: Value;
  readonly rope: RopeValues;
  readonly rows?: Value;
  readonly packed?: PackedBranches;
}

/** Adds the layers of `range` to a graph; the last of all layers gives only the wanted `rows`. */
export function mainLayers(
  { layers, config, attentionParts, tap }: TransformerGraph,
  { stream, activated, rope, rows, packed }: MainLayersInput,
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
      packed,
      attentionParts,
      tap: within(tap, `layer_${i}`),
    });
    tap(`layer_${i}`, x);
  }
  return x;
}

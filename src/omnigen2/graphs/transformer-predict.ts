/** One step of the transformer in one graph: embed, all main layers and head. For models that fit one session. */

import type { BuiltGraph } from '../../onnx/graph.ts';
import { concat } from '../../onnx/ops.ts';
import { noiseStream } from './transformer-embed.ts';
import { head } from './transformer-head.ts';
import { mainLayers, noiseRows } from './transformer-layers.ts';
import { activatedTimestep, ropeInputs, startGraph, type TransformerParts } from './transformer-parts.ts';

/**
 * Inputs: `prefix` `[prefix, D]` (context and refined references), `patches` `[noise, patch]`, `sinusoid`
 * `[1, timestepFrequencyDim]`, and cosines and sines of the rows of each (`prefix_cosines`, `cosines` …),
 * `noise_rows` int32 `[noise]`. Output: `velocity` `[noise, patch]`.
 * With taps, the input `noise_rows` is not there and all rows pass the last layer: `velocity` `[prefix+noise, patch]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward
 */
export function predictGraph(parts: TransformerParts): BuiltGraph {
  const graph = startGraph('predict', parts);
  const { layers, config, tap } = graph;
  const { g } = layers;
  const prefix = g.input('prefix', 'float32', ['prefix', config.hiddenSize]);
  const activated = activatedTimestep(graph);
  const prefixRope = ropeInputs(graph, 'prefix', 'prefix_');
  const noiseRope = ropeInputs(graph, 'noise');
  const joined = concat(g, [prefix, noiseStream(graph, activated, noiseRope)], 0);
  tap('joint_input', joined);
  const rope = {
    cosines: concat(g, [prefixRope.cosines, noiseRope.cosines], 0),
    sines: concat(g, [prefixRope.sines, noiseRope.sines], 0),
  };
  const stream = mainLayers(
    graph,
    { stream: joined, activated, rope, rows: parts.taps ? undefined : noiseRows(graph) },
    { from: 0, to: config.numLayers },
  );
  const velocity = head(graph, stream, activated);
  tap('norm_out', velocity);
  g.output('velocity', velocity);
  return g.finish();
}

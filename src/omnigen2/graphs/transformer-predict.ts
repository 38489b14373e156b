/** One step of the transformer in one graph: embed, all main layers and head. For models that fit one session. */

import type { BuiltGraph } from '../../onnx/graph.ts';
import { noiseStream } from './transformer-embed.ts';
import { head } from './transformer-head.ts';
import { packedLayers, prefixInputs } from './transformer-packed.ts';
import { activatedTimestep, ropeInputs, startGraph, type TransformerParts } from './transformer-parts.ts';

/**
 * One noisy picture under each of `branches` conditions. What the branches have in common is computed once: the
 * timestep, and the noisy picture's own refining, which depends on differences of positions alone.
 *
 * Inputs: `prefix_0` `[prefix_0, D]` … (context and refined references of each branch), `patches` `[noise, patch]`,
 * `sinusoid` `[1, timestepFrequencyDim]`, `noise_cosines` and `noise_sines` of the noisy rows, and those of
 * `packedLayers`. Output: `velocity` `[branches * noise, patch]`.
 * With taps there is one branch, the input `noise_rows` is not there, and all rows pass the last layer: `velocity`
 * `[prefix+noise, patch]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward
 * @throws GraphError if there are taps and several branches
 */
export function predictGraph(parts: TransformerParts, branches: number): BuiltGraph {
  const graph = startGraph(`predict.${branches}`, parts);
  const { g } = graph.layers;
  const prefixes = prefixInputs(graph, branches);
  const activated = activatedTimestep(graph);
  const noise = noiseStream(graph, activated, ropeInputs(graph, 'noise', 'noise_'));
  const { stream } = packedLayers(graph, prefixes, noise, activated);
  const velocity = head(graph, stream, activated);
  graph.tap('norm_out', velocity);
  g.output('velocity', velocity);
  return g.finish();
}

/** Latent patches and the timestep to token streams. Both graphs run once per step. */

import type { BuiltGraph, Value } from '../../onnx/graph.ts';
import { add, concat, gather } from '../../onnx/ops.ts';
import { modulatedInput, noTap, type RopeValues, transformerBlock } from './transformer-block.ts';
import {
  activatedTimestep,
  patchWidth,
  ropeInputs,
  startGraph,
  type TransformerGraph,
  type TransformerParts,
} from './transformer-parts.ts';

/**
 * One reference picture; those of a sample do not see each other before the joint layers.
 *
 * Inputs: `patches` `[reference, patch]`, `index` int32 `[1]` (which reference it is), `sinusoid`
 * `[1, timestepFrequencyDim]`, `cosines` and `sines` of its rows. Output: `stream` `[reference, D]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.img_patch_embed_and_refine
 */
export function referenceGraph(parts: TransformerParts): BuiltGraph {
  const graph = startGraph('reference', parts);
  const { layers, config, tap } = graph;
  const { g } = layers;
  const patches = g.input('patches', 'float32', ['reference', patchWidth(config)]);
  const index = g.input('index', 'int32', [1]);
  const activated = activatedTimestep({ ...graph, tap: noTap });
  const rope = ropeInputs(graph, 'reference');
  const embedded = layers.linear(patches, 'ref_image_patch_embedder');
  tap('ref_embed_before_index', embedded);
  let stream = add(g, embedded, gather(g, layers.tensor('image_index_embedding'), index, 0));
  tap('ref_refiner_input', stream);
  for (let i = 0; i < config.numRefinerLayers; i++) {
    stream = transformerBlock(layers, config, { name: `ref_image_refiner.${i}`, x: stream, rope, activated });
    tap(`ref_refiner_${i}`, stream);
  }
  g.output('stream', stream);
  return g.finish();
}

/**
 * The noisy picture, joined behind the prefix (context and references).
 *
 * Inputs: `prefix` `[prefix, D]`, `patches` `[noise, patch]`, `sinusoid` `[1, timestepFrequencyDim]`, `cosines` and
 * `sines` of the noisy rows. Outputs: `stream` `[prefix+noise, D]`; `activated` `[1, T]`, the activated timestep
 * embedding; `tea_cache_input` `[prefix+noise, D]`, the first layer's modulated input, if asked for.
 */
export function embedGraph(
  parts: TransformerParts,
  { teaCacheInput }: { teaCacheInput: boolean },
): BuiltGraph {
  const graph = startGraph('embed', parts);
  const { layers, config } = graph;
  const { g } = layers;
  const prefix = g.input('prefix', 'float32', ['prefix', config.hiddenSize]);
  const activated = activatedTimestep(graph);
  const joined = concat(g, [prefix, noiseStream(graph, activated, ropeInputs(graph, 'noise'))], 0);
  g.output('stream', joined);
  g.output('activated', activated);
  if (teaCacheInput)
    g.output('tea_cache_input', modulatedInput(layers, config, 'layers.0', joined, activated));
  return g.finish();
}

/** The refined stream `[noise, D]` of the input `patches` `[noise, patch]`. */
export function noiseStream(graph: TransformerGraph, activated: Value, rope: RopeValues): Value {
  const { layers, config, tap } = graph;
  const patches = layers.g.input('patches', 'float32', ['noise', patchWidth(config)]);
  let stream = layers.linear(patches, 'x_embedder');
  tap('x_embed', stream);
  for (let i = 0; i < config.numRefinerLayers; i++) {
    stream = transformerBlock(layers, config, { name: `noise_refiner.${i}`, x: stream, rope, activated });
    tap(`noise_refiner_${i}`, stream);
  }
  return stream;
}

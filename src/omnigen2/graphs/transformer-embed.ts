/** Latent patches and the timestep to token streams. These graphs run once per step. */

import { type BuiltGraph, GraphBuilder, type Value } from '../../onnx/graph.ts';
import { add } from '../../onnx/ops/arithmetic.ts';
import { concat, gather } from '../../onnx/ops/layout.ts';
import { noTap } from './tap.ts';
import type { RopeValues } from './transformer-attention.ts';
import { transformerBlock } from './transformer-block.ts';
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
 * `[1, timestepFrequencyDim]`, `cosines` and `sines` of its rows. Output, resident: `stream` `[reference, D]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.img_patch_embed_and_refine
 */
export function referenceGraph(parts: TransformerParts): BuiltGraph {
  const graph = startGraph('reference', parts);
  const { layers, config, attentionParts, tap } = graph;
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
    const name = `ref_image_refiner.${i}`;
    stream = transformerBlock(layers, config, { name, x: stream, rope, activated, attentionParts });
    tap(`ref_refiner_${i}`, stream);
  }
  g.output('stream', stream, { resident: true });
  return g.finish();
}

/**
 * The noisy picture, once for all branches of a step.
 *
 * Inputs: `patches` `[noise, patch]`, `sinusoid` `[1, timestepFrequencyDim]`, `noise_cosines` and `noise_sines` of its
 * rows. Outputs, resident: `noise` `[noise, D]`; `activated` `[1, T]`, the activated timestep embedding.
 */
export function embedGraph(parts: TransformerParts): BuiltGraph {
  const graph = startGraph('embed', parts);
  const { g } = graph.layers;
  const activated = activatedTimestep(graph);
  const noise = noiseStream(graph, activated, ropeInputs(graph, 'noise', 'noise_'));
  g.output('noise', noise, { resident: true });
  g.output('activated', activated, { resident: true });
  return g.finish();
}

/**
 * What stands before the noisy picture in the sequence of a branch.
 *
 * Inputs: `context` `[text, D]`, `reference_0` `[reference_0, D]` …, `count` of them. Output, resident: `prefix`
 * `[text+references, D]`.
 */
export function prefixGraph({ config }: Pick<TransformerParts, 'config'>, count: number): BuiltGraph {
  const g = new GraphBuilder(`transformer.prefix.${count}`);
  const stream = (name: string, rows: string) => g.input(name, 'float32', [rows, config.hiddenSize]);
  const context = stream('context', 'text');
  const references = Array.from({ length: count }, (_, i) => stream(`reference_${i}`, `reference_${i}`));
  g.output('prefix', concat(g, [context, ...references], 0), { resident: true });
  return g.finish();
}

/** The refined stream `[noise, D]` of the input `patches` `[noise, patch]`. */
export function noiseStream(graph: TransformerGraph, activated: Value, rope: RopeValues): Value {
  const { layers, config, attentionParts, tap } = graph;
  const patches = layers.g.input('patches', 'float32', ['noise', patchWidth(config)]);
  let stream = layers.linear(patches, 'x_embedder');
  tap('x_embed', stream);
  for (let i = 0; i < config.numRefinerLayers; i++) {
    const name = `noise_refiner.${i}`;
    stream = transformerBlock(layers, config, { name, x: stream, rope, activated, attentionParts });
    tap(`noise_refiner_${i}`, stream);
  }
  return stream;
}

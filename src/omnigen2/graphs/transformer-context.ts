/** Text features to the transformer's context stream: once per prompt, for it knows no timestep. */

import type { BuiltGraph } from '../../onnx/graph.ts';
import { transformerBlock } from './transformer-block.ts';
import { ropeInputs, startGraph, type TransformerParts } from './transformer-parts.ts';

/**
 * Inputs: `text` `[text, textFeatDim]`, `cosines` and `sines` of its rows. Output: `stream` `[text, D]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (caption_embedder, context_refiner)
 */
export function contextGraph(parts: TransformerParts): BuiltGraph {
  const graph = startGraph('context', parts);
  const { layers, config, tap } = graph;
  const { g } = layers;
  const text = g.input('text', 'float32', ['text', config.textFeatDim]);
  const rope = ropeInputs(graph, 'text');
  const name = 'time_caption_embed.caption_embedder';
  let stream = layers.linear(layers.rmsNorm(text, `${name}.0`, config.normEps), `${name}.1`);
  tap('caption_embed', stream);
  for (let i = 0; i < config.numRefinerLayers; i++) {
    stream = transformerBlock(layers, config, { name: `context_refiner.${i}`, x: stream, rope });
    tap(`context_refiner_${i}`, stream);
  }
  g.output('stream', stream);
  return g.finish();
}

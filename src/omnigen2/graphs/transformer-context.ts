/** Text features to the context stream of the transformer. Runs once per prompt, since it has no timestep. */

import { defineGraph, floats } from '../../onnx/define-graph.ts';
import { transformerAxes } from './padding.ts';
import { transformerBlock } from './transformer-block.ts';
import { ropeInputs, startGraph, type TransformerParts } from './transformer-parts.ts';

/**
 * `text` `[text, textFeatDim]` to `stream` `[text, D]`. It runs once per prompt, so its widths are not
 * padded.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (caption_embedder,
 * context_refiner)
 */
export const contextGraph = defineGraph({
  name: () => 'transformer.context',
  inputs: ({ config }: TransformerParts) => ({
    text: floats('text', config.textFeatDim),
    ...ropeInputs(transformerAxes(config, false), 'text'),
  }),
  outputs: { stream: 'host' },
  build: (g, { text, ...rope }, parts) => {
    const { layers, config, tap } = startGraph(g, parts);
    const axes = transformerAxes(config, false);
    const name = 'time_caption_embed.caption_embedder';
    let stream = layers.linear(layers.rmsNorm(text, `${name}.0`, config.normEps), `${name}.1`);
    tap('caption_embed', stream);
    for (let i = 0; i < config.numRefinerLayers; i++) {
      stream = transformerBlock(layers, config, axes, { name: `context_refiner.${i}`, x: stream, rope });
      tap(`context_refiner_${i}`, stream);
    }
    return { stream };
  },
});

/** Latent patches and the timestep to token streams. These graphs run once per step. */

import { defineGraph, floats, list } from '../../onnx/define-graph.ts';
import { add } from '../../onnx/ops/arithmetic.ts';
import { concat, gather } from '../../onnx/ops/layout.ts';
import { noTap } from './tap.ts';
import { transformerBlock } from './transformer-block.ts';
import {
  activatedTimestep,
  patchWidth,
  ropeInputs,
  startGraph,
  type TransformerParts,
} from './transformer-parts.ts';

/**
 * The refined stream `[reference, D]` of one reference picture. References do not attend to each other before
 * the joint layers. `index` int32 `[1]` counts them from 0.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.img_patch_embed_and_refine
 */
export const referenceGraph = defineGraph({
  name: () => 'transformer.reference',
  inputs: ({ config }: TransformerParts) => ({
    patches: floats('reference', patchWidth(config)),
    index: { type: 'int32', shape: [1] },
    sinusoid: floats(1, config.timestepFrequencyDim),
    ...ropeInputs(config, 'reference'),
  }),
  outputs: { stream: 'resident' },
  build: (g, { patches, index, sinusoid, ...rope }, parts) => {
    const graph = startGraph(g, parts);
    const { layers, config, attentionParts, tap } = graph;
    const activated = activatedTimestep({ ...graph, tap: noTap }, sinusoid);
    const embedded = layers.linear(patches, 'ref_image_patch_embedder');
    tap('ref_embed_before_index', embedded);
    let stream = add(g, embedded, gather(g, layers.tensor('image_index_embedding'), index, 0));
    tap('ref_refiner_input', stream);
    for (let i = 0; i < config.numRefinerLayers; i++) {
      const name = `ref_image_refiner.${i}`;
      stream = transformerBlock(layers, config, { name, x: stream, rope, activated, attentionParts });
      tap(`ref_refiner_${i}`, stream);
    }
    return { stream };
  },
});

/**
 * The refined stream `noise` `[noise, D]` of the noise latents, and `activated` `[1, T]`, the activated
 * timestep embedding. All guidance branches of a step share both: attention depends on differences of
 * positions alone.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.img_patch_embed_and_refine
 */
export const embedGraph = defineGraph({
  name: () => 'transformer.embed',
  inputs: ({ config }: TransformerParts) => ({
    patches: floats('noise', patchWidth(config)),
    sinusoid: floats(1, config.timestepFrequencyDim),
    ...ropeInputs(config, 'noise'),
  }),
  outputs: { noise: 'resident', activated: 'resident' },
  build: (g, { patches, sinusoid, ...rope }, parts) => {
    const graph = startGraph(g, parts);
    const { layers, config, attentionParts, tap } = graph;
    const activated = activatedTimestep(graph, sinusoid);
    let noise = layers.linear(patches, 'x_embedder');
    tap('x_embed', noise);
    for (let i = 0; i < config.numRefinerLayers; i++) {
      const name = `noise_refiner.${i}`;
      noise = transformerBlock(layers, config, { name, x: noise, rope, activated, attentionParts });
      tap(`noise_refiner_${i}`, noise);
    }
    return { noise, activated };
  },
});

/** Which references each guidance branch has, as indices into the list of all. */
export interface JoinParts {
  readonly width: number;
  readonly branches: readonly (readonly number[])[];
}

/**
 * The joint stream `[joint, D]` of each guidance branch: its context, its references, the noise rows. Has no
 * weights.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (joint_hidden_states)
 */
export const joinGraph = defineGraph({
  name: ({ branches }) => `transformer.join.${branches.map((references) => references.join('+')).join('|')}`,
  inputs: ({ width, branches }: JoinParts) => ({
    contexts: list(branches.length, (i) => floats(`text_${i}`, width)),
    references: list(Math.max(0, ...branches.flat().map((i) => i + 1)), (i) =>
      floats(`reference_${i}`, width),
    ),
    noise: floats('noise', width),
  }),
  outputs: { streams: 'resident list' },
  build: (g, { contexts, references, noise }, { branches }) => ({
    streams: branches.map((own, i) => concat(g, [contexts[i], ...own.map((j) => references[j]), noise], 0)),
  }),
});

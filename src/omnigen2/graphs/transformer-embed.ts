/** Latent patches and the timestep to token streams. These graphs run once per step. */

import { defineGraph, floats, list } from '../../onnx/define-graph.ts';
import { add } from '../../onnx/ops/arithmetic.ts';
import { concat, gather } from '../../onnx/ops/layout.ts';
import { type PaddedAxis, padAxis } from './padding.ts';
import { noTap } from './tap.ts';
import { transformerBlock } from './transformer-block.ts';
import {
  activatedTimestep,
  axesOf,
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
  inputs: (parts: TransformerParts) => ({
    patches: floats('reference', patchWidth(parts.config)),
    index: { type: 'int32', shape: [1] },
    sinusoid: floats(1, parts.config.timestepFrequencyDim),
    ...ropeInputs(axesOf(parts), 'reference'),
  }),
  outputs: { stream: 'resident' },
  build: (g, { patches, index, sinusoid, ...rope }, parts) => {
    const graph = startGraph(g, parts);
    const { layers, config, axes, attentionParts, tap } = graph;
    const activated = activatedTimestep({ ...graph, tap: noTap }, sinusoid);
    const embedded = layers.linear(patches, 'ref_image_patch_embedder', { rows: axes.hidden });
    tap('ref_embed_before_index', embedded);
    const indexEmbedding = padAxis(g, layers.tensor('image_index_embedding'), 1, axes.hidden);
    let stream = add(g, embedded, gather(g, indexEmbedding, index, 0));
    tap('ref_refiner_input', stream);
    for (let i = 0; i < config.numRefinerLayers; i++) {
      const name = `ref_image_refiner.${i}`;
      stream = transformerBlock(layers, config, axes, { name, x: stream, rope, activated, attentionParts });
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
  inputs: (parts: TransformerParts) => ({
    patches: floats('noise', patchWidth(parts.config)),
    sinusoid: floats(1, parts.config.timestepFrequencyDim),
    ...ropeInputs(axesOf(parts), 'noise'),
  }),
  outputs: { noise: 'resident', activated: 'resident' },
  build: (g, { patches, sinusoid, ...rope }, parts) => {
    const graph = startGraph(g, parts);
    const { layers, config, axes, attentionParts, tap } = graph;
    const activated = activatedTimestep(graph, sinusoid);
    let noise = layers.linear(patches, 'x_embedder', { rows: axes.hidden });
    tap('x_embed', noise);
    for (let i = 0; i < config.numRefinerLayers; i++) {
      const name = `noise_refiner.${i}`;
      noise = transformerBlock(layers, config, axes, { name, x: noise, rope, activated, attentionParts });
      tap(`noise_refiner_${i}`, noise);
    }
    return { noise, activated };
  },
});

/** Which references each guidance branch has, as indices into the list of all. */
export interface JoinParts {
  readonly hidden: PaddedAxis;
  readonly branches: readonly (readonly number[])[];
}

/**
 * The joint stream `[joint, D]` of each guidance branch: its context, its references, the noise rows. Has no
 * weights. The contexts have no padding, all other streams do.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (joint_hidden_states)
 */
export const joinGraph = defineGraph({
  name: ({ branches }) => `transformer.join.${branches.map((references) => references.join('+')).join('|')}`,
  inputs: ({ hidden, branches }: JoinParts) => ({
    contexts: list(branches.length, (i) => floats(`text_${i}`, hidden.stored)),
    references: list(Math.max(0, ...branches.flat().map((i) => i + 1)), (i) =>
      floats(`reference_${i}`, hidden.padded),
    ),
    noise: floats('noise', hidden.padded),
  }),
  outputs: { streams: 'resident list' },
  build: (g, { contexts, references, noise }, { hidden, branches }) => ({
    streams: branches.map((own, i) => {
      const context = padAxis(g, contexts[i], 1, hidden);
      return concat(g, [context, ...own.map((j) => references[j]), noise], 0);
    }),
  }),
});

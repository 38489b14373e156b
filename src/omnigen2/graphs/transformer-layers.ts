/**
 * The main layers over the joint streams (context, references, noise). The rows of several guidance branches
 * are packed one after another into one stream, which only attention splits. There are no padding rows.
 */

import type { LayerRange } from '../../checkpoints/layer-groups.ts';
import { defineGraph, floats, list } from '../../onnx/define-graph.ts';
import { type Dim, GraphError } from '../../onnx/graph.ts';
import { concat, splitRows } from '../../onnx/ops/layout.ts';
import type { PackedBranches } from './transformer-attention.ts';
import { transformerBlock } from './transformer-block.ts';
import {
  axesOf,
  ropeInputs,
  startGraph,
  streamWidth,
  type TransformerParts,
  within,
} from './transformer-parts.ts';

export interface LayersParts extends TransformerParts {
  readonly range: LayerRange;
  /** Number of guidance branches that run at once. */
  readonly branches: number;
}

/**
 * Runs a range of layers on the joint streams `[joint, D]` of one or more branches. `hidden` are the streams
 * after them. After the last layer they have only their noise rows `[noise, D]`; with taps all rows, for
 * comparison with recorded stages.
 *
 * `noise_rows` int32 `[branches * noise]` are the positions of the noise rows in the packed stream.
 * `joint_lengths` and `noise_lengths` int64 `[branches]` are the lengths of each branch. `cosines` and
 * `sines` belong to all packed rows.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (layers)
 * @throws GraphError for taps with several branches, because stages do not name their branch
 */
export const layersGraph = defineGraph({
  name: ({ range: { from, to }, branches }) => `transformer.layers.${from}-${to}.${branches}`,
  inputs: ({ branches, ...parts }: LayersParts) => ({
    streams: list(branches, (i) => floats(jointRows(i), streamWidth(parts))),
    activated: floats(1, parts.config.tembDim),
    ...ropeInputs(axesOf(parts), sum(branches, jointRows)),
    noise_rows: { type: 'int32', shape: [sum(branches, () => 'noise')] },
    joint_lengths: { type: 'int64', shape: [branches] },
    noise_lengths: { type: 'int64', shape: [branches] },
  }),
  outputs: { hidden: 'resident list' },
  build: (g, { streams, activated, cosines, sines, ...rows }, parts) => {
    const { layers, config, axes, attentionParts, taps, tap } = startGraph(g, parts);
    const { range, branches } = parts;
    if (taps && branches > 1) throw new GraphError('a graph with taps runs one branch at a time');
    const lengths = {
      joint: { lengths: rows.joint_lengths, dims: streams.map(({ shape }) => shape[0]) },
      noise: { lengths: rows.noise_lengths, dims: streams.map((): Dim => 'noise') },
    };
    const packed: PackedBranches | undefined = branches > 1 ? lengths : undefined;
    let x = concat(g, streams, 0);
    if (range.from === 0) tap('joint_input', x);
    for (let i = range.from; i < range.to; i++) {
      x = transformerBlock(layers, config, axes, {
        name: `layers.${i}`,
        x,
        rope: { cosines, sines },
        activated,
        rows: endsHere(i) && !taps ? rows.noise_rows : undefined,
        packed,
        attentionParts,
        tap: within(tap, `layer_${i}`),
      });
      tap(`layer_${i}`, x);
    }
    const own = range.to === config.numLayers ? lengths.noise : lengths.joint;
    return { hidden: branches > 1 ? splitRows(g, x, 0, own.lengths, own.dims) : [x] };

    function endsHere(layer: number): boolean {
      return layer === config.numLayers - 1;
    }
  },
});

function jointRows(branch: number): Dim {
  return `joint_${branch}`;
}

/** The name of a dimension that `concat` makes of `count` dimensions. */
function sum(count: number, dim: (index: number) => Dim): Dim {
  return Array.from({ length: count }, (_, i) => dim(i)).join('+');
}

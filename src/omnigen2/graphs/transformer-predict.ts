/** One step of the transformer in one graph: embed, all main layers and head. For models that fit one session. */

import type { BuiltGraph, Dim, Value } from '../../onnx/graph.ts';
import { concat } from '../../onnx/ops.ts';
import type { PackedBranches, SampleRows } from './transformer-attention.ts';
import { noiseStream } from './transformer-embed.ts';
import { head } from './transformer-head.ts';
import { mainLayers } from './transformer-layers.ts';
import {
  activatedTimestep,
  ropeInputs,
  startGraph,
  type TransformerGraph,
  type TransformerParts,
} from './transformer-parts.ts';

/**
 * One noisy picture under each of `branches` conditions. What the branches have in common is computed once: the
 * timestep, and the noisy picture's own refining, which depends on differences of positions alone. Then the rows of all
 * branches lie one after another in one stream, which only attention takes apart: no row is padding.
 *
 * Inputs: `prefix_0` `[prefix_0, D]` … (context and refined references of each branch), `patches` `[noise, patch]`,
 * `sinusoid` `[1, timestepFrequencyDim]`, `noise_cosines` and `noise_sines` of the noisy rows, `cosines` and `sines` of
 * all rows of all branches, `noise_rows` int32 `[branches * noise]` (where the noisy rows are in the stream); with
 * several branches also int64 `joint_lengths` and `noise_lengths` `[branches]`. Output: `velocity`
 * `[branches * noise, patch]`.
 * With taps, the input `noise_rows` is not there and all rows pass the last layer: `velocity` `[joint, patch]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward
 */
export function predictGraph(parts: TransformerParts, branches: number): BuiltGraph {
  const graph = startGraph(`predict.${branches}`, parts);
  const { layers, config, tap } = graph;
  const { g } = layers;
  const prefixes = Array.from({ length: branches }, (_, i) =>
    g.input(`prefix_${i}`, 'float32', [`prefix_${i}`, config.hiddenSize]),
  );
  const activated = activatedTimestep(graph);
  const noise = noiseStream(graph, activated, ropeInputs(graph, 'noise', 'noise_'));
  const parted = prefixes.map((prefix) => concat(g, [prefix, noise], 0));
  const joined = concat(g, parted, 0);
  tap('joint_input', joined);
  const rows = parts.taps ? undefined : noiseRows(graph, branches);
  const stream = mainLayers(
    graph,
    {
      stream: joined,
      activated,
      rope: ropeInputs(graph, joined.shape[0]),
      rows,
      packed: branches > 1 ? packedBranches(graph, parted) : undefined,
    },
    { from: 0, to: config.numLayers },
  );
  const velocity = head(graph, stream, activated);
  tap('norm_out', velocity);
  g.output('velocity', velocity);
  return g.finish();
}

function noiseRows({ layers }: TransformerGraph, branches: number): Value {
  return layers.g.input('noise_rows', 'int32', [Array<Dim>(branches).fill('noise').join('+')]);
}

function packedBranches({ layers }: TransformerGraph, parted: readonly Value[]): PackedBranches {
  const rows = (name: string, dims: readonly Dim[]): SampleRows => ({
    lengths: layers.g.input(name, 'int64', [parted.length]),
    dims,
  });
  return {
    joint: rows(
      'joint_lengths',
      parted.map(({ shape }) => shape[0]),
    ),
    noise: rows(
      'noise_lengths',
      parted.map(() => 'noise'),
    ),
  };
}

/**
 * The main layers of several branches of guidance at once: their rows lie one after another in one stream, which only
 * attention takes apart. No row is padding, and every product is of all rows.
 */

import { type BuiltGraph, type Dim, GraphError, type Value } from '../../onnx/graph.ts';
import { concat, splitRows } from '../../onnx/ops/layout.ts';
import type { PackedBranches, SampleRows } from './transformer-attention.ts';
import { activatedInput, mainLayers } from './transformer-layers.ts';
import { ropeInputs, startGraph, type TransformerGraph, type TransformerParts } from './transformer-parts.ts';

/**
 * Inputs: `prefix_0` `[prefix_0, D]` … (context and refined references of each branch), `noise` `[noise, D]`, `activated`
 * `[1, T]`, and those of {@link packedLayers}. Outputs, resident: `stream_0` `[noise, D]` …, the noisy picture's rows of
 * each branch after the last layer.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (layers)
 */
export function packedLayersGraph(parts: TransformerParts, branches: number): BuiltGraph {
  // Their stages are told in the other cuts.
  const graph = startGraph(`layers.packed.${branches}`, { ...parts, taps: false });
  const { g } = graph.layers;
  const prefixes = prefixInputs(graph, branches);
  const noise = g.input('noise', 'float32', ['noise', graph.config.hiddenSize]);
  const { stream, packed } = packedLayers(graph, prefixes, noise, activatedInput(graph));
  const streams = packed ? splitRows(g, stream, 0, packed.noise.lengths, packed.noise.dims) : [stream];
  for (const [i, each] of streams.entries()) g.output(`stream_${i}`, each, { resident: true });
  return g.finish();
}

/** Declares the inputs `prefix_0` `[prefix_0, D]` …, one for each branch. */
export function prefixInputs({ layers, config }: TransformerGraph, branches: number): Value[] {
  return Array.from({ length: branches }, (_, i) =>
    layers.g.input(`prefix_${i}`, 'float32', [`prefix_${i}`, config.hiddenSize]),
  );
}

/**
 * Adds all main layers of all branches. Declares the inputs `cosines` and `sines` of all rows of all branches, `noise_rows`
 * int32 `[branches * noise]` (where the noisy rows are in the stream), and with several branches int64 `joint_lengths` and
 * `noise_lengths` `[branches]`.
 * @param noise the noisy picture's rows `[noise, D]`, the same in every branch
 * @returns the noisy rows `[branches * noise, D]` after the last layer. Where the graph has taps, there is no `noise_rows`,
 * and all rows `[prefix+noise, D]` of its only branch
 * @throws GraphError if the graph has taps and several branches: the noisy rows of all but the last lie in the middle
 */
export function packedLayers(
  graph: TransformerGraph,
  prefixes: readonly Value[],
  noise: Value,
  activated: Value,
): { stream: Value; packed: PackedBranches | undefined } {
  const { layers, config, tap } = graph;
  const { g } = layers;
  if (graph.taps && prefixes.length > 1) throw new GraphError('stages are told of one branch at a time');
  const parted = prefixes.map((prefix) => concat(g, [prefix, noise], 0));
  const joined = concat(g, parted, 0);
  tap('joint_input', joined);
  const dims = prefixes.map((): Dim => 'noise');
  const rows = graph.taps ? undefined : g.input('noise_rows', 'int32', [dims.join('+')]);
  const lengths = (name: string, of: readonly Dim[]): SampleRows => ({
    lengths: g.input(name, 'int64', [of.length]),
    dims: of,
  });
  const packed =
    prefixes.length === 1
      ? undefined
      : {
          joint: lengths(
            'joint_lengths',
            parted.map(({ shape }) => shape[0]),
          ),
          noise: lengths('noise_lengths', dims),
        };
  const rope = ropeInputs(graph, joined.shape[0]);
  const all = { from: 0, to: config.numLayers };
  return { stream: mainLayers(graph, { stream: joined, activated, rope, rows, packed }, all), packed };
}

/** What TeaCache watches: how much the first main layer's modulated input changes from step to step. */

import type { BuiltGraph, GraphBuilder, Value } from '../../onnx/graph.ts';
import { abs, mean, sub } from '../../onnx/ops/arithmetic.ts';
import { modulatedInput } from './transformer-block.ts';
import { activatedInput, jointStream } from './transformer-layers.ts';
import { startGraph, type TransformerParts } from './transformer-parts.ts';

/**
 * Inputs: `prefix` `[prefix, D]`, `noise` `[noise, D]`, `activated` `[1, T]`; if it `compares`, `previous`
 * `[prefix+noise, D]`, the watched values of the step before. Outputs: `watched` `[prefix+noise, D]`, resident; if it
 * compares, the scalars `change` (mean of |watched - previous|) and `size` (mean of |previous|).
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (enable_teacache)
 */
export function watchGraph(parts: TransformerParts, { compares }: { compares: boolean }): BuiltGraph {
  const graph = startGraph(compares ? 'watch' : 'watch.first', parts);
  const { layers, config, tap } = graph;
  const { g } = layers;
  const joined = jointStream(graph);
  const watched = modulatedInput(layers, config, 'layers.0', joined, activatedInput(graph));
  tap('layer_0_norm1', watched);
  if (compares) {
    const previous = g.input('previous', 'float32', watched.shape);
    g.output('change', meanSize(g, sub(g, watched, previous)));
    g.output('size', meanSize(g, previous));
  }
  g.output('watched', watched, { resident: true });
  return g.finish();
}

/** The mean of `|x|`, as a scalar. Rows first: one sum over millions of numbers would lose digits, and all parallelism. */
function meanSize(g: GraphBuilder, x: Value): Value {
  return mean(g, mean(g, abs(g, x), 1), 0);
}

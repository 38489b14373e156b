/** The signal of TeaCache: how much the modulated input of the first main layer changes from step to step. */

import { defineGraph, floats } from '../../onnx/define-graph.ts';
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import { abs, mean, sub } from '../../onnx/ops/arithmetic.ts';
import { modulatedInput } from './transformer-block.ts';
import { startGraph, type TransformerParts } from './transformer-parts.ts';

/**
 * The signal `[joint, D]` of a joint stream `[joint, D]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (enable_teacache)
 */
export const signalGraph = defineGraph({
  name: () => 'transformer.signal',
  inputs: ({ config }: TransformerParts) => ({
    stream: floats('joint', config.hiddenSize),
    activated: floats(1, config.tembDim),
  }),
  outputs: { signal: 'resident' },
  build: (g, { stream, activated }, parts) => {
    const { layers, config, tap } = startGraph(g, parts);
    tap('joint_input', stream);
    const signal = modulatedInput(layers, config, 'layers.0', stream, activated);
    tap('layer_0_norm1', signal);
    return { signal };
  },
});

/**
 * The signal and its change since the `previous` one: mean of `|signal - previous|` and mean of `|previous|`.
 */
export const signalChangeGraph = defineGraph({
  name: () => 'transformer.signal.change',
  inputs: ({ config }: TransformerParts) => ({
    stream: floats('joint', config.hiddenSize),
    activated: floats(1, config.tembDim),
    previous: floats('joint', config.hiddenSize),
  }),
  outputs: { signal: 'resident', difference: 'host', size: 'host' },
  build: (g, { stream, activated, previous }, parts) => {
    const { layers, config } = startGraph(g, parts);
    const signal = modulatedInput(layers, config, 'layers.0', stream, activated);
    return { signal, difference: meanSize(g, sub(g, signal, previous)), size: meanSize(g, previous) };
  },
});

/**
 * The mean of `|x|`, as a scalar. Rows first: one sum over millions of values would lose digits and
 * parallelism.
 */
function meanSize(g: GraphBuilder, x: Value): Value {
  return mean(g, mean(g, abs(g, x), 1), 0);
}

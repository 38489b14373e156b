/** The signal of TeaCache: how much the modulated input of the first main layer changes from step to step. */

import { defineGraph, floats } from '../../onnx/define-graph.ts';
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import { abs, mean, sub } from '../../onnx/ops/arithmetic.ts';
import { modulatedInput } from './transformer-block.ts';
import { startGraph, streamWidth, type TransformerParts } from './transformer-parts.ts';

/**
 * The signal `[joint, D]` of a joint stream `[joint, D]`.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.forward (enable_teacache)
 */
export const signalGraph = defineGraph({
  name: () => 'transformer.signal',
  inputs: (parts: TransformerParts) => ({
    stream: floats('joint', streamWidth(parts)),
    activated: floats(1, parts.config.tembDim),
  }),
  outputs: { signal: 'resident' },
  build: (g, { stream, activated }, parts) => {
    const { layers, config, axes, tap } = startGraph(g, parts);
    tap('joint_input', stream);
    const signal = modulatedInput(layers, config, axes, 'layers.0', stream, activated);
    tap('layer_0_norm1', signal);
    return { signal };
  },
});

/**
 * The signal and its change since the `previous` one: mean of `|signal - previous|` and mean of `|previous|`.
 */
export const signalChangeGraph = defineGraph({
  name: () => 'transformer.signal.change',
  inputs: (parts: TransformerParts) => ({
    stream: floats('joint', streamWidth(parts)),
    activated: floats(1, parts.config.tembDim),
    previous: floats('joint', streamWidth(parts)),
  }),
  outputs: { signal: 'resident', difference: 'host', size: 'host' },
  build: (g, { stream, activated, previous }, parts) => {
    const { layers, config, axes } = startGraph(g, parts);
    const signal = modulatedInput(layers, config, axes, 'layers.0', stream, activated);
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

/** Named stages of a graph as outputs, for comparison with recorded values. */

import type { Value } from '../../onnx/graph.ts';

/** Is told every named stage of a graph; with taps on, each becomes an output. */
export type Tap = (stage: string, value: Value) => void;

/** Graphs without taps. */
export const noTap: Tap = () => {};

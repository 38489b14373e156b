/** Taps make inner stages of a graph outputs, for comparison with recorded values. */

import type { Value } from '../../onnx/graph.ts';

/** Is called with every named stage of a graph. With taps on, the stage becomes an output. */
export type Tap = (stage: string, value: Value) => void;

/** Graphs without taps. */
export const noTap: Tap = () => {};

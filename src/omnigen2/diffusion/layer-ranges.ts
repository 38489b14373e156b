/** How the main layers of a transformer are shared out over sessions. */

import type { TransformerConfig } from '../../config/config.ts';
import { quantizedMatrix, type WeightIndex } from '../../tensors/stored.ts';
import type { Numerics } from '../graphs/layers.ts';
import type { LayerRange } from '../graphs/transformer-layers.ts';

/** One array of 2 GiB fails in browsers; weights that are widened while loading go through one. */
const SESSION_BYTES = 2 ** 30;

/**
 * Cuts the main layers into the fewest ranges of equal length whose weights each fit one session.
 * @param sessionBytes most bytes of one session's weights, in the form that the session holds them in
 */
export function layerRanges(
  { config, weights }: { config: TransformerConfig; weights: WeightIndex },
  numerics: Numerics,
  sessionBytes = SESSION_BYTES,
): LayerRange[] {
  // An adapter may leave some layers larger than others.
  const layerBytes = Array.from({ length: config.numLayers }, (_, i) =>
    heldBytes(weights, `layers.${i}.`, numerics),
  );
  const most = Math.max(1, Math.floor(sessionBytes / Math.max(...layerBytes)));
  const count = Math.ceil(config.numLayers / most);
  const length = Math.ceil(config.numLayers / count);
  return Array.from({ length: Math.ceil(config.numLayers / length) }, (_, i) => ({
    from: i * length,
    to: Math.min(config.numLayers, (i + 1) * length),
  }));
}

/**
 * Most weights of the main layers, in bytes, of a transformer whose branches run together. There is a graph for each number
 * of branches, and another where layers may be skipped, each with its own copy of the weights; at most three are open (see
 * `transformer-sessions.ts`). What they save is the cost of many small products: at 512 px the built-in model takes as long
 * either way, and so do larger models at any size.
 */
const WHOLE_BYTES = 2 ** 27;

/** Whether a step runs with all its branches at once, in one graph if no layers are skipped, rather than in ranges. */
export function runsWhole({ weights }: { weights: WeightIndex }, numerics: Numerics): boolean {
  return heldBytes(weights, 'layers.', numerics) <= WHOLE_BYTES;
}

/** Bytes of all tensors whose names begin with `prefix`, as a session holds them. */
function heldBytes(weights: WeightIndex, prefix: string, { compute, quantized }: Numerics): number {
  let bytes = 0;
  for (const name of weights.names) {
    const tensor = name.startsWith(prefix) ? weights.get(name) : undefined;
    if (!tensor) continue;
    const matrixName = name.replace(/\.(q4|q8|scales)$/, '');
    const matrix = name === matrixName ? undefined : quantizedMatrix(weights, matrixName);
    if (!matrix) bytes += elements(tensor.shape) * (compute === 'float16' ? 2 : 4);
    else if (quantized === 'native') bytes += tensor.sizeBytes;
    else if (tensor === matrix.codes) bytes += 4 * elements(matrix.scales.shape) * matrix.blockSize;
  }
  return bytes;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

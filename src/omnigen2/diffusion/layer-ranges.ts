/** How the main layers of a transformer are distributed over sessions. */

import type { TransformerConfig } from '../../config/config.ts';
import { quantizedMatrix, type WeightIndex } from '../../tensors/stored.ts';
import type { Numerics } from '../graphs/layers.ts';
import type { LayerRange } from '../graphs/transformer-layers.ts';

/** Browsers fail to allocate one array of 2 GiB. Weights that are dequantized while loading are one array. */
const SESSION_BYTES = 2 ** 30;

/**
 * Splits the main layers into the fewest ranges of equal length so that the weights of each range fit one
 * session.
 * @param sessionBytes maximum size of the weights of one session, in the form in which the session holds them
 */
export function layerRanges(
  { config, weights }: { config: TransformerConfig; weights: WeightIndex },
  numerics: Numerics,
  sessionBytes = SESSION_BYTES,
): LayerRange[] {
  // An adapter can make some layers larger than others.
  const layerBytes = Array.from({ length: config.numLayers }, (_, i) =>
    sessionSizeBytes(weights, `layers.${i}.`, numerics),
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
 * Maximum size in bytes of the main layers of a transformer whose guidance branches run together. There is
 * one session for each number of branches (at most three), and each holds its own copy of the weights.
 * Packing saves the cost of many small products: the built-in model gains a third at 128 px and nothing at
 * 512 px, and larger models gain nothing.
 */
const PACKED_BYTES = 2 ** 27;

/** Whether all guidance branches of a step run through the layers together. */
export function packsBranches({ weights }: { weights: WeightIndex }, numerics: Numerics): boolean {
  return sessionSizeBytes(weights, 'layers.', numerics) <= PACKED_BYTES;
}

/** Bytes of all tensors whose names begin with `prefix`, as a session holds them. */
function sessionSizeBytes(weights: WeightIndex, prefix: string, { compute, quantized }: Numerics): number {
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

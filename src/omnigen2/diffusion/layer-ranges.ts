/** How the main layers of a transformer are distributed over sessions. */

import type { TransformerConfig } from '../../config/config.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { heldSizeBytes, type Numerics } from '../graphs/numerics.ts';
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
    heldSizeBytes(weights, `layers.${i}.`, numerics),
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
  return heldSizeBytes(weights, 'layers.', numerics) <= PACKED_BYTES;
}

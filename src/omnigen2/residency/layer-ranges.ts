/** How the layers of a part are distributed over sessions. */

import { groupLayers, type LayerRange } from '../../checkpoints/layer-groups.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { heldSizeBytes, type Numerics } from '../graphs/numerics.ts';

/**
 * The ranges of layers that share a session. They are the ranges that a converted checkpoint keeps in one
 * file.
 * @param prefix of the names of all layers, such as `layers.`
 * @param count number of layers
 * @param sessionBytes maximum size of the stored weights of one session. Default: that of a converted file.
 *
 * @example
 * layerRanges(weights, 'layers.', 32); // [{ from: 0, to: 4 }, … { from: 28, to: 32 }]
 */
export function layerRanges(
  weights: WeightIndex,
  prefix: string,
  count: number,
  sessionBytes?: number,
): LayerRange[] {
  const layerBytes = new Array<number>(count).fill(0);
  for (const name of weights.names) {
    const layer = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (layer < count) layerBytes[layer] += weights.get(name)?.sizeBytes ?? 0;
  }
  return groupLayers(layerBytes, sessionBytes);
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

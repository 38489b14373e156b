/**
 * How consecutive layers are grouped. A converted file holds one group, and a session opens one group, so a
 * file is the unit of download, hash, storage and session.
 */

/** Consecutive layers, `from` included, `to` excluded. */
export interface LayerRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Default maximum size of a group: 4 layers of the official transformer in 4 bits. A group stays below
 * 256 MB, the size up to which an engine that needs a group in one array can allocate it.
 */
export const LAYER_GROUP_BYTES = 250e6;

/**
 * Splits layers into groups of consecutive layers of at most `maxBytes` each, few and about equal in size.
 * A layer above `maxBytes` is a group of its own.
 * @param layerBytes size of each layer
 * @returns the ranges in order; they cover all layers
 *
 * @example
 * groupLayers([60, 60, 60, 60, 60], 190); // [{ from: 0, to: 3 }, { from: 3, to: 5 }]
 */
export function groupLayers(
  layerBytes: readonly number[],
  maxBytes: number = LAYER_GROUP_BYTES,
): LayerRange[] {
  if (layerBytes.length === 0) return [];
  const total = layerBytes.reduce((sum, bytes) => sum + bytes, 0);
  for (let count = fewestGroups(layerBytes, maxBytes); count < layerBytes.length; count++) {
    const ranges = splitEvenly(layerBytes, total, count);
    if (ranges.every((range) => range.to - range.from === 1 || rangeBytes(layerBytes, range) <= maxBytes)) {
      return ranges;
    }
  }
  return layerBytes.map((_, from) => ({ from, to: from + 1 }));
}

/** The number of groups if each takes as many layers as fit. */
function fewestGroups(layerBytes: readonly number[], maxBytes: number): number {
  let count = 0;
  let size = Number.POSITIVE_INFINITY;
  for (const bytes of layerBytes) {
    if (size + bytes > maxBytes) {
      count++;
      size = 0;
    }
    size += bytes;
  }
  return count;
}

/** Splits layers into `count` ranges of at least one layer, each as near as possible to an equal share. */
function splitEvenly(layerBytes: readonly number[], total: number, count: number): LayerRange[] {
  const ranges: LayerRange[] = [];
  let from = 0;
  let left = total;
  for (let groups = count; groups > 0; groups--) {
    const share = left / groups;
    let to = from + 1;
    let size = layerBytes[from];
    // The ranges that follow need a layer each. The last range takes all that is left.
    while (layerBytes.length - to > groups - 1 || (groups === 1 && to < layerBytes.length)) {
      if (groups > 1 && size + layerBytes[to] / 2 > share) break;
      size += layerBytes[to];
      to++;
    }
    ranges.push({ from, to });
    from = to;
    left -= size;
  }
  return ranges;
}

function rangeBytes(layerBytes: readonly number[], { from, to }: LayerRange): number {
  return layerBytes.slice(from, to).reduce((sum, bytes) => sum + bytes, 0);
}

/** Overlap of boxes. */

import type { Corners } from '../../src/omnigen2/language/grounding.ts';

/** Intersection over union of two boxes, 0 … 1. */
export function overlap(a: Corners, b: Corners): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const shared = Math.max(0, width) * Math.max(0, height);
  const union = area(a) + area(b) - shared;
  return union > 0 ? shared / union : 0;
}

/**
 * The mean overlap of found boxes with the right ones. Boxes are matched greedily, the pair with the largest
 * overlap first. A missing box counts 0, and so does a box too many.
 */
export function meanOverlap(right: readonly Corners[], found: readonly Corners[]): number {
  const pairs = right
    .flatMap((a, i) => found.map((b, k) => ({ i, k, value: overlap(a, b) })))
    .sort((p, q) => q.value - p.value);
  const matched = new Set<number>();
  const used = new Set<number>();
  let sum = 0;
  for (const { i, k, value } of pairs) {
    if (matched.has(i) || used.has(k)) continue;
    matched.add(i);
    used.add(k);
    sum += value;
  }
  const most = Math.max(right.length, found.length);
  return most === 0 ? 0 : sum / most;
}

function area([x0, y0, x1, y1]: Corners): number {
  return Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
}

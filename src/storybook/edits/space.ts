/** The space that things take on the page, and positions where a thing fits. In page units. */

import { HALF_COLUMN, inColumns } from '../columns.ts';
import { reach, round } from '../measures.ts';
import type { Random } from '../random.ts';
import {
  cloneScene,
  countOf,
  floats,
  HOVER,
  type Identity,
  middleOf,
  type Scene,
  type Thing,
} from '../scene.ts';

/** x of the left and right end of a thing. */
export function extent(thing: Thing): [number, number] {
  const [l, r] = reach(thing.who);
  let a = Infinity,
    b = -Infinity;
  for (const s of thing.stands) {
    a = Math.min(a, s.x - l * s.scale);
    b = Math.max(b, s.x + r * s.scale);
  }
  return [a, b];
}

/** y of the ground under copy `i` of a thing. */
export const groundOf = (thing: Thing, i: number): number => {
  const s = thing.stands[i]!;
  return floats(thing.who.kind) ? s.y + HOVER * s.scale * thing.who.build.height : s.y;
};

/** The free interval of x around a thing. */
export function freeAround(scene: Scene, index: number): [number, number] {
  const [a, b] = extent(scene.things[index] as Thing);
  let low = 2,
    high = 126;
  scene.things.forEach((t, i) => {
    if (i === index) return;
    const [c, d] = extent(t);
    if (d <= (a + b) / 2) low = Math.max(low, d + 1.5);
    else high = Math.min(high, c - 1.5);
  });
  return [low, high];
}

/**
 * The x nearest to the given one at which an individual fits into the free interval. In columns it moves by
 * half a column at most. @returns null if it does not fit
 */
export function standNear(
  random: Random,
  x: number,
  who: Identity,
  scale: number,
  [low, high]: readonly [number, number],
): number | null {
  const [l, r] = reach(who);
  const first = low + l * scale,
    last = high - r * scale;
  if (first > last) return null;
  if (!random.usesColumns) return round(Math.max(first, Math.min(last, x)));
  return [x, x - HALF_COLUMN, x + HALF_COLUMN].find((v) => v >= first && v <= last) ?? null;
}

/** The scene with two neighbours swapped. Each keeps its size. @returns null if they do not fit */
export function swapPlaces(random: Random, scene: Scene, i: number, j: number): Scene | null {
  const after = cloneScene(scene);
  const a = after.things[i] as Thing,
    b = after.things[j] as Thing;
  if (random.usesColumns) {
    const order = after.things
      .slice()
      .sort((s, t) => middleOf(s) - middleOf(t))
      .map((t) => (t === a ? b : t === b ? a : t));
    const placed = inColumns(order.map((t) => ({ ...t, count: countOf(t) })));
    if (!placed || order.some((t, k) => placed[k]!.stands[0]!.scale !== t.stands[0]!.scale)) return null;
    order.forEach((t, k) => {
      t.stands = placed[k]!.stands;
    });
    return after;
  }
  const [a0, a1] = extent(a),
    [b0, b1] = extent(b);
  const low = Math.min(a0, b0),
    high = Math.max(a1, b1);
  const aFirst = a0 < b0;
  const shiftA = aFirst ? high - a1 : low - a0;
  const shiftB = aFirst ? low - b0 : high - b1;
  for (const s of a.stands) s.x = round(s.x + shiftA);
  for (const s of b.stands) s.x = round(s.x + shiftB);
  return after;
}

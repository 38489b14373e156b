/**
 * Columns: the positions of things in the default mix. Their centres are multiples of 8 pixels, the size of a
 * VAE latent, and in most cases of 16 pixels, the size of a transformer token (except the outer two of three
 * columns and big things beside others). Medium things have one scale for each number of copies. A thing
 * therefore has the same latents in every column, so that what a model learns in one column holds in the
 * others.
 */

import { GROUND_Y, largestScale, reach, round, SCALE, standY } from './measures.ts';
import type { Identity, Place, Thing, UnplacedThing } from './scene.ts';

/** One VAE latent, half a transformer token, in pixels. */
export const HALF_COLUMN = 8;

/** Centres of the columns by the number of copies. The first choice that fits is taken. */
const CENTRES: Readonly<Record<number, readonly (readonly number[])[]>> = {
  2: [
    [32, 96],
    [32, 88],
    [40, 96],
    [40, 104],
    [24, 88],
  ],
  3: [[24, 64, 104]],
  4: [[16, 48, 80, 112]],
};
export const PLACE_COLUMN: Readonly<Record<Place, number>> = { left: 32, middle: 64, right: 96 };
const INWARDS: Readonly<Record<Place, number>> = { left: 8, middle: 0, right: -8 };
/** Scale of things by the number of copies, where more than two copies stand in a row. */
const CROWDED: Readonly<Record<number, number>> = { 3: 0.8, 4: 0.56 };
/** Least scale of patterned things. Below it the VAE loses stripes and spots. */
const PATTERNS_FROM = 0.7;
/** Space to the edge of the page and between neighbours, in pixels. */
const MARGIN = 1,
  GAP = 0.5;

/** Places things in columns, from left to right. @returns null if they do not fit or would not be legible */
export function inColumns(wanted: readonly UnplacedThing[], place: Place = 'middle'): Thing[] | null {
  const copies = wanted.flatMap((w) => Array.from({ length: w.count }, () => w));
  const n = copies.length;
  const scaleOf = (w: UnplacedThing) => CROWDED[n] ?? round(Math.min(SCALE[w.size], largestScale(w.who)));
  const reaches = copies.map((w) => reachAt(w.who, scaleOf(w)));
  const choices = n === 1 ? atPlace(place) : (CENTRES[n] ?? []);
  const centres = choices.find((xs) => fits(xs, reaches));
  if (!centres) return null;
  let next = 0;
  const things = wanted.map((w) => ({
    who: w.who,
    expression: w.expression,
    size: w.size,
    stands: Array.from({ length: w.count }, () => ({
      x: centres[next++] as number,
      y: round(standY(w.who, GROUND_Y + 2, scaleOf(w))),
      scale: scaleOf(w),
    })),
  }));
  return isLegible(things) ? things : null;
}

/**
 * Whether a picture of the default mix is legible: only a thing that stands alone and is not small has a
 * pattern, and in a crowd all sizes are medium.
 */
export function isLegible(things: readonly Thing[]): boolean {
  const copies = things.reduce((n, t) => n + t.stands.length, 0);
  return things.every(
    ({ who, size, stands }) =>
      (who.pattern === 'plain' || (copies === 1 && stands.every(({ scale }) => scale >= PATTERNS_FROM))) &&
      (size === 'medium' || copies <= 2),
  );
}

/** The choices for one thing. Big things may stand half a token nearer to the middle. */
function atPlace(place: Place): number[][] {
  const x = PLACE_COLUMN[place];
  return [[x], [x + INWARDS[place]]];
}

function reachAt(who: Identity, scale: number): [number, number] {
  const [l, r] = reach(who);
  return [l * scale, r * scale];
}

function fits(xs: readonly number[], reaches: readonly [number, number][]): boolean {
  let free = MARGIN;
  for (const [i, x] of xs.entries()) {
    const [l, r] = reaches[i] as [number, number];
    if (x - l < free) return false;
    free = x + r + GAP;
  }
  return free - GAP <= 128 - MARGIN;
}

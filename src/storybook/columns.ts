import { GROUND_Y, largestScale, reach, round, SCALE, standY } from './measures.ts';
import type { Identity, Place, Thing, UnplacedThing } from './scene.ts';

/**
 * Where things stand in the default mix: in columns whose centres lie on the raster of the autoencoder's latents (8 pixels) and,
 * but for the outer two of three and for big things beside others, on that of the transformer's tokens (16). Medium things have one
 * scale for each number of copies. A thing then looks the same in every place, latent by latent, so that what is learnt of it in
 * one column holds in the others.
 */

/** Half a token of the transformer, one latent of the autoencoder. */
export const HALF_COLUMN = 8;

/** Centres for more than one copy; of several the first that fits. */
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
/** Scale of medium things where more than two copies stand in a row. */
const CROWDED: Readonly<Record<number, number>> = { 3: 0.8, 4: 0.56 };
/** Below this scale stripes and spots are too fine to be told apart once the autoencoder has had them: the default mix has none. */
const PATTERNS_FROM = 0.7;
/** What the page and a neighbour must leave free, in pixels. */
const MARGIN = 1,
  GAP = 0.5;

/** Things in columns, left to right in the given order; null when they do not fit or could not be read. */
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

/** Whether the things of a picture of the default mix can be read: a pattern only on what stands alone and is not small, no
 * other size than medium in a crowd. */
export function isLegible(things: readonly Thing[]): boolean {
  const copies = things.reduce((n, t) => n + t.stands.length, 0);
  return things.every(
    ({ who, size, stands }) =>
      (who.pattern === 'plain' || (copies === 1 && stands.every(({ scale }) => scale >= PATTERNS_FROM))) &&
      (size === 'medium' || copies <= 2),
  );
}

/** Big things may need to stand half a token nearer to the middle. */
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

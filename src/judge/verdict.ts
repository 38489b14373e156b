/**
 * Whether a claim holds in what the judge sees. The rules are those of `holds` in the world's `claims.ts`, with odds.
 *
 * A claim with several parts (the cat is there, it wears a hat, the hat is yellow) is as probable as its least probable
 * part. So it is answered yes exactly if each of its parts is; a product would answer no to many faint yeses.
 */

import type { Claim, Who } from '../storybook/language/claim.ts';
import { type Identity, isCreature, type Place } from '../storybook/scene.ts';
import { likeliest, type SeenScene, type SeenStand, type SeenThing, thingOf } from './detect.ts';

/** A judgement: yes or no, and how probable yes is. */
export interface Verdict {
  readonly yes: boolean;
  /** That the claim holds. Each part of it is calibrated on pictures kept back from training. */
  readonly probability: number;
}

/** Typical error of the x at which a copy is seen, in page units. */
const X_ERROR = 0.6;
/** The thirds of the page. Source: `placeOf` in scene.ts */
const PLACE_RANGE: Readonly<Record<Place, readonly [number, number]>> = {
  left: [-Infinity, 44],
  middle: [54, 74],
  right: [84, Infinity],
};
/** How much further right the right one must stand. Source: `holds` in claims.ts */
const ORDER_MARGIN = 6;

/**
 * Judges one claim. Where two things of the claimed kind are seen and the claim names no colour, it holds if it
 * holds for either: which of them is meant cannot be seen.
 */
export function verdict(claim: Claim, seen: SeenScene): Verdict {
  const probability = probabilityOf(claim, seen);
  return { yes: probability >= 0.5, probability };
}

/**
 * Whether a seen thing is the same individual: kind, colour, pattern and accessory with their colours. Its build (ears a
 * little longer, eyes a little wider apart) is not compared: the judge cannot read it.
 */
export function sameIdentity(thing: SeenThing, who: Identity): Verdict {
  const { odds } = thing;
  const probability = Math.min(
    odds.kind[who.kind],
    odds.colour[who.colour],
    patternOdds(thing, who.pattern, who.patternColour),
    isCreature(who.kind) ? accessoryOdds(thing, who.accessory) : 1,
  );
  return { yes: probability >= 0.5, probability };
}

function probabilityOf(claim: Claim, seen: SeenScene): number {
  switch (claim.about) {
    case 'background':
      return seen.page.background[claim.background];
    case 'time':
      return seen.page.time[claim.time];
    case 'weather':
      return seen.page.weather[claim.weather];
    case 'style':
      return seen.page.style[claim.style];
    case 'count':
      return countOdds(claim.who, claim.n, seen);
    case 'order':
      return best(claim.left, seen, (left) =>
        best(claim.right, seen, (right) => normalBelow(middle(right) - middle(left) - ORDER_MARGIN, 2)),
      );
    case 'between':
      return best(claim.who, seen, (thing) =>
        best(claim.left, seen, (left) =>
          best(claim.right, seen, (right) => {
            const [a, b] = [middle(left), middle(right)].sort((p, q) => p - q);
            return Math.min(normalBelow(middle(thing) - a, 2), normalBelow(b - middle(thing), 2));
          }),
        ),
      );
    default:
      return best(claim.who, seen, (thing) => attributeOdds(claim, thing));
  }
}

function attributeOdds(
  claim: Extract<Claim, { about: 'colour' | 'pattern' | 'accessory' | 'expression' | 'size' | 'place' }>,
  thing: SeenThing,
): number {
  switch (claim.about) {
    case 'colour':
      return thing.odds.colour[claim.colour];
    case 'pattern':
      return patternOdds(thing, claim.pattern, claim.patternColour);
    case 'accessory':
      return isCreature(claim.who.kind) ? accessoryOdds(thing, claim.accessory) : claim.accessory ? 0 : 1;
    case 'expression':
      return isCreature(claim.who.kind) ? thing.odds.expression[claim.expression] : 0;
    case 'size':
      return thing.odds.size[claim.size];
    case 'place': {
      const [low, high] = PLACE_RANGE[claim.place];
      const x = middle(thing);
      const copies = 1 / thing.stands.length;
      return normalBelow(x - low, copies) - normalBelow(x - high, copies);
    }
  }
}

function patternOdds({ odds }: SeenThing, pattern: Identity['pattern'], colour: Identity['patternColour']) {
  return Math.min(odds.pattern[pattern], colour === null ? 1 : odds.patternColour[colour]);
}

function accessoryOdds({ odds }: SeenThing, worn: Identity['accessory']): number {
  return worn === null
    ? odds.accessory.none
    : Math.min(odds.accessory[worn.kind], odds.accessoryColour[worn.colour]);
}

/** How probable it is that the copy is there and is one of those meant. */
function meant(who: Who, { presence, odds }: SeenStand): number {
  return Math.min(presence, odds.kind[who.kind], who.colour === null ? 1 : odds.colour[who.colour]);
}

/**
 * The highest probability that such a thing is there and `odds` holds for it. Where none is seen, the copy that is
 * most like it is taken for it.
 */
function best(who: Who, seen: SeenScene, odds: (thing: SeenThing) => number): number {
  const things = candidates(who, seen);
  return Math.max(
    0,
    ...things.map((thing) => {
      const there = Math.max(...thing.stands.map((stand) => meant(who, stand)));
      return Math.min(there, odds(thing));
    }),
  );
}

function candidates(who: Who, seen: SeenScene): SeenThing[] {
  const things = seen.things.filter(
    ({ kind, odds }) => kind === who.kind && (who.colour === null || likeliest(odds.colour) === who.colour),
  );
  if (things.length > 0) return things;
  const [nearest] = seen.stands.slice().sort((a, b) => meant(who, b) - meant(who, a));
  return nearest ? [thingOf([nearest])] : [];
}

/** Exactly the `n` copies that are most probably meant are, and no other is. */
function countOdds(who: Who, n: number, seen: SeenScene): number {
  const things = candidates(who, seen);
  if (who.colour === null && things.length > 1) {
    return Math.max(...things.map(({ stands }) => exactly(n, who, stands)));
  }
  return exactly(n, who, seen.stands);
}

function exactly(n: number, who: Who, stands: readonly SeenStand[]): number {
  const odds = stands.map((stand) => meant(who, stand)).sort((a, b) => b - a);
  if (odds.length < n) return 0;
  return Math.min(1, ...odds.map((probability, i) => (i < n ? probability : 1 - probability)));
}

function middle({ stands }: SeenThing): number {
  return stands.reduce((sum, { x }) => sum + x, 0) / stands.length;
}

/** The probability that a distance seen as `distance` is above 0, if `errors` errors of x add up in it. */
function normalBelow(distance: number, errors: number): number {
  // Logistic approximation of the normal distribution, within 0.01.
  return 1 / (1 + Math.exp((-1.702 * distance) / (X_ERROR * Math.sqrt(errors))));
}

/**
 * Verdicts: whether a claim holds in a detection. The rules are those of `holds` in the world's `claims.ts`,
 * with probabilities.
 *
 * The probability of a claim with several parts (the cat is there, it wears a hat, the hat is yellow) is that
 * of its least probable part. The verdict is therefore yes exactly if it is yes for each part. A product of
 * probabilities would turn many weak yeses into a no.
 */

import type { Claim, Who } from '../storybook/language/claim.ts';
import { type Identity, isCreature, type Place } from '../storybook/scene.ts';
import { type DetectedStand, type DetectedThing, type Detection, likeliest, thingOf } from './detection.ts';

/** The judge's answer to a claim. */
export interface Verdict {
  readonly yes: boolean;
  /** Probability that the claim holds. The probabilities of its parts are calibrated on held-out pictures. */
  readonly probability: number;
}

/** Standard error of a detected x, in page units. */
const X_ERROR = 0.6;
/** The thirds of the page in x. Source: `placeOf` in scene.ts */
const PLACE_RANGE: Readonly<Record<Place, readonly [number, number]>> = {
  left: [-Infinity, 44],
  middle: [54, 74],
  right: [84, Infinity],
};
/** How much farther right the right thing must stand, in page units. Source: `holds` in claims.ts */
const ORDER_MARGIN = 6;

/**
 * The verdict on one claim. If two things of the claim's kind are detected and the claim names no colour, it
 * holds if it holds for either.
 *
 * @example
 * const detection = await judge.detect(picture);
 * const who = { kind: 'cat', colour: null } as const;
 * const { yes, probability } = verdict({ about: 'colour', who, n: 1, colour: 'red' }, detection);
 */
export function verdict(claim: Claim, detection: Detection): Verdict {
  const probability = probabilityOf(claim, detection);
  return { yes: probability >= 0.5, probability };
}

/**
 * Whether a detected thing is a given individual: compares kind, colour, pattern and accessory with their
 * colours. It does not compare the build (longer ears, wider eyes), which the judge does not detect.
 */
export function sameIdentity(thing: DetectedThing, who: Identity): Verdict {
  const { probabilities } = thing;
  const probability = Math.min(
    probabilities.kind[who.kind],
    probabilities.colour[who.colour],
    patternProbability(thing, who.pattern, who.patternColour),
    isCreature(who.kind) ? accessoryProbability(thing, who.accessory) : 1,
  );
  return { yes: probability >= 0.5, probability };
}

function probabilityOf(claim: Claim, detection: Detection): number {
  switch (claim.about) {
    case 'background':
      return detection.page.background[claim.background];
    case 'time':
      return detection.page.time[claim.time];
    case 'weather':
      return detection.page.weather[claim.weather];
    case 'style':
      return detection.page.style[claim.style];
    case 'count':
      return countProbability(claim.who, claim.n, detection);
    case 'order':
      return bestMatch(claim.left, detection, (left) =>
        bestMatch(claim.right, detection, (right) =>
          probabilityPositive(middle(right) - middle(left) - ORDER_MARGIN, 2),
        ),
      );
    case 'between':
      return bestMatch(claim.who, detection, (thing) =>
        bestMatch(claim.left, detection, (left) =>
          bestMatch(claim.right, detection, (right) => {
            const [a, b] = [middle(left), middle(right)].sort((p, q) => p - q);
            return Math.min(
              probabilityPositive(middle(thing) - a, 2),
              probabilityPositive(b - middle(thing), 2),
            );
          }),
        ),
      );
    default:
      return bestMatch(claim.who, detection, (thing) => attributeProbability(claim, thing));
  }
}

function attributeProbability(
  claim: Extract<Claim, { about: 'colour' | 'pattern' | 'accessory' | 'expression' | 'size' | 'place' }>,
  thing: DetectedThing,
): number {
  switch (claim.about) {
    case 'colour':
      return thing.probabilities.colour[claim.colour];
    case 'pattern':
      return patternProbability(thing, claim.pattern, claim.patternColour);
    case 'accessory':
      return isCreature(claim.who.kind)
        ? accessoryProbability(thing, claim.accessory)
        : claim.accessory
          ? 0
          : 1;
    case 'expression':
      return isCreature(claim.who.kind) ? thing.probabilities.expression[claim.expression] : 0;
    case 'size':
      return thing.probabilities.size[claim.size];
    case 'place': {
      const [low, high] = PLACE_RANGE[claim.place];
      const x = middle(thing);
      const copies = 1 / thing.stands.length;
      return probabilityPositive(x - low, copies) - probabilityPositive(x - high, copies);
    }
  }
}

function patternProbability(
  { probabilities }: DetectedThing,
  pattern: Identity['pattern'],
  colour: Identity['patternColour'],
) {
  return Math.min(probabilities.pattern[pattern], colour === null ? 1 : probabilities.patternColour[colour]);
}

function accessoryProbability({ probabilities }: DetectedThing, worn: Identity['accessory']): number {
  return worn === null
    ? probabilities.accessory.none
    : Math.min(probabilities.accessory[worn.kind], probabilities.accessoryColour[worn.colour]);
}

/** The probability that a copy is there and has the name `who`. */
function matchProbability(who: Who, { presence, probabilities }: DetectedStand): number {
  return Math.min(
    presence,
    probabilities.kind[who.kind],
    who.colour === null ? 1 : probabilities.colour[who.colour],
  );
}

/**
 * The highest probability, over all candidates for `who`, that the thing is there and a property holds for
 * it.
 */
function bestMatch(who: Who, detection: Detection, holdsFor: (thing: DetectedThing) => number): number {
  const things = candidates(who, detection);
  return Math.max(
    0,
    ...things.map((thing) => {
      const there = Math.max(...thing.stands.map((stand) => matchProbability(who, stand)));
      return Math.min(there, holdsFor(thing));
    }),
  );
}

/** The detected things with the name `who`; if there is none, the copy that matches the name best. */
function candidates(who: Who, detection: Detection): DetectedThing[] {
  const things = detection.things.filter(
    ({ kind, probabilities }) =>
      kind === who.kind && (who.colour === null || likeliest(probabilities.colour) === who.colour),
  );
  if (things.length > 0) return things;
  const [nearest] = detection.stands
    .slice()
    .sort((a, b) => matchProbability(who, b) - matchProbability(who, a));
  return nearest ? [thingOf([nearest])] : [];
}

/** The probability that exactly `n` copies have the name `who`. */
function countProbability(who: Who, n: number, detection: Detection): number {
  const things = candidates(who, detection);
  if (who.colour === null && things.length > 1) {
    return Math.max(...things.map(({ stands }) => exactCountProbability(n, who, stands)));
  }
  return exactCountProbability(n, who, detection.stands);
}

function exactCountProbability(n: number, who: Who, stands: readonly DetectedStand[]): number {
  const probabilities = stands.map((stand) => matchProbability(who, stand)).sort((a, b) => b - a);
  if (probabilities.length < n) return 0;
  return Math.min(1, ...probabilities.map((probability, i) => (i < n ? probability : 1 - probability)));
}

/** x of the centre of all copies, in page units. */
function middle({ stands }: DetectedThing): number {
  return stands.reduce((sum, { x }) => sum + x, 0) / stands.length;
}

/** The probability that a detected distance is above 0 in truth, if `errors` errors of x add up in it. */
function probabilityPositive(distance: number, errors: number): number {
  // Logistic approximation of the normal distribution, within 0.01.
  return 1 / (1 + Math.exp((-1.702 * distance) / (X_ERROR * Math.sqrt(errors))));
}

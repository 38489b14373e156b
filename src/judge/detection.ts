/**
 * Turns the network's outputs into a detection: peaks of presence become copies, similar copies become one
 * thing.
 */

import { isCreature, type Kind } from '../storybook/scene.ts';
import {
  GRID,
  PAGE_CLASSES,
  type PageClasses,
  PICTURE_SIDE,
  type Probabilities,
  STAND_CLASSES,
  type StandClasses,
} from './classes.ts';

/** The probabilities of every head for one copy. */
export type StandProbabilities = { readonly [Head in keyof StandClasses]: Probabilities<StandClasses[Head]> };
/** The probabilities of every head for the page. */
export type PageProbabilities = { readonly [Head in keyof PageClasses]: Probabilities<PageClasses[Head]> };

/** A drawn copy, or a candidate for one. */
export interface DetectedStand {
  /** Probability that a complete copy stands here. */
  readonly presence: number;
  /** x of its feet, in page units (0..128). */
  readonly x: number;
  /** y of the centre of its body, in page units. */
  readonly middleY: number;
  readonly scale: number;
  readonly probabilities: StandProbabilities;
}

/** All copies of one kind and colour. */
export interface DetectedThing {
  readonly kind: Kind;
  readonly stands: readonly DetectedStand[];
  /** For all copies together; see {@link thingOf}. */
  readonly probabilities: StandProbabilities;
}

/** Everything that the judge finds in a picture. */
export interface Detection {
  readonly page: PageProbabilities;
  /** The things of the picture, from left to right. */
  readonly things: readonly DetectedThing[];
  /** All copies with a presence above 0.02. Verdicts take the doubtful ones into account. */
  readonly stands: readonly DetectedStand[];
}

/** Peaks below this presence are ignored. */
const FAINT = 0.02;
/** Copies with at least this presence belong to a thing. */
const PRESENT = 0.5;
/** Copies of a kind are one thing if the probability that they have the same colour is above this. */
const SAME_COLOUR = 0.25;
/**
 * Peaks nearer to each other than this, in page units, are the same copy: the narrowest things stand 15
 * apart.
 */
const MIN_DISTANCE = 9;

/** Least probability of a class before logarithms are taken. */
const MIN_PROBABILITY = 1e-6;

const CELL = PICTURE_SIDE / GRID;
const CELLS = GRID * GRID;

/**
 * The detection that the network's outputs describe.
 *
 * @param stands logits `[C, 16, 16]`: presence, the heads of `STAND_CLASSES`, the numbers of `REGRESSIONS`
 * @param page logits `[P]`: the heads of `PAGE_CLASSES`
 */
export function detectionOf(stands: Float32Array, page: Float32Array): Detection {
  const found = peaks(stands).map((cell) => standAt(stands, cell));
  const kept = suppressDoubles(found.sort((a, b) => b.presence - a.presence)).sort((a, b) => a.x - b.x);
  return {
    page: probabilitiesOf(PAGE_CLASSES, page) as PageProbabilities,
    things: thingsOf(kept.filter(({ presence }) => presence >= PRESENT)),
    stands: kept,
  };
}

/** The class with the highest probability. */
export function likeliest<Class extends string>(probabilities: Probabilities<Class>): Class {
  let best: Class | undefined;
  for (const key in probabilities)
    if (best === undefined || probabilities[key] > probabilities[best]) best = key;
  return best as Class;
}

/**
 * The thing that consists of the given copies. Its probabilities are the geometric means of theirs, not
 * normalized: they sum to less than 1 where copies disagree. If one of two cats wears a hat, neither "they
 * wear hats" nor "they wear nothing" holds.
 */
export function thingOf(stands: readonly DetectedStand[]): DetectedThing {
  const probabilities = Object.fromEntries(
    Object.entries(STAND_CLASSES).map(([head, classes]) => [
      head,
      Object.fromEntries(
        classes.map((name) => [name, meanProbability(stands, head as keyof StandClasses, name)]),
      ),
    ]),
  ) as unknown as StandProbabilities;
  return { kind: likeliest(probabilities.kind), stands, probabilities };
}

function meanProbability(stands: readonly DetectedStand[], head: keyof StandClasses, name: string): number {
  const logs = stands.map(({ probabilities }) => {
    const ofHead: Readonly<Record<string, number>> = probabilities[head];
    return Math.log(Math.max(ofHead[name], MIN_PROBABILITY));
  });
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / stands.length);
}

/** A thing in words, for messages: `2 red white striped cat with blue hat happy`. */
export function describeThing({ kind, stands, probabilities }: DetectedThing): string {
  const pattern = likeliest(probabilities.pattern);
  const worn = isCreature(kind) ? likeliest(probabilities.accessory) : 'none';
  return [
    stands.length,
    likeliest(probabilities.colour),
    ...(pattern === 'plain' ? [] : [`${likeliest(probabilities.patternColour)} ${pattern}`]),
    kind,
    ...(worn === 'none' ? [] : [`with ${likeliest(probabilities.accessoryColour)} ${worn}`]),
    ...(isCreature(kind) ? [likeliest(probabilities.expression)] : []),
  ].join(' ');
}

/** The cells whose presence is not below that of any of their eight neighbours. */
function peaks(stands: Float32Array): number[] {
  const least = Math.log(FAINT / (1 - FAINT));
  const out: number[] = [];
  for (let cell = 0; cell < CELLS; cell++) {
    const here = stands[cell];
    if (here < least) continue;
    const row = Math.floor(cell / GRID);
    const column = cell % GRID;
    let highest = true;
    for (let r = Math.max(0, row - 1); r <= Math.min(GRID - 1, row + 1); r++) {
      for (let c = Math.max(0, column - 1); c <= Math.min(GRID - 1, column + 1); c++) {
        if (stands[r * GRID + c] > here) highest = false;
      }
    }
    if (highest) out.push(cell);
  }
  return out;
}

function standAt(stands: Float32Array, cell: number): DetectedStand {
  const values = Float32Array.from({ length: stands.length / CELLS }, (_, i) => stands[i * CELLS + cell]);
  const heads = Object.values(STAND_CLASSES).reduce((sum, classes) => sum + classes.length, 0);
  const [x, y, scale] = values.slice(1 + heads);
  return {
    presence: 1 / (1 + Math.exp(-values[0])),
    x: ((cell % GRID) + 0.5 + x) * CELL,
    middleY: (Math.floor(cell / GRID) + 0.5 + y) * CELL,
    scale: Math.exp(scale),
    probabilities: probabilitiesOf(STAND_CLASSES, values.subarray(1, 1 + heads)) as StandProbabilities,
  };
}

/** The softmax of each head's logits. */
function probabilitiesOf(heads: Readonly<Record<string, readonly string[]>>, logits: Float32Array): unknown {
  let at = 0;
  return Object.fromEntries(
    Object.entries(heads).map(([head, classes]) => {
      const part = logits.subarray(at, at + classes.length);
      at += classes.length;
      const top = Math.max(...part);
      const weights = Array.from(part, (value) => Math.exp(value - top));
      const total = weights.reduce((a, b) => a + b, 0);
      return [head, Object.fromEntries(classes.map((name, i) => [name, weights[i] / total]))];
    }),
  );
}

/** Non-maximum suppression: drops copies that are too near to one with a higher presence. */
function suppressDoubles(stands: readonly DetectedStand[]): DetectedStand[] {
  const kept: DetectedStand[] = [];
  for (const stand of stands) {
    const double = kept.some(
      ({ x, middleY }) =>
        Math.abs(x - stand.x) < MIN_DISTANCE && Math.abs(middleY - stand.middleY) < 2 * MIN_DISTANCE,
    );
    if (!double) kept.push(stand);
  }
  return kept;
}

/** Groups copies by kind and colour: two things of one kind differ in colour in this world. */
function thingsOf(stands: readonly DetectedStand[]): DetectedThing[] {
  const groups: DetectedStand[][] = [];
  for (const stand of stands) {
    const group = groups.find(
      ([first]) =>
        likeliest(first.probabilities.kind) === likeliest(stand.probabilities.kind) &&
        agreement(first.probabilities.colour, stand.probabilities.colour) > SAME_COLOUR,
    );
    if (group) group.push(stand);
    else groups.push([stand]);
  }
  return groups.map(thingOf);
}

/** The probability that both belong to the same class. */
function agreement<Class extends string>(a: Probabilities<Class>, b: Probabilities<Class>): number {
  let sum = 0;
  for (const key in a) sum += a[key] * b[key];
  return sum;
}

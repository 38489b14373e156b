/** From the network's outputs to what is seen: peaks of presence are drawn copies, alike copies are one thing. */

import { isCreature, type Kind } from '../storybook/scene.ts';
import {
  GRID,
  type Odds,
  PAGE_CLASSES,
  type PageClasses,
  PICTURE_SIDE,
  STAND_CLASSES,
  type StandClasses,
} from './classes.ts';

/** Odds of every head for one copy. */
export type StandOdds = { readonly [Head in keyof StandClasses]: Odds<StandClasses[Head]> };
/** Odds of every head for the page. */
export type PageOdds = { readonly [Head in keyof PageClasses]: Odds<PageClasses[Head]> };

/** One drawn copy, or what may be one. */
export interface SeenStand {
  /** Probability that something whole stands here. */
  readonly presence: number;
  /** Where its feet stand and the middle of its body, in page units (0..128). */
  readonly x: number;
  readonly middleY: number;
  readonly scale: number;
  readonly odds: StandOdds;
}

/** Copies of one kind and colour. */
export interface SeenThing {
  readonly kind: Kind;
  readonly stands: readonly SeenStand[];
  /** Of all copies together. */
  readonly odds: StandOdds;
}

/** What the judge sees in a picture. */
export interface SeenScene {
  readonly page: PageOdds;
  /** Things that are there, left to right. */
  readonly things: readonly SeenThing[];
  /** All copies with a presence above {@link FAINT}, so that doubtful ones enter the probabilities. */
  readonly stands: readonly SeenStand[];
}

/** Presence below which a peak is nothing. */
const FAINT = 0.02;
/** Presence from which a copy is one of a thing. */
const THERE = 0.5;
/** Probability of one colour at which copies of a kind are taken for one thing. */
const SAME_COLOUR = 0.25;
/** Copies nearer than this, in page units, are one seen twice: the narrowest things stand 15 apart. */
const APART = 9;

/** No class is ruled out altogether. */
const LEAST = 1e-6;

const CELL = PICTURE_SIDE / GRID;
const CELLS = GRID * GRID;

/**
 * @param stands logits `[C, 16, 16]`: presence, the heads of `STAND_CLASSES`, the numbers of `REGRESSIONS`
 * @param page logits `[P]`: the heads of `PAGE_CLASSES`
 */
export function seenScene(stands: Float32Array, page: Float32Array): SeenScene {
  const found = peaks(stands).map((cell) => standAt(stands, cell));
  const kept = withoutDoubles(found.sort((a, b) => b.presence - a.presence)).sort((a, b) => a.x - b.x);
  return {
    page: oddsOf(PAGE_CLASSES, page) as PageOdds,
    things: thingsOf(kept.filter(({ presence }) => presence >= THERE)),
    stands: kept,
  };
}

/** The class with the highest probability. */
export function likeliest<Class extends string>(odds: Odds<Class>): Class {
  let best: Class | undefined;
  for (const key in odds) if (best === undefined || odds[key] > odds[best]) best = key;
  return best as Class;
}

/**
 * A thing of the given copies. Its odds are the geometric means of theirs, which sum to less than 1 where the copies
 * disagree: of two cats of which one wears a hat, neither "they wear hats" nor "they wear nothing" holds.
 */
export function thingOf(stands: readonly SeenStand[]): SeenThing {
  const odds = Object.fromEntries(
    Object.entries(STAND_CLASSES).map(([head, classes]) => [
      head,
      Object.fromEntries(classes.map((name) => [name, meanOdds(stands, head as keyof StandClasses, name)])),
    ]),
  ) as unknown as StandOdds;
  return { kind: likeliest(odds.kind), stands, odds };
}

function meanOdds(stands: readonly SeenStand[], head: keyof StandClasses, name: string): number {
  const logs = stands.map(({ odds }) => {
    const ofHead: Readonly<Record<string, number>> = odds[head];
    return Math.log(Math.max(ofHead[name], LEAST));
  });
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / stands.length);
}

/** The same thing in words, for messages: "2 red striped cats with a hat". */
export function describeThing({ kind, stands, odds }: SeenThing): string {
  const pattern = likeliest(odds.pattern);
  const worn = isCreature(kind) ? likeliest(odds.accessory) : 'none';
  return [
    stands.length,
    likeliest(odds.colour),
    ...(pattern === 'plain' ? [] : [`${likeliest(odds.patternColour)} ${pattern}`]),
    kind,
    ...(worn === 'none' ? [] : [`with ${likeliest(odds.accessoryColour)} ${worn}`]),
    ...(isCreature(kind) ? [likeliest(odds.expression)] : []),
  ].join(' ');
}

/** Cells whose presence is above that of their eight neighbours. */
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

function standAt(stands: Float32Array, cell: number): SeenStand {
  const values = Float32Array.from({ length: stands.length / CELLS }, (_, i) => stands[i * CELLS + cell]);
  const heads = Object.values(STAND_CLASSES).reduce((sum, classes) => sum + classes.length, 0);
  const [x, y, scale] = values.slice(1 + heads);
  return {
    presence: 1 / (1 + Math.exp(-values[0])),
    x: ((cell % GRID) + 0.5 + x) * CELL,
    middleY: (Math.floor(cell / GRID) + 0.5 + y) * CELL,
    scale: Math.exp(scale),
    odds: oddsOf(STAND_CLASSES, values.subarray(1, 1 + heads)) as StandOdds,
  };
}

/** Softmax of each head in turn. */
function oddsOf(heads: Readonly<Record<string, readonly string[]>>, logits: Float32Array): unknown {
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

/** Of copies nearer to one another than any two are drawn, the one with the highest presence. */
function withoutDoubles(stands: readonly SeenStand[]): SeenStand[] {
  const kept: SeenStand[] = [];
  for (const stand of stands) {
    const double = kept.some(
      ({ x, middleY }) => Math.abs(x - stand.x) < APART && Math.abs(middleY - stand.middleY) < 2 * APART,
    );
    if (!double) kept.push(stand);
  }
  return kept;
}

/** Two things of one kind differ in colour in this world, so kind and colour say which copies belong together. */
function thingsOf(stands: readonly SeenStand[]): SeenThing[] {
  const groups: SeenStand[][] = [];
  for (const stand of stands) {
    const home = groups.find(
      ([first]) =>
        likeliest(first.odds.kind) === likeliest(stand.odds.kind) &&
        agreement(first.odds.colour, stand.odds.colour) > SAME_COLOUR,
    );
    if (home) home.push(stand);
    else groups.push([stand]);
  }
  return groups.map(thingOf);
}

/** The probability that both have the same class. */
function agreement<Class extends string>(a: Odds<Class>, b: Odds<Class>): number {
  let sum = 0;
  for (const key in a) sum += a[key] * b[key];
  return sum;
}

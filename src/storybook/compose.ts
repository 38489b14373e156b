/** Makes random individuals and scenes, and places things on the page so that none hides another. */

import { inColumns } from './columns.ts';
import { GROUND_Y, largestScale, PLACE_GOAL, reach, round, SCALE, standY } from './measures.ts';
import { hashText, type Random } from './random.ts';
import type { UnplacedThing } from './scene.ts';
import {
  ACCESSORIES,
  type Accessory,
  BACKGROUNDS,
  type Background,
  type Build,
  COLOURS,
  type Colour,
  CREATURES,
  EXPRESSIONS,
  type Expression,
  type Identity,
  isCreature,
  type Kind,
  OBJECTS,
  type ObjectKind,
  type Pattern,
  type Scene,
  type Size,
  type Style,
  type Thing,
  type Time,
  type Weather,
} from './scene.ts';

export type Split = 'train' | 'heldout';

/** Kinds that can be striped or spotted. */
const PATTERNED: readonly Kind[] = [
  ...CREATURES,
  'ball',
  'star',
  'cup',
  'heart',
  'balloon',
  'umbrella',
  'kite',
  'gift',
  'lamp',
  'car',
  'house',
  'boat',
  'book',
];
export const canHavePattern = (kind: Kind): boolean => PATTERNED.includes(kind);

/** The combination that decides whether an individual is held out. */
export function combination(who: Identity): string {
  return `${who.kind}|${who.colour}|${who.pattern}|${who.accessory?.kind ?? 'none'}`;
}

/** Combinations that are never held out, because people ask for them first. */
const EVERYDAY: readonly string[] = ['heart|red|plain|none', 'ball|red|plain|none', 'apple|green|plain|none'];

/** Whether training never shows this combination. One in eight is held out, by hash. */
export function isHeldout(who: Identity): boolean {
  const c = combination(who);
  return hashText(c) % 8 === 0 && !EVERYDAY.includes(c);
}

export function drawBuild(random: Random): Build {
  return {
    width: round(random.between(0.9, 1.1)),
    height: round(random.between(0.92, 1.08)),
    feature: round(random.between(0.66, 1.34)),
    eye: round(random.between(0.82, 1.16)),
    gap: round(random.between(0.93, 1.08)),
    belly: random.hasUnstated(0.6),
  };
}

const COLOUR_WEIGHTS: readonly (readonly [Colour, number])[] = COLOURS.map(
  (c) => [c, c === 'black' || c === 'gray' || c === 'brown' ? 0.6 : 1] as const,
);

/** A random colour that is not easily confused with any of `not`. */
export function otherColour(random: Random, not: readonly (Colour | null | undefined)[]): Colour {
  for (;;) {
    const c = random.weighted(COLOUR_WEIGHTS);
    if (!not.includes(c) && !not.some((n) => n && confusable(n, c))) return c;
  }
}

const CLOSE: readonly string[] = [
  'red|orange',
  'orange|yellow',
  'orange|brown',
  'red|brown',
  'white|gray',
  'gray|black',
  'blue|purple',
  'red|pink',
  'pink|purple',
  'brown|black',
];
const confusable = (a: Colour, b: Colour): boolean =>
  CLOSE.includes(`${a}|${b}`) || CLOSE.includes(`${b}|${a}`);

export function drawAccessoryFor(random: Random, colour: Colour): Accessory {
  return { kind: random.pick(ACCESSORIES), colour: otherColour(random, [colour]) };
}

export interface IdentityOptions {
  kind?: Kind;
}

export function drawIdentity(random: Random, split: Split, options: IdentityOptions = {}): Identity {
  for (let attempt = 0; ; attempt++) {
    const kind = options.kind ?? (random.chance(0.6) ? random.pick(CREATURES) : random.pick(OBJECTS));
    const creature = isCreature(kind);
    const colour = random.weighted(COLOUR_WEIGHTS);
    let pattern: Pattern = 'plain';
    if (canHavePattern(kind) && random.chance(creature ? 0.32 : 0.25))
      pattern = random.pick(['striped', 'spotted'] as const);
    const accessory = creature && random.chance(0.5) ? drawAccessoryFor(random, colour) : null;
    const who: Identity = {
      kind,
      colour,
      pattern,
      patternColour: pattern === 'plain' ? null : otherColour(random, [colour]),
      accessory,
      build: drawBuild(random),
    };
    if (isHeldout(who) === (split === 'heldout')) return who;
    // A kind may have no held-out combination; then another thing of the picture must have one (tasks.ts).
    if (attempt > 400 && split === 'heldout') return who;
    if (attempt > 4000) throw new Error(`no combination of ${kind} is in ${split}`);
  }
}

export function drawExpression(random: Random, kind: Kind): Expression | null {
  if (!isCreature(kind)) return null;
  return random.chance(0.5) ? 'happy' : random.pick(EXPRESSIONS);
}

/** A random setting; time and weather are ones that the background allows. */
export function drawSetting(
  random: Random,
  style?: Style,
): Pick<Scene, 'style' | 'background' | 'time' | 'weather' | 'seed'> {
  const background = random.pick(BACKGROUNDS);
  const time = drawTime(random, background);
  return {
    style:
      style ??
      random.weighted<Style>([
        ['storybook', 0.67],
        ['sketch', 0.11],
        ['neon', 0.11],
        ['paper', 0.11],
      ]),
    background,
    time,
    weather: drawWeatherFor(random, background),
    seed: random.seed(),
  };
}

export function drawTime(random: Random, background: Background): Time {
  return background === 'sea' || background === 'blank'
    ? 'day'
    : random.weighted<Time>([
        ['day', 0.56],
        ['night', 0.27],
        ['sunset', 0.17],
      ]);
}

export function drawWeatherFor(random: Random, background: Background): Weather {
  if (background === 'sea' || background === 'room' || background === 'blank') return 'none';
  return random.weighted<Weather>([
    ['none', 0.74],
    ['snow', 0.13],
    ['rain', 0.13],
  ]);
}

const LEFT = 2,
  RIGHT = 126;

/** Gives the things positions, from left to right in the given order. @returns null if they do not fit */
export function layOut(
  random: Random,
  wanted: readonly UnplacedThing[],
  place?: 'left' | 'middle' | 'right',
): Thing[] | null {
  if (random.usesColumns) return inColumns(wanted, place);
  const gap = 2.5;
  let need = 0;
  const copies = wanted.reduce((n, w) => n + w.count, 0);
  for (const w of wanted) {
    const [l, r] = reach(w.who);
    need += (l + r) * SCALE[w.size] * w.count + gap * w.count;
  }
  const room = RIGHT - LEFT - gap;
  let shrink = 1;
  if (need > room) {
    shrink = room / need;
    if (shrink < 0.8 && wanted.some((w) => w.size !== 'medium')) return null;
    if (shrink < (copies > 4 ? 0.5 : 0.58)) return null;
  } else if (wanted.every((w) => w.size === 'medium') && copies <= 2) {
    shrink = Math.min(room / need, random.between(1, copies === 1 ? 1.12 : 1.06));
  }
  let free = room - need * shrink;
  const inner = wanted.length === 1 ? Math.min(6, free / (copies + 1)) : 0;
  free -= inner * (copies - 1) * (wanted.length === 1 ? 1 : 0);
  const shares = wanted.map(() => random.between(0.3, 1));
  const last = random.between(0.3, 1);
  const total = shares.reduce((a, b) => a + b, last);
  const things: Thing[] = [];
  const half = (gap / 2) * Math.min(1, shrink);
  let x = LEFT + half;
  for (let i = 0; i < wanted.length; i++) {
    const w = wanted[i] as UnplacedThing;
    const scale = round(Math.min(SCALE[w.size] * shrink, largestScale(w.who)));
    const [l, r] = reach(w.who);
    x += wanted.length === 1 && place ? 0 : (free * (shares[i] as number)) / total;
    const ground = GROUND_Y + random.between(-2, 6);
    const stands = [];
    for (let c = 0; c < w.count; c++) {
      x += half;
      const y = ground + (w.count > 1 ? (c % 2 === 0 ? 1.5 : -2.5) + random.between(-0.7, 0.7) : 0);
      stands.push({ x: round(x + l * scale), y: round(standY(w.who, y, scale)), scale });
      x += (l + r) * scale + half + (c < w.count - 1 ? inner : 0);
    }
    things.push({ who: w.who, expression: w.expression, size: w.size, stands });
  }
  if (wanted.length === 1 && place) {
    const thing = things[0] as Thing;
    const first = thing.stands[0]!,
      end = thing.stands[thing.stands.length - 1]!;
    const [l, r] = reach(thing.who);
    const low = LEFT + l * first.scale - first.x,
      high = RIGHT - r * end.scale - end.x;
    const middle = thing.stands.reduce((a, s) => a + s.x, 0) / thing.stands.length;
    const goal = PLACE_GOAL[place] + random.between(-5, 5);
    const shift = Math.max(low, Math.min(high, goal - middle));
    for (const s of thing.stands) s.x = round(s.x + shift);
  }
  return things;
}

export interface SceneOptions {
  things?: number;
  /** Uses each kind at most once. */
  kindsDiffer?: boolean;
  style?: Style;
}

export function drawThings(
  random: Random,
  split: Split,
  n: number,
  options: SceneOptions = {},
): UnplacedThing[] {
  const used: Kind[] = [];
  const out: UnplacedThing[] = [];
  for (let i = 0; i < n; i++) {
    let who: Identity;
    do {
      const creature = random.chance(i === 0 ? 0.68 : 0.4);
      who = drawIdentity(random, split, {
        kind: creature ? random.pick(CREATURES) : random.pick(OBJECTS as readonly ObjectKind[]),
      });
    } while (used.includes(who.kind) && (options.kindsDiffer || !random.chance(0.12)));
    used.push(who.kind);
    let count = 1;
    if (n < 3 && random.chance(isCreature(who.kind) ? 0.1 : 0.34)) count = random.pick([2, 3]);
    const size: Size = count === 1 && random.chance(0.26) ? random.pick(['small', 'big'] as const) : 'medium';
    out.push({ who, expression: drawExpression(random, who.kind), size, count });
  }
  return out;
}

/**
 * A random scene.
 *
 * @param random `SteadyRandom` gives scenes of the default mix, `Random` of the wide mix
 * @param split which combinations of kind, colour, pattern and accessory may occur
 * @example
 * const scene = drawScene(new SteadyRandom(7), 'heldout', { things: 2 });
 */
export function drawScene(random: Random, split: Split, options: SceneOptions = {}): Scene {
  for (;;) {
    const n =
      options.things ??
      random.weighted([
        [1, 0.46],
        [2, 0.4],
        [3, 0.14],
      ] as const);
    const wanted = random.shuffle(drawThings(random, split, n, options));
    const things = layOut(
      random,
      wanted,
      // Only single copies get a place.
      n === 1 && (wanted[0]?.count === 1 || !random.usesColumns) && random.chance(0.75)
        ? random.pick(['left', 'middle', 'right', 'middle'] as const)
        : undefined,
    );
    if (things === null || !distinguishable(things)) continue;
    return { ...drawSetting(random, options.style), things };
  }
}

/** Whether words can distinguish all things: two of one kind must differ clearly in colour. */
export function distinguishable(things: readonly Thing[]): boolean {
  for (let i = 0; i < things.length; i++) {
    for (let j = i + 1; j < things.length; j++) {
      const a = things[i]!.who,
        b = things[j]!.who;
      if (a.kind === b.kind && (a.colour === b.colour || confusable(a.colour, b.colour))) return false;
    }
  }
  return true;
}

/** Changes to a scene, each with the words that ask for it. The edits of the world, and its defects. */

import { type Claim, holds, whoIn } from './claims.ts';
import { HALF_COLUMN, inColumns, PLACE_COLUMN } from './columns.ts';
import {
  canHavePattern,
  drawAccessoryFor,
  drawIdentity,
  drawWeatherFor,
  otherColour,
  type Split,
} from './compose.ts';
import {
  accessoryPhrase,
  BACKGROUND_NOUN,
  BACKGROUND_WORDS,
  EXPRESSION_WORDS,
  NUMBER_WORDS,
  noun,
  nounPhrase,
  placePhrase,
  plural,
  STYLE_NAMES,
  theThing,
} from './grammar.ts';
import { largestScale, reach, round, SCALE, standY } from './measures.ts';
import type { Random } from './random.ts';
import {
  type Accessory,
  BACKGROUNDS,
  CREATURES,
  cloneScene,
  countOf,
  EXPRESSIONS,
  floats,
  HOVER,
  type Identity,
  isCreature,
  type Kind,
  middleOf,
  OBJECTS,
  type Pattern,
  PLACES,
  placeOf,
  type Scene,
  type Size,
  STYLES,
  type Thing,
  TIMES,
  WEATHERS,
} from './scene.ts';

export const EDIT_KINDS = [
  'add',
  'remove',
  'replace',
  'turn_into',
  'recolour',
  'move',
  'swap',
  'resize',
  'background',
  'time',
  'weather',
  'expression',
  'accessory',
  'accessory_off',
  'accessory_swap',
  'accessory_colour',
  'pattern',
  'pattern_off',
  'pattern_colour',
  'style',
  'extract',
  'count',
] as const;
export type EditKind = (typeof EDIT_KINDS)[number];

export interface Change {
  kind: EditKind;
  before: Scene;
  after: Scene;
  words: string;
  /** Whether the whole page changes, or only the changed things. */
  whole: boolean;
  /** What the words ask for, as claims that hold in `after`. */
  asked: Claim[];
}

/** Left and right ends of a thing on the page. */
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

const groundOf = (thing: Thing, i: number): number => {
  const s = thing.stands[i]!;
  return floats(thing.who.kind) ? s.y + HOVER * s.scale * thing.who.build.height : s.y;
};

/** The free stretch of the page around a thing. */
function freeAround(scene: Scene, index: number): [number, number] {
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

/** The x nearest to the given one at which this thing fits between two others; in a tidy picture half a column aside at most. */
function standNear(
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
  if (!random.tidy) return round(Math.max(first, Math.min(last, x)));
  return [x, x - HALF_COLUMN, x + HALF_COLUMN].find((v) => v >= first && v <= last) ?? null;
}

const edited = (scene: Scene, index: number, change: (t: Thing) => void): Scene => {
  const after = cloneScene(scene);
  change(after.things[index] as Thing);
  return after;
};

/** "to the left of the house", "between the cat and the house", "on the right"; `asked` receives what it says. */
function whereOf(random: Random, scene: Scene, index: number, asked: Claim[]): string {
  const t = scene.things[index] as Thing;
  const x = middleOf(t);
  const rest = scene.things.filter((_, i) => i !== index);
  const left = rest.filter((o) => middleOf(o) < x).sort((a, b) => middleOf(b) - middleOf(a))[0];
  const right = rest.filter((o) => middleOf(o) > x).sort((a, b) => middleOf(a) - middleOf(b))[0];
  const p = placeOf(t);
  if (left && right) {
    asked.push(orderOf(scene, left, t), orderOf(scene, t, right));
    return `between ${theThing(random, scene, left)} and ${theThing(random, scene, right)}`;
  }
  if (p && (rest.length === 0 || random.chance(0.4))) {
    asked.push({ about: 'place', who: whoIn(scene, t), n: countOf(t), place: p });
    return placePhrase(random, p);
  }
  if (left) asked.push(orderOf(scene, left, t));
  else if (right) asked.push(orderOf(scene, t, right));
  if (left)
    return random.pick([
      `to the right of ${theThing(random, scene, left)}`,
      `right of ${theThing(random, scene, left)}`,
      `on the right of ${theThing(random, scene, left)}`,
    ]);
  if (right)
    return random.pick([
      `to the left of ${theThing(random, scene, right)}`,
      `left of ${theThing(random, scene, right)}`,
      `on the left of ${theThing(random, scene, right)}`,
    ]);
  return '';
}

function orderOf(scene: Scene, left: Thing, right: Thing): Claim {
  const [l, r] = [whoIn(scene, left), whoIn(scene, right)];
  return { about: 'order', left: l, right: r, nLeft: countOf(left), nRight: countOf(right) };
}

/** How the two things of a scene stand. */
function orderedIn(scene: Scene): Claim {
  const [left, right] = scene.things.slice().sort((a, b) => middleOf(a) - middleOf(b)) as [Thing, Thing];
  return orderOf(scene, left, right);
}

/** That a thing of `before` is no longer there; nothing where `after` has one that would be called the same. */
function goneFrom(after: Scene, before: Scene, thing: Thing): Claim[] {
  const { kind, colour } = thing.who;
  const twin = [...before.things, ...after.things].some(
    ({ who }) => who.kind === kind && who.colour !== colour,
  );
  const claim: Claim = { about: 'count', who: { kind, colour: twin ? colour : null }, n: 0 };
  return holds(claim, after) ? [claim] : [];
}

const worn = (a: Accessory, n: number): string =>
  n > 1 && a.kind !== 'glasses' ? `${a.colour} ${plural(a.kind)}` : accessoryPhrase(a);
const wornNoun = (a: Accessory, n: number): string =>
  n > 1 && a.kind !== 'glasses' ? plural(a.kind) : a.kind;
const marks = (p: Pattern): string => (p === 'striped' ? 'stripes' : 'spots');

/** Applies a change of this kind to the scene, if it can be. */
export function change(kind: EditKind, random: Random, scene: Scene, split: Split): Change | null {
  if (scene.things.length === 0 && !['background', 'time', 'weather', 'style'].includes(kind)) return null;
  const fits = (test: (t: Thing) => boolean): number | null => {
    const found = scene.things.map((t, i) => [t, i] as const).filter(([t]) => test(t));
    return found.length === 0 ? null : random.pick(found)[1];
  };
  const done = (
    after: Scene,
    words: string,
    asked: Claim[],
    { whole = false, before = scene } = {},
  ): Change => ({
    kind,
    before,
    after,
    words,
    whole,
    asked,
  });
  /** Who the changed thing is in the scene after, and how many. */
  const those = (after: Scene, i: number) => {
    const t = after.things[i] as Thing;
    return { who: whoIn(after, t), n: countOf(t) };
  };
  const name = (i: number): string => {
    const t = scene.things[i] as Thing;
    if (scene.things.length === 1 && random.chance(0.12)) return countOf(t) === 1 ? 'it' : 'them';
    return theThing(random, scene, t);
  };
  const full = (i: number) => theThing(random, scene, scene.things[i] as Thing);
  switch (kind) {
    case 'add': {
      const i = fits(() => true)!;
      const t = scene.things[i] as Thing;
      const before = cloneScene(scene);
      before.things.splice(i, 1);
      const asked: Claim[] = [];
      const np = nounPhrase(random, t, { told: asked });
      const where = random.chance(0.88) ? whereOf(random, scene, i, asked) : '';
      return done(
        scene,
        random.pick([
          `add ${np} ${where}`,
          `add ${np} ${where}`,
          `put ${np} ${where || 'in the picture'}`,
          `draw ${np} ${where}`,
          `there should also be ${np} ${where}`,
          `place ${np} ${where || 'in the picture'}`,
          `I also want ${np} ${where}`,
        ]),
        asked.map((claim) => ('who' in claim ? { ...claim, who: whoIn(scene, t) } : claim)),
        { before },
      );
    }
    case 'remove': {
      const i = fits(() => true)!;
      const after = cloneScene(scene);
      after.things.splice(i, 1);
      const n = full(i);
      return done(
        after,
        random.pick([
          `remove ${n}`,
          `remove ${n}`,
          `take away ${n}`,
          `delete ${n}`,
          `take ${n} out of the picture`,
          `erase ${n}`,
        ]),
        goneFrom(after, scene, scene.things[i] as Thing),
      );
    }
    case 'replace':
    case 'turn_into': {
      const i = fits((t) => countOf(t) === 1 && (kind === 'replace' || isCreature(t.who.kind)));
      if (i === null) return null;
      const old = scene.things[i] as Thing;
      let who: Identity;
      if (kind === 'turn_into') {
        const to = random.pick(CREATURES);
        if (to === old.who.kind) return null;
        who = { ...old.who, kind: to };
      } else {
        const to: Kind = random.chance(0.5) ? random.pick(CREATURES) : random.pick(OBJECTS);
        if (to === old.who.kind) return null;
        who = drawIdentity(random, split, { kind: to });
      }
      if (scene.things.some((o) => o.who.kind === who.kind)) return null;
      const stand = old.stands[0]!;
      const room = freeAround(scene, i);
      const [l, r] = reach(who);
      let wanted = stand.scale;
      if (kind === 'replace' && random.tidy && old.size !== 'medium') wanted = SCALE.medium;
      if (kind === 'replace' && !random.tidy) wanted = Math.min(1.2, Math.max(0.85, wanted));
      const most = random.tidy ? wanted : (room[1] - room[0]) / (l + r);
      const scale = round(Math.min(wanted, most, largestScale(who)));
      if (scale < (kind === 'turn_into' ? wanted * 0.9 : Math.min(wanted, 0.62))) return null;
      const [a, b] = extent(old);
      const goal = random.tidy ? stand.x : (a + b) / 2 + ((l - r) * scale) / 2;
      const x = standNear(random, goal, who, scale, room);
      if (x === null) return null;
      const next: Thing = {
        who,
        size: kind === 'turn_into' ? old.size : 'medium',
        expression: isCreature(who.kind)
          ? kind === 'turn_into'
            ? old.expression
            : random.chance(0.6)
              ? 'happy'
              : random.pick(EXPRESSIONS)
          : null,
        stands: [
          {
            x,
            y: round(standY(who, groundOf(old, 0), scale)),
            scale,
          },
        ],
      };
      const after = cloneScene(scene);
      after.things[i] = next;
      const gone = goneFrom(after, scene, old);
      const n = full(i);
      if (kind === 'turn_into')
        return done(
          after,
          random.pick([
            `turn ${n} into a ${noun(random, who.kind)}`.replace('a alien', 'an alien'),
            `make ${n} a ${noun(random, who.kind)}`.replace('a alien', 'an alien'),
          ]),
          [{ about: 'count', ...those(after, i) }, ...gone],
        );
      const asked: Claim[] = [];
      const np = nounPhrase(random, next, { told: asked });
      return done(
        after,
        random.pick([
          `replace ${n} with ${np}`,
          `replace ${n} with ${np}`,
          `swap ${n} for ${np}`,
          `put ${np} in the place of ${n}`,
          `change ${n} into ${np}`,
        ]),
        [...asked, ...gone],
      );
    }
    case 'recolour': {
      const i = fits(() => true)!;
      const t = scene.things[i] as Thing;
      const colour = otherColour(random, [t.who.colour, t.who.patternColour, t.who.accessory?.colour]);
      const after = edited(scene, i, (x) => {
        x.who.colour = colour;
      });
      const n = name(i);
      return done(
        after,
        random.pick([
          `make ${n} ${colour}`,
          `make ${n} ${colour}`,
          `change the colour of ${n} to ${colour}`,
          `paint ${n} ${colour}`,
          `turn ${n} ${colour}`,
          `I want ${n} to be ${colour}`,
          `colour ${n} ${colour}`,
        ]),
        // Beside another of its kind it is called by its colour, so that being there says it all.
        those(after, i).who.colour === null
          ? [{ about: 'colour', ...those(after, i), colour }]
          : [{ about: 'count', ...those(after, i) }, ...goneFrom(after, scene, t)],
      );
    }
    case 'move': {
      if (scene.things.length === 1) {
        const t = scene.things[0] as Thing;
        const from = placeOf(t);
        if (!from || countOf(t) > 1) return null;
        const to = random.pick(PLACES.filter((p) => p !== from));
        const s = t.stands[0]!;
        const goal = random.tidy ? PLACE_COLUMN[to] : { left: 30, middle: 64, right: 98 }[to];
        const x = standNear(random, goal, t.who, s.scale, [2, 126]);
        if (x === null) return null;
        const after = edited(scene, 0, (q) => {
          q.stands[0]!.x = x;
        });
        if (placeOf(after.things[0] as Thing) !== to) return null;
        const n = name(0);
        const goalWords =
          to === 'middle'
            ? random.pick(['to the middle', 'to the centre', 'into the middle'])
            : random.pick([`to the ${to}`, `to the ${to} side`]);
        return done(
          after,
          random.pick([
            `move ${n} ${goalWords}`,
            `move ${n} ${goalWords}`,
            `put ${n} ${placePhrase(random, to)}`,
            `${n === 'it' || n === 'them' ? full(0) : n} should be ${placePhrase(random, to)}`,
          ]),
          [{ about: 'place', ...those(after, 0), place: to }],
        );
      }
      if (scene.things.length !== 2) return null;
      const after = swap(random, scene, 0, 1);
      if (!after) return null;
      const i = random.whole(0, 1);
      const side =
        middleOf(after.things[i] as Thing) < middleOf(after.things[1 - i] as Thing) ? 'left' : 'right';
      return done(
        after,
        random.pick([
          `move ${full(i)} to the ${side} of ${full(1 - i)}`,
          `put ${full(i)} to the ${side} of ${full(1 - i)}`,
          `${full(i)} should be ${side} of ${full(1 - i)}`,
        ]),
        [orderedIn(after)],
      );
    }
    case 'swap': {
      if (scene.things.length !== 2) return null;
      const after = swap(random, scene, 0, 1);
      if (!after) return null;
      const [i, j] = random.shuffle([0, 1]) as [number, number];
      return done(
        after,
        random.pick([
          `swap ${full(i)} and ${full(j)}`,
          `let ${full(i)} and ${full(j)} change places`,
          `exchange ${full(i)} and ${full(j)}`,
        ]),
        [orderedIn(after)],
      );
    }
    case 'resize': {
      const i = fits((t) => countOf(t) === 1);
      if (i === null) return null;
      const t = scene.things[i] as Thing;
      const sizes: Size[] =
        t.size === 'medium' ? ['small', 'big'] : t.size === 'small' ? ['medium', 'big'] : ['medium', 'small'];
      const size = random.pick(sizes);
      const s = t.stands[0]!;
      const ratio = SCALE[size] / SCALE[t.size];
      const scale =
        Math.round(Math.min(s.scale * ratio, Math.max(largestScale(t.who), s.scale)) * 1000) / 1000;
      if (ratio > 1 && scale < s.scale * 1.18) return null;
      const x = standNear(random, s.x, t.who, scale, freeAround(scene, i));
      if (x === null) return null;
      const after = edited(scene, i, (q) => {
        q.size = size;
        q.stands = [
          {
            x,
            y: round(standY(q.who, groundOf(t, 0), scale)),
            scale,
          },
        ];
      });
      const grow = scale > s.scale;
      const n = name(i);
      const much = size !== 'medium' && t.size !== 'medium';
      return done(
        after,
        random.pick(
          grow
            ? [
                `make ${n} ${much ? 'much ' : ''}bigger`,
                `make ${n} ${much ? 'much ' : ''}larger`,
                `enlarge ${n}`,
                ...(size === 'big' ? [`make ${n} big`, `${full(i)} should be big`] : []),
              ]
            : [
                `make ${n} ${much ? 'much ' : ''}smaller`,
                `shrink ${n}`,
                ...(size === 'small' ? [`make ${n} small`, `${full(i)} should be tiny`] : []),
              ],
        ),
        [{ about: 'size', ...those(after, i), size }],
      );
    }
    case 'background': {
      const after = cloneScene(scene);
      after.background = random.pick(BACKGROUNDS.filter((b) => b !== scene.background));
      if (after.background === 'sea') after.time = 'day';
      if (after.background === 'sea' || after.background === 'room') after.weather = 'none';
      if (scene.background === 'room' && random.chance(0.3))
        after.weather = drawWeatherFor(random, after.background);
      const all = scene.things.length === 1 ? full(0) : random.pick(['everything', 'it all', 'them']);
      const words = random.pick(BACKGROUND_WORDS[after.background]),
        place = random.pick(BACKGROUND_NOUN[after.background]);
      const extra =
        after.weather !== scene.weather && after.weather !== 'none'
          ? after.weather === 'snow'
            ? ' and let it snow'
            : ' and let it rain'
          : '';
      return done(
        after,
        random.pick([
          `change the background to ${place}`,
          `put ${all} ${words}`,
          `put ${all} ${words}`,
          `replace the background with ${place}`,
          `the background should be ${place}`,
          `show ${all} ${words}`,
        ]) + extra,
        [
          { about: 'background', background: after.background },
          ...(extra === '' ? [] : [{ about: 'weather', weather: after.weather } as const]),
        ],
        { whole: true },
      );
    }
    case 'time': {
      if (scene.background === 'sea' || scene.background === 'blank') return null;
      const after = cloneScene(scene);
      after.time = random.pick(TIMES.filter((t) => t !== scene.time));
      const words = {
        night: ['make it night', 'turn it into night', 'it should be night', 'show it at night'],
        day: ['make it day', 'turn it into day', 'it should be day', 'show it by day'],
        sunset: ['make it sunset', 'make it evening', 'it should be sunset', 'show it at sunset'],
      }[after.time];
      return done(after, random.pick(words), [{ about: 'time', time: after.time }], { whole: true });
    }
    case 'weather': {
      if (scene.background === 'sea' || scene.background === 'room' || scene.background === 'blank')
        return null;
      const after = cloneScene(scene);
      after.weather = random.pick(WEATHERS.filter((w) => w !== scene.weather));
      const words = {
        snow: ['let it snow', 'make it snow', 'let snow fall', 'add falling snow', 'it should snow'],
        rain: ['let it rain', 'make it rain', 'add rain', 'it should rain'],
        none:
          scene.weather === 'snow'
            ? ['stop the snow', 'remove the falling snow', 'no more snow from the sky']
            : ['stop the rain', 'remove the rain', 'no more rain'],
      }[after.weather];
      return done(after, random.pick(words), [{ about: 'weather', weather: after.weather }], { whole: true });
    }
    case 'expression': {
      const i = fits((t) => isCreature(t.who.kind));
      if (i === null) return null;
      const expression = random.pick(EXPRESSIONS.filter((e) => e !== (scene.things[i] as Thing).expression));
      const after = edited(scene, i, (t) => {
        t.expression = expression;
      });
      const n = name(i),
        word = random.pick(EXPRESSION_WORDS[expression]);
      return done(
        after,
        random.pick([
          `make ${n} ${expression}`,
          `make ${n} look ${word}`,
          `${full(i)} should be ${word}`,
          `let ${n} look ${word}`,
          ...(expression === 'happy'
            ? [`let ${n} smile`]
            : expression === 'sad'
              ? [`let ${n} cry`]
              : expression === 'sleepy'
                ? [`let ${n} sleep`]
                : []),
        ]),
        [{ about: 'expression', ...those(after, i), expression }],
      );
    }
    case 'accessory': {
      const i = fits((t) => isCreature(t.who.kind) && t.who.accessory === null);
      if (i === null) return null;
      const t = scene.things[i] as Thing;
      const a = drawAccessoryFor(random, t.who.colour);
      const after = edited(scene, i, (q) => {
        q.who.accessory = a;
      });
      const n = name(i),
        w = worn(a, countOf(t));
      return done(
        after,
        random.pick([
          `give ${n} ${w}`,
          `give ${n} ${w}`,
          `put ${w} on ${n}`,
          `${full(i)} should wear ${w}`,
          `add ${w} to ${n}`,
          `let ${n} wear ${w}`,
        ]),
        [{ about: 'accessory', ...those(after, i), accessory: a }],
      );
    }
    case 'accessory_off': {
      const i = fits((t) => t.who.accessory !== null);
      if (i === null) return null;
      const t = scene.things[i] as Thing;
      const after = edited(scene, i, (q) => {
        q.who.accessory = null;
      });
      const a = wornNoun(t.who.accessory!, countOf(t));
      return done(
        after,
        random.pick([
          `take off the ${a}`,
          `remove the ${a}`,
          `remove the ${a} from ${full(i)}`,
          `take the ${a} off ${full(i)}`,
          `${full(i)} should not wear the ${a}`,
        ]),
        [{ about: 'accessory', ...those(after, i), accessory: null }],
      );
    }
    case 'accessory_swap': {
      const i = fits((t) => t.who.accessory !== null);
      if (i === null) return null;
      const t = scene.things[i] as Thing;
      const a = drawAccessoryFor(random, t.who.colour);
      if (a.kind === t.who.accessory!.kind) return null;
      const after = edited(scene, i, (q) => {
        q.who.accessory = a;
      });
      const w = worn(a, countOf(t)),
        old = wornNoun(t.who.accessory!, countOf(t));
      return done(
        after,
        random.pick([
          `replace the ${old} with ${w}`,
          `replace the ${old} of ${full(i)} with ${w}`,
          `swap the ${old} for ${w}`,
          `change the ${old} into ${w}`,
        ]),
        [{ about: 'accessory', ...those(after, i), accessory: a }],
      );
    }
    case 'accessory_colour': {
      const i = fits((t) => t.who.accessory !== null);
      if (i === null) return null;
      const t = scene.things[i] as Thing;
      const colour = otherColour(random, [t.who.colour, t.who.accessory!.colour]);
      const after = edited(scene, i, (q) => {
        q.who.accessory = { ...q.who.accessory!, colour };
      });
      const a = wornNoun(t.who.accessory!, countOf(t));
      return done(
        after,
        random.pick([
          `make the ${a} ${colour}`,
          `make the ${a} of ${full(i)} ${colour}`,
          `change the colour of the ${a} to ${colour}`,
          `paint the ${a} ${colour}`,
          `turn the ${a} ${colour}`,
        ]),
        [{ about: 'accessory', ...those(after, i), accessory: { ...t.who.accessory!, colour } }],
      );
    }
    case 'pattern': {
      const i = fits((t) => t.who.pattern === 'plain' && canHavePattern(t.who.kind));
      if (i === null) return null;
      const t = scene.things[i] as Thing;
      const pattern = random.pick(['striped', 'spotted'] as const);
      const colour = otherColour(random, [t.who.colour]);
      const after = edited(scene, i, (q) => {
        q.who.pattern = pattern;
        q.who.patternColour = colour;
      });
      const n = name(i),
        m = `${colour} ${marks(pattern)}`;
      return done(
        after,
        random.pick([
          `give ${n} ${m}`,
          `add ${m} to ${n}`,
          `${full(i)} should have ${m}`,
          `paint ${m} on ${n}`,
        ]),
        [{ about: 'pattern', ...those(after, i), pattern, patternColour: colour }],
      );
    }
    case 'pattern_off': {
      const i = fits((t) => t.who.pattern !== 'plain');
      if (i === null) return null;
      const t = scene.things[i] as Thing;
      const after = edited(scene, i, (q) => {
        q.who.pattern = 'plain';
        q.who.patternColour = null;
      });
      const m = marks(t.who.pattern);
      return done(
        after,
        random.pick([
          `remove the ${m}`,
          `remove the ${m} from ${full(i)}`,
          `make ${full(i)} plain ${t.who.colour}`,
          `${full(i)} should have no ${m}`,
        ]),
        [{ about: 'pattern', ...those(after, i), pattern: 'plain', patternColour: null }],
      );
    }
    case 'pattern_colour': {
      const i = fits((t) => t.who.pattern !== 'plain');
      if (i === null) return null;
      const t = scene.things[i] as Thing;
      const colour = otherColour(random, [t.who.colour, t.who.patternColour]);
      const after = edited(scene, i, (q) => {
        q.who.patternColour = colour;
      });
      const m = marks(t.who.pattern);
      return done(
        after,
        random.pick([
          `make the ${m} ${colour}`,
          `make the ${m} of ${full(i)} ${colour}`,
          `change the colour of the ${m} to ${colour}`,
          `paint the ${m} ${colour}`,
        ]),
        [{ about: 'pattern', ...those(after, i), pattern: t.who.pattern, patternColour: colour }],
      );
    }
    case 'style': {
      const after = cloneScene(scene);
      after.style = random.pick(STYLES.filter((s) => s !== scene.style));
      const n = random.pick(STYLE_NAMES[after.style]);
      const short = {
        storybook: ['make it look like a storybook'],
        sketch: ['redraw it in pencil', 'draw it in pencil'],
        neon: ['make it neon', 'redraw it in neon'],
        paper: ['make it of cut paper', 'redraw it in cut paper'],
      }[after.style];
      return done(
        after,
        random.pick([
          `turn this into ${n}`,
          `make it ${n}`,
          `redraw it as ${n}`,
          `show it as ${n}`,
          ...short,
        ]),
        [{ about: 'style', style: after.style }],
        { whole: true },
      );
    }
    case 'extract': {
      if (scene.style === 'neon') return null;
      const i = fits(() => true)!;
      const after = cloneScene(scene);
      after.things = [after.things[i] as Thing];
      after.background = 'blank';
      after.time = 'day';
      after.weather = 'none';
      const n = full(i);
      return done(
        after,
        random.pick([
          `extract ${n}`,
          `extract ${n} on a white background`,
          `cut out ${n}`,
          `show only ${n} on a white background`,
          `cut out ${n} and put ${countOf(after.things[0] as Thing) === 1 ? 'it' : 'them'} on white`,
          ...(scene.things.length === 1 ? ['remove the background'] : []),
        ]),
        [
          { about: 'background', background: 'blank' },
          { about: 'count', ...those(after, 0) },
          ...scene.things.flatMap((t, k) => (k === i ? [] : goneFrom(after, scene, t))),
        ],
        { whole: true },
      );
    }
    case 'count': {
      const i = fits((t) => countOf(t) > 1);
      if (i === null) return null;
      const t = scene.things[i] as Thing;
      const n = countOf(t);
      const last = random.chance(0.5) ? 0 : n - 1;
      const fewer = edited(scene, i, (q) => {
        q.stands.splice(last, 1);
      });
      const one = noun(random, t.who.kind),
        c = `${t.who.colour} ${noun(null, t.who.kind)}`;
      const side = last === 0 ? 'left' : 'right';
      if (random.chance(0.5))
        return done(
          scene,
          random.pick([
            `add one more ${one}`,
            `add another ${one}`,
            `add another ${c} on the ${side}`,
            `there should be ${NUMBER_WORDS[n]} ${noun(random, t.who.kind, n)}`,
            `make it ${NUMBER_WORDS[n]} ${noun(random, t.who.kind, n)}`,
          ]),
          [{ about: 'count', ...those(scene, i) }],
          { before: fewer },
        );
      return done(
        fewer,
        random.pick([
          `remove one ${one}`,
          `take away one ${one}`,
          `remove the ${one} on the ${side}`,
          `there should be only ${NUMBER_WORDS[n - 1]} ${noun(random, t.who.kind, n - 1)}`,
        ]),
        [{ about: 'count', ...those(fewer, i) }],
      );
    }
  }
}

/** Two neighbours change places; each keeps its size. */
export function swap(random: Random, scene: Scene, i: number, j: number): Scene | null {
  const after = cloneScene(scene);
  const a = after.things[i] as Thing,
    b = after.things[j] as Thing;
  if (random.tidy) {
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

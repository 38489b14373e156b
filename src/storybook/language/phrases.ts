/** Puts scenes into words: noun phrases, settings, requests and captions. */

import type { Random } from '../random.ts';
import { countOf, middleOf, type Place, placeOf, type Scene, type Thing } from '../scene.ts';
import type { Claim, Who } from './claim.ts';
import {
  article,
  BACKGROUND_WORDS,
  capital,
  EXPRESSION_WORDS,
  NUMBER_WORDS,
  noun,
  PATTERN_NOUNS,
  SIZE_WORDS,
  STYLE_NAMES,
  STYLE_TAILS,
  sentence,
  TIME_WORDS,
  WEATHER_WORDS,
  wornPhrase,
} from './words.ts';

const many = (thing: Thing): boolean => countOf(thing) > 1;

export interface PhraseOptions {
  /** Always names the expression; else "happy" is left out in half of the cases. */
  expression?: boolean;
  /** Names colour and kind only. */
  short?: boolean;
  /** Sometimes leaves out a colour or the place, as people do. */
  loose?: boolean;
  /** Receives the claims that the phrase states. */
  stated?: Claim[];
}

/** "a happy blue cat in a yellow hat"; "three red mushrooms". */
export function nounPhrase(random: Random, thing: Thing, options: PhraseOptions = {}): string {
  const who = thing.who;
  const n = countOf(thing);
  const words: string[] = [];
  const stated: Claim[] = options.stated ?? [];
  const ref: Who = { kind: who.kind, colour: null };
  const colour = !(options.loose && random.chance(0.05));
  stated.push({ about: 'count', who: ref, n });
  if (colour) stated.push({ about: 'colour', who: ref, n, colour: who.colour });
  if (!options.short) {
    if (thing.size !== 'medium') {
      words.push(random.pick(SIZE_WORDS[thing.size]));
      stated.push({ about: 'size', who: ref, n, size: thing.size });
    }
    if (thing.expression && (thing.expression !== 'happy' || options.expression || random.chance(0.45))) {
      words.push(random.pick(EXPRESSION_WORDS[thing.expression]));
      stated.push({ about: 'expression', who: ref, n, expression: thing.expression });
    }
    if (who.pattern !== 'plain' && who.patternColour !== null)
      stated.push({ about: 'pattern', who: ref, n, pattern: who.pattern, patternColour: who.patternColour });
    if (who.accessory) stated.push({ about: 'accessory', who: ref, n, accessory: who.accessory });
  }
  if (colour) words.push(who.colour);
  words.push(noun(random, who.kind, n));
  let head = words.join(' ');
  head = `${n > 1 ? NUMBER_WORDS[n] : article(head)} ${head}`;
  if (options.short) return head;
  const pattern =
    who.pattern === 'plain' || who.patternColour === null
      ? null
      : `${who.patternColour} ${random.pick(PATTERN_NOUNS[who.pattern])}`;
  const worn = who.accessory && wornPhrase(who.accessory, n);
  if (pattern && worn) {
    return random.chance(0.5)
      ? `${head} with ${pattern} and ${worn}`
      : `${head} with ${pattern}, ${random.pick(who.accessory?.kind === 'bow' ? ['wearing'] : ['wearing', 'in'])} ${worn}`;
  }
  if (pattern) return `${head} with ${pattern}`;
  if (worn)
    return `${head} ${random.pick(who.accessory?.kind === 'bow' ? ['with', 'wearing'] : ['in', 'in', 'with', 'wearing'])} ${worn}`;
  return head;
}

/**
 * A short name that is unique in the scene: "the cat", "the blue cat", "the mushrooms".
 * @param random varies the noun and adds the colour in a quarter of the cases; null takes the plain form
 */
export function theThing(random: Random | null, scene: Scene, thing: Thing): string {
  const n = countOf(thing);
  const twin = scene.things.some((t) => t !== thing && t.who.kind === thing.who.kind);
  const name = noun(random, thing.who.kind, n);
  return twin || random?.chance(0.25) ? `the ${thing.who.colour} ${name}` : `the ${name}`;
}

export const placePhrase = (random: Random, place: Place): string =>
  place === 'middle'
    ? random.pick(['in the middle', 'in the middle', 'in the centre'])
    : random.pick([`on the ${place}`, `on the ${place}`, `on the ${place} side`]);

/** "in the snow at night, while snow is falling". */
export function settingPhrase(
  random: Random,
  scene: Pick<Scene, 'background' | 'time' | 'weather'>,
  stated: Claim[] = [],
): string {
  let out = random.pick(BACKGROUND_WORDS[scene.background]);
  stated.push({ about: 'background', background: scene.background });
  const outdoors = scene.background !== 'sea' && scene.background !== 'room' && scene.background !== 'blank';
  if (scene.time !== 'day') {
    out += ` ${random.pick(TIME_WORDS[scene.time])}`;
    stated.push({ about: 'time', time: scene.time });
  } else if (outdoors && random.chance(0.14)) {
    out += ` ${scene.weather === 'none' && random.chance(0.6) ? 'on a sunny day' : random.pick(TIME_WORDS.day)}`;
    stated.push({ about: 'time', time: 'day' });
  }
  if (scene.weather !== 'none') {
    out += `${random.chance(0.3) ? ',' : ''} ${random.pick(WEATHER_WORDS[scene.weather])}`;
    stated.push({ about: 'weather', weather: scene.weather });
  }
  return out;
}

/** All things of a scene and how they stand: "a cat to the left of a red boat". */
export function thingsPhrase(random: Random, scene: Scene, options: PhraseOptions = {}): string {
  const things = scene.things;
  const stated: Claim[] = options.stated ?? [];
  const np = (t: Thing) => nounPhrase(random, t, { ...options, stated });
  const ref = (t: Thing): Who => ({ kind: t.who.kind, colour: null });
  const at = (t: Thing) => {
    const p = placeOf(t);
    if (!p) return np(t);
    const out = `${np(t)} ${placePhrase(random, p)}`;
    stated.push({ about: 'place', who: ref(t), n: countOf(t), place: p });
    return out;
  };
  const order = (a: Thing, b: Thing) =>
    stated.push({ about: 'order', left: ref(a), right: ref(b), nLeft: countOf(a), nRight: countOf(b) });
  if (things.length === 0) return 'nothing';
  if (things.length === 1) {
    const t = things[0] as Thing;
    if (many(t)) return np(t);
    const said = placeOf(t) === 'middle' ? random.chance(0.5) : !random.omits(0.5);
    return said ? at(t) : np(t);
  }
  const byX = things.slice().sort((a, b) => middleOf(a) - middleOf(b));
  if (things.length === 2) {
    const [a, b] = byX as [Thing, Thing];
    const [c, d] = random.omits(0.5) ? [b, a] : [a, b];
    const way = random.whole(0, 7);
    let out: string;
    switch (way) {
      case 0:
        out = `${np(a)} to the left of ${np(b)}`;
        break;
      case 1:
        out = `${np(b)} to the right of ${np(a)}`;
        break;
      case 2:
        out =
          placeOf(a) === 'left' && placeOf(b) === 'right'
            ? `${np(a)} on the left and ${np(b)} on the right`
            : `${np(a)} left of ${np(b)}`;
        break;
      case 3: {
        const first = np(c);
        return first + and(first) + np(d);
      }
      case 4:
        return `${np(c)} next to ${np(d)}`;
      case 5: {
        const first = np(c);
        return / with | wearing | in /.test(first) ? first + and(first) + np(d) : `${first} with ${np(d)}`;
      }
      default:
        return `${np(c)} beside ${np(d)}`;
    }
    order(a, b);
    return out;
  }
  const [a, b, c] = byX as [Thing, Thing, Thing];
  if (random.chance(0.3)) {
    const out = `${np(b)} between ${np(a)} and ${np(c)}`;
    stated.push({ about: 'between', who: ref(b), n: countOf(b), left: ref(a), right: ref(c) });
    return out;
  }
  if (random.chance(0.25)) {
    const out = `${np(a)} on the left, ${np(b)} in the middle and ${np(c)} on the right`;
    order(a, b);
    order(b, c);
    return out;
  }
  const [x, y, z] = (random.usesColumns ? byX : random.shuffle(things)) as [Thing, Thing, Thing];
  const first = np(x);
  const second = np(y);
  const tail = second + and(second) + np(z);
  return random.chance(0.5) || / with | wearing | in /.test(first)
    ? `${first}, ${tail}`
    : `${first} with ${tail}`;
}

/** The conjunction before the next thing. The comma avoids "wears a bow and a lamp". */
const and = (before: string): string => (/ with | wearing | in /.test(before) ? ', and ' : ' and ');

/** The whole scene as a phrase, without its style. */
export function scenePhrase(random: Random, scene: Scene, options: PhraseOptions = {}): string {
  const stated: Claim[] = options.stated ?? [];
  const r = random.unit();
  if (scene.things.length === 2 && r < 0.12) {
    const byX = scene.things.slice().sort((p, q) => middleOf(p) - middleOf(q));
    const [a, b] = (random.usesColumns ? byX : random.shuffle(scene.things)) as [Thing, Thing];
    const first = nounPhrase(random, a, { ...options, stated });
    const setting = settingPhrase(random, scene, stated);
    return `${first} ${setting}, with ${nounPhrase(random, b, { ...options, stated })}`;
  }
  const things = thingsPhrase(random, scene, { ...options, stated });
  if (options.loose && scene.weather === 'none' && random.chance(0.12)) {
    if (scene.time === 'day') return things;
    stated.push({ about: 'time', time: scene.time });
    return `${things} ${random.pick(TIME_WORDS[scene.time])}`;
  }
  const setting = settingPhrase(random, scene, stated);
  return r < 0.88 ? `${things} ${setting}` : `${things}, ${setting}`;
}

const ASKS = [
  'draw',
  'paint',
  'show',
  'make',
  'please draw',
  'show me',
  'draw me',
  'I want to see',
  'can you draw',
  'a picture of',
  'a picture with',
  'I would like',
] as const;

/** What a user types to get this picture. @returns the words, and the claims that they state */
export function request(
  random: Random,
  scene: Scene,
  options: PhraseOptions = {},
): { text: string; stated: Claim[] } {
  const stated: Claim[] = [];
  const phrase = scenePhrase(random, scene, { ...options, stated });
  const style = scene.style;
  let out: string;
  if (style === 'storybook') {
    const r = random.unit();
    if (r < 0.62) out = phrase;
    else if (r < 0.9) {
      const ask = random.pick(ASKS);
      out = `${ask} ${phrase}${ask === 'can you draw' ? '?' : ''}`;
    } else {
      out = `${random.pick(STYLE_NAMES.storybook)} of ${phrase}`;
      stated.push({ about: 'style', style });
    }
  } else {
    stated.push({ about: 'style', style });
    if (random.chance(0.7))
      out = `${random.chance(0.25) ? `${random.pick(['draw', 'make', 'show me'])} ` : ''}${random.pick(STYLE_NAMES[style])} of ${phrase}`;
    else out = `${phrase}, ${random.pick(STYLE_TAILS[style])}`;
  }
  if (random.chance(0.35)) out = capital(out);
  if (random.chance(0.15) && !out.endsWith('?')) out += '.';
  return { text: out, stated };
}

/** A caption of one sentence. */
export function description(random: Random, scene: Scene): string {
  const style = random.pick(STYLE_NAMES[scene.style]);
  const list = thingsPhrase(random, scene, { expression: true });
  const setting = settingPhrase(random, scene);
  return sentence(
    random.chance(0.4)
      ? `this is ${style} of ${list} ${setting}`
      : random.chance(0.6)
        ? `${style} of ${list} ${setting}`
        : `the picture shows ${list} ${setting}`,
  );
}

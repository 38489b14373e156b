/**
 * The words for every value of a scene, with plurals and articles. A word that is listed twice is twice as
 * likely.
 */

import type { Random } from '../random.ts';
import type {
  Accessory,
  Background,
  Expression,
  Kind,
  Pattern,
  Size,
  Style,
  Time,
  Weather,
} from '../scene.ts';

const NOUNS: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  bunny: ['bunny', 'bunny', 'rabbit'],
  gift: ['gift', 'present'],
  boat: ['boat', 'boat', 'sailboat'],
  house: ['house', 'house', 'cottage'],
  cup: ['cup', 'cup', 'mug'],
  bear: ['bear', 'bear', 'teddy bear'],
};
const PLURALS: Readonly<Record<string, string>> = {
  mouse: 'mice',
  bunny: 'bunnies',
  fox: 'foxes',
  scarf: 'scarves',
};

export const EXPRESSION_WORDS: Readonly<Record<Expression, readonly string[]>> = {
  happy: ['happy', 'happy', 'smiling', 'cheerful'],
  sad: ['sad', 'sad', 'unhappy', 'crying'],
  surprised: ['surprised', 'surprised', 'amazed'],
  sleepy: ['sleepy', 'sleepy', 'tired', 'sleeping'],
  angry: ['angry', 'angry', 'grumpy', 'cross'],
};
export const SIZE_WORDS: Readonly<Record<Size, readonly string[]>> = {
  small: ['small', 'small', 'little', 'tiny'],
  medium: [''],
  big: ['big', 'big', 'large', 'huge'],
};
export const NUMBER_WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six'] as const;
export const PATTERN_NOUNS: Readonly<Record<Exclude<Pattern, 'plain'>, readonly string[]>> = {
  striped: ['stripes'],
  spotted: ['spots', 'spots', 'dots'],
};

export const BACKGROUND_WORDS: Readonly<Record<Background, readonly string[]>> = {
  meadow: ['in a meadow', 'in the meadow', 'on the green grass', 'in a green field'],
  snow: ['in the snow', 'in the snow', 'on the snow', 'in a snowy field'],
  forest: ['in the forest', 'in the forest', 'in the woods', 'among the trees'],
  beach: ['on the beach', 'on the beach', 'on a sandy beach'],
  desert: ['in the desert', 'in the desert', 'in the hot desert'],
  sea: ['under the sea', 'under water', 'at the bottom of the sea'],
  room: ['in a room', 'inside a room', 'indoors', 'at home'],
  mountain: ['in the mountains', 'in the mountains', 'in front of the mountains'],
  city: ['in the city', 'in the city', 'in town', 'on a city street'],
  blank: ['on a white background', 'on a plain white background', 'on white'],
};
/** The only name of a place in answers. */
export const BACKGROUND_NAME: Readonly<Record<Background, string>> = {
  meadow: 'in a meadow',
  snow: 'in the snow',
  forest: 'in the forest',
  beach: 'on the beach',
  desert: 'in the desert',
  sea: 'under the sea',
  room: 'in a room',
  mountain: 'in the mountains',
  city: 'in the city',
  blank: 'on a white background',
};
export const BACKGROUND_NOUN: Readonly<Record<Background, readonly string[]>> = {
  meadow: ['a meadow', 'a green meadow'],
  snow: ['a snowy field', 'snow'],
  forest: ['a forest', 'the woods'],
  beach: ['a beach', 'a sandy beach'],
  desert: ['a desert', 'the desert'],
  sea: ['the bottom of the sea', 'the sea'],
  room: ['a room', 'a cosy room'],
  mountain: ['mountains', 'the mountains'],
  city: ['a city', 'a city street'],
  blank: ['a white background', 'plain white'],
};
export const TIME_WORDS: Readonly<Record<Time, readonly string[]>> = {
  day: ['by day', 'in the daytime', 'in daylight'],
  sunset: ['at sunset', 'at sunset', 'in the evening'],
  night: ['at night', 'at night', 'at night', 'under the stars', 'under the moon'],
};
export const WEATHER_WORDS: Readonly<Record<Exclude<Weather, 'none'>, readonly string[]>> = {
  snow: ['while snow is falling', 'in falling snow', 'with snow falling', 'while it snows'],
  rain: ['in the rain', 'while it rains', 'while it is raining', 'on a rainy day'],
};
export const STYLE_NAMES: Readonly<Record<Style, readonly string[]>> = {
  storybook: ['a storybook picture', 'a storybook page'],
  sketch: ['a pencil sketch', 'a pencil drawing'],
  neon: ['a neon drawing', 'a neon picture', 'a neon sign'],
  paper: ['a paper cut-out', 'a paper collage', 'a cut paper picture'],
};
export const STYLE_TAILS: Readonly<Record<Exclude<Style, 'storybook'>, readonly string[]>> = {
  sketch: ['as a pencil sketch', 'drawn in pencil', 'in pencil'],
  neon: ['in neon', 'in neon style', 'in glowing neon'],
  paper: ['made of cut paper', 'as a paper cut-out'],
};

export const article = (word: string): string => (/^[aeiou]/i.test(word) ? 'an' : 'a');
export const capital = (s: string): string => s.charAt(0).toUpperCase() + s.slice(1);
export const sentence = (s: string): string => capital(s.trim()) + (/[.?!]$/.test(s.trim()) ? '' : '.');

export function noun(random: Random | null, kind: Kind, count = 1): string {
  const options = NOUNS[kind];
  const one = random && options ? random.pick(options) : kind;
  return count === 1 ? one : plural(one);
}
export function plural(word: string): string {
  return (
    PLURALS[word] ??
    (word.endsWith('s') || word.endsWith('x') || word.endsWith('ch') ? `${word}es` : `${word}s`)
  );
}

/** `a yellow hat`, `red glasses`. */
export function accessoryPhrase(a: Accessory): string {
  return a.kind === 'glasses' ? `${a.colour} glasses` : `${article(a.colour)} ${a.colour} ${a.kind}`;
}

/** What `n` copies wear: `a yellow hat`, `yellow hats`, `red glasses`. */
export const wornPhrase = (a: Accessory, n: number): string =>
  n > 1 && a.kind !== 'glasses' ? `${a.colour} ${plural(a.kind)}` : accessoryPhrase(a);

/** The noun for what `n` copies wear: `hat`, `hats`, `glasses`. */
export const wornNoun = (a: Accessory, n: number): string =>
  n > 1 && a.kind !== 'glasses' ? plural(a.kind) : a.kind;

export const patternNoun = (p: Pattern): string => (p === 'striped' ? 'stripes' : 'spots');

/**
 * A scene: exactly what a picture shows. Pictures and words are made from it. Positions are in page units,
 * 0..128.
 */
export const STYLES = ['storybook', 'sketch', 'neon', 'paper'] as const;
export type Style = (typeof STYLES)[number];

export const BACKGROUNDS = [
  'meadow',
  'snow',
  'forest',
  'beach',
  'desert',
  'sea',
  'room',
  'mountain',
  'city',
] as const;
/** `blank` is plain white, for cut-outs. Random scenes never have it. */
export type Background = (typeof BACKGROUNDS)[number] | 'blank';

export const TIMES = ['day', 'sunset', 'night'] as const;
export type Time = (typeof TIMES)[number];

export const WEATHERS = ['none', 'snow', 'rain'] as const;
export type Weather = (typeof WEATHERS)[number];

export const CREATURES = ['cat', 'bunny', 'bear', 'fox', 'alien', 'bird', 'frog', 'mouse'] as const;
export type Creature = (typeof CREATURES)[number];

export const OBJECTS = [
  'house',
  'boat',
  'ball',
  'star',
  'mushroom',
  'flower',
  'tree',
  'cup',
  'heart',
  'car',
  'balloon',
  'cake',
  'umbrella',
  'book',
  'kite',
  'lamp',
  'gift',
  'apple',
] as const;
export type ObjectKind = (typeof OBJECTS)[number];
export type Kind = Creature | ObjectKind;

export const COLOURS = [
  'red',
  'orange',
  'yellow',
  'green',
  'blue',
  'purple',
  'pink',
  'brown',
  'white',
  'gray',
  'black',
] as const;
export type Colour = (typeof COLOURS)[number];

export const PATTERNS = ['plain', 'striped', 'spotted'] as const;
export type Pattern = (typeof PATTERNS)[number];

export const EXPRESSIONS = ['happy', 'sad', 'surprised', 'sleepy', 'angry'] as const;
export type Expression = (typeof EXPRESSIONS)[number];

export const ACCESSORIES = ['hat', 'crown', 'scarf', 'bow', 'glasses'] as const;
export type AccessoryKind = (typeof ACCESSORIES)[number];
export interface Accessory {
  kind: AccessoryKind;
  colour: Colour;
}

export const SIZES = ['small', 'medium', 'big'] as const;
export type Size = (typeof SIZES)[number];

/** The third of the page in which the centre of a thing's copies lies. */
export const PLACES = ['left', 'middle', 'right'] as const;
export type Place = (typeof PLACES)[number];

/** The small differences between individuals of a kind. Numbers are factors near 1. */
export interface Build {
  width: number;
  height: number;
  /** Size of the kind's own feature: ears, feelers, roof, sail, cap. */
  feature: number;
  eye: number;
  gap: number;
  /** Draws a lighter belly (creatures) or a second detail (objects). */
  belly: boolean;
}

/** An individual. It is the same in every picture of it. */
export interface Identity {
  kind: Kind;
  colour: Colour;
  pattern: Pattern;
  /** Colour of the stripes or spots; null if plain. */
  patternColour: Colour | null;
  accessory: Accessory | null;
  build: Build;
}

/** The position of one drawn copy: its feet are at (x, y), in page units. */
export interface Stand {
  x: number;
  y: number;
  scale: number;
}

/** One to three copies of one identity. */
export interface Thing {
  who: Identity;
  /** Null for objects. */
  expression: Expression | null;
  size: Size;
  /** One for each copy. */
  stands: Stand[];
}

export interface Scene {
  style: Style;
  background: Background;
  time: Time;
  weather: Weather;
  /** Seed of the background. */
  seed: number;
  things: Thing[];
}

export const isCreature = (kind: Kind): kind is Creature => (CREATURES as readonly string[]).includes(kind);

/** Height of floating things above the ground, in units of their drawing. */
export const HOVER = 28;

/** Kinds that float in the air. */
export const FLOATING: readonly Kind[] = ['balloon', 'kite'];
export const floats = (kind: Kind): boolean => FLOATING.includes(kind);

/** Number of copies. */
export const countOf = (thing: Thing): number => thing.stands.length;

/** x of the centre of all copies, in page units. */
export function middleOf(thing: Thing): number {
  let sum = 0;
  for (const s of thing.stands) sum += s.x;
  return sum / thing.stands.length;
}

/** The third of the page in which the thing's centre lies; null near a border between thirds. */
export function placeOf(thing: Thing): Place | null {
  const x = middleOf(thing);
  if (x <= 44) return 'left';
  if (x >= 84) return 'right';
  if (x >= 54 && x <= 74) return 'middle';
  return null;
}

export function cloneScene(scene: Scene): Scene {
  return JSON.parse(JSON.stringify(scene)) as Scene;
}

/** A thing before it has a position. */
export interface UnplacedThing {
  who: Identity;
  expression: Expression | null;
  size: Size;
  count: number;
}

/** What a picture shows, exactly. Everything drawn and everything said follows from this. */
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
/** `blank` is plain white: where something is cut out. It is never drawn by chance. */
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

/** Where the middle of a group stands: left, middle or right third. */
export const PLACES = ['left', 'middle', 'right'] as const;
export type Place = (typeof PLACES)[number];

/** The jitter that makes one bunny differ from the next. All near 1. */
export interface Build {
  width: number;
  height: number;
  /** Ears, feelers, roof, sail, cap: the feature of the kind. */
  feature: number;
  eye: number;
  gap: number;
  /** A lighter belly (creatures), or a second detail (objects). */
  belly: boolean;
}

/** Who it is: the same in every picture of it. */
export interface Identity {
  kind: Kind;
  colour: Colour;
  pattern: Pattern;
  /** The colour of the stripes or spots; null when plain. */
  patternColour: Colour | null;
  accessory: Accessory | null;
  build: Build;
}

/** One drawn copy: where it stands on the page (page units: 0..128), feet at (x, y). */
export interface Stand {
  x: number;
  y: number;
  scale: number;
}

/** One to three copies of one identity. */
export interface Thing {
  who: Identity;
  /** null for objects. */
  expression: Expression | null;
  size: Size;
  /** One stand for each copy. */
  stands: Stand[];
}

export interface Scene {
  style: Style;
  background: Background;
  time: Time;
  weather: Weather;
  /** Jitter of the background. */
  seed: number;
  things: Thing[];
}

export const isCreature = (kind: Kind): kind is Creature => (CREATURES as readonly string[]).includes(kind);

/** How far above the ground floating things hang, in their own units. */
export const HOVER = 28;

/** Things that hang in the air. */
export const FLOATING: readonly Kind[] = ['balloon', 'kite'];
export const floats = (kind: Kind): boolean => FLOATING.includes(kind);

export const countOf = (thing: Thing): number => thing.stands.length;

export function middleOf(thing: Thing): number {
  let sum = 0;
  for (const s of thing.stands) sum += s.x;
  return sum / thing.stands.length;
}

/** The third of the page in which the thing's middle lies; null near a border between thirds. */
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

/** A thing that is asked for, before it has a place. */
export interface UnplacedThing {
  who: Identity;
  expression: Expression | null;
  size: Size;
  count: number;
}

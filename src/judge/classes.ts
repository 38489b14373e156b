/** The classes of the judge's network: its heads, in the order of its outputs. */

import {
  ACCESSORIES,
  type AccessoryKind,
  BACKGROUNDS,
  type Background,
  COLOURS,
  type Colour,
  CREATURES,
  EXPRESSIONS,
  type Expression,
  type Kind,
  OBJECTS,
  PATTERNS,
  type Pattern,
  SIZES,
  type Size,
  STYLES,
  type Style,
  TIMES,
  type Time,
  WEATHERS,
  type Weather,
} from '../storybook/scene.ts';

/** The heads for each drawn copy. Some apply to some kinds only: objects have no expression. */
export interface StandClasses {
  kind: Kind;
  colour: Colour;
  pattern: Pattern;
  patternColour: Colour;
  expression: Expression;
  accessory: AccessoryKind | 'none';
  accessoryColour: Colour;
  size: Size;
}

/** The heads for the whole page. */
export interface PageClasses {
  style: Style;
  time: Time;
  weather: Weather;
  background: Background;
}

export const STAND_CLASSES: { readonly [Head in keyof StandClasses]: readonly StandClasses[Head][] } = {
  kind: [...CREATURES, ...OBJECTS],
  colour: COLOURS,
  pattern: PATTERNS,
  patternColour: COLOURS,
  expression: EXPRESSIONS,
  accessory: ['none', ...ACCESSORIES],
  accessoryColour: COLOURS,
  size: SIZES,
};

export const PAGE_CLASSES: { readonly [Head in keyof PageClasses]: readonly PageClasses[Head][] } = {
  style: STYLES,
  time: TIMES,
  weather: WEATHERS,
  background: [...BACKGROUNDS, 'blank'],
};

/**
 * The numbers that the network gives for each copy. `x` is the distance of its feet from the centre of the
 * cell, `y` that of the centre of its body, both in cells; `scale` is the logarithm of its scale.
 */
export const REGRESSIONS = ['x', 'y', 'scale'] as const;

/** Side of the pictures that the judge takes, in pixels. */
export const PICTURE_SIDE = 128;
/** Cells along a side. Each cell has 8 x 8 pixels. */
export const GRID = 16;

/** A probability for each class of a head. They sum to 1. */
export type Probabilities<Class extends string> = Readonly<Record<Class, number>>;

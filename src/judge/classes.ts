/** What the judge tells apart: the heads of its network, in the order of its outputs. */

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

/** What is said of each drawn copy. Which heads mean something depends on others: only creatures have expressions. */
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

/** What is said of the whole page. */
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

/** Numbers read at each copy: how far its feet (x) and the middle of its body (y) lie from the middle of the cell, in cells; the logarithm of its scale. */
export const REGRESSIONS = ['x', 'y', 'scale'] as const;

/** Side of the pictures that the judge reads, in pixels. */
export const PICTURE_SIDE = 128;
/** Cells along a side; each cell is 8 pixels. */
export const GRID = 16;

/** A probability for each class of a head; they sum to 1. */
export type Odds<Class extends string> = Readonly<Record<Class, number>>;

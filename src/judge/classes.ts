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

/**
 * Numbers read at each copy: how far its middle lies from the middle of its cell (in cells), the logarithm of its scale,
 * and its build as (width - 1) * 10, (height - 1) * 10, (feature - 1) * 3, (eye - 1) * 6, (gap - 1) * 12, belly 1 or -1.
 */
export const REGRESSIONS = ['x', 'y', 'scale', 'width', 'height', 'feature', 'eye', 'gap', 'belly'] as const;

/** Side of the pictures that the judge reads, in pixels. */
export const PICTURE_SIDE = 128;
/** Cells along a side; each cell is 8 pixels. */
export const GRID = 16;

/** A probability for each class of a head; they sum to 1. */
export type Odds<Class extends string> = Readonly<Record<Class, number>>;

/** The colours and parts that objects share. */

import type { Build, Identity } from '../../scene.ts';
import { darker, lighter, RGB, WHITE } from '../colours.ts';
import type { Grain } from '../patterns.ts';
import type { Pen } from '../pen.ts';
import { ellipse, type Rgb } from '../shapes.ts';

export const WOOD: Rgb = [140, 92, 56];
export const GREEN: Rgb = [74, 168, 82];
export const GLASS: Rgb = [190, 230, 252];
export const EGGSHELL: Rgb = [255, 244, 222];
export const PRINT: Grain = { gap: 12, thick: 5.6, radius: 3.7, across: 12.8, down: 9.6 };

/** Everything that an object is drawn from. */
export interface ObjectParts {
  /** Its origin is the middle of the object's base. Objects are about 36 units wide. */
  readonly pen: Pen;
  readonly who: Identity;
  readonly build: Build;
  /** `build.feature`: the size of the roof, sail or cap. */
  readonly feature: number;
  /** The object's colour, two darker colours, a paler one, and one that contrasts with it. */
  readonly main: Rgb;
  readonly dark: Rgb;
  readonly dim: Rgb;
  readonly pale: Rgb;
  readonly contrast: Rgb;
}

export function objectParts(page: Pen, who: Identity): ObjectParts {
  const { build } = who;
  // A ball stays round.
  const pen = page.at(0, 0, build.width, who.kind === 'ball' ? build.width : build.height);
  const main = RGB[who.colour];
  const pale = lighter(main, 0.45);
  const contrast = who.colour === 'white' || who.colour === 'yellow' ? darker(main, 0.3) : pale;
  return {
    pen,
    who,
    build,
    feature: build.feature,
    main,
    dark: darker(main, 0.42),
    dim: darker(main, 0.2),
    pale,
    contrast,
  };
}

/** Draws a highlight, in the storybook style only. */
export function shine(pen: Pen, x: number, y: number, rx: number, ry: number, turn = -0.5): void {
  if (pen.style === 'storybook') pen.mark(ellipse(x, y, rx, ry, turn), WHITE, 0.38);
}

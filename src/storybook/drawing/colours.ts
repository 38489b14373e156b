/** The colours of the world, and functions that mix them. */

import type { Colour } from '../scene.ts';
import type { Rgb } from './shapes.ts';

export const RGB: Readonly<Record<Colour, Rgb>> = {
  red: [226, 52, 56],
  orange: [246, 142, 44],
  yellow: [252, 214, 52],
  green: [66, 176, 84],
  blue: [58, 118, 232],
  purple: [148, 82, 204],
  pink: [252, 146, 190],
  brown: [150, 96, 54],
  white: [250, 248, 244],
  gray: [148, 154, 164],
  black: [52, 50, 62],
};

const NEON: Readonly<Record<Colour, Rgb>> = {
  red: [255, 60, 70],
  orange: [255, 150, 40],
  yellow: [255, 232, 60],
  green: [70, 255, 120],
  blue: [60, 140, 255],
  purple: [176, 90, 255],
  pink: [255, 130, 210],
  brown: [190, 112, 56],
  white: [244, 250, 255],
  gray: [170, 182, 200],
  black: [104, 108, 142],
};

export const WHITE: Rgb = [255, 255, 255];
export const BLUSH: Rgb = [255, 112, 132];
export const INK: Rgb = [38, 26, 40];
export const NIGHT: Rgb = [16, 13, 34];
export const PAPER: Rgb = [247, 244, 236];
export const GRAPHITE: Rgb = [74, 74, 82];
export const MOONLIGHT: Rgb = [176, 190, 246];
export const CREAM: Rgb = [255, 253, 247];

/** `a` at t = 0, `b` at t = 1. */
export function blend(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}
export const lighter = (c: Rgb, t: number): Rgb => blend(c, [255, 255, 255], t);
export const darker = (c: Rgb, t: number): Rgb => blend(c, [30, 16, 44], t);

/** The bright, saturated version of a colour, for the neon style. */
export function glowOf(c: Rgb): Rgb {
  for (const name of Object.keys(RGB) as Colour[]) {
    const known = RGB[name];
    if (known[0] === c[0] && known[1] === c[1] && known[2] === c[2]) return NEON[name];
  }
  const most = Math.max(c[0], c[1], c[2], 1);
  const k = Math.max(1, 235 / most);
  const grown: Rgb = [Math.min(255, c[0] * k), Math.min(255, c[1] * k), Math.min(255, c[2] * k)];
  return most < 90 ? blend(grown, [84, 88, 112], 0.7) : grown;
}

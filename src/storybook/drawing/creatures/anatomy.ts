/** The anatomy of a creature, and the parts that all creatures share. */

import type { Build, Identity } from '../../scene.ts';
import { darker, lighter, RGB } from '../colours.ts';
import type { Pen } from '../pen.ts';
import { blob, both, ellipse, type Path, type Rgb } from '../shapes.ts';

/**
 * How a creature is drawn, in units of its drawing: feet at (0, 0), about 46 units high, head at about y =
 * -31, x to the right, y down.
 */
export interface Anatomy {
  /** Draws the parts behind the body. */
  behind: (pen: Pen) => void;
  body: Path[];
  /** Draws the marks on the body, under the face. */
  marks: (pen: Pen) => void;
  /** Draws nose, beak and whiskers. */
  front: (pen: Pen) => void;
  headTop: number;
  /** y on which a hat or crown rests. */
  hatY: number;
  headWidth: number;
  neckY: number;
  neckWidth: number;
  eyeX: number;
  eyeY: number;
  eyeR: number;
  mouthY: number;
  mouthWidth: number;
  cheekX: number;
  /** Whether the mouth is below a beak. */
  beak: boolean;
}

/** Everything that the anatomy of a kind is made from. */
export interface CreatureParts {
  readonly who: Identity;
  /** The creature's colour, and a paler and a darker one. */
  readonly main: Rgb;
  readonly pale: Rgb;
  readonly dim: Rgb;
  readonly build: Build;
  /** `build.feature`: the size of ears or feelers. */
  readonly feature: number;
  readonly feet: (x: number, rx: number, ry?: number, c?: Rgb) => (pen: Pen) => void;
  readonly belly: (pen: Pen, rx?: number, ry?: number, y?: number) => void;
  readonly torso: number[][];
  readonly nose: (c: Rgb, r?: number) => (pen: Pen) => void;
  /** The default anatomy, which each kind changes. */
  readonly base: Anatomy;
}

export function creatureParts(who: Identity): CreatureParts {
  const main = RGB[who.colour];
  const pale = who.colour === 'white' ? ([255, 226, 226] as Rgb) : lighter(main, 0.5);
  const dim = darker(main, 0.16);
  const { build } = who;
  const feet =
    (x: number, rx: number, ry = 3.8, c: Rgb = dim) =>
    (pen: Pen) => {
      for (const p of both(ellipse(x, -2.6, rx, ry))) pen.solid([p], c);
    };
  const belly = (pen: Pen, rx = 7.6, ry = 7.4, y = -9.6) => {
    if (build.belly) pen.mark(ellipse(0, y, rx, ry), pale);
  };
  const torso = [ellipse(0, -11.5, 12.2, 11), ...both(ellipse(12, -13.2, 3.9, 6.4, -0.5))];
  const base: Anatomy = {
    behind: feet(6.6, 6),
    body: [...torso, ellipse(0, -30, 17, 13.6)],
    marks: (pen) => belly(pen),
    front: () => undefined,
    headTop: -43,
    hatY: -41,
    headWidth: 17,
    neckY: -18.6,
    neckWidth: 13.4,
    eyeX: 7 * build.gap,
    eyeY: -31,
    eyeR: 5.2 * build.eye,
    mouthY: -23.6,
    mouthWidth: 3.6,
    cheekX: 12.2,
    beak: false,
  };
  const nose =
    (c: Rgb, r = 1.7) =>
    (pen: Pen) =>
      pen.mark(blob([-r, -27, r, -27, 0, -25]), c);
  return { who, main, pale, dim, build, feature: build.feature, feet, belly, torso, nose, base };
}

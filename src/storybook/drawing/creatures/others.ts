/** The anatomy of alien, bird and frog. */

import { INK, lighter } from '../colours.ts';
import { blob, both, curve, ellipse, type Rgb } from '../shapes.ts';
import type { Anatomy, CreatureParts } from './anatomy.ts';

export function alien({ main, pale, dim, build, feature, feet, belly, base }: CreatureParts): Anatomy {
  const head = blob([0, -47, 12, -44, 17, -34, 12, -22.5, 0, -18.6, -12, -22.5, -17, -34, -12, -44]);
  return {
    ...base,
    behind: (pen) => {
      for (const s of [-1, 1]) {
        const tip = 9.5 * feature;
        pen.tube(curve([s * 5, -43, s * 7, -48 - tip * 0.4, s * 11, -47 - tip]), 1.6, main);
        pen.solid([ellipse(s * 11.4, -48 - tip, 3, 3)], lighter(main, 0.35));
      }
      feet(7.6, 4.6, 3.4)(pen);
      pen.solid([ellipse(0, -2.2, 4.4, 3.2)], dim);
    },
    body: [ellipse(0, -11, 10.6, 10.4), ...both(ellipse(11.8, -13.6, 3, 7, -0.75)), head],
    marks: (pen) => {
      belly(pen, 5.8, 6);
      for (const p of both(ellipse(14.6, -38.6, 1.5, 2.1, -0.3))) pen.mark(p, pale, 0.8);
      pen.mark(ellipse(0, -42.6, 1.7, 1.5), pale, 0.8);
    },
    headTop: -45.6,
    hatY: -43.4,
    headWidth: 14,
    neckWidth: 11,
    eyeX: 7 * build.gap,
    eyeY: -34,
    eyeR: 5.9 * build.eye,
    mouthY: -25.4,
    cheekX: 11.6,
    mouthWidth: 3.2,
  };
}

export function bird({ who, pale, dim, build, feature, base }: CreatureParts): Anatomy {
  const orange: Rgb = who.colour === 'orange' || who.colour === 'yellow' ? [236, 104, 40] : [250, 168, 40];
  const body = blob([
    0, -41, 11, -38, 16.4, -27, 17, -15, 11, -6, 0, -3.4, -11, -6, -17, -15, -16.4, -27, -11, -38,
  ]);
  const tuft = blob([
    -1.6,
    -39,
    -5,
    -45 - 2 * feature,
    -0.6,
    -43.5,
    0.6,
    -47.5 - 3 * feature,
    2.6,
    -43.6,
    6,
    -45.5 - 2 * feature,
    3.2,
    -39,
  ]);
  return {
    ...base,
    behind: (pen) => {
      for (const s of [-1, 1]) {
        pen.tube([s * 5.4, -5, s * 5.4, -1.6], 1.8, orange);
        pen.solid([blob([s * 5.4 - 4, -0.6, s * 5.4, -2.8, s * 5.4 + 4, -0.6])], orange);
      }
      pen.solid([blob([10, -12, 20, -10, 25, -14.5, 23, -7.4, 16, -5.4, 9, -7])], dim);
    },
    body: [body, tuft],
    marks: (pen) => {
      if (build.belly) pen.mark(ellipse(0, -11.6, 10, 7.6), pale);
      for (const p of both(blob([15, -25, 19.6, -19, 18.4, -10.5, 13.4, -9.4, 11.6, -17])))
        pen.solid([p], dim);
    },
    front: (pen) => pen.solid([blob([-4.4, -25, 0, -26.4, 4.4, -25, 0, -20.2])], orange, { outline: 0.7 }),
    headTop: -40.4,
    hatY: -37.6,
    headWidth: 13.5,
    neckY: -17,
    neckWidth: 15.6,
    eyeX: 6.6 * build.gap,
    eyeY: -30.4,
    eyeR: 5 * build.eye,
    mouthY: -18,
    mouthWidth: 2.8,
    cheekX: 11.8,
    beak: true,
  };
}

export function frog({ main, pale, dim, build, feature, belly, base }: CreatureParts): Anatomy {
  const head = blob([
    0, -35, 12, -34.6, 20, -28, 18, -20, 8, -16, 0, -15.4, -8, -16, -18, -20, -20, -28, -12, -34.6,
  ]);
  const r = 6.6 + 0.8 * feature;
  return {
    ...base,
    behind: (pen) => {
      for (const s of [-1, 1]) pen.solid([ellipse(s * 12, -6.6, 6.4, 6)], dim);
      for (const s of [-1, 1])
        pen.solid([blob([s * 6, -1, s * 8, -4, s * 15, -4.4, s * 20, -0.8, s * 14, 0.6])], main);
    },
    body: [ellipse(0, -10, 11.6, 9.6), head, ...both(ellipse(9 * build.gap, -36, r, r))],
    marks: (pen) => {
      belly(pen, 7.6, 6.4, -8.4);
      if (build.belly) pen.mark(ellipse(0, -18.4, 11, 2.6), pale, 0.65);
    },
    front: (pen) => {
      for (const s of [-1, 1]) {
        pen.mark(ellipse(s * 1.5, -28.6, 0.6, 0.5), INK);
        pen.tube([s * 7, -10, s * 6.4, -3], 3.2, main);
      }
    },
    headTop: -35,
    hatY: -41,
    headWidth: 16,
    neckY: -15,
    neckWidth: 12.6,
    eyeX: 9 * build.gap,
    eyeY: -36.6,
    eyeR: 5.3 * build.eye,
    mouthY: -23.4,
    mouthWidth: 7.4,
    cheekX: 14.4,
  };
}

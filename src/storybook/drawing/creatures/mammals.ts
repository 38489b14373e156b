/** The anatomy of cat, bunny, bear, fox and mouse. */

import { BLUSH, blend, INK, lighter } from '../colours.ts';
import { blob, both, curve, ellipse, type Rgb } from '../shapes.ts';
import type { Anatomy, CreatureParts } from './anatomy.ts';

export function cat({ main, pale, feature, belly, torso, base, nose }: CreatureParts): Anatomy {
  const ear = [6, -40, 15.5, -33, 15.6, -42 - 8.5 * feature];
  return {
    ...base,
    behind: (pen) => {
      pen.tube(curve([9, -5, 18, -6, 21.5, -13, 18.5, -20]), 4.2, main);
      base.behind(pen);
    },
    body: [...torso, ellipse(0, -29.5, 17.4, 13), ...both(ear)],
    marks: (pen) => {
      belly(pen);
      for (const p of both([8.8, -39.6, 13.8, -36.4, 13.9, -41.4 - 5.4 * feature]))
        pen.mark(p, blend(pale, BLUSH, 0.35));
    },
    front: (pen) => {
      nose([214, 92, 112], 1.5)(pen);
      for (const s of [-1, 1]) {
        pen.line([s * 13.5, -26.2, s * 20.5, -27.6], 0.7);
        pen.line([s * 13.5, -24.2, s * 20.5, -23.4], 0.7);
      }
    },
    headTop: -42,
    hatY: -39.8,
  };
}

export function bunny({ main, pale, feature, belly, torso, base, nose }: CreatureParts): Anatomy {
  const h = 4.5 + 5 * feature;
  const ears = [
    ellipse(7.2, -43.5 - h * 0.72, 4.7, h + 2, 0.16),
    ellipse(-7.2, -43.5 - h * 0.72, 4.7, h + 2, -0.16),
  ];
  return {
    ...base,
    behind: (pen) => {
      pen.solid([ellipse(12.6, -6, 4.4, 4.2)], lighter(main, 0.35));
      base.behind(pen);
    },
    body: [...torso, ellipse(0, -29.5, 16, 13.4), ...ears],
    marks: (pen) => {
      belly(pen);
      pen.mark(ellipse(7.3, -43.5 - h * 0.76, 2.3, h - 0.8, 0.16), blend(pale, BLUSH, 0.3));
      pen.mark(ellipse(-7.3, -43.5 - h * 0.76, 2.3, h - 0.8, -0.16), blend(pale, BLUSH, 0.3));
    },
    front: nose([232, 96, 130], 1.6),
    headTop: -42.2,
    hatY: -40,
    headWidth: 16,
    cheekX: 11.4,
  };
}

export function bear({ pale, build, feature, belly, base }: CreatureParts): Anatomy {
  const ears = both(ellipse(12.4, -40.5, 5.6 * feature, 5.6 * feature));
  return {
    ...base,
    body: [
      ellipse(0, -12, 13.8, 11.6),
      ...both(ellipse(13.4, -13.6, 4.4, 6.8, -0.5)),
      ellipse(0, -29.6, 17, 13.6),
      ...ears,
    ],
    marks: (pen) => {
      belly(pen, 8.6, 8);
      for (const p of both(ellipse(12.4, -40.6, 3 * feature, 3 * feature))) pen.mark(p, pale);
      pen.mark(ellipse(0, -24.2, 7.2, 5.6), pale);
    },
    front: (pen) => pen.mark(ellipse(0, -27.2, 2.6, 1.8), INK),
    mouthY: -22.8,
    neckWidth: 14.4,
    eyeY: -32.2,
    eyeX: 7.6 * build.gap,
  };
}

export function fox({ who, main, build, feature, belly, torso, base }: CreatureParts): Anatomy {
  const ear = [4.5, -39, 15.4, -34, 14.2, -45 - 9 * feature];
  const head = blob([
    0, -41.6, 10, -40, 17.5, -30.5, 19.6, -25.4, 10, -19.4, 0, -17.2, -10, -19.4, -19.6, -25.4, -17.5, -30.5,
    -10, -40,
  ]);
  const white: Rgb = who.colour === 'white' ? [255, 222, 206] : [255, 250, 242];
  return {
    ...base,
    behind: (pen) => {
      const tail = blob([8, -4, 17, -3, 25, -11, 25.5, -22, 20, -27, 17, -18, 12, -12]);
      pen.solid([tail], main);
      pen.clip([tail]);
      pen.mark(ellipse(22.5, -25.5, 6, 7), white);
      pen.unclip();
      base.behind(pen);
    },
    body: [...torso, head, ...both(ear)],
    marks: (pen) => {
      belly(pen);
      for (const p of both([7.6, -39.2, 13, -37, 12.8, -42.6 - 5 * feature])) pen.mark(p, INK, 0.75);
      pen.clip([head]);
      for (const p of both(blob([0.5, -17, 1, -22.5, 7, -24.6, 13.5, -27.6, 19.6, -25.6, 12, -18.6])))
        pen.mark(p, white);
      pen.unclip();
    },
    front: (pen) => pen.mark(ellipse(0, -24.8, 2.1, 1.6), INK),
    headTop: -41,
    hatY: -38.8,
    eyeX: 6.8 * build.gap,
    mouthY: -21.4,
    mouthWidth: 3,
    cheekX: 13.2,
  };
}

export function mouse({ pale, build, feature, belly, base }: CreatureParts): Anatomy {
  const ears = both(ellipse(14.2, -40, 8.4 * feature, 8.4 * feature));
  return {
    ...base,
    behind: (pen) => {
      pen.tube(curve([9, -4, 17, -3, 22, -8, 25, -5, 26, -11]), 1.7, blend(pale, BLUSH, 0.4));
      base.behind(pen);
    },
    body: [
      ellipse(0, -11, 11, 10.6),
      ...both(ellipse(11, -13, 3.4, 6, -0.5)),
      ...ears,
      blob([0, -41, 10, -39, 15.4, -29, 11, -20, 0, -16.4, -11, -20, -15.4, -29, -10, -39]),
    ],
    marks: (pen) => {
      belly(pen);
      for (const p of both(ellipse(14.6, -40.4, 5.4 * feature, 5.4 * feature)))
        pen.mark(p, blend(pale, BLUSH, 0.45));
    },
    front: (pen) => {
      pen.mark(ellipse(0, -25.4, 2, 1.6), [232, 84, 118]);
      for (const s of [-1, 1]) {
        pen.line([s * 8, -22.6, s * 15, -23.4], 0.6);
        pen.line([s * 8, -21, s * 14, -19.6], 0.6);
      }
    },
    headTop: -40.4,
    hatY: -38,
    headWidth: 13,
    eyeX: 6.2 * build.gap,
    eyeR: 4.8 * build.eye,
    mouthY: -21.2,
    mouthWidth: 2.6,
    cheekX: 10.2,
  };
}

/** Chunky creatures. Feet at (0, 0), about 46 units high, head at about y = -31. */
import { arc, blob, curve, ellipse, type Path, type Rgb, roundBox, star } from './raster.ts';
import type { Accessory, Creature, Expression, Identity } from './scene.ts';
import { blend, darker, INK, lighter, type Pen, RGB } from './styles.ts';

const BLUSH: Rgb = [255, 112, 132];
const WHITE: Rgb = [255, 255, 255];

interface Plan {
  /** Parts behind the body. */
  behind: (pen: Pen) => void;
  body: Path[];
  /** Marks on the body, before the face. */
  marks: (pen: Pen) => void;
  /** Nose, beak, whiskers. */
  front: (pen: Pen) => void;
  headTop: number;
  /** Where a hat or crown rests. */
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
  beak: boolean;
}

const mirror = (p: Path): number[] => p.map((v, i) => (i % 2 === 0 ? -v : v));
const both = (p: Path): number[][] => [p.slice(), mirror(p)];

function planOf(kind: Creature, who: Identity): Plan {
  const main = RGB[who.colour];
  const pale = who.colour === 'white' ? ([255, 226, 226] as Rgb) : lighter(main, 0.5);
  const dim = darker(main, 0.16);
  const b = who.build;
  const f = b.feature;
  const feet =
    (x: number, rx: number, ry = 3.8, c: Rgb = dim) =>
    (pen: Pen) => {
      for (const p of both(ellipse(x, -2.6, rx, ry))) pen.solid([p], c);
    };
  const belly = (pen: Pen, rx = 7.6, ry = 7.4, y = -9.6) => {
    if (b.belly) pen.mark(ellipse(0, y, rx, ry), pale);
  };
  const torso = [ellipse(0, -11.5, 12.2, 11), ...both(ellipse(12, -13.2, 3.9, 6.4, -0.5))];
  const base: Plan = {
    behind: feet(6.6, 6),
    body: [...torso, ellipse(0, -30, 17, 13.6)],
    marks: (pen) => belly(pen),
    front: () => undefined,
    headTop: -43,
    hatY: -41,
    headWidth: 17,
    neckY: -18.6,
    neckWidth: 13.4,
    eyeX: 7 * b.gap,
    eyeY: -31,
    eyeR: 5.2 * b.eye,
    mouthY: -23.6,
    mouthWidth: 3.6,
    cheekX: 12.2,
    beak: false,
  };
  const nose =
    (c: Rgb, r = 1.7) =>
    (pen: Pen) =>
      pen.mark(blob([-r, -27, r, -27, 0, -25]), c);
  switch (kind) {
    case 'cat': {
      const ear = [6, -40, 15.5, -33, 15.6, -42 - 8.5 * f];
      return {
        ...base,
        behind: (pen) => {
          pen.tube(curve([9, -5, 18, -6, 21.5, -13, 18.5, -20]), 4.2, main);
          base.behind(pen);
        },
        body: [...torso, ellipse(0, -29.5, 17.4, 13), ...both(ear)],
        marks: (pen) => {
          belly(pen);
          for (const p of both([8.8, -39.6, 13.8, -36.4, 13.9, -41.4 - 5.4 * f]))
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
    case 'bunny': {
      const h = 4.5 + 5 * f;
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
    case 'bear': {
      const ears = both(ellipse(12.4, -40.5, 5.6 * f, 5.6 * f));
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
          for (const p of both(ellipse(12.4, -40.6, 3 * f, 3 * f))) pen.mark(p, pale);
          pen.mark(ellipse(0, -24.2, 7.2, 5.6), pale);
        },
        front: (pen) => pen.mark(ellipse(0, -27.2, 2.6, 1.8), INK),
        mouthY: -22.8,
        neckWidth: 14.4,
        eyeY: -32.2,
        eyeX: 7.6 * b.gap,
      };
    }
    case 'fox': {
      const ear = [4.5, -39, 15.4, -34, 14.2, -45 - 9 * f];
      const head = blob([
        0, -41.6, 10, -40, 17.5, -30.5, 19.6, -25.4, 10, -19.4, 0, -17.2, -10, -19.4, -19.6, -25.4, -17.5,
        -30.5, -10, -40,
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
          for (const p of both([7.6, -39.2, 13, -37, 12.8, -42.6 - 5 * f])) pen.mark(p, INK, 0.75);
          pen.clip([head]);
          for (const p of both(blob([0.5, -17, 1, -22.5, 7, -24.6, 13.5, -27.6, 19.6, -25.6, 12, -18.6])))
            pen.mark(p, white);
          pen.unclip();
        },
        front: (pen) => pen.mark(ellipse(0, -24.8, 2.1, 1.6), INK),
        headTop: -41,
        hatY: -38.8,
        eyeX: 6.8 * b.gap,
        mouthY: -21.4,
        mouthWidth: 3,
        cheekX: 13.2,
      };
    }
    case 'alien': {
      const head = blob([0, -47, 12, -44, 17, -34, 12, -22.5, 0, -18.6, -12, -22.5, -17, -34, -12, -44]);
      return {
        ...base,
        behind: (pen) => {
          for (const s of [-1, 1]) {
            const tip = 9.5 * f;
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
        eyeX: 7 * b.gap,
        eyeY: -34,
        eyeR: 5.9 * b.eye,
        mouthY: -25.4,
        cheekX: 11.6,
        mouthWidth: 3.2,
      };
    }
    case 'bird': {
      const orange: Rgb =
        who.colour === 'orange' || who.colour === 'yellow' ? [236, 104, 40] : [250, 168, 40];
      const body = blob([
        0, -41, 11, -38, 16.4, -27, 17, -15, 11, -6, 0, -3.4, -11, -6, -17, -15, -16.4, -27, -11, -38,
      ]);
      const tuft = blob([
        -1.6,
        -39,
        -5,
        -45 - 2 * f,
        -0.6,
        -43.5,
        0.6,
        -47.5 - 3 * f,
        2.6,
        -43.6,
        6,
        -45.5 - 2 * f,
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
          if (b.belly) pen.mark(ellipse(0, -11.6, 10, 7.6), pale);
          for (const p of both(blob([15, -25, 19.6, -19, 18.4, -10.5, 13.4, -9.4, 11.6, -17])))
            pen.solid([p], dim);
        },
        front: (pen) =>
          pen.solid([blob([-4.4, -25, 0, -26.4, 4.4, -25, 0, -20.2])], orange, { outline: 0.7 }),
        headTop: -40.4,
        hatY: -37.6,
        headWidth: 13.5,
        neckY: -17,
        neckWidth: 15.6,
        eyeX: 6.6 * b.gap,
        eyeY: -30.4,
        eyeR: 5 * b.eye,
        mouthY: -18,
        mouthWidth: 2.8,
        cheekX: 11.8,
        beak: true,
      };
    }
    case 'frog': {
      const head = blob([
        0, -35, 12, -34.6, 20, -28, 18, -20, 8, -16, 0, -15.4, -8, -16, -18, -20, -20, -28, -12, -34.6,
      ]);
      const r = 6.6 + 0.8 * f;
      return {
        ...base,
        behind: (pen) => {
          for (const s of [-1, 1]) pen.solid([ellipse(s * 12, -6.6, 6.4, 6)], dim);
          for (const s of [-1, 1])
            pen.solid([blob([s * 6, -1, s * 8, -4, s * 15, -4.4, s * 20, -0.8, s * 14, 0.6])], main);
        },
        body: [ellipse(0, -10, 11.6, 9.6), head, ...both(ellipse(9 * b.gap, -36, r, r))],
        marks: (pen) => {
          belly(pen, 7.6, 6.4, -8.4);
          if (b.belly) pen.mark(ellipse(0, -18.4, 11, 2.6), pale, 0.65);
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
        eyeX: 9 * b.gap,
        eyeY: -36.6,
        eyeR: 5.3 * b.eye,
        mouthY: -23.4,
        mouthWidth: 7.4,
        cheekX: 14.4,
      };
    }
    case 'mouse': {
      const ears = both(ellipse(14.2, -40, 8.4 * f, 8.4 * f));
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
          for (const p of both(ellipse(14.6, -40.4, 5.4 * f, 5.4 * f))) pen.mark(p, blend(pale, BLUSH, 0.45));
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
        eyeX: 6.2 * b.gap,
        eyeR: 4.8 * b.eye,
        mouthY: -21.2,
        mouthWidth: 2.6,
        cheekX: 10.2,
      };
    }
  }
}

/** How coarse a pattern is, in units of the drawing: stripes `gap` apart and `thick` thick; spots of `radius`,
 * `across` from one to the next in rows `down` apart. */
export type Grain = Readonly<{
  gap: number;
  thick: number;
  radius: number;
  across: number;
  down: number;
}>;

const FUR: Grain = { gap: 9.8, thick: 4.8, radius: 3.2, across: 11.4, down: 8.4 };

/** Stripes or spots on the parts. */
export function drawPattern(
  pen: Pen,
  parts: readonly Path[],
  who: Identity,
  from: number,
  to: number,
  half: number,
  { gap, thick, radius, across, down }: Grain,
): void {
  if (who.pattern === 'plain' || who.patternColour === null) return;
  const colour = RGB[who.patternColour];
  pen.clip(parts);
  if (who.pattern === 'striped') {
    for (let y = from; y < to; y += gap) {
      const shape: number[] = [];
      for (let i = 0; i <= 8; i++) {
        const x = -half + (i / 8) * 2 * half;
        shape.push(x, y + 1.9 * Math.cos((x / half) * 1.5));
      }
      for (let i = 8; i >= 0; i--) {
        const x = -half + (i / 8) * 2 * half;
        shape.push(x, y + thick + 1.9 * Math.cos((x / half) * 1.5));
      }
      pen.mark(shape, colour);
    }
  } else {
    const first = radius - 1;
    let row = 0;
    for (let y = from + first; y < to; y += down) {
      for (let x = -half + first + (row % 2) * (across / 2); x < half; x += across)
        pen.mark(ellipse(x, y, radius, radius), colour);
      row++;
    }
  }
  pen.unclip();
}

function drawFace(pen: Pen, plan: Plan, expression: Expression): void {
  const { eyeX, eyeY, mouthY: my, mouthWidth: mw } = plan;
  const r = plan.eyeR * (expression === 'surprised' ? 1.16 : 1);
  for (const s of [-1, 1]) {
    const x = s * eyeX;
    if (expression === 'sleepy') {
      pen.line(arc(x, eyeY - 0.6, r * 0.86, r * 0.72, 15, 165), 1.7);
      continue;
    }
    pen.raw(ellipse(x, eyeY, r + 0.85, r + 0.85), pen.style === 'sketch' ? [84, 84, 92] : INK);
    pen.raw(ellipse(x, eyeY, r, r), pen.style === 'neon' ? [224, 236, 246] : WHITE);
    const pr = expression === 'surprised' ? r * 0.46 : r * 0.66;
    const px = x - s * 0.7,
      py = eyeY + (expression === 'sad' ? 1.1 : expression === 'angry' ? 0.8 : 0.35);
    pen.raw(ellipse(px, py, pr, pr * 1.06), [26, 20, 34]);
    pen.raw(ellipse(px - pr * 0.34, py - pr * 0.42, pr * 0.36, pr * 0.36), WHITE);
    pen.raw(ellipse(px + pr * 0.4, py + pr * 0.42, pr * 0.18, pr * 0.18), WHITE, 0.8);
    if (expression === 'angry') pen.line([x + s * 5, eyeY - r - 2.6, x - s * 4.4, eyeY - r + 1.6], 2.3);
    if (expression === 'sad') pen.line([x + s * 4.8, eyeY - r + 1.2, x - s * 3.4, eyeY - r - 2.4], 1.7);
  }
  for (const s of [-1, 1])
    pen.mark(ellipse(s * plan.cheekX, eyeY + 7.6, 2.9, 1.9), BLUSH, expression === 'happy' ? 0.75 : 0.4);
  switch (expression) {
    case 'happy':
      if (plan.beak) {
        pen.line(arc(0, my - 3.2, 4.6, 3.4, 25, 155), 1.4);
      } else {
        pen.raw(arc(0, my - 1, mw + 0.6, 4.4, 0, 180), pen.style === 'sketch' ? [84, 84, 92] : [110, 28, 50]);
        pen.raw(ellipse(0, my + 1.9, mw * 0.52, 1.2), [255, 122, 134]);
        pen.line(arc(0, my - 1.6, mw + 1, 2, 15, 165), 1.1);
      }
      break;
    case 'sad':
      pen.line(arc(0, my + 3.4, mw + 0.6, 3.4, 205, 335), 1.6);
      pen.raw(
        blob([
          eyeX + 2.6,
          eyeY + 4.6,
          eyeX + 4.9,
          eyeY + 8.6,
          eyeX + 2.6,
          eyeY + 10.4,
          eyeX + 0.4,
          eyeY + 8.6,
        ]),
        [86, 180, 255],
      );
      break;
    case 'surprised':
      pen.raw(ellipse(0, my + 1, 2.9, 3.5), INK);
      pen.raw(ellipse(0, my + 1.5, 1.9, 2.3), [190, 52, 76]);
      break;
    case 'sleepy':
      pen.line(arc(0, my - 0.4, 2.4, 1.9, 20, 160), 1.3);
      break;
    case 'angry':
      if (plan.beak) pen.line(arc(0, my + 3, 4, 3, 205, 335), 1.6);
      else
        pen.line(
          [-mw - 0.6, my + 2, -mw * 0.4, my + 0.2, 0, my + 1.8, mw * 0.4, my + 0.2, mw + 0.6, my + 2],
          1.5,
        );
      break;
  }
}

function drawAccessory(pen: Pen, plan: Plan, accessory: Accessory, kind: Creature): void {
  const c = RGB[accessory.colour];
  const band =
    accessory.colour === 'black' || accessory.colour === 'purple' || accessory.colour === 'brown'
      ? lighter(c, 0.4)
      : darker(c, 0.38);
  switch (accessory.kind) {
    case 'hat': {
      const y = plan.hatY;
      pen.solid([roundBox(-6.6, y - 13.5, 6.6, y, 1.2)], c);
      pen.mark(roundBox(-6.6, y - 5.2, 6.6, y - 1.6, 0.3), band);
      pen.solid([roundBox(-11, y - 2, 11, y + 1.4, 1.6)], c);
      break;
    }
    case 'crown': {
      const y = plan.hatY + 0.8;
      pen.solid(
        [[-9.4, y, -10.6, y - 11.5, -5.2, y - 6.6, 0, y - 13.4, 5.2, y - 6.6, 10.6, y - 11.5, 9.4, y]],
        c,
      );
      pen.mark(roundBox(-9.2, y - 2.8, 9.2, y - 0.2, 0.6), band, 0.75);
      pen.mark(ellipse(0, y - 5.4, 1.8, 1.8), WHITE);
      for (const p of [
        [-10.6, y - 11.7],
        [0, y - 13.6],
        [10.6, y - 11.7],
      ] as const)
        pen.mark(ellipse(p[0], p[1], 1.5, 1.5), lighter(c, 0.55));
      break;
    }
    case 'scarf': {
      const w = plan.neckWidth,
        y = plan.neckY;
      const wrap = roundBox(-w, y - 2.6, w, y + 3.2, 3);
      const end = [
        w * 0.34,
        y + 1,
        w * 0.34 + 6.4,
        y + 0.6,
        w * 0.34 + 7.6,
        y + 12.4,
        w * 0.34 + 1.2,
        y + 12.8,
      ];
      pen.solid([end], c);
      pen.mark(
        [w * 0.34 + 0.7, y + 8.2, w * 0.34 + 7, y + 7.8, w * 0.34 + 7.2, y + 10, w * 0.34 + 0.9, y + 10.4],
        band,
      );
      pen.solid([wrap], c);
      pen.line([-w * 0.55, y - 1, -w * 0.45, y + 2], 0.9, band);
      pen.line([-w * 0.05, y - 0.6, 0.2, y + 2.4], 0.9, band);
      break;
    }
    case 'bow': {
      const x = kind === 'frog' ? 0 : plan.headWidth * 0.46,
        y = kind === 'frog' ? -43.4 : plan.headTop + 1;
      const p = pen.at(x, y, 1.12, 1.12);
      const loop = blob([0, 0, 4, -5, 9, -5.4, 9.6, 0, 9, 5.4, 4, 4.4]);
      p.solid([loop, mirror(loop)], c);
      p.line([3, 0, 7, -1.2], 1, band);
      p.line([-3, 0, -7, -1.2], 1, band);
      p.solid([ellipse(0, 0, 2.7, 3)], c);
      break;
    }
    case 'glasses': {
      const r = plan.eyeR + 2.3;
      const c2 = pen.style === 'storybook' || pen.style === 'paper' ? INK : null;
      for (const s of [-1, 1]) {
        const ring = arc(s * plan.eyeX, plan.eyeY, r, r, 0, 360, 24);
        if (c2) pen.line(ring, 4.1, c2);
        else pen.line(ring, 3.6);
      }
      if (c2) pen.line([-plan.headWidth, plan.eyeY - 1.5, -plan.eyeX - r, plan.eyeY - 0.6], 3.2, c2);
      if (c2) pen.line([plan.headWidth, plan.eyeY - 1.5, plan.eyeX + r, plan.eyeY - 0.6], 3.2, c2);
      pen.line([-plan.headWidth + 0.4, plan.eyeY - 1.5, -plan.eyeX - r, plan.eyeY - 0.6], 1.6, c);
      pen.line([plan.headWidth - 0.4, plan.eyeY - 1.5, plan.eyeX + r, plan.eyeY - 0.6], 1.6, c);
      for (const s of [-1, 1]) pen.line(arc(s * plan.eyeX, plan.eyeY, r, r, 0, 360, 24), 2.2, c);
      pen.line([-plan.eyeX + r - 0.4, plan.eyeY - 1, plan.eyeX - r + 0.4, plan.eyeY - 1], 2.2, c);
      break;
    }
  }
}

/** One creature with its feet at the pen's origin. */
export function drawCreature(page: Pen, who: Identity, expression: Expression): void {
  const kind = who.kind as Creature;
  const pen = page.at(0, 0, who.build.width, who.build.height);
  const plan = planOf(kind, who);
  const main = RGB[who.colour];
  pen.shadow(1, -0.6, 18, 4.2);
  plan.behind(pen);
  pen.solid(plan.body, main);
  if (pen.style === 'storybook') {
    // A soft light from the upper left.
    pen.clip(plan.body);
    pen.mark(ellipse(-6, plan.headTop + 5.5, 8, 3.8, -0.35), WHITE, who.colour === 'white' ? 0.5 : 0.16);
    pen.mark(ellipse(11, -9, 5, 11, 0.25), INK, 0.07);
    pen.unclip();
  }
  const patternOn = plan.body.filter((_, i) => i < 8);
  drawPattern(pen, patternOn, who, plan.headTop - 2, 0, 22, FUR);
  plan.marks(pen);
  if (who.accessory?.kind === 'scarf') drawAccessory(pen, plan, who.accessory, kind);
  plan.front(pen);
  drawFace(pen, plan, expression);
  if (who.accessory && who.accessory.kind !== 'scarf') drawAccessory(pen, plan, who.accessory, kind);
  if (expression === 'sleepy') {
    const z = (x: number, y: number, s: number) =>
      pen.line(
        [x - s, y - s, x + s, y - s, x - s, y + s, x + s, y + s],
        1.5,
        pen.style === 'storybook' || pen.style === 'paper' ? [70, 84, 150] : null,
      );
    const zx = plan.headWidth + 4;
    z(zx, plan.headTop + 3, 2.4);
    z(zx + 4.6, plan.headTop - 4.6, 1.7);
  }
}

export { star };

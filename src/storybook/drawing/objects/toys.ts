/** Draws ball, star, heart, balloon, kite and gift. */

import { HOVER } from '../../scene.ts';
import { INK, lighter, WHITE } from '../colours.ts';
import { drawPattern } from '../patterns.ts';
import { arc, blob, box, curve, ellipse, mirror, type Rgb, roundBox, star } from '../shapes.ts';
import { type ObjectParts, PRINT, shine } from './parts.ts';

export function drawBall({ pen, who, main, contrast }: ObjectParts): void {
  pen.shadow(0, -0.5, 15, 3.4);
  const ball = ellipse(0, -14.5, 14.5, 14.5);
  pen.solid([ball], main);
  if (who.pattern === 'plain') {
    pen.clip([ball]);
    pen.line(arc(-15, -14.5, 13.6, 20, -60, 60), 2, contrast);
    pen.line(arc(15, -14.5, 13.6, 20, 120, 240), 2, contrast);
    pen.unclip();
  } else drawPattern(pen, [ball], who, -27, 0, 15, PRINT);
  shine(pen, -5.4, -20.6, 3.8, 2.4);
}

export function drawStar({ pen, who, feature, main }: ObjectParts): void {
  pen.shadow(0, -0.5, 14, 3);
  const s = star(0, -19.5, 20, 9.6 + feature);
  pen.solid([s], main);
  drawPattern(pen, [s], who, -36, 0, 19, PRINT);
  pen.raw(ellipse(-4.2, -19.6, 1.5, 2.1), INK);
  pen.raw(ellipse(4.2, -19.6, 1.5, 2.1), INK);
  pen.raw(ellipse(-4.6, -20.4, 0.5, 0.7), WHITE);
  pen.raw(ellipse(3.8, -20.4, 0.5, 0.7), WHITE);
  pen.raw(arc(0, -16.4, 2.4, 2.6, 0, 180), INK);
  pen.mark(ellipse(-7.6, -16, 1.9, 1.3), [255, 112, 132], 0.6);
  pen.mark(ellipse(7.6, -16, 1.9, 1.3), [255, 112, 132], 0.6);
}

export function drawHeart({ pen, who, feature, main }: ObjectParts): void {
  pen.shadow(0, -0.5, 11, 3);
  const top = -31 - 3 * feature;
  const heart = blob(
    [
      0,
      -0.8,
      -12,
      -13,
      -17.4,
      -23,
      -13,
      top,
      -5,
      top + 0.6,
      0,
      -26,
      5,
      top + 0.6,
      13,
      top,
      17.4,
      -23,
      12,
      -13,
    ],
    7,
  );
  pen.solid([heart], main);
  drawPattern(pen, [heart], who, -31, 0, 18, PRINT);
  shine(pen, -9, -27.4, 3.6, 2.3, -0.7);
}

export function drawBalloon({ pen, who, feature, main, dim }: ObjectParts): void {
  pen.shadow(0, HOVER, 9, 2.4);
  pen.line(
    curve([0, -5, 2.6, 4, -2, 13, 1, 22]),
    1.1,
    pen.style === 'storybook' || pen.style === 'paper' ? [96, 84, 104] : null,
  );
  const balloon = blob([
    0,
    -3.2,
    -9,
    -10.4,
    -14,
    -22,
    -9.6,
    -33.6,
    0,
    -37.4 - feature,
    9.6,
    -33.6,
    14,
    -22,
    9,
    -10.4,
  ]);
  pen.solid([[-3, -0.6, 0, -5, 3, -0.6]], dim);
  pen.solid([balloon], main);
  drawPattern(pen, [balloon], who, -33, -4, 15, PRINT);
  shine(pen, -5.4, -28.4, 2.8, 4.6, 0.45);
}

export function drawKite({ pen, who, feature, main, pale }: ObjectParts): void {
  pen.shadow(0, HOVER, 9, 2.2);
  pen.line(
    curve([0, -3, 5, 5, -3, 13, 3, 22]),
    1.2,
    pen.style === 'storybook' || pen.style === 'paper' ? [96, 84, 104] : null,
  );
  for (const [x, y] of [
    [3, 7],
    [-0.6, 15],
  ] as const) {
    pen.solid(
      [
        [x, y, x - 4.4, y - 2.6, x - 4.4, y + 2.6],
        [x, y, x + 4.4, y - 2.6, x + 4.4, y + 2.6],
      ],
      main,
      { outline: 0.7 },
    );
  }
  const h = 14 + 4 * feature;
  const kite = [0, -24 - h, 14.5, -24, 0, -2, -14.5, -24];
  pen.solid([kite], main);
  if (who.pattern === 'plain') {
    pen.clip([kite]);
    pen.mark([0, -26 - h, 16, -24, 0, -24], pale, 0.75);
    pen.mark([0, -24, -16, -24, 0, 0], pale, 0.75);
    pen.unclip();
  } else drawPattern(pen, [kite], who, -22 - h, -2, 15, PRINT);
  pen.line([0, -23 - h, 0, -3], 0.9);
  pen.line([-13.6, -24, 13.6, -24], 0.9);
}

export function drawGift({ pen, who, feature, main }: ObjectParts): void {
  pen.shadow(0, 0, 18, 3.4);
  const ribbonColour: Rgb =
    who.colour === 'yellow' || who.colour === 'orange' || who.colour === 'white'
      ? [222, 64, 84]
      : [255, 222, 92];
  const bowP = pen.at(0, -27.4, 1.05, 0.9 + 0.3 * (feature - 1));
  const loop = blob([0, 0, 3, -6, 9.6, -8.4, 12, -3, 7, 0.6]);
  bowP.solid([loop, mirror(loop)], ribbonColour);
  const body = box(-15, -21, 15, -0.6);
  pen.solid([body], main);
  drawPattern(pen, [body], who, -17.6, 0, 16, PRINT);
  pen.mark(box(-3, -21, 3, -0.8), ribbonColour);
  pen.solid([roundBox(-17, -27.4, 17, -20, 1)], lighter(main, 0.08));
  pen.mark(box(-3, -27, 3, -20.4), ribbonColour);
  bowP.solid([ellipse(0, -0.4, 2.8, 2.6)], ribbonColour, { outline: 0.8 });
}

/** Draws house, boat, car, mushroom, flower and tree. */

import { blend, darker, lighter } from '../colours.ts';
import { drawPattern } from '../patterns.ts';
import { arc, blob, box, curve, ellipse, type Rgb, roundBox } from '../shapes.ts';
import { EGGSHELL, GLASS, GREEN, type ObjectParts, PRINT, WOOD } from './parts.ts';

export function drawHouse({ pen, who, build, feature, main }: ObjectParts): void {
  pen.shadow(0, 0, 22, 3.8);
  const roof =
    who.colour === 'white'
      ? ([150, 120, 128] as Rgb)
      : who.colour === 'black'
        ? ([98, 94, 116] as Rgb)
        : darker(main, 0.46);
  const h = 15 + 4 * feature;
  if (build.belly) {
    pen.solid([box(7, -22 - h, 12.4, -26)], darker(roof, 0.2));
    pen.solid([roundBox(6, -24 - h, 13.4, -20.4 - h, 0.6)], blend(roof, [170, 150, 140], 0.4));
  }
  pen.solid([box(-16, -25, 16, 0)], main);
  drawPattern(pen, [box(-16, -25, 16, 0)], who, -25, 0, 17, PRINT);
  pen.solid([[-21.5, -23.5, 0, -24.5 - h, 21.5, -23.5]], roof);
  pen.solid([roundBox(-11.4, -14.5, -2.6, 0, 2.4)], WOOD, { outline: 0.6 });
  pen.mark(ellipse(-4.6, -7, 0.9, 0.9), [250, 214, 90]);
  pen.solid([box(3.4, -18.4, 12, -9.6)], GLASS, { outline: 0.6 });
  pen.line([7.7, -18.4, 7.7, -9.6], 0.9);
  pen.line([3.4, -14, 12, -14], 0.9);
  pen.solid([ellipse(0, -26 - h * 0.3, 3.1, 3.1)], GLASS, { outline: 0.55 });
}

export function drawBoat({ pen, who, build, feature, main, contrast }: ObjectParts): void {
  pen.shadow(0, 0, 20, 3.4);
  pen.solid([box(-1, -39 - 4 * feature, 1, -10)], WOOD, { outline: 0.7 });
  pen.solid([[2.2, -38 - 4 * feature, 2.2, -14, 17.5, -14]], [255, 250, 240]);
  pen.solid([[-2.2, -32 - 4 * feature, -2.2, -14, -13.5, -14]], lighter(main, 0.55));
  const hull = [-20, -12, 20, -12, 14.5, -0.6, -13.5, -0.6];
  pen.solid([hull], main);
  drawPattern(pen, [hull], who, -8.6, 0, 21, PRINT);
  pen.mark([-18.6, -11.6, 18.6, -11.6, 17.6, -9.2, -17.6, -9.2], contrast, 0.8);
  if (build.belly)
    pen.solid([[1, -39 - 4 * feature, 1, -45 - 4 * feature, 9, -42 - 4 * feature]], main, { outline: 0.7 });
}

export function drawCar({ pen, who, build, feature, main }: ObjectParts): void {
  pen.shadow(0, -0.2, 22, 3.4);
  const cabin = blob([-11, -14, -8, -24 - 3 * feature, 0, -26 - 3 * feature, 8, -24 - 3 * feature, 13, -14]);
  const body = roundBox(-21, -16.4, 21, -4.4, 5);
  pen.solid([body, cabin], main);
  drawPattern(pen, [body], who, -15.6, -4, 21, PRINT);
  pen.solid(
    [blob([-8.2, -15.4, -6, -22 - 2.4 * feature, -0.8, -23.2 - 2.6 * feature, -0.8, -15.4], 3)],
    GLASS,
    {
      outline: 0.6,
    },
  );
  pen.solid([blob([2, -15.4, 2, -23.2 - 2.6 * feature, 6.6, -22 - 2.4 * feature, 9.8, -15.4], 3)], GLASS, {
    outline: 0.6,
  });
  for (const x of [-11.4, 11.4]) {
    pen.solid([ellipse(x, -5.2, 5.6, 5.4)], [60, 58, 70]);
    pen.mark(ellipse(x, -5.2, 2.4, 2.3), [206, 210, 220]);
  }
  pen.mark(ellipse(19, -11.4, 1.7, 2), [255, 240, 150]);
  if (build.belly) pen.mark(roundBox(-20, -11.4, -17.6, -8.6, 0.8), [255, 96, 84]);
}

export function drawMushroom({ pen, who, build, feature, main }: ObjectParts): void {
  pen.shadow(0, -0.5, 14, 3.4);
  pen.solid([blob([-5.4, -20, 5.4, -20, 5.6, -9, 8, -1.4, 0, 0.4, -8, -1.4, -5.6, -9])], EGGSHELL);
  const h = 13 + 5 * feature;
  const cap = blob([
    -19,
    -18,
    -16.5,
    -18 - h * 0.62,
    0,
    -18 - h,
    16.5,
    -18 - h * 0.62,
    19,
    -18,
    10,
    -15.2,
    0,
    -14.4,
    -10,
    -15.2,
  ]);
  pen.solid([cap], main);
  const dot: Rgb = who.colour === 'white' ? [240, 150, 150] : [255, 252, 246];
  pen.clip([cap]);
  pen.mark(ellipse(0, -18 - h * 0.52, 4, 3.4), dot);
  pen.mark(ellipse(-11, -18 - h * 0.3, 3, 2.8), dot);
  pen.mark(ellipse(11, -18 - h * 0.3, 3, 2.8), dot);
  pen.mark(ellipse(-6.6, -18 - h * 0.86, 2, 1.5), dot);
  pen.mark(ellipse(7, -18 - h * 0.86, 2, 1.5), dot);
  pen.unclip();
  if (build.belly) pen.line([-2, -10, -2, -6], 0.8, [196, 168, 140]);
  pen.line([2, -9, 2, -4], 0.8, [196, 168, 140]);
}

export function drawFlower({ pen, who, build, feature, main }: ObjectParts): void {
  pen.shadow(0, -0.5, 10, 2.8);
  pen.tube(curve([0, -1, 0.8, -10, 0, -22]), 2.6, GREEN);
  pen.solid([blob([1, -6, 6, -12, 13, -11.6, 9, -5.6])], GREEN, { outline: 0.85 });
  if (build.belly) pen.solid([blob([-1, -9, -5, -14, -11.6, -13, -8, -8])], GREEN, { outline: 0.85 });
  const petals: number[][] = [];
  const n = feature > 1 ? 6 : 5;
  for (let i = 0; i < n; i++) {
    const t = (i / n) * Math.PI * 2 - Math.PI / 2;
    petals.push(ellipse(Math.cos(t) * 8.4, -30 + Math.sin(t) * 8.4, 5.7, 5.7));
  }
  pen.solid(petals, main);
  pen.solid(
    [ellipse(0, -30, 5, 5)],
    who.colour === 'yellow' || who.colour === 'orange' ? [150, 92, 52] : [255, 210, 64],
    { outline: 0.7 },
  );
}

export function drawTree({ pen, who, build, feature, main, dim, pale }: ObjectParts): void {
  pen.shadow(0, -0.5, 15, 3.6);
  pen.solid([blob([-3.4, -20, 3.4, -20, 3.6, -6, 6.6, 0, 0, -0.8, -6.6, 0, -3.6, -6])], WOOD);
  const r = 9.4 * feature;
  const crown = [
    ellipse(-9.6, -25.4, r, r * 0.95),
    ellipse(9.6, -25.4, r, r * 0.95),
    ellipse(0, -37, r * 1.12, r * 1.05),
    ellipse(0, -27, r, r),
  ];
  pen.solid(crown, main);
  pen.mark(ellipse(-5, -37, 3.6, 2.2, -0.5), pale, 0.7);
  pen.mark(ellipse(-12, -26.4, 2.6, 1.6, -0.5), pale, 0.6);
  pen.mark(arc(5, -26, 5, 4, 10, 170), dim, 0.6);
  if (build.belly)
    for (const [x, y] of [
      [6, -36],
      [-7, -22.6],
      [12.4, -24],
    ] as const)
      pen.mark(
        ellipse(x, y, 1.7, 1.7),
        who.colour === 'red' || who.colour === 'orange' ? [255, 224, 90] : [236, 70, 70],
      );
}

/** Draws cup, cake, umbrella, book, lamp and apple. */

import { drawPattern } from '../patterns.ts';
import { arc, blob, box, curve, ellipse, roundBox, star } from '../shapes.ts';
import { EGGSHELL, GREEN, type ObjectParts, PRINT, shine, WOOD } from './parts.ts';

export function drawCup({ pen, who, feature, main, contrast }: ObjectParts): void {
  pen.shadow(1, -0.5, 15, 3.2);
  pen.tube(arc(12.5, -13, 7, 6.6 * feature, -82, 82), 2.8, main);
  const cup = [-13.4, -24, 13.4, -24, 12, -6, 8.6, -0.6, -8.6, -0.6, -12, -6];
  pen.solid([cup], main);
  drawPattern(pen, [cup], who, -20, 0, 14, PRINT);
  pen.solid([ellipse(0, -24, 13.4, 3.6)], [110, 66, 44], { outline: 0.8 });
  pen.line(curve([-4, -29, -6, -33, -3, -36, -5, -40]), 1.5, [235, 238, 244], 0.85);
  pen.line(curve([4, -29, 2, -33, 5, -36, 3, -40]), 1.5, [235, 238, 244], 0.85);
  if (who.pattern === 'plain')
    pen.mark(blob([0, -7.4, -4.2, -12, -2, -14.4, 0, -12.6, 2, -14.4, 4.2, -12]), contrast);
}

export function drawCake({ pen, build, main }: ObjectParts): void {
  pen.shadow(0, 0, 20, 3.4);
  pen.solid([ellipse(0, -1.6, 20, 3)], [232, 234, 240], { outline: 0.8 });
  pen.solid([roundBox(-16, -15, 16, -1.6, 2)], EGGSHELL);
  pen.mark(box(-15.4, -9, 15.4, -6), main, 0.85);
  const top = roundBox(-11.4, -25, 11.4, -14.4, 2);
  pen.solid([top], EGGSHELL);
  pen.solid(
    [
      blob([
        -12, -26.6, 0, -28, 12, -26.6, 12.6, -21.6, 9, -18.4, 6, -21, 2.6, -17.4, -1, -21, -4.6, -18, -8,
        -21.4, -11, -18.8, -12.8, -22,
      ]),
    ],
    main,
  );
  pen.solid(
    [
      blob([
        -16.6, -16.4, 0, -17.4, 16.6, -16.4, 17, -12.6, 13, -9.6, 9, -12.4, 4, -9, 0, -12.4, -5, -9.2, -9,
        -12.6, -14, -9.4, -17, -12.6,
      ]),
    ],
    main,
  );
  const n = build.belly ? 3 : 1;
  for (let i = 0; i < n; i++) {
    const x = (i - (n - 1) / 2) * 7;
    pen.solid([roundBox(x - 1.2, -34.6, x + 1.2, -27, 0.8)], [250, 244, 250], { outline: 0.55 });
    pen.mark(blob([x, -40.4, x - 1.9, -36.8, x, -35, x + 1.9, -36.8]), [255, 168, 40]);
  }
}

export function drawUmbrella({ pen, who, feature, main, pale }: ObjectParts): void {
  pen.shadow(0, -0.5, 13, 3);
  pen.tube([...curve([0, -30, 0, -6]), ...arc(4, -5, 4, 4, 180, 20, 8)], 1.9, WOOD);
  const h = 14 + 4 * feature;
  const top: number[] = arc(0, -24, 21, h, 180, 360, 16);
  const hem: number[] = [];
  for (let i = 0; i < 4; i++) hem.push(...arc(15.75 - i * 10.5, -24, 5.25, 3.4, 0, -180, 5));
  const canopy = [...top, ...hem];
  pen.solid([canopy], main);
  if (who.pattern === 'plain') {
    pen.clip([canopy]);
    pen.mark([0, -24 - h - 1, -10.5, -22, 0, -22], pale, 0.55);
    pen.mark(blob([0, -24 - h, 10.5, -24, 22, -20, 22, -30]), pale, 0.35);
    pen.unclip();
  } else drawPattern(pen, [canopy], who, -24 - h, -20, 22, PRINT);
  pen.solid([ellipse(0, -25 - h, 1.4, 1.6)], WOOD, { outline: 0.6 });
}

export function drawBook({ pen, who, build, feature, main, dark, contrast }: ObjectParts): void {
  pen.shadow(0, 0, 17, 3);
  pen.solid([roundBox(-13.6, -33 - 2 * feature, 14.6, -0.6, 2)], dark);
  pen.solid([box(-10.4, -31.4 - 2 * feature, 13.2, -1.6)], [255, 250, 236], { outline: 0.4 });
  const front = roundBox(-14.6, -34 - 2 * feature, 11.4, -0.8, 2);
  pen.solid([front], main);
  drawPattern(pen, [front], who, -32, 0, 15, PRINT);
  pen.mark(box(-14.4, -33 - 2 * feature, -10.8, -1.4), dark, 0.7);
  if (who.pattern === 'plain') {
    pen.mark(roundBox(-7.4, -28 - 2 * feature, 8, -20 - 2 * feature, 1), [255, 248, 228]);
    pen.line([-4.6, -25.4 - 2 * feature, 5.2, -25.4 - 2 * feature], 1);
    pen.line([-3.4, -22.6 - 2 * feature, 4, -22.6 - 2 * feature], 0.9);
    if (build.belly) pen.mark(star(0.4, -11, 4.4, 2), contrast);
    else pen.mark(ellipse(0.4, -11, 3.4, 3.4), contrast);
  }
}

export function drawLamp({ pen, who, feature, main, contrast }: ObjectParts): void {
  if (pen.style === 'storybook' || pen.style === 'neon') {
    pen.mark(ellipse(0, -24, 24, 20), [255, 236, 150], 0.12);
    pen.mark(ellipse(0, -23, 17, 14), [255, 236, 150], 0.14);
  }
  pen.shadow(0, -0.5, 12, 2.8);
  pen.solid([box(-1.3, -20, 1.3, -3)], [196, 160, 88], { outline: 0.8 });
  pen.solid([blob([-9, -1, -7, -4.4, 0, -5.4, 7, -4.4, 9, -1, 0, 0.4])], [196, 160, 88]);
  pen.solid([ellipse(0, -20, 4, 3.4)], [255, 244, 180], { outline: 0.5 });
  const h = 15 + 3 * feature;
  const shade = [-8.4, -20 - h, 8.4, -20 - h, 16, -20, -16, -20];
  pen.solid([shade], main);
  drawPattern(pen, [shade], who, -18 - h, -20, 17, PRINT);
  pen.mark([-15, -22, 15, -22, 15.6, -20.2, -15.6, -20.2], contrast, 0.8);
}

export function drawApple({ pen, main }: ObjectParts): void {
  pen.shadow(0, -0.5, 14, 3.2);
  pen.tube(curve([0, -26, 0.6, -30, 3, -34]), 1.8, WOOD);
  const apple = blob([
    0, -26, 7, -29.4, 14.4, -25.6, 16, -15.6, 11.6, -4.6, 5, -0.6, 0, -2, -5, -0.6, -11.6, -4.6, -16, -15.6,
    -14.4, -25.6, -7, -29.4,
  ]);
  pen.solid([apple], main);
  pen.solid([blob([2.4, -31, 7, -36.4, 14, -36.6, 10, -31])], GREEN, { outline: 0.8 });
  shine(pen, -8.4, -21, 2.6, 4.4, 0.5);
}

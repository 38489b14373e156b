/** Things of the picture book. Base at (0, 0), about 36 units wide. */

import { drawPattern, type Grain } from './creatures.ts';
import { arc, blob, box, curve, ellipse, type Path, type Rgb, roundBox, star } from './raster.ts';
import { HOVER, type Identity, type ObjectKind } from './scene.ts';
import { blend, darker, INK, lighter, type Pen, RGB } from './styles.ts';

const WOOD: Rgb = [140, 92, 56];
const GREEN: Rgb = [74, 168, 82];
const GLASS: Rgb = [190, 230, 252];
const CREAM: Rgb = [255, 244, 222];
const WHITE: Rgb = [255, 255, 255];
const PRINT: Grain = { gap: 12, thick: 5.6, radius: 3.7, across: 12.8, down: 9.6 };

const mirror = (p: Path): number[] => p.map((v, i) => (i % 2 === 0 ? -v : v));

/** A glossy spot, in the plain style only. */
function shine(pen: Pen, x: number, y: number, rx: number, ry: number, turn = -0.5): void {
  if (pen.style === 'storybook') pen.mark(ellipse(x, y, rx, ry, turn), WHITE, 0.38);
}

/** One object with its base at the pen's origin. */
export function drawObject(page: Pen, who: Identity): void {
  const b = who.build;
  // A ball stays round.
  const pen = page.at(0, 0, b.width, who.kind === 'ball' ? b.width : b.height);
  const c = RGB[who.colour];
  const dark = darker(c, 0.42),
    dim = darker(c, 0.2),
    pale = lighter(c, 0.45);
  const contrast = who.colour === 'white' || who.colour === 'yellow' ? darker(c, 0.3) : pale;
  const f = b.feature;
  switch (who.kind as ObjectKind) {
    case 'house': {
      pen.shadow(0, 0, 22, 3.8);
      const roof =
        who.colour === 'white'
          ? ([150, 120, 128] as Rgb)
          : who.colour === 'black'
            ? ([98, 94, 116] as Rgb)
            : darker(c, 0.46);
      const h = 15 + 4 * f;
      if (b.belly) {
        pen.solid([box(7, -22 - h, 12.4, -26)], darker(roof, 0.2));
        pen.solid([roundBox(6, -24 - h, 13.4, -20.4 - h, 0.6)], blend(roof, [170, 150, 140], 0.4));
      }
      pen.solid([box(-16, -25, 16, 0)], c);
      drawPattern(pen, [box(-16, -25, 16, 0)], who, -25, 0, 17, PRINT);
      pen.solid([[-21.5, -23.5, 0, -24.5 - h, 21.5, -23.5]], roof);
      pen.solid([roundBox(-11.4, -14.5, -2.6, 0, 2.4)], WOOD, { outline: 0.6 });
      pen.mark(ellipse(-4.6, -7, 0.9, 0.9), [250, 214, 90]);
      pen.solid([box(3.4, -18.4, 12, -9.6)], GLASS, { outline: 0.6 });
      pen.line([7.7, -18.4, 7.7, -9.6], 0.9);
      pen.line([3.4, -14, 12, -14], 0.9);
      pen.solid([ellipse(0, -26 - h * 0.3, 3.1, 3.1)], GLASS, { outline: 0.55 });
      break;
    }
    case 'boat': {
      pen.shadow(0, 0, 20, 3.4);
      pen.solid([box(-1, -39 - 4 * f, 1, -10)], WOOD, { outline: 0.7 });
      pen.solid([[2.2, -38 - 4 * f, 2.2, -14, 17.5, -14]], [255, 250, 240]);
      pen.solid([[-2.2, -32 - 4 * f, -2.2, -14, -13.5, -14]], lighter(c, 0.55));
      const hull = [-20, -12, 20, -12, 14.5, -0.6, -13.5, -0.6];
      pen.solid([hull], c);
      drawPattern(pen, [hull], who, -8.6, 0, 21, PRINT);
      pen.mark([-18.6, -11.6, 18.6, -11.6, 17.6, -9.2, -17.6, -9.2], contrast, 0.8);
      if (b.belly) pen.solid([[1, -39 - 4 * f, 1, -45 - 4 * f, 9, -42 - 4 * f]], c, { outline: 0.7 });
      break;
    }
    case 'ball': {
      pen.shadow(0, -0.5, 15, 3.4);
      const ball = ellipse(0, -14.5, 14.5, 14.5);
      pen.solid([ball], c);
      if (who.pattern === 'plain') {
        pen.clip([ball]);
        pen.line(arc(-15, -14.5, 13.6, 20, -60, 60), 2, contrast);
        pen.line(arc(15, -14.5, 13.6, 20, 120, 240), 2, contrast);
        pen.unclip();
      } else drawPattern(pen, [ball], who, -27, 0, 15, PRINT);
      shine(pen, -5.4, -20.6, 3.8, 2.4);
      break;
    }
    case 'star': {
      pen.shadow(0, -0.5, 14, 3);
      const s = star(0, -19.5, 20, 9.6 + f);
      pen.solid([s], c);
      drawPattern(pen, [s], who, -36, 0, 19, PRINT);
      pen.raw(ellipse(-4.2, -19.6, 1.5, 2.1), INK);
      pen.raw(ellipse(4.2, -19.6, 1.5, 2.1), INK);
      pen.raw(ellipse(-4.6, -20.4, 0.5, 0.7), WHITE);
      pen.raw(ellipse(3.8, -20.4, 0.5, 0.7), WHITE);
      pen.raw(arc(0, -16.4, 2.4, 2.6, 0, 180), INK);
      pen.mark(ellipse(-7.6, -16, 1.9, 1.3), [255, 112, 132], 0.6);
      pen.mark(ellipse(7.6, -16, 1.9, 1.3), [255, 112, 132], 0.6);
      break;
    }
    case 'mushroom': {
      pen.shadow(0, -0.5, 14, 3.4);
      pen.solid([blob([-5.4, -20, 5.4, -20, 5.6, -9, 8, -1.4, 0, 0.4, -8, -1.4, -5.6, -9])], CREAM);
      const h = 13 + 5 * f;
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
      pen.solid([cap], c);
      const dot: Rgb = who.colour === 'white' ? [240, 150, 150] : [255, 252, 246];
      pen.clip([cap]);
      pen.mark(ellipse(0, -18 - h * 0.52, 4, 3.4), dot);
      pen.mark(ellipse(-11, -18 - h * 0.3, 3, 2.8), dot);
      pen.mark(ellipse(11, -18 - h * 0.3, 3, 2.8), dot);
      pen.mark(ellipse(-6.6, -18 - h * 0.86, 2, 1.5), dot);
      pen.mark(ellipse(7, -18 - h * 0.86, 2, 1.5), dot);
      pen.unclip();
      if (b.belly) pen.line([-2, -10, -2, -6], 0.8, [196, 168, 140]);
      pen.line([2, -9, 2, -4], 0.8, [196, 168, 140]);
      break;
    }
    case 'flower': {
      pen.shadow(0, -0.5, 10, 2.8);
      pen.tube(curve([0, -1, 0.8, -10, 0, -22]), 2.6, GREEN);
      pen.solid([blob([1, -6, 6, -12, 13, -11.6, 9, -5.6])], GREEN, { outline: 0.85 });
      if (b.belly) pen.solid([blob([-1, -9, -5, -14, -11.6, -13, -8, -8])], GREEN, { outline: 0.85 });
      const petals: number[][] = [];
      const n = f > 1 ? 6 : 5;
      for (let i = 0; i < n; i++) {
        const t = (i / n) * Math.PI * 2 - Math.PI / 2;
        petals.push(ellipse(Math.cos(t) * 8.4, -30 + Math.sin(t) * 8.4, 5.7, 5.7));
      }
      pen.solid(petals, c);
      pen.solid(
        [ellipse(0, -30, 5, 5)],
        who.colour === 'yellow' || who.colour === 'orange' ? [150, 92, 52] : [255, 210, 64],
        { outline: 0.7 },
      );
      break;
    }
    case 'tree': {
      pen.shadow(0, -0.5, 15, 3.6);
      pen.solid([blob([-3.4, -20, 3.4, -20, 3.6, -6, 6.6, 0, 0, -0.8, -6.6, 0, -3.6, -6])], WOOD);
      const r = 9.4 * f;
      const crown = [
        ellipse(-9.6, -25.4, r, r * 0.95),
        ellipse(9.6, -25.4, r, r * 0.95),
        ellipse(0, -37, r * 1.12, r * 1.05),
        ellipse(0, -27, r, r),
      ];
      pen.solid(crown, c);
      pen.mark(ellipse(-5, -37, 3.6, 2.2, -0.5), pale, 0.7);
      pen.mark(ellipse(-12, -26.4, 2.6, 1.6, -0.5), pale, 0.6);
      pen.mark(arc(5, -26, 5, 4, 10, 170), dim, 0.6);
      if (b.belly)
        for (const [x, y] of [
          [6, -36],
          [-7, -22.6],
          [12.4, -24],
        ] as const)
          pen.mark(
            ellipse(x, y, 1.7, 1.7),
            who.colour === 'red' || who.colour === 'orange' ? [255, 224, 90] : [236, 70, 70],
          );
      break;
    }
    case 'cup': {
      pen.shadow(1, -0.5, 15, 3.2);
      pen.tube(arc(12.5, -13, 7, 6.6 * f, -82, 82), 2.8, c);
      const cup = [-13.4, -24, 13.4, -24, 12, -6, 8.6, -0.6, -8.6, -0.6, -12, -6];
      pen.solid([cup], c);
      drawPattern(pen, [cup], who, -20, 0, 14, PRINT);
      pen.solid([ellipse(0, -24, 13.4, 3.6)], [110, 66, 44], { outline: 0.8 });
      pen.line(curve([-4, -29, -6, -33, -3, -36, -5, -40]), 1.5, [235, 238, 244], 0.85);
      pen.line(curve([4, -29, 2, -33, 5, -36, 3, -40]), 1.5, [235, 238, 244], 0.85);
      if (who.pattern === 'plain')
        pen.mark(blob([0, -7.4, -4.2, -12, -2, -14.4, 0, -12.6, 2, -14.4, 4.2, -12]), contrast);
      break;
    }
    case 'heart': {
      pen.shadow(0, -0.5, 11, 3);
      const top = -31 - 3 * f;
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
      pen.solid([heart], c);
      drawPattern(pen, [heart], who, -31, 0, 18, PRINT);
      shine(pen, -9, -27.4, 3.6, 2.3, -0.7);
      break;
    }
    case 'car': {
      pen.shadow(0, -0.2, 22, 3.4);
      const cabin = blob([-11, -14, -8, -24 - 3 * f, 0, -26 - 3 * f, 8, -24 - 3 * f, 13, -14]);
      const body = roundBox(-21, -16.4, 21, -4.4, 5);
      pen.solid([body, cabin], c);
      drawPattern(pen, [body], who, -15.6, -4, 21, PRINT);
      pen.solid([blob([-8.2, -15.4, -6, -22 - 2.4 * f, -0.8, -23.2 - 2.6 * f, -0.8, -15.4], 3)], GLASS, {
        outline: 0.6,
      });
      pen.solid([blob([2, -15.4, 2, -23.2 - 2.6 * f, 6.6, -22 - 2.4 * f, 9.8, -15.4], 3)], GLASS, {
        outline: 0.6,
      });
      for (const x of [-11.4, 11.4]) {
        pen.solid([ellipse(x, -5.2, 5.6, 5.4)], [60, 58, 70]);
        pen.mark(ellipse(x, -5.2, 2.4, 2.3), [206, 210, 220]);
      }
      pen.mark(ellipse(19, -11.4, 1.7, 2), [255, 240, 150]);
      if (b.belly) pen.mark(roundBox(-20, -11.4, -17.6, -8.6, 0.8), [255, 96, 84]);
      break;
    }
    case 'balloon': {
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
        -37.4 - f,
        9.6,
        -33.6,
        14,
        -22,
        9,
        -10.4,
      ]);
      pen.solid([[-3, -0.6, 0, -5, 3, -0.6]], dim);
      pen.solid([balloon], c);
      drawPattern(pen, [balloon], who, -33, -4, 15, PRINT);
      shine(pen, -5.4, -28.4, 2.8, 4.6, 0.45);
      break;
    }
    case 'cake': {
      pen.shadow(0, 0, 20, 3.4);
      pen.solid([ellipse(0, -1.6, 20, 3)], [232, 234, 240], { outline: 0.8 });
      pen.solid([roundBox(-16, -15, 16, -1.6, 2)], CREAM);
      pen.mark(box(-15.4, -9, 15.4, -6), c, 0.85);
      const top = roundBox(-11.4, -25, 11.4, -14.4, 2);
      pen.solid([top], CREAM);
      pen.solid(
        [
          blob([
            -12, -26.6, 0, -28, 12, -26.6, 12.6, -21.6, 9, -18.4, 6, -21, 2.6, -17.4, -1, -21, -4.6, -18, -8,
            -21.4, -11, -18.8, -12.8, -22,
          ]),
        ],
        c,
      );
      pen.solid(
        [
          blob([
            -16.6, -16.4, 0, -17.4, 16.6, -16.4, 17, -12.6, 13, -9.6, 9, -12.4, 4, -9, 0, -12.4, -5, -9.2, -9,
            -12.6, -14, -9.4, -17, -12.6,
          ]),
        ],
        c,
      );
      const n = b.belly ? 3 : 1;
      for (let i = 0; i < n; i++) {
        const x = (i - (n - 1) / 2) * 7;
        pen.solid([roundBox(x - 1.2, -34.6, x + 1.2, -27, 0.8)], [250, 244, 250], { outline: 0.55 });
        pen.mark(blob([x, -40.4, x - 1.9, -36.8, x, -35, x + 1.9, -36.8]), [255, 168, 40]);
      }
      break;
    }
    case 'umbrella': {
      pen.shadow(0, -0.5, 13, 3);
      pen.tube([...curve([0, -30, 0, -6]), ...arc(4, -5, 4, 4, 180, 20, 8)], 1.9, WOOD);
      const h = 14 + 4 * f;
      const top: number[] = arc(0, -24, 21, h, 180, 360, 16);
      const hem: number[] = [];
      for (let i = 0; i < 4; i++) hem.push(...arc(15.75 - i * 10.5, -24, 5.25, 3.4, 0, -180, 5));
      const canopy = [...top, ...hem];
      pen.solid([canopy], c);
      if (who.pattern === 'plain') {
        pen.clip([canopy]);
        pen.mark([0, -24 - h - 1, -10.5, -22, 0, -22], pale, 0.55);
        pen.mark(blob([0, -24 - h, 10.5, -24, 22, -20, 22, -30]), pale, 0.35);
        pen.unclip();
      } else drawPattern(pen, [canopy], who, -24 - h, -20, 22, PRINT);
      pen.solid([ellipse(0, -25 - h, 1.4, 1.6)], WOOD, { outline: 0.6 });
      break;
    }
    case 'book': {
      pen.shadow(0, 0, 17, 3);
      pen.solid([roundBox(-13.6, -33 - 2 * f, 14.6, -0.6, 2)], dark);
      pen.solid([box(-10.4, -31.4 - 2 * f, 13.2, -1.6)], [255, 250, 236], { outline: 0.4 });
      const front = roundBox(-14.6, -34 - 2 * f, 11.4, -0.8, 2);
      pen.solid([front], c);
      drawPattern(pen, [front], who, -32, 0, 15, PRINT);
      pen.mark(box(-14.4, -33 - 2 * f, -10.8, -1.4), dark, 0.7);
      if (who.pattern === 'plain') {
        pen.mark(roundBox(-7.4, -28 - 2 * f, 8, -20 - 2 * f, 1), [255, 248, 228]);
        pen.line([-4.6, -25.4 - 2 * f, 5.2, -25.4 - 2 * f], 1);
        pen.line([-3.4, -22.6 - 2 * f, 4, -22.6 - 2 * f], 0.9);
        if (b.belly) pen.mark(star(0.4, -11, 4.4, 2), contrast);
        else pen.mark(ellipse(0.4, -11, 3.4, 3.4), contrast);
      }
      break;
    }
    case 'kite': {
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
          c,
          { outline: 0.7 },
        );
      }
      const h = 14 + 4 * f;
      const kite = [0, -24 - h, 14.5, -24, 0, -2, -14.5, -24];
      pen.solid([kite], c);
      if (who.pattern === 'plain') {
        pen.clip([kite]);
        pen.mark([0, -26 - h, 16, -24, 0, -24], pale, 0.75);
        pen.mark([0, -24, -16, -24, 0, 0], pale, 0.75);
        pen.unclip();
      } else drawPattern(pen, [kite], who, -22 - h, -2, 15, PRINT);
      pen.line([0, -23 - h, 0, -3], 0.9);
      pen.line([-13.6, -24, 13.6, -24], 0.9);
      break;
    }
    case 'lamp': {
      if (pen.style === 'storybook' || pen.style === 'neon') {
        pen.mark(ellipse(0, -24, 24, 20), [255, 236, 150], 0.12);
        pen.mark(ellipse(0, -23, 17, 14), [255, 236, 150], 0.14);
      }
      pen.shadow(0, -0.5, 12, 2.8);
      pen.solid([box(-1.3, -20, 1.3, -3)], [196, 160, 88], { outline: 0.8 });
      pen.solid([blob([-9, -1, -7, -4.4, 0, -5.4, 7, -4.4, 9, -1, 0, 0.4])], [196, 160, 88]);
      pen.solid([ellipse(0, -20, 4, 3.4)], [255, 244, 180], { outline: 0.5 });
      const h = 15 + 3 * f;
      const shade = [-8.4, -20 - h, 8.4, -20 - h, 16, -20, -16, -20];
      pen.solid([shade], c);
      drawPattern(pen, [shade], who, -18 - h, -20, 17, PRINT);
      pen.mark([-15, -22, 15, -22, 15.6, -20.2, -15.6, -20.2], contrast, 0.8);
      break;
    }
    case 'gift': {
      pen.shadow(0, 0, 18, 3.4);
      const ribbonColour: Rgb =
        who.colour === 'yellow' || who.colour === 'orange' || who.colour === 'white'
          ? [222, 64, 84]
          : [255, 222, 92];
      const bowP = pen.at(0, -27.4, 1.05, 0.9 + 0.3 * (f - 1));
      const loop = blob([0, 0, 3, -6, 9.6, -8.4, 12, -3, 7, 0.6]);
      bowP.solid([loop, mirror(loop)], ribbonColour);
      const body = box(-15, -21, 15, -0.6);
      pen.solid([body], c);
      drawPattern(pen, [body], who, -17.6, 0, 16, PRINT);
      pen.mark(box(-3, -21, 3, -0.8), ribbonColour);
      pen.solid([roundBox(-17, -27.4, 17, -20, 1)], lighter(c, 0.08));
      pen.mark(box(-3, -27, 3, -20.4), ribbonColour);
      bowP.solid([ellipse(0, -0.4, 2.8, 2.6)], ribbonColour, { outline: 0.8 });
      break;
    }
    case 'apple': {
      pen.shadow(0, -0.5, 14, 3.2);
      pen.tube(curve([0, -26, 0.6, -30, 3, -34]), 1.8, WOOD);
      const apple = blob([
        0, -26, 7, -29.4, 14.4, -25.6, 16, -15.6, 11.6, -4.6, 5, -0.6, 0, -2, -5, -0.6, -11.6, -4.6, -16,
        -15.6, -14.4, -25.6, -7, -29.4,
      ]);
      pen.solid([apple], c);
      pen.solid([blob([2.4, -31, 7, -36.4, 14, -36.6, 10, -31])], GREEN, { outline: 0.8 });
      shine(pen, -8.4, -21, 2.6, 4.4, 0.5);
      break;
    }
  }
}

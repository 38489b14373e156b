/** Draws the backgrounds, except the room. */

import type { Random } from '../../random.ts';
import type { Scene } from '../../scene.ts';
import { blend, darker, lighter } from '../colours.ts';
import type { Pen } from '../pen.ts';
import { arc, box, ellipse, type Rgb } from '../shapes.ts';
import { cactus, hill, pine, weed } from './scenery.ts';

/** Everything that a background is drawn from. */
export interface PlaceParts {
  readonly pen: Pen;
  readonly scene: Scene;
  readonly random: Random;
  /** Gives a colour the light of the time of day. */
  readonly tint: (colour: Rgb) => Rgb;
  /** The sky's colour at the horizon. */
  readonly low: Rgb;
  readonly night: boolean;
}

export function drawBlank({ pen }: PlaceParts): void {
  pen.canvas.fill(
    [[0, 0, pen.canvas.size, 0, pen.canvas.size, pen.canvas.size, 0, pen.canvas.size]],
    pen.style === 'neon' ? [16, 13, 34] : [255, 255, 255],
  );
}

export function drawMeadow({ pen, random, tint }: PlaceParts): void {
  pen.layer(hill(random, 70, 6), tint([146, 208, 128]), tint([120, 190, 110]));
  pen.layer(hill(random, 82, 4), tint([112, 190, 92]), tint([86, 166, 78]));
  for (let i = 0; i < 15; i++) {
    const x = random.between(3, 125),
      y = random.between(90, 125);
    pen.line([x - 1.6, y - 2.6, x, y, x + 1.4, y - 3], 0.9, tint([64, 140, 62]));
  }
  for (let i = 0; i < 9; i++) {
    const x = random.between(3, 125),
      y = random.between(87, 126);
    pen.mark(
      ellipse(x, y, 1.3, 1.2),
      tint(
        random.pick<Rgb>([
          [255, 255, 255],
          [255, 232, 110],
          [255, 160, 190],
        ]),
      ),
    );
  }
}

export function drawSnow({ pen, random, tint }: PlaceParts): void {
  const c = tint([98, 142, 138]);
  pen.layer(hill(random, 76, 4), tint([222, 234, 246]), tint([232, 240, 250]));
  for (let i = 0; i < 6; i++)
    pine(
      pen,
      4 + i * 23 + random.between(-6, 6),
      82 + random.between(-2, 3),
      random.between(20, 33),
      c,
      true,
    );
  pen.layer(hill(random, 84, 3), tint([246, 250, 255]), tint([226, 236, 250]));
  for (let i = 0; i < 4; i++)
    pen.mark(
      ellipse(random.between(6, 122), random.between(94, 124), random.between(7, 13), 1.4),
      tint([206, 222, 242]),
      0.7,
    );
}

export function drawForest({ pen, random, tint }: PlaceParts): void {
  pen.layer(hill(random, 64, 5), tint([136, 194, 140]));
  for (let i = 0; i < 7; i++)
    pine(pen, 2 + i * 20 + random.between(-6, 6), 84, random.between(34, 46), tint([86, 150, 102]), false);
  for (let i = 0; i < 6; i++)
    pine(pen, 6 + i * 24 + random.between(-7, 7), 92, random.between(42, 60), tint([50, 112, 76]), false);
  pen.layer(hill(random, 89, 2.5), tint([126, 104, 66]), tint([98, 80, 52]));
  for (let i = 0; i < 10; i++) {
    const x = random.between(3, 125),
      y = random.between(94, 125);
    pen.mark(
      ellipse(x, y, random.between(1.4, 2.6), 0.9),
      tint(
        random.pick<Rgb>([
          [84, 118, 56],
          [164, 122, 70],
          [70, 58, 40],
        ]),
      ),
    );
  }
}

export function drawBeach({ pen, random, tint }: PlaceParts): void {
  pen.layer(box(-2, 62, 130, 130), tint([54, 156, 206]), tint([120, 208, 222]));
  for (let i = 0; i < 8; i++) {
    const x = random.between(0, 120),
      y = random.between(65, 80);
    pen.line([x, y, x + random.between(6, 13), y], 0.9, tint([196, 236, 246]), 0.8);
  }
  pen.layer(hill(random, 84, 2), tint([232, 248, 250]));
  pen.layer(hill(random, 86.5, 2), tint([252, 226, 164]), tint([240, 204, 132]));
  for (let i = 0; i < 14; i++)
    pen.mark(ellipse(random.between(3, 125), random.between(93, 126), 0.9, 0.7), tint([214, 172, 104]));
  for (let i = 0; i < 3; i++) {
    const x = random.between(8, 120),
      y = random.between(116, 125);
    pen.mark(
      arc(x, y, 2.6, 2.4, 180, 360),
      tint(
        random.pick<Rgb>([
          [255, 176, 160],
          [255, 244, 232],
          [246, 160, 190],
        ]),
      ),
    );
  }
}

export function drawDesert({ pen, random, tint }: PlaceParts): void {
  pen.layer(hill(random, 70, 7, 1.4), tint([244, 196, 118]), tint([236, 180, 104]));
  for (let i = 0; i < 3; i++)
    cactus(
      pen,
      14 + i * 45 + random.between(-8, 8),
      84 + random.between(-2, 4),
      random.between(0.7, 1.15),
      tint([86, 150, 88]),
    );
  pen.layer(hill(random, 86, 3.4, 1.5), tint([250, 212, 140]), tint([232, 180, 106]));
  for (let i = 0; i < 6; i++) {
    const x = random.between(0, 110),
      y = random.between(94, 124);
    pen.line(arc(x, y + 3, 9, 3, 215, 325), 0.9, tint([214, 162, 92]), 0.8);
  }
}

export function drawSea({ pen, random, tint, night }: PlaceParts): void {
  pen.sky(tint([64, 182, 224]), tint([28, 104, 176]));
  for (let i = 0; i < 4; i++) {
    const x = 8 + i * 32 + random.between(-8, 8);
    pen.mark([x, -2, x + 9, -2, x - 8, 92, x - 26, 92], [200, 242, 255], night ? 0.03 : 0.09);
  }
  for (let i = 0; i < 4; i++) {
    const x = random.between(8, 120),
      y = random.between(12, 56),
      s = random.between(0.7, 1.2),
      d = random.chance(0.5) ? 1 : -1;
    const p = pen.at(x, y, s * d, s);
    const c = tint(blend([130, 210, 236], [44, 130, 190], 0.3));
    p.mark(ellipse(0, 0, 5, 2.8), c, 0.9);
    p.mark([-4, 0, -9, -3, -9, 3], c, 0.9);
  }
  for (let i = 0; i < 7; i++) {
    const x = random.between(4, 124),
      y = random.between(6, 84),
      r = random.between(1.2, 2.6);
    pen.mark(ellipse(x, y, r, r), [222, 246, 255], 0.5);
    pen.mark(ellipse(x - r * 0.3, y - r * 0.3, r * 0.4, r * 0.4), [255, 255, 255], 0.9);
  }
  for (let i = 0; i < 7; i++)
    weed(
      pen,
      4 + i * 20 + random.between(-7, 7),
      92,
      random.between(16, 34),
      tint(
        random.pick<Rgb>([
          [36, 132, 110],
          [52, 152, 96],
          [28, 110, 120],
        ]),
      ),
      random,
    );
  pen.layer(hill(random, 90, 3), tint([228, 208, 150]), tint([206, 176, 118]));
  for (let i = 0; i < 8; i++)
    pen.mark(
      ellipse(random.between(3, 125), random.between(97, 126), random.between(0.8, 1.8), 0.9),
      tint([184, 152, 104]),
    );
}

export function drawMountain({ pen, random, tint }: PlaceParts): void {
  for (let i = 0; i < 4; i++) {
    const x = 8 + i * 36 + random.between(-8, 8),
      h = random.between(36, 56),
      w = random.between(24, 34);
    const c = tint(i % 2 === 0 ? [134, 148, 184] : [116, 130, 170]);
    pen.layer([x - w, 90, x - w * 0.1, 90 - h, x + w * 0.1, 90 - h, x + w, 90], c, darker(c, 0.12));
    pen.layer(
      [
        x - w * 0.33,
        90 - h * 0.72,
        x - w * 0.1,
        90 - h,
        x + w * 0.1,
        90 - h,
        x + w * 0.33,
        90 - h * 0.72,
        x + w * 0.12,
        90 - h * 0.78,
        x,
        90 - h * 0.68,
        x - w * 0.14,
        90 - h * 0.78,
      ],
      tint([250, 252, 255]),
    );
  }
  pen.layer(hill(random, 83, 3.4), tint([136, 176, 112]), tint([106, 152, 92]));
  for (let i = 0; i < 9; i++) {
    const x = random.between(3, 125),
      y = random.between(93, 125);
    pen.mark(arc(x, y, random.between(1.6, 3.4), random.between(1.2, 2.2), 180, 360), tint([160, 164, 170]));
  }
}

export function drawCity({ pen, random, tint, low, night }: PlaceParts): void {
  for (let layer = 0; layer < 2; layer++) {
    let x = -4 + random.between(-4, 0);
    while (x < 128) {
      const w = random.between(13, 21),
        h = layer === 0 ? random.between(42, 66) : random.between(26, 46);
      const c = tint(
        layer === 0
          ? blend([150, 172, 206], low, 0.3)
          : random.pick<Rgb>([
              [118, 134, 176],
              [150, 128, 160],
              [104, 142, 168],
            ]),
      );
      pen.layer(box(x, 92 - h, x + w - 1, 94), c);
      if (layer === 1) {
        for (let wy = 92 - h + 4; wy < 86; wy += 7) {
          for (let wx = x + 3; wx < x + w - 5; wx += 5.5) {
            const lit = random.chance(night ? 0.6 : 0.8);
            pen.mark(
              box(wx, wy, wx + 2.8, wy + 3.6),
              night ? (lit ? [255, 226, 120] : [46, 50, 90]) : lit ? lighter(c, 0.55) : darker(c, 0.2),
            );
          }
        }
      }
      x += w;
    }
  }
  pen.layer(box(-2, 88, 130, 130), tint([176, 178, 188]), tint([150, 152, 166]));
  pen.layer(box(-2, 117, 130, 130), tint([104, 106, 122]));
  for (let i = 0; i < 5; i++) pen.mark(box(4 + i * 27, 122, 17 + i * 27, 123.6), tint([250, 240, 200]));
}

/** Hills and plants. */

import type { Random } from '../../random.ts';
import { darker } from '../colours.ts';
import type { Pen } from '../pen.ts';
import { type Rgb, roundBox } from '../shapes.ts';

/** A hill from the left edge to the right one, closed at the bottom. */
export function hill(random: Random, y: number, rough: number, waves = 2): number[] {
  const a = random.between(0, 6.28),
    b = random.between(0, 6.28);
  const out: number[] = [];
  for (let i = 0; i <= 16; i++) {
    const x = (i / 16) * 132 - 2;
    out.push(
      x,
      y + Math.sin((x / 128) * waves * 3.1 + a) * rough + Math.sin((x / 128) * waves * 7.3 + b) * rough * 0.3,
    );
  }
  out.push(130, 130, -2, 130);
  return out;
}

export function pine(pen: Pen, x: number, y: number, h: number, c: Rgb, snowy: boolean): void {
  pen.layer(
    [x - h * 0.06, y + 1, x + h * 0.06, y + 1, x + h * 0.06, y - h * 0.2, x - h * 0.06, y - h * 0.2],
    [112, 82, 66],
  );
  pen.layer([x - h * 0.34, y - h * 0.14, x, y - h * 0.7, x + h * 0.34, y - h * 0.14], darker(c, 0.08));
  pen.layer([x - h * 0.25, y - h * 0.44, x, y - h, x + h * 0.25, y - h * 0.44], c);
  if (snowy)
    pen.layer(
      [x - h * 0.11, y - h * 0.76, x, y - h, x + h * 0.11, y - h * 0.76, x + 0.03 * h, y - h * 0.7],
      [250, 252, 255],
    );
}

export function cactus(pen: Pen, x: number, y: number, s: number, c: Rgb): void {
  const p = pen.at(x, y, s);
  p.layer(roundBox(-3, -26, 3, 3, 3), c);
  p.layer(roundBox(-10, -19, -6, -8, 2), c);
  p.layer(roundBox(-10, -11, -1, -7.4, 1.8), c);
  p.layer(roundBox(6, -22, 10, -12, 2), c);
  p.layer(roundBox(1, -15, 10, -11.4, 1.8), c);
}

export function weed(pen: Pen, x: number, y: number, h: number, c: Rgb, random: Random): void {
  const lean = random.between(-1, 1);
  const left: number[] = [],
    right: number[] = [];
  for (let i = 0; i <= 10; i++) {
    const t = i / 10;
    const cx = x + Math.sin(t * 6 + lean * 3) * 2.6 * t + lean * 3 * t;
    left.push(cx - 2 * (1 - t * 0.8), y - h * t);
    right.unshift(y - h * t);
    right.unshift(cx + 2 * (1 - t * 0.8));
  }
  pen.layer([...left, ...right], c);
}

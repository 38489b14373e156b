/** The sky at each time of day: sun, moon, stars and clouds. */

import type { Random } from '../../random.ts';
import type { Scene, Time } from '../../scene.ts';
import type { Pen } from '../pen.ts';
import { arc, ellipse, type Rgb, roundBox, star } from '../shapes.ts';

/**
 * `sky` holds the colours at the top and at the horizon. `tint` is mixed into all other colours by `amount`.
 */
export interface Light {
  sky: [Rgb, Rgb];
  tint: Rgb;
  amount: number;
}

export const LIGHT: Readonly<Record<Time, Light>> = {
  day: {
    sky: [
      [124, 196, 244],
      [214, 238, 252],
    ],
    tint: [255, 255, 255],
    amount: 0,
  },
  sunset: {
    sky: [
      [246, 132, 96],
      [255, 214, 140],
    ],
    tint: [236, 110, 90],
    amount: 0.22,
  },
  night: {
    sky: [
      [20, 24, 72],
      [56, 62, 124],
    ],
    tint: [20, 24, 70],
    amount: 0.56,
  },
};

function cloud(pen: Pen, x: number, y: number, s: number, c: Rgb): void {
  const p = pen.at(x, y, s);
  for (const e of [ellipse(-7, 0, 6, 4), ellipse(7, 0.4, 6.4, 4), ellipse(0, -2.6, 7, 5.6)]) p.layer(e, c);
  if (pen.style === 'storybook' || pen.style === 'paper') p.mark(roundBox(-12, -0.6, 12.6, 4, 3), c);
}

export function drawSky(pen: Pen, scene: Scene, random: Random): void {
  const sky = random.fork();
  const storybook = pen.style === 'storybook' || pen.style === 'paper';
  if (scene.time === 'night') {
    for (let i = 0; i < 26; i++) {
      const x = sky.between(2, 126),
        y = sky.between(2, 58),
        r = sky.between(0.5, 1.1);
      if (sky.chance(0.2))
        pen.raw(star(x, y, r * 2.4, r * 0.8, 4), pen.style === 'sketch' ? [110, 110, 130] : [255, 250, 214]);
      else
        pen.raw(ellipse(x, y, r, r, 0, 8), pen.style === 'sketch' ? [110, 110, 130] : [255, 250, 224], 0.95);
    }
    const x = sky.chance(0.5) ? sky.between(16, 30) : sky.between(98, 112),
      y = sky.between(15, 24);
    // A crescent: along the outer arc and back along the inner one.
    const moon = [...arc(x, y, 9.5, 9.5, 50, 310, 18), ...arc(x + 4.6, y, 7.6, 7.6, 286, 74, 14)];
    if (pen.style !== 'sketch') pen.raw(ellipse(x, y, 16, 16), [255, 246, 200], 0.07);
    if (storybook) pen.raw(moon, [255, 240, 184]);
    else pen.solid([moon], [255, 226, 120]);
    return;
  }
  if (scene.time === 'sunset') {
    const x = sky.between(28, 100);
    pen.raw(
      ellipse(x, 58, 26, 26),
      [255, 236, 170],
      pen.style === 'sketch' ? 0.1 : pen.style === 'neon' ? 0.08 : 0.25,
    );
    pen.layer(ellipse(x, 58, 17, 17), [255, 236, 150], [255, 176, 96]);
    for (let i = 0; i < 3; i++)
      cloud(
        pen,
        12 + i * 44 + sky.between(-8, 8),
        sky.between(12, 30),
        sky.between(0.7, 1.1),
        [255, 198, 170],
      );
    return;
  }
  const grey = scene.weather !== 'none';
  if (!grey) {
    const x = sky.chance(0.5) ? sky.between(12, 26) : sky.between(102, 116),
      y = sky.between(13, 19);
    if (storybook) pen.raw(ellipse(x, y, 14, 14), [255, 246, 190], 0.35);
    pen.layer(ellipse(x, y, 9, 9), [255, 226, 92]);
  }
  for (let i = 0; i < 3; i++)
    cloud(
      pen,
      18 + i * 42 + sky.between(-12, 12),
      sky.between(12, 36),
      sky.between(0.7, 1.2),
      grey ? [190, 200, 214] : [255, 255, 255],
    );
}

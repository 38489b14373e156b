/** Falling snow and rain. */

import { mix, Random } from '../../random.ts';
import type { Scene } from '../../scene.ts';
import type { Pen } from '../pen.ts';
import { ellipse } from '../shapes.ts';

/** Draws snow or rain in front of everything. */
export function drawWeather(pen: Pen, scene: Scene): void {
  if (
    scene.weather === 'none' ||
    scene.background === 'room' ||
    scene.background === 'sea' ||
    scene.background === 'blank'
  )
    return;
  const random = new Random(mix(scene.seed, 991));
  if (scene.weather === 'snow') {
    for (let i = 0; i < 42; i++) {
      const x = random.between(0, 128),
        y = random.between(0, 120),
        r = random.between(0.8, 1.9);
      if (pen.style === 'sketch') {
        pen.raw(ellipse(x, y, r + 0.5, r + 0.5, 0, 12), [136, 142, 160]);
        pen.raw(ellipse(x, y, r, r, 0, 12), [252, 252, 252]);
      } else {
        // A faint rim, so that flakes show in front of white things.
        if (pen.style !== 'neon' && scene.time !== 'night')
          pen.raw(ellipse(x, y, r + 0.7, r + 0.7, 0, 12), [120, 146, 190], 0.3);
        pen.raw(ellipse(x, y, r, r, 0, 12), pen.style === 'neon' ? [206, 232, 255] : [255, 255, 255], 0.95);
      }
    }
  } else {
    for (let i = 0; i < 46; i++) {
      const x = random.between(0, 134),
        y = random.between(-4, 118),
        l = random.between(5, 8);
      pen.line(
        [x, y, x - l * 0.3, y + l],
        1,
        pen.style === 'neon' ? [90, 170, 255] : pen.style === 'sketch' ? [96, 120, 160] : [212, 232, 255],
        0.75,
      );
    }
  }
}

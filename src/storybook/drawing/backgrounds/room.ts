/** Draws a room with a window that shows the time and the weather. */

import { darker, lighter } from '../colours.ts';
import { arc, box, ellipse, type Rgb, roundBox } from '../shapes.ts';
import type { PlaceParts } from './places.ts';
import { LIGHT } from './sky.ts';

export function drawRoom({ pen, scene, random, tint }: PlaceParts): void {
  const wall = random.pick<Rgb>([
    [252, 222, 198],
    [206, 226, 242],
    [222, 236, 206],
    [240, 216, 232],
  ]);
  pen.sky(tint(lighter(wall, 0.2)), tint(wall));
  for (let i = 0; i < 8; i++) pen.mark(box(4 + i * 17, -1, 9 + i * 17, 90), tint(darker(wall, 0.05)), 0.8);
  // The window.
  const wx = random.chance(0.5) ? random.between(12, 22) : random.between(74, 84),
    wy = random.between(9, 13);
  const sky = LIGHT[scene.time].sky;
  pen.layer(roundBox(wx - 2.5, wy - 2.5, wx + 34.5, wy + 34.5, 1.5), tint([150, 104, 70]));
  pen.layer(
    box(wx, wy, wx + 32, wy + 32),
    scene.time === 'day' && scene.weather !== 'none' ? [176, 192, 212] : sky[0],
    scene.time === 'day' && scene.weather !== 'none' ? [204, 214, 226] : sky[1],
  );
  if (scene.time === 'night') {
    pen.raw(
      [...arc(wx + 22, wy + 10, 5.4, 5.4, 50, 310, 14), ...arc(wx + 24.6, wy + 10, 4.3, 4.3, 286, 74, 10)],
      [255, 240, 184],
    );
    for (let i = 0; i < 7; i++)
      pen.raw(ellipse(wx + 3 + i * 4.2, wy + 4 + ((i * 37) % 25), 0.7, 0.7, 0, 8), [255, 250, 224]);
  } else if (scene.time === 'sunset') {
    pen.raw(arc(wx + 16, wy + 32, 9, 9, 180, 360), [255, 226, 130]);
  } else if (scene.weather === 'none') {
    pen.raw(ellipse(wx + 9, wy + 9, 4.4, 4.4), [255, 228, 104]);
    pen.raw(ellipse(wx + 22, wy + 20, 5.4, 2.8), [255, 255, 255]);
  }
  if (scene.weather === 'snow')
    for (let i = 0; i < 16; i++)
      pen.raw(ellipse(wx + 2 + ((i * 53) % 29), wy + 2 + ((i * 31) % 29), 1.1, 1.1, 0, 10), [255, 255, 255]);
  if (scene.weather === 'rain') {
    for (let i = 0; i < 14; i++) {
      const x = wx + 4 + ((i * 53) % 26),
        y = wy + 2 + ((i * 31) % 24);
      pen.line([x, y, x - 1.4, y + 5], 0.9, [90, 140, 210]);
    }
  }
  const frame = tint([150, 104, 70]);
  pen.layer(box(wx + 15, wy, wx + 17, wy + 32), frame);
  pen.layer(box(wx, wy + 15, wx + 32, wy + 17), frame);
  // A picture on the wall.
  const px = wx < 50 ? random.between(88, 100) : random.between(18, 34);
  pen.layer(box(px - 9, wy + 5, px + 9, wy + 25), tint([182, 138, 84]));
  pen.layer(box(px - 6.6, wy + 7.4, px + 6.6, wy + 22.6), tint([250, 240, 214]));
  pen.mark(arc(px, wy + 22.6, 6, 6, 180, 360), tint([128, 182, 122]));
  pen.layer(box(-2, 88, 130, 130), tint([196, 140, 92]), tint([170, 114, 72]));
  pen.layer(box(-2, 85.4, 130, 89), tint([255, 248, 238]));
  for (const y of [98, 109, 120]) pen.line([-2, y, 130, y], 0.8, tint([150, 100, 62]), 0.7);
}

/** Draws the accessories that creatures wear. */

import type { Accessory, Creature } from '../../scene.ts';
import { darker, INK, lighter, RGB, WHITE } from '../colours.ts';
import type { Pen } from '../pen.ts';
import { arc, blob, ellipse, mirror, roundBox } from '../shapes.ts';
import type { Anatomy } from './anatomy.ts';

export function drawAccessory(pen: Pen, anatomy: Anatomy, accessory: Accessory, kind: Creature): void {
  const c = RGB[accessory.colour];
  const band =
    accessory.colour === 'black' || accessory.colour === 'purple' || accessory.colour === 'brown'
      ? lighter(c, 0.4)
      : darker(c, 0.38);
  switch (accessory.kind) {
    case 'hat': {
      const y = anatomy.hatY;
      pen.solid([roundBox(-6.6, y - 13.5, 6.6, y, 1.2)], c);
      pen.mark(roundBox(-6.6, y - 5.2, 6.6, y - 1.6, 0.3), band);
      pen.solid([roundBox(-11, y - 2, 11, y + 1.4, 1.6)], c);
      break;
    }
    case 'crown': {
      const y = anatomy.hatY + 0.8;
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
      const w = anatomy.neckWidth,
        y = anatomy.neckY;
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
      const x = kind === 'frog' ? 0 : anatomy.headWidth * 0.46,
        y = kind === 'frog' ? -43.4 : anatomy.headTop + 1;
      const p = pen.at(x, y, 1.12, 1.12);
      const loop = blob([0, 0, 4, -5, 9, -5.4, 9.6, 0, 9, 5.4, 4, 4.4]);
      p.solid([loop, mirror(loop)], c);
      p.line([3, 0, 7, -1.2], 1, band);
      p.line([-3, 0, -7, -1.2], 1, band);
      p.solid([ellipse(0, 0, 2.7, 3)], c);
      break;
    }
    case 'glasses': {
      const r = anatomy.eyeR + 2.3;
      const c2 = pen.style === 'storybook' || pen.style === 'paper' ? INK : null;
      for (const s of [-1, 1]) {
        const ring = arc(s * anatomy.eyeX, anatomy.eyeY, r, r, 0, 360, 24);
        if (c2) pen.line(ring, 4.1, c2);
        else pen.line(ring, 3.6);
      }
      if (c2)
        pen.line([-anatomy.headWidth, anatomy.eyeY - 1.5, -anatomy.eyeX - r, anatomy.eyeY - 0.6], 3.2, c2);
      if (c2)
        pen.line([anatomy.headWidth, anatomy.eyeY - 1.5, anatomy.eyeX + r, anatomy.eyeY - 0.6], 3.2, c2);
      pen.line([-anatomy.headWidth + 0.4, anatomy.eyeY - 1.5, -anatomy.eyeX - r, anatomy.eyeY - 0.6], 1.6, c);
      pen.line([anatomy.headWidth - 0.4, anatomy.eyeY - 1.5, anatomy.eyeX + r, anatomy.eyeY - 0.6], 1.6, c);
      for (const s of [-1, 1]) pen.line(arc(s * anatomy.eyeX, anatomy.eyeY, r, r, 0, 360, 24), 2.2, c);
      pen.line([-anatomy.eyeX + r - 0.4, anatomy.eyeY - 1, anatomy.eyeX - r + 0.4, anatomy.eyeY - 1], 2.2, c);
      break;
    }
  }
}

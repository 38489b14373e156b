/** Draws the face of a creature: eyes, cheeks and mouth. */

import type { Expression } from '../../scene.ts';
import { BLUSH, INK, WHITE } from '../colours.ts';
import type { Pen } from '../pen.ts';
import { arc, blob, ellipse } from '../shapes.ts';
import type { Anatomy } from './anatomy.ts';

export function drawFace(pen: Pen, anatomy: Anatomy, expression: Expression): void {
  const { eyeX, eyeY, mouthY: my, mouthWidth: mw } = anatomy;
  const r = anatomy.eyeR * (expression === 'surprised' ? 1.16 : 1);
  for (const s of [-1, 1]) {
    const x = s * eyeX;
    if (expression === 'sleepy') {
      pen.line(arc(x, eyeY - 0.6, r * 0.86, r * 0.72, 15, 165), 1.7);
      continue;
    }
    pen.raw(ellipse(x, eyeY, r + 0.85, r + 0.85), pen.style === 'sketch' ? [84, 84, 92] : INK);
    pen.raw(ellipse(x, eyeY, r, r), pen.style === 'neon' ? [224, 236, 246] : WHITE);
    const pr = expression === 'surprised' ? r * 0.46 : r * 0.66;
    const px = x - s * 0.7,
      py = eyeY + (expression === 'sad' ? 1.1 : expression === 'angry' ? 0.8 : 0.35);
    pen.raw(ellipse(px, py, pr, pr * 1.06), [26, 20, 34]);
    pen.raw(ellipse(px - pr * 0.34, py - pr * 0.42, pr * 0.36, pr * 0.36), WHITE);
    pen.raw(ellipse(px + pr * 0.4, py + pr * 0.42, pr * 0.18, pr * 0.18), WHITE, 0.8);
    if (expression === 'angry') pen.line([x + s * 5, eyeY - r - 2.6, x - s * 4.4, eyeY - r + 1.6], 2.3);
    if (expression === 'sad') pen.line([x + s * 4.8, eyeY - r + 1.2, x - s * 3.4, eyeY - r - 2.4], 1.7);
  }
  for (const s of [-1, 1])
    pen.mark(ellipse(s * anatomy.cheekX, eyeY + 7.6, 2.9, 1.9), BLUSH, expression === 'happy' ? 0.75 : 0.4);
  switch (expression) {
    case 'happy':
      if (anatomy.beak) {
        pen.line(arc(0, my - 3.2, 4.6, 3.4, 25, 155), 1.4);
      } else {
        pen.raw(arc(0, my - 1, mw + 0.6, 4.4, 0, 180), pen.style === 'sketch' ? [84, 84, 92] : [110, 28, 50]);
        pen.raw(ellipse(0, my + 1.9, mw * 0.52, 1.2), [255, 122, 134]);
        pen.line(arc(0, my - 1.6, mw + 1, 2, 15, 165), 1.1);
      }
      break;
    case 'sad':
      pen.line(arc(0, my + 3.4, mw + 0.6, 3.4, 205, 335), 1.6);
      pen.raw(
        blob([
          eyeX + 2.6,
          eyeY + 4.6,
          eyeX + 4.9,
          eyeY + 8.6,
          eyeX + 2.6,
          eyeY + 10.4,
          eyeX + 0.4,
          eyeY + 8.6,
        ]),
        [86, 180, 255],
      );
      break;
    case 'surprised':
      pen.raw(ellipse(0, my + 1, 2.9, 3.5), INK);
      pen.raw(ellipse(0, my + 1.5, 1.9, 2.3), [190, 52, 76]);
      break;
    case 'sleepy':
      pen.line(arc(0, my - 0.4, 2.4, 1.9, 20, 160), 1.3);
      break;
    case 'angry':
      if (anatomy.beak) pen.line(arc(0, my + 3, 4, 3, 205, 335), 1.6);
      else
        pen.line(
          [-mw - 0.6, my + 2, -mw * 0.4, my + 0.2, 0, my + 1.8, mw * 0.4, my + 0.2, mw + 0.6, my + 2],
          1.5,
        );
      break;
  }
}

/** Stripes and spots. */

import type { Identity } from '../scene.ts';
import { RGB } from './colours.ts';
import type { Pen } from './pen.ts';
import { ellipse, type Path } from './shapes.ts';

/**
 * How coarse a pattern is, in units of the drawing. Stripes are `thick` thick and start every `gap`. Spots
 * have a `radius`; their centres are `across` apart in a row, and rows are `down` apart.
 */
export type Grain = Readonly<{
  gap: number;
  thick: number;
  radius: number;
  across: number;
  down: number;
}>;

/** Draws the pattern of `who` inside the parts, between y = `from` and `to` and x = -`half` and `half`. */
export function drawPattern(
  pen: Pen,
  parts: readonly Path[],
  who: Identity,
  from: number,
  to: number,
  half: number,
  { gap, thick, radius, across, down }: Grain,
): void {
  if (who.pattern === 'plain' || who.patternColour === null) return;
  const colour = RGB[who.patternColour];
  pen.clip(parts);
  if (who.pattern === 'striped') {
    for (let y = from; y < to; y += gap) {
      const shape: number[] = [];
      for (let i = 0; i <= 8; i++) {
        const x = -half + (i / 8) * 2 * half;
        shape.push(x, y + 1.9 * Math.cos((x / half) * 1.5));
      }
      for (let i = 8; i >= 0; i--) {
        const x = -half + (i / 8) * 2 * half;
        shape.push(x, y + thick + 1.9 * Math.cos((x / half) * 1.5));
      }
      pen.mark(shape, colour);
    }
  } else {
    const first = radius - 1;
    let row = 0;
    for (let y = from + first; y < to; y += down) {
      for (let x = -half + first + (row % 2) * (across / 2); x < half; x += across)
        pen.mark(ellipse(x, y, radius, radius), colour);
      row++;
    }
  }
  pen.unclip();
}

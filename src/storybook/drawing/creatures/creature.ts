/** Draws one creature. */

import type { Creature, Expression, Identity } from '../../scene.ts';
import { INK, RGB, WHITE } from '../colours.ts';
import { drawPattern, type Grain } from '../patterns.ts';
import type { Pen } from '../pen.ts';
import { ellipse } from '../shapes.ts';
import { drawAccessory } from './accessories.ts';
import { type Anatomy, type CreatureParts, creatureParts } from './anatomy.ts';
import { drawFace } from './face.ts';
import { bear, bunny, cat, fox, mouse } from './mammals.ts';
import { alien, bird, frog } from './others.ts';

const ANATOMIES: Readonly<Record<Creature, (parts: CreatureParts) => Anatomy>> = {
  cat,
  bunny,
  bear,
  fox,
  alien,
  bird,
  frog,
  mouse,
};

const FUR: Grain = { gap: 9.8, thick: 4.8, radius: 3.2, across: 11.4, down: 8.4 };

/** Draws a creature with its feet at the pen's origin. */
export function drawCreature(page: Pen, who: Identity, expression: Expression): void {
  const kind = who.kind as Creature;
  const pen = page.at(0, 0, who.build.width, who.build.height);
  const anatomy = ANATOMIES[kind](creatureParts(who));
  const main = RGB[who.colour];
  pen.shadow(1, -0.6, 18, 4.2);
  anatomy.behind(pen);
  pen.solid(anatomy.body, main);
  if (pen.style === 'storybook') {
    // Soft light from the upper left.
    pen.clip(anatomy.body);
    pen.mark(ellipse(-6, anatomy.headTop + 5.5, 8, 3.8, -0.35), WHITE, who.colour === 'white' ? 0.5 : 0.16);
    pen.mark(ellipse(11, -9, 5, 11, 0.25), INK, 0.07);
    pen.unclip();
  }
  const patternOn = anatomy.body.filter((_, i) => i < 8);
  drawPattern(pen, patternOn, who, anatomy.headTop - 2, 0, 22, FUR);
  anatomy.marks(pen);
  if (who.accessory?.kind === 'scarf') drawAccessory(pen, anatomy, who.accessory, kind);
  anatomy.front(pen);
  drawFace(pen, anatomy, expression);
  if (who.accessory && who.accessory.kind !== 'scarf') drawAccessory(pen, anatomy, who.accessory, kind);
  if (expression === 'sleepy') {
    const z = (x: number, y: number, s: number) =>
      pen.line(
        [x - s, y - s, x + s, y - s, x - s, y + s, x + s, y + s],
        1.5,
        pen.style === 'storybook' || pen.style === 'paper' ? [70, 84, 150] : null,
      );
    const zx = anatomy.headWidth + 4;
    z(zx, anatomy.headTop + 3, 2.4);
    z(zx + 4.6, anatomy.headTop - 4.6, 1.7);
  }
}

/** A scene's picture. */

import { isCreature, type Scene, type Thing } from '../scene.ts';
import { drawBackground, hasSky } from './backgrounds/background.ts';
import { drawWeather } from './backgrounds/weather.ts';
import { type Box, Canvas } from './canvas.ts';
import { drawCreature } from './creatures/creature.ts';
import { drawObject } from './objects/object.ts';
import { Pen } from './pen.ts';

export interface Picture {
  size: number;
  rgb: Uint8ClampedArray;
  /** The pixels each thing painted, shadow and glow included, in the order of `scene.things`. */
  boxes: Box[];
}

export function drawThing(pen: Pen, thing: Thing): void {
  // Farther copies first.
  for (const stand of thing.stands.slice().sort((a, b) => a.y - b.y)) {
    const p = pen.at(stand.x, stand.y, stand.scale);
    if (isCreature(thing.who.kind)) drawCreature(p, thing.who, thing.expression ?? 'happy');
    else drawObject(p, thing.who);
  }
}

export function render(scene: Scene, size = 128): Picture {
  const canvas = new Canvas(size);
  const pen = new Pen(canvas, scene.style);
  drawBackground(pen, scene);
  const things = new Pen(
    canvas,
    scene.style,
    0,
    0,
    1,
    1,
    1,
    scene.time === 'night' && hasSky(scene.background),
  );
  const boxes: Box[] = [];
  for (const thing of scene.things) {
    canvas.resetTouched();
    drawThing(things, thing);
    boxes.push(canvas.touched);
  }
  drawWeather(pen, scene);
  return { size, rgb: canvas.rgb, boxes };
}

/** The pixels that each copy of each thing paints, shadow and glow included: one list of boxes for each of `scene.things`. */
export function standBoxes(scene: Scene, size = 128): Box[][] {
  const canvas = new Canvas(size);
  const dark = scene.time === 'night' && hasSky(scene.background);
  const pen = new Pen(canvas, scene.style, 0, 0, 1, 1, 1, dark);
  return scene.things.map((thing) =>
    thing.stands.map((stand) => {
      canvas.resetTouched();
      drawThing(pen, { ...thing, stands: [stand] });
      return canvas.touched;
    }),
  );
}

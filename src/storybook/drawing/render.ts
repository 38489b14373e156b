/** Draws the picture of a scene. */

import { isCreature, type Scene, type Thing } from '../scene.ts';
import { drawBackground, hasSky } from './backgrounds/background.ts';
import { drawWeather } from './backgrounds/weather.ts';
import { type Box, Canvas } from './canvas.ts';
import { drawCreature } from './creatures/creature.ts';
import { drawObject } from './objects/object.ts';
import { Pen } from './pen.ts';

export interface Picture {
  /** Side in pixels. */
  size: number;
  /** Row-major 8-bit RGB, `size * size * 3` bytes. */
  rgb: Uint8ClampedArray;
  /** The box of pixels that each thing covers, shadow and glow included, in the order of `scene.things`. */
  boxes: Box[];
}

const isDark = (scene: Scene): boolean => scene.time === 'night' && hasSky(scene.background);

function drawThing(pen: Pen, thing: Thing): void {
  // Copies that stand farther back come first.
  for (const stand of thing.stands.slice().sort((a, b) => a.y - b.y)) {
    const p = pen.at(stand.x, stand.y, stand.scale);
    if (isCreature(thing.who.kind)) drawCreature(p, thing.who, thing.expression ?? 'happy');
    else drawObject(p, thing.who);
  }
}

/**
 * Draws a scene. The same scene always gives the same pixels.
 *
 * @param size side of the picture in pixels
 * @example
 * const scene = drawScene(new SteadyRandom(1), 'train');
 * const { size, rgb } = render(scene, 128);
 * await writeFile('scene.png', encode({ width: size, height: size, data: rgb, channels: 3 }));
 */
export function render(scene: Scene, size = 128): Picture {
  const canvas = new Canvas(size);
  const pen = new Pen(canvas, scene.style);
  drawBackground(pen, scene);
  const things = new Pen(canvas, scene.style, isDark(scene));
  const boxes: Box[] = [];
  for (const thing of scene.things) {
    canvas.resetTouched();
    drawThing(things, thing);
    boxes.push(canvas.touched);
  }
  drawWeather(pen, scene);
  return { size, rgb: canvas.rgb, boxes };
}

/**
 * The box of pixels that each copy of each thing covers, shadow and glow included.
 * @returns one list for each of `scene.things`, with one box for each of its stands
 */
export function standBoxes(scene: Scene, size = 128): Box[][] {
  const canvas = new Canvas(size);
  const pen = new Pen(canvas, scene.style, isDark(scene));
  return scene.things.map((thing) =>
    thing.stands.map((stand) => {
      canvas.resetTouched();
      drawThing(pen, { ...thing, stands: [stand] });
      return canvas.touched;
    }),
  );
}

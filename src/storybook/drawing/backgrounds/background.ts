/** Draws the background of a scene in the light of its time of day. */

import { mix, Random } from '../../random.ts';
import type { Background, Scene } from '../../scene.ts';
import { blend } from '../colours.ts';
import type { Pen } from '../pen.ts';
import type { Rgb } from '../shapes.ts';
import {
  drawBeach,
  drawBlank,
  drawCity,
  drawDesert,
  drawForest,
  drawMeadow,
  drawMountain,
  drawSea,
  drawSnow,
  type PlaceParts,
} from './places.ts';
import { drawRoom } from './room.ts';
import { drawSky, LIGHT } from './sky.ts';

export const hasSky = (b: Background): boolean => b !== 'room' && b !== 'sea' && b !== 'blank';

const PLACES: Readonly<Record<Background, (parts: PlaceParts) => void>> = {
  blank: drawBlank,
  meadow: drawMeadow,
  snow: drawSnow,
  forest: drawForest,
  beach: drawBeach,
  desert: drawDesert,
  sea: drawSea,
  room: drawRoom,
  mountain: drawMountain,
  city: drawCity,
};

export function drawBackground(pen: Pen, scene: Scene): void {
  const random = new Random(mix(scene.seed, 77));
  const light = LIGHT[scene.time];
  let [top, low] = light.sky;
  if (scene.weather !== 'none' && scene.time === 'day') {
    top = blend(top, [132, 150, 178], 0.7);
    low = blend(low, [196, 206, 220], 0.7);
  }
  if (hasSky(scene.background)) {
    pen.sky(top, low);
    drawSky(pen, scene, random);
  }
  PLACES[scene.background]({
    pen,
    scene,
    random,
    tint: (colour: Rgb) => blend(colour, light.tint, light.amount),
    low,
    night: scene.time === 'night',
  });
}

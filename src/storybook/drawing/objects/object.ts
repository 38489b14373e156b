/** Draws one object. */

import type { Identity, ObjectKind } from '../../scene.ts';
import type { Pen } from '../pen.ts';
import { drawApple, drawBook, drawCake, drawCup, drawLamp, drawUmbrella } from './household.ts';
import { drawBoat, drawCar, drawFlower, drawHouse, drawMushroom, drawTree } from './outdoors.ts';
import { type ObjectParts, objectParts } from './parts.ts';
import { drawBall, drawBalloon, drawGift, drawHeart, drawKite, drawStar } from './toys.ts';

const OBJECTS: Readonly<Record<ObjectKind, (parts: ObjectParts) => void>> = {
  house: drawHouse,
  boat: drawBoat,
  ball: drawBall,
  star: drawStar,
  mushroom: drawMushroom,
  flower: drawFlower,
  tree: drawTree,
  cup: drawCup,
  heart: drawHeart,
  car: drawCar,
  balloon: drawBalloon,
  cake: drawCake,
  umbrella: drawUmbrella,
  book: drawBook,
  kite: drawKite,
  lamp: drawLamp,
  gift: drawGift,
  apple: drawApple,
};

/** Draws an object with the middle of its base at the pen's origin. */
export function drawObject(pen: Pen, who: Identity): void {
  OBJECTS[who.kind as ObjectKind](objectParts(pen, who));
}

/** Changes to a scene, each with the words that ask for it. The edits of the world, and its defects. */

import { isLegible } from '../columns.ts';
import type { Split } from '../compose.ts';
import type { Random } from '../random.ts';
import type { Scene } from '../scene.ts';
import { type Change, type EditKind, type EditOf, editing } from './edit.ts';
import {
  addPattern,
  changeExpression,
  putOn,
  recolour,
  recolourAccessory,
  recolourPattern,
  removePattern,
  swapAccessory,
  takeOff,
} from './looks.ts';
import { changeBackground, changeTime, changeWeather, extract, restyle } from './page.ts';
import { changePlaces, moveThing, resizeThing } from './places.ts';
import { addThing, recount, removeThing, replaceThing } from './things.ts';

const EDITS: Readonly<Record<EditKind, EditOf>> = {
  add: addThing,
  remove: removeThing,
  replace: replaceThing,
  turn_into: replaceThing,
  recolour,
  move: moveThing,
  swap: changePlaces,
  resize: resizeThing,
  background: changeBackground,
  time: changeTime,
  weather: changeWeather,
  expression: changeExpression,
  accessory: putOn,
  accessory_off: takeOff,
  accessory_swap: swapAccessory,
  accessory_colour: recolourAccessory,
  pattern: addPattern,
  pattern_off: removePattern,
  pattern_colour: recolourPattern,
  style: restyle,
  extract,
  count: recount,
};

/** What can be done to a page without things. */
const OF_THE_PAGE: readonly EditKind[] = ['background', 'time', 'weather', 'style'];

/** Applies a change of this kind to the scene, if it can be. */
export function change(kind: EditKind, random: Random, scene: Scene, split: Split): Change | null {
  if (scene.things.length === 0 && !OF_THE_PAGE.includes(kind)) return null;
  const made = EDITS[kind](editing(kind, random, scene, split));
  if (made && random.tidy && !(isLegible(made.before.things) && isLegible(made.after.things))) return null;
  return made;
}

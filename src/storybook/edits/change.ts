/** Makes a change to a scene, with the words that ask for it. Edits and faults are such changes. */

import { isLegible } from '../columns.ts';
import type { Split } from '../compose.ts';
import type { Random } from '../random.ts';
import type { Scene } from '../scene.ts';
import {
  addAccessory,
  addPattern,
  changeExpression,
  recolour,
  recolourAccessory,
  recolourPattern,
  removeAccessory,
  removePattern,
  swapAccessory,
} from './appearance.ts';
import { type Change, type EditKind, type EditMaker, editContext } from './edit.ts';
import { changeBackground, changeTime, changeWeather, extract, restyle } from './page.ts';
import { moveThing, resizeThing, swapThings } from './positions.ts';
import { addThing, changeCount, removeThing, replaceThing } from './things.ts';

const EDITS: Readonly<Record<EditKind, EditMaker>> = {
  add: addThing,
  remove: removeThing,
  replace: replaceThing,
  turn_into: replaceThing,
  recolour,
  move: moveThing,
  swap: swapThings,
  resize: resizeThing,
  background: changeBackground,
  time: changeTime,
  weather: changeWeather,
  expression: changeExpression,
  accessory: addAccessory,
  accessory_off: removeAccessory,
  accessory_swap: swapAccessory,
  accessory_colour: recolourAccessory,
  pattern: addPattern,
  pattern_off: removePattern,
  pattern_colour: recolourPattern,
  style: restyle,
  extract,
  count: changeCount,
};

/** Kinds of edit that a page without things allows. */
const OF_THE_PAGE: readonly EditKind[] = ['background', 'time', 'weather', 'style'];

/** A random change of this kind to the scene; null if the scene allows none. */
export function change(kind: EditKind, random: Random, scene: Scene, split: Split): Change | null {
  if (scene.things.length === 0 && !OF_THE_PAGE.includes(kind)) return null;
  const made = EDITS[kind](editContext(kind, random, scene, split));
  if (made && random.usesColumns && !(isLegible(made.before.things) && isLegible(made.after.things)))
    return null;
  return made;
}

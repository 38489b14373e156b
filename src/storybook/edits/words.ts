/** Words that edits share, with the claims that they state. */

import type { Claim } from '../language/claim.ts';
import { holds, whoIn } from '../language/claims.ts';
import { placePhrase, theThing } from '../language/phrases.ts';

import type { Random } from '../random.ts';
import { countOf, middleOf, placeOf, type Scene, type Thing } from '../scene.ts';

/**
 * Where a thing stands: "to the left of the house", "between the cat and the house", "on the right".
 * @param requested receives the claims that the words state
 */
export function whereOf(random: Random, scene: Scene, index: number, requested: Claim[]): string {
  const t = scene.things[index] as Thing;
  const x = middleOf(t);
  const rest = scene.things.filter((_, i) => i !== index);
  const left = rest.filter((o) => middleOf(o) < x).sort((a, b) => middleOf(b) - middleOf(a))[0];
  const right = rest.filter((o) => middleOf(o) > x).sort((a, b) => middleOf(a) - middleOf(b))[0];
  const p = placeOf(t);
  if (left && right) {
    requested.push(orderOf(scene, left, t), orderOf(scene, t, right));
    return `between ${theThing(random, scene, left)} and ${theThing(random, scene, right)}`;
  }
  if (p && (rest.length === 0 || random.chance(0.4))) {
    requested.push({ about: 'place', who: whoIn(scene, t), n: countOf(t), place: p });
    return placePhrase(random, p);
  }
  if (left) requested.push(orderOf(scene, left, t));
  else if (right) requested.push(orderOf(scene, t, right));
  if (left)
    return random.pick([
      `to the right of ${theThing(random, scene, left)}`,
      `right of ${theThing(random, scene, left)}`,
      `on the right of ${theThing(random, scene, left)}`,
    ]);
  if (right)
    return random.pick([
      `to the left of ${theThing(random, scene, right)}`,
      `left of ${theThing(random, scene, right)}`,
      `on the left of ${theThing(random, scene, right)}`,
    ]);
  return '';
}

export function orderOf(scene: Scene, left: Thing, right: Thing): Claim {
  const [l, r] = [whoIn(scene, left), whoIn(scene, right)];
  return { about: 'order', left: l, right: r, nLeft: countOf(left), nRight: countOf(right) };
}

/** The order of a scene with two things, as a claim. */
export function orderedIn(scene: Scene): Claim {
  const [left, right] = scene.things.slice().sort((a, b) => middleOf(a) - middleOf(b)) as [Thing, Thing];
  return orderOf(scene, left, right);
}

/** The claim that a thing of `before` is gone; none if `after` has a thing of the same name. */
export function goneFrom(after: Scene, before: Scene, thing: Thing): Claim[] {
  const { kind, colour } = thing.who;
  const twin = [...before.things, ...after.things].some(
    ({ who }) => who.kind === kind && who.colour !== colour,
  );
  const claim: Claim = { about: 'count', who: { kind, colour: twin ? colour : null }, n: 0 };
  return holds(claim, after) ? [claim] : [];
}

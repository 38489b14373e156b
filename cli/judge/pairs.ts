/**
 * Test pairs for the judge: a claim, a scene in which it holds, and a scene in which one change makes it
 * false.
 */

import { drawScene } from '../../src/storybook/compose.ts';
import { change } from '../../src/storybook/edits/change.ts';
import type { EditKind } from '../../src/storybook/edits/edit.ts';
import { swapPlaces } from '../../src/storybook/edits/space.ts';
import type { Claim } from '../../src/storybook/language/claim.ts';
import { claims, holds } from '../../src/storybook/language/claims.ts';
import { hashText, mix, Random, SteadyRandom } from '../../src/storybook/random.ts';
import { countOf, isCreature, middleOf, type Scene } from '../../src/storybook/scene.ts';

/** The edits that make a claim of each kind false. */
const CHANGES = {
  count: ['count', 'count', 'remove', 'turn_into', 'add'],
  colour: ['recolour'],
  pattern: ['pattern', 'pattern_off', 'pattern_colour'],
  accessory: ['accessory', 'accessory_off', 'accessory_swap', 'accessory_colour'],
  expression: ['expression'],
  size: ['resize'],
  place: ['move'],
  order: ['swap'],
  between: ['swap'],
  background: ['background'],
  time: ['time'],
  weather: ['weather'],
  style: ['style'],
} as const satisfies Record<Claim['about'], readonly EditKind[]>;

export type About = Claim['about'];
export const ABOUTS = Object.keys(CHANGES) as About[];

export interface Pair {
  readonly claim: Claim;
  /** The scene in which the claim holds. */
  readonly right: Scene;
  /** The scene with one change, in which it does not hold. */
  readonly wrong: Scene;
}

const ATTEMPTS = 20_000;

/**
 * The `index`-th pair for a kind of claim. The same arguments give the same pair.
 * @param wide takes scenes of the wide mix instead of the default mix
 */
export function drawPair(about: About, seed: number, index: number, wide = false): Pair {
  const chance = mix(mix(seed, index), hashText(about));
  const random = wide ? new Random(chance) : new SteadyRandom(chance);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const scene = drawScene(random, 'heldout', { kindsDiffer: true });
    const changed = changedScenes(random, about, scene);
    if (!changed) continue;
    const [right, wrong] = random.shuffle(changed);
    if (wrong.things.length === 0) continue;
    const fitting = allClaims(right).filter(
      (claim) => claim.about === about && holds(claim, right) && !holds(claim, wrong),
    );
    if (fitting.length > 0) return { claim: random.pick(fitting), right, wrong };
  }
  throw new Error(`no pair for ${about}`);
}

function changedScenes(random: Random, about: About, scene: Scene): [Scene, Scene] | null {
  if (about === 'between') {
    if (scene.things.length !== 3) return null;
    const ordered = {
      ...scene,
      things: scene.things.slice().sort((a, b) => middleOf(a) - middleOf(b)),
    };
    const first = random.whole(0, 1);
    const after = swapPlaces(random, ordered, first, first + 1);
    return after && [ordered, after];
  }
  const done = change(random.pick<EditKind>(CHANGES[about]), random, scene, 'heldout');
  return done && [done.before, done.after];
}

/**
 * The claims of a scene, with those about absences (dry, bare, plain) and about the thing in the middle of
 * three.
 */
function allClaims(scene: Scene): Claim[] {
  const out = claims(scene);
  if (scene.weather === 'none') out.push({ about: 'weather', weather: 'none' });
  for (const thing of scene.things) {
    const who = { kind: thing.who.kind, colour: null };
    const n = countOf(thing);
    if (isCreature(who.kind) && !thing.who.accessory)
      out.push({ about: 'accessory', who, n, accessory: null });
    if (thing.who.pattern === 'plain')
      out.push({ about: 'pattern', who, n, pattern: 'plain', patternColour: null });
  }
  const [left, middle, right] = scene.things.slice().sort((a, b) => middleOf(a) - middleOf(b));
  if (left && middle && right) {
    const who = (thing: typeof left) => ({ kind: thing.who.kind, colour: null });
    out.push({
      about: 'between',
      who: who(middle),
      n: countOf(middle),
      left: who(left),
      right: who(right),
    });
  }
  return out;
}

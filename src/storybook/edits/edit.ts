/** The type of an edit, and the functions that all edits share. */

import type { Split } from '../compose.ts';
import type { Claim, Who } from '../language/claim.ts';
import { whoIn } from '../language/claims.ts';
import { theThing } from '../language/phrases.ts';
import type { Random } from '../random.ts';
import { cloneScene, countOf, type Scene, type Thing } from '../scene.ts';

export const EDIT_KINDS = [
  'add',
  'remove',
  'replace',
  'turn_into',
  'recolour',
  'move',
  'swap',
  'resize',
  'background',
  'time',
  'weather',
  'expression',
  'accessory',
  'accessory_off',
  'accessory_swap',
  'accessory_colour',
  'pattern',
  'pattern_off',
  'pattern_colour',
  'style',
  'extract',
  'count',
] as const;
export type EditKind = (typeof EDIT_KINDS)[number];

/** A change to a scene and the words that ask for it. */
export interface Change {
  kind: EditKind;
  before: Scene;
  after: Scene;
  words: string;
  /** Whether the whole page changes, or only the changed things. */
  whole: boolean;
  /** The claims that the words request. They hold in `after`. */
  requested: Claim[];
}

/** Everything that an edit of one kind is made from. Methods that take an index mean a thing of `scene`. */
export interface EditContext {
  readonly kind: EditKind;
  readonly random: Random;
  readonly scene: Scene;
  readonly split: Split;
  /** The index of a random thing that passes `test`; null if none does. */
  pickThing(test: (t: Thing) => boolean): number | null;
  /**
   * @param how `whole`: the edit may change the whole page. `before`: the scene before the change, if it is
   * not `scene`
   */
  makeChange(
    after: Scene,
    words: string,
    requested: Claim[],
    how?: { whole?: boolean; before?: Scene },
  ): Change;
  /** The name and the number of copies of the thing in the scene after the change, as claims have them. */
  subjectOf(after: Scene, index: number): { who: Who; n: number };
  /** The thing's name in the words; sometimes "it" if it is the only thing. */
  nameOrPronoun(index: number): string;
  /** "the cat", "the red ball". */
  fullName(index: number): string;
}

/** Makes an edit of its kind; null if the scene does not allow one. */
export type EditMaker = (context: EditContext) => Change | null;

export function editContext(kind: EditKind, random: Random, scene: Scene, split: Split): EditContext {
  const fullName = (i: number) => theThing(random, scene, scene.things[i] as Thing);
  return {
    kind,
    random,
    scene,
    split,
    pickThing(test) {
      const found = scene.things.map((t, i) => [t, i] as const).filter(([t]) => test(t));
      return found.length === 0 ? null : random.pick(found)[1];
    },
    makeChange: (after, words, requested, { whole = false, before = scene } = {}) => ({
      kind,
      before,
      after,
      words,
      whole,
      requested,
    }),
    subjectOf(after, i) {
      const t = after.things[i] as Thing;
      return { who: whoIn(after, t), n: countOf(t) };
    },
    nameOrPronoun(i) {
      const t = scene.things[i] as Thing;
      if (scene.things.length === 1 && random.chance(0.12)) return countOf(t) === 1 ? 'it' : 'them';
      return fullName(i);
    },
    fullName,
  };
}

/** A copy of the scene with one thing changed. */
export const withThing = (scene: Scene, index: number, change: (t: Thing) => void): Scene => {
  const after = cloneScene(scene);
  change(after.things[index] as Thing);
  return after;
};

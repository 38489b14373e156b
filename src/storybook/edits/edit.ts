/** What an edit is, and what all edits are made from. */

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

export interface Change {
  kind: EditKind;
  before: Scene;
  after: Scene;
  words: string;
  /** Whether the whole page changes, or only the changed things. */
  whole: boolean;
  /** What the words ask for, as claims that hold in `after`. */
  requested: Claim[];
}

/** What an edit of one kind is made from: the scene before, chance, and words for what is in it. */
export interface EditContext {
  readonly kind: EditKind;
  readonly random: Random;
  readonly scene: Scene;
  readonly split: Split;
  /** The index of a thing of which `test` holds, by chance; null where there is none. */
  pickThing(test: (t: Thing) => boolean): number | null;
  /** `whole`: the edit may change the whole page; `before`: the scene to begin with where that is another one. */
  makeChange(
    after: Scene,
    words: string,
    requested: Claim[],
    how?: { whole?: boolean; before?: Scene },
  ): Change;
  /** Who the changed thing is in the scene after, and how many. */
  subjectOf(after: Scene, index: number): { who: Who; n: number };
  /** What the words call it: "it" now and then where nothing else is there. */
  nameOrPronoun(index: number): string;
  /** "the cat", "the red ball". */
  fullName(index: number): string;
}

/** Makes an edit of its kind; null where the scene does not allow one. */
export type EditMaker = (editContext: EditContext) => Change | null;

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

/** The scene with one of its things changed. */
export const withThing = (scene: Scene, index: number, change: (t: Thing) => void): Scene => {
  const after = cloneScene(scene);
  change(after.things[index] as Thing);
  return after;
};

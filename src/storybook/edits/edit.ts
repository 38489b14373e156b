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
  asked: Claim[];
}

/** What an edit of one kind is made from: the scene before, chance, and words for what is in it. */
export interface Editing {
  readonly kind: EditKind;
  readonly random: Random;
  readonly scene: Scene;
  readonly split: Split;
  /** The index of a thing of which `test` holds, by chance; null where there is none. */
  fits(test: (t: Thing) => boolean): number | null;
  /** `whole`: the edit may change the whole page; `before`: the scene to begin with where that is another one. */
  done(after: Scene, words: string, asked: Claim[], how?: { whole?: boolean; before?: Scene }): Change;
  /** Who the changed thing is in the scene after, and how many. */
  those(after: Scene, index: number): { who: Who; n: number };
  /** What the words call it: "it" now and then where nothing else is there. */
  name(index: number): string;
  /** "the cat", "the red ball". */
  full(index: number): string;
}

/** Makes an edit of its kind; null where the scene does not allow one. */
export type EditOf = (editing: Editing) => Change | null;

export function editing(kind: EditKind, random: Random, scene: Scene, split: Split): Editing {
  const full = (i: number) => theThing(random, scene, scene.things[i] as Thing);
  return {
    kind,
    random,
    scene,
    split,
    fits(test) {
      const found = scene.things.map((t, i) => [t, i] as const).filter(([t]) => test(t));
      return found.length === 0 ? null : random.pick(found)[1];
    },
    done: (after, words, asked, { whole = false, before = scene } = {}) => ({
      kind,
      before,
      after,
      words,
      whole,
      asked,
    }),
    those(after, i) {
      const t = after.things[i] as Thing;
      return { who: whoIn(after, t), n: countOf(t) };
    },
    name(i) {
      const t = scene.things[i] as Thing;
      if (scene.things.length === 1 && random.chance(0.12)) return countOf(t) === 1 ? 'it' : 'them';
      return full(i);
    },
    full,
  };
}

/** The scene with one of its things changed. */
export const edited = (scene: Scene, index: number, change: (t: Thing) => void): Scene => {
  const after = cloneScene(scene);
  change(after.things[index] as Thing);
  return after;
};

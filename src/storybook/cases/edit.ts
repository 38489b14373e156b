/** Cases of editing: a picture, an instruction, and the changed picture. */

import { drawScene, type Split } from '../compose.ts';
import { change } from '../edits/change.ts';
import type { Change, EditKind } from '../edits/edit.ts';
import { holds } from '../language/claims.ts';
import { theThing } from '../language/phrases.ts';
import { capital, noun } from '../language/words.ts';
import type { Random } from '../random.ts';
import { countOf, type Scene } from '../scene.ts';

import type { Case } from './case.ts';

export const EDIT_WEIGHTS: readonly (readonly [EditKind | 'two', number])[] = [
  ['add', 13],
  ['remove', 9],
  ['replace', 8],
  ['turn_into', 3],
  ['recolour', 10],
  ['move', 5],
  ['swap', 3],
  ['resize', 5],
  ['background', 8],
  ['time', 4],
  ['weather', 4],
  ['expression', 7],
  ['accessory', 7],
  ['accessory_off', 3],
  ['accessory_swap', 3],
  ['accessory_colour', 3],
  ['pattern', 3],
  ['pattern_off', 2],
  ['pattern_colour', 2],
  ['style', 6],
  ['extract', 4],
  ['count', 4],
  ['two', 7],
];

/** Varies an instruction: adds "please" or "can you", a capital letter, a full stop. */
export const polish = (random: Random, words: string): string => {
  let out = words.replace(/\s+/g, ' ').trim();
  const r = random.unit();
  if (r < 0.08 && !/^(the|there|it|I|no) /.test(out)) out = `please ${out}`;
  else if (r < 0.12 && !/^(the|there|it|I|no) /.test(out)) out = `can you ${out}?`;
  if (random.chance(0.35)) out = capital(out);
  if (random.chance(0.2) && !out.endsWith('?')) out += '.';
  return out;
};

const TWO: readonly EditKind[] = [
  'recolour',
  'expression',
  'accessory',
  'accessory_off',
  'accessory_colour',
  'pattern',
  'background',
  'time',
  'weather',
  'remove',
];

/** Joins two instructions: "make the bunny happy and give it a red crown". */
function joinWords(random: Random, scene: Scene, first: string, second: string): string {
  for (const t of scene.things) {
    for (const name of [
      theThing(null, scene, t),
      `the ${t.who.colour} ${noun(null, t.who.kind, countOf(t))}`,
    ]) {
      if (first.includes(name) && second.includes(name) && random.chance(0.75))
        return `${first} and ${second.replace(name, countOf(t) === 1 ? 'it' : 'them')}`;
    }
  }
  return `${first} and ${second}`;
}

export function drawEdit(random: Random, split: Split, kind: EditKind | 'two'): Case | null {
  const scene = drawScene(random, split, kind === 'swap' ? { things: 2 } : {});
  let c: Change | null;
  if (kind === 'two') {
    const [a, b] = random.sample(TWO, 2) as [EditKind, EditKind];
    const first = change(a, random, scene, split);
    const second = first && change(b, random, first.after, split);
    if (
      !first ||
      !second ||
      (a === 'accessory' && b.startsWith('accessory')) ||
      /^(the|it|I|no) /.test(second.words)
    )
      return null;
    if (a === 'accessory_off' && b.startsWith('accessory')) return null;
    c = {
      kind: a,
      before: scene,
      after: second.after,
      words: joinWords(random, scene, first.words, second.words),
      whole: first.whole || second.whole,
      // The second edit may change the name of a thing that the first one's claims use.
      requested: [...first.requested, ...second.requested].filter((claim) => holds(claim, second.after)),
    };
  } else c = change(kind, random, scene, split);
  if (c === null) return null;
  return {
    task: 'edit',
    kind,
    instruction: polish(random, c.words),
    refs: [c.before],
    target: c.after,
    question: null,
    answer: null,
    scene: c.after,
    mask: c.whole ? 'all' : 'difference',
    requested: c.requested,
  };
}

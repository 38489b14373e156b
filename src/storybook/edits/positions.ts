/** Edits of the position and size of things. */

import { PLACE_COLUMN } from '../columns.ts';
import { placePhrase } from '../language/phrases.ts';
import { largestScale, PLACE_GOAL, round, SCALE, standY } from '../measures.ts';
import { countOf, middleOf, PLACES, placeOf, type Size, type Thing } from '../scene.ts';
import { type EditMaker, withThing } from './edit.ts';
import { freeAround, groundOf, standNear, swapPlaces } from './space.ts';
import { orderedIn } from './words.ts';

export const moveThing: EditMaker = ({ random, scene, makeChange, nameOrPronoun, fullName, subjectOf }) => {
  if (scene.things.length === 1) {
    const t = scene.things[0] as Thing;
    const from = placeOf(t);
    if (!from || countOf(t) > 1) return null;
    const to = random.pick(PLACES.filter((p) => p !== from));
    const s = t.stands[0]!;
    const goal = (random.usesColumns ? PLACE_COLUMN : PLACE_GOAL)[to];
    const x = standNear(random, goal, t.who, s.scale, [2, 126]);
    if (x === null) return null;
    const after = withThing(scene, 0, (q) => {
      q.stands[0]!.x = x;
    });
    if (placeOf(after.things[0] as Thing) !== to) return null;
    const n = nameOrPronoun(0);
    const goalWords =
      to === 'middle'
        ? random.pick(['to the middle', 'to the centre', 'into the middle'])
        : random.pick([`to the ${to}`, `to the ${to} side`]);
    return makeChange(
      after,
      random.pick([
        `move ${n} ${goalWords}`,
        `move ${n} ${goalWords}`,
        `put ${n} ${placePhrase(random, to)}`,
        `${n === 'it' || n === 'them' ? fullName(0) : n} should be ${placePhrase(random, to)}`,
      ]),
      [{ about: 'place', ...subjectOf(after, 0), place: to }],
    );
  }
  if (scene.things.length !== 2) return null;
  const after = swapPlaces(random, scene, 0, 1);
  if (!after) return null;
  const i = random.whole(0, 1);
  const side = middleOf(after.things[i] as Thing) < middleOf(after.things[1 - i] as Thing) ? 'left' : 'right';
  return makeChange(
    after,
    random.pick([
      `move ${fullName(i)} to the ${side} of ${fullName(1 - i)}`,
      `put ${fullName(i)} to the ${side} of ${fullName(1 - i)}`,
      `${fullName(i)} should be ${side} of ${fullName(1 - i)}`,
    ]),
    [orderedIn(after)],
  );
};

export const swapThings: EditMaker = ({ random, scene, makeChange, fullName }) => {
  if (scene.things.length !== 2) return null;
  const after = swapPlaces(random, scene, 0, 1);
  if (!after) return null;
  const [i, j] = random.shuffle([0, 1]) as [number, number];
  return makeChange(
    after,
    random.pick([
      `swap ${fullName(i)} and ${fullName(j)}`,
      `let ${fullName(i)} and ${fullName(j)} change places`,
      `exchange ${fullName(i)} and ${fullName(j)}`,
    ]),
    [orderedIn(after)],
  );
};

export const resizeThing: EditMaker = ({
  random,
  scene,
  pickThing,
  makeChange,
  nameOrPronoun,
  fullName,
  subjectOf,
}) => {
  const i = pickThing((t) => countOf(t) === 1);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const sizes: Size[] =
    t.size === 'medium' ? ['small', 'big'] : t.size === 'small' ? ['medium', 'big'] : ['medium', 'small'];
  const size = random.pick(sizes);
  const s = t.stands[0]!;
  const ratio = SCALE[size] / SCALE[t.size];
  const scale = Math.round(Math.min(s.scale * ratio, Math.max(largestScale(t.who), s.scale)) * 1000) / 1000;
  if (ratio > 1 && scale < s.scale * 1.18) return null;
  const x = standNear(random, s.x, t.who, scale, freeAround(scene, i));
  if (x === null) return null;
  const after = withThing(scene, i, (q) => {
    q.size = size;
    q.stands = [
      {
        x,
        y: round(standY(q.who, groundOf(t, 0), scale)),
        scale,
      },
    ];
  });
  const grow = scale > s.scale;
  const n = nameOrPronoun(i);
  const much = size !== 'medium' && t.size !== 'medium';
  return makeChange(
    after,
    random.pick(
      grow
        ? [
            `make ${n} ${much ? 'much ' : ''}bigger`,
            `make ${n} ${much ? 'much ' : ''}larger`,
            `enlarge ${n}`,
            ...(size === 'big' ? [`make ${n} big`, `${fullName(i)} should be big`] : []),
          ]
        : [
            `make ${n} ${much ? 'much ' : ''}smaller`,
            `shrink ${n}`,
            ...(size === 'small' ? [`make ${n} small`, `${fullName(i)} should be tiny`] : []),
          ],
    ),
    [{ about: 'size', ...subjectOf(after, i), size }],
  );
};

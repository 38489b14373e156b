/** Edits of where things stand and how big they are. */

import { PLACE_COLUMN } from '../columns.ts';
import { placePhrase } from '../language/phrases.ts';
import { largestScale, PLACE_GOAL, round, SCALE, standY } from '../measures.ts';
import { countOf, middleOf, PLACES, placeOf, type Size, type Thing } from '../scene.ts';
import { type EditOf, edited } from './edit.ts';
import { freeAround, groundOf, standNear, swap } from './room.ts';
import { orderedIn } from './words.ts';

export const moveThing: EditOf = ({ random, scene, done, name, full, those }) => {
  if (scene.things.length === 1) {
    const t = scene.things[0] as Thing;
    const from = placeOf(t);
    if (!from || countOf(t) > 1) return null;
    const to = random.pick(PLACES.filter((p) => p !== from));
    const s = t.stands[0]!;
    const goal = (random.tidy ? PLACE_COLUMN : PLACE_GOAL)[to];
    const x = standNear(random, goal, t.who, s.scale, [2, 126]);
    if (x === null) return null;
    const after = edited(scene, 0, (q) => {
      q.stands[0]!.x = x;
    });
    if (placeOf(after.things[0] as Thing) !== to) return null;
    const n = name(0);
    const goalWords =
      to === 'middle'
        ? random.pick(['to the middle', 'to the centre', 'into the middle'])
        : random.pick([`to the ${to}`, `to the ${to} side`]);
    return done(
      after,
      random.pick([
        `move ${n} ${goalWords}`,
        `move ${n} ${goalWords}`,
        `put ${n} ${placePhrase(random, to)}`,
        `${n === 'it' || n === 'them' ? full(0) : n} should be ${placePhrase(random, to)}`,
      ]),
      [{ about: 'place', ...those(after, 0), place: to }],
    );
  }
  if (scene.things.length !== 2) return null;
  const after = swap(random, scene, 0, 1);
  if (!after) return null;
  const i = random.whole(0, 1);
  const side = middleOf(after.things[i] as Thing) < middleOf(after.things[1 - i] as Thing) ? 'left' : 'right';
  return done(
    after,
    random.pick([
      `move ${full(i)} to the ${side} of ${full(1 - i)}`,
      `put ${full(i)} to the ${side} of ${full(1 - i)}`,
      `${full(i)} should be ${side} of ${full(1 - i)}`,
    ]),
    [orderedIn(after)],
  );
};

export const changePlaces: EditOf = ({ random, scene, done, full }) => {
  if (scene.things.length !== 2) return null;
  const after = swap(random, scene, 0, 1);
  if (!after) return null;
  const [i, j] = random.shuffle([0, 1]) as [number, number];
  return done(
    after,
    random.pick([
      `swap ${full(i)} and ${full(j)}`,
      `let ${full(i)} and ${full(j)} change places`,
      `exchange ${full(i)} and ${full(j)}`,
    ]),
    [orderedIn(after)],
  );
};

export const resizeThing: EditOf = ({ random, scene, fits, done, name, full, those }) => {
  const i = fits((t) => countOf(t) === 1);
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
  const after = edited(scene, i, (q) => {
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
  const n = name(i);
  const much = size !== 'medium' && t.size !== 'medium';
  return done(
    after,
    random.pick(
      grow
        ? [
            `make ${n} ${much ? 'much ' : ''}bigger`,
            `make ${n} ${much ? 'much ' : ''}larger`,
            `enlarge ${n}`,
            ...(size === 'big' ? [`make ${n} big`, `${full(i)} should be big`] : []),
          ]
        : [
            `make ${n} ${much ? 'much ' : ''}smaller`,
            `shrink ${n}`,
            ...(size === 'small' ? [`make ${n} small`, `${full(i)} should be tiny`] : []),
          ],
    ),
    [{ about: 'size', ...those(after, i), size }],
  );
};

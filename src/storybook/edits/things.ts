/** Edits that add, remove or replace things, turn one into another kind, or change the number of copies. */

import { drawIdentity } from '../compose.ts';
import type { Claim } from '../language/claim.ts';
import { whoIn } from '../language/claims.ts';
import { nounPhrase } from '../language/phrases.ts';
import { NUMBER_WORDS, noun } from '../language/words.ts';
import { largestScale, reach, round, SCALE, standY } from '../measures.ts';
import {
  CREATURES,
  cloneScene,
  countOf,
  EXPRESSIONS,
  type Identity,
  isCreature,
  type Kind,
  OBJECTS,
  type Thing,
} from '../scene.ts';
import { type EditMaker, withThing } from './edit.ts';
import { extent, freeAround, groundOf, standNear } from './space.ts';
import { goneFrom, whereOf } from './words.ts';

export const addThing: EditMaker = ({ random, scene, pickThing, makeChange }) => {
  const i = pickThing(() => true)!;
  const t = scene.things[i] as Thing;
  const before = cloneScene(scene);
  before.things.splice(i, 1);
  const requested: Claim[] = [];
  const np = nounPhrase(random, t, { stated: requested });
  const where = random.chance(0.88) ? whereOf(random, scene, i, requested) : '';
  return makeChange(
    scene,
    random.pick([
      `add ${np} ${where}`,
      `add ${np} ${where}`,
      `put ${np} ${where || 'in the picture'}`,
      `draw ${np} ${where}`,
      `there should also be ${np} ${where}`,
      `place ${np} ${where || 'in the picture'}`,
      `I also want ${np} ${where}`,
    ]),
    requested.map((claim) => ('who' in claim ? { ...claim, who: whoIn(scene, t) } : claim)),
    { before },
  );
};

export const removeThing: EditMaker = ({ random, scene, pickThing, makeChange, fullName }) => {
  const i = pickThing(() => true)!;
  const after = cloneScene(scene);
  after.things.splice(i, 1);
  const n = fullName(i);
  return makeChange(
    after,
    random.pick([
      `remove ${n}`,
      `remove ${n}`,
      `take away ${n}`,
      `delete ${n}`,
      `take ${n} out of the picture`,
      `erase ${n}`,
    ]),
    goneFrom(after, scene, scene.things[i] as Thing),
  );
};

export const replaceThing: EditMaker = ({
  kind,
  random,
  scene,
  split,
  pickThing,
  makeChange,
  fullName,
  subjectOf,
}) => {
  const i = pickThing((t) => countOf(t) === 1 && (kind === 'replace' || isCreature(t.who.kind)));
  if (i === null) return null;
  const old = scene.things[i] as Thing;
  let who: Identity;
  if (kind === 'turn_into') {
    const to = random.pick(CREATURES);
    if (to === old.who.kind) return null;
    who = { ...old.who, kind: to };
  } else {
    const to: Kind = random.chance(0.5) ? random.pick(CREATURES) : random.pick(OBJECTS);
    if (to === old.who.kind) return null;
    who = drawIdentity(random, split, { kind: to });
  }
  if (scene.things.some((o) => o.who.kind === who.kind)) return null;
  const stand = old.stands[0]!;
  const room = freeAround(scene, i);
  const [l, r] = reach(who);
  let wanted = stand.scale;
  if (kind === 'replace' && random.usesColumns && old.size !== 'medium') wanted = SCALE.medium;
  if (kind === 'replace' && !random.usesColumns) wanted = Math.min(1.2, Math.max(0.85, wanted));
  const most = random.usesColumns ? wanted : (room[1] - room[0]) / (l + r);
  const scale = round(Math.min(wanted, most, largestScale(who)));
  if (scale < (kind === 'turn_into' ? wanted * 0.9 : Math.min(wanted, 0.62))) return null;
  const [a, b] = extent(old);
  const goal = random.usesColumns ? stand.x : (a + b) / 2 + ((l - r) * scale) / 2;
  const x = standNear(random, goal, who, scale, room);
  if (x === null) return null;
  const next: Thing = {
    who,
    size: kind === 'turn_into' ? old.size : 'medium',
    expression: isCreature(who.kind)
      ? kind === 'turn_into'
        ? old.expression
        : random.chance(0.6)
          ? 'happy'
          : random.pick(EXPRESSIONS)
      : null,
    stands: [
      {
        x,
        y: round(standY(who, groundOf(old, 0), scale)),
        scale,
      },
    ],
  };
  const after = cloneScene(scene);
  after.things[i] = next;
  const gone = goneFrom(after, scene, old);
  const n = fullName(i);
  if (kind === 'turn_into')
    return makeChange(
      after,
      random.pick([
        `turn ${n} into a ${noun(random, who.kind)}`.replace('a alien', 'an alien'),
        `make ${n} a ${noun(random, who.kind)}`.replace('a alien', 'an alien'),
      ]),
      [{ about: 'count', ...subjectOf(after, i) }, ...gone],
    );
  const requested: Claim[] = [];
  const np = nounPhrase(random, next, { stated: requested });
  return makeChange(
    after,
    random.pick([
      `replace ${n} with ${np}`,
      `replace ${n} with ${np}`,
      `swap ${n} for ${np}`,
      `put ${np} in the place of ${n}`,
      `change ${n} into ${np}`,
    ]),
    [...requested, ...gone],
  );
};

export const changeCount: EditMaker = ({ random, scene, pickThing, makeChange, subjectOf }) => {
  const i = pickThing((t) => countOf(t) > 1);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const n = countOf(t);
  const last = random.chance(0.5) ? 0 : n - 1;
  const fewer = withThing(scene, i, (q) => {
    q.stands.splice(last, 1);
  });
  const one = noun(random, t.who.kind),
    c = `${t.who.colour} ${noun(null, t.who.kind)}`;
  const side = last === 0 ? 'left' : 'right';
  if (random.chance(0.5))
    return makeChange(
      scene,
      random.pick([
        `add one more ${one}`,
        `add another ${one}`,
        `add another ${c} on the ${side}`,
        `there should be ${NUMBER_WORDS[n]} ${noun(random, t.who.kind, n)}`,
        `make it ${NUMBER_WORDS[n]} ${noun(random, t.who.kind, n)}`,
      ]),
      [{ about: 'count', ...subjectOf(scene, i) }],
      { before: fewer },
    );
  return makeChange(
    fewer,
    random.pick([
      `remove one ${one}`,
      `take away one ${one}`,
      `remove the ${one} on the ${side}`,
      `there should be only ${NUMBER_WORDS[n - 1]} ${noun(random, t.who.kind, n - 1)}`,
    ]),
    [{ about: 'count', ...subjectOf(fewer, i) }],
  );
};
